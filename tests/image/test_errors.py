# SPDX-License-Identifier: MIT
"""Wrong inputs: one clear line each, an exit code, and the old image as it was. The texts are in golden/errors.txt."""
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from fixture import KVER, LIBDIR

OLD = b"the old image"


def patched(path, **fields):
    """The ELF file with fields of its header replaced."""
    data = bytearray(path.read_bytes())
    for name, value in fields.items():
        at = {"machine": 18, "klass": 4}[name]
        data[at : at + len(value)] = value
    path.write_bytes(data)


def remove(*paths):
    def change(root):
        for path in paths:
            target = root.path / path
            shutil.rmtree(target) if target.is_dir() and not target.is_symlink() else target.unlink()

    return change


def loop(root):
    (root.path / LIBDIR / "libtiny.so.1").unlink()
    root.link(f"{LIBDIR}/libtiny.so.1", "libtiny.so.1")


def old_library(root):
    root.copy("old/libtiny.so.1", f"{LIBDIR}/libtiny.so.1")


def other_machine(path):
    return lambda root: patched(root.path / path, machine=b"\xb7\x00")


def damaged(path):
    return lambda root: (root.path / path).write_bytes((root.path / path).read_bytes()[:300])


def required_note(root):
    """libkm opens libnone.so.9 and cannot do without."""
    path = root.path / LIBDIR / "libkm.so.1.2"
    data = path.read_bytes()
    assert data.count(b'recommended","soname":["libnone') == 1
    path.write_bytes(data.replace(b'"recommended","soname":["libnone.so.9"]', b'"required",   "soname":["libnone.so.9"]'))


def second_kernel(root):
    (root.path / "lib/modules/6.0.0-other/kernel").mkdir(parents=True)


def missing_module(root):
    (root.path / "lib/modules" / KVER / "kernel/fs/jbd2/jbd2.ko").unlink()


def script_without(interpreter):
    def change(root):
        (root.path / "usr/sbin/e2fsck").write_text(f"#!{interpreter}\n")

    return change


def init_is_a_script(root):
    (root.libexec / "init").write_text("#!/bin/sh\n")


def text(path, content):
    return lambda root: root.text(path, content)


CONF = "etc/slipway.conf"
COMMANDS = {"ls", "cat", "rebuild"}


def conf(content):
    data = content if isinstance(content, bytes) else content.encode()
    return lambda root: (root.path / CONF).write_bytes(data)


def drop_in_loop(root):
    (root.path / "etc/slipway.conf.d").mkdir()
    root.link("etc/slipway.conf.d/10-a.conf", "10-a.conf")


def unreadable(path):
    """For everybody but who may read everything: see without_privilege."""

    def change(root):
        file = root.path.parent / path
        if path == f"root/{CONF}":
            file.write_text("")
        file.chmod(0o111)
        root.without_privilege = True

    return change


def file_loop(root):
    root.link("etc/loop", "loop")
    root.text(CONF, "files = /etc/loop\n")


def fifo(root):
    os.mkfifo(root.path / "etc/fifo")
    root.text(CONF, "files = /etc/fifo\n")


def epoch(value):
    return lambda root: setattr(root, "more_env", {"SOURCE_DATE_EPOCH": value})


def output_without_force(root):
    root.force = []


def output_is_a_directory(root):
    root.image.unlink()
    root.image.mkdir()


def output_in_no_directory(root):
    root.image.unlink()
    root.image = root.image.parent / "none/image"


def good_image(root):
    assert root.build("-f").returncode == 0


def truncated(root):
    good_image(root)
    root.image.write_bytes(root.image.read_bytes()[:1000])


