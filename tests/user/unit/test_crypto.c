// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The simulator's cryptography against RFC 9001 A and RFC 9369 A: secrets, keys,
 * whole packets sealed through a burst and opened through an aggregate, Retry.
 *
 * What the simulator proves rests on this.  edge.c is included as text, so that
 * keys can be looked into; the network it sends to is the array below.
 */
#include "sim/edge.c"

#include "rfc9001.h"
#include "rfc9369.h"
#include "unit.h"

static u8 wire[65536];
static u32 wire_len;

u64 sim_random(struct sim *sim, u64 n)
{
	return unit_random(n);
}

void sim_note(struct sim *sim, u64 a, u64 b)
{
}

void sim_send(struct sim *sim, unsigned int from, const struct quic_path *path, u8 *data, u32 len,
	      enum quic_ecn ecn)
{
	assert_true(wire_len + len <= sizeof(wire));
	memcpy(wire + wire_len, data, len);
	wire_len += len;
}

static const struct quic_vectors *const all[] = { &quic_vectors_v1, &quic_vectors_v2 };

static struct quic_cid dcid_of(const struct quic_vectors *v)
{
	struct quic_cid cid = { .len = sizeof(v->dcid) };

	memcpy(cid.data, v->dcid, cid.len);
	return cid;
}

static struct quic_key key_from(enum quic_cipher cipher, u32 version, const u8 *secret)
{
	const struct quic_version *v = quic_version_find(version);
	struct quic_key key = {};

	assert_int_equal(quic_edge_aead_new(NULL, cipher, v, secret, &key.aead), 0);
	assert_int_equal(quic_edge_hp_new(NULL, cipher, v, secret, &key.hp), 0);
	return key;
}

static void key_free(struct quic_key *key)
{
	quic_edge_aead_free(key->aead);
	quic_edge_hp_free(key->hp);
}

/* ---- keys ---- */

/* RFC 9001 A.1, RFC 9369 A.1 [9001-5.2] */
static void initial_secrets_are_those_of_the_appendix(void **state)
{
	u8 client[QUIC_SECRET_MAX_BYTES], server[QUIC_SECRET_MAX_BYTES];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		struct quic_cid dcid = dcid_of(all[i]);

		assert_int_equal(quic_edge_initial_secrets(quic_version_find(all[i]->version),
							   &dcid, client, server), 0);
		assert_memory_equal(client, all[i]->client_secret, 32);
		assert_memory_equal(server, all[i]->server_secret, 32);
	}
}

static void keys_are_those_of_the_appendix(void **state)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		const struct quic_vectors *v = all[i];
		struct quic_key key;

		key = key_from(QUIC_CIPHER_AES_128_GCM, v->version, v->client_secret);
		assert_memory_equal(key.aead->key, v->client_key, sizeof(v->client_key));
		assert_memory_equal(key.aead->iv, v->client_iv, sizeof(v->client_iv));
		assert_memory_equal(key.hp->key, v->client_hp, sizeof(v->client_hp));
		key_free(&key);
		key = key_from(QUIC_CIPHER_AES_128_GCM, v->version, v->server_secret);
		assert_memory_equal(key.aead->key, v->server_key, sizeof(v->server_key));
		assert_memory_equal(key.aead->iv, v->server_iv, sizeof(v->server_iv));
		assert_memory_equal(key.hp->key, v->server_hp, sizeof(v->server_hp));
		key_free(&key);
		key = key_from(QUIC_CIPHER_CHACHA20_POLY1305, v->version, v->chacha_secret);
		assert_memory_equal(key.aead->key, v->chacha_key, sizeof(v->chacha_key));
		assert_memory_equal(key.aead->iv, v->chacha_iv, sizeof(v->chacha_iv));
		assert_memory_equal(key.hp->key, v->chacha_hp, sizeof(v->chacha_hp));
		key_free(&key);
	}
}

