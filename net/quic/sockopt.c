// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sockopt.c - socket options of level SOL_QUIC (UAPI.md 4, 17), and the few of SOL_TCP
 *
 * Input is copied before the lock is taken; a handler works on the copy.
 */
#include <linux/quic.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <uapi/linux/tcp.h>
#include <uapi/linux/tls.h>

#include "alpn.h"
#include "bind.h"
#include "event.h"
#include "info.h"
#include "migrate.h"
#include "sockopt_param.h"
#include "sockopt_stream.h"
#include "ticket.h"

/* ---- events, close, ids, keys ---- */

static int sockopt_set_event(struct quic_sock *q, const void *val, u32 len)
{
	struct quic_event_option e;

	quic_sockopt_copy(&e, sizeof(e), val, len);
	if (e.type == QUIC_EVENT_NONE || e.type >= QUIC_EVENT_MAX)
		return -EINVAL;
	if (e.on)
		q->events.mask |= BIT(e.type);
	else
		q->events.mask &= ~BIT(e.type);
	return 0;
}

static int sockopt_get_event(struct quic_sock *q, struct quic_sockopt_get *g)
{
	struct quic_event_option *e = (void *)g->scratch;

	quic_sockopt_copy(e, sizeof(*e), g->in, g->in_len);
	if (e->type == QUIC_EVENT_NONE || e->type >= QUIC_EVENT_MAX)
		return -EINVAL;
	e->on = quic_event_is_on(q, e->type);
	g->data = e;
	g->len = sizeof(*e);
	return 0;
}

static int sockopt_set_close(struct quic_sock *q, const void *val, u32 len)
{
	struct quic_connection_close c;

	quic_sockopt_copy(&c, sizeof(c), val, len);
	c.frame = 0;
	memset(c.reserved, 0, sizeof(c.reserved));
	c.phrase[sizeof(c.phrase) - 1] = 0;
	q->close = c;
	return 0;
}

static int sockopt_get_close(struct quic_sock *q, struct quic_sockopt_get *g)
{
	struct quic_connection_close *c = (void *)g->scratch;

	quic_event_fill_close(q, c);
	g->data = c;
	g->len = sizeof(*c);
	return 0;
}

static int sockopt_set_connid(struct quic_sock *q, const void *val, u32 len)
{
	struct quic_connection_id_info info;
	int err;

	quic_sockopt_copy(&info, sizeof(info), val, len);
	if (quic_sock_sk(q)->sk_state != TCP_ESTABLISHED)
		return -EINVAL;
	err = quic_conn_change_ids(quic_sock_conn(q), info.dest, info.active, info.prior_to);
	if (!err)
		quic_sock_output(q);
	return err;
}

static int sockopt_get_connid(struct quic_sock *q, struct quic_sockopt_get *g)
{
	struct quic_connection_id_info *info = (void *)g->scratch;

	if (!q->started)
		return -EINVAL;
	quic_event_fill_connid(q, g->in_len && g->in[0], info);
	g->data = info;
	g->len = sizeof(*info);
	return 0;
}

static int sockopt_set_key_update(struct quic_sock *q, const void *val, u32 len)
{
	int err;

	if (quic_sock_sk(q)->sk_state != TCP_ESTABLISHED)
		return -EPIPE;
	err = quic_conn_update_keys(quic_sock_conn(q));
	quic_sock_output(q);
	return err;
}

/* ---- TLS ---- */

static bool sockopt_level(u8 uapi, enum quic_level *level)
{
	switch (uapi) {
	case QUIC_CRYPTO_APP:
		*level = QUIC_LEVEL_APP;
		return true;
	case QUIC_CRYPTO_HANDSHAKE:
		*level = QUIC_LEVEL_HANDSHAKE;
		return true;
	case QUIC_CRYPTO_EARLY:
		*level = QUIC_LEVEL_EARLY;
		return true;
	default:
		return false;
	}
}

/*
 * A client's old ticket and @token are used up; getsockopt() waits for new ones.
 * Packets that waited for the key may have brought a new token already.
 */
