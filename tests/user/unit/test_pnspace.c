// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/pnspace: duplicates against a bitmap [9000-12.3], when an ACK is due
 * [9000-13.2.1, 13.2.2], what is told and forgotten [9000-13.2.3, 13.2.4].
 */
#include "core/pnspace.h"
#include "unit.h"

#define DELAY	25000ULL
#define NUMBERS	20000

static void begin(struct quic_pnspace *s)
{
	quic_pnspace_init(s);
	assert_int_equal(s->largest, QUIC_PN_NONE);
	assert_false(quic_pnspace_has_ack(s));
	assert_false(quic_pnspace_is_ack_due(s, U64_MAX - 1));
}

/* An ack-eliciting 1-RTT packet. */
static void receive(struct quic_pnspace *s, quic_pn pn, quic_us now)
{
	assert_true(quic_pnspace_is_new(s, pn));
	assert_int_equal(quic_pnspace_on_packet(s, pn, now, true, false, QUIC_ECN_NOT_ECT,
						DELAY), 0);
	assert_false(quic_pnspace_is_new(s, pn));
}

/* [9000-13.2.1#1] */
static void a_lone_packet_is_acknowledged_within_max_ack_delay(void **state)
{
	struct quic_pnspace s;

	begin(&s);
	receive(&s, 0, 1000);
	quic_pnspace_on_aggregate_end(&s);
	assert_true(quic_pnspace_has_ack(&s));
	assert_false(quic_pnspace_is_ack_due(&s, 1000 + DELAY - 1));
	assert_true(quic_pnspace_is_ack_due(&s, 1000 + DELAY));
	/* The first packet's deadline counts, not the last one's. */
	quic_pnspace_on_ack_sent(&s);
	receive(&s, 1, 50000);
	receive(&s, 2, 60000);
	assert_int_equal(s.ack_at, 50000 + DELAY);
	quic_pnspace_exit(&s);
}

static void every_second_packet_makes_an_ack_due_at_the_aggregates_end(void **state)
{
	struct quic_pnspace s;
	unsigned int i;

	begin(&s);
	for (i = 0; i < 10; i++)
		receive(&s, i, 1000);
	assert_false(quic_pnspace_is_ack_due(&s, 1000));
	quic_pnspace_on_aggregate_end(&s);
	assert_true(quic_pnspace_is_ack_due(&s, 1000));
	quic_pnspace_on_ack_sent(&s);
	assert_false(quic_pnspace_is_ack_due(&s, U64_MAX - 1));
	assert_false(quic_pnspace_has_ack(&s));
	/* Two in two aggregates. */
	receive(&s, 10, 2000);
	quic_pnspace_on_aggregate_end(&s);
	assert_false(quic_pnspace_is_ack_due(&s, 2000));
	receive(&s, 11, 2001);
	quic_pnspace_on_aggregate_end(&s);
	assert_true(quic_pnspace_is_ack_due(&s, 2001));
	quic_pnspace_exit(&s);
}

/* One packet after @before in-order ones; is its ACK due at once? */
struct decision {
	const char *what;
	unsigned int before;	/* ack-eliciting 0 .. before-1, acknowledged */
	quic_pn other;		/* then one that is not ack-eliciting, or QUIC_PN_NONE */
	quic_pn pn;
	bool eliciting;
	bool immediate;
	enum quic_ecn ecn;
	bool now;
	bool ever;
};

#define NO QUIC_PN_NONE

