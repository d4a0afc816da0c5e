# SPDX-License-Identifier: MIT
"""case_ways: other ways in: a clean hand-over, archives, staying, a ramdisk, the root by its partition's type."""
import lzma
import os
import re
import shutil
import subprocess
import tarfile

import guests
import machine
import trial
from case_contract import check_running
from case_root import root_mount
from trial import case, mounts, report_of

ROOT_TYPE, USR_TYPE = "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709", "8484680C-9521-48C6-9C11-B0720656F69E"
MIB = 1 << 20
RAMDISK = 96  # MiB, all of which are written


def report_init(t):
    return t.tree() / "usr/local/sbin/report-init"


def tiny_root(t, name, *more):
    """A tree that has the init that reports, and nothing else but empty files of these names."""
    top = t.directory / name
    (top / "sbin").mkdir(parents=True)
    shutil.copy(report_init(t), top / "sbin/init")
    for path in more:
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).touch()
    return top


def cpio(top, out):
    """All that is in there, as the kernel takes it."""
    names = "\n".join(str(p.relative_to(top)) for p in sorted(top.rglob("*"))) + "\n"
    with open(out, "ab") as f:
        subprocess.run(["cpio", "-o", "-H", "newc", "--quiet", "-R", "0:0"], cwd=top, input=names.encode(), stdout=f,
                       check=True)
    return out


# -- the clean hand-over ---------------------------------------------------------------------------------------------


@case
def clean(t):
    """systemd mounts /proc, /sys and /dev itself, once each, sysvinit all but /dev, which its root has no console in; /run is
    the one of the initramfs."""
    systemd = t.guest != "others"
    # sysvinit without udev mounts no devtmpfs: on a root with a console in its /dev there would be no disk.
    with t.boot("rd.slipway.api=clean", disks=[t.disk() if systemd else t.spoiled_disk("rm /dev/console")]) as m:
        if systemd:
            check_running(m)
        else:
            m.wait_agent()
        targets = [mount.target for mount in mounts(m.run("cat /proc/self/mountinfo").splitlines())]
        assert [targets.count(p) for p in ("/proc", "/sys", "/dev", "/run", "/run/initramfs")] == [1] * 5, targets
        assert m.run("cat /run/initramfs/root-fsck") == "0"
        assert "null" in m.run("ls /dev")
        m.order("poweroff")
        if systemd:
            t.assert_down(m, "poweroff")
        assert m.wait_end(90) == "guest-shutdown"
    t.assert_clean(m.disks[0])


# -- archives --------------------------------------------------------------------------------------------------------


def archives_image(t):
    """An image with libarchive. No guest has that: it comes from this machine, which is a Debian 12 too."""
    library = "/usr/lib/x86_64-linux-gnu/libarchive.so.13"
    more, merged = t.directory / "more", t.directory / "merged"
    merged.mkdir()
    (more / "usr/lib/x86_64-linux-gnu").mkdir(parents=True)
    said = subprocess.run(["ldd", library], text=True, stdout=subprocess.PIPE, check=True).stdout
    for path in [library, *re.findall(r"=> (/\S+)", said)]:
        name = os.path.basename(path)
        if not (t.tree() / "usr/lib/x86_64-linux-gnu" / name).exists():
            shutil.copy(os.path.realpath(path), more / "usr/lib/x86_64-linux-gnu" / name)
    image = t.directory / "archives.img"
    script = 'mount -t overlay -o "lowerdir=$1:$2" overlay "$3" && shift 3 && exec "$@"'
    subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", more, t.tree(), merged, trial.programs() / "slipway", "build",
                    "--sysroot", merged, "--kver", t.release, "--libexecdir", trial.programs(), "--archives", "yes",
                    "-o", image], check=True)
    return image


