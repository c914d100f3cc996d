// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sim.c - the event queue and the network
 *
 * Events are ordered by time, then by the order they were made in, so nothing
 * depends on addresses or on the host.  Datagrams of equal size that arrive in
 * the same instant are handed over as one aggregate, as GRO would.
 */
#include <assert.h>

#include "sim.h"

struct sim_event {
	quic_us at;
	u64 order;
	struct sim_endpoint *ep;
	u8 *data;	/* NULL: a timer */
	u32 len;
	enum quic_ecn ecn;
	struct quic_addr src;
	struct quic_addr dst;
};

const struct quic_addr sim_addr[2] = {
	{ .family = 4, .port = 5000, .ip = { 10, 0, 0, 1 } },
	{ .family = 4, .port = 443, .ip = { 10, 0, 1, 1 } },
};

const struct quic_addr sim_addr6[2] = {
	{ .family = 6, .port = 5000, .ip = { 0xfd, 1, [15] = 1 } },
	{ .family = 6, .port = 443, .ip = { 0xfd, 2, [15] = 1 } },
};

u64 sim_random(struct sim *sim, u64 n)
{
	u64 z = (sim->rng += 0x9e3779b97f4a7c15ULL);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return (z ^ (z >> 31)) % n;
}

bool sim_chance(struct sim *sim, unsigned int per_mille)
{
	return per_mille && sim_random(sim, 1000) < per_mille;
}

/* Everything that happens goes into one hash: two runs are equal or not. */
void sim_note(struct sim *sim, u64 a, u64 b)
{
	sim->hash = (sim->hash ^ a ^ sim->now) * 0x100000001b3ULL;
	sim->hash = (sim->hash ^ b ^ sim->hash >> 29) * 0x100000001b3ULL;
}

void sim_fail(struct sim *sim, const char *why)
{
	if (!sim->error)
		sim->error = why;
}

/* ---- event heap ---- */

static bool event_before(const struct sim_event *a, const struct sim_event *b)
{
	return a->at < b->at || (a->at == b->at && a->order < b->order);
}

static void event_push(struct sim *sim, struct sim_event *e)
{
	unsigned int i = sim->nr_events++, up;

	assert(sim->nr_events < ARRAY_SIZE(sim->heap));
	e->order = sim->order++;
	for (; i && event_before(e, sim->heap[up = (i - 1) / 2]); i = up)
		sim->heap[i] = sim->heap[up];
	sim->heap[i] = e;
}

static struct sim_event *event_pop(struct sim *sim)
{
	struct sim_event *top = sim->heap[0], *last = sim->heap[--sim->nr_events];
	unsigned int i = 0, child;

	while ((child = 2 * i + 1) < sim->nr_events) {
		if (child + 1 < sim->nr_events &&
		    event_before(sim->heap[child + 1], sim->heap[child]))
			child++;
		if (!event_before(sim->heap[child], last))
			break;
		sim->heap[i] = sim->heap[child];
		i = child;
	}
	sim->heap[i] = last;
	return top;
}

static void event_free(struct sim_event *e)
{
	free(e->data);
	free(e);
}

/* ---- network ---- */

static struct quic_addr endpoint_addr(const struct sim *sim, unsigned int who)
{
	struct quic_addr a = sim->cfg.addrs[who];

	if (!who && sim->cfg.client_ip)
		a.ip[3] = sim->cfg.client_ip;
	return a;
}

/* Puts a datagram into the queue; the event owns a copy of it. */
static struct sim_event *link_queue(struct sim *sim, unsigned int to, const u8 *data, u32 len,
				    quic_us at)
{
	struct sim_event *e = calloc(1, sizeof(*e));

	e->at = at;
	e->ep = &sim->ep[to];
	e->data = malloc(len);
	memcpy(e->data, data, len);
	e->len = len;
	e->src = endpoint_addr(sim, !to);
	e->dst = endpoint_addr(sim, to);
	event_push(sim, e);
	return e;
}

