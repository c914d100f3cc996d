// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/recovery against RFC 9002: each rule of sections 5, 6 and 7.6 by
 * itself.  All of them at once are test_recovery_trace's.
 */
#include "core/recovery.h"
#include "unit.h"

#include "recovery_bed.h"

static struct bed bed;

/* --- RTT, section 5 ------------------------------------------------------ */

/* [9002-5.2#1] */
static void the_first_sample_starts_the_estimate(void **state)
{
	struct quic_rtt r;

	quic_rtt_init(&r, 0);
	assert_int_equal(r.smoothed, 333000);
	assert_int_equal(r.var, 166500);
	assert_int_equal(quic_rtt_pto(&r), 999000);	/* about a second, 6.2.2 */
	quic_rtt_init(&r, 50000);
	assert_int_equal(r.smoothed, 50000);
	quic_rtt_sample(&r, 80000, 70000, 5);
	assert_int_equal(r.smoothed, 80000);
	assert_int_equal(r.var, 40000);
	assert_int_equal(r.min, 80000);
	assert_int_equal(r.first_sample_at, 5);
}

/* [9002-5.2#2] */
static void later_samples_follow_the_moving_average(void **state)
{
	double smoothed = 0, var = 0, least = 0;
	struct quic_rtt r;
	unsigned int i;

	quic_rtt_init(&r, 0);
	for (i = 0; i < 2000; i++) {
		double latest = 20000 + unit_random(80000), adj = latest;
		double delay = unit_random(30000);

		quic_rtt_sample(&r, latest, delay, i + 1);
		if (!i) {
			smoothed = latest;
			least = latest;
			var = latest / 2;
		} else {
			least = latest < least ? latest : least;
			if (latest >= least + delay)
				adj = latest - delay;
			var = 0.75 * var + 0.25 * abs_diff(smoothed, adj);
			smoothed = 0.875 * smoothed + 0.125 * adj;
		}
		assert_true(r.min == least && r.latest == latest);
		assert_true(r.smoothed <= smoothed + 1 && r.smoothed + 9 > smoothed);
		assert_true(r.var <= var + 10 && r.var + 15 > var);
	}
	assert_int_equal(r.first_sample_at, 1);
}

/* [9002-5.2, 5.3] [9002-5.3#2] */
static void a_delay_never_takes_a_sample_below_min_rtt(void **state)
{
	struct quic_rtt r;

	quic_rtt_init(&r, 0);
	quic_rtt_sample(&r, 10000, 0, 1);
	quic_rtt_sample(&r, 12000, 2000, 1);		/* adjusted to 10000 */
	assert_int_equal(r.smoothed, 10000);
	quic_rtt_sample(&r, 12000, 2001, 1);		/* not adjusted */
	assert_int_equal(r.smoothed, (7 * 10000 + 12000) / 8);
	quic_rtt_sample(&r, 12000, U64_MAX, 1);
	assert_int_equal(r.min, 10000);
}

/* [9002-5.1] */
static void only_a_new_largest_with_an_eliciting_packet_gives_a_sample(void **state)
{
	bed_init(&bed);
	bed_send_ctl(&bed, QUIC_SPACE_APP, false, false, false, 0);	/* 0 */
	bed.now += 10000;
	assert_int_equal(bed_ack(&bed, 0, 0), 0);
	assert_int_equal(bed.rtt.first_sample_at, QUIC_US_NEVER);
	bed_send(&bed, 3);						/* 1..3 */
	bed.now += 10000;
	bed_ack(&bed, 2, 2);
	assert_int_equal(bed.rtt.latest, 10000);
	bed.now += 5000;
	bed_ack(&bed, 1, 2);		/* largest acknowledged before */
	assert_int_equal(bed.rtt.latest, 10000);
	bed_send_ctl(&bed, QUIC_SPACE_APP, false, false, false, 0);	/* 4 */
	bed.now += 5000;
	bed_ack(&bed, 3, 4);		/* 4 elicits nothing, 3 does */
	assert_int_equal(bed.rtt.latest, 5000);
	bed_exit(&bed);
}

