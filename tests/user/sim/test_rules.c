// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_rules.c - what an endpoint makes of what is odd but no violation
 *
 * After an honest handshake something is done to one endpoint, mostly by a packet
 * forged in the other's name, and a little later its state is looked at.  What is
 * to be answered by closing is in test_violation.c, what senders keep to in
 * test_wire.c.
 */
#include "scenario.h"

static struct sim_endpoint *const client = &sim.ep[0];
static struct sim_endpoint *const server = &sim.ep[1];

static const quic_us judge_after = 200 * QUIC_US_PER_MS;

/**
 * struct oddity - one run
 * @name: of it
 * @act: does what is odd once both ends have confirmed the handshake
 * @judge: NULL, or what is wrong @judge_after that
 */
struct oddity {
	const char *name;
	void (*act)(void);
	const char *(*judge)(void);
};

static const struct oddity *oddity;
static quic_us acted_at;
static quic_pn next_pn;
static bool forged;		/* the client may not hear of what it did not send */
static unsigned int told[0x40];	/* frames of the server, by type */

/* A 1-RTT packet from the client's name, far from the numbers its engine uses. */
static void to_server(const u8 *frames, u32 len, const struct sim_forge *how)
{
	struct sim_forge f = how ? *how : (struct sim_forge){ .level = QUIC_LEVEL_APP };
	u8 dgram[SIM_FORGE_MAX_BYTES];

	f.frames = frames;
	f.len = len;
	f.pn = next_pn++;
	forged = true;
	sim_inject(&sim, 1, dgram, sim_forge(client, &f, dgram), 0);
}

#define TO_SERVER(...)	to_server((const u8[]){ __VA_ARGS__ }, \
				  sizeof((const u8[]){ __VA_ARGS__ }), NULL)

static bool server_got(quic_pn pn)
{
	const struct quic_pnspace *s = &server->conn.space[QUIC_SPACE_APP];

	return s->largest != QUIC_PN_NONE && s->largest >= pn;
}

static void act_on_settle(struct sim_endpoint *ep)
{
	const char *err;

	if (!acted_at && client->conn.confirmed && server->conn.confirmed) {
		acted_at = sim.now;
		next_pn = client->conn.recovery.space[QUIC_SPACE_APP].sent.next + 1000;
		oddity->act();
	} else if (acted_at && sim.now >= acted_at + judge_after) {
		err = oddity->judge();
		if (err)
			sim_fail(&sim, err);
		quic_conn_abort(&client->conn, sim.now);
		quic_conn_abort(&server->conn, sim.now);
	}
}

static void act_on_init(struct sim_endpoint *ep)
{
	ep->conn.config.keepalive = 50 * QUIC_US_PER_MS;	/* so that time goes on */
	ep->conn.local.initial_max_data = 8000;
	ep->conn.local.initial_max_stream_data_bidi_remote = 4000;
	ep->conn.local.initial_max_streams_uni = 4;
}

static bool act_on_send(struct sim *s, unsigned int from, u64 index, u8 *data, u32 len,
			enum quic_ecn *ecn)
{
	return !from || !forged;
}

static void act_on_packet(struct sim_endpoint *ep, const struct quic_tx_pkt *pkt)
{
	struct quic_reader r;
	struct quic_frame f;

	quic_wire_read_init(&r, pkt->dst + pkt->hdr_len, pkt->len - pkt->hdr_len);
	while (ep == server && acted_at && quic_wire_left(&r) &&
	       !quic_frame_decode(&r, QUIC_LEVEL_APP, &f))
		told[f.type]++;
}

static const struct sim_hooks act_hooks = {
	.on_packet = act_on_packet,
	.on_init = act_on_init,
	.on_send = act_on_send,
	.on_settle = act_on_settle,
};

/* ---- streams ---- */

/* [9000-3.2] */
static const char *lower_streams_open_with_a_higher_one(void)
{
	struct quic_stream *s;

	if (quic_stream_find(&server->conn, 4) || quic_stream_for_send(&server->conn, 4, &s))
		return "stream 4 did not open with stream 8";
	if (!quic_stream_for_send(&server->conn, 12, &s))
		return "stream 12 opened with stream 8";
	return NULL;
}

static void use_stream_8(void)
{
	TO_SERVER(0x0a, 8, 1, 'x');
}

