// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/cong_cubic.c - CUBIC, RFC 9438
 *
 *	W_cubic(t) = C * (t - K)^3 + W_max
 *
 *	cwnd  W_max ........ ___-------        concave up to W_max, convex above it;
 *	                 _--          /        t counts from the first ACK after the
 *	              _-        _-  W_est      reduction, K is when W_max is reached
 *	cwnd_epoch  /     _  -                 again; never below W_est, what Reno
 *	           0        K       t          would have by then
 *
 * Windows are bytes, times microseconds; what grows by less than a byte per
 * ACK is kept in units of 2^-16 bytes.  K is found by bisection over the very
 * function used for W_cubic, so that W_cubic(0) is cwnd_epoch to the byte and
 * no cube root is needed; that happens once per congestion event.
 *
 * Slow start is HyStart++'s [9438-4.10].  Reductions start from cwnd and not from
 * flight_size: cwnd does not grow while it is not used [9438-4.6].  One whose losses
 * were spurious is undone (4.9.2).
 */
#include "hystart.h"
#include "recovery.h"

static const u32 QUIC_CUBIC_C_NUM = 2;		/* C = 0.4 segments/s^3, RFC 9438 5.1 */
static const u32 QUIC_CUBIC_C_DEN = 5;
static const u32 QUIC_CUBIC_BETA_NUM = 7;	/* beta_cubic = 0.7, 4.6 */
static const u32 QUIC_CUBIC_BETA_DEN = 10;
static const u32 QUIC_CUBIC_ALPHA_NUM = 9;	/* 3 * (1 - beta) / (1 + beta), 4.3 */
static const u32 QUIC_CUBIC_ALPHA_DEN = 17;
static const u32 QUIC_CUBIC_FAST_NUM = 17;	/* (1 + beta) / 2, 4.7 */
static const u32 QUIC_CUBIC_FAST_DEN = 20;
/* Fixed point of window fractions. */
static const u32 QUIC_CUBIC_FRAC_BITS = 16;
/* |t - K| counts up to this, 71 minutes: the cube then is beyond any window. */
static const quic_us QUIC_CUBIC_MAX_SPAN_US = U32_MAX;

/**
 * struct quic_cubic_curve - RFC 9438 4.1.2, in the words used there: what a spurious
 *	congestion event gives back (4.9.2)
 * @w_max: window before the last reduction, or less (fast convergence); 0: undefined
 * @cwnd_prior: cwnd when ssthresh was set last
 * @w_est: Reno's window by now, 2^-16 bytes
 * @epoch_at: when this congestion avoidance stage began, moved on by idle time;
 *	QUIC_US_NEVER: it has not begun
 * @k: from then until w_max is reached
 */
struct quic_cubic_curve {
	u64 w_max;
	u64 cwnd_prior;
	u64 w_est;
	quic_us epoch_at;
	quic_us k;
};

/**
 * struct quic_cubic - the state
 * @curve: in force
 * @undo: @curve before the last congestion event
 * @frac: of cwnd, 2^-16 bytes
 * @hystart: of the first slow start
 * @counted_at: up to when time was counted as t, or moved @epoch_at
 * @idle: the window was not used since then
 */
struct quic_cubic {
	struct quic_cubic_curve curve;
	struct quic_cubic_curve undo;
	struct quic_hystart hystart;
	u64 frac;
	quic_us counted_at;
	bool idle;
};

static struct quic_cubic *quic_cubic(struct quic_cong *c)
{
	static_assert(sizeof(struct quic_cubic) <= sizeof(c->priv));
	return (struct quic_cubic *)c->priv;
}

static void quic_cong_cubic_init(struct quic_cong *c, quic_us now)
{
	struct quic_cubic *q = quic_cubic(c);

	q->curve.epoch_at = QUIC_US_NEVER;
	q->counted_at = now;
	quic_hystart_init(&q->hystart);
}

/* C * span^3 in bytes; any span, and every intermediate value fits 64 bits. */
static u64 quic_cubic_rise(u32 mss, quic_us span)
{
	u64 v;

	span = min(span, QUIC_CUBIC_MAX_SPAN_US);
	v = mul_u64_u64_div_u64(span, span, QUIC_US_PER_SEC);
	v = mul_u64_u64_div_u64(v, span, QUIC_US_PER_SEC);
	return mul_u64_u64_div_u64(v, (u64)mss * QUIC_CUBIC_C_NUM,
				   QUIC_US_PER_SEC * QUIC_CUBIC_C_DEN);
}

/* The K for which C * K^3 = @bytes, rounded down to a microsecond. */
static quic_us quic_cubic_root(u32 mss, u64 bytes)
{
	quic_us k = 0, bit;

	for (bit = 1ULL << 31; bit; bit >>= 1)
		if (quic_cubic_rise(mss, k + bit) <= bytes)
			k += bit;
	return k;
}

/* Time up to @now counts towards t, unless the window was not used [9438-4.2]. */
static void quic_cubic_count(struct quic_cubic *q, quic_us now, bool idle)
{
	if (idle && q->curve.epoch_at != QUIC_US_NEVER)
		q->curve.epoch_at += now - q->counted_at;
	q->counted_at = now;
	q->idle = false;
}

/* W_cubic(t), eq. 1, in bytes. */
static u64 quic_cubic_window(const struct quic_cong *c, const struct quic_cubic *q, quic_us t)
{
	u64 fall;

	if (t >= q->curve.k)
		return q->curve.w_max + quic_cubic_rise(c->mss, t - q->curve.k);
	fall = quic_cubic_rise(c->mss, q->curve.k - t);
	return q->curve.w_max > fall ? q->curve.w_max - fall : 0;
}

