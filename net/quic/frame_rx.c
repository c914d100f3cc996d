// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * frame_rx.c - applies the decoded frames of one packet to the connection
 *
 * Two passes over the payload: the first decodes and validates every frame, so
 * that nothing of a packet with a malformed frame is applied; the second
 * applies.  One handler per frame type, in a table.
 */
#include "frame_rx.h"

static const u32 frame_rx_max_dgrams = 256;	/* DATAGRAMs waiting for the reader */

/* What a handler may look at besides its frame. */
struct frame_ctx {
	const struct quic_rx_pkt *pkt;
	struct quic_frame_rx *res;
	quic_us now;
};

/* A buffer for the span @s of the packet's plaintext, without a reference of its own. */
static struct quic_buf frame_buf(const struct frame_ctx *c, const struct quic_span *s)
{
	return (struct quic_buf){
		.data = (u8 *)s->data,
		.len = s->len,
		.truesize = c->pkt->plain.truesize,
		.chunk = c->pkt->plain.chunk,
	};
}

static int rx_nothing(struct quic_conn *conn, const struct quic_frame *f, struct frame_ctx *c)
{
	return 0;
}

static int rx_ack(struct quic_conn *conn, const struct quic_frame *f, struct frame_ctx *c)
{
	return quic_conn_on_ack(conn, quic_level_space(c->pkt->level), &f->ack, c->now);
}

static int rx_reset_stream(struct quic_conn *conn, const struct quic_frame *f,
			   struct frame_ctx *c)
{
	struct quic_stream *s;
	int err = quic_stream_for_frame(conn, f->code.sid, true, &s);

	if (err || !s)
		return err;
	return quic_stream_rx_reset(conn, s, f->code.code, f->code.final_size);
}

static int rx_stop_sending(struct quic_conn *conn, const struct quic_frame *f,
			   struct frame_ctx *c)
{
	struct quic_stream *s;
	int err = quic_stream_for_frame(conn, f->code.sid, false, &s);

	if (err || !s)
		return err;
	return quic_stream_rx_stop(conn, s, f->code.code);
}

/* TLS has gone on to the next level: this one has said all that it has to say. */
static bool rx_crypto_is_over(const struct quic_conn *conn, enum quic_level level)
{
	if (level == QUIC_LEVEL_INITIAL)
		return quic_keys_can_recv(&conn->keys, QUIC_LEVEL_HANDSHAKE);
	return level == QUIC_LEVEL_HANDSHAKE && quic_keys_can_recv(&conn->keys, QUIC_LEVEL_APP);
}

static int rx_crypto(struct quic_conn *conn, const struct quic_frame *f, struct frame_ctx *c)
{
	struct quic_inqueue *q = &conn->crypto[quic_level_space(c->pkt->level)].rcv;
	u64 end = f->crypto.offset + f->crypto.data.len, before = q->truesize;
	struct quic_buf buf = frame_buf(c, &f->crypto.data);
	int err;

	if (!f->crypto.data.len)
		return 0;
	if (end > q->read + QUIC_CRYPTO_BUFFER_BYTES)		/* [9000-7.5#2] */
		return QUIC_VIOLATION_CRYPTO_BUFFER_EXCEEDED;
	if (end > q->highest && rx_crypto_is_over(conn, c->pkt->level))	/* [9001-4.1.3] */
		return QUIC_VIOLATION_CRYPTO_DATA_AT_OLD_LEVEL;
	/* [9369-4.1]: what carries CRYPTO has the version that will stay. */
	if (c->pkt->level == QUIC_LEVEL_INITIAL && !conn->is_server)
		quic_conn_settle_version(conn);
	err = quic_inqueue_add(q, conn, f->crypto.offset, &buf);
	conn->rmem += q->truesize - before;
	if (!err && quic_inqueue_readable(q))
		conn->notify |= QUIC_NOTIFY_READ;
	return err;
}

static int rx_new_token(struct quic_conn *conn, const struct quic_frame *f, struct frame_ctx *c)
{
	struct quic_edge_event_info ev = {
		.type = QUIC_EDGE_EV_NEW_TOKEN,
		.data = f->token,
	};

	if (conn->is_server)					/* [9000-19.7#4] */
		return QUIC_VIOLATION_NEW_TOKEN_AT_SERVER;
	quic_edge_event(conn, &ev);
	return 0;
}

