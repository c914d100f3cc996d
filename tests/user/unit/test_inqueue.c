// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * inqueue against the bytes themselves: whatever the order, overlap and size of
 * what arrives, the reader gets each byte once, in order and right; no memory
 * stays behind; a failing allocation loses nothing that was acknowledged.
 */
#include "unit.h"

#include "inqueue.h"
#include "stub_chunk.h"

#define BYTES 20000

/* The byte at @off of the stream under test. */
static u8 model(u64 off)
{
	return off * 31 + (off >> 8);
}

static int add(struct quic_inqueue *q, u64 off, u32 len)
{
	struct quic_buf buf;
	int err;
	u32 i;

	assert_int_equal(quic_edge_buf_alloc(NULL, len ? len : 1, &buf), 0);
	buf.len = len;
	for (i = 0; i < len; i++)
		buf.data[i] = model(off + i);
	err = quic_inqueue_add(q, NULL, off, &buf);
	quic_edge_chunk_put(buf.chunk);
	return err;
}

/* Reads up to @max bytes and checks each. */
static u64 read_some(struct quic_inqueue *q, u64 max)
{
	u64 n = min(max, quic_inqueue_readable(q)), left = n, pos = q->read;
	const struct quic_buf *b;
	u32 i = 0, k;

	while (left) {
		b = quic_inqueue_peek_at(q, i++);
		assert_non_null(b);
		for (k = 0; k < b->len && left; k++, left--)
			assert_int_equal(b->data[k], model(pos++));
	}
	quic_inqueue_consume(q, n);
	return n;
}

static void in_order_bytes_are_delivered_as_they_come(void **state)
{
	struct quic_inqueue q;
	u64 off;

	quic_inqueue_init(&q);
	for (off = 0; off < BYTES; off += 1000) {
		assert_int_equal(add(&q, off, 1000), 0);
		assert_int_equal(quic_inqueue_readable(&q), 1000);
		assert_int_equal(read_some(&q, 1000), 1000);
		assert_int_equal(q.truesize, 0);
	}
	quic_inqueue_exit(&q);
	assert_int_equal(stub_chunks, 0);
}

/* [9000-2.2#1] */
static void random_pieces_reassemble(void **state)
{
	unsigned int round;

	for (round = 0; round < 200; round++) {
		u32 most = 1 + unit_random(round % 2 ? 60 : 1500);
		struct quic_inqueue q;
		u64 got = 0;

		unit_random_seed(round);
		quic_inqueue_init(&q);
		while (got < BYTES) {
			u64 base = q.end > 3000 ? q.end - 3000 : 0;
			u64 off = min_t(u64, base + unit_random(8000), BYTES - 1);
			u32 len = min_t(u64, 1 + unit_random(most), BYTES - off);

			/* Every so often the piece that is missing. */
			if (!unit_random(4)) {
				off = q.end;
				len = min_t(u64, most, BYTES - off);
			}
			assert_int_equal(add(&q, off, len), 0);
			got += read_some(&q, unit_random(3000));
		}
		assert_int_equal(q.read, BYTES);
		assert_int_equal(q.highest, BYTES);
		quic_inqueue_exit(&q);
		assert_int_equal(stub_chunks, 0);
	}
}

static void small_pieces_do_not_pin_large_chunks(void **state)
{
	struct quic_inqueue q;
	u64 off;

	quic_inqueue_init(&q);
	for (off = 0; off < 1000; off++) {
		struct quic_buf buf;

		assert_int_equal(quic_edge_buf_alloc(NULL, 4096, &buf), 0);
		buf.data[0] = model(off);
		buf.len = 1;
		assert_int_equal(quic_inqueue_add(&q, NULL, off, &buf), 0);
		quic_edge_chunk_put(buf.chunk);
	}
	assert_true(stub_bytes < 2000);
	assert_true(q.truesize < 2000);
	assert_int_equal(read_some(&q, 1000), 1000);
	quic_inqueue_exit(&q);
	assert_int_equal(stub_chunks, 0);
}

