#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# selftests.sh BED [NAME...|-NAME...]: builds the module and the programs of
# tests/selftests, and runs all, or those NAMEd, or all but those with a -, in one
# boot of BED (uml, uml-debug, uml-7.3 or tcg). Ends with "N passed, N failed".
#
# A test is a program (each *.c and *.cc, built by the Makefile there) or a
# script (each *.sh). It prints TAP, or is one test by its exit status (4: skip).
# Each runs as root in a network namespace of its own (lo is up) and private
# mounts, in the folder tests/selftests, with its libraries in place, quic.ko
# loaded, a /tmp that is shared with the others, and 120 s of the guest's time.
# Words in the first 30 lines of its source change that:
#
#   VM-BEDS: uml uml-debug	it runs only there
#   VM-TIMEOUT: 300
#
# What the kernel reports during a test counts against it. In the end the
# module must be unloadable: that is one more test.
#
# Environment: SELFTESTS_OUT=DIR keeps the TAP files.

set -u

HERE=$(cd "$(dirname "$0")" && pwd -P)
ROOT=$(cd "$HERE/../.." && pwd -P)
TESTS=$ROOT/tests/selftests
BUILD=$ROOT/build/selftests
RUN_TIMEOUT_S=1500

# setting WORD SOURCE DEFAULT
setting() {
	local value

	value=$(head -n 30 "$2" | sed -n "s,.*$1: *\([a-z0-9 -]*[a-z0-9]\).*,\1,p" | head -n 1)
	echo "${value:-$3}"
}

# new_reports NAME: since the last call
REPORT_LINES=0
new_reports() {
	local log=/run/dmesg

	dmesg >$log
	tail -n "+$((REPORT_LINES + 1))" $log >$log.new
	REPORT_LINES=$(wc -l <$log)
	"$HERE/reports.sh" $log.new >"/run/out/$1.report" && rm -f "/run/out/$1.report"
}

run_one() {
	local name=$1 source=$2 command=$3 start=$SECONDS status

	# shellcheck disable=SC2016 # for the inner shell
	timeout -k 5 "$(setting VM-TIMEOUT "$source" 120)" \
		unshare -n -m --propagation private \
		sh -c 'ip link set lo up; exec "$@"' sh "$command" \
		>"/run/out/$name.tap" 2>&1
	status=$?
	[ "$status" = 124 ] && echo "# it took too long" >>"/run/out/$name.tap"
	echo "$status" >"/run/out/$name.rc"
	new_reports "$name"
	echo "$name: exit status $status, $((SECONDS - start)) s"
}

in_guest() {
	local source name command

	# shellcheck disable=SC1090
	. "$VM_LIB"
	load_quic || return
	new_reports load
	for source; do
		name=$(basename "$source")
		name=${name%.*}
		case " $(setting VM-BEDS "$source" "$VM_BED") " in
		*" $VM_BED "*) ;;
		*) continue ;;
		esac
		command=$source
		case $source in
		*.c | *.cc) command=$BUILD/$name ;;
		esac
		run_one "$name" "$source" "$command"
	done
	unload_quic >/run/out/unload.tap 2>&1
	echo $? >/run/out/unload.rc
	new_reports unload
}

# sources NAME...: all, or the named ones, or all but the named ones
sources() {
	local source name found=()

	for source in "$TESTS"/*.c "$TESTS"/*.cc "$TESTS"/*.sh; do
		[ -e "$source" ] || continue
		name=$(basename "$source")
		[[ " $* " != *" -${name%.*} "* ]] || continue
		if [ $# -gt 0 ] && [ "${1#-}" = "$1" ]; then
			case " $* " in
			*" ${name%.*} "*) ;;
			*) continue ;;
			esac
		# a library of scripts is not a test
		elif [ ! -x "$source" ] && [ "${name##*.}" = sh ]; then
			continue
		fi
		found+=("$source")
	done
	printf '%s\n' "${found[@]}"
}

main() {
	local bed=${1-} modules out status list temporary=''

	case $bed in
	uml | uml-debug | uml-7.3 | tcg) ;;
	*)
		echo "usage: selftests.sh uml|uml-debug|uml-7.3|tcg [NAME...|-NAME...]" >&2
		return 2
		;;
	esac
	shift
	mapfile -t list < <(sources "$@")
	if [ -z "${list[0]}" ]; then
		echo "no such test in $TESTS: $*"
		echo "0 passed, 1 failed"
		return 1
	fi
	modules=$("$HERE/build-module.sh" "$bed") || return
	# several beds may want them at once
	mkdir -p "$BUILD"
	flock "$BUILD/lock" make --no-print-directory -C "$TESTS" || return
	out=${SELFTESTS_OUT-}
	if [ -z "$out" ]; then
		out=$(mktemp -d) && temporary=$out
	fi
	cd "$TESTS" || return
	"$HERE/run" --bed "$bed" --modules "$modules" --out "$out" --timeout "$RUN_TIMEOUT_S" \
		"$HERE/selftests.sh" --in-guest "${list[@]}"
	status=$?
	"$HERE/tap.py" --status "$status" "$out"/*.tap
	status=$?
	[ -z "$temporary" ] || rm -rf "$temporary"
	return $status
}

if [ "${1-}" = --in-guest ]; then
	shift
	in_guest "$@"
else
	main "$@"
fi
