# SPDX-License-Identifier: MIT
"""unpack: of images of several archives the same files as cpio(1) and the decompressors that fit make of them."""
import os
import stat
import subprocess

import pytest

import foreign

PACKERS = {
    "plain": ("cat",),
    "gzip": ("gzip", "-nc"),
    "xz": ("xz", "-c", "--check=crc32"),
    "xz-threads": ("xz", "-c", "-T2", "--block-size=4096", "--check=crc64"),
    "lzma": ("xz", "-c", "--format=lzma"),
    "zstd": ("zstd", "-qc", "-19"),
    "zstd-long": ("zstd", "-qc", "--ultra", "--long=27"),
    "lz4-legacy": ("lz4", "-qc", "-l"),
    "lz4": ("lz4", "-qc", "-9"),
    "bzip2": ("bzip2", "-c"),
    "lzop": ("lzop", "-c"),
}
ROOT = os.geteuid() == 0


def pipe(data, *argv, **more):
    return subprocess.run(argv, input=data, capture_output=True, check=True, **more).stdout


def one_of_each(top):
    """What an image may hold, and some that is rare."""
    (top / "usr/bin").mkdir(parents=True)
    (top / "empty").mkdir(mode=0o700)
    (top / "tmp").mkdir()
    (top / "tmp").chmod(0o1777)
    (top / "bin").symlink_to("usr/bin")
    (top / "usr/bin/absolute").symlink_to("/usr/bin/program")
    (top / "usr/bin/dangling").symlink_to("../../nowhere")
    program = top / "usr/bin/program"
    program.write_bytes(os.urandom(100000))
    program.chmod(0o4755)
    for name in ("second", "third"):
        os.link(program, top / "usr/bin" / name)
    os.link(program, top / "fourth")
    (top / "zero").write_bytes(b"")
    os.link(top / "zero", top / "zero too")
    for size in range(1, 6):
        (top / f"size {size}").write_bytes(b"x" * size)
    (top / ("long" * 60)).write_text("name")
    (top / "gr\u00fcn \x01").write_text("bytes")
    (top / "secret").write_text("secret")
    (top / "secret").chmod(0o600)
    os.mkfifo(top / "fifo", 0o640)
    if ROOT:
        os.mknod(top / "console", stat.S_IFCHR | 0o600, os.makedev(5, 1))
        os.mknod(top / "disk", stat.S_IFBLK | 0o660, os.makedev(259, 70000))
        os.chown(program, 1000, 2000)
        os.lchown(top / "bin", 3000, 65534)
        program.chmod(0o4755)
    for i, path in enumerate(sorted(top.rglob("*"))):
        os.utime(path, (i * 50000000, i * 50000000), follow_symlinks=False)


def archive(top, format="newc"):
    names = pipe(b"", "find", ".", "-mindepth", "1", "-print0", cwd=top)
    # Without the zeros that fill up a block of tape.
    data = pipe(names, "cpio", "-o0", "-H", format, "--quiet", cwd=top)
    return data[: data.rindex(b"TRAILER!!!") + 14]


def assert_alike(root, archives, tmp_path):
    """The image, unpacked by us, and those archives, by cpio."""
    foreign.unpack(archives, tmp_path / "theirs")
    (tmp_path / "ours").mkdir()
    done = root.slipway("unpack", root.image, "-C", tmp_path / "ours")
    assert done.returncode == 0, done.said
    theirs = foreign.tree(tmp_path / "theirs")
    assert len(theirs) > 20
    assert list(foreign.differences(theirs, foreign.tree(tmp_path / "ours"))) == []


@pytest.fixture
def source(tmp_path):
    (tmp_path / "source").mkdir()
    one_of_each(tmp_path / "source")
    return tmp_path / "source"


def test_with_checksums(root, source, tmp_path):
    """The magic 070702."""
    data = archive(source, "crc")
    root.image.write_bytes(data)
    assert_alike(root, [data], tmp_path)


@pytest.mark.parametrize("packer", PACKERS)
def test_early_archive_in_front(root, source, tmp_path, packer):
    """As microcode comes: plain, padded, and then the rest, which may write over it."""
    early = tmp_path / "early"
    (early / "kernel/x86/microcode").mkdir(parents=True)
    (early / "kernel/x86/microcode/AuthenticAMD.bin").write_bytes(os.urandom(5000))
    (early / "zero").write_text("not for long")
    (early / "bin").symlink_to("somewhere else")
    archives = [archive(early), archive(source)]
    root.image.write_bytes(archives[0] + bytes(4096 - len(archives[0]) % 4096) + pipe(archives[1], *PACKERS[packer]))
    assert foreign.archives(root.image.read_bytes()) == archives
    assert_alike(root, archives, tmp_path)


def test_all_formats_in_one(root, source, tmp_path):
    """One archive behind the other, each in another format, with zeros between them."""
    archives, image = [archive(source)], b""
    image = pipe(archives[0], *PACKERS["xz"])
    for i, (name, packer) in enumerate(PACKERS.items()):
        more = tmp_path / name
        more.mkdir()
        (more / name).write_bytes(os.urandom(100 * i))
        (more / "last").write_text(name)
        archives.append(archive(more))
        image += bytes(-len(image) % 4 + 4 * (i % 3)) + pipe(archives[-1], *packer)
    root.image.write_bytes(image)
    assert_alike(root, archives, tmp_path)


def test_our_own(root, tmp_path):
    """With --rescue: symlinks, modules, nodes."""
    if not ROOT:
        pytest.skip("device nodes can only be made by root")
    assert root.build("--rescue").returncode == 0
    assert_alike(root, foreign.archives(root.image.read_bytes()), tmp_path)
