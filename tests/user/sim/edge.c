// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * edge.c - the simulator's side of edge.h
 *
 * Memory is malloc, counted; cryptography is nettle's; randomness is the
 * simulation's.  Sealing and opening follow RFC 9001 5.3 and 5.4 step by step,
 * one packet at a time: clarity before speed.  With SIM_NULL_CRYPTO nothing is
 * protected, so that a fuzzer's bytes arrive as they are.
 */
#include <nettle/aes.h>
#include <nettle/ccm.h>
#include <nettle/chacha-poly1305.h>
#include <nettle/chacha.h>
#include <nettle/gcm.h>
#include <nettle/hkdf.h>
#include <nettle/hmac.h>

#include <assert.h>

#include "sim.h"

struct sim *sim_current;

struct quic_chunk {
	int refs;
	u32 bytes;
	u8 mem[];
};

/* @ctx: what @cipher makes of @key, once for all packets. */
struct quic_aead {
	enum quic_cipher cipher;
	u8 iv[QUIC_IV_BYTES];
	u8 key[32];
	union {
		struct gcm_aes128_ctx g128;
		struct gcm_aes256_ctx g256;
		struct aes128_ctx aes;
		struct chacha_poly1305_ctx cc;
	} ctx;
};

struct quic_hp {
	enum quic_cipher cipher;
	u8 key[32];
	union {
		struct aes128_ctx a128;
		struct aes256_ctx a256;
		struct chacha_ctx cc;
	} ctx;
};

struct sim_endpoint *sim_endpoint_of(struct quic_conn *conn)
{
	return container_of(conn, struct sim_endpoint, conn);
}

/* ---- memory ---- */

static struct quic_chunk *chunk_new(u32 len)
{
	struct quic_chunk *c = malloc(sizeof(*c) + len);

	c->refs = 1;
	c->bytes = len;
	if (sim_current) {
		sim_current->chunks++;
		sim_current->chunk_bytes += len;
	}
	return c;
}

void quic_edge_chunk_get(struct quic_chunk *c)
{
	c->refs++;
}

void quic_edge_chunk_put(struct quic_chunk *c)
{
	if (--c->refs)
		return;
	if (sim_current) {
		sim_current->chunks--;
		sim_current->chunk_bytes -= c->bytes;
	}
	free(c);
}

int quic_edge_buf_alloc(struct quic_conn *conn, u32 len, struct quic_buf *buf)
{
	struct quic_chunk *c;

	if (sim_current && sim_current->cfg.fail_alloc &&
	    sim_random(sim_current, 100000) < sim_current->cfg.fail_alloc)
		return -ENOMEM;
	c = chunk_new(len);
	*buf = (struct quic_buf){ .data = c->mem, .len = len, .truesize = len, .chunk = c };
	return 0;
}

/* ---- randomness, lookup, events ---- */

void quic_edge_random(void *dst, size_t len)
{
	struct sim *sim = sim_current;
	size_t i;
	u8 *p = dst;

	for (i = 0; i < len; i++)
		p[i] = sim_random(sim, 256);
	if (len >= sizeof(sim->random[0]))
		memcpy(sim->random[sim->nr_random++ % SIM_RANDOMS], p, sizeof(sim->random[0]));
}

bool sim_is_random(const struct sim *sim, const u8 *data)
{
	unsigned int i;

	for (i = 0; i < min_t(unsigned int, sim->nr_random, SIM_RANDOMS); i++)
		if (!memcmp(sim->random[i], data, sizeof(sim->random[i])))
			return true;
	return false;
}

int quic_edge_cid_add(struct quic_conn *conn, const struct quic_cid *cid)
{
	return 0;
}

void quic_edge_cid_del(struct quic_conn *conn, const struct quic_cid *cid)
{
}

void quic_edge_reset_token(struct quic_conn *conn, const struct quic_cid *cid, u8 *token)
{
	memset(token, 0, QUIC_RESET_TOKEN_BYTES);
	memcpy(token, cid->data, min_t(size_t, cid->len, QUIC_RESET_TOKEN_BYTES));
	token[QUIC_RESET_TOKEN_BYTES - 1] ^= 0x5a;
}

