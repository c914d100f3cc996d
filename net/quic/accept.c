// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * accept.c - requests become connections
 *
 * With one listener on an address this happens in accept(), so that a request
 * nobody accepts has cost next to nothing.  Where several listeners with different
 * protocol lists share it, the ClientHello decides: a work item makes the
 * connection ahead, the engine puts the hello together from whatever frames and
 * packets it comes in, and the child is handed to the listener it asks for.
 *
 *   request --> accept() ----------------------------> socket
 *   request --> work --> routing --hello--> children --accept()--> socket
 *                           ^ more packets wake the work
 *
 * A child in routing or children holds one reference of its list.
 */
#include "accept.h"
#include "alpn.h"
#include "bind.h"
#include "replay.h"
#include "sockopt_param.h"

static void accept_copy_sock(struct sock *child, struct sock *sk)
{
	struct inet_sock *inet = inet_sk(child);

	child->sk_backlog_rcv = child->sk_prot->backlog_rcv;
	child->sk_bound_dev_if = sk->sk_bound_dev_if;
	child->sk_reuse = sk->sk_reuse;
	child->sk_priority = READ_ONCE(sk->sk_priority);
	child->sk_mark = READ_ONCE(sk->sk_mark);
	child->sk_rcvtimeo = sk->sk_rcvtimeo;
	child->sk_sndtimeo = sk->sk_sndtimeo;
	child->sk_lingertime = sk->sk_lingertime;
	child->sk_allocation = sk->sk_allocation;
	child->sk_max_pacing_rate = READ_ONCE(sk->sk_max_pacing_rate);
	child->sk_pacing_status = READ_ONCE(sk->sk_pacing_status);
	child->sk_userlocks = sk->sk_userlocks & (SOCK_SNDBUF_LOCK | SOCK_RCVBUF_LOCK);
	if (child->sk_userlocks & SOCK_SNDBUF_LOCK)
		child->sk_sndbuf = sk->sk_sndbuf;
	if (child->sk_userlocks & SOCK_RCVBUF_LOCK)
		child->sk_rcvbuf = sk->sk_rcvbuf;
	if (sock_flag(sk, SOCK_LINGER))
		sock_set_flag(child, SOCK_LINGER);
	inet->uc_ttl = -1;
	inet->mc_ttl = 1;
	inet->tos = inet_sk(sk)->tos;
	inet->pmtudisc = inet_sk(sk)->pmtudisc;
	security_sk_clone(sk, child);
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6) {
		const struct ipv6_pinfo *from = inet6_sk(sk);
		struct ipv6_pinfo *np = &((struct quic6_sock *)child)->inet6;

		np->hop_limit = from->hop_limit;
		np->mcast_hops = from->mcast_hops;
		np->pmtudisc = from->pmtudisc;
		np->tclass = from->tclass;
		np->srcprefs = from->srcprefs;
		inet->pinet6 = np;
	}
#endif
}

int quic_accept_inherit(struct quic_sock *q, const struct quic_sock *parent)
{
	int err;

	err = quic_sock_blob_set(&q->alpn, parent->alpn.data, parent->alpn.len, GFP_KERNEL);
	if (!err)
		err = quic_sock_blob_set(&q->ticket, parent->ticket.data, parent->ticket.len,
					 GFP_KERNEL);
	if (err)
		return err;
	memcpy(q->ticket_secret, parent->ticket_secret, sizeof(q->ticket_secret));
	quic_replay_put(quic_sock_net(sock_net(&q->inet.sk)), q->replay);
	q->replay = quic_replay_get(parent->replay);
	q->param = parent->param;
	q->config = parent->config;
	q->version_set = parent->version_set;
	q->events.mask = parent->events.mask;
	q->host.conn.config.cong = parent->host.conn.config.cong;
	quic_sock_update_limits(q);
	quic_param_apply(q);
	return 0;
}

static struct sock *accept_alloc_child(struct quic_sock *parent, bool kern)
{
	struct sock *sk = quic_sock_sk(parent), *child;

	child = sk_alloc(sock_net(sk), sk->sk_family, GFP_KERNEL, sk->sk_prot, kern);
	if (!child)
		return NULL;
	sock_init_data(NULL, child);
	child->sk_type = sk->sk_type;
	child->sk_protocol = sk->sk_protocol;
	child->sk_prot->init(child);
	accept_copy_sock(child, sk);
	if (quic_accept_inherit(quic_sk(child), parent)) {
		sock_set_flag(child, SOCK_DEAD);
		sock_put(child);
		return NULL;
	}
	return child;
}

