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
	local dir=build/$1 log=build/$1.log counts bad all
	shift
	mkdir -p build
	if ! { cmake -S libquic -B "$dir" "$@" && cmake --build "$dir" -j "$(nproc)"; } \
		>"$log" 2>&1; then
		tail -n 40 "$log"
		failed=$((failed + 1))
		return
	fi
	ctest --test-dir "$dir" --output-on-failure -j "$(nproc)" | tee "$log"
	counts=$(grep -Eo '[0-9]+ tests failed out of [0-9]+' "$log" | tail -n 1)
	bad=${counts%% *}
	all=${counts##* }
	[ -n "$counts" ] || { bad=1; all=1; }
	failed=$((failed + bad))
	passed=$((passed + all - bad))
}

one libquic -DCMAKE_BUILD_TYPE=RelWithDebInfo
one libquic-asan -DCMAKE_BUILD_TYPE=Debug \
	-DCMAKE_CXX_FLAGS="-fsanitize=address,undefined -fno-sanitize-recover=all" \
	-DCMAKE_C_FLAGS="-fsanitize=address,undefined -fno-sanitize-recover=all"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
