# SPDX-License-Identifier: MIT
"""exitrd: a room in which shutdown is PID 1: its own root on a tmpfs, the old root on /oldroot.

The test calls run() with a list of steps; this file is run again inside the namespaces, as PID 1, does the steps in a
new tmpfs, makes that the root and executes /shutdown. reboot(2) there ends the namespace's PID 1 by a signal:
SIGINT for power off and halt, SIGHUP for reboot.
"""
import ctypes
import dataclasses
import errno
import json
import mmap
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time

MS_RDONLY, MS_REMOUNT = 1, 32
MS_NOSUID, MS_NODEV, MS_BIND, MS_MOVE, MS_REC, MS_PRIVATE = 2, 4, 4096, 8192, 16384, 1 << 18
MS_SHARED, CLONE_NEWNS = 1 << 20, 0x20000
MNT_DETACH = 2
ROOT = "/tmp/.slipway-exitrd"   # a mount point in the namespace alone; the directory is made once and stays

libc = ctypes.CDLL(None, use_errno=True)


def check(ret, what):
    if ret != 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


def mount(source, target, fstype, flags=0, data=None):
    enc = [x.encode() if isinstance(x, str) else x for x in (source, target, fstype)]
    check(libc.mount(*enc, ctypes.c_ulong(flags), data.encode() if data else None), f"mount {target}")


# -- steps, inside the room; paths are below the new root ------------------------------------------------------------

def in_room(path):
    return ROOT + path


def step_mkdir(path):
    os.makedirs(in_room(path), exist_ok=True)


