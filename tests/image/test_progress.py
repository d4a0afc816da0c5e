# SPDX-License-Identifier: MIT
"""What is seen on a terminal while an image is built."""
import os
import pty
import re
import subprocess

import pytest

from fixture import KVER

ERASE = "\r\x1b[K"


@pytest.fixture
def slow(root):
    """Bytes that take a while."""
    (root.path / "big").write_bytes(os.urandom(1 << 20))
    return root


def on_terminal(root, *words, term="xterm"):
    ours, theirs = pty.openpty()
    done = subprocess.Popen(
        root.command("-f", "--files", "/big", "--compress", "xz", *words), stderr=theirs, env={**os.environ, "TERM": term}
    )
    os.close(theirs)
    said = b""
    try:
        while data := os.read(ours, 4096):
            said += data
    except OSError:
        pass  # how a pseudo terminal says that nobody has it open any more
    os.close(ours)
    assert done.wait() == 0
    return said.decode().replace("\r\n", "\n")


def test_one_line_is_written_again(slow):
    said = on_terminal(slow)
    shown = said.split(ERASE)
    assert shown[0] == ""
    packed = [re.fullmatch(f"{KVER}: pack (.*) of (.*) MB", s) for s in shown]
    steps = [(float(m[1]), float(m[2])) for m in packed if m]
    assert len(steps) > 1
    assert steps == sorted(steps) and all(1 < of < 2 and at <= of for at, of in steps)
    assert shown[-1].startswith("slipway: ") and shown[-1].endswith(" s\n")
    assert said.count("\n") == 1


@pytest.mark.parametrize("words, term", [(["-q"], "xterm"), ([], "dumb"), (["-v"], "xterm")])
def test_where_it_is_not_wanted(slow, words, term):
    said = on_terminal(slow, *words, term=term)
    assert ERASE not in said
    assert words != ["-q"] or said == ""
