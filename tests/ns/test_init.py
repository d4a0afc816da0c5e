# SPDX-License-Identifier: MIT
"""The built /init as PID 1 of a namespace, up to the next init, which tells how it was started."""
import os
import json
import re
import signal
import stat
import subprocess
import time

import pytest

import initramfs
from initramfs import mounts, run, run_to_failure, start

MS_NOEXEC = 8
SYSTEMD = "/usr/lib/systemd/systemd"
SHELL = [["program", "/bin/dash", "/bin/sh"]]


def timestamp(result):
    env = dict(e.split("=", 1) for e in result.report["env"])
    assert re.fullmatch(r"\d+ \d+", env["RD_TIMESTAMP"]), env
    return [int(n) for n in env["RD_TIMESTAMP"].split(" ")]


def nothing_was_moved(result):
    """Each API file system is where it was, and the initramfs is whole."""
    at = [line.split(" ")[4] for line in result.mounts.splitlines()]
    assert {"/proc", "/sys", "/dev", "/run", "/sysroot"} <= set(at)
    assert not [m for m in at if re.match(r"/sysroot/(proc|sys|dev|run)", m)]
    assert "init" in result.old
    assert result.report is None


# -- the hand-over to any init ---------------------------------------------------------------------------------------


def test_next_init_is_started_as_the_kernel_would(tmp_path):
    r = run(tmp_path, args=["single", "a b", "--x"])
    assert r.status == 0
    assert r.report["argv"] == ["/sbin/init", "single", "a b", "--x"]
    assert r.report["env"][:-1] == ["HOME=/", "TERM=linux", "leftover=word"]
    assert r.report["env"][-1].startswith("RD_TIMESTAMP=")
    assert r.report["pid"] == ["1"]
    assert r.report["umask"] == ["022"]
    assert r.report["nice"] == [str(os.nice(0))] and r.report["scheduler"] == ["0"]
    assert r.report["cwd"] == ["/"]
    assert "blocked" not in r.report and "ignored" not in r.report


def test_only_the_console_is_open(tmp_path):
    r = run(tmp_path)
    assert r.report["fd"] == ["0 /dev/console", "1 /dev/console", "2 /dev/console"]


def test_timestamp_is_realtime_first(tmp_path):
    before = time.time_ns() // 1000, time.monotonic_ns() // 1000
    realtime, monotonic = timestamp(run(tmp_path))
    after = time.time_ns() // 1000, time.monotonic_ns() // 1000
    assert before[0] <= realtime <= after[0]
    assert before[1] <= monotonic <= after[1]


def test_timestamp_of_somebody_else_is_replaced(tmp_path):
    room = initramfs.Room(tmp_path, cmdline="quiet", argv=["/init"], sysroot=True, processes=[],
                          env={"RD_TIMESTAMP": "1 2"},
                          steps=[["copy", str(initramfs.next_init()), "/sysroot/sbin/init"]])
    r = room.finish()
    assert timestamp(r)[0] > 1
    assert len(r.report["env"]) == 1


def test_api_file_systems_are_moved_along(tmp_path):
    r = run(tmp_path)
    m = mounts(r)
    assert m["/"].fstype == "tmpfs"
    assert m["/proc"].fstype == "proc"
    assert m["/dev"].fstype == "tmpfs"
    assert m["/sys"].fstype == "sysfs"
    assert {"nosuid", "nodev", "noexec"} <= set(m["/sys"].options)
    # What is mounted below moves too.
    assert "/dev/console" in m and "/proc/cmdline" in m
    assert not [t for t in m if t.startswith("/sysroot")]


def test_api_mounts_proc(tmp_path):
    r = run(tmp_path, cmdline=None)
    assert mounts(r)["/proc"].fstype == "proc"
    assert {"nosuid", "nodev", "noexec"} <= set(mounts(r)["/proc"].options)


