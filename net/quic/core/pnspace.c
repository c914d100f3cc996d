// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/pnspace.c - what was received in one packet number space
 *
 *	0 ........ floor .... [range] . [range] .. largest
 *	 received     not        told to the peer
 *
 * Everything below the floor counts as received, so that forgetting a range
 * can never let a packet in twice (RFC 9000 13.2.3).  The floor rises when the
 * peer has seen our ACK of a range, or when there are too many of them.
 *
 * Does not encode ACK frames and does not know keys.
 */
#include "pnspace.h"

/**
 * quic_pnspace_init() - nothing received yet
 * @s: the space
 */
void quic_pnspace_init(struct quic_pnspace *s)
{
	memset(s, 0, sizeof(*s));
	quic_ranges_init(&s->received, QUIC_PNSPACE_MAX_RANGES);
	s->largest = QUIC_PN_NONE;
	s->largest_eliciting = QUIC_PN_NONE;
	s->lowest_owed = QUIC_PN_NONE;
	s->ack_at = QUIC_US_NEVER;
	s->ack_after = QUIC_PNSPACE_ACK_AFTER;
	s->reorder = QUIC_PNSPACE_REORDER;
	s->largest_told = QUIC_PN_NONE;
}

/**
 * quic_pnspace_exit() - give back memory
 * @s: the space
 */
void quic_pnspace_exit(struct quic_pnspace *s)
{
	quic_ranges_exit(&s->received);
}

/* No room to remember @pn: it is below all ranges, and they are all in use. */
static bool quic_pnspace_is_too_old(const struct quic_pnspace *s, quic_pn pn)
{
	const struct quic_ranges *r = &s->received;

	return r->nr == r->max && pn + 1 < r->v[0].start;
}

/**
 * quic_pnspace_is_new() - may a packet be processed
 * @s: the space
 * @pn: its number
 *
 * Return: false for a duplicate, or one too old to tell; the packet has to be
 * discarded then.
 */
bool quic_pnspace_is_new(const struct quic_pnspace *s, quic_pn pn)
{
	if (s->largest == QUIC_PN_NONE || pn > s->largest)
		return true;
	/* [9000-12.3#4] */
	return pn >= s->floor && !quic_pnspace_is_too_old(s, pn) &&
	       !quic_ranges_has(&s->received, pn);
}

/* Remembers @pn, at the price of the oldest range if need be. */
static int quic_pnspace_remember(struct quic_pnspace *s, quic_pn pn)
{
	int err = quic_ranges_add(&s->received, pn, pn + 1);

	if (err != -ENOSPC)
		return err;
	s->floor = s->received.v[0].end;		/* [9000-13.2.3#1] */
	quic_ranges_drop_first(&s->received);
	return quic_ranges_add(&s->received, pn, pn + 1);
}

/*
 * Out of order: below an ack-eliciting packet received before, or with packets
 * missing since the highest of those (RFC 9000 13.2.1).
 */
static bool quic_pnspace_is_disordered(const struct quic_pnspace *s, quic_pn pn)
{
	quic_pn from = 0;

	if (s->largest_eliciting != QUIC_PN_NONE) {
		if (pn < s->largest_eliciting)
			return true;
		from = s->largest_eliciting + 1;
	}
	from = max(from, s->floor);
	return from < pn && !quic_ranges_covers(&s->received, from, pn);
}

/* The lowest number from @from on that was not received. */
static quic_pn quic_pnspace_missing(const struct quic_pnspace *s, quic_pn from)
{
	const struct quic_ranges *r = &s->received;
	u32 i;

	from = max(from, s->floor);
	for (i = 0; i < r->nr && r->v[i].start <= from; i++)
		from = max(from, r->v[i].end);
	return from;
}

/*
 * The same for a peer that asked to be told of more disorder only: when it could
 * declare a packet lost that no ACK has shown missing, or did so with @pn itself
 * (draft-ietf-quic-ack-frequency 6.2).
 */
static bool quic_pnspace_is_beyond(const struct quic_pnspace *s, quic_pn pn)
{
	quic_pn largest = pn, missing, from = 0;

	if (s->largest_eliciting != QUIC_PN_NONE)
		largest = max(pn, s->largest_eliciting);
	if (s->largest_told != QUIC_PN_NONE && s->largest_told >= s->reorder) {
		if (pn <= s->largest_told - s->reorder)
			return true;
		from = s->largest_told - s->reorder + 1;
	}
	missing = quic_pnspace_missing(s, from);
	return missing < largest && largest - missing >= s->reorder;
}

/* More gaps above what was told last than are to be kept back: an ACK tells twice as many. */
static bool quic_pnspace_has_many_untold(const struct quic_pnspace *s)
{
	const struct quic_ranges *r = &s->received;

	return r->nr >= QUIC_PNSPACE_ACK_RANGES / 2 &&
	       (s->largest_told == QUIC_PN_NONE ||
		r->v[r->nr - QUIC_PNSPACE_ACK_RANGES / 2].start > s->largest_told);
}

