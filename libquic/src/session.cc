// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Resumption and ALPN of a session.
//
// The server's ticket arrives after the handshake, when nobody reads handshake
// messages: the kernel keeps it.  It is fed to TLS when somebody asks for the
// data to resume with.  GnuTLS must not be asked before: it would read the
// socket itself.
#include "session.h"

#include <netinet/quic.h>

#include <array>
#include <cstring>
#include <string>

#include "connect.h"
#include "export.h"
#include "tls_message.h"

namespace quic {

namespace {

constexpr size_t kMaxTicketBytes = 4096;
constexpr size_t kMaxAlpnListBytes = 63;

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
  ret = gnutls_session_get_data(session, data, size);
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
  const int ret = gnutls_session_set_data(session, data, size);
  return ret < 0 ? quic::ErrnoOf(ret) : 0;
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
