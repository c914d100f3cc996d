// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/header: the packets of RFC 9001 A and RFC 9369 A, packet numbers of
 * RFC 9000 A.2 and A.3, every form at every truncation, random round trips.
 */
#include "unit.h"

#include "core/header.h"
#include "rfc9000.h"
#include "rfc9001.h"
#include "rfc9369.h"

static const struct quic_vectors *const both[] = { &quic_vectors_v1, &quic_vectors_v2 };

static const struct quic_cid no_cid = { 0 };

static struct quic_cid make_cid(const void *data, u8 len)
{
	struct quic_cid cid = { .len = len };

	memcpy(cid.data, data, len);
	return cid;
}

static void client_initial_of_the_rfcs_decodes(void **state)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(both); i++) {
		const struct quic_vectors *v = both[i];
		struct quic_header h;

		assert_true(quic_header_decode(v->client_packet, sizeof(v->client_packet), 8, &h));
		assert_int_equal(h.kind, QUIC_PACKET_INITIAL);
		assert_int_equal(h.first, v->client_packet[0]);
		assert_int_equal(h.version_number, v->version);
		assert_int_equal(h.version->number, v->version);
		assert_int_equal(h.dcid.len, 8);
		assert_memory_equal(h.dcid.data, v->dcid, 8);
		assert_int_equal(h.scid.len, 0);
		assert_int_equal(h.token.len, 0);
		assert_int_equal(h.pn_offset, 18);
		assert_int_equal(h.packet_len, 1200);
	}
}

static void server_initial_of_the_rfcs_decodes(void **state)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(both); i++) {
		const struct quic_vectors *v = both[i];
		struct quic_header h;

		assert_true(quic_header_decode(v->server_packet, sizeof(v->server_packet), 8, &h));
		assert_int_equal(h.kind, QUIC_PACKET_INITIAL);
		assert_int_equal(h.dcid.len, 0);
		assert_int_equal(h.scid.len, 8);
		assert_memory_equal(h.scid.data, v->server_packet + 7, 8);
		assert_int_equal(h.pn_offset, 18);
		assert_int_equal(h.packet_len, 135);
	}
}

/* [9000-17.2.5.2]: without a token it is none, see the truncations below. */
static void retry_of_the_rfcs_decodes_and_encodes(void **state)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(both); i++) {
		const struct quic_vectors *v = both[i];
		struct quic_header h;
		struct quic_writer w;
		u8 buf[64];

		assert_true(quic_header_decode(v->retry_packet, sizeof(v->retry_packet), 8, &h));
		assert_int_equal(h.kind, QUIC_PACKET_RETRY);
		assert_int_equal(h.token.len, strlen(QUIC_VECTORS_RETRY_TOKEN));
		assert_memory_equal(h.token.data, QUIC_VECTORS_RETRY_TOKEN, h.token.len);
		assert_int_equal(h.retry_tag.len, 16);
		assert_ptr_equal(h.retry_tag.data, v->retry_packet + 20);
		assert_int_equal(h.pn_offset, 0);
		assert_int_equal(h.packet_len, sizeof(v->retry_packet));

		quic_wire_write_init(&w, buf, sizeof(buf));
		quic_header_encode_retry(&w, h.version, &h.dcid, &h.scid, h.token);
		assert_false(w.overflow);
		assert_int_equal(w.len, sizeof(v->retry_packet) - 16);
		assert_memory_equal(buf, v->retry_packet, w.len);
	}
}

