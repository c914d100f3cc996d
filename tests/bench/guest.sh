#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# guest.sh QUICPERF MTU BYTES: the guest's part of run.sh. Leaves in /run/out a
# MODE.json and a MODE.samples for each of quic, ktls and tcp.

set -eu
# shellcheck disable=SC1090 # it is in the guest
. "$VM_LIB"
quicperf=$1
mtu=$2
bytes=$3
out=/run/out

load_quic
modprobe tls
ip netns add a
ip netns add b
ip link add va netns a type veth peer name vb netns b
ip -n a addr add 10.8.0.1/24 dev va
ip -n b addr add 10.8.0.2/24 dev vb
ip -n a link set va up mtu "$mtu"
ip -n b link set vb up mtu "$mtu"

# one MODE PREFIX BYTES [PERF-COMMAND...]: a transfer from a to b
one() {
	local mode=$1 name=$2 args=(--mode "$1" --bytes "$3") server i
	shift 3
	[ "$mode" = quic ] && args+=(--fixed-secret)
	ip netns exec b "$quicperf" server 10.8.0.2:5001 --mode "$mode" --count 1 \
		${args[4]+"${args[4]}"} >"/tmp/$name.server" 2>&1 &
	server=$!
	for i in {1..100}; do
		if [ "$mode" = quic ]; then
			ip netns exec b grep -q :5001 /proc/net/quic/eps && break
		else
			ip netns exec b ss -Hltn | grep -q :5001 && break
		fi
		[ "$i" -lt 100 ] || { cat "/tmp/$name.server"; return 1; }
		sleep 0.1
	done
	"$@" ip netns exec a "$quicperf" client 10.8.0.2:5001 "${args[@]}" --json >"/tmp/$name.json" || {
		kill "$server"
		return 1
	}
	wait "$server"
	cat "/tmp/$name.json"
}

# The counting clock leaps to the next timer while the guest waits for a file of
# the host, a program's or a crypto module's: before a transfer counts, a small one
# has to have succeeded.
warm_up() {
	for _ in {1..8}; do
		one "$1" warm 256K >/tmp/warm 2>&1 && return
	done
	cat /tmp/warm
	return 1
}

for mode in quic ktls tcp; do
	warm_up "$mode"
	one "$mode" "$mode" "$bytes"
	cp "/tmp/$mode.json" "$out/"
	# the clock counts instructions: a sample every 20,011 of them
	one "$mode" "$mode-perf" "$bytes" perf record -q -a -e cpu-clock -c 20011 -o /tmp/perf.data
	perf script -i /tmp/perf.data -F ip,sym,dso 2>/tmp/perf.err |
		sed 's/^ *[0-9a-f]* //' | sort | uniq -c | sort -rn >"$out/$mode.samples"
	[ -s "$out/$mode.samples" ] || { cat /tmp/perf.err; return 1; }
done
if ip netns exec b test -r /proc/net/quic/snmp; then
	ip netns exec b cat /proc/net/quic/snmp >"$out/snmp"
fi
