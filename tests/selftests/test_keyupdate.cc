// SPDX-License-Identifier: GPL-2.0-or-later
//
// KEY_UPDATE: the option's rules, the event on both sides, and updates one after
// the other from either side while data goes both ways over a lossy link.
//
// VM-TIMEOUT: 300
#include <netinet/quic.h>

#include <atomic>
#include <mutex>

#include "harness.h"

using namespace harness;

namespace {

Tap tap;

constexpr const char kClientNs[] = "update-c", kServerNs[] = "update-s";

void Run(const std::string &command) {
  if (system(command.c_str()) != 0)
    printf("# failed: %s\n", command.c_str());
}

constexpr const char kLossy[] = "delay 5ms 2ms reorder 10% loss 3% duplicate 2%",
                     kDead[] = "loss 100%";

// What happens to packets of either side.
void SetLink(const std::string &netem) {
  Run(std::string("ip netns exec ") + kClientNs + " tc qdisc replace dev u0 root netem " + netem);
  Run(std::string("ip netns exec ") + kServerNs + " tc qdisc replace dev u1 root netem " + netem);
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
  SetLink(kLossy);
}

void Subscribe(int fd) {
  Set(fd, QUIC_SOCKOPT_EVENT, quic_event_option{QUIC_EVENT_KEY_UPDATE, 1});
}

PairOptions Options() {
  PairOptions o;
  o.address = Address("10.9.0.2", 0);
  o.client_netns = kClientNs;
  o.server_netns = kServerNs;
  o.prepare = Subscribe;
  return o;
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
  const Pair p = MakePair(Options());
  tap.Errno(EPIPE, Update(p.listener), "a listener: EPIPE");
  SetLink(kDead);
  tap.Errno(0, Update(p.client), "right after the handshake it is accepted");
  tap.Errno(EINVAL, Update(p.client), "unfinished: EINVAL");
  SetLink(kLossy);
  tap.Equal(1, Phase(p.server, 20000), "event at the peer: phase 1");
  tap.Equal(1, Phase(p.client, 20000), "event when it is complete: phase 1");
  tap.Equal(1, static_cast<int>(Info(p.client).key_phase), "the client is in phase 1");
  tap.Equal(1, static_cast<int>(Info(p.server).key_phase), "and the server");
  // A new one at once is accepted, and begins when it may.
  tap.Errno(0, Update(p.server), "the server asks for the next one at once");
  tap.Equal(0, Phase(p.client, 20000), "event at the client: phase 0");
  tap.Equal(0, Phase(p.server, 20000), "event at the server: phase 0");
  tap.Equal(2, static_cast<int>(Info(p.client).key_updates), "two updates so far");
  send(p.client, "x", 1, 0);
  char c = 0;
  tap.Ok(recv(p.server, &c, 1, 0) == 1 && c == 'x', "data goes on");
}

// How often either side updates, one after the other.
constexpr int kUpdates = 10;

// Who updates, shared by the threads. An update is begun when the one before it
// is complete: that is what the event at its beginner says.
class Turns {
 public:
  Turns(int client, int server) : fds_{client, server} {}

  // The client's first one.
  void Begin() {
    const std::lock_guard<std::mutex> lock(mutex_);
    Next();
  }
  // The event was read at one side: 0 client, 1 server.
  void OnEvent(int side) {
    const std::lock_guard<std::mutex> lock(mutex_);
    events_[side]++;
    if (side != turn_)
      return;
    if (begun_[turn_] == kUpdates && turn_ == 0)
      turn_ = 1;
    Next();
  }
  [[nodiscard]] bool over() const { return over_; }
  [[nodiscard]] int begun(int side) const { return begun_[side]; }
  [[nodiscard]] int events(int side) const { return events_[side]; }

 private:
  void Next() {
    // At the server the event may be a late one, of the client's last update: then the
    // update under way is not complete, and tells so later.
    if (begun_[turn_] < kUpdates)
      begun_[turn_] += Update(fds_[turn_]) == 0 ? 1 : 0;
    else
      over_ =
          Info(fds_[0]).key_updates == 2 * kUpdates && Info(fds_[1]).key_updates == 2 * kUpdates;
  }

