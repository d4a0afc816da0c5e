# SPDX-License-Identifier: MIT
"""case_powercut: the power goes at any flush of a boot and a shutdown, and between: nothing that is not mended, nothing
lost that was synced.

To kill qemu is not the same: what the guest has written then lies in the host's page cache, all of it and in order, so
no write is ever lost or overtaken by a later one. A disk with a cache of its own loses what was not flushed. So the
writes are recorded, and the states that a cut may leave are made from the record.
"""
import bisect
import collections
import contextlib
import dataclasses
import itertools
import pathlib
import re
import shutil
import subprocess
import tempfile

import extfs
import ledger
import mirror
import powercut
import stacks
import superblocks
from case_contract import check_running
from case_stack import stack_image
from machine import Disk, Machine
from trial import case

SEED = 122
REACH = 4 << 20  # where the header of a container that lies on an array begins at most
STACK = {"powercut-luks-raid1": "luks-mirror", "powercut-lvm-raid1": "lvm-mirror", "powercut-mirror": "luks-mirror"}


@dataclasses.dataclass
class Record:
    """One life of a machine: what its disks held before, what was written, and the lines that must be there."""
    bases: list
    logs: list
    lines: ledger.Ledger
    starts: list  # the first log's epoch that each of `epochs` begins with
    epochs: list  # of each disk, equally many

    @classmethod
    def of(cls, m, bases, lines):
        logs = [powercut.Log(disk.log) for disk in m.disks]
        if len(logs) == 1:
            return cls(bases, logs, lines, range(len(logs[0].epochs)), [logs[0].epochs])
        # When the machine was killed, the second member may lack what came last.
        if m.monitor.reason() is None:
            logs[0].epochs.pop()
        return cls(bases, logs, lines, *mirror.paired(*(log.epochs for log in logs)))

    def states(self):
        return list(powercut.states(self.epochs, SEED, len(self.epochs) - 1))

    def synced(self, epoch):
        return self.lines.synced(self.logs[0], self.starts[epoch])

    def last(self):
        return len(self.epochs[0]) - 1


def logged(t, base, name):
    return Disk(base, log=t.directory / f"{name}.log")


def check_end(record, image):
    """Down is down: nothing stands in the disk's cache, and the file system was unmounted."""
    last = record.last()
    assert not record.logs[0].epochs[-1], "written, and never flushed"
    with image.state(last, ()) as path:
        _, head = extfs.run("dumpe2fs", "-h", path)
        assert "needs_recovery" not in head and re.search(r"^Filesystem state: +clean$", head, re.M), head
        assert extfs.check(path, False, record.synced(last)) == "clean"


def check_teeth(record, image):
    """That these checks see something: of each epoch that was flushed all is lost, and a later one is there."""
    seen = collections.Counter()
    for n in range(1, len(record.epochs[0])):
        with image.state(n - 1, record.epochs[0][n]) as path:
            try:
                extfs.check(path, False, record.synced(n))
                seen["passed"] += 1
            except AssertionError as e:
                seen["lost" if "were synced" in str(e) else "damaged"] += 1
    assert seen["lost"] and seen["damaged"], seen
    return seen


def report(t, what, states, counts):
    """The numbers, for whoever reads along and for docs/powercut.md."""
    kinds = collections.Counter(state.kind for state in states)
    line = f"{t.name}@{t.guest}: {what}: seed {SEED}, {len(states)} states " + \
        f"({', '.join(f'{n} {k}' for k, n in kinds.items())}): {', '.join(f'{n} {k}' for k, n in counts.items())}"
    print(line)
    with open(t.directory / "states.txt", "a") as f:
        f.write(line + "\n")


def check_states(t, what, record, image):
    states, counts = record.states(), collections.Counter()
    for state in states:
        with image.state(state.epoch, state.writes[0]) as path:
            try:
                counts[extfs.check(path, state.kind == "torn", record.synced(state.epoch))] += 1
            except AssertionError as e:
                raise AssertionError(f"{what}: {state}: {e}") from e
    report(t, what, states, counts)
    return counts


def dirty_state(record):
    """One in the midst of work: it needs its journal."""
    working = bisect.bisect_left(record.starts, record.logs[0].epoch_of(record.lines.told[-1]))
    return [s for s in record.states() if s.kind == "lost" and s.epoch < working][-1]


# Of struct ext4_super_block: when it was written, how much was, and the checksum.
STAMPS = {1024 + at + n for at, size in ((0x30, 4), (0x178, 8), (0x3FC, 4)) for n in range(size)}


def check_quiet(log, base):
    """Of a disk in order e2fsck writes the superblock anew, and /init nothing: what it stages is in memory."""
    with open(base, "rb") as f:
        for w in itertools.chain(*log.epochs):
            f.seek(w.sector * powercut.SECTOR)
            before = f.read(len(w.data))
            changed = {w.sector * powercut.SECTOR + n for n, old in enumerate(before) if old != w.data[n]}
            assert changed <= STAMPS, sorted(changed)


