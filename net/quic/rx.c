// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rx.c - received datagrams on their way to a connection
 *
 *   UDP socket -> skb (datagram or aggregate) -> runs of equal DCID -> sockets
 *   socket     -> quic_rx_run() -> engine -> copy, unmask, open -> engine
 *
 * The engine sees an aggregate as a span of bytes.  A cursor over the skb's
 * pieces (linear part, frags, frag_list) makes reading in order cheap.  Headers
 * are copied and unmasked in the copy, payloads opened out of place into slots of
 * the connection's pool: nothing ever writes to the skb.
 */
#include <linux/skbuff.h>
#include <net/inet_ecn.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/udp.h>

#include "compat.h"
#include "crypto.h"
#include "family.h"
#include "lookup.h"
#include "mib.h"
#include "rx.h"
#include "timer.h"

#define RX_DCID_PEEK_BYTES	(6 + QUIC_CID_MAX_BYTES)	/* a long header up to its DCID */

static const u32 rx_reset_min_bytes = 21;	/* RFC 9000 10.3 */

/**
 * struct rx_cursor - a piece of an skb
 * @top: the skb
 * @skb: @top or one of its frag_list
 * @frag: index of the frag, -1: linear part
 * @start: offset of the piece in @top
 * @len: its bytes
 * @data: its first byte
 */
struct rx_cursor {
	const struct sk_buff *top;
	const struct sk_buff *skb;
	int frag;
	u32 start;
	u32 len;
	const u8 *data;
};

/**
 * struct rx_linear - a linear copy, in front of its bytes
 * @next: another of the same aggregate
 * @buf: memory of both
 */
struct rx_linear {
	struct rx_linear *next;
	struct quic_buf buf;
};

/**
 * struct rx_agg - what the engine sees as struct quic_agg
 * @agg: the engine's view
 * @host: connection
 * @skb: where the bytes are; NULL: held, behind this structure
 * @base: offset of the first byte in @skb
 * @cur: cursor
 * @linear: linear copies
 * @page: held: its memory
 */
struct rx_agg {
	struct quic_agg agg;
	struct quic_host *host;
	struct sk_buff *skb;
	u32 base;
	struct rx_cursor cur;
	struct rx_linear *linear;
	struct page *page;
};

/* Descriptors of the aggregate a CPU works on, with BH disabled; in the linear map. */
static DEFINE_PER_CPU(struct quic_rx_pkt *, rx_pkts);

/* ---- reading ---- */

static void rx_cursor_head(struct rx_cursor *c, const struct sk_buff *skb, u32 start)
{
	c->skb = skb;
	c->frag = -1;
	c->start = start;
	c->len = skb_headlen(skb);
	c->data = skb->data;
}

static void rx_cursor_init(struct rx_cursor *c, const struct sk_buff *skb)
{
	c->top = skb;
	rx_cursor_head(c, skb, 0);
}

static bool rx_cursor_next(struct rx_cursor *c)
{
	const skb_frag_t *frag;
	const struct sk_buff *next;

	if (++c->frag < skb_shinfo(c->skb)->nr_frags) {
		frag = &skb_shinfo(c->skb)->frags[c->frag];
		c->start += c->len;
		c->len = skb_frag_size(frag);
		c->data = skb_frag_address(frag);
		return true;
	}
	next = c->skb == c->top ? skb_shinfo(c->top)->frag_list : c->skb->next;
	if (!next)
		return false;
	rx_cursor_head(c, next, c->start + c->len);
	return true;
}

static bool rx_cursor_move(struct rx_cursor *c, u32 off)
{
	if (off < c->start)
		rx_cursor_init(c, c->top);
	while (off >= c->start + c->len)
		if (!rx_cursor_next(c))
			return false;
	return true;
}

/* Where the byte at @off stands, and in *@room how many follow it there; NULL: beyond the end. */
static inline const u8 *rx_cursor_seek(struct rx_cursor *c, u32 off, u32 *room)
{
	if (unlikely(off - c->start >= c->len) && !rx_cursor_move(c, off))
		return NULL;
	*room = c->start + c->len - off;
	return c->data + (off - c->start);
}

static void rx_cursor_copy(struct rx_cursor *c, u32 off, u32 len, u8 *dst)
{
	const u8 *p;
	u32 room;

	while (len) {
		p = rx_cursor_seek(c, off, &room);
		if (WARN_ON_ONCE(!p)) {
			memset(dst, 0, len);
			return;
		}
		room = min(room, len);
		memcpy(dst, p, room);
		dst += room;
		off += room;
		len -= room;
	}
}

