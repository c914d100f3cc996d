/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compat.h - every difference between Linux 6.12 and 7.3 that concerns us
 *
 * The rest of the module is written for the newer kernel's names.  Nothing else
 * tests LINUX_VERSION_CODE.
 */
#ifndef _QUIC_COMPAT_H
#define _QUIC_COMPAT_H

#include <linux/hrtimer.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
/* hrtimer_setup() came with 6.13. */
static inline void quic_compat_hrtimer_setup(struct hrtimer *timer,
					     enum hrtimer_restart (*fn)(struct hrtimer *),
					     clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock, mode);
	timer->function = fn;
}
#define hrtimer_setup	quic_compat_hrtimer_setup
#endif

#endif /* _QUIC_COMPAT_H */
