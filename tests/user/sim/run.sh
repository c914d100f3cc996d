#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# run.sh DIR FIRST-LAST NAME...: runs the simulator's tests DIR/test_NAME over
# the seeds, split over the processors, and adds up what they say.
set -u
dir=$1
first=${2%-*}
last=${2#*-}
shift 2
jobs=$(nproc)
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
per=$(((last - first + jobs) / jobs))
for name; do
	for ((j = 0; j < jobs; j++)); do
		a=$((first + j * per))
		b=$((a + per - 1 < last ? a + per - 1 : last))
		[ "$a" -le "$b" ] || continue
		timeout 900 "$dir/test_$name" --seeds "$a-$b" >"$out/$name.$j" 2>&1 ||
			echo "exit status $?" >>"$out/$name.$j" &
	done
	wait
done
cat "$out"/* | grep -v '^[0-9]* passed, 0 failed$'
awk '/^[0-9]+ passed, [0-9]+ failed$/ { p += $1; f += $3; next }
	/^exit status/ && !/exit status 1$/ { f++ }
	END { printf "%d passed, %d failed\n", p, f; exit f || !p }' "$out"/*
