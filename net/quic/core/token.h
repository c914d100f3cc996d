/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/token.h - address-validation tokens, RFC 9000 8.1
 *
 * A token proves to a server that its holder received something at an address:
 * in a Retry packet just now, or in a NEW_TOKEN frame of an earlier connection.
 *
 *   | first | nonce (12) | sealed: when issued [, original DCID] | tag (16) |
 *
 *   first: 1011 01 | kind | key
 *
 * What the token is bound to and the server will see again is not in it, but
 * among the authenticated data: kind, version, the client's IP address, and for
 * a Retry also its port and the id that the Retry gave it.  A token used in
 * another context therefore does not open, which is all that is told.  All
 * tokens of a kind have one length, so that what somebody else issued is seldom
 * mistaken for one of ours.
 *
 * Layout, times and replays are decided here.  Sealing, keys and their rotation
 * are the edge's (quic_edge_token_*()), what to do with a client is admit.c's.
 */
#ifndef _QUIC_CORE_TOKEN_H
#define _QUIC_CORE_TOKEN_H

#include "path.h"

#define QUIC_TOKEN_RETRY_US	(3 * QUIC_US_PER_SEC)	/* lifetimes, UAPI.md 9 */
#define QUIC_TOKEN_NEW_US	(600 * QUIC_US_PER_SEC)
#define QUIC_TOKEN_KEY_US	(3600 * QUIC_US_PER_SEC)	/* a key seals no longer */

#define QUIC_TOKEN_NONCE_BYTES	12
#define QUIC_TOKEN_TEXT_MAX_BYTES	(8 + 1 + QUIC_CID_MAX_BYTES)
#define QUIC_TOKEN_MAX_BYTES	(1 + QUIC_TOKEN_NONCE_BYTES + QUIC_TOKEN_TEXT_MAX_BYTES + \
				 QUIC_TAG_BYTES)
#define QUIC_TOKEN_AAD_MAX_BYTES	(1 + 4 + 1 + 16 + 2 + 1 + QUIC_CID_MAX_BYTES)

enum quic_token_kind {
	QUIC_TOKEN_NONE,	/* none of ours */
	QUIC_TOKEN_RETRY,
	QUIC_TOKEN_NEW,		/* of a NEW_TOKEN frame */
};

/**
 * struct quic_token_view - a received token before it is opened
 * @kind: what it says it is; authenticated by opening it
 * @key: 0 or 1: which of two keys sealed it
 * @nonce: QUIC_TOKEN_NONCE_BYTES
 * @sealed: ciphertext with its tag
 */
struct quic_token_view {
	enum quic_token_kind kind;
	u8 key;
	const u8 *nonce;
	struct quic_span sealed;
};

/* Bytes of plaintext in every token of @kind. */
u32 quic_token_text_bytes(enum quic_token_kind kind);

/* Byte 0 of a token. */
u8 quic_token_first(enum quic_token_kind kind, unsigned int key);

/**
 * quic_token_put_aad() - what a token is bound to
 * @w: where to
 * @kind: RETRY or NEW
 * @version: of the connection it is for (RFC 9369 5)
 * @remote: the client's address; the port counts for a Retry only
 * @dcid: id that the Retry told the client to use; not looked at for NEW
 */
void quic_token_put_aad(struct quic_writer *w, enum quic_token_kind kind, u32 version,
			const struct quic_addr *remote, const struct quic_cid *dcid);

/* The plaintext: @odcid for a Retry only. quic_token_text_bytes() bytes. */
void quic_token_put_text(struct quic_writer *w, enum quic_token_kind kind, quic_us issued,
			 const struct quic_cid *odcid);

/**
 * quic_token_view() - take a token apart
 * @token: as received in an Initial packet
 * @v: filled; kind NONE when it can not be ours
 */
void quic_token_view(struct quic_span token, struct quic_token_view *v);

/**
 * quic_token_check_text() - judge what a token contained
 * @kind: of the token
 * @text: plaintext, quic_token_text_bytes() of it
 * @now: time
 * @odcid: original DCID, for a Retry
 *
 * Return: true: well-formed and within its lifetime.
 */
bool __must_check quic_token_check_text(enum quic_token_kind kind, const u8 *text, quic_us now,
					struct quic_cid *odcid);

#define QUIC_TOKEN_USED_BITS	65536

/**
 * struct quic_token_used - which NEW_TOKEN tokens were used: none serves twice
 * @bits: two generations, each of one lifetime
 * @since: when generation 0 began
 *
 * A Bloom filter over the nonces, which are random and authentic.  Some hundred
 * thousand tokens in one lifetime make it say "used" of most; their clients then
 * count as not validated, which costs them a round trip at most.
 */
struct quic_token_used {
	u64 bits[2][QUIC_TOKEN_USED_BITS / 64];
	quic_us since;
};

/* Notes the token of @nonce as used: true when it was not before. */
bool quic_token_spend(struct quic_token_used *u, const u8 *nonce, quic_us now);

#endif /* _QUIC_CORE_TOKEN_H */
