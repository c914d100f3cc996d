// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * core/sent.c - what was sent in one packet number space and is not settled
 *
 * A record's place is its number modulo the ring's size, so that finding one
 * costs a subtraction.  Records are only ever freed from the oldest end, and
 * with them the items they own, which lie in the same order.
 *
 * Knows no RTT and no congestion: core/recovery decides what is settled.
 */
#include "sent.h"

/* First sizes: an idle connection keeps these (2 KiB), so they are small. */
static const u32 QUIC_SENT_FIRST_PKTS = 8;
/* From there on the rings grow for packets that somebody has to acknowledge. */
static const u32 QUIC_SENT_CROWD_PKTS = 1024;
static const u32 QUIC_SENT_CROWD_DEN = 4;	/* at least that part of them is */
static const u32 QUIC_SENT_FIRST_ITEMS = 2 * QUIC_SENT_PKT_MAX_ITEMS;

/**
 * quic_sent_init() - nothing was sent; allocates nothing
 * @s: the space
 */
void quic_sent_init(struct quic_sent *s)
{
	memset(s, 0, sizeof(*s));
	s->largest_acked = QUIC_PN_NONE;
	s->skipped = QUIC_PN_NONE;
}

static void quic_sent_free_rings(struct quic_sent *s)
{
	quic_env_free(s->pkts);
	quic_env_free(s->items);
	s->pkts = NULL;
	s->items = NULL;
	s->pkt_cap = 0;
	s->item_cap = 0;
}

void quic_sent_exit(struct quic_sent *s)
{
	quic_sent_free_rings(s);
	s->base = s->next;		/* [9000-17.2.5.3#2] */
	s->item_base = 0;
	s->item_next = 0;
	s->skipped = QUIC_PN_NONE;
	s->nr_eliciting = 0;
	s->open = false;
}

static struct quic_sent_pkt *quic_sent_slot(const struct quic_sent *s, quic_pn pn)
{
	return &s->pkts[pn & (s->pkt_cap - 1)];
}

static struct quic_sent_item *quic_sent_item_slot(const struct quic_sent *s, u32 item)
{
	return &s->items[item & (s->item_cap - 1)];
}

static bool quic_sent_is_full(const struct quic_sent *s)
{
	return s->next - s->base >= s->pkt_cap ||
	       s->item_cap - (s->item_next - s->item_base) < QUIC_SENT_PKT_MAX_ITEMS;
}

/* Frees the oldest record and its items. */
static void quic_sent_pop(struct quic_sent *s)
{
	const struct quic_sent_pkt *pkt = quic_sent_slot(s, s->base);

	s->item_base = pkt->item + pkt->nr_items;
	s->base++;
}

/* Doubles the ring of records. */
static int quic_sent_grow_pkts(struct quic_sent *s)
{
	u32 cap = s->pkt_cap ? 2 * s->pkt_cap : QUIC_SENT_FIRST_PKTS;
	struct quic_sent_pkt *pkts;
	quic_pn pn;

	if (cap > QUIC_SENT_MAX_PKTS)
		return -ENOBUFS;
	pkts = quic_env_alloc(cap, sizeof(*pkts));
	if (!pkts)
		return -ENOMEM;
	for (pn = s->base; pn < s->next; pn++)
		pkts[pn & (cap - 1)] = *quic_sent_slot(s, pn);
	quic_env_free(s->pkts);
	s->pkts = pkts;
	s->pkt_cap = cap;
	return 0;
}

/* Doubles the ring of items. */
static int quic_sent_grow_items(struct quic_sent *s)
{
	u32 cap = s->item_cap ? 2 * s->item_cap : QUIC_SENT_FIRST_ITEMS;
	struct quic_sent_item *items;
	u32 i;

	if (cap > QUIC_SENT_MAX_ITEMS)
		return -ENOBUFS;
	items = quic_env_alloc(cap, sizeof(*items));
	if (!items)
		return -ENOMEM;
	for (i = s->item_base; i != s->item_next; i++)
		items[i & (cap - 1)] = *quic_sent_item_slot(s, i);
	quic_env_free(s->items);
	s->items = items;
	s->item_cap = cap;
	return 0;
}

/*
 * A record that nobody will miss: of a packet not in flight, or of a number left
 * out when nothing is out whose acknowledgment could tell it.
 */
static bool quic_sent_can_forget(const struct quic_sent *s, const struct quic_sent_pkt *pkt)
{
	return !pkt->in_flight && (pkt->state != QUIC_SENT_SKIPPED || !s->nr_eliciting);
}

/* Room for one more record and a packet's items. */
static int quic_sent_make_room(struct quic_sent *s)
{
	int err = 0;

	while (quic_sent_is_full(s) && s->base < s->next &&
	       quic_sent_can_forget(s, quic_sent_slot(s, s->base)))
		quic_sent_pop(s);
	if (s->next - s->base >= s->pkt_cap)
		err = quic_sent_grow_pkts(s);
	if (!err && s->item_cap - (s->item_next - s->item_base) < QUIC_SENT_PKT_MAX_ITEMS)
		err = quic_sent_grow_items(s);
	return err;
}

