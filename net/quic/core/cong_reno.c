// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/cong_reno.c - the NewReno controller of RFC 9002 7.3
 *
 *	slow start	cwnd += bytes acknowledged; the first one ends by HyStart++
 *	avoidance	cwnd += mss for each cwnd acknowledged
 *	congestion	ssthresh = cwnd = cwnd / 2
 *
 * Avoidance counts bytes until they make up a window (RFC 3465 2.1), which
 * loses nothing to integer division.
 */
#include "hystart.h"

struct quic_reno {
	struct quic_hystart hystart;
	u64 acked_bytes;	/* since the window last grew in avoidance */
};

static struct quic_reno *quic_reno(struct quic_cong *c)
{
	static_assert(sizeof(struct quic_reno) <= sizeof(c->priv));
	return (struct quic_reno *)c->priv;
}

static void quic_cong_reno_init(struct quic_cong *c, quic_us now)
{
	quic_hystart_init(&quic_reno(c)->hystart);
}

static void quic_cong_reno_on_acked(struct quic_cong *c, const struct quic_cong_ack *ack)
{
	struct quic_reno *reno = quic_reno(c);

	reno->acked_bytes += quic_hystart_grow(&reno->hystart, c, ack);
	/* At most one datagram for each window acknowledged [9002-7.3.3]. */
	while (reno->acked_bytes >= c->cwnd) {
		reno->acked_bytes -= c->cwnd;
		c->cwnd += c->mss;
	}
}

static void quic_cong_reno_on_congestion(struct quic_cong *c, const struct quic_cong_ack *ack)
{
	/* [9002-7.3.2#1] */
	c->ssthresh = div_u64(c->cwnd * QUIC_CONG_LOSS_NUM, QUIC_CONG_LOSS_DEN);
	c->cwnd = max(c->ssthresh, quic_cong_min_window(c));	/* [9002-7.3.2#2] */
	quic_reno(c)->acked_bytes = 0;
}

static void quic_cong_reno_on_persistent(struct quic_cong *c)
{
	quic_reno(c)->acked_bytes = 0;
}

const struct quic_cong_ops quic_cong_reno_ops = {
	.name = "reno",
	.init = quic_cong_reno_init,
	.on_acked = quic_cong_reno_on_acked,
	.on_congestion = quic_cong_reno_on_congestion,
	.on_persistent = quic_cong_reno_on_persistent,
};