/* Has the peer to know of this one at once? */
static bool quic_pnspace_is_urgent(const struct quic_pnspace *s, quic_pn pn, enum quic_ecn ecn)
{
	/* [ack-frequency-6.3]: who wants few ACKs hears of the first of a run of marks. */
	if (ecn == QUIC_ECN_CE && (s->ack_after <= QUIC_PNSPACE_ACK_AFTER || !s->after_ce))
		return true;
	/* All are told once, whatever the peer asked for [9000-13.2.1]. */
	if (quic_pnspace_has_many_untold(s))
		return true;
	if (s->reorder == QUIC_PNSPACE_REORDER)
		return quic_pnspace_is_disordered(s, pn);
	return s->reorder && quic_pnspace_is_beyond(s, pn);
}

static void quic_pnspace_arm(struct quic_pnspace *s, quic_pn pn, quic_us now, bool immediate,
			     enum quic_ecn ecn, quic_us max_ack_delay)
{
	s->eliciting++;
	s->lowest_owed = min(s->lowest_owed, pn);
	if (immediate || quic_pnspace_is_urgent(s, pn, ecn))
		s->ack_now = true;
	else
		s->ack_at = min(s->ack_at, now + max_ack_delay);	/* [9000-13.2.1#1] */
	if (s->largest_eliciting == QUIC_PN_NONE || pn > s->largest_eliciting)
		s->largest_eliciting = pn;
}

int quic_pnspace_on_packet(struct quic_pnspace *s, quic_pn pn, quic_us now, bool eliciting,
			   bool immediate, enum quic_ecn ecn, quic_us max_ack_delay)
{
	int err = quic_pnspace_remember(s, pn);

	if (err)
		return err;
	s->ecn[ecn]++;
	if (s->largest == QUIC_PN_NONE || pn > s->largest) {
		s->largest = pn;			/* [9000-13.2.3#2] */
		s->largest_at = now;
	}
	/* Nothing is ever sent in answer to a packet that elicits no ACK [9000-13.2.1#4]. */
	if (eliciting)
		quic_pnspace_arm(s, pn, now, immediate, ecn, max_ack_delay);
	s->after_ce = ecn == QUIC_ECN_CE;
	return 0;
}

/**
 * quic_pnspace_on_aggregate_end() - no more packets are at hand
 * @s: the space
 *
 * RFC 9000 13.2.2 lets a receiver process what is available before it decides.
 */
void quic_pnspace_on_aggregate_end(struct quic_pnspace *s)
{
	if (s->eliciting > s->ack_after)
		s->ack_now = true;
}

/**
 * quic_pnspace_is_ack_due() - has an ACK to be sent
 * @s: the space
 * @now: current time
 *
 * Return: true when one is due at @now or before (RFC 9000 13.2.1).
 */
bool quic_pnspace_is_ack_due(const struct quic_pnspace *s, quic_us now)
{
	return s->ack_now || s->ack_at <= now;
}

/**
 * quic_pnspace_has_ack() - is an ACK worth bundling with other frames
 * @s: the space
 *
 * Return: true when ack-eliciting packets came since the last one.
 */
bool quic_pnspace_has_ack(const struct quic_pnspace *s)
{
	return s->eliciting && !quic_ranges_is_empty(&s->received);
}

/**
 * quic_pnspace_on_ack_sent() - an ACK frame with all of it was sent
 * @s: the space
 */
void quic_pnspace_on_ack_sent(struct quic_pnspace *s)
{
	s->eliciting = 0;				/* [9000-13.2.1#3] */
	s->lowest_owed = QUIC_PN_NONE;
	s->largest_told = s->largest;
	s->ack_now = false;
	s->ack_at = QUIC_US_NEVER;
}

/**
 * quic_pnspace_on_ack_acked() - the peer has seen an ACK of ours
 * @s: the space
 * @largest: Largest Acknowledged of that ACK
 *
 * Stops telling packets up to @largest (RFC 9000 13.2.4), but not those that
 * filled a gap after that ACK left and were never told [9000-13.2.1].  What
 * arrives below from now on is too old to tell.
 */
void quic_pnspace_on_ack_acked(struct quic_pnspace *s, quic_pn largest)
{
	if (s->largest == QUIC_PN_NONE || largest > s->largest)
		return;
	s->floor = max(s->floor, min(largest + 1, s->lowest_owed));
	quic_ranges_trim(&s->received, s->floor);
}

/**
 * quic_pnspace_ack_delay() - for the ACK Delay field
 * @s: the space
 * @now: current time
 * @exponent: our ack_delay_exponent, 0..20
 *
 * Return: the time since the largest packet arrived, in units of
 * 2^@exponent microseconds (RFC 9000 13.2.5, 19.3).
 */
u64 quic_pnspace_ack_delay(const struct quic_pnspace *s, quic_us now, u8 exponent)
{
	quic_us delay = now > s->largest_at ? now - s->largest_at : 0;

	return min_t(u64, delay >> exponent, QUIC_VARINT_MAX);	/* [9000-13.2.5] */
}
