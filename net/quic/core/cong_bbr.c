// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/cong_bbr.c - BBR version 3, draft-ietf-ccwg-bbr
 *
 *   STARTUP -> DRAIN -> DOWN -> CRUISE -> REFILL -> UP -+	any -> PROBE_RTT
 *			   ^---------------------------+
 *
 * The path is a model: what it delivers (max_bw), how long it takes (min_rtt), and
 * what may be in flight before it loses too much (inflight_long).  Rate and window
 * follow from the model and the state; a loss alone lowers only what is believed
 * for the present cycle (bw_short, inflight_short).
 *
 * core/bbr_model keeps the model; here are the states and what follows from both.
 * Names and order of the steps are those of the draft.  A CE mark counts as a
 * loss that was too much (the draft: "MUST treat any CE marks as congestion").
 *
 * Rates are bytes per second, gains percent.
 */
#include "bbr.h"

static const u32 QUIC_BBR_PACING_MARGIN_PERCENT = 1;
static const u32 QUIC_BBR_STARTUP_LOSS_RUNS = 6;	/* BBRStartupFullLossCnt */
static const u32 QUIC_BBR_DRAIN_ROUNDS = 3;
static const u32 QUIC_BBR_RENO_ROUNDS = 63;
static const u32 QUIC_BBR_PROBE_UP_ROUNDS = 30;
static const quic_us QUIC_BBR_PROBE_RTT_US = 200000;		/* ProbeRTTDuration */
static const quic_us QUIC_BBR_PROBE_WAIT_US = 2000000;		/* and up to a second more */

/* "Summary of Control Behavior", percent. */
static const struct {
	u16 pacing;
	u16 cwnd;
} quic_bbr_gains[QUIC_NR_BBR_STATES] = {
	[QUIC_BBR_STARTUP] = { 277, 200 },
	[QUIC_BBR_DRAIN] = { 50, 200 },
	[QUIC_BBR_DOWN] = { 90, 200 },
	[QUIC_BBR_CRUISE] = { 100, 200 },
	[QUIC_BBR_REFILL] = { 100, 200 },
	[QUIC_BBR_UP] = { 125, 225 },
	[QUIC_BBR_PROBE_RTT] = { 100, 50 },
};

static struct quic_bbr *quic_bbr(struct quic_cong *c)
{
	static_assert(sizeof(struct quic_bbr) <= sizeof(c->priv));
	return (struct quic_bbr *)c->priv;
}

/* ---- state transitions ---- */

static void quic_bbr_reset_short(struct quic_bbr *b)
{
	b->bw_short = U64_MAX;
	b->inflight_short = U64_MAX;
}

/* EnterDrain() */
static void quic_bbr_enter_drain(struct quic_bbr *b)
{
	b->state = QUIC_BBR_DRAIN;
	b->drain_from = b->rounds;
}

/* Flows that share a path are not to probe in step; nothing depends on how random this is. */
static u32 quic_bbr_random(struct quic_bbr *b, quic_us now, u32 below)
{
	b->random = b->random * 1664525U + 1013904223U + (u32)now;
	return (b->random >> 8) % below;
}

/* StartProbeBW_DOWN() with PickProbeWait(). */
static void quic_bbr_start_down(struct quic_cong *c, struct quic_bbr *b, quic_us now)
{
	b->loss_in_round = false;
	b->bw_latest = 0;
	b->inflight_latest = 0;
	b->up_acked_per_inc = U64_MAX;
	b->rounds_since_up = quic_bbr_random(b, now, 2);
	b->probe_wait = QUIC_BBR_PROBE_WAIT_US + quic_bbr_random(b, now, QUIC_US_PER_SEC);
	b->cycle_at = now;
	b->acks = QUIC_BBR_ACKS_STOPPING;
	quic_bbr_start_round(c, b);
	b->state = QUIC_BBR_DOWN;
}

static void quic_bbr_start_refill(struct quic_cong *c, struct quic_bbr *b)
{
	quic_bbr_reset_short(b);
	b->up_rounds = 0;
	b->up_acked = 0;
	b->probe_precautionary = false;
	b->acks = QUIC_BBR_ACKS_REFILLING;
	quic_bbr_start_round(c, b);
	b->state = QUIC_BBR_REFILL;
}

