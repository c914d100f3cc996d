// SPDX-License-Identifier: GPL-2.0-or-later
//
// Several listeners on one address and port: the protocol names of the
// ClientHello choose, also when it comes in pieces.
#include <netinet/quic.h>
#include <sys/wait.h>

#include <csignal>

#include "harness.h"
#include "initial.h"

using namespace harness;

namespace {

Tap tap;

Fd ListenerAt(const Address &at, const char *alpn) {
  PairOptions o;
  o.address = at;
  o.alpn = alpn;
  return Listener(o);
}

// A client that offers names; which of the listeners gets it, -1 for none.
int Arrives(const std::vector<Fd *> &listeners, const char *alpn,
            const std::function<void(int fd, const quic_handshake_options &o)> &shake) {
  PairOptions o;
  o.alpn = alpn;
  const quic_handshake_options h = PskOptions(o);
  const Fd client = Socket();
  const Address to = NameOf(*listeners[0]);
  (void)connect(client, to.sa(), to.size);
  std::thread thread([&] { shake(client, h); });
  std::vector<pollfd> polls;
  polls.reserve(listeners.size());
  for (const Fd *fd : listeners)
    polls.push_back({*fd, POLLIN, 0});
  int found = -1;
  if (poll(polls.data(), polls.size(), 3000) > 0)
    for (size_t i = 0; i < polls.size(); i++)
      if (polls[i].revents & POLLIN)
        found = static_cast<int>(i);
  if (found >= 0) {
    const Fd server(accept(*listeners[found], nullptr, nullptr));
    quic_server_handshake_ex(server, &h, nullptr);
    thread.join();
    if (Info(server).state != 1)
      found = -2;
  } else {
    thread.join();
  }
  return found;
}

void Whole(int fd, const quic_handshake_options &o) {
  quic_handshake_options h = o;
  h.timeout_ms = 5000;
  quic_client_handshake_ex(fd, &h, nullptr);
}

// Sends a step's message in two parts, in packets of their own.
ssize_t SendInTwo(int fd, const msghdr &whole, int flags) {
  const iovec &iov = whole.msg_iov[0];
  const size_t half = iov.iov_len / 2;
  for (int part = 0; part < 2; part++) {
    iovec piece = {static_cast<char *>(iov.iov_base) + (part == 0 ? 0 : half),
                   part == 0 ? half : iov.iov_len - half};
    msghdr msg = whole;
    msg.msg_iov = &piece;
    if (sendmsg(fd, &msg, flags) != static_cast<ssize_t>(piece.iov_len))
      return -errno;
    usleep(100000);
  }
  return static_cast<ssize_t>(iov.iov_len);
}

// The same handshake by steps, with the ClientHello in two packets.
void InPieces(int fd, const quic_handshake_options &o) {
  gnutls_session_t session = nullptr;
  gnutls_psk_client_credentials_t psk = nullptr;
  const char hex[] = "000102030405060708090a0b0c0d0e0f";
  const gnutls_datum_t key = {reinterpret_cast<unsigned char *>(const_cast<char *>(hex)), 32};
  gnutls_init(&session, GNUTLS_CLIENT);
  gnutls_psk_allocate_client_credentials(&psk);
  gnutls_psk_set_client_credentials(psk, "client", &key, GNUTLS_PSK_KEY_HEX);
  gnutls_credentials_set(session, GNUTLS_CRD_PSK, psk);
  gnutls_priority_set_direct(session, QUIC_PRIORITY, nullptr);
  gnutls_transport_set_int(session, fd);
  quic_session_set_alpn(session, o.alpns, strlen(o.alpns));
  struct quic_handshake_step *step = nullptr;
  int ret = quic_handshake_init(session, &step);
  bool first = true;
  while (ret == 0 && step != nullptr) {
    if (step->op == QUIC_HANDSHAKE_STEP_OP_SENDMSG) {
      auto &s = step->s_sendmsg;
      s.retval = first ? SendInTwo(fd, *s.msg, s.flags) : sendmsg(fd, s.msg, s.flags);
      if (s.retval == -1)
        s.retval = -errno;
      first = false;
    } else {
      auto &r = step->s_recvmsg;
      Readable(fd, 3000);
      r.retval = recvmsg(fd, r.msg, r.flags);
      if (r.retval == -1)
        r.retval = -errno;
    }
    ret = quic_handshake_step(session, &step);
  }
  quic_handshake_deinit(session);
  gnutls_deinit(session);
  gnutls_psk_free_client_credentials(psk);
}

// ---- by hand: pieces that our own client never makes ----

void Put16(Bytes *b, size_t value) {
  b->push_back(value >> 8 & 0xff);
  b->push_back(value & 0xff);
}

// A ClientHello as far as anybody looks who only wants the names; the extension with them
// stands behind another one of some size (RFC 8446 4.1.2).
Bytes Hello(const std::vector<std::string> &names, size_t before) {
  Bytes list, ext, body(34);
  for (const std::string &name : names) {
    list.push_back(name.size());
    list.insert(list.end(), name.begin(), name.end());
  }
  Put16(&ext, 51);
  Put16(&ext, before);
  ext.resize(ext.size() + before);
  Put16(&ext, 16);
  Put16(&ext, list.size() + 2);
  Put16(&ext, list.size());
  ext.insert(ext.end(), list.begin(), list.end());
  body.push_back(0);
  Put16(&body, 2);
  Put16(&body, 0x1301);
  Put16(&body, 0x100);
  Put16(&body, ext.size());
  body.insert(body.end(), ext.begin(), ext.end());
  Bytes message = {1, 0};
  Put16(&message, body.size());
  message.insert(message.end(), body.begin(), body.end());
  return message;
}

// Which listener is asked to accept within a time, -1: none.  What is accepted is dropped.
int Accepts(const std::vector<Fd *> &listeners, int timeout_ms) {
  std::vector<pollfd> polls;
  polls.reserve(listeners.size());
  for (const Fd *fd : listeners)
    polls.push_back({*fd, POLLIN, 0});
  if (poll(polls.data(), polls.size(), timeout_ms) <= 0)
    return -1;
  for (size_t i = 0; i < polls.size(); i++)
    if (polls[i].revents & POLLIN) {
      const Fd fd(accept(polls[i].fd, nullptr, nullptr));
      return static_cast<int>(i);
    }
  return -1;
}

// Cuts a message at the places given: the frames, in order.
std::vector<Bytes> Cut(const Bytes &message, const std::vector<size_t> &at) {
  std::vector<Bytes> frames;
  size_t from = 0;
  for (const size_t to : at) {
    frames.push_back(CryptoFrame(message, from, to));
    from = to;
  }
  frames.push_back(CryptoFrame(message, from, message.size()));
  return frames;
}

Bytes Join(const std::vector<Bytes> &frames) {
  Bytes all;
  for (const Bytes &frame : frames)
    all.insert(all.end(), frame.begin(), frame.end());
  return all;
}

struct Lands {
  const std::vector<Fd *> &listeners;
  const Address to;

