// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The two state machines of a stream: every state with every event, against
 * tests/vectors/stream_{send,recv}_states.txt, and what those tables promise.
 */
#include "core/stream_state.h"
#include "golden.h"

static const char *send_name_after(unsigned int s, unsigned int ev)
{
	enum quic_send_state next = quic_send_state_next(s, ev);

	return next == QUIC_SEND_INVALID ? "-" : quic_send_state_name(next);
}

static const char *recv_name_after(unsigned int s, unsigned int ev)
{
	enum quic_recv_state next = quic_recv_state_next(s, ev);

	return next == QUIC_RECV_INVALID ? "-" : quic_recv_state_name(next);
}

static void sending_part_is_the_golden_table(void **state)
{
	static struct golden g;
	unsigned int s, ev;

	golden_print(&g, "%-12s", "");
	for (ev = 0; ev < QUIC_NR_SEND_EVENTS; ev++)
		golden_print(&g, "%-12s", quic_send_event_name(ev));
	golden_newline(&g);
	for (s = 0; s < QUIC_NR_SEND_STATES; s++) {
		golden_print(&g, "%-12s", quic_send_state_name(s));
		for (ev = 0; ev < QUIC_NR_SEND_EVENTS; ev++)
			golden_print(&g, "%-12s", send_name_after(s, ev));
		golden_newline(&g);
	}
	golden_check(&g, "stream_send_states.txt");
}

static void receiving_part_is_the_golden_table(void **state)
{
	static struct golden g;
	unsigned int s, ev;

	golden_print(&g, "%-12s", "");
	for (ev = 0; ev < QUIC_NR_RECV_EVENTS; ev++)
		golden_print(&g, "%-12s", quic_recv_event_name(ev));
	golden_newline(&g);
	for (s = 0; s < QUIC_NR_RECV_STATES; s++) {
		golden_print(&g, "%-12s", quic_recv_state_name(s));
		for (ev = 0; ev < QUIC_NR_RECV_EVENTS; ev++)
			golden_print(&g, "%-12s", recv_name_after(s, ev));
		golden_newline(&g);
	}
	golden_check(&g, "stream_recv_states.txt");
}

/* [9000-3.1] [9000-3.2] */
static void terminal_states_have_no_way_out(void **state)
{
	unsigned int s, ev;

	for (s = 0; s < QUIC_NR_SEND_STATES; s++) {
		bool moves = false;

		for (ev = 0; ev < QUIC_NR_SEND_EVENTS; ev++)
			moves |= quic_send_state_next(s, ev) != QUIC_SEND_INVALID;
		assert_int_equal(moves, !quic_send_state_is_terminal(s));
	}
	for (s = 0; s < QUIC_NR_RECV_STATES; s++) {
		bool moves = false;

		for (ev = 0; ev < QUIC_NR_RECV_EVENTS; ev++)
			moves |= quic_recv_state_next(s, ev) != QUIC_RECV_INVALID;
		assert_int_equal(moves, !quic_recv_state_is_terminal(s));
	}
}

/* No event leads back to a state left, so that each is told at most once. */
static void no_state_is_entered_twice(void **state)
{
	unsigned int s, ev;

	for (s = 0; s < QUIC_NR_SEND_STATES; s++) {
		for (ev = 0; ev < QUIC_NR_SEND_EVENTS; ev++) {
			unsigned int next = quic_send_state_next(s, ev);

			assert_true(next == QUIC_SEND_INVALID || next >= s);
		}
	}
	for (s = 0; s < QUIC_NR_RECV_STATES; s++) {
		for (ev = 0; ev < QUIC_NR_RECV_EVENTS; ev++) {
			unsigned int next = quic_recv_state_next(s, ev);

			assert_true(next == QUIC_RECV_INVALID || next >= s);
		}
	}
}

static void every_state_is_reachable(void **state)
{
	unsigned int seen = BIT(QUIC_SEND_READY), s, ev;

	for (s = 0; s < QUIC_NR_SEND_STATES; s++)
		for (ev = 0; ev < QUIC_NR_SEND_EVENTS; ev++)
			if (seen & BIT(s) && quic_send_state_next(s, ev) != QUIC_SEND_INVALID)
				seen |= BIT(quic_send_state_next(s, ev));
	assert_int_equal(seen, BIT(QUIC_NR_SEND_STATES) - 1);

	seen = BIT(QUIC_RECV_RECV);
	for (s = 0; s < QUIC_NR_RECV_STATES; s++)
		for (ev = 0; ev < QUIC_NR_RECV_EVENTS; ev++)
			if (seen & BIT(s) && quic_recv_state_next(s, ev) != QUIC_RECV_INVALID)
				seen |= BIT(quic_recv_state_next(s, ev));
	assert_int_equal(seen, BIT(QUIC_NR_RECV_STATES) - 1);
}

static void out_of_range_is_invalid(void **state)
{
	assert_int_equal(quic_send_state_next(QUIC_NR_SEND_STATES, 0), QUIC_SEND_INVALID);
	assert_int_equal(quic_send_state_next(QUIC_SEND_INVALID, 0), QUIC_SEND_INVALID);
	assert_int_equal(quic_send_state_next(0, QUIC_NR_SEND_EVENTS), QUIC_SEND_INVALID);
	assert_int_equal(quic_recv_state_next(QUIC_NR_RECV_STATES, 0), QUIC_RECV_INVALID);
	assert_int_equal(quic_recv_state_next(QUIC_RECV_INVALID, 0), QUIC_RECV_INVALID);
	assert_int_equal(quic_recv_state_next(0, QUIC_NR_RECV_EVENTS), QUIC_RECV_INVALID);
	assert_string_equal(quic_send_state_name(QUIC_SEND_INVALID), "?");
	assert_string_equal(quic_recv_state_name(QUIC_RECV_INVALID), "?");
	assert_string_equal(quic_send_event_name(QUIC_NR_SEND_EVENTS), "?");
	assert_string_equal(quic_recv_event_name(QUIC_NR_RECV_EVENTS), "?");
}

/* RFC 9000 2.1, table 1 */
static void stream_ids_tell_side_and_direction(void **state)
{
	unsigned int server, uni;
	u64 index;

	for (index = 0; index < 1ULL << 60; index = index * 7 + 1) {
		for (server = 0; server < 2; server++) {
			for (uni = 0; uni < 2; uni++) {
				quic_sid sid = quic_sid_make(index, server, uni);

				assert_int_equal(quic_sid_index(sid), index);
				assert_int_equal(quic_sid_is_server(sid), server);
				assert_int_equal(quic_sid_is_uni(sid), uni);
				assert_int_equal(sid & 3, server | uni << 1);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sending_part_is_the_golden_table),
		cmocka_unit_test(receiving_part_is_the_golden_table),
		cmocka_unit_test(terminal_states_have_no_way_out),
		cmocka_unit_test(no_state_is_entered_twice),
		cmocka_unit_test(every_state_is_reachable),
		cmocka_unit_test(out_of_range_is_invalid),
		cmocka_unit_test(stream_ids_tell_side_and_direction),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
