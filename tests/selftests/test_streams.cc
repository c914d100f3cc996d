// SPDX-License-Identifier: GPL-2.0-or-later
//
// Streams through the socket: limits and who waits for them, credit and who is
// told, ends with their errno and events, turns over a slow link, ten thousand
// streams in a row and at once.
//
// VM-TIMEOUT: 400
#include <netinet/quic.h>

#include <atomic>
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

void Nonblocking(int fd, bool on) {
  const int flags = fcntl(fd, F_GETFL);
  fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
}

int Subscribe(int fd, uint8_t event) {
  return Set(fd, QUIC_SOCKOPT_EVENT, quic_event_option{event, 1});
}

// The payload of the next event of a type; what else can be read is dropped.
template <typename T>
bool NextEvent(int fd, uint8_t type, T *out) {
  while (Readable(fd, 2000)) {
    const Message m = Receive(fd, 4096);
    if (m.size < 0)
      return false;
    if ((m.flags & MSG_QUIC_NOTIFICATION) == 0 || m.bytes[0] != type)
      continue;
    if (m.bytes.size() != 1 + sizeof(*out))
      return false;
    memcpy(out, &m.bytes[1], sizeof(*out));
    return true;
  }
  return false;
}

// ---- ends ----

bool IsUpdate(int fd, int64_t sid, int state, uint32_t code, uint64_t size) {
  quic_stream_update u = {};
  const bool is = NextEvent(fd, QUIC_EVENT_STREAM_UPDATE, &u) && u.id == sid && u.state == state &&
                  u.errcode == code && u.finalsz == size;
  if (!is)
    printf("# stream %lld, state %d, code %u, size %llu\n", static_cast<long long>(u.id), u.state,
           u.errcode, static_cast<unsigned long long>(u.finalsz));
  return is;
}

