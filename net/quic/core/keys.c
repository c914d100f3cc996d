// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/keys.c - nonces, labels, AEAD limits and key phases (RFC 9001 5, 6)
 *
 * Key phases.  A receiver has two 1-RTT keys: one for each value of the key phase
 * bit.  The key of the other value is that of the previous phase for a while after
 * an update, for stragglers, and that of the next phase from then on:
 *
 *	  update		about one PTO later		update
 *	    |  current, other = previous  |  current, other = next  |
 *
 * So there is always a key to try, whatever a packet claims to be: a forged or
 * late phase bit costs what a real one costs (6.3, 9.5).  The next key is not made
 * while packets are handled.  What opens in a place where it may not be is a
 * violation (6.4); what does not open is nothing.
 *
 * No key is made, used or freed here.
 */
#include "keys.h"

/* An update starts when 7/8 of what a key may seal is used: plenty for a peer to follow. */
#define QUIC_KEYS_UPDATE_NUM	7
#define QUIC_KEYS_UPDATE_DEN	8

/* Seals kept back from the limit: a burst that is under way, and CONNECTION_CLOSE. */
static const u64 keys_reserve_pkts = 128;

#define QUIC_KEYS_LABEL_PREFIX	"tls13 "	/* RFC 8446 7.1 */

/*
 * Limits of RFC 9001 6.6.  ChaCha20-Poly1305 may seal more than there are packet
 * numbers; 2^21.5 of CCM is rounded down.
 */
static const struct quic_cipher_info cipher_table[QUIC_NR_CIPHERS] = {
	[QUIC_CIPHER_NONE] = { .name = "NONE", .seal_limit = U64_MAX, .open_limit = U64_MAX },
	[QUIC_CIPHER_AES_128_GCM] = {
		.name = "TLS_AES_128_GCM_SHA256",
		.uapi = 51,		/* TLS_CIPHER_AES_GCM_128 */
		.key_bytes = 16,
		.hash_bytes = 32,
		.seal_limit = 1ULL << 23,
		.open_limit = 1ULL << 52,
	},
	[QUIC_CIPHER_AES_256_GCM] = {
		.name = "TLS_AES_256_GCM_SHA384",
		.uapi = 52,		/* TLS_CIPHER_AES_GCM_256 */
		.key_bytes = 32,
		.hash_bytes = 48,
		.seal_limit = 1ULL << 23,
		.open_limit = 1ULL << 52,
	},
	[QUIC_CIPHER_AES_128_CCM] = {
		.name = "TLS_AES_128_CCM_SHA256",
		.uapi = 53,		/* TLS_CIPHER_AES_CCM_128 */
		.key_bytes = 16,
		.hash_bytes = 32,
		.seal_limit = 2965820,
		.open_limit = 2965820,
	},
	[QUIC_CIPHER_CHACHA20_POLY1305] = {
		.name = "TLS_CHACHA20_POLY1305_SHA256",
		.uapi = 54,		/* TLS_CIPHER_CHACHA20_POLY1305 */
		.key_bytes = 32,
		.hash_bytes = 32,
		.seal_limit = 1ULL << 62,
		.open_limit = 1ULL << 36,
	},
};

const struct quic_cipher_info *quic_cipher_info(enum quic_cipher c)
{
	return &cipher_table[c < QUIC_NR_CIPHERS ? c : QUIC_CIPHER_NONE];
}

enum quic_cipher quic_cipher_from_uapi(u32 uapi)
{
	unsigned int c;

	for (c = QUIC_CIPHER_NONE + 1; c < QUIC_NR_CIPHERS; c++)
		if (cipher_table[c].uapi == uapi)
			return c;
	return QUIC_CIPHER_NONE;
}

/* What was received so far belongs to an earlier phase from now on. */
static void keys_reset_phase(struct quic_keys *k)
{
	if (k->phase_last_rx != QUIC_PN_NONE)
		k->phase_floor = max(k->phase_floor, k->phase_last_rx + 1);
	k->phase_first_rx = QUIC_PN_NONE;
	k->phase_last_rx = QUIC_PN_NONE;
}

void quic_keys_init(struct quic_keys *k)
{
	memset(k, 0, sizeof(*k));
	k->phase_first_tx = QUIC_PN_NONE;
	k->phase_first_rx = QUIC_PN_NONE;
	k->phase_last_rx = QUIC_PN_NONE;
	k->seal_cap = U64_MAX;
	k->open_cap = U64_MAX;
}

void quic_keys_wipe(struct quic_keys *k)
{
	memzero_explicit(k, sizeof(*k));
	quic_keys_init(k);
}

void quic_keys_nonce(const u8 *iv, quic_pn pn, u8 *nonce)
{
	unsigned int i;

	memcpy(nonce, iv, QUIC_IV_BYTES);
	for (i = 0; i < sizeof(pn); i++)
		nonce[QUIC_IV_BYTES - 1 - i] ^= pn >> (8 * i);
}

