// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * packet_probe.c - datagrams that try something: another path, another size
 *
 *   path probe:	PATH_RESPONSEs and a PATH_CHALLENGE, padded to 1200 bytes as far
 *			as the path's amplification limit allows (RFC 9000 8.2)
 *   MTU probe:		a PING padded to the size in question (14.4)
 *
 * Each leaves alone in its datagram; there are few of them, counted and timed by
 * their machines.  One for the size may take half of the congestion window before
 * data fill it, and what they have left of it.
 */
#include "packet_build.h"

/* Bytes that a PATH_CHALLENGE or PATH_RESPONSE has. */
static const u32 probe_frame_bytes = 1 + QUIC_PATH_DATA_BYTES;

/* Begins a 1-RTT packet in @g; false when there is no room to record it. */
static bool probe_begin(struct quic_conn *conn, struct quic_packet_dgram *g, u32 ctl,
			struct quic_writer *w, quic_us now)
{
	struct quic_packet_draft *d = &g->draft[0];

	quic_conn_uncrowd(conn, QUIC_SPACE_APP, now);
	if (quic_sent_begin(quic_packet_sent(conn, QUIC_LEVEL_APP)))
		return false;
	*d = (struct quic_packet_draft){
		.level = QUIC_LEVEL_APP,
		.pkt.dst = g->dst,
		.rec = {
			.sent_at = now, .ctl = ctl, .path = g->path->id,
			.eliciting = true, .in_flight = true,
		},
	};
	quic_wire_write_init(w, g->dst, g->cap - QUIC_TAG_BYTES);
	quic_packet_put_header(conn, g->path, d, w);
	return true;
}

static void probe_end(struct quic_conn *conn, struct quic_burst *b, struct quic_packet_dgram *g,
		      const struct quic_writer *w, quic_us now)
{
	struct quic_packet_draft *d = &g->draft[0];

	d->pkt.len = w->len;
	g->len = w->len + QUIC_TAG_BYTES;
	g->nr = 1;
	quic_packet_pad(g);		/* [9000-8.2.1#2] [9000-8.2.2#5] */
	quic_packet_seal(conn, b, g, now);
}

/* ---- paths ---- */

/* Puts what @p has to say into @w: QUIC_CTL_* written; @challenge is what was sent. */
static u32 probe_fill_path(struct quic_conn *conn, struct quic_path *p, struct quic_writer *w,
			   u8 *challenge)
{
	u32 ctl = 0;

	/* [9000-8.2.2#7] each once: a lost one is asked for again. */
	while (p->nr_response && w->cap - w->len >= probe_frame_bytes) {
		quic_frame_encode_path(w, QUIC_FRAME_PATH_RESPONSE,
				       p->response[--p->nr_response]);
		quic_edge_trace(conn, QUIC_TRACE_FRAME_SENT, QUIC_FRAME_PATH_RESPONSE, 0, 0);
		ctl |= QUIC_CTL_PATH_RESPONSE;
	}
	if (p->challenge_send && w->cap - w->len >= probe_frame_bytes) {
		quic_edge_random(challenge, QUIC_PATH_DATA_BYTES);	/* [9000-8.2.1#1] */
		quic_frame_encode_path(w, QUIC_FRAME_PATH_CHALLENGE, challenge);
		quic_edge_trace(conn, QUIC_TRACE_FRAME_SENT, QUIC_FRAME_PATH_CHALLENGE, 0, 0);
		ctl |= QUIC_CTL_PATH_CHALLENGE;
	}
	if (p != conn->path)
		return ctl;		/* probing frames and no others [9000-21.5.3#1] */
	/* A peer that asks about the path in use wants a non-probing packet (RFC 9000 9.3.3). */
	if (ctl & QUIC_CTL_PATH_RESPONSE && w->cap > w->len) {
		quic_frame_encode_bare(w, QUIC_FRAME_PING);
		ctl |= QUIC_CTL_PING;
	}
	return ctl;
}

