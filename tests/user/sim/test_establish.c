// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_establish.c - Retry and the tokens it and NEW_TOKEN carry (RFC 9000 8.1)
 *
 * The server of the simulation asks admit.c as a listener does.  A token lives
 * longer than a run: tokens are kept from one to the next.
 */
#include "scenario.h"

static struct quic_tokens tokens;
static u8 kept[QUIC_TOKEN_MAX_BYTES];	/* by a client for its next connection */
static u32 kept_len;

static struct sim_endpoint *const client = &sim.ep[0];
static struct sim_endpoint *const server = &sim.ep[1];

/* A client begins with the kept token. */
static void give_token(struct sim_endpoint *ep)
{
	if (ep->me || !kept_len)
		return;
	ep->conn.token = quic_env_alloc(kept_len, 1);
	memcpy(ep->conn.token, kept, kept_len);
	ep->conn.token_len = kept_len;
}

static const struct sim_hooks token_hooks = { .on_init = give_token };

static void establish_config(struct sim_config *cfg, u64 seed)
{
	sim_config_default(cfg, seed);
	memset(&tokens, 0, sizeof(tokens));
	kept_len = 0;
	cfg->hooks = &token_hooks;
	cfg->tokens = &tokens;
	cfg->validate = true;
	cfg->version = seed & 1 ? QUIC_V1 : QUIC_V2;
	cfg->app[0] = (struct sim_app){ .streams = 1, .send_bytes = 3000 };
	cfg->app[1] = (struct sim_app){ .send_bytes = 3000, .echo = true };
}

static void establish_fate(struct sim_config *cfg, u64 seed)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		cfg->link[i].loss = seed * 37 % 250;
		cfg->link[i].jitter = seed * 7919 % 60000;
		cfg->link[i].duplicate = seed * 53 % 300;
		cfg->link[i].corrupt = seed * 29 % 150;
	}
	cfg->hello_bytes = 320 + seed * 131 % 3000;
}

/* How the ClientHello begins that the client sends, and when. */
static struct {
	u8 hello[2][64];	/* before the Retry, and after it */
	quic_us retried_at;
	quic_us sent_at;	/* the first Initial after it */
} again;

static void again_on_packet(struct sim_endpoint *ep, const struct quic_tx_pkt *pkt)
{
	bool retried = ep->conn.retried;
	struct quic_reader r;
	struct quic_frame f;

	if (ep->me || pkt->key != &ep->conn.keys.tx[QUIC_LEVEL_INITIAL])
		return;
	quic_wire_read_init(&r, pkt->dst + pkt->hdr_len, pkt->len - pkt->hdr_len);
	while (quic_wire_left(&r) && !quic_frame_decode(&r, QUIC_LEVEL_INITIAL, &f)) {
		if (f.type != QUIC_FRAME_CRYPTO || f.crypto.offset || f.crypto.data.len < 64)
			continue;
		memcpy(again.hello[retried], f.crypto.data.data, 64);
		if (retried && !again.sent_at)
			again.sent_at = sim.now;
	}
}

static void again_on_settle(struct sim_endpoint *ep)
{
	if (!ep->me && ep->conn.retried && !again.retried_at)
		again.retried_at = sim.now;
}

static const struct sim_hooks again_hooks = {
	.on_init = give_token,
	.on_packet = again_on_packet,
	.on_settle = again_on_settle,
};

/* [9000-8.1.2] [9000-17.2.5.1#1,3,4] [9000-17.2.5.2#3,5] [9000-17.2.5.3#1] */
static const char *a_retry_validates_the_client(u64 seed)
{
	struct sim_config cfg;

	establish_config(&cfg, seed);
	cfg.hooks = &again_hooks;
	memset(&again, 0, sizeof(again));
	if (sim_run(&sim, &cfg))
		return scenario_end();
	if (!again.sent_at || again.sent_at != again.retried_at ||
	    memcmp(again.hello[0], again.hello[1], sizeof(again.hello[0])))
		sim_fail(&sim, "the same ClientHello did not follow at once");
	if (server->retries != 1 || !client->conn.retried)
		sim_fail(&sim, "there was not exactly one Retry");
	if (!server->conn.local.present || !server->conn.retried)
		sim_fail(&sim, "the server does not know of its Retry");
	if (!quic_cid_equal(&client->conn.original_dcid, &server->conn.local.original_dcid))
		sim_fail(&sim, "the first id was not carried through the token");
	if (sim.now - cfg.start_at > 2 * QUIC_US_PER_SEC)
		sim_fail(&sim, "took too long");
	/* What is kept for another connection is never the Retry's [9000-8.1.3#2]. */
	if (client->token_len == client->conn.token_len &&
	    !memcmp(client->token, client->conn.token, client->token_len))
		sim_fail(&sim, "the token of the Retry was given away");
	return scenario_end();
}

