# SPDX-License-Identifier: MIT
"""newc: an uncompressed image taken apart and put together again, to break one thing in it."""
import stat
from dataclasses import dataclass


@dataclass
class Entry:
    mode: int
    data: bytes = b""
    rdev: tuple = (0, 0)


def padded(data):
    return data + bytes(-len(data) % 4)


def read(image):
    """{path: Entry}, in the order of the archive."""
    entries, at = {}, 0
    while True:
        assert image[at : at + 6] == b"070701"
        fields = [int(image[at + 6 + 8 * i : at + 14 + 8 * i], 16) for i in range(13)]
        name = image[at + 110 : at + 110 + fields[11] - 1].decode()
        start = at + len(padded(bytes(110 + fields[11])))
        if name == "TRAILER!!!":
            return entries
        entries[name] = Entry(fields[1], image[start : start + fields[6]], (fields[9], fields[10]))
        at = start + len(padded(bytes(fields[6])))


def record(ino, name, entry):
    nlink = 2 if stat.S_ISDIR(entry.mode) else 1
    major, minor = entry.rdev
    raw = name.encode() + b"\0"
    fields = (ino, entry.mode, 0, 0, nlink, 0, len(entry.data), 0, 0, major, minor, len(raw), 0)
    return padded(b"070701" + b"".join(b"%08X" % f for f in fields) + raw) + padded(entry.data)


def write(entries):
    records = [record(i + 1, name, entry) for i, (name, entry) in enumerate(entries.items())]
    return b"".join(records) + record(0, "TRAILER!!!", Entry(0))
