/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * outqueue.h - what to send next
 *
 * Streams with something to send stand in one list per urgency; within a list
 * incremental streams take turns, others are served to the end by id (RFC 9218).
 * Control frames have no queue: they are bits in the connection and its streams
 * and are made anew from state.  quic_outqueue_fill() writes one packet's
 * frames; packet.c wraps, seals and sends them.
 */
#ifndef _QUIC_OUTQUEUE_H
#define _QUIC_OUTQUEUE_H

#include "core/sent.h"
#include "stream.h"

/**
 * struct quic_outqueue - the schedule
 * @again: streams that have lost bytes or a bare FIN to send: needs no credit
 * @ready: streams with new bytes and credit of their own, by urgency
 * @turn_sid: stream that sent last, U64_MAX: none
 * @turn_bytes: sent by it in this turn
 */
struct quic_outqueue {
	struct list_head again;
	struct list_head ready[QUIC_NR_URGENCIES];
	u64 turn_sid;
	u32 turn_bytes;
};

/**
 * struct quic_fill - one packet being filled
 * @w: writer over the packet's bytes, positioned behind the header; its len
 *	counts from the packet's first byte
 * @pkt: segments go here
 * @level: encryption level
 * @now: time
 * @ctl: QUIC_CTL_* written
 * @eliciting: an ack-eliciting frame was written
 * @acked: an ACK frame was written
 * @bulk: only full-sized stream data: control frames and ACKs wait for the last,
 *	shorter packet of the burst
 * @probe: send something ack-eliciting at any price (PTO)
 * @allow_eliciting: congestion window and pacer permit ack-eliciting frames
 */
struct quic_fill {
	struct quic_writer *w;
	struct quic_tx_pkt *pkt;
	enum quic_level level;
	quic_us now;
	u32 ctl;
	bool eliciting;
	bool acked;
	bool bulk;
	bool probe;
	bool allow_eliciting;
};

void quic_outqueue_init(struct quic_outqueue *o);
/* Is there anything for @level that wants a packet: @acks counts a due ACK. */
bool quic_outqueue_has_data(struct quic_conn *conn, enum quic_level level);
/* Do control frames of 1-RTT packets wait, other than ACKs and probes of paths? */
bool quic_outqueue_has_control(struct quic_conn *conn);

/* Is there at least @bytes of new stream data for one packet? Decides bulk mode. */
bool quic_outqueue_has_bulk(struct quic_conn *conn, u32 bytes);
/* Writes frames into one packet and records them in the space's sent ring (begun). */
void quic_outqueue_fill(struct quic_conn *conn, struct quic_fill *f);

#endif /* _QUIC_OUTQUEUE_H */
