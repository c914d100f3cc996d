// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * event.c - the queue of events that an application subscribed to
 *
 * The engine reports through quic_edge_event(); here its reports become the
 * structures of the uapi, with the type in front (UAPI.md 7).
 */
#include "event.h"

static const u32 event_merge_nr = 64;	/* from that length on events replace older ones */

void quic_event_init(struct quic_sock *q)
{
	INIT_LIST_HEAD(&q->events.list);
}

static u32 event_truesize(const struct quic_event_item *e)
{
	return kmalloc_size_roundup(struct_size(e, data, e->len));
}

static void event_free(struct quic_sock *q, struct quic_event_item *e)
{
	list_del(&e->entry);
	q->events.nr--;
	q->events.bytes -= event_truesize(e);
	kfree(e);
}

void quic_event_purge(struct quic_sock *q)
{
	struct quic_event_item *e, *tmp;

	list_for_each_entry_safe(e, tmp, &q->events.list, entry)
		event_free(q, e);
}

struct quic_event_item *quic_event_first(struct quic_sock *q)
{
	return list_first_entry_or_null(&q->events.list, struct quic_event_item, entry);
}

void quic_event_consume(struct quic_sock *q, u32 len)
{
	struct quic_event_item *e = quic_event_first(q);

	e->off += len;
	if (e->off >= e->len)
		event_free(q, e);
}

/* Frees an unread event that the new one makes obsolete. */
static void event_replace(struct quic_sock *q, enum quic_event_type type, u64 key)
{
	struct quic_event_item *e;

	list_for_each_entry(e, &q->events.list, entry) {
		if (e->data[0] == type && e->key == key && !e->off) {
			event_free(q, e);
			return;
		}
	}
}

void quic_event_add(struct quic_sock *q, enum quic_event_type type, u64 key, const void *data,
		    u32 len)
{
	struct quic_event_item *e;

	if (!quic_event_is_on(q, type) || sock_flag(quic_sock_sk(q), SOCK_DEAD))
		return;
	if (q->events.nr >= event_merge_nr)
		event_replace(q, type, key);
	e = NULL;
	if (q->events.bytes < READ_ONCE(quic_sock_sk(q)->sk_rcvbuf))
		e = kmalloc(struct_size(e, data, len + 1), GFP_ATOMIC | __GFP_NOWARN);
	if (!e) {
		quic_mib_inc(q->host.qn, QUIC_MIB_RCV_BUF_DROP);
		return;
	}
	e->key = key;
	e->off = 0;
	e->len = len + 1;
	e->data[0] = type;
	memcpy(e->data + 1, data, len);
	list_add_tail(&e->entry, &q->events.list);
	q->events.nr++;
	q->events.bytes += event_truesize(e);
	quic_sock_conn(q)->notify |= QUIC_NOTIFY_READ;
}

void quic_event_fill_close(const struct quic_sock *q, struct quic_connection_close *c)
{
	const struct quic_close *end = &q->host.conn.close;

	memset(c, 0, sizeof(*c));
	switch (end->source) {
	case QUIC_CLOSE_NONE:
		*c = q->close;
		return;
	case QUIC_CLOSE_IDLE:
	case QUIC_CLOSE_HANDSHAKE_TIMEOUT:
	case QUIC_CLOSE_NO_PATH:
		return;
	default:
		c->errcode = min_t(u64, end->code, U32_MAX);
		c->frame = min_t(u64, end->frame_type, U8_MAX);
		memcpy(c->phrase, end->reason, min_t(size_t, end->reason_len,
						     sizeof(c->phrase) - 1));
	}
}

void quic_event_fill_connid(const struct quic_sock *q, bool dest,
			    struct quic_connection_id_info *info)
{
	const struct quic_conn *conn = &q->host.conn;
	const struct quic_connid_entry *e = dest ? conn->remote_ids.e : conn->local_ids.e;
	const struct quic_connid_entry *heard =
		quic_connid_local_find_cid((void *)&conn->local_ids, &conn->path->heard);
	u64 lowest = U32_MAX;
	unsigned int i;

	memset(info, 0, sizeof(*info));
	for (i = 0; i < QUIC_CONNID_MAX; i++)
		if (e[i].used)
			lowest = min(lowest, e[i].seq);
	info->dest = dest;
	info->prior_to = lowest == U32_MAX ? 0 : lowest;
	/* Which of ours the peer uses is its choice: what it used last. */
	info->active = dest ? conn->path->dcid_seq : heard ? heard->seq : info->prior_to;
}

static void event_add_stream(struct quic_sock *q, const struct quic_edge_event_info *ev)
{
	struct quic_stream_update u = {
		.id = ev->sid,
		.state = ev->state,
		.errcode = ev->code,
		.finalsz = ev->value,
	};
	bool recv = ev->state >= QUIC_RECV_STATE_UAPI_BASE;

	quic_event_add(q, QUIC_EVENT_STREAM_UPDATE, ev->sid << 1 | recv, &u, sizeof(u));
}

static void event_add_max_data(struct quic_sock *q, const struct quic_edge_event_info *ev)
{
	struct quic_stream_max_data m = { .id = ev->sid, .max_data = ev->value };

	quic_event_add(q, QUIC_EVENT_STREAM_MAX_DATA, ev->sid, &m, sizeof(m));
}

static void event_add_token(struct quic_sock *q, const struct quic_edge_event_info *ev)
{
	if (ev->data.len > QUIC_SOCK_TOKEN_MAX_BYTES)
		return;
	/* Without memory the next connection goes without it. */
	quic_sock_blob_set(&q->token, ev->data.data, ev->data.len, GFP_ATOMIC);
	quic_event_add(q, QUIC_EVENT_NEW_TOKEN, 0, ev->data.data, ev->data.len);
}

void quic_edge_event(struct quic_conn *conn, const struct quic_edge_event_info *ev)
{
	struct quic_sock *q = quic_sk(quic_host(conn)->sk);
	struct quic_connection_id_info ids;
	struct quic_connection_close c;
	u64 value = ev->value;
	u8 byte = ev->value;

	switch (ev->type) {
	case QUIC_EDGE_EV_STREAM:
		event_add_stream(q, ev);
		break;
	case QUIC_EDGE_EV_STREAM_MAX_DATA:
		event_add_max_data(q, ev);
		break;
	case QUIC_EDGE_EV_MAX_STREAMS:
		quic_event_add(q, QUIC_EVENT_STREAM_MAX_STREAM, value & QUIC_STREAM_TYPE_MASK,
			       &value, sizeof(value));
		break;
	case QUIC_EDGE_EV_CONNID:
		quic_event_fill_connid(q, ev->sid, &ids);
		quic_event_add(q, QUIC_EVENT_CONNECTION_ID, ev->sid, &ids, sizeof(ids));
		break;
	case QUIC_EDGE_EV_CLOSE:
		quic_event_fill_close(q, &c);
		quic_event_add(q, QUIC_EVENT_CONNECTION_CLOSE, 0, &c, sizeof(c));
		break;
	case QUIC_EDGE_EV_MIGRATED:
		quic_event_add(q, QUIC_EVENT_CONNECTION_MIGRATION, byte, &byte, sizeof(byte));
		break;
	case QUIC_EDGE_EV_KEY_UPDATE:
		quic_event_add(q, QUIC_EVENT_KEY_UPDATE, 0, &byte, sizeof(byte));
		break;
	case QUIC_EDGE_EV_NEW_TOKEN:
		event_add_token(q, ev);
		break;
	}
}
