// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes core/token.  Byte 0 chooses how old the token is, the rest is what an
 * Initial brought as one.  What is taken for ours has the exact layout, points into
 * the input, and is written again as it was; what its text says is bounded.
 */
#include "fuzz.h"

#include "core/token.h"
#include "core/wire.h"

static void check_layout(const struct quic_token_view *v, const u8 *data, size_t size)
{
	FUZZ_CHECK(v->kind == QUIC_TOKEN_RETRY || v->kind == QUIC_TOKEN_NEW);
	FUZZ_CHECK(v->key < 2);
	FUZZ_CHECK(quic_token_first(v->kind, v->key) == data[0]);
	FUZZ_CHECK(v->nonce == data + 1);
	FUZZ_CHECK(v->sealed.data == data + 1 + QUIC_TOKEN_NONCE_BYTES);
	FUZZ_CHECK(v->sealed.len == quic_token_text_bytes(v->kind) + QUIC_TAG_BYTES);
	FUZZ_CHECK(size == 1 + QUIC_TOKEN_NONCE_BYTES + v->sealed.len);
	FUZZ_CHECK(size <= QUIC_TOKEN_MAX_BYTES);
}

/* As if the text had been under a seal that opened. */
static void check_text(const struct quic_token_view *v, quic_us age)
{
	u8 again[QUIC_TOKEN_TEXT_MAX_BYTES];
	struct quic_cid odcid = {};
	struct quic_writer w;
	struct quic_reader r;
	u64 issued;

	quic_wire_read_init(&r, v->sealed.data, 8);
	FUZZ_CHECK(quic_wire_get_uint(&r, 8, &issued));
	if (!quic_token_check_text(v->kind, v->sealed.data, issued + age, &odcid))
		return;
	FUZZ_CHECK(age <= (v->kind == QUIC_TOKEN_RETRY ? QUIC_TOKEN_RETRY_US : QUIC_TOKEN_NEW_US));
	FUZZ_CHECK(odcid.len <= QUIC_CID_MAX_BYTES);
	quic_wire_write_init(&w, again, sizeof(again));
	quic_token_put_text(&w, v->kind, issued, &odcid);
	FUZZ_CHECK(!w.overflow && w.len == quic_token_text_bytes(v->kind));
	FUZZ_CHECK(!memcmp(again, v->sealed.data, 8 + (odcid.len ? 1 + odcid.len : 0)));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	quic_us age = (quic_us)fuzz_byte(&data, &size) << 22;	/* 0 .. 1070 s */
	struct quic_token_view v;

	quic_token_view((struct quic_span){ data, size }, &v);
	if (v.kind == QUIC_TOKEN_NONE)
		return 0;
	check_layout(&v, data, size);
	check_text(&v, age);
	return 0;
}
