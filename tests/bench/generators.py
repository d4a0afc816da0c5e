# SPDX-License-Identifier: MIT
"""generators: what is compared: one row a way to make an image. All run in the same tree, for the same kernel.

Each runs as its package sets it up, except for what the tree cannot know: initramfs-tools is told the root's file
system (the device that /etc/fstab names is not on this machine), and what takes a list gets the modules of a virtio
disk with ext4.
"""
import dataclasses
import re
import shutil

NEEDED = ("virtio_pci", "virtio_blk", "ext4")
OUT = "var/tmp/bench"  # in the tree


@dataclasses.dataclass(frozen=True)
class Generator:
    name: str
    mode: str  # "host" or "generic"
    package: str  # whose version is told; empty: slipway
    argv: tuple  # {kver}, {out} and {device} are filled in
    may_fail: bool = False  # it looks at this machine, which it may not understand
    done: tuple = (0,)  # the exit codes of success


def _initramfs_tools(modules, mode, may_fail=False):
    return Generator(f"initramfs-tools, MODULES={modules}", mode, "initramfs-tools-core",
                     ("mkinitramfs", "-d", f"/etc/bench/{modules}", "-o", "{out}", "{kver}"), may_fail)


def _dracut(option, mode, *more):
    return Generator(f"dracut {option}", mode, "dracut-core",
                     ("dracut", "--force", option, *more, "--kver", "{kver}", "{out}"), may_fail=mode == "host")


SLIPWAY = ("/usr/lib/slipway/slipway", "build", "-f", "--kver", "{kver}", "-o", "{out}")
# Told its root, since of a chroot it does not believe that it is this machine's. 3: it has doubts, since that is not
# the root that the tree's fstab names.
HOST = Generator("slipway --host", "host", "", (*SLIPWAY, "--host", "--root-device", "{device}"), done=(0, 3))
GENERIC = Generator("slipway --generic", "generic", "", (*SLIPWAY, "--generic"), done=(0, 3))
LIST = _initramfs_tools("list", "host")
MOST = _initramfs_tools("most", "generic")
PEERS = (
    LIST,
    _initramfs_tools("dep", "host", may_fail=True),
    # Its image is booted elsewhere: it is not to wait for the disks of this machine, whose kernel may have built in what
    # the image's has as modules.
    _dracut("--hostonly", "host", "--no-hostonly-cmdline", "--add-drivers", " ".join(NEEDED)),
    Generator("tiny-initramfs", "host", "tiny-initramfs-core",
              ("mktirfs", "-m", "no", f"--include-modules={','.join(NEEDED)}", "-o", "{out}", "{kver}")),
    MOST,
    _dracut("--no-hostonly", "generic"),
)


ROWS = (HOST, *(g for g in PEERS if g.mode == "host"), GENERIC, *(g for g in PEERS if g.mode == "generic"))


def settle(tree):
    """The settings that the rows name, and room for what they write."""
    (tree / OUT).mkdir(exist_ok=True)
    for modules in ("list", "dep", "most"):
        to = tree / "etc/bench" / modules
        shutil.rmtree(to, ignore_errors=True)
        shutil.copytree(tree / "etc/initramfs-tools", to, symlinks=True)
        conf = to / "initramfs.conf"
        text = re.sub(r"^MODULES=.*$", f"MODULES={modules}", conf.read_text(), flags=re.M)
        conf.write_text(re.sub(r"^FSTYPE=.*$", "FSTYPE=ext4", text, flags=re.M))
    with open(tree / "etc/bench/list/modules", "a", encoding="utf-8") as f:
        f.write("".join(f"{name}\n" for name in NEEDED))
