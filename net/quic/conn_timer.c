// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * conn_timer.c - what time does to a connection
 *
 * quic_conn_set_timers() derives every deadline from state once per call into
 * the engine; quic_conn_on_timeout() handles those that are due.
 */
#include "packet.h"

static const u8 timer_idle_min_ptos = 3;	/* RFC 9000 10.1 */

quic_us quic_conn_pto(const struct quic_conn *conn)
{
	return quic_rtt_pto(&conn->path->rtt) + conn->recovery.max_ack_delay;
}

/* The idle timeout in force: the smaller of both sides' (RFC 9000 10.1), 0: none. */
static quic_us timer_idle(const struct quic_conn *conn)
{
	u64 ms = conn->local.max_idle_timeout_ms, peer = conn->remote.max_idle_timeout_ms;

	if (conn->got_tparams && peer && (!ms || peer < ms))
		ms = peer;
	if (!ms)
		return 0;
	ms = min_t(u64, ms, U32_MAX);
	/* [9000-10.1] */
	return max_t(quic_us, ms * QUIC_US_PER_MS, timer_idle_min_ptos * quic_conn_pto(conn));
}

static void timer_set_idle(struct quic_conn *conn)
{
	const struct quic_sent *sent = &conn->recovery.space[QUIC_SPACE_APP].sent;
	quic_us idle = timer_idle(conn), ping = QUIC_US_NEVER;

	quic_timers_set(&conn->timers, QUIC_TIMER_IDLE,
			idle ? conn->idle_since + idle : QUIC_US_NEVER);
	/* While something waits for its ACK, the PTO keeps the connection alive. */
	if (conn->config.keepalive && quic_conn_is_established(conn) && !sent->nr_eliciting &&
	    !(conn->ctl & QUIC_CTL_PING))
		ping = conn->idle_since + conn->config.keepalive;
	quic_timers_set(&conn->timers, QUIC_TIMER_KEEPALIVE, ping);
}

void quic_conn_set_timers(struct quic_conn *conn, quic_us now)
{
	struct quic_pnspace *app = &conn->space[QUIC_SPACE_APP];
	bool blocked = quic_path_amplification_room(conn->path) < quic_conn_least_room(conn);
	quic_us at;

	if (!quic_conn_is_open(conn))
		return;
	at = quic_recovery_deadline(&conn->recovery, &conn->path->rtt, quic_conn_is_awaited(conn),
				    quic_conn_probes_handshake(conn), blocked, now);
	/* A client that has said nothing yet, in this version, has nothing to probe for. */
	if (!conn->is_server && !conn->crypto[QUIC_SPACE_INITIAL].snd.end)
		at = QUIC_US_NEVER;
	quic_timers_set(&conn->timers, QUIC_TIMER_LOSS, at);
	/* What the limit holds back leaves when more came in. */
	quic_timers_set(&conn->timers, QUIC_TIMER_ACK, blocked ? QUIC_US_NEVER : app->ack_at);
	if (!conn->ctl && list_empty(&conn->streams.ctl))
		quic_timers_stop(&conn->timers, QUIC_TIMER_CREDIT);
	timer_set_idle(conn);
}

void quic_conn_tell_later(struct quic_conn *conn, quic_us now)
{
	if (!quic_timers_is_armed(&conn->timers, QUIC_TIMER_CREDIT))
		quic_timers_set(&conn->timers, QUIC_TIMER_CREDIT,
				now + conn->local.max_ack_delay_ms * QUIC_US_PER_MS);
}

void quic_conn_on_authentic(struct quic_conn *conn, quic_us now)
{
	conn->last_rx_at = now;
	conn->idle_since = now;
	conn->eliciting_since_rx = false;
}

void quic_conn_on_packet_sent(struct quic_conn *conn, enum quic_level level,
			      const struct quic_sent_pkt *rec, quic_us now)
{
	/* Only the first ack-eliciting packet after a receive restarts it (RFC 9000 10.1). */
	if (rec->eliciting && !conn->eliciting_since_rx) {
		conn->eliciting_since_rx = true;
		conn->idle_since = now;
	}
	if (level == QUIC_LEVEL_HANDSHAKE && !conn->is_server)
		conn->drop_initial = true;			/* [9001-4.9.1#1] */
}

void quic_conn_on_burst_sent(struct quic_conn *conn)
{
	if (!conn->drop_initial)
		return;
	conn->drop_initial = false;
	quic_conn_discard_keys(conn, QUIC_LEVEL_INITIAL);
}

static void timer_expired(struct quic_conn *conn, enum quic_timer t, quic_us now)
{
	struct quic_close c = conn->close;

	switch (t) {
	case QUIC_TIMER_LOSS:
		quic_conn_on_loss_timer(conn, now);
		break;
	case QUIC_TIMER_ACK:
		conn->space[QUIC_SPACE_APP].ack_now = true;
		break;
	case QUIC_TIMER_IDLE:
		quic_conn_abandon(conn, QUIC_CLOSE_IDLE);	/* RFC 9000 10.1: silently */
		break;
	case QUIC_TIMER_CLOSE:
		quic_conn_set_state(conn, QUIC_CONN_EV_CLOSE_TIMER);
		break;
	case QUIC_TIMER_HANDSHAKE:
		quic_conn_give_up(conn, now);
		break;
	case QUIC_TIMER_KEEPALIVE:
		conn->ctl |= QUIC_CTL_PING;
		break;
	case QUIC_TIMER_KEY:
		quic_conn_on_key_timer(conn, now);
		break;
	case QUIC_TIMER_EARLY:
		quic_conn_discard_keys(conn, QUIC_LEVEL_EARLY);
		break;
	case QUIC_TIMER_FLUSH:
		conn->flushing = false;
		quic_conn_close(conn, c.app, c.code, c.reason, c.reason_len, now);
		break;
	case QUIC_TIMER_PATH:
		quic_conn_on_path_timer(conn, now);
		break;
	case QUIC_TIMER_PMTU:
		quic_conn_on_pmtu_timer(conn, now);
		break;
	default:	/* PACE, CREDIT: sending is what follows */
		break;
	}
}

void quic_conn_on_timeout(struct quic_conn *conn, quic_us now)
{
	enum quic_timer t;

	for (t = 0; t < QUIC_NR_TIMERS; t++)
		if (quic_timers_expired(&conn->timers, t, now))
			timer_expired(conn, t, now);
	quic_conn_output(conn, now);
}
