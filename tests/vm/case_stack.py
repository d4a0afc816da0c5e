# SPDX-License-Identifier: MIT
"""case_stack: the root on LUKS, LVM, MD and btrfs of several devices: opened, used, taken down clean."""
import machine
import stacks
import trial
from case_contract import check_running
from trial import case


def _image(t):
    return trial.kept_image(f"stack-{t.guest}", stacks.ensure(t.guest) / "tree", "--kver", stacks.release(t.guest))


def _look(t, stack, disks, image):
    """A second machine finds all of it clean: nothing is replayed, nothing resynchronised."""
    raw = [disk.raw(t.directory / f"after{n}.img") for n, disk in enumerate(disks)]
    try:
        with stacks.workshop(t, "slip.look=1", [machine.Disk(r) for r in raw], image) as m:
            m.run(stacks.SHELL + stack.look, timeout=120)
    finally:
        for r in raw:
            r.unlink(missing_ok=True)


def _look_at_host(m):
    """What is written to the root goes to the file on the host, past the page cache, and the host can be seen."""
    assert m.run("cat /sys/block/loop0/loop/backing_file").startswith("/run/slipway/host/")
    assert m.run("cat /sys/block/loop0/loop/dio /sys/block/loop0/ro").split() == ["1", "0"]
    m.run("dd if=/dev/urandom of=/root/much bs=1M count=40 conv=fsync")


@case
def stack(t):
    """Boots to `running` with no failed unit and no device that udev lost, and ends with result=clean."""
    name = t.name.removeprefix("stack-")
    it, image = stacks.STACKS[name], _image(t)
    all_disks = [machine.Disk(i) for i in stacks.disks(t, name, image)]
    disks = [d for n, d in enumerate(all_disks) if n not in it.without]
    with t.boot("", root=f"root={it.root}", disks=disks, image=image, kernel=stacks.vmlinuz(t.guest), memory=1024,
                limit=400) as m:
        for n in range(it.prompts):
            m.wait_for(r"Passphrase for ", 90)
            if n == 0:
                m.send("not that one\r")
                m.wait_for(r"It does not fit\. Passphrase for ", 60)
            m.send(f"{stacks.PASSPHRASE}\r")
        check_running(m)
        assert "Dependency failed" not in m.console.text and "Timed out waiting for device" not in m.console.text
        if name == "swap-lvm":
            assert "/dev/dm-" in m.run("swapon --show=NAME --noheadings")
        if name.startswith("loop"):
            _look_at_host(m)
        m.order("poweroff")
        line = t.assert_down(m, "poweroff")
        assert "Failed unmounting" not in m.console.text
        assert m.wait_end(60) == "guest-shutdown"
    assert (line["swaps"], line["loop"], line["dm"], line["md"]) == ("0", "0", "0", "0"), line
    _look(t, it, disks, image)
