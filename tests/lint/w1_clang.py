#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""w1_clang: the module builds with W=1 and clang without a warning."""

import lintlib
import trees

if __name__ == "__main__":
    lintlib.run_gate("w1_clang", __doc__, lambda gate: trees.report(gate, "clang", "cc"))
