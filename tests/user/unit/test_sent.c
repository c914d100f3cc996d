// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/sent: the rings against a plain array of everything ever sent.
 */
#include "core/sent.h"
#include "unit.h"

static void send(struct quic_sent *s, bool eliciting, quic_us now)
{
	struct quic_sent_pkt pkt = {
		.sent_at = now,
		.bytes = 1200,
		.eliciting = eliciting,
		.in_flight = eliciting,
		.item = 12345,		/* not the caller's to say */
		.nr_items = 77,
		.state = QUIC_SENT_LOST,
	};
	struct quic_sent_item item = { .kind = QUIC_SENT_ACK, .off = s->next };

	assert_int_equal(quic_sent_begin(s), 0);
	assert_true(quic_sent_add(s, &item));
	quic_sent_commit(s, &pkt);
}

static void nothing_is_allocated_before_the_first_packet(void **state)
{
	long live = quic_env_live;
	struct quic_sent s;

	quic_sent_init(&s);
	assert_int_equal(quic_env_live, live);
	assert_null(quic_sent_find(&s, 0));
	quic_sent_trim(&s);
	send(&s, true, 1);
	/* An idle connection's share (DESIGN.md 3: 8 KiB for all of it). */
	assert_in_range(s.pkt_cap * sizeof(*s.pkts) + s.item_cap * sizeof(*s.items), 1, 2048);
	quic_sent_exit(&s);
	assert_int_equal(quic_env_live, live);
}

/* [9000-12.3#1,2] */
static void a_number_is_used_up_by_commit_only(void **state)
{
	struct quic_sent_item item = { .kind = QUIC_SENT_MAX_STREAM_DATA, .sid = 4 };
	struct quic_sent s;

	quic_sent_init(&s);
	assert_int_equal(quic_sent_begin(&s), 0);
	assert_true(s.open);
	assert_true(quic_sent_add(&s, &item));
	assert_null(quic_sent_find(&s, 0));
	quic_sent_cancel(&s);
	assert_false(s.open);
	assert_int_equal(s.next, 0);
	send(&s, true, 5);
	assert_int_equal(s.next, 1);
	assert_int_equal(quic_sent_find(&s, 0)->nr_items, 1);
	assert_int_equal(quic_sent_find(&s, 0)->state, QUIC_SENT_OUT);
	assert_int_equal(quic_sent_item_at(&s, quic_sent_find(&s, 0), 0)->kind, QUIC_SENT_ACK);
	assert_null(quic_sent_find(&s, 1));
	quic_sent_exit(&s);
}

/* Which second item continues { STREAM, sid 4, off 100, len 50 }? */
static void only_what_continues_a_range_merges(void **state)
{
	const struct quic_sent_item first = {
		.kind = QUIC_SENT_STREAM, .sid = 4, .off = 100, .len = 50,
	};
	const struct {
		struct quic_sent_item item;
		bool merges;
	} cases[] = {
		{ { .kind = QUIC_SENT_STREAM, .sid = 4, .off = 150, .len = 10 }, true },
		{ { .kind = QUIC_SENT_STREAM, .sid = 4, .off = 150, .len = 0, .fin = 1 }, true },
		{ { .kind = QUIC_SENT_STREAM, .sid = 4, .off = 151, .len = 10 }, false },
		{ { .kind = QUIC_SENT_STREAM, .sid = 4, .off = 149, .len = 10 }, false },
		{ { .kind = QUIC_SENT_STREAM, .sid = 8, .off = 150, .len = 10 }, false },
		{ { .kind = QUIC_SENT_CRYPTO, .sid = 4, .off = 150, .len = 10 }, false },
		{ { .kind = QUIC_SENT_STREAM, .sid = 4, .off = 150, .len = U32_MAX }, false },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct quic_sent_pkt pkt = { .eliciting = true, .in_flight = true };
		u32 more = cases[i].merges * cases[i].item.len;
		const struct quic_sent_item *it;
		struct quic_sent s;

		quic_sent_init(&s);
		assert_int_equal(quic_sent_begin(&s), 0);
		assert_true(quic_sent_add(&s, &first));
		assert_true(quic_sent_add(&s, &cases[i].item));
		quic_sent_commit(&s, &pkt);
		assert_int_equal(quic_sent_find(&s, 0)->nr_items, 2 - cases[i].merges);
		it = quic_sent_item_at(&s, quic_sent_find(&s, 0), 0);
		assert_int_equal(it->len, 50 + more);
		assert_int_equal(it->fin, cases[i].merges && cases[i].item.fin);
		quic_sent_exit(&s);
	}
}

