// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_attack.c - a peer with all the keys and no manners
 *
 * After an honest handshake the client's engine is cut off, and packets are
 * forged in its name: frames that keep the rules one by one, in an order and a
 * number that no application would send, and now and then one that does not.
 * The server may close with a violation or put up with it; it may not crash,
 * leak, remember without bound, or read what it was not sent (the sanitizers
 * watch in sim-asan).
 */
#include "scenario.h"

enum { PACKETS = 1000, FRAMES_BYTES = 600 };

static struct sim_endpoint *const client = &sim.ep[0];
static struct sim_endpoint *const server = &sim.ep[1];

static bool begun;

/**
 * struct manners - how the frames of a run are chosen
 * @pick: a frame type out of all there are
 * @rude: chance in 1/1000 that a choice breaks the rules
 * @mutate: chance in 1/1000 that a byte of the packet is changed
 */
static struct manners {
	u8 (*pick)(void);
	unsigned int rude;
	unsigned int mutate;
} manners;

static u64 next_cid;	/* sequence number of the next id to be given */

static bool rude(void)
{
	return sim_chance(&sim, manners.rude);
}

/* Below @below; of a rude peer anything up to 2^62. */
static u64 number(u64 below)
{
	if (rude())
		return sim_random(&sim, QUIC_VARINT_MAX) >> sim_random(&sim, 62);
	return sim_random(&sim, below);
}

static void put_bytes(struct quic_writer *w, u64 n)
{
	while (n--)
		quic_wire_put_u8(w, sim_random(&sim, 256));
}

/* A stream of the client's; @sends: about the client's sending part. */
static quic_sid stream_id(bool sends)
{
	quic_sid sid = 4 * sim_random(&sim, 60);

	if (rude())
		return sim_random(&sim, 500);
	return sends && sim_chance(&sim, 200) ? sid + 2 : sid;
}

static u64 stream_size(quic_sid sid)
{
	return 2000 + sid * 29 % 5000;
}

static void put_stream(struct quic_writer *w, u8 type)
{
	quic_sid sid = stream_id(true);
	u64 size = stream_size(sid), off, len;

	off = type & QUIC_FRAME_STREAM_OFF ? number(size + 1) : 0;
	len = min_t(u64, sim_random(&sim, 120), off < size ? size - off : 0);
	if (type & QUIC_FRAME_STREAM_FIN && off + len != size && !rude())
		type &= ~QUIC_FRAME_STREAM_FIN;
	quic_wire_put_varint(w, type | QUIC_FRAME_STREAM_LEN);
	quic_wire_put_varint(w, sid);
	if (type & QUIC_FRAME_STREAM_OFF)
		quic_wire_put_varint(w, off);
	quic_wire_put_varint(w, len);
	put_bytes(w, len);
}

static void put_reset(struct quic_writer *w)
{
	quic_sid sid = stream_id(true);

	quic_wire_put_varint(w, QUIC_FRAME_RESET_STREAM);
	quic_wire_put_varint(w, sid);
	quic_wire_put_varint(w, number(1000));
	quic_wire_put_varint(w, rude() ? number(9000) : stream_size(sid));
}

/* One range of numbers that the server did send. */
static void put_ack(struct quic_writer *w, u8 type)
{
	struct quic_sent *sent = &server->conn.recovery.space[QUIC_SPACE_APP].sent;
	quic_pn largest = sent->base + number(max_t(u64, sent->next - sent->base, 1));
	const struct quic_sent_pkt *pkt = quic_sent_find(sent, largest);
	unsigned int i;

	if ((!pkt || pkt->state == QUIC_SENT_SKIPPED) && !rude())
		return;
	quic_wire_put_varint(w, type);
	quic_wire_put_varint(w, largest);
	quic_wire_put_varint(w, number(1000));
	quic_wire_put_varint(w, rude() ? 1 : 0);
	quic_wire_put_varint(w, rude() ? 1 : 0);
	if (type == QUIC_FRAME_ACK_ECN)
		for (i = 0; i < 3; i++)
			quic_wire_put_varint(w, number(50));
}

