// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * stream.c - stream objects, their table and limits
 *
 * Ids are handled per type (initiator and direction): everything below
 * type->opened is open or was; of those, the ones in type->idle have never been
 * used and have no object, the ones in the tree live, the rest have ended.
 */
#include "conn.h"

static struct quic_stream_type *stream_type(struct quic_conn *conn, quic_sid sid)
{
	return &conn->streams.type[sid & 3];
}

static bool stream_is_ours(const struct quic_conn *conn, quic_sid sid)
{
	return quic_sid_is_server(sid) == conn->is_server;
}

void quic_stream_table_init(struct quic_conn *conn)
{
	struct quic_streams *t = &conn->streams;
	unsigned int i;

	memset(t, 0, sizeof(*t));
	quic_tree_init(&t->tree);
	for (i = 0; i < ARRAY_SIZE(t->type); i++) {
		quic_ranges_init(&t->type[i].idle, QUIC_STREAM_FLOOD_IDLE);
		t->type[i].blocked_at = U64_MAX;
	}
	INIT_LIST_HEAD(&t->ctl);
	INIT_LIST_HEAD(&t->readable);
	t->active = U64_MAX;
}

/* Is there something of @s that the peer must acknowledge before all is delivered? */
static void stream_set_owing(struct quic_conn *conn, struct quic_stream *s, bool owing)
{
	conn->streams.nr_owing += owing - s->owing;
	s->owing = owing;
}

/* Takes @s out of every list and frees it. */
static void stream_destroy(struct quic_conn *conn, struct quic_stream *s)
{
	stream_set_owing(conn, s, false);
	conn->wmem -= quic_sndbuf_exit(&s->snd);
	conn->rmem -= quic_inqueue_exit(&s->rcv);
	list_del(&s->send_entry);
	list_del(&s->ctl_entry);
	list_del(&s->read_entry);
	quic_tree_erase(&conn->streams.tree, &s->node);
	if (conn->streams.last == s)
		conn->streams.last = NULL;
	stream_type(conn, s->sid)->nr--;
	quic_env_free(s);
}

void quic_stream_table_exit(struct quic_conn *conn)
{
	struct quic_streams *t = &conn->streams;
	struct quic_node *n;
	unsigned int i;

	while ((n = quic_tree_first(&t->tree)))
		stream_destroy(conn, container_of(n, struct quic_stream, node));
	for (i = 0; i < ARRAY_SIZE(t->type); i++)
		quic_ranges_exit(&t->type[i].idle);
}

void quic_stream_table_shed(struct quic_conn *conn)
{
	struct quic_tree *tree = &conn->streams.tree;
	struct quic_stream *s;
	struct quic_node *n;

	for (n = quic_tree_first(tree); n; n = quic_tree_next(tree, n)) {
		s = container_of(n, struct quic_stream, node);
		conn->wmem -= quic_sndbuf_purge(&s->snd);
		list_del_init(&s->send_entry);
		s->send_list = NULL;
	}
}

static void stream_tell(struct quic_conn *conn, struct quic_stream *s, u8 what)
{
	s->pending |= what;
	if (list_empty(&s->ctl_entry))
		list_add_tail(&s->ctl_entry, &conn->streams.ctl);
}

/* The one setter of the sending part's state. */
static void stream_set_send(struct quic_stream *s, enum quic_send_event ev)
{
	enum quic_send_state next = quic_send_state_next(s->send_state, ev);

	if (!WARN_ON_ONCE(next == QUIC_SEND_INVALID))
		s->send_state = next;
}

/* Credit for our bytes on @sid by the peer's transport parameters (RFC 9000 18.2). */
static u64 stream_tx_limit(const struct quic_conn *conn, quic_sid sid)
{
	const struct quic_tparams *p = &conn->remote;

	if (quic_sid_is_uni(sid))
		return p->initial_max_stream_data_uni;
	if (stream_is_ours(conn, sid))
		return p->initial_max_stream_data_bidi_remote;
	return p->initial_max_stream_data_bidi_local;
}

