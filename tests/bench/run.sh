#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# run.sh [--gate RATIO] [--mtu N] [--bytes N]: QUIC beside kTLS and TCP, counted
# in instructions.
#
# The bed is Debian's kernel in QEMU with -icount: its clock counts guest
# instructions, one per nanosecond, so a rate in Mbit/s is megabits per 10^9
# instructions of both ends together, repeatable to 1 %, whatever else the
# machine does. Two namespaces, veth, one CPU, AES-128-GCM, 64 KiB messages.
#
# kTLS and TCP have to come out within 5 % of 800 and 2390 at MTU 1500, else the
# run is void. The ledger is instructions per packet by stage: samples of a
# second run, taken by perf at even distances of the counting clock, put into
# stages by stages.py, times the first run's instructions per packet.
#
# Closes with "N passed, N failed": the run is valid, and QUIC : kTLS is at
# least RATIO (default 0.5).

set -u
HERE=$(cd "$(dirname "$0")" && pwd -P)
ROOT=$(cd "$HERE/../.." && pwd -P)
VM=$ROOT/tests/vm
OUT=$ROOT/build/bench
GATE=0.5
MTU=1500
BYTES=64M
while [ $# -gt 1 ]; do
	case $1 in
	--gate) GATE=$2 ;;
	--mtu) MTU=$2 ;;
	--bytes) BYTES=$2 ;;
	*)
		echo "bench: unknown option $1 (there are --gate, --mtu, --bytes)" >&2
		exit 2
		;;
	esac
	shift 2
done

rm -rf "$OUT"
mkdir -p "$OUT"
modules=$("$VM/build-module.sh" stock 2>"$OUT/module.log") || {
	echo "bench: the module does not build: $OUT/module.log" >&2
	exit 1
}
make -C "$ROOT" libquic >"$OUT/libquic.log" 2>&1 || {
	echo "bench: libquic does not build: $OUT/libquic.log" >&2
	exit 1
}
"$VM/run" --bed icount --modules "$modules" --out "$OUT" --timeout 1500 \
	"$HERE/guest.sh" "$ROOT/build/libquic/tools/quicperf" "$MTU" "$BYTES" >"$OUT/log" 2>&1 || {
	tail -n 40 "$OUT/log"
	echo "bench: the guest's part failed: $OUT/log" >&2
	echo "0 passed, 1 failed"
	exit 1
}
"$HERE/stages.py" --gate "$GATE" --mtu "$MTU" "$OUT"
