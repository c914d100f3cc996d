// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Both connection id tables: single rules first, then each against a model
 * that keeps every number ever seen, on random sequences of frames.  Whatever
 * a peer does wrong leaves the table byte-identical.
 */
#include "core/connid.h"
#include "unit.h"

static struct quic_cid cid_of(u64 n)
{
	struct quic_cid cid = { .len = QUIC_CID_OURS_BYTES };

	memset(cid.data, 0xc0, cid.len);
	memcpy(cid.data, &n, sizeof(n));
	return cid;
}

static const u8 *token_of(u64 n)
{
	static u8 token[QUIC_RESET_TOKEN_BYTES];

	memset(token, 0x70, sizeof(token));
	memcpy(token, &n, sizeof(n));
	return token;
}

static int on_new(struct quic_connid_remote *r, u64 seq, u64 prior)
{
	struct quic_cid cid = cid_of(seq);

	return quic_connid_remote_on_new(r, seq, prior, &cid, token_of(seq));
}

static void remote_fresh(struct quic_connid_remote *r, u64 limit)
{
	struct quic_cid first = cid_of(0);

	quic_connid_remote_init(r, limit);
	quic_connid_remote_set_first(r, &first);
	quic_connid_remote_set_token(r, token_of(0));
}

/* Returns the sequence number in use, having checked that the entry belongs to it. */
static u64 active_seq(const struct quic_connid_remote *r)
{
	const struct quic_connid_entry *e = quic_connid_remote_active(r);
	struct quic_cid want = cid_of(e->seq);

	assert_true(e->used);
	assert_true(quic_cid_equal(&e->cid, &want));
	return e->seq;
}

/* ---- local ---- */

static void issue_up_to(struct quic_connid_local *l)
{
	while (quic_connid_local_wanted(l)) {
		struct quic_cid cid = cid_of(l->next_seq);

		assert_non_null(quic_connid_local_issue(l, &cid, token_of(l->next_seq)));
	}
}

/* [9000-5.1.1#1,3] */
static void local_issues_what_the_peer_accepts(void **state)
{
	struct quic_cid first = cid_of(0), second = cid_of(1);
	struct quic_connid_entry *e;
	struct quic_connid_local l;

	quic_connid_local_init(&l, &first);
	assert_null(quic_connid_local_next_to_send(&l));
	assert_int_equal(quic_connid_local_wanted(&l), 1);	/* [9000-5.1.1] 2 until known */
	e = quic_connid_local_issue(&l, &second, token_of(1));
	assert_int_equal(e->seq, 1);
	assert_true(e->to_send);
	assert_int_equal(quic_connid_local_wanted(&l), 0);
	assert_ptr_equal(quic_connid_local_next_to_send(&l), e);
	assert_ptr_equal(quic_connid_local_find(&l, 1), e);
	assert_ptr_equal(quic_connid_local_find_cid(&l, &second), e);
	assert_null(quic_connid_local_find(&l, 2));
	l.limit = 1ULL << 61;
	assert_int_equal(quic_connid_local_wanted(&l), QUIC_CONNID_MAX - 2);
	issue_up_to(&l);
	assert_null(quic_connid_local_issue(&l, &second, token_of(1)));
	assert_int_equal(l.next_seq, QUIC_CONNID_MAX);
}

static void local_sends_lowest_first_and_again_when_lost(void **state)
{
	struct quic_cid first = cid_of(0);
	struct quic_connid_local l;
	struct quic_connid_entry *e;
	u64 seq;

	quic_connid_local_init(&l, &first);
	l.limit = 5;
	issue_up_to(&l);
	for (seq = 1; seq < 5; seq++) {
		e = quic_connid_local_next_to_send(&l);
		assert_int_equal(e->seq, seq);
		e->to_send = false;
	}
	assert_null(quic_connid_local_next_to_send(&l));
	quic_connid_local_on_lost(&l, 3);		/* [9000-13.3] */
	assert_int_equal(quic_connid_local_next_to_send(&l)->seq, 3);
	quic_connid_local_on_lost(&l, 77);		/* retired meanwhile */
	assert_int_equal(quic_connid_local_next_to_send(&l)->seq, 3);
}

