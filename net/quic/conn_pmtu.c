// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * conn_pmtu.c - how large the datagrams of the path in use are (RFC 9000 14)
 *
 * The search itself is core/pmtud's.  Here are its inputs - probes acknowledged
 * and lost, what the IP layer, ICMP and the peer say, silence - and what follows
 * for the path: its datagram size and the unit of its congestion window.
 *
 *   timer	a probe without an answer counts as lost; when the search is over a
 *		larger size is tried again from time to time
 *   black hole	nothing larger than 1200 bytes arrived for as long as persistent
 *		congestion takes, although it was sent: back to 1200 (RFC 8899 4.3)
 */
#include "conn.h"

static const quic_us pmtu_probe_us = 15 * QUIC_US_PER_SEC;	/* PROBE_TIMER, RFC 8899 5.1.1 */
static const quic_us pmtu_raise_us = 600 * QUIC_US_PER_SEC;	/* PMTU_RAISE_TIMER, the same */
static const u8 pmtu_raise_probes = 30;	/* raise timer, in probe timers that were set */

static void pmtu_set(struct quic_path *p, u16 mtu)
{
	p->mtu = mtu;
	quic_cong_set_mss(&p->cong, mtu);
}

static void pmtu_set_timer(struct quic_conn *conn, quic_us now)
{
	const struct quic_pmtud *d = &conn->path->pmtud;
	quic_us interval = conn->config.pmtu_interval;
	quic_us at = QUIC_US_NEVER;

	if (d->out)
		at = now + (interval ?: pmtu_probe_us);
	else if (!quic_pmtud_next(d) && d->good < d->max)
		at = now + (interval ? pmtu_raise_probes * interval : pmtu_raise_us);
	quic_timers_set(&conn->timers, QUIC_TIMER_PMTU, at);
}

void quic_conn_limit_payload(struct quic_conn *conn, struct quic_path *p)
{
	u16 max = clamp_t(u64, conn->remote.max_udp_payload_size, QUIC_MIN_DATAGRAM_BYTES, U16_MAX);

	quic_pmtud_limit(&p->pmtud, max);			/* [9000-18.2] */
	if (p->mtu > max)
		pmtu_set(p, max);
}

void quic_conn_pmtu_resume(struct quic_conn *conn, quic_us now)
{
	struct quic_pmtud *d = &conn->path->pmtud;

	/* What became of a probe sent before the path was left is not known. */
	if (d->out)
		quic_pmtud_on_lost(d, d->probe);
	pmtu_set_timer(conn, now);
}

void quic_conn_on_mtu_probe_sent(struct quic_conn *conn, u16 bytes, quic_us now)
{
	quic_pmtud_on_sent(&conn->path->pmtud, bytes);
	pmtu_set_timer(conn, now);
}

void quic_conn_on_mtu_probe_acked(struct quic_conn *conn, u16 bytes, quic_us now)
{
	struct quic_path *p = conn->path;

	if (quic_pmtud_on_acked(&p->pmtud, bytes))
		pmtu_set(p, p->pmtud.good);
	pmtu_set_timer(conn, now);
}

void quic_conn_on_mtu_probe_lost(struct quic_conn *conn, u16 bytes, quic_us now)
{
	quic_pmtud_on_lost(&conn->path->pmtud, bytes);
	pmtu_set_timer(conn, now);
}

void quic_conn_on_pmtu_timer(struct quic_conn *conn, quic_us now)
{
	struct quic_pmtud *d = &conn->path->pmtud;

	if (d->out)
		quic_pmtud_on_lost(d, d->probe);
	else
		quic_pmtud_raise(d);
	pmtu_set_timer(conn, now);
}

void quic_conn_on_too_big(struct quic_conn *conn, u32 max, quic_us now)
{
	struct quic_path *p = conn->path;

	if (max < QUIC_MIN_DATAGRAM_BYTES || max > U16_MAX)	/* [9000-14.2.1#1] */
		return;
	if (quic_pmtud_on_too_big(&p->pmtud, max))
		pmtu_set(p, p->pmtud.good);
	pmtu_set_timer(conn, now);
}

void quic_conn_on_black_hole(struct quic_conn *conn, quic_us now)
{
	struct quic_path *p = conn->path;

	p->pmtud.lost_from = QUIC_US_NEVER;
	if (p->mtu <= QUIC_MIN_DATAGRAM_BYTES)
		return;
	quic_pmtud_init(&p->pmtud, QUIC_MIN_DATAGRAM_BYTES, p->pmtud.max);
	pmtu_set(p, QUIC_MIN_DATAGRAM_BYTES);
	pmtu_set_timer(conn, now);
}

void quic_conn_on_large_lost(struct quic_conn *conn, quic_us sent_at, quic_us now)
{
	struct quic_pmtud *d = &conn->path->pmtud;

	if (d->lost_from == QUIC_US_NEVER)
		d->lost_from = sent_at;
	else if (sent_at >= d->lost_from + QUIC_PERSISTENT_THRESHOLD * quic_conn_pto(conn))
		quic_conn_on_black_hole(conn, now);
}
