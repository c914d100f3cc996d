// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_network.c - what the network between two ends does to size and speed
 *
 * Datagram sizes that fit, then no longer fit; ECN that works, is erased or is
 * mangled; a bottleneck that is to be filled and not flooded.
 */
#include "scenario.h"

static const quic_us start_at = 1000000;	/* where the simulator's clock begins */

static struct sim_endpoint *const client = &sim.ep[0];
static struct sim_endpoint *const server = &sim.ep[1];

static void upload(struct sim_config *cfg, u64 seed, const struct sim_hooks *hooks, u64 bytes)
{
	sim_config_default(cfg, seed);
	cfg->hooks = hooks;
	cfg->app[0] = (struct sim_app){ .streams = 1, .send_bytes = bytes };
	cfg->app[1] = (struct sim_app){ .echo = true };
}

/* ---- datagram sizes ---- */

static void search_on_init(struct sim_endpoint *ep)
{
	ep->conn.config.keepalive = 20 * QUIC_US_PER_MS;
}

static void search_on_settle(struct sim_endpoint *ep)
{
	if (sim.now > start_at + 20 * QUIC_US_PER_SEC)
		quic_conn_close(&ep->conn, true, 0, NULL, 0, sim.now);
}

static const struct sim_hooks search_hooks = {
	.on_init = search_on_init,
	.on_settle = search_on_settle,
};

/* [9000-14.3] RFC 8899: the search ends within a step of what the path carries. */
static const char *search_finds_what_the_path_carries(u64 seed)
{
	struct sim_config cfg;
	const char *err;
	u32 mtu, found;

	sim_config_default(&cfg, seed);
	cfg.hooks = &search_hooks;
	cfg.may_end_early = true;
	cfg.stays_open = true;
	mtu = 1200 + seed * 997 % 7800;
	cfg.link[0].mtu = mtu;
	cfg.link[1].mtu = mtu;
	cfg.mtu_max = 9000;
	err = scenario_run(&cfg);
	found = client->conn.path->mtu;
	if (err)
		return err;
	if (found > mtu || found + QUIC_PMTUD_STEP_BYTES < mtu)
		return "another size than the path's";
	if (client->conn.path->cong.nr_events)		/* [9000-14.4] */
		return "a lost probe was taken for congestion";
	if (client->conn.recovery.nr_lost > 3 * 9)
		return "more was lost than probes of a search in halves";
	return NULL;
}

static u32 top_bytes;		/* that the search should find */
static quic_us top_from;	/* when it could begin */
static quic_us top_at;		/* when it had found it */

static void top_on_settle(struct sim_endpoint *ep)
{
	if (ep != client)
		return;
	if (!top_from && ep->conn.confirmed)
		top_from = sim.now;
	if (!top_at && ep->conn.path->mtu >= top_bytes)
		top_at = sim.now;
}

static const struct sim_hooks top_hooks = { .on_settle = top_on_settle };

/* A sender whose data would fill any window finds out in no time what the path carries. */
static const char *search_ends_while_the_window_is_full(u64 seed)
{
	static const u16 sizes[] = { 1472, 8972, 16000, 65000 };
	quic_us latency = seed & 4 ? 20 : 5000;
	struct sim_config cfg;
	const char *err;
	unsigned int i;

	top_bytes = sizes[seed % 4];
	top_from = 0;
	top_at = 0;
	upload(&cfg, seed, &top_hooks, 4 << 20);
	cfg.mtu_max = top_bytes;
	for (i = 0; i < 2; i++) {
		cfg.link[i].mtu = top_bytes;
		cfg.link[i].latency = latency;
	}
	err = scenario_run(&cfg);
	if (err)
		return err;
	if (!top_at)
		return "it was not found";
	/* A round trip or two, but some more where the window has to grow for it first. */
	if (top_at - top_from > (top_bytes < 12000 ? 3 : 6) * 2 * latency)
		return "it took too long";
	return NULL;
}

/* An interface for large datagrams, a path for small ones, and not many of them at a time. */
static const char *search_ends_in_a_small_window(u64 seed)
{
	struct sim_config cfg;
	const char *err;
	u32 found;

	upload(&cfg, seed, NULL, 2 << 20);
	cfg.mtu_max = 8972;
	cfg.link[0].latency = 5000;
	cfg.link[0].rate = 250000;
	cfg.link[0].queue_pkts = 2 + seed % 8;
	err = scenario_run(&cfg);
	found = client->conn.path->mtu;
	if (!err && (found > 1472 || found + QUIC_PMTUD_STEP_BYTES < 1472))
		return "another size than the path's";
	return err;
}

static u32 device_mtu;		/* that both interfaces get at some time */
static quic_us device_at;
static quic_us settled_at;	/* when the size was that */

static void device_on_settle(struct sim_endpoint *ep)
{
	if (sim.now < device_at || ep != client)
		return;
	sim.cfg.link[0].device_mtu = device_mtu;
	sim.cfg.link[1].device_mtu = device_mtu;
	if (!settled_at && ep->conn.path->mtu == device_mtu)
		settled_at = sim.now;
}

