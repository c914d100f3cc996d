// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/cong: what all algorithms share against RFC 9002 7 and B, Reno against
 * its formulas, CUBIC against those of RFC 9438 in floating point.
 */
#include <math.h>

#include "core/cong.h"
#include "core/recovery.h"
#include "unit.h"

#define MSS	1200U

static const struct quic_cong_ops *const algorithms[] = {
	&quic_cong_reno_ops, &quic_cong_cubic_ops,
};

static struct quic_rtt rtt_of(quic_us us)
{
	return (struct quic_rtt){ .latest = us, .smoothed = us, .var = us / 2, .min = us };
}

/* Leaves in packets as large as a record can say. */
static void sent(struct quic_cong *c, quic_us now, u64 bytes)
{
	while (bytes) {
		struct quic_sent_pkt pkt = { .sent_at = now, .bytes = min(bytes, 60000ULL) };

		quic_cong_on_sent(c, &pkt);
		bytes -= pkt.bytes;
	}
}

/* An ACK of @bytes sent at @sent_at, nothing lost. */
static void acked(struct quic_cong *c, quic_us now, u64 bytes, quic_us sent_at,
		  const struct quic_rtt *rtt)
{
	struct quic_cong_ack ack = {
		.now = now, .bytes = bytes, .newest_sent_at = sent_at,
		.fresh_bytes = quic_cong_in_recovery(c, sent_at) ? 0 : bytes,
		.ce_sent_at = QUIC_US_NEVER, .in_flight_before = c->in_flight, .rtt = rtt,
	};

	c->in_flight -= min(bytes, c->in_flight);
	quic_cong_on_ack(c, &ack);
}

static void lost(struct quic_cong *c, quic_us now, u64 bytes, quic_us sent_at, bool persistent,
		 const struct quic_rtt *rtt)
{
	struct quic_cong_ack ack = {
		.now = now, .lost_bytes = bytes, .newest_lost_sent_at = sent_at,
		.ce_sent_at = QUIC_US_NEVER, .persistent = persistent, .rtt = rtt,
	};

	c->in_flight -= min(bytes, c->in_flight);
	quic_cong_on_ack(c, &ack);
}

static void algorithms_are_found_by_name(void **state)
{
	assert_ptr_equal(quic_cong_find("reno"), &quic_cong_reno_ops);
	assert_ptr_equal(quic_cong_find("cubic"), &quic_cong_cubic_ops);
	assert_ptr_equal(quic_cong_find("bbr"), &quic_cong_bbr_ops);
	assert_null(quic_cong_find(""));
	assert_null(quic_cong_find("renoo"));
}

/* RFC 9002 7.2. */
static void the_initial_window_is_ten_packets_within_14720_bytes(void **state)
{
	const struct { u32 mss; u64 window; } cases[] = {
		{ 1200, 12000 }, { 1472, 14720 }, { 1500, 14720 }, { 7360, 14720 }, { 9000, 18000 },
	};
	unsigned int i, a;

	for (a = 0; a < ARRAY_SIZE(algorithms); a++)
		for (i = 0; i < ARRAY_SIZE(cases); i++) {
			struct quic_cong c;

			quic_cong_init(&c, algorithms[a], cases[i].mss, 0);
			assert_int_equal(c.cwnd, cases[i].window);
			assert_int_equal(quic_cong_room(&c), cases[i].window);
			assert_true(quic_cong_in_slow_start(&c));
			/* Computed anew while it is untouched. */
			quic_cong_set_mss(&c, 1400);
			assert_int_equal(c.cwnd, 14000);
		}
}

static void a_window_in_use_keeps_its_size_when_the_mss_changes(void **state)
{
	struct quic_rtt rtt = rtt_of(50000);
	struct quic_cong c;

	quic_cong_init(&c, &quic_cong_reno_ops, MSS, 0);
	sent(&c, 1, MSS);
	acked(&c, 50001, MSS, 1, &rtt);
	quic_cong_set_mss(&c, 1400);
	assert_int_equal(c.cwnd, 11 * MSS);
	c.cwnd = 2 * MSS;
	quic_cong_set_mss(&c, 9000);
	assert_int_equal(c.cwnd, 18000);
}

