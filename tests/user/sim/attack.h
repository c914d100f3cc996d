/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * attack.h - one forged packet against one endpoint, and the verdict
 *
 * Two honest engines shake hands; then one packet is forged in the name of one
 * of them.  The other has to answer with exactly one violation: CONNECTION_CLOSE
 * with its error code and the type of the frame at fault goes out and arrives,
 * nothing else changes; or, where NONE is wanted, it has to put up with it.
 *
 * Frames are written in hex, seen from who gets them, so that the same row can
 * be played against both roles; "p" is a stream of the peer's, "o" one of its
 * own; "b" goes both ways, "u" one:
 *
 *   pb pu ob ou   the first stream of its kind
 *   p1 p2         the second and third of the peer's that go both ways
 *   pl pL         the last one that the peer may open, and the first it may not
 */
#ifndef _QUIC_SIM_ATTACK_H
#define _QUIC_SIM_ATTACK_H

#include "scenario.h"

/* Which endpoint is to find the fault. */
enum attack_target { CLIENT, SERVER, EITHER };

#define NONE	QUIC_VIOLATION_NONE
#define V(name)	QUIC_VIOLATION_##name
#define ANY_BUT_NOT_ALLOWED	QUIC_NR_VIOLATIONS	/* whatever else it says, or nothing */

/* The type expected in CONNECTION_CLOSE is the first of the packet. */
#define ATTACK_FIRST_TYPE	U64_MAX

#define ATTACK_FRAMES_BYTES	256

/**
 * struct attack - the packet
 * @name: what is wrong with it
 * @target: who gets it
 * @level: at which level
 * @frames: its frames
 * @len: bytes of them
 * @flip: bits of byte 0 to flip
 * @token: an Initial carries one
 * @broken: its tag is wrong
 * @late: sent only when the target has the keys of the next level
 * @unheard: its answer can not reach the other side
 * @prepare: puts the target into the state that the fault needs
 * @want: the violation
 * @type: frame type in the CONNECTION_CLOSE
 */
struct attack {
	const char *name;
	enum attack_target target;
	enum quic_level level;
	u8 frames[ATTACK_FRAMES_BYTES];
	u32 len;
	u8 flip;
	bool token;
	bool broken;
	bool late;
	bool unheard;
	void (*prepare)(struct quic_conn *target);
	unsigned int want;
	u64 type;
};

/* The one under way, and how far it is. */
static struct {
	struct attack a;
	struct quic_key early;	/* what a client with a ticket would have */
	bool sent;
	quic_pn pn;
	bool judged;
	char what[200];
} attack;

/* ---- notation ---- */

static inline u32 attack_stream(const char *token, bool target_is_server, u8 *dst)
{
	bool of_server = (token[0] == 'o') == target_is_server;

	switch (token[1]) {
	case 'b':
		dst[0] = of_server;
		return 1;
	case 'u':
		dst[0] = of_server | 2;
		return 1;
	case '1':
	case '2':
		dst[0] = of_server | (token[1] - '0') << 2;
		return 1;
	default:	/* 100 may be opened, see quic_conn_init() */
		dst[0] = 0x41;
		dst[1] = (token[1] == 'l' ? 0x8c : 0x90) | of_server;
		return 2;
	}
}

/* The bytes of @hex, as sent to @target. */
static inline u32 attack_parse(const char *hex, enum attack_target target, u8 *dst)
{
	char byte[3] = {};
	u32 n = 0;

	for (; *hex; hex += 2) {
		if (*hex == 'p' || *hex == 'o') {
			n += attack_stream(hex, target == SERVER, dst + n);
			continue;
		}
		memcpy(byte, hex, 2);
		dst[n++] = strtoul(byte, NULL, 16);
	}
	return n;
}

static inline void attack_fill(struct attack *a, const char *name, enum attack_target target,
			       enum quic_level level, const char *hex, unsigned int want)
{
	*a = (struct attack){
		.name = name, .target = target, .level = level, .want = want,
		.type = ATTACK_FIRST_TYPE,
	};
	a->len = attack_parse(hex, target, a->frames);
}

