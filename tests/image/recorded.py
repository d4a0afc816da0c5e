# SPDX-License-Identifier: MIT
"""recorded: a machine of tests/data/target as the /sys, /proc and /dev that a program sees."""
import os
import subprocess
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent / "data" / "target"
ENTER = 'for d in sys proc dev; do mount --rbind "$0/$d" "/$d" || exit 99; done; exec "$@"'


class Machine:
    """What is mounted at `root` of the recorded machine is mounted at `at`."""

    def __init__(self, path, name, root, at="/"):
        self.path = path
        for d in ("sys", "proc/self", "dev"):
            (path / d).mkdir(parents=True)
        # Of a vendor that has no microcode.
        (path / "proc/cpuinfo").write_text("processor\t: 0\nvendor_id\t: SmallMachine\ncpu family\t: 6\nmodel\t\t: 1\nstepping\t: 1\n\n")
        for line in (DATA / f"{name}.sysfs").read_text().splitlines():
            self._line(line)
        for file in ("mountinfo", "swaps", "crypto"):
            if (DATA / f"{name}.{file}").exists():
                text = (DATA / f"{name}.{file}").read_text()
                to = path / "proc" / ("self/mountinfo" if file == "mountinfo" else file)
                to.write_text(self._mounts(text, root, str(at)) if file == "mountinfo" else text)

    def _line(self, line):
        link, arrow, target = line.partition(" -> ")
        if arrow:
            self._at(link).symlink_to(target)
            return
        file, equals, text = line.partition(" = ")
        if equals:
            self._at(file).write_text(text.replace("\\n", "\n") + "\n")

    def _at(self, name):
        path = self.path / "sys" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    @staticmethod
    def _mounts(text, root, at):
        """The line of `root`, moved; the machine's own / goes when that is to be somebody else's place."""
        rows = [line.split(" ") for line in text.splitlines()]
        if root != "/" and at == "/":
            rows = [row for row in rows if row[4] != "/"]
        for row in rows:
            if row[4] == root:
                row[4] = at
        return "".join(" ".join(row) + "\n" for row in rows)

    def link(self, name, target):
        """A name below /dev, as udev makes it."""
        path = self.path / "dev" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)

    def run(self, *argv, **more):
        """The program, where /sys, /proc and /dev are this machine's."""
        return subprocess.run(["unshare", "-rm", "sh", "-c", ENTER, str(self.path), *[str(a) for a in argv]],
                              capture_output=True, check=False, timeout=120,
                              env={**os.environ, "SOURCE_DATE_EPOCH": "0"}, **more)
