# SPDX-License-Identifier: MIT
"""What programs need to run: of other machines, of glibc itself, and by the variables of ld.so(8)."""
from fixture import LIBDIR, note

AARCH64 = b"\xb7\x00"


def built(root, *argv):
    done = root.build(*argv)
    assert done.returncode == 0, done.said
    return done


def programs(top):
    return [p for p in top.rglob("*") if p.is_file() and not p.is_symlink() and p.read_bytes()[:4] == b"\x7fELF"]


def make_foreign(top):
    for path in programs(top):
        data = bytearray(path.read_bytes())
        data[18:20] = AARCH64
        path.write_bytes(data)


def test_sysroot_of_another_machine(root):
    """Nothing of it is run, and nothing of it depends on the machine that builds."""
    built(root)
    listing = root.listing()
    make_foreign(root.path)
    make_foreign(root.libexec)
    # A file for the machine that builds is one for another machine now.
    root.text("etc/ld.so.conf", "/usr/lib/native\ninclude /etc/ld.so.conf.d/*.conf\n")
    (root.path / "usr/lib/native").mkdir()
    root.copy("libtiny.so.1", "usr/lib/native/libtiny.so.1")
    built(root, "-f")
    assert root.listing() == listing
    assert root.cat("init")[18:20] == AARCH64


def test_init_of_another_machine(root):
    make_foreign(root.path)
    done = root.build()
    assert (done.returncode, done.said) == (
        1,
        "slipway: cannot use TEST/libexec/init: it is for 64-bit x86-64, /usr/sbin/modprobe of TEST/root for 64-bit "
        "Arm AArch64; --libexecdir names a directory with init and shutdown for that\n",
    )


def fsck_that_needs(root, parts, library, text):
    parts.shared(library, text)
    parts.program(f"fsck-{library}", "int f(void); void _start(void) { f(); }", library)
    (root.path / "usr/sbin/e2fsck").unlink()
    root.copy(f"fsck-{library}", "usr/sbin/e2fsck")
    root.copy(library, f"{LIBDIR}/{library}")


def test_unwinder_of_threads_that_exit(root, parts):
    """glibc opens libgcc_s by itself then; no file says so."""
    parts.shared("libgcc_s.so.1", "int unwind;")
    root.copy("libgcc_s.so.1", f"{LIBDIR}/libgcc_s.so.1")
    fsck_that_needs(root, parts, "libquiet.so.1", "void exit_pthread(void); int f(void) { exit_pthread(); return 0; }")
    built(root)
    assert f"{LIBDIR}/libgcc_s.so.1" not in root.names()
    for name in ("exit", "cancel"):
        text = f"void pthread_{name}(void); int f(void) {{ pthread_{name}(); return 0; }}"
        fsck_that_needs(root, parts, f"lib{name}.so.1", text)
        built(root, "-f")
        assert f"{LIBDIR}/libgcc_s.so.1" in root.names()
    # Where there is none, the program may still do without.
    (root.path / LIBDIR / "libgcc_s.so.1").unlink()
    built(root, "-f")


def test_lib_of_the_loader_in_a_runpath(root, parts):
    parts.shared("libfar.so.1", "int far(void) { return 1; }")
    parts.program(
        "fsck-far",
        "int far(void); void _start(void) { far(); }",
        "libfar.so.1",
        flags=["-Wl,--enable-new-dtags,-rpath,/opt/$LIB/far"],
    )
    (root.path / "usr/sbin/e2fsck").unlink()
    root.copy("fsck-far", "usr/sbin/e2fsck")
    (root.path / "opt/lib/x86-tiny/far").mkdir(parents=True)
    root.copy("libfar.so.1", "opt/lib/x86-tiny/far/libfar.so.1")
    built(root)
    assert "opt/lib/x86-tiny/far/libfar.so.1" in root.names()


def test_library_of_archives_only_where_they_are_asked_for(root, parts):
    """It is suggested by init, and by another program that slipway.conf has nothing to say about."""
    parts.shared("libarch.so.1", "int arch;")
    text = "void _start(void) {}" + note(1, "libarch.so.1", "suggested", "archive")
    parts.program("fsck-arch", text, "libtiny.so.1")
    parts.program("init-arch", text, "libtiny.so.1")
    (root.path / "usr/sbin/e2fsck").unlink()
    root.copy("fsck-arch", "usr/sbin/e2fsck")
    built(root, "--archives", "yes")
    (root.libexec / "init").write_bytes((parts.path / "init-arch").read_bytes())
    done = root.build("-f", "--archives", "yes")
    assert done.returncode == 1 and "cannot find libarch.so.1, needed by /init: it is not in" in done.said
    root.copy("libarch.so.1", f"{LIBDIR}/libarch.so.1")
    built(root, "-f")
    assert f"{LIBDIR}/libarch.so.1" not in root.names()
    root.text("etc/slipway.conf", "archives = yes\n")
    built(root, "-f")
    assert f"{LIBDIR}/libarch.so.1" in root.names()
    done = root.build("-f", "--archives", "maybe")
    assert "--archives: archives cannot be \"maybe\"; allowed are no and yes" in done.said
