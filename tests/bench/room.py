# SPDX-License-Identifier: MIT
"""room: a command in another root, in namespaces of its own, and what it took."""
import dataclasses
import os
import subprocess

# The machine's devices and /sys are seen, as in an installer's chroot: what looks for this machine's root finds it.
MOUNTS = """
measure=$1 fd=$2 tree=$3
shift 3
mount --bind "$tree" "$tree"
mount -t proc proc "$tree/proc"
mount -t sysfs -o ro sysfs "$tree/sys"
mount --rbind /dev "$tree/dev"
mount -t tmpfs none "$tree/run"
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C "$measure" "$fd" "$tree" "$@"
"""


@dataclasses.dataclass(frozen=True)
class Took:
    status: int
    wall: float  # seconds
    cpu: float  # seconds, user and system, of all processes
    rss: int  # bytes of the largest process
    processes: int  # and threads


class Failed(Exception):
    """What the command said at last."""


def run(measure, tree, argv, done, log):
    """Runs `argv` in `tree`; what it says goes to the file `log`. Failed if it does not end with a code of `done`."""
    reader, writer = os.pipe()
    unshare = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private"]
    with open(log, "wb") as said:
        subprocess.run([*unshare, "sh", "-euc", MOUNTS, "sh", measure, str(writer), tree, *argv], pass_fds=[writer],
                       stdin=subprocess.DEVNULL, stdout=said, stderr=said, check=False)
    os.close(writer)
    with os.fdopen(reader) as f:
        line = f.readline().split()
    if len(line) != 6 or int(line[0]) not in done:
        rows = log.read_text(errors="replace").strip().splitlines() or ["it said nothing"]
        raise Failed(f"{argv[0]}: exit code {line[0] if line else 'unknown'}: {rows[-1]}")
    wall, user, system = map(float, line[1:4])
    return Took(int(line[0]), wall, user + system, int(line[4]) << 10, int(line[5]))
