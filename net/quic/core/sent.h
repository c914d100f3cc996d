/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/sent.h - what was sent in one packet number space and is not settled
 *
 * Two rings, both in sending order and both freed from the oldest end:
 *
 *   pkts:  | pn=base | +1 | +2 | ...        one record per packet number
 *   items:   a b        c   d e f           what each packet carried
 *
 * No object per frame: stream bytes are named as ranges, control frames as bits
 * (their content is made anew from state when they are lost).  The rings grow
 * by doubling up to a bound; large ones are freed when nothing is unsettled.
 */
#ifndef _QUIC_CORE_SENT_H
#define _QUIC_CORE_SENT_H

#include "types.h"

#define QUIC_SENT_MAX_PKTS	BIT(16)	/* unsettled, in a space; output stops there */
#define QUIC_SENT_MAX_ITEMS	BIT(18)
#define QUIC_SENT_PKT_MAX_ITEMS	32		/* in one packet */

/* What an item is; its fields say which. */
enum quic_sent_kind {
	QUIC_SENT_NONE,
	QUIC_SENT_STREAM,	/* sid, off, len, fin */
	QUIC_SENT_CRYPTO,	/* off, len */
	QUIC_SENT_ACK,		/* off = largest acknowledged in it */
	QUIC_SENT_MAX_STREAM_DATA,	/* sid */
	QUIC_SENT_STREAM_DATA_BLOCKED,	/* sid */
	QUIC_SENT_RESET_STREAM,	/* sid */
	QUIC_SENT_STOP_SENDING,	/* sid */
	QUIC_SENT_NEW_CID,	/* off = seq */
	QUIC_SENT_RETIRE_CID,	/* off = seq */
	QUIC_SENT_DATAGRAM,	/* off = cookie */
};

/* Control frames without arguments: bits of quic_sent_pkt.ctl. */
#define QUIC_CTL_PING			BIT(0)
#define QUIC_CTL_MAX_DATA		BIT(1)
#define QUIC_CTL_MAX_STREAMS_BIDI	BIT(2)
#define QUIC_CTL_MAX_STREAMS_UNI	BIT(3)
#define QUIC_CTL_DATA_BLOCKED		BIT(4)
#define QUIC_CTL_STREAMS_BLOCKED_BIDI	BIT(5)
#define QUIC_CTL_STREAMS_BLOCKED_UNI	BIT(6)
#define QUIC_CTL_HANDSHAKE_DONE		BIT(7)
#define QUIC_CTL_NEW_TOKEN		BIT(8)
#define QUIC_CTL_PATH_CHALLENGE		BIT(9)
#define QUIC_CTL_PATH_RESPONSE		BIT(10)
#define QUIC_CTL_MTU_PROBE		BIT(11)	/* no sign of congestion when lost, RFC 9000 14.4 */
#define QUIC_CTL_ACK_FREQUENCY		BIT(12)
#define QUIC_CTL_IMMEDIATE_ACK		BIT(13)

struct quic_sent_item {
	u64 sid;
	u64 off;
	u32 len;
	u8 kind;	/* enum quic_sent_kind */
	u8 fin;
};

enum quic_sent_state {
	QUIC_SENT_SKIPPED,	/* number never used; an ACK of it is a violation;
				 * delivered = the skipped number before it
				 */
	QUIC_SENT_OUT,		/* outstanding */
	QUIC_SENT_ACKED,
	QUIC_SENT_LOST,
};

/**
 * struct quic_sent_pkt - one packet
 * @sent_at: when
 * @ctl: QUIC_CTL_* it carried
 * @item: number (not index) of its first item
 * @bytes: on the wire (UDP payload)
 * @nr_items: items
 * @path: path it left on (small id of core/path)
 * @state: enum quic_sent_state
 * @eliciting: ack-eliciting
 * @in_flight: counts for congestion control (eliciting or padded)
 * @ecn: left with ECT(0)
 * @app_limited: left in an application-limited phase
 *
 * and the snapshot of core/rate:
 * @delivered: bytes delivered on the path when it left
 * @tx_in_flight: bytes in flight then, its own included
 * @lost: bytes declared lost until then, modulo 2^32
 * @send_age: time since the packet left that was acknowledged last then, saturating
 * @ack_age: time since something was acknowledged then, saturating
 */