/* RaiseInflightLongtermSlope() */
static void quic_bbr_raise_slope(const struct quic_cong *c, struct quic_bbr *b)
{
	b->up_acked_per_inc = max_t(u64, c->cwnd >> b->up_rounds, c->mss);
	b->up_rounds = min_t(u32, b->up_rounds + 1, QUIC_BBR_PROBE_UP_ROUNDS);
}

static void quic_bbr_start_up(struct quic_cong *c, struct quic_bbr *b,
			      const struct quic_rate_sample *rs)
{
	b->acks = QUIC_BBR_ACKS_STARTING;
	quic_bbr_start_round(c, b);
	quic_bbr_reset_full_bw(b);
	b->full_bw = rs->rate;
	b->state = QUIC_BBR_UP;
	quic_bbr_raise_slope(c, b);
}

/* CheckStartupHighLoss() */
static void quic_bbr_check_startup_loss(struct quic_cong *c, struct quic_bbr *b,
					const struct quic_cong_ack *ack)
{
	bool ce = ack->ce_sent_at != QUIC_US_NEVER;
	bool lossy = b->loss_round_start && b->in_recovery &&
		     b->loss_runs >= QUIC_BBR_STARTUP_LOSS_RUNS &&
		     quic_bbr_loses_too_much(&ack->rs);

	if (!b->full_bw_reached && (lossy || ce)) {
		b->undo_state = QUIC_BBR_STARTUP;
		b->full_bw_reached = true;
		b->inflight_long = max(quic_bbr_bdp(c, b, b->bw, 100), b->inflight_latest);
	}
	if (b->loss_round_start)
		b->loss_runs = 0;
}

/* CheckStartupDone() and CheckDrainDone() */
static void quic_bbr_check_startup(struct quic_cong *c, struct quic_bbr *b,
				   const struct quic_cong_ack *ack)
{
	quic_bbr_check_startup_loss(c, b, ack);
	if (b->state == QUIC_BBR_STARTUP && b->full_bw_reached)
		quic_bbr_enter_drain(b);
	if (b->state == QUIC_BBR_DRAIN &&
	    (c->in_flight <= quic_bbr_inflight(c, b, b->bw) ||
	     b->rounds - b->drain_from > QUIC_BBR_DRAIN_ROUNDS))
		quic_bbr_start_down(c, b, ack->now);
}

/* ---- ProbeBW ---- */

static bool quic_bbr_is_cwnd_limited(const struct quic_cong *c, const struct quic_bbr *b)
{
	return b->was_full || c->window_full;
}

/* ProbeInflightLongtermUpward() */
static void quic_bbr_probe_upward(struct quic_cong *c, struct quic_bbr *b, u64 acked)
{
	u64 steps;

	if (!quic_bbr_is_cwnd_limited(c, b) || c->cwnd < b->inflight_long)
		return;
	b->up_acked += acked;
	if (b->up_acked >= b->up_acked_per_inc) {
		steps = div64_u64(b->up_acked, b->up_acked_per_inc);
		b->up_acked -= steps * b->up_acked_per_inc;
		b->inflight_long += steps * c->mss;
	}
	if (b->round_start)
		quic_bbr_raise_slope(c, b);
}

/* AdaptLongTermModel(): true when it decided on a state. */
static bool quic_bbr_adapt_long(struct quic_cong *c, struct quic_bbr *b,
				const struct quic_cong_ack *ack)
{
	const struct quic_rate_sample *rs = &ack->rs;

	if (b->acks == QUIC_BBR_ACKS_STARTING && b->round_start)
		b->acks = QUIC_BBR_ACKS_FEEDBACK;
	if (b->acks == QUIC_BBR_ACKS_STOPPING && b->round_start) {
		b->is_probe_sample = false;
		b->acks = QUIC_BBR_ACKS_INIT;
		if (quic_bbr_is_probe_bw(b) && !rs->app_limited && b->max_bw[0]) {
			/* AdvanceMaxBwFilter() */
			b->max_bw[1] = b->max_bw[0];
			b->max_bw[0] = 0;
		}
		if (quic_bbr_is_probe_bw(b) && b->probe_precautionary && !b->probe_too_high) {
			quic_bbr_start_refill(c, b);
			return true;
		}
	}
	if (quic_bbr_loses_too_much(rs) || b->inflight_long == U64_MAX)
		return false;
	b->inflight_long = max(b->inflight_long, rs->tx_in_flight);
	if (b->state == QUIC_BBR_UP)
		quic_bbr_probe_upward(c, b, ack->bytes);
	return false;
}

