// SPDX-License-Identifier: GPL-2.0-or-later
//
// How connections end: silence and what keeps it away, a peer that lost its memory
// (stateless reset), close() in the middle of a handshake, codes and phrases.
#include <linux/if_ether.h>
#include <netinet/ip.h>
#include <netinet/quic.h>
#include <netinet/udp.h>
#include <sys/time.h>

#include <algorithm>
#include <csignal>

#include "harness.h"

using namespace harness;

namespace {

Tap tap;

int64_t NowMs() {
  timespec ts = {};
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return int64_t{ts.tv_sec} * 1000 + ts.tv_nsec / 1000000;
}

int ErrorOf(int fd) {
  int error = -1;
  socklen_t size = sizeof(error);
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

// Waits for the end: milliseconds it took, -1: it did not come.
int64_t EndsWithin(int fd, int timeout_ms) {
  const int64_t start = NowMs();
  pollfd p = {fd, POLLRDHUP, 0};
  while (NowMs() < start + timeout_ms) {
    if (poll(&p, 1, timeout_ms) == 1 && (p.revents & POLLHUP))
      return NowMs() - start;
  }
  return -1;
}

quic_connection_close CloseOf(int fd) {
  quic_connection_close close = {};
  Get(fd, QUIC_SOCKOPT_CONNECTION_CLOSE, &close);
  return close;
}

// The CONNECTION_CLOSE event that waits to be read; false: something else.
bool ReadCloseEvent(int fd, quic_connection_close *close) {
  uint8_t event[128];
  uint32_t flags = 0;
  const ssize_t n = quic_recvmsg(fd, event, sizeof(event), nullptr, &flags);
  if (n != 1 + static_cast<ssize_t>(sizeof(*close)) || (flags & MSG_QUIC_NOTIFICATION) == 0 ||
      event[0] != QUIC_EVENT_CONNECTION_CLOSE)
    return false;
  memcpy(close, &event[1], sizeof(*close));
  return true;
}

PairOptions Idle(uint32_t seconds, uint32_t keepalive_us, bool reset) {
  PairOptions o;
  o.prepare = [=](int fd) {
    quic_transport_param param = {};
    param.max_idle_timeout = seconds * 1000000;
    param.stateless_reset = reset ? 1 : 0;
    quic_config config = {};
    config.keepalive_probe_interval = keepalive_us;
    if (Set(fd, QUIC_SOCKOPT_TRANSPORT_PARAM, param) != 0 ||
        Set(fd, QUIC_SOCKOPT_CONFIG, config) != 0)
      Die("options");
    Set(fd, QUIC_SOCKOPT_EVENT, quic_event_option{QUIC_EVENT_CONNECTION_CLOSE, 1});
  };
  return o;
}

void TestSilence() {
  const Pair p = MakePair(Idle(3, 0, false));
  const int64_t ms = EndsWithin(p.client, 10000);
  tap.Ok(ms >= 2000 && ms <= 4000, "three seconds of silence end it");
  printf("# %lld ms\n", static_cast<long long>(ms));
  tap.Equal(ETIMEDOUT, ErrorOf(p.client), "SO_ERROR: ETIMEDOUT");
  quic_connection_close close = {};
  close.errcode = 1;
  tap.Ok(ReadCloseEvent(p.client, &close) && close.errcode == 0 && close.phrase[0] == 0,
         "event: all zero");
  tap.Ok(EndsWithin(p.server, 2000) >= 0, "the server, too");
}

void TestKeepalive() {
  const Pair p = MakePair(Idle(3, 1500000, false));
  tap.Equal(int64_t{-1}, EndsWithin(p.client, 12000), "keepalives outlive the idle timeout");
  send(p.client, "x", 1, 0);
  char c = 0;
  tap.Ok(recv(p.server, &c, 1, 0) == 1, "it still works");
}

// Forgets a connection without a word.
void Forget(Fd *fd) {
  shutdown(*fd, SHUT_RD);
  fd->Reset();
}

void TestReset() {
  Pair p = MakePair(Idle(8, 0, true));
  usleep(200000);
  Forget(&p.server);
  send(p.client, "anybody there?", 14, 0);
  const int64_t ms = EndsWithin(p.client, 4000);
  tap.Ok(ms >= 0, "a stateless reset ends the client");
  tap.Equal(ECONNRESET, ErrorOf(p.client), "SO_ERROR: ECONNRESET");
  quic_connection_close close = {};
  tap.Ok(ReadCloseEvent(p.client, &close) && close.errcode == 0x100, "event: code 0x100");
  tap.Equal(0x100U, unsigned{CloseOf(p.client).errcode}, "CONNECTION_CLOSE: the same");
  char c = 0;
  tap.Errno(ENOTCONN, recv(p.client, &c, 1, 0), "read: ENOTCONN");
}

void TestNoReset() {
  Pair p = MakePair(Idle(3, 0, false));
  usleep(200000);
  Forget(&p.server);
  send(p.client, "anybody there?", 14, 0);
  tap.Ok(EndsWithin(p.client, 10000) >= 2000, "without a token it is silence that ends it");
  tap.Equal(ETIMEDOUT, ErrorOf(p.client), "SO_ERROR: ETIMEDOUT");
}

// What a QUIC port answers to a short header packet of a connection nobody knows.
ssize_t AnswerTo(int fd, const Address &to, size_t size, std::vector<uint8_t> *answer) {
  std::vector<uint8_t> packet(size);
  for (size_t i = 0; i < size; i++)
    packet[i] = static_cast<uint8_t>(rand());
  packet[0] = 0x40 | (packet[0] & 0x3f);
  answer->assign(2000, 0);
  if (sendto(fd, packet.data(), size, 0, to.sa(), to.size) != static_cast<ssize_t>(size))
    return -1;
  const ssize_t n = Readable(fd, 100) ? recv(fd, answer->data(), answer->size(), 0) : 0;
  answer->resize(n > 0 ? n : 0);
  return n;
}

// [9000-10.3#2,4] [9000-10.3.3]
void TestResetPackets() {
  constexpr size_t kLeastPacket = 1 + 8 + 4 + 16;  // smaller ones are none
  const Fd listener = Listener({});
  const Address to = NameOf(listener);
  const Fd udp(socket(AF_INET, SOCK_DGRAM, 0));
  std::vector<uint8_t> answer, other;
  bool short_header = true, smaller = true, none = true;
  for (size_t size = 1; size <= 1200; size += size < 50 ? 1 : 50) {
    const ssize_t n = AnswerTo(udp, to, size, &answer);
    if (size < kLeastPacket)
      none = none && n == 0;
    else
      smaller = smaller && n >= 21 && n < static_cast<ssize_t>(size) && n <= 42;
    if (n > 0)
      short_header = short_header && (answer[0] & 0xc0) == 0x40;
  }
  tap.Ok(none, "no reset for what is no packet");
  tap.Ok(smaller, "each reset is smaller than its trigger, and looks like a small packet");
  tap.Ok(short_header, "it has a short header");
  AnswerTo(udp, to, 60, &answer);
  AnswerTo(udp, to, 60, &other);
  tap.Ok(answer.size() == other.size() && answer != other &&
             !std::equal(answer.end() - 16, answer.end(), other.end() - 16),
         "another id, another token");
}

// A 1-RTT packet on its way to a port, as one who watches the link sees it.
std::vector<uint8_t> Watch(int fd, uint16_t port) {
  constexpr size_t kIp = 20, kUdp = 8;
  std::vector<uint8_t> packet(65536);
  while (Readable(fd, 1000)) {
    const ssize_t n = recv(fd, packet.data(), packet.size(), 0);
    if (n < static_cast<ssize_t>(kIp + kUdp + 60) || packet[9] != IPPROTO_UDP ||
        (packet[kIp + 2] << 8 | packet[kIp + 3]) != port || (packet[kIp + kUdp] & 0xc0) != 0x40)
      continue;
    return {packet.begin() + kIp + kUdp, packet.begin() + n};
  }
  return {};
}

// [9000-11] [9000-21.11#2] a reset is for connections that are forgotten
void TestResetOfLive() {
  Pair p = MakePair();
  usleep(200000);
  const Address to = NameOf(p.listener);
  const Fd watcher(socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_IP)));
  const std::string text(100, 'x');
  send(p.client, text.data(), text.size(), 0);
  std::vector<uint8_t> packet = Watch(watcher, to.port()), answer(2000);
  tap.Ok(!packet.empty(), "a packet with the id of a live connection");
  packet.resize(60);  // with what follows it does not open
  const Fd udp(socket(AF_INET, SOCK_DGRAM, 0));
  sendto(udp, packet.data(), packet.size(), 0, to.sa(), to.size);
  tap.Ok(!Readable(udp, 200), "draws no reset");
  Forget(&p.server);
  sendto(udp, packet.data(), packet.size(), 0, to.sa(), to.size);
  tap.Ok(Readable(udp, 200) && recv(udp, answer.data(), answer.size(), 0) == 42,
         "once the connection is forgotten it does");
}

