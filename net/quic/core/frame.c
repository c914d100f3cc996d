// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/frame.c - frames to and from descriptors
 *
 * The table has one row per frame type on the wire: the type it is reported
 * as, its name, its decoder, the packets that may carry it and two properties
 * (RFC 9000 12.4 table 3, RFC 9221 4).  A decoder reads one frame's fields
 * behind the type and validates them; the order of judgement is type, packet,
 * fields.  Nothing here knows a connection.
 */
#include "frame.h"

/* Which packets may carry a frame: table 3's letters. */
#define I	BIT(QUIC_LEVEL_INITIAL)
#define H	BIT(QUIC_LEVEL_HANDSHAKE)
#define Z	BIT(QUIC_LEVEL_EARLY)
#define A	BIT(QUIC_LEVEL_APP)

#define NONELICITING	BIT(4)	/* table 3: N; RFC 9002 2 */
#define PROBING		BIT(5)	/* table 3: P; RFC 9000 9.1 */

/* 0 or the violation; @wire is the type as it stands on the wire. */
typedef int (*quic_frame_decoder)(struct quic_reader *r, u8 wire, struct quic_frame *f);

/**
 * struct quic_frame_row - what there is to know about one frame type
 * @decode: reads the fields behind the type; NULL: no such frame
 * @name: for traces, RFC 9000 19
 * @type: what it is reported as
 * @flags: packets that may carry it, NONELICITING, PROBING
 */
struct quic_frame_row {
	quic_frame_decoder decode;
	const char *name;
	u8 type;
	u8 flags;
};

static int quic_frame_decode_bare(struct quic_reader *r, u8 wire, struct quic_frame *f)
{
	return 0;
}

static int quic_frame_decode_padding(struct quic_reader *r, u8 wire, struct quic_frame *f)
{
	f->padding = 1 + quic_wire_skip_zeros(r);
	return 0;
}

/*
 * One more range below @smallest: @gap + 1 numbers are not acknowledged, then
 * @len + 1 are.  A number below 0 is a violation.
 */
static int quic_frame_decode_ack_range(struct quic_reader *r, quic_pn *smallest, quic_pn *largest)
{
	u64 gap, len;

	if (!quic_wire_get_varint(r, &gap) || !quic_wire_get_varint(r, &len))
		return QUIC_VIOLATION_FRAME_TRUNCATED;
	if (gap + 2 > *smallest || len > *smallest - gap - 2)		/* [9000-19.3.1] */
		return QUIC_VIOLATION_ACK_RANGE_INVALID;
	*largest = *smallest - gap - 2;
	*smallest = *largest - len;
	return 0;
}

static int quic_frame_decode_ack_ranges(struct quic_reader *r, struct quic_frame_ack *ack)
{
	quic_pn smallest = ack->largest - ack->first_range, largest;
	struct quic_reader start = *r;
	u64 i;
	int err;

	for (i = 0; i < ack->nr_ranges; i++) {
		err = quic_frame_decode_ack_range(r, &smallest, &largest);
		if (err)
			return err;
	}
	if (!quic_wire_get_span(&start, quic_wire_left(&start) - quic_wire_left(r), &ack->ranges))
		return QUIC_VIOLATION_FRAME_TRUNCATED;
	return 0;
}

static int quic_frame_decode_ack(struct quic_reader *r, u8 wire, struct quic_frame *f)
{
	struct quic_frame_ack *ack = &f->ack;
	int err;

	if (!quic_wire_get_varint(r, &ack->largest) || !quic_wire_get_varint(r, &ack->delay) ||
	    !quic_wire_get_varint(r, &ack->nr_ranges) ||
	    !quic_wire_get_varint(r, &ack->first_range))
		return QUIC_VIOLATION_FRAME_TRUNCATED;
	if (ack->first_range > ack->largest)				/* [9000-19.3.1] */
		return QUIC_VIOLATION_ACK_RANGE_INVALID;
	err = quic_frame_decode_ack_ranges(r, ack);
	if (err)
		return err;
	ack->has_ecn = wire == QUIC_FRAME_ACK_ECN;
	ack->ect0 = 0;
	ack->ect1 = 0;
	ack->ce = 0;
	/* [9000-19.3] */
	if (ack->has_ecn &&
	    (!quic_wire_get_varint(r, &ack->ect0) || !quic_wire_get_varint(r, &ack->ect1) ||
	     !quic_wire_get_varint(r, &ack->ce)))
		return QUIC_VIOLATION_FRAME_TRUNCATED;
	return 0;
}

