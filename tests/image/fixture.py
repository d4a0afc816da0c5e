# SPDX-License-Identifier: MIT
"""fixture: a small sysroot of real ELF files and real modules, made by the compiler in a second.

Nothing of the host is in it, so that what an image must hold is known to the byte's name:

    init      needs libkm.so.1 (a symlink) and TINY_1.1 of libtiny.so.1
    libkm     opens libzip.so.1 when it wants it (.note.dlopen), and would like libnone.so.9
    kmod      needs libtiny.so.1
    e2fsck    needs libext.so.2, found by its RUNPATH $ORIGIN/../lib/e2
    libext    needs libconf.so.1, which only ld.so.conf tells of (/opt/lib)
"""
import os
import shutil
import subprocess
from pathlib import Path

KVER = "5.10.0-test"
TOP = Path(__file__).resolve().parent.parent.parent
SLIPWAY = (TOP / os.environ.get("B", "build") / "slipway").resolve()
LIBDIR = "usr/lib/x86-tiny"
FLAGS = ["-nostdlib", "-O1", "-fno-stack-protector", "-fcf-protection=none", "-Wl,--build-id=none"]

NOTE = """
__attribute__((used, section(".note.dlopen"), aligned(4)))
static const struct {{ unsigned n, d, t; char owner[4]; char text[sizeof({0})]; }} note{1} = {{
	4, sizeof({0}), 0x407c0c0a, "FDO", {0}
}};
"""


def note(number, soname, priority, feature="f"):
    text = f'[{{"feature":"{feature}","priority":"{priority}","soname":["{soname}"]}}]'
    return NOTE.format('"' + text.replace('"', '\\"') + '"', number)


# A module as depmod reads it: what it says of itself, what it exports, what it leaves open.
MODULE = """
#define INFO(n, s) __attribute__((used, section(".modinfo"))) static const char info##n[] = s
#define EXPORT(s) __attribute__((used, section("__ksymtab_strings"))) static const char export_##s[] = #s
"""
MODULES = {
    "kernel/fs/ext4/ext4.ko": 'INFO(1, "alias=fs-ext4"); INFO(2, "softdep=pre: crc32c before post: after");'
    "extern int jbd2_start; int *open_one(void) { return &jbd2_start; }",
    "kernel/fs/jbd2/jbd2.ko": "EXPORT(jbd2_start); int jbd2_start;",
    "kernel/lib/before.ko": "int nothing;",
    "kernel/lib/after.ko": "int nothing;",
    "kernel/crypto/crc32c_generic.ko": 'INFO(1, "alias=crc32c"); INFO(2, "alias=crypto-crc32c");',
    "kernel/drivers/block/virtio_blk.ko": 'INFO(1, "alias=virtio:d00000002v*");'
    "extern int virtio_add; int *open_one(void) { return &virtio_add; }",
    "kernel/drivers/virtio/virtio.ko": "EXPORT(virtio_add); int virtio_add;",
    "kernel/drivers/virtio/virtio_balloon.ko": "extern int virtio_add; int *open_one(void) { return &virtio_add; }",
    "kernel/drivers/block/null_blk/null_blk.ko": "int nothing;",
    "kernel/drivers/net/e1000.ko": "int nothing;",
    "kernel/drivers/ata/ahci.ko.xz": 'INFO(1, "alias=pci:v*d*sv*sd*bc01sc06i01*");',
}


def run(*argv, **more):
    subprocess.run([str(a) for a in argv], check=True, capture_output=True, text=True, **more)


