// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * forge.c - packets and parameters of a peer that does not keep the rules
 *
 * Made with the keys and ids of a simulated endpoint, but not by its engine,
 * which knows nothing of them.
 */
#include <assert.h>

#include "sim.h"

u32 sim_forge(struct sim_endpoint *from, const struct sim_forge *f, u8 *dgram)
{
	static const enum quic_packet_kind kinds[QUIC_NR_LEVELS] = {
		[QUIC_LEVEL_INITIAL] = QUIC_PACKET_INITIAL,
		[QUIC_LEVEL_EARLY] = QUIC_PACKET_0RTT,
		[QUIC_LEVEL_HANDSHAKE] = QUIC_PACKET_HANDSHAKE,
		[QUIC_LEVEL_APP] = QUIC_PACKET_SHORT,
	};
	struct quic_conn *conn = &from->conn;
	struct quic_header_build b = {
		.kind = kinds[f->level],
		.version = f->version ? f->version : conn->version,
		.dcid = &conn->path->dcid,
		.scid = f->scid ? f->scid : &conn->initial_scid,
		.token = f->token,
		.pn = f->pn,
		.pn_len = 4,
		.key_phase = conn->keys.phase,
	};
	struct quic_writer w;
	u32 hdr_len;

	quic_wire_write_init(&w, dgram, SIM_FORGE_MAX_BYTES - QUIC_TAG_BYTES);
	quic_header_encode(&w, &b);
	hdr_len = w.len;
	if (w.len + f->len + QUIC_TAG_BYTES < f->pad_to)
		quic_wire_put_zeros(&w, f->pad_to - w.len - f->len - QUIC_TAG_BYTES);
	quic_wire_put_bytes(&w, f->frames, f->len);
	assert(!w.overflow);
	dgram[0] ^= f->flip;
	if (f->level != QUIC_LEVEL_APP)
		quic_header_set_length(dgram, hdr_len, b.pn_len,
				       w.len - hdr_len + QUIC_TAG_BYTES);
	sim_seal(f->key ? f->key : &conn->keys.tx[f->level], dgram, hdr_len, w.len, b.pn_len,
		 f->pn);
	return w.len + QUIC_TAG_BYTES;
}

void sim_set_param(struct quic_writer *w, u64 id, const void *value, u32 len)
{
	struct quic_writer out;
	struct quic_reader r;
	struct quic_span s;
	u8 copy[512];
	u64 this;

	assert(w->len <= sizeof(copy));
	memcpy(copy, w->buf, w->len);
	quic_wire_read_init(&r, copy, w->len);
	quic_wire_write_init(&out, w->buf, w->cap);
	while (quic_wire_get_varint(&r, &this) && quic_wire_get_vspan(&r, &s)) {
		if (this == id)
			continue;
		quic_wire_put_varint(&out, this);
		quic_wire_put_varint(&out, s.len);
		quic_wire_put_bytes(&out, s.data, s.len);
	}
	if (value) {
		quic_wire_put_varint(&out, id);
		quic_wire_put_varint(&out, len);
		quic_wire_put_bytes(&out, value, len);
	}
	assert(!out.overflow);
	*w = out;
}
