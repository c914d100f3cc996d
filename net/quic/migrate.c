// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * migrate.c - addresses that change during a connection
 *
 * The engine validates paths and decides when one comes into use (conn_path.c).
 * Here are the UDP sockets below them.  A connection has one, and while it moves
 * a second:
 *
 *   host->tunnel   that of the path in use
 *   host->side     where we move to, a server's preferred address, or where we
 *                  came from until late packets are in
 *
 * Opening one may sleep: what the network asks for is left to the deferred output.
 */
#include "bind.h"
#include "migrate.h"

static int migrate_open_side(struct quic_sock *q, const struct quic_addr *addr)
{
	struct quic_tunnel *t;

	if (q->host.side)
		return -EAGAIN;
	t = quic_tunnel_open(quic_sock_sk(q), addr);
	if (IS_ERR(t))
		return PTR_ERR(t);
	q->host.side = t;
	q->host.owns_side = true;
	return 0;
}

static void migrate_close_side(struct quic_sock *q)
{
	struct quic_host *host = &q->host;

	if (!host->side)
		return;
	quic_tunnel_put(host->side, host->owns_side);
	host->side = NULL;
	host->owns_side = false;
}

/* ---- the option ---- */

/* A server says where it would rather be spoken to. */
static int migrate_prefer(struct quic_sock *q, const struct quic_addr *addr)
{
	struct quic_conn *conn = quic_sock_conn(q);
	int err;

	if (!conn->is_server || (conn->got_tparams && conn->remote.disable_active_migration) ||
	    quic_family_is_any(addr) || quic_addr_equal(addr, &conn->path->local))
		return -EINVAL;
	err = migrate_open_side(q, addr);
	if (err)
		return err;
	err = quic_conn_set_preferred(conn, addr);
	if (err)
		migrate_close_side(q);
	return err;
}

/* Tries the path from the second UDP socket to @remote. */
static int migrate_try(struct quic_sock *q, struct quic_tunnel *t, const struct quic_addr *remote)
{
	struct quic_conn *conn = quic_sock_conn(q);
	struct quic_addr local;
	u32 mtu;
	int err;

	err = quic_tunnel_source(t, quic_sock_sk(q), remote, &local, &mtu);
	if (err)
		return err;
	return quic_conn_migrate(conn, &local, remote, quic_bind_mtu_max(q, mtu),
				 quic_timer_now());
}

static int migrate_move(struct quic_sock *q, const struct quic_addr *addr)
{
	struct quic_sock_net *sn = quic_sock_net(sock_net(quic_sock_sk(q)));
	struct quic_conn *conn = quic_sock_conn(q);
	struct quic_addr remote = conn->path->remote;
	int err;

	if (addr->family != remote.family || quic_addr_equal(addr, &conn->path->local) ||
	    (conn->is_server && !READ_ONCE(sn->server_migration)))
		return -EINVAL;
	if (conn->preferred_todo)
		return -EAGAIN;
	err = quic_conn_can_migrate(conn, &remote);
	if (err)
		return err;
	err = migrate_open_side(q, addr);
	if (err)
		return err;
	err = migrate_try(q, q->host.side, &remote);
	if (err)
		migrate_close_side(q);
	else
		quic_sock_output(q);
	return err;
}

int quic_migrate_set(struct quic_sock *q, const void *val, u32 len)
{
	struct sock *sk = quic_sock_sk(q);
	struct quic_addr addr;
	int err;

	if (len < sizeof(sa_family_t) || quic_family_from_sockaddr(val, len, &addr) ||
	    !addr.port || quic_family_is_multicast(&addr) || !quic_family_is_usable(sk, &addr))
		return -EINVAL;
	if (!quic_sock_is_connected(q))
		return -EPIPE;
	err = quic_family_check_local(sk, &addr);
	if (err)
		return err;
	return q->was_established ? migrate_move(q, &addr) : migrate_prefer(q, &addr);
}

/* ---- what the engine found out ---- */

static bool migrate_side_is_used(const struct quic_sock *q)
{
	const struct quic_conn *conn = &q->host.conn;
	struct quic_path *p;
	unsigned int i = 0;

	/* Clients may come there at any time, until they do. */
	if (quic_conn_awaits_client(conn))
		return true;
	while ((p = quic_conn_next_path(conn, &i)))
		if (quic_tunnel_of(&q->host, p) == q->host.side)
			return true;
	return false;
}

void quic_migrate_settle(struct quic_sock *q)
{
	struct quic_conn *conn = quic_sock_conn(q);
	struct quic_host *host = &q->host;

	if (conn->state == QUIC_CONN_CLOSED || !q->started)
		return;
	if (host->side && quic_tunnel_of(host, conn->path) == host->side) {
		swap(host->tunnel, host->side);
		swap(host->owns_tunnel, host->owns_side);
	}
	if (host->side && !migrate_side_is_used(q))
		migrate_close_side(q);
	quic_bind_follow(q);
	if (conn->preferred_todo)
		quic_sock_defer(quic_sock_sk(q));
}

/* The server's preferred address of the family in use, else of the other. */
void quic_migrate_run(struct quic_sock *q)
{
	struct quic_conn *conn = quic_sock_conn(q);
	struct quic_addr remote, any;
	u8 family;

	if (q->finished || !q->started || !conn->preferred_todo)
		return;
	family = conn->path->remote.family;
	if (quic_conn_preferred(conn, family, &remote)) {
		migrate_try(q, q->host.tunnel, &remote);
	} else if (quic_conn_preferred(conn, family == 4 ? 6 : 4, &remote) &&
		   quic_family_is_usable(quic_sock_sk(q), &remote)) {
		quic_family_any(&any, remote.family);
		if (!migrate_open_side(q, &any) && migrate_try(q, q->host.side, &remote))
			migrate_close_side(q);
	}
	conn->preferred_todo = false;	/* tried, or none that can be */
}