static void slow_start_grows_by_what_was_acknowledged(void **state)
{
	struct quic_rtt rtt = rtt_of(50000);
	unsigned int a;

	for (a = 0; a < ARRAY_SIZE(algorithms); a++) {
		struct quic_cong c;
		unsigned int i;
		u64 want;

		quic_cong_init(&c, algorithms[a], MSS, 0);
		want = c.cwnd;
		for (i = 1; i < 500; i++) {
			u64 bytes = unit_random(20000) + 1;

			sent(&c, i, bytes);
			acked(&c, i + 50000, bytes, i, &rtt);
			want += bytes;
			assert_int_equal(c.cwnd, want);
			assert_int_equal(c.in_flight, 0);
		}
	}
}

/* [9438-4.6], RFC 9002 7.8 */
static void an_unused_window_does_not_grow(void **state)
{
	struct quic_rtt rtt = rtt_of(50000);
	unsigned int a;

	for (a = 0; a < ARRAY_SIZE(algorithms); a++) {
		struct quic_cong c;
		u64 was;

		quic_cong_init(&c, algorithms[a], MSS, 0);
		c.app_limited = true;
		acked(&c, 100000, 50000, 1, &rtt);
		assert_int_equal(c.cwnd, 10 * MSS);
		lost(&c, 200000, MSS, 150000, false, &rtt);
		was = c.cwnd;
		acked(&c, 300000, 500000, 250000, &rtt);
		assert_int_equal(c.cwnd, was);
		assert_int_equal(c.rate.delivered, 550000);
		c.app_limited = false;
		acked(&c, 400000, was, 350000, &rtt);
		assert_true(c.cwnd > was);
	}
}

/* [9002-7.3.1, 7.3.2], for losses and CE marks alike. [9000-13.3#4] [9002-7.3.1] */
static void the_window_is_reduced_once_per_recovery_period(void **state)
{
	static const struct { u64 num, den; } beta[] = { { 1, 2 }, { 7, 10 } };
	struct quic_rtt rtt = rtt_of(50000);
	unsigned int a, ce;

	for (a = 0; a < ARRAY_SIZE(algorithms); a++)
		for (ce = 0; ce < 2; ce++) {
			struct quic_cong_ack mark = {
				.now = 100000, .ce_sent_at = 60000, .rtt = &rtt,
			};
			struct quic_cong c;
			u64 want = 100 * MSS * beta[a].num / beta[a].den;

			quic_cong_init(&c, algorithms[a], MSS, 0);
			c.cwnd = 100 * MSS;
			c.in_flight = 100 * MSS;
			if (ce)
				quic_cong_on_ack(&c, &mark);
			else
				lost(&c, 100000, MSS, 60000, false, &rtt);
			assert_int_equal(c.cwnd, want);
			assert_int_equal(c.ssthresh, want);
			assert_int_equal(c.recovery_start, 100000);
			assert_int_equal(c.nr_events, 1);
			/* One packet may leave although the window is full. */
			assert_int_equal(quic_cong_room(&c), MSS);
			sent(&c, 100000, MSS);
			assert_int_equal(quic_cong_room(&c), 0);

			/* What left before the period began changes nothing. */
			lost(&c, 110000, MSS, 100000, false, &rtt);
			mark.now = 110000;
			mark.ce_sent_at = 100000;
			quic_cong_on_ack(&c, &mark);
			acked(&c, 120000, 10 * MSS, 99999, &rtt);
			assert_int_equal(c.cwnd, want);
			assert_int_equal(c.nr_events, 1);

			/* What left after it does. */
			lost(&c, 160000, MSS, 100001, false, &rtt);
			assert_int_equal(c.cwnd, want * beta[a].num / beta[a].den);
			assert_int_equal(c.nr_events, 2);
		}
}

static void loss_and_mark_in_one_ack_are_one_event(void **state)
{
	struct quic_rtt rtt = rtt_of(50000);
	struct quic_cong_ack ack = {
		.now = 100, .bytes = 5 * MSS, .fresh_bytes = 5 * MSS, .newest_sent_at = 60,
		.lost_bytes = MSS, .newest_lost_sent_at = 50, .ce_sent_at = 60, .rtt = &rtt,
	};
	struct quic_cong c;

	quic_cong_init(&c, &quic_cong_reno_ops, MSS, 0);
	quic_cong_on_ack(&c, &ack);
	/* Growth comes after it, and there is none in recovery. */
	assert_int_equal(c.cwnd, 5 * MSS);
	assert_int_equal(c.nr_events, 1);
	assert_int_equal(c.rate.delivered, 5 * MSS);
}

