// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * listen.c - listening sockets: requests and accept()
 *
 *   first Initial --> request: packets wait, nothing is decrypted or answered
 *   more packets of it --> the same request (bounded)
 *   accept() --> connection, keys, the packets; authentic ones are returned
 *
 * A request costs one small object and the packets themselves, which are charged
 * to the listener.  Requests and connections not yet established are capped per
 * source address and in total; a request that nobody accepts expires.  Until
 * accept() has put the connection's ids into the table, its packets come here:
 * the listener is owned meanwhile, so that they wait on its backlog.
 */
#include <linux/jhash.h>

#include "alpn.h"
#include "listen.h"
#include "lookup.h"
#include "route.h"
#include "ticket.h"
#include "token.h"

static const u32 listen_request_bytes = 48 << 10;	/* packets of one request, truesize */
static const u32 listen_request_runs = 8;		/* a ClientHello takes 1 to 3 datagrams */
/* From that part of the half-open connections allowed on, addresses are validated. */
static const u32 listen_load_den = 4;
static const u32 listen_load_queue_den = 2;		/* the same of the listener's backlog */

/* ---- half-open connections ---- */

static u16 listen_source(const struct quic_sock_net *sn, const struct quic_addr *remote)
{
	/* An IPv6 host has a /64 at least. */
	u32 len = remote->family == 6 ? 8 : 4;

	return jhash(remote->ip, len, sn->hash_seed) % QUIC_SOCK_SOURCE_BUCKETS;
}

static bool listen_half_open_get(struct quic_sock_net *sn, u16 source)
{
	if (atomic_inc_return(&sn->half_open) > READ_ONCE(sn->half_open_max))
		goto undo;
	if (atomic_inc_return(&sn->half_open_source[source]) <=
	    READ_ONCE(sn->half_open_source_max))
		return true;
	atomic_dec(&sn->half_open_source[source]);
undo:
	atomic_dec(&sn->half_open);
	return false;
}

void quic_listen_half_open_put(struct quic_sock_net *sn, u16 source)
{
	atomic_dec(&sn->half_open_source[source]);
	atomic_dec(&sn->half_open);
}

/* ---- the table of listeners ---- */

static struct hlist_head *listen_chain(struct quic_sock_net *sn, u16 port)
{
	return &sn->listeners[port % QUIC_SOCK_LISTEN_BUCKETS];
}

/* 0: not for it; the higher, the better. */
static int listen_score(const struct sock *sk, const struct quic_tunnel *t,
			const struct quic_addr *local)
{
	const struct quic_addr *own = &quic_sk(sk)->local;

	if (own->port != t->local.port || own->family != local->family)
		return 0;
	if (sk->sk_bound_dev_if && sk->sk_bound_dev_if != t->ifindex)
		return 0;
	if (quic_family_ip_equal(own, local))
		return 2;
	return quic_family_is_any(own) ? 1 : 0;
}

/* Whether @l serves @name; see quic_listen_find(). */
static bool listen_serves(const struct quic_listener *l, const struct quic_span *name)
{
	const struct quic_sock_blob *alpn = &quic_sk(l->sk)->alpn;

	if (!name)
		return true;
	return name->len ? quic_alpn_has(alpn, name) : !alpn->len;
}

struct sock *quic_listen_find(const struct quic_tunnel *t, const struct quic_addr *local,
			      const struct quic_addr *remote, const struct quic_span *name)
{
	struct quic_sock_net *sn = quic_sock_net(t->qn->net);
	u32 n = 0, hash = quic_family_hash(remote, sn->hash_seed);
	struct sock *best = NULL;
	int best_score = 0;
	struct quic_listener *l;

	hlist_for_each_entry_rcu(l, listen_chain(sn, t->local.port), table_entry) {
		int score = listen_score(l->sk, t, local);

		if (!score || score < best_score || !listen_serves(l, name))
			continue;
		n = score > best_score ? 1 : n + 1;
		best_score = score;
		/* Each of n equals is picked with probability 1/n, the same for one client. */
		if (n == 1 || !reciprocal_scale(jhash_1word(n, hash), n))
			best = l->sk;
	}
	if (best && !refcount_inc_not_zero(&best->sk_refcnt))
		best = NULL;
	return best;
}

/* Whether other listeners with other protocols could be meant, too. */
static bool listen_is_shared(const struct quic_sock *q, const struct quic_addr *local)
{
	struct quic_sock_net *sn = quic_sock_net(sock_net(&q->inet.sk));
	struct quic_listener *l;
	bool shared = false;

	rcu_read_lock();
	hlist_for_each_entry_rcu(l, listen_chain(sn, q->local.port), table_entry) {
		if (l != q->listener && listen_score(l->sk, q->host.tunnel, local) &&
		    !quic_alpn_equal(&quic_sk(l->sk)->alpn, &q->alpn))
			shared = true;
	}
	rcu_read_unlock();
	return shared;
}

