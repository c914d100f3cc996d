/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * migrate.h - addresses that change during a connection: QUIC_SOCKOPT_CONNECTION_MIGRATION
 */
#ifndef _QUIC_MIGRATE_H
#define _QUIC_MIGRATE_H

#include "sockopt.h"

/**
 * quic_migrate_set() - the option (UAPI.md 4)
 * @q: socket, owned
 * @val: struct sockaddr_in or sockaddr_in6
 * @len: its bytes
 *
 * A server that is establishing tells its preferred address; an established
 * connection of either role moves there once the peer has answered from it.
 *
 * Context: process, may sleep.
 * Return: 0; -EINVAL no address, of another family, in use already, or not allowed;
 * -EPIPE no connection; -EAGAIN another move is under way; errno of bind().
 */
int quic_migrate_set(struct quic_sock *q, const void *val, u32 len);

/**
 * quic_migrate_settle() - QUIC_NOTIFY_PATH: another path, or one less, or one to try
 * @q: socket, owned
 *
 * Context: any.
 */
void quic_migrate_settle(struct quic_sock *q);

/**
 * quic_migrate_run() - what quic_migrate_settle() left to process context
 * @q: socket, owned
 *
 * Context: process, may sleep.
 */
void quic_migrate_run(struct quic_sock *q);

#endif /* _QUIC_MIGRATE_H */