def packages(t, spoil=False):
    """A medium with a root in three archives, packed in three ways."""
    top = t.directory / f"medium{t.boots}"
    (top / "pkgs").mkdir(parents=True)
    for name, kind, tree in (("1-base", "xz", tiny_root(t, f"base{t.boots}", "etc/base")),
                             ("2-more", "gz", tiny_root(t, f"more{t.boots}", "opt/more")),
                             ("3-last", "bz2", tiny_root(t, f"last{t.boots}", "srv/last"))):
        path = top / f"pkgs/{name}.tar.{kind}"
        with tarfile.open(path, f"w:{kind}") as tar:
            tar.add(tree, ".")
        if spoil and name == "2-more":
            data = bytearray(path.read_bytes())
            data[len(data) // 2] ^= 1
            path.write_bytes(data)
    image = t.directory / f"medium{t.boots}.img"
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-O", "^orphan_file", "-L", "slip-pkgs", "-d", top, image, "32M"], check=True)
    return machine.Disk(image, late=True)


@case
def archives(t):
    """A root in archives on a medium that comes late, and is free afterwards; with one that is damaged there is no root."""
    image = archives_image(t)
    words = "rd.slipway.archives=/pkgs rd.slipway.ram=size=100m"
    with t.boot(words, root="root=LABEL=slip-pkgs", disks=[packages(t)], image=image, memory=1024) as m:
        m.wait_for("waiting for the medium device LABEL=slip-pkgs", 120)
        m.plug(0)
        report = report_of(m, 120)
    at = mounts(report.of("mount"))
    root = next(row for row in at if row.target == "/")
    assert root.fstype == "tmpfs" and "size=102400k" in root.data, root
    assert not [row for row in at if row.fstype == "ext4"], at
    assert re.findall(r"unpacked (\S+):", report.console) == ["1-base.tar.xz", "2-more.tar.gz", "3-last.tar.bz2"]
    with t.boot(words, root="root=LABEL=slip-pkgs", disks=[packages(t, spoil=True)], image=image, memory=1024) as m:
        m.wait_for("waiting for the medium device LABEL=slip-pkgs", 120)
        m.plug(0)
        m.wait_for(r"root: cannot unpack 2-more\.tar\.gz for the root: .*; nothing of it is used", 120)
        m.wait_for("the boot cannot go on", 30)
        assert "3-last" not in m.console.text


# -- staying ---------------------------------------------------------------------------------------------------------


@case
def stay(t):
    """A second archive makes a system of the image. / is the rootfs with its limit, or a tmpfs with a copy of it."""
    image, system = t.directory / "system.img", t.directory / "system"
    shutil.copy(t.image(), image)
    (system / "usr/sbin").mkdir(parents=True)
    shutil.copy(report_init(t), system / "usr/sbin/init")
    cpio(system, image)

    def reported(words):
        with t.boot(words, root="", disks=[], image=image, memory=1024) as m:
            return report_of(m, 120)

    report = reported("rd.slipway.stay rd.slipway.ram=size=200m,nr_inodes=20000")
    at = [row for row in mounts(report.of("mount")) if row.target == "/"]
    assert len(at) == 1 and at[0].fstype == "rootfs" and {"size=204800k", "nr_inodes=20000"} <= set(at[0].data), at
    assert report.of("process") == []
    report = reported("rd.slipway.stay=copy rd.slipway.ram=size=200m")
    assert "copied the initramfs to a tmpfs" in report.console
    at = [row for row in mounts(report.of("mount")) if row.target == "/"]
    assert at[-1].fstype == "tmpfs" and "size=204800k" in at[-1].data, at
    # With root= the kernel takes a ramfs.
    with t.boot("rd.slipway.stay", disks=[], image=image, memory=1024) as m:
        report = report_of(m, 120)
    assert "the initramfs is a ramfs, which may fill all memory" in report.console


# -- the old kind of initrd ------------------------------------------------------------------------------------------


def ramdisk_image(t):
    """An initramfs that puts an ext2 image with what slipway has built on /dev/ram0, and goes there."""
    top, tree, initrd = t.directory / "first", t.directory / "unpacked", t.directory / "first/initrd.img"
    top.mkdir()
    tree.mkdir()
    subprocess.run([trial.programs() / "slipway", "unpack", "-C", tree, t.image()], check=True)
    subprocess.run(["mke2fs", "-q", "-t", "ext2", "-d", tree, initrd, f"{RAMDISK}M"], check=True)
    source = next((t.tree() / f"usr/lib/modules/{t.release}/kernel/drivers/block").glob("brd.ko*"))
    (top / "brd.ko").write_bytes(lzma.decompress(source.read_bytes()) if source.suffix == ".xz" else source.read_bytes())
    subprocess.run(["gcc", "-static", "-O1", "-Wall", "-D_GNU_SOURCE", "-o", top / "init", guests.HERE / "ramdisk-init.c"], check=True)
    return cpio(top, t.directory / "first.img")


@case
def ramdisk(t):
    """/init is PID 1 on /dev/ram0. From there pivot_root goes to the root, and nothing of the ramdisk is mounted after."""
    image, root = ramdisk_image(t), "root=/dev/ram0 init=/init"
    with t.boot(root=root, image=image, memory=1024) as m:
        m.wait_for("ramdisk-init: / is /dev/ram0", 120)
        m.wait_for("root=/dev/ram0 is the ramdisk that /init was started from: real_root= names the root", 60)
    with t.boot("real_" + trial.UUID, root=root, image=image, memory=1024) as m:
        m.wait_for("ramdisk-init: / is /dev/ram0", 120)
        check_running(m)
        assert "ram0" not in m.run("cat /proc/self/mountinfo")
        assert m.run("findmnt -no SOURCE /") == "/dev/vda"
        # The kernel's own count of the disk's pages, where it gives back what is discarded.
        pages = int(m.run("mountpoint -q /sys/kernel/debug || mount -t debugfs d /sys/kernel/debug; "
                          "cat /sys/kernel/debug/ramdisk_pages/ram0"))
        version = tuple(map(int, re.match(r"(\d+)\.(\d+)", t.release).groups()))
        print(f"{t.release}: {pages} pages of the ramdisk are left")
        # Its inode tables stay, and what else is never freed on a file system.
        assert pages < RAMDISK * 256 // 4 or version < (6, 10), pages
        m.order("poweroff")
        t.assert_down(m, "poweroff")
        assert m.wait_end(60) == "guest-shutdown"
    t.assert_clean(m.disks[0])


# -- the root by its partition's type --------------------------------------------------------------------------------


def boot_disk(t, program):
    """A GPT with the firmware's partition, a root and one that is not to be used, and /usr."""
    image, esp, root, usr = (t.directory / f"{name}.img" for name in ("gpt", "esp", "root", "usr"))
    parts = ((esp, 96), (root, 32), (root, 32), (usr, 16))
    with open(esp, "wb") as f:
        f.truncate(96 * MIB)
    credential = t.directory / "slip.cred"
    credential.write_text("sealed")
    extra = "::/EFI/BOOT/BOOTX64.EFI.extra.d"
    for argv in (["mformat", "-i", esp, "-F", "::"], ["mmd", "-i", esp, "::/EFI", "::/EFI/BOOT", extra],
                 ["mcopy", "-i", esp, program, "::/EFI/BOOT/BOOTX64.EFI"], ["mcopy", "-i", esp, credential, extra]):
        subprocess.run(argv, check=True)
    for tree, fs in ((tiny_root(t, "root-tree", "usr/nothing"), root), (tiny_root(t, "usr-tree", "from-usr"), usr)):
        subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", tree, fs, "16M"], check=True)
    script, start = "label: gpt\n", 1
    with open(image, "wb") as f:
        f.truncate(200 * MIB)
        for source, size in parts:
            f.seek(start * MIB)
            f.write(source.read_bytes())
            start += size
    kinds = ('type=U', f'type={ROOT_TYPE}, name=os_10, attrs="GUID:63"', f"type={ROOT_TYPE}, name=os_9", f"type={USR_TYPE}")
    for (_, size), kind in zip(parts, kinds):
        script += f"size={size}MiB, {kind}\n"
    subprocess.run(["sfdisk", "-q", "--no-reread", "--no-tell-kernel", image], input=script, text=True, check=True)
    return machine.Disk(image)


@case
def gptauto(t):
    """No root= at all: firmware, systemd-stub, and the root and /usr that say so by their type on the disk that it lies on."""
    program = t.directory / "linux.efi"
    subprocess.run([trial.programs() / "slipway", "build", "--sysroot", t.tree(), "--kver", t.release, "--libexecdir",
                    trial.programs(), "--uki", program, "--uki-cmdline", f"rw {trial.WORDS} quiet"], check=True)
    disk = boot_disk(t, program)
    # The same on a disk that was not booted from, but for the loader's partition.
    other = t.directory / "other.img"
    shutil.copy(disk.backing, other)
    subprocess.run(["sfdisk", "-q", "--no-reread", "--no-tell-kernel", "--part-uuid", other, "1",
                    "51190000-0000-4000-8000-0000000000dd"], check=True)
    with machine.Machine(t.directory, disks=[disk, machine.Disk(other)], memory=1024) as m:
        report = report_of(m, 200)
    assert root_mount(report)[1] == "/dev/vda3", report.of("mount")
    at = {mount.target: mount.source for mount in mounts(report.of("mount"))}
    assert at["/usr"] == "/dev/vda4", at
    assert [line for line in report.of("file") if line.endswith(" /run/credentials")], report.of("file")