static const struct decision decisions[] = {
	{ "in order", 5, NO, 5, true, false, QUIC_ECN_NOT_ECT, false, true },
	{ "in order, ECT(0)", 5, NO, 5, true, false, QUIC_ECN_ECT0, false, true },
	{ "Initial, Handshake, FIN", 5, NO, 5, true, true, QUIC_ECN_NOT_ECT, true, true },
	{ "marked CE", 5, NO, 5, true, false, QUIC_ECN_CE, true, true },
	{ "beyond a gap", 5, NO, 6, true, false, QUIC_ECN_NOT_ECT, true, true },
	{ "far beyond a gap", 5, NO, 5000, true, false, QUIC_ECN_NOT_ECT, true, true },
	{ "gap filled by a packet that elicits nothing", 5, 5, 6, true, false,
	  QUIC_ECN_NOT_ECT, false, true },
	{ "beyond a packet that elicits nothing and a gap", 5, 6, 7, true, false,
	  QUIC_ECN_NOT_ECT, true, true },
	{ "below a packet that elicits nothing", 5, 6, 5, true, false, QUIC_ECN_NOT_ECT, false,
	  true },
	{ "first packet", 0, NO, 0, true, false, QUIC_ECN_NOT_ECT, false, true },
	{ "first packet, others missing", 0, NO, 3, true, false, QUIC_ECN_NOT_ECT, true, true },
	{ "elicits nothing", 5, NO, 5, false, false, QUIC_ECN_NOT_ECT, false, false },
	{ "elicits nothing, beyond a gap", 5, NO, 9, false, false, QUIC_ECN_NOT_ECT, false, false },
	{ "elicits nothing, marked CE", 5, NO, 5, false, false, QUIC_ECN_CE, false, false },
	{ "elicits nothing, Initial", 5, NO, 5, false, true, QUIC_ECN_NOT_ECT, false, false },
};

/* [9000-13.2.1#1,3,4] */
static void acks_are_due_as_the_rfc_says(void **state)
{
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(decisions); i++) {
		const struct decision *d = &decisions[i];
		struct quic_pnspace s;

		begin(&s);
		for (j = 0; j < d->before; j++)
			receive(&s, j, 100);
		quic_pnspace_on_ack_sent(&s);
		if (d->other != NO)
			assert_int_equal(quic_pnspace_on_packet(&s, d->other, 200, false, false,
								QUIC_ECN_NOT_ECT, DELAY), 0);
		assert_int_equal(quic_pnspace_on_packet(&s, d->pn, 300, d->eliciting, d->immediate,
							d->ecn, DELAY), 0);
		quic_pnspace_on_aggregate_end(&s);
		if (quic_pnspace_is_ack_due(&s, 300) != d->now ||
		    quic_pnspace_is_ack_due(&s, 300 + DELAY) != d->ever ||
		    quic_pnspace_has_ack(&s) != d->ever)
			fail_msg("%s", d->what);
		quic_pnspace_exit(&s);
	}
}

static void a_late_packet_below_an_eliciting_one_is_acknowledged_at_once(void **state)
{
	struct quic_pnspace s;

	begin(&s);
	receive(&s, 0, 1);
	receive(&s, 2, 2);
	quic_pnspace_on_ack_sent(&s);
	receive(&s, 1, 3);
	assert_true(quic_pnspace_is_ack_due(&s, 3));
	quic_pnspace_exit(&s);
}

/* [9000-13.2.3#2] */
static void what_counts_as_highest_is_the_highest_not_the_latest(void **state)
{
	struct quic_pnspace s;

	begin(&s);
	receive(&s, 0, 1);
	receive(&s, 5, 2);
	receive(&s, 3, 3);
	quic_pnspace_on_ack_sent(&s);
	receive(&s, 4, 4);
	assert_true(quic_pnspace_is_ack_due(&s, 4));
	quic_pnspace_exit(&s);
}

/* Receives @pn one by one: a string with '!' where an ACK was due at once. */
static void receive_all(struct quic_pnspace *s, const quic_pn *pn, size_t nr, char *due)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		receive(s, pn[i], 1000 + i);
		due[i] = s->ack_now ? '!' : '.';
		if (s->ack_now)
			quic_pnspace_on_ack_sent(s);
	}
	due[nr] = 0;
}

