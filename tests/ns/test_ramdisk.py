# SPDX-License-Identifier: MIT
"""Leaving a root that is no rootfs, as it is done from a ramdisk: what pivot_root(2) and umount2(2) really do."""
import subprocess

import initramfs
from exitrd import user_namespaces

TOP = initramfs.HERE.parent.parent
# /old becomes the root, as the kernel makes it one, and the program is started there.
SCRIPT = """
set -e
mount -t tmpfs old "$1"
mkdir "$1/sysroot" "$1/proc" "$1/kept"
cp "$2" "$1/pivot"
mount -t tmpfs new "$1/sysroot"
mkdir "$1/sysroot/proc" "$1/sysroot/of-the-new"
mount --rbind /proc "$1/proc"
cd "$1"
pivot_root . kept
exec /pivot
"""


def program(tmp_path):
    binary = tmp_path / "pivot"
    sources = [TOP / "src/init" / name for name in ("ramdisk.c", "option.c", "spec.c")]
    subprocess.run(["gcc", "-D_GNU_SOURCE", "-static", "-O1", f"-I{TOP}/src", "-o", binary, initramfs.HERE / "pivot.c",
                    *sources, *sorted((TOP / "src/base").glob("*.c"))], check=True, stderr=subprocess.DEVNULL)
    return binary


def test_old_root_is_gone(tmp_path):
    at = tmp_path / "root"
    at.mkdir()
    unshare = ["unshare", "-m", "--propagation", "private"] + (["-U", "--map-root-user"] if user_namespaces() else [])
    done = subprocess.run([*unshare, "sh", "-c", SCRIPT, "sh", at, program(tmp_path)], text=True, capture_output=True,
                          check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    told = {"before": [], "pivoted": [], "after": []}
    for line in done.stdout.splitlines():
        when, _, what = line.partition(" ")
        told[when].append(what)

    def roots(when):
        return [w.split()[w.split().index("-") + 2] for w in told[when] if w.startswith("mount") and w.split()[5] == "/"]

    assert roots("before") == ["old"] and "name pivot" in told["before"]
    assert sorted(roots("pivoted")) == ["new", "old"], "the old one lies on top of the new one"
    assert roots("after") == ["new"], told["after"]
    assert "name of-the-new" in told["after"] and "name pivot" not in told["after"]
    assert "cwd /" in told["after"]
