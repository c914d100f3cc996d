/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frames.h - encoded frames and what a decoder makes of each
 *
 * Written from the figures of RFC 9000 19 and RFC 9221 4; the bad ones break
 * [9000-12.4], [9000-19.3.1], [9000-19.6], [9000-19.7], [9000-19.8],
 * [9000-19.11], [9000-19.14], [9000-19.15].  Include after core/frame.h.
 */
#ifndef _QUIC_VECTORS_FRAMES_H
#define _QUIC_VECTORS_FRAMES_H

/**
 * struct quic_vector_frame - bytes of one frame, alone in its packet
 * @what: what the case is about
 * @level: encryption level of the packet
 * @violation: what is wrong, QUIC_VIOLATION_NONE when nothing is
 * @type: of a valid frame, as reported
 * @len: bytes
 * @bytes: encoded
 */
struct quic_vector_frame {
	const char *what;
	u8 level;
	u8 violation;
	u8 type;
	u8 len;
	u8 bytes[60];
};

#define QUIC_VF_GOOD(what, level, type, ...) { \
	what, QUIC_LEVEL_##level, QUIC_VIOLATION_NONE, QUIC_FRAME_##type, \
	sizeof((const u8[]){ __VA_ARGS__ }), { __VA_ARGS__ } }
#define QUIC_VF_BAD(what, level, violation, ...) { \
	what, QUIC_LEVEL_##level, QUIC_VIOLATION_##violation, 0, \
	sizeof((const u8[]){ __VA_ARGS__ }), { __VA_ARGS__ } }

#define QUIC_VF_16	1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
#define QUIC_VF_20	QUIC_VF_16, 17, 18, 19, 20
#define QUIC_VF_MAX	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff
#define QUIC_VF_2_60	0xd0, 0, 0, 0, 0, 0, 0, 0
#define QUIC_VF_2_60_1	0xd0, 0, 0, 0, 0, 0, 0, 1