/* Makes the connection of @req and shows it the packets: 0, or an errno. */
static int accept_start_child(struct quic_sock *q, struct quic_request *req)
{
	struct quic_header h = {
		.kind = QUIC_PACKET_INITIAL,
		.version = req->version,
		.version_number = req->version->number,
		.dcid = req->dcid,
		.scid = req->scid,
	};
	const struct quic_admission *a = &req->admission;
	struct quic_conn *conn = quic_sock_conn(q);
	quic_us now = quic_timer_now();
	struct quic_addr local;
	struct sk_buff *skb;
	int err;

	err = quic_bind_set_path(q, &req->remote, &local);
	if (!err)
		err = quic_conn_start_server(conn, &h, &a->odcid, a->retried ? &req->dcid : NULL,
					     a->validated, &req->local, &req->remote, now);
	if (err)
		return err;
	q->started = true;
	q->started_at = now;
	quic_sock_set_state(quic_sock_sk(q), TCP_SYN_RECV);
	conn->notify &= ~QUIC_NOTIFY_STATE;
	quic_lookup_path_update(&q->host, conn->path);
	while ((skb = __skb_dequeue(&req->packets))) {
		skb_orphan(skb);	/* uncharges the listener, which is owned */
		quic_rx_run(&q->host, skb, now);
	}
	quic_sock_settle(q);
	return conn->space[QUIC_SPACE_INITIAL].largest == QUIC_PN_NONE ? -EBADMSG : 0;
}

static void accept_discard_locked(struct sock *child)
{
	sock_set_flag(child, SOCK_DEAD);
	quic_sock_finish(quic_sk(child));
	quic_bind_leave(quic_sk(child));
	quic_sock_set_state(child, TCP_CLOSE);
}

void quic_accept_discard(struct sock *child)
{
	lock_sock_nested(child, SINGLE_DEPTH_NESTING);
	accept_discard_locked(child);
	release_sock(child);
	sock_put(child);
}

struct sock *quic_accept_make(struct quic_sock *parent, struct quic_request *req, bool kern,
			      int *err)
{
	struct sock *child = accept_alloc_child(parent, kern);
	struct quic_sock *q;

	*err = -ENOMEM;
	if (!child)
		return NULL;		/* the request may wait for better times */
	q = quic_sk(child);
	quic_listen_unlink(parent, req);
	q->half_open = true;
	q->source = req->source;
	q->bad_token = req->bad_token;
	lock_sock_nested(child, SINGLE_DEPTH_NESTING);
	quic_bind_child(q, parent);
	*err = accept_start_child(q, req);
	if (*err)
		accept_discard_locked(child);
	release_sock(child);
	__skb_queue_purge(&req->packets);
	kfree(req);
	if (!*err)
		return child;
	sock_put(child);
	return NULL;
}

/* What is there to accept: a child made ahead, or the oldest request. */
static struct sock *accept_take(struct quic_sock *q, bool kern, int *err)
{
	struct quic_listener *l = q->listener;
	struct quic_sock *child;

	child = list_first_entry_or_null(&l->children, struct quic_sock, accept_entry);
	if (!child)
		return quic_accept_make(q, list_first_entry(&l->queue, struct quic_request, entry),
					kern, err);
	list_del_init(&child->accept_entry);
	sk_acceptq_removed(quic_sock_sk(q));
	*err = -ECONNABORTED;
	if (!READ_ONCE(child->ended)) {
		*err = 0;
		return quic_sock_sk(child);
	}
	quic_accept_discard(quic_sock_sk(child));
	return NULL;
}

static int accept_wait(struct quic_sock *q, long *timeo)
{
	struct sock *sk = quic_sock_sk(q);
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	int err = 0;

	add_wait_queue_exclusive(sk_sleep(sk), &wait);
	while (!err && sk->sk_state == TCP_LISTEN && !quic_listen_is_ready(q)) {
		if (!*timeo)
			err = -EAGAIN;
		else if (signal_pending(current))
			err = sock_intr_errno(*timeo);
		else
			sk_wait_event(sk, timeo, sk->sk_state != TCP_LISTEN ||
				      quic_listen_is_ready(q), &wait);
	}
	remove_wait_queue(sk_sleep(sk), &wait);
	return sk->sk_state == TCP_LISTEN ? err : -EINVAL;
}

struct sock *quic_accept(struct sock *sk, struct proto_accept_arg *arg)
{
	struct quic_sock *q = quic_sk(sk);
	struct sock *child = NULL;
	long timeo;
	int err;

	lock_sock(sk);
	timeo = sock_rcvtimeo(sk, arg->flags & O_NONBLOCK);
	do {
		err = accept_wait(q, &timeo);
		if (err)
			break;
		child = accept_take(q, arg->kern, &err);
	} while (!child && err != -ENOMEM);
	if (sk->sk_state == TCP_LISTEN)
		quic_listen_set_timer(q);
	release_sock(sk);
	arg->err = err;
	return child;
}
