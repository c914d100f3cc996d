// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tx.c - bursts: from the engine's packets to one UDP GSO skb
 *
 *   next   place for a datagram in a page of the ring; it becomes part of a frag
 *   add    seal: AEAD from the send buffer's pages into that place, out of place
 *   end    the datagram counts
 *   commit mask all headers in one batch, one skb of frags, route, UDP, IP
 *
 *   page of the ring (32 KiB)   |dgram|dgram|....|dgram|dgram|....|
 *   frags of the skb            |<-- frag 0 -->| |<-- frag 1 -->|
 *
 * No packet of up to 4 KiB crosses a 4 KiB boundary (DATAPATH.md: the crypto API
 * of 6.12 pays for each crossing), so a frag is what fits a 4 KiB page.
 *
 * Pages are recycled: the ring holds one reference, the frags of each skb under
 * way hold others; back at one, a page is free.  The ring is of the netns and the
 * CPU and holds sealed bytes only, so connections share it.
 *
 * A burst lives on its CPU with BH disabled from begin to commit (that is what
 * quic_crypto_begin() does), so neither another task nor a softirq on this CPU
 * can meet it half-built, and its per-CPU data stays its own.  Sending does not
 * come back to us: loopback and veth queue to another softirq.  A connection whose
 * cipher must be waited for gets a burst and pages of its own instead.
 */
#include <linux/skbuff.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "compat.h"
#include "crypto.h"
#include "family.h"
#include "lookup.h"
#include "mib.h"
#include "tunnel.h"
#include "tx.h"

#define TX_RING_PAGES		32	/* 1 MiB per CPU and netns in flight */
#define TX_PAGE_ORDER		3
#define TX_PKTS_MAX		(QUIC_BURST_MAX_PKTS + QUIC_NR_LEVELS)
#define TX_SCAN_PAGES	8	/* ring entries tried for a free page */

static const u32 tx_seg_copy_bytes = 128;	/* below it a copy is cheaper than an sg entry */
static const u32 tx_linear_max_bytes = 512;	/* a single datagram needs no page */
static const u32 tx_aead_block_bytes = 16;

/**
 * struct quic_tx_ring - pages for sealed bytes
 * @page: one reference each; NULL: not yet
 * @idx: entry @cur stands in
 * @cur: page that is filled now; the ring's own or, when all are busy, a loose one
 * @loose: @cur is in no entry
 * @off: next free byte
 * @end: bytes of @cur
 */
struct quic_tx_ring {
	struct page *page[TX_RING_PAGES];
	u32 idx;
	struct page *cur;
	bool loose;
	u32 off;
	u32 end;
};

/**
 * struct tx_pkt - a packet whose header is still to be masked
 * @data: first byte
 * @hp: key
 * @pn_off: bytes before the packet number
 * @pn_len: bytes of it
 */
struct tx_pkt {
	u8 *data;
	struct quic_hp *hp;
	u16 pn_off;
	u8 pn_len;
};

/**
 * struct tx_frag - datagrams that follow each other in one page
 * @page: page, one reference
 * @off: first byte
 * @len: bytes
 */
struct tx_frag {
	struct page *page;
	u32 off;
	u32 len;
};

/**
 * struct quic_burst - a burst under construction
 * @host: sender
 * @path: where to
 * @ctx: crypto scratch; holds BH disabled unless private
 * @ring: pages
 * @own_ring: @ring of a private burst
 * @dgram_bytes: size of every datagram but the last
 * @tos: traffic class with the ECN codepoint
 * @depart: earliest departure time
 * @cur: place of the datagram being built
 * @nr: datagrams
 * @bytes: of them
 * @last_bytes: of the last one
 * @full: the last was a short one, or something failed: no more
 * @bad: a packet of the current datagram could not be sealed
 * @nr_pkts: entries of @pkts
 * @dgram_pkts: entries of @pkts before the current datagram
 * @nr_frags: entries of @frag
 * @frag: frags of the skb
 * @pkts: packets to be masked
 */
struct quic_burst {
	struct quic_host *host;
	const struct quic_path *path;
	struct quic_crypto_ctx *ctx;
	struct quic_tx_ring *ring;
	struct quic_tx_ring *own_ring;
	u16 dgram_bytes;
	u8 tos;
	quic_us depart;
	u8 *cur;
	u32 nr;
	u32 bytes;
	u32 last_bytes;
	bool full;
	bool bad;
	u32 nr_pkts;
	u32 dgram_pkts;
	u32 nr_frags;
	struct tx_frag frag[MAX_SKB_FRAGS];
	struct tx_pkt pkts[TX_PKTS_MAX];
};

