// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * trace.c - the engine's observations become tracepoints and counters
 */
#include "edge.h"
#include "mib.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

static void trace_count_drop(struct quic_net *qn, enum quic_drop why)
{
	switch (why) {
	case QUIC_DROP_HEADER:
	case QUIC_DROP_CID:
		quic_mib_inc(qn, QUIC_MIB_INV_HDR_DROP);
		break;
	case QUIC_DROP_DUPLICATE:
		quic_mib_inc(qn, QUIC_MIB_INV_NUM_DROP);
		break;
	case QUIC_DROP_AUTH:
	case QUIC_DROP_NO_KEY:
		quic_mib_inc(qn, QUIC_MIB_DEC_DROP);
		break;
	case QUIC_DROP_MEMORY:
		quic_mib_inc(qn, QUIC_MIB_RCV_BUF_DROP);
		break;
	default:
		quic_mib_inc(qn, QUIC_MIB_RCV_DROP);
		break;
	}
}

/* Events that are rare, and worth a counter. */
static void trace_rare(struct quic_conn *conn, enum quic_trace_kind kind, u64 a, u64 b, u64 c)
{
	struct quic_net *qn = quic_host(conn)->qn;

	switch (kind) {
	case QUIC_TRACE_PKT_LOST:
		quic_mib_inc(qn, QUIC_MIB_FRM_RETRANS);
		trace_quic_pkt_lost(conn, a, b, c);
		break;
	case QUIC_TRACE_PKT_DROPPED:
		trace_count_drop(qn, c);
		trace_quic_pkt_dropped(conn, a, b, c);
		break;
	case QUIC_TRACE_VIOLATION:
		quic_mib_inc(qn, QUIC_MIB_INV_FRM_DROP);
		trace_quic_violation(conn, a, b, c);
		break;
	default:
		trace_quic_state(conn, a, b, c);
		break;
	}
}

void quic_edge_trace(struct quic_conn *conn, enum quic_trace_kind kind, u64 a, u64 b, u64 c)
{
	switch (kind) {
	case QUIC_TRACE_PKT_SENT:
		trace_quic_pkt_sent(conn, a, b, c);
		break;
	case QUIC_TRACE_PKT_RCVD:
		trace_quic_pkt_rcvd(conn, a, b, c);
		break;
	case QUIC_TRACE_FRAME_SENT:
		trace_quic_frame_sent(conn, a, b, c);
		break;
	case QUIC_TRACE_FRAME_RCVD:
		trace_quic_frame_rcvd(conn, a, b, c);
		break;
	case QUIC_TRACE_METRICS:
		trace_quic_metrics(conn, a, b, c);
		break;
	default:
		trace_rare(conn, kind, a, b, c);
		break;
	}
}
