// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * packet_rx.c - received datagrams to packets to frames
 *
 * An aggregate is handled in batches of descriptors:
 *
 *   describe	find the packets of each datagram, choose header keys
 *   unmask	edge: all of them at once
 *   number	packet numbers, duplicates, key phases
 *   open	edge: all of them at once
 *   handle	frames, acknowledgment state, key and address consequences
 *
 * Only the last step changes the connection, and only for packets that opened.
 */
#include "frame_rx.h"
#include "packet.h"

/**
 * struct rx_cursor - where in an aggregate the next packet is looked for
 * @dgram: start of the datagram
 * @in: bytes of the datagram already described
 * @linear: linear copy of the datagram, made when it begins with a long header
 * @dcid: of its first packet: the others must have the same (RFC 9000 12.2)
 * @nr: packets described for the batch
 * @stop: the batch ends here
 * @now: time
 */
struct rx_cursor {
	u32 dgram;
	u32 in;
	u8 *linear;
	struct quic_cid dcid;
	unsigned int nr;
	bool stop;
	quic_us now;
};

/* The least a stateless reset has: 5 bytes of anything and the token, RFC 9000 10.3. */
static const u32 rx_reset_min_bytes = 5 + QUIC_RESET_TOKEN_BYTES;

static void rx_drop(struct quic_conn *conn, enum quic_drop why)
{
	conn->stats.pkts_dropped[why]++;
	quic_edge_trace(conn, QUIC_TRACE_PKT_DROPPED, 0, 0, why);
}

/* Keeps the rest of a datagram until its keys come. */
static void rx_hold(struct quic_conn *conn, const struct quic_agg *agg, u32 off, u32 len,
		    enum quic_level level)
{
	struct quic_agg *held;

	if (quic_keys_is_discarded(&conn->keys, level) || conn->nr_held >= QUIC_CONN_MAX_HELD ||
	    !quic_conn_is_open(conn)) {
		rx_drop(conn, QUIC_DROP_NO_KEY);
		return;
	}
	held = quic_edge_agg_hold(conn, agg, off, len);
	if (!held) {
		rx_drop(conn, QUIC_DROP_MEMORY);
		return;
	}
	list_add_tail(&held->node, &conn->held);
	conn->nr_held++;
}

/* A clear fixed bit is for those who asked for it. */
static bool rx_bits_fit(const struct quic_conn *conn, u8 first)
{
	if (likely(first & QUIC_HEADER_FIXED))
		return true;
	return conn->local.grease_quic_bit;			/* [9287-3#2] */
}

/*
 * A short header packet, the usual case: nothing of it is copied but its header, which
 * is in p->hdr_inl already as far as it goes.
 * False: it is dropped; what can not be opened is described without a key.
 */
static bool rx_describe_short(struct quic_conn *conn, struct quic_agg *agg, u32 off, u32 len,
			      struct quic_rx_pkt *p)
{
	p->off = off;
	p->len = len;
	p->level = QUIC_LEVEL_APP;
	p->dgram_last = true;
	p->key = NULL;
	if (len < QUIC_RX_HDR_BYTES) {	/* no other least size [9000-8.2.1#4] [9000-10.3#3] */
		rx_drop(conn, QUIC_DROP_HEADER);
		return true;
	}
	if (!quic_keys_can_recv(&conn->keys, QUIC_LEVEL_APP)) {	/* [9001-5.7#1,2,3] */
		rx_hold(conn, agg, off, len, QUIC_LEVEL_APP);
		return true;
	}
	p->pn_off = 1 + QUIC_CID_OURS_BYTES;
	p->ecn = agg->ecn;
	p->hdr = p->hdr_inl;
	if (unlikely(!rx_bits_fit(conn, p->hdr[0]))) {		/* [9000-17.3.1#1] */
		rx_drop(conn, QUIC_DROP_HEADER);
		return true;
	}
	p->key = &conn->keys.rx[QUIC_LEVEL_APP];
	return true;
}

static bool rx_long_level(const struct quic_conn *conn, const struct quic_header *h,
			  enum quic_level *level)
{
	switch (h->kind) {
	case QUIC_PACKET_INITIAL:
		*level = QUIC_LEVEL_INITIAL;
		return true;
	case QUIC_PACKET_0RTT:
		*level = QUIC_LEVEL_EARLY;
		return conn->is_server;		/* [9001-5.6#4] */
	case QUIC_PACKET_HANDSHAKE:
		*level = QUIC_LEVEL_HANDSHAKE;
		return true;
	case QUIC_PACKET_SHORT:
		*level = QUIC_LEVEL_APP;
		return true;
	default:
		return false;
	}
}

