// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_version.c - version negotiation, compatible versions, downgrades
 *
 * RFC 8999, 9000 6, 9287, 9368 and 9369, in both roles: what honest endpoints agree
 * on, and what becomes of attempts to make them agree on something else.  Which
 * packets have which version is in test_version_packets.c.
 */
#include "scenario.h"

static struct sim_endpoint *const client = &sim.ep[0];
static struct sim_endpoint *const server = &sim.ep[1];
static struct quic_tokens tokens;

static u32 prefers;		/* the server */
static bool refuses[2];		/* no_compatible */
static bool greases[2];		/* grease_quic_bit */

static void version_on_init(struct sim_endpoint *ep)
{
	if (ep->me)
		ep->conn.config.prefer_version = prefers;
	ep->conn.config.no_compatible = refuses[ep->me];
	ep->conn.local.grease_quic_bit = greases[ep->me];
}

static const struct sim_hooks version_hooks = { .on_init = version_on_init };

static void version_config(struct sim_config *cfg, u64 seed)
{
	sim_config_default(cfg, seed);
	memset(&tokens, 0, sizeof(tokens));
	memset(refuses, 0, sizeof(refuses));
	memset(greases, 0, sizeof(greases));
	prefers = 0;
	cfg->hooks = &version_hooks;
	cfg->version = seed & 1 ? QUIC_V1 : QUIC_V2;
	cfg->app[0] = (struct sim_app){ .streams = 1, .send_bytes = 3000 };
	cfg->app[1] = (struct sim_app){ .send_bytes = 3000, .echo = true };
}

static void version_fate(struct sim_config *cfg, u64 seed)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		cfg->link[i].loss = seed * 37 % 250;
		cfg->link[i].jitter = seed * 7919 % 60000;
		cfg->link[i].duplicate = seed * 53 % 300;
		cfg->link[i].corrupt = seed * 29 % 150;
	}
	cfg->hello_bytes = 320 + seed * 131 % 3000;
	cfg->flight_bytes = 500 + seed * 71 % 5000;
}

static u32 other(u32 version)
{
	return version == QUIC_V1 ? QUIC_V2 : QUIC_V1;
}

/* Runs, and both must have ended up with @version. */
static const char *version_run(const struct sim_config *cfg, u32 version)
{
	if (sim_run(&sim, cfg))
		return scenario_end();
	if (client->conn.version->number != version || server->conn.version->number != version)
		sim_fail(&sim, "the wrong version");
	return scenario_end();
}

/* ---- compatible versions ---- */

/*
 * Either way [9368-2.2#1] [9368-2.3#1], the hello in one packet or several
 * [9369-3#1] [9369-4.1#4,5].
 */
static const char *the_server_changes_to_what_it_prefers(u64 seed)
{
	struct sim_config cfg;

	version_config(&cfg, seed);
	prefers = other(cfg.version);
	version_fate(&cfg, seed);
	return version_run(&cfg, prefers);
}

/* The Retry is of the first version, its ids are told in the other [9369-4.1#1,3]. */
static const char *a_retry_and_then_another_version(u64 seed)
{
	struct sim_config cfg;

	version_config(&cfg, seed);
	prefers = other(cfg.version);
	cfg.tokens = &tokens;
	cfg.validate = true;
	cfg.hello_bytes = 320 + seed * 131 % 3000;
	if (sim_run(&sim, &cfg))
		return scenario_end();
	if (!client->conn.retried || client->conn.version->number != prefers)
		sim_fail(&sim, "no Retry, or the wrong version");
	return scenario_end();
}

/* [9368-2.3#1] */
static const char *who_does_not_offer_a_change_keeps_its_version(u64 seed)
{
	struct sim_config cfg;

	version_config(&cfg, seed);
	prefers = other(cfg.version);
	refuses[seed / 2 & 1] = true;
	version_fate(&cfg, seed);
	return version_run(&cfg, cfg.version);
}

static const char *without_a_preference_the_client_chooses(u64 seed)
{
	struct sim_config cfg;

	version_config(&cfg, seed);
	prefers = seed / 2 & 1 ? cfg.version : 0;
	version_fate(&cfg, seed);
	return version_run(&cfg, cfg.version);
}

/* ---- Version Negotiation ---- */

