# SPDX-License-Identifier: MIT
"""case_live: roots made of layers: discs, sticks, copies in memory, overlays; there and back. docs/live.md"""
import shutil
import time

import case_luks
import case_stack
import fullkernel
import live
import machine
import stacks
import trial
from case_contract import check_running
from trial import WORDS, case, kept_image, report_of

LABEL = "SLIP_LIVE"


def _by_target(lines):
    """{target: Mount}, the topmost of each."""
    return {mount.target: mount for mount in trial.mounts(lines)}


def _disc_glaucus(t):
    def make(path, scratch):
        tree = live.small_tree(t, scratch / "root", "init")
        (scratch / "disc").mkdir()
        live.run("mkfs.erofs", "--quiet", scratch / "disc/fs", tree)
        live.iso("GLAUCUS", scratch / "disc", path)
    return live.kept(t, "glaucus", make)


@case
def glaucus(t):
    """A disc labelled GLAUCUS is put in some seconds after the start; its file fs is an erofs. The three layers are below
    /mnt, the init is /bin/init, and nothing else is left."""
    words = ("rd.slipway.image=/fs rd.slipway.upper.size=1G rd.slipway.medium.keep=/mnt/cdrom "
             "rd.slipway.image.keep=/mnt/fs-ro rd.slipway.upper.keep=/mnt/fs-rw init=/bin/init")
    with t.boot(words, root="rd.slipway.medium=LABEL=GLAUCUS", disks=[live.Drive(_disc_glaucus(t), late=True)],
                memory=1024) as m:
        m.wait_for(r"waiting for the medium device LABEL=GLAUCUS; block devices seen: ", 90)
        time.sleep(2)
        live.put_in(m, 0)
        r = report_of(m, 120)
    mounts = _by_target(r.of("mount"))
    assert r.of("argv") == ["/bin/init"]
    assert mounts["/"].fstype == "overlay" and "rw" in mounts["/"].options, mounts
    assert mounts["/mnt/cdrom"].fstype == "iso9660" and "ro" in mounts["/mnt/cdrom"].options, mounts
    assert mounts["/mnt/fs-ro"].fstype == "erofs", mounts
    assert mounts["/mnt/fs-rw"].fstype == "tmpfs" and "size=1048576k" in mounts["/mnt/fs-rw"].data, mounts
    assert "rootfs" not in {mount.fstype for mount in mounts.values()}
    assert r.of("process") == []


def _disc(t, label, mark, name):
    """As hanh has it: a squashfs in fs/fs.sfs."""
    def make(path, scratch):
        tree = live.small_tree(t, scratch / "root", f"init-{mark}")
        (scratch / "disc/fs").mkdir(parents=True)
        live.run("mksquashfs", tree, scratch / "disc/fs/fs.sfs", "-quiet", "-no-progress")
        live.iso(label, scratch / "disc", path, "--modification-date=2020010100000000" if mark == "one"
                 else "--modification-date=2021010100000000")
    return live.kept(t, name, make, label, mark)


@case
def two_discs(t):
    """Two media: by device, by UUID and by label the one that was asked for is taken; one that is not there is told with
    what was seen."""
    one, two = _disc(t, "ONE", "one", "one"), _disc(t, "TWO", "two", "two")
    # The kernel decides which of the drives is which.
    for words, init in (("isolabel=TWO", "two"), ("isouuid=2020-01-01-00-00-00-00", "one"), ("isodev=/dev/sr1", None)):
        with t.boot(f"init=/bin/init-{init or 'two'}", root=words, disks=[live.Drive(one), live.Drive(two)],
                    memory=768) as m:
            r = report_of(m, 120) if init else m.wait_for(r"mounted /dev/sr1 \(iso9660\) on /run/slipway/live/medium", 120)
        assert not init or r.of("argv") == [f"/bin/init-{init}"]
    with t.boot("init=/bin/init rd.timeout=8", root="isolabel=THREE", disks=[live.Drive(one), live.Drive(two)],
                memory=768) as m:
        m.wait_for(r"cannot find the medium device LABEL=THREE: waited 8 s; block devices seen: .*sr0 \(iso9660 UUID=.*"
                   r"LABEL=(ONE|TWO)\).*sr1 \(iso9660", 90)


def _medium(t):
    """An ISO of dracut's kind, with the whole guest, as it is written to a stick: the label is on the disk and in its
    first partition."""
    system = live.system(t)

    def make(path, scratch):
        (scratch / "disc/LiveOS").mkdir(parents=True)
        shutil.copy(system, scratch / "disc/LiveOS/squashfs.img")
        live.iso(LABEL, scratch / "disc", path, "-partition_offset", "16")
    return live.kept(t, "medium", make, system.name)