def test_run_has_the_options_of_the_interface(tmp_path):
    fstype, _, options, data = mounts(run(tmp_path))["/run"]
    assert fstype == "tmpfs"
    assert {"rw", "nosuid", "nodev"} == set(options)  # neither noexec nor relatime
    assert "mode=755" in data
    with open("/proc/meminfo", encoding="ascii") as f:
        total = int(f.readline().split()[1])
    size = int(next(o for o in data if o.startswith("size="))[5:].removesuffix("k"))
    assert abs(size / total - 0.2) < 0.01


def test_run_initramfs_can_be_executed_from(tmp_path):
    """Also where /run was mounted noexec by somebody else."""
    r = run(tmp_path, steps=[["mount", "/run", MS_NOEXEC, "mode=755"]])
    m = mounts(r)
    assert "noexec" in m["/run"].options
    fstype, _, options, data = m["/run/initramfs"]
    assert fstype == "tmpfs"
    assert "noexec" not in options and {"nosuid", "nodev"} <= set(options)
    assert "mode=755" in data and [o for o in data if o.startswith("size=")]


def test_slipways_own_directory(tmp_path):
    r = run(tmp_path)
    assert stat.S_IMODE(r.run["run/slipway"][0]) == 0o755
    assert stat.S_IMODE(r.run["run/slipway/log"][0]) == 0o700
    assert stat.S_IMODE(r.run["run/slipway/profile.json"][0]) == 0o644
    assert sorted(n for n in r.run if n.count("/") == 1) == ["run/initramfs", "run/slipway"]


def test_profile_has_a_span_for_each_stage(tmp_path):
    """From RD_TIMESTAMP to our exec, which is the last one and has no end."""
    trace = json.loads(run(tmp_path).run["run/slipway/profile.json"][1])
    stages = [e for e in trace["traceEvents"] if e.get("cat") == "stage" and "/" not in e["name"]]
    assert [e["name"] for e in stages] == [
        "api", "cmdline", "modules", "resume", "root", "usr", "exitrd", "check", "daemons", "switch-root", "exec"]
    assert [e["ph"] for e in stages] == ["X"] * 10 + ["B"]
    facts = trace["otherData"]
    assert facts["exec_us"] == stages[-1]["ts"]
    assert abs(sum(e["dur"] for e in stages[:-1]) - (facts["exec_us"] - facts["rd_timestamp_us"])) < 5000


def test_old_root_is_emptied(tmp_path):
    r = run(tmp_path, steps=[["file", "/usr/lib/modules/x/y.ko", "x"], ["symlink", "/usr/link", "/sysroot"],
                             ["symlink", "/usr/lib/etc", "/etc"], ["file", "/sysroot/etc/fstab", ""]])
    # Only the mount points of what stays are left, and the way to them.
    assert set(r.old) <= {"kept", "sysroot", "proc", "sys", "dev", "run"}
    assert "etc" in r.report["name"]


def test_other_file_systems_in_the_old_root_are_left_alone(tmp_path):
    r = run(tmp_path, steps=[["mount", "/data"], ["file", "/data/precious/file", "x"], ["file", "/other/file", "x"]])
    assert "data/precious/file" in r.old
    assert "other" not in r.old


def test_processes_are_ended_but_storage_daemons(tmp_path):
    r = run(tmp_path, processes=["ordinary", "@storage", "x@y"])
    assert sorted(c.split("\0")[0] for c in r.report["command"]) == ["/sbin/init", "@storage"]


# -- which init ------------------------------------------------------------------------------------------------------


def test_init_of_the_command_line(tmp_path):
    r = run(tmp_path, cmdline="init=/sbin/first init=/opt/my-init", init="/opt/my-init")
    assert r.report["argv"] == ["/opt/my-init"]


def test_init_with_a_space_in_its_name(tmp_path):
    r = run(tmp_path, cmdline='init="/opt/my init" quiet', init="/opt/my init")
    assert r.report["argv"] == ["/opt/my init"]


