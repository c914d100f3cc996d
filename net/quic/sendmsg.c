// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sendmsg.c - sendmsg(): handshake messages, datagrams, stream data
 *
 * Stream bytes are copied once, straight into the slots of the stream's send
 * buffer from which they will be sealed; a slot holds what one packet carries.
 * A batch is buffered first, then the engine sends once: sending per slot would
 * make bursts of one packet.
 *
 * Spliced pages (MSG_SPLICE_PAGES) become segments by reference.
 */
#include <linux/sched/signal.h>
#include <linux/skbuff.h>

#include "close.h"
#include "cmsg.h"
#include "sendmsg.h"

static const u32 send_batch_bytes = 64 << 10;		/* one burst */
static const u32 send_crypto_piece_bytes = 4096;
static const u32 send_crypto_max_bytes = 256 << 10;	/* a flight with long certificate chains */

#define SEND_FLAGS	(QUIC_CMSG_STREAM_FLAGS | MSG_QUIC_DATAGRAM | MSG_BATCH | MSG_MORE | \
			 MSG_DONTWAIT | MSG_NOSIGNAL | MSG_WAITALL | MSG_SPLICE_PAGES | \
			 MSG_CMSG_COMPAT)
#define SEND_SPLICE_PAGES	16	/* looked at in one go */

/**
 * struct send_ctx - one sendmsg() to a stream
 * @q: socket
 * @msg: message
 * @len: bytes of it
 * @done: bytes queued
 * @timeo: time left to wait, jiffies; 0: do not
 * @sid: the stream
 * @flags: MSG_QUIC_STREAM_*
 * @has_info: the stream was named by QUIC_STREAM_INFO
 */
struct send_ctx {
	struct quic_sock *q;
	struct msghdr *msg;
	size_t len;
	size_t done;
	long timeo;
	s64 sid;
	u32 flags;
	bool has_info;
};

/*
 * Sleeps until something changed: credit, room, state.  The lock is given up, so
 * the caller looks everything up again.
 */
static int send_wait(struct quic_sock *q, long *timeo)
{
	struct sock *sk = quic_sock_sk(q);
	DEFINE_WAIT_FUNC(wait, woken_wake_function);

	if (!*timeo)
		return -EAGAIN;
	if (signal_pending(current))
		return sock_intr_errno(*timeo);
	set_bit(SOCK_NOSPACE, &sk->sk_socket->flags);
	add_wait_queue(sk_sleep(sk), &wait);
	release_sock(sk);
	*timeo = wait_woken(&wait, TASK_INTERRUPTIBLE, *timeo);
	lock_sock(sk);
	remove_wait_queue(sk_sleep(sk), &wait);
	if (!quic_sock_is_connected(q) || sk->sk_shutdown & SEND_SHUTDOWN)
		return -EPIPE;
	return 0;
}

/* ---- handshake ---- */

static bool send_level(u8 uapi, enum quic_level *level)
{
	switch (uapi) {
	case QUIC_CRYPTO_INITIAL:
		*level = QUIC_LEVEL_INITIAL;
		return true;
	case QUIC_CRYPTO_HANDSHAKE:
		*level = QUIC_LEVEL_HANDSHAKE;
		return true;
	case QUIC_CRYPTO_APP:
		*level = QUIC_LEVEL_APP;
		return true;
	default:
		return false;
	}
}

static int send_crypto_piece(struct quic_conn *conn, enum quic_level level, struct iov_iter *from,
			     u32 len)
{
	struct quic_buf buf;
	int err;

	err = quic_edge_buf_alloc(conn, len, &buf);
	if (err)
		return err;
	err = -EFAULT;
	if (copy_from_iter_full(buf.data, len, from))
		err = quic_conn_send_crypto(conn, level, &buf);
	if (err)
		quic_edge_chunk_put(buf.chunk);
	return err;
}

