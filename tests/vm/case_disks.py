# SPDX-License-Identifier: MIT
"""case_disks: the full kernel's root on each bus and each file system, with an image for any machine and one for this.

A row's name says which: disk-BUS-FSTYPE.
"""
import dataclasses
import subprocess

import fullkernel
import guests
from machine import Disk, Machine
from trial import WORDS, case, kept_image, programs, report_of

INIT = "init=/usr/local/sbin/disk-init"


@dataclasses.dataclass(frozen=True)
class Bus:
    node: str
    path: str    # what the disk's path in /sys has, of this bus only
    module: str  # without which there is no such disk


BUSES = {
    "virtio": Bus("/dev/vda", "/virtio0/block/vda/", "virtio_blk"),
    "nvme": Bus("/dev/nvme0n1", "/nvme/nvme0/nvme0n1/", "nvme"),
    "ahci": Bus("/dev/sda", "/ata1/host", "ahci"),
    "usb": Bus("/dev/sda", "/usb2/2-1/", "usb_storage"),
    "mmc": Bus("/dev/mmcblk0", "/mmc_host/mmc0/", "sdhci_pci"),
    "scsi": Bus("/dev/sda", "/virtio0/host", "virtio_scsi"),
}


def stick(t):
    """A second disk: slipway for the machine, and room for what it builds."""
    image = t.directory / "stick.img"
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-L", "slip-stick", "-d", programs(), image, "128M"], check=True)
    return Disk(image)


def taken_from(disk, to):
    """The image that was built on the stick."""
    raw = disk.raw(to.with_suffix(".raw"))
    subprocess.run(["debugfs", "-R", f"dump /built.img {to}", raw], check=True, capture_output=True)
    raw.unlink()
    assert to.stat().st_size, "nothing was built"
    return to


def start(t, bus, fstype, image, words="", more=()):
    """That root disk with that image and with disk-init: what it says."""
    t.boots += 1
    disks = [Disk(fullkernel.disk(t.guest, fstype), kind=bus), *more]
    with Machine(t.directory, name=f"boot{t.boots}", kernel=fullkernel.vmlinuz(t.guest), initrd=image, disks=disks,
                 append=f"root=UUID={guests.ROOT_UUID} ro {WORDS} {INIT} {words}") as m:
        return report_of(m, 150)


def loaded(report):
    return {line.split()[0] for line in report.of("module")}


def check_root(t, bus, fstype, report):
    """It stands on that disk, and nothing was amiss on the way."""
    fields = next(f for f in map(str.split, report.of("mount")) if f[4] == "/")
    after = fields[fields.index("-") + 1:]
    assert after[:2] == [fstype, BUSES[bus].node], fields
    assert BUSES[bus].path in report.one("path") + "/", report.one("path")
    assert report.one("kernel") == fullkernel.kver(t.guest)
    assert {BUSES[bus].module, fstype} <= loaded(report)
    said = [line for line in report.console.splitlines() if "slipway: " in line]
    assert any("mounted" in line for line in said), report.console[-3000:]
    assert not [line for line in said if "ignoring" in line or "cannot" in line], said


@case
def disk(t):
    """Debian's full kernel finds its root there."""
    _, bus, fstype = t.name.split("-")
    generic = kept_image(f"full-{t.guest}-{fstype}", fullkernel.ensure(t.guest) / "tree",
                         "--kver", fullkernel.kver(t.guest), "--root-fstype", fstype)
    check_root(t, bus, fstype, start(t, bus, fstype, generic))
