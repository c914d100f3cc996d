// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * early.c - 0-RTT: remembered parameters, acceptance and rejection
 *
 * Knows neither packets nor frames: 0-RTT packets are made and read like any
 * others, with the key of QUIC_LEVEL_EARLY.
 */
#include "conn.h"
#include "early.h"

static const u8 early_key_ptos = 3;	/* a server keeps 0-RTT keys that long, RFC 9001 4.9.3 */

/*
 * Takes over what a client may remember [9000-7.4.1#2], all of it; the
 * rest stays at its default.
 */
static void early_take_remembered(struct quic_tparams *to, const struct quic_tparams *p)
{
	quic_tparam_init(to);
	to->max_idle_timeout_ms = p->max_idle_timeout_ms;
	to->max_udp_payload_size = p->max_udp_payload_size;
	to->initial_max_data = p->initial_max_data;		/* [9000-7.4.1#4] */
	to->initial_max_stream_data_bidi_local = p->initial_max_stream_data_bidi_local;
	to->initial_max_stream_data_bidi_remote = p->initial_max_stream_data_bidi_remote;
	to->initial_max_stream_data_uni = p->initial_max_stream_data_uni;
	to->initial_max_streams_bidi = p->initial_max_streams_bidi;
	to->initial_max_streams_uni = p->initial_max_streams_uni;
	to->active_connection_id_limit = p->active_connection_id_limit;
	to->max_datagram_frame_size = p->max_datagram_frame_size;
	to->disable_active_migration = p->disable_active_migration;
}

int quic_early_remember(struct quic_conn *conn, const struct quic_tparams *p)
{
	struct quic_early_attempt *e = conn->early;
	struct quic_tparams before = conn->remote;

	if (conn->is_server || conn->state != QUIC_CONN_ESTABLISHING || conn->got_tparams ||
	    quic_keys_can_send(&conn->keys, QUIC_LEVEL_EARLY) ||
	    quic_keys_is_discarded(&conn->keys, QUIC_LEVEL_EARLY))
		return -EINVAL;
	if (!e) {
		e = quic_env_alloc(1, sizeof(*e));
		if (!e)
			return -ENOMEM;
		quic_tparam_init(&e->fresh);
		conn->early = e;
	}
	early_take_remembered(&conn->remote, p);
	if (quic_stream_restart(conn)) {
		quic_conn_apply_tparams(conn);
		return 0;
	}
	conn->remote = before;
	return -EINVAL;
}

bool quic_early_start(struct quic_conn *conn, bool send)
{
	/* A server seals nothing with them [9001-5.6#3], a client opens nothing. */
	if (send == conn->is_server)
		return false;
	if (conn->is_server) {
		conn->early_accepted = true;
		return true;
	}
	if (!conn->early || conn->got_tparams)
		return false;
	conn->early->tried = true;
	return true;
}

int quic_early_judge(struct quic_conn *conn, bool accepted)
{
	struct quic_early_attempt *e = conn->early;

	if (!quic_conn_is_open(conn) || !e || !e->tried || e->verdict != QUIC_EARLY_OPEN)
		return -EINVAL;
	e->verdict = accepted ? QUIC_EARLY_ACCEPTED : QUIC_EARLY_REJECTED;
	if (!accepted)
		quic_conn_discard_keys(conn, QUIC_LEVEL_EARLY);
	return 0;
}

void quic_early_refuse(struct quic_conn *conn)
{
	if (conn->early && conn->early->tried)
		conn->early->verdict = QUIC_EARLY_REJECTED;
	quic_conn_discard_keys(conn, QUIC_LEVEL_EARLY);
}

