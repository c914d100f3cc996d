// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_early.c - 0-RTT: accepted, rejected, lost, late, and abused
 *
 * A client that remembers the server's parameters writes before it knows the
 * server.  That each byte arrives once and in its place is what the application
 * of every simulation checks; here is checked when, and under whose limits.
 */
#include "scenario.h"

static quic_us early_confirmed_at;	/* when the server's handshake was confirmed, 0: not yet */
static bool early_seen;			/* the server got something */
static u64 early_bytes;			/* stream bytes that the server had read until then */
static u64 early_first_bytes;		/* the same, after the first datagram */
static u64 early_dgrams;		/* DATAGRAMs that it had got until then */

/* [9001-4.6.2#1] Who rejects looks at nothing, and does not come back to it. */
static void early_look_at_rejection(struct sim_endpoint *server)
{
	struct quic_conn *conn = &server->conn;
	u8 secret[QUIC_SECRET_MAX_BYTES] = {};

	if (early_bytes)
		sim_fail(server->sim, "rejected 0-RTT was processed");
	if (quic_conn_is_open(conn) && quic_keys_can_send(&conn->keys, QUIC_LEVEL_APP) &&
	    quic_conn_install_secret(conn, QUIC_LEVEL_EARLY, false, server->sim->cfg.cipher,
				     secret, server->sim->now) != -EINVAL)
		sim_fail(server->sim, "0-RTT was accepted after its rejection");
}

static void early_note(struct sim_endpoint *ep)
{
	struct quic_conn *conn = &ep->conn;

	if (!ep->me) {
		/* The one key or the other [9001-5.6#5] [9000-17.2.3#2]. */
		if (quic_keys_can_send(&conn->keys, QUIC_LEVEL_APP) &&
		    quic_keys_can_send(&conn->keys, QUIC_LEVEL_EARLY))
			sim_fail(ep->sim, "the client kept its 0-RTT key");
		return;
	}
	/* [9001-5.6#3] */
	if (quic_keys_can_send(&conn->keys, QUIC_LEVEL_EARLY))
		sim_fail(ep->sim, "a server with a key to send 0-RTT");
	if (conn->confirmed) {
		if (!early_confirmed_at)
			early_confirmed_at = ep->sim->now;
		return;
	}
	early_bytes = conn->stats.stream_bytes_rcvd;
	if (conn->stats.pkts_rcvd && !early_seen)
		early_first_bytes = early_bytes;
	early_seen = conn->stats.pkts_rcvd;
	early_dgrams = conn->nr_dgrams_in;
	if (ep->sim->cfg.early != SIM_EARLY_ACCEPTED)
		early_look_at_rejection(ep);
}

static const struct sim_hooks early_hooks = { .on_settle = early_note };

static void early_config(struct sim_config *cfg, u64 seed, enum sim_early early)
{
	sim_config_default(cfg, seed);
	cfg->hooks = &early_hooks;
	cfg->early = early;
	cfg->app[0] = (struct sim_app){ .streams = 1, .send_bytes = 3000 };
	cfg->app[1] = (struct sim_app){ .send_bytes = 2000, .echo = true };
	early_confirmed_at = 0;
	early_seen = false;
	early_bytes = 0;
	early_first_bytes = 0;
	early_dgrams = 0;
}

/* ---- the two outcomes ---- */

static const char *accepted_data_are_read_before_the_handshake_ends(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	early_config(&cfg, seed, SIM_EARLY_ACCEPTED);
	cfg.cipher = 1 + seed % (QUIC_NR_CIPHERS - 1);
	err = scenario_run(&cfg);
	if (err)
		return err;
	if (early_bytes != 3000)
		return "not all of it was there before the end of the handshake";
	if (sim.ep[0].conn.stats.bytes_retrans)
		return "accepted data were sent again";
	if (!sim.ep[0].conn.early_accepted || !sim.ep[1].conn.early_accepted)
		return "nobody says that it was accepted";
	/* They came with the ClientHello, so before any key. */
	if (!early_first_bytes)
		return "packets were not held until their key came";
	return NULL;
}

