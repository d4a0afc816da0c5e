# SPDX-License-Identifier: MIT
"""case_inits: inits that are not systemd get nothing that is only systemd's, and come back to the exitrd."""
import dataclasses
import shutil
import signal
import subprocess

import contained
import guests
import inits
import machine
import trial
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


# -- those that Debian packages, each as PID 1 of one guest; they come back to the exitrd ----------------------------

CRADLE = "/usr/lib/slipway/cradle"


@dataclasses.dataclass(frozen=True)
class Init:
    words: str      # on the kernel command line
    program: str    # what /proc/1/exe is then
    halt: str       # shell: ends the machine as that init has it
    verb: str = "poweroff"
    access: str = "ro"


INITS = {
    "sysvinit": Init(f"init={CRADLE}", "/usr/sbin/init", "poweroff"),
    "openrc": Init(f"init={CRADLE} CRADLE=/sbin/openrc-init", "/usr/sbin/openrc-init", "openrc-shutdown --reboot now",
                   "reboot"),
    "runit": Init(f"init={CRADLE} CRADLE=/lib/runit/runit-init", "/usr/sbin/runit", "/lib/runit/runit-init 0"),
    "finit": Init(f"init={CRADLE} CRADLE=/sbin/finit", "/usr/sbin/finit", "/lib/finit/initctl poweroff"),
    "busybox": Init(f"init={CRADLE} CRADLE=/usr/lib/busybox/init", "/usr/bin/busybox", "busybox reboot", "reboot"),
    "s6": Init("init=/usr/bin/s6-svscan -- /etc/s6", "/usr/bin/s6-svscan",
               "echo poweroff >/run/s6-verb; s6-svscanctl -t /etc/s6", access="rw"),
    "script": Init("init=/usr/lib/slipway/script-init SCRIPT_INIT=/usr/local/sbin/agent", "/usr/bin/dash", "kill -USR2 1"),
}


def _disk(t, name):
    """The guest's root with what `make install` and docs/inits.md put there."""
    raw = t.directory / "root.img"
    subprocess.run(["cp", "--sparse=always", inits.ensure() / "root.img", raw], check=True)
    files = {CRADLE: trial.BUILD / "cradle", "/usr/lib/slipway/script-init": trial.TOP / "units/inits/script-init",
             "/etc/s6/.s6-svscan/finish": trial.TOP / "units/inits/s6-finish"}
    lines = ["mkdir /usr/lib/slipway", "mkdir /etc/s6/.s6-svscan"]
    for path, source in files.items():
        lines += [f"write {source} {path}", f"set_inode_field {path} mode 0100755"]
    if name == "sysvinit":
        # Where OpenRC is installed its boot scripts are what sysvinit runs: the agent is that of inittab alone.
        lines += ["rm /etc/runlevels/default/slip-agent"]
    if name == "busybox":
        lines += ["rm /etc/inittab", f"write {guests.HERE}/guest/busybox/etc/inittab /etc/inittab"]
    done = subprocess.run(["debugfs", "-w", "-f", "-", raw], input="\n".join(lines) + "\n", text=True, check=True,
                          capture_output=True)
    (t.directory / "debugfs.log").write_text(done.stdout + done.stderr)
    return machine.Disk(raw)


def _boot(t, name, disk, init):
    tree, release = inits.ensure() / "tree", inits.release()
    return t.boot(f"SLIP_LEFT=a,b {init.words}", disks=[disk], access=init.access, kernel=tree / f"boot/vmlinuz-{release}",
                  image=trial.kept_image("inits", tree, "--kver", release))


@case
def back(t):
    """It gets nothing of systemd's, runs, and its halt ends in our exitrd, clean: nothing of the root is in use."""
    name = t.name.partition("-")[2]
    init, disk = INITS[name], _disk(t, name)
    with _boot(t, name, disk, init) as m:
        m.wait_agent()
        check_plain(m, init.program)
        m.run("mount -o remount,rw / && touch /root/written && mount -t tmpfs none /mnt && touch /mnt/x")
        m.order(init.halt)
        t.assert_down(m, init.verb)
        assert m.wait_end(60) == ("guest-reset" if init.verb == "reboot" else "guest-shutdown")
    t.assert_clean(disk)


# As `make install`, an image's /init, and docs/inits.md leave it; the boot scripts that want disks are left out.
FURNISH = """
mkdir -p run/initramfs usr/lib/slipway; mount -t tmpfs -o mode=755,nosuid,nodev initramfs run/initramfs
cp "$KMSG.shutdown" run/initramfs/shutdown; cp "$KMSG.cradle" usr/lib/slipway/cradle
cp "$KMSG.script-init" usr/lib/slipway/script-init
mkdir -p etc/s6/.s6-svscan; cp "$KMSG.s6-finish" etc/s6/.s6-svscan/finish
: >etc/fstab; rm -f etc/rcS.d/* etc/runlevels/sysinit/* usr/local/sbin/agent
cp "$KMSG.agent" usr/local/sbin/agent; mount -t tmpfs none mnt
"""
AGENT = """#!/bin/sh
exec >/dev/console 2>&1
echo "agent: $(readlink /proc/1/exe)"
sleep 1
{halt}
sleep 1000
"""


def _words(init):
    """argv and the environment, as the kernel makes them of the command line."""
    words = [word for word in init.words.removeprefix("init=").split() if word != "--"]
    env = dict(word.split("=", 1) for word in words if "=" in word)
    return " ".join(word for word in words if "=" not in word), env


@case
def in_a_container(t):
    """Each of them without a kernel: it runs, halts its own way, and comes to the exitrd with nothing left of it."""
    files = {"shutdown": trial.BUILD / "shutdown", "cradle": trial.BUILD / "cradle",
             "script-init": trial.TOP / "units/inits/script-init", "s6-finish": trial.TOP / "units/inits/s6-finish"}
    for name, source in files.items():
        shutil.copy(source, t.directory / f"kmsg.{name}")
    for name, init in INITS.items():
        agent = t.directory / "kmsg.agent"
        agent.write_text(AGENT.format(halt=init.halt))
        agent.chmod(0o755)
        furnish = FURNISH
        if name == "busybox":
            furnish += f"cp {guests.HERE}/guest/busybox/etc/inittab etc/inittab\n"
        argv, env = _words(init)
        code, said = contained.run(t.directory, inits.ensure() / "tree", contained.OVERLAID, furnish, argv, **env)
        assert f"agent: {init.program}\n" in said, (name, said)
        line = trial.last_line(said)
        assert (line["result"], line["verb"], line["mounts"]) == ("clean", init.verb, "0"), (name, line)
        # reboot(2) ends the container's PID 1 by a signal.
        assert code == -(signal.SIGHUP if init.verb == "reboot" else signal.SIGINT), (name, code)
