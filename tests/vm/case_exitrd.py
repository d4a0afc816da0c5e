# SPDX-License-Identifier: MIT
"""case_exitrd: a machine that initramfs-tools has booted comes back to slipway's exitrd."""
import pathlib
import shutil
import subprocess
import tempfile

import guests
import installed
import machine
import trial
from trial import case

SERVICE = "slipway-exitrd.service"


def _install(system):
    """slipway beside initramfs-tools, which the Debian package would not allow: as from `make install`."""
    done = subprocess.run(["make", "-s", "install", f"DESTDIR={system.tree}", "integration="], cwd=trial.TOP, text=True,
                          capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    # As initramfs-tools leaves it where it has checked the root.
    extra = system.tree / f"etc/systemd/system/{SERVICE}.d/mark.conf"
    extra.parent.mkdir(parents=True)
    extra.write_text("[Service]\nExecStartPre=mkdir -p /run/initramfs\nExecStartPre=touch /run/initramfs/fsck-root\n")
    system.run("systemctl", "enable", SERVICE)
    release, = system.kernels()
    return system.tree / f"boot/vmlinuz-{release}", system.tree / f"boot/initrd.img-{release}"


def _kept(path, directory):
    return shutil.copy(path, directory / path.name.partition("-")[0])


@case
def exitrd(t):
    """The service stages it at boot, on the noexec /run of initramfs-tools; nothing else is lost there. It runs at the
    end, once more with what systemd hands over on a reboot."""
    esp, tree = pathlib.Path(tempfile.mkdtemp(prefix="slipway-esp-", dir=t.directory)), t.directory / "tree"
    raw = t.directory / "root.img"
    try:
        system = installed.System(t.guest, tree, esp)
        kernel, initrd = (_kept(path, t.directory) for path in _install(system))
        shutil.rmtree(tree / "var/cache/apt/archives")
        guests._make_fs(tree, raw, size="2000M")
    finally:
        shutil.rmtree(tree, ignore_errors=True)
    disk = machine.Disk(raw)
    for verb, end in (("reboot", "guest-reset"), ("poweroff", "guest-shutdown")):
        with t.boot(image=initrd, kernel=kernel, disks=[disk]) as m:
            m.wait_agent()
            assert m.run("systemctl is-system-running --wait", timeout=120) == "running"
            assert "noexec" in m.run("findmnt -no OPTIONS /run"), "initramfs-tools has not booted it"
            assert "is staged: " in m.run(f"journalctl -b -o cat -u {SERVICE}")
            assert m.run("ls /run/initramfs/fsck-root; test -x /run/initramfs/shutdown; slipway exitrd") == (
                "/run/initramfs/fsck-root\nslipway: /run/initramfs/shutdown is staged already")
            assert "(initrd)" not in m.run("systemd-analyze time")
            m.run("touch /root/written")
            m.order(f"systemctl {verb}")
            t.assert_down(m, verb)
            assert m.wait_end(60) == end
    t.assert_clean(disk)
