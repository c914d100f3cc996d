// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes the whole receive path of a connection: datagrams in, datagrams out.
 * Engine and edge are the simulator's, built with SIM_NULL_CRYPTO: nothing is
 * encrypted, so that a changed byte arrives as a changed byte.
 *
 * Byte 0 chooses the role and what is offered; then come commands, see below.
 * Whatever arrives: what is held is bounded and charged, what is sent is
 * well-formed and keeps the peer's limits, and nothing is left at the end.
 */
#include "fuzz.h"

#include "conn.h"
#include "sim.h"

enum { PEER_STREAMS = 20, PEER_BYTES = 50000, RMEM_MAX = 100000, COMMANDS_MAX = 400 };

enum command {
	CMD_RAW,	/* u16 length: a datagram as it is */
	CMD_FRAMES,	/* u16 length: frames, in a packet of the level in bits 3 and 4 */
	CMD_TIME,	/* to the next deadline */
	CMD_WRITE,	/* stream in bits 3 to 6, u8: bytes / 16; FIN when that is odd */
	CMD_READ,
	CMD_GIVE_UP,	/* stream in bits 3 to 6, bit 7: stop instead of reset */
	CMD_KEYS,	/* the secrets of the next level, and parameters when there are all */
	CMD_TWICE,	/* as CMD_FRAMES, the packet with two numbers in one aggregate */
};

static struct sim world;
static struct sim_endpoint *ep;

static const struct quic_cid peer_cid = { 8, { 0xa0, 1, 2, 3, 4, 5, 6, 7 } };
static const struct quic_cid odcid = { 8, { 0xb0, 1, 2, 3, 4, 5, 6, 7 } };

static quic_pn next_pn;
static unsigned int stage;	/* levels with keys */

/* ---- what comes out ---- */

/* Limits that the peer gave hold for what we send. */
static void check_frame(const struct quic_frame *f)
{
	if (f->type != QUIC_FRAME_STREAM)
		return;
	FUZZ_CHECK(ep->conn.got_tparams);
	FUZZ_CHECK(f->stream.offset + f->stream.data.len <= QUIC_VARINT_MAX);
}

static void check_frames(const u8 *data, size_t len, enum quic_level level)
{
	struct quic_reader r;
	struct quic_frame f;

	FUZZ_CHECK(len);
	quic_wire_read_init(&r, data, len);
	while (quic_wire_left(&r)) {
		FUZZ_CHECK(!quic_frame_decode(&r, level, &f));
		check_frame(&f);
	}
}

/* The bytes agree with what the engine says of them; a path's id may have any length. */
static void check_packet(struct sim_endpoint *from, const struct quic_tx_pkt *pkt)
{
	static const enum quic_level levels[] = {
		[QUIC_PACKET_INITIAL] = QUIC_LEVEL_INITIAL,
		[QUIC_PACKET_0RTT] = QUIC_LEVEL_EARLY,
		[QUIC_PACKET_HANDSHAKE] = QUIC_LEVEL_HANDSHAKE,
		[QUIC_PACKET_SHORT] = QUIC_LEVEL_APP,
	};
	u32 pn_off = pkt->hdr_len - pkt->pn_len;
	struct quic_header h;

	FUZZ_CHECK(quic_header_decode(pkt->dst, pkt->len + QUIC_TAG_BYTES, pn_off - 1, &h));
	FUZZ_CHECK(h.kind < ARRAY_SIZE(levels) && h.pn_offset == pn_off);
	FUZZ_CHECK((pkt->dst[0] & QUIC_HEADER_PN_MASK) + 1 == pkt->pn_len);
	FUZZ_CHECK(h.packet_len == pkt->len + QUIC_TAG_BYTES);
	check_frames(pkt->dst + pkt->hdr_len, pkt->len - pkt->hdr_len, levels[h.kind]);
}

static const struct sim_hooks world_hooks = { .on_packet = check_packet };

/* ---- what goes in ---- */

static void deliver(const u8 *data, u32 len, u32 seg)
{
	struct quic_agg *agg = sim_agg_new(data, len, seg, QUIC_ECN_NOT_ECT);

	quic_conn_receive(&ep->conn, agg, world.now);
	quic_edge_agg_free(agg);
}