static const char *a_retry_survives_loss_and_corruption(u64 seed)
{
	struct sim_config cfg;

	establish_config(&cfg, seed);
	establish_fate(&cfg, seed);
	/* A Retry token that took more than its lifetime ends in INVALID_TOKEN. */
	cfg.may_end_early = true;
	if (sim_run(&sim, &cfg))
		return scenario_end();
	if (!client->conn.retried)
		sim_fail(&sim, "connected without a Retry");
	if (!(client->done && server->done) && client->conn.close.code != QUIC_ERR_INVALID_TOKEN)
		sim_fail(&sim, "ended for no reason");
	return scenario_end();
}

/* ---- forged Retry packets ---- */

enum retry_forgery {
	FORGED_TAG,
	FORGED_DCID,		/* [9000-17.2.5]: not the client's id */
	FORGED_SAME_SCID,	/* [9000-17.2.5.1] */
	FORGED_VERSION,		/* [9369-4.1] */
	FORGED_EMPTY,		/* [9000-17.2.5.2#4]: without a token */
	FORGED_BY_WITNESS,	/* somebody who saw the first packet: correct but for its author */
	NR_FORGERIES,
};

static enum retry_forgery forgery;
static const struct quic_cid retry_forged_scid = { .len = 8, .data = "attacker" };
static bool forgery_late;	/* after the server's first Initial */

static void forge_retry(struct sim *s, enum retry_forgery how)
{
	struct quic_conn *conn = &s->ep[0].conn;
	const struct quic_version *v = conn->version;
	struct quic_cid dcid = conn->initial_scid, scid = retry_forged_scid;
	u8 buf[QUIC_ADMIT_RETRY_BYTES], tag[QUIC_TAG_BYTES];
	struct quic_writer w;

	if (how == FORGED_DCID)
		dcid.data[7]++;
	if (how == FORGED_SAME_SCID)
		scid = conn->original_dcid;
	if (how == FORGED_VERSION)
		v = quic_version_find(v->number == QUIC_V1 ? QUIC_V2 : QUIC_V1);
	quic_wire_write_init(&w, buf, sizeof(buf));
	quic_header_encode_retry(&w, v, &dcid, &scid,
				 (struct quic_span){ (u8 *)"tok", how == FORGED_EMPTY ? 0 : 3 });
	buf[0] ^= sim_random(s, 16);	/* bits without a meaning */
	quic_edge_retry_tag(v, &conn->initial_dcid, buf, w.len, tag);
	if (how == FORGED_TAG)
		tag[sim_random(s, sizeof(tag))] ^= 1 << sim_random(s, 8);
	quic_wire_put_bytes(&w, tag, sizeof(tag));
	sim_inject(s, 0, buf, w.len, forgery_late ? 100 : 5000);
}

static bool forge_on_send(struct sim *s, unsigned int from, u64 index, u8 *data, u32 len,
			  enum quic_ecn *ecn)
{
	if (from || index || forgery_late)
		return true;
	forge_retry(s, forgery);
	return forgery != FORGED_BY_WITNESS;	/* who keeps the packet to himself */
}

static void forge_on_settle(struct sim_endpoint *ep)
{
	if (!ep->me && forgery_late && ep->conn.peer_id_known && !ep->conn.confirmed)
		forge_retry(ep->sim, FORGED_BY_WITNESS);
}

static const struct sim_hooks forge_hooks = {
	.on_send = forge_on_send,
	.on_settle = forge_on_settle,
};

/* [9000-17.2.5.1#2] [9000-17.2.5.2#3] [9369-4.1#2] */
static const char *forged_retries_change_nothing(u64 seed)
{
	struct sim_config cfg;

	establish_config(&cfg, seed);
	cfg.hooks = &forge_hooks;
	cfg.validate = seed / 2 & 1;
	forgery_late = false;
	forgery = seed % FORGED_BY_WITNESS;
	if (sim_run(&sim, &cfg))
		return scenario_end();
	if (client->conn.retried != cfg.validate)
		sim_fail(&sim, "the forged Retry was believed");
	return scenario_end();
}

