// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * admit.c - what a server does with the first packet of a client
 */
#include "admit.h"

/**
 * struct admit_binding - what a token is bound to
 * @kind: of token
 * @version: see quic_token_put_aad()
 * @remote: likewise
 * @dcid: likewise
 */
struct admit_binding {
	enum quic_token_kind kind;
	u32 version;
	const struct quic_addr *remote;
	const struct quic_cid *dcid;
};

static void admit_put_aad(struct quic_writer *w, u8 *buf, const struct admit_binding *b)
{
	quic_wire_write_init(w, buf, QUIC_TOKEN_AAD_MAX_BYTES);
	quic_token_put_aad(w, b->kind, b->version, b->remote, b->dcid);
}

/* Seals a token into @w. */
static int admit_seal(struct quic_tokens *t, const struct admit_binding *b,
		      const struct quic_cid *odcid, quic_us now, struct quic_writer *w)
{
	u8 aad_buf[QUIC_TOKEN_AAD_MAX_BYTES], nonce[QUIC_TOKEN_NONCE_BYTES];
	u8 text[QUIC_TOKEN_TEXT_MAX_BYTES + QUIC_TAG_BYTES];
	struct quic_writer aad, tw;
	int key;

	quic_edge_random(nonce, sizeof(nonce));			/* [9000-8.1.3#4] [9000-8.1.4#1] */
	admit_put_aad(&aad, aad_buf, b);
	quic_wire_write_init(&tw, text, QUIC_TOKEN_TEXT_MAX_BYTES);
	quic_token_put_text(&tw, b->kind, now, odcid);
	/* Nobody else can read it [9000-8.1.3#3] or change it [9000-8.1.4#2]. */
	key = quic_edge_token_seal(t, nonce, aad_buf, aad.len, text, tw.len);
	if (key < 0)
		return key;
	quic_wire_put_u8(w, quic_token_first(b->kind, key));
	quic_wire_put_bytes(w, nonce, sizeof(nonce));
	quic_wire_put_bytes(w, text, tw.len + QUIC_TAG_BYTES);
	return 0;
}

/* 0: it is good; -EBADMSG: it is not; another errno: nobody knows. */
static int admit_open(struct quic_tokens *t, const struct quic_token_view *v,
		      const struct admit_binding *b, quic_us now, struct quic_cid *odcid)
{
	u8 aad_buf[QUIC_TOKEN_AAD_MAX_BYTES], text[QUIC_TOKEN_TEXT_MAX_BYTES];
	struct quic_writer aad;
	int err;

	admit_put_aad(&aad, aad_buf, b);
	err = quic_edge_token_open(t, v->key, v->nonce, aad_buf, aad.len, v->sealed.data,
				   v->sealed.len, text);
	if (err)
		return err;
	return quic_token_check_text(b->kind, text, now, odcid) ? 0 : -EBADMSG;
}

/* Whose token is no good is limited as one who has none [9000-8.1.4#4]. */
enum quic_admit quic_admit_initial(struct quic_tokens *t, const struct quic_header *h,
				   const struct quic_addr *remote, bool validate, quic_us now,
				   struct quic_admission *a)
{
	struct admit_binding b = {
		.version = h->version->number, .remote = remote, .dcid = &h->dcid,
	};
	struct quic_token_view v;
	int err = -EBADMSG;

	*a = (struct quic_admission){ .odcid = h->dcid };
	quic_token_view(h->token, &v);
	b.kind = v.kind;
	if (v.kind != QUIC_TOKEN_NONE) {			/* [9000-8.1.3#7] */
		err = admit_open(t, &v, &b, now, &a->odcid);
		if (err && err != -EBADMSG)
			return QUIC_ADMIT_DROP;
	}
	if (v.kind == QUIC_TOKEN_RETRY) {
		/* A client takes no second Retry: there is only yes and no [9000-8.1.2]. */
		a->retried = !err;
		a->validated = !err;
		return err ? QUIC_ADMIT_REFUSE : QUIC_ADMIT_ACCEPT;
	}
	/* A replay is no better than no token [9000-8.1.4#5]. */
	if (!err && quic_edge_token_spend(t, v.nonce, now))
		a->validated = true;
	return validate && !a->validated ? QUIC_ADMIT_RETRY : QUIC_ADMIT_ACCEPT;
}

/* The id is another than the one the client chose [9000-17.2.5.1#1]. */
int quic_admit_retry(struct quic_tokens *t, const struct quic_header *h,
		     const struct quic_addr *remote, quic_us now, struct quic_writer *w)
{
	struct quic_cid scid = { .len = QUIC_CID_OURS_BYTES };
	struct admit_binding b = {
		.kind = QUIC_TOKEN_RETRY, .version = h->version->number, .remote = remote,
		.dcid = &scid,
	};
	u8 token[QUIC_TOKEN_MAX_BYTES], tag[QUIC_TAG_BYTES];
	struct quic_writer tw;
	int err;

	quic_edge_random(scid.data, scid.len);
	if (quic_cid_equal(&scid, &h->dcid))
		scid.data[0]++;
	quic_wire_write_init(&tw, token, sizeof(token));
	err = admit_seal(t, &b, &h->dcid, now, &tw);
	if (err)
		return err;
	/* [9369-4.1#1] */
	quic_header_encode_retry(w, h->version, &h->scid, &scid,
				 (struct quic_span){ token, tw.len });
	if (w->overflow)
		return -EINVAL;
	err = quic_edge_retry_tag(h->version, &h->dcid, w->buf, w->len, tag);
	if (!err)
		quic_wire_put_bytes(w, tag, sizeof(tag));
	return err;
}

int quic_admit_token(struct quic_tokens *t, u32 version, const struct quic_addr *remote,
		     quic_us now, struct quic_writer *w)
{
	struct admit_binding b = {
		.kind = QUIC_TOKEN_NEW, .version = version, .remote = remote,
	};

	return admit_seal(t, &b, NULL, now, w);
}