static void nothing_continues_a_stream_that_ended(void **state)
{
	struct quic_sent_item item = { .kind = QUIC_SENT_STREAM, .off = 10, .len = 5, .fin = 1 };
	struct quic_sent_pkt pkt = { .eliciting = true, .in_flight = true };
	struct quic_sent s;

	quic_sent_init(&s);
	assert_int_equal(quic_sent_begin(&s), 0);
	assert_true(quic_sent_add(&s, &item));
	item = (struct quic_sent_item){ .kind = QUIC_SENT_STREAM, .off = 15 };
	assert_true(quic_sent_add(&s, &item));
	quic_sent_commit(&s, &pkt);
	assert_int_equal(quic_sent_find(&s, 0)->nr_items, 2);
	assert_int_equal(quic_sent_item_at(&s, quic_sent_find(&s, 0), 0)->fin, 1);
	quic_sent_exit(&s);
}

static void rings_stay_while_a_packet_is_begun(void **state)
{
	struct quic_sent_pkt pkt = { .eliciting = true, .in_flight = true };
	struct quic_sent_item item = { .kind = QUIC_SENT_STREAM, .len = 5 };
	struct quic_sent s;
	quic_pn pn;

	quic_sent_init(&s);
	for (pn = 0; pn < 100; pn++)
		send(&s, true, pn);
	assert_int_equal(quic_sent_begin(&s), 0);
	for (pn = 0; pn < 100; pn++)
		quic_sent_settle(&s, quic_sent_find(&s, pn), QUIC_SENT_ACKED);
	quic_sent_trim(&s);
	assert_int_equal(s.base, 100);
	assert_true(quic_sent_add(&s, &item));
	quic_sent_commit(&s, &pkt);
	assert_int_equal(quic_sent_find(&s, 100)->nr_items, 1);
	quic_sent_exit(&s);
}

static void crypto_ranges_merge_and_packets_do_not(void **state)
{
	struct quic_sent_item a = { .kind = QUIC_SENT_CRYPTO, .off = 0, .len = 10 };
	struct quic_sent_item b = { .kind = QUIC_SENT_CRYPTO, .off = 10, .len = 10 };
	struct quic_sent_pkt pkt = { .eliciting = true, .in_flight = true };
	struct quic_sent s;

	quic_sent_init(&s);
	assert_int_equal(quic_sent_begin(&s), 0);
	assert_true(quic_sent_add(&s, &a));
	quic_sent_commit(&s, &pkt);
	assert_int_equal(quic_sent_begin(&s), 0);
	assert_true(quic_sent_add(&s, &b));
	quic_sent_commit(&s, &pkt);
	assert_int_equal(quic_sent_item_at(&s, quic_sent_find(&s, 0), 0)->len, 10);
	assert_int_equal(quic_sent_item_at(&s, quic_sent_find(&s, 1), 0)->off, 10);
	quic_sent_exit(&s);
}

static void a_packet_takes_no_more_than_its_share_of_items(void **state)
{
	struct quic_sent_pkt pkt = { .eliciting = true, .in_flight = true };
	struct quic_sent_item item = { .kind = QUIC_SENT_STREAM, .len = 1 };
	struct quic_sent s;
	unsigned int i;

	quic_sent_init(&s);
	assert_int_equal(quic_sent_begin(&s), 0);
	for (i = 0; i < QUIC_SENT_PKT_MAX_ITEMS; i++) {
		item.sid = 4 * i;
		assert_true(quic_sent_add(&s, &item));
	}
	item.sid = 4 * i;
	assert_false(quic_sent_add(&s, &item));
	quic_sent_commit(&s, &pkt);
	assert_int_equal(quic_sent_find(&s, 0)->nr_items, QUIC_SENT_PKT_MAX_ITEMS);
	quic_sent_exit(&s);
}

