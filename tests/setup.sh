#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# setup.sh [user|vm|lint|all]...: installs what the build and the tests need on
# Debian 12 or 13; default all. Warm, it takes a second and asks
# no network.
#
#   user   compilers and libraries: unit tests, simulator, fuzzing, libquic
#   vm     what builds kernels and boots them, and the tools of the guests
#   lint   the gates of tests/lint (needs vm for the module's gates)
#
# It needs root, or sudo without a password. Kernels, their headers and sources
# are not installed: tests/vm/cache.sh unpacks them in a cache folder.

set -u

# One package or more per line; those of "maybe" where the release has them.
packages_user() {
	cat <<-END
		gcc g++ make cmake pkg-config git
		clang lld llvm libclang-rt-dev
		libgnutls28-dev nettle-dev libgtest-dev libcmocka-dev libbsd-dev
		libnl-3-dev libnl-genl-3-dev libnghttp3-dev
		gnutls-bin openssl ca-certificates
		python3 util-linux procps
	END
}

packages_vm() {
	cat <<-END
		gcc make flex bison bc libelf-dev libssl-dev libc6-dev
		kmod rsync xz-utils cpio patch python3 dpkg-dev
		qemu-system-x86
		iproute2 iputils-ping ethtool nftables tcpdump tshark socat linux-perf
		libgnutls28-dev gnutls-bin openssl util-linux procps
		clang lld llvm
	END
}

packages_lint() {
	cat <<-END
		sparse shellcheck clang clang-format clang-tidy clang-tools lld llvm
		cmake libgnutls28-dev libgtest-dev
		python3 perl
		git
	END
}

# Debian 12 has virtiofsd in qemu-system-common
packages_maybe() {
	case $1 in
	vm) echo virtiofsd ;;
	esac
}

installed() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

known() {
	apt-cache policy "$1" 2>/dev/null | grep -q 'Candidate: [^(]'
}

# missing PACKAGE...: in one call of dpkg-query, for speed
missing() {
	local have

	have=$(dpkg-query -W -f '${binary:Package} ${db:Status-Status}\n' "$@" 2>/dev/null |
		sed -n 's/^\([^: ]*\).* installed$/\1/p')
	printf '%s\n' "$@" | sort -u | grep -vxF "$have"
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		sudo -n "$@"
	fi
}

main() {
	local group package wanted=() maybe=() absent=() apt

	[ $# -gt 0 ] || set -- all
	[ "$1" = all ] && set -- user vm lint
	for group; do
		case $group in
		user | vm | lint) ;;
		*)
			echo "setup: no such group: $group (there are: user vm lint all)" >&2
			return 2
			;;
		esac
		mapfile -t -O "${#wanted[@]}" wanted < <("packages_$group" | tr -s '[:space:]' '\n')
		mapfile -t -O "${#maybe[@]}" maybe < <(packages_maybe "$group")
	done

	mapfile -t absent < <(missing "${wanted[@]}")
	for package in "${maybe[@]}"; do
		! installed "$package" && known "$package" && absent+=("$package")
	done
	[ ${#absent[@]} -gt 0 ] || return 0

	if ! command -v apt-get >/dev/null; then
		echo "setup: only Debian's apt is supported; by hand, please: ${absent[*]}" >&2
		return 1
	fi
	if ! as_root true 2>/dev/null; then
		echo "setup: neither root nor sudo without a password; as root, please:" >&2
		echo "	apt-get install --no-install-recommends ${absent[*]}" >&2
		return 1
	fi
	echo "setup: installing ${absent[*]}"
	apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=600)
	as_root "${apt[@]}" update >/dev/null || return
	# not before the update: it may have been the first one
	for package in "${maybe[@]}"; do
		! installed "$package" && known "$package" && absent+=("$package")
	done
	as_root "${apt[@]}" install --no-install-recommends "${absent[@]}" >/dev/null
}

main "$@" </dev/null
