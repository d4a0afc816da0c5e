# SPDX-License-Identifier: MIT
"""case_faults: what breaks before or during the way down: disks that die, hang or lie, processes that cannot end."""
import os
import re
import subprocess
import time

import dock
import guests
import machine
from trial import case

# The exitrd has half a minute of its own (the least it takes), then each level of force two seconds more.
DEADLINE_MS = 30000


def made(path, *options, source=None):
    files = ["-d", source] if source else []
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", *options, *files, path], check=True)


def data_disk(t, name, megabytes=64, **kw):
    """A disk with an empty ext4."""
    disk = dock.blank(t, name, megabytes, **kw)
    made(disk.backing)
    return disk


def lost(m):
    """What the exitrd says it could not write back; EIO in glibc's words, or in musl's."""
    return re.findall(r"cannot write back all of (.*): (?:Input/output|I/O) error", m.console.text)


def unplug(m, n):
    m.monitor.command("device_del", id=f"dev{n}")
    with m.monitor.changed:
        assert m.monitor.changed.wait_for(lambda: any(e["event"] == "DEVICE_DELETED" and e["data"].get("device") ==
                                                      f"dev{n}" for e in m.monitor.events), 60), "it stays plugged"


# A writer that no polite signal ends; it is waited for until it hangs in the kernel.
STUCK = r"""
stuck() {
	sh -c 'trap "" TERM HUP INT; cd "$1"; while :; do echo x >>file; sync file; done' - "$1" >/dev/null 2>&1 &
	sleep 1
	eval "$2"
	for n in $(seq 100); do
		for pid in $! $(cat /proc/$!/task/$!/children); do
			case $(sed 's/.*) //' /proc/$pid/stat) in D*) return;; esac
		done
		sleep 0.1
	done
	echo "nobody waits in D"; exit 1
}
"""

WEDGED = STUCK + r"""
modprobe dm-mod
dmsetup create sleepy --table "0 $(blockdev --getsz /dev/vdb) linear /dev/vdb 0"
mkdir -p /mnt/sleepy /mnt/gone
mount /dev/mapper/sleepy /mnt/sleepy
mount /dev/vdc /mnt/gone
echo before >/mnt/gone/file; sync
dmsetup create empty --notable
dmsetup create broken --table "0 2048 error"
dmsetup create brief --table "0 2048 zero"
stuck /mnt/sleepy "dmsetup suspend sleepy"
"""


@case
def wedged(t):
    """A writer that ignores SIGTERM in D state on a suspended device; a disk that is gone with data unwritten; mappings
    that are empty, broken, or open for a moment: all goes, and the disk that lost data is named."""
    sleepy = data_disk(t, "sleepy")
    with dock.boot(t, sleepy, data_disk(t, "gone", late=True)) as m:
        m.wait_agent()
        m.plug(2)
        m.run("for n in $(seq 100); do test -b /dev/vdc && break; sleep 0.1; done")
        dock.run(m, WEDGED)
        dock.run(m, "echo after >/mnt/gone/file")
        unplug(m, 2)
        dock.descend(m, before="daemon brief 'exec 9</dev/mapper/brief; sleep 3'", timeout=60)
        line = dock.ended(m, 90)
        assert dock.resumed(m) == ["dm-0"]
        assert line["result"] == "dirty" and line["left"] == "" and line["dm"] == "0", line
        assert lost(m) and all("/mnt/gone" in what for what in lost(m)), m.console.text[-3000:]
        assert int(line["ms"]) < DEADLINE_MS, line
    t.assert_clean(m.disks[0])
    t.assert_clean(sleepy)


@case
def root_gone(t):
    """The disk of the root is unplugged while it is mounted: the machine goes down in its time and says what was
    lost."""
    root = dock.root_disk(t, late=True)
    with dock.boot(t, root=root) as m:
        m.plug(0)
        m.wait_agent()
        # What perl may still have to read is in memory.
        dock.run(m, "cat /usr/bin/perl /lib/x86_64-linux-gnu/*.so.* >/dev/null")
        dock.descend(m, before="echo unwritten >/root/file; echo @@unplug",
                     meanwhile="'select undef, undef, undef, 0.1 while -e \"/sys/block/vda\"'")
        assert m.agent.wait_for("@@unplug", 30)
        # Until it is perl that waits.
        time.sleep(3)
        unplug(m, 0)
        line = dock.ended(m, 100)
    assert line["result"] == "dirty" and int(line["ms"]) < DEADLINE_MS, line
    assert lost(m) == ["mount /oldroot (ext4 /dev/vda)"], lost(m)


@case
def hung(t):
    """A disk that does not answer any more, and a writer that waits for it: given up at the deadline, named, and the
    root is clean."""
    with dock.boot(t, data_disk(t, "hung")) as m:
        m.wait_agent()
        dock.run(m, "mkdir -p /mnt/hung; mount /dev/vdb /mnt/hung; echo x >/mnt/hung/file; sync")
        dock.throttle(m, 1, 1)
        dock.run(m, STUCK + "stuck /mnt/hung :")
        dock.descend(m, timeout=30)
        line = dock.ended(m, 150)
        assert line["result"] == "dirty" and set(line["left"].split(",")) == {"/oldroot", "/oldroot/mnt/hung"}, line
        assert int(line["ms"]) < DEADLINE_MS + 30000, line
        assert re.search(r"left: mount /oldroot/mnt/hung \(ext4 /dev/vdb\), rw", m.console.text)
    t.assert_clean(m.disks[0])


