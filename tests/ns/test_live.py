# SPDX-License-Identifier: MIT
"""Roots that are made of layers, with file systems of this machine's kernel on loop devices: the built /init as PID 1."""
import hashlib
import re
import uuid

import pytest

import initramfs
import media
from initramfs import mounts

pytestmark = pytest.mark.skipif(not media.may_attach(), reason="needs root, for loop devices")


@pytest.fixture(name="label")
def a_label():
    """Nobody else's: other tests run beside this one."""
    return f"s{uuid.uuid4().hex[:12]}"


def begin(tmp, cmdline, looks=(), steps=()):
    return initramfs.start(tmp, cmdline=cmdline, sysroot=False, devices=True, args=["hold"], looks=["/mark", *looks],
                           steps=steps)


def boot(tmp, cmdline, looks=(), steps=()):
    """The room, stopped when the next init has told all."""
    room = begin(tmp, cmdline, looks, steps)
    try:
        room.expect("nextinit holds", where="console")
    except AssertionError:
        room.stop()
        raise
    return room.stop()


def fail(tmp, cmdline):
    room = begin(tmp, cmdline)
    room.expect(initramfs.PAUSE)
    return room.stop()


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


MAKERS = {"squashfs": media.squashfs, "erofs": media.erofs, "ext4": media.ext4}


def medium(tmp, label, fstype="squashfs", at="fs", mark="live"):
    """An ext4 with that image on it."""
    tree = media.root_tree(tmp / "root", mark)
    image = tmp / "medium-tree" / at
    image.parent.mkdir(parents=True)
    MAKERS[fstype](tree, image)
    return media.ext4(tmp / "medium-tree", tmp / "medium.img", label, 32)


@pytest.mark.parametrize("fstype", MAKERS)
def test_image_on_a_medium(tmp_path, label, fstype):
    disk = medium(tmp_path, label, fstype)
    before = digest(disk)
    with media.attached(disk):
        r = boot(tmp_path, f"quiet rd.slipway.medium=LABEL={label} rd.slipway.image=/fs")
    m = mounts(r)
    assert r.looks["/mark"] == "live\n"
    assert m["/"][0] == "overlay" and "rw" in m["/"][2]
    assert m["/run/slipway/live/medium"][0] == "ext4" and "ro" in m["/run/slipway/live/medium"][2]
    assert m["/run/slipway/live/image"][0] == fstype and "ro" in m["/run/slipway/live/image"][2]
    assert m["/run/slipway/live/upper"][0] == "tmpfs"
    # The next init has written its report to /.
    assert digest(disk) == before


# -- which medium ----------------------------------------------------------------------------------------------------


def test_label_and_type_must_fit(tmp_path, label):
    """A file system of another type with the same label is passed by."""
    other = media.ext4(None, tmp_path / "other.img", label)
    tree = media.root_tree(tmp_path / "root", "right")
    right = tmp_path / "right.img"
    media.run("mkfs.xfs", "-q", "-f", "-L", label[:12], "-d", f"file,name={right},size=304m")
    with open(tmp_path / "proto", "w", encoding="utf-8") as f:
        f.write("x 0 0 d--755 0 0\nfs ---644 0 0 " + str(media.squashfs(tree, tmp_path / "fs")) + "\n$\n")
    media.run("mkfs.xfs", "-q", "-f", "-L", label[:12], "-p", tmp_path / "proto", right)
    media.run("tune2fs", "-L", label[:12], other)
    words = f"rd.slipway.medium=LABEL={label[:12]} rd.slipway.medium.flags=nouuid rd.slipway.image=/fs"
    with media.attached(other), media.attached(right):
        r = boot(tmp_path, f"quiet {words} rd.slipway.medium.type=iso9660,xfs")
        assert r.looks["/mark"] == "right\n"
        assert mounts(r)["/run/slipway/live/medium"][0] == "xfs"
        (tmp_path / "kmsg").unlink()
        r = fail(tmp_path, f"quiet {words}")
    assert re.search(rf"cannot choose the medium device: LABEL={label[:12]} is both ", r.kmsg)


def test_two_media_are_an_error(tmp_path, label):
    one, two = medium(tmp_path, label), tmp_path / "two.img"
    two.write_bytes(one.read_bytes())
    with media.attached(one), media.attached(two):
        r = fail(tmp_path, f"quiet rd.slipway.medium=LABEL={label} rd.slipway.image=/fs")
    assert re.search(r"cannot choose the medium device: LABEL=\w+ is both loop\d+ .* and loop\d+", r.kmsg)