static u64 stream_rx_window(const struct quic_conn *conn, quic_sid sid)
{
	const struct quic_tparams *p = &conn->local;

	if (quic_sid_is_uni(sid))
		return p->initial_max_stream_data_uni;
	if (stream_is_ours(conn, sid))
		return p->initial_max_stream_data_bidi_local;
	return p->initial_max_stream_data_bidi_remote;
}

void quic_stream_on_tparams(struct quic_conn *conn)
{
	struct quic_node *n;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(conn->streams.type); i++) {
		struct quic_stream_type *t = &conn->streams.type[i];

		t->max = max(t->max, quic_stream_initial_max(conn, i));
	}
	for (n = quic_tree_first(&conn->streams.tree); n;
	     n = quic_tree_next(&conn->streams.tree, n)) {
		struct quic_stream *s = container_of(n, struct quic_stream, node);

		if (s->has_send && quic_flow_tx_raise(&s->tx, stream_tx_limit(conn, s->sid)))
			quic_stream_update_schedule(conn, s);
	}
}

/* The sending part of @s as when it was new, but for what the application wrote. */
static void stream_restart_one(struct quic_conn *conn, struct quic_stream *s)
{
	s->small_end = 0;
	s->reset_size = 0;
	quic_flow_tx_init(&s->tx, stream_tx_limit(conn, s->sid));
	if (s->send_state < QUIC_SEND_RECVD) {
		quic_sndbuf_rewind(&s->snd);
		s->send_state = QUIC_SEND_READY;	/* as stream_alloc() made it */
		if (s->snd.end || s->snd.fin)
			stream_set_send(s, QUIC_SEND_EV_DATA);
	} else if (s->send_state == QUIC_SEND_RESET_SENT) {
		stream_tell(conn, s, QUIC_STREAM_TELL_RESET);
	}
	if (s->stop_told)
		stream_tell(conn, s, QUIC_STREAM_TELL_STOP);
	quic_stream_update_schedule(conn, s);
}

bool quic_stream_restart(struct quic_conn *conn)
{
	unsigned int own = conn->is_server, i;
	struct quic_node *n;

	for (i = own; i < ARRAY_SIZE(conn->streams.type); i += 2)
		if (conn->streams.type[i].opened > quic_stream_initial_max(conn, i))
			return false;
	for (i = own; i < ARRAY_SIZE(conn->streams.type); i += 2)
		conn->streams.type[i].max = quic_stream_initial_max(conn, i);
	quic_flow_tx_init(&conn->tx, conn->remote.initial_max_data);
	for (n = quic_tree_first(&conn->streams.tree); n;
	     n = quic_tree_next(&conn->streams.tree, n)) {
		struct quic_stream *s = container_of(n, struct quic_stream, node);

		if (s->has_send)
			stream_restart_one(conn, s);
	}
	return true;
}

struct quic_stream *quic_stream_find(struct quic_conn *conn, quic_sid sid)
{
	struct quic_streams *t = &conn->streams;
	struct quic_node *n;

	if (t->last && t->last->sid == sid)
		return t->last;
	n = quic_tree_find(&t->tree, sid);
	if (!n)
		return NULL;
	t->last = container_of(n, struct quic_stream, node);
	return t->last;
}

bool quic_stream_is_idle(struct quic_conn *conn, quic_sid sid)
{
	struct quic_stream_type *t = stream_type(conn, sid);
	u64 index = quic_sid_index(sid);

	return index >= t->opened || quic_ranges_has(&t->idle, index);
}

static struct quic_stream *stream_alloc(struct quic_conn *conn, quic_sid sid)
{
	struct quic_stream *s = quic_env_alloc(1, sizeof(*s));
	bool ours = stream_is_ours(conn, sid), uni = quic_sid_is_uni(sid);