static void headers_of_the_rfcs_encode(void **state)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(both); i++) {
		const struct quic_vectors *v = both[i];
		struct quic_cid dcid = make_cid(v->dcid, 8);
		struct quic_cid scid = make_cid(v->server_packet + 7, 8);
		struct quic_header_build client = {
			.kind = QUIC_PACKET_INITIAL, .version = quic_version_find(v->version),
			.dcid = &dcid, .scid = &no_cid, .pn = QUIC_VECTORS_CLIENT_PN, .pn_len = 4,
		};
		struct quic_header_build server = {
			.kind = QUIC_PACKET_INITIAL, .version = quic_version_find(v->version),
			.dcid = &no_cid, .scid = &scid, .pn = QUIC_VECTORS_SERVER_PN, .pn_len = 2,
		};
		struct quic_header_build chacha = {
			.kind = QUIC_PACKET_SHORT, .dcid = &no_cid,
			.pn = QUIC_VECTORS_CHACHA_PN, .pn_len = 3,
		};
		struct quic_writer w;
		u8 buf[64];

		quic_wire_write_init(&w, buf, sizeof(buf));
		quic_header_encode(&w, &client);
		quic_header_set_length(buf, w.len, 4, QUIC_VECTORS_CLIENT_PAYLOAD + 16);
		assert_int_equal(w.len, sizeof(v->client_header));
		assert_memory_equal(buf, v->client_header, w.len);

		quic_wire_write_init(&w, buf, sizeof(buf));
		quic_header_encode(&w, &server);
		quic_header_set_length(buf, w.len, 2, sizeof(v->server_frames) + 16);
		assert_int_equal(w.len, sizeof(v->server_header));
		assert_memory_equal(buf, v->server_header, w.len);

		quic_wire_write_init(&w, buf, sizeof(buf));
		quic_header_encode(&w, &chacha);
		assert_int_equal(w.len, sizeof(v->chacha_header));
		assert_memory_equal(buf, v->chacha_header, w.len);
	}
}

/* The mask of the RFCs on our bits gives the RFCs' protected header. */
static void masks_cover_the_bits_we_say(void **state)
{
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(both); i++) {
		const struct quic_vectors *v = both[i];
		u8 hdr[22];

		memcpy(hdr, v->client_header, sizeof(hdr));
		hdr[0] ^= v->client_mask[0] & QUIC_HEADER_LONG_MASK;
		for (k = 0; k < 4; k++)
			hdr[18 + k] ^= v->client_mask[1 + k];
		assert_memory_equal(hdr, v->client_masked_header, sizeof(hdr));
		assert_memory_equal(hdr, v->client_packet, sizeof(hdr));
		assert_memory_equal(v->client_sample, v->client_packet + 22, 16);

		memcpy(hdr, v->chacha_header, 4);
		hdr[0] ^= v->chacha_mask[0] & QUIC_HEADER_SHORT_MASK;
		for (k = 0; k < 3; k++)
			hdr[1 + k] ^= v->chacha_mask[1 + k];
		assert_memory_equal(hdr, v->chacha_masked_header, 4);
		assert_memory_equal(hdr, v->chacha_packet, 4);
	}
}

static void the_smallest_short_packet_of_the_rfc_is_long_enough(void **state)
{
	const struct quic_vectors *v = &quic_vectors_v1;
	struct quic_header h;

	assert_true(quic_header_decode(v->chacha_packet, sizeof(v->chacha_packet), 0, &h));
	assert_int_equal(h.kind, QUIC_PACKET_SHORT);
	assert_int_equal(h.pn_offset, 1);
	assert_int_equal(h.packet_len, 21);
	assert_null(h.version);
	assert_false(quic_header_decode(v->chacha_packet, sizeof(v->chacha_packet) - 1, 0, &h));
	assert_false(quic_header_decode(v->chacha_packet, sizeof(v->chacha_packet), 1, &h));
}

static void a_short_header_takes_the_id_length_we_issue(void **state)
{
	u8 pkt[1 + 20 + 4 + 16] = { 0x40, 1, 2, 3, 4, 5, 6, 7, 8 };
	struct quic_header h;

	assert_true(quic_header_decode(pkt, sizeof(pkt), 8, &h));
	assert_int_equal(h.dcid.len, 8);
	assert_memory_equal(h.dcid.data, pkt + 1, 8);
	assert_true(quic_header_decode(pkt, sizeof(pkt), 20, &h));
	assert_false(quic_header_decode(pkt, sizeof(pkt), 21, &h));
}

