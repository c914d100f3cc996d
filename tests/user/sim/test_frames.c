// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_frames.c - every frame type in every packet type, whole and cut off
 *
 * The table below is RFC 9000 table 3 and RFC 9221 4 written down once more:
 * what it says is asked of the engine's, at every level and of both roles, with
 * the exact error code and frame type that result.
 */
#include "attack.h"

#define TOKEN	"000102030405060708090a0b0c0d0e0f"

/**
 * struct frame_row - one type
 * @type: on the wire
 * @where: packets that may carry it: I, H, 0, 1
 * @body: a good one's fields; see attack.h
 * @open: bytes of it (with the type) that make a frame already: its data has no length
 */
struct frame_row {
	u8 type;
	const char *where;
	const char *body;
	u8 open;
};

static const struct frame_row frame_rows[] = {
	{ 0x00, "IH01", "", 1 },
	{ 0x01, "IH01", "", 1 },
	{ 0x02, "IH1", "050001000000", 0 },
	{ 0x03, "IH1", "050001000000010101", 0 },
	{ 0x04, "01", "pb004001", 0 },
	{ 0x05, "01", "pb4007", 0 },
	{ 0x06, "IH1", "0003aabbcc", 0 },
	{ 0x07, "1", "03aabbcc", 0 },
	{ 0x08, "01", "pbaabb", 2 },
	{ 0x09, "01", "pbaabb", 2 },
	{ 0x0a, "01", "pb4002aabb", 0 },
	{ 0x0b, "01", "pb02aabb", 0 },
	{ 0x0c, "01", "pb4009aabb", 4 },
	{ 0x0d, "01", "pb09aabb", 3 },
	{ 0x0e, "01", "pb800000094002aabb", 0 },
	{ 0x0f, "01", "pb0902aabb", 0 },
	{ 0x10, "01", "80010000", 0 },
	{ 0x11, "01", "pb80010000", 0 },
	{ 0x12, "01", "4080", 0 },
	{ 0x13, "01", "4080", 0 },
	{ 0x14, "01", "4080", 0 },
	{ 0x15, "01", "pb4080", 0 },
	{ 0x16, "01", "4080", 0 },
	{ 0x17, "01", "4080", 0 },
	{ 0x18, "01", "200004aabbcc01" TOKEN, 0 },
	{ 0x19, "1", "4001", 0 },	/* in 0-RTT refused, as 12.5 allows */
	{ 0x1a, "01", "0102030405060708", 0 },
	{ 0x1b, "1", "0102030405060708", 0 },
	{ 0x1c, "IH01", "000003616263", 0 },
	{ 0x1d, "01", "0003616263", 0 },
	{ 0x1e, "1", "", 1 },
	{ 0x30, "01", "aabb", 1 },
	{ 0x31, "01", "02aabb", 0 },
};

static const char level_letters[QUIC_NR_LEVELS] = {
	[QUIC_LEVEL_INITIAL] = 'I', [QUIC_LEVEL_EARLY] = '0', [QUIC_LEVEL_HANDSHAKE] = 'H',
	[QUIC_LEVEL_APP] = '1',
};

static bool may_carry(const struct frame_row *row, enum quic_level level)
{
	return strchr(row->where, level_letters[level]);
}

/* A client gets no 0-RTT. */
static bool is_possible(enum attack_target target, enum quic_level level)
{
	return target == SERVER || level != QUIC_LEVEL_EARLY;
}

static void make(struct attack *a, const struct frame_row *row, enum attack_target target,
		 enum quic_level level, unsigned int want)
{
	static char name[64], hex[128];

	snprintf(name, sizeof(name), "frame %02x at level %c", row->type, level_letters[level]);
	snprintf(hex, sizeof(hex), "%02x%s", row->type, row->body);
	attack_fill(a, name, target, level, hex, want);
}

typedef unsigned int (*level_check)(const struct frame_row *row, enum attack_target target,
				    enum quic_level level, u64 seed);

/* Calls @fn for every level of both roles: the failures. */
static unsigned int at_each_level(level_check fn, const struct frame_row *row, u64 seed)
{
	enum attack_target target;
	enum quic_level level;
	unsigned int failed = 0;

	for (target = CLIENT; target <= SERVER; target++)
		for (level = 0; level < QUIC_NR_LEVELS; level++)
			if (is_possible(target, level))
				failed += fn(row, target, level, seed);
	return failed;
}

static unsigned int check_place(const struct frame_row *row, enum attack_target target,
				enum quic_level level, u64 seed)
{
	struct attack a;

	make(&a, row, target, level, may_carry(row, level) ? ANY_BUT_NOT_ALLOWED :
							     V(FRAME_NOT_ALLOWED_HERE));
	return attack_count(&a, seed);
}

/* [9000-12.4] [9000-12.5] [9221-4] */
static const char *frames_are_refused_where_they_may_not_be(u64 seed)
{
	unsigned int i, failed = 0;

	for (i = 0; i < ARRAY_SIZE(frame_rows); i++)
		failed += at_each_level(check_place, &frame_rows[i], seed);
	return failed ? "see above" : NULL;
}