static void ask_to_stop(void)
{
	struct quic_stream *s;

	TO_SERVER(0x0a, 0, 1, 'x', 0x05, 0, 7);		/* STREAM, STOP_SENDING */
	/* The second one is for a stream whose reset was said already. */
	TO_SERVER(0x0a, 4, 1, 'x');
	if (!quic_stream_open(&server->conn, 1, &s))
		quic_stream_reset(&server->conn, s, 3);
	TO_SERVER(0x05, 1, 9);
}

/* [9000-3.5] */
static const char *stop_sending_is_answered_by_a_reset(void)
{
	const struct quic_stream *s = quic_stream_find(&server->conn, 0);

	if (!s || s->send_state < QUIC_SEND_RESET_SENT || s->reset_code != 7)
		return "no reset with the code of STOP_SENDING";
	s = quic_stream_find(&server->conn, 1);
	if (s && s->reset_code != 3)
		return "a reset changed after it was said";
	return NULL;
}

static void end_stream_0(void)
{
	struct quic_stream *s;

	if (quic_stream_open(&client->conn, 0, &s))
		return;
	quic_stream_reset(&client->conn, s, 1);
	quic_stream_stop(&client->conn, s, 1);
	quic_conn_output(&client->conn, sim.now);
}

/* [9000-2.1] */
static const char *an_ended_stream_is_not_opened_again(void)
{
	struct quic_stream *s;

	if (quic_stream_find(&client->conn, 0))
		return "stream 0 did not end";
	if (quic_stream_open(&client->conn, 0, &s) != -ENOSTR)
		return "stream 0 was opened again";
	return quic_stream_next_sid(&client->conn, false) == 4 ? NULL : "the next stream is not 4";
}

static void nothing(void)
{
}

/* [9000-4.6#2] [9000-19.11#3] */
static const char *no_stream_is_opened_above_the_limit(void)
{
	u64 max = server->conn.local.initial_max_streams_bidi;
	struct quic_stream *s;

	if (quic_stream_open(&client->conn, 4 * max, &s) != -EAGAIN)
		return "a stream above the limit opened";
	return quic_stream_open(&client->conn, 4 * max - 4, &s) ? "the last one did not" : NULL;
}

static struct quic_stream *written;

/* A stream of the server's, written to once and closed. */
static void write_all(void)
{
	struct quic_stream *s;
	struct quic_buf buf;

	if (quic_stream_open(&server->conn, 1, &s) || quic_edge_buf_alloc(&server->conn, 1, &buf))
		return;
	if (quic_sndbuf_append(&s->snd, &buf, 1, 0))
		quic_edge_chunk_put(buf.chunk);
	server->conn.wmem += buf.truesize;
	quic_stream_on_written(&server->conn, s, true);
	quic_conn_output(&server->conn, sim.now);
	written = s;
}

/* [9000-3.3#1] [9000-4.4] one part is over, the other lives */
static const char *a_part_that_is_over_is_not_reset(void)
{
	struct quic_stream *s = quic_stream_find(&server->conn, 1);

	if (!s || s != written || s->send_state != QUIC_SEND_RECVD)
		return "the stream did not get that far";
	if (quic_stream_reset(&server->conn, s, 1) != -EINVAL ||
	    quic_stream_rx_stop(&server->conn, s, 1) || s->pending)
		return "it has something to say";
	return NULL;
}

/* ---- limits ---- */

static u64 tx_max, streams_max;

static void lower_limits(void)
{
	struct quic_stream *s;

	tx_max = server->conn.tx.max;
	streams_max = server->conn.streams.type[1].max;
	if (quic_stream_open(&server->conn, 1, &s))
		return;
	TO_SERVER(0x10, 1, 0x11, 1, 1, 0x12, 1, 0x13, 1);
}

/* [9000-4.1#3] [9000-4.6#4] [9000-13.3#3] [9000-19.11#2] */
static const char *limits_never_go_down(void)
{
	const struct quic_stream *s = quic_stream_find(&server->conn, 1);

	if (!server_got(next_pn - 1))
		return "the packet was not accepted";
	if (server->conn.tx.max != tx_max || !s || s->tx.max <= 1 ||
	    server->conn.streams.type[1].max != streams_max)
		return "a limit went down";
	return NULL;
}

/* 1000 bytes of a stream that goes on, and 1 of one that ends; nobody asks for more. */
static void send_some(void)
{
	u8 frames[1100] = { 0x0a, 0, 0x43, 0xe8 };

	to_server(frames, 1004, NULL);
	TO_SERVER(0x0b, 2, 1, 'x');
}

