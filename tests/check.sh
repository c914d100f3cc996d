#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# check.sh [user]: every test, or only those that need no kernel.
#
# Each step is a command that ends with a line "N passed, N failed"; this script
# adds them up. A step that fails without such a line counts as one failed test.
#
# Two lanes run side by side, for two CPUs: what needs no kernel, and what boots
# one. Kernels that are not in the cache are built in the second lane; a step of
# the first that needs one waits for it.
#
# Output of the steps: build/check/STEP.log; shown when a step fails.

set -u
ROOT=$(cd "$(dirname "$0")/.." && pwd)
cd "$ROOT" || exit 1
LOGS=$ROOT/build/check
STEP_TIMEOUT=2400

# step NAME COMMAND...: leaves "PASSED FAILED" in STEP.count
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
	echo "$p $f" >"$LOGS/$name.count"
	{
		printf '%-22s %5d passed, %d failed  (%d s)\n' "$name" "$p" "$f" $((SECONDS - start))
		[ "$f" -eq 0 ] || { echo "--- $log"; tail -n 60 "$log"; echo "---"; }
	} >"$log.said"
	cat "$log.said"
}

quick_steps() {
	step unit make --no-print-directory -C tests/user check
	step simulator-quick make --no-print-directory -C tests/user sim-quick
	step compliance tests/compliance/run
	step compliance-selftest tests/compliance/selftest
}

user_lane() {
	quick_steps
	step simulator make --no-print-directory -C tests/user sim
	step fuzz-replay make --no-print-directory -C tests/fuzz replay
	step fuzz-smoke make --no-print-directory -C tests/fuzz smoke
	step libquic libquic/tests/run.sh
	step mutants tests/compliance/mutate --seed 1	# the same 30 each time; all: --all
	step lint tests/lint/run --count
	step lint-selftest tests/lint/run --selftest
}

kernel_lane() {
	if ! tests/vm/cache.sh all >"$LOGS/cache.log" 2>&1 </dev/null; then
		echo "the kernels could not be made: $LOGS/cache.log"
		echo "0 1" >"$LOGS/cache.count"
	fi
	step build tests/vm/build-check.sh
	step kunit tests/vm/kunit.sh
	step selftests-uml tests/vm/selftests.sh uml
	step scenarios tests/scenarios/run
	step selftests-uml-debug tests/vm/selftests.sh uml-debug
	step selftests-stock tests/vm/selftests.sh tcg
	step demo tests/vm/demo.sh --quiet
}

# total: the sum of all steps
total() {
	cat "$LOGS"/*.count | awk '{ p += $1; f += $2 }
		END { printf "%d passed, %d failed\n", p, f; exit f != 0 }'
}

mkdir -p "$LOGS" && rm -f "$LOGS"/*
if [ "${1-}" = user ]; then
	quick_steps
else
	user_lane &
	kernel_lane
	wait
fi
total
