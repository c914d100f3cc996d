/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sendmsg.h - sendmsg(): handshake messages, datagrams, stream data
 */
#ifndef _QUIC_SENDMSG_H
#define _QUIC_SENDMSG_H

#include "socket.h"

/**
 * quic_sendmsg() - proto.sendmsg
 * @sk: socket
 * @msg: data, flags and control messages (UAPI.md 5)
 * @len: bytes of data
 *
 * Return: bytes queued, or a negative errno as UAPI.md 5 lists them.
 */
int quic_sendmsg(struct sock *sk, struct msghdr *msg, size_t len);

/**
 * quic_send_open_stream() - the stream that an id and flags name, opened if need be
 * @q: socket, owned; the lock is given up while waiting for the stream limit
 * @info: id (-1: the next one) and MSG_QUIC_STREAM_* flags; the id is filled in
 * @nonblock: do not wait for the stream limit
 * @out: the stream
 *
 * Return: 0; -EINVAL role, used already, or no 1-RTT keys to wait with; -ENOSTR
 * closed; -EAGAIN at the limit; -EPIPE; -EINTR, -ERESTARTSYS; -ENOMEM.
 */
int quic_send_open_stream(struct quic_sock *q, struct quic_stream_info *info, bool nonblock,
			  struct quic_stream **out);

#endif /* _QUIC_SENDMSG_H */
