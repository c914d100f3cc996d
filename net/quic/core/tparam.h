/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/tparam.h - transport parameters, RFC 9000 18 and its extensions
 *
 * The blob of TLS extension 0x39 to and from struct quic_tparams.  One table
 * row per parameter in tparam.c: id, how it is coded, range, who may send it.
 * Values are kept as the peer sent them (unclamped); defaults of RFC 9000 18.2
 * where absent.  Times are kept in the units of the wire unless named _us.
 */
#ifndef _QUIC_CORE_TPARAM_H
#define _QUIC_CORE_TPARAM_H

#include "violation.h"
#include "wire.h"

enum quic_tparam_id {
	QUIC_TPARAM_ORIGINAL_DCID = 0x00,
	QUIC_TPARAM_MAX_IDLE_TIMEOUT = 0x01,
	QUIC_TPARAM_STATELESS_RESET_TOKEN = 0x02,
	QUIC_TPARAM_MAX_UDP_PAYLOAD_SIZE = 0x03,
	QUIC_TPARAM_INITIAL_MAX_DATA = 0x04,
	QUIC_TPARAM_INITIAL_MAX_STREAM_DATA_BIDI_LOCAL = 0x05,
	QUIC_TPARAM_INITIAL_MAX_STREAM_DATA_BIDI_REMOTE = 0x06,
	QUIC_TPARAM_INITIAL_MAX_STREAM_DATA_UNI = 0x07,
	QUIC_TPARAM_INITIAL_MAX_STREAMS_BIDI = 0x08,
	QUIC_TPARAM_INITIAL_MAX_STREAMS_UNI = 0x09,
	QUIC_TPARAM_ACK_DELAY_EXPONENT = 0x0a,
	QUIC_TPARAM_MAX_ACK_DELAY = 0x0b,
	QUIC_TPARAM_DISABLE_ACTIVE_MIGRATION = 0x0c,
	QUIC_TPARAM_PREFERRED_ADDRESS = 0x0d,
	QUIC_TPARAM_ACTIVE_CONNECTION_ID_LIMIT = 0x0e,
	QUIC_TPARAM_INITIAL_SCID = 0x0f,
	QUIC_TPARAM_RETRY_SCID = 0x10,
	QUIC_TPARAM_VERSION_INFORMATION = 0x11,		/* RFC 9368 */
	QUIC_TPARAM_MAX_DATAGRAM_FRAME_SIZE = 0x20,	/* RFC 9221 */
	QUIC_TPARAM_GREASE_QUIC_BIT = 0x2ab2,		/* RFC 9287 */
	QUIC_TPARAM_DISABLE_1RTT_ENCRYPTION = 0xbaad,	/* UAPI.md 11 */
	QUIC_TPARAM_MIN_ACK_DELAY = 0xff04de1b,	/* draft-ietf-quic-ack-frequency */
};

#define QUIC_TPARAM_NO_ACK_FREQUENCY U64_MAX	/* min_ack_delay_us of who does not support it */
#define QUIC_TPARAM_VERSIONS_MAX 16	/* available versions kept; more are ignored */

struct quic_tparam_preferred {
	u8 ipv4[4];
	u16 port4;
	u8 ipv6[16];
	u16 port6;
	struct quic_cid cid;
	u8 reset_token[QUIC_RESET_TOKEN_BYTES];
};

