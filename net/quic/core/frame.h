/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/frame.h - every frame of RFC 9000, 9221 and ACK Frequency, to and from a
 * descriptor
 *
 * Decoding validates the whole frame and changes nothing but the descriptor;
 * what a frame does to a connection is frame_rx's business.  One table row per
 * frame in frame.c: its codec, the packets that may carry it, its properties.
 */
#ifndef _QUIC_CORE_FRAME_H
#define _QUIC_CORE_FRAME_H

#include "ranges.h"
#include "violation.h"
#include "wire.h"

enum quic_frame_type {
	QUIC_FRAME_PADDING = 0x00,
	QUIC_FRAME_PING = 0x01,
	QUIC_FRAME_ACK = 0x02,
	QUIC_FRAME_ACK_ECN = 0x03,
	QUIC_FRAME_RESET_STREAM = 0x04,
	QUIC_FRAME_STOP_SENDING = 0x05,
	QUIC_FRAME_CRYPTO = 0x06,
	QUIC_FRAME_NEW_TOKEN = 0x07,
	QUIC_FRAME_STREAM = 0x08,	/* ..0x0f: | FIN | LEN | OFF */
	QUIC_FRAME_MAX_DATA = 0x10,
	QUIC_FRAME_MAX_STREAM_DATA = 0x11,
	QUIC_FRAME_MAX_STREAMS_BIDI = 0x12,
	QUIC_FRAME_MAX_STREAMS_UNI = 0x13,
	QUIC_FRAME_DATA_BLOCKED = 0x14,
	QUIC_FRAME_STREAM_DATA_BLOCKED = 0x15,
	QUIC_FRAME_STREAMS_BLOCKED_BIDI = 0x16,
	QUIC_FRAME_STREAMS_BLOCKED_UNI = 0x17,
	QUIC_FRAME_NEW_CONNECTION_ID = 0x18,
	QUIC_FRAME_RETIRE_CONNECTION_ID = 0x19,
	QUIC_FRAME_PATH_CHALLENGE = 0x1a,
	QUIC_FRAME_PATH_RESPONSE = 0x1b,
	QUIC_FRAME_CONNECTION_CLOSE = 0x1c,
	QUIC_FRAME_CONNECTION_CLOSE_APP = 0x1d,
	QUIC_FRAME_HANDSHAKE_DONE = 0x1e,
	QUIC_FRAME_IMMEDIATE_ACK = 0x1f,	/* draft-ietf-quic-ack-frequency */
	QUIC_FRAME_DATAGRAM = 0x30,
	QUIC_FRAME_DATAGRAM_LEN = 0x31,
	QUIC_FRAME_ACK_FREQUENCY = 0xaf,	/* draft-ietf-quic-ack-frequency */
};

#define QUIC_FRAME_STREAM_FIN	0x01
#define QUIC_FRAME_STREAM_LEN	0x02
#define QUIC_FRAME_STREAM_OFF	0x04

#define QUIC_MAX_STREAMS	BIT_ULL(60)	/* RFC 9000 4.6, 19.11 */
#define QUIC_PATH_DATA_BYTES	8		/* RFC 9000 19.17 */

/**
 * struct quic_frame_ack - an ACK frame; its ranges are validated, not unpacked
 * @largest: largest packet number acknowledged
 * @delay: ACK Delay as sent: not yet scaled by ack_delay_exponent
 * @first_range: packets before @largest that are acknowledged too
 * @nr_ranges: further ranges
 * @ranges: their encoding, walked by quic_frame_ack_next()
 * @has_ecn: the next three are valid
 * @ect0: ECT(0) count
 * @ect1: ECT(1) count
 * @ce: CE count
 */
struct quic_frame_ack {
	quic_pn largest;
	u64 delay;
	u64 first_range;
	u64 nr_ranges;
	struct quic_span ranges;
	bool has_ecn;
	u64 ect0;
	u64 ect1;
	u64 ce;
};