/* [9002-5.3#1] */
static void the_peers_delay_is_limited_once_the_handshake_is_confirmed(void **state)
{
	unsigned int i;

	for (i = 0; i < 3; i++) {
		enum quic_space space = i == 2 ? QUIC_SPACE_INITIAL : QUIC_SPACE_APP;
		struct quic_ranges r;

		bed_init(&bed);
		bed.r.handshake_confirmed = i == 1;
		quic_rtt_sample(&bed.rtt, 10000, 0, 1);
		bed_send_ctl(&bed, space, true, true, false, 0);
		bed.now += 200000;
		quic_ranges_init(&r, 4);
		quic_ranges_add(&r, 0, 1);
		bed_ack_frame(&bed, space, bed_make_ack(&bed, &r, NULL), 100000);
		quic_ranges_exit(&r);
		assert_int_equal(bed.rtt.smoothed,
				 (7 * 10000 + (i == 0 ? 100000 : i == 1 ? 175000 : 200000)) / 8);
		bed_exit(&bed);
	}
}

/* --- loss, 6.1 ----------------------------------------------------------- */

/* [9002-7.4] */
/* [9002-7.4#1] */
static void three_later_packets_make_a_loss(void **state)
{
	bed_init(&bed);
	bed_send(&bed, 10);
	bed.now += 100;
	bed_ack(&bed, 2, 2);
	assert_int_equal(bed.nr_lost, 0);
	bed_ack(&bed, 3, 3);
	assert_int_equal(bed.nr_lost, 1);
	assert_int_equal(bed.lost[0], 0);
	bed_ack(&bed, 9, 9);
	assert_int_equal(bed.nr_lost, 4);	/* 1, 4, 5, 6 */
	assert_int_equal(bed.lost[0], 1);
	assert_int_equal(bed.lost[3], 6);
	assert_int_equal(bed.cong.in_flight, 2 * MSS);
	assert_int_equal(bed.r.nr_lost, 5);
	bed_exit(&bed);
}

static void a_packet_below_an_acknowledged_one_is_lost_in_time(void **state)
{
	bed_init(&bed);
	bed_send(&bed, 2);
	bed.now += 80000;
	bed_ack(&bed, 1, 1);
	assert_int_equal(bed.nr_lost, 0);
	/* 9/8 of the RTT after it left. */
	assert_int_equal(bed_deadline(&bed), 1000000 + 90000);
	bed.now = 1000000 + 89999;
	assert_int_equal(bed_timeout(&bed), QUIC_RECOVERY_TIMEOUT_NONE);
	bed.now = 1000000 + 90000;
	assert_int_equal(bed_timeout(&bed), QUIC_RECOVERY_TIMEOUT_LOSS);
	assert_int_equal(bed.nr_lost, 1);
	assert_int_equal(bed.r.pto_count, 0);
	assert_int_equal(bed_deadline(&bed), QUIC_US_NEVER);
	assert_int_equal(bed.cong.nr_events, 1);
	bed_exit(&bed);
}

/* [9002-6.1.2] */
static void the_time_threshold_is_a_millisecond_at_least(void **state)
{
	bed_init(&bed);
	bed_send(&bed, 2);
	bed.now += 10;
	bed_ack(&bed, 1, 1);
	assert_int_equal(bed_deadline(&bed), 1000000 + 1000);
	bed_exit(&bed);
}

static void packets_above_the_largest_acknowledged_are_never_lost(void **state)
{
	bed_init(&bed);
	bed_send(&bed, 4);
	bed_ack(&bed, 0, 0);
	bed.now += 3600ULL * 1000000;
	bed_ack(&bed, 1, 1);
	assert_int_equal(bed.nr_lost, 0);
	bed_exit(&bed);
}

static void what_is_not_in_flight_is_not_lost_and_arms_no_timer(void **state)
{
	bed_init(&bed);
	bed_send_ctl(&bed, QUIC_SPACE_APP, false, false, false, 0);
	bed_send(&bed, 1);
	bed.now += 50000;
	bed_ack(&bed, 1, 1);
	assert_int_equal(bed_deadline(&bed), QUIC_US_NEVER);
	assert_int_equal(bed.r.nr_lost, 0);
	assert_int_equal(bed.cong.nr_events, 0);
	bed_exit(&bed);
}

/* [9000-14.4] */
static void a_lost_mtu_probe_is_no_sign_of_congestion(void **state)
{
	bed_init(&bed);
	bed_send_ctl(&bed, QUIC_SPACE_APP, true, true, false, QUIC_CTL_MTU_PROBE);
	bed_send(&bed, 5);
	bed.now += 50000;
	bed_ack(&bed, 1, 5);
	assert_int_equal(bed.nr_lost, 1);
	assert_int_equal(bed.cong.in_flight, 0);
	assert_int_equal(bed.cong.nr_events, 0);
	bed_exit(&bed);
}

