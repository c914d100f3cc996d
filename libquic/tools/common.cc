// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Parts the tools share.
#include "common.h"

#include <arpa/inet.h>
#include <linux/tls.h>
#include <netdb.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <ctime>

namespace tools {

Error ErrnoError(const std::string &what, int error) {
  return Error(what + ": " + strerror(error));
}

Address ParseAddress(const std::string &text, bool to_listen) {
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon + 1 == text.size())
    throw Error("'" + text + "': want HOST:PORT");
  Address address;
  address.host = text.substr(0, colon);
  if (address.host.size() >= 2 && address.host.front() == '[' && address.host.back() == ']')
    address.host = address.host.substr(1, address.host.size() - 2);
  if (address.host.empty() && !to_listen)
    throw Error("'" + text + "': host missing");

  addrinfo hints = {};
  hints.ai_socktype = SOCK_DGRAM;
  hints.ai_flags = to_listen ? AI_PASSIVE : 0;
  addrinfo *found = nullptr;
  const int ret = getaddrinfo(address.host.empty() ? nullptr : address.host.c_str(),
                              text.c_str() + colon + 1, &hints, &found);
  if (ret != 0)
    throw Error("'" + text + "': " + gai_strerror(ret));
  memcpy(&address.storage, found->ai_addr, found->ai_addrlen);
  address.size = found->ai_addrlen;
  freeaddrinfo(found);
  return address;
}

std::string ToString(const Address &address) {
  std::array<char, NI_MAXHOST> host = {};
  std::array<char, NI_MAXSERV> port = {};
  if (getnameinfo(address.get(), address.size, host.data(), host.size(), port.data(), port.size(),
                  NI_NUMERICHOST | NI_NUMERICSERV) != 0)
    return "?";
  const bool is_v6 = address.family() == AF_INET6;
  return (is_v6 ? "[" : "") + std::string(host.data()) + (is_v6 ? "]:" : ":") + port.data();
}

uint64_t ParseNumber(std::string_view text, uint64_t least, uint64_t most, const char *what) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < least || value > most)
    throw Error("'" + std::string(text) + "': want " + what + " from " + std::to_string(least) +
                " to " + std::to_string(most));
  return value;
}

uint64_t ParseSize(std::string_view text) {
  constexpr uint64_t kMost = uint64_t{1} << 50;
  static constexpr std::string_view kUnits = "KMG";
  unsigned int shift = 0;
  if (!text.empty()) {
    const size_t unit = kUnits.find(text.back());
    if (unit != std::string_view::npos) {
      shift = 10 * (static_cast<unsigned int>(unit) + 1);
      text.remove_suffix(1);
    }
  }
  return ParseNumber(text, 1, kMost >> shift, "a size") << shift;
}

UniqueFd ConnectTo(const Address &address, int protocol) {
  const int type = protocol == IPPROTO_QUIC ? SOCK_DGRAM : SOCK_STREAM;
  UniqueFd fd(socket(address.family(), type | SOCK_CLOEXEC, protocol));
  if (fd.get() < 0)
    throw ErrnoError(protocol == IPPROTO_QUIC ? "QUIC socket (is quic.ko loaded?)" : "socket");
  if (connect(fd.get(), address.get(), address.size) < 0)
    throw ErrnoError("connect to " + ToString(address));
  return fd;
}

UniqueFd ListenOn(const Address &address, int protocol) {
  constexpr int kBacklog = 64;
  const int type = protocol == IPPROTO_QUIC ? SOCK_DGRAM : SOCK_STREAM;
  UniqueFd fd(socket(address.family(), type | SOCK_CLOEXEC, protocol));
  if (fd.get() < 0)
    throw ErrnoError(protocol == IPPROTO_QUIC ? "QUIC socket (is quic.ko loaded?)" : "socket");
  const int one = 1;
  if (protocol == IPPROTO_TCP)
    setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
  if (bind(fd.get(), address.get(), address.size) < 0)
    throw ErrnoError("bind to " + ToString(address));
  if (listen(fd.get(), kBacklog) < 0)
    throw ErrnoError("listen");
  return fd;
}

