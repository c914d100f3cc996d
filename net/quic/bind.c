// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bind.c - addresses of a socket: bind(), connect(), getname()
 *
 * bind() takes a share in the kernel's UDP socket of that address and port
 * (tunnel.h).  connect() prepares the connection and sends nothing: the first
 * CRYPTO data does (UAPI.md 9).
 */
#include "bind.h"

static const u16 bind_mtu_min_bytes = QUIC_MIN_DATAGRAM_BYTES;
static const u16 bind_mtu_max_bytes = 16000;	/* long header Length in two bytes, with room */

static void bind_enter(struct quic_sock *q)
{
	struct quic_sock_net *sn = quic_sock_net(sock_net(quic_sock_sk(q)));

	spin_lock_bh(&sn->lock);
	hlist_add_head(&q->net_entry, &sn->socks);
	spin_unlock_bh(&sn->lock);
}

/* Shares or makes the UDP socket of @addr; @q is owned and not bound. */
static int bind_open(struct quic_sock *q, const struct quic_addr *addr)
{
	struct sock *sk = quic_sock_sk(q);
	struct quic_tunnel *t;

	t = quic_tunnel_open(sk, addr);
	if (IS_ERR(t))
		return PTR_ERR(t);
	q->host.tunnel = t;
	q->host.owns_tunnel = true;
	q->local = *addr;
	q->local.port = t->local.port;
	q->inet.inet_num = q->local.port;
	q->inet.inet_sport = htons(q->local.port);
	bind_enter(q);
	return 0;
}

static int bind_check(struct sock *sk, const struct quic_addr *addr)
{
	if (!quic_family_is_usable(sk, addr))
		return -EAFNOSUPPORT;
	if (quic_family_is_multicast(addr))
		return -EINVAL;
	return quic_family_check_local(sk, addr);
}

int quic_bind(struct sock *sk, struct sockaddr_unsized *sa, int sa_len)
{
	struct quic_sock *q = quic_sk(sk);
	struct quic_addr addr;
	int err;

	err = quic_family_from_sockaddr(sa, sa_len, &addr);
	if (err)
		return err;
	lock_sock(sk);
	if (q->local.port || q->started)
		err = -EINVAL;
	else
		err = bind_check(sk, &addr);
	if (!err)
		err = bind_open(q, &addr);
	release_sock(sk);
	return err;
}

/* As for TCP, connecting to the any address means this host. */
static void bind_any_to_loopback(struct quic_addr *addr)
{
	if (!quic_family_is_any(addr))
		return;
	if (addr->family == 4) {
		addr->ip[0] = 127;
		addr->ip[3] = 1;
	} else {
		addr->ip[15] = 1;
	}
}

static int bind_check_remote(struct sock *sk, const struct quic_addr *addr)
{
	if (!quic_family_is_usable(sk, addr))
		return -EAFNOSUPPORT;
	if (!addr->port || quic_family_is_multicast(addr))
		return -EINVAL;
	return 0;
}

/* What older parts of the kernel read: security hooks, diag, cgroup programs. */
static void bind_set_inet(struct quic_sock *q, const struct quic_addr *local,
			  const struct quic_addr *remote)
{
	struct sock *sk = quic_sock_sk(q);

	q->inet.inet_num = local->port;
	q->inet.inet_sport = htons(local->port);
	q->inet.inet_dport = htons(remote->port);
	if (remote->family == 4) {
		memcpy(&q->inet.inet_saddr, local->ip, 4);
		q->inet.inet_rcv_saddr = q->inet.inet_saddr;
		memcpy(&q->inet.inet_daddr, remote->ip, 4);
		return;
	}
#if IS_ENABLED(CONFIG_IPV6)
	memcpy(&sk->sk_v6_rcv_saddr, local->ip, 16);
	memcpy(&sk->sk_v6_daddr, remote->ip, 16);
	if (inet6_sk(sk))
		inet6_sk(sk)->saddr = sk->sk_v6_rcv_saddr;
#endif
}

u16 quic_bind_mtu_max(const struct quic_sock *q, u32 mtu)
{
	if (q->config.plpmtud_probe_interval == U32_MAX)	/* off, UAPI.md 17.8 */
		return bind_mtu_min_bytes;
	return clamp_t(u32, mtu, bind_mtu_min_bytes, bind_mtu_max_bytes);
}

void quic_bind_follow(struct quic_sock *q)
{
	const struct quic_path *p = quic_sock_conn(q)->path;

	quic_lookup_path_update(&q->host, p);
	bind_set_inet(q, &p->local, &p->remote);
	if (q->local.port != p->local.port || q->local.family != p->local.family ||
	    !quic_family_is_any(&q->local))
		q->local = p->local;
}

