// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_violation.c - each way a peer can be wrong, committed
 *
 * A row of core/violation.h that no row here commits fails the last test, so that
 * there is none whose error code and frame type nobody has seen on the wire.
 * Rows with NONE are what looks odd and has to be put up with.
 */
#include "attack.h"

/**
 * struct row - one packet; the notation is that of attack.h
 * @name: what is wrong with it
 * @target: who gets it
 * @level: at which level
 * @hex: its frames
 * @want: the violation; NONE: the connection goes on
 * @type: frame type at fault
 */
struct row {
	const char *name;
	enum attack_target target;
	enum quic_level level;
	const char *hex;
	enum quic_violation want;
	u64 type;
};

#define TOKEN	"000102030405060708090a0b0c0d0e0f"

#define ROW(name, target, hex, want) \
	{ name, target, QUIC_LEVEL_APP, hex, want, ATTACK_FIRST_TYPE }
#define ROW_AT(name, target, hex, want, type) { name, target, QUIC_LEVEL_APP, hex, want, type }

static const struct row rows[] = {
	/* 12.4: frames as such */
	/* [9000-12.4#2] */
	ROW("packet without frames", EITHER, "", V(PACKET_NO_FRAMES)),
	/* [9000-12.4#4] */
	ROW("unknown frame type", EITHER, "21", V(FRAME_UNKNOWN_TYPE)),
	ROW("unknown frame type, long", EITHER, "9abcdef0", V(FRAME_UNKNOWN_TYPE)),
	/* [9000-12.4#5] */
	ROW("PING in two bytes", EITHER, "4001", V(FRAME_TYPE_NOT_SHORTEST)),
	ROW_AT("type cut off", EITHER, "40", V(FRAME_TRUNCATED), 0),
	ROW("CRYPTO cut off", EITHER, "06004005aa", V(FRAME_TRUNCATED)),
	ROW("STREAM cut off", EITHER, "0a0005aabb", V(FRAME_TRUNCATED)),
	/* [9000-5.2] */
	ROW_AT("good frame before a bad one", EITHER, "0121", V(FRAME_UNKNOWN_TYPE), 0x21),
	ROW("CONNECTION_CLOSE cut off", EITHER, "1c000005aa", V(FRAME_TRUNCATED)),
	/* draft-ietf-quic-ack-frequency 4 */
	ROW("ACK_FREQUENCY", EITHER, "40af0009801000004003", NONE),
	ROW("ACK_FREQUENCY again, older", EITHER, "40af0509800100004003" "40af0309800100004003",
	    NONE),
	ROW("ACK_FREQUENCY below min_ack_delay", EITHER, "40af000943e703",
	    V(ACK_FREQUENCY_DELAY_INVALID)),
	ROW("ACK_FREQUENCY of 2^14 ms", EITHER, "40af000980fa000003",
	    V(ACK_FREQUENCY_DELAY_INVALID)),
	ROW("IMMEDIATE_ACK", EITHER, "1f", NONE),
	ROW("only PADDING", EITHER, "000000", NONE),
	ROW("PING", EITHER, "01", NONE),
	/* 19.3, 13.1: ACK */
	/* [9000-19.3.1] */
	ROW("ACK range below zero", EITHER, "0200000001", V(ACK_RANGE_INVALID)),
	ROW("ACK gap below zero", EITHER, "02010001000000", V(ACK_RANGE_INVALID)),
	ROW("ACK of a number not sent", EITHER, "027fff000000", V(ACK_UNSENT)),
	ROW("ACK with a huge delay", EITHER, "0200ffffffffffffffff0000", NONE),
	/* 19.6, 7.5: CRYPTO */
	/* [9000-19.6] */
	ROW("CRYPTO beyond 2^62", EITHER, "06ffffffffffffffff01aa", V(CRYPTO_OFFSET_TOO_LARGE)),
	/* [9000-7.5#2] */
	ROW("CRYPTO beyond the buffer", EITHER, "068002000001aa",
	    V(CRYPTO_BUFFER_EXCEEDED)),
	ROW("empty CRYPTO", EITHER, "060000", NONE),
	/* 19.7: NEW_TOKEN */
	/* [9000-19.7#2] */
	ROW("empty NEW_TOKEN", CLIENT, "0700", V(NEW_TOKEN_EMPTY)),
	/* [9000-19.7#4] */
	ROW("NEW_TOKEN at the server", SERVER, "0701aa", V(NEW_TOKEN_AT_SERVER)),
	ROW("NEW_TOKEN", CLIENT, "0701aa", NONE),
	/* 19.8, 4.5, 4.6: STREAM */
	/* [9000-19.8#2] */
	ROW("STREAM beyond 2^62", EITHER, "0epbffffffffffffffff01aa",
	    V(STREAM_OFFSET_TOO_LARGE)),
	/* [9000-19.8#1] */
	ROW("STREAM on ours, not opened", EITHER, "0aob01aa", V(STREAM_NOT_OPENED)),
	/* [9000-19.8#1] */
	ROW("STREAM on ours, send-only", EITHER, "0aou01aa", V(STREAM_SEND_ONLY)),
	/* [9000-19.4] */
	ROW("RESET_STREAM on ours, send-only", EITHER, "04ou0000", V(STREAM_SEND_ONLY)),
	/* [9000-19.13] */
	ROW("STREAM_DATA_BLOCKED on ours, send-only", EITHER, "15ou00", V(STREAM_SEND_ONLY)),
	/* [9000-19.10#1] */
	ROW("MAX_STREAM_DATA on ours, not opened", EITHER, "11ob00", V(STREAM_NOT_OPENED)),
	/* [9000-19.5#1] */
	ROW("STOP_SENDING on ours, not opened", EITHER, "05ob00", V(STREAM_NOT_OPENED)),
	/* [9000-19.10#2] */
	ROW("MAX_STREAM_DATA on a receive-only one", EITHER, "11pu00",
	    V(STREAM_RECEIVE_ONLY)),
	/* [9000-19.5#2] */
	ROW("STOP_SENDING on a receive-only one", EITHER, "05pu00", V(STREAM_RECEIVE_ONLY)),
	/* [9000-4.6#3] [9000-19.11#4] */
	ROW("STREAM above the limit", EITHER, "0apL00", V(STREAM_LIMIT_EXCEEDED)),
	ROW("last stream below the limit", EITHER, "0apl00", NONE),
	ROW("RESET_STREAM above the limit", EITHER, "04pL0000", V(STREAM_LIMIT_EXCEEDED)),
	ROW("STREAM_DATA_BLOCKED above the limit", EITHER, "15pL00", V(STREAM_LIMIT_EXCEEDED)),
	ROW("STOP_SENDING above the limit", EITHER, "05pL00", V(STREAM_LIMIT_EXCEEDED)),
	ROW("MAX_STREAM_DATA above the limit", EITHER, "11pL00", V(STREAM_LIMIT_EXCEEDED)),
	/* [9000-4.1#2] [9000-19.10#4] */
	ROW("STREAM above its credit", EITHER, "0epb80100000" "01aa",
	    V(STREAM_FLOW_CONTROL)),
	ROW("RESET_STREAM above its credit", EITHER, "04pb0080100001",
	    V(STREAM_FLOW_CONTROL)),
	/* [9000-4.1#2] [9000-19.9#2] */
	ROW_AT("three streams above all credit", EITHER,
	       "0epb800fffef01aa" "0ep1800fffef01aa" "0ap201aa", V(CONN_FLOW_CONTROL), 0x0a),
	ROW_AT("RESET_STREAM above all credit", EITHER,
	       "0epb800fffef01aa" "0ep1800fffef01aa" "04p20001", V(CONN_FLOW_CONTROL), 0x04),
	ROW("two streams within all credit", EITHER, "0epb800fffef01aa" "0ep1800fffef01aa",
	    NONE),
	ROW("FIN moves back", EITHER, "0bpb01aa" "0bpb00", V(STREAM_FINAL_SIZE_CHANGED)),
	ROW_AT("FIN below what came", EITHER, "0apb02aaaa" "0bpb01aa",
	       V(STREAM_FINAL_SIZE_CHANGED), 0x0b),
	ROW_AT("data behind FIN", EITHER, "0bpb01aa" "0epb0101aa",
	       V(STREAM_BEYOND_FINAL_SIZE), 0x0e),
	ROW_AT("RESET_STREAM behind FIN", EITHER, "0bpb01aa" "04pb0005",
	       V(STREAM_BEYOND_FINAL_SIZE), 0x04),
	ROW_AT("FIN moves on", EITHER, "0fpb0a01aa" "0fpb0b01aa", V(STREAM_BEYOND_FINAL_SIZE),
	       0x0f),
	ROW_AT("RESET_STREAM before FIN", EITHER, "0fpb0a01aa" "04pb0005",
	       V(STREAM_FINAL_SIZE_CHANGED), 0x04),
	ROW_AT("RESET_STREAM below what came", EITHER, "0apb02aaaa" "04pb0001",
	       V(STREAM_FINAL_SIZE_CHANGED), 0x04),
	ROW("data twice", SERVER, "0apb020083" "0apb020083", NONE),
	ROW("RESET_STREAM twice", EITHER, "04pb0000" "04pb0000", NONE),
	/* 19.11, 19.14 */
	/* [9000-4.6#1] [9000-19.11#1] */
	ROW("MAX_STREAMS above 2^60", EITHER, "12d000000000000001",
	    V(MAX_STREAMS_TOO_LARGE)),
	ROW("MAX_STREAMS uni above 2^60", EITHER, "13d000000000000001",
	    V(MAX_STREAMS_TOO_LARGE)),
	/* [9000-4.6#1] [9000-19.14] */
	ROW("STREAMS_BLOCKED above 2^60", EITHER, "16d000000000000001",
	    V(STREAMS_BLOCKED_TOO_LARGE)),
	ROW("STREAMS_BLOCKED uni above 2^60", EITHER, "17d000000000000001",
	    V(STREAMS_BLOCKED_TOO_LARGE)),
	ROW("MAX_STREAMS of 2^60", EITHER, "12d000000000000000" "13d000000000000000", NONE),
	ROW("limits that go down", EITHER, "1000" "1200" "1300", NONE),
	ROW("blocked frames", EITHER, "1400" "1600" "1700", NONE),
	/* 19.15, 19.16, 5.1 */
	/* [9000-19.15#1] */
	ROW("NEW_CONNECTION_ID without id", EITHER, "18090000" TOKEN, V(CID_LENGTH_INVALID)),
	/* [9000-19.15#1] */
	ROW("NEW_CONNECTION_ID with 21 bytes", EITHER,
	    "18090015" "000102030405060708090a0b0c0d0e0f1011121314" TOKEN,
		V(CID_LENGTH_INVALID)),
	/* [9000-19.15#6] */
	ROW("Retire Prior To above its number", EITHER, "18090a0401020304" TOKEN,
	    V(CID_RETIRE_PRIOR_TOO_LARGE)),
	/* [9000-5.1.1#4] */
	ROW("one id too many", EITHER, "18200004aabbcc01" TOKEN, V(CID_LIMIT_EXCEEDED)),
	ROW("one number, two ids", EITHER,
	    "18202008aabbccddeeff0001" TOKEN "18202008aabbccddeeff0002" TOKEN,
		V(CID_CHANGED)),
	ROW("one id, two numbers", EITHER,
	    "18202008aabbccddeeff0001" TOKEN "18212008aabbccddeeff0001" TOKEN,
		V(CID_CHANGED)),
	ROW("all ids renewed", EITHER, "18202004aabbcc01" TOKEN, NONE),
	/* [9000-19.16#1] */
	ROW("retires an id never issued", EITHER, "1943e8", V(CID_RETIRE_UNISSUED)),
	ROW("retires the id it is sent to", EITHER, "1900", V(CID_RETIRE_IN_USE)),
	ROW("retires another id, twice", EITHER, "1901" "1901", NONE),
	/* 19.17 to 19.20, RFC 9221 */
	ROW("PATH_CHALLENGE", EITHER, "1a0102030405060708", NONE),
	ROW("PATH_RESPONSE to nothing", EITHER, "1b0102030405060708", NONE),
	/* [9000-19.20#2] */
	ROW("HANDSHAKE_DONE at the server", SERVER, "1e", V(HANDSHAKE_DONE_AT_SERVER)),
	ROW("HANDSHAKE_DONE again", CLIENT, "1e", NONE),
	/* [9221-3#3] */
	ROW("DATAGRAM that was not offered", EITHER, "3101aa", V(DATAGRAM_NOT_NEGOTIATED)),
	ROW("DATAGRAM without length that was not offered", EITHER, "30aa",
	    V(DATAGRAM_NOT_NEGOTIATED)),
	/* the same in long header packets; what these may not carry: test_frames.c */
#define LONG(name, target, hex, want) \
	{ name, target, QUIC_LEVEL_INITIAL, hex, want, ATTACK_FIRST_TYPE }, \
	{ name, target, QUIC_LEVEL_HANDSHAKE, hex, want, ATTACK_FIRST_TYPE }
	LONG("ACK of nothing", EITHER, "027fff000000", V(ACK_UNSENT)),
	LONG("ACK range below zero", EITHER, "0200000001", V(ACK_RANGE_INVALID)),
	LONG("CRYPTO beyond the buffer", EITHER, "068002000001aa", V(CRYPTO_BUFFER_EXCEEDED)),
	LONG("CRYPTO beyond 2^62", EITHER, "06ffffffffffffffff01aa", V(CRYPTO_OFFSET_TOO_LARGE)),
	LONG("PING", EITHER, "01", NONE),
#undef LONG
};

