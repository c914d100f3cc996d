/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frame_model.h - frames as values, for round trips of tests and fuzzers
 *
 * Writes any descriptor with the encoders of core/frame and compares two
 * descriptors by what they say, not by where their spans point.
 */
#ifndef _QUIC_FRAME_MODEL_H
#define _QUIC_FRAME_MODEL_H

#include "core/frame.h"

#define FRAME_MODEL_RANGES 128	/* of an ACK that can be written again */

static inline bool frame_model_span_equal(struct quic_span a, struct quic_span b)
{
	return a.len == b.len && (!a.len || !memcmp(a.data, b.data, a.len));
}

/* The ranges of @ack as a set; false when there are more than it holds. */
static inline bool frame_model_ack_ranges(const struct quic_frame_ack *ack, struct quic_ranges *r)
{
	struct quic_frame_ack_iter it;
	struct quic_range range;
	u64 n = 0;

	quic_ranges_init(r, FRAME_MODEL_RANGES);
	quic_frame_ack_iter_init(&it, ack);
	while (quic_frame_ack_next(&it, &range)) {
		BUG_ON(range.start >= range.end);
		if (quic_ranges_add(r, range.start, range.end))
			return false;
		n++;
	}
	BUG_ON(n != ack->nr_ranges + 1);
	return true;
}

/* ACK and ACK_ECN; false when it is too large for the model. */
static inline bool frame_model_put_ack(struct quic_writer *w, const struct quic_frame_ack *ack)
{
	u64 ecn[3] = { ack->ect0, ack->ect1, ack->ce };
	struct quic_ranges r;
	bool fits = frame_model_ack_ranges(ack, &r);

	if (fits)
		quic_frame_encode_ack(w, &r, UINT_MAX, ack->delay, ack->has_ecn ? ecn : NULL);
	quic_ranges_exit(&r);
	return fits;
}

/* Writes @f, data included and with a length; false when the model can not. */
static inline bool frame_model_put(struct quic_writer *w, const struct quic_frame *f)
{
	switch (f->type) {
	case QUIC_FRAME_PADDING:
		quic_wire_put_zeros(w, f->padding);
		return true;
	case QUIC_FRAME_PING:
	case QUIC_FRAME_HANDSHAKE_DONE:
	case QUIC_FRAME_IMMEDIATE_ACK:
		quic_frame_encode_bare(w, f->type);
		return true;
	case QUIC_FRAME_ACK:
	case QUIC_FRAME_ACK_ECN:
		return frame_model_put_ack(w, &f->ack);
	case QUIC_FRAME_RESET_STREAM:
		quic_frame_encode_reset_stream(w, f->code.sid, f->code.code, f->code.final_size);
		return true;
	case QUIC_FRAME_STOP_SENDING:
		quic_frame_encode_sid_value(w, f->type, f->code.sid, f->code.code);
		return true;
	case QUIC_FRAME_CRYPTO:
		quic_frame_encode_crypto(w, f->crypto.offset, f->crypto.data.len);
		quic_wire_put_bytes(w, f->crypto.data.data, f->crypto.data.len);
		return true;
	case QUIC_FRAME_NEW_TOKEN:
		quic_frame_encode_new_token(w, f->token.data, f->token.len);
		return true;
	case QUIC_FRAME_STREAM:
		quic_frame_encode_stream(w, f->stream.sid, f->stream.offset, f->stream.data.len,
					 f->stream.fin, true);
		quic_wire_put_bytes(w, f->stream.data.data, f->stream.data.len);
		return true;
	case QUIC_FRAME_MAX_STREAM_DATA:
	case QUIC_FRAME_STREAM_DATA_BLOCKED:
		quic_frame_encode_sid_value(w, f->type, f->limit.sid, f->limit.limit);
		return true;
	case QUIC_FRAME_MAX_DATA:
	case QUIC_FRAME_MAX_STREAMS_BIDI:
	case QUIC_FRAME_MAX_STREAMS_UNI:
	case QUIC_FRAME_DATA_BLOCKED:
	case QUIC_FRAME_STREAMS_BLOCKED_BIDI:
	case QUIC_FRAME_STREAMS_BLOCKED_UNI:
		quic_frame_encode_value(w, f->type, f->limit.limit);
		return true;
	case QUIC_FRAME_NEW_CONNECTION_ID:
		quic_frame_encode_new_cid(w, &f->new_cid);
		return true;
	case QUIC_FRAME_RETIRE_CONNECTION_ID:
		quic_frame_encode_value(w, f->type, f->retire_seq);
		return true;
	case QUIC_FRAME_PATH_CHALLENGE:
	case QUIC_FRAME_PATH_RESPONSE:
		quic_frame_encode_path(w, f->type, f->path_data);
		return true;
	case QUIC_FRAME_CONNECTION_CLOSE:
	case QUIC_FRAME_CONNECTION_CLOSE_APP:
		quic_frame_encode_close(w, f->type == QUIC_FRAME_CONNECTION_CLOSE_APP,
					f->close.code, f->close.frame_type,
					f->close.reason.data, f->close.reason.len);
		return true;
	case QUIC_FRAME_ACK_FREQUENCY:
		quic_frame_encode_ack_frequency(w, &f->ack_frequency);
		return true;
	case QUIC_FRAME_DATAGRAM:
		quic_frame_encode_datagram(w, f->datagram.len, true);
		quic_wire_put_bytes(w, f->datagram.data, f->datagram.len);
		return true;
	}
	BUG();
	return false;
}