static int rx_stream(struct quic_conn *conn, const struct quic_frame *f, struct frame_ctx *c)
{
	struct quic_buf buf = frame_buf(c, &f->stream.data);
	struct quic_stream *s;
	int err = quic_stream_for_frame(conn, f->stream.sid, true, &s);

	if (err || !s)
		return err;
	c->res->fin |= f->stream.fin;
	return quic_stream_rx_data(conn, s, f->stream.offset, &buf, f->stream.fin);
}

static int rx_max_data(struct quic_conn *conn, const struct quic_frame *f, struct frame_ctx *c)
{
	if (quic_flow_tx_raise(&conn->tx, f->limit.limit))
		conn->notify |= QUIC_NOTIFY_WRITE;
	return 0;
}

static int rx_max_stream_data(struct quic_conn *conn, const struct quic_frame *f,
			      struct frame_ctx *c)
{
	struct quic_edge_event_info ev = {
		.type = QUIC_EDGE_EV_STREAM_MAX_DATA,
		.sid = f->limit.sid,
		.value = f->limit.limit,
	};
	struct quic_stream *s;
	int err = quic_stream_for_frame(conn, f->limit.sid, false, &s);

	if (err || !s || !quic_flow_tx_raise(&s->tx, f->limit.limit))
		return err;
	quic_stream_update_schedule(conn, s);
	conn->notify |= QUIC_NOTIFY_WRITE;
	quic_edge_event(conn, &ev);
	return 0;
}

static int rx_max_streams(struct quic_conn *conn, const struct quic_frame *f,
			  struct frame_ctx *c)
{
	bool uni = f->type == QUIC_FRAME_MAX_STREAMS_UNI;
	quic_sid first = quic_sid_make(0, conn->is_server, uni);
	struct quic_stream_type *t = &conn->streams.type[first];
	struct quic_edge_event_info ev = { .type = QUIC_EDGE_EV_MAX_STREAMS };

	if (f->limit.limit <= t->max)				/* [9000-4.6#4] [9000-19.11#2] */
		return 0;
	t->max = f->limit.limit;
	ev.value = quic_sid_make(t->max - 1, conn->is_server, uni);
	quic_edge_event(conn, &ev);
	conn->notify |= QUIC_NOTIFY_STREAMS;
	return 0;
}

static int rx_data_blocked(struct quic_conn *conn, const struct quic_frame *f,
			   struct frame_ctx *c)
{
	if (quic_flow_rx_on_blocked(&conn->rx, f->limit.limit))
		conn->ctl |= QUIC_CTL_MAX_DATA;
	return 0;
}

static int rx_stream_data_blocked(struct quic_conn *conn, const struct quic_frame *f,
				  struct frame_ctx *c)
{
	struct quic_stream *s;
	int err = quic_stream_for_frame(conn, f->limit.sid, true, &s);

	if (err || !s)
		return err;
	quic_stream_rx_blocked(conn, s, f->limit.limit);
	return 0;
}

static int rx_streams_blocked(struct quic_conn *conn, const struct quic_frame *f,
			      struct frame_ctx *c)
{
	quic_stream_on_streams_blocked(conn, f->type == QUIC_FRAME_STREAMS_BLOCKED_UNI,
				       f->limit.limit);
	return 0;
}

static int rx_new_cid(struct quic_conn *conn, const struct quic_frame *f, struct frame_ctx *c)
{
	return quic_conn_rx_new_cid(conn, &f->new_cid);
}

/* Until then the id is one of ours [9000-5.1.1#2]. */
static int rx_retire_cid(struct quic_conn *conn, const struct quic_frame *f,
			 struct frame_ctx *c)
{
	struct quic_cid gone, arrived_on = { .len = QUIC_CID_OURS_BYTES };
	struct quic_edge_event_info ev = { .type = QUIC_EDGE_EV_CONNID };
	bool did;
	int err;

	memcpy(arrived_on.data, c->pkt->hdr + 1, QUIC_CID_OURS_BYTES);
	err = quic_connid_local_on_retire(&conn->local_ids, f->retire_seq, &arrived_on, &gone,
					  &did);
	if (err || !did)
		return err;
	quic_edge_cid_del(conn, &gone);
	quic_conn_issue_ids(conn);
	quic_edge_event(conn, &ev);
	return 0;
}

