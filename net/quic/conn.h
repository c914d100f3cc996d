/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conn.h - one QUIC connection: all its machines and who may glue them
 *
 * Only conn.c connects two machines with each other.  A host embeds struct
 * quic_conn, calls the functions below with the connection owned, and after
 * each call looks at what changed:
 *
 *   conn->notify	what the application should be woken for
 *   conn->rmem, wmem	memory now pinned by receive queues and send buffers
 *   conn->timers	the earliest deadline, for its one timer
 */
#ifndef _QUIC_CONN_H
#define _QUIC_CONN_H

#include "core/ackfreq.h"
#include "core/conn_state.h"
#include "core/connid.h"
#include "core/path.h"
#include "core/pnspace.h"
#include "core/timers.h"
#include "core/tparam.h"
#include "early.h"
#include "outqueue.h"
#include "stream.h"

#define QUIC_CONN_MAX_HELD	16	/* kept until keys come (RFC 9000 5.7): an initial window */
#define QUIC_CONN_PATHS		3	/* in use, to fall back to, being validated */
#define QUIC_CONN_LEAST_ROOM_BYTES	512	/* within the amplification limit, once confirmed */
#define QUIC_CONN_CLOSE_REASON_BYTES	64
#define QUIC_CRYPTO_BUFFER_BYTES	65536	/* >= 4096 [9000-7.5#1] */

/* Reasons to wake somebody: bits of quic_conn.notify; the host clears them. */
#define QUIC_NOTIFY_READ	BIT(0)	/* stream, datagram or handshake data can be read */
#define QUIC_NOTIFY_WRITE	BIT(1)	/* send buffer or credit became free */
#define QUIC_NOTIFY_STATE	BIT(2)	/* conn->state changed */
#define QUIC_NOTIFY_STREAMS	BIT(3)	/* the peer raised a stream limit */
#define QUIC_NOTIFY_FLUSHED	BIT(4)	/* an orphan's data is delivered */
#define QUIC_NOTIFY_PATH	BIT(5)	/* another path in use, one less, or a preferred address */

/* How a connection ended. */
enum quic_close_source {
	QUIC_CLOSE_NONE,
	QUIC_CLOSE_LOCAL,	/* we closed, or found a violation */
	QUIC_CLOSE_PEER,
	QUIC_CLOSE_IDLE,	/* 10.1 */
	QUIC_CLOSE_RESET,	/* 10.3 */
	QUIC_CLOSE_HANDSHAKE_TIMEOUT,
	QUIC_CLOSE_VERSION,	/* the server wants another version, 6.2 */
	QUIC_CLOSE_NO_PATH,	/* 9.3.2 */
};

/**
 * struct quic_close - why
 * @source: who
 * @app: 0x1d: application error code
 * @code: error code
 * @frame_type: that triggered it (0x1c)
 * @reason_len: bytes of @reason
 * @reason: phrase
 */
struct quic_close {
	u8 source;
	bool app;
	u64 code;
	u64 frame_type;
	u8 reason_len;
	u8 reason[QUIC_CONN_CLOSE_REASON_BYTES];
};

/**
 * struct quic_conn_config - what a host sets before start
 * @version: client: to begin with, also one that we do not speak
 * @prefer_version: server: to change to when the client can; 0: its own choice
 * @no_compatible: neither offer nor make that change (RFC 9368 2.3)
 * @cong: algorithm
 * @initial_rtt: initial_smoothed_rtt
 * @handshake_timeout: 0: none
 * @keepalive: PING after that much silence, 0: off
 * @rmem_max: bytes of @rmem allowed
 * @flow_window_max: receive window auto-tuning never goes above
 * @nodelay: no Nagle-like coalescing
 * @mtu: UDP payload bytes to begin with, >= 1200
 * @mtu_max: UDP payload bytes that the interface allows: probed for
 * @pmtu_interval: probe timer of the size search, 0: the RFC's
 * @ecn: try ECN
 * @spin: the latency spin bit may be used
 * @max_pacing_rate: bytes per second, U64_MAX: no limit
 * @server_moves: client: follows a server that changes its address (not RFC 9000 9)
 */
