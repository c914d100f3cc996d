// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * outqueue.c - what to send next
 *
 * quic_outqueue_fill() writes the frames of one packet in this order: ACK,
 * control frames, CRYPTO, DATAGRAM, STREAM.  Each step writes a frame only when
 * it fits whole and the packet's record has room for it; a frame that does not
 * fit stays to be said (its bit stays set) and goes into the next packet.
 */
#include "conn.h"

static const u32 outqueue_turn_bytes = 16384;	/* an incremental stream's turn */
static const u32 outqueue_pad_bytes = 8;	/* padded rather than cutting a segment */
static const u32 outqueue_min_stream_room = 32;	/* no STREAM frame is begun in less */

void quic_outqueue_init(struct quic_outqueue *o)
{
	unsigned int i;

	INIT_LIST_HEAD(&o->again);
	for (i = 0; i < ARRAY_SIZE(o->ready); i++)
		INIT_LIST_HEAD(&o->ready[i]);
	o->turn_sid = U64_MAX;
	o->turn_bytes = 0;
}

/* The stream whose bytes go next, NULL when none may send. */
static struct quic_stream *outqueue_next_stream(struct quic_conn *conn)
{
	struct quic_outqueue *o = &conn->out;
	unsigned int i;

	if (!list_empty(&o->again))
		return list_first_entry(&o->again, struct quic_stream, send_entry);
	/* [9000-2.2#3] [9000-4.1#1] [9000-19.9#1] */
	if (!quic_flow_tx_room(&conn->tx))
		return NULL;
	for (i = 0; i < ARRAY_SIZE(o->ready); i++)
		if (!list_empty(&o->ready[i]))
			return list_first_entry(&o->ready[i], struct quic_stream, send_entry);
	return NULL;
}

static bool outqueue_has_new_bytes(const struct quic_outqueue *o)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(o->ready); i++)
		if (!list_empty(&o->ready[i]))
			return true;
	return false;
}

/* DATA_BLOCKED is owed when streams could send but for the connection's credit. */
static void outqueue_check_blocked(struct quic_conn *conn)
{
	if (quic_flow_tx_room(&conn->tx) || conn->tx.blocked_at == conn->tx.max)
		return;
	if (outqueue_has_new_bytes(&conn->out))
		conn->tx.wanted = true;
	if (quic_flow_tx_owes_blocked(&conn->tx))
		conn->ctl |= QUIC_CTL_DATA_BLOCKED;
}

static bool outqueue_crypto_waits(const struct quic_conn *conn, enum quic_level level)
{
	const struct quic_sndbuf *b = &conn->crypto[quic_level_space(level)].snd;

	if (level == QUIC_LEVEL_EARLY)
		return false;
	return b->next < b->end || !quic_ranges_is_empty(&b->lost);
}

bool quic_outqueue_has_control(struct quic_conn *conn)
{
	u64 seq;

	return conn->ctl || !list_empty(&conn->streams.ctl) ||
	       quic_connid_local_next_to_send(&conn->local_ids) ||
	       quic_connid_remote_next_retire(&conn->remote_ids, &seq);
}

bool quic_outqueue_has_data(struct quic_conn *conn, enum quic_level level)
{
	if (outqueue_crypto_waits(conn, level))
		return true;
	if (level != QUIC_LEVEL_APP && level != QUIC_LEVEL_EARLY)
		return false;
	if (!list_empty(&conn->dgrams_out) || outqueue_next_stream(conn))
		return true;
	outqueue_check_blocked(conn);
	if (level == QUIC_LEVEL_EARLY)
		return conn->ctl & (QUIC_CTL_DATA_BLOCKED | QUIC_CTL_PING) ||
		       !list_empty(&conn->streams.ctl);
	return quic_outqueue_has_control(conn);
}

bool quic_outqueue_has_bulk(struct quic_conn *conn, u32 bytes)
{
	struct quic_stream *s;
	u64 room;

	if (!list_empty(&conn->out.again) || !list_empty(&conn->dgrams_out) ||
	    outqueue_crypto_waits(conn, QUIC_LEVEL_APP))
		return false;
	s = outqueue_next_stream(conn);
	if (!s)
		return false;
	room = min(quic_flow_tx_room(&conn->tx), quic_flow_tx_room(&s->tx));
	return min(room, s->snd.end - s->snd.next) >= bytes;
}

