// SPDX-License-Identifier: GPL-2.0-or-later
//
// Versions: negotiation by packets, compatible versions, and what a client is told
// when there is none that both speak.
#include <netinet/quic.h>

#include <atomic>
#include <csignal>

#include "harness.h"

using namespace harness;

namespace {

Tap tap;

constexpr uint32_t kV1 = QUIC_VERSION_V1;
constexpr uint32_t kV2 = QUIC_VERSION_V2;

using Bytes = std::vector<uint8_t>;

void Choose(int fd, uint32_t version, bool compatible) {
  quic_config config = {};
  config.version = version;
  if (version != 0 && Set(fd, QUIC_SOCKOPT_CONFIG, config) != 0)
    Die("QUIC_SOCKOPT_CONFIG");
  quic_transport_param param = {};
  param.disable_compatible_version = compatible ? 0 : 1;
  if (Set(fd, QUIC_SOCKOPT_TRANSPORT_PARAM, param) != 0)
    Die("QUIC_SOCKOPT_TRANSPORT_PARAM");
}

uint32_t VersionOf(int fd) {
  quic_config config = {};
  Get(fd, QUIC_SOCKOPT_CONFIG, &config);
  return config.version;
}

struct Side {
  uint32_t version = 0;  // 0: not set
  bool compatible = true;
};

// A connection; the version both ended up with, 0 if none or different ones.
uint32_t Agreed(const Side &client, const Side &server) {
  Pair p;
  PairOptions o;
  o.prepare = [&server](int fd) { Choose(fd, server.version, server.compatible); };
  p.listener = Listener(o);
  o.prepare = [&client](int fd) { Choose(fd, client.version, client.compatible); };
  Connect(o, &p);
  char c = 0;
  if (!p.good() || send(p.client, "x", 1, 0) != 1 || recv(p.server, &c, 1, 0) != 1)
    return 0;
  if (VersionOf(p.client) != VersionOf(p.server) || Info(p.client).version != VersionOf(p.client))
    return 0;
  return VersionOf(p.client);
}

void TestCompatible() {
  tap.Equal(kV1, Agreed({}, {}), "version 1 is the default");
  tap.Equal(kV2, Agreed({kV2}, {}), "a client may begin with version 2");
  tap.Equal(kV2, Agreed({}, {kV2}), "a server may change to version 2");
  tap.Equal(kV1, Agreed({kV2}, {kV1}), "or to version 1");
  tap.Equal(kV2, Agreed({kV2}, {kV2}), "or have no need to");
  tap.Equal(kV1, Agreed({kV1, false}, {kV2}), "not if the client does not offer it");
  tap.Equal(kV1, Agreed({kV1}, {kV2, false}), "nor if the server will not");
  tap.Equal(kV1, Agreed({0x1a2a3a4a}, {}), "an unknown version is negotiated");
  tap.Equal(kV2, Agreed({0x5}, {kV2}), "and then changed to a compatible one");
}

// ---- a client by hand ----

struct Raw {
  Fd udp{socket(AF_INET, SOCK_DGRAM, 0)};
  explicit Raw(int listener) {
    const Address to = NameOf(listener);
    if (connect(udp, to.sa(), to.size) != 0)
      Die("connect");
  }
  [[nodiscard]] Bytes Ask(const Bytes &b) const {
    send(udp, b.data(), b.size(), 0);
    Bytes answer(2000);
    if (!Readable(udp, 200))
      return {};
    const ssize_t n = recv(udp, answer.data(), answer.size(), 0);
    answer.resize(n > 0 ? n : 0);
    return answer;
  }
};

void PutVersion(Bytes *b, uint32_t version) {
  for (int shift = 24; shift >= 0; shift -= 8)
    b->push_back(version >> shift & 0xff);
}

Bytes LongHeader(uint32_t version, size_t dcid, size_t scid, size_t size) {
  Bytes b = {0xc3};
  PutVersion(&b, version);
  b.push_back(dcid);
  b.insert(b.end(), dcid, 0xd1);
  b.push_back(scid);
  b.insert(b.end(), scid, 0x51);
  b.resize(size);
  return b;
}

bool Lists(const Bytes &vn, size_t from, uint32_t version) {
  Bytes want;
  PutVersion(&want, version);
  for (size_t i = from; i + 4 <= vn.size(); i += 4)
    if (memcmp(want.data(), vn.data() + i, want.size()) == 0)
      return true;
  return false;
}

// A Version Negotiation packet that echoes both ids and lists ours
// [9000-17.2.1#3,4,5,6] [9368-2.1#1].
bool IsNegotiation(const Bytes &vn, size_t dcid, size_t scid) {
  const size_t head = 7 + dcid + scid;
  if (vn.size() < head + 8 || (vn[0] & 0xc0) != 0xc0 || vn[1] != 0 || vn[2] != 0 || vn[3] != 0 ||
      vn[4] != 0 || vn[5] != scid || vn[6 + scid] != dcid)
    return false;
  for (size_t i = 0; i < scid; i++)
    if (vn[6 + i] != 0x51)
      return false;
  for (size_t i = 0; i < dcid; i++)
    if (vn[7 + scid + i] != 0xd1)
      return false;
  bool reserved = false;
  for (size_t i = head; i + 4 <= vn.size(); i += 4)
    reserved |= (vn[i] & 15) == 10 && (vn[i + 1] & 15) == 10 && (vn[i + 2] & 15) == 10;
  return (vn.size() - head) % 4 == 0 && Lists(vn, head, kV1) && Lists(vn, head, kV2) && reserved;
}

// [9000-5.2.2#1]
void TestServer() {
  const Fd listener = Listener({});
  const Raw raw(listener);
  tap.Ok(IsNegotiation(raw.Ask(LongHeader(0x12345678, 8, 8, 1200)), 8, 8),
         "an unknown version is answered");
  tap.Ok(IsNegotiation(raw.Ask(LongHeader(0x0a0a0a0a, 0, 0, 1200)), 0, 0), "with empty ids");
  tap.Ok(IsNegotiation(raw.Ask(LongHeader(0xffffffff, 255, 255, 1200)), 255, 255),
         "with ids as long as any version may have them");
  tap.Ok(IsNegotiation(raw.Ask(LongHeader(2, 21, 3, 1200)), 21, 3), "with one too long for ours");
  tap.Ok(raw.Ask(LongHeader(0x12345678, 8, 8, 1199)).empty(), "not in 1199 bytes");
  // [9000-6.1#1]
  tap.Ok(raw.Ask(LongHeader(0, 8, 8, 1200)).empty(), "Version Negotiation is not answered");
  tap.Ok(raw.Ask(LongHeader(kV1, 8, 8, 1200)).empty(), "nor is a version that we speak");
  Bytes cut = LongHeader(0x12345678, 200, 200, 1200);
  cut[5] = 255;
  cut.resize(200);
  tap.Ok(raw.Ask(cut).empty(), "nor what is cut off");
}

// ---- a server by hand ----

// What a client's datagram would be answered with.
Bytes Negotiation(const Bytes &b, const std::vector<uint32_t> &versions) {
  const size_t dcid = b[5], scid = b[6 + dcid];
  Bytes vn = {0x80, 0, 0, 0, 0};
  vn.push_back(scid);
  vn.insert(vn.end(), b.data() + 7 + dcid, b.data() + 7 + dcid + scid);
  vn.push_back(dcid);
  vn.insert(vn.end(), b.data() + 6, b.data() + 6 + dcid);
  for (const uint32_t v : versions)
    PutVersion(&vn, v);
  return vn;
}

uint32_t VersionAt(const Bytes &b) {
  return uint32_t{b[1]} << 24 | b[2] << 16 | b[3] << 8 | b[4];
}

// Answers a client's first datagram with the versions; the client's end.
struct Refused {
  int handshake = 0;
  int error = 0;
  uint32_t version = 0;
};

Refused Refuse(uint32_t begins_with, const std::vector<uint32_t> &versions,
               bool compatible = true) {
  const Fd udp(socket(AF_INET, SOCK_DGRAM, 0));
  const Address any("127.0.0.1", 0);
  if (bind(udp, any.sa(), any.size) != 0)
    Die("bind");
  std::thread server([&] {
    Bytes b(2000);
    Address from;
    from.size = sizeof(from.storage);
    if (recvfrom(udp, b.data(), b.size(), 0, from.sa(), &from.size) < 1200)
      return;
    const Bytes vn = Negotiation(b, versions);
    sendto(udp, vn.data(), vn.size(), 0, from.sa(), from.size);
  });
  const Fd client = Socket();
  Choose(client, begins_with, compatible);
  const Address to = NameOf(udp);
  if (connect(client, to.sa(), to.size) != 0)
    Die("connect");
  quic_handshake_options o = PskOptions({});
  o.timeout_ms = 3000;
  Refused r;
  r.handshake = quic_client_handshake_ex(client, &o, nullptr);
  server.join();
  socklen_t size = sizeof(r.error);
  getsockopt(client, SOL_SOCKET, SO_ERROR, &r.error, &size);
  r.version = VersionOf(client);
  return r;
}

void TestClient() {
  Refused r = Refuse(kV1, {0x0a0a0a0a, 0x12345678});
  tap.Ok(r.handshake != 0, "no common version: the handshake fails");
  tap.Equal(EPROTONOSUPPORT, r.error, "SO_ERROR says EPROTONOSUPPORT");
  r = Refuse(kV1, {0x12345678, kV2}, false);
  tap.Ok(r.handshake != 0 && r.error == EPROTONOSUPPORT,
         "another version, which the client does not offer");
  tap.Equal(kV2, r.version, "CONFIG tells what to try instead");
  r = Refuse(kV1, {kV2, kV1});
  tap.Ok(r.handshake != 0 && r.error != EPROTONOSUPPORT, "a list with our version is ignored");
}

// ---- from one version to another ----

// Stands before a listener and refuses one version.  For the time of its life.
class Gate {
 public:
  Gate(int listener, uint32_t refused, std::vector<uint32_t> told)
      : refused_(refused), told_(std::move(told)) {
    const Address any("127.0.0.1", 0), to = NameOf(listener);
    if (bind(front_, any.sa(), any.size) != 0 || connect(back_, to.sa(), to.size) != 0 ||
        pipe(stop_) != 0)
      Die("gate");
    thread_ = std::thread([this] { Run(); });
  }
  Gate(const Gate &) = delete;
  Gate &operator=(const Gate &) = delete;
  ~Gate() {
    close(stop_[1]);
    thread_.join();
    close(stop_[0]);
  }
  [[nodiscard]] Address address() const { return NameOf(front_); }
  [[nodiscard]] int refusals() const { return refusals_; }

