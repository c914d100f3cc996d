#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the documentation says of each sysctl is so: it exists, a new namespace has
# the default, its range can be written to both ends and not beyond. And what
# exists is documented.

# shellcheck disable=SC1090 # it is in the guest
. "$VM_LIB"
DIR=/proc/sys/net/quic
TEXT=../../Documentation/networking/quic/sysctl.rst

# entries: "name|default|least to most" of each; PAGE_SIZE by its value
entries() {
	awk -v page="$(getconf PAGE_SIZE)" '
		/^[a-z_0-9]+ - / { name = $1; text = ""; next }
		{ text = text " " $0 }
		name && /Range: / {
			value = range = text
			sub(/.*Default: /, "", value)
			sub(/\.[ \t]+Range: .*/, "", value)
			gsub(/\([^)]*\)|,/, "", value)
			gsub(/  +/, " ", value)
			sub(/.*Range: /, "", range)
			sub(/( each)?\..*/, "", range)
			sub(/PAGE_SIZE/, page, range)
			print name "|" value "|" range
			name = ""
		}' $TEXT
}

# try NAME VALUE: writes it, to each place of a vector
try() {
	local values=$2

	[ "$(wc -w <"$DIR/$1")" = 1 ] || values="$2 $2 $2"
	echo "$values" 2>/dev/null >"$DIR/$1"
}

check_range() {
	local name=$1 least=${2% to *} most=${2#* to }

	try "$name" "$least" && try "$name" "$most"
	tap_ok $? "$name: $least and $most are taken"
	! try "$name" $((least - 1)) && ! try "$name" $((most + 1))
	tap_ok $? "$name: less and more are not"
}

while IFS='|' read -r name value range; do
	# of the whole machine, in the initial namespace only, and by its memory
	[ "$name" = quic_mem ] && continue
	[ "$(tr -s '\t' ' ' 2>/dev/null <"$DIR/$name")" = "$value" ]
	tap_ok $? "$name: the default is $value"
	case $range in
	*' to '*) check_range "$name" "$range" ;;
	esac
done < <(entries)

for name in "$DIR"/*; do
	entries | grep -q "^${name##*/}|"
	tap_ok $? "${name##*/} is documented"
done
[ "$(entries | wc -l)" -gt 10 ]
tap_ok $? 'there was something to check'
tap_end
