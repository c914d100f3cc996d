// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * info.c - what a connection tells of itself: QUIC_SOCKOPT_INFO, TCP_INFO
 */
#include <uapi/linux/tcp.h>

#include "info.h"

static u32 info_flags(const struct quic_conn *conn)
{
	u32 flags = 0;

	if (conn->is_server)
		flags |= QUIC_INFO_SERVER;
	if (conn->confirmed)
		flags |= QUIC_INFO_CONFIRMED;
	if (conn->path->validated)
		flags |= QUIC_INFO_ADDR_VALIDATED;
	if (conn->retried)
		flags |= QUIC_INFO_RETRY;
	if (conn->path->ecn_on)
		flags |= QUIC_INFO_ECN;
	if (conn->path->cong.app_limited)
		flags |= QUIC_INFO_APP_LIMITED;
	if (conn->early_accepted)
		flags |= QUIC_INFO_EARLY_ACCEPTED;
	return flags;
}

static void info_fill_path(const struct quic_conn *conn, struct quic_info *i)
{
	const struct quic_path *p = conn->path;

	i->latest_rtt_us = min_t(u64, p->rtt.latest, U32_MAX);
	i->smoothed_rtt_us = min_t(u64, p->rtt.smoothed, U32_MAX);
	i->rttvar_us = min_t(u64, p->rtt.var, U32_MAX);
	i->min_rtt_us = min_t(u64, p->rtt.min, U32_MAX);
	i->pto_us = min_t(u64, quic_rtt_pto(&p->rtt) + conn->recovery.max_ack_delay, U32_MAX);
	i->pto_count = conn->recovery.pto_count;
	i->pmtu_bytes = p->mtu;
	/* Short header with an 8-byte id, frame header with offset and length. */
	i->mss_bytes = p->mtu - QUIC_TAG_BYTES - (1 + QUIC_CID_OURS_BYTES + 4) - (1 + 1 + 4);
	i->cwnd_bytes = p->cong.cwnd;
	i->ssthresh_bytes = p->cong.ssthresh;
	i->bytes_in_flight = p->cong.in_flight;
	i->pacing_rate = quic_cong_pacing_rate(&p->cong, &p->rtt);
	i->delivery_rate = p->cong.rate.latest;
	i->congestion_events = p->cong.nr_events;
	i->persistent_congestion = p->cong.nr_persistent;
	i->bytes_lost = p->cong.rate.lost;
}

static void info_fill_counters(const struct quic_conn *conn, struct quic_info *i)
{
	const struct quic_conn_stats *st = &conn->stats;
	unsigned int d;

	i->packets_sent = st->pkts_sent;
	i->packets_received = st->pkts_rcvd;
	i->packets_lost = conn->recovery.nr_lost;
	i->packets_spurious = conn->recovery.nr_spurious;
	for (d = 0; d < QUIC_NR_DROPS; d++)
		i->packets_dropped += st->pkts_dropped[d];
	i->bytes_sent = st->bytes_sent;
	i->bytes_received = st->bytes_rcvd;
	i->bytes_retrans = st->bytes_retrans;
	i->stream_bytes_sent = st->stream_bytes_sent;
	i->stream_bytes_received = st->stream_bytes_rcvd;
	i->stream_bytes_read = conn->rx.consumed;
	i->ect0_sent = conn->recovery.space[QUIC_SPACE_APP].nr_ecn_sent;
	i->ect0_received = conn->space[QUIC_SPACE_APP].ecn[QUIC_ECN_ECT0];
	i->ect1_received = conn->space[QUIC_SPACE_APP].ecn[QUIC_ECN_ECT1];
	i->ce_received = conn->space[QUIC_SPACE_APP].ecn[QUIC_ECN_CE];
	i->ce_reported = conn->recovery.space[QUIC_SPACE_APP].ecn[QUIC_ECN_CE];
}

static u64 info_stream_credit(const struct quic_conn *conn, bool uni)
{
	const struct quic_stream_type *t =
		&conn->streams.type[quic_sid_make(0, conn->is_server, uni)];

	return t->max > t->opened ? t->max - t->opened : 0;
}

