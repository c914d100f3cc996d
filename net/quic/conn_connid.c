// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * conn_connid.c - connection ids: which of the peer's a path has, and changes on request
 *
 * Each path addresses the peer with an id of its own (RFC 9000 9.5), but for what a
 * NAT did behind the back of both.  When the peer takes an id back its path gets a
 * spare one; a path for which there is none is forgotten.
 */
#include "conn_path.h"

void quic_conn_path_set_dcid(struct quic_path *p, const struct quic_connid_entry *e)
{
	u8 random;

	if (p->dcid_seq != e->seq) {
		quic_edge_random(&random, sizeof(random));
		quic_spin_on_new_cid(&p->spin, random);
	}
	p->dcid = e->cid;
	p->dcid_seq = e->seq;
}

void quic_conn_path_address(const struct quic_conn *conn, struct quic_path *p,
			    const struct quic_connid_entry *e)
{
	p->dcid = conn->path->dcid;
	p->dcid_seq = conn->path->dcid_seq;
	if (e)							/* [9000-9.5#1,2] */
		quic_conn_path_set_dcid(p, e);
}

void quic_conn_tell_peer_ids(struct quic_conn *conn)
{
	struct quic_edge_event_info ev = { .type = QUIC_EDGE_EV_CONNID, .sid = 1 };

	quic_edge_event(conn, &ev);
}

void quic_conn_set_peer_cid(struct quic_conn *conn, const struct quic_cid *cid)
{
	quic_connid_remote_set_first(&conn->remote_ids, cid);
	quic_conn_follow_peer_ids(conn);
}

void quic_conn_follow_peer_ids(struct quic_conn *conn)
{
	const struct quic_connid_entry *e = quic_connid_remote_active(&conn->remote_ids);
	u64 before = conn->path->dcid_seq;
	struct quic_path *p;
	unsigned int i = 0;

	quic_conn_path_set_dcid(conn->path, e);			/* [9000-19.16#2] */
	while ((p = quic_conn_next_path(conn, &i))) {
		const struct quic_connid_entry *other = e;

		if (p == conn->path)
			continue;
		if (p->dcid_seq != before) {
			if (quic_connid_remote_find(&conn->remote_ids, p->dcid_seq))
				continue;
			other = quic_connid_remote_take(&conn->remote_ids);
		}
		if (other)
			quic_conn_path_set_dcid(p, other);
		else
			quic_conn_path_drop(conn, p);	/* nothing may be sent there [9000-9.3] */
	}
}

int quic_conn_rx_new_cid(struct quic_conn *conn, const struct quic_frame_new_cid *f)
{
	u64 prior = conn->remote_ids.largest_retire_prior_to;
	int v = quic_connid_remote_on_new(&conn->remote_ids, f->seq, f->retire_prior_to, &f->cid,
					  f->reset_token);

	if (v)
		return v;
	quic_conn_follow_peer_ids(conn);
	if (conn->remote_ids.largest_retire_prior_to > prior)
		quic_conn_tell_peer_ids(conn);
	return 0;
}

static bool ids_may_retire(const struct quic_connid_entry *e, u64 prior_to)
{
	u64 first = U64_MAX, last = 0;
	unsigned int i;

	for (i = 0; i < QUIC_CONNID_MAX; i++) {
		if (!e[i].used)
			continue;
		first = min(first, e[i].seq);
		last = max(last, e[i].seq);
	}
	return prior_to > first && prior_to <= last;
}

static int ids_change_local(struct quic_conn *conn, u64 active, u64 prior_to)
{
	struct quic_connid_local *l = &conn->local_ids;
	const struct quic_connid_entry *now = quic_connid_local_find_cid(l, &conn->path->heard);

	if (prior_to && !ids_may_retire(l->e, prior_to))
		return -EINVAL;
	/* Which one the peer uses is its own choice: there is nothing to switch. */
	if (active && (!quic_connid_local_find(l, active) || (now && active <= now->seq)))
		return -EINVAL;
	if (!prior_to)
		return 0;
	if (quic_connid_local_retire_prior(l, prior_to))
		return -EINVAL;
	quic_conn_issue_ids(conn);
	return 0;
}

static int ids_change_remote(struct quic_conn *conn, u64 active, u64 prior_to)
{
	struct quic_connid_remote *r = &conn->remote_ids;
	int err = 0;

	if (conn->candidate || conn->preferred_todo || conn->path->validating)
		return -EAGAIN;
	if (prior_to && !ids_may_retire(r->e, prior_to))
		return -EINVAL;
	if (active) {
		if (active <= conn->path->dcid_seq || quic_connid_remote_use(r, active))
			return -EINVAL;
		quic_conn_path_set_dcid(conn->path, quic_connid_remote_active(r));
	}
	if (prior_to)
		err = quic_connid_remote_retire_prior(r, prior_to);
	if (prior_to && !err) {
		quic_conn_follow_peer_ids(conn);
		quic_conn_tell_peer_ids(conn);
	}
	return err;
}

int quic_conn_change_ids(struct quic_conn *conn, bool dest, u64 active, u64 prior_to)
{
	if (!quic_conn_is_established(conn))
		return -EINVAL;
	return dest ? ids_change_remote(conn, active, prior_to) :
		      ids_change_local(conn, active, prior_to);
}
