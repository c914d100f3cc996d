// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * inqueue.c - reassembly of one stream (or CRYPTO stream) and its delivery
 *
 * Each piece first secures the memory it may need, then changes the queue: after a
 * failing allocation the bytes kept so far are right, and those missing can come again.
 */
#include "inqueue.h"
#include "conn.h"

static const u32 inqueue_first_pieces = 4;	/* ring size of the first piece */
static const u32 inqueue_kept_pieces = 64;	/* an emptied ring larger than that is freed */
static const u32 inqueue_max_ring = 1U << 16;	/* in-order pieces, bounded by rmem before */

/* A piece that arrived before its turn. node.key is its offset. */
struct inqueue_piece {
	struct quic_node node;
	struct quic_buf buf;
};

void quic_inqueue_init(struct quic_inqueue *q)
{
	memset(q, 0, sizeof(*q));
	quic_tree_init(&q->ooo);
}

static struct quic_buf *inqueue_at(const struct quic_inqueue *q, u32 i)
{
	return &q->ring[(q->head + i) & (q->cap - 1)];
}

static void inqueue_free_ring(struct quic_inqueue *q)
{
	quic_env_free(q->ring);
	q->ring = NULL;
	q->cap = 0;
}

static void inqueue_pop(struct quic_inqueue *q)
{
	struct quic_buf *buf = inqueue_at(q, 0);

	q->truesize -= buf->truesize;
	quic_edge_chunk_put(buf->chunk);
	q->head = (q->head + 1) & (q->cap - 1);
	if (--q->nr)
		return;
	q->room = 0;
	if (q->cap > inqueue_kept_pieces)
		inqueue_free_ring(q);
}

u64 quic_inqueue_exit(struct quic_inqueue *q)
{
	u64 before = q->truesize;
	struct quic_node *n;

	while (q->nr)
		inqueue_pop(q);
	while ((n = quic_tree_first(&q->ooo))) {
		struct inqueue_piece *p = container_of(n, struct inqueue_piece, node);

		quic_tree_erase(&q->ooo, n);
		q->truesize -= p->buf.truesize + sizeof(*p);
		quic_edge_chunk_put(p->buf.chunk);
		quic_env_free(p);
	}
	q->nr_ooo = 0;
	inqueue_free_ring(q);
	q->read = q->end;	/* what was readable is gone */
	return before;
}

/* Makes room for one more in-order piece. */
static int inqueue_reserve(struct quic_inqueue *q)
{
	u32 cap = q->cap ? q->cap * 2 : inqueue_first_pieces;
	struct quic_buf *ring;
	u32 i;

	if (q->nr < q->cap)
		return 0;
	if (cap > inqueue_max_ring)
		return -ENOBUFS;
	ring = quic_env_alloc(cap, sizeof(*ring));
	if (!ring)
		return -ENOMEM;
	for (i = 0; i < q->nr; i++)
		ring[i] = *inqueue_at(q, i);
	quic_env_free(q->ring);
	q->ring = ring;
	q->cap = cap;
	q->head = 0;
	return 0;
}

/* Copies @len bytes to the end of the last piece, which has the room. */
static void inqueue_extend(struct quic_inqueue *q, const u8 *data, u32 len)
{
	struct quic_buf *last = inqueue_at(q, q->nr - 1);

	memcpy(last->data + last->len, data, len);
	last->len += len;
	q->room -= len;
}

/*
 * What the queue keeps of @len bytes at @skip of @src: a reference, or for small
 * pieces a copy in a buffer of @copy_bytes.
 */
static int inqueue_take(struct quic_conn *conn, const struct quic_buf *src, u32 skip, u32 len,
			u32 copy_bytes, struct quic_buf *out)
{
	int err;

	if (len > QUIC_INQUEUE_SMALL_BYTES) {
		*out = (struct quic_buf){
			.data = src->data + skip,
			.len = len,
			.truesize = src->truesize,
			.chunk = src->chunk,
		};
		quic_edge_chunk_get(out->chunk);
		return 0;
	}
	err = quic_edge_buf_alloc(conn, copy_bytes, out);
	if (err)
		return err;
	out->len = len;
	memcpy(out->data, src->data + skip, len);
	return 0;
}