def test_whole_disk_and_its_partition(tmp_path, label):
    """As a hybrid image on a stick: both show the file system, and the partition is taken, so that others stay free."""
    tree = media.root_tree(tmp_path / "root", "hybrid")
    (tmp_path / "tree").mkdir()
    media.squashfs(tree, tmp_path / "tree/fs")
    disk = media.ext4(tmp_path / "tree", tmp_path / "disk.img", label, 32)
    with media.attached(disk, "--partscan") as name:
        # A kernel need not know the table for that.
        media.run("addpart", f"/dev/{name}", 1, 0, 65536)
        r = boot(tmp_path, f"quiet rd.slipway.medium=LABEL={label} rd.slipway.image=/fs")
        assert r.looks["/mark"] == "hybrid\n"
        assert mounts(r)["/run/slipway/live/medium"][1] == f"/dev/{name}p1"


def test_medium_that_comes_late(tmp_path, label):
    disk = medium(tmp_path, label)
    room = begin(tmp_path, f"quiet rd.slipway.medium=LABEL={label} rd.slipway.image=/fs")
    room.expect(rf"waiting for the medium device LABEL={label}.*; block devices seen: ")
    with media.attached(disk):
        room.expect("nextinit holds", where="console")
        assert room.stop().looks["/mark"] == "live\n"


def test_medium_that_does_not_come(tmp_path, label):
    disk = medium(tmp_path, label)
    with media.attached(disk) as name:
        r = fail(tmp_path, f"quiet rd.slipway.medium=LABEL=not-{label} rd.slipway.image=/fs rd.timeout=1")
    assert re.search(rf"cannot find the medium device LABEL=not-{label}: waited 1 s; .*{name} \(ext4 .*LABEL={label}",
                     r.kmsg)


# -- which image -----------------------------------------------------------------------------------------------------


def test_nested_images_of_dracut(tmp_path, label):
    """LiveOS/squashfs.img has LiveOS/rootfs.img in it."""
    tree = media.root_tree(tmp_path / "root", "nested")
    outer = tmp_path / "outer/LiveOS"
    outer.mkdir(parents=True)
    media.ext4(tree, outer / "rootfs.img")
    (tmp_path / "medium/LiveOS").mkdir(parents=True)
    media.squashfs(tmp_path / "outer", tmp_path / "medium/LiveOS/squashfs.img")
    disk = media.ext4(tmp_path / "medium", tmp_path / "medium.img", label, 32)
    with media.attached(disk):
        r = boot(tmp_path, f"quiet root=live:CDLABEL={label} ro rd.live.image")
    m = mounts(r)
    assert r.looks["/mark"] == "nested\n"
    assert m["/run/slipway/live/image"][0] == "ext4" and m["/run/slipway/live/outer1"][0] == "squashfs"
    assert "rw" in m["/"][2]


def test_squashfs_that_is_the_root(tmp_path, label):
    disk = medium(tmp_path, label, at="LiveOS/squashfs.img")
    with media.attached(disk):
        r = boot(tmp_path, f"quiet root=live:LABEL={label}")
    assert r.looks["/mark"] == "live\n"
    assert "/run/slipway/live/outer1" not in mounts(r)


def test_no_image_at_all(tmp_path, label):
    disk = media.ext4(None, tmp_path / "medium.img", label)
    with media.attached(disk):
        r = fail(tmp_path, f"quiet root=live:LABEL={label}")
    assert (f"cannot find an image on the medium LABEL={label}: looked for squashfs.img?, /LiveOS/rootfs.img?, "
            "rootfs.img?, ext3fs.img? in /LiveOS, and it is no root itself") in r.kmsg


def test_image_that_is_missing(tmp_path, label):
    disk = medium(tmp_path, label)
    with media.attached(disk):
        r = fail(tmp_path, f"quiet rd.slipway.medium=LABEL={label} rd.slipway.image=/other")
    assert f"cannot find the image /other on the medium LABEL={label}: there is no such file or directory" in r.kmsg


def test_directory_of_the_medium(tmp_path, label):
    media.root_tree(tmp_path / "medium/a/b", "directory")
    (tmp_path / "medium/link").symlink_to("/a/b")
    disk = media.ext4(tmp_path / "medium", tmp_path / "medium.img", label)
    with media.attached(disk):
        r = boot(tmp_path, f"quiet rd.slipway.medium=LABEL={label} rd.slipway.image=/link")
    assert r.looks["/mark"] == "directory\n"


