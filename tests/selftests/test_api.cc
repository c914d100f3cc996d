// SPDX-License-Identifier: GPL-2.0-or-later
//
// Calls and options of a QUIC socket that need no peer: numbers, sizes and errno
// of the interface (Documentation/networking/quic/).
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>

#include "harness.h"

using namespace harness;

namespace {

Tap tap;

void TestCreation() {
  for (const int family : {AF_INET, AF_INET6}) {
    for (const int type : {SOCK_STREAM, SOCK_DGRAM}) {
      const Fd fd(socket(family, type, IPPROTO_QUIC));
      tap.Ok(fd >= 0, "socket of both families and types");
      int value = 0;
      socklen_t size = sizeof(value);
      tap.Ok(getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &value, &size) == 0 && value == 261,
             "SO_PROTOCOL is 261");
    }
  }
  tap.Errno(ESOCKTNOSUPPORT, socket(AF_INET, SOCK_SEQPACKET, IPPROTO_QUIC),
            "other types are refused");
}

void TestBind() {
  const Fd fd = Socket();
  const Address any("127.0.0.1", 0), multicast("224.0.0.1", 4000), foreign("203.0.113.9", 4000);
  tap.Errno(EINVAL, bind(fd, any.sa(), 4), "bind: too short an address is EINVAL");
  tap.Errno(EINVAL, bind(fd, multicast.sa(), multicast.size), "bind: multicast is EINVAL");
  tap.Errno(EADDRNOTAVAIL, bind(fd, foreign.sa(), foreign.size), "bind: foreign address");
  tap.Errno(EAFNOSUPPORT, bind(fd, Address("::1", 0).sa(), sizeof(sockaddr_in6)),
            "bind: IPv6 address on an IPv4 socket");
  tap.Errno(0, bind(fd, any.sa(), any.size), "bind: port 0");
  tap.Ok(NameOf(fd).port() != 0, "bind: a port was chosen");
  tap.Errno(EINVAL, bind(fd, any.sa(), any.size), "bind: a second time is EINVAL");
  const Fd other = Socket();
  tap.Errno(0, bind(other, NameOf(fd).sa(), sizeof(sockaddr_in)),
            "bind: two sockets of a user share a port");
  const Fd udp(socket(AF_INET, SOCK_DGRAM, 0));
  tap.Errno(EADDRINUSE, bind(udp, NameOf(fd).sa(), sizeof(sockaddr_in)),
            "bind: the port is taken for UDP");
}

void TestMapped() {
  const Fd fd = Socket(AF_INET6);
  const Address mapped("::ffff:127.0.0.1", 0);
  tap.Errno(0, bind(fd, mapped.sa(), mapped.size), "bind: v4-mapped address");
  tap.Equal(AF_INET, NameOf(fd).family(), "getsockname: v4-mapped shows as IPv4");
  const Fd fd4 = Socket(AF_INET6);
  const Address v4("127.0.0.1", 0);
  tap.Errno(0, bind(fd4, v4.sa(), v4.size), "bind: IPv4 address on an IPv6 socket");
}