	if (!s)
		return NULL;
	s->sid = sid;
	s->node.key = sid;
	INIT_LIST_HEAD(&s->send_entry);
	INIT_LIST_HEAD(&s->ctl_entry);
	INIT_LIST_HEAD(&s->read_entry);
	s->send_state = QUIC_SEND_READY;
	s->recv_state = QUIC_RECV_RECV;
	s->has_send = ours || !uni;
	s->has_recv = !ours || !uni;
	s->urgency = QUIC_URGENCY_DEFAULT;
	s->incremental = true;
	s->final_size = U64_MAX;
	quic_sndbuf_init(&s->snd);
	quic_inqueue_init(&s->rcv);
	quic_flow_tx_init(&s->tx, stream_tx_limit(conn, sid));
	quic_flow_rx_init(&s->rx, stream_rx_window(conn, sid),
			  max(conn->config.flow_window_max, stream_rx_window(conn, sid)));
	return s;
}

/*
 * Makes the object of @sid; ids of its type between the highest opened so far
 * and it become open without one.  Everything that can fail comes first.
 */
static int stream_create(struct quic_conn *conn, quic_sid sid, struct quic_stream **out)
{
	struct quic_stream_type *t = stream_type(conn, sid);
	u64 index = quic_sid_index(sid);
	struct quic_stream *s;
	int err;

	s = stream_alloc(conn, sid);
	if (!s)
		return -ENOMEM;
	if (index >= t->opened)			/* [9000-3.2] */
		err = quic_ranges_add(&t->idle, t->opened, index);
	else
		err = quic_ranges_remove(&t->idle, index, index + 1);
	if (err) {
		quic_sndbuf_exit(&s->snd);
		quic_inqueue_exit(&s->rcv);
		quic_env_free(s);
		return -ENOMEM;
	}
	t->opened = max(t->opened, index + 1);
	t->nr++;
	quic_tree_insert(&conn->streams.tree, &s->node);
	conn->streams.last = s;
	*out = s;
	return 0;
}

int quic_stream_open(struct quic_conn *conn, quic_sid sid, struct quic_stream **out)
{
	struct quic_stream_type *t = stream_type(conn, sid);
	struct quic_stream *s;

	if (sid > QUIC_VARINT_MAX || !stream_is_ours(conn, sid))
		return -EINVAL;
	s = quic_stream_find(conn, sid);
	if (s) {
		*out = s;
		return s->used ? -EEXIST : 0;
	}
	if (!quic_stream_is_idle(conn, sid))		/* [9000-2.1] */
		return -ENOSTR;
	if (quic_sid_index(sid) >= t->max)		/* [9000-4.6#2] [9000-19.11#3] */
		return -EAGAIN;
	return stream_create(conn, sid, out);
}

quic_sid quic_stream_next_sid(const struct quic_conn *conn, bool uni)
{
	quic_sid first = quic_sid_make(0, conn->is_server, uni);

	return quic_sid_make(conn->streams.type[first].opened, conn->is_server, uni);
}

int quic_stream_for_send(struct quic_conn *conn, quic_sid sid, struct quic_stream **out)
{
	if (sid > QUIC_VARINT_MAX || (!stream_is_ours(conn, sid) && quic_sid_is_uni(sid)))
		return -EINVAL;
	*out = quic_stream_find(conn, sid);
	if (*out)
		return 0;
	if (quic_sid_index(sid) >= stream_type(conn, sid)->opened)
		return -EINVAL;
	return quic_stream_is_idle(conn, sid) ? stream_create(conn, sid, out) : -ENOSTR;
}

int quic_stream_for_frame(struct quic_conn *conn, quic_sid sid, bool peer_sends,
			  struct quic_stream **out)
{
	struct quic_stream_type *t = stream_type(conn, sid);
	bool ours = stream_is_ours(conn, sid);