@pytest.mark.parametrize("place", ["/sbin/init", "/etc/init", "/bin/init", "/bin/sh"])
def test_usual_places_of_init(tmp_path, place):
    assert run(tmp_path, init=place).report["argv"] == [place]


def test_first_of_the_usual_places_is_taken(tmp_path):
    r = run(tmp_path, init="/bin/init", steps=[["link", "/sysroot/etc/init", "/sysroot/bin/init"],
                                               ["mkdir", "/sysroot/sbin/init"]])
    assert r.report["argv"] == ["/etc/init"]


def test_init_that_is_missing_is_warned_about(tmp_path):
    r = run(tmp_path, cmdline="init=/none")
    assert r.report["argv"] == ["/sbin/init"]
    assert "<28>slipway: check: init=/none cannot be executed: No such file or directory" in r.kmsg


def test_init_through_links_of_the_new_root(tmp_path):
    """Absolute links mean the new root's, not the initramfs's."""
    r = run(tmp_path, init="/usr/lib/x/init", steps=[
        ["symlink", "/sysroot/bin", "/usr/bin"], ["mkdir", "/sysroot/usr/bin"],
        ["symlink", "/sysroot/usr/bin/init", "../lib/x/init"],
        ["symlink", "/sysroot/sbin/init", "/usr/lib/x/init"]])
    assert r.report["argv"] == ["/sbin/init"]


OTHER_MACHINE = [0xB7, 0]  # EM_AARCH64
BAD_INITS = {
    "none": ([], "No such file or directory"),
    "not-executable": ([["file", "/sysroot/sbin/init", "#!/bin/x\n"]], r"not executable \(mode 0644\)"),
    "directory": ([["mkdir", "/sysroot/sbin/init"]], "no regular file"),
    "dangling": ([["symlink", "/sysroot/sbin/init", "/usr/none"]], "No such file or directory"),
    "link-out-of-the-root": ([["symlink", "/sysroot/sbin/init", "/init"]], "No such file or directory"),
    "no-program": ([["file", "/sysroot/sbin/init", "text\n", 0o755]], "neither an ELF program nor a script"),
    "empty": ([["file", "/sysroot/sbin/init", "", 0o755]], "neither an ELF program nor a script"),
    "script-without-interpreter": ([["file", "/sysroot/sbin/init", "#! /bin/none -e\n", 0o755]],
                                   "interpreter /bin/none: No such file"),
    "script-with-cr-lf": ([["file", "/sysroot/sbin/init", "#!/bin/x\r\nexit\r\n", 0o755],
                           ["file", "/sysroot/bin/x", "", 0o755]], r"\(the line ends in CR LF\)"),
    "program-without-its-loader": ([["copy", "/bin/true", "/sysroot/sbin/init"]], "interpreter /lib.*: No such file"),
    "other-machine": ([["copy", str(initramfs.build_directory() / "tests/ns/nextinit"), "/sysroot/sbin/init"],
                       ["patch", "/sysroot/sbin/init", 18, OTHER_MACHINE]], "for another machine"),
    "noexec": ([["mount", "/sysroot/sbin", MS_NOEXEC], ["copy", "/bin/true", "/sysroot/sbin/init"]], "mounted noexec"),
    "fifo": ([["fifo", "/sysroot/sbin/init", 0o755]], "no regular file"),
}


@pytest.mark.parametrize("name", BAD_INITS)
def test_bad_init_is_refused_before_anything_is_moved(tmp_path, name):
    initramfs.next_init()
    steps, why = BAD_INITS[name]
    r = run_to_failure(tmp_path, steps=steps, init=None)
    assert re.search("check: /sbin/init cannot be executed: .*" + why, r.kmsg)
    assert "<27>slipway: check: the root has no init that can be executed" in r.kmsg
    nothing_was_moved(r)


def test_directories_for_the_api_are_made(tmp_path):
    r = run(tmp_path)
    assert {"dev", "proc", "sys", "run"} <= set(r.report["name"])


