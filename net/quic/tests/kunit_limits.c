// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tests/kunit_limits.c - AEAD limits (RFC 9001 6.6) of two sockets of the kernel
 *
 * Nothing but a test may lower the limits, and no option does.  Here they are
 * lowered in the connection itself; the rest is what every socket does: system
 * calls' functions, ciphers, UDP over lo.  The TLS messages are words, and the
 * secrets are made up.
 */
#include <kunit/test.h>
#include <linux/in.h>
#include <linux/net.h>
#include <linux/quic.h>
#include <linux/random.h>
#include <uapi/linux/tls.h>

#include "../compat.h"
#include "../socket.h"
#include "kunit_quic.h"

#define LIMITS_BUF_BYTES	16384
#define LIMITS_WAIT_MS		60000
#define LIMITS_PARAM_BYTES	256
#define LIMITS_PACKET_BYTES	1200	/* of every datagram: lo would take 64 KiB */
#define LIMITS_RESERVE_PKTS	128	/* that core/keys.c keeps back from a limit */

/**
 * struct limits_bed - two connected sockets
 * @listener: that @server comes from
 * @client: a connection's end
 * @server: the other one
 * @sent: bytes of the pattern that @client sent
 * @rcvd: bytes of it that @server has read
 * @buf: LIMITS_BUF_BYTES
 */
struct limits_bed {
	struct socket *listener;
	struct socket *client;
	struct socket *server;
	u64 sent;
	u64 rcvd;
	u8 *buf;
};

static struct quic_conn *conn_of(struct socket *sock)
{
	return quic_sock_conn(quic_sk(sock->sk));
}

static int set(struct socket *sock, int name, void *val, unsigned int len)
{
	return quic_do_setsockopt(sock->sk, name, KERNEL_SOCKPTR(val), len);
}

/* One TLS message at @level. */
static void tell(struct kunit *test, struct socket *sock, u8 level, const char *text)
{
	u8 control[CMSG_SPACE(sizeof(struct quic_handshake_info))] __aligned(8) = {};
	struct cmsghdr *cm = (struct cmsghdr *)control;
	struct msghdr msg = { .msg_control = control, .msg_controllen = sizeof(control) };
	struct kvec v = { .iov_base = (void *)text, .iov_len = strlen(text) };

	cm->cmsg_level = SOL_QUIC;
	cm->cmsg_type = QUIC_HANDSHAKE_INFO;
	cm->cmsg_len = CMSG_LEN(sizeof(struct quic_handshake_info));
	*(u8 *)CMSG_DATA(cm) = level;
	KUNIT_ASSERT_EQ(test, kernel_sendmsg(sock, &msg, &v, 1, v.iov_len), (int)v.iov_len);
}

/* recvmsg() into the bed's buffer, waiting for what comes. */
static int take(struct limits_bed *b, struct socket *sock, u32 *flags)
{
	struct msghdr msg = {};
	struct kvec v = { .iov_base = b->buf, .iov_len = LIMITS_BUF_BYTES };
	int n = kernel_recvmsg(sock, &msg, &v, 1, v.iov_len, 0);

	*flags = msg.msg_flags;
	return n;
}

static void hear(struct kunit *test, struct socket *sock, const char *text)
{
	struct limits_bed *b = test->priv;
	u32 flags;

	KUNIT_ASSERT_EQ(test, take(b, sock, &flags), (int)strlen(text));
	KUNIT_ASSERT_MEMEQ(test, b->buf, text, strlen(text));
}

/* Tells @to the transport parameters of @from. */
static void exchange_params(struct kunit *test, struct socket *from, struct socket *to)
{
	struct limits_bed *b = test->priv;
	int len = LIMITS_PARAM_BYTES;

	KUNIT_ASSERT_EQ(test, quic_do_getsockopt(from->sk, QUIC_SOCKOPT_TRANSPORT_PARAM_EXT,
						 KERNEL_SOCKPTR(b->buf), KERNEL_SOCKPTR(&len)), 0);
	KUNIT_ASSERT_EQ(test, set(to, QUIC_SOCKOPT_TRANSPORT_PARAM_EXT, b->buf, len), 0);
}