/* [9000-19.16#1] [9000-5.1.1#2] */
static void local_retirement_is_checked(void **state)
{
	struct quic_cid first = cid_of(0), gone;
	struct quic_connid_local l, before;
	bool did;

	quic_connid_local_init(&l, &first);
	l.limit = 3;
	issue_up_to(&l);
	before = l;
	assert_int_equal(quic_connid_local_on_retire(&l, 3, &first, &gone, &did),
			 QUIC_VIOLATION_CID_RETIRE_UNISSUED);
	assert_int_equal(quic_connid_local_on_retire(&l, U64_MAX, &first, &gone, &did),
			 QUIC_VIOLATION_CID_RETIRE_UNISSUED);
	assert_int_equal(quic_connid_local_on_retire(&l, 0, &first, &gone, &did),
			 QUIC_VIOLATION_CID_RETIRE_IN_USE);
	assert_memory_equal(&l, &before, sizeof(l));
	assert_int_equal(quic_connid_local_on_retire(&l, 1, &first, &gone, &did), 0);
	assert_true(did);
	assert_int_equal(gone.len, QUIC_CID_OURS_BYTES);
	assert_null(quic_connid_local_find(&l, 1));
	assert_null(memchr_inv(&l.e[1], 0, sizeof(l.e[1])));	/* its token too */
	assert_int_equal(quic_connid_local_wanted(&l), 1);
	assert_int_equal(quic_connid_local_on_retire(&l, 1, &first, &gone, &did), 0);
	assert_false(did);
}

/* [9000-19.15#5] */
static void local_retire_prior_makes_room_at_once(void **state)
{
	struct quic_cid first = cid_of(0);
	struct quic_connid_local l, before;
	struct quic_connid_entry *e;

	quic_connid_local_init(&l, &first);
	l.limit = 3;
	issue_up_to(&l);
	before = l;
	assert_int_equal(quic_connid_local_retire_prior(&l, 0), -EINVAL);
	assert_int_equal(quic_connid_local_retire_prior(&l, 3), -EINVAL);
	assert_memory_equal(&l, &before, sizeof(l));
	while ((e = quic_connid_local_next_to_send(&l)))
		e->to_send = false;
	assert_int_equal(quic_connid_local_retire_prior(&l, 2), 0);
	assert_int_equal(quic_connid_local_retire_prior(&l, 2), -EINVAL);
	assert_int_equal(quic_connid_local_retire_prior(&l, 1), -EINVAL);
	e = quic_connid_local_next_to_send(&l);			/* it carries the request */
	assert_int_equal(e->seq, 2);
	assert_int_equal(quic_connid_local_prior_for(&l, e), 2);
	assert_int_equal(quic_connid_local_wanted(&l), 2);	/* [9000-5.1.1] excess */
	quic_connid_local_on_lost(&l, 1);
	e = quic_connid_local_next_to_send(&l);
	assert_int_equal(e->seq, 1);
	assert_int_equal(quic_connid_local_prior_for(&l, e), 1);	/* [9000-19.15] */
}

/* The request goes out even when no slot is free for a new id. */
static void local_retire_prior_works_with_a_full_table(void **state)
{
	struct quic_cid first = cid_of(0);
	struct quic_connid_local l;
	struct quic_connid_entry *e;

	quic_connid_local_init(&l, &first);
	l.limit = QUIC_CONNID_MAX;
	issue_up_to(&l);
	while ((e = quic_connid_local_next_to_send(&l)))
		e->to_send = false;
	assert_int_equal(quic_connid_local_retire_prior(&l, QUIC_CONNID_MAX - 1), 0);
	assert_int_equal(quic_connid_local_wanted(&l), 0);
	assert_int_equal(quic_connid_local_next_to_send(&l)->seq, QUIC_CONNID_MAX - 1);
}

/* ---- remote ---- */