void quic_rx_copy(const struct sk_buff *skb, u32 off, u32 len, void *dst)
{
	if (WARN_ON_ONCE(skb_copy_bits(skb, quic_rx_cb(skb)->off + off, dst, len)))
		memset(dst, 0, len);
}

void quic_rx_addrs(const struct sk_buff *skb, struct quic_addr *local, struct quic_addr *remote)
{
	const struct quic_rx_cb *cb = quic_rx_cb(skb);

	memset(local, 0, sizeof(*local));
	memset(remote, 0, sizeof(*remote));
	local->family = cb->family;
	local->port = cb->dport;
	remote->family = cb->family;
	remote->port = cb->sport;
	if (cb->family == 4) {
		memcpy(local->ip, &ip_hdr(skb)->daddr, 4);
		memcpy(remote->ip, &ip_hdr(skb)->saddr, 4);
		return;
	}
	memcpy(local->ip, &ipv6_hdr(skb)->daddr, 16);
	memcpy(remote->ip, &ipv6_hdr(skb)->saddr, 16);
	if (cb->scope) {
		local->scope = cb->scope;
		remote->scope = cb->scope;
	}
}

/* ---- the engine's view ---- */

static struct rx_agg *rx_agg(const struct quic_agg *agg)
{
	return container_of((struct quic_agg *)agg, struct rx_agg, agg);
}

/* The bytes of a held aggregate. */
static u8 *rx_held_data(struct rx_agg *a)
{
	return (u8 *)(a + 1);
}

void quic_edge_agg_copy(const struct quic_agg *agg, u32 off, u32 len, void *dst)
{
	struct rx_agg *a = rx_agg(agg);

	if (a->skb)
		rx_cursor_copy(&a->cur, a->base + off, len, dst);
	else
		memcpy(dst, rx_held_data(a) + off, len);
}

u8 *quic_edge_agg_linear(struct quic_agg *agg, u32 off, u32 len)
{
	struct rx_agg *a = rx_agg(agg);
	struct rx_linear *l;
	struct quic_buf buf;

	if (quic_pool_alloc(&a->host->pool_rx, sizeof(*l) + len, GFP_ATOMIC, &buf))
		return NULL;
	l = (struct rx_linear *)buf.data;
	l->buf = buf;
	l->next = a->linear;
	a->linear = l;
	quic_edge_agg_copy(agg, off, len, l + 1);
	return (u8 *)(l + 1);
}

static void rx_agg_put_linear(struct rx_agg *a)
{
	struct rx_linear *l;

	while ((l = a->linear)) {
		a->linear = l->next;
		quic_edge_chunk_put(l->buf.chunk);
	}
}

/* Names @len bytes at @off as the rest of a source. */
static bool rx_name_source(struct rx_agg *a, struct quic_crypto_ctx *ctx, u32 off, u32 len)
{
	const u8 *p;
	u32 room;

	if (!a->skb)
		return quic_crypto_src_add(ctx, rx_held_data(a) + off, len);
	while (len) {
		p = rx_cursor_seek(&a->cur, a->base + off, &room);
		if (!p)
			return false;
		room = min(room, len);
		if (!quic_crypto_src_add(ctx, p, room))
			return false;
		off += room;
		len -= room;
	}
	return true;
}

static void rx_mask_apply(struct quic_rx_pkt *p, const u8 *mask)
{
	unsigned int i, pn_len;

	p->hdr[0] ^= mask[0] & (p->hdr[0] & QUIC_HEADER_LONG ? QUIC_HEADER_LONG_MASK :
							       QUIC_HEADER_SHORT_MASK);
	pn_len = (p->hdr[0] & QUIC_HEADER_PN_MASK) + 1;
	for (i = 0; i < pn_len; i++)
		p->hdr[p->pn_off + i] ^= mask[1 + i];
}

/* The packets from @first on that have its header protection key, as one batch: their number. */
static unsigned int rx_unmask_run(struct quic_crypto_ctx *ctx, struct quic_rx_pkt *first,
				  unsigned int nr)
{
	struct quic_hp *hp = first->key->hp;
	unsigned int i, n;
	int err;

	for (n = 0; n < min(nr, QUIC_CRYPTO_BATCH) && first[n].key && first[n].key->hp == hp; n++)
		memcpy(quic_crypto_sample(ctx, n), first[n].hdr + first[n].pn_off + 4,
		       QUIC_HP_SAMPLE_BYTES);
	err = quic_crypto_masks(ctx, hp, n);
	for (i = 0; i < n; i++) {
		if (err)
			first[i].key = NULL;
		else
			rx_mask_apply(&first[i], quic_crypto_sample(ctx, i));
	}
	return n;
}