	*out = quic_stream_find(conn, sid);
	/* [9000-19.4] [9000-19.5#2] [9000-19.8#1] [9000-19.10#2] [9000-19.13] */
	if (quic_sid_is_uni(sid) && ours == peer_sends)
		return ours ? QUIC_VIOLATION_STREAM_SEND_ONLY :
			      QUIC_VIOLATION_STREAM_RECEIVE_ONLY;
	if (*out)
		return 0;
	if (ours) {
		/* [9000-19.5#1] [9000-19.8#1] [9000-19.10#1] */
		if (quic_sid_index(sid) >= t->opened)
			return QUIC_VIOLATION_STREAM_NOT_OPENED;
	} else if (quic_sid_index(sid) >= t->max) {		/* [9000-4.6#3] [9000-19.11#4] */
		return QUIC_VIOLATION_STREAM_LIMIT_EXCEEDED;
	}
	if (!quic_stream_is_idle(conn, sid))
		return 0;	/* ended: nothing more to say about it */
	return stream_create(conn, sid, out);
}

static void stream_event(struct quic_conn *conn, const struct quic_stream *s, u8 state, u64 code,
			 u64 size)
{
	struct quic_edge_event_info ev = {
		.type = QUIC_EDGE_EV_STREAM,
		.sid = s->sid,
		.state = state,
		.code = min_t(u64, code, U32_MAX),
		.value = size,
	};

	quic_edge_event(conn, &ev);
}

/* The one setter of the receiving part's state. */
static void stream_set_recv(struct quic_stream *s, enum quic_recv_event ev)
{
	enum quic_recv_state next = quic_recv_state_next(s->recv_state, ev);

	if (!WARN_ON_ONCE(next == QUIC_RECV_INVALID))
		s->recv_state = next;
}

u32 quic_stream_slot_bytes(const struct quic_conn *conn, const struct quic_stream *s)
{
	u32 header = 1 + conn->path->dcid.len + 4;
	u32 frame = 1 + quic_wire_varint_len(s->sid) +
		    quic_wire_varint_len(s->snd.end | (1 << 14));

	return conn->path->mtu - QUIC_TAG_BYTES - header - frame;
}

/* Whether a tail that does not fill a packet waits for more (MSG_MORE, Minshall). */
static bool stream_holds_tail(const struct quic_conn *conn, const struct quic_stream *s)
{
	if (s->snd.fin || conn->flushing)
		return false;
	if (!s->corked && (conn->config.nodelay || s->small_end <= s->snd.base))
		return false;
	return s->snd.end - s->snd.next < quic_stream_slot_bytes(conn, s);
}

/*
 * Puts @s into a list of the schedule.  Streams that do not share their turn are served
 * by id (RFC 9218 10), whichever of them happened to have bytes first.
 */
static void stream_enqueue(struct quic_stream *s, struct list_head *list)
{
	struct quic_stream *other;

	if (!s->incremental) {
		list_for_each_entry(other, list, send_entry) {
			if (!other->incremental && other->sid > s->sid) {
				list_move_tail(&s->send_entry, &other->send_entry);
				return;
			}
		}
	}
	list_move_tail(&s->send_entry, list);
}

void quic_stream_update_schedule(struct quic_conn *conn, struct quic_stream *s)
{
	struct quic_sndbuf *b = &s->snd;
	struct list_head *where = NULL;

	if (s->send_state >= QUIC_SEND_RECVD)		/* [9000-3.3#2] */
		goto out;
	if (b->next < b->end && !quic_flow_tx_room(&s->tx))
		s->tx.wanted = true;
	if (s->send_state < QUIC_SEND_SENT && quic_flow_tx_owes_blocked(&s->tx))
		stream_tell(conn, s, QUIC_STREAM_TELL_BLOCKED);
	if (!quic_ranges_is_empty(&b->lost) || b->fin_lost ||
	    (b->fin && !b->fin_sent && b->next == b->end)) {
		where = &conn->out.again;
	} else if (b->next < b->end && !stream_holds_tail(conn, s)) {
		if (quic_flow_tx_room(&s->tx))		/* [9000-4.1#1] [9000-19.10#3] */
			where = &conn->out.ready[s->urgency];
	}
out:
	if (where == s->send_list)
		return;		/* keeps its place */
	s->send_list = where;
	if (where)
		stream_enqueue(s, where);
	else
		list_del_init(&s->send_entry);
}