  // Each of the payloads in a packet of its own.
  int operator()(const std::vector<Bytes> &packets) const {
    InitialClient client(to);
    for (const Bytes &frames : packets)
      client.Send(frames);
    return Accepts(listeners, 5000);
  }
};

// Frames in any order, several in a packet, over several packets, with gaps that fill late.
void TestOrders(const std::vector<Fd *> &listeners) {
  const Address to = NameOf(*listeners[0]);
  const Lands lands = {listeners, to};
  const Bytes hello = Hello({"nothing", "two"}, 40);
  const Bytes ping = {0x01}, padding(7);
  const size_t name = hello.size() - 2;  // in the middle of "two"
  std::vector<Bytes> f = Cut(hello, {5, 60, name});
  tap.Equal(1, lands({Join(Cut(hello, {}))}), "one frame");
  tap.Equal(1, lands({Join(f)}), "four frames in a packet");
  tap.Equal(1, lands({Join({f[3], f[2], f[1], f[0]})}), "backwards");
  tap.Equal(1, lands({Join({f[2], padding, ping, f[0], padding, f[3], ping, f[1]})}),
            "shuffled, with PING and PADDING in between");
  tap.Equal(1, lands({f[0], f[1], f[2], f[3]}), "four packets");
  tap.Equal(1, lands({f[3], f[2], f[1], f[0]}), "backwards");
  tap.Equal(1, lands({Join({f[1], f[3]}), Join({f[2], f[0]})}), "two and two");
  tap.Equal(1, lands({f[2], f[2], f[0], f[0], f[3], f[1]}), "some of them twice");
  tap.Equal(1, lands({CryptoFrame(hello, 30, hello.size()), CryptoFrame(hello, 0, 50)}),
            "with an overlap");
  std::vector<Bytes> bytes;
  for (size_t i = hello.size(); i-- > 0;)
    bytes.push_back(CryptoFrame(hello, i, i + 1));
  tap.Equal(1, lands({Join(bytes)}), "byte by byte from the last one on");

  const Bytes large = Hello({"one"}, 4000);  // post-quantum key shares
  f = Cut(large, {1000, 2000, 3000, 4000});
  tap.Equal(0, lands({f[4], f[1], f[3], f[0], f[2]}), "a large one in five packets");

  InitialClient late(to);
  f = Cut(hello, {5, name});
  late.Send(f[0]);
  late.Send(f[2]);
  tap.Equal(-1, Accepts(listeners, 300), "before it is complete nobody is asked");
  late.Send(f[1]);
  tap.Equal(1, Accepts(listeners, 5000), "then the right one is");
}

// A process with a listener, which says its number once it listens and at each accept().
pid_t Serve(const Address &at, uint8_t number, int tell) {
  const pid_t pid = fork();
  if (pid != 0)
    return pid;
  const std::string alpn = "process" + std::to_string(number);
  const Fd listener = ListenerAt(at, alpn.c_str());
  for (;;) {
    if (write(tell, &number, 1) != 1)
      exit(1);
    const Fd fd(accept(listener, nullptr, nullptr));
    if (fd < 0)
      exit(1);
  }
}

// Each process has its name; all are on one port.
void TestProcesses() {
  constexpr uint8_t kProcesses = 3;
  int ends[2];
  if (pipe(ends) != 0)
    Die("pipe");
  const auto next = [&] {
    uint8_t who = 0;
    pollfd p = {ends[0], POLLIN, 0};
    return poll(&p, 1, 5000) == 1 && read(ends[0], &who, 1) == 1 ? int{who} : -1;
  };
  const Fd first = ListenerAt(Address("127.0.0.1", 0), "first");  // to have a port
  const Address at = NameOf(first);
  std::vector<pid_t> children;
  bool all = true;
  for (uint8_t i = 0; i < kProcesses; i++) {
    children.push_back(Serve(at, i, ends[1]));
    all &= next() == i;
  }
  tap.Ok(all, "three processes and this one listen on a port");
  bool right = true;
  for (const int who : {2, 0, 1, 0, 2}) {
    const Bytes hello = Hello({"nothing", "process" + std::to_string(who)}, 300);
    const std::vector<Bytes> f = Cut(hello, {hello.size() - 1});
    InitialClient client(at);
    client.Send(f[1]);
    client.Send(f[0]);
    const int got = next();
    if (got != who)
      printf("# process %d instead of %d\n", got, who);
    right &= got == who;
  }
  tap.Ok(right, "each gets the clients of its name");
  for (const pid_t pid : children) {
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
  }
  const Bytes hello = Hello({"process1", "first"}, 0);
  InitialClient client(at);
  client.Send(CryptoFrame(hello, 0, hello.size()));
  pollfd p = {first, POLLIN, 0};
  tap.Equal(1, poll(&p, 1, 5000), "and with them gone the next name counts");
  close(ends[0]);
  close(ends[1]);
}

}  // namespace

