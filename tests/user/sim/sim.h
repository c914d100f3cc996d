/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sim.h - two endpoints, a network between them, and virtual time
 *
 *   endpoint 0 (client) --- link[0] ---> endpoint 1 (server)
 *            <------------- link[1] ---
 *
 * One thread, one event queue, one seed: the same seed gives the same run to the
 * bit, which sim_trace_hash() proves.  Engine and core are the kernel's own
 * sources; edge.c stands in for layers 3 and 4 with real AEADs from nettle.
 */
#ifndef _QUIC_SIM_H
#define _QUIC_SIM_H

#include <stdio.h>
#include <stdlib.h>

#include "admit.h"
#include "conn.h"

#define SIM_MAX_STREAMS 256
#define SIM_RANDOMS 16		/* random outputs that are remembered */

static const quic_us sim_start_at = 1000000;	/* where the clock begins */

struct sim;
struct sim_endpoint;

#define SIM_PIPE_MAX_PKTS 1024

/**
 * struct sim_pipe - a bottleneck: one datagram after the other
 * @free_at: when the last one will have left
 * @starts: when each that waits begins to leave, oldest first, a ring
 * @first: oldest entry of @starts
 * @nr: entries used
 */
struct sim_pipe {
	quic_us free_at;
	quic_us starts[SIM_PIPE_MAX_PKTS];
	unsigned int first;
	unsigned int nr;
};

/* Chances are in 1/1000; times in microseconds. */
struct sim_link_config {
	quic_us latency;
	quic_us jitter;		/* added at random: reorders */
	unsigned int loss;
	unsigned int duplicate;
	unsigned int corrupt;
	unsigned int ce;	/* ECN: marks ECT packets */
	u32 mtu;		/* UDP payload bytes carried; larger ones vanish */
	u32 device_mtu;		/* those the sender's interface takes, 0: all; EMSGSIZE for more */
	u64 rate;		/* bytes per second, 0: unlimited */
	quic_us queue;		/* bottleneck buffer in time, with @rate */
	unsigned int queue_pkts;	/* instead: buffer in datagrams */
	unsigned int mark_pkts;	/* ECN: marks what finds as many waiting; 0: never */
	u32 overhead;		/* bytes of lower headers that @rate counts too */
	struct sim_pipe *pipe;	/* the bottleneck when several connections share it */
};

/* What becomes of a client's 0-RTT. */
enum sim_early {
	SIM_EARLY_NONE,		/* it sends none */
	SIM_EARLY_ACCEPTED,
	SIM_EARLY_REJECTED,
	SIM_EARLY_UNTOLD,	/* rejected, but nobody tells the client */
};

/* What an endpoint's application does. */
struct sim_app {
	u64 send_bytes;		/* on each of its streams */
	unsigned int streams;	/* bidirectional streams it opens */
	bool echo;		/* answers on the peer's streams with @send_bytes */
	quic_us reads_from;	/* reads nothing before that time */
};

/**
 * struct sim_hooks - where a scenario reaches into a run; each may be NULL
 * @on_init: an endpoint exists and is not started: parameters can be changed
 * @on_send: datagram number @index of endpoint @from enters the network, which may
 *	change it; false: it is lost
 * @on_route: the same datagram, from @src to @dst as its sender knows them: may change
 *	them as a NAT does, or say false: nobody is there
 * @on_settle: after every call into the engine and the application
 * @on_event: the engine has something to tell its application
 * @on_blob: its transport parameters are about to be told
 * @on_packet: a packet leaves its engine, not yet protected
 * @on_params: the encoded parameters can be changed
 */
