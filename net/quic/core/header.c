// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/header.c - packet headers to and from bytes
 *
 * Decoding follows the invariants of RFC 8999 first: form bit, version, the
 * two connection ids.  The version then picks one of four endings: a list of
 * versions, an unknown rest, a Retry token with its tag, or a Length and a
 * protected packet number.  What is refused here is dropped without a word,
 * since nothing of it is authenticated.
 *
 * Packet numbers are truncated to the fewest bytes that stay unambiguous for a
 * receiver that knows everything up to the largest acknowledged one, and
 * restored to the candidate nearest to the next expected one.
 */
#include "header.h"

static const u8 quic_header_kinds[] = {
	[QUIC_LONG_INITIAL] = QUIC_PACKET_INITIAL,
	[QUIC_LONG_0RTT] = QUIC_PACKET_0RTT,
	[QUIC_LONG_HANDSHAKE] = QUIC_PACKET_HANDSHAKE,
	[QUIC_LONG_RETRY] = QUIC_PACKET_RETRY,
};

/* A length byte and a connection id, RFC 8999 5.1. */
static bool quic_header_get_cid(struct quic_reader *r, struct quic_cid *cid)
{
	u8 len;

	return quic_wire_get_u8(r, &len) && quic_wire_get_cid(r, len, cid);
}

static void quic_header_put_cid(struct quic_writer *w, const struct quic_cid *cid)
{
	quic_wire_put_u8(w, cid->len);
	quic_wire_put_bytes(w, cid->data, cid->len);
}

/* Is there a sample for header protection behind the packet number? */
static bool quic_header_has_sample(const struct quic_header *h)
{
	/* [9001-5.4.2] [9000-10.3#3] */
	return h->packet_len >= h->pn_offset + 4 + QUIC_HP_SAMPLE_BYTES;
}

/* The rest of a Version Negotiation packet: one version or more, RFC 9000 17.2.1. */
static bool quic_header_decode_vn(struct quic_reader *r, struct quic_header *h)
{
	size_t left = quic_wire_left(r);

	h->kind = QUIC_PACKET_VERSION_NEGOTIATION;
	/* [8999-6#2] */
	return left && left % sizeof(u32) == 0 && quic_wire_get_span(r, left, &h->token);
}

/* The rest of a Retry packet: a token, not empty, and its tag. */
static bool quic_header_decode_retry(struct quic_reader *r, struct quic_header *h)
{
	size_t left = quic_wire_left(r);

	/* [9000-17.2.5.2#4] */
	return left > QUIC_TAG_BYTES &&
	       quic_wire_get_span(r, left - QUIC_TAG_BYTES, &h->token) &&
	       quic_wire_get_span(r, QUIC_TAG_BYTES, &h->retry_tag);
}

/* The rest of Initial, 0-RTT and Handshake: [token] Length, packet number. */
static bool quic_header_decode_protected(struct quic_reader *r, size_t len,
					 struct quic_header *h)
{
	u64 length;

	if (h->kind == QUIC_PACKET_INITIAL && !quic_wire_get_vspan(r, &h->token))
		return false;
	/* [9000-17.2]: what is longer than its datagram is no packet. */
	if (!quic_wire_get_varint(r, &length) || length > quic_wire_left(r))
		return false;
	h->pn_offset = len - quic_wire_left(r);
	h->packet_len = h->pn_offset + length;
	return quic_header_has_sample(h);
}

static bool quic_header_decode_long(struct quic_reader *r, size_t len, struct quic_header *h)
{
	if (!quic_wire_get_u32(r, &h->version_number) ||
	    !quic_header_get_cid(r, &h->dcid) || !quic_header_get_cid(r, &h->scid))
		return false;
	h->packet_len = len;
	if (h->version_number == QUIC_VERSION_NEGOTIATION)
		return quic_header_decode_vn(r, h);
	h->version = quic_version_find(h->version_number);
	if (!h->version) {
		h->kind = QUIC_PACKET_UNKNOWN_VERSION;
		return true;
	}
	h->kind = quic_header_kinds[quic_version_long_type(h->version, h->first >> 4)];
	if (h->kind == QUIC_PACKET_RETRY)
		return quic_header_decode_retry(r, h);
	return quic_header_decode_protected(r, len, h);
}

bool quic_header_decode(const u8 *data, size_t len, size_t short_dcid_len, struct quic_header *h)
{
	struct quic_reader r;

	memset(h, 0, sizeof(*h));
	quic_wire_read_init(&r, data, len);
	if (!quic_wire_get_u8(&r, &h->first))
		return false;
	if (h->first & QUIC_HEADER_LONG)
		return quic_header_decode_long(&r, len, h);

	if (!quic_wire_get_cid(&r, short_dcid_len, &h->dcid))
		return false;
	h->kind = QUIC_PACKET_SHORT;
	h->pn_offset = 1 + short_dcid_len;
	h->packet_len = len;
	return quic_header_has_sample(h);
}

static enum quic_long_type quic_header_long_type(enum quic_packet_kind kind)
{
	switch (kind) {
	case QUIC_PACKET_0RTT:
		return QUIC_LONG_0RTT;
	case QUIC_PACKET_HANDSHAKE:
		return QUIC_LONG_HANDSHAKE;
	case QUIC_PACKET_RETRY:
		return QUIC_LONG_RETRY;
	default:
		return QUIC_LONG_INITIAL;
	}
}

/* Byte 0 of a long header, its four low bits clear, the reserved ones among them. */
static u8 quic_header_long_first(const struct quic_version *v, enum quic_packet_kind kind)
{
	/* [9000-17.2#6] */
	return QUIC_HEADER_LONG | QUIC_HEADER_FIXED |
	       v->type_bits[quic_header_long_type(kind)] << 4;
}

