// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * family.c - IPv4 and IPv6: addresses, routes, sending
 */
#include <linux/inetdevice.h>
#include <linux/jhash.h>
#include <net/addrconf.h>
#include <net/flow.h>
#include <net/inet_common.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/route.h>
#include <net/udp_tunnel.h>
#if IS_ENABLED(CONFIG_IPV6)
#include <net/ip6_route.h>
#endif

#include "compat.h"
#include "family.h"

static __be32 family_v4(const struct quic_addr *addr)
{
	__be32 ip;

	memcpy(&ip, addr->ip, sizeof(ip));
	return ip;
}

static const struct in6_addr *family_v6(const struct quic_addr *addr)
{
	return (const struct in6_addr *)addr->ip;
}

/* ---- addresses ---- */

static int family_from_sockaddr6(const struct sockaddr_in6 *sin6, struct quic_addr *addr)
{
	addr->port = ntohs(sin6->sin6_port);
	if (ipv6_addr_v4mapped(&sin6->sin6_addr)) {
		addr->family = 4;
		memcpy(addr->ip, &sin6->sin6_addr.s6_addr32[3], 4);
		return 0;
	}
	if (!IS_ENABLED(CONFIG_IPV6))
		return -EAFNOSUPPORT;
	addr->family = 6;
	memcpy(addr->ip, &sin6->sin6_addr, 16);
	if (quic_family_is_link_local(addr))
		addr->scope = sin6->sin6_scope_id;
	return 0;
}

int quic_family_from_sockaddr(const void *sa, int len, struct quic_addr *addr)
{
	const struct sockaddr_in *sin = sa;

	memset(addr, 0, sizeof(*addr));
	if (len < (int)offsetofend(struct sockaddr, sa_family))
		return -EINVAL;
	switch (sin->sin_family) {
	case AF_INET:
		if (len < (int)sizeof(*sin))
			return -EINVAL;
		addr->family = 4;
		addr->port = ntohs(sin->sin_port);
		memcpy(addr->ip, &sin->sin_addr, 4);
		return 0;
	case AF_INET6:
		if (len < SIN6_LEN_RFC2133)
			return -EINVAL;
		if (len < (int)sizeof(struct sockaddr_in6)) {
			struct sockaddr_in6 sin6 = {};

			memcpy(&sin6, sa, SIN6_LEN_RFC2133);
			return family_from_sockaddr6(&sin6, addr);
		}
		return family_from_sockaddr6(sa, addr);
	default:
		return -EAFNOSUPPORT;
	}
}

int quic_family_to_sockaddr(const struct quic_addr *addr, struct sockaddr_storage *sa)
{
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)sa;
	struct sockaddr_in *sin = (struct sockaddr_in *)sa;

	memset(sa, 0, sizeof(*sin6));
	if (addr->family == 6) {
		sin6->sin6_family = AF_INET6;
		sin6->sin6_port = htons(addr->port);
		sin6->sin6_addr = *family_v6(addr);
		sin6->sin6_scope_id = addr->scope;
		return sizeof(*sin6);
	}
	sin->sin_family = AF_INET;
	sin->sin_port = htons(addr->port);
	sin->sin_addr.s_addr = family_v4(addr);
	return sizeof(*sin);
}

bool quic_family_is_any(const struct quic_addr *addr)
{
	return addr->family == 6 ? ipv6_addr_any(family_v6(addr)) : !family_v4(addr);
}

bool quic_family_is_multicast(const struct quic_addr *addr)
{
	if (addr->family == 6)
		return ipv6_addr_is_multicast(family_v6(addr));
	return ipv4_is_multicast(family_v4(addr)) || ipv4_is_lbcast(family_v4(addr));
}

bool quic_family_is_link_local(const struct quic_addr *addr)
{
	return addr->family == 6 && ipv6_addr_type(family_v6(addr)) & IPV6_ADDR_LINKLOCAL;
}

bool quic_family_ip_equal(const struct quic_addr *a, const struct quic_addr *b)
{
	return a->family == b->family && !memcmp(a->ip, b->ip, sizeof(a->ip)) &&
	       (a->scope == b->scope || !quic_family_is_link_local(a));
}

