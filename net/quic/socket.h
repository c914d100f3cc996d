/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * socket.h - struct quic_sock: a QUIC socket and all of its connection
 *
 *   struct quic_sock { inet | host { conn } | what system calls left behind }
 *
 * Everything in it is touched by the socket's owner only: a process that holds
 * lock_sock(), or softirq under bh_lock_sock() while no process does.  Packets
 * for an owned socket wait on its backlog, timers and deferred output for its
 * release_cb.  After each call into the engine the owner calls
 * quic_sock_settle(), the one place where the engine's state reaches the socket:
 * memory accounts, wakeups, socket state, timer, end.
 *
 * Who holds a reference: the struct socket (or, after close(), the list of
 * orphans), an armed timer, queued deferred work, a packet or ICMP error being
 * handled.  See Documentation/networking/quic/locking.rst.
 */
#ifndef _QUIC_SOCKET_H
#define _QUIC_SOCKET_H

#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <uapi/linux/quic.h>

#include "crypto.h"
#include "family.h"
#include "mib.h"
#include "rx.h"
#include "timer.h"

struct quic_listener;
struct quic_replay;

#define QUIC_SOCK_ALPN_BYTES	128	/* most bytes of an ALPN list, UAPI.md 4 */
#define QUIC_SOCK_TICKET_MIN_BYTES	64
#define QUIC_SOCK_TICKET_MAX_BYTES	4096
#define QUIC_SOCK_TOKEN_MAX_BYTES	4096	/* of a NEW_TOKEN frame */
#define QUIC_SOCK_TOKEN_SET_BYTES	120	/* of the option, UAPI.md 4 */
#define QUIC_SOCK_SECRET_BYTES	32
#define QUIC_SOCK_LISTEN_BUCKETS	64	/* chains of listeners, by port */
#define QUIC_SOCK_SOURCE_BUCKETS	1024	/* counters of half-open connections by source */

/* What waits for the owner to let go: bits of quic_sock.deferred. */
enum quic_sock_deferred {
	QUIC_SOCK_DEFERRED_TIMER,	/* the timer fired */
	QUIC_SOCK_DEFERRED_ICMP,	/* an ICMP error came */
};

/**
 * struct quic_sock_icmp - the ICMP error that came last
 * @err: errno
 * @mtu: IP packet bytes that fit, 0: another error
 * @len: bytes of @quoted
 * @quoted: begin of the UDP payload it quotes: header and connection id
 */
struct quic_sock_icmp {
	int err;
	u32 mtu;
	u8 len;
	u8 quoted[6 + QUIC_CID_MAX_BYTES];
};

/**
 * struct quic_sock_blob - bytes that came by an option or from the peer
 * @data: kmalloc'ed; NULL: none
 * @len: its bytes
 */
struct quic_sock_blob {
	u8 *data;
	u32 len;
};

/**
 * struct quic_event_queue - events the application has not read
 * @list: struct quic_event_item, oldest first
 * @bytes: memory they pin
 * @nr: their number
 * @mask: bit per enum quic_event_type: subscribed
 */
struct quic_event_queue {
	struct list_head list;
	u32 bytes;
	u32 nr;
	u32 mask;
};

/**
 * struct quic_sock - a socket
 * @inet: must be first
 * @host: the edges' part, with the engine's connection inside
 * @net_entry: in quic_sock_net.socks from bind() on; under quic_sock_net.lock
 * @orphan_entry: in quic_sock_net.orphans after close(); under quic_sock_net.lock
 * @accept_entry: in quic_listener.routing or .children, before accept(); under the listener
 * @router: listener that waits for this child's ClientHello, one reference; else NULL
 * @output: deferred output
 * @deferred: enum quic_sock_deferred, written with the slock held
 * @icmp: for QUIC_SOCK_DEFERRED_ICMP; written with the slock held
 * @started: connect() or accept() started the connection
 * @finished: the engine's memory is freed; nothing reaches the connection any more
 * @orphaned: on the list of orphans, counted in quic_sock_net.nr_orphans
 * @half_open: counted in quic_sock_net.half_open
 * @was_established: ESTABLISHED was reported
 * @ended: the end was reported
 * @bad_token: its client showed a Retry token that is no good: to be refused
 * @version_set: the application chose @config's version
 * @had_stream: there was an active stream, so plain sends need one (UAPI.md 17.5)
 * @source: bucket of its peer in quic_sock_net.half_open_source
 * @local: address bound to; port 0: not bound
 * @started_at: when the connection was started
 * @established_at: when the handshake completed
 * @rmem_charged: bytes of conn->rmem in sk_rmem_alloc
 * @wmem_charged: bytes of conn->wmem in sk_wmem_queued
 * @mem_charged: bytes taken from sk_forward_alloc for both and the pools
 * @rmem_max: limit of conn->rmem when memory is not scarce
 * @events: queue of events
 * @listener: state of a listening socket, else NULL
 * @alpn: protocol names as set by an option
 * @ticket: session ticket, or a server's ticket key
 * @new_ticket: NewSessionTicket from the peer
 * @token: token set by an option, or received in NEW_TOKEN
 * @ticket_secret: a listener's secret that ticket keys are derived from
 * @replay: server: ClientHellos with early data seen under its ticket key, one reference
 * @param: our transport parameters as set, without zeros
 * @config: configuration as set, without zeros
 * @close: CONNECTION_CLOSE that the application chose
 */