 private:
  void Run() {
    for (;;) {
      pollfd p[] = {{front_, POLLIN, 0}, {back_, POLLIN, 0}, {stop_[0], POLLIN, 0}};
      if (poll(p, 3, -1) < 0 || p[2].revents != 0)
        return;
      if (p[0].revents != 0)
        FromClient();
      if (p[1].revents != 0)
        FromServer();
    }
  }
  void FromClient() {
    Bytes b(65536);
    client_.size = sizeof(client_.storage);
    const ssize_t n = recvfrom(front_, b.data(), b.size(), 0, client_.sa(), &client_.size);
    if (n <= 0)
      return;
    b.resize(n);
    if ((b[0] & 0x80) == 0 || VersionAt(b) != refused_) {
      send(back_, b.data(), b.size(), 0);
      return;
    }
    refusals_++;
    const Bytes vn = Negotiation(b, told_);
    sendto(front_, vn.data(), vn.size(), 0, client_.sa(), client_.size);
  }
  void FromServer() {
    Bytes b(65536);
    const ssize_t n = recv(back_, b.data(), b.size(), 0);
    if (n > 0)
      sendto(front_, b.data(), n, 0, client_.sa(), client_.size);
  }

  const uint32_t refused_;
  const std::vector<uint32_t> told_;
  const Fd front_{socket(AF_INET, SOCK_DGRAM, 0)};
  const Fd back_{socket(AF_INET, SOCK_DGRAM, 0)};
  int stop_[2] = {-1, -1};
  Address client_;
  std::atomic<int> refusals_ = 0;
  std::thread thread_;
};

// A client that begins with one version at a server that only speaks the other.
// [9368-2.1#2,4] [9368-8#1]
void TestAnotherVersion() {
  Pair p;
  PairOptions o;
  o.prepare = [](int fd) { Choose(fd, 0, false); };  // knows nothing of version_information
  p.listener = Listener(o);
  const Gate gate(p.listener, kV2, {0x1a2a3a4a, kV1});
  const quic_handshake_options psk = PskOptions(o);
  std::thread server([&] {
    p.server.Reset(accept(p.listener, nullptr, nullptr));
    p.server_error = quic_server_handshake_ex(p.server, &psk, nullptr);
  });
  p.client = Socket();
  Choose(p.client, kV2, true);
  const Address to = gate.address();
  if (connect(p.client, to.sa(), to.size) != 0)
    Die("connect");
  quic_handshake_result result = {};
  result.size = sizeof(result);
  p.client_error = quic_client_handshake_ex(p.client, &psk, &result);
  if (p.client_error != 0) {
    printf("# %s\n", result.message);
    p.client.Reset();
    shutdown(p.listener, SHUT_RDWR);
  }
  server.join();
  tap.Ok(p.good() && gate.refusals() > 0, "a server of another version is reached");
  char c = 0;
  tap.Ok(p.good() && send(p.client, "x", 1, 0) == 1 && recv(p.server, &c, 1, 0) == 1,
         "and data go there");
  tap.Equal(kV1, VersionOf(p.client), "in that version");
  int error = -1;
  socklen_t size = sizeof(error);
  getsockopt(p.client, SOL_SOCKET, SO_ERROR, &error, &size);
  tap.Equal(0, error, "with no error left on the socket");
}

// The server speaks what somebody says that it refuses [9368-4#14,15].
void TestDowngrade() {
  PairOptions o;
  const Fd listener = Listener(o);
  const Gate gate(listener, kV1, {kV2});
  const quic_handshake_options psk = PskOptions(o);
  std::thread server([&] {
    const Fd fd(accept(listener, nullptr, nullptr));
    quic_server_handshake_ex(fd, &psk, nullptr);
  });
  const Fd client = Socket();
  const Address to = gate.address();
  if (connect(client, to.sa(), to.size) != 0)
    Die("connect");
  tap.Ok(quic_client_handshake_ex(client, &psk, nullptr) != 0, "a downgrade fails");
  quic_connection_close why = {};
  Get(client, QUIC_SOCKOPT_CONNECTION_CLOSE, &why);
  tap.Equal(uint32_t{QUIC_TRANSPORT_ERROR_VERSION_NEGOTIATION}, why.errcode,
            "and the socket says why");
  server.join();
}

// One handshake message of nothing, or what comes; bytes or a negative errno.
ssize_t SendHello(int fd, size_t size) {
  const Bytes hello(size, 0x11);
  const quic_handshake_info info = {QUIC_CRYPTO_INITIAL};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(info))] = {};
  iovec iov = {const_cast<uint8_t *>(hello.data()), hello.size()};
  msghdr msg = {};
  msg.msg_iov = &iov;
  msg.msg_iovlen = 1;
  msg.msg_control = control;
  msg.msg_controllen = sizeof(control);
  cmsghdr *const cmsg = CMSG_FIRSTHDR(&msg);
  cmsg->cmsg_level = SOL_QUIC;
  cmsg->cmsg_type = QUIC_HANDSHAKE_INFO;
  cmsg->cmsg_len = CMSG_LEN(sizeof(info));
  memcpy(CMSG_DATA(cmsg), &info, sizeof(info));
  const ssize_t sent = sendmsg(fd, &msg, MSG_NOSIGNAL);
  return sent < 0 ? -errno : sent;
}

