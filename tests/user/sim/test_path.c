// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_path.c - a client's address that changes: by a NAT, by its will, by a lie
 *
 * Transfers go one way or the other, by seed, so that each end is sender and
 * receiver; half of the seeds have loss, reordering, duplication, corruption.
 */
#include "path_bed.h"

/* ---- NAT rebinding ---- */

static const char *server_followed(void)
{
	if (!quic_addr_equal(&server->conn.path->remote, &world.outside))
		return "the server sends elsewhere";
	if (!server->conn.path->validated || server->conn.path->validating)
		return "the new address was not validated";	/* [9000-9#4] */
	if (!server->events[QUIC_EDGE_EV_MIGRATED])
		return "nobody was told";
	if (client->events[QUIC_EDGE_EV_MIGRATED])
		return "the client moved, too";
	return NULL;
}

/* [9000-9.3#1] [9000-9.4#2] [9000-8.2.1#4]: only the port: what is known of the path goes on */
static const char *rebinding_of_the_port(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	path_config(&cfg, seed, rebind_port);
	err = ended_well(scenario_run(&cfg));
	if (!err)
		err = server_followed();
	if (!err && server->conn.path->cong.rate.delivered < delivered_before)
		return "congestion control began anew";
	return err;
}

static void note_on_settle(struct sim_endpoint *ep)
{
	if (ep->me && delivered_after == U64_MAX && plan.done &&
	    quic_addr_equal(&ep->conn.path->remote, &world.outside))
		delivered_after = ep->conn.path->cong.rate.delivered;
	path_on_settle(ep);
}

/* [9000-9.3#1] [9000-9.4#1,2]: another address: everything is measured anew */
static const char *rebinding_of_the_address(u64 seed)
{
	static const struct sim_hooks hooks = {
		.on_init = path_on_init, .on_route = path_on_route, .on_settle = note_on_settle,
		.on_packet = path_on_packet,
	};
	struct sim_config cfg;
	const char *err;

	path_config(&cfg, seed, rebind_address);
	cfg.hooks = &hooks;
	err = ended_well(scenario_run(&cfg));
	if (!err)
		err = server_followed();
	if (!err && delivered_after)
		return "congestion control went on as on the old path";
	return err;
}

static const char *rebinding_again_and_again(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	path_config(&cfg, seed, rebind_either);
	plan.every = 100000 + seed * 7907 % 900000;
	plan.stop = 12;
	err = ended_well(scenario_run(&cfg));
	if (!err && plan.done < 2)
		return "it happened once only";
	return err;
}

/* ---- the client moves ---- */

/* [9000-9.2] and [9000-9.5#1] by watch_id() */
static const char *migration_to_another_address(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	move_to = &client_2;
	path_config(&cfg, seed, move_client);
	err = ended_well(scenario_run(&cfg));
	return err ? err : client_moved();
}

static const char *migration_to_another_port(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	move_to = &client_port;
	path_config(&cfg, seed, move_client);
	err = ended_well(scenario_run(&cfg));
	return err ? err : client_moved();
}

static void move_client_and_cut(void)
{
	if (plan.done == 1)
		move_client();
	else if (client->conn.path->local.port == move_to->port)
		take_down(&sim_addr[0]);
}

/* The old address goes away right after. */
static const char *migration_leaves_nothing_behind(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	move_to = &client_2;
	path_config(&cfg, seed, move_client_and_cut);
	plan.every = 200000;
	plan.stop = 3;
	err = ended_well(scenario_run(&cfg));
	return err ? err : client_moved();
}

static void move_client_or_look(void)
{
	if (plan.done == 1)
		move_client();
	else
		plan.result = quic_conn_can_migrate(&client->conn, &sim_addr[1]);
}

/* [9000-8.2.4] a path that does not answer is not used; the next attempt may begin */
static const char *migration_to_a_dead_address(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	move_to = &client_2;
	path_config(&cfg, seed, move_client_or_look);
	plan.every = 20 * QUIC_US_PER_SEC;
	plan.stop = 2;
	take_down(&client_2);
	cfg.app[0].reads_from = start_at + 30 * QUIC_US_PER_SEC;
	cfg.app[1].reads_from = start_at + 30 * QUIC_US_PER_SEC;
	err = ended_well(scenario_run(&cfg));
	if (err)
		return err;
	if (!quic_addr_equal(&client->conn.path->local, &sim_addr[0]) ||
	    client->events[QUIC_EDGE_EV_MIGRATED])
		return "the client moved to where nobody hears it";
	return plan.done == 2 ? NULL : "it was over before the attempt";
}

/*
 * [9000-8.2.1#1,2] [9000-8.2.2#1,2,3,4,5,6,7] [9000-19.17#1]: the first ones are lost, later
 * ones do it
 */