static const struct sim_hooks device_hooks = { .on_settle = device_on_settle };

/* What the interface says is the size from then on, and not a reason to start at 1200 again. */
static const char *interface_that_shrinks_gives_the_size(u64 seed)
{
	struct sim_config cfg;
	const char *err;
	unsigned int i;

	device_mtu = 1200 + seed * 997 % 7000;
	device_at = start_at + 200000 + seed * 7919 % 200000;
	settled_at = 0;
	upload(&cfg, seed, &device_hooks, 1 << 20);
	cfg.mtu_max = 9000;
	for (i = 0; i < 2; i++) {
		cfg.link[i].mtu = 9000;
		cfg.link[i].rate = 1000000;
		cfg.link[i].queue = 100000;
	}
	err = scenario_run(&cfg);
	if (err)
		return err;
	if (!settled_at || settled_at > device_at + 200000)
		return "another size, or much later";
	return client->conn.path->mtu != device_mtu ? "it did not stay" : NULL;
}

static u32 most_bytes;
static u32 shrink_to;
static quic_us shrink_at;

static bool size_on_send(struct sim *s, unsigned int from, u64 index, u8 *data, u32 len,
			 enum quic_ecn *ecn)
{
	if (from == 0)
		most_bytes = max(most_bytes, len);
	return !shrink_to || s->now < shrink_at || len <= shrink_to;
}

static void payload_on_init(struct sim_endpoint *ep)
{
	if (ep->me)
		ep->conn.local.max_udp_payload_size = 1300;
}

static const struct sim_hooks payload_hooks = {
	.on_init = payload_on_init,
	.on_send = size_on_send,
};

/* [9000-18.2] max_udp_payload_size */
static const char *limit_of_the_peer_is_kept(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	most_bytes = 0;
	shrink_to = 0;
	upload(&cfg, seed, &payload_hooks, 300000);
	cfg.mtu_max = 1472;
	err = scenario_run(&cfg);
	if (!err && (most_bytes > 1300 || most_bytes < 1300 - QUIC_PMTUD_STEP_BYTES))
		return "another size than the peer allows";
	return err;
}

static const struct sim_hooks shrink_hooks = { .on_send = size_on_send };

/* RFC 8899 4.3: black hole detection */
static const char *path_that_shrinks_is_no_black_hole(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	shrink_to = 1200 + seed * 31 % 200;
	shrink_at = start_at + 300000 + seed * 7919 % 500000;
	upload(&cfg, seed, &shrink_hooks, 1 << 20);
	cfg.link[0].rate = 500000;
	cfg.link[0].queue = 100000;
	err = scenario_run(&cfg);
	if (!err && sim.now > start_at + 60 * QUIC_US_PER_SEC)
		return "it took a minute to find out";
	return err;
}

/* ---- Initials ---- */

static unsigned int small_left;

/* Complete packets in datagrams that are too small: each says CONNECTION_CLOSE. */
static void small_on_settle(struct sim_endpoint *ep)
{
	static const u8 close[] = { QUIC_FRAME_CONNECTION_CLOSE, 0, 0, 0 };
	struct sim_forge f = {
		.level = QUIC_LEVEL_INITIAL, .pn = 1000, .frames = close, .len = sizeof(close),
	};
	u8 dgram[SIM_FORGE_MAX_BYTES];

	if (ep->me || !small_left || !server->started ||
	    !quic_keys_can_send(&ep->conn.keys, QUIC_LEVEL_INITIAL))
		return;
	f.pad_to = small_left * 100;
	small_left--;
	sim_inject(&sim, 1, dgram, sim_forge(ep, &f, dgram), 1);
}

/* What is more than an ACK asks for one. */
static bool small_on_send(struct sim *s, unsigned int from, u64 index, u8 *data, u32 len,
			  enum quic_ecn *ecn)
{
	if (from == 1 && (data[0] & 0xb0) == QUIC_HEADER_LONG && len > 100 && len < 1200)
		sim_fail(s, "the server's Initial is small");
	return true;
}

static const struct sim_hooks small_hooks = {
	.on_settle = small_on_settle, .on_send = small_on_send,
};

/* [9000-14.1#2,3] [9000-14#4] */
static const char *small_initials_are_neither_sent_nor_taken(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	upload(&cfg, seed, &small_hooks, 20000);
	cfg.link[0].latency = 30000;
	small_left = 1 + seed % 11;
	err = scenario_run(&cfg);
	if (!err && client->conn.close.source != QUIC_CLOSE_LOCAL)
		return "a small datagram closed the connection";
	return err;
}

/* ---- ECN ---- */

/* [9000-13.4] [9002-7.1] marks slow the sender down like losses, without any [9000-13.4.1] */
static const char *marks_slow_down_without_loss(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	upload(&cfg, seed, NULL, 1 << 20);
	cfg.ecn = true;
	cfg.link[0].ce = 20;
	err = scenario_run(&cfg);
	if (err)
		return err;
	if (!client->conn.path->ecn_on)
		return "a path that carries ECN failed validation";
	if (!client->conn.path->cong.nr_events)
		return "marks were ignored";
	return NULL;
}

