// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_params.c - transport parameters that break the rules, told in a handshake
 *
 * The vectors of core/tparam, and what only a connection can find out: ids that are
 * not those of the packets (RFC 9000 7.3).  The other side closes with the violation
 * of the row and nothing of the blob is applied.
 */
#include "scenario.h"
#include "tparams.h"

static struct quic_tokens tokens;

/**
 * struct told - what one endpoint says instead of the truth
 * @name: what it is
 * @who: 0 the client, 1 the server
 * @retry: after a Retry
 * @id: parameter; @blob: none, it is the whole blob
 * @change: what is done to the parameter
 * @blob: all that it says
 * @want: what the other one finds; NONE: nothing
 */
struct told {
	const char *name;
	unsigned int who;
	bool retry;
	u64 id;
	enum { CHANGED, ABSENT, EMPTY, THERE } change;
	const struct quic_vector_tparam *blob;
	enum quic_violation want;
};

#define V(name)	QUIC_VIOLATION_##name
#define ROW(name, who, retry, id, change, want) \
	{ name, who, retry, QUIC_TPARAM_##id, change, NULL, V(want) }

/* [9000-7.3#1,2,3,4] */
static const struct told ids[] = {
	ROW("client's source id", 0, false, INITIAL_SCID, CHANGED, TPARAM_CID_MISMATCH),
	ROW("no source id of the client", 0, false, INITIAL_SCID, ABSENT, TPARAM_CID_MISSING),
	ROW("empty source id of the client", 0, false, INITIAL_SCID, EMPTY, TPARAM_CID_MISMATCH),
	ROW("server's source id", 1, false, INITIAL_SCID, CHANGED, TPARAM_CID_MISMATCH),
	ROW("no source id of the server", 1, false, INITIAL_SCID, ABSENT, TPARAM_CID_MISSING),
	ROW("original id", 1, false, ORIGINAL_DCID, CHANGED, TPARAM_CID_MISMATCH),
	ROW("no original id", 1, false, ORIGINAL_DCID, ABSENT, TPARAM_CID_MISSING),
	ROW("empty original id", 1, false, ORIGINAL_DCID, EMPTY, TPARAM_CID_MISMATCH),
	ROW("original id after a Retry", 1, true, ORIGINAL_DCID, CHANGED, TPARAM_CID_MISMATCH),
	ROW("id of a Retry that was none", 1, false, RETRY_SCID, THERE, TPARAM_CID_MISMATCH),
	ROW("empty id of a Retry that was none", 1, false, RETRY_SCID, EMPTY,
	    TPARAM_CID_MISMATCH),
	ROW("no id of the Retry", 1, true, RETRY_SCID, ABSENT, TPARAM_CID_MISSING),
	ROW("another id of the Retry", 1, true, RETRY_SCID, CHANGED, TPARAM_CID_MISMATCH),
};

static const struct told *told;

static const struct quic_cid *told_cid(const struct quic_tparams *p)
{
	switch (told->id) {
	case QUIC_TPARAM_ORIGINAL_DCID:
		return &p->original_dcid;
	case QUIC_TPARAM_RETRY_SCID:
		return &p->retry_scid;
	default:
		return &p->initial_scid;
	}
}

static void told_on_params(struct sim_endpoint *ep, struct quic_writer *w)
{
	struct quic_cid cid;

	if (ep->me != told->who)
		return;
	if (told->blob) {
		w->len = 0;
		quic_wire_put_bytes(w, told->blob->bytes, told->blob->len);
		return;
	}
	cid = *told_cid(&ep->conn.local);
	if (told->change == CHANGED)
		cid.data[sim_random(ep->sim, cid.len)] ^= 1 << sim_random(ep->sim, 8);
	if (told->change == THERE)
		cid.len = 8;
	sim_set_param(w, told->id, told->change == ABSENT ? NULL : cid.data,
		      told->change == EMPTY ? 0 : cid.len);
}

static const struct sim_hooks told_hooks = { .on_params = told_on_params };

static const char *told_run(u64 seed)
{
	struct sim_endpoint *judge = &sim.ep[!told->who];
	struct sim_config cfg;
	static char why[120];
	const char *err;

	sim_config_default(&cfg, seed);
	memset(&tokens, 0, sizeof(tokens));
	cfg.hooks = &told_hooks;
	cfg.version = seed & 1 ? QUIC_V1 : QUIC_V2;
	cfg.tokens = &tokens;
	cfg.validate = told->retry;
	cfg.may_end_early = true;
	cfg.app[0] = (struct sim_app){ .streams = 1, .send_bytes = 1000 };
	if (!sim_run(&sim, &cfg)) {
		const struct quic_close *c = &judge->conn.close;

		if (judge->conn.got_tparams)
			sim_fail(&sim, "the parameters were applied");
		if (c->source != QUIC_CLOSE_LOCAL || c->code != quic_violation_error(told->want) ||
		    strcmp((char *)c->reason, quic_violation_name(told->want)))
			sim_fail(&sim, "the wrong verdict");
		if (sim.ep[told->who].conn.close.source != QUIC_CLOSE_PEER ||
		    sim.ep[told->who].conn.close.code != c->code)
			sim_fail(&sim, "it was not told");
	}
	err = scenario_end();
	if (!err)
		return NULL;
	snprintf(why, sizeof(why), "%s: %s", told->name, err);
	return why;
}

static const char *ids_that_are_not_those_of_the_packets(u64 seed)
{
	const char *err = NULL;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ids) && !err; i++) {
		told = &ids[i];
		err = told_run(seed);
	}
	return err;
}

/* [9000-7.4#1] [9000-18.2#5,7,9] [9287-3#1] [9368-4#4,5,6] */
static const char *blobs_that_break_the_rules(u64 seed)
{
	const char *err = NULL;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(quic_vectors_tparams) && !err; i++) {
		const struct quic_vector_tparam *v = &quic_vectors_tparams[i];
		struct told t = {
			.name = v->what, .who = !v->from_client, .blob = v, .want = v->violation,
		};

		if (!v->violation)
			continue;
		told = &t;
		err = told_run(seed);
	}
	return err;
}

static void honest_on_params(struct sim_endpoint *ep, struct quic_writer *w)
{
	struct quic_tparams p;

	if (quic_tparam_decode(w->buf, w->len, !ep->me, &p))
		sim_fail(ep->sim, "parameters that its own decoder refuses");
}

static const struct sim_hooks honest_hooks = { .on_params = honest_on_params };

/* Among others, what only a server may say, and nothing twice [9000-18.2#1,8] [9000-7.4#2]. */
static const char *what_is_told_keeps_the_rules(u64 seed)
{
	struct sim_config cfg;

	sim_config_default(&cfg, seed);
	memset(&tokens, 0, sizeof(tokens));
	cfg.hooks = &honest_hooks;
	cfg.tokens = &tokens;
	cfg.validate = seed / 2 & 1;
	cfg.version = seed & 1 ? QUIC_V1 : QUIC_V2;
	cfg.app[0] = (struct sim_app){ .streams = 1, .send_bytes = 1000 };
	cfg.app[1] = (struct sim_app){ .send_bytes = 1000, .echo = true };
	return scenario_run(&cfg);
}

int main(int argc, char **argv)
{
	static const struct scenario list[] = {
		SCENARIO(ids_that_are_not_those_of_the_packets),
		SCENARIO(blobs_that_break_the_rules),
		SCENARIO(what_is_told_keeps_the_rules),
	};

	return scenario_main(argc, argv, list, ARRAY_SIZE(list));
}