// What a TLS library of its own sees; the server is by hand.
void TestBeginAnew() {
  const Fd udp(socket(AF_INET, SOCK_DGRAM, 0));
  const Address any("127.0.0.1", 0);
  if (bind(udp, any.sa(), any.size) != 0)
    Die("bind");
  const Fd client = Socket();
  const Address to = NameOf(udp);
  if (connect(client, to.sa(), to.size) != 0)
    Die("connect");
  Bytes first(2000), second(2000), parameters(512);
  socklen_t size = parameters.size();
  getsockopt(client, SOL_QUIC, QUIC_SOCKOPT_TRANSPORT_PARAM_EXT, parameters.data(), &size);
  const ssize_t sent = SendHello(client, 400);
  Address from;
  from.size = sizeof(from.storage);
  const ssize_t n = recvfrom(udp, first.data(), first.size(), 0, from.sa(), &from.size);
  tap.Ok(sent == 400 && n >= 1200 && VersionAt(first) == kV1, "a first flight");
  const Bytes vn = Negotiation(first, {kV2});
  sendto(udp, vn.data(), vn.size(), 0, from.sa(), from.size);
  tap.Ok(Readable(client, 5000), "the answer wakes the client");
  char c = 0;
  tap.Errno(EPROTONOSUPPORT, recv(client, &c, 1, 0), "whose read says EPROTONOSUPPORT");
  tap.Equal(ssize_t{-EPROTONOSUPPORT}, SendHello(client, 400), "as do further messages");
  tap.Equal(kV2, VersionOf(client), "the version is another");
  size = parameters.size();
  tap.Ok(
      getsockopt(client, SOL_QUIC, QUIC_SOCKOPT_TRANSPORT_PARAM_EXT, parameters.data(), &size) == 0,
      "new parameters are given");
  tap.Errno(EAGAIN, recv(client, &c, 1, MSG_DONTWAIT), "and a read waits again");
  tap.Equal(ssize_t{500}, SendHello(client, 500), "another ClientHello");
  const ssize_t m = recv(udp, second.data(), second.size(), 0);
  tap.Ok(m >= 1200 && VersionAt(second) == kV2 &&
             memcmp(first.data() + 6, second.data() + 6, first[5]) != 0,
         "leaves in that version, for another connection");
}

