// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/pacer.c - when the next burst may leave
 *
 *	next_at' = max(next_at, now - slack) + bytes / rate
 *
 * A burst may leave whole as soon as the debt of those before it is paid, so
 * that packets go out in runs a GSO skb can carry and not one by one.  Time
 * the sender was late by is made up for as far as one burst, otherwise a host
 * timer's delay would lower the rate.  In any time T no more than
 * rate * T + 2 bursts leave, and the first flight.
 *
 * Does not set timers, and does not know the congestion window.
 */
#include "cong.h"
#include "pacer.h"

#define QUIC_NS_PER_US		1000U
#define QUIC_NS_PER_SEC		1000000000ULL
/* The least burst (RFC 9002 7.7 leaves it open): one packet would defeat GSO. */
#define QUIC_PACER_MIN_BURST_PKTS	2

/**
 * quic_pacer_init() - before the first packet of a path
 * @p: the pacer
 *
 * The first flight may leave at once: an initial window is the burst that
 * RFC 9002 7.7 allows without knowing the path, and its RTT is a guess.
 */
void quic_pacer_init(struct quic_pacer *p)
{
	p->next_at = 0;
	p->frac_ns = 0;
	p->credit_bytes = QUIC_CONG_INITIAL_WINDOW_BYTES;
}

/* Bytes of one burst. */
static u64 quic_pacer_burst(u64 rate, u32 mss)
{
	u64 bytes = div_u64(rate, QUIC_US_PER_SEC / QUIC_PACER_BURST_US);

	return max(bytes, (u64)QUIC_PACER_MIN_BURST_PKTS * mss);
}

u64 quic_pacer_room(const struct quic_pacer *p, quic_us now, u64 rate, u32 mss)
{
	if (rate == U64_MAX)
		return U64_MAX;
	if (now < p->next_at)			/* [9002-7.7] */
		return p->credit_bytes >= mss ? p->credit_bytes : 0;
	return max_t(u64, quic_pacer_burst(rate, mss), p->credit_bytes);
}

/**
 * quic_pacer_on_sent() - bytes left
 * @p: the pacer
 * @now: when
 * @rate: bytes per second, U64_MAX: unpaced
 * @bytes: how many; what the first flight's credit covers costs no time
 */
void quic_pacer_on_sent(struct quic_pacer *p, quic_us now, u64 rate, u64 bytes)
{
	quic_us slack = min(now, QUIC_PACER_BURST_US);
	u32 free_bytes = min_t(u64, bytes, p->credit_bytes);
	u32 frac_ns;

	p->credit_bytes -= free_bytes;
	if (rate == U64_MAX)
		return;
	bytes = min_t(u64, bytes - free_bytes, U32_MAX);
	if (p->next_at < now - slack) {
		p->next_at = now - slack;
		p->frac_ns = 0;
	}
	p->next_at += div_u64_rem(p->frac_ns + div64_u64(bytes * QUIC_NS_PER_SEC, max(rate, 1ULL)),
				  QUIC_NS_PER_US, &frac_ns);
	p->frac_ns = frac_ns;
}

/**
 * quic_pacer_next_at() - for the pacing timer
 * @p: the pacer
 * @rate: bytes per second
 * @mss: max datagram size
 *
 * Return: when there will be room again; the past, when there is now.
 */
quic_us quic_pacer_next_at(const struct quic_pacer *p, u64 rate, u32 mss)
{
	return rate == U64_MAX || p->credit_bytes >= mss ? 0 : p->next_at;
}
