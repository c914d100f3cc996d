// SPDX-License-Identifier: GPL-2.0-or-later
//
// What congestion control achieves over a bottleneck of 10 Mbit/s and 30 ms, and
// how it shares it: with another flow of ours, and with one of TCP CUBIC. And how
// the algorithm and a limit of the rate are chosen.
//
//	client ---- router ---- server
//		netem delay, tbf with a queue of so many packets, both ways
//
// Times are the guest's, so a machine without load, or one that skips time, is needed:
// VM-BEDS: uml uml-7.3
// VM-TIMEOUT: 900
#include <netinet/quic.h>
#include <netinet/tcp.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <memory>

#include "harness.h"

using namespace harness;

namespace {

Tap tap;

constexpr const char kClientNs[] = "goodput-c", kRouterNs[] = "goodput-r",
                     kServerNs[] = "goodput-s";
constexpr double kShareSeconds = 60;
constexpr size_t kChunkBytes = 64 * 1024;

using Clock = std::chrono::steady_clock;

double Since(Clock::time_point from) {
  return std::chrono::duration<double>(Clock::now() - from).count();
}

bool Run(const std::string &command) {
  const bool good = system(command.c_str()) == 0;
  if (!good)
    printf("# failed: %s\n", command.c_str());
  return good;
}

bool RunIn(const char *ns, const std::string &command) {
  return Run(std::string("ip netns exec ") + ns + " " + command);
}

void Link(const char *ns, const char *dev, const char *address, const char *router_dev,
          const char *router_address) {
  Run(std::string("ip link add ") + dev + " netns " + ns + " type veth peer name " + router_dev +
      " netns " + kRouterNs);
  for (const auto &[where, what, ip] :
       {std::tuple{ns, dev, address}, std::tuple{kRouterNs, router_dev, router_address}}) {
    Run(std::string("ip -n ") + where + " addr add " + ip + "/24 dev " + what);
    Run(std::string("ip -n ") + where + " link set " + what + " up");
    // The queue counts packets: nothing larger than one may stand in it.
    RunIn(where, std::string("ethtool -K ") + what +
                     " tx-udp-segmentation off tso off gso off gro off >/dev/null");
  }
  Run(std::string("ip -n ") + ns + " route add default via " + router_address);
}

void MakeNetwork() {
  for (const char *ns : {kClientNs, kRouterNs, kServerNs}) {
    Run(std::string("ip netns add ") + ns);
    Run(std::string("ip -n ") + ns + " link set lo up");
  }
  RunIn(kRouterNs, "sysctl -qw net.ipv4.ip_forward=1");
  Link(kClientNs, "c0", "10.9.1.2", "rc", "10.9.1.1");
  Link(kServerNs, "s0", "10.9.2.2", "rs", "10.9.2.1");
}

// The queue comes after the delay, and so does what gets lost by chance.
void SetBottleneck(int queue_pkts, const std::string &loss = "") {
  for (const char *dev : {"rc", "rs"}) {
    const std::string tc = "tc qdisc ";
    RunIn(kRouterNs, "sh -c 'tc qdisc del dev " + std::string(dev) + " root 2>/dev/null; :'");
    RunIn(kRouterNs, tc + "add dev " + dev + " root handle 1: netem limit 10000 delay 15ms" +
                         (std::string(dev) == "rs" ? loss : ""));
    RunIn(kRouterNs, tc + "add dev " + dev +
                         " parent 1: handle 2: tbf rate 10mbit burst 1600 limit " +
                         std::to_string(queue_pkts * 1514));
  }
}

// ---- flows ----

// Bytes go from a client to a server until it is told to stop.
class Flow {
 public:
  virtual ~Flow() = default;
  Flow(const Flow &) = delete;
  Flow &operator=(const Flow &) = delete;

  void Start() {
    sender_ = std::thread([this] {
      const std::vector<uint8_t> chunk(kChunkBytes, 'x');
      while (!stop_ && Send(chunk) >= 0) {
      }
    });
    receiver_ = std::thread([this] {
      std::vector<uint8_t> chunk(kChunkBytes);
      while (!stop_) {
        const ssize_t n = Receive(&chunk);
        if (n > 0)
          received_ += n;
      }
    });
  }
  void Stop() {
    stop_ = true;
    sender_.join();
    receiver_.join();
  }
  [[nodiscard]] uint64_t received() const { return received_; }

 protected:
  Flow() = default;
  virtual ssize_t Send(const std::vector<uint8_t> &chunk) = 0;
  virtual ssize_t Receive(std::vector<uint8_t> *chunk) = 0;

  // Blocked calls come back to see that it is over.
  static void SetTimeout(int fd, int which) {
    const timeval second = {1, 0};
    if (setsockopt(fd, SOL_SOCKET, which, &second, sizeof(second)) != 0)
      Die("timeout");
  }
  static ssize_t Tolerate(ssize_t n) {
    return n < 0 && (errno == EAGAIN || errno == ENOSPC) ? 0 : n;
  }