static void large_rings_go_when_nothing_is_unsettled(void **state)
{
	struct quic_sent s;
	quic_pn pn;

	quic_sent_init(&s);
	for (pn = 0; pn < 1000; pn++)
		send(&s, true, pn);
	assert_int_equal(s.nr_eliciting, 1000);
	assert_int_equal(s.pkt_cap, 1024);
	for (pn = 999; pn < 1000; pn--)
		quic_sent_settle(&s, quic_sent_find(&s, pn), pn & 1 ? QUIC_SENT_ACKED :
								     QUIC_SENT_LOST);
	quic_sent_trim(&s);
	assert_int_equal(s.nr_eliciting, 0);
	assert_int_equal(s.base, 1000);
	assert_int_equal(s.pkt_cap, 0);
	send(&s, true, 5000);
	assert_int_equal(s.pkt_cap, 8);
	assert_int_equal(quic_sent_find(&s, 1000)->sent_at, 5000);
	quic_sent_exit(&s);
	assert_int_equal(s.next, 1001);
}

static void a_sender_of_acks_alone_keeps_a_small_ring(void **state)
{
	struct quic_sent s;
	quic_pn pn;

	quic_sent_init(&s);
	for (pn = 0; pn < 200000; pn++)
		send(&s, false, pn);
	assert_int_equal(s.pkt_cap, 8);
	assert_in_range(s.item_cap, 1, 64);
	assert_non_null(quic_sent_find(&s, 199999));
	assert_null(quic_sent_find(&s, 100));
	quic_sent_exit(&s);
}

/* [9000-21.4] A trap in the way of a full ring stays while something is out. */
static void a_skipped_number_is_kept_while_it_can_be_told(void **state)
{
	unsigned int out, i;
	struct quic_sent s;

	for (out = 0; out < 2; out++) {
		quic_sent_init(&s);
		assert_int_equal(quic_sent_skip(&s), 0);
		for (i = 0; i < 100; i++)
			send(&s, out, i);
		assert_int_equal(quic_sent_prev_skipped(&s, QUIC_PN_NONE), out ? 0 : QUIC_PN_NONE);
		quic_sent_exit(&s);
	}
}

static void the_number_of_unsettled_packets_is_bounded(void **state)
{
	struct quic_sent s;
	quic_pn pn;

	quic_sent_init(&s);
	for (pn = 0; pn < QUIC_SENT_MAX_PKTS; pn++)
		send(&s, true, pn);
	assert_int_equal(quic_sent_begin(&s), -ENOBUFS);
	assert_int_equal(quic_sent_skip(&s), -ENOBUFS);
	assert_int_equal(s.next, QUIC_SENT_MAX_PKTS);
	quic_sent_settle(&s, quic_sent_find(&s, 0), QUIC_SENT_ACKED);
	quic_sent_trim(&s);
	send(&s, true, 1);
	quic_sent_exit(&s);
}

static void the_number_of_items_is_bounded(void **state)
{
	struct quic_sent_pkt pkt = { .eliciting = true, .in_flight = true };
	struct quic_sent_item item = { .kind = QUIC_SENT_MAX_STREAM_DATA };
	struct quic_sent s;
	unsigned int i;
	int err;

	quic_sent_init(&s);
	while (!(err = quic_sent_begin(&s))) {
		for (i = 0; i < QUIC_SENT_PKT_MAX_ITEMS; i++)
			assert_true(quic_sent_add(&s, &item));
		quic_sent_commit(&s, &pkt);
	}
	assert_int_equal(err, -ENOBUFS);
	assert_int_equal(s.item_next - s.item_base, QUIC_SENT_MAX_ITEMS);
	quic_sent_exit(&s);
}

