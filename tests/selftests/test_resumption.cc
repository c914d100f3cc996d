// SPDX-License-Identifier: GPL-2.0-or-later
//
// Session tickets and 0-RTT: data that arrive before the handshake ends, once, and
// replays that go to another server process.
//
//   parent: clients, and a relay that keeps datagrams      children: one server each
#include <gnutls/crypto.h>
#include <linux/sockios.h>
#include <netinet/quic.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include <array>
#include <atomic>
#include <csignal>
#include <memory>

#include "../../libquic/tests/certificates.cc"  // NOLINT: one program, one file
#include "harness.h"

using namespace harness;
using quic::test::Authority;
using quic::test::KeyPair;
using quic::test::LeafOptions;
using quic::test::TemporaryDirectory;

namespace {

Tap tap;

constexpr const char kEarly[] = "early bird";
constexpr unsigned int kLifetimeS = 22;  // of a ClientHello in the store, and a bit

struct SessionDeleter {
  void operator()(gnutls_session_t session) const { gnutls_deinit(session); }
};
using SessionPtr = std::unique_ptr<gnutls_session_int, SessionDeleter>;

gnutls_certificate_credentials_t credentials = nullptr;

SessionPtr NewSession(unsigned int flags, int fd) {
  gnutls_session_t session = nullptr;
  if (gnutls_init(&session, flags | QUIC_EARLY_DATA_FLAGS) != 0)
    Die("gnutls_init");
  gnutls_priority_set_direct(session, QUIC_PRIORITY, nullptr);
  gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials);
  quic_session_set_alpn(session, "test", 4);
  gnutls_transport_set_int(session, fd);
  return SessionPtr(session);
}

// ---- servers ----

// What a server saw of one connection.
struct Report {
  int error = 0;
  int resumed = 0;
  int accepted = 0;
  int before = -1;  // bytes to be read before the server said anything
  char all[64] = {};
};

void Append(char *to, const char *from, size_t size) {
  const size_t used = strlen(to);
  memcpy(to + used, from, std::min(size, 63 - used));
}

// One recvmsg() for a step.  What is not a handshake message is the application's.
void ReceiveStep(int fd, struct quic_handshake_step_recvmsg *step, Report *report) {
  if (!Readable(fd, 3000)) {
    step->retval = -ETIMEDOUT;
    return;
  }
  const ssize_t size = recvmsg(fd, step->msg, step->flags);
  step->retval = size < 0 ? -errno : size;
  const cmsghdr *const cmsg = size < 0 ? nullptr : CMSG_FIRSTHDR(step->msg);
  if (cmsg != nullptr && cmsg->cmsg_type == QUIC_STREAM_INFO) {
    Append(report->all, static_cast<char *>(step->msg->msg_iov->iov_base), size);
    step->retval = -EAGAIN;
  }
}

Report ServeOne(int fd) {
  Report report;
  SessionPtr session = NewSession(GNUTLS_SERVER | GNUTLS_NO_AUTO_SEND_TICKET, fd);
  std::array<unsigned char, 64> key = {};
  socklen_t size = key.size();
  if (getsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_SESSION_TICKET, key.data(), &size) != 0)
    Die("SESSION_TICKET");
  const gnutls_datum_t datum = {key.data(), size};
  gnutls_session_ticket_enable_server(session.get(), &datum);
  struct quic_handshake_step *step = nullptr;
  report.error = quic_handshake_init(session.get(), &step);
  while (report.error == 0 && step != nullptr) {
    if (step->op == QUIC_HANDSHAKE_STEP_OP_SENDMSG) {
      auto &s = step->s_sendmsg;
      if (report.before < 0)
        ioctl(fd, SIOCINQ, &report.before);
      s.retval = sendmsg(fd, s.msg, s.flags);
      if (s.retval < 0)
        s.retval = -errno;
    } else {
      ReceiveStep(fd, &step->s_recvmsg, &report);
    }
    report.error = quic_handshake_step(session.get(), &step);
  }
  report.resumed = gnutls_session_is_resumed(session.get());
  report.accepted = (Info(fd).flags & QUIC_INFO_EARLY_ACCEPTED) != 0;
  quic_handshake_deinit(session.get());
  char buf[64];
  while (report.error == 0 && Readable(fd, 1000)) {
    const ssize_t got = recv(fd, buf, sizeof(buf), 0);
    if (got <= 0)
      break;
    Append(report.all, buf, got);
  }
  return report;
}