static void put_new_cid(struct quic_writer *w)
{
	u64 back = sim_random(&sim, 4), seq = next_cid > back ? next_cid - back : next_cid;

	/* Who asks for retirements faster than it acknowledges them breaks a rule [9000-5.1.2]. */
	if (!manners.rude && server->conn.remote_ids.nr_retire > QUIC_CONNID_RETIRE_MAX / 2) {
		quic_wire_put_varint(w, QUIC_FRAME_PING);
		return;
	}
	if (rude())
		seq = number(1000);
	next_cid = max(next_cid, seq + 1);
	quic_wire_put_varint(w, QUIC_FRAME_NEW_CONNECTION_ID);
	quic_wire_put_varint(w, seq);
	quic_wire_put_varint(w, seq > 3 ? seq - 3 + (rude() ? 9 : 0) : 0);
	quic_wire_put_u8(w, rude() ? 21 : QUIC_CID_OURS_BYTES);
	/* The same number has the same id. */
	quic_wire_put_uint(w, 8, seq * 0x9e3779b97f4a7c15ULL + rude());
	quic_wire_put_zeros(w, QUIC_RESET_TOKEN_BYTES);
}

/* An id of the server's, but for the one the packet goes to. */
static void put_retire_cid(struct quic_writer *w)
{
	u64 n = server->conn.local_ids.next_seq;

	quic_wire_put_varint(w, QUIC_FRAME_RETIRE_CONNECTION_ID);
	quic_wire_put_varint(w, rude() ? n : 1 + sim_random(&sim, n - 1));
}

static void put_crypto(struct quic_writer *w)
{
	u64 len = sim_random(&sim, 200);

	quic_wire_put_varint(w, QUIC_FRAME_CRYPTO);
	quic_wire_put_varint(w, number(60000));
	quic_wire_put_varint(w, len);
	put_bytes(w, len);
}

/* What follows the type of the frames that are just numbers, by type. */
static const u8 plain_numbers[] = {
	[QUIC_FRAME_STOP_SENDING] = 2, [QUIC_FRAME_MAX_DATA] = 1,
	[QUIC_FRAME_MAX_STREAM_DATA] = 2, [QUIC_FRAME_MAX_STREAMS_BIDI] = 1,
	[QUIC_FRAME_MAX_STREAMS_UNI] = 1, [QUIC_FRAME_DATA_BLOCKED] = 1,
	[QUIC_FRAME_STREAM_DATA_BLOCKED] = 2, [QUIC_FRAME_STREAMS_BLOCKED_BIDI] = 1,
	[QUIC_FRAME_STREAMS_BLOCKED_UNI] = 1,
};

static void put_numbers(struct quic_writer *w, u8 type)
{
	unsigned int i, n = type < ARRAY_SIZE(plain_numbers) ? plain_numbers[type] : 0;

	quic_wire_put_varint(w, type);
	for (i = 0; i < n; i++)
		quic_wire_put_varint(w, i || n == 1 ? number(50000) :
				     stream_id(type == QUIC_FRAME_STREAM_DATA_BLOCKED));
}

static void put_frame(struct quic_writer *w, u8 type)
{
	switch (type) {
	case QUIC_FRAME_ACK:
	case QUIC_FRAME_ACK_ECN:
		put_ack(w, type);
		break;
	case QUIC_FRAME_RESET_STREAM:
		put_reset(w);
		break;
	case QUIC_FRAME_CRYPTO:
		put_crypto(w);
		break;
	case QUIC_FRAME_STREAM ... QUIC_FRAME_STREAM + 7:
		put_stream(w, type);
		break;
	case QUIC_FRAME_NEW_CONNECTION_ID:
		put_new_cid(w);
		break;
	case QUIC_FRAME_RETIRE_CONNECTION_ID:
		put_retire_cid(w);
		break;
	case QUIC_FRAME_PATH_CHALLENGE:
	case QUIC_FRAME_PATH_RESPONSE:
		quic_wire_put_varint(w, type);
		put_bytes(w, 8);
		break;
	default:
		put_numbers(w, type);
		break;
	}
}

