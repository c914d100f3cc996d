// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/version and core/violation: tables that others trust blindly.
 */
#include "unit.h"

#include "core/version.h"
#include "core/violation.h"

static void versions_are_found_by_number(void **state)
{
	assert_int_equal(quic_version_find(QUIC_V1)->number, QUIC_V1);
	assert_int_equal(quic_version_find(QUIC_V2)->number, QUIC_V2);
	assert_null(quic_version_find(0));
	assert_null(quic_version_find(2));
	assert_ptr_equal(quic_version_at(0), quic_version_find(QUIC_V1));
	assert_ptr_equal(quic_version_at(1), quic_version_find(QUIC_V2));
	assert_null(quic_version_at(2));
}

/* RFC 9000 17.2 table 5; RFC 9369 3.2. */
static void type_bits_are_those_of_the_version(void **state)
{
	const struct quic_version *v1 = quic_version_find(QUIC_V1);
	const struct quic_version *v2 = quic_version_find(QUIC_V2);
	unsigned int bits;

	assert_int_equal(quic_version_long_type(v1, 0), QUIC_LONG_INITIAL);
	assert_int_equal(quic_version_long_type(v1, 1), QUIC_LONG_0RTT);
	assert_int_equal(quic_version_long_type(v1, 2), QUIC_LONG_HANDSHAKE);
	assert_int_equal(quic_version_long_type(v1, 3), QUIC_LONG_RETRY);
	assert_int_equal(quic_version_long_type(v2, 1), QUIC_LONG_INITIAL);
	assert_int_equal(quic_version_long_type(v2, 2), QUIC_LONG_0RTT);
	assert_int_equal(quic_version_long_type(v2, 3), QUIC_LONG_HANDSHAKE);
	assert_int_equal(quic_version_long_type(v2, 0), QUIC_LONG_RETRY);
	for (bits = 0; bits < 4; bits++) {
		assert_int_equal(v1->type_bits[quic_version_long_type(v1, bits)], bits);
		assert_int_equal(v2->type_bits[quic_version_long_type(v2, bits | 0xfc)], bits);
	}
}

static void greased_versions_are_reserved(void **state)
{
	assert_true(quic_version_is_reserved(0x0a0a0a0a));
	assert_true(quic_version_is_reserved(0xfa1a2a3a));
	assert_false(quic_version_is_reserved(0x0a0a0a0b));
	assert_false(quic_version_is_reserved(QUIC_V1));
	assert_false(quic_version_is_reserved(QUIC_V2));
	assert_false(quic_version_is_reserved(0));
}

static void selection_follows_our_preference(void **state)
{
	static const u32 both[] = { 0x0a0a0a0a, QUIC_V2, QUIC_V1 };
	static const u32 none[] = { 0x0a0a0a0a, 7 };

	assert_int_equal(quic_version_select(both, 3)->number, QUIC_V1);
	assert_int_equal(quic_version_select(both, 2)->number, QUIC_V2);
	assert_null(quic_version_select(both, 1));
	assert_null(quic_version_select(none, 2));
	assert_null(quic_version_select(NULL, 0));
}

static void every_violation_has_a_code_name_and_section(void **state)
{
	int v;

	for (v = 1; v < QUIC_NR_VIOLATIONS; v++) {
		assert_int_not_equal(quic_violation_error(v), QUIC_ERR_NO_ERROR);
		assert_true(strlen(quic_violation_name(v)) > 3);
		assert_true(strlen(quic_violation_section(v)) > 5);
	}
	assert_int_equal(quic_violation_error(QUIC_VIOLATION_NONE), QUIC_ERR_NO_ERROR);
	assert_int_equal(quic_violation_error(QUIC_VIOLATION_STREAM_FLOW_CONTROL),
			 QUIC_ERR_FLOW_CONTROL);
	assert_string_equal(quic_violation_name(QUIC_VIOLATION_ACK_UNSENT), "ACK_UNSENT");
	assert_string_equal(quic_violation_section(QUIC_VIOLATION_ACK_UNSENT), "9000-13.1");
}

static void an_unknown_violation_is_our_own_fault(void **state)
{
	assert_int_equal(quic_violation_error(QUIC_NR_VIOLATIONS), QUIC_ERR_INTERNAL);
	assert_int_equal(quic_violation_error(-1), QUIC_ERR_INTERNAL);
	assert_string_equal(quic_violation_name(QUIC_NR_VIOLATIONS), "?");
	assert_string_equal(quic_violation_section(-1), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions_are_found_by_number),
		cmocka_unit_test(type_bits_are_those_of_the_version),
		cmocka_unit_test(greased_versions_are_reserved),
		cmocka_unit_test(selection_follows_our_preference),
		cmocka_unit_test(every_violation_has_a_code_name_and_section),
		cmocka_unit_test(an_unknown_violation_is_our_own_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