static void quic_header_encode_short(struct quic_writer *w, const struct quic_header_build *b,
				     u8 clear)
{
	u8 first = QUIC_HEADER_FIXED | (b->pn_len - 1);		/* [9000-17.3.1#2] */

	if (b->spin)
		first |= QUIC_HEADER_SPIN;
	if (b->key_phase)
		first |= QUIC_HEADER_KEY_PHASE;
	quic_wire_put_u8(w, first & ~clear);
	quic_wire_put_bytes(w, b->dcid->data, b->dcid->len);
}

void quic_header_encode(struct quic_writer *w, const struct quic_header_build *b)
{
	u8 clear = b->grease ? QUIC_HEADER_FIXED : 0;

	if (b->kind == QUIC_PACKET_SHORT) {
		quic_header_encode_short(w, b, clear);
	} else {
		quic_wire_put_u8(w, (quic_header_long_first(b->version, b->kind) |
				     (b->pn_len - 1)) & ~clear);
		quic_wire_put_u32(w, b->probe_version ?: b->version->number);
		quic_header_put_cid(w, b->dcid);
		quic_header_put_cid(w, b->scid);
		if (b->kind == QUIC_PACKET_INITIAL) {
			quic_wire_put_varint(w, b->token.len);
			quic_wire_put_bytes(w, b->token.data, b->token.len);
		}
		quic_wire_put_varint_fixed(w, 2, 0);
	}
	quic_wire_put_uint(w, b->pn_len, b->pn);
}

void quic_header_set_length(u8 *hdr, size_t hdr_len, u8 pn_len, size_t payload)
{
	struct quic_writer w;

	quic_wire_write_init(&w, hdr, hdr_len);
	w.len = hdr_len - pn_len - 2;
	quic_wire_put_varint_fixed(&w, 2, pn_len + payload);
	WARN_ON_ONCE(w.overflow);
}

u8 quic_header_pn_len(quic_pn pn, quic_pn largest_acked)
{
	u64 unacked = largest_acked == QUIC_PN_NONE ? pn + 1 : pn - largest_acked;
	u8 bytes = 1;

	/* All of it, or a range more than twice as large [9000-17.1#1] [9000-17.1#2]. */
	while (bytes < 4 && unacked >> (8 * bytes - 1))
		bytes++;
	return bytes;
}

quic_pn quic_header_pn_decode(quic_pn expected, u64 truncated, u8 bytes)
{
	u64 win = 1ULL << (8 * bytes);
	u64 half = win / 2;
	quic_pn candidate = (expected & ~(win - 1)) | (truncated & (win - 1));

	if (candidate + half <= expected && candidate < (1ULL << 62) - win)
		return candidate + win;
	if (candidate > expected + half && candidate >= win)
		return candidate - win;
	return candidate;
}

bool quic_header_decode_invariant(const u8 *data, size_t len, struct quic_invariant *inv)
{
	struct quic_reader r;
	u8 first, cid_len;

	quic_wire_read_init(&r, data, len);
	return quic_wire_get_u8(&r, &first) && first & QUIC_HEADER_LONG &&
	       quic_wire_get_u32(&r, &inv->version) &&
	       quic_wire_get_u8(&r, &cid_len) && quic_wire_get_span(&r, cid_len, &inv->dcid) &&
	       quic_wire_get_u8(&r, &cid_len) && quic_wire_get_span(&r, cid_len, &inv->scid);
}

void quic_header_encode_vn(struct quic_writer *w, const struct quic_cid *dcid,
			   const struct quic_cid *scid, u8 first_random, u32 grease)
{
	struct quic_invariant inv = {
		.dcid = { scid->data, scid->len }, .scid = { dcid->data, dcid->len },
	};

	quic_header_answer_vn(w, &inv, first_random, grease);
}

void quic_header_answer_vn(struct quic_writer *w, const struct quic_invariant *inv,
			   u8 first_random, u32 grease)
{
	const struct quic_version *v;
	unsigned int i;

	/* The fixed bit is set so that multiplexing by it works [9000-17.2.1]. */
	quic_wire_put_u8(w, first_random | QUIC_HEADER_LONG | QUIC_HEADER_FIXED);
	quic_wire_put_u32(w, QUIC_VERSION_NEGOTIATION);		/* [9000-17.2.1#2] */
	/* Both ids go back, whatever their length [9000-17.2.1#3,4] [8999-6#3,4]. */
	quic_wire_put_u8(w, inv->scid.len);
	quic_wire_put_bytes(w, inv->scid.data, inv->scid.len);
	quic_wire_put_u8(w, inv->dcid.len);
	quic_wire_put_bytes(w, inv->dcid.data, inv->dcid.len);
	for (i = 0; (v = quic_version_at(i)); i++)		/* [9368-2.1#1] */
		quic_wire_put_u32(w, v->number);
	if (grease)
		quic_wire_put_u32(w, grease);
}

void quic_header_encode_retry(struct quic_writer *w, const struct quic_version *v,
			      const struct quic_cid *dcid, const struct quic_cid *scid,
			      struct quic_span token)
{
	/* The four unused bits are arbitrary; ones, as in RFC 9001 A.4. */
	quic_wire_put_u8(w, quic_header_long_first(v, QUIC_PACKET_RETRY) | QUIC_HEADER_LONG_MASK);
	quic_wire_put_u32(w, v->number);
	quic_header_put_cid(w, dcid);
	quic_header_put_cid(w, scid);
	quic_wire_put_bytes(w, token.data, token.len);
}
