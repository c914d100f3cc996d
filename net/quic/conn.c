// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * conn.c - one QUIC connection: its life, keys, ids and parameters
 *
 * What packets do is in packet*.c and frame_rx.c, what becomes of them in
 * conn_ack.c, key updates in conn_keys.c, time in conn_timer.c, ends in conn_close.c.
 */
#include "admit.h"
#include "packet.h"

static const u8 conn_cid_tries = 4;		/* random 8-byte ids practically never collide */
static const u32 conn_dgrams_out_max = 256;	/* DATAGRAMs waiting to be sent */
static const quic_us conn_min_ack_delay_us = 1000;	/* what any timer of a host can keep */

void quic_conn_set_state(struct quic_conn *conn, enum quic_conn_event ev)
{
	enum quic_conn_state next = quic_conn_state_next(conn->state, ev);

	if (WARN_ON_ONCE(next == QUIC_CONN_INVALID) || next == conn->state)
		return;
	quic_edge_trace(conn, QUIC_TRACE_STATE, conn->state, next, ev);
	conn->state = next;
	conn->notify |= QUIC_NOTIFY_STATE;
}

/* Defaults of UAPI.md 11; a host changes them before start. */
static void conn_default_tparams(struct quic_tparams *p)
{
	quic_tparam_init(p);
	p->active_connection_id_limit = 7;
	p->min_ack_delay_us = conn_min_ack_delay_us;
	p->max_idle_timeout_ms = 30000;
	p->initial_max_data = 65535 * 32;
	p->initial_max_stream_data_bidi_local = 65535 * 16;
	p->initial_max_stream_data_bidi_remote = 65535 * 16;
	p->initial_max_stream_data_uni = 65535 * 16;
	p->initial_max_streams_bidi = 100;
	p->initial_max_streams_uni = 100;
}

void quic_conn_init(struct quic_conn *conn)
{
	enum quic_space s;

	memset(conn, 0, sizeof(*conn));
	conn->state = QUIC_CONN_NEW;
	conn->path = &conn->first_path;
	conn->paths[0] = conn->path;
	quic_recovery_init(&conn->recovery);
	for (s = 0; s < QUIC_NR_SPACES; s++) {
		quic_pnspace_init(&conn->space[s]);
		quic_sndbuf_init(&conn->crypto[s].snd);
		quic_inqueue_init(&conn->crypto[s].rcv);
	}
	quic_keys_init(&conn->keys);
	quic_outqueue_init(&conn->out);
	quic_stream_table_init(conn);
	quic_timers_init(&conn->timers);
	INIT_LIST_HEAD(&conn->dgrams_in);
	INIT_LIST_HEAD(&conn->dgrams_out);
	INIT_LIST_HEAD(&conn->held);
	conn_default_tparams(&conn->local);
	quic_tparam_init(&conn->remote);
	conn->config = (struct quic_conn_config){
		.version = QUIC_V1,
		.cong = &quic_cong_cubic_ops,
		.initial_rtt = QUIC_INITIAL_RTT_US,
		.rmem_max = 4 * conn->local.initial_max_data,
		.flow_window_max = 8 << 20,
		.mtu = QUIC_MIN_DATAGRAM_BYTES,
		.mtu_max = QUIC_MIN_DATAGRAM_BYTES,
		.spin = true,
		.max_pacing_rate = U64_MAX,
	};
}

u32 quic_conn_free_datagram(struct quic_datagram *d)
{
	u32 freed = d->buf.truesize;

	quic_edge_chunk_put(d->buf.chunk);
	quic_env_free(d);
	return freed;
}

/* Frees a list of DATAGRAMs: the memory that they held. */
static u64 conn_free_dgrams(struct list_head *list)
{
	struct quic_datagram *d, *tmp;
	u64 freed = 0;

	list_for_each_entry_safe(d, tmp, list, entry) {
		list_del(&d->entry);
		freed += quic_conn_free_datagram(d);
	}
	return freed;
}