static void install(struct kunit *test, struct socket *sock, u8 level, bool send, u8 fill)
{
	struct quic_crypto_secret s = {
		.send = send, .level = level, .type = TLS_CIPHER_AES_GCM_128,
	};

	memset(s.secret, fill, sizeof(s.secret));
	KUNIT_ASSERT_EQ(test, set(sock, QUIC_SOCKOPT_CRYPTO_SECRET, &s, sizeof(s)), 0);
}

static struct socket *new_socket(struct kunit *test)
{
	struct quic_transport_param p = { .max_udp_payload_size = LIMITS_PACKET_BYTES };
	struct quic_event_option event = { .type = QUIC_EVENT_KEY_UPDATE, .on = 1 };
	struct socket *sock;

	KUNIT_ASSERT_EQ(test, sock_create_kern(&init_net, AF_INET, SOCK_DGRAM, IPPROTO_QUIC,
					       &sock), 0);
	KUNIT_ASSERT_EQ(test, set(sock, QUIC_SOCKOPT_TRANSPORT_PARAM, &p, sizeof(p)), 0);
	KUNIT_ASSERT_EQ(test, set(sock, QUIC_SOCKOPT_EVENT, &event, sizeof(event)), 0);
	sock->sk->sk_rcvtimeo = msecs_to_jiffies(LIMITS_WAIT_MS);
	return sock;
}

/* A client that has sent its hello, and the server that has it. */
static void meet(struct kunit *test)
{
	struct sockaddr_storage ss = {};
	struct sockaddr_in *sin = (struct sockaddr_in *)&ss;
	struct limits_bed *b = test->priv;

	b->listener = new_socket(test);
	b->client = new_socket(test);
	sin->sin_family = AF_INET;
	sin->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	KUNIT_ASSERT_EQ(test, kernel_bind(b->listener, quic_compat_sockaddr(&ss), sizeof(*sin)), 0);
	KUNIT_ASSERT_EQ(test, kernel_listen(b->listener, 1), 0);
	KUNIT_ASSERT_GT(test, kernel_getsockname(b->listener, (struct sockaddr *)&ss), 0);
	KUNIT_ASSERT_EQ(test, kernel_connect(b->client, quic_compat_sockaddr(&ss), sizeof(*sin), 0),
			0);
	tell(test, b->client, QUIC_CRYPTO_INITIAL, "client hello");
	KUNIT_ASSERT_EQ(test, kernel_accept(b->listener, &b->server, 0), 0);
	hear(test, b->server, "client hello");
}

static void connect_both(struct kunit *test)
{
	struct limits_bed *b = test->priv;

	meet(test);
	exchange_params(test, b->client, b->server);
	tell(test, b->server, QUIC_CRYPTO_INITIAL, "server hello");
	install(test, b->server, QUIC_CRYPTO_HANDSHAKE, true, 1);
	install(test, b->server, QUIC_CRYPTO_HANDSHAKE, false, 2);
	install(test, b->server, QUIC_CRYPTO_APP, true, 3);
	tell(test, b->server, QUIC_CRYPTO_HANDSHAKE, "server finished");

	hear(test, b->client, "server hello");
	install(test, b->client, QUIC_CRYPTO_HANDSHAKE, true, 2);
	install(test, b->client, QUIC_CRYPTO_HANDSHAKE, false, 1);
	hear(test, b->client, "server finished");
	exchange_params(test, b->server, b->client);
	tell(test, b->client, QUIC_CRYPTO_HANDSHAKE, "client finished");
	install(test, b->client, QUIC_CRYPTO_APP, true, 4);
	install(test, b->client, QUIC_CRYPTO_APP, false, 3);

	hear(test, b->server, "client finished");
	install(test, b->server, QUIC_CRYPTO_APP, false, 4);
}

static u8 pattern(u64 off)
{
	return off * 131 + off / 251;
}