/* ---- keys for 0-RTT, which the simulated handshake does without ---- */

static const u8 attack_early_secret[QUIC_SECRET_MAX_BYTES] = "a secret out of a ticket";

static inline void attack_early_keys(struct sim_endpoint *server)
{
	struct quic_conn *c = &server->conn;

	if (attack.early.aead || c->state != QUIC_CONN_ESTABLISHING)
		return;
	if (quic_conn_install_secret(c, QUIC_LEVEL_EARLY, false, QUIC_CIPHER_AES_128_GCM,
				     attack_early_secret, sim.now) ||
	    quic_edge_aead_new(c, QUIC_CIPHER_AES_128_GCM, c->version, attack_early_secret,
			       &attack.early.aead) ||
	    quic_edge_hp_new(c, QUIC_CIPHER_AES_128_GCM, c->version, attack_early_secret,
			     &attack.early.hp))
		sim_fail(&sim, "no keys for 0-RTT");
}

static inline void attack_drop_early_keys(void)
{
	quic_edge_aead_free(attack.early.aead);
	quic_edge_hp_free(attack.early.hp);
	attack.early = (struct quic_key){};
}

/* ---- the run ---- */

static inline void attack_send(struct sim_endpoint *from)
{
	enum quic_space space = quic_level_space(attack.a.level);
	u8 dgram[SIM_FORGE_MAX_BYTES];
	u32 len;
	struct sim_forge f = {
		.level = attack.a.level,
		/* Far from those the engine uses until the verdict. */
		.pn = from->conn.recovery.space[space].sent.next + 100,
		.frames = attack.a.frames,
		.len = attack.a.len,
		.flip = attack.a.flip,
		.key = attack.a.level == QUIC_LEVEL_EARLY ? &attack.early : NULL,
	};

	if (attack.a.token)
		f.token = (struct quic_span){ (const u8 *)"token", 5 };
	/* PADDING would make a truncated frame whole: it comes before. */
	if (f.level == QUIC_LEVEL_INITIAL)
		f.pad_to = QUIC_MIN_DATAGRAM_BYTES;
	attack.pn = f.pn;
	attack.sent = true;
	if (attack.a.prepare)
		attack.a.prepare(&sim.ep[!from->me].conn);
	len = sim_forge(from, &f, dgram);
	dgram[len - 1] ^= attack.a.broken;
	sim_inject(&sim, !from->me, dgram, len, sim.cfg.link[0].latency);
}

static inline void attack_fail(const char *got, u64 type)
{
	snprintf(attack.what, sizeof(attack.what), "%s at the %s: want %s, got %s, frame type %llx",
		 attack.a.name, attack.a.target == SERVER ? "server" : "client",
		 attack.a.want < QUIC_NR_VIOLATIONS ? quic_violation_name(attack.a.want) :
						      "anything else",
		 got, (unsigned long long)type);
	sim_fail(&sim, attack.what);
}

/* The type that CONNECTION_CLOSE has to name. */
static inline u64 attack_type(void)
{
	struct quic_reader r;
	u64 type;

	if (attack.a.type != ATTACK_FIRST_TYPE)
		return attack.a.type;
	quic_wire_read_init(&r, attack.a.frames, attack.a.len);
	return quic_wire_get_varint(&r, &type) ? type : 0;
}

/* [9000-11.1] */
static inline void attack_judge(struct sim_endpoint *ep)
{
	const struct quic_close *c = &ep->conn.close;
	unsigned int want = attack.a.want;

	attack.judged = true;
	if (want == ANY_BUT_NOT_ALLOWED) {
		if (!strcmp((const char *)c->reason, "FRAME_NOT_ALLOWED_HERE"))
			attack_fail((const char *)c->reason, c->frame_type);
	} else if (quic_conn_is_open(&ep->conn)) {
		if (want != NONE)
			attack_fail("nothing", 0);
	} else if (ep->conn.state != QUIC_CONN_CLOSING || c->source != QUIC_CLOSE_LOCAL ||
		   c->app || c->code != quic_violation_error(want) ||
		   c->frame_type != attack_type() ||
		   strcmp((const char *)c->reason, quic_violation_name(want))) {
		attack_fail((const char *)c->reason, c->frame_type);
	}
}

