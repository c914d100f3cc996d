// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * socket.c - the object behind a QUIC socket, and who may touch it when
 *
 *   softirq: packets, timer        process: system calls, deferred output
 *          \                              /
 *           +--> owner --> engine --> quic_sock_settle()
 *
 * A packet for a socket that a process owns goes to the backlog, a timer leaves
 * a bit for release_cb.  Both then run when the process lets go, in its context.
 *
 * Memory.  The engine counts what receive queues and send buffers pin
 * (conn->rmem, conn->wmem).  quic_sock_settle() charges the difference to the
 * socket, its memcg and quic_mem.  What arrived is there already: where a charge
 * is refused the engine's limit sinks to what it has, so that it takes nothing
 * new but what lets a reader go on.
 *
 * Not here: what system calls do (bind, close, sendmsg, recvmsg, sockopt, listen).
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <net/inet_common.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include <net/transp_v6.h>

#include "close.h"
#include "event.h"
#include "listen.h"
#include "migrate.h"
#include "replay.h"
#include "route.h"
#include "socket.h"
#include "ticket.h"
#include "token.h"

static const u32 sock_backlog_slack_bytes = 1 << 20;	/* aggregates: headers and pages */
static const u32 sock_sndbuf_cwnds = 4;			/* it follows the window: UAPI.md 8 */
static const u32 sock_sndbuf_min_bytes = 128 << 10;	/* two bursts and what is in flight */
static const quic_us sock_quiet_us = QUIC_US_PER_SEC;	/* spare pages go back after that */

/* All sockets of all namespaces that are not freed yet: unloading waits for them. */
static atomic_t sock_nr;
static unsigned int sock_net_id;
long quic_sock_sysctl_mem[3];
struct percpu_counter quic_sock_allocated;

/* Each family its own lock class: the UDP sockets below us are AF_INET(6), too. */
static struct lock_class_key sock_lock_keys[2], sock_slock_keys[2];

struct quic_sock_net *quic_sock_net(const struct net *net)
{
	return net_generic(net, sock_net_id);
}

int quic_sock_blob_set(struct quic_sock_blob *b, const void *data, u32 len, gfp_t gfp)
{
	u8 *copy = NULL;

	if (len) {
		copy = kmemdup(data, len, gfp | __GFP_NOWARN | __GFP_ACCOUNT);
		if (!copy)
			return -ENOMEM;
	}
	quic_sock_blob_clear(b);
	b->data = copy;
	b->len = len;
	return 0;
}

void quic_sock_blob_clear(struct quic_sock_blob *b)
{
	kfree_sensitive(b->data);
	b->data = NULL;
	b->len = 0;
}

/* ---- memory ---- */

static bool sock_mem_take(struct sock *sk, u64 bytes, int kind)
{
	if (bytes > INT_MAX)
		return false;
	if ((int)bytes > sk->sk_forward_alloc && !__sk_mem_schedule(sk, bytes, kind))
		return false;
	sk_mem_charge(sk, bytes);
	return true;
}

/* Brings sk_forward_alloc, sk_rmem_alloc and sk_wmem_queued up to the engine's counts. */
static void sock_account(struct quic_sock *q)
{
	struct quic_conn *conn = quic_sock_conn(q);
	struct sock *sk = quic_sock_sk(q);
	u64 rmem = conn->rmem + q->events.bytes;
	u64 pools = quic_pool_bytes(&q->host.pool_rx) + quic_pool_bytes(&q->host.pool_tx);
	u64 want = max(rmem + conn->wmem, pools);

	if (rmem != q->rmem_charged)
		atomic_add((int)(rmem - q->rmem_charged), &sk->sk_rmem_alloc);
	if (conn->wmem != q->wmem_charged)
		sk_wmem_queued_add(sk, (int)(conn->wmem - q->wmem_charged));
	q->rmem_charged = rmem;
	q->wmem_charged = conn->wmem;
	if (want < q->mem_charged) {
		sk_mem_uncharge(sk, q->mem_charged - want);
		q->mem_charged = want;
		conn->config.rmem_max = q->rmem_max;
	} else if (want > q->mem_charged) {
		if (sock_mem_take(sk, want - q->mem_charged, SK_MEM_RECV))
			q->mem_charged = want;
		else
			conn->config.rmem_max = min(conn->rmem, q->rmem_max);
	}
}

