// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One TLS handshake over one QUIC socket, as a machine that never waits.
//
//   GnuTLS ──messages, secrets──> queue ──SENDMSG steps, CRYPTO_SECRET──> socket
//   GnuTLS <──whole messages──── assembler <────────RECVMSG steps──────── socket
//
// Messages and secrets leave in the order GnuTLS gave them out: a flight is
// handed to the socket before the application keys that follow it, so that a
// connection is established only after its last handshake message was queued.  Bytes that come in
// are put together to whole messages, per level, before TLS sees them; bytes left over at a level
// TLS has moved on from are a protocol violation (RFC 9001 4.1.3).  Transport parameters go through
// extension 0x39 (RFC 9001 8.2), byte strings to this code: the kernel reads and writes them.
//
// The first failure is kept and recorded on the socket as CONNECTION_CLOSE.
//
// Not done here: waiting and deadlines (driver), credentials and verification
// (connect).
#ifndef LIBQUIC_SRC_HANDSHAKE_H_
#define LIBQUIC_SRC_HANDSHAKE_H_

#include <netinet/quic.h>

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "early.h"
#include "failure.h"
#include "socket.h"
#include "tls_message.h"

namespace quic {

// The public structure; a function has the same name.
using HandshakeStep = struct ::quic_handshake_step;

// A secret on its way to the socket; wiped when it goes.
class SecretHolder {
 public:
  SecretHolder(bool send, uint8_t level, uint32_t cipher, Bytes secret);
  SecretHolder(const SecretHolder &) = delete;
  SecretHolder &operator=(const SecretHolder &) = delete;
  SecretHolder(SecretHolder &&other) noexcept;
  SecretHolder &operator=(SecretHolder &&) = delete;
  ~SecretHolder();

  [[nodiscard]] const quic_crypto_secret &get() const { return secret_; }

 private:
  quic_crypto_secret secret_ = {};
};

// TLS_CIPHER_* of a GnuTLS cipher, 0 for one that QUIC does not know.
uint32_t CipherTypeOf(gnutls_cipher_algorithm_t cipher);

// What the server made of a client's early data.
struct EarlyVerdict {
  bool is_accepted;
};

class Handshake {
 public:
  // Installs a handshake on a session; the session owns it until Detach().
  // Returns 0, -EINVAL if there is one already, or another negative errno.
  static int Attach(gnutls_session_t session, std::unique_ptr<Socket> socket);

  // The handshake of a session, or nullptr.
  static Handshake *Of(gnutls_session_t session);

  // Frees the handshake of a session, if any.
  static void Detach(gnutls_session_t session);

  Handshake(gnutls_session_t session, std::unique_ptr<Socket> socket)
      : session_(session), socket_(std::move(socket)) {}
  Handshake(const Handshake &) = delete;
  Handshake &operator=(const Handshake &) = delete;
  ~Handshake() = default;

  // quic_handshake_init() and quic_handshake_step().
  int Start(HandshakeStep **pstep);
  int Step(HandshakeStep **pstep);

  // Ends the handshake; the first call counts.  Returns the error kept.
  int Fail(Failure failure);

  // Fail without an application protocol (RFC 9001 8.1); for a server.
  void RequireAlpn() { require_alpn_ = true; }

  // A server's PSK callback was asked: what goes wrong next is the key.
  void NotePskLookup() { psk_looked_up_ = true; }

  // A server's TLS asks whether the ClientHello just read is new, and what it
  // counts on still there.
  bool MayAcceptEarlyData();

  // Early data can be in front of handshake messages.
  [[nodiscard]] bool ReceivesEarlyData() const { return is_server_ && has_early_key_; }

  // The server speaks another version of QUIC only: the socket is ready for the
  // handshake of a new session in that one (RFC 9368 2.1).
  [[nodiscard]] bool WantsNewSession() const { return wants_new_session_; }

  [[nodiscard]] const Failure &failure() const { return failure_; }
  [[nodiscard]] Socket &socket() { return *socket_; }
  // Nothing can be done with the handshake afterwards.
  std::unique_ptr<Socket> TakeSocket() { return std::move(socket_); }

