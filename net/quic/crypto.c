// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * crypto.c - packet protection by the kernel's crypto API
 *
 * A context holds what one seal or open needs: requests, nonce, scatterlists and
 * samples.  It belongs to a CPU and is used with BH disabled, or to one caller
 * that may wait (see quic_crypto_begin()).
 *
 * Asynchronous completion where nobody may wait: the request and the memory it
 * works on must outlive the caller, so the context takes references on that
 * memory, is taken off its CPU and freed by whoever comes last, the caller or the
 * completion (@state).  The key is marked, so that from then on its work runs in
 * process context, where it can wait.
 */
#include <crypto/aead.h>
#include <crypto/aes.h>
#include <crypto/chacha.h>
#include <asm/simd.h>
#include <crypto/internal/simd.h>
#include <crypto/skcipher.h>

#include "compat.h"
#include "crypto.h"
#include "hkdf.h"
#include "mib.h"

#define CRYPTO_REQ_BYTES	1536	/* aead_request with the context of any cipher we take */
#define CRYPTO_HP_REQ_BYTES	768
#define CRYPTO_NONCE_BYTES	16	/* CCM has it inside a block of its own form */

/**
 * struct quic_aead - AEAD key
 * @tfm: cipher
 * @cipher: which
 * @simd: its code needs SIMD and goes asynchronous without
 * @async: a request of it really went asynchronous: only where one can wait
 * @unset: @key waits for process context
 * @iv: RFC 9001 5.3
 * @key: until it is set
 * @refs: the owner, and contexts with a request under way
 */
struct quic_aead {
	struct crypto_aead *tfm;
	u8 cipher;
	bool simd;
	bool async;
	bool unset;
	u8 iv[QUIC_IV_BYTES];
	u8 key[32];
	refcount_t refs;
};

/**
 * struct quic_hp - header protection key
 * @tfm: AES; NULL: ChaCha20
 * @cipher: of the AEAD it goes with
 * @simd: see struct quic_aead
 * @async: likewise
 * @chacha: key
 */
struct quic_hp {
	struct crypto_skcipher *tfm;
	u8 cipher;
	bool simd;
	bool async;
	u32 chacha[8];
};

/* Who has finished with a context whose request went asynchronous. */
enum crypto_state {
	CRYPTO_STATE_IDLE,
	CRYPTO_STATE_DONE,	/* the completion: the caller frees */
	CRYPTO_STATE_ABANDONED,	/* the caller: the completion frees */
};

/**
 * struct quic_crypto_ctx - requests and scratch
 * @src: source of the next operation; must be first
 * @dst: destination
 * @private: not of a CPU: its user may wait
 * @busy: in use
 * @broken: a request is under way that nobody waits for
 * @state: enum crypto_state
 * @wait: completion for who may wait
 * @orphan: key of the request under way
 * @pages: references it holds
 * @nr_pages: their number
 * @skb: another one, for a source in the linear part of an skb
 * @nonce: of the operation
 * @samples: header protection samples, then masks
 * @req: struct aead_request with its context
 * @hp_req: struct skcipher_request with its context
 */
struct quic_crypto_ctx {
	struct quic_crypto_source src;
	struct scatterlist dst[2];
	bool private;
	bool busy;
	bool broken;
	atomic_t state;
	struct crypto_wait wait;
	struct quic_aead *orphan;
	struct page *pages[QUIC_CRYPTO_SG_MAX + 2];
	unsigned int nr_pages;
	struct sk_buff *skb;
	u8 nonce[CRYPTO_NONCE_BYTES];
	u8 samples[QUIC_CRYPTO_BATCH * QUIC_HP_SAMPLE_BYTES];
	u8 req[CRYPTO_REQ_BYTES] CRYPTO_MINALIGN_ATTR;
	u8 hp_req[CRYPTO_HP_REQ_BYTES] CRYPTO_MINALIGN_ATTR;
};

