/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/flow.h - flow control credit, of a connection or of one stream
 *
 * struct quic_flow_tx counts against the limit the peer gave; struct
 * quic_flow_rx against the one we gave, and says when to raise it: after a
 * part of the window was read, and by how much: the window doubles while the
 * reader empties it faster than twice in a few round trips (auto-tuning).
 */
#ifndef _QUIC_CORE_FLOW_H
#define _QUIC_CORE_FLOW_H

#include "violation.h"

struct quic_flow_tx {
	u64 max;	/* peer's limit: MAX_DATA or MAX_STREAM_DATA */
	u64 used;	/* bytes sent once (highest offset; sum over streams) */
	u64 blocked_at;	/* limit for which *_BLOCKED was told last, U64_MAX: none */
	bool wanted;	/* there are bytes to send that @max does not allow */
};

void quic_flow_tx_init(struct quic_flow_tx *f, u64 max);

/* Bytes that may still be sent. */
static inline u64 quic_flow_tx_room(const struct quic_flow_tx *f)
{
	return f->max > f->used ? f->max - f->used : 0;
}

/* Something waits for credit: the peer has to be told, once for each limit [9000-4.1]. */
static inline bool quic_flow_tx_owes_blocked(const struct quic_flow_tx *f)
{
	return f->wanted && !quic_flow_tx_room(f) && f->blocked_at != f->max;
}

/* Raises the limit: true when it grew (a smaller one is ignored, RFC 9000 4.1). */
bool quic_flow_tx_raise(struct quic_flow_tx *f, u64 max);

/**
 * struct quic_flow_rx - credit we give
 * @max: limit told to the peer
 * @received: highest offset received (connection: sum over streams)
 * @consumed: bytes the application has read (or that were discarded)
 * @window: bytes the peer may be ahead of @consumed
 * @window_max: @window never grows above
 * @epoch_at: when the current auto-tuning measurement began
 * @epoch_consumed: @consumed then
 */
struct quic_flow_rx {
	u64 max;
	u64 received;
	u64 consumed;
	u64 window;
	u64 window_max;
	quic_us epoch_at;
	u64 epoch_consumed;
};

void quic_flow_rx_init(struct quic_flow_rx *f, u64 window, u64 window_max);
/* May the peer be at @received? 0 or the violation given by the caller in @v. */
int quic_flow_rx_check(const struct quic_flow_rx *f, u64 received, enum quic_violation v);
/* @bytes were read: true when a new limit should be told (>= window/16 to give, UAPI.md 6). */
bool quic_flow_rx_consume(struct quic_flow_rx *f, u64 bytes, quic_us now, quic_us rtt);
/* The peer says it has nothing left of @limit: true when it should be told ours. */
bool quic_flow_rx_on_blocked(const struct quic_flow_rx *f, u64 limit);
/* The limit to tell now; becomes @max. Never decreases. */
u64 quic_flow_rx_grant(struct quic_flow_rx *f);

/* The peer has half a window left: more credit need not be told at once. */
static inline bool quic_flow_rx_is_ample(const struct quic_flow_rx *f)
{
	return f->max - f->received >= f->window / 2;
}

#endif /* _QUIC_CORE_FLOW_H */
