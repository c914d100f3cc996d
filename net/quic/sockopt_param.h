/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sockopt_param.h - options that describe a connection before it is made
 */
#ifndef _QUIC_SOCKOPT_PARAM_H
#define _QUIC_SOCKOPT_PARAM_H

#include "sockopt.h"

/* Carries q->param and q->config over to the connection; not once established. */
void quic_param_apply(struct quic_sock *q);

int quic_param_set(struct quic_sock *q, const void *val, u32 len);
int quic_param_get(struct quic_sock *q, struct quic_sockopt_get *g);
int quic_param_set_ext(struct quic_sock *q, const void *val, u32 len);
int quic_param_get_ext(struct quic_sock *q, struct quic_sockopt_get *g);
int quic_param_set_config(struct quic_sock *q, const void *val, u32 len);
int quic_param_get_config(struct quic_sock *q, struct quic_sockopt_get *g);
int quic_param_set_congestion(struct quic_sock *q, const void *val, u32 len);
int quic_param_get_congestion(struct quic_sock *q, struct quic_sockopt_get *g);

#endif /* _QUIC_SOCKOPT_PARAM_H */