static inline bool frame_model_ack_equal(const struct quic_frame_ack *a,
					 const struct quic_frame_ack *b)
{
	struct quic_frame_ack_iter ia, ib;
	struct quic_range ra, rb;
	bool more;

	if (a->largest != b->largest || a->delay != b->delay || a->has_ecn != b->has_ecn ||
	    a->ect0 != b->ect0 || a->ect1 != b->ect1 || a->ce != b->ce)
		return false;
	quic_frame_ack_iter_init(&ia, a);
	quic_frame_ack_iter_init(&ib, b);
	do {
		more = quic_frame_ack_next(&ia, &ra);
		if (more != quic_frame_ack_next(&ib, &rb))
			return false;
		if (more && (ra.start != rb.start || ra.end != rb.end))
			return false;
	} while (more);
	return true;
}

/* Do @a and @b say the same? */
static inline bool frame_model_equal(const struct quic_frame *a, const struct quic_frame *b)
{
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case QUIC_FRAME_PADDING:
		return a->padding == b->padding;
	case QUIC_FRAME_PING:
	case QUIC_FRAME_HANDSHAKE_DONE:
	case QUIC_FRAME_IMMEDIATE_ACK:
		return true;
	case QUIC_FRAME_ACK:
	case QUIC_FRAME_ACK_ECN:
		return frame_model_ack_equal(&a->ack, &b->ack);
	case QUIC_FRAME_RESET_STREAM:
	case QUIC_FRAME_STOP_SENDING:
		return a->code.sid == b->code.sid && a->code.code == b->code.code &&
		       a->code.final_size == b->code.final_size;
	case QUIC_FRAME_CRYPTO:
		return a->crypto.offset == b->crypto.offset &&
		       frame_model_span_equal(a->crypto.data, b->crypto.data);
	case QUIC_FRAME_ACK_FREQUENCY:
		return !memcmp(&a->ack_frequency, &b->ack_frequency, sizeof(a->ack_frequency));
	case QUIC_FRAME_NEW_TOKEN:
		return frame_model_span_equal(a->token, b->token);
	case QUIC_FRAME_STREAM:
		return a->stream.sid == b->stream.sid && a->stream.offset == b->stream.offset &&
		       a->stream.fin == b->stream.fin &&
		       frame_model_span_equal(a->stream.data, b->stream.data);
	case QUIC_FRAME_NEW_CONNECTION_ID:
		return a->new_cid.seq == b->new_cid.seq &&
		       a->new_cid.retire_prior_to == b->new_cid.retire_prior_to &&
		       quic_cid_equal(&a->new_cid.cid, &b->new_cid.cid) &&
		       !memcmp(a->new_cid.reset_token, b->new_cid.reset_token,
			       sizeof(a->new_cid.reset_token));
	case QUIC_FRAME_RETIRE_CONNECTION_ID:
		return a->retire_seq == b->retire_seq;
	case QUIC_FRAME_PATH_CHALLENGE:
	case QUIC_FRAME_PATH_RESPONSE:
		return !memcmp(a->path_data, b->path_data, sizeof(a->path_data));
	case QUIC_FRAME_CONNECTION_CLOSE:
	case QUIC_FRAME_CONNECTION_CLOSE_APP:
		return a->close.code == b->close.code &&
		       a->close.frame_type == b->close.frame_type &&
		       frame_model_span_equal(a->close.reason, b->close.reason);
	case QUIC_FRAME_DATAGRAM:
		return frame_model_span_equal(a->datagram, b->datagram);
	default:	/* MAX_*, *_BLOCKED */
		return a->limit.sid == b->limit.sid && a->limit.limit == b->limit.limit;
	}
}

#endif /* _QUIC_FRAME_MODEL_H */
