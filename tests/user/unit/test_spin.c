// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/spin: how often it is off, and what makes it turn [9000-17.4]
 */
#include "core/spin.h"
#include "unit.h"

/* [9000-17.4#3] */
static void one_in_sixteen_paths_does_not_spin(void **state)
{
	unsigned int byte, off = 0, ones = 0;

	for (byte = 0; byte < 256; byte++) {
		struct quic_spin s;

		quic_spin_init(&s, true, byte);
		off += !s.on;
		ones += s.value;
		assert_true(!s.on || !s.value);		/* a wave begins with 0 */
	}
	assert_int_equal(off, 256 / 16);
	assert_int_equal(ones, 256 / 32);
}

/* [9000-17.4#2,4] */
static void administrator_stops_it(void **state)
{
	unsigned int byte, ones = 0;

	for (byte = 0; byte < 256; byte++) {
		struct quic_spin s;
		bool value;

		quic_spin_init(&s, false, byte);
		assert_false(s.on);
		ones += s.value;
		value = s.value;
		quic_spin_on_rx(&s, byte & 1, 5, !value);
		assert_int_equal(s.value, value);	/* what comes is ignored */
		quic_spin_on_new_cid(&s, 0x10);
		assert_true(s.value);
		quic_spin_on_new_cid(&s, 0xef);
		assert_false(s.value);
	}
	assert_int_equal(ones, 128);
}

static void server_echoes_and_client_inverts(void **state)
{
	unsigned int server;

	for (server = 0; server < 2; server++) {
		struct quic_spin s;

		quic_spin_init(&s, true, 1);
		quic_spin_on_rx(&s, server, 0, true);
		assert_int_equal(s.value, server);
		quic_spin_on_rx(&s, server, 1, false);
		assert_int_equal(s.value, !server);
		/* Only a number above all others counts. */
		quic_spin_on_rx(&s, server, 1, true);
		assert_int_equal(s.value, !server);
		quic_spin_on_rx(&s, server, 0, true);
		assert_int_equal(s.value, !server);
		quic_spin_on_rx(&s, server, 9, true);
		assert_int_equal(s.value, server);
		quic_spin_on_new_cid(&s, 0xff);
		assert_false(s.value);
		assert_true(s.on);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_in_sixteen_paths_does_not_spin),
		cmocka_unit_test(administrator_stops_it),
		cmocka_unit_test(server_echoes_and_client_inverts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
