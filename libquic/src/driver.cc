// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Doing the steps of a handshake.
//
// No system call here sleeps but poll(), so one deadline bounds everything: a
// peer that keeps sending a byte now and then gains no time.
#include "driver.h"

#include <algorithm>
#include <cerrno>

namespace quic {

namespace {

// Longest single wait.  A socket that is writable without saying so (the room
// of a handshake message is not that of stream data) is tried again sooner.
constexpr uint64_t kReceiveWaitMs = 1000;
constexpr uint64_t kSendWaitMs = 20;

ssize_t Perform(Socket &socket, HandshakeStep *step) {
  if (step->op == QUIC_HANDSHAKE_STEP_OP_SENDMSG) {
    auto &send = step->s_sendmsg;
    send.retval = socket.Send(send.msg, send.flags | MSG_DONTWAIT);
    return send.retval;
  }
  auto &receive = step->s_recvmsg;
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

int RunSteps(Handshake *handshake, uint64_t deadline) {
  HandshakeStep *step = nullptr;
  int ret = handshake->Start(&step);
  while (ret == 0 && step != nullptr) {
    if (handshake->socket().NowMs() >= deadline)
      return handshake->Fail(LocalFailure(-ETIMEDOUT, "the handshake took too long"));
    const ssize_t done = Perform(handshake->socket(), step);
    ret = done == -EAGAIN ? Wait(handshake, step, deadline) : handshake->Step(&step);
  }
  return ret;
}

}  // namespace

int Drive(Handshake *handshake, uint32_t timeout_ms) {
  const int ret = RunSteps(handshake, handshake->socket().NowMs() + timeout_ms);
  if (ret < 0)
    handshake->socket().Shutdown();
  return ret;
}

}  // namespace quic
