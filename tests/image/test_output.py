# SPDX-License-Identifier: MIT
"""The image is whole or the old one: full disks, limits, two builds at once. Kills at any moment: test_killed.py."""
import os
import resource
import shutil
import signal
import subprocess
import time

import pytest

from fixture import LIBDIR, SLIPWAY

OLD = b"the old image"
BIG = 48 << 20


def incompressible(root, size):
    """So that writing the image takes a while, and room: bytes behind what a library is."""
    with open(root.path / LIBDIR / "libzip.so.1", "ab") as f:
        for _ in range(size >> 20):
            f.write(os.urandom(1 << 20))


def limit(size):
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def test_limit_on_file_size(root):
    """RLIMIT_FSIZE: an error and exit code 4, not a death by SIGXFSZ."""
    incompressible(root, 1 << 20)
    root.image.write_bytes(OLD)
    done = root.build("-f", preexec_fn=limit(256 * 1024))
    assert done.returncode == 4, done.said
    size = os.stat(root.image).st_size
    assert size == len(OLD)
    assert done.said.startswith("slipway: cannot write TEST/out/image (")
    assert done.said.endswith(" bytes), the old file is kept: File too large\n")
    assert root.image.read_bytes() == OLD
    assert os.listdir(root.image.parent) == ["image"]


@pytest.mark.parametrize("old", [True, False])
def test_disk_full(root, old):
    """A tmpfs of 512 KiB, in a mount namespace of its own."""
    incompressible(root, 1 << 20)
    script = 'mount -t tmpfs -o size=512k none "$1" && cd "$1" && shift && '
    script += "printf 'the old image' >image && " if old else ""
    script += '"$@"; echo $?; ls -A; cat image'
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script, "-", root.image.parent, *root.command("-f")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr.replace(str(root.path.parent), "TEST").startswith("slipway: cannot write TEST/out/image (")
    assert "the old file is kept: No space left on device\n" in done.stderr
    assert done.stdout == ("4\nimage\nthe old image" if old else "4\n")


def in_mount(root, options, script, *argv):
    """slipway build, its image on a file system of its own that has the old image; what `script` says comes after."""
    mount = f'mount {options} none "$1" && cd "$1" && shift && printf "the old image" >image && '
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", mount + script, "-", root.image.parent, *root.command("-f", *argv)],
        capture_output=True,
        text=True,
        check=False,
    )
    done.said = done.stderr.replace(str(root.path.parent), "TEST")
    return done


def test_no_inode_left(root):
    """Room enough, but not for one more file."""
    done = in_mount(root, "-t tmpfs -o nr_inodes=2", '"$@"; echo $?; ls -A; cat image')
    assert done.stdout == "4\nimage\nthe old image"
    assert done.said == (
        "slipway: cannot write TEST/out/image: cannot open its temporary file .image.slipway: "
        "No space left on device\n"
    )


def test_limit_where_room_cannot_be_taken(root):
    """A ramfs has no fallocate(2): some of the image is written before the limit says no."""
    incompressible(root, 1 << 20)
    done = in_mount(root, "-t ramfs", '(ulimit -f 512; "$@"); echo $?; ls -A; cat image')
    assert done.stdout == "4\nimage\nthe old image"
    assert done.said.endswith(" bytes), the old file is kept: File too large\n")


def test_read_only(root):
    done = in_mount(root, "-t tmpfs", 'mount -o remount,ro . && { "$@"; echo $?; ls -A; cat image; }')
    assert done.stdout == "1\nimage\nthe old image"
    assert done.said == (
        "slipway: cannot write TEST/out/image: cannot open its temporary file .image.slipway: "
        "Read-only file system\n"
    )


@pytest.mark.parametrize("files", range(3, 11))
def test_limit_on_open_files(root, files):
    """Whatever cannot be opened: the old image, or all of the new one."""
    assert root.build().returncode == 0
    new = root.image.read_bytes()
    root.image.write_bytes(OLD)
    done = root.build("-f", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, files)))
    assert root.image.read_bytes() == (new if done.returncode == 0 else OLD)
    assert os.listdir(root.image.parent) == ["image"]
    # 127: with three there is none left for the dynamic loader.
    assert done.returncode in (0, 1) or (done.returncode, files) == (127, 3)
    if done.returncode == 1:
        assert "Too many open files" in done.said


