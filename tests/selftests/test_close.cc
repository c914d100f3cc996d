// SPDX-License-Identifier: GPL-2.0-or-later
//
// How connections end: silence and what keeps it away, a peer that lost its memory
// (stateless reset), close() in the middle of a handshake, codes and phrases.
#include <netinet/quic.h>
#include <sys/time.h>

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
  TestPhrases();
  TestHandshake();
  return tap.End();
}