/* The send buffer follows the congestion window unless SO_SNDBUF fixed it. */
static void sock_tune_sndbuf(struct quic_sock *q)
{
	struct quic_sock_net *sn = quic_sock_net(sock_net(quic_sock_sk(q)));
	u64 want = sock_sndbuf_cwnds * quic_sock_conn(q)->path->cong.cwnd;
	struct sock *sk = quic_sock_sk(q);

	if (sk->sk_userlocks & SOCK_SNDBUF_LOCK)
		return;
	want = max_t(u64, want, sock_sndbuf_min_bytes);
	want = min_t(u64, want, READ_ONCE(sn->wmem[2]));
	if (want > sk->sk_sndbuf)
		WRITE_ONCE(sk->sk_sndbuf, want);
}

void quic_sock_update_limits(struct quic_sock *q)
{
	struct quic_sock_net *sn = quic_sock_net(sock_net(quic_sock_sk(q)));
	struct quic_conn *conn = quic_sock_conn(q);
	struct sock *sk = quic_sock_sk(q);

	if (!(sk->sk_userlocks & SOCK_RCVBUF_LOCK))
		WRITE_ONCE(sk->sk_rcvbuf, max_t(u64, READ_ONCE(sn->rmem[1]),
						min_t(u64, 4 * q->param.max_data,
						      READ_ONCE(sn->rmem[2]))));
	q->rmem_max = sk->sk_rcvbuf;
	conn->config.rmem_max = q->rmem_max;
	/*
	 * Half: what full packets pin beyond their bytes has room too, so that a peer
	 * that keeps to its credit never meets the limit.
	 */
	conn->config.flow_window_max = q->rmem_max / 2;
}

/* ---- settling ---- */

static int sock_end_errno(const struct quic_sock *q)
{
	const struct quic_close *c = &q->host.conn.close;

	switch (c->source) {
	case QUIC_CLOSE_IDLE:
	case QUIC_CLOSE_HANDSHAKE_TIMEOUT:
	case QUIC_CLOSE_NO_PATH:
		return ETIMEDOUT;
	case QUIC_CLOSE_RESET:
		return ECONNRESET;
	case QUIC_CLOSE_VERSION:
		return EPROTONOSUPPORT;
	case QUIC_CLOSE_PEER:
		if (c->app)
			return c->code ? ECONNRESET : 0;
		if (c->code == QUIC_ERR_CONNECTION_REFUSED)
			return ECONNREFUSED;
		/* Without an error, but before there was a connection. */
		return c->code ? EPROTO : q->was_established ? 0 : ECONNRESET;
	case QUIC_CLOSE_LOCAL:
		/* What the application asked for is no error, nor is a TLS alert it told of. */
		return !c->app && c->code && c->code < QUIC_ERR_CRYPTO ? EPROTO : 0;
	default:
		return 0;
	}
}

static void sock_uncount_half_open(struct quic_sock *q)
{
	if (!q->half_open)
		return;
	q->half_open = false;
	quic_listen_half_open_put(quic_sock_net(sock_net(quic_sock_sk(q))), q->source);
}

static void sock_on_established(struct quic_sock *q)
{
	struct sock *sk = quic_sock_sk(q);

	q->was_established = true;
	q->established_at = quic_timer_now();
	sock_uncount_half_open(q);
	quic_sock_set_state(sk, TCP_ESTABLISHED);
	quic_mib_inc(q->host.qn, QUIC_MIB_CURR_ESTABS);
	quic_mib_inc(q->host.qn, quic_sock_conn(q)->is_server ? QUIC_MIB_PASSIVE_ESTABS :
								QUIC_MIB_ACTIVE_ESTABS);
	if (!sock_flag(sk, SOCK_DEAD))
		sk->sk_state_change(sk);
}