void quic_edge_unmask(struct quic_agg *agg, struct quic_rx_pkt *pkts, unsigned int nr)
{
	struct quic_crypto_ctx *ctx = quic_crypto_begin(&rx_agg(agg)->host->conn);
	unsigned int i = 0;

	while (i < nr) {
		if (pkts[i].key && ctx) {
			i += rx_unmask_run(ctx, &pkts[i], nr - i);
		} else {
			pkts[i].key = NULL;
			i++;
		}
	}
	if (ctx)
		quic_crypto_end(ctx);
}

static int rx_open_one(struct quic_host *host, struct rx_agg *a, struct quic_crypto_ctx *ctx,
		       struct quic_rx_pkt *p)
{
	u32 hdr_len = p->pn_off + p->pn_len, text_len = p->len - hdr_len;
	int err;

	if (p->len < hdr_len + QUIC_TAG_BYTES)
		return -EBADMSG;
	err = quic_pool_alloc(&host->pool_rx, max_t(u32, text_len - QUIC_TAG_BYTES, 1),
			      GFP_ATOMIC, &p->plain);
	if (err)
		return err;
	p->plain.len = text_len - QUIC_TAG_BYTES;
	quic_crypto_src(ctx, p->hdr, hdr_len);
	err = -EINVAL;
	if (likely(rx_name_source(a, ctx, p->off + hdr_len, text_len)))
		err = quic_crypto_open(ctx, p->key->aead, p->pn, p->hdr, p->plain.data, text_len);
	if (likely(!err))
		return 0;
	if (err == -EINPROGRESS) {
		quic_mib_inc(host->qn, QUIC_MIB_CRYPTO_ASYNC);
		if (a->skb)
			quic_crypto_hold_skb(ctx, a->skb);
	} else {
		quic_pool_shrink(&host->pool_rx, &p->plain, 0);
	}
	quic_edge_chunk_put(p->plain.chunk);
	memset(&p->plain, 0, sizeof(p->plain));
	return err;
}

void quic_edge_open(struct quic_conn *conn, struct quic_agg *agg, struct quic_rx_pkt *pkts,
		    unsigned int nr)
{
	struct quic_crypto_ctx *ctx = quic_crypto_begin(conn);
	struct quic_host *host = quic_host(conn);
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (!pkts[i].key)
			continue;
		pkts[i].err = -ENOMEM;
		memset(&pkts[i].plain, 0, sizeof(pkts[i].plain));
		if (ctx)
			pkts[i].err = rx_open_one(host, rx_agg(agg), ctx, &pkts[i]);
	}
	if (ctx)
		quic_crypto_end(ctx);
}

/* ---- held aggregates ---- */

/* One set of descriptors serves all held aggregates of a connection, one after the other. */
static bool rx_held_pkts_get(struct quic_host *host)
{
	if (!host->held_pkts)
		host->held_pkts = kmalloc_array(QUIC_RX_BATCH, sizeof(*host->held_pkts),
						GFP_ATOMIC | __GFP_ACCOUNT | __GFP_NOWARN);
	if (!host->held_pkts)
		return false;
	host->nr_held++;
	return true;
}

struct quic_agg *quic_edge_agg_hold(struct quic_conn *conn, const struct quic_agg *agg, u32 off,
				    u32 len)
{
	struct quic_host *host = quic_host(conn);
	struct page *page;
	struct rx_agg *a;

	/* Pages, not slab: a cipher that went asynchronous holds references. */
	page = alloc_pages(GFP_ATOMIC | __GFP_COMP | __GFP_ACCOUNT | __GFP_NOWARN,
			   get_order(sizeof(*a) + len));
	if (!page)
		return NULL;
	if (!rx_held_pkts_get(host)) {
		put_page(page);
		return NULL;
	}
	a = page_address(page);
	memset(a, 0, sizeof(*a));
	a->agg = (struct quic_agg){
		.local = agg->local, .remote = agg->remote, .len = len, .seg_bytes = len,
		.ecn = agg->ecn, .pkts = host->held_pkts,
	};
	INIT_LIST_HEAD(&a->agg.node);
	a->host = host;
	a->page = page;
	quic_edge_agg_copy(agg, off, len, rx_held_data(a));
	return &a->agg;
}

