// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * conn_ack.c - what becomes of packets: acknowledged, lost, to be probed for
 *
 * Walks the outcomes of core/recovery and tells each item of a packet to the
 * machine it came from; stream bytes of packets acknowledged in a row are told as
 * one range.  Control frames are bits: a lost one is set again when
 * what it says still matters (RFC 9000 13.3).
 */
#include "conn.h"

static const u8 ack_black_hole_ptos = 3;	/* PTOs in a row that cast doubt on the MTU */
/* Packets whose content a PTO sends again, RFC 9002 6.2.4. */
static const u8 ack_probe_pkts = 2;

/* Tells the stream of @run, and begins another one. */
static void ack_run_end(struct quic_conn *conn, struct quic_sent_item *run)
{
	if (run->kind == QUIC_SENT_STREAM)
		quic_stream_on_acked(conn, run);
	run->kind = QUIC_SENT_NONE;
}

/* @run: STREAM bytes acknowledged before this and not told yet. */
static void ack_item_acked(struct quic_conn *conn, enum quic_space space,
			   const struct quic_sent_item *it, struct quic_sent_item *run)
{
	switch (it->kind) {
	case QUIC_SENT_STREAM:
		if (quic_sent_item_extend(run, it))
			break;
		ack_run_end(conn, run);
		*run = *it;
		break;
	case QUIC_SENT_RESET_STREAM:
		quic_stream_on_acked(conn, it);
		break;
	case QUIC_SENT_CRYPTO:
		conn->wmem -= quic_sndbuf_on_acked(&conn->crypto[space].snd, it->off, it->len,
						   false);
		break;
	case QUIC_SENT_ACK:
		quic_pnspace_on_ack_acked(&conn->space[space], it->off);
		break;
	case QUIC_SENT_RETIRE_CID:
		quic_connid_remote_retire_acked(&conn->remote_ids, it->off);
		break;
	default:
		break;
	}
}

static void ack_item_lost(struct quic_conn *conn, enum quic_space space,
			  const struct quic_sent_item *it)
{
	switch (it->kind) {
	case QUIC_SENT_STREAM:
	case QUIC_SENT_RESET_STREAM:
	case QUIC_SENT_STOP_SENDING:
	case QUIC_SENT_MAX_STREAM_DATA:
	case QUIC_SENT_STREAM_DATA_BLOCKED:
		quic_stream_on_lost(conn, it);
		break;
	case QUIC_SENT_CRYPTO:
		quic_sndbuf_on_lost(&conn->crypto[space].snd, it->off, it->len, false);
		break;
	case QUIC_SENT_NEW_CID:
		quic_connid_local_on_lost(&conn->local_ids, it->off);
		break;
	case QUIC_SENT_RETIRE_CID:
		quic_connid_remote_retire_lost(&conn->remote_ids, it->off);
		break;
	default:
		break;
	}
}

/* The packet number of a record. */
static quic_pn ack_pn(const struct quic_sent *s, const struct quic_sent_pkt *pkt)
{
	return s->base + (((pkt - s->pkts) - s->base) & (s->pkt_cap - 1));
}

static void ack_packet_acked(struct quic_conn *conn, enum quic_space space,
			     const struct quic_sent_pkt *pkt, struct quic_sent_item *run,
			     quic_us now)
{
	struct quic_sent *s = &conn->recovery.space[space].sent;
	unsigned int i;

	if (space == QUIC_SPACE_APP && quic_keys_on_acked(&conn->keys, ack_pn(s, pkt)))
		quic_conn_on_key_acked(conn, now);
	for (i = 0; i < pkt->nr_items; i++)
		ack_item_acked(conn, space, quic_sent_item_at(s, pkt, i), run);
	if (pkt->ctl & QUIC_CTL_NEW_TOKEN)
		quic_conn_forget_token(conn);
	if (pkt->ctl & QUIC_CTL_ACK_FREQUENCY)
		quic_conn_on_ack_frequency_acked(conn);
	if (unlikely(pkt->path != conn->path->id)) {
		quic_conn_path_settle(conn, pkt);
		return;
	}
	if (pkt->bytes > QUIC_MIN_DATAGRAM_BYTES)
		conn->path->pmtud.lost_from = QUIC_US_NEVER;
	if (pkt->ctl & QUIC_CTL_MTU_PROBE)
		quic_conn_on_mtu_probe_acked(conn, pkt->bytes, now);
}

/* Takes the content of @pkt back into the queues. */
static void ack_requeue(struct quic_conn *conn, enum quic_space space,
			const struct quic_sent_pkt *pkt)
{
	struct quic_sent *s = &conn->recovery.space[space].sent;
	u32 again = QUIC_CTL_MAX_DATA | QUIC_CTL_MAX_STREAMS_BIDI | QUIC_CTL_MAX_STREAMS_UNI |
		    QUIC_CTL_HANDSHAKE_DONE | QUIC_CTL_NEW_TOKEN | QUIC_CTL_ACK_FREQUENCY;
	unsigned int i;

	for (i = 0; i < pkt->nr_items; i++)
		ack_item_lost(conn, space, quic_sent_item_at(s, pkt, i));
	if (!quic_flow_tx_room(&conn->tx) && conn->tx.blocked_at == conn->tx.max)
		again |= QUIC_CTL_DATA_BLOCKED;
	if (!conn->new_token)
		again &= ~QUIC_CTL_NEW_TOKEN;
	again |= quic_stream_blocked_ctl(conn);			/* [9000-13.3] */
	conn->ctl |= pkt->ctl & again;				/* [9000-13.3#2] */
}

