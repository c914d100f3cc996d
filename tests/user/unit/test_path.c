// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Amplification limit and validation of a path.
 */
#include "core/path.h"
#include "unit.h"

static const struct quic_addr ours = { .family = 4, .port = 443, .ip = { 192, 0, 2, 1 } };
static const struct quic_addr theirs = { .family = 4, .port = 4433, .ip = { 192, 0, 2, 2 } };

static void fresh(struct quic_path *p)
{
	quic_path_init(p, &ours, &theirs, 1200, QUIC_INITIAL_RTT_US);
}

static void new_path_may_send_nothing(void **state)
{
	struct quic_path p;

	memset(&p, 0xff, sizeof(p));
	fresh(&p);
	assert_true(quic_addr_equal(&p.local, &ours));
	assert_true(quic_addr_equal(&p.remote, &theirs));
	assert_false(p.validated);
	assert_int_equal(p.mtu, 1200);
	assert_int_equal(p.rtt.smoothed, QUIC_INITIAL_RTT_US);
	assert_int_equal(quic_path_amplification_room(&p), 0);
	assert_int_equal(p.nr_response, 0);
	assert_false(p.validating);
	assert_false(quic_path_wants_probe(&p));
}

static void mtu_is_never_below_the_least_datagram(void **state)
{
	struct quic_path p;

	quic_path_init(&p, &ours, &theirs, 500, QUIC_INITIAL_RTT_US);
	assert_int_equal(p.mtu, QUIC_MIN_DATAGRAM_BYTES);
	quic_path_init(&p, &ours, &theirs, 1452, QUIC_INITIAL_RTT_US);
	assert_int_equal(p.mtu, 1452);
}

/* [9000-8.1] [9000-9.3#2] [9000-14.1#4] */
static void amplification_is_three_at_most(void **state)
{
	struct quic_path p;

	fresh(&p);
	quic_path_on_rx(&p, 1200);
	assert_int_equal(quic_path_amplification_room(&p), 3600);
	quic_path_on_tx(&p, 1200);
	assert_int_equal(quic_path_amplification_room(&p), 2400);
	quic_path_on_tx(&p, 2400);
	assert_int_equal(quic_path_amplification_room(&p), 0);
	quic_path_on_rx(&p, 1);
	assert_int_equal(quic_path_amplification_room(&p), 3);
	/* What left above the limit (it may not) does not wrap around. */
	quic_path_on_tx(&p, 100);
	assert_int_equal(quic_path_amplification_room(&p), 0);
	quic_path_validate(&p);
	assert_int_equal(quic_path_amplification_room(&p), U64_MAX);
}

static void room_never_wraps(void **state)
{
	struct quic_path p;

	fresh(&p);
	p.rx_bytes = U64_MAX / 3;
	assert_int_equal(quic_path_amplification_room(&p), U64_MAX / 3 * 3);
	p.rx_bytes = U64_MAX / 3 + 1;
	assert_int_equal(quic_path_amplification_room(&p), U64_MAX - 1);
	p.rx_bytes = U64_MAX;
	p.tx_bytes = U64_MAX;
	assert_int_equal(quic_path_amplification_room(&p), 0);
}

/* [9000-8.1] under random traffic that asks before it sends */
static void limit_holds_for_any_order_of_traffic(void **state)
{
	unsigned int round, step;

	for (round = 0; round < 200; round++) {
		u64 in = 0, out = 0;
		struct quic_path p;

		fresh(&p);
		for (step = 0; step < 200; step++) {
			u64 bytes = unit_random(1500);

			if (unit_random(3) == 0) {
				quic_path_on_rx(&p, bytes);
				in += bytes;
			} else if (bytes <= quic_path_amplification_room(&p)) {
				quic_path_on_tx(&p, bytes);
				out += bytes;
			}
			assert_true(out <= 3 * in);
			assert_int_equal(quic_path_amplification_room(&p), 3 * in - out);
		}
	}
}

static const quic_us pto = 1000000;

