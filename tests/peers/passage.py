# SPDX-License-Identifier: MIT
"""passage: one machine with one of the initrds, up and down again: what it reached, what it said, how long it took."""
import re
import threading
import time
from pathlib import Path

import case_contract
import guests
import machine
import rivals
import stacks

UP, DOWN = 600, 200  # seconds that a machine is given, on a processor that is emulated and shared
PROMPT = r"(?:Please unlock disk|enter passphrase for disk|Passphrase for) [^\n]*"
STARTS = r"systemd-shutdown\[1\]: "
# The lines of a console that are told of what could not be taken down.
BAD = re.compile(r"(?:Not all |Could not |Unable to |Failed to (?:un|det|stop|dis)|Cannot |[Bb]locking |giving up|"
                 r"slipway-shutdown: (?!result=clean)|Still running|failed with status)")


# What words() cannot say yet for the others: where a key or a header lies. IMSM knows its disks by serial numbers, which those
# that are plugged into the yard do not have; ddf has external metadata, too.
LEFT_OUT = {"luks-key", "luks-header", "imsm"}
# A root in a file: neither has an option for it.
NO_WAY = {("loop", "initramfs-tools"), ("loop", "dracut"), ("loop-luks", "initramfs-tools"), ("loop-luks", "dracut")}


def luks_volumes(name):
    """The UUIDs of the LUKS volumes that the recipe of the stack makes."""
    digits = re.findall(r"\bformat \S+ (\d)", stacks.STACKS[name].make)
    return [f"{stacks.LUKS_UUID}{d}" for d in digits]


def words(name, generator):
    """(what follows root=, the rest): what each initrd has to be told of the same stack."""
    root, _, rest = stacks.STACKS[name].root.partition(" ")
    if generator == "slipway":
        return root, rest
    volumes = luks_volumes(name)
    # Of the container, as slipway takes it: the others want the file system.
    if root.removeprefix("UUID=") in volumes:
        root = f"UUID={guests.ROOT_UUID}"
    if generator == "dracut":
        # Without rd.auto an image for any machine assembles nothing by itself.
        return root, " ".join(["rd.auto=1", *(f"rd.luks.uuid=luks-{u}" for u in volumes)])
    return root, " ".join(f"cryptopts=target=l{n},source=UUID={u},luks" for n, u in enumerate(volumes))


class Meter:
    """The CPU seconds of a qemu, read until it has gone."""

    def __init__(self, pid):
        self.stat, self.last = Path(f"/proc/{pid}/stat"), 0.0
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        while True:
            try:
                fields = self.stat.read_text().rpartition(")")[2].split()
            except OSError:
                return
            if fields[0] == "Z":
                return
            self.last = (int(fields[11]) + int(fields[12])) / 100
            time.sleep(0.02)


def _enter(m):
    """Answers the prompts until the system is up; how many there were."""
    since, prompts, deadline = 0, 0, time.monotonic() + UP
    while not m.agent.wait_for("@@ready\n", 0.5):
        if m.console.ended or time.monotonic() > deadline:
            m.fail("the system did not come up")
        found = m.console.wait_for(PROMPT, 0, since)
        if found:
            time.sleep(1)  # askpass sets the terminal only then
            since, prompts = len(m.console.text), prompts + 1
            m.send(f"{stacks.PASSPHRASE}\r")
    return prompts


def _stamp(text, what):
    """The kernel's seconds of the first line that says it."""
    found = re.search(rf"^\[ *(\d+\.\d+)\] .*?{what}", text, re.M)
    return float(found[1]) if found else None


def _between(a, b):
    return round(b - a, 2) if a is not None and b is not None else None


def _up(m):
    """What was reached."""
    started = time.monotonic()
    prompts = _enter(m)
    up = time.monotonic() - started
    state = case_contract.reached(m)
    return {"prompts": prompts, "up": round(up, 1), "state": state,
            "failed": m.run("systemctl --failed --plain --no-legend | cut -d' ' -f1").split(),
            "arrays": m.run("grep -A1 ^md /proc/mdstat || :"), "devices": m.run("ls /dev/mapper").split(),
            "initramfs": m.run("ls -A /run/initramfs 2>/dev/null || :").split()}


def _down(m):
    """The way down: from the order, and from the moment at which systemd's PID 1 became systemd-shutdown."""
    # Something that has to be written.
    m.run("head -c 4M /dev/urandom >/var/tmp/written; sync; head -c 4M /dev/urandom >>/var/tmp/written")
    meter, since, ordered = Meter(m.process.pid), len(m.console.text), time.time()
    m.order("systemctl poweroff")
    m.console.wait_for(STARTS, DOWN, since)
    began, spent = time.time(), meter.last
    ended = m.monitor.wait_end(DOWN)
    events = [e["timestamp"] for e in m.monitor.events if e["event"] == "SHUTDOWN"]
    off = events[-1]["seconds"] + events[-1]["microseconds"] / 1e6 if events else None
    if ended:
        m.wait_end(5)
    text = m.console.text[since:]
    end = re.search(rf"^.*{STARTS}", text, re.M)
    end = text[end.start():] if end else text
    return {"reason": m.monitor.reason(), "ordered": _between(ordered, off), "seconds": _between(began, off),
            "guest": _between(_stamp(end, STARTS), _stamp(end, "reboot: (?:Power down|System halted)")),
            "cpu": round(meter.last - spent, 2), "end": end,
            "bad": [line for line in end.splitlines() if BAD.search(line)]}


def run(t, name, generator, disks):
    """One boot and one power-off of that stack on these disks, which are written to: a dict for a JSON file."""
    path = rivals.ensure(t.guest)
    root, rest = words(name, generator)
    with t.boot(rest, root=f"root={root}", disks=disks, image=rivals.image(t.guest, generator),
                kernel=stacks.kernel_of(path), memory=1024, limit=UP + DOWN + 200) as m:
        try:
            found = {"boots": True, **_up(m)}
        except machine.MachineError as e:
            return {"boots": False, "why": str(e).partition("\n")[0], "console": m.console.text[-6000:]}
        try:
            return {**found, **_down(m)}
        except machine.MachineError as e:
            return {**found, "reason": None, "why": str(e).partition("\n")[0], "end": m.console.text[-6000:]}
