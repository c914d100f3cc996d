/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rx.h - received datagrams on their way to a connection
 *
 * A UDP socket delivers one skb: a datagram, or a whole aggregate (GRO, or the
 * sender's own GSO skb over loopback and veth).  It is cut into runs of
 * datagrams with equal DCID; each run is an skb of its own (the same one, or a
 * clone) with a struct quic_rx_cb.  quic_rx_run() shows a run to the engine.
 *
 * The bytes of an skb are never written, whatever its refcount: a sender may
 * have spliced a file's pages into it (DESIGN.md 3).
 */
#ifndef _QUIC_RX_H
#define _QUIC_RX_H

#include <linux/skbuff.h>

#include "host.h"
#include "tunnel.h"

/**
 * struct quic_rx_cb - in skb->cb of a run
 * @off: first byte of its first datagram, from skb->data
 * @len: bytes of all its datagrams
 * @seg: bytes of each but the last
 * @scope: interface of a link-local sender, else 0
 * @dport: UDP port it was sent to, host byte order
 * @sport: UDP port it came from
 * @ecn: codepoint
 * @family: 4 or 6
 */
struct quic_rx_cb {
	u32 off;
	u32 len;
	u32 seg;
	u32 scope;
	u16 dport;
	u16 sport;
	u8 ecn;
	u8 family;
};

/* What the receive path notes in skb->cb, from the tunnel to the backlog. */
static inline struct quic_rx_cb *quic_rx_cb(const struct sk_buff *skb)
{
	BUILD_BUG_ON(sizeof(struct quic_rx_cb) > sizeof(skb->cb));
	return (struct quic_rx_cb *)skb->cb;
}

/* Number of datagrams in a run. */
static inline u32 quic_rx_datagrams(const struct sk_buff *skb)
{
	return DIV_ROUND_UP(quic_rx_cb(skb)->len, quic_rx_cb(skb)->seg);
}

/* Where a run was sent to and where it came from. */
void quic_rx_addrs(const struct sk_buff *skb, struct quic_addr *local, struct quic_addr *remote);

/**
 * quic_rx_copy() - read bytes of a run
 * @skb: run
 * @off: from its first byte
 * @len: bytes; off + len <= cb->len
 * @dst: where to
 */
void quic_rx_copy(const struct sk_buff *skb, u32 off, u32 len, void *dst);

/**
 * quic_rx_run() - let the engine have a run: quic_conn_receive()
 * @host: connection, owned
 * @skb: run, consumed
 * @now: time
 *
 * Afterwards the caller looks at conn->notify and accounts memory;
 * quic_timer_update() has been called.
 *
 * Context: any; the connection is owned.  Runs with BH disabled.
 */
void quic_rx_run(struct quic_host *host, struct sk_buff *skb, quic_us now);

/* Drains a tunnel's UDP socket: its sk_data_ready. Context: softirq or BH disabled. */
void quic_rx_drain(struct quic_tunnel *t, struct sock *usk);

/* Scratch of all CPUs. */
void quic_rx_cleanup(void);

#endif /* _QUIC_RX_H */
