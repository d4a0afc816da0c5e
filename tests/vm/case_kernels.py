# SPDX-License-Identifier: MIT
"""case_kernels: the buses that a root disk hangs on, with the kernels that know them."""
from case_contract import check_root_rw, check_running
from trial import case


def life(t, kind, node, devices=()):
    """There and back on that kind of disk."""
    with t.boot(disks=[t.disk(kind=kind)], devices=devices) as m:
        check_running(m)
        assert "ignoring" not in m.run("dmesg | grep 'slipway: '"), "a warning on a machine in good order"
        assert m.run("findmnt -no SOURCE /; cat /run/initramfs/root-fsck").split() == [node, "0"]
        assert m.run("uname -r") == t.release
        check_root_rw(m)
        m.order("systemctl poweroff")
        t.assert_down(m, "poweroff")
        assert m.wait_end(60) == "guest-shutdown"
    t.assert_clean(m.disks[0])


@case
def virtio(t):
    """virtio-blk."""
    life(t, "virtio", "/dev/vda")


@case
def nvme(t):
    """NVMe."""
    life(t, "nvme", "/dev/nvme0n1")


@case
def ahci(t):
    """SATA: the AHCI driver, libata, the SCSI disk driver. Debian's cloud kernel has none of these. The second
    drive is for CDs and empty, which is nothing to warn of."""
    life(t, "ahci", "/dev/sda", devices=["ide-cd,bus=ide.1"])
