/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * net.h - what the edges keep per network namespace
 *
 * Tables, static keys, sealed-page rings and counters of one netns.  Layers
 * above keep theirs in a pernet structure of their own, registered after this
 * one, so that it is gone before this one goes.
 *
 * quic_net_setup() and quic_net_cleanup() are the edges' whole init and exit:
 * layer 5 calls the one first and the other last.
 */
#ifndef _QUIC_NET_H
#define _QUIC_NET_H

#include <linux/rhashtable.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>

#include "core/types.h"

struct quic_mib;
struct quic_tx_ring;

#define QUIC_NET_RESET_KEY_BYTES	32

/**
 * struct quic_net - the edges of one netns
 * @net: the netns; not held: this lives inside it
 * @cids: connection ids of ours -> connections (lookup.c)
 * @tunnel_lock: protects the next field
 * @tunnels: UDP sockets (tunnel.c)
 * @tx: rings of pages for sealed bytes, one per CPU (tx.c)
 * @mib: counters, one set per CPU (mib.c)
 * @reset_key: static key of stateless reset tokens (RFC 9000 10.3.2); never rotated
 */
struct quic_net {
	struct net *net;
	struct rhashtable cids;
	struct mutex tunnel_lock;	/* protects the next field */
	struct hlist_head tunnels;
	struct quic_tx_ring __percpu *tx;
	struct quic_mib __percpu *mib;
	u8 reset_key[QUIC_NET_RESET_KEY_BYTES];
};

/* Work that must be over before the module goes: release of tunnels, deferred output. */
extern struct workqueue_struct *quic_net_wq;

/* The edges of @net; valid between its init and its exit. */
struct quic_net *quic_net_get(const struct net *net);

/**
 * quic_net_setup() - bring the edges up, for all namespaces
 *
 * Context: process.
 * Return: 0 or a negative errno, nothing is left behind then.
 */
int quic_net_setup(void);

/**
 * quic_net_cleanup() - take the edges down
 *
 * All sockets, tunnels and connections are gone by then, but for work on
 * quic_net_wq and RCU callbacks, which this waits for.
 *
 * Context: process.
 */
void quic_net_cleanup(void);

#endif /* _QUIC_NET_H */
