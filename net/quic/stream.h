/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stream.h - stream objects, their table and limits
 *
 * A stream lives from its first use by either side until both parts are in a
 * terminal state and the application has taken what it had to take.  Ids that
 * are open only because a higher one was used (RFC 9000 3.2) have no object.
 */
#ifndef _QUIC_STREAM_H
#define _QUIC_STREAM_H

#include "core/flow.h"
#include "core/stream_state.h"
#include "inqueue.h"
#include "sndbuf.h"

#define QUIC_URGENCY_DEFAULT	3	/* RFC 9218 4.1 */
#define QUIC_NR_URGENCIES	8

#define QUIC_STREAM_FLOOD_IDLE	2048	/* islands of ids open but unused, per type */

/* What a stream has to tell in control frames: bits of quic_stream.pending. */
#define QUIC_STREAM_TELL_MAX_DATA	BIT(0)
#define QUIC_STREAM_TELL_BLOCKED	BIT(1)
#define QUIC_STREAM_TELL_RESET		BIT(2)
#define QUIC_STREAM_TELL_STOP		BIT(3)

/**
 * struct quic_stream - one stream
 * @node: in the table, keyed by id
 * @send_entry: in one of the outqueue's lists while it has something to send
 * @send_list: that list, NULL: in none
 * @ctl_entry: in conn->streams.ctl while @pending
 * @read_entry: in conn->streams.readable while the application can read
 * @sid: id
 * @send_state: sending part
 * @recv_state: receiving part
 * @has_send: it has a sending part
 * @has_recv: it has a receiving part
 * @pending: QUIC_STREAM_TELL_*
 * @urgency: 0 (first) .. 7
 * @incremental: takes turns with others of its urgency
 * @corked: MSG_MORE: hold an incomplete packet back
 * @told_recv: the application got the final event of the receiving part (FIN or reset)
 * @stop_told: STOP_SENDING was requested
 * @owing: counted in conn->streams.nr_owing
 * @used: data was queued, or received: past a mere open
 * @snd: bytes to send
 * @rcv: bytes received
 * @tx: credit the peer gave
 * @rx: credit we gave
 * @final_size: of the receiving part, U64_MAX: not known
 * @reset_code: RESET_STREAM we send
 * @reset_size: its final size
 * @stop_code: STOP_SENDING we send
 * @peer_code: of the peer's RESET_STREAM
 * @small_end: offset behind the last short packet sent (Minshall)
 */
struct quic_stream {
	struct quic_node node;
	struct list_head send_entry;
	struct list_head *send_list;
	struct list_head ctl_entry;
	struct list_head read_entry;
	quic_sid sid;
	u8 send_state;
	u8 recv_state;
	bool has_send;
	bool has_recv;
	u8 pending;
	u8 urgency;
	bool incremental;
	bool corked;
	bool told_recv;
	bool stop_told;
	bool owing;
	bool used;
	struct quic_sndbuf snd;
	struct quic_inqueue rcv;
	struct quic_flow_tx tx;
	struct quic_flow_rx rx;
	u64 final_size;
	u64 reset_code;
	u64 reset_size;
	u64 stop_code;
	u64 peer_code;
	u64 small_end;
};

/**
 * struct quic_stream_type - ids of one type (who opens it, direction)
 * @opened: indexes below are or were open
 * @max: indexes below may be opened (peer's or our MAX_STREAMS)
 * @idle: indexes below @opened that have no object and were never used
 * @nr: objects
 * @closed: streams that ended, for raising @max of peer-opened types
 * @peer_waits: it said that it is blocked at @max: the next one that ends is told at once
 * @blocked_at: limit for which STREAMS_BLOCKED was told last, U64_MAX: none
 */
struct quic_stream_type {
	u64 opened;
	u64 max;
	struct quic_ranges idle;
	u32 nr;
	bool peer_waits;
	u64 closed;
	u64 blocked_at;
};

/**
 * struct quic_streams - all streams of a connection
 * @tree: objects by id
 * @last: the one found last
 * @type: by the two low bits of the id
 * @ctl: streams with control frames to send
 * @readable: streams the application can read, in order of arrival
 * @active: stream for plain send, U64_MAX: none
 * @nr_owing: streams with bytes or a FIN that the peer has not acknowledged
 */
struct quic_streams {
	struct quic_tree tree;
	struct quic_stream *last;
	struct quic_stream_type type[4];
	struct list_head ctl;
	struct list_head readable;
	u64 active;
	u32 nr_owing;
};

void quic_stream_table_init(struct quic_conn *conn);
void quic_stream_table_exit(struct quic_conn *conn);
/* Nothing will be sent any more: frees what waits for it; received data stays. */
void quic_stream_table_shed(struct quic_conn *conn);
/* Limits and windows of the local parameters, and of the peer's once known. */
void quic_stream_on_tparams(struct quic_conn *conn);

/*
 * Limits of the peer's parameters instead of those in force, and all streams as if
 * nothing of them had been sent (RFC 9001 4.6.2).  False: more streams are open than
 * the peer allows; nothing is changed then.
 */
bool quic_stream_restart(struct quic_conn *conn);

/* The object of @sid, or NULL. */
struct quic_stream *quic_stream_find(struct quic_conn *conn, quic_sid sid);
/* Is @sid (of any type) open without ever having been used, or beyond what is open? */
bool quic_stream_is_idle(struct quic_conn *conn, quic_sid sid);

/**
 * quic_stream_open() - the application opens a stream of ours
 * @conn: connection
 * @sid: id, of our role
 * @out: the stream
 *
 * Lower ids of its type become open too.
 *
 * Return: 0; -EINVAL wrong role; -EAGAIN above the peer's limit; -ENOSTR closed;
 * -EEXIST already used; -ENOMEM.
 */
