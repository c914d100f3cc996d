// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The convenience handshakes.
//
// A peer is authenticated in one of two ways and nothing else counts: its
// certificate was verified by VerifyPeer(), or the handshake was made with a
// pre-shared key.  That is checked once more when the handshake is over.
#include "connect.h"

#include <arpa/inet.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <string.h>
#include <syslog.h>

#include <algorithm>
#include <array>
#include <vector>

#include "driver.h"
#include "export.h"
#include "handshake.h"
#include "log.h"
#include "psk.h"

namespace quic {

namespace {

// PSK without (EC)DHE has no forward secrecy: not offered, not taken.
constexpr const char kPriority[] = QUIC_PRIORITY ":-PSK";

constexpr size_t kMaxProtocols = 5;
constexpr size_t kMaxProtocolBytes = 255;
constexpr size_t kTicketKeyBytes = 64;
constexpr size_t kUnknownPskBytes = 32;

template <auto kFree>
struct Deleter {
  template <typename T>
  void operator()(T *object) const {
    kFree(object);
  }
};

using SessionPtr = std::unique_ptr<gnutls_session_int, Deleter<gnutls_deinit>>;
using CertificatesPtr = std::unique_ptr<gnutls_certificate_credentials_st,
                                        Deleter<gnutls_certificate_free_credentials>>;
using ServerPskPtr =
    std::unique_ptr<gnutls_psk_server_credentials_st, Deleter<gnutls_psk_free_server_credentials>>;
using ClientPskPtr =
    std::unique_ptr<gnutls_psk_client_credentials_st, Deleter<gnutls_psk_free_client_credentials>>;

Failure FailureOf(int tls_error, const std::string &what) {
  Failure failure = LocalFailure(tls_error == GNUTLS_E_MEMORY_ERROR ? -ENOMEM : -EINVAL,
                                 what + ": " + gnutls_strerror(tls_error));
  failure.tls_error = tls_error;
  return failure;
}

// One session's attempt to connect.  Members are freed in reverse: the session before
// the credentials it uses.
class Attempt {
 public:
  Attempt(bool is_server, const Options &options) : is_server_(is_server), options_(options) {}
  Attempt(const Attempt &) = delete;
  Attempt &operator=(const Attempt &) = delete;
  ~Attempt() = default;

  // The socket comes back if the server is to be tried with a new session.
  Outcome Run(std::unique_ptr<Socket> socket, uint32_t timeout_ms);

 private:
  static Attempt *Of(gnutls_session_t session) {
    return static_cast<Attempt *>(gnutls_session_get_ptr(session));
  }
  static int VerifyPeer(gnutls_session_t session);
  static int LookUpPsk(gnutls_session_t session, const char *identity, gnutls_datum_t *key);

  Failure CheckOptions();
  Failure CreateSession();
  Failure SetCredentials();
  Failure SetCertificates();
  Failure SetTrust();
  Failure SetPsk();
  Failure SetServerPsk();
  Failure SetServerName();
  void EnableTickets(Socket *socket);
  [[nodiscard]] bool WantsClientCertificate() const {
    return (options_.flags & (QUIC_HANDSHAKE_REQUEST_CERT | QUIC_HANDSHAKE_REQUIRE_CERT)) != 0;
  }
  int Verify();
  int FindPsk(std::string_view identity, gnutls_datum_t *key);
  bool IsAuthentic();