static const char *lost_challenges_are_repeated(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	move_to = &client_2;
	path_config(&cfg, seed, move_client);
	cfg.link[0].loss = 0;
	cfg.link[1].loss = 0;
	cfg.link[0].corrupt = 0;
	cfg.link[1].corrupt = 0;
	cfg.app[0].send_bytes *= seed & 1 ? 5 : 1;
	cfg.app[1].send_bytes *= seed & 1 ? 1 : 5;
	world.lose_at = client_2;
	world.lose[seed / 2 % 2] = 1 + seed / 4 % 2;
	err = ended_well(scenario_run(&cfg));
	return err ? err : client_moved();
}

/* ---- what may not be done ---- */

static void forbid_on_init(struct sim_endpoint *ep)
{
	path_on_init(ep);
	if (ep->me)
		ep->conn.local.disable_active_migration = true;
}

static void move_forbidden(void)
{
	if (quic_conn_migrate(&client->conn, &client_2, &sim_addr[1], 1472, sim.now) != -EINVAL)
		sim_fail(&sim, "the client moves against the server's will");
	if (quic_conn_can_migrate(&client->conn, &sim_addr[1]) != -EINVAL)
		sim_fail(&sim, "the client may move against the server's will");
}

/* [9000-9#2] [9000-18.2#2] */
static const char *disabled_migration_is_not_tried(u64 seed)
{
	static const struct sim_hooks hooks = {
		.on_init = forbid_on_init, .on_route = path_on_route, .on_settle = path_on_settle,
		.on_packet = path_on_packet,
	};
	struct sim_config cfg;
	const char *err;

	path_config(&cfg, seed, move_forbidden);
	cfg.hooks = &hooks;
	err = ended_well(scenario_run(&cfg));
	if (!err && (client->events[QUIC_EDGE_EV_MIGRATED] ||
		     server->events[QUIC_EDGE_EV_MIGRATED]))
		return "somebody moved";
	return err;
}

/* [9000-9#3] packets from elsewhere are dropped, and draw neither reset nor close */
static const char *disabled_migration_ignores_other_addresses(u64 seed)
{
	static const struct sim_hooks hooks = {
		.on_init = forbid_on_init, .on_route = path_on_route, .on_settle = path_on_settle,
		.on_packet = path_on_packet,
	};
	struct sim_config cfg;

	path_config(&cfg, seed, rebind_port);
	cfg.hooks = &hooks;
	cfg.may_end_early = true;
	scenario_run(&cfg);
	if (server->events[QUIC_EDGE_EV_MIGRATED] || server->conn.path->remote.port != 40000)
		return "the server followed";
	if (server->conn.close.source != QUIC_CLOSE_IDLE ||
	    client->conn.close.source != QUIC_CLOSE_IDLE)
		return "another end than silence";
	return NULL;
}

/* [9000-9#1] nobody moves before the handshake is confirmed */
static void early_on_settle(struct sim_endpoint *ep)
{
	if (!ep->me && !ep->conn.confirmed && quic_conn_is_open(&ep->conn) &&
	    quic_conn_migrate(&ep->conn, &client_2, &sim_addr[1], 1472, sim.now) >= 0)
		sim_fail(&sim, "the client moved during the handshake");
	path_on_settle(ep);
}

static const char *no_move_before_the_handshake_is_confirmed(u64 seed)
{
	static const struct sim_hooks hooks = {
		.on_init = path_on_init, .on_route = path_on_route, .on_settle = early_on_settle,
		.on_packet = path_on_packet,
	};
	struct sim_config cfg;

	path_config(&cfg, seed, NULL);
	cfg.hooks = &hooks;
	return ended_well(scenario_run(&cfg));
}

/* ---- spoofed addresses ---- */

static unsigned int copies;
static bool old_asked;	/* the path that the client seems to have left */

/* Copies of the client's packets arrive first, from an address of nobody. */
static bool spoof_on_send(struct sim *s, unsigned int from, u64 index, u8 *data, u32 len,
			  enum quic_ecn *ecn)
{
	if (from != 0 || s->now < plan.at || !both_confirmed() || !copies ||
	    data[0] & QUIC_HEADER_LONG)
		return true;
	copies--;
	world.from_stranger += len;
	sim_inject_from(s, 1, &stranger, &sim_addr[1], data, len, 1000);
	return true;
}

static bool spoof_on_route(struct sim *s, unsigned int from, struct quic_addr *src,
			   struct quic_addr *dst, const u8 *data, u32 len)
{
	old_asked |= from && quic_addr_equal(dst, &world.outside) &&
		     world.leaving[from] & BIT_OF(PATH_CHALLENGE);
	return path_on_route(s, from, src, dst, data, len);
}

static void spoof_on_settle(struct sim_endpoint *ep)
{
	const struct quic_path *old = ep->conn.fallback;

	if (ep->me && !quic_addr_equal(&ep->conn.path->remote, &stranger))
		old_asked = false;
	else if (ep->me && old && !old_asked && quic_cong_room(&old->cong) >= 1200)
		sim_fail(&sim, "the path is not asked that the client seems to have left");
	path_on_settle(ep);
}

static const struct sim_hooks spoof_hooks = {
	.on_init = path_on_init,
	.on_route = spoof_on_route,
	.on_settle = spoof_on_settle,
	.on_packet = path_on_packet,
	.on_send = spoof_on_send,
};