void quic_conn_free_key(struct quic_key *key)
{
	quic_edge_aead_free(key->aead);
	quic_edge_hp_free(key->hp);
	*key = (struct quic_key){};
}

static void conn_free_held(struct quic_conn *conn)
{
	struct quic_agg *agg, *tmp;

	list_for_each_entry_safe(agg, tmp, &conn->held, node) {
		list_del(&agg->node);
		quic_edge_agg_free(agg);
	}
	conn->nr_held = 0;
}

static void conn_forget_ids(struct quic_conn *conn)
{
	unsigned int i;

	for (i = 0; i < QUIC_CONNID_MAX; i++)
		if (conn->local_ids.e[i].used)
			quic_edge_cid_del(conn, &conn->local_ids.e[i].cid);
	memset(&conn->local_ids, 0, sizeof(conn->local_ids));
	if (conn->is_server && conn->odcid_added)
		quic_edge_cid_del(conn, &conn->original_dcid);
	conn->odcid_added = false;
}

void quic_conn_shed(struct quic_conn *conn)
{
	enum quic_space s;

	conn_free_held(conn);
	conn->wmem -= conn_free_dgrams(&conn->dgrams_out);
	conn->nr_dgrams_out = 0;
	for (s = 0; s < QUIC_NR_SPACES; s++)
		conn->wmem -= quic_sndbuf_purge(&conn->crypto[s].snd);
	quic_stream_table_shed(conn);
	conn->notify |= QUIC_NOTIFY_WRITE;
}

void quic_conn_exit(struct quic_conn *conn)
{
	enum quic_level level;
	enum quic_space s;

	quic_conn_path_exit(conn);
	conn_forget_ids(conn);
	conn_free_held(conn);
	conn_free_dgrams(&conn->dgrams_in);
	conn_free_dgrams(&conn->dgrams_out);
	quic_stream_table_exit(conn);
	for (s = 0; s < QUIC_NR_SPACES; s++) {
		quic_sndbuf_exit(&conn->crypto[s].snd);
		quic_inqueue_exit(&conn->crypto[s].rcv);
		quic_pnspace_exit(&conn->space[s]);
	}
	for (level = 0; level < QUIC_NR_LEVELS; level++) {
		quic_conn_free_key(&conn->keys.tx[level]);
		quic_conn_free_key(&conn->keys.rx[level]);
	}
	quic_conn_free_key(&conn->keys.rx_alt);
	/* Has no header protection key of its own. */
	quic_edge_aead_free(conn->keys.rx_other.aead);
	quic_keys_wipe(&conn->keys);
	quic_recovery_exit(&conn->recovery);
	quic_env_free(conn->early);
	conn->early = NULL;
	quic_env_free(conn->token);
	quic_env_free(conn->new_token);
	conn->token = NULL;
	conn->new_token = NULL;
	conn->rmem = 0;
	conn->wmem = 0;
}

/* ---- keys ---- */

int quic_conn_make_key(struct quic_conn *conn, enum quic_cipher cipher,
		       const struct quic_version *v, const u8 *secret, struct quic_key *key)
{
	int err;

	*key = (struct quic_key){};
	err = quic_edge_aead_new(conn, cipher, v, secret, &key->aead);
	if (err)
		return err;
	err = quic_edge_hp_new(conn, cipher, v, secret, &key->hp);
	if (err) {
		quic_edge_aead_free(key->aead);
		key->aead = NULL;
	}
	return err;
}