def holder_disk(t):
    """tests/vm/holder.c as a disk."""
    program = t.directory / "holder"
    subprocess.run(["gcc", "-O2", "-Wall", "-D_GNU_SOURCE", "-static", "-o", program, guests.HERE / "holder.c"],
                   check=True)
    os.truncate(program, program.stat().st_size + -program.stat().st_size % 4096)
    return machine.Disk(program)


def hold(m, device, words):
    said = dock.run(m, f"cat {device} >/run/holder; chmod 755 /run/holder; "
                       f"perl -e 'exec {{ \"/run/holder\" }} \"\\@holder\", @ARGV' {words} >/run/said 2>&1 & "
                       "for n in $(seq 100); do test -s /run/said && break; sleep 0.1; done; cat /run/said")
    assert said == "there", said


FROZEN = STUCK + r"""
mkdir -p /mnt/frozen; mount /dev/vdb /mnt/frozen
stuck /mnt/frozen "fsfreeze -f /mnt/frozen"
# The interpreter of a format, held by the kernel; a namespace that only a file keeps.
mount -t binfmt_misc none /proc/sys/fs/binfmt_misc
echo ':slip:M::SLIP::/usr/bin/perl:F' >/proc/sys/fs/binfmt_misc/register
mkdir -p /run/space; mount --bind --make-private /run/space /run/space
touch /run/space/mnt; unshare --mount=/run/space/mnt true
"""


@case
def frozen(t):
    """A file system that somebody froze, with a writer in D state: thawed, and clean. A file of the root in the queue
    of a socket: found by nobody, so the root stays mounted, and its journal is clean all the same."""
    disk = data_disk(t, "frozen")
    with dock.boot(t, disk, holder_disk(t)) as m:
        m.wait_agent()
        dock.run(m, FROZEN)
        hold(m, "/dev/vdc", "queue /root/queued")
        dock.descend(m)
        line = dock.ended(m, 150)
    assert "thawed /oldroot/mnt/frozen" in m.console.text
    # Its journal is closed by a freeze: a file is open for writing.
    assert (line["result"], line["left"], line["escalation"]) == ("dirty", "/oldroot", "4"), line
    t.assert_clean(m.disks[0])
    t.assert_clean(disk)


MD = r"""
modprobe raid1
echo 10 >/proc/sys/dev/raid/speed_limit_max; echo 1 >/proc/sys/dev/raid/speed_limit_min
mdadm --create /dev/md20 --run --level=1 --raid-devices=2 --bitmap=none /dev/vdb /dev/vdc 2>&1
mdadm --create /dev/md21 --run --level=1 --raid-devices=2 --bitmap=none --assume-clean /dev/vdd /dev/vde 2>&1
mdadm --create /dev/md22 --run --level=1 --raid-devices=2 --bitmap=none --assume-clean /dev/vdf /dev/vdg 2>&1
mkfs.ext4 -q /dev/md20; mkdir -p /mnt/md; mount /dev/md20 /mnt/md; echo x >/mnt/md/file
echo check >/sys/block/md21/md/sync_action
cat /proc/mdstat
"""


@case
def arrays(t):
    """An array that is being synchronised with a file system on it, one that is being checked, one that somebody has
    opened exclusively for a moment: all are stopped, and the members say clean, or how far they have come."""
    members = [dock.blank(t, f"member{n}", 64) for n in range(6)]
    with dock.boot(t, *members) as m:
        m.wait_agent()
        said = dock.run(m, MD)
        assert re.search(r"resync *=", said) and re.search(r"check *=", said), said
        dock.descend(m, before="daemon excl 'exec perl -e \"sysopen F, q(/dev/md22), 0200 or die; sleep 3\"'; sleep 1")
        line = dock.ended(m, 100)
        assert (line["result"], line["md"], line["escalation"]) == ("clean", "0", "0"), line
    t.assert_clean(m.disks[0])
    with dock.boot(t, *(machine.Disk(d.raw(t.directory / f"after{n}")) for n, d in enumerate(members))) as m:
        said = dock.run(m, "for d in b c d e f g; do mdadm --examine /dev/vd$d; done")
        # "active" is what mdadm calls one that has to go on with being synchronised.
        assert re.findall(r"^ +State : (\w+)", said, re.M) == ["active"] * 2 + ["clean"] * 4, said


