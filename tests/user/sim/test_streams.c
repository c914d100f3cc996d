// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_streams.c - streams: turns, credit, numbers, ids, limits
 */
#include "streams.h"

/* ---- turns (RFC 9218 10) ---- */

enum { TURN_STREAMS = 4, TURN_BYTES = 300000 };

static void turns_network(struct sim_config *cfg)
{
	cfg->link[0].rate = 1000000;
	cfg->link[0].queue = 50000;
}

/* The client opens all streams at once, with all their bytes; @mark prepares number @i. */
static void turns_open(void (*mark)(struct quic_stream *s, unsigned int i))
{
	struct quic_stream *s;
	unsigned int i;

	for (i = 0; i < TURN_STREAMS; i++) {
		s = open_next(client, true);
		if (!s) {
			sim_fail(&sim, "no stream");
			return;
		}
		mark(s, i);
		write_bytes(client, s, TURN_BYTES, true);
	}
}

static u64 turn_got[TURN_STREAMS];

/* Reads at the server; which stream ended now, or -1. */
static int turns_read(void)
{
	struct list_head *readable = &server->conn.streams.readable;
	int ended = -1;

	while (!list_empty(readable)) {
		struct quic_stream *s = list_first_entry(readable, struct quic_stream, read_entry);
		unsigned int i = quic_sid_index(s->sid);

		turn_got[i] += read_bytes(server, s, U64_MAX);
		if (quic_stream_at_fin(s)) {
			ended = i;
			quic_stream_on_end_told(&server->conn, s);
		}
	}
	return ended;
}

static void mark_equal(struct quic_stream *s, unsigned int i)
{
}

static void equal_step(struct sim_endpoint *ep)
{
	unsigned int i;

	if (ep == client && !client->conn.streams.type[2].opened)
		turns_open(mark_equal);
	if (ep != server || turns_read() < 0)
		return;
	/* The first of them is through: where are the others? */
	for (i = 0; i < TURN_STREAMS; i++)
		if (turn_got[i] < TURN_BYTES * 80ULL / 100)
			sim_fail(&sim, "an unfair share");
	streams_over = true;
}

static const char *incremental_streams_share_alike(u64 seed)
{
	struct sim_config cfg;

	memset(turn_got, 0, sizeof(turn_got));
	streams_config(&cfg, seed, equal_step);
	turns_network(&cfg);
	return streams_run(&cfg);
}

static void mark_by_urgency(struct quic_stream *s, unsigned int i)
{
	quic_stream_set_priority(&client->conn, s, TURN_STREAMS - 1 - i, sim_chance(&sim, 500));
}

static unsigned int turns_left;

/* Streams end one after the other, @last first; none got far before its turn. */
static void ordered_step(struct sim_endpoint *ep,
			 void (*mark)(struct quic_stream *s, unsigned int i), bool last_first)
{
	unsigned int i, done;
	int ended;

	if (ep == client && !client->conn.streams.type[2].opened)
		turns_open(mark);
	if (ep != server)
		return;
	ended = turns_read();
	if (ended < 0)
		return;
	done = TURN_STREAMS - turns_left--;
	if ((unsigned int)ended != (last_first ? TURN_STREAMS - 1 - done : done))
		sim_fail(&sim, "another stream was first");
	for (i = 0; i < TURN_STREAMS; i++)
		if (last_first ? i + done + 1 < TURN_STREAMS : i > done)
			/* While lost bytes are awaited: no more than fits into the queue. */
			if (turn_got[i] > TURN_BYTES / 6)
				sim_fail(&sim, "a stream went before its turn");
	streams_over = !turns_left;
}

static void urgency_step(struct sim_endpoint *ep)
{
	ordered_step(ep, mark_by_urgency, true);
}

static const char *the_most_urgent_stream_goes_first(u64 seed)
{
	struct sim_config cfg;

	memset(turn_got, 0, sizeof(turn_got));
	turns_left = TURN_STREAMS;
	streams_config(&cfg, seed, urgency_step);
	turns_network(&cfg);
	return streams_run(&cfg);
}

static void mark_whole(struct quic_stream *s, unsigned int i)
{
	quic_stream_set_priority(&client->conn, s, QUIC_URGENCY_DEFAULT, false);
}

static void whole_step(struct sim_endpoint *ep)
{
	ordered_step(ep, mark_whole, false);
}

static const char *streams_that_do_not_share_go_by_id(u64 seed)
{
	struct sim_config cfg;

	memset(turn_got, 0, sizeof(turn_got));
	turns_left = TURN_STREAMS;
	streams_config(&cfg, seed, whole_step);
	turns_network(&cfg);
	return streams_run(&cfg);
}

/* ---- credit ---- */

enum { CREDIT_BYTES = 3000000 };

