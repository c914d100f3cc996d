/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/connid.h - connection ids: those we issued and those the peer gave us
 *
 * Two small tables (RFC 9000 5.1).  Issuing is decided here; random bytes, reset
 * tokens and the lookup table are the edge's, so a new id comes in as argument.
 */
#ifndef _QUIC_CORE_CONNID_H
#define _QUIC_CORE_CONNID_H

#include "violation.h"
#include "types.h"

#define QUIC_CONNID_MAX		8	/* in either table: most for active_connection_id_limit */
#define QUIC_CONNID_RETIRE_MAX	32	/* retirements not yet acknowledged, RFC 9000 5.1.2 */
#define QUIC_CONNID_GONE_WINDOW	64	/* sequence numbers whose end is remembered one by one */

/**
 * struct quic_connid_entry - one id
 * @seq: sequence number
 * @cid: the id
 * @reset_token: stateless reset token; local: ours to send; remote: the peer's
 * @has_token: @reset_token is valid (the first id of a peer has one only through tparams)
 * @used: slot in use
 * @to_send: local: NEW_CONNECTION_ID must be (re)sent
 * @taken: remote: a path other than the one in use addresses packets with it
 */
struct quic_connid_entry {
	u64 seq;
	struct quic_cid cid;
	u8 reset_token[QUIC_RESET_TOKEN_BYTES];
	bool has_token;
	bool used;
	bool to_send;
	bool taken;
};

/**
 * struct quic_connid_local - ids that we issued and the peer addresses us with
 * @e: entries
 * @next_seq: of the next id issued
 * @retire_prior_to: we asked the peer to retire all below
 * @limit: the peer's active_connection_id_limit (2 until known)
 */
struct quic_connid_local {
	struct quic_connid_entry e[QUIC_CONNID_MAX];
	u64 next_seq;
	u64 retire_prior_to;
	u64 limit;
};

/* Starts the table with @first, our Source Connection ID, as sequence 0. */
void quic_connid_local_init(struct quic_connid_local *l, const struct quic_cid *first);
/* How many ids may be issued now: min(limit, QUIC_CONNID_MAX) less those to stay. */
unsigned int quic_connid_local_wanted(const struct quic_connid_local *l);
/* Takes a fresh id; to be sent in NEW_CONNECTION_ID. Its entry, NULL when the table is full. */
struct quic_connid_entry *quic_connid_local_issue(struct quic_connid_local *l,
						  const struct quic_cid *cid, const u8 *token);
/* The entry of @seq, or NULL. */
struct quic_connid_entry *quic_connid_local_find(struct quic_connid_local *l, u64 seq);
/* The entry of @cid, or NULL. */
struct quic_connid_entry *quic_connid_local_find_cid(struct quic_connid_local *l,
						     const struct quic_cid *cid);
/* The next entry whose NEW_CONNECTION_ID is to be sent, lowest number first, or NULL. */
struct quic_connid_entry *quic_connid_local_next_to_send(struct quic_connid_local *l);
/* Retire Prior To for the frame of @e: never above its own number (RFC 9000 19.15). */
u64 quic_connid_local_prior_for(const struct quic_connid_local *l,
				const struct quic_connid_entry *e);
/* A packet with the NEW_CONNECTION_ID of @seq was lost: it is to be sent again if still valid. */
void quic_connid_local_on_lost(struct quic_connid_local *l, u64 seq);
/**
 * quic_connid_local_on_retire() - RETIRE_CONNECTION_ID arrived
 * @l: the table
 * @seq: the sequence number retired
 * @arrived_on: the id the packet was addressed to (may not be retired by itself)
 * @gone: filled with the id that ended, for the lookup table, when *@did
 * @did: false: it had been retired before
 *
 * Return: 0, QUIC_VIOLATION_CID_RETIRE_UNISSUED or _IN_USE; unchanged then.
 */
int quic_connid_local_on_retire(struct quic_connid_local *l, u64 seq,
				const struct quic_cid *arrived_on, struct quic_cid *gone,
				bool *did);
/**
 * quic_connid_local_retire_prior() - ask the peer to retire all below @seq
 * @l: the table
 * @seq: the lowest sequence number to stay
 *
 * The request travels in the NEW_CONNECTION_ID of the newest id, which is sent
 * (again) for it; room for replacements opens at once (5.1.1).
 *
 * Return: 0, -EINVAL when nothing or everything would go, or it was asked before.
 */
int quic_connid_local_retire_prior(struct quic_connid_local *l, u64 seq);