static void sockopt_drop_used(struct quic_sock *q, const u8 *token)
{
	if (quic_sock_conn(q)->is_server)
		return;
	quic_sock_blob_clear(&q->ticket);
	if (q->token.data == token)
		quic_sock_blob_clear(&q->token);
}

static int sockopt_set_secret(struct quic_sock *q, const void *val, u32 len)
{
	const u8 *token = q->token.data;
	struct quic_crypto_secret s;
	enum quic_cipher cipher;
	enum quic_level level;
	int err;

	quic_sockopt_copy(&s, sizeof(s), val, len);
	err = -EINVAL;
	if (!q->started || q->was_established || !sockopt_level(s.level, &level))
		goto out;
	err = -EPIPE;
	if (q->ended)
		goto out;
	err = -EINVAL;
	cipher = quic_cipher_from_uapi(s.type);
	if (cipher == QUIC_CIPHER_NONE ||
	    len < offsetof(struct quic_crypto_secret, secret) +
		  quic_cipher_info(cipher)->hash_bytes)
		goto out;
	err = quic_conn_install_secret(quic_sock_conn(q), level, s.send, cipher, s.secret,
				       quic_timer_now());
	if (!err && level == QUIC_LEVEL_APP && !s.send)
		sockopt_drop_used(q, token);
	quic_sock_output(q);
out:
	memzero_explicit(&s, sizeof(s));
	return err;
}

static int sockopt_set_alpn(struct quic_sock *q, const void *val, u32 len)
{
	char list[QUIC_SOCK_ALPN_BYTES + 1];
	int n;

	if (!len || len > QUIC_SOCK_ALPN_BYTES || quic_sock_is_listening(q))
		return -EINVAL;
	memcpy(list, val, len);
	n = quic_alpn_parse(list, len);
	return n < 0 ? n : quic_sock_blob_set(&q->alpn, list, n, GFP_KERNEL);
}

static int sockopt_get_blob(const struct quic_sock_blob *b, struct quic_sockopt_get *g)
{
	g->data = b->data;
	g->len = b->len;
	g->whole = true;
	return 0;
}

static int sockopt_get_alpn(struct quic_sock *q, struct quic_sockopt_get *g)
{
	return sockopt_get_blob(&q->alpn, g);
}

static int sockopt_issue_token(struct quic_sock *q)
{
	int err;

	if (quic_sock_sk(q)->sk_state != TCP_ESTABLISHED)
		return -EINVAL;
	err = quic_conn_issue_token(quic_sock_conn(q), quic_timer_now());
	quic_sock_output(q);
	return err;
}

static int sockopt_set_token(struct quic_sock *q, const void *val, u32 len)
{
	struct quic_conn *conn = quic_sock_conn(q);
	int err;

	if (quic_sock_is_listening(q))
		return -EINVAL;
	if (q->started && conn->is_server)
		return sockopt_issue_token(q);
	if (!len || len > QUIC_SOCK_TOKEN_SET_BYTES)
		return -EINVAL;
	err = quic_sock_blob_set(&q->token, val, len, GFP_KERNEL);
	/* It is for the first Initial; a Retry has another one for those that follow. */
	if (!err && q->started && !conn->recovery.space[QUIC_SPACE_INITIAL].sent.next)
		err = quic_bind_give_token(q);
	return err;
}

/* That this fails on servers is how TLS libraries learn their role (UAPI.md 4). */
static int sockopt_get_token(struct quic_sock *q, struct quic_sockopt_get *g)
{
	if (quic_sock_is_listening(q) || (q->started && quic_sock_conn(q)->is_server))
		return -EINVAL;
	return sockopt_get_blob(&q->token, g);
}

static int sockopt_get_ticket(struct quic_sock *q, struct quic_sockopt_get *g)
{
	struct quic_span t;
	int err;

	err = quic_ticket_get(q, g->scratch, &t);
	if (err)
		return err;
	g->data = t.data;
	g->len = t.len;
	g->whole = true;
	return 0;
}

