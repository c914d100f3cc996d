// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * conn_keys.c - 1-RTT keys in use: updates, ours and the peer's, and limits
 *
 *   wanted    by the application, or because a key nears its limit (RFC 9001 6.6)
 *   begun     when the handshake is confirmed, the current phase was acknowledged,
 *             and the last update is three PTO behind (6.1, 6.5)
 *   followed  by the peer: a packet of the new phase arrives
 *   completed when a packet of ours in the new phase is acknowledged
 *
 * One PTO after the first packet of a new phase the key of the old one becomes the
 * next one (see core/keys.c).  That is done by QUIC_TIMER_KEY, never while a packet
 * is handled: what an attacker can forge costs one attempt to open it.
 */
#include "packet.h"

static const u8 conn_key_wait_ptos = 3;		/* between two updates, RFC 9001 6.5 */
static const u16 conn_pn_reserve = 128;		/* packet numbers for a burst and what follows */

static int conn_next_secret(struct quic_conn *conn, const u8 *secret, u8 *next)
{
	enum quic_cipher cipher = conn->keys.cipher[QUIC_LEVEL_APP];

	return quic_edge_expand_label(cipher, secret, conn->version->label_ku, next,
				      quic_cipher_info(cipher)->hash_bytes);
}

/* Moves @secret one phase on and gives @aead the key that belongs to it. */
static int conn_advance_key(struct quic_conn *conn, u8 *secret, struct quic_aead *aead)
{
	u8 next[QUIC_SECRET_MAX_BYTES];
	int err;

	err = conn_next_secret(conn, secret, next);
	if (!err)
		err = quic_edge_aead_rekey(aead, conn->version, next);
	if (!err)
		memcpy(secret, next, sizeof(next));
	memzero_explicit(next, sizeof(next));
	return err;
}

int quic_conn_keep_secret(struct quic_conn *conn, bool send, const u8 *secret)
{
	struct quic_keys *k = &conn->keys;
	enum quic_cipher cipher = k->cipher[QUIC_LEVEL_APP];
	int err;

	if (send) {
		memcpy(k->tx_secret, secret, quic_cipher_info(cipher)->hash_bytes);
		return 0;
	}
	err = conn_next_secret(conn, secret, k->rx_secret);
	if (err)
		return err;
	/* [9001-6.3#2] */
	err = quic_edge_aead_new(conn, cipher, conn->version, k->rx_secret, &k->rx_other.aead);
	k->other_is_next = !err;
	return err;
}

/* Old keys are not given up before [9001-6.1#3]. */
void quic_conn_on_key_timer(struct quic_conn *conn, quic_us now)
{
	struct quic_keys *k = &conn->keys;

	/* [9001-6.1#3]: until the peer has followed, the old key is the only one it uses. */
	if (k->other_is_next || k->phase_first_rx == QUIC_PN_NONE)
		return;
	if (conn_advance_key(conn, k->rx_secret, k->rx_other.aead)) {
		quic_conn_fail(conn, QUIC_ERR_INTERNAL, "no next key", now);
		return;
	}
	k->other_is_next = true;
}

/* Both directions move to the next phase; none ever moves back [9001-6.4#1]. */
static int conn_shift_keys(struct quic_conn *conn, bool ours)
{
	struct quic_keys *k = &conn->keys;
	int err = conn_advance_key(conn, k->tx_secret, k->tx[QUIC_LEVEL_APP].aead);

	if (!err)
		quic_keys_rotate(k, ours);
	return err;
}

static void conn_key_event(struct quic_conn *conn)
{
	struct quic_edge_event_info ev = {
		.type = QUIC_EDGE_EV_KEY_UPDATE,
		.value = conn->keys.phase,
	};

	quic_edge_event(conn, &ev);
}

int quic_conn_on_key_phase(struct quic_conn *conn, enum quic_keys_pick pick, quic_us now)
{
	int err;

	if (pick == QUIC_KEYS_NEXT) {
		/* The peer knows that ours was completed, though its word is lost. */
		if (conn->keys.update_pending)
			conn_key_event(conn);
		/* Before anything is acknowledged with the old ones. */
		err = conn_shift_keys(conn, false);		/* [9001-6.2#1,2] */
		if (err) {
			quic_conn_fail(conn, QUIC_ERR_INTERNAL, "no next key", now);
			return err;
		}
		conn_key_event(conn);
	}
	if (!conn->keys.other_is_next)
		quic_timers_set(&conn->timers, QUIC_TIMER_KEY, now + quic_conn_pto(conn));
	return 0;
}

void quic_conn_on_key_acked(struct quic_conn *conn, quic_us now)
{
	struct quic_keys *k = &conn->keys;

	if (k->updates)						/* a SHOULD of 6.5 */
		k->update_after = now + conn_key_wait_ptos * quic_conn_pto(conn);
	if (!k->update_pending)
		return;
	k->update_pending = false;
	conn_key_event(conn);
}

/* Sees to it that what an update waits for comes, even in silence. */
static void conn_await_update(struct quic_conn *conn, quic_us now)
{
	const struct quic_sent *sent = &conn->recovery.space[QUIC_SPACE_APP].sent;
	const struct quic_keys *k = &conn->keys;

	if (conn->confirmed && !k->phase_acked && !sent->nr_eliciting)
		conn->ctl |= QUIC_CTL_PING;
	/* An armed timer is the earlier one. */
	if (now < k->update_after && k->other_is_next)
		quic_timers_set(&conn->timers, QUIC_TIMER_KEY, k->update_after);
}

void quic_conn_try_key_update(struct quic_conn *conn, quic_us now)
{
	struct quic_keys *k = &conn->keys;

	if (!quic_conn_is_established(conn))
		return;
	if (!quic_keys_can_update(k, conn->confirmed, now)) {
		conn_await_update(conn, now);
		return;
	}
	if (conn_shift_keys(conn, true)) {
		quic_conn_fail(conn, QUIC_ERR_INTERNAL, "no next key", now);
		return;
	}
	conn->ctl |= QUIC_CTL_PING;	/* something of the new phase to be acknowledged */
}

int quic_conn_update_keys(struct quic_conn *conn)
{
	struct quic_keys *k = &conn->keys;

	if (!quic_conn_is_established(conn) || k->update_wanted || k->update_pending)
		return -EINVAL;
	k->update_wanted = true;
	return 0;
}

bool quic_conn_check_seal_limits(struct quic_conn *conn, quic_us now)
{
	struct quic_keys *k = &conn->keys;
	enum quic_level level;

	for (level = 0; level < QUIC_NR_LEVELS; level++) {
		if (!quic_keys_can_send(k, level))
			continue;
		if (unlikely(quic_keys_is_exhausted(k, level))) {
			/* [9001-6.6#2,4] */
			quic_conn_fail(conn, QUIC_ERR_AEAD_LIMIT_REACHED,
				       "too many packets for one key", now);
			return false;
		}
	}
	if (unlikely(quic_keys_can_send(k, QUIC_LEVEL_APP) && quic_keys_needs_update(k) &&
		     !k->update_pending))
		k->update_wanted = true;			/* [9001-6.6#3] [9001-5.3#3] */
	/* What the numbers allow outlives every key: no CONNECTION_CLOSE either [9000-12.3#3]. */
	if (unlikely(conn->recovery.space[QUIC_SPACE_APP].sent.next + conn_pn_reserve >=
		     QUIC_PN_MAX)) {
		quic_conn_abandon(conn, QUIC_CLOSE_LOCAL);
		return false;
	}
	return true;
}
