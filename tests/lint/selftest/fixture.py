# SPDX-License-Identifier: GPL-2.0-or-later
"""A checkout in miniature on which every gate is silent: {path: text}."""

GPL_C = "// SPDX-License-Identifier: GPL-2.0-or-later\n"
GPL_H = "/* SPDX-License-Identifier: GPL-2.0-or-later */\n"
GPL_SH = "# SPDX-License-Identifier: GPL-2.0-or-later\n"
LGPL_CC = "// SPDX-License-Identifier: LGPL-2.1-or-later\n"

LAYERS = GPL_SH + """
L0 core/env
L0 core/low
L1 core/high
L2 edge.h
L2 engine
LK compat.h
L3 module
"""

ENV_H = GPL_H + """#ifndef _QUIC_CORE_ENV_H
#define _QUIC_CORE_ENV_H

#include <linux/types.h>

#endif
"""

SHIM_H = GPL_H + """#ifndef _QUIC_CORE_ENV_H
#define _QUIC_CORE_ENV_H

typedef unsigned int u32;

#endif
"""

LOW_H = GPL_H + """#ifndef _QUIC_CORE_LOW_H
#define _QUIC_CORE_LOW_H

#include "env.h"

/**
 * quic_low_double() - twice a number
 * @n: the number
 *
 * Return: 2 * @n, modulo 2^32.
 */
u32 quic_low_double(u32 n);

#endif
"""

LOW_C = GPL_C + """#include "low.h"

u32 quic_low_double(u32 n)
{
	return 2 * n;
}
"""

HIGH_H = GPL_H + """#ifndef _QUIC_CORE_HIGH_H
#define _QUIC_CORE_HIGH_H

#include "low.h"

/* Four times @n. */
u32 quic_high_quadruple(u32 n);

#endif
"""

HIGH_C = GPL_C + """#include "high.h"

u32 quic_high_quadruple(u32 n)
{
	return quic_low_double(quic_low_double(n));
}
"""

EDGE_H = GPL_H + """#ifndef _QUIC_EDGE_H
#define _QUIC_EDGE_H

#include "core/env.h"

/* Sends @n somewhere. */
void quic_edge_send(u32 n);

#endif
"""

ENGINE_H = GPL_H + """#ifndef _QUIC_ENGINE_H
#define _QUIC_ENGINE_H

#include "core/high.h"

/* Runs the engine with @n. */
void quic_engine_run(u32 n);

#endif
"""

ENGINE_C = GPL_C + """#include "engine.h"

#include "edge.h"

void quic_engine_run(u32 n)
{
	quic_edge_send(quic_high_quadruple(n));
}
"""

COMPAT_H = GPL_H + """#ifndef _QUIC_COMPAT_H
#define _QUIC_COMPAT_H

#endif
"""

MODULE_C = GPL_C + """#include <linux/module.h>

#include "compat.h"
#include "edge.h"
#include "engine.h"

static u32 quic_module_sent;

void quic_edge_send(u32 n)
{
	quic_module_sent = n;
}

static int __init quic_module_init(void)
{
	quic_engine_run(1);
	return quic_module_sent ? 0 : -EINVAL;
}

static void __exit quic_module_exit(void)
{
}

module_init(quic_module_init);
module_exit(quic_module_exit);
MODULE_DESCRIPTION("a module for the tests of the lint gates");
MODULE_LICENSE("GPL");
"""

SOURCES_MK = GPL_SH + "QUIC_CORE_SRCS := core/low.c core/high.c\nQUIC_ENGINE_SRCS := engine.c\n"

MODULE_MK = GPL_SH + """
include $(src)/sources.mk

obj-$(CONFIG_IP_QUIC) += quic.o
quic-y := module.o $(patsubst %.c,%.o,$(QUIC_CORE_SRCS) $(QUIC_ENGINE_SRCS))
"""

USER_MK = GPL_SH + """
QUIC := ../../net/quic
include $(QUIC)/sources.mk
SRCS := $(QUIC_CORE_SRCS) $(QUIC_ENGINE_SRCS)

build: $(SRCS:%.c=out/%.o)

sim-build: $(SRCS:%.c=sim/%.o)

out/%.o: $(QUIC)/%.c
	$(CC) -include shim/env.h -Wall -c $< -o $@

sim/%.o: $(QUIC)/%.c
	$(CC) -include shim/env.h -Wall -O2 -c $< -o $@
"""

UAPI_H = "/* SPDX-License-Identifier: GPL-2.0-or-later WITH Linux-syscall-note */\n" + """\
#ifndef _UAPI_LINUX_QUIC_H
#define _UAPI_LINUX_QUIC_H

#endif
"""

LIBQUIC_MK = "# SPDX-License-Identifier: LGPL-2.1-or-later\n" + """
all: client.o

client.o: src/client.cc
	$(CXX) -std=c++20 -c $< -o $@
"""

CLIENT_CC = LGPL_CC + """
namespace quic {

int Twice(int n) {
  return 2 * n;
}

}  // namespace quic
"""

SCRIPT_SH = "#!/bin/sh\n" + GPL_SH + 'printf "%s\\n" "$1"\n'

FILES = {
    "net/quic/layers.txt": LAYERS,
    "net/quic/sources.mk": SOURCES_MK,
    "net/quic/Makefile": MODULE_MK,
    "net/quic/core/env.h": ENV_H,
    "net/quic/core/low.h": LOW_H,
    "net/quic/core/low.c": LOW_C,
    "net/quic/core/high.h": HIGH_H,
    "net/quic/core/high.c": HIGH_C,
    "net/quic/edge.h": EDGE_H,
    "net/quic/engine.h": ENGINE_H,
    "net/quic/engine.c": ENGINE_C,
    "net/quic/compat.h": COMPAT_H,
    "net/quic/module.c": MODULE_C,
    "include/uapi/linux/quic.h": UAPI_H,
    "tests/user/Makefile": USER_MK,
    "tests/user/shim/env.h": SHIM_H,
    "tests/script.sh": SCRIPT_SH,
    "tests/lint/purity.allow": GPL_SH + (
        "net/quic/** | __fentry__ | function tracing\n"
        "net/quic/** | __x86_return_thunk | return mitigation\n"),
    "libquic/Makefile": LIBQUIC_MK,
    "libquic/src/client.cc": CLIENT_CC,
    ".clang-format": "# SPDX-License-Identifier: GPL-2.0-or-later\nBasedOnStyle: Google\n"
                     "AllowShortFunctionsOnASingleLine: None\n",
    ".clang-tidy": "# SPDX-License-Identifier: GPL-2.0-or-later\n"
                   "Checks: '-*,bugprone-*,readability-braces-around-statements'\n",
}
