// SPDX-License-Identifier: LGPL-2.1-or-later
//
// 0-RTT in a handshake (RFC 9001 4.6).
//
// Client: the 0-RTT key goes to the socket before the ClientHello, so that what
// the application wrote already leaves together with it.  Once the
// EncryptedExtensions are read, the socket is told whether the server accepted.
//
// Server: GnuTLS decides, but asks here whether a ClientHello may be a replay.
// The answer is also no if the ticket's terms are not met any more.
#include <gnutls/crypto.h>
#include <string.h>
#include <syslog.h>

#include <array>
#include <memory>

#include "export.h"
#include "handshake.h"
#include "log.h"

namespace quic {

namespace {

// RFC 8446 8.3: a ClientHello is fresh if the client's idea of its ticket's age
// is off by no more than that, to either side.  So it can be replayed for twice
// the time, and a little longer for clocks that are read in between.
constexpr unsigned int kWindowMs = 10000;
constexpr uint32_t kReplayableMs = 2 * kWindowMs + 1000;

struct AntiReplayDeleter {
  void operator()(gnutls_anti_replay_t object) const { gnutls_anti_replay_deinit(object); }
};
using AntiReplayPtr = std::unique_ptr<gnutls_anti_replay_st, AntiReplayDeleter>;

// The handshake for which GnuTLS runs in this thread: its question comes with no
// session.
thread_local Handshake *asking = nullptr;

// GnuTLS believes tickets only if they were given out after this object was
// made.  So there is one for the process, made when the library is loaded:
// children that a server forks for its connections then agree.  Nothing of it
// ever changes.
AntiReplayPtr MakeAntiReplay() {
  gnutls_anti_replay_t object = nullptr;
  if (gnutls_anti_replay_init(&object) < 0)
    return nullptr;
  gnutls_anti_replay_set_window(object, kWindowMs);
  gnutls_anti_replay_set_add_function(
      object, [](void *, time_t, const gnutls_datum_t *, const gnutls_datum_t *) {
        const bool is_fresh =
            asking != nullptr && Guard([] { return asking->MayAcceptEarlyData() ? 0 : 1; }) == 0;
        return is_fresh ? 0 : GNUTLS_E_DB_ENTRY_EXISTS;
      });
  return AntiReplayPtr(object);
}

const AntiReplayPtr anti_replay = MakeAntiReplay();

}  // namespace

// GnuTLS asks in gnutls_handshake() only.
int Handshake::CallTls() {
  asking = this;
  const int ret = gnutls_handshake(session_);
  asking = nullptr;
  return ret;
}

void Handshake::PrepareEarlyServer() {
  gnutls_anti_replay_enable(session_, anti_replay.get());
  // Not an amount, but "as flow control allows" [9001-4.6.1#1].
  gnutls_record_set_max_early_data_size(session_, UINT32_MAX);
}

// The socket's ticket key, the application's or derived, is the same for all who
// can see this client again.
std::optional<Secret> Handshake::SealKey() {
  constexpr socklen_t kMaxKeyBytes = 4096;
  Secret key(kMaxKeyBytes);
  socklen_t size = kMaxKeyBytes;
  if (socket_->GetOption(QUIC_SOCKOPT_SESSION_TICKET, key.data(), &size) < 0 || size == 0)
    return {};
  return EarlySealKey({key.data(), size});
}

std::optional<EarlyTerms> Handshake::TermsNow() {
  quic_transport_param parameters = {};
  socklen_t size = sizeof(parameters);
  if (socket_->GetOption(QUIC_SOCKOPT_TRANSPORT_PARAM, &parameters, &size) < 0)
    return {};
  gnutls_datum_t protocol = {};
  std::string alpn;
  if (gnutls_alpn_get_selected_protocol(session_, &protocol) == GNUTLS_E_SUCCESS)
    alpn.assign(reinterpret_cast<const char *>(protocol.data), protocol.size);
  EarlyTerms terms = EarlyTerms::Of(parameters, std::move(alpn));
  terms.version = VersionOf(socket_.get());
  return terms;
}

// A ticket nobody can tell the version of is not given out.
bool Handshake::SealTicket(std::vector<uint8_t> *message) {
  const std::optional<Secret> key = SealKey();
  const std::optional<EarlyTerms> terms = TermsNow();
  if (key && terms && SealTerms(*key, *terms, message))
    return true;
  Log(LOG_INFO, "no session ticket sent: its terms do not fit into it");
  return false;
}

// GnuTLS asks about every ticket, also where there are no early data.  A ticket of
// another version of QUIC is none [9369-5#2]: the handshake will be a full one.
void Handshake::NoteClientHello(const ClientHello &hello) {
  if (first_version_ == 0)
    first_version_ = VersionOf(socket_.get());
  const std::optional<Secret> key = hello.psk_identity.empty() ? std::nullopt : SealKey();
  const std::optional<EarlyTerms> terms = key ? OpenTerms(*key, hello.psk_identity) : std::nullopt;
  if (terms && terms->version != first_version_)
    RefuseTickets();
  if (!hello.has_early_data)
    return;
  ticket_.assign(hello.psk_identity.begin(), hello.psk_identity.end());
  binder_.assign(hello.psk_binder.begin(), hello.psk_binder.end());
}

// Under a key that nobody has, no ticket can be read; nor could one that is given out.
void Handshake::RefuseTickets() {
  Log(LOG_INFO, "the session ticket is of another version of QUIC");
  ticket_made_ = true;
  gnutls_datum_t key = {};
  if (gnutls_session_ticket_key_generate(&key) < 0 ||
      gnutls_session_ticket_enable_server(session_, &key) < 0)
    Fail(LocalFailure(-ENOMEM, "no key to refuse a session ticket with"));
  gnutls_memset(key.data, 0, key.size);
  gnutls_free(key.data);
}

// Early data are accepted only as long as all that the client counts on is still
// there [9000-7.4.1#5,6,7] [9221-3#5].
bool Handshake::MeetsTerms() {
  const std::optional<Secret> key = SealKey();
  if (!key)
    return false;
  const std::optional<EarlyTerms> then = OpenTerms(*key, ticket_);
  const std::optional<EarlyTerms> now = TermsNow();
  return then && now && now->Cover(*then);
}

// A binder covers the whole ClientHello, its random bytes too [9001-9.2#1].
bool Handshake::MayAcceptEarlyData() {
  if (binder_.empty())
    return false;
  if (!MeetsTerms()) {
    Log(LOG_INFO, "early data rejected: not what the ticket was given out for");
    return false;
  }
  quic_early early = {};
  early.op = QUIC_EARLY_OP_REGISTER;
  early.lifetime_ms = kReplayableMs;
  if (gnutls_hash_fast(GNUTLS_DIG_SHA256, binder_.data(), binder_.size(), early.id) != 0)
    return false;
  const int ret = socket_->SetOption(QUIC_SOCKOPT_EARLY_DATA, &early, sizeof(early));
  if (ret < 0)
    Log(LOG_INFO, "early data rejected: %s", strerror(-ret));
  may_accept_early_ = ret == 0;
  return may_accept_early_;
}

int Handshake::QueueEarlySecret(const void *read, const void *write, size_t size) {
  const uint32_t cipher = CipherTypeOf(gnutls_early_cipher_get(session_));
  if (cipher == 0 || size > QUIC_CRYPTO_SECRET_BUFFER_SIZE)
    return GNUTLS_E_UNKNOWN_CIPHER_TYPE;
  if (write != nullptr && !is_server_)
    queue_.emplace_front(std::in_place_type<SecretHolder>, true, QUIC_CRYPTO_EARLY, cipher,
                         Bytes(static_cast<const uint8_t *>(write), size));
  if (read != nullptr && is_server_ && may_accept_early_)
    queue_.emplace_back(std::in_place_type<SecretHolder>, false, QUIC_CRYPTO_EARLY, cipher,
                        Bytes(static_cast<const uint8_t *>(read), size));
  return 0;
}

// A socket that remembers nothing of the server takes no key: then nothing is
// sent early, and the handshake goes on.
void Handshake::InstallEarlySecret(const quic_crypto_secret &secret) {
  const int ret = socket_->SetOption(QUIC_SOCKOPT_CRYPTO_SECRET, &secret, sizeof(secret));
  has_early_key_ = ret == 0;
  Log(LOG_DEBUG, "0-RTT key: %s", ret == 0 ? "installed" : strerror(-ret));
}

// Queued before the first 1-RTT key, which ends 0-RTT.
int Handshake::QueueVerdict() {
  if (is_server_ || !has_early_key_ || verdict_queued_ || peer_parameters_.empty())
    return 0;
  verdict_queued_ = true;
  const bool is_accepted = (gnutls_session_get_flags(session_) & GNUTLS_SFLAGS_EARLY_DATA) != 0;
  gnutls_datum_t protocol = {};
  std::string alpn;
  if (gnutls_alpn_get_selected_protocol(session_, &protocol) == GNUTLS_E_SUCCESS)
    alpn.assign(reinterpret_cast<const char *>(protocol.data), protocol.size);
  // Early data were written for the first protocol offered [9001-4.6.2].
  if (alpn != early_alpn_) {
    Fail(AlertFailure(-EPROTO, GNUTLS_A_NO_APPLICATION_PROTOCOL,
                      "early data were sent for another application protocol"));
    return GNUTLS_E_NO_APPLICATION_PROTOCOL;
  }
  queue_.emplace_back(EarlyVerdict{is_accepted});
  return 0;
}

int Handshake::TellVerdict(EarlyVerdict verdict) {
  quic_early early = {};
  early.op = verdict.is_accepted ? QUIC_EARLY_OP_ACCEPTED : QUIC_EARLY_OP_REJECTED;
  Log(LOG_DEBUG, "early data were %s", verdict.is_accepted ? "accepted" : "rejected");
  const int ret = socket_->SetOption(QUIC_SOCKOPT_EARLY_DATA, &early, sizeof(early));
  return ret < 0 ? FailSocket(ret, "settling early data") : 0;
}

}  // namespace quic