static void row_fill(struct attack *a, const struct row *row, enum attack_target target)
{
	attack_fill(a, row->name, target, row->level, row->hex, row->want);
	a->type = row->type;
	/* Nothing is there that could be named. */
	if (!a->len)
		a->type = 0;
}

static const char *each_row_is_answered_as_the_table_says(u64 seed)
{
	enum attack_target target;
	unsigned int i, failed = 0;
	struct attack a;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		for (target = CLIENT; target <= SERVER; target++) {
			if (rows[i].target != target && rows[i].target != EITHER)
				continue;
			row_fill(&a, &rows[i], target);
			failed += attack_count(&a, seed);
		}
	}
	return failed ? "see above" : NULL;
}

/* [9000-17.2#7] [9000-17.3.1#3] */
static const char *reserved_bits_are_a_violation(u64 seed)
{
	static const u8 bits[QUIC_NR_LEVELS][2] = {
		[QUIC_LEVEL_INITIAL] = { 0x04, 0x08 }, [QUIC_LEVEL_EARLY] = { 0x04, 0x08 },
		[QUIC_LEVEL_HANDSHAKE] = { 0x04, 0x08 }, [QUIC_LEVEL_APP] = { 0x08, 0x10 },
	};
	unsigned int i, failed = 0;
	enum attack_target target;
	enum quic_level level;
	struct attack a;

	for (target = CLIENT; target <= SERVER; target++) {
		for (level = 0; level < QUIC_NR_LEVELS; level++) {
			if (target == CLIENT && level == QUIC_LEVEL_EARLY)
				continue;
			attack_fill(&a, "reserved bits", target, level, "01",
				    V(PACKET_RESERVED_BITS));
			a.type = 0;
			for (i = 0; i < 2; i++) {
				a.flip = bits[level][i];
				failed += attack_count(&a, seed);
			}
		}
	}
	return failed ? "see above" : NULL;
}