static void a_late_ack_shows_a_loss_was_spurious(void **state)
{
	bed_init(&bed);
	bed_send(&bed, 8);
	bed.now += 50000;
	bed_ack(&bed, 2, 7);		/* 0 and 1 lost */
	assert_int_equal(bed.r.nr_lost, 2);
	bed.now += 10;
	bed_ack(&bed, 1, 7);
	assert_int_equal(bed.r.nr_spurious, 1);
	assert_int_equal(bed.nr_acked, 0);
	bed_ack(&bed, 0, 7);
	bed_ack(&bed, 0, 7);
	assert_int_equal(bed.r.nr_spurious, 2);
	assert_int_equal(bed.cong.in_flight, 0);
	bed_exit(&bed);
}

/* --- wrong ACKs ---------------------------------------------------------- */

static void assert_ack_changes_nothing(quic_pn start, quic_pn end)
{
	struct quic_recovery was = bed.r;
	struct quic_rtt rtt = bed.rtt;
	struct quic_sent_pkt pkts[64];
	u32 bytes = bed.r.space[QUIC_SPACE_APP].sent.pkt_cap * sizeof(pkts[0]);

	memcpy(pkts, bed.r.space[QUIC_SPACE_APP].sent.pkts, bytes);
	assert_int_equal(bed_ack(&bed, start, end), QUIC_VIOLATION_ACK_UNSENT);
	assert_memory_equal(&bed.r, &was, sizeof(was));
	assert_memory_equal(&bed.rtt, &rtt, sizeof(rtt));
	assert_memory_equal(bed.r.space[QUIC_SPACE_APP].sent.pkts, pkts, bytes);
}

/* [9000-13.1] */
static void ack_of_unsent_pn_is_violation(void **state)
{
	bed_init(&bed);
	assert_int_equal(bed_ack(&bed, 0, 0), QUIC_VIOLATION_ACK_UNSENT);
	bed_send(&bed, 10);
	assert_ack_changes_nothing(0, 10);
	assert_ack_changes_nothing(10, 10);
	assert_ack_changes_nothing(5, QUIC_PN_MAX);
	assert_int_equal(bed_ack(&bed, 0, 9), 0);
	assert_int_equal(bed_ack(&bed, 10, 10), QUIC_VIOLATION_ACK_UNSENT);
	bed_exit(&bed);
}

/* [9000-21.4] */
static void ack_of_skipped_pn_is_violation(void **state)
{
	struct quic_ranges r;

	bed_init(&bed);
	bed_send(&bed, 5);
	quic_sent_skip(&bed.r.space[QUIC_SPACE_APP].sent);		/* 5 */
	bed_send(&bed, 5);
	quic_sent_skip(&bed.r.space[QUIC_SPACE_APP].sent);		/* 11 */
	bed_send(&bed, 5);
	assert_ack_changes_nothing(0, 9);
	assert_ack_changes_nothing(5, 5);
	assert_ack_changes_nothing(10, 12);
	assert_ack_changes_nothing(0, 16);
	quic_ranges_init(&r, 8);
	quic_ranges_add(&r, 0, 5);
	quic_ranges_add(&r, 6, 11);
	quic_ranges_add(&r, 12, 17);
	assert_int_equal(bed_ack_frame(&bed, QUIC_SPACE_APP, bed_make_ack(&bed, &r, NULL), 0), 0);
	quic_ranges_exit(&r);
	assert_int_equal(bed.nr_acked, 15);
	assert_int_equal(bed.nr_lost, 0);
	assert_int_equal(bed.r.space[QUIC_SPACE_APP].sent.base, 17);
	bed_exit(&bed);
}

/* --- PTO, 6.2 ------------------------------------------------------------ */

/* [9002-6.2, 6.2.1] [9002-6.2] [9002-6.2.1#4] */
static void the_pto_doubles_and_declares_nothing_lost(void **state)
{
	quic_us pto, sent_at;
	unsigned int i;

	bed_init(&bed);
	bed_send(&bed, 1);
	bed.now += 40000;
	bed_ack(&bed, 0, 0);
	assert_int_equal(bed_deadline(&bed), QUIC_US_NEVER);
	bed_send(&bed, 4);
	sent_at = bed.now;
	pto = 40000 + 4 * 20000 + MAX_ACK_DELAY;
	for (i = 0; i < 5; i++) {
		assert_int_equal(bed_deadline(&bed), sent_at + (pto << i));
		bed.now = sent_at + (pto << i);
		assert_int_equal(bed_timeout(&bed), QUIC_RECOVERY_TIMEOUT_PTO);
		assert_int_equal(bed.r.pto_count, i + 1);
		bed_send(&bed, 1);
		sent_at = bed.now;
	}
	assert_int_equal(bed.r.nr_lost, 0);
	assert_int_equal(bed.cong.in_flight, 9 * MSS);
	bed.now += 40000;
	bed_ack(&bed, 9, 9);
	assert_int_equal(bed.r.pto_count, 0);
	bed_exit(&bed);
}