def whole_life(t, base):
    """From a disk in order to power-off."""
    disk, lines = logged(t, base, "life"), ledger.Ledger()
    with t.boot(disks=[disk]) as m:
        m.wait_for(r"slipway: switch-root: starting", 120)
        early = powercut.Log(disk.log)
        m.wait_agent()
        lines.write(m, 20)
        check_running(m)
        m.order("poweroff")
        t.assert_down(m, "poweroff")
        assert m.wait_end(60) == "guest-shutdown"
    check_quiet(early, base)
    return Record.of(m, [base], lines)


def after_a_cut(t, base, lines):
    """From a disk that needs its journal, until the next system is there."""
    disk = logged(t, base, "replay")
    with t.boot(disks=[disk]) as m:
        m.wait_agent()
        assert "recovering journal" in m.console.text, m.console.text[-3000:]
    return Record.of(m, [base], ledger.Ledger(lines))


@case
def ext4(t):
    """Each flush of a whole life, and of a boot that begins with a replay."""
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="slip-powercut-", dir="/dev/shm"))
    try:
        life = whole_life(t, t.disk().backing)
        image = powercut.Image(scratch / "life.img", life.bases[0], life.epochs[0])
        counts = check_states(t, "a life", life, image)
        assert counts["journal replayed"] and counts["clean"], counts
        check_end(life, image)
        report(t, "flushed writes lost on purpose", [], check_teeth(life, image))
        dirty = dirty_state(life)
        with image.state(dirty.epoch, dirty.writes[0]) as path:
            subprocess.run(["cp", "--sparse=always", path, t.directory / "dirty.img"], check=True)
        image.close()
        replay = after_a_cut(t, t.directory / "dirty.img", life.synced(dirty.epoch))
        image = powercut.Image(scratch / "replay.img", replay.bases[0], replay.epochs[0])
        counts = check_states(t, "a boot after a cut", replay, image)
        assert counts["journal replayed"] and counts["clean"], counts
        (t.directory / "dirty.img").unlink()
    finally:
        shutil.rmtree(scratch)


@contextlib.contextmanager
def stack_up(t, name, bases, label):
    """A machine with that stack, recorded, as soon as it listens."""
    stack = stacks.STACKS[name]
    disks = [logged(t, base, f"{label}{n}") for n, base in enumerate(bases)]
    with t.boot(root=f"root={stack.root}", disks=disks, image=stack_image(t), kernel=stacks.vmlinuz(t.guest),
                memory=1024, limit=500) as m:
        for _ in range(stack.prompts):
            m.wait_for(r"Passphrase for ", 120)
            m.send(f"{stacks.PASSPHRASE}\r")
        m.wait_agent(200)
        yield m


def end(t, m):
    m.order("poweroff")
    t.assert_down(m, "poweroff")
    assert m.wait_end(60) == "guest-shutdown"


def stack_life(t, name, bases):
    """A whole one. The next boot's resynchronisation is to be a slow one, else it is most of that record."""
    lines = ledger.Ledger()
    with stack_up(t, name, bases, "life") as m:
        m.run("mkdir -p /etc/sysctl.d; echo dev.raid.speed_limit_max = 1000 >/etc/sysctl.d/slip.conf")
        lines.write(m, 12)
        check_running(m)
        end(t, m)
    return Record.of(m, bases, lines)


def stack_replay(t, name, bases, lines):
    """From a cut in the midst of work, until the next system is there."""
    with stack_up(t, name, bases, "replay") as m:
        assert "recovering journal" in m.console.text, m.console.text[-3000:]
    return Record.of(m, bases, ledger.Ledger(lines))


def stack_resync(t, name, bases):
    """A member is lost and comes back; the power-off comes while it is filled."""
    lines = ledger.Ledger()
    with stack_up(t, name, bases, "resync") as m:
        m.run("echo 4000 >/proc/sys/dev/raid/speed_limit_max; md=/dev/$(ls /sys/block | grep md)\n"
              "mdadm $md --fail /dev/vdb && mdadm $md --remove /dev/vdb; echo 1 >/root/alone; sync\n"
              "mdadm $md --add /dev/vdb")
        lines.write(m, 4)
        assert "recovery" in m.run("cat /proc/mdstat")
        end(t, m)
    return Record.of(m, bases, lines)


def check_host(paths, headers):
    """What the members say of themselves."""
    members = [superblocks.md_member(path) for path in paths]
    assert all(member and member.whole for member in members), members
    assert members[0].array == members[1].array and abs(members[0].events - members[1].events) <= 1, members
    assert [superblocks.luks_headers(path, REACH) for path in paths] == headers, "the LUKS header has changed"
    return members


def check_found(state, found, at_least):
    assert (found.fsck in (0, 1), found.found) == (True, 0), found.said
    assert state.kind == "torn" or "superblock torn" not in found.words(), found.said
    ledger.check(found.ledger, at_least)


