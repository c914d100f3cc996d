/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replay.h - which ClientHellos with early data were seen (RFC 8446 8.2)
 *
 * One store per ticket key and netns, shared by all sockets with that key, of
 * whatever process.  What an id is made of, and how long it can be replayed, is
 * the TLS library's business: here it is 32 opaque bytes and a time.
 */
#ifndef _QUIC_REPLAY_H
#define _QUIC_REPLAY_H

#include "socket.h"

struct quic_replay;

#define QUIC_REPLAY_ID_BYTES	sizeof_field(struct quic_early, id)

/**
 * quic_replay_new() - the store of a key that nobody else can have
 *
 * Context: process, may sleep.
 * Return: the store with one reference, NULL: no memory.
 */
struct quic_replay *quic_replay_new(void);

/**
 * quic_replay_find() - the store of a key that was given to a socket
 * @sn: namespace
 * @key: ticket key
 * @len: its bytes
 * @out: the store, with one reference more
 *
 * A store that is made now does not know what was seen before: it takes nothing
 * for the lifetime of an id.
 *
 * Context: process, may sleep.
 * Return: 0, -ENOMEM, errno of the hash.
 */
int quic_replay_find(struct quic_sock_net *sn, const u8 *key, u32 len, struct quic_replay **out);

/* One reference more; @r may be NULL. */
struct quic_replay *quic_replay_get(struct quic_replay *r);
/* One less; the last one frees it.  @r may be NULL. Context: any. */
void quic_replay_put(struct quic_sock_net *sn, struct quic_replay *r);

/**
 * quic_replay_register() - has this ClientHello been seen?
 * @r: store
 * @id: of it
 * @lifetime: how long it can be replayed
 * @now: time
 *
 * Context: process, may sleep.
 * Return: 0: not yet, and remembered now; -EEXIST; -ENOSPC: nobody can tell;
 * -ENOMEM.
 */
int quic_replay_register(struct quic_replay *r, const u8 *id, quic_us lifetime, quic_us now);

#endif /* _QUIC_REPLAY_H */
