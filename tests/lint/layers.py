#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""layers: net/quic/layers.txt holds (DESIGN.md 2).

Every .c and .h of net/quic is listed exactly once; a file includes its own
layer and below; quoted includes name files of net/quic; there is no include
cycle; core/ and the engine include nothing of the outside but through
core/env.h.  The kernel-only header compat.h (LK) may be used from L3 up.
"""

import os
import posixpath
import re

import lintlib

BASE = "net/quic"
LIST = BASE + "/layers.txt"
ENV = "core/env.h"
SANS_IO = 2                     # the highest layer that is sans-IO
KERNEL_ONLY = SANS_IO + 0.5     # LK: above the engine, below the edges
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+([<"])([^>"]+)[>"]', re.M)


def read_layers(gate):
    """{entry: layer} of layers.txt, and the line of each entry."""
    layers, lines = {}, {}
    for number, text in lintlib.read_table(gate.path(LIST)):
        m = re.fullmatch(r"L(\d|K)((?:\s+\S+)+)", text)
        if not m:
            gate.find(LIST, number, f"not a `LAYER NAME` row: {text}")
            continue
        for name in m.group(2).split():
            if name in layers:
                gate.find(LIST, number, f"{name} is listed twice")
            layers[name] = KERNEL_ONLY if m.group(1) == "K" else int(m.group(1))
            lines[name] = number
    return layers, lines


def entry_of(name, layers):
    """The row that speaks for a file: itself, its stem, or its folder."""
    folder = name
    candidates = [name, posixpath.splitext(name)[0]]
    while "/" in folder:
        folder = posixpath.dirname(folder)
        candidates.append(folder + "/")
    return next((c for c in candidates if c in layers), None)


def includes(gate, name):
    text = lintlib.blank_comments(gate.read(f"{BASE}/{name}"), strings=False)
    for m in INCLUDE.finditer(text):
        yield text.count("\n", 0, m.start()) + 1, m.group(1), m.group(2)


def resolve(name, target, files):
    """A quoted include: next to the includer first, then below net/quic (-I)."""
    near = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
    return next((c for c in (near, target) if c in files), None)


def label(layer):
    return "LK" if layer == KERNEL_ONLY else f"L{layer}"


def check_includes(gate, name, files, layers):
    """The findings of one file; returns the files it includes, with the lines."""
    edges = []
    layer = layers[entry_of(name, layers)]
    for line, kind, target in includes(gate, name):
        where = f"{BASE}/{name}"
        if kind == "<":
            if layer <= SANS_IO and name != ENV:
                gate.find(where, line, f"<{target}> in a sans-IO file: only {ENV} includes the outside")
            continue
        found = resolve(name, target, files)
        if not found:
            if layer <= SANS_IO:
                gate.find(where, line, f'"{target}" is no file of {BASE}')
            continue
        entry = entry_of(found, layers)
        if entry is None:
            continue
        edges.append((found, line))
        if layers[entry] > layer:
            gate.find(where, line, f"{label(layer)} file includes {found} of {label(layers[entry])}")
    return edges


def check_cycles(gate, graph):
    """Depth first over the include graph; a grey node met again closes a cycle."""
    colour = {}

    def visit(name, trail):
        colour[name] = "grey"
        for target, line in graph.get(name, []):
            if colour.get(target) == "grey":
                cycle = trail[trail.index(target):] + [target]
                gate.find(f"{BASE}/{name}", line, "include cycle: " + " -> ".join(cycle))
            elif target not in colour:
                visit(target, trail + [target])
        colour[name] = "black"

    for name in sorted(graph):
        if name not in colour:
            visit(name, [name])


def check(gate):
    if not os.path.exists(gate.path(LIST)):
        raise lintlib.CannotRun(f"no {LIST}")
    layers, lines = read_layers(gate)
    files = {f[len(BASE) + 1:] for f in gate.files(f"{BASE}/**.c", f"{BASE}/**.h")
             if not f.endswith(".mod.c")}
    graph, used = {}, set()
    for name in sorted(files):
        entry = entry_of(name, layers)
        if entry is None:
            gate.find(f"{BASE}/{name}", 1, f"not listed in {LIST}")
            continue
        used.add(entry)
        graph[name] = check_includes(gate, name, files, layers)
    check_cycles(gate, graph)
    for name in sorted(set(layers) - used):
        if not gate.only:
            gate.find(LIST, lines[name], f"{name} names no file")


if __name__ == "__main__":
    lintlib.run_gate("layers", __doc__, check)
