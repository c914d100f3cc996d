#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# cache.sh NAME...: kernels and kernel trees that the tests need, outside of
# the checkout. Prints one path per NAME on standard output, and makes first
# what is missing; all else it says goes to standard error.
#
#   source-6.12       the unpacked Debian source (scripts/checkpatch.pl, ...)
#   source-7.3        the same of trixie-backports
#   kernel-uml        User Mode Linux, fast: DIR/linux; also `make -C DIR` for M=
#   kernel-uml-debug  the same with KASAN, lockdep, kmemleak, ...
#   kernel-uml-7.3    the fast one of 7.3
#   stock             Debian's own 6.12 cloud kernel: DIR/boot, DIR/lib/modules
#   headers-stock     its headers: `make -C DIR M=...` with gcc
#   headers-clang     a 6.12 tree prepared with LLVM=1 (no Module.symvers)
#   headers-7.3       a 7.3 tree prepared with gcc (no Module.symvers)
#   qemu              the QEMU binary for x86-64
#   virtiofsd         the virtiofs daemon
#
#   all               everything above but kernel-uml-7.3
#   update            forget the versions in use: the next call asks apt again
#   prune             remove what belongs to no version or configuration in use,
#                     and objects of checkouts that were not built for 14 days
#
# Model: everything lies in ${QUIC_CACHE:-${XDG_CACHE_HOME:-~/.cache}/quic}.
# A folder's name holds the version and, where a configuration matters, its
# hash; `.done` in it says that it is complete, and a folder without goes on
# where it stopped. The version is the one that apt offered when it was first
# needed; it stays until `update`, so a warm cache asks nobody. A lock per
# NAME keeps callers apart, and one more lets one compilation run at a time.
# Logs are in the folder log.
#
# It installs nothing: packages are downloaded and unpacked in the cache.
# The compilers and tools come from tests/setup.sh.

set -u

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
CACHE=${QUIC_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/quic}
JOBS=${QUIC_JOBS:-$(nproc)}
BUILD_TIMEOUT_S=3600
NAMES=(source-6.12 kernel-uml stock headers-stock kernel-uml-debug headers-clang
	source-7.3 headers-7.3 qemu virtiofsd)

BACKPORTS=$CACHE/apt-trixie-backports
APT_OPTIONS_6_12=(-o APT::Sandbox::User=root)
APT_OPTIONS_7_3=(-o APT::Sandbox::User=root
	-o Dir::State="$BACKPORTS" -o Dir::State::Lists="$BACKPORTS/lists"
	-o Dir::State::status="$BACKPORTS/status" -o Dir::Cache="$BACKPORTS/cache"
	-o Dir::Etc::SourceList="$BACKPORTS/sources.list" -o Dir::Etc::SourceParts=/dev/null
	-o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null)

say() { echo "cache: $*" >&2; }

die() {
	say "$*"
	exit 1
}

# logged NAME COMMAND...: with a timeout, output to log/NAME.log
logged() {
	local log=$CACHE/log/$1.log
	shift

	if ! timeout -k 10 "$BUILD_TIMEOUT_S" "$@" >>"$log" 2>&1 </dev/null; then
		tail -n 20 "$log" >&2
		die "failed: $* (more in $log)"
	fi
}

# lock NAME: held until this shell and what it started are gone
lock() {
	local fd

	exec {fd}>"$CACHE/lock/$1"
	flock -n "$fd" && return
	say "waiting for another $1"
	flock -w "$BUILD_TIMEOUT_S" "$fd" || die "gave up waiting for $CACHE/lock/$1"
}

# ready DIR: true if DIR is complete; else takes NAME's lock and looks again
ready() {
	local dir=$1 name=$2

	[ -e "$dir/.done" ] && return 0
	lock "$name"
	[ -e "$dir/.done" ] && return 0
	mkdir -p "$dir"
	return 1
}

# settings FILE...: their lines that set something
settings() { sed '/^#/d; /^$/d' "$@"; }

hash_of() { settings "$@" | sha256sum | cut -c 1-12; }