static void sock_on_end(struct quic_sock *q)
{
	const struct quic_close *c = &quic_sock_conn(q)->close;
	struct sock *sk = quic_sock_sk(q);
	int err = sock_end_errno(q);

	q->ended = true;
	sock_uncount_half_open(q);
	quic_sock_set_state(sk, TCP_CLOSE);
	sk->sk_shutdown = SHUTDOWN_MASK;
	if (q->was_established)
		quic_mib_add(q->host.qn, QUIC_MIB_CURR_ESTABS, -1);
	if (c->source == QUIC_CLOSE_PEER)
		quic_mib_inc(q->host.qn, QUIC_MIB_IN_CLOSES);
	else if (c->source == QUIC_CLOSE_LOCAL)
		quic_mib_inc(q->host.qn, QUIC_MIB_OUT_CLOSES);
	if (sock_flag(sk, SOCK_DEAD))
		return;
	if (err) {
		WRITE_ONCE(sk->sk_err, sk->sk_err_soft && err == ETIMEDOUT ? sk->sk_err_soft : err);
		sk_error_report(sk);
	}
	sk->sk_state_change(sk);
}

static void sock_on_state(struct quic_sock *q)
{
	u8 state = quic_sock_conn(q)->state;

	if (state == QUIC_CONN_ESTABLISHED && !q->was_established)
		sock_on_established(q);
	if (state >= QUIC_CONN_CLOSING && !q->ended)
		sock_on_end(q);
	if (state == QUIC_CONN_CLOSED)
		quic_host_detach(&q->host);
}

static void sock_wake(struct quic_sock *q, u32 notify)
{
	struct sock *sk = quic_sock_sk(q);
	struct socket *sock = sk->sk_socket;

	if (sock_flag(sk, SOCK_DEAD) || !sock)
		return;
	if (notify & QUIC_NOTIFY_READ)
		sk->sk_data_ready(sk);
	if (notify & QUIC_NOTIFY_WRITE) {
		sock_tune_sndbuf(q);
		/* What is free now is seen by who sets the bit: pairs with quic_recv_poll(). */
		smp_mb();
		if (test_bit(SOCK_NOSPACE, &sock->flags) && sk_stream_is_writeable(sk))
			notify |= QUIC_NOTIFY_STREAMS;
	}
	if (notify & QUIC_NOTIFY_STREAMS) {
		clear_bit(SOCK_NOSPACE, &sock->flags);
		sk->sk_write_space(sk);
	}
}

/* SO_MAX_PACING_RATE is the core's to set: looked at before and after each call. */
static void sock_follow_pacing_rate(struct quic_sock *q)
{
	unsigned long rate = READ_ONCE(quic_sock_sk(q)->sk_max_pacing_rate);

	quic_sock_conn(q)->config.max_pacing_rate = rate == ~0UL ? U64_MAX : rate;
}

void quic_sock_settle(struct quic_sock *q)
{
	struct quic_conn *conn = quic_sock_conn(q);
	u32 notify;

	quic_sock_owned_by_me(q);
	if (q->finished)
		return;
	if (conn->notify & QUIC_NOTIFY_READ)
		quic_ticket_collect(q);
	notify = conn->notify;
	conn->notify = 0;
	sock_account(q);
	sock_follow_pacing_rate(q);
	if (notify & QUIC_NOTIFY_STATE)
		sock_on_state(q);
	if (unlikely(notify & QUIC_NOTIFY_PATH))
		quic_migrate_settle(q);
	if (notify)
		sock_wake(q, notify);
	if (unlikely(q->router) && notify)
		quic_route_kick(q->router);
	if (conn->state == QUIC_CONN_CLOSED) {
		if (q->orphaned)
			quic_close_orphan_done(q);
	} else if (!q->host.deferred) {
		quic_timer_update(&q->host);
	}
}

void quic_sock_output(struct quic_sock *q)
{
	quic_sock_owned_by_me(q);
	if (!q->finished && q->started) {
		sock_follow_pacing_rate(q);
		/* BH stays as it is: where a cipher must be waited for, the edge waits. */
		quic_conn_output(quic_sock_conn(q), quic_timer_now());
	}
	quic_sock_settle(q);
}

void quic_sock_finish(struct quic_sock *q)
{
	struct sock *sk = quic_sock_sk(q);

	if (q->finished)
		return;
	sock_uncount_half_open(q);
	quic_host_detach(&q->host);
	quic_host_exit(&q->host);
	quic_event_purge(q);
	atomic_sub((int)q->rmem_charged, &sk->sk_rmem_alloc);
	sk_wmem_queued_add(sk, -(int)q->wmem_charged);
	sk_mem_uncharge(sk, q->mem_charged);
	q->rmem_charged = 0;
	q->wmem_charged = 0;
	q->mem_charged = 0;
	q->finished = true;
}

