/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mib.h - counters of a netns, shown in /proc/net/quic/snmp
 *
 * The first names are those of the existing interface (UAPI.md 12), in its order;
 * ours follow.
 */
#ifndef _QUIC_MIB_H
#define _QUIC_MIB_H

#include <linux/percpu.h>

#include "net.h"

/* X(enumerator, name in /proc) */
#define QUIC_MIB_TABLE(X)						\
	X(CURR_ESTABS, "QuicConnCurrentEstabs")				\
	X(PASSIVE_ESTABS, "QuicConnPassiveEstabs")			\
	X(ACTIVE_ESTABS, "QuicConnActiveEstabs")			\
	X(RCV_FASTPATHS, "QuicPktRcvFastpaths")				\
	X(DEC_FASTPATHS, "QuicPktDecFastpaths")				\
	X(ENC_FASTPATHS, "QuicPktEncFastpaths")				\
	X(RCV_BACKLOGS, "QuicPktRcvBacklogs")				\
	X(DEC_BACKLOGS, "QuicPktDecBacklogs")				\
	X(ENC_BACKLOGS, "QuicPktEncBacklogs")				\
	X(INV_HDR_DROP, "QuicPktInvHdrDrop")				\
	X(INV_NUM_DROP, "QuicPktInvNumDrop")				\
	X(INV_FRM_DROP, "QuicPktInvFrmDrop")				\
	X(RCV_DROP, "QuicPktRcvDrop")					\
	X(DEC_DROP, "QuicPktDecDrop")					\
	X(ENC_DROP, "QuicPktEncDrop")					\
	X(RCV_BUF_DROP, "QuicFrmRcvBufDrop")				\
	X(FRM_RETRANS, "QuicFrmRetrans")				\
	X(OUT_CLOSES, "QuicFrmOutCloses")				\
	X(IN_CLOSES, "QuicFrmInCloses")					\
	X(BURSTS_OUT, "QuicBurstsOut")					\
	X(PKTS_OUT, "QuicPktsOut")					\
	X(AGGREGATES_IN, "QuicAggregatesIn")				\
	X(DATAGRAMS_IN, "QuicDatagramsIn")				\
	X(CSUM_ERRORS, "QuicCsumErrors")				\
	X(UNCLAIMED, "QuicUnclaimed")					\
	X(CRYPTO_ASYNC, "QuicCryptoAsync")				\
	X(CRYPTO_DEFERRED, "QuicCryptoDeferred")			\
	X(RETRY_SENT, "QuicRetrySent")					\
	X(VN_SENT, "QuicVersionNegotiationSent")			\
	X(RESET_SENT, "QuicStatelessResetSent")				\
	X(RESET_RCVD, "QuicStatelessResetRcvd")				\
	X(RATE_LIMITED, "QuicStatelessRateLimited")			\
	X(VN_LIMITED, "QuicVersionNegotiationRateLimited")		\
	X(RETRY_LIMITED, "QuicRetryRateLimited")			\
	X(RESET_LIMITED, "QuicStatelessResetRateLimited")		\
	X(HALF_OPEN_DROP, "QuicHalfOpenDrop")				\
	X(LISTEN_OVERFLOW, "QuicListenOverflow")			\
	X(ICMP_MTU, "QuicIcmpPacketTooBig")				\
	X(TIMEOUTS, "QuicTimeouts")

enum quic_mib_counter {
#define QUIC_MIB_ENUM(id, name) QUIC_MIB_##id,
	QUIC_MIB_TABLE(QUIC_MIB_ENUM)
#undef QUIC_MIB_ENUM
	QUIC_NR_MIBS,
};

/**
 * struct quic_mib - counters of one CPU
 * @v: by enum quic_mib_counter
 */
struct quic_mib {
	unsigned long v[QUIC_NR_MIBS];
};

/* Counts; @n may be negative for a gauge. Context: any. */
static inline void quic_mib_add(struct quic_net *qn, enum quic_mib_counter c, long n)
{
	this_cpu_add(qn->mib->v[c], n);
}

/* Counts one, on this CPU; any context. */
static inline void quic_mib_inc(struct quic_net *qn, enum quic_mib_counter c)
{
	this_cpu_inc(qn->mib->v[c]);
}

/* Sum over all CPUs. */
unsigned long quic_mib_read(const struct quic_net *qn, enum quic_mib_counter c);
/* As shown in /proc. */
const char *quic_mib_name(enum quic_mib_counter c);

int quic_mib_init(struct quic_net *qn);
void quic_mib_exit(struct quic_net *qn);

#endif /* _QUIC_MIB_H */