/* A version that nobody speaks leads to one that both do [9368-2.1#1,2,4] [9368-8#2]. */
static const char *an_unknown_version_is_negotiated(u64 seed)
{
	struct sim_config cfg;

	version_config(&cfg, seed);
	version_fate(&cfg, seed);
	cfg.link[1].corrupt = 0;	/* nothing protects the list of versions */
	cfg.version = 0x0a2a3a4a + (seed % 16 << 28);
	if (sim_run(&sim, &cfg))
		return scenario_end();
	if (!client->conn.vn_acted || client->conn.version->number != QUIC_V1)
		sim_fail(&sim, "not by negotiation");
	return scenario_end();
}

/* [9368-2.3]: a compatible version follows, as in figure 2. */
static const char *a_negotiated_version_may_change(u64 seed)
{
	struct sim_config cfg;

	version_config(&cfg, seed);
	version_fate(&cfg, seed);
	cfg.link[1].corrupt = 0;
	cfg.version = 0x5;
	prefers = QUIC_V2;
	return version_run(&cfg, QUIC_V2);
}

enum vn_forgery {
	VN_LISTS_OURS,		/* [9000-6.2#3] [9368-4#1] */
	VN_WRONG_DCID,		/* [8999-6#3,4] [9000-17.2.1#3,4] */
	VN_WRONG_SCID,
	VN_TO_SERVER,		/* [9368-2.1#5] */
	NR_VN_IGNORED,
	VN_NOTHING_OF_OURS = NR_VN_IGNORED,
	VN_ANOTHER_OF_OURS,
};

static enum vn_forgery vn_forgery;
static bool vn_late;

static void vn_inject(struct sim *s, quic_us delay)
{
	struct quic_conn *conn = &s->ep[vn_forgery == VN_TO_SERVER].conn;
	struct quic_cid dcid = conn->initial_scid, scid = conn->initial_dcid;
	u32 ours = conn->probe_version ?: conn->first_version->number;
	struct quic_writer w;
	u8 vn[100];

	dcid.data[3] ^= vn_forgery == VN_WRONG_DCID;
	scid.data[5] ^= vn_forgery == VN_WRONG_SCID;
	quic_wire_write_init(&w, vn, sizeof(vn));
	quic_wire_put_u8(&w, QUIC_HEADER_LONG | sim_random(s, 128));	/* [9000-17.2.1#1] */
	quic_wire_put_u32(&w, 0);
	quic_wire_put_u8(&w, dcid.len);
	quic_wire_put_bytes(&w, dcid.data, dcid.len);
	quic_wire_put_u8(&w, scid.len);
	quic_wire_put_bytes(&w, scid.data, scid.len);
	quic_wire_put_u32(&w, 0x7a7a7a7a);
	if (vn_forgery == VN_LISTS_OURS)
		quic_wire_put_u32(&w, ours);
	if (vn_forgery != VN_NOTHING_OF_OURS)
		quic_wire_put_u32(&w, other(ours));
	sim_inject(s, vn_forgery == VN_TO_SERVER, vn, w.len, delay);
}

static bool vn_on_send(struct sim *s, unsigned int from, u64 index, u8 *data, u32 len,
		       enum quic_ecn *ecn)
{
	if (!from && !index && !vn_late)
		vn_inject(s, 5000);
	return true;
}

static void vn_on_settle(struct sim_endpoint *ep)
{
	bool server_is_meant = vn_forgery == VN_TO_SERVER;

	if (vn_late && ep->me == server_is_meant && ep->conn.peer_id_known && !ep->conn.confirmed)
		vn_inject(ep->sim, 100);
}

static const struct sim_hooks vn_hooks = {
	.on_init = version_on_init,
	.on_send = vn_on_send,
	.on_settle = vn_on_settle,
};

static const char *forged_negotiations_change_nothing(u64 seed)
{
	struct sim_config cfg;

	version_config(&cfg, seed);
	cfg.hooks = &vn_hooks;
	vn_forgery = seed / 2 % NR_VN_IGNORED;
	vn_late = vn_forgery == VN_TO_SERVER;	/* which has to be there */
	return version_run(&cfg, cfg.version);
}

/* Not after another packet of the server [9000-6.2#2]. */
static const char *a_late_negotiation_is_ignored(u64 seed)
{
	struct sim_config cfg;

	version_config(&cfg, seed);
	cfg.hooks = &vn_hooks;
	vn_late = true;
	vn_forgery = seed / 2 & 1 ? VN_NOTHING_OF_OURS : VN_ANOTHER_OF_OURS;
	return version_run(&cfg, cfg.version);
}

