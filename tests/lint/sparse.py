#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""sparse: sparse is silent on every file of the module (kbuild's C=1)."""

import lintlib
import trees

if __name__ == "__main__":
    lintlib.run_gate("sparse", __doc__, lambda gate: trees.report(gate, "gcc", "sparse"))