static const char *rejected_data_are_sent_again(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	early_config(&cfg, seed, SIM_EARLY_REJECTED);
	err = scenario_run(&cfg);
	if (err)
		return err;
	if (sim.ep[0].conn.early_accepted || sim.ep[1].conn.early_accepted)
		return "somebody says that it was accepted";
	if (!sim.ep[0].conn.early_end)
		return "nothing was sent in 0-RTT packets";
	/* Begun anew at once [9001-4.6.2#2], not found lost after a while. */
	if (sim.ep[0].conn.recovery.nr_lost)
		return "rejected packets were waited for";
	return NULL;
}

static const char *client_that_is_told_nothing_finds_out(u64 seed)
{
	struct sim_config cfg;

	early_config(&cfg, seed, SIM_EARLY_UNTOLD);
	return scenario_run(&cfg);
}

/* More than an initial window: some of it is 0-RTT, the rest is not. */
static const char *transfer_goes_on_as_1rtt(u64 seed)
{
	struct sim_config cfg;

	early_config(&cfg, seed, 1 + seed % 3);
	cfg.app[0].streams = 1 + seed % 5;
	cfg.app[0].send_bytes = 100000;
	cfg.app[1].send_bytes = 50000;
	return scenario_run(&cfg);
}

static const char *survives_a_bad_network(u64 seed)
{
	struct sim_config cfg;
	unsigned int i;

	early_config(&cfg, seed, 1 + seed % 3);
	cfg.app[0].streams = 1 + seed % 7;
	cfg.app[0].send_bytes = 500 + seed * 7919 % 30000;
	cfg.app[1].send_bytes = seed * 104729 % 20000;
	cfg.flight_bytes = 500 + seed * 131 % 6000;
	for (i = 0; i < 2; i++) {
		cfg.link[i].loss = 50 + seed % 100;
		cfg.link[i].jitter = 50000;
		cfg.link[i].duplicate = 100;
		cfg.link[i].corrupt = 30;
	}
	return scenario_run(&cfg);
}

static const char *survives_without_memory(u64 seed)
{
	struct sim_config cfg;

	early_config(&cfg, seed, 1 + seed % 3);
	cfg.fail_alloc = 3000;
	return scenario_run(&cfg);
}

/* ---- single datagrams ---- */

static u64 drop_mask;	/* of the client's datagrams */

static bool drop_on_send(struct sim *s, unsigned int from, u64 index, u8 *data, u32 len,
			 enum quic_ecn *ecn)
{
	return from || index >= 64 || !(drop_mask >> index & 1);
}

static const struct sim_hooks drop_hooks = {
	.on_settle = early_note,
	.on_send = drop_on_send,
};

static const char *any_of_the_first_datagrams_may_be_lost(u64 seed)
{
	struct sim_config cfg;
	const char *err;
	unsigned int i;

	for (i = 0; i < 12; i++) {
		early_config(&cfg, seed, 1 + (seed + i) % 3);
		cfg.hooks = &drop_hooks;
		cfg.app[0].send_bytes = 6000;
		drop_mask = i < 6 ? 1ULL << i : seed * 0x9e3779b97f4a7c15ULL >> 58;
		err = scenario_run(&cfg);
		if (err)
			return err;
	}
	return NULL;
}

/*
 * The server knows the client and lacks nothing but its Finished, for which a window
 * full of rejected 0-RTT leaves no room.
 */
static bool full_on_send(struct sim *s, unsigned int from, u64 index, u8 *data, u32 len,
			 enum quic_ecn *ecn)
{
	return !from || index <= 1 || len < 1000 || s->ep[0].conn.server_validated_us;
}

static const struct sim_hooks full_hooks = {
	.on_settle = early_note,
	.on_send = full_on_send,
};

static const char *full_window_does_not_keep_the_finished_back(u64 seed)
{
	struct sim_config cfg;

	early_config(&cfg, seed, SIM_EARLY_UNTOLD);
	cfg.hooks = &full_hooks;
	cfg.app[0].send_bytes = 100000;
	return scenario_run(&cfg);
}

