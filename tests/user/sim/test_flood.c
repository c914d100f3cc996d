// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_flood.c - a peer that keeps the rules and means to exhaust us
 *
 * After an honest handshake one engine is cut off and packets are forged in its
 * name, thousands of them, one frame pattern per scenario and both roles as the
 * victim.  Each scenario says what the victim may cost at any moment:
 *
 *   allocations and bytes of the engine's tables, bytes of received data that are
 *   held, and the datagrams it answers with
 *
 * Those are counted exactly (quic_env_live, quic_env_bytes, sim.chunk_bytes); a
 * bound that is passed ends the run.
 */
#include "scenario.h"

enum { PACKETS = 3000, FRAMES_BYTES = 1300, RMEM_MAX = 200000 };

struct flood;

/**
 * struct flood - one pattern
 * @make: frames of packet number @i
 * @prepare: parameters of the victim
 * @once: when the flood begins
 * @packets: sent in all
 * @allocs: more live allocations than before it
 * @bytes: in them
 * @held: bytes of chunks above what was held before
 * @replies: datagrams of the victim, per 1000 packets of the flood
 * @want: how it ends: NONE: it is put up with
 * @gap: between packets, in microseconds
 * @unread: only against a victim that does not read
 */
struct flood {
	void (*make)(struct quic_writer *w, u32 i);
	void (*prepare)(struct quic_conn *victim);
	void (*once)(struct sim_endpoint *victim);
	u32 packets;
	long allocs;
	long bytes;
	long held;
	u32 replies;
	enum quic_violation want;
	quic_us gap;
	bool unread;
};

static struct {
	const struct flood *f;
	struct sim_endpoint *victim, *peer;
	bool begun;
	u32 sent;
	quic_us due;		/* the packet sent last arrives */
	quic_pn pn;
	u64 dgrams;
	long live, bytes, chunk_bytes;
	long most_live, most_bytes, most_held;
	char what[200];
} flood;

/* A stream of the attacker's. */
static quic_sid sid_of(u64 index, bool uni)
{
	return quic_sid_make(index, flood.peer->me, uni);
}

static void put_stream(struct quic_writer *w, quic_sid sid, u64 off, u32 len, u8 byte, bool fin)
{
	quic_wire_put_varint(w, QUIC_FRAME_STREAM | QUIC_FRAME_STREAM_OFF | QUIC_FRAME_STREAM_LEN |
			     (fin ? QUIC_FRAME_STREAM_FIN : 0));
	quic_wire_put_varint(w, sid);
	quic_wire_put_varint(w, off);
	quic_wire_put_varint(w, len);
	while (len--)
		quic_wire_put_u8(w, byte);
}

/* ---- the run ---- */

static void flood_fail(const char *what, long got, long most)
{
	snprintf(flood.what, sizeof(flood.what), "%s at packet %u: %ld, at most %ld", what,
		 flood.sent, got, most);
	sim_fail(&sim, flood.what);
}

static void flood_next(void)
{
	u8 frames[FRAMES_BYTES], dgram[SIM_FORGE_MAX_BYTES];
	struct sim_forge f = { .level = QUIC_LEVEL_APP, .frames = frames };
	struct quic_writer w;

	if (flood.sent == flood.f->packets)
		return;
	quic_wire_write_init(&w, frames, sizeof(frames));
	flood.f->make(&w, flood.sent++);
	if (w.overflow)
		sim_fail(&sim, "the pattern does not fit into a packet");
	f.len = w.len;
	f.pn = ++flood.pn;
	flood.due = sim.now + (flood.f->gap ?: 100);
	sim_inject(&sim, flood.victim->me, dgram, sim_forge(flood.peer, &f, dgram),
		   flood.due - sim.now);
}

