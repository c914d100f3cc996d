// SPDX-License-Identifier: GPL-2.0-or-later
//
// Datagrams (RFC 9221): what may be sent, that it arrives whole or not at all, in
// both directions, and that nobody has to keep more than the bounds.
#include <netinet/quic.h>

#include <algorithm>

#include "harness.h"

using namespace harness;

namespace {

Tap tap;

constexpr size_t kQueued = 256;  // datagrams that wait for the reader

void Take(int fd, uint16_t bytes) {
  quic_transport_param param = {};
  param.max_datagram_frame_size = bytes;
  if (Set(fd, QUIC_SOCKOPT_TRANSPORT_PARAM, param) != 0)
    Die("max_datagram_frame_size");
}

ssize_t Send(int fd, const std::vector<uint8_t> &bytes, int flags = 0) {
  return send(fd, bytes.data(), bytes.size(), int{MSG_QUIC_DATAGRAM} | MSG_NOSIGNAL | flags);
}

// The next message: its bytes; no datagram, or not a whole one: empty.
std::vector<uint8_t> Receive(int fd, int timeout_ms = 2000, int flags = 0) {
  std::vector<uint8_t> bytes(65536);
  iovec iov = {bytes.data(), bytes.size()};
  msghdr msg = {};
  msg.msg_iov = &iov;
  msg.msg_iovlen = 1;
  const ssize_t n = Readable(fd, timeout_ms) ? recvmsg(fd, &msg, MSG_DONTWAIT | flags) : -1;
  const bool whole = n >= 0 && (msg.msg_flags & MSG_QUIC_DATAGRAM) && (msg.msg_flags & MSG_EOR);
  bytes.resize(whole ? n : 0);
  return bytes;
}

// The largest datagram that a socket takes.
size_t Largest(int fd) {
  size_t size = 65535;
  while (size > 0 && Send(fd, std::vector<uint8_t>(size)) < 0 && errno == EMSGSIZE)
    size--;
  return size;
}

PairOptions Both(uint16_t bytes) {
  PairOptions o;
  o.prepare = [bytes](int fd) { Take(fd, bytes); };
  return o;
}

void TestSizes() {
  const Pair p = MakePair(Both(65527));
  for (const auto &[from, to, who] : {std::tuple{int{p.client}, int{p.server}, "client"},
                                      std::tuple{int{p.server}, int{p.client}, "server"}}) {
    const std::string name = who;
    const size_t most = Largest(from);
    tap.Equal(most, Receive(to).size(), name + ": the largest one arrives whole");
    tap.Errno(EMSGSIZE, Send(from, std::vector<uint8_t>(most + 1)), name + ": one more byte");
    tap.Errno(EMSGSIZE, Send(from, {}), name + ": empty");
    bool good = most >= 1100;
    for (const size_t size :
         {size_t{1}, size_t{2}, size_t{63}, size_t{64}, size_t{65}, size_t{1000}, most - 1, most}) {
      const auto bytes = Pattern(size, 0, size);
      good = good && Send(from, bytes) == static_cast<ssize_t>(size) && Receive(to) == bytes;
    }
    tap.Ok(good, name + ": all sizes arrive as they are");
  }
}

void TestLimits() {
  PairOptions o;
  o.prepare = [](int fd) { Take(fd, 1200); };
  const Pair p = MakePair(o);
  // Type and two bytes of Length, of what the peer takes and of what the path carries.
  const size_t room = Info(p.client).pmtu_bytes - (1 + 8 + 4 + 16);
  tap.Equal(std::min(size_t{1200}, room) - 3, Largest(p.client), "both limits count the frame");
  const Pair none = MakePair();
  tap.Errno(EINVAL, Send(none.client, {1}), "not offered by the peer: EINVAL");
}

void TestReading() {
  const Pair p = MakePair(Both(65527));
  const std::vector<uint8_t> a = {1, 2, 3, 4}, b = {5};
  Send(p.client, a);
  Send(p.client, b);
  tap.Ok(Receive(p.server, 2000, MSG_PEEK) == a, "MSG_PEEK leaves it there");
  uint8_t part[3];
  msghdr msg = {};
  iovec iov = {part, sizeof(part)};
  msg.msg_iov = &iov;
  msg.msg_iovlen = 1;
  tap.Ok(recvmsg(p.server, &msg, 0) == 3 && !(msg.msg_flags & MSG_EOR), "read in part: no MSG_EOR");
  tap.Ok(Receive(p.server) == std::vector<uint8_t>{4}, "the rest comes next, with MSG_EOR");
  tap.Ok(Receive(p.server) == b, "and then the next one");
  tap.Errno(EAGAIN, recv(p.server, part, sizeof(part), MSG_DONTWAIT), "then there is none");
}

void TestBounds() {
  const Pair p = MakePair(Both(65527));
  std::vector<uint8_t> bytes(2);
  std::vector<std::vector<uint8_t>> sent;
  size_t refused = 0, got = 0;
  bool order = true;
  for (unsigned int i = 0; i < 2000; i++) {
    bytes = {static_cast<uint8_t>(i), static_cast<uint8_t>(i >> 8)};
    if (Send(p.client, bytes, MSG_DONTWAIT) == 2)
      sent.push_back(bytes);
    else if (errno == EAGAIN)
      refused++;
    usleep(100);
  }
  tap.Equal(size_t{2000}, sent.size() + refused, "each is taken or EAGAIN");
  usleep(500000);
  for (auto next = Receive(p.server, 100); !next.empty(); next = Receive(p.server, 100)) {
    order = order && got < sent.size() && next == sent[got];
    got++;
  }
  tap.Equal(kQueued, got, "an idle reader finds no more than are kept");
  tap.Ok(order, "the oldest ones");
  Send(p.client, {42});
  tap.Ok(Receive(p.server) == std::vector<uint8_t>{42}, "then they come again");
  tap.Ok(send(p.client, "stream", 6, 0) == 6 && Readable(p.server, 2000), "and so do streams");
}

void TestEnd() {
  Pair p = MakePair(Both(65527));
  for (uint8_t i = 0; i < 100; i++)
    Send(p.client, {i});
  p.client.Reset();
  unsigned int got = 0;
  while (!Receive(p.server, 1000).empty())
    got++;
  tap.Equal(100U, got, "those sent before close() arrive, and can be read after the end");
  tap.Errno(EPIPE, Send(p.server, {1}), "none can be sent then");
}

}  // namespace

int main() {
  TestSizes();
  TestLimits();
  TestReading();
  TestBounds();
  TestEnd();
  return tap.End();
}
