# SPDX-License-Identifier: MIT
"""verify: one thing is broken in a good image, and it says that thing and no other."""
import gzip
import stat

import newc
import pytest

from fixture import KVER, LIBDIR

MODULES = f"usr/lib/modules/{KVER}"
EXITRD = "usr/lib/slipway/exitrd"


def drop(*paths):
    def change(image):
        for path in paths:
            del image[path]

    return change


def mode(path, bits):
    def change(image):
        image[path].mode = stat.S_IFMT(image[path].mode) | bits

    return change


def data(path, change_data):
    def change(image):
        image[path].data = change_data(image[path].data)

    return change


def text(path, content):
    def change(image):
        image[path] = newc.Entry(stat.S_IFREG | 0o755, content.encode())

    return change


def both(*changes):
    def change(image):
        for c in changes:
            c(image)

    return change


def machine(number):
    return lambda elf: elf[:18] + number.to_bytes(2, "little") + elf[20:]


def moved(path, to):
    def change(image):
        image[to] = image.pop(path)

    return change


def without_shutdown_static(image):
    """What the kernel would run at power-off needs a loader that is not there."""
    image[f"{EXITRD}/shutdown"] = image["init"]


# What is broken, how, and what is said. Each is a row of src/image/verify.c.
BROKEN = {
    "init-missing": (drop("init"), ["cannot start /init: it is not in the image"]),
    "init-not-executable": (mode("init", 0o644), ["cannot start /init: it is not executable"]),
    "init-is-a-directory": (
        lambda image: image.update(init=newc.Entry(stat.S_IFDIR | 0o755)),
        ["cannot start /init: it is not a regular file"],
    ),
    "init-is-text": (text("init", "echo hello\n"), ["cannot start /init: /init is neither an ELF program nor a script"]),
    "init-interpreter": (
        text("init", "#!/bin/nosh\n"),
        [
            "cannot start /init: its interpreter /bin/nosh is not in the image",
            "cannot run /init: its interpreter /bin/nosh is not in the image",
        ],
    ),
    "init-cut-off": (
        data("init", lambda elf: elf[:100]),
        ["cannot start /init: /init is a damaged ELF file", "cannot run /init: damaged ELF file"],
    ),
    "kernel-of-another-machine": (
        data(f"{MODULES}/kernel/crypto/crc32c_generic.ko", machine(183)),
        [
            f"cannot start /init: it is for 64-bit x86-64, the modules of kernel {KVER} are for 64-bit Arm AArch64",
        ],
    ),
    "console-missing": (drop("dev/console"), ["cannot give /init a console: /dev/console of the image is missing"]),
    "console-is-a-file": (
        text("dev/console", ""),
        ["cannot give /init a console: /dev/console of the image is not the character device 5:1"],
    ),
    "loader-missing": (
        drop("usr/lib64/ld-tiny.so.2"),
        [
            f"cannot run /{program}: its loader /lib64/ld-tiny.so.2 is not in the image"
            for program in ("init", "usr/bin/kmod", "usr/sbin/e2fsck")
        ],
    ),
    "library-missing": (
        drop("usr/lib/e2/libext.so.2"),
        ["cannot run /usr/sbin/e2fsck: libext.so.2 is not where its loader looks in the image"],
    ),
    "library-alias-missing": (
        drop(f"{LIBDIR}/libconf.so.1"),
        ["cannot run /usr/lib/e2/libext.so.2: libconf.so.1 is not where its loader looks in the image"],
    ),
    "library-of-another-machine": (
        data("opt/lib/libconf.so.1", machine(183)),
        [
            "cannot run /opt/lib/libconf.so.1: it is for 64-bit Arm AArch64, /init for 64-bit x86-64",
            "cannot run /usr/lib/e2/libext.so.2: libconf.so.1 is not where its loader looks in the image",
        ],
    ),
    "library-too-old": (
        None,  # see test_broken()
        [f"cannot run /init: /{LIBDIR}/libtiny.so.1 does not define TINY_1.1"],
    ),
    "script-interpreter": (
        text("usr/bin/tool", "#!/usr/bin/env perl\n"),
        ["cannot run /usr/bin/tool: its interpreter /usr/bin/env is not in the image"],
    ),
    "release-missing": (
        drop("etc/initrd-release"),
        ["cannot tell programs that they run from an initrd: /etc/initrd-release of the image is missing"],
    ),
    "cmdline-quote": (
        text("etc/cmdline.d/root.conf", 'root="LABEL=a b\n'),
        ['cannot take words for the command line from /etc/cmdline.d/root.conf of the image: a " is not closed'],
    ),
    "module-missing": (
        drop(f"{MODULES}/kernel/fs/jbd2/jbd2.ko"),
        [
            "cannot load module ext4: kernel/fs/jbd2/jbd2.ko, which the index wants, is not in the image",
            "cannot load module jbd2: kernel/fs/jbd2/jbd2.ko, which the index wants, is not in the image",
            "cannot mount the root: module ext4 for ext4 (/etc/fstab) is not in the image with all that it depends on",
        ],
    ),
    "module-unknown-to-the-index": (
        text(f"{MODULES}/kernel/lib/stray.ko", ""),
        ["cannot load module stray by its name: modules.dep.bin of the image does not have it"],
    ),
    "index-missing": (
        drop(f"{MODULES}/modules.dep.bin"),
        [f"cannot load any module of kernel {KVER}: modules.dep.bin of the image is missing or damaged"],
    ),
    "index-damaged": (
        data(f"{MODULES}/modules.dep.bin", lambda index: index[:40]),
        [f"cannot load modules of kernel {KVER}: modules.dep.bin of the image is damaged"],
    ),
    "modprobe-missing": (
        drop("usr/sbin/modprobe"),
        ["cannot load what the kernel asks for: /sbin/modprobe of the image is missing"],
    ),
    "modprobe-not-executable": (
        mode("usr/bin/kmod", 0o644),
        ["cannot load what the kernel asks for: /sbin/modprobe of the image is not executable"],
    ),
    "load-list": (
        text("etc/modules-load.d/mine.conf", "# mine\nvfat\nnone-such\n"),
        [
            "cannot load none-such, which /etc/modules-load.d/mine.conf lists: "
            "no such module is in the image or in its kernel"
        ],
    ),
    "fsck-missing": (
        drop("usr/sbin/fsck.ext4"),
        [
            "cannot check the root (ext4, /etc/fstab): there is no fsck.ext4 in the image; "
            "install the package e2fsprogs in the system that it is built from"
        ],
    ),
    "fsck-not-executable": (
        mode("usr/sbin/e2fsck", 0o644),
        [
            "cannot check the root (ext4, /etc/fstab): there is no fsck.ext4 in the image; "
            "install the package e2fsprogs in the system that it is built from"
        ],
    ),
    "exitrd-missing": (
        drop(f"{EXITRD}/shutdown"),
        [f"cannot come back at power-off: /{EXITRD}/shutdown of the image is missing"],
    ),
    "exitrd-not-executable": (
        mode(f"{EXITRD}/shutdown", 0o644),
        [f"cannot come back at power-off: /{EXITRD}/shutdown of the image is not executable"],
    ),
    "exitrd-not-static": (
        without_shutdown_static,
        [
            f"cannot run /{EXITRD}/shutdown: its loader /lib64/ld-tiny.so.2 is not in the image",
        ],
    ),
    "exitrd-of-another-machine": (
        data(f"{EXITRD}/shutdown", machine(183)),
        [
            f"cannot run /{EXITRD}/shutdown: it is for 64-bit Arm AArch64, /init for 64-bit x86-64",
            f"cannot run /{EXITRD}/shutdown at power-off: it is for another machine than /init",
        ],
    ),
    "exitrd-release": (
        drop(f"{EXITRD}/etc/initrd-release"),
        [f"cannot tell programs that they run from the exitrd: /{EXITRD}/etc/initrd-release of the image is missing"],
    ),
}