/* ---- what needs a target in some state ---- */

static void offer_datagrams(struct quic_conn *target)
{
	target->local.max_datagram_frame_size = 5;
}

static void use_no_id(struct quic_conn *target)
{
	target->remote_ids.e[target->remote_ids.active].cid.len = 0;
}

static void have_seen_forgeries(struct quic_conn *target)
{
	target->keys.failed =
		quic_cipher_info(target->keys.cipher[QUIC_LEVEL_APP])->open_limit;
}

static const struct attack states[] = {
	{ "DATAGRAM that is too large", EITHER, QUIC_LEVEL_APP, { 0x31, 4, 1, 2, 3, 4 }, 6,
	  .prepare = offer_datagrams, .want = V(DATAGRAM_TOO_LARGE), .type = 0x31 },
	{ "DATAGRAM without length that is too large", EITHER, QUIC_LEVEL_APP,
	  { 0x30, 1, 2, 3, 4, 5 }, 6, .prepare = offer_datagrams, .want = V(DATAGRAM_TOO_LARGE),
	  .type = 0x30 },
	{ "NEW_CONNECTION_ID of one that uses none", EITHER, QUIC_LEVEL_APP,
	  { 0x18, 0x20, 0, 4, 1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 },
	  24, .unheard = true, .prepare = use_no_id, .want = V(CID_PEER_USES_EMPTY), .type = 0x18 },
	{ "one forgery too many", EITHER, QUIC_LEVEL_APP, { 0x01, 0, 0, 0 }, 4, .broken = true,
	  .prepare = have_seen_forgeries, .want = V(AEAD_INTEGRITY_LIMIT) },
	{ "token in an Initial from the server", CLIENT, QUIC_LEVEL_INITIAL, { 0x01 }, 1,
	  .token = true, .want = V(INITIAL_TOKEN_FROM_SERVER) },
	{ "CRYPTO in an Initial when there are Handshake keys", SERVER, QUIC_LEVEL_INITIAL,
	  { 0x06, 0x7f, 0xff, 1, 0xaa }, 5, .late = true, .want = V(CRYPTO_DATA_AT_OLD_LEVEL),
	  .type = 0x06 },
	{ "CRYPTO in a Handshake packet when there are 1-RTT keys", CLIENT, QUIC_LEVEL_HANDSHAKE,
	  { 0x06, 0x7f, 0xff, 1, 0xaa }, 5, .late = true, .want = V(CRYPTO_DATA_AT_OLD_LEVEL),
	  .type = 0x06 },
	{ "CRYPTO once more in an Initial when there are Handshake keys", SERVER,
	  QUIC_LEVEL_INITIAL, { 0x06, 0, 1, 0 }, 4, .late = true, .want = NONE },
};

