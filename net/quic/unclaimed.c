// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * unclaimed.c - datagrams that belong to no connection
 *
 *   Initial, 0-RTT           to a listener, if there is one
 *   unknown version          Version Negotiation (RFC 9000 6)
 *   short header             stateless reset (RFC 9000 10.3)
 *   anything else            dropped
 *
 * What is answered here is answered without state, never to a datagram that is
 * smaller than the rules allow, and not more often than the sysctl's rate.  Each kind
 * of answer has a bucket of its own: who provokes one kind does not silence another.
 */
#include "listen.h"
#include "lookup.h"

#define UNCLAIMED_VN_BYTES		(7U + 2 * 255 + 4 * 8)	/* long ids, all our versions */
#define UNCLAIMED_RESET_MAX_BYTES	42U	/* looks like a short packet, RFC 9000 10.3 */
#define UNCLAIMED_RESET_MIN_BYTES	21U	/* 5 unpredictable bytes and a token */

/* What counts the answers of each kind, and those that there were too many of. */
static const struct {
	enum quic_mib_counter sent, limited;
} unclaimed_counters[QUIC_NR_STATELESS] = {
	[QUIC_STATELESS_VN] = { QUIC_MIB_VN_SENT, QUIC_MIB_VN_LIMITED },
	[QUIC_STATELESS_RETRY] = { QUIC_MIB_RETRY_SENT, QUIC_MIB_RETRY_LIMITED },
	[QUIC_STATELESS_RESET] = { QUIC_MIB_RESET_SENT, QUIC_MIB_RESET_LIMITED },
};

/* Takes one from the bucket of that kind: at most a second's worth is saved up. */
static bool unclaimed_take(struct quic_sock_net *sn, enum quic_stateless kind)
{
	struct quic_sock_bucket *b = &sn->stateless[kind];
	u32 rate = max(READ_ONCE(sn->stateless_rate), 0);
	quic_us now = quic_timer_now();
	bool ok = false;
	u64 fresh;

	spin_lock(&sn->stateless_lock);
	fresh = div_u64(min(now - b->filled_at, QUIC_US_PER_SEC) * rate, QUIC_US_PER_SEC);
	if (fresh)
		b->filled_at = now;
	b->replies = min_t(u64, b->replies + fresh, rate);	/* a rate that sank acts at once */
	if (b->replies) {
		b->replies--;
		ok = true;
	}
	spin_unlock(&sn->stateless_lock);
	return ok;
}

bool quic_listen_may_answer(struct quic_tunnel *t, enum quic_stateless kind)
{
	if (unclaimed_take(quic_sock_net(t->qn->net), kind))
		return true;
	quic_mib_inc(t->qn, QUIC_MIB_RATE_LIMITED);
	quic_mib_inc(t->qn, unclaimed_counters[kind].limited);
	return false;
}

void quic_listen_answer(struct quic_tunnel *t, struct sk_buff *skb, const u8 *data, u32 len,
			enum quic_stateless kind)
{
	struct quic_addr local, remote;

	quic_rx_addrs(skb, &local, &remote);
	if (!quic_tunnel_send_raw(t, &local, &remote, data, len))
		quic_mib_inc(t->qn, unclaimed_counters[kind].sent);
}

static struct sock *unclaimed_listener(struct quic_tunnel *t, struct sk_buff *skb)
{
	struct quic_addr local, remote;

	quic_rx_addrs(skb, &local, &remote);
	return quic_listen_find(t, &local, &remote, NULL);
}

/*
 * Not even the length of the ids matters: another version may have other rules
 * [9000-17.2.1#5].  Of a run of datagrams the first one is answered [9000-17.2.1#6].
 */
