# SPDX-License-Identifier: MIT
"""guests: the Debian systems that the cases boot, made by mmdebstrap and kept under build/guests.

    build/guests/NAME-HASH/tree/       the root directory; `slipway build --sysroot` reads it
    build/guests/NAME-HASH/disk.img    the same as ext4, sparse
    build/guests/NAME-HASH/VARIANT.img derived from the tree on first use (see VARIANTS)

The hash covers this file's code, the recipe and the files of tests/vm/guest, so a change makes a new guest.
"""
import ast
import contextlib
import dataclasses
import fcntl
import hashlib
import os
import pathlib
import re
import shutil
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
CACHE = HERE.parent.parent / "build" / "guests"

ROOT_UUID = "51190000-0000-4000-8000-000000000001"
ROOT_LABEL = "slip-root"
USR_UUID = "51190000-0000-4000-8000-000000000002"
PART_UUID = "51190000-0000-4000-8000-000000000003"
PART_LABEL = "slip-part"
FSTAB = f"UUID={ROOT_UUID} / ext4 errors=remount-ro 0 1\n"
FSTAB_USR = FSTAB + f"UUID={USR_UUID} /usr ext4 defaults 0 2\n"

CLOUD = "linux-image-cloud-amd64"
FULL = "linux-image-amd64"


@dataclasses.dataclass(frozen=True)
class Guest:
    name: str
    suite: str
    packages: tuple
    overlays: tuple  # directories of tests/vm/guest that are laid over the tree
    kernels: tuple   # meta packages; the first one is the default


STORAGE = ("kmod", "e2fsprogs", "busybox")
SYSTEMD = STORAGE + ("systemd-sysv", "udev", "kexec-tools")

GUESTS = {g.name: g for g in (
    Guest("bookworm", "bookworm", SYSTEMD, ("common", "systemd"), (CLOUD, FULL)),
    Guest("trixie", "trixie", SYSTEMD, ("common", "systemd"), (CLOUD,)),
    Guest("sid", "sid", SYSTEMD, ("common", "systemd"), (CLOUD,)),
    Guest("others", "bookworm", STORAGE + ("sysvinit-core", "initscripts"), ("common", "sysvinit"), (CLOUD,)),
)}

# Units that would fail or wait for reasons of the guest alone.
MASKED = {
    "apt-daily.timer": "no network: apt-get update would run into its time limits",
    "apt-daily-upgrade.timer": "as above",
    "e2scrub_reap.service": "no LVM whose snapshots it could reap; seconds under TCG",
    "getty-static.service": "no virtual terminal is looked at; it costs seconds under TCG",
}


def _run(*argv, **kw):
    done = subprocess.run([str(a) for a in argv], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, **kw)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, argv))}: exit code {done.returncode}\n{done.stdout}")
    return done.stdout


def _mirror():
    """Where this machine takes Debian from: only apt knows."""
    def ask():
        rows = _run("apt-get", "indextargets", "--format", "$(REPO_URI) $(SUITE)",
                    "Created-By: Packages", "Origin: Debian").splitlines()
        return [uri for uri, suite in map(str.split, rows)
                if not re.search(r"-(security|updates|backports.*|debug)$", suite)]
    found = ask()
    if not found:
        _run("apt-get", "update")
        found = ask()
    if not found:
        raise RuntimeError("cannot make a guest: apt knows no source of Debian packages")
    return found[0]


