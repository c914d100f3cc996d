// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_close.c - the rules of RFC 9000 10: idle time, closing, draining, resets
 *
 * What test_life.c shows from outside is looked at in detail here: how long, how
 * often, how many bytes, in which packets.  Odd seeds make the server the one that
 * closes.
 */
#include "scenario.h"

static struct sim_endpoint *closer, *peer;
static unsigned int side;	/* the closer's */
static bool closed;		/* the closer was told to close */
static quic_us closed_at;

static void close_config(struct sim_config *cfg, u64 seed, const struct sim_hooks *hooks)
{
	sim_config_default(cfg, seed);
	cfg->hooks = hooks;
	cfg->may_end_early = true;
	cfg->stays_open = true;
	cfg->give_up = 100 * QUIC_US_PER_SEC;
	side = seed % 2;
	closer = &sim.ep[side];
	peer = &sim.ep[!side];
	closed = false;
}

static bool both_confirmed(void)
{
	return sim.ep[0].conn.confirmed && sim.ep[1].conn.confirmed;
}

static void close_now(const char *reason)
{
	closed = true;
	closed_at = sim.now;
	quic_conn_close(&closer->conn, true, 42, reason, strlen(reason), sim.now);
}

/* ---- how long ---- */

static quic_us ended_at[2];
static quic_us period[2];	/* three PTO when the end began */
static quic_us began_at[2];

static void period_on_settle(struct sim_endpoint *ep)
{
	enum quic_conn_state state;

	if (!closed && ep == closer && both_confirmed())
		close_now("enough");
	state = ep->conn.state;
	if ((state == QUIC_CONN_CLOSING || state == QUIC_CONN_DRAINING) && !began_at[ep->me]) {
		began_at[ep->me] = sim.now;
		period[ep->me] = 3 * quic_conn_pto(&ep->conn);
	}
	if (state == QUIC_CONN_CLOSED && !ended_at[ep->me])
		ended_at[ep->me] = sim.now;
}

static const struct sim_hooks period_hooks = { .on_settle = period_on_settle };

/* [9000-10.2] */
static const char *both_ends_pass_three_pto(u64 seed)
{
	struct sim_config cfg;
	const char *err;
	unsigned int i;

	close_config(&cfg, seed, &period_hooks);
	memset(ended_at, 0, sizeof(ended_at));
	memset(began_at, 0, sizeof(began_at));
	err = scenario_run(&cfg);
	for (i = 0; i < 2 && !err; i++)
		if (!began_at[i] || ended_at[i] != began_at[i] + period[i])
			return "the period was not three PTO";
	if (!err && peer->conn.close.source != QUIC_CLOSE_PEER)
		return "the peer was not told";
	return err;
}

/* ---- how often ---- */

enum { FLOOD = 300, FLOOD_BYTES = 40 };

static unsigned int replies;
static u64 reply_bytes;
static bool flooded;

static void flood(struct sim_endpoint *to)
{
	const struct quic_connid_remote *ids = &sim.ep[!to->me].conn.remote_ids;
	u8 junk[FLOOD_BYTES];
	unsigned int i;

	flooded = true;
	for (i = 0; i < FLOOD; i++) {
		quic_edge_random(junk, sizeof(junk));
		junk[0] = (junk[0] & 0x3f) | QUIC_HEADER_FIXED;
		memcpy(junk + 1, quic_connid_remote_active(ids)->cid.data, QUIC_CID_OURS_BYTES);
		sim_inject(&sim, to->me, junk, sizeof(junk), 100 * i);
	}
}

static bool flood_on_send(struct sim *s, unsigned int from, u64 index, u8 *data, u32 len,
			  enum quic_ecn *ecn)
{
	struct sim_endpoint *ep = &s->ep[from];

	if (closed && (ep->conn.state == QUIC_CONN_CLOSING ||
		       ep->conn.state == QUIC_CONN_DRAINING)) {
		if (data[0] & QUIC_HEADER_LONG)
			sim_fail(s, "CONNECTION_CLOSE in another packet than 1-RTT");
		if (flooded) {
			replies++;
			reply_bytes += len;
		}
	}
	return true;
}

static void flood_on_settle(struct sim_endpoint *ep)
{
	if (!closed && ep == closer && both_confirmed()) {
		quic_conn_abort(&peer->conn, sim.now);	/* all that comes is the flood */
		close_now("the reason why this was closed, in quite a lot of words");
		flood(closer);
	}
}

