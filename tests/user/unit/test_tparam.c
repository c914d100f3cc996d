// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/tparam: blobs of the vectors, truncation at every byte, defaults, random
 * round trips, what is said and what is left out.
 */
#include "unit.h"

#include "core/tparam.h"
#include "core/version.h"
#include "rfc9001.h"
#include "tparam_model.h"
#include "tparams.h"

static void vectors_are_judged_as_they_say(void **state)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(quic_vectors_tparams); i++) {
		const struct quic_vector_tparam *v = &quic_vectors_tparams[i];
		struct quic_tparams p, untouched;
		int err;

		memset(&p, 0x5a, sizeof(p));
		untouched = p;
		err = quic_tparam_decode(v->bytes, v->len, v->from_client, &p);
		if (err != v->violation)
			fail_msg("%s: %s", v->what, quic_violation_name(err));
		if (err)
			assert_memory_equal(&p, &untouched, sizeof(p));
	}
}

static void vectors_cut_at_every_byte_never_overrun(void **state)
{
	size_t i, len;

	for (i = 0; i < ARRAY_SIZE(quic_vectors_tparams); i++) {
		const struct quic_vector_tparam *v = &quic_vectors_tparams[i];

		for (len = 0; len < v->len; len++) {
			u8 *copy = malloc(len ? len : 1);
			struct quic_tparams p;

			memcpy(copy, v->bytes, len);
			quic_tparam_decode(copy, len, v->from_client, &p);
			free(copy);
		}
	}
}

static void the_client_hello_of_the_rfc_says_this(void **state)
{
	struct quic_tparams p;

	/* The last 50 bytes of the ClientHello are the extension's content. */
	assert_int_equal(quic_tparam_decode(quic_vectors_v1.client_frames + 245 - 50, 50, true, &p),
			 0);
	assert_int_equal(p.initial_max_data, QUIC_VARINT_MAX);
	assert_int_equal(p.initial_max_stream_data_bidi_local, 0xffff);
	assert_int_equal(p.initial_max_stream_data_bidi_remote, 0xffff);
	assert_int_equal(p.initial_max_stream_data_uni, 0xffff);
	assert_int_equal(p.initial_max_streams_bidi, 16);
	assert_int_equal(p.initial_max_streams_uni, 16);
	assert_int_equal(p.max_idle_timeout_ms, 30000);
	assert_int_equal(p.initial_scid.len, 8);
	assert_memory_equal(p.initial_scid.data, quic_vectors_v1.dcid, 8);
	assert_true(quic_tparam_has(&p, QUIC_TPARAM_INITIAL_SCID));
	assert_true(quic_tparam_has(&p, QUIC_TPARAM_MAX_IDLE_TIMEOUT));
	assert_false(quic_tparam_has(&p, QUIC_TPARAM_ORIGINAL_DCID));
	assert_false(quic_tparam_has(&p, QUIC_TPARAM_MAX_ACK_DELAY));
}

static void an_empty_blob_means_the_defaults(void **state)
{
	struct quic_tparams p, d;

	quic_tparam_init(&d);
	assert_int_equal(quic_tparam_decode(NULL, 0, true, &p), 0);
	assert_true(tparam_model_equal(&p, &d));
	assert_int_equal(p.present, 0);
	assert_int_equal(p.max_udp_payload_size, 65527);
	assert_int_equal(p.ack_delay_exponent, 3);
	assert_int_equal(p.max_ack_delay_ms, 25);
	assert_int_equal(p.active_connection_id_limit, 2);
	assert_int_equal(p.max_idle_timeout_ms, 0);
	assert_int_equal(p.initial_max_data, 0);
	assert_int_equal(p.max_datagram_frame_size, 0);
}

static void defaults_are_left_out(void **state)
{
	struct quic_tparams p;
	struct quic_writer w;
	u8 buf[64];

	quic_tparam_init(&p);
	quic_wire_write_init(&w, buf, sizeof(buf));
	quic_tparam_encode(&w, &p, 0);
	assert_int_equal(w.len, 0);

	/* But an empty connection id that is marked is said. */
	quic_tparam_mark(&p, QUIC_TPARAM_INITIAL_SCID);
	quic_tparam_encode(&w, &p, 0);
	assert_int_equal(w.len, 2);
	assert_memory_equal(buf, "\x0f\x00", 2);
}