 private:
  std::thread sender_, receiver_;
  std::atomic<bool> stop_ = false;
  std::atomic<uint64_t> received_ = 0;
};

PairOptions Options(const char *congestion = nullptr) {
  PairOptions o;
  o.address = Address("10.9.2.2", 0);
  o.client_netns = kClientNs;
  o.server_netns = kServerNs;
  if (congestion != nullptr)
    o.prepare = [congestion](int fd) {
      if (setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_CONGESTION, congestion, strlen(congestion)) != 0)
        Die(congestion);
    };
  return o;
}

class QuicFlow : public Flow {
 public:
  QuicFlow() : pair_(MakePair(Options())) {
    SetTimeout(pair_.client, SO_SNDTIMEO);
    SetTimeout(pair_.server, SO_RCVTIMEO);
  }

 private:
  ssize_t Send(const std::vector<uint8_t> &chunk) override {
    const uint32_t flags = std::exchange(opened_, true) ? 0 : MSG_QUIC_STREAM_NEW;
    return Tolerate(quic_sendmsg(pair_.client, chunk.data(), chunk.size(), 0, flags));
  }
  ssize_t Receive(std::vector<uint8_t> *chunk) override {
    int64_t sid = 0;
    uint32_t flags = 0;
    return quic_recvmsg(pair_.server, chunk->data(), chunk->size(), &sid, &flags);
  }

  Pair pair_;
  bool opened_ = false;
};

class TcpFlow : public Flow {
 public:
  TcpFlow() {
    const Fd listener = [] {
      const InNetns ns(kServerNs);
      return Fd(socket(AF_INET, SOCK_STREAM, 0));
    }();
    {
      const InNetns ns(kClientNs);
      client_.Reset(socket(AF_INET, SOCK_STREAM, 0));
    }
    const Address any("10.9.2.2", 0);
    if (bind(listener, any.sa(), any.size) != 0 || listen(listener, 1) != 0 ||
        setsockopt(client_, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5) != 0)
      Die("TCP");
    const Address to = NameOf(listener);
    if (connect(client_, to.sa(), to.size) != 0)
      Die("connect");
    server_.Reset(accept(listener, nullptr, nullptr));
    SetTimeout(client_, SO_SNDTIMEO);
    SetTimeout(server_, SO_RCVTIMEO);
  }

 private:
  ssize_t Send(const std::vector<uint8_t> &chunk) override {
    return Tolerate(send(client_, chunk.data(), chunk.size(), MSG_NOSIGNAL));
  }
  ssize_t Receive(std::vector<uint8_t> *chunk) override {
    return recv(server_, chunk->data(), chunk->size(), 0);
  }

  Fd client_, server_;
};

void Share(Flow *a, Flow *b, const std::string &name) {
  a->Start();
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  b->Start();
  std::this_thread::sleep_for(std::chrono::duration<double>(kShareSeconds));
  const double x = 8e-6 * static_cast<double>(a->received()) / kShareSeconds;
  const double y = 8e-6 * static_cast<double>(b->received()) / kShareSeconds;
  a->Stop();
  b->Stop();
  printf("# %s: %.2f and %.2f Mbit/s\n", name.c_str(), x, y);
  tap.Ok(x + y > 8.5, name + ": the link is full");
  tap.Ok(x <= 1.5 * y && y <= 1.5 * x, name + ": shared within 1:1.5");
}

// ---- one flow ----

// Mbit/s of stream bytes, from the first write to the last read.
double Goodput(const PairOptions &options, uint64_t size) {
  const Pair p = MakePair(options);
  if (!p.good())
    return 0;
  std::thread sender([&] { SendPattern(p.client, 0, size, MSG_QUIC_STREAM_NEW); });
  const Clock::time_point from = Clock::now();
  std::vector<uint8_t> chunk(kChunkBytes);
  uint64_t got = 0;
  while (got < size) {
    int64_t sid = 0;
    uint32_t flags = 0;
    const ssize_t n = quic_recvmsg(p.server, chunk.data(), chunk.size(), &sid, &flags);
    if (n <= 0)
      break;
    got += n;
  }
  const double rate = 8e-6 * static_cast<double>(got) / Since(from);
  sender.join();
  return got == size ? rate : 0;
}

double GoodputOf(const char *congestion, uint64_t size, const std::string &what) {
  const double rate = Goodput(Options(congestion), size);
  printf("# %s, %s: %.2f Mbit/s\n", congestion, what.c_str(), rate);
  return rate;
}

