/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * close.h - how a socket ends: shutdown(), close(), orphans
 */
#ifndef _QUIC_CLOSE_H
#define _QUIC_CLOSE_H

#include <linux/net.h>

#include "socket.h"

/**
 * quic_close() - proto.close
 * @sk: socket; the caller's reference is consumed
 * @timeout: jiffies to wait for delivery (SO_LINGER)
 *
 * What was sent is delivered by an orphan (UAPI.md 17.3) unless SO_LINGER is 0.
 */
void quic_close(struct sock *sk, long timeout);

/**
 * quic_shutdown() - proto_ops.shutdown
 * @sock: socket
 * @how: SHUT_RD, SHUT_WR or SHUT_RDWR
 *
 * Return: 0; -ENOTCONN; -EINVAL.
 */
int quic_shutdown(struct socket *sock, int how);

/**
 * quic_close_send() - CONNECTION_CLOSE with what the option of that name says
 * @q: socket, owned
 * @flush: once everything queued is delivered, or the sysctl's time is over
 */
void quic_close_send(struct quic_sock *q, bool flush);

/* Takes a finished orphan off its list and drops the list's reference. @q is owned. */
void quic_close_orphan_done(struct quic_sock *q);
/* Ends every orphan of @sn and waits until they are freed. Context: process. */
void quic_close_orphans(struct quic_sock_net *sn);

#endif /* _QUIC_CLOSE_H */
