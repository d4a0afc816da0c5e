# SPDX-License-Identifier: MIT
"""What lies in an image of a small sysroot, and that it is the same bytes each time."""
import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from fixture import KVER, LIBDIR, SLIPWAY, TOP, Root

GOLDEN = Path(__file__).resolve().parent / "golden"


def built(root, *argv, code=0, **more):
    done = root.build(*argv, **more)
    assert done.returncode == code, done.said
    return done


def golden(name, text):
    """UPDATE_GOLDEN=1 writes it anew: look at the difference before it is committed."""
    path = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text)
    assert text == path.read_text()


def test_listing(root):
    done = built(root)
    golden("listing.txt", root.listing())
    assert done.said.startswith("slipway: TEST/out/image: ")
    assert " files, " in done.said


def test_listing_rescue(root):
    built(root, "--rescue")
    names = root.names()
    for name in ("usr/bin/busybox", "usr/bin/sh", "usr/bin/ls", "usr/bin/mount", "usr/bin/vi"):
        assert name in names
    assert "usr/bin/sh -> /usr/bin/busybox" in root.listing()
    # What is in for its own sake is no applet.
    assert "usr/bin/kmod ->" not in root.listing()


def test_listing_unmerged(unmerged):
    built(unmerged)
    golden("unmerged.txt", unmerged.listing())


def test_mode_and_bytes(root):
    old = os.umask(0)
    built(root)
    os.umask(old)
    assert stat.S_IMODE(root.image.stat().st_mode) == 0o600
    assert root.image.read_bytes()[:4] == b"\x28\xb5\x2f\xfd"
    assert root.cat("init") == (root.libexec / "init").read_bytes()
    module = "kernel/drivers/ata/ahci.ko.xz"
    assert root.cat(f"/lib/modules/{KVER}/{module}") == (root.path / "lib/modules" / KVER / module).read_bytes()
    assert root.cat("usr/lib/slipway/exitrd/shutdown") == (root.libexec / "shutdown").read_bytes()


def test_cpio_and_zstd_agree(root):
    built(root)
    plain = subprocess.run(["zstd", "-dcf", root.image], capture_output=True, check=True).stdout
    names = subprocess.run(["cpio", "-t", "--quiet"], input=plain, capture_output=True, check=True).stdout
    assert names.decode().splitlines() == root.names()
    out = subprocess.run(
        ["cpio", "-i", "--to-stdout", "--quiet", "usr/lib/initrd-release"], input=plain, capture_output=True, check=True
    ).stdout
    assert out == root.cat("etc/initrd-release")


def test_release(root):
    built(root)
    text = root.cat("etc/initrd-release").decode()
    assert "ID=tiny\n" in text
    assert text.count("PRETTY_NAME=") == 1
    assert 'PRETTY_NAME="Tiny 1 (slipway ' in text
    assert root.cat("usr/lib/slipway/exitrd/etc/initrd-release").decode() == text


def test_twice_the_same(tmp_path, parts):
    """From another directory, with another umask, of a tree whose files were made in another order."""
    for name in ("a", "somewhere"):
        (tmp_path / name).mkdir()
    first, second = Root(tmp_path / "a", parts), Root(tmp_path / "somewhere", parts)
    built(first)
    moved = tmp_path / "somewhere" / "moved"
    moved.mkdir()
    for path in sorted(second.path.rglob("*"), reverse=True):
        to = moved / path.relative_to(second.path)
        to.parent.mkdir(parents=True, exist_ok=True)
        if path.is_symlink():
            to.symlink_to(os.readlink(path))
        elif path.is_file():
            shutil.copy(path, to)
        else:
            to.mkdir(exist_ok=True)
    second.path = moved
    old = os.umask(0o077)
    built(second, cwd="/")
    os.umask(old)
    assert first.image.read_bytes() == second.image.read_bytes()


def test_time_of_files(root):
    built(root)
    zero = root.image.read_bytes()
    built(root, "-f", env={"SOURCE_DATE_EPOCH": "1700000000"})
    assert root.image.read_bytes() != zero
    built(root, "-f", env={"SOURCE_DATE_EPOCH": "1700000000"})
    plain = subprocess.run(["zstd", "-dcf", root.image], capture_output=True, check=True).stdout
    assert plain[46:54] == b"%08X" % 1700000000


