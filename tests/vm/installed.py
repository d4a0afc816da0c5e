# SPDX-License-Identifier: MIT
"""installed: Debian as its installer leaves it: the kernel and the initrd generator are packages. What a case needs of
apt later lies in its cache, so that it can install and remove in a copy of the tree without a network.

    build/installed/SUITE-HASH/tree/    the root directory; cases work on a copy
"""
import ast
import hashlib
import os
import pathlib
import re
import shutil
import subprocess

import guests

CACHE = guests.HERE.parent.parent / "build" / "installed"
PACKAGES = guests.SYSTEMD + ("initramfs-tools", guests.CLOUD, "systemd-boot")
ESP_SIZE, ROOT_SIZE = 200, 2000  # MiB
ROOT_AT = 1 + ESP_SIZE
ESP_GUID = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"


def _digest(suite):
    h = hashlib.sha256(guests.path_of(suite).name.encode())
    h.update(ast.dump(ast.parse(pathlib.Path(__file__).read_text())).encode())
    return h.hexdigest()[:12]


def _build(suite, tree):
    guest = guests.Guest(suite, suite, PACKAGES, ("common", "systemd"), ())
    later = f"apt-get install -y --download-only {guests.FULL}"
    guests._run("mmdebstrap", "--mode=root", "--variant=minbase", "--format=directory", "--skip=cleanup/apt",
                "--include=" + ",".join(PACKAGES), f"--customize-hook=APT_CONFIG=$MMDEBSTRAP_APT_CONFIG {later}",
                '--aptopt=APT::Install-Recommends "false"', "--dpkgopt=force-unsafe-io",
                suite, tree, f"deb {guests._mirror()} {suite} main",
                env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"})
    guests._settle(guest, tree)


def ensure(suite):
    """The directory of that suite, made if need be."""
    path = CACHE / f"{suite}-{_digest(suite)}"
    with guests.locked(CACHE / f"{suite}.lock"):
        if not path.exists():
            tmp = CACHE / f".{suite}.tmp"
            shutil.rmtree(tmp, ignore_errors=True)
            tmp.mkdir(parents=True)
            _build(suite, tmp / "tree")
            tmp.rename(path)
            for old in CACHE.glob(f"{suite}-*"):
                if old != path:
                    shutil.rmtree(old)
    return path


class System:
    """A copy of an installed Debian, in which commands run as root."""

    def __init__(self, suite, tree, esp):
        self.tree, self.esp = tree, esp
        (esp / "EFI").mkdir(parents=True)
        (tree / "boot/efi").mkdir(parents=True)
        subprocess.run(["cp", "-a", "--reflink=auto", f"{ensure(suite)}/tree/.", tree], check=True)

    def run(self, *argv, **env):
        """What it said. In a mount and a process namespace of its own: nothing of it stays behind."""
        inside = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-ec",
                  'mount -t proc proc "$0/proc"; mount --bind "$1" "$0/boot/efi"; tree=$0; shift; exec chroot "$tree" "$@"',
                  self.tree, self.esp, *argv]
        done = subprocess.run([str(a) for a in inside], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False,
                              env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "HOME": "/root",
                                   "DEBIAN_FRONTEND": "noninteractive", **env})
        assert done.returncode == 0, f"{' '.join(map(str, argv))}: exit code {done.returncode}\n{done.stdout}"
        return done.stdout

    def apt(self, *argv, **env):
        """apt-get; what it needs is in its cache, and it finds no network."""
        return self.run("apt-get", "-y", *argv, **env)

    def packages(self):
        """What is installed: dpkg says more than the name."""
        rows = self.run("dpkg-query", "-W", "-f", "${db:Status-Status} ${Package}\n").splitlines()
        return {name for status, name in map(str.split, rows) if status == "installed"}

    def kernels(self):
        return {p.name.removeprefix("vmlinuz-") for p in (self.tree / "boot").glob("vmlinuz-*")}

    def disk(self, image):
        """A GPT disk: /boot/efi as the EFI system partition, the rest as the root."""
        shutil.rmtree(self.tree / "var/cache/apt/archives")
        guests._make_fs(self.tree, image, f"offset={ROOT_AT << 20}", size=f"{ROOT_SIZE}M")
        os.truncate(image, (ROOT_AT + ROOT_SIZE + 1) << 20)
        table = (f"label: gpt\nstart=1MiB, size={ESP_SIZE}MiB, type={ESP_GUID}, name=esp\n"
                 f"start={ROOT_AT}MiB, size={ROOT_SIZE}MiB, name={guests.PART_LABEL}\n")
        guests._run("sfdisk", "-q", "--no-reread", "--no-tell-kernel", image, input=table)
        at = f"{image}@@1M"
        guests._run("mformat", "-i", at, "-F", "-T", ESP_SIZE << 11, "-v", "ESP", "::")
        guests._run("mcopy", "-i", at, "-s", "-Q", *sorted(self.esp.iterdir()), "::")
        return image


def entry_of(esp):
    """The one loader entry, as a dict of lists."""
    paths = list((esp / "loader/entries").glob("*.conf"))
    assert len(paths) == 1, paths
    found = {}
    for key, value in re.findall(r"^(\S+)\s+(.*)$", paths[0].read_text(), re.M):
        found.setdefault(key, []).append(value)
    return found
