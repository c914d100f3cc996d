// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/ranges against a bitmap model: after every step the set holds what the
 * bitmap holds, sorted, disjoint, not adjacent, within its bound; a step that
 * fails changed nothing.
 */
#include "unit.h"

#include "core/ranges.h"

#define VALUES 96	/* values of the model: 0 .. VALUES-1 */

static unsigned int model_ranges(const bool *m)
{
	unsigned int i, n = 0;

	for (i = 0; i < VALUES; i++)
		n += m[i] && (!i || !m[i - 1]);
	return n;
}

static void check_shape(const struct quic_ranges *r)
{
	unsigned int i;

	assert_true(r->nr <= r->cap && r->cap <= r->max);
	for (i = 0; i < r->nr; i++) {
		assert_true(r->v[i].start < r->v[i].end);
		if (i)
			assert_true(r->v[i - 1].end < r->v[i].start);
	}
}

static void check_next(const struct quic_ranges *r, const bool *m, unsigned int from)
{
	struct quic_range got;
	unsigned int a = from, b;

	while (a < VALUES && !m[a])
		a++;
	for (b = a; b < VALUES && m[b]; b++)
		;
	assert_int_equal(quic_ranges_next(r, from, &got), a < VALUES);
	if (a < VALUES) {
		assert_int_equal(got.start, a);
		assert_int_equal(got.end, b);
	}
}

static void check_gap(const struct quic_ranges *r, const bool *m, unsigned int start,
		      unsigned int end)
{
	struct quic_range got;
	unsigned int a = start, b;

	while (a < end && m[a])
		a++;
	for (b = a; b < end && !m[b]; b++)
		;
	assert_int_equal(quic_ranges_next_gap(r, start, end, &got), a < end);
	if (a < end) {
		assert_int_equal(got.start, a);
		assert_int_equal(got.end, b);
	}
	assert_int_equal(quic_ranges_covers(r, start, end), a >= end);
}

static void check_model(const struct quic_ranges *r, const bool *m)
{
	unsigned int i, total = 0;

	check_shape(r);
	assert_int_equal(r->nr, model_ranges(m));
	for (i = 0; i < VALUES; i++) {
		total += m[i];
		assert_int_equal(quic_ranges_has(r, i), m[i]);
		check_next(r, m, i);
		check_gap(r, m, i, i + unit_random(VALUES + 1 - i));
		if (m[i] && r->nr)
			assert_true(quic_ranges_last(r) >= i);
	}
	assert_int_equal(quic_ranges_total(r), total);
	assert_int_equal(quic_ranges_is_empty(r), !total);
	if (total)
		assert_true(m[quic_ranges_last(r)]);
}

/* One random operation on both; tells the error. */
static int step(struct quic_ranges *r, bool *m)
{
	unsigned int a = unit_random(VALUES), b = a + unit_random(min(VALUES - a, 12U) + 1);
	bool after[VALUES];
	int err = 0;

	memcpy(after, m, sizeof(after));
	switch (unit_random(16)) {
	case 0:
		a = unit_random(20);
		memset(after, 0, a);
		quic_ranges_trim(r, a);
		break;
	case 1:
		for (a = 0; a < VALUES && !after[a]; a++)
			;
		for (; a < VALUES && after[a]; a++)
			after[a] = false;
		quic_ranges_drop_first(r);
		break;
	case 2 ... 7:
		memset(after + a, 0, b - a);
		err = quic_ranges_remove(r, a, b);
		break;
	default:
		memset(after + a, 1, b - a);
		err = quic_ranges_add(r, a, b);
		break;
	}
	if (err == -ENOSPC)
		assert_true(model_ranges(after) > r->max);
	if (!err)
		memcpy(m, after, sizeof(after));
	return err;
}