static noinline void probe_build_path(struct quic_conn *conn, struct quic_burst *b,
				      struct quic_path *p, u32 room, quic_us now)
{
	/* Expanded, but never beyond the limit [9000-8.2.2#6]. */
	struct quic_packet_dgram g = { .path = p, .cap = room, .pad_to = room };
	u8 challenge[QUIC_PATH_DATA_BYTES];
	struct quic_writer w;
	u32 ctl;

	g.dst = quic_edge_burst_next(b);
	if (!g.dst)
		return;
	if (probe_begin(conn, &g, 0, &w, now)) {
		ctl = probe_fill_path(conn, p, &w, challenge);
		g.draft[0].rec.ctl = ctl;
		if (ctl & QUIC_CTL_PATH_CHALLENGE)
			quic_conn_on_challenge_sent(conn, p, challenge, room, now);
		probe_end(conn, b, &g, &w, now);
	}
	quic_edge_burst_end(b, g.len);
}

static void probe_path(struct quic_conn *conn, struct quic_path *p, quic_us now)
{
	u64 least = QUIC_CID_MAX_BYTES + 1 + 4 + probe_frame_bytes + QUIC_TAG_BYTES;
	u32 room = min_t(u64, quic_path_amplification_room(p), QUIC_MIN_DATAGRAM_BYTES);
	struct quic_burst *b;

	/*
	 * [9000-8.2.2] lets congestion control hold a response back; without it a flood of
	 * challenges would have us send and remember as many packets as the peer likes.
	 */
	if (room < least || quic_cong_room(&p->cong) < room)
		return;
	b = quic_edge_burst_begin(conn, p, room, QUIC_ECN_NOT_ECT, now);
	if (!b)
		return;
	probe_build_path(conn, b, p, room, now);
	quic_edge_burst_commit(b);
}

void quic_packet_send_path_probes(struct quic_conn *conn, quic_us now)
{
	struct quic_path *p;
	unsigned int i = 0;

	conn->probe_paths = false;
	while ((p = quic_conn_next_path(conn, &i))) {
		if (quic_path_wants_probe(p))
			probe_path(conn, p, now);
		/* What the limit held back leaves when more came in. */
		conn->probe_paths |= quic_path_wants_probe(p);
	}
}

/* ---- datagram size ---- */

/* Not inlined: see packet_build_close(). */
static noinline void probe_build_mtu(struct quic_conn *conn, struct quic_burst *b, u16 size,
				     quic_us now)
{
	struct quic_packet_dgram g = { .path = conn->path, .cap = size, .pad_to = size };
	struct quic_writer w;

	g.dst = quic_edge_burst_next(b);
	if (!g.dst)
		return;
	if (probe_begin(conn, &g, QUIC_CTL_MTU_PROBE, &w, now)) {
		quic_frame_encode_bare(&w, QUIC_FRAME_PING);
		probe_end(conn, b, &g, &w, now);
		quic_conn_on_mtu_probe_sent(conn, size, now);
	}
	quic_edge_burst_end(b, g.len);
}

void quic_packet_send_mtu_probe(struct quic_conn *conn, bool ahead, quic_us now)
{
	const struct quic_cong *c = &conn->path->cong;
	u64 window = ahead ? max_t(u64, c->cwnd / 2, 2 * c->mss) : c->cwnd;
	struct quic_burst *b;
	u16 size;

	if (!conn->confirmed)
		return;
	size = quic_pmtud_fit(&conn->path->pmtud, window, min(quic_cong_room(c), window));
	if (!size || quic_path_amplification_room(conn->path) < size)
		return;
	b = quic_edge_burst_begin(conn, conn->path, size, QUIC_ECN_NOT_ECT, now);
	if (!b)
		return;
	probe_build_mtu(conn, b, size, now);
	if (quic_edge_burst_commit(b) == -EMSGSIZE)
		quic_conn_on_too_big(conn, quic_edge_mtu(conn, conn->path), now);
}