/* Nothing is sealed with them from now on. */
void quic_conn_discard_keys(struct quic_conn *conn, enum quic_level level)
{
	enum quic_space space = quic_level_space(level);

	if (quic_keys_is_discarded(&conn->keys, level))
		return;
	conn->keys.discarded |= BIT(level);
	quic_conn_free_key(&conn->keys.tx[level]);		/* [9001-4.9.1#2] */
	quic_conn_free_key(&conn->keys.rx[level]);
	if (level == QUIC_LEVEL_INITIAL)
		quic_conn_settle_version(conn);
	if (level == QUIC_LEVEL_EARLY)
		return;
	quic_recovery_discard_space(&conn->recovery, space, &conn->path->cong);
	conn->probes[space] = 0;
	conn->space[space].ack_now = false;
	conn->space[space].ack_at = QUIC_US_NEVER;
	conn->wmem -= quic_sndbuf_purge(&conn->crypto[space].snd);
}

/* ---- start ---- */

/* A fresh random id that finds this connection, and no other one [9000-5.1#2]. */
static int conn_new_cid(struct quic_conn *conn, struct quic_cid *cid)
{
	unsigned int i;
	int err = -EEXIST;

	for (i = 0; i < conn_cid_tries && err == -EEXIST; i++) {
		cid->len = QUIC_CID_OURS_BYTES;			/* [9000-10.3.2#2] */
		quic_edge_random(cid->data, cid->len);		/* [9000-5.1#1] [9000-10.3.2#3,4] */
		err = quic_edge_cid_add(conn, cid);
	}
	return err;
}

/* max_ack_delay is known: we can not be asked to wait less than min_ack_delay, nor that much. */
static void conn_set_ack_delay(struct quic_conn *conn)
{
	conn->ack_delay = conn->local.max_ack_delay_ms * QUIC_US_PER_MS;
	if (conn->local.min_ack_delay_us > conn->ack_delay)	/* [ack-frequency-3] */
		conn->local.min_ack_delay_us = QUIC_TPARAM_NO_ACK_FREQUENCY;
}

static void conn_start_common(struct quic_conn *conn, const struct quic_addr *local,
			      const struct quic_addr *remote, quic_us now)
{
	struct quic_conn_config *c = &conn->config;

	quic_conn_path_start(conn, local, remote, now);
	quic_connid_local_init(&conn->local_ids, &conn->initial_scid);
	quic_connid_remote_init(&conn->remote_ids, conn->local.active_connection_id_limit);
	quic_flow_tx_init(&conn->tx, 0);
	quic_flow_rx_init(&conn->rx, conn->local.initial_max_data,
			  max(c->flow_window_max, conn->local.initial_max_data));
	conn_set_ack_delay(conn);
	conn->local.initial_scid = conn->initial_scid;
	quic_tparam_mark(&conn->local, QUIC_TPARAM_INITIAL_SCID);
	conn->idle_since = now;
	conn->last_rx_at = now;
	if (c->handshake_timeout)
		quic_timers_set(&conn->timers, QUIC_TIMER_HANDSHAKE, now + c->handshake_timeout);
	quic_stream_on_tparams(conn);
	quic_conn_set_state(conn, QUIC_CONN_EV_START);
}

int quic_conn_start_client(struct quic_conn *conn, const struct quic_addr *local,
			   const struct quic_addr *remote, quic_us now)
{
	struct quic_cid dcid = { .len = QUIC_CID_OURS_BYTES };	/* >= 8, RFC 9000 7.2 */
	int err;

	conn->version = quic_version_find(conn->config.version);
	if (!conn->version) {
		/* Its first flight has the form of the version that is to follow it. */
		conn->version = quic_version_at(0);
		conn->probe_version = conn->config.version;
	}
	conn->first_version = conn->version;
	quic_edge_random(dcid.data, dcid.len);
	err = quic_conn_make_initial(conn, &dcid);
	if (err)
		return err;
	err = conn_new_cid(conn, &conn->initial_scid);
	if (err) {
		quic_conn_free_initial(conn);
		return err;
	}
	conn->original_dcid = dcid;
	conn_start_common(conn, local, remote, now);
	quic_path_validate(conn->path);	/* clients have no amplification limit */
	quic_conn_set_peer_cid(conn, &dcid);			/* [9000-7.2#2] */
	return 0;
}

