/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/keys.h - which key protects which packet (RFC 9001 5, 6)
 *
 * Nonces, HKDF labels, cipher properties, AEAD limits, key phases and when keys
 * go.  Does no cryptography: keys are opaque handles of the edge, which derives,
 * uses and destroys them (edge.h).
 */
#ifndef _QUIC_CORE_KEYS_H
#define _QUIC_CORE_KEYS_H

#include "violation.h"
#include "wire.h"

enum quic_cipher {
	QUIC_CIPHER_NONE,
	QUIC_CIPHER_AES_128_GCM,
	QUIC_CIPHER_AES_256_GCM,
	QUIC_CIPHER_AES_128_CCM,
	QUIC_CIPHER_CHACHA20_POLY1305,
	QUIC_NR_CIPHERS,
};

/**
 * struct quic_cipher_info - properties of an AEAD, RFC 9001 5.3, 6.6, B
 * @name: as TLS calls it
 * @uapi: TLS_CIPHER_* of linux/tls.h
 * @key_bytes: AEAD and header protection key
 * @hash_bytes: 32 (SHA-256) or 48 (SHA-384): secret length
 * @seal_limit: packets one key may seal (confidentiality)
 * @open_limit: packets that may fail to open over all keys (integrity)
 */
struct quic_cipher_info {
	const char *name;
	u32 uapi;
	u8 key_bytes;
	u8 hash_bytes;
	u64 seal_limit;
	u64 open_limit;
};

/* Properties of @c, which is a real cipher. */
const struct quic_cipher_info *quic_cipher_info(enum quic_cipher c);
/* QUIC_CIPHER_NONE when @uapi is no TLS_CIPHER_* of ours. */
enum quic_cipher quic_cipher_from_uapi(u32 uapi);

struct quic_aead;	/* the edge's: AEAD key with its IV */
struct quic_hp;		/* the edge's: header protection key */

/**
 * struct quic_key - one direction at one level
 * @aead: packet protection, NULL: not installed
 * @hp: header protection; survives key updates
 * @count: packets sealed with @aead
 */
struct quic_key {
	struct quic_aead *aead;
	struct quic_hp *hp;
	u64 count;
};

/**
 * struct quic_keys - all keys of a connection
 * @cipher: by level
 * @tx: sending, by level
 * @rx: receiving, by level
 * @rx_alt: Initial receive key of the version not in use (RFC 9369 4.1)
 * @rx_other: 1-RTT receive key for the other value of the key phase bit
 * @other_is_next: @rx_other is of the next phase, else of the previous one
 * @tx_secret: current 1-RTT secret, to derive the next
 * @rx_secret: likewise; belongs to the newest receive key made
 * @phase: current key phase bit
 * @updates: key updates so far
 * @phase_first_tx: first packet number sent in this phase, QUIC_PN_NONE: none yet
 * @phase_first_rx: lowest packet number received in this phase, QUIC_PN_NONE: none yet
 * @phase_last_rx: highest, likewise
 * @phase_floor: above every number received in an earlier phase
 * @phase_acked: a packet of this phase was acknowledged: the next update is allowed (6.1)
 * @update_pending: we started an update and no packet of it was acknowledged yet
 * @update_wanted: an update begins as soon as it may
 * @update_after: not before that time (6.5)
 * @failed: packets that did not open, ever (6.6)
 * @seal_cap: an AEAD's confidentiality limit counts as no more than this
 * @open_cap: the same of its integrity limit
 * @discarded: bit per level: keys are gone for good
 */
struct quic_keys {
	enum quic_cipher cipher[QUIC_NR_LEVELS];
	struct quic_key tx[QUIC_NR_LEVELS];
	struct quic_key rx[QUIC_NR_LEVELS];
	struct quic_key rx_alt;
	struct quic_key rx_other;
	bool other_is_next;
	u8 tx_secret[QUIC_SECRET_MAX_BYTES];
	u8 rx_secret[QUIC_SECRET_MAX_BYTES];
	bool phase;
	u32 updates;
	quic_pn phase_first_tx;
	quic_pn phase_first_rx;
	quic_pn phase_last_rx;
	quic_pn phase_floor;
	bool phase_acked;
	bool update_pending;
	bool update_wanted;
	quic_us update_after;
	u64 failed;
	u64 seal_cap;
	u64 open_cap;
	u8 discarded;
};

