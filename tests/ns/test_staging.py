# SPDX-License-Identifier: MIT
"""slipway exitrd: a system that another initrd has booted gets its way back, and what is there is not broken."""
import os
import stat
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parent.parent.parent
BUILT = (TOP / os.environ.get("B", "build")).resolve()
SLIPWAY, SHUTDOWN = BUILT / "slipway", BUILT / "shutdown"
# Programs that the host may lack, and an array that it has not.
ARRAY = """
mount -t tmpfs none /mnt; mkdir -p /mnt/u /mnt/w /mnt/sys/block/md127/md
mount -t overlay -o lowerdir=/usr/sbin,upperdir=/mnt/u,workdir=/mnt/w overlay /usr/sbin
cp /bin/true /usr/sbin/mdmon; cp /bin/true /usr/sbin/mdadm
echo external:imsm >/mnt/sys/block/md127/md/metadata_version; mount --bind /mnt/sys /sys
"""


def run(script, directory, check=True):
    """Shell text in a mount namespace, as root there; $1: slipway, $2: the directory."""
    done = subprocess.run(["unshare", "-Urm", "sh", "-ec", script, "sh", SLIPWAY, directory], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert not check or done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture
def at(tmp_path):
    return tmp_path / "run/initramfs"


def names(path):
    """All files but what a dynamic build (SAN=1) needs."""
    found = sorted(str(p.relative_to(path)) for p in path.rglob("*") if not p.is_dir())
    return [name for name in found if not name.startswith(("lib", "usr/"))]


def test_nobody_is_there(at):
    """The directory is made; nothing but the program and what says whose it is lies in it."""
    assert f"slipway: {at}/shutdown is staged: " in run('"$1" exitrd "$2"', at)
    assert names(at) == ["etc/initrd-release", "shutdown"]
    assert (at / "shutdown").read_bytes() == SHUTDOWN.read_bytes()
    assert stat.S_IMODE((at / "shutdown").stat().st_mode) == 0o755
    assert "(slipway " in (at / "etc/initrd-release").read_text()


def test_again(at):
    """The same again is left alone; an older one is replaced by rename."""
    run('"$1" exitrd "$2"', at)
    first = (at / "shutdown").stat()
    assert f"slipway: {at}/shutdown is staged already\n" == run('"$1" exitrd "$2"', at)
    assert (at / "shutdown").stat() == first
    (at / "shutdown").write_bytes(b"\x7fELF older")
    (at / "etc/initrd-release").write_text('PRETTY_NAME="Debian (slipway 0.0.1)"\n')
    before = (at / "shutdown").stat().st_ino
    assert "is staged: " in run('"$1" exitrd "$2"', at)
    assert (at / "shutdown").read_bytes() == SHUTDOWN.read_bytes()
    assert (at / "shutdown").stat().st_ino != before
    assert names(at) == ["etc/initrd-release", "shutdown"]


THERE = {
    "dracut's": {"shutdown": "#!/bin/sh\n", "etc/initrd-release": 'ID=fedora\nPRETTY_NAME="dracut"\n'},
    "without a word": {"shutdown": "#!/bin/sh\n"},
    "promised": {".need_shutdown": ""},
}


@pytest.mark.parametrize("name", THERE)
def test_what_is_there_stays(at, name):
    for path, text in THERE[name].items():
        (at / path).parent.mkdir(parents=True, exist_ok=True)
        (at / path).write_text(text)
    said = run('"$1" exitrd "$2"', at)
    assert "it stays as it is" in said and said.count("\n") == 1
    assert {path: (at / path).read_text() for path in names(at)} == THERE[name]


def test_no_program_can_be_executed_there(at):
    """initramfs-tools mounts /run noexec: a file system of its own, with what was there, and only when it is complete."""
    at.mkdir(parents=True)
    said = run("""mount -t tmpfs -o noexec none "$2"; echo 0 >"$2/fsck-root"
                  "$1" exitrd "$2"; cat "$2/fsck-root"; "$2/shutdown" || echo code=$?; "$1" exitrd "$2"
                  findmnt -no TARGET "$2" | wc -l; findmnt -no OPTIONS "$2" | tail -n 1""", at)
    assert "on a tmpfs of its own since nothing can be executed there" in said
    assert "\n0\n" in said and "code=2" in said and "is staged already\n2\n" in said, said
    options = said.splitlines()[-1].split(",")
    assert {"nosuid", "nodev", "mode=755"} <= set(options) and "noexec" not in options


def test_what_is_attached_needs_a_program(at):
    """mdmon and mdadm with their libraries, before `shutdown`; once they are there nothing is left to do."""
    said = run(ARRAY + '"$1" exitrd "$2"; "$1" exitrd "$2"', at)
    assert ", with mdmon for md127\n" in said and said.endswith("is staged already\n"), said
    for name in ("mdmon", "mdadm"):
        assert subprocess.run(["unshare", "-Ur", "chroot", at, f"/usr/sbin/{name}"], check=False).returncode == 0


def test_program_that_is_missing_is_a_warning(at):
    said = run(ARRAY.replace("cp /bin/true /usr/sbin/mdmon", "rm -f /usr/sbin/mdmon") + '"$1" exitrd "$2"', at)
    assert "cannot find mdmon, which writes the metadata" in said and "ignoring\n" in said, said
    assert (at / "shutdown").exists()


def test_no_room(at):
    """What is there is whole, and `shutdown` is not there or the old one."""
    at.mkdir(parents=True)
    said = run("""mount -t tmpfs -o size=64k none "$2"; "$1" exitrd "$2" || echo code=$?; find "$2" -type f""", at)
    assert " of the exitrd: No space left on device\ncode=4\n" in said
    assert f"{at}/shutdown" not in said and ".new" not in said


def test_wrong_usage(at):
    said = run('"$1" exitrd "$2" "$2" || echo code=$?; "$1" exitrd --libexecdir /nowhere "$2" || echo code=$?', at)
    assert "exitrd takes one directory, by default /run/initramfs\ncode=2\n" in said
    assert "cannot take in /nowhere/init" in said and said.endswith("code=1\n")
    assert not at.exists()


# A system in which /init's exitrd lies as in an image, with an empty /run and a log that is ours.
IMAGE = """
mount -t tmpfs none /mnt; mkdir -p /mnt/u/slipway/exitrd/etc /mnt/w
echo ID=x >/mnt/u/slipway/exitrd/etc/initrd-release; cp "$2" /mnt/u/slipway/exitrd/shutdown
mount -t overlay -o lowerdir=/usr/lib,upperdir=/mnt/u,workdir=/mnt/w overlay /usr/lib
mount -t tmpfs -o mode=755 none /run; touch /mnt/log; mount --bind /mnt/log /dev/kmsg
"""


def test_another_pid_1_leaves_the_exitrd():
    """slipway-stage.service calls /init so in an initrd that systemd runs: its stage exitrd, and no other."""
    said = run(IMAGE + '"${1%slipway}init" exitrd; find /run -type f; cmp "$2" /run/initramfs/shutdown; echo end; cat /mnt/log',
               SHUTDOWN)
    assert sorted(said.splitlines()) == ["/run/initramfs/etc/initrd-release", "/run/initramfs/shutdown", "end"]


def test_another_pid_1_leaves_none():
    """A failure is a warning, and no other word makes a stage run."""
    said = run(IMAGE + 'rm /usr/lib/slipway/exitrd/shutdown; "${1%slipway}init" exitrd; ls /run/initramfs; cat /mnt/log;'
               '"${1%slipway}init" root || echo code=$?', SHUTDOWN)
    assert "exitrd: cannot stage /run/initramfs/shutdown: No such file or directory" in said
    assert said.splitlines()[-1] == "code=2" and "runs as PID 1 only" in said