/* [9000-5.1.1#4] */
static void remote_takes_ids_up_to_the_limit(void **state)
{
	struct quic_connid_remote r, before;

	remote_fresh(&r, 3);
	assert_int_equal(on_new(&r, 2, 0), 0);
	assert_int_equal(on_new(&r, 1, 0), 0);
	before = r;
	assert_int_equal(on_new(&r, 3, 0), QUIC_VIOLATION_CID_LIMIT_EXCEEDED);
	assert_memory_equal(&r, &before, sizeof(r));
	assert_int_equal(on_new(&r, 1, 0), 0);		/* a repeat is harmless */
	assert_memory_equal(&r, &before, sizeof(r));
	/* [9000-5.1.1] more than that with an instruction to retire the excess */
	assert_int_equal(on_new(&r, 3, 1), 0);
	assert_int_equal(active_seq(&r), 1);
	assert_int_equal(r.nr_retire, 1);
	assert_int_equal(r.retire[0], 0);
}

static void remote_limit_is_clamped_to_the_table(void **state)
{
	struct quic_connid_remote r;
	u64 seq;

	remote_fresh(&r, 1ULL << 61);
	for (seq = 1; seq < QUIC_CONNID_MAX; seq++)
		assert_int_equal(on_new(&r, seq, 0), 0);
	assert_int_equal(on_new(&r, seq, 0), QUIC_VIOLATION_CID_LIMIT_EXCEEDED);
	remote_fresh(&r, 0);
	assert_int_equal(on_new(&r, 1, 0), 0);
	assert_int_equal(on_new(&r, 2, 0), QUIC_VIOLATION_CID_LIMIT_EXCEEDED);
}

/* [9000-19.15] */
static void remote_refuses_contradictions(void **state)
{
	struct quic_connid_remote r, before;
	struct quic_cid one = cid_of(1), two = cid_of(2), first = cid_of(0);
	struct quic_cid empty = {}, longest = { .len = QUIC_CID_MAX_BYTES + 1 };

	remote_fresh(&r, 8);
	assert_int_equal(on_new(&r, 1, 0), 0);
	before = r;
	assert_int_equal(quic_connid_remote_on_new(&r, 1, 0, &two, token_of(1)),
			 QUIC_VIOLATION_CID_CHANGED);
	assert_int_equal(quic_connid_remote_on_new(&r, 1, 0, &one, token_of(2)),
			 QUIC_VIOLATION_CID_CHANGED);
	assert_int_equal(quic_connid_remote_on_new(&r, 2, 0, &one, token_of(1)),
			 QUIC_VIOLATION_CID_CHANGED);
	assert_int_equal(quic_connid_remote_on_new(&r, 7, 7, &first, token_of(7)),
			 QUIC_VIOLATION_CID_CHANGED);
	assert_int_equal(quic_connid_remote_on_new(&r, 2, 3, &two, token_of(2)),
			 QUIC_VIOLATION_CID_RETIRE_PRIOR_TOO_LARGE);
	assert_int_equal(quic_connid_remote_on_new(&r, 2, 0, &empty, token_of(2)),
			 QUIC_VIOLATION_CID_LENGTH_INVALID);
	assert_int_equal(quic_connid_remote_on_new(&r, 2, 0, &longest, token_of(2)),
			 QUIC_VIOLATION_CID_LENGTH_INVALID);
	assert_memory_equal(&r, &before, sizeof(r));
}

/* [9000-19.15#3] */
static void remote_with_empty_id_gives_no_ids(void **state)
{
	struct quic_connid_remote r, before;
	struct quic_cid empty = {};

	quic_connid_remote_init(&r, 8);
	quic_connid_remote_set_first(&r, &empty);
	before = r;
	assert_int_equal(on_new(&r, 1, 0), QUIC_VIOLATION_CID_PEER_USES_EMPTY);
	assert_memory_equal(&r, &before, sizeof(r));
	assert_false(quic_connid_remote_rotate(&r));
}

/* an id that was asked to go before it came is retired on arrival [9000-19.15#8] */
static void remote_late_id_is_retired_at_once(void **state)
{
	struct quic_connid_remote r;

	remote_fresh(&r, 4);
	assert_int_equal(on_new(&r, 5, 4), 0);
	assert_int_equal(active_seq(&r), 5);
	assert_int_equal(on_new(&r, 3, 2), 0);
	assert_int_equal(r.nr_retire, 2);
	assert_int_equal(r.retire[1], 3);
	assert_int_equal(on_new(&r, 3, 2), 0);
	assert_int_equal(r.nr_retire, 2);
	assert_int_equal(r.largest_retire_prior_to, 4);
}