int quic_conn_start_server(struct quic_conn *conn, const struct quic_header *hdr,
			   const struct quic_cid *odcid, const struct quic_cid *retry_scid,
			   bool validated, const struct quic_addr *local,
			   const struct quic_addr *remote, quic_us now)
{
	int err;

	conn->is_server = true;
	conn->version = hdr->version;
	conn->first_version = hdr->version;
	err = quic_conn_make_initial(conn, &hdr->dcid);
	if (err)
		return err;
	err = quic_edge_cid_add(conn, &hdr->dcid);
	if (err)
		goto free_keys;
	conn->original_dcid = hdr->dcid;
	conn->odcid_added = true;
	err = conn_new_cid(conn, &conn->initial_scid);
	if (err)
		goto del_cid;
	conn_start_common(conn, local, remote, now);
	if (validated)
		quic_path_validate(conn->path);
	quic_conn_set_peer_cid(conn, &hdr->scid);		/* [9000-7.2#5] */
	conn->peer_id_known = true;
	conn->local.original_dcid = *odcid;			/* [9000-7.3#1] */
	quic_tparam_mark(&conn->local, QUIC_TPARAM_ORIGINAL_DCID);
	if (retry_scid) {
		conn->retried = true;
		conn->retry_scid = *retry_scid;
		conn->local.retry_scid = *retry_scid;		/* [9369-4.1#3] */
		quic_tparam_mark(&conn->local, QUIC_TPARAM_RETRY_SCID);
	}
	return 0;
del_cid:
	quic_edge_cid_del(conn, &hdr->dcid);
	conn->odcid_added = false;
free_keys:
	quic_conn_free_initial(conn);
	return err;
}

/* ---- handshake ---- */

void quic_conn_issue_ids(struct quic_conn *conn)
{
	unsigned int n = quic_connid_local_wanted(&conn->local_ids);
	u8 token[QUIC_RESET_TOKEN_BYTES];
	struct quic_cid cid;

	while (n--) {
		if (conn_new_cid(conn, &cid))
			return;
		quic_edge_reset_token(conn, &cid, token);
		if (!quic_connid_local_issue(&conn->local_ids, &cid, token)) {
			quic_edge_cid_del(conn, &cid);
			return;
		}
	}
}

int quic_conn_issue_preferred_id(struct quic_conn *conn, struct quic_cid *cid, u8 *token)
{
	struct quic_connid_entry *e;
	int err = conn_new_cid(conn, cid);

	if (err)
		return err;
	quic_edge_reset_token(conn, cid, token);
	e = quic_connid_local_issue(&conn->local_ids, cid, token);
	if (WARN_ON_ONCE(!e)) {
		quic_edge_cid_del(conn, cid);
		return -ENOBUFS;
	}
	e->to_send = false;	/* the transport parameter says it */
	return 0;
}

void quic_conn_confirm(struct quic_conn *conn, quic_us now)
{
	if (conn->confirmed)
		return;
	conn->confirmed = true;
	conn->recovery.handshake_confirmed = true;
	conn->server_validated_us = true;
	quic_conn_discard_keys(conn, QUIC_LEVEL_INITIAL);
	/* From here on CONNECTION_CLOSE, too, has only 1-RTT keys: [9000-10.2.3#1] [9001-4.9.2] */
	quic_conn_discard_keys(conn, QUIC_LEVEL_HANDSHAKE);
	if (conn->odcid_added) {
		quic_edge_cid_del(conn, &conn->original_dcid);
		conn->odcid_added = false;
	}
	if (quic_tparam_has(&conn->remote, QUIC_TPARAM_PREFERRED_ADDRESS)) {
		conn->preferred_todo = true;			/* RFC 9000 9.6.1 */
		conn->notify |= QUIC_NOTIFY_PATH;
	}
	quic_conn_check_flushed(conn, now);
}

