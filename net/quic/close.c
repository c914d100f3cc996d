// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * close.c - how a socket ends: shutdown(), close(), orphans
 *
 * close() never loses what was sent: the connection goes on without a file until
 * all of it is acknowledged, then says CONNECTION_CLOSE and passes the closing
 * period.  Such an orphan may pin nothing:
 *
 *   module   struct proto has no owner, so that only struct socket counts as a
 *            user of the module; unloading ends the orphans and waits for them
 *            (quic_sock_cleanup())
 *   netns    the orphan trades its reference for a passive one, which keeps the
 *            memory of struct net but not the namespace; namespace exit ends it
 *   port     its share of the UDP socket no longer counts as an owner, so another
 *            user may take the port (quic_tunnel_disown())
 *
 * The reference that the file had on the socket belongs to the list of orphans
 * until quic_sock_settle() sees the connection CLOSED.
 */
#include <linux/sched/signal.h>
#include <net/xfrm.h>

#include "bind.h"
#include "close.h"
#include "event.h"
#include "listen.h"

/* A code of TLS, for a connection that never was (RFC 9001 4.8). */
static bool close_is_crypto_error(const struct quic_connection_close *c)
{
	return c->errcode >= QUIC_ERR_CRYPTO && c->errcode < QUIC_ERR_CRYPTO + 0x100;
}

void quic_close_send(struct quic_sock *q, bool flush)
{
	struct quic_sock_net *sn = quic_sock_net(sock_net(quic_sock_sk(q)));
	struct quic_conn *conn = quic_sock_conn(q);
	const struct quic_connection_close *c = &q->close;
	size_t len = strnlen((const char *)c->phrase, sizeof(c->phrase));
	quic_us now = quic_timer_now();
	bool bh = quic_sock_enter(q);

	/* The engine keeps what the application says to itself before 1-RTT [9000-10.2.3]. */
	if (conn->state != QUIC_CONN_ESTABLISHED)
		quic_conn_close(conn, !close_is_crypto_error(c), c->errcode, c->phrase, len, now);
	else if (flush)
		quic_conn_close_when_flushed(conn, true, c->errcode, c->phrase, len,
					     now + READ_ONCE(sn->flush_timeout_ms) *
					     QUIC_US_PER_MS, now);
	else
		quic_conn_close(conn, true, c->errcode, c->phrase, len, now);
	quic_sock_leave(bh);
	quic_sock_output(q);
}

/* Ends the connection without a word. */
static void close_abort(struct quic_sock *q)
{
	quic_conn_abort(quic_sock_conn(q), quic_timer_now());
	quic_sock_settle(q);
}

int quic_shutdown(struct socket *sock, int how)
{
	struct sock *sk = sock->sk;
	struct quic_sock *q = quic_sk(sk);
	int err = 0;

	if (how < SHUT_RD || how > SHUT_RDWR)
		return -EINVAL;
	lock_sock(sk);
	if (sk->sk_state == TCP_LISTEN) {
		quic_listen_stop(q);
	} else if (!quic_sock_is_connected(q)) {
		err = -ENOTCONN;
	} else if (how == SHUT_RD) {
		close_abort(q);
	} else {
		sk->sk_shutdown |= SEND_SHUTDOWN;
		quic_close_send(q, true);
	}
	release_sock(sk);
	return err;
}

/* SO_LINGER: waits until the peer has everything, a signal, or the time is over. */
static void close_linger(struct quic_sock *q, long timeout)
{
	struct sock *sk = quic_sock_sk(q);
	DEFINE_WAIT_FUNC(wait, woken_wake_function);

	if (!timeout)
		return;
	add_wait_queue(sk_sleep(sk), &wait);
	while (timeout && !q->ended && !signal_pending(current))
		sk_wait_event(sk, &timeout, q->ended, &wait);
	remove_wait_queue(sk_sleep(sk), &wait);
}

/* From here on only the namespace's memory is held, not the namespace. */
static void close_unpin_net(struct sock *sk)
{
	struct net *net = sock_net(sk);

	if (!sk->sk_net_refcnt)
		return;
	sock_inuse_add(net, -1);
	net_passive_inc(net);
	put_net_track(net, &sk->ns_tracker);
	sk->sk_net_refcnt = 0;
	__netns_tracker_alloc(net, &sk->ns_tracker, false, GFP_KERNEL);
}

/* The file's reference becomes the list's. */
static void close_make_orphan(struct quic_sock *q)
{
	struct sock *sk = quic_sock_sk(q);
	struct quic_sock_net *sn = quic_sock_net(sock_net(sk));

	q->orphaned = true;
	atomic_inc(&sn->nr_orphans);
	quic_tunnel_disown(&q->host);
	spin_lock_bh(&sn->lock);
	list_add_tail(&q->orphan_entry, &sn->orphans);
	spin_unlock_bh(&sn->lock);
	close_unpin_net(sk);
}

void quic_close_orphan_done(struct quic_sock *q)
{
	struct sock *sk = quic_sock_sk(q);
	struct quic_sock_net *sn = quic_sock_net(sock_net(sk));
	bool listed;

	quic_sock_finish(q);
	quic_bind_leave(q);
	spin_lock_bh(&sn->lock);
	listed = !list_empty(&q->orphan_entry);
	list_del_init(&q->orphan_entry);
	spin_unlock_bh(&sn->lock);
	if (listed)
		__sock_put(sk);
}

/* Everything that still has to be said is queued with the engine. */
static void close_connection(struct quic_sock *q, long timeout)
{
	struct sock *sk = quic_sock_sk(q);
	bool abort = sock_flag(sk, SOCK_LINGER) && !sk->sk_lingertime;

	if (quic_sock_is_connected(q))
		quic_close_send(q, !abort);
	if (!abort)
		close_linger(q, timeout);
}

void quic_close(struct sock *sk, long timeout)
{
	struct quic_sock *q = quic_sk(sk);

	sock_hold(sk);
	lock_sock(sk);
	if (sk->sk_state == TCP_LISTEN)
		quic_listen_stop(q);
	close_connection(q, timeout);
	sk->sk_shutdown = SHUTDOWN_MASK;
	quic_event_purge(q);
	sock_orphan(sk);
	xfrm_sk_free_policy(sk);
	if (q->started && quic_sock_conn(q)->state != QUIC_CONN_CLOSED) {
		close_make_orphan(q);
		quic_sock_settle(q);
	} else {
		quic_sock_finish(q);
		quic_bind_leave(q);
		__sock_put(sk);
	}
	release_sock(sk);
	sock_put(sk);
}

/* The first orphan left, with a reference. */
static struct sock *close_first_orphan(struct quic_sock_net *sn)
{
	struct quic_sock *q;

	spin_lock_bh(&sn->lock);
	q = list_first_entry_or_null(&sn->orphans, struct quic_sock, orphan_entry);
	if (q)
		sock_hold(quic_sock_sk(q));
	spin_unlock_bh(&sn->lock);
	return q ? quic_sock_sk(q) : NULL;
}

void quic_close_orphans(struct quic_sock_net *sn)
{
	struct sock *sk;

	while ((sk = close_first_orphan(sn))) {
		struct quic_sock *q = quic_sk(sk);

		lock_sock(sk);
		if (!q->finished)
			close_abort(q);
		release_sock(sk);
		sock_put(sk);
	}
	wait_var_event(&sn->nr_orphans, !atomic_read(&sn->nr_orphans));
}
