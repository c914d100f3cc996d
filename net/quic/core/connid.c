// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/connid.c - the two tables of connection ids (RFC 9000 5.1)
 *
 * Local.  An id lives from its issue until the peer retires it.  After a Retire
 * Prior To those below stay valid until the peer has retired them, but no longer
 * count, so that replacements can be issued at once.
 *
 * Remote.  An id lives from its NEW_CONNECTION_ID until we retire it; then its
 * number waits in a list until RETIRE_CONNECTION_ID is acknowledged.  Frames are
 * repeated by the network, so which numbers ended is remembered: below gone_base
 * all that are not in the table, above it one bit each.
 *
 *	... ended or in the table ... | gone_base: bits | not yet seen
 *
 * A received frame is first judged as a whole on a plan; only then is the table
 * touched.
 */
#include "connid.h"

/* ---- ids of ours ---- */

void quic_connid_local_init(struct quic_connid_local *l, const struct quic_cid *first)
{
	memset(l, 0, sizeof(*l));
	l->e[0].cid = *first;
	l->e[0].used = true;
	l->next_seq = 1;
	l->limit = 2;		/* the least a peer may announce, RFC 9000 18.2 */
}

unsigned int quic_connid_local_wanted(const struct quic_connid_local *l)
{
	unsigned int i, staying = 0, slots = 0, want;

	for (i = 0; i < QUIC_CONNID_MAX; i++) {
		if (!l->e[i].used)
			slots++;
		else if (l->e[i].seq >= l->retire_prior_to)
			staying++;
	}
	want = min_t(u64, l->limit, QUIC_CONNID_MAX);
	/* [9000-5.1.1#3] */
	return want > staying ? min(want - staying, slots) : 0;
}

struct quic_connid_entry *quic_connid_local_issue(struct quic_connid_local *l,
						  const struct quic_cid *cid, const u8 *token)
{
	unsigned int i;

	for (i = 0; i < QUIC_CONNID_MAX; i++) {
		struct quic_connid_entry *e = &l->e[i];

		if (e->used)
			continue;
		e->seq = l->next_seq++;		/* [9000-5.1.1#1] one more each time */
		e->cid = *cid;
		memcpy(e->reset_token, token, sizeof(e->reset_token));
		e->has_token = true;
		e->used = true;
		e->to_send = true;
		return e;
	}
	return NULL;
}

struct quic_connid_entry *quic_connid_local_find(struct quic_connid_local *l, u64 seq)
{
	unsigned int i;

	for (i = 0; i < QUIC_CONNID_MAX; i++)
		if (l->e[i].used && l->e[i].seq == seq)
			return &l->e[i];
	return NULL;
}

struct quic_connid_entry *quic_connid_local_find_cid(struct quic_connid_local *l,
						     const struct quic_cid *cid)
{
	unsigned int i;

	for (i = 0; i < QUIC_CONNID_MAX; i++)
		if (l->e[i].used && quic_cid_equal(&l->e[i].cid, cid))
			return &l->e[i];
	return NULL;
}

struct quic_connid_entry *quic_connid_local_next_to_send(struct quic_connid_local *l)
{
	struct quic_connid_entry *best = NULL;
	unsigned int i;

	for (i = 0; i < QUIC_CONNID_MAX; i++) {
		struct quic_connid_entry *e = &l->e[i];

		if (e->used && e->to_send && (!best || e->seq < best->seq))
			best = e;
	}
	return best;
}

u64 quic_connid_local_prior_for(const struct quic_connid_local *l,
				const struct quic_connid_entry *e)
{
	return min(l->retire_prior_to, e->seq);		/* [9000-19.15#5] */
}

void quic_connid_local_on_lost(struct quic_connid_local *l, u64 seq)
{
	struct quic_connid_entry *e = quic_connid_local_find(l, seq);

	if (e)
		e->to_send = true;	/* [9000-13.3] */
}

int quic_connid_local_on_retire(struct quic_connid_local *l, u64 seq,
				const struct quic_cid *arrived_on, struct quic_cid *gone,
				bool *did)
{
	struct quic_connid_entry *e;

	if (seq >= l->next_seq)				/* [9000-19.16#1] */
		return QUIC_VIOLATION_CID_RETIRE_UNISSUED;
	e = quic_connid_local_find(l, seq);
	if (e && quic_cid_equal(&e->cid, arrived_on))	/* RFC 9000 19.16: a MAY */
		return QUIC_VIOLATION_CID_RETIRE_IN_USE;
	*did = e;
	if (!e)
		return 0;
	*gone = e->cid;
	memzero_explicit(e, sizeof(*e));
	return 0;
}