/* The client sends @len bytes on its stream: whether it could. */
static bool send_bytes(struct limits_bed *b, u32 len)
{
	struct kvec v = { .iov_base = b->buf, .iov_len = len };
	struct msghdr msg = {};
	u32 i;

	for (i = 0; i < len; i++)
		b->buf[i] = pattern(b->sent + i);
	b->sent += len;
	return kernel_sendmsg(b->client, &msg, &v, 1, len) == (int)len;
}

/* The server reads all of it; what it is told of key updates meanwhile is counted. */
static u32 read_all(struct kunit *test)
{
	struct limits_bed *b = test->priv;
	u32 events = 0, wrong = 0, flags;
	int n, i;

	while (b->rcvd < b->sent) {
		n = take(b, b->server, &flags);
		KUNIT_ASSERT_GT(test, n, 0);
		if (flags & MSG_QUIC_NOTIFICATION) {
			events++;
			continue;
		}
		for (i = 0; i < n; i++)
			wrong += b->buf[i] != pattern(b->rcvd + i);
		b->rcvd += n;
	}
	KUNIT_ASSERT_EQ(test, wrong, 0);
	return events;
}

/* An exchange of data and the ACKs of it have confirmed the handshake at both ends. */
static void settle(struct kunit *test)
{
	KUNIT_ASSERT_TRUE(test, send_bytes(test->priv, 100));
	KUNIT_EXPECT_EQ(test, read_all(test), 0);
}

static void lower_limits(struct socket *sock, u64 seal, u64 open)
{
	lock_sock(sock->sk);
	conn_of(sock)->keys.seal_cap = seal;
	conn_of(sock)->keys.open_cap = open;
	release_sock(sock->sk);
}

/* For lockdep: its lock is held while another socket's is taken.  Nothing is under way. */
static void reclassify(struct sock *sk)
{
	static struct lock_class_key slock_key, lock_key;

	lockdep_set_class_and_name(&sk->sk_lock.slock, &slock_key, "slock-QUIC-held");
	lockdep_init_map(&sk->sk_lock.dep_map, "sk_lock-QUIC-held", &lock_key, 0);
}

static void expect_end(struct kunit *test, struct socket *sock, enum quic_close_source source)
{
	struct limits_bed *b = test->priv;
	struct quic_close c;
	u32 flags;
	int n;

	do
		n = take(b, sock, &flags);
	while (n > 0);
	KUNIT_EXPECT_EQ(test, n, -ENOTCONN);
	lock_sock(sock->sk);
	c = conn_of(sock)->close;
	release_sock(sock->sk);
	KUNIT_EXPECT_EQ(test, c.source, (u8)source);
	KUNIT_EXPECT_FALSE(test, c.app);
	KUNIT_EXPECT_EQ(test, c.code, (u64)QUIC_TRANSPORT_ERROR_AEAD_LIMIT_REACHED);
}

/* [9001-6.6#1,3] nobody asks for the update, and nothing of the stream is lost */
static void keys_are_updated_before_the_confidentiality_limit(struct kunit *test)
{
	const u64 limit_pkts = 16 * LIMITS_RESERVE_PKTS;
	struct limits_bed *b = test->priv;
	u64 count = 0, most = 0;
	u32 events = 0, round;

	connect_both(test);
	settle(test);
	lower_limits(b->client, limit_pkts, U64_MAX);
	for (round = 0; !events && round < limit_pkts; round++) {
		most = max(most, count);
		KUNIT_ASSERT_TRUE(test, send_bytes(b, LIMITS_BUF_BYTES));
		events += read_all(test);
		count = conn_of(b->client)->keys.tx[QUIC_LEVEL_APP].count;
	}
	KUNIT_EXPECT_EQ(test, events, 1);
	KUNIT_EXPECT_GT(test, most, limit_pkts / 2);
	KUNIT_EXPECT_LT(test, most, limit_pkts - LIMITS_RESERVE_PKTS);
	KUNIT_EXPECT_LT(test, count, limit_pkts / 2);
	KUNIT_EXPECT_EQ(test, conn_of(b->client)->keys.updates, 1);
	KUNIT_EXPECT_EQ(test, conn_of(b->server)->keys.updates, 1);
}

