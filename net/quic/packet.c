// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * packet.c - frames to packets to datagrams to bursts
 *
 *   output:	one burst after the other until nothing may or wants to leave
 *   burst:	datagrams of path->mtu bytes; the first shorter one ends it
 *   datagram:	one packet per encryption level that has something to say,
 *		drafted, padded as a whole, then sealed
 *
 * In bulk mode a datagram carries nothing but stream bytes and is full; control
 * frames and ACKs go into the last, shorter datagram of the burst.
 */
#include "packet_build.h"

static const u32 packet_skip_first = 16;	/* numbers until one is left out, or twice that */
static const u32 packet_skip_next = 128;	/* and then, up to nine times that */

static const enum quic_packet_kind packet_kinds[QUIC_NR_LEVELS] = {
	[QUIC_LEVEL_INITIAL] = QUIC_PACKET_INITIAL,
	[QUIC_LEVEL_EARLY] = QUIC_PACKET_0RTT,
	[QUIC_LEVEL_HANDSHAKE] = QUIC_PACKET_HANDSHAKE,
	[QUIC_LEVEL_APP] = QUIC_PACKET_SHORT,
};

/*
 * 1-RTT headers have one length, so that a slot of the send buffer fills a packet
 * exactly (quic_stream_slot_bytes()); two bytes more cost less than a packet made
 * of two slots, or PADDING.
 */
static u8 packet_pn_len(const struct quic_sent *sent, enum quic_level level)
{
	if (level == QUIC_LEVEL_APP)
		return 4;					/* [9001-9.5#2] */
	return max_t(u8, quic_header_pn_len(sent->next, sent->largest_acked), 2);
}

/* The fixed bit is random once the peer said that it does not mind. */
static bool packet_is_greased(struct quic_conn *conn)
{
	bool bit;

	/* Said in this connection, not remembered [9287-3.1#1,2,3,4]. */
	if (!conn->remote.grease_quic_bit || !conn->got_tparams)
		return false;
	if (!conn->nr_grease_bits) {
		quic_edge_random(&conn->grease_bits, sizeof(conn->grease_bits));
		conn->nr_grease_bits = 64;
	}
	bit = conn->grease_bits & 1;
	conn->grease_bits >>= 1;
	conn->nr_grease_bits--;
	return bit;
}

/* In the version in use [9369-4.1#6], from the id of the first Initial [9000-17.2.5.2#5]. */
void quic_packet_put_header(struct quic_conn *conn, const struct quic_path *path,
			    struct quic_packet_draft *d, struct quic_writer *w)
{
	struct quic_sent *sent = quic_packet_sent(conn, d->level);
	struct quic_header_build b = {
		.kind = packet_kinds[d->level],
		.version = conn->version,
		.dcid = &path->dcid,
		.scid = &conn->initial_scid,
		.pn = sent->next,
		.pn_len = packet_pn_len(sent, d->level),
		.key_phase = conn->keys.phase,
		.spin = conn->path->spin.value,
		.probe_version = conn->probe_version,
		.grease = packet_is_greased(conn),
	};

	if (d->level == QUIC_LEVEL_INITIAL && !conn->is_server)	/* [9000-8.1.2#1] [9000-8.1.3#1] */
		b.token = (struct quic_span){ conn->token, conn->token_len };
	if (d->level == QUIC_LEVEL_EARLY)
		b.version = conn->first_version;		/* [9369-4.1#8] */
	quic_header_encode(w, &b);
	d->is_long = d->level != QUIC_LEVEL_APP;
	d->pkt.pn = b.pn;
	d->pkt.pn_len = b.pn_len;
	d->pkt.hdr_len = w->len;
	d->pkt.key = &conn->keys.tx[d->level];
}

/*
 * Leaves out a packet number now and then: who acknowledges it acknowledges what it
 * did not see, to be sent more than the path takes [9000-21.4].  The first comes
 * early, when it pays most.
 */
