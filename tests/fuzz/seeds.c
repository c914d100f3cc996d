// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * seeds.c - writes the seed corpora: seeds DIR fills DIR/NAME for each target
 *
 * All of it comes from tests/vectors: what decodes, and one of each way to be
 * wrong.  The first byte of a seed is what its target takes it for.
 */
#include <sys/stat.h>

#include "core/header.h"
#include "core/frame.h"
#include "core/token.h"
#include "core/tparam.h"
#include "frames.h"
#include "hello_model.h"
#include "rfc9000.h"
#include "rfc9001.h"
#include "rfc9369.h"
#include "tparams.h"

static const char *seed_dir;	/* where the current target's seeds go */
static unsigned int seed_nr;

static void begin(const char *root, const char *target)
{
	static char path[4096];

	snprintf(path, sizeof(path), "%s/%s", root, target);
	mkdir(root, 0777);
	mkdir(path, 0777);
	seed_dir = path;
	seed_nr = 0;
}

static void seed(u8 first, const void *bytes, size_t len)
{
	char path[4200];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%02u", seed_dir, seed_nr++);
	out = fopen(path, "wb");
	if (!out || fputc(first, out) == EOF || fwrite(bytes, 1, len, out) != len || fclose(out)) {
		perror(path);
		exit(1);
	}
}

static void seed_wire(void)
{
	/* ops: varint, u8, u16, u32, uint(3); vspan, span(4), bytes(4), cid(4), zeros */
	static const u8 each[] = { 9, 1, 3, 5, 27, 0, 40, 42, 46, 8, 9, 9 };
	static const u8 varints[] = { 9, 9, 9, 9, 9, 9 };
	u8 buf[sizeof(each) + 64] = { 0 };
	size_t i, n = sizeof(varints);

	memcpy(buf, varints, n);
	for (i = 0; i < ARRAY_SIZE(quic_vectors_varint); i++) {
		memcpy(buf + n, quic_vectors_varint[i].bytes, quic_vectors_varint[i].len);
		n += quic_vectors_varint[i].len;
		if (n > sizeof(varints) + 40 || i + 1 == ARRAY_SIZE(quic_vectors_varint)) {
			seed(sizeof(varints), buf, n);
			n = sizeof(varints);
		}
	}
	memset(buf, 0, sizeof(buf));
	memcpy(buf, each, sizeof(each));
	for (i = 0; i < 40; i++)
		buf[sizeof(each) + i] = i;
	for (i = 0; i < sizeof(each); i++)
		seed(i + 1, buf, sizeof(each) + 40);
}

static void seed_header(void)
{
	static const struct quic_vectors *const both[] = { &quic_vectors_v1, &quic_vectors_v2 };
	struct quic_cid cid = { 8, { 1, 2, 3, 4, 5, 6, 7, 8 } };
	struct quic_writer w;
	u8 buf[512];
	size_t i;
	int kind;

	for (i = 0; i < ARRAY_SIZE(both); i++) {
		seed(8, both[i]->server_packet, sizeof(both[i]->server_packet));
		seed(0, both[i]->chacha_packet, sizeof(both[i]->chacha_packet));
		seed(8, both[i]->retry_packet, sizeof(both[i]->retry_packet));
		memcpy(buf, both[i]->server_packet, 135);
		memcpy(buf + 135, both[i]->chacha_packet, 21);
		seed(0, buf, 135 + 21);
		for (kind = QUIC_PACKET_INITIAL; kind <= QUIC_PACKET_HANDSHAKE; kind++) {
			struct quic_header_build b = {
				.kind = kind, .version = quic_version_at(i), .dcid = &cid,
				.scid = &cid, .token = { (const u8 *)"token", 5 },
				.pn = 77, .pn_len = 2,
			};

			quic_wire_write_init(&w, buf, sizeof(buf));
			quic_header_encode(&w, &b);
			quic_header_set_length(buf, w.len, 2, 30);
			quic_wire_put_zeros(&w, 30);
			seed(8, buf, w.len);
		}
	}
	quic_wire_write_init(&w, buf, sizeof(buf));
	quic_header_encode_vn(&w, &cid, &cid, 0, 0x1a2a3a4a);
	seed(8, buf, w.len);
	buf[4] = 0x1a;	/* a version we do not speak */
	seed(8, buf, w.len);
}

