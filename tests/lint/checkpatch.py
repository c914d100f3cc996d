#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""checkpatch: checkpatch.pl --strict of the 6.12 source is silent on our C.

checkpatch.exceptions lists what it is wrong about here, with reasons.
"""

import os
import re
import tempfile

import lintlib
import trees

GLOBS = ("net/**.c", "net/**.h", "include/**.h", "tests/**.c", "tests/user/**.h", "tests/fuzz/**.h",
         "tests/vectors/**.h")
OPTIONS = ("--no-tree", "--strict", "--terse", "--show-types", "--no-summary",
           "--max-line-length=100", "-f")
ROW = re.compile(r"(.*?):(\d+): ((?:ERROR|WARNING|CHECK):.*)")


class Checkpatch:
    """The script, what it may say, and a folder to run it in."""

    def __init__(self, gate, scratch):
        self.gate = gate
        self.scratch = scratch
        self.script = trees.kernel_source() + "/scripts/checkpatch.pl"
        with open(self.script, "rb") as f:
            self.version = f.read()
        self.exceptions = lintlib.Exceptions(gate, "checkpatch.exceptions")
        self.memo = lintlib.Memo("checkpatch")
        # It leaves a file of camel-case words where it runs, and judges by the
        # path: so it runs where the tree's folders show under their names.
        for folder in ("net", "include", "tests"):
            os.symlink(gate.path(folder), os.path.join(scratch, folder))

    def look_at(self, name):
        key = (self.version, " ".join(OPTIONS), name, self.gate.read(name))
        for line in self.memo.ask(key, lambda: self.run(name)):
            m = ROW.match(line)
            if not self.exceptions.covers(name, m.group(3)):
                self.gate.find(name, m.group(2), m.group(3))

    def run(self, name):
        out = lintlib.call(["perl", self.script, *OPTIONS, name], cwd=self.scratch)
        rows = [line for line in out.stdout.splitlines() if ROW.match(line)]
        if out.returncode and not rows:
            raise lintlib.CannotRun((out.stderr or out.stdout).strip()[:300])
        return rows


def check(gate):
    with tempfile.TemporaryDirectory(prefix="quic-lint-") as scratch:
        checkpatch = Checkpatch(gate, scratch)
        lintlib.parallel(checkpatch.look_at, gate.files(*GLOBS))
        checkpatch.exceptions.report_unused()


if __name__ == "__main__":
    lintlib.run_gate("checkpatch", __doc__, check)