/**
 * struct quic_connid_remote - ids that the peer gave and we address it with
 * @e: entries not retired
 * @active: index of the one that the path in use has
 * @largest_retire_prior_to: highest Retire Prior To seen
 * @limit: our active_connection_id_limit
 * @gone_base: every sequence number below is in @e or ended
 * @gone: bit i: @gone_base + i ended; a late repeat of it is no news
 * @retire: sequence numbers whose RETIRE_CONNECTION_ID must be (re)sent or is unacknowledged
 * @retire_sent: bit per @retire: sent and not lost
 * @nr_retire: entries of @retire
 */
struct quic_connid_remote {
	struct quic_connid_entry e[QUIC_CONNID_MAX];
	u8 active;
	u64 largest_retire_prior_to;
	u64 limit;
	u64 gone_base;
	u64 gone;
	u64 retire[QUIC_CONNID_RETIRE_MAX];
	u32 retire_sent;
	u8 nr_retire;
};

/* Starts an empty table; @limit is brought into 2..QUIC_CONNID_MAX. */
void quic_connid_remote_init(struct quic_connid_remote *r, u64 limit);
/* The peer's first id (its Source Connection ID), sequence 0; replaces a provisional one. */
void quic_connid_remote_set_first(struct quic_connid_remote *r, const struct quic_cid *cid);
/* The reset token of sequence 0, from the transport parameters. */
void quic_connid_remote_set_token(struct quic_connid_remote *r, const u8 *token);
/**
 * quic_connid_remote_on_new() - NEW_CONNECTION_ID arrived, RFC 9000 19.15, 5.1.2
 * @r: the table
 * @seq: sequence number
 * @prior: Retire Prior To, <= @seq
 * @cid: the id, 1..20 bytes
 * @token: its reset token
 *
 * Repeats are harmless; everything is checked before anything changes.
 *
 * A repeat of an id that we retired meanwhile changes nothing when following its
 * Retire Prior To would leave no id: the peer repeats that with the next one.
 *
 * Return: 0, QUIC_VIOLATION_CID_* (5.1.1 limit, changed id or token, peer with
 * empty ids; also too many unacknowledged retirements); unchanged then.
 */
int quic_connid_remote_on_new(struct quic_connid_remote *r, u64 seq, u64 prior,
			      const struct quic_cid *cid, const u8 *token);
/* The id to address packets with. */
const struct quic_connid_entry *quic_connid_remote_active(const struct quic_connid_remote *r);
/* The entry of @seq, or NULL. */
struct quic_connid_entry *quic_connid_remote_find(struct quic_connid_remote *r, u64 seq);
/* Switches to a fresh id and retires the old one; false when there is no spare. */
bool quic_connid_remote_rotate(struct quic_connid_remote *r);
/* Takes an id that no path has, lowest first, for another path: its entry, NULL: no spare. */
struct quic_connid_entry *quic_connid_remote_take(struct quic_connid_remote *r);
/* The path with the taken id @seq becomes the one in use; the old one's id counts as taken. */
void quic_connid_remote_activate(struct quic_connid_remote *r, u64 seq);
/* Retires the taken id @seq; false when too many retirements are unacknowledged: it stays. */
bool quic_connid_remote_release(struct quic_connid_remote *r, u64 seq);
/**
 * quic_connid_remote_use() - the path in use changes its id for that of @seq
 * @r: the table
 * @seq: a spare; the id in use before is not used again, and retired when the
 *	caller says so
 *
 * Return: 0; -EINVAL when @seq is no spare.
 */
int quic_connid_remote_use(struct quic_connid_remote *r, u64 seq);
/**
 * quic_connid_remote_retire_prior() - retire all below @seq of our own accord
 * @r: the table
 * @seq: the lowest sequence number to stay; the path in use takes a spare if need be
 *
 * Return: 0; -EINVAL when nothing or everything would go; -EAGAIN as for release().
 */
int quic_connid_remote_retire_prior(struct quic_connid_remote *r, u64 seq);
/* The next sequence number to tell in RETIRE_CONNECTION_ID; false when none waits. */
bool quic_connid_remote_next_retire(const struct quic_connid_remote *r, u64 *seq);
/* RETIRE_CONNECTION_ID of @seq left, was acknowledged (it is forgotten then), or lost. */
void quic_connid_remote_retire_sent(struct quic_connid_remote *r, u64 seq);
void quic_connid_remote_retire_acked(struct quic_connid_remote *r, u64 seq);
void quic_connid_remote_retire_lost(struct quic_connid_remote *r, u64 seq);
/* Is @token that of an id that packets were sent to? In constant time (RFC 9000 10.3.1). */
bool quic_connid_remote_is_reset(const struct quic_connid_remote *r, const u8 *token);

#endif /* _QUIC_CORE_CONNID_H */
