# SPDX-License-Identifier: MIT
"""case_luks: where the key and the header of the root's container come from, and when."""
import pathlib
import subprocess
import sys

import case_stack
import stacks
from case_contract import check_running
from machine import Disk
from trial import REPORT_INIT, case, report_of

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "image"))
import newc  # noqa: E402


def _disks(t, name):
    image = case_stack.stack_image(t)
    return image, [Disk(i) for i in stacks.disks(t, name, image)]


def _boot(t, root, disks, image, words=""):
    return t.boot(words, root=f"root={root}", disks=disks, image=image, kernel=stacks.vmlinuz(t.guest), memory=1024,
                  limit=400)


def fat_stick(t):
    """A FAT file system with the key."""
    image, key = t.directory / "fat.img", t.directory / "k"
    key.write_text(stacks.KEY)
    with open(image, "wb") as f:
        f.truncate(32 << 20)
    for argv in (["mformat", "-i", image, "-v", stacks.STICK, "::"], ["mmd", "-i", image, "::/keys"],
                 ["mcopy", "-i", image, key, "::/keys/k"]):
        subprocess.run(argv, check=True)
    return Disk(image, late=True)


@case
def late_key(t):
    """The stick with the key, FAT, is plugged when the container has been there for a while: nobody is asked."""
    image, (container, _) = _disks(t, "luks-key")
    label = stacks.STICK.upper()  # as FAT has it
    root = stacks.STACKS["luks-key"].root.replace(stacks.STICK, label)
    with _boot(t, root, [container, fat_stick(t)], image) as m:
        m.wait_for(rf"vda is a LUKS container: its key is waited for on LABEL={label}", 90)
        m.plug(1)
        check_running(m)
        assert "Passphrase" not in m.console.text
        # Nothing holds it: it can be pulled out.
        assert m.run("grep -c vdb /proc/mounts || :") == "0"
        m.order("poweroff")
        t.assert_down(m, "poweroff")
        assert m.wait_end(60) == "guest-shutdown"


@case
def no_key(t):
    """It never comes: after half a minute the passphrase is asked for."""
    image, (container, _) = _disks(t, "luks-key")
    with _boot(t, stacks.STACKS["luks-key"].root, [container], image, REPORT_INIT) as m:
        m.wait_for(r"its key is waited for on", 90)
        since = m.seconds()
        m.wait_for(r"Passphrase for ", 90)
        assert 15 < m.seconds() - since < 60
        m.send(f"{stacks.PASSPHRASE}\r")
        report_of(m, 120)


@case
def in_image(t):
    """The header, the key and crypttab are in the image, as a second archive behind it: the data is all there is."""
    image, (data, stick) = _disks(t, "luks-header")
    header = t.directory / "header"
    subprocess.run(["debugfs", "-R", f"dump /header {header}", stick.backing], check=True, capture_output=True)
    files = {"etc/crypttab": b"opened /dev/vda /etc/k header=/etc/header\n", "etc/k": stacks.KEY.encode(),
             "etc/header": header.read_bytes()}
    both = t.directory / "both.img"
    whole = image.read_bytes()
    both.write_bytes(whole + bytes(-len(whole) % 4) +
                     newc.write({path: newc.Entry(0o100600, text) for path, text in files.items()}))
    with _boot(t, "/dev/mapper/opened", [data], both, REPORT_INIT) as m:
        report_of(m, 150)
        assert "Passphrase" not in m.console.text