// A datagram from a port that is somebody else's.
void Forge(int raw, const Address &from, const Address &to, const std::vector<uint8_t> &payload) {
  struct {
    iphdr ip;
    udphdr udp;
  } head = {};
  const auto ip = [](const Address &a) {
    return reinterpret_cast<const sockaddr_in *>(&a.storage)->sin_addr.s_addr;
  };
  const size_t size = sizeof(head) + payload.size();
  head.ip.version = 4;
  head.ip.ihl = 5;
  head.ip.ttl = 64;
  head.ip.tot_len = htons(size);
  head.ip.protocol = IPPROTO_UDP;
  head.ip.saddr = ip(from);
  head.ip.daddr = ip(to);
  head.udp.source = htons(from.port());
  head.udp.dest = htons(to.port());
  head.udp.len = htons(sizeof(head.udp) + payload.size());
  std::vector<uint8_t> packet(size);
  memcpy(packet.data(), &head, sizeof(head));
  memcpy(packet.data() + sizeof(head), payload.data(), payload.size());
  if (sendto(raw, packet.data(), size, 0, to.sa(), to.size) != static_cast<ssize_t>(size))
    Die("raw socket");
}

// What names no connection and ends in no token bothers none of those on its path.
void TestNoResetForAnyone() {
  constexpr int kForged = 400;
  const Pair p = MakePair(Idle(30, 0, true));
  usleep(200000);
  const Fd raw(socket(AF_INET, SOCK_RAW, IPPROTO_RAW));
  const Address from = NameOf(p.client, true), to = NameOf(p.server, true);
  const auto handled = [] {
    return Counter("QuicPktRcvFastpaths") + Counter("QuicPktRcvBacklogs");
  };
  const uint64_t unclaimed = Counter("QuicUnclaimed"), before = handled();
  for (int i = 0; i < kForged; i++) {
    std::vector<uint8_t> datagram(21, static_cast<uint8_t>(i));  // too short to be answered
    datagram[0] = 0x40;
    Forge(raw, from, to, datagram);
  }
  tap.Ok(Counter("QuicUnclaimed") >= unclaimed + kForged, "datagrams for nobody from the peer");
  tap.Ok(handled() < before + kForged / 2, "reach no connection");
  char c = 0;
  tap.Ok(send(p.client, "x", 1, 0) == 1 && recv(p.server, &c, 1, 0) == 1, "which works on");
}

