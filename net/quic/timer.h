/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * timer.h - the clock, and the one real timer of a connection
 *
 * The engine keeps all deadlines in conn->timers.  The timer is armed for the
 * earliest, lazily: a deadline that moves away leaves it as it is (it fires,
 * finds nothing due and is armed again); only one that comes nearer than what
 * is armed costs an hrtimer operation.  So there is no timer write per packet.
 */
#ifndef _QUIC_TIMER_H
#define _QUIC_TIMER_H

#include <linux/ktime.h>

#include "host.h"

/* Now, in microseconds of CLOCK_MONOTONIC. */
static inline quic_us quic_timer_now(void)
{
	return div_u64(ktime_get_ns(), NSEC_PER_USEC);
}

void quic_timer_init(struct quic_host *host);
/* Arms it for conn->timers when needed; after every engine call that may change them. */
void quic_timer_update(struct quic_host *host);
/*
 * Stops it.  A callback that already runs may still call quic_sock_on_timer().
 * Context: any, owned.
 */
void quic_timer_stop(struct quic_host *host);
/*
 * Stops it for good and waits for its callback.
 * Context: destruction of the socket, which has no reference left.
 */
void quic_timer_exit(struct quic_host *host);

#endif /* _QUIC_TIMER_H */
