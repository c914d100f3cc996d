// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/recovery across a change of the path in use (RFC 9000 9.4)
 */
#include "core/recovery.h"
#include "unit.h"
#include "recovery_bed.h"

static struct bed bed;

/* The network between the addresses is another one: all is measured anew. */
static void take_another_path(void)
{
	bed.now += 10000;
	quic_cong_init(&bed.cong, &plain_ops, MSS, bed.now);
	quic_recovery_set_path(&bed.r, 1, &bed.cong);
}

/* [9000-9.4#1] */
static void losses_on_another_path_say_nothing_of_this_one(void **state)
{
	bed_init(&bed);
	bed_send(&bed, 8);
	take_another_path();
	bed_send(&bed, 4);
	bed.now += 50000;
	bed_ack(&bed, 8, 11);
	assert_int_equal(bed.nr_lost, 8);
	assert_int_equal(bed.a.lost_bytes, 0);
	assert_int_equal(bed.cong.nr_events, 0);
	assert_int_equal(bed.cong.in_flight, 0);
	assert_int_equal(bed.rtt.latest, 50000);
	bed_exit(&bed);
}

/* [9000-9.4#1]: no sample, and nothing for the window */
static void acks_for_another_path_say_nothing_of_this_one(void **state)
{
	bed_init(&bed);
	bed_send(&bed, 2);
	take_another_path();
	bed.now += 50000;
	bed_ack(&bed, 0, 1);
	assert_int_equal(bed.nr_acked, 2);
	assert_int_equal(bed.a.acked_bytes, 0);
	assert_int_equal(bed.rtt.first_sample_at, QUIC_US_NEVER);
	bed_exit(&bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(losses_on_another_path_say_nothing_of_this_one),
		cmocka_unit_test(acks_for_another_path_say_nothing_of_this_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