static const char *const crypto_aead_names[QUIC_NR_CIPHERS] = {
	[QUIC_CIPHER_AES_128_GCM] = "gcm(aes)",
	[QUIC_CIPHER_AES_256_GCM] = "gcm(aes)",
	[QUIC_CIPHER_AES_128_CCM] = "ccm(aes)",
	[QUIC_CIPHER_CHACHA20_POLY1305] = "rfc7539(chacha20,poly1305)",
};

static DEFINE_PER_CPU(struct quic_crypto_ctx *, crypto_ctx);

/* Keys of the Retry integrity tag, one per version we speak (RFC 9001 5.8). */
#define CRYPTO_VERSIONS_MAX	4
static struct quic_aead *crypto_retry[CRYPTO_VERSIONS_MAX];

static bool crypto_is_async(struct crypto_tfm *tfm)
{
	return tfm->__crt_alg->cra_flags & CRYPTO_ALG_ASYNC;
}

/* ---- contexts ---- */

static struct quic_crypto_ctx *crypto_ctx_alloc(gfp_t gfp)
{
	struct quic_crypto_ctx *ctx = kzalloc(sizeof(*ctx), gfp | __GFP_NOWARN);

	if (!ctx)
		return NULL;
	BUILD_BUG_ON(offsetof(struct quic_crypto_ctx, src));
	sg_init_table(ctx->src.sg, ARRAY_SIZE(ctx->src.sg));
	sg_init_table(ctx->dst, ARRAY_SIZE(ctx->dst));
	crypto_init_wait(&ctx->wait);
	return ctx;
}

static void crypto_aead_put(struct quic_aead *aead)
{
	if (!refcount_dec_and_test(&aead->refs))
		return;
	crypto_free_aead(aead->tfm);
	kfree_sensitive(aead);
}

static void crypto_ctx_free(struct quic_crypto_ctx *ctx)
{
	while (ctx->nr_pages)
		put_page(ctx->pages[--ctx->nr_pages]);
	kfree_skb(ctx->skb);
	if (ctx->orphan)
		crypto_aead_put(ctx->orphan);
	kfree_sensitive(ctx);
}

/* A key of @conn really went asynchronous once: its work belongs where it can wait. */
static bool crypto_key_is_async(const struct quic_key *k)
{
	return (k->aead && k->aead->async) || (k->hp && k->hp->async);
}

static bool crypto_key_can_run(const struct quic_key *k, bool simd_usable)
{
	if (k->aead && (k->aead->unset || k->aead->async || (k->aead->simd && !simd_usable)))
		return false;
	return !k->hp || !(k->hp->async || (k->hp->simd && !simd_usable));
}

bool quic_crypto_needs_wait(const struct quic_conn *conn)
{
	const struct quic_keys *k = &conn->keys;
	unsigned int i;

	for (i = 0; i < QUIC_NR_LEVELS; i++)
		if (crypto_key_is_async(&k->tx[i]) || crypto_key_is_async(&k->rx[i]))
			return true;
	return crypto_key_is_async(&k->rx_alt) || crypto_key_is_async(&k->rx_other);
}

bool quic_crypto_can_run(const struct quic_conn *conn)
{
	const struct quic_keys *k = &conn->keys;
	bool usable = crypto_simd_usable();
	unsigned int i;

	if (!in_interrupt())
		return true;
	for (i = 0; i < QUIC_NR_LEVELS; i++)
		if (!crypto_key_can_run(&k->tx[i], usable) ||
		    !crypto_key_can_run(&k->rx[i], usable))
			return false;
	return crypto_key_can_run(&k->rx_alt, usable) && crypto_key_can_run(&k->rx_other, usable);
}

static int crypto_set_key(struct quic_aead *aead)
{
	int err = crypto_aead_setkey(aead->tfm, aead->key,
				     quic_cipher_info(aead->cipher)->key_bytes);

	aead->unset = err;
	if (!err)
		memzero_explicit(aead->key, sizeof(aead->key));
	return err;
}

static void crypto_settle_key(const struct quic_key *k)
{
	if (k->aead && k->aead->unset)
		crypto_set_key(k->aead);
}

