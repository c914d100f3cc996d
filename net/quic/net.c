// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * net.c - the edges' init and exit, per namespace and for the module
 *
 * Both are ladders: what is brought up last goes first.
 */
#include <net/netns/generic.h>

#include "crypto.h"
#include "hkdf.h"
#include "lookup.h"
#include "mib.h"
#include "net.h"
#include "rx.h"
#include "tunnel.h"
#include "tx.h"

static unsigned int quic_net_id __read_mostly;
struct workqueue_struct *quic_net_wq;

struct quic_net *quic_net_get(const struct net *net)
{
	return net_generic(net, quic_net_id);
}

static int __net_init net_init(struct net *net)
{
	struct quic_net *qn = quic_net_get(net);
	int err;

	qn->net = net;
	mutex_init(&qn->tunnel_lock);
	INIT_HLIST_HEAD(&qn->tunnels);
	get_random_bytes(qn->reset_key, sizeof(qn->reset_key));
	err = quic_mib_init(qn);
	if (err)
		return err;
	err = quic_tx_init(qn);
	if (err)
		goto err_mib;
	err = quic_lookup_init(qn);
	if (err)
		goto err_tx;
	return 0;

err_tx:
	quic_tx_exit(qn);
err_mib:
	quic_mib_exit(qn);
	return err;
}

static void __net_exit net_exit(struct quic_net *qn)
{
	quic_lookup_exit(qn);
	quic_tx_exit(qn);
	quic_mib_exit(qn);
	memzero_explicit(qn->reset_key, sizeof(qn->reset_key));
}

static void __net_exit net_exit_batch(struct list_head *nets)
{
	struct net *net;

	list_for_each_entry(net, nets, exit_list)
		quic_tunnel_net_exit(quic_net_get(net));
	synchronize_net();	/* datagrams that are being looked up */
	list_for_each_entry(net, nets, exit_list)
		net_exit(quic_net_get(net));
}

static struct pernet_operations net_ops = {
	.init = net_init,
	.exit_batch = net_exit_batch,
	.id = &quic_net_id,
	.size = sizeof(struct quic_net),
};

int quic_net_setup(void)
{
	int err;

	quic_net_wq = alloc_workqueue("quic", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!quic_net_wq)
		return -ENOMEM;
	err = quic_hkdf_setup();
	if (err)
		goto err_wq;
	err = quic_crypto_setup();
	if (err)
		goto err_hkdf;
	err = quic_lookup_setup();
	if (err)
		goto err_crypto;
	err = register_pernet_subsys(&net_ops);
	if (err)
		goto err_lookup;
	return 0;

err_lookup:
	quic_lookup_cleanup();
err_crypto:
	quic_crypto_cleanup();
err_hkdf:
	quic_hkdf_cleanup();
err_wq:
	destroy_workqueue(quic_net_wq);
	return err;
}

void quic_net_cleanup(void)
{
	unregister_pernet_subsys(&net_ops);
	rcu_barrier();
	destroy_workqueue(quic_net_wq);
	quic_rx_cleanup();
	quic_lookup_cleanup();
	quic_crypto_cleanup();
	quic_hkdf_cleanup();
}
