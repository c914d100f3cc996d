// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test_violation.c - what a peer can do wrong, one packet each
 *
 * Two honest engines shake hands; then one packet is forged in the name of one
 * of them and the other has to answer with exactly the violation of the table:
 * CONNECTION_CLOSE with its error code goes out, nothing else changes.  Rows with
 * NONE are what looks odd and has to be put up with.
 */
#include "scenario.h"

/* Which endpoint is to find the fault. */
enum target { CLIENT, SERVER };

/**
 * struct row - one packet
 * @name: what is wrong with it
 * @target: who gets it
 * @level: at which level
 * @hex: its frames
 * @want: the violation; NONE: the connection goes on
 */
struct row {
	const char *name;
	enum target target;
	enum quic_level level;
	const char *hex;
	enum quic_violation want;
};

#define NONE	QUIC_VIOLATION_NONE
#define V(name)	QUIC_VIOLATION_##name
#define TOKEN	"000102030405060708090a0b0c0d0e0f"

#define APP_ROW(name, target, hex, want) { name, target, QUIC_LEVEL_APP, hex, want }

static const struct row rows[] = {
	/* 12.4: frames as such */
	/* [9000-12.4#2] */
	APP_ROW("packet without frames", SERVER, "", V(PACKET_NO_FRAMES)),
	/* [9000-12.4#4] */
	APP_ROW("unknown frame type", SERVER, "20", V(FRAME_UNKNOWN_TYPE)),
	APP_ROW("unknown frame type, long", CLIENT, "9abcdef0", V(FRAME_UNKNOWN_TYPE)),
	/* [9000-12.4#5] */
	APP_ROW("PING in two bytes", SERVER, "4001", V(FRAME_TYPE_NOT_SHORTEST)),
	APP_ROW("type cut off", SERVER, "40", V(FRAME_TRUNCATED)),
	APP_ROW("CRYPTO cut off", CLIENT, "06004005aa", V(FRAME_TRUNCATED)),
	APP_ROW("STREAM cut off", CLIENT, "0a0005aabb", V(FRAME_TRUNCATED)),
	/* [9000-5.2] */
	APP_ROW("good frame before a bad one", SERVER, "0120", V(FRAME_UNKNOWN_TYPE)),
	APP_ROW("CONNECTION_CLOSE cut off", SERVER, "1c000005aa", V(FRAME_TRUNCATED)),
	/* draft-ietf-quic-ack-frequency 4 */
	APP_ROW("ACK_FREQUENCY", SERVER, "40af0009801000004003", NONE),
	APP_ROW("ACK_FREQUENCY again, older", CLIENT, "40af0509800100004003" "40af0309800100004003",
		NONE),
	APP_ROW("ACK_FREQUENCY below min_ack_delay", SERVER, "40af000943e703",
		V(ACK_FREQUENCY_DELAY_INVALID)),
	APP_ROW("ACK_FREQUENCY of 2^14 ms", CLIENT, "40af000980fa000003",
		V(ACK_FREQUENCY_DELAY_INVALID)),
	APP_ROW("IMMEDIATE_ACK", CLIENT, "1f", NONE),
	APP_ROW("only PADDING", SERVER, "000000", NONE),
	APP_ROW("PING", CLIENT, "01", NONE),
	/* 19.3, 13.1: ACK */
	/* [9000-19.3.1] */
	APP_ROW("ACK range below zero", SERVER, "0200000001", V(ACK_RANGE_INVALID)),
	APP_ROW("ACK gap below zero", SERVER, "02010001000000", V(ACK_RANGE_INVALID)),
	APP_ROW("ACK of a number not sent", SERVER, "027fff000000", V(ACK_UNSENT)),
	APP_ROW("ACK with a huge delay", SERVER, "0200ffffffffffffffff0000", NONE),
	/* 19.6, 7.5: CRYPTO */
	/* [9000-19.6] */
	APP_ROW("CRYPTO beyond 2^62", CLIENT, "06ffffffffffffffff01aa", V(CRYPTO_OFFSET_TOO_LARGE)),
	/* [9000-7.5#2] */
	APP_ROW("CRYPTO beyond the buffer", CLIENT, "068002000001aa",
		V(CRYPTO_BUFFER_EXCEEDED)),
	APP_ROW("empty CRYPTO", CLIENT, "060000", NONE),
	/* 19.7: NEW_TOKEN */
	/* [9000-19.7#2] */
	APP_ROW("empty NEW_TOKEN", CLIENT, "0700", V(NEW_TOKEN_EMPTY)),
	/* [9000-19.7#4] */
	APP_ROW("NEW_TOKEN at the server", SERVER, "0701aa", V(NEW_TOKEN_AT_SERVER)),
	APP_ROW("NEW_TOKEN", CLIENT, "0701aa", NONE),
	/* 19.8, 4.5, 4.6: STREAM */
	/* [9000-19.8#2] */
	APP_ROW("STREAM beyond 2^62", SERVER, "0e00ffffffffffffffff01aa",
		V(STREAM_OFFSET_TOO_LARGE)),
	/* [9000-19.8#1] */
	APP_ROW("STREAM on ours, not opened", SERVER, "0a0101aa", V(STREAM_NOT_OPENED)),
	/* [9000-19.8#1] */
	APP_ROW("STREAM on ours, send-only", CLIENT, "0a0201aa", V(STREAM_SEND_ONLY)),
	/* [9000-19.4] */
	APP_ROW("RESET_STREAM on ours, send-only", CLIENT, "04020000", V(STREAM_SEND_ONLY)),
	/* [9000-19.13] */
	APP_ROW("STREAM_DATA_BLOCKED on ours, send-only", CLIENT, "150200", V(STREAM_SEND_ONLY)),
	/* [9000-19.10#1] */
	APP_ROW("MAX_STREAM_DATA on ours, not opened", SERVER, "110100", V(STREAM_NOT_OPENED)),
	/* [9000-19.5#1] */
	APP_ROW("STOP_SENDING on ours, not opened", SERVER, "050100", V(STREAM_NOT_OPENED)),
	/* [9000-19.10#2] */
	APP_ROW("MAX_STREAM_DATA on a receive-only one", SERVER, "110200",
		V(STREAM_RECEIVE_ONLY)),
	/* [9000-19.5#2] */
	APP_ROW("STOP_SENDING on a receive-only one", SERVER, "050200", V(STREAM_RECEIVE_ONLY)),
	/* [9000-4.6#3] [9000-19.11#4] */
	APP_ROW("STREAM above the limit", SERVER, "0a419000", V(STREAM_LIMIT_EXCEEDED)),
	APP_ROW("last stream below the limit", SERVER, "0a418c00", NONE),
	APP_ROW("RESET_STREAM above the limit", SERVER, "0441900000", V(STREAM_LIMIT_EXCEEDED)),
	/* [9000-4.1#2] [9000-19.10#4] */
	APP_ROW("STREAM above its credit", SERVER, "0e0080100000" "01aa",
		V(STREAM_FLOW_CONTROL)),
	APP_ROW("RESET_STREAM above its credit", SERVER, "04000080100001",
		V(STREAM_FLOW_CONTROL)),
	/* [9000-4.1#2] [9000-19.9#2] */
	APP_ROW("three streams above all credit", SERVER,
		"0e00800fffef01aa" "0e04800fffef01aa" "0a0801aa", V(CONN_FLOW_CONTROL)),
	APP_ROW("two streams within all credit", SERVER, "0e00800fffef01aa" "0e04800fffef01aa",
		NONE),
	APP_ROW("FIN moves back", SERVER, "0b0001aa" "0b0000", V(STREAM_FINAL_SIZE_CHANGED)),
	APP_ROW("FIN below what came", SERVER, "0a0002aaaa" "0b0001aa",
		V(STREAM_FINAL_SIZE_CHANGED)),
	APP_ROW("data behind FIN", SERVER, "0b0001aa" "0e000101aa",
		V(STREAM_BEYOND_FINAL_SIZE)),
	APP_ROW("RESET_STREAM behind FIN", SERVER, "0b0001aa" "04000005",
		V(STREAM_BEYOND_FINAL_SIZE)),
	APP_ROW("RESET_STREAM below what came", SERVER, "0a0002aaaa" "04000001",
		V(STREAM_FINAL_SIZE_CHANGED)),
	APP_ROW("data twice", SERVER, "0a00020083" "0a00020083", NONE),
	APP_ROW("RESET_STREAM twice", SERVER, "04000000" "04000000", NONE),
	/* 19.11, 19.14 */
	/* [9000-4.6#1] [9000-19.11#1] */
	APP_ROW("MAX_STREAMS above 2^60", SERVER, "12d000000000000001",
		V(MAX_STREAMS_TOO_LARGE)),
	APP_ROW("MAX_STREAMS uni above 2^60", CLIENT, "13d000000000000001",
		V(MAX_STREAMS_TOO_LARGE)),
	/* [9000-4.6#1] [9000-19.14] */
	APP_ROW("STREAMS_BLOCKED above 2^60", CLIENT, "16d000000000000001",
		V(STREAMS_BLOCKED_TOO_LARGE)),
	APP_ROW("limits that go down", SERVER, "1000" "1200" "1300", NONE),
	APP_ROW("blocked frames", SERVER, "1400" "1600" "1700", NONE),
	/* 19.15, 19.16, 5.1 */
	/* [9000-19.15#1] */
	APP_ROW("NEW_CONNECTION_ID without id", SERVER, "18090000" TOKEN, V(CID_LENGTH_INVALID)),
	/* [9000-19.15#1] */
	APP_ROW("NEW_CONNECTION_ID with 21 bytes", SERVER,
		"18090015" "000102030405060708090a0b0c0d0e0f1011121314" TOKEN,
		V(CID_LENGTH_INVALID)),
	/* [9000-19.15#6] */
	APP_ROW("Retire Prior To above its number", SERVER, "18090a0401020304" TOKEN,
		V(CID_RETIRE_PRIOR_TOO_LARGE)),
	/* [9000-5.1.1#4] */
	APP_ROW("one id too many", SERVER, "18200004aabbcc01" TOKEN, V(CID_LIMIT_EXCEEDED)),
	APP_ROW("one number, two ids", SERVER,
		"18202008aabbccddeeff0001" TOKEN "18202008aabbccddeeff0002" TOKEN,
		V(CID_CHANGED)),
	APP_ROW("one id, two numbers", SERVER,
		"18202008aabbccddeeff0001" TOKEN "18212008aabbccddeeff0001" TOKEN,
		V(CID_CHANGED)),
	APP_ROW("all ids renewed", SERVER, "18202004aabbcc01" TOKEN, NONE),
	/* [9000-19.16#1] */
	APP_ROW("retires an id never issued", SERVER, "1943e8", V(CID_RETIRE_UNISSUED)),
	APP_ROW("retires the id it is sent to", SERVER, "1900", V(CID_RETIRE_IN_USE)),
	APP_ROW("retires another id, twice", SERVER, "1901" "1901", NONE),
	/* 19.17 to 19.20, RFC 9221 */
	APP_ROW("PATH_CHALLENGE", SERVER, "1a0102030405060708", NONE),
	APP_ROW("PATH_RESPONSE to nothing", SERVER, "1b0102030405060708", NONE),
	/* [9000-19.20#2] */
	APP_ROW("HANDSHAKE_DONE at the server", SERVER, "1e", V(HANDSHAKE_DONE_AT_SERVER)),
	APP_ROW("HANDSHAKE_DONE again", CLIENT, "1e", NONE),
	/* [9221-3#3] */
	APP_ROW("DATAGRAM that was not offered", SERVER, "31" "01aa",
		V(DATAGRAM_NOT_NEGOTIATED)),
	/* 12.4, table 3: what long header packets may not carry */
#define BOTH(name, hex) \
	{ name " in an Initial", SERVER, QUIC_LEVEL_INITIAL, hex, V(FRAME_NOT_ALLOWED_HERE) }, \
	{ name " in a Handshake packet", CLIENT, QUIC_LEVEL_HANDSHAKE, hex, \
	  V(FRAME_NOT_ALLOWED_HERE) }
	BOTH("RESET_STREAM", "04000000"),
	BOTH("STOP_SENDING", "050000"),
	BOTH("NEW_TOKEN", "0701aa"),
	BOTH("STREAM", "0a0001aa"),
	BOTH("STREAM without length", "0800aa"),
	BOTH("STREAM with all bits", "0f000001aa"),
	BOTH("MAX_DATA", "1001"),
	BOTH("MAX_STREAM_DATA", "110001"),
	BOTH("MAX_STREAMS", "1201"),
	BOTH("MAX_STREAMS uni", "1301"),
	BOTH("DATA_BLOCKED", "1401"),
	BOTH("STREAM_DATA_BLOCKED", "150001"),
	BOTH("STREAMS_BLOCKED", "1601"),
	BOTH("STREAMS_BLOCKED uni", "1701"),
	BOTH("NEW_CONNECTION_ID", "18010004aabbccdd" TOKEN),
	BOTH("RETIRE_CONNECTION_ID", "1900"),
	BOTH("PATH_CHALLENGE", "1a0102030405060708"),
	BOTH("PATH_RESPONSE", "1b0102030405060708"),
	BOTH("CONNECTION_CLOSE of the application", "1d0000"),
	BOTH("HANDSHAKE_DONE", "1e"),
	BOTH("DATAGRAM", "3101aa"),
#undef BOTH
	{ "ACK of nothing in an Initial", SERVER, QUIC_LEVEL_INITIAL, "027fff000000",
	  V(ACK_UNSENT) },
	/* [9000-7.5#2] */
	{ "CRYPTO beyond the buffer in an Initial", SERVER, QUIC_LEVEL_INITIAL,
	  "068002000001aa", V(CRYPTO_BUFFER_EXCEEDED) },
	{ "PING in an Initial", SERVER, QUIC_LEVEL_INITIAL, "01", NONE },
	{ "PING in a Handshake packet", CLIENT, QUIC_LEVEL_HANDSHAKE, "01", NONE },
};