static int quic_frame_decode_reset_stream(struct quic_reader *r, u8 wire, struct quic_frame *f)
{
	if (!quic_wire_get_varint(r, &f->code.sid) || !quic_wire_get_varint(r, &f->code.code) ||
	    !quic_wire_get_varint(r, &f->code.final_size))
		return QUIC_VIOLATION_FRAME_TRUNCATED;
	return 0;
}

static int quic_frame_decode_stop_sending(struct quic_reader *r, u8 wire, struct quic_frame *f)
{
	if (!quic_wire_get_varint(r, &f->code.sid) || !quic_wire_get_varint(r, &f->code.code))
		return QUIC_VIOLATION_FRAME_TRUNCATED;
	f->code.final_size = 0;
	return 0;
}

static int quic_frame_decode_crypto(struct quic_reader *r, u8 wire, struct quic_frame *f)
{
	if (!quic_wire_get_varint(r, &f->crypto.offset) ||
	    !quic_wire_get_vspan(r, &f->crypto.data))
		return QUIC_VIOLATION_FRAME_TRUNCATED;
	/* [9000-19.6] */
	if (f->crypto.data.len > QUIC_VARINT_MAX - f->crypto.offset)
		return QUIC_VIOLATION_CRYPTO_OFFSET_TOO_LARGE;
	return 0;
}

static int quic_frame_decode_new_token(struct quic_reader *r, u8 wire, struct quic_frame *f)
{
	if (!quic_wire_get_vspan(r, &f->token))
		return QUIC_VIOLATION_FRAME_TRUNCATED;
	/* [9000-19.7#2] */
	return f->token.len ? 0 : QUIC_VIOLATION_NEW_TOKEN_EMPTY;
}

static int quic_frame_decode_stream(struct quic_reader *r, u8 wire, struct quic_frame *f)
{
	struct quic_frame_stream *s = &f->stream;

	s->offset = 0;
	s->fin = wire & QUIC_FRAME_STREAM_FIN;
	if (!quic_wire_get_varint(r, &s->sid))
		return QUIC_VIOLATION_FRAME_TRUNCATED;
	if (wire & QUIC_FRAME_STREAM_OFF && !quic_wire_get_varint(r, &s->offset))
		return QUIC_VIOLATION_FRAME_TRUNCATED;
	if (!(wire & QUIC_FRAME_STREAM_LEN ? quic_wire_get_vspan(r, &s->data) :
	      quic_wire_get_span(r, quic_wire_left(r), &s->data)))
		return QUIC_VIOLATION_FRAME_TRUNCATED;
	/* [9000-19.8#2] */
	if (s->data.len > QUIC_VARINT_MAX - s->offset)
		return QUIC_VIOLATION_STREAM_OFFSET_TOO_LARGE;
	return 0;
}

static int quic_frame_decode_value(struct quic_reader *r, u8 wire, struct quic_frame *f)
{
	f->limit.sid = 0;
	return quic_wire_get_varint(r, &f->limit.limit) ? 0 : QUIC_VIOLATION_FRAME_TRUNCATED;
}

static int quic_frame_decode_sid_value(struct quic_reader *r, u8 wire, struct quic_frame *f)
{
	if (!quic_wire_get_varint(r, &f->limit.sid) || !quic_wire_get_varint(r, &f->limit.limit))
		return QUIC_VIOLATION_FRAME_TRUNCATED;
	return 0;
}

static int quic_frame_decode_max_streams(struct quic_reader *r, u8 wire, struct quic_frame *f)
{
	int err = quic_frame_decode_value(r, wire, f);

	/* [9000-19.11#1] [9000-4.6#1] */
	if (!err && f->limit.limit > QUIC_MAX_STREAMS)
		return QUIC_VIOLATION_MAX_STREAMS_TOO_LARGE;
	return err;
}

