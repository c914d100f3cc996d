/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * edge.h - the seam: everything the engine asks of the world
 *
 * The engine (layer 2) knows no socket, skb, page, clock or crypto API.  These
 * functions are all it may call; the module links those of layers 3 and 4, the
 * simulator and the unit tests link their own.  The seam is burst-shaped: per
 * packet there is neither an allocation nor a lock nor a function pointer.
 *
 * Transmit, per burst of equal-sized datagrams (only the last may be shorter):
 *
 *   burst_begin -> { burst_next -> burst_add... -> burst_end }... -> burst_commit
 *
 *   The engine writes headers and frames straight to the place where they will
 *   leave from, and leaves gaps where stream bytes go; each gap is named as a
 *   segment of a send buffer.  burst_add seals: payload moves once, through the
 *   AEAD, out of place.
 *
 * Receive, per aggregate (a run of datagrams of equal size but for the last):
 *
 *   the engine describes packets -> edge_unmask -> the engine reads packet
 *   numbers and picks keys -> edge_open into reference-counted chunks -> the
 *   engine parses and applies frames there
 *
 * All calls are synchronous and made with the connection owned by the caller.
 */
#ifndef _QUIC_EDGE_H
#define _QUIC_EDGE_H

#include "core/header.h"
#include "core/keys.h"
#include "core/path.h"

struct quic_conn;
struct quic_chunk;	/* opaque owner of buffer memory, reference counted */
struct quic_burst;	/* opaque: a burst under construction */

/**
 * struct quic_buf - a piece of memory that somebody reference-counts
 * @data: first byte
 * @len: bytes
 * @truesize: memory it pins, for accounting
 * @chunk: owner; this buf holds one reference; NULL: an empty buf
 */
struct quic_buf {
	u8 *data;
	u32 len;
	u32 truesize;
	struct quic_chunk *chunk;
};

/* A reference more, or one less; the last one gives the memory back. */
void quic_edge_chunk_get(struct quic_chunk *chunk);
void quic_edge_chunk_put(struct quic_chunk *chunk);

/**
 * quic_edge_buf_alloc() - a small buffer of the engine's own (CRYPTO data, compaction)
 * @conn: for whom it is charged
 * @len: 1..65536 bytes
 * @buf: filled; one reference, uninitialised memory of @len bytes
 *
 * Return: 0 or -ENOMEM.
 */
int quic_edge_buf_alloc(struct quic_conn *conn, u32 len, struct quic_buf *buf);

/* ---- randomness, lookup, events ---- */

/* @len random bytes, fit for keys and tokens. */
void quic_edge_random(void *dst, size_t len);

/**
 * quic_edge_cid_add() - make packets to @cid find @conn
 * @conn: the connection
 * @cid: QUIC_CID_OURS_BYTES long; of the client's first DCID at a server, any length
 *
 * Return: 0, -EEXIST when it is in use in this netns, -ENOMEM.
 */
int quic_edge_cid_add(struct quic_conn *conn, const struct quic_cid *cid);
void quic_edge_cid_del(struct quic_conn *conn, const struct quic_cid *cid);
/* The stateless reset token of @cid under the netns' static key (RFC 9000 10.3.2). */
void quic_edge_reset_token(struct quic_conn *conn, const struct quic_cid *cid, u8 *token);

/* Events for the application; payloads are those of the uapi (UAPI.md 7). */
enum quic_edge_event {
	QUIC_EDGE_EV_STREAM,		/* sid: a state of the stream changed (see *_state) */
	QUIC_EDGE_EV_STREAM_MAX_DATA,	/* sid, value = new limit */
	QUIC_EDGE_EV_MAX_STREAMS,	/* value = highest allowed stream id */
	QUIC_EDGE_EV_CONNID,		/* sid = 0 local / 1 remote; ids changed */
	QUIC_EDGE_EV_CLOSE,		/* by the peer, or a local fatal error: see conn->close */
	QUIC_EDGE_EV_MIGRATED,		/* value = 1 our address, 0 the peer's */
	QUIC_EDGE_EV_KEY_UPDATE,	/* value = new phase */
	QUIC_EDGE_EV_NEW_TOKEN,		/* data */
};

/**
 * struct quic_edge_event_info - one event
 * @type: which
 * @sid: see the type
 * @state: of a stream, in uapi numbering (0..11)
 * @code: application error code
 * @value: see the type; final size for streams
 * @data: see the type; valid during the call
 */
