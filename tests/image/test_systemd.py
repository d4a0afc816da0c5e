# SPDX-License-Identifier: MIT
"""--init systemd: systemd is /init, with those of its units, rules and programs that an initrd has a use for."""
import subprocess

import pytest

from fixture import LIBDIR, TOP

UNITS = "usr/lib/systemd/system"
RULES = "usr/lib/udev/rules.d"
PRIVATE = f"{LIBDIR}/systemd"
TEXTS = {
    "initrd.target": "[Unit]\nRequires=basic.target\n",
    "basic.target": "[Unit]\n",
    "sysinit.target": "[Unit]\n",
    "emergency.service": "[Service]\nExecStartPre=-/bin/plymouth quit\nExecStart=-/usr/lib/systemd/systemd-sulogin-shell e\n",
    "systemd-udevd.service": "[Service]\nExecStart=/usr/lib/systemd/systemd-udevd\n",
    "kmod-static-nodes.service": "[Service]\nExecStart=/bin/kmod static-nodes\n",
    "initrd-parse-etc.service": "[Service]\nExecStart=systemctl --no-block start initrd-cleanup.service\n",
    "mdmon@.service": "[Service]\nExecStart=/sbin/mdmon --foreground %I\n",
    # Of no use in an initrd.
    "graphical.target": "[Unit]\n", "systemd-firstboot.service": "[Service]\nExecStart=/usr/bin/systemd-firstboot\n",
}
WANTS = ("sysinit.target.wants/systemd-udevd.service", "sysinit.target.wants/kmod-static-nodes.service",
         "sysinit.target.wants/systemd-firstboot.service")
GROUP = "root:x:0:somebody\ndisk:x:6:somebody,another\nsomebody:x:1000:\nbroken\n"


@pytest.fixture
def root(root):
    """As systemd lies in a system; its programs are another's bytes, but that of PID 1."""
    root.parts.shared("libshared.so", "int shared(void) { return 1; }")
    root.parts.shared("libcore.so", "int shared(void); int core(void) { return shared(); }", "libshared.so")
    root.parts.program("systemd", "int core(void), shared(void); void _start(void) { core(); shared(); }", "libcore.so",
                       "libshared.so", flags=[f"-Wl,--enable-new-dtags,-rpath,/{PRIVATE}", "-Wl,--no-as-needed"])
    for directory in ("usr/lib/systemd/system-generators", "usr/lib/udev", PRIVATE):
        (root.path / directory).mkdir(parents=True)
    root.copy("systemd", "usr/lib/systemd/systemd")
    for name in ("libcore.so", "libshared.so"):
        root.copy(name, f"{PRIVATE}/{name}")
    for name in ("usr/lib/systemd/systemd-shutdown", "usr/lib/systemd/systemd-executor", "usr/lib/systemd/systemd-sulogin-shell",
                 "usr/lib/systemd/system-generators/systemd-fstab-generator",
                 "usr/lib/systemd/system-generators/systemd-getty-generator", "usr/bin/udevadm", "usr/bin/mount",
                 "usr/bin/umount", "usr/bin/systemctl", "usr/bin/systemd-firstboot", "usr/bin/sleep", "usr/sbin/fsck",
                 "usr/sbin/sulogin", "usr/lib/udev/ata_id", "usr/lib/udev/v4l_id"):
        root.copy("kmod", name)
    root.link("usr/lib/systemd/systemd-udevd", "../../bin/udevadm")
    for name, text in TEXTS.items():
        root.text(f"{UNITS}/{name}", text)
    for name in WANTS:
        root.text(f"{UNITS}/{name}", "")
        (root.path / UNITS / name).unlink()
        root.link(f"{UNITS}/{name}", f"../{name.split('/')[1]}")
    for name in ("99-systemd.rules", "60-block.rules", "78-sound-card.rules"):
        root.text(f"{RULES}/{name}", "")
    root.text("etc/group", GROUP)
    root.text("etc/shadow", "root:secret:1::::::\n")
    subprocess.run(["cp", "-r", TOP / "units/initrd", root.libexec], check=True)
    return root


def build(root, *argv):
    done = root.build("--init", "systemd", *argv)
    assert done.returncode == 0, done.said
    return root.names()


def test_init_is_systemd(root):
    """And ours lies where its unit calls it, with what the way back is made of; nothing is packed away."""
    names = build(root)
    assert "lrwxrwxrwx init -> usr/lib/systemd/systemd" in root.listing()
    assert {"usr/lib/slipway/init", "usr/lib/slipway/exitrd/shutdown", "etc/initrd-release", "sysroot"} <= set(names)
    assert root.cat("usr/lib/slipway/init") == (root.libexec / "init").read_bytes()
    root.build_as_default("--init", "systemd", "-f")
    assert "usr/lib/slipway/reserve.cpio.zst" not in root.names()