void quic_edge_event(struct quic_conn *conn, const struct quic_edge_event_info *ev)
{
	struct sim_endpoint *ep = sim_endpoint_of(conn);

	ep->events[ev->type]++;
	if (ev->type == QUIC_EDGE_EV_NEW_TOKEN && ev->data.len <= sizeof(ep->token)) {
		memcpy(ep->token, ev->data.data, ev->data.len);
		ep->token_len = ev->data.len;
	}
	if (ep->sim->cfg.hooks && ep->sim->cfg.hooks->on_event)
		ep->sim->cfg.hooks->on_event(ep, ev);
	sim_note(ep->sim, ev->type, ev->sid);
}

/* SIM_TRACE=1: every event on standard error. */
static bool trace_wanted(void)
{
	static int wanted = -1;

	if (wanted < 0)
		wanted = !!getenv("SIM_TRACE");
	return wanted;
}

void quic_edge_trace(struct quic_conn *conn, enum quic_trace_kind kind, u64 a, u64 b, u64 c)
{
	struct sim_endpoint *ep = sim_endpoint_of(conn);

	if (kind == QUIC_TRACE_FRAME_SENT && a < ARRAY_SIZE(ep->frames_sent))
		ep->frames_sent[a]++;
	if (sim_current)
		sim_note(ep->sim, kind << 8 | ep->me, a ^ b << 20 ^ c << 40);
	if (trace_wanted())
		fprintf(stderr, "%10llu %c %2d a=%llu b=%llu c=%llu\n",
			(unsigned long long)ep->sim->now, ep->me ? 'S' : 'C', kind,
			(unsigned long long)a, (unsigned long long)b, (unsigned long long)c);
}

/* ---- keys ---- */

static void count_keys(int n)
{
	if (sim_current)
		sim_current->keys += n;
}

static void hkdf_expand_hash(enum quic_cipher cipher, const u8 *secret, const u8 *info,
			     size_t info_len, u8 *out, size_t len)
{
	struct hmac_sha256_ctx h256;
	struct hmac_sha384_ctx h384;

	if (cipher != QUIC_CIPHER_NONE && quic_cipher_info(cipher)->hash_bytes == 48) {
		hmac_sha384_set_key(&h384, 48, secret);
		hkdf_expand(&h384, (nettle_hash_update_func *)hmac_sha384_update,
			    (nettle_hash_digest_func *)hmac_sha384_digest, 48, info_len, info,
			    len, out);
		return;
	}
	hmac_sha256_set_key(&h256, 32, secret);
	hkdf_expand(&h256, (nettle_hash_update_func *)hmac_sha256_update,
		    (nettle_hash_digest_func *)hmac_sha256_digest, 32, info_len, info, len, out);
}

int quic_edge_expand_label(enum quic_cipher cipher, const u8 *secret, const char *label, u8 *out,
			   size_t len)
{
	struct quic_writer w;
	u8 info[64];

	quic_wire_write_init(&w, info, sizeof(info));
	quic_keys_hkdf_label(&w, label, len);
	if (w.overflow)
		return -EINVAL;
	hkdf_expand_hash(cipher, secret, info, w.len, out, len);
	return 0;
}

int quic_edge_initial_secrets(const struct quic_version *v, const struct quic_cid *dcid,
			      u8 *client, u8 *server)
{
	struct hmac_sha256_ctx h;
	u8 prk[32];

	hmac_sha256_set_key(&h, sizeof(v->initial_salt), v->initial_salt);
	hkdf_extract(&h, (nettle_hash_update_func *)hmac_sha256_update,
		     (nettle_hash_digest_func *)hmac_sha256_digest, 32, dcid->len, dcid->data,
		     prk);
	quic_edge_expand_label(QUIC_CIPHER_AES_128_GCM, prk, "client in", client, 32);
	quic_edge_expand_label(QUIC_CIPHER_AES_128_GCM, prk, "server in", server, 32);
	return 0;
}