static int rx_path_challenge(struct quic_conn *conn, const struct quic_frame *f,
			     struct frame_ctx *c)
{
	quic_conn_rx_path_challenge(conn, f->path_data);
	return 0;
}

static int rx_path_response(struct quic_conn *conn, const struct quic_frame *f,
			    struct frame_ctx *c)
{
	/* One that answers nothing of ours may be late: ignored, as RFC 9000 19.18 allows. */
	quic_conn_rx_path_response(conn, f->path_data, c->now);
	return 0;
}

static int rx_close(struct quic_conn *conn, const struct quic_frame *f, struct frame_ctx *c)
{
	quic_conn_on_peer_close(conn, &f->close, f->type == QUIC_FRAME_CONNECTION_CLOSE_APP,
				c->now);
	return 0;
}

static int rx_handshake_done(struct quic_conn *conn, const struct quic_frame *f,
			     struct frame_ctx *c)
{
	if (conn->is_server)					/* [9000-19.20#2] */
		return QUIC_VIOLATION_HANDSHAKE_DONE_AT_SERVER;
	quic_conn_confirm(conn, c->now);
	return 0;
}

static int rx_immediate_ack(struct quic_conn *conn, const struct quic_frame *f,
			    struct frame_ctx *c)
{
	if (!quic_conn_takes_ack_frequency(conn))
		return QUIC_VIOLATION_FRAME_UNKNOWN_TYPE;
	c->res->ack_now = true;
	return 0;
}

static int rx_ack_frequency(struct quic_conn *conn, const struct quic_frame *f,
			    struct frame_ctx *c)
{
	return quic_conn_on_ack_frequency(conn, &f->ack_frequency);
}

static int rx_datagram(struct quic_conn *conn, const struct quic_frame *f, struct frame_ctx *c)
{
	struct quic_datagram *d;

	if (!conn->local.max_datagram_frame_size)		/* [9221-3#3] */
		return QUIC_VIOLATION_DATAGRAM_NOT_NEGOTIATED;
	if (f->bytes > conn->local.max_datagram_frame_size)	/* [9221-3#4] */
		return QUIC_VIOLATION_DATAGRAM_TOO_LARGE;
	/* Unreliable: what does not fit is lost, as on the wire (RFC 9221 5.3). */
	d = NULL;
	if (conn->nr_dgrams_in < frame_rx_max_dgrams && conn->rmem <= conn->config.rmem_max)
		d = quic_env_alloc(1, sizeof(*d));
	if (!d) {
		conn->stats.dgrams_dropped++;
		return 0;
	}
	d->buf = frame_buf(c, &f->datagram);
	quic_edge_chunk_get(d->buf.chunk);
	list_add_tail(&d->entry, &conn->dgrams_in);
	conn->nr_dgrams_in++;
	conn->rmem += d->buf.truesize;
	conn->notify |= QUIC_NOTIFY_READ;
	return 0;
}

typedef int (*frame_handler)(struct quic_conn *conn, const struct quic_frame *f,
			     struct frame_ctx *c);

static const frame_handler frame_handlers[] = {
	[QUIC_FRAME_PADDING] = rx_nothing,
	[QUIC_FRAME_PING] = rx_nothing,
	[QUIC_FRAME_ACK] = rx_ack,
	[QUIC_FRAME_ACK_ECN] = rx_ack,
	[QUIC_FRAME_RESET_STREAM] = rx_reset_stream,
	[QUIC_FRAME_STOP_SENDING] = rx_stop_sending,
	[QUIC_FRAME_CRYPTO] = rx_crypto,
	[QUIC_FRAME_NEW_TOKEN] = rx_new_token,
	[QUIC_FRAME_STREAM] = rx_stream,
	[QUIC_FRAME_MAX_DATA] = rx_max_data,
	[QUIC_FRAME_MAX_STREAM_DATA] = rx_max_stream_data,
	[QUIC_FRAME_MAX_STREAMS_BIDI] = rx_max_streams,
	[QUIC_FRAME_MAX_STREAMS_UNI] = rx_max_streams,
	[QUIC_FRAME_DATA_BLOCKED] = rx_data_blocked,
	[QUIC_FRAME_STREAM_DATA_BLOCKED] = rx_stream_data_blocked,
	[QUIC_FRAME_STREAMS_BLOCKED_BIDI] = rx_streams_blocked,
	[QUIC_FRAME_STREAMS_BLOCKED_UNI] = rx_streams_blocked,
	[QUIC_FRAME_NEW_CONNECTION_ID] = rx_new_cid,
	[QUIC_FRAME_RETIRE_CONNECTION_ID] = rx_retire_cid,
	[QUIC_FRAME_PATH_CHALLENGE] = rx_path_challenge,
	[QUIC_FRAME_PATH_RESPONSE] = rx_path_response,
	[QUIC_FRAME_CONNECTION_CLOSE] = rx_close,
	[QUIC_FRAME_CONNECTION_CLOSE_APP] = rx_close,
	[QUIC_FRAME_HANDSHAKE_DONE] = rx_handshake_done,
	[QUIC_FRAME_IMMEDIATE_ACK] = rx_immediate_ack,
	[QUIC_FRAME_DATAGRAM] = rx_datagram,
};

