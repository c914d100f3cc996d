// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * conn_path.c - the paths of a connection (RFC 9000 9)
 *
 * A path is a pair of addresses with all that depends on it (core/path.h).  A
 * few can be known at a time:
 *
 *   path	in use: all but probes leaves there
 *   fallback	validated last, while @path is not, or while the peer is asked
 *		whether it is still there
 *   candidate	being validated because we want to move there
 *   (others)	on which the peer probes, or which we have left
 *
 * The peer moves: a non-probing packet with a new highest number came on another
 * path.  That path is in use at once when only the peer's address changed, after
 * its validation when ours did (9.6.2).  We move: when the candidate is valid.
 *
 * A path that the peer moved to and that fails is given up for the fallback
 * (9.3.2).  How a move of ours begins is in conn_migrate.c, which ids of the peer
 * belong to which path in conn_connid.c, what is done with a packet on its path in
 * packet*.c, the size of datagrams in conn_pmtu.c.
 */
#include "conn_path.h"

static const u8 path_linger_ptos = 3;	/* a path that nobody needs any more: late packets */

/* A path that may make room for another; NULL: all are needed. */
static struct quic_path *path_needless(const struct quic_conn *conn)
{
	struct quic_path *p, *needless = NULL;
	unsigned int i = 0;

	while ((p = quic_conn_next_path(conn, &i)))
		if (p != conn->path && p != conn->fallback && p != conn->candidate)
			needless = p;
	return needless;
}

static bool path_is_there(const struct quic_conn *conn, const struct quic_path *path)
{
	struct quic_path *p;
	unsigned int i = 0;

	while ((p = quic_conn_next_path(conn, &i)))
		if (p == path)
			return true;
	return false;
}

static bool path_has_slot(const struct quic_conn *conn)
{
	unsigned int i;

	for (i = 0; i < QUIC_CONN_PATHS; i++)
		if (!conn->paths[i])
			return true;
	return false;
}

/* The path of a free slot: the one that needs no memory if it is not in use. */
static struct quic_path *path_alloc(struct quic_conn *conn)
{
	struct quic_path *p;
	unsigned int i = 0;

	while (conn->paths[i])
		i++;
	p = path_is_there(conn, &conn->first_path) ? quic_env_alloc(1, sizeof(*p)) :
						     &conn->first_path;
	conn->paths[i] = p;
	return p;
}

static void path_free(struct quic_conn *conn, struct quic_path *p)
{
	unsigned int i;

	for (i = 0; i < QUIC_CONN_PATHS; i++)
		if (conn->paths[i] == p)
			conn->paths[i] = NULL;
	if (p != &conn->first_path)
		quic_env_free(p);
}

void quic_conn_path_exit(struct quic_conn *conn)
{
	struct quic_path *p;
	unsigned int i = 0;

	/* Who asks for addresses afterwards still gets an answer. */
	if (conn->path != &conn->first_path)
		conn->first_path = *conn->path;
	while ((p = quic_conn_next_path(conn, &i)))
		path_free(conn, p);
	conn->path = &conn->first_path;
	conn->paths[0] = conn->path;
	conn->fallback = NULL;
	conn->candidate = NULL;
	conn->rx_path = NULL;
}

struct quic_path *quic_conn_path_lookup(struct quic_conn *conn, const struct quic_addr *local,
					const struct quic_addr *remote)
{
	struct quic_path *p;
	unsigned int i = 0;

	while ((p = quic_conn_next_path(conn, &i)))
		if (quic_addr_equal(&p->remote, remote) && quic_addr_equal(&p->local, local))
			return p;
	return NULL;
}

/* The deadline of all validations: searched when one of them changes, not per packet. */
void quic_conn_path_set_timer(struct quic_conn *conn)
{
	quic_us at = QUIC_US_NEVER;
	struct quic_path *p;
	unsigned int i = 0;

	while ((p = quic_conn_next_path(conn, &i)))
		at = min3(at, p->next_at, p->give_up_at);
	quic_timers_set(&conn->timers, QUIC_TIMER_PATH, at);
}