struct quic_conn_config {
	u32 version;
	u32 prefer_version;
	bool no_compatible;
	const struct quic_cong_ops *cong;
	quic_us initial_rtt;
	quic_us handshake_timeout;
	quic_us keepalive;
	u64 rmem_max;
	u64 flow_window_max;
	bool nodelay;
	u16 mtu;
	u16 mtu_max;
	quic_us pmtu_interval;
	bool ecn;
	bool spin;
	u64 max_pacing_rate;
	bool server_moves;
};

/**
 * struct quic_datagram - one queued DATAGRAM payload, either direction (RFC 9221)
 * @entry: list
 * @buf: bytes
 */
struct quic_datagram {
	struct list_head entry;
	struct quic_buf buf;
};

/**
 * struct quic_crypto_stream - CRYPTO data of one level
 * @snd: to send
 * @rcv: received
 */
struct quic_crypto_stream {
	struct quic_sndbuf snd;
	struct quic_inqueue rcv;
};

struct quic_conn_stats {
	u64 pkts_sent, pkts_rcvd, bytes_sent, bytes_rcvd;
	u64 stream_bytes_sent, stream_bytes_rcvd, bytes_retrans;
	u64 pkts_dropped[QUIC_NR_DROPS];
	u64 frames_retrans;
	u64 dgrams_dropped;	/* received: no room; to be sent: the path became too small */
	u64 violations;
};

/**
 * struct quic_conn - a connection
 * @state: enum quic_conn_state
 * @is_server: our role
 * @confirmed: the handshake is confirmed, RFC 9001 4.1.2
 * @server_validated_us: client: the server knows our address, RFC 9002 6.2.2.1
 * @got_tparams: @remote is the peer's word
 * @peer_id_known: client: the server's own id replaced ours for it
 * @drop_initial: client: a Handshake packet left, RFC 9001 4.9.1
 * @notify: QUIC_NOTIFY_* for the socket to tell
 * @ctl: QUIC_CTL_* to send
 * @probes: PTO probes to send, per packet number space
 * @path: of @paths, the one in use: everything but probes leaves there
 * @rx_path: the path of what is being received; NULL: not known yet
 * @nonprobing_next: one more than the highest number of a non-probing packet received
 * @probe_paths: a path has a PATH_CHALLENGE or PATH_RESPONSE to send
 * @preferred_todo: client: the host is to try the server's preferred address
 * @recovery: RTT, loss and PTO
 * @space: what was received, per packet number space
 * @ackfreq: how often the peer is to acknowledge
 * @ack_delay: how long we may wait to, microseconds: max_ack_delay or what the peer said
 * @skip_pn: the next packet number that is left out
 * @keys: packet protection of each level
 * @out: what to send next
 * @streams: all streams, and their limits
 * @tx: connection flow control of what we send
 * @rx: the same of what we receive
 * @rmem: bytes of memory that received data holds, at most @config's rmem_max
 * @wmem: the same of data to send, bounded by the socket
 * @timers: deadlines
 * @last_rx_at: when the last packet was received
 * @idle_since: start of the idle period, RFC 9000 10.1
 * @eliciting_since_rx: an ack-eliciting packet was sent since the last receive
 * @early: client: parameters are remembered for 0-RTT and it is not settled; else NULL
 * @early_end: client: packet numbers below were rejected 0-RTT; 0: none were
 * @early_accepted: 0-RTT was used and accepted
 * @first_path: of the handshake, and others later: most connections have one only
 * @paths: what is known of each pair of addresses; NULL: a free slot
 * @version: the version in use
 * @first_version: of the client's first flight
 * @alt_version: the other one that Initials may still come in, see @keys' rx_alt; or NULL
 * @probe_version: client: number to send that is none of ours, to be refused; else 0
 * @offered_version: client: what a Version Negotiation packet led to; 0: nothing
 * @refused_version: client: what that packet says the server does not speak
 * @vn_acted: client: this attempt follows a Version Negotiation packet
 * @hello_stale: client: and is in another version: TLS has to begin anew, which it
 *	does by asking for our parameters
 * @fallback: validated last, while @path is being validated, or is asked for
 *	itself; NULL: none
 * @candidate: we move there when it is validated; NULL: no move under way
 * @next_path_id: for sent records of the next path
 * @local_ids: connection ids we issued
 * @remote_ids: connection ids the peer issued
 * @original_dcid: the client's first Destination Connection ID
 * @initial_dcid: the one that Initial keys are made of
 * @initial_scid: ours of the handshake
 * @retry_scid: server: source id of our Retry; client: of the one received
 * @retried: there was a Retry
 * @odcid_added: server: @original_dcid is in the lookup table
 * @token: client: for Initials, or NULL; from quic_env_alloc()
 * @token_len: bytes of @token
 * @new_token: server: the NEW_TOKEN to send, or NULL
 * @new_token_len: bytes of @new_token
 * @local: our transport parameters
 * @remote: the peer's
 * @config: what the socket chose
 * @crypto: handshake data, per packet number space
 * @dgrams_in: struct quic_datagram, received
 * @dgrams_out: struct quic_datagram, to send
 * @nr_dgrams_in: length of @dgrams_in, bounded
 * @nr_dgrams_out: length of @dgrams_out, bounded
 * @held: struct quic_agg, packets that wait for keys
 * @nr_held: length of @held, at most QUIC_CONN_MAX_HELD
 * @grease_bits: random, one for each packet to come (RFC 9287)
 * @nr_grease_bits: of them left
 * @close: why it ended, and who said so
 * @close_levels: bit per level: a CONNECTION_CLOSE is to be sent there
 * @close_rx: aggregates received while closing: back off, RFC 9000 10.2.1
 * @close_bytes: of the datagram with CONNECTION_CLOSE
 * @close_room: bytes that repeating it may still take
 * @flushing: close when everything queued is acknowledged
 * @stats: counters
 *
 * Hot fields first.
 */