// A server process.
struct Server {
  Address address;
  int reports = -1;
  pid_t pid = 0;

  Server(const std::array<unsigned char, 64> &key, uint32_t max_data) {
    PairOptions o;
    o.prepare = [&](int fd) {
      quic_transport_param param = {};
      param.max_data = max_data;
      Set(fd, QUIC_SOCKOPT_TRANSPORT_PARAM, param);
      if (setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_SESSION_TICKET, key.data(), key.size()) != 0)
        Die("ticket key");
    };
    const Fd listener = Listener(o);
    address = NameOf(listener);
    int ends[2];
    if (pipe(ends) != 0)
      Die("pipe");
    reports = ends[0];
    pid = fork();
    if (pid != 0) {
      close(ends[1]);
      return;
    }
    for (;;) {
      const Fd fd(accept(listener, nullptr, nullptr));
      if (fd < 0)
        exit(1);
      const Report report = ServeOne(fd);
      if (write(ends[1], &report, sizeof(report)) != sizeof(report))
        exit(1);
    }
  }
  Server(const Server &) = delete;
  Server &operator=(const Server &) = delete;
  ~Server() {
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    close(reports);
  }

  Report Next() const {  // NOLINT: not every report matters
    Report report;
    report.error = -ENODATA;
    pollfd p = {reports, POLLIN, 0};
    if (poll(&p, 1, 8000) == 1 && read(reports, &report, sizeof(report)) != sizeof(report))
      Die("report");
    printf("# server: error %d resumed %d accepted %d before %d all \"%s\"\n", report.error,
           report.resumed, report.accepted, report.before, report.all);
    return report;
  }
};

// ---- clients ----

// What is kept of a connection for the next one.
struct Kept {
  std::vector<uint8_t> data;
  quic_transport_param remote = {};
};

struct Outcome {
  int error = 0;
  bool accepted = false;
  Kept kept;
};

// A connection that resumes what was kept, if anything, and sends a text early.  A version
// other than that of before is told to the library, or not.
Outcome Connect(const Address &to, const Kept &kept, uint32_t version = 0, bool told = true) {
  Outcome out;
  const Fd fd = Socket();
  quic_config config = {};
  config.version = version;
  Set(fd, QUIC_SOCKOPT_CONFIG, config);
  if (connect(fd, to.sa(), to.size) != 0)
    Die("connect");
  SessionPtr session = NewSession(GNUTLS_CLIENT, fd);
  if (!kept.data.empty()) {
    if (told)
      quic_session_set_data(session.get(), kept.data.data(), kept.data.size());
    else
      gnutls_session_set_data(session.get(), kept.data.data(), kept.data.size());
    if (Set(fd, QUIC_SOCKOPT_TRANSPORT_PARAM, kept.remote) != 0 ||
        quic_sendmsg(fd, kEarly, sizeof(kEarly) - 1, -1,
                     uint32_t{MSG_QUIC_STREAM_NEW} | MSG_QUIC_STREAM_FIN) < 0)
      Die("early data");
  }
  out.error = quic_handshake(session.get());
  if (out.error != 0)
    return out;
  out.accepted = (Info(fd).flags & QUIC_INFO_EARLY_ACCEPTED) != 0;
  out.kept.data.resize(8192);
  size_t size = 0;
  for (int i = 0; i < 100 && size == 0; i++) {
    usleep(10000);
    size = out.kept.data.size();
    if (quic_session_get_data(session.get(), out.kept.data.data(), &size) != 0)
      size = 0;
  }
  out.kept.data.resize(size);
  out.kept.remote.remote = 1;
  Get(fd, QUIC_SOCKOPT_TRANSPORT_PARAM, &out.kept.remote);
  return out;
}

void ExpectAccepted(const Outcome &client, const Report &server, const std::string &what) {
  tap.Ok(client.error == 0 && server.error == 0 && server.resumed, what + ": resumed");
  tap.Ok(client.accepted && server.accepted, what + ": both sides say accepted");
  tap.Equal(static_cast<int>(strlen(kEarly)), server.before, what + ": there before an answer was");
  tap.Ok(strcmp(server.all, kEarly) == 0, what + ": and once");
}

