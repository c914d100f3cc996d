#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# selftest.sh: proves that the beds tell good from bad. Each fault of
# selftest/provoke.c must make tests/vm/run fail and be named in what it says;
# so must a script that fails, a guest that dies and one that hangs; a run in
# which nothing is wrong must pass. Ends with "N passed, N failed".

set -u

HERE=$(cd "$(dirname "$0")" && pwd -P)
CACHE=${QUIC_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/quic}
passed=0
failed=0

# build BED: prints the folder with provoke.ko
build() {
	local kernel dir

	kernel=$("$HERE/cache.sh" "kernel-$1") || return
	dir=$CACHE/build/selftest-$(basename "$kernel")
	mkdir -p "$dir" || return
	rsync -rlpc "$HERE/selftest/" "$dir/" || return
	timeout 300 make -C "$kernel" ARCH=um "M=$dir" modules >"$dir/build.log" 2>&1 || {
		cat "$dir/build.log" >&2
		return 1
	}
	echo "$dir"
}

# expect good|REGEX BED TIMEOUT COMMAND: run's verdict on a shell command
expect() {
	local want=$1 bed=$2 limit=$3 command=$4 said status verdict=good

	said=$("$HERE/run" --bed "$bed" --out "$scratch" --modules "${modules[$bed]}" --timeout "$limit" \
		"$HERE/selftest.sh" --in-guest "$command" 2>&1)
	status=$?
	# the verdict stands after the logs
	said=$(sed -n '/^run: FAILED/,$p' <<<"$said")
	[ $status = 0 ] || verdict=bad
	if [ "$want" = good ]; then
		[ $verdict = good ]
	else
		[ $verdict = bad ] && grep -qE "$want" <<<"$said"
	fi || {
		failed=$((failed + 1))
		echo "FAILED on $bed: $command: want $want; exit status $status:"
		echo "$said"
		return
	}
	passed=$((passed + 1))
}

fault() { expect "$1" "$2" 120 "modprobe provoke fault=$3 || true"; }

main() {
	local bed

	scratch=$(mktemp -d) || return
	trap 'rm -rf "$scratch"' EXIT
	declare -gA modules

	for bed in uml uml-debug; do
		modules[$bed]=$(build $bed) || return
	done
	expect good uml 60 'modprobe provoke && modprobe -r provoke'
	expect "exit status is 3" uml 60 'exit 3'
	expect 'longer than 5 s' uml 5 'while :; do :; done'
	expect 'not come to its end' uml 60 'echo o >/proc/sysrq-trigger; sleep 100'
	fault 'WARNING: ' uml warn
	fault 'Kernel panic|Kernel mode fault|Oops' uml oops
	fault 'refcount_t: ' uml refcount

	expect good uml-debug 120 'modprobe provoke && modprobe -r provoke'
	fault 'KASAN: slab-use-after-free in provoke' uml-debug use-after-free
	fault 'KASAN: slab-out-of-bounds in provoke' uml-debug out-of-bounds
	fault 'KASAN: stack-out-of-bounds' uml-debug stack
	fault 'possible circular locking' uml-debug lock-order
	fault 'sleeping function called' uml-debug sleep
	fault 'suspicious RCU usage' uml-debug rcu
	fault 'unreferenced object' uml-debug leak
	fault 'UBSAN: shift-out-of-bounds' uml-debug shift
	fault 'UBSAN: array-index-out-of-bounds' uml-debug bounds
	fault 'ODEBUG: free active' uml-debug timer

	echo "$passed passed, $failed failed"
	[ $failed = 0 ]
}

if [ "${1-}" = --in-guest ]; then
	eval "$2"
else
	main
fi
