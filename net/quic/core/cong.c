// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/cong.c - what all congestion control algorithms share
 *
 *	slow start --loss, CE--> recovery --ACK of a packet sent in it--> avoidance
 *	     ^                                                               |
 *	     +------------------- persistent congestion ---------------------+
 *
 * The order within one ACK is that of RFC 9002 A.7: CE marks, losses,
 * persistent congestion, then growth; a reduction found to be spurious is undone
 * before them.  Recovery is entered at most once per round trip: for packets that
 * left after it began (7.3.2).
 *
 * Keeps no packets and detects no loss: core/recovery tells the outcome.
 */
#include "cong.h"
#include "recovery.h"

/* Pacing above cwnd / RTT, so that jitter never leaves the window unused (RFC 9002 7.7). */
static const u32 QUIC_CONG_PACING_NUM = 5;
static const u32 QUIC_CONG_PACING_DEN = 4;
/* In slow start the window doubles in a round trip: pace for the one that is coming. */
static const u32 QUIC_CONG_PACING_SLOW_START = 2;

static const struct quic_cong_ops *const quic_cong_algorithms[] = {
	&quic_cong_cubic_ops,
	&quic_cong_reno_ops,
	&quic_cong_bbr_ops,
};

const struct quic_cong_ops *quic_cong_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(quic_cong_algorithms); i++)
		if (!strcmp(quic_cong_algorithms[i]->name, name))
			return quic_cong_algorithms[i];
	return NULL;
}

u64 quic_cong_initial_window(u32 mss)
{
	return min((u64)QUIC_CONG_INITIAL_WINDOW_PKTS * mss,
		   max_t(u64, QUIC_CONG_INITIAL_WINDOW_BYTES, 2ULL * mss));
}

/**
 * quic_cong_init() - before the first packet of a path
 * @c: state
 * @ops: algorithm
 * @mss: max datagram size in bytes, >= 1200
 * @now: current time
 */
void quic_cong_init(struct quic_cong *c, const struct quic_cong_ops *ops, u32 mss, quic_us now)
{
	memset(c, 0, sizeof(*c));
	c->mss = mss;
	c->cwnd = quic_cong_initial_window(mss);
	c->ssthresh = U64_MAX;
	c->recovery_start = QUIC_US_NEVER;
	c->max_rate = U64_MAX;
	quic_cong_set(c, ops, now);
}

void quic_cong_set(struct quic_cong *c, const struct quic_cong_ops *ops, quic_us now)
{
	c->ops = ops;
	c->loss_permille = QUIC_CONG_LOSS_NEVER;
	memset(c->priv, 0, sizeof(c->priv));
	ops->init(c, now);
}

/**
 * quic_cong_set_mss() - the path's max datagram size changed
 * @c: state
 * @mss: bytes, >= 1200
 *
 * An initial window not yet touched is computed anew (RFC 9002 7.2).
 */
void quic_cong_set_mss(struct quic_cong *c, u32 mss)
{
	bool untouched = c->cwnd == quic_cong_initial_window(c->mss) && !c->rate.delivered;

	c->mss = mss;
	if (untouched)
		c->cwnd = quic_cong_initial_window(mss);
	c->cwnd = max(c->cwnd, quic_cong_min_window(c));
}

/**
 * quic_cong_on_sent() - a packet that counts leaves
 * @c: state
 * @pkt: its record, not committed yet: core/rate's snapshot is written into it
 */
void quic_cong_on_sent(struct quic_cong *c, struct quic_sent_pkt *pkt)
{
	if (!c->in_flight && c->ops->on_start)
		c->ops->on_start(c, pkt->sent_at);
	quic_rate_on_sent(&c->rate, pkt, c->in_flight);
	c->in_flight += pkt->bytes;			/* [9002-7.5#2] */
	c->rexmit_credit = false;
	c->window_full |= c->in_flight + c->mss > c->cwnd;
}

void quic_cong_count_lost(struct quic_cong *c, const struct quic_sent_pkt *pkt,
			  struct quic_cong_loss *l)
{
	u32 lost;

	c->rate.lost += pkt->bytes;
	if (l->found || c->loss_permille == QUIC_CONG_LOSS_NEVER)
		return;
	lost = (u32)c->rate.lost - pkt->lost;
	if ((u64)lost * 1000 <= (u64)pkt->tx_in_flight * c->loss_permille)
		return;
	*l = (struct quic_cong_loss){
		.found = true, .app_limited = pkt->app_limited, .bytes = pkt->bytes,
		.tx_in_flight = pkt->tx_in_flight, .lost = lost,
	};
}