/* RFC 9001 A.5: the secret after an update; 6.1: header protection stays. */
static void key_update_is_that_of_the_appendix(void **state)
{
	unsigned int i;
	u8 next[32];

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		const struct quic_version *ver = quic_version_find(all[i]->version);
		struct quic_key one, two;

		assert_int_equal(quic_edge_expand_label(QUIC_CIPHER_CHACHA20_POLY1305,
							all[i]->chacha_secret, ver->label_ku,
							next, sizeof(next)), 0);
		assert_memory_equal(next, all[i]->chacha_ku, sizeof(next));
		one = key_from(QUIC_CIPHER_CHACHA20_POLY1305, all[i]->version,
			       all[i]->chacha_secret);
		assert_int_equal(quic_edge_aead_rekey(one.aead, ver, next), 0);
		two = key_from(QUIC_CIPHER_CHACHA20_POLY1305, all[i]->version, next);
		assert_memory_equal(one.aead, two.aead, sizeof(*one.aead));
		key_free(&one);
		key_free(&two);
	}
}

static void masks_are_those_of_the_appendix(void **state)
{
	unsigned int i;
	u8 mask[5];

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		const struct quic_vectors *v = all[i];
		struct quic_key key;

		key = key_from(QUIC_CIPHER_AES_128_GCM, v->version, v->client_secret);
		hp_mask(key.hp, v->client_sample, mask);
		assert_memory_equal(mask, v->client_mask, sizeof(mask));
		key_free(&key);
		key = key_from(QUIC_CIPHER_AES_128_GCM, v->version, v->server_secret);
		hp_mask(key.hp, v->server_sample, mask);
		assert_memory_equal(mask, v->server_mask, sizeof(mask));
		key_free(&key);
		key = key_from(QUIC_CIPHER_CHACHA20_POLY1305, v->version, v->chacha_secret);
		hp_mask(key.hp, v->chacha_sample, mask);
		assert_memory_equal(mask, v->chacha_mask, sizeof(mask));
		key_free(&key);
	}
}

/* ---- packets ---- */

/**
 * struct sample - one packet before and after protection
 * @frames: payload; PADDING follows up to @payload bytes
 */
struct sample {
	enum quic_cipher cipher;
	const u8 *secret;
	const u8 *header;
	u16 hdr_len;
	u8 pn_len;
	quic_pn pn;
	const u8 *frames;
	u16 frames_len;
	u16 payload;
	const u8 *packet;
	u16 packet_len;
};

static unsigned int samples_of(const struct quic_vectors *v, struct sample *s)
{
	s[0] = (struct sample){
		QUIC_CIPHER_AES_128_GCM, v->client_secret, v->client_header,
		sizeof(v->client_header), 4, QUIC_VECTORS_CLIENT_PN, v->client_frames,
		sizeof(v->client_frames), QUIC_VECTORS_CLIENT_PAYLOAD, v->client_packet,
		sizeof(v->client_packet),
	};
	s[1] = (struct sample){
		QUIC_CIPHER_AES_128_GCM, v->server_secret, v->server_header,
		sizeof(v->server_header), 2, QUIC_VECTORS_SERVER_PN, v->server_frames,
		sizeof(v->server_frames), sizeof(v->server_frames), v->server_packet,
		sizeof(v->server_packet),
	};
	s[2] = (struct sample){
		QUIC_CIPHER_CHACHA20_POLY1305, v->chacha_secret, v->chacha_header,
		sizeof(v->chacha_header), 3, QUIC_VECTORS_CHACHA_PN, v->chacha_frames,
		sizeof(v->chacha_frames), sizeof(v->chacha_frames), v->chacha_packet,
		sizeof(v->chacha_packet),
	};
	return 3;
}

/* Sends one packet whose payload is named in up to three segments. */
static void seal_one(const struct quic_key *key, const struct sample *s, unsigned int nr_segs)
{
	u16 at = s->hdr_len, len = s->hdr_len + s->payload;
	struct quic_tx_pkt pkt = {
		.len = len, .hdr_len = s->hdr_len, .pn_len = s->pn_len, .pn = s->pn, .key = key,
	};
	static struct sim network;
	static struct sim_endpoint ep = { .sim = &network };
	struct quic_path path = {};
	struct quic_burst *b;
	unsigned int i;

	b = quic_edge_burst_begin(&ep.conn, &path, len + QUIC_TAG_BYTES, QUIC_ECN_NOT_ECT, 0);
	pkt.dst = quic_edge_burst_next(b);
	memcpy(pkt.dst, s->header, s->hdr_len);
	memset(pkt.dst + s->hdr_len, 0, s->payload);
	if (!nr_segs)
		memcpy(pkt.dst + at, s->frames, s->frames_len);
	for (i = 0; i < nr_segs; i++) {
		u16 n = s->frames_len / nr_segs;

		if (i + 1 == nr_segs)
			n = s->frames_len - (at - s->hdr_len);
		pkt.segs[pkt.nr_segs++] = (struct quic_tx_seg){
			.off = at, .len = n, .data = s->frames + (at - s->hdr_len),
		};
		at += n;
	}
	assert_int_equal(quic_edge_burst_add(b, &pkt), 0);
	quic_edge_burst_end(b, len + QUIC_TAG_BYTES);
	wire_len = 0;
	assert_int_equal(quic_edge_burst_commit(b), 0);
	assert_int_equal(wire_len, len + QUIC_TAG_BYTES);
}