static void run_model(u16 max, bool failing_alloc)
{
	bool m[VALUES] = { false };
	long live = quic_env_live;
	struct quic_ranges r;
	int i;

	quic_ranges_init(&r, max);
	for (i = 0; i < 4000; i++) {
		if (failing_alloc)
			quic_env_fail_nth(unit_random(2));
		if (i % 1000 == 999) {
			quic_ranges_exit(&r);
			memset(m, 0, sizeof(m));
		}
		step(&r, m);
		quic_env_fail_nth(0);
		check_model(&r, m);
	}
	quic_ranges_clear(&r);
	assert_true(quic_ranges_is_empty(&r));
	quic_ranges_exit(&r);
	assert_int_equal(quic_env_live, live);
}

static void random_steps_agree_with_a_bitmap(void **state)
{
	run_model(256, false);
}

static void a_full_set_stays_as_it_was(void **state)
{
	u16 max;

	for (max = 0; max < 9; max++)
		run_model(max, false);
}

static void a_set_without_memory_stays_as_it_was(void **state)
{
	run_model(256, true);
}

static void bounds_are_told_apart(void **state)
{
	struct quic_ranges r;

	quic_ranges_init(&r, 3);
	assert_int_equal(quic_ranges_add(&r, 0, 1), 0);
	assert_int_equal(quic_ranges_add(&r, 2, 3), 0);
	quic_env_fail_nth(1);
	assert_int_equal(quic_ranges_add(&r, 4, 5), -ENOMEM);
	assert_int_equal(quic_ranges_add(&r, 4, 9), 0);
	assert_int_equal(quic_ranges_add(&r, 10, 11), -ENOSPC);
	/* Adjacent ones need no entry. */
	assert_int_equal(quic_ranges_add(&r, 9, 10), 0);
	assert_int_equal(quic_ranges_add(&r, 1, 2), 0);
	assert_int_equal(r.nr, 2);
	assert_int_equal(quic_ranges_remove(&r, 5, 6), 0);
	assert_int_equal(quic_ranges_remove(&r, 8, 9), -ENOSPC);
	assert_int_equal(quic_ranges_total(&r), 8);
	quic_ranges_exit(&r);
}

static void the_largest_values_fit(void **state)
{
	struct quic_ranges r;
	struct quic_range out;

	quic_ranges_init(&r, 8);
	assert_int_equal(quic_ranges_add(&r, U64_MAX - 1, U64_MAX), 0);
	assert_int_equal(quic_ranges_add(&r, 0, 1), 0);
	assert_int_equal(quic_ranges_last(&r), U64_MAX - 1);
	assert_true(quic_ranges_has(&r, U64_MAX - 1));
	assert_false(quic_ranges_has(&r, U64_MAX));
	assert_true(quic_ranges_next_gap(&r, 0, U64_MAX, &out));
	assert_int_equal(out.start, 1);
	assert_int_equal(out.end, U64_MAX - 1);
	assert_int_equal(quic_ranges_add(&r, 0, U64_MAX), 0);
	assert_int_equal(r.nr, 1);
	assert_false(quic_ranges_next_gap(&r, 0, U64_MAX, &out));
	quic_ranges_exit(&r);
}

static void empty_ranges_change_nothing(void **state)
{
	struct quic_ranges r;

	quic_ranges_init(&r, 4);
	quic_ranges_trim(&r, 10);
	quic_ranges_drop_first(&r);
	assert_int_equal(quic_ranges_add(&r, 5, 5), 0);
	assert_int_equal(quic_ranges_add(&r, 6, 5), 0);
	assert_true(quic_ranges_is_empty(&r));
	assert_int_equal(quic_ranges_add(&r, 1, 9), 0);
	assert_int_equal(quic_ranges_remove(&r, 5, 5), 0);
	assert_int_equal(quic_ranges_total(&r), 8);
	assert_true(quic_ranges_covers(&r, 20, 20));
	quic_ranges_exit(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_steps_agree_with_a_bitmap),
		cmocka_unit_test(a_full_set_stays_as_it_was),
		cmocka_unit_test(a_set_without_memory_stays_as_it_was),
		cmocka_unit_test(bounds_are_told_apart),
		cmocka_unit_test(the_largest_values_fit),
		cmocka_unit_test(empty_ranges_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
