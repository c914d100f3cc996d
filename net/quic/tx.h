/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tx.h - bursts: from the engine's packets to one UDP GSO skb
 *
 * The burst functions themselves are in edge.h.  This is what the other edges
 * need of tx.c.
 */
#ifndef _QUIC_TX_H
#define _QUIC_TX_H

#include "host.h"

/* Drops cached routes: after a change of tunnel, mark, device or address. */
void quic_tx_flush_routes(struct quic_host *host);

int quic_tx_init(struct quic_net *qn);
void quic_tx_exit(struct quic_net *qn);

#endif /* _QUIC_TX_H */