static const char *each_state_is_answered_as_the_table_says(u64 seed)
{
	unsigned int i, failed = 0;
	struct attack a;

	for (i = 0; i < ARRAY_SIZE(states); i++) {
		a = states[i];
		for (a.target = CLIENT; a.target <= SERVER; a.target++)
			if (states[i].target == a.target || states[i].target == EITHER)
				failed += attack_count(&a, seed);
	}
	return failed ? "see above" : NULL;
}

/* ---- transport parameters ---- */

/**
 * struct tparam_row - one lie in the transport parameters
 * @from: who tells it
 * @change: makes it; or
 * @edit: makes it in the encoded form
 * @want: what the other side finds
 */
struct tparam_row {
	enum attack_target from;
	void (*change)(struct quic_tparams *p);
	void (*edit)(struct quic_writer *w);
	enum quic_violation want;
};

/* The fields of one parameter: its id and value where it is, or NULL. */
static u8 *tparam_find(struct quic_writer *w, u64 id, u32 *len)
{
	struct quic_reader r;
	struct quic_span value;
	u64 at;

	quic_wire_read_init(&r, w->buf, w->len);
	while (quic_wire_left(&r)) {
		const u8 *start = r.pos;

		if (!quic_wire_get_varint(&r, &at) || !quic_wire_get_vspan(&r, &value))
			break;
		if (at == id) {
			*len = r.pos - start;
			return (u8 *)start;
		}
	}
	return NULL;
}