class Parts:
    """What the compiler makes, once for all tests."""

    def __init__(self, path):
        self.path = path
        self.shared("ld-tiny.so.2", "int ld;")
        self.shared(
            "libtiny.so.1",
            "int tiny_one(void) { return 1; } int tiny_two(void) { return 2; }",
            versions="TINY_1.0 { tiny_one; }; TINY_1.1 { tiny_two; } TINY_1.0;",
        )
        old = path / "old"
        old.mkdir()
        self.shared("old/libtiny.so.1", "int tiny_one(void) { return 1; }", versions="TINY_1.0 { tiny_one; };")
        self.shared("libzip.so.1", "int zip(void) { return 1; }")
        self.shared(
            "libkm.so.1",
            "int tiny_one(void); int km(void) { return tiny_one(); }"
            + note(1, "libzip.so.1", "recommended")
            + note(2, "libnone.so.9", "recommended")
            + note(3, "libtiny.so.1", "suggested"),
            "libtiny.so.1",
        )
        self.shared("libconf.so.1", "int conf(void) { return 1; }")
        self.shared("libext.so.2", "int conf(void); int ext(void) { return conf(); }", "libconf.so.1")
        self.program("init", "int tiny_two(void), km(void); void _start(void) { tiny_two(); km(); }", "libtiny.so.1", "libkm.so.1")
        self.program("kmod", "int tiny_one(void); void _start(void) { tiny_one(); }", "libtiny.so.1")
        self.program(
            "e2fsck",
            "int ext(void); void _start(void) { ext(); }",
            "libext.so.2",
            flags=["-Wl,--enable-new-dtags,-rpath,$ORIGIN/../lib/e2"],
        )
        for name in ("shutdown", "busybox", "dash"):
            self.program(name, "void _start(void) { for (;;); }", flags=["-static"])
        for name, text in MODULES.items():
            self.module(name, text)

    def compile(self, name, text, *argv):
        source = self.path / (name.replace("/", "-") + ".c")
        source.write_text(text)
        run("gcc", *FLAGS, source, "-o", self.path / name, *argv, cwd=self.path)

    def shared(self, name, text, *needed, versions=None):
        argv = ["-shared", "-fPIC", f"-Wl,-soname,{Path(name).name}", *needed, "-Wl,--allow-shlib-undefined"]
        if versions:
            script = self.path / (name.replace("/", "-") + ".map")
            script.write_text(versions)
            argv.append(f"-Wl,--version-script={script}")
        self.compile(name, text, *argv)

    def program(self, name, text, *needed, flags=None):
        loader = ["-pie", "-fPIE", "-Wl,-dynamic-linker,/lib64/ld-tiny.so.2", "-Wl,--allow-shlib-undefined"]
        self.compile(name, text, *needed, *(flags or []), *([] if "-static" in (flags or []) else loader))

    def module(self, name, text):
        plain = self.path / "modules" / name.removesuffix(".xz")
        plain.parent.mkdir(parents=True, exist_ok=True)
        source = plain.with_suffix(".c")
        source.write_text(MODULE + text)
        run("gcc", "-c", "-O1", "-fno-pic", "-mcmodel=large" if os.uname().machine == "x86_64" else "-O1", source, "-o", plain)
        source.unlink()
        if name.endswith(".xz"):
            run("xz", "--check=crc32", plain)


