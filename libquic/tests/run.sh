#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# run.sh: builds libquic twice, as it is shipped and under ASan and UBSan, runs
# the tests of both, and closes with "N passed, N failed".
set -u
cd "$(dirname "$0")/../.." || exit 1
passed=0
failed=0

# one DIR CMAKE-ARGUMENT...
one() {
	local dir=build/$1 log=build/$1.log ok bad
	shift
	mkdir -p build
	if ! { flock build/libquic.lock cmake -S libquic -B "$dir" "$@" &&
		flock build/libquic.lock cmake --build "$dir" -j "$(nproc)"; } >"$log" 2>&1; then
		tail -n 40 "$log"
		failed=$((failed + 1))
		return
	fi
	ctest --test-dir "$dir" -V >"$log" 2>&1
	local rc=$?
	# Single tests of the GoogleTest programs, and the programs without any.
	ok=$(grep -cE '\[ +OK \]|Test +#[0-9]+: (uapi_layout|header_c) .*Passed' "$log")
	bad=$(grep -cE '\[ +FAILED +\] .* ms\)|Test +#[0-9]+: (uapi_layout|header_c) .*\*\*\*' "$log")
	if [ "$rc" -ne 0 ]; then
		[ "$bad" -gt 0 ] || bad=1 # a program that died
		tail -n 60 "$log"
	fi
	failed=$((failed + bad))
	passed=$((passed + ok))
}

one libquic -DCMAKE_BUILD_TYPE=RelWithDebInfo
one libquic-asan -DCMAKE_BUILD_TYPE=Debug -DQUIC_SANITIZE=ON -DQUIC_TOOLS=OFF
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