static void aead_set_key(struct quic_aead *aead)
{
	switch (aead->cipher) {
	case QUIC_CIPHER_AES_128_GCM:
		gcm_aes128_set_key(&aead->ctx.g128, aead->key);
		break;
	case QUIC_CIPHER_AES_256_GCM:
		gcm_aes256_set_key(&aead->ctx.g256, aead->key);
		break;
	case QUIC_CIPHER_AES_128_CCM:
		aes128_set_encrypt_key(&aead->ctx.aes, aead->key);
		break;
	default:
		chacha_poly1305_set_key(&aead->ctx.cc, aead->key);
	}
}

static void hp_set_key(struct quic_hp *hp)
{
	switch (hp->cipher) {
	case QUIC_CIPHER_CHACHA20_POLY1305:
		chacha_set_key(&hp->ctx.cc, hp->key);
		break;
	case QUIC_CIPHER_AES_256_GCM:
		aes256_set_encrypt_key(&hp->ctx.a256, hp->key);
		break;
	default:
		aes128_set_encrypt_key(&hp->ctx.a128, hp->key);
	}
}

int quic_edge_aead_rekey(struct quic_aead *aead, const struct quic_version *v, const u8 *secret)
{
	if (sim_current)
		sim_current->rekeys++;
	quic_edge_expand_label(aead->cipher, secret, v->label_key, aead->key,
			       quic_cipher_info(aead->cipher)->key_bytes);
	quic_edge_expand_label(aead->cipher, secret, v->label_iv, aead->iv, sizeof(aead->iv));
	aead_set_key(aead);
	return 0;
}

int quic_edge_aead_new(struct quic_conn *conn, enum quic_cipher cipher,
		       const struct quic_version *v, const u8 *secret, struct quic_aead **out)
{
	struct quic_aead *aead = calloc(1, sizeof(*aead));

	count_keys(1);
	aead->cipher = cipher;
	*out = aead;
	return quic_edge_aead_rekey(aead, v, secret);
}

void quic_edge_aead_free(struct quic_aead *aead)
{
	if (aead)
		count_keys(-1);
	free(aead);
}

int quic_edge_hp_new(struct quic_conn *conn, enum quic_cipher cipher,
		     const struct quic_version *v, const u8 *secret, struct quic_hp **out)
{
	struct quic_hp *hp = calloc(1, sizeof(*hp));

	count_keys(1);
	hp->cipher = cipher;
	*out = hp;
	quic_edge_expand_label(cipher, secret, v->label_hp, hp->key,
			       quic_cipher_info(cipher)->key_bytes);
	hp_set_key(hp);
	return 0;
}

void quic_edge_hp_free(struct quic_hp *hp)
{
	if (hp)
		count_keys(-1);
	free(hp);
}

#ifdef SIM_NULL_CRYPTO
static void seal(struct quic_aead *a, const u8 *nonce, const u8 *aad, size_t aad_len,
		 u8 *text, size_t len)
{
	memset(text + len, 0, QUIC_TAG_BYTES);
}

/* A tag that begins with 0xff is a wrong one: what did not open has its own path. */
static bool unseal(struct quic_aead *a, const u8 *nonce, const u8 *aad, size_t aad_len,
		   const u8 *in, size_t len, u8 *out)
{
	memcpy(out, in, len);
	return in[len] != 0xff;
}

