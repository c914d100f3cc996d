/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/bbr.h - the model of BBR, shared by its two files
 *
 * core/bbr_model keeps it: rates, volumes, round trips, losses.  core/cong_bbr has
 * the state machine and what follows from both for rate and window.
 */
#ifndef _QUIC_CORE_BBR_H
#define _QUIC_CORE_BBR_H

#include "cong.h"
#include "recovery.h"

#define QUIC_BBR_LOSS_PERMILLE	20	/* LossThresh, 2 % */

enum quic_bbr_state {
	QUIC_BBR_STARTUP,
	QUIC_BBR_DRAIN,
	QUIC_BBR_DOWN,		/* these four: ProbeBW */
	QUIC_BBR_CRUISE,
	QUIC_BBR_REFILL,
	QUIC_BBR_UP,
	QUIC_BBR_PROBE_RTT,
	QUIC_NR_BBR_STATES,
};

/* What the ACKs that arrive now say about probing for bandwidth. */
enum quic_bbr_acks {
	QUIC_BBR_ACKS_INIT,
	QUIC_BBR_ACKS_REFILLING,
	QUIC_BBR_ACKS_STARTING,
	QUIC_BBR_ACKS_FEEDBACK,
	QUIC_BBR_ACKS_STOPPING,
};

/**
 * struct quic_bbr - the draft's "BBR" state
 * @max_bw: max_bw_filter: of the present ProbeBW cycle, and of the previous one
 * @bw: what to send at
 * @bw_short: bw_shortterm, U64_MAX: infinity, as in all that follow
 * @bw_latest: greatest rate of this round trip
 * @full_bw: the baseline of the full pipe estimator
 * @pacing_rate: 0 until there was an RTT sample
 * @inflight_long: inflight_longterm
 * @inflight_short: inflight_shortterm
 * @inflight_latest: most bytes delivered in this round trip
 * @extra_delivered: since @extra_from
 * @extra_acked: extra_acked_filter: of the last rounds, and of those before
 * @prior_cwnd: cwnd before loss recovery or PROBE_RTT
 * @up_acked: bw_probe_up_acked
 * @up_acked_per_inc: probe_up_acked_per_inc
 * @undo_bw_short: before the last loss, as the next two
 * @undo_inflight_short: of the present cycle
 * @undo_inflight_long: of the path
 * @round_end: next_round_delivered
 * @loss_round_end: loss_round_delivered
 * @min_rtt: least RTT of QUIC_BBR_MIN_RTT_WINDOW_US
 * @min_rtt_at: when it was seen
 * @probe_rtt_min: probe_rtt_min_delay
 * @probe_rtt_min_at: when it was seen
 * @probe_rtt_done_at: probe_rtt_done_stamp, QUIC_US_NEVER: not set
 * @cycle_at: cycle_stamp
 * @probe_wait: bw_probe_wait
 * @extra_from: extra_acked_interval_start
 * @rounds: round_count; differences matter
 * @rounds_since_up: rounds_since_probe_up
 * @drain_from: round in which DRAIN began
 * @extra_round: round in which the first of @extra_acked began
 * @loss_runs: runs of lost packets in this round trip
 * @random: of the pseudo-random waits
 * @state: enum quic_bbr_state
 * @undo_state: to go back to when the losses were none; QUIC_NR_BBR_STATES: nowhere
 * @acks: enum quic_bbr_acks
 * @full_bw_count: rounds without much growth
 * @up_rounds: bw_probe_up_rounds
 * @was_full: the window was full in the round before
 * @full_bw_now: the pipe was found full since it was last asked
 * @full_bw_reached: and ever
 * @round_start: this ACK begins a round trip
 * @loss_round_start: likewise, as losses are counted
 * @loss_in_round: something was lost in this round trip
 * @is_probe_sample: is_bw_probe_sample
 * @probe_too_high: prev_probe_too_high
 * @probe_precautionary: prev_probe_precautionary
 * @idle_restart: sending began again after silence, nothing is delivered since
 * @probe_rtt_expired: @probe_rtt_min is too old
 * @probe_rtt_round_done: a round trip of PROBE_RTT is over
 * @in_recovery: since a congestion event, until a packet sent after it is acknowledged
 */
