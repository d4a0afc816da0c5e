# SPDX-License-Identifier: MIT
"""contained: a tree's init as PID 1 of a container: namespaces of all kinds, a user namespace among them, so that nothing
of the machine can be changed; a pseudo terminal as its console. No kernel, no devices: seconds in place of a minute.
"""
import os
import pty
import re
import shlex
import subprocess
import termios
import threading

# Variables: TREE, CONSOLE, KMSG. The root is a tmpfs with a copy, or an overlay above the tree; /oldroot is the machine's
# own root until FINISH.
BEGIN = """
mount -t tmpfs -o mode=755 root /mnt
"""
COPIED = 'cp -a "$TREE/." /mnt/ 2>/dev/null || :; cd /mnt\n'
OVERLAID = """
mkdir /mnt/upper /mnt/work /mnt/root
mount -t overlay -o lowerdir="$TREE",upperdir=/mnt/upper,workdir=/mnt/work overlay /mnt/root; cd /mnt/root
"""
MOUNTS = """
mkdir -p proc sys run dev oldroot
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755,nosuid,nodev tmpfs run
mount -t tmpfs -o mode=755 dev dev
for n in null zero full random urandom tty; do : >dev/$n; mount --bind /dev/$n dev/$n; done
: >dev/kmsg; mount --bind "$KMSG" dev/kmsg
: >dev/console; mount --bind "$CONSOLE" dev/console
ln -s /proc/self/fd dev/fd; mkdir dev/shm dev/pts
"""
FINISH = """
pivot_root . oldroot; cd /; umount -l oldroot; rmdir oldroot || :
unset TREE CONSOLE KMSG OLDPWD
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
"""
ESCAPES = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[78]|\x1b[()][A-Z0-9]")


class Console:
    """What is said there, as it comes."""

    def __init__(self):
        self.ours, theirs = pty.openpty()
        self.slave, self.name, self.bytes = theirs, os.ttyname(theirs), b""
        # Wide: systemd shortens what does not fit.
        termios.tcsetwinsize(theirs, (50, 250))
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        while True:
            try:
                data = os.read(self.ours, 65536)
            except OSError:
                return
            if not data:
                return
            self.bytes += data

    def close(self):
        os.close(self.slave)
        self.thread.join(5)
        os.close(self.ours)
        return ESCAPES.sub(b"", self.bytes).decode("utf-8", "replace").replace("\r", "")


def run(directory, tree, way, prepare, argv, timeout=120, **env):
    """(exit code of PID 1, what the console said). `way`: COPIED or OVERLAID; `prepare`: shell text, in the new root."""
    console, kmsg = Console(), directory / "kmsg"
    kmsg.write_text("")
    exports = "".join(f"export {key}={shlex.quote(value)}\n" for key, value in env.items())
    script = "set -e" + BEGIN + way + MOUNTS + prepare + FINISH + exports + f"exec {argv} </dev/console >/dev/console 2>&1\n"
    said = directory / "container.log"
    with open(said, "w", encoding="utf-8") as out:
        done = subprocess.Popen(["unshare", "-UrmpfCiun", "--kill-child", "sh", "-c", script], stdin=subprocess.DEVNULL,
                                stdout=out, stderr=out, start_new_session=True,
                                env={**os.environ, "TREE": str(tree), "CONSOLE": console.name, "KMSG": str(kmsg)})
    try:
        code = done.wait(timeout)
    except subprocess.TimeoutExpired:
        done.kill()
        code = None
    text = console.close()
    (directory / "console.log").write_text(text)
    assert code is not None, f"it did not end in {timeout} s\n{text[-3000:]}\n{said.read_text()}"
    return code, text
