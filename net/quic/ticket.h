/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ticket.h - TLS session tickets: the one TLS message the kernel reads
 */
#ifndef _QUIC_TICKET_H
#define _QUIC_TICKET_H

#include "socket.h"

/**
 * quic_ticket_collect() - take post-handshake TLS messages out of the receive queue
 * @q: socket, owned
 *
 * A client keeps the latest NewSessionTicket for the application and reports it
 * as an event.  Every other message after the handshake is an error of the peer
 * (RFC 9001 4.1.3, 6): the connection is closed with unexpected_message.
 *
 * Context: any.
 */
void quic_ticket_collect(struct quic_sock *q);

/**
 * quic_ticket_get() - what getsockopt(SESSION_TICKET) answers
 * @q: socket, owned
 * @key: room for a derived key of 64 bytes
 * @out: filled; len 0: there is none yet
 *
 * Return: 0, -EPIPE (listener, closed server), errno of the hash.
 */
int quic_ticket_get(struct quic_sock *q, u8 *key, struct quic_span *out);

/**
 * quic_ticket_set() - setsockopt(SESSION_TICKET)
 * @q: socket, owned
 * @val: a client's session, or a server's ticket key
 * @len: its bytes
 *
 * Return: 0, -EINVAL length, -ENOMEM, errno of the hash.
 */
int quic_ticket_set(struct quic_sock *q, const void *val, u32 len);

/**
 * quic_ticket_set_store() - find the store of replays that goes with a server's key
 * @q: socket that listens or was accepted, owned; its key is set, or will be derived
 *
 * Context: process, may sleep.
 * Return: 0, -ENOMEM, errno of the hash.
 */
int quic_ticket_set_store(struct quic_sock *q);

/* setsockopt(EARLY_DATA), UAPI.md 17.21. */
int quic_ticket_set_early(struct quic_sock *q, const void *val, u32 len);

#define QUIC_TICKET_KEY_BYTES	64

/* Copies @len readable bytes at @off from the read position of a queue of TLS messages. */
void quic_ticket_copy(const struct quic_inqueue *in, u32 off, void *dst, u32 len);

#endif /* _QUIC_TICKET_H */
