/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/path.h - one pair of addresses and what is known of it
 *
 * Anti-amplification (RFC 9000 8.1), validation by PATH_CHALLENGE (8.2), RTT,
 * congestion, pacing and datagram size, which all belong to a path (9.4), and the
 * id the peer is addressed with there (9.5).
 */
#ifndef _QUIC_CORE_PATH_H
#define _QUIC_CORE_PATH_H

#include "pacer.h"
#include "pmtud.h"
#include "recovery.h"
#include "spin.h"

#define QUIC_AMPLIFICATION_FACTOR	3	/* RFC 9000 8.1 */
#define QUIC_PATH_RESPONSES_MAX		2	/* challenges of the peer to answer; newest kept */
#define QUIC_PATH_CHALLENGES_MAX	3	/* of ours in one validation, each with own data */

/**
 * struct quic_addr - an IP address and UDP port, as the core sees it
 * @family: 4 or 6; 0: unset
 * @port: host byte order
 * @scope: IPv6 scope (interface), else 0
 * @ip: network byte order; IPv4 uses the first 4 bytes, the rest is 0
 */
struct quic_addr {
	u8 family;
	u16 port;
	u32 scope;
	u8 ip[16];
};

/* Same address and scope; ports do not count. */
static inline bool quic_addr_same_ip(const struct quic_addr *a, const struct quic_addr *b)
{
	return a->family == b->family && a->scope == b->scope &&
	       !memcmp(a->ip, b->ip, sizeof(a->ip));
}

/* Same address, port and scope. */
static inline bool quic_addr_equal(const struct quic_addr *a, const struct quic_addr *b)
{
	return a->port == b->port && quic_addr_same_ip(a, b);
}

/**
 * struct quic_path_challenge - one PATH_CHALLENGE of ours
 * @data: what a PATH_RESPONSE has to echo
 * @sent_at: when it left
 * @full: in a datagram of at least 1200 bytes
 */
struct quic_path_challenge {
	u8 data[QUIC_PATH_DATA_BYTES];
	quic_us sent_at;
	bool full;
};

/**
 * struct quic_path - one path
 * @local: our address
 * @remote: the peer's
 * @dcid: the peer's id in packets sent on it
 * @dcid_seq: its sequence number
 * @heard: our id in the newest packet received on it
 * @id: small number for sent records; another one when the congestion state is a new one
 * @validated: the peer is reachable there: no amplification limit
 * @validating: a validation is under way
 * @moved: the peer sent a non-probing packet on it: it wants to be there
 * @local_moved: our address changed when it came into use
 * @left: we moved away from it: late packets do not call us back
 * @awaited: we moved there, and the peer has sent nothing but probes from there so far
 * @rx_bytes: received on it while not validated
 * @tx_bytes: sent on it while not validated
 * @mtu: UDP payload bytes that fit (current PMTU estimate, >= 1200)
 * @pmtud: the search for more
 * @rtt: estimates
 * @cong: congestion state
 * @pacer: pacing state
 * @ecn_on: packets are marked ECT(0)
 * @spin: latency spin bit
 * @challenge: PATH_CHALLENGEs of the validation under way
 * @nr_challenge: entries of @challenge that left
 * @challenge_send: a PATH_CHALLENGE must be sent
 * @next_at: when the next PATH_CHALLENGE is due; QUIC_US_NEVER: none
 * @give_up_at: when the validation fails, or a path we left is forgotten
 * @response: data to echo in PATH_RESPONSE
 * @nr_response: entries of @response to send
 */
struct quic_path {
	struct quic_addr local;
	struct quic_addr remote;
	struct quic_cid dcid;
	u64 dcid_seq;
	struct quic_cid heard;
	u8 id;
	bool validated;
	bool validating;
	bool moved;
	bool local_moved;
	bool left;
	bool awaited;
	u64 rx_bytes;
	u64 tx_bytes;
	u16 mtu;
	struct quic_pmtud pmtud;
	struct quic_rtt rtt;
	struct quic_cong cong;
	struct quic_pacer pacer;
	bool ecn_on;
	struct quic_spin spin;
	struct quic_path_challenge challenge[QUIC_PATH_CHALLENGES_MAX];
	u8 nr_challenge;
	bool challenge_send;
	quic_us next_at;
	quic_us give_up_at;
	u8 response[QUIC_PATH_RESPONSES_MAX][QUIC_PATH_DATA_BYTES];
	u8 nr_response;
};

/*
 * Starts a path on which nothing was sent or received; @mtu below 1200 counts as
 * 1200.  The congestion controller is for the caller to start.
 */
void quic_path_init(struct quic_path *p, const struct quic_addr *local,
		    const struct quic_addr *remote, u16 mtu, quic_us initial_rtt);
/* A datagram of @bytes arrived on it. */
void quic_path_on_rx(struct quic_path *p, size_t bytes);
/* A datagram of @bytes left on it. */
void quic_path_on_tx(struct quic_path *p, size_t bytes);
/* Bytes the amplification limit allows now; U64_MAX once validated. */
u64 quic_path_amplification_room(const struct quic_path *p);
/* The peer is reachable there: the limit ends. */
void quic_path_validate(struct quic_path *p);

/* ---- validation, RFC 9000 8.2 ---- */

/**
 * quic_path_begin_validation() - a PATH_CHALLENGE is to be sent
 * @p: path; a validation under way goes on
 * @pto: the larger of the current PTO and that of the new path (8.2.4)
 * @now: time
 *
 * It fails at @p->give_up_at: when the last of QUIC_PATH_CHALLENGES_MAX, each
 * given twice the time of the one before it, had its time.
 */
void quic_path_begin_validation(struct quic_path *p, quic_us pto, quic_us now);
/* Ends it without a result. */
void quic_path_stop_validation(struct quic_path *p);
/* A PATH_CHALLENGE with random @data left in a datagram of @bytes. */
void quic_path_on_challenge_sent(struct quic_path *p, const u8 *data, size_t bytes, quic_us pto,
				 quic_us now);
/* When @next_at has come: another PATH_CHALLENGE is to be sent. */
void quic_path_on_timeout(struct quic_path *p, quic_us now);

/* What a PATH_RESPONSE did to a path. */
enum quic_path_answer {
	QUIC_PATH_ANSWER_NONE,		/* it answers nothing of ours */
	QUIC_PATH_ANSWER_ADDRESS,	/* the address is validated, not that it takes 1200 bytes */
	QUIC_PATH_ANSWER_DONE,
};

/**
 * quic_path_on_response() - PATH_RESPONSE arrived, on whatever path
 * @p: the path whose challenge it may answer
 * @data: what it echoes
 * @now: time
 *
 * The time it took becomes the first guess of the RTT (RFC 9002 6.2.2).
 *
 * Return: what it did; after _ADDRESS another challenge is to be sent.
 */
enum quic_path_answer quic_path_on_response(struct quic_path *p, const u8 *data, quic_us now);
/* PATH_CHALLENGE arrived: remembers to answer. */
void quic_path_on_challenge(struct quic_path *p, const u8 *data);
/* Is a PATH_CHALLENGE or PATH_RESPONSE to be sent? */
static inline bool quic_path_wants_probe(const struct quic_path *p)
{
	return p->challenge_send || p->nr_response;
}

#endif /* _QUIC_CORE_PATH_H */