void TestEnds() {
  PairOptions o;
  o.prepare = [](int fd) { Subscribe(fd, QUIC_EVENT_STREAM_UPDATE); };
  Pair p = MakePair(o);
  const Fd fresh = Socket();
  tap.Errno(EINVAL, Set(fresh, QUIC_SOCKOPT_STREAM_RESET, quic_errinfo{0, 1}),
            "STREAM_RESET: not connected");
  tap.Errno(EINVAL, Set(fresh, QUIC_SOCKOPT_STREAM_STOP_SENDING, quic_errinfo{0, 1}),
            "STREAM_STOP_SENDING: not connected");
  tap.Errno(EINVAL, Set(p.client, QUIC_SOCKOPT_STREAM_RESET, quic_errinfo{40, 1}),
            "STREAM_RESET: never opened");
  tap.Errno(EINVAL, Set(p.client, QUIC_SOCKOPT_STREAM_STOP_SENDING, quic_errinfo{40, 1}),
            "STREAM_STOP_SENDING: never opened");

  quic_sendmsg(p.client, "uni", 3, 2, MSG_QUIC_STREAM_NEW);
  tap.Ok(IsUpdate(p.server, 2, QUIC_STREAM_RECV_STATE_RECV, 0, 0), "first bytes: RECV");
  tap.Errno(EINVAL, Set(p.client, QUIC_SOCKOPT_STREAM_STOP_SENDING, quic_errinfo{2, 1}),
            "STREAM_STOP_SENDING: send-only");
  tap.Errno(EINVAL, Set(p.server, QUIC_SOCKOPT_STREAM_RESET, quic_errinfo{2, 1}),
            "STREAM_RESET: receive-only");
  tap.Errno(0, Set(p.server, QUIC_SOCKOPT_STREAM_STOP_SENDING, quic_errinfo{2, 4000000000}),
            "STREAM_STOP_SENDING");
  tap.Ok(IsUpdate(p.client, 2, QUIC_STREAM_SEND_STATE_RESET_SENT, 4000000000, 3),
         "its answer: RESET_SENT");
  tap.Ok(IsUpdate(p.server, 2, QUIC_STREAM_RECV_STATE_RESET_RECVD, 4000000000, 3),
         "there: RESET_RECVD with code and final size");
  tap.Ok(IsUpdate(p.client, 2, QUIC_STREAM_SEND_STATE_RESET_RECVD, 4000000000, 3),
         "acknowledged: RESET_RECVD");
  tap.Errno(ENOSTR, Set(p.client, QUIC_SOCKOPT_STREAM_RESET, quic_errinfo{2, 1}),
            "STREAM_RESET: over");
  tap.Errno(ENOSTR, Set(p.server, QUIC_SOCKOPT_STREAM_STOP_SENDING, quic_errinfo{2, 1}),
            "STREAM_STOP_SENDING: over");
  tap.Errno(ENOSTR, quic_sendmsg(p.client, "x", 1, 2, 0), "send: over");

  quic_sendmsg(p.client, "both", 4, 0, MSG_QUIC_STREAM_NEW | MSG_QUIC_STREAM_FIN);
  tap.Ok(IsUpdate(p.server, 0, QUIC_STREAM_RECV_STATE_RECVD, 0, 4), "all bytes at once: RECVD");
  tap.Ok(IsUpdate(p.client, 0, QUIC_STREAM_SEND_STATE_RECVD, 0, 4), "acknowledged: RECVD");
  tap.Errno(EINVAL, Set(p.server, QUIC_SOCKOPT_STREAM_STOP_SENDING, quic_errinfo{0, 1}),
            "STREAM_STOP_SENDING: everything came");
  tap.Errno(EINVAL, Set(p.client, QUIC_SOCKOPT_STREAM_RESET, quic_errinfo{0, 1}),
            "STREAM_RESET: everything arrived");
  tap.Errno(0, Set(p.client, QUIC_SOCKOPT_STREAM_STOP_SENDING, quic_errinfo{0, 5}),
            "STREAM_STOP_SENDING: the other direction");
  tap.Ok(IsUpdate(p.server, 0, QUIC_STREAM_SEND_STATE_RESET_SENT, 5, 0),
         "nothing was sent there: final size 0");
}

// A reader asleep on a stream that is then reset goes on with the next one.
void TestResetWithBytesQueued() {
  Pair p = MakePair();
  quic_sendmsg(p.client, "lost", 4, 2, MSG_QUIC_STREAM_NEW);
  quic_sendmsg(p.client, "kept", 4, 6, MSG_QUIC_STREAM_NEW | MSG_QUIC_STREAM_FIN);
  tap.Ok(Readable(p.server, 2000), "bytes of two streams are there");
  Set(p.client, QUIC_SOCKOPT_STREAM_RESET, quic_errinfo{2, 9});
  quic_sendmsg(p.client, "end", 3, 10, MSG_QUIC_STREAM_NEW | MSG_QUIC_STREAM_FIN);
  std::map<int64_t, std::string> got;
  while (got[10].empty()) {
    const Message m = Receive(p.server);
    if (m.size < 0)
      break;
    got[m.sid] += std::string(m.bytes.begin(), m.bytes.end());
  }
  tap.Ok(got[6] == "kept" && got[10] == "end", "the others are not touched by a reset");
}

// ---- credit ----

