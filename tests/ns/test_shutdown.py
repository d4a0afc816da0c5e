# SPDX-License-Identifier: MIT
"""shutdown as PID 1 of a namespace: what it takes down, in which order, and how it ends."""
import fcntl
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import time

import pytest

import exitrd

OFF, AGAIN = -signal.SIGINT, -signal.SIGHUP
# glibc's words for EBUSY, and musl's.
BUSY = "unmount: (?:Device or resource|Resource) busy"
TMPFS_ROOT = ["mount", "/oldroot"]
CLEAN = {"result": "clean", "mounts": "0", "swaps": "0", "loop": "0", "dm": "0", "md": "0", "left": "", "holders": ""}

needs_root = pytest.mark.skipif(
    not exitrd.is_root() or not os.path.exists("/dev/loop-control"),
    reason="real loop devices need root and /dev/loop-control; every other test here runs without")


def assert_clean(result, verb="poweroff"):
    assert result.fields | CLEAN == result.fields, result.log
    assert result.fields["verb"] == verb


# -- verbs and arguments ---------------------------------------------------------------------------------------------

@pytest.mark.parametrize("verb,status", [
    ("poweroff", OFF), ("halt", OFF), ("exit", OFF), ("reboot", AGAIN)])
def test_verbs(tmp_path, verb, status):
    result = exitrd.run(tmp_path, [TMPFS_ROOT], ["/shutdown", verb])
    assert result.status == status
    assert_clean(result, verb)


@pytest.mark.parametrize("argv", [
    # as systemd 247, 252 and 257 pass them
    ["poweroff", "--timeout", "90000000us", "--log-level", "6", "--log-target", "kmsg", "--log-color"],
    ["poweroff", "--timeout=90000000us", "--log-level=6", "--log-target=kmsg", "--log-color"],
    ["poweroff", "--timeout=90000000us", "--log-level", "info", "--log-target=kmsg", "--log-color", "--exit-code=0"],
    ["--nothing", "what", "", "--timeout", "poweroff", "--log-level=loud", "--timeout=", "reboot"],
])
def test_arguments_of_every_systemd(tmp_path, argv):
    result = exitrd.run(tmp_path, [TMPFS_ROOT], ["/shutdown", *argv])
    # In the last list "poweroff" is the value of --timeout; the first word that is a verb is reboot.
    assert result.status == (AGAIN if argv[0] == "--nothing" else OFF)
    assert result.fields["result"] == "clean"


def test_no_verb_reboots_aloud(tmp_path):
    result = exitrd.run(tmp_path, [TMPFS_ROOT], ["/shutdown", "--log-level=err", "nonsense"])
    assert result.status == AGAIN
    assert "cannot find a verb" in result.log


def test_kexec_without_a_loaded_kernel_reboots(tmp_path):
    loaded = pathlib.Path("/sys/kernel/kexec_loaded")
    assert not loaded.exists() or loaded.read_text().strip() == "0"
    result = exitrd.run(tmp_path, [TMPFS_ROOT], ["/shutdown", "kexec"])
    assert result.status == AGAIN
    assert "cannot kexec" in result.log


@pytest.mark.parametrize("step,used", [
    (["file", "/run/systemd/reboot-param", "firmware setup\n"], True),
    (["file", "/run/systemd/reboot-param", "x" * 255], True),
    (["file", "/run/systemd/reboot-param", "x" * 256], False),
    (["file", "/run/systemd/reboot-param", "gr\u00fcn"], False),
    (["file", "/run/systemd/reboot-param", "two\nlines"], False),
    (["symlink", "/run/systemd/reboot-param", "/run/param"], False),
    (["mkdir", "/run/systemd/reboot-param"], False),
])
def test_reboot_parameter(tmp_path, step, used):
    steps = [TMPFS_ROOT, ["file", "/run/param", "linked"], step]
    result = exitrd.run(tmp_path, steps, ["/shutdown", "reboot"])
    assert result.status == AGAIN
    assert ("rebooting with parameter" in result.log) == used
    assert ("cannot use /run/systemd/reboot-param" in result.log) != used


def test_no_reboot_parameter_is_no_news(tmp_path):
    result = exitrd.run(tmp_path, [TMPFS_ROOT], ["/shutdown", "reboot"])
    assert "reboot-param" not in result.log and "parameter" not in result.log


