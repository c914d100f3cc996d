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

/* Can @conn's packets be sealed and opened here and now, without waiting? */
bool quic_crypto_can_run(const struct quic_conn *conn);

/**
 * quic_crypto_settle() - finish key setups that need process context
 * @conn: connection, owned
 *
 * Context: process, may sleep.
 */
void quic_crypto_settle(struct quic_conn *conn);

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
 * quic_crypto_retry_tag() - integrity tag of a Retry packet, RFC 9001 5.8
 * @v: version
 * @odcid: original DCID
 * @retry: Retry packet without its tag
 * @len: its bytes, <= 1500
 * @tag: 16 bytes out
 *
 * Context: any.
 * Return: 0 or a negative errno.
 */
int quic_crypto_retry_tag(const struct quic_version *v, const struct quic_cid *odcid,
			  const u8 *retry, u32 len, u8 *tag);

/**
 * quic_crypto_token_seal() - AEAD for address validation tokens, AES-256-GCM
 * @key: 32 bytes
 * @nonce: 12 bytes, never used twice with @key
 * @aad: bound but not carried
 * @aad_len: its bytes, <= 64
 * @buf: @len bytes of plaintext in the linear map; room for 16 more; sealed in place
 * @len: bytes, <= 512
 *
 * Context: any; waits for nothing.
 * Return: 0; -EAGAIN SIMD is not usable here; other negative errno.
 */
int quic_crypto_token_seal(const u8 *key, const u8 *nonce, const u8 *aad, u32 aad_len, u8 *buf,
			   u32 len);
/* The reverse; @len counts the tag: 0, -EBADMSG, -EAGAIN. */
int quic_crypto_token_open(const u8 *key, const u8 *nonce, const u8 *aad, u32 aad_len, u8 *buf,
			   u32 len);

int quic_crypto_setup(void);
void quic_crypto_cleanup(void);

#endif /* _QUIC_CRYPTO_H */