void ExpectRejected(const Outcome &client, const Report &server, const std::string &what) {
  tap.Ok(client.error == 0 && server.error == 0 && server.resumed, what + ": resumed");
  tap.Ok(!client.accepted && !server.accepted, what + ": both sides say rejected");
  tap.Equal(0, server.before, what + ": nothing is there early");
  tap.Ok(strcmp(server.all, kEarly) == 0, what + ": the data arrive once all the same");
}

// Not even resumed.
void ExpectFull(const Outcome &client, const Report &server, const std::string &what) {
  tap.Ok(client.error == 0 && server.error == 0 && !server.resumed, what + ": a full handshake");
  tap.Ok(!client.accepted && !server.accepted && server.before == 0, what + ": without early data");
  tap.Ok(strcmp(server.all, kEarly) == 0, what + ": which arrive once all the same");
}

// ---- a network that remembers ----

class Relay {
 public:
  explicit Relay(const Address &to) : to_(to), client_side_(Udp()), server_side_(Udp()) {
    thread_ = std::thread([this] { Run(); });
  }
  Relay(const Relay &) = delete;
  Relay &operator=(const Relay &) = delete;
  ~Relay() { Stop(); }

  [[nodiscard]] Address address() const { return NameOf(client_side_); }

  void Stop() {
    over_ = true;
    if (thread_.joinable())
      thread_.join();
  }

  // Everything the client sent before it got an answer, to a server, from somewhere else.
  void Replay(const Address &to) const {
    const Fd fd = Udp();
    for (const auto &datagram : first_flight_)
      sendto(fd, datagram.data(), datagram.size(), 0, to.sa(), to.size);
  }

 private:
  static Fd Udp() {
    Fd fd(socket(AF_INET, SOCK_DGRAM, 0));
    const Address any("127.0.0.1", 0);
    if (fd < 0 || bind(fd, any.sa(), any.size) != 0)
      Die("UDP socket");
    return fd;
  }

  void Run() {
    Address client;
    bool answered = false;
    std::vector<uint8_t> buf(65536);
    while (!over_) {
      pollfd p[2] = {{client_side_, POLLIN, 0}, {server_side_, POLLIN, 0}};
      poll(p, 2, 50);
      if ((p[0].revents & POLLIN) != 0) {
        client.size = sizeof(client.storage);
        const ssize_t n =
            recvfrom(client_side_, buf.data(), buf.size(), 0, client.sa(), &client.size);
        if (n > 0 && !answered)
          first_flight_.emplace_back(buf.begin(), buf.begin() + n);
        if (n > 0)
          sendto(server_side_, buf.data(), n, 0, to_.sa(), to_.size);
      }
      if ((p[1].revents & POLLIN) != 0) {
        answered = true;
        const ssize_t n = recv(server_side_, buf.data(), buf.size(), 0);
        if (n > 0)
          sendto(client_side_, buf.data(), n, 0, client.sa(), client.size);
      }
    }
  }

  Address to_;
  Fd client_side_, server_side_;
  std::thread thread_;
  std::atomic<bool> over_ = false;
  std::vector<std::vector<uint8_t>> first_flight_;
};

void ExpectReplayRefused(const Server &server, const Relay &relay, const std::string &what) {
  relay.Replay(server.address);
  const Report report = server.Next();
  tap.Ok(report.error == -ETIMEDOUT, what + ": a handshake begins and does not end");
  tap.Ok(report.resumed && !report.accepted, what + ": the ticket is good, early data are not");
  tap.Ok(report.all[0] == '\0', what + ": nothing is read");
}