void quic_stream_on_blocked(struct quic_conn *conn, struct quic_stream *s)
{
	if (s->tx.max > s->snd.end) {
		conn->tx.wanted = true;
		return;
	}
	s->tx.wanted = true;
	if (s->send_state == QUIC_SEND_READY)
		stream_set_send(s, QUIC_SEND_EV_DATA);	/* the frame opens it at the peer */
	quic_stream_update_schedule(conn, s);
}

void quic_stream_set_priority(struct quic_conn *conn, struct quic_stream *s, u8 urgency,
			      bool incremental)
{
	s->urgency = urgency;
	s->incremental = incremental;
	/* Whatever place it has was for what it was. */
	list_del_init(&s->send_entry);
	s->send_list = NULL;
	quic_stream_update_schedule(conn, s);
}

void quic_stream_on_written(struct quic_conn *conn, struct quic_stream *s, bool fin)
{
	s->used = true;
	if (fin)
		s->snd.fin = true;
	if (s->send_state == QUIC_SEND_READY)
		stream_set_send(s, QUIC_SEND_EV_DATA);
	stream_set_owing(conn, s, !quic_sndbuf_is_done(&s->snd));
	quic_stream_update_schedule(conn, s);
}

void quic_stream_on_sent(struct quic_conn *conn, struct quic_stream *s, u64 off, u32 len,
			 bool fin)
{
	u64 before = s->snd.next;

	quic_sndbuf_on_sent(&s->snd, off, len, fin);
	s->tx.used = s->snd.next;
	conn->tx.used += s->snd.next - before;
	conn->stats.stream_bytes_sent += s->snd.next - before;
	conn->stats.bytes_retrans += len - (s->snd.next - before);
	if (s->snd.next > before && len < quic_stream_slot_bytes(conn, s))
		s->small_end = s->snd.next;
	if (fin && s->send_state == QUIC_SEND_SEND)
		stream_set_send(s, QUIC_SEND_EV_FIN);
	quic_stream_update_schedule(conn, s);
}

static void stream_start_reset(struct quic_conn *conn, struct quic_stream *s, u64 code)
{
	s->used = true;
	s->reset_code = code;
	s->reset_size = s->snd.next;
	conn->wmem -= quic_sndbuf_purge(&s->snd);
	stream_set_owing(conn, s, false);
	stream_set_send(s, QUIC_SEND_EV_RESET);
	stream_tell(conn, s, QUIC_STREAM_TELL_RESET);
	quic_stream_update_schedule(conn, s);
	conn->notify |= QUIC_NOTIFY_WRITE;
}

/* For the application alone: the engine never gives up a stream by itself [9000-11.2]. */
int quic_stream_reset(struct quic_conn *conn, struct quic_stream *s, u64 code)
{
	if (!s->has_send || s->send_state >= QUIC_SEND_RECVD)	/* [9000-3.3#1] [9000-13.3#1] */
		return -EINVAL;
	stream_start_reset(conn, s, code);
	return 0;
}

bool quic_stream_at_fin(const struct quic_stream *s)
{
	return s->recv_state == QUIC_RECV_RECVD && s->rcv.read == s->final_size;
}

bool quic_stream_is_readable(const struct quic_stream *s)
{
	return quic_inqueue_readable(&s->rcv) || (quic_stream_at_fin(s) && !s->told_recv);
}

static void stream_update_readable(struct quic_conn *conn, struct quic_stream *s)
{
	if (!quic_stream_is_readable(s)) {
		list_del_init(&s->read_entry);
		return;
	}
	conn->notify |= QUIC_NOTIFY_READ;
	if (list_empty(&s->read_entry))
		list_add_tail(&s->read_entry, &conn->streams.readable);
}

