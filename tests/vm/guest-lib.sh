# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# guest-lib.sh: helpers for scripts in a guest; source "$VM_LIB".
#
#   load_quic [PARAMETER=VALUE...]   quic.ko and all that it needs
#   unload_quic                      waits for what closing sockets still hold
#   settle                           lets deferred frees happen
#   memory_save NAME                 remembers what kernel memory is in use
#   memory_check NAME [SLACK_KIB]    fails if more is in use now than then
#   tap_plan N, tap_ok, tap_skip     TAP lines (ok N - text)
#
# Memory is compared by what only the kernel uses: objects of every slab cache
# that is named quic*, and the sums of percpu, vmalloc and unreclaimable slab
# of /proc/meminfo. The sums breathe (other code allocates, too), hence a slack,
# 1024 KiB unless said otherwise; repeat the work often enough for a leak to be
# larger. The caches by name must come back exactly. kmemleak does not depend
# on any of this: tests/vm/run scans at the end on uml-debug.

load_quic() {
	# What udev loads by the processor's features; UML has no such modules.
	modprobe -q -a aesni_intel ghash_clmulni_intel 2>/dev/null || true
	modprobe quic "$@"
}

unload_quic() {
	local try

	for try in {1..100}; do
		modprobe -r quic 2>/dev/null && return
		[ "$try" = 100 ] || sleep 0.1
	done
	echo "quic cannot be unloaded: $(grep '^quic ' /proc/modules)" >&2
	return 1
}

# RCU callbacks, work items and timers of a second run; caches give back pages,
# and KASAN what it keeps back of them.
settle() {
	local cache

	sleep 2
	echo 3 >/proc/sys/vm/drop_caches
	for cache in /sys/kernel/slab/*/shrink; do
		[ ! -e "$cache" ] || echo 1 >"$cache"
	done
	sleep 1
}

# Lines "slab NAME OBJECTS" and "KiB NAME SIZE". What the debug kernel notes about
# the memory of others is left out: it gives that back in its own time.
memory_state() {
	awk '/^quic/ { print "slab", $1, $2 }' /proc/slabinfo
	awk 'NR == FNR {
		if ($1 ~ /^(debug_objects_cache|kmemleak_(object|scan_area))$/)
			notes += $15 * $6 * 4
		next
	}
	/^(SUnreclaim|Percpu|VmallocUsed|KernelStack):/ {
		sub(":", "", $1)
		print "KiB", $1, $2 - ($1 == "SUnreclaim" ? notes : 0)
	}' /proc/slabinfo /proc/meminfo
}

memory_save() {
	settle
	memory_state >"/run/memory-$1"
}

memory_check() {
	local slack=${2:-1024}

	settle
	memory_state | awk -v slack="$slack" '
		NR == FNR { was[$1 " " $2] = $3; next }
		$1 == "slab" && $3 > was[$1 " " $2] + 0 ||
		$1 == "KiB" && $3 > was[$1 " " $2] + slack {
			printf "# %s %s: was %d, is %d\n", $1, $2, was[$1 " " $2], $3
			bad = 1
		}
		END { exit bad }' "/run/memory-$1" -
}

TAP_NUMBER=0
TAP_FAILED=0

tap_plan() { echo "1..$1"; }

# tap_ok STATUS TEXT: as in: command; tap_ok $? "what should be so"
tap_ok() {
	local status=$1
	shift

	TAP_NUMBER=$((TAP_NUMBER + 1))
	if [ "$status" = 0 ]; then
		echo "ok $TAP_NUMBER - $*"
	else
		echo "not ok $TAP_NUMBER - $*"
		TAP_FAILED=$((TAP_FAILED + 1))
	fi
}

tap_skip() {
	TAP_NUMBER=$((TAP_NUMBER + 1))
	echo "ok $TAP_NUMBER - $1 # SKIP ${2-}"
}

# tap_end: the plan, if there was none, and the exit status
tap_end() {
	echo "1..$TAP_NUMBER"
	[ "$TAP_FAILED" = 0 ]
}