static void link_deliver(struct sim *sim, const struct sim_event *from, const u8 *data, u32 len,
			 enum quic_ecn ecn, quic_us at)
{
	unsigned int to = from->ep->me;
	const struct sim_link_config *l = &sim->cfg.link[!to];
	struct sim_event *e = link_queue(sim, to, data, len, at);

	e->src = from->src;
	e->dst = from->dst;
	e->ecn = ecn != QUIC_ECN_NOT_ECT && sim_chance(sim, l->ce) ? QUIC_ECN_CE : ecn;
	if (sim_chance(sim, l->corrupt))
		e->data[sim_random(sim, len)] ^= 1 << sim_random(sim, 8);
}

void sim_inject(struct sim *sim, unsigned int to, const u8 *data, u32 len, quic_us delay)
{
	link_queue(sim, to, data, len, sim->now + delay);
}

void sim_inject_from(struct sim *sim, unsigned int to, const struct quic_addr *src,
		     const struct quic_addr *dst, const u8 *data, u32 len, quic_us delay)
{
	struct sim_event *e = link_queue(sim, to, data, len, sim->now + delay);

	e->src = *src;
	e->dst = *dst;
}

/* Datagrams that wait for the bottleneck. */
static unsigned int pipe_waiting(struct sim_pipe *p, quic_us now)
{
	while (p->nr && p->starts[p->first] <= now) {
		p->first = (p->first + 1) % SIM_PIPE_MAX_PKTS;
		p->nr--;
	}
	return p->nr;
}

/*
 * When a datagram of @len bytes begins to leave over the bottleneck; QUIC_US_NEVER:
 * its queue is full.
 */
static quic_us link_leave(struct sim *sim, unsigned int from, u32 len, enum quic_ecn *ecn)
{
	const struct sim_link_config *l = &sim->cfg.link[from];
	struct sim_pipe *p = l->pipe ? l->pipe : &sim->ep[from].pipe;
	unsigned int waiting;
	quic_us leave;

	if (!l->rate)
		return sim->now;
	leave = max(p->free_at, sim->now);
	waiting = pipe_waiting(p, sim->now);
	if (l->queue_pkts ? waiting >= l->queue_pkts : leave - sim->now > l->queue)
		return QUIC_US_NEVER;
	if (l->mark_pkts && waiting >= l->mark_pkts && *ecn != QUIC_ECN_NOT_ECT)
		*ecn = QUIC_ECN_CE;
	if (l->queue_pkts) {
		assert(p->nr < SIM_PIPE_MAX_PKTS);
		p->starts[(p->first + p->nr++) % SIM_PIPE_MAX_PKTS] = leave;
	}
	p->free_at = leave + (u64)(len + l->overhead) * QUIC_US_PER_SEC / l->rate;
	return leave;
}

void sim_send(struct sim *sim, unsigned int from, const struct quic_path *path, u8 *data, u32 len,
	      enum quic_ecn ecn)
{
	struct sim_event hop = { .ep = &sim->ep[!from], .src = path->local, .dst = path->remote };
	const struct sim_link_config *l = &sim->cfg.link[from];
	const struct sim_hooks *hooks = sim->cfg.hooks;
	struct sim_endpoint *ep = &sim->ep[from];
	quic_us leave;

	ep->dgrams++;
	ep->dgram_bytes += len;
	sim_note(sim, 0x5e << 24 | from, len);
	if ((hooks && hooks->on_send &&
	     !hooks->on_send(sim, from, ep->dgrams - 1, data, len, &ecn)) ||
	    (hooks && hooks->on_route &&
	     !hooks->on_route(sim, from, &hop.src, &hop.dst, data, len)) ||
	    len > l->mtu || sim_chance(sim, l->loss)) {
		sim->dropped++;
		return;
	}
	leave = link_leave(sim, from, len, &ecn);
	if (leave == QUIC_US_NEVER) {
		sim->dropped++;
		return;
	}
	leave += l->latency + (l->jitter ? sim_random(sim, l->jitter) : 0);
	link_deliver(sim, &hop, data, len, ecn, leave);
	if (sim_chance(sim, l->duplicate))
		link_deliver(sim, &hop, data, len, ecn, leave + sim_random(sim, 3000));
}

