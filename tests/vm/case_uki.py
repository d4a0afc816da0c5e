# SPDX-License-Identifier: MIT
"""case_uki: a unified kernel image that slipway built, started by the firmware itself."""
import subprocess

import machine
import trial
from case_root import root_mount
from trial import case


def firmware_disk(path, program):
    """A FAT file system with that program where the firmware looks on a disk that it does not know."""
    with open(path, "wb") as f:
        f.truncate(64 << 20)
    for argv in (["mformat", "-i", path, "-F", "::"], ["mmd", "-i", path, "::/EFI", "::/EFI/BOOT"],
                 ["mcopy", "-i", path, program, "::/EFI/BOOT/BOOTX64.EFI"]):
        subprocess.run(argv, check=True)
    return machine.Disk(path)


@case
def unified(t):
    """Firmware, systemd-stub, kernel, /init: with the command line and the initrd out of one file."""
    program = t.directory / "linux.efi"
    words = f"{trial.UUID} ro {trial.WORDS} {trial.REPORT_INIT}"
    subprocess.run([trial.programs() / "slipway", "build", "--sysroot", t.tree(), "--kver", t.release, "--libexecdir",
                    trial.programs(), "--uki", program, "--uki-cmdline", words], check=True)
    disks = [firmware_disk(t.directory / "esp.img", program), t.disk()]
    with machine.Machine(t.directory, disks=disks, memory=768) as m:
        report = trial.report_of(m, 150)
    assert root_mount(report)[1] == "/dev/vdb"
    assert words in report.console, "the kernel says its command line"