static int send_handshake(struct quic_sock *q, struct msghdr *msg, size_t len, u8 uapi_level)
{
	struct quic_conn *conn = quic_sock_conn(q);
	enum quic_level level;
	size_t done = 0;
	int err = 0;

	if (!send_level(uapi_level, &level) || !quic_keys_can_send(&conn->keys, level))
		return -EINVAL;
	if (!len || len > send_crypto_max_bytes)
		return -EMSGSIZE;
	while (done < len && !err) {
		u32 n = min_t(size_t, len - done, send_crypto_piece_bytes);

		err = send_crypto_piece(conn, level, &msg->msg_iter, n);
		if (!err)
			done += n;
	}
	/* Messages of one flight share datagrams: the last one sends them all. */
	if (msg->msg_flags & MSG_MORE)
		quic_sock_settle(q);
	else
		quic_sock_output(q);
	return done ?: err;
}

/* net/handshake says goodbye with a TLS alert record: level, description. */
static int send_alert(struct quic_sock *q, struct msghdr *msg, size_t len)
{
	u8 alert[2];
	bool bh;

	if (len != sizeof(alert))
		return -EINVAL;
	if (!copy_from_iter_full(alert, sizeof(alert), &msg->msg_iter))
		return -EFAULT;
	if (!alert[1] || quic_sock_conn(q)->state == QUIC_CONN_ESTABLISHED) {
		quic_close_send(q, true);
		return len;
	}
	bh = quic_sock_enter(q);
	quic_conn_close(quic_sock_conn(q), false, QUIC_ERR_CRYPTO + alert[1], NULL, 0,
			quic_timer_now());
	quic_sock_leave(bh);
	quic_sock_output(q);
	return len;
}

/* ---- datagrams ---- */

static int send_datagram(struct quic_sock *q, struct msghdr *msg, size_t len, long timeo)
{
	struct quic_conn *conn = quic_sock_conn(q);
	struct sock *sk = quic_sock_sk(q);
	struct quic_buf buf;
	int err;

	if (!conn->remote.max_datagram_frame_size)
		return -EINVAL;
	if (!len || len > sk->sk_sndbuf || len > quic_conn_datagram_max(conn))
		return -EMSGSIZE;
	err = quic_pool_alloc(&q->host.pool_tx, len, sk->sk_allocation, &buf);
	if (err)
		return err;
	err = -EFAULT;
	if (!copy_from_iter_full(buf.data, len, &msg->msg_iter))
		goto put;
	do {
		err = quic_conn_send_datagram(conn, &buf);
		if (err == -ENOBUFS)
			err = send_wait(q, &timeo) ?: -ENOBUFS;
	} while (err == -ENOBUFS);
	if (!err) {
		quic_sock_output(q);
		return len;
	}
put:
	quic_edge_chunk_put(buf.chunk);
	return err;
}

/* ---- which stream ---- */

int quic_send_open_stream(struct quic_sock *q, struct quic_stream_info *info, bool nonblock,
			  struct quic_stream **out)
{
	struct quic_conn *conn = quic_sock_conn(q);
	bool uni = info->stream_flags & MSG_QUIC_STREAM_UNI;
	long timeo = sock_sndtimeo(quic_sock_sk(q), nonblock ||
				   info->stream_flags & MSG_QUIC_STREAM_DONTWAIT);
	bool next = info->stream_id < 0;
	int err;

	for (;;) {
		if (next)
			info->stream_id = quic_stream_next_sid(conn, uni);
		err = quic_stream_open(conn, info->stream_id, out);
		if (err == -EEXIST)
			return -EINVAL;
		if (err != -EAGAIN)
			break;
		if (!quic_keys_can_send(&conn->keys, QUIC_LEVEL_APP))
			return -EINVAL;
		quic_stream_on_open_blocked(conn, quic_sid_is_uni(info->stream_id));
		if (conn->ctl)
			quic_sock_output(q);
		err = send_wait(q, &timeo);
		if (err)
			return err;
	}
	if (!err) {
		conn->streams.active = info->stream_id;
		q->had_stream = true;
	}
	return err;
}