/* ---- endpoints ---- */

static void endpoint_arm(struct sim_endpoint *ep)
{
	quic_us at = quic_timers_earliest(&ep->conn.timers);
	struct sim_event *e;

	if (at == QUIC_US_NEVER)
		return;
	e = calloc(1, sizeof(*e));
	e->at = max(at, ep->sim->now);
	e->ep = ep;
	event_push(ep->sim, e);
}

static void endpoint_settle(struct sim_endpoint *ep)
{
	const struct sim_hooks *hooks = ep->sim->cfg.hooks;

	sim_app_run(ep);
	if (hooks && hooks->on_settle)
		hooks->on_settle(ep);
	ep->conn.notify = 0;
	endpoint_arm(ep);
}

static void endpoint_init(struct sim *sim, unsigned int me);

/* What is said without a connection goes back to where the client is at first. */
static void stateless_send(struct sim_endpoint *ep, u8 *data, u32 len)
{
	const struct quic_path path = {
		.local = endpoint_addr(ep->sim, ep->me), .remote = endpoint_addr(ep->sim, !ep->me),
	};

	sim_send(ep->sim, ep->me, &path, data, len, QUIC_ECN_NOT_ECT);
}

/* What a listener does besides accepting: Retry, INVALID_TOKEN; true: accept. */
static bool endpoint_admit(struct sim_endpoint *ep, const struct quic_header *h,
			   struct quic_admission *a, bool *refuse)
{
	struct quic_addr remote = endpoint_addr(ep->sim, 0);
	struct sim *sim = ep->sim;
	u8 retry[QUIC_ADMIT_RETRY_BYTES];
	struct quic_writer w;

	*a = (struct quic_admission){ .odcid = h->dcid };
	*refuse = false;
	if (!sim->cfg.tokens)
		return true;
	switch (quic_admit_initial(sim->cfg.tokens, h, &remote, sim->cfg.validate, sim->now, a)) {
	case QUIC_ADMIT_RETRY:
		quic_wire_write_init(&w, retry, sizeof(retry));
		if (quic_admit_retry(sim->cfg.tokens, h, &remote, sim->now, &w) || w.overflow)
			sim_fail(sim, "no Retry packet");
		ep->retries++;
		stateless_send(ep, retry, w.len);
		return false;
	case QUIC_ADMIT_REFUSE:
		*refuse = true;
		return true;
	default:
		return true;
	}
}

static void endpoint_negotiate(struct sim_endpoint *ep, const struct quic_header *h)
{
	struct quic_writer w;
	u8 vn[128];

	quic_wire_write_init(&w, vn, sizeof(vn));
	quic_header_encode_vn(&w, &h->scid, &h->dcid, 0, 0xfafafafa);
	if (ep->sim->cfg.only_version) {	/* instead of the list, which ends the packet */
		w.len = 7 + h->scid.len + h->dcid.len;
		quic_wire_put_u32(&w, ep->sim->cfg.only_version);
	}
	stateless_send(ep, vn, w.len);
}

/*
 * A server is born with the first Initial.  One that was corrupted on the way
 * makes a server that can open nothing: a listener would have made another from
 * the next Initial, and so does this.
 */
