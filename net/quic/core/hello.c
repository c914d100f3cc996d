// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/hello.c - the protocol names in a ClientHello
 */
#include "hello.h"
#include "wire.h"

static const u8 hello_type = 1;			/* client_hello, RFC 8446 4 */
static const u16 hello_alpn = 16;		/* application_layer_protocol_negotiation */
static const u32 hello_fixed_bytes = 2 + 32;	/* legacy_version, random */

/* A vector with a length of @bytes bytes in front of it. */
static bool hello_get_vector(struct quic_reader *r, unsigned int bytes, struct quic_span *s)
{
	u64 len;

	return quic_wire_get_uint(r, bytes, &len) && quic_wire_get_span(r, len, s);
}

bool quic_hello_body_bytes(const u8 *head, u32 *len)
{
	*len = head[1] << 16 | head[2] << 8 | head[3];
	return head[0] == hello_type;
}

bool quic_hello_find_names(struct quic_span body, struct quic_span *list)
{
	struct quic_span skip, ext, data;
	struct quic_reader r;
	u64 type;

	quic_wire_read_init(&r, body.data, body.len);
	if (!quic_wire_skip(&r, hello_fixed_bytes) ||
	    !hello_get_vector(&r, 1, &skip) ||		/* legacy_session_id */
	    !hello_get_vector(&r, 2, &skip) ||		/* cipher_suites */
	    !hello_get_vector(&r, 1, &skip) ||		/* legacy_compression_methods */
	    !hello_get_vector(&r, 2, &ext))
		return false;
	quic_wire_read_init(&r, ext.data, ext.len);
	while (quic_wire_get_uint(&r, 2, &type) && hello_get_vector(&r, 2, &data)) {
		if (type != hello_alpn)
			continue;
		quic_wire_read_init(&r, data.data, data.len);
		return hello_get_vector(&r, 2, list);
	}
	return false;
}

bool quic_hello_next_name(struct quic_span *list, struct quic_span *name)
{
	struct quic_reader r;

	quic_wire_read_init(&r, list->data, list->len);
	if (!hello_get_vector(&r, 1, name) || !name->len)
		return false;
	list->data = r.pos;
	list->len = quic_wire_left(&r);
	return true;
}