/* ---- one frame at a time, all or nothing ---- */

static struct quic_sent *fill_sent(struct quic_conn *conn, const struct quic_fill *f)
{
	return &conn->recovery.space[quic_level_space(f->level)].sent;
}

/*
 * The frame that began at @mark is kept when it fitted and @item (NULL: none)
 * could be recorded; otherwise the packet is as before.
 */
static bool fill_keep(struct quic_conn *conn, struct quic_fill *f, size_t mark,
		      const struct quic_sent_item *item)
{
	if (f->w->overflow || (item && !quic_sent_add(fill_sent(conn, f), item))) {
		f->w->overflow = false;
		f->w->len = mark;
		return false;
	}
	if (!item || item->kind != QUIC_SENT_ACK)
		f->eliciting = true;
	return true;
}

static void fill_trace(struct quic_conn *conn, u64 type, u64 sid, u64 len)
{
	quic_edge_trace(conn, QUIC_TRACE_FRAME_SENT, type, sid, len);
}

static void fill_ack(struct quic_conn *conn, struct quic_fill *f)
{
	struct quic_pnspace *s = &conn->space[quic_level_space(f->level)];
	struct quic_sent_item item = { .kind = QUIC_SENT_ACK };
	u64 *ecn = NULL, counts[3];
	size_t mark = f->w->len;
	u64 delay;

	/* [9000-13.2.6#1,2,3]; what 0-RTT may not carry is left to 1-RTT [9000-17.2.3#3] */
	if (f->level == QUIC_LEVEL_EARLY || !quic_pnspace_has_ack(s))
		return;
	delay = f->level == QUIC_LEVEL_APP ?
		quic_pnspace_ack_delay(s, f->now, conn->local.ack_delay_exponent) : 0;
	if (s->ecn[QUIC_ECN_ECT0] || s->ecn[QUIC_ECN_ECT1] || s->ecn[QUIC_ECN_CE]) {
		counts[0] = s->ecn[QUIC_ECN_ECT0];		/* [9000-13.4.1] */
		counts[1] = s->ecn[QUIC_ECN_ECT1];
		counts[2] = s->ecn[QUIC_ECN_CE];
		ecn = counts;
	}
	quic_frame_encode_ack(f->w, &s->received, QUIC_PNSPACE_ACK_RANGES, delay, ecn);
	item.off = s->largest;
	if (!fill_keep(conn, f, mark, &item))
		return;
	quic_pnspace_on_ack_sent(s);
	quic_timers_stop(&conn->timers, QUIC_TIMER_ACK);
	f->acked = true;
	fill_trace(conn, ecn ? QUIC_FRAME_ACK_ECN : QUIC_FRAME_ACK, 0, s->largest);
}

static bool fill_ack_frequency(struct quic_conn *conn, struct quic_fill *f)
{
	size_t mark = f->w->len;

	quic_frame_encode_ack_frequency(f->w, quic_ackfreq_peek(&conn->ackfreq));
	if (!fill_keep(conn, f, mark, NULL))
		return false;
	quic_conn_on_ack_frequency_sent(conn);
	conn->ctl &= ~QUIC_CTL_ACK_FREQUENCY;
	f->ctl |= QUIC_CTL_ACK_FREQUENCY;
	fill_trace(conn, QUIC_FRAME_ACK_FREQUENCY, 0, 0);
	return true;
}