/* What the witness adds is not in the server's parameters [9000-7.3#2] [9000-17.2.5#1]. */
static const char *a_retry_of_somebody_else_is_found_out(u64 seed)
{
	struct sim_config cfg;

	establish_config(&cfg, seed);
	cfg.hooks = &forge_hooks;
	cfg.validate = false;
	cfg.may_end_early = true;
	forgery_late = false;
	forgery = FORGED_BY_WITNESS;
	if (sim_run(&sim, &cfg))
		return scenario_end();
	if (!client->conn.retried || client->conn.close.source != QUIC_CLOSE_LOCAL ||
	    client->conn.close.code != QUIC_ERR_TRANSPORT_PARAMETER)
		sim_fail(&sim, "the client did not see what was done to it");
	return scenario_end();
}

static bool retried_twice;

static void second_on_settle(struct sim_endpoint *ep)
{
	if (ep->me || retried_twice || !ep->conn.retried || ep->conn.peer_id_known)
		return;
	retried_twice = true;
	forge_retry(ep->sim, FORGED_BY_WITNESS);
}

static const struct sim_hooks second_hooks = { .on_settle = second_on_settle };

/* [9000-17.2.5.2#1] correct but for its author, and it answers the second first flight */
static const char *a_second_retry_is_ignored(u64 seed)
{
	struct sim_config cfg;

	establish_config(&cfg, seed);
	cfg.hooks = &second_hooks;
	forgery_late = true;
	retried_twice = false;
	if (sim_run(&sim, &cfg))
		return scenario_end();
	if (!retried_twice || quic_cid_equal(&client->conn.retry_scid, &retry_forged_scid))
		sim_fail(&sim, "there was no second Retry, or it was believed");
	return scenario_end();
}

/* [9000-17.2.5.2#2] [9000-7.2#4] */
static const char *a_retry_after_an_initial_is_ignored(u64 seed)
{
	struct sim_config cfg;

	establish_config(&cfg, seed);
	cfg.hooks = &forge_hooks;
	cfg.validate = seed / 2 & 1;
	forgery_late = true;
	if (sim_run(&sim, &cfg))
		return scenario_end();
	if (client->conn.retried != cfg.validate)
		sim_fail(&sim, "a late Retry was believed");
	return scenario_end();
}

/* ---- Retry tokens that are no good ---- */

static quic_us spoil_delay;

static bool spoil_on_send(struct sim *s, unsigned int from, u64 index, u8 *data, u32 len,
			  enum quic_ecn *ecn)
{
	struct quic_header h;

	if (from || !s->ep[0].conn.retried || !quic_header_decode(data, len, 8, &h) ||
	    h.kind != QUIC_PACKET_INITIAL)
		return true;
	if (!h.token.len || h.token.len > sizeof(kept)) {
		sim_fail(s, "an Initial without the token of the Retry");	/* [9000-8.1.2#1] */
		return false;
	}
	kept_len = h.token.len;
	memcpy(kept, h.token.data, kept_len);
	if (!spoil_delay)
		return true;
	sim_inject(s, 1, data, len, spoil_delay);
	return false;
}

static const struct sim_hooks spoil_hooks = {
	.on_init = give_token,
	.on_send = spoil_on_send,
};

static bool was_refused(void)
{
	return client->conn.close.source == QUIC_CLOSE_PEER &&
	       client->conn.close.code == quic_violation_error(QUIC_VIOLATION_TOKEN_INVALID);
}

/* It serves one connection [9000-8.1.3#6], and only as it was made [9000-8.1.4#2]. */
static const char *a_retry_token_of_before_is_refused(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	establish_config(&cfg, seed);
	cfg.hooks = &spoil_hooks;
	spoil_delay = 0;
	err = scenario_run(&cfg);
	if (err)
		return err;
	if (seed / 2 & 1)
		kept[1 + seed * 7 % (kept_len - 1)] ^= 1 + seed % 200;
	cfg.may_end_early = true;
	cfg.start_at += QUIC_US_PER_SEC;
	if (sim_run(&sim, &cfg))
		return scenario_end();
	if (!was_refused() || server->retries)
		sim_fail(&sim, "a wrong token was taken");
	return scenario_end();
}