static DEFINE_PER_CPU(struct quic_burst, tx_burst);

/* ---- pages ---- */

static struct page *tx_page_alloc(u32 need, gfp_t gfp)
{
	unsigned int order = max_t(unsigned int, get_order(need), TX_PAGE_ORDER);
	struct page *page;

	gfp |= __GFP_COMP | __GFP_NOWARN;
	page = alloc_pages((gfp & ~__GFP_DIRECT_RECLAIM) | __GFP_NORETRY, order);
	if (!page && get_order(need) < order)
		page = alloc_pages(gfp, get_order(need));
	return page;
}

/* The page of entry @at when it is free and holds @need bytes, made so if need be. */
static struct page *tx_ring_try(struct quic_tx_ring *r, u32 at, u32 need)
{
	struct page *page = r->page[at];

	if (page && page_ref_count(page) != 1)
		return NULL;
	if (page && page_size(page) >= need)
		return page;
	if (page)
		put_page(page);
	r->page[at] = tx_page_alloc(need, GFP_ATOMIC);
	return r->page[at];
}

/* Makes the next free page the current one; a fresh one when the ring is busy. */
static bool tx_ring_next(struct quic_tx_ring *r, u32 need)
{
	struct page *page = NULL;
	u32 i, at = r->idx;

	if (r->loose)
		put_page(r->cur);
	r->cur = NULL;
	r->loose = false;
	for (i = 1; i <= TX_SCAN_PAGES && !page; i++) {
		at = (r->idx + i) % TX_RING_PAGES;
		page = tx_ring_try(r, at, need);
	}
	if (page) {
		r->idx = at;
	} else {
		page = tx_page_alloc(need, GFP_ATOMIC);
		if (!page)
			return false;
		r->loose = true;
	}
	r->cur = page;
	r->off = 0;
	r->end = page_size(page);
	return true;
}

static void tx_ring_release(struct quic_tx_ring *r)
{
	u32 i;

	if (r->loose)
		put_page(r->cur);
	for (i = 0; i < TX_RING_PAGES; i++)
		if (r->page[i])
			put_page(r->page[i]);
}

/* ---- routes ---- */

static void tx_route_drop(struct quic_route *r)
{
	dst_release(r->dst);
	memset(r, 0, sizeof(*r));
}

void quic_tx_flush_routes(struct quic_host *host)
{
	tx_route_drop(&host->route);
}

/* The cached route for @path, looked up again when it went stale; NULL: there is none. */
static struct dst_entry *tx_route(struct quic_host *host, const struct quic_path *path)
{
	struct quic_route *r = &host->route;
	struct dst_entry *dst;

	if (likely(r->dst && dst_check(r->dst, r->cookie) &&
		   quic_addr_equal(&r->remote, &path->remote) &&
		   quic_addr_equal(&r->local, &path->local)))
		return r->dst;
	tx_route_drop(r);
	r->from = path->local;
	dst = quic_family_route(host->qn->net, host->sk, &r->from, &path->remote);
	if (IS_ERR(dst))
		return NULL;
	r->dst = dst;
	r->cookie = quic_family_cookie(dst);
	r->local = path->local;
	r->remote = path->remote;
	if (path == host->conn.path)
		quic_lookup_path_update(host, path);
	return dst;
}

/* ---- begin, next, end ---- */

/* A burst and a ring of its own, for who may be preempted while it builds it. */
static struct quic_burst *tx_burst_private(void)
{
	struct quic_burst *b = kzalloc(sizeof(*b), GFP_NOFS);

	if (!b)
		return NULL;
	b->own_ring = kzalloc(sizeof(*b->own_ring), GFP_NOFS);
	if (!b->own_ring) {
		kfree(b);
		return NULL;
	}
	b->ring = b->own_ring;
	return b;
}

static void tx_burst_free(struct quic_burst *b)
{
	struct quic_crypto_ctx *ctx = b->ctx;

	if (b->own_ring) {
		tx_ring_release(b->own_ring);
		kfree(b->own_ring);
		kfree(b);
	}
	quic_crypto_end(ctx);
}

static void tx_burst_reset(struct quic_burst *b)
{
	b->cur = NULL;
	b->nr = 0;
	b->bytes = 0;
	b->full = false;
	b->bad = false;
	b->nr_pkts = 0;
	b->nr_frags = 0;
}

