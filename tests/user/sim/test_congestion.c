// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_congestion.c - what congestion control achieves, and what it leaves to others
 *
 * Goodput over a small bottleneck, two flows that share one, BBR under random
 * loss, ECN from a queue, reordering taken for loss, peers that ask for fewer
 * ACKs, and one that acknowledges what it never saw.
 *
 * Rates are those of stream bytes, with the lower headers counted at the
 * bottleneck.  CONGESTION_VERBOSE in the environment prints them.
 */
#include "scenario.h"

static const quic_us start_at = 1000000;	/* where the simulator's clock begins */
static const u64 mbit = 1000000 / 8;		/* bytes per second */
static const u64 forever_bytes = 1ULL << 40;

static struct sim_endpoint *const client = &sim.ep[0];
static struct sim_endpoint *const server = &sim.ep[1];

/* What all of this test's networks have: full-sized packets, headers that count. */
static void path(struct sim_config *cfg, u64 rate, quic_us rtt, unsigned int queue_pkts)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		cfg->link[i].latency = rtt / 2;
		cfg->link[i].overhead = 28;
		cfg->link[i].rate = rate;
		cfg->link[i].queue_pkts = queue_pkts;
	}
	cfg->mtu_max = 1472;
}

static void upload(struct sim_config *cfg, u64 seed, const struct sim_hooks *hooks, u64 bytes)
{
	sim_config_default(cfg, seed);
	cfg->hooks = hooks;
	cfg->app[0] = (struct sim_app){ .streams = 1, .send_bytes = bytes };
	cfg->app[1] = (struct sim_app){ .echo = true };
}

static void say(const char *what, u64 seed, double value)
{
	if (getenv("CONGESTION_VERBOSE"))
		printf("# %s seed %llu: %.3f\n", what, (unsigned long long)seed, value);
}

/* ---- goodput ---- */

static quic_us arrived_at;

static void goodput_on_settle(struct sim_endpoint *ep)
{
	if (!arrived_at && server->nr_streams && server->streams[0].fin_received)
		arrived_at = sim.now;
}

static const struct sim_hooks goodput_hooks = { .on_settle = goodput_on_settle };

/* Mbit/s of stream bytes from the first packet of the handshake to the last byte; 0: failed. */
static double goodput(const struct sim_config *cfg)
{
	arrived_at = 0;
	sim_run(&sim, cfg);
	if (scenario_end())
		return 0;
	return cfg->app[0].send_bytes * 8.0 / (arrived_at - start_at);
}

static const char *small_bottleneck(const struct quic_cong_ops *cong, u64 seed)
{
	struct sim_config cfg;
	double rate;

	upload(&cfg, seed, &goodput_hooks, 10 << 20);
	path(&cfg, 10 * mbit, 30000, 25);
	cfg.cong = cong;
	rate = goodput(&cfg);
	say(cong->name, seed, rate);
	if (sim.error)
		return sim.error;
	return rate < 9.2 ? "less than 9.2 Mbit/s over 10 Mbit/s" : NULL;
}

/* 10 MiB over 10 Mbit/s, 30 ms and a queue of 25 packets */
static const char *cubic_fills_a_small_bottleneck(u64 seed)
{
	return small_bottleneck(&quic_cong_cubic_ops, seed);
}

static const char *bbr_fills_a_small_bottleneck(u64 seed)
{
	return small_bottleneck(&quic_cong_bbr_ops, seed);
}

static const char *reno_fills_a_small_bottleneck(u64 seed)
{
	return small_bottleneck(&quic_cong_reno_ops, seed);
}

/* ---- random loss ---- */

static double lossy(const struct quic_cong_ops *cong, u64 seed, unsigned int loss, u64 bytes)
{
	struct sim_config cfg;
	double rate;

	upload(&cfg, seed, &goodput_hooks, bytes);
	path(&cfg, 10 * mbit, 30000, 100);
	cfg.link[0].loss = loss;
	cfg.cong = cong;
	rate = goodput(&cfg);
	say(cong->name, seed, rate);
	return rate;
}

static const char *bbr_keeps_the_link_at_one_percent_loss(u64 seed)
{
	double rate = lossy(&quic_cong_bbr_ops, seed, 10, 10 << 20);

	if (sim.error)
		return sim.error;
	return rate < 7 ? "less than 70 % of the link" : NULL;
}

static const char *bbr_is_no_slower_than_cubic_at_five_percent_loss(u64 seed)
{
	double bbr = lossy(&quic_cong_bbr_ops, seed, 50, 4 << 20), cubic;

	if (sim.error)
		return sim.error;
	cubic = lossy(&quic_cong_cubic_ops, seed, 50, 4 << 20);
	if (sim.error)
		return sim.error;
	return bbr < cubic ? "slower than CUBIC" : NULL;
}

/* ---- sharing ---- */

static struct sim other;

/* Two flows over one bottleneck for a minute; the second starts later. */
static const char *share(const struct quic_cong_ops *one, const struct quic_cong_ops *two, u64 seed)
{
	struct sim *sims[] = { &sim, &other };
	struct sim_config cfg[2];
	struct sim_pipe pipe = {};
	long live = quic_env_live;
	unsigned int i;
	double a, b;

	for (i = 0; i < 2; i++) {
		upload(&cfg[i], seed + i * 7919, NULL, forever_bytes);
		path(&cfg[i], 10 * mbit, 30000, 50);
		cfg[i].link[0].pipe = &pipe;
		cfg[i].may_end_early = true;
		cfg[i].cong = i ? two : one;
		cfg[i].start_at = start_at + i * (100000 + seed * 77777 % 900000);
	}
	sim_run_together(sims, cfg, 2, start_at + 60 * QUIC_US_PER_SEC);
	a = server->streams[0].received * 8 / 60e6;
	b = other.ep[1].streams[0].received * 8 / 60e6;
	say(one->name, seed, a);
	say(two->name, seed, b);
	sim_free(&other);
	scenario_end();
	if (sim.error || other.error)
		return sim.error ? sim.error : other.error;
	if (quic_env_live != live)
		return "engine memory leaked";
	if (a + b < 9)
		return "together they do not fill the link";
	return a > 1.5 * b || b > 1.5 * a ? "not shared within 1:1.5" : NULL;
}

static const char *two_cubic_flows_share(u64 seed)
{
	return share(&quic_cong_cubic_ops, &quic_cong_cubic_ops, seed);
}

static const char *two_reno_flows_share(u64 seed)
{
	return share(&quic_cong_reno_ops, &quic_cong_reno_ops, seed);
}

static const char *two_bbr_flows_share(u64 seed)
{
	return share(&quic_cong_bbr_ops, &quic_cong_bbr_ops, seed);
}

int main(int argc, char **argv)
{
	static const struct scenario list[] = {
		SCENARIO(cubic_fills_a_small_bottleneck),
		SCENARIO(bbr_fills_a_small_bottleneck),
		SCENARIO(reno_fills_a_small_bottleneck),
		SCENARIO(bbr_keeps_the_link_at_one_percent_loss),
		SCENARIO(bbr_is_no_slower_than_cubic_at_five_percent_loss),
		SCENARIO(two_cubic_flows_share),
		SCENARIO(two_reno_flows_share),
		SCENARIO(two_bbr_flows_share),
	};

	(void)client;
	return scenario_main(argc, argv, list, ARRAY_SIZE(list));
}
