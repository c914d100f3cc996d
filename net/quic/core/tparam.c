// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/tparam.c - transport parameters to and from bytes
 *
 * The blob is a sequence of (id, length, value), RFC 9000 18.  One row per
 * parameter that we know; its kind picks how the value is read, checked and
 * written, the row says where it lives and what is allowed.  Rows index the
 * bits of quic_tparams.present.  Unknown parameters are ignored [9000-7.4.2];
 * duplicates are noticed among the known ones only.
 */
#include "tparam.h"

enum quic_tparam_kind {
	QUIC_TPARAM_INT = 1,	/* one varint, min <= value <= max */
	QUIC_TPARAM_FLAG,	/* empty; there or not */
	QUIC_TPARAM_CID,	/* 0..20 bytes */
	QUIC_TPARAM_TOKEN,	/* 16 bytes */
	QUIC_TPARAM_PREFERRED,	/* RFC 9000 18.2 figure 22 */
	QUIC_TPARAM_VERSIONS,	/* RFC 9368 3 */
};

/**
 * struct quic_tparam_row - what there is to know about one parameter
 * @id: on the wire
 * @kind: how it is coded
 * @server_only: a client may not send it
 * @where: offset of its field in struct quic_tparams
 * @min: least valid value of an integer
 * @max: largest valid value
 * @absent: its value when the peer says nothing
 */
struct quic_tparam_row {
	u32 id;
	u8 kind;
	bool server_only;
	u16 where;
	u16 min;
	u64 max;
	u64 absent;
};

#define AT(field)	offsetof(struct quic_tparams, field)
#define INT(name, field, min, max, absent) \
	{ QUIC_TPARAM_##name, QUIC_TPARAM_INT, false, AT(field), min, max, absent }
#define OTHER(name, kind, field, server_only) \
	{ QUIC_TPARAM_##name, QUIC_TPARAM_##kind, server_only, AT(field), 0, 0, 0 }

/* Ranges and defaults [9000-18.2]; the number of streams [9000-4.6]. */
static const struct quic_tparam_row quic_tparam_rows[] = {
	OTHER(ORIGINAL_DCID, CID, original_dcid, true),
	INT(MAX_IDLE_TIMEOUT, max_idle_timeout_ms, 0, QUIC_VARINT_MAX, 0),
	OTHER(STATELESS_RESET_TOKEN, TOKEN, reset_token, true),
	INT(MAX_UDP_PAYLOAD_SIZE, max_udp_payload_size, 1200, QUIC_VARINT_MAX, 65527),
	INT(INITIAL_MAX_DATA, initial_max_data, 0, QUIC_VARINT_MAX, 0),
	INT(INITIAL_MAX_STREAM_DATA_BIDI_LOCAL, initial_max_stream_data_bidi_local, 0,
	    QUIC_VARINT_MAX, 0),
	INT(INITIAL_MAX_STREAM_DATA_BIDI_REMOTE, initial_max_stream_data_bidi_remote, 0,
	    QUIC_VARINT_MAX, 0),
	INT(INITIAL_MAX_STREAM_DATA_UNI, initial_max_stream_data_uni, 0, QUIC_VARINT_MAX, 0),
	INT(INITIAL_MAX_STREAMS_BIDI, initial_max_streams_bidi, 0, BIT_ULL(60), 0),
	INT(INITIAL_MAX_STREAMS_UNI, initial_max_streams_uni, 0, BIT_ULL(60), 0),
	INT(ACK_DELAY_EXPONENT, ack_delay_exponent, 0, 20, 3),
	INT(MAX_ACK_DELAY, max_ack_delay_ms, 0, (1U << 14) - 1, 25),
	OTHER(DISABLE_ACTIVE_MIGRATION, FLAG, disable_active_migration, false),
	OTHER(PREFERRED_ADDRESS, PREFERRED, preferred, true),
	INT(ACTIVE_CONNECTION_ID_LIMIT, active_connection_id_limit, 2, QUIC_VARINT_MAX, 2),
	OTHER(INITIAL_SCID, CID, initial_scid, false),
	OTHER(RETRY_SCID, CID, retry_scid, true),
	OTHER(VERSION_INFORMATION, VERSIONS, chosen_version, false),
	INT(MAX_DATAGRAM_FRAME_SIZE, max_datagram_frame_size, 0, QUIC_VARINT_MAX, 0),
	OTHER(GREASE_QUIC_BIT, FLAG, grease_quic_bit, false),
	OTHER(DISABLE_1RTT_ENCRYPTION, FLAG, disable_1rtt_encryption, false),
	INT(MIN_ACK_DELAY, min_ack_delay_us, 0, QUIC_VARINT_MAX, QUIC_TPARAM_NO_ACK_FREQUENCY),
};

#undef AT
#undef INT
#undef OTHER

static_assert(ARRAY_SIZE(quic_tparam_rows) <= 32);	/* bits of present */

/* The row of @id, NULL when we do not know it. */
static const struct quic_tparam_row *quic_tparam_find(u64 id)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(quic_tparam_rows); i++)
		if (quic_tparam_rows[i].id == id)
			return &quic_tparam_rows[i];
	return NULL;
}

