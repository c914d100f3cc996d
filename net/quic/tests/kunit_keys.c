// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tests/kunit_keys.c - secrets and keys of RFC 9001 A.1, A.5 and RFC 9369 A.1, A.5
 *
 * From connection id to key, IV and header protection key with hkdf.c and the
 * salts and labels of core/version.
 */
#include <kunit/test.h>

#include "../core/version.h"
#include "../hkdf.h"
#include "kunit_quic.h"
#include "rfc9001.h"
#include "rfc9369.h"

static const struct quic_vectors *const both[] = { &quic_vectors_v1, &quic_vectors_v2 };

static void version_desc(const struct quic_vectors *const *v, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "version %#x", (*v)->version);
}

KUNIT_ARRAY_PARAM(version, both, version_desc);

/* Is @want what @secret gives under @label? */
static void expect(struct kunit *test, const u8 *secret, const char *label, const u8 *want,
		   u32 len)
{
	u8 got[32];

	KUNIT_ASSERT_EQ(test, quic_hkdf_expand_label(false, secret, label, got, len), 0);
	KUNIT_EXPECT_MEMEQ(test, got, want, len);
}

static void initial_keys_follow_from_the_connection_id(struct kunit *test)
{
	const struct quic_vectors *v = *(const struct quic_vectors *const *)test->param_value;
	const struct quic_version *ver = quic_version_find(v->version);
	u8 secret[32];

	KUNIT_ASSERT_NOT_NULL(test, ver);
	KUNIT_ASSERT_EQ(test, quic_hkdf_hmac(false, ver->initial_salt, sizeof(ver->initial_salt),
					     v->dcid, sizeof(v->dcid), NULL, 0, secret), 0);
	KUNIT_EXPECT_MEMEQ(test, secret, v->initial_secret, sizeof(secret));
	expect(test, v->initial_secret, "client in", v->client_secret, 32);
	expect(test, v->initial_secret, "server in", v->server_secret, 32);
	expect(test, v->client_secret, ver->label_key, v->client_key, 16);
	expect(test, v->client_secret, ver->label_iv, v->client_iv, 12);
	expect(test, v->client_secret, ver->label_hp, v->client_hp, 16);
	expect(test, v->server_secret, ver->label_key, v->server_key, 16);
	expect(test, v->server_secret, ver->label_iv, v->server_iv, 12);
	expect(test, v->server_secret, ver->label_hp, v->server_hp, 16);
}

static void chacha_keys_follow_from_the_secret(struct kunit *test)
{
	const struct quic_vectors *v = *(const struct quic_vectors *const *)test->param_value;
	const struct quic_version *ver = quic_version_find(v->version);

	KUNIT_ASSERT_NOT_NULL(test, ver);
	expect(test, v->chacha_secret, ver->label_key, v->chacha_key, 32);
	expect(test, v->chacha_secret, ver->label_iv, v->chacha_iv, 12);
	expect(test, v->chacha_secret, ver->label_hp, v->chacha_hp, 32);
	expect(test, v->chacha_secret, ver->label_ku, v->chacha_ku, 32);
}

static struct kunit_case quic_keys_cases[] = {
	KUNIT_CASE_PARAM(initial_keys_follow_from_the_connection_id, version_gen_params),
	KUNIT_CASE_PARAM(chacha_keys_follow_from_the_secret, version_gen_params),
	{}
};

struct kunit_suite quic_keys_suite = {
	.name = "quic-keys",
	.test_cases = quic_keys_cases,
};
