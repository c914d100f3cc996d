/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * crypto.h - packet protection by the kernel's crypto API (RFC 9001)
 *
 *   secrets   HKDF-Extract and -Expand-Label by HMAC over a plain hash, which needs
 *             no key setup and so works in any context
 *   AEAD      gcm(aes), ccm(aes), rfc7539: one tfm per key; requests, IVs and
 *             scatterlists come from a per-CPU context: no allocation per packet
 *   header    ecb(aes), one request per batch of samples; ChaCha20 by the library
 *
 * Asynchronous algorithms are not masked out: the fast x86 AES-GCM of 6.12 calls
 * itself asynchronous and is not, as long as SIMD is usable (DATAPATH.md).  Where
 * it is not, quic_crypto_can_run() says so and the caller defers to process
 * context, where a context of its own can wait.  A request that goes
 * asynchronous all the same where nobody can wait counts as a lost packet; the
 * context is abandoned to its completion.
 */
#ifndef _QUIC_CRYPTO_H
#define _QUIC_CRYPTO_H

#include <linux/scatterlist.h>

#include "host.h"

#define QUIC_CRYPTO_BATCH	64	/* samples in one header protection request */
#define QUIC_CRYPTO_SG_MAX	48	/* entries of a source: AAD, pieces, tag */

struct quic_crypto_ctx;	/* requests and scratch of one CPU, or of one caller that may sleep */

/**
 * struct quic_crypto_source - what the next operation reads
 * @sg: AAD, then pieces of text, then (opening) the tag
 * @nr: entries
 *
 * The first member of struct quic_crypto_ctx; visible, so that naming a piece is
 * inline: there are two or three per packet.
 */
struct quic_crypto_source {
	struct scatterlist sg[QUIC_CRYPTO_SG_MAX];
	unsigned int nr;
};

/* Can @conn's packets be sealed and opened here and now, without waiting? */
bool quic_crypto_can_run(const struct quic_conn *conn);

/**
 * quic_crypto_settle() - finish key setups that need process context
 * @conn: connection, owned
 *
 * quic_crypto_begin() and quic_rx_run() do it by themselves where they may sleep.
 *
 * Context: process, may sleep.
 */
void quic_crypto_settle(const struct quic_conn *conn);

/* ---- stateless helpers for layer 4 ---- */

/**
 * quic_crypto_hmac_sha256() - HMAC-SHA256 of up to two pieces
 * @key: key
 * @key_len: its bytes, <= 64
 * @a: first piece
 * @a_len: its bytes
 * @b: second piece, may be NULL
 * @b_len: its bytes
 * @mac: 32 bytes out
 *
 * Context: any.
 * Return: 0 or a negative errno of the hash.
 */
int quic_crypto_hmac_sha256(const u8 *key, u32 key_len, const void *a, u32 a_len, const void *b,
			    u32 b_len, u8 *mac);

/* Stateless reset token of @cid (RFC 9000 10.3.2): 16 bytes; -errno of the hash. */
int quic_crypto_reset_token(struct quic_net *qn, const struct quic_cid *cid, u8 *token);

/**
 * quic_crypto_token_key() - a fresh random key for address-validation tokens
 *
 * Context: process, may sleep.
 * Return: the key, to be freed with quic_edge_aead_free(); NULL: no memory.
 */
struct quic_aead *quic_crypto_token_key(void);

/**
 * quic_crypto_token_run() - seal or open a token
 * @key: from quic_crypto_token_key()
 * @nonce: QUIC_IV_BYTES
 * @aad: authenticated only
 * @aad_len: its bytes
 * @text: plaintext with room for a tag, or ciphertext with its tag; replaced
 * @len: bytes of it, without the tag where it is sealed
 * @seal: or open
 *
 * Context: any.
 * Return: 0; -EBADMSG: not authentic; -EAGAIN: not here and now; -ENOMEM.
 */
int quic_crypto_token_run(struct quic_aead *key, const u8 *nonce, const u8 *aad, u32 aad_len,
			  u8 *text, u32 len, bool seal);

/* ---- sealing and opening, for tx.c and rx.c ---- */

/**
 * quic_crypto_begin() - get requests and scratch
 * @conn: for whom
 *
 * Normally those of this CPU: BH stays disabled until quic_crypto_end(), which
 * keeps others on this CPU away (and migration, as far as per-CPU data goes).
 * In process context, for keys whose algorithm really went asynchronous, a
 * private one that waits; BH is not touched then.
 *
 * Return: the context; NULL: no memory, or one is in use already on this CPU.
 */
struct quic_crypto_ctx *quic_crypto_begin(const struct quic_conn *conn);
void quic_crypto_end(struct quic_crypto_ctx *ctx);
/* Is it private, so that the caller may be preempted and may sleep? */
bool quic_crypto_is_private(const struct quic_crypto_ctx *ctx);
/* Does a key of @conn go asynchronous, so that its work belongs where it can wait? */
bool quic_crypto_needs_wait(const struct quic_conn *conn);
/* After -EINPROGRESS: the source lies in @skb, keep it until the cipher is done. */
void quic_crypto_hold_skb(struct quic_crypto_ctx *ctx, struct sk_buff *skb);

/* Starts naming a source: its AAD. */
static inline void quic_crypto_src(struct quic_crypto_ctx *ctx, const void *aad, u32 len)
{
	struct quic_crypto_source *src = (struct quic_crypto_source *)ctx;

	sg_set_buf(&src->sg[0], aad, len);
	src->nr = 1;
}

/* The next piece of text; false: too many. In the linear map. */
static inline bool __must_check quic_crypto_src_add(struct quic_crypto_ctx *ctx, const void *p,
						    u32 len)
{
	struct quic_crypto_source *src = (struct quic_crypto_source *)ctx;

	if (unlikely(src->nr == QUIC_CRYPTO_SG_MAX))
		return false;
	sg_set_buf(&src->sg[src->nr++], p, len);
	return true;
}

/**
 * quic_crypto_seal() - seal the source that was named
 * @ctx: context
 * @aead: key
 * @pn: packet number
 * @dst: packet: AAD (there already), room for text and tag; may be the source itself
 * @text_len: bytes of plaintext
 *
 * Return: 0; -EINPROGRESS: it is still running and cannot be waited for, @ctx
 * holds references on all its memory and refuses further work; -ENOKEY: the
 * key waits for quic_crypto_settle(); another errno of the cipher.
 */
int quic_crypto_seal(struct quic_crypto_ctx *ctx, struct quic_aead *aead, quic_pn pn, u8 *dst,
		     u32 text_len);
/**
 * quic_crypto_open() - open the source that was named
 * @ctx: context
 * @aead: key
 * @pn: packet number
 * @aad: AAD, writable
 * @dst: room for the plaintext
 * @text_len: bytes of ciphertext with its tag, >= 16
 *
 * Return: as quic_crypto_seal(); -EBADMSG: not authentic.
 */
int quic_crypto_open(struct quic_crypto_ctx *ctx, struct quic_aead *aead, quic_pn pn, u8 *aad,
		     u8 *dst, u32 text_len);

/* Where to put the i-th 16-byte sample; quic_crypto_masks() turns it into the mask. */
u8 *quic_crypto_sample(struct quic_crypto_ctx *ctx, unsigned int i);
/* Header protection masks of samples 0 .. @nr - 1, nr <= QUIC_CRYPTO_BATCH: 0 or -errno. */
int quic_crypto_masks(struct quic_crypto_ctx *ctx, struct quic_hp *hp, unsigned int nr);

int quic_crypto_setup(void);
void quic_crypto_cleanup(void);

#endif /* _QUIC_CRYPTO_H */
