// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * conn_initial.c - Initial keys, and what renews them at a client
 *
 *   first Destination Connection ID --> keys (RFC 9001 5.2)
 *   Retry                           --> another id, other keys, once (RFC 9000 17.2.5)
 *   Version Negotiation             --> another version, a new attempt (RFC 9000 6)
 *                                       with another ClientHello, that names it
 *   Initial of another version      --> that version (RFC 9369 4.1)
 *
 * Both packets are unauthenticated; they are believed before anything else came
 * from the server, and only if they echo what only a recipient of our first packet
 * knows.  They come in softirq, where no key can be made: the ones that exist are
 * given other secrets.  For the second version a client has a receive key ready.
 */
#include "packet.h"

static const u32 initial_token_max_bytes = 1000;	/* leaves room for a CRYPTO frame */

/* The version that the first flight can be converted to, or from: there are two [9368-2.2#1]. */
static const struct quic_version *initial_other_version(const struct quic_version *v)
{
	const struct quic_version *other;
	unsigned int i;

	for (i = 0; (other = quic_version_at(i)); i++)
		if (other != v)
			return other;
	return NULL;
}

/* ---- keys ---- */

/* The secret of @v that this side sends with, or receives with. */
static int initial_secret(struct quic_conn *conn, const struct quic_version *v, bool send,
			  u8 *secret)
{
	u8 other[QUIC_SECRET_MAX_BYTES];
	int err;

	if (conn->is_server == send)
		err = quic_edge_initial_secrets(v, &conn->initial_dcid, other, secret);
	else
		err = quic_edge_initial_secrets(v, &conn->initial_dcid, secret, other);
	memzero_explicit(other, sizeof(other));
	return err;
}

static int initial_make_key(struct quic_conn *conn, const struct quic_version *v, bool send,
			    struct quic_key *key)
{
	u8 secret[QUIC_SECRET_MAX_BYTES];
	int err;

	err = initial_secret(conn, v, send, secret);
	if (!err)						/* RFC 9001 5.2 */
		err = quic_conn_make_key(conn, QUIC_CIPHER_AES_128_GCM, v, secret, key);
	memzero_explicit(secret, sizeof(secret));
	return err;
}

static int initial_rekey(struct quic_conn *conn, const struct quic_version *v, bool send,
			 struct quic_key *key)
{
	u8 secret[QUIC_SECRET_MAX_BYTES];
	int err;

	if (!key->aead)
		return 0;
	err = initial_secret(conn, v, send, secret);
	if (!err)
		err = quic_edge_aead_rekey(key->aead, v, secret);
	if (!err)
		err = quic_edge_hp_rekey(key->hp, v, secret);
	key->count = 0;
	memzero_explicit(secret, sizeof(secret));
	return err;
}

int quic_conn_make_initial(struct quic_conn *conn, const struct quic_cid *dcid)
{
	const struct quic_version *other = initial_other_version(conn->version);
	struct quic_keys *k = &conn->keys;
	int err;

	conn->initial_dcid = *dcid;
	k->cipher[QUIC_LEVEL_INITIAL] = QUIC_CIPHER_AES_128_GCM;
	err = initial_make_key(conn, conn->version, true, &k->tx[QUIC_LEVEL_INITIAL]);
	if (!err)
		err = initial_make_key(conn, conn->version, false, &k->rx[QUIC_LEVEL_INITIAL]);
	if (!err && !conn->is_server && !conn->config.no_compatible) {
		err = initial_make_key(conn, other, false, &k->rx_alt);
		conn->alt_version = err ? NULL : other;
	}
	if (err)
		quic_conn_free_initial(conn);
	return err;
}

void quic_conn_free_initial(struct quic_conn *conn)
{
	quic_conn_free_key(&conn->keys.tx[QUIC_LEVEL_INITIAL]);
	quic_conn_free_key(&conn->keys.rx[QUIC_LEVEL_INITIAL]);
	quic_conn_free_key(&conn->keys.rx_alt);
	conn->alt_version = NULL;
}

