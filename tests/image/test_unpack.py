# SPDX-License-Identifier: MIT
"""unpack: what cpio and the matching decompressor give, and nothing outside of the directory."""
import os
import stat
import subprocess

import pytest

from test_read import PACKERS, cpio, pipe, unified

NEWC = "070701" + "%08X" * 13


def record(name, mode, data=b"", nlink=1, ino=1, rdev=(0, 0), mtime=1, owner=(0, 0)):
    fields = (ino, mode, *owner, nlink, mtime, len(data), 0, 0, *rdev, len(name) + 1, 0)
    head = (NEWC % fields).encode() + name.encode() + b"\0"
    return head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4)


def archive(*records):
    return b"".join(records) + record("TRAILER!!!", 0)


def file(name, data=b"data", mode=0o644, **more):
    return record(name, stat.S_IFREG | mode, data, **more)


def link(name, target):
    return record(name, stat.S_IFLNK | 0o777, target.encode())


def directory(name, mode=0o755, **more):
    return record(name, stat.S_IFDIR | mode, nlink=2, **more)


def state(path):
    """All that can be known of a tree: kind, mode, size, links, target, owner, time, content."""
    found, inodes = {}, {}
    for p in [path, *path.rglob("*")]:
        st = p.lstat()
        name = str(p.relative_to(path))
        first = inodes.setdefault(st.st_ino, name)
        content = p.read_bytes() if p.is_file() and not p.is_symlink() else os.readlink(p) if p.is_symlink() else st.st_rdev
        size = None if stat.S_ISDIR(st.st_mode) else st.st_size
        found[name] = (oct(st.st_mode), size, st.st_uid, st.st_gid, int(st.st_mtime), content, st.st_nlink, first)
    return found


@pytest.fixture
def out(tmp_path):
    return tmp_path / "unpacked"


def unpack(root, out, *paths, code=0, options=()):
    done = root.slipway("unpack", *options, "-C", out, root.image, *paths)
    assert done.returncode == code, done.said
    return done.said


def real_tree(path):
    """What a file system can have, short of devices."""
    for d in ("usr/bin", "usr/lib", "closed", "sticky", "etc/with space"):
        (path / d).mkdir(parents=True)
    (path / "usr/bin/su").write_bytes(b"\x7fELF" * 30000)
    (path / "usr/bin/su").chmod(0o4755)
    os.link(path / "usr/bin/su", path / "usr/bin/sudo")
    os.link(path / "usr/bin/su", path / "another")
    (path / "usr/lib/empty").touch()
    (path / "usr/lib/secret").write_text("x")
    (path / "usr/lib/secret").chmod(0o400)
    (path / "etc/with space/new\nline").write_text("y")
    (path / "lib").symlink_to("usr/lib")
    (path / "absolute").symlink_to("/etc/passwd")
    (path / "dangling").symlink_to("nowhere")
    (path / "closed/file").write_text("z")
    (path / "closed").chmod(0o500)
    (path / "sticky").chmod(0o1777)
    os.mkfifo(path / "fifo", 0o640)
    for n, p in enumerate(sorted(path.rglob("*"), reverse=True)):
        os.utime(p, (1500000000 + n, 1500000000 + n), follow_symlinks=False)


@pytest.mark.parametrize("packer", PACKERS)
def test_as_cpio(tmp_path, root, out, packer):
    real, other = tmp_path / "real", tmp_path / "by-cpio"
    real.mkdir()
    other.mkdir()
    real_tree(real)
    names = subprocess.run(["find", ".", "-mindepth", "1", "-print0"], cwd=real, capture_output=True, check=True).stdout
    data = pipe(names, "cpio", "-o", "-0", "-H", "newc", "--quiet", cwd=real)
    pipe(data, "cpio", "-idm", "--quiet", cwd=other)
    root.image.write_bytes(PACKERS[packer](data))
    assert unpack(root, out).startswith(f"slipway: TEST/unpacked: {len(state(real)) - 1} files, ")
    # GNU cpio does not keep the times of symlinks, and not those of directories that it has put something into later.
    ours, theirs, source = state(out), state(other), state(real)
    for found in (ours, theirs, source):
        del found["."]
    assert ours == source

    def without_times(found):
        return {n: v[:4] + v[5:] if v[0][:4] in ("0o12", "0o40") else v for n, v in found.items()}

    assert without_times(ours) == without_times(theirs)
    (real / "closed").chmod(0o700)