void quic_crypto_settle(const struct quic_conn *conn)
{
	const struct quic_keys *k = &conn->keys;
	unsigned int i;

	for (i = 0; i < QUIC_NR_LEVELS; i++) {
		crypto_settle_key(&k->tx[i]);
		crypto_settle_key(&k->rx[i]);
	}
	crypto_settle_key(&k->rx_alt);
	crypto_settle_key(&k->rx_other);
}

/* This CPU's, made when it is first needed; BH is disabled. */
static struct quic_crypto_ctx *crypto_ctx_this_cpu(void)
{
	struct quic_crypto_ctx *ctx = this_cpu_read(crypto_ctx);

	if (!ctx) {
		ctx = crypto_ctx_alloc(GFP_ATOMIC);
		this_cpu_write(crypto_ctx, ctx);
	}
	return ctx;
}

struct quic_crypto_ctx *quic_crypto_begin(const struct quic_conn *conn)
{
	struct quic_crypto_ctx *ctx;

	if (conn && !in_interrupt()) {
		quic_crypto_settle(conn);
		if (quic_crypto_needs_wait(conn)) {
			ctx = crypto_ctx_alloc(GFP_NOFS);
			if (ctx)
				ctx->private = true;
			return ctx;
		}
	}
	local_bh_disable();
	ctx = crypto_ctx_this_cpu();
	if (!ctx || WARN_ON_ONCE(ctx->busy)) {
		local_bh_enable();
		return NULL;
	}
	ctx->busy = true;
	return ctx;
}

void quic_crypto_end(struct quic_crypto_ctx *ctx)
{
	if (ctx->private) {
		crypto_ctx_free(ctx);
		return;
	}
	if (likely(!ctx->broken)) {
		ctx->busy = false;
	} else {
		this_cpu_write(crypto_ctx, NULL);
		if (atomic_xchg(&ctx->state, CRYPTO_STATE_ABANDONED) == CRYPTO_STATE_DONE)
			crypto_ctx_free(ctx);
	}
	local_bh_enable();
}

bool quic_crypto_is_private(const struct quic_crypto_ctx *ctx)
{
	return ctx->private;
}

void quic_crypto_hold_skb(struct quic_crypto_ctx *ctx, struct sk_buff *skb)
{
	if (!ctx->skb)
		ctx->skb = skb_get(skb);
}

/* ---- asynchronous completion ---- */

static void crypto_orphan_done(void *data, int err)
{
	struct quic_crypto_ctx *ctx = data;

	if (err == -EINPROGRESS)	/* only taken off a backlog */
		return;
	if (atomic_xchg(&ctx->state, CRYPTO_STATE_DONE) == CRYPTO_STATE_ABANDONED)
		crypto_ctx_free(ctx);
}

static void crypto_hold_sg(struct quic_crypto_ctx *ctx, struct scatterlist *sg)
{
	for (; sg; sg = sg_next(sg)) {
		struct page *page = sg_page(sg);

		/* Slab memory is the context's own scratch; it has no page references. */
		if (PageSlab(page) || ctx->nr_pages == ARRAY_SIZE(ctx->pages))
			continue;
		get_page(page);
		ctx->pages[ctx->nr_pages++] = page;
	}
}

/* A request that returned @err; the callback was set by crypto_callback(). */
static int crypto_finish(struct quic_crypto_ctx *ctx, int err, struct quic_aead *aead,
			 struct scatterlist *dst, bool *async)
{
	if (likely(err != -EINPROGRESS && err != -EBUSY))
		return err;
	*async = true;
	if (ctx->private)
		return crypto_wait_req(err, &ctx->wait);
	ctx->broken = true;
	if (aead) {
		refcount_inc(&aead->refs);
		ctx->orphan = aead;
		crypto_hold_sg(ctx, ctx->src.sg);
		if (dst != ctx->src.sg)
			crypto_hold_sg(ctx, dst);
	}
	return -EINPROGRESS;
}

/* ---- sealing and opening ---- */