/* IsTimeToProbeBW() with IsRenoCoexistenceProbeTime(). */
static bool quic_bbr_is_time_to_probe(const struct quic_cong *c, const struct quic_bbr *b,
				      quic_us now)
{
	u64 reno = div_u64(quic_bbr_target(c, b), c->mss);

	return now > b->cycle_at + b->probe_wait ||
	       b->rounds_since_up >= min_t(u64, reno, QUIC_BBR_RENO_ROUNDS);
}

/* IsTimeToGoDown() */
static bool quic_bbr_is_time_to_go_down(struct quic_cong *c, struct quic_bbr *b,
					const struct quic_rate_sample *rs)
{
	if (b->probe_too_high && c->in_flight >= b->inflight_long) {
		b->probe_precautionary = true;
		return true;
	}
	if (quic_bbr_is_cwnd_limited(c, b) && c->cwnd >= b->inflight_long) {
		quic_bbr_reset_full_bw(b);
		b->full_bw = rs->rate;
		return false;
	}
	return b->full_bw_now;
}

/* UpdateProbeBWCyclePhase() */
static void quic_bbr_update_phase(struct quic_cong *c, struct quic_bbr *b,
				  const struct quic_cong_ack *ack)
{
	if (!b->full_bw_reached || quic_bbr_adapt_long(c, b, ack))
		return;
	switch (b->state) {
	case QUIC_BBR_DOWN:
		if (quic_bbr_is_time_to_probe(c, b, ack->now))
			quic_bbr_start_refill(c, b);
		else if (c->in_flight <= quic_bbr_with_headroom(c, b) &&
			 c->in_flight <= quic_bbr_inflight(c, b, quic_bbr_max_bw(b)))
			b->state = QUIC_BBR_CRUISE;
		break;
	case QUIC_BBR_CRUISE:
		if (quic_bbr_is_time_to_probe(c, b, ack->now))
			quic_bbr_start_refill(c, b);
		break;
	case QUIC_BBR_REFILL:
		if (!b->round_start)
			break;
		b->is_probe_sample = true;
		quic_bbr_start_up(c, b, &ack->rs);
		break;
	case QUIC_BBR_UP:
		if (!quic_bbr_is_time_to_go_down(c, b, &ack->rs))
			break;
		b->probe_too_high = false;
		quic_bbr_start_down(c, b, ack->now);
		break;
	}
}

/* ---- min_rtt, PROBE_RTT ---- */

/* ProbeRTTCwnd() */
static u64 quic_bbr_probe_rtt_cwnd(const struct quic_cong *c, const struct quic_bbr *b)
{
	return max(quic_bbr_bdp(c, b, b->bw, quic_bbr_gains[QUIC_BBR_PROBE_RTT].cwnd),
		   quic_bbr_min_pipe(c));
}

/* CheckProbeRTTDone() with ExitProbeRTT(). */
static void quic_bbr_check_probe_rtt_done(struct quic_cong *c, struct quic_bbr *b, quic_us now)
{
	if (b->probe_rtt_done_at == QUIC_US_NEVER || now <= b->probe_rtt_done_at)
		return;
	b->probe_rtt_min_at = now;
	c->cwnd = max(c->cwnd, b->prior_cwnd);
	quic_bbr_reset_short(b);
	if (!b->full_bw_reached) {
		b->state = QUIC_BBR_STARTUP;
		return;
	}
	quic_bbr_start_down(c, b, now);
	b->state = QUIC_BBR_CRUISE;
}

/* HandleProbeRTT() */
static void quic_bbr_handle_probe_rtt(struct quic_cong *c, struct quic_bbr *b, quic_us now)
{
	quic_rate_mark_app_limited(&c->rate, c->in_flight);
	if (b->probe_rtt_done_at != QUIC_US_NEVER) {
		b->probe_rtt_round_done |= b->round_start;
		if (b->probe_rtt_round_done)
			quic_bbr_check_probe_rtt_done(c, b, now);
	} else if (c->in_flight <= quic_bbr_probe_rtt_cwnd(c, b)) {
		b->probe_rtt_done_at = now + QUIC_BBR_PROBE_RTT_US;
		b->probe_rtt_round_done = false;
		quic_bbr_start_round(c, b);
	}
}

