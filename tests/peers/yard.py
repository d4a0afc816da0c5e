# SPDX-License-Identifier: MIT
"""yard: one machine into which the disks of stacks are plugged, one stack after the other: made there, or looked at."""
import re
import time

import rivals  # first: it says where the modules of the other rings are

import case_stack
import guests
import machine
import stacks
import superblocks

# Each recipe of stacks.py names its disks so.
NAMES = ("/dev/vdc", "/dev/vdd", "/dev/vde", "/dev/vdf", "/dev/vdg")
# What the recipe put together is taken apart, whatever it was, and the disks go as if they were pulled.
APART = """
for n in 1 2 3; do
	umount /mnt; umount /run/s; rmdir /run/s
	vgchange -q -an; dmsetup remove_all; mdadm --stop --scan
	for loop in /dev/loop[0-9]*; do losetup -d $loop; done
done >/dev/null 2>&1
for d in {names}; do echo 1 >/sys/block/${{d#/dev/}}/device/../remove; done
udevadm settle
"""
MARK = "slip-look"  # LOOK says so to the kernel's log
LIMIT = 1800  # seconds for one machine
FIRST = 2  # the workshop's own disks come before


class Yard:
    def __init__(self, m):
        self.m, self.next = m, FIRST
        # Before anything is plugged in: nobody else assembles it.
        m.run(stacks.ALONE)

    def _disks(self):
        return {name for name in self.m.run("ls /sys/block").split() if name.startswith("vd")}

    def plug(self, count):
        """The names of the next disks."""
        names = []
        for n in range(self.next, self.next + count):
            there, deadline = self._disks(), time.monotonic() + 90
            self.m.plug(n)
            while not (new := self._disks() - there):
                if time.monotonic() > deadline:
                    self.m.fail(f"disk {n} did not arrive")
                time.sleep(0.5)
            names += [f"/dev/{name}" for name in new]
        self.next += count
        self.m.run("udevadm settle")
        return names

    def run(self, recipe, names, timeout):
        """(exit code, what it said) of a recipe of stacks.py, with these disks for those that it names."""
        text = re.sub("|".join(NAMES), lambda found: names[NAMES.index(found[0])], recipe)
        said = self.m.run(f"(\n{stacks.script(text)}\n); echo code=$?", timeout=timeout)
        lines = said.splitlines()
        code = int(lines.pop().removeprefix("code="))
        return code, lines

    def clear(self, names):
        self.m.run(APART.format(names=" ".join(names)), timeout=150, check=False)


def _workshop(t, disks):
    return stacks.workshop(t, "slip.look=1", disks, rivals.image(t.guest, "slipway"), rivals.ensure(t.guest),
                           LIMIT)


def make(t, names):
    """The disks of these stacks, of those that there are none of yet."""
    missing = [name for name in names if not stacks.paths(name, rivals.ensure(t.guest))[-1].exists()]
    if not missing:
        return
    blanks = {}
    for name in missing:
        blanks[name] = []
        for path, size in zip(stacks.paths(name, rivals.ensure(t.guest)), stacks.STACKS[name].sizes):
            with open(path.with_suffix(".blank"), "wb") as f:
                f.truncate(size << 20)
            blanks[name].append(machine.Disk(path.with_suffix(".blank"), late=True))
    with _workshop(t, [disk for name in missing for disk in blanks[name]]) as m:
        m.wait_agent()
        yard = Yard(m)
        for name in missing:
            devices = yard.plug(len(blanks[name]))
            code, said = yard.run(stacks.STACKS[name].make, devices, 300)
            if code:
                m.fail(f"cannot make {name}: exit code {code}\n" + "\n".join(said[-20:]))
            yard.clear(devices)
        m.order("poweroff")
        assert m.wait_end(200) == "guest-shutdown"
    for name in missing:
        for path, disk in zip(stacks.paths(name, rivals.ensure(t.guest)), blanks[name]):
            disk.raw(path.with_suffix(".tmp")).rename(path)
            path.with_suffix(".blank").unlink()


def look(t, sets):
    """What a machine finds that puts the stacks together, for each of [(stack's name, raw images)]: never a replay."""
    found = []
    with _workshop(t, [machine.Disk(raw, late=True) for _, raws in sets for raw in raws]) as m:
        m.wait_agent()
        yard = Yard(m)
        for name, raws in sets:
            devices = yard.plug(len(raws))
            code, said = yard.run(case_stack.LOOK + stacks.STACKS[name].look, devices, 250)
            kernel = m.run("dmesg").rpartition(MARK)[2]
            unclean = [line for line in kernel.splitlines() if re.search(case_stack.UNCLEAN, line)]
            found.append({"clean": code == 0 and not unclean, "code": code, "kernel": unclean, "said": said[-6:]})
            yard.clear(devices)
    return found


def on_host(before, after):
    """What the raw images say without a kernel: {what: does it hold}."""
    found = {}
    for n, (old, new) in enumerate(zip(before, after)):
        member = superblocks.md_member(new)
        if member:
            found[f"md member {n} clean"] = member.clean and member.whole
        headers = superblocks.luks_headers(old)
        if headers:
            found[f"LUKS header {n} unchanged"] = superblocks.luks_headers(new) == headers
    open_ones = [e for e in (superblocks.ext4(path, guests.ROOT_UUID) for path in after) if e]
    if open_ones:
        found["ext4 needs no recovery"] = not open_ones[0].needs_recovery
        found["ext4 marked valid"] = open_ones[0].valid
    return found
