/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sndbuf.h - bytes of a stream that the peer has not acknowledged
 *
 *   base            next                 end
 *    | acked | sent  | not sent yet ...   |        lost, acked: ranges in between
 *    [seg][seg][seg][seg][seg][seg]                 a ring of segments, by offset
 *
 * Segments name memory (pages) that the edge owns; this file never reads or
 * copies the bytes.  Retransmission re-frames from here, an acknowledged prefix
 * releases its segments.  Used for streams and for CRYPTO data.
 */
#ifndef _QUIC_SNDBUF_H
#define _QUIC_SNDBUF_H

#include "core/ranges.h"
#include "edge.h"

#define QUIC_SNDBUF_MAX_SEGS	BIT(15)
#define QUIC_SNDBUF_HEADROOM	24	/* bytes free before a segment: room for a STREAM header */

/**
 * struct quic_sndseg - one segment
 * @off: stream offset of its first byte
 * @data: that byte
 * @len: bytes
 * @cap: bytes it may grow to (tail segment only)
 * @truesize: memory it pins
 * @headroom: bytes before @data that the engine may overwrite at any time
 * @chunk: owner, one reference
 */
struct quic_sndseg {
	u64 off;
	u8 *data;
	u32 len;
	u32 cap;
	u32 truesize;
	u16 headroom;
	struct quic_chunk *chunk;
};

/**
 * struct quic_sndbuf - the buffer
 * @segs: ring
 * @cap: its size, a power of two or 0
 * @head: index of the first segment in use
 * @nr: segments in use
 * @hint: segment found last, counted from @head: the next search mostly ends there
 * @base: everything below is acknowledged and released
 * @next: next offset to be sent for the first time
 * @end: one past the last byte written
 * @acked: acknowledged above @base
 * @lost: to be sent again
 * @fin: the stream ends at @end
 * @fin_sent: a FIN left at least once
 * @fin_lost: and must leave again
 * @fin_acked: and arrived
 */
struct quic_sndbuf {
	struct quic_sndseg *segs;
	u32 cap;
	u32 head;
	u32 nr;
	u32 hint;
	u64 base;
	u64 next;
	u64 end;
	struct quic_ranges acked;
	struct quic_ranges lost;
	bool fin;
	bool fin_sent;
	bool fin_lost;
	bool fin_acked;
};

void quic_sndbuf_init(struct quic_sndbuf *b);
/* Releases everything; returns the truesize given back. */
u64 quic_sndbuf_exit(struct quic_sndbuf *b);
/* Drops what is buffered (reset): returns the truesize given back. */
u64 quic_sndbuf_purge(struct quic_sndbuf *b);

/* Nothing of it was ever sent: the peer threw everything away, and acknowledged nothing. */
void quic_sndbuf_rewind(struct quic_sndbuf *b);

/**
 * quic_sndbuf_append() - add a segment at the end
 * @b: buffer
 * @buf: memory; its reference moves here on success; len may be 0
 * @cap: bytes buf->data can hold in all: the tail may grow to that
 * @headroom: writable bytes before buf->data, 0 for foreign pages
 *
 * Return: 0, -ENOBUFS at the bound, -ENOMEM.
 */
int quic_sndbuf_append(struct quic_sndbuf *b, const struct quic_buf *buf, u32 cap, u16 headroom);
/* Where the tail segment can take more bytes: NULL when full or none; *@room bytes. */
u8 *quic_sndbuf_tail(struct quic_sndbuf *b, u32 *room);
/*
 * Everything written was sent: bytes added to the tail segment now would make every
 * packet that follows span two segments.
 */
static inline bool quic_sndbuf_is_drained(const struct quic_sndbuf *b)
{
	return b->next == b->end;
}

/* @len bytes were written at the tail. */
void quic_sndbuf_commit(struct quic_sndbuf *b, u32 len);

/* What can be sent now, lost bytes first. */
struct quic_sndbuf_run {
	u64 off;
	u64 len;
	bool fin;	/* a FIN belongs at off + len */
	bool again;	/* retransmission: needs no credit */
};

/**
 * quic_sndbuf_next_run() - the next range to put into packets
 * @b: buffer
 * @credit: new bytes that flow control allows
 * @run: filled; len 0 with fin: a bare FIN
 *
 * Return: false when nothing can be sent.
 */
bool quic_sndbuf_next_run(const struct quic_sndbuf *b, u64 credit, struct quic_sndbuf_run *run);
/* Names up to @max segments that hold [@off, @off + @len): bytes covered (<= @len). */
u32 quic_sndbuf_segs(const struct quic_sndbuf *b, u64 off, u32 len, struct quic_tx_seg *segs,
		     unsigned int max, unsigned int *nr);

/**
 * struct quic_sndbuf_place - what follows an offset in its segment
 * @data: first byte; NULL: no segment holds the offset
 * @len: bytes up to the segment's end
 * @headroom: bytes free before @data: those of the segment, at its start only
 */
struct quic_sndbuf_place {
	u8 *data;
	u32 len;
	u16 headroom;
};

void quic_sndbuf_locate(const struct quic_sndbuf *b, u64 off, struct quic_sndbuf_place *p);
/* [@off, @off + @len) (and the FIN) was put into a packet. */
void quic_sndbuf_on_sent(struct quic_sndbuf *b, u64 off, u32 len, bool fin);
/* ... was acknowledged: returns truesize released. -ENOMEM is absorbed (bytes stay). */
u64 quic_sndbuf_on_acked(struct quic_sndbuf *b, u64 off, u32 len, bool fin);
/* ... was lost; bytes acknowledged meanwhile are left out. */
void quic_sndbuf_on_lost(struct quic_sndbuf *b, u64 off, u32 len, bool fin);

/* Everything, and the FIN if there is one, is acknowledged. */
static inline bool quic_sndbuf_is_done(const struct quic_sndbuf *b)
{
	return b->base == b->end && (!b->fin || b->fin_acked);
}

#endif /* _QUIC_SNDBUF_H */
