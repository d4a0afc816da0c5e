# SPDX-License-Identifier: MIT
"""case_root: finding the root: how it is named, when it comes late, when it does not come at all."""
import re
import time

import guests
from trial import REPORT_INIT, case, no_shell, report_of, wait_shell


def root_mount(report):
    """Device number and source of what is mounted on /."""
    fields = next(f for f in map(str.split, report.of("mount")) if f[4] == "/")
    return fields[2], fields[fields.index("-") + 2]


@case
def spelling(t):
    """Each spelling of root= finds it, among two disks."""
    whole, part = t.disk(), t.disk("gpt")
    number, source = root_mount(t.report(disks=[whole]))
    assert source == "/dev/vda"
    rows = {
        "/dev/vda": [whole],
        number: [whole],
        f"/dev/disk/by-uuid/{guests.ROOT_UUID}": [whole],
        f"LABEL={guests.ROOT_LABEL}": [t.disk("usr"), whole],
        f"PARTUUID={guests.PART_UUID.upper()}": [whole, part],
        f"PARTLABEL={guests.PART_LABEL}": [whole, part],
    }
    wanted = ["/dev/vda"] * 3 + ["/dev/vdb", "/dev/vdb1", "/dev/vdb1"]
    found = [root_mount(t.report(root=f"root={name}", disks=disks))[1] for name, disks in rows.items()]
    assert found == wanted


@case
def flags(t):
    """rw, and rootflags= of both kinds: of the mount and of the file system. Without them: ro, as the kernel has it."""
    report = t.report("rootfstype=xfs,ext4 rootflags=noatime,errors=panic,nodev", access="rw")
    fields = next(f for f in map(str.split, report.of("mount")) if f[4] == "/")
    assert {"rw", "noatime", "nodev"} <= set(fields[5].split(",")), fields
    assert {"rw", "errors=panic"} <= set(fields[-1].split(",")), fields
    fields = next(f for f in map(str.split, t.report(access="").of("mount")) if f[4] == "/")
    assert "ro" in fields[5].split(",") and "ro" in fields[-1].split(","), fields


def printed_at(text, regex):
    """The kernel's time of the first line that matches, in seconds."""
    found = re.search(rf"^\[ *([\d.]+)\] .*{regex}", text, re.M)
    assert found, f"no line with /{regex}/"
    return float(found[1])


@case
def late(t):
    """A disk that is plugged in 20 s after the kernel started is found when it comes."""
    with t.boot(REPORT_INIT, disks=[t.disk(late=True)]) as m:
        m.wait_for("Linux version")
        time.sleep(20)
        assert "report: begin" not in m.agent.text
        m.plug(0)
        assert root_mount(report_of(m))[1] == "/dev/vda"
        waited = printed_at(m.console.text, r"mounted /dev/vda") - printed_at(m.console.text, r"\[vda\]")
        assert waited < 3, f"the root was mounted {waited} s after it had come"


@case
def missing(t):
    """No root: one error that says what was wanted and what is there; no shell; panic= is honoured."""
    with t.boot("rd.timeout=5", disks=[t.disk("usr")], image=t.image(rescue=True)) as m:
        m.wait_for("the boot cannot go on", 60)
        no_shell(m)
        text = m.console.text
        wait = printed_at(text, "the boot cannot go on") - printed_at(text, "Run /init")
        assert 5 <= wait < 12, wait
        errors = re.findall(r"^\[[ .\d]+\] slipway: (root: cannot .*)$", text, re.M)
        assert len(errors) == 1 and guests.ROOT_UUID in errors[0], errors
        # The remedy is in what is there: the name, the type and the tags of each device.
        for word in ("vda", "ext4", guests.USR_UUID, "slip-usr"):
            assert word in errors[0], errors
        assert m.wait_end(60) == "guest-reset"
        assert "Kernel panic - not syncing: Attempted to kill init" in m.console.text
        assert "mounted /dev" not in m.console.text


@case
def missing_shell(t):
    """With rd.shell=1 there is a shell; when it ends the stage is tried again and finds what has come since."""
    with t.boot(f"{REPORT_INIT} rd.timeout=5 rd.shell=1", disks=[t.disk(late=True)], image=t.image(rescue=True)) as m:
        shell = wait_shell(m, 60)
        shell("echo in-$((6*7)); cat /proc/partitions", r"^in-42")
        assert "Kernel panic" not in m.console.text
        m.plug(0)
        # Nobody loads its driver meanwhile: who types in the shell has the machine for himself.
        m.wait_for(r"pci \S+: .* assigned", 20)
        shell("exit")
        assert root_mount(report_of(m))[1] == "/dev/vda"


@case
def no_init(t):
    """A root without an init is refused before anything is moved; init= of nothing falls back to the usual places."""
    with t.boot("rd.shell=1", disks=[t.disk("noinit")], image=t.image(rescue=True)) as m:
        shell = wait_shell(m, 60)
        said = m.console.text
        assert re.search(r"slipway: check: .*no init.*/sbin/init", said), said
        shell("cat /proc/mounts; echo shown", r"^shown")
        mounted = m.console.text[len(said):]
        for target in ("/proc", "/sys", "/dev", "/run", "/sysroot"):
            assert re.search(rf"^\S+ {target} ", mounted, re.M), (target, mounted)
    with t.boot("init=/no/such") as m:
        m.wait_for(r"slipway: check: .*init=/no/such.*No such file", 60)
        m.wait_for(r"systemd\[1\]: systemd \d+", 60)