/* A packet with @frames at @dst: its bytes. */
static u32 put_packet(u8 *dst, u32 cap, enum quic_level level, const u8 *frames, u32 len)
{
	static const enum quic_packet_kind kinds[QUIC_NR_LEVELS] = {
		[QUIC_LEVEL_INITIAL] = QUIC_PACKET_INITIAL,
		[QUIC_LEVEL_EARLY] = QUIC_PACKET_0RTT,
		[QUIC_LEVEL_HANDSHAKE] = QUIC_PACKET_HANDSHAKE,
		[QUIC_LEVEL_APP] = QUIC_PACKET_SHORT,
	};
	struct quic_header_build b = {
		.kind = kinds[level],
		.version = ep->conn.version,
		.dcid = &ep->conn.initial_scid,
		.scid = &peer_cid,
		.pn = next_pn++,
		.pn_len = 4,
		.key_phase = ep->conn.keys.phase,
	};
	struct quic_writer w;
	u32 hdr_len;

	quic_wire_write_init(&w, dst, cap - QUIC_TAG_BYTES);
	quic_header_encode(&w, &b);
	hdr_len = w.len;
	quic_wire_put_bytes(&w, frames, min_t(u32, len, cap - QUIC_TAG_BYTES - hdr_len));
	if (level == QUIC_LEVEL_INITIAL && w.len + QUIC_TAG_BYTES < QUIC_MIN_DATAGRAM_BYTES)
		quic_wire_put_zeros(&w, QUIC_MIN_DATAGRAM_BYTES - QUIC_TAG_BYTES - w.len);
	if (level != QUIC_LEVEL_APP)
		quic_header_set_length(dst, hdr_len, b.pn_len,
				       w.len - hdr_len + QUIC_TAG_BYTES);
	memset(dst + w.len, 0, QUIC_TAG_BYTES);
	return w.len + QUIC_TAG_BYTES;
}

static void cmd_frames(u8 cmd, const u8 *data, u32 len, bool twice)
{
	u8 dgram[2 * 1500];
	u32 n = put_packet(dgram, 1500, cmd >> 3 & 3, data, len);

	if (twice)
		put_packet(dgram + n, 1500, cmd >> 3 & 3, data, len);
	deliver(dgram, twice ? 2 * n : n, n);
}

static void set_parameters(void)
{
	struct quic_tparams p;
	struct quic_writer w;
	u8 blob[512];

	quic_tparam_init(&p);
	p.initial_scid = peer_cid;
	quic_tparam_mark(&p, QUIC_TPARAM_INITIAL_SCID);
	if (!ep->conn.is_server) {
		p.original_dcid = ep->conn.original_dcid;
		quic_tparam_mark(&p, QUIC_TPARAM_ORIGINAL_DCID);
	}
	p.active_connection_id_limit = 4;
	p.initial_max_data = PEER_BYTES;
	p.initial_max_stream_data_bidi_local = PEER_BYTES / 2;
	p.initial_max_stream_data_bidi_remote = PEER_BYTES / 2;
	p.initial_max_stream_data_uni = PEER_BYTES / 2;
	p.initial_max_streams_bidi = PEER_STREAMS;
	p.initial_max_streams_uni = PEER_STREAMS;
	p.max_datagram_frame_size = 1000;
	quic_wire_write_init(&w, blob, sizeof(blob));
	quic_tparam_encode(&w, &p, 0);
	quic_conn_set_peer_tparams(&ep->conn, blob, w.len, world.now);
}

static void cmd_keys(void)
{
	static const enum quic_level order[] = { QUIC_LEVEL_HANDSHAKE, QUIC_LEVEL_APP };
	u8 secret[QUIC_SECRET_MAX_BYTES] = { 1 };

	if (stage == ARRAY_SIZE(order))
		return;
	if (order[stage] == QUIC_LEVEL_APP)
		set_parameters();
	quic_conn_install_secret(&ep->conn, order[stage], true, QUIC_CIPHER_AES_128_GCM, secret,
				 world.now);
	quic_conn_install_secret(&ep->conn, order[stage], false, QUIC_CIPHER_AES_128_GCM, secret,
				 world.now);
	stage++;
}

/* ---- the application ---- */

static void cmd_write(u8 cmd, u8 size)
{
	struct quic_stream *s;
	struct quic_buf buf;
	quic_sid sid = cmd >> 3 & 15;

	if (!quic_conn_is_established(&ep->conn) ||
	    (quic_stream_for_send(&ep->conn, sid, &s) &&
	     quic_stream_open(&ep->conn, sid, &s)) ||
	    s->send_state >= QUIC_SEND_SENT || s->snd.fin || ep->conn.wmem > 100000)
		return;
	if (size && !quic_edge_buf_alloc(&ep->conn, size * 16, &buf)) {
		memset(buf.data, 0, buf.len);
		if (quic_sndbuf_append(&s->snd, &buf, buf.len, 0))
			quic_edge_chunk_put(buf.chunk);
		else
			ep->conn.wmem += buf.truesize;
	}
	quic_stream_on_written(&ep->conn, s, size & 1);
}

static void cmd_read(void)
{
	struct list_head *readable = &ep->conn.streams.readable;
	unsigned int level;

	for (level = 0; level < QUIC_NR_SPACES; level++) {
		struct quic_inqueue *q = &ep->conn.crypto[level].rcv;

		ep->conn.rmem -= quic_inqueue_consume(q, quic_inqueue_readable(q));
	}
	while (!list_empty(readable)) {
		struct quic_stream *s = list_first_entry(readable, struct quic_stream, read_entry);

		quic_stream_on_read(&ep->conn, s, quic_inqueue_readable(&s->rcv), world.now);
		if (quic_stream_at_fin(s))
			quic_stream_on_end_told(&ep->conn, s);
	}
}

