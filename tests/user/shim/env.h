/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shim/env.h - user-space stand-in of net/quic/core/env.h
 *
 * Included before everything else (-include) and guarded by the same name, so
 * that core and engine sources compile unchanged outside the kernel.  Offers
 * what core/env.h offers there, with the kernel's meaning: types, errno,
 * min/max, bits, byte order, lists, 64-bit division, allocator, ordered tree.
 *
 * Different from the kernel on purpose: WARN_ON*() and BUG_ON() abort, and an
 * allocation can be made to fail (quic_env_fail_nth()).  The counters are weak
 * so that the file needs no object of its own.
 */
#ifndef _QUIC_CORE_ENV_H
#define _QUIC_CORE_ENV_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <endian.h>
#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <linux/types.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s8 s8;
typedef __s16 s16;
typedef __s32 s32;
typedef __s64 s64;
typedef unsigned int gfp_t;

#define U8_MAX		((u8)~0U)
#define S8_MAX		((s8)(U8_MAX >> 1))
#define U16_MAX		((u16)~0U)
#define S16_MAX		((s16)(U16_MAX >> 1))
#define U32_MAX		((u32)~0U)
#define S32_MAX		((s32)(U32_MAX >> 1))
#define U64_MAX		((u64)~0ULL)
#define S64_MAX		((s64)(U64_MAX >> 1))
#define S64_MIN		((s64)(-S64_MAX - 1))

/* Errno values user space does not have but the kernel does. */
#ifndef ENOTSUPP
#define ENOTSUPP	524
#endif

/* --- compiler ---------------------------------------------------------- */

#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)
#undef __always_inline
#define __always_inline	inline __attribute__((__always_inline__))
#define noinline	__attribute__((__noinline__))
#define __must_check	__attribute__((__warn_unused_result__))
#define __maybe_unused	__attribute__((__unused__))
#define __packed	__attribute__((__packed__))
#define __aligned(n)	__attribute__((__aligned__(n)))
#define __pure		__attribute__((__pure__))
#define __cold		__attribute__((__cold__))
#define __weak		__attribute__((__weak__))
#define __printf(a, b)	__attribute__((__format__(printf, a, b)))
#define __read_mostly
#define __ro_after_init
#undef __counted_by	/* newer uapi headers have it */
#define __counted_by(member)
#define ____cacheline_aligned
#define fallthrough	__attribute__((__fallthrough__))
#define barrier()	__asm__ __volatile__("" : : : "memory")

#define READ_ONCE(x)		(*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, val)	(*(volatile __typeof__(x) *)&(x) = (val))

#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define sizeof_field(t, m)	sizeof(((t *)0)->m)
#define offsetofend(t, m)	(offsetof(t, m) + sizeof_field(t, m))
#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))
#define struct_size(p, member, n) \
	(sizeof(*(p)) + sizeof((p)->member[0]) * (size_t)(n))

#ifndef static_assert
#define static_assert(expr, ...) _Static_assert(expr, "" #expr)
#endif
#define BUILD_BUG_ON(cond)		_Static_assert(!(cond), "BUILD_BUG_ON: " #cond)
#define BUILD_BUG_ON_MSG(cond, msg)	_Static_assert(!(cond), msg)
#define BUILD_BUG_ON_ZERO(cond)		((int)(sizeof(struct { int : (-!!(cond)); })))

static inline void quic_env_die(const char *what, const char *file, int line)
{
	fprintf(stderr, "%s:%d: %s\n", file, line, what);
	fflush(NULL);
	abort();
}

#define WARN_ON(cond) ({						\
	bool __cond = !!(cond);						\
	if (unlikely(__cond))						\
		quic_env_die("WARN_ON(" #cond ")", __FILE__, __LINE__);	\
	__cond;								\
})
#define WARN_ON_ONCE(cond)		WARN_ON(cond)
#define WARN(cond, ...)			WARN_ON(cond)
#define WARN_ONCE(cond, ...)		WARN_ON(cond)
#define BUG_ON(cond)			((void)WARN_ON(cond))
#define BUG()				BUG_ON(true)

/* --- min, max, arithmetic ---------------------------------------------- */

