// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes core/wire: a program of getters over the input.  Byte 0 gives the
 * number of choices, those follow, the rest is read.  Each getter consumes what
 * it should or nothing; what was read and is written again comes out the same.
 */
#include "fuzz.h"

#include "core/wire.h"

/* A value of a getter, written again into @w, reads back as it was. */
static void check_uint(const u8 *at, size_t used, u64 v)
{
	struct quic_writer w;
	u8 buf[8];

	quic_wire_write_init(&w, buf, sizeof(buf));
	quic_wire_put_uint(&w, used, v);
	FUZZ_CHECK(!w.overflow && w.len == used && !memcmp(buf, at, used));
}

static void check_varint(const u8 *at, size_t used, u64 v, bool shortest)
{
	struct quic_writer w;
	u8 buf[8];

	FUZZ_CHECK(v <= QUIC_VARINT_MAX);
	quic_wire_write_init(&w, buf, sizeof(buf));
	quic_wire_put_varint_fixed(&w, used, v);
	FUZZ_CHECK(!w.overflow && w.len == used && !memcmp(buf, at, used));
	quic_wire_write_init(&w, buf, sizeof(buf));
	quic_wire_put_varint(&w, v);
	FUZZ_CHECK(!w.overflow && (w.len == used) == shortest && w.len <= used);
}

static bool get_integer(struct quic_reader *r, u8 op)
{
	const u8 *at = r->pos;
	bool ok, shortest;
	u64 v = 0;
	u32 v32 = 0;
	u16 v16 = 0;
	u8 v8 = 0;

	switch (op % 5) {
	case 0:
		ok = quic_wire_get_u8(r, &v8);
		v = v8;
		break;
	case 1:
		ok = quic_wire_get_u16(r, &v16);
		v = v16;
		break;
	case 2:
		ok = quic_wire_get_u32(r, &v32);
		v = v32;
		break;
	case 3:
		ok = quic_wire_get_uint(r, 1 + op / 5 % 8, &v);
		break;
	default:
		ok = quic_wire_get_varint_strict(r, &v, &shortest);
		if (ok)
			check_varint(at, r->pos - at, v, shortest);
		return ok;
	}
	if (ok)
		check_uint(at, r->pos - at, v);
	return ok;
}

static bool get_bytes(struct quic_reader *r, u8 op)
{
	const u8 *at = r->pos;
	struct quic_span s;
	struct quic_cid cid;
	u8 copy[64];
	bool ok;

	switch (op % 5) {
	case 0:
		ok = quic_wire_get_vspan(r, &s);
		FUZZ_CHECK(!ok || (s.data >= at && s.data + s.len == r->pos));
		return ok;
	case 1:
		ok = quic_wire_get_span(r, op / 5, &s);
		FUZZ_CHECK(!ok || (s.data == at && s.len == op / 5));
		return ok;
	case 2:
		ok = quic_wire_get_bytes(r, copy, op / 5);
		FUZZ_CHECK(!ok || !memcmp(copy, at, op / 5));
		return ok;
	case 3:
		ok = quic_wire_get_cid(r, op / 5, &cid);
		FUZZ_CHECK(!ok || (cid.len == op / 5 && cid.len <= QUIC_CID_MAX_BYTES));
		return ok;
	default:
		FUZZ_CHECK(quic_wire_skip_zeros(r) == (size_t)(r->pos - at));
		FUZZ_CHECK(r->pos == r->end || *r->pos);
		return quic_wire_skip(r, op / 5);
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	unsigned int nr = fuzz_byte(&data, &size) % 32;
	const u8 *ops = data;
	struct quic_reader r;
	size_t nr_ops = min_t(size_t, nr, size), i;

	quic_wire_read_init(&r, data + nr_ops, size - nr_ops);
	for (i = 0; i < nr_ops; i++) {
		const u8 *at = r.pos;
		bool ok = ops[i] & 1 ? get_integer(&r, ops[i] >> 1) : get_bytes(&r, ops[i] >> 1);

		FUZZ_CHECK(r.pos >= at && r.pos <= r.end);
		/* skip_zeros() may have moved it before skip() failed */
		FUZZ_CHECK(ok || r.pos == at || (!(ops[i] & 1) && (ops[i] >> 1) % 5 == 4));
	}
	return 0;
}
