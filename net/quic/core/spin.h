/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/spin.h - the latency spin bit of one path (RFC 9000 17.4)
 *
 * The client inverts what it last heard, the server echoes it: one who watches
 * the path sees a wave as long as a round trip.  It never rises on one in 16
 * paths, so that it is not missed where an administrator wants none of it.  Zeroed
 * memory is a path where it is off.
 */
#ifndef _QUIC_CORE_SPIN_H
#define _QUIC_CORE_SPIN_H

#include "types.h"

#define QUIC_SPIN_OFF_MASK	0x0f	/* of a random byte, all 0: off, one in 16 paths */
#define QUIC_SPIN_VALUE_MASK	0x10	/* of a random byte: the bit where it is off */

/**
 * struct quic_spin - the bit on one path
 * @on: it spins
 * @value: the bit in packets to be sent
 * @heard: a packet of the peer was seen
 * @highest: the highest number of those
 */
struct quic_spin {
	bool on;
	bool value;
	bool heard;
	quic_pn highest;
};

/**
 * quic_spin_init() - a path begins
 * @s: its bit
 * @allowed: the administrator does not mind
 * @random: a random byte
 *
 * Off, the bit has a random value that stays with the id in use, as recommended.
 */
static inline void quic_spin_init(struct quic_spin *s, bool allowed, u8 random)
{
	/* [9000-17.4#2,3] */
	*s = (struct quic_spin){ .on = allowed && random & QUIC_SPIN_OFF_MASK };
	s->value = !s->on && random & QUIC_SPIN_VALUE_MASK;
}

/* Packets go to another id of the peer from now on; @random: a random byte. */
static inline void quic_spin_on_new_cid(struct quic_spin *s, u8 random)
{
	s->value = !s->on && random & QUIC_SPIN_VALUE_MASK;
}

/* 1-RTT packet @pn of the peer has @bit. */
static inline void quic_spin_on_rx(struct quic_spin *s, bool is_server, quic_pn pn, bool bit)
{
	if (!s->on || (s->heard && pn <= s->highest))	/* [9000-17.4#4] */
		return;
	s->heard = true;
	s->highest = pn;
	s->value = is_server ? bit : !bit;
}

#endif /* _QUIC_CORE_SPIN_H */
