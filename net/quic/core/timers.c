// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/timers.c - all deadlines of a connection in one small table
 *
 * A dozen deadlines are searched faster than a heap is kept.  Knows no clock
 * and arms nothing: the host does, for quic_timers_earliest().
 */
#include "timers.h"

static const char *const timer_names[QUIC_NR_TIMERS] = {
	[QUIC_TIMER_LOSS] = "loss",
	[QUIC_TIMER_ACK] = "ack",
	[QUIC_TIMER_PACE] = "pace",
	[QUIC_TIMER_IDLE] = "idle",
	[QUIC_TIMER_CLOSE] = "close",
	[QUIC_TIMER_HANDSHAKE] = "handshake",
	[QUIC_TIMER_KEEPALIVE] = "keepalive",
	[QUIC_TIMER_KEY] = "key",
	[QUIC_TIMER_PATH] = "path",
	[QUIC_TIMER_PMTU] = "pmtu",
	[QUIC_TIMER_FLUSH] = "flush",
	[QUIC_TIMER_EARLY] = "early",
	[QUIC_TIMER_CREDIT] = "credit",
};

/**
 * quic_timers_init() - nothing is armed
 * @t: the table
 */
void quic_timers_init(struct quic_timers *t)
{
	unsigned int i;

	for (i = 0; i < QUIC_NR_TIMERS; i++)
		t->at[i] = QUIC_US_NEVER;
}

/**
 * quic_timers_earliest() - for when the host's one timer is to be set
 * @t: the table
 *
 * Return: the earliest deadline, QUIC_US_NEVER for none.
 */
quic_us quic_timers_earliest(const struct quic_timers *t)
{
	quic_us at = QUIC_US_NEVER;
	unsigned int i;

	for (i = 0; i < QUIC_NR_TIMERS; i++)
		at = min(at, t->at[i]);
	return at;
}

/**
 * quic_timers_expired() - take a due deadline
 * @t: the table
 * @which: the timer
 * @now: current time
 *
 * Return: true, and @which is disarmed, when it was due at @now.
 */
bool quic_timers_expired(struct quic_timers *t, enum quic_timer which, quic_us now)
{
	if (t->at[which] == QUIC_US_NEVER || t->at[which] > now)
		return false;
	t->at[which] = QUIC_US_NEVER;
	return true;
}

/**
 * quic_timer_name() - for traces
 * @which: the timer
 *
 * Return: a word, "?" when out of range.
 */
const char *quic_timer_name(enum quic_timer which)
{
	return (unsigned int)which < QUIC_NR_TIMERS ? timer_names[which] : "?";
}