@pytest.mark.parametrize("name", ["dev", "proc", "sys", "run"])
def test_link_in_place_of_an_api_directory_is_refused(tmp_path, name):
    r = run_to_failure(tmp_path, steps=[["symlink", "/sysroot/" + name, "/tmp"], ["mkdir", "/sysroot/tmp"]])
    assert f"its /{name} is no directory" in r.kmsg
    nothing_was_moved(r)


# -- systemd ---------------------------------------------------------------------------------------------------------


def files_for_systemd(result):
    return sorted(n.removeprefix("run/systemd/system/") for n in result.run if n.startswith("run/systemd/system/"))


def assert_hand_over(result, init, args=()):
    assert result.report["argv"] == [init, "--switched-root", "--system", "--deserialize=3", *args]
    realtime, monotonic = timestamp(result)
    assert result.report["fd"][:3] == ["0 /dev/console", "1 /dev/console", "2 /dev/console"]
    assert result.report["fd"][3].startswith("3 /memfd:") and len(result.report["fd"]) == 4
    assert result.report["state-access"] == ["2"]  # O_RDWR
    assert result.report["state-offset"] == ["0"]
    # No file system was checked here: the time, and what took a millisecond or more, each with its file.
    assert result.report["state"][:2] == [f"initrd-timestamp={realtime} {monotonic}", ""]
    rest = "\n".join(result.report["state"][2:])
    units = re.findall(r"(slipway-\S+\.service)\nstate=exited\n(?:\S+-timestamp=\d+ \d+\n){3}\n?", rest)
    assert rest.count("\n\n") + rest.endswith("\n") == len(units) and (units or not rest), rest
    assert files_for_systemd(result) == sorted(units)


@pytest.mark.parametrize("place", [SYSTEMD, "/lib/systemd/systemd"])
def test_systemd_gets_the_hand_over(tmp_path, place):
    r = run(tmp_path, init="/sbin/init", args=["3"], steps=[["link", "/sysroot" + place, "/sysroot/sbin/init"]])
    assert_hand_over(r, "/sbin/init", ["3"])


def test_systemd_behind_a_link_gets_the_hand_over(tmp_path):
    """As Debian has it."""
    r = run(tmp_path, init=SYSTEMD, steps=[["symlink", "/sysroot/lib", "usr/lib"],
                                           ["symlink", "/sysroot/sbin/init", "../lib/systemd/systemd"]])
    assert_hand_over(r, "/sbin/init")


def test_systemd_as_init_of_the_command_line(tmp_path):
    assert_hand_over(run(tmp_path, cmdline=f"init={SYSTEMD}", init=SYSTEMD), SYSTEMD)


def test_hand_over_can_be_turned_off(tmp_path):
    r = run(tmp_path, cmdline=f"init={SYSTEMD} rd.slipway.serialize=0", init=SYSTEMD)
    assert r.report["argv"] == [SYSTEMD]
    assert len(r.report["fd"]) == 3
    assert files_for_systemd(r) == []


def test_init_beside_systemd_gets_no_word_of_it(tmp_path):
    """A copy of it is not it, nor is a link that is named so elsewhere."""
    binary = str(initramfs.next_init())
    r = run(tmp_path, init="/sbin/init", args=["2"], steps=[["copy", binary, "/sysroot" + SYSTEMD]])
    assert r.report["argv"] == ["/sbin/init", "2"]
    assert len(r.report["fd"]) == 3


def test_script_that_starts_systemd_gets_no_word_of_it(tmp_path):
    r = run(tmp_path, init=SYSTEMD, args=["2"],
            steps=[["file", "/sysroot/sbin/init", f"#!{SYSTEMD}\n", 0o755]])
    assert r.report["argv"] == [SYSTEMD, "/sbin/init", "2"]
    assert len(r.report["fd"]) == 3


