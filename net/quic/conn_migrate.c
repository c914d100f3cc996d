// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * conn_migrate.c - moves of our own, and a server's preferred address (RFC 9000 9.2, 9.6)
 *
 * A move begins with a candidate: a path on which nothing but probes leaves until
 * it is valid.  What follows is conn_path.c's.
 */
#include "conn_path.h"

bool quic_conn_path_is_preferred(const struct quic_conn *conn, const struct quic_addr *local)
{
	const struct quic_tparam_preferred *a = &conn->local.preferred;

	if (!conn->is_server || !quic_tparam_has(&conn->local, QUIC_TPARAM_PREFERRED_ADDRESS))
		return false;
	if (local->family == 4)
		return local->port == a->port4 && !memcmp(local->ip, a->ipv4, sizeof(a->ipv4));
	return local->port == a->port6 && !memcmp(local->ip, a->ipv6, sizeof(a->ipv6));
}

/* Did the peer forbid that packets come to it at @remote from another address of ours? */
static bool path_is_forbidden(const struct quic_conn *conn, const struct quic_addr *remote)
{
	const struct quic_tparam_preferred *a = &conn->remote.preferred;

	if (!conn->remote.disable_active_migration)
		return false;
	if (conn->is_server || !quic_tparam_has(&conn->remote, QUIC_TPARAM_PREFERRED_ADDRESS))
		return true;
	/* [9000-18.2]: only for the address of the handshake. */
	if (remote->family == 4)
		return remote->port != a->port4 || memcmp(remote->ip, a->ipv4, sizeof(a->ipv4));
	return remote->port != a->port6 || memcmp(remote->ip, a->ipv6, sizeof(a->ipv6));
}

bool quic_conn_awaits_client(const struct quic_conn *conn)
{
	return conn->is_server && quic_tparam_has(&conn->local, QUIC_TPARAM_PREFERRED_ADDRESS) &&
	       !quic_conn_path_is_preferred(conn, &conn->path->local);
}

int quic_conn_can_migrate(const struct quic_conn *conn, const struct quic_addr *remote)
{
	if (!quic_conn_is_established(conn) || !conn->path->dcid.len)	/* [9000-9.5] */
		return -EINVAL;
	if (path_is_forbidden(conn, remote))			/* [9000-9#2] [9000-18.2#2] */
		return -EINVAL;
	/* [9000-9#1] */
	if (!conn->confirmed || conn->candidate || conn->path->validating ||
	    quic_conn_awaits_client(conn))
		return -EAGAIN;
	return 0;
}

int quic_conn_migrate(struct quic_conn *conn, const struct quic_addr *local,
		      const struct quic_addr *remote, u16 mtu_max, quic_us now)
{
	int err = quic_conn_can_migrate(conn, remote);
	struct quic_connid_entry *e;
	struct quic_path *p;

	conn->preferred_todo = false;
	if (err)
		return err;
	if (quic_addr_equal(local, &conn->path->local) &&
	    quic_addr_equal(remote, &conn->path->remote))
		return -EINVAL;
	/* One that we left, or that the peer asked about: it is tried like any other. */
	p = quic_conn_path_lookup(conn, local, remote);
	if (p)
		quic_conn_path_drop(conn, p);
	p = quic_conn_path_make(conn, &e);
	if (!p)
		return -EAGAIN;
	quic_conn_path_init(conn, p, local, remote, mtu_max, now);
	quic_conn_path_address(conn, p, e);
	p->heard = conn->path->heard;
	/* Who moves of its own accord sends to an address that it was given, little and rarely. */
	quic_path_validate(p);
	conn->candidate = p;
	quic_conn_path_validate(conn, p, now);		/* [9000-9.6.2#1] */
	quic_conn_path_set_timer(conn);
	return 0;
}

int quic_conn_set_preferred(struct quic_conn *conn, const struct quic_addr *addr)
{
	struct quic_tparam_preferred *a = &conn->local.preferred;
	int err;

	if (!conn->is_server || conn->state != QUIC_CONN_ESTABLISHING)
		return -EINVAL;
	if (!quic_tparam_has(&conn->local, QUIC_TPARAM_PREFERRED_ADDRESS)) {
		/* Like all ids of ours, not empty [9000-18.2#3,4]. */
		err = quic_conn_issue_preferred_id(conn, &a->cid, a->reset_token);
		if (err)
			return err;
		quic_tparam_mark(&conn->local, QUIC_TPARAM_PREFERRED_ADDRESS);
	}
	if (addr->family == 4) {
		memcpy(a->ipv4, addr->ip, sizeof(a->ipv4));
		a->port4 = addr->port;
	} else {
		memcpy(a->ipv6, addr->ip, sizeof(a->ipv6));
		a->port6 = addr->port;
	}
	return 0;
}

bool quic_conn_preferred(const struct quic_conn *conn, u8 family, struct quic_addr *addr)
{
	const struct quic_tparam_preferred *a = &conn->remote.preferred;

	*addr = (struct quic_addr){ .family = family };
	if (!conn->preferred_todo)
		return false;
	if (family == 4) {
		memcpy(addr->ip, a->ipv4, sizeof(a->ipv4));
		addr->port = a->port4;
	} else {
		memcpy(addr->ip, a->ipv6, sizeof(a->ipv6));
		addr->port = a->port6;
	}
	return addr->port && memchr_inv(addr->ip, 0, sizeof(addr->ip));
}
