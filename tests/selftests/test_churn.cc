// SPDX-License-Identifier: GPL-2.0-or-later
//
// Many short connections at once, ended in every way: closed on either side
// first, in the middle of data, aborted, during the handshake; listeners that
// come and go.  What is checked is that each ends, and that the kernel does not
// mind (any report of it fails the run).
//
// VM-TIMEOUT: 400
#include <netinet/quic.h>

#include <atomic>
#include <csignal>

#include "harness.h"

using namespace harness;

namespace {

constexpr int kThreads = 4, kRounds = 12;

void Abort(Fd *fd) {
  const linger now = {1, 0};
  setsockopt(*fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  fd->Reset();
}

// Data that is not read by anybody.
void Fill(int fd) {
  const auto bytes = Pattern(0, 0, 60000);
  quic_sendmsg(fd, bytes.data(), bytes.size(), -1,
               uint32_t{MSG_QUIC_STREAM_NEW} | MSG_DONTWAIT | MSG_NOSIGNAL);
}

void Read(int fd) {
  char buf[8192];
  while (recv(fd, buf, sizeof(buf), MSG_DONTWAIT) > 0) {
  }
}

bool Round(int how, int family_of) {
  PairOptions o;
  if (family_of % 2 == 1)
    o.address = Address("::1", 0);
  Pair p = MakePair(o);
  if (!p.good())
    return false;
  Fill(p.client);
  Fill(p.server);
  switch (how % 6) {
    case 0:
      p.client.Reset();
      Read(p.server);
      break;
    case 1:
      p.server.Reset();
      Read(p.client);
      break;
    case 2:
      Abort(&p.client);
      break;
    case 3:
      p.listener.Reset();
      Abort(&p.server);
      break;
    case 4:
      shutdown(p.client, SHUT_RDWR);
      shutdown(p.server, SHUT_RD);
      break;
    default:
      Read(p.client);
      Read(p.server);
      p.listener.Reset();
  }
  return true;
}

// A handshake that one side leaves in the middle.
void Half(int how) {
  PairOptions o;
  Fd listener = Listener(o);
  const quic_handshake_options h = PskOptions(o);
  Fd client = Socket();
  const Address to = NameOf(listener);
  if (connect(client, to.sa(), to.size) != 0)
    return;
  quic_handshake_options brief = h;
  brief.timeout_ms = 20;
  quic_client_handshake_ex(client, &brief, nullptr);
  if (how % 3 == 0) {
    listener.Reset();
    return;
  }
  fcntl(listener, F_SETFL, O_NONBLOCK);
  Fd server(accept(listener, nullptr, nullptr));
  if (server >= 0 && how % 3 == 1)
    quic_server_handshake_ex(server, &brief, nullptr);
}

}  // namespace

int main() {
  Tap tap;
  std::atomic<int> good = 0;
  signal(SIGPIPE, SIG_IGN);
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int t = 0; t < kThreads; t++) {
    threads.emplace_back([&good, t] {
      for (int i = 0; i < kRounds; i++) {
        good += Round(t + i, i) ? 1 : 0;
        Half(t + i);
      }
    });
  }
  for (std::thread &t : threads)
    t.join();
  tap.Equal(kThreads * kRounds, good.load(), "every connection could be made");
  return tap.End();
}
