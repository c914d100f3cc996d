// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ciphers and their limits, nonces and labels with the numbers of RFC 9001 A,
 * and key phases: updates of ours, of the peer's, of both at once, forged ones.
 */
#include <linux/tls.h>

#include "core/keys.h"
#include "unit.h"

/* Handles are never looked into. */
#define AEAD(n)	((struct quic_aead *)(uintptr_t)(0x1000 + (n)))
#define HP(n)	((struct quic_hp *)(uintptr_t)(0x2000 + (n)))

static void phase_zero(struct quic_keys *k)
{
	quic_keys_init(k);
	k->cipher[QUIC_LEVEL_APP] = QUIC_CIPHER_AES_128_GCM;
	k->tx[QUIC_LEVEL_APP] = (struct quic_key){ .aead = AEAD(100), .hp = HP(1) };
	k->rx[QUIC_LEVEL_APP] = (struct quic_key){ .aead = AEAD(0), .hp = HP(0) };
	k->rx_other.aead = AEAD(1);
	k->other_is_next = true;
}

/* QUIC_TIMER_KEY */
static void make_next(struct quic_keys *k)
{
	k->other_is_next = true;
}

static void ciphers_have_the_limits_of_6_6(void **state)
{
	static const struct {
		enum quic_cipher cipher;
		u32 uapi;
		u8 key, hash;
		u64 seal, open;
	} want[] = {
		{ QUIC_CIPHER_AES_128_GCM, TLS_CIPHER_AES_GCM_128, 16, 32,
		  1ULL << 23, 1ULL << 52 },
		{ QUIC_CIPHER_AES_256_GCM, TLS_CIPHER_AES_GCM_256, 32, 48,
		  1ULL << 23, 1ULL << 52 },
		{ QUIC_CIPHER_AES_128_CCM, TLS_CIPHER_AES_CCM_128, 16, 32, 2965820, 2965820 },
		{ QUIC_CIPHER_CHACHA20_POLY1305, TLS_CIPHER_CHACHA20_POLY1305, 32, 32,
		  1ULL << 62, 1ULL << 36 },
	};
	unsigned int i;

	assert_int_equal(ARRAY_SIZE(want), QUIC_NR_CIPHERS - 1);
	for (i = 0; i < ARRAY_SIZE(want); i++) {
		const struct quic_cipher_info *info = quic_cipher_info(want[i].cipher);

		assert_int_equal(quic_cipher_from_uapi(want[i].uapi), want[i].cipher);
		assert_int_equal(info->uapi, want[i].uapi);
		assert_int_equal(info->key_bytes, want[i].key);
		assert_int_equal(info->hash_bytes, want[i].hash);
		assert_int_equal(info->seal_limit, want[i].seal);
		assert_int_equal(info->open_limit, want[i].open);
		assert_true(info->hash_bytes <= QUIC_SECRET_MAX_BYTES);
	}
	assert_int_equal(quic_cipher_from_uapi(0), QUIC_CIPHER_NONE);
	assert_int_equal(quic_cipher_from_uapi(TLS_CIPHER_SM4_GCM), QUIC_CIPHER_NONE);
	assert_string_equal(quic_cipher_info(QUIC_NR_CIPHERS)->name, "NONE");
}

/*
 * RFC 9001 B.2: v = 2 q m of CCM with 2^11-byte packets (2^8 blocks, counted
 * twice and once more for the tag) keeps 2^-57; 2^21.5 is the integer below.
 */
static void ccm_limit_is_two_to_the_21_point_5(void **state)
{
	u64 n = quic_cipher_info(QUIC_CIPHER_AES_128_CCM)->seal_limit;

	assert_true(n * n <= 1ULL << 43);
	assert_true((n + 1) * (n + 1) > 1ULL << 43);
}

