// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_path_server.c - a server's other address, ids and sizes that change
 */
#include "path_bed.h"

/* ---- the server's other address ---- */

static const struct quic_addr *preferred;	/* the server's wish */

static void preferred_on_blob(struct sim_endpoint *ep)
{
	if (ep->me && quic_conn_set_preferred(&ep->conn, preferred ?: &server_2))
		sim_fail(&sim, "no preferred address can be set");
}

/**
 * struct at_preferred - what was seen at the preferred address
 * @probed: something left from there
 * @answered: a PATH_RESPONSE left from there
 * @valid: a PATH_RESPONSE of the client went there
 * @lose: PATH_RESPONSEs of the client that do not arrive
 * @copy: non-probing datagrams of the client that arrive first from the stranger
 * @challenged: the client got a challenge from there before its own was answered
 */
static struct {
	bool probed;
	bool answered;
	bool valid;
	unsigned int lose;
	unsigned int copy;
	bool challenged;
} at_preferred;

static void watch_server_at_preferred(const struct quic_addr *dst)
{
	/* [9000-9.6.2#3] */
	if (!at_preferred.probed && !(world.leaving[1] & BIT_OF(PATH_CHALLENGE)))
		sim_fail(&sim, "the preferred address does not probe");
	at_preferred.probed = true;
	at_preferred.answered |= world.leaving[1] & BIT_OF(PATH_RESPONSE);
	/* [9000-9.6.2#2] */
	if (world.nonprobing[1] && !at_preferred.valid)
		sim_fail(&sim, "the server moved before the validation");
	/* [9000-9.6.3#2] */
	if (world.nonprobing[1] && quic_addr_equal(dst, &stranger))
		sim_fail(&sim, "the server follows a stranger");
}

/* False: the datagram is lost. */
static bool watch_client_at_preferred(struct sim *s, const u8 *data, u32 len)
{
	/* [9000-21.5.3#1] */
	if (world.nonprobing[0] && !at_preferred.answered)
		sim_fail(s, "more than probes went to an address that is not valid");
	if (world.leaving[0] & BIT_OF(PATH_RESPONSE)) {
		if (at_preferred.lose) {
			at_preferred.lose--;
			return false;
		}
		at_preferred.valid = true;
	}
	if (at_preferred.copy && world.nonprobing[0]) {
		at_preferred.copy--;
		world.from_stranger += len;
		sim_inject_from(s, 1, &stranger, &server_2, data, len, 1000);
	}
	return true;
}

static bool preferred_on_route(struct sim *s, unsigned int from, struct quic_addr *src,
			       struct quic_addr *dst, const u8 *data, u32 len)
{
	bool arrives = true;

	if (from && quic_addr_equal(src, &server_2))
		watch_server_at_preferred(dst);
	else if (!from && quic_addr_equal(dst, &server_2))
		arrives = watch_client_at_preferred(s, data, len);
	return path_on_route(s, from, src, dst, data, len) && arrives;
}

static const struct sim_hooks preferred_hooks = {
	.on_init = path_on_init,
	.on_route = preferred_on_route,
	.on_settle = path_on_settle,
	.on_packet = path_on_packet,
	.on_blob = preferred_on_blob,
};

static void preferred_config(struct sim_config *cfg, u64 seed, void (*act)(void))
{
	path_config(cfg, seed, act);
	cfg->hooks = &preferred_hooks;
	memset(&at_preferred, 0, sizeof(at_preferred));
}

static void preferred_without_loss(struct sim_config *cfg)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		cfg->link[i].loss = 0;
		cfg->link[i].corrupt = 0;
	}
}

/* [9000-9.5#2] [9000-9.6.2#1,3] [9000-9.6.3#1] [9000-5.1.1] */
static const char *preferred_address_is_used(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	preferred_config(&cfg, seed, NULL);
	err = ended_well(scenario_run(&cfg));
	if (err)
		return err;
	if (!quic_addr_equal(&client->conn.path->remote, &server_2) ||
	    !quic_addr_equal(&server->conn.path->local, &server_2))
		return "the preferred address was not taken";
	if (server->conn.path->validating || client->conn.path->validating)
		return "it was taken without validation";
	/* [9000-18.2#3,4] */
	if (!client->conn.remote.initial_scid.len || !client->conn.remote.preferred.cid.len)
		return "an empty id";
	return NULL;
}

