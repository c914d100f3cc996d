// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/bbr_model.c - what BBR believes about the path, draft-ietf-ccwg-bbr
 *
 *	max_bw		best delivery rate of this cycle and the last
 *	min_rtt		least RTT of ten seconds
 *	inflight_long	what the path takes without losing more than 2 %
 *	bw_short, inflight_short	the same for this cycle, after a loss
 *	extra_acked	what ACKs bring at once, more than the rate explains
 *
 * Where a filter of the draft takes the maximum of a window of time, the maxima of
 * the present and of the previous half of it are kept here.
 */
#include "bbr.h"

static const u32 QUIC_BBR_BETA_PERCENT = 70;
static const u32 QUIC_BBR_HEADROOM_PERCENT = 15;
static const u32 QUIC_BBR_MIN_PIPE_PKTS = 4;		/* MinPipeCwnd */
static const u32 QUIC_BBR_FULL_BW_GROWTH_PERCENT = 125;
static const u32 QUIC_BBR_FULL_BW_ROUNDS = 3;
static const u32 QUIC_BBR_EXTRA_ACKED_ROUNDS = 5;	/* half of ExtraAckedFilterLen */
static const u32 QUIC_BBR_QUANTUM_BYTES = 64 << 10;
static const quic_us QUIC_BBR_QUANTUM_US = 1000;
static const quic_us QUIC_BBR_MIN_RTT_WINDOW_US = 10000000;	/* MinRTTFilterLen */
static const quic_us QUIC_BBR_PROBE_RTT_INTERVAL_US = 5000000;

/* ---- volumes ---- */

u64 quic_bbr_min_pipe(const struct quic_cong *c)
{
	return (u64)QUIC_BBR_MIN_PIPE_PKTS * c->mss;
}

u64 quic_bbr_bdp(const struct quic_cong *c, const struct quic_bbr *b, u64 bw, u32 percent)
{
	if (b->min_rtt == QUIC_US_NEVER)
		return quic_cong_initial_window(c->mss);
	return quic_bbr_percent(mul_u64_u64_div_u64(bw, b->min_rtt, QUIC_US_PER_SEC), percent);
}

/* SetSendQuantum(); core/pacer sends in such bursts. */
static u64 quic_bbr_quantum(const struct quic_cong *c, const struct quic_bbr *b)
{
	u64 quantum = mul_u64_u64_div_u64(b->pacing_rate, QUIC_BBR_QUANTUM_US, QUIC_US_PER_SEC);

	return max_t(u64, min_t(u64, quantum, QUIC_BBR_QUANTUM_BYTES), 2ULL * c->mss);
}

u64 quic_bbr_budget(const struct quic_cong *c, const struct quic_bbr *b, u64 bytes)
{
	bytes = max3(bytes, quic_bbr_quantum(c, b), quic_bbr_min_pipe(c));
	return b->state == QUIC_BBR_UP ? bytes + 2ULL * c->mss : bytes;
}

u64 quic_bbr_inflight(const struct quic_cong *c, const struct quic_bbr *b, u64 bw)
{
	return quic_bbr_budget(c, b, quic_bbr_bdp(c, b, bw, 100));
}

u64 quic_bbr_target(const struct quic_cong *c, const struct quic_bbr *b)
{
	return min(quic_bbr_bdp(c, b, b->bw, 100), c->cwnd);
}

u64 quic_bbr_with_headroom(const struct quic_cong *c, const struct quic_bbr *b)
{
	u64 headroom;

	if (b->inflight_long == U64_MAX)
		return U64_MAX;
	headroom = max_t(u64, c->mss,
			 quic_bbr_percent(b->inflight_long, QUIC_BBR_HEADROOM_PERCENT));
	return max(b->inflight_long - min(headroom, b->inflight_long), quic_bbr_min_pipe(c));
}

/* ---- losses ---- */

void quic_bbr_save_cwnd(const struct quic_cong *c, struct quic_bbr *b)
{
	if (!b->in_recovery && b->state != QUIC_BBR_PROBE_RTT)
		b->prior_cwnd = c->cwnd;
	else
		b->prior_cwnd = max(b->prior_cwnd, c->cwnd);
}

