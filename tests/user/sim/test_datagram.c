// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_datagram.c - DATAGRAM frames (RFC 9221)
 *
 * Both applications send numbered datagrams whose bytes follow from the number and
 * check what arrives: each at most once, whole, no larger than was agreed on.
 */
#include "scenario.h"

enum { DGRAMS = 400, HEADER_BYTES = 4 };

/**
 * struct talker - one application
 * @max_frame: what it offers to take
 * @want: datagrams it sends
 * @size: bytes of each, 0: any that fits
 * @sent: how many the engine took
 * @got: how many came
 * @seen: which
 * @most: the largest payload that it might send
 */
static struct talker {
	u64 max_frame;
	unsigned int want;
	u32 size;
	unsigned int sent;
	unsigned int got;
	bool seen[DGRAMS];
	u32 most;
} talker[2];

static bool reads;
static bool lossless;	/* so that the window never shrinks */

static void talk_config(struct sim_config *cfg, u64 seed, const struct sim_hooks *hooks)
{
	unsigned int i;

	sim_config_default(cfg, seed);
	cfg->hooks = hooks;
	cfg->may_end_early = true;
	cfg->stays_open = true;
	cfg->give_up = 1000 * QUIC_US_PER_SEC;
	cfg->cipher = 1 + seed % (QUIC_NR_CIPHERS - 1);
	memset(talker, 0, sizeof(talker));
	reads = true;
	lossless = false;
	for (i = 0; i < 2; i++) {
		talker[i].max_frame = 65535;
		talker[i].want = DGRAMS;
		cfg->link[i].rate = 300000;
		cfg->link[i].queue = 100000;
	}
}

static void talk_on_init(struct sim_endpoint *ep)
{
	ep->conn.local.max_idle_timeout_ms = 3000;
	ep->conn.local.max_datagram_frame_size = talker[ep->me].max_frame;
	quic_tparam_mark(&ep->conn.local, QUIC_TPARAM_MAX_DATAGRAM_FRAME_SIZE);
}

static u8 talk_byte(unsigned int nr, u32 i)
{
	return nr * 31 + i * 7;
}

/* Queues datagram @nr of @len bytes: what the engine says. */
static int talk_send(struct sim_endpoint *ep, unsigned int nr, u32 len)
{
	struct quic_buf buf;
	int err;
	u32 i;

	if (quic_edge_buf_alloc(&ep->conn, len, &buf))
		return -ENOMEM;
	for (i = 0; i < len; i++)
		buf.data[i] = i < HEADER_BYTES ? nr >> (8 * i) : talk_byte(nr, i);
	err = quic_conn_send_datagram(&ep->conn, &buf);
	if (err)
		quic_edge_chunk_put(buf.chunk);
	return err;
}

static void talk_check(struct sim_endpoint *ep, const struct quic_buf *b)
{
	struct talker *t = &talker[ep->me];
	unsigned int nr = 0;
	u32 i;

	if (b->len < HEADER_BYTES) {
		sim_fail(&sim, "a datagram was cut");
		return;
	}
	for (i = 0; i < HEADER_BYTES; i++)
		nr |= b->data[i] << (8 * i);
	if (nr >= DGRAMS || t->seen[nr]) {
		sim_fail(&sim, "a datagram came twice, or was never sent");
		return;
	}
	if (talker[!ep->me].size && b->len != talker[!ep->me].size)
		sim_fail(&sim, "a datagram has another size");
	if (b->len + 1 + quic_wire_varint_len(b->len) > t->max_frame)
		sim_fail(&sim, "a frame larger than was agreed on");
	for (i = HEADER_BYTES; i < b->len; i++)
		if (b->data[i] != talk_byte(nr, i))
			sim_fail(&sim, "wrong byte in a datagram");
	t->seen[nr] = true;
	t->got++;
}

static void talk_read(struct sim_endpoint *ep)
{
	struct quic_datagram *d, *tmp;

	list_for_each_entry_safe(d, tmp, &ep->conn.dgrams_in, entry) {
		talk_check(ep, &d->buf);
		list_del(&d->entry);
		ep->conn.nr_dgrams_in--;
		ep->conn.rmem -= quic_conn_free_datagram(d);
	}
}