/* ---- one run per row ---- */

/**
 * struct attack - the packet of the run
 * @row: what to send
 * @flip: bits of byte 0 to flip
 * @sent: it is on its way
 * @pn: its number
 * @judged: the target has answered
 * @what: how the answer is named in a failure
 */
static struct attack {
	const struct row *row;
	u8 flip;
	bool sent;
	quic_pn pn;
	bool judged;
	char what[200];
} attack;

static u32 attack_frames(u8 *dst)
{
	const char *hex = attack.row->hex;
	char byte[3] = {};
	u32 n = 0;

	for (; *hex; hex += 2) {
		memcpy(byte, hex, 2);
		dst[n++] = strtoul(byte, NULL, 16);
	}
	return n;
}

static void attack_send(struct sim_endpoint *from)
{
	enum quic_space space = quic_level_space(attack.row->level);
	u8 frames[256], dgram[SIM_FORGE_MAX_BYTES];
	struct sim_forge f = {
		.level = attack.row->level,
		/* Far from those the engine uses until the verdict. */
		.pn = from->conn.recovery.space[space].sent.next + 100,
		.frames = frames,
		.len = attack_frames(frames),
		.flip = attack.flip,
	};

	/* PADDING would make a truncated frame whole: it comes before. */
	if (f.level == QUIC_LEVEL_INITIAL)
		f.pad_to = QUIC_MIN_DATAGRAM_BYTES;
	attack.pn = f.pn;
	attack.sent = true;
	sim_inject(from->sim, !from->me, dgram, sim_forge(from, &f, dgram),
		   from->sim->cfg.link[0].latency);
}

