#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""tidy: clang-tidy is silent on our C++, with the options the makefiles use.

A unit is not looked at again while its preprocessed text (with comments and
macros), the configuration and the tool are the same.
"""

import os
import re

import commands
import lintlib

FOLDERS = ("libquic", "tests/user", "tests/fuzz", "tests/selftests", "tests/scenarios",
           "tests/bench", "tests/demo")
OURS = re.compile(r"^(.*?):(\d+):\d+: (?:warning|error): (.*)$", re.M)


def units(gate):
    """One row per C++ source of the tree, with the options of its makefile."""
    rows = {}
    wanted = set(gate.files("libquic/**.cc", "libquic/**.cpp", "tests/**.cc", "tests/**.cpp"))
    for folder in FOLDERS:
        if any(w.startswith(folder + "/") for w in wanted):
            for source, cwd, options in commands.compiles(gate, folder):
                if source in wanted:
                    rows.setdefault(source, (source, cwd, options))
    for name in sorted(wanted - set(rows)):
        gate.find(name, 1, "no makefile compiles this file")
    return [rows[r] for r in sorted(rows)]


def config_of(gate, name):
    """The text of every .clang-tidy that governs a file."""
    text, folder = "", os.path.dirname(name)
    while True:
        path = gate.path(os.path.join(folder, ".clang-tidy"))
        if os.path.exists(path):
            with open(path, encoding="utf-8") as f:
                text += f.read()
        if not folder:
            return text
        folder = os.path.dirname(folder)


def run(gate, name, cwd, flags):
    """clang-tidy's findings as lines, with paths below the root."""
    out = lintlib.call(["clang-tidy", "--quiet", "--warnings-as-errors=*", gate.path(name), "--", *flags],
                       cwd=cwd)
    rows = [f"{os.path.relpath(os.path.join(cwd, path), gate.root)}:{line}:0: error: {message}"
            for path, line, message in OURS.findall(out.stdout)]
    if out.returncode and not rows:
        raise lintlib.CannotRun((out.stderr or out.stdout).strip()[:300])
    return rows


def check(gate):
    version = lintlib.call(["clang-tidy", "--version"]).stdout
    memo = lintlib.Memo("tidy")

    def one(unit):
        name, cwd, options = unit
        config = config_of(gate, name)
        if not config:
            gate.find(name, 1, "no .clang-tidy governs this file")
            return
        flags = [o for o in options if not re.match(r"-W|-f(?!no-exceptions|no-rtti)", o)]
        text = lintlib.call(["clang++", *flags, "-E", "-C", "-dD", gate.path(name)], cwd=cwd)
        if text.returncode:
            gate.find(name, 1, "does not compile: " + (text.stderr.strip().splitlines() or ["?"])[-1])
            return
        # Free of where the checkout lies: another clone knows the same text.
        key = [version, config] + [t.replace(cwd, "CWD").replace(gate.root, "ROOT")
                                   for t in (" ".join(flags), text.stdout)]
        for line in memo.ask(key, lambda: run(gate, name, cwd, flags)):
            m = OURS.match(line)
            gate.find(m.group(1), m.group(2), m.group(3))

    lintlib.parallel(one, units(gate))


if __name__ == "__main__":
    lintlib.run_gate("tidy", __doc__, check)