static void the_window_never_falls_below_two_packets(void **state)
{
	struct quic_rtt rtt = rtt_of(50000);
	unsigned int a, i;

	for (a = 0; a < ARRAY_SIZE(algorithms); a++) {
		struct quic_cong c;

		quic_cong_init(&c, algorithms[a], MSS, 0);
		for (i = 1; i < 50; i++)
			lost(&c, i * 1000, MSS, i * 1000 - 1, false, &rtt);
		assert_int_equal(c.cwnd, 2 * MSS);
	}
}

/*, B.8: the minimum, slow start, and no recovery period. [9002-7.6.2#2] */
static void persistent_congestion_collapses_the_window(void **state)
{
	struct quic_rtt rtt = rtt_of(50000);
	unsigned int a;

	for (a = 0; a < ARRAY_SIZE(algorithms); a++) {
		struct quic_cong c;
		u64 ssthresh;

		quic_cong_init(&c, algorithms[a], MSS, 0);
		c.cwnd = 100 * MSS;
		lost(&c, 1000000, 10 * MSS, 900000, true, &rtt);
		ssthresh = a ? 70 * MSS : 50 * MSS;
		assert_int_equal(c.cwnd, 2 * MSS);
		assert_int_equal(c.ssthresh, ssthresh);
		assert_true(c.recovery_start == QUIC_US_NEVER);
		assert_true(quic_cong_in_slow_start(&c));
		acked(&c, 1100000, 2 * MSS, 950000, &rtt);
		assert_int_equal(c.cwnd, 4 * MSS);
		/* Up to ssthresh, and from there slowly. */
		acked(&c, 1200000, 1000 * MSS, 1150000, &rtt);
		assert_in_range(c.cwnd, ssthresh, ssthresh + 20 * MSS);
	}
}

/* [9002-7#2] [9002-7.5#2] */
static void a_window_full_leaves_no_room(void **state)
{
	struct quic_cong c;

	quic_cong_init(&c, &quic_cong_reno_ops, MSS, 0);
	sent(&c, 1, 10 * MSS - 100);
	assert_int_equal(quic_cong_room(&c), 100);
	/* Probes may pass the window. */
	sent(&c, 1, MSS);
	assert_int_equal(quic_cong_room(&c), 0);
}

static void pacing_is_the_window_per_round_trip_and_a_bit(void **state)
{
	struct quic_rtt rtt = rtt_of(100000);
	struct quic_cong c;

	quic_cong_init(&c, &quic_cong_reno_ops, MSS, 0);
	assert_int_equal(quic_cong_pacing_rate(&c, &rtt), 2 * 12000 * 10);
	c.ssthresh = c.cwnd;
	assert_int_equal(quic_cong_pacing_rate(&c, &rtt), 12000 * 10 * 5 / 4);
	c.max_rate = 1000;
	assert_int_equal(quic_cong_pacing_rate(&c, &rtt), 1000);
	c.max_rate = 0;
	assert_int_equal(quic_cong_pacing_rate(&c, &rtt), 1);
	c.max_rate = U64_MAX;
	c.cwnd = QUIC_CONG_MAX_WINDOW_BYTES;
	rtt.smoothed = 1;
	assert_true(quic_cong_pacing_rate(&c, &rtt) ==
		    QUIC_CONG_MAX_WINDOW_BYTES / 4 * 5 * 1000000);
	rtt.smoothed = 0;
	assert_true(quic_cong_pacing_rate(&c, &rtt) >= 1);
}

