// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_wire.c - what an endpoint says, packet by packet
 *
 * Every packet that leaves an engine is decoded before it is protected, and held
 * against the rules for senders.  The rules are the functions below; what a
 * failure says is the name of the one that was broken.  What a peer has allowed
 * is taken from the peer, where it is never less than what has been told.
 *
 * The runs are transfers of many streams under tight limits, with loss, with
 * streams cancelled at random, and with closes at any time.
 */
#include "scenario.h"

enum { SIDS = 1024, IDS = 256 };

/**
 * struct said_stream - what was said of one stream
 * @end: highest offset, exclusive
 * @final: final size, U64_MAX: not said
 * @reset_code: of RESET_STREAM
 * @reset: RESET_STREAM was said
 */
struct said_stream {
	u64 end;
	u64 final;
	u64 reset_code;
	bool reset;
};

/**
 * struct said - what one endpoint has said so far
 * @next: per space, the least packet number it may use
 * @streams: by id
 * @bytes: sum of @end
 * @eliciting: packets that elicit an ACK
 * @bare_acks: packets that carry an ACK and elicit none
 * @ids: connection ids by number
 * @tokens: their reset tokens
 * @nr_ids: how many, the first one included
 */
static struct said {
	quic_pn next[QUIC_NR_SPACES];
	struct said_stream streams[SIDS];
	u64 bytes;
	u64 eliciting;
	u64 bare_acks;
	struct quic_cid ids[IDS];
	u8 tokens[IDS][QUIC_RESET_TOKEN_BYTES];
	u64 nr_ids;
} said[2];

/**
 * struct wire - the packet being looked at
 * @ep: who says it
 * @s: what it said before
 * @peer: whom it is said to
 * @h: header
 * @level: encryption level
 */
struct wire {
	struct sim_endpoint *ep;
	struct said *s;
	struct quic_conn *peer;
	struct quic_header h;
	enum quic_level level;
};

static void keep(bool kept, const char *rule)
{
	if (!kept)
		sim_fail(&sim, rule);
}

/* ---- packets ---- */

/* [9000-12.3#1,2] [9000-17.2.3#1] [9000-17.2.5.3#2] */
static void numbers_only_grow(const struct wire *w, quic_pn pn)
{
	quic_pn *next = &w->s->next[quic_level_space(w->level)];

	keep(pn >= *next, __func__);
	*next = pn + 1;
}

/* [9000-17.2#6] [9000-17.3.1#2] */
static void reserved_bits_are_clear(const struct wire *w)
{
	u8 reserved = w->level == QUIC_LEVEL_APP ? QUIC_HEADER_SHORT_RESERVED :
						   QUIC_HEADER_LONG_RESERVED;

	keep(!(w->h.first & reserved), __func__);
}

/* [9000-7.2#1,2,4] */
static void a_client_keeps_the_first_id_until_it_is_answered(const struct wire *w)
{
	const struct quic_conn *c = &w->ep->conn;

	if (c->is_server || c->peer_id_known)
		return;
	keep(w->h.dcid.len >= 8 && (c->retried || quic_cid_equal(&w->h.dcid, &c->original_dcid)),
	     __func__);
}

/* [9000-7.2#5] [9000-12.2#2] */
static void handshakes_go_to_the_id_of_the_first_packet(const struct wire *w)
{
	if (w->level == QUIC_LEVEL_APP || (!w->ep->me && !w->ep->conn.peer_id_known))
		return;
	keep(quic_cid_equal(&w->h.dcid, &w->peer->initial_scid), __func__);
}

/* [9000-5.1#3] [9000-19.15#2] */
static void no_id_is_empty(const struct wire *w)
{
	keep(w->level == QUIC_LEVEL_APP || w->h.scid.len, __func__);
}

/* [9000-10.2.2#1,2] */
static void who_drains_is_silent(const struct wire *w)
{
	keep(w->ep->conn.state != QUIC_CONN_DRAINING, __func__);
}

