// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * route.c - which of several listeners on one address a ClientHello is for
 *
 * A work item per listener; it runs when a request comes in that may be meant
 * for another one, and whenever a child whose ClientHello is incomplete has got
 * more of it or ended.  Two listeners are never locked at once.
 *
 * The client's order of names decides, then the more specific address.  A
 * listener without names gets what no other serves.
 */
#include "accept.h"
#include "alpn.h"
#include "route.h"

static const u16 route_no_protocol = QUIC_ERR_CRYPTO + 120;	/* no_application_protocol */

/* The listener for the names in @list, with a reference, or NULL. */
static struct sock *route_find(struct quic_sock *child, struct quic_span list)
{
	const struct quic_path *p = quic_sock_conn(child)->path;
	struct quic_tunnel *t = child->host.tunnel;
	struct quic_span name, none = {};
	struct sock *sk = NULL;

	if (!t)
		return NULL;
	rcu_read_lock();
	while (!sk && quic_hello_next_name(&list, &name))
		sk = quic_listen_find(t, &p->local, &p->remote, &name);
	if (!sk)
		sk = quic_listen_find(t, &p->local, &p->remote, &none);
	rcu_read_unlock();
	return sk;
}

/* The child's hello is complete: into the queue of @to, which is not owned. */
static int route_deliver(struct quic_sock *child, struct sock *to)
{
	struct quic_sock *q = quic_sk(to);
	int err = -ECONNREFUSED;

	lock_sock(to);
	if (to->sk_state == TCP_LISTEN && !sk_acceptq_is_full(to)) {
		lock_sock_nested(quic_sock_sk(child), SINGLE_DEPTH_NESTING);
		err = quic_accept_inherit(child, q);
		release_sock(quic_sock_sk(child));
	}
	if (!err) {
		list_add_tail(&child->accept_entry, &q->listener->children);
		sk_acceptq_added(to);
		to->sk_data_ready(to);
	}
	release_sock(to);
	return err;
}

static void route_refuse(struct quic_sock *child, u64 code)
{
	struct sock *sk = quic_sock_sk(child);
	bool bh;

	lock_sock(sk);
	bh = quic_sock_enter(child);
	quic_conn_close(quic_sock_conn(child), false, code, NULL, 0, quic_timer_now());
	quic_sock_leave(bh);
	release_sock(sk);
	quic_accept_discard(sk);
}

/* A child with a complete hello: it has left all lists, its reference is ours. */
static void route_one(struct quic_sock *child, struct quic_span names)
{
	struct sock *to = route_find(child, names);

	if (!to) {
		route_refuse(child, route_no_protocol);
		return;
	}
	if (route_deliver(child, to))
		route_refuse(child, QUIC_ERR_CONNECTION_REFUSED);
	sock_put(to);
}

/* Requests become children; their hello may be complete or not. */
static void route_make_children(struct quic_sock *q)
{
	struct quic_listener *l = q->listener;
	struct quic_request *req;
	struct sock *child;
	int err;

	while ((req = list_first_entry_or_null(&l->unrouted, struct quic_request, entry))) {
		child = quic_accept_make(q, req, !quic_sock_sk(q)->sk_net_refcnt, &err);
		if (child) {
			sock_hold(quic_sock_sk(q));
			quic_sk(child)->router = quic_sock_sk(q);
			list_add_tail(&quic_sk(child)->accept_entry, &l->routing);
		} else if (err == -ENOMEM) {
			quic_listen_drop(q, req);
		}
	}
}

/* Ends the child's tie to its router. The child is owned or about to be discarded. */
static void route_untie(struct quic_sock *child)
{
	list_del_init(&child->accept_entry);
	sock_put(child->router);
	child->router = NULL;
}

/* A child that is to be refused for its token [9000-8.1.2]. */
static void route_refuse_token(struct quic_sock *child)
{
	struct sock *sk = quic_sock_sk(child);
	bool bh;

	lock_sock(sk);
	bh = quic_sock_enter(child);
	quic_conn_violate(quic_sock_conn(child), QUIC_VIOLATION_TOKEN_INVALID, 0,
			  quic_timer_now());
	quic_sock_leave(bh);
	release_sock(sk);
	quic_accept_discard(sk);
}

/* Takes a child off the list whose hello is complete, or that ended: true with *@hello. */
static bool route_is_done(struct quic_sock *child, u8 **hello, struct quic_span *names)
{
	struct quic_inqueue *in = &quic_sock_conn(child)->crypto[QUIC_SPACE_INITIAL].rcv;
	int err = 0;

	*hello = NULL;
	*names = (struct quic_span){};
	lock_sock_nested(quic_sock_sk(child), SINGLE_DEPTH_NESTING);
	if (!child->ended && !child->bad_token)
		err = quic_alpn_hello_read(in, hello, names);
	if (err != -EAGAIN)
		route_untie(child);
	release_sock(quic_sock_sk(child));
	return err != -EAGAIN;
}

/* The next child that can be handed out; the listener is owned. */
static struct quic_sock *route_next(struct quic_sock *q, u8 **hello, struct quic_span *names)
{
	struct quic_sock *child, *tmp;

	list_for_each_entry_safe(child, tmp, &q->listener->routing, accept_entry)
		if (route_is_done(child, hello, names))
			return child;
	return NULL;
}

static void route_work(struct work_struct *work)
{
	struct quic_listener *l = container_of(work, struct quic_listener, route);
	struct quic_sock *q = quic_sk(l->sk), *child;
	struct sock *sk = l->sk;
	struct quic_span names;
	u8 *hello;

	lock_sock(sk);
	if (sk->sk_state == TCP_LISTEN)
		route_make_children(q);
	while ((child = route_next(q, &hello, &names))) {
		release_sock(sk);
		if (child->ended)
			quic_accept_discard(quic_sock_sk(child));
		else if (child->bad_token)
			route_refuse_token(child);
		else
			route_one(child, names);
		kvfree(hello);
		lock_sock(sk);
	}
	release_sock(sk);
	sock_put(sk);
}

void quic_route_init(struct quic_listener *l)
{
	INIT_WORK(&l->route, route_work);
}

void quic_route_kick(struct sock *sk)
{
	sock_hold(sk);
	if (!queue_work(quic_net_wq, &quic_sk(sk)->listener->route))
		__sock_put(sk);
}

void quic_route_stop(struct quic_sock *q)
{
	struct quic_listener *l = q->listener;
	struct quic_sock *child, *tmp;

	list_for_each_entry_safe(child, tmp, &l->routing, accept_entry) {
		lock_sock_nested(quic_sock_sk(child), SINGLE_DEPTH_NESTING);
		route_untie(child);
		release_sock(quic_sock_sk(child));
		quic_accept_discard(quic_sock_sk(child));
	}
	list_for_each_entry_safe(child, tmp, &l->children, accept_entry) {
		list_del_init(&child->accept_entry);
		sk_acceptq_removed(quic_sock_sk(q));
		quic_accept_discard(quic_sock_sk(child));
	}
}