/* Whether a listener exists that leaves no place for @q; called under sn->lock. */
static bool listen_conflicts(struct quic_sock_net *sn, const struct quic_sock *q)
{
	const struct sock *sk = &q->inet.sk;
	struct quic_listener *l;

	hlist_for_each_entry(l, listen_chain(sn, q->local.port), table_entry) {
		const struct quic_sock *o = quic_sk(l->sk);

		if (o == q || !quic_addr_equal(&o->local, &q->local) ||
		    o->inet.sk.sk_bound_dev_if != sk->sk_bound_dev_if)
			continue;
		if (o->inet.sk.sk_reuseport && sk->sk_reuseport)
			continue;
		if (quic_alpn_overlap(&o->alpn, &q->alpn))
			return true;
	}
	return false;
}

static int listen_enter(struct quic_sock *q)
{
	struct quic_sock_net *sn = quic_sock_net(sock_net(quic_sock_sk(q)));
	int err = 0;

	spin_lock_bh(&sn->lock);
	if (listen_conflicts(sn, q))
		err = -EADDRINUSE;
	else
		hlist_add_head_rcu(&q->listener->table_entry, listen_chain(sn, q->local.port));
	spin_unlock_bh(&sn->lock);
	return err;
}

static int listen_alloc(struct quic_sock *q)
{
	struct quic_listener *l;
	int err;

	if (q->listener)
		return 0;
	l = kzalloc(sizeof(*l), GFP_KERNEL_ACCOUNT);
	if (!l)
		return -ENOMEM;
	INIT_LIST_HEAD(&l->queue);
	INIT_LIST_HEAD(&l->unrouted);
	INIT_LIST_HEAD(&l->routing);
	INIT_LIST_HEAD(&l->children);
	quic_route_init(l);
	l->sk = quic_sock_sk(q);
	l->port = q->local.port;
	get_random_bytes(q->ticket_secret, sizeof(q->ticket_secret));
	q->listener = l;
	err = quic_ticket_set_store(q);
	if (err)
		quic_listen_free(q);
	return err;
}

static int listen_start(struct quic_sock *q)
{
	struct sock *sk = quic_sock_sk(q);
	int err;

	if (!q->local.port || q->started || sk->sk_state != TCP_CLOSE || q->ended)
		return -EINVAL;
	err = listen_alloc(q);
	if (!err)
		err = quic_token_setup_net(quic_sock_net(sock_net(sk)));
	if (err)
		return err;
	quic_sock_set_state(sk, TCP_LISTEN);
	err = listen_enter(q);
	if (err)
		quic_sock_set_state(sk, TCP_CLOSE);
	return err;
}

int quic_listen(struct socket *sock, int backlog)
{
	struct sock *sk = sock->sk;
	struct quic_sock *q = quic_sk(sk);
	int err = 0;

	lock_sock(sk);
	if (backlog <= 0) {
		if (sk->sk_state == TCP_LISTEN)
			quic_listen_stop(q);
		else
			err = -EINVAL;
		goto out;
	}
	if (sk->sk_state != TCP_LISTEN)
		err = listen_start(q);
	if (!err)
		WRITE_ONCE(sk->sk_max_ack_backlog, backlog);
out:
	release_sock(sk);
	return err;
}

/* ---- requests ---- */

void quic_listen_unlink(struct quic_sock *q, struct quic_request *req)
{
	list_del(&req->entry);
	hlist_del(&req->hash_entry);
	sk_acceptq_removed(quic_sock_sk(q));
}

void quic_listen_drop(struct quic_sock *q, struct quic_request *req)
{
	quic_listen_unlink(q, req);
	quic_listen_half_open_put(quic_sock_net(sock_net(quic_sock_sk(q))), req->source);
	__skb_queue_purge(&req->packets);
	kfree(req);
}

void quic_listen_stop(struct quic_sock *q)
{
	struct sock *sk = quic_sock_sk(q);
	struct quic_sock_net *sn = quic_sock_net(sock_net(sk));
	struct quic_listener *l = q->listener;
	struct quic_request *req, *tmp;

	spin_lock_bh(&sn->lock);
	hlist_del_init_rcu(&l->table_entry);
	spin_unlock_bh(&sn->lock);
	quic_sock_set_state(sk, TCP_CLOSE);
	list_splice_init(&l->unrouted, &l->queue);
	list_for_each_entry_safe(req, tmp, &l->queue, entry)
		quic_listen_drop(q, req);
	quic_route_stop(q);
	quic_timer_stop(&q->host);
	sk->sk_state_change(sk);
}