void quic_keys_hkdf_label(struct quic_writer *w, const char *label, u16 out_bytes)
{
	size_t prefix = sizeof(QUIC_KEYS_LABEL_PREFIX) - 1, len = strlen(label);

	quic_wire_put_u16(w, out_bytes);
	quic_wire_put_u8(w, prefix + len);
	quic_wire_put_bytes(w, QUIC_KEYS_LABEL_PREFIX, prefix);	/* [9001-5.2] */
	quic_wire_put_bytes(w, label, len);
	quic_wire_put_u8(w, 0);
}

/* An old key: no number of a newer one may be below @pn. */
static int keys_opened_previous(struct quic_keys *k, quic_pn pn)
{
	if (k->phase_first_rx != QUIC_PN_NONE && pn > k->phase_first_rx)
		return QUIC_VIOLATION_KEY_PHASE_OLD;		/* [9001-6.4#2] */
	k->phase_floor = max(k->phase_floor, pn + 1);
	return 0;
}

static int keys_opened_next(struct quic_keys *k, quic_pn pn)
{
	if (k->phase_last_rx != QUIC_PN_NONE && pn < k->phase_last_rx)
		return QUIC_VIOLATION_KEY_PHASE_OLD;		/* [9001-6.4#2] */
	/*
	 * A peer may update again once we acknowledged a packet of the current phase:
	 * without having received and sent one we can not have (6.2).
	 */
	if (k->updates && (k->phase_first_rx == QUIC_PN_NONE || k->phase_first_tx == QUIC_PN_NONE))
		return QUIC_VIOLATION_KEY_UPDATE_TOO_SOON;
	keys_reset_phase(k);
	k->phase_first_rx = pn;
	k->phase_last_rx = pn;
	return 0;
}

int quic_keys_on_opened(struct quic_keys *k, enum quic_keys_pick pick, quic_pn pn)
{
	if (unlikely(pick == QUIC_KEYS_PREVIOUS))
		return keys_opened_previous(k, pn);
	if (unlikely(pick == QUIC_KEYS_NEXT))
		return keys_opened_next(k, pn);
	if (pn < k->phase_floor)				/* [9001-6.4#2] */
		return QUIC_VIOLATION_KEY_PHASE_OLD;
	if (pn < k->phase_first_rx)		/* QUIC_PN_NONE is above every number */
		k->phase_first_rx = pn;
	if (k->phase_last_rx == QUIC_PN_NONE || pn > k->phase_last_rx)
		k->phase_last_rx = pn;
	return 0;
}

bool quic_keys_can_update(const struct quic_keys *k, bool confirmed, quic_us now)
{
	return confirmed && k->phase_acked && !k->update_pending &&	/* [9001-6.1#1,2] */
	       k->other_is_next && now >= k->update_after;
}

void quic_keys_rotate(struct quic_keys *k, bool ours)
{
	struct quic_key *rx = &k->rx[QUIC_LEVEL_APP];
	struct quic_aead *old = rx->aead;

	rx->aead = k->rx_other.aead;
	k->rx_other.aead = old;
	k->other_is_next = false;
	k->tx[QUIC_LEVEL_APP].count = 0;
	k->phase = !k->phase;
	k->updates++;
	k->phase_first_tx = QUIC_PN_NONE;
	k->phase_acked = false;
	k->update_pending = ours;
	k->update_wanted = false;
	if (ours)	/* else quic_keys_on_opened() has noted the packet that began it */
		keys_reset_phase(k);
}

void quic_keys_on_sealed(struct quic_keys *k, enum quic_level level, quic_pn pn)
{
	k->tx[level].count++;					/* [9001-6.6#1] */
	if (level == QUIC_LEVEL_APP && k->phase_first_tx == QUIC_PN_NONE)
		k->phase_first_tx = pn;
}

bool quic_keys_on_acked(struct quic_keys *k, quic_pn pn)
{
	if (k->phase_acked || pn < k->phase_first_tx)	/* QUIC_PN_NONE: none was sent */
		return false;
	k->phase_acked = true;
	return true;
}

static u64 keys_seal_limit(const struct quic_keys *k, enum quic_level level)
{
	return min(quic_cipher_info(k->cipher[level])->seal_limit, k->seal_cap);
}

bool quic_keys_needs_update(const struct quic_keys *k)
{
	u64 limit = keys_seal_limit(k, QUIC_LEVEL_APP);

	return k->tx[QUIC_LEVEL_APP].count >= limit / QUIC_KEYS_UPDATE_DEN * QUIC_KEYS_UPDATE_NUM;
}

bool quic_keys_is_exhausted(const struct quic_keys *k, enum quic_level level)
{
	/* [9001-6.6#2] */
	return k->tx[level].count + keys_reserve_pkts >= keys_seal_limit(k, level);
}

int quic_keys_on_open_failed(struct quic_keys *k, enum quic_level level)
{
	k->failed++;						/* [9001-6.6#5] */
	if (k->failed > min(quic_cipher_info(k->cipher[level])->open_limit, k->open_cap))
		return QUIC_VIOLATION_AEAD_INTEGRITY_LIMIT;	/* [9001-6.6#6] */
	return 0;
}
