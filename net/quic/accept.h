/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * accept.h - requests become connections
 */
#ifndef _QUIC_ACCEPT_H
#define _QUIC_ACCEPT_H

#include "listen.h"

/**
 * quic_accept_make() - a request becomes a socket
 * @parent: listener, owned
 * @req: one of its requests; freed, except with -ENOMEM
 * @kern: the socket is the kernel's
 * @err: 0; -ENOMEM; -EBADMSG not authentic; others of the engine
 *
 * Context: process, may sleep.
 * Return: the socket with one reference, NULL when *@err is set.
 */
struct sock *quic_accept_make(struct quic_sock *parent, struct quic_request *req, bool kern,
			      int *err);

/* What UAPI.md 4 calls sticky: 0, -ENOMEM. @q is owned, @parent too. */
int quic_accept_inherit(struct quic_sock *q, const struct quic_sock *parent);

/* Ends a socket that nobody will get, and drops a reference of it. Context: process. */
void quic_accept_discard(struct sock *child);

/**
 * quic_accept() - proto.accept
 * @sk: listening socket
 * @arg: flags in, errno out
 *
 * Requests that turn out not to be authentic are dropped on the way.
 *
 * Return: the new socket with one reference, or NULL and arg->err: -EINVAL not
 * listening, -EAGAIN, -EINTR, -ERESTARTSYS, -ENOMEM.
 */
struct sock *quic_accept(struct sock *sk, struct proto_accept_arg *arg);

#endif /* _QUIC_ACCEPT_H */