/* 3 s, then INVALID_TOKEN [9000-8.1.4#5]. */
static const char *an_old_retry_token_is_refused(u64 seed)
{
	struct sim_config cfg;

	establish_config(&cfg, seed);
	cfg.hooks = &spoil_hooks;
	cfg.may_end_early = true;
	spoil_delay = QUIC_TOKEN_RETRY_US + 1 + seed * 1000;
	if (sim_run(&sim, &cfg))
		return scenario_end();
	if (!was_refused())
		sim_fail(&sim, "an old token was taken");
	return scenario_end();
}

/* ---- tokens of NEW_TOKEN frames ---- */

static bool tells(const void *what, u32 len)
{
	u32 i;

	for (i = 0; i + len <= kept_len; i++)
		if (!memcmp(kept + i, what, len))
			return true;
	return false;
}

/* The next run is another connection some time later. */
static const char *get_token(struct sim_config *cfg)
{
	const char *err = sim_run(&sim, cfg);

	if (!err && !client->token_len)
		sim_fail(&sim, "no token came with NEW_TOKEN");
	kept_len = client->token_len;
	memcpy(kept, client->token, kept_len);
	cfg->start_at += QUIC_TOKEN_NEW_US / 10;
	/* [9000-8.1.3#3] */
	if (tells(client->conn.original_dcid.data, 4) || tells(client->conn.initial_scid.data, 4) ||
	    tells(server->conn.initial_scid.data, 4))
		sim_fail(&sim, "the token tells of its connection");
	return scenario_end();
}

/* One more connection with the kept token: is a Retry asked for? */
static const char *use_token(const struct sim_config *cfg, bool retry)
{
	if (sim_run(&sim, cfg))
		return scenario_end();
	if (!!server->retries != retry)
		sim_fail(&sim, retry ? "the token was taken" : "the token was not taken");
	return scenario_end();
}

/* [9000-8.1.3#1,7] */
static const char *a_token_saves_the_retry_once(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	establish_config(&cfg, seed);
	err = get_token(&cfg);
	cfg.start_at += QUIC_TOKEN_NEW_US * (seed % 9) / 10;
	if (!err)
		err = use_token(&cfg, false);
	if (!err)						/* [9000-8.1.4#5] */
		err = use_token(&cfg, true);
	return err;
}

static const char *a_token_is_bound_to_its_address(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	establish_config(&cfg, seed);
	err = get_token(&cfg);
	cfg.client_ip = 1 + seed % 250;				/* [9000-8.1.4#3,4] */
	return err ?: use_token(&cfg, true);
}

static const char *a_token_is_bound_to_its_version(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	establish_config(&cfg, seed);
	err = get_token(&cfg);
	cfg.version = cfg.version == QUIC_V1 ? QUIC_V2 : QUIC_V1;	/* [9369-5#2] */
	return err ?: use_token(&cfg, true);
}

static const char *a_token_expires(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	establish_config(&cfg, seed);
	err = get_token(&cfg);
	cfg.start_at += QUIC_TOKEN_NEW_US + QUIC_US_PER_SEC;
	return err ?: use_token(&cfg, true);
}

static const char *a_token_outlives_one_change_of_keys(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	establish_config(&cfg, seed);
	err = get_token(&cfg);
	tokens.epoch++;
	if (!err)
		err = use_token(&cfg, false);
	if (!err)
		err = get_token(&cfg);
	tokens.epoch += 2;
	return err ?: use_token(&cfg, true);
}

/* [9000-13.3]: a lost NEW_TOKEN is sent again, an acknowledged one not. */
static const char *a_token_arrives_in_spite_of_losses(u64 seed)
{
	struct sim_config cfg;

	establish_config(&cfg, seed);
	cfg.validate = false;
	establish_fate(&cfg, seed);
	cfg.app[1].send_bytes = 200000;
	if (sim_run(&sim, &cfg))
		return scenario_end();
	if (!client->token_len)
		sim_fail(&sim, "no token came");
	return scenario_end();
}

/* ---- datagrams with Initials ---- */

static bool filled_on_send(struct sim *s, unsigned int from, u64 index, u8 *data, u32 len,
			   enum quic_ecn *ecn)
{
	struct quic_header h;

	if (!(data[0] & QUIC_HEADER_LONG) || !quic_header_decode(data, len, 8, &h) ||
	    h.kind != QUIC_PACKET_INITIAL || len >= QUIC_MIN_DATAGRAM_BYTES)
		return true;
	/* A server's may be short when all it has is an ACK. */
	if (!from || h.packet_len > 80)
		sim_fail(s, "an Initial in a datagram that is not filled");
	return true;
}

