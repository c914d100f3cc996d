// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/conn_state.c - the table behind the life of a connection
 *
 * One row per state, one column per event; an entry is the state after it plus
 * one, so that what is not written down is invalid.  Once the end has begun,
 * further reasons to end change nothing: the first one counts [9000-10.2].
 */
#include "conn_state.h"

#define TO(state)	((state) + 1)

static const u8 conn_table[QUIC_NR_CONN_STATES][QUIC_NR_CONN_EVENTS] = {
	[QUIC_CONN_NEW] = {
		[QUIC_CONN_EV_START] = TO(QUIC_CONN_ESTABLISHING),
		[QUIC_CONN_EV_ABANDON] = TO(QUIC_CONN_CLOSED),
	},
	[QUIC_CONN_ESTABLISHING] = {
		[QUIC_CONN_EV_KEYS] = TO(QUIC_CONN_ESTABLISHED),
		[QUIC_CONN_EV_CLOSE] = TO(QUIC_CONN_CLOSING),
		[QUIC_CONN_EV_PEER_CLOSE] = TO(QUIC_CONN_DRAINING),
		[QUIC_CONN_EV_RESET] = TO(QUIC_CONN_DRAINING),
		[QUIC_CONN_EV_ABANDON] = TO(QUIC_CONN_CLOSED),
	},
	[QUIC_CONN_ESTABLISHED] = {
		[QUIC_CONN_EV_CLOSE] = TO(QUIC_CONN_CLOSING),
		[QUIC_CONN_EV_PEER_CLOSE] = TO(QUIC_CONN_DRAINING),
		[QUIC_CONN_EV_RESET] = TO(QUIC_CONN_DRAINING),
		[QUIC_CONN_EV_ABANDON] = TO(QUIC_CONN_CLOSED),
	},
	[QUIC_CONN_CLOSING] = {
		[QUIC_CONN_EV_CLOSE] = TO(QUIC_CONN_CLOSING),
		[QUIC_CONN_EV_PEER_CLOSE] = TO(QUIC_CONN_DRAINING),	/* 10.2.2 */
		[QUIC_CONN_EV_RESET] = TO(QUIC_CONN_DRAINING),
		[QUIC_CONN_EV_ABANDON] = TO(QUIC_CONN_CLOSED),
		[QUIC_CONN_EV_CLOSE_TIMER] = TO(QUIC_CONN_CLOSED),
	},
	[QUIC_CONN_DRAINING] = {
		[QUIC_CONN_EV_CLOSE] = TO(QUIC_CONN_DRAINING),
		[QUIC_CONN_EV_PEER_CLOSE] = TO(QUIC_CONN_DRAINING),
		[QUIC_CONN_EV_RESET] = TO(QUIC_CONN_DRAINING),
		[QUIC_CONN_EV_ABANDON] = TO(QUIC_CONN_CLOSED),
		[QUIC_CONN_EV_CLOSE_TIMER] = TO(QUIC_CONN_CLOSED),
	},
	/* QUIC_CONN_CLOSED: nothing happens there any more */
};

static const char *const conn_state_names[QUIC_NR_CONN_STATES] = {
	[QUIC_CONN_NEW] = "NEW",
	[QUIC_CONN_ESTABLISHING] = "ESTABLISHING",
	[QUIC_CONN_ESTABLISHED] = "ESTABLISHED",
	[QUIC_CONN_CLOSING] = "CLOSING",
	[QUIC_CONN_DRAINING] = "DRAINING",
	[QUIC_CONN_CLOSED] = "CLOSED",
};

static const char *const conn_event_names[QUIC_NR_CONN_EVENTS] = {
	[QUIC_CONN_EV_START] = "START",
	[QUIC_CONN_EV_KEYS] = "KEYS",
	[QUIC_CONN_EV_CLOSE] = "CLOSE",
	[QUIC_CONN_EV_PEER_CLOSE] = "PEER_CLOSE",
	[QUIC_CONN_EV_RESET] = "RESET",
	[QUIC_CONN_EV_ABANDON] = "ABANDON",
	[QUIC_CONN_EV_CLOSE_TIMER] = "CLOSE_TIMER",
};

enum quic_conn_state quic_conn_state_next(enum quic_conn_state s, enum quic_conn_event ev)
{
	u8 to;

	if (s >= QUIC_NR_CONN_STATES || ev >= QUIC_NR_CONN_EVENTS)
		return QUIC_CONN_INVALID;
	to = conn_table[s][ev];
	return to ? to - 1 : QUIC_CONN_INVALID;
}

const char *quic_conn_state_name(enum quic_conn_state s)
{
	return s < QUIC_NR_CONN_STATES ? conn_state_names[s] : "?";
}

const char *quic_conn_event_name(enum quic_conn_event ev)
{
	return ev < QUIC_NR_CONN_EVENTS ? conn_event_names[ev] : "?";
}
