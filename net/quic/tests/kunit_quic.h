/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/kunit_quic.h - the suites of quic_kunit.ko, registered by kunit_main.c
 */
#ifndef _QUIC_KUNIT_QUIC_H
#define _QUIC_KUNIT_QUIC_H

#include <kunit/test.h>

extern struct kunit_suite quic_core_suite;
extern struct kunit_suite quic_crypto_suite;
extern struct kunit_suite quic_keys_suite;
extern struct kunit_suite quic_limits_suite;

#endif /* _QUIC_KUNIT_QUIC_H */
