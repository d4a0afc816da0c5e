# SPDX-License-Identifier: MIT
"""trees: the Debian trees that the generators are run in, made once and kept under build/bench.

A tree is a guest of tests/vm/guests.py with both kernels, and beside what that has the other generators as Debian
packages them, and the libraries that the built slipway was linked with. Only the parts of the packages that make
images: initramfs-tools and dracut themselves refuse to be installed together.
"""
import dataclasses
import functools
import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / "tests" / "vm"))

import guests  # noqa: E402  (its place is not this directory)

CACHE = TOP / "build" / "bench"
PROGRAMS = ("slipway", "init", "shutdown")
# zstd is what initramfs-tools compresses with where it is installed, as it is by default.
PEERS = ("initramfs-tools-core", "dracut-core", "tiny-initramfs-core", "zstd")


def libraries(program):
    """The packages that hold what `program` is linked with."""
    rows = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    paths = {path for path in re.findall(r"=> (/\S+) ", rows)}
    # dpkg may know a file below /usr or beside it.
    names = sorted(paths | {p.removeprefix("/usr") for p in paths} | {f"/usr{p}" for p in paths})
    found = subprocess.run(["dpkg-query", "-S", *names], capture_output=True, text=True, check=False).stdout
    return sorted({row.split(":")[0] for row in found.splitlines()})


def recipe(suite):
    base = guests.GUESTS[suite]
    return dataclasses.replace(base, name=f"bench-{suite}", packages=(*base.packages, *PEERS),
                               kernels=(guests.CLOUD, guests.FULL))


def lacks(tree, needed):
    """Those of the packages that are not there. One that was renamed says whose place it takes."""
    status = (tree / "var/lib/dpkg/status").read_text(encoding="utf-8")
    there = set(re.findall(r"^Package: (\S+)$", status, re.M))
    for row in re.findall(r"^Provides: (.*)$", status, re.M):
        there |= {word.split()[0] for word in row.split(",")}
    return [package for package in needed if package not in there]


def ensure(suite, programs):
    """The tree of that suite, with the programs of directory `programs` in /usr/lib/slipway."""
    guest = recipe(suite)
    needed = sorted({package for name in PROGRAMS[:2] for package in libraries(programs / name)})
    path = CACHE / f"{suite}-{hashlib.sha256(repr(guest).encode()).hexdigest()[:12]}"
    guest = dataclasses.replace(guest, packages=(*guest.packages, *needed))
    tree = path / "tree"
    with guests.locked(CACHE / f"{suite}.lock"):
        if not path.exists() or lacks(tree, needed):
            making = CACHE / f".{path.name}.tmp"
            shutil.rmtree(making, ignore_errors=True)
            making.mkdir(parents=True)
            guests._bootstrap(guest, making / "tree")
            guests._settle(guest, making / "tree")
            for old in CACHE.glob(f"{suite}-????????????"):  # of this name, too
                shutil.rmtree(old)
            making.rename(path)
        (tree / "usr/lib/slipway").mkdir(exist_ok=True)
        for name in PROGRAMS:
            shutil.copy(programs / name, tree / "usr/lib/slipway" / name)
    return tree


@functools.cache
def versions(tree):
    """{package: version} of what is installed there."""
    rows = subprocess.run(["dpkg-query", f"--admindir={tree}/var/lib/dpkg", "-W", "-f", "${Package} ${Version}\n"],
                          capture_output=True, text=True, check=True).stdout
    return dict(row.split() for row in rows.splitlines())


def kernel(tree, full):
    """The release of the cloud kernel or of the full one."""
    return [k for k in guests.kernels_of(tree) if ("cloud" in k) != full][-1]
