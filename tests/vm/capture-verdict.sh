#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# capture-verdict.sh [--quiet] PCAP KEYLOG PORT: what tshark says of a capture.
#
# Passes when tshark, given the TLS secrets, decrypts every packet, finds none
# malformed and no payload left over, and sees CRYPTO and STREAM frames. To show
# that it would notice, the same is asked with one secret taken away, which has
# to fail. Closes with "N passed, N failed".

set -u
quiet=
[ "${1-}" = --quiet ] && { quiet=1; shift; }
pcap=$1
keys=$2
port=$3
passed=0
failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

result() {
	if [ "$1" = 0 ]; then
		passed=$((passed + 1))
		echo "ok - $2"
	else
		failed=$((failed + 1))
		echo "not ok - $2"
	fi
}

# dissect KEYLOG FILTER [TSHARK-ARGUMENT...]
dissect() {
	local keylog=$1 filter=$2
	shift 2
	tshark -n -r "$pcap" -o "tls.keylog_file:$keylog" -d "udp.port==$port,quic" \
		-Y "$filter" "$@" 2>/dev/null
}

bad='quic.decryption_failed || quic.remaining_payload || _ws.malformed'
if [ -z "$quiet" ]; then
	dissect "$keys" 'quic' -c 16
	echo ...
fi
dissect "$keys" "quic && !($bad)" -T fields -e quic.frame_type >"$work/good"
dissect "$keys" "$bad" >"$work/bad"
packets=$(grep -c . "$work/good")
streams=$(tr , '\n' <"$work/good" | grep -cE '^(8|9|1[0-5])$')
crypto=$(tr , '\n' <"$work/good" | grep -cx 6)
echo "tshark: $packets datagrams decrypted, $crypto CRYPTO and $streams STREAM frames," \
	"$(grep -c . "$work/bad") it could not read"
head -n 5 "$work/bad"
[ "$packets" -gt 0 ] && [ ! -s "$work/bad" ]
result $? "every packet decrypts and none is malformed"
[ "$crypto" -gt 0 ] && [ "$streams" -gt 0 ]
result $? "there are CRYPTO and STREAM frames"

grep -v '^CLIENT_TRAFFIC_SECRET_0 ' "$keys" >"$work/keys"
[ "$(wc -l <"$work/keys")" -lt "$(wc -l <"$keys")" ] &&
	[ -n "$(dissect "$work/keys" "$bad" -c 400)" ]
result $? "without one secret the same check fails"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