struct quic_conn {
	u8 state;
	bool is_server;
	bool confirmed;
	bool server_validated_us;
	bool got_tparams;
	bool peer_id_known;
	bool drop_initial;
	u32 notify;
	u32 ctl;
	u8 probes[QUIC_NR_SPACES];
	struct quic_path *path;
	struct quic_path *rx_path;
	quic_pn nonprobing_next;
	bool probe_paths;
	bool preferred_todo;
	struct quic_recovery recovery;
	struct quic_pnspace space[QUIC_NR_SPACES];
	struct quic_ackfreq ackfreq;
	quic_us ack_delay;
	quic_pn skip_pn;
	struct quic_keys keys;
	struct quic_outqueue out;
	struct quic_streams streams;
	struct quic_flow_tx tx;
	struct quic_flow_rx rx;
	u64 rmem;
	u64 wmem;
	struct quic_timers timers;
	quic_us last_rx_at;
	quic_us idle_since;
	bool eliciting_since_rx;

	struct quic_path first_path;
	struct quic_path *paths[QUIC_CONN_PATHS];
	struct quic_path *fallback;
	struct quic_path *candidate;
	u8 next_path_id;
	struct quic_early_attempt *early;
	quic_pn early_end;
	bool early_accepted;
	const struct quic_version *version;
	const struct quic_version *first_version;
	const struct quic_version *alt_version;
	u32 probe_version;
	u32 offered_version;
	u32 refused_version;
	bool vn_acted;
	bool hello_stale;
	struct quic_connid_local local_ids;
	struct quic_connid_remote remote_ids;
	struct quic_cid original_dcid;
	struct quic_cid initial_dcid;
	struct quic_cid initial_scid;
	struct quic_cid retry_scid;
	bool retried;
	bool odcid_added;
	u8 *token;
	u32 token_len;
	u8 *new_token;
	u32 new_token_len;
	struct quic_tparams local;
	struct quic_tparams remote;
	struct quic_conn_config config;

	struct quic_crypto_stream crypto[QUIC_NR_SPACES];
	struct list_head dgrams_in;
	struct list_head dgrams_out;
	u32 nr_dgrams_in;
	u32 nr_dgrams_out;
	struct list_head held;
	u8 nr_held;
	u64 grease_bits;
	u8 nr_grease_bits;

	struct quic_close close;
	u8 close_levels;
	u32 close_rx;
	u32 close_bytes;
	u64 close_room;
	bool flushing;
	struct quic_conn_stats stats;
};

/* ---- life ---- */

/* Prepares zeroed memory; quic_conn_destroy() or the like may be called from here on. */
void quic_conn_init(struct quic_conn *conn);
/* Frees everything; the host has removed it from everywhere it can be found. */
void quic_conn_exit(struct quic_conn *conn);