int quic_bind_set_path(struct quic_sock *q, const struct quic_addr *remote,
		       struct quic_addr *local)
{
	struct quic_conn_config *c = &quic_sock_conn(q)->config;
	u32 mtu;
	int err;

	err = quic_tunnel_source(q->host.tunnel, quic_sock_sk(q), remote, local, &mtu);
	if (err)
		return err;
	c->mtu = bind_mtu_min_bytes;
	c->mtu_max = quic_bind_mtu_max(q, mtu);
	c->pmtu_interval = q->config.plpmtud_probe_interval;
	c->server_moves = READ_ONCE(quic_sock_net(sock_net(quic_sock_sk(q)))->server_migration);
	bind_set_inet(q, local, remote);
	return 0;
}

int quic_bind_give_token(struct quic_sock *q)
{
	struct quic_conn *conn = quic_sock_conn(q);
	u8 *token = NULL;

	if (q->token.len) {
		token = quic_env_alloc(q->token.len, 1);
		if (!token)
			return -ENOMEM;
		memcpy(token, q->token.data, q->token.len);
	}
	quic_env_free(conn->token);
	conn->token = token;
	conn->token_len = q->token.len;
	return 0;
}

static int bind_start_client(struct quic_sock *q, const struct quic_addr *remote)
{
	struct quic_conn *conn = quic_sock_conn(q);
	struct quic_addr local;
	int err;

	if (!q->local.port) {
		quic_family_any(&local, remote->family);
		err = bind_open(q, &local);
		if (err)
			return err;
	}
	err = quic_bind_set_path(q, remote, &local);
	if (err)
		return err;
	quic_sock_update_limits(q);	/* SO_RCVBUF may have come meanwhile */
	err = quic_bind_give_token(q);
	if (err)
		return err;
	q->started_at = quic_timer_now();
	err = quic_conn_start_client(conn, &local, remote, q->started_at);
	if (err)
		return err;
	q->started = true;
	quic_lookup_path_update(&q->host, conn->path);
	quic_sock_set_state(quic_sock_sk(q), TCP_SYN_RECV);
	conn->notify &= ~QUIC_NOTIFY_STATE;
	quic_sock_settle(q);
	return 0;
}

int quic_connect(struct socket *sock, struct sockaddr_unsized *sa, int sa_len, int flags)
{
	struct sock *sk = sock->sk;
	struct quic_sock *q = quic_sk(sk);
	struct quic_addr remote;
	int err;

	if (sa_len < (int)sizeof(sa->sa_family))
		return -EINVAL;
	if (sa->sa_family == AF_UNSPEC)
		return -EOPNOTSUPP;
	err = quic_family_from_sockaddr(sa, sa_len, &remote);
	if (err)
		return err;
	lock_sock(sk);
	err = -EINVAL;
	if (q->started || sk->sk_state != TCP_CLOSE)
		goto out;
	err = bind_check_remote(sk, &remote);
	if (err)
		goto out;
	bind_any_to_loopback(&remote);
	err = bind_start_client(q, &remote);
	if (!err)
		sock->state = SS_CONNECTED;
out:
	release_sock(sk);
	return err;
}

int quic_getname(struct socket *sock, struct sockaddr *sa, int peer)
{
	struct sock *sk = sock->sk;
	struct quic_sock *q = quic_sk(sk);
	struct quic_addr addr = q->local;
	int len = -ENOTCONN;

	lock_sock(sk);
	if (q->started)
		addr = peer ? quic_sock_conn(q)->path->remote : quic_sock_conn(q)->path->local;
	else if (peer)
		goto out;
	else if (!addr.family)
		quic_family_any(&addr, sk->sk_family == AF_INET6 ? 6 : 4);
	len = quic_family_to_sockaddr(&addr, (struct sockaddr_storage *)sa);
out:
	release_sock(sk);
	return len;
}

void quic_bind_leave(struct quic_sock *q)
{
	struct quic_sock_net *sn = quic_sock_net(sock_net(quic_sock_sk(q)));

	spin_lock_bh(&sn->lock);
	if (!hlist_unhashed(&q->net_entry))
		hlist_del_init(&q->net_entry);
	spin_unlock_bh(&sn->lock);
}

void quic_bind_child(struct quic_sock *q, const struct quic_sock *parent)
{
	q->host.tunnel = quic_tunnel_get(parent->host.tunnel);
	q->host.owns_tunnel = true;
	q->local = parent->local;
	bind_enter(q);
}
