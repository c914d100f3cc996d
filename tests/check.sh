#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# check.sh [user]: every test, or only those that need no kernel.
#
# Each step is a command that ends with a line "N passed, N failed"; this script
# adds them up. A step that fails without such a line counts as one failed test.
# Kernels that are not in the cache are built in the background meanwhile.
#
# Output of the steps: build/check/STEP.log; shown when a step fails.

set -u
ROOT=$(cd "$(dirname "$0")/.." && pwd)
cd "$ROOT" || exit 1
LOGS=$ROOT/build/check
STEP_TIMEOUT=2400
passed=0
failed=0
mkdir -p "$LOGS"

# step NAME COMMAND...
step() {
	local name=$1 log=$LOGS/$1.log start=$SECONDS rc counts p f
	shift
	timeout -k 10 "$STEP_TIMEOUT" "$@" >"$log" 2>&1 </dev/null
	rc=$?
	counts=$(grep -Eo '[0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1)
	p=${counts%% *}
	f=$(sed -n 's/.*, \([0-9]*\) failed/\1/p' <<<"$counts")
	p=${p:-0}
	f=${f:-0}
	[ "$rc" -ne 0 ] && [ "$f" -eq 0 ] && f=1
	[ "$rc" -eq 0 ] && [ -z "$counts" ] && f=1
	passed=$((passed + p))
	failed=$((failed + f))
	printf '%-22s %5d passed, %d failed  (%d s)\n' "$name" "$p" "$f" $((SECONDS - start))
	[ "$f" -eq 0 ] || { echo "--- $log"; tail -n 60 "$log"; echo "---"; }
}

user_steps() {
	step unit make --no-print-directory -C tests/user check
	step simulator-quick make --no-print-directory -C tests/user sim-quick
}

if [ "${1-}" = user ]; then
	user_steps
else
	tests/vm/cache.sh kernel-uml stock headers-stock headers-clang qemu virtiofsd >"$LOGS/cache.log" 2>&1 </dev/null &
	cache=$!
	user_steps
	step simulator make --no-print-directory -C tests/user sim
	step fuzz-replay make --no-print-directory -C tests/fuzz replay
	step fuzz-smoke make --no-print-directory -C tests/fuzz smoke
	step libquic libquic/tests/run.sh
	wait "$cache" || { echo "the kernels could not be made: $LOGS/cache.log"; failed=$((failed + 1)); }
	step lint-selftest tests/lint/run --selftest
	step lint tests/lint/run --count
	step build tests/vm/build-check.sh stock uml
	step kunit tests/vm/kunit.sh
	step selftests-uml tests/vm/selftests.sh uml
	# Not yet: selftests.sh uml-debug, whose memory test is not settled there
	# (virtual idle timeouts, KASAN's quarantine), and build-check.sh of all beds.
	step selftests-stock tests/vm/selftests.sh tcg
	step demo tests/vm/demo.sh --quiet
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