/* ---- the table ---- */

/**
 * struct sockopt_row - one option
 * @set: handler, NULL: can not be set
 * @get: handler, NULL: can not be read
 */
struct sockopt_row {
	int (*set)(struct quic_sock *q, const void *val, u32 len);
	int (*get)(struct quic_sock *q, struct quic_sockopt_get *g);
};

static const struct sockopt_row sockopt_table[] = {
	[QUIC_SOCKOPT_EVENT] = { sockopt_set_event, sockopt_get_event },
	[QUIC_SOCKOPT_STREAM_OPEN] = { NULL, quic_sockopt_stream_open },
	[QUIC_SOCKOPT_STREAM_RESET] = { quic_sockopt_stream_reset, NULL },
	[QUIC_SOCKOPT_STREAM_STOP_SENDING] = { quic_sockopt_stream_stop, NULL },
	[QUIC_SOCKOPT_CONNECTION_ID] = { sockopt_set_connid, sockopt_get_connid },
	[QUIC_SOCKOPT_CONNECTION_CLOSE] = { sockopt_set_close, sockopt_get_close },
	[QUIC_SOCKOPT_CONNECTION_MIGRATION] = { quic_migrate_set, NULL },
	[QUIC_SOCKOPT_KEY_UPDATE] = { sockopt_set_key_update, NULL },
	[QUIC_SOCKOPT_TRANSPORT_PARAM] = { quic_param_set, quic_param_get },
	[QUIC_SOCKOPT_CONFIG] = { quic_param_set_config, quic_param_get_config },
	[QUIC_SOCKOPT_TOKEN] = { sockopt_set_token, sockopt_get_token },
	[QUIC_SOCKOPT_ALPN] = { sockopt_set_alpn, sockopt_get_alpn },
	[QUIC_SOCKOPT_SESSION_TICKET] = { quic_ticket_set, sockopt_get_ticket },
	[QUIC_SOCKOPT_CRYPTO_SECRET] = { sockopt_set_secret, NULL },
	[QUIC_SOCKOPT_TRANSPORT_PARAM_EXT] = { quic_param_set_ext, quic_param_get_ext },
	[QUIC_SOCKOPT_INFO] = { NULL, quic_info_get },
	[QUIC_SOCKOPT_STREAM_PRIORITY] = { quic_sockopt_stream_set_priority,
					   quic_sockopt_stream_get_priority },
	[QUIC_SOCKOPT_CONGESTION] = { quic_param_set_congestion, quic_param_get_congestion },
	[QUIC_SOCKOPT_EARLY_DATA] = { quic_ticket_set_early, NULL },
};

static const struct sockopt_row *sockopt_row(int optname)
{
	static const struct sockopt_row none;

	return optname >= 0 && optname < ARRAY_SIZE(sockopt_table) ? &sockopt_table[optname] :
								      &none;
}

int quic_do_setsockopt(struct sock *sk, int optname, sockptr_t optval, unsigned int optlen)
{
	const struct sockopt_row *row = sockopt_row(optname);
	void *val = NULL;
	int err;

	if (optlen > QUIC_SOCKOPT_MAX_BYTES)
		return -EINVAL;
	if (!row->set)
		return -ENOPROTOOPT;
	if (optlen) {
		val = memdup_sockptr(optval, optlen);
		if (IS_ERR(val))
			return PTR_ERR(val);
	}
	lock_sock(sk);
	err = row->set(quic_sk(sk), val, optlen);
	quic_sock_settle(quic_sk(sk));
	release_sock(sk);
	kfree_sensitive(val);
	return err;
}
EXPORT_SYMBOL_GPL(quic_do_setsockopt);

/* Hands the answer out: as much of it as the caller has room for, or all. */
static int sockopt_answer(const struct quic_sockopt_get *g, sockptr_t optval, sockptr_t optlen,
			  int room)
{
	int len = min_t(int, room, g->len);

	if (g->whole && len < g->len)
		return -EINVAL;
	if (copy_to_sockptr(optlen, &len, sizeof(len)))
		return -EFAULT;
	return len && copy_to_sockptr(optval, g->data, len) ? -EFAULT : 0;
}

