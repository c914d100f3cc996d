// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the handshake needs of a QUIC socket, as an interface.
//
// KernelSocket is the real one.  Tests put a socket in memory in its place, with
// a clock of their own, and run the very same code.  A Socket does not own its
// file descriptor: that is the caller's.
#ifndef LIBQUIC_SRC_SOCKET_H_
#define LIBQUIC_SRC_SOCKET_H_

#include <poll.h>
#include <sys/socket.h>

#include <cstdint>

namespace quic {

class Socket {
 public:
  Socket() = default;
  Socket(const Socket &) = delete;
  Socket &operator=(const Socket &) = delete;
  virtual ~Socket() = default;

  // Options of level SOL_QUIC.  Return 0 or a negative errno.
  virtual int SetOption(int name, const void *value, socklen_t size) = 0;
  virtual int GetOption(int name, void *value, socklen_t *size) = 0;

  // Return bytes or a negative errno.
  virtual ssize_t Send(const msghdr *msg, int flags) = 0;
  virtual ssize_t Receive(msghdr *msg, int flags) = 0;

  // Waits for events of poll(2).  Returns 1 if there are any, 0 after
  // timeout_ms, or a negative errno.
  virtual int Poll(short events, int timeout_ms) = 0;

  // Ends both directions; what is recorded as CONNECTION_CLOSE goes out.
  virtual void Shutdown() = 0;

  // SO_ERROR, which it clears: 0 or a positive errno.
  virtual int TakeError() = 0;

  // A monotonic clock, milliseconds.
  virtual uint64_t NowMs() = 0;
};

// The version of QUIC that a socket's connection has, or begins with; 0: it does not say.
uint32_t VersionOf(Socket *socket);

class KernelSocket final : public Socket {
 public:
  explicit KernelSocket(int fd) : fd_(fd) {}

  int SetOption(int name, const void *value, socklen_t size) override;
  int GetOption(int name, void *value, socklen_t *size) override;
  ssize_t Send(const msghdr *msg, int flags) override;
  ssize_t Receive(msghdr *msg, int flags) override;
  int Poll(short events, int timeout_ms) override;
  void Shutdown() override;
  int TakeError() override;
  uint64_t NowMs() override;

 private:
  int fd_;
};

}  // namespace quic

#endif  // LIBQUIC_SRC_SOCKET_H_