void quic_listen_free(struct quic_sock *q)
{
	kfree(q->listener);
	q->listener = NULL;
}

void quic_listen_set_timer(struct quic_sock *q)
{
	struct quic_request *req = list_first_entry_or_null(&q->listener->queue,
							    struct quic_request, entry);

	quic_timers_set(&quic_sock_conn(q)->timers, QUIC_TIMER_HANDSHAKE,
			req ? req->expires : QUIC_US_NEVER);
	quic_timer_update(&q->host);
}

void quic_listen_expire(struct quic_sock *q, quic_us now)
{
	struct quic_request *req, *tmp;

	list_for_each_entry_safe(req, tmp, &q->listener->queue, entry) {
		if (req->expires > now)
			break;
		quic_listen_drop(q, req);
	}
	quic_listen_set_timer(q);
}

static struct hlist_head *listen_bucket(struct quic_listener *l, const struct quic_cid *dcid)
{
	/* Chosen by the client: the address is in the comparison, the cap bounds a chain. */
	return &l->hash[jhash(dcid->data, dcid->len, 0) % QUIC_LISTEN_BUCKETS];
}

static struct quic_request *listen_find_request(struct quic_listener *l,
						const struct quic_cid *dcid,
						const struct quic_addr *remote)
{
	struct quic_request *req;

	hlist_for_each_entry(req, listen_bucket(l, dcid), hash_entry)
		if (quic_cid_equal(&req->dcid, dcid) && quic_addr_equal(&req->remote, remote))
			return req;
	return NULL;
}

/* Adds a run to a request and charges it to the listener; false: no room. */
static bool listen_add_packets(struct quic_sock *q, struct quic_request *req, struct sk_buff *skb)
{
	struct sock *sk = quic_sock_sk(q);

	if (skb_queue_len(&req->packets) >= listen_request_runs ||
	    req->bytes + skb->truesize > listen_request_bytes ||
	    atomic_read(&sk->sk_rmem_alloc) + skb->truesize > READ_ONCE(sk->sk_rcvbuf) ||
	    !sk_rmem_schedule(sk, skb, skb->truesize))
		return false;
	skb_set_owner_r(skb, sk);
	req->bytes += skb->truesize;
	__skb_queue_tail(&req->packets, skb);
	return true;
}

static struct quic_request *listen_new_request(struct quic_sock *q, const struct quic_header *h,
					       const struct quic_addr *local,
					       const struct quic_addr *remote)
{
	struct sock *sk = quic_sock_sk(q);
	struct quic_sock_net *sn = quic_sock_net(sock_net(sk));
	u16 source = listen_source(sn, remote);
	struct quic_request *req;

	if (sk_acceptq_is_full(sk)) {
		quic_mib_inc(q->host.qn, QUIC_MIB_LISTEN_OVERFLOW);
		return NULL;
	}
	if (!listen_half_open_get(sn, source)) {
		quic_mib_inc(q->host.qn, QUIC_MIB_HALF_OPEN_DROP);
		return NULL;
	}
	req = kzalloc(sizeof(*req), GFP_ATOMIC | __GFP_NOWARN | __GFP_ACCOUNT);
	if (!req) {
		quic_listen_half_open_put(sn, source);
		return NULL;
	}
	req->source = source;
	req->dcid = h->dcid;
	req->scid = h->scid;
	req->version = h->version;
	req->local = *local;
	req->remote = *remote;
	req->expires = quic_timer_now() + quic_sock_conn(q)->config.handshake_timeout;
	__skb_queue_head_init(&req->packets);
	req->route = listen_is_shared(q, local);
	list_add_tail(&req->entry, req->route ? &q->listener->unrouted : &q->listener->queue);
	hlist_add_head(&req->hash_entry, listen_bucket(q->listener, &req->dcid));
	sk_acceptq_added(sk);
	return req;
}

/* Are there so many who have not shown that they are there that others should? */
static bool listen_is_loaded(struct quic_sock *q)
{
	struct sock *sk = quic_sock_sk(q);
	struct quic_sock_net *sn = quic_sock_net(sock_net(sk));

	return atomic_read(&sn->half_open) > READ_ONCE(sn->half_open_max) / listen_load_den ||
	       READ_ONCE(sk->sk_ack_backlog) >
	       READ_ONCE(sk->sk_max_ack_backlog) / listen_load_queue_den;
}