@dataclasses.dataclass
class Checker:
    """A guest that puts states of that stack together, and the two images that its disks stand on."""
    name: str
    machine: Machine
    images: list
    headers: list  # LUKS, of each member, or of none


def check_stack(t, what, record, states, c):
    """These states of its, in that guest."""
    counts = collections.Counter()
    for image, epochs in zip(c.images, record.epochs):
        image.replay(epochs)
    for state in states:
        with contextlib.ExitStack() as held:
            paths = [held.enter_context(image.state(state.epoch, w)) for image, w in zip(c.images, state.writes)]
            try:
                check_host(paths, c.headers)
                found = mirror.look(c.machine, c.name)
                check_found(state, found, record.synced(state.epoch))
            except AssertionError as e:
                raise AssertionError(f"{what}: {state}: {e}") from e
            counts.update(found.words())
    report(t, what, states, counts)
    return counts


def check_line_is_missed(record, c):
    """That the guest's look sees something: right after the last line but one was synced, the last one is missing."""
    lines = len(record.lines.told)
    epoch = next(n for n in range(record.last()) if record.synced(n) == lines - 1)
    with contextlib.ExitStack() as held:
        for image in c.images:
            held.enter_context(image.state(epoch, ()))
        found = mirror.look(c.machine, c.name)
    assert found.ledger == ledger.text(lines - 1), found.said


def check_stack_end(record, c):
    """Both members are flushed, agree, and have nothing to resynchronise."""
    assert not any(log.epochs[-1] for log in record.logs), "written, and never flushed"
    with contextlib.ExitStack() as held:
        members = check_host([held.enter_context(image.state(record.last(), ())) for image in c.images], c.headers)
    assert members[0].events == members[1].events and all(member.clean for member in members), members


def blank(path, size):
    with open(path, "wb") as f:
        f.truncate(size)
    return path


def dirty_copies(t, life, state):
    """The disks of the next boot."""
    out = []
    for n, (base, epochs, writes) in enumerate(zip(life.bases, life.epochs, state.writes)):
        path = t.directory / f"dirty{n}.img"
        image = powercut.Image(path, base, epochs)
        image.settle(state.epoch, writes)
        image.file.close()
        out.append(path)
    return out


@contextlib.contextmanager
def checker(t, name, bases):
    blanks = [blank(t.directory / f"state{n}.img", base.stat().st_size) for n, base in enumerate(bases)]
    # Two seconds a state, and some more where others work on the machine.
    with stacks.workshop(t, "slip.check=1", [Disk(b) for b in blanks], stack_image(t), limit=3600) as m:
        mirror.prepare(m)
        # udev has seen empty disks, and nothing looks at them any more.
        images = [powercut.Image(b, base, []) for b, base in zip(blanks, bases)]
        headers = [superblocks.luks_headers(base, REACH) for base in bases]
        assert all(map(bool, headers)) == name.startswith("luks"), headers
        yield Checker(name, m, images, headers)
    for path in blanks:
        path.unlink()


def check_life(t, life, states, c):
    counts = check_stack(t, "a life", life, states, c)
    assert counts["journal replayed"] and counts["resync"] and counts["clean"], counts
    check_stack_end(life, c)
    check_line_is_missed(life, c)


@case
def mirrored(t):
    """The same of one layer on a RAID1, with the cut in one epoch of both members: the superblocks and the LUKS header
    are read on the host, all else is seen by one guest that puts each state together."""
    name = STACK[t.name]
    bases = stacks.disks(t, name, stack_image(t))
    life = stack_life(t, name, bases)
    dirty = dirty_state(life)
    replay = stack_replay(t, name, dirty_copies(t, life, dirty), life.synced(dirty.epoch))
    resync = stack_resync(t, name, bases)
    with checker(t, name, bases) as c:
        check_life(t, life, powercut.thin(life.states(), 50, SEED), c)
        states = powercut.pick(resync.states(), 20, 6)
        counts = check_stack(t, "power-off while a member is filled", resync, states, c)
        assert counts["recovery"], counts
        check_stack_end(resync, c)
        for image, epochs, writes in zip(c.images, life.epochs, dirty.writes):
            image.replay(epochs)
            image.settle(dirty.epoch, writes)
        states = powercut.pick(replay.states(), 20, 2)
        counts = check_stack(t, "a boot after a cut", replay, states, c)
        assert counts["journal replayed"] and counts["resync"], counts
    for path in replay.bases:
        path.unlink()


@case
def mirrored_some(t):
    """Twenty states of a life, the last ones among them."""
    name = STACK[t.name]
    bases = stacks.disks(t, name, stack_image(t))
    life = stack_life(t, name, bases)
    with checker(t, name, bases) as c:
        check_life(t, life, powercut.pick(life.states(), 20, 4), c)
