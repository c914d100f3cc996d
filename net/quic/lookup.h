/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lookup.h - tables that find connections
 *
 *   cids    our connection ids -> connection: every packet, RCU rhashtable
 *   paths   (our port, peer address and port) -> connections: ICMP errors and
 *           stateless resets, which carry no id of ours; RCU hash chains
 *
 * Listeners are layer 4's.  A found socket is returned with a reference taken
 * with refcount_inc_not_zero(); sockets are freed after an RCU grace period
 * (SOCK_RCU_FREE), so that taking it is safe.
 */
#ifndef _QUIC_LOOKUP_H
#define _QUIC_LOOKUP_H

#include "host.h"

/**
 * quic_lookup_cid() - the connection that @cid addresses
 * @qn: netns
 * @data: the id
 * @len: its bytes, <= 20
 *
 * Context: inside an RCU read section.
 * Return: its socket with a reference, or NULL.
 */
struct sock *quic_lookup_cid(struct quic_net *qn, const u8 *data, u8 len);

/* Whether the id is in use on any port of the netns: no reset is sent then (RFC 9000 21.11). */
bool quic_lookup_cid_is_live(struct quic_net *qn, const u8 *data, u8 len);

/**
 * quic_lookup_paths() - the connections between our port and an address
 * @qn: netns
 * @local_port: ours, host byte order
 * @remote: the peer
 * @sks: filled with sockets, one reference each
 * @max: room in @sks
 *
 * Context: inside an RCU read section.
 * Return: number of sockets.
 */
unsigned int quic_lookup_paths(struct quic_net *qn, u16 local_port, const struct quic_addr *remote,
			       struct sock **sks, unsigned int max);

/**
 * quic_lookup_reset() - the connection that a stateless reset is for
 * @qn: netns
 * @local_port: ours, host byte order
 * @remote: the peer
 * @token: QUIC_RESET_TOKEN_BYTES, the datagram's last
 *
 * Read without the sockets' locks: a hint, the connection looks again.  What it
 * misses, because a token changes just now, comes again with the next packet.
 *
 * Context: inside an RCU read section.
 * Return: its socket with a reference, or NULL.
 */
struct sock *quic_lookup_reset(struct quic_net *qn, u16 local_port, const struct quic_addr *remote,
			       const u8 *token);

/* (Re)enters @host under its present path; cheap when nothing changed. */
void quic_lookup_path_update(struct quic_host *host, const struct quic_path *path);
/* Removes every id of @host. */
void quic_lookup_cid_del_all(struct quic_host *host);
/* Leaves the table of paths; may be repeated. */
void quic_lookup_path_del(struct quic_host *host);

int quic_lookup_init(struct quic_net *qn);
void quic_lookup_exit(struct quic_net *qn);
int quic_lookup_setup(void);
void quic_lookup_cleanup(void);

#endif /* _QUIC_LOOKUP_H */
