# SPDX-License-Identifier: MIT
"""fullkernel: guests with Debian's full kernel, and root disks of any file system made of them.

    build/fullkernel/GUEST-HASH/tree/       the guest's tree with the full kernel and its modules
    build/fullkernel/GUEST-HASH/FSTYPE.img  a root disk, sparse: what a machine needs to run slipway, and disk-init

Beside guests.py, not in it: the other cases go without a second kernel and its 150 MB in most guests. Nothing is
mounted, so none of it depends on what the kernel of this machine knows; nothing needs it to be a root's.
"""
import ast
import contextlib
import hashlib
import os
import pathlib
import shutil
import stat

import guests

CACHE = guests.HERE.parent.parent / "build" / "fullkernel"
INIT = guests.HERE / "disk-init"
SIZE = 2 << 30  # SD cards have sizes that are powers of two; mkfs.btrfs makes a file larger that is too small
FSTYPES = ("ext4", "xfs", "btrfs")

# Left out of the root disks: documentation and what the package manager keeps.
PRUNED = ("usr/share", "var", "boot", "dev")


def _digest(guest):
    h = hashlib.sha256(guests.path_of(guest).name.encode())
    h.update(ast.dump(ast.parse(pathlib.Path(__file__).read_text())).encode())
    h.update(INIT.read_bytes())
    return h.hexdigest()[:12]


def _unpack_kernel(suite, tree):
    """The full kernel of that suite alone: a directory with usr/lib/modules and boot. Seconds."""
    guests._run("mmdebstrap", "--mode=root", "--variant=custom", "--format=directory",
                # A merged /usr, which tar keeps.
                "--setup-hook=mkdir -p \"$1/usr/lib\" && ln -s usr/lib \"$1/lib\"",
                f"--customize-hook={guests.HERE}/guest/kernel.sh \"$1\" {guests.FULL}",
                *(f'--aptopt=Acquire::{name} "false"' for name in ("Check-Valid-Until", "Check-Date")),
                suite, tree, f"deb {guests._mirror()} {suite} main")


def _full_kernels(tree):
    return [k for k in guests.kernels_of(tree) if "cloud" not in k]


def _make_tree(guest, tree):
    """The guest's files are shared with it (hard links): nothing here writes into one."""
    guests._copy_links(guests.ensure(guest) / "tree", tree)
    if _full_kernels(tree):
        return
    alone = tree.with_name("kernel")
    _unpack_kernel(guests.GUESTS[guest].suite, alone)
    for name in ("usr/lib/modules", "boot"):
        if (alone / name).exists():
            shutil.copytree(alone / name, tree / name, dirs_exist_ok=True)
    shutil.rmtree(alone)
    for release in _full_kernels(tree):
        guests._run("depmod", "-b", tree, release)


def _make_root(guest, tree, root, fstype):
    """What a disk shall hold: the tree without what no machine needs to boot and to build an image."""
    guests._copy_links(tree, root)
    for name in PRUNED:
        shutil.rmtree(root / name)
        (root / name).mkdir()
    for release in guests.kernels_of(root):
        if release not in _full_kernels(root):
            shutil.rmtree(root / "usr/lib/modules" / release)
    guests._replace(root / "etc/fstab", f"UUID={guests.ROOT_UUID} / {fstype} defaults 0 1\n")
    shutil.copy(INIT, root / "usr/local/sbin/disk-init")


def _protofile(root):
    """The tree in the language of mkfs.xfs -p, whose words end at blanks and whose comments begin with colons."""
    def entry(path, name):
        st = path.lstat()
        bits = ("u" if st.st_mode & stat.S_ISUID else "-") + ("g" if st.st_mode & stat.S_ISGID else "-")
        about = f"{bits}{st.st_mode & 0o777:03o} {st.st_uid} {st.st_gid}"
        if set(name) & set(": \t\n"):
            raise RuntimeError(f"cannot put {path} into a proto file of mkfs.xfs")
        if path.is_symlink():
            yield f"{name} l{about} {os.readlink(path)}"
        elif path.is_dir():
            yield f"{name} d{about}".lstrip()
            for child in sorted(path.iterdir()):
                yield from entry(child, child.name)
            yield "$"
        else:
            yield f"{name} -{about} {path}"
    return "\n".join(["slipway", "0 0", *entry(root, "")]) + "\n"


def _make_ext4(root, image, scratch):
    guests._make_fs(root, image, size=f"{SIZE >> 20}M")


def _make_xfs(root, image, scratch):
    proto = scratch / "proto"
    proto.write_text(_protofile(root))
    guests._run("mkfs.xfs", "-q", "-f", "-m", f"uuid={guests.ROOT_UUID}", "-L", guests.ROOT_LABEL, "-p", proto, image)


def _make_btrfs(root, image, scratch):
    # mkfs.btrfs 6.2 takes over the link count of each file, and this tree shares its files with others.
    guests._run("cp", "-a", root, scratch / "copy")
    guests._run("mkfs.btrfs", "-q", "-U", guests.ROOT_UUID, "-L", guests.ROOT_LABEL, "--rootdir", scratch / "copy", image)


MAKERS = {"ext4": _make_ext4, "xfs": _make_xfs, "btrfs": _make_btrfs}


@contextlib.contextmanager
def _scratch(path):
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    yield path
    shutil.rmtree(path)


def path_of(guest):
    """Where its directory lies or would lie."""
    return CACHE / f"{guest}-{_digest(guest)}"


def ensure(guest):
    """The directory of that guest, made if need be."""
    path = path_of(guest)
    with guests.locked(CACHE / f"{guest}.lock"):
        if path.exists():
            return path
        with _scratch(CACHE / f".{guest}.tmp") as tmp:
            (tmp / "made").mkdir()
            _make_tree(guest, tmp / "made/tree")
            (tmp / "made").rename(path)
        for old in CACHE.glob(f"{guest}-*"):
            if old != path:
                shutil.rmtree(old)
    return path


def kver(guest):
    return _full_kernels(ensure(guest) / "tree")[-1]


def vmlinuz(guest):
    """The kernel itself: in /boot, or since Debian's 7.x beside its modules."""
    tree, release = ensure(guest) / "tree", kver(guest)
    places = (tree / f"boot/vmlinuz-{release}", tree / f"usr/lib/modules/{release}/vmlinuz")
    return next(p for p in places if p.exists())


def disk(guest, fstype):
    """The raw image of a root disk, made if need be. Never written to: cases use overlays."""
    path = ensure(guest)
    image = path / f"{fstype}.img"
    with guests.locked(CACHE / f"{guest}.lock"):
        if not image.exists():
            with _scratch(path / f".{fstype}.tmp") as tmp:
                _make_root(guest, path / "tree", tmp / "root", fstype)
                (tmp / "image").touch()
                os.truncate(tmp / "image", SIZE)
                MAKERS[fstype](tmp / "root", tmp / "image", tmp)
                if (tmp / "image").stat().st_size != SIZE:
                    raise RuntimeError(f"the {fstype} root of {guest} needs more than {SIZE} bytes")
                (tmp / "image").rename(image)
    return image
