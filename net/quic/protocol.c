// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * protocol.c - the module: protocol tables, and bringing everything up and down
 *
 * struct proto has no .owner on purpose: sk_alloc() would pin the module for as
 * long as a socket lives, and orphans live on after close() (close.c).  Files pin
 * it through proto_ops.owner.
 */
#include <linux/module.h>
#include <linux/mm.h>
#include <linux/swap.h>
#include <net/inet_common.h>
#include <net/protocol.h>
#include <net/transp_v6.h>
#include <uapi/linux/sockios.h>
#include <asm/ioctls.h>

#include "compat.h"
#include "accept.h"
#include "bind.h"
#include "close.h"
#include "listen.h"
#include "protocol.h"
#include "recvmsg.h"
#include "sendmsg.h"
#include "sockopt.h"

static atomic_long_t protocol_memory_allocated;
static DEFINE_PER_CPU(int, protocol_memory_fw_alloc);
static unsigned long protocol_memory_pressure;
/* What a socket may have even when memory is scarce: the netns' own are its defaults. */
static int protocol_rmem[3] = { PAGE_SIZE, 1 << 20, 16 << 20 };
static int protocol_wmem[3] = { PAGE_SIZE, 16 << 10, 16 << 20 };

static void protocol_enter_pressure(struct sock *sk)
{
	WRITE_ONCE(protocol_memory_pressure, 1);
}

/* Tables of ids and paths are left by quic_host_detach(). */
static void protocol_unhash(struct sock *sk)
{
}

static int protocol_hash(struct sock *sk)
{
	return 0;
}

static u64 protocol_unacked(const struct quic_conn *conn, bool unsent_only)
{
	struct quic_node *n;
	u64 bytes = 0;

	for (n = quic_tree_first(&conn->streams.tree); n;
	     n = quic_tree_next(&conn->streams.tree, n)) {
		const struct quic_stream *s = container_of(n, struct quic_stream, node);

		bytes += s->snd.end - (unsent_only ? s->snd.next : s->snd.base);
	}
	return bytes;
}

static int protocol_ioctl(struct sock *sk, int cmd, int *karg)
{
	struct quic_sock *q = quic_sk(sk);
	u64 bytes = 0;
	int err = 0;

	lock_sock(sk);
	if (quic_sock_is_listening(q))
		err = -EINVAL;
	else if (cmd == SIOCINQ)
		bytes = quic_recv_queued(q);
	else if (cmd == SIOCOUTQ)
		bytes = protocol_unacked(quic_sock_conn(q), false);
	else if (cmd == SIOCOUTQNSD)
		bytes = protocol_unacked(quic_sock_conn(q), true);
	else
		err = -ENOIOCTLCMD;
	release_sock(sk);
	if (!err)
		*karg = min_t(u64, bytes, INT_MAX);
	return err;
}

QUIC_COMPAT_RECVMSG(protocol_recvmsg, quic_recvmsg)

#define PROTOCOL_COMMON							\
	.close = quic_close,						\
	.accept = quic_accept,					\
	.ioctl = protocol_ioctl,					\
	.init = quic_sock_init,						\
	.setsockopt = quic_setsockopt,					\
	.getsockopt = quic_getsockopt,					\
	.sendmsg = quic_sendmsg,					\
	.recvmsg = protocol_recvmsg,					\
	.bind = quic_bind,						\
	.backlog_rcv = quic_sock_backlog_rcv,				\
	.release_cb = quic_sock_release_cb,				\
	.hash = protocol_hash,						\
	.unhash = protocol_unhash,					\
	.no_autobind = true,						\
	.enter_memory_pressure = protocol_enter_pressure,		\
	.memory_allocated = &protocol_memory_allocated,			\
	.per_cpu_fw_alloc = &protocol_memory_fw_alloc,			\
	.memory_pressure = &protocol_memory_pressure,			\
	.sockets_allocated = &quic_sock_allocated,			\
	.sysctl_mem = quic_sock_sysctl_mem,				\
	.sysctl_rmem = protocol_rmem,					\
	.sysctl_wmem = protocol_wmem

static struct proto protocol_quic = {
	.name = "QUIC",
	PROTOCOL_COMMON,
	.obj_size = sizeof(struct quic_sock),
};

static const struct proto_ops protocol_inet_ops = {
	.family = PF_INET,
	.owner = THIS_MODULE,
	.release = inet_release,
	.bind = inet_bind,
	.connect = quic_connect,
	.socketpair = sock_no_socketpair,
	.accept = inet_accept,
	.getname = quic_getname,
	.poll = quic_recv_poll,
	.ioctl = inet_ioctl,
	.gettstamp = sock_gettstamp,
	.listen = quic_listen,
	.shutdown = quic_shutdown,
	.setsockopt = sock_common_setsockopt,
	.getsockopt = sock_common_getsockopt,
	.sendmsg = inet_sendmsg,
	.recvmsg = inet_recvmsg,
	.mmap = sock_no_mmap,
};

static struct inet_protosw protocol_inet_sw[] = {
	{
		.type = SOCK_STREAM,
		.protocol = IPPROTO_QUIC,
		.prot = &protocol_quic,
		.ops = &protocol_inet_ops,
	},
	{
		.type = SOCK_DGRAM,
		.protocol = IPPROTO_QUIC,
		.prot = &protocol_quic,
		.ops = &protocol_inet_ops,
	},
};

