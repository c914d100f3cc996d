/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * event.h - the queue of events that an application subscribed to
 */
#ifndef _QUIC_EVENT_H
#define _QUIC_EVENT_H

#include "socket.h"

/**
 * struct quic_event_item - one event
 * @entry: in quic_event_queue.list
 * @key: stream id and part, or 0: later events of equal type and key replace it
 * @off: bytes of @data the application has read
 * @len: bytes of @data
 * @data: type byte and payload, as recvmsg() hands them out
 */
struct quic_event_item {
	struct list_head entry;
	u64 key;
	u32 off;
	u32 len;
	u8 data[];
};

void quic_event_init(struct quic_sock *q);
/* Drops everything queued; @q is owned. */
void quic_event_purge(struct quic_sock *q);

/**
 * quic_event_add() - queue an event if somebody subscribed
 * @q: socket, owned
 * @type: enum quic_event_type
 * @key: see struct quic_event_item
 * @data: payload
 * @len: its bytes
 *
 * A long queue is searched for an event that this one replaces, so that it is
 * bounded by the number of streams; where memory for a new one is refused the
 * loss is counted (QuicFrmRcvBufDrop).
 *
 * Context: any.
 */
void quic_event_add(struct quic_sock *q, enum quic_event_type type, u64 key, const void *data,
		    u32 len);
/* The oldest event, or NULL. */
struct quic_event_item *quic_event_first(struct quic_sock *q);
/* The application has read @len more bytes of the oldest event: frees it at its end. */
void quic_event_consume(struct quic_sock *q, u32 len);

static inline bool quic_event_is_on(const struct quic_sock *q, enum quic_event_type type)
{
	return q->events.mask & BIT(type);
}

/* The local or the peer's CONNECTION_CLOSE as user space sees it. */
void quic_event_fill_close(const struct quic_sock *q, struct quic_connection_close *c);
/* Sequence numbers of connection ids as user space sees them. */
void quic_event_fill_connid(const struct quic_sock *q, bool dest,
			    struct quic_connection_id_info *info);

#endif /* _QUIC_EVENT_H */