/* [9000-12.4#1,5] [9000-12.5#1,2] [9221-5] [9221-6] */
static void frames_are_whole_and_where_they_may_be(struct quic_reader *r, const struct wire *w,
						   struct quic_frame *f)
{
	int v = quic_frame_decode(r, w->level, f);

	keep(!v, __func__);
	if (v)
		r->pos = r->end;
}

/* [9000-13.2.1#3,4] */
static void an_ack_answers_what_elicits_it(const struct wire *w)
{
	w->s->bare_acks++;
	keep(w->s->bare_acks <= said[!w->ep->me].eliciting, __func__);
}

/* ---- acknowledgments ---- */

/* [9000-13.2.6#1,2,3] [9000-17.2.3#3] */
static void acks_stay_in_their_space(const struct wire *w, const struct quic_frame *f)
{
	enum quic_space space = quic_level_space(w->level);

	keep(f->ack.largest < said[!w->ep->me].next[space], __func__);
}

/* [9000-13.2.1#2] */
static void handshakes_are_acknowledged_at_once(struct sim_endpoint *ep)
{
	struct quic_conn *c = &ep->conn;
	enum quic_level l;

	if (!quic_conn_is_open(c) ||
	    quic_path_amplification_room(c->path) < QUIC_MIN_DATAGRAM_BYTES)
		return;
	for (l = QUIC_LEVEL_INITIAL; l < QUIC_LEVEL_APP; l++)
		keep(l == QUIC_LEVEL_EARLY || !quic_keys_can_send(&c->keys, l) ||
		     !quic_pnspace_has_ack(&c->space[quic_level_space(l)]), __func__);
}

/* ---- streams ---- */

static struct said_stream *said_stream(const struct wire *w, quic_sid sid)
{
	keep(sid < SIDS, __func__);
	return &w->s->streams[sid % SIDS];
}

/* [9000-4.6#2] [9000-19.11#3] */
static void streams_stay_below_the_limit(const struct wire *w, quic_sid sid)
{
	const struct quic_tparams *p = &w->peer->local;
	u64 max = sid & 2 ? p->initial_max_streams_uni : p->initial_max_streams_bidi;

	/* 0-RTT goes to who has begun nothing yet. */
	max = max(max, w->peer->streams.type[sid & 3].max);
	if (quic_sid_is_server(sid) == w->ep->me)
		keep(quic_sid_index(sid) < max, __func__);
}

/* [9000-3.3#1] */
static void a_finished_part_says_no_more(const struct wire *w, quic_sid sid)
{
	const struct quic_stream *s = quic_stream_find(&w->ep->conn, sid);

	keep(s && !quic_send_state_is_terminal(s->send_state), __func__);
}

/* [9000-3.3#2] */
static void nothing_follows_a_reset(const struct wire *w, quic_sid sid)
{
	keep(!said_stream(w, sid)->reset, __func__);
}

/* [9000-2.2#2] */
static void bytes_are_the_same_whenever_sent(const struct wire *w, const struct quic_frame *f)
{
	u64 i;

	for (i = 0; i < f->stream.data.len; i++)
		keep(f->stream.data.data[i] ==
		     sim_byte(f->stream.sid, w->ep->me, f->stream.offset + i), __func__);
}

/* [9000-4.5#2] */
static void nothing_lies_beyond_the_final_size(const struct said_stream *st, u64 end)
{
	keep(end <= st->final, __func__);
}

/* [9000-2.2#3] [9000-4.1#1] [9000-19.9#1] [9000-19.10#3] */
static void bytes_stay_within_the_credit(const struct wire *w, struct said_stream *st,
					 quic_sid sid, u64 end)
{
	const struct quic_stream *to = quic_stream_find(w->peer, sid);

	if (end > st->end) {
		w->s->bytes += end - st->end;
		st->end = end;
	}
	keep(w->s->bytes <= max(w->peer->rx.max, w->peer->local.initial_max_data), __func__);
	if (to)
		keep(end <= to->rx.max, __func__);
	else if (quic_stream_is_idle(w->peer, sid))
		keep(end <= w->peer->local.initial_max_stream_data_bidi_remote, __func__);
}