static void changing_the_algorithm_keeps_window_and_flight(void **state)
{
	struct quic_rtt rtt = rtt_of(50000);
	struct quic_cong c;

	quic_cong_init(&c, &quic_cong_reno_ops, MSS, 0);
	c.cwnd = 50 * MSS;
	c.ssthresh = 40 * MSS;
	c.in_flight = 30 * MSS;
	quic_cong_set(&c, &quic_cong_cubic_ops, 1000);
	assert_int_equal(c.cwnd, 50 * MSS);
	assert_int_equal(c.in_flight, 30 * MSS);
	acked(&c, 60000, 30 * MSS, 2000, &rtt);
	assert_in_range(c.cwnd, 50 * MSS, 51 * MSS);
	lost(&c, 120000, MSS, 70000, false, &rtt);
	assert_in_range(c.cwnd, 35 * MSS, 36 * MSS);
}

/* --- Reno ---------------------------------------------------------------- */

/* [9002-7.3.3] */
static void reno_avoidance_adds_a_packet_per_window(void **state)
{
	struct quic_rtt rtt = rtt_of(50000);
	struct quic_cong c;
	u64 left, was;
	unsigned int i;

	quic_cong_init(&c, &quic_cong_reno_ops, MSS, 0);
	c.cwnd = 40 * MSS;
	c.ssthresh = 40 * MSS;
	for (i = 0; i < 100; i++) {
		was = c.cwnd;
		for (left = c.cwnd; left; ) {
			u64 bytes = min(left, unit_random(5 * MSS) + 1);

			assert_int_equal(c.cwnd, was);
			acked(&c, 1000 + i, bytes, 10, &rtt);
			left -= bytes;
		}
		assert_int_equal(c.cwnd, was + MSS);
	}
}

/* Against RFC 9002 B.5 packet by packet in real numbers. [9002-7.3.2#1,2] */
static void reno_follows_the_pseudo_code(void **state)
{
	struct quic_rtt rtt = rtt_of(50000);
	double cwnd = 10.0 * MSS, ssthresh = INFINITY;
	struct quic_cong c;
	quic_us now = 1000000, recovery = 0;
	unsigned int i;

	quic_cong_init(&c, &quic_cong_reno_ops, MSS, 0);
	for (i = 0; i < 20000; i++) {
		quic_us sent_at = now - 50000;

		now += unit_random(1000) + 1;
		if (!unit_random(500)) {
			lost(&c, now, MSS, sent_at, false, &rtt);
			if (sent_at > recovery) {
				recovery = now;
				ssthresh = cwnd / 2;
				cwnd = fmax(ssthresh, 2.0 * MSS);
			}
			continue;
		}
		acked(&c, now, MSS, sent_at, &rtt);
		if (sent_at <= recovery)
			continue;
		cwnd += cwnd < ssthresh ? MSS : (double)MSS * MSS / cwnd;
		/* A whole packet at the end of each window, not a bit per packet. */
		assert_true(fabs(cwnd - c.cwnd) < 2.5 * MSS + cwnd / 50);
	}
}

/* --- CUBIC, RFC 9438 ----------------------------------------------------- */

#define CUBIC_C		0.4
#define CUBIC_BETA	0.7

/* Section 4 in segments and seconds, as it stands. */
struct model {
	double cwnd, ssthresh, w_max, w_est, prior, k, epoch;
	bool has_epoch;
};

static double model_w(const struct model *m, double t)
{
	return CUBIC_C * pow(t - m->k, 3) + m->w_max;
}

static void model_begin(struct model *m, double now)
{
	m->has_epoch = true;
	m->epoch = now;
	m->w_est = m->cwnd;
	if (m->w_max <= m->cwnd) {
		m->w_max = m->cwnd;
		m->k = 0;
	} else {
		m->k = cbrt((m->w_max - m->cwnd) / CUBIC_C);
	}
	if (m->prior == 0)
		m->prior = m->cwnd;
}

static void model_acked(struct model *m, double now, double segments, double rtt)
{
	double alpha = 3 * (1 - CUBIC_BETA) / (1 + CUBIC_BETA), target;

	if (m->cwnd < m->ssthresh) {
		double used = fmin(segments, m->ssthresh - m->cwnd);

		m->cwnd += used;
		segments -= used;
		if (segments <= 0)
			return;
	}
	if (!m->has_epoch)
		model_begin(m, now);
	if (m->w_est >= m->prior)
		alpha = 1;
	segments = fmin(segments, m->cwnd);
	m->w_est += alpha * segments / m->cwnd;
	if (model_w(m, now - m->epoch) < m->w_est) {
		m->cwnd = fmax(m->cwnd, m->w_est);
		return;
	}
	target = model_w(m, now - m->epoch + rtt);
	target = fmin(fmax(target, m->cwnd), 1.5 * m->cwnd);
	m->cwnd += (target - m->cwnd) / m->cwnd * segments;
}