/* A server's plain send goes to the stream that its client opened (UAPI.md 17.5). */
static int send_wait_active(struct quic_sock *q, long *timeo)
{
	int err = 0;

	while (!err && quic_sock_conn(q)->streams.active == U64_MAX)
		err = send_wait(q, timeo);
	return err;
}

/* The stream of an id that is open, or idle below one that is. */
static int send_used_stream(struct quic_sock *q, s64 sid, struct quic_stream **out)
{
	int err = sid < 0 ? -EINVAL : quic_stream_for_send(quic_sock_conn(q), sid, out);

	/* [9000-4.5#2] */
	if (!err && ((*out)->send_state >= QUIC_SEND_SENT || (*out)->snd.fin))
		return -EINVAL;
	return err;
}

/* UAPI.md 5: what id -1, no id, and NEW mean. */
static int send_find_stream(struct send_ctx *c, struct quic_stream **out)
{
	struct quic_stream_info info = { .stream_id = c->sid, .stream_flags = c->flags };
	struct quic_streams *t = &quic_sock_conn(c->q)->streams;
	bool plain = !c->has_info && !c->flags && !c->q->had_stream;
	int err = 0;

	if (info.stream_id == -1 && t->active == U64_MAX && plain) {
		if (quic_sock_conn(c->q)->is_server)
			err = send_wait_active(c->q, &c->timeo);
		else
			info.stream_flags |= MSG_QUIC_STREAM_NEW;
	}
	if (err)
		return err;
	if (info.stream_id == -1 && t->active != U64_MAX) {
		info.stream_id = t->active;
		c->q->had_stream = true;
	}
	if (info.stream_flags & MSG_QUIC_STREAM_NEW)
		err = quic_send_open_stream(c->q, &info, !c->timeo, out);
	else
		err = send_used_stream(c->q, info.stream_id, out);
	c->sid = info.stream_id;
	return err;
}

/* ---- stream data ---- */

/* Bytes of credit for new data on @s: what is buffered unsent has used it already. */
static u64 send_credit(const struct quic_conn *conn, const struct quic_stream *s)
{
	u64 stream = s->tx.max > s->snd.end ? s->tx.max - s->snd.end : 0;
	u64 unsent = s->snd.end - s->snd.next, room = quic_flow_tx_room(&conn->tx);

	return min(stream, room > unsent ? room - unsent : 0);
}

static bool send_has_memory(const struct quic_sock *q)
{
	return q->host.conn.wmem < READ_ONCE(q->inet.sk.sk_sndbuf);
}

/* A fresh slot at the end of the stream's send buffer. */
static int send_add_slot(struct quic_sock *q, struct quic_stream *s)
{
	struct quic_conn *conn = quic_sock_conn(q);
	u32 slot = quic_stream_slot_bytes(conn, s);
	struct quic_buf buf;
	int err;

	err = quic_pool_alloc(&q->host.pool_tx, QUIC_SNDBUF_HEADROOM + slot,
			      quic_sock_sk(q)->sk_allocation, &buf);
	if (err)
		return err;
	buf.data += QUIC_SNDBUF_HEADROOM;
	buf.len = 0;
	err = quic_sndbuf_append(&s->snd, &buf, slot, QUIC_SNDBUF_HEADROOM);
	if (err)
		quic_edge_chunk_put(buf.chunk);
	else
		conn->wmem += buf.truesize;
	return err;
}