/* The version of a connection may change once, while only Initials have keys [9369-4.1]. */
static bool rx_version_fits(const struct quic_conn *conn, const struct quic_header *h)
{
	if (h->kind == QUIC_PACKET_0RTT)
		return h->version == conn->first_version;
	if (h->version == conn->version)
		return true;
	/* [9369-4.1#7] */
	return conn->alt_version && h->version == conn->alt_version &&
	       (h->kind == QUIC_PACKET_INITIAL || !conn->is_server);
}

/* Whether the ids and version of a decoded header belong to this connection. */
static bool rx_header_fits(const struct quic_conn *conn, const struct quic_header *h,
			   u32 dgram_len)
{
	if (!rx_bits_fit(conn, h->first))			/* [9000-17.2#1] */
		return false;
	if (h->kind == QUIC_PACKET_SHORT)
		return true;
	if (!rx_version_fits(conn, h))				/* [9000-5.2.1] */
		return false;
	/* A server drops Initials in datagrams that are too small [9000-14.1#3] [9000-14#4]. */
	if (h->kind == QUIC_PACKET_INITIAL && conn->is_server &&
	    dgram_len < QUIC_MIN_DATAGRAM_BYTES)
		return false;
	/* The peer's id does not change after its first packet [9000-7.2#3,6]. */
	return (!conn->is_server && !conn->peer_id_known) ||
	       quic_cid_equal(&h->scid, &conn->path->dcid);
}

/*
 * Retry and Version Negotiation are datagrams of their own and renew keys, so that
 * nothing described before may wait to be opened with those.  False: taken, or to
 * come again.
 */
static bool rx_lone(struct quic_conn *conn, const struct quic_header *h, u32 dgram_len,
		    struct rx_cursor *c)
{
	bool taken;

	c->stop = true;
	if (c->nr) {
		c->linear = NULL;	/* comes again as the first of a batch */
		return false;
	}
	if (h->kind == QUIC_PACKET_RETRY)
		taken = rx_bits_fit(conn, h->first) &&
			quic_conn_on_retry(conn, h, c->linear, c->now);
	else
		taken = quic_conn_on_version_negotiation(conn, h, c->now);
	if (!taken)
		rx_drop(conn, QUIC_DROP_HEADER);
	c->in = dgram_len;
	return !taken;
}

/*
 * The packet at @c of a datagram that begins with a long header; @c moves on, whatever
 * becomes of the packet [9000-12.2#1,3,4].
 * False: it is dropped; what can not be opened is described without a key where it
 * begins the datagram.
 */
static bool rx_describe_linear(struct quic_conn *conn, struct quic_agg *agg, u32 dgram_len,
			       struct rx_cursor *c, struct quic_rx_pkt *p)
{
	u32 start = c->in, len = dgram_len - start;
	enum quic_level level;
	struct quic_header h;

	p->off = c->dgram + start;
	p->len = len;
	p->level = QUIC_LEVEL_INITIAL;
	p->key = NULL;
	if (!quic_header_decode(c->linear + start, len, QUIC_CID_OURS_BYTES, &h)) {
		c->in = dgram_len;
		rx_drop(conn, QUIC_DROP_HEADER);
		return !start;
	}
	if (!start && (h.kind == QUIC_PACKET_RETRY || h.kind == QUIC_PACKET_VERSION_NEGOTIATION))
		return rx_lone(conn, &h, dgram_len, c);
	c->in += h.packet_len;
	if (!start)
		c->dcid = h.dcid;
	if (!rx_long_level(conn, &h, &level) || !quic_cid_equal(&h.dcid, &c->dcid) ||
	    !rx_header_fits(conn, &h, dgram_len)) {
		rx_drop(conn, QUIC_DROP_CID);
		return !start;
	}
	if (!quic_keys_can_recv(&conn->keys, level)) {
		rx_hold(conn, agg, c->dgram + start, h.packet_len, level);
		return !start;
	}
	p->len = h.packet_len;
	p->pn_off = h.pn_offset;
	p->level = level;
	p->ecn = agg->ecn;
	p->dgram_last = c->in >= dgram_len;
	p->hdr = c->linear + start;
	p->key = level == QUIC_LEVEL_INITIAL && h.version != conn->version ? &conn->keys.rx_alt :
									      &conn->keys.rx[level];
	return true;
}