/*
 * Without a version in common, or if the client offers only one, the attempt ends; what
 * could be spoken is told [9000-6.2#1] [9368-2.1#3].
 */
static const char *a_negotiation_that_leads_nowhere_ends_the_attempt(u64 seed)
{
	struct sim_config cfg;

	version_config(&cfg, seed);
	cfg.hooks = &vn_hooks;
	cfg.may_end_early = true;
	vn_late = false;
	vn_forgery = seed / 2 & 1 ? VN_NOTHING_OF_OURS : VN_ANOTHER_OF_OURS;
	refuses[0] = vn_forgery == VN_ANOTHER_OF_OURS;
	if (sim_run(&sim, &cfg))
		return scenario_end();
	if (client->conn.close.source != QUIC_CLOSE_VERSION)
		sim_fail(&sim, "another end");
	if (client->conn.offered_version !=
	    (vn_forgery == VN_NOTHING_OF_OURS ? 0 : other(cfg.version)))
		sim_fail(&sim, "what was offered is told wrongly");
	return scenario_end();
}

/* ---- Version Negotiation that leads to another version ---- */

static bool server_is_old;	/* and knows nothing of version_information */

/* A server tells what it speaks, and no more. */
static void only_on_params(struct sim_endpoint *ep, struct quic_writer *w)
{
	struct quic_writer info;
	u8 bytes[8];

	if (!ep->me)
		return;
	quic_wire_write_init(&info, bytes, sizeof(bytes));
	quic_wire_put_u32(&info, ep->sim->cfg.only_version);
	quic_wire_put_u32(&info, ep->sim->cfg.only_version);
	sim_set_param(w, QUIC_TPARAM_VERSION_INFORMATION, server_is_old ? NULL : bytes, info.len);
}

static const struct sim_hooks only_hooks = {
	.on_init = version_on_init,
	.on_params = only_on_params,
};

static void only_config(struct sim_config *cfg, u64 seed)
{
	version_config(cfg, seed);
	version_fate(cfg, seed);
	cfg->link[1].corrupt = 0;	/* nothing protects the list of versions */
	cfg->only_version = other(cfg->version);
	cfg->hooks = &only_hooks;
	server_is_old = false;
}

/*
 * A new first flight in the server's version, its ClientHello too [9368-2.1#2,4]
 * [9368-3#2] [9368-4#11].  What would have gone as 0-RTT goes after all [9369-5#1].
 */
static const char *a_server_of_another_version_is_reached_in_it(u64 seed)
{
	struct sim_config cfg;

	only_config(&cfg, seed);
	if (seed / 2 & 1)
		cfg.early = SIM_EARLY_ACCEPTED;
	if (cfg.only_version == QUIC_V1)		/* [9368-8#1] */
		server_is_old = seed / 4 & 1;
	if (version_run(&cfg, cfg.only_version))
		return scenario_end();
	if (!client->began_anew || !client->conn.vn_acted || client->conn.early_accepted)
		sim_fail(&sim, "not by negotiation");
	return scenario_end();
}

/* Only version 1 was there before it [9368-4#11,13]. */
static const char *a_server_of_version_2_knows_version_information(u64 seed)
{
	struct sim_config cfg;

	only_config(&cfg, 2 * seed + 1);
	server_is_old = true;
	cfg.may_end_early = true;
	if (sim_run(&sim, &cfg))
		return scenario_end();
	if (strcmp((char *)client->conn.close.reason,
		   quic_violation_name(QUIC_VIOLATION_VERSION_INFO_MISSING)))
		sim_fail(&sim, "it was believed");
	return scenario_end();
}

/* The token of another version is not shown [9369-5#1]; the Retry's then is. */
static const char *a_retry_in_the_version_negotiated(u64 seed)
{
	struct sim_config cfg;

	only_config(&cfg, seed);
	cfg.tokens = &tokens;
	cfg.validate = true;
	if (version_run(&cfg, cfg.only_version))
		return scenario_end();
	if (!client->conn.retried || !client->began_anew)
		sim_fail(&sim, "no Retry, or no negotiation");
	return scenario_end();
}

