// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_limits.c - what keys and packet numbers may be used for, and forgers without keys
 *
 * AEAD limits (RFC 9001 6.6), lowered so that a run reaches them; the work that a
 * forged packet makes (9.5); the last packet number (RFC 9000 12.3).
 */
#include "keys.h"

/* ---- attackers without keys ---- */

enum { JUNK = 40 };

static struct {
	u64 opens, rekeys;
	unsigned int sent;
	bool updated;
} flood;

/* Packets to @to that differ in what a header may claim. */
static void flood_send(struct sim_endpoint *to)
{
	struct quic_connid_remote *ids = &sim.ep[!to->me].conn.remote_ids;
	const struct quic_cid *cid = &quic_connid_remote_active(ids)->cid;
	u8 junk[200];
	unsigned int i;

	flood.opens = to->opens;
	flood.rekeys = sim.rekeys;
	for (i = 0; i < JUNK; i++) {
		quic_edge_random(junk, sizeof(junk));
		junk[0] = (junk[0] & 0x3f) | QUIC_HEADER_FIXED;
		memcpy(junk + 1, cid->data, cid->len);
		sim_inject(&sim, to->me, junk, 60 + i, 1);
	}
	flood.sent++;
}

static void flood_judge(const struct sim_endpoint *to)
{
	if (to->opens != flood.opens + JUNK)
		sim_fail(&sim, "not each forged packet cost one attempt to open it");
	if (sim.rekeys != flood.rekeys)
		sim_fail(&sim, "a forged packet made somebody derive keys");
	flood.opens = 0;
}

/* In phase 0, right after an update, and when the next key is there again. */
static void flood_on_settle(struct sim_endpoint *ep)
{
	struct quic_conn *c = &other->conn;

	if (over || ep != other || !both_confirmed())
		return;
	if (flood.opens && other->opens >= flood.opens + JUNK)
		flood_judge(other);
	else if (flood.opens)
		return;
	if (flood.sent == 0 || (flood.sent == 1 && c->keys.updates && !c->keys.other_is_next) ||
	    (flood.sent == 2 && c->keys.updates && c->keys.other_is_next))
		flood_send(other);
	else if (flood.sent == 3)
		finish();
	if (flood.sent == 1 && !flood.opens)
		quic_conn_update_keys(&actor->conn);
}

static void flood_on_init(struct sim_endpoint *ep)
{
	ep->conn.config.keepalive = 100 * QUIC_US_PER_MS;
}

static const struct sim_hooks flood_hooks = {
	.on_init = flood_on_init,
	.on_settle = flood_on_settle,
};

/* [9001-6.3#1,2] [9001-9.5#1] [9001-5.5#1,2] */
static const char *forged_packet_costs_one_open_whatever_it_claims(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	keys_quiet(&cfg, seed, &flood_hooks);
	memset(&flood, 0, sizeof(flood));
	err = scenario_run(&cfg);
	if (!err && !over)
		return "not all of them were sent";
	return err ?: no_violation();
}

static u64 copies;

static bool copy_on_send(struct sim *s, unsigned int from, u64 index, u8 *data, u32 len,
			 enum quic_ecn *ecn)
{
	if (from == actor->me && !(data[0] & QUIC_HEADER_LONG) && both_confirmed()) {
		sim_inject(s, other->me, data, len, 200000);
		copies++;
	}
	return true;
}

static const struct sim_hooks copy_hooks = { .on_send = copy_on_send };

/* [9001-9.5#1] [9000-12.3#4,5] the time a duplicate takes does not tell that it is one */
static const char *duplicates_are_opened_before_they_are_dropped(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	keys_transfer(&cfg, seed - seed % 60, &copy_hooks, 100000);
	copies = 0;
	err = scenario_run(&cfg);
	if (!err && other->conn.stats.pkts_dropped[QUIC_DROP_DUPLICATE] < copies / 2)
		return "the copies did not arrive";
	if (!err && other->opens < other->conn.stats.pkts_rcvd +
				   other->conn.stats.pkts_dropped[QUIC_DROP_DUPLICATE])
		return "a duplicate was dropped unopened";
	return err;
}

/* ---- limits ---- */

static u64 cap;
static u32 most_updates;
static bool updates_barred;

static void limit_on_settle(struct sim_endpoint *ep)
{
	struct quic_keys *k = &ep->conn.keys;

	k->seal_cap = cap;
	most_updates = max(most_updates, k->updates);
	if (updates_barred)
		k->update_after = QUIC_US_NEVER;
	if (k->tx[QUIC_LEVEL_APP].count > cap)
		sim_fail(&sim, "a key sealed more than it may");
}

static const struct sim_hooks limit_hooks = { .on_settle = limit_on_settle };

/* [9001-6.6#1,3] [9001-5.3#3] */
static const char *keys_are_updated_before_their_limit(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	cap = 3000;
	most_updates = 0;
	updates_barred = false;
	keys_transfer(&cfg, seed, &limit_hooks, 9000000);
	cfg.link[0].rate = 2000000;
	cfg.link[1].rate = 2000000;
	err = scenario_run(&cfg);
	if (!err && most_updates < 2)
		return "keys were not updated";
	return err ?: no_violation();
}

