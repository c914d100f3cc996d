/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/hello.h - the protocol names in a ClientHello (RFC 8446 4.1.2, RFC 7301 3.1)
 *
 * All that the kernel reads of TLS: which of several listeners on one port a
 * client is for.  Nothing here is authentic, and nothing else is checked: what
 * TLS thinks of the message is user space's to say.
 */
#ifndef _QUIC_CORE_HELLO_H
#define _QUIC_CORE_HELLO_H

#include "types.h"

/* Type and length of a handshake message, in front of its body. */
#define QUIC_HELLO_HEAD_BYTES	4

/**
 * quic_hello_body_bytes() - how long the body of a ClientHello is
 * @head: QUIC_HELLO_HEAD_BYTES
 * @len: the body's bytes out
 *
 * Return: false: it is another message.
 */
bool quic_hello_body_bytes(const u8 *head, u32 *len);

/**
 * quic_hello_find_names() - the names that a ClientHello offers
 * @body: the whole body
 * @list: the names in wire form, inside @body
 *
 * Return: false: there are none, or it is malformed before that.
 */
bool quic_hello_find_names(struct quic_span body, struct quic_span *list);

/* Cuts the next name off @list; false at its end, or where it is malformed. */
bool quic_hello_next_name(struct quic_span *list, struct quic_span *name);

#endif /* _QUIC_CORE_HELLO_H */
