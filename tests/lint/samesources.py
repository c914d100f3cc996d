#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""samesources: module and simulator build the very same core and engine.

These lists must be equal: the .c files of layers L0 to L2 in layers.txt that
exist, those of net/quic/sources.mk, those kbuild links into quic.ko, those the
unit tests and the simulator compile (make -n).  And no file under tests defines a function that
core or engine define: a stand-in would be linked instead of the original.
"""

import os
import re

import commands
import layers
import lintlib
import trees

BASE = "net/quic/"
MK = BASE + "sources.mk"
USER = "tests/user"


def listed(gate):
    """The sans-IO .c files of the tree, by layers.txt."""
    rows, _ = layers.read_layers(gate)
    names = [f[len(BASE):] for f in gate.files(BASE + "**.c")]
    return {n for n in names if rows.get(layers.entry_of(n, rows), 9) <= layers.SANS_IO}


def makefile_list(gate):
    """QUIC_CORE_SRCS and QUIC_ENGINE_SRCS as make sees them, paths below net/quic."""
    if not os.path.exists(gate.path(MK)):
        raise lintlib.CannotRun(f"no {MK}")
    out = lintlib.call(["make", "-s", "-f", "-", "show"], cwd=gate.path(BASE),
                       input="include sources.mk\nshow:\n\t@echo $(QUIC_CORE_SRCS) $(QUIC_ENGINE_SRCS)\n")
    return {re.sub(r"\.o$", ".c", w) for w in out.stdout.split()}


def in_module(gate):
    return trees.build_module(gate, "gcc").linked()


def in_user_space(gate, target):
    return {source[len(BASE):] for source, _, _ in commands.compiles(gate, USER, target)
            if source.startswith(BASE)}


def check_stand_ins(gate, names):
    owners = {}
    for name in names:
        for function, _, _, static in lintlib.functions(gate.read(BASE + name)):
            if not static:
                owners[function] = name
    for name in gate.files("tests/**.c", "tests/**.cc", "tests/**.h"):
        if name.startswith("tests/lint/"):
            continue
        for function, line, _, static in lintlib.functions(gate.read(name)):
            if function in owners:
                gate.find(name, line, f"{function}() is {owners[function]}'s; a second one replaces it")


def check(gate):
    truth = listed(gate)
    sans_io = truth
    for what, names in (("sources.mk", makefile_list(gate)), ("quic.ko", in_module(gate)),
                        ("the unit tests", in_user_space(gate, "build")),
                        ("the simulator", in_user_space(gate, "sim-build"))):
        if what == "quic.ko":
            names = {n for n in names if n in sans_io or n.startswith("core/")}
        for name in sorted(truth - names):
            gate.find(BASE + name, 1, f"not built by {what}")
        for name in sorted(names - truth):
            gate.find(MK, 1, f"{what} builds {name}, which is no core or engine file of layers.txt")
    check_stand_ins(gate, truth)


if __name__ == "__main__":
    lintlib.run_gate("samesources", __doc__, check)