def test_our_own(root, out, tmp_path):
    assert root.build("--rescue", env={"SOURCE_DATE_EPOCH": "1600000000"}).returncode == 0
    other = tmp_path / "by-cpio"
    other.mkdir()
    plain = pipe(b"", "zstd", "-dcf", str(root.image))
    pipe(plain, "cpio", "-idm", "--quiet", "-f", "dev/*", cwd=other)
    unpack(root, out)
    ours, theirs = state(out), state(other)
    assert set(ours) - set(theirs) <= {"dev/console", "dev/null", "dev/kmsg"}
    assert {n: v[5] for n, v in theirs.items()} == {n: v[5] for n, v in ours.items() if n in theirs}
    assert {v[4] for n, v in ours.items() if n != "."} == {1600000000}
    assert sorted(n for n in root.names() if not n.startswith("dev/")) == sorted(
        n for n in ours if n != "." and not n.startswith("dev/")
    )


def test_devices_are_made_by_root(root, out):
    root.image.write_bytes(archive(directory("dev"), record("dev/x", stat.S_IFCHR | 0o620, rdev=(5, 1)), file("a")))
    said = unpack(root, out)
    if os.geteuid() == 0 and (out / "dev/x").exists():
        st = (out / "dev/x").lstat()
        assert (stat.S_IFMT(st.st_mode), st.st_rdev, st.st_mode & 0o7777) == (stat.S_IFCHR, os.makedev(5, 1), 0o620)
    else:
        assert "slipway: cannot make 1 device nodes without privilege, ignoring\n" in said
    assert (out / "a").read_bytes() == b"data"