/* The probe timeout that validation counts in [9000-8.2.4]. */
static quic_us path_pto(const struct quic_conn *conn, const struct quic_path *p)
{
	struct quic_rtt fresh;

	quic_rtt_init(&fresh, QUIC_INITIAL_RTT_US);
	return max3(quic_conn_pto(conn), quic_rtt_pto(&fresh), quic_rtt_pto(&p->rtt));
}

void quic_conn_path_init(struct quic_conn *conn, struct quic_path *p,
			 const struct quic_addr *local, const struct quic_addr *remote,
			 u16 mtu_max, quic_us now)
{
	const struct quic_conn_config *c = &conn->config;
	u8 random;

	quic_path_init(p, local, remote, c->mtu, c->initial_rtt);
	quic_cong_init(&p->cong, c->cong, c->mtu, now);
	quic_pmtud_init(&p->pmtud, c->mtu, mtu_max);
	quic_conn_limit_payload(conn, p);
	p->ecn_on = c->ecn;					/* [9000-9.2] */
	quic_edge_random(&random, sizeof(random));
	quic_spin_init(&p->spin, c->spin, random);
	p->id = conn->next_path_id++;
}

void quic_conn_path_start(struct quic_conn *conn, const struct quic_addr *local,
			  const struct quic_addr *remote, quic_us now)
{
	quic_conn_path_init(conn, conn->path, local, remote, conn->config.mtu_max, now);
	quic_recovery_set_path(&conn->recovery, conn->path->id, &conn->path->cong);
}

/* Does another path address the peer with the id of @p? */
static bool path_shares_dcid(const struct quic_conn *conn, const struct quic_path *path)
{
	struct quic_path *p;
	unsigned int i = 0;

	while ((p = quic_conn_next_path(conn, &i)))
		if (p != path && p->dcid_seq == path->dcid_seq)
			return true;
	return false;
}

/* Forgets @p, which is not in use; an id that was only for it is retired. */
void quic_conn_path_drop(struct quic_conn *conn, struct quic_path *p)
{
	bool shared = path_shares_dcid(conn, p);
	u64 seq = p->dcid_seq;

	if (p == conn->fallback)
		conn->fallback = NULL;
	if (p == conn->candidate)
		conn->candidate = NULL;
	if (p == conn->rx_path)
		conn->rx_path = NULL;
	path_free(conn, p);
	conn->notify |= QUIC_NOTIFY_PATH;
	if (shared)
		return;
	quic_connid_remote_release(&conn->remote_ids, seq);
	quic_conn_tell_peer_ids(conn);
}

/* A new path, and with @e a spare id of the peer's for it; NULL: no room, memory, or id. */
struct quic_path *quic_conn_path_make(struct quic_conn *conn, struct quic_connid_entry **e)
{
	struct quic_path *p, *needless = path_needless(conn);

	if (!path_has_slot(conn) && !needless)
		return NULL;
	if (e) {
		*e = quic_connid_remote_take(&conn->remote_ids);
		if (!*e)
			return NULL;
	}
	if (!path_has_slot(conn))
		quic_conn_path_drop(conn, needless);
	p = path_alloc(conn);
	if (!p && e)
		quic_connid_remote_release(&conn->remote_ids, (*e)->seq);
	return p;
}

/* ---- another path in use ---- */

/*
 * Only the peer's port changed, which a NAT does: the path is the same to the
 * network, so what is known of it goes on; else all is new.
 */
static void path_inherit(struct quic_conn *conn, struct quic_path *p, struct quic_path *old)
{
	p->cong = old->cong;
	p->rtt = old->rtt;
	p->pacer = old->pacer;
	p->pmtud = old->pmtud;
	p->mtu = old->mtu;
	p->ecn_on = old->ecn_on;
	p->id = old->id;
	old->id = conn->next_path_id++;
	old->cong.in_flight = 0;
}

static bool path_only_port_changed(const struct quic_path *a, const struct quic_path *b)
{
	return quic_addr_equal(&a->local, &b->local) && quic_addr_same_ip(&a->remote, &b->remote);
}