/**
 * quic_conn_start_client() - choose ids, install Initial keys
 * @conn: initialised, config and local parameters set
 * @local: our address
 * @remote: the server's
 * @now: time
 *
 * Nothing is sent: the first CRYPTO data does that.
 *
 * Context: may sleep.
 * Return: 0 or a negative errno; the connection is as before on error.
 */
int quic_conn_start_client(struct quic_conn *conn, const struct quic_addr *local,
			   const struct quic_addr *remote, quic_us now);

/**
 * quic_conn_start_server() - accept a connection from its first Initial's header
 * @conn: initialised, config and local parameters set
 * @hdr: decoded header of the client's first Initial (after a Retry: of its second)
 * @odcid: original DCID: hdr->dcid, or what a Retry token says
 * @retry_scid: SCID of our Retry, NULL: none was sent
 * @validated: a token proved the address
 * @local: our address
 * @remote: the client's
 * @now: time
 *
 * The datagrams themselves are then fed to quic_conn_receive().
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int quic_conn_start_server(struct quic_conn *conn, const struct quic_header *hdr,
			   const struct quic_cid *odcid, const struct quic_cid *retry_scid,
			   bool validated, const struct quic_addr *local,
			   const struct quic_addr *remote, quic_us now);

/**
 * quic_conn_install_secret() - TLS made a traffic secret
 * @conn: connection
 * @level: EARLY, HANDSHAKE or APP
 * @send: direction
 * @cipher: AEAD
 * @secret: of the hash's length
 * @now: time
 *
 * Both 1-RTT secrets make the connection established.  Held packets of the
 * level are handled.  The first of them also settles 0-RTT: quic_early_settle().
 *
 * Context: may sleep.
 * Return: 0; -EINVAL installed already or wrong state; -EPIPE closed while 0-RTT
 * was settled; -ENOMEM, -EOPNOTSUPP.
 */
int quic_conn_install_secret(struct quic_conn *conn, enum quic_level level, bool send,
			     enum quic_cipher cipher, const u8 *secret, quic_us now);

/*
 * The peer's transport parameter blob from TLS: 0, a violation (closed then), -EINVAL
 * state, -ENOMEM. A server may change the version here. Context: may sleep.
 */
int quic_conn_set_peer_tparams(struct quic_conn *conn, const void *blob, size_t len, quic_us now);
/**
 * quic_conn_issue_token() - give the client a token for its next connection
 * @conn: established connection of a server
 * @now: time
 *
 * Return: 0; -EAGAIN the last one is not acknowledged, or it can not be sealed
 * here and now; -EOPNOTSUPP, -ENOMEM.
 */
int quic_conn_issue_token(struct quic_conn *conn, quic_us now);
/* Our blob for TLS; it names the version, so that a ClientHello is for one only. */
void quic_conn_encode_tparams(struct quic_conn *conn, struct quic_writer *w);

/* ---- input ---- */

/* One aggregate arrived; output and timers follow in the same call. */
void quic_conn_receive(struct quic_conn *conn, struct quic_agg *agg, quic_us now);
/* The host's timer fired. */
void quic_conn_on_timeout(struct quic_conn *conn, quic_us now);
/* Sends what may be sent now and sets the timers; after any local change. */
void quic_conn_output(struct quic_conn *conn, quic_us now);

/* ---- the application ---- */

/*
 * Queues CRYPTO data: 0, -EINVAL when the level has no send key, -EPROTONOSUPPORT when
 * TLS is to begin anew (conn->hello_stale), -ENOMEM.  @buf's reference moves.
 */
int quic_conn_send_crypto(struct quic_conn *conn, enum quic_level level,
			  const struct quic_buf *buf);
/* Queues a DATAGRAM: 0, -EINVAL not negotiated, -EMSGSIZE, -ENOBUFS, -ENOMEM. @buf's ref moves. */
int quic_conn_send_datagram(struct quic_conn *conn, const struct quic_buf *buf);
/*
 * Control frames wait for the next packet, as long as an ACK may; in place of
 * quic_conn_output().
 */
void quic_conn_tell_later(struct quic_conn *conn, quic_us now);
/* Largest DATAGRAM payload now. */
u32 quic_conn_datagram_max(const struct quic_conn *conn);
/**
 * quic_conn_close() - close, RFC 9000 10.2
 * @conn: connection
 * @app: application error (0x1d); before 1-RTT keys it is sent as APPLICATION_ERROR
 * @code: error code
 * @reason: phrase, may be NULL
 * @reason_len: its bytes, cut at QUIC_CONN_CLOSE_REASON_BYTES
 * @now: time
 */
