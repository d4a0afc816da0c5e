# SPDX-License-Identifier: MIT
"""cases: the table: which function, on which guests, in which tier, and what it costs.

A row's name and its guest make the test's name, NAME@GUEST. `test` is run by `make test`, all by `make matrix`.
The cost is in seconds for one guest, as measured; tests/check/vm-costs bounds the sum of tier `test`.
"""
import dataclasses
import fnmatch
import typing

import case_arrive as arrive
import case_contract as contract
import case_daemons as daemons
import case_disks as disks
import case_exitrd as exitrd
import case_faults as faults
import case_fsck as fsck
import case_index as index
import case_inits as inits
import case_kernels as kernels
import case_keymap as keymap
import case_live as live
import case_loop as loop
import case_luks as luks
import case_package as package
import case_powercut as powercut
import case_profile as profile
import case_resume as resume
import case_root as root
import case_shutdown as shutdown
import case_uki as uki
import case_stack as stack
import case_systemd as systemd
import case_usr as usr
import case_ways as ways
import fullkernel
import guests
import stacks

SYSTEMD = ("bookworm", "trixie", "sid")


@dataclasses.dataclass(frozen=True)
class Row:
    name: str
    run: typing.Callable
    guests: tuple
    tier: str  # test, matrix
    cost: int
    kernel: str = None  # a meta package; None: the guest's first


# Each bus once, each file system and each guest twice.
DISKS_TESTED = {
    "disk-virtio-ext4": "bookworm", "disk-nvme-xfs": "trixie", "disk-ahci-btrfs": "sid",
    "disk-usb-ext4": "trixie", "disk-mmc-xfs": "sid", "disk-scsi-btrfs": "bookworm",
}
DISKS = [(f"disk-{bus}-{fstype}", guest) for bus in disks.BUSES for fstype in fullkernel.FSTYPES for guest in SYSTEMD]

# What stands on what is different in each; the tower on every systemd.
STACKS_TESTED = {
    "stack-luks": ("trixie",), "stack-lvm": ("trixie",), "stack-luks-lvm": ("trixie",), "stack-tower": SYSTEMD,
    "stack-raid5-degraded": ("trixie",), "stack-btrfs-luks": ("trixie",),
}