static void challenge(struct quic_path *p, u8 fill, size_t bytes, quic_us now)
{
	u8 data[QUIC_PATH_DATA_BYTES];

	memset(data, fill, sizeof(data));
	quic_path_on_challenge_sent(p, data, bytes, pto, now);
}

static enum quic_path_answer answer(struct quic_path *p, u8 fill, quic_us now)
{
	u8 data[QUIC_PATH_DATA_BYTES];

	memset(data, fill, sizeof(data));
	return quic_path_on_response(p, data, now);
}

/* [9000-8.2.3] */
static void only_the_right_response_validates(void **state)
{
	static const u8 data[QUIC_PATH_DATA_BYTES] = "\x01\x02\x03\x04\x05\x06\x07\x08";
	u8 other[QUIC_PATH_DATA_BYTES] = {};
	struct quic_path p;
	unsigned int bit;

	fresh(&p);
	assert_int_equal(quic_path_on_response(&p, other, 5), QUIC_PATH_ANSWER_NONE);
	assert_false(p.validated);
	quic_path_begin_validation(&p, pto, 0);
	assert_true(p.challenge_send);
	assert_true(quic_path_wants_probe(&p));
	/* Nothing was sent: zeros answer nothing. */
	assert_int_equal(quic_path_on_response(&p, other, 5), QUIC_PATH_ANSWER_NONE);
	quic_path_on_challenge_sent(&p, data, QUIC_MIN_DATAGRAM_BYTES, pto, 0);
	assert_false(p.challenge_send);
	for (bit = 0; bit < 8 * sizeof(other); bit++) {
		memcpy(other, data, sizeof(other));
		other[bit / 8] ^= 1 << bit % 8;
		assert_int_equal(quic_path_on_response(&p, other, 5), QUIC_PATH_ANSWER_NONE);
	}
	assert_false(p.validated);
	assert_true(p.validating);
	assert_int_equal(quic_path_on_response(&p, data, 70000), QUIC_PATH_ANSWER_DONE);
	assert_true(p.validated);
	assert_false(p.validating);
	assert_int_equal(p.next_at, QUIC_US_NEVER);
	assert_int_equal(p.give_up_at, QUIC_US_NEVER);
	/* A repeat answers nothing. */
	assert_int_equal(quic_path_on_response(&p, data, 70001), QUIC_PATH_ANSWER_NONE);
}

/* [9000-8.2.1#1] each challenge has data of its own, and a late answer to any counts */
static void any_challenge_of_a_validation_can_be_answered(void **state)
{
	unsigned int answered, i;
	struct quic_path p;

	for (answered = 1; answered <= QUIC_PATH_CHALLENGES_MAX; answered++) {
		fresh(&p);
		quic_path_begin_validation(&p, pto, 0);
		for (i = 1; i <= QUIC_PATH_CHALLENGES_MAX; i++)
			challenge(&p, i, QUIC_MIN_DATAGRAM_BYTES, i);
		assert_int_equal(answer(&p, answered, 1000), QUIC_PATH_ANSWER_DONE);
	}
}

/* [9000-8.2.1#3] [9000-8.2.3#1] [9000-14#1] */
static void small_challenge_validates_the_address_only(void **state)
{
	struct quic_path p;

	fresh(&p);
	quic_path_on_rx(&p, 40);
	quic_path_begin_validation(&p, pto, 0);
	challenge(&p, 1, 120, 0);
	assert_int_equal(answer(&p, 1, 50000), QUIC_PATH_ANSWER_ADDRESS);
	assert_int_equal(quic_path_amplification_room(&p), U64_MAX);
	assert_true(p.validating);
	assert_true(p.challenge_send);		/* the second one, expanded */
	assert_int_equal(answer(&p, 1, 50001), QUIC_PATH_ANSWER_NONE);
	challenge(&p, 2, QUIC_MIN_DATAGRAM_BYTES, 50002);
	assert_int_equal(answer(&p, 2, 100000), QUIC_PATH_ANSWER_DONE);
}

