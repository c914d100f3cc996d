// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/pmtud.c - how large a datagram the path carries
 */
#include "pmtud.h"

void quic_pmtud_init(struct quic_pmtud *p, u16 good, u16 max)
{
	max = max_t(u16, good, max);
	*p = (struct quic_pmtud){
		.good = good, .max = max, .bad = max + 1u, .lost_from = QUIC_US_NEVER,
	};
}

u16 quic_pmtud_next(const struct quic_pmtud *p)
{
	if (p->out)
		return 0;
	if (p->probe)
		return p->probe;	/* the last one was lost: again */
	if (p->good + 1u >= p->bad)
		return 0;
	/* The largest first: on most paths it is the answer. */
	if (!p->halve)
		return p->bad - 1;
	if (p->bad - p->good <= QUIC_PMTUD_STEP_BYTES)
		return 0;
	return (p->good + p->bad) / 2;
}

static void pmtud_failed(struct quic_pmtud *p, u16 size)
{
	p->bad = size;
	p->halve = true;
	p->probe = 0;
	p->lost = 0;
}

u16 quic_pmtud_fit(struct quic_pmtud *p, u64 window, u64 room)
{
	u16 size = quic_pmtud_next(p);

	if (size <= room)
		return size;
	if (!p->probe)
		return room >= 2 * p->good ? room : 0;
	if (p->probe > window)
		pmtud_failed(p, p->probe);
	return 0;
}

void quic_pmtud_on_sent(struct quic_pmtud *p, u16 size)
{
	if (p->probe != size) {
		p->probe = size;
		p->lost = 0;
	}
	p->out = true;
}

bool quic_pmtud_on_acked(struct quic_pmtud *p, u16 size)
{
	if (size == p->probe) {
		p->out = false;
		p->probe = 0;
		p->lost = 0;
	}
	if (size <= p->good || size >= p->bad)
		return false;
	p->good = size;
	return true;
}

void quic_pmtud_on_lost(struct quic_pmtud *p, u16 size)
{
	if (size != p->probe)
		return;
	p->out = false;
	if (++p->lost >= QUIC_PMTUD_MAX_PROBES)
		pmtud_failed(p, size);
}

void quic_pmtud_limit(struct quic_pmtud *p, u16 max)
{
	p->max = min(p->max, max);
	quic_pmtud_on_too_big(p, max);
}

void quic_pmtud_raise(struct quic_pmtud *p)
{
	p->bad = p->max + 1u;
	p->halve = false;
	p->probe = 0;
	p->lost = 0;
}

bool quic_pmtud_on_too_big(struct quic_pmtud *p, u16 max)
{
	max = max_t(u16, max, QUIC_MIN_DATAGRAM_BYTES);
	p->bad = min_t(u32, p->bad, max + 1u);
	if (p->probe >= p->bad) {
		p->probe = 0;
		p->out = false;
	}
	if (p->good < p->bad)					/* [9000-14.2.1#3] */
		return false;
	p->good = p->bad - 1;
	return true;
}