static void model_congestion(struct model *m)
{
	m->w_max = m->cwnd < m->w_max ? m->cwnd * (1 + CUBIC_BETA) / 2 : m->cwnd;
	m->prior = m->cwnd;
	m->ssthresh = fmax(m->cwnd * CUBIC_BETA, 2);
	m->cwnd = m->ssthresh;
	m->has_epoch = false;
}

static void assert_close(const struct quic_cong *c, const struct model *m)
{
	double got = (double)c->cwnd / c->mss;

	if (fabs(got - m->cwnd) > 0.05 + m->cwnd / 500)
		fail_msg("cwnd is %f segments, RFC 9438 says %f", got, m->cwnd);
}

/* Whole windows are acknowledged at each round trip in @parts, some lose a packet. */
static void run_cubic(u64 start_pkts, quic_us rtt_us, unsigned int rounds, unsigned int loss_every,
		      unsigned int parts)
{
	struct quic_rtt rtt = rtt_of(rtt_us);
	struct model m = { .cwnd = start_pkts, .ssthresh = start_pkts };
	quic_us now = 1000000, sent_at;
	struct quic_cong c;
	unsigned int i, j;

	quic_cong_init(&c, &quic_cong_cubic_ops, MSS, 0);
	c.cwnd = start_pkts * MSS;
	c.ssthresh = c.cwnd;
	for (i = 0; i < rounds; i++) {
		u64 window = c.cwnd;

		sent_at = now;
		for (j = 0; j < parts; j++) {
			u64 bytes = window / parts;

			now += rtt_us / parts + 1;
			c.in_flight += bytes + MSS;	/* never idle */
			acked(&c, now, bytes, sent_at, &rtt);
			model_acked(&m, now / 1e6, (double)bytes / MSS, rtt_us / 1e6);
			/* On the border of two regions a rounding may decide. */
			if (fabs(model_w(&m, now / 1e6 - m.epoch) - m.w_est) < 0.01)
				m.cwnd = (double)c.cwnd / MSS;
			assert_close(&c, &m);
		}
		if (loss_every && i % loss_every == loss_every - 1) {
			now += 10;
			lost(&c, now, MSS, now - 1, false, &rtt);
			model_congestion(&m);
			assert_close(&c, &m);
			now += rtt_us;
		}
		c.in_flight = 0;
	}
}

/* [9438-4.4, 4.5] */
static void cubic_follows_the_rfc_in_the_concave_and_convex_region(void **state)
{
	/* Long fat: 1000 packets at 100 ms; then far past K into the convex region. */
	run_cubic(1000, 100000, 200, 40, 20);
	run_cubic(1000, 100000, 300, 0, 20);
	run_cubic(10000, 300000, 200, 80, 10);
	run_cubic(100000, 1000000, 100, 30, 50);
}

static void cubic_follows_the_rfc_in_the_reno_friendly_region(void **state)
{
	/* Short and thin: Reno would be faster, so CUBIC is as fast. */
	run_cubic(10, 10000, 400, 40, 5);
	run_cubic(20, 1000, 400, 17, 20);
	run_cubic(4, 100, 1000, 7, 2);
}

static void cubic_follows_the_rfc_on_random_paths(void **state)
{
	unsigned int i;

	for (i = 0; i < 300; i++)
		run_cubic(2 + unit_random(2000), 100 + unit_random(400000), 60,
			  unit_random(30), 1 + unit_random(30));
}

static void cubic_comes_back_to_w_max_after_k(void **state)
{
	struct quic_rtt rtt = rtt_of(20000);
	struct quic_cong c;
	quic_us now = 1000000, at_max = 0;
	double k = cbrt(1000 * 0.3 / 0.4);

	quic_cong_init(&c, &quic_cong_cubic_ops, MSS, 0);
	c.cwnd = 1000 * MSS;
	c.in_flight = 1ULL << 40;
	lost(&c, now, MSS, now - 1, false, &rtt);
	assert_int_equal(c.cwnd, 700 * MSS);
	while (!at_max) {
		now += 1000;
		acked(&c, now, c.cwnd / 20, now - 1 + (now == 1001000), &rtt);
		if (c.cwnd >= 999 * MSS)
			at_max = now;
	}
	assert_true(fabs((at_max - 1000000) / 1e6 - k) < k / 5);
}