static void talk_write(struct sim_endpoint *ep)
{
	struct talker *t = &talker[ep->me];
	u32 max = quic_conn_datagram_max(&ep->conn), len;

	t->most = max(t->most, max);
	while (t->sent < t->want) {
		len = t->size ? t->size : HEADER_BYTES + sim_random(&sim, max - HEADER_BYTES + 1);
		if (talk_send(ep, t->sent, len))
			return;
		t->sent++;
	}
}

static void talk_on_settle(struct sim_endpoint *ep)
{
	if (reads)
		talk_read(ep);
	if (!quic_conn_is_established(&ep->conn))
		return;
	talk_write(ep);
	quic_conn_output(&ep->conn, sim.now);
	if (lossless && ep->conn.path->cong.in_flight > ep->conn.path->cong.cwnd)
		sim_fail(&sim, "more was sent than the window allows");
}

static const struct sim_hooks talk_hooks = {
	.on_init = talk_on_init,
	.on_settle = talk_on_settle,
};

static const char *talk_run(const struct sim_config *cfg)
{
	const char *err = scenario_run(cfg);
	unsigned int i;

	for (i = 0; i < 2 && !err; i++) {
		if (sim.ep[i].conn.stats.violations)
			return "a datagram was taken for a violation";
		if (talker[i].sent < talker[i].want)
			return "not all could be sent";
	}
	return err;
}

/* [9221-5] [9221-5.4] [9221-6] */
static const char *all_arrive_over_a_good_network(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	talk_config(&cfg, seed, &talk_hooks);
	lossless = true;
	cfg.link[0].queue = 10 * QUIC_US_PER_SEC;
	cfg.link[1].queue = 10 * QUIC_US_PER_SEC;
	talker[0].size = 1100;		/* several windows */
	err = talk_run(&cfg);
	if (!err && (talker[0].got != DGRAMS || talker[1].got != DGRAMS))
		return "some were lost";
	return err;
}

/* RFC 9221 5.2: nothing is sent twice, and nothing comes twice */
static const char *some_arrive_over_a_bad_network(u64 seed)
{
	struct sim_config cfg;
	const char *err;
	unsigned int i;

	talk_config(&cfg, seed, &talk_hooks);
	for (i = 0; i < 2; i++) {
		cfg.link[i].loss = 50 + seed % 4 * 50;
		cfg.link[i].jitter = seed % 3 * 10000;
		cfg.link[i].duplicate = seed % 5 * 30;
		cfg.link[i].corrupt = seed % 6 * 10;
	}
	err = talk_run(&cfg);
	for (i = 0; i < 2 && !err; i++)
		if (talker[i].got < DGRAMS / 4 || talker[i].got == DGRAMS)
			return "all or hardly any came";
	return err;
}

/* Beside a stream, which still gets through. [9221-5.4] */
static const char *they_share_packets_with_a_stream(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	talk_config(&cfg, seed, &talk_hooks);
	cfg.app[0] = (struct sim_app){ .streams = 1, .send_bytes = 200000, .echo = true };
	cfg.app[1] = (struct sim_app){ .send_bytes = 200000, .echo = true };
	cfg.link[0].loss = seed % 4 * 40;
	cfg.may_end_early = false;
	talker[seed % 2].size = 1 + HEADER_BYTES;
	err = talk_run(&cfg);
	if (!err && talker[0].got + talker[1].got < DGRAMS)
		return "hardly any came";
	return err;
}

/* [9221-3#2] the limit counts the whole frame, to the byte, and in one direction only */
static const char *peer_limit_is_kept_to_the_byte(u64 seed)
{
	static const u64 limits[] = { 6, 64, 65, 66, 67, 68, 1200, 1300 };
	u64 limit = limits[seed % ARRAY_SIZE(limits)];
	struct sim_config cfg;
	const char *err;

	talk_config(&cfg, seed, &talk_hooks);
	talker[1].max_frame = limit;
	err = talk_run(&cfg);
	if (!err && talker[0].most + 1 + quic_wire_varint_len(talker[0].most) > limit)
		return "it would send more than it may";
	if (!err && talker[0].most + 1 + 1 + quic_wire_varint_len(talker[0].most + 1) <= limit)
		return "it does not use the limit";
	return err;
}