static struct {
	u64 written, read;
	quic_us read_at, read_every;
	u64 read_max;
} credit;

static void small_windows(struct sim_endpoint *ep)
{
	ep->conn.local.initial_max_data = 40000;
	ep->conn.local.initial_max_stream_data_uni = 30000;
	ep->conn.config.flow_window_max = 60000;
	ep->conn.config.keepalive = 20000;	/* a clock for the reader */
}

/* Writes what credit allows, as sendmsg() does, and says when it is short of it. */
static void credit_write(struct quic_stream *s)
{
	struct quic_conn *c = &client->conn;
	u64 unsent = s->snd.end - s->snd.next, room = quic_flow_tx_room(&c->tx);
	u64 n = min(s->tx.max - s->snd.end, room > unsent ? room - unsent : 0);

	n = min(n, CREDIT_BYTES - credit.written);
	if (n) {
		write_bytes(client, s, n, credit.written + n == CREDIT_BYTES);
		credit.written += n;
	}
	if (credit.written < CREDIT_BYTES)
		quic_stream_on_blocked(c, s);
}

static void credit_step(struct sim_endpoint *ep)
{
	struct quic_stream *s;

	if (ep == client) {
		s = client->conn.streams.type[2].opened ? quic_stream_find(&client->conn, 2) :
							  open_next(client, true);
		if (s && credit.written < CREDIT_BYTES)
			credit_write(s);
		return;
	}
	if (sim.now < credit.read_at || list_empty(&server->conn.streams.readable))
		return;
	credit.read_at = sim.now + credit.read_every;
	s = list_first_entry(&server->conn.streams.readable, struct quic_stream, read_entry);
	credit.read += read_bytes(server, s, credit.read_max);
	if (quic_stream_at_fin(s)) {
		quic_stream_on_end_told(&server->conn, s);
		streams_over = true;
	}
}

/* [9000-4.1]: told once for each limit, and it is not what credit waits for. */
static const char *a_sender_without_credit_says_so_once(u64 seed)
{
	u64 blocked, granted;
	struct sim_config cfg;
	const char *err;

	memset(&credit, 0, sizeof(credit));
	credit.read_every = 15000;
	credit.read_max = 25000;
	streams_config(&cfg, seed, credit_step);
	hooks.on_init = small_windows;
	err = streams_run(&cfg);
	blocked = client->frames_sent[QUIC_FRAME_DATA_BLOCKED] +
		  client->frames_sent[QUIC_FRAME_STREAM_DATA_BLOCKED];
	granted = server->frames_sent[QUIC_FRAME_MAX_DATA] +
		  server->frames_sent[QUIC_FRAME_MAX_STREAM_DATA];
	if (!err && !blocked)
		return "nobody was told";
	if (!err && blocked > granted + 2)
		return "a limit was told twice";
	/* A frame of credit is worth a part of the window, whatever is asked for. */
	if (!err && granted > 2 * CREDIT_BYTES / (30000 / 16))
		return "credit was given in crumbs";
	return err;
}

static const char *credit_survives_a_bad_network(u64 seed)
{
	struct sim_config cfg;

	memset(&credit, 0, sizeof(credit));
	credit.read_max = 1000 + seed * 977 % 60000;
	streams_config(&cfg, seed, credit_step);
	streams_bad_network(&cfg);
	hooks.on_init = small_windows;
	return streams_run(&cfg);
}

/* More to send than ever may leave, and the peer's bytes need credit of the same side. */
static void backlog_step(struct sim_endpoint *ep)
{
	static const u64 backlog = 1000000, answer = 300000;
	struct quic_stream *s;

	if (ep == client) {
		s = quic_stream_find(&client->conn, 2) ?: open_next(client, true);
		if (s && s->snd.end < s->snd.next + backlog)
			write_bytes(client, s, s->snd.next + backlog - s->snd.end, false);
		credit.read += read_all(client);
		streams_over = credit.read == 1;
		return;
	}
	read_all(server);
	if (!quic_stream_find(&server->conn, 3) && !credit.written) {
		s = open_next(server, true);
		credit.written = answer;
		write_bytes(server, s, answer, true);
	}
}

static void backlog_on_init(struct sim_endpoint *ep)
{
	small_windows(ep);
	ep->conn.config.max_pacing_rate = 250000;
	if (ep == client)
		return;
	ep->conn.local.initial_max_data = 1ULL << 40;
	ep->conn.local.initial_max_stream_data_uni = 1ULL << 40;
}

static const char *a_standing_backlog_does_not_hold_credit_back(u64 seed)
{
	struct sim_config cfg;

	memset(&credit, 0, sizeof(credit));
	streams_config(&cfg, seed, backlog_step);
	cfg.give_up = 60 * QUIC_US_PER_SEC;
	hooks.on_init = backlog_on_init;
	return streams_run(&cfg);
}