@case
def lying(t):
    """A disk that refuses the last write of a file, and one that refuses to flush: both are told, by name."""
    tree = t.directory / "files"
    tree.mkdir()
    (tree / "file").write_bytes(b"x" * 4096)
    writes, flushes = dock.blank(t, "writes", 64).backing, dock.blank(t, "flushes", 16).backing
    made(writes, "-b", "4096", source=tree)
    block = int(subprocess.run(["debugfs", "-R", "bmap /file 0", writes], text=True, capture_output=True,
                               check=True).stdout)
    with dock.boot(t, dock.Lying(writes, iotype="write", sector=block * 8), dock.Lying(flushes, iotype="flush")) as m:
        m.wait_agent()
        dock.run(m, "modprobe dm-mod; dmsetup create over --table '0 16384 linear /dev/vdc 0'; mkdir -p /mnt; "
                    "mount /dev/vdb /mnt; grep /dev/vdb /proc/mounts")
        # In the page cache when the exitrd begins, both of them.
        dock.descend(m, before="printf changed | dd of=/mnt/file conv=notrunc 2>/dev/null; "
                               "printf changed | dd of=/dev/mapper/over conv=notrunc 2>/dev/null")
        line = dock.ended(m, 100)
    assert sorted(lost(m)) == ["dm dm-0 (over)", "mount /oldroot/mnt (ext4 /dev/vdb)"], lost(m)
    assert (line["result"], line["left"], line["dm"]) == ("dirty", "", "0"), line
    t.assert_clean(m.disks[0])


MEMORY = r"""
modprobe dm-mod
dmsetup create swap --table "0 $(blockdev --getsz /dev/vdb) linear /dev/vdb 0"
mkswap -q /dev/mapper/swap; swapon /dev/mapper/swap
fallocate -l 32M /swapfile; chmod 600 /swapfile; mkswap -q /swapfile; swapon -p 0 /swapfile
mkdir -p /mnt; mkdir -p /mnt/memory; mount -t tmpfs -o size=120M none /mnt/memory
dd if=/dev/urandom of=/mnt/memory/ballast bs=1M count=90 2>/dev/null
cat /proc/swaps
"""


@case
def memory(t):
    """More in memory than there is: the swap is in use on a mapping, and on a file of the root, when it goes down."""
    with dock.boot(t, dock.blank(t, "swap", 200), memory=128) as m:
        m.wait_agent()
        said = dock.run(m, MEMORY, timeout=120)
        used = [int(n) for n in re.findall(r"(?:partition|file)\s+\d+\s+(\d+)", said)]
        assert len(used) == 2 and all(used), said
        dock.descend(m)
        line = dock.ended(m, 100)
        assert (line["result"], line["swaps"], line["dm"]) == ("clean", "0", "0"), line
    t.assert_clean(m.disks[0])


WATCHDOG = "i6300esb"


@case
def slow_flush(t):
    """A disk that needs longer than the watchdog's half a minute to take what is written: it is fed meanwhile."""
    disk = data_disk(t, "slow")
    with dock.boot(t, disk, devices=[WATCHDOG]) as m:
        m.wait_agent()
        dock.run(m, f"modprobe {WATCHDOG}; mkdir -p /mnt; mount /dev/vdb /mnt; sync")
        dock.throttle(m, 1, 400 << 10)
        dock.descend(m, before="dd if=/dev/zero of=/mnt/much bs=1M count=20 2>/dev/null", watchdog=120)
        line = dock.ended(m, 200)
        assert line["result"] == "clean" and int(line["ms"]) > 32000, line
        assert not [e for e in m.monitor.events if e["event"] == "WATCHDOG"]
    t.assert_clean(m.disks[0])
    t.assert_clean(disk)


@case
def run_full(t):
    """Not a byte is left on /run, nor in the exitrd's own directory, when systemd hands over."""
    with t.boot() as m:
        m.run("for d in /run /run/initramfs; do dd if=/dev/zero of=$d/filler bs=64k; "
              "dd if=/dev/zero of=$d/filler2 bs=1; done 2>&1 | grep -c 'No space'")
        assert m.run("df --output=avail /run /run/initramfs | tail -n 2").split() == ["0", "0"]
        m.order("systemctl poweroff")
        t.assert_down(m, "poweroff")
        assert m.wait_end(60) == "guest-shutdown"
    t.assert_clean(m.disks[0])


MAPPINGS = r"""
modprobe dm-mod
for n in $(seq 250); do echo "a$n,,,rw,0 2048 linear /dev/vdb $((n * 2048));"; done | tr -d '\n' >/run/tables
dmsetup create --concise "$(sed 's/;$//' /run/tables)"
for n in $(seq 50); do echo "b$n,,,rw,0 2048 linear /dev/mapper/a$n 0;"; done | tr -d '\n' >/run/tables
dmsetup create --concise "$(sed 's/;$//' /run/tables)"
ls /sys/block | grep -c dm-
"""


@case
def mappings(t):
    """300 device-mapper devices, fifty of them on others."""
    with dock.boot(t, dock.blank(t, "mapped", 256)) as m:
        m.wait_agent()
        assert dock.run(m, MAPPINGS, timeout=120).splitlines()[-1] == "300"
        dock.descend(m)
        line = dock.ended(m, 60)
        print(f"{line['ms']} ms")
        assert (line["result"], line["dm"], line["escalation"]) == ("clean", "0", "0"), line
        # Two seconds at most on a machine that is not emulated.
        assert int(line["ms"]) < 10000, line
    t.assert_clean(m.disks[0])