void TestServers() {
  std::array<unsigned char, 64> key = {};
  gnutls_rnd(GNUTLS_RND_KEY, key.data(), key.size());
  const Server one(key, 100000);
  const Server two(key, 100000);
  const Server narrow(key, 50000);

  Outcome first = Connect(one.address, {});
  Report report = one.Next();
  tap.Ok(first.error == 0 && report.error == 0 && !report.resumed, "a first connection");
  tap.Ok(!first.kept.data.empty() && first.kept.remote.max_data == 100000,
         "gives a ticket and parameters to keep");
  Outcome next = Connect(one.address, first.kept);
  ExpectRejected(next, one.Next(), "a store that may have forgotten");
  sleep(kLifetimeS);

  first = Connect(one.address, {});
  one.Next();
  next = Connect(one.address, first.kept);
  ExpectAccepted(next, one.Next(), "early data");
  next = Connect(one.address, next.kept);
  ExpectAccepted(next, one.Next(), "with the next ticket");
  next = Connect(two.address, next.kept);
  ExpectAccepted(next, two.Next(), "at another process");
  // [9369-5#1,2]
  Outcome other = Connect(one.address, next.kept, QUIC_VERSION_V2);
  ExpectFull(other, one.Next(), "another version");
  other = Connect(one.address, next.kept, QUIC_VERSION_V2, false);
  ExpectFull(other, one.Next(), "a client that does not care");

  Relay relay(one.address);
  next = Connect(relay.address(), next.kept);
  ExpectAccepted(next, one.Next(), "through a relay");
  relay.Stop();
  ExpectReplayRefused(two, relay, "replay to another process");
  sleep(20);  // until the other has forgotten the id, which is the same
  ExpectReplayRefused(one, relay, "replay to the same");

  next = Connect(narrow.address, first.kept);
  ExpectRejected(next, narrow.Next(), "a server that allows less");
}

// ---- options ----

int SetEarly(int fd, uint8_t op, uint32_t lifetime_ms = 1000, uint8_t reserved = 0) {
  quic_early e = {};
  e.op = op;
  e.reserved[1] = reserved;
  e.lifetime_ms = lifetime_ms;
  return Set(fd, QUIC_SOCKOPT_EARLY_DATA, e);
}

int SetSecret(int fd, uint8_t send) {
  quic_crypto_secret s = {};
  s.send = send;
  s.level = QUIC_CRYPTO_EARLY;
  s.type = TLS_CIPHER_AES_GCM_128;
  return Set(fd, QUIC_SOCKOPT_CRYPTO_SECRET, s);
}

void TestClientErrors() {
  const Fd fd = Socket();
  quic_transport_param remote = {};
  remote.remote = 1;
  remote.max_data = 5000;
  remote.max_stream_data_bidi_remote = 5000;
  remote.max_streams_bidi = 2;
  tap.Errno(EINVAL, Set(fd, QUIC_SOCKOPT_TRANSPORT_PARAM, remote), "remote=1: no connection");
  tap.Errno(EINVAL, SetEarly(fd, QUIC_EARLY_OP_REJECTED), "EARLY_DATA: no connection");
  const Address nobody("127.0.0.1", 9);
  (void)connect(fd, nobody.sa(), nobody.size);
  tap.Errno(EINVAL, quic_sendmsg(fd, "x", 1, -1, MSG_QUIC_STREAM_NEW),
            "early send: not asked for");  // [9001-5.6#1]
  tap.Errno(EINVAL, SetSecret(fd, 1), "EARLY key: nothing is remembered");
  tap.Errno(0, Set(fd, QUIC_SOCKOPT_TRANSPORT_PARAM, remote), "remote=1 while establishing");
  quic_transport_param got = {};
  got.remote = 1;
  tap.Ok(Get(fd, QUIC_SOCKOPT_TRANSPORT_PARAM, &got) == 0 && got.max_data == 5000 &&
             got.max_streams_bidi == 2 && got.max_streams_uni == 0,
         "and reads back");
  tap.Errno(EINVAL, SetEarly(fd, QUIC_EARLY_OP_ACCEPTED), "EARLY_DATA: no key was set");
  tap.Errno(EINVAL, SetSecret(fd, 0), "EARLY key: a client does not receive");
  tap.Equal(ssize_t{1}, quic_sendmsg(fd, "x", 1, -1, MSG_QUIC_STREAM_NEW | MSG_QUIC_STREAM_FIN),
            "early send");
  tap.Equal(ssize_t{1}, quic_sendmsg(fd, "x", 1, 4, MSG_QUIC_STREAM_NEW), "on a second stream");
  tap.Errno(EINVAL, quic_sendmsg(fd, "x", 1, 8, MSG_QUIC_STREAM_NEW), "a third is over the limit");
  tap.Errno(EINVAL, send(fd, "x", 1, MSG_QUIC_DATAGRAM), "no datagrams are remembered");
  const std::vector<char> big(6000);
  tap.Equal(ssize_t{4999}, quic_sendmsg(fd, big.data(), big.size(), 4, MSG_DONTWAIT),
            "no more than the remembered credit");
  tap.Errno(0, SetSecret(fd, 1), "EARLY key");
  tap.Errno(EINVAL, SetSecret(fd, 1), "EARLY key: twice");
  tap.Errno(EINVAL, Set(fd, QUIC_SOCKOPT_TRANSPORT_PARAM, remote), "remote=1 is too late now");
  tap.Errno(EINVAL, SetEarly(fd, QUIC_EARLY_OP_REGISTER), "EARLY_DATA: a client registers");
  tap.Errno(EINVAL, SetEarly(fd, 0), "EARLY_DATA: op 0");
  tap.Errno(EINVAL, SetEarly(fd, 4), "EARLY_DATA: op 4");
  tap.Errno(EINVAL, SetEarly(fd, QUIC_EARLY_OP_REJECTED, 0, 1), "EARLY_DATA: reserved bytes");
  tap.Errno(0, SetEarly(fd, QUIC_EARLY_OP_REJECTED), "EARLY_DATA: rejected");
  tap.Errno(EINVAL, SetEarly(fd, QUIC_EARLY_OP_ACCEPTED), "EARLY_DATA: a second verdict");
}

