# SPDX-License-Identifier: MIT
"""case_disks: the full kernel's root on each bus and each file system, with an image for any machine and one for this.

A row's name says which: disk-BUS-FSTYPE.
"""
import dataclasses
import os
import subprocess

import fullkernel
import guests
from case_contract import check_running
from machine import Disk, Machine
from trial import WORDS, case, kept_image, programs, report_of

INIT = "init=/usr/local/sbin/disk-init"
# At boot the kernel counts interrupts of its timer for some milliseconds; a qemu that gets no processor in that time
# fails it. Under hypervisors that it knows the kernel sets this itself.
NO_TIMER_CHECK = "no_timer_check"


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


def take_from(disk, image):
    """The image that was built on the stick."""
    raw = disk.raw(image.with_suffix(".raw"))
    subprocess.run(["debugfs", "-R", f"dump /built.img {image}", raw], check=True, capture_output=True)
    raw.unlink()


def listed(image):
    return subprocess.run([programs() / "slipway", "ls", image], check=True, text=True,
                          stdout=subprocess.PIPE).stdout.splitlines()


def machine(t, bus, fstype, image, words="", more=()):
    """That root disk with that image, not started."""
    t.boots += 1
    disks = [Disk(fullkernel.disk(t.guest, fstype), kind=bus), *more]
    return Machine(t.directory, name=f"boot{t.boots}", kernel=fullkernel.vmlinuz(t.guest), initrd=image, disks=disks,
                   append=f"root=UUID={guests.ROOT_UUID} ro {WORDS} {NO_TIMER_CHECK} {words}")


def reported(t, *args, words="", **kw):
    """The same with disk-init: what it says."""
    with machine(t, *args, words=f"{INIT} {words}", **kw) as m:
        return report_of(m, 280)


def generic_image(t, fstype):
    return kept_image(f"full-{t.guest}-{fstype}", fullkernel.ensure(t.guest) / "tree",
                      "--kver", fullkernel.kver(t.guest), "--root-fstype", fstype)


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


def check_host(t, bus, fstype, host, generic):
    """The image of this machine has what it takes, and nothing of the other buses."""
    names = {os.path.basename(path).split(".")[0].replace("-", "_") for path in listed(host) if ".ko" in path}
    others = {b.module for name, b in BUSES.items() if name != bus} - {BUSES[bus].module}
    assert not names & (others | set(fullkernel.FSTYPES) - {fstype}), names
    assert host.stat().st_size < generic.stat().st_size / 2, (host.stat().st_size, generic.stat().st_size)


@case
def disk(t):
    """Debian's full kernel finds its root there: with a generic image, and with the host image that was built on the
    machine while it ran so."""
    _, bus, fstype = t.name.split("-")
    workshop, generic, host = stick(t), generic_image(t, fstype), t.directory / "host.img"
    report = reported(t, bus, fstype, generic, words="build=--host", more=[workshop])
    check_root(t, bus, fstype, report)
    assert report.one("built") == "0", report.of("said")
    take_from(workshop, host)
    check_host(t, bus, fstype, host, generic)
    check_root(t, bus, fstype, reported(t, bus, fstype, host))
    # There are many of these cases: what would only be looked at after a failure goes.
    for path in [t.directory / "stick.img", *t.directory.glob("*.qcow2")]:
        path.unlink()


CHECKERS = {"xfs": ["xfs_repair", "-n"], "btrfs": ["btrfs", "check", "--readonly"]}


@case
def life(t):
    """There and back with systemd on a root that is not ext4, which is in order afterwards."""
    _, fstype = t.name.split("-")
    with machine(t, "virtio", fstype, generic_image(t, fstype)) as m:
        check_running(m)
        assert "ignoring" not in m.run("dmesg | grep 'slipway: '"), "a warning on a machine in good order"
        assert m.run("findmnt -no FSTYPE,SOURCE /").split() == [fstype, "/dev/vda"]
        m.run("dd if=/dev/urandom of=/root/marker bs=1M count=8")
        m.order("systemctl poweroff")
        t.assert_down(m, "poweroff")
        assert m.wait_end(60) == "guest-shutdown"
    raw = m.disks[0].raw(t.directory / "after.img")
    done = subprocess.run([*CHECKERS[fstype], raw], text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    raw.unlink()
