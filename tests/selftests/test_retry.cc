// SPDX-License-Identifier: GPL-2.0-or-later
//
// Validation of client addresses: Retry, by configuration and under load, and the
// tokens of NEW_TOKEN frames across connections.
#include <netinet/quic.h>

#include <atomic>
#include <csignal>
#include <fstream>

#include "harness.h"

using namespace harness;

namespace {

Tap tap;

void Sysctl(const std::string &name, int value) {
  std::ofstream("/proc/sys/net/quic/" + name) << value;
}

void Validate(int fd) {
  quic_config config = {};
  config.validate_peer_address = 1;
  Set(fd, QUIC_SOCKOPT_CONFIG, config);
}

using Bytes = std::vector<uint8_t>;

int SetToken(int fd, const Bytes &token) {
  return setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_TOKEN, token.data(), token.size());
}

Bytes GetToken(int fd) {
  Bytes token(4096);
  socklen_t size = token.size();
  if (getsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_TOKEN, token.data(), &size) != 0)
    size = 0;
  token.resize(size);
  return token;
}

// The token of a NEW_TOKEN frame comes a moment after the handshake.
Bytes WaitForToken(int fd) {
  for (int i = 0; i < 200 && GetToken(fd).empty(); i++)
    usleep(10000);
  return GetToken(fd);
}

PairOptions Validating(const char *ip = "127.0.0.1") {
  PairOptions o;
  o.address = Address(ip, 0);
  o.prepare = Validate;
  return o;
}

// One more connection to the pair's listener, with a token.
void Reconnect(Pair *pair, const Bytes &token) {
  PairOptions o = Validating();
  o.prepare = [&token](int fd) {
    if (!token.empty() && SetToken(fd, token) != 0)
      Die("QUIC_SOCKOPT_TOKEN");
  };
  Connect(o, pair);
}

void TestRetry() {
  for (const char *ip : {"127.0.0.1", "::1"}) {
    const uint64_t before = Counter("QuicRetrySent");
    Pair p = MakePair(Validating(ip));
    tap.Ok(p.good(), std::string("a handshake after a Retry over ") + ip);
    tap.Equal(before + 1, Counter("QuicRetrySent"), "there was one Retry");
    char c = 0;
    tap.Ok(send(p.client, "x", 1, 0) == 1 && recv(p.server, &c, 1, 0) == 1 && c == 'x',
           "and the connection works");
  }
  const uint64_t before = Counter("QuicRetrySent");
  const Pair p = MakePair();
  tap.Ok(p.good() && Counter("QuicRetrySent") == before, "no Retry where none is asked for");
}

void TestTokens() {
  Pair p = MakePair(Validating());
  const Bytes token = WaitForToken(p.client);
  tap.Ok(!token.empty() && token.size() <= 120, "a token came that can be set");

  uint64_t before = Counter("QuicRetrySent");
  Reconnect(&p, token);
  tap.Ok(p.good() && Counter("QuicRetrySent") == before, "it saves the next connection the Retry");
  const Bytes second = WaitForToken(p.client);
  // [9000-8.1.3#4]
  tap.Ok(!second.empty() && second != token, "which has another token");
  Reconnect(&p, token);
  tap.Ok(p.good() && Counter("QuicRetrySent") == before + 1, "a token serves once");

  Bytes wrong = second;
  wrong[20] ^= 1;
  before = Counter("QuicRetrySent");
  Reconnect(&p, wrong);
  tap.Ok(p.good() && Counter("QuicRetrySent") == before + 1, "a forged one is worth nothing");
  Reconnect(&p, Bytes(120, 0x55));
  tap.Ok(p.good() && Counter("QuicRetrySent") == before + 2, "one of somebody else, neither");
  const Bytes third = WaitForToken(p.client);
  PairOptions o = Validating();
  o.prepare = [&third](int fd) {
    quic_config config = {};
    config.version = QUIC_VERSION_V2;
    Set(fd, QUIC_SOCKOPT_CONFIG, config);
    SetToken(fd, third);
  };
  Connect(o, &p);
  tap.Ok(p.good() && Counter("QuicRetrySent") == before + 3, "it is good for its version only");
}

// Sends datagrams from one socket until it is told to stop.
class Flood {
 public:
  Flood(int listener, Bytes datagram) : datagram_(std::move(datagram)) {
    const Address to = NameOf(listener);
    if (connect(udp_, to.sa(), to.size) != 0)
      Die("connect");
    thread_ = std::thread([this] {
      for (; !over_; sent_++) {
        send(udp_, datagram_.data(), datagram_.size(), 0);
        usleep(200);
      }
    });
  }
  Flood(const Flood &) = delete;
  Flood &operator=(const Flood &) = delete;
  ~Flood() {
    over_ = true;
    thread_.join();
  }
  void WaitFor(int more) const {
    const int until = sent_ + more;
    while (sent_ < until)
      usleep(10000);
  }