void TestPhrases() {
  Pair p = MakePair(Idle(30, 0, false));
  quic_connection_close close = {};
  close.errcode = 0xfffffff0;
  close.frame = 7;  // ignored
  memset(close.phrase, 'p', sizeof(close.phrase));
  tap.Errno(0, Set(p.client, QUIC_SOCKOPT_CONNECTION_CLOSE, close), "a phrase too long is cut");
  close = CloseOf(p.client);
  tap.Ok(close.errcode == 0xfffffff0 && close.frame == 0 &&
             strlen(reinterpret_cast<char *>(close.phrase)) == 63,
         "CONNECTION_CLOSE: what was set");
  p.client.Reset();
  tap.Ok(EndsWithin(p.server, 5000) >= 0, "the server's end");
  close = CloseOf(p.server);
  tap.Ok(close.errcode == 0xfffffff0 && close.frame == 0 &&
             strlen(reinterpret_cast<char *>(close.phrase)) == 63 && close.phrase[62] == 'p',
         "CONNECTION_CLOSE: what the peer said");
  tap.Equal(ECONNRESET, ErrorOf(p.server), "SO_ERROR: ECONNRESET");
}

// The client goes while the server's handshake has just begun.
void TestHandshake() {
  const PairOptions o = Idle(30, 0, false);
  const Fd listener = Listener(o);
  const quic_handshake_options h = PskOptions(o);
  Fd client = Socket();
  const Address to = NameOf(listener);
  quic_connection_close close = {};
  close.errcode = 77;
  strcpy(reinterpret_cast<char *>(close.phrase), "a secret");
  Set(client, QUIC_SOCKOPT_CONNECTION_CLOSE, close);
  if (connect(client, to.sa(), to.size) != 0)
    Die("connect");
  std::thread connecting([&] { quic_client_handshake_ex(client, &h, nullptr); });
  const Fd server(accept(listener, nullptr, nullptr));
  shutdown(client, SHUT_RDWR);
  connecting.join();
  tap.Ok(EndsWithin(server, 5000) >= 0, "the server hears of it at once");
  close = CloseOf(server);
  tap.Ok(close.errcode == 0x0c && close.phrase[0] == 0,
         "APPLICATION_ERROR without the application's words");
}

}  // namespace

int main() {
  signal(SIGPIPE, SIG_IGN);
  TestSilence();
  TestKeepalive();
  TestReset();
  TestNoReset();
  TestResetPackets();
  TestResetOfLive();
  TestNoResetForAnyone();
  TestPhrases();
  TestHandshake();
  return tap.End();
}
