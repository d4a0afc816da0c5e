# SPDX-License-Identifier: MIT
"""Wrong inputs: one clear line each, an exit code, and the old image as it was."""
import shutil
import subprocess

import pytest

from fixture import KVER, LIBDIR

OLD = b"the old image"
DIRS = "/opt/lib, /usr/lib/x86-tiny, /usr/lib/x86-tiny, /lib64, /usr/lib64, /lib, /usr/lib"


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


CASES = [
    # (name, what is changed, more words, exit code, what is said)
    (
        "library-missing",
        remove(f"{LIBDIR}/libtiny.so.1"),
        [],
        1,
        f"cannot find libtiny.so.1, needed by /init: it is not in {DIRS} (sysroot TEST/root)",
    ),
    (
        "library-of-library-missing",
        remove("opt/lib/libconf.so.1"),
        [],
        1,
        f"cannot find libconf.so.1, needed by /usr/lib/e2/libext.so.2: it is not in {DIRS} (sysroot TEST/root)",
    ),
    (
        "library-for-another-machine",
        other_machine(f"{LIBDIR}/libtiny.so.1"),
        [],
        1,
        f"cannot find libtiny.so.1, needed by /init: there are only files for other machines in {DIRS} (sysroot TEST/root)",
    ),
    (
        "program-for-another-machine",
        other_machine("usr/sbin/e2fsck"),
        [],
        1,
        "cannot use /usr/sbin/e2fsck: it is for 64-bit Arm AArch64, /init for 64-bit x86-64",
    ),
    (
        "version-missing",
        old_library,
        [],
        1,
        f"cannot use /{LIBDIR}/libtiny.so.1 for /init: it does not define TINY_1.1, which that needs",
    ),
    (
        "library-required-later",
        required_note,
        [],
        1,
        f"cannot find libnone.so.9, needed by /{LIBDIR}/libkm.so.1.2: it is not in {DIRS} (sysroot TEST/root)",
    ),
    (
        "library-is-a-loop",
        loop,
        [],
        1,
        "cannot use libtiny.so.1, needed by /init, from sysroot TEST/root: Too many levels of symbolic links",
    ),
    (
        "loader-missing",
        remove("lib64/ld-tiny.so.2"),
        [],
        1,
        "cannot take in /lib64/ld-tiny.so.2, the loader of /init, from TEST/root: No such file or directory",
    ),
    (
        "library-damaged",
        damaged(f"{LIBDIR}/libtiny.so.1"),
        [],
        1,
        "cannot use libtiny.so.1, needed by /init, from sysroot TEST/root: Bad message",
    ),
    ("program-damaged", damaged("usr/sbin/e2fsck"), [], 1, "cannot use /usr/sbin/e2fsck: damaged ELF file"),
    (
        "interpreter-missing",
        script_without("/usr/bin/perl"),
        [],
        1,
        "cannot take in /usr/bin/perl, the interpreter of /usr/sbin/e2fsck, from TEST/root: No such file or directory",
    ),
    (
        "interpreter-of-env-missing",
        lambda root: (script_without("/usr/bin/env perl")(root), root.copy("busybox", "usr/bin/env")),
        [],
        1,
        "cannot find perl, the interpreter of /usr/sbin/e2fsck, in TEST/root",
    ),
    ("init-is-no-program", init_is_a_script, [], 1, "cannot use TEST/libexec/init as /init: Exec format error"),
    (
        "ld-so-conf-loop",
        text("etc/ld.so.conf", "include ld.so.conf\n"),
        [],
        1,
        "cannot read /etc/ld.so.conf of TEST/root: Too many levels of symbolic links",
    ),
    (
        "kernel-unknown",
        None,
        ["--kver", "9.9.9"],
        1,
        f"cannot find kernel 9.9.9 under lib/modules in TEST/root: there are {KVER}",
    ),
    (
        "kernel-not-chosen",
        second_kernel,
        [],
        1,
        f"cannot choose a kernel: give --kver, one of {KVER}, 6.0.0-other",
    ),
    (
        "kernel-without-index",
        second_kernel,
        ["--kver", "6.0.0-other"],
        1,
        "cannot read usr/lib/modules/6.0.0-other/modules.dep of TEST/root "
        "(depmod makes it: depmod -b TEST/root 6.0.0-other): No such file or directory",
    ),
    (
        "kernel-none",
        remove("lib/modules"),
        [],
        1,
        "cannot find a kernel: there is none under lib/modules in TEST/root",
    ),
    (
        "module-missing",
        missing_module,
        [],
        1,
        f"cannot take in what module TEST/root/usr/lib/modules/{KVER}/kernel/fs/ext4/ext4.ko needs: "
        f"no usr/lib/modules/{KVER}/kernel/fs/jbd2/jbd2.ko (depmod -b TEST/root {KVER} reads them anew)",
    ),
    (
        "module-itself-missing",
        remove(f"lib/modules/{KVER}/kernel/drivers/ata/ahci.ko.xz"),
        [],
        1,
        f"cannot take in module TEST/root/usr/lib/modules/{KVER}/kernel/drivers/ata/ahci.ko.xz: No such file or directory",
    ),
    (
        "modprobe-missing",
        remove("usr/sbin/modprobe"),
        [],
        1,
        "cannot find modprobe in TEST/root: install the package kmod there",
    ),
    (
        "busybox-missing",
        remove("usr/bin/busybox"),
        ["--rescue"],
        1,
        "cannot find busybox in TEST/root, which --rescue needs: install the package busybox or busybox-static there",
    ),
    (
        "sysroot-missing",
        None,
        ["--sysroot", "/nonexistent"],
        1,
        "cannot open the sysroot /nonexistent: No such file or directory",
    ),
    (
        "sysroot-is-a-file",
        None,
        ["--sysroot", "/dev/null"],
        1,
        "cannot open the sysroot /dev/null: Not a directory",
    ),
    (
        "libexecdir-empty",
        lambda root: (root.libexec / "shutdown").unlink(),
        [],
        1,
        "cannot take in TEST/libexec/shutdown (--libexecdir says where it is): No such file or directory",
    ),
    ("option-unknown", None, ["--nome"], 2, None),
    ("option-without-argument", None, ["--kver"], 2, "cannot use --kver: it needs an argument"),
    ("option-with-argument", None, ["--force=1"], 2, "cannot use --force=1: it takes no argument"),
    ("word-too-many", None, ["image"], 2, "cannot use image: build takes options only; -o names the image"),
]


@pytest.mark.parametrize("change, words, code, said", [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_wrong_input(root, change, words, code, said):
    root.image.write_bytes(OLD)
    if change:
        change(root)
    done = root.build("-f", *words)
    assert done.returncode == code, done.said
    assert done.said.count("\n") == 1, done.said
    if said:
        assert done.said == f"slipway: {said}\n"
    assert root.image.read_bytes() == OLD
    assert [p.name for p in root.image.parent.iterdir()] == ["image"]


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


def test_output_is_a_directory(root):
    root.image.mkdir()
    done = root.build("-f")
    assert (done.returncode, done.said) == (1, "slipway: cannot write TEST/out/image: Is a directory\n")


def test_output_directory_missing(root):
    root.image = root.image.parent / "none" / "image"
    done = root.build()
    assert (done.returncode, done.said) == (
        1,
        "slipway: cannot write TEST/out/none/image: cannot open directory TEST/out/none: No such file or directory\n",
    )


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