int quic_stream_open(struct quic_conn *conn, quic_sid sid, struct quic_stream **out);
/* How many streams of a type may be opened by the parameters of who accepts them. */
u64 quic_stream_initial_max(const struct quic_conn *conn, unsigned int type);
/* The application could not open a stream: tells the peer, once for each limit [9000-4.6]. */
void quic_stream_on_open_blocked(struct quic_conn *conn, bool uni);
/* The QUIC_CTL_STREAMS_BLOCKED_* that are worth saying again when they were lost. */
u32 quic_stream_blocked_ctl(const struct quic_conn *conn);
/* Stream @sid of the peer's ended: it may open another, told in steps [9000-4.6#5]. */
void quic_stream_return_limit(struct quic_conn *conn, quic_sid sid);
/* The peer could not for @limit: it gets what can be given, now or when the next one ends. */
void quic_stream_on_streams_blocked(struct quic_conn *conn, bool uni, u64 limit);
/* The next id of ours of that direction. */
quic_sid quic_stream_next_sid(const struct quic_conn *conn, bool uni);
/**
 * quic_stream_for_send() - the stream the application wants to send on
 * @conn: connection
 * @sid: its id
 * @out: the stream
 *
 * Return: 0; -EINVAL never opened, or receive-only; -ENOSTR closed; -ENOMEM.
 */
int quic_stream_for_send(struct quic_conn *conn, quic_sid sid, struct quic_stream **out);

/**
 * quic_stream_for_frame() - the stream a received frame talks about
 * @conn: connection
 * @sid: id in the frame
 * @peer_sends: the frame is about the peer's sending part (STREAM, RESET_STREAM,
 *	STREAM_DATA_BLOCKED), otherwise about ours (STOP_SENDING, MAX_STREAM_DATA)
 * @out: the stream; NULL with return 0 when it has ended: ignore the frame
 *
 * Opens peer streams on the way (RFC 9000 3.2).
 *
 * Return: 0, -ENOMEM, QUIC_VIOLATION_STREAM_*.
 */
int quic_stream_for_frame(struct quic_conn *conn, quic_sid sid, bool peer_sends,
			  struct quic_stream **out);

/* Bytes a slot of the send buffer should hold so that one fills one packet. */
u32 quic_stream_slot_bytes(const struct quic_conn *conn, const struct quic_stream *s);
/* Data (and a FIN) was appended: makes it schedulable. */
void quic_stream_on_written(struct quic_conn *conn, struct quic_stream *s, bool fin);
/* RESET_STREAM: 0, -EINVAL when the sending part is over already. */
int quic_stream_reset(struct quic_conn *conn, struct quic_stream *s, u64 code);
/* STOP_SENDING: 0, -EINVAL when everything arrived, -EAGAIN when asked before. */
int quic_stream_stop(struct quic_conn *conn, struct quic_stream *s, u64 code);
/* The application took @len bytes; credit is returned. */
void quic_stream_on_read(struct quic_conn *conn, struct quic_stream *s, u64 len, quic_us now);
/* The application was told of the FIN; @s may be gone afterwards. */
void quic_stream_on_end_told(struct quic_conn *conn, struct quic_stream *s);
/* True when the application can read bytes, a FIN or a reset. */
bool quic_stream_is_readable(const struct quic_stream *s);
/* All bytes were read, or there are none, and the FIN is the next thing to tell. */
bool quic_stream_at_fin(const struct quic_stream *s);

/* Received frames (frame_rx): 0, negative errno, or a violation. */
int quic_stream_rx_data(struct quic_conn *conn, struct quic_stream *s, u64 off,
			const struct quic_buf *buf, bool fin);
int quic_stream_rx_reset(struct quic_conn *conn, struct quic_stream *s, u64 code, u64 final_size);
int quic_stream_rx_stop(struct quic_conn *conn, struct quic_stream *s, u64 code);
/* STREAM_DATA_BLOCKED came: tells the limit if there is something to tell. */
void quic_stream_rx_blocked(struct quic_conn *conn, struct quic_stream *s, u64 limit);

/* Settled packets (conn). */
void quic_stream_on_acked(struct quic_conn *conn, const struct quic_sent_item *it);
void quic_stream_on_lost(struct quic_conn *conn, const struct quic_sent_item *it);

/* [@off, @off + @len) and perhaps the FIN of @s was put into a packet. */
void quic_stream_on_sent(struct quic_conn *conn, struct quic_stream *s, u64 off, u32 len,
			 bool fin);
/* The application has more for @s than credit allows: tells the peer [9000-4.1]. */
void quic_stream_on_blocked(struct quic_conn *conn, struct quic_stream *s);
/* Changes how @s is scheduled against others (RFC 9218). */
void quic_stream_set_priority(struct quic_conn *conn, struct quic_stream *s, u8 urgency,
			      bool incremental);
/* Puts @s into the schedule when it has something to send, takes it out otherwise. */
void quic_stream_update_schedule(struct quic_conn *conn, struct quic_stream *s);
/* Nothing is held back any more: the last bytes of every stream may leave. */
void quic_stream_flush(struct quic_conn *conn);
/* Everything written to any stream (that was not reset) is acknowledged. */
bool quic_stream_all_delivered(const struct quic_conn *conn);
/* Frees @s when both parts are over; true when it is gone. */
bool quic_stream_try_free(struct quic_conn *conn, struct quic_stream *s);

#endif /* _QUIC_STREAM_H */
