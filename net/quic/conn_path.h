/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conn_path.h - what conn_path.c, conn_connid.c and conn_migrate.c share
 */
#ifndef _QUIC_CONN_PATH_H
#define _QUIC_CONN_PATH_H

#include "conn.h"

/* conn_path.c */

/* The path of exactly these addresses, NULL: there is none. */
struct quic_path *quic_conn_path_lookup(struct quic_conn *conn, const struct quic_addr *local,
					const struct quic_addr *remote);
/* A new path, and with @e a spare id of the peer's for it; NULL: no room, memory, or id. */
struct quic_path *quic_conn_path_make(struct quic_conn *conn, struct quic_connid_entry **e);
/* Starts @p, on which nothing was sent yet, with the connection's settings. */
void quic_conn_path_init(struct quic_conn *conn, struct quic_path *p,
			 const struct quic_addr *local, const struct quic_addr *remote,
			 u16 mtu_max, quic_us now);
/* Forgets @p, which is not in use; an id that was only for it is retired. */
void quic_conn_path_drop(struct quic_conn *conn, struct quic_path *p);
/* A PATH_CHALLENGE is to be sent on @p. */
void quic_conn_path_validate(struct quic_conn *conn, struct quic_path *p, quic_us now);
/* After the times of any path changed. */
void quic_conn_path_set_timer(struct quic_conn *conn);

/* conn_connid.c */

/* @p addresses the peer with the id of @e from now on. */
void quic_conn_path_set_dcid(struct quic_path *p, const struct quic_connid_entry *e);
/* @p is new: it has the id @e of the peer's for itself; NULL: that of the path in use. */
void quic_conn_path_address(const struct quic_conn *conn, struct quic_path *p,
			    const struct quic_connid_entry *e);
/* Tells the application that ids of the peer were retired. */
void quic_conn_tell_peer_ids(struct quic_conn *conn);

/* conn_migrate.c */

/* Is @local the address that we, a server, prefer? */
bool quic_conn_path_is_preferred(const struct quic_conn *conn, const struct quic_addr *local);

#endif /* _QUIC_CONN_PATH_H */
