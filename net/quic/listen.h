/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * listen.h - listening sockets: requests, accept(), and packets nobody claims
 */
#ifndef _QUIC_LISTEN_H
#define _QUIC_LISTEN_H

#include <linux/net.h>

#include "admit.h"
#include "socket.h"

#define QUIC_LISTEN_BUCKETS	64	/* of one listener's requests */

/**
 * struct quic_request - a connection that waits for accept()
 * @entry: in quic_listener.queue or .unrouted, oldest first
 * @hash_entry: in quic_listener.hash
 * @dcid: Destination Connection ID of the client's first Initial
 * @scid: the client's id
 * @version: QUIC version of it
 * @admission: what its token told
 * @bad_token: it is to be closed with INVALID_TOKEN
 * @local: our address
 * @remote: the client's
 * @packets: runs of datagrams, in order of arrival
 * @bytes: of @packets: truesize
 * @expires: when it is given up
 * @source: bucket in quic_sock_net.half_open_source
 * @route: other listeners may be meant: the ClientHello decides
 */
struct quic_request {
	struct list_head entry;
	struct hlist_node hash_entry;
	struct quic_cid dcid;
	struct quic_cid scid;
	const struct quic_version *version;
	struct quic_admission admission;
	bool bad_token;
	struct quic_addr local;
	struct quic_addr remote;
	struct sk_buff_head packets;
	u32 bytes;
	quic_us expires;
	u16 source;
	bool route;
};

/**
 * struct quic_listener - what a listening socket has besides
 * @table_entry: in quic_sock_net.listeners, RCU; under quic_sock_net.lock
 * @sk: the socket
 * @port: local port
 * @queue: requests that wait for accept(), oldest first
 * @unrouted: requests whose listener the ClientHello will decide (route.c)
 * @hash: both by the client's DCID and address
 * @routing: children whose ClientHello is not complete
 * @children: children that wait for accept()
 * @route: makes children of @unrouted, and hands them out
 *
 * Touched by the socket's owner but for @table_entry.  Freed with the socket.
 */
struct quic_listener {
	struct hlist_node table_entry;
	struct sock *sk;
	u16 port;
	struct list_head queue;
	struct list_head unrouted;
	struct hlist_head hash[QUIC_LISTEN_BUCKETS];
	struct list_head routing;
	struct list_head children;
	struct work_struct route;
};

/**
 * quic_listen() - proto_ops.listen
 * @sock: socket
 * @backlog: requests that may wait; 0 ends listening
 *
 * Return: 0; -EINVAL not bound, or connected; -ENOMEM; -EADDRINUSE another listener
 * there takes the same protocols.
 */
int quic_listen(struct socket *sock, int backlog);
/* Leaves LISTEN and drops all requests; @q is owned. */
void quic_listen_stop(struct quic_sock *q);
/* Frees q->listener. Context: any, nobody else refers to @q. */
void quic_listen_free(struct quic_sock *q);

/* A run of datagrams for a listener; consumed. @q is owned. Context: any. */
void quic_listen_receive(struct quic_sock *q, struct sk_buff *skb);
/* Drops requests that waited too long; @q is owned. */
void quic_listen_expire(struct quic_sock *q, quic_us now);
/* Is there something to accept()? */
static inline bool quic_listen_is_ready(const struct quic_sock *q)
{
	return q->listener && (!list_empty_careful(&q->listener->queue) ||
			       !list_empty_careful(&q->listener->children));
}

/* Takes a request out of its listener's lists; it stays half-open. @q is owned. */
void quic_listen_unlink(struct quic_sock *q, struct quic_request *req);
/* Frees a request. @q is owned. */
void quic_listen_drop(struct quic_sock *q, struct quic_request *req);
/* Arms the listener's timer for its oldest request. @q is owned. */
void quic_listen_set_timer(struct quic_sock *q);

/**
 * quic_listen_find() - the listener for a client's first packet
 * @t: tunnel it arrived on
 * @local: where it was sent to
 * @remote: where it came from
 * @name: protocol it has to serve; an empty one: it serves none by name; NULL: any
 *
 * The exact address wins over the any address of its family; several sockets
 * with SO_REUSEPORT share by hash of the client's address.
 *
 * Context: inside an RCU read section.
 * Return: listening socket with a reference, or NULL.
 */
struct sock *quic_listen_find(const struct quic_tunnel *t, const struct quic_addr *local,
			      const struct quic_addr *remote, const struct quic_span *name);

/* Whether the rate allows one more answer of that kind, which it takes; counts if it does not. */
bool quic_listen_may_answer(struct quic_tunnel *t, enum quic_stateless kind);
/* A stateless answer to where @skb came from, once it is allowed; counts it. */
void quic_listen_answer(struct quic_tunnel *t, struct sk_buff *skb, const u8 *data, u32 len,
			enum quic_stateless kind);

/* One half-open connection less. */
void quic_listen_half_open_put(struct quic_sock_net *sn, u16 source);

#endif /* _QUIC_LISTEN_H */
