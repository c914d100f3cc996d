// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tunnel.c - the UDP sockets below QUIC
 *
 * A tunnel is found and made under quic_net.tunnel_lock.  Its counts have a lock
 * of their own, because references are given back in softirq too; the last one
 * queues work, and the work frees the tunnel if nobody took it up again
 * meanwhile: so a port can be bound again right after it was closed.
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <net/icmp.h>
#include <net/inet_common.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/udp.h>
#include <net/udp_tunnel.h>

#include "compat.h"
#include "family.h"
#include "lookup.h"
#include "rx.h"
#include "tunnel.h"

#define TUNNEL_ENCAP_TYPE	1	/* any: only makes ICMP errors come to encap_err_rcv */
#define TUNNEL_ICMP_CONNS_MAX	8	/* connections told of one ICMP error */

/* Room for aggregates between the NIC and sk_data_ready, which drains at once. */
static const int tunnel_rcvbuf_bytes = 8 << 20;

/*
 * A QUIC socket's lock is held while its UDP socket is bound, and both are AF_INET:
 * without classes of its own lockdep would see one class taken twice.
 */
static struct lock_class_key tunnel_slock_key, tunnel_lock_key;

static void tunnel_data_ready(struct sock *usk)
{
	struct quic_tunnel *t;

	rcu_read_lock();
	t = rcu_dereference_sk_user_data(usk);
	if (t)
		quic_rx_drain(t, usk);
	rcu_read_unlock();
}

/* ---- ICMP ---- */

bool quic_tunnel_is_quote(const struct quic_conn *conn, const u8 *quoted, u32 len)
{
	const struct quic_cid *cid = &conn->path->dcid;		/* [9000-14.2.1#2] */
	u32 off = 1;

	if (!len)
		return false;
	if (quoted[0] & QUIC_HEADER_LONG) {
		if (len < 6 || quoted[5] != cid->len)
			return false;
		off = 6;
	}
	return cid->len && len >= off + cid->len && !memcmp(quoted + off, cid->data, cid->len);
}

static u32 tunnel_icmp_mtu(const struct sock *usk, const struct sk_buff *skb, u32 info)
{
	if (usk->sk_family == AF_INET)
		return icmp_hdr(skb)->type == ICMP_DEST_UNREACH &&
		       icmp_hdr(skb)->code == ICMP_FRAG_NEEDED ? info : 0;
	return icmp6_hdr(skb)->icmp6_type == ICMPV6_PKT_TOOBIG ? info : 0;
}

/* skb->data is the IP header that the ICMP error quotes. */
static void tunnel_icmp_remote(const struct sock *usk, const struct sk_buff *skb, __be16 port,
			       struct quic_addr *remote)
{
	memset(remote, 0, sizeof(*remote));
	remote->port = ntohs(port);
	if (usk->sk_family == AF_INET) {
		remote->family = 4;
		memcpy(remote->ip, &((const struct iphdr *)skb->data)->daddr, 4);
		return;
	}
	remote->family = 6;
	memcpy(remote->ip, &((const struct ipv6hdr *)skb->data)->daddr, 16);
	if (quic_family_is_link_local(remote))
		remote->scope = inet6_iif(skb);
}

/* Context: softirq, inside an RCU read section, skb stays the caller's. */
static void tunnel_err_rcv(struct sock *usk, struct sk_buff *skb, int err, __be16 port, u32 info,
			   u8 *payload)
{
	struct sock *sks[TUNNEL_ICMP_CONNS_MAX];
	u8 *end = skb_tail_pointer(skb);
	u32 mtu = tunnel_icmp_mtu(usk, skb, info);
	struct quic_addr remote;
	struct quic_tunnel *t;
	unsigned int i, n;

	t = rcu_dereference_sk_user_data(usk);
	if (!t)
		return;
	tunnel_icmp_remote(usk, skb, port, &remote);
	n = quic_lookup_paths(t->qn, t->local.port, &remote, sks, ARRAY_SIZE(sks));
	for (i = 0; i < n; i++) {
		quic_sock_on_icmp(sks[i], abs(err), mtu, payload,
				  payload < end ? end - payload : 0);
		sock_put(sks[i]);
	}
}

/* ---- making and freeing ---- */

static int tunnel_bind(struct quic_tunnel *t, struct socket *sock)
{
	struct sockaddr_storage sa;
	int len, err;

	if (t->ifindex) {
		err = sock_bindtoindex(sock->sk, t->ifindex, true);
		if (err)
			return err;
	}
	len = quic_family_to_sockaddr(&t->local, &sa);
	err = kernel_bind(sock, quic_compat_sockaddr(&sa), len);
	t->local.port = ntohs(inet_sk(sock->sk)->inet_sport);
	return err;
}

static void tunnel_set_options(struct sock *usk)
{
	/* As large as our own path MTU discovery says, never in fragments [9000-14#2,3]. */
	inet_sk(usk)->pmtudisc = IP_PMTUDISC_PROBE;
#if IS_ENABLED(CONFIG_IPV6)
	if (usk->sk_family == AF_INET6)
		inet6_sk(usk)->pmtudisc = IPV6_PMTUDISC_PROBE;
#endif
	WRITE_ONCE(usk->sk_rcvbuf, tunnel_rcvbuf_bytes);
	usk->sk_userlocks |= SOCK_RCVBUF_LOCK;
	usk->sk_allocation = GFP_ATOMIC;
	usk->sk_use_task_frag = false;
}