class Root:
    """A sysroot in `path`, and beside it what init and shutdown are taken from, and the image."""

    def __init__(self, path, parts, merged=True):
        self.path = path / "root"
        self.parts = parts
        self.libexec = path / "libexec"
        self.image = path / "out" / "image"
        for d in ("usr/bin", "usr/sbin", LIBDIR, "usr/lib/e2", "usr/lib64", "etc/ld.so.conf.d", "opt/lib", "boot"):
            (self.path / d).mkdir(parents=True)
        self.image.parent.mkdir()
        self.libexec.mkdir()
        for d in ("bin", "sbin", "lib", "lib64"):
            if merged:
                self.link(d, f"usr/{d}")
            else:
                (self.path / d).mkdir()
        self.programs(merged)
        self.text("etc/ld.so.conf", "include /etc/ld.so.conf.d/*.conf\n")
        self.text("etc/ld.so.conf.d/tiny.conf", "/opt/lib\n/usr/lib/x86-tiny\n")
        self.text("usr/lib/os-release", 'PRETTY_NAME="Tiny 1"\nNAME=Tiny\nID=tiny\nVERSION_ID=1\n')
        self.link("etc/os-release", "../usr/lib/os-release")
        self.text("etc/fstab", "# root\nUUID=0 / ext4 rw 0 1\n")
        self.text("etc/modprobe.d/local.conf", "options virtio_blk queues=1\n")
        self.text("etc/e2fsck.conf", "[options]\n")
        self.modules(parts.path / "modules", "lib/modules")

    def programs(self, merged):
        sbin = "usr/sbin" if merged else "sbin"
        for name, to in (
            ("ld-tiny.so.2", LIBDIR),
            ("libtiny.so.1", LIBDIR),
            ("libzip.so.1", LIBDIR),
            ("libext.so.2", "usr/lib/e2"),
            ("libconf.so.1", "opt/lib"),
            ("kmod", "usr/bin"),
            ("busybox", "usr/bin"),
            ("dash", "usr/bin"),
            ("e2fsck", sbin),
        ):
            self.copy(name, f"{to}/{name}")
        self.copy("libkm.so.1", f"{LIBDIR}/libkm.so.1.2")
        self.link(f"{LIBDIR}/libkm.so.1", "libkm.so.1.2")
        # As Debian has them: absolute, and so pointing at the host if they were not kept inside.
        self.link("lib64/ld-tiny.so.2", "/usr/lib/x86-tiny/ld-tiny.so.2")
        self.link(f"{sbin}/modprobe", "/usr/bin/kmod")
        self.link(f"{sbin}/fsck.ext4", "e2fsck")
        if not merged:
            (self.path / "usr/lib/e2/libext.so.2").rename(self.path / "lib/libext.so.2")
        for name in ("init", "shutdown"):
            shutil.copy(self.parts.path / name, self.libexec / name)

    def modules(self, source, to):
        shutil.copytree(source, self.path / to / KVER, dirs_exist_ok=True)
        order = "".join(f"{name.removesuffix('.xz')}\n" for name in MODULES)
        self.text(f"{to}/{KVER}/modules.order", order)
        self.text(f"{to}/{KVER}/modules.builtin", "kernel/fs/fat/vfat.ko\nkernel/fs/xfs/xfs.ko\n")
        self.text(f"{to}/{KVER}/modules.builtin.modinfo", "vfat.alias=fs-vfat\0xfs.alias=fs-xfs\0")
        run("depmod", "-b", self.path, KVER, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})

    def add_module(self, name, text):
        """One that only this sysroot has."""
        plain = self.path / "lib/modules" / KVER / name
        plain.parent.mkdir(parents=True, exist_ok=True)
        source = plain.with_suffix(".c")
        source.write_text(MODULE + text)
        run("gcc", "-c", "-O1", "-fno-pic", source, "-o", plain)
        source.unlink()
        run("depmod", "-b", self.path, KVER, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})

    def without_alias_text(self):
        """Then the modules themselves are read, by depmod."""
        (self.path / "lib/modules" / KVER / "modules.alias").unlink()

    def text(self, path, text):
        file = self.path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def link(self, path, target):
        (self.path / path).symlink_to(target)

    def copy(self, part, to):
        shutil.copy(self.parts.path / part, self.path / to)

    def command(self, *argv, output=True):
        words = [SLIPWAY, "build", "--sysroot", self.path, "--libexecdir", self.libexec]
        words += ["-o", self.image] if output else []
        # One archive has all there is to look at; test_reserve.py is about the default.
        words += [] if "--reserve" in argv else ["--reserve", "no"]
        return [str(w) for w in (*words, *argv)]

    def build(self, *argv, output=True, **more):
        """slipway build; its result, with the paths of this directory taken out of what it said."""
        return self.slipway(*self.command(*argv, output=output)[1:], **more)

    def build_as_default(self, *argv):
        """With a reserve: as everybody builds it who says nothing."""
        return self.slipway(*[word for word in self.command(*argv)[1:] if word not in ("--reserve", "no")])

    def slipway(self, *argv, env=None, prefix=(), **more):
        done = subprocess.run(
            [*prefix, SLIPWAY, *[str(a) for a in argv]],
            capture_output=True,
            check=False,
            timeout=120,
            env={**os.environ, "SOURCE_DATE_EPOCH": "0", **(env or {})},
            **more,
        )
        done.said = done.stderr.decode().replace(str(self.path.parent), "TEST").replace(str(SLIPWAY.parent), "BUILD")
        return done

    def listing(self, *argv):
        """`slipway ls -l` without sizes: the compiler's own affair."""
        text = self.slipway("ls", "-l", self.image).stdout.decode()
        return "".join(f"{line[:10]} {line[22:]}\n" for line in text.splitlines())

    def names(self):
        return self.slipway("ls", self.image).stdout.decode().splitlines()

    def cat(self, *paths):
        done = self.slipway("cat", self.image, *paths)
        assert done.returncode == 0, done.said
        return done.stdout
