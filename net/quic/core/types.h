/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/types.h - the vocabulary: units, encryption levels, roles, spans
 *
 * Only what several files of the core need and no file owns.
 */
#ifndef _QUIC_CORE_TYPES_H
#define _QUIC_CORE_TYPES_H

#include "env.h"

typedef u64 quic_pn;	/* a full packet number, 0 .. 2^62-1 */
typedef u64 quic_sid;	/* a stream id, 0 .. 2^62-1 */
typedef u64 quic_us;	/* microseconds: a time of the host's monotonic clock, or a duration */

#define QUIC_US_NEVER		U64_MAX		/* as a deadline: none */
#define QUIC_US_PER_MS		1000ULL
#define QUIC_US_PER_SEC		1000000ULL
#define QUIC_VARINT_MAX		((1ULL << 62) - 1)	/* RFC 9000 16 */
#define QUIC_PN_MAX		QUIC_VARINT_MAX		/* RFC 9000 12.3 */
#define QUIC_PN_NONE		U64_MAX		/* no packet number yet */
#define QUIC_CID_MAX_BYTES	20		/* [9000-17.2#2] [9000-17.2#4] */
/* The length of every id we choose: none is empty [9000-5.1#3] [9000-7.2#1] [9000-19.15#2]. */
#define QUIC_CID_OURS_BYTES	8
#define QUIC_RESET_TOKEN_BYTES	16		/* RFC 9000 10.3 */
#define QUIC_TAG_BYTES		16		/* AEAD tag of all four ciphers, RFC 9001 5.3 */
#define QUIC_IV_BYTES		12
#define QUIC_SECRET_MAX_BYTES	48
#define QUIC_HP_SAMPLE_BYTES	16		/* RFC 9001 5.4.2 */
#define QUIC_MIN_DATAGRAM_BYTES	1200		/* RFC 9000 14.1 */

/* Encryption levels in the order a handshake reaches them; indexes arrays. */
enum quic_level {
	QUIC_LEVEL_INITIAL,
	QUIC_LEVEL_EARLY,	/* 0-RTT: shares its packet number space with APP */
	QUIC_LEVEL_HANDSHAKE,
	QUIC_LEVEL_APP,
	QUIC_NR_LEVELS,
};

/* Packet number spaces, RFC 9000 12.3; indexes arrays. */
enum quic_space {
	QUIC_SPACE_INITIAL,
	QUIC_SPACE_HANDSHAKE,
	QUIC_SPACE_APP,
	QUIC_NR_SPACES,
};

/* The space whose numbers packets of @level have, RFC 9000 12.3. */
static inline enum quic_space quic_level_space(enum quic_level level)
{
	switch (level) {
	case QUIC_LEVEL_INITIAL:
		return QUIC_SPACE_INITIAL;
	case QUIC_LEVEL_HANDSHAKE:
		return QUIC_SPACE_HANDSHAKE;
	default:
		return QUIC_SPACE_APP;
	}
}

/* ECN codepoint of an IP header, its two bits as they stand there (RFC 3168). */
enum quic_ecn {
	QUIC_ECN_NOT_ECT,
	QUIC_ECN_ECT1,
	QUIC_ECN_ECT0,
	QUIC_ECN_CE,
	QUIC_NR_ECN,
};

/* Bytes owned by somebody else, valid as long as the buffer they lie in. */
struct quic_span {
	const u8 *data;
	size_t len;
};

/* A connection id; @len 0 is valid and means the empty one. */
struct quic_cid {
	u8 len;
	u8 data[QUIC_CID_MAX_BYTES];
};

/* Not in constant time: connection ids are no secrets. */
static inline bool quic_cid_equal(const struct quic_cid *a, const struct quic_cid *b)
{
	return a->len == b->len && !memcmp(a->data, b->data, a->len);
}

#endif /* _QUIC_CORE_TYPES_H */