def test_only_what_is_in_is_indexed(root):
    built(root)
    names = {Path(n).name for n in root.names() if ".ko" in n}
    assert names == {
        *("ext4.ko", "jbd2.ko", "before.ko", "after.ko", "crc32c_generic.ko"),
        *("virtio_blk.ko", "virtio.ko", "ahci.ko.xz"),
    }
    index = root.cat(f"lib/modules/{KVER}/modules.dep.bin")
    for name in names:
        assert name.encode() in index
    assert b"e1000" not in index
    # libkmod reads it: what the kernel would ask modprobe for.
    tree = root.image.parent / "unpacked"
    tree.mkdir()
    plain = subprocess.run(["zstd", "-dcf", root.image], capture_output=True, check=True).stdout
    subprocess.run(["cpio", "-id", "--quiet", "*/modules/*", "lib"], input=plain, cwd=tree, check=True, capture_output=True)
    done = subprocess.run(
        ["modprobe", "-d", tree, "-S", KVER, "-D", "fs-ext4"],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
    )
    loaded = [Path(line.split()[1]).name for line in done.stdout.splitlines()]
    assert sorted(loaded[:-2]) == ["before.ko", "crc32c_generic.ko", "jbd2.ko"]
    assert loaded[-2:] == ["ext4.ko", "after.ko"]


def test_index_is_what_depmod_would_write(root):
    """To the byte; only in modules.softdep and modules.devname depmod has a heading too."""
    built(root)
    names = [n for n in root.names() if "/modules." in n]
    assert {Path(n).name for n in names} >= {"modules.alias.bin", "modules.dep.bin", "modules.symbols.bin"}
    ours = {n: root.cat(n) for n in names}
    root.without_alias_text()
    built(root, "-f")
    for name, content in ours.items():
        assert b"".join(line for line in root.cat(name).splitlines(True) if not line.startswith(b"#")) == content
    assert {n for n in root.names() if "/modules." in n} - set(names) <= {f"usr/lib/modules/{KVER}/modules.devname"}


def modules(root):
    return {Path(n).name for n in root.names() if ".ko" in n}


def test_modules_left_out(root):
    """With what depends on them; the rest stays, and the index knows of none of them."""
    built(root)
    everything = modules(root)
    done = built(root, "-f", "--omit-modules", "virtio", "--omit-modules", "kernel/drivers/ata/")
    assert modules(root) == everything - {"virtio.ko", "virtio_blk.ko", "ahci.ko.xz"}
    assert (
        "slipway: leaving out module kernel/drivers/block/virtio_blk.ko: "
        "it needs kernel/drivers/virtio/virtio.ko, which is in omit_modules\n"
    ) in done.said
    assert b"ahci" not in root.cat(f"lib/modules/{KVER}/modules.alias.bin")


def test_install_commands_of_modprobe(root):
    built(root)
    everything = modules(root)
    root.text("etc/modprobe.d/x.conf", "install ahci /bin/true\ninstall virtio_blk /opt/load it\nblacklist virtio\n")
    done = built(root, "-f")
    assert modules(root) == everything - {"ahci.ko.xz"}
    assert (
        'slipway: modprobe.d says to run "/opt/load it" in place of loading module virtio_blk: that takes a shell '
        "and the programs it runs, which the image may not have, ignoring\n"
    ) in done.said


def test_depmod_does_not_read_the_hosts_settings(root):
    """The host's depmod.d is about the host's modules."""
    root.without_alias_text()
    script = "mount -t tmpfs none /run && mkdir /run/depmod.d && echo exclude fs >/run/depmod.d/x.conf && " '"$@"'
    subprocess.run(["unshare", "-rm", "sh", "-c", script, "-", *root.command()], check=True)
    assert b"ext4" in root.cat(f"lib/modules/{KVER}/modules.dep.bin")


