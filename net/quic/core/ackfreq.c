// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/ackfreq.c - how often the peer is to acknowledge (draft-ietf-quic-ack-frequency)
 *
 *	threshold	a sixteenth of the window, so that loss detection, HyStart++
 *			and rate samples still see many ACKs in a round trip
 *	delay		a quarter of the RTT, within what the peer can and does
 *	reordering	our packet threshold: what it would take to declare a loss
 *
 * Values that hardly differ from those in force are not worth a frame.
 */
#include "ackfreq.h"

static const u64 QUIC_ACKFREQ_ACKS_PER_WINDOW = 16;
static const u64 QUIC_ACKFREQ_MAX_THRESHOLD = 63;	/* a burst, QUIC_BURST_MAX_PKTS */
static const u64 QUIC_ACKFREQ_ACKS_PER_RTT = 4;		/* where the delay decides */
static const u64 QUIC_ACKFREQ_FACTOR = 2;		/* a difference that matters */

void quic_ackfreq_init(struct quic_ackfreq *a, quic_us max_ack_delay)
{
	*a = (struct quic_ackfreq){
		.asked = { .threshold = 1, .delay = max_ack_delay, .reorder = 1 },
		.peer_delay = max_ack_delay,
	};
}

bool quic_ackfreq_is_news(struct quic_ackfreq *a, u64 seq)
{
	if (seq < a->rx_next)
		return false;
	a->rx_next = seq + 1;
	return true;
}

static bool quic_ackfreq_differs(u64 a, u64 b)
{
	return a >= b * QUIC_ACKFREQ_FACTOR || b >= a * QUIC_ACKFREQ_FACTOR;
}

bool quic_ackfreq_update(struct quic_ackfreq *a, const struct quic_ackfreq_path *p, quic_us now)
{
	struct quic_frame_ack_frequency want = { .reorder = p->reorder };

	if (a->nr_out || (a->tx_next && now - a->asked_at < p->srtt))
		return false;
	want.threshold = clamp(div_u64(p->cwnd_pkts, QUIC_ACKFREQ_ACKS_PER_WINDOW), 1ULL,
			       QUIC_ACKFREQ_MAX_THRESHOLD);
	want.delay = max(min(div_u64(p->srtt, QUIC_ACKFREQ_ACKS_PER_RTT), p->max_delay),
			 p->min_delay);
	/* The first frame has to pay: fewer ACKs, not another delay alone. */
	if (!a->tx_next && want.threshold < QUIC_ACKFREQ_FACTOR)
		return false;
	if (!quic_ackfreq_differs(want.threshold, a->asked.threshold) &&
	    !quic_ackfreq_differs(want.delay, a->asked.delay) && want.reorder == a->asked.reorder)
		return false;
	a->asked = want;
	a->asked_at = now;
	return true;
}

const struct quic_frame_ack_frequency *quic_ackfreq_peek(struct quic_ackfreq *a)
{
	a->asked.seq = a->tx_next;			/* [ack-frequency-4] */
	return &a->asked;
}

void quic_ackfreq_on_sent(struct quic_ackfreq *a)
{
	a->tx_next++;
	a->nr_out++;
}

void quic_ackfreq_on_acked(struct quic_ackfreq *a)
{
	a->nr_out -= !!a->nr_out;
	a->peer_delay = a->asked.delay;
}

void quic_ackfreq_on_lost(struct quic_ackfreq *a)
{
	a->nr_out -= !!a->nr_out;
}

/* [ack-frequency-7] */
quic_us quic_ackfreq_pto_delay(const struct quic_ackfreq *a)
{
	return a->nr_out ? max(a->peer_delay, a->asked.delay) : a->peer_delay;
}
