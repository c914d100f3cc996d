/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/timers.h - all deadlines of a connection in one small table
 *
 * The host runs one real timer for quic_timers_earliest(); on expiry it calls
 * quic_conn_on_timeout(), which asks quic_timers_expired() for each due one.
 *
 *   LOSS       RFC 9002 A.8: time-threshold loss or PTO
 *   ACK        RFC 9000 13.2.1: the delayed acknowledgment
 *   PACE       7.7: the next burst may leave
 *   IDLE       RFC 9000 10.1
 *   CLOSE      10.2: closing or draining ends (3 PTO)
 *   HANDSHAKE  deadline for the handshake to complete
 *   KEEPALIVE  10.1.2: PING
 *   KEY        RFC 9001 6.5: the old receive key goes, or the next update may begin
 *   PATH       RFC 9000 8.2.4: path validation gives up
 *   PMTU       RFC 8899: probe or raise timer
 *   FLUSH      an orphan's queued data must be delivered until then
 *   EARLY      RFC 9001 4.9.3: a server drops 0-RTT keys 3 PTO after the first 1-RTT packet
 *   CREDIT     credit that no packet has taken along meanwhile
 */
#ifndef _QUIC_CORE_TIMERS_H
#define _QUIC_CORE_TIMERS_H

#include "types.h"

enum quic_timer {
	QUIC_TIMER_LOSS,
	QUIC_TIMER_ACK,
	QUIC_TIMER_PACE,
	QUIC_TIMER_IDLE,
	QUIC_TIMER_CLOSE,
	QUIC_TIMER_HANDSHAKE,
	QUIC_TIMER_KEEPALIVE,
	QUIC_TIMER_KEY,
	QUIC_TIMER_PATH,
	QUIC_TIMER_PMTU,
	QUIC_TIMER_FLUSH,
	QUIC_TIMER_EARLY,
	QUIC_TIMER_CREDIT,
	QUIC_NR_TIMERS,
};

struct quic_timers {
	quic_us at[QUIC_NR_TIMERS];	/* QUIC_US_NEVER: not armed */
};

void quic_timers_init(struct quic_timers *t);

/* Sets the deadline of @which; QUIC_US_NEVER stops it. */
static inline void quic_timers_set(struct quic_timers *t, enum quic_timer which, quic_us at)
{
	t->at[which] = at;
}

/* The same as setting QUIC_US_NEVER. */
static inline void quic_timers_stop(struct quic_timers *t, enum quic_timer which)
{
	t->at[which] = QUIC_US_NEVER;
}

/* Whether @which has a deadline. */
static inline bool quic_timers_is_armed(const struct quic_timers *t, enum quic_timer which)
{
	return t->at[which] != QUIC_US_NEVER;
}

/* The earliest deadline, QUIC_US_NEVER for none. */
quic_us quic_timers_earliest(const struct quic_timers *t);
/* True and disarmed when @which is due at @now. */
bool quic_timers_expired(struct quic_timers *t, enum quic_timer which, quic_us now);
const char *quic_timer_name(enum quic_timer which);

#endif /* _QUIC_CORE_TIMERS_H */