u32 quic_family_hash(const struct quic_addr *addr, u32 seed)
{
	if (addr->family == 4)
		return jhash_2words((__force u32)family_v4(addr), addr->port, seed);
	return jhash(addr->ip, sizeof(addr->ip), seed ^ addr->port);
}

int quic_family_print(const struct quic_addr *addr, char *buf, size_t len)
{
	__be32 ip = family_v4(addr);

	if (addr->family == 6)
		return scnprintf(buf, len, "[%pI6c]:%u", addr->ip, addr->port);
	return scnprintf(buf, len, "%pI4:%u", &ip, addr->port);
}

bool quic_family_is_usable(const struct sock *sk, const struct quic_addr *addr)
{
	if (sk->sk_family == AF_INET)
		return addr->family == 4;
	return addr->family == 6 || (addr->family == 4 && !ipv6_only_sock(sk));
}

static int family_check_local4(struct sock *sk, const struct quic_addr *addr)
{
	struct net *net = sock_net(sk);
	u32 table = l3mdev_fib_table_by_index(net, sk->sk_bound_dev_if) ?: RT_TABLE_LOCAL;
	int type = inet_addr_type_table(net, family_v4(addr), table);

	return inet_addr_valid_or_nonlocal(net, inet_sk(sk), family_v4(addr), type) ?
	       0 : -EADDRNOTAVAIL;
}

#if IS_ENABLED(CONFIG_IPV6)
static int family_check_local6(struct sock *sk, const struct quic_addr *addr)
{
	struct net *net = sock_net(sk);
	int ifindex = addr->scope ?: sk->sk_bound_dev_if, err = 0;
	struct net_device *dev = NULL;

	if (ipv6_can_nonlocal_bind(net, inet_sk(sk)))
		return 0;
	rcu_read_lock();
	if (ifindex) {
		dev = dev_get_by_index_rcu(net, ifindex);
		if (!dev)
			err = -ENODEV;
	} else if (quic_family_is_link_local(addr)) {
		err = -EINVAL;
	}
	if (!err && !ipv6_chk_addr(net, family_v6(addr), dev, 0))
		err = -EADDRNOTAVAIL;
	rcu_read_unlock();
	return err;
}
#else
static int family_check_local6(struct sock *sk, const struct quic_addr *addr)
{
	return -EAFNOSUPPORT;
}
#endif

int quic_family_check_local(struct sock *sk, const struct quic_addr *addr)
{
	if (quic_family_is_any(addr))
		return 0;
	return addr->family == 6 ? family_check_local6(sk, addr) : family_check_local4(sk, addr);
}

/* ---- routes and sending ---- */

static struct dst_entry *family_route4(struct net *net, const struct sock *sk,
				       struct quic_addr *local, const struct quic_addr *remote)
{
	struct flowi4 fl4 = {
		.flowi4_oif = sk ? sk->sk_bound_dev_if : 0,
		.flowi4_mark = sk ? READ_ONCE(sk->sk_mark) : 0,
		.flowi4_uid = sk ? sk->sk_uid : GLOBAL_ROOT_UID,
		.flowi4_scope = RT_SCOPE_UNIVERSE,
		.flowi4_proto = IPPROTO_UDP,
		.flowi4_flags = sk ? inet_sk_flowi_flags(sk) : 0,
		.daddr = family_v4(remote),
		.saddr = family_v4(local),
		.fl4_dport = htons(remote->port),
		.fl4_sport = htons(local->port),
	};
	struct rtable *rt;

	if (sk)
		security_sk_classify_flow(sk, flowi4_to_flowi_common(&fl4));
	rt = ip_route_output_flow(net, &fl4, sk);
	if (IS_ERR(rt))
		return ERR_CAST(rt);
	if (rt->rt_flags & (RTCF_BROADCAST | RTCF_MULTICAST)) {
		ip_rt_put(rt);
		return ERR_PTR(-EACCES);
	}
	memcpy(local->ip, &fl4.saddr, 4);
	return &rt->dst;
}