/* An attacker who can drop packets, too: the first flight does not arrive. */
static bool forge_on_send(struct sim *s, unsigned int from, u64 index, u8 *data, u32 len,
			  enum quic_ecn *ecn)
{
	if (from || s->ep[0].conn.vn_acted)
		return true;
	vn_inject(s, 5000);
	return false;
}

static const struct sim_hooks forge_hooks = {
	.on_init = version_on_init,
	.on_send = forge_on_send,
};

/* The server has what the packet left out [9368-4#14,15] [8999-7#1]. */
static const char *a_forged_negotiation_is_found_out(u64 seed)
{
	struct sim_config cfg;

	version_config(&cfg, seed);
	cfg.hooks = &forge_hooks;
	cfg.may_end_early = true;
	vn_forgery = VN_ANOTHER_OF_OURS;
	if (sim_run(&sim, &cfg))
		return scenario_end();
	if (client->conn.close.source != QUIC_CLOSE_LOCAL ||
	    client->conn.close.code != QUIC_ERR_VERSION_NEGOTIATION ||
	    strcmp((char *)client->conn.close.reason,
		   quic_violation_name(QUIC_VIOLATION_VERSION_DOWNGRADE)))
		sim_fail(&sim, "it was believed");
	return scenario_end();
}

static bool gone_closes;	/* the application does, else the deadline passes */

/* TLS does not begin anew. */
static void gone_on_settle(struct sim_endpoint *ep)
{
	if (ep->me || !ep->conn.hello_stale)
		return;
	if (gone_closes)
		quic_conn_close(&ep->conn, true, 3, NULL, 0, ep->sim->now);
}

static void gone_on_init(struct sim_endpoint *ep)
{
	ep->conn.config.handshake_timeout = ep->me ? 0 : 60 * QUIC_US_PER_SEC;
	ep->mute = true;
}

static u64 gone_sent;		/* datagrams in the second version */

static bool gone_on_send(struct sim *s, unsigned int from, u64 index, u8 *data, u32 len,
			 enum quic_ecn *ecn)
{
	gone_sent += !from && s->ep[0].conn.vn_acted;
	return true;
}

static const struct sim_hooks gone_hooks = {
	.on_init = gone_on_init,
	.on_send = gone_on_send,
	.on_settle = gone_on_settle,
};

static const char *nothing_is_sent_until_tls_begins_anew(u64 seed)
{
	struct sim_config cfg;

	only_config(&cfg, seed);
	cfg.hooks = &gone_hooks;
	cfg.may_end_early = true;
	if (seed / 2 & 1)
		cfg.early = SIM_EARLY_ACCEPTED;
	gone_closes = seed / 4 & 1;
	gone_sent = 0;
	if (sim_run(&sim, &cfg))
		return scenario_end();
	if (gone_sent || !client->conn.vn_acted || client->conn.state != QUIC_CONN_CLOSED)
		sim_fail(&sim, "something was sent, or it never ended");
	return scenario_end();
}

static bool vn_twice_on_send(struct sim *s, unsigned int from, u64 index, u8 *data, u32 len,
			     enum quic_ecn *ecn)
{
	/* In answer to what follows the first one. */
	if (!from && s->ep[0].conn.vn_acted && !s->ep[0].conn.peer_id_known)
		vn_inject(s, 100);
	return true;
}

static const struct sim_hooks vn_twice_hooks = {
	.on_send = vn_twice_on_send,
	.on_params = only_on_params,
};

/* [9368-4#2] */
static const char *only_one_negotiation_is_believed(u64 seed)
{
	struct sim_config cfg;

	only_config(&cfg, seed);
	cfg.hooks = &vn_twice_hooks;
	if (seed / 2 & 1) {
		cfg.version = 0x0a0a0a0a;
		cfg.only_version = QUIC_V1;
	}
	vn_forgery = seed / 4 & 1 ? VN_NOTHING_OF_OURS : VN_ANOTHER_OF_OURS;
	return version_run(&cfg, cfg.only_version);
}

/* ---- what the parameters say ---- */

/**
 * struct claim - a version_information that is not true, and what follows
 * @name: what it is
 * @who: says it
 * @bytes: parameter; NULL: none at all
 * @len: its bytes
 * @setup: see claim_setup()
 * @want: the violation the other side finds
 */