int main() {
  signal(SIGPIPE, SIG_IGN);
  const Address any("127.0.0.1", 0);
  Fd one = ListenerAt(any, "one");
  const Address at = NameOf(one);
  Fd two = ListenerAt(at, "two,three");
  const std::vector<Fd *> named = {&one, &two};
  tap.Equal(0, Arrives(named, "one", Whole), "a name goes to its listener");
  tap.Equal(1, Arrives(named, "two", Whole), "another to the other");
  tap.Equal(1, Arrives(named, "three", Whole), "the second of a list, too");
  tap.Equal(1, Arrives(named, "three,one", Whole), "the client's order decides");
  tap.Equal(1, Arrives(named, "nothing,two", Whole), "unknown names are passed over");
  tap.Equal(-1, Arrives(named, "nothing", Whole), "what nobody serves is refused");
  tap.Equal(1, Arrives(named, "two", InPieces), "a ClientHello in two packets");
  tap.Equal(0, Arrives(named, "one", InPieces), "for either");
  TestOrders(named);
  TestProcesses();
  Fd none = ListenerAt(at, nullptr);
  const std::vector<Fd *> all = {&one, &two, &none};
  tap.Equal(2, Arrives(all, "nothing", Whole), "a listener without names gets the rest");
  tap.Equal(1, Arrives(all, "two", Whole), "but only the rest");
  one.Reset();
  tap.Equal(0, Arrives({&two, &none}, "two", Whole), "with one listener gone the others go on");
  tap.Equal(1, Arrives({&two, &none}, "one", Whole), "and its name is among the rest");
  return tap.End();
}
