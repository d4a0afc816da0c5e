# SPDX-License-Identifier: MIT
"""foreign: any initrd, read by the packaged tools alone: what `slipway unpack` is compared with.

An image is archives one after the other, each plain or compressed, padded with zeros. Where a plain one ends is
seen from its headers; the first compressed one reaches to the end of the file, and its program knows what to do
with further streams. What is in an archive, cpio(1) says.
"""
import dataclasses
import hashlib
import os
import stat
import subprocess

# First bytes and the program that reads them.
PROGRAMS = (
    (b"\x1f\x8b", ("gzip", "-dc")),
    (b"\xfd7zXZ\0", ("xz", "-dc")),
    (b"]\0\0", ("xz", "--format=lzma", "-dc")),
    (b"\x28\xb5\x2f\xfd", ("zstd", "-q", "-dc")),
    (b"\x02\x21\x4c\x18", ("lz4", "-q", "-dc")),
    (b"\x04\x22\x4d\x18", ("lz4", "-q", "-dc")),
    (b"BZh", ("bzip2", "-dc")),
    (b"\x89LZO\0\r\n", ("lzop", "-dc")),
)
MAGIC = (b"070701", b"070702")
HEADER = 110


def _run(*argv, **more):
    return subprocess.run(argv, capture_output=True, check=True, **more).stdout


@dataclasses.dataclass(frozen=True)
class Record:
    name: str
    mtime: int
    end: int  # the offset of what follows


def _records(data, at):
    """Each record from there to the trailer, which is the last."""
    while True:
        assert data[at : at + 6] in MAGIC, f"no cpio record at {at}"
        mtime, size, namesize = (int(data[at + 6 + 8 * i : at + 14 + 8 * i], 16) for i in (5, 6, 11))
        name = data[at + HEADER : at + HEADER + namesize - 1]
        content = (at + HEADER + namesize + 3) // 4 * 4
        at = min((content + size + 3) // 4 * 4, len(data))
        yield Record(os.fsdecode(name), mtime, at)
        if name == b"TRAILER!!!":
            return


def archives(data):
    """Each archive of the image, unpacked, in their order."""
    found, at = [], 0
    while at < len(data):
        program = next((argv for magic, argv in PROGRAMS if data.startswith(magic, at)), None)
        if program:
            return found + archives(_run(*program, input=data[at:]))
        if data[at] == 0:
            at += 1
            continue
        end = list(_records(data, at))[-1].end
        found.append(data[at:end])
        at = end
    return found


RESERVE = "usr/lib/slipway/reserve.cpio.zst"


def with_reserve(unpacked):
    """These archives, and last what a file of slipway's images holds, which the kernel leaves packed."""
    holds = [archive for archive in unpacked if RESERVE in names(archive)]
    packed = [_run("cpio", "-i", "--quiet", "--to-stdout", RESERVE, input=archive) for archive in holds]
    return unpacked + [archive for data in packed for archive in archives(data)]


def names(archive):
    """What lies in the archive, without the trailer."""
    return [record.name for record in _records(archive, 0)][:-1]


def unpack(unpacked, to):
    """What cpio(1) makes of these archives, one after the other."""
    to.mkdir()
    times = {}
    for archive in unpacked:
        _run("cpio", "-idmu", "--quiet", "--no-absolute-filenames", cwd=to, input=archive)
        times |= {os.path.normpath(r.name.lstrip("/")): r.mtime for r in list(_records(archive, 0))[:-1]}
    # cpio leaves directories and symlinks with the time at which it made them; the kernel takes the archive's.
    for path in sorted(times, reverse=True):
        where = to / path
        if where.is_symlink() or where.is_dir():
            os.utime(where, (times[path], times[path]), follow_symlinks=False)


@dataclasses.dataclass(frozen=True)
class File:
    type: str
    mode: int
    owner: tuple
    mtime: int
    content: str  # a digest, or where a symlink points to
    device: tuple
    links: tuple  # all names of it, if it has several


def tree(top):
    """{path: File} of all that is below that directory."""
    stats = {}
    for where, directories, files in os.walk(top):
        for name in (*directories, *files):
            path = os.path.join(where, name)
            stats[os.path.relpath(path, top)] = os.lstat(path)
    same = {}
    for path, st in stats.items():
        same.setdefault((st.st_dev, st.st_ino), []).append(path)
    found = {}
    for path, st in stats.items():
        kind = stat.S_IFMT(st.st_mode)
        content, device = "", ()
        if kind == stat.S_IFLNK:
            content = os.readlink(os.path.join(top, path))
        elif kind == stat.S_IFREG:
            with open(os.path.join(top, path), "rb") as f:
                content = hashlib.sha256(f.read()).hexdigest()
        elif kind in (stat.S_IFCHR, stat.S_IFBLK):
            device = (os.major(st.st_rdev), os.minor(st.st_rdev))
        links = tuple(sorted(same[(st.st_dev, st.st_ino)]))
        found[path] = File(stat.filemode(st.st_mode)[0], stat.S_IMODE(st.st_mode), (st.st_uid, st.st_gid),
                           int(st.st_mtime), content, device, links if len(links) > 1 else ())
    return found


def differences(expected, found):
    """One line for each path that is not the same in both."""
    for path in sorted(expected.keys() | found.keys()):
        a, b = expected.get(path), found.get(path)
        if a is None or b is None:
            yield f"{path}: only {'found' if a is None else 'expected'}"
        elif a != b:
            what = [f.name for f in dataclasses.fields(a) if getattr(a, f.name) != getattr(b, f.name)]
            yield f"{path}: " + ", ".join(f"{w} is {getattr(b, w)!r}, not {getattr(a, w)!r}" for w in what)