struct quic_sock {
	struct inet_sock inet;
	struct quic_host host;
	struct hlist_node net_entry;
	struct list_head orphan_entry;
	struct list_head accept_entry;
	struct sock *router;
	struct work_struct output;
	unsigned long deferred;
	struct quic_sock_icmp icmp;
	bool started;
	bool finished;
	bool orphaned;
	bool half_open;
	bool was_established;
	bool ended;
	bool bad_token;
	bool version_set;
	bool had_stream;
	u16 source;
	struct quic_addr local;
	quic_us started_at;
	quic_us established_at;
	u64 rmem_charged;
	u64 wmem_charged;
	u64 mem_charged;
	u64 rmem_max;
	struct quic_event_queue events;
	struct quic_listener *listener;
	struct quic_sock_blob alpn;
	struct quic_sock_blob ticket;
	struct quic_sock_blob new_ticket;
	struct quic_sock_blob token;
	u8 ticket_secret[QUIC_SOCK_SECRET_BYTES];
	struct quic_replay *replay;
	struct quic_transport_param param;
	struct quic_config config;
	struct quic_connection_close close;
};

#if IS_ENABLED(CONFIG_IPV6)
/* As the kernel's IPv6 wants it: ipv6_pinfo last. */
struct quic6_sock {
	struct quic_sock quic;
	struct ipv6_pinfo inet6;
};
#endif

/* Kinds of replies that are made without state. */
enum quic_stateless {
	QUIC_STATELESS_VN,
	QUIC_STATELESS_RETRY,
	QUIC_STATELESS_RESET,
	QUIC_NR_STATELESS,
};

/**
 * struct quic_sock_bucket - how many replies of one kind may be sent
 * @filled_at: when it was filled last, us
 * @replies: that may be sent now
 */
struct quic_sock_bucket {
	quic_us filled_at;
	u32 replies;
};

/**
 * struct quic_sock_net - what layer 4 keeps per netns
 * @lock: protects the next 3 fields
 * @socks: bound sockets, for /proc
 * @listeners: struct quic_listener by port, RCU
 * @orphans: sockets whose file is closed and whose data is not delivered
 * @nr_orphans: of @orphans, and those off the list but not freed yet
 * @half_open: requests and connections not established
 * @half_open_source: the same by hash of the source address
 * @stateless_lock: protects the next field
 * @stateless: buckets of stateless replies
 * @tokens: keys of address-validation tokens, from the first listener on
 * @replay_lock: protects the next field
 * @replays: struct quic_replay of ticket keys that were given to sockets
 * @hash_seed: of @half_open_source
 * @rmem: sysctl quic_rmem: least, default, most bytes of receive memory
 * @wmem: sysctl quic_wmem: the same for sending
 * @cong: sysctl: name of the default algorithm
 * @handshake_timeout_ms: sysctl: a handshake takes no longer
 * @flush_timeout_ms: sysctl: an orphan delivers no longer
 * @half_open_max: sysctl: bound of @half_open
 * @half_open_source_max: sysctl: bound of each of @half_open_source
 * @server_migration: sysctl: a server may change its address while established, and a
 *	client follows it (UAPI.md 17.9)
 * @stateless_rate: sysctl: stateless replies per second, of each kind
 * @spin_bit: sysctl: the latency spin bit may be used
 * @sysctl: registered table
 */
struct quic_sock_net {
	spinlock_t lock;	/* protects the next 3 fields */
	struct hlist_head socks;
	struct hlist_head listeners[QUIC_SOCK_LISTEN_BUCKETS];
	struct list_head orphans;
	atomic_t nr_orphans;
	atomic_t half_open;
	atomic_t half_open_source[QUIC_SOCK_SOURCE_BUCKETS];
	spinlock_t stateless_lock;	/* protects the next field */
	struct quic_sock_bucket stateless[QUIC_NR_STATELESS];
	struct quic_tokens *tokens;
	spinlock_t replay_lock;	/* protects the next field */
	struct list_head replays;
	u32 hash_seed;
	int rmem[3];
	int wmem[3];
	char cong[QUIC_CONG_NAME_MAX];
	int handshake_timeout_ms;
	int flush_timeout_ms;
	int half_open_max;
	int half_open_source_max;
	int server_migration;
	int stateless_rate;
	int spin_bit;
	struct ctl_table_header *sysctl;
};