static void crypto_nonce(struct quic_crypto_ctx *ctx, const struct quic_aead *aead, quic_pn pn)
{
	/* quic_keys_nonce() without its loop: RFC 9001 5.3. */
	if (likely(aead->cipher != QUIC_CIPHER_AES_128_CCM)) {
		memcpy(ctx->nonce, aead->iv, 4);
		put_unaligned_be64(get_unaligned_be64(aead->iv + 4) ^ pn, ctx->nonce + 4);
		return;
	}
	memset(ctx->nonce, 0, sizeof(ctx->nonce));
	ctx->nonce[0] = 15 - QUIC_IV_BYTES - 1;		/* L - 1, RFC 3610 2.3 */
	quic_keys_nonce(aead->iv, pn, ctx->nonce + 1);
}

/* With the nonce that is there. */
static int crypto_run(struct quic_crypto_ctx *ctx, struct quic_aead *aead,
		      struct scatterlist *dst, u32 text_len, bool seal)
{
	struct aead_request *req = (struct aead_request *)ctx->req;
	struct scatterlist *last = &ctx->src.sg[ctx->src.nr - 1];
	int err;

	if (unlikely(ctx->broken))
		return -EBUSY;
	if (unlikely(aead->unset))
		return -ENOKEY;
	sg_mark_end(last);
	aead_request_set_tfm(req, aead->tfm);
	if (unlikely(ctx->private))
		aead_request_set_callback(req, CRYPTO_TFM_REQ_MAY_SLEEP |
					  CRYPTO_TFM_REQ_MAY_BACKLOG, crypto_req_done, &ctx->wait);
	else
		aead_request_set_callback(req, 0, crypto_orphan_done, ctx);
	aead_request_set_ad(req, ctx->src.sg[0].length);
	aead_request_set_crypt(req, ctx->src.sg, dst, text_len, ctx->nonce);
	err = seal ? crypto_aead_encrypt(req) : crypto_aead_decrypt(req);
	err = crypto_finish(ctx, err, aead, dst, &aead->async);
	if (likely(!ctx->broken))
		sg_unmark_end(last);
	return err;
}

int quic_crypto_seal(struct quic_crypto_ctx *ctx, struct quic_aead *aead, quic_pn pn, u8 *dst,
		     u32 text_len)
{
	crypto_nonce(ctx, aead, pn);
	/* All in one place already: sealed in place. */
	if (ctx->src.nr == 1) {
		sg_set_buf(&ctx->src.sg[ctx->src.nr++], dst + ctx->src.sg[0].length,
			   text_len + QUIC_TAG_BYTES);
		return crypto_run(ctx, aead, ctx->src.sg, text_len, true);
	}
	sg_set_buf(&ctx->dst[0], dst, ctx->src.sg[0].length + text_len + QUIC_TAG_BYTES);
	sg_mark_end(&ctx->dst[0]);
	return crypto_run(ctx, aead, ctx->dst, text_len, true);
}

int quic_crypto_open(struct quic_crypto_ctx *ctx, struct quic_aead *aead, quic_pn pn, u8 *aad,
		     u8 *dst, u32 text_len)
{
	crypto_nonce(ctx, aead, pn);
	sg_unmark_end(&ctx->dst[0]);
	sg_set_buf(&ctx->dst[0], aad, ctx->src.sg[0].length);
	sg_set_buf(&ctx->dst[1], dst, max_t(u32, text_len - QUIC_TAG_BYTES, 1));
	return crypto_run(ctx, aead, ctx->dst, text_len, false);
}

/* ---- header protection ---- */

u8 *quic_crypto_sample(struct quic_crypto_ctx *ctx, unsigned int i)
{
	return ctx->samples + i * QUIC_HP_SAMPLE_BYTES;
}

/* RFC 9001 5.4.4: the sample is counter and nonce of a ChaCha20 block. */
static void crypto_masks_chacha(struct quic_crypto_ctx *ctx, const struct quic_hp *hp,
				unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		u8 *sample = quic_crypto_sample(ctx, i);

		quic_compat_chacha20_block(hp->chacha, sample, sample, QUIC_HP_SAMPLE_BYTES);
	}
}