static void seed_frame(void)
{
	u8 all[QUIC_NR_LEVELS][1024];
	size_t len[QUIC_NR_LEVELS] = { 0 }, i;
	int level;

	/* All good ones of a level make one packet; the last may be open-ended. */
	for (i = 0; i < ARRAY_SIZE(quic_vectors_frames); i++) {
		const struct quic_vector_frame *v = &quic_vectors_frames[i];

		if (v->violation != QUIC_VIOLATION_NONE || (v->bytes[0] & ~5) == 0x08 ||
		    v->bytes[0] == 0x30) {
			seed(v->level, v->bytes, v->len);
			continue;
		}
		memcpy(all[v->level] + len[v->level], v->bytes, v->len);
		len[v->level] += v->len;
	}
	for (level = 0; level < QUIC_NR_LEVELS; level++)
		seed(level, all[level], len[level]);
	seed(QUIC_LEVEL_INITIAL, quic_vectors_v1.server_frames, 99);
	seed(QUIC_LEVEL_INITIAL, quic_vectors_v1.client_frames, 245);
}

static void seed_tparam(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(quic_vectors_tparams); i++)
		seed(quic_vectors_tparams[i].from_client, quic_vectors_tparams[i].bytes,
		     quic_vectors_tparams[i].len);
}

static void seed_ranges(void)
{
	/* add, add, remove, trim, drop_first: what, start / 2, length */
	static const u8 grow[] = { 0, 1, 1, 0, 3, 1, 0, 5, 1, 0, 7, 1, 0, 9, 1, 1, 1, 60 };
	static const u8 split[] = { 0, 0, 60, 2, 5, 2, 2, 10, 2, 2, 15, 2, 2, 1, 40 };
	static const u8 trim[] = { 0, 0, 20, 0, 30, 20, 3, 5, 0, 3, 40, 0, 0, 60, 9, 4, 0, 0 };
	static const u8 no_memory[] = { 0, 1, 1, 0, 5, 1, 0x80, 9, 1, 0, 9, 1, 0x82, 0, 9 };
	static const u8 odd[] = { 0x40, 1, 1, 0, 2, 2, 0x41, 4, 1, 0x42, 2, 1 };

	seed(64, grow, sizeof(grow));
	seed(3, grow, sizeof(grow));
	seed(64, split, sizeof(split));
	seed(2, split, sizeof(split));
	seed(64, trim, sizeof(trim));
	seed(64, no_memory, sizeof(no_memory));
	seed(64, odd, sizeof(odd));
	seed(0, grow, sizeof(grow));
}

static void seed_token(void)
{
	struct quic_cid odcid = { 8, { 1, 2, 3, 4, 5, 6, 7, 8 } };
	u8 buf[QUIC_TOKEN_MAX_BYTES];
	enum quic_token_kind kind;
	struct quic_writer w;

	for (kind = QUIC_TOKEN_RETRY; kind <= QUIC_TOKEN_NEW; kind++) {
		quic_wire_write_init(&w, buf, sizeof(buf));
		quic_wire_put_u8(&w, quic_token_first(kind, kind & 1));
		quic_wire_put_zeros(&w, QUIC_TOKEN_NONCE_BYTES);
		quic_token_put_text(&w, kind, 1000000, &odcid);
		quic_wire_put_zeros(&w, QUIC_TAG_BYTES);
		seed(0, buf, w.len);
		seed(200, buf, w.len);
		seed(0, buf, w.len - 1);
	}
}

static void seed_alpn(void)
{
	static const struct hello_model models[] = {
		{ .suite_bytes = 8, .has_names = true, .nr_names = 2,
		  .names = { { (const u8 *)"h3", 2 }, { (const u8 *)"smb", 3 } } },
		{ .session_bytes = 32, .suite_bytes = 2, .before = 40, .behind = 9,
		  .has_names = true, .nr_names = 1, .names = { { (const u8 *)"x", 1 } } },
		{ .suite_bytes = 6, .before = 20, .has_names = true },
		{ .suite_bytes = 6, .behind = 20 },
	};
	/* sizes, then names: length and bytes */
	static const u8 made[] = { 0, 4, 7, 3, 1, 1, 'h', '3', 2, 's', 'm', 'b', 0, 'x' };
	u8 buf[512];
	struct quic_writer w;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(models); i++) {
		quic_wire_write_init(&w, buf, sizeof(buf));
		hello_model_encode(&w, &models[i]);
		seed(0, buf, w.len);
		seed(0, buf, w.len - 1);
	}
	seed(1, made, sizeof(made));
	seed(1, made, 4);
}