/* Opens what is in @data; the plaintext is in @plain (2 KiB) when it answers 0. */
static int open_one(const struct quic_key *key, const struct sample *s, const u8 *data, u32 len,
		    u8 *plain, u32 *plain_len)
{
	struct quic_agg *agg = sim_agg_new(data, len, len, QUIC_ECN_NOT_ECT);
	struct quic_rx_pkt *p = &agg->pkts[0];
	u64 truncated = 0;
	unsigned int i;
	int err;

	p->len = len;
	p->pn_off = s->hdr_len - s->pn_len;
	p->hdr = quic_edge_agg_linear(agg, 0, len);
	p->key = key;
	quic_edge_unmask(agg, p, 1);
	p->pn_len = (p->hdr[0] & QUIC_HEADER_PN_MASK) + 1;
	for (i = 0; i < p->pn_len; i++)
		truncated = truncated << 8 | p->hdr[p->pn_off + i];
	p->pn = quic_header_pn_decode(s->pn, truncated, p->pn_len);
	quic_edge_open(NULL, agg, p, 1);
	err = p->err;
	if (!err) {
		*plain_len = p->plain.len;
		memcpy(plain, p->plain.data, p->plain.len);
		assert_memory_equal(p->hdr, s->header, s->hdr_len);
		quic_edge_chunk_put(p->plain.chunk);
	}
	quic_edge_agg_free(agg);
	return err;
}

static void packets_seal_to_those_of_the_appendix(void **state)
{
	struct sample s[3];
	unsigned int i, k, n, segs;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		n = samples_of(all[i], s);
		for (k = 0; k < n; k++) {
			struct quic_key key = key_from(s[k].cipher, all[i]->version, s[k].secret);

			for (segs = 0; segs < (s[k].frames_len < 3 ? 2 : 4); segs++) {
				seal_one(&key, &s[k], segs);
				assert_int_equal(wire_len, s[k].packet_len);
				assert_memory_equal(wire, s[k].packet, wire_len);
			}
			key_free(&key);
		}
	}
}

static void packets_of_the_appendix_open(void **state)
{
	u8 plain[2048];
	struct sample s[3];
	unsigned int i, k, n;
	u32 len;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		n = samples_of(all[i], s);
		for (k = 0; k < n; k++) {
			struct quic_key key = key_from(s[k].cipher, all[i]->version, s[k].secret);

			assert_int_equal(open_one(&key, &s[k], s[k].packet, s[k].packet_len,
						  plain, &len), 0);
			assert_int_equal(len, s[k].payload);
			assert_memory_equal(plain, s[k].frames, s[k].frames_len);
			assert_null(memchr_inv(plain + s[k].frames_len, 0,
					       len - s[k].frames_len));
			key_free(&key);
		}
	}
}

/* [9001-5.3] one wrong bit anywhere, header included, and it does not open. */
static void no_flipped_bit_opens(void **state)
{
	u8 plain[2048], packet[1200];
	struct sample s[3];
	unsigned int i, k, n, bit;
	u32 len;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		n = samples_of(all[i], s);
		for (k = 1; k < n; k++) {
			struct quic_key key = key_from(s[k].cipher, all[i]->version, s[k].secret);

			for (bit = 0; bit < 8u * s[k].packet_len; bit++) {
				memcpy(packet, s[k].packet, s[k].packet_len);
				packet[bit / 8] ^= 1 << bit % 8;
				assert_int_equal(open_one(&key, &s[k], packet, s[k].packet_len,
							  plain, &len), -EBADMSG);
			}
			key_free(&key);
		}
	}
}

