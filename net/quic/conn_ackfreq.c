// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * conn_ackfreq.c - ACK Frequency: what the peer asks of us, and we of it
 *
 * Glues core/ackfreq to the packet number space, to recovery and to the control
 * bits; see draft-ietf-quic-ack-frequency.
 */
#include "conn.h"

/* 2^14 ms, RFC 9000 18.2: such a max_ack_delay is invalid. */
static const quic_us ackfreq_max_delay_us = (1ULL << 14) * QUIC_US_PER_MS;

static bool ackfreq_is_supported(const struct quic_tparams *p)
{
	return p->min_ack_delay_us != QUIC_TPARAM_NO_ACK_FREQUENCY;
}

bool quic_conn_takes_ack_frequency(const struct quic_conn *conn)
{
	return ackfreq_is_supported(&conn->local);
}

int quic_conn_on_ack_frequency(struct quic_conn *conn, const struct quic_frame_ack_frequency *f)
{
	struct quic_pnspace *s = &conn->space[QUIC_SPACE_APP];

	if (!quic_conn_takes_ack_frequency(conn))
		return QUIC_VIOLATION_FRAME_UNKNOWN_TYPE;
	if (f->delay >= ackfreq_max_delay_us || f->delay < conn->local.min_ack_delay_us)
		return QUIC_VIOLATION_ACK_FREQUENCY_DELAY_INVALID;	/* [ack-frequency-4] */
	if (!quic_ackfreq_is_news(&conn->ackfreq, f->seq))		/* [ack-frequency-4] */
		return 0;
	conn->ack_delay = f->delay;
	s->ack_after = f->threshold;
	s->reorder = f->reorder;
	return 0;
}

void quic_conn_init_ack_frequency(struct quic_conn *conn)
{
	quic_us delay = conn->remote.max_ack_delay_ms * QUIC_US_PER_MS;

	quic_ackfreq_init(&conn->ackfreq, delay);
	conn->recovery.max_ack_delay = delay;
}

void quic_conn_ask_ack_frequency(struct quic_conn *conn, quic_us now)
{
	const struct quic_path *p = conn->path;
	struct quic_ackfreq_path path = {
		.srtt = p->rtt.smoothed,
		.min_delay = conn->remote.min_ack_delay_us,
		.max_delay = conn->remote.max_ack_delay_ms * QUIC_US_PER_MS,
		.reorder = conn->recovery.packet_threshold,
	};

	if (!conn->confirmed || !ackfreq_is_supported(&conn->remote))
		return;
	path.cwnd_pkts = div_u64(p->cong.cwnd, p->mtu);
	if (quic_ackfreq_update(&conn->ackfreq, &path, now))
		conn->ctl |= QUIC_CTL_ACK_FREQUENCY;
}

void quic_conn_ask_ack_now(struct quic_conn *conn)
{
	if (conn->confirmed && ackfreq_is_supported(&conn->remote))
		conn->ctl |= QUIC_CTL_IMMEDIATE_ACK;
}

void quic_conn_on_ack_frequency_sent(struct quic_conn *conn)
{
	quic_ackfreq_on_sent(&conn->ackfreq);
	conn->recovery.max_ack_delay = quic_ackfreq_pto_delay(&conn->ackfreq);
}

void quic_conn_on_ack_frequency_acked(struct quic_conn *conn)
{
	quic_ackfreq_on_acked(&conn->ackfreq);
	conn->recovery.max_ack_delay = quic_ackfreq_pto_delay(&conn->ackfreq);
}

void quic_conn_on_ack_frequency_lost(struct quic_conn *conn)
{
	quic_ackfreq_on_lost(&conn->ackfreq);
	conn->recovery.max_ack_delay = quic_ackfreq_pto_delay(&conn->ackfreq);
}
