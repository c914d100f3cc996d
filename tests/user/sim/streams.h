/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * streams.h - applications that act on streams one call at a time, as through the
 * socket, in place of those of app.c, which then only do the handshake
 */
#ifndef _QUIC_SIM_STREAMS_H
#define _QUIC_SIM_STREAMS_H

#include "scenario.h"

static struct sim_endpoint *const client = &sim.ep[0];
static struct sim_endpoint *const server = &sim.ep[1];

/* ---- a run ---- */

static void (*streams_step)(struct sim_endpoint *ep);	/* after every call, once established */
static bool streams_over;

static inline void streams_on_settle(struct sim_endpoint *ep)
{
	if (!quic_conn_is_established(&ep->conn) || !client->conn.confirmed)
		return;
	streams_step(ep);
	quic_conn_output(&ep->conn, sim.now);
	if (!streams_over)
		return;
	quic_conn_abort(&client->conn, sim.now);
	quic_conn_abort(&server->conn, sim.now);
}

static inline void default_on_init(struct sim_endpoint *ep)
{
}

static inline void default_on_event(struct sim_endpoint *ep, const struct quic_edge_event_info *ev)
{
}

static struct sim_hooks hooks;

static inline void streams_config(struct sim_config *cfg, u64 seed,
				  void (*step)(struct sim_endpoint *ep))
{
	unsigned int i;

	hooks = (struct sim_hooks){
		.on_init = default_on_init, .on_settle = streams_on_settle,
		.on_event = default_on_event,
	};
	streams_step = step;
	streams_over = false;
	sim_config_default(cfg, seed);
	cfg->hooks = &hooks;
	cfg->may_end_early = true;
	cfg->stays_open = true;
	cfg->give_up = 1000 * QUIC_US_PER_SEC;
	for (i = 0; i < 2; i++)
		cfg->app[i].reads_from = QUIC_US_NEVER;
}

/* Loss, reordering, duplication and corruption, by the seed. */
static inline void streams_bad_network(struct sim_config *cfg)
{
	struct sim r = { .rng = cfg->seed ^ 0x73747265616d73ULL };
	unsigned int i;

	for (i = 0; i < 2; i++) {
		cfg->link[i].latency = 1000 + sim_random(&r, 40000);
		cfg->link[i].loss = sim_random(&r, 120);
		cfg->link[i].jitter = sim_random(&r, 20000);
		cfg->link[i].duplicate = sim_random(&r, 50);
		cfg->link[i].corrupt = sim_random(&r, 20);
	}
}

static inline const char *streams_run(const struct sim_config *cfg)
{
	const char *err = scenario_run(cfg);

	return err ?: streams_over ? NULL : "it did not come to its end";
}

/* ---- what an application does ---- */

static inline struct quic_stream *open_next(struct sim_endpoint *ep, bool uni)
{
	struct quic_stream *s = NULL;

	return quic_stream_open(&ep->conn, quic_stream_next_sid(&ep->conn, uni), &s) ? NULL : s;
}

static inline void write_bytes(struct sim_endpoint *ep, struct quic_stream *s, u64 bytes, bool fin)
{
	struct quic_buf buf;
	u64 at, end = s->snd.end + bytes;
	u32 i, n;

	for (at = s->snd.end; at < end; at += n) {
		n = min_t(u64, end - at, 1000);
		if (quic_edge_buf_alloc(&ep->conn, n, &buf) ||
		    quic_sndbuf_append(&s->snd, &buf, n, 0)) {
			sim_fail(&sim, "no memory to write");
			return;
		}
		for (i = 0; i < n; i++)
			buf.data[i] = sim_byte(s->sid, ep->me, at + i);
		ep->conn.wmem += buf.truesize;
	}
	quic_stream_on_written(&ep->conn, s, fin);
}

/* Reads up to @max bytes of @s and checks them: how many. */
static inline u64 read_bytes(struct sim_endpoint *ep, struct quic_stream *s, u64 max)
{
	u64 n = min(quic_inqueue_readable(&s->rcv), max), left = n, at = s->rcv.read;
	const struct quic_buf *b;
	u32 i = 0, k;

	while (left) {
		b = quic_inqueue_peek_at(&s->rcv, i++);
		for (k = 0; k < b->len && left; k++, left--)
			if (b->data[k] != sim_byte(s->sid, !ep->me, at++))
				sim_fail(&sim, "wrong byte delivered");
	}
	quic_stream_on_read(&ep->conn, s, n, sim.now);
	return n;
}

/* Reads everything there is: how many streams ended. */
static inline unsigned int read_all(struct sim_endpoint *ep)
{
	struct list_head *readable = &ep->conn.streams.readable;
	unsigned int ended = 0;

	while (!list_empty(readable)) {
		struct quic_stream *s = list_first_entry(readable, struct quic_stream, read_entry);

		read_bytes(ep, s, U64_MAX);
		if (quic_stream_at_fin(s)) {
			quic_stream_on_end_told(&ep->conn, s);
			ended++;
		}
	}
	return ended;
}

/* A clock for what happens in silence. */
static inline void tick_on_init(struct sim_endpoint *ep)
{
	ep->conn.config.keepalive = 50000;
}

#endif /* _QUIC_SIM_STREAMS_H */