static int err_none, err_large, err_max;

static void refuse_on_settle(struct sim_endpoint *ep)
{
	u32 max = quic_conn_datagram_max(&ep->conn);

	if (!quic_conn_is_established(&ep->conn))
		return;
	if (ep->me) {
		err_none = talk_send(ep, 0, HEADER_BYTES);
	} else if (!err_large) {
		err_large = talk_send(ep, 0, max + 1);
		err_max = talk_send(ep, 0, max);
		talker[0].sent = 1;
		talker[0].size = max;
		quic_conn_output(&ep->conn, sim.now);
	}
	talk_read(ep);
}

static const struct sim_hooks refuse_hooks = {
	.on_init = talk_on_init,
	.on_settle = refuse_on_settle,
};

/* [9221-3#1,2] [9000-19.21#1] */
static const char *what_was_not_agreed_on_is_refused(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	talk_config(&cfg, seed, &refuse_hooks);
	talker[0].max_frame = 0;
	talker[0].want = 0;
	talker[1].want = 0;
	err_large = 0;
	err = talk_run(&cfg);
	if (!err && (err_none != -EINVAL || err_large != -EMSGSIZE || err_max))
		return "another errno";
	if (!err && talker[1].got != 1)
		return "the largest one did not arrive";
	return err;
}

/* ---- bounds ---- */

static u32 most_in;
static u64 most_rmem;

static void deaf_on_settle(struct sim_endpoint *ep)
{
	most_in = max(most_in, ep->conn.nr_dgrams_in);
	most_rmem = max(most_rmem, ep->conn.rmem);
	talk_on_settle(ep);
}

static const struct sim_hooks deaf_hooks = {
	.on_init = talk_on_init,
	.on_settle = deaf_on_settle,
};

/* RFC 9221 5.3: what the application does not take is dropped, and acknowledged */
static const char *unread_ones_are_bounded(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	talk_config(&cfg, seed, &deaf_hooks);
	reads = false;
	most_in = 0;
	most_rmem = 0;
	talker[0].size = HEADER_BYTES;
	err = talk_run(&cfg);
	if (!err && (most_in > 256 || most_rmem > sim.ep[1].conn.config.rmem_max + 65536))
		return "more were kept than may be";
	if (!err && !sim.ep[1].conn.stats.dgrams_dropped)
		return "none was dropped";
	return err;
}

static unsigned int queued;
static int err_full;

static void full_on_settle(struct sim_endpoint *ep)
{
	if (ep->me || queued || !quic_conn_is_established(&ep->conn))
		return;
	while (!(err_full = talk_send(ep, queued, 1000)))
		queued++;
}

static const struct sim_hooks full_hooks = {
	.on_init = talk_on_init,
	.on_settle = full_on_settle,
};

static const char *queue_to_send_is_bounded(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	talk_config(&cfg, seed, &full_hooks);
	talker[0].want = 0;
	talker[1].want = 0;
	queued = 0;
	err = talk_run(&cfg);
	if (!err && (queued != 256 || err_full != -ENOBUFS))
		return "the queue has another length";
	return err;
}

/* ---- a path that shrinks ---- */

static bool narrow;

static bool narrow_on_send(struct sim *s, unsigned int from, u64 index, u8 *data, u32 len,
			   enum quic_ecn *ecn)
{
	return !narrow || len <= 1200;
}

static void narrow_on_settle(struct sim_endpoint *ep)
{
	struct talker *t = &talker[ep->me];

	talk_read(ep);
	if (!quic_conn_is_established(&ep->conn))
		return;
	/* The largest ones, until the way is narrow. */
	if (!ep->me && quic_conn_datagram_max(&ep->conn) > 1400)
		narrow = true;
	if (!ep->me && narrow && !t->sent)
		while (t->sent < 50 && !talk_send(ep, t->sent, 1400))
			t->sent++;
	quic_conn_output(&ep->conn, sim.now);
}

static void narrow_on_init(struct sim_endpoint *ep)
{
	talk_on_init(ep);
	ep->conn.local.max_idle_timeout_ms = 60000;
}

static const struct sim_hooks narrow_hooks = {
	.on_init = narrow_on_init,
	.on_send = narrow_on_send,
	.on_settle = narrow_on_settle,
};