/* What the victim costs now. */
static void flood_check(void)
{
	long live = quic_env_live - flood.live, bytes = quic_env_bytes - flood.bytes;
	long held = sim.chunk_bytes - flood.chunk_bytes;
	const struct quic_conn *c = &flood.victim->conn;

	flood.most_live = max(flood.most_live, live);
	flood.most_bytes = max(flood.most_bytes, bytes);
	flood.most_held = max(flood.most_held, held);
	if (live > flood.f->allocs)
		flood_fail("allocations", live, flood.f->allocs);
	if (bytes > flood.f->bytes)
		flood_fail("bytes in them", bytes, flood.f->bytes);
	if (held > flood.f->held)
		flood_fail("bytes of data held", held, flood.f->held);
	if (held > (long)c->rmem && c->rmem)
		flood_fail("held and not charged", held, c->rmem);
}

static bool flood_is_due(void)
{
	return !flood.begun && sim.ep[0].conn.confirmed && sim.ep[1].conn.confirmed;
}

static void flood_begin(void)
{
	flood.begun = true;
	if (flood.f->once)
		flood.f->once(flood.victim);
	flood.pn = flood.peer->conn.recovery.space[QUIC_SPACE_APP].sent.next + 100;
	flood.dgrams = flood.victim->dgrams;
	flood.live = quic_env_live;
	flood.bytes = quic_env_bytes;
	flood.chunk_bytes = sim.chunk_bytes;
	flood_next();
}

static void flood_on_settle(struct sim_endpoint *ep)
{
	u64 replies = flood.victim->dgrams - flood.dgrams;

	if (flood_is_due()) {
		flood_begin();
		return;
	}
	if (!flood.begun || ep != flood.victim || !quic_conn_is_open(&ep->conn))
		return;
	flood_check();
	if (sim.now < flood.due)
		return;
	if (flood.sent == flood.f->packets) {
		/* Probes and the last ACK are not the flood's. */
		if (replies * 1000 > (u64)flood.f->replies * flood.sent + 20000)
			flood_fail("datagrams in reply", replies,
				   (u64)flood.f->replies * flood.sent / 1000 + 20);
		quic_conn_abort(&sim.ep[0].conn, sim.now);
		quic_conn_abort(&sim.ep[1].conn, sim.now);
		return;
	}
	flood_next();
}

/* Nobody hears the attacker's engine any more, nor does it hear. */
static bool flood_on_send(struct sim *s, unsigned int from, u64 index, u8 *data, u32 len,
			  enum quic_ecn *ecn)
{
	return !flood.begun;
}

static void flood_on_init(struct sim_endpoint *ep)
{
	ep->conn.config.rmem_max = RMEM_MAX;
	if (ep == flood.victim && flood.f->prepare)
		flood.f->prepare(&ep->conn);
}

static const struct sim_hooks flood_hooks = {
	.on_init = flood_on_init,
	.on_send = flood_on_send,
	.on_settle = flood_on_settle,
};

static const char *flood_end(const char *err)
{
	const struct quic_close *c = &flood.victim->conn.close;

	if (err)
		return err;
	if (!flood.begun)
		return "the flood never began";
	if (flood.f->want != QUIC_VIOLATION_NONE)
		return strcmp((const char *)c->reason, quic_violation_name(flood.f->want)) ?
		       "another end than expected" : NULL;
	if (c->source != QUIC_CLOSE_NONE)
		return c->reason_len ? (const char *)c->reason : "the victim closed";
	return flood.sent == flood.f->packets ? NULL : "the flood did not get through";
}

static const char *flood_one(const struct flood *f, unsigned int victim, bool reads, u64 seed)
{
	struct sim_config cfg;

	sim_config_default(&cfg, seed);
	cfg.hooks = &flood_hooks;
	cfg.may_end_early = true;
	cfg.stays_open = true;
	cfg.foreign_bytes = true;
	cfg.give_up = 1000 * QUIC_US_PER_SEC;
	if (!reads)
		cfg.app[victim].reads_from = QUIC_US_NEVER;
	memset(&flood, 0, sizeof(flood));
	flood.f = f;
	flood.victim = &sim.ep[victim];
	flood.peer = &sim.ep[!victim];
	sim_run(&sim, &cfg);
	if (getenv("FLOOD_VERBOSE"))
		printf("# %ld allocations, %ld bytes, %ld held, %llu replies, rmem %llu\n",
		       flood.most_live, flood.most_bytes, flood.most_held,
		       (unsigned long long)(flood.victim->dgrams - flood.dgrams),
		       (unsigned long long)flood.victim->conn.rmem);
	return flood_end(scenario_end());
}

