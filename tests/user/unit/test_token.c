// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/token: layout, binding, lifetimes, replays.
 */
#include "unit.h"

#include "core/token.h"
#include "core/wire.h"

static struct quic_addr some_addr(u8 family)
{
	struct quic_addr a = { .family = family, .port = unit_random(65536) };

	unit_random_bytes(a.ip, family == 4 ? 4 : 16);
	return a;
}

static struct quic_cid some_cid(u8 len)
{
	struct quic_cid cid = { .len = len };

	unit_random_bytes(cid.data, len);
	return cid;
}

/* A token as it would be sealed, with nothing sealed about it. */
static size_t make_token(u8 *buf, enum quic_token_kind kind, unsigned int key, quic_us issued,
			 const struct quic_cid *odcid)
{
	struct quic_writer w;

	quic_wire_write_init(&w, buf, QUIC_TOKEN_MAX_BYTES);
	quic_wire_put_u8(&w, quic_token_first(kind, key));
	quic_wire_put_zeros(&w, QUIC_TOKEN_NONCE_BYTES);
	quic_token_put_text(&w, kind, issued, odcid);
	quic_wire_put_zeros(&w, QUIC_TAG_BYTES);
	assert_false(w.overflow);
	return w.len;
}

static void a_token_says_what_it_is(void **state)
{
	enum quic_token_kind kind;
	struct quic_token_view v;
	unsigned int key;
	u8 buf[QUIC_TOKEN_MAX_BYTES];
	size_t len;

	for (kind = QUIC_TOKEN_RETRY; kind <= QUIC_TOKEN_NEW; kind++) {
		for (key = 0; key < 2; key++) {
			struct quic_cid odcid = some_cid(8 + key * 12);

			len = make_token(buf, kind, key, 1000, &odcid);
			quic_token_view((struct quic_span){ buf, len }, &v);
			assert_int_equal(v.kind, kind);
			assert_int_equal(v.key, key);
			assert_ptr_equal(v.nonce, buf + 1);
			assert_ptr_equal(v.sealed.data, buf + 13);
			assert_int_equal(v.sealed.len,
					 quic_token_text_bytes(kind) + QUIC_TAG_BYTES);
		}
	}
}

/* [9000-8.1.1#1] */
static void the_kinds_differ_in_byte_and_length(void **state)
{
	struct quic_cid odcid = some_cid(8);
	u8 a[QUIC_TOKEN_MAX_BYTES], b[QUIC_TOKEN_MAX_BYTES];

	assert_int_not_equal(make_token(a, QUIC_TOKEN_RETRY, 0, 1, &odcid),
			     make_token(b, QUIC_TOKEN_NEW, 0, 1, &odcid));
	assert_int_not_equal(a[0], b[0]);
}

static void what_is_not_ours_is_none(void **state)
{
	struct quic_token_view v;
	unsigned int first, len;
	u8 buf[128];

	for (first = 0; first < 256; first++) {
		for (len = 0; len <= sizeof(buf); len++) {
			u32 text = quic_token_text_bytes(first & 2 ? QUIC_TOKEN_NEW :
							 QUIC_TOKEN_RETRY);
			bool ours = (first & 0xfc) == 0xb4 &&
				    len == 1 + QUIC_TOKEN_NONCE_BYTES + text + QUIC_TAG_BYTES;
			u8 *copy = malloc(len ? len : 1);

			memset(copy, 0x77, len);
			if (len)
				copy[0] = first;
			quic_token_view((struct quic_span){ copy, len }, &v);
			assert_int_equal(v.kind != QUIC_TOKEN_NONE, ours);
			free(copy);
		}
	}
}

static size_t aad(u8 *buf, enum quic_token_kind kind, u32 version, const struct quic_addr *addr,
		  const struct quic_cid *dcid)
{
	struct quic_writer w;

	memset(buf, 0, QUIC_TOKEN_AAD_MAX_BYTES);
	quic_wire_write_init(&w, buf, QUIC_TOKEN_AAD_MAX_BYTES);
	quic_token_put_aad(&w, kind, version, addr, dcid);
	assert_false(w.overflow);
	return w.len;
}

/* [9000-8.1.4#3] [9369-5#2] */
static void a_token_is_bound_to_its_use(void **state)
{
	u8 a[QUIC_TOKEN_AAD_MAX_BYTES], b[QUIC_TOKEN_AAD_MAX_BYTES];
	struct quic_addr addr = some_addr(6), moved = addr;
	struct quic_cid dcid = some_cid(20), other = some_cid(20);

	aad(a, QUIC_TOKEN_RETRY, 1, &addr, &dcid);
	aad(b, QUIC_TOKEN_RETRY, 1, &addr, &other);
	assert_memory_not_equal(a, b, sizeof(a));
	moved.port++;
	aad(b, QUIC_TOKEN_RETRY, 1, &moved, &dcid);
	assert_memory_not_equal(a, b, sizeof(a));

	/* Another connection comes from another port. */
	aad(a, QUIC_TOKEN_NEW, 1, &addr, NULL);
	aad(b, QUIC_TOKEN_NEW, 1, &moved, NULL);
	assert_memory_equal(a, b, sizeof(a));
	moved.ip[15]++;
	aad(b, QUIC_TOKEN_NEW, 1, &moved, NULL);
	assert_memory_not_equal(a, b, sizeof(a));
	aad(b, QUIC_TOKEN_NEW, 2, &addr, NULL);
	assert_memory_not_equal(a, b, sizeof(a));
	moved = addr;
	moved.family = 4;
	aad(b, QUIC_TOKEN_NEW, 1, &moved, NULL);
	assert_memory_not_equal(a, b, sizeof(a));
}

