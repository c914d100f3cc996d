/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * token.h - the keys of a netns that address-validation tokens are sealed with
 *
 * What a token is: core/token.h.  What it is good for: admit.h.
 */
#ifndef _QUIC_TOKEN_H
#define _QUIC_TOKEN_H

#include "socket.h"

/**
 * quic_token_setup_net() - have keys from now on
 * @sn: namespace
 *
 * Called by every listener; the first one makes the keys, which then rotate
 * until the namespace goes.
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int quic_token_setup_net(struct quic_sock_net *sn);
/* No socket of the namespace is left. Context: process. */
void quic_token_exit_net(struct quic_sock_net *sn);

#endif /* _QUIC_TOKEN_H */