/* [9001-6.6#2,4] an update that the peer does not confirm saves nothing */
static void connection_ends_at_the_confidentiality_limit(struct kunit *test)
{
	struct limits_bed *b = test->priv;
	u32 round = 0;

	connect_both(test);
	settle(test);
	reclassify(b->server->sk);
	lock_sock(b->server->sk);	/* what comes waits until it is let go */
	KUNIT_EXPECT_EQ(test, set(b->client, QUIC_SOCKOPT_KEY_UPDATE, NULL, 0), 0);
	KUNIT_EXPECT_TRUE(test, send_bytes(b, LIMITS_PACKET_BYTES));
	KUNIT_EXPECT_TRUE(test, conn_of(b->client)->keys.update_pending);
	lower_limits(b->client, LIMITS_RESERVE_PKTS + 4, U64_MAX);
	while (round++ < 8 && send_bytes(b, LIMITS_PACKET_BYTES))
		;
	expect_end(test, b->client, QUIC_CLOSE_LOCAL);
	release_sock(b->server->sk);
	expect_end(test, b->server, QUIC_CLOSE_PEER);
}

/* A datagram from somewhere that claims to be of the connection. */
static void send_forged(struct kunit *test, struct socket *udp)
{
	struct limits_bed *b = test->priv;
	struct sockaddr_storage ss;
	struct msghdr msg = { .msg_name = &ss };
	struct kvec v = { .iov_base = b->buf, .iov_len = 200 };
	const struct quic_cid *cid;

	msg.msg_namelen = kernel_getsockname(b->server, (struct sockaddr *)&ss);
	get_random_bytes(b->buf, v.iov_len);
	b->buf[0] = QUIC_HEADER_FIXED | (b->buf[0] & 0x3f);
	cid = &conn_of(b->server)->local_ids.e[0].cid;
	memcpy(b->buf + 1, cid->data, cid->len);
	KUNIT_ASSERT_EQ(test, kernel_sendmsg(udp, &msg, &v, 1, v.iov_len), (int)v.iov_len);
}

/* [9001-6.6#5,6] */
static void connection_ends_at_the_integrity_limit(struct kunit *test)
{
	struct limits_bed *b = test->priv;
	struct socket *udp;
	u32 i;

	connect_both(test);
	settle(test);
	lower_limits(b->server, U64_MAX, 5);
	KUNIT_ASSERT_EQ(test, sock_create_kern(&init_net, AF_INET, SOCK_DGRAM, IPPROTO_UDP,
					       &udp), 0);
	for (i = 0; i < 5; i++)
		send_forged(test, udp);
	settle(test);
	KUNIT_EXPECT_EQ(test, conn_of(b->server)->keys.failed, 5ULL);
	send_forged(test, udp);
	sock_release(udp);
	expect_end(test, b->server, QUIC_CLOSE_LOCAL);
	expect_end(test, b->client, QUIC_CLOSE_PEER);
}

static int limits_init(struct kunit *test)
{
	struct limits_bed *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);

	if (!b)
		return -ENOMEM;
	b->buf = kunit_kzalloc(test, LIMITS_BUF_BYTES, GFP_KERNEL);
	test->priv = b;
	return b->buf ? 0 : -ENOMEM;
}

static void limits_exit(struct kunit *test)
{
	struct limits_bed *b = test->priv;

	if (!b)
		return;
	if (b->client)
		sock_release(b->client);
	if (b->server)
		sock_release(b->server);
	if (b->listener)
		sock_release(b->listener);
}

static struct kunit_case quic_limits_cases[] = {
	KUNIT_CASE(keys_are_updated_before_the_confidentiality_limit),
	KUNIT_CASE(connection_ends_at_the_confidentiality_limit),
	KUNIT_CASE(connection_ends_at_the_integrity_limit),
	{}
};

struct kunit_suite quic_limits_suite = {
	.name = "quic-limits",
	.init = limits_init,
	.exit = limits_exit,
	.test_cases = quic_limits_cases,
};