static void look_at_stream(const struct wire *w, const struct quic_frame *f)
{
	struct said_stream *st = said_stream(w, f->stream.sid);
	u64 end = f->stream.offset + f->stream.data.len;

	streams_stay_below_the_limit(w, f->stream.sid);
	a_finished_part_says_no_more(w, f->stream.sid);
	nothing_follows_a_reset(w, f->stream.sid);
	bytes_are_the_same_whenever_sent(w, f);
	nothing_lies_beyond_the_final_size(st, end);
	bytes_stay_within_the_credit(w, st, f->stream.sid, end);
	if (f->stream.fin) {
		keep(st->end <= end, "nothing_lies_beyond_the_final_size");
		st->final = end;
	}
}

/* [9000-13.3#1] */
static void a_reset_says_the_same_each_time(const struct said_stream *st,
					    const struct quic_frame *f)
{
	keep(!st->reset || (st->reset_code == f->code.code && st->final == f->code.final_size),
	     __func__);
}

/* [9000-4.5#1] the final size is what the bytes were counted up to */
static void a_reset_ends_where_the_bytes_do(const struct said_stream *st,
					    const struct quic_frame *f)
{
	keep(f->code.final_size == st->end, __func__);
}

/* [9000-11.2] */
static void only_the_application_resets(const struct wire *w)
{
	keep(w->ep->sim->cfg.foreign_bytes, __func__);
}

static void look_at_reset(const struct wire *w, const struct quic_frame *f)
{
	struct said_stream *st = said_stream(w, f->code.sid);

	only_the_application_resets(w);
	streams_stay_below_the_limit(w, f->code.sid);
	a_finished_part_says_no_more(w, f->code.sid);
	a_reset_says_the_same_each_time(st, f);
	a_reset_ends_where_the_bytes_do(st, f);
	st->reset = true;
	st->reset_code = f->code.code;
	st->final = f->code.final_size;
}

/* ---- connection ids ---- */

/* [9000-5.1#1,2] [9000-10.3.2#5] an id tells nothing of the others, nor its token */
static void ids_and_tokens_differ(const struct wire *w, const struct quic_frame_new_cid *n)
{
	unsigned int i, k, bits;

	for (i = 0; i < w->s->nr_ids; i++) {
		bits = 0;
		for (k = 0; k < n->cid.len; k++)
			bits += __builtin_popcount(n->cid.data[k] ^ w->s->ids[i].data[k]);
		keep(bits > 8 && bits < 56, __func__);
		keep(!i || memcmp(n->reset_token, w->s->tokens[i], sizeof(n->reset_token)),
		     __func__);
	}
}

/* [9000-5.1.1#1] [9000-19.15#5] */
static void ids_are_numbered_one_by_one(const struct wire *w, const struct quic_frame_new_cid *n)
{
	keep(n->seq <= w->s->nr_ids && n->retire_prior_to <= n->seq && n->seq < IDS, __func__);
}

/* [9000-5.1.1#3] */
static void no_more_ids_than_the_peer_takes(const struct wire *w)
{
	const struct quic_connid_local *l = &w->ep->conn.local_ids;
	unsigned int i, staying = 0;

	for (i = 0; i < QUIC_CONNID_MAX; i++)
		staying += l->e[i].used && l->e[i].seq >= l->retire_prior_to;
	keep(staying <= w->peer->local.active_connection_id_limit, __func__);
}

static void look_at_new_id(const struct wire *w, const struct quic_frame *f)
{
	const struct quic_frame_new_cid *n = &f->new_cid;

	ids_are_numbered_one_by_one(w, n);
	no_more_ids_than_the_peer_takes(w);
	if (n->seq != w->s->nr_ids || sim.error)
		return;
	ids_and_tokens_differ(w, n);
	w->s->ids[n->seq] = n->cid;
	memcpy(w->s->tokens[n->seq], n->reset_token, sizeof(n->reset_token));
	w->s->nr_ids++;
}