void quic_conn_close(struct quic_conn *conn, bool app, u64 code, const void *reason,
		     size_t reason_len, quic_us now);
/* Close with the same once all queued stream data is acknowledged, at @deadline in any case. */
void quic_conn_close_when_flushed(struct quic_conn *conn, bool app, u64 code, const void *reason,
				  size_t reason_len, quic_us deadline, quic_us now);
/* Forget it at once, silently. */
void quic_conn_abort(struct quic_conn *conn, quic_us now);
/* The one place that turns a violation into CONNECTION_CLOSE, counter and trace. */
void quic_conn_violate(struct quic_conn *conn, enum quic_violation v, u64 frame_type, quic_us now);
/*
 * Asks for a key update, which begins with the next output that may: 0, -EINVAL when
 * not established or one is on its way.
 */
int quic_conn_update_keys(struct quic_conn *conn);

/* ---- between engine files ---- */

void quic_conn_set_state(struct quic_conn *conn, enum quic_conn_event ev);
/* conn->remote has the peer's parameters: the machines take them over. */
void quic_conn_apply_tparams(struct quic_conn *conn);
/* The handshake is confirmed (RFC 9001 4.1.2). */
void quic_conn_confirm(struct quic_conn *conn, quic_us now);
void quic_conn_discard_keys(struct quic_conn *conn, enum quic_level level);
/* The NEW_TOKEN arrived, or is not to be sent. */
void quic_conn_forget_token(struct quic_conn *conn);
/* Frees a DATAGRAM that is in no list: the memory it held. */
u32 quic_conn_free_datagram(struct quic_datagram *d);
/* Frees what a connection needs no more that only says CONNECTION_CLOSE, or nothing. */
void quic_conn_shed(struct quic_conn *conn);
/* Local ids: tops up to what the peer accepts. */
void quic_conn_issue_ids(struct quic_conn *conn);
/* An id for the preferred address, told with it: 0 or a negative errno. */
int quic_conn_issue_preferred_id(struct quic_conn *conn, struct quic_cid *cid, u8 *token);

/* conn_keys.c */

/* Remembers the 1-RTT secret; the receive key of the next phase is made ahead (RFC 9001 6.3). */
int quic_conn_keep_secret(struct quic_conn *conn, bool send, const u8 *secret);
/*
 * The first packet of a key phase opened: our sending keys follow if the peer began
 * it (6.2).  0, or the errno of what failed; the connection is closing then.
 */
int quic_conn_on_key_phase(struct quic_conn *conn, enum quic_keys_pick pick, quic_us now);
/* A packet of the current key phase was acknowledged for the first time. */
void quic_conn_on_key_acked(struct quic_conn *conn, quic_us now);
/* QUIC_TIMER_KEY: the previous receive key becomes the next one (6.5). */
void quic_conn_on_key_timer(struct quic_conn *conn, quic_us now);
/* An update is wanted: begins it if it may begin now (6.1, 6.5). */
void quic_conn_try_key_update(struct quic_conn *conn, quic_us now);
/* Before a burst: may its keys seal that much (6.6)? False: the connection is closing. */
bool quic_conn_check_seal_limits(struct quic_conn *conn, quic_us now);

/* New keys of @key for @cipher and @secret. Context: may sleep. */
int quic_conn_make_key(struct quic_conn *conn, enum quic_cipher cipher,
		       const struct quic_version *v, const u8 *secret, struct quic_key *key);
void quic_conn_free_key(struct quic_key *key);

/* conn_initial.c */

/* Initial keys from the client's first DCID, of both versions where one may change. May sleep. */
int quic_conn_make_initial(struct quic_conn *conn, const struct quic_cid *dcid);
void quic_conn_free_initial(struct quic_conn *conn);
/* A Retry packet at @pkt: false when it is not to be believed. */
bool quic_conn_on_retry(struct quic_conn *conn, const struct quic_header *h, const u8 *pkt,
			quic_us now);
/* A Version Negotiation packet: false when it is not to be believed. */
bool quic_conn_on_version_negotiation(struct quic_conn *conn, const struct quic_header *h,
				      quic_us now);
