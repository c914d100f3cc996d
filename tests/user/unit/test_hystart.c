// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/hystart against RFC 9406: its pseudo code in real numbers of segments and
 * milliseconds, with sequence numbers for the rounds, on random RTT traces.
 */
#include <math.h>

#include "core/hystart.h"
#include "core/recovery.h"
#include "unit.h"

#define MSS	1200U

/* Section 4.2 and the constants of 4.3 as they stand. */
struct model {
	double cwnd, ssthresh;				/* segments */
	double last_min, current_min, baseline;		/* ms, INFINITY: infinity */
	unsigned int samples, css_rounds;
	bool css;
	u64 window_end, snd_nxt;			/* bytes */
};

static void model_init(struct model *m, double cwnd)
{
	*m = (struct model){
		.cwnd = cwnd, .ssthresh = INFINITY, .last_min = INFINITY,
		.current_min = INFINITY, .baseline = INFINITY,
	};
}

/* An ACK up to @una of @n segments more, with an RTT sample; segments left for avoidance. */
static double model_ack(struct model *m, u64 una, double n, double rtt_ms)
{
	if (isfinite(m->ssthresh))
		return n;
	if (una > m->window_end) {
		m->window_end = m->snd_nxt;
		m->last_min = m->current_min;
		m->current_min = INFINITY;
		m->samples = 0;
		if (m->css && ++m->css_rounds == 5) {
			m->ssthresh = m->cwnd;
			return n;
		}
	}
	m->current_min = fmin(m->current_min, rtt_ms);
	m->samples++;
	if (!m->css) {
		m->cwnd += n;
		if (m->samples >= 8 && isfinite(m->current_min) && isfinite(m->last_min)) {
			double thresh = fmax(4, fmin(m->last_min / 8, 16));

			if (m->current_min >= m->last_min + thresh) {
				m->baseline = m->current_min;
				m->css = true;
				m->css_rounds = 0;
			}
		}
	} else {
		m->cwnd += n / 4;
		if (m->samples >= 8 && m->current_min < m->baseline) {
			m->baseline = INFINITY;
			m->css = false;
		}
	}
	return 0;
}

/* A sender in rounds: each window leaves at once, its ACKs come in @acks parts. */
struct sender {
	struct quic_cong c;
	struct quic_hystart h;
	struct model m;
	struct quic_rtt rtt;
	quic_us now;
	u64 sent_bytes, acked_bytes;
	bool was_css;
	unsigned int spurious;
};

static void sender_init(struct sender *s)
{
	memset(s, 0, sizeof(*s));
	s->now = 1000000;
	s->rtt = (struct quic_rtt){ .latest = 1, .smoothed = 1, .min = 1 };
	quic_cong_init(&s->c, &quic_cong_reno_ops, MSS, s->now);
	quic_hystart_init(&s->h);
	model_init(&s->m, (double)s->c.cwnd / MSS);
}

/* One round of RTTs drawn from [@from, @from + @spread] ms in @acks ACKs. */
static void sender_round(struct sender *s, double from, double spread, unsigned int acks)
{
	struct quic_sent_pkt pkt = {};
	u64 window = s->c.cwnd, part = window / acks;
	unsigned int i;

	for (i = 0; i < acks && s->c.ssthresh == U64_MAX; i++) {
		quic_us rtt_us = (from + spread * unit_random(1000) / 1000) * 1000;
		struct quic_cong_ack a = {
			.now = s->now + rtt_us, .bytes = part, .fresh_bytes = part,
			.rtt_sample = rtt_us, .rtt = &s->rtt,
		};
		double left;
		u64 rest;

		/* It left when the window's first byte was delivered: at the round's start. */
		pkt.sent_at = s->now;
		pkt.delivered = s->acked_bytes - i * part;
		quic_rate_on_acked(&s->c.rate, &pkt, part, a.now, 0, &a.rs);
		s->acked_bytes += part;
		if (!i)
			s->m.snd_nxt = s->acked_bytes - part + window;
		rest = quic_hystart_grow(&s->h, &s->c, &a);
		left = model_ack(&s->m, s->acked_bytes, (double)part / MSS,
				 rtt_us / 1000.0);
		assert_int_equal(rest != 0, left != 0);
		/* A quarter of a byte count is rounded down. */
		assert_true(fabs((double)s->c.cwnd / MSS - s->m.cwnd) < 0.3);
		assert_int_equal(s->c.ssthresh == U64_MAX, isinf(s->m.ssthresh));
		assert_int_equal(s->h.baseline != QUIC_US_NEVER, s->m.css);
		s->spurious += s->was_css && !s->m.css;
		s->was_css = s->m.css;
	}
	s->now += 200000;
}

