// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A QUIC connection without TLS: keys everybody can read here, so that what is
// measured is the kernel and nothing else.
//
//   client                                 server
//   INITIAL:   hello(parameters)  ------>
//              <------  INITIAL:   hello(parameters)
//              <------  HANDSHAKE: done
//   HANDSHAKE: done               ------>
//
// A message is "QPFS", a two-byte length, and that many bytes: transport
// parameters in a hello, nothing in a done.  The order of messages and keys is
// that of TLS 1.3, so that the kernel sees nothing unusual.
#include <linux/tls.h>
#include <poll.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "quicperf.h"

namespace quicperf {

namespace {

using tools::ErrnoError;
using tools::Error;

constexpr int kTimeoutMs = 30000;
constexpr size_t kHeaderBytes = 6;
constexpr char kMagic[] = {'Q', 'P', 'F', 'S'};
constexpr size_t kMaxParametersBytes = 1024;

using Buffer = std::vector<uint8_t>;

class FixedHandshake {
 public:
  FixedHandshake(int fd, bool is_server) : fd_(fd), is_server_(is_server) {}

  void Run() {
    if (is_server_)
      RunServer();
    else
      RunClient();
  }

 private:
  void RunClient() {
    Send(QUIC_CRYPTO_INITIAL, Parameters());
    SetParameters(Receive(QUIC_CRYPTO_INITIAL));
    SetKey(true, QUIC_CRYPTO_HANDSHAKE);
    SetKey(false, QUIC_CRYPTO_HANDSHAKE);
    Receive(QUIC_CRYPTO_HANDSHAKE);
    Send(QUIC_CRYPTO_HANDSHAKE, {});
    SetKey(true, QUIC_CRYPTO_APP);
    SetKey(false, QUIC_CRYPTO_APP);
  }

  void RunServer() {
    SetParameters(Receive(QUIC_CRYPTO_INITIAL));
    const Buffer parameters = Parameters();
    Send(QUIC_CRYPTO_INITIAL, parameters);
    SetKey(true, QUIC_CRYPTO_HANDSHAKE);
    SetKey(false, QUIC_CRYPTO_HANDSHAKE);
    Send(QUIC_CRYPTO_HANDSHAKE, {});
    SetKey(true, QUIC_CRYPTO_APP);
    Receive(QUIC_CRYPTO_HANDSHAKE);
    SetKey(false, QUIC_CRYPTO_APP);
  }

  Buffer Parameters() const {
    Buffer parameters(kMaxParametersBytes);
    auto size = static_cast<socklen_t>(parameters.size());
    if (getsockopt(fd_, SOL_QUIC, QUIC_SOCKOPT_TRANSPORT_PARAM_EXT, parameters.data(), &size) < 0)
      throw ErrnoError("reading transport parameters");
    parameters.resize(size);
    return parameters;
  }

  void SetParameters(const Buffer &parameters) const {
    if (setsockopt(fd_, SOL_QUIC, QUIC_SOCKOPT_TRANSPORT_PARAM_EXT, parameters.data(),
                   static_cast<socklen_t>(parameters.size())) < 0)
      throw ErrnoError("setting transport parameters");
  }

  void SetKey(bool send, uint8_t level) const {
    quic_crypto_secret secret = {};
    secret.send = send ? 1 : 0;
    secret.level = level;
    secret.type = TLS_CIPHER_AES_GCM_128;
    const bool of_server = send == is_server_;
    memset(secret.secret, 16 * level + (of_server ? 2 : 1), 32);
    if (setsockopt(fd_, SOL_QUIC, QUIC_SOCKOPT_CRYPTO_SECRET, &secret, sizeof(secret)) < 0)
      throw ErrnoError("setting a key");
  }

  void Send(uint8_t level, const Buffer &body) const {
    Buffer message(kMagic, kMagic + sizeof(kMagic));
    message.push_back(static_cast<uint8_t>(body.size() >> 8));
    message.push_back(static_cast<uint8_t>(body.size()));
    message.insert(message.end(), body.begin(), body.end());

    const quic_handshake_info info = {level};
    alignas(cmsghdr) std::array<uint8_t, CMSG_SPACE(sizeof(info))> control = {};
    iovec iov = {message.data(), message.size()};
    msghdr header = {};
    header.msg_iov = &iov;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    cmsghdr *const cmsg = CMSG_FIRSTHDR(&header);
    cmsg->cmsg_level = SOL_QUIC;
    cmsg->cmsg_type = QUIC_HANDSHAKE_INFO;
    cmsg->cmsg_len = CMSG_LEN(sizeof(info));
    memcpy(CMSG_DATA(cmsg), &info, sizeof(info));
    if (sendmsg(fd_, &header, MSG_NOSIGNAL) != static_cast<ssize_t>(message.size()))
      throw ErrnoError("sending a handshake message");
  }

  // The body of the next message, which has to be of this level.
  Buffer Receive(uint8_t level) {
    Buffer &pending = pending_[level];
    for (;;) {
      if (pending.size() >= kHeaderBytes) {
        const size_t size = static_cast<size_t>(pending[4]) << 8 | pending[5];
        if (memcmp(pending.data(), kMagic, sizeof(kMagic)) != 0)
          throw Error("the peer does not use --fixed-secret");
        if (pending.size() >= kHeaderBytes + size) {
          Buffer body(pending.begin() + kHeaderBytes,
                      pending.begin() + static_cast<ptrdiff_t>(kHeaderBytes + size));
          pending.erase(pending.begin(),
                        pending.begin() + static_cast<ptrdiff_t>(kHeaderBytes + size));
          return body;
        }
      }
      ReceivePiece();
    }
  }

  void ReceivePiece() {
    pollfd pfd = {fd_, POLLIN, 0};
    if (poll(&pfd, 1, kTimeoutMs) <= 0)
      throw Error("no handshake message came");
    std::array<uint8_t, 4096> bytes = {};
    alignas(cmsghdr) std::array<uint8_t, 128> control = {};
    iovec iov = {bytes.data(), bytes.size()};
    msghdr header = {};
    header.msg_iov = &iov;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    const ssize_t got = recvmsg(fd_, &header, 0);
    const cmsghdr *const cmsg = CMSG_FIRSTHDR(&header);
    if (got <= 0 || cmsg == nullptr || cmsg->cmsg_level != SOL_QUIC ||
        cmsg->cmsg_type != QUIC_HANDSHAKE_INFO)
      throw Error("receiving a handshake message" + tools::CloseReason(fd_));
    const uint8_t level = *CMSG_DATA(cmsg);
    if (level >= QUIC_CRYPTO_MAX || pending_[level].size() > kMaxParametersBytes + kHeaderBytes)
      throw Error("the peer's handshake makes no sense");
    pending_[level].insert(pending_[level].end(), bytes.begin(), bytes.begin() + got);
  }

  int fd_;
  bool is_server_;
  std::array<Buffer, QUIC_CRYPTO_MAX> pending_;
};

}  // namespace

void FixedSecretHandshake(int fd, bool is_server) {
  FixedHandshake(fd, is_server).Run();
}

}  // namespace quicperf