int quic_crypto_masks(struct quic_crypto_ctx *ctx, struct quic_hp *hp, unsigned int nr)
{
	struct skcipher_request *req = (struct skcipher_request *)ctx->hp_req;
	struct scatterlist sg;

	if (unlikely(ctx->broken))
		return -EBUSY;
	if (!hp->tfm) {
		crypto_masks_chacha(ctx, hp, nr);
		return 0;
	}
	/* Not on the stack where the request may outlive this call. */
	sg_init_one(&sg, ctx->samples, nr * QUIC_HP_SAMPLE_BYTES);
	ctx->dst[0] = sg;
	skcipher_request_set_tfm(req, hp->tfm);
	if (unlikely(ctx->private))
		skcipher_request_set_callback(req, CRYPTO_TFM_REQ_MAY_SLEEP |
					      CRYPTO_TFM_REQ_MAY_BACKLOG, crypto_req_done,
					      &ctx->wait);
	else
		skcipher_request_set_callback(req, 0, crypto_orphan_done, ctx);
	skcipher_request_set_crypt(req, ctx->dst, ctx->dst, nr * QUIC_HP_SAMPLE_BYTES, NULL);
	return crypto_finish(ctx, crypto_skcipher_encrypt(req), NULL, ctx->dst, &hp->async);
}

/* ---- keys ---- */

static int crypto_derive(struct quic_aead *aead, const struct quic_version *v, const u8 *secret)
{
	return quic_edge_expand_label(aead->cipher, secret, v->label_key, aead->key,
				      quic_cipher_info(aead->cipher)->key_bytes) ?:
	       quic_edge_expand_label(aead->cipher, secret, v->label_iv, aead->iv, QUIC_IV_BYTES);
}

/* Context: process. */
static struct quic_aead *crypto_aead_create(enum quic_cipher cipher)
{
	struct quic_aead *aead = kzalloc(sizeof(*aead), GFP_KERNEL_ACCOUNT);
	int err;

	if (!aead)
		return ERR_PTR(-ENOMEM);
	refcount_set(&aead->refs, 1);
	aead->cipher = cipher;
	aead->unset = true;
	aead->tfm = crypto_alloc_aead(crypto_aead_names[cipher], 0, 0);
	if (IS_ERR(aead->tfm)) {
		err = PTR_ERR(aead->tfm);
		kfree(aead);
		return ERR_PTR(err == -ENOMEM ? err : -EOPNOTSUPP);
	}
	aead->simd = crypto_is_async(crypto_aead_tfm(aead->tfm));
	if (sizeof(struct aead_request) + crypto_aead_reqsize(aead->tfm) > CRYPTO_REQ_BYTES ||
	    crypto_aead_setauthsize(aead->tfm, QUIC_TAG_BYTES)) {
		crypto_aead_put(aead);
		return ERR_PTR(-EOPNOTSUPP);
	}
	return aead;
}

int quic_edge_aead_new(struct quic_conn *conn, enum quic_cipher cipher,
		       const struct quic_version *v, const u8 *secret, struct quic_aead **out)
{
	struct quic_aead *aead;
	int err;

	aead = crypto_aead_create(cipher);
	if (IS_ERR(aead))
		return PTR_ERR(aead);
	err = crypto_derive(aead, v, secret) ?: crypto_set_key(aead);
	if (err) {
		crypto_aead_put(aead);
		return err;
	}
	*out = aead;
	return 0;
}

int quic_edge_aead_rekey(struct quic_aead *aead, const struct quic_version *v, const u8 *secret)
{
	int err = crypto_derive(aead, v, secret);

	if (err)
		return err;
	/*
	 * Some ciphers allocate with GFP_KERNEL: quic_crypto_settle() does it then, and
	 * what fails for want of memory here it tries again.
	 */
	aead->unset = true;
	if (!in_interrupt())
		crypto_set_key(aead);
	return 0;
}

void quic_edge_aead_free(struct quic_aead *aead)
{
	if (aead)
		crypto_aead_put(aead);
}