/* With either role as the victim, and a reader or none. */
static const char *flood_run(const struct flood *f, u64 seed)
{
	const char *err = NULL;
	unsigned int i;

	for (i = 0; i < (f->unread ? 2 : 4) && !err; i++)
		err = flood_one(f, i & 1, i & 2, seed);
	return err;
}

/* ---- stream ids ---- */

static void allow_4096_streams(struct quic_conn *victim)
{
	victim->local.initial_max_streams_bidi = 4096;
	victim->local.initial_max_streams_uni = 4096;
}

/* Every second id, from the top: as many islands of idle ones as there can be. */
static void make_sparse_ids(struct quic_writer *w, u32 i)
{
	put_stream(w, sid_of(4095 - 2 * (i % 2048), i >= 2048), 0, 1, 0, false);
}

static const char *stream_ids_cost_one_object_each(u64 seed)
{
	static const struct flood f = {
		.make = make_sparse_ids, .prepare = allow_4096_streams, .packets = 4096,
		.allocs = 4096 * 2 + 40, .bytes = 4096 * 1400, .held = RMEM_MAX + 4096,
		.replies = 600, .unread = true,
	};

	return flood_run(&f, seed);
}

/* A stream is opened and ended in each frame, as fast as the limit is raised. */
static void make_rapid_reset(struct quic_writer *w, u32 i)
{
	u32 k;

	for (k = 0; k < 10; k++) {
		quic_wire_put_varint(w, QUIC_FRAME_RESET_STREAM);
		quic_wire_put_varint(w, sid_of(i * 10 + k, true));
		quic_wire_put_varint(w, 7);
		quic_wire_put_varint(w, 0);
	}
}

static const char *streams_reset_at_once_leave_nothing(u64 seed)
{
	static const struct flood f = {
		.make = make_rapid_reset, .packets = PACKETS, .allocs = 20, .bytes = 250000,
		.held = 4096, .replies = 600,
	};

	return flood_run(&f, seed);
}

/* Both directions of the same streams, again and again. */
static void make_reset_and_stop(struct quic_writer *w, u32 i)
{
	u32 k;

	for (k = 0; k < 20; k++) {
		quic_wire_put_varint(w, QUIC_FRAME_STOP_SENDING);
		quic_wire_put_varint(w, sid_of((i + k) % 100, false));
		quic_wire_put_varint(w, i);
		quic_wire_put_varint(w, QUIC_FRAME_RESET_STREAM);
		quic_wire_put_varint(w, sid_of((i + k) % 100, false));
		quic_wire_put_varint(w, i);
		quic_wire_put_varint(w, 0);
	}
}

static const char *storms_of_reset_and_stop_are_answered_once(u64 seed)
{
	static const struct flood f = {
		.make = make_reset_and_stop, .packets = PACKETS, .allocs = 300, .bytes = 300000,
		.held = 4096, .replies = 600,
	};

	return flood_run(&f, seed);
}

/* ---- stream data ---- */

/* Single bytes with a hole after each. */
static void make_fragments(struct quic_writer *w, u32 i)
{
	u32 k;

	for (k = 0; k < 100; k++)
		put_stream(w, sid_of(i % 100, false), 1 + 2 * (i / 100 * 100 + k), 1, 0, false);
}

static const char *single_bytes_out_of_order_are_charged(u64 seed)
{
	static const struct flood f = {
		.make = make_fragments, .packets = PACKETS, .allocs = 3500,
		.bytes = RMEM_MAX + 300000, .held = RMEM_MAX + 4096, .replies = 1100,
	};

	return flood_run(&f, seed);
}

/* In order, too large to be copied and small enough to pin much more than they are. */
static void make_pinning(struct quic_writer *w, u32 i)
{
	put_stream(w, sid_of(i % 100, false), i / 100 * 257, 257, 0, false);
}

static const char *small_frames_in_order_are_charged_what_they_pin(u64 seed)
{
	static const struct flood f = {
		.make = make_pinning, .packets = PACKETS, .allocs = 600, .bytes = 400000,
		.held = RMEM_MAX + 4096, .replies = 1100,
	};

	return flood_run(&f, seed);
}

