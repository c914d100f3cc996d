/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/hystart.h - HyStart++, the end of the first slow start (RFC 9406)
 *
 *   slow start --RTT of a round rises--> CSS --5 rounds of it--> avoidance
 *	  ^				 |
 *	  +----- it falls again ---------+
 *
 * For loss-based algorithms; they embed the state and grow by it.  Later slow
 * starts have an ssthresh and are plain (4.3).
 */
#ifndef _QUIC_CORE_HYSTART_H
#define _QUIC_CORE_HYSTART_H

#include "cong.h"

/**
 * struct quic_hystart - RFC 9406 4.2, in the words used there
 * @last_min: lastRoundMinRTT; QUIC_US_NEVER: infinity, as in the next two
 * @current_min: currentRoundMinRTT
 * @baseline: cssBaselineMinRtt; conservative slow start is on unless infinity
 * @round_end: the round ends with an ACK of a packet that left when this much or more
 *	was delivered: RFC 9406 counts rounds by sequence numbers
 * @samples: rttSampleCount
 * @css_rounds: rounds of conservative slow start that have ended
 */
struct quic_hystart {
	quic_us last_min;
	quic_us current_min;
	quic_us baseline;
	u64 round_end;
	u32 samples;
	u32 css_rounds;
};

void quic_hystart_init(struct quic_hystart *h);

/**
 * quic_hystart_grow() - slow start: grow the window by what was acknowledged
 * @h: state
 * @c: window and ssthresh
 * @ack: what was
 *
 * Return: bytes of @ack->fresh_bytes left for congestion avoidance.
 */
u64 quic_hystart_grow(struct quic_hystart *h, struct quic_cong *c, const struct quic_cong_ack *ack);

#endif /* _QUIC_CORE_HYSTART_H */