/* ---- packets, timer, deferred output, ICMP ---- */

int quic_sock_backlog_rcv(struct sock *sk, struct sk_buff *skb)
{
	struct quic_sock *q = quic_sk(sk);

	if (quic_sock_is_listening(q)) {
		quic_listen_receive(q, skb);
	} else if (q->started && !q->finished && quic_sock_conn(q)->state != QUIC_CONN_CLOSED) {
		quic_rx_run(&q->host, skb, quic_timer_now());
		quic_sock_settle(q);
	} else {
		kfree_skb_reason(skb, SKB_DROP_REASON_NO_SOCKET);
	}
	return 0;
}

static void sock_add_backlog(struct sock *sk, struct sk_buff *skb)
{
	unsigned int limit = READ_ONCE(sk->sk_rcvbuf) + sock_backlog_slack_bytes;

	quic_mib_inc(quic_sk(sk)->host.qn, QUIC_MIB_RCV_BACKLOGS);
	if (sk_add_backlog(sk, skb, limit)) {
		quic_mib_inc(quic_sk(sk)->host.qn, QUIC_MIB_RCV_DROP);
		kfree_skb_reason(skb, SKB_DROP_REASON_SOCKET_BACKLOG);
	}
}

/* With the slock held. */
static void sock_receive_locked(struct sock *sk, struct sk_buff *skb)
{
	struct quic_sock *q = quic_sk(sk);

	if (sock_owned_by_user(sk)) {
		sock_add_backlog(sk, skb);
	} else if (!quic_sock_is_listening(q) && !q->finished &&
		   !quic_crypto_can_run(quic_sock_conn(q))) {
		sock_add_backlog(sk, skb);
		quic_sock_defer(sk);
	} else {
		quic_mib_inc(q->host.qn, QUIC_MIB_RCV_FASTPATHS);
		quic_sock_backlog_rcv(sk, skb);
	}
}

void quic_sock_receive(struct sock *sk, struct sk_buff *skb)
{
	bh_lock_sock(sk);
	sock_receive_locked(sk, skb);
	bh_unlock_sock(sk);
}

void quic_sock_receive_nested(struct sock *sk, struct sk_buff *skb)
{
	local_bh_disable();
	bh_lock_sock_nested(sk);
	sock_receive_locked(sk, skb);
	bh_unlock_sock(sk);
	local_bh_enable();
}

static void sock_timeout(struct quic_sock *q)
{
	struct quic_conn *conn = quic_sock_conn(q);
	quic_us now = quic_timer_now();

	/* What could not be sent here is due already: the work comes, sends, and arms. */
	if (q->finished || q->host.deferred)
		return;
	if (quic_sock_is_listening(q)) {
		quic_listen_expire(q, now);
		quic_timer_update(&q->host);
		return;
	}
	quic_conn_on_timeout(conn, now);
	if (!conn->rmem && !conn->wmem && conn->idle_since + sock_quiet_us < now)
		quic_host_trim(&q->host);
	quic_sock_settle(q);
}

void quic_sock_on_timer(struct sock *sk)
{
	bh_lock_sock(sk);
	if (sock_owned_by_user(sk))
		__set_bit(QUIC_SOCK_DEFERRED_TIMER, &quic_sk(sk)->deferred);
	else
		sock_timeout(quic_sk(sk));
	bh_unlock_sock(sk);
}

/* With the slock held or owned: what the error says, if it quotes an id of the peer's. */
static void sock_icmp(struct quic_sock *q)
{
	struct quic_conn *conn = quic_sock_conn(q);
	u32 overhead = quic_family_overhead(conn->path->remote.family);
	struct sock *sk = quic_sock_sk(q);

	if (!q->started || q->finished ||
	    !quic_tunnel_is_quote(conn, q->icmp.quoted, q->icmp.len))
		return;
	if (q->icmp.mtu) {
		quic_mib_inc(q->host.qn, QUIC_MIB_ICMP_MTU);
		quic_conn_on_too_big(conn, q->icmp.mtu - overhead, quic_timer_now());
		quic_sock_output(q);
	} else if (sk->sk_state == TCP_SYN_RECV) {
		/* Never the end of a connection: kept as the better word if it times out. */
		WRITE_ONCE(sk->sk_err_soft, q->icmp.err);
	}
}

