# SPDX-License-Identifier: MIT
"""case_resume: asleep on a swap partition, and awake again before anything was written to the root."""
import os
import subprocess

from case_contract import check_running
from machine import Disk
from trial import case

SWAP_UUID = "51190000-0000-4000-8000-000000000005"


def swap_disk(t):
    image = t.directory / "swap.img"
    image.touch()
    os.truncate(image, 1 << 30)
    subprocess.run(["mkswap", "-q", "-U", SWAP_UUID, image], check=True)
    return Disk(image)


def fall_asleep(m):
    m.run("swapon /dev/disk/by-uuid/" + SWAP_UUID)
    m.run("echo before-the-sleep >/run/slip-marker; echo shutdown >/sys/power/disk")
    m.order("echo disk >/sys/power/state; echo; echo @@woken")
    assert m.wait_end(120) == "guest-shutdown"


@case
def resume(t):
    """resume= finds the image on the swap partition; without an image the boot is an ordinary one."""
    words, disks = f"resume=UUID={SWAP_UUID}", [t.disk(), swap_disk(t)]
    with t.boot(words, disks=disks) as m:
        m.wait_for(r"slipway: resume: vdb holds no hibernation image", 60)
        check_running(m)
        fall_asleep(m)
    with t.boot(words, disks=disks) as m:
        m.wait_for(r"slipway: resume: resuming from vdb", 60)
        # The shell that fell asleep goes on where it was.
        assert m.agent.wait_for("@@woken\n", 90), m.console.text[-3000:]
        m.agent.text += "@@ready\n"
        assert m.run("cat /run/slip-marker") == "before-the-sleep"
        assert "EXT4-fs (vda): mounted" not in m.console.text, "the root was touched before the resume"
        m.run("swapoff -a")
        m.order("systemctl poweroff")
        t.assert_down(m, "poweroff")
        m.wait_end(60)
    t.assert_clean(disks[0])
