# SPDX-License-Identifier: MIT
"""ls and cat: images of several archives, of other tools, cut off and foreign ones."""
import bz2
import gzip
import lzma
import os
import struct
import subprocess

import pytest

from fixture import KVER

PACKERS = {
    "plain": lambda data: data,
    "gzip": gzip.compress,
    "xz": lambda data: lzma.compress(data, check=lzma.CHECK_CRC32),
    "lzma": lambda data: lzma.compress(data, format=lzma.FORMAT_ALONE),
    "zstd": lambda data: pipe(data, "zstd", "-q", "-c"),
    "bzip2": bz2.compress,
    "lz4 legacy": lambda data: pipe(data, "lz4", "-q", "-l", "-c"),
    "lz4": lambda data: pipe(data, "lz4", "-q", "-c"),
    "lzo": lambda data: pipe(data, "lzop", "-q", "-c"),
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


def unified(sections):
    """A PE file of these sections, as bare as it can be; each padded to 512 bytes."""
    table, data, start = b"", b"", 1024
    for name, content in sections:
        raw = content + bytes(-len(content) % 512)
        table += struct.pack("<8sIIIIIIHHI", name.encode(), len(content), 0, len(raw), start + len(data), 0, 0, 0, 0, 0)
        data += raw
    head = b"MZ".ljust(60, b"\0") + struct.pack("<I", 64)
    head += b"PE\0\0" + struct.pack("<HHIIIHH", 0x8664, len(sections), 0, 0, 0, 16, 0) + bytes(16) + table
    return head.ljust(start, b"\0") + data


@pytest.mark.parametrize("first, second", [(a, b) for a in PACKERS for b in {"plain": 0, "zstd": 0, a: 0}])
def test_archives_one_after_the_other(tmp_path, root, first, second):
    a = cpio(tmp_path / "a", {"kernel/early": "early", "both": "first"})
    b = cpio(tmp_path / "b", {"both": "second", "late": "late"})
    root.image.write_bytes(PACKERS[first](a) + bytes(8) + PACKERS[second](b) + bytes(5))
    assert sorted(root.names()) == ["both", "both", "kernel", "kernel/early", "late"]
    assert root.cat("kernel/early", "both", "/late") == b"earlysecondlate"


def test_parts(tmp_path, root):
    """As distributions make them: microcode in front, then modules that are packed already, then the rest."""
    early = cpio(tmp_path / "a", {"kernel/x86/microcode/GenuineIntel.bin": "microcode"})
    modules = cpio(tmp_path / "b", {"lib/m.ko.zst": "module"})
    rest = cpio(tmp_path / "c", {"init": "init", "bin/sh": "sh"})
    packed = PACKERS["zstd"](rest)
    root.image.write_bytes(early + bytes(1000) + modules + packed)
    assert root.cat("init", "lib/m.ko.zst", "kernel/x86/microcode/GenuineIntel.bin") == b"initmodulemicrocode"
    rows = [line.split() for line in root.slipway("ls", "--parts", root.image).stdout.decode().splitlines()]
    # cpio(1) pads its archives to 512 bytes; that is behind the trailer, of the size of a record.
    assert [(int(row[0]), row[2], int(row[4])) for row in rows] == [
        (0, "cpio", 4),
        (len(early) + 1000, "cpio", 2),
        (len(early) + 1000 + len(modules), "zstd", 3),
    ]
    assert [int(row[1]) for row in rows][2] == len(packed)
    assert [int(row[3]) for row in rows][2] == len(rest)
    assert early[int(rows[0][1]) :].strip(b"\0") == b""


@pytest.mark.parametrize("packer", [p for p in PACKERS if p != "plain"])
def test_archive_in_several_frames(tmp_path, root, packer):
    """What packs with several processors divides it anywhere."""
    data = cpio(tmp_path / "a", {"one": "1" * 3000, "two": "2" * 3000})
    other = cpio(tmp_path / "b", {"three": "3"})
    frames = [PACKERS[packer](data[at : at + 1500]) for at in range(0, len(data), 1500)]
    root.image.write_bytes(b"".join(frames) + PACKERS[packer](other))
    assert sorted(root.names()) == ["one", "three", "two"]
    assert root.cat("one", "two", "three") == b"1" * 3000 + b"2" * 3000 + b"3"


def test_unified_kernel_image(tmp_path, root):
    early = cpio(tmp_path / "a", {"kernel/early": "early", "both": "first"})
    rest = PACKERS["zstd"](cpio(tmp_path / "b", {"both": "second"}))
    other = cpio(tmp_path / "c", {"both": "another profile"})
    image = unified(
        [
            (".cmdline", b"root=/dev/vda quiet"),
            (".initrd", rest),
            (".ucode", early),
            (".linux", b"kernel"),
            (".profile", b"ID=other"),
            (".initrd", other),
            (".ucode", other),
        ]
    )
    root.image.write_bytes(image)
    assert root.names() == ["kernel", "kernel/early", "both", "both"]
    assert root.cat("both") == b"second"
    assert root.cat("-s", ".cmdline", ".linux") == b"root=/dev/vda quietkernel"
    rows = [line.split() for line in root.slipway("ls", "-p", root.image).stdout.decode().splitlines()]
    assert [row[2] for row in rows] == [".cmdline", ".initrd", ".ucode", ".linux", ".profile", ".initrd", ".ucode", "cpio", "zstd"]
    assert image[int(rows[3][0]) :][: int(rows[3][1])] == b"kernel"
    done = root.slipway("cat", "-s", root.image, ".cmdline", ".none")
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.said == "slipway: cannot print .none of TEST/out/image: it has no such section\n"


def test_microcode_of_another_profile(tmp_path, root):
    """What stands behind a .profile is that profile's alone, whether the base has a section of the name or not."""
    sections = [(".initrd", cpio(tmp_path / "a", {"a": "1"})), (".profile", b"ID=x"), (".ucode", cpio(tmp_path / "b", {"b": "1"}))]
    root.image.write_bytes(unified(sections))
    assert root.names() == ["a"]
    root.image.write_bytes(unified(sections[1:] + sections[:1]))
    assert "a PE file without a section .initrd" in root.slipway("ls", root.image).said


def test_names_that_are_padded(root):
    """dracut aligns data to blocks by zeros behind names, which count as a part of them."""
    name, data = b"file" + bytes(500), b"x" * 4096
    head = b"070701" + b"%08X" * 13 % (1, 0o100644, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name), 0)
    end = b"070701" + b"%08X" * 13 % (0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 11, 0) + b"TRAILER!!!\0\0\0\0"
    head += name
    root.image.write_bytes(head + bytes(-len(head) % 4) + data + end)
    assert root.names() == ["file"]
    assert root.cat("file") == data