static bool check(enum quic_token_kind kind, quic_us issued, quic_us now,
		  const struct quic_cid *odcid, struct quic_cid *got)
{
	u8 buf[QUIC_TOKEN_MAX_BYTES];

	make_token(buf, kind, 0, issued, odcid);
	return quic_token_check_text(kind, buf + 1 + QUIC_TOKEN_NONCE_BYTES, now, got);
}

/* [9000-8.1.4#5] */
static void a_token_lives_as_long_as_it_should(void **state)
{
	static const quic_us life[] = {
		[QUIC_TOKEN_RETRY] = 3000000, [QUIC_TOKEN_NEW] = 600000000,
	};
	struct quic_cid odcid = some_cid(8), got;
	enum quic_token_kind kind;

	for (kind = QUIC_TOKEN_RETRY; kind <= QUIC_TOKEN_NEW; kind++) {
		quic_us at = 1 + unit_random(1ULL << 40);

		assert_true(check(kind, at, at, &odcid, &got));
		assert_true(check(kind, at, at + life[kind], &odcid, &got));
		assert_false(check(kind, at, at + life[kind] + 1, &odcid, &got));
		assert_false(check(kind, at, at - 1, &odcid, &got));
		assert_false(check(kind, at, U64_MAX, &odcid, &got));
	}
}

static void a_retry_token_brings_the_first_id_back(void **state)
{
	u8 len;

	for (len = 0; len <= QUIC_CID_MAX_BYTES; len++) {
		struct quic_cid odcid = some_cid(len), got = {};

		assert_true(check(QUIC_TOKEN_RETRY, 5, 6, &odcid, &got));
		assert_true(quic_cid_equal(&odcid, &got));
	}
}

static void an_id_that_is_too_long_is_refused(void **state)
{
	struct quic_cid odcid = some_cid(8), got;
	u8 buf[QUIC_TOKEN_MAX_BYTES], *text = buf + 1 + QUIC_TOKEN_NONCE_BYTES;

	make_token(buf, QUIC_TOKEN_RETRY, 0, 5, &odcid);
	text[8] = QUIC_CID_MAX_BYTES + 1;
	assert_false(quic_token_check_text(QUIC_TOKEN_RETRY, text, 6, &got));
}

/* [9000-8.1.4#5] */
static void a_token_serves_once_in_its_life(void **state)
{
	struct quic_token_used *u = calloc(1, sizeof(*u));
	u8 nonce[200][QUIC_TOKEN_NONCE_BYTES];
	unsigned int i, wrong = 0;
	quic_us at = 12345;

	for (i = 0; i < ARRAY_SIZE(nonce); i++) {
		unit_random_bytes(nonce[i], sizeof(nonce[i]));
		wrong += !quic_token_spend(u, nonce[i], at + i);
	}
	assert_true(wrong < 3);
	for (i = 0; i < ARRAY_SIZE(nonce); i++)
		assert_false(quic_token_spend(u, nonce[i], at + QUIC_TOKEN_NEW_US - 1));
	free(u);
}

static void the_memory_of_used_tokens_outlasts_them_whenever_it_turns(void **state)
{
	struct quic_token_used *u = calloc(1, sizeof(*u));
	unsigned int i;

	for (i = 0; i < 300; i++) {
		u8 nonce[QUIC_TOKEN_NONCE_BYTES];
		quic_us at = 1 + i * (QUIC_TOKEN_NEW_US / 7 + 1);

		unit_random_bytes(nonce, sizeof(nonce));
		quic_token_spend(u, nonce, at);
		assert_false(quic_token_spend(u, nonce, at + unit_random(QUIC_TOKEN_NEW_US)));
	}
	free(u);
}

static void used_tokens_are_forgotten_in_the_end(void **state)
{
	struct quic_token_used *u = calloc(1, sizeof(*u));
	u8 nonce[QUIC_TOKEN_NONCE_BYTES] = { 1, 2, 3, 4, 5, 6 };

	assert_true(quic_token_spend(u, nonce, 1));
	assert_true(quic_token_spend(u, nonce, 1 + 2 * QUIC_TOKEN_NEW_US));
	assert_false(quic_token_spend(u, nonce, 2 + 2 * QUIC_TOKEN_NEW_US));
	free(u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_says_what_it_is),
		cmocka_unit_test(the_kinds_differ_in_byte_and_length),
		cmocka_unit_test(what_is_not_ours_is_none),
		cmocka_unit_test(a_token_is_bound_to_its_use),
		cmocka_unit_test(a_token_lives_as_long_as_it_should),
		cmocka_unit_test(a_retry_token_brings_the_first_id_back),
		cmocka_unit_test(an_id_that_is_too_long_is_refused),
		cmocka_unit_test(a_token_serves_once_in_its_life),
		cmocka_unit_test(the_memory_of_used_tokens_outlasts_them_whenever_it_turns),
		cmocka_unit_test(used_tokens_are_forgotten_in_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