/* [9000-19.16#2] */
static void no_id_is_retired_by_its_own_packet(const struct wire *w, const struct quic_frame *f)
{
	const struct quic_connid_entry *e = quic_connid_local_find(&w->peer->local_ids,
								   f->retire_seq);

	keep(!e || !quic_cid_equal(&e->cid, &w->h.dcid), __func__);
}

/* ---- the rest ---- */

/* [9000-19.20#1] */
static void a_server_is_done_when_it_has_all_keys(const struct wire *w)
{
	const struct quic_conn *c = &w->ep->conn;

	keep(c->is_server && c->confirmed && quic_keys_can_recv(&c->keys, QUIC_LEVEL_APP),
	     __func__);
}

/* [9000-19.7#1,3] */
static void tokens_come_from_servers(const struct wire *w, const struct quic_frame *f)
{
	keep(w->ep->me && f->token.len, __func__);
}

/* [9000-10.2.3#1,2,3] */
static void a_close_tells_strangers_nothing(const struct wire *w, const struct quic_frame *f)
{
	const struct quic_conn *c = &w->ep->conn;

	if (w->level == QUIC_LEVEL_APP)
		return;
	keep(!c->confirmed && f->type == QUIC_FRAME_CONNECTION_CLOSE, __func__);
	keep(!c->close.app || (f->close.code == QUIC_ERR_APPLICATION && !f->close.reason.len),
	     __func__);
}

/* [9001-4.9#2]; CRYPTO is sent where TLS says, and closing and probing go everywhere */
static void new_data_goes_at_the_highest_level(const struct wire *w, const struct quic_frame *f)
{
	enum quic_level l;

	switch (f->type) {
	case QUIC_FRAME_PADDING:
	case QUIC_FRAME_PING:
	case QUIC_FRAME_ACK:
	case QUIC_FRAME_ACK_ECN:
	case QUIC_FRAME_CRYPTO:
	case QUIC_FRAME_CONNECTION_CLOSE:
		return;
	}
	for (l = w->level + 1; l < QUIC_NR_LEVELS; l++)
		keep(l == QUIC_LEVEL_HANDSHAKE || !quic_keys_can_send(&w->ep->conn.keys, l),
		     __func__);
}

static void look_at_frame(const struct wire *w, const struct quic_frame *f)
{
	new_data_goes_at_the_highest_level(w, f);
	switch (f->type) {
	case QUIC_FRAME_ACK:
	case QUIC_FRAME_ACK_ECN:
		acks_stay_in_their_space(w, f);
		break;
	case QUIC_FRAME_STREAM:
		look_at_stream(w, f);
		break;
	case QUIC_FRAME_STREAM_DATA_BLOCKED:
		streams_stay_below_the_limit(w, f->limit.sid);
		a_finished_part_says_no_more(w, f->limit.sid);
		nothing_follows_a_reset(w, f->limit.sid);
		break;
	case QUIC_FRAME_RESET_STREAM:
		look_at_reset(w, f);
		break;
	case QUIC_FRAME_NEW_CONNECTION_ID:
		look_at_new_id(w, f);
		break;
	case QUIC_FRAME_RETIRE_CONNECTION_ID:
		no_id_is_retired_by_its_own_packet(w, f);
		break;
	case QUIC_FRAME_HANDSHAKE_DONE:
		a_server_is_done_when_it_has_all_keys(w);
		break;
	case QUIC_FRAME_NEW_TOKEN:
		tokens_come_from_servers(w, f);
		break;
	case QUIC_FRAME_CONNECTION_CLOSE:
	case QUIC_FRAME_CONNECTION_CLOSE_APP:
		a_close_tells_strangers_nothing(w, f);
		break;
	default:
		break;
	}
}