/* The first ACK of a congestion avoidance stage. */
static void quic_cubic_begin(struct quic_cong *c, struct quic_cubic *q, quic_us now)
{
	q->curve.epoch_at = now;
	q->curve.w_est = c->cwnd << QUIC_CUBIC_FRAC_BITS;
	q->frac = 0;
	q->curve.k = 0;
	/* Without a reduction before it W_max is undefined (4.8, 4.10). */
	if (q->curve.w_max <= c->cwnd)
		q->curve.w_max = c->cwnd;
	else
		q->curve.k = quic_cubic_root(c->mss, q->curve.w_max - c->cwnd);
	if (!q->curve.cwnd_prior)
		q->curve.cwnd_prior = c->cwnd;
}

/* Eq. 4: what Reno would have. */
static void quic_cubic_grow_estimate(const struct quic_cong *c, struct quic_cubic *q, u64 bytes)
{
	u32 num = QUIC_CUBIC_ALPHA_NUM, den = QUIC_CUBIC_ALPHA_DEN;

	if (q->curve.w_est >> QUIC_CUBIC_FRAC_BITS >= q->curve.cwnd_prior) {
		num = 1;
		den = 1;
	}
	q->curve.w_est += mul_u64_u64_div_u64(bytes, (u64)c->mss * num << QUIC_CUBIC_FRAC_BITS,
					c->cwnd * den);
	q->curve.w_est = min_t(u64, q->curve.w_est,
			       QUIC_CONG_MAX_WINDOW_BYTES << QUIC_CUBIC_FRAC_BITS);
}

/* cwnd += (target - cwnd) / cwnd per segment acknowledged [9438-4.4, 4.5]. */
static void quic_cubic_approach(struct quic_cong *c, struct quic_cubic *q, u64 target, u64 bytes)
{
	target = clamp(target, c->cwnd, c->cwnd + (c->cwnd >> 1));
	q->frac += mul_u64_u64_div_u64((target - c->cwnd) << QUIC_CUBIC_FRAC_BITS, bytes, c->cwnd);
	c->cwnd += q->frac >> QUIC_CUBIC_FRAC_BITS;
	q->frac &= (1U << QUIC_CUBIC_FRAC_BITS) - 1;
}

static void quic_cong_cubic_on_acked(struct quic_cong *c, const struct quic_cong_ack *ack)
{
	struct quic_cubic *q = quic_cubic(c);
	u64 bytes = quic_hystart_grow(&q->hystart, c, ack);
	u64 est;
	quic_us t;

	quic_cubic_count(q, ack->now, q->idle);
	if (!bytes)
		return;
	if (q->curve.epoch_at == QUIC_US_NEVER)
		quic_cubic_begin(c, q, ack->now);

	/* One ACK stands for at most one window: target is where cwnd is an RTT later. */
	bytes = min(bytes, c->cwnd);
	t = ack->now - q->curve.epoch_at;
	quic_cubic_grow_estimate(c, q, bytes);
	est = q->curve.w_est >> QUIC_CUBIC_FRAC_BITS;
	if (quic_cubic_window(c, q, t) < est)
		c->cwnd = max(c->cwnd, est);
	else
		quic_cubic_approach(c, q, quic_cubic_window(c, q, t + ack->rtt->smoothed), bytes);
}

static void quic_cong_cubic_on_limited(struct quic_cong *c, const struct quic_cong_ack *ack)
{
	quic_cubic(c)->idle = true;
}

static void quic_cong_cubic_on_start(struct quic_cong *c, quic_us now)
{
	quic_cubic_count(quic_cubic(c), now, true);
}

static void quic_cong_cubic_on_congestion(struct quic_cong *c, const struct quic_cong_ack *ack)
{
	struct quic_cubic *q = quic_cubic(c);

	q->undo = q->curve;
	/* Fast convergence: room for a flow that came (4.7). */
	if (c->cwnd < q->curve.w_max)
		q->curve.w_max = div_u64(c->cwnd * QUIC_CUBIC_FAST_NUM, QUIC_CUBIC_FAST_DEN);
	else
		q->curve.w_max = c->cwnd;
	q->curve.cwnd_prior = c->cwnd;
	c->ssthresh = max(div_u64(c->cwnd * QUIC_CUBIC_BETA_NUM, QUIC_CUBIC_BETA_DEN),
			  quic_cong_min_window(c));
	c->cwnd = c->ssthresh;
	q->curve.epoch_at = QUIC_US_NEVER;
}

/* As after a timeout: the next stage starts with K = 0 (4.8). */
static void quic_cong_cubic_on_persistent(struct quic_cong *c)
{
	struct quic_cubic *q = quic_cubic(c);

	q->curve.w_max = 0;
	q->curve.epoch_at = QUIC_US_NEVER;
}

/*
 * The stage goes on where it was; time since then counts, as if the losses had
 * not been taken for such [9438-4.9.2].
 */
static void quic_cong_cubic_on_undo(struct quic_cong *c, bool restored)
{
	struct quic_cubic *q = quic_cubic(c);

	if (restored)
		q->curve = q->undo;
}

const struct quic_cong_ops quic_cong_cubic_ops = {
	.name = "cubic",
	.init = quic_cong_cubic_init,
	.on_start = quic_cong_cubic_on_start,
	.on_acked = quic_cong_cubic_on_acked,
	.on_limited = quic_cong_cubic_on_limited,
	.on_congestion = quic_cong_cubic_on_congestion,
	.on_persistent = quic_cong_cubic_on_persistent,
	.on_undo = quic_cong_cubic_on_undo,
};