@contextlib.contextmanager
def locked(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        yield


def _digest(guest):
    h = hashlib.sha256(repr(guest).encode())
    h.update(ast.dump(ast.parse(pathlib.Path(__file__).read_text())).encode())
    for path in sorted((HERE / "guest").rglob("*")):
        h.update(str(path.relative_to(HERE)).encode())
        if path.is_symlink():
            h.update(os.readlink(path).encode())
        elif path.is_file():
            h.update(path.read_bytes())
    return h.hexdigest()[:12]


def _overlay(source, tree):
    shutil.copytree(source, tree, symlinks=True, dirs_exist_ok=True)


def _bootstrap(guest, tree):
    # The kernel's package depends on an initrd generator: it is unpacked, not installed.
    options = [f"--customize-hook={HERE}/guest/kernel.sh \"$1\" {meta}" for meta in guest.kernels]
    # A frozen copy of sid has a Release file that expired. Signatures are checked all the same.
    options += [f'--aptopt=Acquire::{name} "false"' for name in ("Check-Valid-Until", "Check-Date")]
    _run("mmdebstrap", "--mode=root", "--variant=minbase", "--format=directory",
         "--include=" + ",".join(guest.packages), *options,
         guest.suite, tree, f"deb {_mirror()} {guest.suite} main",
         env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"})


def _settle(guest, tree):
    """What an installer and a first boot would have done."""
    for overlay in guest.overlays:
        _overlay(HERE / "guest" / overlay, tree)
    _run("gcc", "-O2", "-Wall", "-D_GNU_SOURCE", "-static", "-o", tree / "usr/local/sbin/report-init",
         HERE / "guest/report-init.c")
    (tree / "etc/fstab").write_text(FSTAB)
    (tree / "etc/hostname").write_text(guest.name + "\n")
    (tree / "etc/resolv.conf").unlink(missing_ok=True)
    shadow = tree / "etc/shadow"
    shadow.write_text(re.sub(r"^root:[^:]*:", "root::", shadow.read_text(), flags=re.M))
    for kver in kernels_of(tree):
        _run("chroot", tree, "depmod", kver)
    if "systemd" in guest.overlays:
        (tree / "etc/machine-id").write_text("5119000000004000800000000000000a\n")
        for unit in MASKED:
            (tree / "etc/systemd/system" / unit).symlink_to("/dev/null")
    else:
        # busybox chooses its init by the name it is called with.
        (tree / "usr/lib/busybox").mkdir(parents=True)
        (tree / "usr/lib/busybox/init").symlink_to("/bin/busybox")
    # ConditionNeedsUpdate= compares with /usr: without these every boot is a first one.
    for name in ("etc/.updated", "var/.updated"):
        (tree / name).touch()


def _make_fs(tree, image, *options, size="1300M", uuid=ROOT_UUID, label=ROOT_LABEL):
    _run("mke2fs", "-q", "-F", "-t", "ext4", "-U", uuid, "-L", label, "-d", tree,
         "-E", ",".join(("lazy_itable_init=0", "lazy_journal_init=0") + options), image, size)


def kernels_of(tree):
    return sorted(p.name for p in (tree / "usr/lib/modules").iterdir())


def vmlinuz(name, release):
    """The kernel itself: in /boot, or since Debian's 7.x beside its modules."""
    tree = ensure(name) / "tree"
    found = [p for p in (tree / f"boot/vmlinuz-{release}", tree / f"usr/lib/modules/{release}/vmlinuz") if p.exists()]
    return found[0]


def _build(guest, path):
    tmp = CACHE / f".{path.name}.tmp"
    if tmp.exists():
        shutil.rmtree(tmp)
    tmp.mkdir(parents=True)
    _bootstrap(guest, tmp / "tree")
    _settle(guest, tmp / "tree")
    _make_fs(tmp / "tree", tmp / "disk.img")
    tmp.rename(path)
    for old in CACHE.glob(f"{guest.name}-*"):
        if old != path:
            shutil.rmtree(old)


def path_of(name):
    """Where the guest lies or would lie."""
    return CACHE / f"{name}-{_digest(GUESTS[name])}"


def ensure(name):
    """The guest's directory, built if need be."""
    path = path_of(name)
    with locked(CACHE / f"{name}.lock"):
        if not path.exists():
            _build(GUESTS[name], path)
    return path


def _copy_links(tree, to):
    """A second tree that shares the files: what differs is unlinked and written anew."""
    _run("cp", "-al", tree, to)


def _replace(path, text):
    path.unlink(missing_ok=True)
    path.write_text(text)


def _variant_gpt(tree, image, scratch):
    """The root in a GPT partition: PARTUUID and PARTLABEL."""
    _make_fs(tree, image, f"offset={1 << 20}", size="1300M")
    os.truncate(image, 1302 << 20)
    _run("sfdisk", "-q", "--no-reread", "--no-tell-kernel", image,
         input=f"label: gpt\nstart=2048, size={1300 << 11}, uuid={PART_UUID}, name={PART_LABEL}\n")


def _variant_usr(tree, image, scratch):
    """/usr alone, for a partition of its own."""
    _make_fs(tree / "usr", image, uuid=USR_UUID, label="slip-usr")


def _without_usr(tree, image, scratch, fstab):
    _copy_links(tree, scratch)
    shutil.rmtree(scratch / "usr")
    (scratch / "usr").mkdir(mode=0o755)
    _replace(scratch / "etc/fstab", fstab)
    _make_fs(scratch, image)


def _variant_nousr(tree, image, scratch):
    """The root whose fstab says where /usr is."""
    _without_usr(tree, image, scratch, FSTAB_USR)


def _variant_nousr_nofstab(tree, image, scratch):
    """The same, but only mount.usr= can tell."""
    _without_usr(tree, image, scratch, FSTAB)


def _variant_busybox(tree, image, scratch):
    """The inittab that busybox's init reads."""
    _copy_links(tree, scratch)
    (scratch / "etc/inittab").unlink()
    _overlay(HERE / "guest" / "busybox", scratch)
    _make_fs(scratch, image)


def _variant_noinit(tree, image, scratch):
    """A root that nothing can be started from: no init, and no /bin/sh to fall back to."""
    (scratch / "etc").mkdir(parents=True)
    for name in ("proc", "sys", "dev", "run", "sbin", "bin"):
        (scratch / name).mkdir()
    (scratch / "sbin/init").write_text("not a program\n")
    (scratch / "sbin/init").chmod(0o644)
    (scratch / "etc/fstab").write_text(FSTAB)
    _make_fs(scratch, image, size="64M")


VARIANTS = {
    "gpt": _variant_gpt,
    "usr": _variant_usr,
    "nousr": _variant_nousr,
    "nousr-nofstab": _variant_nousr_nofstab,
    "busybox": _variant_busybox,
    "noinit": _variant_noinit,
}


def disk(name, variant="disk"):
    """The raw image of that guest and variant, built if need be. Never written to: cases use overlays."""
    path = ensure(name)
    image = path / f"{variant}.img"
    with locked(CACHE / f"{name}.lock"):
        if not image.exists():
            tmp, scratch = path / f".{variant}.img", path / f".{variant}.tree"
            tmp.unlink(missing_ok=True)
            shutil.rmtree(scratch, ignore_errors=True)
            VARIANTS[variant](path / "tree", tmp, scratch)
            shutil.rmtree(scratch, ignore_errors=True)
            tmp.rename(image)
    return image


def kver(name, meta=None):
    """The release of the guest's kernel; `meta` picks one where there are several."""
    wanted = meta or GUESTS[name].kernels[0]
    cloud = "cloud" in wanted
    found = [k for k in kernels_of(ensure(name) / "tree") if ("cloud" in k) == cloud]
    return found[-1]


if __name__ == "__main__":
    import sys
    for each in sys.argv[1:] or GUESTS:
        print(ensure(each))