file_name() { tr '/:~+' '____' <<<"$1"; }

# --- packages -------------------------------------------------------------

# apt_of KERNEL: the apt options into the array apt
apt_of() {
	case $1 in
	6.12) apt=("${APT_OPTIONS_6_12[@]}") ;;
	7.3) apt=("${APT_OPTIONS_7_3[@]}") ;;
	*) die "no such kernel: $1" ;;
	esac
}

# The suite is ours; the mirror is the one that this machine uses.
configure_backports() {
	local mirror

	# shellcheck disable=SC2016 # apt expands it, not the shell
	mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' \
		'Label: Debian' | head -n 1)
	[ -n "$mirror" ] || die "apt knows no Debian mirror: run apt-get update"
	mkdir -p "$BACKPORTS/lists/partial" "$BACKPORTS/cache/archives/partial"
	: >"$BACKPORTS/status"
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]" \
		"$mirror trixie-backports main" >"$BACKPORTS/sources.list"
}

# refresh_lists KERNEL: the machine's own lists only where we may
refresh_lists() {
	local apt

	apt_of "$1"
	[ "$1" = 7.3 ] && configure_backports
	if [ "$1" = 6.12 ] && [ "$(id -u)" != 0 ]; then
		die "the package lists are missing or old: run apt-get update as root"
	fi
	say "updating the package lists for $1"
	logged apt apt-get "${apt[@]}" -o DPkg::Lock::Timeout=600 update
}

candidate() {
	local apt

	apt_of "$1"
	apt-cache "${apt[@]}" policy "$2" | sed -n 's/^ *Candidate: //p' | grep -v none
}

# version_of KERNEL: of its source package, remembered
version_of() {
	local file=$CACHE/version/source-$1 version

	if [ ! -s "$file" ]; then
		version=$(candidate "$1" "linux-source-$1")
		if [ -z "$version" ]; then
			refresh_lists "$1" || return
			version=$(candidate "$1" "linux-source-$1")
		fi
		[ -n "$version" ] || die "apt offers no linux-source-$1"
		echo "$version" >"$file.$$" && mv "$file.$$" "$file"
	fi
	cat "$file"
}

