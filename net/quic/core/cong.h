/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/cong.h - congestion windows behind one ops table
 *
 * cong.c holds what all algorithms share: bytes in flight, delivery rate samples,
 * recovery periods (RFC 9002 7.3.2), persistent congestion (7.6), the undoing of a
 * reduction, the pacing rate.  An algorithm is one file with one struct
 * quic_cong_ops and one row in cong.c.
 */
#ifndef _QUIC_CORE_CONG_H
#define _QUIC_CORE_CONG_H

#include "rate.h"

struct quic_rtt;
struct quic_cong;

#define QUIC_CONG_NAME_MAX		16
#define QUIC_CONG_LOSS_NUM		1	/* kLossReductionFactor 1/2, RFC 9002 7.3.2 */
#define QUIC_CONG_LOSS_DEN		2
#define QUIC_CONG_MIN_WINDOW_PKTS	2	/* kMinimumWindow, 7.2 */
#define QUIC_CONG_INITIAL_WINDOW_PKTS	10	/* kInitialWindow, 7.2 */
#define QUIC_CONG_INITIAL_WINDOW_BYTES	14720
#define QUIC_CONG_MAX_WINDOW_BYTES	BIT_ULL(40)	/* keeps products within 64 bits */
#define QUIC_CONG_PRIV_U64S		40
#define QUIC_CONG_LOSS_NEVER		U32_MAX

/**
 * struct quic_cong_loss - the packet whose loss made too many of one flight
 * @found: there is one: the others are valid
 * @app_limited: it left in an application-limited phase
 * @bytes: its size
 * @tx_in_flight: bytes in flight when it left, its own included
 * @lost: bytes of them declared lost by now, its own included
 */
struct quic_cong_loss {
	bool found;
	bool app_limited;
	u32 bytes;
	u64 tx_in_flight;
	u64 lost;
};

/**
 * struct quic_cong_ack - what one ACK (or one loss timeout) told
 * @now: when
 * @bytes: newly acknowledged bytes that were in flight
 * @fresh_bytes: of them, those sent after the current recovery period began: only
 *	they may grow the window (RFC 9002 B.5)
 * @newest_sent_at: when the newest of them left
 * @lost_bytes: newly lost bytes in flight, 0: none
 * @newest_lost_sent_at: when the newest lost packet left
 * @ce_sent_at: CE marks increased: when the largest acknowledged left; else QUIC_US_NEVER
 * @persistent: persistent congestion (7.6)
 * @spurious: all losses that led to the last reduction were none
 * @in_flight_before: bytes in flight before this ACK
 * @rtt: path RTT, already updated
 * @rtt_sample: that this ACK gave, 0: none
 * @newest: newest packet in flight that was acknowledged, or NULL
 * @lost_runs: runs of consecutive packets among the lost
 * @excess: the first lost packet that made more than quic_cong.loss_permille of
 *	its flight
 * @rs: delivery rate sample, made from @newest by quic_cong_on_ack()
 */
struct quic_cong_ack {
	quic_us now;
	u64 bytes;
	u64 fresh_bytes;
	quic_us newest_sent_at;
	u64 lost_bytes;
	quic_us newest_lost_sent_at;
	quic_us ce_sent_at;
	bool persistent;
	bool spurious;
	u64 in_flight_before;
	const struct quic_rtt *rtt;
	quic_us rtt_sample;
	const struct quic_sent_pkt *newest;
	u32 lost_runs;
	struct quic_cong_loss excess;
	struct quic_rate_sample rs;
};

/**
 * struct quic_cong_ops - one algorithm
 * @name: as in QUIC_SOCKOPT_CONGESTION
 * @init: state before the first packet; cwnd is set already
 * @on_start: a packet leaves with nothing in flight (optional); there is no op per
 *	packet
 * @on_acked: grow by fresh_bytes; not called while in recovery or application-limited
 * @on_limited: bytes were acknowledged but the window may not grow, for it is not
 *	used (optional)
 * @on_outcome: instead of these two: every outcome, after the events below; for
 *	algorithms that model the path
 * @on_congestion: a new congestion event: set cwnd and ssthresh
 * @on_persistent: collapse (optional; cwnd is already the minimum)
 * @on_undo: the losses behind the last event were spurious: take back what it did
 *	to the algorithm's own state (optional); @restored: cwnd was below what it
 *	was before the event, and that and ssthresh were restored
 * @pacing_rate: bytes per second (optional; default N * cwnd / smoothed RTT, 7.7)
 */