static void tparam_cut(struct quic_writer *w, u64 id)
{
	u32 len;
	u8 *at = tparam_find(w, id, &len);

	if (!at)
		return;
	memmove(at, at + len, w->buf + w->len - (at + len));
	w->len -= len;
}

static void last_byte_missing(struct quic_writer *w)
{
	w->len--;
}

static void length_beyond_the_end(struct quic_writer *w)
{
	quic_wire_put_varint(w, 0x7f7f);
	quic_wire_put_varint(w, 10);
}

static void one_parameter_twice(struct quic_writer *w)
{
	u32 len = 0;
	u8 *at = tparam_find(w, 0x04, &len);

	quic_wire_put_bytes(w, at, len);
}

static void no_scid(struct quic_writer *w)
{
	tparam_cut(w, 0x0f);
}

static void no_odcid(struct quic_writer *w)
{
	tparam_cut(w, 0x00);
}

static void value_longer_than_its_number(struct quic_writer *w)
{
	tparam_cut(w, 0x04);
	quic_wire_put_varint(w, 0x04);
	quic_wire_put_varint(w, 2);
	quic_wire_put_u16(w, 0x0100);
}

static void flag_with_a_value(struct quic_writer *w)
{
	tparam_cut(w, 0x0c);
	quic_wire_put_varint(w, 0x0c);
	quic_wire_put_varint(w, 1);
	quic_wire_put_u8(w, 1);
}