// A server's half-open socket: a client that only says hello.
struct HalfOpen {
  Fd listener, client, server;

  HalfOpen(const void *key, socklen_t size) {
    PairOptions o;
    o.prepare = [&](int fd) {
      if (key != nullptr)
        setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_SESSION_TICKET, key, size);
    };
    listener = Listener(o);
    Accept();
  }
  void Accept() {
    client = Socket();
    const Address to = NameOf(listener);
    (void)connect(client, to.sa(), to.size);
    SessionPtr session = NewSession(GNUTLS_CLIENT, client);
    struct quic_handshake_step *step = nullptr;
    if (quic_handshake_init(session.get(), &step) != 0 || step == nullptr ||
        sendmsg(client, step->s_sendmsg.msg, step->s_sendmsg.flags) < 0)
      Die("hello");
    server.Reset(accept(listener, nullptr, nullptr));
    if (server < 0)
      Die("accept");
  }
};

void TestStore() {
  HalfOpen derived(nullptr, 0);
  tap.Errno(EINVAL, SetEarly(derived.server, QUIC_EARLY_OP_ACCEPTED), "a server judges");
  tap.Errno(EINVAL, SetEarly(derived.server, QUIC_EARLY_OP_REGISTER, 0), "lifetime 0");
  tap.Errno(EINVAL, SetSecret(derived.server, 1), "EARLY key: a server does not send");
  tap.Errno(0, SetEarly(derived.server, QUIC_EARLY_OP_REGISTER), "derived key: registered");
  tap.Errno(EEXIST, SetEarly(derived.server, QUIC_EARLY_OP_REGISTER), "seen");
  derived.Accept();
  tap.Errno(EEXIST, SetEarly(derived.server, QUIC_EARLY_OP_REGISTER), "by its sibling, too");
  usleep(1100000);
  tap.Errno(0, SetEarly(derived.server, QUIC_EARLY_OP_REGISTER), "forgotten after its time");
  tap.Errno(EINVAL, SetEarly(derived.listener, QUIC_EARLY_OP_REGISTER), "on the listener");

  std::array<unsigned char, 64> key = {};
  gnutls_rnd(GNUTLS_RND_KEY, key.data(), key.size());
  {
    HalfOpen given(key.data(), key.size());
    tap.Errno(ENOSPC, SetEarly(given.server, QUIC_EARLY_OP_REGISTER), "given key: nothing known");
    usleep(1100000);
    tap.Errno(0, SetEarly(given.server, QUIC_EARLY_OP_REGISTER), "after one lifetime it is");
    HalfOpen same(key.data(), key.size());
    tap.Errno(EEXIST, SetEarly(same.server, QUIC_EARLY_OP_REGISTER), "one store for the key");
    key[0] ^= 1;
    HalfOpen other(key.data(), key.size());
    tap.Errno(ENOSPC, SetEarly(other.server, QUIC_EARLY_OP_REGISTER), "another for another key");
    key[0] ^= 1;
    tap.Errno(0, setsockopt(other.server, SOL_QUIC, QUIC_SOCKOPT_SESSION_TICKET, key.data(), 64),
              "a connection is given a key of its own");
    tap.Errno(EEXIST, SetEarly(other.server, QUIC_EARLY_OP_REGISTER), "and its store");
  }
  sleep(20);  // they linger: no handshake was completed
  HalfOpen again(key.data(), key.size());
  tap.Errno(ENOSPC, SetEarly(again.server, QUIC_EARLY_OP_REGISTER), "all gone with the last one");
}