int quic_connid_local_retire_prior(struct quic_connid_local *l, u64 seq)
{
	struct quic_connid_entry *newest = NULL;
	bool any_below = false;
	unsigned int i;

	for (i = 0; i < QUIC_CONNID_MAX; i++) {
		struct quic_connid_entry *e = &l->e[i];

		if (!e->used)
			continue;
		if (e->seq < seq)
			any_below = true;
		else if (!newest || e->seq > newest->seq)
			newest = e;
	}
	/* The first id was never in a frame, so it can not carry the request. */
	if (seq <= l->retire_prior_to || !any_below || !newest)
		return -EINVAL;
	l->retire_prior_to = seq;
	newest->to_send = true;
	return 0;
}

/* ---- ids of the peer's ---- */

void quic_connid_remote_init(struct quic_connid_remote *r, u64 limit)
{
	memset(r, 0, sizeof(*r));
	r->limit = clamp_t(u64, limit, 2, QUIC_CONNID_MAX);
}

void quic_connid_remote_set_first(struct quic_connid_remote *r, const struct quic_cid *cid)
{
	struct quic_connid_entry *e = &r->e[0];

	memset(e, 0, sizeof(*e));
	e->cid = *cid;
	e->used = true;
	r->active = 0;
}

struct quic_connid_entry *quic_connid_remote_find(struct quic_connid_remote *r, u64 seq)
{
	unsigned int i;

	for (i = 0; i < QUIC_CONNID_MAX; i++)
		if (r->e[i].used && r->e[i].seq == seq)
			return &r->e[i];
	return NULL;
}

void quic_connid_remote_set_token(struct quic_connid_remote *r, const u8 *token)
{
	struct quic_connid_entry *e = quic_connid_remote_find(r, 0);

	if (!e)
		return;
	memcpy(e->reset_token, token, sizeof(e->reset_token));
	e->has_token = true;
}

/* Did the id of @seq, which is not in the table, end? */
static bool remote_is_gone(const struct quic_connid_remote *r, u64 seq)
{
	if (seq < r->gone_base)
		return true;
	return seq - r->gone_base < QUIC_CONNID_GONE_WINDOW && r->gone >> (seq - r->gone_base) & 1;
}

static void remote_advance_gone(struct quic_connid_remote *r)
{
	while (r->gone & 1) {
		r->gone >>= 1;
		r->gone_base++;
	}
}

/*
 * Remembers the end of @seq.  A peer that leaves a hole of more than the window
 * loses the ids in it: one that comes later counts as a repeat.
 */
static void remote_set_gone(struct quic_connid_remote *r, u64 seq)
{
	u64 over;

	if (seq < r->gone_base)
		return;
	if (seq - r->gone_base >= QUIC_CONNID_GONE_WINDOW) {
		over = seq - r->gone_base - QUIC_CONNID_GONE_WINDOW + 1;
		r->gone = over < QUIC_CONNID_GONE_WINDOW ? r->gone >> over : 0;
		r->gone_base += over;
	}
	r->gone |= 1ULL << (seq - r->gone_base);
	remote_advance_gone(r);
}

static int remote_retire_index(const struct quic_connid_remote *r, u64 seq)
{
	unsigned int i;

	for (i = 0; i < r->nr_retire; i++)
		if (r->retire[i] == seq)
			return i;
	return -1;
}

/* Queues RETIRE_CONNECTION_ID once; the caller has made sure that there is room. */
static void remote_queue_retire(struct quic_connid_remote *r, u64 seq)
{
	if (remote_retire_index(r, seq) < 0)
		r->retire[r->nr_retire++] = seq;
}

static void remote_end(struct quic_connid_remote *r, struct quic_connid_entry *e)
{
	u64 seq = e->seq;

	memzero_explicit(e, sizeof(*e));
	remote_queue_retire(r, seq);
	remote_set_gone(r, seq);
}

/*
 * struct remote_plan - what a NEW_CONNECTION_ID would do
 * @known: the id is in the table
 * @ended: it ended already, or ends on arrival
 * @ending: entries that @prior ends
 * @staying: entries after it, the new one included
 */
struct remote_plan {
	bool known;
	bool ended;
	unsigned int ending;
	unsigned int staying;
	u64 prior;
};

/*
 * A number stands for one id with one token, an id for one number; all of it
 * again is no contradiction [9000-19.15#4].
 */
static int remote_check_same(const struct quic_connid_remote *r, u64 seq,
			     const struct quic_cid *cid, const u8 *token)
{
	unsigned int i;

	for (i = 0; i < QUIC_CONNID_MAX; i++) {
		const struct quic_connid_entry *e = &r->e[i];
		bool same = quic_cid_equal(&e->cid, cid);

		if (!e->used || (e->seq != seq && !same))
			continue;
		if (e->seq != seq || !same ||
		    (e->has_token && !quic_env_equal_secret(e->reset_token, token,
							    sizeof(e->reset_token))))
			return QUIC_VIOLATION_CID_CHANGED;
	}
	return 0;
}