/* [9000-4.2] [9000-4.6#5] */
static const char *credit_comes_without_being_asked_for(void)
{
	const struct quic_stream *s = quic_stream_find(&server->conn, 0);

	if (!s || s->rx.max <= 4000 || server->conn.rx.max <= 8000 ||
	    !told[QUIC_FRAME_MAX_DATA] || !told[QUIC_FRAME_MAX_STREAM_DATA])
		return "no credit for more bytes";
	return told[QUIC_FRAME_MAX_STREAMS_UNI] ? NULL : "no credit for another stream";
}

/* ---- packets ---- */

static void behind_a_bad_packet(void)
{
	struct sim_forge f = { .level = QUIC_LEVEL_APP, .pn = next_pn++ };
	const struct quic_conn *c = &client->conn;
	struct quic_header_build b = {
		.kind = QUIC_PACKET_HANDSHAKE, .version = c->version, .dcid = &c->path->dcid,
		.scid = &c->initial_scid, .pn_len = 4,
	};
	u8 ping = QUIC_FRAME_PING, dgram[2 * SIM_FORGE_MAX_BYTES];
	struct quic_writer w;
	u32 hdr_len;

	f.frames = &ping;
	f.len = 1;
	quic_wire_write_init(&w, dgram, sizeof(dgram));
	quic_header_encode(&w, &b);
	hdr_len = w.len;
	quic_wire_put_zeros(&w, 60);
	quic_header_set_length(dgram, hdr_len, b.pn_len, 60);
	forged = true;
	sim_inject(&sim, 1, dgram, w.len + sim_forge(client, &f, dgram + w.len), 0);
}

/* [9000-12.2#1,3,4] */
static const char *a_bad_packet_does_not_stop_those_behind_it(void)
{
	return server_got(next_pn - 1) ? NULL : "the packet behind was not processed";
}

static void clear_fixed_bit(void)
{
	struct sim_forge how = { .level = QUIC_LEVEL_APP, .flip = QUIC_HEADER_FIXED };

	to_server((const u8[]){ QUIC_FRAME_PING }, 1, &how);
}

/* [9000-17.3.1#1] */
static const char *a_clear_fixed_bit_is_dropped(void)
{
	return server_got(next_pn - 1) ? "the packet was processed" : NULL;
}

/* [9000-7.5#1] */
static const char *crypto_bytes_wait_4096_ahead(void)
{
	const struct quic_inqueue *q = &server->conn.crypto[QUIC_SPACE_APP].rcv;

	return server_got(next_pn - 1) && q->truesize ? NULL : "the byte was not kept";
}

static void crypto_4095_ahead(void)
{
	TO_SERVER(0x06, 0x4f, 0xff, 1, 'x');
}

static const struct oddity oddities[] = {
#define ODDITY(act, judge)	{ #judge, act, judge }
	ODDITY(use_stream_8, lower_streams_open_with_a_higher_one),
	ODDITY(ask_to_stop, stop_sending_is_answered_by_a_reset),
	ODDITY(end_stream_0, an_ended_stream_is_not_opened_again),
	ODDITY(nothing, no_stream_is_opened_above_the_limit),
	ODDITY(write_all, a_part_that_is_over_is_not_reset),
	ODDITY(lower_limits, limits_never_go_down),
	ODDITY(send_some, credit_comes_without_being_asked_for),
	ODDITY(behind_a_bad_packet, a_bad_packet_does_not_stop_those_behind_it),
	ODDITY(clear_fixed_bit, a_clear_fixed_bit_is_dropped),
	ODDITY(crypto_4095_ahead, crypto_bytes_wait_4096_ahead),
#undef ODDITY
};

static const char *oddities_are_borne(u64 seed)
{
	const char *err, *first = NULL;
	struct sim_config cfg;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(oddities); i++) {
		sim_config_default(&cfg, seed);
		cfg.hooks = &act_hooks;
		cfg.may_end_early = true;
		cfg.stays_open = true;
		cfg.foreign_bytes = true;
		cfg.give_up = 30 * QUIC_US_PER_SEC;
		oddity = &oddities[i];
		acted_at = 0;
		forged = false;
		memset(told, 0, sizeof(told));
		err = scenario_run(&cfg);
		if (!err && !acted_at)
			err = "it never came to it";
		if (!err && server->conn.stats.violations)
			err = (const char *)server->conn.close.reason;
		if (err) {
			printf("# %s: %s\n", oddity->name, err);
			first = "see above";
		}
	}
	return first;
}

