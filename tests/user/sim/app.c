// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * app.c - what runs on a simulated endpoint: a stand-in for TLS, and transfers
 *
 * The stand-in's messages have the sizes and the key schedule order of TLS 1.3
 * but opaque content:
 *
 *   u32 total bytes | u16 blob bytes | transport parameters | filler
 *
 *   client: INITIAL hello (blob)               server: INITIAL hello
 *                                                      HANDSHAKE flight (blob)
 *           HANDSHAKE finished                         APP ticket
 *
 * Stream bytes are a function of stream, direction and offset, so that any byte
 * out of place is seen.
 */
#include "sim.h"

enum { APP_PIECE_BYTES = 4096 };	/* filled or compared at once */

static const u64 app_wmem_max = 256 * 1024;	/* SO_SNDBUF of the simulation */

u8 sim_byte(quic_sid sid, bool from_server, u64 off)
{
	return off * 131 + (off >> 8) * 17 + sid * 7 + from_server;
}

/* sim_byte() of many: its part of the offset comes again every 64 KiB. */
static const u8 *app_pattern(u64 off)
{
	static u8 pattern[65536 + APP_PIECE_BYTES];
	static bool made;
	u32 i;

	for (i = 0; !made && i < sizeof(pattern); i++)
		pattern[i] = sim_byte(0, false, i);
	made = true;
	return pattern + (off & 65535);
}

static void app_fill(quic_sid sid, bool from_server, u64 off, u8 *dst, u32 len)
{
	u8 add = sim_byte(sid, from_server, 0);
	const u8 *pattern;
	u32 i, n;

	for (; len; len -= n, dst += n, off += n) {
		n = min_t(u32, len, APP_PIECE_BYTES);
		pattern = app_pattern(off);
		for (i = 0; i < n; i++)
			dst[i] = pattern[i] + add;
	}
}

static bool app_is_right(quic_sid sid, bool from_server, u64 off, const u8 *data, u32 len)
{
	u8 want[APP_PIECE_BYTES];
	u32 n;

	for (; len; len -= n, data += n, off += n) {
		n = min_t(u32, len, sizeof(want));
		app_fill(sid, from_server, off, want, n);
		if (memcmp(want, data, n))
			return false;
	}
	return true;
}

static void app_secret(u8 *secret, enum quic_level level, bool from_server)
{
	unsigned int i;

	for (i = 0; i < QUIC_SECRET_MAX_BYTES; i++)
		secret[i] = i * 3 + level * 50 + from_server;
}

static void app_install(struct sim_endpoint *ep, enum quic_level level, bool send)
{
	u8 secret[QUIC_SECRET_MAX_BYTES];
	int err;

	if (!quic_conn_is_open(&ep->conn))
		return;
	app_secret(secret, level, ep->me == send);
	do
		err = quic_conn_install_secret(&ep->conn, level, send, ep->sim->cfg.cipher, secret,
					       ep->sim->now);
	while (err == -ENOMEM);
	if (err && quic_conn_is_open(&ep->conn))
		sim_fail(ep->sim, "install_secret failed");
}

static void app_send_message(struct sim_endpoint *ep, enum quic_level level, u32 bytes, bool blob)
{
	u8 params[512];
	struct quic_writer pw, w;
	struct quic_buf buf;
	int err;

	if (!quic_conn_is_open(&ep->conn))
		return;
	quic_wire_write_init(&pw, params, sizeof(params));
	if (blob && ep->sim->cfg.hooks && ep->sim->cfg.hooks->on_blob)
		ep->sim->cfg.hooks->on_blob(ep);
	if (blob)
		quic_conn_encode_tparams(&ep->conn, &pw);
	if (blob && ep->sim->cfg.hooks && ep->sim->cfg.hooks->on_params)
		ep->sim->cfg.hooks->on_params(ep, &pw);
	bytes = max_t(u32, bytes, 6 + pw.len);
	while (quic_edge_buf_alloc(&ep->conn, bytes, &buf))
		;
	quic_wire_write_init(&w, buf.data, bytes);
	quic_wire_put_u32(&w, bytes);
	quic_wire_put_u16(&w, pw.len);
	quic_wire_put_bytes(&w, params, pw.len);
	quic_wire_put_zeros(&w, bytes - w.len);
	do
		err = quic_conn_send_crypto(&ep->conn, level, &buf);
	while (err == -ENOMEM);
	if (err) {
		quic_edge_chunk_put(buf.chunk);
		sim_fail(ep->sim, "send_crypto failed");
	}
}

