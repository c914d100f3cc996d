// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tests/kunit_core.c - core of quic.ko as the kernel's compiler built it
 *
 * The byte vectors of tests/vectors, which the user-space tests run too, and
 * what only the kernel can show: core/env.h's own tree, allocator and
 * comparison.  Everything else of the core is tested in user space.
 */
#include <kunit/test.h>
#include <linux/random.h>

#include "../core/frame.h"
#include "../core/header.h"
#include "../core/ranges.h"
#include "../core/tparam.h"
#include "frames.h"
#include "kunit_quic.h"
#include "rfc9000.h"
#include "rfc9001.h"
#include "rfc9369.h"
#include "tparams.h"

static void varint_desc(const struct quic_vector_varint *v, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%llu in %u bytes", v->value, v->len);
}

KUNIT_ARRAY_PARAM(varint, quic_vectors_varint, varint_desc);

static void varint_decodes_and_encodes(struct kunit *test)
{
	const struct quic_vector_varint *v = test->param_value;
	struct quic_reader r;
	struct quic_writer w;
	bool shortest;
	u64 value;
	u8 buf[8];

	quic_wire_read_init(&r, v->bytes, v->len);
	KUNIT_ASSERT_TRUE(test, quic_wire_get_varint_strict(&r, &value, &shortest));
	KUNIT_EXPECT_EQ(test, value, v->value);
	KUNIT_EXPECT_EQ(test, shortest, v->shortest);
	KUNIT_EXPECT_EQ(test, quic_wire_left(&r), 0);
	quic_wire_read_init(&r, v->bytes, v->len - 1);
	KUNIT_EXPECT_FALSE(test, quic_wire_get_varint_strict(&r, &value, &shortest));

	quic_wire_write_init(&w, buf, sizeof(buf));
	if (v->shortest)
		quic_wire_put_varint(&w, v->value);
	else
		quic_wire_put_varint_fixed(&w, v->len, v->value);
	KUNIT_EXPECT_EQ(test, w.len, v->len);
	KUNIT_EXPECT_MEMEQ(test, buf, v->bytes, v->len);
}

static void packet_numbers_of_the_rfc(struct kunit *test)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(quic_vectors_pn_len); i++) {
		const struct quic_vector_pn_len *v = &quic_vectors_pn_len[i];

		KUNIT_EXPECT_EQ(test, quic_header_pn_len(v->pn, v->largest_acked), v->bytes);
	}
	for (i = 0; i < ARRAY_SIZE(quic_vectors_pn); i++) {
		const struct quic_vector_pn *v = &quic_vectors_pn[i];

		KUNIT_EXPECT_EQ(test, quic_header_pn_decode(v->expected, v->truncated, v->bytes),
				v->pn);
	}
}

