#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""cxxformat: clang-format changes nothing in our C++."""

import re

import lintlib

GLOBS = ("libquic/**.cc", "libquic/**.cpp", "libquic/**.h", "libquic/**.hpp",
         "tests/**.cc", "tests/**.cpp", "tests/**.hpp", "tests/selftests/**.h", "tests/bench/**.h")


def check(gate):
    files = gate.files(*GLOBS)
    if not files:
        return
    out = lintlib.call(["clang-format", "--dry-run", "-Werror", "--style=file",
                        "--fallback-style=none", *files], cwd=gate.root)
    for m in re.finditer(r"^(.*?):(\d+):\d+: (?:error|warning): (.*)$", out.stderr, re.M):
        gate.find(m.group(1), m.group(2), m.group(3))
    if out.returncode and not gate.findings:
        raise lintlib.CannotRun(out.stderr.strip()[:300])


if __name__ == "__main__":
    lintlib.run_gate("cxxformat", __doc__, check)
