/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/version.h - what differs between QUIC versions 1 and 2
 *
 * One table row per version: Initial salt, Retry key and nonce, HKDF label
 * prefix, long-header type bits (RFC 9001 5.2, 5.8; RFC 9369 3).
 */
#ifndef _QUIC_CORE_VERSION_H
#define _QUIC_CORE_VERSION_H

#include "types.h"

#define QUIC_VERSION_NEGOTIATION	0U
#define QUIC_V1				0x00000001U
#define QUIC_V2				0x6b3343cfU

/* Long header packet types, in v1's order of type bits (RFC 9000 17.2). */
enum quic_long_type {
	QUIC_LONG_INITIAL,
	QUIC_LONG_0RTT,
	QUIC_LONG_HANDSHAKE,
	QUIC_LONG_RETRY,
};

/**
 * struct quic_version - one version's constants
 * @number: on the wire
 * @initial_salt: for the Initial secret
 * @retry_key: of the Retry integrity tag
 * @retry_nonce: of the Retry integrity tag
 * @label_key: HKDF label "quic key" or "quicv2 key"; the other three likewise
 * @label_iv: for the IV
 * @label_hp: for the header protection key
 * @label_ku: for the next secret of a key update
 * @type_bits: enum quic_long_type to the two type bits
 */
struct quic_version {
	u32 number;
	u8 initial_salt[20];
	u8 retry_key[16];
	u8 retry_nonce[12];
	const char *label_key;
	const char *label_iv;
	const char *label_hp;
	const char *label_ku;
	u8 type_bits[4];
};

/* The row of @number, NULL when we do not speak it. */
const struct quic_version *quic_version_find(u32 number);
/* The i-th version we speak, in order of preference; NULL past the last. */
const struct quic_version *quic_version_at(unsigned int i);
/* Reserved for greasing: 0x?a?a?a?a (RFC 9000 15). */
bool quic_version_is_reserved(u32 number);
/* Long header type of the two type bits @bits of version @v. */
enum quic_long_type quic_version_long_type(const struct quic_version *v, u8 bits);
/* Our most preferred version among @n in @theirs; NULL when none is common. */
const struct quic_version *quic_version_select(const u32 *theirs, size_t n);

#endif /* _QUIC_CORE_VERSION_H */
