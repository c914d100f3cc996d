/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tparams.h - blobs of transport parameters and what a decoder makes of each
 *
 * Written from RFC 9000 18, RFC 9221 3, RFC 9287 3 and RFC 9368 3; the bad ones
 * break [9000-7.4], [9000-18.2], [9000-4.6], [9287-3], [9368-4].  Include after
 * core/tparam.h.
 */
#ifndef _QUIC_VECTORS_TPARAMS_H
#define _QUIC_VECTORS_TPARAMS_H

/**
 * struct quic_vector_tparam - one blob
 * @what: what the case is about
 * @from_client: who sent it
 * @violation: what is wrong, QUIC_VIOLATION_NONE when nothing is
 * @len: bytes
 * @bytes: encoded
 */
struct quic_vector_tparam {
	const char *what;
	bool from_client;
	u8 violation;
	u8 len;
	u8 bytes[90];
};

#define QUIC_VT(what, from_client, violation, ...) { \
	what, from_client, QUIC_VIOLATION_##violation, \
	sizeof((const u8[]){ __VA_ARGS__ }), { __VA_ARGS__ } }

#define QUIC_VT_16	1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
#define QUIC_VT_18	QUIC_VT_16, 17, 18
#define QUIC_VT_ADDRESSES	127, 0, 0, 1, 0x11, 0x51, QUIC_VT_16, 0x11, 0x52
#define QUIC_VT_V1	0, 0, 0, 1
#define QUIC_VT_V2	0x6b, 0x33, 0x43, 0xcf

