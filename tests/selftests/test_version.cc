// SPDX-License-Identifier: GPL-2.0-or-later
//
// Versions: negotiation by packets, compatible versions, and what a client is told
// when there is none that both speak.
#include <netinet/quic.h>

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

// Answers a client's first datagram with the versions; the client's end.
struct Refused {
  int handshake = 0;
  int error = 0;
  uint32_t version = 0;
};

Refused Refuse(uint32_t begins_with, const std::vector<uint32_t> &versions) {
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
    const size_t dcid = b[5], scid = b[6 + dcid];
    Bytes vn = {0x80, 0, 0, 0, 0};
    vn.push_back(scid);
    vn.insert(vn.end(), b.data() + 7 + dcid, b.data() + 7 + dcid + scid);
    vn.push_back(dcid);
    vn.insert(vn.end(), b.data() + 6, b.data() + 6 + dcid);
    for (const uint32_t v : versions)
      PutVersion(&vn, v);
    sendto(udp, vn.data(), vn.size(), 0, from.sa(), from.size);
  });
  const Fd client = Socket();
  Choose(client, begins_with, true);
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
  r = Refuse(kV1, {0x12345678, kV2});
  tap.Ok(r.handshake != 0 && r.error == EPROTONOSUPPORT, "another version: this attempt fails");
  tap.Equal(kV2, r.version, "CONFIG tells what to try instead");
  r = Refuse(kV1, {kV2, kV1});
  tap.Ok(r.handshake != 0 && r.error != EPROTONOSUPPORT, "a list with our version is ignored");
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
  TestGrease();
  return tap.End();
}
