# SPDX-License-Identifier: MIT
"""50-slipway.install: what it asks slipway for, and when it keeps out."""
import subprocess

import pytest
from room import TOP, words

PLUGIN = "units/kernel-install/50-slipway.install"
ADD = "add 6.1.0-1 /efi/token/6.1.0-1 /usr/lib/modules/6.1.0-1/vmlinuz"
OURS = {"KERNEL_INSTALL_INITRD_GENERATOR": "slipway", "KERNEL_INSTALL_LAYOUT": "bls"}
BUILD = "slipway build --force --kver 6.1.0-1"

# (words, environment beside OURS, what slipway is called with)
ROWS = {
    "quiet": (ADD, {"KERNEL_INSTALL_VERBOSE": "0"}, f"{BUILD} --output /stage/initrd --quiet"),
    "verbose": (ADD, {"KERNEL_INSTALL_VERBOSE": "1"}, f"{BUILD} --output /stage/initrd"),
    "no KERNEL_INSTALL_VERBOSE": (ADD, {}, f"{BUILD} --output /stage/initrd --quiet"),
    "uki layout, for ukify": (ADD, {"KERNEL_INSTALL_LAYOUT": "uki"}, f"{BUILD} --output /stage/initrd --quiet"),
    "uki layout, for slipway": (ADD, {"KERNEL_INSTALL_LAYOUT": "uki", "KERNEL_INSTALL_UKI_GENERATOR": "slipway"},
                                f"{BUILD} --uki /stage/uki.efi --uki-kernel {ADD.split()[-1]} --quiet"),
    "ukify makes the UKI": (ADD, {"KERNEL_INSTALL_UKI_GENERATOR": "ukify"}, f"{BUILD} --output /stage/initrd --quiet"),
    "layout of a third": (ADD, {"KERNEL_INSTALL_LAYOUT": "grub"}, f"{BUILD} --output /stage/initrd --quiet"),
    "layout other": (ADD, {"KERNEL_INSTALL_LAYOUT": "other"}, f"{BUILD} --quiet"),
    "pe image": (ADD, {"KERNEL_INSTALL_IMAGE_TYPE": "pe"}, f"{BUILD} --output /stage/initrd --quiet"),
    "kernel is an UKI": (ADD, {"KERNEL_INSTALL_IMAGE_TYPE": "uki"}, None),
    "initrd is given": (f"{ADD} /boot/initrd.img", {}, None),
    "two are given": (f"{ADD} /boot/a /boot/b", {}, None),
    "another generator": (ADD, {"KERNEL_INSTALL_INITRD_GENERATOR": "dracut"}, None),
    "no generator chosen": (ADD, {"KERNEL_INSTALL_INITRD_GENERATOR": ""}, None),
    "none": (ADD, {"KERNEL_INSTALL_INITRD_GENERATOR": "none"}, None),
    "remove": ("remove 6.1.0-1 /efi/token/6.1.0-1", {}, None),
    "add-all": ("unknown 6.1.0-1", {}, None),
}


@pytest.mark.parametrize("name", ROWS)
def test_add(room, name):
    arguments, environment, expected = ROWS[name]
    env = {**OURS, "KERNEL_INSTALL_STAGING_AREA": str(room.path / "stage"), **environment}
    done = room.run(room.script(PLUGIN), *words(arguments), env=env)
    assert done.returncode == 0, done.said
    assert room.calls() == ([expected] if expected else [])
    assert (room.path / "stage/initrd").exists() == bool(expected and "--output" in expected)
    assert bool(done.said) == (environment.get("KERNEL_INSTALL_VERBOSE") == "1"), done.said


def test_one_initrd_where_debians_plugin_stages_its_own(room):
    """It links /boot/initrd.img-VERSION, whoever the generator is: ours has that name then, and no second one stays."""
    room.text("boot/initrd.img-6.1.0-1", "in /boot")
    env = {**OURS, "KERNEL_INSTALL_STAGING_AREA": str(room.path / "stage")}
    assert room.run(room.script(PLUGIN), *words(ADD), env=env).returncode == 0
    assert room.calls() == [f"{BUILD} --output /stage/initrd.img-6.1.0-1 --quiet"]
    assert [p.name for p in (room.path / "stage").iterdir()] == ["initrd.img-6.1.0-1"]


def test_one_that_the_kernel_came_with(room):
    """An initrd beside the kernel, in its directory of modules, is the distribution's; in /boot it is anybody's."""
    room.text("usr/lib/modules/6.1.0-1/initrd", "shipped")
    room.text("boot/initrd", "whose?")
    env = {**OURS, "KERNEL_INSTALL_STAGING_AREA": str(room.path / "stage")}
    argv = words("add 6.1.0-1 /efi/token/6.1.0-1")
    plugin = room.script(PLUGIN)
    assert room.run(plugin, *argv, f"{room.path}/usr/lib/modules/6.1.0-1/vmlinuz", env=env).returncode == 0
    assert room.calls() == []
    assert (room.path / "stage/initrd").read_text() == "shipped"
    assert (room.path / "stage/initrd").stat().st_mode & 0o777 == 0o600
    assert room.run(plugin, *argv, f"{room.path}/boot/vmlinuz", env=env).returncode == 0
    assert room.calls() == [f"{BUILD} --output /stage/initrd --quiet"]


def test_keeps_out_without_any_environment(room):
    """kernel-install before version 250 sets nothing of it."""
    done = room.run(room.script(PLUGIN), *words(ADD))
    assert (done.returncode, done.said, room.calls()) == (0, "", [])


def test_remove(room):
    """kernel-install takes the entry's directory away itself; what layout=other left in /boot is ours to take."""
    ours = [room.text(f"boot/{n}") for n in ("initrd.img-6.1.0-1", "initramfs-6.1.0-1.img", "initrd-6.1.0-1")]
    others = [room.text(f"boot/{n}") for n in ("initrd.img-6.1.0-11", "initramfs-6.1.0-1.img.old", "vmlinuz-6.1.0-1")]
    plugin = room.script(PLUGIN)
    argv = words("remove 6.1.0-1 /efi/token/6.1.0-1")
    assert room.run(plugin, *argv, env=OURS).returncode == 0
    assert all(p.exists() for p in ours)
    assert room.run(plugin, *argv, env={"KERNEL_INSTALL_LAYOUT": "other"}).returncode == 0
    assert all(p.exists() for p in ours)
    assert room.run(plugin, *argv, env={**OURS, "KERNEL_INSTALL_LAYOUT": "other"}).returncode == 0
    assert not any(p.exists() for p in ours) and all(p.exists() for p in others)


@pytest.mark.parametrize("code,expected", [(0, 0), (1, 1), (2, 2), (3, 0), (4, 4)])
def test_exit_code(room, code, expected):
    """A warning of verify is no reason to fail a kernel's installation, anything else is."""
    room.fake("slipway", code=code)
    env = {**OURS, "KERNEL_INSTALL_STAGING_AREA": str(room.path / "stage")}
    assert room.run(room.script(PLUGIN), *words(ADD), env=env).returncode == expected


def test_sorts_after_depmod_and_before_those_that_take_the_image():
    """kernel-install runs them in the order of strcmp(3)."""
    names = ["50-depmod.install", "55-initrd.install", "60-ukify.install", "85-initrd.install",
             "90-loaderentry.install", "90-uki-copy.install"]
    sorted_names = subprocess.run(["sort"], input="\n".join([*names, (TOP / PLUGIN).name]), text=True, check=True,
                                  capture_output=True, env={"LC_ALL": "C"}).stdout.split()
    assert sorted_names.index("50-slipway.install") == 1
