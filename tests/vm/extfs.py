# SPDX-License-Identifier: MIT
"""extfs: an ext4 that the power was cut from, looked at on the host."""
import subprocess
import tempfile

import ledger


def run(*argv):
    argv = [str(a) for a in argv]
    done = subprocess.run(argv, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.returncode, done.stdout


def read_ledger(image):
    done = subprocess.run(["debugfs", "-R", f"cat {ledger.PATH}", image], text=True, capture_output=True, check=True)
    return done.stdout


def mend_by_hand(image, at_least):
    """What e2fsck does not mend unasked: a superblock of two sectors of which one is there. Backups have it."""
    with tempfile.NamedTemporaryFile(dir=image.parent) as copy:
        subprocess.run(["cp", "--sparse=always", image, copy.name], check=True)
        code, said = run("e2fsck", "-fy", copy.name)
        assert code == 1, said
        ledger.check(read_ledger(copy.name), at_least)


def check(image, torn, at_least):
    """fsck as a boot does it leaves nothing to mend. What it changes is undone. A word for what it was."""
    undo = image.with_suffix(".undo")
    undo.unlink(missing_ok=True)
    code, said = run("e2fsck", "-z", undo, "-p", image)
    if code == 8 and torn and "Superblock checksum does not match" in said:
        mend_by_hand(image, at_least)
        return "superblock torn"
    try:
        assert code in (0, 1), (code, said)
        found, all_said = run("e2fsck", "-fn", image)
        assert found == 0, (said, found, all_said)
        ledger.check(read_ledger(image), at_least)
    finally:
        undone, why = run("e2undo", undo, image)
        assert undone == 0, why
    return "journal replayed" if "recovering journal" in said else "clean"