/* All but the last byte of each kilobyte can be read. */
static void make_remnants(struct quic_writer *w, u32 i)
{
	u64 off = i / 100 * 1000;

	put_stream(w, sid_of(i % 100, false), off, 200, 0, false);
	put_stream(w, sid_of(i % 100, false), off + 200, 200, 0, false);
	put_stream(w, sid_of(i % 100, false), off + 400, 200, 0, false);
	put_stream(w, sid_of(i % 100, false), off + 601, 1, 0, false);
}

static const char *what_is_left_of_read_data_is_charged(u64 seed)
{
	static const struct flood f = {
		.make = make_remnants, .packets = PACKETS, .allocs = 4500, .bytes = 600000,
		.held = RMEM_MAX + 4096, .replies = 1100,
	};

	return flood_run(&f, seed);
}

/* The same offsets, each time with other bytes and other cuts. */
static void make_overlaps(struct quic_writer *w, u32 i)
{
	u64 off = i * 7919ULL % 5000;

	put_stream(w, sid_of(0, false), 1 + off, 1 + i * 31 % 1000, i, false);
}

static const char *overlapping_data_is_kept_once(u64 seed)
{
	static const struct flood f = {
		.make = make_overlaps, .packets = PACKETS, .allocs = 300, .bytes = 250000,
		.held = RMEM_MAX + 4096, .replies = 1100,
	};

	return flood_run(&f, seed);
}

/* ---- acknowledgments ---- */

/* The victim has a megabyte to send to whoever does not read. */
static void send_much(struct sim_endpoint *victim)
{
	struct quic_stream *s;
	struct quic_buf buf;
	u32 k;

	if (quic_stream_open(&victim->conn, quic_stream_next_sid(&victim->conn, true), &s)) {
		sim_fail(&sim, "no stream");
		return;
	}
	for (k = 0; k < 100; k++) {
		if (quic_edge_buf_alloc(&victim->conn, 10000, &buf) ||
		    quic_sndbuf_append(&s->snd, &buf, 10000, 0))
			sim_fail(&sim, "no memory");
		memset(buf.data, 0, 10000);
		victim->conn.wmem += buf.truesize;
	}
	quic_stream_on_written(&victim->conn, s, true);
	quic_conn_output(&victim->conn, sim.now);
}

/* Not one of the numbers left out to catch liars. */
static bool was_sent(struct quic_sent *sent, quic_pn pn)
{
	const struct quic_sent_pkt *pkt = quic_sent_find(sent, pn);

	return pkt && pkt->state != QUIC_SENT_SKIPPED;
}

/* Every other packet that is out is acknowledged, newest first, at most 300 ranges. */
static void make_sparse_acks(struct quic_writer *w, u32 i)
{
	struct quic_sent *sent = &flood.victim->conn.recovery.space[QUIC_SPACE_APP].sent;
	quic_pn pn = sent->next - 1 - i % 2;
	u32 nr = 0, k;

	while (pn > sent->base && !was_sent(sent, pn))
		pn--;
	if (!was_sent(sent, pn))
		pn = sent->largest_acked;
	while (nr < 300 && was_sent(sent, pn - 2 * (nr + 1)))
		nr++;
	quic_wire_put_varint(w, QUIC_FRAME_ACK);
	quic_wire_put_varint(w, pn);
	quic_wire_put_varint(w, 0);
	quic_wire_put_varint(w, nr);
	quic_wire_put_varint(w, 0);
	for (k = 0; k < nr; k++) {
		quic_wire_put_varint(w, 0);
		quic_wire_put_varint(w, 0);
	}
	quic_wire_put_varint(w, QUIC_FRAME_PING);
}

static const char *ack_range_explosions_are_bounded(u64 seed)
{
	static const struct flood f = {
		.make = make_sparse_acks, .once = send_much, .packets = 2000, .allocs = 60,
		.bytes = 400000, .held = 100000, .replies = 4000, .gap = 2000,
	};

	return flood_run(&f, seed);
}