def _check_layers(m, *, medium=True):
    mounts = _by_target(m.run("cat /proc/self/mountinfo").splitlines())
    assert mounts["/"].fstype == "overlay" and "rw" in mounts["/"].options, mounts
    assert ("/run/slipway/live/medium" in mounts) == medium, mounts
    assert mounts["/run/slipway/live/image"].fstype == "squashfs", mounts
    return mounts


def _down(t, m):
    m.order("systemctl poweroff")
    line = t.assert_down(m, "poweroff")
    assert m.wait_end(60) == "guest-shutdown"
    assert line["loop"] == "0", line
    # No unit failed. systemd-shutdown itself tries the medium below the loop device, in vain, before it goes to the exitrd.
    assert "Failed unmounting" not in m.console.text, m.console.text[-3000:]


@case
def dracut(t):
    """root=live: and rd.live.image with systemd: it runs, is written to, goes down clean with loop, overlay and medium
    taken down, and the medium's bytes are what they were."""
    with t.boot("rd.live.image", root=f"root=live:CDLABEL={LABEL}", disks=[machine.Disk(_medium(t))], memory=1024,
                limit=400) as m:
        check_running(m)
        _check_layers(m)
        m.run("echo written >/etc/slip-mark; dd if=/dev/urandom of=/root/much bs=1M count=20; sync")
        assert "ignoring" not in m.run("dmesg | grep 'slipway: '")
        _down(t, m)
    live.unchanged(m.disks[0])


@case
def memory(t):
    """Copied to memory, the medium is pulled out, and the system goes on; with too little memory nothing is copied."""
    medium = _medium(t)
    with t.boot("rd.live.image rd.live.ram=1", root=f"root=live:CDLABEL={LABEL}",
                disks=[machine.Disk(medium, late=True)], memory=1536, limit=400) as m:
        m.wait_for(r"waiting for the medium device LABEL=", 90)
        m.plug(0)
        m.wait_for(r"copying /LiveOS/squashfs.img to memory: (\d+) of \1 MiB", 120)
        check_running(m)
        _check_layers(m, medium=False)
        live.pull(m, 0)
        assert m.run("ls /sys/block | grep vd || :") == ""
        m.run("echo 3 >/proc/sys/vm/drop_caches; find /usr -xdev -type f -exec cat {} + | md5sum", timeout=180)
        _down(t, m)
    with t.boot("rd.live.image rd.live.ram=1 rd.minmem=600", root=f"root=live:CDLABEL={LABEL}",
                disks=[machine.Disk(medium)], memory=512) as m:
        m.wait_for(r"cannot copy /LiveOS/squashfs.img to memory: it has \d+ MiB, \d+ MiB are available, and 600 MiB have to",
                   90)
        assert "copying" not in m.console.text


@case
def persistent(t):
    """What is written to a device is there in the next boot; its file system is clean, the medium's bytes unchanged."""
    store = t.directory / "store.img"
    live.run("mke2fs", "-q", "-F", "-t", "ext4", "-L", "slip-store", store, "300M")
    medium, disk = machine.Disk(_medium(t)), machine.Disk(store)
    for n in range(2):
        with t.boot("rd.live.image rd.live.overlay=LABEL=slip-store:/changes", root=f"root=live:CDLABEL={LABEL}",
                    disks=[medium, disk], memory=1024, limit=400) as m:
            check_running(m)
            _check_layers(m)
            assert m.run("cat /etc/slip-mark 2>&1 || :") == ("boot 0" if n else "cat: /etc/slip-mark: No such file or directory")
            m.run(f"echo boot {n} >/etc/slip-mark")
            _down(t, m)
    live.unchanged(medium)
    t.assert_clean(disk)


@case
def overlay_root(t):
    """overlaytmpfs above an installed root: systemd runs, both layers are seen, and the disk is untouched."""
    with t.boot("overlaytmpfs=yes", memory=1024, limit=400) as m:
        check_running(m)
        mounts = _by_target(m.run("cat /proc/self/mountinfo").splitlines())
        assert mounts["/"].fstype == "overlay" and mounts["/media/root-ro"].fstype == "ext4", mounts
        assert "ro" in mounts["/media/root-ro"].options and mounts["/media/root-rw"].fstype == "tmpfs", mounts
        m.run("echo written >/etc/slip-mark; test -e /media/root-rw/upper/etc/slip-mark; test ! -e /media/root-ro/etc/slip-mark")
        _down(t, m)
    live.unchanged(m.disks[0], superblock=t.directory / "after.img")


