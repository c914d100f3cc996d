// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pool.c - plaintext buffers cut from recycled pages
 *
 * Slots are cut from @cur until it is full.  Then the oldest pages of the ring
 * are looked at: one with a single reference, the ring's, is used again.  Data
 * is consumed about in the order it came, so the oldest are the likeliest; a
 * page somebody keeps is stepped over, and a new one joins the ring up to its
 * bound.  Beyond the bound pages are loose: freed with their last slot.
 *
 * Nothing here locks: a pool belongs to its connection.
 */
#include "host.h"
#include "pool.h"

static const unsigned int pool_scan_pages = 4;	/* tried for reuse: more costs more than a page */
static const unsigned int pool_small_pages = 4;	/* order-0 pages first: 16 KiB */
static const u32 pool_align_bytes = 64;		/* a cache line */
static const u16 pool_first_cap = 8;		/* entries of the first ring */

void quic_pool_init(struct quic_pool *pool)
{
	memset(pool, 0, sizeof(*pool));
	pool->small = pool_small_pages;
}

void quic_pool_exit(struct quic_pool *pool)
{
	unsigned int i;

	for (i = 0; i < pool->nr; i++)
		put_page(pool->ring[i]);
	if (pool->loose)
		put_page(pool->cur);
	kfree(pool->ring);
	quic_pool_init(pool);
}

void quic_pool_trim(struct quic_pool *pool)
{
	unsigned int i, kept = 0;

	if (pool->cur && page_ref_count(pool->cur) == 1) {
		if (pool->loose)
			put_page(pool->cur);
		pool->cur = NULL;
		pool->loose = false;
	}
	for (i = 0; i < pool->nr; i++) {
		if (page_ref_count(pool->ring[i]) == 1)
			put_page(pool->ring[i]);
		else
			pool->ring[kept++] = pool->ring[i];
	}
	pool->nr = kept;
	pool->idx = 0;
	pool->small = pool_small_pages;
	if (!kept) {
		kfree(pool->ring);
		pool->ring = NULL;
		pool->cap = 0;
	}
}

u32 quic_pool_bytes(const struct quic_pool *pool)
{
	u32 i, sum = 0;

	for (i = 0; i < pool->nr; i++)
		sum += page_size(pool->ring[i]);
	return sum;
}

u32 quic_pool_slot_bytes(u32 len)
{
	u32 per_page;

	if (len > PAGE_SIZE)
		return ALIGN(len, pool_align_bytes);
	per_page = PAGE_SIZE / ALIGN(max(len, 1U), pool_align_bytes);
	return ALIGN_DOWN((u32)PAGE_SIZE / per_page, pool_align_bytes);
}

static bool pool_grow_ring(struct quic_pool *pool)
{
	u16 cap = pool->cap ? min(pool->cap * 2, QUIC_POOL_MAX_PAGES) : pool_first_cap;
	struct page **ring;

	if (pool->nr < pool->cap)
		return true;
	if (cap <= pool->cap)
		return false;
	ring = krealloc_array(pool->ring, cap, sizeof(*ring), GFP_ATOMIC | __GFP_NOWARN);
	if (!ring)
		return false;
	pool->ring = ring;
	pool->cap = cap;
	return true;
}

static struct page *pool_fresh_page(struct quic_pool *pool, u32 need, gfp_t gfp)
{
	/*
	 * A full ring means that a peer makes us keep much: a page that only a small
	 * piece keeps alive shall be small then, too.
	 */
	bool small = pool->small || pool->nr == QUIC_POOL_MAX_PAGES;
	unsigned int order = max_t(unsigned int, get_order(need), small ? 0 : QUIC_POOL_ORDER);
	struct page *page;

	gfp = (gfp & ~(__GFP_ZERO | __GFP_HIGHMEM)) | __GFP_COMP | __GFP_NOWARN;
	page = order ? alloc_pages((gfp & ~__GFP_DIRECT_RECLAIM) | __GFP_NORETRY, order) : NULL;
	if (!page)
		page = alloc_pages(gfp, get_order(need));
	if (page && pool->small)
		pool->small--;
	return page;
}

/* A page of the ring that nobody but the ring refers to and that holds @need bytes. */
static struct page *pool_recycled_page(struct quic_pool *pool, u32 need)
{
	unsigned int i, tried = 0;

	for (i = 1; i <= pool->nr && tried < pool_scan_pages; i++) {
		u16 at = (pool->idx + i) % pool->nr;

		/* The first pages are small: where packets are larger they would end each scan. */
		if (page_size(pool->ring[at]) < need)
			continue;
		tried++;
		if (page_ref_count(pool->ring[at]) == 1) {
			pool->idx = at;
			return pool->ring[at];
		}
	}
	return NULL;
}

static bool pool_next_page(struct quic_pool *pool, u32 need, gfp_t gfp)
{
	struct page *page = pool_recycled_page(pool, need), *old = pool->cur;
	bool was_loose = pool->loose;

	if (page) {
		pool->loose = false;
	} else {
		page = pool_fresh_page(pool, need, gfp);
		if (!page)
			return false;
		pool->loose = !pool_grow_ring(pool);
		if (!pool->loose) {
			pool->idx = pool->nr;
			pool->ring[pool->nr++] = page;
		}
	}
	if (was_loose)
		put_page(old);
	pool->cur = page;
	pool->off = 0;
	pool->end = page_size(page);
	return true;
}

/* The offset of a slot at or after pool->off: up to 4 KiB never cross a 4 KiB boundary. */
static u32 pool_place(const struct quic_pool *pool, u32 slot)
{
	u32 off = pool->off;

	if (slot <= PAGE_SIZE && offset_in_page(off) + slot > PAGE_SIZE)
		off = PAGE_ALIGN(off);
	return off;
}

int quic_pool_alloc(struct quic_pool *pool, u32 len, gfp_t gfp, struct quic_buf *buf)
{
	u32 slot, off = 0;

	if (len != pool->last_len) {
		pool->last_slot = quic_pool_slot_bytes(len);
		pool->last_len = len;
	}
	slot = pool->last_slot;
	if (pool->cur)
		off = pool_place(pool, slot);
	if (!pool->cur || off + slot > pool->end) {
		if (!pool_next_page(pool, slot, gfp))
			return -ENOMEM;
		off = 0;
	}
	get_page(pool->cur);
	buf->data = (u8 *)page_address(pool->cur) + off;
	buf->len = len;
	buf->truesize = slot;
	buf->chunk = quic_pool_chunk(pool->cur);
	pool->off = off + slot;
	return 0;
}

void quic_pool_shrink(struct quic_pool *pool, struct quic_buf *buf, u32 used)
{
	u32 slot = quic_pool_slot_bytes(used);

	buf->len = min(buf->len, used);
	if (slot >= buf->truesize || !pool->cur || quic_pool_page(buf->chunk) != pool->cur ||
	    buf->data + buf->truesize != (u8 *)page_address(pool->cur) + pool->off)
		return;
	pool->off -= buf->truesize - slot;
	buf->truesize = slot;
}

void quic_edge_chunk_get(struct quic_chunk *chunk)
{
	get_page(quic_pool_page(chunk));
}

void quic_edge_chunk_put(struct quic_chunk *chunk)
{
	put_page(quic_pool_page(chunk));
}

int quic_edge_buf_alloc(struct quic_conn *conn, u32 len, struct quic_buf *buf)
{
	return quic_pool_alloc(&quic_host(conn)->pool_rx, len, GFP_ATOMIC, buf);
}
