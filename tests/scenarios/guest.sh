#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# guest.sh ENDPOINT NAME...: the guest's part of run. Plays one scenario after the
# other, each in namespaces of its own:
#
#   client 10.1.0.2 ---- 10.1.0.1 router 10.2.0.1 ---- 10.2.0.2 server
#    c0    fd01::2        rc              rs           s0 fd02::2
#
# What happens to packets happens in the router, on their way out of it: rs sends
# what the client says ("up"), rc what the server says ("down"). Captures are
# taken at c0 and s0, so each shows what one end really sent, and what reached it.
#
# /run/out/NAME/job has the scenario (written by run): FAMILY 4 or 6, NETWORK run
# before the endpoints start, DURING beside the client, SERVER and CLIENT their
# options. Left there: client.pcap, server.pcap, keys.log, client.log, server.log,
# status (of the ends and of the captures).
#
# UDP segmentation and GRO are off at the ends, for the captures' sake (a burst
# would show as one datagram of 64 KiB). So are checksum offload and scatter-gather,
# for the router's: it changes packets, and what netem corrupts is the linear part.

set -u
# shellcheck disable=SC1090 # it is in the guest
. "$VM_LIB"
endpoint=$1
shift
out=/run/out
PORT=4433
CLIENT_LIMIT_S=900

# ---- what NETWORK and DURING are made of ----

# up, down, both NETEM...: replaces what happens in that direction; nothing: no impairment
up() { netem rs "$@"; }
down() { netem rc "$@"; }
both() { up "$@" && down "$@"; }
netem() {
	local dev=$1
	shift
	ip netns exec router tc qdisc replace dev "$dev" root handle 1: netem "$@"
}

# patience S: how long the kernel lets a handshake take
patience() {
	local ns

	for ns in client server; do
		ip netns exec $ns sh -c "echo ${1}000 >/proc/sys/net/quic/handshake_timeout_ms" || return
	done
}

# second_address client|server: 10.1.0.3 or 10.2.0.3
second_address() {
	case $1 in
	client) ip -n client addr add 10.1.0.3/24 dev c0 ;;
	server) ip -n server addr add 10.2.0.3/24 dev s0 ;;
	esac
}

# bottleneck RATE PACKETS DELAY: both ways; the queue comes after the delay
bottleneck() {
	local dev

	both delay "$3"
	for dev in rs rc; do
		ip netns exec router tc qdisc add dev $dev parent 1: handle 2: \
			tbf rate "$1" burst 1600 limit $(($2 * 1514))
	done
}

# rules TEXT: nftables of the router, instead of those there were
rules() { printf 'flush ruleset\n%s\n' "$1" | ip netns exec router nft -f -; }

# without_checksums: what netem corrupts reaches QUIC, not only UDP's checksum
without_checksums() {
	rules 'table ip t { chain c {
		type filter hook forward priority 0
		udp checksum set 0
	}
	}'
}

# drop_up FIRST-LAST: these datagrams of the client, counted from 0, are lost
drop_up() {
	rules "table inet t { chain c {
		type filter hook forward priority 0
		iif rc udp dport $PORT numgen inc mod 1000000 vmap { $1 : drop }
	}
	}"
}

# mark_down N: every Nth ECN-capable packet of the server meets congestion
mark_down() {
	rules "table ip t { chain c {
		type filter hook forward priority 0
		iif rs ip ecn ect0 numgen inc mod $1 0 ip ecn set ce
	}
	}"
}

# nat INSIDE-PORT ADDRESS PORT: what the client's port looks like from outside. Stateless:
# the mapping is whatever was said last.
nat() {
	rules "table ip t { chain c {
		type filter hook prerouting priority -300
		iif rc udp sport $1 ip saddr set $2 udp sport set $3 accept
		iif rs ip daddr $2 udp dport $3 ip daddr set 10.1.0.2 udp dport set $1
	}
	}"
}

# cross_traffic: a TCP flow of the server's to the client, for as long as it lasts
cross_traffic() {
	ip netns exec server socat -u OPEN:/dev/zero TCP-LISTEN:5001 &
	sleep 0.1
	exec ip netns exec client socat -u TCP:10.2.0.2:5001 OPEN:/dev/null
}

# ---- namespaces ----

