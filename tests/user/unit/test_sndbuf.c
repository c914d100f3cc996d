// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sndbuf against a byte model: every byte is sent, sent again when lost, never
 * sent again once acknowledged, and its memory released when all before it is.
 */
#include "unit.h"

#include "sndbuf.h"
#include "stub_chunk.h"

#define BYTES 4000
#define FLIGHT 400

enum { UNSENT, OUT, LOST, ACKED };

static void append(struct quic_sndbuf *b, u32 len, u32 cap)
{
	struct quic_buf buf;
	u32 i;

	assert_int_equal(quic_edge_buf_alloc(NULL, cap, &buf), 0);
	buf.len = len;
	for (i = 0; i < cap; i++)
		buf.data[i] = b->end + i;
	assert_int_equal(quic_sndbuf_append(b, &buf, cap, 0), 0);
}

/* The bytes named by segments are those of the stream. */
static void check_segs(const struct quic_sndbuf *b, u64 off, u32 len)
{
	struct quic_tx_seg segs[8];
	unsigned int nr, i, k;
	u64 pos = off;
	u32 covered = quic_sndbuf_segs(b, off, len, segs, 8, &nr);

	assert_true(covered <= len && covered);
	for (i = 0; i < nr; i++)
		for (k = 0; k < segs[i].len; k++)
			assert_int_equal(segs[i].data[k], (u8)pos++);
	assert_int_equal(pos, off + covered);
}

struct flight {
	u64 off;
	u32 len;
	bool fin;
	bool used;
};

static void settle_one(struct quic_sndbuf *b, struct flight *f, u8 *st, bool acked)
{
	u64 i;

	if (acked)
		quic_sndbuf_on_acked(b, f->off, f->len, f->fin);
	else
		quic_sndbuf_on_lost(b, f->off, f->len, f->fin);
	for (i = f->off; i < f->off + f->len; i++)
		if (st[i] != ACKED)
			st[i] = acked ? ACKED : LOST;
	f->used = false;
}

static void everything_is_sent_until_acknowledged(void **state)
{
	unsigned int round, i;

	for (round = 0; round < 100; round++) {
		struct flight fl[FLIGHT] = {};
		struct quic_sndbuf_run run;
		static u8 st[BYTES];
		struct quic_sndbuf b;

		memset(st, UNSENT, sizeof(st));
		unit_random_seed(round);
		quic_sndbuf_init(&b);
		while (!b.fin || !quic_sndbuf_is_done(&b)) {
			if (b.end < BYTES && !unit_random(3)) {
				u32 n = min_t(u64, 1 + unit_random(90), BYTES - b.end);

				append(&b, n, n);
				b.fin = b.end == BYTES;
			}
			i = unit_random(FLIGHT);
			if (fl[i].used) {
				settle_one(&b, &fl[i], st, unit_random(3));
			} else if (quic_sndbuf_next_run(&b, 1 + unit_random(200), &run)) {
				u32 len = min_t(u64, run.len, 1 + unit_random(70)), k;

				for (k = 0; k < len; k++)
					assert_int_equal(st[run.off + k],
							 run.again ? LOST : UNSENT);
				if (len)
					check_segs(&b, run.off, len);
				fl[i] = (struct flight){ run.off, len,
							 run.fin && len == run.len, true };
				quic_sndbuf_on_sent(&b, run.off, len, fl[i].fin);
				memset(st + run.off, OUT, len);
			}
		}
		for (i = 0; i < BYTES; i++)
			assert_int_equal(st[i], ACKED);
		assert_int_equal(stub_chunks, 0);
		quic_sndbuf_exit(&b);
	}
}

static void tail_grows_in_place(void **state)
{
	struct quic_sndbuf b;
	u32 room;
	u8 *p;

	quic_sndbuf_init(&b);
	assert_null(quic_sndbuf_tail(&b, &room));
	append(&b, 10, 100);
	p = quic_sndbuf_tail(&b, &room);
	assert_int_equal(room, 90);
	p[0] = 10;
	quic_sndbuf_commit(&b, 1);
	assert_int_equal(b.end, 11);
	check_segs(&b, 0, 11);
	quic_sndbuf_commit(&b, 89);
	assert_null(quic_sndbuf_tail(&b, &room));
	quic_sndbuf_exit(&b);
	assert_int_equal(stub_chunks, 0);
}

