/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * family.h - IPv4 and IPv6: addresses, routes, sending
 *
 * The only place that knows the difference.  Inside, a v4-mapped address is
 * IPv4; an unset address has family 0.  With CONFIG_IPV6=n every IPv6 branch
 * compiles to nothing and IPv6 addresses are -EAFNOSUPPORT.
 */
#ifndef _QUIC_FAMILY_H
#define _QUIC_FAMILY_H

#include <linux/socket.h>
#include <net/dst.h>

#include "host.h"

/* ---- addresses ---- */

/**
 * quic_family_from_sockaddr() - read what a system call gave
 * @sa: a struct sockaddr of some kind
 * @len: its bytes as the caller says
 * @addr: filled; v4-mapped becomes IPv4
 *
 * Return: 0; -EINVAL too short; -EAFNOSUPPORT.
 */
int quic_family_from_sockaddr(const void *sa, int len, struct quic_addr *addr);
/**
 * quic_family_to_sockaddr() - write an address for user space
 * @addr: address; family 0 is written as IPv4 any
 * @sa: room for a struct sockaddr_storage
 *
 * Return: bytes of the address.
 */
int quic_family_to_sockaddr(const struct quic_addr *addr, struct sockaddr_storage *sa);

/* The unspecified address, and any multicast one; ports do not count. */
bool quic_family_is_any(const struct quic_addr *addr);
bool quic_family_is_multicast(const struct quic_addr *addr);
bool quic_family_is_link_local(const struct quic_addr *addr);
/* Equal but for the port; scopes matter for link-local addresses only. */
bool quic_family_ip_equal(const struct quic_addr *a, const struct quic_addr *b);
/* Hash of the whole address with its port. */
u32 quic_family_hash(const struct quic_addr *addr, u32 seed);
/* "1.2.3.4:5" or "[::1]:5" into @buf of @len bytes. */
int quic_family_print(const struct quic_addr *addr, char *buf, size_t len);
#define QUIC_FAMILY_PRINT_BYTES	64

/* May a socket of @sk's family use @addr? (v6 sockets take IPv4 unless IPV6_V6ONLY.) */
bool quic_family_is_usable(const struct sock *sk, const struct quic_addr *addr);
/* An address of this host (or nonlocal bind allowed): 0 or -EADDRNOTAVAIL. */
int quic_family_check_local(struct sock *sk, const struct quic_addr *addr);
/* The any address of a family, port 0. */
static inline void quic_family_any(struct quic_addr *addr, u8 family)
{
	memset(addr, 0, sizeof(*addr));
	addr->family = family;
}

/* Bytes of IP and UDP header. */
static inline u32 quic_family_overhead(u8 family)
{
	return family == 6 ? 48 : 28;
}

/* ---- routes and sending ---- */

/**
 * quic_family_route() - look a route up
 * @net: netns
 * @sk: socket for mark, device, uid; may be NULL
 * @local: source; its address is filled when it is the any address
 * @remote: destination
 *
 * Context: any.
 * Return: the route with a reference, or an ERR_PTR().
 */
struct dst_entry *quic_family_route(struct net *net, const struct sock *sk,
				    struct quic_addr *local, const struct quic_addr *remote);

/* For dst_check() of a route just looked up. */
u32 quic_family_cookie(const struct dst_entry *dst);

/**
 * quic_family_xmit() - send a UDP payload
 * @usk: UDP socket it leaves from
 * @skb: payload; GSO fields set if needed; consumed
 * @dst: route; a reference is consumed
 * @local: source
 * @remote: destination
 * @tos: traffic class with the ECN codepoint
 *
 * Context: BH disabled.
 */
void quic_family_xmit(struct sock *usk, struct sk_buff *skb, struct dst_entry *dst,
		      const struct quic_addr *local, const struct quic_addr *remote, u8 tos);

/* Bytes of link layer, IP and UDP header in front of a payload on @dst. */
u32 quic_family_headroom(const struct dst_entry *dst, u8 family);

#endif /* _QUIC_FAMILY_H */
