// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes core/header.  Byte 0 is the length of our connection ids, the rest a
 * datagram, taken apart packet by packet.  What decodes lies inside it; a
 * header built from what was decoded decodes to the same again.
 */
#include "fuzz.h"

#include "core/header.h"

static bool span_inside(const struct quic_span *s, const u8 *data, size_t len)
{
	return !s->len || (s->data >= data && s->data + s->len <= data + len);
}

static bool same_span(const struct quic_span *a, const struct quic_span *b)
{
	return a->len == b->len && (!a->len || !memcmp(a->data, b->data, a->len));
}

static bool same_header(const struct quic_header *a, const struct quic_header *b)
{
	return a->kind == b->kind && a->version == b->version &&
	       quic_cid_equal(&a->dcid, &b->dcid) && quic_cid_equal(&a->scid, &b->scid) &&
	       same_span(&a->token, &b->token);
}

/* Builds the header again, with @pn_len bytes of packet number and 20 of payload. */
static void rebuild_protected(const struct quic_header *h, size_t dcid_len)
{
	struct quic_header_build b = {
		.kind = h->kind, .version = h->version, .dcid = &h->dcid, .scid = &h->scid,
		.token = h->token, .pn = 0x12345678, .pn_len = (h->first & QUIC_HEADER_PN_MASK) + 1,
		.key_phase = h->first & QUIC_HEADER_KEY_PHASE, .spin = h->first & QUIC_HEADER_SPIN,
		.grease = !(h->first & QUIC_HEADER_FIXED),
	};
	size_t cap = QUIC_HEADER_MAX_BYTES + h->token.len + 20;
	u8 *buf = calloc(1, cap);
	struct quic_header again;
	struct quic_writer w;
	u8 ignored;

	quic_wire_write_init(&w, buf, cap);
	quic_header_encode(&w, &b);
	FUZZ_CHECK(!w.overflow && w.len + 20 <= cap);
	if (h->kind != QUIC_PACKET_SHORT)
		quic_header_set_length(buf, w.len, b.pn_len, 20);
	FUZZ_CHECK(quic_header_decode(buf, w.len + 20, dcid_len, &again));
	FUZZ_CHECK(same_header(h, &again));
	FUZZ_CHECK(again.packet_len == w.len + 20 && again.pn_offset + b.pn_len == w.len);
	/* The bits that are reserved are sent as 0, the others as they came. */
	ignored = h->kind == QUIC_PACKET_SHORT ? QUIC_HEADER_SHORT_RESERVED :
						 QUIC_HEADER_LONG_RESERVED;
	FUZZ_CHECK(again.first == (h->first & ~ignored));
	free(buf);
}

static void rebuild_retry(const struct quic_header *h, size_t len)
{
	u8 *buf = calloc(1, len);
	struct quic_header again;
	struct quic_writer w;

	quic_wire_write_init(&w, buf, len);
	quic_header_encode_retry(&w, h->version, &h->dcid, &h->scid, h->token);
	quic_wire_put_bytes(&w, h->retry_tag.data, h->retry_tag.len);
	FUZZ_CHECK(!w.overflow && w.len == len);
	FUZZ_CHECK(quic_header_decode(buf, len, 0, &again));
	FUZZ_CHECK(same_header(h, &again) && same_span(&h->retry_tag, &again.retry_tag));
	free(buf);
}

static void check_header(const struct quic_header *h, const u8 *data, size_t len, size_t dcid_len)
{
	FUZZ_CHECK(h->packet_len && h->packet_len <= len);
	FUZZ_CHECK(span_inside(&h->token, data, h->packet_len));
	FUZZ_CHECK(span_inside(&h->retry_tag, data, h->packet_len));
	FUZZ_CHECK(h->dcid.len <= QUIC_CID_MAX_BYTES && h->scid.len <= QUIC_CID_MAX_BYTES);
	FUZZ_CHECK(h->first == data[0]);
	switch (h->kind) {
	case QUIC_PACKET_INITIAL:
	case QUIC_PACKET_0RTT:
	case QUIC_PACKET_HANDSHAKE:
	case QUIC_PACKET_SHORT:
		FUZZ_CHECK(h->pn_offset && h->pn_offset + 20 <= h->packet_len);
		rebuild_protected(h, dcid_len);
		break;
	case QUIC_PACKET_RETRY:
		FUZZ_CHECK(h->token.len && h->retry_tag.len == QUIC_TAG_BYTES);
		rebuild_retry(h, h->packet_len);
		break;
	case QUIC_PACKET_VERSION_NEGOTIATION:
		FUZZ_CHECK(h->token.len && h->token.len % 4 == 0 && !h->version_number);
		break;
	default:
		FUZZ_CHECK(h->kind == QUIC_PACKET_UNKNOWN_VERSION && !h->version);
		break;
	}
}

/* Packet numbers: the candidate nearest to the expected, RFC 9000 A.3. */
static void check_pn(const u8 *data, size_t size)
{
	u64 expected, truncated;
	struct quic_reader r;
	quic_pn pn;
	u8 bytes;

	quic_wire_read_init(&r, data, size);
	if (!quic_wire_get_varint(&r, &expected) || !quic_wire_get_u8(&r, &bytes) ||
	    !quic_wire_get_uint(&r, 1 + bytes % 4, &truncated))
		return;
	bytes = 1 + bytes % 4;
	pn = quic_header_pn_decode(expected, truncated, bytes);
	FUZZ_CHECK(pn <= QUIC_PN_MAX && (pn & ((1ULL << 8 * bytes) - 1)) == truncated);
	if (pn > expected && pn - expected < 1ULL << 30) {
		bytes = quic_header_pn_len(pn, expected);
		FUZZ_CHECK(quic_header_pn_decode(expected + 1, pn, bytes) == pn);
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	size_t dcid_len = fuzz_byte(&data, &size) % (QUIC_CID_MAX_BYTES + 2);
	struct quic_header h;

	check_pn(data, size);
	while (size && quic_header_decode(data, size, dcid_len, &h)) {
		check_header(&h, data, size, dcid_len);
		data += h.packet_len;
		size -= h.packet_len;
	}
	return 0;
}
