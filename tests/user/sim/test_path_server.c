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

static const struct sim_hooks preferred_hooks = {
	.on_init = path_on_init,
	.on_route = path_on_route,
	.on_settle = path_on_settle,
	.on_blob = preferred_on_blob,
};

/* [9000-9.6.2#1,2,3] [9000-9.6.3#1] [9000-5.1.1] */
static const char *preferred_address_is_used(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	path_config(&cfg, seed, NULL);
	cfg.hooks = &preferred_hooks;
	err = ended_well(scenario_run(&cfg));
	if (err)
		return err;
	if (!quic_addr_equal(&client->conn.path->remote, &server_2) ||
	    !quic_addr_equal(&server->conn.path->local, &server_2))
		return "the preferred address was not taken";
	if (server->conn.path->validating || client->conn.path->validating)
		return "it was taken without validation";
	return NULL;
}

/* [9000-9.6.2#1] a client of one family is told an address of the other */
static const char *preferred_address_of_the_other_family(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	path_config(&cfg, seed, NULL);
	if (seed & 4)
		home = sim_addr6;
	cfg.addrs = home;
	world.outside = home[0];
	cfg.hooks = &preferred_hooks;
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

	path_config(&cfg, seed, preferred_cut);
	plan.at = start_at + 1500000;
	cfg.hooks = &preferred_hooks;
	cfg.link[0].loss = 0;
	cfg.link[1].loss = 0;
	cfg.link[0].corrupt = 0;
	cfg.link[1].corrupt = 0;
	err = ended_well(scenario_run(&cfg));
	if (!err && !quic_addr_equal(&client->conn.path->remote, &server_2))
		return "the preferred address was not taken";
	return err;
}

/* [9000-9.6.1#1] */
static const char *preferred_address_that_is_dead_is_not_used(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	path_config(&cfg, seed, NULL);
	take_down(&server_2);
	cfg.hooks = &preferred_hooks;
	err = ended_well(scenario_run(&cfg));
	if (!err && (!quic_addr_equal(&client->conn.path->remote, &sim_addr[1]) ||
		     !quic_addr_equal(&server->conn.path->local, &sim_addr[1])))
		return "somebody went to the dead address";
	return err;
}

/* [9000-9.6.3#2] the client's NAT binding changes after it came to the preferred address */
static const char *rebinding_at_the_preferred_address(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	path_config(&cfg, seed, rebind_port);
	plan.at = start_at + 1500000;
	cfg.hooks = &preferred_hooks;
	err = ended_well(scenario_run(&cfg));
	if (!err && !quic_addr_equal(&server->conn.path->remote, &world.outside))
		return "the server sends elsewhere";
	return err;
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

/* UAPI.md 17.9 */
static const char *server_that_moves_is_followed_by_who_wants_to(u64 seed)
{
	static const struct sim_hooks hooks = {
		.on_init = follow_on_init, .on_route = path_on_route, .on_settle = path_on_settle,
	};
	struct sim_config cfg;
	const char *err;

	path_config(&cfg, seed, move_server);
	cfg.hooks = &hooks;
	err = ended_well(scenario_run(&cfg));
	if (!err && (!quic_addr_equal(&client->conn.path->remote, &server_2) ||
		     !quic_addr_equal(&server->conn.path->local, &server_2)))
		return "somebody stayed behind";
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
		SCENARIO(server_that_moves_is_followed_by_who_wants_to),
		SCENARIO(server_that_moves_is_ignored_by_default),
		SCENARIO(ids_change_all_the_time),
		SCENARIO(ids_and_addresses_change_together),
		SCENARIO(path_that_grows_is_found_out),
		SCENARIO(new_path_has_a_size_of_its_own),
	};

	return scenario_main(argc, argv, list, ARRAY_SIZE(list));
}
