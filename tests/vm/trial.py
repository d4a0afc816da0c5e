# SPDX-License-Identifier: MIT
"""trial: what a case is given: its guest, images built by slipway, disks, boots, and looks at what they left."""
import dataclasses
import hashlib
import os
import re
import shutil
import subprocess
import typing

import guests
import machine

TOP = guests.HERE.parent.parent
BUILD = TOP / os.environ.get("B", "build")
SCRATCH = TOP / "build" / "vm"
PROGRAMS = ("init", "shutdown", "slipway")
UNITS = TOP / "units" / "initrd"  # of an image with systemd; slipway wants them beside its programs
UUID = f"root=UUID={guests.ROOT_UUID}"
# A panic ends the run at once instead of waiting for the hard limit. On a machine with much else to do TCG's timer misses the
# kernel's test of it, and that is a panic: no_timer_check; and a TSC of 2592 MHz was measured as one of 78, so that the guest's
# clock ran 33 times too fast: tsc=unstable, since the hpet needs no measuring.
WORDS = "console=ttyS0 panic=-1 no_timer_check tsc=unstable"
REPORT_INIT = "init=/usr/local/sbin/report-init"

KEPT_SIZE = 2 << 20  # bytes; consoles, pictures and profiles are smaller

FUNCTIONS = []


def case(function):
    """Marks a case; tests/check/vm-costs compares the marked ones with the table."""
    FUNCTIONS.append(function)
    return function


def programs_digest():
    h = hashlib.sha256()
    for name in PROGRAMS:
        h.update((BUILD / name).read_bytes())
    for path in sorted(p for p in UNITS.rglob("*") if p.is_file()):
        h.update(path.read_bytes())
    return h.hexdigest()[:16]


def programs():
    """A directory with the programs as they are now: a make that runs meanwhile must not mix two versions."""
    copy = SCRATCH / "programs" / programs_digest()
    with guests.locked(SCRATCH / "programs.lock"):
        if not copy.exists():
            tmp = copy.with_suffix(".tmp")
            shutil.rmtree(tmp, ignore_errors=True)
            tmp.mkdir(parents=True)
            for name in PROGRAMS:
                shutil.copy2(BUILD / name, tmp / name)
            shutil.copytree(UNITS, tmp / "initrd")
            tmp.rename(copy)
    return copy


def kept_image(name, tree, *options):
    """An initrd built by slipway from that tree; kept until a program or the guest, the tree's parent, changes."""
    key = hashlib.sha256(f"{programs_digest()} {tree.parent.name}".encode()).hexdigest()[:12]
    image = SCRATCH / "images" / f"{name}-{key}.img"
    with guests.locked(image.with_suffix(".lock")):
        if not image.exists():
            argv = [programs() / "slipway", "build", "--sysroot", tree, "-f", "--libexecdir", programs(), "-o", image,
                    *options]
            subprocess.run([str(a) for a in argv], check=True)
    return image


def package():
    """The Debian package; built once for each state of the programs and of what is packaged beside them."""
    h = hashlib.sha256(programs_digest().encode())
    for path in sorted([*(TOP / "units").rglob("*"), TOP / "Makefile"]):
        h.update(path.read_bytes() if path.is_file() else b"")
    path = SCRATCH / "packages" / f"{h.hexdigest()[:12]}.deb"
    with guests.locked(path.with_suffix(".lock")):
        if not path.exists():
            subprocess.run(["make", "-s", "deb"], cwd=TOP, check=True)
            shutil.copy(next((TOP / "build/deb").glob("*.deb")), path)
    return path


def unpack(image, directory):
    """The files of an image, as the kernel would have them in memory."""
    subprocess.run([programs() / "slipway", "unpack", "-q", "-C", directory, image], check=True)
    directory.chmod(0o755)


def build_image(guest, release, rescue=False):
    """The initrd of that guest."""
    name = f"{guest}-{release}{'-rescue' if rescue else ''}"
    return kept_image(name, guests.ensure(guest) / "tree", "--kver", release, *["--rescue"] * rescue)


@dataclasses.dataclass
class Report:
    """What report-init said: a list of texts for each word; and all that the console said."""
    lines: dict
    console: str

    def of(self, key):
        return self.lines.get(key, [])

    def one(self, key):
        assert len(self.of(key)) == 1, (key, self.of(key))
        return self.of(key)[0]

    def table(self, key):
        """Lines "NAME VALUE", "NAME=VALUE" or "NAME: VALUE" as a dict."""
        return dict(re.split(r"[:=\s]+", line, maxsplit=1) for line in self.of(key))


