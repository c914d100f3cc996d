/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * unit.h - what every unit test includes: cmocka, and repeatable random numbers
 */
#ifndef _QUIC_UNIT_H
#define _QUIC_UNIT_H

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

__weak u64 unit_random_state = 0x853c49e6748fea9bULL;

/* Starts the sequence of unit_random() again from @seed. */
static inline void unit_random_seed(u64 seed)
{
	unit_random_state = seed * 0x9e3779b97f4a7c15ULL + 0x853c49e6748fea9bULL;
}

/* 64 random bits (splitmix64): the same ones in every run. */
static inline u64 unit_random64(void)
{
	u64 z = (unit_random_state += 0x9e3779b97f4a7c15ULL);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

/* A random number in 0 .. @n-1. */
static inline u64 unit_random(u64 n)
{
	return unit_random64() % n;
}

/* A random varint value, every magnitude equally likely, edges often. */
static inline u64 unit_random_varint(void)
{
	unsigned int bits = unit_random(63);
	u64 v = bits ? unit_random64() >> (64 - bits) : 0;

	switch (unit_random(8)) {
	case 0:
		return bits ? (1ULL << bits) - 1 : 0;
	case 1:
		return bits < 62 ? 1ULL << bits : (1ULL << 62) - 1;
	default:
		return v;
	}
}

/* Fills @dst with @n random bytes. */
static inline void unit_random_bytes(void *dst, size_t n)
{
	u8 *p = dst;

	while (n--)
		*p++ = unit_random64();
}

#endif /* _QUIC_UNIT_H */