static int sockopt_get(struct sock *sk, int (*get)(struct quic_sock *q, struct quic_sockopt_get *g),
		       sockptr_t optval, sockptr_t optlen)
{
	struct quic_sockopt_get *g;
	int len, err;

	if (copy_from_sockptr(&len, optlen, sizeof(len)))
		return -EFAULT;
	if (len < 0)
		return -EINVAL;
	g = kzalloc(sizeof(*g), GFP_KERNEL);
	if (!g)
		return -ENOMEM;
	g->in_len = min_t(u32, len, sizeof(g->in));
	err = -EFAULT;
	if (g->in_len && copy_from_sockptr(g->in, optval, g->in_len))
		goto out;
	lock_sock(sk);
	err = get(quic_sk(sk), g);
	if (!err)
		err = sockopt_answer(g, optval, optlen, len);
	release_sock(sk);
out:
	kfree_sensitive(g);
	return err;
}

int quic_do_getsockopt(struct sock *sk, int optname, sockptr_t optval, sockptr_t optlen)
{
	const struct sockopt_row *row = sockopt_row(optname);

	return row->get ? sockopt_get(sk, row->get, optval, optlen) : -ENOPROTOOPT;
}
EXPORT_SYMBOL_GPL(quic_do_getsockopt);

/* ---- other levels ---- */

static int sockopt_set_tcp(struct sock *sk, int optname, sockptr_t optval, unsigned int optlen)
{
	int on;

	if (optname != TCP_NODELAY)
		return -ENOPROTOOPT;
	if (optlen < sizeof(on))
		return -EINVAL;
	if (copy_from_sockptr(&on, optval, sizeof(on)))
		return -EFAULT;
	lock_sock(sk);
	quic_sk(sk)->config.stream_data_nodelay = !!on;
	quic_sock_conn(quic_sk(sk))->config.nodelay = !!on;
	if (on)
		quic_sock_output(quic_sk(sk));
	release_sock(sk);
	return 0;
}

static int sockopt_get_nodelay(struct quic_sock *q, struct quic_sockopt_get *g)
{
	*(int *)g->scratch = q->config.stream_data_nodelay;
	g->data = g->scratch;
	g->len = sizeof(int);
	return 0;
}

static int sockopt_get_tcp(struct sock *sk, int optname, sockptr_t optval, sockptr_t optlen)
{
	switch (optname) {
	case TCP_NODELAY:
		return sockopt_get(sk, sockopt_get_nodelay, optval, optlen);
	case TCP_INFO:
		return sockopt_get(sk, quic_info_get_tcp, optval, optlen);
	default:
		return -ENOPROTOOPT;
	}
}

int quic_setsockopt(struct sock *sk, int level, int optname, sockptr_t optval,
		    unsigned int optlen)
{
	if (level == SOL_QUIC)
		return quic_do_setsockopt(sk, optname, optval, optlen);
	if (level == SOL_TCP)
		return sockopt_set_tcp(sk, optname, optval, optlen);
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6)
		return ipv6_setsockopt(sk, level, optname, optval, optlen);
#endif
	return ip_setsockopt(sk, level, optname, optval, optlen);
}

int quic_getsockopt(struct sock *sk, int level, int optname, char __user *optval,
		    int __user *optlen)
{
	if (level == SOL_QUIC)
		return quic_do_getsockopt(sk, optname, USER_SOCKPTR(optval),
					  USER_SOCKPTR(optlen));
	if (level == SOL_TCP)
		return sockopt_get_tcp(sk, optname, USER_SOCKPTR(optval), USER_SOCKPTR(optlen));
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6)
		return ipv6_getsockopt(sk, level, optname, optval, optlen);
#endif
	return ip_getsockopt(sk, level, optname, optval, optlen);
}
