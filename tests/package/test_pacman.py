# SPDX-License-Identifier: MIT
"""The hooks of pacman: what they trigger on, and what the script does with the files it is told of."""
import configparser

import pytest
from room import TOP

SCRIPT = "units/pacman/slipway"
HOOKS = TOP / "units/pacman"


@pytest.fixture
def pacman(room):
    """Two kernels of packages, and a directory of modules of nobody."""
    for kver, base in (("6.12.1-arch1-1", "linux"), ("6.6.9-1-lts", "linux-lts")):
        room.text(f"usr/lib/modules/{kver}/pkgbase", base + "\n")
        room.text(f"usr/lib/modules/{kver}/vmlinuz", f"kernel {kver}")
    room.text("usr/lib/modules/6.0-mine/vmlinuz")
    script = room.script(SCRIPT, "bin/hook")
    return lambda command, *targets: room.run(script, command, stdin="".join(f"{t}\n" for t in targets))


def build(kver):
    return f"slipway build --force --kver {kver}"


def test_one_kernel(room, pacman):
    done = pacman("install", "usr/lib/modules/6.12.1-arch1-1/vmlinuz")
    assert done.returncode == 0, done.said
    assert room.calls() == [build("6.12.1-arch1-1")]
    assert (room.path / "boot/vmlinuz-linux").read_text() == "kernel 6.12.1-arch1-1"
    assert not (room.path / "boot/vmlinuz-linux-lts").exists()


@pytest.mark.parametrize("target", ["usr/bin/slipway", "usr/lib/firmware/amdgpu/x.bin.zst"])
def test_all_kernels(room, pacman, target):
    assert pacman("install", "usr/lib/modules/6.6.9-1-lts/vmlinuz", target).returncode == 0
    assert room.calls() == [build("6.12.1-arch1-1"), build("6.6.9-1-lts")]


def test_not_of_a_package(room, pacman):
    assert pacman("install", "usr/lib/modules/6.0-mine/vmlinuz").returncode == 0
    assert pacman("remove", "usr/lib/modules/6.0-mine/vmlinuz").returncode == 0
    assert room.calls() == []


@pytest.mark.parametrize("code,expected", [(0, 0), (1, 1), (3, 0), (4, 1)])
def test_exit_code(room, pacman, code, expected):
    """One that fails does not stop the others."""
    room.fake("slipway", code=code)
    assert pacman("install", "usr/bin/slipway").returncode == expected
    assert len(room.calls()) == 2


def test_remove(room, pacman):
    for name in ("vmlinuz-linux", "initramfs-linux.img", "vmlinuz-linux-lts", "initramfs-linux-lts.img"):
        room.text(f"boot/{name}")
    assert pacman("remove", "usr/lib/modules/6.6.9-1-lts/vmlinuz").returncode == 0
    left = ["initramfs-linux.img", "vmlinuz-linux"]
    assert sorted(p.name for p in (room.path / "boot").iterdir()) == left
    assert pacman("remove", "usr/bin/slipway").returncode == 0
    assert sorted(p.name for p in (room.path / "boot").iterdir()) == left, "no kernel was removed"
    assert room.calls() == []


@pytest.mark.parametrize("name,when", [("60-slipway-remove", "PreTransaction"), ("90-slipway-install", "PostTransaction")])
def test_hook_file(name, when):
    """What alpm-hooks(5) requires: [Trigger] with Type, Operation, Target; [Action] with When and Exec."""
    text = (HOOKS / f"{name}.hook").read_text()
    sections = text.split("[Trigger]")[1:]
    sections[-1], action = sections[-1].split("[Action]")
    for section in sections:
        keys = {line.split("=")[0].strip() for line in section.splitlines() if "=" in line}
        assert keys == {"Type", "Operation", "Target"}
        assert "Type = Path\n" in section
        targets = [line.split("=")[1].strip() for line in section.splitlines() if line.startswith("Target")]
        assert targets and not any(t.startswith("/") for t in targets), "paths are relative to the root"
    parser = configparser.ConfigParser(allow_no_value=True)
    parser.read_string("[Action]" + action)
    found = dict(parser["Action"])
    assert found["when"] == when and "needstargets" in found
    assert found["exec"].split()[0] == "/usr/share/libalpm/scripts/slipway"