/* NoteLoss() with SaveStateUponLoss(). */
static void quic_bbr_note_loss(const struct quic_cong *c, struct quic_bbr *b)
{
	if (!b->loss_in_round) {
		b->loss_round_end = c->rate.delivered;
		quic_bbr_save_cwnd(c, b);
		b->undo_state = QUIC_NR_BBR_STATES;
		b->undo_bw_short = b->bw_short;
		b->undo_inflight_short = b->inflight_short;
		b->undo_inflight_long = b->inflight_long;
	}
	b->loss_in_round = true;
}

/* HandleInflightTooHigh(), but for the change of state. */
static void quic_bbr_too_high(const struct quic_cong *c, struct quic_bbr *b, u64 tx_in_flight,
			      bool app_limited)
{
	b->probe_too_high = true;
	b->is_probe_sample = false;
	if (!app_limited)
		b->inflight_long = max(tx_in_flight, quic_bbr_percent(quic_bbr_target(c, b),
								      QUIC_BBR_BETA_PERCENT));
}

/* InflightAtLoss(): how much could be in flight before losses were too many. */
static u64 quic_bbr_inflight_at_loss(const struct quic_cong_loss *l)
{
	u64 in_flight = l->tx_in_flight - min_t(u64, l->bytes, l->tx_in_flight);
	u64 lost = l->lost - min_t(u64, l->bytes, l->lost);
	u64 allowed = div_u64(in_flight * QUIC_BBR_LOSS_PERMILLE, 1000);

	if (allowed <= lost)
		return in_flight;
	return in_flight + div_u64((allowed - lost) * 1000, 1000 - QUIC_BBR_LOSS_PERMILLE);
}

bool quic_bbr_handle_losses(struct quic_cong *c, struct quic_bbr *b,
			    const struct quic_cong_ack *ack)
{
	bool ce = ack->ce_sent_at != QUIC_US_NEVER;

	if (!ack->lost_bytes && !ce)
		return false;
	quic_bbr_note_loss(c, b);
	b->loss_runs += ack->lost_runs;
	if (!b->is_probe_sample)
		return false;
	if (ack->excess.found)
		quic_bbr_too_high(c, b, quic_bbr_inflight_at_loss(&ack->excess),
				  ack->excess.app_limited);
	else if (ce && ack->rs.valid)
		quic_bbr_too_high(c, b, ack->rs.tx_in_flight, ack->rs.app_limited);
	return !b->is_probe_sample;
}

bool quic_bbr_loses_too_much(const struct quic_rate_sample *rs)
{
	return rs->lost * 1000 > rs->tx_in_flight * QUIC_BBR_LOSS_PERMILLE;
}

/* ---- the model ---- */

/* UpdateLatestDeliverySignals() */
static void quic_bbr_update_latest(const struct quic_cong *c, struct quic_bbr *b,
				   const struct quic_rate_sample *rs)
{
	b->loss_round_start = false;
	b->bw_latest = max(b->bw_latest, rs->rate);
	b->inflight_latest = max(b->inflight_latest, rs->delivered);
	if (rs->prior_delivered >= b->loss_round_end) {
		b->loss_round_end = c->rate.delivered;
		b->loss_round_start = true;
	}
}

/* UpdateMaxBw() with UpdateRound(). */
static void quic_bbr_update_max_bw(struct quic_cong *c, struct quic_bbr *b,
				   const struct quic_rate_sample *rs)
{
	b->round_start = rs->prior_delivered >= b->round_end;
	if (b->round_start) {
		quic_bbr_start_round(c, b);
		b->rounds++;
		b->rounds_since_up++;
		b->was_full = c->window_full;
		c->window_full = false;
	}
	if (rs->rate && (rs->rate >= quic_bbr_max_bw(b) || !rs->app_limited))
		b->max_bw[0] = max(b->max_bw[0], rs->rate);
}