// ---- the fixed bit ----

void TestGrease() {
  PairOptions o;
  o.prepare = [](int fd) {
    quic_transport_param param = {};
    param.grease_quic_bit = 1;
    Set(fd, QUIC_SOCKOPT_TRANSPORT_PARAM, param);
  };
  Pair p = MakePair(o);
  tap.Ok(p.good(), "a handshake with greased bits");
  quic_transport_param peer = {};
  peer.remote = 1;
  tap.Ok(Get(p.client, QUIC_SOCKOPT_TRANSPORT_PARAM, &peer) == 0 && peer.grease_quic_bit == 1,
         "the peer's wish is known");
  std::thread sender([&] { SendPattern(p.client, 0, 300000, MSG_QUIC_STREAM_NEW); });
  uint64_t got = 0;
  bool good = true;
  Bytes buffer(65536);
  while (got < 300000) {
    int64_t sid = 0;
    uint32_t flags = 0;
    const ssize_t n = quic_recvmsg(p.server, buffer.data(), buffer.size(), &sid, &flags);
    if (n <= 0)
      break;
    for (ssize_t i = 0; i < n; i++)
      good &= buffer[i] == PatternByte(0, got + i);
    got += n;
  }
  sender.join();
  tap.Ok(good && got == 300000, "and a transfer");
}

}  // namespace

int main() {
  signal(SIGPIPE, SIG_IGN);
  TestCompatible();
  TestServer();
  TestClient();
  TestAnotherVersion();
  TestDowngrade();
  TestBeginAnew();
  TestGrease();
  return tap.End();
}