static void attack_fail(struct sim *s, const char *got)
{
	snprintf(attack.what, sizeof(attack.what), "%s: want %s, got %s", attack.row->name,
		 quic_violation_name(attack.row->want), got);
	sim_fail(s, attack.what);
}

static void attack_judge(struct sim_endpoint *ep)
{
	const struct quic_close *c = &ep->conn.close;
	enum quic_violation want = attack.row->want;

	attack.judged = true;
	if (quic_conn_is_open(&ep->conn)) {
		if (want != NONE)
			attack_fail(ep->sim, "nothing");
	} else if (ep->conn.state != QUIC_CONN_CLOSING || c->source != QUIC_CLOSE_LOCAL ||
		   c->app || c->code != quic_violation_error(want) ||
		   strcmp((const char *)c->reason, quic_violation_name(want))) {
		attack_fail(ep->sim, (const char *)c->reason);
	}
}

static bool attack_is_due(const struct sim_endpoint *from)
{
	if (attack.sent || from->me == attack.row->target ||
	    !quic_keys_can_send(&from->conn.keys, attack.row->level))
		return false;
	return attack.row->level != QUIC_LEVEL_APP ||
	       (from->conn.confirmed && from->sim->ep[!from->me].conn.confirmed);
}

static void attack_on_settle(struct sim_endpoint *ep)
{
	enum quic_space space = quic_level_space(attack.row->level);

	if (attack_is_due(ep)) {
		attack_send(ep);
		return;
	}
	if (!attack.sent || attack.judged || ep->me != attack.row->target ||
	    (quic_conn_is_open(&ep->conn) && (ep->conn.space[space].largest == QUIC_PN_NONE ||
					      ep->conn.space[space].largest < attack.pn)))
		return;
	attack_judge(ep);
	if (!quic_conn_is_open(&ep->conn))
		return;		/* goes on until the other side has heard of it */
	quic_conn_abort(&sim.ep[0].conn, sim.now);
	quic_conn_abort(&sim.ep[1].conn, sim.now);
}