static void three_bytes_of_versions(struct quic_writer *w)
{
	tparam_cut(w, 0x11);
	quic_wire_put_varint(w, 0x11);
	quic_wire_put_varint(w, 3);
	quic_wire_put_zeros(w, 3);
}

static void chosen_version_zero(struct quic_writer *w)
{
	tparam_cut(w, 0x11);
	quic_wire_put_varint(w, 0x11);
	quic_wire_put_varint(w, 8);
	quic_wire_put_u32(w, 0);
	quic_wire_put_u32(w, QUIC_V1);
}

static void wrong_scid(struct quic_tparams *p)
{
	p->initial_scid.data[0] ^= 1;
}

static void wrong_odcid(struct quic_tparams *p)
{
	p->original_dcid.data[7] ^= 1;
}

static void short_scid(struct quic_tparams *p)
{
	p->initial_scid.len--;
}

static void retry_out_of_nothing(struct quic_tparams *p)
{
	p->retry_scid = p->initial_scid;
	quic_tparam_mark(p, QUIC_TPARAM_RETRY_SCID);
}

static void exponent_of_21(struct quic_tparams *p)
{
	p->ack_delay_exponent = 21;
}

static void ack_delay_of_2_14(struct quic_tparams *p)
{
	p->max_ack_delay_ms = 1 << 14;
}

static void payload_of_1199(struct quic_tparams *p)
{
	p->max_udp_payload_size = 1199;
}

static void one_id(struct quic_tparams *p)
{
	p->active_connection_id_limit = 1;
}

static void too_many_streams(struct quic_tparams *p)
{
	p->initial_max_streams_bidi = (1ULL << 60) + 1;
}

static void token_of_a_client(struct quic_tparams *p)
{
	quic_tparam_mark(p, QUIC_TPARAM_STATELESS_RESET_TOKEN);
}