void TestListen() {
  const Fd fd = Socket();
  tap.Errno(EINVAL, listen(fd, 1), "listen: not bound is EINVAL");
  const Address any("127.0.0.1", 0);
  tap.Errno(EINVAL, accept4(fd, nullptr, nullptr, SOCK_NONBLOCK), "accept: not listening");
  (void)bind(fd, any.sa(), any.size);
  tap.Errno(0, setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_ALPN, "one, two", 8), "ALPN: set");
  tap.Errno(0, listen(fd, 4), "listen");
  tap.Errno(0, listen(fd, 8), "listen: again");
  tap.Errno(EINVAL, setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_ALPN, "x", 1), "ALPN: listening");
  tap.Errno(EFAULT, getsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_TOKEN, nullptr, nullptr),
            "getsockopt: bad pointers are EFAULT");
  char buf[64];
  socklen_t size = sizeof(buf);
  tap.Errno(EINVAL, getsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_TOKEN, buf, &size),
            "TOKEN: get on a listener is EINVAL (tells the role)");
  size = sizeof(buf);
  tap.Errno(EPIPE, getsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_SESSION_TICKET, buf, &size),
            "SESSION_TICKET: get on a listener is EPIPE");
  fcntl(fd, F_SETFL, O_NONBLOCK);
  tap.Errno(EAGAIN, accept(fd, nullptr, nullptr), "accept: nothing there is EAGAIN");
  tap.Errno(EPIPE, send(fd, "x", 1, MSG_NOSIGNAL), "send: listener is EPIPE");
  tap.Errno(ENOTCONN, recv(fd, buf, 1, 0), "recv: listener is ENOTCONN");
  int pending = 0;
  tap.Errno(EINVAL, ioctl(fd, SIOCINQ, &pending), "SIOCINQ: listener is EINVAL");
  tap.Equal(10, static_cast<int>(Info(fd).state), "INFO: state is TCP_LISTEN");
  const Fd same = Socket();
  (void)bind(same, NameOf(fd).sa(), sizeof(sockaddr_in));
  setsockopt(same, SOL_QUIC, QUIC_SOCKOPT_ALPN, "two", 3);
  tap.Errno(EADDRINUSE, listen(same, 1), "listen: overlapping ALPN is EADDRINUSE");
  setsockopt(same, SOL_QUIC, QUIC_SOCKOPT_ALPN, "three", 5);
  tap.Errno(0, listen(same, 1), "listen: other ALPN on the same port");
  tap.Errno(0, listen(fd, 0), "listen: 0 ends it");
  tap.Errno(EINVAL, accept(fd, nullptr, nullptr), "accept: no longer listening");
}

void TestConnect() {
  const Fd fd = Socket();
  const Address to("127.0.0.1", 9), none("127.0.0.1", 0);
  sockaddr unspec = {};
  tap.Errno(ENOTCONN, NameOf(fd, true).size == 0 ? -1 : 0, "getpeername: not connected");
  tap.Errno(EOPNOTSUPP, connect(fd, &unspec, sizeof(unspec)), "connect: AF_UNSPEC");
  tap.Errno(EINVAL, connect(fd, none.sa(), none.size), "connect: port 0 is EINVAL");
  tap.Errno(0, connect(fd, to.sa(), to.size), "connect: returns at once");
  tap.Equal(uint16_t{9}, NameOf(fd, true).port(), "getpeername: while establishing");
  tap.Ok(NameOf(fd).port() != 0, "connect: binds");
  tap.Errno(EINVAL, connect(fd, to.sa(), to.size), "connect: again is EINVAL");
  tap.Errno(EINVAL, listen(fd, 1), "listen: connected is EINVAL");
  tap.Equal(3, static_cast<int>(Info(fd).state), "INFO: state is TCP_SYN_RECV");
  char buf[300];
  tap.Errno(EAGAIN, recv(fd, buf, 1, MSG_DONTWAIT), "recv: nothing there is EAGAIN");
  quic_stream_info open = {-1, 0};
  socklen_t size = sizeof(open);
  tap.Errno(EINVAL, getsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_STREAM_OPEN, &open, &size),
            "STREAM_OPEN: no keys yet is EINVAL");
  size = sizeof(buf);
  tap.Errno(0, getsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_TOKEN, buf, &size), "TOKEN: client");
  tap.Equal(socklen_t{0}, size, "TOKEN: none yet is length 0");
  size = sizeof(buf);
  tap.Errno(0, getsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_TRANSPORT_PARAM_EXT, buf, &size),
            "TRANSPORT_PARAM_EXT: get");
  tap.Ok(size > 20 && size < 256, "TRANSPORT_PARAM_EXT: a blob");
  size = 4;
  tap.Errno(EINVAL, getsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_TRANSPORT_PARAM_EXT, buf, &size),
            "TRANSPORT_PARAM_EXT: short buffer is EINVAL");
  tap.Errno(EINVAL, setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_TRANSPORT_PARAM_EXT, "\x01\x7f", 2),
            "TRANSPORT_PARAM_EXT: a malformed blob is EINVAL");
  tap.Errno(ENOTCONN, recv(fd, buf, 1, MSG_DONTWAIT), "and closes the connection");
  quic_connection_close close = {};
  tap.Errno(0, Get(fd, QUIC_SOCKOPT_CONNECTION_CLOSE, &close), "CONNECTION_CLOSE: get");
  tap.Equal(8u, close.errcode, "CONNECTION_CLOSE: TRANSPORT_PARAMETER_ERROR");
}

