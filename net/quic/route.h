/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * route.h - which of several listeners on one address a ClientHello is for
 */
#ifndef _QUIC_ROUTE_H
#define _QUIC_ROUTE_H

#include "listen.h"

void quic_route_init(struct quic_listener *l);
/* Looks at @sk's unrouted requests and routing children again. Context: any. */
void quic_route_kick(struct sock *sk);
/* Ends what waits for a ClientHello or for accept(); @q is owned and stops listening. */
void quic_route_stop(struct quic_sock *q);

#endif /* _QUIC_ROUTE_H */
