#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The first process of a guest (tests/vm/run). Its / is the machine's own,
# read-only. Makes what a running system has, runs the job of
# /run/out/.vm/job, leaves its exit status in /run/out/.vm/rc, and powers off.

export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export HOME=/root TERM=dumb LC_ALL=C.UTF-8

# First, and without redirections: a read-only export has no /dev/null.
mountpoint -q /dev || mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
[ -e /dev/fd ] || ln -s /proc/self/fd /dev/fd
mount -t tmpfs -o size=512m tmpfs /tmp
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/tmp
mount -t debugfs none /sys/kernel/debug 2>/dev/null
mount -t tracefs none /sys/kernel/tracing 2>/dev/null
mkdir -p /run/netns /run/lock /run/bin /run/out
VM=/run/out/.vm

case $(cat /proc/cmdline) in
*vm_out=hostfs*)
	mount -t hostfs none /run/out -o /mnt
	tty=/dev/tty1
	;;
*)
	mount -t virtiofs out /run/out
	tty=/dev/ttyS1
	;;
esac

# modprobe of anybody, the kernel too, finds the modules of the run
export MODPROBE_OPTIONS="-d $VM/modroot"
printf '#!/bin/sh\nMODPROBE_OPTIONS="%s" exec modprobe "$@"\n' "$MODPROBE_OPTIONS" \
	>/run/bin/modprobe
chmod +x /run/bin/modprobe
echo /run/bin/modprobe >/proc/sys/kernel/modprobe

# from now on the console also shows the stacks that come with a report
echo 7 >/proc/sys/kernel/printk

ip link set lo up
hostname guest 2>/dev/null

# Two scans, since an object is only reported after 5 seconds of age.
scan_for_leaks() {
	local file=/sys/kernel/debug/kmemleak

	[ -e "$file" ] || return
	echo scan >"$file"
	sleep 6
	echo scan >"$file"
	cat "$file" >"$VM/kmemleak.log"
}

run_job() {
	local rc

	# shellcheck disable=SC1091 # made by run
	. "$VM/job"
	export VM_BED VM_LIB VM_MODROOT="$VM/modroot"
	stty -F "$tty" -opost 2>/dev/null
	cd "$VM_CWD" || return
	: >"$VM/begun"
	if [ -x "${VM_COMMAND[0]}" ]; then
		"${VM_COMMAND[@]}"
	else
		bash "${VM_COMMAND[@]}"
	fi >"$tty" 2>&1 </dev/null
	rc=$?
	cd /
	return "$rc"
}

run_job
rc=$?
scan_for_leaks
dmesg >"$VM/dmesg.log"
echo "$rc" >"$VM/rc"
sync
umount /run/out 2>/dev/null
echo o >/proc/sysrq-trigger
sleep 10
