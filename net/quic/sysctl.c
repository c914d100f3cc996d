// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sysctl.c - /proc/sys/net/quic
 *
 * quic_mem is global and shown in the initial namespace only: struct proto has
 * one.  Everything else is per namespace; see Documentation/networking/quic/.
 */
#include <linux/sysctl.h>

#include "protocol.h"
#include "socket.h"

static int sysctl_min_buf = PAGE_SIZE;
static int sysctl_max_ms = 3600 * MSEC_PER_SEC;
static int sysctl_max_half_open = 1 << 20;
static int sysctl_max_rate = 1000000;

/* The default algorithm by name: only one that exists is taken. */
static int sysctl_do_cong(const struct ctl_table *table, int write, void *buffer, size_t *lenp,
			  loff_t *ppos)
{
	struct quic_sock_net *sn = container_of(table->data, struct quic_sock_net, cong);
	char name[QUIC_CONG_NAME_MAX];
	struct ctl_table tmp = { .data = name, .maxlen = sizeof(name) };
	int err;

	strscpy(name, sn->cong, sizeof(name));
	err = proc_dostring(&tmp, write, buffer, lenp, ppos);
	if (err || !write)
		return err;
	if (!quic_cong_find(name))
		return -ENOENT;
	strscpy(sn->cong, name, sizeof(sn->cong));
	return 0;
}

#define SYSCTL_INT(_name, _field, _min, _max)					\
	{									\
		.procname = _name,						\
		.data = (void *)offsetof(struct quic_sock_net, _field),		\
		.maxlen = sizeof_field(struct quic_sock_net, _field),		\
		.mode = 0644,							\
		.proc_handler = proc_dointvec_minmax,				\
		.extra1 = _min,							\
		.extra2 = _max,							\
	}

/* .data holds offsets into struct quic_sock_net until a copy is registered. */
static const struct ctl_table sysctl_net_table[] = {
	SYSCTL_INT("quic_rmem", rmem, &sysctl_min_buf, SYSCTL_INT_MAX),
	SYSCTL_INT("quic_wmem", wmem, &sysctl_min_buf, SYSCTL_INT_MAX),
	SYSCTL_INT("handshake_timeout_ms", handshake_timeout_ms, SYSCTL_ONE, &sysctl_max_ms),
	SYSCTL_INT("flush_timeout_ms", flush_timeout_ms, SYSCTL_ZERO, &sysctl_max_ms),
	SYSCTL_INT("half_open_max", half_open_max, SYSCTL_ONE, &sysctl_max_half_open),
	SYSCTL_INT("half_open_source_max", half_open_source_max, SYSCTL_ONE,
		   &sysctl_max_half_open),
	SYSCTL_INT("server_migration", server_migration, SYSCTL_ZERO, SYSCTL_ONE),
	SYSCTL_INT("stateless_rate", stateless_rate, SYSCTL_ZERO, &sysctl_max_rate),
	SYSCTL_INT("spin_bit", spin_bit, SYSCTL_ZERO, SYSCTL_ONE),
	{
		.procname = "congestion_control",
		.data = (void *)offsetof(struct quic_sock_net, cong),
		.maxlen = QUIC_CONG_NAME_MAX,
		.mode = 0644,
		.proc_handler = sysctl_do_cong,
	},
	{
		.procname = "quic_mem",
		.data = quic_sock_sysctl_mem,
		.maxlen = sizeof(quic_sock_sysctl_mem),
		.mode = 0644,
		.proc_handler = proc_doulongvec_minmax,
	},
};

int quic_sysctl_net_init(struct net *net)
{
	struct quic_sock_net *sn = quic_sock_net(net);
	size_t i, nr = ARRAY_SIZE(sysctl_net_table);
	struct ctl_table *table;

	table = kmemdup(sysctl_net_table, sizeof(sysctl_net_table), GFP_KERNEL);
	if (!table)
		return -ENOMEM;
	for (i = 0; i < nr - 1; i++)
		table[i].data = (u8 *)sn + (unsigned long)table[i].data;
	if (!net_eq(net, &init_net))
		nr--;		/* quic_mem is the last one */
	sn->sysctl = register_net_sysctl_sz(net, "net/quic", table, nr);
	if (sn->sysctl)
		return 0;
	kfree(table);
	return -ENOMEM;
}

void quic_sysctl_net_exit(struct net *net)
{
	struct quic_sock_net *sn = quic_sock_net(net);
	const struct ctl_table *table = sn->sysctl->ctl_table_arg;

	unregister_net_sysctl_table(sn->sysctl);
	kfree(table);
}