static u32 quic_tparam_bit(const struct quic_tparam_row *row)
{
	return 1U << (row - quic_tparam_rows);
}

static void *quic_tparam_field(struct quic_tparams *p, const struct quic_tparam_row *row)
{
	return (u8 *)p + row->where;
}

static const void *quic_tparam_const_field(const struct quic_tparams *p,
					   const struct quic_tparam_row *row)
{
	return (const u8 *)p + row->where;
}

void quic_tparam_init(struct quic_tparams *p)
{
	unsigned int i;

	memset(p, 0, sizeof(*p));
	for (i = 0; i < ARRAY_SIZE(quic_tparam_rows); i++)
		if (quic_tparam_rows[i].kind == QUIC_TPARAM_INT)
			*(u64 *)quic_tparam_field(p, &quic_tparam_rows[i]) =
				quic_tparam_rows[i].absent;
}

bool quic_tparam_has(const struct quic_tparams *p, enum quic_tparam_id id)
{
	const struct quic_tparam_row *row = quic_tparam_find(id);

	return row && p->present & quic_tparam_bit(row);
}

void quic_tparam_mark(struct quic_tparams *p, enum quic_tparam_id id)
{
	const struct quic_tparam_row *row = quic_tparam_find(id);

	if (row)
		p->present |= quic_tparam_bit(row);
}

static bool quic_tparam_in_range(const struct quic_tparam_row *row, u64 value)
{
	return value >= row->min && value <= row->max;
}

bool quic_tparam_is_valid(enum quic_tparam_id id, u64 value)
{
	const struct quic_tparam_row *row = quic_tparam_find(id);

	return row && row->kind == QUIC_TPARAM_INT && quic_tparam_in_range(row, value);
}

/* --- decoding: each reads one value and leaves in @r what it did not use - */

static int quic_tparam_decode_int(struct quic_reader *r, const struct quic_tparam_row *row,
				  u64 *value)
{
	if (!quic_wire_get_varint(r, value))
		return QUIC_VIOLATION_TPARAM_MALFORMED;
	/* [9000-7.4#1] [9000-18.2#7] */
	return quic_tparam_in_range(row, *value) ? 0 : QUIC_VIOLATION_TPARAM_VALUE_INVALID;
}

static int quic_tparam_decode_preferred(struct quic_reader *r, struct quic_tparam_preferred *a)
{
	u8 cid_len;

	if (!quic_wire_get_bytes(r, a->ipv4, sizeof(a->ipv4)) ||
	    !quic_wire_get_u16(r, &a->port4) ||
	    !quic_wire_get_bytes(r, a->ipv6, sizeof(a->ipv6)) ||
	    !quic_wire_get_u16(r, &a->port6) || !quic_wire_get_u8(r, &cid_len))
		return QUIC_VIOLATION_TPARAM_MALFORMED;
	/* As in NEW_CONNECTION_ID, the id is not empty [9000-18.2#5]. */
	if (!cid_len || cid_len > QUIC_CID_MAX_BYTES)
		return QUIC_VIOLATION_TPARAM_VALUE_INVALID;
	if (!quic_wire_get_cid(r, cid_len, &a->cid) ||
	    !quic_wire_get_bytes(r, a->reset_token, sizeof(a->reset_token)))
		return QUIC_VIOLATION_TPARAM_MALFORMED;
	return 0;
}