/* Fills descriptors from @c on: their number. */
static unsigned int rx_describe(struct quic_conn *conn, struct quic_agg *agg,
				struct rx_cursor *c)
{
	c->nr = 0;
	c->stop = false;
	while (c->dgram < agg->len && c->nr < QUIC_RX_BATCH && !c->stop) {
		u32 len = min(agg->seg_bytes, agg->len - c->dgram);
		struct quic_rx_pkt *p = &agg->pkts[c->nr];

		if (!c->linear && !c->in) {
			quic_edge_agg_copy(agg, c->dgram, min_t(u32, len, QUIC_RX_HDR_BYTES),
					   p->hdr_inl);
			if (!(p->hdr_inl[0] & QUIC_HEADER_LONG)) {
				c->nr += rx_describe_short(conn, agg, c->dgram, len, p);
				c->dgram += len;
				continue;
			}
			c->linear = quic_edge_agg_linear(agg, c->dgram, len);
			if (!c->linear) {
				rx_drop(conn, QUIC_DROP_MEMORY);
				c->in = len;
			}
		}
		if (c->in < len)
			c->nr += rx_describe_linear(conn, agg, len, c, p);
		if (c->in >= len) {
			c->dgram += len;
			c->in = 0;
			c->linear = NULL;
		}
	}
	return c->nr;
}

/* The key for a 1-RTT packet by its key phase bit; there is one in any case [9001-6.3#1,2]. */
static const struct quic_key *rx_pick_key(const struct quic_keys *k, const struct quic_rx_pkt *p)
{
	bool phase = p->hdr[0] & QUIC_HEADER_KEY_PHASE;

	return quic_keys_pick(k, phase) == QUIC_KEYS_CURRENT ? &k->rx[QUIC_LEVEL_APP] :
							       &k->rx_other;
}

/*
 * Reads packet numbers.  All packets are then opened, those too that are known to
 * be duplicates: the time taken must not tell which numbers arrived [9001-9.5#1].
 */
static void rx_number(struct quic_conn *conn, struct quic_rx_pkt *pkts, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		struct quic_rx_pkt *p = &pkts[i];
		struct quic_pnspace *s = &conn->space[quic_level_space(p->level)];
		struct quic_reader r;
		u64 truncated;

		p->err = -EINVAL;
		if (!p->key)
			continue;
		p->pn_len = (p->hdr[0] & QUIC_HEADER_PN_MASK) + 1;
		quic_wire_read_init(&r, p->hdr + p->pn_off, p->pn_len);
		if (!quic_wire_get_uint(&r, p->pn_len, &truncated))
			continue;
		p->pn = quic_header_pn_decode(s->largest == QUIC_PN_NONE ? 0 : s->largest + 1,
					      truncated, p->pn_len);
		if (p->level == QUIC_LEVEL_APP)
			p->key = rx_pick_key(&conn->keys, p);	/* [9001-6.3#1] */
	}
}

/*
 * A datagram whose first packet can not be processed, for whatever reason, may be a
 * stateless reset [9000-10.3#5] [9000-10.3.1#1]: its bytes look like a duplicate or a
 * long header as easily as like anything.
 */
static bool rx_is_reset(struct quic_conn *conn, const struct quic_agg *agg,
			const struct quic_rx_pkt *p)
{
	u8 token[QUIC_RESET_TOKEN_BYTES];
	u32 len = min(agg->seg_bytes, agg->len - p->off);

	if (p->off % agg->seg_bytes || len < rx_reset_min_bytes)
		return false;
	quic_edge_agg_copy(agg, p->off + len - sizeof(token), sizeof(token), token);
	return quic_connid_remote_is_reset(&conn->remote_ids, token);	/* [9000-10.3#5] */
}

/* It did not open, under whatever key it should have: it is dropped [9001-5.5#1,2]. */
static void rx_failed(struct quic_conn *conn, const struct quic_agg *agg,
		      const struct quic_rx_pkt *p, quic_us now)
{
	int v;

	if (p->err != -EBADMSG) {
		rx_drop(conn, QUIC_DROP_MEMORY);
		return;
	}
	rx_drop(conn, QUIC_DROP_AUTH);
	if (rx_is_reset(conn, agg, p)) {			/* [9000-10.3.1#1] */
		quic_conn_on_stateless_reset(conn, now);
		return;
	}
	v = quic_keys_on_open_failed(&conn->keys, p->level);
	if (v)
		quic_conn_violate(conn, v, 0, now);
}