@pytest.mark.parametrize("fstype", MAKERS)
def test_medium_that_is_the_image(tmp_path, fstype):
    """A partition that holds nothing else, found by its device."""
    image = MAKERS[fstype](media.root_tree(tmp_path / "root", "itself"), tmp_path / "image")
    before = digest(image)
    with media.attached(image) as name:
        r = boot(tmp_path, f"quiet rd.slipway.medium=/dev/{name}")
        assert mounts(r)["/run/slipway/live/medium"][0] == fstype
    assert r.looks["/mark"] == "itself\n"
    assert digest(image) == before


# -- memory ----------------------------------------------------------------------------------------------------------


def test_copy_to_memory(tmp_path, label):
    """The medium is free again, and what was copied serves."""
    disk = medium(tmp_path, label)
    with media.attached(disk) as name:
        room = begin(tmp_path, f"quiet rd.slipway.medium=LABEL={label} rd.slipway.image=/fs rd.slipway.copy")
        room.expect("nextinit holds", where="console")
        # Nobody has it open any more.
        media.run("losetup", "-d", f"/dev/{name}")
        assert name not in media.run("losetup", "-n", "-O", "NAME")
        r = room.stop()
    assert r.looks["/mark"] == "live\n"
    assert "/run/slipway/live/medium" not in mounts(r)
    assert mounts(r)["/run/slipway/live/ram"][0] == "tmpfs"
    assert re.search(r"copying /fs to memory: (\d+) of \1 MiB", r.kmsg)
    assert f"the medium LABEL={label} may be taken out" in r.kmsg


def test_medium_itself_to_memory(tmp_path):
    image = media.squashfs(media.root_tree(tmp_path / "root", "copied"), tmp_path / "image")
    with media.attached(image) as name:
        r = boot(tmp_path, f"quiet rd.slipway.medium=/dev/{name} rd.slipway.copy=20M")
    assert r.looks["/mark"] == "copied\n"
    assert "/run/slipway/live/medium" not in mounts(r)
    assert "size=20480k" in mounts(r)["/run/slipway/live/ram"][3]


def test_too_little_memory(tmp_path, label):
    """Known before anything is copied."""
    disk = medium(tmp_path, label)
    with media.attached(disk):
        r = fail(tmp_path, f"quiet rd.slipway.medium=LABEL={label} rd.slipway.image=/fs rd.slipway.copy "
                 "rd.slipway.copy.spare=1000000")
    assert re.search(r"cannot copy /fs to memory: it has \d+ MiB, \d+ MiB are available, and 1000000 MiB have to stay so",
                     r.kmsg)
    assert "copying" not in r.kmsg and "/run/slipway/live/ram" not in r.mounts


def test_written_copy(tmp_path, label):
    """rd.writable.fsimg: no overlay, the copy itself is written to."""
    disk = medium(tmp_path, label, "ext4", "LiveOS/rootfs.img")
    before = digest(disk)
    with media.attached(disk):
        r = boot(tmp_path, f"quiet root=live:LABEL={label} rd.writable.fsimg=1")
    assert mounts(r)["/"][0] == "ext4" and "rw" in mounts(r)["/"][2]
    assert digest(disk) == before


# -- where it is written ---------------------------------------------------------------------------------------------


def persistent(tmp_path, label, words, look):
    """Two boots: the first one's report is there in the second, where `look` is a path of the new root."""
    room = begin(tmp_path, words, steps=[])
    room.expect("nextinit holds", where="console")
    first = room.stop()
    assert first.report["argv"] == ["/sbin/init", "hold"]
    (tmp_path / "kmsg").unlink()
    second = boot(tmp_path, words, looks=[look])
    assert second.looks[look], second.looks
    return second


def test_device_that_is_written_to(tmp_path, label):
    disk, store = medium(tmp_path, label), media.ext4(None, tmp_path / "store.img", label + "s")
    before = digest(disk)
    words = f"quiet rd.slipway.medium=LABEL={label} rd.slipway.image=/fs rd.slipway.upper=LABEL={label}s:/live/a"
    with media.attached(disk), media.attached(store):
        r = persistent(tmp_path, label, words, "/run/slipway/live/upper/live/a/upper/report")
        assert mounts(r)["/run/slipway/live/upper"][0] == "ext4"
        (tmp_path / "kmsg").unlink()
        again = boot(tmp_path, words + " rd.slipway.upper.readonly init=/sbin/init",
                     looks=["/run/slipway/live/volatile/upper/report"])
        assert again.looks["/run/slipway/live/volatile/upper/report"]
        assert "ro" in mounts(again)["/run/slipway/live/upper"][2]
    assert digest(disk) == before


