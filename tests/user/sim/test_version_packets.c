// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_version_packets.c - which packets have which version while it changes
 *
 * RFC 9369 4.1: 0-RTT keeps the first one, what follows has the negotiated one, and
 * packets of any other are not read.
 */
#include "scenario.h"

static struct sim_endpoint *const client = &sim.ep[0];
static struct sim_endpoint *const server = &sim.ep[1];

static u32 prefers;		/* the server; 0: what the client has chosen */

static void prefer_on_init(struct sim_endpoint *ep)
{
	if (ep->me)
		ep->conn.config.prefer_version = prefers;
}

static void packets_config(struct sim_config *cfg, u64 seed)
{
	sim_config_default(cfg, seed);
	prefers = 0;
	cfg->version = seed & 1 ? QUIC_V1 : QUIC_V2;
	cfg->app[0] = (struct sim_app){ .streams = 1, .send_bytes = 3000 };
	cfg->app[1] = (struct sim_app){ .send_bytes = 3000, .echo = true };
}

static u32 other(u32 version)
{
	return version == QUIC_V1 ? QUIC_V2 : QUIC_V1;
}

static u8 seen[2][QUIC_NR_PACKET_KINDS];	/* bit 0: the first version, bit 1: the other */

static bool seen_on_send(struct sim *s, unsigned int from, u64 index, u8 *data, u32 len,
			 enum quic_ecn *ecn)
{
	struct quic_header h;
	u32 off;

	for (off = 0; off < len && data[off] & QUIC_HEADER_LONG; off += h.packet_len) {
		if (!quic_header_decode(data + off, len - off, QUIC_CID_OURS_BYTES, &h))
			break;
		seen[from][h.kind] |= h.version_number == s->cfg.version ? 1 : 2;
	}
	return true;
}

static const struct sim_hooks seen_hooks = {
	.on_init = prefer_on_init,
	.on_send = seen_on_send,
};

/* [9369-4.1#6,7] */
static const char *handshake_packets_have_the_negotiated_version(u64 seed)
{
	struct sim_config cfg;

	packets_config(&cfg, seed);
	cfg.hooks = &seen_hooks;
	prefers = other(cfg.version);
	memset(seen, 0, sizeof(seen));
	cfg.hello_bytes = 320 + seed * 331 % 3000;
	if (sim_run(&sim, &cfg))
		return scenario_end();
	if (seen[0][QUIC_PACKET_HANDSHAKE] != 2 || seen[1][QUIC_PACKET_HANDSHAKE] != 2)
		sim_fail(&sim, "a Handshake packet in the first version");
	if (seen[0][QUIC_PACKET_INITIAL] != 3)
		sim_fail(&sim, "the client's Initials did not change version");
	/* What it acknowledges before it has read the hello may have either. */
	if (!(seen[1][QUIC_PACKET_INITIAL] & 2))
		sim_fail(&sim, "the server's Initials have the wrong version");
	return scenario_end();
}

static bool other_version_sent;

/* The server's own Handshake packet, but of the version that was not chosen. */
static void other_version_on_settle(struct sim_endpoint *ep)
{
	static const u8 close[] = { QUIC_FRAME_CONNECTION_CLOSE, 0, 0, 0 };
	struct sim_forge f = {
		.level = QUIC_LEVEL_HANDSHAKE, .pn = 100, .frames = close, .len = sizeof(close),
		.version = quic_version_find(other(ep->sim->cfg.version)), .pad_to = 200,
	};
	u8 dgram[SIM_FORGE_MAX_BYTES];

	/* Once there is no way to another version any more. */
	if (ep->me || other_version_sent || client->conn.confirmed ||
	    !quic_keys_is_discarded(&client->conn.keys, QUIC_LEVEL_INITIAL) ||
	    !quic_keys_can_send(&server->conn.keys, QUIC_LEVEL_HANDSHAKE))
		return;
	other_version_sent = true;
	sim_inject(ep->sim, 0, dgram, sim_forge(server, &f, dgram), 1);
}

static const struct sim_hooks other_version_hooks = {
	.on_init = prefer_on_init,
	.on_settle = other_version_on_settle,
};

/* [9000-5.2.1#1] */
static const char *packets_of_another_version_are_not_read(u64 seed)
{
	struct sim_config cfg;
	const char *err;

	packets_config(&cfg, seed);
	cfg.hooks = &other_version_hooks;
	other_version_sent = false;
	err = scenario_run(&cfg);
	return !err && !other_version_sent ? "there was no such packet" : err;
}

/* ---- 0-RTT ---- */

static bool early_written;	/* when the client knew that the version changes */
static bool early_left;		/* and that left as 0-RTT */

static void early_on_init(struct sim_endpoint *ep)
{
	prefer_on_init(ep);
	ep->conn.local.max_datagram_frame_size = 1400;
}

static void early_on_settle(struct sim_endpoint *ep)
{
	struct quic_conn *conn = &ep->conn;
	struct quic_buf buf;

	if (ep->me || early_written || conn->version == conn->first_version ||
	    !quic_keys_can_send(&conn->keys, QUIC_LEVEL_EARLY) ||
	    quic_edge_buf_alloc(conn, 1, &buf))
		return;
	early_written = true;
	buf.data[0] = 0x33;
	if (quic_conn_send_datagram(conn, &buf)) {
		quic_edge_chunk_put(buf.chunk);
		return;
	}
	memset(seen, 0, sizeof(seen));
	quic_conn_output(conn, sim.now);
	early_left = seen[0][QUIC_PACKET_0RTT];
}

static const struct sim_hooks early_hooks = {
	.on_init = early_on_init,
	.on_send = seen_on_send,
	.on_settle = early_on_settle,
};

/* [9369-4.1#8] also those that leave when the client knows the other one */
static const char *early_data_keep_the_first_version(u64 seed)
{
	struct sim_config cfg;

	packets_config(&cfg, seed);
	cfg.hooks = &early_hooks;
	cfg.early = SIM_EARLY_ACCEPTED;
	cfg.flight_bytes = 12000;
	prefers = other(cfg.version);
	memset(seen, 0, sizeof(seen));
	early_written = false;
	early_left = false;
	if (sim_run(&sim, &cfg))
		return scenario_end();
	if (!early_left || server->conn.nr_dgrams_in != 1)
		sim_fail(&sim, "nothing was sent as 0-RTT, or it was not read");
	if (seen[0][QUIC_PACKET_0RTT] & 2 || client->conn.version->number != prefers)
		sim_fail(&sim, "0-RTT in another version than the first");
	return scenario_end();
}

int main(int argc, char **argv)
{
	static const struct scenario list[] = {
		SCENARIO(handshake_packets_have_the_negotiated_version),
		SCENARIO(packets_of_another_version_are_not_read),
		SCENARIO(early_data_keep_the_first_version),
	};

	return scenario_main(argc, argv, list, ARRAY_SIZE(list));
}