def test_init_that_cannot_be_executed_after_all(tmp_path):
    """Tried again without the hand-over, then the others, which are not systemd."""
    r = run(tmp_path, cmdline=f"init={SYSTEMD}", init=SYSTEMD,
            steps=[["hold", "/sysroot" + SYSTEMD], ["copy", str(initramfs.next_init()), "/sysroot/sbin/init"]])
    assert r.kmsg.count(f"cannot execute {SYSTEMD}: Text file busy") == 2
    assert r.report["argv"] == ["/sbin/init"]
    assert len(r.report["fd"]) == 3
    assert "run/systemd" not in r.run


# -- the way back ----------------------------------------------------------------------------------------------------

EXITRD = [["file", "/usr/lib/slipway/exitrd/shutdown", "#!/bin/false\n", 0o755],
          ["file", "/usr/lib/slipway/exitrd/etc/initrd-release", "ID=x\n"],
          ["file", "/usr/lib/slipway/exitrd/lib/helper", "h", 0o755],
          ["symlink", "/usr/lib/slipway/exitrd/lib64", "lib"]]


def test_exitrd_is_staged(tmp_path):
    r = run(tmp_path, steps=EXITRD)
    found = {n.removeprefix("run/initramfs/"): v for n, v in r.run.items() if n.startswith("run/initramfs/")}
    assert sorted(found) == ["etc", "etc/initrd-release", "lib", "lib/helper", "lib64", "shutdown"]
    assert found["shutdown"] == [stat.S_IFREG | 0o755, "#!/bin/false\n"]
    assert found["etc/initrd-release"] == [stat.S_IFREG | 0o644, "ID=x\n"]
    assert stat.S_ISLNK(found["lib64"][0])


def test_exitrd_is_complete_or_not_there(tmp_path):
    """No room for all of it: nothing that systemd would pivot into."""
    r = run(tmp_path, steps=[*EXITRD, ["mount", "/run", 0, "mode=755"], ["mount", "/run/initramfs", 0, "size=8k"],
                             ["file", "/usr/lib/slipway/exitrd/large", "x" * 40000]])
    assert r.status == 0
    assert "run/initramfs/shutdown" not in r.run
    assert re.search(r"<28>slipway: exitrd: cannot stage .*No space left on device.*, ignoring", r.kmsg)


@pytest.mark.parametrize("steps", [EXITRD[1:], [["file", EXITRD[0][1], "x", 0o644], *EXITRD[1:]]],
                         ids=["absent", "not-executable"])
def test_exitrd_without_a_program_is_a_warning(tmp_path, steps):
    r = run(tmp_path, steps=steps)
    assert r.status == 0
    assert "run/initramfs/shutdown" not in r.run
    assert "exitrd: cannot stage /run/initramfs/shutdown" in r.kmsg


# -- when it cannot go on --------------------------------------------------------------------------------------------


def test_without_root_it_says_what_is_missing(tmp_path):
    r = run_to_failure(tmp_path, cmdline="quiet", sysroot=False)
    assert re.search(r"<27>slipway: root: no root device is given: .* lacks root= \(allowed: .*UUID=", r.kmsg)
    assert stat.S_IMODE(r.run["run/slipway/report"][0]) == 0o600


def test_root_that_does_not_come_is_named(tmp_path):
    r = run_to_failure(tmp_path, cmdline="root=UUID=11-22 rd.timeout=1", sysroot=False)
    assert re.search(r"<27>slipway: root: .*UUID=11-22", r.kmsg)
    assert "root: UUID=11-22" in r.run["run/slipway/report"][1]


@pytest.mark.parametrize("cmdline", ["quiet", "rd.shell=0 rd.break=check", "rd.shell", "rd.break"],
                         ids=["not-asked-for", "forbidden", "no-shell-in-image", "break-without-shell"])
def test_no_shell_is_given(tmp_path, cmdline):
    """Not unless it was asked for, is allowed and is there."""
    steps = [] if cmdline in ("rd.shell", "rd.break") else SHELL
    r = run_to_failure(tmp_path, cmdline=cmdline, steps=steps, init=None)
    assert "# " not in r.console
    nothing_was_moved(r)