def test_without_privilege(root, out):
    """One warning that counts; everything else is there. In a user namespace root is no root, and others are nobody."""
    nodes = [record(f"n{i}", stat.S_IFBLK | 0o600, rdev=(7, i)) for i in range(3)]
    root.image.write_bytes(archive(*nodes, file("other", owner=(5, 5)), file("a")))
    words = ["unshare", "-Ur", *root.command()[:1], "unpack", "-C", out, root.image]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = done.stderr.splitlines()
    assert lines[:2] == [
        "slipway: cannot make 3 device nodes without privilege, ignoring",
        "slipway: cannot give 1 files to their owners, ignoring",
    ]
    assert lines[2].startswith(f"slipway: {out}: 2 files, ")
    assert sorted(p.name for p in out.iterdir()) == ["a", "other"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_owners(root, out):
    root.image.write_bytes(
        archive(file("a", owner=(3, 4), mode=0o4755), directory("d", owner=(5, 6)), file("d/b"), file("c", owner=(0, 7)))
    )
    unpack(root, out)
    assert {n: v[2:4] for n, v in state(out).items() if n != "."} == {"a": (3, 4), "d": (5, 6), "d/b": (0, 0), "c": (0, 7)}
    assert stat.S_IMODE((out / "a").stat().st_mode) == 0o4755


NAMES_THAT_LEAVE = ["../out", "a/../../out", "..", "a/..", "/../out"]


@pytest.mark.parametrize("name", NAMES_THAT_LEAVE)
def test_names_that_leave(root, out, name):
    root.image.write_bytes(archive(file("first"), file(name)))
    shown = name.lstrip("/")
    assert unpack(root, out, code=1) == (
        f"slipway: cannot unpack TEST/out/image: a file in it is named {shown}, which may lead out of the directory; "
        "nothing was written\n"
    )
    assert not out.exists()


def test_absolute_names_are_inside(root, out):
    root.image.write_bytes(archive(file("/etc/x"), file("//y"), file("./z"), file("a//./b")))
    unpack(root, out)
    assert {n for n, v in state(out).items() if v[0].startswith("0o10")} == {"etc/x", "y", "z", "a/b"}


@pytest.mark.parametrize("target", ["..", "../..", "/", "OUTSIDE", "../outside", "sub/../../outside"])
def test_planted_symlinks(root, out, tmp_path, target):
    """A link that leads out means the directory itself: as for the kernel, whose root it will be."""
    outside = tmp_path / "outside"
    outside.mkdir()
    before = state(outside)
    target = target.replace("OUTSIDE", str(outside))
    root.image.write_bytes(
        archive(directory("sub"), link("l", target), file("l/planted"), link("m", target + "/deeper"), file("m/planted"))
    )
    done = root.slipway("unpack", "-C", out, root.image)
    assert state(outside) == before
    assert sorted(p.name for p in tmp_path.iterdir() if p.name not in ("root", "libexec", "out")) == ["outside", "unpacked"]
    if done.returncode == 0 or target in ("..", "../..", "/"):
        assert (out / "planted").read_bytes() == b"data"
    else:
        assert "cannot unpack l/planted to TEST/unpacked: No such file or directory" in done.said


def test_symlinks_are_not_written_through(root, out, tmp_path):
    """The last component: a file replaces a link and does not go where it leads; nor is a link's target linked."""
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    root.image.write_bytes(
        archive(
            link("x", str(victim)),
            file("x", b"new"),
            link("y", str(victim)),
            file("hard", b"", nlink=2, ino=9),
            file("y", b"linked", nlink=2, ino=9),
            link("d", str(tmp_path)),
            directory("d", mode=0o700),
        )
    )
    unpack(root, out)
    assert victim.read_text() == "untouched"
    assert (out / "x").read_bytes() == b"new" and not (out / "x").is_symlink()
    assert (out / "y").read_bytes() == (out / "hard").read_bytes() == b"linked"
    assert (out / "d").is_dir() and not (out / "d").is_symlink()
    assert stat.S_IMODE((out / "d").stat().st_mode) == 0o700


def test_directory_that_is_not_empty(root, out, tmp_path):
    victim = tmp_path / "victim"
    victim.mkdir()
    out.mkdir()
    (out / "keep").write_text("kept")
    (out / "a").write_text("old")
    (out / "d").symlink_to(victim)
    root.image.write_bytes(archive(file("a", b"new")))
    assert unpack(root, out, code=1) == (
        "slipway: cannot unpack to TEST/unpacked: the directory is not empty, -f unpacks into it and replaces what has the "
        "same name\n"
    )
    assert (out / "a").read_text() == "old"
    unpack(root, out, options=["-f"])
    assert ((out / "a").read_text(), (out / "keep").read_text()) == ("new", "kept")
    # What was a link before leads nowhere else now.
    root.image.write_bytes(archive(file("d/x")))
    unpack(root, out, code=1, options=["-f"])
    assert not list(victim.iterdir())


def test_later_replaces_earlier(root, out):
    """As in the kernel: files, and kinds of files."""
    root.image.write_bytes(
        archive(file("a", b"1"), file("b", b"1"), directory("c"), link("d", "a"))
        + archive(file("a", b"2"), directory("b"), file("c", b"2"), file("d", b"2"))
    )
    unpack(root, out)
    assert (out / "a").read_bytes() == b"2"
    assert (out / "b").is_dir()
    assert (out / "c").read_bytes() == b"2"
    assert (out / "d").read_bytes() == b"2" and not (out / "d").is_symlink()


def test_hard_links_of_two_archives(root, out):
    """The same numbers in another archive are another file; the last of the links carries the data."""
    more = {"nlink": 2, "ino": 7}
    root.image.write_bytes(
        archive(file("a", b"", **more), file("b", b"first", **more)) + archive(file("c", b"second", **more), file("d", b"", **more))
    )
    unpack(root, out)
    assert [(out / n).read_bytes() for n in "abcd"] == [b"first", b"first", b"second", b"second"]
    assert (out / "a").stat().st_ino == (out / "b").stat().st_ino != (out / "c").stat().st_ino
    assert (out / "c").stat().st_ino == (out / "d").stat().st_ino


def test_directories_are_closed_last(root, out):
    """Modes and times as the archive says, whatever is put into them afterwards; the root itself too."""
    root.image.write_bytes(
        archive(
            directory(".", mode=0o711, mtime=1000),
            directory("d", mode=0o500, mtime=2000),
            directory("d/e", mode=0, mtime=3000),
            file("d/e/f", mtime=4000),
            file("made/up", mtime=5000),
        )
    )
    unpack(root, out)
    for name, mode, mtime in ((".", 0o711, 1000), ("d", 0o500, 2000)):
        st = (out / name).stat()
        assert (stat.S_IMODE(st.st_mode), st.st_mtime) == (mode, mtime)
    (out / "d").chmod(0o700)
    assert stat.S_IMODE((out / "d/e").stat().st_mode) == 0
    assert (out / "d/e").stat().st_mtime == 3000
    (out / "d/e").chmod(0o700)
    assert (out / "d/e/f").stat().st_mtime == 4000
    assert stat.S_IMODE((out / "made").stat().st_mode) == 0o755


def test_closed_directories_without_privilege(root, out):
    """A directory is closed after those in it, even if it stands twice in the image."""
    root.image.write_bytes(
        archive(directory("d", mode=0), directory("d/e", mode=0), file("d/e/f")) + archive(directory("d", mode=0), file("g"))
    )
    words = [*root.command()[:1], "unpack", "-C", out, root.image]
    if os.geteuid() == 0:
        words = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *words]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert stat.S_IMODE((out / "d").stat().st_mode) == 0
    (out / "d").chmod(0o700)
    assert stat.S_IMODE((out / "d/e").stat().st_mode) == 0
    (out / "d/e").chmod(0o700)
    assert (out / "d/e/f").read_bytes() == b"data"