def test_sections_of_what_has_none(root):
    assert root.build().returncode == 0
    done = root.slipway("cat", "-s", root.image, ".cmdline")
    assert (done.returncode, done.said) == (1, "slipway: cannot print sections of TEST/out/image: not a PE file\n")


def test_pe_without_initrd(root):
    root.image.write_bytes(unified([(".text", b"x")]))
    done = root.slipway("ls", root.image)
    assert done.returncode == 1
    assert "at offset 0: a PE file without a section .initrd: a kernel alone, or another program" in done.said


@pytest.mark.parametrize("size", [64 + 24, 64 + 24 + 16 + 30, 1025])
def test_pe_cut_off(root, size):
    root.image.write_bytes(unified([(".initrd", b"070701")])[:size])
    done = root.slipway("ls", root.image)
    assert (done.returncode, done.said) == (
        1,
        "slipway: cannot read TEST/out/image: at offset 0: a PE file with damaged headers\n",
    )


def test_what_is_whole_is_listed(tmp_path, root):
    """A last part that is damaged: the others are there to be seen, then comes the error."""
    first = cpio(tmp_path / "a", {"one": "1", "two": "2"})
    packed = bytearray(PACKERS["xz"](cpio(tmp_path / "b", {"three": "3"})))
    packed[len(packed) // 2] ^= 0xFF
    root.image.write_bytes(first + packed)
    for argv in (["ls"], ["ls", "-p"]):
        done = root.slipway(*argv, root.image)
        assert done.returncode == 1
        assert ", in the xz archive: the compressed archive is damaged\n" in done.said
        lines = done.stdout.decode().splitlines()
        assert sorted(lines) == ["one", "two"] or lines[0].split()[2] == "cpio"
    assert root.slipway("cat", root.image, "one").returncode == 1


def test_what_is_before_the_cut_is_listed(root):
    """A short write on a full /boot: the files that are whole."""
    assert root.build().returncode == 0
    names = root.names()
    data = gzip.compress(pipe(b"", "zstd", "-dcf", str(root.image)))
    root.image.write_bytes(data[: len(data) * 3 // 4])
    done = root.slipway("ls", root.image)
    assert done.returncode == 1
    listed = done.stdout.decode().splitlines()
    assert 0 < len(listed) < len(names)
    assert listed == names[: len(listed)]


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


@pytest.mark.parametrize("path, why", [("/nonexistent", "No such file or directory"), ("/", "Is a directory")])
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
    assert lines[:3] == [f"#slipway\t{version}", f"#kernel\t{KVER}", "#mode\tgeneric"]
    rows = [line.split("\t") for line in lines if line[0] != "#"]
    assert [row[0] for row in rows] == sorted(set(root.names()), key=os.fsencode)
    assert all(reason for _, reason, _ in rows)
    by_path = {row[0]: row[1:] for row in rows}
    assert by_path["init"] == ["the kernel runs it", ""]
    assert by_path["usr/lib/x86-tiny/libzip.so.1"] == ["library of", "usr/lib/x86-tiny/libkm.so.1.2"]
    # Whatever a path is for is in the image too.
    assert {by for _, _, by in rows} - {""} <= set(by_path)
