// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_life.c - how connections live and end: silence, closing, resets, floods
 *
 * Each scenario scripts both ends through hooks that run after every call into
 * the engine, and judges by what the ends say about themselves afterwards.
 */
#include "scenario.h"

static const quic_us start_at = 1000000;	/* where the simulator's clock begins */

static struct sim_endpoint *const client = &sim.ep[0];
static struct sim_endpoint *const server = &sim.ep[1];

static void idle_config(struct sim_config *cfg, u64 seed, const struct sim_hooks *hooks)
{
	sim_config_default(cfg, seed);
	cfg->hooks = hooks;
	cfg->may_end_early = true;
	cfg->stays_open = true;
}

static bool both_established(void)
{
	return quic_conn_is_established(&client->conn) && quic_conn_is_established(&server->conn);
}

/* ---- silence ---- */

static u64 idle_ms[2];
static quic_us keepalive;
static unsigned int closes_sent;

static void idle_on_init(struct sim_endpoint *ep)
{
	ep->conn.local.max_idle_timeout_ms = idle_ms[ep->me];
	ep->conn.config.keepalive = ep->me ? 0 : keepalive;
}

static void idle_on_settle(struct sim_endpoint *ep)
{
	closes_sent += ep->conn.state == QUIC_CONN_CLOSING;
	if (keepalive && sim.now > start_at + 100 * QUIC_US_PER_SEC)
		quic_conn_close(&ep->conn, true, 0, NULL, 0, sim.now);
}

static const struct sim_hooks idle_hooks = {
	.on_init = idle_on_init,
	.on_settle = idle_on_settle,
};

/* [9000-10.1] the smaller of both timeouts counts, and nothing is said [9000-13.2.1#5] */
static const char *silence_ends_both_sides_without_a_word(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	idle_config(&cfg, seed, &idle_hooks);
	idle_ms[0] = 3000 + seed % 2 * 4000;
	idle_ms[1] = 7000 - seed % 2 * 4000;
	keepalive = 0;
	closes_sent = 0;
	err = scenario_run(&cfg);
	if (err)
		return err;
	if (client->conn.close.source != QUIC_CLOSE_IDLE ||
	    server->conn.close.source != QUIC_CLOSE_IDLE || closes_sent)
		return "another end than the idle timeout";
	if (sim.now < start_at + 3000 * QUIC_US_PER_MS ||
	    sim.now > start_at + 3500 * QUIC_US_PER_MS)
		return "the idle timeout came at the wrong time";
	return NULL;
}

/* [9000-10.1.2] */
static const char *keepalive_outlives_the_idle_timeout(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	idle_config(&cfg, seed, &idle_hooks);
	idle_ms[0] = 30000;
	idle_ms[1] = 30000;
	keepalive = QUIC_US_PER_SEC;
	cfg.link[0].loss = seed % 3 * 100;
	cfg.link[1].loss = seed % 3 * 100;
	err = scenario_run(&cfg);
	if (err)
		return err;
	if (!client->conn.close.app && !server->conn.close.app)
		return "it did not live until it was closed";
	if (client->dgrams > 1000)
		return "more PINGs than anybody needs";
	return NULL;
}

/* ---- closing ---- */

static unsigned int closes_to_drop;
static bool close_asked;

static void close_on_init(struct sim_endpoint *ep)
{
	ep->conn.config.keepalive = 200 * QUIC_US_PER_MS;
}

static void close_on_settle(struct sim_endpoint *ep)
{
	if (!close_asked && ep == client && both_established() && client->conn.confirmed &&
	    sim.now > start_at + QUIC_US_PER_SEC) {
		close_asked = true;
		quic_conn_close(&client->conn, true, 42, "enough", 6, sim.now);
	}
}

static bool close_on_send(struct sim *s, unsigned int from, u64 index, u8 *data, u32 len,
			  enum quic_ecn *ecn)
{
	if (from || !close_asked || !closes_to_drop)
		return true;
	closes_to_drop--;
	return false;
}

