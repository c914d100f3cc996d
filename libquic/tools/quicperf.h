// SPDX-License-Identifier: LGPL-2.1-or-later
//
// quicperf: a request on the wire, and the ways to a connection.
#ifndef LIBQUIC_TOOLS_QUICPERF_H_
#define LIBQUIC_TOOLS_QUICPERF_H_

#include <cstdint>
#include <memory>
#include <string>

#include "common.h"

namespace quicperf {

enum class Mode { kTcp, kKtls, kQuic };

struct Settings {
  bool is_server = false;
  Mode mode = Mode::kQuic;
  std::string address;
  uint64_t bytes = 256U << 20;
  uint64_t message_bytes = 64U << 10;
  uint32_t streams = 1;
  bool reverse = false;
  bool json = false;
  bool fixed_secret = false;
  uint64_t count = 0;  // server: connections, 0 endless
  std::string ca;
  std::string cert;
  std::string key;
  std::string psk;
  std::string name;
};

// What the client asks for; the first thing it sends.  Host byte order is not
// used on the wire: see Encode().
struct Request {
  static constexpr size_t kWireBytes = 32;
  uint64_t bytes = 0;
  uint64_t message_bytes = 0;
  uint32_t streams = 0;
  bool reverse = false;

  void Encode(uint8_t *wire) const;
  // Throws if it is no request, or one beyond what a server does.
  static Request Decode(const uint8_t *wire);
};

// The receiver's confirmation: how many bytes came.
inline constexpr size_t kConfirmationBytes = 8;
void EncodeConfirmation(uint64_t bytes, uint8_t *wire);
uint64_t DecodeConfirmation(const uint8_t *wire);

// A connection that carries a control channel, both ways, and bulk data in
// streams, one way.  Everything blocks; what fails is thrown.
class Link {
 public:
  Link() = default;
  Link(const Link &) = delete;
  Link &operator=(const Link &) = delete;
  virtual ~Link() = default;

  virtual void SendControl(const void *data, size_t size) = 0;
  virtual void ReceiveControl(void *data, size_t size) = 0;
  // Sends bytes in messages, spread over streams, to their end.
  virtual void SendBulk(const Request &request) = 0;
  // Receives until request.bytes came; returns how many did.
  virtual uint64_t ReceiveBulk(const Request &request) = 0;
  // Extra lines or JSON members about the connection.
  [[nodiscard]] virtual std::string Describe(bool json) const = 0;
  // Waits until the peer closed, so that nothing it has to get is lost.
  virtual void WaitForClose() = 0;
};

// fd is connected or accepted.
std::unique_ptr<Link> MakeTcpLink(tools::UniqueFd fd, bool is_server, bool with_tls);
std::unique_ptr<Link> MakeQuicLink(tools::UniqueFd fd, const Settings &settings);

// Makes a connection established with secrets that are no secrets, without
// TLS: so that a benchmark measures the kernel only.
void FixedSecretHandshake(int fd, bool is_server);

}  // namespace quicperf

#endif  // LIBQUIC_TOOLS_QUICPERF_H_
