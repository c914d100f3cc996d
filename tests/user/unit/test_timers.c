// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/timers: the table against a plain array of deadlines.
 */
#include "core/timers.h"
#include "unit.h"

static void nothing_is_armed_at_first(void **state)
{
	struct quic_timers t;
	unsigned int i;

	quic_timers_init(&t);
	assert_true(quic_timers_earliest(&t) == QUIC_US_NEVER);
	for (i = 0; i < QUIC_NR_TIMERS; i++) {
		assert_false(quic_timers_is_armed(&t, i));
		assert_false(quic_timers_expired(&t, i, QUIC_US_NEVER));
	}
}

static void a_timer_is_due_at_its_deadline_once(void **state)
{
	struct quic_timers t;

	quic_timers_init(&t);
	quic_timers_set(&t, QUIC_TIMER_IDLE, 100);
	assert_false(quic_timers_expired(&t, QUIC_TIMER_IDLE, 99));
	assert_true(quic_timers_is_armed(&t, QUIC_TIMER_IDLE));
	assert_true(quic_timers_expired(&t, QUIC_TIMER_IDLE, 100));
	assert_false(quic_timers_is_armed(&t, QUIC_TIMER_IDLE));
	assert_false(quic_timers_expired(&t, QUIC_TIMER_IDLE, 101));
}

static void earliest_is_the_least_of_the_armed_ones(void **state)
{
	quic_us model[QUIC_NR_TIMERS], least;
	struct quic_timers t;
	unsigned int step, i;

	quic_timers_init(&t);
	for (i = 0; i < QUIC_NR_TIMERS; i++)
		model[i] = QUIC_US_NEVER;
	for (step = 0; step < 5000; step++) {
		i = unit_random(QUIC_NR_TIMERS);
		if (unit_random(3)) {
			model[i] = unit_random(1000);
			quic_timers_set(&t, i, model[i]);
		} else {
			model[i] = QUIC_US_NEVER;
			quic_timers_stop(&t, i);
		}
		least = QUIC_US_NEVER;
		for (i = 0; i < QUIC_NR_TIMERS; i++) {
			least = min(least, model[i]);
			assert_int_equal(quic_timers_is_armed(&t, i), model[i] != QUIC_US_NEVER);
		}
		assert_true(quic_timers_earliest(&t) == least);
	}
}

static void every_timer_has_a_name_of_its_own(void **state)
{
	unsigned int i, j;

	for (i = 0; i < QUIC_NR_TIMERS; i++) {
		assert_non_null(quic_timer_name(i));
		for (j = 0; j < i; j++)
			assert_string_not_equal(quic_timer_name(i), quic_timer_name(j));
	}
	assert_string_equal(quic_timer_name(QUIC_NR_TIMERS), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_armed_at_first),
		cmocka_unit_test(a_timer_is_due_at_its_deadline_once),
		cmocka_unit_test(earliest_is_the_least_of_the_armed_ones),
		cmocka_unit_test(every_timer_has_a_name_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