struct claim {
	const char *name;
	unsigned int who;
	const char *bytes;
	u32 len;
	enum { PLAIN, UPGRADES, NEGOTIATES } setup;
	enum quic_violation want;
};

#define V(name)	QUIC_VIOLATION_##name
#define CLAIM(name, who, bytes, setup, want) \
	{ name, who, bytes, sizeof(bytes) - 1, setup, V(want) }
#define ABSENT(name, who, setup, want) { name, who, NULL, 0, setup, V(want) }
#define V1	"\x00\x00\x00\x01"
#define V2	"\x6b\x33\x43\xcf"

static const struct claim claims[] = {
	CLAIM("client chose another", 0, V2 V1 V2, PLAIN, VERSION_MISMATCH),
	CLAIM("client chose none of ours", 0, "\x0a\x1a\x2a\x3a" V1 "\x0a\x1a\x2a\x3a", PLAIN,
	      VERSION_MISMATCH),
	CLAIM("client's choice is not available", 0, V1 V2, PLAIN, VERSION_INFO_MALFORMED),
	CLAIM("client says zero", 0, V1 V1 "\0\0\0\0", PLAIN, VERSION_INFO_MALFORMED),
	CLAIM("client chose zero", 0, "\0\0\0\0" V1 "\0\0\0\0", PLAIN, VERSION_INFO_MALFORMED),
	CLAIM("client's is cut", 0, V1 V1 "\x6b\x33", PLAIN, VERSION_INFO_MALFORMED),
	CLAIM("client's is empty", 0, "", PLAIN, VERSION_INFO_MALFORMED),
	ABSENT("client says nothing", 0, PLAIN, NONE),
	CLAIM("server chose another", 1, V2 V1 V2, PLAIN, VERSION_MISMATCH),
	CLAIM("server is back at the first", 1, V1 V1 V2, UPGRADES, VERSION_MISMATCH),
	CLAIM("server's is too short", 1, V1 "\0", PLAIN, VERSION_INFO_MALFORMED),
	CLAIM("server says zero", 1, V1 "\0\0\0\0", PLAIN, VERSION_INFO_MALFORMED),
	CLAIM("server has its choice alone", 1, V1, PLAIN, NONE),
	ABSENT("server says nothing", 1, PLAIN, NONE),
	ABSENT("server changed and says nothing", 1, UPGRADES, VERSION_INFO_MISSING),
	ABSENT("server of version 1 alone", 1, NEGOTIATES, NONE),
	CLAIM("server negotiated about nothing", 1, V1, NEGOTIATES, VERSION_DOWNGRADE),
	CLAIM("server with reserved versions", 1, V1 "\x1a\x2a\x3a\x4a" V1 V2, NEGOTIATES, NONE),
};

static const struct claim *claim;

static void claim_on_params(struct sim_endpoint *ep, struct quic_writer *w)
{
	if (ep->me == claim->who)
		sim_set_param(w, QUIC_TPARAM_VERSION_INFORMATION, claim->bytes, claim->len);
}

static const struct sim_hooks claim_hooks = {
	.on_init = version_on_init,
	.on_params = claim_on_params,
};

static void claim_run(u64 seed)
{
	struct quic_conn *judge = &sim.ep[!claim->who].conn;
	struct sim_config cfg;

	version_config(&cfg, seed);
	cfg.hooks = &claim_hooks;
	cfg.may_end_early = true;
	cfg.version = claim->setup == NEGOTIATES ? 0x0a0a0a0a : QUIC_V1;
	prefers = claim->setup == UPGRADES ? QUIC_V2 : 0;
	if (sim_run(&sim, &cfg))
		return;
	if (claim->want == QUIC_VIOLATION_NONE) {
		if (judge->stats.violations || !client->done)
			sim_fail(&sim, "the connection was not made");
		return;
	}
	if (judge->close.source != QUIC_CLOSE_LOCAL || judge->stats.violations != 1 ||
	    judge->close.code != quic_violation_error(claim->want) ||
	    strcmp((char *)judge->close.reason, quic_violation_name(claim->want)))
		sim_fail(&sim, "the wrong verdict");
}