/* Writes the frame of one bit of conn->ctl; false: it does not fit. */
static bool fill_ctl_frame(struct quic_conn *conn, struct quic_fill *f, u32 bit)
{
	struct quic_stream_type *t = conn->streams.type;
	unsigned int peer = !conn->is_server, own = conn->is_server;
	size_t mark = f->w->len;

	switch (bit) {
	case QUIC_CTL_PING:
		quic_frame_encode_bare(f->w, QUIC_FRAME_PING);
		break;
	case QUIC_CTL_HANDSHAKE_DONE:
		quic_frame_encode_bare(f->w, QUIC_FRAME_HANDSHAKE_DONE);
		break;
	case QUIC_CTL_MAX_DATA:
		quic_frame_encode_value(f->w, QUIC_FRAME_MAX_DATA, quic_flow_rx_grant(&conn->rx));
		break;
	case QUIC_CTL_MAX_STREAMS_BIDI:
		quic_frame_encode_value(f->w, QUIC_FRAME_MAX_STREAMS_BIDI, t[peer].max);
		break;
	case QUIC_CTL_MAX_STREAMS_UNI:
		quic_frame_encode_value(f->w, QUIC_FRAME_MAX_STREAMS_UNI, t[peer | 2].max);
		break;
	case QUIC_CTL_DATA_BLOCKED:
		conn->tx.blocked_at = conn->tx.max;
		quic_frame_encode_value(f->w, QUIC_FRAME_DATA_BLOCKED, conn->tx.max);
		break;
	case QUIC_CTL_STREAMS_BLOCKED_BIDI:
		quic_frame_encode_value(f->w, QUIC_FRAME_STREAMS_BLOCKED_BIDI, t[own].max);
		break;
	case QUIC_CTL_STREAMS_BLOCKED_UNI:
		quic_frame_encode_value(f->w, QUIC_FRAME_STREAMS_BLOCKED_UNI, t[own | 2].max);
		break;
	case QUIC_CTL_IMMEDIATE_ACK:
		quic_frame_encode_bare(f->w, QUIC_FRAME_IMMEDIATE_ACK);
		break;
	case QUIC_CTL_ACK_FREQUENCY:
		return fill_ack_frequency(conn, f);
	case QUIC_CTL_NEW_TOKEN:
		quic_frame_encode_new_token(f->w, conn->new_token, conn->new_token_len);
		break;
	}
	if (!fill_keep(conn, f, mark, NULL))
		return false;
	conn->ctl &= ~bit;
	f->ctl |= bit;
	fill_trace(conn, f->w->buf[mark], 0, 0);
	return true;
}

static void fill_ctl(struct quic_conn *conn, struct quic_fill *f)
{
	u32 left = conn->ctl;

	if (f->level == QUIC_LEVEL_EARLY)
		left &= QUIC_CTL_PING | QUIC_CTL_DATA_BLOCKED;
	while (left) {
		u32 bit = left & -left;

		left &= ~bit;
		if (!fill_ctl_frame(conn, f, bit))
			return;
	}
}

static void fill_connids(struct quic_conn *conn, struct quic_fill *f)
{
	struct quic_connid_entry *e;
	struct quic_sent_item item;
	size_t mark;
	u64 seq;

	while ((e = quic_connid_local_next_to_send(&conn->local_ids))) {
		struct quic_frame_new_cid frame = {
			.seq = e->seq,
			.retire_prior_to = quic_connid_local_prior_for(&conn->local_ids, e),
			.cid = e->cid,
		};

		memcpy(frame.reset_token, e->reset_token, sizeof(frame.reset_token));
		mark = f->w->len;
		quic_frame_encode_new_cid(f->w, &frame);
		item = (struct quic_sent_item){ .kind = QUIC_SENT_NEW_CID, .off = e->seq };
		if (!fill_keep(conn, f, mark, &item))
			return;
		e->to_send = false;
		fill_trace(conn, QUIC_FRAME_NEW_CONNECTION_ID, 0, e->seq);
	}
	while (quic_connid_remote_next_retire(&conn->remote_ids, &seq)) {
		mark = f->w->len;
		quic_frame_encode_value(f->w, QUIC_FRAME_RETIRE_CONNECTION_ID, seq);
		item = (struct quic_sent_item){ .kind = QUIC_SENT_RETIRE_CID, .off = seq };
		if (!fill_keep(conn, f, mark, &item))
			return;
		quic_connid_remote_retire_sent(&conn->remote_ids, seq);
		fill_trace(conn, QUIC_FRAME_RETIRE_CONNECTION_ID, 0, seq);
	}
}

/* Writes one QUIC_STREAM_TELL_* of @s; false: it does not fit. */
static bool fill_stream_ctl_frame(struct quic_conn *conn, struct quic_fill *f,
				  struct quic_stream *s, u8 bit)
{
	struct quic_sent_item item = { .sid = s->sid };
	size_t mark = f->w->len;

