# SPDX-License-Identifier: MIT
"""make deb: the package, built in two directories at two times with other settings: the same bytes."""
import os
import re
import subprocess

import pytest
from room import TOP


def build(path, **env):
    """make deb in a copy of the tree; the package's path."""
    path.mkdir(parents=True)
    source = subprocess.Popen(["tar", "-c", "--exclude=./build", "--exclude=./.git", "."], cwd=TOP,
                              stdout=subprocess.PIPE)
    subprocess.run(["tar", "-x"], cwd=path, stdin=source.stdout, check=True)
    assert source.wait() == 0
    done = subprocess.run(["make", "deb"], cwd=path, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **env})
    assert done.returncode == 0, done.stdout[-4000:]
    found = list((path / "build/deb").glob("*.deb"))
    assert len(found) == 1
    return found[0]


@pytest.fixture(scope="session")
def package(tmp_path_factory):
    return build(tmp_path_factory.mktemp("deb") / "a")


def ask(package, *fields):
    return subprocess.run(["dpkg-deb", "-f", package, *fields], text=True, capture_output=True, check=True).stdout


def names(text):
    return {re.split(r"[ (]", word.strip())[0] for word in text.split(",")}


def test_fields(package):
    """apt puts it in the place of initramfs-tools or dracut, and no kernel's package brings those back."""
    for field in ("Provides", "Conflicts", "Replaces"):
        assert names(ask(package, field)) == {"linux-initramfs-tool"}
    depends = names(ask(package, "Depends"))
    assert {"kmod", "linux-base", "libc6", "libkmod2", "libblkid1", "libmount1", "libzstd1"} <= depends


def test_version_is_the_programs(package):
    version = re.search(r"^VERSION := (\S+)", (TOP / "Makefile").read_text(), re.M)[1]
    assert ask(package, "Version").strip() == version
    said = subprocess.run([TOP / os.environ.get("B", "build") / "slipway", "--version"], text=True, capture_output=True, check=True).stdout
    assert said == f"slipway {version}\n"


def test_content(package):
    listing = subprocess.run(["dpkg-deb", "-c", package], text=True, capture_output=True, check=True).stdout
    rows = [line.split(None, 5) for line in listing.splitlines()]
    assert {row[1] for row in rows} == {"root/root"}
    found = {row[5].split(" -> ")[0][2:]: row for row in rows if not row[5].endswith("/")}
    assert found["usr/sbin/update-initramfs"][5].endswith(" -> ../lib/slipway/update-initramfs")
    for name in ("usr/bin/slipway", "usr/lib/slipway/init", "usr/lib/slipway/shutdown", "etc/kernel/postinst.d/slipway"):
        assert found[name][0] == "-rwxr-xr-x"
    assert not any("libalpm" in name or name.startswith("boot") for name in found)
    manuals = {name.split("/")[-1] for name in found if "/man/" in name}
    assert {f"{p.name}.gz" for p in (TOP / "docs/man").iterdir()} | {"update-initramfs.8.gz"} == manuals


def test_control_files(package, tmp_path):
    """Each file of /etc is a conffile: what the administrator changed there is not overwritten."""
    subprocess.run(["dpkg-deb", "-R", package, tmp_path / "x"], check=True)
    etc = {"/" + str(p.relative_to(tmp_path / "x")) for p in (tmp_path / "x/etc").rglob("*") if p.is_file()}
    assert set((tmp_path / "x/DEBIAN/conffiles").read_text().split()) == etc
    assert re.search(r"^interest-noawait update-initramfs$", (tmp_path / "x/DEBIAN/triggers").read_text(), re.M)
    assert not (tmp_path / "x/DEBIAN/postrm").exists(), "images stay"


def test_build_depends():
    """What tests/packages lists as needed for the programs is what the package needs to build."""
    lines = (TOP / "tests/packages").read_text().splitlines()
    wanted = {line.split("#")[0].strip() for line in lines if re.search(r"^lib\S+-dev\s+# .*\b(init|slipway)\b", line)}
    control = (TOP / "units/debian/control").read_text()
    found = names(re.search(r"^Build-Depends:(.*?)\n(?=\S|\n)", control, re.M | re.S)[1])
    assert {name for name in found if name.startswith("lib")} == wanted


def test_same_bytes(package, tmp_path):
    again = build(tmp_path / "a" / "longer" / "path", TZ="Asia/Tokyo", LC_ALL="C.UTF-8", HOME="/nonexistent")
    assert again.read_bytes() == package.read_bytes()