static inline bool attack_is_due(struct sim_endpoint *ep)
{
	const struct sim_endpoint *from = &sim.ep[attack.a.target != SERVER];

	if (attack.sent)
		return false;
	if (attack.a.level == QUIC_LEVEL_EARLY)
		return attack.early.hp;
	if (attack.a.late)
		return ep != from && quic_keys_can_send(&from->conn.keys, attack.a.level) &&
		       quic_keys_can_recv(&ep->conn.keys, attack.a.level == QUIC_LEVEL_INITIAL ?
					  QUIC_LEVEL_HANDSHAKE : QUIC_LEVEL_APP);
	if (ep != from || !quic_keys_can_send(&from->conn.keys, attack.a.level))
		return false;
	return attack.a.level != QUIC_LEVEL_APP ||
	       (from->conn.confirmed && sim.ep[!from->me].conn.confirmed);
}

static inline void attack_on_settle(struct sim_endpoint *ep)
{
	enum quic_space space = quic_level_space(attack.a.level);

	if (attack_is_due(ep)) {
		attack_send(&sim.ep[attack.a.target != SERVER]);
		return;
	}
	if (!attack.sent || attack.judged || ep->me != (unsigned int)attack.a.target ||
	    (quic_conn_is_open(&ep->conn) && (ep->conn.space[space].largest == QUIC_PN_NONE ||
					      ep->conn.space[space].largest < attack.pn)))
		return;
	attack_judge(ep);
	if (ep->conn.state == QUIC_CONN_CLOSING && !attack.a.unheard)
		return;		/* goes on until the other side has heard of it */
	quic_conn_abort(&sim.ep[0].conn, sim.now);
	quic_conn_abort(&sim.ep[1].conn, sim.now);
}

static inline void attack_on_init(struct sim_endpoint *ep)
{
	ep->conn.config.keepalive = QUIC_US_PER_SEC;	/* something happens in silence, too */
}

/* Before the server's 1-RTT secrets, which would settle 0-RTT. */
static inline void attack_on_blob(struct sim_endpoint *ep)
{
	if (attack.a.level == QUIC_LEVEL_EARLY && ep->me == SERVER)
		attack_early_keys(ep);
}

static const struct sim_hooks attack_hooks = {
	.on_init = attack_on_init,
	.on_blob = attack_on_blob,
	.on_settle = attack_on_settle,
};

static inline const char *attack_run_hooked(const struct attack *a, const struct sim_hooks *hooks,
					    u64 seed)
{
	const struct quic_close *c = &sim.ep[a->target != SERVER].conn.close;
	struct sim_config cfg;
	const char *err;

	sim_config_default(&cfg, seed);
	cfg.hooks = hooks;
	cfg.may_end_early = true;
	cfg.stays_open = true;
	cfg.foreign_bytes = a->want == ANY_BUT_NOT_ALLOWED;
	cfg.give_up = 30 * QUIC_US_PER_SEC;
	attack.a = *a;
	attack.sent = false;
	attack.judged = false;
	sim_run(&sim, &cfg);
	attack_drop_early_keys();
	err = scenario_end();
	if (!err && a->want != NONE && a->want < QUIC_NR_VIOLATIONS && !a->unheard &&
	    (c->source != QUIC_CLOSE_PEER || c->code != quic_violation_error(a->want) ||
	     c->frame_type != attack_type()))
		return "the other side was not told";
	if (!err && !attack.judged)
		return "the packet was never judged";
	return err;
}

/* NULL, or what went wrong. */
static inline const char *attack_run(const struct attack *a, u64 seed)
{
	return attack_run_hooked(a, &attack_hooks, seed);
}

/* Runs @a and says what went wrong with it: failures. */
static inline unsigned int attack_count(const struct attack *a, u64 seed)
{
	const char *err = attack_run(a, seed);

	if (err)
		printf("# %s, %u bytes: %s\n", a->name, a->len, err);
	return err ? 1 : 0;
}

#endif /* _QUIC_SIM_ATTACK_H */