/* [9001-5.4.2]: 4 bytes after the start of the packet number, then 16. [9000-10.3#3] */
static void packets_without_room_for_a_sample_are_dropped(void **state)
{
	u8 pkt[64] = { 0xc0, 0, 0, 0, 1, 0, 0, 0, 0x40, 20 };
	struct quic_header h;

	assert_true(quic_header_decode(pkt, sizeof(pkt), 8, &h));
	assert_int_equal(h.packet_len, 10 + 20);
	pkt[9] = 19;
	assert_false(quic_header_decode(pkt, sizeof(pkt), 8, &h));
	pkt[9] = 54;
	assert_true(quic_header_decode(pkt, sizeof(pkt), 8, &h));
	assert_int_equal(h.packet_len, sizeof(pkt));
	pkt[9] = 55;	/* beyond the datagram */
	assert_false(quic_header_decode(pkt, sizeof(pkt), 8, &h));
}

static void truncated_long_headers_are_dropped(void **state)
{
	size_t i, len;

	for (i = 0; i < ARRAY_SIZE(both); i++) {
		for (len = 0; len < 135; len++) {
			u8 *copy = malloc(len ? len : 1);
			struct quic_header h;

			memcpy(copy, both[i]->server_packet, len);
			assert_false(quic_header_decode(copy, len, 8, &h));
			free(copy);
		}
		/* A Retry's end is where the datagram ends: less is less token. */
		for (len = 0; len <= 15 + 16; len++) {
			u8 *copy = malloc(len ? len : 1);
			struct quic_header h;

			memcpy(copy, both[i]->retry_packet, len);
			assert_false(quic_header_decode(copy, len, 8, &h));
			free(copy);
		}
	}
}

static void a_clear_fixed_bit_is_left_to_the_caller(void **state)
{
	u8 pkt[1200];
	struct quic_header h;

	memcpy(pkt, quic_vectors_v1.client_packet, sizeof(pkt));
	pkt[0] &= ~QUIC_HEADER_FIXED;
	assert_true(quic_header_decode(pkt, sizeof(pkt), 8, &h));
	assert_int_equal(h.kind, QUIC_PACKET_INITIAL);
	assert_int_equal(h.first & QUIC_HEADER_FIXED, 0);
}

/* [9000-17.2#3] [9000-17.2#5] */
static void ids_above_20_bytes_are_refused_in_any_version(void **state)
{
	u8 pkt[400] = { 0xc0, 0, 0, 0, 1, 21 };
	struct quic_header h;

	assert_false(quic_header_decode(pkt, sizeof(pkt), 8, &h));
	pkt[4] = 99;
	assert_false(quic_header_decode(pkt, sizeof(pkt), 8, &h));
	pkt[5] = 20;
	assert_true(quic_header_decode(pkt, sizeof(pkt), 8, &h));
	assert_int_equal(h.kind, QUIC_PACKET_UNKNOWN_VERSION);
	assert_int_equal(h.version_number, 99);
	assert_int_equal(h.packet_len, sizeof(pkt));
	pkt[26] = 21;
	assert_false(quic_header_decode(pkt, sizeof(pkt), 8, &h));
}

/* [9000-12.2#1] */
static void coalesced_packets_end_where_their_length_says(void **state)
{
	u8 dgram[135 * 2 + 30];
	struct quic_header h;

	memcpy(dgram, quic_vectors_v1.server_packet, 135);
	memcpy(dgram + 135, quic_vectors_v2.server_packet, 135);
	memset(dgram + 270, 0x40, 30);
	assert_true(quic_header_decode(dgram, 300, 0, &h));
	assert_int_equal(h.packet_len, 135);
	assert_true(quic_header_decode(dgram + 135, 165, 0, &h));
	assert_int_equal(h.version->number, QUIC_V2);
	assert_int_equal(h.packet_len, 135);
	assert_true(quic_header_decode(dgram + 270, 30, 0, &h));
	assert_int_equal(h.kind, QUIC_PACKET_SHORT);
	assert_int_equal(h.packet_len, 30);
}