// ---- the ticket message ----

void SendTicket(int fd, const std::vector<uint8_t> &message) {
  iovec iov = {const_cast<uint8_t *>(message.data()), message.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(1)> control = {};
  msghdr msg = {};
  msg.msg_iov = &iov;
  msg.msg_iovlen = 1;
  msg.msg_control = control.data();
  msg.msg_controllen = control.size();
  cmsghdr *const cmsg = CMSG_FIRSTHDR(&msg);
  cmsg->cmsg_level = SOL_QUIC;
  cmsg->cmsg_type = QUIC_HANDSHAKE_INFO;
  cmsg->cmsg_len = CMSG_LEN(1);
  *CMSG_DATA(cmsg) = QUIC_CRYPTO_APP;
  tap.Equal(static_cast<ssize_t>(message.size()), sendmsg(fd, &msg, MSG_NOSIGNAL),
            "a ticket message is sent");
}

std::vector<uint8_t> Ticket(uint8_t last) {
  return {4, 0,   0,   25,  0, 0, 1, 0,  9, 9, 9,    9,    1,    7,   0,
          3, 'a', 'b', 'c', 0, 8, 0, 42, 0, 4, 0xff, 0xff, 0xff, last};
}

void TestTicketMessage() {
  PairOptions o;
  o.prepare = [](int fd) {
    Set(fd, QUIC_SOCKOPT_EVENT, quic_event_option{QUIC_EVENT_NEW_SESSION_TICKET, 1});
  };
  Pair p = MakePair(o);
  char buf[4096];
  while (Readable(p.client, 300))  // libquic's own
    (void)recv(p.client, buf, sizeof(buf), 0);
  const std::vector<uint8_t> good = Ticket(0xff);
  SendTicket(p.server, good);
  Readable(p.client, 2000);
  uint32_t flags = 0;
  const ssize_t size = quic_recvmsg(p.client, buf, sizeof(buf), nullptr, &flags);
  tap.Ok(size == 1 + static_cast<ssize_t>(good.size()) && (flags & MSG_QUIC_NOTIFICATION) &&
             buf[0] == QUIC_EVENT_NEW_SESSION_TICKET &&
             memcmp(buf + 1, good.data(), good.size()) == 0,
         "event: the ticket message");
  socklen_t got = sizeof(buf);
  tap.Ok(getsockopt(p.client, SOL_QUIC, QUIC_SOCKOPT_SESSION_TICKET, buf, &got) == 0 &&
             got == good.size() && memcmp(buf, good.data(), got) == 0,
         "SESSION_TICKET: the same");
  SendTicket(p.server, Ticket(0xfe));
  for (int i = 0; i < 100 && Info(p.client).state == 1; i++)
    usleep(10000);
  quic_connection_close close = {};
  Get(p.client, QUIC_SOCKOPT_CONNECTION_CLOSE, &close);
  tap.Equal(0xau, close.errcode,
            "another amount of early data is a PROTOCOL_VIOLATION");  // [9001-4.6.1#2]
}

}  // namespace

int main() {  // NOLINT(bugprone-exception-escape): what cannot be made ends the test
  signal(SIGPIPE, SIG_IGN);
  TemporaryDirectory directory;
  const Authority ca(directory, "ca");
  const KeyPair pair = ca.Issue("server", LeafOptions());
  gnutls_certificate_allocate_credentials(&credentials);
  if (gnutls_certificate_set_x509_key_file(credentials, pair.cert_file.c_str(),
                                           pair.key_file.c_str(), GNUTLS_X509_FMT_PEM) != 0)
    Die("certificate");
  TestClientErrors();
  TestStore();
  TestTicketMessage();
  TestServers();
  return tap.End();
}
