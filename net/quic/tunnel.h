/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tunnel.h - the UDP sockets below QUIC
 *
 * One kernel UDP socket per (netns, address, port, device), shared by all QUIC
 * sockets there: listeners, their children, clients bound to the same port.
 * UDP_GRO is on and encap_rcv is NULL, so that whole aggregates arrive in
 * sk_data_ready (DATAPATH.md); rx.c takes it from there.
 *
 * References: each socket or connection that was bound or accepted there has
 * one.  Those that a user still holds count as owners too: a port whose owners
 * are all gone can be taken over by another user although closing connections
 * still use it.
 */
#ifndef _QUIC_TUNNEL_H
#define _QUIC_TUNNEL_H

#include <linux/net.h>

#include "host.h"

/**
 * struct quic_tunnel - one UDP socket
 * @node: in quic_net.tunnels
 * @qn: edges of its netns
 * @refs: references; changed under @lock
 * @owners: of those, held for users
 * @lock: protects the two before
 * @uid: of the owners
 * @local: address; its port is never 0
 * @ifindex: device it is bound to, 0: any
 * @sock: the kernel's UDP socket
 * @old_data_ready: the UDP socket's own
 * @release: frees it, in process context
 * @rcu: for freeing
 */
struct quic_tunnel {
	struct hlist_node node;
	struct quic_net *qn;
	spinlock_t lock;	/* protects the next 3 fields */
	u32 refs;
	u32 owners;
	kuid_t uid;
	struct quic_addr local;
	int ifindex;
	struct socket *sock;
	void (*old_data_ready)(struct sock *usk);
	struct work_struct release;
	struct rcu_head rcu;
};

/**
 * quic_tunnel_open() - bind a UDP address and port
 * @sk: QUIC socket: its netns, uid and bound device are used
 * @local: address, port 0: any free one
 *
 * Shares the UDP socket when this uid holds it already; a port below
 * ip_unprivileged_port_start needs CAP_NET_BIND_SERVICE of the caller even then
 * (UAPI.md 17.2).
 *
 * Context: process, may sleep.
 * Return: the tunnel with one reference that counts as an owner; -EADDRINUSE
 * (another uid, or another kind of UDP socket), -EADDRNOTAVAIL, -EACCES (low
 * port), -ENOMEM, other errno of bind().
 */
struct quic_tunnel *quic_tunnel_open(struct sock *sk, const struct quic_addr *local);

/* One more reference that counts as an owner; the caller has one. Context: any. */
struct quic_tunnel *quic_tunnel_get(struct quic_tunnel *t);
/* The UDP socket that @path leaves from: of the two a connection may have. */
struct quic_tunnel *quic_tunnel_of(const struct quic_host *host, const struct quic_path *path);
/* @host's references no longer count as owners: its socket was closed. Context: any, owned. */
void quic_tunnel_disown(struct quic_host *host);
/* Gives a reference back; @owner: it counts as an owner. Context: any. */
void quic_tunnel_put(struct quic_tunnel *t, bool owner);

/**
 * quic_tunnel_send_raw() - send one unconnected datagram (VN, Retry, stateless reset)
 * @t: where from
 * @local: source address; its port is ignored
 * @remote: destination
 * @data: UDP payload
 * @len: its bytes, <= 1500
 *
 * Context: any.
 * Return: 0; -EHOSTUNREACH and others of the route; -ENOMEM.
 */
int quic_tunnel_send_raw(struct quic_tunnel *t, const struct quic_addr *local,
			 const struct quic_addr *remote, const void *data, u32 len);

/**
 * quic_tunnel_source() - which address would be used towards @remote
 * @t: tunnel; a specific address of its own wins
 * @sk: QUIC socket: mark, device, uid
 * @remote: destination
 * @local: filled, with the tunnel's port
 * @mtu: filled with the UDP payload bytes that fit the route's MTU; may be NULL
 *
 * Context: any.
 * Return: 0, -ENETUNREACH, -EHOSTUNREACH, -EACCES, -EAFNOSUPPORT.
 */
int quic_tunnel_source(struct quic_tunnel *t, struct sock *sk, const struct quic_addr *remote,
		       struct quic_addr *local, u32 *mtu);

/* Does the quoted UDP payload of an ICMP error carry an id we address the peer with? */
bool quic_tunnel_is_quote(const struct quic_conn *conn, const u8 *quoted, u32 len);

/* When a netns goes: ends what is left. An RCU grace period later nobody looks into @qn. */
void quic_tunnel_net_exit(struct quic_net *qn);

#endif /* _QUIC_TUNNEL_H */