/* Frames that a server may get: closing and server-only ones end the fun at once. */
static u8 pick_any(void)
{
	static const u8 types[] = {
		0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x08, 0x0a, 0x0b, 0x0c, 0x0e, 0x0f, 0x10,
		0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b,
	};

	return types[sim_random(&sim, ARRAY_SIZE(types))];
}

static u8 pick_stream(void)
{
	static const u8 types[] = { 0x0a, 0x0b, 0x0e, 0x0e, 0x0e, 0x0e, 0x0f, 0x04, 0x05, 0x11 };

	return types[sim_random(&sim, ARRAY_SIZE(types))];
}

static u8 pick_ids(void)
{
	static const u8 types[] = { 0x18, 0x18, 0x19, 0x1a, 0x02 };

	return types[sim_random(&sim, ARRAY_SIZE(types))];
}

static u32 make_frames(u8 *dst)
{
	unsigned int n = 1 + sim_random(&sim, 6);
	u8 scratch[FRAMES_BYTES];
	struct quic_writer w, one;

	quic_wire_write_init(&w, dst, FRAMES_BYTES);
	while (n--) {
		quic_wire_write_init(&one, scratch, sizeof(scratch));
		put_frame(&one, manners.pick());
		if (!one.overflow && w.len + one.len <= w.cap)
			quic_wire_put_bytes(&w, scratch, one.len);
	}
	if (w.len && sim_chance(&sim, manners.mutate))
		dst[sim_random(&sim, w.len)] ^= 1 << sim_random(&sim, 8);
	if (!w.len)
		quic_wire_put_u8(&w, QUIC_FRAME_PING);
	return w.len;
}

static quic_pn next_pn;
static unsigned int packets_left;

/* The next packet, made when the one before has arrived: it knows what the server did. */
static void attack_next(void)
{
	u8 frames[FRAMES_BYTES], dgram[SIM_FORGE_MAX_BYTES];
	struct sim_forge f = { .level = QUIC_LEVEL_APP, .frames = frames };

	if (!packets_left)
		return;
	packets_left--;
	next_pn += 1 + (sim_chance(&sim, 50) ? sim_random(&sim, 200) : 0);
	f.pn = next_pn;
	f.len = make_frames(frames);
	sim_inject(&sim, 1, dgram, sim_forge(client, &f, dgram), 100 + sim_random(&sim, 2000));
}

static bool attack_on_send(struct sim *s, unsigned int from, u64 index, u8 *data, u32 len,
			   enum quic_ecn *ecn)
{
	return !begun;
}

/* What a peer can make the server keep. */
static void check_bounds(struct sim_endpoint *ep)
{
	const struct quic_conn *c = &ep->conn;
	unsigned int i;

	if (c->rmem > c->config.rmem_max + 2 * 65536)
		sim_fail(&sim, "receive memory is above its limit");
	for (i = 0; i < 4; i++)
		if (c->streams.type[i].nr > 200)
			sim_fail(&sim, "more streams than were allowed");
	if (quic_env_live - sim.live_before > 20000)
		sim_fail(&sim, "too many allocations");
	if (c->rx.received > c->rx.max)
		sim_fail(&sim, "more was taken than credit was given");
}

static void attack_on_settle(struct sim_endpoint *ep)
{
	if (!begun && client->conn.confirmed && server->conn.confirmed) {
		begun = true;
		packets_left = PACKETS;
		next_cid = 10;	/* those below are the client's own */
		next_pn = client->conn.recovery.space[QUIC_SPACE_APP].sent.next + 100;
		attack_next();
	} else if (begun && ep == server && quic_conn_is_open(&ep->conn)) {
		check_bounds(ep);
		attack_next();
	}
}

static void attack_on_init(struct sim_endpoint *ep)
{
	ep->conn.local.max_idle_timeout_ms = 3000;
}

