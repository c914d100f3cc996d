// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/wire: varints [9000-16], cursors that can not overrun, writers whose
 * overflow sticks.
 */
#include "unit.h"

#include "core/wire.h"
#include "rfc9000.h"

static void varints_of_the_rfc_decode(void **state)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(quic_vectors_varint); i++) {
		const struct quic_vector_varint *v = &quic_vectors_varint[i];
		struct quic_reader r;
		bool shortest = !v->shortest;
		u64 value = 0;

		quic_wire_read_init(&r, v->bytes, v->len);
		assert_true(quic_wire_get_varint_strict(&r, &value, &shortest));
		assert_int_equal(value, v->value);
		assert_int_equal(shortest, v->shortest);
		assert_int_equal(quic_wire_left(&r), 0);
	}
}

static void varints_of_the_rfc_encode(void **state)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(quic_vectors_varint); i++) {
		const struct quic_vector_varint *v = &quic_vectors_varint[i];
		struct quic_writer w;
		u8 buf[8];

		quic_wire_write_init(&w, buf, sizeof(buf));
		if (v->shortest)
			quic_wire_put_varint(&w, v->value);
		else
			quic_wire_put_varint_fixed(&w, v->len, v->value);
		assert_false(w.overflow);
		assert_int_equal(w.len, v->len);
		assert_memory_equal(buf, v->bytes, v->len);
	}
}

static void varint_too_large_overflows(void **state)
{
	struct quic_writer w;
	u8 buf[16];

	quic_wire_write_init(&w, buf, sizeof(buf));
	quic_wire_put_varint(&w, QUIC_VARINT_MAX + 1);
	assert_true(w.overflow);
	quic_wire_write_init(&w, buf, sizeof(buf));
	quic_wire_put_varint_fixed(&w, 2, 1 << 14);
	assert_true(w.overflow);
}

static void random_varints_survive_a_round_trip(void **state)
{
	int i;

	for (i = 0; i < 20000; i++) {
		u64 v = unit_random_varint(), back = 0;
		struct quic_writer w, size;
		struct quic_reader r;
		bool shortest;
		u8 buf[8];

		quic_wire_write_init(&w, buf, sizeof(buf));
		quic_wire_count_init(&size);
		quic_wire_put_varint(&w, v);
		quic_wire_put_varint(&size, v);
		assert_int_equal(w.len, size.len);
		assert_int_equal(w.len, quic_wire_varint_len(v));
		quic_wire_read_init(&r, buf, w.len);
		assert_true(quic_wire_get_varint_strict(&r, &back, &shortest));
		assert_true(shortest);
		assert_int_equal(back, v);
	}
}

/* Every getter, as a number, so that one loop can try them all. */
static bool get_any(struct quic_reader *r, int which)
{
	struct quic_span s;
	struct quic_cid cid;
	u8 v8, bytes[5];
	u16 v16;
	u32 v32;
	u64 v64;

	switch (which) {
	case 0:
		return quic_wire_get_u8(r, &v8);
	case 1:
		return quic_wire_get_u16(r, &v16);
	case 2:
		return quic_wire_get_u32(r, &v32);
	case 3:
		return quic_wire_get_uint(r, 3, &v64);
	case 4:
		return quic_wire_get_varint(r, &v64);
	case 5:
		return quic_wire_get_vspan(r, &s);
	case 6:
		return quic_wire_get_span(r, 6, &s);
	case 7:
		return quic_wire_get_bytes(r, bytes, sizeof(bytes));
	case 8:
		return quic_wire_get_cid(r, 7, &cid);
	default:
		return quic_wire_skip(r, 9);
	}
}

static void getters_consume_all_or_nothing(void **state)
{
	/* As a varint: 8 bytes that say 12; as a vspan: those and 12 more. */
	static const u8 bytes[20] = { 0xc0, 0, 0, 0, 0, 0, 0, 12 };
	static const size_t need[] = { 1, 2, 4, 3, 8, 20, 6, 5, 7, 9 };
	size_t len, which;

	for (which = 0; which < ARRAY_SIZE(need); which++) {
		for (len = 0; len <= sizeof(bytes); len++) {
			u8 *copy = malloc(len ? len : 1);
			struct quic_reader r;

			/* Exactly sized, so that ASan sees a read past the end. */
			memcpy(copy, bytes, len);
			quic_wire_read_init(&r, copy, len);
			assert_int_equal(get_any(&r, which), len >= need[which]);
			assert_int_equal(quic_wire_left(&r),
					 len >= need[which] ? len - need[which] : len);
			free(copy);
		}
	}
}

static void span_longer_than_any_memory_is_refused(void **state)
{
	u8 bytes[10] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	struct quic_reader r;
	struct quic_span s;

	quic_wire_read_init(&r, bytes, sizeof(bytes));
	assert_false(quic_wire_get_vspan(&r, &s));
	assert_false(quic_wire_get_span(&r, U64_MAX, &s));
	assert_false(quic_wire_skip(&r, U64_MAX));
	assert_int_equal(quic_wire_left(&r), sizeof(bytes));
}