 private:
  const Bytes datagram_;
  const Fd udp_{socket(AF_INET, SOCK_DGRAM, 0)};
  std::atomic<bool> over_ = false;
  std::atomic<int> sent_ = 0;
  std::thread thread_;
};

// Whoever provokes one kind of stateless reply takes nothing from the others.
void TestBudgets() {
  struct Kind {
    const char *name;
    const char *limited;
    Bytes datagram;
  };
  Bytes unknown_version(1200), unknown_id(1200);
  unknown_version[0] = 0xc0;
  unknown_version[1] = 0x55;
  unknown_id[0] = 0x40;
  const Kind kinds[] = {
      {"Version Negotiation", "QuicVersionNegotiationRateLimited", unknown_version},
      {"stateless resets", "QuicStatelessResetRateLimited", unknown_id},
  };
  Sysctl("stateless_rate", 5);
  for (const Kind &kind : kinds) {
    const std::string name = kind.name;
    const uint64_t limited = Counter(kind.limited), all = Counter("QuicStatelessRateLimited");
    const uint64_t retries = Counter("QuicRetrySent"), refused = Counter("QuicRetryRateLimited");
    Pair p;
    const PairOptions o = Validating();
    p.listener = Listener(o);
    const Flood flood(p.listener, kind.datagram);
    flood.WaitFor(100);
    PairOptions client = o;
    client.prepare = nullptr;
    Connect(client, &p);
    tap.Ok(Counter(kind.limited) > limited && Counter("QuicStatelessRateLimited") > all,
           "a flood for " + name + " is limited");
    tap.Ok(p.good() && Counter("QuicRetrySent") > retries &&
               Counter("QuicRetryRateLimited") == refused,
           "and leaves Retry alone");
  }
  Sysctl("stateless_rate", 1000);
}

void TestOption() {
  const Fd fresh = Socket();
  tap.Errno(EINVAL, SetToken(fresh, {}), "an empty token");
  tap.Errno(EINVAL, SetToken(fresh, Bytes(121)), "one of 121 bytes");
  tap.Errno(0, SetToken(fresh, Bytes(120, 7)), "one of 120 bytes");
  tap.Equal(size_t{120}, GetToken(fresh).size(), "can be read");
  char small[119];
  socklen_t size = sizeof(small);
  tap.Errno(EINVAL, getsockopt(fresh, SOL_QUIC, QUIC_SOCKOPT_TOKEN, small, &size),
            "not into a shorter buffer");

  Pair p = MakePair();
  tap.Errno(EINVAL, SetToken(p.listener, Bytes(10)), "set on a listener");
  tap.Errno(EINVAL, getsockopt(p.listener, SOL_QUIC, QUIC_SOCKOPT_TOKEN, small, &size),
            "get on a listener");
  tap.Errno(EINVAL, getsockopt(p.server, SOL_QUIC, QUIC_SOCKOPT_TOKEN, small, &size),
            "get on a server");
  const Bytes first = WaitForToken(p.client);
  usleep(200000);  // it is acknowledged

  const quic_event_option on = {QUIC_EVENT_NEW_TOKEN, 1};
  Set(p.client, QUIC_SOCKOPT_EVENT, on);
  tap.Errno(0, setsockopt(p.server, SOL_QUIC, QUIC_SOCKOPT_TOKEN, nullptr, 0),
            "a server sends one more");
  tap.Errno(EAGAIN, setsockopt(p.server, SOL_QUIC, QUIC_SOCKOPT_TOKEN, nullptr, 0),
            "but not before that has arrived");
  Bytes event(200);
  int64_t sid = 0;
  uint32_t flags = 0;
  const ssize_t n = quic_recvmsg(p.client, event.data(), event.size(), &sid, &flags);
  const Bytes second = GetToken(p.client);
  tap.Ok(n == static_cast<ssize_t>(1 + second.size()) && (flags & MSG_QUIC_NOTIFICATION) &&
             event[0] == QUIC_EVENT_NEW_TOKEN &&
             memcmp(event.data() + 1, second.data(), second.size()) == 0,
         "the client's event has the token");
  tap.Ok(second != first, "which replaces the first");
  usleep(200000);
  tap.Errno(0, setsockopt(p.server, SOL_QUIC, QUIC_SOCKOPT_TOKEN, "ignored", 7), "then again");
  shutdown(p.server, SHUT_RDWR);
  usleep(100000);
  tap.Errno(EINVAL, setsockopt(p.server, SOL_QUIC, QUIC_SOCKOPT_TOKEN, nullptr, 0),
            "not on a connection that is over");
}

// ---- by hand ----

// The form of a client's Initial; what is behind the header nobody looks at yet.
Bytes Initial(uint8_t id, const Bytes &token = {}, size_t size = 1200) {
  Bytes b = {0xc0, 0, 0, 0, 1, 8, id, 1, 2, 3, 4, 5, 6, 7, 8, id, 9, 9, 9, 9, 9, 9, 9};
  b.push_back(token.size());
  b.insert(b.end(), token.begin(), token.end());
  const size_t rest = size - b.size() - 2;
  b.push_back(0x40 | rest >> 8);
  b.push_back(rest & 0xff);
  b.resize(size);
  return b;
}