/* RFC 9001 A.5: the nonce of packet 654360564. */
static void nonce_is_iv_xor_number(void **state)
{
	static const u8 iv[] = { 0xe0, 0x45, 0x9b, 0x34, 0x74, 0xbd,
				 0xd0, 0xe4, 0x4a, 0x41, 0xc1, 0x44 };
	static const u8 want[] = { 0xe0, 0x45, 0x9b, 0x34, 0x74, 0xbd,
				   0xd0, 0xe4, 0x6d, 0x41, 0x7e, 0xb0 };
	u8 nonce[QUIC_IV_BYTES];

	quic_keys_nonce(iv, 654360564, nonce);
	assert_memory_equal(nonce, want, sizeof(want));
	quic_keys_nonce(iv, 0, nonce);
	assert_memory_equal(nonce, iv, sizeof(iv));
	quic_keys_nonce(iv, QUIC_PN_MAX, nonce);
	assert_int_equal(nonce[4], iv[4] ^ 0x3f);
	assert_int_equal(nonce[11], iv[11] ^ 0xff);
}

/* [9001-5.2] the labels of A.1 */
static void labels_are_those_of_a_1(void **state)
{
	static const struct {
		const char *label;
		u16 len;
		u8 want[20];
		size_t want_len;
	} rows[] = {
		{ "client in", 32, "\x00\x20\x0ftls13 client in\x00", 19 },
		{ "server in", 32, "\x00\x20\x0ftls13 server in\x00", 19 },
		{ "quic key", 16, "\x00\x10\x0etls13 quic key\x00", 18 },
		{ "quic iv", 12, "\x00\x0c\x0dtls13 quic iv\x00", 17 },
		{ "quic hp", 16, "\x00\x10\x0dtls13 quic hp\x00", 17 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct quic_writer w;
		u8 buf[32];

		quic_wire_write_init(&w, buf, sizeof(buf));
		quic_keys_hkdf_label(&w, rows[i].label, rows[i].len);
		assert_false(w.overflow);
		assert_int_equal(w.len, rows[i].want_len);
		assert_memory_equal(buf, rows[i].want, w.len);
		quic_wire_write_init(&w, buf, rows[i].want_len - 1);
		quic_keys_hkdf_label(&w, rows[i].label, rows[i].len);
		assert_true(w.overflow);
	}
}

/* [9001-6.1#1,2] */
static void update_waits_for_confirmation_an_ack_and_its_time(void **state)
{
	struct quic_keys k;

	phase_zero(&k);
	assert_false(quic_keys_can_update(&k, true, 0));
	assert_false(quic_keys_on_acked(&k, 0));	/* nothing was sent */
	assert_false(quic_keys_can_update(&k, true, 0));
	quic_keys_on_sealed(&k, QUIC_LEVEL_APP, 5);
	assert_int_equal(k.phase_first_tx, 5);
	quic_keys_on_sealed(&k, QUIC_LEVEL_APP, 6);
	assert_int_equal(k.phase_first_tx, 5);
	assert_false(quic_keys_on_acked(&k, 4));
	assert_false(k.phase_acked);
	assert_true(quic_keys_on_acked(&k, 6));
	assert_false(quic_keys_on_acked(&k, 6));
	assert_true(k.phase_acked);
	assert_false(quic_keys_can_update(&k, false, 0));
	assert_true(quic_keys_can_update(&k, true, 0));
	k.update_after = 7;
	assert_false(quic_keys_can_update(&k, true, 6));
	assert_true(quic_keys_can_update(&k, true, 7));
	k.other_is_next = false;
	assert_false(quic_keys_can_update(&k, true, 7));
}

static void our_update_runs_to_its_end(void **state)
{
	struct quic_keys k;

	phase_zero(&k);
	k.update_wanted = true;
	quic_keys_on_sealed(&k, QUIC_LEVEL_APP, 0);
	assert_int_equal(quic_keys_on_opened(&k, QUIC_KEYS_CURRENT, 3), 0);
	quic_keys_on_acked(&k, 0);
	assert_true(quic_keys_can_update(&k, true, 0));
	quic_keys_rotate(&k, true);
	assert_true(k.phase);
	assert_int_equal(k.updates, 1);
	assert_true(k.update_pending);
	assert_false(k.update_wanted);
	assert_int_equal(k.tx[QUIC_LEVEL_APP].count, 0);
	assert_ptr_equal(k.rx[QUIC_LEVEL_APP].aead, AEAD(1));
	assert_ptr_equal(k.rx[QUIC_LEVEL_APP].hp, HP(0));	/* 6.1: not updated */
	assert_ptr_equal(k.rx_other.aead, AEAD(0));
	assert_false(quic_keys_can_update(&k, true, 0));

	/* The peer has not followed: its old phase is the previous one. */
	assert_int_equal(quic_keys_pick(&k, false), QUIC_KEYS_PREVIOUS);
	assert_int_equal(quic_keys_on_opened(&k, QUIC_KEYS_PREVIOUS, 4), 0);
	quic_keys_on_sealed(&k, QUIC_LEVEL_APP, 1);
	assert_false(quic_keys_on_acked(&k, 0));

	/* It follows. */
	assert_int_equal(quic_keys_pick(&k, true), QUIC_KEYS_CURRENT);
	assert_int_equal(quic_keys_on_opened(&k, QUIC_KEYS_CURRENT, 6), 0);
	assert_int_equal(quic_keys_on_opened(&k, QUIC_KEYS_PREVIOUS, 5), 0);
	assert_true(quic_keys_on_acked(&k, 1));
	assert_false(quic_keys_on_acked(&k, 1));
	k.update_pending = false;
	assert_false(quic_keys_can_update(&k, true, 0));	/* until the old key goes */
	make_next(&k);
	assert_true(quic_keys_can_update(&k, true, 0));
}

/* [9001-6.2#1] */
static void we_follow_the_peers_update(void **state)
{
	struct quic_keys k;

	phase_zero(&k);
	quic_keys_on_opened(&k, QUIC_KEYS_CURRENT, 0);
	quic_keys_on_sealed(&k, QUIC_LEVEL_APP, 0);
	quic_keys_on_opened(&k, QUIC_KEYS_CURRENT, 2);
	assert_int_equal(quic_keys_pick(&k, true), QUIC_KEYS_NEXT);
	assert_int_equal(quic_keys_on_opened(&k, QUIC_KEYS_NEXT, 5), 0);
	quic_keys_rotate(&k, false);
	assert_false(k.update_pending);
	assert_int_equal(k.phase_first_rx, 5);
	assert_int_equal(k.phase_last_rx, 5);
	assert_int_equal(quic_keys_pick(&k, true), QUIC_KEYS_CURRENT);
	assert_int_equal(quic_keys_pick(&k, false), QUIC_KEYS_PREVIOUS);
	make_next(&k);
	assert_int_equal(quic_keys_pick(&k, false), QUIC_KEYS_NEXT);
	/* Reordered packets of the new phase move its start down. */
	assert_int_equal(quic_keys_on_opened(&k, QUIC_KEYS_CURRENT, 4), 0);
	assert_int_equal(k.phase_first_rx, 4);
	assert_int_equal(k.phase_last_rx, 5);
}

static void both_update_at_once(void **state)
{
	struct quic_keys k;

	phase_zero(&k);
	quic_keys_on_opened(&k, QUIC_KEYS_CURRENT, 0);
	quic_keys_on_sealed(&k, QUIC_LEVEL_APP, 0);
	quic_keys_on_acked(&k, 0);
	quic_keys_rotate(&k, true);
	/* The peer's own update crosses ours: to us it looks as if it followed. */
	assert_int_equal(quic_keys_pick(&k, true), QUIC_KEYS_CURRENT);
	assert_int_equal(quic_keys_on_opened(&k, QUIC_KEYS_CURRENT, 1), 0);
	quic_keys_on_sealed(&k, QUIC_LEVEL_APP, 1);
	assert_true(quic_keys_on_acked(&k, 1));
	assert_true(k.phase);
}

static void expect_old(struct quic_keys *k, enum quic_keys_pick pick, quic_pn pn)
{
	struct quic_keys before = *k;

	assert_int_equal(quic_keys_on_opened(k, pick, pn), QUIC_VIOLATION_KEY_PHASE_OLD);
	assert_memory_equal(k, &before, sizeof(*k));
}

/* [9001-6.4#2] whichever of the two packets comes first */
static void old_key_above_the_new_phase_is_a_violation(void **state)
{
	struct quic_keys k;

	phase_zero(&k);
	quic_keys_on_opened(&k, QUIC_KEYS_CURRENT, 0);
	quic_keys_on_sealed(&k, QUIC_LEVEL_APP, 0);
	assert_int_equal(quic_keys_on_opened(&k, QUIC_KEYS_NEXT, 5), 0);
	quic_keys_rotate(&k, false);
	expect_old(&k, QUIC_KEYS_PREVIOUS, 6);
	/* 9 with the old key came first. */
	phase_zero(&k);
	quic_keys_on_opened(&k, QUIC_KEYS_CURRENT, 7);
	quic_keys_on_opened(&k, QUIC_KEYS_CURRENT, 9);
	quic_keys_on_sealed(&k, QUIC_LEVEL_APP, 0);
	expect_old(&k, QUIC_KEYS_NEXT, 8);
	/* 9 with the old key came before our update, 10 after it. */
	quic_keys_on_acked(&k, 0);
	quic_keys_rotate(&k, true);
	expect_old(&k, QUIC_KEYS_CURRENT, 8);
	assert_int_equal(quic_keys_on_opened(&k, QUIC_KEYS_PREVIOUS, 10), 0);
	expect_old(&k, QUIC_KEYS_CURRENT, 9);
	assert_int_equal(quic_keys_on_opened(&k, QUIC_KEYS_CURRENT, 11), 0);
	/* The peer's update, then a packet of its new phase from below the old one's end. */
	phase_zero(&k);
	quic_keys_on_opened(&k, QUIC_KEYS_CURRENT, 9);
	quic_keys_on_sealed(&k, QUIC_LEVEL_APP, 0);
	assert_int_equal(quic_keys_on_opened(&k, QUIC_KEYS_NEXT, 12), 0);
	quic_keys_rotate(&k, false);
	expect_old(&k, QUIC_KEYS_CURRENT, 8);
	assert_int_equal(quic_keys_on_opened(&k, QUIC_KEYS_CURRENT, 10), 0);
}

/* RFC 9001 6.2 */
static void second_update_before_the_first_was_seen_is_a_violation(void **state)
{
	struct quic_keys k, before;

	phase_zero(&k);
	/* A peer's very first packet to arrive may be of its first update: 6.1. */
	assert_int_equal(quic_keys_on_opened(&k, QUIC_KEYS_NEXT, 1), 0);
	quic_keys_rotate(&k, false);
	make_next(&k);
	before = k;
	/* We sent nothing in phase 1 yet. */
	assert_int_equal(quic_keys_on_opened(&k, QUIC_KEYS_NEXT, 2),
			 QUIC_VIOLATION_KEY_UPDATE_TOO_SOON);
	assert_memory_equal(&k, &before, sizeof(k));
	quic_keys_on_sealed(&k, QUIC_LEVEL_APP, 1);
	assert_int_equal(quic_keys_on_opened(&k, QUIC_KEYS_NEXT, 2), 0);
}

/*
 * [9001-6.3#1] [9001-9.5#1] there is always one key to try: which does not depend on the
 * packet number, and trying changes nothing.
 */
static void forged_phase_is_tried_and_forgotten(void **state)
{
	struct quic_keys k, before;
	unsigned int i;

	phase_zero(&k);
	before = k;
	for (i = 0; i < 2; i++) {
		assert_int_equal(quic_keys_pick(&k, k.phase), QUIC_KEYS_CURRENT);
		assert_int_equal(quic_keys_pick(&k, !k.phase), QUIC_KEYS_NEXT);
		assert_memory_equal(&k, &before, sizeof(k));
		quic_keys_on_opened(&k, QUIC_KEYS_CURRENT, 500);
		before = k;
	}
	quic_keys_rotate(&k, true);
	before = k;
	assert_int_equal(quic_keys_pick(&k, k.phase), QUIC_KEYS_CURRENT);
	assert_int_equal(quic_keys_pick(&k, !k.phase), QUIC_KEYS_PREVIOUS);
	assert_memory_equal(&k, &before, sizeof(k));
}

/* [9001-6.6#1,2,3,5,6] a key is given up while a burst and CONNECTION_CLOSE still fit */
static void limits_are_kept_by_each_cipher(void **state)
{
	enum { RESERVE = 128 };
	unsigned int c;

	for (c = QUIC_CIPHER_NONE + 1; c < QUIC_NR_CIPHERS; c++) {
		const struct quic_cipher_info *info = quic_cipher_info(c);
		u64 start = info->seal_limit / 8 * 7;
		struct quic_keys k;

		phase_zero(&k);
		k.cipher[QUIC_LEVEL_APP] = c;
		k.cipher[QUIC_LEVEL_HANDSHAKE] = c;
		k.tx[QUIC_LEVEL_APP].count = start - 1;
		assert_false(quic_keys_needs_update(&k));
		quic_keys_on_sealed(&k, QUIC_LEVEL_APP, 1);
		assert_true(quic_keys_needs_update(&k));
		assert_false(quic_keys_is_exhausted(&k, QUIC_LEVEL_APP));
		k.tx[QUIC_LEVEL_APP].count = info->seal_limit - RESERVE - 1;
		assert_false(quic_keys_is_exhausted(&k, QUIC_LEVEL_APP));
		quic_keys_on_sealed(&k, QUIC_LEVEL_APP, 2);
		assert_true(quic_keys_is_exhausted(&k, QUIC_LEVEL_APP));
		/* Other keys are never updated. */
		assert_false(quic_keys_is_exhausted(&k, QUIC_LEVEL_HANDSHAKE));
		k.tx[QUIC_LEVEL_HANDSHAKE].count = info->seal_limit;
		assert_true(quic_keys_is_exhausted(&k, QUIC_LEVEL_HANDSHAKE));
		/* Failures of all keys together. */
		k.failed = info->open_limit - 1;
		assert_int_equal(quic_keys_on_open_failed(&k, QUIC_LEVEL_HANDSHAKE), 0);
		assert_int_equal(quic_keys_on_open_failed(&k, QUIC_LEVEL_APP),
				 QUIC_VIOLATION_AEAD_INTEGRITY_LIMIT);
		quic_keys_rotate(&k, true);
		assert_false(quic_keys_is_exhausted(&k, QUIC_LEVEL_APP));
		assert_int_equal(quic_keys_on_open_failed(&k, QUIC_LEVEL_APP),
				 QUIC_VIOLATION_AEAD_INTEGRITY_LIMIT);
	}
}

static void caps_lower_the_limits(void **state)
{
	struct quic_keys k;

	phase_zero(&k);
	k.seal_cap = 1000;
	k.open_cap = 1;
	k.tx[QUIC_LEVEL_APP].count = 874;
	assert_false(quic_keys_needs_update(&k));
	assert_true(quic_keys_is_exhausted(&k, QUIC_LEVEL_APP));
	k.tx[QUIC_LEVEL_APP].count = 875;
	assert_true(quic_keys_needs_update(&k));
	assert_int_equal(quic_keys_on_open_failed(&k, QUIC_LEVEL_APP), 0);
	assert_int_equal(quic_keys_on_open_failed(&k, QUIC_LEVEL_APP),
			 QUIC_VIOLATION_AEAD_INTEGRITY_LIMIT);
}

static void wipe_leaves_no_secret(void **state)
{
	struct quic_keys k, fresh;

	quic_keys_init(&fresh);
	unit_random_bytes(&k, sizeof(k));
	quic_keys_wipe(&k);
	assert_memory_equal(&k, &fresh, sizeof(k));
	assert_false(quic_keys_can_send(&k, QUIC_LEVEL_INITIAL));
	assert_false(quic_keys_can_recv(&k, QUIC_LEVEL_INITIAL));
	k.discarded = BIT(QUIC_LEVEL_INITIAL);
	assert_true(quic_keys_is_discarded(&k, QUIC_LEVEL_INITIAL));
	assert_false(quic_keys_is_discarded(&k, QUIC_LEVEL_APP));
}

/*
 * Two ends update at random over a reordering network.  Each packet knows the
 * generation that sealed it: whatever is picked must be that generation's key,
 * unless the key is gone or not made yet, and no honest packet is ever a violation
 * [9001-6.4#1].
 */
struct peer {
	struct quic_keys k;
	u64 generation;
	quic_pn next_pn;
	quic_pn largest_acked;
	bool got;
};

struct packet {
	quic_pn pn;
	u64 generation;
	bool phase;
	bool has_ack;
	quic_pn acks;
};

static u64 generation_of(const struct peer *p, enum quic_keys_pick pick)
{
	switch (pick) {
	case QUIC_KEYS_PREVIOUS:
		return p->generation - 1;
	case QUIC_KEYS_NEXT:
		return p->generation + 1;
	default:
		return p->generation;
	}
}

static void peer_deliver(struct peer *p, const struct packet *pkt)
{
	enum quic_keys_pick pick = quic_keys_pick(&p->k, pkt->phase);

	if (generation_of(p, pick) != pkt->generation) {	/* does not open */
		assert_true(pkt->generation < p->generation || !p->k.other_is_next);
		return;
	}
	assert_int_equal(quic_keys_on_opened(&p->k, pick, pkt->pn), 0);
	if (pick == QUIC_KEYS_NEXT) {
		quic_keys_rotate(&p->k, false);
		p->generation++;
	}
	if (!p->got || pkt->pn > p->largest_acked)
		p->largest_acked = pkt->pn;
	p->got = true;
	if (pkt->has_ack && quic_keys_on_acked(&p->k, pkt->acks))
		p->k.update_pending = false;
}

static struct packet peer_send(struct peer *p)
{
	struct packet pkt = {
		.pn = p->next_pn++,
		.generation = p->generation,
		.phase = p->k.phase,
		.has_ack = p->got,
		.acks = p->largest_acked,
	};

	quic_keys_on_sealed(&p->k, QUIC_LEVEL_APP, pkt.pn);
	return pkt;
}

static void honest_peers_never_disagree(void **state)
{
	enum { WINDOW = 8, STEPS = 200000 };
	struct peer p[2] = {};
	struct packet wire[2][WINDOW];
	unsigned int nr[2] = {}, i, step, side, updates = 0;

	unit_random_seed(7);
	for (i = 0; i < 2; i++)
		phase_zero(&p[i].k);
	for (step = 0; step < STEPS; step++) {
		side = unit_random(2);
		if (unit_random(50) == 0 && p[side].k.phase_first_rx != QUIC_PN_NONE)
			make_next(&p[side].k);			/* QUIC_TIMER_KEY */
		if (unit_random(20) == 0 && quic_keys_can_update(&p[side].k, true, 0)) {
			quic_keys_rotate(&p[side].k, true);
			p[side].generation++;
			updates++;
		}
		if (nr[side] < WINDOW)
			wire[side][nr[side]++] = peer_send(&p[side]);
		if (nr[side] && unit_random(4)) {
			i = unit_random(nr[side]);
			if (unit_random(10))
				peer_deliver(&p[!side], &wire[side][i]);
			wire[side][i] = wire[side][--nr[side]];
		}
		assert_true(p[0].generation <= p[1].generation + 1);
		assert_true(p[1].generation <= p[0].generation + 1);
	}
	assert_true(updates > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ciphers_have_the_limits_of_6_6),
		cmocka_unit_test(ccm_limit_is_two_to_the_21_point_5),
		cmocka_unit_test(nonce_is_iv_xor_number),
		cmocka_unit_test(labels_are_those_of_a_1),
		cmocka_unit_test(update_waits_for_confirmation_an_ack_and_its_time),
		cmocka_unit_test(our_update_runs_to_its_end),
		cmocka_unit_test(we_follow_the_peers_update),
		cmocka_unit_test(both_update_at_once),
		cmocka_unit_test(old_key_above_the_new_phase_is_a_violation),
		cmocka_unit_test(second_update_before_the_first_was_seen_is_a_violation),
		cmocka_unit_test(forged_phase_is_tried_and_forgotten),
		cmocka_unit_test(limits_are_kept_by_each_cipher),
		cmocka_unit_test(caps_lower_the_limits),
		cmocka_unit_test(wipe_leaves_no_secret),
		cmocka_unit_test(honest_peers_never_disagree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