struct quic_edge_event_info {
	enum quic_edge_event type;
	u64 sid;
	u8 state;
	u32 code;
	u64 value;
	struct quic_span data;
};

/* Queues an event if somebody subscribed; can not fail for the engine. */
void quic_edge_event(struct quic_conn *conn, const struct quic_edge_event_info *ev);

/* ---- keys ---- */

/**
 * quic_edge_initial_secrets() - RFC 9001 5.2
 * @v: version (salt)
 * @dcid: the client's first Destination Connection ID
 * @client: 32 bytes out
 * @server: 32 bytes out
 *
 * Return: 0 or a negative errno of the crypto layer.
 */
int quic_edge_initial_secrets(const struct quic_version *v, const struct quic_cid *dcid,
			      u8 *client, u8 *server);

/**
 * quic_edge_expand_label() - HKDF-Expand-Label (RFC 8446 7.1) with no context
 * @cipher: chooses the hash
 * @secret: of the hash's length
 * @label: without "tls13 "
 * @out: result
 * @len: bytes wanted, <= 48
 *
 * Return: 0 or a negative errno.
 */
int quic_edge_expand_label(enum quic_cipher cipher, const u8 *secret, const char *label,
			   u8 *out, size_t len);

/**
 * quic_edge_aead_new() - packet protection key and IV from a traffic secret
 * @conn: owner, for accounting
 * @cipher: AEAD
 * @v: version: its labels
 * @secret: traffic secret
 * @out: the key; to be freed with quic_edge_aead_free()
 *
 * Context: may sleep unless quic_edge_aead_reuse() serves it.
 * Return: 0, -ENOMEM, -EOPNOTSUPP when the cipher is not available.
 */
int quic_edge_aead_new(struct quic_conn *conn, enum quic_cipher cipher,
		       const struct quic_version *v, const u8 *secret, struct quic_aead **out);
/* Re-keys @aead, which has the same cipher, with another secret; never sleeps. */
int quic_edge_aead_rekey(struct quic_aead *aead, const struct quic_version *v, const u8 *secret);
void quic_edge_aead_free(struct quic_aead *aead);
int quic_edge_hp_new(struct quic_conn *conn, enum quic_cipher cipher,
		     const struct quic_version *v, const u8 *secret, struct quic_hp **out);
void quic_edge_hp_free(struct quic_hp *hp);

/* Re-keys @hp, which has the same cipher, with another secret; never sleeps. */
int quic_edge_hp_rekey(struct quic_hp *hp, const struct quic_version *v, const u8 *secret);

/**
 * quic_edge_retry_tag() - integrity tag of a Retry packet, RFC 9001 5.8
 * @v: version
 * @odcid: Destination Connection ID of the client's Initial
 * @retry: Retry packet without its tag
 * @len: its bytes, <= 1500
 * @tag: 16 bytes out
 *
 * Context: any.
 * Return: 0; -EAGAIN the cipher can not be used here and now, -ENOMEM.
 */
int quic_edge_retry_tag(const struct quic_version *v, const struct quic_cid *odcid,
			const u8 *retry, u32 len, u8 *tag);

/* ---- sealing of address-validation tokens (core/token.h) ---- */

struct quic_tokens;	/* opaque: two keys that rotate, and what was used */

/* The keys of the server that @conn belongs to; NULL: it issues no tokens. */
struct quic_tokens *quic_edge_tokens(struct quic_conn *conn);

/**
 * quic_edge_token_seal() - seal the text of a token
 * @t: keys
 * @nonce: QUIC_TOKEN_NONCE_BYTES, random
 * @aad: authenticated, not part of the token
 * @aad_len: its bytes
 * @text: plaintext, replaced by ciphertext; QUIC_TAG_BYTES more are written
 * @len: bytes of plaintext
 *
 * Context: any.
 * Return: 0 or 1, which key sealed it; -EAGAIN the cipher can not be used here and
 * now, -ENOMEM.
 */
int quic_edge_token_seal(struct quic_tokens *t, const u8 *nonce, const u8 *aad, u32 aad_len,
			 u8 *text, u32 len);
