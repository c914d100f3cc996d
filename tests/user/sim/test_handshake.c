// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_handshake.c - the first datagrams of a connection under attack by fate
 *
 * Losses are chosen datagram by datagram, not by chance: every single one, every
 * pair, random patterns.  The amplification limit is measured on the wire, not
 * taken from the engine's own counters.
 */
#include "scenario.h"

/* ---- which datagrams are lost ---- */

static u64 drop_mask[2];	/* bit per datagram of each endpoint */
static u64 corrupt_mask[2];

static bool drop_on_send(struct sim *s, unsigned int from, u64 index, u8 *data, u32 len,
			 enum quic_ecn *ecn)
{
	if (index >= 64)
		return true;
	if (corrupt_mask[from] >> index & 1)
		data[sim_random(s, len)] ^= 1 << sim_random(s, 8);
	return !(drop_mask[from] >> index & 1);
}

static const struct sim_hooks drop_hooks = { .on_send = drop_on_send };

static void handshake_config(struct sim_config *cfg, u64 seed)
{
	sim_config_default(cfg, seed);
	cfg->hooks = &drop_hooks;
	cfg->app[0] = (struct sim_app){ .streams = 1, .send_bytes = 1000 };
	cfg->app[1] = (struct sim_app){ .send_bytes = 1000, .echo = true };
	memset(drop_mask, 0, sizeof(drop_mask));
	memset(corrupt_mask, 0, sizeof(corrupt_mask));
}

/* A quick handshake takes 1.5 round trips; lost datagrams cost PTOs of a second or so. */
static const char *handshake_run(const struct sim_config *cfg, quic_us within)
{
	const char *err = scenario_run(cfg);

	if (!err && sim.now - 1000000 > within)
		return "took too long";
	return err;
}

static const char *completes_in_one_and_a_half_round_trips(u64 seed)
{
	struct sim_config cfg;

	handshake_config(&cfg, seed);
	cfg.flight_bytes = 2500;	/* what fits into three times the first datagram */
	return handshake_run(&cfg, 2 * QUIC_US_PER_SEC);
}

/*
 * Every single one of the first datagrams of each side.
 * [9000-8.1#4,5] [9002-6.2.4#1] [9002-6.2.2.1#3]
 */
static const char *completes_without_any_one_datagram(u64 seed)
{
	unsigned int from, i;
	struct sim_config cfg;
	const char *err;

	for (from = 0; from < 2; from++) {
		for (i = 0; i < 10; i++) {
			handshake_config(&cfg, seed);
			drop_mask[from] = 1ULL << i;
			cfg.flight_bytes = 500 + seed * 37 % 9000;
			err = handshake_run(&cfg, 8 * QUIC_US_PER_SEC);
			if (err)
				return err;
		}
	}
	return NULL;
}

/* [9001-4] [9001-4.9#1] */
static const char *completes_without_any_two_datagrams(u64 seed)
{
	struct sim_config cfg;
	unsigned int a, b;
	const char *err;

	for (a = 0; a < 12; a++) {
		for (b = a + 1; b < 12; b++) {
			handshake_config(&cfg, seed);
			drop_mask[a & 1] |= 1ULL << a / 2;
			drop_mask[b & 1] |= 1ULL << b / 2;
			cfg.flight_bytes = 4000;
			err = handshake_run(&cfg, 20 * QUIC_US_PER_SEC);
			if (err)
				return err;
		}
	}
	return NULL;
}

static const char *completes_under_random_loss_patterns(u64 seed)
{
	struct sim_config cfg;

	handshake_config(&cfg, seed);
	drop_mask[0] = (seed * 0x9e3779b97f4a7c15ULL) >> 56;
	drop_mask[1] = (seed * 0xbf58476d1ce4e5b9ULL) >> 56;
	cfg.flight_bytes = 500 + seed * 131 % 9000;
	cfg.cipher = 1 + seed % (QUIC_NR_CIPHERS - 1);
	return handshake_run(&cfg, 2000 * QUIC_US_PER_SEC);
}

