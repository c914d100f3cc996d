// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/flow.c - flow control credit, of a connection or of one stream
 *
 * The receiver's window follows the reader.  A sender held back by credit can
 * send one window per round trip, so the reader then empties a whole window in
 * about one; whenever it took less than QUIC_FLOW_EPOCH_RTTS the window
 * doubles.  It settles at no less than twice what the path carries in a round
 * trip (so credit never holds the sender back) or at its bound.  It never
 * shrinks: credit once given can not be taken back (RFC 9000 4.1).
 *
 * Does not know memory pressure: the caller bounds window_max.
 */
#include "flow.h"

/* A window emptied within that many round trips doubles. */
static const u64 QUIC_FLOW_EPOCH_RTTS = 2;
/* A new limit is told once that part of the window can be given, UAPI.md 6. */
static const u32 QUIC_FLOW_GRANT_DEN = 16;

/**
 * quic_flow_tx_init() - credit the peer gave at first
 * @f: credit
 * @max: bytes, from the peer's transport parameters
 */
void quic_flow_tx_init(struct quic_flow_tx *f, u64 max)
{
	f->max = max;
	f->used = 0;
	f->blocked_at = U64_MAX;
	f->wanted = false;
}

/**
 * quic_flow_tx_raise() - MAX_DATA or MAX_STREAM_DATA came
 * @f: credit
 * @max: the limit it tells
 *
 * Return: true when the limit grew; a smaller one is ignored.
 */
bool quic_flow_tx_raise(struct quic_flow_tx *f, u64 max)
{
	if (max <= f->max)			/* [9000-4.1#3] [9000-13.3#3] */
		return false;
	f->max = max;
	f->wanted = false;
	return true;
}

/**
 * quic_flow_rx_init() - credit we give at first
 * @f: credit
 * @window: bytes, as in our transport parameters
 * @window_max: auto-tuning never goes above; at least @window
 */
void quic_flow_rx_init(struct quic_flow_rx *f, u64 window, u64 window_max)
{
	f->window = min_t(u64, window, QUIC_VARINT_MAX);
	f->window_max = min_t(u64, max(window_max, f->window), QUIC_VARINT_MAX);
	f->max = f->window;
	f->received = 0;
	f->consumed = 0;
	f->epoch_at = QUIC_US_NEVER;
	f->epoch_consumed = 0;
}

/**
 * quic_flow_rx_check() - did the peer keep to the limit
 * @f: credit
 * @received: highest offset (connection: sum over streams) it would reach
 * @v: what breaking it is called
 *
 * Return: 0, or @v when the limit is exceeded.
 */
int quic_flow_rx_check(const struct quic_flow_rx *f, u64 received, enum quic_violation v)
{
	/* [9000-4.1#2] [9000-19.9#2] [9000-19.10#4] */
	return received > f->max ? v : 0;
}

/* Ends a measurement when one window was read: doubles it if that went fast. */
static void quic_flow_rx_tune(struct quic_flow_rx *f, quic_us now, quic_us rtt)
{
	if (f->epoch_at == QUIC_US_NEVER) {
		f->epoch_at = now;
		return;
	}
	if (f->consumed - f->epoch_consumed < f->window)
		return;
	if (now - f->epoch_at < QUIC_FLOW_EPOCH_RTTS * rtt)
		f->window = f->window > f->window_max >> 1 ? f->window_max : 2 * f->window;
	f->epoch_at = now;
	f->epoch_consumed = f->consumed;
}

/* Is there so much to give that the peer should hear of it? */
static bool quic_flow_rx_is_due(const struct quic_flow_rx *f)
{
	u64 limit = min_t(u64, f->consumed + f->window, QUIC_VARINT_MAX);

	return limit > f->max && limit - f->max >= div_u64(f->window, QUIC_FLOW_GRANT_DEN);
}

/**
 * quic_flow_rx_consume() - the application took bytes, or they were discarded
 * @f: credit
 * @bytes: how many
 * @now: current time
 * @rtt: smoothed round-trip time
 *
 * Return: true when a new limit should be told.
 */
bool quic_flow_rx_consume(struct quic_flow_rx *f, u64 bytes, quic_us now, quic_us rtt)
{
	f->consumed += min(bytes, QUIC_VARINT_MAX - f->consumed);
	quic_flow_rx_tune(f, now, rtt);
	return quic_flow_rx_is_due(f);
}

/**
 * quic_flow_rx_on_blocked() - DATA_BLOCKED or STREAM_DATA_BLOCKED came
 * @f: credit
 * @limit: the one that holds the peer back
 *
 * Credit never waits for this frame (RFC 9000 4.2); it only helps a peer that has
 * missed our last word.  Giving it less than is worth a frame would make it send
 * as little and ask again.
 *
 * Return: true when the limit should be told.
 */
bool quic_flow_rx_on_blocked(const struct quic_flow_rx *f, u64 limit)
{
	return limit < f->max || quic_flow_rx_is_due(f);
}

/**
 * quic_flow_rx_grant() - the limit to tell now
 * @f: credit
 *
 * Return: the limit, at most 2^62-1; it is @f->max from now on.
 */
u64 quic_flow_rx_grant(struct quic_flow_rx *f)
{
	f->max = max(f->max, min_t(u64, f->consumed + f->window, QUIC_VARINT_MAX));
	return f->max;
}