/* ---- a 0-RTT packet after 1-RTT, and the time after that ---- */

static quic_us late_due;	/* when it arrives */
static bool late_taken;
static bool late_key_gone;

static quic_pn late_pn;
static quic_us late_pto;	/* when the handshake was confirmed */

/* With the client's next number: those below may count as received by then. */
static void late_send(struct sim *s)
{
	static const u8 ping[] = { 0x01 };
	static u8 dgram[SIM_FORGE_MAX_BYTES];
	struct quic_sent *sent = &s->ep[0].conn.recovery.space[QUIC_SPACE_APP].sent;
	struct quic_sent_pkt record = { .sent_at = s->now, .eliciting = true };
	struct sim_forge f = {
		.level = QUIC_LEVEL_EARLY, .pn = sent->next, .frames = ping, .len = sizeof(ping),
		.pad_to = 100, .key = &s->ep[1].conn.keys.rx[QUIC_LEVEL_EARLY],
	};

	late_pn = sent->next;
	if (quic_sent_begin(sent))
		return;
	quic_sent_commit(sent, &record);
	late_pto = quic_conn_pto(&s->ep[1].conn);
	late_due = s->now + 777;	/* when nothing else comes */
	sim_inject(s, 1, dgram, sim_forge(&s->ep[0], &f, dgram), 777);
}

static void late_on_settle(struct sim_endpoint *ep)
{
	bool has_key = quic_keys_can_recv(&ep->conn.keys, QUIC_LEVEL_EARLY);

	early_note(ep);
	if (!ep->me || !early_confirmed_at)
		return;
	if (!late_due && has_key)
		late_send(ep->sim);
	if (ep->sim->now == late_due && ep->conn.space[QUIC_SPACE_APP].largest == late_pn)
		late_taken = true;
	/* [9001-4.9.3#1] */
	late_key_gone |= !has_key;
	if (late_key_gone && ep->sim->now - early_confirmed_at < 3 * late_pto)
		sim_fail(ep->sim, "the server dropped its 0-RTT key too early");
	if (has_key && ep->sim->now - early_confirmed_at > 4 * late_pto)
		sim_fail(ep->sim, "the server kept its 0-RTT key for too long");
}

static const struct sim_hooks late_hooks = { .on_settle = late_on_settle };

static const char *late_packet_is_read_and_the_key_dropped_soon(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	early_config(&cfg, seed, SIM_EARLY_ACCEPTED);
	cfg.hooks = &late_hooks;
	cfg.app[1].send_bytes = 100000;
	cfg.link[1].rate = 50000;	/* the connection lasts for two seconds */
	cfg.link[1].queue = QUIC_US_PER_SEC;
	late_due = 0;
	late_taken = false;
	late_key_gone = false;
	err = scenario_run(&cfg);
	if (err)
		return err;
	if (!late_taken)
		return "the late packet was dropped";
	return late_key_gone ? NULL : "the key was never dropped";
}

/* ---- limits ---- */

static struct quic_tparams limits_remembered;

static void limits_from_defaults(void)
{
	static struct quic_conn conn;

	quic_conn_init(&conn);
	limits_remembered = conn.local;
	quic_conn_exit(&conn);
}

static void limits_on_settle(struct sim_endpoint *ep)
{
	const struct quic_tparams *r = &limits_remembered;
	const struct quic_conn *client = &ep->sim->ep[0].conn;

	early_note(ep);
	if (quic_keys_can_send(&client->keys, QUIC_LEVEL_APP))
		return;
	/* Only what is remembered counts for 0-RTT packets [9000-7.4.1#8]. */
	if (client->tx.used > r->initial_max_data ||
	    client->streams.type[0].opened > r->initial_max_streams_bidi)
		sim_fail(ep->sim, "0-RTT above the remembered limits");
}

static const struct sim_hooks limits_hooks = { .on_settle = limits_on_settle };

