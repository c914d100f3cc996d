// SPDX-License-Identifier: GPL-2.0-or-later
//
// What one connection between two sockets does: streams, events, datagrams,
// options, ends.
#include <linux/sockios.h>
#include <netinet/quic.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>

#include <csignal>
#include <map>

#include "harness.h"

using namespace harness;

namespace {

Tap tap;

struct Message {
  ssize_t size = -1;
  int64_t sid = -1;
  uint32_t flags = 0;
  std::vector<uint8_t> bytes;
};

Message Receive(int fd, size_t room = 200000) {
  Message m;
  m.bytes.resize(room);
  m.size = quic_recvmsg(fd, m.bytes.data(), room, &m.sid, &m.flags);
  m.bytes.resize(m.size > 0 ? m.size : 0);
  return m;
}

std::string Text(const Message &m) {
  return {m.bytes.begin(), m.bytes.end()};
}

PairOptions With(const char *ip, int type) {
  PairOptions o;
  o.address = Address(ip, 0);
  o.type = type;
  return o;
}

void TestHandshakes() {
  for (const char *ip : {"127.0.0.1", "::1"}) {
    for (const int type : {SOCK_STREAM, SOCK_DGRAM}) {
      Pair p = MakePair(With(ip, type));
      tap.Ok(p.good(), std::string("handshake over ") + ip);
      tap.Equal(1, static_cast<int>(Info(p.client).state), "client is established");
      tap.Equal(1, static_cast<int>(Info(p.server).state), "server is established");
      tap.Equal(NameOf(p.client).port(), NameOf(p.server, true).port(), "the ports match");
      tap.Equal(NameOf(p.listener).port(), NameOf(p.server).port(), "the server's, too");
      char alpn[64];
      socklen_t size = sizeof(alpn);
      tap.Ok(getsockopt(p.server, SOL_QUIC, QUIC_SOCKOPT_ALPN, alpn, &size) == 0 && size == 4 &&
                 memcmp(alpn, "test", 4) == 0,
             "the protocol is known");
    }
  }
}

void TestPlain() {
  Pair p = MakePair();
  char c = 0;
  tap.Errno(EAGAIN, send(p.server, "x", 1, MSG_DONTWAIT),
            "plain send of a server: no stream yet is EAGAIN");
  tap.Equal(ssize_t{5}, send(p.client, "hello", 5, 0), "plain send of a client opens a stream");
  Message m = Receive(p.server);
  tap.Ok(m.sid == 0 && Text(m) == "hello" && m.flags == 0, "it is stream 0");
  tap.Equal(ssize_t{5}, send(p.server, "world", 5, 0), "plain send of a server: that stream");
  m = Receive(p.client);
  tap.Ok(m.sid == 0 && Text(m) == "world", "the answer arrives");
  tap.Errno(EAGAIN, recv(p.client, &c, 1, MSG_DONTWAIT), "then there is nothing");
  tap.Equal(ssize_t{3}, send(p.client, "end", 3, MSG_QUIC_STREAM_FIN), "send with FIN");
  m = Receive(p.server, 2);
  tap.Ok(Text(m) == "en" && !(m.flags & MSG_QUIC_STREAM_FIN), "a short read has no FIN");
  m = Receive(p.server, 2);
  tap.Ok(Text(m) == "d" && (m.flags & MSG_QUIC_STREAM_FIN), "the last one has it");
  tap.Errno(EINVAL, send(p.client, "x", 1, 0), "plain send after FIN is EINVAL");
  tap.Errno(EINVAL, quic_sendmsg(p.client, "x", 1, 0, 0), "send on a finished stream");
  tap.Errno(EMSGSIZE, send(p.server, "", 0, 0), "empty send without FIN is EMSGSIZE");
  tap.Equal(ssize_t{0}, quic_sendmsg(p.server, "", 0, 0, MSG_QUIC_STREAM_FIN), "a bare FIN");
  m = Receive(p.client);
  tap.Ok(m.size == 0 && m.sid == 0 && (m.flags & MSG_QUIC_STREAM_FIN), "arrives");
}

void TestStreamRules() {
  Pair p = MakePair();
  tap.Errno(EINVAL, quic_sendmsg(p.client, "x", 1, -1, 0), "id -1 without NEW is EINVAL");
  tap.Errno(EINVAL, quic_sendmsg(p.client, "x", 1, 4, 0), "unopened id without NEW is EINVAL");
  tap.Errno(EINVAL, quic_sendmsg(p.client, "x", 1, 1, MSG_QUIC_STREAM_NEW), "the peer's id");
  tap.Equal(ssize_t{1}, quic_sendmsg(p.client, "x", 1, 8, MSG_QUIC_STREAM_NEW), "id 8 with NEW");
  tap.Errno(EINVAL, quic_sendmsg(p.client, "x", 1, 8, MSG_QUIC_STREAM_NEW), "NEW twice");
  tap.Equal(ssize_t{1}, quic_sendmsg(p.client, "x", 1, 4, 0), "a lower id is open by that");
  tap.Equal(ssize_t{1},
            quic_sendmsg(p.client, "u", 1, 2, MSG_QUIC_STREAM_NEW | MSG_QUIC_STREAM_FIN),
            "a unidirectional stream");
  quic_stream_info open = {-1, MSG_QUIC_STREAM_UNI};
  tap.Errno(0, Get(p.client, QUIC_SOCKOPT_STREAM_OPEN, &open), "STREAM_OPEN");
  tap.Equal(int64_t{6}, static_cast<int64_t>(open.stream_id), "STREAM_OPEN: the next id");
  tap.Errno(0, Get(p.client, QUIC_SOCKOPT_STREAM_OPEN, &open), "STREAM_OPEN: again, unused");
  open = {402, MSG_QUIC_STREAM_DONTWAIT};
  tap.Errno(EAGAIN, Get(p.client, QUIC_SOCKOPT_STREAM_OPEN, &open), "STREAM_OPEN: limit");
  open = {3, 0};
  tap.Errno(EINVAL, Get(p.client, QUIC_SOCKOPT_STREAM_OPEN, &open), "STREAM_OPEN: the peer's");
  open = {-1, 1};
  tap.Errno(EINVAL, Get(p.client, QUIC_SOCKOPT_STREAM_OPEN, &open), "STREAM_OPEN: bad flag");
  quic_stream_priority priority = {8, 1, 0, {}};
  tap.Errno(0, Set(p.client, QUIC_SOCKOPT_STREAM_PRIORITY, priority), "STREAM_PRIORITY: set");
  priority = {8, 0, 0, {}};
  tap.Ok(Get(p.client, QUIC_SOCKOPT_STREAM_PRIORITY, &priority) == 0 && priority.urgency == 1,
         "STREAM_PRIORITY: get");
  priority = {8, 8, 0, {}};
  tap.Errno(EINVAL, Set(p.client, QUIC_SOCKOPT_STREAM_PRIORITY, priority), "urgency 8");
  std::map<int64_t, std::string> got;
  for (int i = 0; i < 3; i++) {
    const Message m = Receive(p.server);
    got[m.sid] += Text(m);
  }
  tap.Ok(got[8] == "x" && got[4] == "x" && got[2] == "u", "each arrives on its stream");
}

void TestReadFlags() {
  Pair p = MakePair();
  char buf[16];
  tap.Errno(EINVAL, send(p.client, "abcdef", 6, MSG_QUIC_STREAM_FIN), "FIN needs a stream");
  send(p.client, "abcdef", 6, MSG_QUIC_STREAM_NEW | MSG_QUIC_STREAM_FIN);
  tap.Ok(Readable(p.server, 2000), "poll: readable");
  int queued = 0;
  tap.Ok(ioctl(p.server, SIOCINQ, &queued) == 0 && queued == 6, "SIOCINQ");
  tap.Equal(ssize_t{3}, recv(p.server, buf, 3, MSG_PEEK), "MSG_PEEK");
  tap.Equal(ssize_t{6}, recv(p.server, buf, 16, MSG_PEEK), "takes nothing away");
  iovec iov = {buf, 4};
  msghdr msg = {};
  msg.msg_iov = &iov;
  msg.msg_iovlen = 1;
  tap.Equal(ssize_t{4}, recvmsg(p.server, &msg, 0xffff & ~(MSG_PEEK | MSG_ERRQUEUE)),
            "unknown input flags are ignored");
  iov.iov_len = 16;
  msg.msg_controllen = 0;
  tap.Ok(recvmsg(p.server, &msg, 0) == 2 && (msg.msg_flags & MSG_QUIC_STREAM_FIN),
         "without a control buffer the FIN is in msg_flags");
  tap.Ok(!Readable(p.server, 0), "poll: no longer readable");
}

std::map<int, quic_stream_update> Updates(int fd) {
  std::map<int, quic_stream_update> states;
  while (Readable(fd, 500)) {
    const Message m = Receive(fd, 4096);
    if (m.size <= 0)
      break;
    if (!(m.flags & MSG_QUIC_NOTIFICATION) || m.bytes[0] != QUIC_EVENT_STREAM_UPDATE)
      continue;
    quic_stream_update u;
    memcpy(&u, &m.bytes[1], sizeof(u));
    states[u.state] = u;
  }
  return states;
}

void TestResets() {
  PairOptions o;
  o.prepare = [](int fd) {
    Set(fd, QUIC_SOCKOPT_EVENT, quic_event_option{QUIC_EVENT_STREAM_UPDATE, 1});
  };
  Pair p = MakePair(o);
  quic_event_option e = {QUIC_EVENT_STREAM_UPDATE, 0};
  tap.Ok(Get(p.server, QUIC_SOCKOPT_EVENT, &e) == 0 && e.on, "subscriptions are inherited");
  quic_sendmsg(p.client, "data", 4, 0, MSG_QUIC_STREAM_NEW);
  auto seen = Updates(p.server);
  tap.Ok(seen.count(QUIC_STREAM_RECV_STATE_RECV) == 1, "event: a stream was opened");
  tap.Errno(EINVAL, Set(p.client, QUIC_SOCKOPT_STREAM_RESET, quic_errinfo{40, 1}),
            "STREAM_RESET: never opened");
  tap.Errno(0, Set(p.client, QUIC_SOCKOPT_STREAM_RESET, quic_errinfo{0, 77}), "STREAM_RESET");
  tap.Errno(EINVAL, Set(p.client, QUIC_SOCKOPT_STREAM_RESET, quic_errinfo{0, 77}), "twice");
  seen = Updates(p.server);
  tap.Ok(seen.count(QUIC_STREAM_RECV_STATE_RESET_RECVD) == 1 &&
             seen[QUIC_STREAM_RECV_STATE_RESET_RECVD].errcode == 77 &&
             seen[QUIC_STREAM_RECV_STATE_RESET_RECVD].finalsz == 4,
         "event: reset with code and final size");
  seen = Updates(p.client);
  tap.Ok(seen.count(QUIC_STREAM_SEND_STATE_RESET_RECVD) == 1, "event: the reset is acknowledged");

  quic_sendmsg(p.client, "more", 4, 4, MSG_QUIC_STREAM_NEW);
  Updates(p.server);
  tap.Errno(0, Set(p.server, QUIC_SOCKOPT_STREAM_STOP_SENDING, quic_errinfo{4, 99}), "STOP");
  seen = Updates(p.client);
  tap.Ok(seen.count(QUIC_STREAM_SEND_STATE_RESET_SENT) == 1 &&
             seen[QUIC_STREAM_SEND_STATE_RESET_SENT].errcode == 99,
         "event: STOP_SENDING was answered");
  tap.Errno(EINVAL, quic_sendmsg(p.client, "x", 1, 4, 0), "the stream takes no more");

  quic_sendmsg(p.client, "fin", 3, 8, MSG_QUIC_STREAM_NEW | MSG_QUIC_STREAM_FIN);
  seen = Updates(p.client);
  tap.Ok(seen.count(QUIC_STREAM_SEND_STATE_RECVD) == 1, "event: everything is acknowledged");
}

void TestDatagrams() {
  Pair none = MakePair();
  tap.Errno(EINVAL, send(none.client, "x", 1, MSG_QUIC_DATAGRAM), "datagram: not negotiated");
  PairOptions o;
  o.prepare = [](int fd) {
    quic_transport_param param = {};
    param.max_datagram_frame_size = 1400;
    Set(fd, QUIC_SOCKOPT_TRANSPORT_PARAM, param);
  };
  Pair p = MakePair(o);
  const std::vector<char> big(1500);
  tap.Errno(EMSGSIZE, send(p.client, "", 0, MSG_QUIC_DATAGRAM), "datagram: empty");
  tap.Errno(EMSGSIZE, send(p.client, big.data(), big.size(), MSG_QUIC_DATAGRAM), "too large");
  tap.Equal(ssize_t{4}, send(p.client, "dgrm", 4, MSG_QUIC_DATAGRAM), "datagram: sent");
  Message m = Receive(p.server, 3);
  tap.Ok(Text(m) == "dgr" && (m.flags & MSG_QUIC_DATAGRAM) && !(m.flags & MSG_EOR),
         "datagram: read in part");
  m = Receive(p.server, 3);
  tap.Ok(Text(m) == "m" && (m.flags & MSG_EOR), "datagram: and the rest");
}

void TestCredit() {
  PairOptions o;
  o.prepare = [](int fd) {
    quic_transport_param param = {};
    param.max_stream_data_bidi_remote = 20000;
    Set(fd, QUIC_SOCKOPT_TRANSPORT_PARAM, param);
  };
  Pair p = MakePair(o);
  const std::vector<uint8_t> data = Pattern(0, 0, 50000);
  tap.Equal(
      ssize_t{20000},
      quic_sendmsg(p.client, data.data(), 50000, 0, uint32_t{MSG_QUIC_STREAM_NEW} | MSG_DONTWAIT),
      "no more is taken than the peer's credit");
  tap.Errno(ENOSPC, quic_sendmsg(p.client, data.data(), 1, 0, MSG_DONTWAIT),
            "no credit, stream named: ENOSPC");
  tap.Errno(EAGAIN, send(p.client, data.data(), 1, MSG_DONTWAIT), "no credit, plain: EAGAIN");
  const timeval tv = {0, 50000};
  setsockopt(p.client, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
  tap.Errno(EAGAIN, send(p.client, data.data(), 1, 0), "no credit, SO_SNDTIMEO: EAGAIN");
  std::thread reader([&] {
    size_t got = 0;
    while (got < 50000) {
      const Message m = Receive(p.server);
      if (m.size <= 0)
        break;
      got += m.size;
    }
    tap.Equal(size_t{50000}, got, "the reader gets all");
  });
  const timeval forever = {5, 0};
  setsockopt(p.client, SOL_SOCKET, SO_SNDTIMEO, &forever, sizeof(forever));
  tap.Equal(ssize_t{30000}, quic_sendmsg(p.client, data.data(), 30000, 0, 0),
            "a blocking send goes on as the reader reads");
  reader.join();
}

void TestOrderlyEnd() {
  Pair p = MakePair();
  char buf[64];
  send(p.client, "last", 4, MSG_QUIC_STREAM_NEW | MSG_QUIC_STREAM_FIN);
  p.client.Reset();
  Message m = Receive(p.server);
  tap.Ok(Text(m) == "last", "what was sent before close() arrives");
  pollfd q = {p.server, POLLIN, 0};
  poll(&q, 1, 2000);
  while (!(q.revents & POLLHUP) && poll(&q, 1, 100) >= 0 && !(q.revents & POLLHUP))
    usleep(10000);
  tap.Ok(q.revents & POLLHUP, "poll: hung up");
  tap.Equal(ssize_t{0}, recv(p.server, buf, sizeof(buf), 0), "read after an orderly end is 0");
  m = Receive(p.server);
  tap.Ok(m.size == -1 && errno == ENOTCONN, "recvmsg with a control buffer is ENOTCONN");
  tap.Errno(EPIPE, send(p.server, "x", 1, MSG_NOSIGNAL), "send is EPIPE");
  int error = -1;
  socklen_t size = sizeof(error);
  getsockopt(p.server, SOL_SOCKET, SO_ERROR, &error, &size);
  tap.Equal(0, error, "SO_ERROR: none");
}

void TestErrorEnd() {
  PairOptions o;
  o.prepare = [](int fd) {
    Set(fd, QUIC_SOCKOPT_EVENT, quic_event_option{QUIC_EVENT_CONNECTION_CLOSE, 1});
  };
  Pair p = MakePair(o);
  quic_connection_close close = {};
  close.errcode = 1234;
  strcpy(reinterpret_cast<char *>(close.phrase), "enough");
  Set(p.server, QUIC_SOCKOPT_CONNECTION_CLOSE, close);
  tap.Errno(0, shutdown(p.server, SHUT_RDWR), "shutdown");
  const Message m = Receive(p.client);
  memset(&close, 0, sizeof(close));
  if (m.size == 1 + static_cast<ssize_t>(sizeof(close)))
    memcpy(&close, &m.bytes[1], sizeof(close));
  tap.Ok((m.flags & MSG_QUIC_NOTIFICATION) && m.size == 73 &&
             m.bytes[0] == QUIC_EVENT_CONNECTION_CLOSE && close.errcode == 1234 &&
             strcmp(reinterpret_cast<char *>(close.phrase), "enough") == 0,
         "event: the peer's code and phrase");
  memset(&close, 0, sizeof(close));
  tap.Ok(Get(p.client, QUIC_SOCKOPT_CONNECTION_CLOSE, &close) == 0 && close.errcode == 1234,
         "CONNECTION_CLOSE: the same");
  char c = 0;
  tap.Errno(ENOTCONN, recv(p.client, &c, 1, 0), "read after an error is ENOTCONN");
  int error = 0;
  socklen_t size = sizeof(error);
  getsockopt(p.client, SOL_SOCKET, SO_ERROR, &error, &size);
  tap.Equal(ECONNRESET, error, "SO_ERROR: ECONNRESET");
}

void TestTimeouts() {
  const Fd fd = Socket();
  const Address nobody("127.0.0.1", 9);
  (void)connect(fd, nobody.sa(), nobody.size);
  quic_handshake_options o = PskOptions({});
  o.timeout_ms = 60000;
  quic_handshake_result result = {};
  result.size = sizeof(result);
  const int ret = quic_client_handshake_ex(fd, &o, &result);
  tap.Ok(ret < 0, "a handshake with nobody fails");
  int error = 0;
  socklen_t size = sizeof(error);
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  tap.Ok(error == ETIMEDOUT || error == ECONNREFUSED, "SO_ERROR tells of it");
  printf("# %d %s\n", ret, strerror(error));
}

void TestSendfile() {
  Pair p = MakePair();
  const size_t size = 300000;
  const auto data = Pattern(0, 0, size);
  const Fd file(open("/tmp/sendfile", O_RDWR | O_CREAT | O_TRUNC, 0600));
  tap.Ok(write(file, data.data(), size) == static_cast<ssize_t>(size), "a file");
  std::vector<uint8_t> got;
  std::thread reader([&] {
    while (got.size() < size) {
      const Message m = Receive(p.server);
      if (m.size <= 0)
        break;
      got.insert(got.end(), m.bytes.begin(), m.bytes.end());
    }
  });
  send(p.client, data.data(), 1, 0);
  off_t at = 1;
  while (at < static_cast<off_t>(size))
    if (sendfile(p.client, file, &at, size - at) <= 0)
      break;
  tap.Equal(static_cast<off_t>(size), at, "sendfile takes all of it");
  reader.join();
  tap.Ok(got == data, "and it arrives as it is");
}

void TestKeyUpdate() {
  Pair p = MakePair();
  usleep(100000);
  send(p.client, "a", 1, 0);
  Receive(p.server);
  usleep(100000);
  tap.Errno(0, setsockopt(p.client, SOL_QUIC, QUIC_SOCKOPT_KEY_UPDATE, nullptr, 0), "KEY_UPDATE");
  tap.Errno(EINVAL, setsockopt(p.client, SOL_QUIC, QUIC_SOCKOPT_KEY_UPDATE, nullptr, 0),
            "KEY_UPDATE: one at a time");
  send(p.client, "b", 1, 0);
  tap.Ok(Text(Receive(p.server)) == "b", "data goes on with the new keys");
  send(p.server, "c", 1, 0);
  tap.Ok(Text(Receive(p.client)) == "c", "in both directions");
  tap.Equal(1, static_cast<int>(Info(p.server).key_phase), "the server followed");
}

}  // namespace

int main() {
  signal(SIGPIPE, SIG_IGN);
  TestHandshakes();
  TestPlain();
  TestStreamRules();
  TestReadFlags();
  TestResets();
  TestDatagrams();
  TestCredit();
  TestOrderlyEnd();
  TestErrorEnd();
  TestTimeouts();
  TestSendfile();
  TestKeyUpdate();
  return tap.End();
}