static const struct sim_hooks close_hooks = {
	.on_init = close_on_init,
	.on_settle = close_on_settle,
	.on_send = close_on_send,
};

/* [9000-10.2.1] a lost CONNECTION_CLOSE is repeated when the peer goes on talking */
static const char *lost_close_is_repeated(u64 seed)
{
	const struct quic_close *c = &server->conn.close;
	struct sim_config cfg;
	const char *err;

	idle_config(&cfg, seed, &close_hooks);
	close_asked = false;
	closes_to_drop = seed % 2;
	/* Its closing period is three PTO: the server has to speak within. */
	cfg.link[0].latency = 60000;
	cfg.link[1].latency = 60000;
	err = scenario_run(&cfg);
	if (err)
		return err;
	if (c->source != QUIC_CLOSE_PEER || !c->app || c->code != 42 || c->reason_len != 6 ||
	    memcmp(c->reason, "enough", 6))
		return "the server does not know why it ended";
	return NULL;
}

/* [9000-10.2] both ends forget it after three PTO */
static const char *closing_takes_three_pto(u64 seed)
{
	struct sim_config cfg;
	const char *err;
	quic_us pto;

	idle_config(&cfg, seed, &close_hooks);
	close_asked = false;
	closes_to_drop = 0;
	err = scenario_run(&cfg);
	pto = quic_conn_pto(&client->conn);
	if (!err && sim.now > start_at + 2 * QUIC_US_PER_SEC + 4 * pto)
		return "closing took too long";
	return err;
}

/* ---- stateless reset ---- */

static int reset_flip;		/* bit of the token to flip, -1: none */
static u32 reset_len;
static bool reset_sent;

static void reset_on_init(struct sim_endpoint *ep)
{
	if (ep->me)
		quic_tparam_mark(&ep->conn.local, QUIC_TPARAM_STATELESS_RESET_TOKEN);
}

static void reset_on_settle(struct sim_endpoint *ep)
{
	u8 dgram[64], *token = dgram + reset_len - QUIC_RESET_TOKEN_BYTES;

	if (ep != client || !both_established() || !client->conn.confirmed || reset_sent)
		return;
	reset_sent = true;
	quic_edge_random(dgram, sizeof(dgram));
	dgram[0] = (dgram[0] & 0x3f) | 0x40;
	quic_edge_reset_token(&server->conn, &server->conn.initial_scid, token);
	if (reset_flip >= 0)
		token[reset_flip / 8] ^= 1 << reset_flip % 8;
	sim_inject(&sim, 0, dgram, reset_len, 100000);
}

static const struct sim_hooks reset_hooks = {
	.on_init = reset_on_init,
	.on_settle = reset_on_settle,
};

/* [9000-10.3.1#4] */
static const char *stateless_reset_ends_a_connection(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	idle_config(&cfg, seed, &reset_hooks);
	reset_sent = false;
	reset_flip = -1;
	reset_len = 21 + seed % 40;
	err = scenario_run(&cfg);
	if (!err && client->conn.close.source != QUIC_CLOSE_RESET)
		return "the client did not take it";
	return err;
}

static const char *wrong_reset_token_changes_nothing(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	idle_config(&cfg, seed, &reset_hooks);
	reset_sent = false;
	reset_flip = seed % (8 * QUIC_RESET_TOKEN_BYTES);
	reset_len = 21 + seed % 40;
	err = scenario_run(&cfg);
	if (!err && client->conn.close.source != QUIC_CLOSE_IDLE)
		return "the client took it";
	if (!err && client->conn.stats.pkts_dropped[QUIC_DROP_AUTH] +
		    client->conn.stats.pkts_dropped[QUIC_DROP_HEADER] +
		    client->conn.stats.pkts_dropped[QUIC_DROP_DUPLICATE] +
		    client->conn.stats.pkts_dropped[QUIC_DROP_NO_KEY] != 1)
		return "it was not counted";
	return err;
}

/* ---- transfers with a script ---- */