/* The tables of draft-ietf-quic-ack-frequency 6.2.1 [ack-frequency-6.2] */
static void disorder_is_told_as_the_peer_asked(void **state)
{
	static const struct {
		u64 reorder;
		const char *due;
		size_t nr;
		quic_pn pn[12];
	} cases[] = {
		/* 6 and 7 are missing, and 10 tells of 7 anew. */
		{ 3, "....!.!!", 8, { 0, 1, 3, 4, 5, 8, 9, 10 } },
		{ 5, ".....!.!", 8, { 0, 1, 3, 5, 6, 7, 8, 9 } },
		{ 0, "......", 6, { 0, 1, 5, 90, 4, 2 } },
		/* What the peer has declared lost already is told when it comes. */
		{ 3, "..!!", 4, { 0, 1, 5, 2 } },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct quic_pnspace s;
		char due[16];

		begin(&s);
		s.ack_after = 100;
		s.reorder = cases[i].reorder;
		receive_all(&s, cases[i].pn, cases[i].nr, due);
		assert_string_equal(due, cases[i].due);
		quic_pnspace_exit(&s);
	}
}

/* [ack-frequency-6.3] */
static void who_wants_few_acks_hears_of_the_first_mark(void **state)
{
	static const enum quic_ecn ecn[] = {
		QUIC_ECN_ECT0, QUIC_ECN_CE, QUIC_ECN_CE, QUIC_ECN_ECT0, QUIC_ECN_CE,
	};
	struct quic_pnspace s;
	unsigned int few, i;
	bool now;

	for (few = 0; few < 2; few++) {
		begin(&s);
		s.ack_after = few ? 10 : 1;
		for (i = 0; i < ARRAY_SIZE(ecn); i++) {
			assert_int_equal(quic_pnspace_on_packet(&s, i, 1000, true, false, ecn[i],
								25000), 0);
			now = ecn[i] == QUIC_ECN_CE && !(few && ecn[i - 1] == QUIC_ECN_CE);
			assert_int_equal(s.ack_now, now);
			if (s.ack_now)
				quic_pnspace_on_ack_sent(&s);
		}
		quic_pnspace_exit(&s);
	}
}

/* [ack-frequency-6] */
static void the_threshold_counts_packets_that_stay_unacknowledged(void **state)
{
	static const u64 after[] = { 0, 1, 2, 10 };
	struct quic_pnspace s;
	unsigned int i;
	quic_pn pn;

	for (i = 0; i < ARRAY_SIZE(after); i++) {
		begin(&s);
		s.ack_after = after[i];
		for (pn = 0; pn <= after[i]; pn++) {
			assert_false(s.ack_now);
			receive(&s, pn, 1000);
			quic_pnspace_on_aggregate_end(&s);
		}
		assert_true(s.ack_now);
		quic_pnspace_exit(&s);
	}
}

/* Gaps are told before there are too many for one ACK, whatever the peer asked for. */
static void gaps_are_not_kept_back_without_end(void **state)
{
	struct quic_pnspace s;
	quic_pn pn;

	begin(&s);
	s.ack_after = 1000;
	s.reorder = 0;
	for (pn = 0; !s.ack_now; pn += 2)
		receive(&s, pn, 1000);
	assert_true(pn <= 2 * QUIC_PNSPACE_ACK_RANGES);
	quic_pnspace_on_ack_sent(&s);
	receive(&s, pn, 1000);
	assert_false(s.ack_now);
	quic_pnspace_exit(&s);
}

static void a_gap_below_the_floor_is_none(void **state)
{
	struct quic_pnspace s;

	begin(&s);
	receive(&s, 0, 1);
	assert_int_equal(quic_pnspace_on_packet(&s, 6, 2, false, false, QUIC_ECN_NOT_ECT,
						DELAY), 0);
	quic_pnspace_on_ack_sent(&s);
	quic_pnspace_on_ack_acked(&s, 6);
	receive(&s, 7, 3);
	assert_false(quic_pnspace_is_ack_due(&s, 3));
	quic_pnspace_exit(&s);
}

static void codepoints_are_counted(void **state)
{
	struct quic_pnspace s;
	unsigned int i;

	begin(&s);
	for (i = 0; i < 100; i++)
		assert_int_equal(quic_pnspace_on_packet(&s, i, 1, i & 1, false, i % 4, DELAY), 0);
	for (i = 0; i < QUIC_NR_ECN; i++)
		assert_int_equal(s.ecn[i], 25);
	quic_pnspace_exit(&s);
}