/* RFC 9221 5: too large for the path now: lost, and no obstacle to anything else */
static const char *ones_that_no_longer_fit_stop_nothing(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	talk_config(&cfg, seed, &narrow_hooks);
	cfg.app[0] = (struct sim_app){ .streams = 1, .send_bytes = 400000, .echo = true };
	cfg.app[1] = (struct sim_app){ .send_bytes = 1000, .echo = true };
	cfg.may_end_early = false;
	cfg.stays_open = false;
	talker[0].want = 0;
	talker[1].want = 0;
	narrow = false;
	err = talk_run(&cfg);
	if (!err && !narrow)
		return "the way was never wide";
	if (!err && !sim.ep[0].conn.stats.dgrams_dropped)
		return "none was dropped";
	return err;
}

/* ---- a peer that sends too much ---- */

static bool forged;

static void forge_on_settle(struct sim_endpoint *ep)
{
	struct sim_endpoint *from = &sim.ep[0];
	u8 frames[64] = { QUIC_FRAME_DATAGRAM_LEN }, dgram[SIM_FORGE_MAX_BYTES];
	struct sim_forge f = {
		.level = QUIC_LEVEL_APP, .frames = frames,
		.pn = from->conn.recovery.space[QUIC_SPACE_APP].sent.next + 50,
	};

	if (forged || !from->conn.confirmed || !sim.ep[1].conn.confirmed)
		return;
	forged = true;
	f.len = talker[1].max_frame + talker[0].size;
	frames[1] = f.len - 2;
	sim_inject(&sim, 1, dgram, sim_forge(from, &f, dgram), 1000);
}

static const struct sim_hooks forge_hooks = {
	.on_init = talk_on_init,
	.on_settle = forge_on_settle,
};

static const char *forge_run(u64 seed, u32 excess)
{
	struct sim_config cfg;

	talk_config(&cfg, seed, &forge_hooks);
	forged = false;
	talker[0].size = excess;
	talker[1].max_frame = 10 + seed % 30;
	return scenario_run(&cfg);
}

/* [9221-3#4] */
static const char *frame_above_the_limit_is_a_violation(u64 seed)
{
	const char *err = forge_run(seed, 0);

	if (!err && sim.ep[1].conn.stats.violations)
		return "a frame as large as the limit is none";
	err = err ?: forge_run(seed, 1);
	if (!err && (sim.ep[1].conn.close.source != QUIC_CLOSE_LOCAL ||
		     sim.ep[1].conn.close.code != QUIC_ERR_PROTOCOL_VIOLATION))
		return "it was not answered with PROTOCOL_VIOLATION";
	return err;
}

static bool offered_nothing(const struct quic_close *c)
{
	const char *want = quic_violation_name(QUIC_VIOLATION_DATAGRAM_NOT_NEGOTIATED);

	return c->source == QUIC_CLOSE_LOCAL && c->code == QUIC_ERR_PROTOCOL_VIOLATION &&
	       !strcmp((const char *)c->reason, want);
}

/* [9221-3#3] */
static const char *frame_that_was_not_offered_is_a_violation(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	talk_config(&cfg, seed, &forge_hooks);
	forged = false;
	talker[0].size = 4 + seed % 40;
	talker[1].max_frame = 0;
	err = scenario_run(&cfg);
	if (!err && !offered_nothing(&sim.ep[1].conn.close))
		return "it was not answered as it should be";
	return err;
}

int main(int argc, char **argv)
{
	static const struct scenario list[] = {
		SCENARIO(all_arrive_over_a_good_network),
		SCENARIO(some_arrive_over_a_bad_network),
		SCENARIO(they_share_packets_with_a_stream),
		SCENARIO(peer_limit_is_kept_to_the_byte),
		SCENARIO(what_was_not_agreed_on_is_refused),
		SCENARIO(unread_ones_are_bounded),
		SCENARIO(queue_to_send_is_bounded),
		SCENARIO(ones_that_no_longer_fit_stop_nothing),
		SCENARIO(frame_above_the_limit_is_a_violation),
		SCENARIO(frame_that_was_not_offered_is_a_violation),
	};

	return scenario_main(argc, argv, list, ARRAY_SIZE(list));
}