/* Nothing is said in return to packets that elicit nothing. */
static void make_ack_of_nothing_new(struct quic_writer *w, u32 i)
{
	u32 k;

	for (k = 0; k < 50; k++) {
		quic_wire_put_varint(w, QUIC_FRAME_ACK);
		quic_wire_put_zeros(w, 4);
	}
}

static const char *floods_of_acks_draw_no_reply(u64 seed)
{
	static const struct flood f = {
		.make = make_ack_of_nothing_new, .packets = PACKETS, .allocs = 10, .bytes = 250000,
		.held = 4096, .replies = 1,
	};

	return flood_run(&f, seed);
}

/* ---- CRYPTO and DATAGRAM ---- */

static void make_crypto(struct quic_writer *w, u32 i)
{
	u32 k;

	for (k = 0; k < 100; k++) {
		quic_wire_put_varint(w, QUIC_FRAME_CRYPTO);
		quic_wire_put_varint(w, 300 + 2 * ((i * 100 + k) % 32000));
		quic_wire_put_varint(w, 1);
		quic_wire_put_u8(w, 0);
	}
}

static const char *the_crypto_buffer_is_bounded(u64 seed)
{
	static const struct flood f = {
		.make = make_crypto, .packets = PACKETS, .allocs = QUIC_INQUEUE_MAX_PIECES + 20,
		.bytes = 800000, .held = 200000, .replies = 1100,
	};

	return flood_run(&f, seed);
}

static void offer_datagrams(struct quic_conn *victim)
{
	victim->local.max_datagram_frame_size = 1000;
}

static void make_datagrams(struct quic_writer *w, u32 i)
{
	u32 k;

	for (k = 0; k < 300; k++) {
		quic_wire_put_varint(w, QUIC_FRAME_DATAGRAM_LEN);
		quic_wire_put_varint(w, 1);
		quic_wire_put_u8(w, 0);
	}
}

static const char *datagrams_that_nobody_reads_are_dropped(u64 seed)
{
	static const struct flood f = {
		.make = make_datagrams, .prepare = offer_datagrams, .packets = PACKETS,
		.allocs = 300, .bytes = 250000, .held = RMEM_MAX + 4096, .replies = 600,
	};

	return flood_run(&f, seed);
}

/* ---- the rest ---- */

static void make_pings(struct quic_writer *w, u32 i)
{
	u32 k;

	for (k = 0; k < 1000; k++)
		quic_wire_put_varint(w, QUIC_FRAME_PING);
}

static const char *pings_draw_one_ack_for_two(u64 seed)
{
	static const struct flood f = {
		.make = make_pings, .packets = PACKETS, .allocs = 10, .bytes = 250000, .held = 4096,
		.replies = 600,
	};

	return flood_run(&f, seed);
}

static void make_challenges(struct quic_writer *w, u32 i)
{
	u32 k;

	for (k = 0; k < 100; k++) {
		quic_wire_put_varint(w, QUIC_FRAME_PATH_CHALLENGE);
		quic_wire_put_uint(w, 8, (u64)i << 32 | k);
	}
}

static const char *challenges_draw_one_datagram_each_at_most(u64 seed)
{
	static const struct flood f = {
		.make = make_challenges, .packets = PACKETS, .allocs = 20, .bytes = 250000,
		.held = 4096, .replies = 1100,
	};

	return flood_run(&f, seed);
}

/* A new id that replaces all others, in every packet: what we owe for them is bounded. */
static void make_new_ids(struct quic_writer *w, u32 i)
{
	quic_wire_put_varint(w, QUIC_FRAME_NEW_CONNECTION_ID);
	quic_wire_put_varint(w, 20 + i);
	quic_wire_put_varint(w, 20 + i);
	quic_wire_put_u8(w, 8);
	quic_wire_put_uint(w, 8, 0x1234567800000000ULL + i);
	quic_wire_put_zeros(w, QUIC_RESET_TOKEN_BYTES);
}

