# SPDX-License-Identifier: MIT
"""An init that does not know the exitrd comes to it: by being held in the cradle, or by executing it where it lies."""
import os
import pathlib
import re
import signal
import time

import pytest

import exitrd

OFF, AGAIN = -signal.SIGINT, -signal.SIGHUP
CLEAN = {"result": "clean", "mounts": "0", "left": "", "holders": ""}
# The exitrd lies on a tmpfs as /init mounts it; beside the root there is a mount that the init has left.
PLACE = [["mkdir", "/run/initramfs"], ["mount", "/run/initramfs", "tmpfs"], ["mount", "/mnt"], ["away"]]
HERE = "/run/initramfs/shutdown"


def cradle_steps():
    program = exitrd.program().with_name("cradle")
    return [["built", str(program), "/cradle", exitrd.libraries(program)]]


def hold(tmp_path, init, *words, place=PLACE, env=None):
    """The cradle as PID 1 of the room, inner.c as the init."""
    steps = [*place, *cradle_steps(), ["compile", "inner.c", init]]
    return exitrd.run(tmp_path, steps, ["/cradle", *words], {"CRADLE": init, "X": "1", **(env or {})})


def assert_clean(result, verb):
    assert result.fields | CLEAN == result.fields, result.log
    assert result.fields["verb"] == verb


@pytest.mark.parametrize("verb,wanted,status", [("poweroff", "poweroff", OFF), ("halt", "poweroff", OFF),
                                                ("reboot", "reboot", AGAIN)])
def test_held_init(tmp_path, verb, wanted, status):
    """It is process 1 for itself, gets the words and the environment, cannot unmount the exitrd; its end is the exitrd's
    begin, with nothing left of it."""
    result = hold(tmp_path, f"/sbin/{verb}", "slipword")
    assert result.status == status, result.log
    said = result.console.splitlines()
    assert said[0] == "inner: pid 1 /proc/self 1 argc 2 argv1 slipword CRADLE unset X 1 exitrd there"
    assert said[1] == "inner: umount -1"
    assert_clean(result, wanted)


def test_sbin_init_is_the_default(tmp_path):
    result = exitrd.run(tmp_path, [*PLACE, *cradle_steps(), ["compile", "inner.c", "/sbin/init"]], ["/cradle"])
    assert "inner: pid 1" in result.console
    assert result.status == 1 << 0 and "/sbin/init has ended by itself (exit code 7)" in result.log


@pytest.mark.parametrize("init,said", [("/sbin/dies", "/sbin/dies has ended by itself (exit code 7)"),
                                       ("/sbin/none", "cannot execute /nowhere (CRADLE= on the kernel command line")])
def test_init_that_ends_by_itself(tmp_path, init, said):
    """As without the cradle: PID 1 ends, which the kernel answers with its panic. The exitrd is not asked."""
    result = hold(tmp_path, init, env={"CRADLE": "/nowhere"} if init.endswith("none") else {})
    assert result.status == 1 and said in result.log
    assert "slipway-shutdown" not in result.console + result.log


def test_signals_of_the_kernel_are_passed_on(tmp_path):
    """Ctrl-Alt-Del is SIGINT for PID 1."""
    steps = [*PLACE, *cradle_steps(), ["compile", "inner.c", "/sbin/waits-poweroff"]]
    began = time.monotonic()
    process = exitrd.start(tmp_path, steps, ["/cradle"], {"CRADLE": "/sbin/waits-poweroff"})
    console = pathlib.Path(tmp_path / "console")
    while "inner: waits" not in console.read_text():
        assert time.monotonic() - began < 30 and process.poll() is None, (tmp_path / "log").read_text()
        time.sleep(0.02)
    children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    time.sleep(0.2)
    os.kill(int(children[0]), signal.SIGINT)
    result = exitrd.finish(process, tmp_path, began)
    assert "inner: signal 2" in result.console
    assert_clean(result, "poweroff")


def test_without_an_exitrd(tmp_path):
    """The machine ends as the init wanted it, and what is missing is said before and after."""
    steps = [*cradle_steps(), ["compile", "inner.c", "/sbin/reboot"]]
    result = exitrd.run(tmp_path, steps, ["/cradle"], {"CRADLE": "/sbin/reboot"})
    assert result.status == AGAIN
    assert re.search(r"cannot execute /run/initramfs/shutdown: .*; there is no way back, ignoring", result.log)
    assert "the machine ends without it" in result.log


@pytest.mark.parametrize("place", [PLACE, [["mkdir", "/run/initramfs"], ["mount", "/mnt"], ["away"]],
                                   [*PLACE, ["readonly", "/run/initramfs"]]])
def test_executed_where_it_lies(tmp_path, place):
    """A script as init, s6-svscan's finish: `exec /run/initramfs/shutdown VERB`. On a mount, in a directory, read-only."""
    result = exitrd.run(tmp_path, place, [HERE, "reboot"])
    assert result.status == AGAIN, result.log
    assert_clean(result, "reboot")


def test_place_that_cannot_become_the_root(tmp_path):
    """It says so and ends the machine all the same."""
    result = exitrd.run(tmp_path, [["away", "/elsewhere"]], ["/elsewhere/shutdown", "poweroff"])
    assert result.status == OFF
    assert "cannot make /run/initramfs the root: what is in use from there stays" in result.log
