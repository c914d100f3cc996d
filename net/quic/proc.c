// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * proc.c - /proc/net/quic: eps, conns, snmp (UAPI.md 12)
 *
 *   eps	sockets that are bound and no connection: listeners, mostly
 *   conns	connections, those of orphans, too
 *   snmp	counters
 *
 * Both lists are one walk over the bound sockets of the namespace.  Fields are
 * read without the sockets' locks: a line may mix two moments.
 */
#include <linux/proc_fs.h>
#include <linux/seq_file.h>

#include "protocol.h"
#include "socket.h"

/* Puts into *@pos which socket of the wanted kind it is. */
static void *proc_find(struct seq_file *seq, loff_t pos, bool conns)
{
	struct quic_sock_net *sn = quic_sock_net(seq_file_net(seq));
	struct quic_sock *q;

	hlist_for_each_entry(q, &sn->socks, net_entry)
		if (q->started == conns && !pos--)
			return q;
	return NULL;
}

static void *proc_after(struct quic_sock *q, bool conns)
{
	hlist_for_each_entry_continue(q, net_entry)
		if (q->started == conns)
			return q;
	return NULL;
}

static void *proc_start(struct seq_file *seq, loff_t *pos, bool conns)
	__acquires(&quic_sock_net(seq_file_net(seq))->lock)
{
	spin_lock_bh(&quic_sock_net(seq_file_net(seq))->lock);
	return *pos ? proc_find(seq, *pos - 1, conns) : SEQ_START_TOKEN;
}

static void *proc_next(struct seq_file *seq, void *v, loff_t *pos, bool conns)
{
	++*pos;
	return v == SEQ_START_TOKEN ? proc_find(seq, 0, conns) : proc_after(v, conns);
}

static void proc_stop(struct seq_file *seq, void *v)
	__releases(&quic_sock_net(seq_file_net(seq))->lock)
{
	spin_unlock_bh(&quic_sock_net(seq_file_net(seq))->lock);
}

static void proc_addr(struct seq_file *seq, const struct quic_addr *addr)
{
	char buf[QUIC_FAMILY_PRINT_BYTES];

	quic_family_print(addr, buf, sizeof(buf));
	seq_printf(seq, " %s", buf);
}

static void proc_owner(struct seq_file *seq, struct quic_sock *q)
{
	struct sock *sk = quic_sock_sk(q);

	seq_printf(seq, " %u %lu\n", from_kuid_munged(seq_user_ns(seq), READ_ONCE(sk->sk_uid)),
		   (unsigned long)sock_i_ino(sk));
}

/* ---- eps ---- */

static void *proc_eps_start(struct seq_file *seq, loff_t *pos)
	__acquires(&quic_sock_net(seq_file_net(seq))->lock)
{
	return proc_start(seq, pos, false);
}

static void *proc_eps_next(struct seq_file *seq, void *v, loff_t *pos)
{
	return proc_next(seq, v, pos, false);
}

static int proc_eps_show(struct seq_file *seq, void *v)
{
	struct quic_sock *q = v;

	if (v == SEQ_START_TOKEN) {
		seq_puts(seq, "SOCK STATE LOCAL_ADDRESS UDP_ADDRESS UID INODE\n");
		return 0;
	}
	seq_printf(seq, "%pK %d", q, quic_sock_sk(q)->sk_state);
	proc_addr(seq, &q->local);
	proc_addr(seq, &q->local);
	proc_owner(seq, q);
	return 0;
}

static const struct seq_operations proc_eps_ops = {
	.start = proc_eps_start,
	.next = proc_eps_next,
	.stop = proc_stop,
	.show = proc_eps_show,
};

/* ---- conns ---- */

static void *proc_conns_start(struct seq_file *seq, loff_t *pos)
	__acquires(&quic_sock_net(seq_file_net(seq))->lock)
{
	return proc_start(seq, pos, true);
}

static void *proc_conns_next(struct seq_file *seq, void *v, loff_t *pos)
{
	return proc_next(seq, v, pos, true);
}

static int proc_conns_show(struct seq_file *seq, void *v)
{
	struct quic_sock *q = v;
	const struct quic_conn *conn;
	struct sock *sk;

	if (v == SEQ_START_TOKEN) {
		seq_puts(seq, "SOCK STATE LOCAL_ADDRESS REMOTE_ADDRESS UDP_ADDRESS WINDOW MSS IN_FLIGHT TX_QUEUE RX_QUEUE SNDBUF RCVBUF UID INODE\n");
		return 0;
	}
	sk = quic_sock_sk(q);
	conn = quic_sock_conn(q);
	seq_printf(seq, "%pK %d", q, sk->sk_state);
	proc_addr(seq, &conn->path->local);
	proc_addr(seq, &conn->path->remote);
	proc_addr(seq, &q->local);
	seq_printf(seq, " %llu %u %llu %llu %llu %d %d", conn->path->cong.cwnd, conn->path->mtu,
		   conn->path->cong.in_flight, conn->wmem, conn->rmem, READ_ONCE(sk->sk_sndbuf),
		   READ_ONCE(sk->sk_rcvbuf));
	proc_owner(seq, q);
	return 0;
}

static const struct seq_operations proc_conns_ops = {
	.start = proc_conns_start,
	.next = proc_conns_next,
	.stop = proc_stop,
	.show = proc_conns_show,
};

/* ---- snmp ---- */

static int proc_snmp_show(struct seq_file *seq, void *v)
{
	const struct quic_net *qn = quic_net_get(seq->private);
	enum quic_mib_counter c;

	for (c = 0; c < QUIC_NR_MIBS; c++)
		seq_printf(seq, "%-32s\t%lu\n", quic_mib_name(c), quic_mib_read(qn, c));
	return 0;
}

int quic_proc_net_init(struct net *net)
{
	struct proc_dir_entry *dir = proc_net_mkdir(net, "quic", net->proc_net);

	if (!dir)
		return -ENOMEM;
	if (proc_create_net("eps", 0444, dir, &proc_eps_ops, sizeof(struct seq_net_private)) &&
	    proc_create_net("conns", 0444, dir, &proc_conns_ops,
			    sizeof(struct seq_net_private)) &&
	    proc_create_net_single("snmp", 0444, dir, proc_snmp_show, NULL))
		return 0;
	remove_proc_subtree("quic", net->proc_net);
	return -ENOMEM;
}

void quic_proc_net_exit(struct net *net)
{
	remove_proc_subtree("quic", net->proc_net);
}