void quic_conn_forget_token(struct quic_conn *conn)
{
	quic_env_free(conn->new_token);
	conn->new_token = NULL;
	conn->ctl &= ~QUIC_CTL_NEW_TOKEN;
}

/* Only a server has what seals tokens; none of them is empty [9000-19.7#1,3]. */
int quic_conn_issue_token(struct quic_conn *conn, quic_us now)
{
	struct quic_tokens *tokens = quic_edge_tokens(conn);
	struct quic_writer w;
	int err;

	if (!tokens)
		return -EOPNOTSUPP;
	if (conn->new_token)
		return -EAGAIN;
	conn->new_token = quic_env_alloc(QUIC_TOKEN_MAX_BYTES, 1);
	if (!conn->new_token)
		return -ENOMEM;
	quic_wire_write_init(&w, conn->new_token, QUIC_TOKEN_MAX_BYTES);
	/* Of the version in use now [9369-5]; each one is new [9000-8.1.3]. */
	err = quic_admit_token(tokens, conn->version->number, &conn->path->remote, now, &w);
	if (err) {
		quic_conn_forget_token(conn);
		return err;
	}
	conn->new_token_len = w.len;
	conn->ctl |= QUIC_CTL_NEW_TOKEN;
	return 0;
}

static void conn_establish(struct quic_conn *conn, quic_us now)
{
	quic_conn_set_state(conn, QUIC_CONN_EV_KEYS);
	quic_timers_stop(&conn->timers, QUIC_TIMER_HANDSHAKE);
	quic_conn_issue_ids(conn);
	conn->notify |= QUIC_NOTIFY_WRITE;
	if (!conn->is_server)
		return;
	conn->ctl |= QUIC_CTL_HANDSHAKE_DONE;			/* [9001-4.1.2] [9000-19.20#1] */
	quic_conn_issue_token(conn, now);	/* an offer: without it goes as well */
	quic_conn_confirm(conn, now);
}

/* Packets that waited for keys; those that still lack theirs are held again. */
static void conn_replay_held(struct quic_conn *conn, quic_us now)
{
	struct quic_agg *agg, *tmp;
	LIST_HEAD(held);

	list_splice_init(&conn->held, &held);
	conn->nr_held = 0;
	conn->rx_path = conn->path;	/* nobody moves before that is over */
	list_for_each_entry_safe(agg, tmp, &held, node) {
		list_del(&agg->node);
		quic_packet_receive(conn, agg, now);
		quic_edge_agg_free(agg);
	}
}

int quic_conn_install_secret(struct quic_conn *conn, enum quic_level level, bool send,
			     enum quic_cipher cipher, const u8 *secret, quic_us now)
{
	struct quic_keys *k = &conn->keys;
	struct quic_key *key = send ? &k->tx[level] : &k->rx[level];
	int err;

	if (conn->state != QUIC_CONN_ESTABLISHING || level == QUIC_LEVEL_INITIAL || key->aead ||
	    quic_keys_is_discarded(k, level))
		return -EINVAL;
	if (level == QUIC_LEVEL_EARLY && !quic_early_start(conn, send))
		return -EINVAL;
	if (k->cipher[level] != QUIC_CIPHER_NONE && k->cipher[level] != cipher)
		return -EINVAL;
	if (level == QUIC_LEVEL_APP) {
		err = quic_early_settle(conn, now);
		if (err)
			return err;
	}
	/* 0-RTT stays in the version of the first flight [9369-4.1]. */
	err = quic_conn_make_key(conn, cipher, level == QUIC_LEVEL_EARLY ? conn->first_version :
									   conn->version,
				 secret, key);
	if (err)
		return err;
	k->cipher[level] = cipher;
	if (level == QUIC_LEVEL_APP) {
		err = quic_conn_keep_secret(conn, send, secret);
		if (err) {
			quic_conn_free_key(key);
			return err;
		}
	}
	if (level == QUIC_LEVEL_APP && k->tx[level].aead && k->rx[level].aead)
		conn_establish(conn, now);
	if (!send || level == QUIC_LEVEL_APP)	/* which may also end the wait for 0-RTT keys */
		conn_replay_held(conn, now);
	return 0;
}