static u8 tx_tos(const struct sock *sk, const struct quic_path *path, enum quic_ecn ecn)
{
	u8 tos = READ_ONCE(inet_sk(sk)->tos);

#if IS_ENABLED(CONFIG_IPV6)
	if (path->remote.family == 6 && inet6_sk(sk))
		tos = READ_ONCE(inet6_sk(sk)->tclass);
#endif
	return (tos & ~INET_ECN_MASK) | ecn;
}

struct quic_burst *quic_edge_burst_begin(struct quic_conn *conn, struct quic_path *path,
					 u16 dgram_bytes, enum quic_ecn ecn, quic_us depart)
{
	struct quic_host *host = quic_host(conn);
	struct quic_crypto_ctx *ctx;
	struct quic_burst *b;

	if (unlikely(!quic_crypto_can_run(conn))) {
		quic_mib_inc(host->qn, QUIC_MIB_CRYPTO_DEFERRED);
		goto defer;
	}
	ctx = quic_crypto_begin(conn);
	if (unlikely(!ctx))
		goto defer;
	if (unlikely(quic_crypto_is_private(ctx))) {
		b = tx_burst_private();
		if (!b) {
			quic_crypto_end(ctx);
			goto defer;
		}
	} else {
		b = this_cpu_ptr(&tx_burst);
		b->ring = this_cpu_ptr(host->qn->tx);
		b->own_ring = NULL;
	}
	tx_burst_reset(b);
	b->ctx = ctx;
	b->host = host;
	b->path = path;
	b->dgram_bytes = dgram_bytes;
	b->tos = tx_tos(host->sk, path, ecn);
	b->depart = depart;
	/* The engine takes "full" for "nothing left to do": a burst has room for one. */
	if (b->ring->cur || tx_ring_next(b->ring, dgram_bytes))
		return b;
	tx_burst_free(b);
defer:
	quic_sock_defer(host->sk);
	return NULL;
}

/* A new frag at @off of the current page; false: the skb has no room for it. */
static bool tx_frag_open(struct quic_burst *b, u32 off)
{
	struct tx_frag *f = &b->frag[b->nr_frags];

	if (b->nr_frags == MAX_SKB_FRAGS)
		return false;
	get_page(b->ring->cur);
	*f = (struct tx_frag){ .page = b->ring->cur, .off = off };
	b->nr_frags++;
	return true;
}

/* Where a datagram of @len bytes can stand: at the end of the open frag, else in a new one. */
static u8 *tx_place(struct quic_burst *b, u32 len)
{
	struct quic_tx_ring *r = b->ring;
	struct tx_frag *f = b->nr_frags ? &b->frag[b->nr_frags - 1] : NULL;
	bool open = f && f->page == r->cur && f->off + f->len == r->off;
	u32 off = open ? r->off : ALIGN(r->off, SMP_CACHE_BYTES);

	if (len <= PAGE_SIZE && offset_in_page(off) + len > PAGE_SIZE) {
		off = PAGE_ALIGN(off);
		open = false;
	}
	if (!r->cur || off + len > r->end) {
		if (b->nr_frags == MAX_SKB_FRAGS || !tx_ring_next(r, len))
			return NULL;
		off = 0;
		open = false;
	}
	if (!open && !tx_frag_open(b, off))
		return NULL;
	r->off = off;
	return (u8 *)page_address(r->cur) + off;
}

u8 *quic_edge_burst_next(struct quic_burst *b)
{
	if (b->full || b->nr == QUIC_BURST_MAX_PKTS ||
	    b->bytes + b->dgram_bytes > QUIC_BURST_MAX_BYTES ||
	    b->nr_pkts + QUIC_NR_LEVELS > TX_PKTS_MAX)
		return NULL;
	b->cur = tx_place(b, b->dgram_bytes);
	b->dgram_pkts = b->nr_pkts;
	b->bad = false;
	return b->cur;
}

void quic_edge_burst_end(struct quic_burst *b, u16 bytes)
{
	struct tx_frag *f = &b->frag[b->nr_frags - 1];

	if (unlikely(b->bad)) {
		/* Plaintext may stand there, or a cipher still write: that place is lost. */
		b->nr_pkts = b->dgram_pkts;
		b->ring->off += b->dgram_bytes;
		b->full = true;
		return;
	}
	if (!bytes)
		return;
	f->len += bytes;
	b->ring->off += bytes;
	b->nr++;
	b->bytes += bytes;
	b->last_bytes = bytes;
	b->full = bytes < b->dgram_bytes;
}

/* ---- sealing ---- */

/*
 * Names the text of @pkt piece by piece: long segments where they are, everything
 * else in the packet.  Borders between pieces are moved to multiples of the
 * cipher's block by copying the few bytes beside them: the crypto API pays for a
 * block that is torn apart.
 */