static const struct quic_vector_tparam quic_vectors_tparams[] = {
	/* the extension's content in the ClientHello of RFC 9001 A.2 */
	QUIC_VT("RFC 9001 A.2", true, NONE,
		0x04, 0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x05, 0x04, 0x80, 0x00,
		0xff, 0xff, 0x07, 0x04, 0x80, 0x00, 0xff, 0xff, 0x08, 0x01, 0x10, 0x01, 0x04, 0x80,
		0x00, 0x75, 0x30, 0x09, 0x01, 0x10, 0x0f, 0x08, 0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51,
		0x57, 0x08, 0x06, 0x04, 0x80, 0x00, 0xff, 0xff),
	QUIC_VT("ids and token of a server", false, NONE,
		0x00, 0x02, 1, 2, 0x02, 0x10, QUIC_VT_16, 0x0f, 0x01, 7, 0x10, 0x00),
	QUIC_VT("least values", true, NONE, 0x03, 0x02, 0x44, 0xb0, 0x0e, 0x01, 2, 0x0a, 0x01, 0),
	QUIC_VT("largest values", true, NONE,
		0x0a, 0x01, 20, 0x0b, 0x02, 0x7f, 0xff,
		0x08, 0x08, 0xd0, 0, 0, 0, 0, 0, 0, 0, 0x09, 0x08, 0xd0, 0, 0, 0, 0, 0, 0, 0),
	QUIC_VT("flags", true, NONE, 0x0c, 0x00, 0x6a, 0xb2, 0x00, 0x80, 0x00, 0xba, 0xad, 0x00),
	/* draft-ietf-quic-ack-frequency 3; 25 ms are what an absent max_ack_delay means */
	QUIC_VT("min_ack_delay", true, NONE, 0xc0, 0, 0, 0, 0xff, 0x04, 0xde, 0x1b, 2, 0x43, 0xe8),
	QUIC_VT("min_ack_delay as large as max_ack_delay", false, NONE,
		0xc0, 0, 0, 0, 0xff, 0x04, 0xde, 0x1b, 4, 0x80, 0, 0x61, 0xa8),
	QUIC_VT("min_ack_delay above max_ack_delay", true, TPARAM_VALUE_INVALID,
		0xc0, 0, 0, 0, 0xff, 0x04, 0xde, 0x1b, 4, 0x80, 0, 0x61, 0xa9),
	QUIC_VT("min_ack_delay above a smaller max_ack_delay that follows", true,
		TPARAM_VALUE_INVALID, 0xc0, 0, 0, 0, 0xff, 0x04, 0xde, 0x1b, 2, 0x43, 0xe9,
		0x0b, 1, 1),
	QUIC_VT("datagrams", true, NONE, 0x20, 0x04, 0x80, 0x00, 0xff, 0xff),
	QUIC_VT("preferred address", false, NONE,
		0x0d, 43, QUIC_VT_ADDRESSES, 2, 8, 9, QUIC_VT_16, 0x0f, 0x01, 5),
	QUIC_VT("versions", true, NONE,
		0x11, 12, QUIC_VT_V1, QUIC_VT_V2, QUIC_VT_V1),
	QUIC_VT("no available version from a server", false, NONE, 0x11, 4, QUIC_VT_V1),
	QUIC_VT("unknown and reserved ones", true, NONE,
		0x1b, 0x03, 1, 2, 3, 0x40, 0x7f, 0x00, 0x1b, 0x00),
	QUIC_VT("integer in a long form", true, NONE, 0x01, 0x04, 0x80, 0x00, 0x00, 0x01),

	QUIC_VT("id alone", true, TPARAM_MALFORMED, 0x04),
	QUIC_VT("half an id", true, TPARAM_MALFORMED, 0x6a),
	QUIC_VT("longer than the blob", true, TPARAM_MALFORMED, 0x04, 0x02, 0x01),
	QUIC_VT("unknown one longer than the blob", true, TPARAM_MALFORMED, 0x1b, 0x02, 0x01),
	QUIC_VT("empty integer", true, TPARAM_MALFORMED, 0x04, 0x00),
	QUIC_VT("integer and a byte more", true, TPARAM_MALFORMED, 0x04, 0x02, 0x01, 0x01),
	QUIC_VT("integer cut by its length", true, TPARAM_MALFORMED, 0x04, 0x01, 0x40, 0x04, 0x00),
	QUIC_VT("twice", true, TPARAM_DUPLICATE, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01),
	QUIC_VT("a flag twice", true, TPARAM_DUPLICATE, 0x0c, 0x00, 0x0c, 0x00),
	QUIC_VT("udp payload too small", true, TPARAM_VALUE_INVALID, 0x03, 0x02, 0x44, 0xaf),
	QUIC_VT("ack delay exponent 21", true, TPARAM_VALUE_INVALID, 0x0a, 0x01, 21),
	QUIC_VT("max ack delay 2^14", true, TPARAM_VALUE_INVALID, 0x0b, 0x04, 0x80, 0x00, 0x40,
		0x00),
	QUIC_VT("one active connection id", true, TPARAM_VALUE_INVALID, 0x0e, 0x01, 1),
	QUIC_VT("too many streams bidi", true, TPARAM_VALUE_INVALID,
		0x08, 0x08, 0xd0, 0, 0, 0, 0, 0, 0, 1),
	QUIC_VT("too many streams uni", true, TPARAM_VALUE_INVALID,
		0x09, 0x08, 0xff, 0, 0, 0, 0, 0, 0, 1),
	QUIC_VT("flag with a value", true, TPARAM_MALFORMED, 0x0c, 0x01, 0x01),
	QUIC_VT("grease flag with a value", true, TPARAM_MALFORMED, 0x6a, 0xb2, 0x01, 0x00),
	QUIC_VT("connection id of 21 bytes", true, TPARAM_VALUE_INVALID,
		0x0f, 21, QUIC_VT_18, 19, 20, 21),
	QUIC_VT("reset token of 15 bytes", false, TPARAM_MALFORMED,
		0x02, 15, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
	QUIC_VT("reset token of 17 bytes", false, TPARAM_MALFORMED, 0x02, 17, QUIC_VT_16, 17),
	QUIC_VT("original id from a client", true, TPARAM_FROM_CLIENT, 0x00, 0x01, 1),
	QUIC_VT("reset token from a client", true, TPARAM_FROM_CLIENT, 0x02, 0x10, QUIC_VT_16),
	QUIC_VT("preferred address from a client", true, TPARAM_FROM_CLIENT, 0x0d, 0x00),
	QUIC_VT("retry id from a client", true, TPARAM_FROM_CLIENT, 0x10, 0x00),
	QUIC_VT("preferred address with an empty id", false, TPARAM_VALUE_INVALID,
		0x0d, 41, QUIC_VT_ADDRESSES, 0, QUIC_VT_16),
	QUIC_VT("preferred address with an id of 21 bytes", false, TPARAM_VALUE_INVALID,
		0x0d, 62, QUIC_VT_ADDRESSES, 21, QUIC_VT_18, 19, 20, 21, QUIC_VT_16),
	QUIC_VT("preferred address cut", false, TPARAM_MALFORMED,
		0x0d, 42, QUIC_VT_ADDRESSES, 2, 8, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
		14, 15),
	QUIC_VT("preferred address of who has the empty id", false, TPARAM_VALUE_INVALID,
		0x0f, 0x00, 0x0d, 43, QUIC_VT_ADDRESSES, 2, 8, 9, QUIC_VT_16),
	QUIC_VT("no chosen version", false, VERSION_INFO_MALFORMED, 0x11, 0),
	QUIC_VT("chosen version 0", false, VERSION_INFO_MALFORMED, 0x11, 4, 0, 0, 0, 0),
	QUIC_VT("available version 0", false, VERSION_INFO_MALFORMED,
		0x11, 8, QUIC_VT_V1, 0, 0, 0, 0),
	QUIC_VT("half a version", false, VERSION_INFO_MALFORMED, 0x11, 6, QUIC_VT_V1, 0, 0),
	QUIC_VT("client does not have what it chose", true, VERSION_INFO_MALFORMED,
		0x11, 8, QUIC_VT_V1, QUIC_VT_V2),
};

#endif /* _QUIC_VECTORS_TPARAMS_H */
