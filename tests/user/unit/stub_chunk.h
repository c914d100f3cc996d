/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stub_chunk.h - chunks of the edge as counted malloc memory, for tests of one
 * engine file without the simulator. Included by one program once.
 */
#ifndef _QUIC_STUB_CHUNK_H
#define _QUIC_STUB_CHUNK_H

#include <stdlib.h>

#include "edge.h"

struct quic_chunk {
	int refs;
	u32 bytes;
	u8 mem[];
};

static int stub_chunks;		/* alive */
static u64 stub_bytes;		/* of memory in them */
static int stub_fail_in = -1;	/* the n-th allocation from now fails; < 0: none */

void quic_edge_chunk_get(struct quic_chunk *c)
{
	c->refs++;
}

void quic_edge_chunk_put(struct quic_chunk *c)
{
	if (--c->refs)
		return;
	stub_chunks--;
	stub_bytes -= c->bytes;
	free(c);
}

int quic_edge_buf_alloc(struct quic_conn *conn, u32 len, struct quic_buf *buf)
{
	struct quic_chunk *c;

	if (stub_fail_in >= 0 && !stub_fail_in--)
		return -ENOMEM;
	c = malloc(sizeof(*c) + len);
	c->refs = 1;
	c->bytes = len;
	stub_chunks++;
	stub_bytes += len;
	*buf = (struct quic_buf){ .data = c->mem, .len = len, .truesize = len, .chunk = c };
	return 0;
}

#endif /* _QUIC_STUB_CHUNK_H */
