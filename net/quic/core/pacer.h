/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/pacer.h - when the next burst may leave
 *
 * A token bucket over time: sending n bytes moves the next departure on by
 * n / rate; bursts of about QUIC_PACER_BURST_US of rate (at least two packets)
 * leave at once, and so does the first flight (RFC 9002 7.7).
 */
#ifndef _QUIC_CORE_PACER_H
#define _QUIC_CORE_PACER_H

#include "types.h"

#define QUIC_PACER_BURST_US	1000ULL	/* about 1 ms of rate in one burst, DESIGN.md 3 */

/**
 * struct quic_pacer - of one path
 * @next_at: when the bucket is next empty of debt; the past means it may send
 * @frac_ns: and that many nanoseconds, 0..999
 * @credit_bytes: of the first flight, not sent yet
 */
struct quic_pacer {
	quic_us next_at;
	u32 frac_ns;
	u32 credit_bytes;
};

void quic_pacer_init(struct quic_pacer *p);
/**
 * quic_pacer_room() - bytes that may leave at @now
 * @p: the pacer
 * @now: current time
 * @rate: bytes per second, U64_MAX: unpaced
 * @mss: max datagram size: the least burst is two of them, the first flight
 *	(initial window) is never held back: see quic_pacer_on_sent()
 *
 * Return: bytes, a burst at most; 0: wait until quic_pacer_next_at().
 */
u64 quic_pacer_room(const struct quic_pacer *p, quic_us now, u64 rate, u32 mss);
void quic_pacer_on_sent(struct quic_pacer *p, quic_us now, u64 rate, u64 bytes);
/* When room will be there again. */
quic_us quic_pacer_next_at(const struct quic_pacer *p, u64 rate, u32 mss);

#endif /* _QUIC_CORE_PACER_H */
