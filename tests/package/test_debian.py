# SPDX-License-Identifier: MIT
"""update-initramfs, and the hooks by which Debian's kernel packages ask for an image."""
import os

import pytest
from room import words

BUILD = "slipway build --force --kver {0} --output /boot/initrd.img-{0}"
CONF = "etc/initramfs-tools/update-initramfs.conf"


@pytest.fixture
def update(room):
    """Three kernels, two of which have images; and the command."""
    room.kernels("6.1.0-9", "6.1.0-10", "6.12.1")
    for version in ("6.1.0-9", "6.1.0-10"):
        room.text(f"boot/initrd.img-{version}", "old")
    script = room.script("units/update-initramfs", "usr/lib/slipway/update-initramfs")
    return lambda line, **env: room.run(script, *words(line), env=env)


# (words, for which kernels slipway is called)
ROWS = {
    "-u": ["6.1.0-10"],
    "-u -k all": ["6.1.0-10", "6.1.0-9"],
    "-u -k 6.1.0-9": ["6.1.0-9"],
    "-u -k 6.12.1": ["6.12.1"],
    "-c -k all": ["6.12.1", "6.1.0-10", "6.1.0-9"],
    "-c -k 6.12.1": ["6.12.1"],
    "-ck6.12.1": ["6.12.1"],
    "-t -u": ["6.1.0-10"],
    "-d -k 6.1.0-9": [],
}


@pytest.mark.parametrize("line", ROWS)
def test_which_kernels(room, update, line):
    done = update(line)
    assert done.returncode == 0, done.said
    assert room.calls() == [BUILD.format(v) for v in ROWS[line]]
    for version in ROWS[line]:
        assert f"update-initramfs: Generating /boot/initrd.img-{version}\n" in done.said


def test_delete(room, update):
    room.text("boot/initrd.img-6.1.0-9.bak")
    assert update("-d -k 6.1.0-9").returncode == 0
    assert room.images() == ["initrd.img-6.1.0-10"]
    assert update("-d -k all").returncode == 0
    assert room.images() == [] and room.calls() == []


def test_directory_and_verbose(room, update):
    (room.path / "other").mkdir()
    assert update(f"-c -k 6.12.1 -b {room.path}/other -v").returncode == 0
    assert room.calls() == ["slipway build --force --kver 6.12.1 --output /other/initrd.img-6.12.1 --verbose"]


def test_nothing_to_update(room, update):
    """A container or a chroot without a kernel is no error."""
    update("-d -k all")
    assert update("-u").returncode == 0
    assert update("-u -k all").returncode == 0
    assert room.calls() == []


def test_read_only(room, update):
    """A /boot that is mounted read-only is left alone: access(2) says so even to root."""
    script = room.path / "usr/lib/slipway/update-initramfs"
    boot = room.path / "boot"
    namespace = ["--mount"] if os.geteuid() == 0 else ["--user", "--map-root-user", "--mount"]
    text = f"mount --bind {boot} {boot} && mount -o remount,bind,ro {boot} && {script} -u"
    done = room.run("unshare", *namespace, "sh", "-c", text)
    assert (done.returncode, room.calls()) == (0, []), done.said
    assert "read-only, not updating /boot/initrd.img-6.1.0-10" in done.said


def test_since(room, update):
    os.utime(room.path / "boot/initrd.img-6.1.0-10", (1000, 1000))
    assert update("-u -s 999").returncode == 0 and room.calls() == []
    assert update("-u -s 1000").returncode == 0 and len(room.calls()) == 1


REFUSED = {
    "": "give -c, -u or -d",
    "-k all": "give -c, -u or -d",
    "-c": "give -k",
    "-d": "give -k",
    "-x": "cannot use -x",
    "-u -k": "cannot use -k: it needs an argument",
    "-u all": "cannot use all",
    "-u -b /no/such": "cannot use -b /no/such",
    "-u -s yesterday": "cannot use -s yesterday",
}