def test_what_was_written_is_deleted(tmp_path, label):
    disk, store = medium(tmp_path, label), media.ext4(None, tmp_path / "store.img", label + "s")
    old = "/run/slipway/live/upper/overlay/upper/old"
    words = f"quiet rd.slipway.medium=LABEL={label} rd.slipway.image=/fs rd.slipway.upper=LABEL={label}s"
    (tmp_path / "old").write_text("old\n")
    media.run("debugfs", "-w", "-R", "mkdir overlay", store)
    media.run("debugfs", "-w", "-R", "mkdir overlay/upper", store)
    media.run("debugfs", "-w", "-R", f"write {tmp_path}/old overlay/upper/old", store)
    with media.attached(disk), media.attached(store):
        r = boot(tmp_path, words, looks=[old, "/old"])
        assert r.looks[old] == "old\n" and r.looks["/old"] == "old\n"
        (tmp_path / "kmsg").unlink()
        r = boot(tmp_path, words + " rd.slipway.upper.reset", looks=[old, "/old"])
        assert r.looks[old] is None and r.looks["/old"] is None


def test_subvolume_that_is_written_to(tmp_path):
    """Image in one subvolume of a btrfs, what is written in another."""
    tree = media.root_tree(tmp_path / "root", "subvolume")
    (tmp_path / "store/rom").mkdir(parents=True)
    (tmp_path / "store/rw").mkdir()
    media.squashfs(tree, tmp_path / "store/rom/root.sqsh")
    disk, number = tmp_path / "disk.img", str(uuid.uuid4())
    with open(disk, "wb") as f:
        f.truncate(256 << 20)
    media.run("mkfs.btrfs", "-q", "-U", number, disk)
    mounted = tmp_path / "mnt"
    mounted.mkdir()
    with media.attached(disk) as name:
        media.run("mount", f"/dev/{name}", mounted)
        try:
            for volume in ("rom", "rw"):
                media.run("btrfs", "subvolume", "create", mounted / volume)
            media.run("cp", tmp_path / "store/rom/root.sqsh", mounted / "rom")
        finally:
            media.run("umount", mounted)
        r = boot(tmp_path, f"quiet boot=UUID={number} rd.slipway.medium.flags=subvol=rom sqsh_root=/root.sqsh "
                 f"rd.slipway.upper=UUID={number}:/o rd.slipway.upper.flags=subvol=rw")
    assert r.looks["/mark"] == "subvolume\n"
    m = mounts(r)
    assert "subvol=/rom" in m["/run/slipway/live/medium"][3] and "subvol=/rw" in m["/run/slipway/live/upper"][3]


def test_medium_that_is_written_to(tmp_path, label):
    disk = medium(tmp_path, label)
    words = f"quiet rd.slipway.medium=LABEL={label} rd.slipway.image=/fs rd.slipway.upper=medium:/keep"
    with media.attached(disk):
        persistent(tmp_path, label, words, "/run/slipway/live/medium/keep/upper/report")


def test_directory_of_dracuts_overlay(tmp_path, label):
    disk, store = medium(tmp_path, label, at="LiveOS/squashfs.img"), media.ext4(None, tmp_path / "store.img", label + "s")
    number = media.run("blkid", "-p", "-o", "value", "-s", "UUID", disk).strip()
    look = f"/run/slipway/live/upper/LiveOS/overlay-{label}-{number}/report"
    with media.attached(disk), media.attached(store):
        r = boot(tmp_path, f"quiet root=live:LABEL={label} rd.live.overlay=LABEL={label}s", looks=[look])
    assert r.looks[look]


def test_memory_of_a_size(tmp_path, label):
    disk = medium(tmp_path, label)
    with media.attached(disk):
        r = boot(tmp_path, f"quiet rd.slipway.medium=LABEL={label} rd.slipway.image=/fs rd.slipway.upper.size=30M")
    assert "size=30720k" in mounts(r)["/run/slipway/live/upper"][3]


# -- an installed root, written above ----------------------------------------------------------------------------------