static void empty_input_is_no_error_in_itself(void **state)
{
	struct quic_reader r;
	struct quic_span s = { .len = 1 };

	quic_wire_read_init(&r, NULL, 0);
	assert_int_equal(quic_wire_left(&r), 0);
	assert_true(quic_wire_get_span(&r, 0, &s));
	assert_int_equal(s.len, 0);
	assert_int_equal(quic_wire_skip_zeros(&r), 0);
}

/* [9000-17.2#3] [9000-17.2#5] */
static void connection_id_above_20_bytes_is_refused(void **state)
{
	u8 bytes[30] = { 0 };
	struct quic_reader r;
	struct quic_cid cid;

	quic_wire_read_init(&r, bytes, sizeof(bytes));
	assert_false(quic_wire_get_cid(&r, 21, &cid));
	assert_false(quic_wire_get_cid(&r, 256 + 1, &cid));
	assert_true(quic_wire_get_cid(&r, 20, &cid));
	assert_int_equal(cid.len, 20);
	assert_int_equal(quic_wire_left(&r), 10);
}

static void zeros_are_skipped_up_to_the_next_byte(void **state)
{
	u8 bytes[40] = { 0 };
	struct quic_reader r;

	bytes[17] = 1;
	quic_wire_read_init(&r, bytes, sizeof(bytes));
	assert_int_equal(quic_wire_skip_zeros(&r), 17);
	assert_int_equal(quic_wire_skip_zeros(&r), 0);
	assert_true(quic_wire_skip(&r, 1));
	assert_int_equal(quic_wire_skip_zeros(&r), 22);
	assert_int_equal(quic_wire_left(&r), 0);
}

static void integers_are_big_endian(void **state)
{
	static const u8 want[] = { 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0, 0x01, 0x02, 0x03 };
	struct quic_writer w;
	struct quic_reader r;
	u8 buf[sizeof(want)], v8;
	u16 v16;
	u32 v32;
	u64 v64;

	quic_wire_write_init(&w, buf, sizeof(buf));
	quic_wire_put_u8(&w, 0x12);
	quic_wire_put_u16(&w, 0x3456);
	quic_wire_put_u32(&w, 0x789abcde);
	quic_wire_put_zeros(&w, 1);
	quic_wire_put_uint(&w, 3, 0xffffff00010203ULL);
	assert_false(w.overflow);
	assert_int_equal(w.len, sizeof(want));
	assert_memory_equal(buf, want, sizeof(want));
	quic_wire_read_init(&r, buf, w.len);
	assert_true(quic_wire_get_u8(&r, &v8) && quic_wire_get_u16(&r, &v16) &&
		    quic_wire_get_u32(&r, &v32) && quic_wire_get_uint(&r, 4, &v64));
	assert_true(v8 == 0x12 && v16 == 0x3456 && v32 == 0x789abcde && v64 == 0x10203);
}

static void overflow_sticks_and_writes_nothing_more(void **state)
{
	u8 buf[4] = { 0 }, untouched[4] = { 1, 2, 0, 0 };
	struct quic_writer w;

	quic_wire_write_init(&w, buf, sizeof(buf));
	quic_wire_put_u16(&w, 0x0102);
	quic_wire_put_u32(&w, 0xffffffff);
	assert_true(w.overflow);
	/* Would fit, but what stands before it did not. */
	quic_wire_put_u8(&w, 0xff);
	quic_wire_put_bytes(&w, "\xff", 1);
	assert_true(w.overflow);
	assert_memory_equal(buf, untouched, sizeof(buf));
}

static void a_full_buffer_is_no_overflow(void **state)
{
	struct quic_writer w;
	u8 buf[4];

	quic_wire_write_init(&w, buf, sizeof(buf));
	quic_wire_put_u32(&w, 1);
	quic_wire_put_bytes(&w, NULL, 0);
	quic_wire_put_zeros(&w, 0);
	assert_false(w.overflow);
	quic_wire_put_bytes(&w, buf, SIZE_MAX);
	assert_true(w.overflow);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(varints_of_the_rfc_decode),
		cmocka_unit_test(varints_of_the_rfc_encode),
		cmocka_unit_test(varint_too_large_overflows),
		cmocka_unit_test(random_varints_survive_a_round_trip),
		cmocka_unit_test(getters_consume_all_or_nothing),
		cmocka_unit_test(span_longer_than_any_memory_is_refused),
		cmocka_unit_test(empty_input_is_no_error_in_itself),
		cmocka_unit_test(connection_id_above_20_bytes_is_refused),
		cmocka_unit_test(zeros_are_skipped_up_to_the_next_byte),
		cmocka_unit_test(integers_are_big_endian),
		cmocka_unit_test(overflow_sticks_and_writes_nothing_more),
		cmocka_unit_test(a_full_buffer_is_no_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
