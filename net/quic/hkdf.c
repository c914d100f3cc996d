// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * hkdf.c - HMAC and HKDF over plain hashes
 *
 *   HMAC(K, m)            = H((K ^ opad) || H((K ^ ipad) || m))
 *   HKDF-Extract(salt, x) = HMAC(salt, x)
 *   HKDF-Expand(k, info)  = HMAC(k, info || 0x01)	one block is all QUIC needs
 */
#include <crypto/hash.h>

#include "edge.h"
#include "hkdf.h"

#define HKDF_BLOCK_MAX	128	/* of SHA-384 */
#define HKDF_LABEL_MAX	64	/* an encoded HkdfLabel with one of QUIC's labels */

static struct crypto_shash *hkdf_sha256;
static struct crypto_shash *hkdf_sha384;

/* out = H(pad || a || b), with @pad one block. */
static int hkdf_hash(struct crypto_shash *tfm, const u8 *pad, const void *a, u32 a_len,
		     const void *b, u32 b_len, u8 *out)
{
	SHASH_DESC_ON_STACK(desc, tfm);
	int err;

	desc->tfm = tfm;
	err = crypto_shash_init(desc) ?:
	      crypto_shash_update(desc, pad, crypto_shash_blocksize(tfm)) ?:
	      crypto_shash_update(desc, a, a_len);
	if (!err && b_len)
		err = crypto_shash_update(desc, b, b_len);
	err = err ?: crypto_shash_final(desc, out);
	shash_desc_zero(desc);
	return err;
}

int quic_hkdf_hmac(bool sha384, const u8 *key, u32 key_len, const void *a, u32 a_len,
		   const void *b, u32 b_len, u8 *mac)
{
	struct crypto_shash *tfm = sha384 ? hkdf_sha384 : hkdf_sha256;
	u8 pad[HKDF_BLOCK_MAX], inner[QUIC_SECRET_MAX_BYTES];
	u32 i, block = crypto_shash_blocksize(tfm);
	int err;

	if (WARN_ON_ONCE(key_len > 64 || block > sizeof(pad)))
		return -EINVAL;
	memset(pad, 0x36, block);
	for (i = 0; i < key_len; i++)
		pad[i] ^= key[i];
	err = hkdf_hash(tfm, pad, a, a_len, b, b_len, inner);
	for (i = 0; i < block; i++)
		pad[i] ^= 0x36 ^ 0x5c;
	if (!err)
		err = hkdf_hash(tfm, pad, inner, crypto_shash_digestsize(tfm), NULL, 0, mac);
	memzero_explicit(pad, sizeof(pad));
	memzero_explicit(inner, sizeof(inner));
	return err;
}

int quic_hkdf_expand_label(bool sha384, const u8 *secret, const char *label, u8 *out, u32 len)
{
	u32 hash = sha384 ? 48 : 32;
	u8 info[HKDF_LABEL_MAX], block[QUIC_SECRET_MAX_BYTES];
	struct quic_writer w;
	int err;

	quic_wire_write_init(&w, info, sizeof(info));
	quic_keys_hkdf_label(&w, label, len);
	quic_wire_put_u8(&w, 1);
	if (WARN_ON_ONCE(len > hash || w.overflow))
		return -EINVAL;
	err = quic_hkdf_hmac(sha384, secret, hash, info, w.len, NULL, 0, block);
	if (!err)
		memcpy(out, block, len);
	memzero_explicit(block, sizeof(block));
	return err;
}

int quic_edge_expand_label(enum quic_cipher cipher, const u8 *secret, const char *label, u8 *out,
			   size_t len)
{
	return quic_hkdf_expand_label(quic_cipher_info(cipher)->hash_bytes == 48, secret, label,
				      out, len);
}

int quic_edge_initial_secrets(const struct quic_version *v, const struct quic_cid *dcid,
			      u8 *client, u8 *server)
{
	u8 initial[32];
	int err;

	err = quic_hkdf_hmac(false, v->initial_salt, sizeof(v->initial_salt), dcid->data,
			     dcid->len, NULL, 0, initial) ?:
	      quic_hkdf_expand_label(false, initial, "client in", client, 32) ?:
	      quic_hkdf_expand_label(false, initial, "server in", server, 32);
	memzero_explicit(initial, sizeof(initial));
	return err;
}

int quic_hkdf_setup(void)
{
	hkdf_sha256 = crypto_alloc_shash("sha256", 0, 0);
	if (IS_ERR(hkdf_sha256))
		return PTR_ERR(hkdf_sha256);
	hkdf_sha384 = crypto_alloc_shash("sha384", 0, 0);
	if (IS_ERR(hkdf_sha384)) {
		crypto_free_shash(hkdf_sha256);
		return PTR_ERR(hkdf_sha384);
	}
	return 0;
}

void quic_hkdf_cleanup(void)
{
	crypto_free_shash(hkdf_sha384);
	crypto_free_shash(hkdf_sha256);
}