void quic_edge_agg_free(struct quic_agg *agg)
{
	struct rx_agg *a = rx_agg(agg);
	struct quic_host *host = a->host;

	rx_agg_put_linear(a);
	put_page(a->page);
	if (!--host->nr_held) {
		kfree(host->held_pkts);
		host->held_pkts = NULL;
	}
}

/* ---- running an aggregate ---- */

static void rx_agg_init(struct rx_agg *a, struct quic_host *host, struct sk_buff *skb)
{
	const struct quic_rx_cb *cb = quic_rx_cb(skb);

	INIT_LIST_HEAD(&a->agg.node);
	quic_rx_addrs(skb, &a->agg.local, &a->agg.remote);
	a->agg.len = cb->len;
	a->agg.seg_bytes = cb->seg;
	a->agg.ecn = cb->ecn;
	a->host = host;
	a->skb = skb;
	a->base = cb->off;
	a->linear = NULL;
	rx_cursor_init(&a->cur, skb);
}

static struct quic_rx_pkt *rx_pkts_alloc(gfp_t gfp)
{
	return kmalloc_array(QUIC_RX_BATCH, sizeof(struct quic_rx_pkt), gfp | __GFP_NOWARN);
}

/* Where a cipher must be waited for: descriptors of its own, BH not touched. */
static void rx_run_private(struct rx_agg *a, quic_us now)
{
	a->agg.pkts = rx_pkts_alloc(GFP_NOFS);
	if (a->agg.pkts)
		quic_conn_receive(&a->host->conn, &a->agg, now);
	kfree(a->agg.pkts);
}

static void rx_run_this_cpu(struct rx_agg *a, quic_us now)
{
	struct quic_rx_pkt *pkts;

	local_bh_disable();
	pkts = this_cpu_read(rx_pkts);
	if (unlikely(!pkts)) {
		pkts = rx_pkts_alloc(GFP_ATOMIC);
		this_cpu_write(rx_pkts, pkts);
	}
	a->agg.pkts = pkts;
	if (pkts)
		quic_conn_receive(&a->host->conn, &a->agg, now);
	local_bh_enable();
}

void quic_rx_run(struct quic_host *host, struct sk_buff *skb, quic_us now)
{
	struct rx_agg a;

	rx_agg_init(&a, host, skb);
	if (!in_interrupt())
		quic_crypto_settle(&host->conn);
	if (unlikely(!in_interrupt() && quic_crypto_needs_wait(&host->conn)))
		rx_run_private(&a, now);
	else
		rx_run_this_cpu(&a, now);
	rx_agg_put_linear(&a);
	quic_timer_update(host);
	consume_skb(skb);
}

void quic_rx_cleanup(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		kfree(per_cpu(rx_pkts, cpu));
		per_cpu(rx_pkts, cpu) = NULL;
	}
}

/* ---- from the UDP socket to connections ---- */

/* The DCID of the datagram of @len bytes at @off; false: it has none that could be ours. */
static bool rx_dcid(struct rx_cursor *c, u32 off, u32 len, struct quic_cid *cid)
{
	u8 copy[RX_DCID_PEEK_BYTES];
	u32 room, peek = min_t(u32, len, sizeof(copy));
	const u8 *p = rx_cursor_seek(c, off, &room);

	if (!p)
		return false;
	if (unlikely(room < peek)) {
		rx_cursor_copy(c, off, peek, copy);
		p = copy;
	}
	if (!(p[0] & QUIC_HEADER_LONG)) {
		cid->len = QUIC_CID_OURS_BYTES;
		if (len < 1 + QUIC_CID_OURS_BYTES)
			return false;
		memcpy(cid->data, p + 1, QUIC_CID_OURS_BYTES);
		return true;
	}
	if (len < 7 || len < 6u + p[5])
		return false;
	/* Other versions may have longer ids: nobody has them here, but they get an answer. */
	cid->len = p[5] > QUIC_CID_MAX_BYTES ? 0 : p[5];
	memcpy(cid->data, p + 6, cid->len);
	return true;
}

/*
 * The connection of this path that a packet with an unknown id is a stateless reset
 * for, or NULL.  A run has more than one datagram only where ids are equal, which
 * those of resets are not: its first one is looked at.
 */
