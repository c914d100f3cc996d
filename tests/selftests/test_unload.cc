// SPDX-License-Identifier: GPL-2.0-or-later
//
// The module can be unloaded right after the last close(), whatever orphans have
// still to deliver, and network namespaces can go with connections in them.
#include <netinet/quic.h>
#include <sys/syscall.h>

#include "harness.h"

using namespace harness;

namespace {

Tap tap;

int Unload() {
  return static_cast<int>(syscall(SYS_delete_module, "quic", O_NONBLOCK));
}

bool Load() {
  return system("modprobe quic") == 0;
}

bool IsLoaded() {
  return access("/proc/net/quic/eps", F_OK) == 0;
}

// Data that nobody reads: the orphan can not deliver it.
void FillUp(int fd) {
  const auto bytes = Pattern(0, 0, 100000);
  uint32_t flags = MSG_QUIC_STREAM_NEW;
  while (quic_sendmsg(fd, bytes.data(), bytes.size(), 0, flags | MSG_DONTWAIT) > 0)
    flags = 0;
}

void TestIdle() {
  tap.Errno(0, Unload(), "unload: nothing open");
  tap.Ok(!IsLoaded() && Load(), "load again");
  {
    const Fd fd = Socket();
    tap.Errno(EAGAIN, Unload(), "unload: a socket is open");
  }
  tap.Errno(0, Unload(), "unload: right after its close()");
  tap.Ok(Load(), "load again");
}

void TestAfterClose() {
  for (int round = 0; round < 5; round++) {
    {
      Pair p = MakePair();
      tap.Ok(p.good(), "a connection");
      SendPattern(p.client, 0, 50000, MSG_QUIC_STREAM_NEW);
    }
    tap.Errno(0, Unload(), "unload: right after the close() of both ends");
    tap.Ok(!IsLoaded() && Load(), "load again");
  }
}

void TestUndelivered() {
  {
    Pair p = MakePair();
    FillUp(p.client);
    p.client.Reset();
    tap.Errno(EAGAIN, Unload(), "unload: the other end is open");
    p.server.Reset();
  }
  tap.Errno(0, Unload(), "unload: with data that will never be delivered");
  tap.Ok(Load(), "load again");
}

void TestHalfOpen() {
  {
    PairOptions o;
    const Fd listener = Listener(o);
    const Fd client = Socket();
    const Address to = NameOf(listener);
    (void)connect(client, to.sa(), to.size);
    std::thread shaking([&] {
      quic_handshake_options h = PskOptions(o);
      h.timeout_ms = 300;
      quic_client_handshake_ex(client, &h, nullptr);
    });
    Readable(listener, 1000);
    shaking.join();
  }
  tap.Errno(0, Unload(), "unload: after a handshake nobody accepted");
  tap.Ok(Load(), "load again");
}

void TestLinger() {
  Pair p = MakePair();
  FillUp(p.client);
  const linger now = {1, 0};
  setsockopt(p.client, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  p.client.Reset();
  pollfd q = {p.server, 0, 0};
  for (int i = 0; i < 100 && (q.revents & POLLHUP) == 0; i++) {
    poll(&q, 1, 0);
    usleep(10000);
  }
  tap.Ok(q.revents & POLLHUP, "SO_LINGER 0: the peer hears of it at once");
}

void TestNamespace() {
  system("ip netns add unload-a");
  system("ip -n unload-a link set lo up");
  {
    PairOptions o;
    o.client_netns = o.server_netns = "unload-a";
    Pair p = MakePair(o);
    tap.Ok(p.good(), "a connection in a namespace");
    FillUp(p.client);
  }
  tap.Errno(0, system("ip netns del unload-a"), "the namespace goes with orphans in it");
  usleep(500000);
  tap.Errno(0, Unload(), "unload: afterwards");
  tap.Ok(Load(), "load again");
}

void TestPort() {
  PairOptions o;
  o.address = Address("127.0.0.1", 4455);
  {
    Pair p = MakePair(o);
    FillUp(p.server);
  }
  const Fd again = Listener(o);
  tap.Ok(again >= 0, "the port is free for a new listener right after close()");
}

}  // namespace

int main() {
  TestIdle();
  TestAfterClose();
  TestUndelivered();
  TestHalfOpen();
  TestLinger();
  TestNamespace();
  TestPort();
  return tap.End();
}