/* ---- packet: the commands of fuzz_packet.c ---- */

enum { RAW = 0, FRAMES = 1, TIME = 2, WRITE = 3, READ = 4, GIVE_UP = 5, KEYS = 6, TWICE = 7 };

static u8 packet_buf[4096];
static size_t packet_len;

static void packet_put(u8 byte)
{
	packet_buf[packet_len++] = byte;
}

static void packet_frames(u8 command, int level, const void *frames, size_t len)
{
	packet_put(command | level << 3);
	packet_put(len >> 8);
	packet_put(len);
	memcpy(packet_buf + packet_len, frames, len);
	packet_len += len;
}

/* Up to a connection that is established. */
static void packet_handshake(void)
{
	static const u8 ping[] = { 0x01 };

	packet_len = 0;
	packet_frames(FRAMES, QUIC_LEVEL_INITIAL, ping, sizeof(ping));
	packet_put(KEYS);
	packet_frames(FRAMES, QUIC_LEVEL_HANDSHAKE, ping, sizeof(ping));
	packet_put(KEYS);
}

/* Both sides write, read, give up, and time passes. */
static void packet_exchange(u8 role)
{
	static const u8 ack[] = { 0x02, 0x00, 0x00, 0x00, 0x00 };
	static const u8 data[] = { 0x0b, 0x00, 0x02, 0xaa, 0xbb, 0x0a, 0x01, 0x01, 0xcc };
	static const u8 ends[] = { 0x05, 0x00, 0x07, 0x04, 0x00, 0x07, 0x02, 0x1a, 1, 2, 3, 4, 5,
				   6, 7, 8 };
	int i;

	packet_handshake();
	for (i = 0; i < 4; i++) {
		packet_put(WRITE | i << 3);
		packet_put(40 + i);
		packet_frames(i & 1 ? TWICE : FRAMES, QUIC_LEVEL_APP, data, sizeof(data));
		packet_put(TIME);
	}
	packet_put(READ);
	packet_frames(FRAMES, QUIC_LEVEL_APP, ack, sizeof(ack));
	packet_put(GIVE_UP);
	packet_put(GIVE_UP | 0x80);
	packet_frames(FRAMES, QUIC_LEVEL_APP, ends, sizeof(ends));
	packet_put(TIME);
	seed(role, packet_buf, packet_len);
}

static void seed_packet(void)
{
	size_t i;
	u8 role;

	for (role = 0; role < 2; role++) {
		packet_exchange(role);
		for (i = 0; i < ARRAY_SIZE(quic_vectors_frames); i++) {
			const struct quic_vector_frame *v = &quic_vectors_frames[i];

			packet_len = 0;
			if (v->level == QUIC_LEVEL_APP)
				packet_handshake();
			packet_frames(FRAMES, v->level, v->bytes, v->len);
			packet_put(TIME);
			seed(role | 2, packet_buf, packet_len);
		}
		packet_len = 0;
		packet_frames(RAW, 0, quic_vectors_v1.client_packet,
			      sizeof(quic_vectors_v1.client_packet));
		seed(role, packet_buf, packet_len);
	}
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: %s DIR\n", argv[0]);
		return 2;
	}
	begin(argv[1], "wire");
	seed_wire();
	begin(argv[1], "header");
	seed_header();
	begin(argv[1], "frame");
	seed_frame();
	begin(argv[1], "tparam");
	seed_tparam();
	begin(argv[1], "ranges");
	seed_ranges();
	begin(argv[1], "token");
	seed_token();
	begin(argv[1], "alpn");
	seed_alpn();
	begin(argv[1], "packet");
	seed_packet();
	return 0;
}