static const char *client_keeps_to_the_remembered_limits(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	limits_from_defaults();
	limits_remembered.initial_max_data = 1000 + seed % 3000;
	limits_remembered.initial_max_streams_bidi = 1 + seed % 3;
	early_config(&cfg, seed, 1 + seed % 3);
	cfg.hooks = &limits_hooks;
	cfg.remembered = &limits_remembered;
	cfg.app[0] = (struct sim_app){ .streams = 5, .send_bytes = 3000 };
	err = scenario_run(&cfg);
	if (!err && cfg.early == SIM_EARLY_ACCEPTED &&
	    early_bytes != limits_remembered.initial_max_data)
		return "the remembered limit was not used up";
	return err;
}

static const char *client_remembers_nothing_it_must_not(u64 seed)
{
	struct quic_addr local = { .family = 4, .port = 5000 };
	struct quic_addr remote = { .family = 4, .port = 443 };
	struct quic_tparams p;
	struct quic_conn *conn = &sim.ep[0].conn;
	const char *err = NULL;

	memset(&sim, 0, sizeof(sim));
	sim_current = &sim;
	sim.ep[0].sim = &sim;
	quic_conn_init(conn);
	quic_conn_init(&sim.ep[1].conn);
	sim.live_before = quic_env_live;
	limits_from_defaults();
	p = limits_remembered;
	p.ack_delay_exponent = 20;
	p.max_ack_delay_ms = 1000;
	p.initial_scid.len = 8;
	p.reset_token[0] = 1;
	quic_tparam_mark(&p, QUIC_TPARAM_INITIAL_SCID);
	quic_tparam_mark(&p, QUIC_TPARAM_STATELESS_RESET_TOKEN);
	quic_tparam_mark(&p, QUIC_TPARAM_PREFERRED_ADDRESS);
	if (quic_early_remember(conn, &p) != -EINVAL)
		err = "parameters remembered before there is a connection";
	quic_conn_start_client(conn, &local, &remote, 1000000);
	if (quic_early_judge(conn, true) != -EINVAL)
		err = "a verdict without early data";
	if (quic_early_remember(conn, &p))
		err = "parameters not remembered";
	if (conn->remote.present || conn->remote.ack_delay_exponent != 3 ||
	    conn->remote.max_ack_delay_ms != 25 || conn->remote.reset_token[0])
		err = "what must not be remembered was";		/* [9000-7.4.1#2] */
	if (conn->remote.initial_max_data != p.initial_max_data)
		err = "a limit was not remembered";			/* [9000-7.4.1#4] */
	quic_conn_exit(conn);
	quic_conn_exit(&sim.ep[1].conn);
	return err ?: scenario_end();
}

/* Did @ep close for @want? */
static bool closed_for(const struct sim_endpoint *ep, enum quic_violation want)
{
	const struct quic_close *c = &ep->conn.close;

	return c->source == QUIC_CLOSE_LOCAL && c->code == quic_violation_error(want) &&
	       !strcmp((const char *)c->reason, quic_violation_name(want));
}

/* What the server has is below what the client remembers, in one parameter. */
static const char *reduced_run(u64 seed, enum quic_violation want)
{
	const struct quic_close *told = &sim.ep[1].conn.close;
	struct sim_config cfg;
	const char *err;

	early_config(&cfg, seed, SIM_EARLY_ACCEPTED);
	cfg.remembered = &limits_remembered;
	cfg.may_end_early = true;
	err = scenario_run(&cfg);
	if (err)
		return err;
	if (!closed_for(&sim.ep[0], want) ||
	    sim.ep[0].conn.close.frame_type != QUIC_FRAME_CRYPTO)
		return "the client closed for another reason, or not at all";
	if (told->source != QUIC_CLOSE_PEER || told->code != quic_violation_error(want))
		return "the server was told another code, or nothing";
	return NULL;
}

