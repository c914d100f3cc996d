// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sndbuf.c - bytes of a stream that the peer has not acknowledged
 *
 * A ring of segments sorted by offset, so that finding one is a binary search
 * and appending, sending in order and releasing the acknowledged prefix cost
 * nothing per byte.  Never reads the bytes.
 */
#include "sndbuf.h"

static const u16 sndbuf_max_ranges = 1024;	/* acked or lost islands kept per buffer */
static const u32 sndbuf_first_segs = 4;		/* ring size of the first append */

void quic_sndbuf_init(struct quic_sndbuf *b)
{
	memset(b, 0, sizeof(*b));
	quic_ranges_init(&b->acked, sndbuf_max_ranges);
	quic_ranges_init(&b->lost, sndbuf_max_ranges);
}

static struct quic_sndseg *sndbuf_at(const struct quic_sndbuf *b, u32 i)
{
	return &b->segs[(b->head + i) & (b->cap - 1)];
}

/*
 * Releases segments that end at or below @limit.  That is the tail, too, though it might
 * have grown: of many streams that wait for their next request each would keep a slot.
 */
static u64 sndbuf_release(struct quic_sndbuf *b, u64 limit)
{
	u64 freed = 0;

	while (b->nr) {
		struct quic_sndseg *s = sndbuf_at(b, 0);

		if (s->off + s->len > limit)
			break;
		freed += s->truesize;
		quic_edge_chunk_put(s->chunk);
		b->head = (b->head + 1) & (b->cap - 1);
		b->nr--;
		b->hint -= !!b->hint;
	}
	return freed;
}

u64 quic_sndbuf_purge(struct quic_sndbuf *b)
{
	u64 freed;

	b->fin = true;	/* nothing will be appended */
	freed = sndbuf_release(b, U64_MAX);
	quic_ranges_clear(&b->acked);
	quic_ranges_clear(&b->lost);
	b->base = b->end;
	b->next = b->end;
	return freed;
}

u64 quic_sndbuf_exit(struct quic_sndbuf *b)
{
	u64 freed = quic_sndbuf_purge(b);

	quic_ranges_exit(&b->acked);
	quic_ranges_exit(&b->lost);
	quic_env_free(b->segs);
	b->segs = NULL;
	b->cap = 0;
	return freed;
}

void quic_sndbuf_rewind(struct quic_sndbuf *b)
{
	WARN_ON_ONCE(b->base || !quic_ranges_is_empty(&b->acked));
	quic_ranges_clear(&b->lost);
	b->next = 0;
	b->fin_sent = false;
	b->fin_lost = false;
}

static int sndbuf_grow(struct quic_sndbuf *b)
{
	u32 cap = b->cap ? b->cap * 2 : sndbuf_first_segs;
	struct quic_sndseg *segs;
	u32 i;

	if (cap > QUIC_SNDBUF_MAX_SEGS)
		return -ENOBUFS;
	segs = quic_env_alloc(cap, sizeof(*segs));
	if (!segs)
		return -ENOMEM;
	for (i = 0; i < b->nr; i++)
		segs[i] = *sndbuf_at(b, i);
	quic_env_free(b->segs);
	b->segs = segs;
	b->cap = cap;
	b->head = 0;
	return 0;
}

int quic_sndbuf_append(struct quic_sndbuf *b, const struct quic_buf *buf, u32 cap, u16 headroom)
{
	struct quic_sndseg *s;
	int err;

	if (b->nr == b->cap) {
		err = sndbuf_grow(b);
		if (err)
			return err;
	}
	s = sndbuf_at(b, b->nr);
	*s = (struct quic_sndseg){
		.off = b->end,
		.data = buf->data,
		.len = buf->len,
		.cap = cap,
		.truesize = buf->truesize,
		.headroom = headroom,
		.chunk = buf->chunk,
	};
	b->nr++;
	b->end += buf->len;
	return 0;
}

u8 *quic_sndbuf_tail(struct quic_sndbuf *b, u32 *room)
{
	struct quic_sndseg *s;

	if (!b->nr || b->fin)
		return NULL;
	s = sndbuf_at(b, b->nr - 1);
	if (s->len >= s->cap)
		return NULL;
	*room = s->cap - s->len;
	return s->data + s->len;
}

void quic_sndbuf_commit(struct quic_sndbuf *b, u32 len)
{
	sndbuf_at(b, b->nr - 1)->len += len;
	b->end += len;
}

/* Bytes are kept as they were written until all of them are acknowledged [9000-2.2#2]. */
bool quic_sndbuf_next_run(const struct quic_sndbuf *b, u64 credit, struct quic_sndbuf_run *run)
{
	struct quic_range r;
	u64 fresh = min(b->end - b->next, credit);

	if (!quic_ranges_is_empty(&b->lost) && quic_ranges_next(&b->lost, 0, &r)) {
		run->off = r.start;
		run->len = r.end - r.start;
		run->again = true;
		/* A lost FIN goes along when nothing stands between. */
		run->fin = b->fin && b->fin_lost && r.end == b->end;
		return true;
	}
	run->again = false;
	run->off = b->next;
	run->len = fresh;
	run->fin = b->fin && b->next + fresh == b->end && (!b->fin_sent || b->fin_lost);
	return fresh || run->fin;
}