def test_failure_is_seen_on_a_quiet_console(tmp_path):
    r = run_to_failure(tmp_path, cmdline="quiet", init=None)
    assert "the boot cannot go on; leaving it to the kernel's panic= setting in 30 s" in r.kmsg
    assert "the root has no init that can be executed" in r.kmsg


def test_shell_mends_and_the_stage_runs_again(tmp_path):
    room = start(tmp_path, cmdline="rd.shell=1", init="/sbin/other",
                 steps=[*SHELL, ["program", "/bin/mv", "/bin/mv"]])
    room.expect("the root has no init")
    room.expect("# ", "console")
    room.send("mv /sysroot/sbin/other /sysroot/sbin/init; exit\n")
    r = room.finish()
    assert r.status == 0
    assert r.report["argv"] == ["/sbin/init"]
    # From `root` on: what is mounted is taken as it is.
    assert r.kmsg.count("is mounted already, taking it as it is") == 2


def test_shell_after_a_shell(tmp_path):
    """A stage that fails again gives a shell again."""
    room = start(tmp_path, cmdline="rd.shell=1", init=None, steps=SHELL)
    for n in range(3):
        room.expect(r"(?s)(# .*){%d}" % (n + 1), "console")
        room.send("exit\n")
    room.expect(r"(?s)(# .*){4}", "console")
    assert room.stop().kmsg.count("the root has no init") == 4


@pytest.mark.parametrize("stage", ["api", "modules", "usr", "switch-root"])
def test_break_gives_a_shell_before_the_stage(tmp_path, stage):
    room = start(tmp_path, cmdline=f"rd.break={stage}", steps=SHELL)
    if stage == "api":  # comes before the command line is read
        assert room.finish().status == 0
        return
    room.expect("# ", "console")
    room.send("echo in-$PPID-$$; exit\n")
    r = room.finish()
    assert r.status == 0
    assert re.search(r"in-1-\d", r.console)
    assert f"{stage}: rd.break: a shell before this stage" in r.kmsg


def test_shell_has_a_terminal_and_default_signals(tmp_path):
    room = start(tmp_path, cmdline="rd.break=usr", steps=[*SHELL, ["program", "/bin/cat", "/bin/cat"]])
    room.expect("# ", "console")
    room.send("cat /proc/self/status; echo typed-$((1+0)) >/dev/tty && echo done-$((1+1)); exit\n")
    r = room.finish()
    assert "typed-1" in r.console and "done-2" in r.console
    assert dict(re.findall(r"(Sig(?:Blk|Ign)):\s+(\w+)", r.console)) == {"SigBlk": "0" * 16, "SigIgn": "0" * 16}
    assert r.status == 0


def waiting(tmp_path, cmdline, steps=()):
    room = start(tmp_path, cmdline="root=UUID=11-22 rd.timeout=60 " + cmdline, sysroot=False, steps=steps)
    room.expect("waiting for")
    return room


def test_crash_is_told_and_left_to_the_kernel(tmp_path):
    room = waiting(tmp_path, "")
    room.signal(signal.SIGSEGV)
    r = room.finish()
    assert r.status == 1
    assert "<2>slipway: /init crashed by signal 11" in r.kmsg


def test_crash_becomes_the_shell_that_was_asked_for(tmp_path):
    room = waiting(tmp_path, "rd.shell=1", SHELL)
    room.signal(signal.SIGSEGV)
    room.expect("# ", "console")
    room.send("echo pid-$$; exit 7\n")
    r = room.finish()
    assert "pid-1" in r.console
    assert r.status == 7


def test_other_than_pid_1_it_refuses(tmp_path):
    done = subprocess.run([initramfs.program()], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 2
    assert "runs as PID 1 only" in done.stderr
    assert os.listdir(tmp_path) == []