#define quic_env_pick(op, x, y) ({	\
	__auto_type __x = (x);		\
	__auto_type __y = (y);		\
	__x op __y ? __x : __y;		\
})
#define min(x, y)		quic_env_pick(<, x, y)
#define max(x, y)		quic_env_pick(>, x, y)
#define min3(x, y, z)		min(min(x, y), z)
#define max3(x, y, z)		max(max(x, y), z)
#define min_t(t, x, y)		min((t)(x), (t)(y))
#define max_t(t, x, y)		max((t)(x), (t)(y))
#define min_not_zero(x, y) ({					\
	__auto_type __mx = (x);					\
	__auto_type __my = (y);					\
	__mx == 0 ? __my : (__my == 0 ? __mx : min(__mx, __my));	\
})
#define clamp(v, lo, hi)	min(max(v, lo), hi)
#define clamp_t(t, v, lo, hi)	min_t(t, max_t(t, v, lo), hi)
#define clamp_val(v, lo, hi)	clamp_t(__typeof__(v), v, lo, hi)
#define swap(a, b) do {			\
	__typeof__(a) __tmp = (a);	\
	(a) = (b);			\
	(b) = __tmp;			\
} while (0)
#define abs_diff(a, b) ({			\
	__auto_type __a = (a);			\
	__auto_type __b = (b);			\
	__a > __b ? __a - __b : __b - __a;	\
})

#define DIV_ROUND_UP(n, d)	(((n) + (d) - 1) / (d))
#define DIV_ROUND_UP_ULL(n, d)	DIV_ROUND_UP((u64)(n), (u64)(d))
#define DIV_ROUND_CLOSEST_ULL(n, d)	(((u64)(n) + (d) / 2) / (d))
#define roundup(x, y)		(DIV_ROUND_UP(x, y) * (y))
#define rounddown(x, y)		((x) - (x) % (y))
#define round_up(x, y)		((((x) - 1) | ((__typeof__(x))(y) - 1)) + 1)
#define round_down(x, y)	((x) & ~((__typeof__(x))(y) - 1))
#define ALIGN(x, a)		round_up(x, a)
#define mult_frac(x, n, d) ({						\
	__auto_type __x = (x);						\
	__auto_type __n = (n);						\
	__auto_type __d = (d);						\
	__typeof__(__x) __q = __x / __d;				\
	__typeof__(__x) __r = __x % __d;				\
	__q * __n + __r * __n / __d;					\
})

static inline u64 div_u64(u64 n, u32 d)
{
	return n / d;
}

static inline u64 div_u64_rem(u64 n, u32 d, u32 *rem)
{
	*rem = n % d;
	return n / d;
}

static inline u64 div64_u64(u64 n, u64 d)
{
	return n / d;
}

static inline u64 div64_u64_rem(u64 n, u64 d, u64 *rem)
{
	*rem = n % d;
	return n / d;
}

static inline s64 div_s64(s64 n, s32 d)
{
	return n / d;
}

static inline s64 div64_s64(s64 n, s64 d)
{
	return n / d;
}

static inline u64 mul_u32_u32(u32 a, u32 b)
{
	return (u64)a * b;
}

static inline u64 mul_u64_u32_div(u64 a, u32 mul, u32 d)
{
	return (u64)((unsigned __int128)a * mul / d);
}

static inline u64 mul_u64_u32_shr(u64 a, u32 mul, unsigned int shift)
{
	return (u64)(((unsigned __int128)a * mul) >> shift);
}

static inline u64 mul_u64_u64_shr(u64 a, u64 mul, unsigned int shift)
{
	return (u64)(((unsigned __int128)a * mul) >> shift);
}

/* The kernel's result is undefined when it needs more than 64 bits; here: die. */
static inline u64 mul_u64_u64_div_u64(u64 a, u64 mul, u64 d)
{
	unsigned __int128 q = (unsigned __int128)a * mul / d;

	BUG_ON(q > U64_MAX);
	return (u64)q;
}

#define check_add_overflow(a, b, d)	__builtin_add_overflow(a, b, d)
#define check_sub_overflow(a, b, d)	__builtin_sub_overflow(a, b, d)
#define check_mul_overflow(a, b, d)	__builtin_mul_overflow(a, b, d)

static inline size_t array_size(size_t a, size_t b)
{
	size_t bytes;

	return __builtin_mul_overflow(a, b, &bytes) ? SIZE_MAX : bytes;
}

/* --- bits -------------------------------------------------------------- */

#define BITS_PER_LONG	((int)(sizeof(long) * 8))
#define BIT(n)		(1UL << (n))
#define BIT_ULL(n)	(1ULL << (n))
#define GENMASK(h, l)	(((~0UL) << (l)) & (~0UL >> (BITS_PER_LONG - 1 - (h))))
#define GENMASK_ULL(h, l)	(((~0ULL) << (l)) & (~0ULL >> (63 - (h))))

static inline int fls(unsigned int x)
{
	return x ? 32 - __builtin_clz(x) : 0;
}

static inline int fls64(u64 x)
{
	return x ? 64 - __builtin_clzll(x) : 0;
}

static inline unsigned long __ffs(unsigned long x)
{
	return __builtin_ctzl(x);
}

static inline unsigned long __ffs64(u64 x)
{
	return __builtin_ctzll(x);
}

static inline unsigned int hweight8(unsigned int x)
{
	return __builtin_popcount(x & 0xff);
}

