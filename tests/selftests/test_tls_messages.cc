// SPDX-License-Identifier: GPL-2.0-or-later
//
// TLS messages that may not come after the handshake: what the peer's kernel
// closes the connection with.
#include <netinet/quic.h>

#include "harness.h"

namespace {

using namespace harness;

Tap tap;

// Sends bytes in CRYPTO frames of 1-RTT packets.
ssize_t SendTls(int fd, std::vector<uint8_t> bytes) {
  quic_handshake_info info = {QUIC_CRYPTO_APP};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(info))] = {};
  iovec iov = {bytes.data(), bytes.size()};
  msghdr msg = {};
  msg.msg_iov = &iov;
  msg.msg_iovlen = 1;
  msg.msg_control = control;
  msg.msg_controllen = sizeof(control);
  cmsghdr *const cmsg = CMSG_FIRSTHDR(&msg);
  cmsg->cmsg_level = SOL_QUIC;
  cmsg->cmsg_type = QUIC_HANDSHAKE_INFO;
  cmsg->cmsg_len = CMSG_LEN(sizeof(info));
  memcpy(CMSG_DATA(cmsg), &info, sizeof(info));
  return sendmsg(fd, &msg, MSG_NOSIGNAL);
}

// What a connection was closed with, as the one who sent the message hears it.
void Refused(bool by_client, std::vector<uint8_t> message, uint32_t code, const char *name) {
  Pair p = MakePair();
  const int fd = by_client ? p.server : p.client;
  const ssize_t size = static_cast<ssize_t>(message.size());
  tap.Equal(size, SendTls(fd, std::move(message)), std::string(name) + ": sent");
  pollfd closed = {fd, POLLIN, 0};
  for (int i = 0; i < 50 && !(closed.revents & POLLHUP); i++) {
    poll(&closed, 1, 100);
    usleep(10000);
  }
  quic_connection_close close = {};
  socklen_t len = sizeof(close);
  getsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_CONNECTION_CLOSE, &close, &len);
  tap.Equal(code, close.errcode, name);
}

constexpr uint32_t kUnexpectedMessage = 0x10a;

// [9001-6#2]
void TestKeyUpdate() {
  Refused(true, {24, 0, 0, 1, 0}, kUnexpectedMessage, "KeyUpdate of a server: 0x010a");
  Refused(false, {24, 0, 0, 1, 0}, kUnexpectedMessage, "KeyUpdate of a client: 0x010a");
}

// [9001-4.4#3]
void TestCertificateRequest() {
  Refused(true, {13, 0, 0, 3, 0, 0, 0}, QUIC_TRANSPORT_ERROR_PROTOCOL_VIOLATION,
          "CertificateRequest after the handshake: PROTOCOL_VIOLATION");
}

void TestOthers() {
  Refused(false, {4, 0, 0, 1, 0}, kUnexpectedMessage, "NewSessionTicket of a client: 0x010a");
  Refused(true, {8, 0, 0, 2, 0, 0}, kUnexpectedMessage, "EncryptedExtensions again: 0x010a");
}

}  // namespace

int main() {
  TestKeyUpdate();
  TestCertificateRequest();
  TestOthers();
  return tap.End();
}
