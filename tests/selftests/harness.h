// SPDX-License-Identifier: GPL-2.0-or-later
//
// What the programs of tests/selftests share: TAP lines, file descriptors that
// close themselves, and pairs of connected QUIC sockets in one process.
//
// A pair's handshake uses a pre-shared key; the server's half runs in a thread.
#ifndef TESTS_SELFTESTS_HARNESS_H_
#define TESTS_SELFTESTS_HARNESS_H_

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/tls.h>
#include <netinet/in.h>
#include <netinet/quic.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace harness {

// ---- TAP ----

class Tap {
 public:
  Tap() = default;
  Tap(const Tap &) = delete;
  Tap &operator=(const Tap &) = delete;

  bool Ok(bool good, const std::string &name) {
    printf("%sok %d - %s\n", good ? "" : "not ", ++number_, name.c_str());
    fflush(stdout);
    failed_ += good ? 0 : 1;
    return good;
  }

  // A call that must fail with an errno; 0 stands for success.
  bool Errno(int expected, int64_t ret, const std::string &name) {
    const int got = ret < 0 ? errno : 0;
    const bool good = Ok(got == expected, name);
    if (!good)
      printf("# expected %s, got %s\n", Name(expected), Name(got));
    return good;
  }

  template <typename T>
  bool Equal(T expected, T got, const std::string &name) {
    const bool good = Ok(expected == got, name);
    if (!good)
      printf("# expected %lld, got %lld\n", static_cast<long long>(expected),
             static_cast<long long>(got));
    return good;
  }

  int End() {
    printf("1..%d\n", number_);
    return failed_ == 0 ? 0 : 1;
  }

 private:
  static const char *Name(int error) { return error == 0 ? "success" : strerrorname_np(error); }

  int number_ = 0;
  int failed_ = 0;
};

[[noreturn]] inline void Die(const char *what) {
  printf("Bail out! %s: %s\n", what, strerror(errno));
  exit(1);
}

// ---- file descriptors ----

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd &&other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd &operator=(Fd &&other) noexcept {
    Reset(std::exchange(other.fd_, -1));
    return *this;
  }
  ~Fd() { Reset(-1); }
  void Reset(int fd = -1) {
    if (fd_ >= 0)
      close(fd_);
    fd_ = fd;
  }
  operator int() const { return fd_; }  // NOLINT: as an int it goes into system calls

 private:
  int fd_ = -1;
};

inline Fd Socket(int family = AF_INET, int type = SOCK_DGRAM) {
  Fd fd(socket(family, type, IPPROTO_QUIC));
  if (fd < 0)
    Die("socket(IPPROTO_QUIC)");
  return fd;
}

// ---- addresses ----

struct Address {
  sockaddr_storage storage = {};
  socklen_t size = 0;

  Address() = default;
  Address(const char *ip, uint16_t port) {
    auto *in = reinterpret_cast<sockaddr_in *>(&storage);
    auto *in6 = reinterpret_cast<sockaddr_in6 *>(&storage);
    if (inet_pton(AF_INET, ip, &in->sin_addr) == 1) {
      in->sin_family = AF_INET;
      in->sin_port = htons(port);
      size = sizeof(*in);
    } else if (inet_pton(AF_INET6, ip, &in6->sin6_addr) == 1) {
      in6->sin6_family = AF_INET6;
      in6->sin6_port = htons(port);
      size = sizeof(*in6);
    } else {
      Die(ip);
    }
  }
  [[nodiscard]] const sockaddr *sa() const { return reinterpret_cast<const sockaddr *>(&storage); }
  sockaddr *sa() { return reinterpret_cast<sockaddr *>(&storage); }
  [[nodiscard]] int family() const { return storage.ss_family; }
  [[nodiscard]] uint16_t port() const {
    return ntohs(reinterpret_cast<const sockaddr_in *>(&storage)->sin_port);
  }
};

inline Address NameOf(int fd, bool peer = false) {
  Address a;
  a.size = sizeof(a.storage);
  if ((peer ? getpeername : getsockname)(fd, a.sa(), &a.size) != 0)
    a.size = 0;
  return a;
}

// ---- options ----

template <typename T>
int Set(int fd, int name, const T &value) {
  return setsockopt(fd, SOL_QUIC, name, &value, sizeof(value));
}

template <typename T>
int Get(int fd, int name, T *value) {
  socklen_t size = sizeof(*value);
  return getsockopt(fd, SOL_QUIC, name, value, &size);
}

inline quic_info Info(int fd) {
  quic_info info = {};
  if (Get(fd, QUIC_SOCKOPT_INFO, &info) != 0)
    Die("QUIC_SOCKOPT_INFO");
  return info;
}

// A counter of /proc/net/quic/snmp.
inline uint64_t Counter(const std::string &name) {
  std::ifstream snmp("/proc/net/quic/snmp");
  std::string key;
  uint64_t value = 0;
  while (snmp >> key >> value)
    if (key == name)
      return value;
  Die(name.c_str());
}

// ---- pairs ----

