// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes core/frame.  Byte 0 is the encryption level, the rest the plaintext of
 * a packet.  A frame takes exactly the bytes it says; spans lie inside them; a
 * refused one moves nothing; written again it decodes to the same.
 */
#include "fuzz.h"

#include "frame_model.h"

static void check_span(const struct quic_span *s, const u8 *at, size_t bytes)
{
	FUZZ_CHECK(s->data >= at && s->len <= bytes && s->data + s->len <= at + bytes);
}

static void check_spans(const struct quic_frame *f, const u8 *at)
{
	switch (f->type) {
	case QUIC_FRAME_CRYPTO:
		check_span(&f->crypto.data, at, f->bytes);
		FUZZ_CHECK(f->crypto.offset + f->crypto.data.len <= QUIC_VARINT_MAX);
		break;
	case QUIC_FRAME_STREAM:
		check_span(&f->stream.data, at, f->bytes);
		FUZZ_CHECK(f->stream.offset + f->stream.data.len <= QUIC_VARINT_MAX);
		break;
	case QUIC_FRAME_DATAGRAM:
		check_span(&f->datagram, at, f->bytes);
		break;
	case QUIC_FRAME_NEW_TOKEN:
		check_span(&f->token, at, f->bytes);
		break;
	case QUIC_FRAME_CONNECTION_CLOSE:
	case QUIC_FRAME_CONNECTION_CLOSE_APP:
		check_span(&f->close.reason, at, f->bytes);
		break;
	case QUIC_FRAME_ACK:
	case QUIC_FRAME_ACK_ECN:
		check_span(&f->ack.ranges, at, f->bytes);
		break;
	}
}

/* Ranges descend, apart from each other, from the largest to 0 at least. */
static void check_ack(const struct quic_frame_ack *ack)
{
	struct quic_frame_ack_iter it;
	struct quic_range range;
	u64 above = ack->largest + 2, n = 0;

	quic_frame_ack_iter_init(&it, ack);
	while (quic_frame_ack_next(&it, &range)) {
		FUZZ_CHECK(range.start < range.end && range.end < above);
		above = range.start;
		n++;
	}
	FUZZ_CHECK(n == ack->nr_ranges + 1);
}

static void check_again(const struct quic_frame *f, enum quic_level level)
{
	struct quic_writer w, size;
	struct quic_frame again;
	struct quic_reader r;
	u8 *buf;

	quic_wire_count_init(&size);
	if (!frame_model_put(&size, f))
		return;
	buf = calloc(1, size.len);
	quic_wire_write_init(&w, buf, size.len);
	frame_model_put(&w, f);
	FUZZ_CHECK(!w.overflow && w.len == size.len);
	quic_wire_read_init(&r, buf, w.len);
	FUZZ_CHECK(!quic_frame_decode(&r, level, &again));
	FUZZ_CHECK(!quic_wire_left(&r) && again.bytes == w.len && frame_model_equal(f, &again));
	free(buf);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	enum quic_level level = fuzz_byte(&data, &size) % QUIC_NR_LEVELS;
	struct quic_reader r;
	struct quic_frame f;

	quic_wire_read_init(&r, data, size);
	while (quic_wire_left(&r)) {
		const u8 *at = r.pos;
		int err = quic_frame_decode(&r, level, &f);

		if (err) {
			FUZZ_CHECK(r.pos == at && err > 0 && err < QUIC_NR_VIOLATIONS);
			return 0;
		}
		FUZZ_CHECK(f.bytes && (size_t)(r.pos - at) == f.bytes);
		FUZZ_CHECK(quic_frame_is_allowed(f.type, level));
		check_spans(&f, at);
		if (f.type == QUIC_FRAME_ACK || f.type == QUIC_FRAME_ACK_ECN)
			check_ack(&f.ack);
		check_again(&f, level);
	}
	return 0;
}
