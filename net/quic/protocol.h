/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * protocol.h - registration: what the files of layer 5 need of each other
 */
#ifndef _QUIC_PROTOCOL_H
#define _QUIC_PROTOCOL_H

#include <net/net_namespace.h>

/* /proc/sys/net/quic (sysctl.c) */
int quic_sysctl_net_init(struct net *net);
void quic_sysctl_net_exit(struct net *net);

/* /proc/net/quic (proc.c) */
int quic_proc_net_init(struct net *net);
void quic_proc_net_exit(struct net *net);

#endif /* _QUIC_PROTOCOL_H */