def test_refuses_when_it_is_not_pid_1():
    done = subprocess.run([exitrd.program(), "poweroff"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and "only PID 1" in done.stderr


# -- mounts ----------------------------------------------------------------------------------------------------------

def test_nested_stacked_and_oddly_named_mounts(tmp_path):
    odd = "/oldroot/a b\\c\td,\u00fc#"
    steps = [
        ["data_root"],
        ["mkdir", "/oldroot/dev"], ["bind", "/dev", "/oldroot/dev"],
        ["mount", "/oldroot/run"], ["mount", "/oldroot/run/user/1000"],
        ["mount", odd], ["mount", odd + "/deeper"],
        ["mount", "/oldroot/stack"], ["mount", "/oldroot/stack"], ["mount", "/oldroot/stack"],
        ["bind", "/oldroot/stack", "/oldroot/bound"],
        ["file", "/oldroot/file", "data"], ["bind", "/oldroot/file", "/oldroot/file2"],
        # below is mounted first and then hidden by what is mounted over it
        ["mkdir", "/oldroot/over/below"], ["bind", "/oldroot/over", "/oldroot/over/below"], ["mount", "/oldroot/over"],
        # a bind of data outside of /oldroot
        ["bind", "/oldroot/bound", "/mnt"],
    ]
    result = exitrd.run(tmp_path, steps)
    assert result.status == OFF
    assert_clean(result)
    assert result.fields["escalation"] == "0"
    assert result.seconds < 10


def test_its_own_mounts_stay(tmp_path):
    """/proc, /sys, /dev and /run are there to the end: it reports through them."""
    result = exitrd.run(tmp_path, [TMPFS_ROOT], ["/shutdown", "poweroff", "--log-level=debug"])
    assert_clean(result)
    touched = [line for line in result.log.splitlines() if "detach: " in line or "unmount: " in line]
    assert len(touched) == 1 and "/oldroot" in touched[0], touched


def test_a_thousand_mounts(tmp_path):
    steps = [["data_root"], ["mkdir", "/oldroot/x"], ["binds", "/oldroot/x", "/oldroot/m", 1000]]
    result = exitrd.run(tmp_path, steps)
    assert_clean(result)
    assert result.fields["escalation"] == "0"
    assert int(result.fields["ms"]) < 10000


def test_names_that_no_list_of_words_can_hold(tmp_path):
    names = ["new\nline", "tab\tand space ", "\\040", "\\", "\u00fc\u2603", "x" * 255,
             "y" * 200 + "/" + "/".join(["z" * 200] * 16)]
    steps = [["data_root"], *(["mount", f"/oldroot/{name}"] for name in names)]
    # A file system with data as well: these are found by their path, to sync them.
    steps += [["mkdir", "/oldroot/data"], *(["bind", "/oldroot/data", f"/oldroot/b/{name}"] for name in names)]
    result = exitrd.run(tmp_path, steps)
    assert_clean(result)
    assert result.fields["escalation"] == "0"


def test_a_left_name_cannot_break_the_last_line(tmp_path):
    steps = [["data_root"], ["mkdir", "/oldroot/a"], ["bind", "/oldroot/a", "/oldroot/b\n c,d"],
             ["program", "/oldroot/b\n c,d/mdmon"], ["process", "@mdmon", "/oldroot/b\n c,d/mdmon"]]
    result = exitrd.run(tmp_path, steps)
    assert result.fields["result"] == "dirty"
    assert result.fields["left"] == r"/oldroot,/oldroot/b\012\040c\054d"


def test_shared_mounts_and_overlays_of_the_old_root(tmp_path):
    steps = [["data_root"], ["mkdir", "/oldroot/lower"], ["overlay", "/oldroot/lower", "/oldroot/merged"],
             # Beside the old root, which it pins: nothing in the mount table says so.
             ["overlay", "/oldroot/lower", "/merged"],
             ["share", "/oldroot"], ["bind", "/oldroot/lower", "/oldroot/peer"], ["bind", "/oldroot/peer", "/peer"]]
    result = exitrd.run(tmp_path, steps)
    assert_clean(result)
    assert result.fields["escalation"] == "0"


def test_a_full_run(tmp_path):
    """No byte and no inode is left where it might want to write."""
    steps = [["data_root"], ["mount", "/run", "tmpfs", "none", "size=64k,nr_inodes=8"], ["fill", "/run/filler"],
             *(["mkdir", f"/run/{i}"] for i in range(6)),
             ["process", "writer", "/bin/sleep", "/oldroot", "/oldroot/log"]]
    result = exitrd.run(tmp_path, steps)
    assert result.status == OFF
    assert_clean(result)


# -- processes -------------------------------------------------------------------------------------------------------

def test_processes_are_ended_and_daemons_are_not_in_the_way(tmp_path):
    steps = [
        ["data_root"],
        ["process", "writer", "/bin/sleep", "/oldroot", "/oldroot/log"],
        ["process", "stubborn", "/bin/sleep", "/oldroot", None, ["SIGTERM", "SIGHUP"]],
        # as the interface wants them: on a devnode below /oldroot, which is only detached
        ["bind", "/dev", "/oldroot/dev"],
        ["process", "@daemon", "/bin/sleep", "/", "/oldroot/dev/null"],
    ]
    result = exitrd.run(tmp_path, steps)
    assert_clean(result)
    assert result.fields["escalation"] == "0"


def test_a_daemon_that_runs_from_the_old_root_is_ended_when_it_is_in_the_way(tmp_path):
    steps = [["data_root"], ["program", "/oldroot/bin/held"], ["process", "@held", "/oldroot/bin/held"]]
    result = exitrd.run(tmp_path, steps)
    assert_clean(result)
    assert result.fields["escalation"] == "1"
    assert "ending their holders" in result.log


@pytest.mark.parametrize("how", ["open", "mapping", "deleted", "directory", "namespace"])
def test_a_daemon_that_holds_the_old_root_is_found(tmp_path, how):
    result = exitrd.run(tmp_path, [["data_root"], ["daemon", "@holder", how, "/oldroot/file"]])
    assert_clean(result)
    assert result.fields["escalation"] == "1"


def test_what_nobody_can_be_seen_to_hold(tmp_path):
    """A descriptor in the queue of a socket."""
    result = exitrd.run(tmp_path, [["data_root"], ["daemon", "@sender", "message", "/oldroot/file"]])
    assert result.status == OFF
    assert result.fields | {"result": "dirty", "left": "/oldroot", "holders": ""} == result.fields
    assert "held by nobody that can be seen" in result.log


def test_a_storm_of_processes_does_not_keep_it_up(tmp_path):
    result = exitrd.run(tmp_path, [["data_root"], ["storm", 8]])
    assert result.status == OFF
    assert_clean(result)
    assert result.seconds < 30


def test_what_cannot_go_is_named_with_its_holder(tmp_path):
    """mdmon is never ended, since its array could not be written without it."""
    steps = [["data_root"], ["mount", "/oldroot/a"], ["program", "/oldroot/sbin/mdmon"],
             ["process", "@sbin/mdmon", "/oldroot/sbin/mdmon"]]
    result = exitrd.run(tmp_path, steps, ["/shutdown", "poweroff", "--log-level=debug"])
    assert result.status == OFF
    assert result.fields["result"] == "dirty"
    assert (result.fields["mounts"], result.fields["left"]) == ("1", "/oldroot")
    comm, pid = result.fields["holders"].split(":")
    assert comm == "mdmon" and pid.isdigit()
    assert "left: mount /oldroot (overlay overlay), rw" in result.log
    assert re.search(f"{BUSY}; held by mdmon:{pid}", result.log)
    # In ten seconds it is not tried hundreds of times.
    assert 10 < len(re.findall(f"{BUSY}\n", result.log)) < 50
    # A namespace's superblocks may be the machine's: they are left alone.
    assert "read-only" not in result.log and int(result.fields["escalation"]) <= 2


def children(pid):
    return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_crash_still_ends_the_machine(tmp_path):
    steps = [["data_root"], ["program", "/oldroot/bin/held"], ["process", "@held", "/oldroot/bin/held"]]
    began = time.monotonic()
    process = exitrd.start(tmp_path, steps, ["/shutdown", "reboot", "--log-level=debug"])
    while not re.search(BUSY, (tmp_path / "log").read_text()):
        assert process.poll() is None and time.monotonic() - began < 20, (tmp_path / "log").read_text()
        time.sleep(0.02)
    init, = children(process.pid)
    # The guard outlives the end of all processes. On a busy machine it may not have named itself yet.
    while "shutdown-guard" not in [pathlib.Path(f"/proc/{pid}/comm").read_text().strip() for pid in children(init)]:
        assert process.poll() is None and time.monotonic() - began < 20, (tmp_path / "log").read_text()
        time.sleep(0.02)
    os.kill(init, signal.SIGSEGV)
    result = exitrd.finish(process, tmp_path, began, 20)
    assert result.status == AGAIN
    assert "crashed, rebooting" in result.log
    assert "result=" not in result.console


# -- real devices ----------------------------------------------------------------------------------------------------

def make_image(path, size="64M"):
    subprocess.run(["truncate", "-s", size, path], check=True)
    subprocess.run(["mkfs.ext4", "-q", "-E", "lazy_itable_init=0", path], check=True)


def assert_let_go(image):
    attached = subprocess.run(["losetup", "-j", image], capture_output=True, text=True, check=True).stdout
    assert attached == ""
    features = subprocess.run(["dumpe2fs", "-h", image], capture_output=True, text=True, check=True).stdout
    assert "needs_recovery" not in features and "Filesystem state:         clean" in features


@pytest.fixture
def images(tmp_path):
    """A directory of the host, visible in the room until the pivot; its loop devices are freed whatever happens.

    One test at a time: what one has just let go another one would be given, which the first still takes for its own.
    """
    with open(os.path.join(tempfile.gettempdir(), "slipway-loops.lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield tmp_path
        for image in tmp_path.glob("*.img"):
            out = subprocess.run(["losetup", "-j", image], capture_output=True, text=True, check=True).stdout
            for line in out.splitlines():
                subprocess.run(["losetup", "-d", line.split(":")[0]], check=False)


@needs_root
def test_loop_device_below_the_old_root(images):
    make_image(images / "a.img")
    steps = [["data_root"], ["losetup_host", str(images / "a.img"), "first"], ["loop_mount", "first", "/oldroot/data"],
             ["process", "writer", "/bin/sleep", "/oldroot/data", "/oldroot/data/log"]]
    result = exitrd.run(images, steps, root=True)
    assert result.status == OFF
    assert_clean(result)
    assert_let_go(images / "a.img")


@needs_root
def test_loop_on_a_file_on_a_loop(images):
    make_image(images / "a.img", "128M")
    steps = [["data_root"], ["losetup_host", str(images / "a.img"), "first"], ["loop_mount", "first", "/oldroot/data"],
             ["image", "/oldroot/data/b.img", "32M"], ["losetup", "/oldroot/data/b.img", "second"],
             ["loop_mount", "second", "/oldroot/inner"]]
    result = exitrd.run(images, steps, root=True)
    assert_clean(result)
    assert result.fields["escalation"] == "0"
    assert_let_go(images / "a.img")


@needs_root
def test_root_from_a_file_on_a_medium_below_it(images):
    """A live system: the root's loop needs the medium, which is mounted inside the root."""
    make_image(images / "a.img", "128M")
    steps = [["losetup_host", str(images / "a.img"), "medium"], ["loop_mount", "medium", "/medium"],
             ["image", "/medium/root.img", "32M"], ["losetup", "/medium/root.img", "root"],
             ["loop_mount", "root", "/oldroot"], ["move", "/medium", "/oldroot/run/medium"]]
    result = exitrd.run(images, steps, root=True)
    assert_clean(result)
    assert result.fields["escalation"] == "0"
    assert_let_go(images / "a.img")


def live_steps(image, store, kept):
    """As the root stage leaves layers: medium, image on it, what is written above; then moved into the root, or, where
    that is None, below the exitrd's own directory."""
    return [["losetup_host", str(image), "medium"], ["loop_mount", "medium", "/live/medium"],
            ["image", "/live/medium/root.img", "32M"], ["losetup", "/live/medium/root.img", "root"],
            ["loop_mount", "root", "/live/image"], *store, ["layers", "/live/image", "/live/upper", "/oldroot"],
            ["file", "/oldroot/written", "x"],
            *(["move", f"/live/{name}", f"/oldroot{kept}/{name}"] for name in ("medium", "image", "upper") if kept)]


@needs_root
@pytest.mark.parametrize("kept", ["/run/slipway/live", "/mnt", None])
def test_overlay_above_an_image_on_a_medium(images, kept):
    """A live system that forgets: overlay, loop and medium go, in that order and at level 0."""
    make_image(images / "a.img", "128M")
    result = exitrd.run(images, live_steps(images / "a.img", [["mount", "/live/upper"]], kept), root=True)
    assert_clean(result)
    assert result.fields["escalation"] == "0"
    assert_let_go(images / "a.img")


@needs_root
def test_overlay_that_is_kept_on_a_disk(images):
    """One that remembers: what was written is on the disk, whose file system is clean."""
    make_image(images / "a.img", "128M")
    make_image(images / "b.img")
    store = [["losetup_host", str(images / "b.img"), "store"], ["loop_mount", "store", "/live/upper"]]
    result = exitrd.run(images, live_steps(images / "a.img", store, "/run/slipway/live"), root=True)
    assert_clean(result)
    assert result.fields["escalation"] == "0"
    for name in ("a.img", "b.img"):
        assert_let_go(images / name)
        subprocess.run(["e2fsck", "-fn", images / name], check=True, stdout=subprocess.DEVNULL)
    said = subprocess.run(["debugfs", "-R", "cat /upper/written", images / "b.img"], capture_output=True, text=True,
                          check=True)
    assert said.stdout == "x"


@needs_root
def test_loops_of_others_are_left_alone(images):
    """In a namespace only what stands below one of its own mounts is taken down."""
    make_image(images / "a.img")
    device = subprocess.run(["losetup", "-f", "--show", images / "a.img"], capture_output=True, text=True,
                            check=True).stdout.strip()
    node = os.path.basename(device)
    rdev = os.stat(device).st_rdev
    steps = [["data_root"], ["device", "/dev/" + node, os.major(rdev), os.minor(rdev)]]
    result = exitrd.run(images, steps, root=True)
    assert_clean(result)
    assert node in subprocess.run(["losetup", "-j", images / "a.img"], capture_output=True, text=True,
                                  check=True).stdout