void TestCredit() {
  PairOptions o;
  o.prepare = [](int fd) {
    quic_transport_param param = {};
    param.max_data = 60000;
    param.max_stream_data_bidi_remote = 40000;
    Set(fd, QUIC_SOCKOPT_TRANSPORT_PARAM, param);
    Subscribe(fd, QUIC_EVENT_STREAM_MAX_DATA);
  };
  Pair p = MakePair(o);
  const std::vector<uint8_t> data = Pattern(0, 0, 100000);
  Nonblocking(p.client, true);
  tap.Equal(ssize_t{40000}, quic_sendmsg(p.client, data.data(), 100000, 0, MSG_QUIC_STREAM_NEW),
            "a stream takes what its credit allows");
  tap.Errno(ENOSPC, quic_sendmsg(p.client, data.data(), 1, 0, 0), "then it is ENOSPC");
  tap.Errno(ENOSPC, quic_sendmsg(p.client, data.data(), 1, 0, MSG_QUIC_STREAM_SNDBLOCK),
            "with SNDBLOCK, too");
  tap.Errno(EAGAIN, send(p.client, "x", 1, 0), "and EAGAIN without the stream's name");
  // What counts against the connection's credit is what has left.
  while (Info(p.client).stream_bytes_sent < 40000)
    usleep(1000);
  tap.Equal(ssize_t{20000}, quic_sendmsg(p.client, data.data(), 100000, 4, MSG_QUIC_STREAM_NEW),
            "another one takes the rest of the connection's");
  pollfd poll_out = {p.client, POLLOUT, 0};
  tap.Ok(poll(&poll_out, 1, 0) == 0, "poll: not writable without credit");

  uint64_t got = 0;
  while (got < 40000) {
    const Message m = Receive(p.server);
    if (m.size <= 0)
      break;
    got += m.sid == 0 ? m.size : 0;
  }
  quic_stream_max_data max = {};
  tap.Ok(
      NextEvent(p.client, QUIC_EVENT_STREAM_MAX_DATA, &max) && max.id == 0 && max.max_data > 40000,
      "event: reading raises the stream's limit");
  tap.Ok(poll(&poll_out, 1, 2000) == 1, "poll: writable again");

  // One that may wait is woken by the reader.
  Nonblocking(p.client, false);
  ssize_t sent = 0;
  std::thread writer([&] { sent = quic_sendmsg(p.client, data.data(), 100000, 0, 0); });
  for (got = 0; got < 100000;) {
    const Message m = Receive(p.server);
    if (m.size <= 0)
      break;
    got += m.sid == 0 ? m.size : 0;
  }
  writer.join();
  tap.Equal(ssize_t{100000}, sent, "a writer without credit waits for the reader");
}

PairOptions WindowOf160000(uint32_t max_ack_delay_us) {
  PairOptions o;
  o.prepare = [=](int fd) {
    quic_transport_param param = {};
    param.max_data = 160000;
    param.max_stream_data_bidi_remote = 160000;
    param.max_ack_delay = max_ack_delay_us;
    Set(fd, QUIC_SOCKOPT_TRANSPORT_PARAM, param);
  };
  return o;
}

// Sends bytes from the client and, when they are acknowledged, reads them: what credit the
// client has then.
uint64_t CreditAfterReading(const Pair &p, size_t bytes) {
  std::vector<uint8_t> data = Pattern(0, 0, bytes);
  quic_sendmsg(p.client, data.data(), bytes, 0, MSG_QUIC_STREAM_NEW);
  for (int i = 0;
       i < 40000 && Info(p.client).send_queued_bytes + Info(p.client).bytes_in_flight > 0; i++)
    usleep(1000);
  for (size_t done = 0; done < bytes;) {
    const ssize_t n = recv(p.server, data.data(), bytes - done, 0);
    if (n <= 0)
      return 0;
    done += n;
  }
  return Info(p.client).data_credit_send;
}

bool IsCreditRaised(const Pair &p, uint64_t before, int timeout_ms) {
  for (int i = 0; i < timeout_ms && Info(p.client).data_credit_send == before; i++)
    usleep(1000);
  return Info(p.client).data_credit_send > before;
}

// Credit that the peer may soon need is told at once, else it waits for another packet.
void TestCreditLater() {
  Pair p = MakePair(WindowOf160000(1000000));
  const uint64_t credit = CreditAfterReading(p, 32000);
  tap.Equal(uint64_t{128000}, credit, "reading a fifth of the window is not told at once");
  tap.Ok(IsCreditRaised(p, credit, 20000), "but after max_ack_delay, if nothing else is sent");

  Pair q = MakePair(WindowOf160000(16000000));
  tap.Ok(CreditAfterReading(q, 120000) > 40000 || IsCreditRaised(q, 40000, 10000),
         "reading most of it is");
}