/* [8999-6#1,2] [9000-17.2.1#1,2] */
static void version_negotiation_makes_a_round_trip(void **state)
{
	struct quic_cid a = make_cid("abcd", 4), b = make_cid("01234567890123456789", 20);
	struct quic_writer w;
	struct quic_header h;
	struct quic_reader r;
	u8 buf[64];
	u32 v[3];

	quic_wire_write_init(&w, buf, sizeof(buf));
	quic_header_encode_vn(&w, &a, &b, 0x15, 0x1a2a3a4a);
	assert_false(w.overflow);
	assert_true(quic_header_decode(buf, w.len, 8, &h));
	assert_int_equal(h.kind, QUIC_PACKET_VERSION_NEGOTIATION);
	assert_int_equal(h.first, 0xc0 | 0x15);
	assert_true(quic_cid_equal(&h.dcid, &a) && quic_cid_equal(&h.scid, &b));
	assert_null(h.version);
	quic_wire_read_init(&r, h.token.data, h.token.len);
	assert_true(quic_wire_get_u32(&r, &v[0]) && quic_wire_get_u32(&r, &v[1]) &&
		    quic_wire_get_u32(&r, &v[2]));
	assert_int_equal(quic_wire_left(&r), 0);
	assert_true(v[0] == QUIC_V1 && v[1] == QUIC_V2 && v[2] == 0x1a2a3a4a);
	/* Part of a version, or none, is no list. */
	assert_false(quic_header_decode(buf, w.len - 1, 8, &h));
	assert_true(quic_header_decode(buf, w.len - 8, 8, &h));
	assert_false(quic_header_decode(buf, w.len - 12, 8, &h));
}

/* [9000-17.2.1#3,4,5] [8999-6#3,4] */
static void ids_of_any_length_are_echoed(void **state)
{
	unsigned int lens[] = { 0, 1, 8, 20, 21, 254, 255 }, d, s, cut;
	u8 pkt[7 + 2 * 255], vn[7 + 2 * 255 + 16];
	struct quic_invariant inv, back;
	struct quic_writer w;
	size_t len;

	for (d = 0; d < ARRAY_SIZE(lens); d++) {
		for (s = 0; s < ARRAY_SIZE(lens); s++) {
			unit_random_bytes(pkt, sizeof(pkt));
			pkt[0] |= QUIC_HEADER_LONG;
			pkt[5] = lens[d];
			pkt[6 + lens[d]] = lens[s];
			len = 7 + lens[d] + lens[s];
			assert_true(quic_header_decode_invariant(pkt, len, &inv));
			for (cut = 0; cut < len; cut++) {
				u8 *copy = malloc(cut ? cut : 1);

				memcpy(copy, pkt, cut);
				assert_false(quic_header_decode_invariant(copy, cut, &back));
				free(copy);
			}
			quic_wire_write_init(&w, vn, sizeof(vn));
			quic_header_answer_vn(&w, &inv, 0x3f, 0x1a2a3a4a);
			assert_false(w.overflow);
			assert_int_equal(w.len, len + 12);
			assert_true(quic_header_decode_invariant(vn, w.len, &back));
			assert_int_equal(back.version, 0);
			assert_int_equal(back.dcid.len, lens[s]);
			assert_int_equal(back.scid.len, lens[d]);
			assert_memory_equal(back.dcid.data, pkt + 7 + lens[d], lens[s]);
			assert_memory_equal(back.scid.data, pkt + 6, lens[d]);
		}
	}
	pkt[0] &= ~QUIC_HEADER_LONG;
	assert_false(quic_header_decode_invariant(pkt, sizeof(pkt), &inv));
}