/* Bytes left the receive queue for good: stream and connection credit grows. */
static void stream_consumed(struct quic_conn *conn, struct quic_stream *s, u64 len, quic_us now)
{
	if (quic_flow_rx_consume(&s->rx, len, now, conn->path->rtt.smoothed) &&
	    s->recv_state == QUIC_RECV_RECV && !s->stop_told)
		stream_tell(conn, s, QUIC_STREAM_TELL_MAX_DATA);
	if (quic_flow_rx_consume(&conn->rx, len, now, conn->path->rtt.smoothed))
		conn->ctl |= QUIC_CTL_MAX_DATA;			/* [9000-4.2] */
}

static void stream_advance_recv(struct quic_conn *conn, struct quic_stream *s, bool first,
				bool fin)
{
	if (fin && s->recv_state == QUIC_RECV_RECV)
		stream_set_recv(s, QUIC_RECV_EV_FIN);
	if (s->recv_state == QUIC_RECV_SIZE_KNOWN && s->rcv.end == s->final_size) {
		stream_set_recv(s, QUIC_RECV_EV_ALL_DATA);
		stream_event(conn, s, QUIC_RECV_STATE_UAPI_BASE + QUIC_RECV_RECVD, 0,
			     s->final_size);
	} else if (fin && s->recv_state == QUIC_RECV_SIZE_KNOWN) {
		stream_event(conn, s, QUIC_RECV_STATE_UAPI_BASE + QUIC_RECV_SIZE_KNOWN, 0,
			     s->final_size);
	} else if (first) {
		stream_event(conn, s, QUIC_RECV_STATE_UAPI_BASE + QUIC_RECV_RECV, 0, 0);
	}
}

void quic_stream_on_read(struct quic_conn *conn, struct quic_stream *s, u64 len, quic_us now)
{
	conn->rmem -= quic_inqueue_consume(&s->rcv, len);
	stream_consumed(conn, s, len, now);
	/* Pieces for which there was no memory may have moved up only now. */
	stream_advance_recv(conn, s, false, false);
	stream_update_readable(conn, s);
	/* One that fills faster than it is read may not hide the others. */
	if (!list_empty(&s->read_entry) && !list_is_singular(&conn->streams.readable))
		list_move_tail(&s->read_entry, &conn->streams.readable);
}

/* Nobody will read what is there [9000-3.5]; it still counts against the credit. */
static void stream_discard(struct quic_conn *conn, struct quic_stream *s)
{
	quic_stream_on_read(conn, s, quic_inqueue_readable(&s->rcv), conn->last_rx_at);
}

int quic_stream_stop(struct quic_conn *conn, struct quic_stream *s, u64 code)
{
	if (!s->has_recv || s->recv_state >= QUIC_RECV_RECVD)
		return -EINVAL;
	if (s->stop_told)
		return -EAGAIN;
	s->used = true;
	s->stop_told = true;
	s->stop_code = code;
	stream_tell(conn, s, QUIC_STREAM_TELL_STOP);
	stream_discard(conn, s);
	return 0;
}

void quic_stream_on_end_told(struct quic_conn *conn, struct quic_stream *s)
{
	s->told_recv = true;
	if (s->recv_state == QUIC_RECV_RECVD)
		stream_set_recv(s, QUIC_RECV_EV_READ);
	stream_update_readable(conn, s);
	quic_stream_try_free(conn, s);
}

/*
 * What the peer says about the end of its stream may not contradict what it
 * said before [9000-4.5], nor exceed the credit it has [9000-4.1].
 */
static int stream_check_end(const struct quic_conn *conn, const struct quic_stream *s, u64 end,
			    bool final)
{
	u64 grow = end > s->rx.received ? end - s->rx.received : 0;
	int v;

	if (s->final_size != U64_MAX) {
		if (end > s->final_size)
			return QUIC_VIOLATION_STREAM_BEYOND_FINAL_SIZE;
		if (final && end != s->final_size)
			return QUIC_VIOLATION_STREAM_FINAL_SIZE_CHANGED;
	} else if (final && end < s->rx.received) {
		return QUIC_VIOLATION_STREAM_FINAL_SIZE_CHANGED;
	}
	v = quic_flow_rx_check(&s->rx, end, QUIC_VIOLATION_STREAM_FLOW_CONTROL);
	if (v)
		return v;
	return quic_flow_rx_check(&conn->rx, conn->rx.received + grow,
				  QUIC_VIOLATION_CONN_FLOW_CONTROL);
}