CASES = [
    # (name in golden/errors.txt, what is changed, words: of build, or another command and its words)
    ("library-missing", remove(f"{LIBDIR}/libtiny.so.1"), []),
    ("library-of-library-missing", remove("opt/lib/libconf.so.1"), []),
    ("library-for-another-machine", other_machine(f"{LIBDIR}/libtiny.so.1"), []),
    ("program-for-another-machine", other_machine("usr/sbin/e2fsck"), []),
    ("version-missing", old_library, []),
    ("library-required-later", required_note, []),
    ("library-is-a-loop", loop, []),
    ("loader-missing", remove("lib64/ld-tiny.so.2"), []),
    ("library-damaged", damaged(f"{LIBDIR}/libtiny.so.1"), []),
    ("program-damaged", damaged("usr/sbin/e2fsck"), []),
    ("interpreter-missing", script_without("/usr/bin/perl"), []),
    ("interpreter-of-env-missing", lambda root: (script_without("/usr/bin/env perl")(root), root.copy("busybox", "usr/bin/env")), []),
    ("init-is-no-program", init_is_a_script, []),
    ("ld-so-conf-loop", text("etc/ld.so.conf", "include ld.so.conf\n"), []),
    ("kernel-unknown", None, ["--kver", "9.9.9"]),
    ("kernel-not-chosen", second_kernel, []),
    ("kernel-without-index", second_kernel, ["--kver", "6.0.0-other"]),
    ("kernel-none", remove("lib/modules"), []),
    ("module-missing", missing_module, []),
    ("module-itself-missing", remove(f"lib/modules/{KVER}/kernel/drivers/ata/ahci.ko.xz"), []),
    ("modprobe-missing", remove("usr/sbin/modprobe"), []),
    ("busybox-missing", remove("usr/bin/busybox"), ["--rescue"]),
    ("sysroot-missing", None, ["--sysroot", "/nonexistent"]),
    ("sysroot-is-a-file", None, ["--sysroot", "/dev/null"]),
    ("libexecdir-empty", lambda root: (root.libexec / "shutdown").unlink(), []),
    ("option-unknown", None, ["--nome"]),
    ("option-without-argument", None, ["--kver"]),
    ("option-with-argument", None, ["--force=1"]),
    ("word-too-many", None, ["image"]),
    # Settings.
    ("config-key-unknown", conf("mode = host\ncompres = xz\n"), []),
    ("config-no-setting", conf("modules ext4\n"), []),
    ("config-section", conf("[slipway]\n"), []),
    ("config-value-bad", conf("\nmode = hostonly\n"), []),
    ("config-values-two", conf("mode = generic host\n"), []),
    ("config-appended-to-one-value", conf("compress += xz\n"), []),
    ("config-compress-bad", conf("compress = brotli\n"), []),
    ("config-compress-level-bad", conf("compress = zstd:23\n"), []),
    ("config-quote-open", conf('files = "/etc/my file\n'), []),
    ("config-path-relative", conf("files = etc/fstab\n"), []),
    ("config-path-upwards", conf("files = /etc/../../x\n"), []),
    ("config-module-is-a-path", conf("modules = /lib/modules/x.ko\n"), []),
    ("config-pair-of-one", conf("install = /etc/a /etc/b /etc/c\n"), []),
    ("config-pair-to-a-directory", conf("install = /etc/a /etc/\n"), []),
    ("config-nul", conf("mode = \0host\n"), []),
    ("config-binary", conf(b"\x7fELF\x02\x01\x01\x00"), []),
    ("config-latin-1", conf("files = /caf\xe9\n".encode("latin-1")), []),
    ("config-line-too-long", conf("modules = " + "a " * 9000), []),
    ("config-too-large", conf("#\n" * 600000), []),
    ("config-is-a-directory", lambda root: (root.path / CONF).mkdir(), []),
    ("config-leads-nowhere", lambda root: root.link(CONF, "/etc/none.conf"), []),
    ("config-drop-in-is-a-loop", drop_in_loop, []),
    ("config-missing", None, ["--config", "/nonexistent.conf"]),
    ("config-unreadable", unreadable("root/" + CONF), []),
    # What they ask for.
    ("module-asked-for-missing", conf("modules = ext4 nvmee\n"), []),
    ("module-path-missing", None, ["--modules", "kernel/drivers/nvmee/"]),
    ("module-asked-for-and-left-out", conf("modules = null_blk\nomit_modules = null_blk\n"), []),
    ("module-forced-and-left-out", conf("force_modules = virtio_blk\n"), ["--omit-modules", "virtio"]),
    ("module-of-the-root-left-out", None, ["--omit-modules", "jbd2"]),
    ("module-never-loaded", text("etc/modprobe.d/no.conf", "install ahci /bin/true\n"), ["--modules", "ahci"]),
    ("file-missing", conf("files = /usr/bin/vim\n"), []),
    ("file-is-a-loop", file_loop, []),
    ("file-is-a-fifo", fifo, []),
    ("file-unreadable", unreadable("root/usr/sbin/e2fsck"), []),
    ("install-missing", None, ["--install", "/nonexistent /etc/x"]),
    ("install-over-another", None, ["--install", "/etc/passwd /init"]),
    ("install-below-a-file", None, ["--install", "/etc/passwd /init/x"]),
    # Words that do not go together.
    ("host-and-generic", None, ["--host", "--generic"]),
    ("all-and-one", None, ["-P", "--kver", KVER]),
    ("option-value-bad", None, ["--firmware", "some"]),
    ("epoch-bad", epoch("yesterday"), []),
    # Where it is written.
    ("output-exists", output_without_force, []),
    ("output-is-a-directory", output_is_a_directory, []),
    ("output-in-no-directory", output_in_no_directory, []),
    # Images that are looked into.
    ("image-missing", None, ["ls", "/nonexistent.img"]),
    ("image-is-a-directory", None, ["ls", "/etc"]),
    ("image-unreadable", unreadable("out/image"), ["ls", "IMAGE"]),
    ("image-truncated", truncated, ["ls", "IMAGE"]),
    ("image-is-none", lambda root: root.image.write_bytes(b"#!/bin/sh\n"), ["ls", "IMAGE"]),
    ("image-without-that-file", good_image, ["cat", "IMAGE", "etc/shadow"]),
    ("command-unknown", None, ["rebuild"]),
]