	switch (bit) {
	case QUIC_STREAM_TELL_MAX_DATA:
		item.kind = QUIC_SENT_MAX_STREAM_DATA;
		quic_frame_encode_sid_value(f->w, QUIC_FRAME_MAX_STREAM_DATA, s->sid,
					    quic_flow_rx_grant(&s->rx));
		break;
	case QUIC_STREAM_TELL_BLOCKED:
		item.kind = QUIC_SENT_STREAM_DATA_BLOCKED;
		s->tx.blocked_at = s->tx.max;
		quic_frame_encode_sid_value(f->w, QUIC_FRAME_STREAM_DATA_BLOCKED, s->sid,
					    s->tx.max);
		break;
	case QUIC_STREAM_TELL_RESET:
		item.kind = QUIC_SENT_RESET_STREAM;
		quic_frame_encode_reset_stream(f->w, s->sid, s->reset_code, s->reset_size);
		break;
	case QUIC_STREAM_TELL_STOP:
		item.kind = QUIC_SENT_STOP_SENDING;
		quic_frame_encode_sid_value(f->w, QUIC_FRAME_STOP_SENDING, s->sid, s->stop_code);
		break;
	}
	if (!fill_keep(conn, f, mark, &item))
		return false;
	s->pending &= ~bit;
	fill_trace(conn, f->w->buf[mark], s->sid, 0);
	return true;
}

static void fill_stream_ctl(struct quic_conn *conn, struct quic_fill *f)
{
	struct quic_stream *s, *tmp;

	list_for_each_entry_safe(s, tmp, &conn->streams.ctl, ctl_entry) {
		/* What no longer matters is not said (RFC 9000 3.3, 19.10). */
		if (s->recv_state != QUIC_RECV_RECV)
			s->pending &= ~QUIC_STREAM_TELL_MAX_DATA;
		if (quic_flow_tx_room(&s->tx) || s->send_state >= QUIC_SEND_RECVD)
			s->pending &= ~QUIC_STREAM_TELL_BLOCKED;
		while (s->pending)
			if (!fill_stream_ctl_frame(conn, f, s, s->pending & -s->pending))
				return;
		list_del_init(&s->ctl_entry);
	}
}

/* ---- frames that carry bytes ---- */

static u32 fill_room(const struct quic_fill *f)
{
	return f->w->cap - f->w->len;
}

/* Leaves a gap of @len bytes at the writer's place for segments of @b. */
static void fill_segs(struct quic_fill *f, const struct quic_sndbuf *b, u64 off, u32 len)
{
	struct quic_tx_pkt *p = f->pkt;
	struct quic_tx_seg *segs = &p->segs[p->nr_segs];
	unsigned int i, nr;

	quic_sndbuf_segs(b, off, len, segs, QUIC_TX_SEGS_MAX - p->nr_segs, &nr);
	for (i = 0; i < nr; i++) {
		segs[i].off = f->w->len;
		f->w->len += segs[i].len;
	}
	p->nr_segs += nr;
}

/* Bytes of [off, off + len) that the packet's free segments can name. */
static u32 fill_nameable(const struct quic_fill *f, const struct quic_sndbuf *b, u64 off, u32 len)
{
	struct quic_tx_seg segs[QUIC_TX_SEGS_MAX];
	unsigned int nr;

	return quic_sndbuf_segs(b, off, len, segs, QUIC_TX_SEGS_MAX - f->pkt->nr_segs, &nr);
}

/* Each level has bytes and keys of its own, whatever is sent again [9001-4] [9001-4.9#1]. */
static void fill_crypto(struct quic_conn *conn, struct quic_fill *f)
{
	struct quic_sndbuf *b = &conn->crypto[quic_level_space(f->level)].snd;
	struct quic_sndbuf_run run;
	struct quic_sent_item item;
	size_t mark;
	u32 len, overhead;

	if (f->level == QUIC_LEVEL_EARLY)
		return;
	while (f->pkt->nr_segs < QUIC_TX_SEGS_MAX && quic_sndbuf_next_run(b, U64_MAX, &run)) {
		overhead = 1 + quic_wire_varint_len(run.off) + 2;
		if (fill_room(f) < overhead + outqueue_min_stream_room)
			return;
		len = min_t(u64, run.len, fill_room(f) - overhead);
		len = fill_nameable(f, b, run.off, len);
		item = (struct quic_sent_item){
			.kind = QUIC_SENT_CRYPTO, .off = run.off, .len = len,
		};
		mark = f->w->len;
		quic_frame_encode_crypto(f->w, run.off, len);
		if (!fill_keep(conn, f, mark, &item))
			return;
		fill_segs(f, b, run.off, len);
		quic_sndbuf_on_sent(b, run.off, len, false);
		fill_trace(conn, QUIC_FRAME_CRYPTO, run.off, len);
	}
}