/* @pkt is not waited for any more, which says nothing of its path. */
static void ack_give_up(struct quic_conn *conn, enum quic_space space,
			const struct quic_sent_pkt *pkt, quic_us now)
{
	struct quic_cong *cong = &conn->path->cong;

	ack_requeue(conn, space, pkt);
	if (pkt->ctl & QUIC_CTL_ACK_FREQUENCY)
		quic_conn_on_ack_frequency_lost(conn);
	if (pkt->path != conn->path->id) {
		quic_conn_path_settle(conn, pkt);
		return;
	}
	cong->in_flight -= min_t(u64, pkt->bytes, cong->in_flight);
	if (pkt->ctl & QUIC_CTL_MTU_PROBE)
		quic_conn_on_mtu_probe_lost(conn, pkt->bytes, now);
}

void quic_conn_uncrowd(struct quic_conn *conn, enum quic_space space, quic_us now)
{
	struct quic_sent *s = &conn->recovery.space[space].sent;

	while (quic_sent_is_crowded(s)) {
		struct quic_sent_pkt *pkt = quic_sent_find(s, s->base);

		if (pkt->state == QUIC_SENT_OUT && pkt->in_flight)
			ack_give_up(conn, space, pkt, now);
		quic_sent_drop_first(s);
	}
}

/* What the loss says of the path it happened on. */
static void ack_path_lost(struct quic_conn *conn, const struct quic_sent_pkt *pkt, quic_us now)
{
	if (pkt->path != conn->path->id)
		quic_conn_path_settle(conn, pkt);
	else if (pkt->ctl & QUIC_CTL_MTU_PROBE)
		quic_conn_on_mtu_probe_lost(conn, pkt->bytes, now);
	else if (pkt->bytes > QUIC_MIN_DATAGRAM_BYTES)
		quic_conn_on_large_lost(conn, pkt->sent_at, now);
}

static void ack_lost(struct quic_conn *conn, struct quic_recovery_ack *a, quic_us now)
{
	struct quic_recovery *r = &conn->recovery;
	struct quic_sent_pkt *pkt;

	while ((pkt = quic_recovery_lost_next(r, a, &conn->path->rtt, &conn->path->cong))) {
		quic_edge_trace(conn, QUIC_TRACE_PKT_LOST,
				ack_pn(&r->space[a->space].sent, pkt), pkt->bytes, a->space);
		ack_requeue(conn, a->space, pkt);
		if (pkt->ctl & QUIC_CTL_ACK_FREQUENCY)
			quic_conn_on_ack_frequency_lost(conn);
		ack_path_lost(conn, pkt, now);
	}
	quic_recovery_settle(r, a, &conn->path->rtt, &conn->path->cong);
	quic_edge_trace(conn, QUIC_TRACE_METRICS, conn->path->cong.cwnd, conn->path->cong.in_flight,
			conn->path->rtt.smoothed);
}

/* ACK Delay in microseconds; absurd values become merely large. */
static quic_us ack_delay_us(const struct quic_conn *conn, enum quic_space space, u64 delay)
{
	u8 exp = conn->got_tparams ? conn->remote.ack_delay_exponent : 3;

	if (space != QUIC_SPACE_APP)
		return 0;
	return delay > (U32_MAX >> 4) ? U32_MAX : delay << exp;
}

/* Whether @ack tells of a packet number below @end. */
static bool ack_reaches_below(const struct quic_frame_ack *ack, quic_pn end)
{
	struct quic_frame_ack_iter it;
	struct quic_range r;

	quic_frame_ack_iter_init(&it, ack);
	while (quic_frame_ack_next(&it, &r))
		if (r.start < end)
			return true;
	return false;
}

int quic_conn_on_ack(struct quic_conn *conn, enum quic_space space,
		     const struct quic_frame_ack *ack, quic_us now)
{
	struct quic_recovery *r = &conn->recovery;
	struct quic_sent_item run = { .kind = QUIC_SENT_NONE };
	struct quic_sent_pkt *pkt;
	struct quic_recovery_ack a;
	int v;

	if (unlikely(conn->early_end) && space == QUIC_SPACE_APP &&
	    ack_reaches_below(ack, conn->early_end))		/* [9001-4.6.2] */
		return QUIC_VIOLATION_ACK_OF_REJECTED;
	v = quic_recovery_ack_begin(r, &a, space, ack, now);
	if (v)
		return v;
	while ((pkt = quic_recovery_ack_next(r, &a)))
		ack_packet_acked(conn, space, pkt, &run, now);
	ack_run_end(conn, &run);
	/* The server acknowledged a Handshake packet: it has validated us (RFC 9002 6.2.2.1). */
	if (a.newly_acked && space != QUIC_SPACE_INITIAL)
		conn->server_validated_us = true;
	quic_recovery_ack_end(r, &a, ack, &conn->path->rtt, &conn->path->cong,
			      ack_delay_us(conn, space, ack->delay),
			      conn->is_server || conn->server_validated_us);
	if (a.ecn_failed)
		conn->path->ecn_on = false;			/* [9000-13.4.2.2#1,2] */
	ack_lost(conn, &a, now);
	quic_conn_ask_ack_frequency(conn, now);
	if (conn->flushing)
		quic_conn_check_flushed(conn, now);
	return 0;
}