def test_units(root):
    """What an initrd has a use for, the links that lead to it, and ours."""
    names = [name.removeprefix(UNITS + "/") for name in build(root) if name.startswith(UNITS + "/")]
    assert set(names) == {
        "initrd.target", "basic.target", "sysinit.target", "emergency.service", "systemd-udevd.service",
        "kmod-static-nodes.service", "initrd-parse-etc.service", "mdmon@.service", "sysinit.target.wants",
        "sysinit.target.wants/systemd-udevd.service", "sysinit.target.wants/kmod-static-nodes.service",
        "slipway-stage.service", "slipway-no-shell.service", "initrd.target.wants", "initrd.target.wants/slipway-stage.service",
        "emergency.target.wants", "emergency.target.wants/slipway-no-shell.service", "emergency.service.d",
        "emergency.service.d/50-slipway.conf", "mdmon@.service.d", "mdmon@.service.d/50-slipway.conf"}
    text = root.cat(f"{UNITS}/mdmon@.service.d/50-slipway.conf").decode()
    for line in ("IgnoreOnIsolate=yes", "DefaultDependencies=no", "RefuseManualStop=yes", "SurviveFinalKillSignal=yes"):
        assert f"\n{line}\n" in text


def test_programs(root):
    """Those that units execute, and those that only systemd and udev know of."""
    names = set(build(root))
    assert {"usr/bin/kmod", "usr/bin/systemctl", "usr/bin/sleep", "usr/bin/udevadm", "usr/lib/systemd/systemd-udevd",
            "usr/lib/systemd/systemd-executor", "usr/lib/systemd/system-generators/systemd-fstab-generator", "usr/sbin/fsck",
            "usr/sbin/fsck.ext4", "usr/sbin/modprobe", "usr/lib/udev/ata_id", f"{RULES}/60-block.rules"} <= names
    assert not names & {"usr/bin/systemd-firstboot", "usr/lib/udev/v4l_id", f"{RULES}/78-sound-card.rules", "usr/sbin/sulogin",
                        "usr/lib/systemd/system-generators/systemd-getty-generator"}
    said = root.slipway("explain", root.image, "usr/bin/systemctl").stdout.decode()
    assert "initrd-parse-etc.service executes it" in said


def test_libraries_of_a_private_directory(root):
    """libcore finds libshared by its name: PID 1 has loaded it already by a RUNPATH of its own."""
    names = build(root)
    assert {f"{PRIVATE}/libcore.so", f"{PRIVATE}/libshared.so"} <= set(names)
    done = root.slipway("verify", "--sysroot", root.path, root.image)
    assert "libshared" not in done.said, done.said
    (root.path / PRIVATE / "libshared.so").unlink()
    done = root.build("--init", "systemd", "-f")
    assert done.returncode == 1 and "cannot find libshared.so, needed by /usr/lib/systemd/systemd" in done.said


def test_accounts(root):
    """Groups by name and number, no members, no passwords; no number of a machine."""
    names = build(root)
    assert root.cat("etc/group") == b"root:x:0:\ndisk:x:6:\n"
    assert root.cat("etc/passwd").startswith(b"root:x:0:0:")
    assert root.cat("etc/machine-id") == b"" and "etc/shadow" not in names


def test_shell(root):
    """sulogin is in with --rescue alone, and who may have it says a condition."""
    assert "usr/sbin/sulogin" in build(root, "--rescue")
    assert "ConditionKernelCommandLine=|rd.shell\n" in root.cat(f"{UNITS}/emergency.service.d/50-slipway.conf").decode()


def test_mount_is_the_systems_own(root):
    """Not an applet of the rescue shell's busybox, which does not know all that systemd says to it."""
    build(root, "--rescue")
    assert root.cat("usr/bin/mount") == (root.parts.path / "kmod").read_bytes()


def test_by_the_settings(root):
    root.text("etc/slipway.conf", "init = systemd\n")
    assert root.build().returncode == 0
    assert "lrwxrwxrwx init -> usr/lib/systemd/systemd" in root.listing()


@pytest.mark.parametrize("path,package", [("usr/lib/systemd/systemd", "systemd"), (f"{UNITS}/initrd.target", "systemd"),
                                          ("usr/bin/udevadm", "udev"), ("usr/bin/mount", "mount")])
def test_what_must_be_there(root, path, package):
    (root.path / path).unlink()
    done = root.build("--init", "systemd")
    assert done.returncode == 1 and not root.image.exists()
    assert f"cannot find /{path} in TEST/root, which --init systemd needs" in done.said
    assert done.said.splitlines()[0].endswith(f"Debian has it in {package}")


def test_units_of_ours_that_are_missing(root):
    subprocess.run(["rm", "-r", root.libexec / "initrd"], check=True)
    done = root.build("--init", "systemd")
    assert done.returncode == 1
    assert "cannot take in TEST/libexec/initrd/slipway-stage.service (--libexecdir says where it is)" in done.said


def test_wrong_word(root):
    done = root.build("--init", "openrc")
    assert done.returncode == 2
    assert 'cannot use --init: init cannot be "openrc"; allowed are slipway and systemd' in done.said