static void attack_on_init(struct sim_endpoint *ep)
{
	ep->conn.config.keepalive = QUIC_US_PER_SEC;	/* something happens in silence, too */
}

static const struct sim_hooks attack_hooks = {
	.on_init = attack_on_init,
	.on_settle = attack_on_settle,
};

static const char *attack_run(const struct row *row, u8 flip, u64 seed)
{
	const struct quic_close *c;
	struct sim_config cfg;
	const char *err;

	sim_config_default(&cfg, seed);
	cfg.hooks = &attack_hooks;
	cfg.may_end_early = true;
	cfg.stays_open = true;
	cfg.give_up = 30 * QUIC_US_PER_SEC;
	attack = (struct attack){ .row = row, .flip = flip };
	err = scenario_run(&cfg);
	c = &sim.ep[!row->target].conn.close;
	if (!err && row->want != NONE &&
	    (c->source != QUIC_CLOSE_PEER || c->code != quic_violation_error(row->want)))
		return "the other side was not told";
	if (!err && !attack.judged)
		return "the packet was never judged";
	return err;
}

/* [9000-11.1] */
/* [9000-11.1] */
static const char *each_row_is_answered_as_the_table_says(u64 seed)
{
	unsigned int i, failed = 0;
	const char *err, *first = NULL;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		err = attack_run(&rows[i], 0, seed);
		if (!err)
			continue;
		printf("# %s: %s\n", rows[i].name, err);
		first = "see above";
		failed++;
	}
	return first;
}