Bytes Answer(int udp, int timeout_ms = 200) {
  Bytes b(2000);
  if (!Readable(udp, timeout_ms))
    return {};
  const ssize_t n = recv(udp, b.data(), b.size(), 0);
  b.resize(n > 0 ? n : 0);
  return b;
}

struct Raw {
  Fd udp;
  explicit Raw(int listener) : udp(socket(AF_INET, SOCK_DGRAM, 0)) {
    const Address to = NameOf(listener);
    if (connect(udp, to.sa(), to.size) != 0)
      Die("connect");
  }
  void Send(const Bytes &b) const { send(udp, b.data(), b.size(), 0); }
};

bool IsRetry(const Bytes &b, uint8_t id) {
  return b.size() > 23 + 16 && (b[0] & 0xf0) == 0xf0 && b[4] == 1 && b[5] == 8 && b[6] == id &&
         b[7] == 9 && b[14] == 8 && b.size() < 400;
}

Bytes TokenOf(const Bytes &retry) {
  return {retry.begin() + 23, retry.end() - 16};
}

// [9000-5.2.2#2]
void TestStateless() {
  const Fd listener = Listener(Validating());
  const Raw raw(listener);
  raw.Send(Initial(1));
  const Bytes retry = Answer(raw.udp);
  tap.Ok(IsRetry(retry, 1), "an Initial is answered with a Retry, statelessly");
  raw.Send(Initial(1));
  const Bytes again = Answer(raw.udp);
  // [9000-8.1.4#1]
  tap.Ok(IsRetry(again, 1) && again != retry, "and so is its copy, with another token");
  raw.Send(Initial(2, {}, 1199));
  tap.Ok(Answer(raw.udp).empty(), "a datagram of 1199 bytes draws none");
  tap.Ok(!Readable(listener, 0), "nothing of it is there to be accepted");

  Bytes second = Initial(0, TokenOf(retry));
  std::copy(retry.begin() + 15, retry.begin() + 23, second.begin() + 6);  // its id
  second[15] = 1;
  raw.Send(second);
  tap.Ok(Readable(listener, 200), "the token of the Retry makes a request");
}

int CloseCode(int fd) {
  quic_connection_close c = {};
  Get(fd, QUIC_SOCKOPT_CONNECTION_CLOSE, &c);
  return static_cast<int>(c.errcode);
}

int SoError(int fd) {
  int error = 0;
  socklen_t size = sizeof(error);
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

void TestInvalid() {
  PairOptions o = Validating();
  const Fd listener = Listener(o);
  const Raw raw(listener);
  raw.Send(Initial(3));
  const Bytes token = TokenOf(Answer(raw.udp));
  const Fd client = Socket();
  tap.Errno(0, SetToken(client, token), "a Retry token in another connection");
  const Address to = NameOf(listener);
  tap.Errno(0, connect(client, to.sa(), to.size), "connect() takes it");
  quic_handshake_options h = PskOptions(o);
  h.timeout_ms = 5000;
  tap.Ok(quic_client_handshake_ex(client, &h, nullptr) != 0, "the handshake fails");
  tap.Equal(int{QUIC_TRANSPORT_ERROR_INVALID_TOKEN}, CloseCode(client), "with INVALID_TOKEN");
  tap.Equal(EPROTO, SoError(client), "SO_ERROR says EPROTO");
  tap.Ok(!Readable(listener, 0), "the listener was not bothered");
}

void TestLoad() {
  Pair p;
  PairOptions o;
  p.listener = Listener(o);
  const uint64_t before = Counter("QuicRetrySent");
  Sysctl("half_open_max", 8);
  const Raw raw(p.listener);
  for (uint8_t i = 10; i < 14; i++)
    raw.Send(Initial(i));
  const Bytes retry = Answer(raw.udp);
  tap.Ok(IsRetry(retry, 13), "under load Retry turns itself on");
  tap.Ok(Counter("QuicRetrySent") == before + 1, "at a quarter of what may be half-open");
  Bytes bad = Initial(40, TokenOf(retry));
  raw.Send(bad);
  tap.Ok(Answer(raw.udp).empty(), "a wrong token is not even refused then");
  Sysctl("half_open_max", 4096);
  fcntl(p.listener, F_SETFL, O_NONBLOCK);
  tap.Errno(EAGAIN, accept(p.listener, nullptr, nullptr), "what is no Initial is not accepted");
  fcntl(p.listener, F_SETFL, 0);
  Connect(o, &p);
  tap.Ok(p.good() && Counter("QuicRetrySent") == before + 1, "and Retry is off again");
}

}  // namespace

int main() {
  signal(SIGPIPE, SIG_IGN);
  TestRetry();
  TestTokens();
  TestBudgets();
  TestOption();
  TestStateless();
  TestInvalid();
  TestLoad();
  return tap.End();
}