static frame_handler frame_handler_of(u64 type)
{
	if (type == QUIC_FRAME_ACK_FREQUENCY)
		return rx_ack_frequency;
	return type < ARRAY_SIZE(frame_handlers) ? frame_handlers[type] : NULL;
}

/* The type of the frame at @r as the peer wrote it; 0 when there is none to read. */
static u64 frame_wire_type(const struct quic_reader *r)
{
	struct quic_reader peek = *r;
	u64 type;

	return quic_wire_get_varint(&peek, &type) ? type : 0;
}

/* First pass: all frames are well-formed and allowed here, and there is one. */
static int frame_rx_validate(const struct quic_rx_pkt *pkt, struct quic_frame_rx *res)
{
	struct quic_reader r;
	struct quic_frame f;
	int v;

	quic_wire_read_init(&r, pkt->plain.data, pkt->plain.len);
	if (!quic_wire_left(&r))				/* [9000-12.4#2] */
		return QUIC_VIOLATION_PACKET_NO_FRAMES;
	while (quic_wire_left(&r)) {
		v = quic_frame_decode(&r, pkt->level, &f);
		if (v) {
			res->frame_type = frame_wire_type(&r);
			return v;
		}
		res->eliciting |= quic_frame_is_ack_eliciting(f.type);
		res->nonprobing |= !quic_frame_is_probing(f.type);
	}
	return 0;
}

/* One frame and nothing else: a bulk packet; decoded once instead of twice. */
static bool frame_rx_is_single(const struct quic_rx_pkt *pkt, struct quic_frame *f)
{
	struct quic_reader r;

	quic_wire_read_init(&r, pkt->plain.data, pkt->plain.len);
	return !quic_frame_decode(&r, pkt->level, f) && !quic_wire_left(&r);
}

static int frame_rx_apply_one(struct quic_conn *conn, const struct quic_frame *f,
			      struct frame_ctx *c)
{
	frame_handler handler = frame_handler_of(f->type);

	c->res->frame_type = f->wire_type;
	quic_edge_trace(conn, QUIC_TRACE_FRAME_RCVD, f->type, 0, f->bytes);
	if (WARN_ON_ONCE(!handler))
		return -EINVAL;
	return handler(conn, f, c);
}

int quic_frame_rx_apply(struct quic_conn *conn, const struct quic_rx_pkt *pkt,
			struct quic_frame_rx *res, quic_us now)
{
	struct frame_ctx c = { .pkt = pkt, .res = res, .now = now };
	struct quic_reader r;
	struct quic_frame f;
	int err;

	quic_wire_read_init(&r, pkt->plain.data, pkt->plain.len);
	if (frame_rx_is_single(pkt, &f)) {
		res->eliciting = quic_frame_is_ack_eliciting(f.type);
		res->nonprobing = !quic_frame_is_probing(f.type);
		return frame_rx_apply_one(conn, &f, &c);
	}
	err = frame_rx_validate(pkt, res);
	if (err)
		return err;
	while (quic_wire_left(&r)) {
		err = quic_frame_decode(&r, pkt->level, &f);
		if (!err)
			err = frame_rx_apply_one(conn, &f, &c);
		if (err || !quic_conn_is_open(conn))
			return err;
	}
	return 0;
}