void quic_sock_release_cb(struct sock *sk)
{
	struct quic_sock *q = quic_sk(sk);

	if (__test_and_clear_bit(QUIC_SOCK_DEFERRED_ICMP, &q->deferred))
		sock_icmp(q);
	if (__test_and_clear_bit(QUIC_SOCK_DEFERRED_TIMER, &q->deferred))
		sock_timeout(q);
}

static void sock_deferred_output(struct work_struct *work)
{
	struct quic_sock *q = container_of(work, struct quic_sock, output);
	struct sock *sk = quic_sock_sk(q);
	bool again;

	lock_sock(sk);
	q->host.deferred = false;
	quic_migrate_run(q);
	quic_sock_output(q);
	again = q->host.deferred;
	release_sock(sk);
	if (again)		/* no memory: queued again already */
		usleep_range(1000, 2000);
	sock_put(sk);
}

void quic_sock_defer(struct sock *sk)
{
	struct quic_sock *q = quic_sk(sk);

	q->host.deferred = true;
	sock_hold(sk);
	if (!queue_work(quic_net_wq, &q->output))
		__sock_put(sk);
}

void quic_sock_on_icmp(struct sock *sk, int err, u32 mtu, const u8 *quoted, u32 len)
{
	struct quic_sock *q = quic_sk(sk);

	bh_lock_sock(sk);
	q->icmp.err = err;
	q->icmp.mtu = mtu;
	q->icmp.len = min_t(u32, len, sizeof(q->icmp.quoted));
	memcpy(q->icmp.quoted, quoted, q->icmp.len);
	if (sock_owned_by_user(sk))
		__set_bit(QUIC_SOCK_DEFERRED_ICMP, &q->deferred);
	else
		sock_icmp(q);
	bh_unlock_sock(sk);
}

/* ---- life ---- */

static void sock_destruct(struct sock *sk)
{
	struct quic_sock_net *sn = quic_sock_net(sock_net(sk));
	struct quic_sock *q = quic_sk(sk);
	bool orphaned = q->orphaned;

	quic_timer_exit(&q->host);
	quic_sock_finish(q);
	quic_listen_free(q);
	quic_sock_blob_clear(&q->alpn);
	quic_sock_blob_clear(&q->ticket);
	quic_sock_blob_clear(&q->new_ticket);
	quic_sock_blob_clear(&q->token);
	memzero_explicit(q->ticket_secret, sizeof(q->ticket_secret));
	quic_replay_put(sn, q->replay);
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6)
		inet6_sock_destruct(sk);
	else
#endif
		inet_sock_destruct(sk);
	/* The rest of the destruction runs in this same RCU callback. */
	if (orphaned && atomic_dec_and_test(&sn->nr_orphans))
		wake_up_var(&sn->nr_orphans);
	percpu_counter_dec(&quic_sock_allocated);
	if (atomic_dec_and_test(&sock_nr))
		wake_up_var(&sock_nr);
}

static void sock_init_defaults(struct quic_sock *q)
{
	q->param = (struct quic_transport_param){
		.active_connection_id_limit = 7,
		.ack_delay_exponent = 3,
		.max_udp_payload_size = 65527,
		.max_idle_timeout = 30 * USEC_PER_SEC,
		.max_ack_delay = 25 * USEC_PER_MSEC,
		.max_streams_bidi = 100,
		.max_streams_uni = 100,
		.max_data = 65535 * 32,
		.max_stream_data_bidi_local = 65535 * 16,
		.max_stream_data_bidi_remote = 65535 * 16,
		.max_stream_data_uni = 65535 * 16,
	};
	q->config = (struct quic_config){
		.version = QUIC_VERSION_V1,
		.initial_smoothed_rtt = QUIC_INITIAL_RTT_US,
	};
}