/* What an Initial of the server says outside its frames; > 0: a violation, -ESTALE: drop it. */
static int rx_consequences_initial(struct quic_conn *conn, const struct quic_rx_pkt *p)
{
	struct quic_header h;

	if (!quic_header_decode(p->hdr, p->len, QUIC_CID_OURS_BYTES, &h))
		return -ESTALE;
	if (h.token.len)					/* [9000-17.2.2#1] */
		return QUIC_VIOLATION_INITIAL_TOKEN_FROM_SERVER;
	/* Another one may have been in the same batch. */
	if (conn->peer_id_known && !quic_cid_equal(&h.scid, &conn->path->dcid))
		return -ESTALE;
	if (h.version != conn->version &&
	    (!conn->alt_version || quic_conn_follow_version(conn)))
		return -ESTALE;
	/* [9000-7.2#2,4] */
	if (!conn->peer_id_known) {
		quic_conn_set_peer_cid(conn, &h.scid);
		conn->peer_id_known = true;
	}
	return 0;
}

/* What an authentic packet proves, beyond its frames. */
static int rx_consequences(struct quic_conn *conn, const struct quic_rx_pkt *p,
			   enum quic_keys_pick pick, quic_us now)
{
	u8 reserved = p->level == QUIC_LEVEL_APP ? QUIC_HEADER_SHORT_RESERVED :
						   QUIC_HEADER_LONG_RESERVED;
	int v;

	if (p->hdr[0] & reserved)				/* [9000-17.2#7] [9000-17.3.1#3] */
		return QUIC_VIOLATION_PACKET_RESERVED_BITS;
	if (p->level == QUIC_LEVEL_APP) {
		bool first = conn->keys.phase_first_rx == QUIC_PN_NONE;

		v = quic_keys_on_opened(&conn->keys, pick, p->pn);
		if (v)
			return v;
		if (unlikely((first && pick == QUIC_KEYS_CURRENT) || pick == QUIC_KEYS_NEXT))
			v = quic_conn_on_key_phase(conn, pick, now);
		if (v)
			return v;
	}
	if (p->level == QUIC_LEVEL_INITIAL && !conn->is_server) {
		v = rx_consequences_initial(conn, p);
		if (v)
			return v;
	}
	if (p->level == QUIC_LEVEL_HANDSHAKE && conn->is_server) {
		quic_path_validate(conn->path);		/* [9000-8.1] */
		quic_conn_discard_keys(conn, QUIC_LEVEL_INITIAL);	/* [9001-4.9.1#1] */
	}
	return 0;
}

/* The newest packet that is more than a probe tells where the peer is [9000-9.3]. */
static void rx_note_path(struct quic_conn *conn, const struct quic_rx_pkt *p, quic_us now)
{
	if (p->pn < conn->nonprobing_next)
		return;
	conn->nonprobing_next = p->pn + 1;
	if (!conn->rx_path)
		return;
	conn->rx_path->heard.len = QUIC_CID_OURS_BYTES;
	memcpy(conn->rx_path->heard.data, p->hdr + 1, QUIC_CID_OURS_BYTES);
	if (unlikely(conn->rx_path != conn->path))
		quic_conn_path_on_moved(conn, now);
	else if (unlikely(conn->path->awaited))
		quic_conn_path_on_joined(conn, now);
}

static void rx_meet_path(struct quic_conn *conn, const struct quic_agg *agg,
			 const struct quic_rx_pkt *p, quic_us now)
{
	struct quic_cid heard = { .len = QUIC_CID_OURS_BYTES };

	memcpy(heard.data, p->hdr + 1, QUIC_CID_OURS_BYTES);
	quic_conn_path_meet(conn, agg, &heard, now);
}

/* Initial and Handshake packets are acknowledged at once [9000-13.2.1#2]. */
static void rx_handle(struct quic_conn *conn, const struct quic_rx_pkt *p,
		      enum quic_keys_pick pick, quic_us now)
{
	struct quic_pnspace *s = &conn->space[quic_level_space(p->level)];
	bool old_key = pick == QUIC_KEYS_PREVIOUS && !conn->keys.phase_acked;
	struct quic_frame_rx res = {};
	bool immediate;
	int err;

