#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# build-module.sh BED [MAKE-ARGUMENT...] | --kdir KERNEL [MAKE-ARGUMENT...]:
# builds the module for BED and prints the folder that holds its .ko files.
#
#   stock (or tcg, icount)   gcc, Debian's headers
#   uml, uml-debug, uml-7.3  gcc, the kernels of cache.sh; with KUnit tests
#   clang                    LLVM=1 against a prepared tree: compiles, loads nowhere
#   7.3                      gcc against a prepared 7.3 tree, the same
#   --kdir KERNEL            against KERNEL, such as /lib/modules/VERSION/build
#
# net, include and tests/vectors are copied to a folder per bed and checkout in the cache
# and built there, so that beds do not disturb each other and the checkout stays
# clean. A copy keeps its time unless its bytes change: a second build compiles
# what changed. What the compiler says goes to standard error.

set -u

HERE=$(cd "$(dirname "$0")" && pwd -P)
ROOT=$(cd "$HERE/../.." && pwd -P)
CACHE=${QUIC_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/quic}
BUILD_TIMEOUT_S=900
# for tests of this script: another folder than the checkout
SOURCES=${QUIC_SOURCES:-$ROOT}

die() {
	echo "build-module: $*" >&2
	exit 1
}

# choose BED: KERNEL and the arguments of make
choose() {
	MAKE_ARGS=()
	case $1 in
	stock | tcg | icount) KERNEL=$("$HERE/cache.sh" headers-stock) ;;
	uml | uml-debug | uml-7.3)
		KERNEL=$("$HERE/cache.sh" "kernel-$1")
		MAKE_ARGS=(ARCH=um CONFIG_IP_QUIC_KUNIT_TEST=m)
		;;
	clang)
		KERNEL=$("$HERE/cache.sh" headers-clang)
		MAKE_ARGS=(LLVM=1 KBUILD_MODPOST_WARN=1 CONFIG_IP_QUIC_KUNIT_TEST=m)
		;;
	7.3)
		KERNEL=$("$HERE/cache.sh" headers-7.3)
		MAKE_ARGS=(KBUILD_MODPOST_WARN=1 CONFIG_IP_QUIC_KUNIT_TEST=m)
		;;
	*) die "no such bed: $1 (there are: stock uml uml-debug uml-7.3 clang 7.3, or --kdir KERNEL)" ;;
	esac || die "no kernel to build against"
}

# copy_sources DIR: what differs in its bytes; what is gone goes with its object
copy_sources() {
	local dir=$1 built object

	built=('*.o' '*.ko' '*.a' '*.mod' '*.mod.c' modules.order Module.symvers '.*')
	rsync -rlpc --delete --delete-excluded "${built[@]/#/--exclude=}" \
		"${built[@]/#/--filter=P }" "$SOURCES/net" "$SOURCES/include" "$dir/" ||
		die "cannot copy the sources"
	# KUnit tests share them with user space
	mkdir -p "$dir/tests/vectors"
	[ ! -d "$SOURCES/tests/vectors" ] ||
		rsync -rlpc --delete "$SOURCES/tests/vectors" "$dir/tests/" ||
		die "cannot copy the vectors"
	find "$dir/net" -name '*.o' ! -name '*.mod.o' | while read -r object; do
		# an object of several has no source of its own name
		grep -qs '^source_' "${object%/*}/.${object##*/}.cmd" || continue
		[ -e "${object%.o}.c" ] || rm -f "$object"
	done
}

# LLVM=1 against a tree that was configured for gcc silently uses gcc.
demand_clang() {
	local cmd

	find "$1" -name '.*.o.cmd' | while read -r cmd; do
		grep -q '^source_' "$cmd" || continue
		head -n 1 "$cmd" | grep -q ':= clang ' || die "not compiled by clang: $cmd"
	done || exit
}

main() {
	local bed=${1-} dir

	case $bed in
	'') die "usage: build-module.sh BED | --kdir KERNEL" ;;
	tcg | icount) bed=stock ;;
	esac
	shift
	if [ "$bed" = --kdir ]; then
		[ -e "${1-}/Makefile" ] || die "no kernel headers in ${1-}"
		KERNEL=$(readlink -e "$1")
		MAKE_ARGS=()
		bed=kdir-$(sha256sum <<<"$KERNEL" | cut -c 1-8)
		shift
	else
		choose "$bed"
	fi
	mkdir -p "$CACHE" && CACHE=$(readlink -e "$CACHE")
	dir=$CACHE/build/$bed-$(sha256sum <<<"$SOURCES $KERNEL" | cut -c 1-12)
	mkdir -p "$dir" || exit
	touch "$dir"
	exec {lock}>"$dir/.lock"
	flock -w "$BUILD_TIMEOUT_S" "$lock" || die "another build does not end: $dir"

	copy_sources "$dir"
	if ! timeout -k 10 "$BUILD_TIMEOUT_S" nice make -C "$KERNEL" "M=$dir/net/quic" \
		-j"$(nproc)" "${MAKE_ARGS[@]}" "$@" modules </dev/null >"$dir/build.log" 2>&1; then
		cat "$dir/build.log" >&2
		die "$bed: the build fails"
	fi
	# a prepared tree has no Module.symvers: nothing resolves there
	grep -vE 'modpost: .* undefined!|modpost: suppressed|KBUILD_MODPOST_WARN|at your own risk|Symbol info of vmlinux|Module.symvers|You may get' \
		"$dir/build.log" | grep -E 'warning|WARNING|error' -A 6 >&2
	[ "$bed" != clang ] || demand_clang "$dir/net/quic"
	echo "$dir/net/quic"
}

main "$@"
