// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Assembling handshake messages, and reading a ClientHello.
#include "tls_message.h"

namespace quic {

namespace {

constexpr uint16_t kAlpnExtension = 16;
constexpr size_t kRandomBytes = 32;

size_t BodyLength(Bytes header) {
  return static_cast<size_t>(header[1]) << 16 | static_cast<size_t>(header[2]) << 8 | header[3];
}

// Takes from the front of a span; a getter that lacks bytes takes nothing.
class Reader {
 public:
  explicit Reader(Bytes bytes) : rest_(bytes) {}

  [[nodiscard]] bool IsAtEnd() const { return rest_.empty(); }

  [[nodiscard]] bool Take(size_t count, Bytes *out) {
    if (rest_.size() < count)
      return false;
    *out = rest_.first(count);
    rest_ = rest_.subspan(count);
    return true;
  }

  [[nodiscard]] bool TakeNumber(size_t width, size_t *out) {
    Bytes digits;
    if (!Take(width, &digits))
      return false;
    *out = 0;
    for (const uint8_t digit : digits)
      *out = *out << 8 | digit;
    return true;
  }

  // A vector with its length in front, width bytes wide.
  [[nodiscard]] bool TakeVector(size_t width, Bytes *out) {
    Reader ahead = *this;
    size_t length = 0;
    if (!ahead.TakeNumber(width, &length) || !ahead.Take(length, out))
      return false;
    *this = ahead;
    return true;
  }

 private:
  Bytes rest_;
};

}  // namespace

bool MessageAssembler::Append(Bytes bytes) {
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(begin_));
  begin_ = 0;
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
  return buffer_.size() < kHeaderBytes || BodyLength(buffer_) <= kMaxMessageBytes;
}

Bytes MessageAssembler::Next() {
  const Bytes pending = Pending();
  if (pending.size() < kHeaderBytes)
    return {};
  const size_t size = kHeaderBytes + BodyLength(pending);
  if (pending.size() < size)
    return {};
  begin_ += size;
  return pending.first(size);
}

bool ParseClientHello(Bytes message, ClientHello *hello) {
  Reader reader(message);
  size_t type = 0;
  Bytes body;
  if (!reader.TakeNumber(1, &type) || type != kClientHelloType || !reader.TakeVector(3, &body))
    return false;

  Reader fields(body);
  size_t version = 0;
  Bytes random;
  Bytes session_id;
  Bytes suites;
  Bytes compressions;
  Bytes extensions;
  if (!fields.TakeNumber(2, &version) || !fields.Take(kRandomBytes, &random) ||
      !fields.TakeVector(1, &session_id) || !fields.TakeVector(2, &suites) ||
      !fields.TakeVector(1, &compressions) || !fields.TakeVector(2, &extensions))
    return false;

  ClientHello found;
  found.has_session_id = !session_id.empty();
  Reader list(extensions);
  while (!list.IsAtEnd()) {
    size_t extension = 0;
    Bytes content;
    if (!list.TakeNumber(2, &extension) || !list.TakeVector(2, &content))
      return false;
    found.has_alpn |= extension == kAlpnExtension;
  }
  *hello = found;
  return true;
}

}  // namespace quic