/* Index of the segment that holds @off, b->nr when none does. */
static u32 sndbuf_search(const struct quic_sndbuf *b, u64 off)
{
	u32 lo = 0, hi = b->nr;

	while (lo < hi) {
		u32 mid = (lo + hi) / 2;
		const struct quic_sndseg *s = sndbuf_at(b, mid);

		if (s->off + s->len <= off)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool sndbuf_holds(const struct quic_sndbuf *b, u32 i, u64 off)
{
	const struct quic_sndseg *s;

	if (i >= b->nr)
		return false;
	s = sndbuf_at(b, i);
	return off - s->off < s->len;	/* also false below s->off: it wraps */
}

/* The same; @hint is no part of the buffer's state, so a reader may move it. */
static u32 sndbuf_find(const struct quic_sndbuf *b, u64 off)
{
	struct quic_sndbuf *cache = (struct quic_sndbuf *)b;

	if (sndbuf_holds(b, b->hint, off))
		return b->hint;
	if (sndbuf_holds(b, b->hint + 1, off))
		return ++cache->hint;
	cache->hint = sndbuf_search(b, off);
	return cache->hint;
}

u32 quic_sndbuf_segs(const struct quic_sndbuf *b, u64 off, u32 len, struct quic_tx_seg *segs,
		     unsigned int max, unsigned int *nr)
{
	u32 i = sndbuf_find(b, off), done = 0;
	unsigned int n = 0;

	while (done < len && n < max && i < b->nr) {
		const struct quic_sndseg *s = sndbuf_at(b, i++);
		u32 skip = off + done - s->off;
		u32 take = min(s->len - skip, len - done);

		segs[n++] = (struct quic_tx_seg){ .data = s->data + skip, .len = take };
		done += take;
	}
	*nr = n;
	return done;
}

void quic_sndbuf_locate(const struct quic_sndbuf *b, u64 off, struct quic_sndbuf_place *p)
{
	u32 i = sndbuf_find(b, off);
	const struct quic_sndseg *s;
	u32 skip;

	if (i >= b->nr) {
		*p = (struct quic_sndbuf_place){};
		return;
	}
	s = sndbuf_at(b, i);
	skip = off - s->off;
	p->data = s->data + skip;
	p->len = s->len - skip;
	p->headroom = skip ? 0 : s->headroom;
}

void quic_sndbuf_on_sent(struct quic_sndbuf *b, u64 off, u32 len, bool fin)
{
	u64 end = off + len;

	if (end > b->next)
		b->next = end;
	/* Can not fail: taking off one end of a range never adds one. */
	if (!quic_ranges_is_empty(&b->lost))
		quic_ranges_remove(&b->lost, off, end);
	if (fin) {
		b->fin_sent = true;
		b->fin_lost = false;
	}
}

u64 quic_sndbuf_on_acked(struct quic_sndbuf *b, u64 off, u32 len, bool fin)
{
	struct quic_range r;

	if (fin) {
		b->fin_acked = true;
		b->fin_lost = false;
	}
	if (off + len > b->base) {
		/* Acknowledged late, after having been declared lost. */
		if (!quic_ranges_is_empty(&b->lost))
			quic_ranges_remove(&b->lost, off, off + len);
		if (off <= b->base) {
			b->base = off + len;
		} else if (quic_ranges_add(&b->acked, off, off + len)) {
			/* Too many islands: the bytes count as lost and go again. */
			quic_sndbuf_on_lost(b, off, len, false);
		}
		/* It may have covered one island and reached the next. */
		while (quic_ranges_next(&b->acked, 0, &r) && r.start <= b->base) {
			b->base = max(b->base, r.end);
			quic_ranges_trim(&b->acked, b->base);
		}
		/* Taking them out above may have failed: what is released must not be sent. */
		quic_ranges_trim(&b->lost, b->base);
	}
	return sndbuf_release(b, b->base);
}

/*
 * Adds to the bytes to be sent again.  Without room for another island a neighbour
 * is widened up to them: what lies between is sent once more, which is harmless,
 * and takes no memory.
 */
static void sndbuf_add_lost(struct quic_sndbuf *b, u64 start, u64 end)
{
	struct quic_range next;

	if (!quic_ranges_add(&b->lost, start, end))
		return;
	if (quic_ranges_next(&b->lost, end, &next))
		end = next.start;
	else
		start = quic_ranges_last(&b->lost) + 1;
	WARN_ON_ONCE(quic_ranges_add(&b->lost, start, end));
}

void quic_sndbuf_on_lost(struct quic_sndbuf *b, u64 off, u32 len, bool fin)
{
	u64 end = off + len;
	struct quic_range gap;

	if (fin && !b->fin_acked)
		b->fin_lost = true;
	off = max(off, b->base);
	while (off < end && quic_ranges_next_gap(&b->acked, off, end, &gap)) {
		sndbuf_add_lost(b, gap.start, gap.end);
		off = gap.end;
	}
}
