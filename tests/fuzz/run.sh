#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Runs fuzz targets: run.sh replay|smoke|long NAME...
#
# The environment names OUT, the folder with fuzz_NAME, and may set TIME, the
# seconds per target, and JOBS.  Closes with "N passed, N failed": one per corpus
# file for replay, one per target otherwise.  A target without a corpus fails.
set -u

mode=$1
shift
here=$(dirname "$(readlink -f "$0")")
work=$OUT/work

# Runs $1 once; its log and exit status go to $work/NAME.log and .rc.
run_one() {
	name=$1
	mkdir -p "$work/$name"
	set -- "$OUT/fuzz_$name" -timeout=10 -rss_limit_mb=1024 -artifact_prefix="$work/$name."
	if [ "$SECONDS_EACH" -eq 0 ]; then
		timeout 300 "$@" "$here/corpus/$name"/*
	else
		timeout $((SECONDS_EACH + 120)) "$@" -max_total_time="$SECONDS_EACH" \
			-max_len=2048 -print_final_stats=1 "$work/$name" "$here/corpus/$name"
	fi >"$work/$name.log" 2>&1
	echo $? >"$work/$name.rc"
}

case $mode in
one)
	run_one "$1"
	exit
	;;
replay) SECONDS_EACH=0 ;;
smoke) SECONDS_EACH=${TIME:-5} ;;
long) SECONDS_EACH=${TIME:-600} ;;
*)
	echo "usage: $0 replay|smoke|long NAME..." >&2
	exit 2
	;;
esac
export SECONDS_EACH OUT
mkdir -p "$work"
for name; do
	rm -f "$work/$name.rc" "$work/$name.log"
done
printf '%s\n' "$@" | xargs -P "${JOBS:-2}" -n 1 "$0" one

passed=0
failed=0
for name; do
	log=$work/$name.log
	rc=$(cat "$work/$name.rc" 2>/dev/null || echo lost)
	if [ "$mode" = replay ]; then
		good=$(grep -c '^Executed ' "$log")
		what="$good inputs"
	else
		good=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
		what="${good:-0} runs in $SECONDS_EACH s"
		good=$([ "${good:-0}" -gt 0 ] && echo 1 || echo 0)
	fi
	if [ "$rc" = 0 ] && [ "$good" -gt 0 ]; then
		passed=$((passed + good))
		echo "fuzz_$name: $what"
	else
		[ "$mode" != replay ] || passed=$((passed + good))
		failed=$((failed + 1))
		echo "fuzz_$name: failed (exit status $rc), see $log"
		grep -v '^#' "$log" | tail -n 40
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