/* [9002-6.2.1#3] */
static void the_app_space_has_no_pto_before_the_handshake_is_confirmed(void **state)
{
	quic_us at;

	bed_init(&bed);
	bed.r.handshake_confirmed = false;
	bed_send(&bed, 1);
	assert_int_equal(bed_deadline(&bed), QUIC_US_NEVER);
	bed.now += 1000;
	bed_send_ctl(&bed, QUIC_SPACE_HANDSHAKE, true, true, false, 0);
	at = bed_deadline(&bed);
	assert_int_equal(at, bed.now + 999000);		/* without max_ack_delay */
	/* The earlier one of two spaces. */
	bed.now += 1000;
	bed_send_ctl(&bed, QUIC_SPACE_INITIAL, true, true, false, 0);
	assert_int_equal(bed_deadline(&bed), at);
	bed_exit(&bed);
}

/* [9002-6.2.2.1#1] */
static void no_timer_runs_at_the_amplification_limit(void **state)
{
	bed_init(&bed);
	bed_send_ctl(&bed, QUIC_SPACE_INITIAL, true, true, false, 0);
	assert_int_equal(quic_recovery_deadline(&bed.r, &bed.rtt, false, false, true, bed.now),
			 QUIC_US_NEVER);
	assert_true(bed_deadline(&bed) != QUIC_US_NEVER);
	bed_exit(&bed);
}

/* [9002-6.2.2.1#2,3] */
static void an_unvalidated_client_probes_with_nothing_in_flight(void **state)
{
	enum quic_space space;
	struct quic_ranges r;
	quic_us at;

	bed_init(&bed);
	bed.r.handshake_confirmed = false;
	bed_send_ctl(&bed, QUIC_SPACE_INITIAL, true, true, false, 0);
	bed.now += 30000;
	quic_ranges_init(&r, 4);
	quic_ranges_add(&r, 0, 1);
	bed_ack_frame(&bed, QUIC_SPACE_INITIAL, bed_make_ack(&bed, &r, NULL), 0);
	quic_ranges_exit(&r);
	assert_int_equal(bed.cong.in_flight, 0);
	at = quic_recovery_deadline(&bed.r, &bed.rtt, true, false, false, bed.now);
	assert_int_equal(at, bed.now + 30000 + 4 * 15000);
	/* Asking again later does not put it off. */
	assert_int_equal(quic_recovery_deadline(&bed.r, &bed.rtt, true, false, false, at - 1), at);
	assert_int_equal(quic_recovery_on_timeout(&bed.r, &bed.a, &bed.rtt, true, false, at,
						  &space), QUIC_RECOVERY_TIMEOUT_PTO);
	assert_int_equal(space, QUIC_SPACE_INITIAL);
	assert_int_equal(quic_recovery_deadline(&bed.r, &bed.rtt, true, true, false, at),
			 at + 2 * (30000 + 4 * 15000));
	/* 1-RTT packets in flight, which may not PTO, do not silence it. */
	bed_send(&bed, 1);
	assert_true(quic_recovery_deadline(&bed.r, &bed.rtt, true, true, false, at) !=
		    QUIC_US_NEVER);
	at = bed.now + 4000000;
	assert_int_equal(quic_recovery_on_timeout(&bed.r, &bed.a, &bed.rtt, true, true, at, &space),
			 QUIC_RECOVERY_TIMEOUT_PTO);
	assert_int_equal(space, QUIC_SPACE_HANDSHAKE);
	bed_exit(&bed);
}

/* [9002-6.2.1] */
static void the_backoff_stays_where_the_peer_has_not_validated_us(void **state)
{
	struct quic_sent_pkt *pkt;
	struct quic_ranges r;

	bed_init(&bed);
	bed_send_ctl(&bed, QUIC_SPACE_INITIAL, true, true, false, 0);
	bed.r.pto_count = 3;
	quic_ranges_init(&r, 4);
	quic_ranges_add(&r, 0, 1);
	bed_make_ack(&bed, &r, NULL);
	assert_int_equal(quic_recovery_ack_begin(&bed.r, &bed.a, QUIC_SPACE_INITIAL,
						 &bed.frame.ack, bed.now), 0);
	while ((pkt = quic_recovery_ack_next(&bed.r, &bed.a)))
		;
	quic_recovery_ack_end(&bed.r, &bed.a, &bed.frame.ack, &bed.rtt, &bed.cong, 0, false);
	bed_walk_lost(&bed);
	assert_int_equal(bed.r.pto_count, 3);
	quic_ranges_exit(&r);
	bed_exit(&bed);
}