/* Copies what the level's CRYPTO stream holds without taking it: bytes. */
static u32 app_peek(struct quic_inqueue *q, u8 *dst, u32 max)
{
	const struct quic_buf *b;
	u32 n = 0, i = 0;

	while ((b = quic_inqueue_peek_at(q, i++)) && n < max) {
		u32 take = min(b->len, max - n);

		memcpy(dst + n, b->data, take);
		n += take;
	}
	return n;
}

/* A complete message at @level: applies its blob; true when there was one. */
static bool app_recv_message(struct sim_endpoint *ep, enum quic_level level)
{
	struct quic_inqueue *q = &ep->conn.crypto[quic_level_space(level)].rcv;
	static u8 msg[QUIC_CRYPTO_BUFFER_BYTES];
	struct quic_reader r;
	u32 total, n;
	u16 blob;

	if (quic_inqueue_readable(q) < 6)
		return false;
	n = app_peek(q, msg, sizeof(msg));
	quic_wire_read_init(&r, msg, n);
	if (!quic_wire_get_u32(&r, &total) || !quic_wire_get_u16(&r, &blob) || n < total)
		return false;
	if (blob && quic_conn_set_peer_tparams(&ep->conn, r.pos, blob, ep->sim->now) &&
	    !ep->sim->cfg.may_end_early)
		sim_fail(ep->sim, "peer's transport parameters refused");
	ep->conn.rmem -= quic_inqueue_consume(q, total);
	return true;
}

static void app_transfer(struct sim_endpoint *ep);

/* A client that remembers the server: its data need not wait for the handshake. */
static void app_start_early(struct sim_endpoint *ep)
{
	const struct quic_tparams *p = ep->sim->cfg.remembered ?: &ep->sim->ep[1].conn.local;
	int err;

	do
		err = quic_early_remember(&ep->conn, p);
	while (err == -ENOMEM);
	if (err)
		sim_fail(ep->sim, "parameters could not be remembered");
	app_install(ep, QUIC_LEVEL_EARLY, true);
	app_transfer(ep);
}

void sim_app_start(struct sim_endpoint *ep)
{
	if (ep->sim->cfg.early)
		app_start_early(ep);
	app_send_message(ep, QUIC_LEVEL_INITIAL, ep->sim->cfg.hello_bytes, true);
	quic_conn_output(&ep->conn, ep->sim->now);
}

static void app_server_handshake(struct sim_endpoint *ep)
{
	if (app_recv_message(ep, QUIC_LEVEL_INITIAL)) {
		app_send_message(ep, QUIC_LEVEL_INITIAL, 90, false);
		if (ep->sim->cfg.early == SIM_EARLY_ACCEPTED)
			app_install(ep, QUIC_LEVEL_EARLY, false);
		app_install(ep, QUIC_LEVEL_HANDSHAKE, true);
		app_install(ep, QUIC_LEVEL_HANDSHAKE, false);
		app_send_message(ep, QUIC_LEVEL_HANDSHAKE, ep->sim->cfg.flight_bytes, true);
		app_install(ep, QUIC_LEVEL_APP, true);
	}
	if (app_recv_message(ep, QUIC_LEVEL_HANDSHAKE)) {
		app_install(ep, QUIC_LEVEL_APP, false);
		app_send_message(ep, QUIC_LEVEL_APP, 250, false);
	}
}

