// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/recovery: which timer runs when several could (RFC 9002 6.2.1)
 */
#include "core/recovery.h"
#include "unit.h"

#include "recovery_bed.h"

static struct bed bed;

/* [9002-6.2.1#1] */
static void a_pto_is_a_millisecond_at_least(void **state)
{
	struct quic_rtt rtt;

	quic_rtt_init(&rtt, 0);
	quic_rtt_sample(&rtt, 1, 0, 1);
	rtt.var = 0;
	assert_int_equal(quic_rtt_pto(&rtt), 1 + 1000);
	rtt.var = 1000;
	assert_int_equal(quic_rtt_pto(&rtt), 1 + 4000);
}

/* [9002-6.2.1#2] */
static void the_earlier_of_initial_and_handshake_counts(void **state)
{
	enum quic_space space = QUIC_NR_SPACES;
	unsigned int first;
	quic_us pto, sent_at;

	for (first = 0; first < 2; first++) {
		bed_init(&bed);
		bed.r.handshake_confirmed = false;
		quic_rtt_sample(&bed.rtt, 100000, 0, 1);
		pto = quic_rtt_pto(&bed.rtt);
		sent_at = bed.now;
		bed_send_ctl(&bed, first, true, true, false, 0);
		bed.now += 1000;
		bed_send_ctl(&bed, !first, true, true, false, 0);
		assert_int_equal(bed_deadline(&bed), sent_at + pto);
		assert_int_equal(quic_recovery_on_timeout(&bed.r, &bed.a, &bed.rtt, false, true,
							  sent_at + pto, &space),
				 QUIC_RECOVERY_TIMEOUT_PTO);
		assert_int_equal(space, first);
		bed_exit(&bed);
	}
}

/* [9002-6.2.1#5] */
static void no_pto_runs_while_a_loss_timer_does(void **state)
{
	bed_init(&bed);
	bed_send(&bed, 2);
	bed.now += 80000;
	bed_ack(&bed, 1, 1);
	assert_int_equal(bed_deadline(&bed), 1000000 + 90000);
	/* However late it is. */
	bed.now += 3600ULL * 1000000;
	assert_int_equal(bed_deadline(&bed), 1000000 + 90000);
	assert_int_equal(bed_timeout(&bed), QUIC_RECOVERY_TIMEOUT_LOSS);
	assert_int_equal(bed.r.pto_count, 0);
	bed_exit(&bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pto_is_a_millisecond_at_least),
		cmocka_unit_test(the_earlier_of_initial_and_handshake_counts),
		cmocka_unit_test(no_pto_runs_while_a_loss_timer_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
