/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What kernel users of QUIC sockets call besides the socket API
 *
 * Everything else goes through sock_create_kern(), kernel_bind(),
 * kernel_connect(), kernel_listen(), kernel_accept(), sock_sendmsg() and
 * sock_recvmsg(); see Documentation/networking/quic/.
 */
#ifndef _LINUX_QUIC_H
#define _LINUX_QUIC_H

#include <linux/sockptr.h>
#include <uapi/linux/quic.h>

struct sock;

/**
 * quic_do_setsockopt() - setsockopt() of level SOL_QUIC for kernel users
 * @sk: QUIC socket, not owned
 * @optname: QUIC_SOCKOPT_*
 * @optval: value
 * @optlen: its bytes
 *
 * Context: process, may sleep; takes the socket lock.
 * Return: 0 or the errno that setsockopt() would give.
 */
int quic_do_setsockopt(struct sock *sk, int optname, sockptr_t optval, unsigned int optlen);

/**
 * quic_do_getsockopt() - getsockopt() of level SOL_QUIC for kernel users
 * @sk: QUIC socket, not owned
 * @optname: QUIC_SOCKOPT_*
 * @optval: input of options that have one, and room for the answer
 * @optlen: int: bytes of @optval in, bytes of the answer out
 *
 * Context: process, may sleep; takes the socket lock.
 * Return: 0 or the errno that getsockopt() would give.
 */
int quic_do_getsockopt(struct sock *sk, int optname, sockptr_t optval, sockptr_t optlen);

#endif /* _LINUX_QUIC_H */