static void packet_skip_number(struct quic_conn *conn)
{
	struct quic_sent *sent = quic_packet_sent(conn, QUIC_LEVEL_APP);
	u16 r;

	if (likely(sent->next < conn->skip_pn))
		return;
	quic_edge_random(&r, sizeof(r));
	if (!conn->skip_pn)
		conn->skip_pn = packet_skip_first + r % packet_skip_first;
	else if (!quic_sent_skip(sent))
		conn->skip_pn = sent->next + packet_skip_next + r % (8 * packet_skip_next);
}

/* Drafts one packet at the end of @g; false when it would carry nothing. */
static bool packet_draft(struct quic_conn *conn, struct quic_packet_dgram *g,
			 enum quic_level level, quic_us now)
{
	struct quic_packet_draft *d = &g->draft[g->nr];
	enum quic_space space = quic_level_space(level);
	struct quic_fill f = {
		.pkt = &d->pkt, .level = level, .now = now, .bulk = g->bulk,
		.probe = conn->probes[space],
		.allow_eliciting = g->eliciting || conn->probes[space],
	};
	struct quic_writer w;

	if (g->cap < g->len + QUIC_HEADER_MAX_BYTES + conn->token_len + QUIC_TAG_BYTES)
		return false;
	quic_conn_uncrowd(conn, space, now);
	if (level == QUIC_LEVEL_APP)
		packet_skip_number(conn);
	else if (conn->probes[space] && !quic_outqueue_has_data(conn, level))
		quic_conn_requeue_oldest(conn, space);	/* rather twice than a bare PING */
	if (quic_sent_begin(quic_packet_sent(conn, level)))
		return false;
	/* The rest is set below: it is too much to be cleared for each packet. */
	d->level = level;
	d->pkt.dst = g->dst + g->len;
	d->pkt.nr_segs = 0;
	quic_wire_write_init(&w, d->pkt.dst, g->cap - g->len - QUIC_TAG_BYTES);
	f.w = &w;
	quic_packet_put_header(conn, g->path, d, &w);
	quic_outqueue_fill(conn, &f);
	if (w.len == d->pkt.hdr_len) {				/* [9000-12.4#1] */
		quic_sent_cancel(quic_packet_sent(conn, level));
		return false;
	}
	/* Header protection samples 16 bytes from 4 behind the packet number's start. */
	if (w.len + d->pkt.pn_len < d->pkt.hdr_len + 4u)
		quic_wire_put_zeros(&w, d->pkt.hdr_len + 4 - d->pkt.pn_len - w.len);
	d->pkt.len = w.len;
	d->rec = (struct quic_sent_pkt){
		.sent_at = now, .ctl = f.ctl, .path = conn->path->id,
		.eliciting = f.eliciting, .in_flight = f.eliciting, .ecn = conn->path->ecn_on,
	};
	if (f.probe && f.eliciting)
		conn->probes[space]--;
	g->len += w.len + QUIC_TAG_BYTES;
	g->nr++;
	return true;
}

void quic_packet_pad(struct quic_packet_dgram *g)
{
	struct quic_packet_draft *d = &g->draft[g->nr - 1];
	u32 add = g->pad_to > g->len ? g->pad_to - g->len : 0;

	if (!add)
		return;
	memset(d->pkt.dst + d->pkt.len, 0, add);
	d->pkt.len += add;
	d->rec.in_flight = true;
	g->len += add;
}

