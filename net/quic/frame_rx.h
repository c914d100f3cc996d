/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frame_rx.h - applies the decoded frames of one packet to the connection
 */
#ifndef _QUIC_FRAME_RX_H
#define _QUIC_FRAME_RX_H

#include "conn.h"

/**
 * struct quic_frame_rx - what a packet's frames amounted to
 * @eliciting: at least one is ack-eliciting
 * @fin: a FIN was among them (worth an ACK at once)
 * @ack_now: the peer wants an ACK at once
 * @nonprobing: at least one is more than a probe (RFC 9000 9.1)
 * @frame_type: of the frame handled last (for CONNECTION_CLOSE)
 */
struct quic_frame_rx {
	bool eliciting;
	bool fin;
	bool ack_now;
	bool nonprobing;
	u64 frame_type;
};

/**
 * quic_frame_rx_apply() - parse, validate and apply a packet's payload
 * @conn: connection
 * @pkt: opened packet; its plain buffer holds the payload
 * @res: outcome
 * @now: time
 *
 * Return: 0; < 0: not applied entirely for lack of memory, do not acknowledge;
 * > 0: violation.
 */
int quic_frame_rx_apply(struct quic_conn *conn, const struct quic_rx_pkt *pkt,
			struct quic_frame_rx *res, quic_us now);

#endif /* _QUIC_FRAME_RX_H */
