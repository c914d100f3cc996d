/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/wire.h - cursors over packet bytes: varints and big-endian integers
 *
 * The one place that does pointer arithmetic on packet bytes.  A reader
 * consumes only on success and can not overrun; a writer's overflow is sticky
 * and checked once.  With a NULL buffer the writer only counts, so sizes come
 * from running an encoder, never from a second formula.
 */
#ifndef _QUIC_CORE_WIRE_H
#define _QUIC_CORE_WIRE_H

#include "types.h"

/**
 * struct quic_reader - a cursor over received bytes
 * @pos: next byte to read
 * @end: one past the last byte
 */
struct quic_reader {
	const u8 *pos;
	const u8 *end;
};

/**
 * struct quic_writer - a cursor over a buffer to fill
 * @buf: start of the buffer, NULL for a counting writer
 * @len: bytes written (or counted) so far
 * @cap: bytes the buffer holds
 * @overflow: something did not fit; @len is then meaningless
 */
struct quic_writer {
	u8 *buf;
	size_t len;
	size_t cap;
	bool overflow;
};

/* Reads @len bytes from @data on, which may be NULL when there are none. */
static inline void quic_wire_read_init(struct quic_reader *r, const void *data, size_t len)
{
	r->pos = data;
	r->end = len ? r->pos + len : r->pos;
}

/* Bytes not yet consumed. */
static inline size_t quic_wire_left(const struct quic_reader *r)
{
	return r->end - r->pos;
}

/*
 * Getters: true and consumed, or false and the cursor where it was.  Integers
 * are big-endian.
 */
bool __must_check quic_wire_get_u8(struct quic_reader *r, u8 *v);
bool __must_check quic_wire_get_u16(struct quic_reader *r, u16 *v);
bool __must_check quic_wire_get_u32(struct quic_reader *r, u32 *v);
/* Big-endian integer of @bytes (1..8) bytes. */
bool __must_check quic_wire_get_uint(struct quic_reader *r, unsigned int bytes, u64 *v);
/* RFC 9000 16; over-long encodings are accepted as the RFC allows. */
bool __must_check quic_wire_get_varint(struct quic_reader *r, u64 *v);
/* As quic_wire_get_varint(), and tells whether the shortest form was used. */
bool __must_check quic_wire_get_varint_strict(struct quic_reader *r, u64 *v, bool *shortest);
/* The next @len bytes, where they are. */
bool __must_check quic_wire_get_span(struct quic_reader *r, u64 len, struct quic_span *s);
/* A varint length and that many bytes. */
bool __must_check quic_wire_get_vspan(struct quic_reader *r, struct quic_span *s);
/* Copies the next @len bytes to @dst. */
bool __must_check quic_wire_get_bytes(struct quic_reader *r, void *dst, size_t len);
/* A connection id of @len bytes; false also when @len exceeds 20. */
bool __must_check quic_wire_get_cid(struct quic_reader *r, u64 len, struct quic_cid *cid);
/* Skips @len bytes. */
bool __must_check quic_wire_skip(struct quic_reader *r, u64 len);
/* Skips the zero bytes that come next; returns their number. */
size_t quic_wire_skip_zeros(struct quic_reader *r);

/* Writes to @buf, of @cap bytes. */
static inline void quic_wire_write_init(struct quic_writer *w, void *buf, size_t cap)
{
	*w = (struct quic_writer){ .buf = buf, .cap = cap };
}

/* A writer that only counts: w->len is the encoded size. */
static inline void quic_wire_count_init(struct quic_writer *w)
{
	*w = (struct quic_writer){ .cap = SIZE_MAX };
}

/* Integers are written big-endian. */
void quic_wire_put_u8(struct quic_writer *w, u8 v);
void quic_wire_put_u16(struct quic_writer *w, u16 v);
void quic_wire_put_u32(struct quic_writer *w, u32 v);
/* The low @bytes (1..8) bytes of @v, big-endian. */
void quic_wire_put_uint(struct quic_writer *w, unsigned int bytes, u64 v);
/* Shortest form; a value above QUIC_VARINT_MAX sets overflow. */
void quic_wire_put_varint(struct quic_writer *w, u64 v);
/* In exactly @bytes (1, 2, 4 or 8) bytes; overflow when it does not fit. */
void quic_wire_put_varint_fixed(struct quic_writer *w, unsigned int bytes, u64 v);
/* @len bytes of @src, or that many zeros. */
void quic_wire_put_bytes(struct quic_writer *w, const void *src, size_t len);
void quic_wire_put_zeros(struct quic_writer *w, size_t len);

/* Encoded size of @v in bytes: 1, 2, 4 or 8. */
static inline unsigned int quic_wire_varint_len(u64 v)
{
	if (v < (1ULL << 6))
		return 1;
	if (v < (1ULL << 14))
		return 2;
	return v < (1ULL << 30) ? 4 : 8;
}

#endif /* _QUIC_CORE_WIRE_H */
