# SPDX-License-Identifier: MIT
"""case_systemd: systemd is the initrd's PID 1, and the machine comes back to the same exitrd."""
import subprocess

import contained
import guests
import machine
import trial
from trial import case


def inside_image(t):
    return trial.kept_image(f"systemd-{t.guest}-{t.release}", guests.ensure(t.guest) / "tree", "--kver", t.release,
                            "--init", "systemd")


def check_units(m):
    """What ran in the initrd, as systemd's journal has it; nothing of it failed."""
    said = m.run("journalctl -b -o short-monotonic --no-pager", timeout=120)
    for what in ("Switching root", "Mounted sysroot.mount"):
        assert what in said, said
    assert "slipway-stage.service" in said, said
    assert "Failed to start" not in said and "Failed with result" not in said, said
    assert m.run("cd /run/initramfs; echo *") == "etc shutdown"


@case
def inside(t):
    """systemd-analyze shows the initrd, the system runs and nothing failed, the root is checked once; power-off and reboot
    end in our shutdown, clean."""
    disk = t.disk()
    for verb, end in (("reboot", "guest-reset"), ("poweroff", "guest-shutdown")):
        with t.boot(image=inside_image(t), disks=[disk]) as m:
            m.wait_agent(240)
            assert m.run("systemctl is-system-running --wait", timeout=180) == "running"
            assert m.run("systemctl --failed --no-legend --plain") == ""
            assert "(initrd)" in m.run("systemd-analyze time")
            assert "sysroot.mount" in m.run("systemd-analyze blame") or "initrd-switch-root" in m.run("systemd-analyze plot")
            assert m.run("findmnt -no SOURCE,OPTIONS /").startswith("/dev/vda rw")
            check_units(m)
            m.run("touch /root/written")
            m.order(f"systemctl {verb}")
            t.assert_down(m, verb)
            assert m.wait_end(60) == end
    t.assert_clean(disk)


@case
def no_root(t):
    """A root that does not come: systemd's emergency, in which nobody gets a shell; panic= restarts the machine."""
    with t.boot("rootflags=x-systemd.device-timeout=5s", image=inside_image(t),
                root=f"root=UUID={guests.USR_UUID}") as m:
        m.wait_for(r"Reached target.*[Ee]mergency", 150)
        trial.no_shell(m)
        assert m.wait_end(120) == "guest-reset"


@case
def late(t):
    """The disk comes ten seconds after the kernel: udev tells systemd of it."""
    disk = machine.Disk(guests.disk(t.guest), late=True)
    with t.boot(image=inside_image(t), disks=[disk]) as m:
        m.wait_for("systemd.*[Rr]unning in (initrd|initial RAM disk)", 120)
        m.console.wait_for("this is never said", 10)
        m.plug(0)
        m.wait_agent(240)
        assert m.run("systemctl is-system-running --wait", timeout=180) == "running"
        m.order("systemctl poweroff")
        t.assert_down(m, "poweroff")
        assert m.wait_end(60) == "guest-shutdown"
    t.assert_clean(disk)


NEXT = """
mkdir -p sysroot; mount -t tmpfs -o mode=755 sysroot sysroot
mkdir -p sysroot/sbin sysroot/etc sysroot/proc sysroot/sys sysroot/dev sysroot/run; echo ID=x >sysroot/etc/os-release
cp "$KMSG.init" sysroot/sbin/init
"""


@case
def in_a_container(t):
    """Without a kernel: systemd goes through initrd.target, leaves the exitrd, and enters what is mounted on /sysroot, which
    gets no word of systemd's."""
    tree = t.directory / "tree"
    trial.unpack(inside_image(t), tree)
    init = t.directory / "kmsg.init"
    subprocess.run(["gcc", "-static", "-O1", "-o", init, trial.TOP / "tests/ns/inner.c"], check=True)
    code, said = contained.run(t.directory, tree, contained.COPIED, NEXT, "/init", container="slip", SYSTEMD_IN_INITRD="1",
                               SYSTEMD_LOG_TARGET="console")
    for what in ("Running in initrd", "Reached target initrd-root-fs.target", "Finished slipway-stage.service",
                 "Started systemd-udevd.service", "Reached target initrd.target", "Finished initrd-cleanup.service",
                 "Switching root"):
        assert what in said, said
    first, = (line for line in said.splitlines() if line.startswith("inner: pid"))
    assert "pid 1 " in first and first.endswith(" exitrd there") and "argc 1 " in first, first
    assert code == 7, "inner.c ends so"