/* No keys, phase 0. */
void quic_keys_init(struct quic_keys *k);
/* Wipes secrets; handles must have been destroyed by the engine before. */
void quic_keys_wipe(struct quic_keys *k);
/* RFC 9001 5.3: IV xor packet number. */
void quic_keys_nonce(const u8 *iv, quic_pn pn, u8 *nonce);
/* The HkdfLabel structure of TLS 1.3 (RFC 8446 7.1) for "tls13 " + @label and no context. */
void quic_keys_hkdf_label(struct quic_writer *w, const char *label, u16 out_bytes);

/* Is there a key to seal packets of @level? */
static inline bool quic_keys_can_send(const struct quic_keys *k, enum quic_level level)
{
	return k->tx[level].aead;
}

/* Is there a key to open packets of @level? */
static inline bool quic_keys_can_recv(const struct quic_keys *k, enum quic_level level)
{
	return k->rx[level].aead;
}

/* Are the keys of @level gone for good (RFC 9001 4.9)? */
static inline bool quic_keys_is_discarded(const struct quic_keys *k, enum quic_level level)
{
	return k->discarded & BIT(level);
}

/* Which 1-RTT receive key to try for a packet. */
enum quic_keys_pick {
	QUIC_KEYS_CURRENT,
	QUIC_KEYS_PREVIOUS,
	QUIC_KEYS_NEXT,
};

/**
 * quic_keys_pick() - the receive key for a 1-RTT packet by its key phase bit
 * @k: keys
 * @phase: the bit
 *
 * There is always one to try, and choosing it takes the same time whatever the
 * bit and the packet number are [9001-6.3#1] [9001-9.5#1].
 *
 * Return: which.
 */
static inline enum quic_keys_pick quic_keys_pick(const struct quic_keys *k, bool phase)
{
	if (phase == k->phase)
		return QUIC_KEYS_CURRENT;
	return k->other_is_next ? QUIC_KEYS_NEXT : QUIC_KEYS_PREVIOUS;
}

/**
 * quic_keys_on_opened() - a 1-RTT packet opened
 * @k: keys
 * @pick: with which
 * @pn: its number
 *
 * Return: 0; > 0 QUIC_VIOLATION_KEY_PHASE_OLD when an older key protected a higher
 * number, QUIC_VIOLATION_KEY_UPDATE_TOO_SOON; unchanged then.  When @pick was NEXT
 * the caller now rotates keys (quic_keys_rotate()).
 */
int quic_keys_on_opened(struct quic_keys *k, enum quic_keys_pick pick, quic_pn pn);
/*
 * May we start an update at @now?  6.1: handshake @confirmed, a packet of this
 * phase acknowledged; 6.5: not too soon after the last one; and there is a next key.
 */
bool quic_keys_can_update(const struct quic_keys *k, bool confirmed, quic_us now);
/**
 * quic_keys_rotate() - the next key phase begins
 * @k: keys; @rx_other must be of the next phase
 * @ours: we started it, otherwise we follow (after quic_keys_on_opened())
 *
 * The receive keys change places (header protection stays), the phase bit flips,
 * counting starts anew.  Replacing the send key is the caller's business.
 */
void quic_keys_rotate(struct quic_keys *k, bool ours);
/* A packet was sealed: counts it (6.6), notes the first one of a phase. */
void quic_keys_on_sealed(struct quic_keys *k, enum quic_level level, quic_pn pn);
/* A 1-RTT packet @pn was acknowledged: true when it is the first of its phase. */
bool quic_keys_on_acked(struct quic_keys *k, quic_pn pn);
/* Is the 1-RTT key used so much that it should be updated? */
bool quic_keys_needs_update(const struct quic_keys *k);
/* Must @level's key seal no more, but for CONNECTION_CLOSE? */
bool quic_keys_is_exhausted(const struct quic_keys *k, enum quic_level level);
/* A packet failed to open: 0 or QUIC_VIOLATION_AEAD_INTEGRITY_LIMIT. */
int quic_keys_on_open_failed(struct quic_keys *k, enum quic_level level);

#endif /* _QUIC_CORE_KEYS_H */