void quic_packet_seal(struct quic_conn *conn, struct quic_burst *b, struct quic_packet_dgram *g,
		      quic_us now)
{
	unsigned int i;

	for (i = 0; i < g->nr; i++) {
		struct quic_packet_draft *d = &g->draft[i];
		enum quic_space space = quic_level_space(d->level);

		if (d->is_long)
			quic_header_set_length(d->pkt.dst, d->pkt.hdr_len, d->pkt.pn_len,
					       d->pkt.len - d->pkt.hdr_len + QUIC_TAG_BYTES);
		quic_edge_burst_add(b, &d->pkt);	/* on error it counts as lost */
		quic_keys_on_sealed(&conn->keys, d->level, d->pkt.pn);
		d->rec.bytes = d->pkt.len + QUIC_TAG_BYTES;
		quic_recovery_on_sent(&conn->recovery, space, &g->path->cong, &d->rec);
		quic_sent_commit(quic_packet_sent(conn, d->level), &d->rec);
		quic_conn_on_packet_sent(conn, d->level, &d->rec, now);
		conn->stats.pkts_sent++;
		quic_edge_trace(conn, QUIC_TRACE_PKT_SENT, d->pkt.pn, d->rec.bytes, d->level);
	}
	conn->stats.bytes_sent += g->len;
	quic_path_on_tx(g->path, g->len);
}

/* Does @level want a packet now? */
static bool packet_is_wanted(struct quic_conn *conn, enum quic_level level, bool eliciting,
			     quic_us now)
{
	enum quic_space space = quic_level_space(level);

	if (!quic_keys_can_send(&conn->keys, level))
		return false;
	/* Early data come with or after the ClientHello, never before. */
	if (level == QUIC_LEVEL_EARLY)
		return eliciting && conn->crypto[QUIC_SPACE_INITIAL].snd.end &&
		       quic_outqueue_has_data(conn, level);
	if (conn->probes[space])		/* [9002-7.5#1] */
		return true;
	if (quic_pnspace_is_ack_due(&conn->space[space], now))
		return true;
	return eliciting && quic_outqueue_has_data(conn, level);
}

/*
 * Drafts the packets of one datagram at @g->dst, all of one connection [9000-12.2#2];
 * their sum is in @g->len.
 */
static void packet_draft_dgram(struct quic_conn *conn, struct quic_packet_dgram *g, quic_us now)
{
	bool initial = false, initial_eliciting = false;
	enum quic_level level;

	for (level = QUIC_LEVEL_INITIAL; level < QUIC_NR_LEVELS; level++) {
		if (!packet_is_wanted(conn, level, g->eliciting, now) ||
		    !packet_draft(conn, g, level, now))
			continue;
		if (level == QUIC_LEVEL_INITIAL) {
			initial = true;
			initial_eliciting = g->draft[g->nr - 1].rec.eliciting;
		}
	}
	if (!g->nr)
		return;
	/* [9000-14.1#1,2] [9000-8.1#3] [9001-9.3] */
	if (initial && (!conn->is_server || initial_eliciting))
		g->pad_to = max_t(u32, g->pad_to, QUIC_MIN_DATAGRAM_BYTES);
	quic_packet_pad(g);
}

/**
 * struct packet_budget - what may leave in one burst
 * @bytes: by congestion window, pacer and amplification limit together
 * @hard: by the amplification limit: holds for every byte
 * @control: control frames wait: the first datagram takes them along, or a sender
 *	that always has more to send than it may would never give credit
 */
struct packet_budget {
	u64 bytes;
	u64 hard;
	bool control;
};

static void packet_budget(struct quic_conn *conn, quic_us now, struct packet_budget *b)
{
	struct quic_path *p = conn->path;
	u64 room = quic_cong_room(&p->cong), rate, paced;

	p->cong.max_rate = conn->config.max_pacing_rate;
	rate = quic_cong_pacing_rate(&p->cong, &p->rtt);
	b->hard = quic_path_amplification_room(p);
	paced = quic_pacer_room(&p->pacer, now, rate, p->mtu);
	b->bytes = min3(room, paced, b->hard);
	b->control = quic_outqueue_has_control(conn);
	/* Something waits for the pacer only when nothing else holds it back. */
	if (paced < p->mtu && room >= p->mtu)
		quic_timers_set(&conn->timers, QUIC_TIMER_PACE,
				quic_pacer_next_at(&p->pacer, rate, p->mtu));
}