struct quic_frame_stream {
	quic_sid sid;
	u64 offset;
	struct quic_span data;
	bool fin;
};

struct quic_frame_crypto {
	u64 offset;
	struct quic_span data;
};

struct quic_frame_stream_code {		/* RESET_STREAM, STOP_SENDING (without final_size) */
	quic_sid sid;
	u64 code;
	u64 final_size;
};

struct quic_frame_limit {		/* MAX_*, *_BLOCKED: sid only where the frame has one */
	quic_sid sid;
	u64 limit;
};

struct quic_frame_new_cid {
	u64 seq;
	u64 retire_prior_to;
	struct quic_cid cid;
	u8 reset_token[QUIC_RESET_TOKEN_BYTES];
};

/**
 * struct quic_frame_ack_frequency - how the sender of it wants to be acknowledged
 * @seq: frames with a lower one are obsolete
 * @threshold: ack-eliciting packets that may stay unacknowledged
 * @delay: requested max_ack_delay, microseconds
 * @reorder: by how much packets may be out of order before that is told at once;
 *	0: it never is
 */
struct quic_frame_ack_frequency {
	u64 seq;
	u64 threshold;
	u64 delay;
	u64 reorder;
};

struct quic_frame_close {
	u64 code;
	u64 frame_type;		/* 0x1c only */
	struct quic_span reason;
};

/**
 * struct quic_frame - one decoded frame
 * @type: as enum quic_frame_type; STREAM and DATAGRAM without their flag bits
 * @wire_type: as it was written
 * @bytes: encoded size
 * @ack: ACK, ACK_ECN
 * @stream: STREAM
 * @crypto: CRYPTO
 * @code: RESET_STREAM, STOP_SENDING
 * @limit: MAX_*, *_BLOCKED
 * @new_cid: NEW_CONNECTION_ID
 * @close: both CONNECTION_CLOSE
 * @ack_frequency: ACK_FREQUENCY
 * @token: NEW_TOKEN, not empty
 * @datagram: DATAGRAM
 * @retire_seq: RETIRE_CONNECTION_ID
 * @path_data: PATH_CHALLENGE, PATH_RESPONSE
 * @padding: number of PADDING bytes in the run
 *
 * Spans point into the decoded buffer.
 */
struct quic_frame {
	u64 type;
	u64 wire_type;
	size_t bytes;
	union {
		struct quic_frame_ack ack;
		struct quic_frame_stream stream;
		struct quic_frame_crypto crypto;
		struct quic_frame_stream_code code;
		struct quic_frame_limit limit;
		struct quic_frame_new_cid new_cid;
		struct quic_frame_close close;
		struct quic_frame_ack_frequency ack_frequency;
		struct quic_span token;
		struct quic_span datagram;
		u64 retire_seq;
		u8 path_data[QUIC_PATH_DATA_BYTES];
		u64 padding;
	};
};

/**
 * quic_frame_decode() - read and validate the next frame
 * @r: cursor over the plaintext of one packet; advanced on success only
 * @level: encryption level of the packet, for the "may it carry this" rule
 *	(RFC 9000 12.4 table 3, 12.5)
 * @f: filled on success
 *
 * A run of PADDING is one frame.  Checks everything that can be known without
 * a connection: lengths, shortest type encoding, ranges of values (stream
 * offset + length <= 2^62-1, MAX_STREAMS <= 2^60, ACK ranges not below 0, CID
 * lengths 1..20, retire_prior_to <= seq, ...).
 *
 * Return: 0, or the violation.
 */
int quic_frame_decode(struct quic_reader *r, enum quic_level level, struct quic_frame *f);

