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
	assert_false(p.challenge_out);
}

static void mtu_is_never_below_the_least_datagram(void **state)
{
	struct quic_path p;

	quic_path_init(&p, &ours, &theirs, 500, QUIC_INITIAL_RTT_US);
	assert_int_equal(p.mtu, QUIC_MIN_DATAGRAM_BYTES);
	quic_path_init(&p, &ours, &theirs, 1452, QUIC_INITIAL_RTT_US);
	assert_int_equal(p.mtu, 1452);
}

/* [9000-8.1] */
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

/* [9000-8.2.3] */
static void only_the_right_response_validates(void **state)
{
	static const u8 data[QUIC_PATH_DATA_BYTES] = "\x01\x02\x03\x04\x05\x06\x07\x08";
	u8 other[QUIC_PATH_DATA_BYTES];
	struct quic_path p;
	unsigned int bit;

	fresh(&p);
	memset(other, 0, sizeof(other));
	assert_false(quic_path_on_response(&p, other));	/* nothing was asked */
	assert_false(p.validated);
	quic_path_challenge(&p, data);
	assert_true(p.challenge_send);
	for (bit = 0; bit < 8 * sizeof(other); bit++) {
		memcpy(other, data, sizeof(other));
		other[bit / 8] ^= 1 << bit % 8;
		assert_false(quic_path_on_response(&p, other));
	}
	assert_false(p.validated);
	assert_true(p.challenge_out);
	assert_true(quic_path_on_response(&p, data));
	assert_true(p.validated);
	assert_false(p.challenge_out);
	assert_false(p.challenge_send);
	assert_false(quic_path_on_response(&p, data));	/* a repeat answers nothing */
}

/* [9000-8.2.2] the newest ones are answered, memory is bounded */
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
		cmocka_unit_test(newest_challenges_are_kept),
		cmocka_unit_test(addresses_differ_by_any_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
