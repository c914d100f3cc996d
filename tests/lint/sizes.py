#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""sizes: 90 % of functions under 40 lines, none over 100, no file over 800 lines.

For the C and C++ of net/quic, libquic and tests, each part by itself.  A
function's length runs from the first line of its head to its closing brace.
sizes.exempt lists generated tables that may be longer as files, with reasons.
"""

import lintlib

PARTS = ("net/quic", "libquic", "tests")
SUFFIXES = ("c", "h", "cc", "cpp", "hpp")
LONG_LINES, MOST_LINES, FILE_LINES = 40, 100, 800
SHORT_SHARE = 0.90


def check_file(gate, name, exempt):
    text = gate.read(name)
    lines = text.count("\n")
    if lines > FILE_LINES and not exempt.covers(name, "file"):
        gate.find(name, FILE_LINES, f"file has {lines} lines, more than {FILE_LINES}")
    lengths = []
    if not lintlib.braces_balance(text):
        gate.find(name, 1, "braces do not balance (in an #if?): its functions can not be measured")
    for function, first, last, _ in lintlib.functions(text):
        length = last - first + 1
        lengths.append((length, name, first, function))
        if length > MOST_LINES:
            gate.find(name, first, f"{function}() has {length} lines, more than {MOST_LINES}")
    return lengths


def check(gate):
    exempt = lintlib.Exceptions(gate, "sizes.exempt")
    for part in PARTS:
        lengths = []
        for name in gate.files(*[f"{part}/**.{s}" for s in SUFFIXES]):
            lengths += check_file(gate, name, exempt)
        too_long = sorted((f for f in lengths if f[0] >= LONG_LINES), reverse=True)
        allowed = int(len(lengths) * (1 - SHORT_SHARE))
        if len(too_long) > allowed and not gate.only:
            for length, name, first, function in too_long:
                gate.find(name, first, f"{function}() has {length} lines; in {part} "
                          f"{len(too_long)} of {len(lengths)} functions have {LONG_LINES} or "
                          f"more, {allowed} may")
    exempt.report_unused()


if __name__ == "__main__":
    lintlib.run_gate("sizes", __doc__, check)
