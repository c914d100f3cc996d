// SPDX-License-Identifier: LGPL-2.1-or-later
//
// KernelSocket: system calls, with errors as negative errno.
#include "socket.h"

#include <linux/quic.h>

#include <cerrno>
#include <ctime>

namespace quic {

uint32_t VersionOf(Socket *socket) {
  quic_config config = {};
  socklen_t size = sizeof(config);
  return socket->GetOption(QUIC_SOCKOPT_CONFIG, &config, &size) < 0 ? 0 : config.version;
}

int KernelSocket::SetOption(int name, const void *value, socklen_t size) {
  return setsockopt(fd_, SOL_QUIC, name, value, size) < 0 ? -errno : 0;
}

int KernelSocket::GetOption(int name, void *value, socklen_t *size) {
  return getsockopt(fd_, SOL_QUIC, name, value, size) < 0 ? -errno : 0;
}

ssize_t KernelSocket::Send(const msghdr *msg, int flags) {
  const ssize_t n = sendmsg(fd_, msg, flags);
  return n < 0 ? -errno : n;
}

ssize_t KernelSocket::Receive(msghdr *msg, int flags) {
  const ssize_t n = recvmsg(fd_, msg, flags);
  return n < 0 ? -errno : n;
}

int KernelSocket::Poll(short events, int timeout_ms) {
  pollfd pfd = {fd_, events, 0};
  const int n = poll(&pfd, 1, timeout_ms);
  return n < 0 ? -errno : n;
}

void KernelSocket::Shutdown() {
  shutdown(fd_, SHUT_RDWR);
}

int KernelSocket::TakeError() {
  int error = 0;
  socklen_t size = sizeof(error);
  return getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) < 0 ? 0 : error;
}

uint64_t KernelSocket::NowMs() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000 + static_cast<uint64_t>(now.tv_nsec) / 1000000;
}

}  // namespace quic
