// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The steps of a handshake: what to send or receive next, and what to make of
// the result.
#include "handshake.h"

#include <string.h>
#include <syslog.h>

#include <algorithm>

#include "log.h"

namespace quic {

namespace {

constexpr size_t kReceiveBytes = 64 * 1024;
constexpr ssize_t kNotDone = -EUCLEAN;  // retval of a step nobody did

bool IsRetry(ssize_t retval) {
  return retval == -EAGAIN || retval == -EINTR;
}

// Says that an error is neither GnuTLS's need for more input nor fatal.
bool IsFatal(int tls_error) {
  return tls_error < 0 && gnutls_error_is_fatal(tls_error) != 0;
}

}  // namespace

int Handshake::Start(HandshakeStep **pstep) {
  int ret = AskRole();
  if (ret == 0) {
    receive_buffer_.resize(kReceiveBytes);
    ret = RunTls();
  }
  return ret < 0 ? ret : NextStep(pstep);
}

// A token can be read on clients only: the one difference the socket shows.
int Handshake::AskRole() {
  std::array<uint8_t, 256> token = {};
  socklen_t size = token.size();
  const int ret = socket_->GetOption(QUIC_SOCKOPT_TOKEN, token.data(), &size);
  if (ret < 0 && ret != -EINVAL)
    return Fail(LocalFailure(ret, "this is not a QUIC socket"));
  is_server_ = ret < 0;
  if (is_server_)
    PrepareEarlyServer();
  return 0;
}

int Handshake::Step(HandshakeStep **pstep) {
  if (!step_given_ || *pstep != &step_)
    return -EINVAL;
  if (failure_)
    return failure_.error;

  const bool is_send = step_.op == QUIC_HANDSHAKE_STEP_OP_SENDMSG;
  const ssize_t retval = is_send ? step_.s_sendmsg.retval : step_.s_recvmsg.retval;
  if (retval == kNotDone)
    return static_cast<int>(kNotDone);
  if (!IsRetry(retval)) {
    const int ret = is_send ? AfterSend(retval) : AfterReceive(retval);
    if (ret < 0)
      return ret;
  }
  return NextStep(pstep);
}

int Handshake::NextStep(HandshakeStep **pstep) {
  step_given_ = false;
  for (;;) {
    if (queue_.empty()) {
      if (done_) {
        *pstep = nullptr;
        return 0;
      }
      if (tls_complete_ && !finished_) {
        const int ret = Finish();
        if (ret < 0)
          return ret;
        continue;
      }
      PrepareReceive();
      break;
    }
    if (const auto *message = std::get_if<Message>(&queue_.front())) {
      const bool more = std::any_of(queue_.begin() + 1, queue_.end(), [](const Action &action) {
        return std::holds_alternative<Message>(action);
      });
      PrepareSend(*message, more);
      break;
    }
    const auto *secret = std::get_if<SecretHolder>(&queue_.front());
    const int ret = secret != nullptr ? InstallSecret(secret->get())
                                      : TellVerdict(std::get<EarlyVerdict>(queue_.front()));
    if (ret < 0)
      return ret;
    queue_.pop_front();
  }
  step_given_ = true;
  *pstep = &step_;
  return 0;
}

void Handshake::PrepareSend(const Message &message, bool more) {
  const quic_handshake_info info = {message.level};
  control_.fill(0);
  iov_ = {const_cast<uint8_t *>(message.bytes.data()), message.bytes.size()};
  msg_ = {};
  msg_.msg_iov = &iov_;
  msg_.msg_iovlen = 1;
  msg_.msg_control = control_.data();
  msg_.msg_controllen = CMSG_SPACE(sizeof(info));
  cmsghdr *const cmsg = CMSG_FIRSTHDR(&msg_);
  cmsg->cmsg_level = SOL_QUIC;
  cmsg->cmsg_type = QUIC_HANDSHAKE_INFO;
  cmsg->cmsg_len = CMSG_LEN(sizeof(info));
  memcpy(CMSG_DATA(cmsg), &info, sizeof(info));

  step_ = {};
  step_.op = QUIC_HANDSHAKE_STEP_OP_SENDMSG;
  step_.s_sendmsg.msg = &msg_;
  step_.s_sendmsg.flags = MSG_NOSIGNAL | (more ? static_cast<int>(MSG_MORE) : 0);
  step_.s_sendmsg.retval = kNotDone;
}

void Handshake::PrepareReceive() {
  control_.fill(0);
  iov_ = {receive_buffer_.data(), receive_buffer_.size()};
  msg_ = {};
  msg_.msg_iov = &iov_;
  msg_.msg_iovlen = 1;
  msg_.msg_control = control_.data();
  msg_.msg_controllen = control_.size();

  step_ = {};
  step_.op = QUIC_HANDSHAKE_STEP_OP_RECVMSG;
  step_.s_recvmsg.msg = &msg_;
  step_.s_recvmsg.flags = MSG_DONTWAIT;
  step_.s_recvmsg.retval = kNotDone;
}

int Handshake::AfterSend(ssize_t sent) {
  if (sent == -EPROTONOSUPPORT)
    return FailVersion();
  if (sent < 0)
    return FailSocket(static_cast<int>(sent), "sendmsg");
  const auto &message = std::get<Message>(queue_.front());
  if (static_cast<size_t>(sent) != message.bytes.size())
    return Fail(AlertFailure(-EMSGSIZE, GNUTLS_A_INTERNAL_ERROR,
                             "the socket took only a part of a handshake message"));
  Log(LOG_DEBUG, "sent %zd handshake bytes at level %u", sent, message.level);
  queue_.pop_front();
  return 0;
}

int Handshake::AfterReceive(ssize_t received) {
  if (received == -EPROTONOSUPPORT)
    return FailVersion();
  if (received < 0)
    return FailSocket(static_cast<int>(received), "recvmsg");
  if (received == 0)
    return FailSocket(-ECONNRESET, "recvmsg");
  if (static_cast<size_t>(received) > receive_buffer_.size())
    return -EINVAL;
  const Bytes bytes = Bytes(receive_buffer_).first(static_cast<size_t>(received));
  if ((msg_.msg_flags & static_cast<int>(MSG_QUIC_NOTIFICATION)) != 0)
    return HandleEvent(bytes);

  for (cmsghdr *cmsg = CMSG_FIRSTHDR(&msg_); cmsg != nullptr; cmsg = CMSG_NXTHDR(&msg_, cmsg)) {
    if (cmsg->cmsg_level != SOL_QUIC || cmsg->cmsg_type != QUIC_HANDSHAKE_INFO)
      continue;
    quic_handshake_info info = {};
    if (cmsg->cmsg_len < CMSG_LEN(sizeof(info)))
      break;
    memcpy(&info, CMSG_DATA(cmsg), sizeof(info));
    if (info.crypto_level >= QUIC_CRYPTO_MAX)
      break;
    return Consume(info.crypto_level, bytes);
  }
  return Fail(AlertFailure(-EBADMSG, GNUTLS_A_INTERNAL_ERROR,
                           "the socket delivered something that is no handshake message"));
}

// Events the application subscribed to on the listener come before it can look
// at them.  Those of a connection that is just being made say nothing it could
// use, but for the end.
int Handshake::HandleEvent(Bytes event) {
  if (event.front() == QUIC_EVENT_CONNECTION_CLOSE)
    return FailSocket(-ECONNRESET, "recvmsg");
  Log(LOG_INFO, "event %u during the handshake dropped", event.front());
  return 0;
}

int Handshake::Consume(uint8_t level, Bytes bytes) {
  Log(LOG_DEBUG, "received %zu handshake bytes at level %u", bytes.size(), level);
  if (level != read_level_) {  // [9001-4.1.3#2]
    Failure failure = LocalFailure(-EPROTO, "handshake bytes at the wrong encryption level");
    failure.close_code = QUIC_TRANSPORT_ERROR_PROTOCOL_VIOLATION;
    return Fail(std::move(failure));
  }
  MessageAssembler &assembler = assemblers_[level];
  if (!assembler.Append(bytes))
    return Fail(AlertFailure(-EPROTO, GNUTLS_A_DECODE_ERROR, "a handshake message is too large"));
  for (;;) {
    const Bytes message = assembler.Next();
    if (message.empty())
      return 0;
    int ret = CheckIncoming(level, message);
    if (ret < 0)
      return ret;
    ret = gnutls_handshake_write(session_,
                                 level == QUIC_CRYPTO_INITIAL ? GNUTLS_ENCRYPTION_LEVEL_INITIAL
                                 : level == QUIC_CRYPTO_HANDSHAKE
                                     ? GNUTLS_ENCRYPTION_LEVEL_HANDSHAKE
                                     : GNUTLS_ENCRYPTION_LEVEL_APPLICATION,
                                 message.data(), message.size());
    if (ret < 0)
      return FailTls(ret);
    ret = RunTls();
    if (ret < 0)
      return ret;
    if (read_level_ != level && !assembler.IsEmpty()) {  // [9001-4.1.3#3]
      Failure failure = LocalFailure(-EPROTO, "handshake bytes after a change of keys");
      failure.close_code = QUIC_TRANSPORT_ERROR_PROTOCOL_VIOLATION;
      return Fail(std::move(failure));
    }
  }
}

// What TLS allows and QUIC forbids.
int Handshake::CheckIncoming(uint8_t level, Bytes message) {
  ClientHello hello;
  if (!is_server_ || level != QUIC_CRYPTO_INITIAL || !ParseClientHello(message, &hello))
    return 0;
  NoteClientHello(hello);
  if (failure_)
    return failure_.error;
  if (!hello.has_session_id)
    return 0;
  Failure failure = LocalFailure(-EPROTO, "the ClientHello has a session ID");  // RFC 9001 8.4
  failure.close_code = QUIC_TRANSPORT_ERROR_PROTOCOL_VIOLATION;
  return Fail(std::move(failure));
}

// TLS has all input there is: let it go on until it wants more.
int Handshake::RunTls() {
  if (tls_complete_)
    return 0;
  const int ret = CallTls();
  if (failure_)
    return failure_.error;
  if (IsFatal(ret))
    return FailTls(ret);
  // With GNUTLS_ENABLE_EARLY_START a server is told of success before the
  // client's Finished; the handshake is over with the last keys only.
  tls_complete_ = ret == GNUTLS_E_SUCCESS && read_level_ == QUIC_CRYPTO_APP;
  return 0;
}

// Once all messages and secrets are out.
int Handshake::Finish() {
  finished_ = true;
  const int ret = SendTicket();
  done_ = ret == 0;
  return ret;
}

int Handshake::SendTicket() {
  if (!is_server_ || ticket_made_)
    return 0;
  const int ret = gnutls_session_ticket_send(session_, 1, 0);
  if (ret < 0)  // the connection is good without one
    Log(LOG_INFO, "no session ticket sent: %s", gnutls_strerror(ret));
  return 0;
}

// The socket tells its applications and the kernel's users what was chosen.
void Handshake::StoreAlpn() {
  gnutls_datum_t protocol = {};
  if (alpn_stored_ || gnutls_alpn_get_selected_protocol(session_, &protocol) < 0)
    return;
  alpn_stored_ = true;
  const int ret = socket_->SetOption(QUIC_SOCKOPT_ALPN, protocol.data, protocol.size);
  if (ret < 0)
    Log(LOG_WARNING, "the protocol chosen could not be stored: %s", strerror(-ret));
}

int Handshake::InstallSecret(const quic_crypto_secret &secret) {
  if (secret.level == QUIC_CRYPTO_EARLY) {
    InstallEarlySecret(secret);
    return 0;
  }
  if (secret.level == QUIC_CRYPTO_APP)
    StoreAlpn();  // before the connection counts as established
  const int ret = socket_->SetOption(QUIC_SOCKOPT_CRYPTO_SECRET, &secret, sizeof(secret));
  if (ret < 0)
    return FailSocket(ret, "setting a key");
  Log(LOG_DEBUG, "%s key of level %u installed", secret.send != 0 ? "send" : "receive",
      secret.level);
  return 0;
}

int Handshake::FailTls(int tls_error) {
  // GnuTLS has one error for a PSK binder that is wrong and for bad syntax.
  if (psk_looked_up_ && tls_error == GNUTLS_E_RECEIVED_ILLEGAL_PARAMETER)
    return Fail(AlertFailure(-EACCES, GNUTLS_A_DECRYPT_ERROR,
                             "the client's pre-shared key is unknown or wrong"));
  return Fail(TlsFailure(session_, tls_error, raised_alert_));
}

// The socket refused.  If the connection is gone, the socket says why.
int Handshake::FailSocket(int error, const char *call) {
  Failure failure = LocalFailure(error, std::string(call) + ": " + strerror(-error));
  if (error == -ENOTCONN || error == -EPIPE || error == -ECONNRESET)
    ExplainEnd(&failure);
  return Fail(std::move(failure));
}

// The ClientHello names a version of QUIC that the server does not speak.  It is
// this session's only one: the connection goes on with another session.
int Handshake::FailVersion() {
  failure_ = LocalFailure(-EPROTONOSUPPORT, "the server speaks another version of QUIC");
  wants_new_session_ = true;
  queue_.clear();
  Log(LOG_INFO, "%s", failure_.message.c_str());
  return failure_.error;
}

// A close has a code or a phrase; an end without one, as after silence, an errno.
void Handshake::ExplainEnd(Failure *failure) {
  quic_connection_close close = {};
  socklen_t size = sizeof(close);
  if (socket_->GetOption(QUIC_SOCKOPT_CONNECTION_CLOSE, &close, &size) < 0)
    return;
  close.phrase[sizeof(close.phrase) - 1] = 0;
  const char *phrase = reinterpret_cast<const char *>(close.phrase);
  failure->by_peer = true;
  failure->close_code = close.errcode;
  failure->alert = AlertOfCloseCode(close.errcode);
  failure->message = "the connection was closed";
  if (close.errcode != 0)
    failure->message += ": " + TextOfCloseCode(close.errcode);
  if (*phrase != '\0')
    failure->message += std::string(": ") + phrase;
  const int cause = close.errcode == 0 && *phrase == '\0' ? socket_->TakeError() : 0;
  if (cause != 0) {
    failure->error = -cause;
    failure->message = std::string("the connection ended: ") + strerror(cause);
  }
}

int Handshake::Fail(Failure failure) {
  if (failure_)
    return failure_.error;
  failure_ = std::move(failure);
  queue_.clear();
  Log(LOG_ERR, "handshake failed: %s", failure_.message.c_str());
  if (!failure_.by_peer)
    RecordClose();
  return failure_.error;
}

void Handshake::RecordClose() {
  quic_connection_close close = {};
  close.errcode = failure_.close_code;
  const size_t length = std::min(failure_.message.size(), sizeof(close.phrase) - 1);
  memcpy(close.phrase, failure_.message.data(), length);
  const int ret = socket_->SetOption(QUIC_SOCKOPT_CONNECTION_CLOSE, &close, sizeof(close));
  if (ret < 0)
    Log(LOG_DEBUG, "the reason could not be recorded: %s", strerror(-ret));
}

}  // namespace quic
