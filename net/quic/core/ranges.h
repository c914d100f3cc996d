/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/ranges.h - a bounded, sorted set of disjoint u64 ranges
 *
 * [start, end) pairs, ascending, never adjacent.  Used for received packet
 * numbers, acknowledged and lost stream bytes.  Starts with a few inline
 * entries and grows by doubling up to a bound given at init.  Points into
 * itself: never copied or moved by assignment.
 */
#ifndef _QUIC_CORE_RANGES_H
#define _QUIC_CORE_RANGES_H

#include "types.h"

struct quic_range {
	u64 start;
	u64 end;	/* exclusive */
};

#define QUIC_RANGES_INLINE 2

/**
 * struct quic_ranges - the set
 * @v: entries, ascending; points to @inl until it grows
 * @nr: entries used
 * @cap: entries @v holds
 * @max: entries it may ever hold
 * @inl: the first entries, so that the usual case allocates nothing
 */
struct quic_ranges {
	struct quic_range *v;
	u16 nr;
	u16 cap;
	u16 max;
	struct quic_range inl[QUIC_RANGES_INLINE];
};

/* An empty set of at most @max ranges. */
void quic_ranges_init(struct quic_ranges *r, u16 max);
/* Gives the memory back; leaves an empty set. */
void quic_ranges_exit(struct quic_ranges *r);
/* Empties the set, keeps its memory. */
void quic_ranges_clear(struct quic_ranges *r);

/**
 * quic_ranges_add() - add [start, end)
 * @r: the set
 * @start: first value
 * @end: one past the last; an empty range is a no-op
 *
 * O(1) when it extends the last range, O(log n + moved) otherwise.
 *
 * Return: 0; -ENOSPC when it would need more than max entries, -ENOMEM; the
 * set is unchanged on error.
 */
int quic_ranges_add(struct quic_ranges *r, u64 start, u64 end);

/* Removes [start, end); may split one: 0, -ENOSPC or -ENOMEM (unchanged). */
int quic_ranges_remove(struct quic_ranges *r, u64 start, u64 end);
/* Forgets everything below @limit; can not fail. */
void quic_ranges_trim(struct quic_ranges *r, u64 limit);
/* Forgets the lowest range; no-op when empty. */
void quic_ranges_drop_first(struct quic_ranges *r);
/* Is @value in the set? */
bool quic_ranges_has(const struct quic_ranges *r, u64 value);
/* True when all of [start, end) is in the set. */
bool quic_ranges_covers(const struct quic_ranges *r, u64 start, u64 end);
/* The part of the set that is nearest at or above @from: false when none. */
bool quic_ranges_next(const struct quic_ranges *r, u64 from, struct quic_range *out);
/* The first sub-range of [start, end) that is not in the set: false when none. */
bool quic_ranges_next_gap(const struct quic_ranges *r, u64 start, u64 end, struct quic_range *out);

/* True when nothing is in the set. */
static inline bool quic_ranges_is_empty(const struct quic_ranges *r)
{
	return !r->nr;
}

/* The highest value; only for a set that is not empty. */
static inline u64 quic_ranges_last(const struct quic_ranges *r)
{
	return r->v[r->nr - 1].end - 1;
}

/* Sum of the lengths of all ranges. */
u64 quic_ranges_total(const struct quic_ranges *r);

#endif /* _QUIC_CORE_RANGES_H */
