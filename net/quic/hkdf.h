/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hkdf.h - HMAC and HKDF over plain hashes, and what QUIC derives with them
 *
 * The kernel's HMAC transforms hold one key each and set it in process context.
 * Two hash calls with padded keys do the same anywhere, with one transform for
 * everybody.
 */
#ifndef _QUIC_HKDF_H
#define _QUIC_HKDF_H

#include "core/keys.h"

/**
 * quic_hkdf_hmac() - HMAC (RFC 2104) of up to two pieces
 * @sha384: SHA-384 instead of SHA-256
 * @key: key
 * @key_len: its bytes, <= 64
 * @a: first piece
 * @a_len: its bytes
 * @b: second piece; may be NULL with @b_len 0
 * @b_len: its bytes
 * @mac: 32 or 48 bytes out
 *
 * Context: any.
 * Return: 0 or a negative errno of the hash.
 */
int quic_hkdf_hmac(bool sha384, const u8 *key, u32 key_len, const void *a, u32 a_len,
		   const void *b, u32 b_len, u8 *mac);

/* HKDF-Expand-Label (RFC 8446 7.1), empty context; @len <= the hash's bytes. As above. */
int quic_hkdf_expand_label(bool sha384, const u8 *secret, const char *label, u8 *out, u32 len);

int quic_hkdf_setup(void);
void quic_hkdf_cleanup(void);

#endif /* _QUIC_HKDF_H */
