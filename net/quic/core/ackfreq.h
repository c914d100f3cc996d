/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/ackfreq.h - how often the peer is to acknowledge (draft-ietf-quic-ack-frequency)
 *
 * Our side of ACK_FREQUENCY: which values are worth asking for, and which
 * max_ack_delay a PTO has to allow for until the peer has them.  What the peer
 * asks of us ends up in core/pnspace.
 */
#ifndef _QUIC_CORE_ACKFREQ_H
#define _QUIC_CORE_ACKFREQ_H

#include "frame.h"

/**
 * struct quic_ackfreq - of a connection
 * @rx_next: the peer's frames with a lower sequence number are obsolete
 * @tx_next: sequence number of our next frame
 * @asked: what our last frame said, or the next one will
 * @asked_at: when that was decided
 * @peer_delay: the peer's max_ack_delay as far as it is known
 * @nr_out: frames of ours that are neither acknowledged nor lost
 */
struct quic_ackfreq {
	u64 rx_next;
	u64 tx_next;
	struct quic_frame_ack_frequency asked;
	quic_us asked_at;
	quic_us peer_delay;
	u32 nr_out;
};

/**
 * struct quic_ackfreq_path - what decides how many ACKs are needed
 * @cwnd_pkts: congestion window in full-sized packets
 * @srtt: smoothed RTT
 * @min_delay: the peer's min_ack_delay
 * @max_delay: its max_ack_delay as the transport parameter says
 * @reorder: our packet threshold of loss detection
 */
struct quic_ackfreq_path {
	u64 cwnd_pkts;
	quic_us srtt;
	quic_us min_delay;
	quic_us max_delay;
	u64 reorder;
};

/* The peer's parameters are known: it delays ACKs by @max_ack_delay at most. */
void quic_ackfreq_init(struct quic_ackfreq *a, quic_us max_ack_delay);
/* A frame of the peer with that sequence number: false: it is obsolete and to be ignored. */
bool quic_ackfreq_is_news(struct quic_ackfreq *a, u64 seq);
/*
 * Decides anew what to ask for; true when it is worth a frame.  At most once in a
 * round trip, and not while one is out.
 */
bool quic_ackfreq_update(struct quic_ackfreq *a, const struct quic_ackfreq_path *p, quic_us now);
/* The content of the next frame. */
const struct quic_frame_ack_frequency *quic_ackfreq_peek(struct quic_ackfreq *a);
/* It left. */
void quic_ackfreq_on_sent(struct quic_ackfreq *a);
void quic_ackfreq_on_acked(struct quic_ackfreq *a);
void quic_ackfreq_on_lost(struct quic_ackfreq *a);
/* The max_ack_delay to count on in a PTO: the greatest that may be in force. */
quic_us quic_ackfreq_pto_delay(const struct quic_ackfreq *a);

#endif /* _QUIC_CORE_ACKFREQ_H */