static bool packet_has_work(struct quic_conn *conn, bool eliciting, quic_us now)
{
	enum quic_level level;

	for (level = QUIC_LEVEL_INITIAL; level < QUIC_NR_LEVELS; level++)
		if (packet_is_wanted(conn, level, eliciting, now))
			return true;
	return false;
}

/* Is the next datagram a full one of stream bytes alone? */
static bool packet_is_bulk(struct quic_conn *conn)
{
	return conn->confirmed && !conn->probes[QUIC_SPACE_APP] &&
	       !(conn->ctl & QUIC_CTL_HANDSHAKE_DONE) &&
	       quic_outqueue_has_bulk(conn, conn->path->mtu);
}

/* Builds one datagram into @b: its bytes, 0 when there was nothing to send. */
static noinline u32 packet_send_dgram(struct quic_conn *conn, struct quic_burst *b,
				      struct packet_budget *budget, bool *full, quic_us now)
{
	struct quic_packet_dgram g;

	/* Padding [9000-14.1] would take a smaller rest over the limit [9000-8.1]. */
	if (budget->hard < quic_conn_least_room(conn))
		return 0;
	g.path = conn->path;
	g.nr = 0;
	g.len = 0;
	g.pad_to = 0;
	g.cap = min_t(u64, conn->path->mtu, budget->hard);
	g.eliciting = budget->bytes >= conn->path->mtu;
	g.bulk = g.eliciting && !budget->control && packet_is_bulk(conn);
	if (!g.bulk && !packet_has_work(conn, g.eliciting, now))
		return 0;
	g.dst = quic_edge_burst_next(b);
	if (!g.dst)
		return 0;
	if (g.bulk)
		packet_draft(conn, &g, QUIC_LEVEL_APP, now);
	else
		packet_draft_dgram(conn, &g, now);
	if (g.nr)
		quic_packet_seal(conn, b, &g, now);
	quic_edge_burst_end(b, g.len);
	*full = g.len == conn->path->mtu;
	budget->hard -= min_t(u64, budget->hard, g.len);
	budget->bytes -= min_t(u64, budget->bytes, g.len);
	budget->control = false;
	return g.len;
}

/* One burst; false when nothing was sent. */
static bool packet_send_burst(struct quic_conn *conn, quic_us now)
{
	struct quic_path *p = conn->path;
	struct packet_budget budget;
	struct quic_burst *b;
	bool full = true;
	u64 total = 0;
	u32 n, bytes;

	if (!quic_conn_check_seal_limits(conn, now))
		return false;
	packet_budget(conn, now, &budget);
	/* [9000-8.1]: an unvalidated peer gets whole datagrams or nothing. */
	if (budget.hard < quic_conn_least_room(conn) ||
	    !packet_has_work(conn, budget.bytes >= p->mtu, now))
		return false;
	b = quic_edge_burst_begin(conn, p, p->mtu,
				  p->ecn_on ? QUIC_ECN_ECT0 : QUIC_ECN_NOT_ECT, now);
	if (!b)
		return false;
	for (n = 0; n < QUIC_BURST_MAX_PKTS && full; n++) {
		bytes = packet_send_dgram(conn, b, &budget, &full, now);
		if (!bytes)
			break;
		total += bytes;
	}
	if (quic_edge_burst_commit(b) == -EMSGSIZE)
		quic_conn_on_too_big(conn, quic_edge_mtu(conn, p), now);
	quic_conn_on_burst_sent(conn);
	quic_pacer_on_sent(&p->pacer, now, quic_cong_pacing_rate(&p->cong, &p->rtt), total);
	return total;
}

/* ---- closing ---- */

/* CONNECTION_CLOSE in every level the peer may be able to open (RFC 9000 10.2.3). */
static void packet_draft_close(struct quic_conn *conn, struct quic_packet_dgram *g,
			       enum quic_level level)
{
	struct quic_packet_draft *d = &g->draft[g->nr];
	struct quic_close *c = &conn->close;
	bool app = c->app && level == QUIC_LEVEL_APP;		/* [9000-12.5#1] */
	struct quic_writer w;

