#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""spdx: every file names its licence in its first lines, the one of its folder.

uapi headers carry the syscall note, libquic is LGPL, all else is GPL.  The
comment form is the kernel's: // in .c, /* */ in .h.  spdx.exempt lists files
that can hold no comment, with reasons.
"""

import re

import lintlib

GPL, LGPL = "GPL-2.0-or-later", "LGPL-2.1-or-later"
UAPI = "GPL-2.0-or-later WITH Linux-syscall-note"
FOLDERS = (                     # the first that matches decides
    ("include/uapi/**", {UAPI}),
    ("libquic/tests/**", {GPL, LGPL}),
    ("libquic/**", {LGPL}),
    ("**", {GPL}),
)
HEAD_LINES = 3                  # after a #! line, an XML prologue or a man page's first line
TAG = re.compile(r"SPDX-License-Identifier:\s*(.*?)\s*(?:\*/|-->)?\s*$")


def check_file(gate, name):
    head = gate.read(name).split("\n")[:HEAD_LINES]
    found = [(n, TAG.search(line)) for n, line in enumerate(head, 1) if TAG.search(line)]
    if not found:
        gate.find(name, 1, "no SPDX-License-Identifier in the first lines")
        return
    line, tag = found[0]
    wanted = next(w for glob, w in FOLDERS if lintlib.glob_match(name, glob))
    if tag.group(1) not in wanted:
        gate.find(name, line, f"licence is {tag.group(1)}, here it is {' or '.join(sorted(wanted))}")
    form = {"c": "// ", "h": "/* "}.get(name.rsplit(".", 1)[-1])
    if form and name.startswith(("net/", "include/")) and not head[line - 1].startswith(form):
        gate.find(name, line, f"the SPDX line of this file starts with {form.strip()}")


def check(gate):
    exempt = lintlib.Exceptions(gate, "spdx.exempt")
    for name in gate.files("**"):
        if not exempt.covers(name, ""):
            check_file(gate, name)


if __name__ == "__main__":
    lintlib.run_gate("spdx", __doc__, check)