/*
 * No version is 0, and what a client chose is among what it has.
 * All versions are judged, the first QUIC_TPARAM_VERSIONS_MAX are kept.
 */
static int quic_tparam_decode_versions(struct quic_reader *r, bool from_client,
				       struct quic_tparams *p)
{
	bool has_chosen = false;
	u32 version;

	/* [9368-4#3,4,5] */
	if (!quic_wire_get_u32(r, &p->chosen_version) || !p->chosen_version)
		return QUIC_VIOLATION_VERSION_INFO_MALFORMED;
	while (quic_wire_left(r)) {
		if (!quic_wire_get_u32(r, &version))
			return QUIC_VIOLATION_VERSION_INFO_MALFORMED;
		if (!version)					/* [9368-4#5] */
			return QUIC_VIOLATION_VERSION_INFO_MALFORMED;
		if (version == p->chosen_version)
			has_chosen = true;
		if (p->nr_versions < QUIC_TPARAM_VERSIONS_MAX)
			p->versions[p->nr_versions++] = version;
	}
	/* [9368-4#6] */
	return from_client && !has_chosen ? QUIC_VIOLATION_VERSION_INFO_MALFORMED : 0;
}

static int quic_tparam_decode_value(struct quic_reader *r, const struct quic_tparam_row *row,
				    bool from_client, struct quic_tparams *p)
{
	void *field = quic_tparam_field(p, row);

	switch (row->kind) {
	case QUIC_TPARAM_INT:
		return quic_tparam_decode_int(r, row, field);
	case QUIC_TPARAM_FLAG:
		*(bool *)field = true;
		return 0;
	case QUIC_TPARAM_CID:
		return quic_wire_get_cid(r, quic_wire_left(r), field) ?
			0 : QUIC_VIOLATION_TPARAM_VALUE_INVALID;
	case QUIC_TPARAM_TOKEN:
		return quic_wire_get_bytes(r, field, QUIC_RESET_TOKEN_BYTES) ?
			0 : QUIC_VIOLATION_TPARAM_MALFORMED;
	case QUIC_TPARAM_PREFERRED:
		return quic_tparam_decode_preferred(r, field);
	default:
		return quic_tparam_decode_versions(r, from_client, p);
	}
}

/* One parameter: its row's rules, once, to the last byte. */
static int quic_tparam_decode_one(struct quic_reader *r, bool from_client, struct quic_tparams *p)
{
	const struct quic_tparam_row *row;
	struct quic_span body;
	struct quic_reader value;
	u64 id;
	int err;

	if (!quic_wire_get_varint(r, &id) || !quic_wire_get_vspan(r, &body))
		return QUIC_VIOLATION_TPARAM_MALFORMED;
	row = quic_tparam_find(id);
	if (!row)						/* [9000-7.4.2#1] */
		return 0;
	if (from_client && row->server_only)	/* [9000-18.2#9] */
		return QUIC_VIOLATION_TPARAM_FROM_CLIENT;
	if (p->present & quic_tparam_bit(row))	/* [9000-7.4] */
		return QUIC_VIOLATION_TPARAM_DUPLICATE;
	quic_wire_read_init(&value, body.data, body.len);
	err = quic_tparam_decode_value(&value, row, from_client, p);
	if (err)
		return err;
	/* A flag has no value [9287-3#1], others no more than one. */
	if (quic_wire_left(&value))
		return QUIC_VIOLATION_TPARAM_MALFORMED;
	p->present |= quic_tparam_bit(row);
	return 0;
}

