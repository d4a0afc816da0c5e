# SPDX-License-Identifier: MIT
"""case_loop: the root in a file: an image for the machine that booted so, and what is said of a wrong file."""
import case_disks
import case_stack
import stacks
import trial
from case_contract import check_running
from machine import Disk
from trial import REPORT_INIT, case, report_of, wait_shell


def _boot(t, root, disks, image, words=""):
    return t.boot(words, root=f"root={root}", disks=disks, image=image, kernel=stacks.vmlinuz(t.guest), memory=1024,
                  limit=400)


def _disk(t):
    return Disk(stacks.disks(t, "loop", case_stack.stack_image(t))[0])


@case
def this_machine(t):
    """The image that is built on the machine, for it, boots it again: module, file system and checker of both."""
    disk, workshop, host = _disk(t), case_disks.stick(t), t.directory / "host.img"
    with _boot(t, stacks.STACKS["loop"].root, [disk, workshop], case_stack.stack_image(t)) as m:
        check_running(m)
        said = m.run("mount LABEL=slip-stick /mnt; TMPDIR=/mnt /mnt/slipway build -q --host --libexecdir /mnt "
                     "-o /mnt/built.img; umount /mnt", timeout=120)
        assert said == "", said
        m.order("poweroff")
        t.assert_down(m, "poweroff")
        assert m.wait_end(60) == "guest-shutdown"
    case_disks.take_from(workshop, host)
    names = {path.rpartition("/")[2].partition(".ko")[0] for path in case_disks.listed(host)}
    # The cloud kernel has ext4 built in.
    assert {"loop", "virtio_blk", "fsck.ext4"} <= names and not names & {"btrfs", "xfs", "dm-crypt"}, names
    with _boot(t, stacks.STACKS["loop"].root, [disk], host, REPORT_INIT) as m:
        report = report_of(m, 150)
    assert "slipway: root: mounted /dev/loop0 (ext4) on /sysroot" in report.console


@case
def wrong_file(t):
    """One error that says what is wrong with it; a person who mends it in the shell goes on from there."""
    image = trial.kept_image(f"stack-{t.guest}-rescue", stacks.ensure(t.guest) / "tree", "--kver",
                             stacks.release(t.guest), "--rescue")
    host = f"UUID={stacks.HOST_UUID}"
    with _boot(t, f"{host} loop=/images", [_disk(t)], image) as m:
        m.wait_for(rf"cannot use the file /images of {host} as the root's disk: it is a directory", 90)
    with _boot(t, f"{host} loop=/other.img", [_disk(t)], image, f"{REPORT_INIT} rd.shell=1") as m:
        shell = wait_shell(m, 90)
        assert f"cannot use the file /other.img of {host} as the root's disk: there is no such file" in m.console.text
        shell("ln -s images/root.img /run/slipway/host/other.img; exit")
        report_of(m, 120)
