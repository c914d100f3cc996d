/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sockopt.h - socket options of level SOL_QUIC (UAPI.md 4, 17)
 *
 * A table row per option names its handlers.  A set handler gets a copy of what
 * user space gave; a get handler fills a struct quic_sockopt_get.  All run with
 * the socket owned.
 */
#ifndef _QUIC_SOCKOPT_H
#define _QUIC_SOCKOPT_H

#include "socket.h"

#define QUIC_SOCKOPT_MAX_BYTES	4096	/* longer input is refused */
#define QUIC_SOCKOPT_SCRATCH_BYTES	768	/* struct quic_info, TRANSPORT_PARAM_EXT */

/**
 * struct quic_sockopt_get - one getsockopt()
 * @in: what user space's buffer held, up to 64 bytes; zero behind it
 * @in_len: bytes of it
 * @data: answer; points into @scratch or into the socket
 * @len: its bytes
 * @whole: a buffer shorter than @len is -EINVAL; else the answer is cut
 * @scratch: room for answers that have to be made
 */
struct quic_sockopt_get {
	u8 in[64] __aligned(8);
	u32 in_len;
	const void *data;
	u32 len;
	bool whole;
	u8 scratch[QUIC_SOCKOPT_SCRATCH_BYTES] __aligned(8);
};

/* Copies an argument that may be shorter or longer than ours (UAPI.md 3). */
static inline void quic_sockopt_copy(void *dst, size_t size, const void *src, size_t len)
{
	memset(dst, 0, size);
	if (len)
		memcpy(dst, src, min(size, len));
}

/* proto.setsockopt and proto.getsockopt */
int quic_setsockopt(struct sock *sk, int level, int optname, sockptr_t optval,
		    unsigned int optlen);
int quic_getsockopt(struct sock *sk, int level, int optname, char __user *optval,
		    int __user *optlen);

#endif /* _QUIC_SOCKOPT_H */