/* The ids in the parameters must be those of the packets. */
static int conn_check_tparam_ids(const struct quic_conn *conn, const struct quic_tparams *p)
{
	if (!quic_tparam_has(p, QUIC_TPARAM_INITIAL_SCID))	/* [9000-7.3#3] */
		return QUIC_VIOLATION_TPARAM_CID_MISSING;
	if (!quic_cid_equal(&p->initial_scid, &conn->path->dcid))	/* [9000-7.3#2,4] */
		return QUIC_VIOLATION_TPARAM_CID_MISMATCH;
	if (conn->is_server)
		return 0;
	if (!quic_tparam_has(p, QUIC_TPARAM_ORIGINAL_DCID))	/* [9000-7.3#3] */
		return QUIC_VIOLATION_TPARAM_CID_MISSING;
	if (!quic_cid_equal(&p->original_dcid, &conn->original_dcid))	/* [9000-7.3#2,4] */
		return QUIC_VIOLATION_TPARAM_CID_MISMATCH;
	if (quic_tparam_has(p, QUIC_TPARAM_RETRY_SCID) != conn->retried)	/* [9000-7.3#3,4] */
		return conn->retried ? QUIC_VIOLATION_TPARAM_CID_MISSING :
				       QUIC_VIOLATION_TPARAM_CID_MISMATCH;
	/* [9000-7.3#2,4] */
	if (conn->retried && !quic_cid_equal(&p->retry_scid, &conn->retry_scid))
		return QUIC_VIOLATION_TPARAM_CID_MISMATCH;
	return 0;
}

void quic_conn_apply_tparams(struct quic_conn *conn)
{
	const struct quic_tparams *p = &conn->remote;

	conn->local_ids.limit = p->active_connection_id_limit;
	quic_conn_init_ack_frequency(conn);
	if (quic_tparam_has(p, QUIC_TPARAM_STATELESS_RESET_TOKEN))
		quic_connid_remote_set_token(&conn->remote_ids, p->reset_token);
	quic_flow_tx_raise(&conn->tx, p->initial_max_data);
	quic_stream_on_tparams(conn);
	quic_conn_limit_payload(conn, conn->path);
	conn->notify |= QUIC_NOTIFY_WRITE | QUIC_NOTIFY_STREAMS;
}

int quic_conn_set_peer_tparams(struct quic_conn *conn, const void *blob, size_t len, quic_us now)
{
	struct quic_tparams p;
	int v;

	if (conn->state != QUIC_CONN_ESTABLISHING || conn->got_tparams)
		return -EINVAL;
	v = quic_tparam_decode(blob, len, conn->is_server, &p);
	if (!v)
		v = conn_check_tparam_ids(conn, &p);
	if (!v)
		v = quic_conn_check_versions(conn, &p);
	/* Its id has sequence number 1 [9000-5.1.1]. */
	if (!v && quic_tparam_has(&p, QUIC_TPARAM_PREFERRED_ADDRESS))
		v = quic_connid_remote_on_new(&conn->remote_ids, 1, 0, &p.preferred.cid,
					      p.preferred.reset_token);
	if (v) {
		quic_conn_violate(conn, v, QUIC_FRAME_CRYPTO, now);
		return v;
	}
	v = quic_conn_select_version(conn, &p);
	if (v)
		return v;
	conn->got_tparams = true;
	if (conn->early) {
		conn->early->fresh = p;		/* not for 0-RTT packets [9000-7.4.1#8] */
		return 0;
	}
	conn->remote = p;
	quic_conn_apply_tparams(conn);
	return 0;
}