static void hp_mask(const struct quic_hp *hp, const u8 *sample, u8 *mask)
{
	memset(mask, 0, 5);
}
#else
static void seal(struct quic_aead *a, const u8 *nonce, const u8 *aad, size_t aad_len,
		 u8 *text, size_t len)
{
	switch (a->cipher) {
	case QUIC_CIPHER_AES_128_GCM:
		gcm_aes128_set_iv(&a->ctx.g128, QUIC_IV_BYTES, nonce);
		gcm_aes128_update(&a->ctx.g128, aad_len, aad);
		gcm_aes128_encrypt(&a->ctx.g128, len, text, text);
		gcm_aes128_digest(&a->ctx.g128, QUIC_TAG_BYTES, text + len);
		break;
	case QUIC_CIPHER_AES_256_GCM:
		gcm_aes256_set_iv(&a->ctx.g256, QUIC_IV_BYTES, nonce);
		gcm_aes256_update(&a->ctx.g256, aad_len, aad);
		gcm_aes256_encrypt(&a->ctx.g256, len, text, text);
		gcm_aes256_digest(&a->ctx.g256, QUIC_TAG_BYTES, text + len);
		break;
	case QUIC_CIPHER_AES_128_CCM:
		ccm_encrypt_message(&a->ctx.aes, (nettle_cipher_func *)aes128_encrypt,
				    QUIC_IV_BYTES, nonce, aad_len, aad, QUIC_TAG_BYTES,
				    len + QUIC_TAG_BYTES, text, text);
		break;
	default:
		chacha_poly1305_set_nonce(&a->ctx.cc, nonce);
		chacha_poly1305_update(&a->ctx.cc, aad_len, aad);
		chacha_poly1305_encrypt(&a->ctx.cc, len, text, text);
		chacha_poly1305_digest(&a->ctx.cc, QUIC_TAG_BYTES, text + len);
	}
}

/* @len bytes of ciphertext without the tag behind them; false: not authentic. */
static bool unseal(struct quic_aead *a, const u8 *nonce, const u8 *aad, size_t aad_len,
		   const u8 *in, size_t len, u8 *out)
{
	u8 tag[QUIC_TAG_BYTES];

	switch (a->cipher) {
	case QUIC_CIPHER_AES_128_GCM:
		gcm_aes128_set_iv(&a->ctx.g128, QUIC_IV_BYTES, nonce);
		gcm_aes128_update(&a->ctx.g128, aad_len, aad);
		gcm_aes128_decrypt(&a->ctx.g128, len, out, in);
		gcm_aes128_digest(&a->ctx.g128, QUIC_TAG_BYTES, tag);
		break;
	case QUIC_CIPHER_AES_256_GCM:
		gcm_aes256_set_iv(&a->ctx.g256, QUIC_IV_BYTES, nonce);
		gcm_aes256_update(&a->ctx.g256, aad_len, aad);
		gcm_aes256_decrypt(&a->ctx.g256, len, out, in);
		gcm_aes256_digest(&a->ctx.g256, QUIC_TAG_BYTES, tag);
		break;
	case QUIC_CIPHER_AES_128_CCM:
		return ccm_decrypt_message(&a->ctx.aes, (nettle_cipher_func *)aes128_encrypt,
					   QUIC_IV_BYTES, nonce, aad_len, aad, QUIC_TAG_BYTES,
					   len, out, in);
	default:
		chacha_poly1305_set_nonce(&a->ctx.cc, nonce);
		chacha_poly1305_update(&a->ctx.cc, aad_len, aad);
		chacha_poly1305_decrypt(&a->ctx.cc, len, out, in);
		chacha_poly1305_digest(&a->ctx.cc, QUIC_TAG_BYTES, tag);
	}
	return !memcmp(tag, in + len, QUIC_TAG_BYTES);
}

/* RFC 9001 5.4.3, 5.4.4 */
static void hp_mask(const struct quic_hp *hp, const u8 *sample, u8 *mask)
{
	struct chacha_ctx cc;
	u8 block[16];

	switch (hp->cipher) {
	case QUIC_CIPHER_CHACHA20_POLY1305:
		memset(block, 0, sizeof(block));
		cc = hp->ctx.cc;
		chacha_set_nonce96(&cc, sample + 4);
		chacha_set_counter32(&cc, sample);
		chacha_crypt32(&cc, 5, mask, block);
		break;
	case QUIC_CIPHER_AES_256_GCM:
		aes256_encrypt(&hp->ctx.a256, 16, block, sample);
		memcpy(mask, block, 5);
		break;
	default:
		aes128_encrypt(&hp->ctx.a128, 16, block, sample);
		memcpy(mask, block, 5);
	}
}

#endif /* SIM_NULL_CRYPTO */

