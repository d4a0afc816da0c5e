# SPDX-License-Identifier: MIT
"""The part of the image that /init unpacks when a boot needs it."""
import os
import shutil
import subprocess

from initramfs import libraries, run, start

PACKED = "/usr/lib/slipway/reserve.cpio.zst"


def reserve_of(tmp_path, cut=None):
    """A step that puts in a reserve with a shell and its libraries, or the first bytes of one."""
    tree, packed = tmp_path / "tree", tmp_path / "reserve"
    for source, path in [("/bin/dash", "/bin/sh"), *((lib, lib) for lib in libraries("/bin/dash"))]:
        to = tree / path.lstrip("/")
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(os.path.realpath(source), to)
    names = "\n".join(str(p.relative_to(tree)) for p in sorted(tree.rglob("*")) if p.is_file())
    archive = subprocess.run(["cpio", "-o", "-H", "newc", "--quiet"], cwd=tree, input=names.encode(),
                             stdout=subprocess.PIPE, check=True).stdout
    packed.write_bytes(subprocess.run(["zstd", "-q"], input=archive, stdout=subprocess.PIPE, check=True).stdout[:cut])
    return ["copy", str(packed), PACKED, 0o644]


def test_shell_of_the_reserve(tmp_path):
    """The archive has no parents for its files; libraries that the first archive has too are replaced under /init."""
    room = start(tmp_path, cmdline="rd.break=check", steps=[reserve_of(tmp_path)])
    room.expect("# ", "console")
    room.send(f"[ -e {PACKED} ] && echo left; [ -e /usr/lib/slipway/reserve ] && echo staged; echo end-$((1+1)); exit\n")
    r = room.finish()
    assert r.status == 0
    assert r.kmsg.count("unpacked the image's reserve") == 1
    assert "end-2" in r.console
    assert "\nleft" not in r.console and "\nstaged" not in r.console


def test_boot_that_needs_nothing_of_it(tmp_path):
    r = run(tmp_path, steps=[reserve_of(tmp_path)])
    assert r.status == 0
    assert "reserve" not in r.kmsg


def test_damaged_reserve_is_one_error(tmp_path):
    r = run(tmp_path, cmdline="rd.shell=1", steps=[reserve_of(tmp_path, cut=5000)])
    assert r.status == 0
    assert r.report["argv"] == ["/sbin/init"]
    assert r.kmsg.count("cannot unpack") == 1
    assert "it is cut off, at byte" in r.kmsg and "going on without the tools and modules in it" in r.kmsg