# unpack KERNEL DIR PACKAGE...: download and unpack into DIR
unpack() {
	local kernel=$1 dir=$2 apt deb
	shift 2

	apt_of "$kernel"
	rm -rf "$dir/deb"
	mkdir -p "$dir/deb"
	if ! (cd "$dir/deb" && timeout 900 apt-get "${apt[@]}" download "$@") \
		>>"$CACHE/log/apt.log" 2>&1; then
		# a list from before a point release names packages that are gone
		refresh_lists "$kernel"
		logged apt env -C "$dir/deb" apt-get "${apt[@]}" download "$@"
	fi
	for deb in "$dir"/deb/*.deb; do
		logged apt dpkg-deb -x "$deb" "$dir"
	done
	rm -rf "$dir/deb"
}

# --- sources --------------------------------------------------------------

# With our patch of UML where there is one; then the folder's name says which.
source_dir() {
	local kernel=$1 version dir patch=$HERE/uml-$1.patch

	version=$(version_of "$kernel") || exit
	dir=$CACHE/src/$(file_name "$version")
	[ ! -e "$patch" ] || dir+=-$(sed -n '/^---/,$p' "$patch" | sha256sum | cut -c 1-8)
	if ! ready "$dir" "source-$kernel"; then
		say "unpacking linux-source-$kernel $version"
		rm -rf "$dir" "$dir.tmp"
		mkdir -p "$dir" "$dir.tmp"
		unpack "$kernel" "$dir.tmp" "linux-source-$kernel=$version"
		logged unpack tar -C "$dir" --strip-components=1 -xf \
			"$dir.tmp/usr/src/linux-source-$kernel.tar.xz"
		rm -rf "$dir.tmp"
		[ ! -e "$patch" ] || logged unpack patch -d "$dir" -p1 -i "$patch"
		touch "$dir/.done"
	fi
	echo "$dir"
}

# --- trees built here -----------------------------------------------------

# check_config DIR: allnoconfig and olddefconfig drop without a word what
# they cannot satisfy; of two lines for one setting the later counts.
check_config() {
	local dir=$1 key value bad=0

	while IFS='=' read -r key value; do
		if [ "$value" = n ]; then
			grep -q "^$key=" "$dir/.config" || continue
		else
			grep -qxF "$key=$value" "$dir/.config" && continue
		fi
		say "not in $dir/.config: $key=$value"
		bad=1
	done < <(tac "$dir/frag" | awk -F= '!seen[$1]++')
	return $bad
}

# kernel_uml KERNEL NAME FRAGMENT...
kernel_uml() {
	local name=$2 src dir release

	src=$(source_dir "$1") || exit
	shift 2
	dir=$CACHE/$name-$(basename "$src")-$(hash_of "$@")
	if ! ready "$dir" "kernel-$name"; then
		lock compile
		say "building $name, some minutes: $CACHE/log/$name.log"
		settings "$@" >"$dir/frag"
		logged "$name" make -C "$src" ARCH=um O="$dir" \
			KCONFIG_ALLCONFIG="$dir/frag" allnoconfig
		check_config "$dir" || die "fix $*"
		logged "$name" nice make -C "$src" ARCH=um O="$dir" -j"$JOBS" linux modules
		logged "$name" make -C "$src" ARCH=um O="$dir" \
			INSTALL_MOD_PATH="$dir/modroot" modules_install
		release=$(cat "$dir/include/config/kernel.release")
		rm -f "$dir/modroot/lib/modules/$release/"{build,source}
		touch "$dir/.done"
	fi
	echo "$dir"
}

# prepared_tree NAME KERNEL MAKE-ARGUMENT...: no kernel in it, only what
# compiling a module needs
prepared_tree() {
	local name=$1 src dir frag=$HERE/module.config
	src=$(source_dir "$2") || exit
	shift 2

	dir=$CACHE/$name-$(basename "$src")-$(hash_of "$frag")
	if ! ready "$dir" "$name"; then
		lock compile
		say "preparing $name: $CACHE/log/$name.log"
		settings "$frag" >"$dir/frag"
		logged "$name" make -C "$src" O="$dir" "$@" defconfig
		logged "$name" env -C "$src" scripts/kconfig/merge_config.sh -m -O "$dir" \
			"$dir/.config" "$dir/frag"
		logged "$name" make -C "$src" O="$dir" "$@" olddefconfig
		check_config "$dir" || die "fix $frag"
		logged "$name" nice make -C "$src" O="$dir" -j"$JOBS" "$@" modules_prepare
		touch "$dir/.done"
	fi
	echo "$dir"
}

# --- Debian's own kernel --------------------------------------------------

# stock_release: such as 6.12.9+deb13-cloud-amd64, remembered
stock_release() {
	local file=$CACHE/version/stock meta release try

	for try in 1 2; do
		[ -s "$file" ] && break
		# the second name is the one of a suite where 6.12 is the default
		for meta in linux-image-6.12-cloud-amd64 linux-image-cloud-amd64; do
			release=$(apt-cache "${APT_OPTIONS_6_12[@]}" depends "$meta" 2>/dev/null |
				sed -n 's/^ *Depends: linux-image-\(6\.12\..*\)$/\1/p' | head -n 1)
			[ -n "$release" ] && break
		done
		[ -n "$release" ] && echo "$release" >"$file.$$" && mv "$file.$$" "$file"
		[ -n "$release" ] || [ $try = 2 ] || refresh_lists 6.12
	done
	[ -s "$file" ] || die "apt offers no linux-image-6.12 for cloud-amd64"
	cat "$file"
}

stock_dir() {
	local release dir common kbuild

	release=$(stock_release) || exit
	dir=$CACHE/stock-$(file_name "$release")
	if ! ready "$dir" stock; then
		say "unpacking Debian's $release"
		common=linux-headers-${release/cloud-amd64/common}
		kbuild=linux-kbuild-${release%-cloud-amd64}
		unpack 6.12 "$dir" "linux-image-$release" "linux-headers-$release" \
			"$common" "$kbuild"
		if [ -d "$dir/usr/lib/modules" ]; then
			mkdir -p "$dir/lib"
			mv "$dir/usr/lib/modules" "$dir/lib/modules"
		fi
		rm -f "$dir/lib/modules/$release/"{build,source}
		# without it no BTF is made for our module, which would need pahole
		rm -f "$dir/usr/src/linux-headers-$release/vmlinux"
		# the headers find each other below /usr
		grep -rlI --include='Makefile*' /usr/ "$dir/usr/src/linux-headers-$release" |
			xargs -r sed -i "s,/usr/\(src\|lib\)/linux-,$dir/usr/\1/linux-,g"
		logged stock depmod -b "$dir" "$release"
		touch "$dir/.done"
	fi
	echo "$dir"
}

headers_stock() {
	local dir

	dir=$(stock_dir) || exit
	echo "$dir/usr/src/linux-headers-$(stock_release)"
}

# --- programs -------------------------------------------------------------

find_program() {
	local candidate

	for candidate; do
		if candidate=$(command -v "$candidate"); then
			echo "$candidate"
			return
		fi
	done
	die "none of these is there: $* (tests/setup.sh vm)"
}

# --- upkeep ---------------------------------------------------------------

# What a bed in use needs stays; nothing is removed if that cannot be told.
prune() {
	local keep='' dir name path

	for name in "${NAMES[@]}" kernel-uml-7.3; do
		[ "$name" = kernel-uml-7.3 ] && ! ls -d "$CACHE"/uml-7.3-* >/dev/null 2>&1 && continue
		path=$(path_of "$name") || die "nothing is pruned, since there is no $name"
		keep+=$path$'\n'
	done
	for dir in "$CACHE"/src/* "$CACHE"/uml-* "$CACHE"/headers-* "$CACHE"/stock-*; do
		[ -d "$dir" ] || continue
		grep -q "^$dir\(/\|\$\)" <<<"$keep" && continue
		say "removing $dir"
		rm -rf "$dir"
	done
	# objects of checkouts that nobody builds any more
	find "$CACHE/build" -mindepth 1 -maxdepth 1 -type d -mtime +14 -exec rm -rf {} +
}

# path_of NAME: makes it if need be
path_of() {
	case $1 in
	source-6.12) source_dir 6.12 ;;
	source-7.3) source_dir 7.3 ;;
	kernel-uml) kernel_uml 6.12 uml "$HERE/uml.config" ;;
	kernel-uml-debug) kernel_uml 6.12 uml-debug "$HERE/uml.config" "$HERE/uml-debug.config" ;;
	kernel-uml-7.3) kernel_uml 7.3 uml-7.3 "$HERE/uml.config" "$HERE/uml-7.3.config" ;;
	stock) stock_dir ;;
	headers-stock) headers_stock ;;
	headers-clang) prepared_tree headers-clang 6.12 LLVM=1 ;;
	headers-7.3) prepared_tree headers-7.3 7.3 ;;
	qemu) find_program qemu-system-x86_64 ;;
	virtiofsd) find_program /usr/libexec/virtiofsd /usr/lib/qemu/virtiofsd ;;
	*) die "no such thing: $1 (there are: ${NAMES[*]} all update prune)" ;;
	esac
}

main() {
	local name

	[ $# -gt 0 ] || die "usage: cache.sh NAME... (see the head of the file)"
	mkdir -p "$CACHE"/{src,log,lock,version} || exit
	CACHE=$(cd "$CACHE" && pwd -P)
	for name; do
		case $name in
		all) main "${NAMES[@]}" ;;
		update) rm -f "$CACHE"/version/* ;;
		prune) prune ;;
		*)
			# its own shell, so that a lock goes with it
			(path_of "$name") || exit
			;;
		esac
	done
}

main "$@"