/* [9000-5.1.2] [9000-9.5] */
static void remote_rotates_to_a_fresh_id(void **state)
{
	struct quic_connid_remote r;
	u64 seq;

	remote_fresh(&r, 4);
	assert_false(quic_connid_remote_rotate(&r));
	assert_int_equal(active_seq(&r), 0);
	on_new(&r, 2, 0);
	on_new(&r, 1, 0);
	assert_true(quic_connid_remote_rotate(&r));
	assert_int_equal(active_seq(&r), 1);
	assert_true(quic_connid_remote_rotate(&r));
	assert_int_equal(active_seq(&r), 2);
	assert_false(quic_connid_remote_rotate(&r));
	/* A late repeat does not bring an ended id back. */
	assert_int_equal(on_new(&r, 1, 0), 0);
	assert_false(quic_connid_remote_rotate(&r));
	assert_true(quic_connid_remote_next_retire(&r, &seq));
	assert_int_equal(seq, 0);
	/* Sequence 9 came before 3..8, all of which may still come. */
	assert_int_equal(on_new(&r, 9, 0), 0);
	assert_true(quic_connid_remote_rotate(&r));
	assert_int_equal(active_seq(&r), 9);
	assert_int_equal(on_new(&r, 4, 0), 0);
	assert_true(quic_connid_remote_rotate(&r));
	assert_int_equal(active_seq(&r), 4);
	/* 9 ended; a repeat that asks to retire all below would leave nothing. */
	assert_int_equal(on_new(&r, 9, 9), 0);
	assert_int_equal(active_seq(&r), 4);
	assert_int_equal(on_new(&r, 10, 9), 0);
	assert_int_equal(active_seq(&r), 10);
}

static void remote_retirements_are_told_until_acknowledged(void **state)
{
	struct quic_connid_remote r;
	u64 seq;

	remote_fresh(&r, 4);
	on_new(&r, 1, 0);
	on_new(&r, 2, 0);
	on_new(&r, 3, 3);
	for (seq = 0; seq < 3; seq++) {
		u64 got;

		assert_true(quic_connid_remote_next_retire(&r, &got));
		assert_int_equal(got, seq);
		quic_connid_remote_retire_sent(&r, got);
	}
	assert_false(quic_connid_remote_next_retire(&r, &seq));
	quic_connid_remote_retire_lost(&r, 2);
	quic_connid_remote_retire_acked(&r, 0);
	quic_connid_remote_retire_acked(&r, 0);
	quic_connid_remote_retire_acked(&r, 99);
	quic_connid_remote_retire_lost(&r, 99);
	assert_true(quic_connid_remote_next_retire(&r, &seq));
	assert_int_equal(seq, 2);
	quic_connid_remote_retire_acked(&r, 2);		/* late: the first copy arrived */
	assert_false(quic_connid_remote_next_retire(&r, &seq));
	quic_connid_remote_retire_lost(&r, 1);
	assert_true(quic_connid_remote_next_retire(&r, &seq));
	assert_int_equal(seq, 1);
	quic_connid_remote_retire_acked(&r, 1);
	assert_int_equal(r.nr_retire, 0);
	assert_int_equal(r.retire_sent, 0);
}

/* a peer that never acknowledges can not make us remember without bound [9000-5.1.2#2] */
static void remote_unacknowledged_retirements_are_bounded(void **state)
{
	struct quic_connid_remote r, before;
	u64 seq;

	remote_fresh(&r, 2);
	for (seq = 1; seq <= QUIC_CONNID_RETIRE_MAX; seq++)
		assert_int_equal(on_new(&r, seq, seq), 0);
	assert_int_equal(r.nr_retire, QUIC_CONNID_RETIRE_MAX);
	before = r;
	assert_int_equal(on_new(&r, seq, seq), QUIC_VIOLATION_CID_LIMIT_EXCEEDED);
	assert_memory_equal(&r, &before, sizeof(r));
	assert_int_equal(on_new(&r, seq, seq - 1), 0);
	assert_false(quic_connid_remote_rotate(&r));
	quic_connid_remote_retire_acked(&r, 5);
	assert_true(quic_connid_remote_rotate(&r));
}