/**
 * quic_edge_token_open() - open a token
 * @t: keys
 * @key: 0 or 1, which key sealed it
 * @nonce: QUIC_TOKEN_NONCE_BYTES
 * @aad: what it should be bound to
 * @aad_len: its bytes
 * @sealed: ciphertext and tag
 * @len: bytes of both
 * @text: plaintext out, @len less QUIC_TAG_BYTES
 *
 * Context: any.
 * Return: 0; -EBADMSG it was not sealed by this key with this @aad; -EAGAIN,
 * -ENOMEM as above.
 */
int quic_edge_token_open(struct quic_tokens *t, unsigned int key, const u8 *nonce, const u8 *aad,
			 u32 aad_len, const u8 *sealed, u32 len, u8 *text);
/* quic_token_spend() for the tokens of these keys: true when it was not used before. */
bool quic_edge_token_spend(struct quic_tokens *t, const u8 *nonce, quic_us now);

/* ---- transmit ---- */

#define QUIC_TX_SEGS_MAX	8	/* payload segments in one packet */
#define QUIC_BURST_MAX_PKTS	64	/* datagrams in one burst */
#define QUIC_BURST_MAX_BYTES	65000	/* of UDP payload in one burst */

/**
 * struct quic_tx_seg - payload bytes that belong into a packet
 * @off: where, in bytes from the packet's first byte
 * @len: bytes
 * @data: where they are now; valid until quic_edge_burst_add() returns
 */
struct quic_tx_seg {
	u16 off;
	u16 len;
	const u8 *data;
};

/**
 * struct quic_tx_pkt - one packet to be sealed
 * @dst: its first byte, inside what quic_edge_burst_next() gave
 * @len: bytes of header and plaintext; QUIC_TAG_BYTES more are free behind it
 * @hdr_len: header bytes up to and including the packet number (the AAD)
 * @pn_len: bytes of the packet number
 * @pn: packet number
 * @key: of its level; count is the caller's business
 * @nr_segs: entries of @segs, ascending and not overlapping
 * @segs: gaps of @dst to be filled; everything else is there already
 */
struct quic_tx_pkt {
	u8 *dst;
	u16 len;
	u16 hdr_len;
	u8 pn_len;
	u8 nr_segs;
	quic_pn pn;
	const struct quic_key *key;
	struct quic_tx_seg segs[QUIC_TX_SEGS_MAX];
};

/**
 * quic_edge_burst_begin() - start a burst
 * @conn: sender
 * @path: where to
 * @dgram_bytes: size of every datagram but the last
 * @ecn: codepoint of all of them
 * @depart: earliest departure time
 *
 * Return: the burst; NULL when none can be made now (no memory, device gone, SIMD
 * unusable here): the edge has then arranged for quic_conn_output() to be
 * called again.
 */
struct quic_burst *quic_edge_burst_begin(struct quic_conn *conn, struct quic_path *path,
					 u16 dgram_bytes, enum quic_ecn ecn, quic_us depart);
/* Room for the next datagram, @dgram_bytes; NULL: the burst is full. */
u8 *quic_edge_burst_next(struct quic_burst *b);
/* Seals one packet: 0, or a negative errno; the packet then counts as sent and lost. */
int quic_edge_burst_add(struct quic_burst *b, const struct quic_tx_pkt *pkt);
/* The datagram is complete with @bytes; all packets in it were added. 0 bytes: give it back. */
void quic_edge_burst_end(struct quic_burst *b, u16 bytes);
/**
 * quic_edge_burst_commit() - mask headers and send
 * @b: the burst; gone afterwards
 *
 * Return: 0; -EMSGSIZE when a datagram is larger than quic_edge_mtu(); other errno
 * of the IP layer.  The packets count as sent in any case.
 */
int quic_edge_burst_commit(struct quic_burst *b);
/* UDP payload bytes that the interface of @path takes now; 0: there is none. */
u32 quic_edge_mtu(struct quic_conn *conn, const struct quic_path *path);

/* ---- receive ---- */

/* A short header with the longest packet number, and the sample behind it. */
#define QUIC_RX_HDR_BYTES	(1 + QUIC_CID_OURS_BYTES + 4 + QUIC_HP_SAMPLE_BYTES)