static const char *server_that_accepts_may_not_allow_less(u64 seed)
{
	static const size_t fields[] = {
		offsetof(struct quic_tparams, active_connection_id_limit),
		offsetof(struct quic_tparams, initial_max_data),
		offsetof(struct quic_tparams, initial_max_stream_data_bidi_local),
		offsetof(struct quic_tparams, initial_max_stream_data_bidi_remote),
		offsetof(struct quic_tparams, initial_max_stream_data_uni),
		offsetof(struct quic_tparams, initial_max_streams_bidi),
		offsetof(struct quic_tparams, initial_max_streams_uni),
	};
	const char *err = NULL;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(fields) && !err; i++) {	/* [9000-7.4.1#6] */
		limits_from_defaults();
		++*(u64 *)((u8 *)&limits_remembered + fields[i]);
		err = reduced_run(seed, QUIC_VIOLATION_TPARAM_REDUCED);
	}
	limits_from_defaults();
	limits_remembered.max_datagram_frame_size = 1;		/* [9221-3#6] */
	return err ?: reduced_run(seed, QUIC_VIOLATION_TPARAM_DATAGRAM_REDUCED);
}

static unsigned int fewer_streams;

static void fewer_on_init(struct sim_endpoint *ep)
{
	if (ep->me) {
		ep->conn.local.initial_max_streams_bidi = fewer_streams;
		ep->conn.local.initial_max_data = 1000;
		ep->conn.local.initial_max_stream_data_bidi_remote = 500;
	}
}

static const struct sim_hooks fewer_hooks = {
	.on_init = fewer_on_init,
	.on_settle = early_note,
};

/* [9000-7.4.1#3]: of what was remembered nothing is left */
static const char *server_that_rejects_may_allow_less(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	limits_from_defaults();
	early_config(&cfg, seed, SIM_EARLY_REJECTED);
	cfg.hooks = &fewer_hooks;
	cfg.remembered = &limits_remembered;
	cfg.app[0].streams = 3;
	fewer_streams = 3;
	err = scenario_run(&cfg);
	if (err)
		return err;
	/* But where it does not allow what the application has done already, that is the end. */
	cfg.may_end_early = true;
	fewer_streams = 2;
	err = scenario_run(&cfg);
	if (!err && (sim.ep[0].conn.close.source != QUIC_CLOSE_LOCAL ||
		     sim.ep[0].conn.close.code != QUIC_ERR_APPLICATION))
		return "the client went on with more streams than allowed";
	return err;
}

/* ---- datagrams ---- */

static void dgram_on_init(struct sim_endpoint *ep)
{
	ep->conn.local.max_datagram_frame_size = 1400;
}

static void dgram_on_blob(struct sim_endpoint *ep)
{
	u32 max = quic_conn_datagram_max(&ep->conn);
	struct quic_buf buf;

	if (ep->me || quic_edge_buf_alloc(&ep->conn, max, &buf))
		return;
	memset(buf.data, 0x33, buf.len);
	if (quic_conn_send_datagram(&ep->conn, &buf)) {
		quic_edge_chunk_put(buf.chunk);
		sim_fail(ep->sim, "a DATAGRAM was not taken before the handshake");
	}
}

static const struct sim_hooks dgram_hooks = {
	.on_init = dgram_on_init,
	.on_blob = dgram_on_blob,
	.on_settle = early_note,
};

static const char *largest_datagram_goes_as_0rtt(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	early_config(&cfg, seed, SIM_EARLY_ACCEPTED);
	cfg.hooks = &dgram_hooks;
	err = scenario_run(&cfg);
	if (!err && early_dgrams != 1)
		return "the DATAGRAM did not come before the end of the handshake";
	return err;
}

/* ---- Retry ---- */

static quic_pn retry_next;	/* the client's first number after it */

static void retry_on_settle(struct sim_endpoint *ep)
{
	const struct quic_sent *sent = &ep->conn.recovery.space[QUIC_SPACE_APP].sent;

	early_note(ep);
	if (ep->me)
		return;
	if (!ep->conn.retried)
		retry_next = sent->next;
	else if (sent->base < retry_next)	/* [9000-17.2.3#1] */
		sim_fail(ep->sim, "packet numbers did not go on after the Retry");
}

static const struct sim_hooks retry_hooks = { .on_settle = retry_on_settle };