/* [9000-17.2#7] [9000-17.3.1#3] */
static const char *reserved_bits_are_a_violation(u64 seed)
{
	static const struct row initial = {
		"reserved bits of an Initial", SERVER, QUIC_LEVEL_INITIAL, "01",
		V(PACKET_RESERVED_BITS),
	};
	static const struct row handshake = {
		"reserved bits of a Handshake packet", CLIENT, QUIC_LEVEL_HANDSHAKE, "01",
		V(PACKET_RESERVED_BITS),
	};
	static const struct row app = APP_ROW("reserved bits of a 1-RTT packet", SERVER, "01",
					      V(PACKET_RESERVED_BITS));
	const char *err = NULL;

	err = attack_run(&initial, 0x04, seed);
	if (!err)
		err = attack_run(&handshake, 0x08, seed);
	if (!err)
		err = attack_run(&app, 0x08, seed);
	if (!err)
		err = attack_run(&app, 0x10, seed);
	return err;
}

/* ---- transport parameters ---- */

/**
 * struct tparam_row - one lie in the transport parameters
 * @from: who tells it
 * @change: makes it
 * @want: what the other side finds
 */
struct tparam_row {
	enum target from;
	void (*change)(struct quic_tparams *p);
	enum quic_violation want;
};

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
	{ CLIENT, wrong_scid, V(TPARAM_CID_MISMATCH) },
	{ SERVER, wrong_scid, V(TPARAM_CID_MISMATCH) },
	{ SERVER, short_scid, V(TPARAM_CID_MISMATCH) },
	{ SERVER, wrong_odcid, V(TPARAM_CID_MISMATCH) },
	{ SERVER, retry_out_of_nothing, V(TPARAM_CID_MISMATCH) },
	{ CLIENT, exponent_of_21, V(TPARAM_VALUE_INVALID) },
	{ SERVER, exponent_of_21, V(TPARAM_VALUE_INVALID) },
	{ SERVER, ack_delay_of_2_14, V(TPARAM_VALUE_INVALID) },
	{ CLIENT, payload_of_1199, V(TPARAM_VALUE_INVALID) },
	{ CLIENT, one_id, V(TPARAM_VALUE_INVALID) },
	{ SERVER, too_many_streams, V(TPARAM_VALUE_INVALID) },
	{ CLIENT, token_of_a_client, V(TPARAM_FROM_CLIENT) },
};

