// SPDX-License-Identifier: GPL-2.0-or-later
//
// Transfers between two namespaces over veth, with both IP versions: 16 streams
// at once in both directions, loss of 30 % each way, and close() right after the
// last send.
//
// VM-TIMEOUT: 600
#include <netinet/quic.h>

#include <atomic>
#include <map>
#include <memory>

#include "harness.h"

using namespace harness;

namespace {

Tap tap;

constexpr const char kClientNs[] = "transfer-c", kServerNs[] = "transfer-s";

// At 30 % loss each way half of all round trips fail: a handshake in fifteen
// takes longer than the 10 s that the kernel allows by default.
constexpr uint32_t kPatienceMs = 300 * 1000;

void Run(const std::string &command) {
  if (system(command.c_str()) != 0)
    printf("# failed: %s\n", command.c_str());
}

void MakeNamespaces() {
  for (const char *ns : {kClientNs, kServerNs})
    Run(std::string("ip netns add ") + ns);
  Run(std::string("ip link add c0 netns ") + kClientNs + " type veth peer name s0 netns " +
      kServerNs);
  struct End {
    const char *ns, *dev, *ip4, *ip6;
  };
  for (const End &e : {End{kClientNs, "c0", "10.8.0.1/24", "fd08::1/64"},
                       End{kServerNs, "s0", "10.8.0.2/24", "fd08::2/64"}}) {
    const std::string ip = std::string("ip -n ") + e.ns;
    Run(ip + " link set lo up");
    Run(std::string("ip netns exec ") + e.ns + " sh -c 'echo " + std::to_string(kPatienceMs) +
        " >/proc/sys/net/quic/handshake_timeout_ms'");
    Run(ip + " addr add " + e.ip4 + " dev " + e.dev);
    Run(ip + " addr add " + e.ip6 + " dev " + e.dev + " nodad");
    Run(ip + " link set " + e.dev + " up");
  }
}

void SetNetem(const std::string &what) {
  for (const auto &[ns, dev] : {std::pair{kClientNs, "c0"}, std::pair{kServerNs, "s0"}})
    Run(std::string("ip netns exec ") + ns + " tc qdisc replace dev " + dev + " root netem " +
        what);
}

PairOptions Options(const char *server_ip) {
  PairOptions o;
  o.address = Address(server_ip, 0);
  o.client_netns = kClientNs;
  o.server_netns = kServerNs;
  o.timeout_ms = kPatienceMs;
  return o;
}

// A handful of probes in a row may get lost: silence alone shall not end it.
PairOptions Patient(PairOptions o) {
  o.prepare = [](int fd) {
    quic_transport_param param = {};
    param.max_idle_timeout = kPatienceMs * 1000;
    if (setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_TRANSPORT_PARAM, &param, sizeof(param)) != 0)
      Die("max_idle_timeout");
  };
  return o;
}

// Reads streams until so many have ended; checks every byte against the pattern.
class Reader {
 public:
  explicit Reader(int fd) : fd_(fd) {}

  void Run(size_t streams) {
    std::vector<uint8_t> buffer(256 * 1024);
    while (ended_ < streams) {
      int64_t sid = -1;
      uint32_t flags = 0;
      const ssize_t n = quic_recvmsg(fd_, buffer.data(), buffer.size(), &sid, &flags);
      if (n < 0) {
        printf("# recv: %s\n", strerror(errno));
        SayWhy();
        return;
      }
      if (n == 0 && sid < 0)
        return;
      uint64_t &offset = offsets_[sid];
      for (ssize_t i = 0; i < n; i++)
        wrong_ += buffer[i] != PatternByte(sid, offset + i) ? 1 : 0;
      offset += n;
      ended_ += (flags & MSG_QUIC_STREAM_FIN) != 0 ? 1 : 0;
    }
  }
  [[nodiscard]] bool Good(size_t streams, uint64_t bytes) const {
    bool good = ended_ == streams && wrong_ == 0 && offsets_.size() == streams;
    for (const auto &[sid, offset] : offsets_)
      good = good && offset == bytes;
    if (!good)
      printf("# %zu of %zu streams ended, %llu bytes wrong\n", ended_, streams,
             static_cast<unsigned long long>(wrong_));
    return good;
  }

