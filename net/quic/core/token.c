// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/token.c - address-validation tokens: layout, lifetime, replays
 */
#include "token.h"
#include "wire.h"

#define TOKEN_FIRST	0xb4	/* upper six bits of byte 0 */
#define TOKEN_IS_NEW	0x02
#define TOKEN_KEY	0x01

#define TOKEN_USED_PROBES	3	/* bits per token in the filter */

u32 quic_token_text_bytes(enum quic_token_kind kind)
{
	return kind == QUIC_TOKEN_RETRY ? QUIC_TOKEN_TEXT_MAX_BYTES : 8;
}

u8 quic_token_first(enum quic_token_kind kind, unsigned int key)
{
	/* The two kinds can be told apart [9000-8.1.1#1]. */
	return TOKEN_FIRST | (kind == QUIC_TOKEN_NEW ? TOKEN_IS_NEW : 0) | (key & TOKEN_KEY);
}

void quic_token_put_aad(struct quic_writer *w, enum quic_token_kind kind, u32 version,
			const struct quic_addr *remote, const struct quic_cid *dcid)
{
	quic_wire_put_u8(w, kind);
	quic_wire_put_u32(w, version);				/* [9369-5#2] */
	quic_wire_put_u8(w, remote->family);
	quic_wire_put_bytes(w, remote->ip, sizeof(remote->ip));	/* [9000-8.1.4#3] */
	if (kind != QUIC_TOKEN_RETRY)
		return;
	quic_wire_put_u16(w, remote->port);
	quic_wire_put_u8(w, dcid->len);
	quic_wire_put_bytes(w, dcid->data, dcid->len);
}

void quic_token_put_text(struct quic_writer *w, enum quic_token_kind kind, quic_us issued,
			 const struct quic_cid *odcid)
{
	quic_wire_put_uint(w, 8, issued);
	if (kind != QUIC_TOKEN_RETRY)
		return;
	quic_wire_put_u8(w, odcid->len);
	quic_wire_put_bytes(w, odcid->data, odcid->len);
	quic_wire_put_zeros(w, QUIC_CID_MAX_BYTES - odcid->len);
}

void quic_token_view(struct quic_span token, struct quic_token_view *v)
{
	struct quic_span nonce;
	struct quic_reader r;
	u8 first;

	*v = (struct quic_token_view){};
	quic_wire_read_init(&r, token.data, token.len);
	if (!quic_wire_get_u8(&r, &first) ||
	    (first & ~(TOKEN_IS_NEW | TOKEN_KEY)) != TOKEN_FIRST ||
	    !quic_wire_get_span(&r, QUIC_TOKEN_NONCE_BYTES, &nonce) ||
	    !quic_wire_get_span(&r, quic_wire_left(&r), &v->sealed))
		return;
	v->kind = first & TOKEN_IS_NEW ? QUIC_TOKEN_NEW : QUIC_TOKEN_RETRY;
	v->key = first & TOKEN_KEY;
	v->nonce = nonce.data;
	if (v->sealed.len != quic_token_text_bytes(v->kind) + QUIC_TAG_BYTES)
		v->kind = QUIC_TOKEN_NONE;
}

bool quic_token_check_text(enum quic_token_kind kind, const u8 *text, quic_us now,
			   struct quic_cid *odcid)
{
	quic_us life = kind == QUIC_TOKEN_RETRY ? QUIC_TOKEN_RETRY_US : QUIC_TOKEN_NEW_US;
	struct quic_reader r;
	u64 issued;
	u8 len;

	quic_wire_read_init(&r, text, quic_token_text_bytes(kind));
	if (!quic_wire_get_uint(&r, 8, &issued) || issued > now || now - issued > life)
		return false;
	if (kind != QUIC_TOKEN_RETRY)
		return true;
	return quic_wire_get_u8(&r, &len) && quic_wire_get_cid(&r, len, odcid);
}

/* A new generation begins with each lifetime; what is older than two has expired. */
static void token_age(struct quic_token_used *u, quic_us now)
{
	quic_us age = now - u->since;

	if (age < QUIC_TOKEN_NEW_US)
		return;
	if (age < 2 * QUIC_TOKEN_NEW_US)
		memcpy(u->bits[1], u->bits[0], sizeof(u->bits[1]));
	else
		memset(u->bits[1], 0, sizeof(u->bits[1]));
	memset(u->bits[0], 0, sizeof(u->bits[0]));
	u->since = now;
}

bool quic_token_spend(struct quic_token_used *u, const u8 *nonce, quic_us now)
{
	unsigned int i, known[2] = { 0, 0 };

	BUILD_BUG_ON(2 * TOKEN_USED_PROBES > QUIC_TOKEN_NONCE_BYTES);
	token_age(u, now);
	for (i = 0; i < TOKEN_USED_PROBES; i++) {
		unsigned int bit = nonce[2 * i] << 8 | nonce[2 * i + 1];
		u64 mask = BIT_ULL(bit % 64);

		known[0] += !!(u->bits[0][bit / 64] & mask);
		known[1] += !!(u->bits[1][bit / 64] & mask);
		u->bits[0][bit / 64] |= mask;
	}
	return known[0] < TOKEN_USED_PROBES && known[1] < TOKEN_USED_PROBES;
}