/* Frame properties by type (STREAM with any flags); false for unknown types. */
bool quic_frame_is_ack_eliciting(u64 type);	/* RFC 9002 2: all but ACK, PADDING, CLOSE */
bool quic_frame_is_probing(u64 type);		/* RFC 9000 9.1 */
bool quic_frame_is_allowed(u64 type, enum quic_level level);
const char *quic_frame_name(u64 type);

/* Iterates the ranges of a decoded ACK, highest first. */
struct quic_frame_ack_iter {
	struct quic_reader r;
	u64 left;
	quic_pn smallest;
	bool first;
	const struct quic_frame_ack *ack;
};

/* Starts at the highest range of @ack, which was decoded and stays unchanged. */
void quic_frame_ack_iter_init(struct quic_frame_ack_iter *it, const struct quic_frame_ack *ack);
/* The next acknowledged range [start, end); false after the last. */
bool quic_frame_ack_next(struct quic_frame_ack_iter *it, struct quic_range *out);

/*
 * Encoders.  All write to @w; whether it fitted is w->overflow.  Those with
 * data write only what precedes the data, which the caller supplies as a
 * segment (STREAM, DATAGRAM) or appends (CRYPTO).
 */

/**
 * quic_frame_encode_ack() - ACK or ACK_ECN
 * @w: where to
 * @ranges: received packet numbers, not empty
 * @max_ranges: at most that many ranges are told, the highest first
 * @delay: ACK Delay, already scaled by our ack_delay_exponent
 * @ecn: ECT(0), ECT(1), CE counts, or NULL
 *
 * Stops telling ranges when the buffer is full instead of overflowing, as long
 * as the first one fits.
 */
void quic_frame_encode_ack(struct quic_writer *w, const struct quic_ranges *ranges,
			   unsigned int max_ranges, u64 delay, const u64 *ecn);

/**
 * quic_frame_encode_stream() - header of a STREAM frame
 * @w: where to
 * @sid: stream
 * @offset: of the first data byte; the Offset field is left out for 0
 * @len: data bytes
 * @fin: the stream ends after them
 * @with_len: write a Length field; without, the frame fills its packet
 */
void quic_frame_encode_stream(struct quic_writer *w, quic_sid sid, u64 offset, u64 len,
			      bool fin, bool with_len);
void quic_frame_encode_crypto(struct quic_writer *w, u64 offset, u64 len);
void quic_frame_encode_datagram(struct quic_writer *w, u64 len, bool with_len);
/* PING, HANDSHAKE_DONE, IMMEDIATE_ACK, PADDING (one byte): a type and nothing else. */
void quic_frame_encode_bare(struct quic_writer *w, enum quic_frame_type type);
/* MAX_DATA, MAX_STREAMS_*, DATA_BLOCKED, STREAMS_BLOCKED_*, RETIRE_CONNECTION_ID. */
void quic_frame_encode_value(struct quic_writer *w, enum quic_frame_type type, u64 value);
/* MAX_STREAM_DATA, STREAM_DATA_BLOCKED, STOP_SENDING. */
void quic_frame_encode_sid_value(struct quic_writer *w, enum quic_frame_type type, quic_sid sid,
				 u64 value);
void quic_frame_encode_reset_stream(struct quic_writer *w, quic_sid sid, u64 code,
				    u64 final_size);
void quic_frame_encode_new_token(struct quic_writer *w, const void *token, size_t len);
void quic_frame_encode_new_cid(struct quic_writer *w, const struct quic_frame_new_cid *f);
/* PATH_CHALLENGE, PATH_RESPONSE. */
void quic_frame_encode_path(struct quic_writer *w, enum quic_frame_type type, const u8 *data);
void quic_frame_encode_ack_frequency(struct quic_writer *w,
				     const struct quic_frame_ack_frequency *f);
/* @app: 0x1d without a frame type; the reason is cut to what fits. */
void quic_frame_encode_close(struct quic_writer *w, bool app, u64 code, u64 frame_type,
			     const void *reason, size_t len);

#endif /* _QUIC_CORE_FRAME_H */