make_namespaces() {
	local ns

	for ns in client router server; do
		# no link-local address has to be tested before it can be used
		ip netns add $ns && ip netns exec $ns \
			sh -c 'echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad' || return
	done
	ip link add c0 netns client type veth peer name rc netns router
	ip link add s0 netns server type veth peer name rs netns router
	ip -n client -batch - <<-END
		link set lo up
		link set c0 up
		addr add 10.1.0.2/24 dev c0
		addr add fd01::2/64 dev c0 nodad
		route add default via 10.1.0.1
		route add default via fd01::1
	END
	ip -n server -batch - <<-END
		link set lo up
		link set s0 up
		addr add 10.2.0.2/24 dev s0
		addr add fd02::2/64 dev s0 nodad
		route add default via 10.2.0.1
		route add default via fd02::1
	END
	ip -n router -batch - <<-END
		link set lo up
		link set rc up
		link set rs up
		addr add 10.1.0.1/24 dev rc
		addr add 10.2.0.1/24 dev rs
		addr add fd01::1/64 dev rc nodad
		addr add fd02::1/64 dev rs nodad
	END
	# shellcheck disable=SC2016 # for the inner shell
	ip netns exec router sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward
		echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
	ip netns exec client ethtool -K c0 tx off sg off gso off gro off >/dev/null
	ip netns exec server ethtool -K s0 tx off sg off gso off gro off >/dev/null
}

remove_namespaces() {
	local ns

	for ns in client router server; do
		ip netns del $ns
	done
}

# wait_for TEXT FILE
wait_for() {
	local i

	for i in {1..200}; do
		grep -q -- "$1" "$2" 2>/dev/null && return
		sleep 0.05
	done
	echo "guest: no '$1' in $2 after $i tries" >&2
	return 1
}

# capture NAMESPACE DEVICE: to /tmp/NAMESPACE.pcap, by one more process of CAPTURES
capture() {
	ip netns exec "$1" tcpdump -i "$2" -B 32768 -s 0 -Z root -w "/tmp/$1.pcap" udp or tcp \
		2>"/tmp/$1.tcpdump" &
	CAPTURES+=($!)
	wait_for 'listening on' "/tmp/$1.tcpdump"
}

# ---- one scenario ----

# ends DIR: both of them, and what happens meanwhile
ends() {
	local dir=$1 ip=10.2.0.2 server during=''

	[ "$FAMILY" = 6 ] && ip=fd02::2
	eval "exec ip netns exec server $endpoint server $ip $PORT $SERVER" >"$dir/server.log" 2>&1 &
	server=$!
	wait_for listening "$dir/server.log"
	if [ -n "$DURING" ]; then
		(eval "$DURING") &
		during=$!
	fi
	eval "SSLKEYLOGFILE=$dir/keys.log timeout $CLIENT_LIMIT_S ip netns exec client \
		$endpoint client $ip $PORT $CLIENT" >"$dir/client.log" 2>&1
	echo "client $?" >>"$dir/status"
	# until the close has arrived, and is in the capture's last, half-full block
	sleep 2
	kill "$server" ${during:+"$during"} 2>/dev/null
	wait "$server"
	echo "server $?" >>"$dir/status"
}

# captures DIR: ends them
captures() {
	local ns rc=0

	kill "${CAPTURES[@]}"
	wait "${CAPTURES[@]}"
	for ns in client server; do
		cp "/tmp/$ns.pcap" "$1/"
		grep -q '^0 packets dropped by kernel' "/tmp/$ns.tcpdump" || rc=1
	done
	rm -f /tmp/*.pcap /tmp/*.tcpdump
	echo "captures $rc" >>"$1/status"
}

play() {
	local dir=$out/$1 FAMILY NETWORK DURING SERVER CLIENT

	# shellcheck disable=SC1091 # written by run
	. "$dir/job"
	CAPTURES=()
	if make_namespaces && eval "$NETWORK" && capture client c0 && capture server s0; then
		ends "$dir"
		captures "$dir"
	fi
	remove_namespaces
}

load_quic || exit
for name; do
	start=$(date +%s.%N)
	play "$name"
	echo "$name: $(date +%s.%N) $start" | awk '{ printf "%s %.1f s of the guest\n", $1, $2 - $3 }'
done
unload_quic
