# SPDX-License-Identifier: MIT
"""make install: what is placed where, with which mode; nothing besides."""
import os
import stat
import subprocess

import pytest
from room import TOP

BUILT = os.environ.get("B", "build")
# The pages of docs/man are listed by themselves.
PLACED = """
755 usr/bin/slipway
755 usr/lib/slipway/init
755 usr/lib/slipway/shutdown
755 usr/lib/slipway/cradle
644 usr/lib/slipway/initrd/slipway-stage.service
644 usr/lib/slipway/initrd/slipway-no-shell.service
644 usr/lib/slipway/initrd/emergency.service.d/50-slipway.conf
644 usr/lib/slipway/initrd/mdmon@.service.d/50-slipway.conf
644 usr/lib/systemd/system/mdmon@.service.d/50-slipway.conf
755 usr/lib/slipway/s6-finish
755 usr/lib/slipway/script-init
755 usr/lib/slipway/update-initramfs
755 usr/lib/kernel/install.d/50-slipway.install
755 etc/kernel/postinst.d/slipway
755 etc/kernel/postrm.d/slipway
644 usr/share/libalpm/hooks/60-slipway-remove.hook
644 usr/share/libalpm/hooks/90-slipway-install.hook
755 usr/share/libalpm/scripts/slipway
644 usr/share/bash-completion/completions/slipway
644 usr/share/zsh/vendor-completions/_slipway
"""


def install(path, *settings):
    argv = ["make", "-s", "install", f"B={BUILT}", f"DESTDIR={path}", *settings]
    env = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    # Whoever installs may have any umask.
    done = subprocess.run(["sh", "-c", 'umask 077; exec "$@"', "sh", *argv], cwd=TOP, env=env, text=True,
                          capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return {str(p.relative_to(path)): stat.S_IMODE(p.lstat().st_mode) for p in path.rglob("*") if not p.is_dir()}


def pages(prefix="usr"):
    return {f"{prefix}/share/man/man{p.suffix[1:]}/{p.name}": 0o644 for p in (TOP / "docs/man").iterdir()}


def placed(*without):
    rows = (line.split() for line in PLACED.split("\n") if line)
    return {name: int(mode, 8) for mode, name in rows if not name.startswith(without or ("/",))}


def units():
    return {f"usr/lib/systemd/system/{p.name}": 0o644 for p in (TOP / "units").glob("*.service")}


def test_all(tmp_path):
    assert install(tmp_path) == {**placed(), **pages(), **units()}


def test_some(tmp_path):
    found = install(tmp_path, "integration=kernel-install")
    assert found == {**placed("etc/", "usr/share/libalpm", "usr/lib/slipway/update-initramfs"), **pages(), **units()}


def test_prefix(tmp_path):
    """The hooks find update-initramfs where it was placed."""
    found = install(tmp_path, "prefix=/opt/s", "sysconfdir=/opt/etc")
    assert all(name.startswith("opt/") for name in found) and "opt/s/lib/slipway/init" in found
    for where in ("postinst.d", "postrm.d"):
        text = (tmp_path / f"opt/etc/kernel/{where}/slipway").read_text()
        assert "/opt/s/lib/slipway/update-initramfs" in text and "/usr/lib" not in text
        assert found[f"opt/etc/kernel/{where}/slipway"] == 0o755


@pytest.mark.parametrize("setting,name", [("bindir=/b", "b/slipway"), ("mandir=/m", "m/man8/slipway.8"),
                                          ("kernelinstalldir=/k", "k/50-slipway.install"),
                                          ("alpmdir=/a", "a/hooks/60-slipway-remove.hook")])
def test_directories(tmp_path, setting, name):
    assert name in install(tmp_path, setting)
