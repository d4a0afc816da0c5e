# SPDX-License-Identifier: MIT
"""case_inits: inits that are not systemd get nothing that is only systemd's."""
from trial import case

LEFTOVERS = "slipword SLIP_LEFT=a,b"


def check_plain(m, init):
    argv = m.run("tr '\\0' '\\n' </proc/1/cmdline").splitlines()
    assert not [word for word in argv if "deserialize" in word or "switched-root" in word or "system" in word], argv
    env = m.run("tr '\\0' '\\n' </proc/1/environ")
    assert "SLIP_LEFT=a,b" in env and "RD_TIMESTAMP=" in env, env
    assert m.run("readlink /proc/1/exe") == init
    # Nor was the hand-over's memfd left open for it.
    assert "memfd" not in m.run("ls -l /proc/1/fd")
    assert m.run("cat /run/initramfs/root-fsck; test -x /run/initramfs/shutdown") == "0"
    return argv


@case
def sysvinit(t):
    """Debian's sysvinit: boots to run level 2 and powers off its own way; it knows no exitrd."""
    with t.boot(LEFTOVERS) as m:
        m.wait_agent()
        # sysvinit writes its run level over its arguments.
        argv = check_plain(m, "/usr/sbin/init")
        assert argv[0].startswith("init [2]"), argv
        m.run("touch /root/written")
        m.order("poweroff")
        assert m.wait_end(90) == "guest-shutdown"
    t.assert_clean(m.disks[0])


@case
def busybox(t):
    """busybox as init."""
    with t.boot(f"{LEFTOVERS} init=/usr/lib/busybox/init", disks=[t.disk("busybox")]) as m:
        m.wait_agent()
        argv = check_plain(m, "/usr/bin/busybox")
        assert argv == ["/usr/lib/busybox/init", "slipword"] or argv[0] == "init", argv
        m.run("touch /root/written")
        m.order("busybox poweroff")
        assert m.wait_end(90) == "guest-shutdown"
    t.assert_clean(m.disks[0])
