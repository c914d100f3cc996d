#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# check.sh user|fast|all: the tests, in three sizes.
#
#   user   those that need no kernel: seconds, for the inner loop
#   fast   before a commit: minutes once the kernels are in the cache
#   all    every test on every kernel: what CI runs
#
# Each step is a command that ends with a line "N passed, N failed"; this script
# adds them up. A step that fails without such a line counts as one failed test.
#
# As many steps run at once as there are processors, in the order of the list
# below; a step that needs a kernel is passed over while the kernels are built.
# Output of the steps: build/check/STEP.log; shown when a step fails.

set -u
ROOT=$(cd "$(dirname "$0")/.." && pwd)
cd "$ROOT" || exit 1
LOGS=$ROOT/build/check
SLOTS=${CHECK_SLOTS:-$(nproc)}
STEP_TIMEOUT=2400
MAKE="make --no-print-directory"

# SIZES NEEDS NAME COMMAND: the long ones first, so that none is left over alone.
list() {
	cat <<-END
		user,fast,all  -       compliance           tests/compliance/run
		user,fast,all  -       unit                 $MAKE -C tests/user check
		user           -       simulator-quick      $MAKE -C tests/user sim-quick
		user,fast,all  -       compliance-selftest  tests/compliance/selftest
		fast,all       kernel  selftests-uml-debug  tests/vm/selftests.sh uml-debug -fuzz_memory
		all            kernel  selftests-stock      tests/vm/selftests.sh tcg
		fast,all       kernel  build                tests/vm/build-check.sh
		fast,all       kernel  scenarios            tests/scenarios/run
		fast,all       kernel  memory-uml-debug     tests/vm/selftests.sh uml-debug fuzz_memory
		all            kernel  selftests-uml        tests/vm/selftests.sh uml
		fast,all       -       lint                 tests/lint/run --count
		fast,all       -       simulator            $MAKE -C tests/user sim
		fast,all       -       libquic              libquic/tests/run.sh
		all            -       mutants              tests/compliance/mutate
		fast,all       -       fuzz-smoke           $MAKE -C tests/fuzz smoke
		all            -       lint-selftest        tests/lint/run --selftest
		fast,all       kernel  demo                 tests/vm/demo.sh --quiet
		fast,all       -       fuzz-replay          $MAKE -C tests/fuzz replay
		fast,all       kernel  kunit                tests/vm/kunit.sh
	END
}

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

make_kernels() {
	if tests/vm/cache.sh all >"$LOGS/cache.log" 2>&1 </dev/null; then
		touch "$LOGS/kernels.ready"
	else
		echo "the kernels could not be made: $LOGS/cache.log"
		echo "0 1" >"$LOGS/cache.count"
	fi
}

# run_steps SIZE: those of the list, SLOTS at a time
run_steps() {
	local pending=() running=0 making='' sizes needs name command i

	while read -r sizes needs name command; do
		[[ ,$sizes, == *,$1,* ]] && pending+=("$needs $name $command")
	done < <(list)
	if printf '%s\n' "${pending[@]}" | grep -q '^kernel '; then
		make_kernels &
		making=$!
	fi
	while [ ${#pending[@]} -gt 0 ] || [ "$running" -gt 0 ]; do
		for i in "${!pending[@]}"; do
			[ "$running" -lt "$SLOTS" ] || break
			read -r needs name command <<<"${pending[i]}"
			[ "$needs" = - ] || [ -e "$LOGS/kernels.ready" ] || continue
			# shellcheck disable=SC2086 # words
			step "$name" $command &
			running=$((running + 1))
			unset "pending[i]"
		done
		[ -n "$making" ] || [ "$running" -gt 0 ] || break
		wait -n -p ended
		if [ "$ended" = "$making" ]; then
			making=''
		else
			running=$((running - 1))
		fi
	done
}

# total: the sum of all steps
total() {
	cat "$LOGS"/*.count | awk '{ p += $1; f += $2 }
		END { printf "%d passed, %d failed\n", p, f; exit f != 0 }'
}

case ${1-} in
user | fast | all) ;;
*)
	echo "usage: check.sh user|fast|all" >&2
	exit 2
	;;
esac
mkdir -p "$LOGS" && rm -f "$LOGS"/*
run_steps "$1"
total