void TestUnconnected() {
  const Fd fd = Socket();
  char c = 0;
  int value = 0;
  socklen_t size = sizeof(value);
  tap.Errno(EPIPE, send(fd, "x", 1, MSG_NOSIGNAL), "send: unconnected is EPIPE");
  tap.Errno(ENOTCONN, recv(fd, &c, 1, 0), "recv: unconnected is ENOTCONN");
  tap.Errno(ENOTCONN, shutdown(fd, SHUT_RDWR), "shutdown: unconnected is ENOTCONN");
  tap.Errno(EINVAL, send(fd, "x", 1, MSG_OOB | MSG_NOSIGNAL), "send: unknown flag is EINVAL");
  tap.Errno(EPIPE, setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_KEY_UPDATE, nullptr, 0),
            "KEY_UPDATE: unconnected is EPIPE");
  quic_stream_info open = {-1, 0};
  size = sizeof(open);
  tap.Errno(EPIPE, getsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_STREAM_OPEN, &open, &size),
            "STREAM_OPEN: unconnected is EPIPE");
  tap.Errno(EINVAL, Set(fd, QUIC_SOCKOPT_STREAM_RESET, quic_errinfo{0, 1}), "STREAM_RESET");
  tap.Errno(EINVAL, Set(fd, QUIC_SOCKOPT_STREAM_STOP_SENDING, quic_errinfo{0, 1}),
            "STREAM_STOP_SENDING: unconnected is EINVAL");
  tap.Errno(EINVAL, Set(fd, QUIC_SOCKOPT_CRYPTO_SECRET, quic_crypto_secret{}), "CRYPTO_SECRET");
  size = sizeof(value);
  tap.Errno(ENOPROTOOPT, getsockopt(fd, SOL_QUIC, 15, &value, &size), "option 15: get");
  tap.Errno(ENOPROTOOPT, setsockopt(fd, SOL_QUIC, 15, &value, size), "option 15: set");
  tap.Errno(ENOPROTOOPT, setsockopt(fd, SOL_QUIC, -1, &value, size), "option -1");
  tap.Errno(ENOPROTOOPT, setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_INFO, &value, size), "INFO: set");
  std::vector<char> big(5000);
  tap.Errno(EINVAL, setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_CONFIG, big.data(), big.size()),
            "more than 4096 bytes are EINVAL");
  pollfd p = {fd, POLLIN | POLLOUT, 0};
  poll(&p, 1, 0);
  tap.Ok((p.revents & (POLLHUP | POLLIN | POLLOUT)) == (POLLHUP | POLLIN | POLLOUT),
         "poll: closed");
}

void TestEvents() {
  const Fd fd = Socket();
  quic_event_option e = {QUIC_EVENT_NEW_TOKEN, 1};
  tap.Errno(EINVAL, Set(fd, QUIC_SOCKOPT_EVENT, quic_event_option{0, 1}), "EVENT: type 0");
  tap.Errno(EINVAL, Set(fd, QUIC_SOCKOPT_EVENT, quic_event_option{10, 1}), "EVENT: type 10");
  tap.Errno(0, Set(fd, QUIC_SOCKOPT_EVENT, e), "EVENT: on");
  e.on = 0;
  tap.Ok(Get(fd, QUIC_SOCKOPT_EVENT, &e) == 0 && e.on == 1, "EVENT: get tells it is on");
  e = {QUIC_EVENT_KEY_UPDATE, 1};
  tap.Ok(Get(fd, QUIC_SOCKOPT_EVENT, &e) == 0 && e.on == 0, "EVENT: another is off");
}

