/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmsg.h - control messages of sendmsg() and recvmsg()
 */
#ifndef _QUIC_CMSG_H
#define _QUIC_CMSG_H

#include "socket.h"

/* The flags that a stream knows; they share their numbers with MSG_*. */
#define QUIC_CMSG_STREAM_FLAGS	(MSG_QUIC_STREAM_NEW | MSG_QUIC_STREAM_FIN | \
				 MSG_QUIC_STREAM_UNI | MSG_QUIC_STREAM_DONTWAIT | \
				 MSG_QUIC_STREAM_SNDBLOCK)

/**
 * struct quic_cmsg - what the control messages of one sendmsg() say
 * @has_stream: there was QUIC_STREAM_INFO
 * @has_handshake: there was QUIC_HANDSHAKE_INFO
 * @is_alert: the data is a TLS alert (net/handshake closes that way)
 * @stream: QUIC_STREAM_INFO
 * @handshake: QUIC_HANDSHAKE_INFO
 */
struct quic_cmsg {
	bool has_stream;
	bool has_handshake;
	bool is_alert;
	struct quic_stream_info stream;
	struct quic_handshake_info handshake;
};

/**
 * quic_cmsg_parse() - read the control messages of @msg
 * @sk: socket
 * @msg: message
 * @c: filled
 *
 * Structures shorter than ours are filled up with zeros (UAPI.md 3).
 *
 * Return: 0; -EINVAL malformed, unknown type, or a TLS record that is no alert;
 * errors of sock_cmsg_send().
 */
int quic_cmsg_parse(struct sock *sk, struct msghdr *msg, struct quic_cmsg *c);

/* Hands out QUIC_STREAM_INFO; where it does not fit the flags go to msg_flags (UAPI.md 6). */
void quic_cmsg_put_stream(struct msghdr *msg, s64 sid, u32 flags);
/* Hands out QUIC_HANDSHAKE_INFO. */
void quic_cmsg_put_handshake(struct msghdr *msg, u8 level);

#endif /* _QUIC_CMSG_H */