// ---- limits ----

void TestLimits() {
  PairOptions o;
  o.prepare = [](int fd) {
    quic_transport_param param = {};
    param.max_streams_bidi = 2;
    param.max_streams_uni = 8;
    Set(fd, QUIC_SOCKOPT_TRANSPORT_PARAM, param);
    Subscribe(fd, QUIC_EVENT_STREAM_MAX_STREAM);
  };
  Pair p = MakePair(o);
  for (int64_t sid = 0; sid < 8; sid += 4)
    quic_sendmsg(p.client, "x", 1, sid, MSG_QUIC_STREAM_NEW | MSG_QUIC_STREAM_FIN);
  tap.Errno(EAGAIN,
            quic_sendmsg(p.client, "x", 1, 8, MSG_QUIC_STREAM_NEW | MSG_QUIC_STREAM_DONTWAIT),
            "above the limit: EAGAIN with DONTWAIT");
  Nonblocking(p.client, true);
  quic_stream_info open = {8, 0};
  tap.Errno(EAGAIN, Get(p.client, QUIC_SOCKOPT_STREAM_OPEN, &open), "and with O_NONBLOCK");
  Nonblocking(p.client, false);
  const timeval soon = {0, 200000};
  setsockopt(p.client, SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof(soon));
  tap.Errno(EAGAIN, Get(p.client, QUIC_SOCKOPT_STREAM_OPEN, &open), "and after SO_SNDTIMEO");
  const timeval late = {20, 0};
  setsockopt(p.client, SOL_SOCKET, SO_SNDTIMEO, &late, sizeof(late));

  ssize_t sent = -1;
  std::thread opener([&] { sent = quic_sendmsg(p.client, "late", 4, 8, MSG_QUIC_STREAM_NEW); });
  for (int i = 0; i < 2; i++) {
    const Message m = Receive(p.server);
    quic_sendmsg(p.server, "", 0, m.sid, MSG_QUIC_STREAM_FIN);
  }
  opener.join();
  tap.Equal(ssize_t{4}, sent, "one that waits opens when others ended");
  uint64_t highest = 0;
  tap.Ok(NextEvent(p.client, QUIC_EVENT_STREAM_MAX_STREAM, &highest) && highest >= 8 &&
             (highest & QUIC_STREAM_TYPE_MASK) == 0,
         "event: the highest id allowed");

  // 8 are allowed and told in steps of 2; the ninth waits and asks.
  for (int64_t i = 0; i < 8; i++)
    quic_sendmsg(p.client, "u", 1, 2 + i * 4,
                 MSG_QUIC_STREAM_NEW | (i == 0 ? uint32_t{MSG_QUIC_STREAM_FIN} : 0));
  std::thread ninth([&] { sent = quic_sendmsg(p.client, "ninth", 5, 34, MSG_QUIC_STREAM_NEW); });
  std::map<int64_t, std::string> got;
  while (got[34].size() < 5) {
    const Message m = Receive(p.server);
    if (m.size < 0)
      break;
    got[m.sid] += std::string(m.bytes.begin(), m.bytes.end());
  }
  ninth.join();
  tap.Equal(ssize_t{5}, sent, "a peer that is blocked gets a limit that was not worth a frame");
}

// ---- turns ----

constexpr const char kClientNs[] = "streams-c", kServerNs[] = "streams-s";

void Run(const std::string &command) {
  if (system(command.c_str()) != 0)
    printf("# failed: %s\n", command.c_str());
}