/* A Retire Prior To below what was asked for before changes nothing [9000-19.15#7]. */
static void remote_plan(const struct quic_connid_remote *r, u64 seq, u64 prior,
			struct remote_plan *p)
{
	unsigned int i;

	*p = (struct remote_plan){ .prior = max(prior, r->largest_retire_prior_to) };
	for (i = 0; i < QUIC_CONNID_MAX; i++) {
		if (!r->e[i].used)
			continue;
		if (r->e[i].seq == seq)
			p->known = true;
		if (r->e[i].seq < p->prior)
			p->ending++;
		else
			p->staying++;
	}
	p->ended = !p->known && (seq < p->prior || remote_is_gone(r, seq));
	if (!p->known && !p->ended)
		p->staying++;
}

/* Does the retire list have room for what @p ends? */
static bool remote_retire_fits(const struct quic_connid_remote *r, const struct remote_plan *p,
			       u64 seq)
{
	unsigned int add = p->ending;

	if (seq < p->prior && remote_retire_index(r, seq) < 0)
		add++;
	return r->nr_retire + add <= QUIC_CONNID_RETIRE_MAX;
}

/* The slot of the lowest number that is at least @from; QUIC_CONNID_MAX: none. */
static unsigned int remote_lowest(const struct quic_connid_remote *r, u64 from, bool taken)
{
	unsigned int i, best = QUIC_CONNID_MAX;

	for (i = 0; i < QUIC_CONNID_MAX; i++)
		if (r->e[i].used && r->e[i].taken <= taken && r->e[i].seq >= from &&
		    (best == QUIC_CONNID_MAX || r->e[i].seq < r->e[best].seq))
			best = i;
	return best;
}

/* Another id for the path in use: one that no path has if there is such a one. */
static unsigned int remote_substitute(const struct quic_connid_remote *r, u64 from)
{
	unsigned int i = remote_lowest(r, from, false);

	return i == QUIC_CONNID_MAX ? remote_lowest(r, from, true) : i;
}

static void remote_add(struct quic_connid_remote *r, u64 seq, const struct quic_cid *cid,
		       const u8 *token)
{
	unsigned int i = 0;

	while (r->e[i].used)
		i++;
	r->e[i].seq = seq;
	r->e[i].cid = *cid;
	memcpy(r->e[i].reset_token, token, sizeof(r->e[i].reset_token));
	r->e[i].has_token = true;
	r->e[i].used = true;
}

static void remote_apply(struct quic_connid_remote *r, const struct remote_plan *p, u64 seq,
			 const struct quic_cid *cid, const u8 *token)
{
	u64 active = r->e[r->active].seq;
	unsigned int i;

	r->largest_retire_prior_to = p->prior;
	for (i = 0; i < QUIC_CONNID_MAX; i++)
		/* [9000-5.1.2#1] retire, then add */
		if (r->e[i].used && r->e[i].seq < p->prior)
			remote_end(r, &r->e[i]);
	if (!p->known && !p->ended)
		remote_add(r, seq, cid, token);
	if (seq < p->prior) {				/* [9000-19.15#8] */
		remote_queue_retire(r, seq);
		remote_set_gone(r, seq);
	}
	if (active < p->prior) {
		r->active = remote_substitute(r, p->prior);
		r->e[r->active].taken = false;
	}
}

int quic_connid_remote_on_new(struct quic_connid_remote *r, u64 seq, u64 prior,
			      const struct quic_cid *cid, const u8 *token)
{
	struct remote_plan p;
	int v;

	if (!cid->len || cid->len > QUIC_CID_MAX_BYTES)
		return QUIC_VIOLATION_CID_LENGTH_INVALID;
	if (prior > seq)
		return QUIC_VIOLATION_CID_RETIRE_PRIOR_TOO_LARGE;
	if (!r->e[r->active].cid.len)			/* [9000-19.15#3] */
		return QUIC_VIOLATION_CID_PEER_USES_EMPTY;
	v = remote_check_same(r, seq, cid, token);
	if (v)
		return v;
	remote_plan(r, seq, prior, &p);
	if (!p.staying)
		return 0;
	if (p.staying > r->limit)			/* [9000-5.1.1#4] */
		return QUIC_VIOLATION_CID_LIMIT_EXCEEDED;
	if (!remote_retire_fits(r, &p, seq))		/* [9000-5.1.2#2] */
		return QUIC_VIOLATION_CID_LIMIT_EXCEEDED;
	remote_apply(r, &p, seq, cid, token);
	return 0;
}

const struct quic_connid_entry *quic_connid_remote_active(const struct quic_connid_remote *r)
{
	return &r->e[r->active];
}

