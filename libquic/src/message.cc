// SPDX-License-Identifier: LGPL-2.1-or-later
//
// quic_sendmsg() and quic_recvmsg(): one stream, one buffer.
#include <netinet/quic.h>
#include <string.h>

#include <array>

#include "export.h"

namespace {

constexpr uint32_t kStreamFlags = static_cast<uint32_t>(MSG_QUIC_STREAM_NEW) | MSG_QUIC_STREAM_FIN |
                                  MSG_QUIC_STREAM_UNI | MSG_QUIC_STREAM_DONTWAIT |
                                  MSG_QUIC_STREAM_SNDBLOCK;

}  // namespace

QUIC_EXPORT ssize_t quic_sendmsg(int sockfd, const void *msg, size_t len, int64_t sid,
                                 uint32_t flags) {
  quic_stream_info info = {};
  info.stream_id = sid;
  info.stream_flags = flags & kStreamFlags;
  alignas(cmsghdr) std::array<uint8_t, CMSG_SPACE(sizeof(info))> control = {};
  iovec iov = {const_cast<void *>(msg), len};
  msghdr header = {};
  header.msg_iov = &iov;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  cmsghdr *const cmsg = CMSG_FIRSTHDR(&header);
  cmsg->cmsg_level = SOL_QUIC;
  cmsg->cmsg_type = QUIC_STREAM_INFO;
  cmsg->cmsg_len = CMSG_LEN(sizeof(info));
  memcpy(CMSG_DATA(cmsg), &info, sizeof(info));
  return sendmsg(sockfd, &header, static_cast<int>(flags & ~kStreamFlags));
}

QUIC_EXPORT ssize_t quic_recvmsg(int sockfd, void *msg, size_t len, int64_t *sid, uint32_t *flags) {
  alignas(cmsghdr) std::array<uint8_t, 128> control = {};
  iovec iov = {msg, len};
  msghdr header = {};
  header.msg_iov = &iov;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  const ssize_t received =
      recvmsg(sockfd, &header, flags != nullptr ? static_cast<int>(*flags) : 0);
  if (received < 0)
    return received;
  if (flags != nullptr)
    *flags = static_cast<uint32_t>(header.msg_flags);
  for (cmsghdr *cmsg = CMSG_FIRSTHDR(&header); cmsg != nullptr; cmsg = CMSG_NXTHDR(&header, cmsg)) {
    quic_stream_info info = {};
    if (cmsg->cmsg_level != SOL_QUIC || cmsg->cmsg_type != QUIC_STREAM_INFO ||
        cmsg->cmsg_len < CMSG_LEN(offsetof(quic_stream_info, stream_flags) + sizeof(uint32_t)))
      continue;
    memcpy(&info, CMSG_DATA(cmsg), offsetof(quic_stream_info, stream_flags) + sizeof(uint32_t));
    if (sid != nullptr)
      *sid = info.stream_id;
    if (flags != nullptr)
      *flags |= info.stream_flags;
  }
  return received;
}