void MakeSlowLink() {
  for (const char *ns : {kClientNs, kServerNs})
    Run(std::string("ip netns add ") + ns);
  Run(std::string("ip link add c0 netns ") + kClientNs + " type veth peer name s0 netns " +
      kServerNs);
  struct End {
    const char *ns, *dev, *ip;
  };
  for (const End &e : {End{kClientNs, "c0", "10.9.0.1/24"}, End{kServerNs, "s0", "10.9.0.2/24"}}) {
    const std::string ip = std::string("ip -n ") + e.ns;
    Run(ip + " link set lo up");
    Run(ip + " addr add " + e.ip + " dev " + e.dev);
    Run(ip + " link set " + e.dev + " up");
    Run(std::string("ip netns exec ") + e.ns + " tc qdisc replace dev " + e.dev +
        " root netem delay 10ms rate 10mbit limit 100");
  }
}

struct Turn {
  uint8_t urgency, incremental;
};

constexpr uint64_t kTurnBytes = 60000;  // all of them fit into the send buffer

PairOptions SlowLink() {
  PairOptions o;
  o.address = Address("10.9.0.2", 0);
  o.client_netns = kClientNs;
  o.server_netns = kServerNs;
  return o;
}

// Sends on streams of given priorities at once: bytes of each when the first has ended.
std::map<int64_t, uint64_t> TakeTurns(const std::vector<Turn> &turns, std::vector<int64_t> *order) {
  Pair p = MakePair(SlowLink());
  const int room = 4 << 20;
  setsockopt(p.client, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
  for (size_t i = 0; i < turns.size(); i++) {
    quic_stream_info open = {-1, MSG_QUIC_STREAM_UNI};
    Get(p.client, QUIC_SOCKOPT_STREAM_OPEN, &open);
    Set(p.client, QUIC_SOCKOPT_STREAM_PRIORITY,
        quic_stream_priority{open.stream_id, turns[i].urgency, turns[i].incremental, {}});
    const auto bytes = Pattern(open.stream_id, 0, kTurnBytes);
    quic_sendmsg(p.client, bytes.data(), bytes.size(), open.stream_id,
                 MSG_QUIC_STREAM_NEW | MSG_QUIC_STREAM_FIN);
  }
  std::map<int64_t, uint64_t> got, at_first;
  while (order->size() < turns.size()) {
    const Message m = Receive(p.server);
    if (m.size < 0)
      break;
    got[m.sid] += m.size;
    if ((m.flags & MSG_QUIC_STREAM_FIN) != 0) {
      order->push_back(m.sid);
      if (at_first.empty())
        at_first = got;
    }
  }
  return at_first;
}

void TestTurns() {
  MakeSlowLink();
  std::vector<int64_t> order;
  auto got = TakeTurns({{5, 1}, {3, 1}, {1, 1}}, &order);
  tap.Ok(order == std::vector<int64_t>{10, 6, 2}, "the most urgent stream ends first");
  order.clear();
  got = TakeTurns({{3, 0}, {3, 0}, {3, 0}}, &order);
  tap.Ok(order == std::vector<int64_t>{2, 6, 10}, "streams that do not share end by id");
  order.clear();
  got = TakeTurns({{3, 1}, {3, 1}, {3, 1}}, &order);
  bool fair = got.size() == 3;
  for (const auto &[sid, bytes] : got) {
    printf("# stream %lld has %llu bytes when the first ends\n", static_cast<long long>(sid),
           static_cast<unsigned long long>(bytes));
    fair = fair && bytes > kTurnBytes / 2;
  }
  tap.Ok(fair, "incremental streams share the link");

  // Here an answer takes its time.
  Pair p = MakePair(SlowLink());
  quic_sendmsg(p.client, "x", 1, 0, MSG_QUIC_STREAM_NEW);
  tap.Errno(0, Set(p.client, QUIC_SOCKOPT_STREAM_STOP_SENDING, quic_errinfo{0, 5}),
            "STREAM_STOP_SENDING: asked");
  tap.Errno(EAGAIN, Set(p.client, QUIC_SOCKOPT_STREAM_STOP_SENDING, quic_errinfo{0, 5}),
            "and not answered yet");
  tap.Errno(0, Set(p.client, QUIC_SOCKOPT_STREAM_RESET, quic_errinfo{0, 6}), "STREAM_RESET");
  tap.Errno(EINVAL, Set(p.client, QUIC_SOCKOPT_STREAM_RESET, quic_errinfo{0, 6}), "twice");
  for (const char *ns : {kClientNs, kServerNs})
    Run(std::string("ip netns del ") + ns);
}

// ---- numbers ----

constexpr int kMany = 10000;

void TestInARow() {
  Pair p = MakePair();
  std::atomic<int> failed = 0;
  std::thread writer([&] {
    for (int i = 0; i < kMany; i++) {
      const int64_t sid = 2 + int64_t{i} * 4;
      if (quic_sendmsg(p.client, &sid, sizeof(sid), sid,
                       MSG_QUIC_STREAM_NEW | MSG_QUIC_STREAM_FIN) != sizeof(sid))
        failed++;
    }
  });
  int good = 0;
  for (int i = 0; i < kMany; i++) {
    int64_t content = -1;
    const Message m = Receive(p.server, 64);
    if (m.size != sizeof(content))
      break;
    memcpy(&content, m.bytes.data(), sizeof(content));
    good += content == m.sid && (m.flags & MSG_QUIC_STREAM_FIN) != 0 ? 1 : 0;
  }
  if (good < kMany)
    p.server.Reset();  // the writer may wait for a limit that nobody raises
  writer.join();
  tap.Equal(kMany, good, "10000 streams in a row arrive");
  tap.Equal(0, failed.load(), "each was opened as the limit rose");
}

// Reads until so many streams have brought a message, or one end: their number.
int CountStreams(int fd, int wanted) {
  std::map<int64_t, uint64_t> got;
  int ended = 0;
  while (ended < wanted) {
    const Message m = Receive(fd, 64);
    if (m.size < 0)
      break;
    ended += got[m.sid]++ == 0 ? 1 : 0;
  }
  return ended;
}

// A direction of a type has 4096 streams at most: three of them make 10000.
void TestAtOnce() {
  struct Part {
    bool of_server;
    int64_t first;
    int count;
  };
  const Part parts[] = {{false, 0, 4096}, {false, 2, 4096}, {true, 3, kMany - 2 * 4096}};
  PairOptions o;
  o.prepare = [](int fd) {
    quic_transport_param param = {};
    param.max_streams_bidi = 4096;
    param.max_streams_uni = 4096;
    Set(fd, QUIC_SOCKOPT_TRANSPORT_PARAM, param);
  };
  Pair p = MakePair(o);
  for (const uint32_t flags : {uint32_t{MSG_QUIC_STREAM_NEW}, uint32_t{MSG_QUIC_STREAM_FIN}}) {
    int failed = 0;
    std::thread reader([&] {
      tap.Equal(2 * 4096, CountStreams(p.server, 2 * 4096), "the client's streams bring a byte");
    });
    for (const Part &part : parts) {
      for (int i = 0; i < part.count; i++)
        failed += quic_sendmsg(part.of_server ? p.server : p.client, "x", 1,
                               part.first + int64_t{i} * 4, flags) == 1
                      ? 0
                      : 1;
    }
    reader.join();
    tap.Equal(kMany - 2 * 4096, CountStreams(p.client, kMany - 2 * 4096),
              "and the server's, all open at once");
    tap.Equal(0, failed, "no send failed");
  }
}

}  // namespace

int main() {
  TestEnds();
  TestResetWithBytesQueued();
  TestCredit();
  TestCreditLater();
  TestLimits();
  TestTurns();
  TestInARow();
  TestAtOnce();
  return tap.End();
}
