// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sockopt_stream.c - options that act on one stream
 */
#include <linux/file.h>

#include "cmsg.h"
#include "sendmsg.h"
#include "sockopt_stream.h"

static bool stream_opt_nonblock(const struct sock *sk)
{
	const struct socket *sock = sk->sk_socket;

	return sock && sock->file && sock->file->f_flags & O_NONBLOCK;
}

int quic_sockopt_stream_open(struct quic_sock *q, struct quic_sockopt_get *g)
{
	struct quic_stream_info *info = (void *)g->scratch;
	struct quic_stream *s;
	int err;

	quic_sockopt_copy(info, sizeof(*info), g->in, g->in_len);
	if (!quic_sock_is_connected(q))
		return -EPIPE;
	if (g->in_len < sizeof(info->stream_id) || info->stream_id < -1 ||
	    info->stream_flags & ~QUIC_CMSG_STREAM_FLAGS)
		return -EINVAL;
	err = quic_send_open_stream(q, info, stream_opt_nonblock(quic_sock_sk(q)), &s);
	if (err)
		return err;
	g->data = info;
	g->len = sizeof(*info);
	return 0;
}

int quic_sockopt_stream_reset(struct quic_sock *q, const void *val, u32 len)
{
	struct quic_stream *s;
	struct quic_errinfo e;
	int err;

	quic_sockopt_copy(&e, sizeof(e), val, len);
	if (quic_sock_sk(q)->sk_state != TCP_ESTABLISHED || e.stream_id < 0)
		return -EINVAL;
	err = quic_stream_for_send(quic_sock_conn(q), e.stream_id, &s);
	if (!err)
		err = quic_stream_reset(quic_sock_conn(q), s, e.errcode);
	quic_sock_output(q);
	return err;
}

/* The stream whose receiving part the application means. */
static int stream_opt_for_recv(struct quic_conn *conn, quic_sid sid, struct quic_stream **out)
{
	bool ours = quic_sid_is_server(sid) == conn->is_server;

	if (ours && quic_sid_is_uni(sid))
		return -EINVAL;
	if (!quic_sid_is_uni(sid))
		return quic_stream_for_send(conn, sid, out);
	if (quic_sid_index(sid) >= conn->streams.type[sid & QUIC_STREAM_TYPE_MASK].opened)
		return -EINVAL;
	if (quic_stream_for_frame(conn, sid, true, out))
		return -ENOMEM;
	return *out ? 0 : -ENOSTR;
}

int quic_sockopt_stream_stop(struct quic_sock *q, const void *val, u32 len)
{
	struct quic_stream *s;
	struct quic_errinfo e;
	int err;

	quic_sockopt_copy(&e, sizeof(e), val, len);
	if (quic_sock_sk(q)->sk_state != TCP_ESTABLISHED || e.stream_id < 0)
		return -EINVAL;
	err = stream_opt_for_recv(quic_sock_conn(q), e.stream_id, &s);
	if (!err)
		err = quic_stream_stop(quic_sock_conn(q), s, e.errcode);
	quic_sock_output(q);
	return err;
}

static int stream_opt_find(struct quic_sock *q, s64 sid, struct quic_stream **out)
{
	if (!quic_sock_is_connected(q) || sid < 0)
		return -EINVAL;
	*out = quic_stream_find(quic_sock_conn(q), sid);
	if (*out)
		return 0;
	return quic_stream_is_idle(quic_sock_conn(q), sid) ? -EINVAL : -ENOSTR;
}

int quic_sockopt_stream_set_priority(struct quic_sock *q, const void *val, u32 len)
{
	struct quic_stream_priority p;
	struct quic_stream *s;
	int err;

	quic_sockopt_copy(&p, sizeof(p), val, len);
	if (p.urgency >= QUIC_NR_URGENCIES || memchr_inv(p.reserved, 0, sizeof(p.reserved)))
		return -EINVAL;
	err = stream_opt_find(q, p.stream_id, &s);
	if (err)
		return err;
	quic_stream_set_priority(quic_sock_conn(q), s, p.urgency, p.incremental);
	return 0;
}

int quic_sockopt_stream_get_priority(struct quic_sock *q, struct quic_sockopt_get *g)
{
	struct quic_stream_priority *p = (void *)g->scratch;
	struct quic_stream *s;
	int err;

	quic_sockopt_copy(p, sizeof(*p), g->in, g->in_len);
	err = stream_opt_find(q, p->stream_id, &s);
	if (err)
		return err;
	*p = (struct quic_stream_priority){
		.stream_id = s->sid,
		.urgency = s->urgency,
		.incremental = s->incremental,
	};
	g->data = p;
	g->len = sizeof(*p);
	return 0;
}
