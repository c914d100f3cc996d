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

# The counting clock leaps to the next timer while the guest waits for the host's
# files: none may be read for the first time while a connection is open.
warm() {
	ldd "$quicperf" | sed -n 's,.* \(/[^ ]*\) (0x.*,\1,p' | xargs cat "$quicperf" >/dev/null
	"$quicperf" --help >/dev/null
}

load_quic
modprobe tls
warm
ip netns add a
ip netns add b
ip link add va netns a type veth peer name vb netns b
ip -n a addr add 10.8.0.1/24 dev va
ip -n b addr add 10.8.0.2/24 dev vb
ip -n a link set va up mtu "$mtu"
ip -n b link set vb up mtu "$mtu"

# one MODE PREFIX [PERF-COMMAND...]: a transfer from a to b
one() {
	local mode=$1 name=$2 args=(--mode "$1" --bytes "$bytes") server i
	shift 2
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
	"$@" ip netns exec a "$quicperf" client 10.8.0.2:5001 "${args[@]}" --json >"/tmp/$name.json"
	wait "$server"
	cat "/tmp/$name.json"
}

for mode in quic ktls tcp; do
	one "$mode" "$mode"
	cp "/tmp/$mode.json" "$out/"
	# the clock counts instructions: a sample every 20,011 of them
	one "$mode" "$mode-perf" perf record -q -a -e cpu-clock -c 20011 -o /tmp/perf.data
	perf script -i /tmp/perf.data -F ip,sym,dso 2>/tmp/perf.err |
		sed 's/^ *[0-9a-f]* //' | sort | uniq -c | sort -rn >"$out/$mode.samples"
	[ -s "$out/$mode.samples" ] || { cat /tmp/perf.err; return 1; }
done
if ip netns exec b test -r /proc/net/quic/snmp; then
	ip netns exec b cat /proc/net/quic/snmp >"$out/snmp"
fi
