# SPDX-License-Identifier: MIT
"""diff and explain: what is other in an image, and why a file is in it."""
import stat
import subprocess

import pytest

from fixture import KVER, LIBDIR
from test_read import PACKERS, unified
from test_unpack import archive, directory, file, link, record

MODULES = f"usr/lib/modules/{KVER}"
EXT4 = f"/{MODULES}/kernel/fs/ext4/ext4.ko"


@pytest.fixture
def other(root):
    return root.image.parent / "other"


def diff(root, a, b, *options):
    done = root.slipway("diff", *options, a, b)
    return done.returncode, done.stdout.decode().replace(str(root.path.parent), "TEST").splitlines(), done.said


def now(root, command, *words, code=0):
    """With what build would make now, of the same options as fixture.py gives it."""
    done = root.slipway(command, "--sysroot", root.path, "--libexecdir", root.libexec, *words)
    assert done.returncode == code, done.said
    return done.stdout.decode().replace(str(root.path.parent), "TEST").splitlines(), done.said


def test_each_difference(root, other):
    gone = [file("gone", b"12345"), directory("gone.d")]
    root.image.write_bytes(
        archive(
            *gone,
            file("same", b"x", mtime=1),
            file("mode", b"x"),
            file("owner", b"x"),
            file("content", b"x"),
            file("size", b"x"),
            link("target", "a"),
            record("device", stat.S_IFCHR | 0o600, rdev=(5, 1)),
            file("type", b"x"),
            file("a\x1bb", b"1"),
        )
    )
    other.write_bytes(
        archive(
            file("same", b"x", mtime=2),
            file("mode", b"x", mode=0o4755),
            file("owner", b"x", owner=(1, 2)),
            file("content", b"y"),
            file("size", b"xyz", mode=0o600),
            link("target", "b\n"),
            record("device", stat.S_IFCHR | 0o600, rdev=(5, 2)),
            directory("type"),
            file("a\x1bb", b"2"),
            file("new", b"1"),
        )
    )
    code, lines, said = diff(root, root.image, other)
    assert (code, said) == (3, "")
    assert lines == [
        "!         +0 a\\033b: content",
        "!         +0 content: content",
        "!         +0 device: device 5:1 -> 5:2",
        "-          5 gone",
        "-          0 gone.d",
        "!         +0 mode: mode 0644 -> 4755",
        "+          1 new",
        "!         +0 owner: owner 0:0 -> 1:2",
        "!         +2 size: mode 0644 -> 0600, size 1 -> 3",
        "!         +1 target: target a -> b\\012",
        "!         -1 type: type file -> directory",
        "2 only in TEST/out/image (0.0 MB), 1 only in TEST/out/other (0.0 MB), 8 changed (+0.0 MB), 1 the same; "
        "packed 0.0 MB and 0.0 MB",
    ]
    assert diff(root, root.image, other, "-q") == (3, [], "")


def test_the_same_packed_otherwise(root, other):
    """What counts is what the kernel leaves: the last of each name, whatever it was packed with."""
    second = file("x", b"2")
    root.image.write_bytes(archive(file("x", b"1"), file("y", b"y")) + PACKERS["xz"](archive(second)))
    other.write_bytes(unified([(".initrd", PACKERS["gzip"](archive(file("y", b"y"), second)))]))
    code, lines, _ = diff(root, root.image, other)
    assert (code, len(lines)) == (0, 1)
    assert ", 0 changed (+0.0 MB), 2 the same; packed" in lines[0]
    assert diff(root, root.image, other, "-q") == (0, [], "")


def test_hard_links_have_their_data(root, other):
    more = {"nlink": 2, "ino": 7}
    root.image.write_bytes(archive(file("a", b"", **more), file("b", b"data", **more)))
    other.write_bytes(archive(file("a", b"data"), file("b", b"data")))
    assert diff(root, root.image, other, "-q")[0] == 0


