// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tests/kunit_crypto.c - packets of RFC 9001 A.2 to A.5 and RFC 9369 A, and crypto.c's own promises
 *
 * Seals, masks and opens through the very functions of the data path, on the
 * ciphers of the running kernel.
 */
#include <kunit/test.h>
#include <linux/random.h>

#include "../core/version.h"
#include "../crypto.h"
#include "../pool.h"
#include "kunit_quic.h"
#include "rfc9001.h"
#include "rfc9369.h"

#define CRYPTO_ROOM_BYTES	8192

static const struct quic_vectors *const both[] = { &quic_vectors_v1, &quic_vectors_v2 };

static void version_desc(const struct quic_vectors *const *v, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "version %#x", (*v)->version);
}

KUNIT_ARRAY_PARAM(version, both, version_desc);

static const enum quic_cipher ciphers[] = {
	QUIC_CIPHER_AES_128_GCM, QUIC_CIPHER_AES_256_GCM, QUIC_CIPHER_AES_128_CCM,
	QUIC_CIPHER_CHACHA20_POLY1305,
};

static void cipher_desc(const enum quic_cipher *c, char *desc)
{
	strscpy(desc, quic_cipher_info(*c)->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(cipher, ciphers, cipher_desc);

struct crypto_keys {
	struct quic_aead *aead;
	struct quic_hp *hp;
};

static void make_keys(struct kunit *test, enum quic_cipher c, const struct quic_version *v,
		      const u8 *secret, struct crypto_keys *k)
{
	KUNIT_ASSERT_NOT_NULL(test, v);
	KUNIT_ASSERT_EQ(test, quic_edge_aead_new(NULL, c, v, secret, &k->aead), 0);
	KUNIT_ASSERT_EQ(test, quic_edge_hp_new(NULL, c, v, secret, &k->hp), 0);
}

static void free_keys(struct crypto_keys *k)
{
	quic_edge_aead_free(k->aead);
	quic_edge_hp_free(k->hp);
}

/* Seals and masks @text behind @hdr at @dst: 0 or what failed. */
static int protect(struct crypto_keys *k, u8 *dst, const u8 *hdr, u32 hdr_len, u32 pn_len,
		   quic_pn pn, const u8 *text, u32 text_len)
{
	struct quic_crypto_ctx *ctx = quic_crypto_begin(NULL);
	u8 *sample;
	u32 i;
	int err;

	if (!ctx)
		return -ENOMEM;
	memcpy(dst, hdr, hdr_len);
	memcpy(dst + hdr_len, text, text_len);
	quic_crypto_src(ctx, dst, hdr_len);
	err = quic_crypto_seal(ctx, k->aead, pn, dst, text_len);
	sample = quic_crypto_sample(ctx, 0);
	memcpy(sample, dst + hdr_len - pn_len + 4, QUIC_HP_SAMPLE_BYTES);
	err = err ?: quic_crypto_masks(ctx, k->hp, 1);
	dst[0] ^= sample[0] & (dst[0] & QUIC_HEADER_LONG ? QUIC_HEADER_LONG_MASK :
							   QUIC_HEADER_SHORT_MASK);
	for (i = 0; i < pn_len; i++)
		dst[hdr_len - pn_len + i] ^= sample[1 + i];
	quic_crypto_end(ctx);
	return err;
}

static void client_initial_is_the_rfcs(struct kunit *test)
{
	const struct quic_vectors *v = *(const struct quic_vectors *const *)test->param_value;
	u8 *text = kunit_kzalloc(test, QUIC_VECTORS_CLIENT_PAYLOAD, GFP_KERNEL);
	u8 *dst = kunit_kzalloc(test, sizeof(v->client_packet), GFP_KERNEL);
	struct crypto_keys k;

	make_keys(test, QUIC_CIPHER_AES_128_GCM, quic_version_find(v->version), v->client_secret,
		  &k);
	memcpy(text, v->client_frames, sizeof(v->client_frames));
	KUNIT_EXPECT_EQ(test, 0, protect(&k, dst, v->client_header, sizeof(v->client_header), 4,
					 QUIC_VECTORS_CLIENT_PN, text,
					 QUIC_VECTORS_CLIENT_PAYLOAD));
	KUNIT_EXPECT_MEMEQ(test, dst, v->client_packet, sizeof(v->client_packet));
	free_keys(&k);
}

static void server_initial_is_the_rfcs(struct kunit *test)
{
	const struct quic_vectors *v = *(const struct quic_vectors *const *)test->param_value;
	u8 *dst = kunit_kzalloc(test, sizeof(v->server_packet), GFP_KERNEL);
	struct crypto_keys k;

	make_keys(test, QUIC_CIPHER_AES_128_GCM, quic_version_find(v->version), v->server_secret,
		  &k);
	KUNIT_EXPECT_EQ(test, protect(&k, dst, v->server_header, sizeof(v->server_header), 2,
				      QUIC_VECTORS_SERVER_PN, v->server_frames,
				      sizeof(v->server_frames)), 0);
	KUNIT_EXPECT_MEMEQ(test, dst, v->server_packet, sizeof(v->server_packet));
	free_keys(&k);
}

static void chacha_packet_is_the_rfcs(struct kunit *test)
{
	const struct quic_vectors *v = *(const struct quic_vectors *const *)test->param_value;
	u8 *dst = kunit_kzalloc(test, sizeof(v->chacha_packet), GFP_KERNEL);
	struct crypto_keys k;

	make_keys(test, QUIC_CIPHER_CHACHA20_POLY1305, quic_version_find(v->version),
		  v->chacha_secret, &k);
	KUNIT_EXPECT_EQ(test, protect(&k, dst, v->chacha_header, sizeof(v->chacha_header), 3,
				      QUIC_VECTORS_CHACHA_PN, v->chacha_frames,
				      sizeof(v->chacha_frames)), 0);
	KUNIT_EXPECT_MEMEQ(test, dst, v->chacha_packet, sizeof(v->chacha_packet));
	free_keys(&k);
}

static void retry_tag_is_the_rfcs(struct kunit *test)
{
	const struct quic_vectors *v = *(const struct quic_vectors *const *)test->param_value;
	u32 len = sizeof(v->retry_packet) - QUIC_TAG_BYTES;
	struct quic_cid odcid = { .len = sizeof(v->dcid) };
	u8 tag[QUIC_TAG_BYTES];

	memcpy(odcid.data, v->dcid, sizeof(v->dcid));
	KUNIT_ASSERT_EQ(test, quic_edge_retry_tag(quic_version_find(v->version), &odcid,
						  v->retry_packet, len, tag), 0);
	KUNIT_EXPECT_MEMEQ(test, tag, v->retry_packet + len, sizeof(tag));
}

/* [9000-10.3.2#1,5] */
static void reset_token_follows_from_key_and_id(struct kunit *test)
{
	struct quic_net *qn = kunit_kzalloc(test, sizeof(*qn), GFP_KERNEL);
	struct quic_cid cid = { .len = QUIC_CID_OURS_BYTES };
	u8 token[3][QUIC_RESET_TOKEN_BYTES];

	KUNIT_ASSERT_NOT_NULL(test, qn);
	get_random_bytes(qn->reset_key, sizeof(qn->reset_key));
	KUNIT_ASSERT_EQ(test, quic_crypto_reset_token(qn, &cid, token[0]), 0);
	KUNIT_ASSERT_EQ(test, quic_crypto_reset_token(qn, &cid, token[1]), 0);
	KUNIT_EXPECT_MEMEQ(test, token[0], token[1], sizeof(token[0]));
	cid.data[QUIC_CID_OURS_BYTES - 1] ^= 1;
	KUNIT_ASSERT_EQ(test, quic_crypto_reset_token(qn, &cid, token[1]), 0);
	KUNIT_EXPECT_MEMNEQ(test, token[0], token[1], sizeof(token[0]));
	qn->reset_key[0] ^= 1;
	KUNIT_ASSERT_EQ(test, quic_crypto_reset_token(qn, &cid, token[2]), 0);
	KUNIT_EXPECT_MEMNEQ(test, token[1], token[2], sizeof(token[0]));
}

/* Seals @len bytes from @text cut into pieces at random multiples of 16. */
static int seal_pieces(struct crypto_keys *k, u8 *dst, u32 hdr_len, const u8 *text, u32 len)
{
	struct quic_crypto_ctx *ctx = quic_crypto_begin(NULL);
	u32 at = 0, n;
	int err = 0;

	if (!ctx)
		return -ENOMEM;
	quic_crypto_src(ctx, dst, hdr_len);
	while (at < len && !err) {
		n = min(len - at, 16 * (1 + get_random_u32_below(64)));
		if (!quic_crypto_src_add(ctx, text + at, n))
			err = -E2BIG;
		at += n;
	}
	err = err ?: quic_crypto_seal(ctx, k->aead, 7, dst, len);
	quic_crypto_end(ctx);
	return err;
}

static int open_pieces(struct crypto_keys *k, u8 *aad, u32 hdr_len, const u8 *sealed, u32 len,
		       u8 *dst)
{
	struct quic_crypto_ctx *ctx = quic_crypto_begin(NULL);
	u32 first = get_random_u32_inclusive(1, len - 1);
	int err = -E2BIG;

	if (!ctx)
		return -ENOMEM;
	quic_crypto_src(ctx, aad, hdr_len);
	if (quic_crypto_src_add(ctx, sealed, first) &&
	    quic_crypto_src_add(ctx, sealed + first, len - first))
		err = quic_crypto_open(ctx, k->aead, 7, aad, dst, len);
	quic_crypto_end(ctx);
	return err;
}

/* Out of place, in pieces, across pages: what is opened is what was sealed. */
static void sealed_in_pieces_opens_in_pieces(struct kunit *test)
{
	enum quic_cipher c = *(const enum quic_cipher *)test->param_value;
	u8 *text = kunit_kzalloc(test, CRYPTO_ROOM_BYTES, GFP_KERNEL);
	u8 *sealed = kunit_kzalloc(test, CRYPTO_ROOM_BYTES, GFP_KERNEL);
	u8 *plain = kunit_kzalloc(test, CRYPTO_ROOM_BYTES, GFP_KERNEL);
	u8 secret[QUIC_SECRET_MAX_BYTES] = { 1, 2, 3 };
	u8 *aad = kunit_kzalloc(test, 16, GFP_KERNEL);
	struct crypto_keys k;
	u32 i, len;

	make_keys(test, c, quic_version_find(QUIC_V1), secret, &k);
	get_random_bytes(text, CRYPTO_ROOM_BYTES);
	for (i = 0; i < 200; i++) {
		len = get_random_u32_inclusive(4, 4000);
		get_random_bytes(sealed, 13);
		memcpy(aad, sealed, 13);
		KUNIT_ASSERT_EQ(test, seal_pieces(&k, sealed, 13, text + i, len), 0);
		KUNIT_ASSERT_MEMEQ(test, sealed, aad, 13);
		KUNIT_ASSERT_EQ(test, open_pieces(&k, aad, 13, sealed + 13, len + QUIC_TAG_BYTES,
						  plain), 0);
		KUNIT_ASSERT_MEMEQ(test, plain, text + i, len);
		sealed[13 + get_random_u32_below(len + QUIC_TAG_BYTES)] ^= 0x10;
		KUNIT_ASSERT_EQ(test, open_pieces(&k, aad, 13, sealed + 13, len + QUIC_TAG_BYTES,
						  plain), -EBADMSG);
	}
	free_keys(&k);
}

static void another_key_after_rekey(struct kunit *test)
{
	enum quic_cipher c = *(const enum quic_cipher *)test->param_value;
	u8 old[QUIC_SECRET_MAX_BYTES] = { 1 }, new[QUIC_SECRET_MAX_BYTES] = { 2 };
	u8 *sealed = kunit_kzalloc(test, 256, GFP_KERNEL);
	u8 *plain = kunit_kzalloc(test, 256, GFP_KERNEL);
	u8 *aad = kunit_kzalloc(test, 16, GFP_KERNEL);
	struct crypto_keys k, other;

	make_keys(test, c, quic_version_find(QUIC_V1), old, &k);
	make_keys(test, c, quic_version_find(QUIC_V1), new, &other);
	KUNIT_EXPECT_EQ(test, seal_pieces(&other, sealed, 13, plain, 100), 0);
	KUNIT_EXPECT_EQ(test, open_pieces(&k, aad, 13, sealed + 13, 116, plain), -EBADMSG);
	KUNIT_EXPECT_EQ(test, quic_edge_aead_rekey(k.aead, quic_version_find(QUIC_V1), new), 0);
	KUNIT_EXPECT_EQ(test, open_pieces(&k, aad, 13, sealed + 13, 116, plain), 0);
	free_keys(&k);
	free_keys(&other);
}

/* ---- pool ---- */

static void small_slots_do_not_cross_pages(struct kunit *test)
{
	struct quic_pool pool;
	struct quic_buf buf;
	u32 i, len;

	quic_pool_init(&pool);
	for (i = 0; i < 2000; i++) {
		len = get_random_u32_inclusive(1, PAGE_SIZE);
		KUNIT_ASSERT_EQ(test, quic_pool_alloc(&pool, len, GFP_KERNEL, &buf), 0);
		KUNIT_ASSERT_LE(test, offset_in_page(buf.data) + len, PAGE_SIZE);
		KUNIT_ASSERT_GE(test, buf.truesize, len);
		memset(buf.data, i, len);
		quic_edge_chunk_put(buf.chunk);
	}
	quic_pool_exit(&pool);
}

static void consumed_pages_are_used_again(struct kunit *test)
{
	struct quic_buf window[64] = {};
	struct quic_pool pool;
	u32 i, bytes = 0;

	quic_pool_init(&pool);
	for (i = 0; i < 10000; i++) {
		struct quic_buf *b = &window[i % ARRAY_SIZE(window)];

		if (b->chunk)
			quic_edge_chunk_put(b->chunk);
		KUNIT_ASSERT_EQ(test, quic_pool_alloc(&pool, 1443, GFP_KERNEL, b), 0);
		KUNIT_ASSERT_EQ(test, b->truesize, PAGE_SIZE / 2);
		if (i == 1000)
			bytes = quic_pool_bytes(&pool);
	}
	/* A window that does not grow needs no more pages after the first rounds. */
	KUNIT_EXPECT_EQ(test, quic_pool_bytes(&pool), bytes);
	for (i = 0; i < ARRAY_SIZE(window); i++)
		quic_edge_chunk_put(window[i].chunk);
	quic_pool_trim(&pool);
	KUNIT_EXPECT_EQ(test, quic_pool_bytes(&pool), 0);
	quic_pool_exit(&pool);
}

static void shrunk_slot_gives_its_tail_back(struct kunit *test)
{
	struct quic_buf a, b;
	struct quic_pool pool;

	quic_pool_init(&pool);
	KUNIT_ASSERT_EQ(test, quic_pool_alloc(&pool, 4000, GFP_KERNEL, &a), 0);
	quic_pool_shrink(&pool, &a, 100);
	KUNIT_EXPECT_EQ(test, a.len, 100);
	KUNIT_ASSERT_EQ(test, quic_pool_alloc(&pool, 100, GFP_KERNEL, &b), 0);
	KUNIT_EXPECT_PTR_EQ(test, b.chunk, a.chunk);
	KUNIT_EXPECT_TRUE(test, b.data >= a.data + 100 && b.data <= a.data + 256);
	quic_edge_chunk_put(a.chunk);
	quic_edge_chunk_put(b.chunk);
	quic_pool_exit(&pool);
}

static struct kunit_case quic_crypto_cases[] = {
	KUNIT_CASE_PARAM(client_initial_is_the_rfcs, version_gen_params),
	KUNIT_CASE_PARAM(server_initial_is_the_rfcs, version_gen_params),
	KUNIT_CASE_PARAM(chacha_packet_is_the_rfcs, version_gen_params),
	KUNIT_CASE_PARAM(retry_tag_is_the_rfcs, version_gen_params),
	KUNIT_CASE(reset_token_follows_from_key_and_id),
	KUNIT_CASE_PARAM(sealed_in_pieces_opens_in_pieces, cipher_gen_params),
	KUNIT_CASE_PARAM(another_key_after_rekey, cipher_gen_params),
	KUNIT_CASE(small_slots_do_not_cross_pages),
	KUNIT_CASE(consumed_pages_are_used_again),
	KUNIT_CASE(shrunk_slot_gives_its_tail_back),
	{}
};

struct kunit_suite quic_crypto_suite = {
	.name = "quic-crypto",
	.test_cases = quic_crypto_cases,
};