/* Memory limits in pages, for all namespaces: struct proto has but one. */
extern long quic_sock_sysctl_mem[3];
/* Sockets of both families, as struct proto wants them counted. */
extern struct percpu_counter quic_sock_allocated;

/* The sockets of @net; valid between its init and its exit. */
struct quic_sock_net *quic_sock_net(const struct net *net);
/* Namespaces: first, before protocols can be registered. */
int quic_sock_setup(void);
/* Ends all orphans everywhere and waits until every socket is freed. */
void quic_sock_cleanup(void);

/* The QUIC socket that @sk is. */
static inline struct quic_sock *quic_sk(const struct sock *sk)
{
	DEBUG_NET_WARN_ON_ONCE(sk->sk_protocol != IPPROTO_QUIC);
	return (struct quic_sock *)sk;
}

/* The struct sock in @q. */
static inline struct sock *quic_sock_sk(struct quic_sock *q)
{
	return &q->inet.sk;
}

/* The connection in @q; its state is NEW until there is one. */
static inline struct quic_conn *quic_sock_conn(struct quic_sock *q)
{
	return &q->host.conn;
}

/* Every function below that changes a connection opens with this. */
static inline void quic_sock_owned_by_me(const struct quic_sock *q)
{
	sock_owned_by_me(&q->inet.sk);
}

/* The one setter of sk_state: who reads it without the lock sees what led to it. */
static inline void quic_sock_set_state(struct sock *sk, int state)
{
	/* Pairs with smp_load_acquire() in quic_recv_poll(). */
	smp_store_release(&sk->sk_state, state);
}

/* Listens; may be asked without the lock. */
static inline bool quic_sock_is_listening(const struct quic_sock *q)
{
	return READ_ONCE(q->inet.sk.sk_state) == TCP_LISTEN;
}

/* A connection is being made or there; neither listening, nor closed, nor unused. */
static inline bool quic_sock_is_connected(const struct quic_sock *q)
{
	return BIT(q->inet.sk.sk_state) & (TCPF_SYN_RECV | TCPF_ESTABLISHED);
}

/* ---- socket.c ---- */

/**
 * quic_sock_init() - proto.init: fills a zeroed struct quic_sock
 * @sk: socket
 *
 * Return: 0.
 */
int quic_sock_init(struct sock *sk);

/**
 * quic_sock_enter() - before a call into the engine that may send
 * @q: socket, owned
 *
 * Disables BH, so that softirqs do not run deep below the engine, unless a key
 * of the connection has to be able to wait.
 *
 * Context: any.
 * Return: what quic_sock_leave() needs.
 */
static inline bool quic_sock_enter(struct quic_sock *q)
{
	struct quic_conn *conn = quic_sock_conn(q);

	quic_sock_owned_by_me(q);
	if (!in_interrupt()) {
		quic_crypto_settle(conn);
		if (unlikely(quic_crypto_needs_wait(conn)))
			return false;
	}
	local_bh_disable();
	return true;
}

static inline void quic_sock_leave(bool entered)
{
	if (entered)
		local_bh_enable();
}

/**
 * quic_sock_output() - let the engine send, then settle
 * @q: socket, owned
 *
 * Context: any.
 */
void quic_sock_output(struct quic_sock *q);

/**
 * quic_sock_settle() - carry what the engine changed over to the socket
 * @q: socket, owned
 *
 * Memory accounts, one wakeup per kind, socket state and errors, timer.  An
 * orphan whose connection is over is taken apart; the caller's own reference
 * keeps @q valid.
 *
 * Context: any.
 */
void quic_sock_settle(struct quic_sock *q);

/**
 * quic_sock_finish() - free the connection's memory ahead of the socket's
 * @q: socket, owned or referred to by nobody else
 */
void quic_sock_finish(struct quic_sock *q);

/* Replaces a blob by a copy of @len bytes; 0, -ENOMEM (unchanged). */
int quic_sock_blob_set(struct quic_sock_blob *b, const void *data, u32 len, gfp_t gfp);
void quic_sock_blob_clear(struct quic_sock_blob *b);

/* proto.backlog_rcv and proto.release_cb. */
int quic_sock_backlog_rcv(struct sock *sk, struct sk_buff *skb);
void quic_sock_release_cb(struct sock *sk);

/* quic_sock_receive() while the lock of a listener is held. */
void quic_sock_receive_nested(struct sock *sk, struct sk_buff *skb);

/* Takes the limits that options and sysctls set over to the connection. */
void quic_sock_update_limits(struct quic_sock *q);

#endif /* _QUIC_SOCKET_H */