static const char *spoof_run(u64 seed, unsigned int nr)
{
	struct sim_config cfg;
	const char *err;

	path_config(&cfg, seed, NULL);
	cfg.hooks = &spoof_hooks;
	copies = nr;
	old_asked = false;
	err = ended_well(scenario_run(&cfg));
	if (err)
		return err;
	if (copies)
		return "the attack never happened";
	if (!quic_addr_equal(&server->conn.path->remote, &world.outside))
		return "the server stayed with the attacker";
	return NULL;
}

/* [9000-9.3.2#1] [9000-9.3.3#1] */
static const char *copied_packet_moves_nobody_for_long(u64 seed)
{
	return spoof_run(seed, 1);
}

static const char *copied_packets_move_nobody_for_long(u64 seed)
{
	return spoof_run(seed, 5 + seed % 20);
}

/* [9000-9.3.2#1] the client is silent after the copy: validation fails, and the server reverts */
static bool revert_on_route(struct sim *s, unsigned int from, struct quic_addr *src,
			    struct quic_addr *dst, const u8 *data, u32 len)
{
	/* From the attack on nothing genuine arrives for ten seconds. */
	if (!copies && s->now < plan.at + 10 * QUIC_US_PER_SEC) {
		if (quic_addr_equal(dst, &stranger))
			path_on_route(s, from, src, dst, data, len);
		return false;
	}
	return path_on_route(s, from, src, dst, data, len);
}

static const char *failed_validation_reverts(u64 seed)
{
	static const struct sim_hooks hooks = {
		.on_init = path_on_init, .on_route = revert_on_route,
		.on_settle = path_on_settle, .on_send = spoof_on_send,
		.on_packet = path_on_packet,
	};
	struct sim_config cfg;
	const char *err;

	path_config(&cfg, seed, NULL);
	cfg.hooks = &hooks;
	copies = 1;
	err = ended_well(scenario_run(&cfg));
	if (!err && !quic_addr_equal(&server->conn.path->remote, &world.outside))
		return "the server stayed with the attacker";
	return err;
}

/* A client that hears from another server drops it. */
static bool impostor_on_send(struct sim *s, unsigned int from, u64 index, u8 *data, u32 len,
			     enum quic_ecn *ecn)
{
	if (from != 1 || s->now < plan.at || !both_confirmed() || !copies)
		return true;
	copies--;
	sim_inject_from(s, 0, &stranger, &sim_addr[0], data, len, 1000);
	return true;
}

static const char *client_drops_packets_of_another_server(u64 seed)
{
	static const struct sim_hooks hooks = {
		.on_init = path_on_init, .on_route = path_on_route,
		.on_settle = path_on_settle, .on_send = impostor_on_send,
		.on_packet = path_on_packet,
	};
	struct sim_config cfg;
	const char *err;

	path_config(&cfg, seed, NULL);
	cfg.hooks = &hooks;
	copies = 10;
	err = ended_well(scenario_run(&cfg));
	if (!err && (world.to_stranger || client->events[QUIC_EDGE_EV_MIGRATED]))
		return "the client answered";
	return err;
}

/* As genuine as can be, but for where it comes from. */
static void close_from_elsewhere(void)
{
	static const u8 close[] = { QUIC_FRAME_CONNECTION_CLOSE, 0, 0, 0 };
	struct sim_forge f = {
		.level = QUIC_LEVEL_APP, .frames = close, .len = sizeof(close), .pad_to = 100,
		.pn = server->conn.recovery.space[QUIC_SPACE_APP].sent.next + 100,
	};
	u8 dgram[SIM_FORGE_MAX_BYTES];

	sim_inject_from(&sim, 0, &stranger, &sim_addr[0], dgram, sim_forge(server, &f, dgram),
			1000);
}

/* [9000-9#5] */
static const char *what_another_server_says_is_not_read(u64 seed)
{
	struct sim_config cfg;

	path_config(&cfg, seed, close_from_elsewhere);
	return ended_well(scenario_run(&cfg));
}

int main(int argc, char **argv)
{
	static const struct scenario list[] = {
		SCENARIO(rebinding_of_the_port),
		SCENARIO(rebinding_of_the_address),
		SCENARIO(rebinding_again_and_again),
		SCENARIO(migration_to_another_address),
		SCENARIO(migration_to_another_port),
		SCENARIO(migration_leaves_nothing_behind),
		SCENARIO(migration_to_a_dead_address),
		SCENARIO(lost_challenges_are_repeated),
		SCENARIO(disabled_migration_is_not_tried),
		SCENARIO(disabled_migration_ignores_other_addresses),
		SCENARIO(no_move_before_the_handshake_is_confirmed),
		SCENARIO(copied_packet_moves_nobody_for_long),
		SCENARIO(copied_packets_move_nobody_for_long),
		SCENARIO(failed_validation_reverts),
		SCENARIO(client_drops_packets_of_another_server),
		SCENARIO(what_another_server_says_is_not_read),
	};

	return scenario_main(argc, argv, list, ARRAY_SIZE(list));
}
