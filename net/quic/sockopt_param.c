// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sockopt_param.c - options that describe a connection before it is made
 *
 * TRANSPORT_PARAM, TRANSPORT_PARAM_EXT, CONFIG and CONGESTION.  What was set is
 * kept in the form of the uapi and applied to the engine's form; a zero in a set
 * keeps what there was (UAPI.md 4, 11).
 */
#include <uapi/linux/tls.h>

#include "sockopt_param.h"

#define PARAM_STREAM_DATA_MAX	(S32_MAX / 8)
#define PARAM_DATA_MAX		(S32_MAX / 4)
#define PARAM_STREAMS_MAX	4096
#define PARAM_EXT_MAX_BYTES	512
#define PARAM_PROBE_INTERVAL_MIN_US	5000000

/* ---- transport parameters ---- */

static bool param_in(u64 v, u64 lo, u64 hi)
{
	return !v || (v >= lo && v <= hi);
}

static bool param_is_valid(const struct quic_transport_param *p)
{
	return param_in(p->max_udp_payload_size, 1200, 65527) &&
	       param_in(p->ack_delay_exponent, 0, 20) &&
	       param_in(p->max_ack_delay, 0, 16383999) &&
	       param_in(p->active_connection_id_limit, 2, QUIC_CONNID_MAX) &&	/* [9000-18.2#6] */
	       param_in(p->max_idle_timeout, USEC_PER_SEC, U32_MAX) &&
	       param_in(p->max_datagram_frame_size, 1200, U16_MAX) &&
	       param_in(p->max_data, 1200, PARAM_DATA_MAX) &&
	       param_in(p->max_stream_data_bidi_local, 1200, PARAM_STREAM_DATA_MAX) &&
	       param_in(p->max_stream_data_bidi_remote, 1200, PARAM_STREAM_DATA_MAX) &&
	       param_in(p->max_stream_data_uni, 1200, PARAM_STREAM_DATA_MAX) &&
	       param_in(p->max_streams_bidi, 1, PARAM_STREAMS_MAX) &&
	       param_in(p->max_streams_uni, 1, PARAM_STREAMS_MAX);
}

#define PARAM_KEEP(to, from, field) do { if ((from)->field) (to)->field = (from)->field; } while (0)

static void param_merge(struct quic_transport_param *to, const struct quic_transport_param *from)
{
	PARAM_KEEP(to, from, disable_active_migration);
	PARAM_KEEP(to, from, grease_quic_bit);
	PARAM_KEEP(to, from, stateless_reset);
	PARAM_KEEP(to, from, disable_1rtt_encryption);
	PARAM_KEEP(to, from, disable_compatible_version);
	PARAM_KEEP(to, from, active_connection_id_limit);
	PARAM_KEEP(to, from, ack_delay_exponent);
	PARAM_KEEP(to, from, max_datagram_frame_size);
	PARAM_KEEP(to, from, max_udp_payload_size);
	PARAM_KEEP(to, from, max_idle_timeout);
	PARAM_KEEP(to, from, max_ack_delay);
	PARAM_KEEP(to, from, max_streams_bidi);
	PARAM_KEEP(to, from, max_streams_uni);
	PARAM_KEEP(to, from, max_data);
	PARAM_KEEP(to, from, max_stream_data_bidi_local);
	PARAM_KEEP(to, from, max_stream_data_bidi_remote);
	PARAM_KEEP(to, from, max_stream_data_uni);
}

/* The uapi's form to the engine's: times in milliseconds there. */
static void param_to_engine(const struct quic_transport_param *p, struct quic_tparams *t)
{
	t->disable_active_migration = p->disable_active_migration;
	t->grease_quic_bit = p->grease_quic_bit;
	t->disable_1rtt_encryption = p->disable_1rtt_encryption;
	t->active_connection_id_limit = p->active_connection_id_limit;
	t->ack_delay_exponent = p->ack_delay_exponent;
	t->max_datagram_frame_size = p->max_datagram_frame_size;
	t->max_udp_payload_size = p->max_udp_payload_size;
	t->max_idle_timeout_ms = p->max_idle_timeout / USEC_PER_MSEC;
	t->max_ack_delay_ms = p->max_ack_delay / USEC_PER_MSEC;
	t->initial_max_streams_bidi = p->max_streams_bidi;
	t->initial_max_streams_uni = p->max_streams_uni;
	t->initial_max_data = p->max_data;
	t->initial_max_stream_data_bidi_local = p->max_stream_data_bidi_local;
	t->initial_max_stream_data_bidi_remote = p->max_stream_data_bidi_remote;
	t->initial_max_stream_data_uni = p->max_stream_data_uni;
}