static void the_backoff_does_not_overflow(void **state)
{
	bed_init(&bed);
	bed_send(&bed, 1);
	bed.r.pto_count = U32_MAX - 1;
	assert_in_range(bed_deadline(&bed), bed.now,
			bed.now + (1100000ULL << QUIC_PTO_MAX_BACKOFF));
	bed_exit(&bed);
}

/* --- discarding, 6.4 ----------------------------------------------------- */

/* [9002-6.2.2, 6.4] [9002-6.4] [9002-6.2.2] */
static void a_discarded_space_leaves_flight_and_timer(void **state)
{
	bed_init(&bed);
	bed_send_ctl(&bed, QUIC_SPACE_INITIAL, true, true, false, 0);
	bed_send_ctl(&bed, QUIC_SPACE_INITIAL, false, true, false, 0);
	bed_send_ctl(&bed, QUIC_SPACE_INITIAL, false, false, false, 0);
	bed_send(&bed, 1);
	bed.r.pto_count = 2;
	quic_recovery_discard_space(&bed.r, QUIC_SPACE_INITIAL, &bed.cong);
	assert_int_equal(bed.cong.in_flight, MSS);
	assert_int_equal(bed.r.pto_count, 0);
	assert_true(bed.r.space[QUIC_SPACE_INITIAL].discarded);
	assert_int_equal(bed_deadline(&bed), bed.now + 999000 + MAX_ACK_DELAY);
	bed_exit(&bed);
}

/* [9000-17.2.5.3#2] */
static void a_space_forgotten_goes_on_with_its_numbers(void **state)
{
	bed_init(&bed);
	bed_send(&bed, 5);
	quic_recovery_forget_space(&bed.r, QUIC_SPACE_APP, &bed.cong);
	assert_int_equal(bed.cong.in_flight, 0);
	assert_int_equal(bed_deadline(&bed), QUIC_US_NEVER);
	bed_send(&bed, 5);
	assert_int_equal(bed.r.space[QUIC_SPACE_APP].sent.next, 10);
	bed.now += 1000;
	assert_int_equal(bed_ack(&bed, 0, 9), 0);
	assert_int_equal(bed.nr_acked, 5);
	bed_exit(&bed);
}

/* --- persistent congestion, 7.6 ------------------------------------------ */

#define SEC 1000000ULL

/* RFC 9002 7.6.3: PTO 2 s, threshold 3; packets 1..9 are ours 0..8. */
static void the_example_of_the_rfc_is_persistent_congestion(void **state)
{
	static const u8 at[] = { 0, 1, 2, 3, 4, 5, 6, 8, 12 };
	unsigned int i;

	bed_init(&bed);
	for (i = 0; i < ARRAY_SIZE(at); i++) {
		bed.now = 100 * SEC + at[i] * SEC;
		bed_send(&bed, 1);
		if (i != 1)
			continue;
		/* A sample before packet 2 left is what the example leaves unsaid. */
		quic_rtt_sample(&bed.rtt, 200000, 0, 99 * SEC);
		bed.rtt.var = (2 * SEC - MAX_ACK_DELAY - 200000) / 4;
		bed.now = 101 * SEC + 200000;
		bed_ack(&bed, 0, 0);
		/* smoothed + 4 * var + max_ack_delay = 2 s */
		bed.rtt.smoothed = 200000;
		bed.rtt.var = (2 * SEC - MAX_ACK_DELAY - 200000) / 4;
	}
	bed.now = 112 * SEC + 200000;
	bed.cong.cwnd = 100 * MSS;
	bed_ack(&bed, 8, 8);
	assert_int_equal(bed.nr_lost, 7);
	assert_true(bed.a.persistent);
	assert_int_equal(bed.cong.cwnd, 2 * MSS + MSS);	/* and the ACK grows it again */
	assert_int_equal(bed.rtt.min, bed.rtt.latest);
	bed_exit(&bed);
}

