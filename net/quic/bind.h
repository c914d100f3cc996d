/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bind.h - addresses of a socket: bind(), connect(), getname()
 */
#ifndef _QUIC_BIND_H
#define _QUIC_BIND_H

#include <linux/net.h>

#include "lookup.h"
#include "compat.h"
#include "socket.h"

/**
 * quic_bind() - proto.bind
 * @sk: socket
 * @sa: address
 * @sa_len: its bytes
 *
 * Return: 0; -EINVAL bound already, too short, multicast; -EAFNOSUPPORT;
 * -EADDRNOTAVAIL; -EACCES low port; -EADDRINUSE.
 */
int quic_bind(struct sock *sk, struct sockaddr_unsized *sa, int sa_len);

/**
 * quic_connect() - proto_ops.connect: bookkeeping only, sends nothing
 * @sock: socket
 * @sa: the server's address
 * @sa_len: its bytes
 * @flags: of the file; never waits
 *
 * Return: 0; -EINVAL in use already, no port; -EOPNOTSUPP AF_UNSPEC;
 * -EAFNOSUPPORT; -EPROTONOSUPPORT version; errors of routing and bind().
 */
int quic_connect(struct socket *sock, struct sockaddr_unsized *sa, int sa_len, int flags);

/* proto_ops.getname: bytes of the address, -ENOTCONN. */
int quic_getname(struct socket *sock, struct sockaddr *sa, int peer);

/**
 * quic_bind_set_path() - our address towards @remote, and the datagram sizes to try
 * @q: bound socket, owned
 * @remote: the peer
 * @local: filled
 *
 * Return: 0 or an errno of routing.
 */
int quic_bind_set_path(struct quic_sock *q, const struct quic_addr *remote,
		       struct quic_addr *local);

/* UDP payload bytes to search up to where the route allows @mtu. */
u16 quic_bind_mtu_max(const struct quic_sock *q, u32 mtu);
/* Another path is in use: what the rest of the kernel reads of the socket follows. */
void quic_bind_follow(struct quic_sock *q);
/* The token that was set goes into the Initials to come: 0, -ENOMEM. @q is owned. */
int quic_bind_give_token(struct quic_sock *q);

/* An accepted socket shares its listener's UDP socket. */
void quic_bind_child(struct quic_sock *q, const struct quic_sock *parent);
/* Leaves the list of bound sockets (and with it /proc); may be repeated. */
void quic_bind_leave(struct quic_sock *q);

#endif /* _QUIC_BIND_H */
