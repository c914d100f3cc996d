/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * path_bed.h - a network in which addresses change (RFC 9000 9)
 *
 * Between the ends stands a NAT that gives the client's first address another
 * outside one whenever a scenario says so; packets to an outside address that is
 * not in use any more are lost.  Every datagram is also looked at from outside:
 * no connection id may be seen on two paths, no address may draw more than
 * three times what came from it.
 *
 * Transfers go one way or the other, by seed, so that each end is sender and
 * receiver; half of the seeds have loss, reordering, duplication, corruption.
 */
#ifndef _QUIC_SIM_PATH_BED_H
#define _QUIC_SIM_PATH_BED_H

#include "scenario.h"

#define NR_SEEN 512
#define NR_CHALLENGES 32

static const quic_us start_at = 1000000;	/* where the simulator's clock begins */

static struct sim_endpoint *const client = &sim.ep[0];
static struct sim_endpoint *const server = &sim.ep[1];

/* A second address of each end, and one of nobody. */
static const struct quic_addr client_2 = { .family = 4, .port = 6000, .ip = { 10, 0, 0, 2 } };
static const struct quic_addr client_port = { .family = 4, .port = 5001, .ip = { 10, 0, 0, 1 } };
static const struct quic_addr server_2 = { .family = 4, .port = 444, .ip = { 10, 0, 1, 2 } };
static const struct quic_addr server_6 = { .family = 6, .port = 446, .ip = { 0xfd, 2, [15] = 2 } };
static const struct quic_addr stranger = { .family = 4, .port = 7000, .ip = { 10, 9, 9, 9 } };

/* What an observer saw of one connection id of 1-RTT packets. */
struct seen_id {
	u8 cid[QUIC_CID_OURS_BYTES];
	struct quic_addr src;
	struct quic_addr dst;
};

/**
 * struct world - the network of the scenario under way
 * @outside: what the NAT makes of the client's first address
 * @rebinds: how often it changed
 * @down: addresses that nobody can be reached at
 * @nr_down: their number
 * @lose: so many datagrams to or from @lose_at are lost
 * @lose_at: that address
 * @seen: connection ids
 * @nr_seen: their number
 * @to_stranger: bytes that went to the stranger
 * @from_stranger: bytes that seemed to come from it
 * @challenge: data of the PATH_CHALLENGEs of each end, oldest overwritten
 * @nr_challenge: their number
 * @leaving: frames of the burst of 1-RTT packets that each end sends, bits by type
 * @nonprobing: some of them are more than a probe (RFC 9000 9.1)
 */
struct world {
	struct quic_addr outside;
	unsigned int rebinds;
	struct quic_addr down[4];
	unsigned int nr_down;
	unsigned int lose[2];
	struct quic_addr lose_at;
	struct seen_id seen[NR_SEEN];
	unsigned int nr_seen;
	u64 to_stranger;
	u64 from_stranger;
	u8 challenge[2][NR_CHALLENGES][QUIC_PATH_DATA_BYTES];
	unsigned int nr_challenge[2];
	u64 leaving[2];
	bool nonprobing[2];
};

static struct world world;

#define BIT_OF(frame)	(1ULL << QUIC_FRAME_##frame)

/* Where the ends are at first; scenarios of IPv6 change it. */
static const struct quic_addr *home = sim_addr;

/* The client's address of the other family: behind no NAT. */
static inline const struct quic_addr *away_client(void)
{
	return home == sim_addr ? &sim_addr6[0] : &sim_addr[0];
}

/**
 * struct plan - what a scenario does, when
 * @at: the first time
 * @every: and then again after that long, 0: once
 * @stop: not after that many times
 * @done: times so far
 * @result: of the last call into the engine
 * @act: does it
 */
struct plan {
	quic_us at;
	quic_us every;
	unsigned int stop;
	unsigned int done;
	int result;
	void (*act)(void);
};

static struct plan plan;

/* ---- frames ---- */

