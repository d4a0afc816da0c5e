# SPDX-License-Identifier: MIT
"""rivals: one guest that has what Debian packages for initramfs-tools and for dracut, and the three initrds made of it.

    build/peers/GUEST-HASH/tree/           the guest; /boot has dracut's image, from which it restores its exitrd
    build/peers/GUEST-HASH/root.img        the same as a plain ext4 disk
    build/peers/GUEST-HASH/NAME.img        the initrd of that generator, and NAME.log what it said
    build/peers/GUEST-HASH/STACK-N.img     the disks of a stack, as tests/vm/stacks.py makes them

All three are made for any machine (MODULES=most, hostonly=no): one image serves all stacks. The guest's packages
are those of tests/vm/stacks.py and what a Debian with either generator and encrypted disks has: the two packages
`initramfs-tools` and `dracut` exclude each other, so dracut is installed and initramfs-tools' parts beside it.
"""
import dataclasses
import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
sys.path += [str(TOP / "tests" / "vm"), str(TOP / "tests" / "bench")]

import guests  # noqa: E402  (their place is not this directory)
import room  # noqa: E402
import stacks  # noqa: E402
import trial  # noqa: E402

CACHE = TOP / "build" / "peers"
PACKAGES = ("dracut", "initramfs-tools-core", "cryptsetup-initramfs", "cryptsetup", "busybox", "zstd", "kpartx")
# Part of package systemd before Debian 13.
LATER = {"trixie": ("systemd-cryptsetup",), "sid": ("systemd-cryptsetup",)}
NAMES = ("slipway", "initramfs-tools", "dracut")
VERSIONS = ("systemd", "initramfs-tools-core", "cryptsetup-initramfs", "dracut", "lvm2", "mdadm", "cryptsetup-bin",
            "btrfs-progs")
ARGV = {
    # /etc/peers: the root's type, which Debian's hooks look up on the device that the fstab names. cryptsetup, which
    # they take in for the entries of a crypttab, is asked for; what these would say is on the command line (cryptopts=).
    "initramfs-tools": ("mkinitramfs", "-d", "/etc/peers", "-o", "{out}", "{kver}"),
    "dracut": ("dracut", "--force", "--no-hostonly", "--kver", "{kver}", "{out}"),
}


def recipe(name):
    base = stacks._guest(name)
    return dataclasses.replace(base, packages=base.packages + PACKAGES + LATER.get(base.suite, ()))


def path_of(name):
    text = f"{recipe(name)} {ARGV} {guests.path_of(name).name}"
    return CACHE / f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def _configure(tree):
    shutil.copytree(tree / "etc/initramfs-tools", tree / "etc/peers", symlinks=True)
    conf = tree / "etc/peers/initramfs.conf"
    conf.write_text(re.sub(r"^FSTYPE=.*$", "FSTYPE=ext4", conf.read_text(), flags=re.M))
    with open(tree / "etc/cryptsetup-initramfs/conf-hook", "a", encoding="utf-8") as f:
        f.write("CRYPTSETUP=y\n")


def _make_image(path, name, kver):
    """What it took is not told here: make bench does."""
    tree = path / "tree"
    argv = [word.format(kver=kver, out="/var/tmp/initrd") for word in ARGV[name]]
    room.run(trial.BUILD / "bench/measure", tree, argv, (0,), path / f"{name}.log")
    shutil.move(tree / "var/tmp/initrd", path / f"{name}.img")


def _build(name, path):
    tree = path / "tree"
    guest = recipe(name)
    guests._bootstrap(guest, tree)
    guests._settle(guest, tree)
    _configure(tree)
    kver = guests.kernels_of(tree)[-1]
    for each in ARGV:
        _make_image(path, each, kver)
    # As the package's hook of a kernel leaves it.
    shutil.copy(path / "dracut.img", tree / f"boot/initrd.img-{kver}")
    guests._make_fs(tree, path / "root.img")


def ensure(name):
    """The directory of that guest, made if need be."""
    path = path_of(name)
    with guests.locked(CACHE / f"{name}.lock"):
        if not path.exists():
            tmp = CACHE / f".{name}.tmp"
            shutil.rmtree(tmp, ignore_errors=True)
            tmp.mkdir(parents=True)
            _build(name, tmp)
            tmp.rename(path)
            for old in CACHE.glob(f"{name}-*"):
                if old != path:
                    shutil.rmtree(old)
    return path


def release(name):
    return guests.kernels_of(ensure(name) / "tree")[-1]


def image(name, generator):
    """The initrd; slipway's is that of the programs as they are now."""
    path = ensure(name)
    if generator in ARGV:
        return path / f"{generator}.img"
    return trial.kept_image(f"peers-{name}", path / "tree", "--kver", release(name))


def versions(name):
    """{package: version} of what is compared, and of what they call."""
    rows = subprocess.run(["dpkg-query", f"--admindir={ensure(name)}/tree/var/lib/dpkg", "-W", "-f",
                           "${Package} ${Version}\n"], capture_output=True, text=True, check=True).stdout
    found = dict(row.split() for row in rows.splitlines())
    return {package: found[package] for package in VERSIONS}


def key(name, generator):
    """What a result depends on."""
    return f"{path_of(name).name} {trial.programs_digest() if generator == 'slipway' else ''}".strip()
