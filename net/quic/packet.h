/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * packet.h - datagrams <-> packets <-> frames
 *
 * Receive (packet_rx.c): an aggregate is cut into packets, those are unmasked
 * and opened in one batch each, then their frames are applied.  Transmit
 * (packet.c): frames are put into packets, packets coalesced into datagrams,
 * datagrams sent in bursts.
 */
#ifndef _QUIC_PACKET_H
#define _QUIC_PACKET_H

#include "conn.h"

/* Handles one aggregate without sending anything. */
void quic_packet_receive(struct quic_conn *conn, struct quic_agg *agg, quic_us now);
/* Sends until nothing is left or a limit is reached. */
void quic_packet_output(struct quic_conn *conn, quic_us now);

#endif /* _QUIC_PACKET_H */