static void hp_apply(u8 *hdr, u16 pn_off, u8 pn_len, const u8 *mask)
{
	unsigned int i;

	hdr[0] ^= mask[0] & (hdr[0] & QUIC_HEADER_LONG ? QUIC_HEADER_LONG_MASK :
							 QUIC_HEADER_SHORT_MASK);
	for (i = 0; i < pn_len; i++)
		hdr[pn_off + i] ^= mask[1 + i];
}

void sim_seal(const struct quic_key *key, u8 *pkt, u32 hdr_len, u32 len, u8 pn_len, quic_pn pn)
{
	u8 nonce[QUIC_IV_BYTES], mask[5];

	quic_keys_nonce(key->aead->iv, pn, nonce);
	seal(key->aead, nonce, pkt, hdr_len, pkt + hdr_len, len - hdr_len);
	hp_mask(key->hp, pkt + hdr_len - pn_len + 4, mask);
	hp_apply(pkt, hdr_len - pn_len, pn_len, mask);
}

int quic_edge_hp_rekey(struct quic_hp *hp, const struct quic_version *v, const u8 *secret)
{
	quic_edge_expand_label(hp->cipher, secret, v->label_hp, hp->key,
			       quic_cipher_info(hp->cipher)->key_bytes);
	hp_set_key(hp);
	return 0;
}

/* ---- Retry and tokens ---- */

int quic_edge_retry_tag(const struct quic_version *v, const struct quic_cid *odcid,
			const u8 *retry, u32 len, u8 *tag)
{
	struct quic_aead a = { .cipher = QUIC_CIPHER_AES_128_GCM };
	struct quic_writer w;
	u8 pseudo[2048];

	memcpy(a.key, v->retry_key, sizeof(v->retry_key));
	aead_set_key(&a);
	quic_wire_write_init(&w, pseudo, sizeof(pseudo));
	quic_wire_put_u8(&w, odcid->len);
	quic_wire_put_bytes(&w, odcid->data, odcid->len);
	quic_wire_put_bytes(&w, retry, len);
	assert(!w.overflow);
	seal(&a, v->retry_nonce, pseudo, w.len, tag, 0);
	return 0;
}

struct quic_tokens *quic_edge_tokens(struct quic_conn *conn)
{
	return sim_endpoint_of(conn)->sim->cfg.tokens;
}

static void token_key(const struct quic_tokens *t, unsigned int key, struct quic_aead *a)
{
	*a = (struct quic_aead){ .cipher = QUIC_CIPHER_AES_128_GCM };
	memset(a->key, 0x10 + t->epoch - (key != (t->epoch & 1)), 16);
	aead_set_key(a);
}

int quic_edge_token_seal(struct quic_tokens *t, const u8 *nonce, const u8 *aad, u32 aad_len,
			 u8 *text, u32 len)
{
	struct quic_aead a;

	token_key(t, t->epoch & 1, &a);
	seal(&a, nonce, aad, aad_len, text, len);
	return t->epoch & 1;
}

int quic_edge_token_open(struct quic_tokens *t, unsigned int key, const u8 *nonce, const u8 *aad,
			 u32 aad_len, const u8 *sealed, u32 len, u8 *text)
{
	struct quic_aead a;

	token_key(t, key, &a);
	return unseal(&a, nonce, aad, aad_len, sealed, len - QUIC_TAG_BYTES, text) ? 0 : -EBADMSG;
}

bool quic_edge_token_spend(struct quic_tokens *t, const u8 *nonce, quic_us now)
{
	return quic_token_spend(&t->used, nonce, now);
}

/* ---- transmit ---- */

struct quic_burst {
	struct sim_endpoint *ep;
	const struct quic_path *path;
	u16 dgram_bytes;
	enum quic_ecn ecn;
	unsigned int nr;
	u16 len[QUIC_BURST_MAX_PKTS];
	u8 *mem;
	struct { u8 *hdr; u16 pn_off; u8 pn_len; const struct quic_hp *hp; }
		pkt[QUIC_BURST_MAX_PKTS * 4];
	unsigned int nr_pkts;
};

