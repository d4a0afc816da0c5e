# SPDX-License-Identifier: MIT
"""initramfs: a room in which /init is PID 1, with its root on a tmpfs and a prepared file system on /sysroot.

The test calls start() or run() with a command line and a list of steps. Three processes take part: the test; the
keeper, this file run again in new namespaces, which builds the room, keeps descriptors of both roots and looks at
what is left; and /init, its child, as PID 1 of one more process namespace. /dev/console is a pseudo terminal and
/dev/kmsg a fifo of the test's. No block device is in the room, unless the test says that
it is to have the machine's: then it is no user namespace, and what was attached there is let go of at the end.
"""
import dataclasses
import fcntl
import json
import os
import pathlib
import re
import select
import shutil
import stat
import subprocess
import sys
import threading
import time
import tty
import typing

from exitrd import MNT_DETACH, MS_BIND, MS_NODEV, MS_NOSUID, MS_PRIVATE, MS_REC, check, libc, libraries, mount, user_namespaces

MS_NOEXEC = 8
ROOM = "/tmp/.slipway-initramfs"  # a mount point in the namespace alone; the directory is made once and stays
CLONE_NEWPID = 0x20000000
NODES = ("null", "zero", "full", "random", "urandom", "tty")
HERE = pathlib.Path(__file__).resolve().parent
PAUSE = re.compile(r"the boot cannot go on")

# -- steps, in the room before /init runs; paths are below the room's root -------------------------------------------


def in_room(path):
    os.makedirs(os.path.dirname(ROOM + path), exist_ok=True)
    return ROOM + path


def step_mkdir(path, mode=0o755):
    os.makedirs(in_room(path), exist_ok=True)
    os.chmod(in_room(path), mode)


def step_file(path, text="", mode=0o644):
    with open(in_room(path), "w", encoding="utf-8", newline="") as f:
        f.write(text)
    os.chmod(in_room(path), mode)


def step_symlink(path, to):
    os.symlink(to, in_room(path))


def step_fifo(path, mode):
    os.mkfifo(in_room(path))
    os.chmod(in_room(path), mode)


def step_link(path, to):
    os.link(in_room(to), in_room(path))


def step_remove(path):
    shutil.rmtree(in_room(path)) if os.path.isdir(in_room(path)) else os.unlink(in_room(path))


def step_mount(path, flags=0, data=None, fstype="tmpfs"):
    os.makedirs(in_room(path), exist_ok=True)
    mount("step", in_room(path), fstype, flags, data)


def step_bind(source, path):
    """A file of the room at another place: in a user namespace no node can be made."""
    step_file(path)
    mount(in_room(source), in_room(path), None, MS_BIND)


def step_copy(source, path, mode=0o755):
    shutil.copy(source, in_room(path))
    os.chmod(in_room(path), mode)


def step_hold(path):
    """The keeper has it open for writing: the kernel does not execute it (ETXTBSY)."""
    os.open(in_room(path), os.O_WRONLY)


def step_patch(path, offset, data):
    with open(in_room(path), "r+b") as f:
        f.seek(offset)
        f.write(bytes(data))


def step_program(source, path, root=""):
    """A program of the machine with its libraries."""
    step_copy(os.path.realpath(source), root + path)
    for lib in libraries(source):
        if not os.path.exists(in_room(root + lib)):
            step_copy(os.path.realpath(lib), root + lib)


def process(argv0):
    """A program that sleeps, started before /init and so a child of PID 1."""
    if os.fork() == 0:
        os.setsid()
        null = os.open("/dev/null", os.O_RDWR)
        for fd in range(3):
            os.dup2(null, fd)
        os.closerange(3, 1024)
        os.execv("/bin/sleep", [argv0, "1000"])


def await_processes(names):
    """Until they run, with their libraries mapped: the machine's root goes away under them."""
    deadline = time.monotonic() + 20
    for pid in range(2, 2 + len(names)):
        while time.monotonic() < deadline:
            with open(f"{ROOM}/kept/proc/{pid}/maps", encoding="utf-8") as f:
                started = "sleep" in f.read()
            with open(f"{ROOM}/kept/proc/{pid}/stat", encoding="utf-8") as f:
                started = started and f.read().rsplit(")", 1)[1].split()[0] == "S"
            if started:
                break
            time.sleep(0.005)