@pytest.fixture
def image(root):
    """A good one, taken apart."""
    done = root.build("--compress", "none")
    assert done.returncode == 0, done.said
    return newc.read(root.image.read_bytes())


def verify(root, entries=None, *words):
    if entries is not None:
        root.image.write_bytes(newc.write(entries))
    return root.slipway("verify", "--sysroot", root.path, *words, root.image)


def test_taken_apart_and_put_together(root, image):
    before = root.image.read_bytes()
    assert newc.read(newc.write(image)) == image
    assert newc.write(image)[:6] == before[:6]
    done = verify(root, image)
    assert (done.returncode, done.said) == (0, "")


@pytest.mark.parametrize("name", BROKEN)
def test_broken(root, image, parts, name):
    change, said = BROKEN[name]
    if name == "library-too-old":
        image[f"{LIBDIR}/libtiny.so.1"].data = (parts.path / "old/libtiny.so.1").read_bytes()
    else:
        change(image)
    done = verify(root, image)
    assert done.said.splitlines() == [f"slipway: {line}" for line in said]
    assert done.returncode == 3
    assert verify(root, None, "-q").said == ""
    assert verify(root, None, "-q").returncode == 3


def test_verbose_says_what_was_seen(root, image):
    lines = verify(root, image, "-v", "--generic").said.splitlines()
    seen = dict(line.removeprefix("slipway: ").split(": ", 1) for line in lines)
    proved = [name.split()[1] for name in seen if name.startswith("ok ")]
    assert proved == [
        *("init", "console", "programs", "release", "modules", "modprobe", "load-list", "rules", "root-fstype"),
        *("fsck", "exitrd"),
    ]
    assert seen["ok   init"] == "/init is for 64-bit x86-64, as the kernel is"
    assert seen["ok   programs"] == "10 programs and libraries and 0 scripts find what runs them in the image"
    assert seen["skip drivers"] == "the image is looked at for any machine"
    assert len(seen) == 20


