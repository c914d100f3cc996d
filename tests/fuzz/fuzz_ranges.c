// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes core/ranges.  Byte 0 is the bound, then come operations of three bytes:
 * what, start, length.  After each the set holds what a bitmap holds.
 */
#include "fuzz.h"

#include "core/ranges.h"

#define VALUES 512
#define STEPS 100	/* more make an input slow, not better */

static unsigned int count_runs(const bool *m)
{
	unsigned int i, n = 0;

	for (i = 0; i < VALUES; i++)
		n += m[i] && (!i || !m[i - 1]);
	return n;
}

static void check(const struct quic_ranges *r, const bool *m)
{
	unsigned int i, k = 0, total = 0;

	FUZZ_CHECK(r->nr <= r->cap && r->cap <= r->max && r->nr == count_runs(m));
	for (i = 0; i < VALUES; i++) {
		while (k < r->nr && r->v[k].end <= i)
			k++;
		FUZZ_CHECK(m[i] == (k < r->nr && r->v[k].start <= i));
		total += m[i];
	}
	FUZZ_CHECK(quic_ranges_total(r) == total && quic_ranges_is_empty(r) == !total);
	FUZZ_CHECK(!total || m[quic_ranges_last(r)]);
}

static void check_queries(const struct quic_ranges *r, const bool *m, unsigned int a,
			  unsigned int b)
{
	unsigned int first = a, gap = a;
	struct quic_range got;

	FUZZ_CHECK(quic_ranges_has(r, a) == m[a]);
	while (first < VALUES && !m[first])
		first++;
	FUZZ_CHECK(quic_ranges_next(r, a, &got) == (first < VALUES));
	FUZZ_CHECK(first == VALUES || got.start == first);
	while (gap < b && m[gap])
		gap++;
	FUZZ_CHECK(quic_ranges_covers(r, a, b) == (gap == b));
	FUZZ_CHECK(quic_ranges_next_gap(r, a, b, &got) == (gap < b));
	FUZZ_CHECK(gap == b || (got.start == gap && got.end <= b && !m[got.end - 1]));
}

static void step(struct quic_ranges *r, bool *m, u8 op, unsigned int a, unsigned int b)
{
	bool after[VALUES];
	int err = 0;

	memcpy(after, m, sizeof(after));
	quic_env_fail_nth(op & 0x80 ? 1 : 0);
	switch (op % 5) {
	case 0:
	case 1:
		memset(after + a, 1, b - a);
		err = quic_ranges_add(r, a, b);
		break;
	case 2:
		memset(after + a, 0, b - a);
		err = quic_ranges_remove(r, a, b);
		break;
	case 3:
		memset(after, 0, a);
		quic_ranges_trim(r, a);
		break;
	default:
		for (a = 0; a < VALUES && !after[a]; a++)
			;
		for (; a < VALUES && after[a]; a++)
			after[a] = false;
		quic_ranges_drop_first(r);
		break;
	}
	quic_env_fail_nth(0);
	FUZZ_CHECK(err != -ENOSPC || count_runs(after) > r->max);
	FUZZ_CHECK(err != -ENOMEM || op & 0x80);
	if (!err)
		memcpy(m, after, sizeof(after));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	u16 max = fuzz_byte(&data, &size);
	bool m[VALUES] = { false };
	struct quic_ranges r;
	unsigned int steps;

	quic_ranges_init(&r, max);
	for (steps = 0; size >= 3 && steps < STEPS; steps++) {
		u8 op = fuzz_byte(&data, &size);
		unsigned int a = fuzz_byte(&data, &size) << 1;
		unsigned int b = min(a + fuzz_byte(&data, &size) % 64, VALUES - 0U);

		a |= op >> 6 & 1;
		b = max(a, b);
		step(&r, m, op, a, b);
		check(&r, m);
		check_queries(&r, m, a, b);
	}
	quic_ranges_exit(&r);
	FUZZ_CHECK(!quic_env_live);
	return 0;
}
