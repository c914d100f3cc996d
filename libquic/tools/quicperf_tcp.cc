// SPDX-License-Identifier: LGPL-2.1-or-later
//
// quicperf over TCP, plain or with kTLS: control and bulk share one byte
// stream, in an order both sides know.
//
// kTLS gets fixed TLS 1.3 AES-128-GCM keys, one per direction, right after the
// connection is made.
#include <linux/tls.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "quicperf.h"

#ifndef TCP_ULP
#define TCP_ULP 31
#endif
#ifndef SOL_TLS
#define SOL_TLS 282
#endif

namespace quicperf {

namespace {

using tools::ErrnoError;
using tools::Error;
using tools::UniqueFd;

class TcpLink final : public Link {
 public:
  TcpLink(UniqueFd fd, bool is_server, bool with_tls) : fd_(std::move(fd)) {
    const int one = 1;
    setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (with_tls)
      StartTls(is_server);
  }

  void SendControl(const void *data, size_t size) override { Send(data, size); }

  void ReceiveControl(void *data, size_t size) override {
    auto *next = static_cast<uint8_t *>(data);
    while (size > 0) {
      const size_t got = Receive(next, size);
      if (got == 0)
        throw Error("the connection ended early");
      next += got;
      size -= got;
    }
  }

  void SendBulk(const Request &request) override {
    const std::vector<uint8_t> message(request.message_bytes);
    for (uint64_t left = request.bytes; left > 0;) {
      const size_t size = std::min<uint64_t>(left, message.size());
      Send(message.data(), size);
      left -= size;
    }
  }

  uint64_t ReceiveBulk(const Request &request) override {
    std::vector<uint8_t> buffer(std::max<uint64_t>(request.message_bytes, 64U << 10));
    uint64_t received = 0;
    while (received < request.bytes) {
      const size_t got =
          Receive(buffer.data(), std::min<uint64_t>(buffer.size(), request.bytes - received));
      if (got == 0)
        break;
      received += got;
    }
    return received;
  }

  [[nodiscard]] std::string Describe(bool /*json*/) const override { return ""; }

  void WaitForClose() override {
    uint8_t byte = 0;
    while (recv(fd_.get(), &byte, 1, 0) > 0)
      continue;
  }

 private:
  static tls12_crypto_info_aes_gcm_128 KeyOf(bool of_server) {
    tls12_crypto_info_aes_gcm_128 info = {};
    info.info.version = TLS_1_3_VERSION;
    info.info.cipher_type = TLS_CIPHER_AES_GCM_128;
    memset(info.key, of_server ? 7 : 8, sizeof(info.key));
    return info;
  }

  void StartTls(bool is_server) {
    static constexpr char kTls[] = "tls";
    const tls12_crypto_info_aes_gcm_128 tx = KeyOf(is_server);
    const tls12_crypto_info_aes_gcm_128 rx = KeyOf(!is_server);
    if (setsockopt(fd_.get(), IPPROTO_TCP, TCP_ULP, kTls, sizeof(kTls)) < 0)
      throw ErrnoError("kTLS (is the tls module there?)");
    if (setsockopt(fd_.get(), SOL_TLS, TLS_TX, &tx, sizeof(tx)) < 0 ||
        setsockopt(fd_.get(), SOL_TLS, TLS_RX, &rx, sizeof(rx)) < 0)
      throw ErrnoError("kTLS keys");
  }

  void Send(const void *data, size_t size) {
    const auto *next = static_cast<const uint8_t *>(data);
    while (size > 0) {
      const ssize_t sent = send(fd_.get(), next, size, MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR)
        continue;
      if (sent < 0)
        throw ErrnoError("sending");
      next += sent;
      size -= static_cast<size_t>(sent);
    }
  }

  size_t Receive(void *data, size_t size) {
    for (;;) {
      const ssize_t got = recv(fd_.get(), data, size, 0);
      if (got >= 0)
        return static_cast<size_t>(got);
      if (errno != EINTR)
        throw ErrnoError("receiving");
    }
  }

  UniqueFd fd_;
};

}  // namespace

std::unique_ptr<Link> MakeTcpLink(UniqueFd fd, bool is_server, bool with_tls) {
  return std::make_unique<TcpLink>(std::move(fd), is_server, with_tls);
}

}  // namespace quicperf