static void check_built(const struct quic_header_build *b, const u8 *buf, size_t hdr_len,
			size_t total)
{
	struct quic_header h;
	struct quic_reader r;
	u64 pn;

	assert_true(quic_header_decode(buf, total, b->dcid->len, &h));
	assert_int_equal(h.kind, b->kind);
	assert_int_equal(h.packet_len, total);
	assert_int_equal(h.pn_offset + b->pn_len, hdr_len);
	assert_true(quic_cid_equal(&h.dcid, b->dcid));
	assert_int_equal((h.first & QUIC_HEADER_PN_MASK) + 1, b->pn_len);
	assert_int_equal(!(h.first & QUIC_HEADER_FIXED), b->grease);
	if (b->kind == QUIC_PACKET_SHORT) {
		assert_int_equal(!!(h.first & QUIC_HEADER_KEY_PHASE), b->key_phase);
		assert_int_equal(!!(h.first & QUIC_HEADER_SPIN), b->spin);
		assert_int_equal(h.first & QUIC_HEADER_SHORT_RESERVED, 0);
	} else {
		assert_ptr_equal(h.version, b->version);
		assert_true(quic_cid_equal(&h.scid, b->scid));
		assert_int_equal(h.first & QUIC_HEADER_LONG_RESERVED, 0);
	}
	assert_int_equal(h.token.len, b->kind == QUIC_PACKET_INITIAL ? b->token.len : 0);
	if (h.token.len)
		assert_memory_equal(h.token.data, b->token.data, h.token.len);
	quic_wire_read_init(&r, buf + h.pn_offset, b->pn_len);
	assert_true(quic_wire_get_uint(&r, b->pn_len, &pn));
	assert_int_equal(quic_header_pn_decode(b->pn, pn, b->pn_len), b->pn);
}

/* [9000-17.2#6] [9000-17.3.1#2] [9000-17.2#2] [9000-17.2#4] */
static void random_headers_survive_a_round_trip(void **state)
{
	static const u8 kinds[] = {
		QUIC_PACKET_INITIAL, QUIC_PACKET_0RTT, QUIC_PACKET_HANDSHAKE, QUIC_PACKET_SHORT,
	};
	static u8 buf[2048], token[300];
	int i;

	unit_random_bytes(token, sizeof(token));
	for (i = 0; i < 5000; i++) {
		struct quic_cid dcid = make_cid(token, unit_random(21));
		struct quic_cid scid = make_cid(token + 20, unit_random(21));
		struct quic_header_build b = {
			.kind = kinds[unit_random(4)],
			.version = quic_version_at(unit_random(2)),
			.dcid = &dcid, .scid = &scid,
			.token = { token, unit_random(sizeof(token)) },
			.pn = unit_random_varint(), .pn_len = 1 + unit_random(4),
			.key_phase = unit_random(2), .spin = unit_random(2),
			.grease = unit_random(2),
		};
		size_t payload = 20 + unit_random(1000);
		struct quic_writer w, size;

		quic_wire_write_init(&w, buf, sizeof(buf));
		quic_wire_count_init(&size);
		quic_header_encode(&w, &b);
		quic_header_encode(&size, &b);
		assert_false(w.overflow);
		assert_int_equal(w.len, size.len);
		assert_true(w.len <= QUIC_HEADER_MAX_BYTES + 2 + b.token.len);
		if (b.kind != QUIC_PACKET_SHORT)
			quic_header_set_length(buf, w.len, b.pn_len, payload);
		check_built(&b, buf, w.len, w.len + payload);
	}
}

/* [9000-17.1#1,2] */
static void packet_numbers_of_the_rfc(void **state)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(quic_vectors_pn_len); i++) {
		const struct quic_vector_pn_len *v = &quic_vectors_pn_len[i];

		assert_int_equal(quic_header_pn_len(v->pn, v->largest_acked), v->bytes);
	}
	for (i = 0; i < ARRAY_SIZE(quic_vectors_pn); i++) {
		const struct quic_vector_pn *v = &quic_vectors_pn[i];

		assert_int_equal(quic_header_pn_decode(v->expected, v->truncated, v->bytes), v->pn);
	}
}