static void cmd_give_up(u8 cmd)
{
	struct quic_stream *s = quic_stream_find(&ep->conn, cmd >> 3 & 15);

	if (!s || !quic_conn_is_established(&ep->conn))
		return;
	if (cmd & 0x80)
		quic_stream_stop(&ep->conn, s, 1);
	else
		quic_stream_reset(&ep->conn, s, 1);
}

/* ---- the run ---- */

static void cmd_time(void)
{
	quic_us at = quic_timers_earliest(&ep->conn.timers);

	if (at == QUIC_US_NEVER)
		return;
	world.now = max(world.now, at);
	quic_conn_on_timeout(&ep->conn, world.now);
}

static u32 take_u16(const u8 **data, size_t *size)
{
	u32 len = fuzz_byte(data, size) << 8;

	len |= fuzz_byte(data, size);
	return min_t(size_t, len, *size);
}

static void run_command(const u8 **data, size_t *size)
{
	u8 cmd = fuzz_byte(data, size);
	u32 len = 0;

	switch (cmd & 7) {
	case CMD_RAW:
		len = min_t(u32, take_u16(data, size), 1500);
		if (len)
			deliver(*data, len, len);
		break;
	case CMD_FRAMES:
	case CMD_TWICE:
		len = min_t(u32, take_u16(data, size), 1400);
		cmd_frames(cmd, *data, len, (cmd & 7) == CMD_TWICE);
		break;
	case CMD_TIME:
		cmd_time();
		break;
	case CMD_WRITE:
		cmd_write(cmd, fuzz_byte(data, size));
		break;
	case CMD_READ:
		cmd_read();
		break;
	case CMD_GIVE_UP:
		cmd_give_up(cmd);
		break;
	case CMD_KEYS:
		cmd_keys();
		break;
	}
	*data += len;
	*size -= len;
	world.now += 100;
	ep->conn.notify = 0;
	quic_conn_output(&ep->conn, world.now);
}

static void check_state(void)
{
	const struct quic_conn *c = &ep->conn;
	unsigned int i;

	/* CRYPTO has its own bound, see rx_crypto(). */
	FUZZ_CHECK(c->rmem <= RMEM_MAX + QUIC_NR_SPACES * 8 * QUIC_CRYPTO_BUFFER_BYTES);
	FUZZ_CHECK(c->rx.received <= c->rx.max && c->rx.consumed <= c->rx.received);
	FUZZ_CHECK(c->tx.used <= c->tx.max);
	FUZZ_CHECK(c->nr_held <= QUIC_CONN_MAX_HELD);
	for (i = 0; i < 4; i++)
		FUZZ_CHECK(c->streams.type[i].nr <= 200);
	FUZZ_CHECK(quic_env_live < 20000);
}

static void begin(u8 options)
{
	struct quic_addr local = { .family = 4, .port = 1 }, remote = { .family = 4, .port = 2 };
	struct quic_header h = {
		.kind = QUIC_PACKET_INITIAL, .version = quic_version_find(QUIC_V1),
		.dcid = odcid, .scid = peer_cid,
	};

	world.cfg = (struct sim_config){ .hooks = &world_hooks };
	world.now = 1000000;
	world.rng = 1;
	world.error = NULL;
	world.chunks = 0;
	world.keys = 0;
	sim_current = &world;
	ep = &world.ep[options & 1];
	memset(ep, 0, sizeof(*ep));
	ep->sim = &world;
	ep->me = options & 1;
	next_pn = 0;
	stage = 0;
	quic_conn_init(&ep->conn);
	ep->conn.config.rmem_max = RMEM_MAX;
	ep->conn.local.max_datagram_frame_size = options & 2 ? 500 : 0;
	ep->conn.local.initial_max_data = options & 4 ? 3000 : 200000;
	if (options & 1)
		FUZZ_CHECK(!quic_conn_start_server(&ep->conn, &h, &odcid, NULL, false, &local,
						   &remote, world.now));
	else
		FUZZ_CHECK(!quic_conn_start_client(&ep->conn, &local, &remote, world.now));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	u8 options = fuzz_byte(&data, &size);
	long live = quic_env_live;
	unsigned int n = 0;

	begin(options);
	while (size && n++ < COMMANDS_MAX && ep->conn.state != QUIC_CONN_CLOSED) {
		run_command(&data, &size);
		check_state();
	}
	quic_conn_exit(&ep->conn);
	FUZZ_CHECK(!world.chunks && !world.keys && quic_env_live == live);
	return 0;
}