UniqueFd Accept(const UniqueFd &listener, Address *peer) {
  for (;;) {
    peer->size = sizeof(peer->storage);
    UniqueFd fd(accept4(listener.get(), reinterpret_cast<sockaddr *>(&peer->storage), &peer->size,
                        SOCK_CLOEXEC));
    if (fd.get() >= 0)
      return fd;
    if (errno != EINTR && errno != ECONNABORTED)
      throw ErrnoError("accept");
  }
}

int64_t OpenStream(int fd, bool unidirectional) {
  quic_stream_info info = {};
  info.stream_id = -1;
  info.stream_flags = unidirectional ? static_cast<uint32_t>(MSG_QUIC_STREAM_UNI) : 0;
  socklen_t size = sizeof(info);
  if (getsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_STREAM_OPEN, &info, &size) < 0)
    throw ErrnoError("opening a stream");
  return info.stream_id;
}

void SendAll(int fd, int64_t sid, const void *data, size_t size, uint32_t flags) {
  const auto *next = static_cast<const uint8_t *>(data);
  do {
    const ssize_t sent = quic_sendmsg(fd, next, size, sid, flags | MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR)
      continue;
    if (sent < 0)
      throw Error(std::string("sending: ") + strerror(errno) + CloseReason(fd));
    next += sent;
    size -= static_cast<size_t>(sent);
  } while (size > 0);
}

std::optional<quic_info> GetInfo(int fd) {
  quic_info info = {};
  socklen_t size = sizeof(info);
  if (getsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_INFO, &info, &size) < 0)
    return std::nullopt;
  return info;
}

std::string VersionName(uint32_t version) {
  switch (version) {
    case QUIC_VERSION_V1:
      return "v1";
    case QUIC_VERSION_V2:
      return "v2";
    default: {
      char text[16];
      snprintf(text, sizeof(text), "0x%08x", version);
      return text;
    }
  }
}

std::string CipherName(uint32_t cipher) {
  switch (cipher) {
    case TLS_CIPHER_AES_GCM_128:
      return "AES-128-GCM";
    case TLS_CIPHER_AES_GCM_256:
      return "AES-256-GCM";
    case TLS_CIPHER_AES_CCM_128:
      return "AES-128-CCM";
    case TLS_CIPHER_CHACHA20_POLY1305:
      return "CHACHA20-POLY1305";
    default:
      return "cipher " + std::to_string(cipher);
  }
}

std::string CloseReason(int fd) {
  quic_connection_close close = {};
  socklen_t size = sizeof(close);
  if (getsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_CONNECTION_CLOSE, &close, &size) < 0)
    return "";
  close.phrase[sizeof(close.phrase) - 1] = 0;
  if (close.errcode == 0 && close.phrase[0] == 0)
    return "";
  char text[128];
  snprintf(text, sizeof(text), " (close code 0x%x%s%s)", close.errcode,
           close.phrase[0] != 0 ? ", " : "", reinterpret_cast<const char *>(close.phrase));
  return text;
}

uint64_t NowNs() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000000000 + static_cast<uint64_t>(now.tv_nsec);
}

double MbitPerSecond(uint64_t bytes, uint64_t ns) {
  return ns == 0 ? 0 : static_cast<double>(bytes) * 8000 / static_cast<double>(ns);
}

std::string BytesText(uint64_t bytes) {
  char text[32];
  constexpr double kKilo = 1024;
  constexpr double kMega = kKilo * kKilo;
  if (bytes >= static_cast<uint64_t>(kMega))
    snprintf(text, sizeof(text), "%.1f MiB", static_cast<double>(bytes) / kMega);
  else
    snprintf(text, sizeof(text), "%.1f KiB", static_cast<double>(bytes) / kKilo);
  return text;
}

Sha256::Sha256() {
  if (gnutls_hash_init(&hash_, GNUTLS_DIG_SHA256) < 0)
    throw Error("SHA-256 is not available");
}

Sha256::~Sha256() {
  gnutls_hash_deinit(hash_, nullptr);
}

void Sha256::Update(const void *data, size_t size) {
  if (gnutls_hash(hash_, data, size) < 0)
    throw Error("SHA-256 failed");
}

std::string Sha256::Finish() {
  std::array<uint8_t, 32> digest = {};
  gnutls_hash_output(hash_, digest.data());
  std::string hex;
  for (const uint8_t byte : digest) {
    char digits[3];
    snprintf(digits, sizeof(digits), "%02x", byte);
    hex += digits;
  }
  return hex;
}

}  // namespace tools