/* Server: goes on in @v before it has sent CRYPTO: 0, -ENOMEM (unchanged). May sleep. */
int quic_conn_take_version(struct quic_conn *conn, const struct quic_version *v);
/* Client: an Initial of @alt_version opened: that is the version now. */
int quic_conn_follow_version(struct quic_conn *conn);
/* Client: the version is the one in use, no other comes any more. */
void quic_conn_settle_version(struct quic_conn *conn);

/* conn_version.c */

/* Fills our version_information (RFC 9368 3). */
void quic_conn_offer_versions(struct quic_conn *conn);
/* Do the peer's parameters agree with the version in use? 0 or the violation. */
int quic_conn_check_versions(const struct quic_conn *conn, const struct quic_tparams *p);
/* Server: changes to the preferred version if @p allows: 0, -ENOMEM. Context: may sleep. */
int quic_conn_select_version(struct quic_conn *conn, const struct quic_tparams *p);

/* conn_ack.c */

/* What was sent in @space and is not acknowledged goes again, and is forgotten. */
void quic_conn_send_again(struct quic_conn *conn, enum quic_space space);
/* An ACK frame of @space arrived: 0 or the violation. */
int quic_conn_on_ack(struct quic_conn *conn, enum quic_space space,
		     const struct quic_frame_ack *ack, quic_us now);
/*
 * Whether a probe timeout runs with nothing of the handshake in flight: the peer may
 * be blocked (RFC 9002 6.2.2.1), or what it waits for is held back by a congestion
 * window full of 0-RTT or 0.5-RTT packets, which cause no timeout yet (6.2.1).
 */
bool quic_conn_is_awaited(const struct quic_conn *conn);
/* Whether that one probes in the Handshake space; otherwise in the Initial one. */
bool quic_conn_probes_handshake(const struct quic_conn *conn);
/* The content of the oldest packets in flight goes again: what a probe carries. */
void quic_conn_requeue_oldest(struct quic_conn *conn, enum quic_space space);
/* The loss timer fired. */
void quic_conn_on_loss_timer(struct quic_conn *conn, quic_us now);
/* Closes an orphan whose data is delivered. */
void quic_conn_check_flushed(struct quic_conn *conn, quic_us now);

/* conn_ackfreq.c */

/* We said that we take ACK_FREQUENCY and IMMEDIATE_ACK. */
bool quic_conn_takes_ack_frequency(const struct quic_conn *conn);
/* ACK_FREQUENCY arrived: 0 or the violation. */
int quic_conn_on_ack_frequency(struct quic_conn *conn, const struct quic_frame_ack_frequency *f);
/* The peer's transport parameters are known. */
void quic_conn_init_ack_frequency(struct quic_conn *conn);
/* Window, RTT or reordering may have changed: asks for other ACKs if that is worth it. */
void quic_conn_ask_ack_frequency(struct quic_conn *conn, quic_us now);
/* Asks for an ACK without delay, if the peer understands that. */
void quic_conn_ask_ack_now(struct quic_conn *conn);
/* What became of our ACK_FREQUENCY: the PTO depends on it. */
void quic_conn_on_ack_frequency_sent(struct quic_conn *conn);
void quic_conn_on_ack_frequency_acked(struct quic_conn *conn);
void quic_conn_on_ack_frequency_lost(struct quic_conn *conn);

/* conn_close.c */

void quic_conn_on_peer_close(struct quic_conn *conn, const struct quic_frame_close *f, bool app,
			     quic_us now);
void quic_conn_on_stateless_reset(struct quic_conn *conn, quic_us now);
/**
 * quic_conn_fail() - close because of something that is not the peer's fault
 * @conn: connection
 * @code: transport error
 * @why: phrase for the peer and the application
 * @now: time
 */
void quic_conn_fail(struct quic_conn *conn, enum quic_error code, const char *why, quic_us now);
/* The handshake took too long: unlike silence (RFC 9000 10.1), that is told (10.2). */
void quic_conn_give_up(struct quic_conn *conn, quic_us now);
/* Ends without a word to the peer. */
void quic_conn_abandon(struct quic_conn *conn, enum quic_close_source why);
/* @bytes arrived in the closing period (RFC 9000 10.2.1). */
void quic_conn_on_rx_closing(struct quic_conn *conn, u32 bytes);

