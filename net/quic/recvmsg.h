/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * recvmsg.h - recvmsg() and what poll() asks it
 */
#ifndef _QUIC_RECVMSG_H
#define _QUIC_RECVMSG_H

#include <linux/poll.h>

#include "socket.h"

/**
 * quic_recvmsg() - proto.recvmsg
 * @sk: socket
 * @msg: where to; control messages as UAPI.md 6 says
 * @len: bytes of room
 * @flags: MSG_DONTWAIT and MSG_PEEK count, others are ignored
 *
 * Return: bytes; 0 for a bare FIN, or after an orderly close if there is no
 * control buffer (UAPI.md 17.4); -ENOTCONN, -EAGAIN, -EINTR, -ERESTARTSYS, -EFAULT.
 */
int quic_recvmsg(struct sock *sk, struct msghdr *msg, size_t len, int flags);

/* Something to read: handshake data, an event, a datagram, a stream. */
bool quic_recv_is_ready(struct quic_sock *q);

/* proto_ops.poll */
__poll_t quic_recv_poll(struct file *file, struct socket *sock, poll_table *wait);

/* Bytes of stream data and datagrams that can be read (SIOCINQ); @q is owned. */
u64 quic_recv_queued(const struct quic_sock *q);

#endif /* _QUIC_RECVMSG_H */
