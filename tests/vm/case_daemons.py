# SPDX-License-Identifier: MIT
"""case_daemons: what an initrd starts: storage daemons live through both switches, all others end."""
import re
import subprocess

import guests
from case_contract import check_running
from trial import case


def second_archive(t):
    """An uncompressed archive in which tests/vm/daemons.c is fsck.ext4, and the real one stands beside it."""
    root = t.directory / "extra"
    (root / "usr/sbin").mkdir(parents=True)
    program = root / "usr/sbin/fsck.ext4"
    subprocess.run(["gcc", "-O2", "-Wall", "-D_GNU_SOURCE", "-static", "-o", program, guests.HERE / "daemons.c"],
                   check=True)
    (root / "usr/sbin/fsck.real").write_bytes((t.tree() / "usr/sbin/e2fsck").read_bytes())
    (root / "usr/sbin/fsck.real").chmod(0o755)
    names = "usr/sbin/fsck.ext4\nusr/sbin/fsck.real\n"
    return subprocess.run(["cpio", "-o", "-H", "newc", "--quiet", "-R", "0:0"], cwd=root, input=names.encode(),
                          stdout=subprocess.PIPE, check=True).stdout


@case
def daemons(t):
    """An '@' daemon is there in the booted system and beside the exitrd, and hinders nothing; an ordinary one ends
    before the switch."""
    image = t.directory / "image"
    first = t.image().read_bytes()
    # The kernel goes on with the next archive at a multiple of four; later files replace earlier ones.
    image.write_bytes(first + bytes(-len(first) % 512) + second_archive(t))
    with t.boot(image=image) as m:
        check_running(m)
        said = m.run("for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/cmdline; echo; done 2>/dev/null | "
                     "grep '[s]lip-'", check=False)
        assert re.fullmatch(r"@slip-survivor \d+ *", said), said
        assert m.run("cat /run/initramfs/root-fsck") == "0"
        m.order("systemctl poweroff")
        line = t.assert_down(m, "poweroff")
        assert m.wait_end(60) == "guest-shutdown"
        seen = re.findall(r"slip-survivor: alive with PID 1 (\S+)", m.console.text)
        assert seen[0] == "init" and "systemd" in seen and seen[-1] == "shutdown", seen
        # It kept the rules, so nobody had to be ended for its sake.
        assert line["escalation"] == "0" and line["holders"] == "", line
    t.assert_clean(m.disks[0])