 private:
  void SayWhy() const {
    quic_connection_close close = {};
    int error = 0;
    socklen_t size = sizeof(error);
    getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
    size = sizeof(close);
    getsockopt(fd_, SOL_QUIC, QUIC_SOCKOPT_CONNECTION_CLOSE, &close, &size);
    printf("# SO_ERROR %d, close code 0x%x, frame 0x%x, '%s'\n", error, close.errcode,
           unsigned{close.frame}, reinterpret_cast<const char *>(close.phrase));
  }

  int fd_;
  size_t ended_ = 0;
  uint64_t wrong_ = 0;
  std::map<int64_t, uint64_t> offsets_;
};

// Streams of both sides at once: each side sends as many and reads the other's.
void Exchange(const Pair &p, int streams, uint64_t bytes, const std::string &name) {
  Reader at_client(p.client), at_server(p.server);
  std::vector<std::thread> threads;
  std::atomic<int> failed = 0;
  threads.emplace_back([&] { at_client.Run(streams); });
  threads.emplace_back([&] { at_server.Run(streams); });
  for (int i = 0; i < streams; i++) {
    threads.emplace_back(
        [&, i] { failed += SendPattern(p.client, i * 4, bytes, MSG_QUIC_STREAM_NEW) ? 0 : 1; });
    threads.emplace_back(
        [&, i] { failed += SendPattern(p.server, i * 4 + 3, bytes, MSG_QUIC_STREAM_NEW) ? 0 : 1; });
  }
  for (std::thread &t : threads)
    t.join();
  tap.Equal(0, failed.load(), name + ": all sends");
  tap.Ok(at_server.Good(streams, bytes), name + ": the server has every byte");
  tap.Ok(at_client.Good(streams, bytes), name + ": the client has every byte");
}

// The last send is followed by close() at once; the other side still gets all.
void CloseAfterSend(const PairOptions &o, const std::string &name) {
  constexpr uint64_t kBytes = 200000;
  Pair p = MakePair(o);
  Reader at_server(p.server);
  std::thread reader([&] { at_server.Run(1); });
  const bool sent = SendPattern(p.client, 0, kBytes, MSG_QUIC_STREAM_NEW);
  p.client.Reset();
  reader.join();
  tap.Ok(sent && at_server.Good(1, kBytes), name + ": close() after the last send loses nothing");
}

std::string EpsOf(const char *ns) {
  const InNetns in(ns);
  std::string text;
  char line[512];
  FILE *f = fopen("/proc/thread-self/net/quic/eps", "r");
  while (f != nullptr && fgets(line, sizeof(line), f) != nullptr)
    text += line;
  if (f != nullptr)
    fclose(f);
  return text;
}

void TestEps() {
  PairOptions o = Options("10.8.0.2");
  Fd listener = Listener(o);
  const std::string port = ":" + std::to_string(NameOf(listener).port()) + " ";
  tap.Ok(EpsOf(kServerNs).find(port) != std::string::npos, "eps: a listener is there");
  listener.Reset();
  tap.Ok(EpsOf(kServerNs).find(port) == std::string::npos, "eps: and gone after close()");
}

}  // namespace

int main() {
  constexpr uint64_t kBytes = 300000, kLossyBytes = 8000;
  MakeNamespaces();
  TestEps();
  for (const char *ip : {"10.8.0.2", "fd08::2"}) {
    const Pair p = MakePair(Options(ip));
    tap.Ok(p.good(), std::string("handshake with ") + ip);
    Exchange(p, 16, kBytes, std::string("16 streams with ") + ip);
    CloseAfterSend(Options(ip), ip);
  }
  SetNetem("delay 5ms loss 30%");
  for (const char *ip : {"10.8.0.2", "fd08::2"}) {
    const Pair p = MakePair(Patient(Options(ip)));
    tap.Ok(p.good(), std::string("handshake at 30 % loss with ") + ip);
    if (p.good())
      Exchange(p, 16, kLossyBytes, std::string("16 streams at 30 % loss with ") + ip);
  }
  SetNetem("delay 5ms loss 5%");
  CloseAfterSend(Options("10.8.0.2"), "5 % loss");
  for (const char *ns : {kClientNs, kServerNs})
    Run(std::string("ip netns del ") + ns);
  return tap.End();
}