static const struct quic_vector_frame quic_vectors_frames[] = {
	QUIC_VF_GOOD("padding", INITIAL, PADDING, 0x00),
	QUIC_VF_GOOD("padding run", INITIAL, PADDING, 0x00, 0x00, 0x00, 0x00),
	QUIC_VF_GOOD("ping", HANDSHAKE, PING, 0x01),
	QUIC_VF_GOOD("ack of packet 0", INITIAL, ACK, 0x02, 0, 0, 0, 0),
	QUIC_VF_GOOD("ack down to packet 0", APP, ACK, 0x02, 10, 4, 1, 2, 3, 3),
	QUIC_VF_GOOD("ack with ecn", APP, ACK_ECN, 0x03, 0x40, 0xff, 0x44, 0x00, 2, 5,
		     0, 0, 1, 7, 1, 2, 3),
	QUIC_VF_GOOD("ack of the last packet number", APP, ACK,
		     0x02, QUIC_VF_MAX, 0, 0, QUIC_VF_MAX),
	QUIC_VF_GOOD("reset_stream", APP, RESET_STREAM, 0x04, 4, 0x40, 0x80, QUIC_VF_MAX),
	QUIC_VF_GOOD("stop_sending", EARLY, STOP_SENDING, 0x05, 3, 7),
	QUIC_VF_GOOD("crypto", INITIAL, CRYPTO, 0x06, 0, 4, 1, 2, 3, 4),
	QUIC_VF_GOOD("crypto up to the last offset", HANDSHAKE, CRYPTO, 0x06,
		     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 1, 9),
	QUIC_VF_GOOD("empty crypto", HANDSHAKE, CRYPTO, 0x06, 5, 0),
	QUIC_VF_GOOD("new_token", APP, NEW_TOKEN, 0x07, 3, 't', 'o', 'k'),
	QUIC_VF_GOOD("stream to the end of the packet", APP, STREAM, 0x08, 0, 1, 2, 3),
	QUIC_VF_GOOD("stream fin", APP, STREAM, 0x09, 0, 1, 2, 3),
	QUIC_VF_GOOD("stream len", EARLY, STREAM, 0x0a, 4, 2, 1, 2),
	QUIC_VF_GOOD("stream fin len, empty", APP, STREAM, 0x0b, 4, 0),
	QUIC_VF_GOOD("stream off", APP, STREAM, 0x0c, 8, 0x80, 1, 0, 0, 5, 6),
	QUIC_VF_GOOD("stream off fin, empty", APP, STREAM, 0x0d, 8, 0x41, 0),
	QUIC_VF_GOOD("stream off len", APP, STREAM, 0x0e, 2, 0x41, 0, 1, 9),
	QUIC_VF_GOOD("stream off len fin up to the last offset", APP, STREAM, 0x0f, 3,
		     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 1, 9),
	QUIC_VF_GOOD("max_data", APP, MAX_DATA, 0x10, QUIC_VF_MAX),
	QUIC_VF_GOOD("max_stream_data", APP, MAX_STREAM_DATA, 0x11, 8, 0x44, 0),
	QUIC_VF_GOOD("max_streams bidi, most", APP, MAX_STREAMS_BIDI, 0x12, QUIC_VF_2_60),
	QUIC_VF_GOOD("max_streams uni", EARLY, MAX_STREAMS_UNI, 0x13, 36),
	QUIC_VF_GOOD("data_blocked", APP, DATA_BLOCKED, 0x14, 0x7f, 0xff),
	QUIC_VF_GOOD("stream_data_blocked", APP, STREAM_DATA_BLOCKED, 0x15, 4, 0x7f, 0xff),
	QUIC_VF_GOOD("streams_blocked bidi", APP, STREAMS_BLOCKED_BIDI, 0x16, 9),
	QUIC_VF_GOOD("streams_blocked uni, most", APP, STREAMS_BLOCKED_UNI, 0x17, QUIC_VF_2_60),
	QUIC_VF_GOOD("new_connection_id of 20 bytes", APP, NEW_CONNECTION_ID,
		     0x18, 2, 2, 20, QUIC_VF_20, QUIC_VF_16),
	QUIC_VF_GOOD("new_connection_id of 1 byte", EARLY, NEW_CONNECTION_ID,
		     0x18, 2, 0, 1, 77, QUIC_VF_16),
	QUIC_VF_GOOD("retire_connection_id", APP, RETIRE_CONNECTION_ID, 0x19, 1),
	QUIC_VF_GOOD("path_challenge", EARLY, PATH_CHALLENGE, 0x1a, 1, 2, 3, 4, 5, 6, 7, 8),
	QUIC_VF_GOOD("path_response", APP, PATH_RESPONSE, 0x1b, 1, 2, 3, 4, 5, 6, 7, 8),
	QUIC_VF_GOOD("connection_close", INITIAL, CONNECTION_CLOSE,
		     0x1c, 0x41, 0x28, 6, 2, 'h', 'i'),
	QUIC_VF_GOOD("connection_close of the application", APP, CONNECTION_CLOSE_APP, 0x1d, 5, 0),
	QUIC_VF_GOOD("handshake_done", APP, HANDSHAKE_DONE, 0x1e),
	QUIC_VF_GOOD("immediate_ack", APP, IMMEDIATE_ACK, 0x1f),
	QUIC_VF_GOOD("ack_frequency", APP, ACK_FREQUENCY, 0x40, 0xaf, 0, 9, 0x43, 0xe8, 3),
	QUIC_VF_BAD("ack_frequency cut off", APP, FRAME_TRUNCATED, 0x40, 0xaf, 0, 9, 0x43, 0xe8),
	QUIC_VF_BAD("ack_frequency in 0-RTT", EARLY, FRAME_NOT_ALLOWED_HERE,
		    0x40, 0xaf, 0, 9, 0x43, 0xe8, 3),
	QUIC_VF_BAD("ack_frequency in four bytes", APP, FRAME_TYPE_NOT_SHORTEST,
		    0x80, 0, 0, 0xaf, 0, 9, 0x43, 0xe8, 3),
	QUIC_VF_BAD("immediate_ack in a handshake packet", HANDSHAKE, FRAME_NOT_ALLOWED_HERE, 0x1f),
	QUIC_VF_GOOD("datagram", APP, DATAGRAM, 0x30, 1, 2, 3),
	QUIC_VF_GOOD("empty datagram", EARLY, DATAGRAM, 0x30),
	QUIC_VF_GOOD("datagram len", APP, DATAGRAM, 0x31, 2, 1, 2),

	QUIC_VF_BAD("unknown type", APP, FRAME_UNKNOWN_TYPE, 0x20),
	QUIC_VF_BAD("unknown type between the tables", APP, FRAME_UNKNOWN_TYPE, 0x2f),
	QUIC_VF_BAD("unknown type past the table", APP, FRAME_UNKNOWN_TYPE, 0x32),
	QUIC_VF_BAD("unknown long type", APP, FRAME_UNKNOWN_TYPE, 0x40, 0x54),
	QUIC_VF_BAD("long form of ping", APP, FRAME_TYPE_NOT_SHORTEST, 0x40, 0x01),
	QUIC_VF_BAD("long form of an unknown type", APP, FRAME_TYPE_NOT_SHORTEST, 0x80, 0, 0, 0x54),
	QUIC_VF_BAD("half a type", APP, FRAME_TRUNCATED, 0x40),
	QUIC_VF_BAD("stream in Initial", INITIAL, FRAME_NOT_ALLOWED_HERE, 0x08, 0, 1),
	QUIC_VF_BAD("ack in 0-RTT", EARLY, FRAME_NOT_ALLOWED_HERE, 0x02, 0, 0, 0, 0),
	QUIC_VF_BAD("crypto in 0-RTT", EARLY, FRAME_NOT_ALLOWED_HERE, 0x06, 0, 0),
	QUIC_VF_BAD("application close in Handshake", HANDSHAKE, FRAME_NOT_ALLOWED_HERE,
		    0x1d, 0, 0),
	QUIC_VF_BAD("retire_connection_id in 0-RTT", EARLY, FRAME_NOT_ALLOWED_HERE, 0x19, 1),
	QUIC_VF_BAD("ack range below 0 at first", APP, ACK_RANGE_INVALID, 0x02, 3, 0, 0, 4),
	QUIC_VF_BAD("ack gap below 0", APP, ACK_RANGE_INVALID, 0x02, 10, 4, 1, 2, 7, 0),
	QUIC_VF_BAD("ack range below 0", APP, ACK_RANGE_INVALID, 0x02, 10, 4, 1, 2, 3, 4),
	QUIC_VF_BAD("ack with fewer ranges than told", APP, FRAME_TRUNCATED,
		    0x02, 10, 4, 2, 2, 0, 0),
	QUIC_VF_BAD("ack with endless ranges", APP, FRAME_TRUNCATED,
		    0x02, QUIC_VF_MAX, 0, QUIC_VF_MAX, 0, 0, 0),
	QUIC_VF_BAD("ack with part of its ecn counts", APP, FRAME_TRUNCATED,
		    0x03, 1, 0, 0, 0, 1, 2),
	QUIC_VF_BAD("crypto past the last offset", APP, CRYPTO_OFFSET_TOO_LARGE,
		    0x06, QUIC_VF_MAX, 1, 9),
	QUIC_VF_BAD("crypto longer than the packet", INITIAL, FRAME_TRUNCATED, 0x06, 0, 2, 9),
	QUIC_VF_BAD("empty new_token", APP, NEW_TOKEN_EMPTY, 0x07, 0),
	QUIC_VF_BAD("stream past the last offset", APP, STREAM_OFFSET_TOO_LARGE,
		    0x0e, 0, QUIC_VF_MAX, 1, 9),
	QUIC_VF_BAD("stream longer than the packet", APP, FRAME_TRUNCATED, 0x0a, 0, 2, 9),
	QUIC_VF_BAD("too many streams bidi", APP, MAX_STREAMS_TOO_LARGE, 0x12, QUIC_VF_2_60_1),
	QUIC_VF_BAD("too many streams uni", APP, MAX_STREAMS_TOO_LARGE, 0x13, QUIC_VF_MAX),
	QUIC_VF_BAD("blocked at too many streams bidi", APP, STREAMS_BLOCKED_TOO_LARGE,
		    0x16, QUIC_VF_2_60_1),
	QUIC_VF_BAD("blocked at too many streams uni", APP, STREAMS_BLOCKED_TOO_LARGE,
		    0x17, QUIC_VF_MAX),
	QUIC_VF_BAD("connection id of 0 bytes", APP, CID_LENGTH_INVALID, 0x18, 2, 0, 0, QUIC_VF_16),
	QUIC_VF_BAD("connection id of 21 bytes", APP, CID_LENGTH_INVALID,
		    0x18, 2, 0, 21, QUIC_VF_20, 21, QUIC_VF_16),
	QUIC_VF_BAD("retires itself and more", APP, CID_RETIRE_PRIOR_TOO_LARGE,
		    0x18, 2, 3, 1, 77, QUIC_VF_16),
	QUIC_VF_BAD("reset token of 15 bytes", APP, FRAME_TRUNCATED,
		    0x18, 2, 1, 2, QUIC_VF_16),
	QUIC_VF_BAD("path data of 7 bytes", APP, FRAME_TRUNCATED, 0x1a, 1, 2, 3, 4, 5, 6, 7),
	QUIC_VF_BAD("close reason longer than the packet", APP, FRAME_TRUNCATED, 0x1d, 0, 3, 1, 2),
	QUIC_VF_BAD("datagram longer than the packet", APP, FRAME_TRUNCATED, 0x31, 3, 1, 2),
};

#endif /* _QUIC_VECTORS_FRAMES_H */
