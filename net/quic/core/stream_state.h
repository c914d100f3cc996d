/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/stream_state.h - the two state machines of a stream, RFC 9000 3
 *
 * Sending part (figure 2)             Receiving part (figure 3)
 *
 *   READY --send--> SEND                RECV --FIN--> SIZE_KNOWN
 *     |               | FIN sent          |             | all data
 *     | reset         v                   | reset       v
 *     |             SENT --all acked-->   |          RECVD --read--> READ
 *     v               | reset   RECVD     v
 *   RESET_SENT <------+               RESET_RECVD --read--> RESET_READ
 *     | acked
 *     v
 *   RESET_RECVD
 *
 * Pure tables; who sets a state asserts, traces and acts.  Values are those of
 * the uapi (UAPI.md 3), so that events can carry them.
 */
#ifndef _QUIC_CORE_STREAM_STATE_H
#define _QUIC_CORE_STREAM_STATE_H

#include "types.h"

enum quic_send_state {
	QUIC_SEND_READY,
	QUIC_SEND_SEND,
	QUIC_SEND_SENT,
	QUIC_SEND_RECVD,
	QUIC_SEND_RESET_SENT,
	QUIC_SEND_RESET_RECVD,
	QUIC_NR_SEND_STATES,
	QUIC_SEND_INVALID = 0xff,
};

enum quic_send_event {
	QUIC_SEND_EV_DATA,	/* data was queued or sent */
	QUIC_SEND_EV_FIN,	/* the FIN was sent once */
	QUIC_SEND_EV_ALL_ACKED,	/* FIN and all data acknowledged */
	QUIC_SEND_EV_RESET,	/* RESET_STREAM is (to be) sent */
	QUIC_SEND_EV_RESET_ACKED,
	QUIC_NR_SEND_EVENTS,
};

enum quic_recv_state {
	QUIC_RECV_RECV,
	QUIC_RECV_SIZE_KNOWN,
	QUIC_RECV_RECVD,
	QUIC_RECV_READ,
	QUIC_RECV_RESET_RECVD,
	QUIC_RECV_RESET_READ,
	QUIC_NR_RECV_STATES,
	QUIC_RECV_INVALID = 0xff,
};

#define QUIC_RECV_STATE_UAPI_BASE 6	/* QUIC_STREAM_RECV_STATE_RECV */

enum quic_recv_event {
	QUIC_RECV_EV_FIN,	/* final size known, gaps remain */
	QUIC_RECV_EV_ALL_DATA,	/* all data up to the final size arrived */
	QUIC_RECV_EV_READ,	/* the application read all of it */
	QUIC_RECV_EV_RESET,	/* RESET_STREAM arrived */
	QUIC_RECV_EV_RESET_READ,
	QUIC_NR_RECV_EVENTS,
};

/* The state after @ev, or QUIC_SEND_INVALID when @ev can not happen in @s. */
enum quic_send_state quic_send_state_next(enum quic_send_state s, enum quic_send_event ev);
enum quic_recv_state quic_recv_state_next(enum quic_recv_state s, enum quic_recv_event ev);
/* "RESET_SENT", for traces; "?" when out of range; so the others. */
const char *quic_send_state_name(enum quic_send_state s);
const char *quic_recv_state_name(enum quic_recv_state s);
const char *quic_send_event_name(enum quic_send_event ev);
const char *quic_recv_event_name(enum quic_recv_event ev);

/* Nothing of the sending part can change any more. */
static inline bool quic_send_state_is_terminal(enum quic_send_state s)
{
	return s == QUIC_SEND_RECVD || s == QUIC_SEND_RESET_RECVD;
}

/* Nothing of the receiving part can change any more. */
static inline bool quic_recv_state_is_terminal(enum quic_recv_state s)
{
	return s == QUIC_RECV_READ || s == QUIC_RECV_RESET_READ;
}

/* Stream ids, RFC 9000 2.1. */
static inline bool quic_sid_is_server(quic_sid sid)
{
	return sid & 1;
}

/* Unidirectional? */
static inline bool quic_sid_is_uni(quic_sid sid)
{
	return sid & 2;
}

/* Which of the streams of its type it is: 0, 1, ... */
static inline u64 quic_sid_index(quic_sid sid)
{
	return sid >> 2;
}

/* The id of the @index-th stream of that kind, RFC 9000 2.1. */
static inline quic_sid quic_sid_make(u64 index, bool server, bool uni)
{
	return index << 2 | (uni ? 2 : 0) | (server ? 1 : 0);
}

#endif /* _QUIC_CORE_STREAM_STATE_H */
