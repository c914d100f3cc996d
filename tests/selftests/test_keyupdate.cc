// SPDX-License-Identifier: GPL-2.0-or-later
//
// KEY_UPDATE: the option's rules, the event on both sides, and updates one after
// the other from either side while data goes both ways over a lossy link.
//
// VM-TIMEOUT: 300
#include <netinet/quic.h>

#include <atomic>

#include "harness.h"

using namespace harness;

namespace {

Tap tap;

constexpr const char kClientNs[] = "update-c", kServerNs[] = "update-s";

void Run(const std::string &command) {
  if (system(command.c_str()) != 0)
    printf("# failed: %s\n", command.c_str());
}

void MakeNamespaces() {
  for (const char *ns : {kClientNs, kServerNs})
    Run(std::string("ip netns add ") + ns);
  Run(std::string("ip link add u0 netns ") + kClientNs + " type veth peer name u1 netns " +
      kServerNs);
  Run(std::string("ip -n ") + kClientNs + " addr add 10.9.0.1/24 dev u0");
  Run(std::string("ip -n ") + kServerNs + " addr add 10.9.0.2/24 dev u1");
  Run(std::string("ip -n ") + kClientNs + " link set u0 up");
  Run(std::string("ip -n ") + kServerNs + " link set u1 up");
  Run(std::string("ip netns exec ") + kClientNs +
      " tc qdisc add dev u0 root netem delay 5ms 2ms loss 3% duplicate 2%");
  Run(std::string("ip netns exec ") + kServerNs +
      " tc qdisc add dev u1 root netem delay 5ms 2ms loss 3% duplicate 2%");
}

void Subscribe(int fd) {
  Set(fd, QUIC_SOCKOPT_EVENT, quic_event_option{QUIC_EVENT_KEY_UPDATE, 1});
}

int Update(int fd) {
  return setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_KEY_UPDATE, nullptr, 0);
}

// The phase in the next event within a time; -1: none came.
int Phase(int fd, int timeout_ms) {
  uint8_t event[128];
  uint32_t flags = 0;
  if (!Readable(fd, timeout_ms))
    return -1;
  const ssize_t n = quic_recvmsg(fd, event, sizeof(event), nullptr, &flags);
  if (n != 2 || (flags & MSG_QUIC_NOTIFICATION) == 0 || (flags & MSG_EOR) == 0 ||
      event[0] != QUIC_EVENT_KEY_UPDATE)
    return -1;
  return event[1];
}

void TestRules() {
  const Fd alone = Socket();
  tap.Errno(EPIPE, Update(alone), "not connected: EPIPE");
  PairOptions o;
  o.prepare = Subscribe;
  const Pair p = MakePair(o);
  tap.Errno(EPIPE, Update(p.listener), "a listener: EPIPE");
  tap.Errno(0, Update(p.client), "right after the handshake it is accepted");
  tap.Errno(EINVAL, Update(p.client), "unfinished: EINVAL");
  tap.Equal(1, Phase(p.server, 5000), "event at the peer: phase 1");
  tap.Equal(1, Phase(p.client, 5000), "event when it is complete: phase 1");
  tap.Equal(1, static_cast<int>(Info(p.client).key_phase), "the client is in phase 1");
  tap.Equal(1, static_cast<int>(Info(p.server).key_phase), "and the server");
  // A new one at once is accepted, and begins when it may.
  tap.Errno(0, Update(p.server), "the server asks for the next one at once");
  tap.Equal(0, Phase(p.client, 10000), "event at the client: phase 0");
  tap.Equal(0, Phase(p.server, 10000), "event at the server: phase 0");
  tap.Equal(2, static_cast<int>(Info(p.client).key_updates), "two updates so far");
  send(p.client, "x", 1, 0);
  char c = 0;
  tap.Ok(recv(p.server, &c, 1, 0) == 1 && c == 'x', "data goes on");
}

// Reads a stream and answers each KEY_UPDATE with the next update of its own.
class Reader {
 public:
  explicit Reader(int fd) : fd_(fd) {}

  void Run(uint64_t bytes) {
    std::vector<uint8_t> buffer(64 * 1024);
    while (at_ < bytes) {
      int64_t sid = -1;
      uint32_t flags = 0;
      const ssize_t n = quic_recvmsg(fd_, buffer.data(), buffer.size(), &sid, &flags);
      if (n < 0) {
        printf("# recv: %s\n", strerror(errno));
        return;
      }
      if ((flags & MSG_QUIC_NOTIFICATION) != 0) {
        events_++;
        Update(fd_);
        continue;
      }
      for (ssize_t i = 0; i < n; i++)
        wrong_ += buffer[i] != PatternByte(sid, at_ + i) ? 1 : 0;
      at_ += n;
    }
  }
  [[nodiscard]] bool good(uint64_t bytes) const { return at_ == bytes && wrong_ == 0; }
  [[nodiscard]] int events() const { return events_; }

 private:
  int fd_;
  uint64_t at_ = 0, wrong_ = 0;
  int events_ = 0;
};

void TestTransfer() {
  constexpr uint64_t kBytes = 3000000;
  PairOptions o;
  o.address = Address("10.9.0.2", 0);
  o.client_netns = kClientNs;
  o.server_netns = kServerNs;
  o.prepare = Subscribe;
  const Pair p = MakePair(o);
  if (!tap.Ok(p.good(), "a pair over a lossy link"))
    return;
  Reader at_client(p.client), at_server(p.server);
  std::atomic<int> failed = 0;
  std::thread client_reads([&] { at_client.Run(kBytes); });
  std::thread server_reads([&] { at_server.Run(kBytes); });
  Update(p.client);
  std::thread server_sends(
      [&] { failed += SendPattern(p.server, 3, kBytes, MSG_QUIC_STREAM_NEW) ? 0 : 1; });
  failed += SendPattern(p.client, 2, kBytes, MSG_QUIC_STREAM_NEW) ? 0 : 1;
  server_sends.join();
  client_reads.join();
  server_reads.join();
  tap.Equal(0, failed.load(), "all is sent");
  tap.Ok(at_server.good(kBytes), "the server has every byte");
  tap.Ok(at_client.good(kBytes), "the client has every byte");
  tap.Ok(at_client.events() >= 1 && at_server.events() >= 1, "keys were updated meanwhile");
  printf("# %d events at the client, %d at the server\n", at_client.events(), at_server.events());
}

}  // namespace

int main() {
  MakeNamespaces();
  TestRules();
  TestTransfer();
  return tap.End();
}