def report_of(m, timeout=60):
    """Waits for a machine whose init says "report: KEY TEXT" on the second serial port, as report-init does."""
    reason = m.wait_end(timeout)
    lines = {}
    for key, text in re.findall(r"^report: (\S+) ?(.*)$", m.agent.text, re.M):
        lines.setdefault(key, []).append(text)
    if reason != "guest-shutdown" or "end" not in lines:
        m.fail(f"the init that reports did not end the machine, but {reason}:\n{m.agent.text[-2000:]}")
    return Report(lines, m.console.text)


class Mount(typing.NamedTuple):
    target: str
    fstype: str
    source: str
    options: list  # of the mount
    data: list     # of the file system


def mounts(lines):
    """Each line of a mountinfo as a Mount, in its order."""
    found = []
    for fields in map(str.split, lines):
        fstype, source, data = fields[fields.index("-") + 1:]
        found.append(Mount(fields[4], fstype, source, fields[5].split(","), data.split(",")))
    return found


def last_line(console):
    """The exitrd's last line as a dict; {} where there is none."""
    found = re.findall(r"^slipway-shutdown: (result=.*)$", console, re.M)
    return dict(word.split("=", 1) for word in found[-1].split()) if found else {}


class Trial:
    def __init__(self, name, guest, kernel=None):
        self.name, self.guest = name, guest
        self.release = guests.kver(guest, kernel)
        self.directory = SCRATCH / f"{name}@{guest}"
        self.boots = 0
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True)

    def forget_disks(self):
        """Of a case that has passed, what was said stays; fifty cases' disks and trees would fill a small machine."""
        for path in self.directory.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path.lstat().st_size > KEPT_SIZE:
                path.unlink()

    def image(self, rescue=False):
        return build_image(self.guest, self.release, rescue)

    def tree(self):
        return guests.ensure(self.guest) / "tree"

    def disk(self, variant="disk", **kw):
        return machine.Disk(guests.disk(self.guest, variant), **kw)

    def spoiled_disk(self, *commands):
        """A disk on which debugfs(8) ran these."""
        raw = self.directory / "spoiled.img"
        subprocess.run(["cp", "--sparse=always", guests.disk(self.guest), raw], check=True)
        script = "".join(c + "\n" for c in commands)
        done = subprocess.run(["debugfs", "-w", "-f", "-", raw], input=script, text=True, check=True,
                              capture_output=True)
        (self.directory / "spoiled.log").write_text(done.stdout + done.stderr)
        return machine.Disk(raw)

    def boot(self, words="", *, disks=None, root=UUID, access="ro", image=None, kernel=None, **kw):
        """A machine, not started: the caller says `with`."""
        self.boots += 1
        return machine.Machine(
            self.directory, name=f"boot{self.boots}", kernel=kernel or guests.vmlinuz(self.guest, self.release),
            initrd=image or self.image(), append=" ".join(f"{root} {access} {WORDS} {words}".split()),
            disks=[self.disk()] if disks is None else disks, **kw)

    def report(self, words="", **kw):
        """Boots into report-init: what it said. Seconds instead of half a minute."""
        with self.boot(f"{REPORT_INIT} {words}", **kw) as m:
            return report_of(m)

    def assert_clean(self, disk, offset=0):
        """The file system on it was unmounted, and has no error."""
        raw = self.directory / "after.img"
        disk.raw(raw)
        at = f"{raw}?offset={offset}"
        try:
            head = subprocess.run(["dumpe2fs", "-h", at], text=True, capture_output=True, check=True).stdout
            assert re.search(r"^Filesystem state: +clean$", head, re.M), head
            assert "needs_recovery" not in head, head
            done = subprocess.run(["e2fsck", "-f", "-n", at], text=True, capture_output=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
        finally:
            raw.unlink(missing_ok=True)

    def assert_down(self, m, verb, timeout=120):
        """Waits for the last line, which must say that all was taken down; the line as a dict."""
        m.wait_for(r"^slipway-shutdown: result=.*\n", timeout)
        line = last_line(m.console.text)
        assert (line["result"], line["verb"]) == ("clean", verb), line
        assert line["left"] == "" and line["mounts"] == "0", line
        return line


def no_shell(m):
    """Nobody reads what is typed on the console."""
    m.send("\necho slip-$((6*7))\n")
    assert not m.console.wait_for("slip-42", 3), "there is a shell that nobody asked for"


def wait_shell(m, timeout=60):
    """The rescue shell of --rescue; returns a function that runs a line there."""
    m.wait_for(r"^slipway:\S*# ", timeout)

    def run(line, expect=None):
        since = m.send(line + "\n")
        if expect:
            return m.wait_for(expect, 30, since)
        return None
    return run
