# SPDX-License-Identifier: MIT
"""powercut: what a disk may hold when the power goes, from qemu's record of each write and each flush.

The record is that of blklogwrites, in the format of dm-log-writes (Linux, Documentation/admin-guide/device-mapper/
log-writes.rst): a superblock, then entries of one sector with the data behind them. What lies between two flushes is an
epoch. When a flush has ended, all before it is on the disk; of the epoch after it any part may be: the disk's cache
writes in what order it likes, and of a write that the cut falls into any of its sectors may be there. Members of one
array are flushed together: at one moment they are in the same epoch, each with a part of its own, or one is a flush
ahead.
"""
import bisect
import collections
import contextlib
import dataclasses
import itertools
import mmap
import random
import struct
import subprocess

SECTOR = 512
MAGIC = 0x6A736677736872
FLUSH = 1
SUPER = struct.Struct("<QQQI")   # magic, version, entries, sector size
ENTRY = struct.Struct("<QQQQ")   # sector, sectors, flags, length of a mark's text

Write = collections.namedtuple("Write", "sector data")


def count_entries(path):
    """How many entries are in the record of a running machine; it is counted at each flush."""
    with open(path, "rb") as f:
        head = f.read(SUPER.size)
    return SUPER.unpack(head)[2] if head else 0


class Log:
    """One disk's record. `epochs`: the writes of each; the last one is what came after the last flush, mostly nothing.
    `flushes`: which entries were flushes."""

    def __init__(self, path):
        self.epochs, self.flushes = [[]], []
        if not path.stat().st_size:
            return
        with open(path, "rb") as f:
            data = memoryview(mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ))
        magic, version, count, size = SUPER.unpack_from(data)
        if (magic, version, size) != (MAGIC, 1, SECTOR):
            raise ValueError(f"{path}: no log of writes: magic {magic:#x}, version {version}, sectors of {size}")
        for n, (flags, write) in enumerate(self._entries(path, data, count)):
            if flags & FLUSH:
                self.flushes.append(n)
                self.epochs.append([])
            else:
                self.epochs[-1].append(write)

    @staticmethod
    def _entries(path, data, count):
        at = SECTOR
        for n in itertools.count():
            if at + SECTOR > len(data):
                break
            sector, sectors, flags, _ = ENTRY.unpack_from(data, at)
            start, at = at + SECTOR, at + SECTOR + sectors * SECTOR
            # What is not counted yet was being written when qemu was killed.
            if n >= count and (not sectors or at > len(data)):
                break
            if flags & ~FLUSH or at > len(data):
                raise ValueError(f"{path}: entry {n}: flags {flags:#x}, {sectors} sectors at {sector}")
            yield flags, Write(sector, data[start:at])

    def epoch_of(self, entries):
        """The epoch in which the record had that many entries."""
        return bisect.bisect_left(self.flushes, entries)


@dataclasses.dataclass(frozen=True)
class State:
    """After so many flushes; and of the writes since then those that each disk has."""
    epoch: int
    kind: str
    writes: tuple

    def __str__(self):
        return f"{self.kind} after flush {self.epoch}, " + "+".join(str(len(w)) for w in self.writes) + " writes"


def _some(rng, writes):
    return tuple(w for w in writes if rng.random() < 0.5)


def _tear(rng, writes):
    """One of several sectors is there in part."""
    large = [w for w in writes if len(w.data) > SECTOR]
    if not large:
        return None
    torn = rng.choice(large)
    kept = [Write(torn.sector + n, torn.data[n * SECTOR:(n + 1) * SECTOR])
            for n in range(len(torn.data) // SECTOR) if rng.random() < 0.5]
    before = itertools.takewhile(lambda w: w is not torn, writes)
    return _some(rng, tuple(before)) + tuple(kept)


def _same(part):
    return tuple((w.sector, len(w.data)) for w in part)


def _cuts(rng, epochs, n):
    """(kind, what each disk has) in that epoch, which is the n-th."""
    yield "flushed", tuple(() for _ in epochs)
    if not any(epochs):
        return
    for _ in range(2):
        yield "lost", tuple(_some(rng, e) for e in epochs)
    if len(epochs) > 1:
        ahead = rng.randrange(len(epochs))
        yield "skewed", tuple(e if i == ahead else _some(rng, e) for i, e in enumerate(epochs))
    if n % 4 == 0:
        torn = tuple(_tear(rng, e) for e in epochs)
        if all(torn):
            yield "torn", torn


def states(logs, seed, first=0):
    """Those that are looked at, in the order of time: each flush, and seeded random ones in between, each once.
    `logs`: the epochs of each disk, equally many; those before the `first` are passed over."""
    rng = random.Random(seed)
    for n, epochs in enumerate(zip(*logs, strict=True)):
        # The whole epoch is what the next flush leaves.
        seen = {tuple(map(_same, epochs))} if n + 1 < len(logs[0]) and any(epochs) else set()
        for kind, writes in _cuts(rng, epochs, n):
            key = tuple(map(_same, writes))
            if n >= first and key not in seen:
                seen.add(key)
                yield State(n, kind, writes)


def thin(found, count, seed):
    """Each flush, and `count` of the others."""
    others = [s for s in found if s.kind != "flushed"]
    kept = set(map(id, random.Random(seed).sample(others, min(count, len(others)))))
    return [s for s in found if s.kind == "flushed" or id(s) in kept]


def pick(found, count, last):
    """`count` of them: the `last` ones, the others evenly."""
    early = found[:-last]
    room = min(count - last, len(early))
    return [early[n * len(early) // room] for n in range(room)] + found[-last:]


class Image:
    """A raw image that is brought into one state after the other, there and back. A file that is there stays the same
    one, so that a machine may have it open."""

    def __init__(self, path, base, epochs):
        subprocess.run(["cp", "--sparse=always", base, path], check=True)
        self.path, self.epochs, self.undo = path, epochs, []
        self.file = open(path, "r+b", buffering=0)

    def close(self):
        self.file.close()
        self.path.unlink()

    def _apply(self, writes):
        """What was there before, the last first."""
        before = []
        for w in writes:
            self.file.seek(w.sector * SECTOR)
            before.insert(0, Write(w.sector, self.file.read(len(w.data))))
            self.file.seek(w.sector * SECTOR)
            self.file.write(w.data)
        return before

    def _seek(self, epoch):
        while len(self.undo) > epoch:
            self._apply(self.undo.pop())
        while len(self.undo) < epoch:
            self.undo.append(self._apply(self.epochs[len(self.undo)]))

    def replay(self, epochs):
        """Another record from the same beginning."""
        self._seek(0)
        self.epochs = epochs

    def settle(self, epoch, writes):
        """That state is a beginning from now on, of no record yet."""
        self._seek(epoch)
        self._apply(writes)
        self.epochs, self.undo = [], []

    @contextlib.contextmanager
    def state(self, epoch, writes):
        self._seek(epoch)
        before = self._apply(writes)
        try:
            yield self.path
        finally:
            self._apply(before)
