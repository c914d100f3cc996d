// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * recvmsg.c - recvmsg() and what poll() asks it
 *
 * One call hands out one thing, in this order: handshake bytes of one level, an
 * event, a datagram, bytes of one stream (UAPI.md 6).  Bytes go from the chunks
 * they were opened into straight to the caller, once.  The engine sends afterwards
 * only if credit has to be told.
 */
#include <linux/sched/signal.h>

#include "cmsg.h"
#include "event.h"
#include "listen.h"
#include "recvmsg.h"

/* uapi names of the levels whose CRYPTO data a space holds. */
static const u8 recv_levels[QUIC_NR_SPACES] = {
	[QUIC_SPACE_INITIAL] = QUIC_CRYPTO_INITIAL,
	[QUIC_SPACE_HANDSHAKE] = QUIC_CRYPTO_HANDSHAKE,
	[QUIC_SPACE_APP] = QUIC_CRYPTO_APP,
};

/* The space with handshake bytes to read; those of APP are read by ticket.c. */
static struct quic_inqueue *recv_crypto(struct quic_sock *q, enum quic_space *space)
{
	struct quic_conn *conn = &q->host.conn;
	enum quic_space s;

	for (s = 0; s < QUIC_SPACE_APP; s++) {
		if (quic_inqueue_readable(&conn->crypto[s].rcv)) {
			*space = s;
			return &conn->crypto[s].rcv;
		}
	}
	return NULL;
}

bool quic_recv_is_ready(struct quic_sock *q)
{
	const struct quic_conn *conn = &q->host.conn;
	enum quic_space s;

	return !list_empty(&conn->streams.readable) || quic_event_first(q) ||
	       !list_empty(&conn->dgrams_in) || recv_crypto(q, &s);
}

u64 quic_recv_queued(const struct quic_sock *q)
{
	const struct quic_conn *conn = &q->host.conn;
	struct quic_datagram *d;
	struct quic_stream *s;
	u64 bytes = 0;

	list_for_each_entry(s, &conn->streams.readable, read_entry)
		bytes += quic_inqueue_readable(&s->rcv);
	list_for_each_entry(d, &conn->dgrams_in, entry)
		bytes += d->buf.len;
	return bytes;
}

/* Copies up to @len readable bytes out: their number, -EFAULT if there were none. */
static ssize_t recv_copy(const struct quic_inqueue *in, struct iov_iter *to, size_t len)
{
	const struct quic_buf *buf;
	size_t done = 0, n, got;
	u32 i;

	for (i = 0; done < len && (buf = quic_inqueue_peek_at(in, i)); i++) {
		n = min_t(size_t, len - done, buf->len);
		got = quic_pool_copy_to_iter(buf->data, n, to);
		done += got;
		if (got < n)
			return done ?: -EFAULT;
	}
	return done;
}

static int recv_handshake(struct quic_sock *q, struct msghdr *msg, size_t len, bool peek)
{
	enum quic_space space;
	struct quic_inqueue *in = recv_crypto(q, &space);
	ssize_t n;

	n = recv_copy(in, &msg->msg_iter, len);
	if (n < 0)
		return n;
	quic_cmsg_put_handshake(msg, recv_levels[space]);
	if (n == quic_inqueue_readable(in))
		msg->msg_flags |= MSG_EOR;
	if (!peek)
		quic_sock_conn(q)->rmem -= quic_inqueue_consume(in, n);
	return n;
}

static int recv_event(struct quic_sock *q, struct msghdr *msg, size_t len, bool peek)
{
	struct quic_event_item *e = quic_event_first(q);
	u32 n = min_t(size_t, len, e->len - e->off);

	if (copy_to_iter(e->data + e->off, n, &msg->msg_iter) != n)
		return -EFAULT;
	msg->msg_flags |= MSG_QUIC_NOTIFICATION;
	if (n == e->len - e->off)
		msg->msg_flags |= MSG_EOR;
	if (!peek)
		quic_event_consume(q, n);
	return n;
}

static void recv_free_datagram(struct quic_conn *conn, struct quic_datagram *d)
{
	list_del(&d->entry);
	conn->nr_dgrams_in--;
	conn->rmem -= quic_conn_free_datagram(d);
}

static int recv_datagram(struct quic_sock *q, struct msghdr *msg, size_t len, bool peek)
{
	struct quic_conn *conn = quic_sock_conn(q);
	struct quic_datagram *d = list_first_entry(&conn->dgrams_in, struct quic_datagram, entry);
	u32 n = min_t(size_t, len, d->buf.len);

	if (copy_to_iter(d->buf.data, n, &msg->msg_iter) != n)
		return -EFAULT;
	msg->msg_flags |= MSG_QUIC_DATAGRAM;
	if (n == d->buf.len)
		msg->msg_flags |= MSG_EOR;
	if (peek)
		return n;
	d->buf.data += n;
	d->buf.len -= n;
	if (!d->buf.len)
		recv_free_datagram(conn, d);
	return n;
}

/*
 * Credit that reading gave back: at once if the peer may soon need it, else with the
 * next packet, which mostly is an ACK.
 */
static void recv_tell_credit(struct quic_sock *q, bool ample)
{
	struct quic_conn *conn = quic_sock_conn(q);
	bool owes = quic_conn_is_open(conn) && (conn->ctl || !list_empty(&conn->streams.ctl));

	if (owes && (!ample || conn->ctl & ~QUIC_CTL_MAX_DATA)) {
		quic_sock_output(q);
		return;
	}
	if (owes)
		quic_conn_tell_later(conn, quic_timer_now());
	quic_sock_settle(q);
}

