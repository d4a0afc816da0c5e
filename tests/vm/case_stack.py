# SPDX-License-Identifier: MIT
"""case_stack: the root on LUKS, LVM, MD and btrfs of several devices: opened, used, taken down clean."""
import dataclasses
import re

import stacks
import superblocks
import trial
from case_contract import reached
from trial import case

# What is checked is also mounted: then the kernel says whether it had to replay anything.
LOOK = """
mounted() { mount -o ro $1 /mnt; umount /mnt; }
check() { dumpe2fs -h $1 2>&1 | grep -q needs_recovery && exit 9; e2fsck -fn $1; mounted $1; }
btrfs() { command btrfs "$@"; command btrfs device scan; mounted /dev/mapper/a; }
examine() { for m; do mdadm --examine $m | grep -E 'State : (clean|active, clean)'; done; }
# A hidden volume alone, as lvm activates it for reading while what uses it is off.
component() { lvchange -q -y -ay vg/$1 >&2; shift; "$@"; vgchange -q -an vg >&2; }
# What dm-thin's and dm-cache's superblocks begin with: a checksum, then flags. Thin: bit 0, needs a check. Cache: bit 0,
# was shut down clean; bit 1, needs a check.
flags() { od -An -tu4 -j4 -N4 $1; }
flags_are() { component $2 flags /dev/vg/$2 | grep -w $1; }
echo slip-look >/dev/kmsg
"""
# What the kernel says when something was not clean.
# "orphan cleanup on readonly fs" says ext4 of each file system that has an orphan_file, whether anything is in it or not
# (fs/ext4/orphan.c).
UNCLEAN = (r"recovery complete|recovering journal|orphan inodes? deleted|truncates? cleaned up|replay|resync|"
           r"recovery of RAID|not clean|degraded array|needs_check|needs check|unclean|corrupt")
# Names of mappings inside of a volume of LVM.
INSIDE = r"-t?pool$|_(cdata|cmeta|corig|wcorig|cpool|cvol|rimage|rmeta|tdata|tmeta)"


def stack_image(t):
    return trial.kept_image(f"stack-{t.guest}", stacks.ensure(t.guest) / "tree", "--kver", stacks.release(t.guest))


def _look(t, stack, disks, image):
    """A second machine finds all of it clean: nothing is replayed, nothing resynchronised. What it said."""
    raw = [disk.raw(t.directory / f"after{n}.img") for n, disk in enumerate(disks)]
    try:
        for disk, after in zip(disks, raw):
            before = superblocks.luks_headers(disk.backing)
            assert before == superblocks.luks_headers(after), "a LUKS header was written to"
        again = [dataclasses.replace(disk, backing=r, overlay=None) for disk, r in zip(disks, raw)]
        with stacks.workshop(t, "slip.look=1", again, image) as m:
            said = stacks.work(m, LOOK + stack.look, 180)
            kernel = m.run("dmesg")
    finally:
        for r in raw:
            r.unlink(missing_ok=True)
    assert re.search("mounted filesystem|BTRFS info", kernel.partition("slip-look")[2]), kernel
    assert not re.search(UNCLEAN, kernel), kernel
    return said


def _running(m):
    state = reached(m)
    if state != "running":
        m.fail(f"the system is {state}\n" + m.run(
            "for u in $(systemctl --failed --no-legend --plain | cut -d ' ' -f 1); do systemctl status $u; "
            "journalctl -b -o short-monotonic -u $u; done", check=False))


def _udev(m):
    """What udev has of each mapping and array: kernel's name → properties."""
    said = m.run("for d in /sys/block/dm-* /sys/block/md*; do [ -e $d ] || continue; echo DEVICE=${d##*/}; "
                 "[ -e $d/dm ] && echo SYS_NAME=$(cat $d/dm/name); udevadm info -q property -p $d; done")
    blocks = [b for b in said.split("DEVICE=") if b]
    return {b.splitlines()[0]: dict(line.split("=", 1) for line in b.splitlines()[1:] if "=" in line) for b in blocks}


def _check_udev(m):
    """udev knows all of them, systemd has a unit for each that is not hidden; hidden ones get no links to be found by."""
    for name, properties in _udev(m).items():
        links = properties.get("DEVLINKS", "").split()
        dm_name = properties.get("SYS_NAME")
        assert properties.get("DM_NAME") == dm_name, (name, properties)
        if dm_name and re.search(INSIDE, dm_name):
            assert not set(links) - {f"/dev/mapper/{dm_name}"}, (name, links)
            continue
        assert not dm_name or f"/dev/mapper/{dm_name}" in links, (name, properties)
        # A container of IMSM or DDF has no unit: nothing can be mounted from it.
        if properties.get("MD_LEVEL") == "container":
            continue
        assert properties.get("SYSTEMD_READY", "1") == "1", (name, properties)
        m.run(f"systemctl is-active /dev/{name}")