static noinline struct sock *rx_find_reset(struct quic_tunnel *t, struct sk_buff *skb)
{
	const struct quic_rx_cb *cb = quic_rx_cb(skb);
	u32 len = min(cb->seg, cb->len);
	u8 token[QUIC_RESET_TOKEN_BYTES];
	struct quic_addr local, remote;

	if (len < rx_reset_min_bytes)
		return NULL;
	quic_rx_addrs(skb, &local, &remote);
	quic_rx_copy(skb, len - sizeof(token), sizeof(token), token);
	return quic_lookup_reset(t->qn, local.port, &remote, token);
}

static void rx_deliver(struct quic_tunnel *t, struct sk_buff *skb, const struct quic_cid *cid)
{
	struct sock *sk = quic_lookup_cid(t->qn, cid->data, cid->len);

	quic_mib_inc(t->qn, QUIC_MIB_AGGREGATES_IN);
	quic_mib_add(t->qn, QUIC_MIB_DATAGRAMS_IN, quic_rx_datagrams(skb));
	if (unlikely(!sk)) {
		quic_mib_inc(t->qn, QUIC_MIB_UNCLAIMED);
		sk = rx_find_reset(t, skb);
	}
	if (likely(sk)) {
		quic_sock_receive(sk, skb);
		sock_put(sk);
		return;
	}
	quic_sock_receive_unclaimed(t, skb);
}

/* Cuts @skb into runs and delivers them; consumes it. */
static void rx_split(struct quic_tunnel *t, struct sk_buff *skb, const struct quic_rx_cb *all)
{
	u32 off = 0, end, total = all->len, seg = all->seg;
	struct quic_cid cid, next;
	struct sk_buff *run;
	struct rx_cursor c;
	bool more, known;

	rx_cursor_init(&c, skb);
	known = rx_dcid(&c, 0, min(seg, total), &cid);
	for (more = true; more; off = end) {
		struct quic_cid this = cid;
		bool valid = known;

		for (end = off + seg; end < total; end += seg) {
			known = rx_dcid(&c, end, min(seg, total - end), &next);
			if (!known || !valid || !quic_cid_equal(&next, &this))
				break;
		}
		cid = next;
		more = end < total;
		if (!valid) {
			quic_mib_inc(t->qn, QUIC_MIB_INV_HDR_DROP);
			continue;
		}
		run = more ? skb_clone(skb, GFP_ATOMIC) : skb;
		if (!run)
			continue;
		*quic_rx_cb(run) = *all;
		quic_rx_cb(run)->off = off;
		quic_rx_cb(run)->len = min(end, total) - off;
		rx_deliver(t, run, &this);
		if (!more)
			return;
	}
	kfree_skb(skb);
}

static void rx_skb(struct quic_tunnel *t, struct sk_buff *skb)
{
	struct quic_rx_cb cb = {
		.len = skb->len,
		.seg = skb_is_gso(skb) ? skb_shinfo(skb)->gso_size : skb->len,
		.dport = ntohs(udp_hdr(skb)->dest),
		.sport = ntohs(udp_hdr(skb)->source),
		.family = t->local.family,
	};

	if (udp_lib_checksum_complete(skb)) {
		quic_mib_inc(t->qn, QUIC_MIB_CSUM_ERRORS);
		goto drop;
	}
	if (!cb.len || !cb.seg)
		goto drop;
	if (cb.family == 4) {
		cb.ecn = ip_hdr(skb)->tos & INET_ECN_MASK;
	} else {
		cb.ecn = ipv6_get_dsfield(ipv6_hdr(skb)) & INET_ECN_MASK;
		if (ipv6_addr_type(&ipv6_hdr(skb)->saddr) & IPV6_ADDR_LINKLOCAL)
			cb.scope = inet6_iif(skb);
	}
	skb->dev = NULL;	/* UDP kept its own things there */
	rx_split(t, skb, &cb);
	return;

drop:
	kfree_skb(skb);
}

void quic_rx_drain(struct quic_tunnel *t, struct sock *usk)
{
	struct sk_buff *skb;
	int err, off;

	for (;;) {
		off = 0;
		err = 0;
		skb = __skb_recv_udp(usk, MSG_DONTWAIT, &off, &err);
		if (skb)
			rx_skb(t, skb);
		else if (err == -EAGAIN)
			return;
	}
}