@pytest.mark.parametrize("megabytes", [16, 24, 32, 48])
def test_limit_on_memory(root, megabytes):
    if "san" in SLIPWAY.parts:
        pytest.skip("the sanitizers take terabytes of address space")
    incompressible(root, 16 << 20)
    root.image.write_bytes(OLD)
    size = megabytes << 20
    done = root.build("-f", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (size, size)))
    assert (done.returncode, root.image.read_bytes()) == (1, OLD), done.said
    assert os.listdir(root.image.parent) == ["image"]
    assert "emory" in done.said


def test_directory_is_not_there(root):
    root.image.parent.rmdir()
    done = root.build()
    assert done.returncode == 1
    assert done.said == (
        "slipway: cannot write TEST/out/image: cannot open directory TEST/out: No such file or directory\n"
    )


def started(root, temporary, until=30):
    """A build that has begun to write: its temporary file is there, locked, and has taken its room."""
    build = subprocess.Popen(root.command("-f"), stderr=subprocess.PIPE)
    end = time.monotonic() + until
    while not temporary.exists() or temporary.stat().st_size == 0:
        assert build.poll() is None, build.stderr.read()
        assert time.monotonic() < end
    return build


def test_kill_while_writing(root):
    """kill -9 in the middle: the old image; the next build takes what was left over."""
    incompressible(root, BIG)
    root.image.write_bytes(OLD)
    temporary = root.image.parent / ".image.slipway"
    build = started(root, temporary)
    build.kill()
    assert build.wait() == -signal.SIGKILL
    assert root.image.read_bytes() == OLD
    assert temporary.exists(), "it was too late: nothing is shown"
    root.copy("libzip.so.1", f"{LIBDIR}/libzip.so.1")
    done = root.build("-f")
    assert done.returncode == 0, done.said
    assert root.slipway("ls", root.image).returncode == 0
    assert os.listdir(root.image.parent) == ["image"]


def test_directory_vanishes(root):
    """While it is written to: an error, no crash, and nothing is made anew."""
    incompressible(root, BIG)
    build = started(root, root.image.parent / ".image.slipway")
    build.send_signal(signal.SIGSTOP)
    shutil.rmtree(root.image.parent)
    build.send_signal(signal.SIGCONT)
    said = build.communicate()[1].decode()
    assert build.returncode == 1
    assert said.endswith("cannot rename .image.slipway to " + f"{root.image}: No such file or directory\n")
    assert not root.image.parent.exists()


def test_two_at_once(root):
    """The second says so and leaves; the first one's image is whole."""
    incompressible(root, BIG)
    first = started(root, root.image.parent / ".image.slipway")
    first.send_signal(signal.SIGSTOP)
    second = root.build("-f")
    first.send_signal(signal.SIGCONT)
    assert (second.returncode, second.said) == (
        1,
        "slipway: cannot write TEST/out/image: another slipway is writing it\n",
    )
    assert first.wait() == 0
    assert root.slipway("ls", root.image).returncode == 0


def test_interrupted(root, tmp_path):
    """Ctrl-C while depmod runs: no temporary directory is left, and the old image is."""
    slow = tmp_path / "bin"
    slow.mkdir()
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    (slow / "depmod").write_text("#!/bin/sh\nkill -INT $PPID\nsleep 0.1\nexit 0\n")
    (slow / "depmod").chmod(0o755)
    root.image.write_bytes(OLD)
    root.without_alias_text()
    script = 'mount --bind "$1" /usr/sbin && shift && exec "$@"'
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script, "-", slow, *root.command("-f")],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TMPDIR": str(temporary)},
    )
    assert (done.returncode, done.stderr) == (1, "slipway: cannot go on: interrupted, the old file is kept\n")
    assert root.image.read_bytes() == OLD
    assert not list(temporary.iterdir())


def test_temporary_directory_is_cleaned_up(root, tmp_path):
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    root.without_alias_text()
    assert root.build(env={"TMPDIR": str(temporary)}).returncode == 0
    assert not list(temporary.iterdir())