@pytest.mark.parametrize("line", REFUSED)
def test_wrong_usage(room, update, line):
    done = update(line)
    assert done.returncode == 2 and REFUSED[line] in done.said, done.said
    assert room.calls() == []


def test_help_names_the_options(update):
    done = update("--help")
    assert done.returncode == 0 and all(f"  -{letter}" in done.stdout for letter in "cudkbsvt")


@pytest.mark.parametrize("code,expected", [(0, 0), (1, 1), (3, 0), (4, 1)])
def test_exit_code(room, update, code, expected):
    room.fake("slipway", code=code)
    assert update("-u").returncode == expected


def test_one_failure_does_not_stop_the_others(room, update):
    room.fake("slipway", more='case "$*" in *) : ;; esac', code=1)
    done = update("-u -k all")
    assert done.returncode == 1 and len(room.calls()) == 2
    assert "failed for /boot/initrd.img-6.1.0-9" in done.said


def test_waits_for_the_end_of_dpkg(room, update):
    """In a package's script plain -u activates the trigger; asked for more it is done at once."""
    assert update("-u", DPKG_MAINTSCRIPT_PACKAGE="lvm2").returncode == 0
    assert room.calls() == ["dpkg-trigger --no-await update-initramfs"]
    assert update("-u -k all", DPKG_MAINTSCRIPT_PACKAGE="dkms").returncode == 0
    assert len(room.calls()) == 2
    room.fake("dpkg-trigger", code=1)
    assert update("-u", DPKG_MAINTSCRIPT_PACKAGE="lvm2").returncode == 0
    assert room.calls()[1:] == [BUILD.format("6.1.0-10")]


@pytest.mark.parametrize("setting,expected", [("yes", 1), ("no", 0), ("'no'", 0), ("all", 2), ('"all"', 2)])
def test_setting_of_initramfs_tools(room, update, setting, expected):
    room.text(CONF, f"# update_initramfs=no\nupdate_initramfs={setting}\nbackup_initramfs=no\n")
    assert update("-u").returncode == 0
    assert len(room.calls()) == expected
    assert update("-c -k 6.12.1").returncode == 0
    assert len(room.calls()) == 1, "it is about updates only"


def test_index_is_made_where_nobody_made_it(room, update):
    room.kernels("7.0", index=False)
    assert update("-c -k 7.0").returncode == 0
    assert room.calls() == ["depmod 7.0", BUILD.format("7.0")]


def test_boot_loaders_are_told(room, update):
    for at in ("etc/initramfs", "usr/share/initramfs"):
        hook = room.text(f"{at}/post-update.d/zz-loader", f'#!/bin/sh\necho "{at} $*" >>{room.log}\n')
        hook.chmod(0o755)
    assert update("-u").returncode == 0
    told = "6.1.0-10 /boot/initrd.img-6.1.0-10"
    assert room.calls() == [BUILD.format("6.1.0-10"), f"etc/initramfs {told}", f"usr/share/initramfs {told}"]
    room.fake("slipway", code=1)
    assert update("-u").returncode == 1
    assert len(room.calls()) == 1, "told of an image that was not built"