static void path_activate(struct quic_conn *conn, struct quic_path *p, quic_us now)
{
	struct quic_path *old = conn->path;

	p->local_moved = !quic_addr_equal(&p->local, &old->local);
	p->moved = true;
	if (path_only_port_changed(p, old))			/* [9000-9.4#2] */
		path_inherit(conn, p, old);
	if (p->dcid_seq != old->dcid_seq)
		quic_connid_remote_activate(&conn->remote_ids, p->dcid_seq);
	conn->path = p;
	quic_recovery_set_path(&conn->recovery, p->id, &p->cong);
	quic_conn_pmtu_resume(conn, now);
	conn->notify |= QUIC_NOTIFY_PATH;
}

void quic_conn_path_validate(struct quic_conn *conn, struct quic_path *p, quic_us now)
{
	quic_path_begin_validation(p, path_pto(conn, p), now);
	conn->probe_paths = true;
}

/* The path in use is valid: what came before it is not needed any more. */
static void path_arrived(struct quic_conn *conn, quic_us now)
{
	struct quic_edge_event_info ev = {
		.type = QUIC_EDGE_EV_MIGRATED,
		.value = conn->path->local_moved,
	};

	if (conn->fallback && !conn->fallback->validating)
		quic_conn_path_drop(conn, conn->fallback);
	/* RFC 9000 9.3: an offer for the new address; without it goes as well. */
	if (conn->is_server)
		quic_conn_issue_token(conn, now);
	conn->notify |= QUIC_NOTIFY_WRITE;
	quic_edge_event(conn, &ev);
}

/* The peer is on @p now. */
static void path_follow(struct quic_conn *conn, struct quic_path *p, quic_us now)
{
	struct quic_path *old = conn->path, *before = conn->fallback;
	bool back = p == before;

	path_activate(conn, p, now);				/* [9000-9.3#1] */
	if (old->validated && !old->validating) {
		if (before && !back)
			quic_conn_path_drop(conn, before);
		conn->fallback = old;
		quic_conn_path_validate(conn, old, now);		/* [9000-9.3.3#1] */
	} else {
		if (back)
			conn->fallback = NULL;
		quic_conn_path_drop(conn, old);				/* [9000-9.3.2] */
	}
	if (back)
		quic_path_stop_validation(p);	/* seen recently: no need (9.3) */
	else if (!p->validated)
		quic_conn_path_validate(conn, p, now);		/* [9000-9#4] */
	if (!p->validating)
		path_arrived(conn, now);
}

/* The paths that we left stay for a while for what is still under way. */
static void path_forget_left(struct quic_conn *conn, quic_us now)
{
	struct quic_path *p;
	unsigned int i = 0;

	while ((p = quic_conn_next_path(conn, &i)))
		if (p->left)
			p->give_up_at = now + path_linger_ptos * quic_conn_pto(conn);
}

/*
 * Our own move.  A server stays at its old address until the new path is valid for it,
 * too (RFC 9000 9.6.2): until then a client has to hear what comes from there.
 */
static void path_leave(struct quic_conn *conn, struct quic_path *p, quic_us now)
{
	struct quic_path *old = conn->path;

	p->awaited = !conn->is_server &&
		     (old->awaited || !quic_addr_equal(&p->remote, &old->remote));

	conn->candidate = NULL;
	path_activate(conn, p, now);				/* [9000-9.6.3#1] */
	if (conn->fallback)
		quic_conn_path_drop(conn, conn->fallback);
	quic_path_stop_validation(old);
	old->left = true;
	if (!p->awaited)
		path_forget_left(conn, now);
	conn->ctl |= QUIC_CTL_PING;	/* a non-probing packet shows the peer [9000-9.2] */
	path_arrived(conn, now);
}

/* ---- the peer's moves ---- */