bool quic_sent_is_crowded(const struct quic_sent *s)
{
	u64 nr = s->next - s->base;

	return nr >= QUIC_SENT_CROWD_PKTS && s->nr_eliciting < nr / QUIC_SENT_CROWD_DEN &&
	       quic_sent_is_full(s);
}

void quic_sent_drop_first(struct quic_sent *s)
{
	struct quic_sent_pkt *pkt = quic_sent_slot(s, s->base);

	if (pkt->state == QUIC_SENT_OUT)
		quic_sent_settle(s, pkt, QUIC_SENT_LOST);
	quic_sent_pop(s);
}

int quic_sent_begin(struct quic_sent *s)
{
	struct quic_sent_pkt *pkt;
	int err;

	if (quic_sent_is_full(s)) {
		err = quic_sent_make_room(s);
		if (err)
			return err;
	}
	pkt = quic_sent_slot(s, s->next);
	pkt->item = s->item_next;
	pkt->nr_items = 0;
	s->open = true;
	return 0;
}

bool quic_sent_item_extend(struct quic_sent_item *last, const struct quic_sent_item *item)
{
	if (item->kind != last->kind || last->fin)
		return false;
	if (item->kind != QUIC_SENT_CRYPTO &&
	    !(item->kind == QUIC_SENT_STREAM && item->sid == last->sid))
		return false;
	if (last->off + last->len != item->off || item->len > U32_MAX - last->len)
		return false;
	last->len += item->len;
	last->fin = item->fin;
	return true;
}

bool quic_sent_add(struct quic_sent *s, const struct quic_sent_item *item)
{
	struct quic_sent_pkt *pkt = quic_sent_slot(s, s->next);

	if (pkt->nr_items && quic_sent_item_extend(quic_sent_item_slot(s, s->item_next - 1), item))
		return true;
	if (pkt->nr_items == QUIC_SENT_PKT_MAX_ITEMS)
		return false;
	*quic_sent_item_slot(s, s->item_next++) = *item;
	pkt->nr_items++;
	return true;
}

void quic_sent_commit(struct quic_sent *s, const struct quic_sent_pkt *pkt)
{
	struct quic_sent_pkt *slot = quic_sent_slot(s, s->next);
	u32 item = slot->item;
	u8 nr_items = slot->nr_items;

	*slot = *pkt;
	slot->item = item;
	slot->nr_items = nr_items;
	slot->state = QUIC_SENT_OUT;
	s->nr_eliciting += slot->eliciting;
	s->next++;				/* [9000-12.3#1,2] [9000-17.2.3#1] */
	s->open = false;
}

void quic_sent_cancel(struct quic_sent *s)
{
	s->item_next = quic_sent_slot(s, s->next)->item;
	s->open = false;
}

int quic_sent_skip(struct quic_sent *s)
{
	struct quic_sent_pkt *pkt;
	int err;

	err = quic_sent_begin(s);
	if (err)
		return err;
	pkt = quic_sent_slot(s, s->next);
	*pkt = (struct quic_sent_pkt){
		.delivered = s->skipped,
		.item = s->item_next,
		.state = QUIC_SENT_SKIPPED,
	};
	s->skipped = s->next++;
	s->open = false;
	return 0;
}

struct quic_sent_pkt *quic_sent_find(struct quic_sent *s, quic_pn pn)
{
	return pn >= s->base && pn < s->next ? quic_sent_slot(s, pn) : NULL;
}

struct quic_sent_item *quic_sent_item_at(struct quic_sent *s, const struct quic_sent_pkt *pkt,
					 unsigned int i)
{
	return quic_sent_item_slot(s, pkt->item + i);
}

quic_pn quic_sent_prev_skipped(const struct quic_sent *s, quic_pn pn)
{
	quic_pn prev = pn == QUIC_PN_NONE ? s->skipped : quic_sent_slot(s, pn)->delivered;

	return prev != QUIC_PN_NONE && prev >= s->base ? prev : QUIC_PN_NONE;
}

void quic_sent_settle(struct quic_sent *s, struct quic_sent_pkt *pkt, enum quic_sent_state state)
{
	s->nr_eliciting -= pkt->eliciting;
	pkt->state = state;
}

void quic_sent_trim(struct quic_sent *s)
{
	while (s->base < s->next) {
		u8 state = quic_sent_slot(s, s->base)->state;

		if (state == QUIC_SENT_OUT)
			break;
		/* A skipped number stays a trap until numbers beyond it are acknowledged. */
		if (state == QUIC_SENT_SKIPPED &&
		    (s->largest_acked == QUIC_PN_NONE || s->base > s->largest_acked))
			break;
		quic_sent_pop(s);
	}
	if (s->base < s->next || s->open)
		return;
	if (s->pkt_cap > QUIC_SENT_FIRST_PKTS || s->item_cap > QUIC_SENT_FIRST_ITEMS)
		quic_sent_free_rings(s);
}
