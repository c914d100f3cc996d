// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What GnuTLS calls during a handshake: secrets, messages, alerts and the
// transport parameters extension.  The handshake hangs on the session as the
// private data of that extension, so the session pointer stays the caller's.
#include <linux/tls.h>
#include <string.h>

#include <syslog.h>
#include <algorithm>

#include "export.h"
#include "handshake.h"
#include "log.h"

namespace quic {

namespace {

constexpr unsigned int kParametersExtension = 0x39;  // RFC 9001 8.2
constexpr size_t kParametersMaxBytes = 1024;
constexpr const char kParametersName[] = "QUIC Transport Parameters";

uint8_t LevelOf(gnutls_record_encryption_level_t level) {
  switch (level) {
    case GNUTLS_ENCRYPTION_LEVEL_INITIAL:
      return QUIC_CRYPTO_INITIAL;
    case GNUTLS_ENCRYPTION_LEVEL_EARLY:
      return QUIC_CRYPTO_EARLY;
    case GNUTLS_ENCRYPTION_LEVEL_HANDSHAKE:
      return QUIC_CRYPTO_HANDSHAKE;
    default:
      return QUIC_CRYPTO_APP;
  }
}

bool HasAlpn(gnutls_session_t session) {
  gnutls_datum_t protocol = {};
  return gnutls_alpn_get_selected_protocol(session, &protocol) == GNUTLS_E_SUCCESS;
}

Bytes AsBytes(const void *data, size_t size) {
  return {static_cast<const uint8_t *>(data), size};
}

// Runs body on the session's handshake.  After Detach() the hooks stay on the
// session (a ticket fed in later passes them) and do nothing.
template <typename Body>
int WithHandshake(gnutls_session_t session, Body &&body) noexcept {
  Handshake *const handshake = Handshake::Of(session);
  if (handshake == nullptr)
    return 0;
  return Guard([&] { return body(*handshake); }, GNUTLS_E_MEMORY_ERROR, GNUTLS_E_INTERNAL_ERROR);
}

}  // namespace

uint32_t CipherTypeOf(gnutls_cipher_algorithm_t cipher) {
  switch (cipher) {
    case GNUTLS_CIPHER_AES_128_GCM:
      return TLS_CIPHER_AES_GCM_128;
    case GNUTLS_CIPHER_AES_256_GCM:
      return TLS_CIPHER_AES_GCM_256;
    case GNUTLS_CIPHER_AES_128_CCM:
      return TLS_CIPHER_AES_CCM_128;
    case GNUTLS_CIPHER_CHACHA20_POLY1305:
      return TLS_CIPHER_CHACHA20_POLY1305;
    default:
      return 0;
  }
}

SecretHolder::SecretHolder(bool send, uint8_t level, uint32_t cipher, Bytes secret) {
  secret_.send = send ? 1 : 0;
  secret_.level = level;
  secret_.type = cipher;
  memcpy(secret_.secret, secret.data(), std::min(secret.size(), sizeof(secret_.secret)));
}

SecretHolder::SecretHolder(SecretHolder &&other) noexcept : secret_(other.secret_) {
  explicit_bzero(&other.secret_, sizeof(other.secret_));
}

SecretHolder::~SecretHolder() {
  explicit_bzero(&secret_, sizeof(secret_));
}

Handshake *Handshake::Of(gnutls_session_t session) {
  gnutls_ext_priv_data_t data = nullptr;
  if (gnutls_ext_get_data(session, kParametersExtension, &data) < 0)
    return nullptr;
  return static_cast<Handshake *>(data);
}

int Handshake::Attach(gnutls_session_t session, std::unique_ptr<Socket> socket) {
  if (Of(session) != nullptr)
    return -EINVAL;
  auto handshake = std::make_unique<Handshake>(session, std::move(socket));
  const int ret = handshake->InstallHooks();
  if (ret < 0)
    return ret;
  gnutls_ext_set_data(session, kParametersExtension, handshake.release());
  return 0;
}

// Setting the data anew makes GnuTLS call OnSessionGone() for the old.
void Handshake::Detach(gnutls_session_t session) {
  if (Of(session) != nullptr)
    gnutls_ext_set_data(session, kParametersExtension, nullptr);
}

void Handshake::OnSessionGone(gnutls_ext_priv_data_t data) {
  delete static_cast<Handshake *>(data);
}

int Handshake::InstallHooks() {
  // Parsed as mandatory, that is for resumed sessions too.
  const int ret = gnutls_session_ext_register(
      session_, kParametersName, kParametersExtension, GNUTLS_EXT_MANDATORY, OnParametersReceived,
      OnParametersWanted, OnSessionGone, nullptr, nullptr,
      GNUTLS_EXT_FLAG_TLS | GNUTLS_EXT_FLAG_CLIENT_HELLO | GNUTLS_EXT_FLAG_EE);
  if (ret < 0 && ret != GNUTLS_E_ALREADY_REGISTERED)
    return -ENOMEM;
  gnutls_handshake_set_secret_function(session_, OnSecret);
  gnutls_handshake_set_read_function(session_, OnMessage);
  gnutls_alert_set_read_function(session_, OnAlert);
  return 0;
}

int Handshake::OnSecret(gnutls_session_t session, gnutls_record_encryption_level_t level,
                        const void *read, const void *write, size_t size) {
  return WithHandshake(session, [&](Handshake &handshake) {
    return handshake.QueueSecrets(level, read, write, size);
  });
}

int Handshake::QueueSecrets(gnutls_record_encryption_level_t level, const void *read,
                            const void *write, size_t size) {
  const uint8_t quic_level = LevelOf(level);
  if (quic_level == QUIC_CRYPTO_EARLY)
    return QueueEarlySecret(read, write, size);
  int ret = CheckNegotiated(quic_level);
  if (ret == 0)
    ret = QueueVerdict();
  if (ret < 0)
    return ret;
  const uint32_t cipher = CipherTypeOf(gnutls_cipher_get(session_));
  if (cipher == 0 || size > QUIC_CRYPTO_SECRET_BUFFER_SIZE)  // [9001-5.3#1]
    return GNUTLS_E_UNKNOWN_CIPHER_TYPE;
  psk_looked_up_ = false;  // it was right
  if (write != nullptr)
    queue_.emplace_back(std::in_place_type<SecretHolder>, true, quic_level, cipher,
                        AsBytes(write, size));
  if (read != nullptr) {
    queue_.emplace_back(std::in_place_type<SecretHolder>, false, quic_level, cipher,
                        AsBytes(read, size));
    read_level_ = quic_level;
  }
  return 0;
}

// What must have been negotiated before there are keys.  A server has read the
// ClientHello when it makes handshake keys, a client has read the
// EncryptedExtensions when it makes application keys.
int Handshake::CheckNegotiated(uint8_t level) {
  if (level != (is_server_ ? QUIC_CRYPTO_HANDSHAKE : QUIC_CRYPTO_APP))
    return 0;
  if (peer_parameters_.empty()) {  // [9001-8.2#1]
    Fail(AlertFailure(-EPROTO, GNUTLS_A_MISSING_EXTENSION,
                      "the peer sent no QUIC transport parameters"));
    return GNUTLS_E_MISSING_EXTENSION;
  }
  if (require_alpn_ && !HasAlpn(session_)) {  // [9000-7#2] [9001-8.1#1,2,3,5]
    Fail(AlertFailure(-EPROTO, GNUTLS_A_NO_APPLICATION_PROTOCOL,
                      "no application protocol (ALPN) in common"));
    return GNUTLS_E_NO_APPLICATION_PROTOCOL;
  }
  return 0;
}

int Handshake::OnMessage(gnutls_session_t session, gnutls_record_encryption_level_t level,
                         gnutls_handshake_description_t type, const void *data, size_t size) {
  return WithHandshake(session, [&](Handshake &handshake) {
    if (type == GNUTLS_HANDSHAKE_CHANGE_CIPHER_SPEC)  // never in QUIC, RFC 9001 8.4
      return 0;
    if (type == GNUTLS_HANDSHAKE_END_OF_EARLY_DATA) {  // the session's flag is missing [9001-8.3#1]
      handshake.Fail(LocalFailure(-EINVAL, "early data need GNUTLS_NO_END_OF_EARLY_DATA"));
      return GNUTLS_E_INTERNAL_ERROR;
    }
    if (type != GNUTLS_HANDSHAKE_NEW_SESSION_TICKET) {
      handshake.QueueMessage(LevelOf(level), AsBytes(data, size));
      return 0;
    }
    std::vector<uint8_t> ticket(AsBytes(data, size).begin(), AsBytes(data, size).end());
    handshake.ticket_made_ = true;
    if (handshake.SealTicket(&ticket))
      handshake.QueueMessage(LevelOf(level), ticket);
    return 0;
  });
}

// Messages of one level become one as long as they fit a buffer: a flight is
// then one call, and the socket is asked for no more memory than it has.
void Handshake::QueueMessage(uint8_t level, Bytes bytes) {
  constexpr size_t kMaxSendBytes = 16 * 1024;
  ClientHello hello;
  if (!is_server_ && !hello_sent_ && ParseClientHello(bytes, &hello)) {
    hello_sent_ = true;
    require_alpn_ |= hello.has_alpn;
    early_alpn_.assign(hello.first_alpn.begin(), hello.first_alpn.end());
  }
  while (!bytes.empty()) {
    auto *last = queue_.empty() ? nullptr : std::get_if<Message>(&queue_.back());
    if (last == nullptr || last->level != level || last->bytes.size() >= kMaxSendBytes) {
      queue_.emplace_back(Message{level, {}});
      last = &std::get<Message>(queue_.back());
    }
    const Bytes part = bytes.first(std::min(bytes.size(), kMaxSendBytes - last->bytes.size()));
    last->bytes.insert(last->bytes.end(), part.begin(), part.end());
    bytes = bytes.subspan(part.size());
  }
}

int Handshake::OnAlert(gnutls_session_t session, gnutls_record_encryption_level_t /*level*/,
                       gnutls_alert_level_t alert_level, gnutls_alert_description_t alert) {
  return WithHandshake(session, [&](Handshake &handshake) {
    Log(LOG_DEBUG, "%s raised", TextOfAlert(alert).c_str());
    // Whatever GnuTLS raises ends the handshake [9001-4.8]; closing is the socket's business.
    if (alert_level == GNUTLS_AL_FATAL && handshake.raised_alert_ == Failure::kNoAlert)
      handshake.raised_alert_ = alert;
    return 0;
  });
}

int Handshake::OnParametersReceived(gnutls_session_t session, const unsigned char *data,
                                    size_t size) {
  return WithHandshake(session, [&](Handshake &handshake) {
    return handshake.StoreParameters({data, size});
  });
}

int Handshake::StoreParameters(Bytes bytes) {
  if (!peer_parameters_.empty()) {
    // A second ClientHello, after HelloRetryRequest: it may change nothing here.
    const bool same =
        std::equal(bytes.begin(), bytes.end(), peer_parameters_.begin(), peer_parameters_.end());
    return same ? 0 : GNUTLS_E_RECEIVED_ILLEGAL_PARAMETER;
  }
  const int ret = socket_->SetOption(QUIC_SOCKOPT_TRANSPORT_PARAM_EXT, bytes.data(),
                                     static_cast<socklen_t>(bytes.size()));
  if (ret < 0) {
    // Where the kernel found an error in them it has closed the connection and
    // knows the code; this is for a blob it did not even look into.
    Failure failure = LocalFailure(ret, "the peer's transport parameters were refused");
    failure.close_code = QUIC_TRANSPORT_ERROR_TRANSPORT_PARAM;
    Fail(std::move(failure));
    return GNUTLS_E_RECEIVED_ILLEGAL_PARAMETER;
  }
  peer_parameters_.assign(bytes.begin(), bytes.end());
  return 0;
}

int Handshake::OnParametersWanted(gnutls_session_t session, gnutls_buffer_t out) {
  return WithHandshake(session,
                       [&](Handshake &handshake) { return handshake.FetchParameters(out); });
}

int Handshake::FetchParameters(gnutls_buffer_t out) {
  std::array<uint8_t, kParametersMaxBytes> blob = {};
  socklen_t size = blob.size();
  const int ret = socket_->GetOption(QUIC_SOCKOPT_TRANSPORT_PARAM_EXT, blob.data(), &size);
  if (ret < 0 || size == 0) {
    Fail(AlertFailure(ret < 0 ? ret : -EIO, GNUTLS_A_INTERNAL_ERROR,
                      "the socket gave no transport parameters"));
    return GNUTLS_E_INTERNAL_ERROR;
  }
  const int appended = gnutls_buffer_append_data(out, blob.data(), size);
  return appended < 0 ? appended : static_cast<int>(size);
}

}  // namespace quic
