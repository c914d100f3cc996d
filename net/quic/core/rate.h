/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/rate.h - delivery rate samples (draft-ietf-ccwg-bbr, "Delivery Rate Samples")
 *
 *	bytes delivered		   ack_rate: what was acknowledged since P left,
 *	      |	       .  P acked	     over the time since the ACK before that
 *	      |	    .		   send_rate: the same bytes, over the time in
 *	      | . P sent		     which they were sent
 *	      +------------- time  sample: the smaller of the two
 *
 * A packet takes a snapshot with it when it leaves; the newest packet that an
 * ACK acknowledges gives one sample.  Belongs to a path.
 */
#ifndef _QUIC_CORE_RATE_H
#define _QUIC_CORE_RATE_H

#include "sent.h"

/**
 * struct quic_rate - what was delivered on a path
 * @delivered: bytes acknowledged, ever
 * @delivered_at: when that last grew; with nothing in flight, when sending began again
 * @first_sent_at: when the packet left that was acknowledged last, likewise
 * @app_limited_until: samples are the application's and not the path's fault until
 *	@delivered is beyond this; 0: they are not
 * @lost: bytes declared lost, ever
 * @latest: rate of the last sample that had one, bytes per second
 */
struct quic_rate {
	u64 delivered;
	quic_us delivered_at;
	quic_us first_sent_at;
	u64 app_limited_until;
	u64 lost;
	u64 latest;
};

/**
 * struct quic_rate_sample - what one ACK tells
 * @valid: it acknowledged something in flight; @rate may still be 0
 * @app_limited: the packet left in an application-limited phase
 * @rate: bytes per second, 0: the interval is too short to tell
 * @delivered: bytes delivered between the packet's leaving and now
 * @prior_delivered: bytes delivered before it left
 * @tx_in_flight: bytes in flight when it left, its own included
 * @lost: bytes declared lost since it left
 */
struct quic_rate_sample {
	bool valid;
	bool app_limited;
	u64 rate;
	u64 delivered;
	u64 prior_delivered;
	u64 tx_in_flight;
	u64 lost;
};

/**
 * quic_rate_on_sent() - a packet that counts leaves: it takes a snapshot with it
 * @r: of its path
 * @pkt: its record, not committed yet; sent_at and bytes are set
 * @in_flight: bytes in flight before it
 */
void quic_rate_on_sent(struct quic_rate *r, struct quic_sent_pkt *pkt, u64 in_flight);

/**
 * quic_rate_on_acked() - an ACK was taken in whole
 * @r: of the path
 * @newest: newest packet in flight that it acknowledged, NULL: none
 * @bytes: that it acknowledged
 * @now: time
 * @min_rtt: least RTT seen: a shorter interval gives no rate
 * @s: the sample
 */
void quic_rate_on_acked(struct quic_rate *r, const struct quic_sent_pkt *newest, u64 bytes,
			quic_us now, quic_us min_rtt, struct quic_rate_sample *s);

/* There was nothing to send although @in_flight bytes left room: what is out now tells little. */
static inline void quic_rate_mark_app_limited(struct quic_rate *r, u64 in_flight)
{
	r->app_limited_until = max(r->delivered + in_flight, 1ULL);
}

#endif /* _QUIC_CORE_RATE_H */