/* CheckProbeRTT() */
static void quic_bbr_check_probe_rtt(struct quic_cong *c, struct quic_bbr *b, quic_us now)
{
	if (b->state != QUIC_BBR_PROBE_RTT && b->probe_rtt_expired && !b->idle_restart) {
		quic_bbr_save_cwnd(c, b);
		b->state = QUIC_BBR_PROBE_RTT;
		b->probe_rtt_done_at = QUIC_US_NEVER;
		b->acks = QUIC_BBR_ACKS_STOPPING;
		quic_bbr_start_round(c, b);
	}
	if (b->state == QUIC_BBR_PROBE_RTT)
		quic_bbr_handle_probe_rtt(c, b, now);
	b->idle_restart = false;
}

/* ---- control parameters ---- */

/* SetPacingRateWithGain() */
static void quic_bbr_set_pacing_rate(const struct quic_cong *c, struct quic_bbr *b,
				     const struct quic_rtt *rtt, u32 percent)
{
	u64 rate = quic_bbr_percent(b->bw, percent);

	/* InitPacingRate(), once there is an RTT. */
	if (!b->pacing_rate && rtt && rtt->first_sample_at != QUIC_US_NEVER)
		b->pacing_rate = quic_bbr_percent(div64_u64(quic_cong_initial_window(c->mss) *
							    QUIC_US_PER_SEC,
							    max(rtt->smoothed, 1ULL)),
						  quic_bbr_gains[QUIC_BBR_STARTUP].pacing);
	rate = quic_bbr_percent(rate, 100 - QUIC_BBR_PACING_MARGIN_PERCENT);
	if (rate && (b->full_bw_reached || rate > b->pacing_rate))
		b->pacing_rate = rate;
}

/* BoundCwndForModel() and BoundCwndForProbeRTT(): what the window is capped at. */
static u64 quic_bbr_cwnd_cap(const struct quic_cong *c, const struct quic_bbr *b)
{
	u64 cap = U64_MAX;

	if (b->state == QUIC_BBR_PROBE_RTT || b->state == QUIC_BBR_CRUISE)
		cap = quic_bbr_with_headroom(c, b);
	else if (quic_bbr_is_probe_bw(b))
		cap = b->inflight_long;
	cap = min(cap, b->inflight_short);
	if (b->state == QUIC_BBR_PROBE_RTT)
		cap = min(cap, quic_bbr_probe_rtt_cwnd(c, b));
	return max(cap, quic_bbr_min_pipe(c));
}

/* SetCwnd() with UpdateMaxInflight(). */
static void quic_bbr_set_cwnd(struct quic_cong *c, struct quic_bbr *b,
			      const struct quic_cong_ack *ack)
{
	u64 most = quic_bbr_bdp(c, b, b->bw, quic_bbr_gains[b->state].cwnd);

	most = quic_bbr_budget(c, b, most + max(b->extra_acked[0], b->extra_acked[1]));
	if (b->full_bw_reached)
		c->cwnd = min(c->cwnd + ack->bytes, most);
	else if (c->cwnd < most || c->rate.delivered < quic_cong_initial_window(c->mss))
		c->cwnd += ack->bytes;
	c->cwnd = max(c->cwnd, quic_bbr_min_pipe(c));
	c->cwnd = min(c->cwnd, quic_bbr_cwnd_cap(c, b));
}

/* ---- ops ---- */

static void quic_cong_bbr_init(struct quic_cong *c, quic_us now)
{
	struct quic_bbr *b = quic_bbr(c);

	c->loss_permille = QUIC_BBR_LOSS_PERMILLE;
	b->min_rtt = QUIC_US_NEVER;
	b->probe_rtt_min = QUIC_US_NEVER;
	b->probe_rtt_done_at = QUIC_US_NEVER;
	b->min_rtt_at = now;
	b->probe_rtt_min_at = now;
	b->extra_from = now;
	b->inflight_long = U64_MAX;
	b->up_acked_per_inc = U64_MAX;
	b->undo_state = QUIC_NR_BBR_STATES;
	b->random = now;
	quic_bbr_reset_short(b);
	quic_bbr_start_round(c, b);
	b->loss_round_end = c->rate.delivered;
}