static const struct tparam_row tparam_rows[] = {
	{ CLIENT, wrong_scid, NULL, V(TPARAM_CID_MISMATCH) },
	{ SERVER, wrong_scid, NULL, V(TPARAM_CID_MISMATCH) },
	{ CLIENT, short_scid, NULL, V(TPARAM_CID_MISMATCH) },
	{ SERVER, short_scid, NULL, V(TPARAM_CID_MISMATCH) },
	{ SERVER, wrong_odcid, NULL, V(TPARAM_CID_MISMATCH) },
	{ SERVER, retry_out_of_nothing, NULL, V(TPARAM_CID_MISMATCH) },
	{ CLIENT, exponent_of_21, NULL, V(TPARAM_VALUE_INVALID) },
	{ SERVER, exponent_of_21, NULL, V(TPARAM_VALUE_INVALID) },
	{ CLIENT, ack_delay_of_2_14, NULL, V(TPARAM_VALUE_INVALID) },
	{ SERVER, ack_delay_of_2_14, NULL, V(TPARAM_VALUE_INVALID) },
	{ CLIENT, payload_of_1199, NULL, V(TPARAM_VALUE_INVALID) },
	{ SERVER, payload_of_1199, NULL, V(TPARAM_VALUE_INVALID) },
	{ CLIENT, one_id, NULL, V(TPARAM_VALUE_INVALID) },
	{ SERVER, one_id, NULL, V(TPARAM_VALUE_INVALID) },
	{ CLIENT, too_many_streams, NULL, V(TPARAM_VALUE_INVALID) },
	{ SERVER, too_many_streams, NULL, V(TPARAM_VALUE_INVALID) },
	{ CLIENT, token_of_a_client, NULL, V(TPARAM_FROM_CLIENT) },
	{ CLIENT, NULL, last_byte_missing, V(TPARAM_MALFORMED) },
	{ SERVER, NULL, last_byte_missing, V(TPARAM_MALFORMED) },
	{ CLIENT, NULL, length_beyond_the_end, V(TPARAM_MALFORMED) },
	{ SERVER, NULL, length_beyond_the_end, V(TPARAM_MALFORMED) },
	{ CLIENT, NULL, value_longer_than_its_number, V(TPARAM_MALFORMED) },
	{ SERVER, NULL, flag_with_a_value, V(TPARAM_MALFORMED) },
	{ CLIENT, NULL, one_parameter_twice, V(TPARAM_DUPLICATE) },
	{ SERVER, NULL, one_parameter_twice, V(TPARAM_DUPLICATE) },
	{ CLIENT, NULL, no_scid, V(TPARAM_CID_MISSING) },
	{ SERVER, NULL, no_scid, V(TPARAM_CID_MISSING) },
	{ SERVER, NULL, no_odcid, V(TPARAM_CID_MISSING) },
	{ CLIENT, NULL, three_bytes_of_versions, V(VERSION_INFO_MALFORMED) },
	{ SERVER, NULL, three_bytes_of_versions, V(VERSION_INFO_MALFORMED) },
	{ CLIENT, NULL, chosen_version_zero, V(VERSION_INFO_MALFORMED) },
};

static const struct tparam_row *tparam_row;
static bool tparam_done;

static void tparam_on_blob(struct sim_endpoint *ep)
{
	if (ep->me != (unsigned int)tparam_row->from || !tparam_row->change || tparam_done)
		return;
	tparam_row->change(&ep->conn.local);
	tparam_done = true;
}

static void tparam_on_params(struct sim_endpoint *ep, struct quic_writer *w)
{
	if (ep->me == (unsigned int)tparam_row->from && tparam_row->edit)
		tparam_row->edit(w);
}

static const struct sim_hooks tparam_hooks = {
	.on_blob = tparam_on_blob,
	.on_params = tparam_on_params,
};

/* [9000-7.4]: the error names the frame that carried them. */
static bool tparam_is_answered(const struct tparam_row *row, const struct quic_close *c)
{
	return c->source == QUIC_CLOSE_LOCAL && c->code == QUIC_ERR_TRANSPORT_PARAMETER &&
	       c->frame_type == QUIC_FRAME_CRYPTO &&
	       !strcmp((const char *)c->reason, quic_violation_name(row->want));
}

static const char *lies_in_transport_parameters_are_found(u64 seed)
{
	struct sim_config cfg;
	unsigned int i, failed = 0;
	const char *err;

	for (i = 0; i < ARRAY_SIZE(tparam_rows); i++) {
		const struct quic_close *c = &sim.ep[!tparam_rows[i].from].conn.close;

		sim_config_default(&cfg, seed);
		cfg.hooks = &tparam_hooks;
		cfg.may_end_early = true;
		tparam_row = &tparam_rows[i];
		tparam_done = false;
		sim_run(&sim, &cfg);
		if (!tparam_is_answered(tparam_row, c)) {
			printf("# row %u: want %s, got %s\n", i,
			       quic_violation_name(tparam_row->want), (const char *)c->reason);
			sim_fail(&sim, "another violation than expected");
		}
		err = scenario_end();
		if (err)
			failed++;
	}
	return failed ? "see above" : NULL;
}

/* ---- none is forgotten ---- */

/**
 * struct elsewhere - a violation that another program's test commits
 * @v: it
 * @file: of that test, seen from this one's folder
 * @test: its name
 */
struct elsewhere {
	enum quic_violation v;
	const char *file;
	const char *test;
};

