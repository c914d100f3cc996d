// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/path.c - amplification limit and validation of one path
 *
 * Until the peer is known to be reachable at an address, three bytes may go
 * there for each byte that came from it (RFC 9000 8.1).  Bytes are counted only
 * until then.  A PATH_RESPONSE that echoes our challenge ends the limit, on
 * whatever path it arrives (8.2.3).  It shows that 1200 bytes fit only if the
 * challenge left in a datagram that large, which the limit may not allow: then a
 * second challenge follows.
 */
#include "path.h"

void quic_path_init(struct quic_path *p, const struct quic_addr *local,
		    const struct quic_addr *remote, u16 mtu, quic_us initial_rtt)
{
	memset(p, 0, sizeof(*p));
	p->local = *local;
	p->remote = *remote;
	p->mtu = max_t(u16, mtu, QUIC_MIN_DATAGRAM_BYTES);
	p->next_at = QUIC_US_NEVER;
	p->give_up_at = QUIC_US_NEVER;
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
	/* [9000-8#1] [9000-8.1#1] [9000-9.3#2] [9000-14.1#4] */
	return allowed > p->tx_bytes ? allowed - p->tx_bytes : 0;
}

void quic_path_validate(struct quic_path *p)
{
	p->validated = true;
}

/* ---- validation ---- */

void quic_path_begin_validation(struct quic_path *p, quic_us pto, quic_us now)
{
	if (p->validating)
		return;
	p->validating = true;
	p->nr_challenge = 0;
	p->challenge_send = true;
	p->next_at = QUIC_US_NEVER;
	p->give_up_at = now + (BIT(QUIC_PATH_CHALLENGES_MAX) - 1) * pto;
}

void quic_path_stop_validation(struct quic_path *p)
{
	p->validating = false;
	p->challenge_send = false;
	p->nr_challenge = 0;
	p->next_at = QUIC_US_NEVER;
	p->give_up_at = QUIC_US_NEVER;
}

void quic_path_on_challenge_sent(struct quic_path *p, const u8 *data, size_t bytes, quic_us pto,
				 quic_us now)
{
	struct quic_path_challenge *c;

	if (p->nr_challenge == QUIC_PATH_CHALLENGES_MAX) {
		memmove(&p->challenge[0], &p->challenge[1],
			sizeof(p->challenge) - sizeof(p->challenge[0]));
		p->nr_challenge--;
	}
	c = &p->challenge[p->nr_challenge];
	memcpy(c->data, data, sizeof(c->data));
	c->sent_at = now;
	c->full = bytes >= QUIC_MIN_DATAGRAM_BYTES;
	p->next_at = now + (pto << p->nr_challenge);		/* [9000-9.4#3] */
	p->nr_challenge++;
	p->challenge_send = false;
}

void quic_path_on_timeout(struct quic_path *p, quic_us now)
{
	if (p->next_at > now)
		return;
	p->next_at = QUIC_US_NEVER;
	p->challenge_send = true;
}

enum quic_path_answer quic_path_on_response(struct quic_path *p, const u8 *data, quic_us now)
{
	const struct quic_path_challenge *c;
	unsigned int i;

	for (i = 0; i < p->nr_challenge; i++)
		if (!memcmp(p->challenge[i].data, data, sizeof(p->challenge[i].data)))
			break;
	if (!p->validating || i == p->nr_challenge)
		return QUIC_PATH_ANSWER_NONE;
	c = &p->challenge[i];
	if (p->rtt.first_sample_at == QUIC_US_NEVER)
		quic_rtt_init(&p->rtt, max(now - c->sent_at, 1ULL));	/* [9002-6.2.2] */
	quic_path_validate(p);
	if (c->full) {
		quic_path_stop_validation(p);
		return QUIC_PATH_ANSWER_DONE;
	}
	/* Once more: nothing limits it now [9000-8.2.1#3] [9000-8.2.3#1] [9000-14#1]. */
	p->nr_challenge = 0;
	p->challenge_send = true;
	p->next_at = QUIC_US_NEVER;
	return QUIC_PATH_ANSWER_ADDRESS;
}

void quic_path_on_challenge(struct quic_path *p, const u8 *data)
{
	if (p->nr_response == QUIC_PATH_RESPONSES_MAX) {
		memmove(p->response[0], p->response[1],
			sizeof(p->response) - sizeof(p->response[0]));
		p->nr_response--;
	}
	memcpy(p->response[p->nr_response++], data, sizeof(p->response[0]));
}
