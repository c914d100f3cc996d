// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/rate against the draft's text: a model keeps every packet and every ACK, and
 * computes both rates of a sample from those in real numbers.
 */
#include <math.h>

#include "core/rate.h"
#include "unit.h"

#define PKTS	2000

struct flow {
	struct quic_rate r;
	struct quic_sent_pkt pkt[PKTS];
	bool acked[PKTS];
	unsigned int next;
	u64 in_flight;
	quic_us now;
	/* The model: what was delivered when; when each packet left. */
	u64 delivered;
	quic_us delivered_at, first_sent_at;
	u64 at_delivered[PKTS], at_lost[PKTS], at_flight[PKTS];
	quic_us at_delivered_at[PKTS], at_first_sent_at[PKTS];
	u64 lost;
};

static struct flow flow;

static void begin(quic_us now)
{
	memset(&flow, 0, sizeof(flow));
	flow.now = now;
}

static void send(struct flow *f, u16 bytes)
{
	struct quic_sent_pkt *p = &f->pkt[f->next];

	*p = (struct quic_sent_pkt){ .sent_at = f->now, .bytes = bytes };
	quic_rate_on_sent(&f->r, p, f->in_flight);
	if (!f->in_flight) {
		f->delivered_at = f->now;
		f->first_sent_at = f->now;
	}
	f->in_flight += bytes;
	f->at_delivered[f->next] = f->delivered;
	f->at_delivered_at[f->next] = f->delivered_at;
	f->at_first_sent_at[f->next] = f->first_sent_at;
	f->at_lost[f->next] = f->lost;
	f->at_flight[f->next++] = f->in_flight;
}

/* An ACK of some of what is out: the sample has to be the model's. */
static void ack(struct flow *f, quic_us min_rtt)
{
	struct quic_rate_sample s;
	s64 newest = -1;
	double elapsed;
	u64 bytes = 0;
	unsigned int i;

	for (i = 0; i < f->next; i++) {
		if (f->acked[i] || f->pkt[i].sent_at == f->now || unit_random(3))
			continue;
		f->acked[i] = true;
		bytes += f->pkt[i].bytes;
		newest = i;
	}
	f->in_flight -= bytes;
	quic_rate_on_acked(&f->r, newest < 0 ? NULL : &f->pkt[newest], bytes, f->now, min_rtt, &s);
	assert_int_equal(s.valid, newest >= 0);
	if (newest < 0)
		return;
	f->delivered += bytes;
	f->delivered_at = f->now;
	f->first_sent_at = f->pkt[newest].sent_at;
	assert_int_equal(s.delivered, f->delivered - f->at_delivered[newest]);
	assert_int_equal(s.prior_delivered, f->at_delivered[newest]);
	assert_int_equal(s.tx_in_flight, f->at_flight[newest]);
	assert_int_equal(s.lost, f->lost - f->at_lost[newest]);
	elapsed = fmax(f->now - f->at_delivered_at[newest],
		       f->pkt[newest].sent_at - f->at_first_sent_at[newest]);
	if (elapsed < min_rtt || !elapsed)
		assert_int_equal(s.rate, 0);
	else
		assert_true(fabs(s.rate - s.delivered * 1e6 / elapsed) <= 1);
}

static void samples_are_the_smaller_of_both_rates(void **state)
{
	unsigned int run, step;

	for (run = 0; run < 200; run++) {
		/* Across the wraps of a 32-bit clock in microseconds and in milliseconds. */
		begin(run % 4 == 0 ? 1 : run % 4 == 1 ? U32_MAX - 1000000ULL :
		      run % 4 == 2 ? U32_MAX * 1000ULL - 1000000 : 1ULL << 62);
		for (step = 0; flow.next < PKTS - 20; step++) {
			unsigned int n = unit_random(10) + 1;

			flow.now += unit_random(20000);
			while (n--)
				send(&flow, 1 + unit_random(1472));
			if (!unit_random(10)) {
				flow.lost += 1000;
				flow.r.lost += 1000;
			}
			flow.now += 1 + unit_random(50000);
			ack(&flow, unit_random(3) * 20000);
		}
	}
}

/* Ten packets at once every 100 ms over a path that takes as long, and an ACK of all. */
static void a_steady_flow_measures_its_rate(void **state)
{
	struct quic_rate_sample s;
	unsigned int i, k;

	begin(5000000);
	for (i = 0; i < 50; i++) {
		for (k = 0; k < 10; k++)
			send(&flow, 1000);
		flow.now += 100000;
		flow.in_flight = 0;
		quic_rate_on_acked(&flow.r, &flow.pkt[flow.next - 1], 10000, flow.now, 100000, &s);
		assert_int_equal(s.rate, 100000);
		assert_false(s.app_limited);
	}
}

static void an_app_limited_phase_ends_with_what_was_out(void **state)
{
	struct quic_rate_sample s;

	begin(1000);
	send(&flow, 1000);			/* 0 */
	quic_rate_mark_app_limited(&flow.r, flow.in_flight);
	flow.now += 1000;
	send(&flow, 1000);			/* 1 */
	assert_false(flow.pkt[0].app_limited);
	assert_true(flow.pkt[1].app_limited);
	flow.now += 1000;
	quic_rate_on_acked(&flow.r, &flow.pkt[0], 1000, flow.now, 0, &s);
	assert_false(s.app_limited);
	send(&flow, 1000);			/* 2: the bubble is not through */
	assert_true(flow.pkt[2].app_limited);
	quic_rate_on_acked(&flow.r, &flow.pkt[1], 1000, flow.now, 0, &s);
	assert_true(s.app_limited);
	send(&flow, 1000);			/* 3 */
	assert_false(flow.pkt[3].app_limited);
}

/* Nothing delivered yet, nothing in flight: it is a phase all the same. */
static void an_app_limited_phase_may_begin_with_nothing(void **state)
{
	begin(1000);
	quic_rate_mark_app_limited(&flow.r, 0);
	send(&flow, 1000);
	assert_true(flow.pkt[0].app_limited);
}

static void ages_saturate_and_losses_wrap(void **state)
{
	struct quic_rate_sample s;

	begin(1000);
	flow.r.lost = U32_MAX - 500ULL;
	send(&flow, 1000);
	flow.now += 1ULL << 40;
	send(&flow, 1000);
	assert_int_equal(flow.pkt[1].ack_age, U32_MAX);
	flow.r.lost += 3000;
	flow.now += 1000;
	quic_rate_on_acked(&flow.r, &flow.pkt[1], 2000, flow.now, 0, &s);
	assert_int_equal(s.lost, 3000);
	assert_true(s.rate <= 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_are_the_smaller_of_both_rates),
		cmocka_unit_test(a_steady_flow_measures_its_rate),
		cmocka_unit_test(an_app_limited_phase_ends_with_what_was_out),
		cmocka_unit_test(an_app_limited_phase_may_begin_with_nothing),
		cmocka_unit_test(ages_saturate_and_losses_wrap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
