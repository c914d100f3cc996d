// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/frame: each frame of the vectors, the table of what may be where
 * [9000-12.4], truncation at every byte, random round trips, ACK ranges.
 */
#include "unit.h"

#include "core/frame.h"
#include "frame_model.h"
#include "frames.h"
#include "rfc9001.h"

/* RFC 9000 12.4 table 3 and RFC 9221 4, typed in again: I, H, 0, 1. */
static const struct {
	u64 type;
	const char *where;
	bool eliciting;
	bool probing;
} table3[] = {
	{ 0x00, "IH01", false, true }, { 0x01, "IH01", true, false },
	{ 0x02, "IH_1", false, false }, { 0x03, "IH_1", false, false },
	{ 0x04, "__01", true, false }, { 0x05, "__01", true, false },
	{ 0x06, "IH_1", true, false }, { 0x07, "___1", true, false },
	{ 0x08, "__01", true, false }, { 0x09, "__01", true, false },
	{ 0x0a, "__01", true, false }, { 0x0b, "__01", true, false },
	{ 0x0c, "__01", true, false }, { 0x0d, "__01", true, false },
	{ 0x0e, "__01", true, false }, { 0x0f, "__01", true, false },
	{ 0x10, "__01", true, false }, { 0x11, "__01", true, false },
	{ 0x12, "__01", true, false }, { 0x13, "__01", true, false },
	{ 0x14, "__01", true, false }, { 0x15, "__01", true, false },
	{ 0x16, "__01", true, false }, { 0x17, "__01", true, false },
	{ 0x18, "__01", true, true }, { 0x19, "___1", true, false },
	{ 0x1a, "__01", true, true }, { 0x1b, "___1", true, true },
	{ 0x1c, "IH01", false, false }, { 0x1d, "__01", false, false },
	{ 0x1e, "___1", true, false }, { 0x1f, "___1", true, false },
	{ 0x30, "__01", true, false }, { 0x31, "__01", true, false },
};

static const char *const level_letter = "I0H1";	/* by enum quic_level */

/* [9000-12.4#3,4] [9000-17.2.4] [9001-8.3#2] [9000-19.21#2] */
static void each_frame_is_allowed_where_table_3_says(void **state)
{
	u64 type;
	size_t i;
	int level;

	for (type = 0, i = 0; type < 0x80; type++) {
		bool known = i < ARRAY_SIZE(table3) && table3[i].type == type;

		for (level = 0; level < QUIC_NR_LEVELS; level++) {
			u8 bytes[60] = { type };
			struct quic_reader r;
			struct quic_frame f;
			bool allowed = known && strchr(table3[i].where, level_letter[level]);
			int err;

			assert_int_equal(quic_frame_is_allowed(type, level), allowed);
			if (type >= 0x40)
				continue;
			quic_wire_read_init(&r, bytes, sizeof(bytes));
			err = quic_frame_decode(&r, level, &f);
			assert_int_equal(err == QUIC_VIOLATION_FRAME_UNKNOWN_TYPE, !known);
			assert_int_equal(err == QUIC_VIOLATION_FRAME_NOT_ALLOWED_HERE,
					 known && !allowed);
		}
		assert_int_equal(quic_frame_is_ack_eliciting(type), known && table3[i].eliciting);
		assert_int_equal(quic_frame_is_probing(type), known && table3[i].probing);
		assert_int_equal(!strcmp(quic_frame_name(type), "?"), !known);
		i += known;
	}
	assert_int_equal(i, ARRAY_SIZE(table3));
	assert_false(quic_frame_is_allowed(U64_MAX, QUIC_LEVEL_APP));
	assert_string_equal(quic_frame_name(0x0f), "STREAM");
}

/*
 * [9000-4.6#1] [9000-12.4#3,4,5] [9000-19.3.1] [9000-19.6] [9000-19.7#2] [9000-19.8#2]
 * [9000-19.11#1] [9000-19.14] [9000-19.15#1,6]
 */
static void vectors_are_judged_as_they_say(void **state)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(quic_vectors_frames); i++) {
		const struct quic_vector_frame *v = &quic_vectors_frames[i];
		struct quic_reader r;
		struct quic_frame f;
		int err;

		quic_wire_read_init(&r, v->bytes, v->len);
		err = quic_frame_decode(&r, v->level, &f);
		if (err != v->violation)
			fail_msg("%s: %s", v->what, quic_violation_name(err));
		if (err) {
			assert_ptr_equal(r.pos, v->bytes);
			continue;
		}
		assert_int_equal(f.type, v->type);
		assert_int_equal(f.bytes, v->len);
		assert_int_equal(quic_wire_left(&r), 0);
	}
}