static inline unsigned int hweight16(unsigned int x)
{
	return __builtin_popcount(x & 0xffff);
}

static inline unsigned int hweight32(unsigned int x)
{
	return __builtin_popcount(x);
}

static inline unsigned long hweight64(u64 x)
{
	return __builtin_popcountll(x);
}

#define ilog2(x)		(fls64(x) - 1)

static inline bool is_power_of_2(unsigned long n)
{
	return n && !(n & (n - 1));
}

static inline unsigned long roundup_pow_of_two(unsigned long n)
{
	return n <= 1 ? 1 : 1UL << fls64(n - 1);
}

static inline unsigned long rounddown_pow_of_two(unsigned long n)
{
	return 1UL << (fls64(n) - 1);
}

static inline u32 rol32(u32 w, unsigned int s)
{
	return (w << (s & 31)) | (w >> ((-s) & 31));
}

static inline u32 ror32(u32 w, unsigned int s)
{
	return (w >> (s & 31)) | (w << ((-s) & 31));
}

static inline u64 rol64(u64 w, unsigned int s)
{
	return (w << (s & 63)) | (w >> ((-s) & 63));
}

/* Non-atomic bitmaps, as __set_bit() and friends of the kernel. */
#define BITS_TO_LONGS(n)	DIV_ROUND_UP(n, BITS_PER_LONG)
#define DECLARE_BITMAP(name, bits)	unsigned long name[BITS_TO_LONGS(bits)]

static inline void __set_bit(unsigned long nr, unsigned long *addr)
{
	addr[nr / BITS_PER_LONG] |= 1UL << (nr % BITS_PER_LONG);
}

static inline void __clear_bit(unsigned long nr, unsigned long *addr)
{
	addr[nr / BITS_PER_LONG] &= ~(1UL << (nr % BITS_PER_LONG));
}

static inline bool test_bit(unsigned long nr, const unsigned long *addr)
{
	return addr[nr / BITS_PER_LONG] >> (nr % BITS_PER_LONG) & 1;
}

static inline bool __test_and_set_bit(unsigned long nr, unsigned long *addr)
{
	bool was = test_bit(nr, addr);

	__set_bit(nr, addr);
	return was;
}

static inline bool __test_and_clear_bit(unsigned long nr, unsigned long *addr)
{
	bool was = test_bit(nr, addr);

	__clear_bit(nr, addr);
	return was;
}

/* --- byte order and unaligned access ----------------------------------- */

#define cpu_to_be16(x)	((__be16)htobe16(x))
#define cpu_to_be32(x)	((__be32)htobe32(x))
#define cpu_to_be64(x)	((__be64)htobe64(x))
#define be16_to_cpu(x)	be16toh(x)
#define be32_to_cpu(x)	be32toh(x)
#define be64_to_cpu(x)	be64toh(x)
#define cpu_to_le32(x)	((__le32)htole32(x))
#define cpu_to_le64(x)	((__le64)htole64(x))
#define le32_to_cpu(x)	le32toh(x)
#define le64_to_cpu(x)	le64toh(x)

#define QUIC_ENV_UNALIGNED(order, bits)						\
static inline u##bits get_unaligned_##order##bits(const void *p)		\
{										\
	u##bits v;								\
										\
	memcpy(&v, p, sizeof(v));						\
	return order##bits##toh(v);						\
}										\
										\
static inline void put_unaligned_##order##bits(u##bits v, void *p)		\
{										\
	v = hto##order##bits(v);						\
	memcpy(p, &v, sizeof(v));						\
}

QUIC_ENV_UNALIGNED(be, 16)
QUIC_ENV_UNALIGNED(be, 32)
QUIC_ENV_UNALIGNED(be, 64)
QUIC_ENV_UNALIGNED(le, 16)
QUIC_ENV_UNALIGNED(le, 32)
QUIC_ENV_UNALIGNED(le, 64)
#undef QUIC_ENV_UNALIGNED

static inline u32 get_unaligned_be24(const void *p)
{
	const u8 *b = p;

	return (u32)b[0] << 16 | (u32)b[1] << 8 | b[2];
}

static inline void put_unaligned_be24(u32 v, void *p)
{
	u8 *b = p;

	b[0] = v >> 16;
	b[1] = v >> 8;
	b[2] = v;
}

/* --- memory ------------------------------------------------------------ */

static inline void memzero_explicit(void *p, size_t n)
{
	explicit_bzero(p, n);
}

/* First byte that is not @c, or NULL. */
static inline void *memchr_inv(const void *p, int c, size_t n)
{
	const u8 *b = p;

	for (; n; n--, b++)
		if (*b != (u8)c)
			return (void *)b;
	return NULL;
}

/* The allocation that fails next: 1 is the coming one, 0 none. */
__weak unsigned long quic_env_fail_in;
/* Allocations not yet freed: a test of the core ends with the number it began with. */
__weak long quic_env_live;
/* The bytes in them. */
__weak long quic_env_bytes;