/* conn_path.c, towards the host */

/*
 * The paths there are, one after the other: @i is 0 at first; NULL: no more.  The one
 * that was given may be dropped.
 */
static inline struct quic_path *quic_conn_next_path(const struct quic_conn *conn, unsigned int *i)
{
	while (*i < QUIC_CONN_PATHS)
		if (conn->paths[(*i)++])
			return conn->paths[*i - 1];
	return NULL;
}

/* conn_migrate.c */

/**
 * quic_conn_can_migrate() - may we move to another path now?
 * @conn: connection
 * @remote: the peer's address there
 *
 * Return: 0; -EINVAL not established, or the peer forbids it (RFC 9000 18.2), or it
 * uses the empty id (9.5); -EAGAIN a move or a validation is under way, the
 * handshake is not confirmed, or clients are awaited at the preferred address.
 */
int quic_conn_can_migrate(const struct quic_conn *conn, const struct quic_addr *remote);

/**
 * quic_conn_migrate() - move to another path once it is validated
 * @conn: connection
 * @local: our address there
 * @remote: the peer's
 * @mtu_max: UDP payload bytes that the interface allows there
 * @now: time
 *
 * QUIC_NOTIFY_PATH tells when it is over; conn->path says how.
 *
 * Return: 0; what quic_conn_can_migrate() says; -EINVAL it is the path in use;
 * -EAGAIN the peer has given no spare id.
 */
int quic_conn_migrate(struct quic_conn *conn, const struct quic_addr *local,
		      const struct quic_addr *remote, u16 mtu_max, quic_us now);

/**
 * quic_conn_set_preferred() - a server's preferred address (RFC 9000 9.6)
 * @conn: server, its parameters not told yet
 * @addr: the address, one of each family may be set
 *
 * Return: 0; -EINVAL wrong role or state; -ENOMEM and others of a new id.
 */
int quic_conn_set_preferred(struct quic_conn *conn, const struct quic_addr *addr);
/* A server's preferred address is told and the client has not come there yet. */
bool quic_conn_awaits_client(const struct quic_conn *conn);
/* The server's preferred address of @family, if there is one to be tried: conn->preferred_todo. */
bool quic_conn_preferred(const struct quic_conn *conn, u8 family, struct quic_addr *addr);

/* conn_connid.c */

/* The id to address the peer with during the handshake; replaces a provisional one. */
void quic_conn_set_peer_cid(struct quic_conn *conn, const struct quic_cid *cid);
/* The peer's ids changed: a path whose id ended gets another (RFC 9000 5.1.2). */
void quic_conn_follow_peer_ids(struct quic_conn *conn);
/* NEW_CONNECTION_ID: 0 or the violation. */
int quic_conn_rx_new_cid(struct quic_conn *conn, const struct quic_frame_new_cid *f);

/**
 * quic_conn_change_ids() - QUIC_SOCKOPT_CONNECTION_ID (UAPI.md 4)
 * @conn: connection
 * @dest: ids of the peer's, that we address it with; else ours
 * @active: number of the id to use from now on, higher than that in use; 0: leave it
 * @prior_to: retire those below, or ask the peer to; 0: none
 *
 * Return: 0; -EINVAL a number is out of range or the state wrong; -EAGAIN a path
 * change is under way.
 */
int quic_conn_change_ids(struct quic_conn *conn, bool dest, u64 active, u64 prior_to);

/* conn_path.c, between engine files */

/* Frees all paths but the first. */
void quic_conn_path_exit(struct quic_conn *conn);
/* The first path, and all there is until the handshake is confirmed. */
void quic_conn_path_start(struct quic_conn *conn, const struct quic_addr *local,
			  const struct quic_addr *remote, quic_us now);
/* Finds conn->rx_path of what arrived and counts its bytes; false: to be dropped. */
bool quic_conn_path_find(struct quic_conn *conn, const struct quic_agg *agg);
/* An authentic 1-RTT packet to our id @heard came on a new path: conn->rx_path, if it fits. */
void quic_conn_path_meet(struct quic_conn *conn, const struct quic_agg *agg,
			 const struct quic_cid *heard, quic_us now);