def test_only_some_paths(root, out):
    root.image.write_bytes(
        archive(directory("usr"), directory("usr/lib"), file("usr/lib/a"), file("usr/libx"), link("lib", "usr/lib"), file("b"))
    )
    unpack(root, out, "/usr/lib/", "./b")
    assert set(state(out)) == {".", "usr", "usr/lib", "usr/lib/a", "b"}
    unpack(root, out.parent / "through", "lib/a")
    assert set(state(out.parent / "through")) == {".", "usr", "usr/lib", "usr/lib/a"}
    unpack(root, out.parent / "link", "lib")
    assert set(state(out.parent / "link")) == {".", "lib"}
    said = unpack(root, out.parent / "none", "b", "usr/li", code=1)
    assert said == "slipway: cannot unpack usr/li of TEST/out/image: No such file or directory\n"
    assert not (out.parent / "none").exists()


def test_unified_kernel_image(root, out, tmp_path):
    early = cpio(tmp_path / "a", {"both": "first", "kernel/early": "early"})
    late = PACKERS["xz"](cpio(tmp_path / "b", {"both": "second"}))
    root.image.write_bytes(unified([(".initrd", late), (".ucode", early)]))
    unpack(root, out)
    assert (out / "both").read_text() == "second"
    assert (out / "kernel/early").read_text() == "early"


def test_what_is_whole_is_unpacked(root, out, tmp_path):
    good = cpio(tmp_path / "a", {"one": "1"})
    root.image.write_bytes(good + b"junk")
    said = unpack(root, out, code=1)
    assert said.endswith("neither a cpio archive nor a compressed one begins here\n")
    assert (out / "one").read_text() == "1"
    # None at all: no directory is made.
    root.image.write_bytes(b"junk")
    unpack(root, out.parent / "none", code=1)
    assert not (out.parent / "none").exists()


def test_current_directory(root, out):
    root.image.write_bytes(archive(file("a")))
    out.mkdir()
    done = root.slipway("unpack", "-q", root.image, cwd=out)
    assert (done.returncode, done.said) == (0, "")
    assert (out / "a").read_bytes() == b"data"


def test_unknown_kind(root, out):
    root.image.write_bytes(archive(record("odd", 0o170000)))
    assert unpack(root, out, code=1) == "slipway: cannot unpack odd to TEST/unpacked: Invalid argument\n"


def test_one_part(root, out):
    root.image.write_bytes(
        archive(file("early"), file("both", b"1")) + PACKERS["gzip"](archive(file("both", b"2"))) + archive(file("late"))
    )
    for part, found in (("1", {"early": b"data", "both": b"1"}), ("2", {"both": b"2"}), ("3", {"late": b"data"})):
        there = out.parent / f"part{part}"
        unpack(root, there, options=["-p", part])
        assert {p.name: p.read_bytes() for p in there.iterdir()} == found
    said = unpack(root, out, "late", code=1, options=["--part", "2"])
    assert said == "slipway: cannot unpack late of TEST/out/image: No such file or directory\n"
    assert unpack(root, out, code=1, options=["-p", "4"]) == "slipway: cannot unpack part 4 of TEST/out/image: it has 3\n"
    assert not out.exists()


@pytest.mark.parametrize("part", ["0", "x", "-1", ""])
def test_no_part(root, out, part):
    said = unpack(root, out, code=2, options=["-p", part])
    assert said == f"slipway: cannot use --part {part}: it must be a number from 1 on, as ls --parts counts them\n"


def test_wrong_words(root, out):
    done = root.slipway("unpack", "-C", out)
    assert (done.returncode, done.said) == (2, "slipway: cannot unpack: unpack takes an image, and paths in it\n")
