#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""hygiene: nothing in git that is generated, binary, large or foreign.

No package or mirror host is named anywhere (a machine's own apt configuration
says where packages come from); no objects, kernel trees or archives; text ends
in a newline and carries no trailing blanks, conflict marks or CR.  Every sysctl
has its entry in the documentation, and every entry its sysctl.
"""

import os
import re

import lintlib

TOO_LARGE_BYTES = 256 * 1024
MAY_BE_BINARY = ("tests/fuzz/corpus/**",)       # seeds are raw packets
GENERATED = ("**.o", "**.ko", "**.a", "**.so", "**.so.*", "**.cmd", "**.mod", "**.mod.c", "**.symvers",
             "**.order", "**.pyc", "**.deb", "**.tar", "**.tar.*", "**.tgz", "**.zip", "**.pcap",
             "**.pcapng", "**.orig", "**.rej", "**.swp", "**/vmlinu?", "**/vmlinu?-*", "**/.config", "**.img", "**.qcow2")
KERNEL_TREE = ("**/scripts/Kbuild.include", "**/MAINTAINERS", "**/init/main.c", "**/scripts/mod/modpost.c")
# A host that serves packages: its first label says so, or the path is an apt one.
HOST = re.compile(
    r"\b(?:(?:deb|ftp|security|snapshot|archive|mirrors?|packages|repo|cdn|registry|proxy|files)"
    r"(?:\.[a-z0-9-]+)*\.(?:debian|ubuntu|kernel|gnu|pypi|pythonhosted|golang|npmjs|crates|docker)"
    r"\.(?:org|com|net|io)"
    r"|(?:mirrors?|ftp|deb|apt)(?:\.[a-z0-9-]+)+\.[a-z]{2,}(?=/|:\d)"
    r"|pypi\.[a-z]+|[a-z0-9.-]+\.[a-z]{2,}/(?:debian|ubuntu)(?:-security)?/"
    r")\b|^\s*deb(?:-src)?\s+(?:\[[^]]*\]\s*)?https?:", re.I | re.M)

SYSCTLS = "net/quic/sysctl.c"
SYSCTL = re.compile(r'(?:SYSCTL_INT\(|\.procname = )"(\w+)"')
SYSCTL_TEXT = "Documentation/networking/quic/sysctl.rst"
SYSCTL_ENTRY = re.compile(r"^(\w+) - .*\n(?:\t.*\n|\n)*?\tDefault: .*\n?.*Range: |^(\w+) - ", re.M)


def names_of(gate, name, pattern):
    """{name: line} of what a pattern's first group finds in a file."""
    text = gate.read(name) if os.path.exists(gate.path(name)) else ""
    return {m.group(1): text.count("\n", 0, m.start()) + 1 for m in pattern.finditer(text)
            if m.group(1)}


def check_sysctls(gate):
    there, told = names_of(gate, SYSCTLS, SYSCTL), names_of(gate, SYSCTL_TEXT, SYSCTL_ENTRY)
    for name in there.keys() - told.keys():
        gate.find(SYSCTLS, there[name], f"{name} has no entry with default and range in {SYSCTL_TEXT}")
    for name in told.keys() - there.keys():
        gate.find(SYSCTL_TEXT, told[name], f"there is no sysctl {name}")


def check_text(gate, name, data):
    text = data.decode("utf-8", "replace")
    for m in HOST.finditer(text):
        gate.find(name, text.count("\n", 0, m.start()) + 1, "names a package host")
    if text and not text.endswith("\n"):
        gate.find(name, text.count("\n") + 1, "no newline at the end")
    for number, line in enumerate(text.split("\n"), 1):
        if line.endswith("\r"):
            gate.find(name, number, "carriage return")
        elif line != line.rstrip() and not name.endswith(".patch"):
            gate.find(name, number, "trailing blanks")
        if re.match(r"(<{7}|>{7}|\|{7})( |$)", line):
            gate.find(name, number, "conflict mark")


def check(gate):
    check_sysctls(gate)
    for name in gate.files("**"):
        if os.path.islink(gate.path(name)):
            continue
        if any(lintlib.glob_match(name, g) or lintlib.glob_match("/" + name, g) for g in GENERATED):
            gate.find(name, 1, "generated or binary by its name")
        if any(lintlib.glob_match(name, g) for g in KERNEL_TREE):
            gate.find(name, 1, "part of a kernel tree")
        if os.path.getsize(gate.path(name)) > TOO_LARGE_BYTES:
            gate.find(name, 1, f"larger than {TOO_LARGE_BYTES // 1024} KiB")
        with open(gate.path(name), "rb") as f:
            data = f.read()
        if any(lintlib.glob_match(name, g) for g in MAY_BE_BINARY):
            continue
        if b"\0" in data:
            gate.find(name, 1, "binary content")
        else:
            check_text(gate, name, data)


if __name__ == "__main__":
    lintlib.run_gate("hygiene", __doc__, check)