ROWS = (
    Row("contract", contract.contract, SYSTEMD, "test", 45),
    Row("serialize", contract.serialize, ("bookworm", "sid"), "test", 80),
    Row("serialize", contract.serialize, ("trixie",), "matrix", 80),
    Row("handover", contract.handover, ("bookworm", "trixie"), "test", 10),
    Row("handover", contract.handover, ("sid", "others"), "matrix", 10),
    Row("profile", profile.profile, ("trixie",), "test", 50),
    Row("profile", profile.profile, ("bookworm", "sid"), "matrix", 50),

    Row("root-spelling", root.spelling, ("bookworm",), "test", 60),
    Row("root-spelling", root.spelling, ("trixie", "sid"), "matrix", 60),
    Row("root-flags", root.flags, ("bookworm",), "test", 20),
    Row("root-flags", root.flags, ("trixie", "sid"), "matrix", 20),
    Row("root-late", root.late, ("bookworm",), "test", 30),
    Row("root-late", root.late, ("trixie", "sid"), "matrix", 30),
    Row("root-missing", root.missing, ("bookworm",), "test", 50),
    Row("root-missing", root.missing, ("trixie", "sid"), "matrix", 50),
    Row("root-missing-shell", root.missing_shell, ("bookworm",), "test", 25),
    Row("root-missing-shell", root.missing_shell, ("trixie", "sid"), "matrix", 25),
    Row("no-init", root.no_init, ("bookworm",), "test", 20),
    Row("no-init", root.no_init, ("trixie", "sid"), "matrix", 20),

    Row("fsck-preen", fsck.preen, ("bookworm",), "test", 45),
    Row("fsck-preen", fsck.preen, ("trixie", "sid"), "matrix", 45),
    Row("fsck-unmendable", fsck.unmendable, ("bookworm",), "test", 60),
    Row("fsck-words", fsck.fsck_words, ("bookworm",), "matrix", 40),

    Row("usr-fstab", usr.usr_fstab, ("bookworm", "sid"), "test", 45),
    Row("usr-fstab", usr.usr_fstab, ("trixie",), "matrix", 45),
    Row("usr-words", usr.usr_words, ("bookworm",), "test", 10),
    Row("usr-words", usr.usr_words, ("trixie", "sid"), "matrix", 10),

    Row("index", index.index, SYSTEMD, "test", 5),
    Row("index-full", index.index, ("bookworm",), "test", 10, guests.FULL),

    Row("nvme-cloud", kernels.nvme, ("bookworm",), "test", 45),
    Row("nvme-cloud", kernels.nvme, ("trixie", "sid"), "matrix", 45),
    Row("nvme-full", kernels.nvme, ("bookworm",), "matrix", 50, guests.FULL),
    Row("virtio-full", kernels.virtio, ("bookworm",), "matrix", 50, guests.FULL),
    Row("ahci-full", kernels.ahci, ("bookworm",), "test", 50, guests.FULL),
    *(Row(name, disks.disk, (guest,), "test" if DISKS_TESTED.get(name) == guest else "matrix", 30)
      for name, guest in DISKS),
    Row("life-xfs", disks.life, ("bookworm",), "test", 50),
    Row("life-xfs", disks.life, ("trixie", "sid"), "matrix", 50),
    Row("life-btrfs", disks.life, SYSTEMD, "matrix", 50),

    Row("reboot", shutdown.reboot, ("trixie",), "test", 40),
    Row("reboot", shutdown.reboot, ("bookworm", "sid"), "matrix", 40),
    Row("halt", shutdown.halt, SYSTEMD, "matrix", 40),
    Row("exit", shutdown.leave, SYSTEMD, "matrix", 40),
    Row("soft-reboot", shutdown.soft_reboot, ("trixie",), "test", 70),
    Row("soft-reboot", shutdown.soft_reboot, ("sid",), "matrix", 70),
    Row("kexec", shutdown.kexec, ("bookworm",), "test", 80),
    Row("kexec", shutdown.kexec, ("trixie", "sid"), "matrix", 80),

    Row("daemons", daemons.daemons, ("trixie",), "test", 45),
    Row("daemons", daemons.daemons, ("bookworm", "sid"), "matrix", 45),

    *(Row(f"stack-{name}", stack.stack, (guest,), "test" if guest in STACKS_TESTED.get(f"stack-{name}", ()) else "matrix", 80)
      for name in stacks.STACKS for guest in SYSTEMD),
    Row("stack-partition", stack.partition, SYSTEMD, "matrix", 45),

    Row("keymap", keymap.keymap, ("trixie",), "matrix", 25),
    Row("loop-this-machine", loop.this_machine, SYSTEMD, "matrix", 60),
    Row("loop-wrong-file", loop.wrong_file, SYSTEMD, "matrix", 40),

    Row("live-glaucus", live.glaucus, SYSTEMD, "matrix", 30),
    Row("live-two-discs", live.two_discs, SYSTEMD, "matrix", 80),
    Row("live-dracut", live.dracut, SYSTEMD, "matrix", 70),
    Row("live-memory", live.memory, SYSTEMD, "matrix", 110),
    Row("live-persistent", live.persistent, SYSTEMD, "matrix", 130),
    Row("live-overlay-root", live.overlay_root, SYSTEMD, "matrix", 60),
    Row("live-sabotage", live.sabotage, ("trixie",), "matrix", 150),
    Row("live-stick", live.stick, ("bookworm",), "matrix", 90),
    Row("luks-late-key", luks.late_key, SYSTEMD, "matrix", 60),
    Row("luks-no-key", luks.no_key, SYSTEMD, "matrix", 60),
    Row("luks-in-image", luks.in_image, SYSTEMD, "matrix", 30),
    Row("arrive-tower", arrive.arrive, SYSTEMD, "matrix", 30),
    Row("arrive-tower-late", arrive.late, SYSTEMD, "matrix", 45),
    Row("arrive-tower-missing", arrive.missing, SYSTEMD, "matrix", 60),
    Row("arrive-raid5", arrive.arrive, SYSTEMD, "matrix", 30),
    Row("arrive-raid5-late", arrive.late, SYSTEMD, "matrix", 45),
    Row("arrive-raid5-missing", arrive.missing, SYSTEMD, "matrix", 60),
    Row("arrive-btrfs-luks", arrive.arrive, SYSTEMD, "matrix", 30),
    Row("arrive-btrfs-luks-late", arrive.late, SYSTEMD, "matrix", 45),
    Row("arrive-btrfs-luks-missing", arrive.missing, SYSTEMD, "matrix", 60),
    Row("ambiguous", arrive.ambiguous, SYSTEMD, "matrix", 40),
    Row("ways-clean", ways.clean, (*SYSTEMD, "others"), "matrix", 45),
    Row("ways-archives", ways.archives, ("bookworm",), "matrix", 60),
    Row("ways-stay", ways.stay, SYSTEMD, "matrix", 40),
    Row("ways-ramdisk", ways.ramdisk, SYSTEMD, "matrix", 70),
    Row("ways-gptauto", ways.gptauto, SYSTEMD, "matrix", 40),
    Row("faults-wedged", faults.wedged, ("trixie",), "test", 30),
    Row("faults-root-gone", faults.root_gone, ("trixie",), "matrix", 30),
    Row("faults-hung", faults.hung, ("trixie",), "matrix", 80),
    Row("faults-frozen", faults.frozen, ("trixie",), "matrix", 50),
    Row("faults-md", faults.arrays, ("trixie",), "matrix", 40),
    Row("faults-lying", faults.lying, ("trixie",), "matrix", 30),
    Row("faults-memory", faults.memory, ("trixie",), "matrix", 40),
    Row("faults-slow-flush", faults.slow_flush, ("trixie",), "matrix", 70),
    Row("faults-run-full", faults.run_full, ("trixie",), "matrix", 45),
    Row("dm-300", faults.mappings, ("trixie",), "matrix", 20),

    Row("resume", resume.resume, ("bookworm",), "test", 50),
    Row("resume", resume.resume, ("trixie", "sid"), "matrix", 50),

    Row("package", package.package, ("bookworm",), "test", 90),
    Row("package", package.package, ("trixie",), "matrix", 90),
    Row("package-plugin", package.plugin, ("bookworm", "trixie"), "matrix", 90),
    Row("package-back", package.back, ("bookworm", "trixie"), "matrix", 40),

    Row("powercut-ext4", powercut.ext4, ("trixie",), "test", 80),
    Row("powercut-mirror", powercut.mirrored_some, ("trixie",), "test", 120),
    Row("powercut-luks-raid1", powercut.mirrored, ("trixie",), "matrix", 900),
    Row("powercut-lvm-raid1", powercut.mirrored, ("trixie",), "matrix", 900),

    Row("uki", uki.unified, SYSTEMD, "matrix", 60),

    Row("systemd-contained", systemd.in_a_container, SYSTEMD, "matrix", 10),
    Row("systemd-inside", systemd.inside, SYSTEMD, "matrix", 70),
    Row("systemd-inside-late", systemd.late, SYSTEMD, "matrix", 50),
    Row("systemd-inside-no-root", systemd.no_root, SYSTEMD, "matrix", 80),
    Row("exitrd", exitrd.exitrd, ("bookworm", "trixie"), "matrix", 60),

    Row("sysvinit", inits.sysvinit, ("others",), "test", 40),
    Row("busybox", inits.busybox, ("others",), "test", 20),
    Row("inits-contained", inits.in_a_container, ("others",), "matrix", 60),
    *(Row(name, inits.back, ("others",), "matrix", 30) for name in (
        "init-sysvinit", "init-openrc", "init-runit", "init-finit", "init-busybox", "init-s6", "init-script")),
)


def _named(row, guest, pattern):
    return any(fnmatch.fnmatchcase(name, pattern) for name in (row.name, f"{row.name}@{guest}"))


def pick(tier, only=()):
    """(row, guest) of that tier, or those named; the dearest first, so that two workers end together."""
    rows = [(row, guest) for row in ROWS for guest in row.guests]
    unknown = [pattern for pattern in only if not any(_named(*pair, pattern) for pair in rows)]
    if unknown:
        allowed = sorted({row.name for row in ROWS})
        raise SystemExit(f"no case {', '.join(unknown)}; allowed are {', '.join(allowed)}, each also with @GUEST")
    if only:
        rows = [pair for pair in rows if any(_named(*pair, pattern) for pattern in only)]
    else:
        rows = [(row, guest) for row, guest in rows if tier in ("matrix", row.tier)]
    return sorted(rows, key=lambda pair: -pair[0].cost)