/* The newest non-probing packet came on conn->rx_path, which is not the one in use. */
void quic_conn_path_on_moved(struct quic_conn *conn, quic_us now);
/* The newest non-probing packet came on the path in use, where it was awaited. */
void quic_conn_path_on_joined(struct quic_conn *conn, quic_us now);
void quic_conn_rx_path_challenge(struct quic_conn *conn, const u8 *data);
void quic_conn_rx_path_response(struct quic_conn *conn, const u8 *data, quic_us now);
/* A PATH_CHALLENGE with @data left on @p in a datagram of @bytes. */
void quic_conn_on_challenge_sent(struct quic_conn *conn, struct quic_path *p, const u8 *data,
				 size_t bytes, quic_us now);
void quic_conn_on_path_timer(struct quic_conn *conn, quic_us now);
/* @pkt, which left on a path not in use, was acknowledged or lost. */
void quic_conn_path_settle(struct quic_conn *conn, const struct quic_sent_pkt *pkt);

/* conn_pmtu.c */

/* The peer takes no more than its max_udp_payload_size on @p either (RFC 9000 18.2). */
void quic_conn_limit_payload(struct quic_conn *conn, struct quic_path *p);
/* The search goes on, on the path that is in use now. */
void quic_conn_pmtu_resume(struct quic_conn *conn, quic_us now);
/* An MTU probe of @bytes on the path in use left, arrived, or was lost. */
void quic_conn_on_mtu_probe_sent(struct quic_conn *conn, u16 bytes, quic_us now);
void quic_conn_on_mtu_probe_acked(struct quic_conn *conn, u16 bytes, quic_us now);
void quic_conn_on_mtu_probe_lost(struct quic_conn *conn, u16 bytes, quic_us now);
void quic_conn_on_pmtu_timer(struct quic_conn *conn, quic_us now);
/**
 * quic_conn_on_too_big() - the IP layer, or an ICMP error that quotes our id, gives a limit
 * @conn: connection
 * @max: UDP payload bytes that fit; ignored below 1200 (RFC 9000 14.2.1)
 * @now: time
 */
void quic_conn_on_too_big(struct quic_conn *conn, u32 max, quic_us now);
/*
 * Sends what the oldest packets of @space carried again and forgets them, when their
 * records only pile up.
 */
void quic_conn_uncrowd(struct quic_conn *conn, enum quic_space space, quic_us now);
/* Nothing was acknowledged for long: perhaps the path carries only less now (RFC 8899 4.3). */
void quic_conn_on_black_hole(struct quic_conn *conn, quic_us now);
/* A packet of more than 1200 bytes that left on the path in use was lost. */
void quic_conn_on_large_lost(struct quic_conn *conn, quic_us sent_at, quic_us now);

/* conn_timer.c */

void quic_conn_set_timers(struct quic_conn *conn, quic_us now);
/* A packet opened: restarts the idle period (RFC 9000 10.1). */
void quic_conn_on_authentic(struct quic_conn *conn, quic_us now);
/* A packet was sealed and recorded. */
void quic_conn_on_packet_sent(struct quic_conn *conn, enum quic_level level,
			      const struct quic_sent_pkt *rec, quic_us now);
/* A burst is out: what had to wait for its keys to be used. */
void quic_conn_on_burst_sent(struct quic_conn *conn);
/* Probe timeout including max_ack_delay (RFC 9002 6.2.1). */
quic_us quic_conn_pto(const struct quic_conn *conn);

/* Neither closed nor on its way there. */
static inline bool quic_conn_is_open(const struct quic_conn *conn)
{
	return conn->state == QUIC_CONN_ESTABLISHING || conn->state == QUIC_CONN_ESTABLISHED;
}

static inline bool quic_conn_is_established(const struct quic_conn *conn)
{
	return conn->state == QUIC_CONN_ESTABLISHED;
}

/*
 * Bytes that the path's amplification limit has to allow before anything is sent:
 * a datagram with a padded Initial [9000-14.1], later one that is worth its header.
 */
static inline u32 quic_conn_least_room(const struct quic_conn *conn)
{
	return conn->confirmed ? QUIC_CONN_LEAST_ROOM_BYTES : QUIC_MIN_DATAGRAM_BYTES;
}

/* Memory of @bytes was pinned or released by a receive queue. */
static inline void quic_conn_rmem_add(struct quic_conn *conn, s64 bytes)
{
	conn->rmem += bytes;
}

#endif /* _QUIC_CONN_H */
