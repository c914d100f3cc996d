/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/pnspace.h - what was received in one packet number space
 *
 * Duplicate detection, the ranges an ACK tells, when an ACK is due, ECN counts
 * (RFC 9000 13.2, 13.4).  What was sent is core/sent.
 */
#ifndef _QUIC_CORE_PNSPACE_H
#define _QUIC_CORE_PNSPACE_H

#include "ranges.h"

#define QUIC_PNSPACE_MAX_RANGES		64	/* kept; older ones count as received */
#define QUIC_PNSPACE_ACK_RANGES		32	/* told in one ACK frame at most */
#define QUIC_PNSPACE_ACK_AFTER		1	/* ack-eliciting ones unacknowledged, 13.2.2 */
#define QUIC_PNSPACE_REORDER		1	/* an ACK for each out of order, 13.2.1 */

/**
 * struct quic_pnspace - the receive side of one packet number space
 * @received: packet numbers received and still told to the peer
 * @floor: everything below counts as received (its ranges were forgotten)
 * @largest: largest received, QUIC_PN_NONE before the first
 * @largest_at: when @largest arrived
 * @ecn: packets received by codepoint (enum quic_ecn)
 * @largest_eliciting: largest received that is ack-eliciting, QUIC_PN_NONE likewise
 * @lowest_owed: lowest ack-eliciting one that no ACK told yet, QUIC_PN_NONE: none
 * @eliciting: ack-eliciting packets received since the last ACK was sent
 * @ack_after: so many of them may stay so; the peer may say (ACK_FREQUENCY)
 * @reorder: packets out of order by this much are told at once, 0: none; likewise
 * @largest_told: Largest Acknowledged of an ACK that was sent, QUIC_PN_NONE: none was
 * @after_ce: the packet received last was marked CE
 * @ack_now: an ACK is due at once
 * @ack_at: an ACK is due at this time, QUIC_US_NEVER: none is
 */
struct quic_pnspace {
	struct quic_ranges received;
	quic_pn floor;
	quic_pn largest;
	quic_us largest_at;
	u64 ecn[QUIC_NR_ECN];
	quic_pn largest_eliciting;
	quic_pn lowest_owed;
	u64 eliciting;
	u64 ack_after;
	u64 reorder;
	quic_pn largest_told;
	bool after_ce;
	bool ack_now;
	quic_us ack_at;
};

void quic_pnspace_init(struct quic_pnspace *s);
void quic_pnspace_exit(struct quic_pnspace *s);
/* False for a duplicate, or one too old to tell (RFC 9000 12.3: discard). */
bool quic_pnspace_is_new(const struct quic_pnspace *s, quic_pn pn);

/**
 * quic_pnspace_on_packet() - an authenticated packet arrived
 * @s: the space
 * @pn: its number, for which quic_pnspace_is_new() holds
 * @now: arrival
 * @eliciting: it is ack-eliciting
 * @immediate: acknowledge it at once if eliciting (Initial, Handshake, FIN)
 * @ecn: its ECN codepoint
 * @max_ack_delay: our max_ack_delay
 *
 * Arms an immediate ACK also for gaps, reordering and CE (RFC 9000 13.2.1),
 * otherwise one at @now + @max_ack_delay.  Does not arm at every second packet:
 * an aggregate may still bring more; see quic_pnspace_on_aggregate_end().
 *
 * Return: 0 or -ENOMEM (the packet is then to be dropped unacknowledged).
 */
int quic_pnspace_on_packet(struct quic_pnspace *s, quic_pn pn, quic_us now, bool eliciting,
			   bool immediate, enum quic_ecn ecn, quic_us max_ack_delay);
/* The aggregate is whole: more than ack_after unacknowledged packets make an ACK due now. */
void quic_pnspace_on_aggregate_end(struct quic_pnspace *s);
/* Whether an ACK has to be sent at @now. */
bool quic_pnspace_is_ack_due(const struct quic_pnspace *s, quic_us now);
/* Whether there is anything new to acknowledge (worth bundling). */
bool quic_pnspace_has_ack(const struct quic_pnspace *s);
/* An ACK frame with all of it was sent. */
void quic_pnspace_on_ack_sent(struct quic_pnspace *s);
/* Our ACK up to @largest was acknowledged: stop telling those (RFC 9000 13.2.4). */
void quic_pnspace_on_ack_acked(struct quic_pnspace *s, quic_pn largest);
/* ACK Delay field: time since @largest_at, scaled down by 2^@exponent. */
u64 quic_pnspace_ack_delay(const struct quic_pnspace *s, quic_us now, u8 exponent);

#endif /* _QUIC_CORE_PNSPACE_H */