static inline void path_note_challenge(unsigned int from, const u8 *data)
{
	memcpy(world.challenge[from][world.nr_challenge[from]++ % NR_CHALLENGES], data,
	       QUIC_PATH_DATA_BYTES);
}

/* [9000-8.2.1#1] Is the data random, and that of a response the other end's? */
static inline void watch_path_data(unsigned int from, const struct quic_frame *f)
{
	unsigned int i, nr = min_t(unsigned int, world.nr_challenge[!from], NR_CHALLENGES);

	if (f->type == QUIC_FRAME_PATH_CHALLENGE) {
		if (!sim_is_random(&sim, f->path_data))
			sim_fail(&sim, "a challenge that can be foreseen");
		path_note_challenge(from, f->path_data);
		return;
	}
	for (i = 0; i < nr; i++)
		if (!memcmp(world.challenge[!from][i], f->path_data, QUIC_PATH_DATA_BYTES))
			return;
	sim_fail(&sim, "a response to no challenge");
}

/* Before a burst enters the network each of its packets passes here. */
static inline void path_on_packet(struct sim_endpoint *ep, const struct quic_tx_pkt *pkt)
{
	struct quic_reader r;
	struct quic_frame f;

	if (pkt->dst[0] & QUIC_HEADER_LONG)
		return;
	quic_wire_read_init(&r, pkt->dst + pkt->hdr_len, pkt->len - pkt->hdr_len);
	while (quic_wire_left(&r) && !quic_frame_decode(&r, QUIC_LEVEL_APP, &f)) {
		world.leaving[ep->me] |= f.type < 64 ? 1ULL << f.type : 0;
		world.nonprobing[ep->me] |= !quic_frame_is_probing(f.type);
		if (f.type == QUIC_FRAME_PATH_CHALLENGE || f.type == QUIC_FRAME_PATH_RESPONSE)
			watch_path_data(ep->me, &f);
	}
}

/* What @from's burst says is forgotten once its first datagram is on its way. */
static inline void path_sent(unsigned int from)
{
	world.leaving[from] = 0;
	world.nonprobing[from] = false;
}

/* ---- the network ---- */

static inline bool is_down(const struct quic_addr *a)
{
	unsigned int i;

	for (i = 0; i < world.nr_down; i++)
		if (quic_addr_equal(&world.down[i], a))
			return true;
	return false;
}

static inline void take_down(const struct quic_addr *a)
{
	world.down[world.nr_down++] = *a;
}

/* [9000-9.5#1,2] An id belongs to one path, but for what a NAT does behind its sender's back. */
static inline void watch_id(unsigned int from, const struct quic_addr *src,
			    const struct quic_addr *dst, const u8 *data)
{
	unsigned int i;

	if (data[0] & QUIC_HEADER_LONG)
		return;
	for (i = 0; i < world.nr_seen; i++) {
		struct seen_id *s = &world.seen[i];

		if (memcmp(s->cid, data + 1, sizeof(s->cid)))
			continue;
		if (!quic_addr_equal(&s->src, src))
			sim_fail(&sim, "an id was used from two addresses");
		if (from == 0 && !quic_addr_equal(&s->dst, dst))
			sim_fail(&sim, "an id was used towards two addresses");
		return;
	}
	if (world.nr_seen < NR_SEEN) {
		memcpy(world.seen[i].cid, data + 1, sizeof(world.seen[i].cid));
		world.seen[i].src = *src;
		world.seen[i].dst = *dst;
		world.nr_seen++;
	}
}

/*
 * [9000-8.2.1#2] [9000-8.2.2#5,6] What leaves on a path that is not in use is a probe:
 * 1200 bytes, or all that the amplification limit allows.
 */
static inline void watch_size(unsigned int from, const struct quic_addr *src,
			      const struct quic_addr *dst, u32 len)
{
	const struct quic_conn *conn = &sim.ep[from].conn;
	struct quic_path *p;
	unsigned int i = 0;

	while ((p = quic_conn_next_path(conn, &i))) {
		u64 room = p->validated ? U64_MAX : 3 * p->rx_bytes - (p->tx_bytes - len);

		if (p != conn->path && quic_addr_equal(&p->local, src) &&
		    quic_addr_equal(&p->remote, dst) && len != min_t(u64, room, 1200))
			sim_fail(&sim, "a probe of another size");
	}
}