static int quic_frame_decode_streams_blocked(struct quic_reader *r, u8 wire, struct quic_frame *f)
{
	int err = quic_frame_decode_value(r, wire, f);

	/* [9000-19.14] [9000-4.6#1] */
	if (!err && f->limit.limit > QUIC_MAX_STREAMS)
		return QUIC_VIOLATION_STREAMS_BLOCKED_TOO_LARGE;
	return err;
}

static int quic_frame_decode_new_cid(struct quic_reader *r, u8 wire, struct quic_frame *f)
{
	struct quic_frame_new_cid *n = &f->new_cid;
	u8 len;

	if (!quic_wire_get_varint(r, &n->seq) || !quic_wire_get_varint(r, &n->retire_prior_to) ||
	    !quic_wire_get_u8(r, &len))
		return QUIC_VIOLATION_FRAME_TRUNCATED;
	if (!len || len > QUIC_CID_MAX_BYTES)			/* [9000-19.15#1] */
		return QUIC_VIOLATION_CID_LENGTH_INVALID;
	if (n->retire_prior_to > n->seq)			/* [9000-19.15#6] */
		return QUIC_VIOLATION_CID_RETIRE_PRIOR_TOO_LARGE;
	if (!quic_wire_get_cid(r, len, &n->cid) ||
	    !quic_wire_get_bytes(r, n->reset_token, sizeof(n->reset_token)))
		return QUIC_VIOLATION_FRAME_TRUNCATED;
	return 0;
}

static int quic_frame_decode_retire_cid(struct quic_reader *r, u8 wire, struct quic_frame *f)
{
	return quic_wire_get_varint(r, &f->retire_seq) ? 0 : QUIC_VIOLATION_FRAME_TRUNCATED;
}

static int quic_frame_decode_path(struct quic_reader *r, u8 wire, struct quic_frame *f)
{
	return quic_wire_get_bytes(r, f->path_data, sizeof(f->path_data)) ?
		0 : QUIC_VIOLATION_FRAME_TRUNCATED;
}

static int quic_frame_decode_close(struct quic_reader *r, u8 wire, struct quic_frame *f)
{
	f->close.frame_type = 0;
	if (!quic_wire_get_varint(r, &f->close.code))
		return QUIC_VIOLATION_FRAME_TRUNCATED;
	if (wire == QUIC_FRAME_CONNECTION_CLOSE && !quic_wire_get_varint(r, &f->close.frame_type))
		return QUIC_VIOLATION_FRAME_TRUNCATED;
	return quic_wire_get_vspan(r, &f->close.reason) ? 0 : QUIC_VIOLATION_FRAME_TRUNCATED;
}

static int quic_frame_decode_datagram(struct quic_reader *r, u8 wire, struct quic_frame *f)
{
	if (!(wire == QUIC_FRAME_DATAGRAM_LEN ? quic_wire_get_vspan(r, &f->datagram) :
	      quic_wire_get_span(r, quic_wire_left(r), &f->datagram)))
		return QUIC_VIOLATION_FRAME_TRUNCATED;
	return 0;
}

static int quic_frame_decode_ack_frequency(struct quic_reader *r, u8 wire, struct quic_frame *f)
{
	struct quic_frame_ack_frequency *a = &f->ack_frequency;

	return quic_wire_get_varint(r, &a->seq) && quic_wire_get_varint(r, &a->threshold) &&
	       quic_wire_get_varint(r, &a->delay) && quic_wire_get_varint(r, &a->reorder) ?
		0 : QUIC_VIOLATION_FRAME_TRUNCATED;
}