static unsigned int check_cuts(const struct frame_row *row, enum attack_target target,
			       enum quic_level level, u64 seed)
{
	unsigned int failed = 0;
	struct attack a;
	u32 whole, len;

	if (!may_carry(row, level))
		return 0;
	make(&a, row, target, level, V(FRAME_TRUNCATED));
	whole = row->open ? row->open : a.len;
	for (len = 1; len < whole; len++) {
		a.len = len;
		failed += attack_count(&a, seed);
	}
	return failed;
}

/* [9000-12.4]: at every byte. */
static const char *frames_cut_off_are_malformed(u64 seed)
{
	unsigned int i, failed = 0;

	for (i = 0; i < ARRAY_SIZE(frame_rows); i++)
		failed += at_each_level(check_cuts, &frame_rows[i], seed);
	return failed ? "see above" : NULL;
}

/* @type in 1 << @log bytes. */
static u32 put_type(u8 *dst, u64 type, unsigned int log)
{
	struct quic_writer w;

	quic_wire_write_init(&w, dst, 8);
	quic_wire_put_uint(&w, 1 << log, type | (u64)log << ((8 << log) - 2));
	return w.len;
}

static unsigned int check_long_types(const struct frame_row *row, enum attack_target target,
				     enum quic_level level, u64 seed)
{
	unsigned int log, failed = 0;
	struct attack a;

	make(&a, row, target, level, V(FRAME_TYPE_NOT_SHORTEST));
	for (log = 1; log <= 3; log++) {
		u8 body[ATTACK_FRAMES_BYTES];
		struct attack b = a;

		memcpy(body, a.frames + 1, a.len - 1);
		b.len = put_type(b.frames, row->type, log);
		memcpy(b.frames + b.len, body, a.len - 1);
		b.len += a.len - 1;
		failed += attack_count(&b, seed);
	}
	return failed;
}

/* [9000-12.4] */
static const char *types_not_in_their_shortest_form_are_refused(u64 seed)
{
	unsigned int i, failed = 0;

	for (i = 0; i < ARRAY_SIZE(frame_rows); i++)
		failed += at_each_level(check_long_types, &frame_rows[i], seed);
	return failed ? "see above" : NULL;
}

static unsigned int check_unknown(enum attack_target target, u64 type, unsigned int log, u64 seed)
{
	unsigned int failed = 0;
	enum quic_level level;
	struct attack a;

	for (level = 0; level < QUIC_NR_LEVELS; level++) {
		if (!is_possible(target, level))
			continue;
		attack_fill(&a, "unknown type", target, level, "", V(FRAME_UNKNOWN_TYPE));
		a.len = put_type(a.frames, type, log);
		a.frames[a.len++] = 0;
		failed += attack_count(&a, seed);
	}
	return failed;
}

/* [9000-12.4] */
static const char *unknown_types_are_malformed(u64 seed)
{
	static const u64 longer[] = {
		0x40, 0x7f, 0x3fff, 0x4000, 0x3fffffff, 0x40000000, QUIC_VARINT_MAX,
	};
	enum attack_target target;
	unsigned int i, failed = 0;
	u64 type;

	for (target = CLIENT; target <= SERVER; target++) {
		for (type = 0x20; type < 0x40; type++)
			if (type != 0x30 && type != 0x31)
				failed += check_unknown(target, type, 0, seed);
		for (i = 0; i < ARRAY_SIZE(longer); i++)
			failed += check_unknown(target, longer[i],
						ilog2(quic_wire_varint_len(longer[i])), seed);
	}
	return failed ? "see above" : NULL;
}

/* A type that is cut off has no value that could be told. */
static const char *types_cut_off_are_malformed(u64 seed)
{
	static const char *const cut[] = { "40", "80", "8000", "800000", "c0", "c0000000000000" };
	unsigned int i, failed = 0;
	enum attack_target target;
	struct attack a;

	for (target = CLIENT; target <= SERVER; target++) {
		for (i = 0; i < ARRAY_SIZE(cut); i++) {
			attack_fill(&a, "type cut off", target, QUIC_LEVEL_APP, cut[i],
				    V(FRAME_TRUNCATED));
			a.type = 0;
			failed += attack_count(&a, seed);
		}
	}
	return failed ? "see above" : NULL;
}

int main(int argc, char **argv)
{
	static const struct scenario list[] = {
		SCENARIO_ONCE(frames_are_refused_where_they_may_not_be),
		SCENARIO_ONCE(frames_cut_off_are_malformed),
		SCENARIO_ONCE(types_not_in_their_shortest_form_are_refused),
		SCENARIO_ONCE(unknown_types_are_malformed),
		SCENARIO_ONCE(types_cut_off_are_malformed),
	};

	return scenario_main(argc, argv, list, ARRAY_SIZE(list));
}
