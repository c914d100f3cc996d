/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pool.h - plaintext buffers of one connection, cut from recycled pages
 *
 *   ring: [32 KiB][32 KiB][32 KiB]...     the pool holds one reference on each
 *            |slot|slot| 4K |slot|slot| 4K ...    each slot in use holds another
 *
 * Distribution kernels zero every fresh page, which costs as much as a copy:
 * a page whose only reference is the ring's is free again and is used again
 * (DESIGN.md 3).  Pages serve one connection only, because they hold plaintext.
 * A slot of up to 4 KiB does not cross a 4 KiB boundary: the crypto API of 6.12
 * pays for each crossing (DATAPATH.md).
 *
 * A struct quic_chunk is the struct page, seen through the engine's eyes.
 */
#ifndef _QUIC_POOL_H
#define _QUIC_POOL_H

#include <linux/mm.h>
#include <linux/uio.h>

#include "edge.h"

#define QUIC_POOL_ORDER		3	/* 32 KiB: what the kernel serves without compaction */
#define QUIC_POOL_MAX_PAGES	128	/* compound pages kept by one pool: 4 MiB */

/**
 * struct quic_pool - the pages of one direction
 * @ring: @cap pages, @nr in use; NULL: nothing kept
 * @cap: size of @ring
 * @nr: pages in @ring
 * @idx: the page in @ring that is cut now
 * @cur: page that is cut now; in @ring, or one of its own (@loose)
 * @off: next free byte of @cur
 * @end: bytes of @cur
 * @loose: @cur is not in @ring; the pool's reference is dropped when it is used up
 * @last_len: length asked for last
 * @last_slot: its slot: it is mostly the same again
 * @small: pages to take with order 0 before larger ones: a connection that moves
 *	little pins little
 */
struct quic_pool {
	struct page **ring;
	u16 cap;
	u16 nr;
	u16 idx;
	bool loose;
	u8 small;
	struct page *cur;
	u32 off;
	u32 end;
	u32 last_len;
	u32 last_slot;
};

void quic_pool_init(struct quic_pool *pool);
/* Gives the pool's references back; slots in use stay valid. */
void quic_pool_exit(struct quic_pool *pool);
/* Frees pages no slot uses; the pool stays usable. */
void quic_pool_trim(struct quic_pool *pool);

/* Bytes a slot for @len bytes pins: its share of a 4 KiB page, or @len rounded up. */
u32 quic_pool_slot_bytes(u32 len);

/**
 * quic_pool_alloc() - a slot
 * @pool: pool; owned by the caller
 * @len: bytes wanted, 1..65536
 * @gfp: for fresh pages; without __GFP_ZERO: nothing may expose unwritten bytes
 * @buf: filled; one reference; truesize is the slot's share; buf->len = @len
 *
 * The memory is in the linear map and physically contiguous, and starts at a
 * multiple of 64 bytes.
 *
 * Return: 0 or -ENOMEM.
 */
int quic_pool_alloc(struct quic_pool *pool, u32 len, gfp_t gfp, struct quic_buf *buf);

/* Gives back the tail of the slot allocated last, when only @used bytes of it were needed. */
void quic_pool_shrink(struct quic_pool *pool, struct quic_buf *buf, u32 used);

/*
 * Copy to and from a slot: bytes copied.  As pages, which they are: copy_from_iter() and
 * copy_to_iter() would have to find out for each piece what the pointer points to.
 */
static inline size_t quic_pool_copy_from_iter(u8 *to, size_t len, struct iov_iter *from)
{
	return copy_page_from_iter(virt_to_page(to), offset_in_page(to), len, from);
}

/* The other way. */
static inline size_t quic_pool_copy_to_iter(const u8 *data, size_t len, struct iov_iter *to)
{
	return copy_page_to_iter(virt_to_page(data), offset_in_page(data), len, to);
}

/* Bytes the pool's own references pin. */
u32 quic_pool_bytes(const struct quic_pool *pool);

static inline struct page *quic_pool_page(const struct quic_chunk *chunk)
{
	return (struct page *)chunk;
}

/* A chunk made of a page reference the caller holds (spliced pages, user pages). */
static inline struct quic_chunk *quic_pool_chunk(struct page *page)
{
	return (struct quic_chunk *)page;
}

#endif /* _QUIC_POOL_H */
