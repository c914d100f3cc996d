// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_stream_ends.c - how streams end, and what applications are told
 *
 * The end, a reset and a request to stop in every order, with bytes in flight, bytes
 * unread, and packets lost: the two sides agree in the end, nothing stays behind, and
 * the events are those of UAPI.md 7 to the field.
 */
#include "streams.h"

/* What happened, as the event says it: state, code, final size. */
struct told {
	u8 state;
	u32 code;
	u64 size;
};

static struct told told[2][16];
static unsigned int nr_told[2];

static void ends_on_event(struct sim_endpoint *ep, const struct quic_edge_event_info *ev)
{
	if (ev->type != QUIC_EDGE_EV_STREAM || nr_told[ep->me] == ARRAY_SIZE(told[0]))
		return;
	told[ep->me][nr_told[ep->me]++] = (struct told){ ev->state, ev->code, ev->value };
}

static bool was_told(const struct sim_endpoint *ep, const struct told *want, unsigned int nr)
{
	unsigned int i;

	if (nr_told[ep->me] != nr)
		goto no;
	for (i = 0; i < nr; i++)
		if (told[ep->me][i].state != want[i].state ||
		    told[ep->me][i].code != want[i].code || told[ep->me][i].size != want[i].size)
			goto no;
	return true;
no:
	for (i = 0; i < nr_told[ep->me]; i++)
		printf("# %s was told: state %u, code %u, size %llu\n",
		       ep->me ? "server" : "client", told[ep->me][i].state, told[ep->me][i].code,
		       (unsigned long long)told[ep->me][i].size);
	return false;
}

/* uapi numbers of the states, UAPI.md 3 */
enum {
	TOLD_SEND_RECVD = 3, TOLD_RESET_SENT = 4, TOLD_RESET_ACKED = 5,
	TOLD_RECV = 6, TOLD_SIZE_KNOWN = 7, TOLD_ALL = 8, TOLD_RESET = 10,
};

static unsigned int stage;

static void no_more_streams(void)
{
	if (quic_tree_is_empty(&client->conn.streams.tree) &&
	    quic_tree_is_empty(&server->conn.streams.tree))
		streams_over = true;
}

static const char *ends_run(u64 seed, void (*step)(struct sim_endpoint *ep), bool bad)
{
	struct sim_config cfg;

	memset(nr_told, 0, sizeof(nr_told));
	stage = 0;
	streams_config(&cfg, seed, step);
	if (bad)
		streams_bad_network(&cfg);
	hooks.on_init = tick_on_init;
	hooks.on_event = ends_on_event;
	return streams_run(&cfg);
}

static void reset_step(struct sim_endpoint *ep)
{
	struct quic_stream *s;

	if (ep == client && !stage) {
		stage = 1;
		s = open_next(client, true);
		write_bytes(client, s, 5000, false);
	} else if (ep == client && stage == 1 && client->conn.streams.type[2].nr) {
		s = quic_stream_find(&client->conn, 2);
		if (s->snd.next < 5000)
			return;
		stage = 2;
		if (quic_stream_reset(&client->conn, s, 77))
			sim_fail(&sim, "no reset with bytes in flight");
		if (quic_stream_reset(&client->conn, s, 78) != -EINVAL)
			sim_fail(&sim, "a second reset");
		if (client->conn.wmem)
			sim_fail(&sim, "bytes of a reset stream are kept");
	} else if (stage == 2) {
		/* The server never reads. */
		no_more_streams();
	}
}

/* [9000-3.1] [9000-4.5]: bytes in flight, others received and not read. */
static const char *a_reset_takes_everything_along(u64 seed)
{
	static const struct told at_client[] = { { TOLD_RESET_ACKED, 77, 5000 } };
	const char *err = ends_run(seed, reset_step, true);
	unsigned int n = nr_told[1];

	if (err)
		return err;
	/* Credit for the bytes that nobody read is back: 5000 of them. */
	if (server->conn.rx.consumed != 5000 || server->conn.rx.received != 5000)
		return "credit is lost";
	if (!n || told[1][n - 1].state != TOLD_RESET || told[1][n - 1].code != 77 ||
	    told[1][n - 1].size != 5000)
		return "the server was told something else";
	return was_told(client, at_client, 1) ? NULL : "the client was told something else";
}

static void stop_step(struct sim_endpoint *ep)
{
	struct quic_stream *s;

	if (ep == client && !stage) {
		stage = 1;
		s = open_next(client, true);
		write_bytes(client, s, 3000, false);
	}
	s = quic_stream_find(&server->conn, 2);
	if (ep == server && stage == 1 && s && s->rx.received == 3000) {
		stage = 2;
		if (quic_stream_stop(&server->conn, s, 55))
			sim_fail(&sim, "no stop");
		if (quic_stream_stop(&server->conn, s, 56) != -EAGAIN)
			sim_fail(&sim, "a second stop");
		if (quic_inqueue_readable(&s->rcv) || server->conn.rmem)
			sim_fail(&sim, "bytes of a stopped stream are kept");
	}
	if (stage == 2)
		no_more_streams();
}

/* [9000-3.5] */
static const char *a_stop_is_answered_with_a_reset(u64 seed)
{
	static const struct told at_client[] = {
		{ TOLD_RESET_SENT, 55, 3000 }, { TOLD_RESET_ACKED, 55, 3000 },
	};
	static const struct told at_server[] = {
		{ TOLD_RECV, 0, 0 }, { TOLD_RESET, 55, 3000 },
	};
	const char *err = ends_run(seed, stop_step, false);

	if (err)
		return err;
	return was_told(client, at_client, 2) && was_told(server, at_server, 2) ?
	       NULL : "something else was told";
}