static void hystart_follows_the_rfc_on_random_traces(void **state)
{
	unsigned int run, round, ended = 0, spurious = 0;
	static struct sender s;

	for (run = 0; run < 3000; run++) {
		double base = 1 + unit_random(200), queue = 0;

		sender_init(&s);
		for (round = 0; round < 20 && s.c.ssthresh == U64_MAX; round++) {
			if (unit_random(3))
				queue += unit_random(12);
			else if (!unit_random(3))
				queue = 0;
			sender_round(&s, base + queue, unit_random(4), 1 + unit_random(20));
		}
		ended += s.c.ssthresh != U64_MAX;
		spurious += s.spurious;
	}
	/* The traces reach every way out. */
	assert_true(ended > 500 && spurious > 500);
}

/* MIN_RTT_THRESH, MAX_RTT_THRESH and MIN_RTT_DIVISOR: a rise that is just enough, and not quite. */
static void the_threshold_is_an_eighth_between_4_and_16_ms(void **state)
{
	static const struct { double rtt, rise; } cases[] = {
		{ 10, 4 }, { 32, 4 }, { 64, 8 }, { 80, 10 }, { 128, 16 }, { 400, 16 },
	};
	static struct sender s;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		sender_init(&s);
		sender_round(&s, cases[i].rtt, 0, 10);
		sender_round(&s, cases[i].rtt + cases[i].rise - 0.001, 0, 10);
		assert_true(s.h.baseline == QUIC_US_NEVER);
		sender_init(&s);
		sender_round(&s, cases[i].rtt, 0, 10);
		sender_round(&s, cases[i].rtt + cases[i].rise, 0, 10);
		assert_true(s.h.baseline != QUIC_US_NEVER);
	}
}

/* N_RTT_SAMPLE */
static void fewer_than_eight_samples_decide_nothing(void **state)
{
	static struct sender s;
	unsigned int i;

	sender_init(&s);
	for (i = 0; i < 10; i++)
		sender_round(&s, 50 + 30 * i, 0, 7);
	assert_true(s.h.baseline == QUIC_US_NEVER);
	assert_true(s.c.ssthresh == U64_MAX);
}

/* CSS_ROUNDS and CSS_GROWTH_DIVISOR */
static void conservative_slow_start_lasts_five_rounds(void **state)
{
	static struct sender s;
	unsigned int i;
	u64 was;

	sender_init(&s);
	sender_round(&s, 50, 0, 10);
	sender_round(&s, 60, 0, 10);
	assert_true(s.h.baseline != QUIC_US_NEVER);
	/* What is left of the round in which it began counts as one. */
	for (i = 0; i < 4; i++) {
		assert_true(s.c.ssthresh == U64_MAX);
		was = s.c.cwnd;
		sender_round(&s, 60, 0, 10);
		assert_true(fabs((double)s.c.cwnd / was - 1.25) < 0.01);
	}
	was = s.c.cwnd;
	sender_round(&s, 60, 0, 10);
	assert_int_equal(s.c.ssthresh, was);
	assert_int_equal(s.c.cwnd, was);
}

static void later_slow_starts_are_plain(void **state)
{
	static struct sender s;
	struct quic_cong_ack a = { .bytes = 1000, .fresh_bytes = 1000 };

	sender_init(&s);
	s.c.ssthresh = s.c.cwnd + 700;
	assert_int_equal(quic_hystart_grow(&s.h, &s.c, &a), 300);
	assert_int_equal(s.c.cwnd, s.c.ssthresh);
	assert_int_equal(s.h.samples, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hystart_follows_the_rfc_on_random_traces),
		cmocka_unit_test(the_threshold_is_an_eighth_between_4_and_16_ms),
		cmocka_unit_test(fewer_than_eight_samples_decide_nothing),
		cmocka_unit_test(conservative_slow_start_lasts_five_rounds),
		cmocka_unit_test(later_slow_starts_are_plain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
