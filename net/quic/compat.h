/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compat.h - every difference between Linux 6.12 and 7.3 that concerns us
 *
 * The rest of the module is written for the newer kernel's names.  Nothing else
 * tests LINUX_VERSION_CODE.
 */
#ifndef _QUIC_COMPAT_H
#define _QUIC_COMPAT_H

#include <crypto/chacha.h>
#include <linux/hrtimer.h>
#include <linux/version.h>
#include <net/udp_tunnel.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
/* hrtimer_setup() came with 6.13. */
static inline void quic_compat_hrtimer_setup(struct hrtimer *timer,
					     enum hrtimer_restart (*fn)(struct hrtimer *),
					     clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock, mode);
	timer->function = fn;
}

#define hrtimer_setup	quic_compat_hrtimer_setup
#endif

/* From 6.19 on addresses that come with a length are of a type of their own. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 19, 0)
#define sockaddr_unsized	sockaddr
#endif

/* As kernel_bind() and its like take it. */
static inline struct sockaddr_unsized *quic_compat_sockaddr(struct sockaddr_storage *sa)
{
	return (struct sockaddr_unsized *)sa;
}

/*
 * QUIC_COMPAT_RECVMSG() - defines proto.recvmsg as @name, which calls @fn
 *
 * It has lost its last argument, the address length, on the way to 7.3.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 1, 0)
#define QUIC_COMPAT_RECVMSG(name, fn)					\
static int name(struct sock *sk, struct msghdr *msg, size_t len, int flags, int *addr_len) \
{									\
	return fn(sk, msg, len, flags);					\
}
#else
#define QUIC_COMPAT_RECVMSG(name, fn)					\
static int name(struct sock *sk, struct msghdr *msg, size_t len, int flags) \
{									\
	return fn(sk, msg, len, flags);					\
}
#endif

/*
 * The UDP tunnel functions take a struct sock from 7.1 on, and carry flags of
 * the IP layer.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 1, 0)
static inline void quic_compat_setup_udp_tunnel_sock(struct net *net, struct socket *sock,
						     struct udp_tunnel_sock_cfg *cfg)
{
	setup_udp_tunnel_sock(net, sock, cfg);
}

/* Closes it; may sleep. */
static inline void quic_compat_udp_tunnel_sock_release(struct socket *sock)
{
	udp_tunnel_sock_release(sock);
}
#else
static inline void quic_compat_setup_udp_tunnel_sock(struct net *net, struct socket *sock,
						     struct udp_tunnel_sock_cfg *cfg)
{
	setup_udp_tunnel_sock(net, sock->sk, cfg);
}

static inline void quic_compat_udp_tunnel_sock_release(struct socket *sock)
{
	udp_tunnel_sock_release(sock->sk);
}
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 16, 0)
#define quic_compat_udp_tunnel_xmit_skb(...)	udp_tunnel_xmit_skb(__VA_ARGS__)
#define quic_compat_udp_tunnel6_xmit_skb(...)	udp_tunnel6_xmit_skb(__VA_ARGS__)
#else
#define quic_compat_udp_tunnel_xmit_skb(...)	udp_tunnel_xmit_skb(__VA_ARGS__, 0)
#define quic_compat_udp_tunnel6_xmit_skb(...)	udp_tunnel6_xmit_skb(__VA_ARGS__, 0)
#endif

/* The first @len <= 64 bytes of the ChaCha20 block of @key and the 16-byte @iv. */
static inline void quic_compat_chacha20_block(const u32 *key, const u8 *iv, u8 *out, size_t len)
{
	u8 block[CHACHA_BLOCK_SIZE];
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 16, 0)
	u32 state[CHACHA_STATE_WORDS];

	chacha_init(state, key, iv);
	chacha20_block(state, block);
	memzero_explicit(state, sizeof(state));
#else
	struct chacha_state state;

	chacha_init(&state, key, iv);
	chacha20_block(&state, block);
	chacha_zeroize_state(&state);
#endif
	memcpy(out, block, len);
	memzero_explicit(block, sizeof(block));
}

#endif /* _QUIC_COMPAT_H */
