// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_keys.c - which keys are used when: updates and the handshake's (RFC 9001 4.9, 6)
 *
 * Honest endpoints update as often as they may and are watched after every call;
 * dishonest ones are forged with the keys that the secrets give.
 */
#include "keys.h"

/* ---- the rules of when ---- */

static struct watch {
	u32 updates;
	quic_us may_at;		/* some three PTO after the phase was acknowledged */
	quic_us pto;		/* before this call */
	bool acked;
	unsigned int begun;	/* updates of its own */
} watch[2];

static void watch_begun(struct sim_endpoint *ep, struct watch *w)
{
	const struct quic_conn *c = &ep->conn;

	w->begun++;
	if (!c->confirmed)
		sim_fail(&sim, "an update began before the handshake was confirmed");
	if (!w->updates)
		return;
	if (!w->acked)
		sim_fail(&sim, "an update began before the phase was acknowledged");
	if (sim.now < w->may_at)
		sim_fail(&sim, "an update began too soon after the last one");
}

/* Follows the state of @ep's keys and asks for the next update at once. */
static void watch_on_settle(struct sim_endpoint *ep)
{
	struct watch *w = &watch[ep->me];
	const struct quic_keys *k = &ep->conn.keys;

	if (k->updates != w->updates) {
		if (k->updates != w->updates + 1)
			sim_fail(&sim, "two updates in one call");
		if (k->update_pending)
			watch_begun(ep, w);
		w->updates = k->updates;
		w->acked = false;
	}
	if (k->phase_acked && !w->acked) {
		w->acked = true;
		/* The ACK may have changed the PTO since three of them were added. */
		w->may_at = sim.now + 2 * min(w->pto, quic_conn_pto(&ep->conn));
	}
	w->pto = quic_conn_pto(&ep->conn);
	quic_conn_update_keys(&ep->conn);
}

static const struct sim_hooks watch_hooks = { .on_settle = watch_on_settle };

/* [9001-6.1#2] asked for all the time, by both sides */
static const char *updates_begin_when_they_may(u64 seed)
{
	struct sim_config cfg;
	const char *err;
	unsigned int i;

	memset(watch, 0, sizeof(watch));
	keys_transfer(&cfg, seed, &watch_hooks, 400000);
	err = scenario_run(&cfg);
	if (!err && watch[0].begun + watch[1].begun < 3)
		return "hardly any update began";
	for (i = 0; i < 2 && !err; i++)
		if (sim.ep[i].events[QUIC_EDGE_EV_KEY_UPDATE] + 1 < watch[i].updates)
			return "the application was not told of each update";
	return err ?: no_violation();
}

static quic_us asked_at;

static void early_on_settle(struct sim_endpoint *ep)
{
	struct quic_conn *c = &sim.ep[0].conn;

	if (over || !quic_conn_is_established(c))
		return;
	if (!asked_at) {
		asked_at = sim.now;
		if (c->confirmed)
			sim_fail(&sim, "it is confirmed too soon for this test");
		if (quic_conn_update_keys(c))
			sim_fail(&sim, "the update was refused");
		if (quic_conn_update_keys(c) != -EINVAL)
			sim_fail(&sim, "a second one was not refused");
	}
	if (c->keys.updates && !c->confirmed)
		sim_fail(&sim, "it began before the handshake was confirmed");
	if (c->keys.updates && !c->keys.update_pending)
		finish();
}

static const struct sim_hooks early_hooks = { .on_settle = early_on_settle };

/* [9001-6.1#1] */
static const char *update_asked_for_early_waits_for_confirmation(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	keys_quiet(&cfg, seed, &early_hooks);
	asked_at = 0;
	err = scenario_run(&cfg);
	if (!err && !over)
		return "it never began";
	return err ?: no_violation();
}

static void idle_on_settle(struct sim_endpoint *ep)
{
	if (over || ep != actor || !both_confirmed())
		return;
	if (!quic_conn_update_keys(&ep->conn))
		quic_conn_output(&ep->conn, sim.now);
	if (ep->conn.keys.updates == 5)
		finish();
}

static const struct sim_hooks idle_hooks = { .on_settle = idle_on_settle };

