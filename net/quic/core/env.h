/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/env.h - everything the core and the engine take from their host
 *
 * The only file of core/ and of the engine that includes kernel headers.  In
 * user space tests/user/shim/env.h stands in for it: that file is included
 * first (-include) and uses the same include guard.
 *
 * What a host provides: fixed-width types, errno values, min/max, bit and
 * byte-order helpers, memory functions, lists, 64-bit division, the allocator
 * below and an ordered tree keyed by u64 below.  Nothing that knows a clock, a
 * lock, a socket or an skb.
 */
#ifndef _QUIC_CORE_ENV_H
#define _QUIC_CORE_ENV_H

#include <linux/bitops.h>
#include <linux/bug.h>
#include <linux/build_bug.h>
#include <linux/cache.h>
#include <linux/container_of.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/rbtree.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/unaligned.h>

#include <crypto/utils.h>	/* crypto_memneq() */

/**
 * quic_env_alloc() - zeroed memory for a table of the core
 * @n: number of elements
 * @size: bytes of one element
 *
 * Callers bound @n.  Never sleeps: the engine also runs in softirq.
 *
 * Return: the memory, to be given back with quic_env_free(), or NULL.
 */
static inline void *quic_env_alloc(size_t n, size_t size)
{
	return kvcalloc(n, size, GFP_ATOMIC | __GFP_ACCOUNT | __GFP_NOWARN);
}

/* Releases what quic_env_alloc() gave; NULL is allowed. */
static inline void quic_env_free(void *p)
{
	kvfree(p);
}

/* Constant-time comparison: true when @n bytes are the same. */
static inline bool quic_env_equal_secret(const void *a, const void *b, size_t n)
{
	return !crypto_memneq(a, b, n);
}

/*
 * An intrusive ordered tree keyed by u64, so that core code needs to know one
 * tree, and user space needs no rbtree of its own.
 */
struct quic_node {
	struct rb_node rb;
	u64 key;
};

struct quic_tree {
	struct rb_root root;
};

/* An empty tree. */
static inline void quic_tree_init(struct quic_tree *t)
{
	t->root = RB_ROOT;
}

/* True when no node is in it. */
static inline bool quic_tree_is_empty(const struct quic_tree *t)
{
	return RB_EMPTY_ROOT(&t->root);
}

/* Inserts @n under n->key; returns the node already there, else NULL. */
static inline struct quic_node *quic_tree_insert(struct quic_tree *t, struct quic_node *n)
{
	struct rb_node **link = &t->root.rb_node, *parent = NULL;

	while (*link) {
		struct quic_node *cur = rb_entry(*link, struct quic_node, rb);

		parent = *link;
		if (n->key == cur->key)
			return cur;
		link = n->key < cur->key ? &parent->rb_left : &parent->rb_right;
	}
	rb_link_node(&n->rb, parent, link);
	rb_insert_color(&n->rb, &t->root);
	return NULL;
}

/* Takes out @n, which is in @t; its memory stays the caller's. */
static inline void quic_tree_erase(struct quic_tree *t, struct quic_node *n)
{
	rb_erase(&n->rb, &t->root);
}

/* The node with the smallest key, or NULL. */
static inline struct quic_node *quic_tree_first(const struct quic_tree *t)
{
	return rb_entry_safe(rb_first(&t->root), struct quic_node, rb);
}

/* The node with the next larger key, or NULL. */
static inline struct quic_node *quic_tree_next(const struct quic_tree *t, struct quic_node *n)
{
	return rb_entry_safe(rb_next(&n->rb), struct quic_node, rb);
}

/* The node with the next smaller key, or NULL. */
static inline struct quic_node *quic_tree_prev(const struct quic_tree *t, struct quic_node *n)
{
	return rb_entry_safe(rb_prev(&n->rb), struct quic_node, rb);
}

/* The node with the largest key <= @key, or NULL. */
static inline struct quic_node *quic_tree_find_le(const struct quic_tree *t, u64 key)
{
	struct rb_node *rb = t->root.rb_node;
	struct quic_node *best = NULL;

	while (rb) {
		struct quic_node *cur = rb_entry(rb, struct quic_node, rb);

		if (cur->key <= key) {
			best = cur;
			rb = rb->rb_right;
		} else {
			rb = rb->rb_left;
		}
	}
	return best;
}

/* The node with exactly @key, or NULL. */
static inline struct quic_node *quic_tree_find(const struct quic_tree *t, u64 key)
{
	struct quic_node *n = quic_tree_find_le(t, key);

	return n && n->key == key ? n : NULL;
}

#endif /* _QUIC_CORE_ENV_H */