static void stream_received(struct quic_conn *conn, struct quic_stream *s, u64 end)
{
	if (end <= s->rx.received)
		return;
	conn->rx.received += end - s->rx.received;
	conn->stats.stream_bytes_rcvd += end - s->rx.received;
	s->rx.received = end;
}

/*
 * Room for bytes at @off?  Over the limit only what lets the reader go on is kept: the
 * next bytes of a stream, when it has nothing else to read.
 */
static bool stream_has_rmem(const struct quic_conn *conn, const struct quic_stream *s, u64 off)
{
	if (conn->rmem <= conn->config.rmem_max)
		return true;
	return off <= s->rcv.end && list_empty(&conn->streams.readable);
}

int quic_stream_rx_data(struct quic_conn *conn, struct quic_stream *s, u64 off,
			const struct quic_buf *buf, bool fin)
{
	u64 end = off + buf->len, before = s->rcv.truesize;
	bool first = !s->rx.received && s->final_size == U64_MAX, fin_new;
	int err;

	err = stream_check_end(conn, s, end, fin);
	if (err)
		return err;
	if (s->recv_state >= QUIC_RECV_RECVD)
		return 0;
	if (buf->len && !stream_has_rmem(conn, s, off))
		return -ENOBUFS;
	err = quic_inqueue_add(&s->rcv, conn, off, buf);
	conn->rmem += s->rcv.truesize - before;
	if (err)
		return err;
	stream_received(conn, s, end);
	fin_new = fin && s->final_size == U64_MAX;
	if (fin)
		s->final_size = end;
	s->used = true;
	if (!stream_is_ours(conn, s->sid) && s->has_send && first)
		conn->streams.active = s->sid;
	stream_advance_recv(conn, s, first, fin_new);
	if (s->stop_told)
		stream_discard(conn, s);
	stream_update_readable(conn, s);
	return 0;
}

int quic_stream_rx_reset(struct quic_conn *conn, struct quic_stream *s, u64 code, u64 final_size)
{
	int v = stream_check_end(conn, s, final_size, true);

	if (v)
		return v;
	if (s->recv_state >= QUIC_RECV_RECVD)
		return 0;
	stream_received(conn, s, final_size);			/* [9000-4.5#1] */
	s->final_size = final_size;
	s->peer_code = code;
	conn->rmem -= quic_inqueue_exit(&s->rcv);
	stream_set_recv(s, QUIC_RECV_EV_RESET);
	/* Bytes that will never be read give their credit back [9000-4.1]. */
	stream_consumed(conn, s, final_size - s->rx.consumed, conn->last_rx_at);
	stream_event(conn, s, QUIC_RECV_STATE_UAPI_BASE + QUIC_RECV_RESET_RECVD, code,
		     final_size);
	/* The event is how the application learns of it. */
	stream_set_recv(s, QUIC_RECV_EV_RESET_READ);
	stream_update_readable(conn, s);
	quic_stream_try_free(conn, s);
	return 0;
}

int quic_stream_rx_stop(struct quic_conn *conn, struct quic_stream *s, u64 code)
{
	if (s->send_state >= QUIC_SEND_RECVD)			/* [9000-3.3#1] [9000-13.3#1] */
		return 0;
	stream_start_reset(conn, s, code);			/* [9000-3.5] */
	stream_event(conn, s, QUIC_SEND_RESET_SENT, code, s->reset_size);
	return 0;
}

void quic_stream_rx_blocked(struct quic_conn *conn, struct quic_stream *s, u64 limit)
{
	if (s->recv_state == QUIC_RECV_RECV && !s->stop_told &&
	    quic_flow_rx_on_blocked(&s->rx, limit))
		stream_tell(conn, s, QUIC_STREAM_TELL_MAX_DATA);
}

