#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""w1_gcc: the module builds with W=1 and gcc without a warning."""

import lintlib
import trees

if __name__ == "__main__":
    lintlib.run_gate("w1_gcc", __doc__, lambda gate: trees.report(gate, "gcc", "cc"))