static void unclaimed_negotiate(struct quic_tunnel *t, struct sk_buff *skb,
				const struct quic_invariant *inv, u32 len)
{
	struct sock *sk = unclaimed_listener(t, skb);
	u8 buf[UNCLAIMED_VN_BYTES], random[5];
	struct quic_writer w;
	u32 grease;

	if (!sk)
		return;
	sock_put(sk);
	if (len < QUIC_MIN_DATAGRAM_BYTES ||			/* [9000-5.2.2#1] */
	    !quic_listen_may_answer(t, QUIC_STATELESS_VN))
		return;
	get_random_bytes(random, sizeof(random));
	memcpy(&grease, random + 1, sizeof(grease));
	grease = (grease & 0xf0f0f0f0) | 0x0a0a0a0a;		/* [9000-6.3] */
	if (grease == inv->version)
		grease ^= 0x10000000;	/* it would be taken for its own */
	quic_wire_write_init(&w, buf, sizeof(buf));
	quic_header_answer_vn(&w, inv, random[0], grease);
	if (!w.overflow)
		quic_listen_answer(t, skb, buf, w.len, QUIC_STATELESS_VN);
}

/* For an id of no connection [9000-11] [9000-21.11#2]. */
static void unclaimed_reset(struct quic_tunnel *t, struct sk_buff *skb,
			    const struct quic_header *h, u32 len)
{
	/* [9000-10.3#2] [9000-10.3.3]: smaller than what it answers; no loops */
	u32 size = min(len - 1, UNCLAIMED_RESET_MAX_BYTES);
	u8 buf[UNCLAIMED_RESET_MAX_BYTES];

	if (len <= UNCLAIMED_RESET_MIN_BYTES || !quic_listen_may_answer(t, QUIC_STATELESS_RESET))
		return;
	get_random_bytes(buf, size - QUIC_RESET_TOKEN_BYTES);
	buf[0] = (buf[0] & 0x3f) | QUIC_HEADER_FIXED;	/* a short header [9000-10.3#4] */
	if (quic_crypto_reset_token(t->qn, &h->dcid, buf + size - QUIC_RESET_TOKEN_BYTES))
		return;
	quic_listen_answer(t, skb, buf, size, QUIC_STATELESS_RESET);
}

/* True when a listener took @skb. */
static bool unclaimed_route(struct quic_tunnel *t, struct sk_buff *skb,
			    const struct quic_header *h, u32 len)
{
	struct sock *sk;

	switch (h->kind) {
	case QUIC_PACKET_INITIAL:
	case QUIC_PACKET_0RTT:
		sk = unclaimed_listener(t, skb);
		if (!sk)
			return false;
		quic_sock_receive(sk, skb);
		sock_put(sk);
		return true;
	case QUIC_PACKET_SHORT:
		unclaimed_reset(t, skb, h, len);
		return false;
	default:
		return false;
	}
}

void quic_sock_receive_unclaimed(struct quic_tunnel *t, struct sk_buff *skb)
{
	u32 len = min(quic_rx_cb(skb)->seg, quic_rx_cb(skb)->len);
	struct quic_invariant inv;
	struct quic_header h;
	u8 *data;

	data = kmalloc(len, GFP_ATOMIC | __GFP_NOWARN);
	if (!data) {
		kfree_skb_reason(skb, SKB_DROP_REASON_NOMEM);
		return;
	}
	quic_rx_copy(skb, 0, len, data);
	if (quic_header_decode_invariant(data, len, &inv) &&
	    inv.version != QUIC_VERSION_NEGOTIATION &&		/* [9000-6.1#1] */
	    !quic_version_find(inv.version)) {
		unclaimed_negotiate(t, skb, &inv, len);
		kfree_skb_reason(skb, SKB_DROP_REASON_NO_SOCKET);
	} else if (!quic_header_decode(data, len, QUIC_CID_OURS_BYTES, &h)) {
		quic_mib_inc(t->qn, QUIC_MIB_INV_HDR_DROP);
		kfree_skb_reason(skb, SKB_DROP_REASON_NOT_SPECIFIED);
	} else if (!unclaimed_route(t, skb, &h, len)) {
		kfree_skb_reason(skb, SKB_DROP_REASON_NO_SOCKET);
	}
	kfree(data);
}