static const struct tparam_row *tparam_row;
static bool tparam_done;

static void tparam_on_blob(struct sim_endpoint *ep)
{
	if (ep->me == tparam_row->from && !tparam_done) {
		tparam_row->change(&ep->conn.local);
		tparam_done = true;
	}
}

static const struct sim_hooks tparam_hooks = {
	.on_blob = tparam_on_blob,
};

static const char *lies_in_transport_parameters_are_found(u64 seed)
{
	struct sim_config cfg;
	const char *err;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(tparam_rows); i++) {
		const struct quic_close *c = &sim.ep[!tparam_rows[i].from].conn.close;

		sim_config_default(&cfg, seed);
		cfg.hooks = &tparam_hooks;
		cfg.may_end_early = true;
		tparam_row = &tparam_rows[i];
		tparam_done = false;
		sim_run(&sim, &cfg);
		if (c->source != QUIC_CLOSE_LOCAL || c->code != QUIC_ERR_TRANSPORT_PARAMETER ||
		    strcmp((const char *)c->reason, quic_violation_name(tparam_row->want))) {
			printf("# row %u: want %s, got %s\n", i,
			       quic_violation_name(tparam_row->want), (const char *)c->reason);
			sim_fail(&sim, "another violation than expected");
		}
		err = scenario_end();
		if (err)
			return err;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	static const struct scenario list[] = {
		SCENARIO_ONCE(each_row_is_answered_as_the_table_says),
		SCENARIO_ONCE(reserved_bits_are_a_violation),
		SCENARIO_ONCE(lies_in_transport_parameters_are_found),
	};

	return scenario_main(argc, argv, list, ARRAY_SIZE(list));
}
