// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/flow: limits never shrink and never pass 2^62-1; the receive window
 * follows the reader (RFC 9000 4.1, 4.2).
 */
#include "core/flow.h"
#include "unit.h"

#define RTT 50000ULL

/* [9000-4.1#3] [9000-13.3#3] */
static void a_smaller_limit_is_ignored(void **state)
{
	struct quic_flow_tx f;

	quic_flow_tx_init(&f, 1000);
	f.used = 400;
	assert_int_equal(quic_flow_tx_room(&f), 600);
	assert_false(quic_flow_tx_raise(&f, 999));
	assert_false(quic_flow_tx_raise(&f, 1000));
	assert_int_equal(f.max, 1000);
	assert_true(quic_flow_tx_raise(&f, 1001));
	assert_int_equal(quic_flow_tx_room(&f), 601);
}

static void no_credit_means_no_room(void **state)
{
	struct quic_flow_tx f;

	quic_flow_tx_init(&f, 0);
	assert_int_equal(quic_flow_tx_room(&f), 0);
	/* 0-RTT limits may have been larger than those the server then confirmed. */
	f.used = 10;
	assert_int_equal(quic_flow_tx_room(&f), 0);
	assert_true(f.blocked_at == U64_MAX);
	assert_true(quic_flow_tx_raise(&f, QUIC_VARINT_MAX));
	assert_true(quic_flow_tx_room(&f) == QUIC_VARINT_MAX - 10);
}

/* [9000-4.1#2] [9000-19.9#2] [9000-19.10#4] */
static void the_peer_may_reach_the_limit_and_no_byte_more(void **state)
{
	struct quic_flow_rx f;

	quic_flow_rx_init(&f, 1000, 1000);
	assert_int_equal(quic_flow_rx_check(&f, 1000, QUIC_VIOLATION_STREAM_FLOW_CONTROL), 0);
	assert_int_equal(quic_flow_rx_check(&f, 1001, QUIC_VIOLATION_STREAM_FLOW_CONTROL),
			 QUIC_VIOLATION_STREAM_FLOW_CONTROL);
	assert_int_equal(quic_flow_rx_check(&f, U64_MAX, QUIC_VIOLATION_CONN_FLOW_CONTROL),
			 QUIC_VIOLATION_CONN_FLOW_CONTROL);
}

static void a_limit_is_told_once_a_sixteenth_of_the_window_was_read(void **state)
{
	struct quic_flow_rx f;

	quic_flow_rx_init(&f, 1600, 1600);
	assert_false(quic_flow_rx_consume(&f, 99, 0, RTT));
	assert_true(quic_flow_rx_consume(&f, 1, 0, RTT));
	assert_int_equal(f.max, 1600);
	assert_int_equal(quic_flow_rx_grant(&f), 1700);
	assert_int_equal(f.max, 1700);
	assert_false(quic_flow_rx_consume(&f, 99, 0, RTT));
	assert_int_equal(quic_flow_rx_grant(&f), 1799);
}

/* Reads a window's worth in each @per_window, granting at once; the window in the end. */
static u64 window_after(u64 window, u64 max_window, quic_us per_window, unsigned int windows)
{
	struct quic_flow_rx f;
	quic_us now = 1000000;
	unsigned int i, j;

	quic_flow_rx_init(&f, window, max_window);
	for (i = 0; i < windows; i++) {
		u64 part = f.window / 8;

		for (j = 0; j < 8; j++) {
			now += per_window / 8;
			if (quic_flow_rx_consume(&f, part, now, RTT))
				quic_flow_rx_grant(&f);
		}
	}
	return f.window;
}

static void the_window_doubles_while_it_is_emptied_in_a_round_trip(void **state)
{
	assert_in_range(window_after(65536, 1ULL << 30, RTT, 6), 65536 * 16, 65536 * 64);
}

static void a_slow_reader_keeps_its_window(void **state)
{
	assert_int_equal(window_after(65536, 1ULL << 30, 3 * RTT, 20), 65536);
}

static void the_window_stops_at_its_bound(void **state)
{
	assert_int_equal(window_after(65536, 200000, RTT, 20), 200000);
	assert_int_equal(window_after(65536, 0, RTT, 20), 65536);
}