def test_overlay_above_a_root(tmp_path, label):
    """overlaytmpfs: the disk is untouched, both layers are seen."""
    disk = media.ext4(media.root_tree(tmp_path / "root", "installed"), tmp_path / "disk.img", label)
    before = digest(disk)
    with media.attached(disk):
        r = boot(tmp_path, f"quiet root=LABEL={label} overlaytmpfs=yes", looks=["/media/root-ro/mark"])
    m = mounts(r)
    assert r.looks["/mark"] == "installed\n" and r.looks["/media/root-ro/mark"] == "installed\n"
    assert m["/media/root-ro"][0] == "ext4" and "ro" in m["/media/root-ro"][2]
    assert m["/media/root-rw"][0] == "tmpfs" and m["/"][0] == "overlay"
    assert not [t for t in m if t.startswith("/run/slipway/live")]
    assert digest(disk) == before


def test_usr_alone(tmp_path, label):
    """systemd.volatile=yes"""
    tree = tmp_path / "root"
    media.root_tree(tree / "usr", "usr")
    (tree / "sbin").symlink_to("usr/sbin")
    (tree / "etc").mkdir()
    disk = media.ext4(tree, tmp_path / "disk.img", label)
    before = digest(disk)
    with media.attached(disk):
        r = boot(tmp_path, f"quiet root=LABEL={label} systemd.volatile=yes", looks=["/usr/mark"])
    m = mounts(r)
    assert m["/"][0] == "tmpfs" and m["/usr"][0] == "ext4" and "ro" in m["/usr"][2]
    assert r.looks["/usr/mark"] == "usr\n" and "etc" not in r.report["name"]
    assert digest(disk) == before


# -- what is seen afterwards -------------------------------------------------------------------------------------------


def test_layers_where_they_are_wanted(tmp_path, label):
    disk = medium(tmp_path, label, "erofs")
    with media.attached(disk):
        r = boot(tmp_path, f"quiet rd.slipway.medium=LABEL={label} rd.slipway.image=/fs rd.slipway.upper.size=20M "
                 "rd.slipway.medium.keep=/mnt/cdrom rd.slipway.image.keep=/mnt/fs-ro rd.slipway.upper.keep=/run/rw",
                 looks=["/mnt/fs-ro/mark"])
    m = mounts(r)
    assert r.looks["/mnt/fs-ro/mark"] == "live\n"
    assert m["/mnt/cdrom"][0] == "ext4" and m["/mnt/fs-ro"][0] == "erofs" and m["/run/rw"][0] == "tmpfs"
    assert not [t for t in m if t.startswith("/run/slipway/live")]


def test_files_over_the_root(tmp_path, label):
    disk = medium(tmp_path, label)
    media.run("debugfs", "-w", "-R", "mkdir over", disk)
    (tmp_path / "mark").write_text("from the medium\n")
    media.run("debugfs", "-w", "-R", f"write {tmp_path}/mark over/mark", disk)
    with media.attached(disk):
        r = boot(tmp_path, f"quiet rd.slipway.medium=LABEL={label} rd.slipway.image=/fs rd.slipway.files=/over "
                 "rd.slipway.copy")
    assert r.looks["/mark"] == "from the medium\n"
    assert "/run/slipway/live/medium" not in mounts(r)


# -- a medium in a file --------------------------------------------------------------------------------------------------


def test_file_on_some_disk(tmp_path, label):
    """iso-scan/filename=: only the path is known."""
    iso = medium(tmp_path, label)
    (tmp_path / "stick/boot").mkdir(parents=True)
    iso.rename(tmp_path / "stick/boot" / f"{label}.iso")
    stick = media.ext4(tmp_path / "stick", tmp_path / "stick.img", "other", 64)
    before = digest(stick)
    with media.attached(stick):
        r = boot(tmp_path, f"quiet iso-scan/filename=/boot/{label}.iso root=live:LABEL={label} rd.slipway.image=/fs")
    assert r.looks["/mark"] == "live\n"
    assert mounts(r)["/run/slipway/host"][0] == "ext4" and "ro" in mounts(r)["/run/slipway/host"][2]
    assert digest(stick) == before


def test_file_that_nobody_has(tmp_path, label):
    r = fail(tmp_path, f"quiet iso-scan/filename=/boot/{label}.iso root=live:LABEL={label} rd.timeout=2")
    assert f"cannot find the host device with the file /boot/{label}.iso: waited 2 s" in r.kmsg