IMAGE = "/boot/vmlinuz-6.12.1"
BUILT = [BUILD.format("6.12.1")]
# hook: (words, environment, exit code, calls)
HOOKS = {
    "configured": ("postinst.d", "6.12.1 " + IMAGE, {"DEB_MAINT_PARAMS": "configure 6.11"}, 0, BUILT),
    "quoted": ("postinst.d", "6.12.1 " + IMAGE, {"DEB_MAINT_PARAMS": "'configure' '6.11'"}, 0, BUILT),
    "by hand": ("postinst.d", "6.12.1", {}, 0, BUILT),
    "make deb-pkg": ("postinst.d", "6.12.1 " + IMAGE, {"INITRD": "Yes"}, 0, BUILT),
    "needs none": ("postinst.d", "6.12.1 " + IMAGE, {"INITRD": "No"}, 0, []),
    "taken back": ("postinst.d", "6.12.1 " + IMAGE, {"DEB_MAINT_PARAMS": "abort-upgrade 6.11"}, 0, []),
    "no version": ("postinst.d", "", {}, 2, []),
    "upgraded": ("postrm.d", "6.1.0-9 " + IMAGE, {"DEB_MAINT_PARAMS": "upgrade 6.11"}, 0, []),
    "purged": ("postrm.d", "6.1.0-9 " + IMAGE, {"DEB_MAINT_PARAMS": "purge"}, 0, []),
    "removed, needed none": ("postrm.d", "6.1.0-9", {"INITRD": "No"}, 0, []),
    "removed, no version": ("postrm.d", "", {}, 0, []),
}


@pytest.mark.parametrize("name", HOOKS)
def test_hook(room, update, name):
    where, line, env, code, calls = HOOKS[name]
    hook = room.script(f"units/kernel/{where}/slipway", "hook")
    line = line.replace("/boot/", f"{room.path}/boot/")
    done = room.run(hook, *words(line), env=env)
    assert done.returncode == code, done.said
    assert room.calls() == calls
    assert done.stdout == "", "standard output may be debconf's"
    assert "initrd.img-6.1.0-9" in room.images()


@pytest.mark.parametrize("env", [{"DEB_MAINT_PARAMS": "remove"}, {"DEB_MAINT_PARAMS": "'remove'"}, {}])
def test_hook_removes(room, update, env):
    hook = room.script("units/kernel/postrm.d/slipway", "hook")
    assert room.run(hook, "6.1.0-9", f"{room.path}/boot/vmlinuz-6.1.0-9", env=env).returncode == 0
    assert room.images() == ["initrd.img-6.1.0-10"]


@pytest.mark.parametrize("where,params", [("postinst.d", "configure"), ("postrm.d", "remove")])
def test_hook_of_a_removed_package(room, where, params):
    """The hooks are conffiles: they stay when the package is removed, and must not fail then."""
    (room.path / "bin/slipway").unlink()
    hook = room.script(f"units/kernel/{where}/slipway", "hook")
    done = room.run(hook, "6.12.1", f"{room.path}/boot/vmlinuz-6.12.1", env={"DEB_MAINT_PARAMS": params})
    assert (done.returncode, done.said) == (0, "")


def test_kernel_below_another_directory(room, update):
    """The image goes beside the kernel."""
    (room.path / "elsewhere").mkdir()
    hook = room.script("units/kernel/postinst.d/slipway", "hook")
    assert room.run(hook, "6.12.1", f"{room.path}/elsewhere/vmlinuz-6.12.1").returncode == 0
    assert room.calls() == ["slipway build --force --kver 6.12.1 --output /elsewhere/initrd.img-6.12.1"]


# (words, calls): the package's own script
POSTINST = {
    "configure": ["slipway build --force --kver 6.12.1 --output /boot/initrd.img-6.12.1",
                  "dpkg-trigger --no-await update-initramfs"],
    "configure 0.0.9": ["dpkg-trigger --no-await update-initramfs"],
    "triggered update-initramfs": [BUILD.format("6.1.0-10")],
    "abort-upgrade 0.0.9": [],
}


@pytest.mark.parametrize("line", POSTINST)
def test_postinst(room, update, line):
    """At first the kernels without an image get one, unless they are not configured yet; then the trigger."""
    room.kernels("6.13.0", index=False)
    os.link(room.path / "usr/lib/slipway/update-initramfs", room.path / "bin/update-initramfs")
    done = room.run(room.script("units/debian/postinst"), *words(line), env={"DPKG_MAINTSCRIPT_PACKAGE": "slipway"})
    assert done.returncode == 0, done.said
    assert room.calls() == POSTINST[line]