static const struct sim_hooks flood_hooks = {
	.on_send = flood_on_send,
	.on_settle = flood_on_settle,
};

/* [9000-10.2.1#1] [9000-10.2.3#1] nobody can make it talk */
static const char *closing_end_answers_seldom_and_little(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	close_config(&cfg, seed, &flood_hooks);
	replies = 0;
	reply_bytes = 0;
	flooded = false;
	err = scenario_run(&cfg);
	if (!err && (!replies || replies > 9))
		return "the replies did not become less frequent";
	if (!err && reply_bytes > 3 * FLOOD * FLOOD_BYTES)
		return "it amplifies";
	return err;
}

static void first_on_settle(struct sim_endpoint *ep)
{
	u8 junk[21] = { QUIC_HEADER_FIXED };

	if (closed || !both_confirmed() || !scenario_is_quiet(closer) || !scenario_is_quiet(peer))
		return;
	quic_conn_abort(&peer->conn, sim.now);
	close_now("the reason why this was closed, in quite a lot of words");
	flooded = true;
	sim_inject(&sim, closer->me, junk, sizeof(junk), 100);
}

static const struct sim_hooks first_hooks = {
	.on_send = flood_on_send,
	.on_settle = first_on_settle,
};

/* [9000-10.2.1#1] the very first packet is worth no more than three times its size */
static const char *tiny_packet_draws_no_long_answer(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	close_config(&cfg, seed, &first_hooks);
	replies = 0;
	reply_bytes = 0;
	flooded = false;
	err = scenario_run(&cfg);
	if (!err && reply_bytes > 3 * 21)
		return "it amplifies";
	return err;
}

static void drain_on_settle(struct sim_endpoint *ep)
{
	if (!closed && ep == closer && both_confirmed()) {
		peer->conn.ctl |= QUIC_CTL_PING;	/* it has something to say */
		close_now("enough");
		return;
	}
	if (ep != peer || ep->conn.state != QUIC_CONN_DRAINING)
		return;
	if (!flooded)
		flood(peer);
	quic_conn_output(&ep->conn, sim.now);
}

/* The other end is closing, and may answer what was on its way. */
static bool drain_on_send(struct sim *s, unsigned int from, u64 index, u8 *data, u32 len,
			  enum quic_ecn *ecn)
{
	if (s->ep[from].conn.state == QUIC_CONN_DRAINING)
		replies++;
	return true;
}

static const struct sim_hooks drain_hooks = {
	.on_send = drain_on_send,
	.on_settle = drain_on_settle,
};

/* [9000-10.2.2#1,2] */
static const char *draining_end_is_silent(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	close_config(&cfg, seed, &drain_hooks);
	replies = 0;
	flooded = false;
	err = scenario_run(&cfg);
	if (!err && !flooded)
		return "it never drained";
	if (!err && replies)
		return "a draining endpoint sent something";
	return err;
}

/* ---- in which packets ---- */

static void early_on_settle(struct sim_endpoint *ep)
{
	if (!closed && ep == closer && ep->conn.state == QUIC_CONN_ESTABLISHING &&
	    quic_keys_can_send(&ep->conn.keys, QUIC_LEVEL_HANDSHAKE))
		close_now("a secret of the application");
}

static const struct sim_hooks early_hooks = { .on_settle = early_on_settle };

/* [9000-10.2.3#2,3] what the application says is for the one that the handshake proved */
static const char *close_in_the_handshake_tells_nothing(u64 seed)
{
	const struct quic_close *c;
	struct sim_config cfg;
	const char *err;

	close_config(&cfg, seed, &early_hooks);
	err = scenario_run(&cfg);
	c = &peer->conn.close;
	if (err)
		return err;
	if (!closed || c->source != QUIC_CLOSE_PEER)
		return "the peer was not told";
	if (c->app || c->code != QUIC_ERR_APPLICATION || c->reason_len)
		return "the peer was told too much";
	return NULL;
}

/* ---- before the address is validated ---- */

static u64 rx_bytes, tx_bytes;

static bool unvalidated_on_send(struct sim *s, unsigned int from, u64 index, u8 *data, u32 len,
				enum quic_ecn *ecn)
{
	if (!from) {
		rx_bytes += len;
		return true;
	}
	tx_bytes += len;
	if (tx_bytes > 3 * rx_bytes)
		sim_fail(s, "the server amplifies");
	return false;
}

