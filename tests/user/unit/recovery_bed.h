/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * recovery_bed.h - one endpoint's recovery, RTT and congestion control, and
 * short ways to send packets and to hand it ACKs
 */
#ifndef _QUIC_RECOVERY_BED_H
#define _QUIC_RECOVERY_BED_H

#define MSS	1200U
#define MAX_ACK_DELAY	25000ULL

/* Always in slow start, so that windows compare to the byte. */
static void plain_init(struct quic_cong *c, quic_us now)
{
}

static void plain_on_acked(struct quic_cong *c, const struct quic_cong_ack *ack)
{
	c->cwnd += ack->fresh_bytes;
}

static void plain_on_congestion(struct quic_cong *c, const struct quic_cong_ack *ack)
{
	c->ssthresh = c->cwnd / 2;
	c->cwnd = max(c->ssthresh, quic_cong_min_window(c));
}

static const struct quic_cong_ops plain_ops = {
	.name = "plain",
	.init = plain_init,
	.on_acked = plain_on_acked,
	.on_congestion = plain_on_congestion,
};

/* One endpoint's recovery, and what its last ACK or timeout said. */
struct bed {
	struct quic_recovery r;
	struct quic_rtt rtt;
	struct quic_cong cong;
	struct quic_recovery_ack a;
	quic_us now;
	unsigned int nr_lost, nr_acked, looked_at;
	quic_pn lost[64];
	u8 buf[1 << 17];
	struct quic_frame frame;
};

static inline void bed_init(struct bed *b)
{
	memset(b, 0, offsetof(struct bed, buf));
	quic_recovery_init(&b->r);
	quic_rtt_init(&b->rtt, 0);
	b->now = 1000000;
	quic_cong_init(&b->cong, &plain_ops, MSS, b->now);
	b->r.max_ack_delay = MAX_ACK_DELAY;
	b->r.handshake_confirmed = true;
}

static inline void bed_send_ctl(struct bed *b, enum quic_space space, bool eliciting,
				bool in_flight, bool ecn, u32 ctl)
{
	struct quic_sent *s = &b->r.space[space].sent;
	struct quic_sent_pkt pkt = {
		.sent_at = b->now, .bytes = MSS, .eliciting = eliciting, .in_flight = in_flight,
		.ecn = ecn, .ctl = ctl, .path = b->r.path,
	};

	assert_int_equal(quic_sent_begin(s), 0);
	quic_recovery_on_sent(&b->r, space, &b->cong, &pkt);
	quic_sent_commit(s, &pkt);
}

static inline void bed_send(struct bed *b, unsigned int n)
{
	while (n--)
		bed_send_ctl(b, QUIC_SPACE_APP, true, true, false, 0);
}

/* Makes @b->frame an ACK of @ranges. */
static inline const struct quic_frame_ack *bed_make_ack(struct bed *b,
							const struct quic_ranges *ranges,
							const u64 *ecn)
{
	struct quic_writer w;
	struct quic_reader r;

	quic_wire_write_init(&w, b->buf, sizeof(b->buf));
	quic_frame_encode_ack(&w, ranges, U16_MAX, 0, ecn);
	assert_false(w.overflow);
	quic_wire_read_init(&r, b->buf, w.len);
	assert_int_equal(quic_frame_decode(&r, QUIC_LEVEL_APP, &b->frame), 0);
	return &b->frame.ack;
}

static inline quic_pn bed_pn(const struct bed *b, const struct quic_sent_pkt *pkt)
{
	const struct quic_sent *s = &b->r.space[b->a.space].sent;
	u32 at = pkt - s->pkts;

	return s->base + ((at - (u32)s->base) & (s->pkt_cap - 1));
}

static inline void bed_walk_lost(struct bed *b)
{
	struct quic_sent_pkt *pkt;

	b->nr_lost = 0;
	while ((pkt = quic_recovery_lost_next(&b->r, &b->a, &b->rtt, &b->cong))) {
		assert_int_equal(pkt->state, QUIC_SENT_LOST);
		if (pkt->in_flight && b->nr_lost < ARRAY_SIZE(b->lost))
			b->lost[b->nr_lost] = bed_pn(b, pkt);
		b->nr_lost += pkt->in_flight;
	}
	quic_recovery_settle(&b->r, &b->a, &b->rtt, &b->cong);
}

static inline int bed_ack_frame(struct bed *b, enum quic_space space,
				const struct quic_frame_ack *ack, quic_us delay)
{
	struct quic_sent_pkt *pkt;
	int v;

	v = quic_recovery_ack_begin(&b->r, &b->a, space, ack, b->now);
	if (v)
		return v;
	b->nr_acked = 0;
	while ((pkt = quic_recovery_ack_next(&b->r, &b->a))) {
		assert_int_equal(pkt->state, QUIC_SENT_ACKED);
		b->nr_acked++;
	}
	assert_int_equal(b->nr_acked, b->a.newly_acked);
	quic_recovery_ack_end(&b->r, &b->a, ack, &b->rtt, &b->cong, delay, true);
	bed_walk_lost(b);
	return 0;
}

/* An ACK of [start, end] in the APP space. */
static inline int bed_ack(struct bed *b, quic_pn start, quic_pn end)
{
	struct quic_ranges r;
	int v;

	quic_ranges_init(&r, 16);
	quic_ranges_add(&r, start, end + 1);
	v = bed_ack_frame(b, QUIC_SPACE_APP, bed_make_ack(b, &r, NULL), 0);
	quic_ranges_exit(&r);
	return v;
}

/* An ACK of @pn alone with ECN counts. */
static inline int bed_ack_ecn(struct bed *b, quic_pn start, quic_pn end, u64 ect0, u64 ect1, u64 ce)
{
	u64 counts[3] = { ect0, ect1, ce };
	struct quic_ranges r;
	int v;

	quic_ranges_init(&r, 16);
	quic_ranges_add(&r, start, end + 1);
	v = bed_ack_frame(b, QUIC_SPACE_APP, bed_make_ack(b, &r, counts), 0);
	quic_ranges_exit(&r);
	return v;
}

static inline quic_us bed_deadline(struct bed *b)
{
	return quic_recovery_deadline(&b->r, &b->rtt, false, true, false, b->now);
}

static inline enum quic_recovery_timeout bed_timeout(struct bed *b)
{
	enum quic_space space = QUIC_NR_SPACES;
	enum quic_recovery_timeout what;

	what = quic_recovery_on_timeout(&b->r, &b->a, &b->rtt, false, true, b->now, &space);
	if (what == QUIC_RECOVERY_TIMEOUT_LOSS)
		bed_walk_lost(b);
	if (what != QUIC_RECOVERY_TIMEOUT_NONE)
		assert_int_equal(space, QUIC_SPACE_APP);
	return what;
}

static inline void bed_exit(struct bed *b)
{
	quic_recovery_exit(&b->r);
	assert_int_equal(quic_env_live, 0);
}

#endif /* _QUIC_RECOVERY_BED_H */
