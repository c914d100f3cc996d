// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/path.c - amplification limit and validation of one path
 *
 * Until the peer is known to be reachable at an address, three bytes may go
 * there for each byte that came from it (RFC 9000 8.1).  Bytes are counted only
 * until then.  A PATH_RESPONSE that echoes our challenge ends the limit, on
 * whatever path it arrives (8.2.3).
 */
#include "path.h"

void quic_path_init(struct quic_path *p, const struct quic_addr *local,
		    const struct quic_addr *remote, u16 mtu, quic_us initial_rtt)
{
	memset(p, 0, sizeof(*p));
	p->local = *local;
	p->remote = *remote;
	p->mtu = max_t(u16, mtu, QUIC_MIN_DATAGRAM_BYTES);
	quic_rtt_init(&p->rtt, initial_rtt);
	quic_pacer_init(&p->pacer);
}

void quic_path_on_rx(struct quic_path *p, size_t bytes)
{
	if (!p->validated)
		p->rx_bytes += bytes;
}

void quic_path_on_tx(struct quic_path *p, size_t bytes)
{
	if (!p->validated)
		p->tx_bytes += bytes;
}

u64 quic_path_amplification_room(const struct quic_path *p)
{
	u64 allowed;

	if (p->validated)
		return U64_MAX;
	if (check_mul_overflow(p->rx_bytes, (u64)QUIC_AMPLIFICATION_FACTOR, &allowed))
		allowed = U64_MAX - 1;
	return allowed > p->tx_bytes ? allowed - p->tx_bytes : 0;	/* [9000-8.1] */
}

void quic_path_validate(struct quic_path *p)
{
	p->validated = true;
}

void quic_path_challenge(struct quic_path *p, const u8 *data)
{
	memcpy(p->challenge, data, sizeof(p->challenge));
	p->challenge_out = true;
	p->challenge_send = true;
}

bool quic_path_on_response(struct quic_path *p, const u8 *data)
{
	if (!p->challenge_out || memcmp(p->challenge, data, sizeof(p->challenge)))
		return false;
	p->challenge_out = false;
	p->challenge_send = false;
	quic_path_validate(p);
	return true;
}

void quic_path_on_challenge(struct quic_path *p, const u8 *data)
{
	if (p->nr_response == QUIC_PATH_CHALLENGES_MAX) {
		memmove(p->response[0], p->response[1],
			sizeof(p->response) - sizeof(p->response[0]));
		p->nr_response--;
	}
	memcpy(p->response[p->nr_response++], data, sizeof(p->response[0]));
}