/* ---- Initials and Handshake packets ---- */

static struct sim_forge early_forge;
static bool early_sent;
static quic_pn early_pn;

static void early_on_settle(struct sim_endpoint *ep)
{
	u8 ping = QUIC_FRAME_PING, dgram[SIM_FORGE_MAX_BYTES];
	struct sim_forge f = early_forge;
	struct quic_cid other = client->conn.initial_scid;

	if (early_sent || ep != client || !quic_keys_can_send(&client->conn.keys, f.level))
		return;
	other.data[0] ^= 1;
	if (f.scid)
		f.scid = &other;
	f.pn = client->conn.recovery.space[quic_level_space(f.level)].sent.next + 1000;
	f.frames = &ping;
	f.len = 1;
	if (f.level == QUIC_LEVEL_INITIAL)
		f.pad_to = QUIC_MIN_DATAGRAM_BYTES;
	early_pn = f.pn;
	early_sent = true;
	sim_inject(&sim, 1, dgram, sim_forge(client, &f, dgram), 0);
}

static bool early_processed;

static void early_watch(struct sim_endpoint *ep)
{
	const struct quic_pnspace *s = &server->conn.space[quic_level_space(early_forge.level)];

	early_on_settle(ep);
	if (early_sent && s->largest != QUIC_PN_NONE && s->largest >= early_pn)
		early_processed = true;
}

static const struct sim_hooks early_hooks = { .on_settle = early_watch };

static const char *early_run(u64 seed, struct sim_forge how, bool want)
{
	struct sim_config cfg;
	const char *err;

	sim_config_default(&cfg, seed);
	cfg.hooks = &early_hooks;
	cfg.may_end_early = true;	/* the client hears of a packet it did not send */
	cfg.app[0] = (struct sim_app){ .streams = 1, .send_bytes = 1000 };
	cfg.app[1] = (struct sim_app){ .send_bytes = 1000, .echo = true };
	cfg.flight_bytes = 1500;
	early_forge = how;
	early_sent = false;
	early_processed = false;
	err = scenario_run(&cfg);
	if (!err && !early_sent)
		return "it never came to it";
	if (!err && early_processed != want)
		return want ? "the packet was dropped" : "the packet was processed";
	return err;
}

static const struct quic_cid any_cid;

/* [9000-7.2#3,6] */
static const char *packets_from_another_id_are_dropped(u64 seed)
{
	struct sim_forge how = { .level = QUIC_LEVEL_HANDSHAKE };
	const char *err = early_run(seed, how, true);

	how.scid = &any_cid;
	return err ? err : early_run(seed, how, false);
}

/* [9000-17.2#1] */
static const char *long_headers_without_the_fixed_bit_are_dropped(u64 seed)
{
	struct sim_forge how = { .level = QUIC_LEVEL_HANDSHAKE, .flip = QUIC_HEADER_FIXED };

	return early_run(seed, how, false);
}

/* ---- probes ---- */

/* The ClientHello arrives, its acknowledgments do not: the server can say no more. */
static bool mute_on_send(struct sim *s, unsigned int from, u64 index, u8 *data, u32 len,
			 enum quic_ecn *ecn)
{
	return from || !index || index > 4;
}

static const struct sim_hooks mute_hooks = { .on_send = mute_on_send };

/* [9000-8.1#4] [9002-6.2.2.1#2] [9002-6.2.4#1,2] */
static const char *a_client_with_nothing_to_say_frees_a_server_at_its_limit(u64 seed)
{
	struct sim_config cfg;

	sim_config_default(&cfg, seed);
	cfg.hooks = &mute_hooks;
	cfg.flight_bytes = 9000;
	cfg.app[0] = (struct sim_app){ .streams = 1, .send_bytes = 1000 };
	cfg.app[1] = (struct sim_app){ .send_bytes = 1000, .echo = true };
	cfg.give_up = 200 * QUIC_US_PER_SEC;
	return scenario_run(&cfg);
}

int main(int argc, char **argv)
{
	static const struct scenario list[] = {
		SCENARIO(oddities_are_borne),
		SCENARIO(packets_from_another_id_are_dropped),
		SCENARIO(long_headers_without_the_fixed_bit_are_dropped),
		SCENARIO(a_client_with_nothing_to_say_frees_a_server_at_its_limit),
	};

	return scenario_main(argc, argv, list, ARRAY_SIZE(list));
}