/* A frame with explicit lengths, one byte short, is truncated; never longer. */
static void vectors_cut_at_every_byte_are_truncated(void **state)
{
	size_t i, len;

	for (i = 0; i < ARRAY_SIZE(quic_vectors_frames); i++) {
		const struct quic_vector_frame *v = &quic_vectors_frames[i];

		for (len = 0; len < v->len; len++) {
			u8 *copy = malloc(len ? len : 1);
			struct quic_reader r;
			struct quic_frame f;
			int err;

			memcpy(copy, v->bytes, len);
			quic_wire_read_init(&r, copy, len);
			err = quic_frame_decode(&r, v->level, &f);
			if (!err)	/* it goes on to where the packet ends */
				assert_true(f.bytes == len &&
					    (v->type == QUIC_FRAME_PADDING ||
					     (v->bytes[0] & ~5) == QUIC_FRAME_STREAM ||
					     v->bytes[0] == QUIC_FRAME_DATAGRAM));
			else if (v->violation == QUIC_VIOLATION_NONE)
				assert_int_equal(err, QUIC_VIOLATION_FRAME_TRUNCATED);
			else
				assert_true(err == QUIC_VIOLATION_FRAME_TRUNCATED ||
					    err == v->violation);
			assert_ptr_equal(r.pos, err ? copy : copy + len);
			free(copy);
		}
	}
}

static void packets_of_the_rfc_hold_these_frames(void **state)
{
	const struct quic_vectors *v = &quic_vectors_v1;
	u8 payload[QUIC_VECTORS_CLIENT_PAYLOAD] = { 0 };
	struct quic_reader r;
	struct quic_frame f;

	memcpy(payload, v->client_frames, sizeof(v->client_frames));
	quic_wire_read_init(&r, payload, sizeof(payload));
	assert_int_equal(quic_frame_decode(&r, QUIC_LEVEL_INITIAL, &f), 0);
	assert_int_equal(f.type, QUIC_FRAME_CRYPTO);
	assert_int_equal(f.crypto.offset, 0);
	assert_int_equal(f.crypto.data.len, 241);
	assert_int_equal(quic_frame_decode(&r, QUIC_LEVEL_INITIAL, &f), 0);
	assert_int_equal(f.type, QUIC_FRAME_PADDING);
	assert_int_equal(f.padding, 1162 - 245);
	assert_int_equal(quic_wire_left(&r), 0);

	quic_wire_read_init(&r, v->server_frames, sizeof(v->server_frames));
	assert_int_equal(quic_frame_decode(&r, QUIC_LEVEL_INITIAL, &f), 0);
	assert_int_equal(f.type, QUIC_FRAME_ACK);
	assert_int_equal(f.ack.largest, 0);
	assert_int_equal(quic_frame_decode(&r, QUIC_LEVEL_INITIAL, &f), 0);
	assert_int_equal(f.type, QUIC_FRAME_CRYPTO);
	assert_int_equal(f.crypto.data.len, 90);
	assert_int_equal(quic_wire_left(&r), 0);
}