static bool endpoint_accept(struct sim_endpoint *ep, const struct sim_event *e)
{
	struct quic_admission a;
	struct quic_header h;
	bool refuse;

	if (e->len < QUIC_MIN_DATAGRAM_BYTES ||
	    !quic_header_decode(e->data, e->len, QUIC_CID_OURS_BYTES, &h))
		return false;
	if (h.kind == QUIC_PACKET_UNKNOWN_VERSION ||
	    (ep->sim->cfg.only_version && h.kind != QUIC_PACKET_SHORT &&
	     h.version_number != ep->sim->cfg.only_version)) {
		endpoint_negotiate(ep, &h);
		return false;
	}
	if (h.kind != QUIC_PACKET_INITIAL || h.dcid.len < 8 || !endpoint_admit(ep, &h, &a, &refuse))
		return false;
	if (ep->started) {
		quic_conn_exit(&ep->conn);
		endpoint_init(ep->sim, ep->me);
	}
	if (quic_conn_start_server(&ep->conn, &h, &a.odcid, a.retried ? &h.dcid : NULL,
				   a.validated, &e->dst, &e->src, ep->sim->now))
		return false;
	ep->started = true;
	ep->refuse = refuse;
	return true;
}

/* Takes the datagrams that arrive together with @first off the queue. */
static u32 endpoint_gather(struct sim *sim, const struct sim_event *first, u8 *buf, u32 room)
{
	u32 len = first->len, last = first->len;

	memcpy(buf, first->data, first->len);
	while (sim->nr_events && last == first->len) {
		struct sim_event *e = sim->heap[0];

		if (e->at != first->at || e->ep != first->ep || !e->data ||
		    e->len > first->len || e->ecn != first->ecn || len + e->len > room ||
		    !quic_addr_equal(&e->src, &first->src) ||
		    !quic_addr_equal(&e->dst, &first->dst))
			break;
		event_pop(sim);
		memcpy(buf + len, e->data, e->len);
		len += e->len;
		last = e->len;
		event_free(e);
	}
	return len;
}

/* Is there a connection that @e can be for? */
static bool endpoint_is_ready(struct sim_endpoint *ep, const struct sim_event *e)
{
	if (!ep->me || ep->conn.stats.pkts_rcvd || endpoint_accept(ep, e))
		return ep->started;
	return ep->started && !ep->sim->cfg.validate;
}

static void endpoint_receive(struct sim_endpoint *ep, const struct sim_event *e)
{
	static u8 buf[65536];
	struct quic_agg *agg;
	u32 len;

	if (!endpoint_is_ready(ep, e))
		return;
	len = endpoint_gather(ep->sim, e, buf, sizeof(buf));
	agg = sim_agg_new(buf, len, e->len, e->ecn);
	agg->local = e->dst;
	agg->remote = e->src;
	quic_conn_receive(&ep->conn, agg, ep->sim->now);
	quic_edge_agg_free(agg);
	if (ep->refuse && ep->conn.stats.pkts_rcvd)
		quic_conn_violate(&ep->conn, QUIC_VIOLATION_TOKEN_INVALID, 0, ep->sim->now);
	endpoint_settle(ep);
}

static void endpoint_on_timer(struct sim_endpoint *ep)
{
	if (quic_timers_earliest(&ep->conn.timers) > ep->sim->now)
		return;		/* armed again for later meanwhile */
	quic_conn_on_timeout(&ep->conn, ep->sim->now);
	endpoint_settle(ep);
}

static void endpoint_init(struct sim *sim, unsigned int me)
{
	struct sim_endpoint *ep = &sim->ep[me];
	struct quic_conn_config *c = &ep->conn.config;

	ep->sim = sim;
	ep->me = me;
	quic_conn_init(&ep->conn);
	c->mtu_max = sim->cfg.mtu_max;
	c->cong = sim->cfg.cong;
	c->ecn = sim->cfg.ecn;
	c->version = sim->cfg.version;
	c->nodelay = sim_chance(sim, 500);
	ep->conn.local.max_idle_timeout_ms = 900000;
	if (sim->cfg.hooks && sim->cfg.hooks->on_init)
		sim->cfg.hooks->on_init(ep);
}

/* ---- a run ---- */