/* [9000-7.4.2#1] */
static void grease_is_ignored_by_who_reads_it(void **state)
{
	struct quic_tparams p, back;
	struct quic_writer w;
	u8 buf[64];
	u64 n;

	quic_tparam_init(&p);
	for (n = 0; n < 50; n++) {
		u64 id = 31 * (n * n * n * n + 7) + 27;

		quic_wire_write_init(&w, buf, sizeof(buf));
		quic_tparam_encode(&w, &p, id);
		assert_false(w.overflow);
		assert_true(w.len <= quic_wire_varint_len(id) + 1 + 8);
		assert_int_equal(quic_tparam_decode(buf, w.len, false, &back), 0);
		assert_true(tparam_model_equal(&p, &back));
		assert_int_equal(back.present, 0);
	}
}

static u64 random_valid(enum quic_tparam_id id)
{
	u64 v;

	do {
		v = unit_random_varint();
	} while (!quic_tparam_is_valid(id, v));
	return v;
}

static void random_cid(struct quic_cid *cid, u8 least)
{
	cid->len = least + unit_random(QUIC_CID_MAX_BYTES + 1 - least);
	unit_random_bytes(cid->data, cid->len);
}

/* Only what a server may say and a client may not. */
static void random_server_tparams(struct quic_tparams *p)
{
	if (unit_random(2)) {
		random_cid(&p->original_dcid, 0);
		quic_tparam_mark(p, QUIC_TPARAM_ORIGINAL_DCID);
	}
	if (unit_random(2)) {
		random_cid(&p->retry_scid, 0);
		quic_tparam_mark(p, QUIC_TPARAM_RETRY_SCID);
	}
	if (unit_random(2)) {
		unit_random_bytes(p->reset_token, sizeof(p->reset_token));
		quic_tparam_mark(p, QUIC_TPARAM_STATELESS_RESET_TOKEN);
	}
	if (unit_random(2)) {
		unit_random_bytes(&p->preferred, sizeof(p->preferred));
		random_cid(&p->preferred.cid, 1);
		quic_tparam_mark(p, QUIC_TPARAM_PREFERRED_ADDRESS);
	}
}

static void random_tparams(struct quic_tparams *p, bool client)
{
	unsigned int i;

	quic_tparam_init(p);
	p->max_idle_timeout_ms = random_valid(QUIC_TPARAM_MAX_IDLE_TIMEOUT);
	p->max_udp_payload_size = random_valid(QUIC_TPARAM_MAX_UDP_PAYLOAD_SIZE);
	p->initial_max_data = random_valid(QUIC_TPARAM_INITIAL_MAX_DATA);
	p->initial_max_stream_data_bidi_local = unit_random_varint();
	p->initial_max_stream_data_bidi_remote = unit_random_varint();
	p->initial_max_stream_data_uni = unit_random_varint();
	p->initial_max_streams_bidi = random_valid(QUIC_TPARAM_INITIAL_MAX_STREAMS_BIDI);
	p->initial_max_streams_uni = random_valid(QUIC_TPARAM_INITIAL_MAX_STREAMS_UNI);
	p->ack_delay_exponent = unit_random(21);
	p->max_ack_delay_ms = unit_random(1 << 14);
	if (unit_random(2))
		p->min_ack_delay_us = unit_random(p->max_ack_delay_ms * 1000 + 1);
	p->active_connection_id_limit = random_valid(QUIC_TPARAM_ACTIVE_CONNECTION_ID_LIMIT);
	p->max_datagram_frame_size = unit_random_varint();
	p->disable_active_migration = unit_random(2);
	p->grease_quic_bit = unit_random(2);
	p->disable_1rtt_encryption = unit_random(2);
	random_cid(&p->initial_scid, 1);
	quic_tparam_mark(p, QUIC_TPARAM_INITIAL_SCID);
	if (unit_random(2)) {
		p->nr_versions = 1 + unit_random(QUIC_TPARAM_VERSIONS_MAX);
		for (i = 0; i < p->nr_versions; i++)
			p->versions[i] = 1 + unit_random(U32_MAX);
		p->chosen_version = p->versions[unit_random(p->nr_versions)];
		quic_tparam_mark(p, QUIC_TPARAM_VERSION_INFORMATION);
	}
	if (!client)
		random_server_tparams(p);
}

/* Which a parameter said twice would not [9000-7.4#2]. */
static void random_parameters_survive_a_round_trip(void **state)
{
	static u8 buf[1024];
	int i;

	for (i = 0; i < 5000; i++) {
		bool client = unit_random(2);
		u64 grease = unit_random(2) ? 31 * unit_random(1ULL << 50) + 27 : 0;
		struct quic_tparams p, back;
		struct quic_writer w, size;

		random_tparams(&p, client);
		quic_wire_write_init(&w, buf, sizeof(buf));
		quic_wire_count_init(&size);
		quic_tparam_encode(&w, &p, grease);
		quic_tparam_encode(&size, &p, grease);
		assert_false(w.overflow);
		assert_int_equal(w.len, size.len);
		/* What setsockopt(TRANSPORT_PARAM_EXT) takes at most. */
		assert_true(w.len <= 512);
		assert_int_equal(quic_tparam_decode(buf, w.len, client, &back), 0);
		assert_true(tparam_model_equal(&p, &back));
	}
}