static void transfer(struct sim_config *cfg, u64 seed, const struct sim_hooks *hooks, u64 bytes)
{
	sim_config_default(cfg, seed);
	cfg->hooks = hooks;
	cfg->app[0] = (struct sim_app){ .streams = 1, .send_bytes = bytes, .echo = true };
	cfg->app[1] = (struct sim_app){ .send_bytes = bytes, .echo = true };
}

static quic_us dark_from, dark_until;

static bool dark_on_send(struct sim *s, unsigned int from, u64 index, u8 *data, u32 len,
			 enum quic_ecn *ecn)
{
	return s->now < dark_from || s->now >= dark_until;
}

static const struct sim_hooks dark_hooks = { .on_send = dark_on_send };

/* [9002-7.5#1] */
static const char *transfer_survives_a_dark_network(u64 seed)
{
	struct sim_config cfg;

	transfer(&cfg, seed, &dark_hooks, 300000);
	cfg.link[0].rate = 500000;
	cfg.link[0].queue = 100000;
	dark_from = start_at + seed * 37000 % 800000;
	dark_until = dark_from + 1 + seed * 777777 % (30 * QUIC_US_PER_SEC);
	return scenario_run(&cfg);
}

/* Everything that was sent may come again at any time [9000-12.3]. */
enum { REPLAYS = 64 };

static struct {
	u8 data[1500];
	u32 len;
	unsigned int to;
} replay[REPLAYS];

static bool replay_on_send(struct sim *s, unsigned int from, u64 index, u8 *data, u32 len,
			   enum quic_ecn *ecn)
{
	unsigned int i = sim_random(s, REPLAYS), k = sim_random(s, REPLAYS);

	if (sim_chance(s, 300) && len <= sizeof(replay[i].data)) {
		memcpy(replay[i].data, data, len);
		replay[i].len = len;
		replay[i].to = !from;
	}
	if (sim_chance(s, 300) && replay[k].len)
		sim_inject(s, replay[k].to, replay[k].data, replay[k].len, sim_random(s, 100000));
	return true;
}

static const struct sim_hooks replay_hooks = { .on_send = replay_on_send };

/* [9000-12.3#4] */
static const char *replayed_datagrams_change_nothing(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	memset(replay, 0, sizeof(replay));
	transfer(&cfg, seed, &replay_hooks, 300000);
	cfg.link[0].loss = seed % 3 * 50;
	err = scenario_run(&cfg);
	if (!err && !client->conn.stats.pkts_dropped[QUIC_DROP_DUPLICATE] &&
	    !server->conn.stats.pkts_dropped[QUIC_DROP_DUPLICATE])
		return "no duplicate was seen";
	if (!err && client->conn.stats.violations + server->conn.stats.violations)
		return "a replay was taken for a violation";
	return err;
}

/* Datagrams of an attacker who sees none of the connection's keys. */
static bool garbage_on_send(struct sim *s, unsigned int from, u64 index, u8 *data, u32 len,
			    enum quic_ecn *ecn)
{
	u8 junk[1472];
	u32 n = 1 + sim_random(s, sizeof(junk)), i;

	if (!sim_chance(s, 300))
		return true;
	for (i = 0; i < n; i++)
		junk[i] = sim_random(s, 256);
	/* Half of them look like the real ones for a while. */
	if (sim_chance(s, 500))
		memcpy(junk, data, min_t(u32, min_t(u32, n, len), sim_random(s, 60)));
	if (sim_chance(s, 100))
		memset(junk + 1, 0, min_t(u32, n - 1, 4));	/* Version Negotiation */
	sim_inject(s, sim_random(s, 2), junk, n, sim_random(s, 30000));
	return true;
}

static const struct sim_hooks garbage_hooks = { .on_send = garbage_on_send };

static const char *garbage_changes_nothing(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	transfer(&cfg, seed, &garbage_hooks, 300000);
	err = scenario_run(&cfg);
	if (!err && client->conn.stats.violations + server->conn.stats.violations)
		return "garbage was taken for a violation";
	return err;
}

/* ---- key updates ---- */

static unsigned int key_updates;