struct quic_burst *quic_edge_burst_begin(struct quic_conn *conn, struct quic_path *path,
					 u16 dgram_bytes, enum quic_ecn ecn, quic_us depart)
{
	struct quic_burst *b = calloc(1, sizeof(*b));

	b->ep = sim_endpoint_of(conn);
	b->path = path;
	b->dgram_bytes = dgram_bytes;
	b->ecn = ecn;
	b->mem = malloc((size_t)QUIC_BURST_MAX_PKTS * dgram_bytes);
	return b;
}

u8 *quic_edge_burst_next(struct quic_burst *b)
{
	if (b->nr == QUIC_BURST_MAX_PKTS ||
	    (u32)(b->nr + 1) * b->dgram_bytes > QUIC_BURST_MAX_BYTES)
		return NULL;
	return b->mem + (size_t)b->nr * b->dgram_bytes;
}

int quic_edge_burst_add(struct quic_burst *b, const struct quic_tx_pkt *pkt)
{
	const struct sim_hooks *hooks = sim_current ? sim_current->cfg.hooks : NULL;
	u8 nonce[QUIC_IV_BYTES];
	unsigned int i;

	for (i = 0; i < pkt->nr_segs; i++) {
		assert(pkt->segs[i].off >= pkt->hdr_len);
		assert(pkt->segs[i].off + pkt->segs[i].len <= pkt->len);
		memcpy(pkt->dst + pkt->segs[i].off, pkt->segs[i].data, pkt->segs[i].len);
	}
	if (hooks && hooks->on_packet)
		hooks->on_packet(b->ep, pkt);
	quic_keys_nonce(pkt->key->aead->iv, pkt->pn, nonce);
	seal(pkt->key->aead, nonce, pkt->dst, pkt->hdr_len, pkt->dst + pkt->hdr_len,
	     pkt->len - pkt->hdr_len);
	b->pkt[b->nr_pkts].hdr = pkt->dst;
	b->pkt[b->nr_pkts].pn_off = pkt->hdr_len - pkt->pn_len;
	b->pkt[b->nr_pkts].pn_len = pkt->pn_len;
	b->pkt[b->nr_pkts++].hp = pkt->key->hp;
	return 0;
}

void quic_edge_burst_end(struct quic_burst *b, u16 bytes)
{
	assert(bytes <= b->dgram_bytes);
	if (bytes) {
		/* Only the last datagram of a burst may be short. */
		assert(!b->nr || b->len[b->nr - 1] == b->dgram_bytes);
		b->len[b->nr++] = bytes;
	}
}

u32 quic_edge_mtu(struct quic_conn *conn, const struct quic_path *path)
{
	struct sim_endpoint *ep = sim_endpoint_of(conn);

	return ep->sim->cfg.link[ep->me].device_mtu ?: U16_MAX;
}

static void burst_send(struct quic_burst *b)
{
	unsigned int i;
	u8 mask[5];

	for (i = 0; i < b->nr_pkts; i++) {
		hp_mask(b->pkt[i].hp, b->pkt[i].hdr + b->pkt[i].pn_off + 4, mask);
		hp_apply(b->pkt[i].hdr, b->pkt[i].pn_off, b->pkt[i].pn_len, mask);
	}
	for (i = 0; i < b->nr; i++)
		sim_send(b->ep->sim, b->ep->me, b->path, b->mem + (size_t)i * b->dgram_bytes,
			 b->len[i], b->ecn);
}

int quic_edge_burst_commit(struct quic_burst *b)
{
	u32 largest = b->nr > 1 ? b->dgram_bytes : b->len[0];
	bool fits = !b->nr || largest <= quic_edge_mtu(&b->ep->conn, b->path);

	if (fits)
		burst_send(b);
	free(b->mem);
	free(b);
	return fits ? 0 : -EMSGSIZE;
}

/* ---- receive ---- */

