#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# boot.sh FILE: called by tests/vm/run as the first process of a private mount
# and pid namespace; FILE has run's settings. Its end is the end of all it
# started. The guest's script writes to our standard output.
#
# hostfs and virtiofs would both let a guest remount / writable, so the guest
# gets a read-only bind of it, and one of each other file system that holds
# something it needs. OUT goes in as a second export, writable.

set -u

# shellcheck disable=SC1090 # written by run
. "$1"
ROOT=$VM/mnt/root

die() {
	echo "boot: $*" >&2
	exit 1
}

bind_read_only() {
	mount --bind "$1" "$2" && mount -o remount,bind,ro "$2"
}

export_root() {
	local path target

	bind_read_only / "$ROOT" || die "cannot bind / (a container without CAP_SYS_ADMIN?)"
	for path in "${EXPORT[@]}"; do
		target=$(findmnt -nro TARGET -T "$path")
		[ "$target" = / ] && continue
		mountpoint -q "$ROOT$target" && continue
		bind_read_only "$target" "$ROOT$target" || die "cannot bind $target"
	done
}

# The console is the kernel's, tty1 the script's. A pipe keeps UML's
# non-blocking mode away from whoever reads our output.
boot_uml() {
	mount --bind "$OUT" "$ROOT/mnt" || die "cannot bind $OUT"
	mkdir -p "$VM/uml"
	"$KERNEL" mem="$MEM" root=/dev/root rootfstype=hostfs hostfs="$ROOT" ro \
		uml_dir="$VM/uml" con=null con0=null,fd:1 con1=null,fd:3 ssl=null \
		loglevel=5 log_buf_len=4M panic=-1 oops=panic hung_task_panic=1 kunit.enable=1 \
		init="$HERE/guest-init.sh" vm_out=hostfs "${APPEND[@]}" \
		3>&1 >"$VM/console.log" 2>&1
}

start_virtiofsd() {
	"$VIRTIOFSD" --socket-path="$1" -o "source=$2" -o "cache=$3" -o sandbox=chroot \
		>"$1.log" 2>&1 &
}

boot_qemu() {
	local try options=(-accel "tcg,thread=multi" -smp "$SMP")

	[ "$BED" = icount ] &&
		options=(-accel tcg -smp 1 -icount "shift=0,sleep=off")
	[ -z "$NET" ] ||
		options+=(-netdev "user,id=n0,$NET" -device "virtio-net-pci,netdev=n0")
	start_virtiofsd "$VM/mnt/s0" "$ROOT" always
	start_virtiofsd "$VM/mnt/s1" "$OUT" auto
	for try in {1..100}; do
		[ -S "$VM/mnt/s0" ] && [ -S "$VM/mnt/s1" ] && break
		[ "$try" = 100 ] && die "virtiofsd does not start: $(cat "$VM"/mnt/s?.log)"
		sleep 0.1
	done
	"$QEMU" "${options[@]}" -cpu max -m "$MEM" \
		-nodefaults -no-user-config -display none -no-reboot \
		-serial "file:$VM/console.log" -serial stdio \
		-object "memory-backend-memfd,id=mem,size=$MEM,share=on" -numa node,memdev=mem \
		-chardev "socket,id=c0,path=$VM/mnt/s0" \
		-device vhost-user-fs-pci,chardev=c0,tag=hostroot \
		-chardev "socket,id=c1,path=$VM/mnt/s1" \
		-device vhost-user-fs-pci,chardev=c1,tag=out \
		-device virtio-rng-pci -kernel "$KERNEL" \
		-append "console=ttyS0 root=hostroot rootfstype=virtiofs ro loglevel=5 \
log_buf_len=4M panic=-1 oops=panic hung_task_panic=1 mitigations=off nokaslr cryptomgr.notests \
init=$HERE/guest-init.sh vm_out=virtiofs ${APPEND[*]}" </dev/null
}

export_root
case $BED in
uml*) boot_uml ;;
*) boot_qemu ;;
esac