static void keys_on_settle(struct sim_endpoint *ep)
{
	if (sim_chance(&sim, 200) && !quic_conn_update_keys(&ep->conn)) {
		key_updates++;
		quic_conn_output(&ep->conn, sim.now);
	}
}

static const struct sim_hooks keys_hooks = { .on_settle = keys_on_settle };

/* [9001-6] [9001-6.2#1,2] [9001-6.4#1] */
static const char *transfer_survives_key_updates(u64 seed)
{
	struct sim_config cfg;
	const char *err;
	unsigned int i;

	key_updates = 0;
	transfer(&cfg, seed, &keys_hooks, 400000);
	cfg.cipher = 1 + seed % (QUIC_NR_CIPHERS - 1);
	for (i = 0; i < 2; i++) {
		cfg.link[i].loss = seed % 4 * 70;
		cfg.link[i].jitter = seed % 3 * 15000;
		cfg.link[i].rate = 200000;
		cfg.link[i].queue = 200000;
	}
	err = scenario_run(&cfg);
	if (!err && key_updates < 3)
		return "hardly any update happened";
	if (!err && !client->events[QUIC_EDGE_EV_KEY_UPDATE])
		return "the application was not told";
	if (!err && client->conn.stats.violations + server->conn.stats.violations)
		return "an update was taken for a violation";
	return err;
}

/* ---- the reader ---- */

static u64 most_rmem;

static void slow_on_init(struct sim_endpoint *ep)
{
	ep->conn.config.keepalive = 300 * QUIC_US_PER_MS;
	ep->conn.local.initial_max_data = 100000;
	ep->conn.local.initial_max_stream_data_bidi_remote = 60000;
	ep->conn.config.flow_window_max = 100000;
}

static void slow_on_settle(struct sim_endpoint *ep)
{
	if (ep == server && sim.now < sim.cfg.app[1].reads_from)
		most_rmem = max(most_rmem, ep->conn.rx.received);
}

static const struct sim_hooks slow_hooks = {
	.on_init = slow_on_init,
	.on_settle = slow_on_settle,
};

/* a reader that does not read stops the sender at its credit [9000-4.1#1] [9000-19.9#1] */
static const char *slow_reader_stops_the_sender(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	transfer(&cfg, seed, &slow_hooks, 200000);
	cfg.app[1].reads_from = start_at + 20 * QUIC_US_PER_SEC;
	cfg.link[0].loss = seed % 2 * 100;
	most_rmem = 0;
	err = scenario_run(&cfg);
	if (!err && (most_rmem > 60000 || most_rmem < 59000))
		return "the sender did not use its credit to the byte";
	return err;
}

/* ---- flush ---- */

static void flush_on_settle(struct sim_endpoint *ep)
{
	if (ep == client && client->nr_streams && client->streams[0].fin_sent &&
	    quic_conn_is_open(&client->conn) && !client->conn.flushing)
		quic_conn_close_when_flushed(&client->conn, true, 0, NULL, 0,
					     sim.now + 10000 * QUIC_US_PER_SEC, sim.now);
}

static const struct sim_hooks flush_hooks = { .on_settle = flush_on_settle };

static const char *close_after_the_last_write_delivers_all(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	idle_config(&cfg, seed, &flush_hooks);
	cfg.app[0] = (struct sim_app){ .streams = 1, .send_bytes = 1 + seed * 7919 % 250000 };
	cfg.app[1] = (struct sim_app){ .echo = true };
	cfg.link[0].loss = seed % 4 * 70;
	cfg.link[1].loss = seed % 5 * 60;
	err = scenario_run(&cfg);
	if (!err && !(server->nr_streams && server->streams[0].fin_received))
		return "the server did not get everything";
	/* CONNECTION_CLOSE itself is sent once; nobody acknowledges it. */
	if (!err && (client->conn.close.source != QUIC_CLOSE_LOCAL ||
		     (!cfg.link[0].loss && server->conn.close.source != QUIC_CLOSE_PEER)))
		return "another end than the close";
	return err;
}

/* ---- streams that end early ---- */

