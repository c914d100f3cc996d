// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * host.c - the edges' part of a connection: made, detached, freed
 */
#include "crypto.h"
#include "host.h"
#include "lookup.h"
#include "timer.h"
#include "tunnel.h"
#include "tx.h"

void quic_host_init(struct quic_host *host, struct sock *sk)
{
	host->sk = sk;
	host->qn = quic_net_get(sock_net(sk));
	INIT_HLIST_HEAD(&host->cids);
	quic_pool_init(&host->pool_rx);
	quic_pool_init(&host->pool_tx);
	quic_timer_init(host);
	quic_conn_init(&host->conn);
}

void quic_host_detach(struct quic_host *host)
{
	quic_timer_stop(host);
	quic_lookup_cid_del_all(host);
	quic_lookup_path_del(host);
	quic_tx_flush_routes(host);
	if (host->tunnel) {
		quic_tunnel_put(host->tunnel, host->owns_tunnel);
		host->tunnel = NULL;
	}
	if (host->side) {
		quic_tunnel_put(host->side, host->owns_side);
		host->side = NULL;
	}
}

void quic_host_exit(struct quic_host *host)
{
	quic_conn_exit(&host->conn);
	WARN_ON_ONCE(host->nr_held);
	kfree(host->held_pkts);
	host->held_pkts = NULL;
	quic_pool_exit(&host->pool_rx);
	quic_pool_exit(&host->pool_tx);
}

void quic_host_trim(struct quic_host *host)
{
	quic_pool_trim(&host->pool_rx);
	quic_pool_trim(&host->pool_tx);
}

void quic_edge_random(void *dst, size_t len)
{
	get_random_bytes(dst, len);
}
