#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# demo.sh [--quiet]: a real file over IPPROTO_QUIC, on a stock Debian kernel.
#
#   here                     guest: Debian's kernel in QEMU
#   certificates, module --> netns client --- veth --- netns server
#                            quiccat                    quiccat --listen
#   tshark <---------------- capture, TLS secrets
#
# The client sends the guest kernel's own image and fetches it back; its
# SHA-256 is compared at both ends. Then tshark, which shares no code with us,
# decrypts the capture and has to find handshake and STREAM frames and nothing
# it can not read (capture-verdict.sh). What is left lies in build/demo.
# Closes with "N passed, N failed".

set -u
HERE=$(cd "$(dirname "$0")" && pwd -P)
ROOT=$(cd "$HERE/../.." && pwd -P)
OUT=$ROOT/build/demo
QUIET=
[ "${1-}" = --quiet ] && QUIET=1

die() {
	echo "demo: $*" >&2
	echo "0 passed, 1 failed"
	exit 1
}

say() { [ -n "$QUIET" ] || printf '\n== %s\n' "$*"; }

# make_certificates: a CA and a certificate for server.test, valid for a day
make_certificates() {
	printf 'cn = "demo CA"\nca\ncert_signing_key\nexpiration_days = 1\n' >"$OUT/ca.tmpl"
	printf 'cn = "server.test"\ndns_name = "server.test"\ntls_www_server\nexpiration_days = 1\n' \
		>"$OUT/server.tmpl"
	certtool --generate-privkey --key-type=ecdsa --outfile "$OUT/ca.key" &&
		certtool --generate-self-signed --load-privkey "$OUT/ca.key" \
			--template "$OUT/ca.tmpl" --outfile "$OUT/ca.pem" &&
		certtool --generate-privkey --key-type=ecdsa --outfile "$OUT/server.key" &&
		certtool --generate-certificate --load-privkey "$OUT/server.key" \
			--load-ca-certificate "$OUT/ca.pem" --load-ca-privkey "$OUT/ca.key" \
			--template "$OUT/server.tmpl" --outfile "$OUT/server.pem"
}

rm -rf "$OUT"
mkdir -p "$OUT"
say "building the module for Debian's kernel, and libquic"
modules=$("$HERE/build-module.sh" stock 2>"$OUT/module.log") ||
	die "the module does not build: $OUT/module.log"
make -C "$ROOT" libquic >"$OUT/libquic.log" 2>&1 || die "libquic does not build: $OUT/libquic.log"
stock=$("$HERE/cache.sh" stock) || die "no stock kernel"
kernel=$(find "$stock/boot" -name 'vmlinuz-*' | head -n 1)
make_certificates >"$OUT/certtool.log" 2>&1 || die "certtool failed: $OUT/certtool.log"
cp "$kernel" "$OUT/vmlinuz" || die "no kernel image in $stock"

say "booting $(basename "$kernel")"
"$HERE/run" --bed tcg --modules "$modules" --out "$OUT" --timeout 400 "$HERE/demo-guest.sh" \
	"$ROOT/build/libquic/tools/quiccat" || die "the guest's part failed, see above"

say "what tshark makes of the capture"
"$HERE/capture-verdict.sh" ${QUIET:+--quiet} "$OUT/demo.pcap" "$OUT/keys.log" 4433