void quic_conn_requeue_oldest(struct quic_conn *conn, enum quic_space space)
{
	struct quic_sent *s = &conn->recovery.space[space].sent;
	struct quic_sent_pkt *pkt;
	u8 left = ack_probe_pkts;
	quic_pn pn;

	for (pn = s->base; pn < s->next && left; pn++) {
		pkt = quic_sent_find(s, pn);
		if (!pkt || pkt->state != QUIC_SENT_OUT || !pkt->eliciting)
			continue;
		ack_requeue(conn, space, pkt);
		left--;
	}
}

void quic_conn_send_again(struct quic_conn *conn, enum quic_space space)
{
	struct quic_sent *s = &conn->recovery.space[space].sent;
	struct quic_sent_pkt *pkt;
	quic_pn pn;

	for (pn = s->base; pn < s->next; pn++) {
		pkt = quic_sent_find(s, pn);
		if (pkt && pkt->state == QUIC_SENT_OUT)
			ack_requeue(conn, space, pkt);
	}
	quic_recovery_forget_space(&conn->recovery, space, &conn->path->cong);
}

static bool ack_crypto_is_open(const struct quic_conn *conn, enum quic_space space)
{
	const struct quic_sndbuf *b = &conn->crypto[space].snd;

	return b->base < b->end;
}

bool quic_conn_is_awaited(const struct quic_conn *conn)
{
	if (conn->confirmed)
		return false;
	if (!conn->is_server && !conn->server_validated_us)
		return true;
	return ack_crypto_is_open(conn, QUIC_SPACE_INITIAL) ||
	       ack_crypto_is_open(conn, QUIC_SPACE_HANDSHAKE);
}

bool quic_conn_probes_handshake(const struct quic_conn *conn)
{
	return quic_keys_can_send(&conn->keys, QUIC_LEVEL_HANDSHAKE) &&
	       !(conn->is_server && ack_crypto_is_open(conn, QUIC_SPACE_INITIAL));
}

/*
 * A probe timeout of @space [9002-6.2.4].  During the handshake the other space may be
 * what the peer lacks: both go, in the same datagrams.
 */
static void ack_probe(struct quic_conn *conn, enum quic_space space)
{
	enum quic_space s;

	conn->probes[space] = ack_probe_pkts;
	quic_conn_requeue_oldest(conn, space);
	if (space == QUIC_SPACE_APP)
		return;
	for (s = QUIC_SPACE_INITIAL; s < QUIC_SPACE_APP; s++) {
		if (s == space || (!conn->recovery.space[s].sent.nr_eliciting &&
				   !ack_crypto_is_open(conn, s)))
			continue;
		conn->probes[s] = ack_probe_pkts;
		quic_conn_requeue_oldest(conn, s);
	}
}

void quic_conn_on_loss_timer(struct quic_conn *conn, quic_us now)
{
	struct quic_recovery_ack a;
	enum quic_space space;

	/* What a client sends keeps a server from waiting for ever. */
	switch (quic_recovery_on_timeout(&conn->recovery, &a, &conn->path->rtt,
					 quic_conn_is_awaited(conn),
					 quic_conn_probes_handshake(conn), now, &space)) {
	case QUIC_RECOVERY_TIMEOUT_LOSS:
		ack_lost(conn, &a, now);
		break;
	case QUIC_RECOVERY_TIMEOUT_PTO:
		if (a.ecn_failed)
			conn->path->ecn_on = false;		/* [9000-13.4.2] */
		if (conn->recovery.pto_count >= ack_black_hole_ptos)
			quic_conn_on_black_hole(conn, now);
		ack_probe(conn, space);				/* [9000-8.1#4,5] */
		quic_conn_ask_ack_now(conn);
		break;
	default:
		break;
	}
}

void quic_conn_check_flushed(struct quic_conn *conn, quic_us now)
{
	struct quic_close c = conn->close;

	if (!conn->flushing || !quic_conn_is_open(conn) || !quic_stream_all_delivered(conn) ||
	    !list_empty(&conn->dgrams_out))
		return;
	/* Nor may the end of a client's handshake be lost: the server would see it fail. */
	if (!conn->is_server && !conn->confirmed)
		return;
	conn->flushing = false;
	conn->notify |= QUIC_NOTIFY_FLUSHED;
	quic_conn_close(conn, c.app, c.code, c.reason, c.reason_len, now);
}