#if IS_ENABLED(CONFIG_IPV6)
static struct dst_entry *family_route6(struct net *net, const struct sock *sk,
				       struct quic_addr *local, const struct quic_addr *remote)
{
	struct flowi6 fl6 = {
		.flowi6_oif = sk ? sk->sk_bound_dev_if : 0,
		.flowi6_mark = sk ? READ_ONCE(sk->sk_mark) : 0,
		.flowi6_uid = sk ? sk->sk_uid : GLOBAL_ROOT_UID,
		.flowi6_proto = IPPROTO_UDP,
		.daddr = *family_v6(remote),
		.saddr = *family_v6(local),
		.fl6_dport = htons(remote->port),
		.fl6_sport = htons(local->port),
	};
	struct dst_entry *dst;

	if (remote->scope)
		fl6.flowi6_oif = remote->scope;
	if (sk)
		security_sk_classify_flow(sk, flowi6_to_flowi_common(&fl6));
	dst = ip6_dst_lookup_flow(net, sk, &fl6, NULL);
	if (IS_ERR(dst))
		return dst;
	memcpy(local->ip, &fl6.saddr, 16);
	return dst;
}

static void family_xmit6(struct sock *usk, struct sk_buff *skb, struct dst_entry *dst,
			 const struct quic_addr *local, const struct quic_addr *remote, u8 tos)
{
	struct sock *sk = skb->sk;
	int ttl = sk && inet6_sk(sk) ? READ_ONCE(inet6_sk(sk)->hop_limit) : -1;

	if (ttl < 0)
		ttl = ip6_dst_hoplimit(dst);
	skb->protocol = htons(ETH_P_IPV6);
	quic_compat_udp_tunnel6_xmit_skb(dst, usk, skb, NULL, family_v6(local), family_v6(remote),
					 tos, ttl, 0, htons(local->port), htons(remote->port),
					 false);
}
#else
static struct dst_entry *family_route6(struct net *net, const struct sock *sk,
				       struct quic_addr *local, const struct quic_addr *remote)
{
	return ERR_PTR(-EAFNOSUPPORT);
}

static void family_xmit6(struct sock *usk, struct sk_buff *skb, struct dst_entry *dst,
			 const struct quic_addr *local, const struct quic_addr *remote, u8 tos)
{
	dst_release(dst);
	kfree_skb(skb);
}
#endif

static void family_xmit4(struct sock *usk, struct sk_buff *skb, struct dst_entry *dst,
			 const struct quic_addr *local, const struct quic_addr *remote, u8 tos)
{
	struct sock *sk = skb->sk;
	int ttl = sk ? READ_ONCE(inet_sk(sk)->uc_ttl) : -1;

	if (ttl < 0)
		ttl = ip4_dst_hoplimit(dst);
	skb->protocol = htons(ETH_P_IP);
	quic_compat_udp_tunnel_xmit_skb(dst_rtable(dst), usk, skb, family_v4(local),
					family_v4(remote), tos, ttl, htons(IP_DF),
					htons(local->port), htons(remote->port), false, false);
}

struct dst_entry *quic_family_route(struct net *net, const struct sock *sk,
				    struct quic_addr *local, const struct quic_addr *remote)
{
	if (local->family != remote->family)
		return ERR_PTR(-EAFNOSUPPORT);
	return remote->family == 6 ? family_route6(net, sk, local, remote) :
				     family_route4(net, sk, local, remote);
}

void quic_family_xmit(struct sock *usk, struct sk_buff *skb, struct dst_entry *dst,
		      const struct quic_addr *local, const struct quic_addr *remote, u8 tos)
{
	skb->dev = NULL;
	if (remote->family == 6)
		family_xmit6(usk, skb, dst, local, remote, tos);
	else
		family_xmit4(usk, skb, dst, local, remote, tos);
}

u32 quic_family_cookie(const struct dst_entry *dst)
{
#if IS_ENABLED(CONFIG_IPV6)
	if (dst->ops->family == AF_INET6)
		return rt6_get_cookie(dst_rt6_info(dst));
#endif
	return 0;
}

u32 quic_family_headroom(const struct dst_entry *dst, u8 family)
{
	return LL_RESERVED_SPACE(dst->dev) + dst->header_len + quic_family_overhead(family);
}