struct quic_bbr {
	u64 max_bw[2];
	u64 bw;
	u64 bw_short;
	u64 bw_latest;
	u64 full_bw;
	u64 pacing_rate;
	u64 inflight_long;
	u64 inflight_short;
	u64 inflight_latest;
	u64 extra_delivered;
	u64 extra_acked[2];
	u64 prior_cwnd;
	u64 up_acked;
	u64 up_acked_per_inc;
	u64 undo_bw_short;
	u64 undo_inflight_short;
	u64 undo_inflight_long;
	u64 round_end;
	u64 loss_round_end;
	quic_us min_rtt;
	quic_us min_rtt_at;
	quic_us probe_rtt_min;
	quic_us probe_rtt_min_at;
	quic_us probe_rtt_done_at;
	quic_us cycle_at;
	quic_us probe_wait;
	quic_us extra_from;
	u32 rounds;
	u32 rounds_since_up;
	u32 drain_from;
	u32 extra_round;
	u32 loss_runs;
	u32 random;
	u8 state;
	u8 undo_state;
	u8 acks;
	u8 full_bw_count;
	u8 up_rounds;
	bool was_full;
	bool full_bw_now : 1;
	bool full_bw_reached : 1;
	bool round_start : 1;
	bool loss_round_start : 1;
	bool loss_in_round : 1;
	bool is_probe_sample : 1;
	bool probe_too_high : 1;
	bool probe_precautionary : 1;
	bool idle_restart : 1;
	bool probe_rtt_expired : 1;
	bool probe_rtt_round_done : 1;
	bool in_recovery : 1;
};

static inline u64 quic_bbr_percent(u64 v, u32 percent)
{
	return mul_u64_u64_div_u64(v, percent, 100);
}

static inline bool quic_bbr_is_probe_bw(const struct quic_bbr *b)
{
	return b->state >= QUIC_BBR_DOWN && b->state <= QUIC_BBR_UP;
}

static inline u64 quic_bbr_max_bw(const struct quic_bbr *b)
{
	return max(b->max_bw[0], b->max_bw[1]);
}

static inline void quic_bbr_start_round(const struct quic_cong *c, struct quic_bbr *b)
{
	b->round_end = c->rate.delivered;
}

static inline void quic_bbr_reset_full_bw(struct quic_bbr *b)
{
	b->full_bw = 0;
	b->full_bw_count = 0;
	b->full_bw_now = false;
}

/*
 * bbr_model.c.  Volumes are bytes.
 */

/* BDPMultiple() at the rate @bw. */
u64 quic_bbr_bdp(const struct quic_cong *c, const struct quic_bbr *b, u64 bw, u32 percent);
/* MinPipeCwnd */
u64 quic_bbr_min_pipe(const struct quic_cong *c);
/* QuantizationBudget() */
u64 quic_bbr_budget(const struct quic_cong *c, const struct quic_bbr *b, u64 bytes);
/* Inflight(1.0) at the rate @bw. */
u64 quic_bbr_inflight(const struct quic_cong *c, const struct quic_bbr *b, u64 bw);
/* TargetInflight() */
u64 quic_bbr_target(const struct quic_cong *c, const struct quic_bbr *b);
/* InflightWithHeadroom() */
u64 quic_bbr_with_headroom(const struct quic_cong *c, const struct quic_bbr *b);
/* IsInflightTooHigh() */
bool quic_bbr_loses_too_much(const struct quic_rate_sample *rs);
/* SaveCwnd() */
void quic_bbr_save_cwnd(const struct quic_cong *c, struct quic_bbr *b);
/* HandleLostPacket() for all of an ACK; true: a probe for bandwidth went too high. */
bool quic_bbr_handle_losses(struct quic_cong *c, struct quic_bbr *b,
			    const struct quic_cong_ack *ack);
/*
 * UpdateLatestDeliverySignals(), UpdateCongestionSignals(), UpdateACKAggregation(),
 * CheckFullBWReached(), in that order.
 */
void quic_bbr_update_model(struct quic_cong *c, struct quic_bbr *b,
			   const struct quic_cong_ack *ack);
/* UpdateMinRTT() */
void quic_bbr_update_min_rtt(struct quic_bbr *b, const struct quic_cong_ack *ack);
/* AdvanceLatestDeliverySignals(), BoundBWForModel() */
void quic_bbr_finish_model(struct quic_bbr *b, const struct quic_rate_sample *rs);

#endif /* _QUIC_CORE_BBR_H */
