// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_scenarios.c - the quic-interop-runner's scenarios that no other file here has
 *
 * With that runner's numbers for the network; tests/scenarios plays the same ones
 * in the kernel.  All of them, and where they are:
 *
 *   handshake		test_handshake.c completes_without_any_one_datagram
 *   transfer		test_transfer.c
 *   longrtt		here
 *   chacha20		here
 *   multiplexing	here
 *   retry		test_establish.c a_retry_validates_the_client
 *   resumption		test_establish.c a_token_saves_the_retry_once: what is left of it
 *			without TLS
 *   zerortt		test_early.c accepted_data_are_read_before_the_handshake_ends
 *   blackhole		test_life.c transfer_survives_a_dark_network
 *   keyupdate		test_keys.c updates_begin_when_they_may
 *   ecn		test_network.c marks_slow_down_without_loss
 *   amplificationlimit	test_handshake.c server_never_amplifies
 *   handshakeloss	here
 *   transferloss	here
 *   handshakecorruption	here
 *   transfercorruption	here
 *   ipv6		here
 *   v2			test_version.c the_server_changes_to_what_it_prefers
 *   rebind-port	test_path.c rebinding_of_the_port
 *   rebind-addr	test_path.c rebinding_of_the_address
 *   connectionmigration	test_path.c migration_to_another_address,
 *			test_path_server.c preferred_address_is_used
 *   goodput		test_congestion.c cubic_fills_a_small_bottleneck
 *   crosstraffic	test_congestion.c cubic_leaves_its_share_to_one_without_pacing
 */
#include "scenario.h"

static const quic_us start_at = 1000000;	/* where the simulator's clock begins */

static struct sim_endpoint *const client = &sim.ep[0];
static struct sim_endpoint *const server = &sim.ep[1];

static quic_us done_at;
static u64 few_streams;		/* what the server allows; 0: the default */

static void scenarios_on_init(struct sim_endpoint *ep)
{
	if (few_streams)
		ep->conn.local.initial_max_streams_bidi = few_streams;
}

static void scenarios_on_settle(struct sim_endpoint *ep)
{
	if (!done_at && client->done && server->done)
		done_at = sim.now;
}

static const struct sim_hooks scenarios_hooks = {
	.on_init = scenarios_on_init,
	.on_settle = scenarios_on_settle,
};

/* A request on each of some streams, and its answer. */
static void download(struct sim_config *cfg, u64 seed, unsigned int streams, u64 bytes)
{
	unsigned int i;

	sim_config_default(cfg, seed);
	cfg->hooks = &scenarios_hooks;
	few_streams = 0;
	cfg->app[0] = (struct sim_app){ .streams = streams, .send_bytes = 20 };
	cfg->app[1] = (struct sim_app){ .send_bytes = bytes, .echo = true };
	for (i = 0; i < 2; i++) {
		cfg->link[i].latency = 15000;
		cfg->link[i].rate = 10000000 / 8;
		cfg->link[i].queue = 30000;	/* 25 packets */
	}
}

/* Runs; all data has to be through after @limit (a lost close makes the end longer). */
static const char *run_within(const struct sim_config *cfg, quic_us limit)
{
	const char *err;

	done_at = 0;
	err = scenario_run(cfg);
	return !err && done_at - start_at > limit ? "took too long" : err;
}

static const char *longrtt(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	download(&cfg, seed, 1, 200000);
	cfg.link[0].latency = 750000;
	cfg.link[1].latency = 750000;
	/* one round trip for the handshake, five of slow start */
	err = run_within(&cfg, 15 * QUIC_US_PER_SEC);
	if (!err && client->conn.path->rtt.min < 1500000)
		return "the round trip is longer than that";
	if (!err && server->conn.recovery.nr_lost)
		return "patience would have been enough";
	return err;
}

static const char *chacha20(u64 seed)
{
	struct sim_config cfg;

	download(&cfg, seed, 3, 300000);
	cfg.cipher = QUIC_CIPHER_CHACHA20_POLY1305;
	return run_within(&cfg, 10 * QUIC_US_PER_SEC);
}

/* [9000-4.6] many more streams than may be open at once */
static const char *multiplexing(u64 seed)
{
	struct sim_config cfg;

	download(&cfg, seed, SIM_MAX_STREAMS, 32);
	few_streams = 1 + seed % 40;
	return run_within(&cfg, 60 * QUIC_US_PER_SEC);
}

static bool ipv6_on_route(struct sim *s, unsigned int from, struct quic_addr *src,
			  struct quic_addr *dst, const u8 *data, u32 len)
{
	if (src->family != 6 || dst->family != 6)
		sim_fail(s, "a packet of IPv4");
	return true;
}

static const struct sim_hooks ipv6_hooks = {
	.on_settle = scenarios_on_settle,
	.on_route = ipv6_on_route,
};

static const char *ipv6(u64 seed)
{
	struct sim_config cfg;

	download(&cfg, seed, 1, 100000);
	cfg.hooks = &ipv6_hooks;
	cfg.addrs = sim_addr6;
	return run_within(&cfg, 10 * QUIC_US_PER_SEC);
}

static void impair(struct sim_config *cfg, unsigned int loss, unsigned int corrupt)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		cfg->link[i].loss = loss;
		cfg->link[i].corrupt = corrupt;
	}
}

static const char *handshakeloss(u64 seed)
{
	struct sim_config cfg;

	download(&cfg, seed, 1, 1000);
	impair(&cfg, 300, 0);
	return scenario_run(&cfg);
}

static const char *handshakecorruption(u64 seed)
{
	struct sim_config cfg;

	download(&cfg, seed, 1, 1000);
	impair(&cfg, 0, 300);
	return scenario_run(&cfg);
}

static const char *transferloss(u64 seed)
{
	struct sim_config cfg;

	download(&cfg, seed, 1, 2 << 20);
	impair(&cfg, 20, 0);
	return run_within(&cfg, 30 * QUIC_US_PER_SEC);
}

static const char *transfercorruption(u64 seed)
{
	struct sim_config cfg;

	download(&cfg, seed, 1, 2 << 20);
	impair(&cfg, 0, 20);
	return run_within(&cfg, 30 * QUIC_US_PER_SEC);
}

int main(int argc, char **argv)
{
	static const struct scenario list[] = {
		SCENARIO(longrtt),
		SCENARIO(chacha20),
		SCENARIO(multiplexing),
		SCENARIO(ipv6),
		SCENARIO(handshakeloss),
		SCENARIO(handshakecorruption),
		SCENARIO(transferloss),
		SCENARIO(transfercorruption),
	};

	return scenario_main(argc, argv, list, ARRAY_SIZE(list));
}