/* Moves pieces that have become in-order from the tree to the ring. */
static void inqueue_advance(struct quic_inqueue *q)
{
	struct quic_node *n;

	while ((n = quic_tree_first(&q->ooo)) && n->key <= q->end) {
		struct inqueue_piece *p = container_of(n, struct inqueue_piece, node);

		/*
		 * No memory: they stay in the tree until the reader has made room in the
		 * ring, which then is not empty.
		 */
		if (p->buf.len > q->room && inqueue_reserve(q))
			return;
		quic_tree_erase(&q->ooo, n);
		q->nr_ooo--;
		q->end = p->node.key + p->buf.len;
		q->truesize -= sizeof(*p);
		if (p->buf.len <= q->room) {
			inqueue_extend(q, p->buf.data, p->buf.len);
			q->truesize -= p->buf.truesize;
			quic_edge_chunk_put(p->buf.chunk);
		} else {
			*inqueue_at(q, q->nr++) = p->buf;
			q->room = 0;
		}
		quic_env_free(p);
	}
}

static int inqueue_add_in_order(struct quic_inqueue *q, struct quic_conn *conn,
				const struct quic_buf *buf, u32 skip, u32 len)
{
	struct quic_buf piece;
	int err;

	if (len <= q->room) {
		inqueue_extend(q, buf->data + skip, len);
		q->end += len;
		return 0;
	}
	err = inqueue_reserve(q);
	if (err)
		return err;
	err = inqueue_take(conn, buf, skip, len, QUIC_INQUEUE_SMALL_BYTES, &piece);
	if (err)
		return err;
	q->room = len <= QUIC_INQUEUE_SMALL_BYTES ? QUIC_INQUEUE_SMALL_BYTES - len : 0;
	q->truesize += piece.truesize;
	q->end += len;
	*inqueue_at(q, q->nr++) = piece;
	return 0;
}

static int inqueue_add_ooo(struct quic_inqueue *q, struct quic_conn *conn, u64 off,
			   const struct quic_buf *buf, u32 skip, u32 len)
{
	struct inqueue_piece *p;
	int err;

	if (q->nr_ooo >= QUIC_INQUEUE_MAX_PIECES)
		return -ENOBUFS;
	p = quic_env_alloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	err = inqueue_take(conn, buf, skip, len, len, &p->buf);
	if (err) {
		quic_env_free(p);
		return err;
	}
	p->node.key = off;
	quic_tree_insert(&q->ooo, &p->node);
	q->nr_ooo++;
	q->truesize += p->buf.truesize + sizeof(*p);
	return 0;
}

/* Length of the hole at @pos, which no piece of the tree covers: 0 when covered. */
static u64 inqueue_hole(const struct quic_inqueue *q, u64 pos, u64 end, u64 *next)
{
	struct quic_node *n = quic_tree_find_le(&q->ooo, pos);

	if (n) {
		struct inqueue_piece *p = container_of(n, struct inqueue_piece, node);

		if (n->key + p->buf.len > pos) {
			*next = n->key + p->buf.len;
			return 0;
		}
		n = quic_tree_next(&q->ooo, n);
	} else {
		n = quic_tree_first(&q->ooo);
	}
	*next = n && n->key < end ? n->key : end;
	return *next - pos;
}

/* [9000-2.2#1] */
int quic_inqueue_add(struct quic_inqueue *q, struct quic_conn *conn, u64 off,
		     const struct quic_buf *buf)
{
	u64 pos = max(off, q->end), end = off + buf->len, next;
	int err = 0;

	if (pos >= end)
		goto out;
	/* The usual case: the next bytes, and nothing is waiting behind them. */
	if (pos == q->end && quic_tree_is_empty(&q->ooo)) {
		err = inqueue_add_in_order(q, conn, buf, pos - off, end - pos);
		goto out;
	}
	while (pos < end) {
		u64 hole = inqueue_hole(q, pos, end, &next);

		if (hole && pos == q->end)
			err = inqueue_add_in_order(q, conn, buf, pos - off, hole);
		else if (hole)
			err = inqueue_add_ooo(q, conn, pos, buf, pos - off, hole);
		if (err)
			break;
		inqueue_advance(q);
		pos = max(next, q->end);
	}
out:
	if (!err)
		q->highest = max(q->highest, end);
	return err;
}

const struct quic_buf *quic_inqueue_peek(const struct quic_inqueue *q)
{
	return q->nr ? inqueue_at(q, 0) : NULL;
}

const struct quic_buf *quic_inqueue_peek_at(const struct quic_inqueue *q, u32 i)
{
	return i < q->nr ? inqueue_at(q, i) : NULL;
}

u64 quic_inqueue_consume(struct quic_inqueue *q, u64 len)
{
	u64 before = q->truesize;

	q->read += len;
	while (len) {
		struct quic_buf *buf = inqueue_at(q, 0);

		if (len < buf->len) {
			buf->data += len;
			buf->len -= len;
			break;
		}
		len -= buf->len;
		inqueue_pop(q);
	}
	inqueue_advance(q);
	return before - q->truesize;
}