static void an_allocation_failure_leaves_all_records(void **state)
{
	long live = quic_env_live;
	struct quic_sent s;
	unsigned int failed = 0;
	quic_pn pn, q;

	quic_sent_init(&s);
	for (pn = 0; pn < 3000; pn++) {
		int err, nth;

		for (nth = 1; nth <= 2; nth++) {
			quic_env_fail_nth(nth);
			err = quic_sent_begin(&s);
			quic_env_fail_nth(0);
			if (!err) {
				quic_sent_cancel(&s);
				continue;
			}
			assert_int_equal(err, -ENOMEM);
			failed++;
			for (q = 0; q < pn; q++)
				assert_int_equal(quic_sent_find(&s, q)->sent_at, q);
		}
		send(&s, true, pn);
	}
	assert_true(failed >= 14);
	quic_sent_exit(&s);
	assert_int_equal(quic_env_live, live);
}

static void skipped_numbers_are_found_highest_first(void **state)
{
	struct quic_sent s;
	quic_pn pn;

	quic_sent_init(&s);
	assert_int_equal(quic_sent_prev_skipped(&s, QUIC_PN_NONE), QUIC_PN_NONE);
	for (pn = 0; pn < 40; pn++) {
		if (pn % 10 == 3)
			assert_int_equal(quic_sent_skip(&s), 0);
		else
			send(&s, true, pn);
	}
	assert_int_equal(quic_sent_prev_skipped(&s, QUIC_PN_NONE), 33);
	assert_int_equal(quic_sent_prev_skipped(&s, 33), 23);
	assert_int_equal(quic_sent_prev_skipped(&s, 13), 3);
	assert_int_equal(quic_sent_prev_skipped(&s, 3), QUIC_PN_NONE);
	assert_int_equal(quic_sent_find(&s, 13)->state, QUIC_SENT_SKIPPED);
	assert_int_equal(s.nr_eliciting, 36);

	/* One stays until something beyond it is acknowledged. */
	for (pn = 0; pn < 3; pn++)
		quic_sent_settle(&s, quic_sent_find(&s, pn), QUIC_SENT_ACKED);
	s.largest_acked = 2;
	quic_sent_trim(&s);
	assert_int_equal(s.base, 3);
	quic_sent_settle(&s, quic_sent_find(&s, 5), QUIC_SENT_ACKED);
	s.largest_acked = 5;
	quic_sent_trim(&s);
	assert_int_equal(s.base, 4);
	assert_int_equal(quic_sent_prev_skipped(&s, 13), QUIC_PN_NONE);
	quic_sent_exit(&s);
	assert_int_equal(quic_sent_prev_skipped(&s, QUIC_PN_NONE), QUIC_PN_NONE);
}

enum { RUN = 30000 };

static struct {
	u8 state;
	u8 nr_items;
	u64 cookie;
} model[RUN];

/* A random packet; its items carry numbers made from @pn. */
static void send_random(struct quic_sent *s, quic_pn pn)
{
	struct quic_sent_pkt pkt = { .sent_at = pn, .eliciting = true, .in_flight = true };
	unsigned int i;

	model[pn].nr_items = unit_random(unit_random(4) ? 3 : QUIC_SENT_PKT_MAX_ITEMS + 1);
	model[pn].state = QUIC_SENT_OUT;
	assert_int_equal(quic_sent_begin(s), 0);
	for (i = 0; i < model[pn].nr_items; i++) {
		struct quic_sent_item item = {
			.kind = QUIC_SENT_RETIRE_CID, .off = pn * 64 + i,
		};

		assert_true(quic_sent_add(s, &item));
	}
	quic_sent_commit(s, &pkt);
}

