# SPDX-License-Identifier: MIT
"""case_usr: /usr on a file system of its own, there before PID 1 is."""
import guests
from case_contract import check_not_checked_again, check_running, options
from trial import case


@case
def usr_fstab(t):
    """The root's fstab has a row for /usr: checked, mounted, and systemd checks it no second time."""
    root, usr = t.disk("nousr"), t.disk("usr")
    with t.boot(disks=[root, usr]) as m:
        check_running(m)
        assert m.run("cd /run/initramfs; cat usr-fsck fsck-usr root-fsck").split() == ["0", "0", "0"]
        assert m.run("findmnt -no SOURCE,FSTYPE /usr").split() == ["/dev/vdb", "ext4"]
        assert "rw" in options(m.run("findmnt -no OPTIONS /usr"))
        unit = m.run("systemd-escape --path --template=systemd-fsck@.service "
                     f"/dev/disk/by-uuid/{guests.USR_UUID}")
        check_not_checked_again(m)
        check_not_checked_again(m, f"'{unit}'")
        m.order("systemctl poweroff")
        t.assert_down(m, "poweroff")
        m.wait_end(60)
    t.assert_clean(root)
    t.assert_clean(usr)


@case
def usr_words(t):
    """mount.usr= and its flags, where no fstab tells."""
    report = t.report(f"mount.usr=UUID={guests.USR_UUID} mount.usrfstype=ext4 mount.usrflags=noatime,barrier=1",
                      disks=[t.disk("nousr-nofstab"), t.disk("usr")])
    fields = next(f for f in map(str.split, report.of("mount")) if f[4] == "/usr")
    assert fields[fields.index("-") + 1:][:2] == ["ext4", "/dev/vdb"]
    assert "noatime" in options(fields[5])
    assert set(report.of("content")) == {"root-fsck 0", "fsck-root 0", "usr-fsck 0", "fsck-usr 0"}