/* [9000-19.3] */
static void fields_land_where_they_belong(void **state)
{
	static const u8 bytes[] = {
		0x0f, 0x04, 0x41, 0x00, 2, 'a', 'b',		/* STREAM OFF LEN FIN */
		0x04, 8, 0x43, 0x21, 0x7f, 0xff,		/* RESET_STREAM */
		0x05, 12, 9,					/* STOP_SENDING */
		0x15, 16, 0x40, 0x99,				/* STREAM_DATA_BLOCKED */
		0x1c, 0x0a, 0x40, 0x52, 2, 'n', 'o',		/* CONNECTION_CLOSE */
		0x03, 20, 8, 1, 2, 3, 4, 1, 2, 3,		/* ACK_ECN */
	};
	struct quic_frame_ack_iter it;
	struct quic_reader r;
	struct quic_range a, b, c;
	struct quic_frame f;

	quic_wire_read_init(&r, bytes, sizeof(bytes));
	assert_int_equal(quic_frame_decode(&r, QUIC_LEVEL_APP, &f), 0);
	assert_true(f.stream.sid == 4 && f.stream.offset == 0x100 && f.stream.fin);
	assert_memory_equal(f.stream.data.data, "ab", 2);
	assert_int_equal(quic_frame_decode(&r, QUIC_LEVEL_APP, &f), 0);
	assert_true(f.code.sid == 8 && f.code.code == 0x321 && f.code.final_size == 0x3fff);
	assert_int_equal(quic_frame_decode(&r, QUIC_LEVEL_APP, &f), 0);
	assert_true(f.code.sid == 12 && f.code.code == 9);
	assert_int_equal(quic_frame_decode(&r, QUIC_LEVEL_APP, &f), 0);
	assert_true(f.limit.sid == 16 && f.limit.limit == 0x99);
	assert_int_equal(quic_frame_decode(&r, QUIC_LEVEL_APP, &f), 0);
	assert_true(f.close.code == 10 && f.close.frame_type == 0x52);
	assert_memory_equal(f.close.reason.data, "no", 2);
	assert_int_equal(quic_frame_decode(&r, QUIC_LEVEL_APP, &f), 0);
	assert_true(f.ack.largest == 20 && f.ack.delay == 8 && f.ack.first_range == 2);
	assert_true(f.ack.has_ecn && f.ack.ect0 == 1 && f.ack.ect1 == 2 && f.ack.ce == 3);
	quic_frame_ack_iter_init(&it, &f.ack);
	assert_true(quic_frame_ack_next(&it, &a) && quic_frame_ack_next(&it, &b));
	assert_false(quic_frame_ack_next(&it, &c));
	assert_false(quic_frame_ack_next(&it, &c));
	/* 19.3.1: 18..20, then a gap of 14..17, then 9..13. */
	assert_true(a.start == 18 && a.end == 21 && b.start == 9 && b.end == 14);
	assert_int_equal(quic_wire_left(&r), 0);
}

static struct quic_span random_span(const u8 *from, size_t max)
{
	return (struct quic_span){ from, unit_random(max) };
}

/* A random valid frame of a random type; ACK has a test of its own. */
static void random_frame(struct quic_frame *f, const u8 *data)
{
	static const u8 types[] = {
		0x00, 0x01, 0x04, 0x05, 0x06, 0x07, 0x08, 0x08, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15,
		0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x30,
	};

	memset(f, 0, sizeof(*f));
	f->type = types[unit_random(sizeof(types))];
	switch (f->type) {
	case QUIC_FRAME_PADDING:
		f->padding = 1 + unit_random(99);
		break;
	case QUIC_FRAME_RESET_STREAM:
		f->code.final_size = unit_random_varint();
		fallthrough;
	case QUIC_FRAME_STOP_SENDING:
		f->code.sid = unit_random_varint();
		f->code.code = unit_random_varint();
		break;
	case QUIC_FRAME_CRYPTO:
		f->crypto.data = random_span(data, 500);
		f->crypto.offset = min(unit_random_varint(), QUIC_VARINT_MAX - 500);
		break;
	case QUIC_FRAME_NEW_TOKEN:
		f->token = (struct quic_span){ data, 1 + unit_random(99) };
		break;
	case QUIC_FRAME_STREAM:
		f->stream.sid = unit_random_varint();
		f->stream.data = random_span(data, 500);
		f->stream.offset = min(unit_random_varint(), QUIC_VARINT_MAX - 500);
		f->stream.fin = unit_random(2);
		break;
	case QUIC_FRAME_NEW_CONNECTION_ID:
		f->new_cid.seq = unit_random_varint();
		f->new_cid.retire_prior_to = min(unit_random_varint(), f->new_cid.seq);
		f->new_cid.cid.len = 1 + unit_random(20);
		memcpy(f->new_cid.cid.data, data, 20);
		memcpy(f->new_cid.reset_token, data + 20, 16);
		break;
	case QUIC_FRAME_RETIRE_CONNECTION_ID:
		f->retire_seq = unit_random_varint();
		break;
	case QUIC_FRAME_PATH_CHALLENGE:
	case QUIC_FRAME_PATH_RESPONSE:
		memcpy(f->path_data, data, 8);
		break;
	case QUIC_FRAME_CONNECTION_CLOSE:
		f->close.frame_type = unit_random_varint();
		fallthrough;
	case QUIC_FRAME_CONNECTION_CLOSE_APP:
		f->close.code = unit_random_varint();
		f->close.reason = random_span(data, 200);
		break;
	case QUIC_FRAME_MAX_STREAM_DATA:
	case QUIC_FRAME_STREAM_DATA_BLOCKED:
		f->limit.sid = unit_random_varint();
		fallthrough;
	case QUIC_FRAME_MAX_DATA:
	case QUIC_FRAME_DATA_BLOCKED:
		f->limit.limit = unit_random_varint();
		break;
	case QUIC_FRAME_DATAGRAM:
		f->datagram = random_span(data, 500);
		break;
	default:
		if (f->type >= QUIC_FRAME_MAX_STREAMS_BIDI &&
		    f->type <= QUIC_FRAME_STREAMS_BLOCKED_UNI)
			f->limit.limit = min(unit_random_varint(), QUIC_MAX_STREAMS);
		break;
	}
}