static void param_from_engine(const struct quic_tparams *t, struct quic_transport_param *p)
{
	p->disable_active_migration = t->disable_active_migration;
	p->grease_quic_bit = t->grease_quic_bit;
	p->stateless_reset = quic_tparam_has(t, QUIC_TPARAM_STATELESS_RESET_TOKEN);
	p->disable_1rtt_encryption = t->disable_1rtt_encryption;
	p->active_connection_id_limit = min_t(u64, t->active_connection_id_limit, U8_MAX);
	p->ack_delay_exponent = t->ack_delay_exponent;
	p->max_datagram_frame_size = min_t(u64, t->max_datagram_frame_size, U16_MAX);
	p->max_udp_payload_size = min_t(u64, t->max_udp_payload_size, U16_MAX);
	p->max_idle_timeout = min_t(u64, t->max_idle_timeout_ms, U32_MAX / 1000) * 1000;
	p->max_ack_delay = t->max_ack_delay_ms * 1000;
	p->max_streams_bidi = min_t(u64, t->initial_max_streams_bidi, U16_MAX);
	p->max_streams_uni = min_t(u64, t->initial_max_streams_uni, U16_MAX);
	p->max_data = t->initial_max_data;
	p->max_stream_data_bidi_local = t->initial_max_stream_data_bidi_local;
	p->max_stream_data_bidi_remote = t->initial_max_stream_data_bidi_remote;
	p->max_stream_data_uni = t->initial_max_stream_data_uni;
}

/* A connection that has started, but told nobody its parameters yet, takes new ones. */
static void param_restart(struct quic_conn *conn)
{
	unsigned int peer = conn->is_server ? 0 : 1;

	quic_flow_rx_init(&conn->rx, conn->local.initial_max_data,
			  max(conn->config.flow_window_max, conn->local.initial_max_data));
	conn->remote_ids.limit = conn->local.active_connection_id_limit;
	conn->streams.type[peer].max = conn->local.initial_max_streams_bidi;
	conn->streams.type[peer | 2].max = conn->local.initial_max_streams_uni;
}

static void param_apply_config(struct quic_sock *q)
{
	struct quic_conn_config *c = &quic_sock_conn(q)->config;

	c->version = q->config.version;
	c->prefer_version = q->version_set ? q->config.version : 0;
	c->no_compatible = q->param.disable_compatible_version;
	c->initial_rtt = q->config.initial_smoothed_rtt;
	c->keepalive = q->config.keepalive_probe_interval;
	c->nodelay = q->config.stream_data_nodelay;
}

void quic_param_apply(struct quic_sock *q)
{
	struct quic_conn *conn = quic_sock_conn(q);

	param_to_engine(&q->param, &conn->local);
	param_apply_config(q);
	if (q->started && !conn->rx.received && !conn->rx.consumed)
		param_restart(conn);
}

int quic_param_set(struct quic_sock *q, const void *val, u32 len)
{
	struct quic_conn *conn = quic_sock_conn(q);
	struct quic_transport_param p, remote = {};
	struct quic_tparams tparams;

	quic_sockopt_copy(&p, sizeof(p), val, len);
	if (q->was_established || q->ended)
		return -EINVAL;
	if (p.remote) {
		/* Remembered from an earlier connection, for 0-RTT. */
		param_from_engine(&conn->remote, &remote);
		param_merge(&remote, &p);
		quic_tparam_init(&tparams);
		param_to_engine(&remote, &tparams);
		return quic_early_remember(conn, &tparams);
	}
	if (!param_is_valid(&p))
		return -EINVAL;
	param_merge(&q->param, &p);
	quic_sock_update_limits(q);
	quic_param_apply(q);
	return 0;
}

int quic_param_get(struct quic_sock *q, struct quic_sockopt_get *g)
{
	struct quic_transport_param *p = (void *)g->scratch;

	if (g->in_len && g->in[offsetof(struct quic_transport_param, remote)]) {
		memset(p, 0, sizeof(*p));
		param_from_engine(&quic_sock_conn(q)->remote, p);
		p->remote = 1;
	} else {
		*p = q->param;
	}
	g->data = p;
	g->len = sizeof(*p);
	return 0;
}

int quic_param_set_ext(struct quic_sock *q, const void *val, u32 len)
{
	int ret;

	if (quic_sock_sk(q)->sk_state != TCP_SYN_RECV || len > PARAM_EXT_MAX_BYTES)
		return -EINVAL;
	/* BH stays enabled: a server may make the Initial keys of another version. */
	ret = quic_conn_set_peer_tparams(quic_sock_conn(q), val, len, quic_timer_now());
	quic_sock_output(q);
	if (ret <= 0)
		return ret;
	return quic_violation_error(ret) == QUIC_ERR_VERSION_NEGOTIATION ? -EPROTONOSUPPORT :
									    -EINVAL;
}

