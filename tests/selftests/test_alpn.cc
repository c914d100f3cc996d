// SPDX-License-Identifier: GPL-2.0-or-later
//
// Several listeners on one address and port: the protocol names of the
// ClientHello choose, also when it comes in pieces.
#include <netinet/quic.h>

#include <csignal>

#include "harness.h"

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
  Fd none = ListenerAt(at, nullptr);
  const std::vector<Fd *> all = {&one, &two, &none};
  tap.Equal(2, Arrives(all, "nothing", Whole), "a listener without names gets the rest");
  tap.Equal(1, Arrives(all, "two", Whole), "but only the rest");
  one.Reset();
  tap.Equal(0, Arrives({&two, &none}, "two", Whole), "with one listener gone the others go on");
  tap.Equal(1, Arrives({&two, &none}, "one", Whole), "and its name is among the rest");
  return tap.End();
}