void TestParams() {
  const Fd fd = Socket();
  quic_transport_param p = {};
  tap.Errno(0, Get(fd, QUIC_SOCKOPT_TRANSPORT_PARAM, &p), "TRANSPORT_PARAM: get");
  tap.Equal(uint64_t{2097120}, static_cast<uint64_t>(p.max_data), "max_data by default");
  tap.Equal(30000000u, p.max_idle_timeout, "max_idle_timeout by default");
  tap.Equal(7, static_cast<int>(p.active_connection_id_limit), "connection ids by default");
  quic_transport_param set = {};
  set.max_data = 100000;
  set.grease_quic_bit = 1;
  tap.Errno(0, Set(fd, QUIC_SOCKOPT_TRANSPORT_PARAM, set), "TRANSPORT_PARAM: set");
  tap.Ok(Get(fd, QUIC_SOCKOPT_TRANSPORT_PARAM, &p) == 0 && p.max_data == 100000 &&
             p.max_stream_data_uni == 1048560 && p.grease_quic_bit == 1,
         "TRANSPORT_PARAM: zeros kept what there was");
  struct Row {
    const char *name;
    std::function<void(quic_transport_param *)> change;
  };
  const Row rows[] = {
      {"max_udp_payload_size 1199", [](auto *q) { q->max_udp_payload_size = 1199; }},
      {"ack_delay_exponent 21", [](auto *q) { q->ack_delay_exponent = 21; }},
      {"max_ack_delay 16384 ms", [](auto *q) { q->max_ack_delay = 16384000; }},
      // [9000-18.2#6]
      {"active_connection_id_limit 1", [](auto *q) { q->active_connection_id_limit = 1; }},
      {"active_connection_id_limit 9", [](auto *q) { q->active_connection_id_limit = 9; }},
      {"max_idle_timeout below 1 s", [](auto *q) { q->max_idle_timeout = 999999; }},
      {"max_datagram_frame_size 1199", [](auto *q) { q->max_datagram_frame_size = 1199; }},
      {"max_data too large", [](auto *q) { q->max_data = INT32_MAX; }},
      {"max_stream_data_uni too large", [](auto *q) { q->max_stream_data_uni = INT32_MAX; }},
      {"max_streams_bidi 4097", [](auto *q) { q->max_streams_bidi = 4097; }},
      {"remote without a connection", [](auto *q) { q->remote = 1; }},
  };
  for (const Row &row : rows) {
    quic_transport_param bad = {};
    row.change(&bad);
    tap.Errno(EINVAL, Set(fd, QUIC_SOCKOPT_TRANSPORT_PARAM, bad),
              std::string("TRANSPORT_PARAM: ") + row.name);
  }
  char longer[64] = {};
  tap.Errno(0, setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_TRANSPORT_PARAM, longer, 64),
            "TRANSPORT_PARAM: a longer structure is taken");
  socklen_t size = 8;
  tap.Errno(0, getsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_TRANSPORT_PARAM, longer, &size),
            "TRANSPORT_PARAM: a shorter one is filled");
  tap.Equal(socklen_t{8}, size, "TRANSPORT_PARAM: with its length");
}

void TestConfig() {
  const Fd fd = Socket();
  quic_config c = {};
  tap.Errno(0, Get(fd, QUIC_SOCKOPT_CONFIG, &c), "CONFIG: get");
  tap.Ok(c.version == QUIC_VERSION_V1 && c.congestion_control_algo == QUIC_CONG_ALG_CUBIC,
         "CONFIG: defaults");
  c = {};
  c.payload_cipher_type = 50;
  tap.Errno(EINVAL, Set(fd, QUIC_SOCKOPT_CONFIG, c), "CONFIG: unknown cipher is EINVAL");
  c = {};
  c.congestion_control_algo = 2;
  tap.Errno(EINVAL, Set(fd, QUIC_SOCKOPT_CONFIG, c), "CONFIG: unknown algorithm is EINVAL");
  c = {};
  c.payload_cipher_type = TLS_CIPHER_AES_GCM_256;
  tap.Errno(0, setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_CONFIG, &c, 24),
            "CONFIG: the 24 bytes of older programs");
  tap.Ok(Get(fd, QUIC_SOCKOPT_CONFIG, &c) == 0 && c.payload_cipher_type == TLS_CIPHER_AES_GCM_256 &&
             c.version == QUIC_VERSION_V1,
         "CONFIG: zeros kept what there was");
  char name[16] = {};
  socklen_t size = sizeof(name);
  tap.Errno(0, setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_CONGESTION, "reno", 4), "CONGESTION: reno");
  tap.Ok(getsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_CONGESTION, name, &size) == 0 &&
             strcmp(name, "reno") == 0,
         "CONGESTION: get");
  tap.Ok(Get(fd, QUIC_SOCKOPT_CONFIG, &c) == 0 && c.congestion_control_algo == 0,
         "CONFIG: reports reno as 0");
  tap.Errno(ENOENT, setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_CONGESTION, "nope", 4),
            "CONGESTION: unknown name is ENOENT");
}