/* Packets that come where the peer has no business are dropped unread. */
static bool path_is_refused(const struct quic_conn *conn, const struct quic_agg *agg)
{
	if (!conn->is_server)
		return !conn->config.server_moves || !conn->confirmed;	/* [9000-9#5] */
	/* [9000-9#3]: we asked it not to, except to and from the preferred address. */
	return conn->local.disable_active_migration &&
	       !quic_addr_equal(&agg->remote, &conn->path->remote) &&
	       !quic_conn_path_is_preferred(conn, &agg->local) &&
	       !quic_conn_path_is_preferred(conn, &conn->path->local);
}

/* A client's own address is no news: it may be another name of the one it chose. */
static struct quic_path *path_of_server(struct quic_conn *conn, const struct quic_addr *remote)
{
	struct quic_path *p;
	unsigned int i = 0;

	if (conn->is_server || quic_addr_equal(&conn->path->remote, remote))
		return conn->is_server ? NULL : conn->path;
	while ((p = quic_conn_next_path(conn, &i)))
		if (quic_addr_equal(&p->remote, remote))
			return p;
	return NULL;
}

bool quic_conn_path_find(struct quic_conn *conn, const struct quic_agg *agg)
{
	struct quic_path *p = conn->path;

	if (!quic_addr_equal(&p->remote, &agg->remote) || !quic_addr_equal(&p->local, &agg->local))
		p = quic_conn_path_lookup(conn, &agg->local, &agg->remote);
	if (!p)
		p = path_of_server(conn, &agg->remote);
	conn->rx_path = p;
	if (!p)
		return !path_is_refused(conn, agg);
	quic_path_on_rx(p, agg->len);				/* [9000-8.1#2] */
	return true;
}

void quic_conn_path_meet(struct quic_conn *conn, const struct quic_agg *agg,
			 const struct quic_cid *heard, quic_us now)
{
	const struct quic_path *cur = conn->path;
	struct quic_connid_entry *e = NULL;
	struct quic_path *p;
	bool rebound;

	if (!conn->confirmed)		/* addresses are stable till then (RFC 9000 9) */
		return;
	/* The same id from the same local address may go on being used (RFC 9000 9.5). */
	rebound = quic_cid_equal(heard, &cur->heard) && quic_addr_equal(&agg->local, &cur->local);
	p = quic_conn_path_make(conn, rebound ? NULL : &e);
	if (!p)
		return;
	quic_conn_path_init(conn, p, &agg->local, &agg->remote, conn->config.mtu_max, now);
	quic_conn_path_address(conn, p, e);
	p->heard = *heard;
	quic_path_on_rx(p, agg->len);
	conn->rx_path = p;
	/* [9000-9.6.2#3]; a client waits for the peer to be there. */
	if (conn->is_server)
		quic_conn_path_validate(conn, p, now);
	else
		p->give_up_at = now + path_linger_ptos * path_pto(conn, p);
	quic_conn_path_set_timer(conn);
}

/* May a non-probing packet on @p make it the path in use, now or when it is valid? */
static bool path_may_be_followed(const struct quic_conn *conn, const struct quic_path *p)
{
	if (!conn->confirmed || p == conn->candidate || p->left)
		return false;
	if (conn->is_server)		/* nobody goes back from there [9000-9.6.2] */
		return !quic_conn_path_is_preferred(conn, &conn->path->local) ||
		       quic_conn_path_is_preferred(conn, &p->local);
	return conn->config.server_moves && !quic_addr_equal(&p->remote, &conn->path->remote);
}

void quic_conn_path_on_moved(struct quic_conn *conn, quic_us now)
{
	struct quic_path *p = conn->rx_path;

	if (!p || !path_may_be_followed(conn, p))
		return;
	p->moved = true;
	p->give_up_at = p->validating ? p->give_up_at : QUIC_US_NEVER;
	/* Where our own address changed too, it has to be valid [9000-9.6.2#2] [9000-9.6.3#2]. */
	if (!quic_addr_equal(&p->local, &conn->path->local) && (!p->validated || p->validating))
		quic_conn_path_validate(conn, p, now);
	else
		path_follow(conn, p, now);
	quic_conn_path_set_timer(conn);
}

