// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/ranges.c - a bounded, sorted set of disjoint u64 ranges
 *
 * One sorted array, found in by bisection.  Both ends of what is added or
 * removed pick out a run [i, j) of entries that it touches; all operations
 * rewrite the run's ends and close or open a gap in the array.  Memory is got
 * before anything changes, so that an error leaves the set as it was.
 */
#include "ranges.h"

void quic_ranges_init(struct quic_ranges *r, u16 max)
{
	r->v = r->inl;
	r->nr = 0;
	r->cap = min_t(u16, max, QUIC_RANGES_INLINE);
	r->max = max;
}

void quic_ranges_exit(struct quic_ranges *r)
{
	if (r->v != r->inl)
		quic_env_free(r->v);
	quic_ranges_init(r, r->max);
}

void quic_ranges_clear(struct quic_ranges *r)
{
	r->nr = 0;
}

/* Index of the first range that ends above @value; r->nr when there is none. */
static unsigned int quic_ranges_find(const struct quic_ranges *r, u64 value)
{
	unsigned int lo = 0, hi = r->nr;

	while (lo < hi) {
		unsigned int mid = (lo + hi) / 2;

		if (r->v[mid].end > value)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

/* Makes room for one more entry. */
static int quic_ranges_grow(struct quic_ranges *r)
{
	struct quic_range *v;
	unsigned int cap;

	if (r->nr < r->cap)
		return 0;
	if (r->cap == r->max)
		return -ENOSPC;
	cap = min_t(unsigned int, 2U * r->cap, r->max);
	v = quic_env_alloc(cap, sizeof(*v));
	if (!v)
		return -ENOMEM;
	memcpy(v, r->v, r->nr * sizeof(*v));
	if (r->v != r->inl)
		quic_env_free(r->v);
	r->v = v;
	r->cap = cap;
	return 0;
}

/* Opens a gap of one entry at @i and fills it. */
static int quic_ranges_insert(struct quic_ranges *r, unsigned int i, u64 start, u64 end)
{
	int err = quic_ranges_grow(r);

	if (err)
		return err;
	memmove(&r->v[i + 1], &r->v[i], (r->nr - i) * sizeof(r->v[0]));
	r->v[i] = (struct quic_range){ .start = start, .end = end };
	r->nr++;
	return 0;
}

/* Closes the gap of entries [i, j). */
static void quic_ranges_close(struct quic_ranges *r, unsigned int i, unsigned int j)
{
	if (i >= j)
		return;
	memmove(&r->v[i], &r->v[j], (r->nr - j) * sizeof(r->v[0]));
	r->nr -= j - i;
}

int quic_ranges_add(struct quic_ranges *r, u64 start, u64 end)
{
	struct quic_range *last = r->nr ? &r->v[r->nr - 1] : NULL;
	unsigned int i, j;

	if (start >= end)
		return 0;
	/* Packets and stream bytes that come in order take only this. */
	if (last && start >= last->start && start <= last->end) {
		last->end = max(last->end, end);
		return 0;
	}
	if (!last || start > last->end)
		return quic_ranges_insert(r, r->nr, start, end);

	/* The run [i, j) overlaps or is adjacent: it becomes one entry. */
	i = start ? quic_ranges_find(r, start - 1) : 0;
	for (j = i; j < r->nr && r->v[j].start <= end; j++)
		;
	if (i == j)
		return quic_ranges_insert(r, i, start, end);
	r->v[i].start = min(r->v[i].start, start);
	r->v[i].end = max(r->v[j - 1].end, end);
	quic_ranges_close(r, i + 1, j);
	return 0;
}

int quic_ranges_remove(struct quic_ranges *r, u64 start, u64 end)
{
	unsigned int i, j;
	int err;

	if (start >= end)
		return 0;
	i = quic_ranges_find(r, start);
	if (i < r->nr && r->v[i].start < start) {
		if (r->v[i].end > end) {
			err = quic_ranges_insert(r, i + 1, end, r->v[i].end);
			if (err)
				return err;
		}
		r->v[i++].end = start;
	}
	/* The run [i, j) lies in [start, end), but for the last one's tail. */
	for (j = i; j < r->nr && r->v[j].end <= end; j++)
		;
	if (j < r->nr && r->v[j].start < end)
		r->v[j].start = end;
	quic_ranges_close(r, i, j);
	return 0;
}

void quic_ranges_trim(struct quic_ranges *r, u64 limit)
{
	unsigned int i;

	if (!limit)
		return;
	i = quic_ranges_find(r, limit);
	if (i < r->nr)
		r->v[i].start = max(r->v[i].start, limit);
	quic_ranges_close(r, 0, i);
}

void quic_ranges_drop_first(struct quic_ranges *r)
{
	quic_ranges_close(r, 0, min_t(unsigned int, r->nr, 1));
}

bool quic_ranges_has(const struct quic_ranges *r, u64 value)
{
	unsigned int i = quic_ranges_find(r, value);

	return i < r->nr && r->v[i].start <= value;
}

bool quic_ranges_covers(const struct quic_ranges *r, u64 start, u64 end)
{
	unsigned int i;

	if (start >= end)
		return true;
	i = quic_ranges_find(r, start);
	return i < r->nr && r->v[i].start <= start && r->v[i].end >= end;
}

bool quic_ranges_next(const struct quic_ranges *r, u64 from, struct quic_range *out)
{
	unsigned int i = quic_ranges_find(r, from);

	if (i == r->nr)
		return false;
	out->start = max(r->v[i].start, from);
	out->end = r->v[i].end;
	return true;
}

bool quic_ranges_next_gap(const struct quic_ranges *r, u64 start, u64 end, struct quic_range *out)
{
	unsigned int i = quic_ranges_find(r, start);

	/* Ranges are never adjacent: past one there is a gap. */
	if (i < r->nr && r->v[i].start <= start)
		start = r->v[i++].end;
	if (start >= end)
		return false;
	out->start = start;
	out->end = i < r->nr ? min(r->v[i].start, end) : end;
	return true;
}

u64 quic_ranges_total(const struct quic_ranges *r)
{
	unsigned int i;
	u64 sum = 0;

	for (i = 0; i < r->nr; i++)
		sum += r->v[i].end - r->v[i].start;
	return sum;
}