def step_file(path, text="", mode=0o644, owner=0):
    os.makedirs(os.path.dirname(in_room(path)), exist_ok=True)
    with open(in_room(path), "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(in_room(path), mode)
    if owner:
        os.chown(in_room(path), owner, owner)


def step_symlink(path, to):
    os.makedirs(os.path.dirname(in_room(path)), exist_ok=True)
    os.symlink(to, in_room(path))


def step_mount(target, fstype="tmpfs", source="none", data=None):
    os.makedirs(in_room(target), exist_ok=True)
    mount(source, in_room(target), fstype, 0, data)


def step_bind(source, target):
    """Both inside the room."""
    if os.path.isdir(in_room(source)):
        os.makedirs(in_room(target), exist_ok=True)
    else:
        step_file(target)
    mount(in_room(source), in_room(target), None, MS_BIND)


def step_move(source, target):
    os.makedirs(in_room(target), exist_ok=True)
    mount(in_room(source), in_room(target), None, MS_MOVE)


def step_device(path, major, minor, kind="b"):
    os.makedirs(os.path.dirname(in_room(path)), exist_ok=True)
    os.mknod(in_room(path), 0o600 | (0o060000 if kind == "b" else 0o020000), os.makedev(major, minor))


def losetup(path, name):
    device = subprocess.run(["losetup", "-f", "--show", path], check=True, text=True,
                            stdout=subprocess.PIPE).stdout.strip()
    rdev = os.stat(device).st_rdev
    step_device("/dev/" + os.path.basename(device), os.major(rdev), os.minor(rdev))
    step_symlink("/dev/" + name, os.path.basename(device))


def step_losetup_host(path, name):
    """A loop device of a file of the host; /dev/NAME leads to it, whichever it is."""
    losetup(path, name)


def step_losetup(path, name):
    """The same of a file in the room."""
    losetup(in_room(path), name)


def step_image(path, size):
    subprocess.run(["truncate", "-s", size, in_room(path)], check=True)
    subprocess.run(["mkfs.ext4", "-q", in_room(path)], check=True)


def step_loop_mount(name, target):
    os.makedirs(in_room(target), exist_ok=True)
    mount(in_room("/dev/" + name), in_room(target), "ext4")


def await_program(pid, argv0):
    """Until it sleeps in its own code, with its libraries mapped: the host's root goes away under it."""
    for _ in range(500):
        with open(f"{ROOT}/proc/{pid}/cmdline", encoding="utf-8") as f:
            started = f.read().split("\0")[0] == argv0
        with open(f"{ROOT}/proc/{pid}/stat", encoding="utf-8") as f:
            state = f.read().rsplit(")", 1)[1].split()[0]
        with open(f"{ROOT}/proc/{pid}/maps", encoding="utf-8") as f:
            loaded = "libc.so" in f.read()
        if started and loaded and state == "S":
            return
        time.sleep(0.01)
    raise TimeoutError(f"{argv0} does not start")


def step_process(argv0, program="/bin/sleep", cwd="/", opens=None, ignores=(), uid=0):
    """A process that sleeps; its program is the host's sleep or a copy of it in the room; `opens` stays open."""
    pid = os.fork()
    if pid == 0:
        os.chdir(in_room(cwd))
        for name in ignores:
            signal.signal(getattr(signal, name), signal.SIG_IGN)
        if opens:
            os.set_inheritable(os.open(in_room(opens), os.O_RDWR | os.O_CREAT), True)
        if uid:
            os.setuid(uid)
        os.execv(program if program == "/bin/sleep" else in_room(program), [argv0, "1000"])
    await_program(pid, argv0)


def step_binds(source, target, n):
    for i in range(n):
        step_bind(source, f"{target}/{i}")


def step_share(path):
    """It passes mounts on to others, as systemd has it for all."""
    mount(None, in_room(path), None, MS_REC | MS_SHARED)


def step_layers(lower, store, target):
    """An overlay whose upper layer is on the file system mounted on `store`."""
    for name in ("upper", "work"):
        os.makedirs(in_room(f"{store}/{name}"))
    os.makedirs(in_room(target), exist_ok=True)
    top = in_room(store)
    mount("overlay", in_room(target), "overlay", 0,
          f"lowerdir={in_room(lower)},upperdir={top}/upper,workdir={top}/work")


def step_overlay(lower, target):
    dirs = {"upperdir": "/upper" + target.replace("/", "_"), "workdir": "/work" + target.replace("/", "_")}
    for name in (*dirs.values(), target):
        os.makedirs(in_room(name))
    data = ",".join(f"{key}={in_room(path)}" for key, path in {"lowerdir": lower, **dirs}.items())
    mount("overlay", in_room(target), "overlay", 0, data)


def step_fill(path):
    """A file that leaves no room on its file system, nor a name for another one."""
    with open(in_room(path), "wb", buffering=0) as f:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while f.write(bytes(size)):
                    pass
            except OSError as e:
                assert e.errno == errno.ENOSPC, e


def hold_open(path):
    return os.open(path, os.O_RDWR | os.O_CREAT)


def hold_mapping(path):
    fd = os.open(path, os.O_RDWR | os.O_CREAT)
    os.ftruncate(fd, 4096)
    kept = mmap.mmap(fd, 4096)
    os.close(fd)
    return kept


def hold_deleted(path):
    fd = os.open(path, os.O_RDWR | os.O_CREAT)
    os.unlink(path)
    return fd


def hold_directory(path):
    os.chdir(os.path.dirname(path))


def hold_namespace(path):
    check(libc.unshare(CLONE_NEWNS), "unshare")


def hold_message(path):
    """The file lies in the queue of a socket: no link in /proc leads to it."""
    pair = socket.socketpair()
    fd = os.open(path, os.O_RDWR | os.O_CREAT)
    socket.send_fds(pair[0], [b"x"], [fd])
    os.close(fd)
    return pair


def hold(how, path, told):
    kept = globals()["hold_" + how](path)
    with open(told, "w", encoding="utf-8"):
        pass
    while True:
        signal.pause()
    return kept


def step_daemon(argv0, how, path):
    """A program that is not the old root's, and holds a file of it."""
    told = in_room("/" + argv0)
    if os.fork() == 0:
        os.chdir("/")
        os.execv(sys.executable, [argv0, __file__, "hold", how, in_room(path), told])
    for _ in range(1000):
        if os.path.exists(told):
            return
        time.sleep(0.01)
    raise TimeoutError(f"{argv0} does not start")


def step_storm(chains):
    """Processes that fork and end all the time, so that the one that is seen is not there any more."""
    for _ in range(chains):
        if os.fork() == 0:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            while True:
                if os.fork() > 0:
                    os._exit(0)


def step_program(path):
    """A copy of sleep."""
    os.makedirs(os.path.dirname(in_room(path)), exist_ok=True)
    shutil.copy("/bin/sleep", in_room(path))


def step_data_root():
    """The old root as a file system with data, an overlay, where a tmpfs would just be detached."""
    for name in ("/lower", "/upper", "/work"):
        os.mkdir(in_room(name))
    dirs = ",".join(f"{k}={in_room('/' + v)}" for k, v in
                    (("lowerdir", "lower"), ("upperdir", "upper"), ("workdir", "work")))
    mount("overlay", in_room("/oldroot"), "overlay", 0, dirs)


def inside(steps, argv, env):
    os.environ.clear()
    os.environ["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin"
    mount(None, "/", None, MS_REC | MS_PRIVATE)
    mount("exitrd", ROOT, "tmpfs", MS_NOSUID, "mode=0755")
    for name in ("proc", "sys", "dev", "run", "oldroot", "host"):
        os.mkdir(f"{ROOT}/{name}")
    mount("proc", ROOT + "/proc", "proc", MS_NOSUID)
    # Of the whole machine, namespaces or not: not to be pressed by a test, whatever goes wrong.
    if os.path.exists(ROOT + "/proc/sysrq-trigger"):
        mount("/dev/null", ROOT + "/proc/sysrq-trigger", None, MS_BIND)
    mount("/sys", ROOT + "/sys", None, MS_BIND | MS_REC)
    mount("dev", ROOT + "/dev", "tmpfs", MS_NOSUID, "mode=0755")
    mount("run", ROOT + "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755")
    os.symlink("/proc/self/fd/1", ROOT + "/dev/console")
    step_file("/dev/null")
    mount("/dev/null", ROOT + "/dev/null", None, MS_BIND)
    for name, *args in steps:
        globals()["step_" + name](*args)
    os.chdir(ROOT)
    check(libc.pivot_root(b".", b"host"), "pivot_root")
    os.chdir("/")
    check(libc.umount2(b"/host", MNT_DETACH), "umount /host")
    os.execve(argv[0], argv, env)


# -- the test's side -------------------------------------------------------------------------------------------------

@dataclasses.dataclass
class Result:
    status: int     # negative: the signal that ended PID 1
    console: str    # what /dev/console got
    log: str        # what stderr got: without /dev/kmsg the log goes there
    seconds: float

    @property
    def fields(self):
        """The last line, as a dict."""
        last = self.console.splitlines()[-1]
        words = last.split(" ")
        assert words[0] == "slipway-shutdown:", last
        return dict(word.split("=", 1) for word in words[1:])


def user_namespaces():
    return subprocess.run(["unshare", "--map-root-user", "-U", "true"], stderr=subprocess.DEVNULL,
                          check=False).returncode == 0


def is_root():
    return os.geteuid() == 0


def program():
    return pathlib.Path(os.environ.get("B", "build")).resolve() / "shutdown"


def libraries(binary):
    """What a dynamic build (SAN=1, COV=1) needs; nothing for the static one."""
    out = subprocess.run(["ldd", binary], text=True, capture_output=True, check=False).stdout
    return [w for line in out.splitlines() for w in line.split() if w.startswith("/")]


def start(tmp, steps, argv, env=None, root=False):
    """root: the machine's own root, for devices. Otherwise a user namespace where there is one."""
    unshare = ["unshare", "-m", "-p", "-f", "--kill-child", "--propagation", "private"]
    if not root and user_namespaces():
        unshare += ["-U", "--map-root-user"]
    os.makedirs(ROOT, exist_ok=True)
    stage = tmp / "stage"
    stage.mkdir()
    shutil.copy(program(), stage / "shutdown")
    order = {"steps": [["stage", str(stage), libraries(program())]] + steps, "argv": argv, "env": env or {}}
    (tmp / "order").write_text(json.dumps(order))
    with open(tmp / "console", "w") as console, open(tmp / "log", "w") as log:
        return subprocess.Popen([*unshare, sys.executable, __file__, tmp / "order"], stdin=subprocess.DEVNULL,
                                stdout=console, stderr=log)


def step_away(target="/run/initramfs"):
    """The exitrd is not the root yet: it lies where an init finds it, on a file system of its own if one is mounted."""
    os.makedirs(in_room(target), exist_ok=True)
    shutil.move(in_room("/shutdown"), in_room(target))
    # What a dynamic build needs, before the pivot and after.
    for name in ("lib", "lib64", "usr"):
        if os.path.exists(in_room("/" + name)):
            shutil.copytree(in_room("/" + name), in_room(f"{target}/{name}"))


def step_compile(source, path):
    """A static program; what it is made of lies beside this file."""
    os.makedirs(os.path.dirname(in_room(path)), exist_ok=True)
    argv = ["gcc", "-static", "-O1", "-o", in_room(path), os.path.join(os.path.dirname(__file__), source)]
    subprocess.run(argv, check=True)


def step_built(name, path, libs):
    """One of our programs, with the libraries of a dynamic build."""
    os.makedirs(os.path.dirname(in_room(path)), exist_ok=True)
    shutil.copy(name, in_room(path))
    step_libraries(libs)


def step_libraries(libs):
    for lib in libs:
        os.makedirs(os.path.dirname(in_room(lib)), exist_ok=True)
        shutil.copy(lib, in_room(lib))


def step_readonly(path):
    """As `umount -a -r` leaves what it cannot unmount: the file system, not only the mount."""
    mount(None, in_room(path), None, MS_REMOUNT | MS_RDONLY)


def step_stage(directory, libs):
    shutil.copy(directory + "/shutdown", in_room("/shutdown"))
    step_libraries(libs)


def finish(process, tmp, began, timeout=100):
    try:
        process.wait(timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        raise AssertionError("shutdown does not end\n" + (tmp / "log").read_text()) from None
    return Result(process.returncode, (tmp / "console").read_text(), (tmp / "log").read_text(),
                  time.monotonic() - began)


def run(tmp, steps=(), argv=("/shutdown", "poweroff"), env=None, root=False):
    began = time.monotonic()
    return finish(start(tmp, list(steps), list(argv), env, root), tmp, began)


if __name__ == "__main__":
    if sys.argv[1] == "hold":
        hold(*sys.argv[2:])
    with open(sys.argv[1], encoding="utf-8") as f:
        o = json.load(f)
    inside(o["steps"], o["argv"], o["env"])
