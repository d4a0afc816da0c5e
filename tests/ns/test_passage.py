# SPDX-License-Identifier: MIT
"""What becomes of /dev, /proc, /sys and /run at the switch, with rd.slipway.api=clean."""
from initramfs import run


def places(result):
    return [line.split(" ")[4] for line in result.report["mount"]]


def test_clean_takes_proc_and_sys_away(tmp_path):
    r = run(tmp_path, cmdline="rd.slipway.api=clean")
    assert r.status == 0
    assert r.report["without"] == ["/proc"]
    # /proc is the one that the next init has mounted, without what lay on the initramfs's.
    assert places(r).count("/proc") == 1 and "/proc/cmdline" not in places(r)
    assert "/sys" not in places(r)
    assert {"/run", "/run/initramfs"} <= set(places(r))
    assert "run/slipway/profile.json" in r.run


def test_clean_moves_dev_where_the_root_has_no_console(tmp_path):
    for console in ([], [["mkdir", "/sysroot/dev"], ["file", "/sysroot/dev/console", "no device"]],
                    [["mkdir", "/sysroot/dev"], ["symlink", "/sysroot/dev/console", "/dev/null"]]):
        where = tmp_path / str(len(console) + len(str(console)))
        where.mkdir()
        r = run(where, cmdline="rd.slipway.api=clean", steps=console)
        assert {"/dev", "/dev/null"} <= set(places(r))
        assert r.report["fd"] == ["0 /dev/console", "1 /dev/console", "2 /dev/console"]


def test_clean_leaves_dev_to_a_root_with_a_console(tmp_path):
    """What was opened on the initramfs's would be shown as /console, from the root of what was detached."""
    r = run(tmp_path, cmdline="rd.slipway.api=clean",
            steps=[["mkdir", "/sysroot/dev"], ["bind", "/dev/console", "/sysroot/dev/console"]])
    assert not {"/dev", "/dev/null"} & set(places(r))
    assert r.report["fd"] == ["0 /dev/console", "1 /dev/console", "2 /dev/console"]


def test_move_is_the_default(tmp_path):
    for n, words in enumerate(("quiet", "rd.slipway.api=clean rd.slipway.api=move", "rd.slipway.api=other")):
        where = tmp_path / str(n)
        where.mkdir()
        r = run(where, cmdline=words)
        assert {"/dev", "/proc", "/sys", "/run"} <= set(places(r))
        assert "without" not in r.report
        assert ("rd.slipway.api=other on the command line is not understood (allowed: move, clean)" in r.kmsg) == (n == 2)