/* A server that accepts may not allow less than it did. */
static int early_check_accepted(const struct quic_tparams *old, const struct quic_tparams *fresh)
{
	if (fresh->max_datagram_frame_size < old->max_datagram_frame_size)	/* [9221-3#6] */
		return QUIC_VIOLATION_TPARAM_DATAGRAM_REDUCED;
	/* [9000-7.4.1#6] */
	if (fresh->active_connection_id_limit < old->active_connection_id_limit ||
	    fresh->initial_max_data < old->initial_max_data ||
	    fresh->initial_max_stream_data_bidi_local < old->initial_max_stream_data_bidi_local ||
	    fresh->initial_max_stream_data_bidi_remote <
	    old->initial_max_stream_data_bidi_remote ||
	    fresh->initial_max_stream_data_uni < old->initial_max_stream_data_uni ||
	    fresh->initial_max_streams_bidi < old->initial_max_streams_bidi ||
	    fresh->initial_max_streams_uni < old->initial_max_streams_uni)
		return QUIC_VIOLATION_TPARAM_REDUCED;
	return 0;
}

/* Nothing that left is known to the server: streams begin anew. */
static bool early_restart(struct quic_conn *conn)
{
	struct quic_recovery *r = &conn->recovery;

	/* Numbers go on (RFC 9000 12.3); an ACK of one used so far would be a lie. */
	conn->early_end = r->space[QUIC_SPACE_APP].sent.next;
	quic_recovery_forget_space(r, QUIC_SPACE_APP, &conn->path->cong);
	conn->ctl &= ~(u32)(QUIC_CTL_DATA_BLOCKED | QUIC_CTL_STREAMS_BLOCKED_BIDI |
			    QUIC_CTL_STREAMS_BLOCKED_UNI);
	return quic_stream_restart(conn);
}

static int early_settle_client(struct quic_conn *conn, struct quic_early_attempt *e, quic_us now)
{
	static const char reason[] = "rejected early data exceed the new limits";
	struct quic_tparams old = conn->remote;
	bool accepted = e->tried && e->verdict != QUIC_EARLY_REJECTED;
	int v;

	if (!conn->got_tparams)
		return 0;
	conn->remote = e->fresh;				/* [9000-7.4.1#3] */
	v = accepted ? early_check_accepted(&old, &e->fresh) : 0;
	if (v) {
		quic_conn_violate(conn, v, QUIC_FRAME_CRYPTO, now);
		return -EPIPE;
	}
	if (!accepted && !early_restart(conn)) {		/* [9001-4.6.2#2] */
		quic_conn_close(conn, false, QUIC_ERR_APPLICATION, reason, sizeof(reason) - 1,
				now);
		return -EPIPE;
	}
	conn->early_accepted = e->verdict == QUIC_EARLY_ACCEPTED;
	quic_conn_apply_tparams(conn);
	return 0;
}

int quic_early_settle(struct quic_conn *conn, quic_us now)
{
	struct quic_early_attempt *e = conn->early;
	int err = 0;

	if (conn->is_server) {
		/* Whoever has 1-RTT keys but none of 0-RTT has rejected [9001-4.6.2#1]. */
		if (!quic_keys_can_recv(&conn->keys, QUIC_LEVEL_EARLY))
			quic_conn_discard_keys(conn, QUIC_LEVEL_EARLY);
		return 0;
	}
	/* [9001-4.9.3]; none leaves any more [9001-4.9#2] [9001-5.6#5] [9000-17.2.3#2]. */
	quic_conn_discard_keys(conn, QUIC_LEVEL_EARLY);
	if (e) {
		conn->early = NULL;
		err = early_settle_client(conn, e, now);
		quic_env_free(e);
	}
	return err;
}

void quic_early_on_received(struct quic_conn *conn, quic_us now)
{
	/* A key phase has a first packet once one of 1-RTT opened. */
	if (conn->keys.phase_first_rx == QUIC_PN_NONE ||
	    quic_timers_is_armed(&conn->timers, QUIC_TIMER_EARLY))
		return;
	quic_timers_set(&conn->timers, QUIC_TIMER_EARLY,	/* [9001-4.9.3#1] */
			now + early_key_ptos * quic_conn_pto(conn));
}
