// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The life of a connection: every state with every event, against
 * tests/vectors/conn_states.txt, and what that table promises.
 */
#include "core/conn_state.h"
#include "golden.h"

static void life_is_the_golden_table(void **state)
{
	static struct golden g;
	unsigned int s, ev;

	golden_print(&g, "%-14s", "");
	for (ev = 0; ev < QUIC_NR_CONN_EVENTS; ev++)
		golden_print(&g, "%-14s", quic_conn_event_name(ev));
	golden_newline(&g);
	for (s = 0; s < QUIC_NR_CONN_STATES; s++) {
		golden_print(&g, "%-14s", quic_conn_state_name(s));
		for (ev = 0; ev < QUIC_NR_CONN_EVENTS; ev++) {
			unsigned int next = quic_conn_state_next(s, ev);

			golden_print(&g, "%-14s", next == QUIC_CONN_INVALID ? "-" :
				     quic_conn_state_name(next));
		}
		golden_newline(&g);
	}
	golden_check(&g, "conn_states.txt");
}

static void life_only_goes_forward_and_ends_closed(void **state)
{
	unsigned int s, ev, seen = BIT(QUIC_CONN_NEW);

	for (s = 0; s < QUIC_NR_CONN_STATES; s++) {
		for (ev = 0; ev < QUIC_NR_CONN_EVENTS; ev++) {
			unsigned int next = quic_conn_state_next(s, ev);

			if (next == QUIC_CONN_INVALID)
				continue;
			assert_int_not_equal(s, QUIC_CONN_CLOSED);
			assert_true(next >= s);
			seen |= BIT(next);
		}
	}
	assert_int_equal(seen, BIT(QUIC_NR_CONN_STATES) - 1);
}

/* [9000-10.2] once it ends, it can only go on ending; the timer always ends it. */
static void an_end_is_not_undone(void **state)
{
	unsigned int s, ev;

	for (s = QUIC_CONN_CLOSING; s <= QUIC_CONN_DRAINING; s++) {
		assert_int_equal(quic_conn_state_next(s, QUIC_CONN_EV_CLOSE_TIMER),
				 QUIC_CONN_CLOSED);
		assert_int_equal(quic_conn_state_next(s, QUIC_CONN_EV_START), QUIC_CONN_INVALID);
		assert_int_equal(quic_conn_state_next(s, QUIC_CONN_EV_KEYS), QUIC_CONN_INVALID);
	}
	/* [9000-10.2.2] an endpoint that drains sends nothing, so it never closes again */
	for (ev = 0; ev < QUIC_NR_CONN_EVENTS; ev++)
		assert_int_not_equal(quic_conn_state_next(QUIC_CONN_DRAINING, ev),
				     QUIC_CONN_CLOSING);
}

static void out_of_range_is_invalid(void **state)
{
	assert_int_equal(quic_conn_state_next(QUIC_NR_CONN_STATES, 0), QUIC_CONN_INVALID);
	assert_int_equal(quic_conn_state_next(QUIC_CONN_INVALID, 0), QUIC_CONN_INVALID);
	assert_int_equal(quic_conn_state_next(0, QUIC_NR_CONN_EVENTS), QUIC_CONN_INVALID);
	assert_string_equal(quic_conn_state_name(QUIC_CONN_INVALID), "?");
	assert_string_equal(quic_conn_event_name(QUIC_NR_CONN_EVENTS), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(life_is_the_golden_table),
		cmocka_unit_test(life_only_goes_forward_and_ends_closed),
		cmocka_unit_test(an_end_is_not_undone),
		cmocka_unit_test(out_of_range_is_invalid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