def test_with_what_would_be_built(root):
    assert root.build_as_default().returncode == 0
    lines, said = now(root, "diff", root.image)
    assert (said, len(lines)) == ("", 1)
    assert "only in what would be built now (0.0 MB), 0 changed (+0.0 MB)" in lines[0]
    root.text("etc/modprobe.d/local.conf", "options virtio_blk queues=2\n")
    root.text("etc/modprobe.d/new.conf", "options e1000 x=1\n")
    before = root.image.read_bytes()
    lines, _ = now(root, "diff", root.image, code=3)
    assert "!         +0 etc/modprobe.d/local.conf: content" in lines
    assert "+         18 etc/modprobe.d/new.conf" in lines
    assert root.image.read_bytes() == before
    assert not list((root.path / "boot").iterdir())
    # Of the options that are given, not of those that the image was built with.
    lines, _ = now(root, "diff", "--rescue", root.image, code=3)
    assert any(line.endswith(" usr/bin/busybox") and line[0] == "+" for line in lines)


def test_kernel_of_the_image(root):
    """Where several are there, what would be built now is for the one that the image is for."""
    assert root.build_as_default().returncode == 0
    (root.path / "lib/modules/6.0.0-other/kernel").mkdir(parents=True)
    assert len(now(root, "diff", root.image)[0]) == 1
    _, said = now(root, "diff", "--kver", "6.1.0-none", root.image, code=1)
    assert "cannot find kernel 6.1.0-none" in said


@pytest.mark.parametrize(
    "words, said",
    [
        (["diff"], "cannot compare: diff takes one image or two"),
        (["diff", "a", "b", "c"], "cannot compare: diff takes one image or two"),
        (["diff", "-o", "x", "a"], "cannot use --output: diff writes no image"),
        (["diff", "-f", "a"], "cannot use --force: diff writes no image"),
        (["explain", "-f", "a"], "cannot use --force: explain writes no image"),
        (["explain"], "cannot explain: explain takes an image, which may be left out, and one path or module"),
        (["explain", "a", "b", "c"], "cannot explain: explain takes an image, which may be left out, and one path or module"),
    ],
)
def test_wrong_words(root, words, said):
    done = root.slipway(*words)
    assert (done.returncode, done.stdout, done.said) == (2, b"", f"slipway: {said}\n")


def test_damaged(root, other):
    root.image.write_bytes(archive(file("a")))
    other.write_bytes(archive(file("a"))[:-150])
    for a, b in ((root.image, other), (other, root.image)):
        code, lines, said = diff(root, a, b)
        assert (code, lines) == (1, [])
        assert said.startswith("slipway: cannot read TEST/out/other: ")


def test_full_standard_output(root):
    assert root.build().returncode == 0
    for words in (["diff", root.image, root.image], ["explain", root.image, "init"]):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([root.command()[0], *words], stdout=full, stderr=subprocess.PIPE, check=False)
        assert (done.returncode, done.stderr) == (4, b"slipway: cannot write to standard output: No space left on device\n")


CHAINS = {
    "init": ["/init: the kernel runs it"],
    f"/{LIBDIR}/libconf.so.1": [
        f"/{LIBDIR}/libconf.so.1: the usual name of /opt/lib/libconf.so.1",
        "/opt/lib/libconf.so.1: library of /usr/lib/e2/libext.so.2",
        "/usr/lib/e2/libext.so.2: library of /usr/sbin/e2fsck",
        "/usr/sbin/e2fsck: checks the root",
    ],
    "opt/lib/libconf.so.1": [
        "/opt/lib/libconf.so.1: library of /usr/lib/e2/libext.so.2",
        "/usr/lib/e2/libext.so.2: library of /usr/sbin/e2fsck",
        "/usr/sbin/e2fsck: checks the root",
    ],
    "/sbin/modprobe": ["/usr/bin/kmod: the kernel runs it to load modules"],
    "jbd2": [
        f"/{MODULES}/kernel/fs/jbd2/jbd2.ko: dependency of {EXT4}",
        f"{EXT4}: the root's file system",
    ],
    "after": [f"/{MODULES}/kernel/lib/after.ko: softdep of {EXT4}", f"{EXT4}: the root's file system"],
    f"lib/modules/{KVER}/kernel/fs/ext4/ext4.ko": [f"{EXT4}: the root's file system"],
    "ahci": [f"/{MODULES}/kernel/drivers/ata/ahci.ko.xz: storage: ATA and AHCI"],
    "ahci.ko.xz": [f"/{MODULES}/kernel/drivers/ata/ahci.ko.xz: storage: ATA and AHCI"],
}