/* Copies up to @want bytes into slots: bytes copied, or an errno if none was. */
static ssize_t send_fill(struct quic_sock *q, struct quic_stream *s, struct iov_iter *from,
			 u32 want)
{
	u32 slot = quic_stream_slot_bytes(quic_sock_conn(q), s), done = 0, room, n;
	int err = 0;
	u8 *to;

	/* A write of packets starts in a slot of its own, so that one slot fills one packet. */
	if (want >= slot && quic_sndbuf_is_drained(&s->snd) &&
	    quic_sndbuf_tail(&s->snd, &room) && room < slot)
		err = send_add_slot(q, s);
	while (done < want && !err) {
		to = quic_sndbuf_tail(&s->snd, &room);
		if (!to) {
			if (done && !send_has_memory(q))
				break;
			err = send_add_slot(q, s);
			continue;
		}
		room = min(room, want - done);
		n = quic_pool_copy_from_iter(to, room, from);
		quic_sndbuf_commit(&s->snd, n);
		done += n;
		if (n < room)
			err = -EFAULT;
	}
	return done ?: err;
}

/* One page by reference, or copied where it may not be referenced. */
static int send_splice_page(struct quic_sock *q, struct quic_stream *s, struct page *page, u32 off,
			    u32 len)
{
	struct quic_buf buf = {
		.data = page_address(page) + off,
		.len = len,
		.truesize = PAGE_SIZE,
		.chunk = quic_pool_chunk(page),
	};
	int err;

	if (!sendpage_ok(page)) {
		err = quic_pool_alloc(&q->host.pool_tx, len, quic_sock_sk(q)->sk_allocation, &buf);
		if (err)
			return err;
		memcpy(buf.data, page_address(page) + off, len);
	} else {
		get_page(page);
	}
	err = quic_sndbuf_append(&s->snd, &buf, len, 0);
	if (err)
		quic_edge_chunk_put(buf.chunk);
	else
		quic_sock_conn(q)->wmem += buf.truesize;
	return err;
}

/* As send_fill(), but takes the caller's pages instead of copying. */
static ssize_t send_splice(struct quic_sock *q, struct quic_stream *s, struct iov_iter *from,
			   u32 want)
{
	struct page *pages[SEND_SPLICE_PAGES], **p = pages;
	ssize_t got, done = 0;
	unsigned int i;
	size_t off;
	int err = 0;

	got = iov_iter_extract_pages(from, &p, want, ARRAY_SIZE(pages), 0, &off);
	if (got <= 0)
		return got ?: -EFAULT;
	for (i = 0; done < got && !err; i++) {
		u32 n = min_t(size_t, got - done, PAGE_SIZE - off);

		err = send_splice_page(q, s, pages[i], off, n);
		if (!err)
			done += n;
		off = 0;
	}
	iov_iter_revert(from, got - done);
	return done ?: err;
}

/* Buffers one batch: its bytes, or an errno. */
static ssize_t send_batch(struct send_ctx *c, struct quic_stream *s)
{
	struct quic_sock *q = c->q;
	u64 want = min_t(u64, c->len - c->done, send_batch_bytes);

	want = min(want, send_credit(quic_sock_conn(q), s));
	if (!want || !send_has_memory(q) || !sk_wmem_schedule(quic_sock_sk(q), want))
		return -EAGAIN;
	if (c->msg->msg_flags & MSG_SPLICE_PAGES)
		return send_splice(q, s, &c->msg->msg_iter, want);
	return send_fill(q, s, &c->msg->msg_iter, want);
}

/* The errno of a send that may not wait (UAPI.md 5). */
static int send_full_errno(const struct send_ctx *c, const struct quic_stream *s)
{
	if (c->has_info && send_has_memory(c->q) &&
	    send_credit(quic_sock_conn(c->q), s) < c->len - c->done)
		return -ENOSPC;
	return -EAGAIN;
}

