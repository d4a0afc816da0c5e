#!/bin/sh
# kernel.sh ROOT META: unpacks the kernel that META depends on into ROOT, without installing it.
# Called by mmdebstrap, whose apt sees ROOT's sources.
set -eu
root=$1 meta=$2
export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"

# Since 7.x Debian's image package is split: the files are in linux-{base,binary,modules}-*.
needed() {
	for package in $(apt-cache depends --no-pre-depends --important "$1" |
		sed -nE 's/^  Depends: (linux-(image|base|binary|modules)-.*)/\1/p'); do
		echo "$package"
		needed "$package"
	done
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
# _apt cannot write here, and need not: apt downloads as root with a notice.
# shellcheck disable=SC2046
apt-get download -o APT::Sandbox::User=root $(needed "$meta")
for deb in ./*.deb; do
	# /lib is a link into usr; dpkg-deb -x would put a directory in its place.
	dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$root" --keep-directory-symlink
done