struct quic_sent_pkt {
	quic_us sent_at;
	u64 delivered;
	u32 ctl;
	u32 item;
	u32 tx_in_flight;
	u32 lost;
	u32 send_age;
	u32 ack_age;
	u16 bytes;
	u8 nr_items;
	u8 path;
	u8 state;
	bool eliciting : 1;
	bool in_flight : 1;
	bool ecn : 1;
	bool app_limited : 1;
};

/**
 * struct quic_sent - the send side of one packet number space
 * @pkts: ring of records, indexed by packet number
 * @items: ring of items, indexed by item number
 * @pkt_cap: records the ring holds, power of two
 * @item_cap: items likewise
 * @base: lowest packet number that has a record
 * @next: next packet number to use; next - base records exist
 * @item_base: lowest item number kept
 * @item_next: next item number
 * @largest_acked: QUIC_PN_NONE before the first ACK
 * @skipped: number skipped last, QUIC_PN_NONE; heads a list through the records
 * @nr_eliciting: ack-eliciting packets outstanding
 * @open: a packet is between begin and commit
 */
struct quic_sent {
	struct quic_sent_pkt *pkts;
	struct quic_sent_item *items;
	u32 pkt_cap;
	u32 item_cap;
	quic_pn base;
	quic_pn next;
	u32 item_base;
	u32 item_next;
	quic_pn largest_acked;
	quic_pn skipped;
	u32 nr_eliciting;
	bool open;
};

void quic_sent_init(struct quic_sent *s);
/* Forgets all records and frees the rings; @s stays usable, numbers go on. */
void quic_sent_exit(struct quic_sent *s);

/**
 * quic_sent_begin() - start the record of the next packet
 * @s: the space
 *
 * The number is s->next; it is used up by quic_sent_commit() only.  Makes room
 * for a record and QUIC_SENT_PKT_MAX_ITEMS items, so that nothing after it can
 * fail.  Rather than grow a ring it may forget the oldest records when they
 * are of packets not in flight: a receiver that only sends ACKs gets none back.
 *
 * Return: 0; -ENOBUFS when the bound is reached, -ENOMEM.
 */
int quic_sent_begin(struct quic_sent *s);
/*
 * The rings would have to grow although little of them is ack-eliciting: a peer that
 * acknowledges nothing has us send one ACK after the other.
 */
bool quic_sent_is_crowded(const struct quic_sent *s);
/* Forgets the oldest record, settled or not. */
void quic_sent_drop_first(struct quic_sent *s);
/* Extends STREAM or CRYPTO range @last by @item when that continues it; false: it does not. */
bool quic_sent_item_extend(struct quic_sent_item *last, const struct quic_sent_item *item);
/* Adds an item to the packet begun; contiguous STREAM or CRYPTO ranges merge. False: it is full. */
bool quic_sent_add(struct quic_sent *s, const struct quic_sent_item *item);
/* Completes it: @pkt's times, bytes, ctl and flags are taken; item fields are the ring's. */
void quic_sent_commit(struct quic_sent *s, const struct quic_sent_pkt *pkt);
/* Drops the packet begun; its number was not used. */
void quic_sent_cancel(struct quic_sent *s);
/* Uses up the next number without sending (optimistic-ACK trap). 0, -ENOBUFS, -ENOMEM. */
int quic_sent_skip(struct quic_sent *s);
/* The record of @pn, NULL when settled and forgotten or not sent. */
struct quic_sent_pkt *quic_sent_find(struct quic_sent *s, quic_pn pn);
/* The i-th item of a record, i < pkt->nr_items. */
struct quic_sent_item *quic_sent_item_at(struct quic_sent *s, const struct quic_sent_pkt *pkt,
					 unsigned int i);
/* An outstanding record becomes QUIC_SENT_ACKED or QUIC_SENT_LOST. */
void quic_sent_settle(struct quic_sent *s, struct quic_sent_pkt *pkt, enum quic_sent_state state);
/* The skipped number below @pn that still has a record; @pn: a skipped one, or QUIC_PN_NONE for the
 * highest.  QUIC_PN_NONE: there is none.
 */
quic_pn quic_sent_prev_skipped(const struct quic_sent *s, quic_pn pn);
/* Frees settled (acked, lost, skipped below largest_acked) records from the old end. */
void quic_sent_trim(struct quic_sent *s);

#endif /* _QUIC_CORE_SENT_H */
