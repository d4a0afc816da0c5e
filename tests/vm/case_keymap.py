# SPDX-License-Identifier: MIT
"""case_keymap: a passphrase typed on the machine's own keyboard, with a layout that is not the kernel's."""
import gzip
import shutil
import subprocess

import case_stack
import machine
import stacks
import trial
from trial import case

# As a distribution has it: by name, compressed, with a piece of its own. On keys of another name each.
MAP = b'keymaps 0-2\ninclude "umlauts"\nkeycode 21 = z Z\nkeycode 44 = y Y\n'
PIECE = b"keycode 26 = U+00fc U+00dc\n"
TYPED, PASSPHRASE = ("y", "z", "bracket_left"), "zy\u00fc"


def _tree(t):
    """The guest's tree with a German layout."""
    tree = t.directory / "tree"
    subprocess.run(["cp", "-al", stacks.ensure(t.guest) / "tree", tree], check=True)
    maps = tree / "usr/share/keymaps/i386"
    for name, text in (("qwertz/de.kmap.gz", MAP), ("include/umlauts.inc.gz", PIECE)):
        (maps / name).parent.mkdir(parents=True)
        (maps / name).write_bytes(gzip.compress(text))
    shutil.copy(shutil.which("loadkeys"), tree / "usr/bin/loadkeys")
    (tree / "etc/vconsole.conf").unlink(missing_ok=True)
    (tree / "etc/vconsole.conf").write_text("KEYMAP=de\n")
    return tree


def _image(t):
    tree, image = _tree(t), t.directory / "image"
    subprocess.run([trial.programs() / "slipway", "build", "--sysroot", tree, "--libexecdir", trial.programs(), "-o", image,
                    "--kver", stacks.release(t.guest)], check=True)
    shutil.rmtree(tree)
    return image


def _disk(t):
    """The container with one more passphrase."""
    raw, old, new = (t.directory / name for name in ("luks.img", "old", "new"))
    made = stacks.disks(t, "luks", case_stack.stack_image(t))[0]
    subprocess.run(["cp", "--sparse=always", made, raw], check=True)
    old.write_text(stacks.PASSPHRASE)
    new.write_text(PASSPHRASE)
    subprocess.run(["cryptsetup", "luksAddKey", "-q", "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000", "--key-file",
                    old, raw, new], check=True)
    return machine.Disk(raw)


def _blank(t):
    blank = t.directory / "blank.img"
    with open(blank, "wb") as f:
        f.truncate(1 << 20)
    return machine.Disk(blank, late=True)


@case
def keymap(t):
    """The keys of a German keyboard give what they give in the running system; the kernel's messages of a disk that is
    plugged in meanwhile leave the question the last line."""
    with t.boot(f"{trial.REPORT_INIT} console=tty0", root=f"root=UUID={stacks.LUKS_UUID}1", disks=[_disk(t), _blank(t)],
                image=_image(t), kernel=stacks.vmlinuz(t.guest), memory=1024, devices=("VGA",)) as m:
        m.wait_for(r"Passphrase for ", 90)
        since = len(m.console.text)
        m.plug(1)
        vdb = m.wait_for(r"\[vdb\] .*\n", 30, since)
        m.wait_for(r"^Passphrase for \S+: ", 30, vdb.end())
        for key in (*TYPED, "ret"):
            m.monitor.command("send-key", keys=[{"type": "qcode", "data": key}])
        m.wait_for(r"mounted /dev/dm-", 60)
        assert "does not fit" not in m.console.text
        trial.report_of(m)