/* Loses all of ten packets a second apart but those in @acked (a mask). */
static bool lose_span(quic_us first_sample, u32 acked, bool eliciting, quic_us step)
{
	struct quic_ranges r;
	bool persistent;
	unsigned int i;

	bed_init(&bed);
	quic_rtt_sample(&bed.rtt, 100000, 0, first_sample);
	for (i = 0; i < 10; i++) {
		bed.now = 100 * SEC + i * step;
		bed_send_ctl(&bed, QUIC_SPACE_APP, eliciting, true, false, 0);
	}
	bed_send(&bed, 4);
	quic_ranges_init(&r, 16);
	for (i = 0; i < 10; i++)
		if (acked & BIT(i))
			quic_ranges_add(&r, i, i + 1);
	quic_ranges_add(&r, 13, 14);
	bed.now += 100000;
	bed_ack_frame(&bed, QUIC_SPACE_APP, bed_make_ack(&bed, &r, NULL), 0);
	quic_ranges_exit(&r);
	persistent = bed.a.persistent;
	bed_exit(&bed);
	return persistent;
}

/* [9002-7.6.2] */
static void persistent_congestion_needs_a_span_without_an_ack(void **state)
{
	/* The threshold here is 3 * (100 + 4 * 37.5 + 25) ms = 825 ms. */
	assert_true(lose_span(SEC, 0, true, SEC));
	assert_true(lose_span(SEC, 0, true, 825000 / 9 + 100));
	assert_false(lose_span(SEC, 0, true, 825000 / 9 - 100));
	/* Every second one acknowledged, and one in the middle of a long enough rest. */
	assert_false(lose_span(SEC, 0x155, true, 700000));
	assert_true(lose_span(SEC, 0x010, true, SEC));
	assert_false(lose_span(SEC, 0x010, true, 150000));
}

/* [9002-7.6.2#1] */
static void only_eliciting_packets_show_persistent_congestion(void **state)
{
	assert_false(lose_span(SEC, 0, false, SEC));
}

static void only_packets_sent_after_the_first_sample_count(void **state)
{
	assert_false(lose_span(200 * SEC, 0, true, SEC));
	assert_true(lose_span(100 * SEC, 0, true, SEC));
	assert_false(lose_span(108 * SEC, 0, true, SEC));
	assert_true(lose_span(107 * SEC, 0, true, SEC));
}

static void an_ack_in_another_space_breaks_the_span(void **state)
{
	struct quic_ranges r;
	unsigned int i, other;

	for (other = 0; other < 2; other++) {
		bed_init(&bed);
		quic_rtt_sample(&bed.rtt, 100000, 0, SEC);
		for (i = 0; i < 2; i++) {
			bed_send(&bed, 1);
			bed.now += 300000;
			if (i == 0 && other)
				bed_send_ctl(&bed, QUIC_SPACE_HANDSHAKE, true, true, false, 0);
			bed.now += 300000;
		}
		quic_ranges_init(&r, 4);
		quic_ranges_add(&r, 0, 1);
		if (other)
			bed_ack_frame(&bed, QUIC_SPACE_HANDSHAKE, bed_make_ack(&bed, &r, NULL), 0);
		quic_ranges_exit(&r);
		bed.rtt = (struct quic_rtt){ .latest = 100000, .smoothed = 100000, .var = 37500,
					     .min = 100000, .first_sample_at = SEC / 2 };
		bed_send(&bed, 4);
		bed.now += 100000;
		bed_ack(&bed, 5, 5);
		assert_int_equal(bed.nr_lost, 3);
		assert_int_equal(bed.a.persistent, !other);
		bed_exit(&bed);
	}
}

/* A span of losses is none when one of them turns out to have arrived. */
static void a_spurious_loss_breaks_the_span(void **state)
{
	unsigned int spurious;

	for (spurious = 0; spurious < 2; spurious++) {
		bed_init(&bed);
		quic_rtt_sample(&bed.rtt, 100000, 0, 1);
		bed_send(&bed, 3);		/* 0 .. 2 */
		bed.now += 5 * SEC;
		bed_send(&bed, 4);		/* 3 .. 6 */
		bed.now += 100000;
		bed_ack(&bed, 5, 5);
		assert_int_equal(bed.nr_lost, 3);
		assert_false(bed.a.persistent);
		if (spurious)
			bed_ack(&bed, 1, 1);
		assert_int_equal(bed.r.nr_spurious, spurious);
		bed.r.packet_threshold = QUIC_PACKET_THRESHOLD;	/* it has become patient */
		bed_ack(&bed, 6, 6);
		assert_int_equal(bed.nr_lost, 1);
		assert_int_equal(bed.a.persistent, !spurious);
		bed_exit(&bed);
	}
}

