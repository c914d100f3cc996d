// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/version.c - the table of versions, in order of preference
 *
 * Version 1 comes first: RFC 9369 5 leaves the choice open, and version 1 is
 * what every peer speaks and what UAPI.md makes the default.
 */
#include "version.h"

static const struct quic_version quic_version_rows[] = {
	{	/* RFC 9001 5.2, 5.1, 5.8; RFC 9000 17.2 */
		.number = QUIC_V1,
		.initial_salt = {
			0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
			0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a,
		},
		.retry_key = {
			0xbe, 0x0c, 0x69, 0x0b, 0x9f, 0x66, 0x57, 0x5a,
			0x1d, 0x76, 0x6b, 0x54, 0xe3, 0x68, 0xc8, 0x4e,
		},
		.retry_nonce = {
			0x46, 0x15, 0x99, 0xd3, 0x5d, 0x63, 0x2b, 0xf2, 0x23, 0x98, 0x25, 0xbb,
		},
		.label_key = "quic key",
		.label_iv = "quic iv",
		.label_hp = "quic hp",
		.label_ku = "quic ku",
		.type_bits = {
			[QUIC_LONG_INITIAL] = 0,
			[QUIC_LONG_0RTT] = 1,
			[QUIC_LONG_HANDSHAKE] = 2,
			[QUIC_LONG_RETRY] = 3,
		},
	}, {	/* RFC 9369 3.1 to 3.3: nothing else differs [9369-3#1] */
		.number = QUIC_V2,
		.initial_salt = {
			0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
			0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9,
		},
		.retry_key = {
			0x8f, 0xb4, 0xb0, 0x1b, 0x56, 0xac, 0x48, 0xe2,
			0x60, 0xfb, 0xcb, 0xce, 0xad, 0x7c, 0xcc, 0x92,
		},
		.retry_nonce = {
			0xd8, 0x69, 0x69, 0xbc, 0x2d, 0x7c, 0x6d, 0x99, 0x90, 0xef, 0xb0, 0x4a,
		},
		.label_key = "quicv2 key",
		.label_iv = "quicv2 iv",
		.label_hp = "quicv2 hp",
		.label_ku = "quicv2 ku",
		.type_bits = {
			[QUIC_LONG_INITIAL] = 1,
			[QUIC_LONG_0RTT] = 2,
			[QUIC_LONG_HANDSHAKE] = 3,
			[QUIC_LONG_RETRY] = 0,
		},
	},
};

const struct quic_version *quic_version_at(unsigned int i)
{
	return i < ARRAY_SIZE(quic_version_rows) ? &quic_version_rows[i] : NULL;
}

const struct quic_version *quic_version_find(u32 number)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(quic_version_rows); i++)
		if (quic_version_rows[i].number == number)
			return &quic_version_rows[i];
	return NULL;
}

bool quic_version_is_reserved(u32 number)
{
	return (number & 0x0f0f0f0f) == 0x0a0a0a0a;
}

enum quic_long_type quic_version_long_type(const struct quic_version *v, u8 bits)
{
	unsigned int type;

	/* The rows are permutations of 0..3: the last type needs no look. */
	for (type = QUIC_LONG_INITIAL; type < QUIC_LONG_RETRY; type++)
		if (v->type_bits[type] == (bits & 3))
			break;
	return type;
}

const struct quic_version *quic_version_select(const u32 *theirs, size_t n)
{
	unsigned int i;
	size_t k;

	for (i = 0; i < ARRAY_SIZE(quic_version_rows); i++)
		for (k = 0; k < n; k++)
			if (theirs[k] == quic_version_rows[i].number)
				return &quic_version_rows[i];
	return NULL;
}
