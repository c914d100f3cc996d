/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scenario.h - the frame of a test that runs named scenarios over seeds
 *
 *   test_NAME [--seeds FIRST-LAST] [--only SCENARIO] [--replay SEED]
 *
 * A scenario is a function of a seed that answers NULL or what went wrong.  A
 * failure is printed with the command that replays it; --replay runs it twice
 * and says whether both runs were the same to the bit.
 */
#ifndef _QUIC_SIM_SCENARIO_H
#define _QUIC_SIM_SCENARIO_H

#include <getopt.h>

#include "sim.h"

struct scenario {
	const char *name;
	const char *(*run)(u64 seed);
	bool once;		/* does not depend on the seed: only run for the first */
	unsigned int every;	/* costly: only run for seeds that are a multiple, 0: all */
};

#define SCENARIO(fn)		{ #fn, fn, false }
#define SCENARIO_ONCE(fn)	{ #fn, fn, true }
#define SCENARIO_EVERY(n, fn)	{ #fn, fn, false, n }

/* The world of the scenario under way, and its trace hash when it is over. */
static struct sim sim;
static u64 scenario_hash;

/* Ends a run: NULL, or the first thing that went wrong. */
static inline const char *scenario_end(void)
{
	sim_free(&sim);
	scenario_hash = sim.hash;
	return sim.error;
}

static inline const char *scenario_run(const struct sim_config *cfg)
{
	sim_run(&sim, cfg);
	return scenario_end();
}

/* Nothing of @ep's waits for an answer, and it owes none. */
static inline bool scenario_is_quiet(const struct sim_endpoint *ep)
{
	const struct quic_conn *c = &ep->conn;

	return !c->recovery.space[QUIC_SPACE_APP].sent.nr_eliciting && !c->ctl &&
	       c->space[QUIC_SPACE_APP].ack_at == QUIC_US_NEVER;
}

static inline unsigned int scenario_one(const struct scenario *s, u64 seed, const char *program)
{
	const char *err = s->run(seed);

	if (err)
		printf("not ok - %s seed %llu: %s\n  replay: %s --only %s --replay %llu\n", s->name,
		       (unsigned long long)seed, err, program, s->name,
		       (unsigned long long)seed);
	return err ? 1 : 0;
}

static inline unsigned int scenario_replay(const struct scenario *s, u64 seed)
{
	const char *err = s->run(seed);
	u64 hash = scenario_hash;

	s->run(seed);
	printf("%s seed %llu: %s; %s\n", s->name, (unsigned long long)seed, err ? err : "passes",
	       hash == scenario_hash ? "both runs are the same" : "THE RUNS DIFFER");
	return err || hash != scenario_hash;
}

static inline int scenario_main(int argc, char **argv, const struct scenario *list,
				unsigned int nr)
{
	static const struct option options[] = {
		{ "seeds", required_argument, NULL, 's' },
		{ "only", required_argument, NULL, 'o' },
		{ "replay", required_argument, NULL, 'r' },
		{}
	};
	unsigned long long first = 1, last = 50, seed;
	unsigned int i, ran = 0, failed = 0;
	bool replay = false;
	const char *only = NULL;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == 'r') {
			first = strtoull(optarg, NULL, 0);
			last = first;
			replay = true;
		} else if (opt == 'o') {
			only = optarg;
		} else if (opt != 's' || sscanf(optarg, "%llu-%llu", &first, &last) != 2) {
			return 2;
		}
	}
	for (i = 0; i < nr; i++) {
		if (only && strcmp(only, list[i].name))
			continue;
		for (seed = first; seed <= last; seed++) {
			if (list[i].every && seed % list[i].every && !only)
				continue;
			ran++;
			failed += replay ? scenario_replay(&list[i], seed) :
					   scenario_one(&list[i], seed, argv[0]);
			if (list[i].once)
				break;
		}
	}
	printf("%u passed, %u failed\n", ran - failed, failed);
	return failed || !ran;
}

#endif /* _QUIC_SIM_SCENARIO_H */