/* [9000-10.3.1] only the token of the id in use counts */
static void remote_reset_token_is_that_of_the_id_in_use(void **state)
{
	struct quic_connid_remote r;
	struct quic_cid first = cid_of(0);

	quic_connid_remote_init(&r, 4);
	quic_connid_remote_set_first(&r, &first);
	assert_false(quic_connid_remote_is_reset(&r, token_of(0)));	/* none was given */
	quic_connid_remote_set_token(&r, token_of(0));
	assert_true(quic_connid_remote_is_reset(&r, token_of(0)));
	on_new(&r, 1, 0);
	assert_false(quic_connid_remote_is_reset(&r, token_of(1)));
	quic_connid_remote_rotate(&r);
	assert_true(quic_connid_remote_is_reset(&r, token_of(1)));
	assert_false(quic_connid_remote_is_reset(&r, token_of(0)));
	quic_connid_remote_set_token(&r, token_of(0));		/* 0 is gone */
	assert_false(quic_connid_remote_is_reset(&r, token_of(0)));
}

/* [9000-9.5#1,2] each path has an id of its own */
static void remote_gives_each_path_its_id(void **state)
{
	struct quic_connid_remote r;
	struct quic_connid_entry *e;
	u64 seq;

	remote_fresh(&r, 4);
	assert_null(quic_connid_remote_take(&r));		/* only that in use */
	on_new(&r, 1, 0);
	on_new(&r, 2, 0);
	on_new(&r, 3, 0);
	e = quic_connid_remote_take(&r);
	assert_int_equal(e->seq, 1);
	assert_true(quic_connid_remote_is_reset(&r, token_of(1)));
	assert_false(quic_connid_remote_is_reset(&r, token_of(2)));
	quic_connid_remote_activate(&r, 1);
	assert_int_equal(active_seq(&r), 1);
	assert_int_equal(quic_connid_remote_take(&r)->seq, 2);	/* 0 is taken now */
	assert_true(quic_connid_remote_release(&r, 0));
	assert_true(quic_connid_remote_next_retire(&r, &seq));
	assert_int_equal(seq, 0);
	assert_true(quic_connid_remote_release(&r, 0));		/* gone: nothing to do */
	assert_true(quic_connid_remote_release(&r, 1));		/* in use: stays */
	assert_int_equal(active_seq(&r), 1);
	assert_int_equal(quic_connid_remote_use(&r, 2), -EINVAL);	/* another path's */
	assert_int_equal(quic_connid_remote_use(&r, 9), -EINVAL);
	assert_int_equal(quic_connid_remote_use(&r, 3), 0);
	assert_int_equal(active_seq(&r), 3);
	assert_null(quic_connid_remote_take(&r));		/* 1 is not used again */
}

static void remote_retires_on_demand(void **state)
{
	struct quic_connid_remote r;

	remote_fresh(&r, 4);
	on_new(&r, 1, 0);
	on_new(&r, 2, 0);
	assert_int_equal(quic_connid_remote_retire_prior(&r, 0), -EINVAL);
	assert_int_equal(quic_connid_remote_retire_prior(&r, 3), -EINVAL);
	assert_int_equal(quic_connid_remote_take(&r)->seq, 1);
	/* The path in use takes a spare rather than another path's id. */
	assert_int_equal(quic_connid_remote_retire_prior(&r, 1), 0);
	assert_int_equal(active_seq(&r), 2);
	assert_int_equal(quic_connid_remote_retire_prior(&r, 2), 0);
	assert_null(quic_connid_remote_find(&r, 1));
	/* But takes that when there is no other. */
	on_new(&r, 3, 0);
	assert_int_equal(quic_connid_remote_take(&r)->seq, 3);
	assert_int_equal(quic_connid_remote_retire_prior(&r, 3), 0);
	assert_int_equal(active_seq(&r), 3);
	r.nr_retire = QUIC_CONNID_RETIRE_MAX;
	on_new(&r, 4, 0);
	assert_int_equal(quic_connid_remote_retire_prior(&r, 4), -EAGAIN);
	assert_int_equal(quic_connid_remote_take(&r)->seq, 4);
	assert_false(quic_connid_remote_release(&r, 4));
}