/* What an update has to wait for is brought about. */
static const char *updates_need_no_traffic(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	keys_quiet(&cfg, seed, &idle_hooks);
	cfg.link[0].loss = seed % 3 * 100;
	cfg.link[1].loss = seed % 3 * 100;
	err = scenario_run(&cfg);
	if (!err && !over)
		return "they did not begin";
	return err ?: no_violation();
}

/* ---- stragglers ---- */

static struct {
	bool capture;
	bool sent;
	u8 data[1500];
	u32 len;
	quic_us delay_ptos;
	u64 rcvd, failed;	/* of the other side, before it came */
} straggler;

static bool straggler_on_send(struct sim *s, unsigned int from, u64 index, u8 *data, u32 len,
			      enum quic_ecn *ecn)
{
	if (!straggler.capture || straggler.len || from != actor->me ||
	    data[0] & QUIC_HEADER_LONG)
		return true;
	memcpy(straggler.data, data, len);
	straggler.len = len;
	return false;
}

static void straggler_judge(void)
{
	const struct quic_conn *c = &other->conn;
	bool opened = c->stats.pkts_dropped[QUIC_DROP_AUTH] == straggler.failed;

	if (opened == straggler.delay_ptos)
		sim_fail(&sim, opened ? "the old key was still there" : "the old key was gone");
	finish();
}

static void straggler_on_settle(struct sim_endpoint *ep)
{
	struct quic_conn *c = &actor->conn;

	if (over || ep != (straggler.len ? other : actor) || !both_confirmed())
		return;
	if (!straggler.len) {
		straggler.capture = true;
		c->ctl |= QUIC_CTL_PING;
		quic_conn_output(c, sim.now);
		quic_conn_update_keys(c);
		return;
	}
	c = &other->conn;
	if (c->keys.updates && !straggler.sent) {
		straggler.sent = true;
		straggler.failed = c->stats.pkts_dropped[QUIC_DROP_AUTH];
		straggler.rcvd = other->opens;
		sim_inject(&sim, other->me, straggler.data, straggler.len,
			   straggler.delay_ptos * quic_conn_pto(c) + 1);
	} else if (straggler.sent && quic_timers_is_armed(&c->timers, QUIC_TIMER_KEY) ==
		   !straggler.delay_ptos && other->opens > straggler.rcvd) {
		straggler_judge();
	}
}

static const struct sim_hooks straggler_hooks = {
	.on_send = straggler_on_send,
	.on_settle = straggler_on_settle,
};

static const char *straggler_run(u64 seed, quic_us delay_ptos)
{
	struct sim_config cfg;
	const char *err;

	keys_quiet(&cfg, seed, &straggler_hooks);
	memset(&straggler, 0, sizeof(straggler));
	straggler.delay_ptos = delay_ptos;
	err = scenario_run(&cfg);
	if (!err && !over)
		return "the straggler was never judged";
	return err ?: no_violation();
}

/* RFC 9001 6.5: old keys stay for a while, and no longer */
static const char *old_key_serves_stragglers_for_one_pto(u64 seed)
{
	return straggler_run(seed, 0) ?: straggler_run(seed, 2);
}

/* ---- forgers ---- */

/**
 * struct forger - an endpoint that seals with whatever keys it likes
 * @silent: its engine is cut off from the network
 * @secret: its 1-RTT secret of phase 0
 * @pn: the next packet number
 * @step: of the scenario
 * @failed: packets that the other one could not open before
 */
static struct forger {
	bool silent;
	u8 secret[QUIC_SECRET_MAX_BYTES];
	quic_pn pn;
	unsigned int step;
	u64 failed;
} forger;

static bool forger_on_send(struct sim *s, unsigned int from, u64 index, u8 *data, u32 len,
			   enum quic_ecn *ecn)
{
	return !forger.silent;
}

/* Is it @ep's turn, who does not hear the actor? Its end is that of the run. */
static bool forger_turn(const struct sim_endpoint *ep)
{
	if (forger.silent && !quic_conn_is_open(&other->conn))
		quic_conn_abort(&actor->conn, sim.now);
	return both_confirmed() && ep == other && (forger.silent || scenario_is_quiet(ep));
}

/* Both are confirmed: from now on nothing but forged packets arrives. */
static void forger_begin(void)
{
	const struct quic_sent *sent = &actor->conn.recovery.space[QUIC_SPACE_APP].sent;

	forger.silent = true;
	forger.pn = sent->next + 50;
	memcpy(forger.secret, actor->conn.keys.tx_secret, sizeof(forger.secret));
}