struct sim_agg {
	struct quic_agg agg;
	u8 *data;
	u8 *linear[QUIC_RX_BATCH];
	unsigned int nr_linear;
	struct quic_rx_pkt pkts[QUIC_RX_BATCH];
};

struct quic_agg *sim_agg_new(const u8 *data, u32 len, u32 seg, enum quic_ecn ecn)
{
	struct sim_agg *a = calloc(1, sizeof(*a));

	a->data = malloc(len);
	memcpy(a->data, data, len);
	a->agg.len = len;
	a->agg.seg_bytes = seg;
	a->agg.ecn = ecn;
	a->agg.pkts = a->pkts;
	return &a->agg;
}

static struct sim_agg *to_sim(const struct quic_agg *agg)
{
	return container_of(agg, struct sim_agg, agg);
}

void quic_edge_agg_free(struct quic_agg *agg)
{
	struct sim_agg *a = to_sim(agg);

	while (a->nr_linear)
		free(a->linear[--a->nr_linear]);
	free(a->data);
	free(a);
}

void quic_edge_agg_copy(const struct quic_agg *agg, u32 off, u32 len, void *dst)
{
	assert(off + len <= agg->len);
	memcpy(dst, to_sim(agg)->data + off, len);
}

u8 *quic_edge_agg_linear(struct quic_agg *agg, u32 off, u32 len)
{
	struct sim_agg *a = to_sim(agg);
	u8 *p;

	if (a->nr_linear == QUIC_RX_BATCH)
		return NULL;
	p = malloc(len);
	memcpy(p, a->data + off, len);
	a->linear[a->nr_linear++] = p;
	return p;
}

struct quic_agg *quic_edge_agg_hold(struct quic_conn *conn, const struct quic_agg *agg, u32 off,
				    u32 len)
{
	struct quic_agg *held = sim_agg_new(to_sim(agg)->data + off, len, len, agg->ecn);

	held->local = agg->local;
	held->remote = agg->remote;
	return held;
}

void quic_edge_unmask(struct quic_agg *agg, struct quic_rx_pkt *pkts, unsigned int nr)
{
	unsigned int i, k;
	u8 mask[5];

	for (i = 0; i < nr; i++) {
		struct quic_rx_pkt *p = &pkts[i];

		if (!p->key)
			continue;
		assert(p->pn_off + 4 + QUIC_HP_SAMPLE_BYTES <= p->len);
		hp_mask(p->key->hp, p->hdr + p->pn_off + 4, mask);
		/* How many bytes follow is known once byte 0 is unmasked. */
		hp_apply(p->hdr, p->pn_off, 0, mask);
		for (k = 0; k <= (p->hdr[0] & QUIC_HEADER_PN_MASK); k++)
			p->hdr[p->pn_off + k] ^= mask[1 + k];
	}
}

void quic_edge_open(struct quic_conn *conn, struct quic_agg *agg, struct quic_rx_pkt *pkts,
		    unsigned int nr)
{
	const u8 *data = to_sim(agg)->data;
	u8 nonce[QUIC_IV_BYTES];
	unsigned int i;

	for (i = 0; i < nr; i++) {
		struct quic_rx_pkt *p = &pkts[i];
		u32 hdr = p->pn_off + p->pn_len, len;

		if (!p->key)
			continue;
		if (conn)
			sim_endpoint_of(conn)->opens++;
		p->err = -EBADMSG;
		p->plain = (struct quic_buf){};
		if (p->len < hdr + QUIC_TAG_BYTES)
			continue;
		len = p->len - hdr - QUIC_TAG_BYTES;
		if (quic_edge_buf_alloc(conn, len + 1, &p->plain)) {
			p->err = -ENOMEM;
			continue;
		}
		p->plain.len = len;
		p->plain.truesize = 2048;
		quic_keys_nonce(p->key->aead->iv, p->pn, nonce);
		if (unseal(p->key->aead, nonce, p->hdr, hdr, data + p->off + hdr, len,
			   p->plain.data)) {
			p->err = 0;
		} else {
			quic_edge_chunk_put(p->plain.chunk);
			p->plain.chunk = NULL;
		}
	}
}