# A container with a btrfs: the system in one of its subvolumes, what is written in another.
_MAKE_SABOTAGE = f"""
printf '{stacks.KEY}' >/tmp/k
format /dev/vdc 1; {stacks._ADD_KEY} /dev/vdc /tmp/k; unlock /dev/vdc l
mkfs.btrfs -q -U {stacks.BTRFS_UUID} /dev/mapper/l; mount /dev/mapper/l /mnt
for v in rom rw; do btrfs subvolume create /mnt/$v; done
cat /dev/vdd >/mnt/rom/root.sqsh
umount /mnt; cryptsetup close l
"""
_LOOK_SABOTAGE = "unlock /dev/vdc l; command btrfs check --readonly /dev/mapper/l; cryptsetup close l"


@case
def sabotage(t):
    """squashfs in a subvolume of a btrfs on LUKS, whose key is on a stick that comes late; written to is another subvolume.
    systemd mounts /proc, /sys and /dev itself. Two boots: what was written stays, and all of it is taken down."""
    image = case_stack.stack_image(t)
    with open(t.directory / "blank.img", "wb") as f:
        f.truncate(900 << 20)
    made = machine.Disk(t.directory / "blank.img")
    with stacks.workshop(t, "slip.make=sabotage", [made, machine.Disk(live.system(t))], image) as m:
        stacks.work(m, _MAKE_SABOTAGE, 300)
        m.order("poweroff")
        assert m.wait_end(120) == "guest-shutdown"
    disk = machine.Disk(made.raw(t.directory / "container.img"))
    words = (f"boot=UUID={stacks.BTRFS_UUID} rd.slipway.medium.flags=subvol=rom sqsh_root=/root.sqsh "
             f"overlay=UUID={stacks.BTRFS_UUID} overlayflags=subvol=rw rd.slipway.api=clean "
             f"rd.luks.key={stacks.LUKS_UUID}1=/keys/k:LABEL={stacks.STICK.upper()}")
    for n in range(2):
        with t.boot(words, root="", disks=[disk, case_luks.fat_stick(t)], image=image, kernel=stacks.vmlinuz(t.guest),
                    memory=1024, limit=400) as m:
            m.wait_for(r"vda is a LUKS container: its key is waited for on LABEL=", 120)
            m.plug(1)
            check_running(m)
            mounts = _check_layers(m)
            assert "subvol=/rom" in mounts["/run/slipway/live/medium"].data, mounts
            assert "subvol=/rw" in mounts["/run/slipway/live/upper"].data, mounts
            assert m.run("cat /etc/slip-mark 2>&1 || :") == ("boot 0" if n else "cat: /etc/slip-mark: No such file or directory")
            m.run(f"echo boot {n} >/etc/slip-mark")
            _down(t, m)
    after = machine.Disk(disk.raw(t.directory / "after.img"))
    with stacks.workshop(t, "slip.look=1", [after], image) as m:
        stacks.work(m, _LOOK_SABOTAGE, 180)


@case
def stick(t):
    """Debian's full kernel: a hybrid image on a USB stick that comes late; before it an ext4 with the same label, on another
    stick, which is passed by."""
    def make(path, scratch):
        live.run("mke2fs", "-q", "-F", "-t", "ext4", "-L", LABEL, path, "16M")
    image = kept_image(f"full-{t.guest}-live", fullkernel.ensure(t.guest) / "tree", "--kver", fullkernel.kver(t.guest))
    disks = [live.Stick(live.kept(t, "other", make, LABEL)), live.Stick(_medium(t), first=False)]
    t.boots += 1
    words = f"root=live:LABEL={LABEL} rootfstype=iso9660 rd.slipway.medium.removable ro"
    with machine.Machine(t.directory, name=f"boot{t.boots}", kernel=fullkernel.vmlinuz(t.guest), initrd=image, disks=disks,
                         memory=1024, limit=400, append=f"{words} {WORDS}") as m:
        m.wait_for(r"waiting for the medium device LABEL=SLIP_LIVE \(iso9660, removable\)", 120)
        live.plug_stick(m, 0)
        m.wait_for(rf"waiting for the medium device .*sda \(ext4 .*LABEL={LABEL}\)", 60)
        time.sleep(5)
        live.plug_stick(m, 1)
        check_running(m)
        mounts = _check_layers(m)
        assert mounts["/run/slipway/live/medium"][1:3] == ("iso9660", "/dev/sdb1"), mounts
        _down(t, m)
    for disk in m.disks:
        live.unchanged(disk)