static const char *early_data_are_sent_again_after_a_retry(u64 seed)
{
	static struct quic_tokens tokens;
	struct sim_config cfg;
	const char *err;

	early_config(&cfg, seed, 1 + seed % 3);
	cfg.hooks = &retry_hooks;
	cfg.validate = true;
	cfg.tokens = &tokens;
	memset(&tokens, 0, sizeof(tokens));
	retry_next = 0;
	err = scenario_run(&cfg);
	if (err)
		return err;
	if (!sim.ep[0].conn.retried || !retry_next)
		return "there was no Retry, or nothing sent before";
	if (cfg.early == SIM_EARLY_ACCEPTED && early_bytes != 3000)
		return "0-RTT was not sent again after the Retry";
	return NULL;
}

/* ---- abuse ---- */

static struct sim_forge abuse_forge;
static bool abuse_done;

static void abuse_on_settle(struct sim_endpoint *ep)
{
	static u8 dgram[SIM_FORGE_MAX_BYTES];
	bool ready = abuse_forge.level == QUIC_LEVEL_EARLY ?
		     !ep->me && quic_keys_can_send(&ep->conn.keys, QUIC_LEVEL_EARLY) :
		     ep->me && ep->conn.confirmed;

	if (abuse_done || !ready)
		return;
	abuse_done = true;
	sim_inject(ep->sim, !ep->me, dgram, sim_forge(ep, &abuse_forge, dgram), 12000);
}

static const struct sim_hooks abuse_hooks = { .on_settle = abuse_on_settle };

static const char *abuse_run(u64 seed, enum sim_early early, unsigned int victim,
			     const struct sim_forge *f, enum quic_violation want)
{
	struct sim_config cfg;
	const char *err;

	early_config(&cfg, seed, early);
	cfg.hooks = &abuse_hooks;
	cfg.may_end_early = true;
	cfg.foreign_bytes = true;
	cfg.stays_open = true;
	cfg.give_up = 1000 * QUIC_US_PER_SEC;
	abuse_forge = *f;
	abuse_done = false;
	err = scenario_run(&cfg);
	if (err)
		return err;
	if (!abuse_done)
		return "nothing was forged";
	return closed_for(&sim.ep[victim], want) ? NULL : "no violation, or another one";
}

/* Frames that table 3 of RFC 9000 12.4 keeps out of 0-RTT packets [9000-12.4] [9000-12.5]. */
static const char *frames_that_0rtt_may_not_carry(u64 seed)
{
	static const struct { u8 bytes[12]; u32 len; } frames[] = {
		{ { 0x02, 0, 0, 0, 0 }, 5 },			/* ACK [9000-17.2.3#3] */
		{ { 0x06, 0, 1, 0xaa }, 4 },			/* CRYPTO [9001-8.3#2] */
		{ { 0x07, 1, 0xaa }, 3 },			/* NEW_TOKEN */
		{ { 0x19, 0 }, 2 },				/* RETIRE_CONNECTION_ID */
		{ { 0x1b, 1, 2, 3, 4, 5, 6, 7, 8 }, 9 },	/* PATH_RESPONSE */
		{ { 0x1e }, 1 },				/* HANDSHAKE_DONE */
	};
	const char *err = NULL;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(frames) && !err; i++) {
		struct sim_forge f = {
			.level = QUIC_LEVEL_EARLY, .pn = 60, .frames = frames[i].bytes,
			.len = frames[i].len, .pad_to = 100,
		};

		err = abuse_run(seed, SIM_EARLY_ACCEPTED, 1, &f,
				QUIC_VIOLATION_FRAME_NOT_ALLOWED_HERE);
	}
	return err;
}

static const char *ack_of_a_rejected_packet(u64 seed)
{
	static const u8 ack[] = { 0x02, 0, 0, 0, 0 };
	struct sim_forge f = {
		.level = QUIC_LEVEL_APP, .pn = 60, .frames = ack, .len = sizeof(ack),
		.pad_to = 100,
	};

	return abuse_run(seed, SIM_EARLY_REJECTED, 0, &f,	/* [9001-4.6.2] */
			 QUIC_VIOLATION_ACK_OF_REJECTED);
}

