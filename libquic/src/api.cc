// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The C ABI of handshakes: thin, and nothing thrown leaves it.
#include <netinet/quic.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "connect.h"
#include "driver.h"
#include "export.h"
#include "handshake.h"

namespace quic {

namespace {

constexpr uint32_t kKnownFlags = QUIC_HANDSHAKE_REQUEST_CERT | QUIC_HANDSHAKE_REQUIRE_CERT |
                                 QUIC_HANDSHAKE_NO_TICKETS | QUIC_HANDSHAKE_EARLY_DATA;

std::string StringOf(const char *text) {
  return text != nullptr ? text : "";
}

// Takes what the caller's version of the structure has.  A longer one is from
// a later version: what this one does not know must be zero.
bool ReadOptions(const quic_handshake_options *from, Options *to) {
  if (from == nullptr)
    return true;
  quic_handshake_options known = {};
  if (from->size < offsetof(quic_handshake_options, hostname))
    return false;
  memcpy(&known, from, std::min(from->size, sizeof(known)));
  const auto *bytes = reinterpret_cast<const unsigned char *>(from);
  if (std::any_of(bytes + std::min(from->size, sizeof(known)), bytes + from->size,
                  [](unsigned char byte) { return byte != 0; }))
    return false;
  if ((known.flags & ~kKnownFlags) != 0)
    return false;
  to->flags = known.flags;
  if (known.timeout_ms != 0)
    to->timeout_ms = known.timeout_ms;
  to->hostname = StringOf(known.hostname);
  to->alpns = StringOf(known.alpns);
  to->ca_file = StringOf(known.ca_file);
  to->cert_file = StringOf(known.cert_file);
  to->key_file = StringOf(known.key_file);
  to->psk_file = StringOf(known.psk_file);
  to->priority = StringOf(known.priority);
  return true;
}

template <size_t kSize>
void CopyText(char (&to)[kSize], const std::string &from) {
  const size_t length = std::min(from.size(), kSize - 1);
  memcpy(to, from.data(), length);
  to[length] = '\0';
}

void WriteResult(const Outcome &outcome, quic_handshake_result *to) {
  if (to == nullptr)
    return;
  quic_handshake_result result = {};
  result.size = to->size;
  result.error = outcome.failure.error;
  result.tls_error = outcome.failure.tls_error;
  result.alert = outcome.failure.alert;
  result.by_peer = outcome.failure.by_peer ? 1 : 0;
  result.close_code = outcome.failure.close_code;
  CopyText(result.message, outcome.failure.message);
  CopyText(result.alpn, outcome.alpn);
  memcpy(to, &result, std::min(to->size, sizeof(result)));
}

int ConnectFd(bool is_server, int sockfd, const quic_handshake_options *options,
              quic_handshake_result *result) {
  Outcome outcome;
  Options wanted;
  if (ReadOptions(options, &wanted))
    outcome = Connect(is_server, std::make_unique<KernelSocket>(sockfd), wanted);
  else
    outcome.failure = LocalFailure(-EINVAL, "unknown handshake options");
  WriteResult(outcome, result);
  return outcome.failure.error;
}

}  // namespace

}  // namespace quic

QUIC_EXPORT int quic_client_handshake_ex(int sockfd, const struct quic_handshake_options *options,
                                         struct quic_handshake_result *result) {
  return quic::Guard([&] { return quic::ConnectFd(false, sockfd, options, result); });
}

QUIC_EXPORT int quic_server_handshake_ex(int sockfd, const struct quic_handshake_options *options,
                                         struct quic_handshake_result *result) {
  return quic::Guard([&] { return quic::ConnectFd(true, sockfd, options, result); });
}

QUIC_EXPORT int quic_client_handshake(int sockfd, const char *pkey_file, const char *hostname,
                                      const char *alpns) {
  quic_handshake_options options = {};
  options.size = sizeof(options);
  options.psk_file = pkey_file;
  options.hostname = hostname;
  options.alpns = alpns;
  return quic_client_handshake_ex(sockfd, &options, nullptr);
}

QUIC_EXPORT int quic_server_handshake(int sockfd, const char *pkey_file, const char *cert_file,
                                      const char *alpns) {
  quic_handshake_options options = {};
  options.size = sizeof(options);
  options.cert_file = cert_file;
  (cert_file != nullptr ? options.key_file : options.psk_file) = pkey_file;
  options.alpns = alpns;
  return quic_server_handshake_ex(sockfd, &options, nullptr);
}

QUIC_EXPORT int quic_handshake_init(gnutls_session_t session, struct quic_handshake_step **pstep) {
  return quic::Guard([&] {
    if (session == nullptr || pstep == nullptr || *pstep != nullptr)
      return -EINVAL;
    const int ret = quic::Handshake::Attach(
        session, std::make_unique<quic::KernelSocket>(gnutls_transport_get_int(session)));
    return ret < 0 ? ret : quic::Handshake::Of(session)->Start(pstep);
  });
}

QUIC_EXPORT int quic_handshake_step(gnutls_session_t session, struct quic_handshake_step **pstep) {
  return quic::Guard([&] {
    quic::Handshake *const handshake = session != nullptr ? quic::Handshake::Of(session) : nullptr;
    if (handshake == nullptr || pstep == nullptr)
      return -EINVAL;
    return handshake->Step(pstep);
  });
}

QUIC_EXPORT void quic_handshake_deinit(gnutls_session_t session) {
  if (session != nullptr)
    quic::Handshake::Detach(session);
}

QUIC_EXPORT int quic_handshake(gnutls_session_t session) {
  return quic::Guard([&] {
    if (session == nullptr)
      return -EINVAL;
    int ret = quic::Handshake::Attach(
        session, std::make_unique<quic::KernelSocket>(gnutls_transport_get_int(session)));
    if (ret < 0)
      return ret;
    ret = quic::Drive(quic::Handshake::Of(session), QUIC_HANDSHAKE_DEFAULT_TIMEOUT_MS);
    quic::Handshake::Detach(session);
    return ret;
  });
}