/* Context: process. */
static int crypto_hp_alloc_aes(struct quic_hp *hp)
{
	hp->tfm = crypto_alloc_skcipher("ecb(aes)", 0, 0);
	if (IS_ERR(hp->tfm)) {
		int err = PTR_ERR(hp->tfm);

		hp->tfm = NULL;
		return err == -ENOMEM ? err : -EOPNOTSUPP;
	}
	hp->simd = crypto_is_async(crypto_skcipher_tfm(hp->tfm));
	if (sizeof(struct skcipher_request) + crypto_skcipher_reqsize(hp->tfm) >
	    CRYPTO_HP_REQ_BYTES)
		return -EOPNOTSUPP;
	return 0;
}

/* Context: any. */
static int crypto_hp_set(struct quic_hp *hp, const u8 *key, u32 len)
{
	unsigned int i;

	if (hp->tfm)
		return crypto_skcipher_setkey(hp->tfm, key, len);
	for (i = 0; i < ARRAY_SIZE(hp->chacha); i++)
		hp->chacha[i] = get_unaligned_le32(key + 4 * i);
	return 0;
}

int quic_edge_hp_new(struct quic_conn *conn, enum quic_cipher cipher,
		     const struct quic_version *v, const u8 *secret, struct quic_hp **out)
{
	struct quic_hp *hp;
	int err = 0;

	hp = kzalloc(sizeof(*hp), GFP_KERNEL_ACCOUNT);
	if (!hp)
		return -ENOMEM;
	hp->cipher = cipher;
	if (cipher != QUIC_CIPHER_CHACHA20_POLY1305)
		err = crypto_hp_alloc_aes(hp);
	if (!err)
		err = quic_edge_hp_rekey(hp, v, secret);
	if (err) {
		quic_edge_hp_free(hp);
		return err;
	}
	*out = hp;
	return 0;
}

int quic_edge_hp_rekey(struct quic_hp *hp, const struct quic_version *v, const u8 *secret)
{
	u32 len = quic_cipher_info(hp->cipher)->key_bytes;
	u8 key[32];
	int err;

	err = quic_edge_expand_label(hp->cipher, secret, v->label_hp, key, len);
	if (!err)
		err = crypto_hp_set(hp, key, len);
	memzero_explicit(key, sizeof(key));
	return err;
}

void quic_edge_hp_free(struct quic_hp *hp)
{
	if (!hp)
		return;
	if (hp->tfm)
		crypto_free_skcipher(hp->tfm);
	kfree_sensitive(hp);
}

/* ---- stateless ---- */

int quic_crypto_hmac_sha256(const u8 *key, u32 key_len, const void *a, u32 a_len, const void *b,
			    u32 b_len, u8 *mac)
{
	return quic_hkdf_hmac(false, key, key_len, a, a_len, b, b_len, mac);
}

int quic_crypto_reset_token(struct quic_net *qn, const struct quic_cid *cid, u8 *token)
{
	u8 mac[32];
	int err;

	/* [9000-10.3.2#1,5] */
	err = quic_hkdf_hmac(false, qn->reset_key, sizeof(qn->reset_key), cid->data, cid->len,
			     NULL, 0, mac);
	if (!err)
		memcpy(token, mac, QUIC_RESET_TOKEN_BYTES);
	memzero_explicit(mac, sizeof(mac));
	return err;
}

/* The Retry key of @v: its nonce is constant and stands in for the IV. */
static struct quic_aead *crypto_retry_key(const struct quic_version *v)
{
	unsigned int i;

	for (i = 0; i < CRYPTO_VERSIONS_MAX; i++)
		if (quic_version_at(i) == v)
			return crypto_retry[i];
	return NULL;
}

int quic_edge_retry_tag(const struct quic_version *v, const struct quic_cid *odcid,
			const u8 *retry, u32 len, u8 *tag)
{
	struct quic_aead *aead = crypto_retry_key(v);
	u32 aad_len = 1 + odcid->len + len;
	struct quic_crypto_ctx *ctx;
	struct page *page;	/* not slab memory: a request under way holds a reference */
	int err = -ENOMEM;
	u8 *buf;

	if (!aead || aad_len + QUIC_TAG_BYTES > PAGE_SIZE)
		return -EINVAL;
	page = alloc_page(GFP_ATOMIC);
	if (!page)
		return -ENOMEM;
	buf = page_address(page);
	buf[0] = odcid->len;
	memcpy(buf + 1, odcid->data, odcid->len);
	memcpy(buf + 1 + odcid->len, retry, len);
	ctx = quic_crypto_begin(NULL);
	if (!ctx)
		goto out;
	err = -EAGAIN;
	if (!aead->async && (!aead->simd || crypto_simd_usable())) {
		quic_crypto_src(ctx, buf, aad_len);
		err = quic_crypto_seal(ctx, aead, 0, buf, 0);
	}
	quic_crypto_end(ctx);
	if (!err)
		memcpy(tag, buf + aad_len, QUIC_TAG_BYTES);
out:
	put_page(page);
	return err;
}