void quic_cong_set_app_limited(struct quic_cong *c, bool idle)
{
	c->app_limited = idle;
	if (idle)
		quic_rate_mark_app_limited(&c->rate, c->in_flight);
}

u64 quic_cong_slow_start(struct quic_cong *c, u64 bytes)
{
	u64 room = c->ssthresh > c->cwnd ? c->ssthresh - c->cwnd : 0;
	u64 used = min(bytes, room);

	c->cwnd = min_t(u64, c->cwnd + used, QUIC_CONG_MAX_WINDOW_BYTES);
	return bytes - used;
}

/* OnCongestionEvent, RFC 9002 B.6, 7.3.1, 7.3.2. */
static void quic_cong_event(struct quic_cong *c, const struct quic_cong_ack *ack, quic_us sent_at)
{
	if (quic_cong_in_recovery(c, sent_at))
		return;
	c->recovery_start = ack->now;
	c->undo_cwnd = c->cwnd;
	c->undo_ssthresh = c->ssthresh;
	c->nr_events++;
	c->rexmit_credit = true;
	c->ops->on_congestion(c, ack);
	c->cwnd = max(c->cwnd, quic_cong_min_window(c));
}

static void quic_cong_persistent(struct quic_cong *c)
{
	c->cwnd = quic_cong_min_window(c);		/* [9002-7.6.2#2] */
	c->recovery_start = QUIC_US_NEVER;
	c->nr_persistent++;
	if (c->ops->on_persistent)
		c->ops->on_persistent(c);
}

/* What was taken for congestion was reordering (RFC 9438 4.9.2). */
static void quic_cong_undo(struct quic_cong *c)
{
	bool restore = c->cwnd < c->undo_cwnd;

	if (restore) {
		c->cwnd = c->undo_cwnd;
		c->ssthresh = c->undo_ssthresh;
	}
	c->recovery_start = QUIC_US_NEVER;
	c->nr_undone++;
	if (c->ops->on_undo)
		c->ops->on_undo(c, restore);
}

/* Growth, when the window was used. */
static void quic_cong_grow(struct quic_cong *c, const struct quic_cong_ack *ack)
{
	/* An event just now was after all of them left. */
	if (!ack->fresh_bytes || quic_cong_in_recovery(c, ack->newest_sent_at))
		return;
	if (!c->app_limited)				/* [9002-7.8] */
		c->ops->on_acked(c, ack);
	else if (c->ops->on_limited)
		c->ops->on_limited(c, ack);
}

void quic_cong_on_ack(struct quic_cong *c, struct quic_cong_ack *ack)
{
	quic_rate_on_acked(&c->rate, ack->newest, ack->bytes, ack->now, ack->rtt->min, &ack->rs);
	if (ack->spurious)
		quic_cong_undo(c);
	if (ack->ce_sent_at != QUIC_US_NEVER)
		quic_cong_event(c, ack, ack->ce_sent_at);
	if (ack->lost_bytes)					/* [9000-13.3#4] [9002-7.3.1] */
		quic_cong_event(c, ack, ack->newest_lost_sent_at);
	if (ack->persistent)
		quic_cong_persistent(c);
	if (c->ops->on_outcome)
		c->ops->on_outcome(c, ack);
	else if (ack->bytes)
		quic_cong_grow(c, ack);
	c->cwnd = min_t(u64, c->cwnd, QUIC_CONG_MAX_WINDOW_BYTES);
}

u64 quic_cong_room(const struct quic_cong *c)
{
	/* [9002-7#2] */
	u64 room = c->cwnd > c->in_flight ? c->cwnd - c->in_flight : 0;

	return c->rexmit_credit ? max_t(u64, room, c->mss) : room;
}

/**
 * quic_cong_pacing_rate() - how fast to send (RFC 9002 7.7)
 * @c: state
 * @rtt: of the path
 *
 * Return: bytes per second, 1 to the rate the application allows.
 */
u64 quic_cong_pacing_rate(const struct quic_cong *c, const struct quic_rtt *rtt)
{
	u64 srtt = max(rtt->smoothed, 1ULL);
	u64 rate;

	if (c->ops->pacing_rate)
		rate = c->ops->pacing_rate(c, rtt);
	else if (quic_cong_in_slow_start(c))
		rate = div64_u64(c->cwnd * QUIC_CONG_PACING_SLOW_START * QUIC_US_PER_SEC, srtt);
	else
		rate = div64_u64(c->cwnd * QUIC_CONG_PACING_NUM * QUIC_US_PER_SEC,
				 srtt * QUIC_CONG_PACING_DEN);
	return clamp_t(u64, rate, 1, max(c->max_rate, 1ULL));
}