/* 4.7: a flow whose saturation point falls gives up more. */
static void fast_convergence_lowers_w_max_further(void **state)
{
	struct quic_rtt rtt = rtt_of(50000);
	struct quic_cong c;

	quic_cong_init(&c, &quic_cong_cubic_ops, MSS, 0);
	c.cwnd = 1000 * MSS;
	lost(&c, 1000, MSS, 500, false, &rtt);
	assert_int_equal(c.priv[0], 1000 * MSS);	/* w_max is the first field */
	lost(&c, 2000, MSS, 1500, false, &rtt);
	assert_int_equal(c.priv[0], 700 * MSS * 17 / 20);
}

/* Far into the convex region an ACK of a window still adds half a window at most (4.2). */
static void a_stride_is_half_the_window_at_most(void **state)
{
	struct quic_rtt rtt = rtt_of(50000);
	struct quic_cong c;
	unsigned int i;

	quic_cong_init(&c, &quic_cong_cubic_ops, MSS, 0);
	c.cwnd = 100 * MSS;
	c.in_flight = 1ULL << 40;
	lost(&c, 1000000, MSS, 999999, false, &rtt);
	for (i = 1; i < 10; i++) {
		u64 was = c.cwnd;

		acked(&c, 1000000 + i * 100000000, c.cwnd, i * 100000000, &rtt);
		assert_true(c.cwnd <= was + was / 2);
		assert_true(i == 1 || c.cwnd >= was + was / 2 - 1);
	}
}

/* 4.8: after a timeout the next stage starts where it is, with K = 0. */
static void persistent_congestion_forgets_w_max(void **state)
{
	struct quic_rtt rtt = rtt_of(50000);
	struct quic_cong c;

	quic_cong_init(&c, &quic_cong_cubic_ops, MSS, 0);
	c.cwnd = 1000 * MSS;
	c.in_flight = 1ULL << 40;
	lost(&c, 1000000, MSS, 999999, true, &rtt);
	acked(&c, 1100000, 698 * MSS, 1050000, &rtt);
	assert_int_equal(c.cwnd, 700 * MSS);
	acked(&c, 1150000, 700 * MSS, 1100000, &rtt);
	assert_int_equal(c.priv[0], 700 * MSS);		/* w_max */
	assert_int_equal(c.priv[4], 0);			/* k */
}

/* [9438-4.2] */
static void idle_time_does_not_let_the_cubic_window_jump(void **state)
{
	struct quic_rtt rtt = rtt_of(50000);
	struct quic_cong busy, idle;
	quic_us gap = 3600ULL * 1000000;
	quic_us now = 1000000;
	unsigned int i, how;

	for (how = 0; how < 2; how++) {
		quic_cong_init(&busy, &quic_cong_cubic_ops, MSS, 0);
		busy.cwnd = 500 * MSS;
		busy.in_flight = 1ULL << 40;
		lost(&busy, now, MSS, now - 1, false, &rtt);
		for (i = 0; i < 100; i++)
			acked(&busy, now + i * 1000, busy.cwnd / 50, now + i * 1000, &rtt);
		idle = busy;
		acked(&busy, now + 200000, busy.cwnd / 50, now + 150000, &rtt);
		if (how) {
			/* Nothing in flight for an hour, then it goes on. */
			idle.in_flight = 0;
			sent(&idle, now + 99000 + gap, MSS);
		} else {
			/* Application-limited for an hour. */
			idle.app_limited = true;
			for (i = 1; i <= 10; i++)
				acked(&idle, now + 99000 + i * gap / 10, MSS, now + 99000, &rtt);
			idle.app_limited = false;
		}
		idle.in_flight = 1ULL << 40;
		acked(&idle, now + gap + 200000, idle.cwnd / 50, now + gap + 150000, &rtt);
		assert_true(idle.cwnd <= busy.cwnd + 1);
		assert_true(idle.cwnd + MSS >= busy.cwnd);
	}
}

