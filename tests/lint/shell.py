#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""shell: shellcheck is silent on every shell script, found by name or #! line."""

import re

import lintlib

SHEBANG = re.compile(r"#!\s*(?:/usr/bin/env\s+)?(?:/\S*/)?(?:ba|da)?sh\b")


def is_shell(gate, name):
    if name.endswith(".sh"):
        return True
    with open(gate.path(name), "rb") as f:
        return bool(SHEBANG.match(f.readline(80).decode("latin-1")))


def check(gate):
    scripts = [f for f in gate.files("**") if is_shell(gate, f)]
    if not scripts:
        return
    out = lintlib.call(["shellcheck", "--format=gcc", "--external-sources", "--source-path=SCRIPTDIR",
                        *scripts], cwd=gate.root)
    if out.returncode > 1:
        raise lintlib.CannotRun(out.stderr.strip())
    for line in out.stdout.splitlines():
        m = re.match(r"(.*?):(\d+):\d+: (.*)", line)
        if m:
            gate.find(m.group(1), m.group(2), m.group(3))


if __name__ == "__main__":
    lintlib.run_gate("shell", __doc__, check)
