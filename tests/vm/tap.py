#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Counts the tests of TAP and KTAP files and judges them.

    tap.py [--status N] FILE...

Prints each failed test with the diagnostics before it, and at the end
"N passed, N failed" (", N skipped" if any). Exits with 1 if one failed or
none ran.

A test is a result line (ok, not ok) that closes no subtest: KUnit indents
cases below their suite, and the suite's own line only sums them up. It counts
against a file if it has no plan (1..N), or another number of results than its
plan says: a program that died halfway fails. A result line may carry
"# SKIP reason". A suite line that is "not ok" while its cases are fine counts
as one failure.
"""

import argparse
import os
import re
import sys

RESULT = re.compile(r"^( *)(not ok|ok)\b\s*(\d*)\s*(?:- )?(.*)$")
PLAN = re.compile(r"^( *)1\.\.(\d+)\b")
KEPT_DIAGNOSTICS = 15


class Level:
    """What was seen at one indentation since the level above last had a result."""

    def __init__(self):
        self.plan = None
        self.results = 0
        self.failed = 0


class Report:
    """The sum over all files."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def fail(self, where, what, diagnostics=()):
        self.failed += 1
        print(f"FAILED {where}: {what}")
        for line in list(diagnostics)[-KEPT_DIAGNOSTICS:]:
            print(f"    {line}")

    def read_file(self, path):
        name = os.path.splitext(os.path.basename(path))[0]
        lines, status = _lines(path), "".join(_lines(path[:-4] + ".rc"))
        before = self.failed
        if any(PLAN.match(line) or RESULT.match(line) for line in lines) or not status:
            self.read(name, lines)
        elif status in ("0", "4"):
            self.passed += status == "0"
            self.skipped += status == "4"
        if status not in ("", "0", "4") and self.failed == before:
            self.fail(name, f"exit status {status}", lines)
        report = _lines(path[:-4] + ".report")
        if report:
            self.fail(name, "the kernel reported something", report)

    def read(self, name, lines):
        levels = {}
        diagnostics = []
        for line in lines:
            plan, result = PLAN.match(line), RESULT.match(line)
            if plan:
                levels.setdefault(len(plan[1]), Level()).plan = int(plan[2])
            elif result:
                self._take(name, levels, result, diagnostics)
                diagnostics = []
            else:
                diagnostics.append(line)
        for depth in sorted(levels, reverse=True):
            self._close(name, levels[depth], diagnostics)
        if not levels:
            self.fail(name, "no tests in it", diagnostics)

    def _take(self, name, levels, result, diagnostics):
        depth, ok, title = len(result[1]), result[2] == "ok", result[4].strip()
        level = levels.setdefault(depth, Level())
        level.results += 1
        deeper = [d for d in levels if d > depth]
        failed_below = 0
        for below in sorted(deeper, reverse=True):
            failed_below += levels[below].failed
            failed_below += self._close(f"{name}: {title}", levels.pop(below), diagnostics)
        if re.search(r"#\s*skip", title, re.I):
            self.skipped += not deeper
        elif not ok:
            level.failed += 1
            if not failed_below:
                self.fail(name, title or "a test without a name", diagnostics)
        elif not deeper:
            self.passed += 1

    def _close(self, name, level, diagnostics):
        """The plan of a level that has ended; how many failures that adds.

        KUnit gives the cases of a parameterised test no plan but a total after them.
        """
        if level.plan is None:
            total = re.search(r"# .*\btotal:(\d+)$", "\n".join(diagnostics), re.M)
            level.plan = int(total[1]) if total else None
        if level.plan is None:
            self.fail(name, "no plan (1..N): it did not come to its end", diagnostics)
        elif level.plan != level.results:
            self.fail(name, f"{level.results} results of {level.plan} planned", diagnostics)
        else:
            return 0
        return 1


def _lines(path):
    """Of a file that may be missing."""
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8", errors="replace") as f:
        return f.read().splitlines()


def main():
    parser = argparse.ArgumentParser(description="Counts the tests of TAP files.")
    parser.add_argument("--status", default="0")
    parser.add_argument("files", nargs="*")
    options = parser.parse_args()
    report = Report()
    for path in options.files:
        report.read_file(path)
    if options.status != "0" and not report.failed:
        report.fail("run", "all tests are fine, but the run failed: see above")
    skipped = f", {report.skipped} skipped" if report.skipped else ""
    if not report.passed + report.failed + report.skipped:
        print("FAILED: no test ran")
        report.failed += 1
    print(f"{report.passed} passed, {report.failed} failed{skipped}")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