int quic_param_get_ext(struct quic_sock *q, struct quic_sockopt_get *g)
{
	struct quic_conn *conn = quic_sock_conn(q);
	struct quic_writer w;

	if (!q->started)
		return -EINVAL;
	if (conn->is_server && q->param.stateless_reset) {	/* [9000-18.2#1,8] */
		quic_edge_reset_token(conn, &conn->initial_scid, conn->local.reset_token);
		quic_tparam_mark(&conn->local, QUIC_TPARAM_STATELESS_RESET_TOKEN);
	}
	quic_wire_write_init(&w, g->scratch, PARAM_EXT_MAX_BYTES);
	quic_conn_encode_tparams(conn, &w);
	if (w.overflow)
		return -EINVAL;
	g->data = g->scratch;
	g->len = w.len;
	g->whole = true;
	return 0;
}

/* ---- configuration ---- */

static const struct quic_cong_ops *param_cong_of(u8 algo)
{
	switch (algo) {
	case QUIC_CONG_ALG_CUBIC:
		return quic_cong_find("cubic");
	case QUIC_CONG_ALG_BBR:
		return quic_cong_find("bbr");
	default:
		return NULL;
	}
}

static const struct quic_cong_ops *param_cong(const struct quic_sock *q)
{
	return q->started ? q->host.conn.path->cong.ops : q->host.conn.config.cong;
}

static void param_set_cong(struct quic_sock *q, const struct quic_cong_ops *ops)
{
	struct quic_conn *conn = quic_sock_conn(q);

	conn->config.cong = ops;
	if (q->started && conn->path->cong.ops != ops)
		quic_cong_set(&conn->path->cong, ops, quic_timer_now());
}

static bool param_cipher_is_known(u32 type)
{
	return !type || quic_cipher_from_uapi(type) != QUIC_CIPHER_NONE;
}

/* 0 keeps, U32_MAX is off (UAPI.md 4, 17.8). */
static bool param_probe_interval_is_valid(u32 us)
{
	return !us || us == U32_MAX ||
	       (us >= PARAM_PROBE_INTERVAL_MIN_US && us <= U32_MAX / 30);
}

int quic_param_set_config(struct quic_sock *q, const void *val, u32 len)
{
	const struct quic_cong_ops *cong = NULL;
	struct quic_config c;

	quic_sockopt_copy(&c, sizeof(c), val, len);
	if (q->was_established || q->ended || !param_cipher_is_known(c.payload_cipher_type) ||
	    !param_probe_interval_is_valid(c.plpmtud_probe_interval))
		return -EINVAL;
	if (c.congestion_control_algo) {
		cong = param_cong_of(c.congestion_control_algo);
		if (!cong)
			return -EINVAL;
		param_set_cong(q, cong);
	}
	PARAM_KEEP(&q->config, &c, version);
	q->version_set |= c.version != 0;
	PARAM_KEEP(&q->config, &c, plpmtud_probe_interval);
	PARAM_KEEP(&q->config, &c, initial_smoothed_rtt);
	PARAM_KEEP(&q->config, &c, payload_cipher_type);
	PARAM_KEEP(&q->config, &c, validate_peer_address);
	PARAM_KEEP(&q->config, &c, stream_data_nodelay);
	PARAM_KEEP(&q->config, &c, receive_session_ticket);
	PARAM_KEEP(&q->config, &c, certificate_request);
	PARAM_KEEP(&q->config, &c, keepalive_probe_interval);
	quic_param_apply(q);
	return 0;
}

/* In use, or what the server offered instead of what it does not speak. */
static u32 param_version(const struct quic_conn *conn)
{
	if (conn->close.source == QUIC_CLOSE_VERSION && conn->offered_version)
		return conn->offered_version;
	return conn->probe_version ?: conn->version->number;
}

int quic_param_get_config(struct quic_sock *q, struct quic_sockopt_get *g)
{
	const char *cong = param_cong(q)->name;
	struct quic_config *c = (void *)g->scratch;

	*c = q->config;
	if (!strcmp(cong, "cubic"))
		c->congestion_control_algo = QUIC_CONG_ALG_CUBIC;
	else if (!strcmp(cong, "bbr"))
		c->congestion_control_algo = QUIC_CONG_ALG_BBR;
	else
		c->congestion_control_algo = QUIC_CONG_ALG_RENO;
	if (q->started)
		c->version = param_version(quic_sock_conn(q));
	g->data = c;
	g->len = sizeof(*c);
	return 0;
}

int quic_param_set_congestion(struct quic_sock *q, const void *val, u32 len)
{
	const struct quic_cong_ops *cong;
	char name[QUIC_CONG_NAME_SIZE];

	if (!len)
		return -EINVAL;
	memset(name, 0, sizeof(name));
	memcpy(name, val, min_t(u32, len, sizeof(name) - 1));
	cong = quic_cong_find(name);
	if (!cong)
		return -ENOENT;
	param_set_cong(q, cong);
	return 0;
}

int quic_param_get_congestion(struct quic_sock *q, struct quic_sockopt_get *g)
{
	memset(g->scratch, 0, QUIC_CONG_NAME_SIZE);
	strscpy(g->scratch, param_cong(q)->name, QUIC_CONG_NAME_SIZE);
	g->data = g->scratch;
	g->len = QUIC_CONG_NAME_SIZE;
	return 0;
}