/* Sends @frames as of the actor's key phase @generation. */
static void forger_send(u32 generation, quic_pn pn, const u8 *frames, u32 len)
{
	struct quic_conn *c = &actor->conn;
	u32 hash = quic_cipher_info(sim.cfg.cipher)->hash_bytes, i;
	struct quic_key key = { .hp = c->keys.tx[QUIC_LEVEL_APP].hp };
	u8 dgram[SIM_FORGE_MAX_BYTES], secret[QUIC_SECRET_MAX_BYTES], next[QUIC_SECRET_MAX_BYTES];
	struct sim_forge f = {
		.level = QUIC_LEVEL_APP, .pn = pn, .frames = frames, .len = len, .key = &key,
		.flip = (generation ^ c->keys.phase) & 1 ? QUIC_HEADER_KEY_PHASE : 0,
	};

	memcpy(secret, forger.secret, sizeof(secret));
	for (i = 0; i < generation; i++) {
		quic_edge_expand_label(sim.cfg.cipher, secret, c->version->label_ku, next, hash);
		memcpy(secret, next, hash);
	}
	quic_edge_aead_new(c, sim.cfg.cipher, c->version, secret, &key.aead);
	sim_inject(&sim, other->me, dgram, sim_forge(actor, &f, dgram), 1000);
	quic_edge_aead_free(key.aead);
}

static void forger_ping(u32 generation, quic_pn pn)
{
	static const u8 ping[] = { QUIC_FRAME_PING, 0, 0, 0 };

	forger_send(generation, pn, ping, sizeof(ping));
}

static const char *forger_run(u64 seed, const struct sim_hooks *hooks, enum quic_violation want)
{
	const struct quic_close *c;
	struct sim_config cfg;
	const char *err;

	keys_quiet(&cfg, seed, hooks);
	memset(&forger, 0, sizeof(forger));
	err = scenario_run(&cfg);
	c = &other->conn.close;
	if (err)
		return err;
	if (c->source != QUIC_CLOSE_LOCAL || c->code != QUIC_ERR_KEY_UPDATE ||
	    strcmp((const char *)c->reason, quic_violation_name(want)))
		return "it was not answered as it should be";
	return NULL;
}

static void old_key_on_settle(struct sim_endpoint *ep)
{
	if (!forger_turn(ep))
		return;
	switch (forger.step++) {
	case 0:
		forger_begin();
		forger_ping(1, forger.pn + 5);
		break;
	case 1:
		forger_ping(0, forger.pn + 4);	/* a straggler: well-behaved */
		break;
	case 2:
		if (other->conn.keys.updates != 1 || other->conn.keys.phase_floor <= forger.pn + 4)
			sim_fail(&sim, "the straggler was not taken");
		forger_ping(0, forger.pn + 6);
		break;
	}
}

static const struct sim_hooks old_key_hooks = {
	.on_send = forger_on_send,
	.on_settle = old_key_on_settle,
};

/* [9001-6.4#2] [9001-6.2#1,2] */
static const char *old_key_above_a_new_one_is_a_violation(u64 seed)
{
	return forger_run(seed, &old_key_hooks, QUIC_VIOLATION_KEY_PHASE_OLD);
}

static void reverse_on_settle(struct sim_endpoint *ep)
{
	if (!forger_turn(ep))
		return;
	switch (forger.step++) {
	case 0:
		forger_begin();
		forger_ping(0, forger.pn + 5);
		break;
	case 1:
		forger_ping(1, forger.pn + 4);
		break;
	}
}

static const struct sim_hooks reverse_hooks = {
	.on_send = forger_on_send,
	.on_settle = reverse_on_settle,
};

/* [9001-6.4#2] the same, come in the other order */
static const char *new_key_below_an_old_one_is_a_violation(u64 seed)
{
	return forger_run(seed, &reverse_hooks, QUIC_VIOLATION_KEY_PHASE_OLD);
}