struct PairOptions {
  Address address{"127.0.0.1", 0};
  int type = SOCK_DGRAM;
  const char *alpn = "test";
  std::string client_netns;  // "" is this one
  std::string server_netns;
  uint32_t timeout_ms = 20000;          // of a handshake
  std::function<void(int fd)> prepare;  // on the listener and the client's socket, before use
};

struct Pair {
  Fd listener, server, client;
  int client_error = 0, server_error = 0;

  [[nodiscard]] bool good() const { return client_error == 0 && server_error == 0; }
};

// Made once; threads share it.
inline const char *PskFile() {
  static const std::string path = [] {
    const std::string name = "/tmp/selftest-" + std::to_string(getpid()) + ".psk";
    FILE *f = fopen(name.c_str(), "w");
    if (f == nullptr)
      Die("/tmp");
    fputs("client:000102030405060708090a0b0c0d0e0f\n", f);
    fclose(f);
    return name;
  }();
  return path.c_str();
}

// Sockets made by this thread are of that namespace until it goes.
class InNetns {
 public:
  explicit InNetns(const std::string &name) {
    if (name.empty())
      return;
    old_.Reset(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    const Fd ns(open(("/run/netns/" + name).c_str(), O_RDONLY | O_CLOEXEC));
    if (ns < 0 || setns(ns, CLONE_NEWNET) != 0)
      Die("setns");
  }
  InNetns(const InNetns &) = delete;
  InNetns &operator=(const InNetns &) = delete;
  ~InNetns() {
    if (old_ >= 0 && setns(old_, CLONE_NEWNET) != 0)
      Die("setns");
  }

 private:
  Fd old_;
};

inline Fd Listener(const PairOptions &options) {
  const InNetns ns(options.server_netns);
  Fd fd = Socket(options.address.family(), options.type);
  if (options.alpn != nullptr)
    setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_ALPN, options.alpn, strlen(options.alpn));
  if (options.prepare)
    options.prepare(fd);
  if (bind(fd, options.address.sa(), options.address.size) != 0)
    Die("bind");
  if (listen(fd, 16) != 0)
    Die("listen");
  return fd;
}

inline quic_handshake_options PskOptions(const PairOptions &options) {
  quic_handshake_options o = {};
  o.size = sizeof(o);
  o.psk_file = PskFile();
  o.alpns = options.alpn;
  o.timeout_ms = options.timeout_ms;
  return o;
}

// Connects a client to a listener and runs both handshakes.
inline void Connect(const PairOptions &options, Pair *pair) {
  const quic_handshake_options o = PskOptions(options);
  std::thread server([&] {
    pair->server.Reset(accept(pair->listener, nullptr, nullptr));
    pair->server_error =
        pair->server < 0 ? -errno : quic_server_handshake_ex(pair->server, &o, nullptr);
  });
  {
    const InNetns ns(options.client_netns);
    pair->client = Socket(options.address.family(), options.type);
    if (options.prepare)
      options.prepare(pair->client);
  }
  const Address to = NameOf(pair->listener);
  if (connect(pair->client, to.sa(), to.size) != 0)
    Die("connect");
  pair->client_error = quic_client_handshake_ex(pair->client, &o, nullptr);
  server.join();
}

inline Pair MakePair(const PairOptions &options = {}) {
  Pair pair;
  pair.listener = Listener(options);
  Connect(options, &pair);
  if (!pair.good())
    printf("# handshake: client %d, server %d\n", pair.client_error, pair.server_error);
  return pair;
}

// ---- data ----

// The byte at an offset of a stream that everybody can compute.
inline uint8_t PatternByte(uint64_t sid, uint64_t offset) {
  return static_cast<uint8_t>((offset * 131 + offset / 251 + sid * 7) & 0xff);
}

inline std::vector<uint8_t> Pattern(uint64_t sid, uint64_t offset, size_t size) {
  std::vector<uint8_t> bytes(size);
  for (size_t i = 0; i < size; i++)
    bytes[i] = PatternByte(sid, offset + i);
  return bytes;
}

// Sends size bytes of the pattern with a FIN at their end.
inline bool SendPattern(int fd, int64_t sid, uint64_t size, uint32_t first_flags) {
  constexpr size_t kChunkBytes = 100000;
  uint32_t flags = first_flags;
  for (uint64_t done = 0; done < size;) {
    const size_t n = std::min<uint64_t>(size - done, kChunkBytes);
    const auto bytes = Pattern(sid, done, n);
    const bool last = done + n == size;
    const ssize_t sent =
        quic_sendmsg(fd, bytes.data(), n, sid, flags | (last ? uint32_t{MSG_QUIC_STREAM_FIN} : 0));
    if (sent <= 0) {
      printf("# send on stream %lld at %llu: %s\n", static_cast<long long>(sid),
             static_cast<unsigned long long>(done), strerror(errno));
      return false;
    }
    done += sent;
    flags &= ~uint32_t{MSG_QUIC_STREAM_NEW};
  }
  return true;
}

inline bool Readable(int fd, int timeout_ms) {
  pollfd p = {fd, POLLIN, 0};
  return poll(&p, 1, timeout_ms) == 1;
}

}  // namespace harness

#endif  // TESTS_SELFTESTS_HARNESS_H_