/* [9000-9.6.2#1] a client of one family is told an address of the other */
static const char *preferred_address_of_the_other_family(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	preferred_config(&cfg, seed, NULL);
	if (seed & 4)
		home = sim_addr6;
	cfg.addrs = home;
	world.outside = home[0];
	preferred = seed & 4 ? &server_2 : &server_6;
	err = ended_well(scenario_run(&cfg));
	if (!err && (!quic_addr_equal(&client->conn.path->remote, preferred) ||
		     !quic_addr_equal(&client->conn.path->local, away_client()) ||
		     !quic_addr_equal(&server->conn.path->local, preferred) ||
		     !quic_addr_equal(&server->conn.path->remote, away_client())))
		err = "somebody stayed behind";
	preferred = NULL;
	return err;
}

static void preferred_cut(void)
{
	take_down(&sim_addr[1]);
}

static const char *preferred_address_is_enough(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	preferred_config(&cfg, seed, preferred_cut);
	plan.at = start_at + 1500000;
	preferred_without_loss(&cfg);
	err = ended_well(scenario_run(&cfg));
	if (!err && !quic_addr_equal(&client->conn.path->remote, &server_2))
		return "the preferred address was not taken";
	return err;
}

static void look_after_failure(void)
{
	plan.result = quic_conn_can_migrate(&client->conn, &sim_addr[1]);
}

/* [9000-9.6.1#1] it is given up, and the client may try something else */
static const char *preferred_address_that_is_dead_is_not_used(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	preferred_config(&cfg, seed, look_after_failure);
	plan.at = start_at + 20 * QUIC_US_PER_SEC;
	take_down(&server_2);
	cfg.app[0].reads_from = start_at + 30 * QUIC_US_PER_SEC;
	cfg.app[1].reads_from = start_at + 30 * QUIC_US_PER_SEC;
	err = ended_well(scenario_run(&cfg));
	if (!err && (!quic_addr_equal(&client->conn.path->remote, &sim_addr[1]) ||
		     !quic_addr_equal(&server->conn.path->local, &sim_addr[1])))
		return "somebody went to the dead address";
	return err;
}

/* The client's NAT binding changes after it came to the preferred address. */
static const char *rebinding_at_the_preferred_address(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	preferred_config(&cfg, seed, rebind_port);
	plan.at = start_at + 1500000;
	err = ended_well(scenario_run(&cfg));
	if (!err && !quic_addr_equal(&server->conn.path->remote, &world.outside))
		return "the server sends elsewhere";
	return err;
}

/* [9000-9.6.2#2] the client is there already, but its answers get lost */
static const char *server_comes_to_the_preferred_address_when_it_is_valid(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	preferred_config(&cfg, seed, NULL);
	preferred_without_loss(&cfg);
	at_preferred.lose = 1 + seed / 4 % 2;
	cfg.app[0].send_bytes *= seed & 1 ? 4 : 1;
	cfg.app[1].send_bytes *= seed & 1 ? 1 : 4;
	err = ended_well(scenario_run(&cfg));
	if (!err && (at_preferred.lose || !quic_addr_equal(&server->conn.path->local, &server_2)))
		return "nothing was lost, or the server stayed";
	return err;
}

/* [9000-9.6.3#2] what the client sends there comes from another address first */
static const char *stranger_at_the_preferred_address_is_not_followed(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	preferred_config(&cfg, seed, NULL);
	at_preferred.copy = 1 + seed / 4 % 5;
	err = ended_well(scenario_run(&cfg));
	if (!err && (at_preferred.copy ||
		     !quic_addr_equal(&server->conn.path->remote, &world.outside)))
		return "nothing was copied, or the server sends elsewhere";
	return err;
}

/* The server asks from its preferred address when the client has no answer from there. */
static void challenge_from_preferred(void)
{
	static const u8 challenge[] = { QUIC_FRAME_PATH_CHALLENGE, 1, 2, 3, 4, 5, 6, 7, 8 };
	struct quic_sent *sent = &server->conn.recovery.space[QUIC_SPACE_APP].sent;
	struct quic_sent_pkt record = { .sent_at = sim.now, .eliciting = true };
	struct sim_forge f = {
		.level = QUIC_LEVEL_APP, .pn = sent->next, .frames = challenge,
		.len = sizeof(challenge), .pad_to = 1200,
	};
	u8 dgram[SIM_FORGE_MAX_BYTES];

	if (quic_sent_begin(sent))
		return;
	quic_sent_commit(sent, &record);
	path_note_challenge(1, challenge + 1);
	sim_inject_from(&sim, 0, &server_2, &sim_addr[0], dgram, sim_forge(server, &f, dgram),
			1000);
	at_preferred.challenged = true;
}

