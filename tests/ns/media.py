# SPDX-License-Identifier: MIT
"""media: file systems in files, and loop devices of this machine that stand for disks."""
import contextlib
import os
import pathlib
import shutil
import subprocess
import uuid

import initramfs


def run(*argv):
    return subprocess.run([str(a) for a in argv], check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout


def root_tree(path, mark):
    """What a root needs: directories, and an init that reports. `mark` is in /mark."""
    for name in ("proc", "sys", "dev", "run", "usr", "sbin"):
        (path / name).mkdir(parents=True)
    shutil.copy(initramfs.next_init(), path / "sbin/init")
    (path / "mark").write_text(mark + "\n")
    return path


def squashfs(tree, image):
    run("mksquashfs", tree, image, "-quiet", "-no-progress", "-all-root", "-comp", "gzip")
    return image


def erofs(tree, image):
    run("mkfs.erofs", "-U", str(uuid.uuid4()), image, tree)
    return image


def ext4(tree, image, label=None, megabytes=16, **kw):
    run("mke2fs", "-q", "-F", "-t", "ext4", "-U", kw.get("uuid", str(uuid.uuid4())), *(["-L", label] if label else []),
        *(["-d", tree] if tree else []), image, f"{megabytes}M")
    return image


@contextlib.contextmanager
def attached(image, *options):
    """The name below /dev of a loop device of that file."""
    node = run("losetup", "--find", "--show", *options, image).strip()
    try:
        yield pathlib.Path(node).name
    finally:
        # By then it may be somebody else's.
        if node in run("losetup", "-n", "-O", "NAME", "-j", image).split():
            subprocess.run(["losetup", "-d", node], check=False)


def may_attach():
    """Loop devices and their file systems are the machine's own: that takes root."""
    return os.geteuid() == 0 and os.access("/dev/loop-control", os.W_OK)
