# SPDX-License-Identifier: MIT
"""mirror: the two members of a RAID1 after a power cut, looked at on the host and put together in a guest.

The guest is one for all states: its disks stand on the images that the host changes between two looks. It writes to
snapshots in memory, never to them; so the next look finds nothing of the last one.
"""
import dataclasses
import re

import stacks
from powercut import SECTOR

# struct mdp_superblock_1 of include/uapi/linux/raid/md_p.h: metadata 1.2 lies in sector 8, in it the count of events.
SUPER_AT, EVENTS_AT = 8, 200


def _pieces(epoch, wanted=None):
    """{sector: what was written there}; of md's superblock, which names its member, the events."""
    out = {}
    for w in epoch:
        for n in range(len(w.data) // SECTOR):
            if wanted is None or w.sector + n in wanted:
                out[w.sector + n] = bytes(w.data[n * SECTOR:(n + 1) * SECTOR])
    if SUPER_AT in out:
        out[SUPER_AT] = out[SUPER_AT][EVENTS_AT:EVENTS_AT + 8]
    return out


def paired(first, second):
    """The epochs of two members whose records have not the same flushes: the second one is also written to in order to
    fill it, a flush that finds nothing to do is not recorded, and flushes that wait for one another become one. All
    else md writes to both, so an epoch of the first is found in one of the second; what the second was flushed for
    alone belongs to the end of the one before, and those of the first that are one of the second are taken as one. From
    the end back to where the second became a member: (where each begins in the first's record, the epochs of each; what
    was before all of them is one, the first)."""
    pairs, at = [], len(second)
    for n in reversed(range(len(first))):
        wanted = _pieces(first[n])
        places = [at - 1, at, *reversed(range(at - 1))]
        found = next((m for m in places if 0 <= m < len(second) and _pieces(second[m], wanted) == wanted), None)
        if found is None:
            break
        if found == at:
            pairs[0] = (n, at)
        else:
            pairs.insert(0, (n, found))
        at = found
    if pairs[0][0]:
        told = next(i for i, (n, _) in enumerate(pairs) if SUPER_AT in _pieces(first[n]))
        del pairs[:told + 1]
    ours, theirs = (_from(epochs, starts) for epochs, starts in zip((first, second), zip(*pairs)))
    return [pairs[0][0] - 1] + [n for n, _ in pairs], [ours, theirs]


def _from(epochs, starts):
    """Those that begin there, and all before them as one."""
    ends = [*starts, len(epochs)]
    return [sum(epochs[start:end], []) for start, end in zip([0, *starts], ends)]


CHECK = """
attach() { dmsetup create m$2 --table "0 $(blockdev --getsz $1) snapshot $1 /dev/ram$2 N 8"; }
# As e2fsck's own advice goes, where it finds no backup superblock by itself.
by_hand() {
	echo mended=by-hand
	by=0; e2fsck -fy $1 || by=$?
	[ $by = 8 ] || return 0
	dmesg | tail -n 5; dmsetup status
	e2fsck -fy -b 32768 -B 4096 $1 || echo fy=$?
}
attach /dev/vdc 0
attach /dev/vdd 1
mdadm --assemble /dev/md20 /dev/mapper/m0 /dev/mapper/m1 || mdadm --run /dev/md20
sed -n '/^md20/,/^$/p' /proc/mdstat
case $1 in
luks-*) unlock /dev/md20 l; fs=/dev/mapper/l ;;
lvm-*) vgchange -q --devices /dev/md20 -ay vg; fs=/dev/vg/root ;;
esac
code=0; e2fsck -p $fs || code=$?
if [ $code = 8 ]; then by_hand $fs; code=1; fi
echo fsck=$code
code=0; e2fsck -fn $fs >/run/found 2>&1 || { code=$?; cat /run/found; }
echo found=$code
echo ledger:; debugfs -c -R 'cat /root/ledger' $fs 2>/dev/null; echo :ledger
case $1 in
luks-*) cryptsetup close l ;;
lvm-*) vgchange -q --devices /dev/md20 -an vg ;;
esac
mdadm --stop /dev/md20
dmsetup remove m0
dmsetup remove m1
"""

# Resynchronising all of a gigabyte each time is not what is looked at, and has no room in memory.
PREPARE = """
systemctl stop systemd-udevd systemd-udevd-kernel.socket systemd-udevd-control.socket
modprobe dm-snapshot; modprobe brd rd_nr=2 rd_size=200000
modprobe md-mod; echo 1 >/proc/sys/dev/raid/speed_limit_min; echo 10 >/proc/sys/dev/raid/speed_limit_max
"""


def prepare(m):
    m.run(f"cat >/run/check <<'EOF'\n{stacks.SHELL}{CHECK}\nEOF\n{PREPARE}", timeout=120)


@dataclasses.dataclass(frozen=True)
class Found:
    """What the guest said of one state."""
    said: str
    fsck: int
    found: int
    ledger: str

    def words(self):
        """For the count: what there was to do."""
        return (["resync"] * ("resync=" in self.said) + ["recovery"] * ("1 rebuilding" in self.said)
                + ["one member"] * ("[U_]" in self.said or "[_U]" in self.said)
                + ["superblock torn"] * ("mended=by-hand" in self.said)
                + ["journal replayed"] * ("recovering journal" in self.said)) or ["clean"]


def look(m, name):
    said = m.run(f"sh /run/check {name}", timeout=120)
    ledger = re.search(r"^ledger:\n(.*)^:ledger$", said, re.M | re.S)
    codes = [int(re.search(rf"^{word}=(\d+)$", said, re.M)[1]) for word in ("fsck", "found")]
    return Found(said, *codes, ledger[1])