static inline bool lose_first(unsigned int from, const struct quic_addr *src,
			      const struct quic_addr *dst)
{
	if (!world.lose[from] || (!quic_addr_equal(src, &world.lose_at) &&
				  !quic_addr_equal(dst, &world.lose_at)))
		return false;
	world.lose[from]--;
	return true;
}

static inline bool path_on_route(struct sim *s, unsigned int from, struct quic_addr *src,
				 struct quic_addr *dst, const u8 *data, u32 len)
{
	path_sent(from);
	/* [9000-14.1#1] before there is a server only Initials leave */
	if (!from && data[0] & QUIC_HEADER_LONG && !s->ep[1].started && len < 1200)
		sim_fail(s, "the first Initial is small");
	watch_id(from, src, dst, data);
	watch_size(from, src, dst, len);
	if (lose_first(from, src, dst))
		return false;
	if (quic_addr_equal(dst, &stranger)) {
		world.to_stranger += len;
		if (world.to_stranger > 3 * world.from_stranger)	/* [9000-9.3#2] */
			sim_fail(s, "a spoofed address drew more than three times its bytes");
		return false;
	}
	if (from == 0) {
		if (is_down(src) || is_down(dst))
			return false;
		if (quic_addr_equal(src, &home[0]))
			*src = world.outside;
		return true;
	}
	if (quic_addr_equal(dst, &world.outside))
		*dst = home[0];
	else if (!quic_addr_equal(dst, &client_2) && !quic_addr_equal(dst, &client_port) &&
		 !quic_addr_equal(dst, away_client()))
		return false;		/* an outside address of the past */
	return !is_down(src) && !is_down(dst);
}

/* ---- the frame of all scenarios ---- */

static inline bool both_confirmed(void)
{
	return client->conn.confirmed && server->conn.confirmed &&
	       quic_conn_is_open(&client->conn) && quic_conn_is_open(&server->conn);
}

/* What a host does for a client whose server prefers another address. */
static inline void path_try_preferred(struct sim_endpoint *ep)
{
	u8 family = ep->conn.path->remote.family;
	const struct quic_addr *local = &ep->conn.path->local;
	struct quic_addr addr;

	if (!quic_conn_preferred(&ep->conn, family, &addr)) {
		if (!quic_conn_preferred(&ep->conn, family == 4 ? 6 : 4, &addr))
			return;
		local = away_client();
	}
	plan.result = quic_conn_migrate(&ep->conn, local, &addr, 1472, sim.now);
	quic_conn_output(&ep->conn, sim.now);
}

static inline void path_on_settle(struct sim_endpoint *ep)
{
	struct quic_path *p;
	unsigned int i = 0;

	/* [9000-8.2.2#2] What may be answered is answered in the same instant. */
	while ((p = quic_conn_next_path(&ep->conn, &i)))
		if (quic_conn_is_open(&ep->conn) && p->nr_response &&
		    quic_path_amplification_room(p) >= 1200 && quic_cong_room(&p->cong) >= p->mtu)
			sim_fail(&sim, "a response waits");
	if (!ep->me && ep->conn.preferred_todo)
		path_try_preferred(ep);
	if (!both_confirmed() || sim.now < plan.at || plan.done >= plan.stop || !plan.act)
		return;
	plan.done++;
	plan.at = plan.every ? sim.now + plan.every : QUIC_US_NEVER;
	plan.act();
	if (quic_conn_is_open(&ep->conn))
		quic_conn_output(&ep->conn, sim.now);
}

static inline void path_on_init(struct sim_endpoint *ep)
{
	/* Something to be said now and then: who only receives does not notice a rebinding. */
	ep->conn.config.keepalive = 300 * QUIC_US_PER_MS;
}

#define PATH_HOOKS	.on_init = path_on_init, .on_route = path_on_route, \
			.on_settle = path_on_settle, .on_packet = path_on_packet