/* RFC 9001 A.4: the Retry packet and its tag (5.8). */
static void retry_tag_is_that_of_the_appendix(void **state)
{
	static const struct quic_cid scid = {
		.len = 8, .data = { 0xf0, 0x67, 0xa5, 0x50, 0x2a, 0x42, 0x62, 0xb5 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		const struct quic_version *v = quic_version_find(all[i]->version);
		const u8 *want = all[i]->retry_packet;
		struct quic_cid odcid = dcid_of(all[i]);
		u8 tag[QUIC_TAG_BYTES];

		assert_memory_equal(want + 7, scid.data, scid.len);
		assert_int_equal(quic_edge_retry_tag(v, &odcid, want, 20, tag), 0);
		assert_memory_equal(tag, want + 20, sizeof(tag));
	}
}

/* ---- all ciphers ---- */

static void every_cipher_opens_what_it_seals(void **state)
{
	u8 secret[QUIC_SECRET_MAX_BYTES], payload[1400], plain[2048];
	u8 header[12] = { 0x43, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0 };
	unsigned int round, c;
	u32 len;

	for (round = 0; round < 400; round++) {
		struct sample s = {
			.header = header, .hdr_len = sizeof(header), .pn_len = 3,
			.frames = payload, .pn = unit_random(1 << 24), .packet = wire,
		};
		struct quic_key key;

		c = 1 + round % (QUIC_NR_CIPHERS - 1);
		header[0] = 0x42;		/* 3-byte number */
		header[9] = s.pn >> 16;
		header[10] = s.pn >> 8;
		header[11] = s.pn;
		unit_random_bytes(secret, sizeof(secret));
		s.payload = 1 + unit_random(sizeof(payload));
		s.frames_len = s.payload;
		unit_random_bytes(payload, s.payload);
		key = key_from(c, QUIC_V1, secret);
		seal_one(&key, &s, s.payload < 3 ? 0 : unit_random(4));
		assert_int_equal(open_one(&key, &s, wire, wire_len, plain, &len), 0);
		assert_int_equal(len, s.payload);
		assert_memory_equal(plain, payload, len);
		wire[unit_random(wire_len)] ^= 1 << unit_random(8);
		assert_int_equal(open_one(&key, &s, wire, wire_len, plain, &len), -EBADMSG);
		key_free(&key);
	}
}

/* [9001-5.8] [9001-5.1] keys of another version, cipher or secret do not open. [9001-5.5#1] */
static void another_key_does_not_open(void **state)
{
	const struct quic_vectors *v = &quic_vectors_v1;
	struct quic_key key;
	struct sample s[3];
	u8 plain[2048];
	u32 len;

	samples_of(v, s);
	key = key_from(QUIC_CIPHER_AES_128_GCM, QUIC_V2, v->server_secret);
	assert_int_equal(open_one(&key, &s[1], v->server_packet, sizeof(v->server_packet), plain,
				  &len), -EBADMSG);
	key_free(&key);
	key = key_from(QUIC_CIPHER_AES_128_CCM, QUIC_V1, v->server_secret);
	assert_int_equal(open_one(&key, &s[1], v->server_packet, sizeof(v->server_packet), plain,
				  &len), -EBADMSG);
	key_free(&key);
	key = key_from(QUIC_CIPHER_AES_128_GCM, QUIC_V1, v->client_secret);
	assert_int_equal(open_one(&key, &s[1], v->server_packet, sizeof(v->server_packet), plain,
				  &len), -EBADMSG);
	key_free(&key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(initial_secrets_are_those_of_the_appendix),
		cmocka_unit_test(keys_are_those_of_the_appendix),
		cmocka_unit_test(key_update_is_that_of_the_appendix),
		cmocka_unit_test(masks_are_those_of_the_appendix),
		cmocka_unit_test(packets_seal_to_those_of_the_appendix),
		cmocka_unit_test(packets_of_the_appendix_open),
		cmocka_unit_test(no_flipped_bit_opens),
		cmocka_unit_test(retry_tag_is_that_of_the_appendix),
		cmocka_unit_test(every_cipher_opens_what_it_seals),
		cmocka_unit_test(another_key_does_not_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