/*
 * What was sent goes again in the same version [9369-4.1#2], to @dcid and with its
 * keys: the same messages, further packet numbers [9000-17.2.5.3#2].
 */
static void initial_start_again(struct quic_conn *conn, const struct quic_cid *dcid, quic_us now)
{
	struct quic_keys *k = &conn->keys;

	conn->initial_dcid = *dcid;
	quic_conn_set_peer_cid(conn, dcid);			/* [9000-17.2.5.1#3] */
	if (initial_rekey(conn, conn->version, true, &k->tx[QUIC_LEVEL_INITIAL]) ||
	    initial_rekey(conn, conn->version, false, &k->rx[QUIC_LEVEL_INITIAL]) ||
	    initial_rekey(conn, conn->alt_version, false, &k->rx_alt)) {
		quic_conn_close(conn, false, QUIC_ERR_INTERNAL, NULL, 0, now);
		return;
	}
	/* [9002-6.3] */
	quic_conn_send_again(conn, QUIC_SPACE_INITIAL);		/* [9000-17.2.5.3#1] */
	quic_conn_send_again(conn, QUIC_SPACE_APP);		/* [9000-17.2.3#1] */
	conn->recovery.pto_count = 0;
}

/* A client to which nothing authentic came yet, nor another Retry; a server knows its peer. */
static bool initial_is_untouched(const struct quic_conn *conn)
{
	if (conn->state != QUIC_CONN_ESTABLISHING)
		return false;
	if (conn->retried)					/* [9000-17.2.5.2#1] */
		return false;
	/* [9000-6.2#2] [9000-7.2#4] [9000-17.2.5.2#2] [9368-2.1#5] */
	return !conn->peer_id_known;
}

/* ---- Retry ---- */

static bool initial_is_retry(struct quic_conn *conn, const struct quic_header *h, const u8 *pkt)
{
	u8 tag[QUIC_TAG_BYTES];

	/* One only, and none after an Initial. */
	if (!initial_is_untouched(conn) || !quic_cid_equal(&h->dcid, &conn->initial_scid))
		return false;
	/* In the version of the first flight, which stays. */
	if (h->version != conn->version || conn->probe_version)
		return false;
	if (quic_cid_equal(&h->scid, &conn->initial_dcid))	/* [9000-17.2.5.1#2] */
		return false;
	if (h->token.len > initial_token_max_bytes)
		return false;
	if (quic_edge_retry_tag(conn->version, &conn->initial_dcid, pkt,
				h->packet_len - QUIC_TAG_BYTES, tag))
		return false;
	return !memcmp(tag, h->retry_tag.data, sizeof(tag));	/* [9000-17.2.5.2#3] */
}

bool quic_conn_on_retry(struct quic_conn *conn, const struct quic_header *h, const u8 *pkt,
			quic_us now)
{
	u8 *token;

	if (!initial_is_retry(conn, h, pkt))
		return false;
	token = quic_env_alloc(h->token.len, 1);
	if (!token)
		return false;
	memcpy(token, h->token.data, h->token.len);
	quic_env_free(conn->token);
	conn->token = token;			/* of this connection only [9000-8.1.3#2,6] */
	conn->token_len = h->token.len;
	conn->retried = true;
	conn->retry_scid = h->scid;
	initial_start_again(conn, &h->scid, now);
	return true;
}

/* ---- Version Negotiation ---- */

static bool initial_lists(struct quic_span list, u32 version)
{
	struct quic_reader r;
	u32 v;

	quic_wire_read_init(&r, list.data, list.len);
	while (quic_wire_get_u32(&r, &v))
		if (v == version)
			return true;
	return false;
}

static const struct quic_version *initial_choose(struct quic_span list)
{
	const struct quic_version *v;
	unsigned int i;

	for (i = 0; (v = quic_version_at(i)); i++)
		if (initial_lists(list, v->number))
			break;
	return v;
}