static void an_acknowledged_tail_is_given_back(void **state)
{
	struct quic_sndbuf b;
	u32 room;

	quic_sndbuf_init(&b);
	append(&b, 10, 100);
	quic_sndbuf_on_sent(&b, 0, 10, false);
	assert_int_equal(quic_sndbuf_on_acked(&b, 0, 10, false), 100);
	assert_null(quic_sndbuf_tail(&b, &room));
	assert_int_equal(stub_chunks, 0);
	/* The next bytes follow in one of their own; unsent ones keep it. */
	append(&b, 5, 100);
	assert_int_equal(quic_sndbuf_on_acked(&b, 0, 10, false), 0);
	assert_non_null(quic_sndbuf_tail(&b, &room));
	check_segs(&b, 10, 5);
	b.fin = true;
	quic_sndbuf_on_sent(&b, 10, 5, true);
	assert_int_equal(quic_sndbuf_on_acked(&b, 10, 5, true), 100);
	assert_int_equal(stub_chunks, 0);
	quic_sndbuf_exit(&b);
}

static void bare_fin_is_sent_and_sent_again(void **state)
{
	struct quic_sndbuf_run run;
	struct quic_sndbuf b;

	quic_sndbuf_init(&b);
	assert_false(quic_sndbuf_next_run(&b, 100, &run));
	b.fin = true;
	assert_true(quic_sndbuf_next_run(&b, 0, &run) && run.fin && !run.len);
	quic_sndbuf_on_sent(&b, 0, 0, true);
	assert_false(quic_sndbuf_next_run(&b, 100, &run));
	quic_sndbuf_on_lost(&b, 0, 0, true);
	assert_true(quic_sndbuf_next_run(&b, 0, &run) && run.fin && !run.len);
	quic_sndbuf_on_sent(&b, 0, 0, true);
	assert_false(quic_sndbuf_is_done(&b));
	quic_sndbuf_on_acked(&b, 0, 0, true);
	assert_true(quic_sndbuf_is_done(&b));
	quic_sndbuf_exit(&b);
}

/* The memory of released bytes may be somebody else's by now. */
static void released_bytes_are_not_sent_again_when_memory_fails(void **state)
{
	struct quic_sndbuf_run run;
	struct quic_sndbuf b;

	quic_sndbuf_init(&b);
	while (b.end < 4000)
		append(&b, 100, 100);
	quic_sndbuf_on_sent(&b, 0, 4000, false);
	quic_sndbuf_on_lost(&b, 100, 1000, false);
	quic_sndbuf_on_lost(&b, 2000, 1000, false);
	/* To split the first range needs memory for a third. */
	quic_env_fail_nth(1);
	quic_sndbuf_on_acked(&b, 500, 100, false);
	quic_env_fail_nth(0);
	quic_sndbuf_on_acked(&b, 0, 500, false);
	assert_int_equal(b.base, 600);
	assert_true(quic_sndbuf_next_run(&b, 0, &run));
	assert_int_equal(run.off, 600);
	assert_int_equal(run.len, 500);
	check_segs(&b, run.off, run.len);
	quic_sndbuf_exit(&b);
	assert_int_equal(quic_env_live, 0);
}

/* A range that was sent again with other bounds covers one island and ends at the next. */
static void a_range_over_one_island_joins_the_next(void **state)
{
	struct quic_sndbuf b;

	quic_sndbuf_init(&b);
	while (b.end < 4000)
		append(&b, 100, 100);
	quic_sndbuf_on_sent(&b, 0, 4000, false);
	quic_sndbuf_on_acked(&b, 500, 500, false);
	quic_sndbuf_on_acked(&b, 2000, 2000, false);
	quic_sndbuf_on_acked(&b, 0, 2000, false);
	assert_int_equal(b.base, 4000);
	assert_true(quic_ranges_is_empty(&b.acked));
	quic_sndbuf_exit(&b);
	assert_int_equal(quic_env_live, 0);
}