static int recv_stream(struct quic_sock *q, struct msghdr *msg, size_t len, bool peek)
{
	struct quic_conn *conn = quic_sock_conn(q);
	struct quic_stream *s = list_first_entry(&conn->streams.readable, struct quic_stream,
						 read_entry);
	quic_sid sid = s->sid;
	u32 flags = 0;
	bool ample;
	ssize_t n;

	n = recv_copy(&s->rcv, &msg->msg_iter, len);
	if (n < 0)
		return n;
	if (s->recv_state == QUIC_RECV_RECVD && s->rcv.read + n == s->final_size)
		flags = MSG_QUIC_STREAM_FIN;
	quic_cmsg_put_stream(msg, sid, flags);
	if (peek)
		return n;
	if (n)
		quic_stream_on_read(conn, s, n, quic_timer_now());
	ample = quic_flow_rx_is_ample(&s->rx) && quic_flow_rx_is_ample(&conn->rx);
	if (flags)
		quic_stream_on_end_told(conn, s);
	recv_tell_credit(q, ample);
	return n;
}

static int recv_one(struct quic_sock *q, struct msghdr *msg, size_t len, bool peek)
{
	struct quic_conn *conn = quic_sock_conn(q);
	enum quic_space s;
	int ret;

	if (recv_crypto(q, &s))
		ret = recv_handshake(q, msg, len, peek);
	else if (quic_event_first(q))
		ret = recv_event(q, msg, len, peek);
	else if (!list_empty(&conn->dgrams_in))
		ret = recv_datagram(q, msg, len, peek);
	else
		return recv_stream(q, msg, len, peek);
	quic_sock_settle(q);
	return ret;
}

/* The end of the connection, as the caller sees it. */
static int recv_end(const struct quic_sock *q, const struct msghdr *msg)
{
	const struct quic_close *c = &q->host.conn.close;
	bool orderly = c->source == QUIC_CLOSE_PEER && c->app && !c->code;

	return q->ended && orderly && !msg->msg_control && !msg->msg_controllen ? 0 : -ENOTCONN;
}

/* The server speaks another version, for which TLS is to begin anew: the socket is as good. */
static bool recv_is_stale(const struct quic_sock *q)
{
	return READ_ONCE(q->host.conn.hello_stale);
}

/* Until there is something to read: 1, or what recvmsg() returns instead. */
static int recv_wait(struct quic_sock *q, const struct msghdr *msg, long timeo)
{
	struct sock *sk = quic_sock_sk(q);
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	int ret;

	add_wait_queue(sk_sleep(sk), &wait);
	for (;;) {
		ret = 1;
		if (quic_recv_is_ready(q))
			break;
		ret = recv_end(q, msg);
		if (!quic_sock_is_connected(q))
			break;
		ret = -EPROTONOSUPPORT;
		if (recv_is_stale(q))
			break;
		ret = -EAGAIN;
		if (!timeo)
			break;
		ret = sock_intr_errno(timeo);
		if (signal_pending(current))
			break;
		release_sock(sk);
		timeo = wait_woken(&wait, TASK_INTERRUPTIBLE, timeo);
		lock_sock(sk);
	}
	remove_wait_queue(sk_sleep(sk), &wait);
	return ret;
}

int quic_recvmsg(struct sock *sk, struct msghdr *msg, size_t len, int flags)
{
	struct quic_sock *q = quic_sk(sk);
	int ret;

	lock_sock(sk);
	if (quic_sock_is_listening(q)) {
		ret = -ENOTCONN;
	} else {
		ret = quic_recv_is_ready(q) ? 1 :
		      recv_wait(q, msg, sock_rcvtimeo(sk, flags & MSG_DONTWAIT));
		if (ret > 0)
			ret = recv_one(q, msg, len, flags & MSG_PEEK);
	}
	release_sock(sk);
	return ret;
}

static __poll_t recv_poll_writable(struct quic_sock *q)
{
	struct sock *sk = quic_sock_sk(q);

	if (sk_stream_is_writeable(sk) && quic_flow_tx_room(&quic_sock_conn(q)->tx))
		return EPOLLOUT | EPOLLWRNORM;
	sk_set_bit(SOCKWQ_ASYNC_NOSPACE, sk);
	set_bit(SOCK_NOSPACE, &sk->sk_socket->flags);
	/* The bit is set before we look again: pairs with sock_wake(). */
	smp_mb__after_atomic();
	if (sk_stream_is_writeable(sk) && quic_flow_tx_room(&quic_sock_conn(q)->tx))
		return EPOLLOUT | EPOLLWRNORM;
	return 0;
}

__poll_t quic_recv_poll(struct file *file, struct socket *sock, poll_table *wait)
{
	struct sock *sk = sock->sk;
	struct quic_sock *q = quic_sk(sk);
	enum quic_space space;
	__poll_t mask = 0;

	sock_poll_wait(file, sock, wait);
	/* Pairs with quic_sock_set_state(). */
	switch (smp_load_acquire(&sk->sk_state)) {
	case TCP_LISTEN:
		return quic_listen_is_ready(q) ? EPOLLIN | EPOLLRDNORM : 0;
	case TCP_CLOSE:
		return EPOLLHUP | EPOLLERR | EPOLLRDHUP | EPOLLIN | EPOLLRDNORM | EPOLLOUT |
		       EPOLLWRNORM;
	}
	if (READ_ONCE(sk->sk_err))
		mask |= EPOLLERR;
	/* Without the lock: only whether lists are empty and counters differ is read. */
	if (quic_recv_is_ready(q))
		mask |= EPOLLIN | EPOLLRDNORM;
	/* A handshake may wait for its own messages alone, early data being there already. */
	if (recv_crypto(q, &space))
		mask |= EPOLLPRI;
	if (recv_is_stale(q))
		mask |= EPOLLIN | EPOLLRDNORM;
	return mask | recv_poll_writable(q);
}
