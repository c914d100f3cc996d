/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keys.h - what test_keys.c and test_limits.c have in common
 *
 * One end acts, the other is what it is about; odd seeds make the server the one
 * that acts.
 */
#ifndef _QUIC_SIM_KEYS_H
#define _QUIC_SIM_KEYS_H

#include "scenario.h"

static struct sim_endpoint *actor, *other;	/* who acts, and whom it concerns */
static bool over;

static inline void keys_config(struct sim_config *cfg, u64 seed, const struct sim_hooks *hooks)
{
	unsigned int i;

	sim_config_default(cfg, seed);
	cfg->hooks = hooks;
	cfg->cipher = 1 + seed / 2 % (QUIC_NR_CIPHERS - 1);
	for (i = 0; i < 2; i++) {
		cfg->link[i].rate = 200000;
		cfg->link[i].queue = 200000;
	}
	actor = &sim.ep[seed % 2];
	other = &sim.ep[!(seed % 2)];
	over = false;
}

/* Both ends transfer @bytes over a network that is as bad as @seed says. */
static inline void keys_transfer(struct sim_config *cfg, u64 seed, const struct sim_hooks *hooks,
				 u64 bytes)
{
	unsigned int i;

	keys_config(cfg, seed, hooks);
	cfg->app[0] = (struct sim_app){ .streams = 1, .send_bytes = bytes, .echo = true };
	cfg->app[1] = (struct sim_app){ .send_bytes = bytes, .echo = true };
	for (i = 0; i < 2; i++) {
		cfg->link[i].loss = seed % 4 * 40;
		cfg->link[i].jitter = seed % 3 * 15000;
		cfg->link[i].duplicate = seed % 5 * 20;
		cfg->link[i].corrupt = seed % 6 * 10;
	}
}

/* Nothing happens but keepalives, until a scenario says that it is over. */
static inline void keys_quiet(struct sim_config *cfg, u64 seed, const struct sim_hooks *hooks)
{
	keys_config(cfg, seed, hooks);
	cfg->may_end_early = true;
	cfg->stays_open = true;
	cfg->give_up = 100 * QUIC_US_PER_SEC;
}

static inline bool both_confirmed(void)
{
	return sim.ep[0].conn.confirmed && sim.ep[1].conn.confirmed &&
	       quic_conn_is_established(&sim.ep[0].conn) &&
	       quic_conn_is_established(&sim.ep[1].conn);
}

static inline void finish(void)
{
	over = true;
	quic_conn_abort(&sim.ep[0].conn, sim.now);
	quic_conn_abort(&sim.ep[1].conn, sim.now);
}

static inline const char *no_violation(void)
{
	return sim.ep[0].conn.stats.violations + sim.ep[1].conn.stats.violations ?
	       "an update was taken for a violation" : NULL;
}

#endif /* _QUIC_SIM_KEYS_H */
