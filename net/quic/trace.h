/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trace.h - tracepoints of a connection, precise enough to write qlog from
 *
 * One tracepoint per kind of event of edge.h; arguments as documented there.  The
 * connection is named by the socket's cookie-like pointer and the original
 * destination connection id, which qlog groups by.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM quic

#if !defined(_QUIC_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _QUIC_TRACE_H

#include <linux/tracepoint.h>

#include "host.h"

DECLARE_EVENT_CLASS(quic_conn_event,
	TP_PROTO(const struct quic_conn *conn, u64 a, u64 b, u64 c),
	TP_ARGS(conn, a, b, c),
	TP_STRUCT__entry(
		__field(const void *, sk)
		__array(u8, odcid, QUIC_CID_MAX_BYTES)
		__field(u8, odcid_len)
		__field(u8, server)
		__field(u64, a)
		__field(u64, b)
		__field(u64, c)
	),
	TP_fast_assign(
		__entry->sk = quic_host(conn)->sk;
		__entry->odcid_len = conn->original_dcid.len;
		memcpy(__entry->odcid, conn->original_dcid.data, QUIC_CID_MAX_BYTES);
		__entry->server = conn->is_server;
		__entry->a = a;
		__entry->b = b;
		__entry->c = c;
	),
	TP_printk("sk=%p odcid=%*phN server=%u a=%llu b=%llu c=%llu", __entry->sk,
		  (int)__entry->odcid_len, __entry->odcid, __entry->server, __entry->a,
		  __entry->b, __entry->c)
);

#define QUIC_TRACE_DEFINE(name)						\
DEFINE_EVENT(quic_conn_event, quic_##name,				\
	TP_PROTO(const struct quic_conn *conn, u64 a, u64 b, u64 c),	\
	TP_ARGS(conn, a, b, c))

QUIC_TRACE_DEFINE(pkt_sent);
QUIC_TRACE_DEFINE(pkt_rcvd);
QUIC_TRACE_DEFINE(pkt_lost);
QUIC_TRACE_DEFINE(pkt_dropped);
QUIC_TRACE_DEFINE(frame_sent);
QUIC_TRACE_DEFINE(frame_rcvd);
QUIC_TRACE_DEFINE(state);
QUIC_TRACE_DEFINE(violation);
QUIC_TRACE_DEFINE(metrics);

#endif /* _QUIC_TRACE_H */

#undef TRACE_INCLUDE_PATH
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_PATH .
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