static u64 window_seen, window_max_seen;

static void window_step(struct sim_endpoint *ep)
{
	struct quic_stream *s = quic_stream_find(&server->conn, 2);

	credit_step(ep);
	if (s)
		window_seen = max(window_seen, s->rx.window);
	window_max_seen = max(window_max_seen, server->conn.rx.window);
}

static void window_on_init(struct sim_endpoint *ep)
{
	ep->conn.local.initial_max_data = 100000;
	ep->conn.local.initial_max_stream_data_uni = 60000;
	ep->conn.config.flow_window_max = 400000;
	ep->conn.config.keepalive = 20000;
}

static const char *window_run(u64 seed, quic_us every, u64 bytes)
{
	struct sim_config cfg;

	memset(&credit, 0, sizeof(credit));
	window_seen = 0;
	window_max_seen = 0;
	credit.read_every = every;
	credit.read_max = bytes;
	streams_config(&cfg, seed, window_step);
	hooks.on_init = window_on_init;
	return streams_run(&cfg);
}

/* By what one round trip carries, up to the bound that memory sets. */
static const char *windows_grow_with_a_fast_reader(u64 seed)
{
	const char *err = window_run(seed, 0, U64_MAX);

	if (!err && (window_seen < 240000 || window_max_seen < 400000))
		return "the windows did not grow";
	if (!err && (window_seen > 400000 || window_max_seen > 400000))
		return "a window is above its bound";
	return err;
}

static const char *windows_stay_with_a_slow_reader(u64 seed)
{
	const char *err = window_run(seed, 100000, 30000);

	return !err && (window_seen > 60000 || window_max_seen > 100000) ?
	       "a window grew for nothing" : err;
}

/* ---- numbers ---- */

enum { MANY = 10000 };

static struct {
	unsigned int opened, ended, most;
	long live, most_live;
} many;

/* One after the other, each as soon as the limit allows. */
static void row_step(struct sim_endpoint *ep)
{
	struct quic_stream *s;

	if (ep == server) {
		many.ended += read_all(server);
		many.most = max(many.most, server->conn.streams.type[2].nr);
		streams_over = many.ended == MANY;
		if (streams_over && server->conn.streams.type[2].nr)
			sim_fail(&sim, "objects of ended streams are left");
		return;
	}
	while (many.opened < MANY && (s = open_next(client, true))) {
		many.opened++;
		write_bytes(client, s, 3, true);
	}
	if (many.opened < MANY)
		quic_stream_on_open_blocked(&client->conn, true);
	/* Ended ones are forgotten: what is alive is what is open. */
	many.most_live = max(many.most_live, quic_env_live - sim.live_before);
}

static const char *ten_thousand_streams_in_a_row(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	memset(&many, 0, sizeof(many));
	streams_config(&cfg, seed, row_step);
	err = streams_run(&cfg);
	if (!err && many.most > 100)
		return "more streams at once than were allowed";
	if (!err && many.most_live > 100 * 12 + 100)
		return "memory is not given back";
	if (!err && !client->frames_sent[QUIC_FRAME_STREAMS_BLOCKED_UNI])
		return "STREAMS_BLOCKED was never sent";
	return err;
}

static void allow_many(struct sim_endpoint *ep)
{
	ep->conn.local.initial_max_streams_bidi = MANY;
	ep->conn.local.initial_max_data = 10000000;
}

/* All open, then all answered, then all gone. */
static void once_step(struct sim_endpoint *ep)
{
	struct quic_node *n;
	unsigned int i;

	if (ep == client && !many.opened) {
		for (i = 0; i < MANY; i++, many.opened++) {
			struct quic_stream *s = open_next(client, false);

			if (!s) {
				sim_fail(&sim, "no stream");
				return;
			}
			write_bytes(client, s, 10, true);
		}
		many.most_live = quic_env_live - sim.live_before;
	}
	if (ep == server && many.most < MANY) {
		many.most = server->conn.streams.type[0].nr;
		if (many.most < MANY)
			return;
		for (n = quic_tree_first(&server->conn.streams.tree); n;
		     n = quic_tree_next(&server->conn.streams.tree, n))
			write_bytes(server, container_of(n, struct quic_stream, node), 1, true);
	}
	if (ep == server) {
		read_all(server);
	} else {
		many.ended += read_all(client);
		streams_over = many.ended == MANY && !server->conn.streams.type[0].nr;
	}
}

static const char *ten_thousand_streams_at_once(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	memset(&many, 0, sizeof(many));
	streams_config(&cfg, seed, once_step);
	hooks.on_init = allow_many;
	err = streams_run(&cfg);
	if (!err && many.most_live > 3L * MANY + 100)
		return "a stream costs more allocations than it should";
	return err;
}

