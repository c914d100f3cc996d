/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * alpn.h - application protocol names (RFC 7301): lists, and a ClientHello put together
 *
 * A list is kept as text: names with commas in between, no blanks.
 */
#ifndef _QUIC_ALPN_H
#define _QUIC_ALPN_H

#include "core/hello.h"
#include "socket.h"

/**
 * quic_alpn_parse() - check and normalise what user space set
 * @list: text, changed in place: blanks around names go
 * @len: its bytes, <= QUIC_SOCK_ALPN_BYTES
 *
 * Return: bytes of the normalised list; -EINVAL empty, an empty name, a NUL.
 */
int quic_alpn_parse(char *list, u32 len);

/* Whether two lists share a name; two empty ones do. */
bool quic_alpn_overlap(const struct quic_sock_blob *a, const struct quic_sock_blob *b);

/* Whether two lists are the same text. */
bool quic_alpn_equal(const struct quic_sock_blob *a, const struct quic_sock_blob *b);
/* Whether @name is in the list. */
bool quic_alpn_has(const struct quic_sock_blob *list, const struct quic_span *name);

/**
 * quic_alpn_hello_read() - the names a ClientHello offers
 * @in: CRYPTO data of the Initial level, put together by the engine, unread
 * @hello: a copy of the hello, to be given to kvfree(); NULL: none was needed
 * @list: the names in wire form, inside @hello (core/hello.h); empty: none, or not a
 *	ClientHello
 *
 * Context: process, may sleep.
 * Return: 0; -EAGAIN it is not complete; -ENOMEM.
 */
int quic_alpn_hello_read(const struct quic_inqueue *in, u8 **hello, struct quic_span *list);
#endif /* _QUIC_ALPN_H */