/* From here on datagrams come to tunnel_data_ready(). */
static int tunnel_attach(struct quic_tunnel *t, struct socket *sock)
{
	struct udp_tunnel_sock_cfg cfg = {
		.sk_user_data = t,
		.encap_type = TUNNEL_ENCAP_TYPE,
		.encap_err_rcv = tunnel_err_rcv,
	};
	int one = 1, err;

	err = sock_common_setsockopt(sock, SOL_UDP, UDP_GRO, KERNEL_SOCKPTR(&one), sizeof(one));
	if (err)
		return err;
	write_lock_bh(&sock->sk->sk_callback_lock);
	t->old_data_ready = sock->sk->sk_data_ready;
	WRITE_ONCE(sock->sk->sk_data_ready, tunnel_data_ready);
	write_unlock_bh(&sock->sk->sk_callback_lock);
	quic_compat_setup_udp_tunnel_sock(t->qn->net, sock, &cfg);
	/* What came between bind and now. */
	local_bh_disable();
	tunnel_data_ready(sock->sk);
	local_bh_enable();
	return 0;
}

static int tunnel_make_socket(struct quic_tunnel *t)
{
	int family = t->local.family == 6 ? AF_INET6 : AF_INET;
	struct socket *sock;
	int err;

	err = sock_create_kern(t->qn->net, family, SOCK_DGRAM, IPPROTO_UDP, &sock);
	if (err)
		return err;
	lockdep_set_class_and_name(&sock->sk->sk_lock.slock, &tunnel_slock_key, "slock-QUIC-UDP");
	lockdep_init_map(&sock->sk->sk_lock.dep_map, "sk_lock-QUIC-UDP", &tunnel_lock_key, 0);
	tunnel_set_options(sock->sk);
#if IS_ENABLED(CONFIG_IPV6)
	if (family == AF_INET6)
		err = ip6_sock_set_v6only(sock->sk);
#endif
	err = err ?: tunnel_bind(t, sock);
	if (err)
		goto err_release;
	t->sock = sock;
	err = tunnel_attach(t, sock);
	if (err)
		goto err_release;
	return 0;

err_release:
	sock_release(sock);
	return err;
}

/* Takes a tunnel without references out of the tables; its port is free at once. */
static void tunnel_unlink(struct quic_tunnel *t)
{
	struct sock *usk = t->sock->sk;

	hlist_del(&t->node);
	usk->sk_prot->unhash(usk);
	write_lock_bh(&usk->sk_callback_lock);
	WRITE_ONCE(usk->sk_data_ready, t->old_data_ready);
	write_unlock_bh(&usk->sk_callback_lock);
}

static void tunnel_destroy(struct quic_tunnel *t)
{
	quic_compat_udp_tunnel_sock_release(t->sock);
	kfree_rcu(t, rcu);	/* readers of sk_user_data: data_ready, ICMP */
}

static void tunnel_release_work(struct work_struct *work)
{
	struct quic_tunnel *t = container_of(work, struct quic_tunnel, release);
	struct quic_net *qn = t->qn;
	bool last;

	mutex_lock(&qn->tunnel_lock);
	spin_lock_bh(&t->lock);
	last = !t->refs;
	spin_unlock_bh(&t->lock);
	if (last)
		tunnel_unlink(t);
	mutex_unlock(&qn->tunnel_lock);
	if (last)
		tunnel_destroy(t);
}

/* ---- references ---- */

/* Takes a reference for @uid: 0 or -EADDRINUSE. */
static int tunnel_join(struct quic_tunnel *t, kuid_t uid)
{
	int err = 0;

	spin_lock_bh(&t->lock);
	if (t->owners && !uid_eq(t->uid, uid)) {
		err = -EADDRINUSE;
	} else {
		t->uid = uid;
		t->owners++;
		t->refs++;
	}
	spin_unlock_bh(&t->lock);
	return err;
}

struct quic_tunnel *quic_tunnel_get(struct quic_tunnel *t)
{
	spin_lock_bh(&t->lock);
	t->refs++;
	t->owners++;
	spin_unlock_bh(&t->lock);
	return t;
}

static void tunnel_disown(struct quic_tunnel *t, bool *owns)
{
	if (!t || !*owns)
		return;
	*owns = false;
	spin_lock_bh(&t->lock);
	t->owners--;
	spin_unlock_bh(&t->lock);
}

void quic_tunnel_disown(struct quic_host *host)
{
	tunnel_disown(host->tunnel, &host->owns_tunnel);
	tunnel_disown(host->side, &host->owns_side);
}

/* Can datagrams leave from @local through @t? */
static bool tunnel_serves(const struct quic_tunnel *t, const struct quic_addr *local)
{
	return t->local.port == local->port && t->local.family == local->family &&
	       (quic_family_is_any(&t->local) || quic_family_ip_equal(&t->local, local));
}

