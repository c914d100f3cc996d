/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/pmtud.h - how large a datagram the path carries (RFC 8899, RFC 9000 14.3)
 *
 * Starts at 1200 bytes, tries the largest size the local interface allows, and
 * when that fails halves the interval between what works and what does not.  A
 * size counts as failed after MAX_PROBES lost probes.  A lost probe says nothing
 * about congestion.
 *
 * A probe has to fit into the congestion window like any packet.  Where that
 * leaves no room for the size in question, a smaller one that is twice as large
 * as what works is a step on the way: the window grows with the datagrams.
 */
#ifndef _QUIC_CORE_PMTUD_H
#define _QUIC_CORE_PMTUD_H

#include "types.h"

#define QUIC_PMTUD_MAX_PROBES	3	/* MAX_PROBES, RFC 8899 5.1.2 */
#define QUIC_PMTUD_STEP_BYTES	32	/* the search ends when the interval is smaller */

/**
 * struct quic_pmtud - search state of one path; sizes are UDP payload bytes
 * @good: largest size known to arrive
 * @max: largest size to be tried ever
 * @bad: smallest size known not to, one more than may be tried at first
 * @halve: a size was lost: no more the largest first
 * @probe: size being probed, 0: none
 * @lost: probes of that size lost in a row
 * @out: a probe is in flight
 * @lost_from: when the first packet of more than 1200 bytes left that was lost since
 *	one arrived; QUIC_US_NEVER: none was
 */
struct quic_pmtud {
	u16 good;
	u16 max;
	u32 bad;
	bool halve;
	u16 probe;
	u8 lost;
	bool out;
	quic_us lost_from;
};

/* A search from @good bytes, known to pass, to @max, which nobody tries to exceed. */
void quic_pmtud_init(struct quic_pmtud *p, u16 good, u16 max);
/* Size of the probe to send now, 0: none (found, or one is in flight). */
u16 quic_pmtud_next(const struct quic_pmtud *p);
/**
 * quic_pmtud_fit() - the same within the congestion window
 * @p: search
 * @window: bytes of it that a probe may take
 * @room: those that are free
 *
 * A size that was lost and that the window has become too small for counts as too
 * large, until quic_pmtud_raise().
 *
 * Return: quic_pmtud_next(), or a size on the way there; 0: none now.
 */
u16 quic_pmtud_fit(struct quic_pmtud *p, u64 window, u64 room);
void quic_pmtud_on_sent(struct quic_pmtud *p, u16 size);
/* A probe of @size arrived: true when @good grew. */
bool quic_pmtud_on_acked(struct quic_pmtud *p, u16 size);
void quic_pmtud_on_lost(struct quic_pmtud *p, u16 size);
/* Nobody takes more than @max bytes, now or later. */
void quic_pmtud_limit(struct quic_pmtud *p, u16 max);
/* The search is over: sizes that did not arrive are tried again. */
void quic_pmtud_raise(struct quic_pmtud *p);
/* The IP layer says that more than @max does not fit: true when @good shrank. */
bool quic_pmtud_on_too_big(struct quic_pmtud *p, u16 max);

#endif /* _QUIC_CORE_PMTUD_H */
