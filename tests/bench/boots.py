# SPDX-License-Identifier: MIT
"""boots: each image boots the same disk on the same kernel, in virtual time, and the floor beside them.

The floor is floor.c with the modules that the disk needs, signed as they are, in an archive that is not compressed:
what no initrd can be faster than.

A boot that came to its end is kept by the content of all that went into it (build/bench/boots): the same programs,
kernel and image are not booted twice.
"""
import dataclasses
import functools
import hashlib
import json
import lzma
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import boot
import trees

UUID = "5119be4c-0000-4000-8000-000000000001"
MADE = 1793491200  # 1 November 2026
FSTAB = f"UUID={UUID} / ext4 errors=remount-ro 0 1\n"
DRIVERS = {"virtio": ("virtio_pci", "virtio_blk", "ext4"), "nvme": ("nvme", "ext4")}
FLOOR = "floor"
NONE = "no initrd"
DEVICES = {"virtio": "/dev/vda", "nvme": "/dev/nvme0n1"}
KEPT = trees.CACHE / "boots"
# A figure that is not repeated within this share, or so many ms of it, is worth nothing.
REPEATS, LEAST = 0.01, 0.1
# What the module asks the kernel for by another name while it mounts.
ALSO = {"ext4": "crc32c_generic"}


def root_disk(programs):
    """A file system with nothing but what initrds look for, and next-init as systemd; named by its content."""
    init = programs / "bench/next-init"
    image = trees.CACHE / f"root-{hashlib.sha256(init.read_bytes() + FSTAB.encode()).hexdigest()[:12]}.img"
    if image.exists():
        return image
    with tempfile.TemporaryDirectory(dir=trees.CACHE) as scratch:
        tree = Path(scratch, "tree")
        for name in ("dev", "proc", "sys", "run", "tmp", "root", "etc", "usr/lib/systemd", "usr/bin", "usr/sbin"):
            (tree / name).mkdir(parents=True)
        for name in ("lib", "bin", "sbin"):
            (tree / name).symlink_to(f"usr/{name}")
        shutil.copy(init, tree / "usr/lib/systemd/systemd")
        (tree / "usr/sbin/init").symlink_to("../lib/systemd/systemd")
        (tree / "etc/fstab").write_text(FSTAB)
        (tree / "etc/os-release").write_text("ID=debian\n")
        # Not of the future, by the clock of boot.MACHINE: e2fsck would mend that.
        made = Path(scratch, "image")
        subprocess.run(["mke2fs", "-q", "-t", "ext4", "-U", UUID, "-E", f"hash_seed={UUID}", "-d", tree, made, "256M"],
                       env={**os.environ, "E2FSPROGS_FAKE_TIME": str(MADE)}, stdout=subprocess.DEVNULL, check=True)
        made.rename(image)
    return image


def _insmods(tree, kver, name):
    done = subprocess.run(["modprobe", "-d", tree, "-S", kver, "--show-depends", "--ignore-install", name],
                          capture_output=True, text=True, check=False)
    return [row.split()[1] for row in done.stdout.splitlines() if row.startswith("insmod ")]


def modules_in_order(tree, kver, names):
    """Paths, each after what it depends on; what is built in has none."""
    paths = []
    for name in names:
        found = _insmods(tree, kver, name)
        paths += [path for path in found if path not in paths]
        if found and name in ALSO:
            paths += _insmods(tree, kver, ALSO[name])
    return paths


def _module(path):
    """Its bytes, decompressed: the kernel is given it as it is."""
    unpack = {".xz": lzma.decompress, ".ko": bytes}
    return unpack[Path(path).suffix](Path(path).read_bytes())


def floor(tree, kver, bus, programs, image):
    at = image.with_suffix("")
    shutil.rmtree(at, ignore_errors=True)
    for name in ("dev", "proc", "sys", "run", "root", "modules"):
        (at / name).mkdir(parents=True)
    shutil.copy(programs / "bench/floor", at / "init")
    for n, path in enumerate(modules_in_order(tree, kver, DRIVERS[bus])):
        (at / "modules" / f"{n:02}-{Path(path).name.split('.')[0]}.ko").write_bytes(_module(path))
    names = sorted(str(p.relative_to(at)) for p in at.rglob("*"))
    for path in (at, *at.rglob("*")):
        os.utime(path, (0, 0), follow_symlinks=False)
    with open(image, "wb") as f:
        subprocess.run(["cpio", "-o", "-H", "newc", "--quiet", "--reproducible"], cwd=at, stdout=f, check=True,
                       input="\n".join([".", *names]).encode())
    return image


