// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a server must know of a ticket before it accepts it, and early data.
//
// A ticket is good for the version of QUIC it was given out in (RFC 9369 5).
// A client's early data obey the limits and the protocol of the connection that
// gave out the ticket (RFC 9001 4.6.3, RFC 9000 7.4.1, RFC 8446 4.2.10).  GnuTLS
// puts nothing about these into a ticket, so they are appended to it, sealed with
// a key made from the ticket key; GnuTLS does not look behind its own part.
//
// Clients see no more of this than before: bytes [9001-9.2#2].
//
//   ticket of GnuTLS | limits, version, protocol | their length | HMAC of all before
#ifndef LIBQUIC_SRC_EARLY_H_
#define LIBQUIC_SRC_EARLY_H_

#include <linux/quic.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "secret.h"
#include "tls_message.h"

namespace quic {

// What early data may count on.
struct EarlyTerms {
  static constexpr size_t kLimits = 8;

  std::array<uint64_t, kLimits> limits = {};
  std::string alpn;
  uint32_t version = 0;  // of QUIC

  // The terms of a connection with these parameters and this protocol.
  static EarlyTerms Of(const quic_transport_param &parameters, std::string alpn);

  // True if whoever obeys the other terms obeys these.  The version is no such term.
  [[nodiscard]] bool Cover(const EarlyTerms &other) const;
};

// The key of the seal, from a ticket key; nothing without a working hash.
std::optional<Secret> EarlySealKey(Bytes ticket_key);

// Appends terms to the ticket in a NewSessionTicket message.  False if the
// message cannot be read or would be too long; it is unchanged then.
[[nodiscard]] bool SealTerms(const Secret &key, const EarlyTerms &terms,
                             std::vector<uint8_t> *message);

// The terms in a ticket; nothing if it has none or the seal is broken.
std::optional<EarlyTerms> OpenTerms(const Secret &key, Bytes ticket);

}  // namespace quic

#endif  // LIBQUIC_SRC_EARLY_H_
