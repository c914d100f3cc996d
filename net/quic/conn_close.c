// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * conn_close.c - how a connection ends (RFC 9000 10)
 *
 * Every end passes through here: what is recorded for the application, the
 * CONNECTION_CLOSE to be sent, the closing and draining periods.
 */
#include "packet.h"

static const u8 close_period_ptos = 3;		/* RFC 9000 10.2 */

static void close_record(struct quic_conn *conn, enum quic_close_source source, bool app,
			 u64 code, u64 frame_type, const void *reason, size_t len)
{
	struct quic_close *c = &conn->close;

	memset(c, 0, sizeof(*c));
	c->source = source;
	c->app = app;
	c->code = code;
	c->frame_type = frame_type;
	/* One byte stays 0, so that it can be handed out as a string. */
	c->reason_len = min_t(size_t, len, sizeof(c->reason) - 1);
	if (c->reason_len)
		memcpy(c->reason, reason, c->reason_len);
}

static void close_event(struct quic_conn *conn)
{
	struct quic_edge_event_info ev = {
		.type = QUIC_EDGE_EV_CLOSE,
		.code = conn->close.code,
		.value = conn->close.frame_type,
	};

	quic_edge_event(conn, &ev);
}

static void close_start_period(struct quic_conn *conn, quic_us now)
{
	enum quic_timer t;

	quic_conn_shed(conn);
	for (t = 0; t < QUIC_NR_TIMERS; t++)
		quic_timers_stop(&conn->timers, t);
	if (conn->state == QUIC_CONN_CLOSING || conn->state == QUIC_CONN_DRAINING)
		quic_timers_set(&conn->timers, QUIC_TIMER_CLOSE,
				now + close_period_ptos * quic_conn_pto(conn));
}

void quic_conn_abandon(struct quic_conn *conn, enum quic_close_source why)
{
	if (!quic_conn_is_open(conn))
		return;
	close_record(conn, why, false, why == QUIC_CLOSE_VERSION ? QUIC_ERR_VERSION_NEGOTIATION :
								    QUIC_ERR_NO_ERROR, 0, NULL, 0);
	quic_conn_set_state(conn, QUIC_CONN_EV_ABANDON);
	close_start_period(conn, 0);
	close_event(conn);
}

void quic_conn_abort(struct quic_conn *conn, quic_us now)
{
	if (quic_conn_is_open(conn))
		quic_conn_set_state(conn, QUIC_CONN_EV_ABANDON);
	else if (conn->state == QUIC_CONN_CLOSING || conn->state == QUIC_CONN_DRAINING)
		quic_conn_set_state(conn, QUIC_CONN_EV_CLOSE_TIMER);
	close_start_period(conn, now);
}

/* Nothing was ever said to the peer: there is nothing to close. */
static bool close_is_silent(const struct quic_conn *conn)
{
	enum quic_space s;

	if (conn->hello_stale)
		return true;
	for (s = 0; s < QUIC_NR_SPACES; s++)
		if (conn->recovery.space[s].sent.next || conn->space[s].largest != QUIC_PN_NONE)
			return false;
	return true;
}

/* CONNECTION_CLOSE is due at each level that the peer may be able to open (10.2.3). */
static void close_say(struct quic_conn *conn)
{
	enum quic_level level;

	for (level = 0; level < QUIC_NR_LEVELS; level++)
		if (quic_keys_can_send(&conn->keys, level) && level != QUIC_LEVEL_EARLY)
			conn->close_levels |= BIT(level);
}

static void close_local(struct quic_conn *conn, quic_us now)
{
	if (close_is_silent(conn)) {
		quic_conn_set_state(conn, QUIC_CONN_EV_ABANDON);
		close_start_period(conn, now);
		return;
	}
	quic_conn_set_state(conn, QUIC_CONN_EV_CLOSE);
	close_say(conn);
	close_start_period(conn, now);
	quic_packet_output(conn, now);
}

void quic_conn_close(struct quic_conn *conn, bool app, u64 code, const void *reason,
		     size_t reason_len, quic_us now)
{
	if (!quic_conn_is_open(conn))
		return;
	close_record(conn, QUIC_CLOSE_LOCAL, app, code, 0, reason, reason_len);
	close_local(conn, now);
}

void quic_conn_close_when_flushed(struct quic_conn *conn, bool app, u64 code, const void *reason,
				  size_t reason_len, quic_us deadline, quic_us now)
{
	if (!quic_conn_is_open(conn))
		return;
	close_record(conn, QUIC_CLOSE_NONE, app, code, 0, reason, reason_len);
	conn->flushing = true;
	quic_timers_set(&conn->timers, QUIC_TIMER_FLUSH, deadline);
	quic_stream_flush(conn);
	quic_conn_check_flushed(conn, now);
}

void quic_conn_violate(struct quic_conn *conn, enum quic_violation v, u64 frame_type, quic_us now)
{
	const char *name = quic_violation_name(v);

	if (!quic_conn_is_open(conn))
		return;
	conn->stats.violations++;
	quic_edge_trace(conn, QUIC_TRACE_VIOLATION, v, frame_type, 0);
	close_record(conn, QUIC_CLOSE_LOCAL, false, quic_violation_error(v), frame_type, name,
		     strlen(name));
	close_local(conn, now);					/* [9000-10.3#1] */
	close_event(conn);
}

/* Whatever is fatal is told by CONNECTION_CLOSE [9000-10.3#1]. */
void quic_conn_fail(struct quic_conn *conn, enum quic_error code, const char *why, quic_us now)
{
	if (!quic_conn_is_open(conn))
		return;
	close_record(conn, QUIC_CLOSE_LOCAL, false, code, 0, why, strlen(why));
	close_local(conn, now);
	close_event(conn);
}

void quic_conn_give_up(struct quic_conn *conn, quic_us now)
{
	static const char why[] = "handshake timeout";

	if (!quic_conn_is_open(conn))
		return;
	/* No error that the RFC has a code for; a peer that hears it need not wait for its own. */
	close_record(conn, QUIC_CLOSE_HANDSHAKE_TIMEOUT, false, QUIC_ERR_NO_ERROR, 0, why,
		     sizeof(why) - 1);
	close_local(conn, now);
	close_event(conn);
}

void quic_conn_on_peer_close(struct quic_conn *conn, const struct quic_frame_close *f, bool app,
			     quic_us now)
{
	close_record(conn, QUIC_CLOSE_PEER, app, f->code, f->frame_type, f->reason.data,
		     f->reason.len);
	quic_conn_set_state(conn, QUIC_CONN_EV_PEER_CLOSE);	/* [9000-10.2.2#2]: no reply */
	close_start_period(conn, now);
	close_event(conn);
}

void quic_conn_on_stateless_reset(struct quic_conn *conn, quic_us now)
{
	close_record(conn, QUIC_CLOSE_RESET, false, QUIC_ERR_CRYPTO, 0, NULL, 0);
	quic_conn_set_state(conn, QUIC_CONN_EV_RESET);		/* [9000-10.3.1#4] */
	close_start_period(conn, now);
	close_event(conn);
}

void quic_conn_on_rx_closing(struct quic_conn *conn, u32 bytes)
{
	conn->close_room += (u64)bytes * QUIC_AMPLIFICATION_FACTOR;
	/*
	 * Ever less often, at packets 1, 2, 4, 8, ..., and never with more than three
	 * times what came: nobody looks whether it was authentic [9000-10.2.1#1].
	 */
	if (!is_power_of_2(++conn->close_rx) || conn->close_room < conn->close_bytes)
		return;
	conn->close_room -= conn->close_bytes;
	close_say(conn);
}