static enum quic_level wire_level(const struct quic_header *h)
{
	switch (h->kind) {
	case QUIC_PACKET_INITIAL:
		return QUIC_LEVEL_INITIAL;
	case QUIC_PACKET_0RTT:
		return QUIC_LEVEL_EARLY;
	case QUIC_PACKET_HANDSHAKE:
		return QUIC_LEVEL_HANDSHAKE;
	default:
		return QUIC_LEVEL_APP;
	}
}

static void look_at_payload(const struct wire *w, const struct quic_tx_pkt *pkt)
{
	bool eliciting = false, acks = false, closes = false;
	struct quic_reader r;
	struct quic_frame f;

	quic_wire_read_init(&r, pkt->dst + pkt->hdr_len, pkt->len - pkt->hdr_len);
	do {
		frames_are_whole_and_where_they_may_be(&r, w, &f);
		if (sim.error)
			return;
		look_at_frame(w, &f);
		eliciting |= quic_frame_is_ack_eliciting(f.type);
		acks |= f.type == QUIC_FRAME_ACK || f.type == QUIC_FRAME_ACK_ECN;
		closes |= f.type == QUIC_FRAME_CONNECTION_CLOSE ||
			  f.type == QUIC_FRAME_CONNECTION_CLOSE_APP;
	} while (quic_wire_left(&r));
	w->s->eliciting += eliciting;
	if (acks && !eliciting && !closes)
		an_ack_answers_what_elicits_it(w);
}

static void wire_on_packet(struct sim_endpoint *ep, const struct quic_tx_pkt *pkt)
{
	struct wire w = {
		.ep = ep, .s = &said[ep->me], .peer = &sim.ep[!ep->me].conn,
	};

	if (sim.error)
		return;
	if (!quic_header_decode(pkt->dst, pkt->len + QUIC_TAG_BYTES, ep->conn.path->dcid.len,
				&w.h)) {
		sim_fail(&sim, "a packet without a header");
		return;
	}
	w.level = wire_level(&w.h);
	w.s->ids[0] = ep->conn.initial_scid;
	numbers_only_grow(&w, pkt->pn);
	reserved_bits_are_clear(&w);
	a_client_keeps_the_first_id_until_it_is_answered(&w);
	handshakes_go_to_the_id_of_the_first_packet(&w);
	no_id_is_empty(&w);
	who_drains_is_silent(&w);
	look_at_payload(&w, pkt);
}

/* ---- the runs ---- */

static const quic_us start_at = 1000000;

static struct {
	bool cancels;		/* applications give streams up */
	bool changes_ids;	/* both ends ask for other ids all the time */
	unsigned int changed;	/* and were heard that often */
	quic_us close_at;	/* when, and by whom, it is closed */
	unsigned int closer;
} script;

static void wire_on_init(struct sim_endpoint *ep)
{
	struct quic_tparams *p = &ep->conn.local;
	struct said *s = &said[ep->me];
	unsigned int i;

	memset(s, 0, sizeof(*s));
	for (i = 0; i < SIDS; i++)
		s->streams[i].final = U64_MAX;
	s->nr_ids = 1;
	p->initial_max_data = 30000;
	p->initial_max_stream_data_bidi_local = 9000;
	p->initial_max_stream_data_bidi_remote = 8000;
	p->initial_max_streams_bidi = 3;
	ep->conn.config.flow_window_max = 60000;
}

static void wire_cancel(struct sim_endpoint *ep)
{
	struct quic_stream *s;
	unsigned int i;

	for (i = 0; i < ep->nr_streams; i++) {
		s = sim_chance(&sim, 15) ? quic_stream_find(&ep->conn, ep->streams[i].sid) : NULL;
		if (s && sim_chance(&sim, 500))
			quic_stream_reset(&ep->conn, s, sim_random(&sim, 99));
		else if (s)
			quic_stream_stop(&ep->conn, s, sim_random(&sim, 99));
	}
}

