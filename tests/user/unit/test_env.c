// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The user-space stand-in of core/env.h: its ordered tree against a bitmap
 * model, lists, the failing allocator.  What it gets wrong every other test
 * would believe.
 */
#include "unit.h"

#define NODES 512

static void check_order(struct quic_tree *t, const bool *in)
{
	struct quic_node *n = quic_tree_first(t), *prev = NULL;
	int i;

	for (i = 0; i < NODES; i++) {
		if (!in[i]) {
			assert_null(quic_tree_find(t, i));
			continue;
		}
		assert_non_null(n);
		assert_int_equal(n->key, i);
		assert_ptr_equal(quic_tree_find(t, i), n);
		assert_ptr_equal(quic_tree_prev(t, n), prev);
		prev = n;
		n = quic_tree_next(t, n);
	}
	assert_null(n);
	assert_int_equal(quic_tree_is_empty(t), !prev);
}

static void tree_keeps_order_under_random_inserts_and_erases(void **state)
{
	static struct quic_node nodes[NODES];
	bool in[NODES] = { false };
	struct quic_tree t;
	int step;

	quic_tree_init(&t);
	for (step = 0; step < 20000; step++) {
		u32 i = unit_random(NODES);
		struct quic_node extra = { .key = i };

		if (in[i]) {
			assert_ptr_equal(quic_tree_insert(&t, &extra), &nodes[i]);
			quic_tree_erase(&t, &nodes[i]);
		} else {
			nodes[i].key = i;
			assert_null(quic_tree_insert(&t, &nodes[i]));
		}
		in[i] = !in[i];
		if (step % 500 == 0)
			check_order(&t, in);
	}
	check_order(&t, in);
}

static void find_le_gives_the_nearest_at_or_below(void **state)
{
	struct quic_node a = { .key = 10 }, b = { .key = 20 };
	struct quic_tree t;

	quic_tree_init(&t);
	assert_null(quic_tree_find_le(&t, U64_MAX));
	quic_tree_insert(&t, &a);
	quic_tree_insert(&t, &b);
	assert_null(quic_tree_find_le(&t, 9));
	assert_ptr_equal(quic_tree_find_le(&t, 10), &a);
	assert_ptr_equal(quic_tree_find_le(&t, 19), &a);
	assert_ptr_equal(quic_tree_find_le(&t, 20), &b);
	assert_ptr_equal(quic_tree_find_le(&t, U64_MAX), &b);
}

struct item {
	struct list_head link;
	int v;
};

static void lists_link_move_and_splice(void **state)
{
	struct item it[4] = { { .v = 0 }, { .v = 1 }, { .v = 2 }, { .v = 3 } }, *pos, *next;
	LIST_HEAD(a);
	LIST_HEAD(b);
	int i, want = 0;

	for (i = 0; i < 4; i++)
		list_add_tail(&it[i].link, i < 2 ? &a : &b);
	list_splice_tail_init(&b, &a);
	assert_true(list_empty(&b));
	list_for_each_entry(pos, &a, link)
		assert_int_equal(pos->v, want++);
	assert_int_equal(want, 4);
	list_move(&it[3].link, &a);
	assert_ptr_equal(list_first_entry(&a, struct item, link), &it[3]);
	list_for_each_entry_safe(pos, next, &a, link)
		list_del_init(&pos->link);
	assert_true(list_empty(&a));
	assert_null(list_first_entry_or_null(&a, struct item, link));
}

static void the_chosen_allocation_fails_and_no_other(void **state)
{
	long live = quic_env_live;
	void *p[3];

	quic_env_fail_nth(2);
	p[0] = quic_env_alloc(1, 8);
	p[1] = quic_env_alloc(1, 8);
	p[2] = quic_env_alloc(1, 8);
	assert_non_null(p[0]);
	assert_null(p[1]);
	assert_non_null(p[2]);
	assert_int_equal(quic_env_live, live + 2);
	quic_env_free(p[0]);
	quic_env_free(p[2]);
	assert_int_equal(quic_env_live, live);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tree_keeps_order_under_random_inserts_and_erases),
		cmocka_unit_test(find_le_gives_the_nearest_at_or_below),
		cmocka_unit_test(lists_link_move_and_splice),
		cmocka_unit_test(the_chosen_allocation_fails_and_no_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