static void twice_on_settle(struct sim_endpoint *ep)
{
	static const u8 nothing[4];	/* PADDING: nobody acknowledges it */

	if (!forger_turn(ep))
		return;
	if (!forger.step) {
		forger.step++;
		forger_begin();
		forger_send(1, forger.pn, nothing, sizeof(nothing));
	} else if (forger.step == 1 && ep->conn.keys.updates == 1 &&
		   ep->conn.keys.other_is_next) {
		forger.step++;
		if (ep->conn.keys.phase_first_tx != QUIC_PN_NONE)
			sim_fail(&sim, "it has sent something in the new phase");
		forger_send(2, forger.pn + 1, nothing, sizeof(nothing));
	}
}

static const struct sim_hooks twice_hooks = {
	.on_send = forger_on_send,
	.on_settle = twice_on_settle,
};

/* RFC 9001 6.2: a MAY that we take */
static const char *second_update_without_an_ack_is_a_violation(u64 seed)
{
	return forger_run(seed, &twice_hooks, QUIC_VIOLATION_KEY_UPDATE_TOO_SOON);
}

static void unfollowed_on_settle(struct sim_endpoint *ep)
{
	struct quic_conn *c = &other->conn;
	u8 ack[16];
	struct quic_writer w;

	if (!forger_turn(ep) && (!both_confirmed() || !c->keys.update_pending))
		return;
	if (!forger.step) {
		quic_conn_update_keys(c);
		quic_conn_output(c, sim.now);
		if (!c->keys.update_pending || c->keys.phase_first_tx == QUIC_PN_NONE)
			return;
		forger.step++;
		forger_begin();
		quic_wire_write_init(&w, ack, sizeof(ack));
		quic_wire_put_varint(&w, QUIC_FRAME_ACK);
		quic_wire_put_varint(&w, c->keys.phase_first_tx);
		quic_wire_put_zeros(&w, 3);
		forger_send(0, forger.pn, ack, w.len);
	}
}

static const struct sim_hooks unfollowed_hooks = {
	.on_send = forger_on_send,
	.on_settle = unfollowed_on_settle,
};

/* RFC 9001 6.2: what is acknowledged is sealed with the new keys, and so must be the ACK */
static const char *ack_with_the_old_key_is_a_violation(u64 seed)
{
	return forger_run(seed, &unfollowed_hooks, QUIC_VIOLATION_KEY_UPDATE_NOT_FOLLOWED);
}

/* Follows its own update by nothing: the peer does not hear of it. */
static void deaf_on_settle(struct sim_endpoint *ep)
{
	struct quic_conn *c = &other->conn;

	if (!forger_turn(ep) && (!both_confirmed() || ep != other || !c->keys.update_pending))
		return;
	if (!forger.silent) {
		forger_begin();
		quic_conn_update_keys(c);
		quic_conn_output(c, sim.now);
		/* A deadline left from before the update must not cost the key. */
		quic_timers_set(&c->timers, QUIC_TIMER_KEY, sim.now + 1);
		asked_at = sim.now;
	} else if (!forger.step && sim.now > asked_at + 5 * quic_conn_pto(c)) {
		forger.step++;
		forger.failed = c->stats.pkts_dropped[QUIC_DROP_AUTH];
		forger_ping(0, forger.pn);
	} else if (forger.step && c->keys.phase_floor > forger.pn) {
		finish();
	}
}

static const struct sim_hooks deaf_hooks = {
	.on_send = forger_on_send,
	.on_settle = deaf_on_settle,
};

/* [9001-6.1#3] however long that takes */
static const char *old_key_stays_until_the_peer_follows(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	keys_quiet(&cfg, seed, &deaf_hooks);
	memset(&forger, 0, sizeof(forger));
	err = scenario_run(&cfg);
	if (!err && !over)
		return "the old key was gone";
	return err ?: no_violation();
}

/* ---- keys of the handshake ---- */

enum { INITIAL = 0, HANDSHAKE = 2 };	/* types in long headers, RFC 9000 17.2 */

static struct {
	bool sent[2][4];		/* by sender and type */
	bool lose_handshake;		/* the client's first two */
	unsigned int lost;
	bool pinged;
} early;

static void early_note(unsigned int from, unsigned int type)
{
	early.sent[from][type] = true;
	if (type != INITIAL)
		return;
	/* The client has sent, the server has received a Handshake packet: nothing before it. */
	if (quic_keys_is_discarded(&sim.ep[from].conn.keys, QUIC_LEVEL_INITIAL))
		sim_fail(&sim, "an Initial packet after its keys went");
}