static void wire_on_settle(struct sim_endpoint *ep)
{
	handshakes_are_acknowledged_at_once(ep);
	if (script.cancels && quic_conn_is_established(&ep->conn))
		wire_cancel(ep);
	if (script.changes_ids && sim_chance(&sim, 30))
		script.changed += !quic_conn_change_ids(&ep->conn, false, 0,
							ep->conn.local_ids.next_seq - 2);
	if (sim.now >= script.close_at && ep->me == script.closer && ep->started)
		quic_conn_close(&ep->conn, true, 5, "why", 3, sim.now);
	quic_conn_output(&ep->conn, sim.now);
}

static const struct sim_hooks wire_hooks = {
	.on_init = wire_on_init,
	.on_settle = wire_on_settle,
	.on_packet = wire_on_packet,
};

static void wire_config(struct sim_config *cfg, u64 seed)
{
	unsigned int i;

	sim_config_default(cfg, seed);
	cfg->hooks = &wire_hooks;
	cfg->version = seed % 3 ? QUIC_V1 : QUIC_V2;
	cfg->key_updates = seed % 4 == 1;
	cfg->app[0] = (struct sim_app){ .streams = 9, .send_bytes = 20000, .echo = true };
	cfg->app[1] = (struct sim_app){ .send_bytes = 20000, .echo = true };
	for (i = 0; i < 2; i++) {
		cfg->link[i].loss = seed % 5 * 40;
		cfg->link[i].jitter = seed % 2 * 5000;
		cfg->link[i].duplicate = seed % 3 * 20;
	}
	memset(&script, 0, sizeof(script));
	script.close_at = QUIC_US_NEVER;
}

/* [9000-13.3#2] [9001-4.1.2] at the end the client knows that the handshake is done */
static const char *senders_keep_the_rules(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	wire_config(&cfg, seed);
	err = scenario_run(&cfg);
	return !err && !sim.ep[0].conn.confirmed ? "the client was never told" : err;
}

static const char *senders_keep_the_rules_when_streams_are_cancelled(u64 seed)
{
	struct sim_config cfg;

	wire_config(&cfg, seed);
	cfg.foreign_bytes = true;
	cfg.may_end_early = true;
	script.cancels = true;
	script.close_at = start_at + 20 * QUIC_US_PER_SEC;
	script.closer = seed % 2;
	return scenario_run(&cfg);
}

/* At any time: before the first answer, between the flights, in the middle of a transfer. */
static const char *senders_keep_the_rules_when_closing(u64 seed)
{
	struct sim_config cfg;

	wire_config(&cfg, seed);
	cfg.may_end_early = true;
	script.close_at = start_at + seed * 7919 % 90000;
	script.closer = seed / 2 % 2;
	return scenario_run(&cfg);
}

/* The peer has to give up its ids, the one in use among them. */
static const char *senders_keep_the_rules_when_ids_change(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	wire_config(&cfg, seed);
	script.changes_ids = true;
	err = scenario_run(&cfg);
	return !err && (script.changed < 3 ||
			!sim.ep[seed % 2].frames_sent[QUIC_FRAME_RETIRE_CONNECTION_ID]) ?
	       "ids did not change" : err;
}

static const char *senders_keep_the_rules_from_0rtt_on(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	wire_config(&cfg, seed);
	cfg.early = SIM_EARLY_ACCEPTED;
	cfg.flight_bytes = 500 + seed * 7919 % 9000;
	err = scenario_run(&cfg);
	return !err && !sim.ep[0].conn.early_accepted ? "there was no 0-RTT" : err;
}

int main(int argc, char **argv)
{
	static const struct scenario list[] = {
		SCENARIO(senders_keep_the_rules),
		SCENARIO(senders_keep_the_rules_when_streams_are_cancelled),
		SCENARIO(senders_keep_the_rules_when_closing),
		SCENARIO(senders_keep_the_rules_when_ids_change),
		SCENARIO(senders_keep_the_rules_from_0rtt_on),
	};

	return scenario_main(argc, argv, list, ARRAY_SIZE(list));
}
