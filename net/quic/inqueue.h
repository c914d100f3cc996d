/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inqueue.h - reassembly of one stream (or CRYPTO stream) and its delivery
 *
 *   read        end
 *    | in order  |   gap   [out of order] gap [out of order]
 *
 * In-order pieces stand in a ring and cost no allocation; out-of-order pieces
 * stand in a tree keyed by offset.  Overlaps are cut so that each byte is kept
 * once, the one that came first.  Bytes stay where they were opened: a piece is
 * a reference into a chunk.
 *
 * A peer chooses the size of its frames, so memory is charged as it is pinned: a
 * small piece never keeps the chunk it came in.  In order, small ones are copied
 * to the end of the last piece of the ring while that is a compaction buffer with
 * room; so a buffer belongs to one piece, is charged whole with it and goes with
 * it.  Out of order they are copied to memory of their own size.
 */
#ifndef _QUIC_INQUEUE_H
#define _QUIC_INQUEUE_H

#include "edge.h"

#define QUIC_INQUEUE_MAX_PIECES	4096	/* out of order, in one stream */
#define QUIC_INQUEUE_SMALL_BYTES	256	/* pieces up to that are copied */

struct quic_inqueue {
	struct quic_buf *ring;
	u32 cap;
	u32 head;
	u32 nr;
	u64 read;	/* next offset to deliver */
	u64 end;	/* one past the last in-order byte */
	u64 highest;	/* one past the highest byte seen */
	struct quic_tree ooo;
	u32 nr_ooo;
	u64 truesize;	/* memory pinned */
	u32 room;	/* free bytes behind the ring's last piece */
};

void quic_inqueue_init(struct quic_inqueue *q);
/* Releases everything: returns the truesize given back. */
u64 quic_inqueue_exit(struct quic_inqueue *q);

/**
 * quic_inqueue_add() - bytes arrived
 * @q: queue
 * @conn: for allocations
 * @off: offset of the first byte
 * @buf: the bytes; references are taken as needed, the caller keeps its own
 *
 * Return: 0 (also for bytes already there); -ENOBUFS, -ENOMEM: part of it may have
 * been kept, the packet must not be acknowledged.
 */
int quic_inqueue_add(struct quic_inqueue *q, struct quic_conn *conn, u64 off,
		     const struct quic_buf *buf);

/* Bytes that can be read without a gap. */
static inline u64 quic_inqueue_readable(const struct quic_inqueue *q)
{
	return q->end - q->read;
}

/* The piece that is next to deliver, NULL when none is. */
const struct quic_buf *quic_inqueue_peek(const struct quic_inqueue *q);
/* The i-th piece from there, for peeking further. */
const struct quic_buf *quic_inqueue_peek_at(const struct quic_inqueue *q, u32 i);
/* @len <= readable bytes were delivered: returns the truesize given back. */
u64 quic_inqueue_consume(struct quic_inqueue *q, u64 len);

#endif /* _QUIC_INQUEUE_H */