void sim_config_default(struct sim_config *cfg, u64 seed)
{
	unsigned int i;

	*cfg = (struct sim_config){
		.seed = seed,
		.addrs = sim_addr,
		.cipher = QUIC_CIPHER_AES_128_GCM,
		.mtu_max = 1472,
		.cong = &quic_cong_cubic_ops,
		.version = QUIC_V1,
		.give_up = 20000 * QUIC_US_PER_SEC,
		.start_at = sim_start_at,
		.hello_bytes = 320,
		.flight_bytes = 3000,
	};
	for (i = 0; i < 2; i++)
		cfg->link[i] = (struct sim_link_config){ .latency = 10000, .mtu = 1472 };
}

static bool sim_is_over(const struct sim *sim)
{
	return sim->error || (sim->ep[0].conn.state == QUIC_CONN_CLOSED &&
			      sim->ep[1].conn.state == QUIC_CONN_CLOSED);
}

/* Makes both endpoints and lets the client start. */
static void sim_begin(struct sim *sim, const struct sim_config *cfg)
{
	struct quic_addr local;
	unsigned int i;

	memset(sim, 0, sizeof(*sim));
	sim->cfg = *cfg;
	local = endpoint_addr(sim, 0);
	sim->live_before = quic_env_live;
	sim->rng = cfg->seed * 0x2545f4914f6cdd1dULL + 1;
	sim->now = cfg->start_at;
	sim_current = sim;
	for (i = 0; i < 2; i++)
		endpoint_init(sim, i);
	if (quic_conn_start_client(&sim->ep[0].conn, &local, &cfg->addrs[1], sim->now)) {
		sim_fail(sim, "client did not start");
		return;
	}
	sim->ep[0].started = true;
	sim_app_start(&sim->ep[0]);
	endpoint_settle(&sim->ep[0]);
}

/* The next thing that happens. */
static void sim_step(struct sim *sim)
{
	struct sim_event *e = event_pop(sim);

	sim_current = sim;
	sim->now = e->at;
	if (sim->now > sim->cfg.give_up) {
		sim_fail(sim, "stuck: virtual time is over");
	} else if (e->data) {
		sim_note(sim, 0xd0 | e->ep->me, e->len);
		endpoint_receive(e->ep, e);
	} else {
		endpoint_on_timer(e->ep);
	}
	event_free(e);
}

const char *sim_run(struct sim *sim, const struct sim_config *cfg)
{
	sim_begin(sim, cfg);
	while (sim->nr_events && !sim_is_over(sim))
		sim_step(sim);
	if (!sim->error && !cfg->may_end_early && !(sim->ep[0].done && sim->ep[1].done))
		sim_fail(sim, "connection ended before the data was through");
	return sim->error;
}

/* The simulation in which something happens next, NULL: all are over. */
static struct sim *sim_next(struct sim **sims, unsigned int nr)
{
	struct sim *next = NULL;
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (sims[i]->nr_events && !sim_is_over(sims[i]) &&
		    (!next || sims[i]->heap[0]->at < next->heap[0]->at))
			next = sims[i];
	return next;
}

const char *sim_run_together(struct sim **sims, const struct sim_config *cfgs, unsigned int nr,
			     quic_us until)
{
	unsigned int i;
	struct sim *s;

	for (i = 0; i < nr; i++) {
		sim_begin(sims[i], &cfgs[i]);
		sims[i]->live_before = -1;
	}
	while ((s = sim_next(sims, nr)) && s->heap[0]->at <= until && !s->error)
		sim_step(s);
	for (i = 0; i < nr; i++)
		if (sims[i]->error)
			return sims[i]->error;
	return NULL;
}

void sim_free(struct sim *sim)
{
	unsigned int i;

	sim_current = sim;
	for (i = 0; i < 2; i++)
		quic_conn_exit(&sim->ep[i].conn);
	while (sim->nr_events)
		event_free(event_pop(sim));
	if (sim->chunks)
		sim_fail(sim, "buffers leaked");
	if (sim->keys)
		sim_fail(sim, "keys leaked");
	if (sim->live_before >= 0 && quic_env_live != sim->live_before)
		sim_fail(sim, "engine memory leaked");
	sim_current = NULL;
}