  bool is_server_;
  const Options &options_;
  bool verified_ = false;
  std::vector<PskEntry> psks_;
  CertificatesPtr certificates_;
  ServerPskPtr server_psk_;
  ClientPskPtr client_psk_;
  SessionPtr session_;
};

Failure Attempt::CheckOptions() {
  const bool has_certificate = !options_.cert_file.empty();
  const bool has_psk = !options_.psk_file.empty();
  if (has_certificate != !options_.key_file.empty())
    return LocalFailure(-EINVAL, "a certificate needs its key, and a key its certificate");
  if (has_psk && (has_certificate || !options_.ca_file.empty() || WantsClientCertificate()))
    return LocalFailure(-EINVAL, "a PSK file excludes certificates");
  if (is_server_ && !has_psk && !has_certificate)
    return LocalFailure(-EINVAL, "a server needs a certificate or a PSK file");
  if (!is_server_ && options_.flags != 0)
    return LocalFailure(-EINVAL, "flag that is for servers");
  return {};
}

Failure Attempt::CreateSession() {
  unsigned int flags = is_server_ ? GNUTLS_SERVER | GNUTLS_NO_AUTO_SEND_TICKET : GNUTLS_CLIENT;
  if ((options_.flags & QUIC_HANDSHAKE_NO_TICKETS) != 0)
    flags |= GNUTLS_NO_TICKETS;
  if ((options_.flags & QUIC_HANDSHAKE_EARLY_DATA) != 0)
    flags |= QUIC_EARLY_DATA_FLAGS;
  gnutls_session_t session = nullptr;
  int ret = gnutls_init(&session, flags);
  if (ret < 0)
    return FailureOf(ret, "TLS session");
  session_.reset(session);
  gnutls_session_set_ptr(session, this);

  const char *bad = nullptr;
  const char *priority = options_.priority.empty() ? kPriority : options_.priority.c_str();
  ret = gnutls_priority_set_direct(session, priority, &bad);
  if (ret < 0)
    return FailureOf(ret, std::string("priorities at \"") + (bad != nullptr ? bad : "") + "\"");
  if (!options_.alpns.empty() && SetAlpn(session, options_.alpns) < 0)
    return LocalFailure(-EINVAL, "ALPN: not a list of up to 5 short names");
  return {};
}

Failure Attempt::SetCredentials() {
  if (!options_.psk_file.empty())
    return SetPsk();
  Failure failure = SetCertificates();
  if (!failure && (!is_server_ || WantsClientCertificate()))
    failure = SetTrust();
  if (!failure && !is_server_)
    failure = SetServerName();
  return failure;
}

Failure Attempt::SetCertificates() {
  gnutls_certificate_credentials_t credentials = nullptr;
  int ret = gnutls_certificate_allocate_credentials(&credentials);
  if (ret < 0)
    return FailureOf(ret, "credentials");
  certificates_.reset(credentials);
  if (!options_.cert_file.empty()) {
    ret = gnutls_certificate_set_x509_key_file(credentials, options_.cert_file.c_str(),
                                               options_.key_file.c_str(), GNUTLS_X509_FMT_PEM);
    if (ret < 0)
      return FailureOf(ret, options_.cert_file + ", " + options_.key_file);
  }
  ret = gnutls_credentials_set(session_.get(), GNUTLS_CRD_CERTIFICATE, credentials);
  if (ret < 0)
    return FailureOf(ret, "credentials");
  if (WantsClientCertificate())
    gnutls_certificate_server_set_request(
        session_.get(), (options_.flags & QUIC_HANDSHAKE_REQUIRE_CERT) != 0 ? GNUTLS_CERT_REQUIRE
                                                                            : GNUTLS_CERT_REQUEST);
  return {};
}

Failure Attempt::SetTrust() {
  const bool is_system = options_.ca_file.empty();
  const int count = is_system
                        ? gnutls_certificate_set_x509_system_trust(certificates_.get())
                        : gnutls_certificate_set_x509_trust_file(
                              certificates_.get(), options_.ca_file.c_str(), GNUTLS_X509_FMT_PEM);
  const std::string what = is_system ? "the system's trust store" : options_.ca_file;
  if (count < 0)
    return FailureOf(count, what);
  if (count == 0)
    return LocalFailure(-EINVAL, what + ": no certificates in it");
  gnutls_session_set_verify_function(session_.get(), VerifyPeer);  // [9000-7#1] [9001-4.4#1]
  return {};
}

// SNI carries names only, no addresses (RFC 6066 3).
Failure Attempt::SetServerName() {
  in6_addr address = {};
  const char *name = options_.hostname.c_str();
  if (options_.hostname.empty() || inet_pton(AF_INET, name, &address) == 1 ||
      inet_pton(AF_INET6, name, &address) == 1)
    return {};
  const int ret =
      gnutls_server_name_set(session_.get(), GNUTLS_NAME_DNS, name, options_.hostname.size());
  return ret < 0 ? FailureOf(ret, "host name " + options_.hostname) : Failure();
}

Failure Attempt::SetPsk() {
  Failure failure = LoadPskFile(options_.psk_file, &psks_);
  if (failure)
    return failure;
  if (is_server_)
    return SetServerPsk();
  gnutls_psk_client_credentials_t credentials = nullptr;
  int ret = gnutls_psk_allocate_client_credentials(&credentials);
  if (ret < 0)
    return FailureOf(ret, "credentials");
  client_psk_.reset(credentials);
  PskEntry &first = psks_.front();
  const gnutls_datum_t key = {first.key.data(), static_cast<unsigned int>(first.key.size())};
  ret = gnutls_psk_set_client_credentials(credentials, first.identity.c_str(), &key,
                                          GNUTLS_PSK_KEY_RAW);
  if (ret == 0)
    ret = gnutls_credentials_set(session_.get(), GNUTLS_CRD_PSK, credentials);
  return ret < 0 ? FailureOf(ret, options_.psk_file) : Failure();
}

Failure Attempt::SetServerPsk() {
  gnutls_psk_server_credentials_t credentials = nullptr;
  int ret = gnutls_psk_allocate_server_credentials(&credentials);
  if (ret < 0)
    return FailureOf(ret, "credentials");
  server_psk_.reset(credentials);
  gnutls_psk_set_server_credentials_function(credentials, LookUpPsk);
  ret = gnutls_credentials_set(session_.get(), GNUTLS_CRD_PSK, credentials);
  return ret < 0 ? FailureOf(ret, "credentials") : Failure();
}

int Attempt::LookUpPsk(gnutls_session_t session, const char *identity, gnutls_datum_t *key) {
  return Guard(
      [&] {
        if (Handshake *const handshake = Handshake::Of(session))
          handshake->NotePskLookup();
        return Of(session)->FindPsk(identity, key);
      },
      -1, -1);
}

// An identity nobody knows gets a random key: the client then learns no more
// than with a wrong key.
int Attempt::FindPsk(std::string_view identity, gnutls_datum_t *key) {
  const auto found = std::find_if(psks_.begin(), psks_.end(), [&](const PskEntry &entry) {
    return entry.identity == identity;
  });
  const bool is_known = found != psks_.end();
  const size_t size = is_known ? found->key.size() : kUnknownPskBytes;
  key->data = static_cast<unsigned char *>(gnutls_malloc(size));
  if (key->data == nullptr)
    return -1;
  key->size = static_cast<unsigned int>(size);
  if (!is_known)
    return gnutls_rnd(GNUTLS_RND_NONCE, key->data, size) < 0 ? -1 : 0;
  memcpy(key->data, found->key.data(), size);
  return 0;
}

// The key of a listener's tickets is the socket's, so that all processes that
// serve it share it.
void Attempt::EnableTickets(Socket *socket) {
  if (!is_server_ || (options_.flags & QUIC_HANDSHAKE_NO_TICKETS) != 0)
    return;
  Secret key(kTicketKeyBytes);
  socklen_t size = kTicketKeyBytes;
  const int ret = socket->GetOption(QUIC_SOCKOPT_SESSION_TICKET, key.data(), &size);
  if (ret < 0 || size != kTicketKeyBytes) {
    Log(LOG_INFO, "no session tickets: the socket has no key for them");
    return;
  }
  const gnutls_datum_t datum = {key.data(), static_cast<unsigned int>(size)};
  gnutls_session_ticket_enable_server(session_.get(), &datum);
}

int Attempt::VerifyPeer(gnutls_session_t session) {
  return Guard([&] { return Of(session)->Verify(); }, GNUTLS_E_MEMORY_ERROR,
               GNUTLS_E_INTERNAL_ERROR);
}

int Attempt::Verify() {
  unsigned int count = 0;
  const bool is_optional = is_server_ && (options_.flags & QUIC_HANDSHAKE_REQUIRE_CERT) == 0;
  if (gnutls_certificate_get_peers(session_.get(), &count) == nullptr && is_optional)
    return 0;

  std::string purpose = is_server_ ? GNUTLS_KP_TLS_WWW_CLIENT : GNUTLS_KP_TLS_WWW_SERVER;
  std::array<gnutls_typed_vdata_st, 2> wanted = {};
  unsigned int nr_wanted = 0;
  wanted[nr_wanted++] = {GNUTLS_DT_KEY_PURPOSE_OID,
                         reinterpret_cast<unsigned char *>(purpose.data()), 0};
  std::string name = options_.hostname;
  std::array<unsigned char, sizeof(in6_addr)> address = {};
  if (!is_server_ && !name.empty()) {
    gnutls_typed_vdata_st &peer = wanted[nr_wanted++];
    if (inet_pton(AF_INET, name.c_str(), address.data()) == 1)
      peer = {GNUTLS_DT_IP_ADDRESS, address.data(), sizeof(in_addr)};
    else if (inet_pton(AF_INET6, name.c_str(), address.data()) == 1)
      peer = {GNUTLS_DT_IP_ADDRESS, address.data(), sizeof(in6_addr)};
    else
      peer = {GNUTLS_DT_DNS_HOSTNAME, reinterpret_cast<unsigned char *>(name.data()), 0};
  }

  unsigned int status = 0;
  const int ret =
      gnutls_certificate_verify_peers(session_.get(), wanted.data(), nr_wanted, &status);
  if (ret < 0)
    return ret;
  if (status != 0) {
    Handshake::Of(session_.get())
        ->Fail(AlertFailure(-EACCES, AlertOfCertificateStatus(status),
                            TextOfCertificateStatus(status)));
    return GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR;
  }
  verified_ = true;
  return 0;
}

// A server that asks for no certificate takes any client.
bool Attempt::IsAuthentic() {
  if (!options_.psk_file.empty())
    return gnutls_auth_get_type(session_.get()) == GNUTLS_CRD_PSK;
  if (is_server_ && (options_.flags & QUIC_HANDSHAKE_REQUIRE_CERT) == 0)
    return true;
  return verified_ || gnutls_session_is_resumed(session_.get()) != 0;
}

Outcome Attempt::Run(std::unique_ptr<Socket> socket, uint32_t timeout_ms) {
  Outcome outcome;
  outcome.failure = CheckOptions();
  if (!outcome.failure)
    outcome.failure = CreateSession();
  if (!outcome.failure)
    outcome.failure = SetCredentials();
  if (outcome.failure)
    return outcome;
  EnableTickets(socket.get());

  const int ret = Handshake::Attach(session_.get(), std::move(socket));
  if (ret < 0) {
    outcome.failure = LocalFailure(ret, "the TLS library has no memory");
    return outcome;
  }
  Handshake *const handshake = Handshake::Of(session_.get());
  if (!options_.alpns.empty())
    handshake->RequireAlpn();
  if (Drive(handshake, timeout_ms) == 0 && !IsAuthentic()) {
    handshake->Fail(AlertFailure(-EACCES, GNUTLS_A_BAD_CERTIFICATE, "the peer is not authentic"));
    handshake->socket().Shutdown();
  }
  outcome.failure = handshake->failure();
  if (handshake->WantsNewSession())
    outcome.socket = handshake->TakeSocket();
  gnutls_datum_t protocol = {};
  if (gnutls_alpn_get_selected_protocol(session_.get(), &protocol) == 0)
    outcome.alpn.assign(reinterpret_cast<const char *>(protocol.data), protocol.size);
  return outcome;
}

}  // namespace

// Version Negotiation leads to one more attempt: the socket sees to that [9368-4#2].
Outcome Connect(bool is_server, std::unique_ptr<Socket> socket, const Options &options) {
  const uint64_t deadline = socket->NowMs() + options.timeout_ms;
  Outcome outcome = Attempt(is_server, options).Run(std::move(socket), options.timeout_ms);
  if (outcome.socket) {
    std::unique_ptr<Socket> again = std::move(outcome.socket);
    const uint64_t left = deadline - std::min(again->NowMs(), deadline);
    outcome = Attempt(is_server, options).Run(std::move(again), static_cast<uint32_t>(left));
  }
  if (outcome.failure)
    Log(LOG_ERR, "%s handshake: %s", is_server ? "server" : "client",
        outcome.failure.message.c_str());
  return outcome;
}

int SetAlpn(gnutls_session_t session, const std::string &list) {
  std::vector<std::string> names;
  for (size_t begin = 0; begin <= list.size();) {
    const size_t end = std::min(list.find(',', begin), list.size());
    std::string name = list.substr(begin, end - begin);
    name.erase(std::remove_if(name.begin(), name.end(), [](char c) { return c == ' '; }),
               name.end());
    if (name.empty() || name.size() > kMaxProtocolBytes || names.size() == kMaxProtocols)
      return -EINVAL;
    names.push_back(std::move(name));
    begin = end + 1;
  }
  std::vector<gnutls_datum_t> protocols;
  protocols.reserve(names.size());
  for (std::string &name : names)
    protocols.push_back(
        {reinterpret_cast<unsigned char *>(name.data()), static_cast<unsigned int>(name.size())});
  const int ret =
      gnutls_alpn_set_protocols(session, protocols.data(),
                                static_cast<unsigned int>(protocols.size()), GNUTLS_ALPN_MANDATORY);
  return ret < 0 ? -EINVAL : 0;
}

}  // namespace quic