struct quic_aead *quic_crypto_token_key(void)
{
	struct quic_aead *aead = crypto_aead_create(QUIC_CIPHER_AES_128_GCM);

	if (IS_ERR(aead))
		return NULL;
	get_random_bytes(aead->key, sizeof(aead->key));
	if (!crypto_set_key(aead))
		return aead;
	crypto_aead_put(aead);
	return NULL;
}

static int crypto_token_run(struct quic_crypto_ctx *ctx, struct quic_aead *key, u8 *aad,
			    u32 aad_len, u8 *text, u32 len, bool seal)
{
	if (key->async || (key->simd && !crypto_simd_usable()))
		return -EAGAIN;
	quic_crypto_src(ctx, aad, aad_len);
	if (!quic_crypto_src_add(ctx, text, seal ? len + QUIC_TAG_BYTES : len))
		return -EINVAL;
	return crypto_run(ctx, key, ctx->src.sg, len, seal);
}

int quic_crypto_token_run(struct quic_aead *key, const u8 *nonce, const u8 *aad, u32 aad_len,
			  u8 *text, u32 len, bool seal)
{
	u32 all = seal ? len + QUIC_TAG_BYTES : len;
	struct quic_crypto_ctx *ctx;
	struct page *page;	/* as in quic_edge_retry_tag() */
	int err = -ENOMEM;
	u8 *buf;

	if (aad_len + all > PAGE_SIZE)
		return -EINVAL;
	page = alloc_page(GFP_ATOMIC);
	if (!page)
		return -ENOMEM;
	buf = page_address(page);
	memcpy(buf, aad, aad_len);
	memcpy(buf + aad_len, text, len);
	ctx = quic_crypto_begin(NULL);
	if (ctx) {
		memcpy(ctx->nonce, nonce, QUIC_IV_BYTES);
		err = crypto_token_run(ctx, key, buf, aad_len, buf + aad_len, len, seal);
		quic_crypto_end(ctx);
	}
	if (!err)
		memcpy(text, buf + aad_len, seal ? all : len - QUIC_TAG_BYTES);
	put_page(page);
	return err == -EINPROGRESS ? -EAGAIN : err;
}

int quic_crypto_setup(void)
{
	const struct quic_version *v;
	unsigned int i;
	int err;

	for (i = 0; i < CRYPTO_VERSIONS_MAX && (v = quic_version_at(i)); i++) {
		struct quic_aead *aead = crypto_aead_create(QUIC_CIPHER_AES_128_GCM);

		if (IS_ERR(aead)) {
			err = PTR_ERR(aead);
			goto err_free;
		}
		crypto_retry[i] = aead;
		memcpy(aead->key, v->retry_key, sizeof(v->retry_key));
		memcpy(aead->iv, v->retry_nonce, sizeof(v->retry_nonce));
		err = crypto_set_key(aead);
		if (err)
			goto err_free;
	}
	return 0;

err_free:
	quic_crypto_cleanup();
	return err;
}

void quic_crypto_cleanup(void)
{
	unsigned int i;
	int cpu;

	for (i = 0; i < CRYPTO_VERSIONS_MAX; i++) {
		quic_edge_aead_free(crypto_retry[i]);
		crypto_retry[i] = NULL;
	}
	for_each_possible_cpu(cpu) {
		kfree_sensitive(per_cpu(crypto_ctx, cpu));
		per_cpu(crypto_ctx, cpu) = NULL;
	}
}