static void remote_first_id_replaces_the_provisional_one(void **state)
{
	struct quic_cid provisional = cid_of(1000), first = cid_of(0);
	struct quic_connid_remote r;

	quic_connid_remote_init(&r, 4);
	quic_connid_remote_set_first(&r, &provisional);
	quic_connid_remote_set_first(&r, &first);
	assert_int_equal(active_seq(&r), 0);
	assert_int_equal(on_new(&r, 1, 1), 0);
	assert_int_equal(active_seq(&r), 1);
}

/*
 * The model of the remote table: one cell per sequence number, no windows, no
 * slots, no lists.
 */
enum { SEQS = 400 };

enum cell { UNSEEN, ALIVE, ENDED };

struct model {
	u8 cell[SEQS];
	bool retiring[SEQS];
	u64 prior;
	u64 active;
	u64 limit;
};

static unsigned int model_count(const struct model *m, u64 from)
{
	unsigned int n = 0;
	u64 i;

	for (i = from; i < SEQS; i++)
		n += m->cell[i] == ALIVE;
	return n;
}

static unsigned int model_retiring(const struct model *m)
{
	unsigned int n = 0, i;

	for (i = 0; i < SEQS; i++)
		n += m->retiring[i];
	return n;
}

/* Applies the frame to the model: what the table has to answer. */
static int model_on_new(struct model *m, u64 seq, u64 prior)
{
	struct model next = *m;
	u64 i;

	next.prior = max(m->prior, prior);
	if (next.cell[seq] == UNSEEN)
		next.cell[seq] = ALIVE;
	for (i = 0; i < next.prior; i++) {
		if (next.cell[i] != ALIVE)
			continue;
		next.cell[i] = ENDED;
		next.retiring[i] = true;
	}
	if (seq < next.prior)
		next.retiring[seq] = true;	/* told again, in case */
	if (!model_count(&next, 0))
		return 0;
	if (model_count(&next, 0) > m->limit ||
	    model_retiring(&next) > QUIC_CONNID_RETIRE_MAX)
		return QUIC_VIOLATION_CID_LIMIT_EXCEEDED;
	while (next.cell[next.active] != ALIVE)
		next.active++;
	*m = next;
	return 0;
}

static bool model_rotate(struct model *m)
{
	u64 old = m->active, i;

	if (model_count(m, 0) < 2 || model_retiring(m) == QUIC_CONNID_RETIRE_MAX)
		return false;
	m->cell[old] = ENDED;
	m->retiring[old] = true;
	for (i = old; i < SEQS && m->cell[i] != ALIVE; i++)
		;
	for (i = i == SEQS ? 0 : i; m->cell[i] != ALIVE; i++)
		;
	m->active = i;
	return true;
}

static void model_compare(const struct model *m, const struct quic_connid_remote *r)
{
	unsigned int i, alive = 0;

	assert_int_equal(active_seq(r), m->active);
	assert_int_equal(r->largest_retire_prior_to, m->prior);
	for (i = 0; i < QUIC_CONNID_MAX; i++) {
		if (!r->e[i].used)
			continue;
		alive++;
		assert_int_equal(m->cell[r->e[i].seq], ALIVE);
		assert_memory_equal(r->e[i].reset_token, token_of(r->e[i].seq),
				    QUIC_RESET_TOKEN_BYTES);
	}
	assert_int_equal(alive, model_count(m, 0));
	assert_int_equal(r->nr_retire, model_retiring(m));
	for (i = 0; i < r->nr_retire; i++)
		assert_true(m->retiring[r->retire[i]]);
}

static void model_step(struct model *m, struct quic_connid_remote *r, u64 *newest)
{
	struct quic_connid_remote before = *r;
	u64 seq, prior;
	int v, want;

	switch (unit_random(8)) {
	case 0:
		assert_int_equal(quic_connid_remote_rotate(r), model_rotate(m));
		return;
	case 1:
	case 2:
		if (quic_connid_remote_next_retire(r, &seq)) {
			quic_connid_remote_retire_sent(r, seq);
			if (unit_random(4)) {
				quic_connid_remote_retire_acked(r, seq);
				m->retiring[seq] = false;
			} else if (unit_random(2)) {
				quic_connid_remote_retire_lost(r, seq);
			}
		}
		return;
	default:
		seq = *newest + 1 > 6 ? *newest - 6 + unit_random(8) : unit_random(8);
		if (seq >= SEQS)
			return;
		prior = unit_random(4) ? m->prior : unit_random(seq + 1);
		prior = min(prior, seq);
		want = model_on_new(m, seq, prior);
		v = on_new(r, seq, prior);
		assert_int_equal(v, want);
		if (v)
			assert_memory_equal(r, &before, sizeof(*r));
		else
			*newest = max(*newest, seq);
	}
}