int quic_tparam_decode(const void *data, size_t len, bool from_client, struct quic_tparams *p)
{
	struct quic_tparams t;
	struct quic_reader r;
	int err;

	quic_tparam_init(&t);
	quic_wire_read_init(&r, data, len);
	while (quic_wire_left(&r)) {
		err = quic_tparam_decode_one(&r, from_client, &t);
		if (err)
			return err;
	}
	/* Who chose the empty id can not move to a preferred address [9000-18.2]. */
	if (quic_tparam_has(&t, QUIC_TPARAM_PREFERRED_ADDRESS) &&
	    quic_tparam_has(&t, QUIC_TPARAM_INITIAL_SCID) && !t.initial_scid.len)
		return QUIC_VIOLATION_TPARAM_VALUE_INVALID;
	/* [ack-frequency-3] */
	if (quic_tparam_has(&t, QUIC_TPARAM_MIN_ACK_DELAY) &&
	    t.min_ack_delay_us > t.max_ack_delay_ms * QUIC_US_PER_MS)
		return QUIC_VIOLATION_TPARAM_VALUE_INVALID;
	*p = t;
	return 0;
}

/* --- encoding ---------------------------------------------------------- */

static void quic_tparam_put_preferred(struct quic_writer *w, const struct quic_tparam_preferred *a)
{
	quic_wire_put_bytes(w, a->ipv4, sizeof(a->ipv4));
	quic_wire_put_u16(w, a->port4);
	quic_wire_put_bytes(w, a->ipv6, sizeof(a->ipv6));
	quic_wire_put_u16(w, a->port6);
	quic_wire_put_u8(w, a->cid.len);
	quic_wire_put_bytes(w, a->cid.data, a->cid.len);
	quic_wire_put_bytes(w, a->reset_token, sizeof(a->reset_token));
}

static void quic_tparam_put_versions(struct quic_writer *w, const struct quic_tparams *p)
{
	unsigned int i;

	quic_wire_put_u32(w, p->chosen_version);
	for (i = 0; i < p->nr_versions; i++)
		quic_wire_put_u32(w, p->versions[i]);
}

static void quic_tparam_put_value(struct quic_writer *w, const struct quic_tparam_row *row,
				  const struct quic_tparams *p)
{
	const void *field = quic_tparam_const_field(p, row);
	const struct quic_cid *cid = field;

	switch (row->kind) {
	case QUIC_TPARAM_INT:
		quic_wire_put_varint(w, *(const u64 *)field);
		break;
	case QUIC_TPARAM_FLAG:
		break;
	case QUIC_TPARAM_CID:
		quic_wire_put_bytes(w, cid->data, cid->len);
		break;
	case QUIC_TPARAM_TOKEN:
		quic_wire_put_bytes(w, field, QUIC_RESET_TOKEN_BYTES);
		break;
	case QUIC_TPARAM_PREFERRED:
		quic_tparam_put_preferred(w, field);
		break;
	default:
		quic_tparam_put_versions(w, p);
		break;
	}
}

/* Has the row's parameter something to say? */
static bool quic_tparam_is_told(const struct quic_tparam_row *row, const struct quic_tparams *p)
{
	const void *field = quic_tparam_const_field(p, row);

	switch (row->kind) {
	case QUIC_TPARAM_INT:
		return *(const u64 *)field != row->absent;
	case QUIC_TPARAM_FLAG:
		return *(const bool *)field;
	default:
		return p->present & quic_tparam_bit(row);
	}
}

/* A reserved parameter, RFC 9000 18.1: what it says is of no meaning. */
static void quic_tparam_put_grease(struct quic_writer *w, u64 id)
{
	unsigned int len = id % 9;

	quic_wire_put_varint(w, id);
	quic_wire_put_varint(w, len);
	if (len)
		quic_wire_put_uint(w, len, id);
}

void quic_tparam_encode(struct quic_writer *w, const struct quic_tparams *p, u64 grease)
{
	struct quic_writer size;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(quic_tparam_rows); i++) {	/* [9000-7.4#2] */
		const struct quic_tparam_row *row = &quic_tparam_rows[i];

		if (!quic_tparam_is_told(row, p))
			continue;
		quic_wire_count_init(&size);
		quic_tparam_put_value(&size, row, p);
		quic_wire_put_varint(w, row->id);
		quic_wire_put_varint(w, size.len);
		quic_tparam_put_value(w, row, p);
	}
	if (grease)
		quic_tparam_put_grease(w, grease);
}