/*
 * Whatever a receiver has got between the largest acknowledged number and the
 * one before this, the length we choose lets it restore the number. [9000-17.1#1,2]
 */
static void chosen_lengths_decode_at_every_receiver_state(void **state)
{
	int i;

	for (i = 0; i < 20000; i++) {
		quic_pn acked = unit_random_varint();
		u64 ahead = 1 + (unit_random64() >> (33 + unit_random(31)));
		quic_pn pn = min(acked + ahead, QUIC_PN_MAX);
		u8 bytes;

		if (pn == acked)
			continue;
		bytes = quic_header_pn_len(pn, acked);
		/* It has @acked at least, or has got everything but this one. */
		assert_int_equal(quic_header_pn_decode(acked + 1, pn, bytes), pn);
		assert_int_equal(quic_header_pn_decode(pn, pn, bytes), pn);
		assert_int_equal(quic_header_pn_decode(acked + 1 + unit_random(pn - acked), pn,
						       bytes), pn);
	}
}

static void restored_numbers_are_nearest_to_the_expected(void **state)
{
	int i;

	for (i = 0; i < 20000; i++) {
		u8 bytes = 1 + unit_random(4);
		u64 win = 1ULL << (8 * bytes);
		quic_pn expected = unit_random_varint();
		u64 truncated = unit_random64() & (win - 1);
		quic_pn pn = quic_header_pn_decode(expected, truncated, bytes);

		assert_int_equal(pn & (win - 1), truncated);
		assert_true(pn <= QUIC_PN_MAX);
		if (expected > win && expected < QUIC_PN_MAX - win) {
			assert_true(pn + win / 2 > expected);
			assert_true(pn <= expected + win / 2);
		}
	}
}

static void arbitrary_bytes_never_overrun(void **state)
{
	int i;

	for (i = 0; i < 20000; i++) {
		size_t len = unit_random(80);
		u8 *bytes = malloc(len ? len : 1);
		struct quic_header h;

		unit_random_bytes(bytes, len);
		if (len > 6 && unit_random(2)) {
			/* Likely enough to be long, of our version, with short ids. */
			memcpy(bytes, "\xc0\0\0\0\1", 5);
			bytes[0] |= unit_random(64);
			bytes[5] &= 7;
		}
		if (quic_header_decode(bytes, len, unit_random(22), &h)) {
			assert_true(h.packet_len <= len);
			assert_true(!h.pn_offset || h.pn_offset + 20 <= h.packet_len);
		}
		free(bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(client_initial_of_the_rfcs_decodes),
		cmocka_unit_test(server_initial_of_the_rfcs_decodes),
		cmocka_unit_test(retry_of_the_rfcs_decodes_and_encodes),
		cmocka_unit_test(headers_of_the_rfcs_encode),
		cmocka_unit_test(masks_cover_the_bits_we_say),
		cmocka_unit_test(the_smallest_short_packet_of_the_rfc_is_long_enough),
		cmocka_unit_test(a_short_header_takes_the_id_length_we_issue),
		cmocka_unit_test(packets_without_room_for_a_sample_are_dropped),
		cmocka_unit_test(truncated_long_headers_are_dropped),
		cmocka_unit_test(a_clear_fixed_bit_is_left_to_the_caller),
		cmocka_unit_test(ids_above_20_bytes_are_refused_in_any_version),
		cmocka_unit_test(coalesced_packets_end_where_their_length_says),
		cmocka_unit_test(version_negotiation_makes_a_round_trip),
		cmocka_unit_test(ids_of_any_length_are_echoed),
		cmocka_unit_test(random_headers_survive_a_round_trip),
		cmocka_unit_test(packet_numbers_of_the_rfc),
		cmocka_unit_test(chosen_lengths_decode_at_every_receiver_state),
		cmocka_unit_test(restored_numbers_are_nearest_to_the_expected),
		cmocka_unit_test(arbitrary_bytes_never_overrun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