/* One wrong bit in one datagram is at worst one loss. */
static const char *completes_with_corrupted_datagrams(u64 seed)
{
	struct sim_config cfg;

	handshake_config(&cfg, seed);
	corrupt_mask[0] = (seed * 0x9e3779b97f4a7c15ULL) >> 58;
	corrupt_mask[1] = (seed * 0xbf58476d1ce4e5b9ULL) >> 58;
	cfg.flight_bytes = 500 + seed * 71 % 5000;
	return handshake_run(&cfg, 2000 * QUIC_US_PER_SEC);
}

static const char *completes_when_everything_is_reordered_and_doubled(u64 seed)
{
	struct sim_config cfg;
	unsigned int i;

	handshake_config(&cfg, seed);
	for (i = 0; i < 2; i++) {
		cfg.link[i].jitter = 200000;
		cfg.link[i].duplicate = 500;
	}
	cfg.flight_bytes = 500 + seed * 61 % 9000;
	return handshake_run(&cfg, 20 * QUIC_US_PER_SEC);
}

/* ---- the amplification limit, on the wire ---- */

static u64 wire_in, wire_out;	/* of the server, before the client is known to be there */
static bool wire_known;
static unsigned int wire_silence;	/* the client says nothing after that many datagrams */

static bool wire_on_send(struct sim *s, unsigned int from, u64 index, u8 *data, u32 len,
			 enum quic_ecn *ecn)
{
	if (from == 0)
		return index < wire_silence;
	wire_out += len;
	wire_known |= s->ep[1].conn.path->validated;
	if (!wire_known && wire_out > 3 * wire_in)	/* [9000-8.1] */
		sim_fail(s, "the server sent more than three times what it got");
	return true;
}

static const struct sim_hooks wire_hooks = {
	.on_send = wire_on_send,
};

/* Counts before the engine sees the datagram: what it does with it comes after. */
static bool wire_count_on_send(struct sim *s, unsigned int from, u64 index, u8 *data, u32 len,
			       enum quic_ecn *ecn)
{
	bool arrives = wire_on_send(s, from, index, data, len, ecn) &&
		       !sim_chance(s, from ? 0 : 300);

	if (!from && arrives)
		wire_in += len;		/* early by the latency: fewer replies, never more */
	return arrives;
}

static const struct sim_hooks wire_count_hooks = {
	.on_send = wire_count_on_send,
};

static void wire_config(struct sim_config *cfg, u64 seed, const struct sim_hooks *hooks)
{
	handshake_config(cfg, seed);
	cfg->hooks = hooks;
	cfg->flight_bytes = 9000;
	wire_in = 0;
	wire_out = 0;
	wire_known = false;
	wire_silence = UINT_MAX;
}

/* [9002-6.2.4#1,2] [9000-8.1#1,2] [9000-8] [9000-14.1#4] */
static const char *server_never_amplifies(u64 seed)
{
	struct sim_config cfg;

	wire_config(&cfg, seed, &wire_count_hooks);
	cfg.link[1].loss = 300;
	return handshake_run(&cfg, 2000 * QUIC_US_PER_SEC);
}

/* A client that goes away leaves a server that stays below the limit and gives up. */
static const char *server_gives_up_on_a_silent_client(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	wire_config(&cfg, seed, &wire_hooks);
	cfg.may_end_early = true;
	wire_silence = 1;
	cfg.flight_bytes = 500 + seed * 211 % 12000;
	wire_in = QUIC_MIN_DATAGRAM_BYTES;
	err = scenario_run(&cfg);
	if (!err && wire_known)
		return "the client counts as validated without a word from it";
	if (!err && sim.ep[1].conn.state != QUIC_CONN_CLOSED)
		return "the server did not give up";
	return err;
}

/* ---- how long it takes ---- */

static quic_us made_at;		/* the client has it confirmed */

static void made_on_settle(struct sim_endpoint *ep)
{
	if (!made_at && sim.ep[0].conn.confirmed)
		made_at = sim.now;
}

static const struct sim_hooks made_hooks = { .on_settle = made_on_settle };

/**
 * struct made_setup - how large a handshake is, and how slow its path
 * @hello: bytes of the ClientHello
 * @flight: bytes of the server's Handshake flight
 * @latency: of each direction
 */
