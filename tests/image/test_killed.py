# SPDX-License-Identifier: MIT
"""kill -9 at fifty moments: the old image or the new one, and nothing that is in the next build's way."""
import os
import random
import subprocess
import time

import pytest

from fixture import LIBDIR

OLD = b"the old image"
ANY_TIME, WHILE_WRITING = 30, 20


class Victim:
    """Builds that are started and killed."""

    def __init__(self, root):
        self.root = root
        self.temporary = root.image.parent / ".image.slipway"
        self.left_over = 0
        self.seen = set()
        # Some room, so that writing the image takes a while.
        with open(root.path / LIBDIR / "libzip.so.1", "ab") as f:
            f.write(random.Random(0).randbytes(6 << 20))
        started = time.monotonic()
        done = root.build("-f")
        assert done.returncode == 0, done.said
        self.takes = time.monotonic() - started
        self.new = root.image.read_bytes()

    def start(self):
        self.root.image.write_bytes(OLD)
        return subprocess.Popen(self.root.command("-f", "-q"), env={**os.environ, "SOURCE_DATE_EPOCH": "0"})

    def writing(self, build):
        """Waits until the temporary file has taken its room; when that was."""
        while build.poll() is None:
            try:
                if self.temporary.stat().st_size:
                    break
            except FileNotFoundError:
                pass
        return time.monotonic()

    def kill(self, build):
        build.kill()
        build.wait()
        found = self.root.image.read_bytes()
        assert found in (OLD, self.new)
        assert set(os.listdir(self.root.image.parent)) <= {"image", ".image.slipway"}
        self.left_over += self.temporary.exists()
        self.seen.add(found)

    def next_build(self):
        """Takes what was left over, and leaves nothing."""
        done = self.root.build("-f")
        assert done.returncode == 0, done.said
        assert self.root.image.read_bytes() == self.new
        assert os.listdir(self.root.image.parent) == ["image"]


@pytest.fixture
def victim(root, monkeypatch, tmp_path):
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    return Victim(root)


@pytest.fixture
def moments():
    """Another one each time; printed by pytest when the test fails, and taken from SEED."""
    seed = int(os.environ.get("SEED", time.time_ns() % 1000000))
    print(f"SEED={seed}")
    return random.Random(seed)


def test_at_any_moment(victim, moments):
    for i in range(ANY_TIME):
        # One in each thirtieth of the time that it takes, so that none of it is left out.
        moment = victim.takes * (i + moments.random()) / (ANY_TIME - 1)
        build = victim.start()
        time.sleep(moment)
        victim.kill(build)
        if i % 5 == 0:
            victim.next_build()
    victim.next_build()


def test_while_it_is_written(victim, moments):
    build = victim.start()
    since = victim.writing(build)
    assert build.wait() == 0
    takes = time.monotonic() - since
    for i in range(WHILE_WRITING):
        build = victim.start()
        moment = victim.writing(build) + takes * (i + moments.random()) / WHILE_WRITING
        while time.monotonic() < moment:
            pass
        victim.kill(build)
        if i % 5 == 0:
            victim.next_build()
    assert victim.left_over > 0, "it was always too late: nothing is shown"
    victim.next_build()
