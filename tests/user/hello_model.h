/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hello_model.h - ClientHellos as core/hello should read them: made, and read by offsets
 */
#ifndef _QUIC_HELLO_MODEL_H
#define _QUIC_HELLO_MODEL_H

#include "core/hello.h"
#include "core/wire.h"

#define HELLO_MODEL_NAMES	8

/**
 * struct hello_model - what a ClientHello is made of
 * @session_bytes: of legacy_session_id
 * @suite_bytes: of cipher_suites
 * @before: bytes of an extension in front of the names'
 * @behind: bytes of one behind it
 * @has_names: the extension is there at all
 * @nr_names: names in it
 * @names: each, not empty
 */
struct hello_model {
	u8 session_bytes;
	u16 suite_bytes;
	u16 before;
	u16 behind;
	bool has_names;
	unsigned int nr_names;
	struct quic_span names[HELLO_MODEL_NAMES];
};

static inline void hello_model_extension(struct quic_writer *w, u16 type, u16 bytes)
{
	quic_wire_put_u16(w, type);
	quic_wire_put_u16(w, bytes);
	quic_wire_put_zeros(w, bytes);
}

static inline u32 hello_model_list_bytes(const struct hello_model *m)
{
	u32 bytes = 0;
	unsigned int i;

	for (i = 0; i < m->nr_names; i++)
		bytes += 1 + m->names[i].len;
	return bytes;
}

/* The whole message. */
static inline void hello_model_encode(struct quic_writer *w, const struct hello_model *m)
{
	u32 list = hello_model_list_bytes(m);
	u32 ext = 4 + m->before + 4 + m->behind + (m->has_names ? 6 + list : 0);
	u32 body = 34 + 1 + m->session_bytes + 2 + m->suite_bytes + 2 + 2 + ext;
	unsigned int i;

	quic_wire_put_u8(w, 1);
	quic_wire_put_u8(w, body >> 16);
	quic_wire_put_u16(w, body);
	quic_wire_put_zeros(w, 34);
	quic_wire_put_u8(w, m->session_bytes);
	quic_wire_put_zeros(w, m->session_bytes);
	quic_wire_put_u16(w, m->suite_bytes);
	quic_wire_put_zeros(w, m->suite_bytes);
	quic_wire_put_u16(w, 1 << 8);				/* one compression method: none */
	quic_wire_put_u16(w, ext);
	hello_model_extension(w, 51, m->before);
	if (m->has_names) {
		quic_wire_put_u16(w, 16);
		quic_wire_put_u16(w, 2 + list);
		quic_wire_put_u16(w, list);
		for (i = 0; i < m->nr_names; i++) {
			quic_wire_put_u8(w, m->names[i].len);
			quic_wire_put_bytes(w, m->names[i].data, m->names[i].len);
		}
	}
	hello_model_extension(w, 57, m->behind);
}

/* Where the names begin in @p, and their bytes; false: none can be found. */
static inline bool hello_model_find(const u8 *p, u32 len, u32 *off, u32 *bytes)
{
	u32 at = 34, end;

	if (at + 1 > len)
		return false;
	at += 1 + p[at];
	if (at + 2 > len)
		return false;
	at += 2 + (p[at] << 8 | p[at + 1]);
	if (at + 1 > len)
		return false;
	at += 1 + p[at];
	if (at + 2 > len)
		return false;
	end = at + 2 + (p[at] << 8 | p[at + 1]);
	if (end > len)
		return false;
	for (at += 2; at + 4 <= end;) {
		u32 type = p[at] << 8 | p[at + 1], size = p[at + 2] << 8 | p[at + 3];

		at += 4;
		if (at + size > end)
			return false;
		if (type == 16) {
			if (size < 2)
				return false;
			*off = at + 2;
			*bytes = p[at] << 8 | p[at + 1];
			return *bytes <= size - 2;
		}
		at += size;
	}
	return false;
}

#endif /* _QUIC_HELLO_MODEL_H */