struct made_setup {
	u32 hello;
	u32 flight;
	quic_us latency;
};

static const struct made_setup made_setups[] = {
	{ 320, 1000, 10000 }, { 320, 3000, 10000 }, { 320, 9000, 10000 },
	{ 1800, 6000, 10000 }, { 320, 3000, 150000 }, { 1800, 6000, 150000 },
};

/* Of 1000 handshakes of each setup at 30 % loss, over 10 s: 90, but 126 with one bare PING. */
static const unsigned int made_slow_max = 110;

/* How many of 1000 handshakes take more than 10 s until the client has it confirmed. */
static const char *made_count_slow(const struct made_setup *m, unsigned int *slow)
{
	struct sim_config cfg;
	const char *err;
	u64 seed;

	for (seed = 1; seed <= 1000; seed++) {
		handshake_config(&cfg, seed);
		cfg.hooks = &made_hooks;
		cfg.hello_bytes = m->hello;
		cfg.flight_bytes = m->flight;
		cfg.link[0].loss = 300;
		cfg.link[1].loss = 300;
		cfg.link[0].latency = m->latency;
		cfg.link[1].latency = m->latency;
		made_at = 0;
		err = scenario_run(&cfg);
		if (err)
			return err;
		*slow += made_at - sim_start_at > 10 * QUIC_US_PER_SEC;
	}
	return NULL;
}

/*
 * Where three of ten datagrams are lost, each probe counts: both have something of
 * the handshake in them, of each level that may lack it (RFC 9002 6.2.4).
 */
static const char *few_handshakes_are_slow_at_heavy_loss(u64 seed)
{
	unsigned int i, slow = 0, before;
	static char why[100];
	const char *err;
	int n = 0;

	for (i = 0; i < ARRAY_SIZE(made_setups); i++) {
		before = slow;
		err = made_count_slow(&made_setups[i], &slow);
		if (err)
			return err;
		n += snprintf(why + n, sizeof(why) - n, "%u ", slow - before);
	}
	snprintf(why + n, sizeof(why) - n, "of 1000 over 10 s");
	return slow > made_slow_max ? why : NULL;
}

static unsigned int probe_dgrams;	/* of the server, sent by timeouts */
static bool probe_lacks;		/* one of them lacked Initial or Handshake CRYPTO */

static bool probe_on_send(struct sim *s, unsigned int from, u64 index, u8 *data, u32 len,
			  enum quic_ecn *ecn)
{
	u32 off, kinds = 0;
	struct quic_header h;

	if (from && s->now > sim_start_at + 500 * QUIC_US_PER_MS) {
		for (off = 0; off < len; off += h.packet_len) {
			if (!quic_header_decode(data + off, len - off, QUIC_CID_OURS_BYTES, &h))
				break;
			kinds |= BIT(h.kind);
		}
		probe_dgrams++;
		probe_lacks |= !(kinds & BIT(QUIC_PACKET_INITIAL)) ||
			       !(kinds & BIT(QUIC_PACKET_HANDSHAKE));
	}
	return !from && !index;
}

static void probe_on_init(struct sim_endpoint *ep)
{
	ep->conn.config.handshake_timeout = 3 * QUIC_US_PER_SEC;
}

static const struct sim_hooks probe_hooks = {
	.on_init = probe_on_init,
	.on_send = probe_on_send,
};

/* [9002-6.2.4#2]: each datagram of a timeout, in each level that may be lacking. */
static const char *probes_carry_the_handshake(u64 seed)
{
	struct sim_config cfg;
	unsigned int i;

	handshake_config(&cfg, seed);
	cfg.hooks = &probe_hooks;
	cfg.may_end_early = true;
	cfg.app[0].streams = 0;
	cfg.hello_bytes = 300 + seed * 17 % 500;
	cfg.flight_bytes = 200 + seed * 13 % 500;
	probe_dgrams = 0;
	probe_lacks = false;
	if (sim_run(&sim, &cfg))
		return scenario_end();
	for (i = 0; i < 2; i++)
		if (sim.ep[i].frames_sent[QUIC_FRAME_PING])
			sim_fail(&sim, "a probe was a bare PING");
	if (sim.ep[0].dgrams < 3 || sim.ep[0].frames_sent[QUIC_FRAME_CRYPTO] < 3)
		sim_fail(&sim, "the client did not probe with its hello");
	if (!probe_dgrams || probe_lacks)
		sim_fail(&sim, "the server's probes lack a level");
	return scenario_end();
}