/* A 0-RTT packet that comes to a client is dropped, whatever it is sealed with [9001-5.6#4]. */
static void reflect_on_settle(struct sim_endpoint *ep)
{
	static const u8 close[] = { 0x1c, 0, 0, 0 };
	static u8 dgram[SIM_FORGE_MAX_BYTES];
	struct sim_forge f = {
		.level = QUIC_LEVEL_EARLY, .pn = 60, .frames = close, .len = sizeof(close),
		.pad_to = 100, .key = &ep->sim->ep[1].conn.keys.rx[QUIC_LEVEL_EARLY],
	};

	early_note(ep);
	if (!ep->me && ep->conn.nr_held)
		sim_fail(ep->sim, "a client holds a 0-RTT packet");
	if (abuse_done || !ep->me || !quic_keys_can_recv(&ep->conn.keys, QUIC_LEVEL_EARLY))
		return;
	abuse_done = true;
	sim_inject(ep->sim, 0, dgram, sim_forge(ep, &f, dgram), 100);
}

static const struct sim_hooks reflect_hooks = { .on_settle = reflect_on_settle };

static const char *client_drops_0rtt_packets(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	early_config(&cfg, seed, SIM_EARLY_ACCEPTED);
	cfg.hooks = &reflect_hooks;
	abuse_done = false;
	err = scenario_run(&cfg);
	return err ?: abuse_done ? NULL : "nothing was forged";
}

/* A client opens no 0-RTT, a server seals none; verdicts come once. */
static void misuse_on_settle(struct sim_endpoint *ep)
{
	struct quic_conn *conn = &ep->conn;
	u8 secret[QUIC_SECRET_MAX_BYTES] = {};

	if (!quic_conn_is_open(conn))
		return;
	if (quic_conn_install_secret(conn, QUIC_LEVEL_EARLY, ep->me, ep->sim->cfg.cipher, secret,
				     ep->sim->now) != -EINVAL)
		sim_fail(ep->sim, "a 0-RTT key for the wrong direction");
	if (ep->me && quic_early_judge(conn, true) != -EINVAL)
		sim_fail(ep->sim, "a server judged early data");
	if (quic_early_remember(conn, &ep->conn.local) != -EINVAL)
		sim_fail(ep->sim, "parameters remembered at the wrong time");
	if (conn->early && conn->early->verdict != QUIC_EARLY_OPEN &&
	    quic_early_judge(conn, true) != -EINVAL)
		sim_fail(ep->sim, "a second verdict");
}

static const struct sim_hooks misuse_hooks = { .on_settle = misuse_on_settle };

static const char *misuse_is_refused(u64 seed)
{
	struct sim_config cfg;

	early_config(&cfg, seed, 1 + seed % 2);
	cfg.hooks = &misuse_hooks;
	return scenario_run(&cfg);
}

int main(int argc, char **argv)
{
	static const struct scenario list[] = {
		SCENARIO(accepted_data_are_read_before_the_handshake_ends),
		SCENARIO(rejected_data_are_sent_again),
		SCENARIO(client_that_is_told_nothing_finds_out),
		SCENARIO(transfer_goes_on_as_1rtt),
		SCENARIO(survives_a_bad_network),
		SCENARIO(survives_without_memory),
		SCENARIO(any_of_the_first_datagrams_may_be_lost),
		SCENARIO(full_window_does_not_keep_the_finished_back),
		SCENARIO(late_packet_is_read_and_the_key_dropped_soon),
		SCENARIO(client_keeps_to_the_remembered_limits),
		SCENARIO_ONCE(client_remembers_nothing_it_must_not),
		SCENARIO_ONCE(server_that_accepts_may_not_allow_less),
		SCENARIO(server_that_rejects_may_allow_less),
		SCENARIO(largest_datagram_goes_as_0rtt),
		SCENARIO(early_data_are_sent_again_after_a_retry),
		SCENARIO_ONCE(frames_that_0rtt_may_not_carry),
		SCENARIO_ONCE(ack_of_a_rejected_packet),
		SCENARIO(client_drops_0rtt_packets),
		SCENARIO(misuse_is_refused),
	};

	return scenario_main(argc, argv, list, ARRAY_SIZE(list));
}
