// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * timer.c - the one real timer of a connection
 *
 * An armed timer holds no reference: it can be queued again while its callback
 * runs on another CPU, and nothing tells whether a reference of it is still out
 * then.  Instead the callback takes one if there is still one to share, and the
 * socket's destruction waits for a callback that could not.
 */
#include "compat.h"
#include "timer.h"

static enum hrtimer_restart timer_fire(struct hrtimer *hr)
{
	struct quic_host *host = container_of(hr, struct quic_host, timer.hr);
	struct sock *sk = host->sk;

	if (refcount_inc_not_zero(&sk->sk_refcnt)) {
		quic_sock_on_timer(sk);
		sock_put(sk);
	}
	return HRTIMER_NORESTART;
}

void quic_timer_init(struct quic_host *host)
{
	hrtimer_setup(&host->timer.hr, timer_fire, CLOCK_MONOTONIC, HRTIMER_MODE_ABS_PINNED_SOFT);
	host->timer.armed = QUIC_US_NEVER;
}

/* A ktime_t ends 292 years after boot: what is due later comes then. */
static void timer_arm(struct quic_host *host, quic_us at)
{
	u64 ns = min_t(quic_us, at, KTIME_MAX / NSEC_PER_USEC) * NSEC_PER_USEC;

	hrtimer_start(&host->timer.hr, ns_to_ktime(ns), HRTIMER_MODE_ABS_PINNED_SOFT);
	host->timer.armed = at;
}

void quic_timer_update(struct quic_host *host)
{
	quic_us at = quic_timers_earliest(&host->conn.timers);

	if (at == QUIC_US_NEVER)
		return;
	/* Seen queued although it fires right now: its callback waits for us and updates again. */
	if (at < host->timer.armed || !hrtimer_is_queued(&host->timer.hr))
		timer_arm(host, at);
}

void quic_timer_stop(struct quic_host *host)
{
	hrtimer_try_to_cancel(&host->timer.hr);
	host->timer.armed = QUIC_US_NEVER;
}

void quic_timer_exit(struct quic_host *host)
{
	hrtimer_cancel(&host->timer.hr);
}