static void unvalidated_on_settle(struct sim_endpoint *ep)
{
	if (!closed && ep == closer && ep->started) {
		close_now("enough");
		quic_conn_output(&ep->conn, sim.now);
	}
}

static void unvalidated_on_init(struct sim_endpoint *ep)
{
	ep->conn.local.max_idle_timeout_ms = 20000;
}

static const struct sim_hooks unvalidated_hooks = {
	.on_init = unvalidated_on_init,
	.on_send = unvalidated_on_send,
	.on_settle = unvalidated_on_settle,
};

/* [9000-10.2.1#2] */
static const char *closing_server_amplifies_no_more_than_an_open_one(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	close_config(&cfg, 1, &unvalidated_hooks);
	cfg.seed = seed;
	cfg.flight_bytes = 6000;
	rx_bytes = 0;
	tx_bytes = 0;
	err = scenario_run(&cfg);
	if (!err && !closed)
		return "it never closed";
	return err;
}

/* ---- memory ---- */

static void shed_on_settle(struct sim_endpoint *ep)
{
	if (!closed && ep == closer && both_confirmed() && ep->conn.wmem > 100000)
		close_now("enough");
	else if (closed && !quic_conn_is_open(&ep->conn) && ep->conn.wmem)
		sim_fail(&sim, "data that nobody will send is kept");
}

static void shed_on_init(struct sim_endpoint *ep)
{
	ep->conn.local.max_idle_timeout_ms = 3000;	/* CONNECTION_CLOSE may be lost */
}

static const struct sim_hooks shed_hooks = {
	.on_init = shed_on_init,
	.on_settle = shed_on_settle,
};

/* RFC 9000 10.2.1 */
static const char *closing_end_frees_what_it_will_not_send(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	close_config(&cfg, seed, &shed_hooks);
	cfg.app[side] = (struct sim_app){ .streams = 4, .send_bytes = 1000000 };
	cfg.app[!side] = (struct sim_app){ .echo = true };
	cfg.link[side].rate = 100000;
	cfg.link[side].queue = 100000;
	err = scenario_run(&cfg);
	if (!err && !closed)
		return "it never closed";
	return err;
}

/* ---- idle time ---- */

static u64 idle_ms[2];
static quic_us least[2];

static void idle_on_init(struct sim_endpoint *ep)
{
	ep->conn.local.max_idle_timeout_ms = idle_ms[ep->me];
}

static void idle_on_settle(struct sim_endpoint *ep)
{
	if (ep->conn.state != QUIC_CONN_CLOSED)
		least[ep->me] = ep->conn.idle_since + 3 * quic_conn_pto(&ep->conn);
	else if (!ended_at[ep->me])
		ended_at[ep->me] = sim.now;
}

static const struct sim_hooks idle_hooks = {
	.on_init = idle_on_init,
	.on_settle = idle_on_settle,
};

static const char *idle_run(u64 seed, struct sim_config *cfg)
{
	memset(ended_at, 0, sizeof(ended_at));
	return scenario_run(cfg);
}

/* [9000-10.1] */
static const char *idle_timeout_is_never_below_three_pto(u64 seed)
{
	struct sim_config cfg;
	const char *err;
	unsigned int i;

	close_config(&cfg, seed, &idle_hooks);
	idle_ms[0] = 1 + seed % 20;
	idle_ms[1] = 1 + seed % 30;
	cfg.link[0].latency = 50000;
	cfg.link[1].latency = 50000;
	err = idle_run(seed, &cfg);
	for (i = 0; i < 2 && !err; i++)
		if (sim.ep[i].conn.close.source != QUIC_CLOSE_IDLE || ended_at[i] != least[i])
			return "it did not end after three PTO of silence";
	return err;
}

/* [9000-10.1] the sole value counts for both */
static const char *timeout_of_one_side_counts_for_both(u64 seed)
{
	struct sim_config cfg;
	const char *err;
	unsigned int i;

	close_config(&cfg, seed, &idle_hooks);
	idle_ms[side] = 5000;
	idle_ms[!side] = 0;
	err = idle_run(seed, &cfg);
	for (i = 0; i < 2 && !err; i++)
		if (sim.ep[i].conn.close.source != QUIC_CLOSE_IDLE ||
		    ended_at[i] != sim.ep[i].conn.idle_since + 5 * QUIC_US_PER_SEC)
			return "it did not end after five seconds of silence";
	return err;
}