/* --- ECN, RFC 9000 13.4.2 ------------------------------------------------ */

static void bed_send_ecn(struct bed *b, unsigned int n)
{
	while (n--)
		bed_send_ctl(b, QUIC_SPACE_APP, true, true, true, 0);
}

/* [9002-7.3.1] */
static void a_ce_mark_is_a_congestion_event(void **state)
{
	bed_init(&bed);
	bed_send_ecn(&bed, 10);
	bed.now += 1000;
	bed_ack_ecn(&bed, 0, 4, 5, 0, 0);
	assert_false(bed.a.ecn_failed || bed.a.ce_increased);
	assert_int_equal(bed.cong.cwnd, 15 * MSS);
	bed_ack_ecn(&bed, 5, 7, 7, 0, 1);
	assert_false(bed.a.ecn_failed);
	assert_true(bed.a.ce_increased);
	assert_int_equal(bed.cong.nr_events, 1);
	assert_int_equal(bed.cong.cwnd, 15 * MSS / 2);
	/* No new mark, no new event. */
	bed_ack_ecn(&bed, 8, 9, 9, 0, 1);
	assert_int_equal(bed.cong.nr_events, 1);
	bed_exit(&bed);
}

/* [9000-13.4.2.1] */
static void counts_that_can_not_be_fail_the_validation(void **state)
{
	static const struct {
		u64 ect0, ect1, ce;
		bool fails;
	} cases[] = {
		{ 5, 0, 0, false }, { 4, 0, 1, false }, { 0, 0, 5, false }, { 8, 0, 0, false },
		{ 4, 0, 0, true },	/* remarked or not counted */
		{ 0, 0, 0, true }, { 5, 1, 0, true },	/* we send no ECT(1) */
		{ 11, 0, 0, true }, { 6, 0, 6, true }, { 0, 0, 11, true },	/* more than sent */
		{ QUIC_VARINT_MAX, 0, QUIC_VARINT_MAX, true },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		bed_init(&bed);
		bed_send_ecn(&bed, 10);
		bed_ack_ecn(&bed, 0, 4, cases[i].ect0, cases[i].ect1, cases[i].ce);
		assert_int_equal(bed.a.ecn_failed, cases[i].fails);
		assert_int_equal(bed.cong.nr_events, !cases[i].fails && cases[i].ce);
		bed_exit(&bed);
	}
	/* No counts at all for marked packets; and for unmarked ones. */
	for (i = 0; i < 2; i++) {
		bed_init(&bed);
		if (i)
			bed_send_ecn(&bed, 5);
		else
			bed_send(&bed, 5);
		bed_ack(&bed, 0, 4);
		assert_int_equal(bed.a.ecn_failed, i);
		bed_exit(&bed);
	}
}

/* [9000-13.4.2.1] */
static void a_reordered_ack_does_not_fail_the_validation(void **state)
{
	bed_init(&bed);
	bed_send_ecn(&bed, 10);
	bed_ack_ecn(&bed, 4, 9, 10, 0, 0);
	assert_false(bed.a.ecn_failed);
	bed_ack_ecn(&bed, 2, 3, 2, 0, 0);	/* sent before it */
	assert_false(bed.a.ecn_failed);
	bed_exit(&bed);
}

/* [9000-13.4.2]: marked packets all get lost, or nothing comes back at all. */
static void marks_that_do_not_get_through_are_given_up(void **state)
{
	unsigned int i;

	bed_init(&bed);
	bed_send_ecn(&bed, 10);
	bed_send(&bed, 4);
	bed.now += 50000;
	bed_ack(&bed, 10, 13);
	assert_int_equal(bed.nr_lost, 10);
	assert_false(bed.a.ecn_failed);
	bed_send(&bed, 1);
	bed_ack(&bed, 14, 14);
	assert_true(bed.a.ecn_failed);
	bed_exit(&bed);

	bed_init(&bed);
	for (i = 1; i <= 3; i++) {
		bed_send_ecn(&bed, 1);
		bed.now = bed_deadline(&bed);
		assert_int_equal(bed_timeout(&bed), QUIC_RECOVERY_TIMEOUT_PTO);
		assert_int_equal(bed.a.ecn_failed, i == 3);
	}
	bed_exit(&bed);

	/* One that arrived shows the path lets them through. */
	bed_init(&bed);
	bed_send_ecn(&bed, 1);
	bed_ack_ecn(&bed, 0, 0, 1, 0, 0);
	for (i = 1; i <= 5; i++) {
		bed_send_ecn(&bed, 1);
		bed.now = bed_deadline(&bed);
		assert_int_equal(bed_timeout(&bed), QUIC_RECOVERY_TIMEOUT_PTO);
		assert_false(bed.a.ecn_failed);
	}
	bed_exit(&bed);
}

