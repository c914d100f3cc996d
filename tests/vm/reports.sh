#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# reports.sh [--allow REGEX] FILE...: prints the lines of kernel logs that
# report something wrong, once each, and exits with 1 if there are any. A
# FILE that is missing has none.

set -u

# What the kernel's checkers say first; whole words, since a run fails by them.
PATTERNS=(
	'BUG: '
	'KASAN: '
	'KCSAN: '
	'KFENCE: '
	'UBSAN: '
	'ODEBUG: '
	'WARNING: '
	'Oops'
	'Kernel panic'
	'general protection fault'
	'Unable to handle kernel'
	'kernel NULL pointer dereference'
	'Kernel mode fault'
	'Segfault with no mm'
	'possible [a-z ]*(locking|lock|deadlock|irq)'
	'inconsistent lock state'
	'lock held when returning'
	'held lock freed'
	'nested lock was not taken'
	'bad unlock balance'
	'bad contention detected'
	'suspicious RCU usage'
	'turning off the locking correctness'
	'(sleeping|scheduling) [a-z ]*(function|atomic)'
	'refcount_t: '
	'ref_tracker: '
	'unreferenced object'
	'kmemleak: [1-9][0-9]* new suspected'
	'list_(add|del) corruption'
	'slab error|Slab .* (Redzone|Poison|Objects)|Object already free'
	'kmem_cache_destroy .*still has objects|Objects remaining'
	'blocked for more than [0-9]+ seconds'
	'rcu: .*(stall|detected)'
	'soft lockup|hard LOCKUP'
	'unregister_netdevice: waiting'
	'bad page state'
	'workqueue: .*(hogged|flushing)'
	'percpu ref .*(<= 0|switching)'
	'stack-protector'
	'Attempt to release alive'
)

main() {
	local allow=() found file files=()

	if [ "${1-}" = --allow ]; then
		allow=(-e "$2")
		shift 2
	fi
	for file; do
		[ -e "$file" ] && files+=("$file")
	done
	[ ${#files[@]} -gt 0 ] || return 0
	found=$(cat "${files[@]}" | tr -d '\r' | sed 's/^\[ *[0-9.]*\(@[0-9]*\)\?\] //' |
		grep -aE "$(IFS='|' && echo "${PATTERNS[*]}")" |
		if [ ${#allow[@]} -gt 0 ]; then grep -vE "${allow[@]}"; else cat; fi |
		awk '!seen[$0]++' | head -n 40)
	[ -z "$found" ] && return 0
	echo "the kernel reports:"
	echo "$found"
	return 1
}

main "$@"