static void stream_acked_data(struct quic_conn *conn, struct quic_stream *s,
			      const struct quic_sent_item *it)
{
	u64 freed = quic_sndbuf_on_acked(&s->snd, it->off, it->len, it->fin);

	conn->wmem -= freed;
	if (freed)
		conn->notify |= QUIC_NOTIFY_WRITE;
	if (s->owing && quic_sndbuf_is_done(&s->snd))
		stream_set_owing(conn, s, false);
	if (s->send_state == QUIC_SEND_SENT && quic_sndbuf_is_done(&s->snd)) {
		stream_set_send(s, QUIC_SEND_EV_ALL_ACKED);
		stream_event(conn, s, QUIC_SEND_RECVD, 0, s->snd.end);
	}
	quic_stream_update_schedule(conn, s);
}

void quic_stream_on_acked(struct quic_conn *conn, const struct quic_sent_item *it)
{
	struct quic_stream *s = quic_stream_find(conn, it->sid);

	if (!s)
		return;
	if (it->kind == QUIC_SENT_STREAM && s->send_state < QUIC_SEND_RECVD) {
		stream_acked_data(conn, s, it);
	} else if (it->kind == QUIC_SENT_RESET_STREAM && s->send_state == QUIC_SEND_RESET_SENT) {
		stream_set_send(s, QUIC_SEND_EV_RESET_ACKED);
		stream_event(conn, s, QUIC_SEND_RESET_RECVD, s->reset_code, s->reset_size);
	}
	quic_stream_try_free(conn, s);
}

void quic_stream_on_lost(struct quic_conn *conn, const struct quic_sent_item *it)
{
	struct quic_stream *s = quic_stream_find(conn, it->sid);

	if (!s)
		return;
	switch (it->kind) {
	case QUIC_SENT_STREAM:
		if (s->send_state < QUIC_SEND_RECVD) {
			quic_sndbuf_on_lost(&s->snd, it->off, it->len, it->fin);
			quic_stream_update_schedule(conn, s);
		}
		break;
	case QUIC_SENT_MAX_STREAM_DATA:				/* [9000-13.3] */
		if (s->recv_state == QUIC_RECV_RECV)
			stream_tell(conn, s, QUIC_STREAM_TELL_MAX_DATA);
		break;
	case QUIC_SENT_STREAM_DATA_BLOCKED:
		if (s->tx.blocked_at == s->tx.max && !quic_flow_tx_room(&s->tx))
			stream_tell(conn, s, QUIC_STREAM_TELL_BLOCKED);
		break;
	case QUIC_SENT_RESET_STREAM:
		if (s->send_state == QUIC_SEND_RESET_SENT)
			stream_tell(conn, s, QUIC_STREAM_TELL_RESET);
		break;
	case QUIC_SENT_STOP_SENDING:
		if (s->recv_state < QUIC_RECV_RECVD)
			stream_tell(conn, s, QUIC_STREAM_TELL_STOP);
		break;
	default:
		break;
	}
}

void quic_stream_flush(struct quic_conn *conn)
{
	struct quic_node *n;

	for (n = quic_tree_first(&conn->streams.tree); n;
	     n = quic_tree_next(&conn->streams.tree, n)) {
		struct quic_stream *s = container_of(n, struct quic_stream, node);

		s->corked = false;
		quic_stream_update_schedule(conn, s);
	}
}

bool quic_stream_all_delivered(const struct quic_conn *conn)
{
	return !conn->streams.nr_owing;
}

bool quic_stream_try_free(struct quic_conn *conn, struct quic_stream *s)
{
	quic_sid sid = s->sid;

	if (s->has_send && !quic_send_state_is_terminal(s->send_state))	/* [9000-4.4] */
		return false;
	if (s->has_recv && !quic_recv_state_is_terminal(s->recv_state))	/* [9000-4.4] */
		return false;
	stream_destroy(conn, s);
	if (!stream_is_ours(conn, sid))
		quic_stream_return_limit(conn, sid);
	if (conn->streams.active == sid)
		conn->streams.active = U64_MAX;
	return true;
}
