// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Assembling handshake messages, and reading a ClientHello.
#include "tls_message.h"

namespace quic {

namespace {

constexpr uint16_t kAlpnExtension = 16;
constexpr uint16_t kPskExtension = 41;
constexpr uint16_t kEarlyDataExtension = 42;
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

// The first protocol of a ProtocolNameList (RFC 7301 3.1), nothing if it cannot
// be read.
Bytes ReadAlpn(Bytes content) {
  Reader reader(content);
  Bytes list;
  Bytes first;
  if (!reader.TakeVector(2, &list) || !Reader(list).TakeVector(1, &first))
    return {};
  return first;
}

// The first identity and binder of an OfferedPsks (RFC 8446 4.2.11); neither if
// they cannot be read.
void ReadPsk(Bytes content, ClientHello *hello) {
  Reader reader(content);
  Bytes identities;
  Bytes binders;
  Bytes identity;
  Bytes binder;
  if (!reader.TakeVector(2, &identities) || !reader.TakeVector(2, &binders) ||
      !Reader(identities).TakeVector(2, &identity) || !Reader(binders).TakeVector(1, &binder))
    return;
  hello->psk_identity = identity;
  hello->psk_binder = binder;
}

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
    if (extension == kAlpnExtension) {
      found.has_alpn = true;
      found.first_alpn = ReadAlpn(content);
    }
    found.has_early_data |= extension == kEarlyDataExtension;
    if (extension == kPskExtension)
      ReadPsk(content, &found);
  }
  *hello = found;
  return true;
}

bool ParseNewSessionTicket(Bytes message, NewSessionTicket *found) {
  constexpr size_t kLifetimeAndAge = 8;
  Reader reader(message);
  size_t type = 0;
  Bytes body;
  if (!reader.TakeNumber(1, &type) || type != kNewSessionTicketType ||
      !reader.TakeVector(3, &body) || !reader.IsAtEnd())
    return false;
  Reader fields(body);
  Bytes times;
  Bytes nonce;
  return fields.Take(kLifetimeAndAge, &times) && fields.TakeVector(1, &nonce) &&
         fields.TakeVector(2, &found->ticket);
}

std::vector<uint8_t> ReplaceTicket(Bytes message, const NewSessionTicket &found, Bytes ticket) {
  const auto at = static_cast<size_t>(found.ticket.data() - message.data());
  const Bytes before = message.first(at - 2);
  const Bytes after = message.subspan(at + found.ticket.size());
  std::vector<uint8_t> out(before.begin(), before.end());
  out.push_back(static_cast<uint8_t>(ticket.size() >> 8));
  out.push_back(static_cast<uint8_t>(ticket.size()));
  out.insert(out.end(), ticket.begin(), ticket.end());
  out.insert(out.end(), after.begin(), after.end());
  const size_t body = out.size() - MessageAssembler::kHeaderBytes;
  for (size_t i = 0; i < 3; i++)
    out.at(3 - i) = static_cast<uint8_t>(body >> (8 * i));
  return out;
}

}  // namespace quic