def golden():
    """name → what is asked, the exit code, and all that is said."""
    text = (Path(__file__).parent / "golden/errors.txt").read_text()
    return dict(block.partition("\n")[::2] for block in text.strip().split("\n\n"))


def asked(root, words):
    """What the user would type, and its result."""
    more = {"env": root.more_env, "prefix": ["unshare", "-U"] if root.without_privilege else []}
    if words[:1] and words[0] in COMMANDS:
        done = root.slipway(*[root.image if w == "IMAGE" else w for w in words], **more)
    else:
        done = root.build(*root.force, *words, **more)
        words = ["build", *root.force, *words]
    # The whole list of options or commands is --help's affair.
    done.said = re.sub(r"there are (--sysroot|build,)[^;\n]*", r"there are \1 …", done.said)
    line = " ".join(f"'{w}'" if " " in w else w for w in words)
    return f"$ slipway {line}\nexit code {done.returncode}\n{done.said.strip()}"


@pytest.mark.parametrize("name, change, words", CASES, ids=[c[0] for c in CASES])
def test_wrong_input(root, name, change, words):
    root.force, root.more_env, root.without_privilege = ["-f"], {}, False
    root.image.write_bytes(OLD)
    if change:
        change(root)
    before = root.image.read_bytes() if root.image.is_file() and not root.without_privilege else None
    found = asked(root, words)
    assert found == golden()[f"[{name}]"]
    assert found.count("\n") == 2, "one line"
    if before is not None:
        assert root.image.read_bytes() == before
    if root.image.parent.is_dir():
        assert [p.name for p in root.image.parent.iterdir()] == ["image"]


def test_each_text_is_made_by_a_case():
    assert list(golden()) == [f"[{name}]" for name, _, _ in CASES]
    assert len(CASES) >= 30


def test_unknown_option_tells_the_allowed(root):
    said = root.build("--nome").said
    assert said.startswith("slipway: cannot use --nome: no such option here; there are --sysroot --kver ")


def test_library_under_a_symlink_loop_of_directories(root):
    """/usr/lib/x86-tiny leads to itself: nothing is found, nothing hangs."""
    (root.path / LIBDIR).rename(root.path / "usr/lib/elsewhere")
    root.link(LIBDIR, "x86-tiny")
    done = root.build()
    assert done.returncode == 1
    assert "Too many levels of symbolic links" in done.said


def test_epoch(root):
    for bad in ("-1", "x", "", "99999999999", "1 "):
        done = root.build(env={"SOURCE_DATE_EPOCH": bad})
        assert done.returncode == 1
        assert done.said == (
            f"slipway: cannot use SOURCE_DATE_EPOCH={bad}: it must be a number from 0 to 4294967295\n"
        )


def test_existing_output(root):
    root.image.write_bytes(OLD)
    done = root.build()
    assert (done.returncode, done.said) == (
        1,
        "slipway: cannot write TEST/out/image: it exists already, -f replaces it\n",
    )
    assert root.image.read_bytes() == OLD
    assert root.build("-f").returncode == 0
    assert root.image.read_bytes() != OLD


def test_depmod_missing(root):
    """Where /usr/sbin is empty, in a mount namespace of its own."""
    root.without_alias_text()
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", 'mount -t tmpfs none /usr/sbin && exec "$@"', "-", *root.command()],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == (
        "slipway: cannot index the modules: there is no depmod here; install the package kmod\n"
    )


@pytest.mark.parametrize("words", [[], ["frobnicate"], ["ls"], ["ls", "a", "b"], ["cat", "x"], ["ls", "--nome"]])
def test_usage(root, words):
    done = root.slipway(*words)
    assert done.returncode == 2
    assert done.said.startswith("slipway: cannot ")
    assert done.said.count("\n") == 1
