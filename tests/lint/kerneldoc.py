#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""kerneldoc: kernel-doc -Wall is silent, and what crosses a layer is documented.

A function that files of another layer call has a comment: kernel-doc, or for
the self-evident a plain one above its declaration, its definition or the
block of declarations it stands in.
"""

import os
import re

import layers
import lintlib
import trees

GLOBS = ("net/quic/**.c", "net/quic/**.h", "include/**.h")
BASE = "net/quic/"


def check_syntax(gate, files):
    script = trees.kernel_source() + "/scripts/kernel-doc"
    out = lintlib.call(["perl", script, "-none", "-Wall", *files], cwd=gate.root,
                       env={**os.environ, "KBUILD_BUILD_TIMESTAMP": "1970-01-01"})
    for line in out.stderr.splitlines():
        m = re.match(r"(.*?):(\d+): ((?:warning|error):.*)", line)
        if m:
            gate.find(m.group(1), m.group(2), m.group(3))
        elif re.match(r"(?i)error", line):
            raise lintlib.CannotRun(line)


def documented(text):
    """Names with a comment directly above, or above their block of declarations."""
    names = set(re.findall(r"/\*\*\n \* (\w+)\(\)", text))
    for m in re.finditer(r"\*/\n((?:(?!/\*)[^\n]+\n)+)", text):
        names |= set(re.findall(r"^[^\s][^(\n]*\b(\w+)\s*\(", m.group(1), re.M))
    return names


def check_crossings(gate):
    rows, _ = layers.read_layers(gate)
    files = [f for f in gate.files(BASE + "**.c", BASE + "**.h")
             if not f.startswith(BASE + "tests/")]
    layer, defined, words, known = {}, {}, {}, set()
    for name in files:
        entry = layers.entry_of(name[len(BASE):], rows)
        layer[name] = rows.get(entry, -1)
        text = gate.read(name)
        known |= documented(text)
        code = lintlib.blank_comments(text)
        words[name] = set(re.findall(r"\b\w+(?=\s*\()", code))
        for function, first, _, static in lintlib.functions(text):
            if name.endswith(".h") or not static:
                defined.setdefault(function, (name, first))
    for function, (name, first) in defined.items():
        users = [f for f in files if function in words[f] and layer[f] != layer[name]]
        if users and function not in known:
            gate.find(name, first, f"{function}() is used in another layer ({users[0]}) "
                      "and has no comment")


def check(gate):
    files = gate.files(*GLOBS)
    if files:
        check_syntax(gate, files)
    if not gate.only:
        check_crossings(gate)


if __name__ == "__main__":
    lintlib.run_gate("kerneldoc", __doc__, check)