static void crossed_step(struct sim_endpoint *ep)
{
	struct quic_stream *s = quic_stream_find(&server->conn, 2);

	if (ep == client && !stage) {
		stage = 1;
		s = open_next(client, true);
		write_bytes(client, s, 3000, false);
	} else if (ep == server && stage == 1 && s) {
		/* The end leaves one side as the stop leaves the other. */
		stage = 2;
		quic_stream_stop(&server->conn, s, 55);
		s = quic_stream_find(&client->conn, 2);
		if (s) {
			write_bytes(client, s, 1000, true);
			quic_conn_output(&client->conn, sim.now);
		}
	} else if (stage == 2) {
		read_all(server);
		no_more_streams();
	}
}

/* Both ends agree on the final size and on the credit it used, however it went. */
static const char *a_stop_that_meets_the_end_leaves_nothing(u64 seed)
{
	const char *err = ends_run(seed, crossed_step, true);

	if (!err && (server->conn.rx.received != client->conn.tx.used ||
		     server->conn.rx.consumed != server->conn.rx.received))
		return "the two sides differ about the credit used";
	return err;
}

static void unknown_step(struct sim_endpoint *ep)
{
	struct quic_stream *s;

	if (ep == client && !stage) {
		stage = 1;
		s = open_next(client, false);
		/* Stopped before anything came, reset before anything was sent. */
		if (quic_stream_stop(&client->conn, s, 5) || quic_stream_reset(&client->conn, s, 6))
			sim_fail(&sim, "an unused stream can not be given up");
	}
	if (ep == server)
		read_all(server);
	if (stage)
		no_more_streams();
}

/* [9000-3.1]: RESET_STREAM may be the first that is heard of a stream. */
static const char *a_stream_given_up_unused_is_over_for_both(u64 seed)
{
	static const struct told at_server[] = {
		{ TOLD_RESET_SENT, 5, 0 }, { TOLD_RESET, 6, 0 }, { TOLD_RESET_ACKED, 5, 0 },
	};
	const char *err = ends_run(seed, unknown_step, false);
	unsigned int i;

	if (err)
		return err;
	/* The first two come in one packet, in either order. */
	for (i = 0; i < 2 && nr_told[1] == 3; i++)
		if (told[1][i].state == TOLD_RESET && !i)
			swap(told[1][0], told[1][1]);
	return was_told(server, at_server, 3) ? NULL : "something else was told";
}

static void fin_step(struct sim_endpoint *ep)
{
	struct quic_stream *s;

	if (ep == client && !stage) {
		stage = 1;
		s = open_next(client, true);
		write_bytes(client, s, 1000, false);
	} else if (ep == client && stage == 1) {
		s = quic_stream_find(&client->conn, 2);
		if (!s || s->snd.base < 1000)
			return;
		stage = 2;
		write_bytes(client, s, 0, true);
	} else if (stage == 2) {
		read_all(server);
		no_more_streams();
	}
}

static const char *a_bare_fin_ends_a_stream(u64 seed)
{
	static const struct told at_client[] = { { TOLD_SEND_RECVD, 0, 1000 } };
	static const struct told at_server[] = {
		{ TOLD_RECV, 0, 0 }, { TOLD_ALL, 0, 1000 },
	};
	const char *err = ends_run(seed, fin_step, true);

	if (err)
		return err;
	return was_told(client, at_client, 1) && was_told(server, at_server, 2) ?
	       NULL : "something else was told";
}

/* Which datagram of the client's is lost: the first of those with stream bytes. */
static bool lose_first(struct sim *s, unsigned int from, u64 index, u8 *data, u32 len,
		       enum quic_ecn *ecn)
{
	if (from || stage != 1)
		return true;
	stage = 2;
	return false;
}

static void gap_step(struct sim_endpoint *ep)
{
	struct quic_stream *s;

	if (ep == client && !stage) {
		stage = 1;
		s = open_next(client, true);
		write_bytes(client, s, 3000, true);
	} else if (stage == 2) {
		read_all(server);
		no_more_streams();
	}
}

static const char *an_end_before_its_bytes_is_told_as_size_known(u64 seed)
{
	static const struct told at_server[] = {
		{ TOLD_RECV, 0, 0 }, { TOLD_SIZE_KNOWN, 0, 3000 }, { TOLD_ALL, 0, 3000 },
	};
	struct sim_config cfg;
	const char *err;

	memset(nr_told, 0, sizeof(nr_told));
	stage = 0;
	streams_config(&cfg, seed, gap_step);
	hooks.on_init = tick_on_init;
	hooks.on_event = ends_on_event;
	hooks.on_send = lose_first;
	err = streams_run(&cfg);
	if (err)
		return err;
	return was_told(server, at_server, 3) ? NULL : "something else was told";
}

int main(int argc, char **argv)
{
	static const struct scenario list[] = {
		SCENARIO(a_reset_takes_everything_along),
		SCENARIO(a_stop_is_answered_with_a_reset),
		SCENARIO(a_stop_that_meets_the_end_leaves_nothing),
		SCENARIO(a_stream_given_up_unused_is_over_for_both),
		SCENARIO(a_bare_fin_ends_a_stream),
		SCENARIO(an_end_before_its_bytes_is_told_as_size_known),
	};

	return scenario_main(argc, argv, list, ARRAY_SIZE(list));
}
