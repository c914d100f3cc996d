// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/pmtud against paths of every size: the search ends, never exceeds what
 * was allowed, never trusts a size that did not arrive, and ends close below
 * what the path carries, with few probes.
 */
#include "unit.h"

#include "core/pmtud.h"

/* Searches a path that carries @path bytes; every @lossy-th probe is lost anyway. */
static u16 search(u16 max, u16 path, unsigned int lossy, unsigned int *probes)
{
	struct quic_pmtud p;
	u16 size;

	quic_pmtud_init(&p, QUIC_MIN_DATAGRAM_BYTES, max);
	*probes = 0;
	while ((size = quic_pmtud_next(&p))) {
		assert_true(size > p.good && size <= max);
		assert_true(++*probes < 100);
		quic_pmtud_on_sent(&p, size);
		assert_int_equal(quic_pmtud_next(&p), 0);
		if (size <= path && (!lossy || unit_random(lossy)))
			assert_true(quic_pmtud_on_acked(&p, size));
		else
			quic_pmtud_on_lost(&p, size);
		assert_true(p.good <= path);
	}
	return p.good;
}

static void largest_size_is_found_with_one_probe(void **state)
{
	unsigned int probes;

	assert_int_equal(search(1472, 1472, 0, &probes), 1472);
	assert_int_equal(probes, 1);
	assert_int_equal(search(65507, 65507, 0, &probes), 65507);
	assert_int_equal(probes, 1);
	assert_int_equal(search(QUIC_MIN_DATAGRAM_BYTES, 9000, 0, &probes),
			 QUIC_MIN_DATAGRAM_BYTES);
	assert_int_equal(probes, 0);
}

static void smaller_paths_are_found_closely(void **state)
{
	unsigned int path, probes;

	for (path = QUIC_MIN_DATAGRAM_BYTES; path <= 9000; path += 7) {
		u16 good = search(9000, path, 0, &probes);

		assert_true(good <= path && path - good <= QUIC_PMTUD_STEP_BYTES);
		assert_true(probes <= 40);
	}
}

static void random_loss_never_breaks_the_search(void **state)
{
	unsigned int i, probes;

	for (i = 0; i < 2000; i++) {
		u16 max = QUIC_MIN_DATAGRAM_BYTES + unit_random(9000);
		u16 path = QUIC_MIN_DATAGRAM_BYTES + unit_random(max - QUIC_MIN_DATAGRAM_BYTES + 1);

		assert_true(search(max, path, 2, &probes) <= path);
	}
}

/* [9000-14.2.1#1,3] */
static void too_big_from_the_ip_layer_shrinks(void **state)
{
	struct quic_pmtud p;

	quic_pmtud_init(&p, QUIC_MIN_DATAGRAM_BYTES, 1472);
	quic_pmtud_on_sent(&p, 1472);
	assert_true(quic_pmtud_on_acked(&p, 1472));
	assert_true(quic_pmtud_on_too_big(&p, 1400));
	assert_int_equal(p.good, 1400);
	assert_true(quic_pmtud_on_too_big(&p, 500));	/* never below 1200 */
	assert_int_equal(p.good, QUIC_MIN_DATAGRAM_BYTES);
	assert_int_equal(quic_pmtud_next(&p), 0);
	assert_false(quic_pmtud_on_too_big(&p, 9000));	/* nor up */
	assert_int_equal(p.good, QUIC_MIN_DATAGRAM_BYTES);
	assert_int_equal(quic_pmtud_next(&p), 0);
}

static void search_begins_again_but_not_beyond_the_limit(void **state)
{
	struct quic_pmtud p;

	quic_pmtud_init(&p, QUIC_MIN_DATAGRAM_BYTES, 9000);
	assert_int_equal(p.lost_from, QUIC_US_NEVER);
	quic_pmtud_limit(&p, 1400);
	assert_int_equal(quic_pmtud_next(&p), 1400);
	quic_pmtud_on_too_big(&p, 1300);
	quic_pmtud_on_sent(&p, 1300);
	assert_true(quic_pmtud_on_acked(&p, 1300));
	assert_int_equal(quic_pmtud_next(&p), 0);
	quic_pmtud_raise(&p);
	assert_int_equal(p.good, 1300);
	assert_int_equal(quic_pmtud_next(&p), 1400);
	quic_pmtud_on_sent(&p, 1400);
	assert_true(quic_pmtud_on_acked(&p, 1400));
	quic_pmtud_raise(&p);
	assert_int_equal(quic_pmtud_next(&p), 0);
}

static void window_without_room_is_no_end_of_the_search(void **state)
{
	struct quic_pmtud p;

	/* Steps up to what the window has room for, if they are worth it. */
	quic_pmtud_init(&p, QUIC_MIN_DATAGRAM_BYTES, 16000);
	assert_int_equal(quic_pmtud_fit(&p, 12000, 2399), 0);
	assert_int_equal(quic_pmtud_fit(&p, 12000, 12000), 12000);
	quic_pmtud_on_sent(&p, 12000);
	assert_int_equal(quic_pmtud_fit(&p, 12000, 12000), 0);
	assert_true(quic_pmtud_on_acked(&p, 12000));
	assert_int_equal(quic_pmtud_fit(&p, 24000, 15999), 0);
	assert_int_equal(quic_pmtud_fit(&p, 24000, 16000), 16000);
}

static void step_that_is_lost_is_no_longer_stepped_over(void **state)
{
	struct quic_pmtud p;
	unsigned int i;

	quic_pmtud_init(&p, QUIC_MIN_DATAGRAM_BYTES, 16000);
	for (i = 0; i < QUIC_PMTUD_MAX_PROBES; i++) {
		assert_int_equal(quic_pmtud_fit(&p, 12000, 12000 - (i ? 0 : 4000)), 8000);
		quic_pmtud_on_sent(&p, 8000);
		quic_pmtud_on_lost(&p, 8000);
	}
	assert_int_equal(quic_pmtud_fit(&p, 12000, 12000), (QUIC_MIN_DATAGRAM_BYTES + 8000) / 2);
	/* What was lost is repeated as it is, or not at all once no window takes it. */
	quic_pmtud_on_sent(&p, 4600);
	quic_pmtud_on_lost(&p, 4600);
	assert_int_equal(quic_pmtud_fit(&p, 12000, 4599), 0);
	assert_int_equal(quic_pmtud_fit(&p, 12000, 4600), 4600);
	assert_int_equal(quic_pmtud_fit(&p, 4000, 4000), 0);
	assert_int_equal(quic_pmtud_fit(&p, 4000, 4000), (QUIC_MIN_DATAGRAM_BYTES + 4600) / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(largest_size_is_found_with_one_probe),
		cmocka_unit_test(smaller_paths_are_found_closely),
		cmocka_unit_test(random_loss_never_breaks_the_search),
		cmocka_unit_test(too_big_from_the_ip_layer_shrinks),
		cmocka_unit_test(search_begins_again_but_not_beyond_the_limit),
		cmocka_unit_test(window_without_room_is_no_end_of_the_search),
		cmocka_unit_test(step_that_is_lost_is_no_longer_stepped_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