static bool early_on_send(struct sim *s, unsigned int from, u64 index, u8 *data, u32 len,
			  enum quic_ecn *ecn)
{
	bool handshake = false, initial = false;
	struct quic_header h;
	u32 at = 0;

	while (at < len && data[at] & QUIC_HEADER_LONG &&
	       quic_header_decode(data + at, len - at, QUIC_CID_OURS_BYTES, &h)) {
		early_note(from, data[at] >> 4 & 3);
		handshake |= h.kind == QUIC_PACKET_HANDSHAKE;
		initial |= h.kind == QUIC_PACKET_INITIAL;
		at += h.packet_len;
	}
	if (!from && initial && len < QUIC_MIN_DATAGRAM_BYTES)
		sim_fail(s, "a client's Initial in a small datagram");
	if (handshake && early.lose_handshake && early.lost < 2) {
		early.lost++;
		return false;
	}
	return true;
}

static void early_keys_check(struct sim_endpoint *ep)
{
	const struct quic_keys *k = &ep->conn.keys;
	bool initial = quic_keys_is_discarded(k, QUIC_LEVEL_INITIAL);
	bool got = ep->conn.space[QUIC_SPACE_HANDSHAKE].largest != QUIC_PN_NONE;

	if (!ep->started || !quic_conn_is_open(&ep->conn))
		return;
	if (!ep->me && initial != early.sent[0][HANDSHAKE])
		sim_fail(&sim, "the client's Initial keys go with its first Handshake packet");
	if (ep->me && initial != got)
		sim_fail(&sim, "the server's Initial keys go with the client's Handshake packet");
	if (quic_keys_is_discarded(k, QUIC_LEVEL_HANDSHAKE) != ep->conn.confirmed)
		sim_fail(&sim, "Handshake keys go when the handshake is confirmed");
	if (!quic_conn_is_established(&ep->conn) &&
	    ep->conn.space[QUIC_SPACE_APP].largest != QUIC_PN_NONE)
		sim_fail(&sim, "a 1-RTT packet was handled before the handshake was complete");
	/* 1-RTT packets of the server come early, too. */
	if (ep->me && quic_keys_can_send(k, QUIC_LEVEL_APP) && !early.pinged) {
		early.pinged = true;
		ep->conn.ctl |= QUIC_CTL_PING;
		quic_conn_output(&ep->conn, sim.now);
	}
}

static const struct sim_hooks early_keys_hooks = {
	.on_send = early_on_send,
	.on_settle = early_keys_check,
};

/* [9001-4.9.1#1,2] [9001-4.9.2] [9001-9.3] */
static const char *handshake_keys_go_when_they_must(u64 seed)
{
	struct sim_config cfg;

	keys_transfer(&cfg, seed, &early_keys_hooks, 30000);
	memset(&early, 0, sizeof(early));
	early.pinged = true;
	return scenario_run(&cfg);
}

/* [9001-5.7#1,2,3] early 1-RTT packets wait, and are not lost */
static const char *early_packets_wait_for_the_handshake(u64 seed)
{
	struct sim_config cfg;

	keys_transfer(&cfg, seed - seed % 60, &early_keys_hooks, 30000);
	cfg.seed = seed;
	memset(&early, 0, sizeof(early));
	early.lose_handshake = true;
	return scenario_run(&cfg);
}

int main(int argc, char **argv)
{
	static const struct scenario list[] = {
		SCENARIO(updates_begin_when_they_may),
		SCENARIO(update_asked_for_early_waits_for_confirmation),
		SCENARIO(updates_need_no_traffic),
		SCENARIO(old_key_serves_stragglers_for_one_pto),
		SCENARIO(old_key_above_a_new_one_is_a_violation),
		SCENARIO(new_key_below_an_old_one_is_a_violation),
		SCENARIO(second_update_without_an_ack_is_a_violation),
		SCENARIO(ack_with_the_old_key_is_a_violation),
		SCENARIO(old_key_stays_until_the_peer_follows),
		SCENARIO(handshake_keys_go_when_they_must),
		SCENARIO(early_packets_wait_for_the_handshake),
	};

	return scenario_main(argc, argv, list, ARRAY_SIZE(list));
}