static void frame_desc(const struct quic_vector_frame *v, char *desc)
{
	strscpy(desc, v->what, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(frame, quic_vectors_frames, frame_desc);

static void frame_is_judged(struct kunit *test)
{
	const struct quic_vector_frame *v = test->param_value;
	struct quic_reader r;
	struct quic_frame f;
	int err;

	quic_wire_read_init(&r, v->bytes, v->len);
	err = quic_frame_decode(&r, v->level, &f);
	KUNIT_EXPECT_EQ_MSG(test, err, v->violation, "%s", quic_violation_name(err));
	if (err) {
		KUNIT_EXPECT_PTR_EQ(test, r.pos, &v->bytes[0]);
		return;
	}
	KUNIT_EXPECT_EQ(test, f.type, v->type);
	KUNIT_EXPECT_EQ(test, f.bytes, v->len);
}

static void tparam_desc(const struct quic_vector_tparam *v, char *desc)
{
	strscpy(desc, v->what, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(tparam, quic_vectors_tparams, tparam_desc);

static void tparams_are_judged(struct kunit *test)
{
	const struct quic_vector_tparam *v = test->param_value;
	struct quic_tparams *p = kunit_kzalloc(test, sizeof(*p), GFP_KERNEL);
	struct quic_writer w;
	u8 buf[256];
	int err;

	KUNIT_ASSERT_NOT_NULL(test, p);
	err = quic_tparam_decode(v->bytes, v->len, v->from_client, p);
	KUNIT_EXPECT_EQ_MSG(test, err, v->violation, "%s", quic_violation_name(err));
	if (err)
		return;
	quic_wire_write_init(&w, buf, sizeof(buf));
	quic_tparam_encode(&w, p, 0);
	KUNIT_EXPECT_FALSE(test, w.overflow);
	KUNIT_EXPECT_EQ(test, quic_tparam_decode(buf, w.len, v->from_client, p), 0);
}

static const struct quic_vectors *const both[] = { &quic_vectors_v1, &quic_vectors_v2 };

static void version_desc(const struct quic_vectors *const *v, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "version %#x", (*v)->version);
}

KUNIT_ARRAY_PARAM(version, both, version_desc);

static void packets_of_the_rfc_decode(struct kunit *test)
{
	const struct quic_vectors *v = *(const struct quic_vectors *const *)test->param_value;
	struct quic_header h;

	KUNIT_ASSERT_TRUE(test, quic_header_decode(v->client_packet, 1200, 8, &h));
	KUNIT_EXPECT_EQ(test, h.kind, QUIC_PACKET_INITIAL);
	KUNIT_EXPECT_EQ(test, h.version->number, v->version);
	KUNIT_EXPECT_EQ(test, h.pn_offset, 18);
	KUNIT_EXPECT_EQ(test, h.packet_len, 1200);
	KUNIT_ASSERT_EQ(test, h.dcid.len, 8);
	KUNIT_EXPECT_MEMEQ(test, h.dcid.data, v->dcid, 8);

	KUNIT_ASSERT_TRUE(test, quic_header_decode(v->server_packet, 135, 8, &h));
	KUNIT_EXPECT_EQ(test, h.packet_len, 135);
	KUNIT_EXPECT_FALSE(test, quic_header_decode(v->server_packet, 134, 8, &h));

	KUNIT_ASSERT_TRUE(test, quic_header_decode(v->retry_packet, 36, 8, &h));
	KUNIT_EXPECT_EQ(test, h.kind, QUIC_PACKET_RETRY);
	KUNIT_ASSERT_EQ(test, h.token.len, strlen(QUIC_VECTORS_RETRY_TOKEN));
	KUNIT_EXPECT_MEMEQ(test, h.token.data, QUIC_VECTORS_RETRY_TOKEN, h.token.len);

	KUNIT_ASSERT_TRUE(test, quic_header_decode(v->chacha_packet, 21, 0, &h));
	KUNIT_EXPECT_EQ(test, h.kind, QUIC_PACKET_SHORT);
	KUNIT_EXPECT_EQ(test, h.pn_offset, 1);
}

static void headers_of_the_rfc_encode(struct kunit *test)
{
	const struct quic_vectors *v = *(const struct quic_vectors *const *)test->param_value;
	struct quic_cid none = { 0 }, dcid = { .len = 8 };
	struct quic_header_build b = {
		.kind = QUIC_PACKET_INITIAL, .version = quic_version_find(v->version),
		.dcid = &dcid, .scid = &none, .pn = QUIC_VECTORS_CLIENT_PN, .pn_len = 4,
	};
	struct quic_header h;
	struct quic_writer w;
	u8 buf[64];

	memcpy(dcid.data, v->dcid, 8);
	quic_wire_write_init(&w, buf, sizeof(buf));
	quic_header_encode(&w, &b);
	quic_header_set_length(buf, w.len, 4, QUIC_VECTORS_CLIENT_PAYLOAD + QUIC_TAG_BYTES);
	KUNIT_ASSERT_EQ(test, w.len, sizeof(v->client_header));
	KUNIT_EXPECT_MEMEQ(test, buf, v->client_header, w.len);

	KUNIT_ASSERT_TRUE(test, quic_header_decode(v->retry_packet, 36, 8, &h));
	quic_wire_write_init(&w, buf, sizeof(buf));
	quic_header_encode_retry(&w, h.version, &h.dcid, &h.scid, h.token);
	KUNIT_ASSERT_EQ(test, w.len, 36 - QUIC_TAG_BYTES);
	KUNIT_EXPECT_MEMEQ(test, buf, v->retry_packet, w.len);
}

#define VALUES 64

static void ranges_agree_with_a_bitmap(struct kunit *test)
{
	struct quic_ranges r;
	u64 m = 0;
	int i;

	quic_ranges_init(&r, VALUES);
	for (i = 0; i < 20000; i++) {
		unsigned int a = get_random_u32_below(VALUES);
		unsigned int n = get_random_u32_below(min(VALUES - a, 9U) + 1);
		u64 mask = n ? GENMASK_ULL(a + n - 1, a) : 0;

		if (get_random_u32_below(2)) {
			KUNIT_ASSERT_EQ(test, quic_ranges_add(&r, a, a + n), 0);
			m |= mask;
		} else {
			KUNIT_ASSERT_EQ(test, quic_ranges_remove(&r, a, a + n), 0);
			m &= ~mask;
		}
		KUNIT_ASSERT_EQ(test, quic_ranges_total(&r), hweight64(m));
		KUNIT_ASSERT_EQ(test, r.nr, hweight64(m & ~(m << 1)));
		KUNIT_ASSERT_EQ(test, quic_ranges_has(&r, a), m >> a & 1);
	}
	quic_ranges_exit(&r);
}

static void acks_tell_what_was_received(struct kunit *test)
{
	struct quic_frame_ack_iter it;
	struct quic_ranges r;
	struct quic_range got;
	struct quic_reader rd;
	struct quic_writer w;
	struct quic_frame f;
	int i;
	u8 buf[128];

	quic_ranges_init(&r, VALUES);
	for (i = 0; i < 20; i++)
		KUNIT_ASSERT_EQ(test, quic_ranges_add(&r, i * 10, i * 10 + 3), 0);
	quic_wire_write_init(&w, buf, sizeof(buf));
	quic_frame_encode_ack(&w, &r, 20, 7, NULL);
	KUNIT_ASSERT_FALSE(test, w.overflow);
	quic_wire_read_init(&rd, buf, w.len);
	KUNIT_ASSERT_EQ(test, quic_frame_decode(&rd, QUIC_LEVEL_APP, &f), 0);
	quic_frame_ack_iter_init(&it, &f.ack);
	while (quic_frame_ack_next(&it, &got)) {
		i--;
		KUNIT_EXPECT_EQ(test, got.start, i * 10);
		KUNIT_EXPECT_EQ(test, got.end, i * 10 + 3);
	}
	KUNIT_EXPECT_EQ(test, i, 0);
	quic_ranges_exit(&r);
}

/* Ascending in one direction, descending in the other, and all that is set. */
static void check_tree(struct kunit *test, struct quic_tree *t, u64 m)
{
	struct quic_node *n = quic_tree_first(t), *prev = NULL;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, quic_tree_is_empty(t), !m);
	for (i = 0; i < VALUES; i++) {
		if (!(m >> i & 1)) {
			KUNIT_ASSERT_NULL(test, quic_tree_find(t, i));
			KUNIT_ASSERT_PTR_EQ(test, quic_tree_find_le(t, i), prev);
			continue;
		}
		KUNIT_ASSERT_NOT_NULL(test, n);
		KUNIT_ASSERT_EQ(test, n->key, i);
		KUNIT_ASSERT_PTR_EQ(test, quic_tree_find(t, i), n);
		KUNIT_ASSERT_PTR_EQ(test, quic_tree_prev(t, n), prev);
		prev = n;
		n = quic_tree_next(t, n);
	}
	KUNIT_ASSERT_NULL(test, n);
}

static void env_tree_keeps_order(struct kunit *test)
{
	struct quic_node *nodes = kunit_kcalloc(test, VALUES, sizeof(*nodes), GFP_KERNEL);
	struct quic_tree t;
	u64 m = 0;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, nodes);
	quic_tree_init(&t);
	for (i = 0; i < 3000; i++) {
		u32 k = get_random_u32_below(VALUES);
		struct quic_node twin = { .key = k };

		if (m >> k & 1) {
			KUNIT_ASSERT_PTR_EQ(test, quic_tree_insert(&t, &twin), &nodes[k]);
			quic_tree_erase(&t, &nodes[k]);
		} else {
			nodes[k].key = k;
			KUNIT_ASSERT_NULL(test, quic_tree_insert(&t, &nodes[k]));
		}
		m ^= BIT_ULL(k);
		if (i % 50 == 0)
			check_tree(test, &t, m);
	}
	check_tree(test, &t, m);
}

static void env_memory_is_zeroed_and_secrets_compare(struct kunit *test)
{
	u8 a[16] = { 1, 2, 3 }, b[16] = { 1, 2, 3 };
	u64 *p = quic_env_alloc(1000, sizeof(*p));

	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_EXPECT_NULL(test, memchr_inv(p, 0, 1000 * sizeof(*p)));
	quic_env_free(p);
	quic_env_free(NULL);
	KUNIT_EXPECT_NULL(test, quic_env_alloc(SIZE_MAX / 4, 8));

	KUNIT_EXPECT_TRUE(test, quic_env_equal_secret(a, b, sizeof(a)));
	b[15] = 1;
	KUNIT_EXPECT_FALSE(test, quic_env_equal_secret(a, b, sizeof(a)));
	KUNIT_EXPECT_TRUE(test, quic_env_equal_secret(a, b, 15));
}

static struct kunit_case quic_core_cases[] = {
	KUNIT_CASE_PARAM(varint_decodes_and_encodes, varint_gen_params),
	KUNIT_CASE(packet_numbers_of_the_rfc),
	KUNIT_CASE_PARAM(frame_is_judged, frame_gen_params),
	KUNIT_CASE_PARAM(tparams_are_judged, tparam_gen_params),
	KUNIT_CASE_PARAM(packets_of_the_rfc_decode, version_gen_params),
	KUNIT_CASE_PARAM(headers_of_the_rfc_encode, version_gen_params),
	KUNIT_CASE(ranges_agree_with_a_bitmap),
	KUNIT_CASE(acks_tell_what_was_received),
	KUNIT_CASE(env_tree_keeps_order),
	KUNIT_CASE(env_memory_is_zeroed_and_secrets_compare),
	{}
};

struct kunit_suite quic_core_suite = {
	.name = "quic-core",
	.test_cases = quic_core_cases,
};