 private:
  struct Message {
    uint8_t level;
    std::vector<uint8_t> bytes;
  };
  using Action = std::variant<Message, SecretHolder, EarlyVerdict>;

  // Hooks of GnuTLS.
  static int OnSecret(gnutls_session_t session, gnutls_record_encryption_level_t level,
                      const void *read, const void *write, size_t size);
  static int OnMessage(gnutls_session_t session, gnutls_record_encryption_level_t level,
                       gnutls_handshake_description_t type, const void *data, size_t size);
  static int OnAlert(gnutls_session_t session, gnutls_record_encryption_level_t level,
                     gnutls_alert_level_t alert_level, gnutls_alert_description_t alert);
  static int OnParametersReceived(gnutls_session_t session, const unsigned char *data, size_t size);
  static int OnParametersWanted(gnutls_session_t session, gnutls_buffer_t out);
  static void OnSessionGone(gnutls_ext_priv_data_t data);

  int InstallHooks();
  int AskRole();

  int QueueSecrets(gnutls_record_encryption_level_t level, const void *read, const void *write,
                   size_t size);
  void QueueMessage(uint8_t level, Bytes bytes);
  int CheckNegotiated(uint8_t level);
  int StoreParameters(Bytes bytes);
  int FetchParameters(gnutls_buffer_t out);

  // 0-RTT, in handshake_early.cc.
  int CallTls();
  void PrepareEarlyServer();
  std::optional<Secret> SealKey();
  std::optional<EarlyTerms> TermsNow();
  bool SealTicket(std::vector<uint8_t> *message);
  void NoteClientHello(const ClientHello &hello);
  void RefuseTickets();
  bool MeetsTerms();
  int QueueEarlySecret(const void *read, const void *write, size_t size);
  void InstallEarlySecret(const quic_crypto_secret &secret);
  int QueueVerdict();
  int TellVerdict(EarlyVerdict verdict);

  int RunTls();
  int SendTicket();
  int Finish();
  int NextStep(HandshakeStep **pstep);
  int InstallSecret(const quic_crypto_secret &secret);
  void StoreAlpn();
  void PrepareSend(const Message &message, bool more);
  void PrepareReceive();

  int AfterSend(ssize_t sent);
  int AfterReceive(ssize_t received);
  int HandleEvent(Bytes event);
  int Consume(uint8_t level, Bytes bytes);
  int CheckIncoming(uint8_t level, Bytes message);

  int FailTls(int tls_error);
  int FailSocket(int error, const char *call);
  int FailVersion();
  void ExplainEnd(Failure *failure);
  void RecordClose();

  gnutls_session_t session_;
  std::unique_ptr<Socket> socket_;
  Failure failure_;

  bool is_server_ = false;
  bool require_alpn_ = false;
  bool hello_sent_ = false;
  bool psk_looked_up_ = false;
  bool alpn_stored_ = false;
  bool ticket_made_ = false;
  bool tls_complete_ = false;
  bool finished_ = false;
  bool done_ = false;
  bool wants_new_session_ = false;

  bool has_early_key_ = false;
  bool may_accept_early_ = false;  // server: the ClientHello is new
  bool verdict_queued_ = false;
  std::string early_alpn_;       // client: the first protocol offered
  std::vector<uint8_t> ticket_;  // server: the first PSK of the ClientHello
  std::vector<uint8_t> binder_;
  uint32_t first_version_ = 0;  // server: of QUIC, in which the client began

  uint8_t read_level_ = QUIC_CRYPTO_INITIAL;  // where TLS expects the next message
  int raised_alert_ = Failure::kNoAlert;
  std::vector<uint8_t> peer_parameters_;
  std::array<MessageAssembler, QUIC_CRYPTO_MAX> assemblers_;
  std::deque<Action> queue_;

  HandshakeStep step_ = {};
  bool step_given_ = false;
  msghdr msg_ = {};
  iovec iov_ = {};
  std::vector<uint8_t> receive_buffer_;
  alignas(cmsghdr) std::array<uint8_t, 128> control_ = {};
};

}  // namespace quic

#endif  // LIBQUIC_SRC_HANDSHAKE_H_