/* [9001-6.6#2,4] */
static const char *key_that_can_not_be_updated_ends_the_connection(u64 seed)
{
	struct sim_config cfg;
	const struct quic_close *c;
	const char *err;

	cap = 1000;
	updates_barred = true;
	keys_transfer(&cfg, seed, &limit_hooks, 4000000);
	cfg.may_end_early = true;
	err = scenario_run(&cfg);
	if (err)
		return err;
	c = sim.ep[0].conn.close.source == QUIC_CLOSE_LOCAL ? &sim.ep[0].conn.close :
							      &sim.ep[1].conn.close;
	if (c->source != QUIC_CLOSE_LOCAL || c->app || c->code != QUIC_ERR_AEAD_LIMIT_REACHED)
		return "it did not end with AEAD_LIMIT_REACHED";
	return NULL;
}

static unsigned int forgeries;
static u64 failed;

static void integrity_on_init(struct sim_endpoint *ep)
{
	ep->conn.keys.open_cap = 2 * JUNK;
}

static void integrity_on_settle(struct sim_endpoint *ep)
{
	if (ep == other)
		failed = max(failed, ep->conn.keys.failed);
	if (!both_confirmed() || ep != other || forgeries == 3)
		return;
	if (forgeries == 2 && ep->conn.keys.failed == 2 * JUNK) {
		forgeries++;		/* exactly at the limit: it lives; one more, and it ends */
		flood_send(other);
	} else if (ep->conn.keys.failed == forgeries * JUNK) {
		forgeries++;
		flood_send(other);
	}
}

static const struct sim_hooks integrity_hooks = {
	.on_init = integrity_on_init,
	.on_settle = integrity_on_settle,
};

/* [9001-6.6#5,6] [9000-10.3#1] */
static const char *too_many_forgeries_end_the_connection(u64 seed)
{
	const struct quic_conn *c;
	struct sim_config cfg;
	const char *err;

	keys_quiet(&cfg, seed, &integrity_hooks);
	forgeries = 0;
	failed = 0;
	err = scenario_run(&cfg);
	if (err)
		return err;
	c = &other->conn;
	if (c->close.source != QUIC_CLOSE_LOCAL ||
	    c->close.code != QUIC_ERR_AEAD_LIMIT_REACHED || failed != 2 * JUNK + 1)
		return "it did not end exactly above the limit";
	if (actor->conn.close.source != QUIC_CLOSE_PEER ||
	    actor->conn.close.code != QUIC_ERR_AEAD_LIMIT_REACHED)
		return "the peer was not told";
	return NULL;
}

/* ---- the last packet number ---- */

static bool jumped;

/* As if nearly all numbers had been used: both ends agree on that. */
static void last_jump(void)
{
	struct quic_sent *sent = &actor->conn.recovery.space[QUIC_SPACE_APP].sent;

	jumped = true;
	sent->next = QUIC_PN_MAX - 160;
	sent->base = sent->next;
	other->conn.space[QUIC_SPACE_APP].largest = sent->next - 1;
}

static void last_on_settle(struct sim_endpoint *ep)
{
	struct quic_conn *c = &actor->conn;

	if (ep != actor || !both_confirmed())
		return;
	if (!jumped && scenario_is_quiet(actor) && scenario_is_quiet(other))
		last_jump();
	if (jumped && scenario_is_quiet(actor)) {
		c->ctl |= QUIC_CTL_PING;
		quic_conn_output(c, sim.now);
	}
}

static bool last_on_send(struct sim *s, unsigned int from, u64 index, u8 *data, u32 len,
			 enum quic_ecn *ecn)
{
	if (from == actor->me && !quic_conn_is_open(&actor->conn))
		sim_fail(s, "something was said in the end");
	if (from == actor->me &&
	    actor->conn.recovery.space[QUIC_SPACE_APP].sent.next > QUIC_PN_MAX - 100)
		sim_fail(s, "it did not end in time");
	return true;
}

static void last_on_init(struct sim_endpoint *ep)
{
	ep->conn.local.max_idle_timeout_ms = 3000;
	ep->conn.config.keepalive = 100 * QUIC_US_PER_MS;
}

static const struct sim_hooks last_hooks = {
	.on_init = last_on_init,
	.on_send = last_on_send,
	.on_settle = last_on_settle,
};

/* [9000-12.3#3] */
static const char *packet_numbers_end_in_silence(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	keys_quiet(&cfg, seed, &last_hooks);
	jumped = false;
	err = scenario_run(&cfg);
	if (!err && (!jumped || actor->conn.close.source != QUIC_CLOSE_LOCAL))
		return "the numbers did not end";
	if (!err && other->conn.close.source != QUIC_CLOSE_IDLE)
		return "the peer was told";
	return err;
}

int main(int argc, char **argv)
{
	static const struct scenario list[] = {
		SCENARIO(forged_packet_costs_one_open_whatever_it_claims),
		SCENARIO(duplicates_are_opened_before_they_are_dropped),
		SCENARIO(keys_are_updated_before_their_limit),
		SCENARIO(key_that_can_not_be_updated_ends_the_connection),
		SCENARIO(too_many_forgeries_end_the_connection),
		SCENARIO(packet_numbers_end_in_silence),
	};

	return scenario_main(argc, argv, list, ARRAY_SIZE(list));
}
