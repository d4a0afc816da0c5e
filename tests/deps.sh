#!/bin/sh
# deps.sh: installs what tests/packages lists and this machine lacks. Asks nothing; without root it can only say
# what is missing.
cd "$(dirname "$0")/.." || exit 1
missing=
for package in $(sed 's/#.*//' tests/packages); do
	case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) in
	*" installed") ;;
	*) missing="$missing $package" ;;
	esac
done
[ -n "$missing" ] || exit 0
echo "deps: installing$missing"
if [ "$(id -u)" -ne 0 ]; then
	echo "deps: cannot install packages: not root; run as root: apt-get install$missing" >&2
	exit 1
fi
export DEBIAN_FRONTEND=noninteractive
install_missing() {
	# shellcheck disable=SC2086
	apt-get install -y -q --no-install-recommends $missing
}
# Lists that are absent or older than the mirror's packages: update and try once more.
{ [ -n "$(apt-get indextargets --format '$(FILENAME)' 'Created-By: Packages' | head -n 1)" ] &&
	install_missing; } || { apt-get update -q && install_missing; }