/* A peer that acknowledges every other packet makes as many islands as it likes. */
static void more_islands_than_are_kept_lose_no_byte(void **state)
{
	enum { ISLANDS = 3000 };
	static bool sent_again[2 * ISLANDS];
	struct quic_sndbuf_run run;
	struct quic_sndbuf b;
	unsigned int i;
	u64 k;

	quic_sndbuf_init(&b);
	for (i = 0; i < 2 * ISLANDS; i++)
		append(&b, 1, 1);
	quic_sndbuf_on_sent(&b, 0, 2 * ISLANDS, false);
	for (i = 1; i < ISLANDS; i++)
		quic_sndbuf_on_lost(&b, 2 * i, 1, false);
	assert_true(b.lost.nr <= b.lost.max);
	while (quic_sndbuf_next_run(&b, 0, &run)) {
		assert_true(run.again && run.off + run.len <= b.next);
		for (k = run.off; k < run.off + run.len; k++)
			sent_again[k] = true;
		quic_sndbuf_on_sent(&b, run.off, run.len, false);
	}
	for (i = 1; i < ISLANDS; i++)
		assert_true(sent_again[2 * i]);
	/* Not everything: what was never said to be lost is the exception. */
	assert_false(sent_again[0] || sent_again[1] || sent_again[3]);
	/* The same of acknowledged ones: those without room are sent once more. */
	for (i = 1; i < ISLANDS; i++)
		quic_sndbuf_on_acked(&b, 2 * i, 1, false);
	assert_true(b.acked.nr <= b.acked.max);
	quic_sndbuf_on_acked(&b, 0, 2 * ISLANDS, false);
	assert_true(quic_sndbuf_is_done(&b) && quic_ranges_is_empty(&b.lost));
	quic_sndbuf_exit(&b);
	assert_int_equal(stub_chunks, 0);
	assert_int_equal(quic_env_live, 0);
}

static void credit_limits_new_bytes_only(void **state)
{
	struct quic_sndbuf_run run;
	struct quic_sndbuf b;

	quic_sndbuf_init(&b);
	append(&b, 50, 50);
	assert_true(quic_sndbuf_next_run(&b, 20, &run));
	assert_int_equal(run.len, 20);
	quic_sndbuf_on_sent(&b, 0, 20, false);
	assert_false(quic_sndbuf_next_run(&b, 0, &run));
	quic_sndbuf_on_lost(&b, 5, 10, false);
	assert_true(quic_sndbuf_next_run(&b, 0, &run) && run.again);
	assert_int_equal(run.off, 5);
	assert_int_equal(run.len, 10);
	quic_sndbuf_exit(&b);
	assert_int_equal(stub_chunks, 0);
}

static void rewound_buffer_is_sent_from_its_start(void **state)
{
	struct quic_sndbuf_run run;
	struct quic_sndbuf b;

	quic_sndbuf_init(&b);
	append(&b, 60, 60);
	b.fin = true;
	quic_sndbuf_on_sent(&b, 0, 60, true);
	quic_sndbuf_on_lost(&b, 10, 20, false);
	quic_sndbuf_rewind(&b);
	assert_true(quic_sndbuf_next_run(&b, 100, &run));
	assert_false(run.again);
	assert_int_equal(run.off, 0);
	assert_int_equal(run.len, 60);
	assert_true(run.fin);
	check_segs(&b, 0, 60);
	quic_sndbuf_exit(&b);
	assert_int_equal(stub_chunks, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_is_sent_until_acknowledged),
		cmocka_unit_test(tail_grows_in_place),
		cmocka_unit_test(an_acknowledged_tail_is_given_back),
		cmocka_unit_test(bare_fin_is_sent_and_sent_again),
		cmocka_unit_test(released_bytes_are_not_sent_again_when_memory_fails),
		cmocka_unit_test(a_range_over_one_island_joins_the_next),
		cmocka_unit_test(more_islands_than_are_kept_lose_no_byte),
		cmocka_unit_test(credit_limits_new_bytes_only),
		cmocka_unit_test(rewound_buffer_is_sent_from_its_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