/**
 * struct quic_tparams - one endpoint's transport parameters
 * @present: bit (1 << row) per parameter seen; ask with quic_tparam_has()
 * @max_idle_timeout_ms: 0: none
 * @max_udp_payload_size: bytes, >= 1200
 * @initial_max_data: bytes; the next three likewise, per stream
 * @initial_max_stream_data_bidi_local: for streams the sender of this opens
 * @initial_max_stream_data_bidi_remote: for streams the receiver of this opens
 * @initial_max_stream_data_uni: for streams the receiver of this opens
 * @initial_max_streams_bidi: streams, <= 2^60
 * @initial_max_streams_uni: streams, <= 2^60
 * @ack_delay_exponent: 0..20
 * @max_ack_delay_ms: default 25, < 2^14
 * @min_ack_delay_us: least delay it can keep; QUIC_TPARAM_NO_ACK_FREQUENCY: it takes
 *	no ACK_FREQUENCY and IMMEDIATE_ACK frames
 * @active_connection_id_limit: ids, >= 2
 * @max_datagram_frame_size: bytes of a whole DATAGRAM frame, 0: none (RFC 9221 3)
 * @disable_active_migration: the peer must not move
 * @grease_quic_bit: takes packets with a clear fixed bit (RFC 9287)
 * @disable_1rtt_encryption: UAPI.md 11; in force when both sides say it
 * @original_dcid: valid when present, as all that follow
 * @initial_scid: of its first Initial packet
 * @retry_scid: of the Retry it sent
 * @reset_token: of the connection id of the handshake
 * @preferred: the address to move to, sequence number 1
 * @chosen_version: RFC 9368 3
 * @nr_versions: entries of @versions used
 * @versions: available versions, the sender's preference first
 *
 * The fields carry the names of RFC 9000 18.2.
 */
struct quic_tparams {
	u32 present;
	u64 max_idle_timeout_ms;
	u64 max_udp_payload_size;
	u64 initial_max_data;
	u64 initial_max_stream_data_bidi_local;
	u64 initial_max_stream_data_bidi_remote;
	u64 initial_max_stream_data_uni;
	u64 initial_max_streams_bidi;
	u64 initial_max_streams_uni;
	u64 ack_delay_exponent;
	u64 max_ack_delay_ms;
	u64 min_ack_delay_us;
	u64 active_connection_id_limit;
	u64 max_datagram_frame_size;
	bool disable_active_migration;
	bool grease_quic_bit;
	bool disable_1rtt_encryption;
	struct quic_cid original_dcid;
	struct quic_cid initial_scid;
	struct quic_cid retry_scid;
	u8 reset_token[QUIC_RESET_TOKEN_BYTES];
	struct quic_tparam_preferred preferred;
	u32 chosen_version;
	u8 nr_versions;
	u32 versions[QUIC_TPARAM_VERSIONS_MAX];
};

/* The values in force for a peer that says nothing (RFC 9000 18.2). */
void quic_tparam_init(struct quic_tparams *p);
/* Was @id seen by the decoder, or marked? */
bool quic_tparam_has(const struct quic_tparams *p, enum quic_tparam_id id);
/* Marks @id as to be sent, for the parameters without a default (ids, tokens, preferred). */
void quic_tparam_mark(struct quic_tparams *p, enum quic_tparam_id id);

/**
 * quic_tparam_decode() - parse and validate a peer's blob
 * @data: the extension's bytes
 * @len: their number
 * @from_client: the blob's sender is a client: it may not send server-only ones
 * @p: filled on success; untouched on failure
 *
 * Unknown parameters are ignored [9000-7.4.2].  The ids in @p are not yet
 * compared with those of the packets (RFC 9000 7.3): that takes a connection.
 *
 * Return: 0, or the violation.
 */
int quic_tparam_decode(const void *data, size_t len, bool from_client, struct quic_tparams *p);

/**
 * quic_tparam_encode() - write the blob for our own parameters
 * @w: where to
 * @p: values; those equal to the default of 18.2 are left out, as are absent ids
 * @grease: id of a reserved parameter (31 * N + 27, RFC 9000 18.1) to add, with
 *	0..8 bytes of value made from it; 0: none
 */
void quic_tparam_encode(struct quic_writer *w, const struct quic_tparams *p, u64 grease);

/* Value range check of one integer parameter for the local side (setsockopt). */
bool quic_tparam_is_valid(enum quic_tparam_id id, u64 value);

#endif /* _QUIC_CORE_TPARAM_H */