	if (g->cap < g->len + QUIC_HEADER_MAX_BYTES + conn->token_len + 128 ||
	    quic_sent_begin(quic_packet_sent(conn, level)))
		return;
	*d = (struct quic_packet_draft){ .level = level, .pkt.dst = g->dst + g->len };
	quic_wire_write_init(&w, d->pkt.dst, g->cap - g->len - QUIC_TAG_BYTES);
	quic_packet_put_header(conn, g->path, d, &w);
	/* [9000-10.2.3#2,3]: nothing of the application before the keys prove the peer. */
	if (c->app && !app)
		quic_frame_encode_close(&w, false, QUIC_ERR_APPLICATION, 0, NULL, 0);
	else
		quic_frame_encode_close(&w, app, c->code, c->frame_type, c->reason,
					c->reason_len);
	d->pkt.len = w.len;
	g->len += w.len + QUIC_TAG_BYTES;
	g->nr++;
}

/* Not inlined: the drafts must not stay on the stack while the IP layer sends. */
static noinline void packet_build_close(struct quic_conn *conn, struct quic_burst *b, quic_us now)
{
	struct quic_packet_dgram g = { .path = conn->path };
	enum quic_level level;

	g.dst = quic_edge_burst_next(b);
	g.cap = g.dst ? min_t(u64, conn->path->mtu,
			      quic_path_amplification_room(conn->path)) : 0;
	for (level = QUIC_LEVEL_INITIAL; level < QUIC_NR_LEVELS; level++) {
		if (!(conn->close_levels & BIT(level)) ||
		    !quic_keys_can_send(&conn->keys, level))
			continue;
		packet_draft_close(conn, &g, level);
		if (level == QUIC_LEVEL_INITIAL && !conn->is_server)
			g.pad_to = QUIC_MIN_DATAGRAM_BYTES;
	}
	conn->close_levels = 0;
	if (g.nr) {
		quic_packet_pad(&g);
		quic_packet_seal(conn, b, &g, now);
	}
	if (g.dst)
		quic_edge_burst_end(b, g.len);
	conn->close_bytes = g.len;
}

static void packet_send_close(struct quic_conn *conn, quic_us now)
{
	struct quic_path *p = conn->path;
	struct quic_burst *b;

	if (quic_path_amplification_room(p) < quic_conn_least_room(conn))
		return;						/* [9000-10.2.1#2] */
	b = quic_edge_burst_begin(conn, p, p->mtu, QUIC_ECN_NOT_ECT, now);
	if (!b)
		return;
	packet_build_close(conn, b, now);
	quic_edge_burst_commit(b);
}

/*
 * The window may not grow while it is not what limits sending [9002-7.8]: when
 * nothing is left to send although window and pacer would have let it.
 */
static void packet_note_limit(struct quic_conn *conn)
{
	struct quic_cong *c = &conn->path->cong;
	bool may_send = quic_cong_room(c) >= conn->path->mtu;

	quic_cong_set_app_limited(c, may_send &&
				  !quic_timers_is_armed(&conn->timers, QUIC_TIMER_PACE));
}

void quic_packet_output(struct quic_conn *conn, quic_us now)
{
	if (conn->state == QUIC_CONN_CLOSING && conn->close_levels)
		packet_send_close(conn, now);
	if (!quic_conn_is_open(conn))				/* [9000-10.2.2#1] */
		return;
	quic_timers_stop(&conn->timers, QUIC_TIMER_PACE);
	if (conn->probe_paths)					/* [9000-8.2.2#2] */
		quic_packet_send_path_probes(conn, now);
	quic_packet_send_mtu_probe(conn, true, now);
	while (packet_send_burst(conn, now))
		if (!quic_conn_is_open(conn))
			return;
	quic_packet_send_mtu_probe(conn, false, now);
	packet_note_limit(conn);
}