static void app_client_handshake(struct sim_endpoint *ep)
{
	if (ep->conn.hello_stale && !ep->mute) {
		ep->began_anew = true;
		app_send_message(ep, QUIC_LEVEL_INITIAL, ep->sim->cfg.hello_bytes, true);
	}
	if (app_recv_message(ep, QUIC_LEVEL_INITIAL)) {
		app_install(ep, QUIC_LEVEL_HANDSHAKE, false);
		app_install(ep, QUIC_LEVEL_HANDSHAKE, true);
	}
	if (app_recv_message(ep, QUIC_LEVEL_HANDSHAKE)) {
		if (ep->sim->cfg.early && ep->sim->cfg.early != SIM_EARLY_UNTOLD &&
		    !ep->began_anew &&
		    quic_early_judge(&ep->conn, ep->sim->cfg.early == SIM_EARLY_ACCEPTED) &&
		    quic_conn_is_open(&ep->conn))
			sim_fail(ep->sim, "no early data to judge");
		app_send_message(ep, QUIC_LEVEL_HANDSHAKE, 36, false);
		app_install(ep, QUIC_LEVEL_APP, true);
		app_install(ep, QUIC_LEVEL_APP, false);
	}
	app_recv_message(ep, QUIC_LEVEL_APP);
}

/* ---- transfers ---- */

static struct sim_stream *app_stream(struct sim_endpoint *ep, quic_sid sid)
{
	unsigned int i;

	for (i = 0; i < ep->nr_streams; i++)
		if (ep->streams[i].sid == sid)
			return &ep->streams[i];
	if (ep->nr_streams == SIM_MAX_STREAMS) {
		sim_fail(ep->sim, "more streams than were opened");
		return &ep->streams[0];
	}
	ep->streams[i] = (struct sim_stream){ .sid = sid, .used = true };
	ep->nr_streams++;
	return &ep->streams[i];
}

static void app_open_streams(struct sim_endpoint *ep)
{
	struct sim_app *app = &ep->sim->cfg.app[ep->me];
	struct quic_stream *s;
	quic_sid sid;

	while (ep->opened < app->streams) {
		sid = quic_stream_next_sid(&ep->conn, false);
		if (quic_stream_open(&ep->conn, sid, &s))
			return;
		app_stream(ep, sid)->to_send = app->send_bytes;
		ep->opened++;
	}
}

/* Appends up to @len bytes of the stream's pattern: a slot with or without headroom. */
static u32 app_write(struct sim_endpoint *ep, struct quic_stream *s, u32 len)
{
	bool ours = sim_chance(ep->sim, 800);
	u32 cap = ours ? quic_stream_slot_bytes(&ep->conn, s) : len, room;
	struct quic_buf buf;
	int err;
	u8 *p;

	p = quic_sndbuf_tail(&s->snd, &room);
	if (!p) {
		u32 head = ours ? QUIC_SNDBUF_HEADROOM : 0;

		/* An application tries again after ENOMEM; the engine may not count on it. */
		while (quic_edge_buf_alloc(&ep->conn, cap + head, &buf))
			;
		buf.data += head;
		buf.len = 0;
		do
			err = quic_sndbuf_append(&s->snd, &buf, cap, head);
		while (err == -ENOMEM);
		if (err) {
			quic_edge_chunk_put(buf.chunk);
			return 0;
		}
		ep->conn.wmem += buf.truesize;
		p = quic_sndbuf_tail(&s->snd, &room);
	}
	len = min(len, room);
	app_fill(s->sid, ep->me, s->snd.end, p, len);
	quic_sndbuf_commit(&s->snd, len);
	return len;
}

static bool app_send_stream(struct sim_endpoint *ep, struct sim_stream *st)
{
	struct quic_stream *s;
	u32 n, did = 0;

	if (st->fin_sent || quic_stream_for_send(&ep->conn, st->sid, &s) ||
	    s->send_state > QUIC_SEND_SEND ||
	    (!st->to_send && !ep->sim->cfg.app[ep->me].echo && !st->sent))
		return false;
	n = 1 + sim_random(ep->sim, 16384);
	while (st->sent < st->to_send && did < n && ep->conn.wmem < app_wmem_max) {
		u32 w = app_write(ep, s, min_t(u64, n - did, st->to_send - st->sent));

		if (!w)
			break;
		did += w;
		st->sent += w;
	}
	if (st->sent == st->to_send)
		st->fin_sent = true;
	if (!did && !st->fin_sent)
		return false;
	quic_stream_on_written(&ep->conn, s, st->fin_sent);
	return true;
}