/* [8999-7#1] [9368-3#2] [9368-4#3,4,5,6,8,9,10,11,12,13,14,15,16,17] [9368-8#1] [9369-4#1] */
static const char *false_version_information_is_found_out(u64 seed)
{
	static char why[100];
	const char *err;

	for (claim = claims; claim < claims + ARRAY_SIZE(claims); claim++) {
		claim_run(seed);
		err = scenario_end();
		if (err) {
			snprintf(why, sizeof(why), "%s: %s", claim->name, err);
			return why;
		}
	}
	return NULL;
}

/* ---- the fixed bit ---- */

static u64 cleared[2];		/* datagrams that begin with a clear one */
static bool clears_early;

static bool grease_on_send(struct sim *s, unsigned int from, u64 index, u8 *data, u32 len,
			   enum quic_ecn *ecn)
{
	if (data[0] & QUIC_HEADER_FIXED)
		return true;
	cleared[from]++;
	if (!greases[!from])
		sim_fail(s, "a clear fixed bit for who did not ask for it");
	clears_early |= !s->ep[from].conn.got_tparams;
	return true;
}

static const struct sim_hooks grease_hooks = {
	.on_init = version_on_init,
	.on_send = grease_on_send,
};

/* [9287-3#2] [9287-3.1#1,2,3,4] */
static const char *the_fixed_bit_is_greased_for_who_asks(u64 seed)
{
	struct sim_config cfg;
	unsigned int i;

	version_config(&cfg, seed);
	version_fate(&cfg, seed);
	cfg.hooks = &grease_hooks;
	cfg.app[0].send_bytes = 100000;
	cfg.app[1].send_bytes = 100000;
	greases[0] = seed / 2 & 1;
	greases[1] = seed / 4 & 1;
	memset(cleared, 0, sizeof(cleared));
	clears_early = false;
	if (sim_run(&sim, &cfg))
		return scenario_end();
	if (clears_early)
		sim_fail(&sim, "a clear fixed bit before the peer allowed it");
	for (i = 0; i < 2; i++)
		if (!!cleared[i] != greases[!i])
			sim_fail(&sim, "the fixed bit was not greased");
	return scenario_end();
}

static bool clear_on_send(struct sim *s, unsigned int from, u64 index, u8 *data, u32 len,
			  enum quic_ecn *ecn)
{
	/* Not what the header was protected with; but who drops it does not look. */
	if (index % 4 == 3)
		data[0] &= ~QUIC_HEADER_FIXED;
	return true;
}

static const struct sim_hooks clear_hooks = {
	.on_init = version_on_init,
	.on_send = clear_on_send,
};

/* A packet with a clear bit is no packet [9000-17.2#1]. */
static const char *a_clear_fixed_bit_is_a_loss(u64 seed)
{
	struct sim_config cfg;

	version_config(&cfg, seed);
	cfg.hooks = &clear_hooks;
	cfg.app[0].send_bytes = 100000;
	if (sim_run(&sim, &cfg))
		return scenario_end();
	if (server->conn.stats.pkts_dropped[QUIC_DROP_AUTH] +
	    client->conn.stats.pkts_dropped[QUIC_DROP_AUTH])
		sim_fail(&sim, "it was looked into");
	return scenario_end();
}

int main(int argc, char **argv)
{
	static const struct scenario list[] = {
		SCENARIO(the_server_changes_to_what_it_prefers),
		SCENARIO(a_retry_and_then_another_version),
		SCENARIO(who_does_not_offer_a_change_keeps_its_version),
		SCENARIO(without_a_preference_the_client_chooses),
		SCENARIO(an_unknown_version_is_negotiated),
		SCENARIO(a_negotiated_version_may_change),
		SCENARIO(forged_negotiations_change_nothing),
		SCENARIO(a_late_negotiation_is_ignored),
		SCENARIO(a_negotiation_that_leads_nowhere_ends_the_attempt),
		SCENARIO(a_server_of_another_version_is_reached_in_it),
		SCENARIO(a_server_of_version_2_knows_version_information),
		SCENARIO(a_retry_in_the_version_negotiated),
		SCENARIO(a_forged_negotiation_is_found_out),
		SCENARIO(nothing_is_sent_until_tls_begins_anew),
		SCENARIO(only_one_negotiation_is_believed),
		SCENARIO_ONCE(false_version_information_is_found_out),
		SCENARIO(the_fixed_bit_is_greased_for_who_asks),
		SCENARIO(a_clear_fixed_bit_is_a_loss),
	};

	return scenario_main(argc, argv, list, ARRAY_SIZE(list));
}
