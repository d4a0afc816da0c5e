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


SYSTEMD = [["mkdir", "/sysroot/usr/lib/systemd"], ["link", "/sysroot/usr/lib/systemd/systemd", "/sysroot/sbin/init"]]
EXTRA = [["mkdir", "/.extra/credentials"], ["file", "/.extra/credentials/a.cred", "of the image"],
         ["file", "/.extra/credentials/readme", "none"], ["mkdir", "/.extra/global_credentials"],
         ["file", "/.extra/global_credentials/a.cred", "of all"], ["file", "/.extra/global_credentials/b.b.cred", "b"],
         ["file", "/.extra/global_credentials/.cred", "no name"], ["mkdir", "/.extra/credentials/dir.cred"],
         ["file", "/.extra/tpm2-pcr-signature.json", "{}"], ["file", "/.extra/profile", "ID=x\n"]]


def test_credentials_of_the_boot_loader_are_kept(tmp_path):
    """For systemd, with all that it would have found in an initrd of its own."""
    r = run(tmp_path, steps=[*SYSTEMD, *EXTRA])
    kept = "run/credentials/@encrypted"
    assert {n: r.run[n] for n in r.run if n.startswith(kept + "/")} == {
        f"{kept}/a": [0o100400, "of the image"], f"{kept}/b.b": [0o100400, "b"]}
    assert [oct(r.run[n][0]) for n in ("run/credentials", kept)] == ["0o40755", "0o40700"]
    assert r.run["run/systemd/tpm2-pcr-signature.json"] == [0o100444, "{}"]
    assert r.run["run/systemd/stub/profile"] == [0o100444, "ID=x\n"]
    assert f"ENCRYPTED_CREDENTIALS_DIRECTORY=/{kept}" in r.report["env"]
    assert "cannot keep the credential dir.cred of /.extra/credentials: Invalid argument, ignoring" in r.kmsg
    assert ".extra/profile" not in r.old


def test_other_inits_are_not_told_of_credentials(tmp_path):
    r = run(tmp_path, steps=EXTRA)
    assert "run/credentials/@encrypted/a" in r.run
    assert not [n for n in r.run if n.startswith("run/systemd")]
    assert not [e for e in r.report["env"] if "CREDENTIALS" in e]


def test_without_credentials_there_is_no_directory_for_them(tmp_path):
    for n, steps in enumerate(([], [["mkdir", "/.extra"], ["file", "/.extra/os-release", "x"]])):
        where = tmp_path / str(n)
        where.mkdir()
        r = run(where, steps=[*SYSTEMD, *steps])
        assert not [name for name in r.run if name.startswith("run/credentials")]
        assert not [e for e in r.report["env"] if "CREDENTIALS" in e]
