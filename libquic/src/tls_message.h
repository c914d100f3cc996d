// SPDX-License-Identifier: LGPL-2.1-or-later
//
// TLS 1.3 handshake messages as bytes (RFC 8446 4): putting them together from
// the pieces the socket delivers, and a look into a ClientHello.
#ifndef LIBQUIC_SRC_TLS_MESSAGE_H_
#define LIBQUIC_SRC_TLS_MESSAGE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace quic {

using Bytes = std::span<const uint8_t>;

// Puts handshake messages of one encryption level together.  Holds at most one
// incomplete message and what came with it.
class MessageAssembler {
 public:
  // GnuTLS takes no larger messages either.
  static constexpr size_t kMaxMessageBytes = 128 * 1024;
  static constexpr size_t kHeaderBytes = 4;

  // Adds bytes.  False: the message they start is larger than allowed.
  [[nodiscard]] bool Append(Bytes bytes);

  // The next complete message with its header, valid until the next call of
  // Append(); empty if there is none.
  [[nodiscard]] Bytes Next();

  // True when no byte is left over.
  [[nodiscard]] bool IsEmpty() const { return begin_ == buffer_.size(); }

 private:
  [[nodiscard]] Bytes Pending() const { return Bytes(buffer_).subspan(begin_); }

  std::vector<uint8_t> buffer_;
  size_t begin_ = 0;  // bytes of buffer_ given out already
};

// What QUIC cares about in a ClientHello.
struct ClientHello {
  bool has_session_id = false;  // forbidden by RFC 9001 8.4
  bool has_alpn = false;        // RFC 7301
};

inline constexpr uint8_t kClientHelloType = 1;
inline constexpr uint8_t kNewSessionTicketType = 4;

// Reads a complete message.  False if it is no ClientHello or cannot be read;
// the TLS library then says what is wrong with it.
[[nodiscard]] bool ParseClientHello(Bytes message, ClientHello *hello);

}  // namespace quic

#endif  // LIBQUIC_SRC_TLS_MESSAGE_H_