/* ---- ids ---- */

static void allow_all_ids(struct sim_endpoint *ep)
{
	ep->conn.local.initial_max_streams_bidi = QUIC_MAX_STREAMS;
	ep->conn.local.initial_max_streams_uni = QUIC_MAX_STREAMS;
}

static void highest_step(struct sim_endpoint *ep)
{
	quic_sid sid = quic_sid_make(QUIC_MAX_STREAMS - 1, false, true);
	struct quic_stream *s;

	if (ep == client && !many.opened) {
		many.opened++;
		if (quic_stream_open(&client->conn, sid, &s)) {
			sim_fail(&sim, "the highest id can not be opened");
			return;
		}
		write_bytes(client, s, 5000, true);
		if (open_next(client, true))
			sim_fail(&sim, "an id above the highest");
		/* One below is open, too, and used later. */
		if (quic_stream_for_send(&client->conn, 4 * 1000000 + 2, &s))
			sim_fail(&sim, "a lower id is not open");
		else
			write_bytes(client, s, 5000, true);
	}
	if (ep != server)
		return;
	many.most_live = max_t(long, many.most_live, server->conn.streams.type[2].nr);
	many.ended += read_all(server);
	streams_over = many.ended == 2;
}

/* [9000-2.1] [9000-3.2] */
static const char *the_highest_id_opens_all_below_at_the_cost_of_one(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	memset(&many, 0, sizeof(many));
	streams_config(&cfg, seed, highest_step);
	streams_bad_network(&cfg);
	hooks.on_init = allow_all_ids;
	err = streams_run(&cfg);
	return !err && many.most_live > 2 ? "idle streams have objects" : err;
}

/* ---- limits ---- */

/*
 * The limit is told in steps of a quarter.  Of 100 streams 10 end: nothing is
 * told until the client says that it waits.
 */
static void blocked_step(struct sim_endpoint *ep)
{
	struct quic_stream *s;

	if (ep == server) {
		many.ended += read_all(server);
		return;
	}
	while ((s = open_next(client, true))) {
		many.opened++;
		write_bytes(client, s, 10, many.opened <= 10);
	}
	if (many.opened == 100 && many.ended == 10)
		quic_stream_on_open_blocked(&client->conn, true);
	streams_over = many.opened == 110;
}

/* [9000-4.6] */
static const char *streams_blocked_is_answered_with_what_there_is(u64 seed)
{
	struct sim_config cfg;

	memset(&many, 0, sizeof(many));
	streams_config(&cfg, seed, blocked_step);
	streams_bad_network(&cfg);
	hooks.on_init = tick_on_init;
	return streams_run(&cfg);
}

/* The client waits before the first one ended: one that ends then is told at once. */
static void early_blocked_step(struct sim_endpoint *ep)
{
	struct quic_stream *s;

	if (ep == server) {
		if (server->conn.streams.type[2].peer_waits)
			many.ended += read_all(server);
		return;
	}
	while ((s = open_next(client, true))) {
		many.opened++;
		write_bytes(client, s, 10, many.opened == 1);
	}
	if (many.opened == 100)
		quic_stream_on_open_blocked(&client->conn, true);
	streams_over = many.opened == 101;
}

/* [9000-4.6] */
static const char *one_who_waits_is_told_of_the_next_end(u64 seed)
{
	struct sim_config cfg;

	memset(&many, 0, sizeof(many));
	streams_config(&cfg, seed, early_blocked_step);
	streams_bad_network(&cfg);
	hooks.on_init = tick_on_init;
	return streams_run(&cfg);
}

int main(int argc, char **argv)
{
	static const struct scenario list[] = {
		SCENARIO(incremental_streams_share_alike),
		SCENARIO(the_most_urgent_stream_goes_first),
		SCENARIO(streams_that_do_not_share_go_by_id),
		SCENARIO_ONCE(a_sender_without_credit_says_so_once),
		SCENARIO(credit_survives_a_bad_network),
		SCENARIO_ONCE(a_standing_backlog_does_not_hold_credit_back),
		SCENARIO_ONCE(windows_grow_with_a_fast_reader),
		SCENARIO_ONCE(windows_stay_with_a_slow_reader),
		SCENARIO_ONCE(ten_thousand_streams_in_a_row),
		SCENARIO_ONCE(ten_thousand_streams_at_once),
		SCENARIO(the_highest_id_opens_all_below_at_the_cost_of_one),
		SCENARIO(streams_blocked_is_answered_with_what_there_is),
		SCENARIO(one_who_waits_is_told_of_the_next_end),
	};

	return scenario_main(argc, argv, list, ARRAY_SIZE(list));
}