#if IS_ENABLED(CONFIG_IPV6)
static struct proto protocol_quic6 = {
	.name = "QUICv6",
	PROTOCOL_COMMON,
	.obj_size = sizeof(struct quic6_sock),
	.ipv6_pinfo_offset = offsetof(struct quic6_sock, inet6),
};

static const struct proto_ops protocol_inet6_ops = {
	.family = PF_INET6,
	.owner = THIS_MODULE,
	.release = inet6_release,
	.bind = inet6_bind,
	.connect = quic_connect,
	.socketpair = sock_no_socketpair,
	.accept = inet_accept,
	.getname = quic_getname,
	.poll = quic_recv_poll,
	.ioctl = inet6_ioctl,
	.gettstamp = sock_gettstamp,
	.listen = quic_listen,
	.shutdown = quic_shutdown,
	.setsockopt = sock_common_setsockopt,
	.getsockopt = sock_common_getsockopt,
	.sendmsg = inet_sendmsg,
	.recvmsg = inet_recvmsg,
	.mmap = sock_no_mmap,
#ifdef CONFIG_COMPAT
	.compat_ioctl = inet6_compat_ioctl,
#endif
};

static struct inet_protosw protocol_inet6_sw[] = {
	{
		.type = SOCK_STREAM,
		.protocol = IPPROTO_QUIC,
		.prot = &protocol_quic6,
		.ops = &protocol_inet6_ops,
	},
	{
		.type = SOCK_DGRAM,
		.protocol = IPPROTO_QUIC,
		.prot = &protocol_quic6,
		.ops = &protocol_inet6_ops,
	},
};

static int protocol_register_inet6(void)
{
	unsigned int i;
	int err;

	err = proto_register(&protocol_quic6, 1);
	if (err)
		return err;
	for (i = 0; i < ARRAY_SIZE(protocol_inet6_sw); i++)
		inet6_register_protosw(&protocol_inet6_sw[i]);
	return 0;
}

/* Nothing can be opened any more; what is there stays until quic_sock_cleanup(). */
static void protocol_close_inet6(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(protocol_inet6_sw); i++)
		inet6_unregister_protosw(&protocol_inet6_sw[i]);
}

static void protocol_unregister_inet6(void)
{
	proto_unregister(&protocol_quic6);
}
#else
static int protocol_register_inet6(void)
{
	return 0;
}

static void protocol_close_inet6(void)
{
}

static void protocol_unregister_inet6(void)
{
}
#endif

static int protocol_register_inet(void)
{
	unsigned int i;
	int err;

	err = proto_register(&protocol_quic, 1);
	if (err)
		return err;
	for (i = 0; i < ARRAY_SIZE(protocol_inet_sw); i++)
		inet_register_protosw(&protocol_inet_sw[i]);
	return 0;
}

static void protocol_close_inet(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(protocol_inet_sw); i++)
		inet_unregister_protosw(&protocol_inet_sw[i]);
}

static int __net_init protocol_net_init(struct net *net)
{
	int err;

	err = quic_sysctl_net_init(net);
	if (err)
		return err;
	err = quic_proc_net_init(net);
	if (err)
		quic_sysctl_net_exit(net);
	return err;
}

static void __net_exit protocol_net_exit(struct net *net)
{
	quic_proc_net_exit(net);
	quic_sysctl_net_exit(net);
}

static struct pernet_operations protocol_net_ops = {
	.init = protocol_net_init,
	.exit = protocol_net_exit,
};

/* An eighth of the memory that buffers can be made of, as others do. */
static void protocol_size_mem(void)
{
	unsigned long limit = max(nr_free_buffer_pages() / 8, 128UL);

	quic_sock_sysctl_mem[0] = limit / 4 * 3;
	quic_sock_sysctl_mem[1] = limit;
	quic_sock_sysctl_mem[2] = quic_sock_sysctl_mem[0] * 2;
}

static int __init protocol_init(void)
{
	int err;

	protocol_size_mem();
	err = quic_net_setup();
	if (err)
		return err;
	err = quic_sock_setup();
	if (err)
		goto edges;
	err = register_pernet_subsys(&protocol_net_ops);
	if (err)
		goto sock;
	err = protocol_register_inet();
	if (err)
		goto pernet;
	err = protocol_register_inet6();
	if (err)
		goto inet;
	return 0;
inet:
	protocol_close_inet();
	proto_unregister(&protocol_quic);
pernet:
	unregister_pernet_subsys(&protocol_net_ops);
sock:
	quic_sock_cleanup();
edges:
	quic_net_cleanup();
	return err;
}

static void __exit protocol_exit(void)
{
	protocol_close_inet6();
	protocol_close_inet();
	unregister_pernet_subsys(&protocol_net_ops);
	quic_sock_cleanup();
	protocol_unregister_inet6();
	proto_unregister(&protocol_quic);
	quic_net_cleanup();
}

module_init(protocol_init);
module_exit(protocol_exit);

MODULE_ALIAS_NET_PF_PROTO(PF_INET, 261 /* IPPROTO_QUIC */);
MODULE_ALIAS_NET_PF_PROTO(PF_INET6, 261);
MODULE_SOFTDEP("pre: udp_tunnel ip6_udp_tunnel");
MODULE_DESCRIPTION("QUIC: a UDP-based multiplexed and secure transport");
MODULE_LICENSE("GPL");