/* UpdateCongestionSignals() with AdaptLowerBoundsFromCongestion(). */
static void quic_bbr_update_congestion(struct quic_cong *c, struct quic_bbr *b,
				       const struct quic_rate_sample *rs)
{
	bool probes = b->state == QUIC_BBR_STARTUP || b->state == QUIC_BBR_REFILL ||
		      b->state == QUIC_BBR_UP;

	quic_bbr_update_max_bw(c, b, rs);
	if (!b->loss_round_start)
		return;
	if (b->loss_in_round && !probes) {
		if (b->bw_short == U64_MAX)
			b->bw_short = quic_bbr_max_bw(b);
		if (b->inflight_short == U64_MAX)
			b->inflight_short = c->cwnd;
		b->bw_short = max(b->bw_latest,
				  quic_bbr_percent(b->bw_short, QUIC_BBR_BETA_PERCENT));
		b->inflight_short = max(b->inflight_latest,
					quic_bbr_percent(b->inflight_short,
							 QUIC_BBR_BETA_PERCENT));
	}
	b->loss_in_round = false;
}

/* UpdateACKAggregation() */
static void quic_bbr_update_aggregation(struct quic_cong *c, struct quic_bbr *b,
					const struct quic_cong_ack *ack)
{
	u64 expected = mul_u64_u64_div_u64(b->bw, ack->now - b->extra_from, QUIC_US_PER_SEC);
	u32 window = b->full_bw_reached ? QUIC_BBR_EXTRA_ACKED_ROUNDS : 1;

	if (b->rounds - b->extra_round >= window) {
		b->extra_round = b->rounds;
		b->extra_acked[1] = b->full_bw_reached ? b->extra_acked[0] : 0;
		b->extra_acked[0] = 0;
	}
	if (b->extra_delivered <= expected) {
		b->extra_delivered = 0;
		b->extra_from = ack->now;
		expected = 0;
	}
	b->extra_delivered += ack->bytes;
	b->extra_acked[0] = max(b->extra_acked[0],
				min(b->extra_delivered - min(expected, b->extra_delivered),
				    c->cwnd));
}

/* CheckFullBWReached() */
static void quic_bbr_check_full_bw(struct quic_bbr *b, const struct quic_rate_sample *rs)
{
	if (b->full_bw_now || !b->round_start || rs->app_limited)
		return;
	if (rs->rate >= quic_bbr_percent(b->full_bw, QUIC_BBR_FULL_BW_GROWTH_PERCENT)) {
		quic_bbr_reset_full_bw(b);
		b->full_bw = rs->rate;
		return;
	}
	if (++b->full_bw_count < QUIC_BBR_FULL_BW_ROUNDS)
		return;
	b->full_bw_now = true;
	b->full_bw_reached = true;
}

void quic_bbr_update_min_rtt(struct quic_bbr *b, const struct quic_cong_ack *ack)
{
	quic_us now = ack->now;

	b->probe_rtt_expired = now > b->probe_rtt_min_at + QUIC_BBR_PROBE_RTT_INTERVAL_US;
	if (ack->rtt_sample && (ack->rtt_sample < b->probe_rtt_min || b->probe_rtt_expired)) {
		b->probe_rtt_min = ack->rtt_sample;
		b->probe_rtt_min_at = now;
	}
	if (b->probe_rtt_min < b->min_rtt || now > b->min_rtt_at + QUIC_BBR_MIN_RTT_WINDOW_US) {
		b->min_rtt = b->probe_rtt_min;
		b->min_rtt_at = b->probe_rtt_min_at;
	}
}

void quic_bbr_update_model(struct quic_cong *c, struct quic_bbr *b, const struct quic_cong_ack *ack)
{
	quic_bbr_update_latest(c, b, &ack->rs);
	quic_bbr_update_congestion(c, b, &ack->rs);
	quic_bbr_update_aggregation(c, b, ack);
	quic_bbr_check_full_bw(b, &ack->rs);
}

void quic_bbr_finish_model(struct quic_bbr *b, const struct quic_rate_sample *rs)
{
	if (b->loss_round_start) {
		b->bw_latest = rs->rate;
		b->inflight_latest = rs->delivered;
	}
	b->bw = min(quic_bbr_max_bw(b), b->bw_short);
}