static enum quic_ecn ecn_becomes;

static bool ecn_on_send(struct sim *s, unsigned int from, u64 index, u8 *data, u32 len,
			enum quic_ecn *ecn)
{
	if (from == 0 && *ecn != QUIC_ECN_NOT_ECT)
		*ecn = ecn_becomes;
	return true;
}

static const struct sim_hooks ecn_hooks = { .on_send = ecn_on_send };

/* [9000-13.4.2] [9000-13.4.2.2#1,2] */
static const char *erased_or_mangled_marks_switch_ecn_off(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	upload(&cfg, seed, &ecn_hooks, 300000);
	cfg.ecn = true;
	ecn_becomes = seed % 2 ? QUIC_ECN_NOT_ECT : QUIC_ECN_ECT1;
	cfg.link[0].loss = seed % 3 * 30;
	err = scenario_run(&cfg);
	if (!err && client->conn.path->ecn_on)
		return "a path that eats ECN passed validation";
	return err;
}

/* A network that marks everything is slow, but not wrong. */
static const char *path_that_marks_all_is_survived(u64 seed)
{
	struct sim_config cfg;

	upload(&cfg, seed, &ecn_hooks, 300000);
	cfg.ecn = true;
	ecn_becomes = QUIC_ECN_CE;
	return scenario_run(&cfg);
}

/* ---- a bottleneck ---- */

static quic_us arrived_at;

static void bottleneck_on_settle(struct sim_endpoint *ep)
{
	if (!arrived_at && server->nr_streams && server->streams[0].fin_received)
		arrived_at = sim.now;
}

static const struct sim_hooks bottleneck_hooks = { .on_settle = bottleneck_on_settle };

static const char *bottleneck_run(const struct quic_cong_ops *cong, u64 seed, u64 bytes)
{
	struct sim_link_config *l;
	u64 pipe_bytes, lost_bytes;
	struct sim_config cfg;
	const char *err;

	upload(&cfg, seed, &bottleneck_hooks, bytes);
	cfg.cong = cong;
	l = &cfg.link[0];
	l->rate = 500000 + seed * 12345 % 1500000;
	l->latency = 5000 + seed * 777 % 30000;
	l->queue = 2 * l->latency + 30000;
	cfg.link[1].latency = l->latency;
	arrived_at = 0;
	err = scenario_run(&cfg);
	if (err)
		return err;
	if (arrived_at - start_at > bytes * 13 / 10 * QUIC_US_PER_SEC / l->rate + 16 * l->latency)
		return "the bottleneck was not filled";
	/* Slow start ends by filling pipe and queue once too often; then little is lost. */
	pipe_bytes = l->rate * (2 * l->latency + l->queue) / QUIC_US_PER_SEC;
	lost_bytes = client->conn.recovery.nr_lost * client->conn.path->mtu;
	if (lost_bytes > pipe_bytes * 12 / 10 + bytes / 20 + 10 * 1472)
		return "the bottleneck was flooded";
	return NULL;
}

static const char *cubic_fills_a_bottleneck(u64 seed)
{
	return bottleneck_run(&quic_cong_cubic_ops, seed, 3 << 19);
}

static const char *reno_fills_a_bottleneck(u64 seed)
{
	return bottleneck_run(&quic_cong_reno_ops, seed, 3 << 19);
}

/* ---- acknowledgments ---- */

/* [9000-13.2.2] not more than one ACK for two packets, where nothing is lost */
static const char *acks_are_fewer_than_half(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	upload(&cfg, seed, NULL, 1 << 20);
	cfg.link[0].rate = 1000000;
	cfg.link[0].queue = 1000000;
	cfg.link[0].latency = 1000 + seed * 100;
	err = scenario_run(&cfg);
	if (!err && server->dgrams > client->dgrams * 6 / 10 + 20)
		return "more ACKs than packets warrant";
	return err;
}

int main(int argc, char **argv)
{
	static const struct scenario list[] = {
		SCENARIO(search_finds_what_the_path_carries),
		SCENARIO(search_ends_while_the_window_is_full),
		SCENARIO(search_ends_in_a_small_window),
		SCENARIO(interface_that_shrinks_gives_the_size),
		SCENARIO(limit_of_the_peer_is_kept),
		SCENARIO(path_that_shrinks_is_no_black_hole),
		SCENARIO(small_initials_are_neither_sent_nor_taken),
		SCENARIO(marks_slow_down_without_loss),
		SCENARIO(erased_or_mangled_marks_switch_ecn_off),
		SCENARIO(path_that_marks_all_is_survived),
		SCENARIO(cubic_fills_a_bottleneck),
		SCENARIO(reno_fills_a_bottleneck),
		SCENARIO(acks_are_fewer_than_half),
	};

	return scenario_main(argc, argv, list, ARRAY_SIZE(list));
}
