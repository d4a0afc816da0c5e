# SPDX-License-Identifier: MIT
"""live: media of live systems, made of the guests' trees, and the drives that they are put into.

    build/vm/media/NAME-KEY.img    kept until the guest or the recipe changes
"""
import hashlib
import shutil
import subprocess

import guests
import machine
import trial

# What a live system has no use for here.
LEFT_OUT = ("boot", "usr/share", "usr/lib/modules", "var/cache", "var/lib/dpkg", "var/lib/apt", "etc/fstab")
# A tenth of the time of a better one.
SQUASHFS = ("-comp", "zstd", "-Xcompression-level", "1", "-quiet", "-no-progress")


def run(*argv):
    subprocess.run([str(a) for a in argv], check=True, stdout=subprocess.DEVNULL)


def kept(t, name, make, *about):
    """What make(path, scratch) has made, for that guest."""
    key = hashlib.sha256(repr((trial.guests.path_of(t.guest).name, make.__code__.co_code, about)).encode()).hexdigest()[:10]
    path = trial.SCRATCH / "media" / f"{name}-{t.guest}-{key}.img"
    with guests.locked(path.with_suffix(".lock")):
        if not path.exists():
            scratch = path.with_suffix(".tmp")
            shutil.rmtree(scratch, ignore_errors=True)
            scratch.mkdir(parents=True)
            make(scratch / "image", scratch)
            (scratch / "image").rename(path)
            shutil.rmtree(scratch)
    return path


def system(t):
    """The guest as one squashfs."""
    def make(path, scratch):
        run("mksquashfs", t.tree(), path, *SQUASHFS, "-e", *LEFT_OUT)
    return kept(t, "system", make, LEFT_OUT)


def small_tree(t, tree, name):
    """Directories and the init that reports, which needs nothing else: as /bin/NAME."""
    for directory in ("proc", "sys", "dev", "run", "bin", "mnt"):
        (tree / directory).mkdir(parents=True)
    shutil.copy2(t.tree() / "usr/local/sbin/report-init", tree / "bin" / name)
    return tree


def iso(label, tree, image, *options):
    run("xorriso", "-as", "mkisofs", "-quiet", "-V", label, "-o", image, *options, tree)
    return image


class Drive(machine.Disk):
    """A CD drive; the disc is in it, or is put in later. Discs are only read: no overlay."""

    def __init__(self, disc, late=False):
        super().__init__(disc, late=late)

    def create(self, path):
        self.overlay = self.backing

    def arguments(self, n):
        controller = ["-device", f"virtio-scsi-pci,id=scsi{n}"]
        if self.late:
            return [*controller, "-device", f"scsi-cd,id=cd{n},bus=scsi{n}.0"]
        return [*controller, "-drive", f"if=none,id=disk{n},file={self.backing},format=raw,media=cdrom,readonly=on",
                "-device", f"scsi-cd,id=cd{n},bus=scsi{n}.0,drive=disk{n}"]


def put_in(m, n):
    m.monitor.command("blockdev-change-medium", id=f"cd{n}", filename=str(m.disks[n].backing), format="raw")


class Stick(machine.Disk):
    """A USB stick that is plugged in later; one controller for all."""

    def __init__(self, backing, first=True):
        super().__init__(backing, late=True)
        self.first = first

    def arguments(self, n):
        return ["-drive", f"if=none,id=disk{n},file={self.overlay},format=qcow2,cache=unsafe",
                *(["-device", "qemu-xhci,id=xhci"] if self.first else [])]


def plug_stick(m, n):
    m.monitor.command("device_add", driver="usb-storage", id=f"dev{n}", bus="xhci.0", drive=f"disk{n}", removable=True)


def pull(m, n, timeout=60):
    """Out it goes; the guest's kernel has to agree."""
    m.monitor.command("device_del", id=f"dev{n}")
    with m.monitor.changed:
        gone = m.monitor.changed.wait_for(
            lambda: any(e["event"] == "DEVICE_DELETED" and e["data"].get("device") == f"dev{n}" for e in m.monitor.events),
            timeout)
    if not gone:
        m.fail(f"disk {n} could not be pulled out")


def unchanged(disk, superblock=None):
    """Nothing was written to it, byte for byte. With the path of a scratch file it is an ext4 whose superblock may be another:
    mounting one that has an orphan file, read-only, the kernel writes the time into it (fs/ext4/orphan.c)."""
    if superblock:
        done = subprocess.run(["cmp", "-l", disk.raw(superblock), disk.backing], stdout=subprocess.PIPE, text=True, check=False)
        superblock.unlink()
        places = [int(line.split()[0]) - 1 for line in done.stdout.splitlines()]
        assert all(1024 <= n < 2048 for n in places), (len(places), places[:8])
        return
    done = subprocess.run(["qemu-img", "compare", "-f", "qcow2", "-F", "raw", disk.overlay, disk.backing],
                          stdout=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 0, done.stdout