/* ---- stateless reset ---- */

static struct {
	u8 first;		/* byte of the datagram */
	u32 len;
	u64 seq;		/* whose token */
	bool sent;
} reset;

static void reset_on_init(struct sim_endpoint *ep)
{
	ep->conn.local.max_idle_timeout_ms = 3000;
	if (ep->me)
		quic_tparam_mark(&ep->conn.local, QUIC_TPARAM_STATELESS_RESET_TOKEN);
}

static void reset_on_settle(struct sim_endpoint *ep)
{
	struct sim_endpoint *server = &sim.ep[1];
	const struct quic_connid_entry *e = server->conn.local_ids.e;
	u8 dgram[200];

	if (ep->me || reset.sent || !both_confirmed() || ep->conn.remote_ids.e[1].seq != 1)
		return;
	for (; e->seq != reset.seq || !e->used; e++)
		if (e->used && e->cid.len != QUIC_CID_OURS_BYTES)
			sim_fail(&sim, "an id of another length");
	if (quic_cid_equal(&e->cid, &ep->conn.path->dcid) != !reset.seq)
		sim_fail(&sim, "an id twice");
	reset.sent = true;
	quic_edge_random(dgram, sizeof(dgram));
	dgram[0] = reset.first;
	quic_edge_reset_token(&server->conn, &e->cid, dgram + reset.len - QUIC_RESET_TOKEN_BYTES);
	sim_inject(&sim, 0, dgram, reset.len, 100000);
}

static const struct sim_hooks reset_hooks = {
	.on_init = reset_on_init,
	.on_settle = reset_on_settle,
};

static const char *reset_run(u64 seed, u8 first, u32 len, u64 seq, enum quic_close_source want)
{
	struct sim_config cfg;
	const char *err;

	close_config(&cfg, seed, &reset_hooks);
	reset.first = first;
	reset.len = len;
	reset.seq = seq;
	reset.sent = false;
	err = scenario_run(&cfg);
	if (!err && !reset.sent)
		return "it was never sent";
	if (!err && sim.ep[0].conn.close.source != want)
		return want == QUIC_CLOSE_RESET ? "it was not taken" : "it was taken";
	return err;
}

/* [9000-10.3#5] [9000-10.3.1#1,3,4] whatever it looks like, from 21 bytes on */
static const char *reset_is_known_by_its_last_bytes_alone(u64 seed)
{
	return reset_run(seed, seed * 37 & 0xff, 21 + seed * 7 % 180, 0, QUIC_CLOSE_RESET);
}

/* [9000-10.3#3] */
static const char *reset_of_less_than_21_bytes_is_none(u64 seed)
{
	return reset_run(seed, 0x40 | (seed & 0x3f), 20 - seed % 4, 0, QUIC_CLOSE_IDLE);
}

/* [9000-10.3.1#2] [9000-10.3.2#2,3,4] a token counts from the first use of its id on */
static const char *token_of_an_unused_id_is_none(u64 seed)
{
	return reset_run(seed, 0x40 | (seed & 0x3f), 21 + seed * 7 % 180, 1 + seed % 3,
			 QUIC_CLOSE_IDLE);
}

int main(int argc, char **argv)
{
	static const struct scenario list[] = {
		SCENARIO(both_ends_pass_three_pto),
		SCENARIO(closing_end_answers_seldom_and_little),
		SCENARIO(tiny_packet_draws_no_long_answer),
		SCENARIO(draining_end_is_silent),
		SCENARIO(close_in_the_handshake_tells_nothing),
		SCENARIO(closing_server_amplifies_no_more_than_an_open_one),
		SCENARIO(closing_end_frees_what_it_will_not_send),
		SCENARIO(idle_timeout_is_never_below_three_pto),
		SCENARIO(timeout_of_one_side_counts_for_both),
		SCENARIO(reset_is_known_by_its_last_bytes_alone),
		SCENARIO(reset_of_less_than_21_bytes_is_none),
		SCENARIO(token_of_an_unused_id_is_none),
	};

	return scenario_main(argc, argv, list, ARRAY_SIZE(list));
}