/* Not sock_lock_init_class_and_name(): with lockdep that pins the module. */
static void sock_set_lock_class(struct sock *sk)
{
	if (sk->sk_family == AF_INET6) {
		lockdep_set_class_and_name(&sk->sk_lock.slock, &sock_slock_keys[1],
					   "slock-AF_INET6-QUIC");
		lockdep_init_map(&sk->sk_lock.dep_map, "sk_lock-AF_INET6-QUIC",
				 &sock_lock_keys[1], 0);
	} else {
		lockdep_set_class_and_name(&sk->sk_lock.slock, &sock_slock_keys[0],
					   "slock-AF_INET-QUIC");
		lockdep_init_map(&sk->sk_lock.dep_map, "sk_lock-AF_INET-QUIC",
				 &sock_lock_keys[0], 0);
	}
}

int quic_sock_init(struct sock *sk)
{
	struct quic_sock_net *sn = quic_sock_net(sock_net(sk));
	struct quic_sock *q = quic_sk(sk);
	const struct quic_cong_ops *cong;

	sock_set_lock_class(sk);
	atomic_inc(&sock_nr);
	percpu_counter_inc(&quic_sock_allocated);
	sk->sk_destruct = sock_destruct;
	sock_set_flag(sk, SOCK_RCU_FREE);
	WRITE_ONCE(sk->sk_sndbuf, max_t(int, READ_ONCE(sn->wmem[1]), sock_sndbuf_min_bytes));
	INIT_LIST_HEAD(&q->orphan_entry);
	INIT_LIST_HEAD(&q->accept_entry);
	INIT_WORK(&q->output, sock_deferred_output);
	quic_event_init(q);
	sock_init_defaults(q);
	quic_host_init(&q->host, sk);
	cong = quic_cong_find(sn->cong);
	if (cong)
		quic_sock_conn(q)->config.cong = cong;
	quic_sock_conn(q)->config.ecn = true;
	quic_sock_conn(q)->config.handshake_timeout =
		READ_ONCE(sn->handshake_timeout_ms) * QUIC_US_PER_MS;
	quic_sock_conn(q)->config.spin = READ_ONCE(sn->spin_bit);	/* [9000-17.4#2] */
	quic_sock_update_limits(q);
	return 0;
}

static int __net_init sock_net_init(struct net *net)
{
	struct quic_sock_net *sn = quic_sock_net(net);

	spin_lock_init(&sn->lock);
	spin_lock_init(&sn->stateless_lock);
	INIT_HLIST_HEAD(&sn->socks);
	INIT_LIST_HEAD(&sn->orphans);
	spin_lock_init(&sn->replay_lock);
	INIT_LIST_HEAD(&sn->replays);
	sn->hash_seed = get_random_u32();
	sn->rmem[0] = PAGE_SIZE;
	sn->rmem[1] = 1 << 20;
	sn->rmem[2] = 16 << 20;
	sn->wmem[0] = PAGE_SIZE;
	sn->wmem[1] = 16 << 10;
	sn->wmem[2] = 16 << 20;
	strscpy(sn->cong, "cubic", sizeof(sn->cong));
	sn->handshake_timeout_ms = 10 * MSEC_PER_SEC;
	sn->server_migration = 1;
	sn->flush_timeout_ms = 10 * MSEC_PER_SEC;
	sn->half_open_max = 4096;
	sn->half_open_source_max = 256;
	sn->stateless_rate = 1000;
	sn->spin_bit = 1;
	return 0;
}

static void __net_exit sock_net_exit(struct net *net)
{
	quic_close_orphans(quic_sock_net(net));
	quic_token_exit_net(quic_sock_net(net));
}

static struct pernet_operations sock_net_ops = {
	.init = sock_net_init,
	.exit = sock_net_exit,
	.id = &sock_net_id,
	.size = sizeof(struct quic_sock_net),
};

int quic_sock_setup(void)
{
	int err;

	err = percpu_counter_init(&quic_sock_allocated, 0, GFP_KERNEL);
	if (err)
		return err;
	err = register_pernet_subsys(&sock_net_ops);
	if (err)
		percpu_counter_destroy(&quic_sock_allocated);
	return err;
}

void quic_sock_cleanup(void)
{
	unregister_pernet_subsys(&sock_net_ops);
	/* The last of them go with references that timers, work and packets held. */
	wait_var_event(&sock_nr, !atomic_read(&sock_nr));
	rcu_barrier();
	percpu_counter_destroy(&quic_sock_allocated);
}