def vmlinuz(tree, kver):
    places = (tree / f"boot/vmlinuz-{kver}", tree / f"usr/lib/modules/{kver}/vmlinuz")
    return next(p for p in places if p.exists())


@functools.cache
def _version():
    """qemu's own: a newer one may count otherwise."""
    return subprocess.run([boot.QEMU, "--version"], capture_output=True, text=True, check=True).stdout.split("\n")[0]


def _content(path):
    return hashlib.sha256(path.read_bytes()).hexdigest() if path else None


def _key(kernel, image, disk, bus, words, more=()):
    facts = [_version(), disk.name, boot.MACHINE, boot.WORDS, boot.DISKS[bus], words, more, _content(kernel),
             _content(image), [f.name for f in dataclasses.fields(boot.Cost)]]
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:24]


def once(kernel, image, disk, bus, words, more=()):
    """A boot's cost as a dict, measured now or before."""
    kept = KEPT / f"{_key(kernel, image, disk, bus, words, more)}.json"
    if kept.exists():
        return json.loads(kept.read_text(encoding="utf-8"))
    cost = dataclasses.asdict(boot.run(kernel, image, disk, bus, words, more=more))
    KEPT.mkdir(exist_ok=True)
    fresh = kept.with_suffix(f".{os.getpid()}")
    fresh.write_text(json.dumps(cost) + "\n", encoding="utf-8")
    fresh.rename(kept)
    return cost


@dataclasses.dataclass(frozen=True)
class Initrd:
    """What is to be booted."""
    name: str
    mode: str    # "host", "generic", or empty
    path: Path   # None: without
    words: str = f"root=UUID={UUID}"

    def boot(self, start, kernel, disk, bus):
        """`start` is once() or boot.run()."""
        return start(kernel, self.path, disk, bus, f"{self.words} {boot.UNTRACED}")


def _row(initrd, kernel, disk, bus):
    row = {"name": initrd.name, "mode": initrd.mode}
    try:
        cost = initrd.boot(once, kernel, disk, bus)
    except boot.Failed as why:
        print(f"  {bus} {initrd.name}: {why}", flush=True)
        return {**row, "failed": str(why)}
    row |= {key: value for key, value in cost.items() if key not in ("said", "idle")}
    row["sum"], row["packed"] = cost["unpack"] + cost["run"], initrd.path.stat().st_size if initrd.path else 0
    print(f"  {bus} {initrd.name}: {row['sum']:.1f} ms", flush=True)
    return row


def repeated(kernel, initrd, disk, bus):
    """The same boot once more: by how much it differs, of 1."""
    costs = [initrd.boot(boot.run, kernel, disk, bus) for _ in range(2)]
    return abs(costs[0].sum / costs[1].sum - 1)


def _compared(tree, kver, bus, images):
    """The images that can boot from that bus: one for a single machine has the modules of a virtio disk."""
    generic_only = bus != "virtio" and _insmods(tree, kver, DRIVERS[bus][0])
    yield from (i for i in images if i.mode != "host" or not generic_only)
    # A kernel that has everything built in needs none.
    if not modules_in_order(tree, kver, DRIVERS[bus]):
        yield Initrd(NONE, "", None, f"root={DEVICES[bus]} rootfstype=ext4 init=/usr/lib/systemd/systemd")


def measure(tree, kver, bus, images, programs):
    """({"rows": one for the floor and for each of `images`}, what is wrong with the measuring itself or None)."""
    disk, kernel = root_disk(programs), vmlinuz(tree, kver)
    least = floor(tree, kver, bus, programs, trees.CACHE / f"floor-{kver}-{bus}.img")
    least = Initrd(FLOOR, "", least, f"floor={DEVICES[bus]}")
    rows = [_row(i, kernel, disk, bus) for i in (least, *_compared(tree, kver, bus, images))]
    if "failed" in rows[0]:
        raise RuntimeError(f"the floor does not boot from {bus}: {rows[0]['failed']}")
    apart = repeated(kernel, least, disk, bus)
    wrong = None
    if apart > REPEATS and apart * rows[0]["sum"] > LEAST:
        wrong = f"{kver}, {bus}: the same boot differs by {apart:.1%}, more than {REPEATS:.0%}"
    return {"rows": rows, "repeats": apart}, wrong