/* ---- deadlines ---- */

static void deadline_on_init(struct sim_endpoint *ep)
{
	ep->conn.config.handshake_timeout = 5 * QUIC_US_PER_SEC;
}

static bool deadline_on_send(struct sim *s, unsigned int from, u64 index, u8 *data, u32 len,
			     enum quic_ecn *ecn)
{
	return from == 0;	/* nothing ever comes from the server */
}

static const struct sim_hooks deadline_hooks = {
	.on_init = deadline_on_init,
	.on_send = deadline_on_send,
};

static const char *handshake_deadline_ends_both_sides(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	handshake_config(&cfg, seed);
	cfg.hooks = &deadline_hooks;
	cfg.may_end_early = true;
	err = scenario_run(&cfg);
	if (err)
		return err;
	if (sim.ep[0].conn.close.source != QUIC_CLOSE_HANDSHAKE_TIMEOUT ||
	    sim.ep[1].conn.close.source != QUIC_CLOSE_HANDSHAKE_TIMEOUT)
		return "another end than the deadline";
	/* And then the closing period, of three PTOs before there was a sample. */
	if (sim.now < 6 * QUIC_US_PER_SEC || sim.now > 10 * QUIC_US_PER_SEC)
		return "the deadline came at the wrong time";
	return NULL;
}

static unsigned int told_by;

static void told_on_init(struct sim_endpoint *ep)
{
	ep->conn.config.handshake_timeout = ep->me == told_by ? 5 * QUIC_US_PER_SEC : 0;
}

/* What the server says is lost, but for its last word. */
static bool told_on_send(struct sim *s, unsigned int from, u64 index, u8 *data, u32 len,
			 enum quic_ecn *ecn)
{
	return from == 0 || (!told_by ? false : s->now > 5900 * QUIC_US_PER_MS);
}

static const struct sim_hooks told_hooks = {
	.on_init = told_on_init,
	.on_send = told_on_send,
};

/* RFC 9000 10.2: whose deadline passes says so, and the other need not find out itself. */
static const char *the_deadline_is_told(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	handshake_config(&cfg, seed);
	cfg.hooks = &told_hooks;
	cfg.may_end_early = true;
	told_by = seed & 1;
	err = scenario_run(&cfg);
	if (err)
		return err;
	if (sim.ep[told_by].conn.close.source != QUIC_CLOSE_HANDSHAKE_TIMEOUT)
		return "another end than the deadline";
	if (sim.ep[!told_by].conn.close.source != QUIC_CLOSE_PEER ||
	    sim.ep[!told_by].conn.close.app || sim.ep[!told_by].conn.close.code)
		return "the other side was not told";
	if (sim.now > 15 * QUIC_US_PER_SEC)
		return "it took too long";
	return NULL;
}

int main(int argc, char **argv)
{
	static const struct scenario list[] = {
		SCENARIO_ONCE(completes_in_one_and_a_half_round_trips),
		SCENARIO(completes_without_any_one_datagram),
		SCENARIO_ONCE(completes_without_any_two_datagrams),
		SCENARIO(completes_under_random_loss_patterns),
		SCENARIO(completes_with_corrupted_datagrams),
		SCENARIO(completes_when_everything_is_reordered_and_doubled),
		SCENARIO(server_never_amplifies),
		SCENARIO(server_gives_up_on_a_silent_client),
		SCENARIO(probes_carry_the_handshake),
		SCENARIO_ONCE(few_handshakes_are_slow_at_heavy_loss),
		SCENARIO_ONCE(handshake_deadline_ends_both_sides),
		SCENARIO(the_deadline_is_told),
	};

	return scenario_main(argc, argv, list, ARRAY_SIZE(list));
}
