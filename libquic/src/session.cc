// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Resumption and ALPN of a session.
//
// The server's ticket arrives after the handshake, when nobody reads handshake
// messages: the kernel keeps it.  It is fed to TLS when somebody asks for the
// data to resume with.  GnuTLS must not be asked before: it would read the
// socket itself.
//
// What is handed out is GnuTLS's data and, behind it, the version of QUIC that they
// are good for (RFC 9369 5):
//
//   data of GnuTLS | mark | version
//
// GnuTLS does not look behind its own part, so that data may also come from or go to
// it without this library.
#include "session.h"

#include <netinet/quic.h>
#include <syslog.h>

#include <array>
#include <cstring>
#include <string>

#include "connect.h"
#include "export.h"
#include "log.h"
#include "tls_message.h"

namespace quic {

namespace {

constexpr size_t kMaxTicketBytes = 4096;
constexpr size_t kMaxAlpnListBytes = 63;
constexpr std::array<uint8_t, 8> kVersionMark = {'Q', 'U', 'I', 'C', 'v', 'e', 'r', 0};
constexpr size_t kVersionBytes = 4;
constexpr size_t kTailBytes = kVersionMark.size() + kVersionBytes;

using Tail = std::array<uint8_t, kTailBytes>;

Tail MakeTail(uint32_t version) {
  Tail tail = {};
  memcpy(tail.data(), kVersionMark.data(), kVersionMark.size());
  for (size_t i = 0; i < kVersionBytes; i++)
    tail.at(kVersionMark.size() + i) =
        static_cast<uint8_t>(version >> (8 * (kVersionBytes - 1 - i)));
  return tail;
}

// The version in session data, 0 if it is not told.
uint32_t VersionIn(Bytes data) {
  if (data.size() <= kTailBytes)
    return 0;
  const Bytes tail = data.last(kTailBytes);
  if (memcmp(tail.data(), kVersionMark.data(), kVersionMark.size()) != 0)
    return 0;
  uint32_t version = 0;
  for (const uint8_t byte : tail.last(kVersionBytes))
    version = version << 8 | byte;
  return version;
}

int ErrnoOf(int tls_error) {
  switch (tls_error) {
    case GNUTLS_E_MEMORY_ERROR:
      return -ENOMEM;
    case GNUTLS_E_SHORT_MEMORY_BUFFER:
      return -ENOBUFS;
    default:
      return -EBADMSG;
  }
}

}  // namespace

int GetSessionData(gnutls_session_t session, Socket *socket, void *data, size_t *size) {
  std::array<uint8_t, kMaxTicketBytes> ticket = {};
  socklen_t ticket_size = ticket.size();
  int ret = socket->GetOption(QUIC_SOCKOPT_SESSION_TICKET, ticket.data(), &ticket_size);
  if (ret < 0)
    return ret;
  if (ticket_size == 0) {
    *size = 0;
    return 0;
  }
  // One whole NewSessionTicket and nothing else: a KeyUpdate, say, must not get in.
  MessageAssembler assembler;
  if (!assembler.Append(Bytes(ticket).first(ticket_size)))
    return -EBADMSG;
  const Bytes message = assembler.Next();
  if (message.empty() || !assembler.IsEmpty() || message.front() != kNewSessionTicketType)
    return -EBADMSG;
  ret = gnutls_handshake_write(session, GNUTLS_ENCRYPTION_LEVEL_APPLICATION, message.data(),
                               message.size());
  if (ret < 0)
    return ErrnoOf(ret);
  size_t used = data != nullptr && *size > kTailBytes ? *size - kTailBytes : 0;
  ret = gnutls_session_get_data(session, used != 0 ? data : nullptr, &used);
  *size = used + kTailBytes;
  if (ret >= 0 && data == nullptr)
    ret = GNUTLS_E_SHORT_MEMORY_BUFFER;
  if (ret < 0)
    return ErrnoOf(ret);
  const Tail tail = MakeTail(VersionOf(socket));
  memcpy(static_cast<uint8_t *>(data) + used, tail.data(), tail.size());
  return 0;
}

// Data of another version are left alone [9369-5#1].
int SetSessionData(gnutls_session_t session, Socket *socket, const void *data, size_t size) {
  const uint32_t version = VersionIn({static_cast<const uint8_t *>(data), size});
  const uint32_t wanted = version != 0 ? VersionOf(socket) : 0;
  if (wanted != 0 && version != wanted) {
    Log(LOG_INFO, "not resumed: the session is of another version of QUIC");
    return 0;
  }
  const int ret = gnutls_session_set_data(session, data, version != 0 ? size - kTailBytes : size);
  return ret < 0 ? ErrnoOf(ret) : 0;
}

}  // namespace quic

QUIC_EXPORT int quic_session_get_data(gnutls_session_t session, void *data, size_t *size) {
  return quic::Guard([&] {
    if (session == nullptr || size == nullptr || (data == nullptr && *size != 0))
      return -EINVAL;
    quic::KernelSocket socket(gnutls_transport_get_int(session));
    return quic::GetSessionData(session, &socket, data, size);
  });
}

QUIC_EXPORT int quic_session_set_data(gnutls_session_t session, const void *data, size_t size) {
  if (session == nullptr || data == nullptr || size == 0)
    return -EINVAL;
  return quic::Guard([&] {
    quic::KernelSocket socket(gnutls_transport_get_int(session));
    return quic::SetSessionData(session, &socket, data, size);
  });
}

QUIC_EXPORT int quic_session_get_alpn(gnutls_session_t session, void *data, size_t *size) {
  if (session == nullptr || data == nullptr || size == nullptr)
    return -EINVAL;
  gnutls_datum_t protocol = {};
  if (gnutls_alpn_get_selected_protocol(session, &protocol) < 0)
    return -ENOENT;
  const bool fits = *size >= protocol.size;
  *size = protocol.size;
  if (!fits)
    return -ENOBUFS;
  memcpy(data, protocol.data, protocol.size);
  return 0;
}

QUIC_EXPORT int quic_session_set_alpn(gnutls_session_t session, const void *data, size_t size) {
  return quic::Guard([&] {
    if (session == nullptr || data == nullptr || size == 0 || size > quic::kMaxAlpnListBytes)
      return -EINVAL;
    const std::string list(static_cast<const char *>(data), size);
    return quic::SetAlpn(session, list);
  });
}