/* [9000-13.2.5] */
static void ack_delay_counts_from_the_largest_packet(void **state)
{
	struct quic_pnspace s;

	begin(&s);
	receive(&s, 5, 1000);
	receive(&s, 3, 9000);
	assert_int_equal(quic_pnspace_ack_delay(&s, 9000, 0), 8000);
	assert_int_equal(quic_pnspace_ack_delay(&s, 9000, 3), 1000);
	assert_int_equal(quic_pnspace_ack_delay(&s, 900, 3), 0);
	assert_int_equal(quic_pnspace_ack_delay(&s, 1ULL << 63, 20), ((1ULL << 63) - 1000) >> 20);
	assert_true(quic_pnspace_ack_delay(&s, 1ULL << 63, 0) == QUIC_VARINT_MAX);
	quic_pnspace_exit(&s);
}

static void what_the_peer_saw_acknowledged_is_told_no_more(void **state)
{
	struct quic_pnspace s;
	quic_pn pn;

	begin(&s);
	for (pn = 0; pn < 20; pn++)
		if (pn != 7)
			receive(&s, pn, pn);
	quic_pnspace_on_ack_sent(&s);
	quic_pnspace_on_ack_acked(&s, 9);
	assert_int_equal(s.received.nr, 1);
	assert_int_equal(s.received.v[0].start, 10);
	for (pn = 0; pn < 20; pn++)
		assert_false(quic_pnspace_is_new(&s, pn));
	/* Old news changes nothing, and neither does nonsense. */
	quic_pnspace_on_ack_acked(&s, 3);
	quic_pnspace_on_ack_acked(&s, 1000);
	assert_int_equal(s.floor, 10);
	/* All of it forgotten: the largest stays known. */
	quic_pnspace_on_ack_acked(&s, 19);
	assert_true(quic_ranges_is_empty(&s.received));
	assert_int_equal(s.largest, 19);
	assert_false(quic_pnspace_is_new(&s, 19));
	assert_false(quic_pnspace_has_ack(&s));
	receive(&s, 20, 30);
	assert_true(quic_pnspace_has_ack(&s));
	quic_pnspace_exit(&s);
}

static void a_packet_never_told_survives_the_ack_of_an_older_ack(void **state)
{
	struct quic_pnspace s;

	begin(&s);
	receive(&s, 0, 1);
	receive(&s, 2, 2);
	quic_pnspace_on_ack_sent(&s);		/* tells 0 and 2 */
	receive(&s, 1, 3);
	quic_pnspace_on_ack_acked(&s, 2);	/* that one, not the next */
	assert_true(quic_ranges_has(&s.received, 1));
	quic_pnspace_on_ack_sent(&s);
	quic_pnspace_on_ack_acked(&s, 2);
	assert_true(quic_ranges_is_empty(&s.received));
	quic_pnspace_exit(&s);
}

/* [9000-13.2.3#1] */
static void ranges_are_bounded_and_the_oldest_go_first(void **state)
{
	struct quic_pnspace s;
	quic_pn pn;

	begin(&s);
	for (pn = 0; pn < 1000; pn += 2)
		receive(&s, pn, pn);
	assert_int_equal(s.received.nr, QUIC_PNSPACE_MAX_RANGES);
	assert_int_equal(quic_ranges_last(&s.received), 998);
	assert_int_equal(s.floor, 998 - 2 * QUIC_PNSPACE_MAX_RANGES + 1);
	for (pn = 0; pn < s.floor; pn++)
		assert_false(quic_pnspace_is_new(&s, pn));
	/* Nothing told is forgotten for a packet that came later than all of it. */
	pn = s.received.v[0].start;
	s.floor = 0;
	assert_false(quic_pnspace_is_new(&s, pn - 4));
	assert_true(quic_pnspace_is_new(&s, pn - 1));
	receive(&s, pn - 1, 5000);
	assert_int_equal(s.received.nr, QUIC_PNSPACE_MAX_RANGES);
	quic_pnspace_exit(&s);
}