/* The flight empties with every ACK: that alone does not stop the clock. */
static void a_window_acknowledged_whole_still_grows(void **state)
{
	struct quic_rtt rtt = rtt_of(50000);
	quic_us now = 1000000;
	struct quic_cong c;
	unsigned int i;

	quic_cong_init(&c, &quic_cong_cubic_ops, MSS, 0);
	c.cwnd = 300 * MSS;
	lost(&c, now, MSS, now - 1, false, &rtt);
	for (i = 0; i < 400; i++) {
		u64 bytes = c.cwnd;

		now += 1;
		sent(&c, now, bytes);
		now += 50000;
		acked(&c, now, bytes, now - 50000, &rtt);
		assert_int_equal(c.in_flight, 0);
	}
	assert_true(c.cwnd > 900 * MSS);
}

static void extreme_values_do_not_overflow(void **state)
{
	static const quic_us times[] = { 0, 1, 1000000, 1ULL << 32, 1ULL << 40, 1ULL << 62 };
	unsigned int a, i, j, k;

	for (a = 0; a < ARRAY_SIZE(algorithms); a++)
		for (i = 0; i < ARRAY_SIZE(times); i++)
			for (j = i; j < ARRAY_SIZE(times); j++)
				for (k = 0; k < 2; k++) {
					struct quic_rtt rtt = rtt_of(times[unit_random(5)] + 1);
					struct quic_cong c;
					u64 was;

					quic_cong_init(&c, algorithms[a], k ? 65527 : MSS,
						       times[i]);
					c.cwnd = k ? QUIC_CONG_MAX_WINDOW_BYTES : 100 * MSS;
					lost(&c, times[i], MSS, 0, false, &rtt);
					c.recovery_start = QUIC_US_NEVER;
					was = c.cwnd;
					acked(&c, times[i], MSS, 0, &rtt);
					acked(&c, times[j], 1ULL << 40, 0, &rtt);
					acked(&c, times[j], 1, 0, &rtt);
					assert_true(c.cwnd >= was);
					assert_true(c.cwnd <= QUIC_CONG_MAX_WINDOW_BYTES);
					assert_true(quic_cong_pacing_rate(&c, &rtt) >= 1);
				}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(algorithms_are_found_by_name),
		cmocka_unit_test(the_initial_window_is_ten_packets_within_14720_bytes),
		cmocka_unit_test(a_window_in_use_keeps_its_size_when_the_mss_changes),
		cmocka_unit_test(slow_start_grows_by_what_was_acknowledged),
		cmocka_unit_test(an_unused_window_does_not_grow),
		cmocka_unit_test(the_window_is_reduced_once_per_recovery_period),
		cmocka_unit_test(loss_and_mark_in_one_ack_are_one_event),
		cmocka_unit_test(the_window_never_falls_below_two_packets),
		cmocka_unit_test(persistent_congestion_collapses_the_window),
		cmocka_unit_test(a_window_full_leaves_no_room),
		cmocka_unit_test(pacing_is_the_window_per_round_trip_and_a_bit),
		cmocka_unit_test(changing_the_algorithm_keeps_window_and_flight),
		cmocka_unit_test(reno_avoidance_adds_a_packet_per_window),
		cmocka_unit_test(reno_follows_the_pseudo_code),
		cmocka_unit_test(cubic_follows_the_rfc_in_the_concave_and_convex_region),
		cmocka_unit_test(cubic_follows_the_rfc_in_the_reno_friendly_region),
		cmocka_unit_test(cubic_follows_the_rfc_on_random_paths),
		cmocka_unit_test(cubic_comes_back_to_w_max_after_k),
		cmocka_unit_test(fast_convergence_lowers_w_max_further),
		cmocka_unit_test(a_stride_is_half_the_window_at_most),
		cmocka_unit_test(persistent_congestion_forgets_w_max),
		cmocka_unit_test(idle_time_does_not_let_the_cubic_window_jump),
		cmocka_unit_test(a_window_acknowledged_whole_still_grows),
		cmocka_unit_test(extreme_values_do_not_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