static void challenged_on_settle(struct sim_endpoint *ep)
{
	path_on_settle(ep);
	if (!ep->me && ep->conn.candidate && !at_preferred.challenged)
		challenge_from_preferred();
}

/* [9000-21.5.3#1] */
static const char *only_probes_go_to_an_address_that_is_not_valid(u64 seed)
{
	static const struct sim_hooks hooks = {
		.on_init = path_on_init, .on_route = preferred_on_route,
		.on_settle = challenged_on_settle, .on_packet = path_on_packet,
		.on_blob = preferred_on_blob,
	};
	struct sim_config cfg;
	const char *err;

	preferred_config(&cfg, seed, NULL);
	cfg.hooks = &hooks;
	err = ended_well(scenario_run(&cfg));
	return !err && !at_preferred.challenged ? "there was no challenge" : err;
}

static void follow_on_init(struct sim_endpoint *ep)
{
	path_on_init(ep);
	ep->conn.config.server_moves = true;
}

static void move_server(void)
{
	plan.result = quic_conn_migrate(&server->conn, &server_2, &server->conn.path->remote,
					1472, sim.now);
	quic_conn_output(&server->conn, sim.now);
}

/* UAPI.md 17.9; [9000-9#4] */
static const char *server_that_moves_is_followed_by_who_wants_to(u64 seed)
{
	static const struct sim_hooks hooks = {
		.on_init = follow_on_init, .on_route = path_on_route, .on_settle = path_on_settle,
		.on_packet = path_on_packet,
	};
	struct sim_config cfg;
	const char *err;

	path_config(&cfg, seed, move_server);
	cfg.hooks = &hooks;
	err = ended_well(scenario_run(&cfg));
	if (!err && (!quic_addr_equal(&client->conn.path->remote, &server_2) ||
		     !quic_addr_equal(&server->conn.path->local, &server_2)))
		return "somebody stayed behind";
	if (!err && !client->conn.path->validated)
		return "the new address was not validated";
	return err;
}

/* [9000-9#5] */
static const char *server_that_moves_is_ignored_by_default(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	path_config(&cfg, seed, move_server);
	err = ended_well(scenario_run(&cfg));
	if (!err && (!quic_addr_equal(&client->conn.path->remote, &sim_addr[1]) ||
		     !quic_addr_equal(&server->conn.path->local, &sim_addr[1])))
		return "somebody moved";
	return err;
}

/* ---- connection ids ---- */

static unsigned int ids_changed;

static void change_ids(void)
{
	struct sim_endpoint *ep = &sim.ep[sim_random(&sim, 2)];
	struct quic_conn *conn = &ep->conn;
	u64 active = conn->path->dcid_seq;
	bool dest = sim_chance(&sim, 500);
	int err = dest && conn->path->validating ? -EAGAIN : -EINVAL;

	if (quic_conn_change_ids(conn, dest, 1000, 0) != err ||
	    quic_conn_change_ids(conn, dest, 0, 1000) != err)
		sim_fail(&sim, "an id that there is not");
	err = dest ? quic_conn_change_ids(conn, true, active + 1, active + 1) :
		     quic_conn_change_ids(conn, false, 0, conn->local_ids.next_seq - 2);
	ids_changed += !err;
	if (!err && dest && conn->path->dcid_seq != active + 1)
		sim_fail(&sim, "another id than was asked for");
	quic_conn_output(conn, sim.now);
}

/* [9000-5.1.1] [9000-5.1.2] */
static const char *ids_change_all_the_time(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	ids_changed = 0;
	path_config(&cfg, seed, change_ids);
	plan.every = 40000;
	plan.stop = 1000;
	err = ended_well(scenario_run(&cfg));
	if (!err && ids_changed < 5)
		return "ids did not change";
	return err;
}

static void move_and_change(void)
{
	if (sim_chance(&sim, 300))
		rebind_either();
	else
		change_ids();
}

static const char *ids_and_addresses_change_together(u64 seed)
{
	struct sim_config cfg;

	path_config(&cfg, seed, move_and_change);
	plan.every = 100000;
	plan.stop = 30;
	return ended_well(scenario_run(&cfg));
}

/* ---- datagram size ---- */

static void widen(void)
{
	sim.cfg.link[0].mtu = 1472;
	sim.cfg.link[1].mtu = 1472;
}

