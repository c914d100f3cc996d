// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tests/kunit_main.c - module quic_kunit: KUnit tests of quic.ko
 *
 * Reaches into quic.ko through the exports of kunit_export.c.  A suite more
 * stands in a file of its own and is named here and in kunit_quic.h.
 */
#include <linux/module.h>

#include "kunit_quic.h"

kunit_test_suites(&quic_core_suite, &quic_crypto_suite, &quic_keys_suite, &quic_limits_suite);

/* MODULE_IMPORT_NS() takes a string on 7.3 and a word on 6.12; this is both. */
MODULE_INFO(import_ns, "EXPORTED_FOR_KUNIT_TESTING");
MODULE_DESCRIPTION("KUnit tests of QUIC");
MODULE_LICENSE("GPL");
