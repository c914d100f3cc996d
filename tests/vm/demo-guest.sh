#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# demo-guest.sh QUICCAT: the guest's part of demo.sh. Certificates and the file
# are in /run/out; the capture and the TLS secrets go there.
#
# UDP segmentation and GRO are off here, for the capture's sake: a burst would
# show as one datagram of 64 KiB, which tshark takes for one packet.

set -eu
# shellcheck disable=SC1090 # it is in the guest
. "$VM_LIB"
quiccat=$1
out=/run/out
srv=/tmp/server

# wait_for TEXT FILE: until FILE has TEXT, at most 20 s
wait_for() {
	local i
	for i in {1..200}; do
		grep -q -- "$1" "$2" 2>/dev/null && return
		sleep 0.1
	done
	echo "demo: no '$1' in $2 after $i tries" >&2
	return 1
}

load_quic
mkdir -p "$srv"
ip netns add client
ip netns add server
ip link add c0 netns client type veth peer name s0 netns server
ip -n client addr add 10.9.0.1/24 dev c0
ip -n server addr add 10.9.0.2/24 dev s0
for ns in client server; do ip -n "$ns" link set lo up; done
ip -n client link set c0 up
ip -n server link set s0 up
ip netns exec client ethtool -K c0 tx-udp-segmentation off gso off gro off
ip netns exec server ethtool -K s0 tx-udp-segmentation off gso off gro off

ip netns exec server tcpdump -i s0 -B 65536 -s 0 -Z root -w /tmp/demo.pcap udp port 4433 \
	2>/tmp/tcpdump.log &
tcpdump=$!
wait_for 'listening on' /tmp/tcpdump.log

ip netns exec server "$quiccat" --listen 10.9.0.2:4433 --cert "$out/server.pem" \
	--key "$out/server.key" --dir "$srv" --writable --count 1 &
server=$!
ip netns exec server bash -c "$(declare -f wait_for); wait_for :4433 /proc/net/quic/eps"

SSLKEYLOGFILE=$out/keys.log ip netns exec client "$quiccat" 10.9.0.2:4433 --name server.test \
	--ca "$out/ca.pem" --put "$out/vmlinuz" --get vmlinuz --output /tmp/vmlinuz.back --progress
wait "$server"
kill "$tcpdump"
wait "$tcpdump" || true
cp /tmp/demo.pcap /tmp/tcpdump.log "$out/"
grep -q '^0 packets dropped by kernel' /tmp/tcpdump.log

echo "SHA-256"
sha256sum "$out/vmlinuz" "$srv/vmlinuz" /tmp/vmlinuz.back
cmp "$out/vmlinuz" "$srv/vmlinuz"
cmp "$out/vmlinuz" /tmp/vmlinuz.back
unload_quic