static void random_frames_survive_a_round_trip(void **state)
{
	u8 data[500], buf[600];
	int i;

	unit_random_bytes(data, sizeof(data));
	for (i = 0; i < 20000; i++) {
		struct quic_frame f, back;
		struct quic_writer w, size;
		struct quic_reader r;

		random_frame(&f, data);
		quic_wire_write_init(&w, buf, sizeof(buf));
		quic_wire_count_init(&size);
		assert_true(frame_model_put(&w, &f));
		frame_model_put(&size, &f);
		assert_false(w.overflow);
		assert_int_equal(w.len, size.len);
		quic_wire_read_init(&r, buf, w.len);
		assert_int_equal(quic_frame_decode(&r, QUIC_LEVEL_APP, &back), 0);
		assert_int_equal(quic_wire_left(&r), 0);
		assert_int_equal(back.bytes, w.len);
		assert_true(frame_model_equal(&f, &back));
		/* A buffer one byte smaller overflows; a close is cut instead. */
		if (f.type == QUIC_FRAME_CONNECTION_CLOSE ||
		    f.type == QUIC_FRAME_CONNECTION_CLOSE_APP)
			continue;
		quic_wire_write_init(&w, buf, size.len - 1);
		frame_model_put(&w, &f);
		assert_true(w.overflow);
	}
}

static void frames_without_length_fill_their_packet(void **state)
{
	struct quic_writer w;
	struct quic_reader r;
	struct quic_frame f;
	u8 buf[40];

	memset(buf, 'x', sizeof(buf));
	quic_wire_write_init(&w, buf, sizeof(buf));
	quic_frame_encode_stream(&w, 9, 0, 38, true, false);
	assert_int_equal(w.len, 2);
	quic_wire_read_init(&r, buf, sizeof(buf));
	assert_int_equal(quic_frame_decode(&r, QUIC_LEVEL_APP, &f), 0);
	assert_true(f.stream.sid == 9 && !f.stream.offset && f.stream.fin);
	assert_int_equal(f.stream.data.len, 38);

	quic_wire_write_init(&w, buf, sizeof(buf));
	quic_frame_encode_datagram(&w, 39, false);
	assert_int_equal(w.len, 1);
	quic_wire_read_init(&r, buf, sizeof(buf));
	assert_int_equal(quic_frame_decode(&r, QUIC_LEVEL_APP, &f), 0);
	assert_int_equal(f.datagram.len, 39);
}

static void a_close_reason_is_cut_to_what_fits(void **state)
{
	char reason[300];
	u8 buf[310];
	size_t cap;

	memset(reason, 'r', sizeof(reason));
	for (cap = 0; cap <= sizeof(buf); cap++) {
		struct quic_writer w;
		struct quic_reader r;
		struct quic_frame f;

		quic_wire_write_init(&w, buf, cap);
		quic_frame_encode_close(&w, false, 0x128, 6, reason, sizeof(reason));
		/* type, 2 bytes of code, frame type, and a length of 0 */
		assert_int_equal(w.overflow, cap < 5);
		if (w.overflow)
			continue;
		quic_wire_read_init(&r, buf, w.len);
		assert_int_equal(quic_frame_decode(&r, QUIC_LEVEL_INITIAL, &f), 0);
		assert_true(f.close.code == 0x128 && f.close.frame_type == 6);
		/* All of the room is used, but where a longer length would not pay. */
		assert_true(w.len >= min(cap - (cap == 4 + 65), sizeof(reason) + 6));
	}
}

/* A random set of packet numbers, as a receiver holds it. */
static void random_ranges(struct quic_ranges *r, u16 nr)
{
	u64 at = unit_random(3) ? unit_random_varint() >> 4 : 0;

	quic_ranges_init(r, nr);
	while (nr--) {
		u64 end = at + 1 + (unit_random64() >> (30 + unit_random(34)));

		assert_int_equal(quic_ranges_add(r, at, end), 0);
		at = end + 1 + (unit_random64() >> (30 + unit_random(34)));
	}
}