static void raise_on_init(struct sim_endpoint *ep)
{
	path_on_init(ep);
	ep->conn.config.pmtu_interval = 5 * QUIC_US_PER_SEC;
}

/* [9000-14.3] RFC 8899 5.1.1: PMTU_RAISE_TIMER */
static const char *path_that_grows_is_found_out(u64 seed)
{
	static const struct sim_hooks hooks = {
		.on_init = raise_on_init, .on_route = path_on_route, .on_settle = path_on_settle,
		.on_packet = path_on_packet,
	};
	struct sim_config cfg;
	const char *err;

	path_config(&cfg, seed, widen);
	cfg.hooks = &hooks;
	cfg.link[0].mtu = 1300;
	cfg.link[1].mtu = 1300;
	plan.at = start_at + 3 * QUIC_US_PER_SEC;
	cfg.app[0].reads_from = start_at + 400 * QUIC_US_PER_SEC;
	cfg.app[1].reads_from = start_at + 400 * QUIC_US_PER_SEC;
	err = ended_well(scenario_run(&cfg));
	if (!err && client->conn.path->mtu < 1472 - QUIC_PMTUD_STEP_BYTES)
		return "the old size is used for ever";
	return err;
}

/* ICMP that claims what can not be, or what we do not want to know. */
static void claim_sizes(void)
{
	struct quic_conn *conn = &client->conn;
	u16 before = conn->path->mtu;

	if (before <= QUIC_MIN_DATAGRAM_BYTES)
		sim_fail(&sim, "no larger size was found");
	quic_conn_on_too_big(conn, QUIC_MIN_DATAGRAM_BYTES - 1, sim.now);
	quic_conn_on_too_big(conn, 0, sim.now);
	quic_conn_on_too_big(conn, U32_MAX, sim.now);
	if (conn->path->mtu != before)
		sim_fail(&sim, "a claim of less than 1200 bytes is believed");
	quic_conn_on_too_big(conn, 1300, sim.now);
	quic_conn_on_too_big(conn, 9000, sim.now);
	if (conn->path->mtu != 1300)
		sim_fail(&sim, "a claim did not shrink the size, or made it grow");
}

/* [9000-14.2.1#1,3] */
static const char *size_claimed_is_believed_if_it_is_possible(u64 seed)
{
	struct sim_config cfg;

	path_config(&cfg, seed, claim_sizes);
	plan.at = start_at + 6 * QUIC_US_PER_SEC;
	cfg.app[0].reads_from = start_at + 10 * QUIC_US_PER_SEC;
	cfg.app[1].reads_from = start_at + 10 * QUIC_US_PER_SEC;
	return ended_well(scenario_run(&cfg));
}

/* [9000-14.3] the new path may carry less: the search begins anew there */
static void move_to_narrow(void)
{
	sim.cfg.link[0].mtu = 1250;
	sim.cfg.link[1].mtu = 1250;
	move_client();
}

static const char *new_path_has_a_size_of_its_own(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	move_to = &client_2;
	path_config(&cfg, seed, move_to_narrow);
	err = ended_well(scenario_run(&cfg));
	if (!err && (client->conn.path->mtu > 1250 || server->conn.path->mtu > 1250))
		return "the size of the old path is used on the new one";
	return err;
}

int main(int argc, char **argv)
{
	static const struct scenario list[] = {
		SCENARIO(preferred_address_is_used),
		SCENARIO(preferred_address_of_the_other_family),
		SCENARIO(preferred_address_is_enough),
		SCENARIO(preferred_address_that_is_dead_is_not_used),
		SCENARIO(rebinding_at_the_preferred_address),
		SCENARIO_EVERY(3, server_comes_to_the_preferred_address_when_it_is_valid),
		SCENARIO(stranger_at_the_preferred_address_is_not_followed),
		SCENARIO(only_probes_go_to_an_address_that_is_not_valid),
		SCENARIO(server_that_moves_is_followed_by_who_wants_to),
		SCENARIO(server_that_moves_is_ignored_by_default),
		SCENARIO(ids_change_all_the_time),
		SCENARIO(ids_and_addresses_change_together),
		SCENARIO(path_that_grows_is_found_out),
		SCENARIO(new_path_has_a_size_of_its_own),
		SCENARIO(size_claimed_is_believed_if_it_is_possible),
	};

	return scenario_main(argc, argv, list, ARRAY_SIZE(list));
}
