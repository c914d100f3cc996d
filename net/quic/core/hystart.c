// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/hystart.c - HyStart++, the end of the first slow start (RFC 9406)
 *
 * The growth per ACK is not limited (L is infinity, 4.3): every path is paced.
 */
#include "hystart.h"

static const quic_us QUIC_HYSTART_MIN_RTT_THRESH_US = 4000;	/* RFC 9406 4.3, all of these */
static const quic_us QUIC_HYSTART_MAX_RTT_THRESH_US = 16000;
static const u32 QUIC_HYSTART_MIN_RTT_DIVISOR = 8;
static const u32 QUIC_HYSTART_N_RTT_SAMPLE = 8;
static const u32 QUIC_HYSTART_CSS_GROWTH_DIVISOR = 4;
static const u32 QUIC_HYSTART_CSS_ROUNDS = 5;

void quic_hystart_init(struct quic_hystart *h)
{
	memset(h, 0, sizeof(*h));
	h->last_min = QUIC_US_NEVER;
	h->current_min = QUIC_US_NEVER;
	h->baseline = QUIC_US_NEVER;
}

/* A round trip is over; false: and with it slow start. */
static bool quic_hystart_next_round(struct quic_hystart *h, struct quic_cong *c)
{
	h->round_end = c->rate.delivered;
	h->last_min = h->current_min;
	h->current_min = QUIC_US_NEVER;
	h->samples = 0;
	if (h->baseline == QUIC_US_NEVER || ++h->css_rounds < QUIC_HYSTART_CSS_ROUNDS)
		return true;
	c->ssthresh = c->cwnd;
	return false;
}

/* Has the RTT of this round risen over that of the last one? */
static bool quic_hystart_has_risen(const struct quic_hystart *h)
{
	quic_us thresh;

	if (h->current_min == QUIC_US_NEVER || h->last_min == QUIC_US_NEVER)
		return false;
	thresh = clamp(div_u64(h->last_min, QUIC_HYSTART_MIN_RTT_DIVISOR),
		       QUIC_HYSTART_MIN_RTT_THRESH_US, QUIC_HYSTART_MAX_RTT_THRESH_US);
	return h->current_min >= h->last_min + thresh;
}

/* Into conservative slow start, or out of it because it was entered in error. */
static void quic_hystart_judge(struct quic_hystart *h)
{
	if (h->samples < QUIC_HYSTART_N_RTT_SAMPLE)
		return;
	if (h->baseline == QUIC_US_NEVER) {
		if (!quic_hystart_has_risen(h))
			return;
		h->baseline = h->current_min;
		h->css_rounds = 0;
	} else if (h->current_min < h->baseline) {
		h->baseline = QUIC_US_NEVER;
	}
}

u64 quic_hystart_grow(struct quic_hystart *h, struct quic_cong *c, const struct quic_cong_ack *ack)
{
	u64 bytes = ack->fresh_bytes;

	if (c->ssthresh != U64_MAX)
		return quic_cong_slow_start(c, bytes);
	if (ack->rs.valid && ack->rs.prior_delivered >= h->round_end &&
	    !quic_hystart_next_round(h, c))
		return bytes;
	if (ack->rtt_sample) {
		h->current_min = min(h->current_min, ack->rtt_sample);
		h->samples++;
	}
	if (h->baseline != QUIC_US_NEVER)
		bytes = div_u64(bytes, QUIC_HYSTART_CSS_GROWTH_DIVISOR);
	quic_cong_slow_start(c, bytes);
	quic_hystart_judge(h);
	return 0;
}
