// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/ackfreq: what is asked for and when, and the delay a PTO allows for
 * (draft-ietf-quic-ack-frequency)
 */
#include "core/ackfreq.h"
#include "unit.h"

static struct quic_ackfreq_path path(u64 cwnd_pkts, quic_us srtt)
{
	return (struct quic_ackfreq_path){
		.cwnd_pkts = cwnd_pkts, .srtt = srtt, .min_delay = 1000, .max_delay = 25000,
		.reorder = 3,
	};
}

static void send(struct quic_ackfreq *a, u64 want_seq)
{
	assert_int_equal(quic_ackfreq_peek(a)->seq, want_seq);
	quic_ackfreq_on_sent(a);
}

/* [ack-frequency-4] */
static void obsolete_frames_are_ignored(void **state)
{
	struct quic_ackfreq a;

	quic_ackfreq_init(&a, 25000);
	assert_true(quic_ackfreq_is_news(&a, 0));
	assert_false(quic_ackfreq_is_news(&a, 0));
	assert_true(quic_ackfreq_is_news(&a, 7));
	assert_false(quic_ackfreq_is_news(&a, 6));
	assert_false(quic_ackfreq_is_news(&a, 7));
	assert_true(quic_ackfreq_is_news(&a, QUIC_VARINT_MAX));
	assert_false(quic_ackfreq_is_news(&a, QUIC_VARINT_MAX));
}

static void small_windows_ask_for_nothing(void **state)
{
	struct quic_ackfreq_path p = path(31, 40000);
	struct quic_ackfreq a;

	quic_ackfreq_init(&a, 25000);
	assert_false(quic_ackfreq_update(&a, &p, 1000000));
	p.cwnd_pkts = 32;
	assert_true(quic_ackfreq_update(&a, &p, 1000000));
	assert_int_equal(a.asked.threshold, 2);
	assert_int_equal(a.asked.delay, 10000);
	assert_int_equal(a.asked.reorder, 3);
}

static void values_stay_within_bounds(void **state)
{
	static const struct { u64 cwnd; quic_us srtt; u64 threshold; quic_us delay; } cases[] = {
		{ 64, 100, 4, 1000 }, { 1000, 2000000, 62, 25000 }, { 1000000, 60000, 63, 15000 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct quic_ackfreq_path p = path(cases[i].cwnd, cases[i].srtt);
		struct quic_ackfreq a;

		quic_ackfreq_init(&a, 25000);
		assert_true(quic_ackfreq_update(&a, &p, 1000000));
		assert_int_equal(a.asked.threshold, cases[i].threshold);
		assert_int_equal(a.asked.delay, cases[i].delay);
	}
}

static void frames_are_rare(void **state)
{
	struct quic_ackfreq_path p = path(160, 40000);
	struct quic_ackfreq a;

	quic_ackfreq_init(&a, 25000);
	assert_true(quic_ackfreq_update(&a, &p, 1000000));
	send(&a, 0);
	/* Not while one is out, not within a round trip, not for little. */
	p.cwnd_pkts = 1600;
	assert_false(quic_ackfreq_update(&a, &p, 2000000));
	quic_ackfreq_on_acked(&a);
	assert_false(quic_ackfreq_update(&a, &p, 1039999));
	p.cwnd_pkts = 300;
	assert_false(quic_ackfreq_update(&a, &p, 2000000));
	p.cwnd_pkts = 320;
	assert_true(quic_ackfreq_update(&a, &p, 2000000));
	send(&a, 1);
	quic_ackfreq_on_acked(&a);
	/* A threshold of loss detection that changed is told. */
	p.reorder = 9;
	assert_true(quic_ackfreq_update(&a, &p, 3000000));
	assert_int_equal(a.asked.reorder, 9);
}

/* [ack-frequency-7] */
static void a_pto_allows_for_the_greatest_delay_that_may_be_in_force(void **state)
{
	struct quic_ackfreq_path p = path(160, 8000);
	struct quic_ackfreq a;

	quic_ackfreq_init(&a, 25000);
	assert_true(quic_ackfreq_update(&a, &p, 1000000));	/* 2 ms */
	assert_int_equal(quic_ackfreq_pto_delay(&a), 25000);
	send(&a, 0);
	assert_int_equal(quic_ackfreq_pto_delay(&a), 25000);
	quic_ackfreq_on_lost(&a);
	send(&a, 1);
	quic_ackfreq_on_acked(&a);
	assert_int_equal(quic_ackfreq_pto_delay(&a), 2000);
	p.srtt = 80000;
	assert_true(quic_ackfreq_update(&a, &p, 2000000));	/* 20 ms */
	send(&a, 2);
	assert_int_equal(quic_ackfreq_pto_delay(&a), 20000);
	quic_ackfreq_on_acked(&a);
	assert_int_equal(quic_ackfreq_pto_delay(&a), 20000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(obsolete_frames_are_ignored),
		cmocka_unit_test(small_windows_ask_for_nothing),
		cmocka_unit_test(values_stay_within_bounds),
		cmocka_unit_test(frames_are_rare),
		cmocka_unit_test(a_pto_allows_for_the_greatest_delay_that_may_be_in_force),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
