/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * info.h - what a connection tells of itself: QUIC_SOCKOPT_INFO, TCP_INFO
 */
#ifndef _QUIC_INFO_H
#define _QUIC_INFO_H

#include "sockopt.h"

/* Fills @info; @q is owned. */
void quic_info_fill(const struct quic_sock *q, struct quic_info *info);
int quic_info_get(struct quic_sock *q, struct quic_sockopt_get *g);
/* getsockopt(SOL_TCP, TCP_INFO): what maps (UAPI.md 17.18). */
int quic_info_get_tcp(struct quic_sock *q, struct quic_sockopt_get *g);

#endif /* _QUIC_INFO_H */