static void listen_retry(struct quic_sock *q, const struct quic_header *h,
			 const struct quic_addr *remote, struct sk_buff *skb)
{
	struct quic_sock_net *sn = quic_sock_net(sock_net(quic_sock_sk(q)));
	u8 buf[QUIC_ADMIT_RETRY_BYTES];
	struct quic_writer w;

	if (!quic_listen_may_answer(q->host.tunnel, QUIC_STATELESS_RETRY))
		return;
	quic_wire_write_init(&w, buf, sizeof(buf));
	if (!quic_admit_retry(sn->tokens, h, remote, quic_timer_now(), &w) && !w.overflow)
		quic_listen_answer(q->host.tunnel, skb, buf, w.len, QUIC_STATELESS_RETRY);
}

/*
 * Judges the token of an Initial, and answers with a Retry, of a run of datagrams the
 * first one only [9000-17.2.5.1#4]; false: no request comes of it.
 */
static bool listen_admit(struct quic_sock *q, const struct quic_header *h,
			 const struct quic_addr *remote, struct sk_buff *skb,
			 struct quic_admission *a, bool *refuse)
{
	struct quic_sock_net *sn = quic_sock_net(sock_net(quic_sock_sk(q)));
	bool loaded = listen_is_loaded(q);

	switch (quic_admit_initial(sn->tokens, h, remote, loaded || q->config.validate_peer_address,
				   quic_timer_now(), a)) {
	case QUIC_ADMIT_ACCEPT:
		return true;
	case QUIC_ADMIT_RETRY:
		listen_retry(q, h, remote, skb);
		return false;
	case QUIC_ADMIT_REFUSE:
		*refuse = true;
		return !loaded;		/* it costs what a connection costs */
	default:
		return false;
	}
}

/* A packet that begins or continues a request; true: @skb is taken. */
static bool listen_request(struct quic_sock *q, const struct quic_header *h, struct sk_buff *skb)
{
	struct sock *sk = quic_sock_sk(q);
	struct quic_admission a = {};
	struct quic_addr local, remote;
	struct quic_request *req;
	bool fresh, refuse = false;

	quic_rx_addrs(skb, &local, &remote);
	req = listen_find_request(q->listener, &h->dcid, &remote);
	fresh = !req;
	/* No state for small datagrams, or for ids of less than 8 bytes [9000-5.2.2#2]. */
	if (fresh && (h->kind != QUIC_PACKET_INITIAL || h->dcid.len < 8 ||
		      min(quic_rx_cb(skb)->seg, quic_rx_cb(skb)->len) < QUIC_MIN_DATAGRAM_BYTES))
		return false;
	if (fresh && !listen_admit(q, h, &remote, skb, &a, &refuse))
		return false;
	if (fresh)
		req = listen_new_request(q, h, &local, &remote);
	if (!req)
		return false;
	if (fresh) {
		req->admission = a;
		req->bad_token = refuse;
		if (refuse && !req->route) {
			req->route = true;	/* its work closes as well as it hands out */
			list_move_tail(&req->entry, &q->listener->unrouted);
		}
	}
	if (!listen_add_packets(q, req, skb)) {
		if (fresh)
			quic_listen_drop(q, req);
		return false;
	}
	if (fresh) {
		quic_listen_set_timer(q);
		if (req->route)
			quic_route_kick(sk);
		else
			sk->sk_data_ready(sk);
	}
	return true;
}

void quic_listen_receive(struct quic_sock *q, struct sk_buff *skb)
{
	u32 len = min(quic_rx_cb(skb)->seg, quic_rx_cb(skb)->len);
	enum skb_drop_reason why = SKB_DROP_REASON_NOMEM;
	struct quic_header h;
	struct sock *child;
	u8 *data;

	data = kmalloc(len, GFP_ATOMIC | __GFP_NOWARN);
	if (!data)
		goto drop;
	quic_rx_copy(skb, 0, len, data);
	why = SKB_DROP_REASON_NOT_SPECIFIED;
	if (!quic_header_decode(data, len, QUIC_CID_OURS_BYTES, &h))
		goto drop;
	/* [9000-17.2] [9287-3] */
	if (!(h.first & QUIC_HEADER_FIXED) && !q->param.grease_quic_bit)
		goto drop;
	/* It may have waited while accept() made the connection. */
	rcu_read_lock();
	child = quic_lookup_cid(q->host.qn, h.dcid.data, h.dcid.len);
	rcu_read_unlock();
	if (child) {
		if (child != quic_sock_sk(q))
			quic_sock_receive_nested(child, skb);
		else
			kfree_skb(skb);
		sock_put(child);
		kfree(data);
		return;
	}
	if (listen_request(q, &h, skb)) {
		kfree(data);
		return;
	}
	quic_mib_inc(q->host.qn, QUIC_MIB_RCV_DROP);
drop:
	kfree(data);
	kfree_skb_reason(skb, why);
}