struct quic_tunnel *quic_tunnel_of(const struct quic_host *host, const struct quic_path *path)
{
	struct quic_tunnel *side = host->side;

	if (likely(!side) || !tunnel_serves(side, &path->local))
		return host->tunnel;
	/* Where both would do, the one that is bound to just that address. */
	return quic_family_is_any(&side->local) && host->tunnel &&
	       tunnel_serves(host->tunnel, &path->local) ? host->tunnel : side;
}

void quic_tunnel_put(struct quic_tunnel *t, bool owner)
{
	spin_lock_bh(&t->lock);
	if (owner)
		t->owners--;
	/* Under the lock: once it is dropped the work may free @t. */
	if (!--t->refs)
		queue_work(quic_net_wq, &t->release);
	spin_unlock_bh(&t->lock);
}

static bool tunnel_may_bind(const struct sock *sk, u16 port)
{
	struct net *net = sock_net(sk);

	return !port || !inet_port_requires_bind_service(net, port) ||
	       ns_capable(net->user_ns, CAP_NET_BIND_SERVICE);
}

static struct quic_tunnel *tunnel_find(struct quic_net *qn, const struct quic_addr *local,
				       int ifindex)
{
	struct quic_tunnel *t;

	hlist_for_each_entry(t, &qn->tunnels, node)
		if (t->ifindex == ifindex && quic_addr_equal(&t->local, local))
			return t;
	return NULL;
}

static struct quic_tunnel *tunnel_create(struct quic_net *qn, const struct quic_addr *local,
					 int ifindex, kuid_t uid)
{
	struct quic_tunnel *t;
	int err;

	t = kzalloc(sizeof(*t), GFP_KERNEL_ACCOUNT);
	if (!t)
		return ERR_PTR(-ENOMEM);
	t->qn = qn;
	t->local = *local;
	t->ifindex = ifindex;
	t->refs = 1;
	t->owners = 1;
	t->uid = uid;
	spin_lock_init(&t->lock);
	INIT_WORK(&t->release, tunnel_release_work);
	err = tunnel_make_socket(t);
	if (err) {
		kfree(t);
		return ERR_PTR(err);
	}
	hlist_add_head(&t->node, &qn->tunnels);
	return t;
}

struct quic_tunnel *quic_tunnel_open(struct sock *sk, const struct quic_addr *local)
{
	struct quic_net *qn = quic_net_get(sock_net(sk));
	int ifindex = sk->sk_bound_dev_if ?: local->scope, err = 0;
	struct quic_tunnel *t = NULL;

	if (!tunnel_may_bind(sk, local->port))
		return ERR_PTR(-EACCES);
	mutex_lock(&qn->tunnel_lock);
	if (local->port)
		t = tunnel_find(qn, local, ifindex);
	if (t)
		err = tunnel_join(t, sk->sk_uid);
	else
		t = tunnel_create(qn, local, ifindex, sk->sk_uid);
	mutex_unlock(&qn->tunnel_lock);
	return err ? ERR_PTR(err) : t;
}

void quic_tunnel_net_exit(struct quic_net *qn)
{
	struct hlist_node *next;
	struct quic_tunnel *t;

	flush_workqueue(quic_net_wq);
	mutex_lock(&qn->tunnel_lock);
	hlist_for_each_entry_safe(t, next, &qn->tunnels, node) {
		WARN_ON_ONCE(t->refs);
		tunnel_unlink(t);
		tunnel_destroy(t);
	}
	mutex_unlock(&qn->tunnel_lock);
}

/* ---- unconnected ---- */

int quic_tunnel_source(struct quic_tunnel *t, struct sock *sk, const struct quic_addr *remote,
		       struct quic_addr *local, u32 *mtu)
{
	struct dst_entry *dst;

	*local = t->local;
	dst = quic_family_route(t->qn->net, sk, local, remote);
	if (IS_ERR(dst))
		return PTR_ERR(dst);
	if (mtu)
		*mtu = READ_ONCE(dst->dev->mtu) - quic_family_overhead(remote->family);
	dst_release(dst);
	return 0;
}

int quic_tunnel_send_raw(struct quic_tunnel *t, const struct quic_addr *local,
			 const struct quic_addr *remote, const void *data, u32 len)
{
	struct quic_addr from = *local;
	struct dst_entry *dst;
	struct sk_buff *skb;
	u32 headroom;

	from.port = t->local.port;
	dst = quic_family_route(t->qn->net, t->sock->sk, &from, remote);
	if (IS_ERR(dst))
		return PTR_ERR(dst);
	headroom = quic_family_headroom(dst, remote->family);
	skb = alloc_skb(headroom + len, GFP_ATOMIC);
	if (!skb) {
		dst_release(dst);
		return -ENOMEM;
	}
	skb_reserve(skb, headroom);
	skb_put_data(skb, data, len);
	local_bh_disable();
	quic_family_xmit(t->sock->sk, skb, dst, &from, remote, 0);
	local_bh_enable();
	return 0;
}
