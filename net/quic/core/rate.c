// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/rate.c - delivery rate samples (draft-ietf-ccwg-bbr, "Delivery Rate Samples")
 *
 * A packet's snapshot holds the two times as ages at its departure, in 32 bits:
 * an interval of more than an hour says nothing about a path.  Nothing here
 * divides but for the one sample of an ACK.
 */
#include "rate.h"

static u32 quic_rate_age(quic_us now, quic_us then)
{
	return min_t(quic_us, now - min(then, now), U32_MAX);
}

void quic_rate_on_sent(struct quic_rate *r, struct quic_sent_pkt *pkt, u64 in_flight)
{
	if (!in_flight) {
		r->first_sent_at = pkt->sent_at;
		r->delivered_at = pkt->sent_at;
	}
	pkt->delivered = r->delivered;
	pkt->send_age = quic_rate_age(pkt->sent_at, r->first_sent_at);
	pkt->ack_age = quic_rate_age(pkt->sent_at, r->delivered_at);
	/* QUIC_SENT_MAX_PKTS of the largest size are less than 2^32 bytes. */
	pkt->tx_in_flight = min_t(u64, in_flight + pkt->bytes, U32_MAX);
	pkt->lost = r->lost;
	pkt->app_limited = r->app_limited_until;
}

void quic_rate_on_acked(struct quic_rate *r, const struct quic_sent_pkt *newest, u64 bytes,
			quic_us now, quic_us min_rtt, struct quic_rate_sample *s)
{
	quic_us interval;

	*s = (struct quic_rate_sample){};
	if (!bytes)
		return;
	r->delivered += bytes;
	r->delivered_at = now;
	if (r->delivered > r->app_limited_until)
		r->app_limited_until = 0;
	if (!newest)
		return;
	r->first_sent_at = newest->sent_at;
	s->valid = true;
	s->app_limited = newest->app_limited;
	s->prior_delivered = newest->delivered;
	s->delivered = r->delivered - newest->delivered;
	s->tx_in_flight = newest->tx_in_flight;
	s->lost = (u32)r->lost - newest->lost;
	interval = max(now - newest->sent_at + newest->ack_age, (quic_us)newest->send_age);
	if (!interval || interval < min_rtt)
		return;
	s->rate = mul_u64_u64_div_u64(s->delivered, QUIC_US_PER_SEC, interval);
	r->latest = s->rate;
}