def _check_secrets(m):
    """No passphrase is left anywhere in /run; that it would be found, a file shows that has it."""
    m.run(f"echo '{stacks.PASSPHRASE}' >/run/slip-control")
    assert m.run(f"grep -rlF -D skip --exclude-dir=host '{stacks.PASSPHRASE}' /run") == "/run/slip-control"


def _check_swap(m):
    """The swap is in use, and something is in it."""
    # Without a message bus in the guest, systemd-run(1) cannot wait.
    m.run("""cd /sys/fs/cgroup; echo +memory >cgroup.subtree_control; mkdir slip; echo 30M >slip/memory.max
          sh -c 'echo $$ >slip/cgroup.procs; exec dd if=/dev/urandom of=/dev/shm/much bs=1M count=60'""", timeout=120)
    _, _, _, used, _ = m.run("grep ^/dev/dm- /proc/swaps").split()
    assert int(used) > 10 << 10, used


def _enter(m, prompts):
    """The passphrase, after one that does not fit. One prompt serves all containers that it opens."""
    for n in range(prompts):
        m.wait_for(r"Passphrase for ", 90)
        if n == 0:
            m.send("not that one\r")
            m.wait_for(r"It does not fit\. Passphrase for ", 60)
        m.send(f"{stacks.PASSPHRASE}\r")


def _look_at_host(m):
    """What is written to the root goes to the file on the host, past the page cache, and the host can be seen."""
    assert m.run("cat /sys/block/loop0/loop/backing_file").startswith("/run/slipway/host/")
    assert m.run("cat /sys/block/loop0/loop/dio /sys/block/loop0/ro").split() == ["1", "0"]
    m.run("dd if=/dev/urandom of=/root/much bs=1M count=40 conv=fsync")


def _daemon(t, it, disks, image):
    """What init has started lives on in the next system, in a session of its own."""
    report = t.report("ignore_loglevel", root=f"root={it.root}", disks=[dataclasses.replace(d) for d in disks],
                      image=image, kernel=stacks.vmlinuz(t.guest), memory=1024)
    found = [re.match(r"(\d+) \(mdmon\) \S \d+ \d+ (\d+) ", line) for line in report.of("process")]
    pids = [m.groups() for m in found if m]
    assert len(pids) == 1 and pids[0][0] == pids[0][1], report.of("process")


@case
def stack(t):
    """Boots to `running` with no failed unit and no device that udev lost, and ends with result=clean; a second machine
    finds it so."""
    name = t.name.removeprefix("stack-")
    it, image = stacks.STACKS[name], stack_image(t)
    all_disks = [stacks.disk(name, n, i) for n, i in enumerate(stacks.disks(t, name, image))]
    disks = [d for n, d in enumerate(all_disks) if n not in it.without]
    words = ""
    if name in stacks.EXTERNAL:
        _daemon(t, it, disks, image)
        words = "ignore_loglevel rd.debug"
    with t.boot(words, root=f"root={it.root}", disks=disks, image=image, kernel=stacks.vmlinuz(t.guest), memory=1024,
                limit=400) as m:
        _enter(m, it.prompts)
        _running(m)
        assert m.console.text.count("Passphrase for ") == 2 * it.prompts
        assert "Dependency failed" not in m.console.text and "Timed out waiting for device" not in m.console.text
        m.run("udevadm settle", timeout=120)
        _check_udev(m)
        m.run("udevadm trigger --action=add --subsystem-match=block; udevadm settle", timeout=120)
        _check_udev(m)
        _check_secrets(m)
        if name == "swap-lvm":
            _check_swap(m)
        if name.startswith("loop"):
            _look_at_host(m)
        m.order("poweroff")
        line = t.assert_down(m, "poweroff")
        # Others may be systemd's: lvm2-monitor stops after /run/lock, which it holds.
        assert not name.startswith("loop") or not re.search(r"Failed unmounting (?!.*run-lock)", m.console.text)
        assert m.wait_end(60) == "guest-shutdown"
    assert (line["swaps"], line["loop"], line["dm"], line["md"]) == ("0", "0", "0", "0"), line
    if name in stacks.EXTERNAL:
        assert re.search(r"md127: mdmon is process \d+ now, from the exitrd", m.console.text)
        assert line["escalation"] == "0", line
        # Its volume was writable when it was checked and mounted.
        assert not re.search(r" slipway: .*, ignoring$", m.console.text, re.M)
    print(f"exitrd: {line['ms']} ms, escalation {line['escalation']}")
    print(_look(t, it, disks, image))


@case
def partition(t):
    """The same of a plain partition."""
    disk = t.disk("gpt")
    with t.boot("", root=f"root=PARTUUID={trial.guests.PART_UUID}", disks=[disk]) as m:
        _running(m)
        m.order("poweroff")
        line = t.assert_down(m, "poweroff")
        assert m.wait_end(60) == "guest-shutdown"
    print(f"exitrd: {line['ms']} ms, escalation {line['escalation']}")
    t.assert_clean(disk, offset=1 << 20)