/* Waits for room on the stream, which may be gone afterwards. */
static int send_wait_room(struct send_ctx *c, struct quic_stream **s)
{
	int full = send_full_errno(c, *s), err;

	if (!send_credit(quic_sock_conn(c->q), *s)) {
		quic_stream_on_blocked(quic_sock_conn(c->q), *s);
		quic_sock_output(c->q);
	}
	err = send_wait(c->q, &c->timeo);
	if (err)
		return err == -EAGAIN ? full : err;
	*s = quic_stream_find(quic_sock_conn(c->q), c->sid);
	return *s && (*s)->send_state < QUIC_SEND_SENT && !(*s)->snd.fin ? 0 : -EINVAL;
}

/* Lets the engine know of @n more bytes and of the end, and send. */
static void send_push(struct send_ctx *c, struct quic_stream *s)
{
	struct quic_conn *conn = quic_sock_conn(c->q);
	bool all = c->done == c->len, fin = all && c->flags & MSG_QUIC_STREAM_FIN;

	s->corked = all && c->msg->msg_flags & MSG_MORE;
	if (fin && conn->streams.active == s->sid)
		conn->streams.active = U64_MAX;
	quic_stream_on_written(conn, s, fin);
	quic_sock_output(c->q);
}

static int send_stream_data(struct send_ctx *c, struct quic_stream *s)
{
	ssize_t n;
	int err = 0;

	if (!c->len) {
		send_push(c, s);
		return 0;
	}
	while (c->done < c->len) {
		n = send_batch(c, s);
		if (n > 0) {
			c->done += n;
			send_push(c, s);
			/* Sending may have been answered with the end of the stream, or all. */
			if (c->done == c->len || !quic_sock_is_connected(c->q))
				break;
			s = quic_stream_find(quic_sock_conn(c->q), c->sid);
			if (!s)
				break;
			continue;
		}
		err = n == -EAGAIN ? send_wait_room(c, &s) : n;
		if (err)
			break;
	}
	return c->done ? (int)c->done : err;
}

static int send_stream(struct quic_sock *q, struct msghdr *msg, size_t len,
		       const struct quic_cmsg *cm)
{
	struct send_ctx c = {
		.q = q,
		.msg = msg,
		.len = min_t(size_t, len, INT_MAX),
		.timeo = sock_sndtimeo(quic_sock_sk(q), msg->msg_flags & MSG_DONTWAIT),
		.sid = cm->stream.stream_id,
		.has_info = cm->has_stream,
	};
	struct quic_stream *s;
	int err;

	c.flags = c.has_info ? cm->stream.stream_flags : msg->msg_flags & QUIC_CMSG_STREAM_FLAGS;
	if (c.flags & ~QUIC_CMSG_STREAM_FLAGS)
		return -EINVAL;
	if (!len && !(c.flags & MSG_QUIC_STREAM_FIN))
		return -EMSGSIZE;
	err = send_find_stream(&c, &s);
	return err ?: send_stream_data(&c, s);
}

int quic_sendmsg(struct sock *sk, struct msghdr *msg, size_t len)
{
	struct quic_sock *q = quic_sk(sk);
	struct quic_cmsg cm;
	int ret;

	if (msg->msg_flags & ~SEND_FLAGS)
		return -EINVAL;
	lock_sock(sk);
	ret = quic_cmsg_parse(sk, msg, &cm);
	if (ret)
		goto out;
	if (!quic_sock_is_connected(q) || sk->sk_shutdown & SEND_SHUTDOWN)
		ret = -EPIPE;
	else if (cm.is_alert)
		ret = send_alert(q, msg, len);
	else if (cm.has_handshake)
		ret = send_handshake(q, msg, len, cm.handshake.crypto_level);
	else if (msg->msg_flags & MSG_QUIC_DATAGRAM)
		ret = send_datagram(q, msg, len,
				    sock_sndtimeo(sk, msg->msg_flags & MSG_DONTWAIT));
	else
		ret = send_stream(q, msg, len, &cm);
out:
	release_sock(sk);
	if (ret == -EPIPE && !(msg->msg_flags & MSG_NOSIGNAL))
		send_sig(SIGPIPE, current, 0);
	return ret;
}