static bool initial_is_negotiation(const struct quic_conn *conn, const struct quic_header *h)
{
	if (!initial_is_untouched(conn) || conn->vn_acted)	/* [9368-4#2] */
		return false;
	/* Both ids are echoed [8999-6] [9000-17.2.1]. */
	if (!quic_cid_equal(&h->dcid, &conn->initial_scid) ||
	    !quic_cid_equal(&h->scid, &conn->initial_dcid))
		return false;
	/* A server that speaks our version has no reason to [9000-6.2#3] [9368-4#1]. */
	return !initial_lists(h->token, conn->probe_version ?: conn->version->number);
}

/*
 * The ClientHello, and what an earlier connection gave, are for the version that was
 * refused [9369-5#1].  Nothing is sent until TLS has begun anew.
 */
static void initial_change_version(struct quic_conn *conn, const struct quic_version *v)
{
	struct quic_sndbuf *hello = &conn->crypto[QUIC_SPACE_INITIAL].snd;

	conn->version = v;
	conn->first_version = v;
	conn->alt_version = initial_other_version(v);
	quic_recovery_forget_space(&conn->recovery, QUIC_SPACE_INITIAL, &conn->path->cong);
	conn->wmem -= quic_sndbuf_exit(hello);
	quic_sndbuf_init(hello);
	memset(conn->probes, 0, sizeof(conn->probes));
	quic_env_free(conn->token);
	conn->token = NULL;
	conn->token_len = 0;
	quic_early_refuse(conn);
	conn->hello_stale = true;
	conn->notify |= QUIC_NOTIFY_READ;
}

/* [9368-8#2] */
bool quic_conn_on_version_negotiation(struct quic_conn *conn, const struct quic_header *h,
				      quic_us now)
{
	struct quic_cid dcid = { .len = QUIC_CID_OURS_BYTES };
	const struct quic_version *v;

	if (!initial_is_negotiation(conn, h))
		return false;
	v = initial_choose(h->token);				/* [9368-2.1#2] */
	conn->offered_version = v ? v->number : 0;
	/* Who does not say what else it speaks does not go on with it either. */
	if (!v || (v != conn->version && conn->config.no_compatible)) {
		quic_conn_abandon(conn, QUIC_CLOSE_VERSION);	/* [9000-6.2#1] [9368-2.1#3] */
		return true;
	}
	conn->vn_acted = true;
	conn->refused_version = conn->probe_version ?: conn->version->number;
	conn->probe_version = 0;
	if (v != conn->version)
		initial_change_version(conn, v);
	quic_edge_random(dcid.data, dcid.len);			/* [9000-7.2] */
	conn->original_dcid = dcid;
	initial_start_again(conn, &dcid, now);			/* [9368-2.1#4] */
	return true;
}

/* ---- compatible versions ---- */

int quic_conn_take_version(struct quic_conn *conn, const struct quic_version *v)
{
	struct quic_keys *k = &conn->keys;
	struct quic_key rx, tx;
	int err;

	err = initial_make_key(conn, v, false, &rx);
	if (err)
		return err;
	err = initial_make_key(conn, v, true, &tx);
	if (err) {
		quic_conn_free_key(&rx);
		return err;
	}
	/* The client goes on with its version until it sees ours [9369-4.1#5]. */
	k->rx_alt = k->rx[QUIC_LEVEL_INITIAL];
	conn->alt_version = conn->version;
	quic_conn_free_key(&k->tx[QUIC_LEVEL_INITIAL]);
	k->rx[QUIC_LEVEL_INITIAL] = rx;
	k->tx[QUIC_LEVEL_INITIAL] = tx;
	conn->version = v;
	return 0;
}

int quic_conn_follow_version(struct quic_conn *conn)
{
	struct quic_keys *k = &conn->keys;
	int err;

	err = initial_rekey(conn, conn->alt_version, true, &k->tx[QUIC_LEVEL_INITIAL]);
	if (err)
		return err;
	conn->version = conn->alt_version;
	swap(k->rx[QUIC_LEVEL_INITIAL], k->rx_alt);
	quic_conn_settle_version(conn);
	return 0;
}

void quic_conn_settle_version(struct quic_conn *conn)
{
	quic_conn_free_key(&conn->keys.rx_alt);
	conn->alt_version = NULL;
}
