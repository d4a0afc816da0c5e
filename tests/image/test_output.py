# SPDX-License-Identifier: MIT
"""The image is whole or the old one: full disks, limits, kills, two builds at once."""
import os
import resource
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


def test_kill_at_any_moment(root):
    """Before, while and after: the old image or the new one, never anything between."""
    root.image.write_bytes(OLD)
    start = time.monotonic()
    assert root.build("-f").returncode == 0
    takes = time.monotonic() - start
    new = root.image.read_bytes()
    for i in range(10):
        root.image.write_bytes(OLD)
        build = subprocess.Popen(root.command("-f", "-q"), env={**os.environ, "SOURCE_DATE_EPOCH": "0"})
        time.sleep(takes * i / 9)
        build.kill()
        build.wait()
        assert root.image.read_bytes() in (OLD, new)


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


def test_unprivileged(root):
    """Nodes are written into the archive: no privilege is needed to build one."""
    if os.geteuid() != 0:
        assert root.build().returncode == 0
        return
    root.image.parent.chmod(0o777)
    for path in [root.path, *root.path.parents]:
        if str(path).startswith(("/tmp/", str(root.path.parent))):
            path.chmod(path.stat().st_mode | 0o055)
    # The checkout may be where nobody else may look, root's home say: the program is opened for the other user.
    with open(SLIPWAY, "rb") as program:
        done = root.build(user=65534, group=65534, extra_groups=[], pass_fds=[program.fileno()],
                          executable=f"/proc/self/fd/{program.fileno()}")
    assert done.returncode == 0, done.said
    assert "crw------- dev/console" in root.listing()
