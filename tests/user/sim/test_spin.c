// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_spin.c - what one who watches the path sees of the spin bit [9000-17.4]
 */
#include "scenario.h"

static struct {
	bool force[2];		/* these spin, whatever chance said */
	bool seen[2][2];	/* value of the bit, by sender */
	bool last;
	quic_us turned_at;
	unsigned int turns;
	quic_us shortest, longest;
	bool off[2];
} watcher;

static bool watch_on_send(struct sim *s, unsigned int from, u64 index, u8 *data, u32 len,
			  enum quic_ecn *ecn)
{
	bool bit = data[0] & QUIC_HEADER_SPIN;

	if (data[0] & QUIC_HEADER_LONG)
		return true;
	watcher.seen[from][bit] = true;
	if (from || bit == watcher.last)
		return true;
	watcher.last = bit;
	if (watcher.turns) {
		watcher.shortest = min(watcher.shortest, s->now - watcher.turned_at);
		watcher.longest = max(watcher.longest, s->now - watcher.turned_at);
	}
	watcher.turned_at = s->now;
	watcher.turns++;
	return true;
}

static void watch_on_settle(struct sim_endpoint *ep)
{
	struct quic_spin *s = &ep->conn.path->spin;

	if (watcher.force[ep->me] && !s->on && !s->heard) {
		s->on = true;
		s->value = false;
	}
	watcher.off[ep->me] = !s->on;
}

static const struct sim_hooks watch_hooks = {
	.on_send = watch_on_send,
	.on_settle = watch_on_settle,
};

static void watch_config(struct sim_config *cfg, u64 seed)
{
	unsigned int i;

	sim_config_default(cfg, seed);
	cfg->hooks = &watch_hooks;
	cfg->app[0] = (struct sim_app){ .streams = 1, .send_bytes = 2000000, .echo = true };
	cfg->app[1] = (struct sim_app){ .send_bytes = 2000000, .echo = true };
	for (i = 0; i < 2; i++) {
		cfg->link[i].latency = 20000 + seed % 5 * 20000;
		cfg->link[i].loss = seed % 3 * 20;
	}
	memset(&watcher, 0, sizeof(watcher));
	watcher.shortest = QUIC_US_NEVER;
}

static const char *one_wave_takes_one_round_trip(u64 seed)
{
	struct sim_config cfg;
	const char *err;
	quic_us rtt;

	watch_config(&cfg, seed);
	watcher.force[0] = true;
	watcher.force[1] = true;
	rtt = 2 * cfg.link[0].latency;
	err = scenario_run(&cfg);
	if (!err && watcher.turns < 5)
		return "it hardly turned";
	if (!err && (watcher.shortest < rtt || watcher.longest < rtt))
		return "a wave was shorter than the round trip";
	return err;
}

/* [9000-17.4#3,4] where one side does not take part, nothing can be read from either */
static const char *it_stands_still_where_it_is_off(u64 seed)
{
	struct sim_config cfg;
	unsigned int i;
	const char *err;

	watch_config(&cfg, seed);
	err = scenario_run(&cfg);
	for (i = 0; i < 2 && !err; i++)
		if (watcher.off[i] && watcher.seen[i][0] && watcher.seen[i][1])
			return "it turned where it is off";
	if (!err && (watcher.off[0] || watcher.off[1]) && watcher.turns > 1)
		return "there is a wave though one side does not take part";
	if (!err && !watcher.off[0] && !watcher.off[1] && watcher.turns < 5)
		return "it hardly turned";
	return err;
}

int main(int argc, char **argv)
{
	static const struct scenario list[] = {
		SCENARIO(one_wave_takes_one_round_trip),
		SCENARIO(it_stands_still_where_it_is_off),
	};

	return scenario_main(argc, argv, list, ARRAY_SIZE(list));
}
