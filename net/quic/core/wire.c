// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/wire.c - cursors over packet bytes
 *
 * A reader is two pointers; every getter checks what is left before it moves
 * the first one, so that a failed getter leaves the cursor where it was.  A
 * writer goes through quic_wire_reserve() alone: it counts, and gives memory
 * only when there is some and the bytes fit.
 *
 * A varint tells its own length in the two top bits of its first byte
 * (RFC 9000 16): 1, 2, 4 or 8 bytes, the rest is the value, big-endian.
 */
#include "wire.h"

bool quic_wire_get_uint(struct quic_reader *r, unsigned int bytes, u64 *v)
{
	u64 n = 0;
	unsigned int i;

	if (quic_wire_left(r) < bytes)
		return false;
	if (bytes == 4)		/* a packet number */
		n = get_unaligned_be32(r->pos);
	else
		for (i = 0; i < bytes; i++)
			n = n << 8 | r->pos[i];
	r->pos += bytes;
	*v = n;
	return true;
}

bool quic_wire_get_u8(struct quic_reader *r, u8 *v)
{
	if (r->pos == r->end)
		return false;
	*v = *r->pos++;
	return true;
}

bool quic_wire_get_u16(struct quic_reader *r, u16 *v)
{
	if (quic_wire_left(r) < sizeof(*v))
		return false;
	*v = get_unaligned_be16(r->pos);
	r->pos += sizeof(*v);
	return true;
}

bool quic_wire_get_u32(struct quic_reader *r, u32 *v)
{
	if (quic_wire_left(r) < sizeof(*v))
		return false;
	*v = get_unaligned_be32(r->pos);
	r->pos += sizeof(*v);
	return true;
}

bool quic_wire_get_varint(struct quic_reader *r, u64 *v)
{
	size_t left = quic_wire_left(r);
	const u8 *p = r->pos;
	unsigned int bytes;

	if (!left)
		return false;
	bytes = 1U << (*p >> 6);
	if (left < bytes)
		return false;
	r->pos += bytes;
	switch (bytes) {
	case 1:
		*v = *p;
		break;
	case 2:
		*v = get_unaligned_be16(p) & 0x3fff;
		break;
	case 4:
		*v = get_unaligned_be32(p) & 0x3fffffff;
		break;
	default:
		*v = get_unaligned_be64(p) & QUIC_VARINT_MAX;
		break;
	}
	return true;
}

bool quic_wire_get_varint_strict(struct quic_reader *r, u64 *v, bool *shortest)
{
	size_t before = quic_wire_left(r);

	if (!quic_wire_get_varint(r, v))
		return false;
	*shortest = before - quic_wire_left(r) == quic_wire_varint_len(*v);
	return true;
}

bool quic_wire_get_span(struct quic_reader *r, u64 len, struct quic_span *s)
{
	if (quic_wire_left(r) < len)
		return false;
	s->data = r->pos;
	s->len = len;
	if (len)
		r->pos += len;
	return true;
}

bool quic_wire_get_vspan(struct quic_reader *r, struct quic_span *s)
{
	struct quic_reader body = *r;
	u64 len;

	if (!quic_wire_get_varint(&body, &len) || !quic_wire_get_span(&body, len, s))
		return false;
	*r = body;
	return true;
}

bool quic_wire_get_bytes(struct quic_reader *r, void *dst, size_t len)
{
	struct quic_span s;

	if (!quic_wire_get_span(r, len, &s))
		return false;
	if (len)
		memcpy(dst, s.data, len);
	return true;
}

bool quic_wire_get_cid(struct quic_reader *r, u64 len, struct quic_cid *cid)
{
	/* [9000-17.2#3] [9000-17.2#5] */
	if (len > QUIC_CID_MAX_BYTES || !quic_wire_get_bytes(r, cid->data, len))
		return false;
	cid->len = len;
	return true;
}

bool quic_wire_skip(struct quic_reader *r, u64 len)
{
	struct quic_span s;

	return quic_wire_get_span(r, len, &s);
}

size_t quic_wire_skip_zeros(struct quic_reader *r)
{
	size_t left = quic_wire_left(r);
	const u8 *p;

	if (!left || *r->pos)
		return 0;
	p = memchr_inv(r->pos, 0, left);
	r->pos = p ? p : r->end;
	return left - quic_wire_left(r);
}

/* Counts @n bytes; where they go, or NULL for a counting or overflown writer. */
static u8 *quic_wire_reserve(struct quic_writer *w, size_t n)
{
	u8 *p;

	if (w->overflow || n > w->cap - w->len) {
		w->overflow = true;
		return NULL;
	}
	p = w->buf ? w->buf + w->len : NULL;
	w->len += n;
	return p;
}

void quic_wire_put_uint(struct quic_writer *w, unsigned int bytes, u64 v)
{
	u8 *p = quic_wire_reserve(w, bytes);

	if (!p)
		return;
	if (bytes == 4) {	/* a packet number */
		put_unaligned_be32(v, p);
		return;
	}
	while (bytes) {
		p[--bytes] = v;
		v >>= 8;
	}
}

void quic_wire_put_u8(struct quic_writer *w, u8 v)
{
	u8 *p = quic_wire_reserve(w, sizeof(v));

	if (p)
		*p = v;
}

void quic_wire_put_u16(struct quic_writer *w, u16 v)
{
	u8 *p = quic_wire_reserve(w, sizeof(v));

	if (p)
		put_unaligned_be16(v, p);
}

void quic_wire_put_u32(struct quic_writer *w, u32 v)
{
	u8 *p = quic_wire_reserve(w, sizeof(v));

	if (p)
		put_unaligned_be32(v, p);
}

void quic_wire_put_varint_fixed(struct quic_writer *w, unsigned int bytes, u64 v)
{
	if (v > QUIC_VARINT_MAX || quic_wire_varint_len(v) > bytes) {
		w->overflow = true;
		return;
	}
	/* The two top bits hold log2 of the length. */
	quic_wire_put_uint(w, bytes, v | (u64)ilog2(bytes) << (8 * bytes - 2));
}

/* The two top bits hold log2 of the length. */
void quic_wire_put_varint(struct quic_writer *w, u64 v)
{
	unsigned int bytes = quic_wire_varint_len(v);
	u8 *p;

	if (v > QUIC_VARINT_MAX) {
		w->overflow = true;
		return;
	}
	p = quic_wire_reserve(w, bytes);
	if (!p)
		return;
	switch (bytes) {
	case 1:
		*p = v;
		break;
	case 2:
		put_unaligned_be16(v | 1U << 14, p);
		break;
	case 4:
		put_unaligned_be32(v | 2U << 30, p);
		break;
	default:
		put_unaligned_be64(v | 3ULL << 62, p);
		break;
	}
}

void quic_wire_put_bytes(struct quic_writer *w, const void *src, size_t len)
{
	u8 *p = quic_wire_reserve(w, len);

	if (p && len)
		memcpy(p, src, len);
}

void quic_wire_put_zeros(struct quic_writer *w, size_t len)
{
	u8 *p = quic_wire_reserve(w, len);

	if (p && len)
		memset(p, 0, len);
}