#define ROW(wire, fn, where) \
	[QUIC_FRAME_##wire] = { quic_frame_decode_##fn, #wire, QUIC_FRAME_##wire, where }
#define STREAM_ROW(bits) \
	[QUIC_FRAME_STREAM | (bits)] = { \
		quic_frame_decode_stream, "STREAM", QUIC_FRAME_STREAM, Z | A }

/*
 * DATAGRAM elicits an ACK, as frames of extensions have to [9000-19.21#2].
 *
 * RETIRE_CONNECTION_ID has "__01" in table 3, yet nothing that it could answer
 * comes before 1-RTT; refused in 0-RTT as RFC 9000 12.5 allows.
 */
static const struct quic_frame_row quic_frame_rows[] = {
	ROW(PADDING, padding, I | H | Z | A | NONELICITING | PROBING),
	ROW(PING, bare, I | H | Z | A),
	ROW(ACK, ack, I | H | A | NONELICITING),
	ROW(ACK_ECN, ack, I | H | A | NONELICITING),
	ROW(RESET_STREAM, reset_stream, Z | A),
	ROW(STOP_SENDING, stop_sending, Z | A),
	ROW(CRYPTO, crypto, I | H | A),
	ROW(NEW_TOKEN, new_token, A),
	STREAM_ROW(0), STREAM_ROW(1), STREAM_ROW(2), STREAM_ROW(3),
	STREAM_ROW(4), STREAM_ROW(5), STREAM_ROW(6), STREAM_ROW(7),
	ROW(MAX_DATA, value, Z | A),
	ROW(MAX_STREAM_DATA, sid_value, Z | A),
	ROW(MAX_STREAMS_BIDI, max_streams, Z | A),
	ROW(MAX_STREAMS_UNI, max_streams, Z | A),
	ROW(DATA_BLOCKED, value, Z | A),
	ROW(STREAM_DATA_BLOCKED, sid_value, Z | A),
	ROW(STREAMS_BLOCKED_BIDI, streams_blocked, Z | A),
	ROW(STREAMS_BLOCKED_UNI, streams_blocked, Z | A),
	ROW(NEW_CONNECTION_ID, new_cid, Z | A | PROBING),
	ROW(RETIRE_CONNECTION_ID, retire_cid, A),
	ROW(PATH_CHALLENGE, path, Z | A | PROBING),
	ROW(PATH_RESPONSE, path, A | PROBING),
	ROW(CONNECTION_CLOSE, close, I | H | Z | A | NONELICITING),
	ROW(CONNECTION_CLOSE_APP, close, Z | A | NONELICITING),
	ROW(HANDSHAKE_DONE, bare, A),
	ROW(IMMEDIATE_ACK, bare, A),
	ROW(DATAGRAM, datagram, Z | A),
	[QUIC_FRAME_DATAGRAM_LEN] = {
		quic_frame_decode_datagram, "DATAGRAM", QUIC_FRAME_DATAGRAM, Z | A },
};

/* The one whose type is far from the others. */
static const struct quic_frame_row quic_frame_row_ack_frequency = {
	quic_frame_decode_ack_frequency, "ACK_FREQUENCY", QUIC_FRAME_ACK_FREQUENCY, A
};

#undef ROW
#undef STREAM_ROW
#undef I
#undef H
#undef Z
#undef A

static const struct quic_frame_row *quic_frame_row(u64 type)
{
	if (type == QUIC_FRAME_ACK_FREQUENCY)
		return &quic_frame_row_ack_frequency;
	if (type >= ARRAY_SIZE(quic_frame_rows) || !quic_frame_rows[type].decode)
		return NULL;
	return &quic_frame_rows[type];
}

int quic_frame_decode(struct quic_reader *r, enum quic_level level, struct quic_frame *f)
{
	const struct quic_frame_row *row;
	struct quic_reader body = *r;
	bool shortest;
	u64 type;
	int err;

	if (!quic_wire_get_varint_strict(&body, &type, &shortest))
		return QUIC_VIOLATION_FRAME_TRUNCATED;
	if (!shortest)				/* [9000-12.4#5] */
		return QUIC_VIOLATION_FRAME_TYPE_NOT_SHORTEST;
	row = quic_frame_row(type);
	if (!row)				/* [9000-12.4#4] */
		return QUIC_VIOLATION_FRAME_UNKNOWN_TYPE;
	/* [9000-12.4#3] [9000-17.2.4] [9001-8.3#2] */
	if (!(row->flags & BIT(level)))
		return QUIC_VIOLATION_FRAME_NOT_ALLOWED_HERE;
	/* Nearly all frames of a transfer: spare them the indirect call. */
	if (likely(row->type == QUIC_FRAME_STREAM))
		err = quic_frame_decode_stream(&body, type, f);
	else
		err = row->decode(&body, type, f);
	if (err)
		return err;
	f->type = row->type;
	f->wire_type = type;
	f->bytes = quic_wire_left(r) - quic_wire_left(&body);
	*r = body;
	return 0;
}

bool quic_frame_is_ack_eliciting(u64 type)
{
	const struct quic_frame_row *row = quic_frame_row(type);

	return row && !(row->flags & NONELICITING);
}

bool quic_frame_is_probing(u64 type)
{
	const struct quic_frame_row *row = quic_frame_row(type);

	return row && row->flags & PROBING;
}

bool quic_frame_is_allowed(u64 type, enum quic_level level)
{
	const struct quic_frame_row *row = quic_frame_row(type);

	return row && row->flags & BIT(level);
}

const char *quic_frame_name(u64 type)
{
	const struct quic_frame_row *row = quic_frame_row(type);

	return row ? row->name : "?";
}

void quic_frame_ack_iter_init(struct quic_frame_ack_iter *it, const struct quic_frame_ack *ack)
{
	quic_wire_read_init(&it->r, ack->ranges.data, ack->ranges.len);
	it->left = ack->nr_ranges;
	it->smallest = ack->largest - ack->first_range;
	it->first = true;
	it->ack = ack;
}

bool quic_frame_ack_next(struct quic_frame_ack_iter *it, struct quic_range *out)
{
	quic_pn largest = it->ack->largest;

	if (it->first) {
		it->first = false;
	} else {
		if (!it->left)
			return false;
		it->left--;
		/* Was validated once: fails for no frame that was decoded. */
		if (quic_frame_decode_ack_range(&it->r, &it->smallest, &largest)) {
			it->left = 0;
			return false;
		}
	}
	out->start = it->smallest;
	out->end = largest + 1;
	return true;
}

/* --- encoding ---------------------------------------------------------- */

/* The gap and length of @range, which comes below @above. */
static void quic_frame_put_ack_range(struct quic_writer *w, const struct quic_range *above,
				     const struct quic_range *range)
{
	quic_wire_put_varint(w, above->start - range->end - 1);
	quic_wire_put_varint(w, range->end - range->start - 1);
}

static void quic_frame_put_ecn(struct quic_writer *w, const u64 *ecn)
{
	unsigned int i;

	for (i = 0; ecn && i < 3; i++)
		quic_wire_put_varint(w, ecn[i]);
}

/* How many ranges after the first go into @room bytes, their count included. */
static unsigned int quic_frame_count_ack_ranges(const struct quic_range *first, unsigned int nr,
						size_t room)
{
	struct quic_writer size;
	unsigned int i;

	quic_wire_count_init(&size);
	for (i = 0; i < nr; i++) {
		quic_frame_put_ack_range(&size, first - i, first - i - 1);
		if (size.len + quic_wire_varint_len(i + 1) > room)
			break;
	}
	return i;
}

void quic_frame_encode_ack(struct quic_writer *w, const struct quic_ranges *ranges,
			   unsigned int max_ranges, u64 delay, const u64 *ecn)
{
	const struct quic_range *first = &ranges->v[ranges->nr - 1];
	unsigned int nr = min_t(unsigned int, max(max_ranges, 1U), ranges->nr) - 1, i;
	u64 first_range = first->end - first->start - 1;
	struct quic_writer fixed;

	quic_wire_count_init(&fixed);
	quic_wire_put_varint(&fixed, first->end - 1);
	quic_wire_put_varint(&fixed, delay);
	quic_wire_put_varint(&fixed, first_range);
	quic_frame_put_ecn(&fixed, ecn);
	if (fixed.len + 1 <= w->cap - w->len)
		nr = quic_frame_count_ack_ranges(first, nr, w->cap - w->len - fixed.len - 1);
	else
		nr = 0;

	quic_wire_put_u8(w, ecn ? QUIC_FRAME_ACK_ECN : QUIC_FRAME_ACK);
	quic_wire_put_varint(w, first->end - 1);
	quic_wire_put_varint(w, delay);
	quic_wire_put_varint(w, nr);
	quic_wire_put_varint(w, first_range);
	for (i = 0; i < nr; i++)
		quic_frame_put_ack_range(w, first - i, first - i - 1);
	quic_frame_put_ecn(w, ecn);
}

void quic_frame_encode_stream(struct quic_writer *w, quic_sid sid, u64 offset, u64 len,
			      bool fin, bool with_len)
{
	u8 type = QUIC_FRAME_STREAM;

	if (fin)
		type |= QUIC_FRAME_STREAM_FIN;
	if (with_len)
		type |= QUIC_FRAME_STREAM_LEN;
	if (offset)
		type |= QUIC_FRAME_STREAM_OFF;
	quic_wire_put_u8(w, type);
	quic_wire_put_varint(w, sid);
	if (offset)
		quic_wire_put_varint(w, offset);
	if (with_len)
		quic_wire_put_varint(w, len);
}

void quic_frame_encode_crypto(struct quic_writer *w, u64 offset, u64 len)
{
	quic_wire_put_u8(w, QUIC_FRAME_CRYPTO);
	quic_wire_put_varint(w, offset);
	quic_wire_put_varint(w, len);
}

void quic_frame_encode_datagram(struct quic_writer *w, u64 len, bool with_len)
{
	quic_wire_put_u8(w, with_len ? QUIC_FRAME_DATAGRAM_LEN : QUIC_FRAME_DATAGRAM);
	if (with_len)
		quic_wire_put_varint(w, len);
}

void quic_frame_encode_bare(struct quic_writer *w, enum quic_frame_type type)
{
	quic_wire_put_u8(w, type);
}

void quic_frame_encode_value(struct quic_writer *w, enum quic_frame_type type, u64 value)
{
	quic_wire_put_u8(w, type);
	quic_wire_put_varint(w, value);
}

void quic_frame_encode_sid_value(struct quic_writer *w, enum quic_frame_type type, quic_sid sid,
				 u64 value)
{
	quic_wire_put_u8(w, type);
	quic_wire_put_varint(w, sid);
	quic_wire_put_varint(w, value);
}

void quic_frame_encode_reset_stream(struct quic_writer *w, quic_sid sid, u64 code,
				    u64 final_size)
{
	quic_frame_encode_sid_value(w, QUIC_FRAME_RESET_STREAM, sid, code);
	quic_wire_put_varint(w, final_size);
}

void quic_frame_encode_new_token(struct quic_writer *w, const void *token, size_t len)
{
	quic_wire_put_u8(w, QUIC_FRAME_NEW_TOKEN);
	quic_wire_put_varint(w, len);
	quic_wire_put_bytes(w, token, len);
}

void quic_frame_encode_new_cid(struct quic_writer *w, const struct quic_frame_new_cid *f)
{
	quic_wire_put_u8(w, QUIC_FRAME_NEW_CONNECTION_ID);
	quic_wire_put_varint(w, f->seq);
	quic_wire_put_varint(w, f->retire_prior_to);
	quic_wire_put_u8(w, f->cid.len);
	quic_wire_put_bytes(w, f->cid.data, f->cid.len);
	quic_wire_put_bytes(w, f->reset_token, sizeof(f->reset_token));
}

void quic_frame_encode_path(struct quic_writer *w, enum quic_frame_type type, const u8 *data)
{
	quic_wire_put_u8(w, type);
	quic_wire_put_bytes(w, data, QUIC_PATH_DATA_BYTES);
}

void quic_frame_encode_ack_frequency(struct quic_writer *w,
				     const struct quic_frame_ack_frequency *f)
{
	quic_wire_put_varint(w, QUIC_FRAME_ACK_FREQUENCY);
	quic_wire_put_varint(w, f->seq);
	quic_wire_put_varint(w, f->threshold);
	quic_wire_put_varint(w, f->delay);
	quic_wire_put_varint(w, f->reorder);
}

void quic_frame_encode_close(struct quic_writer *w, bool app, u64 code, u64 frame_type,
			     const void *reason, size_t len)
{
	size_t room;

	quic_wire_put_u8(w, app ? QUIC_FRAME_CONNECTION_CLOSE_APP : QUIC_FRAME_CONNECTION_CLOSE);
	quic_wire_put_varint(w, code);
	if (!app)
		quic_wire_put_varint(w, frame_type);
	room = w->cap - w->len;
	len = min(len, room);
	/* A few steps at most: the length field takes 1 to 8 bytes. */
	while (len && quic_wire_varint_len(len) + len > room)
		len--;
	quic_wire_put_varint(w, len);
	quic_wire_put_bytes(w, reason, len);
}
