// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/stream_state.c - the tables behind the two parts of a stream
 *
 * One row per state, one column per event; an entry is the state after it plus
 * one, so that what is not written down is invalid.  Besides the arrows of
 * RFC 9000 figures 2 and 3 there are only those that come from doing two steps
 * at once (a FIN in the first frame, the last byte together with the FIN) and
 * those that a retransmission or a repeat brings, which stay where they are.
 * Frames that arrive for a part that is over never become events.
 */
#include "stream_state.h"

#define TO(state)	((state) + 1)

static const u8 send_table[QUIC_NR_SEND_STATES][QUIC_NR_SEND_EVENTS] = {
	[QUIC_SEND_READY] = {
		[QUIC_SEND_EV_DATA] = TO(QUIC_SEND_SEND),
		[QUIC_SEND_EV_FIN] = TO(QUIC_SEND_SENT),
		[QUIC_SEND_EV_RESET] = TO(QUIC_SEND_RESET_SENT),
	},
	[QUIC_SEND_SEND] = {
		[QUIC_SEND_EV_DATA] = TO(QUIC_SEND_SEND),
		[QUIC_SEND_EV_FIN] = TO(QUIC_SEND_SENT),
		[QUIC_SEND_EV_RESET] = TO(QUIC_SEND_RESET_SENT),
	},
	[QUIC_SEND_SENT] = {
		[QUIC_SEND_EV_DATA] = TO(QUIC_SEND_SENT),	/* retransmission */
		[QUIC_SEND_EV_FIN] = TO(QUIC_SEND_SENT),
		[QUIC_SEND_EV_ALL_ACKED] = TO(QUIC_SEND_RECVD),
		[QUIC_SEND_EV_RESET] = TO(QUIC_SEND_RESET_SENT),
	},
	/* QUIC_SEND_RECVD: terminal; a reset is pointless there [9000-3.1] */
	[QUIC_SEND_RESET_SENT] = {
		[QUIC_SEND_EV_RESET_ACKED] = TO(QUIC_SEND_RESET_RECVD),
	},
	/* QUIC_SEND_RESET_RECVD: terminal */
};

static const u8 recv_table[QUIC_NR_RECV_STATES][QUIC_NR_RECV_EVENTS] = {
	[QUIC_RECV_RECV] = {
		[QUIC_RECV_EV_FIN] = TO(QUIC_RECV_SIZE_KNOWN),
		[QUIC_RECV_EV_ALL_DATA] = TO(QUIC_RECV_RECVD),
		[QUIC_RECV_EV_RESET] = TO(QUIC_RECV_RESET_RECVD),
	},
	[QUIC_RECV_SIZE_KNOWN] = {
		[QUIC_RECV_EV_FIN] = TO(QUIC_RECV_SIZE_KNOWN),	/* repeated */
		[QUIC_RECV_EV_ALL_DATA] = TO(QUIC_RECV_RECVD),
		[QUIC_RECV_EV_RESET] = TO(QUIC_RECV_RESET_RECVD),
	},
	[QUIC_RECV_RECVD] = {
		[QUIC_RECV_EV_READ] = TO(QUIC_RECV_READ),
		/* Everything is here: it is delivered, the choice of RFC 9000 3.2. */
		[QUIC_RECV_EV_RESET] = TO(QUIC_RECV_RECVD),
	},
	/* QUIC_RECV_READ: terminal */
	[QUIC_RECV_RESET_RECVD] = {
		[QUIC_RECV_EV_RESET] = TO(QUIC_RECV_RESET_RECVD),	/* repeated */
		[QUIC_RECV_EV_RESET_READ] = TO(QUIC_RECV_RESET_READ),
	},
	/* QUIC_RECV_RESET_READ: terminal */
};

static const char *const send_state_names[QUIC_NR_SEND_STATES] = {
	[QUIC_SEND_READY] = "READY",
	[QUIC_SEND_SEND] = "SEND",
	[QUIC_SEND_SENT] = "SENT",
	[QUIC_SEND_RECVD] = "RECVD",
	[QUIC_SEND_RESET_SENT] = "RESET_SENT",
	[QUIC_SEND_RESET_RECVD] = "RESET_RECVD",
};

static const char *const recv_state_names[QUIC_NR_RECV_STATES] = {
	[QUIC_RECV_RECV] = "RECV",
	[QUIC_RECV_SIZE_KNOWN] = "SIZE_KNOWN",
	[QUIC_RECV_RECVD] = "RECVD",
	[QUIC_RECV_READ] = "READ",
	[QUIC_RECV_RESET_RECVD] = "RESET_RECVD",
	[QUIC_RECV_RESET_READ] = "RESET_READ",
};

static const char *const send_event_names[QUIC_NR_SEND_EVENTS] = {
	[QUIC_SEND_EV_DATA] = "DATA",
	[QUIC_SEND_EV_FIN] = "FIN",
	[QUIC_SEND_EV_ALL_ACKED] = "ALL_ACKED",
	[QUIC_SEND_EV_RESET] = "RESET",
	[QUIC_SEND_EV_RESET_ACKED] = "RESET_ACKED",
};

static const char *const recv_event_names[QUIC_NR_RECV_EVENTS] = {
	[QUIC_RECV_EV_FIN] = "FIN",
	[QUIC_RECV_EV_ALL_DATA] = "ALL_DATA",
	[QUIC_RECV_EV_READ] = "READ",
	[QUIC_RECV_EV_RESET] = "RESET",
	[QUIC_RECV_EV_RESET_READ] = "RESET_READ",
};

enum quic_send_state quic_send_state_next(enum quic_send_state s, enum quic_send_event ev)
{
	u8 to;

	if (s >= QUIC_NR_SEND_STATES || ev >= QUIC_NR_SEND_EVENTS)
		return QUIC_SEND_INVALID;
	to = send_table[s][ev];
	return to ? to - 1 : QUIC_SEND_INVALID;
}

enum quic_recv_state quic_recv_state_next(enum quic_recv_state s, enum quic_recv_event ev)
{
	u8 to;

	if (s >= QUIC_NR_RECV_STATES || ev >= QUIC_NR_RECV_EVENTS)
		return QUIC_RECV_INVALID;
	to = recv_table[s][ev];
	return to ? to - 1 : QUIC_RECV_INVALID;
}

const char *quic_send_state_name(enum quic_send_state s)
{
	return s < QUIC_NR_SEND_STATES ? send_state_names[s] : "?";
}

const char *quic_recv_state_name(enum quic_recv_state s)
{
	return s < QUIC_NR_RECV_STATES ? recv_state_names[s] : "?";
}

const char *quic_send_event_name(enum quic_send_event ev)
{
	return ev < QUIC_NR_SEND_EVENTS ? send_event_names[ev] : "?";
}

const char *quic_recv_event_name(enum quic_recv_event ev)
{
	return ev < QUIC_NR_RECV_EVENTS ? recv_event_names[ev] : "?";
}
