# SPDX-License-Identifier: MIT
"""dock: a guest whose init is the agent's shell, where something is made to go wrong before it goes down.

The initrd and the exitrd are ours, the kernel and the disks real; between them is no systemd, which would mend or
trip over half of it first, and no half a minute of boot. The way into the exitrd is systemd's: see SHELL.
"""
import re

import machine
import stacks
import trial

INIT = "init=/usr/local/sbin/agent"

# descend VERB: what systemd-shutdown 257 does when it has done what it could (nothing, here), in its words. With it the
# console's level is 5; here notices are to be seen.
# perl pivots (system call 155) since nothing that needs a library can be executed after that.
# daemon NAME SCRIPT: an '@' daemon of root's, whose shell is of the old root.
SHELL = r"""
set -e
export DM_DISABLE_UDEV=1
descend() {
	echo 6 >/proc/sys/kernel/printk
	cd /run/initramfs
	mount --make-rprivate /
	for dir in dev proc sys run; do mkdir -p $dir; mount --rbind /$dir $dir; done
	mkdir -p oldroot
	exec env -i TERM=linux WATCHDOG_PID=1 WATCHDOG_USEC=${watchdog:-0}000000 \
		perl -e "$meanwhile"'; @to = (".", "oldroot"); syscall(155, @to) == 0 or die $!; exec { "/shutdown" } @ARGV or die $!' \
		/shutdown $1 --timeout=${timeout:-90}000000us --log-level ${level:-info} --log-target=kmsg --exit-code=0 \
		<dev/console >dev/console 2>&1
}
daemon() {
	(cd /; setsid perl -e '$n = shift; exec { "/bin/sh" } $n, "-c", @ARGV' "@$1" "$2" </dev/null >/dev/null 2>&1 &)
}
"""


def image(t):
    return trial.kept_image(f"stack-{t.guest}", stacks.ensure(t.guest) / "tree", "--kver", stacks.release(t.guest))


def blank(t, name, megabytes, **kw):
    """A disk with nothing on it."""
    path = t.directory / f"{name}.img"
    with open(path, "wb") as f:
        f.truncate(megabytes << 20)
    return machine.Disk(path, **kw)


def root_disk(t, **kw):
    return machine.Disk(stacks.ensure(t.guest) / "root.img", **kw)


def boot(t, *more, root=None, words="", memory=512, **kw):
    """The root is the first disk; /dev/vdb and so on are `more`."""
    return t.boot(f"{INIT} {words}", disks=[root or root_disk(t), *more], image=image(t), access="rw",
                  kernel=stacks.vmlinuz(t.guest), memory=memory, limit=300, **kw)


def run(m, text, **kw):
    return m.run(SHELL + text, **kw)


def descend(m, verb="poweroff", before="", **settings):
    """The shell becomes the exitrd; `before` is shell text. Settings: timeout, watchdog (seconds), level; meanwhile, what
    perl does last, with nothing more to be read from the root."""
    told = "; ".join(f"{name}={value}" for name, value in settings.items())
    # One command: the shell does not read on before it has ended.
    m.order(f"{{\n{SHELL}\n{before}\n{told}\ndescend {verb}\n}}")


def ended(m, seconds, reason="guest-shutdown"):
    """The last line as a dict, when qemu has ended; `seconds` for both."""
    m.wait_for(r"^slipway-shutdown: result=.*\n", seconds)
    line = trial.last_line(m.console.text)
    end = m.wait_end(60)
    assert end == reason, (end, line)
    return line


def resumed(m):
    return re.findall(r"resumed (\S+)", m.console.text)


class Lying(machine.Disk):
    """A raw image of the case's own, for which qemu makes up errors: blkdebug's inject-error, as a dict."""

    def __init__(self, path, **rule):
        super().__init__(path)
        self.rule = {"event": "none", "errno": 5, "once": "off", **rule}

    def create(self, path):
        self.overlay = self.backing

    def arguments(self, n):
        rule = ",".join(f"file.inject-error.0.{key}={value}" for key, value in self.rule.items())
        return ["-drive", f"if=none,id=disk{n},format=raw,file.driver=blkdebug,file.image.driver=file,"
                f"file.image.filename={self.overlay},{rule}",
                "-device", self.DEVICES[self.kind].format(id=f"disk{n}", n=n)]


def throttle(m, n, bytes_per_second):
    """From now on the disk is that slow."""
    limits = dict.fromkeys(("bps_rd", "bps_wr", "iops", "iops_rd", "iops_wr"), 0)
    m.monitor.command("block_set_io_throttle", device=f"disk{n}", bps=bytes_per_second, **limits)