static const struct sim_hooks filled_hooks = { .on_send = filled_on_send };

/* [9000-8.1#3] [9000-14.1#1,2] */
static const char *initials_fill_their_datagrams(u64 seed)
{
	struct sim_config cfg;

	establish_config(&cfg, seed);
	establish_fate(&cfg, seed);
	cfg.validate = false;
	cfg.hooks = &filled_hooks;
	return scenario_run(&cfg);
}

/**
 * struct initial - one that is put in the mouth of an endpoint in its handshake
 * @from: whose
 * @pad_to: bytes of its datagram
 * @token: text
 * @done: it was sent
 */
static struct initial {
	unsigned int from;
	u32 pad_to;
	const char *token;
	bool done;
} initial;

static void initial_on_settle(struct sim_endpoint *ep)
{
	u8 dgram[SIM_FORGE_MAX_BYTES];
	struct sim_forge f = {
		.level = QUIC_LEVEL_INITIAL, .pn = 50, .frames = (u8 *)"\x01", .len = 1,
		.pad_to = initial.pad_to,
		.token = { (const u8 *)initial.token, strlen(initial.token) },
	};

	if (initial.done || ep->me != initial.from || !ep->started ||
	    !quic_keys_can_send(&ep->conn.keys, QUIC_LEVEL_INITIAL) || !ep->conn.peer_id_known)
		return;
	initial.done = true;
	sim_inject(ep->sim, !ep->me, dgram, sim_forge(ep, &f, dgram), 100);
}

static const struct sim_hooks initial_hooks = { .on_settle = initial_on_settle };

static void initial_run(u64 seed, unsigned int from, u32 pad_to, const char *token)
{
	struct sim_config cfg;

	establish_config(&cfg, seed);
	cfg.hooks = &initial_hooks;
	cfg.validate = false;
	cfg.may_end_early = true;
	initial = (struct initial){ .from = from, .pad_to = pad_to, .token = token };
	sim_run(&sim, &cfg);
}

/* [9000-17.2.2#1] */
static const char *an_initial_of_a_server_has_no_token(u64 seed)
{
	initial_run(seed, 1, QUIC_MIN_DATAGRAM_BYTES, "token");
	if (client->conn.close.source != QUIC_CLOSE_LOCAL ||
	    client->conn.close.code != QUIC_ERR_PROTOCOL_VIOLATION)
		sim_fail(&sim, "it was put up with");
	return scenario_end();
}

/* [9000-14.1#3]; one byte more is enough. */
static const char *a_server_drops_initials_in_small_datagrams(u64 seed)
{
	bool enough = seed & 1, taken;

	initial_run(seed, 0, QUIC_MIN_DATAGRAM_BYTES - !enough, "");
	if (!initial.done)
		sim_fail(&sim, "there was no time for it");
	taken = server->conn.space[QUIC_SPACE_INITIAL].largest == 50;
	if (taken != enough)
		sim_fail(&sim, "the size was judged wrongly");
	return scenario_end();
}

int main(int argc, char **argv)
{
	static const struct scenario list[] = {
		SCENARIO(a_retry_validates_the_client),
		SCENARIO(a_retry_survives_loss_and_corruption),
		SCENARIO(forged_retries_change_nothing),
		SCENARIO(a_retry_of_somebody_else_is_found_out),
		SCENARIO(a_second_retry_is_ignored),
		SCENARIO(a_retry_after_an_initial_is_ignored),
		SCENARIO(a_retry_token_of_before_is_refused),
		SCENARIO(an_old_retry_token_is_refused),
		SCENARIO(a_token_saves_the_retry_once),
		SCENARIO(a_token_is_bound_to_its_address),
		SCENARIO(a_token_is_bound_to_its_version),
		SCENARIO(a_token_expires),
		SCENARIO(a_token_outlives_one_change_of_keys),
		SCENARIO(a_token_arrives_in_spite_of_losses),
		SCENARIO(initials_fill_their_datagrams),
		SCENARIO(an_initial_of_a_server_has_no_token),
		SCENARIO(a_server_drops_initials_in_small_datagrams),
	};

	return scenario_main(argc, argv, list, ARRAY_SIZE(list));
}