static void versions_past_what_is_kept_are_still_judged(void **state)
{
	u8 blob[2 + 4 + 4 * 17 + 4] = { 0x11, 0x40, 4 + 4 * 17 };
	struct quic_tparams p;
	struct quic_writer w;
	int i;

	quic_wire_write_init(&w, blob, sizeof(blob));
	quic_wire_put_varint(&w, QUIC_TPARAM_VERSION_INFORMATION);
	quic_wire_put_varint(&w, 4 + 4 * 17);
	quic_wire_put_u32(&w, 17);
	for (i = 1; i <= 17; i++)
		quic_wire_put_u32(&w, i);
	assert_false(w.overflow);
	/* The client's chosen version is the 17th: there, though not kept. */
	assert_int_equal(quic_tparam_decode(blob, w.len, true, &p), 0);
	assert_int_equal(p.nr_versions, QUIC_TPARAM_VERSIONS_MAX);
	assert_int_equal(p.versions[15], 16);
	blob[w.len - 1] = 0;
	assert_int_equal(quic_tparam_decode(blob, w.len, false, &p),
			 QUIC_VIOLATION_VERSION_INFO_MALFORMED);
}

static void local_values_are_checked_like_the_peers(void **state)
{
	assert_false(quic_tparam_is_valid(QUIC_TPARAM_MAX_UDP_PAYLOAD_SIZE, 1199));
	assert_true(quic_tparam_is_valid(QUIC_TPARAM_MAX_UDP_PAYLOAD_SIZE, 1200));
	assert_true(quic_tparam_is_valid(QUIC_TPARAM_ACK_DELAY_EXPONENT, 20));
	assert_false(quic_tparam_is_valid(QUIC_TPARAM_ACK_DELAY_EXPONENT, 21));
	assert_true(quic_tparam_is_valid(QUIC_TPARAM_MAX_ACK_DELAY, 16383));
	assert_false(quic_tparam_is_valid(QUIC_TPARAM_MAX_ACK_DELAY, 16384));
	assert_true(quic_tparam_is_valid(QUIC_TPARAM_ACTIVE_CONNECTION_ID_LIMIT, 2));
	assert_false(quic_tparam_is_valid(QUIC_TPARAM_ACTIVE_CONNECTION_ID_LIMIT, 1));
	assert_true(quic_tparam_is_valid(QUIC_TPARAM_INITIAL_MAX_STREAMS_UNI, 1ULL << 60));
	assert_false(quic_tparam_is_valid(QUIC_TPARAM_INITIAL_MAX_STREAMS_UNI, (1ULL << 60) + 1));
	assert_false(quic_tparam_is_valid(QUIC_TPARAM_INITIAL_MAX_DATA, QUIC_VARINT_MAX + 1));
	assert_false(quic_tparam_is_valid(QUIC_TPARAM_GREASE_QUIC_BIT, 0));
	assert_false(quic_tparam_is_valid(99, 0));
	assert_false(quic_tparam_has(&(struct quic_tparams){ .present = ~0U }, 99));
}

static void random_blobs_never_overrun(void **state)
{
	int i;

	for (i = 0; i < 40000; i++) {
		size_t len = unit_random(48);
		u8 *bytes = malloc(len ? len : 1);
		struct quic_tparams p;
		size_t k;

		unit_random_bytes(bytes, len);
		for (k = 0; k < len; k += 1 + unit_random(4))
			bytes[k] &= 0x1f;
		quic_tparam_decode(bytes, len, unit_random(2), &p);
		free(bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_are_judged_as_they_say),
		cmocka_unit_test(vectors_cut_at_every_byte_never_overrun),
		cmocka_unit_test(the_client_hello_of_the_rfc_says_this),
		cmocka_unit_test(an_empty_blob_means_the_defaults),
		cmocka_unit_test(defaults_are_left_out),
		cmocka_unit_test(grease_is_ignored_by_who_reads_it),
		cmocka_unit_test(random_parameters_survive_a_round_trip),
		cmocka_unit_test(versions_past_what_is_kept_are_still_judged),
		cmocka_unit_test(local_values_are_checked_like_the_peers),
		cmocka_unit_test(random_blobs_never_overrun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