static bool tx_name_source(struct quic_burst *b, const struct quic_tx_pkt *pkt)
{
	u8 *text = pkt->dst + pkt->hdr_len;
	u32 len = pkt->len - pkt->hdr_len, named = 0, i;

	quic_crypto_src(b->ctx, pkt->dst, pkt->hdr_len);
	for (i = 0; i < pkt->nr_segs; i++) {
		const struct quic_tx_seg *s = &pkt->segs[i];
		u32 off = s->off - pkt->hdr_len, end = off + s->len;
		u32 head = -off % tx_aead_block_bytes;
		u32 tail = end == len ? 0 : end % tx_aead_block_bytes;

		if (s->len < tx_seg_copy_bytes) {
			memcpy(text + off, s->data, s->len);
			continue;
		}
		if (head)
			memcpy(text + off, s->data, head);
		if (tail)
			memcpy(text + end - tail, s->data + s->len - tail, tail);
		if (off + head > named &&
		    !quic_crypto_src_add(b->ctx, text + named, off + head - named))
			return false;
		if (!quic_crypto_src_add(b->ctx, s->data + head, s->len - head - tail))
			return false;
		named = end - tail;
	}
	return !named || named == len || quic_crypto_src_add(b->ctx, text + named, len - named);
}

int quic_edge_burst_add(struct quic_burst *b, const struct quic_tx_pkt *pkt)
{
	struct tx_pkt *p = &b->pkts[b->nr_pkts];
	int err = -EINVAL;

	if (likely(!b->bad && tx_name_source(b, pkt)))
		err = quic_crypto_seal(b->ctx, pkt->key->aead, pkt->pn, pkt->dst,
				       pkt->len - pkt->hdr_len);
	if (unlikely(err)) {
		b->bad = true;
		quic_mib_inc(b->host->qn, err == -EINPROGRESS ? QUIC_MIB_CRYPTO_ASYNC :
								QUIC_MIB_ENC_DROP);
		if (err != -EINPROGRESS)
			memzero_explicit(pkt->dst, pkt->len);
		return err;
	}
	p->data = pkt->dst;
	p->hp = pkt->key->hp;
	p->pn_len = pkt->pn_len;
	p->pn_off = pkt->hdr_len - pkt->pn_len;
	b->nr_pkts++;
	return 0;
}

static void tx_mask_apply(const struct tx_pkt *p, const u8 *mask)
{
	u8 *pn = p->data + p->pn_off;
	unsigned int i;

	p->data[0] ^= mask[0] & (p->data[0] & QUIC_HEADER_LONG ? QUIC_HEADER_LONG_MASK :
								 QUIC_HEADER_SHORT_MASK);
	for (i = 0; i < p->pn_len; i++)
		pn[i] ^= mask[1 + i];
}

/* Masks all headers: one request per run of packets with the same key. RFC 9001 5.4. */
static int tx_mask(struct quic_burst *b)
{
	u32 first, n, i;
	int err;

	for (first = 0; first < b->nr_pkts; first += n) {
		struct tx_pkt *p = &b->pkts[first];

		u32 max = min_t(u32, b->nr_pkts - first, QUIC_CRYPTO_BATCH);

		for (n = 0; n < max && p[n].hp == p->hp; n++)
			memcpy(quic_crypto_sample(b->ctx, n), p[n].data + p[n].pn_off + 4,
			       QUIC_HP_SAMPLE_BYTES);
		err = quic_crypto_masks(b->ctx, p->hp, n);
		if (err)
			return err;
		for (i = 0; i < n; i++)
			tx_mask_apply(&p[i], quic_crypto_sample(b->ctx, i));
	}
	return 0;
}

/* ---- the skb ---- */

/* Like sock_wfree(), but nobody waits for this: the send buffer is the limit. */
static void tx_skb_destruct(struct sk_buff *skb)
{
	struct sock *sk = skb->sk;

	WARN_ON_ONCE(refcount_sub_and_test(skb->truesize - 1, &sk->sk_wmem_alloc));
	sk_free(sk);	/* the last one */
}

static void tx_skb_own(struct quic_burst *b, struct sk_buff *skb)
{
	struct sock *sk = b->host->sk;

	skb->sk = sk;
	skb->destructor = tx_skb_destruct;
	refcount_add(skb->truesize, &sk->sk_wmem_alloc);
	skb->priority = READ_ONCE(sk->sk_priority);
	skb->mark = READ_ONCE(sk->sk_mark);
	if (sk->sk_pacing_status == SK_PACING_FQ)
		skb_set_delivery_time(skb, ns_to_ktime(b->depart * NSEC_PER_USEC),
				      SKB_CLOCK_MONOTONIC);
}