void quic_conn_path_on_joined(struct quic_conn *conn, quic_us now)
{
	conn->path->awaited = false;
	path_forget_left(conn, now);
	quic_conn_path_set_timer(conn);
}

/* ---- validation ---- */

void quic_conn_on_challenge_sent(struct quic_conn *conn, struct quic_path *p, const u8 *data,
				 size_t bytes, quic_us now)
{
	quic_path_on_challenge_sent(p, data, bytes, path_pto(conn, p), now);
	quic_conn_path_set_timer(conn);
}

void quic_conn_rx_path_challenge(struct quic_conn *conn, const u8 *data)
{
	if (!conn->rx_path)
		return;		/* no id to answer with, or too early */
	quic_path_on_challenge(conn->rx_path, data);	/* [9000-8.2.2#1,3] [9000-19.17#1] */
	conn->probe_paths = true;
}

static void path_succeeded(struct quic_conn *conn, struct quic_path *p, quic_us now)
{
	if (p == conn->path) {
		path_arrived(conn, now);
	} else if (p == conn->candidate) {
		path_leave(conn, p, now);
	} else if (p == conn->fallback) {
		if (!conn->path->validating)
			quic_conn_path_drop(conn, p);
	} else if (p->moved) {
		path_follow(conn, p, now);
	} else {
		p->give_up_at = now + path_linger_ptos * path_pto(conn, p);
	}
}

void quic_conn_rx_path_response(struct quic_conn *conn, const u8 *data, quic_us now)
{
	enum quic_path_answer answer = QUIC_PATH_ANSWER_NONE;
	struct quic_path *p, *answered = NULL;
	unsigned int i = 0;

	/* [9000-8.2.2#4]: whatever path it came on; one that answers nothing is ignored. */
	while ((p = quic_conn_next_path(conn, &i))) {
		answer = quic_path_on_response(p, data, now);
		answered = p;
		if (answer != QUIC_PATH_ANSWER_NONE)
			break;
	}
	if (answer == QUIC_PATH_ANSWER_ADDRESS)
		conn->probe_paths = true;
	else if (answer == QUIC_PATH_ANSWER_DONE)
		path_succeeded(conn, answered, now);
	if (answer != QUIC_PATH_ANSWER_NONE)
		quic_conn_path_set_timer(conn);
}

/* The path in use is not valid: back to the last one that was. */
static void path_revert(struct quic_conn *conn, quic_us now)
{
	struct quic_path *failed = conn->path, *p = conn->fallback;

	if (!p) {
		quic_conn_abandon(conn, QUIC_CLOSE_NO_PATH);	/* [9000-9.3.2#2] */
		return;
	}
	conn->fallback = NULL;
	quic_path_stop_validation(p);
	path_activate(conn, p, now);				/* [9000-9.3.2#1] */
	quic_conn_path_drop(conn, failed);
}

static void path_failed(struct quic_conn *conn, struct quic_path *p, quic_us now)
{
	quic_path_stop_validation(p);
	if (p == conn->path)
		path_revert(conn, now);
	else if (p != conn->fallback || !conn->path->validating)
		quic_conn_path_drop(conn, p);	/* nothing else changes [9000-9.6.1#1] */
}

void quic_conn_on_path_timer(struct quic_conn *conn, quic_us now)
{
	struct quic_path *p;
	unsigned int i = 0;

	while ((p = quic_conn_next_path(conn, &i))) {
		if (p->give_up_at > now) {
			quic_path_on_timeout(p, now);
			conn->probe_paths |= quic_path_wants_probe(p);
		} else if (quic_conn_is_open(conn)) {
			path_failed(conn, p, now);
		}
	}
	quic_conn_path_set_timer(conn);
}

void quic_conn_path_settle(struct quic_conn *conn, const struct quic_sent_pkt *pkt)
{
	struct quic_path *p;
	unsigned int i = 0;

	while ((p = quic_conn_next_path(conn, &i)))
		if (pkt->in_flight && p->id == pkt->path)
			p->cong.in_flight -= min_t(u64, pkt->bytes, p->cong.in_flight);
}
