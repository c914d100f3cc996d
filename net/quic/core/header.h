/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/header.h - long, short, Retry and Version Negotiation headers
 *
 * Decodes the version-independent and version-specific parts that are not
 * protected, and encodes whole headers before protection.  Does not unmask:
 * that needs a key (edge), and the packet number can be read only after it.
 *
 *   long:  1|1|tt|rr|pp  version  dcil dcid  scil scid  [token]  length  pn
 *   short: 0|1|s|rr|k|pp dcid                                            pn
 */
#ifndef _QUIC_CORE_HEADER_H
#define _QUIC_CORE_HEADER_H

#include "version.h"
#include "wire.h"

#define QUIC_HEADER_LONG	0x80	/* header form, RFC 9000 17.2 */
#define QUIC_HEADER_FIXED	0x40	/* fixed bit */
#define QUIC_HEADER_SPIN	0x20	/* short: spin bit, 17.4 */
#define QUIC_HEADER_KEY_PHASE	0x04	/* short */
#define QUIC_HEADER_PN_MASK	0x03	/* packet number length - 1 */
#define QUIC_HEADER_LONG_RESERVED	0x0c
#define QUIC_HEADER_SHORT_RESERVED	0x18
#define QUIC_HEADER_LONG_MASK	0x0f	/* bits of byte 0 under protection, RFC 9001 5.4.1 */
#define QUIC_HEADER_SHORT_MASK	0x1f
#define QUIC_HEADER_MAX_BYTES	(1 + 4 + 1 + 20 + 1 + 20 + 8 + 8 + 4)	/* without a token */

enum quic_packet_kind {
	QUIC_PACKET_INVALID,
	QUIC_PACKET_INITIAL,
	QUIC_PACKET_0RTT,
	QUIC_PACKET_HANDSHAKE,
	QUIC_PACKET_RETRY,
	QUIC_PACKET_VERSION_NEGOTIATION,
	QUIC_PACKET_UNKNOWN_VERSION,	/* long header of a version we do not speak */
	QUIC_PACKET_SHORT,		/* 1-RTT */
	QUIC_NR_PACKET_KINDS,
};

/**
 * struct quic_header - an unprotected view of one packet's header
 * @kind: what it is
 * @first: byte 0 as received (still protected)
 * @version: NULL for short, VN and unknown version
 * @version_number: as on the wire, 0 for short and VN
 * @dcid: destination connection id
 * @scid: source connection id (long headers)
 * @token: Initial: its token; Retry: the Retry token; VN: the list of versions
 * @pn_offset: bytes from the packet's start to the packet number (0 when it has none)
 * @packet_len: whole packet in bytes, from byte 0 to its end: what follows in
 *	the datagram is another packet.  Retry, Version Negotiation, unknown
 *	versions and short headers take all of it
 * @retry_tag: Retry only: the 16-byte integrity tag
 */
struct quic_header {
	enum quic_packet_kind kind;
	u8 first;
	const struct quic_version *version;
	u32 version_number;
	struct quic_cid dcid;
	struct quic_cid scid;
	struct quic_span token;
	size_t pn_offset;
	size_t packet_len;
	struct quic_span retry_tag;
};

/**
 * quic_header_decode() - read the next packet's unprotected header fields
 * @data: the packet's first byte
 * @len: bytes left in the datagram
 * @short_dcid_len: length of the connection ids we issue
 * @h: filled on success, undefined otherwise
 *
 * Invalid is a packet too short for its header protection sample
 * (pn_offset + 4 + 16 > packet_len, RFC 9001 5.4.2), a Length beyond the
 * datagram, a connection id over 20 bytes, a Retry without a token, a Version
 * Negotiation without a version or with part of one.  A clear fixed bit is
 * not: whether the peer may grease it (RFC 9287) is the caller's to know, see
 * @h->first.  Of an unknown version only the version-independent fields are
 * read (RFC 8999); ids above 20 bytes, which these allow, are refused.
 *
 * Return: true when @h is valid; false: drop, nothing can be told to the peer.
 */
bool __must_check quic_header_decode(const u8 *data, size_t len, size_t short_dcid_len,
				     struct quic_header *h);

/**
 * struct quic_header_build - what goes into a header to be sent
 * @kind: INITIAL, 0RTT, HANDSHAKE or SHORT
 * @version: of a long header
 * @dcid: the peer's id
 * @scid: ours (long)
 * @token: of an Initial
 * @pn: full packet number
 * @pn_len: 1..4 bytes
 * @key_phase: short
 * @spin: short
 * @grease: clear the fixed bit (RFC 9287), only when the peer allows
 * @probe_version: number for the Version field instead of @version's; 0: none
 */
struct quic_header_build {
	enum quic_packet_kind kind;
	const struct quic_version *version;
	const struct quic_cid *dcid;
	const struct quic_cid *scid;
	struct quic_span token;
	quic_pn pn;
	u8 pn_len;
	bool key_phase;
	bool spin;
	bool grease;
	u32 probe_version;
};

/**
 * quic_header_encode() - write a header up to and including the packet number
 * @w: where to
 * @b: what
 *
 * The Length field of a long header is written as a 2-byte varint of zero;
 * quic_header_set_length() fills it when the payload is known.
 */
void quic_header_encode(struct quic_writer *w, const struct quic_header_build *b);

/**
 * quic_header_set_length() - fill in the Length of a long header
 * @hdr: the header as quic_header_encode() wrote it
 * @hdr_len: its bytes including the packet number
 * @pn_len: bytes of the packet number
 * @payload: bytes of protected payload with the AEAD tag, <= 16383 - 4
 */
void quic_header_set_length(u8 *hdr, size_t hdr_len, u8 pn_len, size_t payload);

/* Fewest bytes that encode @pn when @largest_acked is known (QUIC_PN_NONE: none); A.2. */
u8 quic_header_pn_len(quic_pn pn, quic_pn largest_acked);
/*
 * RFC 9000 A.3: full number from @truncated of @bytes (1..4) bytes, @expected =
 * largest received + 1 (0 when none).  Above QUIC_PN_MAX only when @expected is.
 */
quic_pn quic_header_pn_decode(quic_pn expected, u64 truncated, u8 bytes);

/**
 * struct quic_invariant - what all versions of long headers have in common
 * @version: number
 * @dcid: 0..255 bytes
 * @scid: 0..255 bytes
 */
struct quic_invariant {
	u32 version;
	struct quic_span dcid;
	struct quic_span scid;
};

/* Reads a long header of any version (RFC 8999 5.1); false: it is none. */
bool __must_check quic_header_decode_invariant(const u8 *data, size_t len,
					       struct quic_invariant *inv);
/**
 * quic_header_answer_vn() - the Version Negotiation packet that answers a packet
 * @w: where to
 * @inv: of the packet
 * @first_random: for the bits that have no meaning
 * @grease: reserved version to add; 0: none
 */
void quic_header_answer_vn(struct quic_writer *w, const struct quic_invariant *inv,
			   u8 first_random, u32 grease);
/* A Version Negotiation packet: all our versions plus the reserved @grease. */
void quic_header_encode_vn(struct quic_writer *w, const struct quic_cid *dcid,
			   const struct quic_cid *scid, u8 first_random, u32 grease);

/* A Retry packet without its integrity tag (which the edge computes, RFC 9001 5.8). */
void quic_header_encode_retry(struct quic_writer *w, const struct quic_version *v,
			      const struct quic_cid *dcid, const struct quic_cid *scid,
			      struct quic_span token);

#endif /* _QUIC_CORE_HEADER_H */
