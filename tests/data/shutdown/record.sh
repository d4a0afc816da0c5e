#!/bin/sh
# Prints what shutdown reads, as seen by the exitrd: run it with the exitrd's root as "/". tests/unit/shutdown/recorded.h
# makes files of it again: "== PATH" and the content, "== PATH/" a directory.
show() {
	[ -f "$1" ] || return 0
	echo "== ${1#/}"
	cat "$1"
}

show /proc/self/mountinfo
show /proc/swaps
echo "== proc/meminfo"
grep -E '^(MemTotal|MemAvailable|Dirty|Writeback|NFS_Unstable):' /proc/meminfo
for dev in /sys/fs/btrfs/*/devices/*; do
	[ ! -e "$dev" ] || echo "== ${dev#/}/"
done
for dev in /sys/block/*; do
	for file in dev loop/backing_file loop/autoclear dm/name dm/uuid dm/suspended md/array_state \
		md/metadata_version md/level; do
		show "$dev/$file"
	done
	echo "== ${dev#/}/holders/"
	for holder in "$dev"/holders/*; do
		[ ! -e "$holder" ] || echo "== ${holder#/}/"
	done
	for part in "$dev/${dev##*/}"*; do
		show "$part/dev"
		for holder in "$part"/holders/*; do
			[ ! -e "$holder" ] || echo "== ${holder#/}/"
		done
	done
done
