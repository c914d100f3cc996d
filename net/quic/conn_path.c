// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * conn_path.c - the paths of a connection
 *
 * A path is a pair of addresses with all that depends on it (core/path.h); one of
 * them is in use.  What is done with a packet on its path is in packet*.c.
 */
#include "conn.h"

static void path_set_mtu(struct quic_path *p, u16 mtu)
{
	p->mtu = mtu;
	quic_cong_set_mss(&p->cong, mtu);
}

void quic_conn_path_start(struct quic_conn *conn, const struct quic_addr *local,
			  const struct quic_addr *remote, quic_us now)
{
	const struct quic_conn_config *c = &conn->config;
	struct quic_path *p = conn->path;
	u8 random;

	quic_path_init(p, local, remote, c->mtu, c->initial_rtt);
	quic_cong_init(&p->cong, c->cong, c->mtu, now);
	quic_pmtud_init(&p->pmtud, c->mtu, c->mtu_max);
	p->ecn_on = c->ecn;
	quic_edge_random(&random, sizeof(random));
	quic_spin_init(&p->spin, c->spin, random);
}

/* ---- ids of the peer ---- */

void quic_conn_set_peer_cid(struct quic_conn *conn, const struct quic_cid *cid)
{
	quic_connid_remote_set_first(&conn->remote_ids, cid);
	quic_conn_follow_peer_ids(conn);
}

void quic_conn_follow_peer_ids(struct quic_conn *conn)
{
	const struct quic_connid_entry *e = quic_connid_remote_active(&conn->remote_ids);
	u8 random;

	if (conn->path->dcid_seq != e->seq) {
		quic_edge_random(&random, sizeof(random));
		quic_spin_on_new_cid(&conn->path->spin, random);
	}
	conn->path->dcid = e->cid;
	conn->path->dcid_seq = e->seq;
}

/* ---- datagram size ---- */

void quic_conn_limit_payload(struct quic_conn *conn, u64 bytes)
{
	u64 payload = max_t(u64, bytes, QUIC_MIN_DATAGRAM_BYTES);
	struct quic_path *p = conn->path;

	if (payload < p->mtu)
		path_set_mtu(p, payload);
	if (payload < U16_MAX)
		quic_pmtud_on_too_big(&p->pmtud, payload);
}

void quic_conn_on_mtu_probe_acked(struct quic_conn *conn, u16 bytes)
{
	struct quic_path *p = conn->path;

	if (quic_pmtud_on_acked(&p->pmtud, bytes))
		path_set_mtu(p, p->pmtud.good);
}

void quic_conn_on_too_big(struct quic_conn *conn)
{
	struct quic_path *p = conn->path;

	if (quic_pmtud_on_too_big(&p->pmtud, QUIC_MIN_DATAGRAM_BYTES))
		path_set_mtu(p, p->pmtud.good);
}

void quic_conn_on_black_hole(struct quic_conn *conn)
{
	u64 payload = conn->remote.max_udp_payload_size;
	struct quic_path *p = conn->path;

	if (p->mtu <= QUIC_MIN_DATAGRAM_BYTES)
		return;
	quic_pmtud_init(&p->pmtud, QUIC_MIN_DATAGRAM_BYTES, conn->config.mtu_max);
	if (payload < U16_MAX)
		quic_pmtud_on_too_big(&p->pmtud, payload);
	path_set_mtu(p, QUIC_MIN_DATAGRAM_BYTES);
}