/* [9000-5.1.2#1] [9000-19.15#4,7] */
static void remote_agrees_with_the_model(void **state)
{
	unsigned int round, step;

	for (round = 0; round < 400; round++) {
		struct model m = { .cell = { ALIVE }, .limit = 2 + unit_random(7) };
		struct quic_connid_remote r;
		u64 newest = 0;

		unit_random_seed(round);
		remote_fresh(&r, m.limit);
		for (step = 0; step < 300; step++) {
			model_step(&m, &r, &newest);
			model_compare(&m, &r);
		}
	}
}

/* The local table serves a peer that follows the rules: it never goes wrong. */
static void both_tables_live_together(void **state)
{
	unsigned int step, renewed = 0;
	struct quic_connid_local l;
	struct quic_connid_remote r;
	struct quic_cid first = cid_of(0), gone;
	struct quic_connid_entry *e;
	bool did;
	u64 seq;

	unit_random_seed(3);
	quic_connid_local_init(&l, &first);
	remote_fresh(&r, 4);
	l.limit = 4;
	for (step = 0; step < 20000; step++) {
		struct quic_cid used = quic_connid_remote_active(&r)->cid;

		/* Never is an id used that the issuer does not know. */
		assert_non_null(quic_connid_local_find_cid(&l, &used));
		switch (unit_random(6)) {
		case 0:
			quic_connid_remote_rotate(&r);
			break;
		case 1:
			renewed += !quic_connid_local_retire_prior(&l, l.next_seq -
								   unit_random(6));
			break;
		case 2:
			quic_connid_local_on_lost(&l, 1 + unit_random(l.next_seq));
			break;
		case 3:
			if (!quic_connid_remote_next_retire(&r, &seq))
				break;
			quic_connid_remote_retire_sent(&r, seq);
			assert_int_equal(quic_connid_local_on_retire(&l, seq, &used, &gone, &did),
					 0);
			quic_connid_remote_retire_acked(&r, seq);
			break;
		default:
			issue_up_to(&l);
			e = quic_connid_local_next_to_send(&l);
			if (!e)
				break;
			e->to_send = false;
			assert_int_equal(on_new(&r, e->seq, quic_connid_local_prior_for(&l, e)),
					 0);
		}
	}
	assert_true(l.next_seq > 1000);
	assert_true(renewed > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(local_issues_what_the_peer_accepts),
		cmocka_unit_test(local_sends_lowest_first_and_again_when_lost),
		cmocka_unit_test(local_retirement_is_checked),
		cmocka_unit_test(local_retire_prior_makes_room_at_once),
		cmocka_unit_test(local_retire_prior_works_with_a_full_table),
		cmocka_unit_test(remote_takes_ids_up_to_the_limit),
		cmocka_unit_test(remote_limit_is_clamped_to_the_table),
		cmocka_unit_test(remote_refuses_contradictions),
		cmocka_unit_test(remote_with_empty_id_gives_no_ids),
		cmocka_unit_test(remote_late_id_is_retired_at_once),
		cmocka_unit_test(remote_rotates_to_a_fresh_id),
		cmocka_unit_test(remote_retirements_are_told_until_acknowledged),
		cmocka_unit_test(remote_unacknowledged_retirements_are_bounded),
		cmocka_unit_test(remote_reset_token_is_that_of_the_id_in_use),
		cmocka_unit_test(remote_gives_each_path_its_id),
		cmocka_unit_test(remote_retires_on_demand),
		cmocka_unit_test(remote_first_id_replaces_the_provisional_one),
		cmocka_unit_test(remote_agrees_with_the_model),
		cmocka_unit_test(both_tables_live_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
