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
  Bytes first_alpn;             // the client's preference; empty if there is none
  bool has_early_data = false;  // RFC 8446 4.2.10
  Bytes psk_identity;           // the first, the one early data go with (RFC 8446 4.2.10)
  Bytes psk_binder;             // of that one
};

inline constexpr uint8_t kClientHelloType = 1;
inline constexpr uint8_t kNewSessionTicketType = 4;

// The ticket in a NewSessionTicket message (RFC 8446 4.6.1).
struct NewSessionTicket {
  Bytes ticket;
};

// Reads a complete message.  False if it is no ClientHello or cannot be read;
// the TLS library then says what is wrong with it.  What is found points into
// the message.
[[nodiscard]] bool ParseClientHello(Bytes message, ClientHello *hello);

// The same for a NewSessionTicket.
[[nodiscard]] bool ParseNewSessionTicket(Bytes message, NewSessionTicket *found);

// The message found was read from, with another ticket.
std::vector<uint8_t> ReplaceTicket(Bytes message, const NewSessionTicket &found, Bytes ticket);

}  // namespace quic

#endif  // LIBQUIC_SRC_TLS_MESSAGE_H_