/* [9000-5.1.2] */
static const char *ids_replaced_without_end_are_a_violation(u64 seed)
{
	static const struct flood f = {
		.make = make_new_ids, .packets = PACKETS, .allocs = 20, .bytes = 250000,
		.held = 4096, .replies = 1100, .want = QUIC_VIOLATION_CID_LIMIT_EXCEEDED,
	};

	return flood_run(&f, seed);
}

/* Each id we issue is retired at once. */
static void make_retirements(struct quic_writer *w, u32 i)
{
	u64 next = flood.victim->conn.local_ids.next_seq;

	quic_wire_put_varint(w, QUIC_FRAME_RETIRE_CONNECTION_ID);
	quic_wire_put_varint(w, next - 1);
}

static const char *retired_ids_are_replaced_one_for_one(u64 seed)
{
	static const struct flood f = {
		.make = make_retirements, .packets = PACKETS, .allocs = 20, .bytes = 250000,
		.held = 4096, .replies = 1100,
	};

	return flood_run(&f, seed);
}

/* Credit is asked for, and limits are repeated. */
static void make_asking(struct quic_writer *w, u32 i)
{
	u32 k;

	for (k = 0; k < 60; k++) {
		quic_wire_put_varint(w, QUIC_FRAME_DATA_BLOCKED);
		quic_wire_put_varint(w, 0);
		quic_wire_put_varint(w, QUIC_FRAME_STREAM_DATA_BLOCKED);
		quic_wire_put_varint(w, sid_of(k, false));
		quic_wire_put_varint(w, 0);
		quic_wire_put_varint(w, QUIC_FRAME_STREAMS_BLOCKED_UNI);
		quic_wire_put_varint(w, 100);
		quic_wire_put_varint(w, QUIC_FRAME_MAX_STREAM_DATA);
		quic_wire_put_varint(w, sid_of(k, false));
		quic_wire_put_varint(w, i);
	}
}

static const char *asking_for_credit_is_answered_once_a_packet(u64 seed)
{
	static const struct flood f = {
		.make = make_asking, .packets = PACKETS, .allocs = 200, .bytes = 300000,
		.held = 4096, .replies = 2100,
	};

	return flood_run(&f, seed);
}

/* Numbers with holes: what was received does not fit into one ACK. */
static void make_holes(struct quic_writer *w, u32 i)
{
	flood.pn += 1 + i % 3;
	quic_wire_put_varint(w, QUIC_FRAME_PING);
}

static const char *holes_in_the_numbers_are_remembered_to_a_bound(u64 seed)
{
	static const struct flood f = {
		.make = make_holes, .packets = PACKETS, .allocs = 10, .bytes = 250000, .held = 4096,
		.replies = 1100,
	};

	return flood_run(&f, seed);
}

int main(int argc, char **argv)
{
	static const struct scenario list[] = {
		SCENARIO_ONCE(stream_ids_cost_one_object_each),
		SCENARIO_ONCE(streams_reset_at_once_leave_nothing),
		SCENARIO_ONCE(storms_of_reset_and_stop_are_answered_once),
		SCENARIO_ONCE(single_bytes_out_of_order_are_charged),
		SCENARIO_ONCE(small_frames_in_order_are_charged_what_they_pin),
		SCENARIO_ONCE(what_is_left_of_read_data_is_charged),
		SCENARIO_ONCE(overlapping_data_is_kept_once),
		SCENARIO_ONCE(ack_range_explosions_are_bounded),
		SCENARIO_ONCE(floods_of_acks_draw_no_reply),
		SCENARIO_ONCE(the_crypto_buffer_is_bounded),
		SCENARIO_ONCE(datagrams_that_nobody_reads_are_dropped),
		SCENARIO_ONCE(pings_draw_one_ack_for_two),
		SCENARIO_ONCE(challenges_draw_one_datagram_each_at_most),
		SCENARIO_ONCE(ids_replaced_without_end_are_a_violation),
		SCENARIO_ONCE(retired_ids_are_replaced_one_for_one),
		SCENARIO_ONCE(asking_for_credit_is_answered_once_a_packet),
		SCENARIO_ONCE(holes_in_the_numbers_are_remembered_to_a_bound),
	};

	return scenario_main(argc, argv, list, ARRAY_SIZE(list));
}
