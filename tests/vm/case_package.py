# SPDX-License-Identifier: MIT
"""case_package: apt puts slipway in the place of initramfs-tools, the next kernel's package calls it, and the machine
boots that kernel by the entry that the installation made: firmware, systemd-boot, kernel, slipway."""
import contextlib
import pathlib
import shutil
import subprocess
import tempfile

import guests
import installed
import machine
import trial
from trial import case

# It mounts the ESP, and writes to it: half a minute without KVM.
MASKED = "systemd-boot-random-seed.service"
# The firmware's partition is a directory here until the disk is made of it.
RELAXED = {"SYSTEMD_RELAX_ESP_CHECKS": "1", "SYSTEMD_ESP_PATH": "/boot/efi"}
GENERATORS = {"initramfs-tools", "dracut", "tiny-initramfs"}


@contextlib.contextmanager
def a_system(t):
    """A copy of the installed Debian, gone afterwards. The ESP is on a tmpfs: bootctl wants another file system."""
    esp = pathlib.Path(tempfile.mkdtemp(prefix="slipway-esp-", dir="/dev/shm"))
    tree = t.directory / "tree"
    try:
        yield installed.System(t.guest, tree, esp)
    finally:
        shutil.rmtree(esp)
        shutil.rmtree(tree, ignore_errors=True)
        (t.directory / "disk.img").unlink(missing_ok=True)


def built_by_slipway(path):
    done = subprocess.run([trial.programs() / "slipway", "cat", path, "etc/initrd-release"], text=True, capture_output=True,
                          check=False)
    return done.returncode == 0 and "(slipway " in done.stdout


def assert_ours(path):
    """Nobody else may read it: it may hold keys."""
    assert built_by_slipway(path)
    assert path.stat().st_mode & 0o7777 == 0o600


def install_slipway(system):
    """apt takes initramfs-tools away and builds the image of the kernel that is there, once, at the end."""
    release, = system.kernels()
    image = system.tree / f"boot/initrd.img-{release}"
    assert not built_by_slipway(image)
    shutil.copy(trial.package(), system.tree / "var/tmp/slipway.deb")
    said = system.apt("install", "/var/tmp/slipway.deb")
    assert system.packages() & (GENERATORS | {"slipway"}) == {"slipway"}, said
    assert said.count("update-initramfs: Generating") == 1, said
    assert said.index("Processing triggers for slipway") < said.index("Generating"), said
    assert_ours(image)
    return release


def install_loader(system, settings):
    """systemd-boot, and what its entries shall say."""
    (system.tree / "etc/kernel/cmdline").write_text(f"{trial.UUID} ro {trial.WORDS}\n")
    (system.tree / "etc/kernel/install.conf").write_text(f"layout=bls\nBOOT_ROOT=/boot/efi\n{settings}")
    system.run("systemctl", "mask", MASKED)
    system.run("bootctl", "install", "--no-variables", "--esp-path=/boot/efi", **RELAXED)


def check_entry(system, image, name):
    """The loader's entry has one initrd, of that name, and that is the image."""
    entry = installed.entry_of(system.esp)
    assert [pathlib.Path(p).name for p in entry["initrd"]] == [name]
    assert (system.esp / entry["initrd"][0].lstrip("/")).read_bytes() == image.read_bytes()


def install_kernel(system):
    """linux-image-… calls us; what kernel-install then put beside the kernel for the boot loader is our image."""
    before = system.kernels()
    said = system.apt("install", guests.FULL, **RELAXED)
    release, = system.kernels() - before
    image = system.tree / f"boot/initrd.img-{release}"
    assert f"update-initramfs: Generating /boot/initrd.img-{release}\n" in said, said
    assert_ours(image)
    assert not system.packages() & GENERATORS
    check_entry(system, image, f"initrd.img-{release}")
    return release


def install_again(system, release):
    """kernel-install alone, without an image in /boot: our plugin builds it."""
    image = system.tree / f"boot/initrd.img-{release}"
    kept = image.rename(system.tree / "var/tmp/kept")
    system.run("kernel-install", "remove", release, **RELAXED)
    said = system.run("kernel-install", "--verbose", "add", release, f"/boot/vmlinuz-{release}", **RELAXED)
    assert f"slipway: slipway build --force --kver {release} --output " in said, said
    check_entry(system, kept, "initrd")  # the same tree gives the same bytes
    kept.rename(image)


def remove_kernel(system, release):
    """Its image goes with it; the others stay."""
    left = system.kernels() - {release}
    system.apt("purge", f"linux-image-{release}", guests.CLOUD, **RELAXED)
    assert {p.name for p in (system.tree / "boot").glob("initrd.img*")} == {f"initrd.img-{r}" for r in left}


def boot(t, system, release):
    """There and back, from the firmware on."""
    disk = machine.Disk(system.disk(t.directory / "disk.img"))
    with machine.Machine(t.directory, disks=[disk], memory=768, limit=420) as m:
        m.wait_for("Linux version", 120)
        m.wait_agent(240)
        assert m.run("uname -r; cat /run/initramfs/root-fsck; findmnt -no SOURCE /").split() == [release, "0", "/dev/vda2"]
        assert m.run("systemctl is-system-running --wait", timeout=120) == "running"
        assert "(initrd)" in m.run("systemd-analyze time")
        assert "initrd=" in m.run("cat /proc/cmdline"), "systemd-boot gave it"
        m.order("systemctl poweroff")
        t.assert_down(m, "poweroff")
        assert m.wait_end(60) == "guest-shutdown"
    t.assert_clean(disk, installed.ROOT_AT << 20)


@case
def package(t):
    """In initramfs-tools' place; the image in /boot goes to systemd-boot by Debian's own plugin of kernel-install."""
    with a_system(t) as system:
        old = install_slipway(system)
        install_loader(system, "")
        new = install_kernel(system)
        remove_kernel(system, old)
        boot(t, system, new)


@case
def plugin(t):
    """The same with initrd_generator=slipway: kernel-install asks our plugin."""
    with a_system(t) as system:
        install_slipway(system)
        install_loader(system, "initrd_generator=slipway\n")
        release = install_kernel(system)
        install_again(system, release)
        boot(t, system, release)


@case
def back(t):
    """One command of apt goes back to initramfs-tools; the images stay until that writes its own."""
    with a_system(t) as system:
        release = install_slipway(system)
        image = system.tree / f"boot/initrd.img-{release}"
        system.run("dpkg", "--force-depends", "--remove", "slipway")
        assert_ours(image)  # removal leaves the images
        # Its conffiles are still there, and do nothing.
        system.run("run-parts", f"--arg={release}", f"--arg=/boot/vmlinuz-{release}", "/etc/kernel/postinst.d")
        system.run("dpkg", "--install", "/var/tmp/slipway.deb")
        said = system.apt("install", "initramfs-tools")
        assert system.packages() & (GENERATORS | {"slipway"}) == {"initramfs-tools"}, said
        assert f"update-initramfs: Generating /boot/initrd.img-{release}\n" in said, said
        assert not built_by_slipway(image)