struct quic_cong_ops {
	const char *name;
	void (*init)(struct quic_cong *c, quic_us now);
	void (*on_start)(struct quic_cong *c, quic_us now);
	void (*on_acked)(struct quic_cong *c, const struct quic_cong_ack *ack);
	void (*on_limited)(struct quic_cong *c, const struct quic_cong_ack *ack);
	void (*on_outcome)(struct quic_cong *c, const struct quic_cong_ack *ack);
	void (*on_congestion)(struct quic_cong *c, const struct quic_cong_ack *ack);
	void (*on_persistent)(struct quic_cong *c);
	void (*on_undo)(struct quic_cong *c, bool restored);
	u64 (*pacing_rate)(const struct quic_cong *c, const struct quic_rtt *rtt);
};

/**
 * struct quic_cong - congestion state of one path
 * @ops: algorithm
 * @mss: max datagram size in bytes
 * @cwnd: congestion window in bytes
 * @ssthresh: slow start threshold in bytes, U64_MAX at first
 * @in_flight: bytes in flight
 * @recovery_start: start of the current recovery period, QUIC_US_NEVER: none
 * @app_limited: the last sending opportunity did not fill the window; kept by the engine
 *	(pacing does not count, RFC 9002 7.8)
 * @rexmit_credit: entered recovery: one packet may leave at once whatever is in
 *	flight (7.3.2)
 * @window_full: the window was full since the algorithm last cleared this
 * @rate: what was delivered
 * @loss_permille: the share of a flight whose loss the algorithm wants to know,
 *	QUIC_CONG_LOSS_NEVER: it does not
 * @undo_cwnd: cwnd before the last congestion event
 * @undo_ssthresh: ssthresh before it
 * @nr_events: congestion events
 * @nr_undone: of those, found to be spurious
 * @nr_persistent: times that congestion was persistent
 * @max_rate: SO_MAX_PACING_RATE in bytes per second, U64_MAX: none
 * @priv: the algorithm's
 */
struct quic_cong {
	const struct quic_cong_ops *ops;
	u32 mss;
	u64 cwnd;
	u64 ssthresh;
	u64 in_flight;
	quic_us recovery_start;
	bool app_limited;
	bool rexmit_credit;
	bool window_full;
	struct quic_rate rate;
	u32 loss_permille;
	u64 undo_cwnd;
	u64 undo_ssthresh;
	u64 nr_events;
	u64 nr_undone;
	u64 nr_persistent;
	u64 max_rate;
	u64 priv[QUIC_CONG_PRIV_U64S];
};

/* The algorithm called @name ("reno", "cubic", "bbr"), or NULL. */
const struct quic_cong_ops *quic_cong_find(const char *name);
void quic_cong_init(struct quic_cong *c, const struct quic_cong_ops *ops, u32 mss, quic_us now);
/* Changes algorithm, keeping window and flight. */
void quic_cong_set(struct quic_cong *c, const struct quic_cong_ops *ops, quic_us now);
/* A new max datagram size; the window scales as 7.2 says when no packet was sent yet. */
void quic_cong_set_mss(struct quic_cong *c, u32 mss);
void quic_cong_on_sent(struct quic_cong *c, struct quic_sent_pkt *pkt);
/* @pkt is lost: counts it, and takes down in @l whether that is too much. */
void quic_cong_count_lost(struct quic_cong *c, const struct quic_sent_pkt *pkt,
			  struct quic_cong_loss *l);
/* The outcome of one ACK or loss timeout; in_flight is already reduced by the caller. */
void quic_cong_on_ack(struct quic_cong *c, struct quic_cong_ack *ack);
/* The engine has sent what it may or has: @idle: it has nothing more, and might send. */
void quic_cong_set_app_limited(struct quic_cong *c, bool idle);
/* Bytes that may leave now; 0 when the window is full. */
u64 quic_cong_room(const struct quic_cong *c);
/* Bytes per second at which to pace, >= 1. */
u64 quic_cong_pacing_rate(const struct quic_cong *c, const struct quic_rtt *rtt);

static inline bool quic_cong_in_slow_start(const struct quic_cong *c)
{
	return c->cwnd < c->ssthresh;
}

/* A packet sent at @sent_at belongs to the recovery period under way, or to before it. */
static inline bool quic_cong_in_recovery(const struct quic_cong *c, quic_us sent_at)
{
	return c->recovery_start != QUIC_US_NEVER && sent_at <= c->recovery_start;
}

/*
 * For algorithms.
 */

/* kMinimumWindow in bytes. */
static inline u64 quic_cong_min_window(const struct quic_cong *c)
{
	return (u64)QUIC_CONG_MIN_WINDOW_PKTS * c->mss;
}

/* kInitialWindow in bytes, RFC 9002 7.2. */
u64 quic_cong_initial_window(u32 mss);

/* Slow start: grows the window by @bytes up to ssthresh; returns the bytes left over. */
u64 quic_cong_slow_start(struct quic_cong *c, u64 bytes);

extern const struct quic_cong_ops quic_cong_reno_ops;
extern const struct quic_cong_ops quic_cong_cubic_ops;
extern const struct quic_cong_ops quic_cong_bbr_ops;

#endif /* _QUIC_CORE_CONG_H */
