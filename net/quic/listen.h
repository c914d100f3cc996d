/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * listen.h - listening sockets: requests, accept(), and packets nobody claims
 */
#ifndef _QUIC_LISTEN_H
#define _QUIC_LISTEN_H

#include <linux/net.h>

#include "socket.h"

#define QUIC_LISTEN_BUCKETS	64	/* of one listener's requests */

/**
 * struct quic_request - a connection that waits for accept()
 * @entry: in quic_listener.queue, oldest first
 * @hash_entry: in quic_listener.hash
 * @dcid: Destination Connection ID of the client's first Initial
 * @scid: the client's id
 * @version: QUIC version of it
 * @local: our address
 * @remote: the client's
 * @packets: runs of datagrams, in order of arrival
 * @bytes: of @packets: truesize
 * @expires: when it is given up
 * @source: bucket in quic_sock_net.half_open_source
 */
struct quic_request {
	struct list_head entry;
	struct hlist_node hash_entry;
	struct quic_cid dcid;
	struct quic_cid scid;
	const struct quic_version *version;
	struct quic_addr local;
	struct quic_addr remote;
	struct sk_buff_head packets;
	u32 bytes;
	quic_us expires;
	u16 source;
};

/**
 * struct quic_listener - what a listening socket has besides
 * @table_entry: in quic_sock_net.listeners, RCU; under quic_sock_net.lock
 * @sk: the socket
 * @port: local port
 * @queue: requests, oldest first
 * @hash: the same by the client's DCID and address
 *
 * Touched by the socket's owner but for @table_entry.  Freed with the socket.
 */
struct quic_listener {
	struct hlist_node table_entry;
	struct sock *sk;
	u16 port;
	struct list_head queue;
	struct hlist_head hash[QUIC_LISTEN_BUCKETS];
};

/**
 * quic_listen() - proto_ops.listen
 * @sock: socket
 * @backlog: requests that may wait; 0 ends listening
 *
 * Return: 0; -EINVAL not bound, or connected; -EADDRINUSE another listener there
 * takes the same protocols; -ENOMEM.
 */
int quic_listen(struct socket *sock, int backlog);
/* Leaves LISTEN and drops all requests; @q is owned. */
void quic_listen_stop(struct quic_sock *q);
/* Frees q->listener. Context: any, nobody else refers to @q. */
void quic_listen_free(struct quic_sock *q);

/**
 * quic_listen_accept() - proto.accept
 * @sk: listening socket
 * @arg: flags in, errno out
 *
 * The connection is made now, from the packets that waited; requests that turn
 * out not to be authentic are dropped on the way.
 *
 * Return: the new socket with one reference, or NULL and arg->err: -EINVAL not
 * listening, -EAGAIN, -EINTR, -ERESTARTSYS, -ENOMEM.
 */
struct sock *quic_listen_accept(struct sock *sk, struct proto_accept_arg *arg);

/* A run of datagrams for a listener; consumed. @q is owned. Context: any. */
void quic_listen_receive(struct quic_sock *q, struct sk_buff *skb);
/* Drops requests that waited too long; @q is owned. */
void quic_listen_expire(struct quic_sock *q, quic_us now);
/* Is there something to accept()? */
static inline bool quic_listen_is_ready(const struct quic_sock *q)
{
	return q->listener && !list_empty_careful(&q->listener->queue);
}

/**
 * quic_listen_find() - the listener for a client's first packet
 * @t: tunnel it arrived on
 * @local: where it was sent to
 * @remote: where it came from
 *
 * The exact address wins over the any address of its family; several sockets
 * with SO_REUSEPORT share by hash of the client's address.
 *
 * Context: inside an RCU read section.
 * Return: listening socket with a reference, or NULL.
 */
struct sock *quic_listen_find(const struct quic_tunnel *t, const struct quic_addr *local,
			      const struct quic_addr *remote);

/* One half-open connection less. */
void quic_listen_half_open_put(struct quic_sock_net *sn, u16 source);

#endif /* _QUIC_LISTEN_H */
