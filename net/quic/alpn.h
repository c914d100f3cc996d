/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * alpn.h - lists of application protocol names (RFC 7301)
 *
 * A list is kept as text: names with commas in between, no blanks.
 */
#ifndef _QUIC_ALPN_H
#define _QUIC_ALPN_H

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

#endif /* _QUIC_ALPN_H */
