// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * stream_limit.c - how many streams each side may open (RFC 9000 4.6)
 *
 * The peer's limit rises with the streams of its that have ended, told in steps; what
 * is below a step it gets when it says that it waits.  What we may open is the peer's
 * to say; that we wait is told once for each limit.
 */
#include "conn.h"

static const u8 stream_raise_parts = 4;	/* MAX_STREAMS is told when 1/4 of the limit is to give */

u64 quic_stream_initial_max(const struct quic_conn *conn, unsigned int type)
{
	bool ours = quic_sid_is_server(type) == conn->is_server;
	const struct quic_tparams *p = ours ? &conn->remote : &conn->local;

	return quic_sid_is_uni(type) ? p->initial_max_streams_uni : p->initial_max_streams_bidi;
}

void quic_stream_on_open_blocked(struct quic_conn *conn, bool uni)
{
	struct quic_stream_type *t = &conn->streams.type[quic_sid_make(0, conn->is_server, uni)];

	if (t->blocked_at == t->max)
		return;
	t->blocked_at = t->max;
	conn->ctl |= uni ? QUIC_CTL_STREAMS_BLOCKED_UNI : QUIC_CTL_STREAMS_BLOCKED_BIDI;
}

u32 quic_stream_blocked_ctl(const struct quic_conn *conn)
{
	const struct quic_stream_type *bidi = &conn->streams.type[conn->is_server];
	const struct quic_stream_type *uni = &conn->streams.type[conn->is_server | 2];

	return (bidi->blocked_at == bidi->max ? QUIC_CTL_STREAMS_BLOCKED_BIDI : 0) |
	       (uni->blocked_at == uni->max ? QUIC_CTL_STREAMS_BLOCKED_UNI : 0);
}

/* Lets the peer open streams for those that ended, when that are enough for a frame. */
static void stream_raise_limit(struct quic_conn *conn, unsigned int type)
{
	struct quic_stream_type *t = &conn->streams.type[type];
	u64 initial = quic_stream_initial_max(conn, type);
	u64 limit = min(initial + t->closed, QUIC_MAX_STREAMS);
	u64 step = t->peer_waits ? 1 : max_t(u64, div_u64(initial, stream_raise_parts), 1);

	if (limit < t->max + step)
		return;
	t->max = limit;
	t->peer_waits = false;
	/* [9000-4.6#5] */
	conn->ctl |= quic_sid_is_uni(type) ? QUIC_CTL_MAX_STREAMS_UNI : QUIC_CTL_MAX_STREAMS_BIDI;
}

/* A stream of the peer's ended: it may open another, told in steps (RFC 9000 4.6). */
void quic_stream_return_limit(struct quic_conn *conn, quic_sid sid)
{
	conn->streams.type[sid & 3].closed++;
	stream_raise_limit(conn, sid & 3);
}

void quic_stream_on_streams_blocked(struct quic_conn *conn, bool uni, u64 limit)
{
	unsigned int type = quic_sid_make(0, !conn->is_server, uni);
	struct quic_stream_type *t = &conn->streams.type[type];

	/* One below was overtaken by a MAX_STREAMS, which is told until it arrives. */
	if (limit < t->max)
		return;
	t->peer_waits = true;
	stream_raise_limit(conn, type);
}
