# SPDX-License-Identifier: MIT
"""A root in memory: unpacked from archives, the initramfs itself, or a copy of it."""
import io
import os
import re
import stat
import subprocess
import tarfile

import pytest

import initramfs
from initramfs import mounts, run, run_to_failure

LIBRARY = "/usr/lib/x86_64-linux-gnu/libarchive.so.13"
PACKERS = {"": None, ".gz": ["gzip", "-c"], ".xz": ["xz", "-c"], ".zst": ["zstd", "-qc"], ".lz4": ["lz4", "-qc"],
           ".bz2": ["bzip2", "-c"]}
NOISE = os.urandom(200000)


def packed(files, suffix="", spoil=None):
    """A tar of {name: bytes, or a dict of tarfile's fields}, packed; `spoil` changes its bytes."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.mode, info.mtime = 0o644, 1600000000
            if isinstance(content, dict):
                for key, value in content.items():
                    setattr(info, key, value)
                content = b""
            else:
                info.size = len(content)
                info.mode = 0o755 if content[:4] == b"\x7fELF" else 0o644
            tar.addfile(info, io.BytesIO(content))
    data = out.getvalue()
    if PACKERS[suffix]:
        data = subprocess.run(PACKERS[suffix], input=data, stdout=subprocess.PIPE, check=True).stdout
    return spoil(data) if spoil else data


def at(tmp_path, archives, where="/pkgs/"):
    """Steps that lay them into the initramfs, with the library."""
    # What it wants of a program's libraries is found as a program's would.
    steps = [["program", LIBRARY, LIBRARY], ["mkdir", "/pkgs"]]
    for name, data in archives.items():
        (tmp_path / name).write_bytes(data)
        steps.append(["copy", str(tmp_path / name), where + name, 0o644])
    return steps


def init():
    return initramfs.next_init().read_bytes()


def test_archives_of_a_directory_in_order(tmp_path):
    archives = {
        f"{n}-part.tar{suffix}": packed({f"from{suffix or '.tar'}": b"x", "order": str(n).encode()}, suffix)
        for n, suffix in enumerate(PACKERS)
    }
    archives["9-init.tar"] = packed({"sbin/init": init(), "./etc": {"type": tarfile.DIRTYPE, "mode": 0o700},
                                     "./etc/ü": b"y", "/abs": {"type": tarfile.SYMTYPE, "linkname": "etc/ü"}})
    archives["readme"] = b"no archive"
    archives[".hidden.tar"] = b"no archive"
    r = run(tmp_path, cmdline="rd.slipway.archives=/pkgs rd.slipway.ram=size=64m", sysroot=False,
            steps=at(tmp_path, archives))
    assert r.status == 0
    assert re.findall(r"unpacked (\S+):", r.kmsg) == sorted(archives)[1:-1]
    assert {"from" + (suffix or ".tar") for suffix in PACKERS} <= set(r.report["name"])
    fstype, _, options, data = mounts(r)["/"]
    assert fstype == "tmpfs" and "rw" in options and "size=65536k" in data and "mode=755" in data
    assert "init" not in r.old and "pkgs" not in r.old, "the initramfs is still there"


@pytest.mark.parametrize("suffix", PACKERS)
def test_one_archive_of_each_kind(tmp_path, suffix):
    name = "root.tar" + suffix
    r = run(tmp_path, cmdline=f"rd.slipway.archives=/pkgs/{name}", sysroot=False,
            steps=at(tmp_path, {name: packed({"sbin/init": init(), "noise": NOISE}, suffix)}))
    assert r.status == 0 and f"unpacked /pkgs/{name}: 2 files" in r.kmsg


def cut(data):
    return data[:150000]


def flip(data):
    """Far from the beginning, where the noise is: the stream itself stays one."""
    return data[:100000] + bytes([data[100000] ^ 1]) + data[100001:]


SPOILT = {
    **{f"cut{s or '.tar'}": (s, cut) for s in PACKERS},
    **{f"flipped{s}": (s, flip) for s in PACKERS if s},
    "text": ("", lambda data: b"this is no archive\n"),
    "empty": ("", lambda data: b""),
    "end-missing": ("", lambda data: data.rstrip(b"\0") + b"\0" * (-len(data.rstrip(b"\0")) % 512)),
}


@pytest.mark.parametrize("name", SPOILT)
def test_damaged_second_archive_leaves_no_root(tmp_path, name):
    suffix, spoil = SPOILT[name]
    second = packed({"etc/passwd": b"root\n", "noise": NOISE}, suffix, spoil)
    archives = {"1.tar.xz": packed({"sbin/init": init()}, ".xz"), f"2.tar{suffix}": second, "3.tar": packed({"x": b""})}
    r = run_to_failure(tmp_path, cmdline="rd.slipway.archives=/pkgs", sysroot=False, steps=at(tmp_path, archives))
    said = re.findall(r"<27>slipway: root: (.*)", r.kmsg)
    assert len(said) == 2 and re.match(rf"cannot unpack 2\.tar{suffix} for the root: .+; nothing of it is used$", said[0]), said
    assert "unpacked 1.tar.xz" in r.kmsg and "3.tar" not in r.kmsg
    assert " /sysroot " not in r.mounts, "half a root is still there"
    assert "init" in r.old


def test_nothing_leaves_the_new_root(tmp_path):
    """By "..", by an absolute name, or through a link of an earlier archive."""
    archives = {
        "1.tar": packed({"out": {"type": tarfile.SYMTYPE, "linkname": "/etc"},
                         "up": {"type": tarfile.SYMTYPE, "linkname": "../../.."}}),
        "2.tar": packed({"sbin/init": init(), "etc": {"type": tarfile.DIRTYPE, "mode": 0o755}}),
        "3.tar": packed({"out/through-link": b"x", "../../dotted": b"x", "/absolute": b"x", "up/climbed": b"x"}),
    }
    steps = [*at(tmp_path, archives), ["mkdir", "/etc"], ["mount", "/kept2"]]
    r = run(tmp_path, cmdline="rd.slipway.archives=/pkgs", sysroot=False, steps=steps)
    assert r.status == 0
    assert {"dotted", "absolute", "climbed"} <= set(r.report["name"])
    assert "kept2" in r.old and not [n for n in r.old if re.search("dotted|absolute|climbed|through", n)]


def test_modes_owners_and_links(tmp_path):
    """They are looked at before the switch, by a boot that ends there: the next init may be anything."""
    archives = {"1.tar": packed({
        "sbin/init": init(), "su": {"mode": 0o4755}, "d": {"type": tarfile.DIRTYPE, "mode": 0o2750},
        "same": {"type": tarfile.LNKTYPE, "linkname": "su"}, "pipe": {"type": tarfile.FIFOTYPE, "mode": 0o600}})}
    steps = [*at(tmp_path, archives), ["program", "/bin/dash", "/bin/sh"], ["program", "/usr/bin/stat", "/bin/stat"]]
    room = initramfs.start(tmp_path, cmdline="rd.slipway.archives=/pkgs rd.break=check", sysroot=False, steps=steps)
    room.expect("# ", "console")
    room.send("cd /sysroot && stat -c %n:%a:%h:%F:%Y su d same pipe; echo end-$((1+1)); exit\n")
    r = room.finish()
    said = r.console.replace("\r", "")
    assert "su:4755:2:regular empty file:1600000000" in said and "same:4755:2:" in said
    assert "d:2750:2:directory:1600000000" in said and "pipe:600:1:fifo:" in said


def test_root_that_is_too_small(tmp_path):
    r = run_to_failure(tmp_path, cmdline="rd.slipway.archives=/pkgs rd.slipway.ram=size=100k", sysroot=False,
                       steps=at(tmp_path, {"1.tar": packed({"noise": NOISE})}))
    assert "cannot make noise: No space left on device; rd.slipway.ram=size= says how large the root may become" in r.kmsg
    assert " /sysroot " not in r.mounts


@pytest.mark.parametrize("word,steps,why", [
    ("/none", [], "No such file or directory"),
    ("/empty", [["mkdir", "/empty"]], "there is no archive in it"),
    ("/fifo", [["fifo", "/fifo", 0o644]], "it is neither a file nor a directory"),
])
def test_no_archives(tmp_path, word, steps, why):
    r = run_to_failure(tmp_path, cmdline=f"rd.slipway.archives={word}", sysroot=False, steps=steps)
    assert f"cannot unpack the root from {word} of the image: {why}" in r.kmsg


def test_image_without_the_library(tmp_path):
    (tmp_path / "a.tar").write_bytes(packed({"x": b""}))
    r = run_to_failure(tmp_path, cmdline="rd.slipway.archives=/a.tar", sysroot=False,
                       steps=[["copy", str(tmp_path / "a.tar"), "/a.tar", 0o644]])
    assert "this image lacks libarchive (slipway build --archives yes puts it in)" in r.kmsg


# -- staying ---------------------------------------------------------------------------------------------------------


SYSTEM = [["mkdir", "/etc"], ["file", "/etc/initrd-release", "ID=x\n"], ["mkdir", "/usr/lib"],
          ["file", "/usr/lib/initrd-release", "ID=x\n"], ["file", "/etc/hostname", "ram\n"]]


def system():
    return [["copy", str(initramfs.next_init()), "/sbin/init"], *SYSTEM]


def test_initramfs_is_the_system(tmp_path):
    r = run(tmp_path, cmdline="rd.slipway.stay rd.slipway.ram=size=90m,nr_inodes=5000", sysroot=False, steps=system(),
            args=["single"])
    assert r.status == 0
    told = dict(line.split("\t", 1) for line in r.old["report"][1].splitlines() if not line.startswith("mount"))
    assert (told["argv"], told["pid"], told["cwd"]) == ("single", "1", "/")
    root = re.search(r"^mount\t\S+ \S+ \S+ / / .* - tmpfs \S+ (.*)$", r.old["report"][1], re.M)
    assert {"size=92160k", "nr_inodes=5000"} <= set(root[1].split(",")), root[1]
    assert "etc/hostname" in r.old and "init" in r.old
    assert "etc/initrd-release" not in r.old and "usr/lib/initrd-release" not in r.old
    assert {"run/slipway/profile.json", "run/initramfs"} <= set(r.run)
    assert "switch-root/move" not in r.run["run/slipway/profile.json"][1]


def test_nothing_to_stay_for(tmp_path):
    """Neither the rescue shell nor /init itself is a system."""
    r = run_to_failure(tmp_path, cmdline="rd.slipway.stay init=/init", sysroot=False,
                       steps=[["program", "/bin/dash", "/bin/sh"]])
    assert "init=/init cannot be executed: it is the initramfs's own" in r.kmsg
    assert "the root has no init that can be executed" in r.kmsg
    assert "rd.slipway.stay is for an image that has a system" in r.kmsg


def test_limit_that_cannot_be_set(tmp_path):
    r = run(tmp_path, cmdline="rd.slipway.stay rd.slipway.ram=size=nonsense", sysroot=False, steps=system())
    assert r.status == 0
    assert "cannot limit the initramfs to size=nonsense: Invalid argument, ignoring" in r.kmsg


def test_systemd_that_stays_is_not_told_of_a_switch(tmp_path):
    steps = [["mkdir", "/usr/lib/systemd"], ["copy", str(initramfs.next_init()), "/usr/lib/systemd/systemd"],
             ["mkdir", "/sbin"], ["symlink", "/sbin/init", "/usr/lib/systemd/systemd"], *SYSTEM]
    r = run(tmp_path, cmdline="rd.slipway.stay", sysroot=False, steps=steps)
    assert re.findall("argv\t(.*)", r.old["report"][1]) == ["/sbin/init"]


def test_copied_initramfs(tmp_path):
    steps = [*system(), ["mkdir", "/d", 0o1777], ["link", "/d/second", "/etc/hostname"], ["symlink", "/d/l", "../etc/x"],
             ["file", "/d/su", "x", 0o4711], ["fifo", "/d/pipe", 0o620], ["mount", "/other"], ["file", "/other/file", "x"]]
    r = run(tmp_path, cmdline="rd.slipway.stay=copy rd.slipway.ram=size=80m", sysroot=False, steps=steps)
    assert r.status == 0
    assert "copied the initramfs to a tmpfs" in r.kmsg
    fstype, _, options, data = mounts(r)["/"]
    assert fstype == "tmpfs" and "size=81920k" in data and "mode=755" in data
    assert {"init", "etc", "d", "usr", "sbin", "other"} <= set(r.report["name"])
    # The one that was copied is empty but for what was mounted in it.
    assert not {n for n in r.old if n.split("/")[0] not in ("other", "kept", "dev", "proc", "sys", "run", "sysroot")}


def test_copy_keeps_what_files_are(tmp_path):
    steps = [*system(), ["mkdir", "/d", 0o1777], ["link", "/d/second", "/etc/hostname"], ["symlink", "/d/l", "../etc/x"],
             ["file", "/d/su", "x", 0o4711], ["fifo", "/d/pipe", 0o620],
             ["program", "/bin/dash", "/bin/sh"], ["program", "/usr/bin/stat", "/bin/stat"]]
    room = initramfs.start(tmp_path, cmdline="rd.slipway.stay=copy rd.break=check", sysroot=False, steps=steps)
    room.expect("# ", "console")
    room.send("cd /sysroot && stat -c '%n:%a:%h:%F:%N' d d/second d/l d/su d/pipe proc; echo end; exit\n")
    said = room.finish().console.replace("\r", "")
    for line in ("d:1777:2:directory", "d/second:644:2:regular file", "d/su:4711:1:regular file", "d/pipe:620:1:fifo",
                 "d/l:777:1:symbolic link:'d/l' -> '../etc/x'", "proc:555:2:directory"):
        assert line in said, line


def test_copy_that_does_not_fit(tmp_path):
    r = run_to_failure(tmp_path, cmdline="rd.slipway.stay=copy rd.slipway.ram=size=64k", sysroot=False, steps=system())
    assert "cannot copy the initramfs to a tmpfs (rd.slipway.ram=size= says how large that may become): No space left" in r.kmsg
    assert " /sysroot " not in r.mounts and "sbin/init" in r.old
    assert stat.S_ISREG(r.old["init"][0])
