// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/recovery when the network reorders: thresholds grow, and a congestion event
 * that was none is undone.
 */
#include "core/recovery.h"
#include "unit.h"

#include "recovery_bed.h"

static struct bed bed;

/* [9002-6.1.1] The packet threshold follows the reordering seen, and is 3 at least. */
static void reordering_raises_the_packet_threshold(void **state)
{
	bed_init(&bed);
	bed_send(&bed, 12);
	bed.now += 50000;
	bed_ack(&bed, 4, 9);			/* 0 .. 3 lost */
	assert_int_equal(bed.nr_lost, 4);
	assert_int_equal(bed.r.packet_threshold, QUIC_PACKET_THRESHOLD);
	bed_ack(&bed, 2, 9);			/* 2 and 3 arrived: overtaken by seven */
	assert_int_equal(bed.r.packet_threshold, 8);
	bed_send(&bed, 20);			/* 12 .. 31 */
	bed_ack(&bed, 11, 19);			/* 10 is overtaken by as many */
	assert_int_equal(bed.nr_lost, 1);
	assert_int_equal(bed.lost[0], 10);
	bed_ack(&bed, 21, 27);			/* 20 by seven only */
	assert_int_equal(bed.nr_lost, 0);
	bed_exit(&bed);
}

static void patience_is_bounded_and_ends_when_losses_are_real(void **state)
{
	unsigned int i;

	bed_init(&bed);
	bed_send(&bed, 2000);
	bed.now += 50000;
	bed_ack(&bed, 1500, 1999);
	bed.now += 3600ULL * 1000000;
	bed_ack(&bed, 1490, 1999);
	assert_int_equal(bed.r.packet_threshold, QUIC_PACKET_THRESHOLD_MAX);
	assert_int_equal(bed.r.time_threshold_num, QUIC_TIME_THRESHOLD_NUM_MAX);
	for (i = 0; i < QUIC_RECOVERY_REORDER_EVENTS; i++) {
		assert_int_equal(bed.r.packet_threshold, QUIC_PACKET_THRESHOLD_MAX);
		bed.now += 50000;
		bed_send(&bed, 200);
		bed.now += 50000;
		bed_ack(&bed, bed.r.space[QUIC_SPACE_APP].sent.next - 10,
			bed.r.space[QUIC_SPACE_APP].sent.next - 1);
		assert_true(bed.nr_lost > 0);
	}
	assert_int_equal(bed.r.packet_threshold, QUIC_PACKET_THRESHOLD);
	assert_int_equal(bed.r.time_threshold_num, QUIC_TIME_THRESHOLD_NUM);
	bed_exit(&bed);
}

/* [9002-6.1.2] A packet that was merely late makes the time threshold larger. */
static void lateness_raises_the_time_threshold(void **state)
{
	bed_init(&bed);
	quic_rtt_sample(&bed.rtt, 80000, 0, 1);
	bed_send(&bed, 2);
	bed.now += 80000;
	bed_ack(&bed, 1, 1);
	bed.now += 10000;
	assert_int_equal(bed_timeout(&bed), QUIC_RECOVERY_TIMEOUT_LOSS);
	bed.now += 10000;
	bed_ack(&bed, 0, 1);			/* 100 ms after it left: 10/8 */
	assert_int_equal(bed.r.time_threshold_num, 10);
	bed_exit(&bed);
}

/* How an episode of two losses comes out. */
static void run_episode(bool first, bool second, bool ce, u64 want_cwnd)
{
	static const u64 counts[3] = { 0, 0, 1 };
	struct quic_ranges r;

	bed_init(&bed);
	bed_send_ctl(&bed, QUIC_SPACE_APP, true, true, ce, 0);
	bed_send(&bed, 8);			/* 0 .. 8 */
	bed.now += 50000;
	quic_ranges_init(&r, 4);
	quic_ranges_add(&r, 0, 1);
	quic_ranges_add(&r, 3, 9);
	bed_ack_frame(&bed, QUIC_SPACE_APP, bed_make_ack(&bed, &r, ce ? counts : NULL), 0);
	quic_ranges_exit(&r);
	assert_int_equal(bed.nr_lost, 2);	/* 1, 2 */
	assert_int_equal(bed.cong.nr_events, 1);
	assert_int_equal(bed.cong.cwnd, 5 * MSS);
	bed.now += 100;
	if (first)
		bed_ack(&bed, 1, 1);
	if (second)
		bed_ack(&bed, 2, 2);
	assert_int_equal(bed.cong.cwnd, want_cwnd);
	assert_int_equal(bed.cong.nr_undone, want_cwnd > 5 * MSS);
	bed_exit(&bed);
}

/* [9438-4.9.2] */
static void an_event_whose_losses_were_all_spurious_is_undone(void **state)
{
	run_episode(true, false, false, 5 * MSS);
	run_episode(false, true, false, 5 * MSS);
	run_episode(true, true, false, 10 * MSS);
	/* A mark was a sign of congestion all the same. */
	run_episode(true, true, true, 5 * MSS);
}

static void more_losses_than_are_remembered_are_not_undone(void **state)
{
	bed_init(&bed);
	bed_send(&bed, 64 * (QUIC_RECOVERY_LOST_LOG + 2));
	bed.now += 50000;
	bed_ack(&bed, 64 * (QUIC_RECOVERY_LOST_LOG + 2) - 4, 64 * (QUIC_RECOVERY_LOST_LOG + 2) - 1);
	bed.now += 1000;
	bed_ack(&bed, 0, 64 * (QUIC_RECOVERY_LOST_LOG + 2) - 1);
	assert_int_equal(bed.cong.nr_undone, 0);
	assert_in_range(bed.r.nr_spurious, 64 * (QUIC_RECOVERY_LOST_LOG - 1),
			64 * QUIC_RECOVERY_LOST_LOG);
	assert_int_equal(bed.r.lost_log_used, 0);
	bed_exit(&bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reordering_raises_the_packet_threshold),
		cmocka_unit_test(patience_is_bounded_and_ends_when_losses_are_real),
		cmocka_unit_test(lateness_raises_the_time_threshold),
		cmocka_unit_test(an_event_whose_losses_were_all_spurious_is_undone),
		cmocka_unit_test(more_losses_than_are_remembered_are_not_undone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