static const struct sim_hooks path_hooks = { PATH_HOOKS };

/* A transfer of a few seconds, one way or the other. */
static inline void path_config(struct sim_config *cfg, u64 seed, void (*act)(void))
{
	/* Long enough for a validation that loses its first challenges. */
	u64 bytes = seed & 2 ? 3000000 : 1000000;
	unsigned int i;

	memset(&world, 0, sizeof(world));
	home = sim_addr;
	world.outside = home[0];
	world.outside.port = 40000;
	plan = (struct plan){ .at = start_at + 300000 + seed * 7919 % 500000, .stop = 1,
			      .act = act };
	sim_config_default(cfg, seed);
	cfg->hooks = &path_hooks;
	cfg->app[0] = (struct sim_app){ .streams = 1, .send_bytes = seed & 1 ? bytes : 2000 };
	cfg->app[1] = (struct sim_app){ .echo = true, .send_bytes = seed & 1 ? 2000 : bytes };
	for (i = 0; i < 2; i++) {
		cfg->link[i].rate = 400000;
		cfg->link[i].queue = 100000;
		if (!(seed & 2))
			continue;
		cfg->link[i].loss = seed * 31 % 30;
		cfg->link[i].jitter = seed * 17 % 5000;
		cfg->link[i].duplicate = seed * 13 % 30;
		cfg->link[i].corrupt = seed * 11 % 20;
	}
}

static inline const char *ended_well(const char *err)
{
	if (err)
		return err;
	if (!plan.done && plan.act)
		return "the transfer was over before anything happened";
	if (plan.result)
		return "the engine refused what it should do";
	/* The one CONNECTION_CLOSE may be lost: then the server ends in silence. */
	if (client->conn.close.code != 7 ||
	    (server->conn.close.code != 7 && server->conn.close.source != QUIC_CLOSE_IDLE))
		return "another end than the application's";
	return NULL;
}

static inline void rebind(const struct quic_addr *to)
{
	world.outside = *to;
	world.rebinds++;
}

/* ---- what a NAT does ---- */

static u64 delivered_before, delivered_after;

static inline void rebind_port(void)
{
	struct quic_addr to = world.outside;

	to.port++;
	delivered_before = server->conn.path->cong.rate.delivered;
	rebind(&to);
}

static inline void rebind_address(void)
{
	struct quic_addr to = world.outside;

	to.ip[3]++;
	delivered_before = server->conn.path->cong.rate.delivered;
	delivered_after = U64_MAX;
	rebind(&to);
}

static inline void rebind_either(void)
{
	if (sim_chance(&sim, 500))
		rebind_port();
	else
		rebind_address();
}

/* ---- the client moves ---- */

static const struct quic_addr *move_to;
static u64 dcid_before[2];

static inline void move_client(void)
{
	dcid_before[0] = client->conn.path->dcid_seq;
	dcid_before[1] = server->conn.path->dcid_seq;
	plan.result = quic_conn_migrate(&client->conn, move_to, &sim_addr[1], 1472, sim.now);
	if (!plan.result && quic_conn_migrate(&client->conn, &stranger, &sim_addr[1], 1472,
					      sim.now) != -EAGAIN)
		sim_fail(&sim, "two moves at a time");
	quic_conn_output(&client->conn, sim.now);
}

static inline const char *client_moved(void)
{
	if (!quic_addr_equal(&client->conn.path->local, move_to) ||
	    !quic_addr_equal(&server->conn.path->remote, move_to))
		return "somebody stayed behind";
	if (client->events[QUIC_EDGE_EV_MIGRATED] != 1 || !server->events[QUIC_EDGE_EV_MIGRATED])
		return "nobody was told";
	if (client->conn.path->dcid_seq == dcid_before[0] ||
	    server->conn.path->dcid_seq == dcid_before[1])
		return "the id of the old path is used on the new one";	/* [9000-9.5] */
	return NULL;
}

#endif /* _QUIC_SIM_PATH_BED_H */
