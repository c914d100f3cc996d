/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/conn_state.h - the life of a connection (RFC 9000 10, RFC 9001 4.1)
 *
 *   NEW --start--> ESTABLISHING --keys--> ESTABLISHED
 *                       |   |                |   |
 *           local close |   | peer's close   |   |
 *                       v   v                v   v
 *                    CLOSING --peer close--> DRAINING
 *                       |                      |
 *                       +------ 3 PTO ---------+--> CLOSED
 *
 * A silent end (idle timeout, stateless reset: 10.1, 10.3) goes to CLOSED at once
 * (a reset through DRAINING).
 */
#ifndef _QUIC_CORE_CONN_STATE_H
#define _QUIC_CORE_CONN_STATE_H

#include "types.h"

enum quic_conn_state {
	QUIC_CONN_NEW,
	QUIC_CONN_ESTABLISHING,
	QUIC_CONN_ESTABLISHED,
	QUIC_CONN_CLOSING,
	QUIC_CONN_DRAINING,
	QUIC_CONN_CLOSED,
	QUIC_NR_CONN_STATES,
	QUIC_CONN_INVALID = 0xff,
};

enum quic_conn_event {
	QUIC_CONN_EV_START,		/* first Initial sent (client) or accepted (server) */
	QUIC_CONN_EV_KEYS,		/* both 1-RTT keys installed */
	QUIC_CONN_EV_CLOSE,		/* we close: CONNECTION_CLOSE is sent */
	QUIC_CONN_EV_PEER_CLOSE,	/* CONNECTION_CLOSE arrived */
	QUIC_CONN_EV_RESET,		/* stateless reset arrived */
	QUIC_CONN_EV_ABANDON,		/* idle or handshake timeout, or nothing to tell a peer */
	QUIC_CONN_EV_CLOSE_TIMER,	/* closing or draining period is over */
	QUIC_NR_CONN_EVENTS,
};

/* The state after @ev, or QUIC_CONN_INVALID when it can not happen in @s. */
enum quic_conn_state quic_conn_state_next(enum quic_conn_state s, enum quic_conn_event ev);
/* "ESTABLISHED", for traces; "?" when out of range. */
const char *quic_conn_state_name(enum quic_conn_state s);
const char *quic_conn_event_name(enum quic_conn_event ev);

#endif /* _QUIC_CORE_CONN_STATE_H */