	if (!quic_pnspace_is_new(s, p->pn)) {				/* [9000-12.3#4,5] */
		rx_drop(conn, QUIC_DROP_DUPLICATE);
		return;
	}
	err = rx_consequences(conn, p, pick, now);
	if (!err) {
		quic_conn_on_authentic(conn, now);
		err = quic_frame_rx_apply(conn, p, &res, now);
	}
	/* What acknowledges the new key has to be sealed with it (RFC 9001 6.2). */
	if (unlikely(old_key && conn->keys.phase_acked) && !err)
		err = QUIC_VIOLATION_KEY_UPDATE_NOT_FOLLOWED;
	if (err > 0) {						/* [9000-5.2] [9000-11.1] */
		quic_conn_violate(conn, err, res.frame_type, now);
		return;
	}
	if (res.nonprobing && p->level == QUIC_LEVEL_APP)
		rx_note_path(conn, p, now);
	immediate = res.fin || res.ack_now || p->level != QUIC_LEVEL_APP || !conn->confirmed;
	/* [9000-13.1]: only now, when all frames are processed. */
	if (!err && !conn->recovery.space[quic_level_space(p->level)].discarded)
		err = quic_pnspace_on_packet(s, p->pn, now, res.eliciting, immediate, p->ecn,
					     conn->ack_delay);
	if (err) {
		rx_drop(conn, err == -ESTALE ? QUIC_DROP_CID : QUIC_DROP_MEMORY);
		return;
	}
	if (p->level == QUIC_LEVEL_APP)
		quic_spin_on_rx(&(conn->rx_path ?: conn->path)->spin, conn->is_server, p->pn,
				p->hdr[0] & QUIC_HEADER_SPIN);
	conn->stats.pkts_rcvd++;
	conn->stats.bytes_rcvd += p->len;
	quic_edge_trace(conn, QUIC_TRACE_PKT_RCVD, p->pn, p->len, p->level);
}

/* Which receive key @p was opened with, as seen after updates in this batch. */
static enum quic_keys_pick rx_picked(const struct quic_conn *conn, const struct quic_rx_pkt *p,
				     bool phase_at_open)
{
	bool updated = conn->keys.phase != phase_at_open;

	if (p->key != &conn->keys.rx_other)
		return updated ? QUIC_KEYS_PREVIOUS : QUIC_KEYS_CURRENT;
	if (updated)
		return QUIC_KEYS_CURRENT;
	return conn->keys.other_is_next ? QUIC_KEYS_NEXT : QUIC_KEYS_PREVIOUS;
}

static void rx_batch(struct quic_conn *conn, struct quic_agg *agg, unsigned int nr, quic_us now)
{
	bool phase = conn->keys.phase;
	unsigned int i;

	quic_edge_unmask(agg, agg->pkts, nr);
	rx_number(conn, agg->pkts, nr);
	quic_edge_open(conn, agg, agg->pkts, nr);
	for (i = 0; i < nr; i++) {
		struct quic_rx_pkt *p = &agg->pkts[i];

		if (!p->key) {
			if (quic_conn_is_open(conn) && rx_is_reset(conn, agg, p))
				quic_conn_on_stateless_reset(conn, now);
			continue;
		}
		if (unlikely(!conn->rx_path) && !p->err && p->level == QUIC_LEVEL_APP)
			rx_meet_path(conn, agg, p, now);
		if (!quic_conn_is_open(conn))
			rx_drop(conn, QUIC_DROP_STATE);
		else if (p->err)				/* [9001-5.5#1,2] */
			rx_failed(conn, agg, p, now);
		else
			rx_handle(conn, p, rx_picked(conn, p, phase), now);
		if (!p->err && p->plain.chunk)
			quic_edge_chunk_put(p->plain.chunk);
	}
}

void quic_packet_receive(struct quic_conn *conn, struct quic_agg *agg, quic_us now)
{
	struct rx_cursor c = { .now = now };
	unsigned int nr, i;

	while (c.dgram < agg->len && quic_conn_is_open(conn)) {
		nr = rx_describe(conn, agg, &c);
		if (nr)
			rx_batch(conn, agg, nr, now);
	}
	for (i = 0; i < QUIC_NR_SPACES; i++)
		quic_pnspace_on_aggregate_end(&conn->space[i]);
	if (quic_keys_can_recv(&conn->keys, QUIC_LEVEL_EARLY))
		quic_early_on_received(conn, now);
}