void TestBlobs() {
  const Fd fd = Socket();
  char buf[200] = {};
  socklen_t size = sizeof(buf);
  tap.Ok(getsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_ALPN, buf, &size) == 0 && size == 0,
         "ALPN: none is length 0");
  tap.Errno(EINVAL, setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_ALPN, buf, 0), "ALPN: empty");
  tap.Errno(EINVAL, setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_ALPN, "a,,b", 4), "ALPN: empty name");
  const std::string longest(128, 'a'), too_long(129, 'a');
  tap.Errno(0, setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_ALPN, longest.data(), 128), "ALPN: 128");
  tap.Errno(EINVAL, setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_ALPN, too_long.data(), 129), "ALPN: 129");
  setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_ALPN, "h3 , smb", 8);
  size = sizeof(buf);
  tap.Ok(getsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_ALPN, buf, &size) == 0 && size == 6 &&
             memcmp(buf, "h3,smb", 6) == 0,
         "ALPN: blanks are gone");
  size = 3;
  tap.Errno(EINVAL, getsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_ALPN, buf, &size), "ALPN: short");
  tap.Errno(EINVAL, setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_SESSION_TICKET, buf, 63),
            "SESSION_TICKET: 63 bytes are EINVAL");
  tap.Errno(0, setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_SESSION_TICKET, buf, 64),
            "SESSION_TICKET: 64 bytes");
  quic_connection_close close = {};
  close.errcode = 7;
  close.frame = 3;
  memset(close.phrase, 'x', sizeof(close.phrase));
  tap.Errno(0, Set(fd, QUIC_SOCKOPT_CONNECTION_CLOSE, close), "CONNECTION_CLOSE: set");
  tap.Ok(Get(fd, QUIC_SOCKOPT_CONNECTION_CLOSE, &close) == 0 && close.errcode == 7 &&
             close.frame == 0 && close.phrase[62] == 'x' && close.phrase[63] == 0,
         "CONNECTION_CLOSE: frame is 0, the phrase ends");
}

void TestOtherLevels() {
  const Fd fd = Socket();
  int on = 1;
  socklen_t size = sizeof(on);
  tap.Errno(0, setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, size), "TCP_NODELAY");
  on = 0;
  tap.Ok(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &size) == 0 && on == 1, "TCP_NODELAY: get");
  tcp_info info = {};
  size = sizeof(info);
  tap.Errno(0, getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size), "TCP_INFO");
  size = sizeof(on);
  tap.Errno(ENOPROTOOPT, getsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &on, &size), "TCP_MAXSEG");
  on = 7;
  tap.Errno(0, setsockopt(fd, IPPROTO_IP, IP_TTL, &on, sizeof(on)), "IP_TTL");
  const Fd fd6 = Socket(AF_INET6);
  tap.Errno(0, setsockopt(fd6, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &on, sizeof(on)), "IPv6 hops");
}

}  // namespace

int main() {
  TestCreation();
  TestBind();
  TestMapped();
  TestListen();
  TestConnect();
  TestUnconnected();
  TestEvents();
  TestParams();
  TestConfig();
  TestBlobs();
  TestOtherLevels();
  return tap.End();
}
