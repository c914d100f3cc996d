/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sockopt_stream.h - options that act on one stream
 */
#ifndef _QUIC_SOCKOPT_STREAM_H
#define _QUIC_SOCKOPT_STREAM_H

#include "sockopt.h"

int quic_sockopt_stream_open(struct quic_sock *q, struct quic_sockopt_get *g);
int quic_sockopt_stream_reset(struct quic_sock *q, const void *val, u32 len);
int quic_sockopt_stream_stop(struct quic_sock *q, const void *val, u32 len);
int quic_sockopt_stream_set_priority(struct quic_sock *q, const void *val, u32 len);
int quic_sockopt_stream_get_priority(struct quic_sock *q, struct quic_sockopt_get *g);

#endif /* _QUIC_SOCKOPT_STREAM_H */