/* @d was sent, once and for all, or will never be. */
static void fill_datagram_done(struct quic_conn *conn, struct quic_datagram *d)
{
	list_del(&d->entry);
	conn->nr_dgrams_out--;
	conn->wmem -= quic_conn_free_datagram(d);
	conn->notify |= QUIC_NOTIFY_WRITE;
}

static void fill_datagrams(struct quic_conn *conn, struct quic_fill *f)
{
	struct quic_sent_item item = { .kind = QUIC_SENT_DATAGRAM };
	struct quic_datagram *d, *tmp;
	size_t mark;
	u32 max;

	if (list_empty(&conn->dgrams_out))
		return;
	max = quic_conn_datagram_max(conn);
	list_for_each_entry_safe(d, tmp, &conn->dgrams_out, entry) {
		/* It fitted when it was queued; a path that shrank must not be stopped by it. */
		if (d->buf.len > max) {
			conn->stats.dgrams_dropped++;
			fill_datagram_done(conn, d);
			continue;
		}
		mark = f->w->len;
		if (fill_room(f) < 1 + quic_wire_varint_len(d->buf.len) + d->buf.len)
			return;
		quic_frame_encode_datagram(f->w, d->buf.len, true);
		if (!fill_keep(conn, f, mark, &item))
			return;
		/* Copied: its memory goes before the packet is sealed. */
		quic_wire_put_bytes(f->w, d->buf.data, d->buf.len);
		fill_trace(conn, QUIC_FRAME_DATAGRAM_LEN, 0, d->buf.len);
		fill_datagram_done(conn, d);
	}
}

/**
 * struct stream_cut - how a run of a stream is put into the room of a packet
 * @at: where its bytes begin
 * @hdr: bytes of the frame's header
 * @len: bytes of it
 * @pad: PADDING before the frame, so that it ends the packet
 * @with_len: the frame has a Length field
 * @fin: the frame carries FIN
 */
struct stream_cut {
	struct quic_sndbuf_place at;
	u32 hdr;
	u32 len;
	u32 pad;
	bool with_len;
	bool fin;
};

/*
 * A frame without a Length field ends the packet.  A run that would leave fewer
 * bytes than a Length field needs is padded up to the end instead, and so is
 * one that could only be filled by cutting into the next segment.
 */
static bool stream_cut(const struct quic_fill *f, const struct quic_stream *s,
		       const struct quic_sndbuf_run *run, struct stream_cut *cut)
{
	u32 fixed = 1 + quic_wire_varint_len(s->sid) +
		    (run->off ? quic_wire_varint_len(run->off) : 0);
	u32 room = fill_room(f), take, left;

	if (room < fixed + outqueue_min_stream_room)
		return false;
	quic_sndbuf_locate(&s->snd, run->off, &cut->at);
	take = min_t(u64, run->len, room - fixed);
	left = cut->at.len;
	if (take > left && take - left <= outqueue_pad_bytes && room - fixed - left < room / 2)
		take = left;
	if (take > left)
		take = fill_nameable(f, &s->snd, run->off, take);
	if (run->len && !take)
		return false;
	left = room - fixed - take;
	cut->len = take;
	cut->with_len = left > outqueue_pad_bytes;
	cut->pad = cut->with_len ? 0 : left;
	cut->fin = run->fin && take == run->len;
	cut->hdr = fixed + (cut->with_len ? quic_wire_varint_len(take) : 0);
	return true;
}

/*
 * Writes the frame's header into the headroom before the bytes, when there is
 * some: then header and bytes are one piece for the AEAD, which saves it a
 * scatterlist boundary in every packet of a bulk transfer.
 */
