/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host.h - a connection as the edges see it, and what they ask of the socket
 *
 * The socket (layer 4) embeds struct quic_host, which embeds the engine's
 * connection, so that each finds the others without a pointer:
 *
 *   struct quic_sock { struct inet_sock inet; ...; struct quic_host host; ... }
 *                                                       |
 *                         struct quic_host { struct quic_conn conn; ... }
 *
 * The second half of this file is the upward seam: functions the edges call and
 * layer 4 defines, like edge.h between engine and edges.
 */
#ifndef _QUIC_HOST_H
#define _QUIC_HOST_H

#include <linux/hrtimer.h>
#include <net/dst.h>
#include <net/sock.h>

#include "conn.h"
#include "net.h"
#include "pool.h"

struct quic_tunnel;

/**
 * struct quic_route - a cached route of a connection
 * @dst: the route, one reference; NULL: none
 * @cookie: for dst_check()
 * @local: source address it was looked up for, may be the any address
 * @from: source address to use
 * @remote: destination it was looked up for
 */
struct quic_route {
	struct dst_entry *dst;
	u32 cookie;
	struct quic_addr local;
	struct quic_addr from;
	struct quic_addr remote;
};

/**
 * struct quic_hrtimer - the one real timer of a connection
 * @hr: fires in softirq
 * @armed: when it fires; QUIC_US_NEVER: not armed
 */
struct quic_hrtimer {
	struct hrtimer hr;
	quic_us armed;
};

/**
 * struct quic_path_node - a connection in the table of paths
 * @entry: chain; unhashed: not in the table
 * @local_port: host byte order
 * @remote: the peer's address
 */
struct quic_path_node {
	struct hlist_node entry;
	u16 local_port;
	struct quic_addr remote;
};

/**
 * struct quic_host - what the edges keep for one connection
 * @conn: the engine's part
 * @sk: the socket around it
 * @qn: edges of its netns
 * @tunnel: UDP socket it sends through; NULL: none yet; one reference
 * @owns_tunnel: that reference counts as an owner (quic_tunnel_disown() clears both)
 * @side: the UDP socket of paths that @tunnel does not serve; NULL: none; one reference
 * @owns_side: as @owns_tunnel
 * @route: cached route
 * @timer: its timer
 * @path_node: in the table of paths
 * @pool_rx: plaintext received
 * @pool_tx: plaintext to be sent
 * @held_pkts: descriptors for held aggregates
 * @nr_held: aggregates that use @held_pkts
 * @cids: entries in the table of connection ids
 * @deferred: quic_sock_defer() was called since output last ran in process context
 *
 * All but @sk and @qn is touched with the connection owned; @path_node under
 * quic_net.path_lock.
 */
struct quic_host {
	struct quic_conn conn;
	struct sock *sk;
	struct quic_net *qn;
	struct quic_tunnel *tunnel;
	bool owns_tunnel;
	struct quic_tunnel *side;
	bool owns_side;
	struct quic_route route;
	struct quic_hrtimer timer;
	struct quic_path_node path_node;
	struct quic_pool pool_rx;
	struct quic_pool pool_tx;
	struct quic_rx_pkt *held_pkts;
	u32 nr_held;
	struct hlist_head cids;
	bool deferred;
};

/* The host that @conn is embedded in. */
static inline struct quic_host *quic_host(const struct quic_conn *conn)
{
	return container_of((struct quic_conn *)conn, struct quic_host, conn);
}

/**
 * quic_host_init() - make the edges' part of a new socket
 * @host: zeroed memory; host->conn is initialised too
 * @sk: socket around it; its netns is final
 */
void quic_host_init(struct quic_host *host, struct sock *sk);

/**
 * quic_host_detach() - take a connection out of everything that finds it
 * @host: the connection, owned
 *
 * Stops the timer, leaves the tables of ids and paths, puts the tunnel and the
 * routes.  After an RCU grace period no edge calls for @host->sk any more.  May
 * be repeated.
 *
 * Context: any; owned.
 */
void quic_host_detach(struct quic_host *host);

/**
 * quic_host_exit() - free the engine's and the edges' memory
 * @host: detached
 *
 * Context: any; nobody else refers to the socket (sk_destruct) or it is owned.
 */
void quic_host_exit(struct quic_host *host);

/* Gives idle plaintext pages back; call when a connection has been quiet. */
void quic_host_trim(struct quic_host *host);

/* ---- called by the edges, defined by layer 4 ---- */

/**
 * quic_sock_receive() - datagrams for a connection
 * @sk: its socket; the caller holds a reference during the call
 * @skb: one run of datagrams (struct quic_rx_cb); ownership moves
 *
 * Takes the socket's bh lock; owned by a user, or !quic_crypto_can_run(): onto the
 * backlog (bounded, charged).  Otherwise, and from backlog_rcv, hands it to
 * quic_rx_run().
 *
 * Context: softirq or BH disabled.
 */
void quic_sock_receive(struct sock *sk, struct sk_buff *skb);

/**
 * quic_sock_receive_unclaimed() - datagrams whose first packet's DCID nobody has
 * @tunnel: where they arrived; valid during the call
 * @skb: one run of datagrams with equal DCID (struct quic_rx_cb); ownership moves
 *
 * Listeners, Version Negotiation, Retry, stateless resets to be sent.  Those for
 * one of ours went there.
 *
 * Context: softirq or BH disabled, inside an RCU read section.
 */
void quic_sock_receive_unclaimed(struct quic_tunnel *tunnel, struct sk_buff *skb);

/**
 * quic_sock_defer() - run a connection's output again from process context
 * @sk: socket; owned
 *
 * Layer 4 queues work (on quic_net_wq, with a socket reference) that takes the
 * socket lock, calls quic_crypto_settle() and then quic_conn_output().
 *
 * Context: any, the connection is owned.
 */
void quic_sock_defer(struct sock *sk);

/**
 * quic_sock_on_timer() - the connection's timer fired
 * @sk: its socket; the caller holds a reference during the call
 *
 * Takes the bh lock; owned by a user: remembers it for release_cb.  Otherwise
 * quic_conn_on_timeout() and quic_timer_update().
 *
 * Context: softirq.
 */
void quic_sock_on_timer(struct sock *sk);

/**
 * quic_sock_on_icmp() - an ICMP error quotes a packet of this connection
 * @sk: its socket; the caller holds a reference during the call
 * @err: errno the error maps to, > 0
 * @mtu: of a "packet too big": IP packet bytes that fit; 0: another error
 * @quoted: start of the UDP payload it quotes
 * @len: bytes of it, may be 0
 *
 * Nothing of it is authentic: to be believed only when, under the socket's lock,
 * quic_tunnel_is_quote() finds the id we address the peer with.
 *
 * Context: softirq.
 */
void quic_sock_on_icmp(struct sock *sk, int err, u32 mtu, const u8 *quoted, u32 len);

#endif /* _QUIC_HOST_H */
