# SPDX-License-Identifier: MIT
"""case_shutdown: the verbs; power-off stands in `contract`."""
import guests
import machine
from case_contract import check_running
from trial import case


def down(t, m, order, verb):
    check_running(m)
    m.order(order)
    return t.assert_down(m, verb)


@case
def reboot(t):
    """With the parameter that systemd was given for the kernel."""
    with t.boot() as m:
        down(t, m, "systemctl reboot --reboot-argument=slip-parameter", "reboot")
        assert m.wait_end(60) == "guest-reset"
        assert "reboot: Restarting system with command 'slip-parameter'" in m.console.text
    t.assert_clean(m.disks[0])


@case
def halt(t):
    """The machine stands still and does not end."""
    with t.boot() as m:
        down(t, m, "systemctl halt", "halt")
        m.wait_for("reboot: System halted", 30)
        assert m.monitor.reason() is None
    t.assert_clean(m.disks[0])


@case
def leave(t):
    """The verb "exit", which systemd passes on a machine only when it is forced: a power-off."""
    with t.boot() as m:
        down(t, m, "systemctl --force exit", "exit")
        assert m.wait_end(60) == "guest-shutdown"
    t.assert_clean(m.disks[0])


@case
def kexec(t):
    """The next kernel comes up by kexec, through the same initrd."""
    image = t.image()
    carrier = t.directory / "initrd.raw"
    carrier.write_bytes(image.read_bytes() + bytes(-image.stat().st_size % 4096))
    kernel = "/" + str(guests.vmlinuz(t.guest, t.release).relative_to(t.tree()))
    with t.boot("slip.first=1", disks=[t.disk(), machine.Disk(carrier)], memory=1024) as m:
        m.run(f"head -c {image.stat().st_size} /dev/vdb >/run/initrd")
        m.run(f"kexec -l {kernel} --initrd=/run/initrd --append=\"$(cat /proc/cmdline) slip.second=1\"", timeout=120)
        since = len(m.agent.text)
        down(t, m, "systemctl kexec", "kexec")
        m.agent_again(since)
        check_running(m)
        assert "slip.second=1" in m.run("cat /proc/cmdline")
        # The clock of the kernel began anew: this is no process that merely survived.
        assert float(m.run("cut -d ' ' -f 1 /proc/uptime")) < 120
        m.order("systemctl poweroff")
        m.wait_end(90)
    t.assert_clean(m.disks[0])


@case
def soft_reboot(t):
    """systemd replaces user space alone: /run stays, and with it the exitrd, which power-off goes through later."""
    with t.boot() as m:
        check_running(m)
        staged = m.run("ls -lA --time-style=+ /run/initramfs")
        since = len(m.agent.text)
        m.order("systemctl soft-reboot")
        m.agent_again(since)
        check_running(m)
        assert m.run("systemctl show -p SoftRebootsCount --value") == "1"
        assert m.run("ls -lA --time-style=+ /run/initramfs") == staged
        m.order("systemctl poweroff")
        t.assert_down(m, "poweroff")
        assert m.wait_end(60) == "guest-shutdown"
    t.assert_clean(m.disks[0])
