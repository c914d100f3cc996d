// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the tools share: descriptors, addresses, sockets, hashes, time, and the
// words for what a connection is.
#ifndef LIBQUIC_TOOLS_COMMON_H_
#define LIBQUIC_TOOLS_COMMON_H_

#include <gnutls/crypto.h>
#include <netinet/in.h>
#include <netinet/quic.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace tools {

// What goes wrong is thrown and printed by main().
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// "what: strerror(errno)"
Error ErrnoError(const std::string &what, int error = errno);

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd &&other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd &operator=(UniqueFd &&other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  UniqueFd(const UniqueFd &) = delete;
  UniqueFd &operator=(const UniqueFd &) = delete;
  ~UniqueFd() {
    if (fd_ >= 0)
      close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }
  void Close() { UniqueFd gone(std::exchange(fd_, -1)); }

 private:
  int fd_ = -1;
};

struct Address {
  sockaddr_storage storage = {};
  socklen_t size = 0;
  std::string host;  // as given, without brackets

  [[nodiscard]] int family() const { return storage.ss_family; }
  [[nodiscard]] const sockaddr *get() const { return reinterpret_cast<const sockaddr *>(&storage); }
};

// "host:port", "1.2.3.4:port", "[::1]:port"; ":port" is any address, to listen.
// Names are looked up.
Address ParseAddress(const std::string &text, bool to_listen);
std::string ToString(const Address &address);

// A number with an optional K, M or G (powers of 1024).
uint64_t ParseSize(std::string_view text);
uint64_t ParseNumber(std::string_view text, uint64_t least, uint64_t most, const char *what);

// Sockets, connected or listening.  protocol is IPPROTO_QUIC or IPPROTO_TCP.
UniqueFd ConnectTo(const Address &address, int protocol);
UniqueFd ListenOn(const Address &address, int protocol);
UniqueFd Accept(const UniqueFd &listener, Address *peer);

// Opens the next stream of a connection, waiting for the peer's limit.
int64_t OpenStream(int fd, bool unidirectional);

// Sends all of it on a stream.
void SendAll(int fd, int64_t sid, const void *data, size_t size, uint32_t flags);

// What the kernel says about a connection; nothing if it does not know.
std::optional<quic_info> GetInfo(int fd);
std::string VersionName(uint32_t version);
std::string CipherName(uint32_t cipher);

// Why the connection ended, for messages: close code and phrase, or "".
std::string CloseReason(int fd);

uint64_t NowNs();
double MbitPerSecond(uint64_t bytes, uint64_t ns);
std::string BytesText(uint64_t bytes);

class Sha256 {
 public:
  Sha256();
  Sha256(const Sha256 &) = delete;
  Sha256 &operator=(const Sha256 &) = delete;
  ~Sha256();
  void Update(const void *data, size_t size);
  // The digest in hexadecimal; starts anew.
  std::string Finish();

 private:
  gnutls_hash_hd_t hash_ = nullptr;
};

}  // namespace tools

#endif  // LIBQUIC_TOOLS_COMMON_H_