# -- the keeper ------------------------------------------------------------------------------------------------------


def build_room(order):
    mount(None, "/", None, MS_REC | MS_PRIVATE)
    mount("initramfs", ROOM, "tmpfs", MS_NOSUID, "mode=0755")
    for name in ("proc", "sys", "dev", "run", "sysroot", "machine"):
        os.mkdir(f"{ROOM}/{name}")
    # Where one can be seen, the kernel lets a user namespace mount another: /init mounts its own.
    for name in ("proc", "sysfs"):
        os.makedirs(f"{ROOM}/kept/{name}")
    mount("sysfs", ROOM + "/kept/sysfs", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    mount("dev", ROOM + "/dev", "devtmpfs" if order["devices"] else "tmpfs", MS_NOSUID, "mode=0755")
    nodes = [] if order["devices"] else [(n, "/dev/" + n) for n in NODES]
    for name, source in [*nodes, ("console", order["console"]), ("kmsg", order["kmsg"])]:
        if not order["devices"]:
            step_file("/dev/" + name)
        mount(source, f"{ROOM}/dev/{name}", None, MS_BIND)
    if order["sysroot"]:
        mount("newroot", ROOM + "/sysroot", "tmpfs", 0, "mode=0755")
    step_program(order["init"], "/init")
    step_file("/cmdline", (order["cmdline"] or "") + "\n")
    for name, *args in order["steps"]:
        globals()["step_" + name](*args)


def become_init(order):
    """In the process namespace, as its PID 1."""
    mount("proc", ROOM + "/kept/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    # Without a command line /init mounts /proc itself, and reads the machine's.
    if order["cmdline"] is not None:
        mount("proc", ROOM + "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
        mount(ROOM + "/cmdline", ROOM + "/proc/cmdline", None, MS_BIND)
    for argv0 in order["processes"]:
        process(argv0)
    await_processes(order["processes"])
    os.chdir(ROOM)
    check(libc.pivot_root(b".", b"machine"), "pivot_root")
    os.chdir("/")
    check(libc.umount2(b"/machine", MNT_DETACH), "umount /machine")
    os.rmdir("/machine")
    console = os.open("/dev/console", os.O_RDWR | os.O_NOCTTY)
    for fd in range(3):
        os.dup2(console, fd)
    os.closerange(3, 1024)
    # What the kernel does not do, but a library might have done: it must be put right for the next init.
    os.dup2(0, 7)
    os.umask(0o077)
    os.execve("/init", order["argv"], order["env"])


def dump(fd, name):
    """{path: [mode, text]} of all below a directory, but of tmpfs alone; one that is gone gives nothing."""
    found = {}
    try:
        for path, dirs, files, at in os.fwalk(name, dir_fd=fd, follow_symlinks=False):
            for entry in dirs + files:
                st = os.stat(entry, dir_fd=at, follow_symlinks=False)
                text = None
                if stat.S_ISREG(st.st_mode) and st.st_size < 65536:
                    with open(os.open(entry, os.O_RDONLY, dir_fd=at), encoding="utf-8", errors="replace") as f:
                        text = f.read()
                found[os.path.normpath(f"{path}/{entry}")] = [st.st_mode, text]
            dirs[:] = [d for d in dirs if d not in ("proc", "sys", "dev", "kept")]
    except OSError:
        pass
    return found


def read_at(fd, name):
    try:
        with open(os.open(name, os.O_RDONLY, dir_fd=fd), encoding="utf-8", errors="replace") as f:
            return f.read()
    except OSError:
        return None


LOOP_GET_STATUS64, LOOP_CLR_FD = 0x4C05, 0x4C01


def ask_loop(dev, name, request, argument=0):
    """False: it has no file, or is in use."""
    try:
        fd = os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=dev)
        try:
            fcntl.ioctl(fd, request, argument)
        finally:
            os.close(fd)
    except OSError:
        return False
    return True


def numbers_of(old, mounts):
    """Of file systems on loop devices or in memory: the machine's own disks are none of ours. A btrfs shows its own."""
    for row in [line.split() for line in (mounts or "").splitlines()]:
        source = row[row.index("-") + 2]
        if row[row.index("-") + 1] == "tmpfs" or source.startswith("/dev/loop"):
            try:
                yield os.stat("kept/proc/1/root" + row[4], dir_fd=old).st_dev
            except OSError:
                pass


def loops_below(dev, numbers):
    """Those whose file is on one of these."""
    for name in [n for n in os.listdir(dev) if re.fullmatch(r"loop\d+", n)]:
        info = bytearray(232)
        if ask_loop(dev, name, LOOP_GET_STATUS64, info) and int.from_bytes(info[:8], "little") in numbers:
            yield name


def keep(order):
    build_room(order)
    old = os.open(ROOM, os.O_RDONLY | os.O_DIRECTORY)
    new = os.open(ROOM + "/sysroot", os.O_RDONLY | os.O_DIRECTORY)
    dev = os.open(ROOM + "/dev", os.O_RDONLY | os.O_DIRECTORY)
    check(libc.unshare(CLONE_NEWPID), "unshare")
    pid = os.fork()
    if pid == 0:
        become_init(order)
    mounts, status, report, looks, numbers = None, None, None, {}, ()
    while status is None:
        told, _, _ = select.select([sys.stdin], [], [], 0.02)
        word = sys.stdin.readline() if told else ""
        if word.startswith("signal "):
            os.kill(pid, int(word.split()[1]))
        elif told:
            mounts = read_at(old, "kept/proc/1/mountinfo")
            report = read_at(old, "kept/proc/1/root/report")
            numbers = set(numbers_of(old, mounts))
            looks = {path: read_at(old, "kept/proc/1/root" + path) for path in order["looks"]}
            os.kill(pid, 9)
        done, how = os.waitpid(pid, os.WNOHANG)
        if done:
            status = os.waitstatus_to_exitcode(how)
    # A root that /init itself has made. "/.." is what was mounted over "/".
    top = os.open("/..", os.O_RDONLY | os.O_DIRECTORY)
    # Before and after the switch /run is one of them.
    result = {
        "status": status,
        "mounts": mounts,
        "old": dump(old, "."),
        "run": dump(new, "run") or dump(old, "run") or dump(top, "run"),
        "report": report or read_at(new, "report") or read_at(top, "report"),
        "looks": looks,
    }
    json.dump(result, sys.stdout)
    if order["devices"]:
        loops = list(loops_below(dev, numbers))
        os.close(old)
        os.close(new)
        # One in use goes with its last user, which is this namespace.
        for name in loops:
            ask_loop(dev, name, LOOP_CLR_FD)


# -- the test's side -------------------------------------------------------------------------------------------------


class Mount(typing.NamedTuple):
    fstype: str
    source: str
    options: list  # of the mount
    data: list     # of the file system


def mounts(result):
    """{target: Mount} of what the next init told, the topmost of each."""
    found = {}
    for line in result.report["mount"]:
        words = line.split(" ")
        dash = words.index("-")
        found[words[4]] = Mount(words[dash + 1], words[dash + 2], words[5].split(","), words[dash + 3].split(","))
    return found


@dataclasses.dataclass
class Result:
    status: int      # exit code of PID 1; negative: the signal that ended it
    mounts: str      # mountinfo of PID 1 when it was stopped
    old: dict        # {path: [mode, text]}: what is left of the initramfs
    run: dict        # the same of /run
    kmsg: str
    console: str
    report: dict     # {key: [value, …]}: what the next init told, or None
    looks: dict      # {path: text}: of the files that the test wanted to see when it stopped /init; None: not there


class Room:
    """A running /init."""

    def __init__(self, tmp, **order):
        self.tmp = tmp
        self.text = {"kmsg": "", "console": ""}
        self.changed = threading.Condition()
        self.master, slave = os.openpty()
        tty.setraw(slave)
        os.mkfifo(tmp / "kmsg")
        order = {"devices": False, "looks": [], **order}
        self.fifo = os.open(tmp / "kmsg", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        os.makedirs(ROOM, exist_ok=True)
        order |= {"console": os.ttyname(slave), "kmsg": str(tmp / "kmsg"), "init": str(program())}
        (tmp / "order").write_text(json.dumps(order))
        unshare = ["unshare", "-m", "-n", "--kill-child", "-f", "--propagation", "private"]
        if user_namespaces() and not order["devices"]:
            unshare += ["-U", "--map-root-user"]
        with open(tmp / "result", "wb") as result, open(tmp / "keeper", "wb") as errors:
            self.keeper = subprocess.Popen([*unshare, sys.executable, "-B", __file__, tmp / "order"],
                                           stdin=subprocess.PIPE, stdout=result, stderr=errors, text=True)
        self.slave = slave  # kept open: a terminal that nobody has open gives EIO
        for name, fd in (("kmsg", self.fifo), ("console", self.master)):
            threading.Thread(target=self._take, args=(name, fd), daemon=True).start()

    def _take(self, name, fd):
        while True:
            try:
                select.select([fd], [], [])
                data = os.read(fd, 65536)
            except BlockingIOError:
                continue
            except (OSError, ValueError):
                return
            with self.changed:
                self.text[name] += data.decode("utf-8", "replace")
                self.changed.notify_all()

    def expect(self, pattern, where="kmsg", timeout=30):
        """Until the log, or the console, has it."""
        with self.changed:
            if not self.changed.wait_for(lambda: re.search(pattern, self.text[where]), timeout):
                raise AssertionError(f"no {pattern!r} on {where}\n{self.everything()}")

    def everything(self):
        return f"kmsg:\n{self.text['kmsg']}console:\n{self.text['console']}keeper:\n{(self.tmp / 'keeper').read_text()}"

    def send(self, text):
        os.write(self.master, text.encode())

    def signal(self, number):
        self.keeper.stdin.write(f"signal {int(number)}\n")
        self.keeper.stdin.flush()

    def stop(self):
        """What it does now is enough."""
        self.keeper.stdin.write("stop\n")
        self.keeper.stdin.flush()
        return self.finish()

    def finish(self, timeout=30):
        try:
            self.keeper.wait(timeout)
        except subprocess.TimeoutExpired:
            self.keeper.kill()
            raise AssertionError("/init does not end\n" + self.everything()) from None
        told = (self.tmp / "result").read_text()
        if self.keeper.returncode != 0 or not told:
            raise AssertionError("the room cannot be built\n" + self.everything())
        self._drain()
        result = json.loads(told)
        report = result.pop("report")
        lines = [line.partition("\t") for line in report.splitlines()] if report is not None else []
        facts = {}
        for key, _, value in lines:
            facts.setdefault(key, []).append(value)
        return Result(**result, **self.text, report=facts if report is not None else None)

    def _drain(self):
        """What was written before the end is in the pipes still."""
        deadline = time.monotonic() + 0.2
        size = -1
        while time.monotonic() < deadline and size != len(self.text["kmsg"]) + len(self.text["console"]):
            size = len(self.text["kmsg"]) + len(self.text["console"])
            time.sleep(0.02)
        fcntl.fcntl(self.fifo, fcntl.F_GETFD)


def build_directory():
    return pathlib.Path(os.environ.get("B", "build")).resolve()


def program():
    return build_directory() / "init"


def next_init():
    """The static program that reports."""
    source, binary = HERE / "nextinit.c", build_directory() / "tests/ns/nextinit"
    if not binary.exists() or binary.stat().st_mtime < source.stat().st_mtime:
        binary.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["gcc", "-D_GNU_SOURCE", "-O1", "-static", "-o", binary, source], check=True)
    return binary


# What the kernel gives PID 1: its own two variables and the leftover word of the command line.
ENVIRONMENT = {"HOME": "/", "TERM": "linux", "leftover": "word"}


def start(tmp, cmdline="quiet", steps=(), args=(), sysroot=True, processes=(), init="/sbin/init", **order):
    """init: where the reporting program lies in the root; None: nowhere. order: devices, looks."""
    steps = list(steps)
    if init and sysroot:
        steps.insert(0, ["copy", str(next_init()), "/sysroot" + init])
    return Room(tmp, cmdline=cmdline, steps=steps, argv=["/init", *args], env=ENVIRONMENT, sysroot=sysroot,
                processes=list(processes), **order)


def run(tmp, *args, **kw):
    return start(tmp, *args, **kw).finish()


def run_to_failure(tmp, *args, **kw):
    """Until it says that the boot cannot go on; what follows is a pause of 30 s."""
    room = start(tmp, *args, **kw)
    room.expect(PAUSE)
    return room.stop()


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as f:
        keep(json.load(f))