/* [9000-9.4#3] [9000-8.2.4] */
static void challenges_back_off_and_end(void **state)
{
	quic_us now = 500, end = 500 + 7 * pto;
	unsigned int sent = 0;
	struct quic_path p;

	fresh(&p);
	quic_path_begin_validation(&p, pto, now);
	assert_int_equal(p.give_up_at, end);
	while (now < p.give_up_at) {
		if (p.challenge_send) {
			challenge(&p, ++sent, QUIC_MIN_DATAGRAM_BYTES, now);
			assert_int_equal(p.next_at, now + (pto << (sent - 1)));
		}
		now = min(p.next_at, p.give_up_at);
		quic_path_on_timeout(&p, now);
		quic_path_begin_validation(&p, pto, now);	/* goes on, does not restart */
		assert_int_equal(p.give_up_at, end);
	}
	assert_int_equal(sent, QUIC_PATH_CHALLENGES_MAX);
	quic_path_stop_validation(&p);
	assert_int_equal(answer(&p, 1, now), QUIC_PATH_ANSWER_NONE);
	assert_false(p.validated);
}

/* [9002-6.2.2] the first guess, but no sample */
static void response_time_is_the_first_guess_of_the_rtt(void **state)
{
	struct quic_path p;

	fresh(&p);
	quic_path_begin_validation(&p, pto, 0);
	challenge(&p, 1, QUIC_MIN_DATAGRAM_BYTES, 1000);
	answer(&p, 1, 31000);
	assert_int_equal(p.rtt.smoothed, 30000);
	assert_int_equal(p.rtt.first_sample_at, QUIC_US_NEVER);
	quic_rtt_sample(&p.rtt, 20000, 0, 40000);
	quic_path_begin_validation(&p, pto, 50000);
	challenge(&p, 2, QUIC_MIN_DATAGRAM_BYTES, 50000);
	answer(&p, 2, 90000);
	assert_int_equal(p.rtt.smoothed, 20000);
}

/* [9000-8.2.2#1] the newest ones are answered, memory is bounded */
static void newest_challenges_are_kept(void **state)
{
	struct quic_path p;
	u8 data[QUIC_PATH_DATA_BYTES];
	unsigned int i;

	fresh(&p);
	for (i = 1; i <= 5; i++) {
		memset(data, i, sizeof(data));
		quic_path_on_challenge(&p, data);
		assert_int_equal(p.nr_response, i < 2 ? i : 2);
		assert_memory_equal(p.response[p.nr_response - 1], data, sizeof(data));
	}
	memset(data, 4, sizeof(data));
	assert_memory_equal(p.response[0], data, sizeof(data));
}

static void addresses_differ_by_any_part(void **state)
{
	struct quic_addr a = ours;

	assert_true(quic_addr_equal(&a, &ours));
	a.port++;
	assert_false(quic_addr_equal(&a, &ours));
	a = ours;
	a.family = 6;
	assert_false(quic_addr_equal(&a, &ours));
	a = ours;
	a.scope = 1;
	assert_false(quic_addr_equal(&a, &ours));
	a = ours;
	a.ip[15] = 1;
	assert_false(quic_addr_equal(&a, &ours));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(new_path_may_send_nothing),
		cmocka_unit_test(mtu_is_never_below_the_least_datagram),
		cmocka_unit_test(amplification_is_three_at_most),
		cmocka_unit_test(room_never_wraps),
		cmocka_unit_test(limit_holds_for_any_order_of_traffic),
		cmocka_unit_test(only_the_right_response_validates),
		cmocka_unit_test(any_challenge_of_a_validation_can_be_answered),
		cmocka_unit_test(small_challenge_validates_the_address_only),
		cmocka_unit_test(challenges_back_off_and_end),
		cmocka_unit_test(response_time_is_the_first_guess_of_the_rtt),
		cmocka_unit_test(newest_challenges_are_kept),
		cmocka_unit_test(addresses_differ_by_any_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