/* HandleRestartFromIdle() */
static void quic_cong_bbr_on_start(struct quic_cong *c, quic_us now)
{
	struct quic_bbr *b = quic_bbr(c);

	if (!c->rate.app_limited_until)
		return;
	b->idle_restart = true;
	b->extra_from = now;
	if (quic_bbr_is_probe_bw(b))
		quic_bbr_set_pacing_rate(c, b, NULL, 100);
	else if (b->state == QUIC_BBR_PROBE_RTT)
		quic_bbr_check_probe_rtt_done(c, b, now);
}

/* UpdateOnACK() */
static void quic_cong_bbr_on_outcome(struct quic_cong *c, const struct quic_cong_ack *ack)
{
	const struct quic_rate_sample *rs = &ack->rs;
	struct quic_bbr *b = quic_bbr(c);

	if (quic_bbr_handle_losses(c, b, ack) && b->state == QUIC_BBR_UP) {
		b->undo_state = QUIC_BBR_UP;
		quic_bbr_start_down(c, b, ack->now);
	}
	if (!rs->valid)
		return;
	if (b->in_recovery && !quic_cong_in_recovery(c, ack->newest_sent_at)) {
		b->in_recovery = false;
		c->cwnd = max(c->cwnd, b->prior_cwnd);
	}
	quic_bbr_update_model(c, b, ack);
	quic_bbr_check_startup(c, b, ack);
	quic_bbr_update_phase(c, b, ack);
	quic_bbr_update_min_rtt(b, ack);
	quic_bbr_check_probe_rtt(c, b, ack->now);
	quic_bbr_finish_model(b, rs);
	quic_bbr_set_pacing_rate(c, b, ack->rtt, quic_bbr_gains[b->state].pacing);
	if (!ack->persistent)				/* [9002-7.6.2] */
		quic_bbr_set_cwnd(c, b, ack);
}

/* OnEnterFastRecovery() */
static void quic_cong_bbr_on_congestion(struct quic_cong *c, const struct quic_cong_ack *ack)
{
	struct quic_bbr *b = quic_bbr(c);

	quic_bbr_save_cwnd(c, b);
	b->in_recovery = true;
}

/* Nothing is restored that was before [9002-7.6.2]. */
static void quic_cong_bbr_on_persistent(struct quic_cong *c)
{
	struct quic_bbr *b = quic_bbr(c);

	b->in_recovery = false;
	b->prior_cwnd = c->cwnd;
}

/* HandleSpuriousLossDetection() */
static void quic_cong_bbr_on_undo(struct quic_cong *c, bool restored)
{
	struct quic_bbr *b = quic_bbr(c);

	b->in_recovery = false;
	c->cwnd = max(c->cwnd, b->prior_cwnd);
	b->loss_in_round = false;
	quic_bbr_reset_full_bw(b);
	b->bw_short = max(b->bw_short, b->undo_bw_short);
	b->inflight_short = max(b->inflight_short, b->undo_inflight_short);
	b->inflight_long = max(b->inflight_long, b->undo_inflight_long);
	if (b->undo_state == QUIC_BBR_STARTUP && b->state != QUIC_BBR_STARTUP) {
		b->full_bw_reached = false;
		if (b->state != QUIC_BBR_PROBE_RTT)
			b->state = QUIC_BBR_STARTUP;
	} else if (b->undo_state == QUIC_BBR_UP && b->state != QUIC_BBR_UP &&
		   b->state != QUIC_BBR_PROBE_RTT) {
		quic_bbr_start_refill(c, b);
	}
	b->undo_state = QUIC_NR_BBR_STATES;
}

static u64 quic_cong_bbr_pacing_rate(const struct quic_cong *c, const struct quic_rtt *rtt)
{
	const struct quic_bbr *b = (const struct quic_bbr *)c->priv;

	if (b->pacing_rate)
		return b->pacing_rate;
	/* Before the first sample of the RTT: the guess that the draft makes, 1 ms. */
	return quic_bbr_percent(c->cwnd * (QUIC_US_PER_SEC / QUIC_US_PER_MS),
				quic_bbr_gains[QUIC_BBR_STARTUP].pacing);
}

const struct quic_cong_ops quic_cong_bbr_ops = {
	.name = "bbr",
	.init = quic_cong_bbr_init,
	.on_start = quic_cong_bbr_on_start,
	.on_outcome = quic_cong_bbr_on_outcome,
	.on_congestion = quic_cong_bbr_on_congestion,
	.on_persistent = quic_cong_bbr_on_persistent,
	.on_undo = quic_cong_bbr_on_undo,
	.pacing_rate = quic_cong_bbr_pacing_rate,
};
