// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/pacer: the rate in the long run, the size of bursts (RFC 9002 7.7).
 */
#include "core/cong.h"
#include "core/pacer.h"
#include "unit.h"

#define MSS 1452U

/* A pacer past its first flight. */
static void begin(struct quic_pacer *p, quic_us now, u64 rate)
{
	quic_pacer_init(p);
	quic_pacer_on_sent(p, now, U64_MAX, QUIC_CONG_INITIAL_WINDOW_BYTES);
	assert_int_equal(p->credit_bytes, 0);
}

/*
 * Sends whole packets whenever there is room, woken up to @late_us after
 * next_at, for @span; the bytes sent.
 */
static u64 send_for(struct quic_pacer *p, u64 rate, u64 span, u64 late_us)
{
	quic_us start = 1000000, now = start;
	u64 sent = 0;

	while (now < start + span) {
		u64 room = quic_pacer_room(p, now, rate, MSS);

		if (room) {
			u64 pkts = max(room / MSS, 1ULL);

			sent += pkts * MSS;
			/* One by one: less than a microsecond each at high rates. */
			while (pkts--)
				quic_pacer_on_sent(p, now, rate, MSS);
		} else {
			assert_true(quic_pacer_next_at(p, rate, MSS) > now);
			now = quic_pacer_next_at(p, rate, MSS);
			if (late_us)
				now += unit_random(late_us);
		}
	}
	return sent;
}

static void the_long_run_rate_is_right_within_one_percent(void **state)
{
	static const u64 rates[] = {
		100000, 1000000, 12500000, 125000000, 1000000000, 1251234567,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rates); i++) {
		u64 span = max(2000000ULL, 1000 * MSS * 1000000ULL / rates[i]);
		struct quic_pacer p;
		u64 sent, want = rates[i] / 1000 * (span / 1000);

		begin(&p, 1000000, rates[i]);
		sent = send_for(&p, rates[i], span, 0);
		assert_in_range(sent, want - want / 100, want + want / 100);
		/* Timers that come late do not lower it. */
		begin(&p, 1000000, rates[i]);
		sent = send_for(&p, rates[i], span, 900);
		assert_in_range(sent, want - want / 100, want + want / 100);
	}
}

/* [9002-7.7] */
static void no_interval_carries_more_than_two_bursts_above_the_rate(void **state)
{
	enum { N = 4000 };
	static quic_us at[N];
	static u64 total[N + 1];
	const u64 rate = 50000000;
	u64 burst = max(rate / 1000, 2ULL * MSS);
	struct quic_pacer p;
	quic_us now = 1000000;
	unsigned int n = 0, i, j;

	begin(&p, now, rate);
	while (n < N) {
		u64 room = quic_pacer_room(&p, now, rate, MSS);
		u64 bytes = unit_random(burst) + 1;

		/* Sometimes there is nothing to send for a while. */
		now += unit_random(50) ? unit_random(200) : unit_random(100000);
		if (!room)
			continue;
		bytes = min(bytes, room);
		quic_pacer_on_sent(&p, now, rate, bytes);
		at[n] = now;
		total[n + 1] = total[n] + bytes;
		n++;
	}
	for (i = 0; i < N; i += 7)
		for (j = i; j < N && j < i + 500; j++)
			assert_true(total[j + 1] - total[i] <=
				    (at[j] - at[i] + 1) * (rate / 1000000) + 2 * burst);
}

static void a_burst_is_a_millisecond_of_rate_or_two_packets(void **state)
{
	struct quic_pacer p;

	begin(&p, 0, 1000000000);
	assert_int_equal(quic_pacer_room(&p, 5, 1000000000, MSS), 1000000);
	assert_int_equal(quic_pacer_room(&p, 5, 1000, MSS), 2 * MSS);
	quic_pacer_on_sent(&p, 1000000, 1000000000, 1000000);
	quic_pacer_on_sent(&p, 1000000, 1000000000, 1000000);
	assert_int_equal(quic_pacer_room(&p, 1000000, 1000000000, MSS), 0);
	assert_int_equal(quic_pacer_next_at(&p, 1000000000, MSS), 1001000);
	assert_int_equal(quic_pacer_room(&p, 1001000, 1000000000, MSS), 1000000);
}

static void the_first_flight_leaves_at_once(void **state)
{
	const u64 rate = 2 * 12000 * 3;		/* the guess of 333 ms */
	struct quic_pacer p;
	u64 sent = 0;

	quic_pacer_init(&p);
	while (sent + 1200 <= 12000) {
		assert_true(quic_pacer_room(&p, 1000000, rate, 1200) >= 1200);
		assert_true(quic_pacer_next_at(&p, rate, 1200) <= 1000000);
		quic_pacer_on_sent(&p, 1000000, rate, 1200);
		sent += 1200;
	}
	/* The rest of it is not given back later, and room is a packet or nothing. */
	while (quic_pacer_room(&p, 1000000, rate, 1200))
		quic_pacer_on_sent(&p, 1000000, rate, 1200);
	assert_int_equal(quic_pacer_room(&p, 1000000, rate, 1200), 0);
	assert_true(quic_pacer_next_at(&p, rate, 1200) > 1000000);
}

static void an_unpaced_path_has_room_always(void **state)
{
	struct quic_pacer p;

	quic_pacer_init(&p);
	quic_pacer_on_sent(&p, 10, U64_MAX, 1ULL << 40);
	assert_true(quic_pacer_room(&p, 10, U64_MAX, MSS) == U64_MAX);
	assert_true(quic_pacer_next_at(&p, U64_MAX, MSS) <= 10);
}

static void extreme_rates_and_sizes_do_not_overflow(void **state)
{
	struct quic_pacer p;
	u64 debt;

	begin(&p, 0, 1);
	quic_pacer_on_sent(&p, 1ULL << 60, 1, U64_MAX);
	debt = p.next_at - (1ULL << 60);
	assert_in_range(debt, U32_MAX * 1000000ULL - 2000, U32_MAX * 1000000ULL);
	quic_pacer_on_sent(&p, 1ULL << 60, 0, 0);
	assert_true(quic_pacer_room(&p, 1ULL << 60, 1, MSS) == 0);
	begin(&p, 0, 1);
	quic_pacer_on_sent(&p, 0, U64_MAX - 1, 1);
	assert_true(quic_pacer_room(&p, 1000, U64_MAX - 1, MSS) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_long_run_rate_is_right_within_one_percent),
		cmocka_unit_test(no_interval_carries_more_than_two_bursts_above_the_rate),
		cmocka_unit_test(a_burst_is_a_millisecond_of_rate_or_two_packets),
		cmocka_unit_test(the_first_flight_leaves_at_once),
		cmocka_unit_test(an_unpaced_path_has_room_always),
		cmocka_unit_test(extreme_rates_and_sizes_do_not_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