/* --- cost ---------------------------------------------------------------- */

/* 10,000 packets in flight, every third one dropped, an ACK of all of it per 10 packets. */
static void the_cost_of_an_ack_does_not_grow_with_what_is_in_flight(void **state)
{
	struct quic_sent *s = &bed.r.space[QUIC_SPACE_APP].sent;
	struct quic_ranges r;
	unsigned int i, j;

	bed_init(&bed);
	quic_ranges_init(&r, 40);
	bed_send(&bed, 10000);
	for (i = 0; i < 10000; i += 10) {
		bed.now += 100;
		for (j = i; j < i + 10; j++) {
			if (j % 3 == 1)
				continue;
			if (r.nr == r.max - 1)
				quic_ranges_drop_first(&r);
			quic_ranges_add(&r, j, j + 1);
		}
		bed_ack_frame(&bed, QUIC_SPACE_APP, bed_make_ack(&bed, &r, NULL), 0);
		assert_in_range(bed.nr_acked, 6, 7);
		/* The tail follows the head: what an ACK can look at is bounded. */
		assert_in_range(s->base, s->largest_acked - 2, s->largest_acked + 1);
		assert_true(bed.r.space[QUIC_SPACE_APP].lost_scan >= s->base);
	}
	assert_in_range(bed.r.nr_lost, 3330, 3333);
	quic_ranges_exit(&r);
	bed_exit(&bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_sample_starts_the_estimate),
		cmocka_unit_test(later_samples_follow_the_moving_average),
		cmocka_unit_test(a_delay_never_takes_a_sample_below_min_rtt),
		cmocka_unit_test(only_a_new_largest_with_an_eliciting_packet_gives_a_sample),
		cmocka_unit_test(the_peers_delay_is_limited_once_the_handshake_is_confirmed),
		cmocka_unit_test(three_later_packets_make_a_loss),
		cmocka_unit_test(a_packet_below_an_acknowledged_one_is_lost_in_time),
		cmocka_unit_test(the_time_threshold_is_a_millisecond_at_least),
		cmocka_unit_test(packets_above_the_largest_acknowledged_are_never_lost),
		cmocka_unit_test(what_is_not_in_flight_is_not_lost_and_arms_no_timer),
		cmocka_unit_test(a_lost_mtu_probe_is_no_sign_of_congestion),
		cmocka_unit_test(a_late_ack_shows_a_loss_was_spurious),
		cmocka_unit_test(ack_of_unsent_pn_is_violation),
		cmocka_unit_test(ack_of_skipped_pn_is_violation),
		cmocka_unit_test(the_pto_doubles_and_declares_nothing_lost),
		cmocka_unit_test(the_app_space_has_no_pto_before_the_handshake_is_confirmed),
		cmocka_unit_test(no_timer_runs_at_the_amplification_limit),
		cmocka_unit_test(an_unvalidated_client_probes_with_nothing_in_flight),
		cmocka_unit_test(the_backoff_stays_where_the_peer_has_not_validated_us),
		cmocka_unit_test(the_backoff_does_not_overflow),
		cmocka_unit_test(a_discarded_space_leaves_flight_and_timer),
		cmocka_unit_test(a_space_forgotten_goes_on_with_its_numbers),
		cmocka_unit_test(the_example_of_the_rfc_is_persistent_congestion),
		cmocka_unit_test(persistent_congestion_needs_a_span_without_an_ack),
		cmocka_unit_test(only_eliciting_packets_show_persistent_congestion),
		cmocka_unit_test(only_packets_sent_after_the_first_sample_count),
		cmocka_unit_test(an_ack_in_another_space_breaks_the_span),
		cmocka_unit_test(a_spurious_loss_breaks_the_span),
		cmocka_unit_test(a_ce_mark_is_a_congestion_event),
		cmocka_unit_test(counts_that_can_not_be_fail_the_validation),
		cmocka_unit_test(a_reordered_ack_does_not_fail_the_validation),
		cmocka_unit_test(marks_that_do_not_get_through_are_given_up),
		cmocka_unit_test(the_cost_of_an_ack_does_not_grow_with_what_is_in_flight),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
