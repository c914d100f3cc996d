#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# kunit.sh [BED]: builds the module with its KUnit tests and runs them on BED,
# uml-debug (the default), uml or uml-7.3. Ends with "N passed, N failed".
#
# Every .ko with kunit in its name is loaded; loading one runs its suites, and
# the results are read from debugfs. A module that leaves no new results fails.

set -u

HERE=$(cd "$(dirname "$0")" && pwd -P)

in_guest() {
	local module before after suite

	mountpoint -q /sys/kernel/debug || return
	find "$VM_MODROOT/lib/modules/$(uname -r)/extra" -name '*kunit*.ko' | sort | while read -r module; do
		module=$(basename "$module" .ko)
		before=$(ls /sys/kernel/debug/kunit 2>/dev/null)
		modprobe "$module" || echo "not ok 1 - load $module" >/run/out/"$module".tap
		after=$(ls /sys/kernel/debug/kunit 2>/dev/null)
		[ "$before" != "$after" ] || : >/run/out/"$module".tap
		# results are gone with their module
		for suite in $after; do
			[ -e "/run/out/$suite.tap" ] && continue
			cat "/sys/kernel/debug/kunit/$suite/results" >"/run/out/$suite.tap"
		done
	done
}

main() {
	local bed=${1:-uml-debug} modules out status

	modules=$("$HERE/build-module.sh" "$bed") || exit
	out=$(mktemp -d) || exit
	"$HERE/run" --bed "$bed" --modules "$modules" --out "$out" --timeout 300 \
		"$HERE/kunit.sh" --in-guest
	status=$?
	if ls "$out"/*.tap >/dev/null 2>&1; then
		"$HERE/tap.py" --status "$status" "$out"/*.tap
		status=$?
	else
		echo "no KUnit module came with the build"
		echo "0 passed, 1 failed"
		status=1
	fi
	rm -rf "$out"
	return $status
}

if [ "${1-}" = --in-guest ]; then
	in_guest
else
	main "$@"
fi