void TestGoodput() {
  SetBottleneck(25);
  tap.Ok(GoodputOf("cubic", 10 << 20, "25 packets of queue") >= 9.2, "cubic: 9.2 Mbit/s of 10");
  for (const char *congestion : {"bbr", "reno"})
    tap.Ok(GoodputOf(congestion, 10 << 20, "25 packets of queue") >= 9,
           std::string(congestion) + ": 9 Mbit/s of 10");
  SetBottleneck(100, " loss 1%");
  tap.Ok(GoodputOf("bbr", 10 << 20, "1 % loss") >= 7, "bbr: 70 % of the link at 1 % loss");
  SetBottleneck(100, " loss 5%");
  const double bbr = GoodputOf("bbr", 4 << 20, "5 % loss");
  tap.Ok(bbr > 0 && bbr >= GoodputOf("cubic", 4 << 20, "5 % loss"),
         "bbr: no slower than cubic at 5 % loss");
}

void TestSharing() {
  SetBottleneck(25);
  {
    QuicFlow a, b;
    Share(&a, &b, "two of ours");
  }
  {
    QuicFlow a;
    TcpFlow b;
    Share(&a, &b, "one of ours, one of TCP CUBIC");
  }
}

// ---- choices ----

std::string CongestionOf(int fd) {
  char name[QUIC_CONG_NAME_SIZE] = {};
  socklen_t size = sizeof(name);
  return getsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_CONGESTION, name, &size) == 0 ? name : "?";
}

int SetConfig(int fd, uint8_t algo) {
  quic_config config = {};
  config.congestion_control_algo = algo;
  return Set(fd, QUIC_SOCKOPT_CONFIG, config);
}

uint8_t ConfigOf(int fd) {
  quic_config config = {};
  Get(fd, QUIC_SOCKOPT_CONFIG, &config);
  return config.congestion_control_algo;
}

void TestSelection() {
  const Fd fd = Socket();
  tap.Ok(CongestionOf(fd) == "cubic", "the default is cubic");
  tap.Equal<int>(QUIC_CONG_ALG_CUBIC, ConfigOf(fd), "CONFIG says so");
  tap.Errno(0, SetConfig(fd, QUIC_CONG_ALG_BBR), "CONFIG 64");
  tap.Ok(CongestionOf(fd) == "bbr", "is bbr");
  tap.Equal<int>(QUIC_CONG_ALG_BBR, ConfigOf(fd), "and told as 64");
  tap.Errno(0, SetConfig(fd, 0), "CONFIG 0");
  tap.Ok(CongestionOf(fd) == "bbr", "keeps it");
  tap.Errno(EINVAL, SetConfig(fd, 2), "CONFIG 2");
  tap.Errno(0, setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_CONGESTION, "reno", 4), "reno by name");
  tap.Ok(CongestionOf(fd) == "reno", "is reno");
  tap.Errno(ENOENT, setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_CONGESTION, "vegas", 5), "vegas");
  tap.Ok(CongestionOf(fd) == "reno", "is reno still");
  const char sysctl[] = "/proc/sys/net/quic/congestion_control";
  tap.Ok(Run(std::string("echo bbr >") + sysctl), "the sysctl");
  tap.Ok(CongestionOf(Socket()) == "bbr", "is the default of new sockets");
  tap.Ok(!Run(std::string("echo vegas 2>/dev/null >") + sysctl), "and takes what exists");
  tap.Ok(CongestionOf(Socket()) == "bbr", "and keeps what it has");
  Run(std::string("echo cubic >") + sysctl);

  // While a connection is up.
  const Pair p = MakePair();
  tap.Errno(0, setsockopt(p.client, SOL_QUIC, QUIC_SOCKOPT_CONGESTION, "bbr", 3),
            "on a connection");
  tap.Ok(CongestionOf(p.client) == "bbr", "get tells the one in force");
  tap.Ok(std::string(Info(p.client).cong_name) == "bbr", "and so does INFO");
  tap.Ok(SendPattern(p.client, 0, 500000, MSG_QUIC_STREAM_NEW), "and it sends");
}

void TestPacingRate() {
  constexpr uint64_t kBytesPerSecond = 250000;
  SetBottleneck(100);
  PairOptions o = Options();
  o.prepare = [](int fd) {
    const uint64_t rate = kBytesPerSecond;
    if (setsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, &rate, sizeof(rate)) != 0)
      Die("SO_MAX_PACING_RATE");
  };
  const double rate = Goodput(o, 1 << 20);
  printf("# limited to 2 Mbit/s: %.2f\n", rate);
  tap.Ok(rate > 1.7 && rate <= 2.05, "SO_MAX_PACING_RATE holds");
}

}  // namespace

int main() {
  signal(SIGPIPE, SIG_IGN);  // a flow may be stopped in the middle of a call
  MakeNetwork();
  TestSelection();
  TestPacingRate();
  TestGoodput();
  TestSharing();
  return tap.End();
}
