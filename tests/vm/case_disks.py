# SPDX-License-Identifier: MIT
"""case_disks: the full kernel's root on each bus and each file system, with an image for any machine and one for this.

A row's name says which: disk-BUS-FSTYPE.
"""
import dataclasses

import fullkernel
import guests
from machine import Disk, Machine
from trial import WORDS, case, kept_image, report_of

INIT = "init=/usr/local/sbin/disk-init"


@dataclasses.dataclass(frozen=True)
class Bus:
    node: str
    path: str    # what the disk's path in /sys has, of this bus only
    module: str  # without which there is no such disk


BUSES = {
    "virtio": Bus("/dev/vda", "/virtio0/block/vda", "virtio_blk"),
    "nvme": Bus("/dev/nvme0n1", "/nvme/nvme0/nvme0n1", "nvme"),
    "ahci": Bus("/dev/sda", "/ata1/host0/", "ahci"),
    "usb": Bus("/dev/sda", "/usb2/2-1/", "usb_storage"),
    "mmc": Bus("/dev/mmcblk0", "/mmc_host/mmc0/", "sdhci_pci"),
    "scsi": Bus("/dev/sda", "/virtio0/host0/", "virtio_scsi"),
}


def machine(t, bus, fstype, image, words=""):
    t.boots += 1
    return Machine(t.directory, name=f"boot{t.boots}", kernel=fullkernel.vmlinuz(t.guest), initrd=image,
                   append=f"root=UUID={guests.ROOT_UUID} ro {WORDS} {INIT} {words}",
                   disks=[Disk(fullkernel.disk(t.guest, fstype), kind=bus)])


def check_root(t, bus, fstype, report):
    """It stands on that disk, and nothing was amiss on the way."""
    fields = next(f for f in map(str.split, report.of("mount")) if f[4] == "/")
    after = fields[fields.index("-") + 1:]
    assert after[:2] == [fstype, BUSES[bus].node], fields
    assert BUSES[bus].path in report.one("path") + "/", report.one("path")
    assert report.one("kernel") == fullkernel.kver(t.guest)
    assert {BUSES[bus].module, fstype} <= modules(report)
    said = [line for line in report.console.splitlines() if "slipway: " in line]
    assert any("mounted" in line for line in said), report.console[-3000:]
    assert not [line for line in said if "ignoring" in line or "cannot" in line], said


def modules(report):
    return {line.split()[0] for line in report.of("module")}


@case
def disk(t):
    """Debian's full kernel finds its root there."""
    _, bus, fstype = t.name.split("-")
    generic = kept_image(f"full-{t.guest}-{fstype}", fullkernel.ensure(t.guest) / "tree",
                         "--kver", fullkernel.kver(t.guest), "--root-fstype", fstype)
    with machine(t, bus, fstype, generic) as m:
        check_root(t, bus, fstype, report_of(m, 120))