@pytest.mark.parametrize("word", CHAINS)
def test_explain(root, word):
    assert root.build().returncode == 0
    assert now(root, "explain", root.image, word) == (CHAINS[word], "")


def test_explain_either_spelling(root):
    assert root.build().returncode == 0
    assert now(root, "explain", root.image, "crc32c-generic") == now(root, "explain", root.image, "crc32c_generic")
    assert now(root, "explain", root.image, "virtio-blk")[0][0].startswith(f"/{MODULES}/kernel/drivers/block/virtio_blk.ko: ")


def test_explain_by_alias(root):
    """Aliases are the system's to know."""
    assert root.build().returncode == 0
    assert now(root, "explain", root.image, "fs-ext4")[0] == [f"{EXT4}: the root's file system"]
    done = root.slipway("explain", "--sysroot", root.path.parent / "none", root.image, "fs-ext4")
    assert (done.returncode, done.said) == (1, "slipway: cannot explain fs-ext4: it is not in TEST/out/image\n")


def test_explain_all_of_one_name(root):
    assert root.build().returncode == 0
    lines, _ = now(root, "explain", root.image, "initrd-release")
    chains = "\n".join(lines).split("\n\n")
    assert [c.split(":")[0] for c in chains] == [
        "/etc/initrd-release",
        "/usr/lib/initrd-release",
        "/usr/lib/slipway/exitrd/etc/initrd-release",
    ]


@pytest.mark.parametrize(
    "word, said",
    [
        ("null_blk", f", though TEST/root has /{MODULES}/kernel/drivers/block/null_blk/null_blk.ko: left out: a test device"),
        ("e1000", f", though TEST/root has /{MODULES}/kernel/drivers/net/e1000.ko: nothing asks for it"),
        ("vfat", f": it is built into kernel {KVER}"),
        ("nowhere", ", nor in TEST/root"),
        ("/etc/os-release", ", though TEST/root has it: nothing asks for it"),
        ("/etc/nowhere", ", nor in TEST/root"),
        ("../nowhere", ", nor in TEST/root"),
    ],
)
def test_explain_what_is_not_in(root, word, said):
    assert root.build().returncode == 0
    lines, error = now(root, "explain", root.image, word, code=1)
    assert (lines, error) == ([], f"slipway: cannot explain {word}: it is not in TEST/out/image{said}\n")


def test_explain_what_is_omitted(root):
    words = ["--omit-modules", "ahci"]
    assert root.build(*words).returncode == 0
    _, said = now(root, "explain", *words, root.image, "ahci", code=1)
    assert said.endswith("/kernel/drivers/ata/ahci.ko.xz: omit_modules leaves it out\n")


def test_explain_the_usual_image(root):
    """The one that build writes, if it is there, else what it would write."""
    lines, said = now(root, "explain", "init")
    assert (lines, said) == (["/init: the kernel runs it"], "")
    assert "busybox" in now(root, "explain", "busybox", code=1)[1]
    assert root.build("--rescue", output=False).returncode == 0
    assert now(root, "explain", "busybox")[0][0].startswith("/usr/bin/busybox: ")


def test_explain_foreign(root):
    root.image.write_bytes(archive(file("init")))
    _, said = now(root, "explain", root.image, "init", code=1)
    assert said == (
        "slipway: cannot tell why files are in TEST/out/image: it has no usr/lib/slipway/manifest, which slipway puts into "
        "what it builds\n"
    )


def test_explain_a_circle(root):
    """Anybody may have written it."""
    text = b"a\tfor\tb\nb\tfor\ta\nc\todd \\033\tnot there\n"
    root.image.write_bytes(archive(file("usr/lib/slipway/manifest", text)))
    lines, _ = now(root, "explain", root.image, "a")
    assert set(lines) == {"/a: for /b", "/b: for /a"} and len(lines) < 10
    assert now(root, "explain", root.image, "c")[0] == ["/c: odd \\033 /not there"]
    root.image.write_bytes(archive(file("usr/lib/slipway/manifest", text + b"d")))
    _, said = now(root, "explain", root.image, "a", code=1)
    assert said == "slipway: cannot read usr/lib/slipway/manifest of TEST/out/image: line 4: it is cut off\n"