static void app_check_bytes(struct sim_endpoint *ep, struct sim_stream *st, struct quic_stream *s)
{
	u64 left = quic_inqueue_readable(&s->rcv), n = left;
	const struct quic_buf *b;
	u32 i = 0;

	for (; left; left -= b->len) {
		b = quic_inqueue_peek_at(&s->rcv, i++);
		if (!ep->sim->cfg.foreign_bytes &&
		    !app_is_right(s->sid, !ep->me, st->received, b->data, b->len))
			sim_fail(ep->sim, "wrong byte delivered");
		st->received += b->len;
	}
	quic_stream_on_read(&ep->conn, s, n, ep->sim->now);
}

static void app_read(struct sim_endpoint *ep)
{
	struct sim_app *app = &ep->sim->cfg.app[ep->me];

	while (!list_empty(&ep->conn.streams.readable) && ep->sim->now >= app->reads_from) {
		struct quic_stream *s = list_first_entry(&ep->conn.streams.readable,
							 struct quic_stream, read_entry);
		unsigned int before = ep->nr_streams;
		struct sim_stream *st = app_stream(ep, s->sid);

		if (ep->nr_streams > before && app->echo)
			st->to_send = app->send_bytes;
		app_check_bytes(ep, st, s);
		if (quic_stream_at_fin(s)) {
			st->fin_received = true;
			if (!s->stop_told && !ep->sim->cfg.foreign_bytes &&
			    st->received != ep->sim->cfg.app[!ep->me].send_bytes)
				sim_fail(ep->sim, "stream ended at the wrong byte");
			quic_stream_on_end_told(&ep->conn, s);
		}
	}
}

/* Everything this side expects has arrived and everything it sends has been taken. */
static bool app_is_done(const struct sim_endpoint *ep)
{
	const struct sim_config *c = &ep->sim->cfg;
	unsigned int total = c->app[0].streams + c->app[1].streams, i;

	if (ep->nr_streams < total)
		return false;
	for (i = 0; i < ep->nr_streams; i++)
		if (!ep->streams[i].fin_received || !ep->streams[i].fin_sent)
			return false;
	return true;
}

static void app_transfer(struct sim_endpoint *ep)
{
	bool again = true;
	unsigned int i;

	app_open_streams(ep);
	while (again && quic_conn_is_open(&ep->conn)) {
		again = false;
		app_read(ep);
		for (i = 0; i < ep->nr_streams; i++)
			again |= app_send_stream(ep, &ep->streams[i]);
	}
	if (ep->sim->cfg.key_updates && sim_chance(ep->sim, 5))
		quic_conn_update_keys(&ep->conn);
	if (app_is_done(ep))
		ep->done = true;
}

/* 0-RTT: a client that may send, a server that may read and answer. */
static bool app_has_early(const struct sim_endpoint *ep)
{
	const struct quic_keys *k = &ep->conn.keys;

	return quic_conn_is_open(&ep->conn) && (quic_keys_can_send(k, QUIC_LEVEL_EARLY) ||
						quic_keys_can_recv(k, QUIC_LEVEL_EARLY));
}

void sim_app_run(struct sim_endpoint *ep)
{
	struct sim_endpoint *client = &ep->sim->ep[0], *server = &ep->sim->ep[1];

	if (quic_conn_is_open(&ep->conn)) {
		if (ep->me)
			app_server_handshake(ep);
		else
			app_client_handshake(ep);
	}
	if (quic_conn_is_established(&ep->conn) || app_has_early(ep))
		app_transfer(ep);
	if (quic_conn_is_open(&ep->conn))
		quic_conn_output(&ep->conn, ep->sim->now);
	/* The client closes; that both are done is the simulator's knowledge. */
	if (client->done && server->done && !ep->sim->cfg.stays_open &&
	    quic_conn_is_open(&client->conn) && ep == client &&
	    quic_stream_all_delivered(&client->conn))
		quic_conn_close(&client->conn, true, 7, "bye", 3, ep->sim->now);
}