/* One small datagram: copied, which is cheaper than a page; its place is free again. */
static struct sk_buff *tx_skb_linear(struct quic_burst *b, u32 headroom)
{
	struct tx_frag *f = &b->frag[b->nr_frags - 1];
	struct sk_buff *skb = alloc_skb(headroom + b->bytes, GFP_ATOMIC | __GFP_NOWARN);

	if (!skb)
		return NULL;
	skb_reserve(skb, headroom);
	skb_put_data(skb, page_address(f->page) + f->off, b->bytes);
	b->ring->off = f->off;
	return skb;
}

static struct sk_buff *tx_skb_frags(struct quic_burst *b, u32 headroom)
{
	struct sk_buff *skb = alloc_skb(headroom, GFP_ATOMIC | __GFP_NOWARN);
	u32 i, n = 0;

	if (!skb)
		return NULL;
	skb_reserve(skb, headroom);
	for (i = 0; i < b->nr_frags; i++) {
		struct tx_frag *f = &b->frag[i];

		if (!f->len)
			continue;
		skb_add_rx_frag(skb, n++, f->page, f->off, f->len, PAGE_ALIGN(f->len));
		f->page = NULL;		/* its reference is the skb's now */
	}
	if (b->nr == 1)
		return skb;
	/*
	 * Nothing reports a mistake here: without CHECKSUM_PARTIAL, with a wrong
	 * csum_start, or with GSO fields on a single datagram it is segmented in
	 * software or lost somewhere on the way.
	 */
	skb_shinfo(skb)->gso_size = b->dgram_bytes;
	skb_shinfo(skb)->gso_segs = b->nr;
	skb_shinfo(skb)->gso_type = SKB_GSO_UDP_L4;
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_headroom(skb) - sizeof(struct udphdr);
	skb->csum_offset = offsetof(struct udphdr, check);
	return skb;
}

/* UDP payload bytes that fit into a packet on @dst. */
static u32 tx_mtu(const struct dst_entry *dst, u8 family)
{
	u32 mtu = READ_ONCE(dst->dev->mtu), overhead = quic_family_overhead(family);

	return mtu > overhead ? mtu - overhead : 0;
}

u32 quic_edge_mtu(struct quic_conn *conn, const struct quic_path *path)
{
	struct dst_entry *dst = tx_route(quic_host(conn), path);

	return dst ? tx_mtu(dst, path->remote.family) : 0;
}

static int tx_send(struct quic_burst *b)
{
	u8 family = b->path->remote.family;
	struct quic_host *host = b->host;
	struct dst_entry *dst = tx_route(host, b->path);
	struct quic_tunnel *t = quic_tunnel_of(host, b->path);
	struct sk_buff *skb;
	u32 headroom;

	if (!dst || !t)
		return -ENETUNREACH;
	if ((b->nr > 1 ? b->dgram_bytes : b->last_bytes) > tx_mtu(dst, family))
		return -EMSGSIZE;
	headroom = quic_family_headroom(dst, family);
	skb = b->bytes <= tx_linear_max_bytes && b->nr == 1 ? tx_skb_linear(b, headroom) :
							      tx_skb_frags(b, headroom);
	if (!skb)
		return -ENOBUFS;
	tx_skb_own(b, skb);
	quic_mib_inc(host->qn, QUIC_MIB_BURSTS_OUT);
	quic_mib_add(host->qn, QUIC_MIB_PKTS_OUT, b->nr);
	dst_hold(dst);
	quic_family_xmit(t->sock->sk, skb, dst, &host->route.from, &b->path->remote,
			 b->tos);
	return 0;
}

int quic_edge_burst_commit(struct quic_burst *b)
{
	int err = 0;
	u32 i;

	if (b->nr) {
		err = tx_mask(b);
		local_bh_disable();	/* for a private burst; nests in the others */
		err = err ?: tx_send(b);
		local_bh_enable();
	}
	for (i = 0; i < b->nr_frags; i++)
		if (b->frag[i].page)
			put_page(b->frag[i].page);
	tx_burst_free(b);
	return err;
}

/* ---- per netns ---- */

int quic_tx_init(struct quic_net *qn)
{
	qn->tx = alloc_percpu(struct quic_tx_ring);
	return qn->tx ? 0 : -ENOMEM;
}

void quic_tx_exit(struct quic_net *qn)
{
	int cpu;

	for_each_possible_cpu(cpu)
		tx_ring_release(per_cpu_ptr(qn->tx, cpu));
	free_percpu(qn->tx);
}