static void cancel_some(struct sim_endpoint *ep)
{
	struct quic_stream *s;
	unsigned int i;

	for (i = 0; i < ep->nr_streams; i++) {
		if (!sim_chance(&sim, 20))
			continue;
		s = quic_stream_find(&ep->conn, ep->streams[i].sid);
		if (!s)
			continue;
		if (sim_chance(&sim, 500))
			quic_stream_reset(&ep->conn, s, i);
		else
			quic_stream_stop(&ep->conn, s, i);
	}
}

static void cancel_on_settle(struct sim_endpoint *ep)
{
	if (!both_established())
		return;
	if (sim.now < start_at + 30 * QUIC_US_PER_SEC) {
		cancel_some(ep);
	} else if (sim.now > start_at + 60 * QUIC_US_PER_SEC) {
		quic_conn_close(&ep->conn, true, 0, NULL, 0, sim.now);
		return;
	}
	quic_conn_output(&ep->conn, sim.now);
}

static void cancel_on_init(struct sim_endpoint *ep)
{
	ep->conn.config.keepalive = 200 * QUIC_US_PER_MS;
}

static const struct sim_hooks cancel_hooks = {
	.on_init = cancel_on_init,
	.on_settle = cancel_on_settle,
};

/* both sides agree on what a stream has used of the credit [9000-4.4] [9000-4.5#1] */
static const char *cancelled_streams_return_all_credit(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	idle_config(&cfg, seed, &cancel_hooks);
	cfg.app[0] = (struct sim_app){ .streams = 16, .send_bytes = 100000, .echo = true };
	cfg.app[1] = (struct sim_app){ .send_bytes = 100000, .echo = true };
	cfg.link[0].loss = seed % 4 * 50;
	cfg.link[1].loss = seed % 3 * 50;
	cfg.link[0].rate = 300000;
	cfg.link[0].queue = 200000;
	err = scenario_run(&cfg);
	if (err)
		return err;
	if (client->conn.stats.violations + server->conn.stats.violations)
		return "a cancelled stream was taken for a violation";
	if (client->conn.tx.used != server->conn.rx.received ||
	    server->conn.tx.used != client->conn.rx.received)
		return "both sides count differently";
	if (client->conn.rx.consumed != client->conn.rx.received ||
	    server->conn.rx.consumed != server->conn.rx.received)
		return "credit of cancelled streams was not returned";
	return NULL;
}

/* ---- memory that is not there ---- */

static void poor_on_settle(struct sim_endpoint *ep)
{
	if (sim_chance(&sim, 300))
		quic_env_fail_nth(1 + sim_random(&sim, 30));
}

static const struct sim_hooks poor_hooks = { .on_settle = poor_on_settle };

/*
 * Any allocation may fail at any time: the transfer is slower, or ends in an orderly way.
 * [9000-13.1]
 */
static const char *transfer_survives_failing_allocations(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	transfer(&cfg, seed, &poor_hooks, 200000);
	cfg.fail_alloc = 1000 * (seed % 3);
	err = scenario_run(&cfg);
	quic_env_fail_nth(0);
	return err;
}

int main(int argc, char **argv)
{
	static const struct scenario list[] = {
		SCENARIO(silence_ends_both_sides_without_a_word),
		SCENARIO(keepalive_outlives_the_idle_timeout),
		SCENARIO(lost_close_is_repeated),
		SCENARIO(closing_takes_three_pto),
		SCENARIO(stateless_reset_ends_a_connection),
		SCENARIO(wrong_reset_token_changes_nothing),
		SCENARIO(transfer_survives_a_dark_network),
		SCENARIO(replayed_datagrams_change_nothing),
		SCENARIO(garbage_changes_nothing),
		SCENARIO(transfer_survives_key_updates),
		SCENARIO(slow_reader_stops_the_sender),
		SCENARIO(close_after_the_last_write_delivers_all),
		SCENARIO(cancelled_streams_return_all_credit),
		SCENARIO(transfer_survives_failing_allocations),
	};

	return scenario_main(argc, argv, list, ARRAY_SIZE(list));
}
