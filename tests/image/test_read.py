# SPDX-License-Identifier: MIT
"""ls and cat: images of several archives, of other tools, cut off and foreign ones."""
import gzip
import lzma
import subprocess

import pytest

from fixture import KVER

PACKERS = {
    "plain": lambda data: data,
    "gzip": gzip.compress,
    "xz": lambda data: lzma.compress(data, check=lzma.CHECK_CRC32),
    "lzma": lambda data: lzma.compress(data, format=lzma.FORMAT_ALONE),
    "zstd": lambda data: pipe(data, "zstd", "-q", "-c"),
    "lz4": lambda data: pipe(data, "lz4", "-q", "-l", "-c"),
}


def pipe(data, *argv, **more):
    return subprocess.run(argv, input=data, capture_output=True, check=True, **more).stdout


def cpio(path, files):
    """An archive as cpio(1) makes it."""
    path.mkdir()
    for name, text in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)
    names = subprocess.run(["find", ".", "-mindepth", "1"], cwd=path, capture_output=True, check=True).stdout
    return pipe(names, "cpio", "-o", "-H", "newc", "--quiet", cwd=path)


@pytest.mark.parametrize("first", PACKERS)
@pytest.mark.parametrize("second", PACKERS)
def test_archives_one_after_the_other(tmp_path, root, first, second):
    a = cpio(tmp_path / "a", {"kernel/early": "early", "both": "first"})
    b = cpio(tmp_path / "b", {"both": "second", "late": "late"})
    root.image.write_bytes(PACKERS[first](a) + bytes(8) + PACKERS[second](b) + bytes(5))
    assert sorted(root.names()) == ["both", "both", "kernel", "kernel/early", "late"]
    assert root.cat("kernel/early", "both", "/late") == b"earlysecondlate"


def test_each_file_is_what_cpio_says(tmp_path, root):
    assert root.build("--rescue").returncode == 0
    plain = pipe(b"", "zstd", "-dcf", str(root.image))
    out = tmp_path / "unpacked"
    out.mkdir()
    pipe(plain, "cpio", "-id", "--quiet", "--no-absolute-filenames", "-f", "dev/*", cwd=out)
    files = [p for p in out.rglob("*") if p.is_file() and not p.is_symlink()]
    assert len(files) > 20
    for path in files:
        assert root.cat(str(path.relative_to(out))) == path.read_bytes()


def test_cat_follows_symlinks(root):
    assert root.build().returncode == 0
    assert root.cat("/sbin/modprobe") == root.cat("usr/bin/kmod")


@pytest.mark.parametrize(
    "path, why",
    [
        ("none", "No such file or directory"),
        ("etc", "not a regular file"),
        ("dev/console", "not a regular file"),
    ],
)
def test_cat_errors(root, path, why):
    assert root.build().returncode == 0
    done = root.slipway("cat", root.image, "init", path)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.said == f"slipway: cannot print {path} of TEST/out/image: {why}\n"


def test_cut_off(root):
    assert root.build().returncode == 0
    data = root.image.read_bytes()
    for size in (5, 100, len(data) // 2, len(data) - 1):
        root.image.write_bytes(data[:size])
        done = root.slipway("ls", root.image)
        assert done.returncode == 1
        assert done.said == (
            f"slipway: cannot read TEST/out/image: at offset {size}, in the zstd archive: "
            "the compressed archive is cut off\n"
        )


def test_cut_off_plain(root, tmp_path):
    data = cpio(tmp_path / "a", {"file": "x" * 1000})
    for size, why in ((100, "a record's header"), (111, "a file's name"), (500, "a file's data")):
        root.image.write_bytes(data[:size])
        said = root.slipway("ls", root.image).said
        assert said == f"slipway: cannot read TEST/out/image: at offset 0: the archive is cut off in {why}\n"


def test_damaged(root):
    assert root.build().returncode == 0
    data = bytearray(root.image.read_bytes())
    data[len(data) // 2] ^= 0x10
    root.image.write_bytes(data)
    done = root.slipway("ls", root.image)
    assert done.returncode == 1
    assert ", in the zstd archive: the compressed archive is damaged\n" in done.said


@pytest.mark.parametrize(
    "data, why",
    [
        (b"", "at offset 0: there is no archive in it"),
        (bytes(4096), "at offset 0: there is no archive in it"),
        (b"MZ" + bytes(510), "at offset 0: neither a cpio archive nor a compressed one begins here"),
        (b"070707" + bytes(510), "at offset 0: neither a cpio archive nor a compressed one begins here"),
    ],
)
def test_foreign(root, data, why):
    root.image.write_bytes(data)
    done = root.slipway("ls", root.image)
    assert (done.returncode, done.said) == (1, f"slipway: cannot read TEST/out/image: {why}\n")


def test_foreign_after_ours(root):
    assert root.build().returncode == 0
    size = root.image.stat().st_size
    with open(root.image, "ab") as f:
        f.write(b"\0\0junk")
    done = root.slipway("cat", root.image, "init")
    assert done.returncode == 1
    assert f"at offset {size + 2}: neither a cpio archive nor a compressed one begins here" in done.said


def test_compressed_but_no_archive(root):
    root.image.write_bytes(gzip.compress(b"a letter"))
    done = root.slipway("ls", root.image)
    assert done.returncode == 1
    assert "at offset 0, in the gzip archive: no cpio archive begins here" in done.said


@pytest.mark.parametrize("path, why", [("/nonexistent", "No such file or directory"), ("/", "Invalid argument")])
def test_no_image(root, path, why):
    done = root.slipway("ls", path)
    assert (done.returncode, done.said) == (1, f"slipway: cannot read {path}: {why}\n")


def test_names_cannot_move_the_cursor(root, tmp_path):
    root.image.write_bytes(cpio(tmp_path / "a", {"a\x1b[2Jb": "x"}))
    assert root.slipway("ls", root.image).stdout == b"a\\033[2Jb\n"


def test_full_standard_output(root):
    assert root.build().returncode == 0
    for words in (["ls", root.image], ["cat", root.image, "init"]):
        with open("/dev/full", "wb") as full:
            done = subprocess.run(
                [root.command()[0], *words], stdout=full, stderr=subprocess.PIPE, check=False
            )
        assert done.returncode == 4
        assert done.stderr == b"slipway: cannot write to standard output: No space left on device\n"


def test_manifest(root):
    """A line for each path of the image, in the archive's order, with its reason and what it is for."""
    assert root.build().returncode == 0
    lines = root.cat("usr/lib/slipway/manifest").decode().splitlines()
    version = root.slipway("--version").stdout.decode().split()[1]
    assert lines[:2] == [f"#slipway\t{version}", f"#kernel\t{KVER}"]
    rows = [line.split("\t") for line in lines if line[0] != "#"]
    assert [row[0] for row in rows] == root.names()
    assert all(reason for _, reason, _ in rows)
    by_path = {row[0]: row[1:] for row in rows}
    assert by_path["init"] == ["the kernel runs it", ""]
    assert by_path["usr/lib/x86-tiny/libzip.so.1"] == ["library of", "usr/lib/x86-tiny/libkm.so.1.2"]
    # Whatever a path is for is in the image too.
    assert {by for _, _, by in rows} - {""} <= set(by_path)