/* A frame of @len bytes at @off out of a chunk of @chunk bytes. */
static void add_from_chunk(struct quic_inqueue *q, u64 off, u32 len, u32 chunk)
{
	struct quic_buf buf;
	u32 i;

	assert_int_equal(quic_edge_buf_alloc(NULL, chunk, &buf), 0);
	for (i = 0; i < len; i++)
		buf.data[i] = model(off + i);
	buf.len = len;
	quic_inqueue_add(q, NULL, off, &buf);
	quic_edge_chunk_put(buf.chunk);
}

/* Whatever the peer cuts its frames into, what it pins is charged. */
static void all_memory_pinned_is_charged(void **state)
{
	static const u32 sizes[] = { 1, 1, 3, 60, 256, 257, 1400 };
	unsigned int round, step;

	for (round = 0; round < 100; round++) {
		struct quic_inqueue q;

		unit_random_seed(round);
		quic_inqueue_init(&q);
		for (step = 0; step < 2000; step++) {
			u32 len = sizes[unit_random(1 + round % ARRAY_SIZE(sizes))];
			u64 off = unit_random(3) ? q.end : q.end + unit_random(5000);

			add_from_chunk(&q, off, len, 2048);
			assert_true(q.truesize >= stub_bytes);
			if (!unit_random(4))
				read_some(&q, unit_random(4000));
			assert_true(q.truesize >= stub_bytes);
			/* And nothing is charged for what is no longer there. */
			assert_true(q.nr || q.nr_ooo || !q.truesize);
		}
		quic_inqueue_exit(&q);
		assert_int_equal(q.truesize, 0);
		assert_int_equal(stub_bytes, 0);
	}
}

static void an_emptied_ring_is_given_back(void **state)
{
	struct quic_inqueue q;
	u64 off = 0;
	int i;

	quic_inqueue_init(&q);
	for (i = 0; i < 1000; i++, off += 300)
		assert_int_equal(add(&q, off, 300), 0);
	assert_int_equal(read_some(&q, off), off);
	assert_true(q.cap <= 64);
	assert_int_equal(add(&q, off, 300), 0);
	assert_int_equal(read_some(&q, 300), 300);
	quic_inqueue_exit(&q);
	assert_int_equal(stub_chunks, 0);
}

static void pieces_out_of_order_are_bounded(void **state)
{
	struct quic_inqueue q;
	unsigned int i;

	quic_inqueue_init(&q);
	for (i = 0; i < QUIC_INQUEUE_MAX_PIECES; i++)
		assert_int_equal(add(&q, 2 + 2 * i, 1), 0);
	assert_int_equal(add(&q, 2 + 2 * i, 1), -ENOBUFS);
	quic_inqueue_exit(&q);
	assert_int_equal(stub_chunks, 0);
}

static void failing_allocation_loses_nothing_acknowledged(void **state)
{
	unsigned int fail;

	for (fail = 0; fail < 40; fail++) {
		struct quic_inqueue q;
		bool have[64] = {};
		unsigned int i, missing = 64;

		unit_random_seed(fail);
		quic_inqueue_init(&q);
		while (missing) {
			i = unit_random(64);
			/* The piece itself is not what fails. */
			if (!unit_random(4))
				stub_fail_in = 1 + unit_random(2);
			if (!add(&q, i * 100, 100) && !have[i]) {
				have[i] = true;
				missing--;
			}
			stub_fail_in = -1;
		}
		assert_int_equal(read_some(&q, 6400), 6400);
		quic_inqueue_exit(&q);
		assert_int_equal(stub_chunks, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_order_bytes_are_delivered_as_they_come),
		cmocka_unit_test(random_pieces_reassemble),
		cmocka_unit_test(small_pieces_do_not_pin_large_chunks),
		cmocka_unit_test(all_memory_pinned_is_charged),
		cmocka_unit_test(an_emptied_ring_is_given_back),
		cmocka_unit_test(pieces_out_of_order_are_bounded),
		cmocka_unit_test(failing_allocation_loses_nothing_acknowledged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