def test_root_type_is_loaded_first(root):
    built(root)
    assert root.cat("etc/modules-load.d/slipway.conf") == b"# the root's file system, ext4 (/etc/fstab)\nfs-ext4\n"
    built(root, "-f", "--root-fstype", "vfat", code=3)
    assert "etc/modules-load.d/slipway.conf" not in root.names()  # built in


def test_root_type_unknown_to_the_kernel(root):
    done = built(root, "--root-fstype", "zfs", code=3)
    assert (
        f"slipway: cannot tell whether the root can be mounted: kernel {KVER} lists no zfs (--root-fstype), "
        "neither as a module nor as built in, ignoring\n"
    ) in done.said
    assert (
        "slipway: cannot check the root (zfs, --root-fstype): there is no fsck.zfs in the image; "
        "install what has it in the system that it is built from, ignoring\n"
    ) in done.said


def test_fsck_of_the_type(root):
    (root.path / "etc/fstab").unlink()
    built(root)  # unknown: whatever there is
    assert "usr/sbin/fsck.ext4" in root.names()
    built(root, "-f", "--root-fstype", "xfs")
    assert not [n for n in root.names() if "fsck" in n]
    done = built(root, "-f", "--root-fstype", "f2fs", code=3)
    assert "cannot check the root (f2fs, --root-fstype): there is no fsck.f2fs in the image; " in done.said
    assert "install the package f2fs-tools in the system that it is built from, ignoring\n" in done.said


def test_scripts_bring_their_interpreters(root):
    (root.path / "usr/sbin/fsck.ext4").unlink()
    root.text("usr/sbin/fsck.ext4", "#!/bin/sh -e\nexit 0\n")
    (root.path / "usr/sbin/fsck.ext4").chmod(0o755)
    root.link("usr/bin/sh", "dash")
    built(root)
    assert "usr/bin/sh -> dash" in root.listing()
    assert "usr/bin/dash" in root.names()
    # With --rescue /bin/sh is busybox, for the script too.
    built(root, "-f", "--rescue")
    assert "usr/bin/dash" not in root.names()
    root.text("usr/sbin/fsck.ext4", "#!/usr/bin/env dash\n")
    root.copy("busybox", "usr/bin/env")
    built(root, "-f")
    assert {"usr/bin/env", "usr/bin/dash"} <= set(root.names())


def test_hwcaps_are_left_out(root):
    (root.path / LIBDIR / "glibc-hwcaps/x86-64-v3").mkdir(parents=True)
    root.copy("libtiny.so.1", f"{LIBDIR}/glibc-hwcaps/x86-64-v3/libtiny.so.1")
    built(root)
    assert not [n for n in root.names() if "hwcaps" in n]


def test_library_of_another_machine_is_passed_over(root, parts):
    """As on a system with the 32-bit libraries in /usr/lib."""
    wrong = bytearray((parts.path / "libconf.so.1").read_bytes())
    wrong[18:20] = b"\xb7\x00"  # EM_AARCH64
    root.text("etc/ld.so.conf.d/tiny.conf", "/usr/lib/other\n/opt/lib\n/usr/lib/x86-tiny\n")
    (root.path / "usr/lib/other").mkdir()
    (root.path / "usr/lib/other/libconf.so.1").write_bytes(wrong)
    built(root)
    assert "opt/lib/libconf.so.1" in root.names()
    assert "usr/lib/other/libconf.so.1" not in root.names()


def test_rpath_counts_for_what_is_loaded(root, parts):
    """DT_RPATH, unlike DT_RUNPATH, is searched for the libraries of libraries."""
    (root.path / "etc/ld.so.conf.d/tiny.conf").write_text("/usr/lib/x86-tiny\n")
    (root.path / "opt/lib/libconf.so.1").rename(root.path / "usr/lib/e2/libconf.so.1")
    assert root.build().returncode == 1
    parts.program(
        "e2fsck-rpath",
        "int ext(void); void _start(void) { ext(); }",
        "libext.so.2",
        flags=["-Wl,--disable-new-dtags,-rpath,${ORIGIN}/../lib/e2"],
    )
    root.copy("e2fsck-rpath", "usr/sbin/e2fsck")
    built(root)
    assert "usr/lib/e2/libconf.so.1" in root.names()