/* A reserved parameter out of our random id: the same whenever it is asked for. */
static u64 conn_grease_tparam(const struct quic_conn *conn)
{
	const u8 *r = conn->initial_scid.data;

	return 31 * (u64)(r[4] << 8 | r[5]) + 27;		/* [9000-18.1] */
}

void quic_conn_encode_tparams(struct quic_conn *conn, struct quic_writer *w)
{
	conn_set_ack_delay(conn);
	if (quic_tparam_has(&conn->local, QUIC_TPARAM_STATELESS_RESET_TOKEN))
		quic_edge_reset_token(conn, &conn->initial_scid, conn->local.reset_token);
	quic_conn_offer_versions(conn);
	conn->hello_stale = false;
	quic_tparam_encode(w, &conn->local, conn_grease_tparam(conn));
}

/* ---- input and output ---- */

void quic_conn_receive(struct quic_conn *conn, struct quic_agg *agg, quic_us now)
{
	if (conn->state == QUIC_CONN_CLOSING) {
		if (quic_conn_path_find(conn, agg))
			quic_conn_on_rx_closing(conn, agg->len);
	} else if (quic_conn_is_open(conn) && quic_conn_path_find(conn, agg)) {
		quic_packet_receive(conn, agg, now);
	}
	quic_conn_output(conn, now);
}

void quic_conn_output(struct quic_conn *conn, quic_us now)
{
	if (unlikely(conn->keys.update_wanted))
		quic_conn_try_key_update(conn, now);
	quic_packet_output(conn, now);
	quic_conn_set_timers(conn, now);
}

int quic_conn_send_crypto(struct quic_conn *conn, enum quic_level level,
			  const struct quic_buf *buf)
{
	int err;

	if (!quic_conn_is_open(conn) || level == QUIC_LEVEL_EARLY ||
	    !quic_keys_can_send(&conn->keys, level))
		return -EINVAL;
	if (unlikely(conn->hello_stale))
		return -EPROTONOSUPPORT;
	err = quic_sndbuf_append(&conn->crypto[quic_level_space(level)].snd, buf, buf->len, 0);
	if (!err)
		conn->wmem += buf->truesize;
	return err;
}

/* The largest payload of a DATAGRAM frame that has @frame bytes with type and Length. */
static u64 conn_datagram_payload(u64 frame)
{
	u32 bytes;

	for (bytes = 1; bytes <= 8 && frame > bytes; bytes *= 2)
		if (quic_wire_varint_len(frame - 1 - bytes) <= bytes)
			return frame - 1 - bytes;
	return 0;
}

u32 quic_conn_datagram_max(const struct quic_conn *conn)
{
	u32 overhead = 1 + conn->path->dcid.len + 4 + QUIC_TAG_BYTES;
	u64 room;

	/* A 0-RTT header also has version, our id, both lengths and its own. */
	if (!quic_keys_can_send(&conn->keys, QUIC_LEVEL_APP))
		overhead += 4 + 1 + 1 + conn->initial_scid.len + 2;
	room = conn->path->mtu - overhead;
	return conn_datagram_payload(min(room, conn->remote.max_datagram_frame_size));
}

int quic_conn_send_datagram(struct quic_conn *conn, const struct quic_buf *buf)
{
	struct quic_datagram *d;

	if (!conn->remote.max_datagram_frame_size)		/* [9221-3#1] [9000-19.21#1] */
		return -EINVAL;
	if (buf->len > quic_conn_datagram_max(conn))		/* [9221-3#2] */
		return -EMSGSIZE;
	if (conn->nr_dgrams_out >= conn_dgrams_out_max)
		return -ENOBUFS;
	d = quic_env_alloc(1, sizeof(*d));
	if (!d)
		return -ENOMEM;
	d->buf = *buf;
	list_add_tail(&d->entry, &conn->dgrams_out);
	conn->nr_dgrams_out++;
	conn->wmem += buf->truesize;
	return 0;
}