static bool fill_stream_headroom(struct quic_fill *f, const struct quic_stream *s, u64 off,
				 const struct stream_cut *cut)
{
	struct quic_tx_pkt *p = f->pkt;
	struct quic_writer w;
	u8 *hdr;

	if (!cut->len || cut->len > cut->at.len || cut->hdr > cut->at.headroom)
		return false;
	hdr = cut->at.data - cut->hdr;
	quic_wire_write_init(&w, hdr, cut->hdr);
	quic_frame_encode_stream(&w, s->sid, off, cut->len, cut->fin, cut->with_len);
	if (WARN_ON_ONCE(w.overflow || w.len != cut->hdr))
		return false;
	p->segs[p->nr_segs++] = (struct quic_tx_seg){
		.off = f->w->len, .len = cut->hdr + cut->len, .data = hdr,
	};
	f->w->len += cut->hdr + cut->len;
	return true;
}

static bool fill_stream_frame(struct quic_conn *conn, struct quic_fill *f, struct quic_stream *s,
			      const struct quic_sndbuf_run *run)
{
	struct quic_sent_item item = { .kind = QUIC_SENT_STREAM, .sid = s->sid, .off = run->off };
	struct stream_cut cut;
	size_t mark = f->w->len;

	if (!stream_cut(f, s, run, &cut))
		return false;
	item.len = cut.len;
	item.fin = cut.fin;
	if (cut.pad)
		quic_wire_put_zeros(f->w, cut.pad);
	if (!fill_keep(conn, f, mark, &item))
		return false;
	if (!fill_stream_headroom(f, s, run->off, &cut)) {
		quic_frame_encode_stream(f->w, s->sid, run->off, cut.len, cut.fin, cut.with_len);
		fill_segs(f, &s->snd, run->off, cut.len);
	}
	fill_trace(conn, QUIC_FRAME_STREAM, s->sid, cut.len);
	if (conn->out.turn_sid != s->sid) {
		conn->out.turn_sid = s->sid;
		conn->out.turn_bytes = 0;
	}
	conn->out.turn_bytes += cut.len;
	quic_stream_on_sent(conn, s, run->off, cut.len, cut.fin);
	return true;
}

/* The turn of @s is over: the next of its list goes on. */
static void fill_rotate(struct quic_conn *conn, struct quic_stream *s)
{
	struct quic_outqueue *o = &conn->out;

	if (!s->incremental || o->turn_bytes < outqueue_turn_bytes)
		return;
	o->turn_bytes = 0;
	if (s->send_list)
		list_move_tail(&s->send_entry, s->send_list);
}

static void fill_streams(struct quic_conn *conn, struct quic_fill *f)
{
	struct quic_sndbuf_run run;
	struct quic_stream *s;

	while (f->pkt->nr_segs < QUIC_TX_SEGS_MAX && fill_room(f) > outqueue_min_stream_room &&
	       (s = outqueue_next_stream(conn))) {
		u64 credit = min(quic_flow_tx_room(&s->tx), quic_flow_tx_room(&conn->tx));

		if (WARN_ON_ONCE(!quic_sndbuf_next_run(&s->snd, credit, &run)))
			return;
		if (!fill_stream_frame(conn, f, s, &run))
			return;
		fill_rotate(conn, s);
	}
}

static void fill_eliciting(struct quic_conn *conn, struct quic_fill *f)
{
	bool app = f->level == QUIC_LEVEL_APP || f->level == QUIC_LEVEL_EARLY;

	if (f->bulk) {
		fill_streams(conn, f);
		return;
	}
	fill_crypto(conn, f);
	if (app) {				/* [9000-12.5#2] [9221-5] [9221-6] */
		if (f->level == QUIC_LEVEL_APP)
			fill_connids(conn, f);
		fill_ctl(conn, f);
		fill_stream_ctl(conn, f);
		fill_datagrams(conn, f);
	}
	if (app)
		fill_streams(conn, f);
}

/* Only ACKs pass the congestion controller; DATAGRAM waits for it, too [9221-5.4]. */
void quic_outqueue_fill(struct quic_conn *conn, struct quic_fill *f)
{
	size_t mark;

	if (!f->bulk)
		fill_ack(conn, f);
	if (!f->allow_eliciting)				/* [9221-5.4] */
		return;
	fill_eliciting(conn, f);
	if (f->probe && !f->eliciting) {			/* [9002-6.2.4#1,2] */
		mark = f->w->len;
		quic_frame_encode_bare(f->w, QUIC_FRAME_PING);
		fill_keep(conn, f, mark, NULL);
	}
}
