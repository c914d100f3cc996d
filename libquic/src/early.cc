// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Terms of early data: made, sealed into tickets, read again.
#include "early.h"

#include <gnutls/crypto.h>
#include <string.h>

#include <algorithm>

namespace quic {

namespace {

constexpr size_t kSealBytes = 32;
constexpr size_t kNumberBytes = 8;
constexpr size_t kLengthBytes = 2;
constexpr size_t kMaxTicketBytes = 2048;  // the kernel takes a session of 4096 bytes
constexpr const char kSealLabel[] = "QUIC early data";

using Seal = std::array<uint8_t, kSealBytes>;

bool MakeSeal(const Secret &key, Bytes bytes, Seal *seal) {
  return gnutls_hmac_fast(GNUTLS_MAC_SHA256, key.data(), key.size(), bytes.data(), bytes.size(),
                          seal->data()) == 0;
}

void PutNumber(size_t width, uint64_t value, std::vector<uint8_t> *to) {
  for (size_t i = width; i-- > 0;)
    to->push_back(static_cast<uint8_t>(value >> (8 * i)));
}

uint64_t NumberAt(Bytes bytes, size_t offset, size_t width) {
  uint64_t value = 0;
  for (const uint8_t byte : bytes.subspan(offset, width))
    value = value << 8 | byte;
  return value;
}

// In constant time: how much of a seal is right is nobody's business.
bool IsSame(Bytes a, const Seal &b) {
  return a.size() == b.size() && gnutls_memcmp(a.data(), b.data(), b.size()) == 0;
}

}  // namespace

EarlyTerms EarlyTerms::Of(const quic_transport_param &parameters, std::string alpn) {
  return {{parameters.max_data, parameters.max_stream_data_bidi_local,
           parameters.max_stream_data_bidi_remote, parameters.max_stream_data_uni,
           parameters.max_streams_bidi, parameters.max_streams_uni,
           parameters.active_connection_id_limit, parameters.max_datagram_frame_size},
          std::move(alpn)};
}

bool EarlyTerms::Cover(const EarlyTerms &other) const {
  return alpn == other.alpn &&
         std::equal(limits.begin(), limits.end(), other.limits.begin(),
                    [](uint64_t ours, uint64_t theirs) { return ours >= theirs; });
}

std::optional<Secret> EarlySealKey(Bytes ticket_key) {
  Secret key(kSealBytes);
  if (gnutls_hmac_fast(GNUTLS_MAC_SHA256, ticket_key.data(), ticket_key.size(), kSealLabel,
                       sizeof(kSealLabel), key.data()) != 0)
    return {};
  return key;
}

bool SealTerms(const Secret &key, const EarlyTerms &terms, std::vector<uint8_t> *message) {
  NewSessionTicket found;
  if (!ParseNewSessionTicket(*message, &found))
    return false;
  std::vector<uint8_t> ticket(found.ticket.begin(), found.ticket.end());
  for (const uint64_t limit : terms.limits)
    PutNumber(kNumberBytes, limit, &ticket);
  PutNumber(kNumberBytes, terms.version, &ticket);
  ticket.insert(ticket.end(), terms.alpn.begin(), terms.alpn.end());
  PutNumber(kLengthBytes, ticket.size() - found.ticket.size(), &ticket);
  Seal seal = {};
  if (!MakeSeal(key, ticket, &seal))
    return false;
  ticket.insert(ticket.end(), seal.begin(), seal.end());
  if (ticket.size() > kMaxTicketBytes)
    return false;
  *message = ReplaceTicket(*message, found, ticket);
  return true;
}

std::optional<EarlyTerms> OpenTerms(const Secret &key, Bytes ticket) {
  constexpr size_t kTail = kLengthBytes + kSealBytes;
  constexpr size_t kNumbers = (EarlyTerms::kLimits + 1) * kNumberBytes;
  if (ticket.size() < kTail)
    return {};
  const Bytes sealed = ticket.first(ticket.size() - kSealBytes);
  Seal seal = {};
  if (!MakeSeal(key, sealed, &seal) || !IsSame(ticket.last(kSealBytes), seal))
    return {};
  const size_t size = NumberAt(sealed, sealed.size() - kLengthBytes, kLengthBytes);
  if (size < kNumbers || size > sealed.size() - kLengthBytes)
    return {};
  const Bytes body = sealed.first(sealed.size() - kLengthBytes).last(size);
  EarlyTerms terms;
  for (size_t i = 0; i < EarlyTerms::kLimits; i++)
    terms.limits.at(i) = NumberAt(body, i * kNumberBytes, kNumberBytes);
  terms.version =
      static_cast<uint32_t>(NumberAt(body, EarlyTerms::kLimits * kNumberBytes, kNumberBytes));
  const Bytes alpn = body.subspan(kNumbers);
  terms.alpn.assign(alpn.begin(), alpn.end());
  return terms;
}

}  // namespace quic
