#!/bin/sh
# Writes what `slipway build --host` looks at in /sys as text: "LINK -> TARGET", "FILE = LINES", newlines as \n.
# A machine that is not served well can so become a fixture: record.sh >NAME.sysfs, /proc/self/mountinfo as
# NAME.mountinfo, and a row in tests/unit/image/test-target.c.
cd /sys || exit 1
{
	find devices -type l \( -name driver -o -name 'supplier:*' -o -name supplier -o -path '*/slaves/*' \
		-o -path '*/block/*/bcache' -o -path '*/bcache/cache' \
		-o -path '*/nvme-subsystem/nvme-subsys*/nvme[0-9]*' ! -path '*/nvme*n*/*n[0-9]*/*' \)
	find class/block class/input dev/block bus/gpio/devices -type l \( ! -path 'class/input/*' -o -name 'input*' \)
	find fs/btrfs -path '*/devices/*' -type l
	find fs/bcache -name 'cache[0-9]*' -type l
	find bus/*/drivers -maxdepth 2 -name module -type l
} 2>/dev/null | LC_ALL=C sort | while read -r l; do
	echo "$l -> $(readlink "$l")"
done
{
	find devices -type f \( -name partition -o -path '*/dm/uuid' -o -path '*/dm/name' -o -path '*/md/level' \
		-o -path '*/loop/backing_file' -o -path '*/capabilities/key' -o -name dev \)
	find devices -type f -name uevent ! -path '*/input/*'
	find module -maxdepth 2 -name initstate
} 2>/dev/null | LC_ALL=C sort | while read -r f; do
	case $f in
	*/uevent) text=$(grep -E '^(DRIVER|MODALIAS)=' "$f" 2>/dev/null) ;;
	*/dev) [ -e "${f%/dev}/bdi" ] || [ -e "${f%/dev}/partition" ] && text=$(cat "$f") || text= ;;
	*) text=$(cat "$f" 2>/dev/null) ;;
	esac
	[ -z "$text" ] || echo "$f = $text" | awk 'NR > 1 { printf "\\n" } { printf "%s", $0 } END { print "" }'
done