static const struct sim_hooks attack_hooks = {
	.on_init = attack_on_init,
	.on_send = attack_on_send,
	.on_settle = attack_on_settle,
};

static const char *attack_run(u64 seed, struct manners how)
{
	struct sim_config cfg;
	const char *err;

	sim_config_default(&cfg, seed);
	cfg.hooks = &attack_hooks;
	cfg.may_end_early = true;
	cfg.stays_open = true;
	cfg.foreign_bytes = true;
	begun = false;
	manners = how;
	err = scenario_run(&cfg);
	if (!err && server->conn.state != QUIC_CONN_CLOSED)
		return "the server did not end";
	return err;
}

/* Whoever keeps the rules is served to the end, however odd the requests. */
static const char *frames_within_the_rules_are_no_violation(u64 seed)
{
	const char *err = attack_run(seed, (struct manners){ pick_any, 0, 0 });

	if (!err && server->conn.stats.violations)
		return (const char *)server->conn.close.reason;
	return err;
}

static const char *frames_against_the_rules_are_survived(u64 seed)
{
	return attack_run(seed, (struct manners){ pick_any, 2, 0 });
}

static const char *mutated_frames_are_survived(u64 seed)
{
	return attack_run(seed, (struct manners){ pick_any, 0, 20 });
}

static const char *floods_of_stream_frames_are_survived(u64 seed)
{
	return attack_run(seed, (struct manners){ pick_stream, 1, 1 });
}

static const char *floods_of_connection_ids_are_survived(u64 seed)
{
	return attack_run(seed, (struct manners){ pick_ids, 1, 1 });
}

/* ---- an attacker without keys: everything that was sent is sent again ---- */

static unsigned int replays;	/* of each datagram */

static bool replay_on_send(struct sim *s, unsigned int from, u64 index, u8 *data, u32 len,
			   enum quic_ecn *ecn)
{
	unsigned int i;

	for (i = 0; i < replays; i++)
		sim_inject(s, !from, data, len, 20000 + sim_random(s, 3 * QUIC_US_PER_SEC));
	return true;
}

static const struct sim_hooks replay_hooks = { .on_send = replay_on_send };

static u64 replay_dgrams(u64 seed, unsigned int times, const char **err)
{
	struct sim_config cfg;

	sim_config_default(&cfg, seed);
	cfg.hooks = &replay_hooks;
	cfg.app[0] = (struct sim_app){ .streams = 3, .send_bytes = 60000, .echo = true };
	cfg.app[1] = (struct sim_app){ .send_bytes = 60000, .echo = true };
	replays = times;
	*err = scenario_run(&cfg);
	return client->dgrams + server->dgrams;
}

/* [9000-12.3]: no byte is delivered twice, and no packet is answered twice. */
static const char *replayed_packets_change_nothing(u64 seed)
{
	const char *err;
	u64 honest = replay_dgrams(seed, 0, &err), replayed;

	if (err)
		return err;
	replayed = replay_dgrams(seed, 5, &err);
	if (getenv("FLOOD_VERBOSE"))
		printf("# %llu datagrams, with replays %llu\n", (unsigned long long)honest,
		       (unsigned long long)replayed);
	if (err)
		return err;
	if (!server->conn.stats.pkts_dropped[QUIC_DROP_DUPLICATE])
		return "nothing was replayed";
	/* Some more: a closed endpoint answers some of what it gets (RFC 9000 10.2.1). */
	return replayed > honest + 20 ? "replays are answered" : NULL;
}

int main(int argc, char **argv)
{
	static const struct scenario list[] = {
		SCENARIO(frames_within_the_rules_are_no_violation),
		SCENARIO(frames_against_the_rules_are_survived),
		SCENARIO(mutated_frames_are_survived),
		SCENARIO(floods_of_stream_frames_are_survived),
		SCENARIO(floods_of_connection_ids_are_survived),
		SCENARIO(replayed_packets_change_nothing),
	};

	return scenario_main(argc, argv, list, ARRAY_SIZE(list));
}
