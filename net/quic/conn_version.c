// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * conn_version.c - version_information: what is offered, chosen and checked
 *
 * RFC 9368 and 9369.  Versions 1 and 2 are compatible with each other: a server
 * may answer in the other one when the client lists it.  The transport parameters
 * of both sides are authentic; comparing them with the versions of the packets, and
 * with what a Version Negotiation packet led to, shows a downgrade.
 */
#include "conn.h"

/* A reserved version out of @conn's random id [9000-6.3]. */
static u32 version_grease(const struct quic_conn *conn)
{
	u32 v;

	memcpy(&v, conn->initial_scid.data, sizeof(v));
	return (v & 0xf0f0f0f0) | 0x0a0a0a0a;
}

void quic_conn_offer_versions(struct quic_conn *conn)
{
	struct quic_tparams *p = &conn->local;
	const struct quic_version *v;
	unsigned int i;

	if (conn->config.no_compatible)
		return;
	p->chosen_version = conn->version->number;
	p->nr_versions = 0;
	/* A client prefers what it begins with [9368-3#2]; a server's order has no meaning. */
	p->versions[p->nr_versions++] = conn->version->number;
	for (i = 0; (v = quic_version_at(i)); i++)
		if (v != conn->version)
			p->versions[p->nr_versions++] = v->number;
	p->versions[p->nr_versions++] = version_grease(conn);
	quic_tparam_mark(p, QUIC_TPARAM_VERSION_INFORMATION);	/* [9369-4#1] */
}

static bool version_is_listed(const struct quic_tparams *p, u32 version)
{
	unsigned int i;

	for (i = 0; i < p->nr_versions; i++)
		if (p->versions[i] == version)
			return true;
	return false;
}

/*
 * Would the server's whole list have led to the attempt that its packet led to?  Not
 * if it has what the packet left out: we would have stayed with that.  A change to a
 * compatible version after that is another matter.
 */
static bool version_is_best(const struct quic_conn *conn, const struct quic_tparams *p)
{
	const struct quic_version *v;
	unsigned int i;

	if (version_is_listed(p, conn->refused_version))
		return false;
	for (i = 0; (v = quic_version_at(i)); i++)
		if (v == conn->version || version_is_listed(p, v->number))
			break;
	return v == conn->first_version;
}

static int version_check_server(const struct quic_conn *conn, const struct quic_tparams *p)
{
	bool moved = conn->version != conn->first_version;

	if (!quic_tparam_has(p, QUIC_TPARAM_VERSION_INFORMATION)) {
		/* A server of version 1 alone needs not know of it [9368-8#1]. */
		if (moved || (conn->vn_acted && conn->version->number != QUIC_V1))
			return QUIC_VIOLATION_VERSION_INFO_MISSING;	/* [9368-4#11,13] */
		return 0;
	}
	/* Which is one of those we listed, too. */
	if (p->chosen_version != conn->version->number)
		return QUIC_VIOLATION_VERSION_MISMATCH;		/* [9368-4#12,17] */
	if (conn->vn_acted && (!p->nr_versions || !version_is_best(conn, p)))
		return QUIC_VIOLATION_VERSION_DOWNGRADE; /* [9368-4#14,15,16] [8999-7#1] */
	return 0;
}

int quic_conn_check_versions(const struct quic_conn *conn, const struct quic_tparams *p)
{
	if (!conn->is_server)
		return version_check_server(conn, p);
	if (quic_tparam_has(p, QUIC_TPARAM_VERSION_INFORMATION) &&
	    p->chosen_version != conn->version->number)
		return QUIC_VIOLATION_VERSION_MISMATCH;		/* [9368-4#8,9,10] */
	return 0;
}

/* Before there are CRYPTO frames: all have one version. */
int quic_conn_select_version(struct quic_conn *conn, const struct quic_tparams *p)
{
	const struct quic_version *v = quic_version_find(conn->config.prefer_version);

	if (!conn->is_server || conn->config.no_compatible || !v || v == conn->version)
		return 0;
	/* [9368-2.3#1] */
	if (!quic_tparam_has(p, QUIC_TPARAM_VERSION_INFORMATION) ||
	    !version_is_listed(p, v->number))
		return 0;
	/* It is late for another. */
	if (conn->crypto[QUIC_SPACE_INITIAL].snd.end)
		return 0;
	return quic_conn_take_version(conn, v);			/* [9369-4.1#4] */
}
