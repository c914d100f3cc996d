// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Doing the steps of a handshake.
//
// No system call here sleeps but poll(), so one deadline bounds everything: a
// peer that keeps sending a byte now and then gains no time.
#include "driver.h"

#include <algorithm>
#include <array>
#include <cerrno>

namespace quic {

namespace {

// Longest single wait.  A socket that is writable without saying so (the room
// of a handshake message is not that of stream data) is tried again sooner.
constexpr uint64_t kReceiveWaitMs = 1000;
constexpr uint64_t kSendWaitMs = 20;

// Early data stand before the handshake message that is waited for.
constexpr ssize_t kInTheWay = -ENOMSG;

// Looks at what is next in the socket's queue without taking it: false if that
// is something for the application.
bool IsForHandshake(Socket &socket) {
  uint8_t first = 0;
  iovec iov = {&first, sizeof(first)};
  alignas(cmsghdr) std::array<uint8_t, 128> control = {};
  msghdr msg = {};
  msg.msg_iov = &iov;
  msg.msg_iovlen = 1;
  msg.msg_control = control.data();
  msg.msg_controllen = control.size();
  const ssize_t size = socket.Receive(&msg, MSG_PEEK | MSG_DONTWAIT);
  if (size < 0)
    return true;
  if ((msg.msg_flags & static_cast<int>(MSG_QUIC_NOTIFICATION)) != 0)
    return first == QUIC_EVENT_CONNECTION_CLOSE;
  const cmsghdr *const cmsg = CMSG_FIRSTHDR(&msg);
  const bool is_quic = cmsg != nullptr && cmsg->cmsg_level == SOL_QUIC;
  if (is_quic && cmsg->cmsg_type == QUIC_HANDSHAKE_INFO)
    return true;
  const bool is_data = is_quic || (msg.msg_flags & static_cast<int>(MSG_QUIC_DATAGRAM)) != 0;
  return !is_data;
}

ssize_t Perform(Handshake *handshake, HandshakeStep *step) {
  Socket &socket = handshake->socket();
  if (step->op == QUIC_HANDSHAKE_STEP_OP_SENDMSG) {
    auto &send = step->s_sendmsg;
    send.retval = socket.Send(send.msg, send.flags | MSG_DONTWAIT);
    return send.retval;
  }
  auto &receive = step->s_recvmsg;
  if (handshake->ReceivesEarlyData() && !IsForHandshake(socket))
    return kInTheWay;
  receive.retval = socket.Receive(receive.msg, receive.flags | MSG_DONTWAIT);
  return receive.retval;
}

// Waits until the step may be worth trying again.  Returns 0 or an error.
int Wait(Handshake *handshake, const HandshakeStep *step, uint64_t deadline) {
  Socket &socket = handshake->socket();
  const uint64_t now = socket.NowMs();
  if (now >= deadline)
    return handshake->Fail(LocalFailure(-ETIMEDOUT, "the handshake took too long"));
  const bool is_send = step->op == QUIC_HANDSHAKE_STEP_OP_SENDMSG;
  const uint64_t wait = std::min(deadline - now, is_send ? kSendWaitMs : kReceiveWaitMs);
  const int ret = socket.Poll(is_send ? POLLOUT : POLLIN, static_cast<int>(wait));
  return ret < 0 && ret != -EINTR ? handshake->Fail(LocalFailure(ret, "poll failed")) : 0;
}

// Waits for a handshake message behind early data, which stay where they are.
// If there is none when the socket says there is something, the connection is over.
int WaitBehindData(Handshake *handshake, HandshakeStep **step, uint64_t deadline) {
  Socket &socket = handshake->socket();
  const uint64_t wait = std::min(deadline - socket.NowMs(), kReceiveWaitMs);
  const int ret = socket.Poll(POLLPRI, static_cast<int>(wait));
  if (ret < 0 && ret != -EINTR)
    return handshake->Fail(LocalFailure(ret, "poll failed"));
  if (ret <= 0 || IsForHandshake(socket))
    return 0;
  (*step)->s_recvmsg.retval = -ENOTCONN;
  return handshake->Step(step);
}

int RunSteps(Handshake *handshake, uint64_t deadline) {
  HandshakeStep *step = nullptr;
  int ret = handshake->Start(&step);
  while (ret == 0 && step != nullptr) {
    if (handshake->socket().NowMs() >= deadline)
      return handshake->Fail(LocalFailure(-ETIMEDOUT, "the handshake took too long"));
    const ssize_t done = Perform(handshake, step);
    if (done == kInTheWay)
      ret = WaitBehindData(handshake, &step, deadline);
    else
      ret = done == -EAGAIN ? Wait(handshake, step, deadline) : handshake->Step(&step);
  }
  return ret;
}

}  // namespace

int Drive(Handshake *handshake, uint32_t timeout_ms) {
  const int ret = RunSteps(handshake, handshake->socket().NowMs() + timeout_ms);
  if (ret < 0 && !handshake->WantsNewSession())
    handshake->socket().Shutdown();
  return ret;
}

}  // namespace quic
