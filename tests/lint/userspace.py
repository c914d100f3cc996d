#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""userspace: clang -Wall -Wextra is silent on core and engine in user space.

With the options tests/user compiles them with.  Two kernel idioms are no
finding: parameters an interface demands, and initialisers that leave the rest
to be zero.
"""

import re

import commands
import lintlib

WARNINGS = ("-Wall", "-Wextra", "-Wno-unused-parameter", "-Wno-missing-field-initializers")


def check(gate):
    jobs = [c for c in commands.compiles(gate, "tests/user", "build")
            if c[0].startswith("net/quic/") and (not gate.only or c[0] in gate.only)]

    def one(job):
        source, cwd, options = job
        keep = [o for o in options if not o.startswith("-W") and not o.startswith("-f")]
        out = lintlib.call(["clang", *keep, *WARNINGS, "-fsyntax-only", "-x", "c",
                            gate.path(source)], cwd=cwd)
        for m in re.finditer(r"^(.*?):(\d+):\d+: (?:warning|error|fatal error): (.*)$", out.stderr, re.M):
            gate.find(trim(gate, m.group(1)), m.group(2), m.group(3))
        if out.returncode and not re.search(r"error:", out.stderr):
            raise lintlib.CannotRun(out.stderr.strip()[:300])

    lintlib.parallel(one, jobs)


def trim(gate, path):
    return path[len(gate.root) + 1:] if path.startswith(gate.root + "/") else path


if __name__ == "__main__":
    lintlib.run_gate("userspace", __doc__, check)
