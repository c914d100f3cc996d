/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rfc9000.h - the samples of RFC 9000 appendix A, and the edges beside them
 */
#ifndef _QUIC_VECTORS_RFC9000_H
#define _QUIC_VECTORS_RFC9000_H

/**
 * struct quic_vector_varint - a varint on the wire
 * @len: bytes
 * @bytes: encoded
 * @value: decoded
 * @shortest: is it what an encoder writes
 */
struct quic_vector_varint {
	u8 len;
	u8 bytes[8];
	u64 value;
	bool shortest;
};

static const struct quic_vector_varint quic_vectors_varint[] = {
	/* A.1 */
	{ 8, { 0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c }, 151288809941952652ULL, true },
	{ 4, { 0x9d, 0x7f, 0x3e, 0x7d }, 494878333, true },
	{ 2, { 0x7b, 0xbd }, 15293, true },
	{ 1, { 0x25 }, 37, true },
	{ 2, { 0x40, 0x25 }, 37, false },
	/* table 4: the ends of each length */
	{ 1, { 0x00 }, 0, true },
	{ 1, { 0x3f }, 63, true },
	{ 2, { 0x40, 0x40 }, 64, true },
	{ 2, { 0x7f, 0xff }, 16383, true },
	{ 4, { 0x80, 0x00, 0x40, 0x00 }, 16384, true },
	{ 4, { 0xbf, 0xff, 0xff, 0xff }, 1073741823, true },
	{ 8, { 0xc0, 0x00, 0x00, 0x00, 0x40, 0x00, 0x00, 0x00 }, 1073741824, true },
	{ 8, { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, 4611686018427387903ULL, true },
	{ 8, { 0xc0 }, 0, false },
	{ 4, { 0x80, 0x00, 0x3f, 0xff }, 16383, false },
};

/**
 * struct quic_vector_pn_len - how many bytes a packet number is sent in
 * @pn: to be sent
 * @largest_acked: U64_MAX when none
 * @bytes: 1..4
 */
struct quic_vector_pn_len {
	u64 pn;
	u64 largest_acked;
	u8 bytes;
};

static const struct quic_vector_pn_len quic_vectors_pn_len[] = {
	/* A.2 */
	{ 0xac5c02, 0xabe8b3, 2 },
	{ 0xace8fe, 0xabe8b3, 3 },
	/* 17.1: more than twice the distance */
	{ 0, U64_MAX, 1 },
	{ 126, U64_MAX, 1 },
	{ 127, U64_MAX, 2 },
	{ 1000 + 127, 1000, 1 },
	{ 1000 + 128, 1000, 2 },
	{ 1000 + 32767, 1000, 2 },
	{ 1000 + 32768, 1000, 3 },
	{ 1000 + 8388607, 1000, 3 },
	{ 1000 + 8388608, 1000, 4 },
};

/**
 * struct quic_vector_pn - a truncated packet number and what it stands for
 * @expected: largest received + 1
 * @truncated: on the wire
 * @bytes: 1..4
 * @pn: full
 */
struct quic_vector_pn {
	u64 expected;
	u64 truncated;
	u8 bytes;
	u64 pn;
};

static const struct quic_vector_pn quic_vectors_pn[] = {
	/* A.3 */
	{ 0xa82f30eb, 0x9b32, 2, 0xa82f9b32 },
	/* RFC 9001 A.2 and A.5 */
	{ 0, 2, 4, 2 },
	{ 654360564, 49140, 3, 654360564 },
	/* at both ends of the window, and where numbers begin and end */
	{ 0, 0xff, 1, 0xff },
	{ 0x100, 0x80, 1, 0x180 },
	{ 0x100, 0x81, 1, 0x81 },
	{ 0x17f, 0xff, 1, 0x1ff },
	{ 0x17e, 0xff, 1, 0xff },
	{ 0x1ff, 0x7f, 1, 0x27f },
	{ 0x200, 0x80, 1, 0x280 },
	{ 0x3fffffffffffffffULL, 0xff, 1, 0x3fffffffffffffffULL },
	{ 0x3fffffffffffffffULL, 0x00, 1, 0x3fffffffffffff00ULL },
};

#endif /* _QUIC_VECTORS_RFC9000_H */
