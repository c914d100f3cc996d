// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmsg.c - control messages of sendmsg() and recvmsg() (UAPI.md 5, 6)
 */
#include <linux/compat.h>
#include <uapi/linux/tls.h>

#include "cmsg.h"

static const u8 cmsg_tls_alert = 21;	/* ContentType alert, RFC 8446 5.1 */

/* Copies a payload that may be shorter or longer than ours. */
static void cmsg_copy(const struct cmsghdr *cm, void *dst, size_t size)
{
	size_t len = cm->cmsg_len - sizeof(*cm);

	memset(dst, 0, size);
	memcpy(dst, CMSG_DATA(cm), min(len, size));
}

static int cmsg_parse_quic(const struct cmsghdr *cm, struct quic_cmsg *c)
{
	switch (cm->cmsg_type) {
	case QUIC_STREAM_INFO:
		cmsg_copy(cm, &c->stream, sizeof(c->stream));
		c->has_stream = true;
		return 0;
	case QUIC_HANDSHAKE_INFO:
		cmsg_copy(cm, &c->handshake, sizeof(c->handshake));
		c->has_handshake = true;
		return 0;
	default:
		return -EINVAL;
	}
}

static int cmsg_parse_tls(const struct cmsghdr *cm, struct quic_cmsg *c)
{
	u8 type;

	if (cm->cmsg_type != TLS_SET_RECORD_TYPE || cm->cmsg_len < CMSG_LEN(sizeof(type)))
		return -EINVAL;
	memcpy(&type, CMSG_DATA(cm), sizeof(type));
	if (type != cmsg_tls_alert)
		return -EINVAL;
	c->is_alert = true;
	return 0;
}

int quic_cmsg_parse(struct sock *sk, struct msghdr *msg, struct quic_cmsg *c)
{
	struct sockcm_cookie sockc;
	bool has_socket = false;
	struct cmsghdr *cm;
	int err;

	memset(c, 0, sizeof(*c));
	c->stream.stream_id = -1;
	for_each_cmsghdr(cm, msg) {
		err = 0;
		if (!CMSG_OK(msg, cm))
			return -EINVAL;
		if (cm->cmsg_level == SOL_QUIC)
			err = cmsg_parse_quic(cm, c);
		else if (cm->cmsg_level == SOL_TLS)
			err = cmsg_parse_tls(cm, c);
		else if (cm->cmsg_level == SOL_SOCKET)
			has_socket = true;
		if (err)
			return err;
	}
	if (!has_socket)
		return 0;
	sockcm_init(&sockc, sk);
	return sock_cmsg_send(sk, msg, &sockc);
}

/* i386 packs the structure into 12 bytes: no trailing pad (UAPI.md 16). */
static size_t cmsg_stream_bytes(void)
{
	if (in_compat_syscall())
		return offsetofend(struct quic_stream_info, stream_flags);
	return sizeof(struct quic_stream_info);
}

void quic_cmsg_put_stream(struct msghdr *msg, s64 sid, u32 flags)
{
	struct quic_stream_info info = { .stream_id = sid, .stream_flags = flags };

	put_cmsg(msg, SOL_QUIC, QUIC_STREAM_INFO, cmsg_stream_bytes(), &info);
	if (msg->msg_flags & MSG_CTRUNC)
		msg->msg_flags |= flags;
}

void quic_cmsg_put_handshake(struct msghdr *msg, u8 level)
{
	struct quic_handshake_info info = { .crypto_level = level };

	put_cmsg(msg, SOL_QUIC, QUIC_HANDSHAKE_INFO, sizeof(info), &info);
}