static void check_all(struct quic_sent *s)
{
	quic_pn pn;

	for (pn = s->base; pn < s->next; pn++) {
		struct quic_sent_pkt *pkt = quic_sent_find(s, pn);
		unsigned int i;

		assert_int_equal(pkt->sent_at, pn);
		assert_int_equal(pkt->state, model[pn].state);
		assert_int_equal(pkt->nr_items, model[pn].nr_items);
		for (i = 0; i < pkt->nr_items; i++)
			assert_int_equal(quic_sent_item_at(s, pkt, i)->off, pn * 64 + i);
	}
	assert_null(quic_sent_find(s, s->next));
	if (s->base)
		assert_null(quic_sent_find(s, s->base - 1));
}

/* Rings wrap and grow, item numbers wrap at 2^32, and no record changes. */
static void records_survive_growth_and_wrapping(void **state)
{
	struct quic_sent s;
	unsigned int step;

	quic_sent_init(&s);
	s.item_base = U32_MAX - 5000;
	s.item_next = s.item_base;
	for (step = 0; s.next < RUN; step++) {
		unsigned int target = (step / 3000) % 3 == 1 ? 900 : 20;

		if (s.next - s.base < target) {
			send_random(&s, s.next);
		} else {
			quic_pn pn = s.base + unit_random(min(s.next - s.base, 30ULL));
			struct quic_sent_pkt *pkt = quic_sent_find(&s, pn);

			if (pkt->state == QUIC_SENT_OUT) {
				model[pn].state = unit_random(2) ? QUIC_SENT_ACKED : QUIC_SENT_LOST;
				quic_sent_settle(&s, pkt, model[pn].state);
			}
			quic_sent_trim(&s);
		}
		if (step % 1000 == 0)
			check_all(&s);
	}
	check_all(&s);
	quic_sent_exit(&s);
}

/* A peer that acknowledges nothing makes us send ACKs without end. */
static void packets_that_elicit_nothing_do_not_pile_up_behind_one_that_does(void **state)
{
	struct quic_sent s;
	unsigned int i;

	quic_sent_init(&s);
	send(&s, true, 1);
	for (i = 0; i < 5000; i++) {
		while (quic_sent_is_crowded(&s))
			quic_sent_drop_first(&s);
		send(&s, i % 500 == 0, 2 + i);
		assert_true(s.pkt_cap <= 1024 && s.next - s.base <= s.pkt_cap);
	}
	/* Those forgotten are no longer waited for. */
	assert_in_range(s.nr_eliciting, 1, 4);
	quic_sent_exit(&s);
}

static void packets_to_be_acknowledged_have_the_room_they_need(void **state)
{
	struct quic_sent s;
	unsigned int i;

	quic_sent_init(&s);
	for (i = 0; i < 5000; i++) {
		assert_false(quic_sent_is_crowded(&s));
		send(&s, i % 3 == 0, 1 + i);
	}
	assert_int_equal(s.base, 0);
	quic_sent_exit(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_allocated_before_the_first_packet),
		cmocka_unit_test(a_number_is_used_up_by_commit_only),
		cmocka_unit_test(only_what_continues_a_range_merges),
		cmocka_unit_test(nothing_continues_a_stream_that_ended),
		cmocka_unit_test(rings_stay_while_a_packet_is_begun),
		cmocka_unit_test(crypto_ranges_merge_and_packets_do_not),
		cmocka_unit_test(a_packet_takes_no_more_than_its_share_of_items),
		cmocka_unit_test(large_rings_go_when_nothing_is_unsettled),
		cmocka_unit_test(a_sender_of_acks_alone_keeps_a_small_ring),
		cmocka_unit_test(a_skipped_number_is_kept_while_it_can_be_told),
		cmocka_unit_test(the_number_of_unsettled_packets_is_bounded),
		cmocka_unit_test(the_number_of_items_is_bounded),
		cmocka_unit_test(an_allocation_failure_leaves_all_records),
		cmocka_unit_test(skipped_numbers_are_found_highest_first),
		cmocka_unit_test(records_survive_growth_and_wrapping),
		cmocka_unit_test(packets_that_elicit_nothing_do_not_pile_up_behind_one_that_does),
		cmocka_unit_test(packets_to_be_acknowledged_have_the_room_they_need),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
