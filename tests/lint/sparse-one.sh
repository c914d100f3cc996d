#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# kbuild's CHECK: sparse-one.sh FOLDER OPTIONS... runs sparse on one file, shows
# what it says about files below FOLDER and fails if it says anything there.
# What it says about the kernel's own headers is not ours.

folder=$1
shift
if ! out=$(sparse "$@" 2>&1) && ! printf '%s\n' "$out" | grep -Eq ': (warning|error):'; then
	printf '%s\n' "$out"
	exit 1
fi
ours=$(printf '%s\n' "$out" | grep -E "^($folder/|[^/ ]).*: (warning|error): ") || exit 0
printf '%s\n' "$ours" | sed 's/^/sparse: /'
exit 1