/**
 * struct quic_rx_pkt - one received packet on its way to plaintext
 * @off: first byte, in the aggregate
 * @len: bytes
 * @pn_off: bytes before the packet number
 * @pn_len: bytes of it, set by the engine after unmasking
 * @level: encryption level
 * @ecn: codepoint of its datagram
 * @pn: full packet number, set by the engine after unmasking
 * @hdr: its header up to pn_off + 4, writable: unmasked in place, and the sample
 *	of header protection; @hdr_inl for short headers, a linear copy for long ones
 * @key: header protection (unmask) and AEAD (open) to use, NULL: skip this packet
 * @dgram_last: last packet of its datagram
 * @err: result of open: 0, -EBADMSG (authentication failed), -ENOMEM, ...
 * @plain: result of open: the payload's plaintext; the engine puts it
 * @hdr_inl: room for @hdr
 */
struct quic_rx_pkt {
	u32 off;
	u16 len;
	u16 pn_off;
	u8 pn_len;
	u8 level;
	u8 ecn;
	bool dgram_last;
	int err;
	quic_pn pn;
	u8 *hdr;
	const struct quic_key *key;
	struct quic_buf plain;
	u8 hdr_inl[QUIC_RX_HDR_BYTES];
};

#define QUIC_RX_BATCH	64

/**
 * struct quic_agg - datagrams of one connection that arrived together
 * @node: for the engine's list of held packets
 * @local: address they were sent to
 * @remote: address they came from
 * @len: bytes in all
 * @seg_bytes: bytes of every datagram but the last; >= 1
 * @ecn: codepoint
 * @pkts: QUIC_RX_BATCH descriptors for the engine's use during the call
 *
 * Made by the edge, which embeds it in a structure of its own.
 */
struct quic_agg {
	struct list_head node;
	struct quic_addr local;
	struct quic_addr remote;
	u32 len;
	u32 seg_bytes;
	u8 ecn;
	struct quic_rx_pkt *pkts;
};

/* Copies @len bytes at @off out; the caller stays inside @agg->len. */
void quic_edge_agg_copy(const struct quic_agg *agg, u32 off, u32 len, void *dst);
/* A linear, writable copy of @len bytes at @off, valid as long as @agg; NULL: no memory. */
u8 *quic_edge_agg_linear(struct quic_agg *agg, u32 off, u32 len);
/* Unmasks the header of each packet with a key: one batch per header protection key. */
void quic_edge_unmask(struct quic_agg *agg, struct quic_rx_pkt *pkts, unsigned int nr);
/* Opens each packet with a key into chunks; sets err and plain. */
void quic_edge_open(struct quic_conn *conn, struct quic_agg *agg, struct quic_rx_pkt *pkts,
		    unsigned int nr);
/* A copy of one datagram's rest (@len at @off) to be handled later; NULL: no memory. */
struct quic_agg *quic_edge_agg_hold(struct quic_conn *conn, const struct quic_agg *agg, u32 off,
				    u32 len);
/* Frees what quic_edge_agg_hold() gave. */
void quic_edge_agg_free(struct quic_agg *agg);

/* ---- observation: one static branch when off ---- */

enum quic_trace_kind {
	QUIC_TRACE_PKT_SENT,		/* a = pn, b = bytes, c = level */
	QUIC_TRACE_PKT_RCVD,
	QUIC_TRACE_PKT_LOST,
	QUIC_TRACE_PKT_DROPPED,		/* c = enum quic_drop */
	QUIC_TRACE_FRAME_SENT,		/* a = type, b = stream or 0, c = length */
	QUIC_TRACE_FRAME_RCVD,
	QUIC_TRACE_STATE,		/* a = old, b = new */
	QUIC_TRACE_VIOLATION,		/* a = enum quic_violation, b = frame type */
	QUIC_TRACE_METRICS,		/* a = cwnd, b = in flight, c = smoothed RTT */
	QUIC_NR_TRACE_KINDS,
};

/* Why a packet was dropped without a word to the peer. */
enum quic_drop {
	QUIC_DROP_NONE,
	QUIC_DROP_HEADER,	/* malformed header */
	QUIC_DROP_NO_KEY,	/* keys discarded, or not there yet and no room to hold */
	QUIC_DROP_AUTH,		/* did not open */
	QUIC_DROP_DUPLICATE,
	QUIC_DROP_CID,		/* not an id of this connection */
	QUIC_DROP_STATE,	/* closing, draining, closed */
	QUIC_DROP_MEMORY,
	QUIC_NR_DROPS,
};

/* @a, @b and @c mean what @kind says; costs one static branch while nobody listens. */
void quic_edge_trace(struct quic_conn *conn, enum quic_trace_kind kind, u64 a, u64 b, u64 c);

#endif /* _QUIC_EDGE_H */
