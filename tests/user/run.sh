#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Runs unit test programs and adds up their TAP output.
#
#	run.sh DIR NAME...     runs DIR/test_NAME for each NAME
#
# A program that dies, times out or reports fewer tests than it planned counts
# as one more failure.  Exit status 0 only when nothing failed and something ran.
set -u

dir=$1
shift
if [ "$dir" = --one ]; then
	timeout "${TEST_TIMEOUT:-60}" "$1" >"$1.tap" 2>&1
	echo $? >"$1.rc"
	exit 0
fi

export CMOCKA_MESSAGE_OUTPUT=TAP
export ASAN_OPTIONS="${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0}"
export UBSAN_OPTIONS="${UBSAN_OPTIONS:-print_stacktrace=1}"
printf "$dir/test_%s\n" "$@" | xargs -P "${JOBS:-2}" -n 1 "$0" --one

passed=0
failed=0
for name; do
	tap=$dir/test_$name.tap
	rc=$(cat "$dir/test_$name.rc")
	ok=$(grep -c '^ok ' "$tap")
	bad=$(grep -c '^not ok ' "$tap")
	planned=$(sed -n 's/^1\.\.\([0-9]*\).*/\1/p' "$tap" |
		awk '{ n += $1 } END { print n + 0 }')
	if [ "$bad" -eq 0 ] && { [ "$rc" -ne 0 ] || [ "$ok" -ne "$planned" ] || [ "$ok" -eq 0 ]; }; then
		bad=1
	fi
	passed=$((passed + ok))
	failed=$((failed + bad))
	if [ "$bad" -ne 0 ]; then
		echo "--- test_$name: $bad failed (exit status $rc)"
		grep -v '^ok ' "$tap" | tail -n 60
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