def test_rules(root, image):
    """What was there when the image was built is asked of the sysroot, as it is now."""
    for name in ("drivers/ata/ahci.ko.xz", "fs/ext4/ext4.ko"):
        root.text("etc/slipway.conf", f"omit_modules = kernel/{name.partition('.')[0]}\n")
        done = root.build("-f", "--compress", "none", "--root-fstype", "xfs")
        assert (done.returncode, done.said.count("\n")) == (0, 1), done.said
        (root.path / "etc/slipway.conf").unlink()
        module = name.rpartition("/")[2].partition(".")[0]
        reason = {"ahci": "storage: ATA and AHCI", "ext4": "file system: ext4"}[module]
        done = verify(root, None, "--root-fstype", "xfs")
        assert done.said == (
            f"slipway: cannot serve every machine: module {module} ({reason}), which kernel {KVER} has, "
            "is not in the image\n"
        )
        assert done.returncode == 3


@pytest.mark.parametrize(
    "config, said",
    [
        ("CONFIG_BLK_DEV_INITRD=y\nCONFIG_RD_GZIP=y\n", ""),
        (
            "CONFIG_BLK_DEV_INITRD=y\n# CONFIG_RD_GZIP is not set\n",
            "cannot unpack the image: it is compressed with gzip, and kernel {} is built without CONFIG_RD_GZIP ({})",
        ),
        ("CONFIG_RD_GZIP=y\n", "cannot unpack the image: kernel {} is built without CONFIG_BLK_DEV_INITRD ({})"),
    ],
)
def test_what_the_kernel_can_unpack(root, image, config, said):
    root.text(f"boot/config-{KVER}", config)
    root.image.write_bytes(gzip.compress(newc.write(image)))
    done = verify(root)
    said = said.format(KVER, f"boot/config-{KVER}")
    assert done.said == (f"slipway: {said}\n" if said else "")
    assert done.returncode == (3 if said else 0)


def test_microcode_lies_in_front(root, image):
    early = newc.write({"kernel/x86/microcode/GenuineIntel.bin": newc.Entry(stat.S_IFREG | 0o644, b"x" * 64)})
    root.image.write_bytes(early + gzip.compress(newc.write(image)))
    assert verify(root).said == ""
    root.image.write_bytes(gzip.compress(newc.write(image)) + early)
    assert verify(root).said == (
        "slipway: cannot load microcode early: kernel/x86/microcode of the image is in or behind a compressed archive, "
        "where the kernel does not look\n"
    )


def test_of_another_generator(root):
    """No module, no exitrd, no console: what every initrd needs is proved, and nothing of slipway's own is missed."""
    image = {
        "init": newc.Entry(stat.S_IFREG | 0o755, b"#!/bin/sh\n"),
        "bin": newc.Entry(stat.S_IFDIR | 0o755),
        "bin/sh": newc.Entry(stat.S_IFREG | 0o755, (root.parts.path / "busybox").read_bytes()),
        "sbin": newc.Entry(stat.S_IFDIR | 0o755),
        "sbin/fsck.ext4": newc.Entry(stat.S_IFLNK | 0o777, b"../bin/sh"),
    }
    done = verify(root, image)
    assert (done.returncode, done.said) == (0, "")
    del image["bin/sh"]
    assert "slipway: cannot start /init: its interpreter /bin/sh is not in the image\n" in verify(root, image).said


def test_cannot_be_read(root, image):
    root.image.write_bytes(newc.write(image)[:1000])
    done = verify(root)
    assert done.returncode == 1
    assert done.said == "slipway: cannot read TEST/out/image: at offset 860: the archive is cut off in a file's data\n"
    done = root.slipway("verify", "--sysroot", root.path, root.image, root.image)
    assert (done.returncode, done.said) == (2, "slipway: cannot verify: verify takes one image\n")


def test_the_usual_image(root):
    """Without a name it is the one that build writes without one."""
    assert root.build(output=False).returncode == 0
    done = root.slipway("verify", "--sysroot", root.path)
    assert (done.returncode, done.said) == (0, "")
    (root.path / f"boot/initrd.img-{KVER}").unlink()
    done = root.slipway("verify", "--sysroot", root.path)
    assert (done.returncode, done.said) == (
        1,
        f"slipway: cannot read TEST/root/boot/initrd.img-{KVER}: No such file or directory\n",
    )


def test_what_cannot_boot_is_not_written(root):
    """A kernel for another machine: found before the old image is touched."""
    root.image.write_bytes(b"the old image")
    for path in (root.path / "lib/modules").rglob("*.ko"):
        elf = path.read_bytes()
        path.write_bytes(machine(183)(elf))
    done = root.build("-f")
    assert done.returncode == 1
    assert done.said.endswith(
        f"slipway: cannot start /init: it is for 64-bit x86-64, the modules of kernel {KVER} are for "
        "64-bit Arm AArch64\nslipway: cannot write TEST/out/image: it would not boot; the old file is kept\n"
    )
    assert root.image.read_bytes() == b"the old image"