bool quic_connid_remote_rotate(struct quic_connid_remote *r)
{
	struct quic_connid_entry *old = &r->e[r->active];
	unsigned int next = remote_lowest(r, old->seq + 1, false);

	if (r->nr_retire == QUIC_CONNID_RETIRE_MAX)
		return false;
	if (next == QUIC_CONNID_MAX)
		next = remote_lowest(r, 0, false);
	if (next == QUIC_CONNID_MAX || next == r->active)
		return false;
	r->active = next;
	remote_end(r, old);
	return true;
}

struct quic_connid_entry *quic_connid_remote_take(struct quic_connid_remote *r)
{
	struct quic_connid_entry *best = NULL;
	unsigned int i;

	for (i = 0; i < QUIC_CONNID_MAX; i++) {
		struct quic_connid_entry *e = &r->e[i];

		if (e->used && !e->taken && i != r->active && (!best || e->seq < best->seq))
			best = e;
	}
	if (best)
		best->taken = true;
	return best;
}

void quic_connid_remote_activate(struct quic_connid_remote *r, u64 seq)
{
	struct quic_connid_entry *e = quic_connid_remote_find(r, seq);

	if (!e)
		return;
	r->e[r->active].taken = true;
	e->taken = false;
	r->active = e - r->e;
}

bool quic_connid_remote_release(struct quic_connid_remote *r, u64 seq)
{
	struct quic_connid_entry *e = quic_connid_remote_find(r, seq);

	if (!e || !e->taken)
		return true;
	if (r->nr_retire == QUIC_CONNID_RETIRE_MAX)
		return false;
	remote_end(r, e);
	return true;
}

int quic_connid_remote_use(struct quic_connid_remote *r, u64 seq)
{
	struct quic_connid_entry *e = quic_connid_remote_find(r, seq), *old = &r->e[r->active];

	if (!e || e == old || e->taken)
		return -EINVAL;
	r->active = e - r->e;
	old->taken = true;
	return 0;
}

int quic_connid_remote_retire_prior(struct quic_connid_remote *r, u64 seq)
{
	unsigned int i, ending = 0, staying = 0;
	bool moves = r->e[r->active].seq < seq;

	for (i = 0; i < QUIC_CONNID_MAX; i++) {
		if (!r->e[i].used)
			continue;
		if (r->e[i].seq < seq)
			ending++;
		else
			staying++;
	}
	if (!ending || !staying)
		return -EINVAL;
	if (r->nr_retire + ending > QUIC_CONNID_RETIRE_MAX)
		return -EAGAIN;
	for (i = 0; i < QUIC_CONNID_MAX; i++)
		if (r->e[i].used && r->e[i].seq < seq)
			remote_end(r, &r->e[i]);
	if (moves) {
		r->active = remote_substitute(r, seq);
		r->e[r->active].taken = false;
	}
	return 0;
}

/* ---- RETIRE_CONNECTION_ID ---- */

bool quic_connid_remote_next_retire(const struct quic_connid_remote *r, u64 *seq)
{
	unsigned int i;

	for (i = 0; i < r->nr_retire; i++) {
		if (!(r->retire_sent & BIT(i))) {
			*seq = r->retire[i];
			return true;
		}
	}
	return false;
}

void quic_connid_remote_retire_sent(struct quic_connid_remote *r, u64 seq)
{
	int i = remote_retire_index(r, seq);

	if (i >= 0)
		r->retire_sent |= BIT(i);
}

void quic_connid_remote_retire_acked(struct quic_connid_remote *r, u64 seq)
{
	int i = remote_retire_index(r, seq);
	u32 low;

	if (i < 0)
		return;
	low = BIT(i) - 1;
	r->nr_retire--;
	memmove(&r->retire[i], &r->retire[i + 1], (r->nr_retire - i) * sizeof(r->retire[0]));
	r->retire_sent = (r->retire_sent & low) | (r->retire_sent >> 1 & ~low);
}

void quic_connid_remote_retire_lost(struct quic_connid_remote *r, u64 seq)
{
	int i = remote_retire_index(r, seq);

	if (i >= 0)
		r->retire_sent &= ~(u32)BIT(i);
}

/* Of the ids in use alone, in constant time. */
bool quic_connid_remote_is_reset(const struct quic_connid_remote *r, const u8 *token)
{
	bool found = false;
	unsigned int i;

	for (i = 0; i < QUIC_CONNID_MAX; i++) {
		const struct quic_connid_entry *e = &r->e[i];

		if (!e->used || !e->has_token)
			continue;
		if (i != r->active && !e->taken)	/* never used so far [9000-10.3.1#2] */
			continue;
		found |= quic_env_equal_secret(e->reset_token, token,	/* [9000-10.3.1#3] */
					       sizeof(e->reset_token));
	}
	return found;
}