static void check_ack(const struct quic_ranges *ranges, const struct quic_frame *f,
		      unsigned int told)
{
	struct quic_frame_ack_iter it;
	struct quic_range got;
	unsigned int i = ranges->nr, n = 0;

	assert_int_equal(f->ack.nr_ranges + 1, told);
	quic_frame_ack_iter_init(&it, &f->ack);
	while (quic_frame_ack_next(&it, &got)) {
		i--;
		n++;
		assert_int_equal(got.start, ranges->v[i].start);
		assert_int_equal(got.end, ranges->v[i].end);
	}
	assert_int_equal(n, told);
}

static void acks_tell_the_highest_ranges_that_fit(void **state)
{
	static u8 buf[4096];
	int i;

	for (i = 0; i < 3000; i++) {
		u64 ecn[3] = { unit_random_varint(), unit_random_varint(), unit_random_varint() };
		u64 delay = unit_random_varint();
		bool has_ecn = unit_random(2);
		unsigned int max = 1 + unit_random(120), told;
		size_t cap = 60 + unit_random(400), full;
		struct quic_writer w, size;
		struct quic_ranges ranges;
		struct quic_reader r;
		struct quic_frame f;

		random_ranges(&ranges, 1 + unit_random(100));
		quic_wire_write_init(&w, buf, cap);
		quic_frame_encode_ack(&w, &ranges, max, delay, has_ecn ? ecn : NULL);
		assert_false(w.overflow);
		quic_wire_read_init(&r, buf, w.len);
		assert_int_equal(quic_frame_decode(&r, QUIC_LEVEL_APP, &f), 0);
		assert_int_equal(f.bytes, w.len);
		told = f.ack.nr_ranges + 1;
		assert_true(told <= max && told <= ranges.nr);
		check_ack(&ranges, &f, told);
		assert_true(f.ack.delay == delay && f.ack.has_ecn == has_ecn);
		if (has_ecn)
			assert_true(f.ack.ect0 == ecn[0] && f.ack.ect1 == ecn[1] &&
				    f.ack.ce == ecn[2]);
		/* Fewer than asked for only when one more would not have fitted. */
		if (told < min_t(unsigned int, max, ranges.nr)) {
			quic_wire_count_init(&size);
			quic_frame_encode_ack(&size, &ranges, told + 1, delay,
					      has_ecn ? ecn : NULL);
			full = size.len;
			assert_true(full > cap);
		}
		quic_ranges_exit(&ranges);
	}
}

static void an_ack_without_room_for_one_range_overflows(void **state)
{
	struct quic_ranges ranges;
	struct quic_writer w;
	size_t cap;
	u8 buf[16];

	random_ranges(&ranges, 1);
	ranges.v[0] = (struct quic_range){ 100, 200 };
	for (cap = 0; cap < 12; cap++) {
		quic_wire_write_init(&w, buf, cap);
		quic_frame_encode_ack(&w, &ranges, 1, 5, NULL);
		assert_int_equal(w.overflow, cap < 7);
	}
	quic_ranges_exit(&ranges);
}

static void random_bytes_never_overrun(void **state)
{
	int i;

	for (i = 0; i < 40000; i++) {
		size_t len = unit_random(64);
		u8 *bytes = malloc(len ? len : 1);
		struct quic_reader r;
		struct quic_frame f;

		unit_random_bytes(bytes, len);
		if (len)
			bytes[0] &= 0x3f;
		quic_wire_read_init(&r, bytes, len);
		while (quic_wire_left(&r)) {
			const u8 *at = r.pos;

			if (quic_frame_decode(&r, unit_random(QUIC_NR_LEVELS), &f)) {
				assert_ptr_equal(r.pos, at);
				break;
			}
			assert_int_equal(r.pos - at, f.bytes);
			assert_true(f.bytes > 0);
		}
		free(bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_frame_is_allowed_where_table_3_says),
		cmocka_unit_test(vectors_are_judged_as_they_say),
		cmocka_unit_test(vectors_cut_at_every_byte_are_truncated),
		cmocka_unit_test(packets_of_the_rfc_hold_these_frames),
		cmocka_unit_test(fields_land_where_they_belong),
		cmocka_unit_test(random_frames_survive_a_round_trip),
		cmocka_unit_test(frames_without_length_fill_their_packet),
		cmocka_unit_test(a_close_reason_is_cut_to_what_fits),
		cmocka_unit_test(acks_tell_the_highest_ranges_that_fit),
		cmocka_unit_test(an_ack_without_room_for_one_range_overflows),
		cmocka_unit_test(random_bytes_never_overrun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
