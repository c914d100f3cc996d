#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""purity: core and engine need nothing but themselves, edge.h and a short list.

nm -u of each sans-IO object of the stock kernel build.  A symbol is allowed
when an object of the same layer or below defines it, when edge.h declares it
(for the engine), or when purity.allow lists it with a reason.  nm does not see
inline functions, so words that name a lock, a clock, a socket or an skb are
findings in the text as well.
"""

import os
import re

import layers
import lintlib
import trees

BASE = "net/quic/"
ENGINE = 2
FORBIDDEN = re.compile(
    r"\b(struct\s+(?:sock|sk_buff|socket|net|net_device|page|work_struct|hrtimer|timer_list|task_struct)"
    r"|(?:raw_)?spin_(?:un)?lock\w*|mutex_\w+|rcu_\w+|rwlock_t|spinlock_t|seqlock_t|atomic\w*_t|refcount_t"
    r"|READ_ONCE|WRITE_ONCE|smp_\w+|jiffies\w*|ktime_\w+|HZ|printk|pr_(?:err|warn|info|debug|notice)\w*"
    r"|current|schedule|msleep|udelay|GFP_\w+|kmalloc|kzalloc|kfree|EXPORT_SYMBOL\w*|MODULE_\w+)\b")


def symbols(objects):
    """{source: (defined, undefined)} by one call of nm."""
    names = {obj: source for source, obj in objects.items()}
    out = lintlib.call(["nm", "-A", "-P", *names])
    if out.returncode:
        raise lintlib.CannotRun(out.stderr.strip()[:300])
    table = {source: (set(), set()) for source in objects}
    for line in out.stdout.splitlines():
        path, rest = line.split(": ", 1)
        name, kind = rest.split()[:2]
        if kind == "U":
            table[names[path]][1].add(name)
        elif kind.isupper() or kind in "uvw":
            table[names[path]][0].add(name)
    return table


def edge_names(gate):
    """What the engine may call outside: functions and data declared in edge.h."""
    if not os.path.exists(gate.path(BASE + "edge.h")):
        return set()
    return set(re.findall(r"\b(quic_\w+)\b", lintlib.blank_comments(gate.read(BASE + "edge.h"))))


def check_words(gate, name):
    code = lintlib.blank_comments(gate.read(BASE + name))
    for m in FORBIDDEN.finditer(code):
        gate.find(BASE + name, code.count("\n", 0, m.start()) + 1,
                  f"{m.group(1)} has no place in a sans-IO file")


def check_symbols(gate, sans_io):
    rows, _ = layers.read_layers(gate)
    exceptions = lintlib.Exceptions(gate, "purity.allow")
    build = trees.build_module(gate, "gcc")
    objects = {s: o for s, o in build.objects().items() if s in sans_io}
    for name in sorted(n for n in sans_io if n.endswith(".c") and n not in objects):
        gate.find(BASE + name, 1, "no object: see w1_gcc and sparse")
    if not objects:
        return
    table = symbols(objects)
    owner = {name: source for source, (defined, _) in table.items() for name in defined}
    edge = edge_names(gate)
    for source, (_, undefined) in sorted(table.items()):
        layer = rows[layers.entry_of(source, rows)]
        for name in sorted(undefined):
            provider = owner.get(name)
            if provider:
                above = rows[layers.entry_of(provider, rows)]
                if above > layer:
                    gate.find(BASE + source, 1, f"uses {name} of {provider}, a layer above")
            elif not (layer == ENGINE and name in edge) and not exceptions.covers_name(BASE + source, name):
                gate.find(BASE + source, 1, f"needs {name}, which is not on the list")
    exceptions.report_unused()


def check(gate):
    rows, _ = layers.read_layers(gate)
    names = [f[len(BASE):] for f in gate.files(BASE + "**.c", BASE + "**.h")]
    sans_io = {n for n in names if rows.get(layers.entry_of(n, rows), 9) <= layers.SANS_IO}
    for name in sorted(sans_io - {layers.ENV}):
        check_words(gate, name)
    check_symbols(gate, sans_io)


if __name__ == "__main__":
    lintlib.run_gate("purity", __doc__, check)
