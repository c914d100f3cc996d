/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * packet_build.h - what packet.c and packet_probe.c share: drafts of packets
 *
 * A datagram is drafted packet by packet, padded, then sealed and recorded.
 */
#ifndef _QUIC_PACKET_BUILD_H
#define _QUIC_PACKET_BUILD_H

#include "packet.h"

/**
 * struct quic_packet_draft - one packet between filling and sealing
 * @pkt: for the edge
 * @rec: its record
 * @level: encryption level
 * @is_long: it has a Length field to set
 */
struct quic_packet_draft {
	struct quic_tx_pkt pkt;
	struct quic_sent_pkt rec;
	enum quic_level level;
	bool is_long;
};

/**
 * struct quic_packet_dgram - one datagram being drafted
 * @path: the path it leaves on
 * @draft: its packets
 * @nr: their number
 * @dst: its first byte
 * @len: bytes drafted, tags included
 * @cap: bytes it may have
 * @pad_to: pad the last packet until the datagram has that many bytes
 * @eliciting: congestion control and pacing allow ack-eliciting packets
 * @bulk: see struct quic_fill
 */
struct quic_packet_dgram {
	struct quic_path *path;
	struct quic_packet_draft draft[QUIC_NR_LEVELS];
	unsigned int nr;
	u8 *dst;
	u32 len;
	u32 cap;
	u32 pad_to;
	bool eliciting;
	bool bulk;
};

/* The records of @level's space. */
static inline struct quic_sent *quic_packet_sent(struct quic_conn *conn, enum quic_level level)
{
	return &conn->recovery.space[quic_level_space(level)].sent;
}

/* Writes the header of the next packet of d->level, addressed as @path is. */
void quic_packet_put_header(struct quic_conn *conn, const struct quic_path *path,
			    struct quic_packet_draft *d, struct quic_writer *w);
/* Expands the last packet with PADDING so that the datagram has g->pad_to bytes. */
void quic_packet_pad(struct quic_packet_dgram *g);
/* Seals and records everything drafted. */
void quic_packet_seal(struct quic_conn *conn, struct quic_burst *b, struct quic_packet_dgram *g,
		      quic_us now);

/* packet_probe.c: probes of paths, and of the datagram size of the path in use. */
void quic_packet_send_path_probes(struct quic_conn *conn, quic_us now);
/* @ahead: of data, which shall find half of the window free. */
void quic_packet_send_mtu_probe(struct quic_conn *conn, bool ahead, quic_us now);

#endif /* _QUIC_PACKET_BUILD_H */