/* Makes the @n-th allocation from now fail (once); 0 switches that off. */
static inline void quic_env_fail_nth(unsigned long n)
{
	quic_env_fail_in = n;
}

static inline void *quic_env_alloc(size_t n, size_t size)
{
	void *p;

	if (quic_env_fail_in && !--quic_env_fail_in)
		return NULL;
	p = calloc(n, size);
	if (p) {
		quic_env_live++;
		quic_env_bytes += malloc_usable_size(p);
	}
	return p;
}

static inline void quic_env_free(void *p)
{
	if (p) {
		quic_env_live--;
		quic_env_bytes -= malloc_usable_size(p);
	}
	free(p);
}

static inline bool quic_env_equal_secret(const void *a, const void *b, size_t n)
{
	const volatile u8 *x = a, *y = b;
	u8 diff = 0;

	while (n--)
		diff |= *x++ ^ *y++;
	return !diff;
}

#include "list.h"

/* --- ordered tree ------------------------------------------------------ */

/*
 * A treap: a search tree by key that is a heap by a pseudo-random priority,
 * so that it is balanced with high probability whatever the order of inserts.
 */
struct quic_node {
	struct quic_node *up, *left, *right;
	u32 prio;
	u64 key;
};

struct quic_tree {
	struct quic_node *root;
};

static inline void quic_tree_init(struct quic_tree *t)
{
	t->root = NULL;
}

static inline bool quic_tree_is_empty(const struct quic_tree *t)
{
	return !t->root;
}

/* Puts @n where @old hangs below its parent. */
static inline void quic_env_tree_replace(struct quic_tree *t, struct quic_node *old,
					 struct quic_node *n)
{
	struct quic_node *up = old->up;

	if (!up)
		t->root = n;
	else if (up->left == old)
		up->left = n;
	else
		up->right = n;
	if (n)
		n->up = up;
}

/* Moves @n above its parent. */
static inline void quic_env_tree_rotate_up(struct quic_tree *t, struct quic_node *n)
{
	struct quic_node *up = n->up, *moved;

	quic_env_tree_replace(t, up, n);
	if (up->left == n) {
		moved = n->right;
		n->right = up;
		up->left = moved;
	} else {
		moved = n->left;
		n->left = up;
		up->right = moved;
	}
	up->up = n;
	if (moved)
		moved->up = up;
}

static inline struct quic_node *quic_tree_insert(struct quic_tree *t, struct quic_node *n)
{
	static u32 seed = 0x9e3779b9;
	struct quic_node **link = &t->root, *up = NULL;

	while (*link) {
		up = *link;
		if (n->key == up->key)
			return up;
		link = n->key < up->key ? &up->left : &up->right;
	}
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	n->up = up;
	n->left = NULL;
	n->right = NULL;
	n->prio = seed;
	*link = n;
	while (n->up && n->up->prio < n->prio)
		quic_env_tree_rotate_up(t, n);
	return NULL;
}

static inline void quic_tree_erase(struct quic_tree *t, struct quic_node *n)
{
	while (n->left && n->right)
		quic_env_tree_rotate_up(t, n->left->prio > n->right->prio ? n->left : n->right);
	quic_env_tree_replace(t, n, n->left ? n->left : n->right);
	n->up = NULL;
	n->left = NULL;
	n->right = NULL;
}

static inline struct quic_node *quic_tree_first(const struct quic_tree *t)
{
	struct quic_node *n = t->root;

	while (n && n->left)
		n = n->left;
	return n;
}

static inline struct quic_node *quic_tree_next(const struct quic_tree *t, struct quic_node *n)
{
	(void)t;
	if (n->right) {
		for (n = n->right; n->left; n = n->left)
			;
		return n;
	}
	while (n->up && n->up->right == n)
		n = n->up;
	return n->up;
}

static inline struct quic_node *quic_tree_prev(const struct quic_tree *t, struct quic_node *n)
{
	(void)t;
	if (n->left) {
		for (n = n->left; n->right; n = n->right)
			;
		return n;
	}
	while (n->up && n->up->left == n)
		n = n->up;
	return n->up;
}

static inline struct quic_node *quic_tree_find_le(const struct quic_tree *t, u64 key)
{
	struct quic_node *n = t->root, *best = NULL;

	while (n) {
		if (n->key <= key) {
			best = n;
			n = n->right;
		} else {
			n = n->left;
		}
	}
	return best;
}

static inline struct quic_node *quic_tree_find(const struct quic_tree *t, u64 key)
{
	struct quic_node *n = quic_tree_find_le(t, key);

	return n && n->key == key ? n : NULL;
}

#endif /* _QUIC_CORE_ENV_H */