static void info_fill_streams(const struct quic_conn *conn, struct quic_info *i)
{
	const struct quic_stream_type *t = conn->streams.type;

	i->data_credit_send = quic_flow_tx_room(&conn->tx);
	i->data_credit_recv = conn->rx.max > conn->rx.received ?
			      conn->rx.max - conn->rx.received : 0;
	i->send_queued_bytes = conn->wmem;
	i->recv_queued_bytes = conn->rx.received - min(conn->rx.consumed, conn->rx.received);
	i->streams_bidi_open = t[0].nr + t[1].nr;
	i->streams_uni_open = t[2].nr + t[3].nr;
	i->streams_bidi_credit = info_stream_credit(conn, false);
	i->streams_uni_credit = info_stream_credit(conn, true);
}

void quic_info_fill(const struct quic_sock *q, struct quic_info *i)
{
	const struct quic_conn *conn = &q->host.conn;
	enum quic_cipher cipher = conn->keys.cipher[QUIC_LEVEL_APP];

	memset(i, 0, sizeof(*i));
	i->state = q->inet.sk.sk_state;
	i->version = q->config.version;
	if (!q->started) {
		strscpy(i->cong_name, conn->config.cong->name, sizeof(i->cong_name));
		return;
	}
	i->key_phase = conn->keys.phase;
	i->key_updates = conn->keys.updates;
	i->flags = info_flags(conn);
	i->version = conn->version->number;
	if (cipher != QUIC_CIPHER_NONE)
		i->cipher_type = quic_cipher_info(cipher)->uapi;
	strscpy(i->cong_name, conn->path->cong.ops->name, sizeof(i->cong_name));
	info_fill_path(conn, i);
	info_fill_counters(conn, i);
	info_fill_streams(conn, i);
	i->age_us = quic_timer_now() - q->started_at;
	if (q->was_established)
		i->handshake_us = q->established_at - q->started_at;
}

int quic_info_get(struct quic_sock *q, struct quic_sockopt_get *g)
{
	BUILD_BUG_ON(sizeof(struct quic_info) > QUIC_SOCKOPT_SCRATCH_BYTES);
	quic_info_fill(q, (struct quic_info *)g->scratch);
	g->data = g->scratch;
	g->len = sizeof(struct quic_info);
	return 0;
}

int quic_info_get_tcp(struct quic_sock *q, struct quic_sockopt_get *g)
{
	struct tcp_info *t = (void *)g->scratch;
	struct quic_info i;

	BUILD_BUG_ON(sizeof(struct tcp_info) > QUIC_SOCKOPT_SCRATCH_BYTES);
	quic_info_fill(q, &i);
	memset(t, 0, sizeof(*t));
	t->tcpi_state = i.state;
	t->tcpi_backoff = min_t(u32, i.pto_count, U8_MAX);
	t->tcpi_rto = i.pto_us;
	t->tcpi_snd_mss = i.mss_bytes;
	t->tcpi_rcv_mss = i.mss_bytes;
	t->tcpi_pmtu = i.pmtu_bytes;
	t->tcpi_rtt = i.smoothed_rtt_us;
	t->tcpi_rttvar = i.rttvar_us;
	t->tcpi_min_rtt = i.min_rtt_us;
	t->tcpi_rcv_space = min_t(u64, i.data_credit_recv, U32_MAX);
	if (i.mss_bytes) {
		t->tcpi_snd_cwnd = min_t(u64, div_u64(i.cwnd_bytes, i.mss_bytes), U32_MAX);
		t->tcpi_snd_ssthresh = min_t(u64, div_u64(i.ssthresh_bytes, i.mss_bytes), INT_MAX);
		t->tcpi_unacked = min_t(u64, div_u64(i.bytes_in_flight, i.mss_bytes), U32_MAX);
	}
	t->tcpi_lost = min_t(u64, i.packets_lost, U32_MAX);
	t->tcpi_total_retrans = min_t(u64, i.packets_lost, U32_MAX);
	t->tcpi_pacing_rate = i.pacing_rate;
	t->tcpi_max_pacing_rate = quic_sock_conn(q)->config.max_pacing_rate;
	t->tcpi_bytes_sent = i.bytes_sent;
	t->tcpi_bytes_received = i.stream_bytes_received;
	t->tcpi_bytes_acked = i.stream_bytes_acked;
	t->tcpi_bytes_retrans = i.bytes_retrans;
	t->tcpi_segs_out = min_t(u64, i.packets_sent, U32_MAX);
	t->tcpi_segs_in = min_t(u64, i.packets_received, U32_MAX);
	g->data = t;
	g->len = sizeof(*t);
	return 0;
}