static void an_allocation_failure_changes_nothing(void **state)
{
	struct quic_pnspace s, was;
	long live = quic_env_live;
	unsigned int n = 0;
	quic_pn pn;

	begin(&s);
	for (pn = 0; pn < 200; pn += 2) {
		int err;

		was = s;
		quic_env_fail_nth(1);
		err = quic_pnspace_on_packet(&s, pn, pn, true, false, QUIC_ECN_CE, DELAY);
		quic_env_fail_nth(0);
		if (!err)
			continue;
		assert_int_equal(err, -ENOMEM);
		assert_memory_equal(&s, &was, sizeof(s));
		n++;
		receive(&s, pn, pn);
	}
	assert_true(n >= 3);
	quic_pnspace_exit(&s);
	assert_int_equal(quic_env_live, live);
}

/* The truth: what was let in, and the lowest number never acknowledged-acknowledged. */
struct model {
	bool got[NUMBERS];
	quic_pn largest;
};

static void check_against(const struct quic_pnspace *s, const struct model *m, quic_pn from)
{
	quic_pn pn;

	assert_true(s->received.nr <= QUIC_PNSPACE_MAX_RANGES);
	for (pn = from; pn < from + 300 && pn < NUMBERS; pn++) {
		/* Never twice; and what is told was received. */
		if (m->got[pn])
			assert_false(quic_pnspace_is_new(s, pn));
		if (quic_ranges_has(&s->received, pn))
			assert_true(m->got[pn]);
		/* Above the floor memory is exact, unless all ranges are in use. */
		if (pn >= s->floor && s->received.nr < QUIC_PNSPACE_MAX_RANGES) {
			assert_int_equal(quic_pnspace_is_new(s, pn), !m->got[pn]);
			assert_int_equal(quic_ranges_has(&s->received, pn), m->got[pn]);
		}
	}
}

/* [9000-12.3#4] [9000-13.2.3#1] */
static void no_packet_is_let_in_twice_under_any_order(void **state)
{
	static struct model m;
	unsigned int round, step;

	for (round = 0; round < 30; round++) {
		unsigned int spread = 1 + unit_random(400);
		struct quic_pnspace s;
		quic_pn head = 0;

		memset(&m, 0, sizeof(m));
		begin(&s);
		for (step = 0; step < 2000; step++) {
			quic_pn back = unit_random(spread), pn;

			head += unit_random(8);
			pn = head > back ? head - back : 0;
			if (quic_pnspace_is_new(&s, pn)) {
				assert_false(m.got[pn]);
				receive(&s, pn, step);
				m.got[pn] = true;
			}
			if (!unit_random(20))
				quic_pnspace_on_ack_sent(&s);
			if (!unit_random(60))
				quic_pnspace_on_ack_acked(&s, unit_random(head + 1));
			if (step % 50 == 0)
				check_against(&s, &m, head > 250 ? head - 250 : 0);
		}
		check_against(&s, &m, 0);
		quic_pnspace_exit(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lone_packet_is_acknowledged_within_max_ack_delay),
		cmocka_unit_test(every_second_packet_makes_an_ack_due_at_the_aggregates_end),
		cmocka_unit_test(acks_are_due_as_the_rfc_says),
		cmocka_unit_test(a_late_packet_below_an_eliciting_one_is_acknowledged_at_once),
		cmocka_unit_test(what_counts_as_highest_is_the_highest_not_the_latest),
		cmocka_unit_test(a_gap_below_the_floor_is_none),
		cmocka_unit_test(disorder_is_told_as_the_peer_asked),
		cmocka_unit_test(who_wants_few_acks_hears_of_the_first_mark),
		cmocka_unit_test(the_threshold_counts_packets_that_stay_unacknowledged),
		cmocka_unit_test(gaps_are_not_kept_back_without_end),
		cmocka_unit_test(codepoints_are_counted),
		cmocka_unit_test(ack_delay_counts_from_the_largest_packet),
		cmocka_unit_test(what_the_peer_saw_acknowledged_is_told_no_more),
		cmocka_unit_test(a_packet_never_told_survives_the_ack_of_an_older_ack),
		cmocka_unit_test(ranges_are_bounded_and_the_oldest_go_first),
		cmocka_unit_test(an_allocation_failure_changes_nothing),
		cmocka_unit_test(no_packet_is_let_in_twice_under_any_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