/* A path that carries @bdp bytes per round trip: does the window come to cover it? */
static void the_window_comes_to_cover_what_the_path_carries(void **state)
{
	const u64 bdp = 5000000;
	struct quic_flow_rx f;
	quic_us now = 1000000;
	unsigned int i;

	quic_flow_rx_init(&f, 65536, 1ULL << 30);
	for (i = 0; i < 200; i++) {
		now += RTT / 10;
		if (quic_flow_rx_consume(&f, min(f.window, bdp) / 10, now, RTT))
			quic_flow_rx_grant(&f);
	}
	assert_in_range(f.window, bdp, 4 * bdp);
}

static void nothing_passes_the_largest_varint(void **state)
{
	struct quic_flow_rx f;

	quic_flow_rx_init(&f, QUIC_VARINT_MAX, U64_MAX);
	assert_true(f.max == QUIC_VARINT_MAX);
	quic_flow_rx_consume(&f, QUIC_VARINT_MAX - 10, 5, RTT);
	assert_true(quic_flow_rx_grant(&f) == QUIC_VARINT_MAX);
	assert_false(quic_flow_rx_consume(&f, 100, 5, RTT));
	assert_true(f.consumed == QUIC_VARINT_MAX);
	assert_true(quic_flow_rx_grant(&f) == QUIC_VARINT_MAX);
	assert_true(f.window <= f.window_max);
}

/* [9000-4.1] */
static void the_limit_never_shrinks_whatever_happens(void **state)
{
	unsigned int round, step;

	for (round = 0; round < 200; round++) {
		struct quic_flow_rx f;
		quic_us now = 0;
		u64 was;

		quic_flow_rx_init(&f, unit_random_varint(), unit_random_varint());
		was = f.max;
		for (step = 0; step < 200; step++) {
			u64 bytes = min(unit_random_varint(), f.max - f.consumed);
			bool tell;

			now += unit_random(2 * RTT);
			tell = quic_flow_rx_consume(&f, bytes, now, unit_random(2 * RTT));
			if (tell || !unit_random(4)) {
				u64 limit = quic_flow_rx_grant(&f);

				assert_true(limit >= was && limit <= QUIC_VARINT_MAX);
				assert_true(limit >= f.consumed);
				assert_true(!tell || limit > was);
				was = limit;
			}
			assert_true(f.max == was && f.window <= f.window_max);
		}
	}
}

/* [9000-4.1] */
static void each_limit_that_holds_bytes_back_is_told_once(void **state)
{
	struct quic_flow_tx f;

	quic_flow_tx_init(&f, 1000);
	f.used = 1000;
	assert_false(quic_flow_tx_owes_blocked(&f));	/* there is no more to send */
	f.wanted = true;
	assert_true(quic_flow_tx_owes_blocked(&f));
	f.blocked_at = f.max;
	assert_false(quic_flow_tx_owes_blocked(&f));
	assert_true(quic_flow_tx_raise(&f, 1500));
	assert_false(quic_flow_tx_owes_blocked(&f));
	f.used = 1500;
	f.wanted = true;
	assert_true(quic_flow_tx_owes_blocked(&f));
}

static void a_blocked_peer_is_told_what_is_worth_a_frame(void **state)
{
	struct quic_flow_rx f;

	quic_flow_rx_init(&f, 1600, 1600);
	assert_false(quic_flow_rx_on_blocked(&f, 1600));	/* it has all there is */
	quic_flow_rx_consume(&f, 99, 0, RTT);
	assert_false(quic_flow_rx_on_blocked(&f, 1600));
	quic_flow_rx_consume(&f, 1, 0, RTT);
	assert_true(quic_flow_rx_on_blocked(&f, 1600));
	quic_flow_rx_grant(&f);
	assert_false(quic_flow_rx_on_blocked(&f, 1700));
	assert_true(quic_flow_rx_on_blocked(&f, 1600));		/* it has not heard of it */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_smaller_limit_is_ignored),
		cmocka_unit_test(no_credit_means_no_room),
		cmocka_unit_test(the_peer_may_reach_the_limit_and_no_byte_more),
		cmocka_unit_test(a_limit_is_told_once_a_sixteenth_of_the_window_was_read),
		cmocka_unit_test(the_window_doubles_while_it_is_emptied_in_a_round_trip),
		cmocka_unit_test(a_slow_reader_keeps_its_window),
		cmocka_unit_test(the_window_stops_at_its_bound),
		cmocka_unit_test(the_window_comes_to_cover_what_the_path_carries),
		cmocka_unit_test(nothing_passes_the_largest_varint),
		cmocka_unit_test(the_limit_never_shrinks_whatever_happens),
		cmocka_unit_test(each_limit_that_holds_bytes_back_is_told_once),
		cmocka_unit_test(a_blocked_peer_is_told_what_is_worth_a_frame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
