# SPDX-License-Identifier: MIT
"""case_arrive: the disks of a stack come one after the other, in an order and after pauses that chance decides; one of
them comes 20 s after the others, or not at all. A row's name says which: arrive-STACK[-late|-missing].

And two disks where one is wanted: a copy of it.
"""
import os
import random
import re
import time

import guests
import machine
import stacks
from case_root import printed_at, root_mount
from case_stack import stack_image
from trial import REPORT_INIT, case, report_of

LATE = 20
SEED = "SLIP_ARRIVE_SEED"  # in the environment: the order of a run that failed
# What the kernel says of an array that is whole, and of one without a member; what is mounted in the end.
WHOLE = {"tower": "active with 2 out of 2 mirrors", "raid5": "active with 3 out of 3 devices"}
DEGRADED = {"tower": "active with 1 out of 2 mirrors", "raid5": "active with 2 out of 3 devices"}
# As stacks.STACKS has it; all disks of a degraded array are there, too.
STACK = {"tower": "tower", "raid5": "raid5-degraded", "btrfs-luks": "btrfs-luks"}


def _chance(t):
    """Another order in each run; what it was is in the directory of the case."""
    seed = os.environ.get(SEED) or str(random.SystemRandom().randrange(1 << 32))
    (t.directory / "seed").write_text(f"{SEED}={seed}\n")
    print(f"{SEED}={seed}")
    return random.Random(seed)


def _arrive(t, m, chance, order):
    """All but what the variant keeps back; the pauses are in the log of the case."""
    m.wait_for(r"slipway: .*waiting for the root device|Run /init", 90)
    for n in order:
        pause = chance.uniform(0, 3)
        time.sleep(pause)
        m.plug(n)
        with open(t.directory / "order", "a", encoding="utf-8") as f:
            f.write(f"disk {n} {pause:.1f} s after the one before\n")


def _boot(t, name, late, words=""):
    stack, image = stacks.STACKS[STACK[name]], stack_image(t)
    disks = [machine.Disk(i, late=late) for i in stacks.disks(t, STACK[name], image)]
    return t.boot(f"{REPORT_INIT} {words}", root=f"root={stack.root}", disks=disks, image=image,
                  kernel=stacks.vmlinuz(t.guest), memory=1024, limit=400)


def _unlock(m, name):
    for _ in range(stacks.STACKS[STACK[name]].prompts):
        m.wait_for(r"Passphrase for ", 150)
        m.send(f"{stacks.PASSPHRASE}\r")


def _ours(m):
    """What slipway said, without the kernel's stamp."""
    return re.findall(r"^\[[ .\d]+\] slipway: (.*)$", m.console.text, re.M)


def _mounted(t, m, name):
    source = root_mount(report_of(m, 150))[1]
    assert source.startswith("/dev/md" if name == "raid5" else "/dev/dm-"), source
    assert "Kernel panic" not in m.console.text


@case
def arrive(t):
    """In any order: found, nothing is degraded, and nothing fails on the way."""
    name = t.name.removeprefix("arrive-")
    chance = _chance(t)
    with _boot(t, name, True) as m:
        _arrive(t, m, chance, chance.sample(range(len(m.disks)), len(m.disks)))
        _unlock(m, name)
        _mounted(t, m, name)
        assert WHOLE.get(name, "") in m.console.text
        assert not [line for line in _ours(m) if "ignoring" in line or "cannot" in line], _ours(m)


@case
def late(t):
    """One comes 20 s after the others: it is named meanwhile, waited for, and nothing is degraded."""
    name = t.name.removeprefix("arrive-").removesuffix("-late")
    chance = _chance(t)
    with _boot(t, name, True) as m:
        *order, last = chance.sample(range(len(m.disks)), len(m.disks))
        _arrive(t, m, chance, order)
        if name == "btrfs-luks":
            _unlock(m, name)
        m.wait_for(MISSING[name], LATE)
        time.sleep(LATE)
        assert "report: begin" not in m.agent.text
        m.plug(last)
        if name != "btrfs-luks":
            _unlock(m, name)
        _mounted(t, m, name)
        assert WHOLE.get(name, "") in m.console.text
        assert not [line for line in _ours(m) if "ignoring" in line or "cannot" in line], _ours(m)


# The waiting line, up to what is missing.
MISSING = {
    "tower": r"waiting for the root device /dev/mapper/my--vg-root.*array md\d+ lacks members \(1 of 2: ",
    "raid5": r"waiting for the root device UUID=.*array md\d+ lacks members \(2 of 3: ",
    "btrfs-luks": rf"waiting for the root device UUID=.*btrfs {stacks.BTRFS_UUID} lacks devices \(1 of 2: dm-0 ← vda\)"
                  rf".*no LUKS container UUID={stacks.LUKS_UUID}\d is there",
}


@case
def missing(t):
    """One does not come: an array is used without it after half a minute, which is said; a btrfs is refused, and the
    error names what is missing."""
    name = t.name.removeprefix("arrive-").removesuffix("-missing")
    chance = _chance(t)
    with _boot(t, name, True, "rd.timeout=60") as m:
        *order, _ = chance.sample(range(len(m.disks)), len(m.disks))
        _arrive(t, m, chance, order)
        if name == "btrfs-luks":
            _refused(m, name)
            return
        _unlock(m, name)
        _mounted(t, m, name)
        assert DEGRADED[name] in m.console.text
        said = [line for line in _ours(m) if "without" in line]
        assert len(said) == 1 and re.search(r"array md\d+", said[0]), _ours(m)
        waited = (printed_at(m.console.text, DEGRADED[name]) -
                  printed_at(m.console.text, rf"\[vd{'abc'[len(order) - 1]}\]"))
        assert 29 <= waited < 40, waited


def _refused(m, name):
    _unlock(m, name)
    m.wait_for("the boot cannot go on", 120)
    errors = [line for line in _ours(m) if line.startswith("root: cannot")]
    assert len(errors) == 1, errors
    assert re.search(r"cannot find the root device UUID=\S+: waited 60 s; .*lacks devices \(1 of 2", errors[0]), errors
    assert re.search(rf"no LUKS container UUID={stacks.LUKS_UUID}[12] is there", errors[0]), errors


@case
def ambiguous(t):
    """Two disks with the wanted file system, and two that are copies of one container: one error names both, nothing
    is mounted, and nobody is asked for a passphrase."""
    with t.boot(REPORT_INIT, disks=[t.disk(), t.disk()]) as m:
        m.wait_for("the boot cannot go on", 90)
        _both_named(m, guests.ROOT_UUID)
    stack, image = stacks.STACKS["luks"], stack_image(t)
    container = stacks.disks(t, "luks", image)[0]
    for root in (stack.root, stacks.ROOT):
        with t.boot(f"{REPORT_INIT} rd.timeout=8", root=f"root={root}", image=image, memory=1024,
                    disks=[machine.Disk(container), machine.Disk(container)], kernel=stacks.vmlinuz(t.guest)) as m:
            m.wait_for("the boot cannot go on", 90)
            _both_named(m, stacks.LUKS_UUID)


def _both_named(m, uuid):
    errors = [line for line in _ours(m) if line.startswith("root: cannot")]
    assert len(errors) == 1, errors
    assert "vda" in errors[0] and "vdb" in errors[0] and uuid in errors[0], errors
    assert "Passphrase for" not in m.console.text and "mounted /dev" not in m.console.text