struct sim_hooks {
	void (*on_init)(struct sim_endpoint *ep);
	bool (*on_send)(struct sim *sim, unsigned int from, u64 index, u8 *data, u32 len,
			enum quic_ecn *ecn);
	bool (*on_route)(struct sim *sim, unsigned int from, struct quic_addr *src,
			 struct quic_addr *dst, const u8 *data, u32 len);
	void (*on_settle)(struct sim_endpoint *ep);
	void (*on_event)(struct sim_endpoint *ep, const struct quic_edge_event_info *ev);
	void (*on_blob)(struct sim_endpoint *ep);
	void (*on_packet)(struct sim_endpoint *ep, const struct quic_tx_pkt *pkt);
	void (*on_params)(struct sim_endpoint *ep, struct quic_writer *w);
};

/* Token keys of the servers of several runs: the current one is even or odd by @epoch. */
struct quic_tokens {
	u8 epoch;
	struct quic_token_used used;
};

struct sim_config {
	u64 seed;
	struct quic_tokens *tokens;	/* NULL: the server neither issues nor checks any */
	bool validate;		/* the server wants validated addresses: Retry */
	const struct quic_addr *addrs;	/* where both are at first: sim_addr or sim_addr6 */
	u8 client_ip;		/* last byte of the client's address in sim_addr */

	const struct sim_hooks *hooks;
	bool may_end_early;	/* an end before all data is through is no failure */
	bool stays_open;	/* the client does not close when all is done */
	bool foreign_bytes;	/* what arrives is not what an application sent */
	struct sim_link_config link[2];
	struct sim_app app[2];
	enum quic_cipher cipher;
	u16 mtu_max;
	const struct quic_cong_ops *cong;
	bool ecn;
	u32 version;
	u32 only_version;	/* the server refuses all others; 0: what the engine has */
	u32 fail_alloc;		/* chance in 1/100000 that an engine allocation fails */
	quic_us start_at;
	quic_us give_up;	/* virtual time after which the run counts as stuck */
	bool key_updates;	/* both sides update keys at random */
	u32 hello_bytes;	/* size of the client's fake ClientHello */
	enum sim_early early;
	const struct quic_tparams *remembered;	/* for 0-RTT; NULL: what the server has */
	u32 flight_bytes;	/* size of the server's fake certificate flight */
};

/* One stream as the application sees it. */
struct sim_stream {
	quic_sid sid;
	bool used;
	u64 sent;
	u64 to_send;
	bool fin_sent;
	u64 received;
	bool fin_received;
};

struct sim_endpoint {
	struct sim *sim;
	unsigned int me;
	struct quic_conn conn;
	struct sim_stream streams[SIM_MAX_STREAMS];
	unsigned int nr_streams;
	unsigned int opened;
	u8 hs_got[QUIC_NR_LEVELS];
	u32 hs_want[QUIC_NR_LEVELS];
	u32 hs_have[QUIC_NR_LEVELS];
	bool started;
	bool done;
	u64 events[16];
	u8 token[QUIC_TOKEN_MAX_BYTES];	/* of the last NEW_TOKEN */
	u32 token_len;
	bool mute;		/* client: TLS does not begin anew */
	bool began_anew;	/* client: TLS did, in another version */
	bool refuse;		/* server: its client showed a Retry token that is no good */
	unsigned int retries;	/* server: Retry packets sent */
	u64 frames_sent[64];	/* by type, STREAM with all its bits as one */
	/* network side */
	struct sim_pipe pipe;
	u64 dgrams, dgram_bytes;
	u64 opens;	/* packets that were tried to open */
};

struct sim {
	struct sim_config cfg;
	quic_us now;
	u64 rng;
	u64 hash;
	u8 random[SIM_RANDOMS][8];	/* of what quic_edge_random() gave, oldest overwritten */
	unsigned int nr_random;
	struct sim_endpoint ep[2];
	struct sim_event *heap[1 << 16];
	unsigned int nr_events;
	u64 order;
	int chunks;
	long chunk_bytes;
	int keys;
	u64 rekeys;
	long live_before;	/* allocations of the engine when the run began; -1: not alone */
	const char *error;
	u64 dropped;
};