def test_exitrd_has_its_own_libraries(root, parts):
    """Were shutdown dynamic, what it needs would have to be beside it after the pivot."""
    shutil.copy(parts.path / "kmod", root.libexec / "shutdown")
    built(root)
    names = root.names()
    for name in ("lib64", "usr/lib64/ld-tiny.so.2", f"{LIBDIR}/ld-tiny.so.2", f"{LIBDIR}/libtiny.so.1"):
        assert f"usr/lib/slipway/exitrd/{name}" in names


def test_no_modules_wanted(root):
    """A kernel that has all built in: no index, no modprobe, no error."""
    for name in ("fs", "lib", "crypto", "drivers/block", "drivers/virtio", "drivers/ata"):
        shutil.rmtree(root.path / "lib/modules" / KVER / "kernel" / name)
    subprocess.run(["depmod", "-b", root.path, KVER], check=True, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
    (root.path / "usr/sbin/modprobe").unlink()
    built(root, "--root-fstype", "vfat", code=3)  # it has no checker
    assert not [n for n in root.names() if "modules" in n]


def test_default_output(root):
    built(root, output=False)
    assert (root.path / f"boot/initrd.img-{KVER}").exists()


def test_verbose_says_why(root):
    said = built(root, "-v").said
    assert f"slipway: /{LIBDIR}/libkm.so.1.2: library of /init\n" in said
    assert f"slipway: /usr/lib/modules/{KVER}/kernel/fs/jbd2/jbd2.ko: dependency of /usr/lib/modules/{KVER}/kernel/fs/ext4/ext4.ko\n" in said
    assert root.build("-f", "-q").said == ""


def test_programs_beside_slipway(root):
    """In a build directory, without --libexecdir; by a relative path and by a symlink too."""
    here = root.libexec / "slipway"
    shutil.copy(SLIPWAY, here)
    link = root.image.parent / "link"
    link.symlink_to(here)
    for program in (here, "./slipway", link):
        words = [program, "build", "--sysroot", root.path, "-f", "-o", root.image]
        done = subprocess.run(words, cwd=root.libexec, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert root.cat("init") == (root.libexec / "init").read_bytes()
    # Both must be there.
    (root.libexec / "shutdown").unlink()
    done = subprocess.run([here, *words[1:]], cwd=root.libexec, capture_output=True, text=True, check=False)
    assert root.libexec.name not in done.stderr.split("(")[0]


def test_running_kernel_is_chosen(root):
    """Of several; here it has no index, and so the error names it."""
    running = os.uname().release
    (root.path / "lib/modules" / running / "kernel").mkdir(parents=True)
    done = root.build()
    assert done.returncode == 1
    assert done.said.startswith(f"slipway: cannot read usr/lib/modules/{running}/modules.dep of TEST/root ")


def test_manual_page_has_each_option(root):
    page = (TOP / "docs/man/slipway.8").read_text().replace("\\-", "-")
    options = re.findall(r"--[a-z-]+", root.slipway("--help").stdout.decode())
    assert len(options) > 8
    assert [o for o in options if o not in page] == []


@pytest.mark.parametrize("words", [["--help"], ["build", "--help"], ["-h"]])
def test_help(root, words):
    done = root.slipway(*words)
    assert done.returncode == 0
    assert b"--root-fstype TYPE" in done.stdout
    assert b"Exit codes: 0 done" in done.stdout


def test_version(root):
    done = root.slipway("--version")
    assert done.returncode == 0
    assert done.stdout.startswith(b"slipway ")


def test_modules_of_a_board(root):
    """Its clocks and regulators are the kernel's affair; a PC's are the firmware's."""
    modules = root.path / "lib/modules" / KVER
    power = "kernel/drivers/regulator/power.ko"
    for name, taken in ((power, True), ("kernel/arch/x86/crypto/fast.ko", False)):
        (modules / name).parent.mkdir(parents=True)
        shutil.copy(modules / "kernel/lib/before.ko", modules / name)
        subprocess.run(["depmod", "-b", root.path, KVER], check=True)
        built(root, "-f")
        assert (f"usr/lib/modules/{KVER}/{power}" in root.names()) == taken
