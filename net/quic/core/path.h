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
#define QUIC_PATH_CHALLENGES_MAX	2	/* of the peer, to be answered; newest kept */

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

/* Same address, port and scope. */
static inline bool quic_addr_equal(const struct quic_addr *a, const struct quic_addr *b)
{
	return a->family == b->family && a->port == b->port && a->scope == b->scope &&
	       !memcmp(a->ip, b->ip, sizeof(a->ip));
}

/**
 * struct quic_path - one path
 * @local: our address
 * @remote: the peer's
 * @dcid: the peer's id in packets sent on it
 * @dcid_seq: its sequence number
 * @id: small number for sent records
 * @validated: the peer is reachable there: no amplification limit
 * @rx_bytes: received on it while not validated
 * @tx_bytes: sent on it while not validated
 * @mtu: UDP payload bytes that fit (current PMTU estimate, >= 1200)
 * @pmtud: the search for more
 * @rtt: estimates
 * @cong: congestion state
 * @pacer: pacing state
 * @ecn_on: packets are marked ECT(0)
 * @spin: latency spin bit
 * @challenge: data of our outstanding PATH_CHALLENGE
 * @challenge_out: @challenge is outstanding
 * @challenge_send: PATH_CHALLENGE must be sent
 * @response: data to echo in PATH_RESPONSE
 * @nr_response: entries of @response to send
 */
struct quic_path {
	struct quic_addr local;
	struct quic_addr remote;
	struct quic_cid dcid;
	u64 dcid_seq;
	u8 id;
	bool validated;
	u64 rx_bytes;
	u64 tx_bytes;
	u16 mtu;
	struct quic_pmtud pmtud;
	struct quic_rtt rtt;
	struct quic_cong cong;
	struct quic_pacer pacer;
	bool ecn_on;
	struct quic_spin spin;
	u8 challenge[QUIC_PATH_DATA_BYTES];
	bool challenge_out;
	bool challenge_send;
	u8 response[QUIC_PATH_CHALLENGES_MAX][QUIC_PATH_DATA_BYTES];
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
/* Starts validation with random @data. */
void quic_path_challenge(struct quic_path *p, const u8 *data);
/* PATH_RESPONSE: true when it answers our challenge (then validated). */
bool quic_path_on_response(struct quic_path *p, const u8 *data);
/* PATH_CHALLENGE arrived: remembers to answer. */
void quic_path_on_challenge(struct quic_path *p, const u8 *data);

#endif /* _QUIC_CORE_PATH_H */