  std::mutex mutex_;
  int fds_[2];
  int turn_ = 0;
  int begun_[2] = {0, 0}, events_[2] = {0, 0};
  std::atomic<bool> over_ = false;
};

// Reads one stream to its end, whatever its size is.
class Reader {
 public:
  Reader(int fd, int side, Turns *turns) : fd_(fd), side_(side), turns_(turns) {}

  void Run() {
    std::vector<uint8_t> buffer(64 * 1024);
    while (!fin_) {
      int64_t sid = -1;
      uint32_t flags = 0;
      const ssize_t n = quic_recvmsg(fd_, buffer.data(), buffer.size(), &sid, &flags);
      if (n < 0) {
        printf("# recv: %s\n", strerror(errno));
        return;
      }
      if ((flags & MSG_QUIC_NOTIFICATION) != 0) {
        turns_->OnEvent(side_);
        continue;
      }
      for (ssize_t i = 0; i < n; i++)
        wrong_ += buffer[i] != PatternByte(sid, at_ + i) ? 1 : 0;
      at_ += n;
      fin_ = (flags & MSG_QUIC_STREAM_FIN) != 0;
    }
  }
  [[nodiscard]] bool good(uint64_t bytes) const { return fin_ && at_ == bytes && wrong_ == 0; }

 private:
  int fd_, side_;
  Turns *turns_;
  uint64_t at_ = 0, wrong_ = 0;
  bool fin_ = false;
};

// Sends until all updates are over: bytes, 0 when it failed.
uint64_t SendMeanwhile(int fd, int64_t sid, const Turns &turns) {
  constexpr size_t kChunkBytes = 8000;
  uint64_t done = 0;
  for (uint32_t flags = MSG_QUIC_STREAM_NEW; (flags & MSG_QUIC_STREAM_FIN) == 0;
       flags &= ~uint32_t{MSG_QUIC_STREAM_NEW}) {
    const auto bytes = Pattern(sid, done, kChunkBytes);
    flags |= turns.over() ? uint32_t{MSG_QUIC_STREAM_FIN} : 0;
    const ssize_t sent = quic_sendmsg(fd, bytes.data(), bytes.size(), sid, flags);
    if (sent != static_cast<ssize_t>(bytes.size())) {
      printf("# send on stream %lld at %llu: %s\n", static_cast<long long>(sid),
             static_cast<unsigned long long>(done), strerror(errno));
      return 0;
    }
    done += sent;
  }
  return done;
}

void TestTransfer() {
  const Pair p = MakePair(Options());
  if (!tap.Ok(p.good(), "a pair over a lossy link that reorders"))
    return;
  Turns turns(p.client, p.server);
  Reader at_client(p.client, 0, &turns), at_server(p.server, 1, &turns);
  std::thread client_reads([&] { at_client.Run(); });
  std::thread server_reads([&] { at_server.Run(); });
  uint64_t from_server = 0;
  turns.Begin();
  std::thread server_sends([&] { from_server = SendMeanwhile(p.server, 3, turns); });
  const uint64_t from_client = SendMeanwhile(p.client, 2, turns);
  server_sends.join();
  client_reads.join();
  server_reads.join();
  tap.Ok(from_client > 0 && from_server > 0, "all is sent");
  tap.Ok(at_server.good(from_client), "the server has every byte");
  tap.Ok(at_client.good(from_server), "the client has every byte");
  tap.Equal(kUpdates, turns.begun(0), "so many updates by the client meanwhile");
  tap.Equal(kUpdates, turns.begun(1), "and by the server");
  tap.Equal(2 * kUpdates, static_cast<int>(Info(p.client).key_updates), "the client has made all");
  tap.Equal(2 * kUpdates, static_cast<int>(Info(p.server).key_updates), "and the server");
  printf("# %llu and %llu bytes, %d and %d events\n", static_cast<unsigned long long>(from_client),
         static_cast<unsigned long long>(from_server), turns.events(0), turns.events(1));
}

}  // namespace

int main() {
  MakeNamespaces();
  TestRules();
  TestTransfer();
  return tap.End();
}
