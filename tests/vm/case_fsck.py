# SPDX-License-Identifier: MIT
"""case_fsck: what the check of the root finds, and what follows from it."""
from case_contract import check_active_by_us, check_root_rw, check_running
from trial import case, no_shell

# Preen mends a wrong count by itself; the state makes it look.
MENDABLE = ("set_super_value state 2", "set_inode_field /etc links_count 77")
# A directory whose inode is gone: what to do with what was in it is for a person to decide.
UNMENDABLE = ("set_super_value state 2", "clri /var/lib")


@case
def preen(t):
    """An error that preen mends: code 1, and the boot goes on."""
    disk = t.spoiled_disk(*MENDABLE)
    with t.boot(disks=[disk]) as m:
        check_running(m)
        assert m.run("cat /run/initramfs/root-fsck /run/initramfs/fsck-root").split() == ["1", "1"]
        check_active_by_us(m)
        check_root_rw(m)
        m.order("systemctl poweroff")
        t.assert_down(m, "poweroff")
        m.wait_end(60)
    t.assert_clean(disk)


@case
def unmendable(t):
    """An error that preen does not mend: no boot, the reason, no shell, panic=; fsck.repair=yes mends it."""
    disk = t.spoiled_disk(*UNMENDABLE)
    with t.boot(disks=[disk], image=t.image(rescue=True)) as m:
        m.wait_for(r"slipway: root: .*exit code 4", 60)
        m.wait_for("the boot cannot go on", 20)
        no_shell(m)
        assert m.wait_end(60) == "guest-reset"
        assert "Kernel panic - not syncing: Attempted to kill init" in m.console.text
        assert "EXT4-fs (vda): mounted" not in m.console.text
    report = t.report("fsck.repair=yes", disks=[disk])
    assert "root-fsck 1" in report.of("content")


@case
def fsck_words(t):
    """fsck.mode= and its older spellings."""
    assert t.report("fsck.mode=skip").of("content") == []
    assert t.report("fastboot").of("content") == []
    for word in ("fsck.mode=force", "forcefsck"):
        report = t.report(word)
        assert "root-fsck 0" in report.of("content")
        # A clean file system that is only looked at says "clean"; one that was read says how scattered it is.
        assert "non-contiguous" in report.console, report.console