/* sim.c */
void sim_config_default(struct sim_config *cfg, u64 seed);
/* Runs to completion: NULL, or what went wrong. */
const char *sim_run(struct sim *sim, const struct sim_config *cfg);
void sim_free(struct sim *sim);
/*
 * @nr simulations in one world: they share time, and the pipes that their links
 * name.  Ends at @until, or when all are over: NULL, or what went wrong.
 */
const char *sim_run_together(struct sim **sims, const struct sim_config *cfgs, unsigned int nr,
			     quic_us until);
u64 sim_random(struct sim *sim, u64 n);
bool sim_chance(struct sim *sim, unsigned int per_mille);
void sim_note(struct sim *sim, u64 a, u64 b);
void sim_fail(struct sim *sim, const char *why);
/* One datagram leaves endpoint @from on @path; the bytes are copied (a hook may change them). */
void sim_send(struct sim *sim, unsigned int from, const struct quic_path *path, u8 *data, u32 len,
	      enum quic_ecn ecn);

/* A datagram that nobody sent arrives at endpoint @to after @delay, from the other's address. */
void sim_inject(struct sim *sim, unsigned int to, const u8 *data, u32 len, quic_us delay);
/* The same from @src to @dst, an address of endpoint @to. */
void sim_inject_from(struct sim *sim, unsigned int to, const struct quic_addr *src,
		     const struct quic_addr *dst, const u8 *data, u32 len, quic_us delay);
/* Where endpoint 0 (client) and 1 (server) are at first, of either family. */
extern const struct quic_addr sim_addr[2], sim_addr6[2];

/* app.c: the application and its fake TLS */
void sim_app_start(struct sim_endpoint *ep);
/* After every call into the engine. */
void sim_app_run(struct sim_endpoint *ep);
u8 sim_byte(quic_sid sid, bool from_server, u64 off);

/* edge.c */
/* Are the 8 bytes at @data among the last that quic_edge_random() gave? */
bool sim_is_random(const struct sim *sim, const u8 *data);
struct sim_endpoint *sim_endpoint_of(struct quic_conn *conn);
/* The simulation whose endpoints the edge serves; one at a time per process. */
extern struct sim *sim_current;
/* An aggregate of equal datagrams out of @data; freed by sim_agg_free(). */
struct quic_agg *sim_agg_new(const u8 *data, u32 len, u32 seg, enum quic_ecn ecn);
/*
 * Protects the packet of @len bytes at @pkt where it lies; @hdr_len of them are
 * header with @pn_len bytes of @pn, QUIC_TAG_BYTES follow.
 */
void sim_seal(const struct quic_key *key, u8 *pkt, u32 hdr_len, u32 len, u8 pn_len, quic_pn pn);

/**
 * struct sim_forge - a packet that an endpoint's engine would never send
 * @level: whose keys
 * @version: instead of the endpoint's; NULL: that
 * @pn: packet number
 * @frames: payload
 * @len: bytes of it
 * @flip: bits to flip in byte 0 before protection
 * @pad_to: PADDING before @frames until the datagram has that many bytes
 * @key: instead of the endpoint's
 * @scid: instead of the endpoint's; NULL: that
 * @token: of an Initial
 */
struct sim_forge {
	enum quic_level level;
	const struct quic_version *version;
	quic_pn pn;
	const u8 *frames;
	u32 len;
	u8 flip;
	u32 pad_to;
	const struct quic_key *key;
	const struct quic_cid *scid;
	struct quic_span token;
};

#define SIM_FORGE_MAX_BYTES	1500

/*
 * forge.c: replaces parameter @id in the blob of @w by @len bytes at @value, wherever
 * there was one; NULL: takes it out.
 */
void sim_set_param(struct quic_writer *w, u64 id, const void *value, u32 len);

/* forge.c: makes the packet as one of @from's into @dgram; its bytes. */
u32 sim_forge(struct sim_endpoint *from, const struct sim_forge *f, u8 *dgram);

#endif /* _QUIC_SIM_H */