static const struct elsewhere elsewhere[] = {
	{ V(FRAME_NOT_ALLOWED_HERE), "test_frames.c", "frames_are_refused_where_they_may_not_be" },
	{ V(VERSION_DOWNGRADE), "test_version.c", "false_version_information_is_found_out" },
	{ V(VERSION_MISMATCH), "test_version.c", "false_version_information_is_found_out" },
	{ V(VERSION_INFO_MISSING), "test_version.c", "false_version_information_is_found_out" },
	{ V(TOKEN_INVALID), "test_establish.c", "a_retry_token_of_before_is_refused" },
	{ V(KEY_PHASE_OLD), "test_keys.c", "old_key_above_a_new_one_is_a_violation" },
	{ V(KEY_UPDATE_TOO_SOON), "test_keys.c", "second_update_without_an_ack_is_a_violation" },
	{ V(KEY_UPDATE_NOT_FOLLOWED), "test_keys.c", "ack_with_the_old_key_is_a_violation" },
	{ V(ACK_OF_REJECTED), "test_early.c", "ack_of_a_rejected_packet" },
	{ V(TPARAM_REDUCED), "test_early.c", "server_that_accepts_may_not_allow_less" },
	{ V(TPARAM_DATAGRAM_REDUCED), "test_early.c", "server_that_accepts_may_not_allow_less" },
};

/* The text of @file, which is named as seen from this one's folder. */
static const char *source_text(const char *file)
{
	static char path[512], text[1 << 17];
	const char *slash = strrchr(__FILE__, '/');
	size_t len = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%.*s/%s", (int)(slash - __FILE__), __FILE__, file);
	f = fopen(path, "r");
	if (f) {
		len = fread(text, 1, sizeof(text) - 1, f);
		fclose(f);
	}
	text[len] = 0;
	return text;
}

static bool elsewhere_exists(const struct elsewhere *e)
{
	const char *text = source_text(e->file);

	return strstr(text, e->test) && strstr(text, quic_violation_name(e->v));
}

/* Does any source find this fault?  That of the listener is the kernel's alone. */
static bool is_raised(enum quic_violation v)
{
	static const char *const sources[] = { QUIC_SOURCES "route.c" };
	char name[64], file[64];
	unsigned int i;

	snprintf(name, sizeof(name), "QUIC_VIOLATION_%s", quic_violation_name(v));
	for (i = 0; i < ARRAY_SIZE(sources); i++) {
		snprintf(file, sizeof(file), "../../../net/quic/%s", sources[i]);
		if (strstr(source_text(file), name))
			return true;
	}
	return false;
}

static const char *every_row_of_the_table_has_a_test(u64 seed)
{
	static bool seen[QUIC_NR_VIOLATIONS];
	unsigned int i, missing = 0;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		seen[rows[i].want] = true;
	for (i = 0; i < ARRAY_SIZE(states); i++)
		seen[states[i].want] = true;
	for (i = 0; i < ARRAY_SIZE(tparam_rows); i++)
		seen[tparam_rows[i].want] = true;
	seen[V(PACKET_RESERVED_BITS)] = true;	/* reserved_bits_are_a_violation() */
	for (i = 0; i < ARRAY_SIZE(elsewhere); i++)
		seen[elsewhere[i].v] = elsewhere_exists(&elsewhere[i]);
	for (i = V(NONE) + 1; i < QUIC_NR_VIOLATIONS; i++) {
		if (seen[i] && is_raised(i))
			continue;
		printf("# no %s %s (RFC %s)\n", seen[i] ? "source raises" : "test commits",
		       quic_violation_name(i), quic_violation_section(i));
		missing++;
	}
	return missing ? "see above" : NULL;
}

int main(int argc, char **argv)
{
	static const struct scenario list[] = {
		SCENARIO_ONCE(each_row_is_answered_as_the_table_says),
		SCENARIO_ONCE(reserved_bits_are_a_violation),
		SCENARIO_ONCE(each_state_is_answered_as_the_table_says),
		SCENARIO_ONCE(lies_in_transport_parameters_are_found),
		SCENARIO_ONCE(every_row_of_the_table_has_a_test),
	};

	return scenario_main(argc, argv, list, ARRAY_SIZE(list));
}
