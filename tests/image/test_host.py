# SPDX-License-Identifier: MIT
"""Images for what a machine boots from: a recorded machine, and a small kernel that has its drivers."""
import copy
import re
import stat
import subprocess

import newc
import pytest

from fixture import KVER, LIBDIR, SLIPWAY, note
from recorded import Machine
from test_build import GOLDEN, golden

# Of each module: its aliases, and the modules that it needs.
DRIVERS = {
    "drivers/virtio/virtio_ring": ([], ["virtio"]),
    "drivers/virtio/virtio_pci": (["pci:v00001AF4d*sv*sd*bc*sc*i*"], ["virtio_ring"]),
    "drivers/virtio/virtio_spare": (["virtio:d00000002v*"], ["virtio"]),
    "drivers/scsi/virtio_scsi": (["virtio:d00000008v*"], ["virtio_ring", "scsi_mod"]),
    "drivers/pci/hotplug/shpchp": (["pci:v*d*sv*sd*bc06sc04i*"], []),
    "drivers/nvme/host/nvme_core": ([], []),
    "drivers/nvme/host/nvme": (["pci:v*d*sv*sd*bc01sc08i02*"], ["nvme_core"]),
    "drivers/mmc/core/mmc_core": ([], []),
    "drivers/mmc/core/mmc_block": (["mmc:block"], ["mmc_core"]),
    "drivers/mmc/host/sdhci": ([], ["mmc_core"]),
    "drivers/mmc/host/sdhci_pci": (["pci:v*d*sv*sd*bc08sc05i*"], ["sdhci"]),
    "drivers/scsi/scsi_mod": ([], []),
    "drivers/scsi/sd_mod": (["scsi:t-0x00*"], ["scsi_mod"]),
    "drivers/usb/core/usbcore": ([], []),
    "drivers/usb/host/xhci_hcd": ([], ["usbcore"]),
    "drivers/usb/host/xhci_pci": (["pci:v*d*sv*sd*bc0Csc03i30*"], ["xhci_hcd"]),
    "drivers/usb/host/ehci_pci": (["pci:v*d*sv*sd*bc0Csc03i20*"], ["usbcore"]),
    "drivers/usb/host/uhci_hcd": (["pci:v*d*sv*sd*bc0Csc03i00*"], ["usbcore"]),
    "drivers/usb/storage/usb_storage": (["usb:v*p*d*dc*dsc*dp*ic08isc06ip50in*"], ["usbcore", "scsi_mod"]),
    "drivers/hid/hid": ([], []),
    "drivers/hid/hid_generic": (["hid:b*g*v*p*"], ["hid"]),
    "drivers/hid/usbhid/usbhid": (["usb:v*p*d*dc*dsc*dp*ic03isc*ip*in*"], ["hid", "usbcore"]),
    "drivers/md/md_mod": ([], []),
    "drivers/md/raid1": (["md-raid1"], ["md_mod"]),
    "drivers/md/dm_mod": ([], []),
    "drivers/md/dm_crypt": ([], ["dm_mod"]),
    "arch/x86/crypto/aesni_intel": (["crypto-aes"], []),
    "fs/btrfs/btrfs": (["fs-btrfs"], []),
}


@pytest.fixture(scope="session")
def drivers(parts, tmp_path_factory):
    """Their directory; `virtio` is the small sysroot's own."""
    out = copy.copy(parts)
    out.path = tmp_path_factory.mktemp("drivers")
    for path, (aliases, needs) in DRIVERS.items():
        name = path.rpartition("/")[2]
        info = "".join(f'INFO({n}, "alias={alias}");' for n, alias in enumerate(aliases))
        needs = ["virtio_add" if need == "virtio" else f"sym_{need}" for need in needs]
        uses = "".join(f"extern int {s}; int *use_{s}(void) {{ return &{s}; }}" for s in needs)
        out.module(f"kernel/{path}.ko", f"{info} EXPORT(sym_{name}); int sym_{name}; {uses}")
    return out.path / "modules"


@pytest.fixture
def machine(tmp_path, root, drivers):
    """A function: the recorded machine, where the small sysroot lies in what is mounted there."""
    root.modules(drivers, "lib/modules")
    return lambda at: Machine(tmp_path / "machine", "q35", at, root.path)


def built(machine, root, *argv):
    """What it said. 3: of layers that init does not open yet the image is doubted, which is not looked at here."""
    done = machine.run(*root.command("--host", *argv))
    assert done.returncode in (0, 3), done.stderr.decode()
    return done.stderr.decode()


def modules(root):
    return [re.sub(r"\.ko.*", "", name.rpartition("/")[2]) for name in root.names() if ".ko" in name]


def load_list(root):
    return root.cat("etc/modules-load.d/slipway.conf").decode()


def loaded(root):
    return [line for line in load_list(root).splitlines() if not line.startswith("#")]


@pytest.mark.parametrize("at", ["/", "/m/usb", "/m/btrfs", "/m/crypt"])
def test_modules(machine, root, at):
    built(machine(at), root)
    name = at.rpartition("/")[2] or "whole"
    golden(f"host-{name}.txt", load_list(root) + "# in the image\n" + "".join(f"{m}\n" for m in modules(root)))


@pytest.mark.parametrize("at", ["/", "/m/usb", "/m/btrfs", "/m/crypt", "/m/fat", "/m/thin", "/m/bcache"])
def test_each_after_what_it_depends_on(machine, root, at):
    built(machine(at), root, "--rescue")
    names = loaded(root)
    assert len(names) == len(set(names)) > 4
    assert {name for name in names if not name.startswith("fs-")} <= set(modules(root))
    for line in (root.path / "lib/modules" / KVER / "modules.dep").read_text().splitlines():
        name, *needs = re.findall(r"([\w-]+)\.ko", line)
        for need in needs if name in names else []:
            assert names.index(need) < names.index(name), (need, name)


TOOLS = {"cryptsetup", "lvm", "thin_check", "cache_check", "mdadm", "mdmon"}


def tools_in(root):
    return {name.rpartition("/")[2] for name in root.names() if "sbin/" in name} & TOOLS


# /m/crypt lies on LUKS on LVM on MD, /m/thin on a thin volume.
@pytest.mark.parametrize("at, tools", [
    ("/", set()), ("/m/usb", set()), # dm_thin_pool is loaded there, for another volume.
    ("/m/crypt", {"cryptsetup", "lvm", "thin_check", "mdadm"}),
])
def test_tools_of_the_layers(machine, root, at, tools):
    for name in TOOLS:
        root.copy("dash", f"usr/sbin/{name}")
    said = built(machine(at), root)
    assert tools_in(root) == tools
    assert "does not know how" not in said


HELPERS = "usr/lib/slipway/exitrd-helpers"


def test_a_daemon_writes_the_metadata(machine, root):
    """Of an array of IMSM or DDF; at power-off too, from the exitrd, with its own libraries."""
    for name in TOOLS - {"mdmon"}:
        root.copy("dash", f"usr/sbin/{name}")
    here = machine("/m/crypt")
    built(here, root)
    assert not [name for name in root.names() if name.startswith(HELPERS)]
    (here.path / "sys/devices/virtual/block/md0/md/metadata_version").write_text("external:/md127/0\n")
    assert "cannot open the RAID array md0 below the root: missing from the image: mdmon" in built(here, root, "-f")
    root.copy("kmod", "usr/sbin/mdmon")
    assert "mdmon" not in built(here, root, "-f")
    assert "mdmon" in tools_in(root)
    names = root.names()
    assert f"{HELPERS}/mdmon/usr/sbin/mdmon" in names
    # Its libraries are the image's own, under a second name.
    library = [name for name in names if name.endswith("/libtiny.so.1")]
    assert [name.startswith(f"{HELPERS}/mdmon/") for name in library] == [True, False]
    assert root.cat(library[0]) == root.cat(library[1])


def test_any_machine_has_the_tools_that_are_installed(root):
    for name in ("lvm", "mdadm"):
        root.copy("dash", f"usr/sbin/{name}")
    assert root.build().returncode == 0
    assert tools_in(root) == {"lvm", "mdadm"}


@pytest.fixture(scope="session")
def mounter(parts):
    """An init that opens a library to mount with."""
    parts.shared("libmnt.so.1", "int mnt(void) { return 1; }")
    parts.program("mounter", "int tiny_two(void); void _start(void) { tiny_two(); }"
                  + note(1, "libmnt.so.1", "recommended", "mount"), "libtiny.so.1")
    return parts.path / "mounter"


@pytest.mark.parametrize("file, text, there", [
    ("etc/default/grub", 'GRUB_CMDLINE_LINUX="rootflags=noatime"', False),
    ("etc/fstab", "UUID=0 / ext4 rw 0 1\nUUID=1 /media ext4 user,noauto 0 0\n", False),
    ("etc/fstab", "UUID=0 / ext4 rw 0 1\n/dev/vda /usr ext4 context=a 0 2\n", True),
    ("etc/fstab", "UUID=0 / ext4 rw,users 0 1\n", True),
    ("etc/default/grub", 'GRUB_CMDLINE_LINUX="rootflags=context=a"', True),
    ("etc/default/grub.d/a.cfg", 'GRUB_CMDLINE_LINUX="rootflags=context=a"', True),
    ("etc/cmdline.d/a.conf", "mount.usrflags=context=a\n", True),
    ("etc/kernel/cmdline", "root=UUID=0 rootflags=context=a\n", True),
    ("usr/lib/kernel/cmdline", "root=UUID=0 rootflags=context=a\n", True),
    ("boot/loader/entries/a.conf", "options rootflags=context=a\n", True),
])
def test_libmount_where_an_option_is_its_own(machine, root, mounter, file, text, there):
    here = machine("/")
    (here.path / "proc/cmdline").write_text("root=UUID=0 ro rootflags=errors=remount-ro\n")
    root.copy("libmnt.so.1", f"{LIBDIR}/libmnt.so.1")
    (root.libexec / "init").write_bytes(mounter.read_bytes())
    built(here, root)
    assert f"{LIBDIR}/libmnt.so.1" not in root.names()
    root.text(file, text)
    built(here, root, "-f")
    assert (f"{LIBDIR}/libmnt.so.1" in root.names()) == there


def test_libmount_by_the_running_command_line(machine, root, mounter):
    """Or where that cannot be read. For any machine it is there in any case."""
    here = machine("/")
    root.copy("libmnt.so.1", f"{LIBDIR}/libmnt.so.1")
    (root.libexec / "init").write_bytes(mounter.read_bytes())
    for text, there in ((None, True), ("rootflags=noatime\n", False), ("rootflags=context=a\n", True)):
        if text:
            (here.path / "proc/cmdline").write_text(text)
        built(here, root, "-f")
        assert (f"{LIBDIR}/libmnt.so.1" in root.names()) == there, text
    (here.path / "proc/cmdline").write_text("rootflags=noatime\n")
    assert here.run(*root.command("-f", "--generic")).returncode == 0
    assert f"{LIBDIR}/libmnt.so.1" in root.names()


def test_keyboards_for_a_shell(machine, root):
    keys = {"usbhid", "hid_generic", "ehci_pci"}
    here = machine("/")
    built(here, root)
    assert not keys & set(modules(root))
    built(here, root, "--rescue", "-f")
    assert keys <= set(modules(root))


def test_one_driver_for_a_bridge(machine, root):
    """What the kernel would load for a bridge beside its own driver no disk waits for."""
    built(machine("/m/btrfs"), root)
    assert "shpchp" not in modules(root)


def test_same_bytes(machine, root, tmp_path):
    here = machine("/m/crypt")
    built(here, root)
    first = root.image.read_bytes()
    built(here, root, "-f")
    assert root.image.read_bytes() == first


def test_type_of_the_running_system(machine, root):
    """Not fstab's, which says ext4; and the checker is that type's: none."""
    built(machine("/m/btrfs"), root)
    assert "fs-btrfs" in loaded(root) and "ext4" not in modules(root)
    assert not [name for name in root.names() if "fsck" in name]


def test_nothing_is_left_for_modprobe(machine, root):
    """All modules are listed, the file system's by its alias, and so there is nobody to ask for another one."""
    here = machine("/m/btrfs")
    built(here, root, "--reserve", "yes")
    assert "fs-btrfs" in loaded(root) and not {"usr/bin/kmod", "usr/sbin/modprobe"} & set(root.names())
    done = here.run(SLIPWAY, "verify", "-v", "--sysroot", root.path, root.image)
    assert b"/init loads all modules before the kernel asks for any" in done.stdout + done.stderr


def test_root_device(machine, root):
    here = machine("/nowhere")
    here.link("disk/by-uuid/0", "../../sdg1")
    built(here, root)
    assert "usb_storage" in loaded(root)
    built(here, root, "-f", "--root-device", "/dev/vda")
    assert "virtio_blk" in loaded(root)
    assert "usb_storage" not in modules(root)


def said(machine, root, *argv):
    done = machine.run(*root.command(*argv))
    return done.returncode, done.stderr.decode().replace(str(root.path.parent), "TEST")


def test_it_cannot_be_told(machine, root):
    here = machine("/nowhere")
    why = "no block device UUID=0 is in /sys and /dev/disk"
    assert said(here, root, "--host") == (
        1,
        f"slipway: cannot tell what this machine boots from: {why}; --root-device names it, --generic makes an image "
        "for any machine\n",
    )
    assert not root.image.exists()
    # An image that a distribution makes: better one that boots anywhere.
    root.text("etc/slipway.conf", "mode = host\n")
    code, text = said(here, root)
    assert code == 0
    assert text.startswith(
        f"slipway: cannot tell what this machine boots from: {why}; the image is one for any machine although "
        "TEST/root/etc/slipway.conf:1 says mode = host, ignoring\n"
    )
    assert "ahci" in modules(root)
    assert "virtio_balloon" not in modules(root)


def test_root_device_is_for_host(root):
    done = root.build("--root-device", "/dev/vda")
    assert (done.returncode, done.said) == (
        1,
        "slipway: cannot use --root-device: an image for any machine has no use for it, --host has\n",
    )


@pytest.mark.parametrize("hidden", ["proc", "sys"])
def test_not_mounted(root, hidden):
    """As in a chroot that nobody prepared."""
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", f'mount -t tmpfs none /{hidden} && exec "$@"', "-", *root.command("--host")],
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr.decode()) == (
        1,
        f"slipway: cannot tell what this machine boots from: /{hidden} is not mounted here; --root-device names it, "
        "--generic makes an image for any machine\n",
    )


def dropped(*modules):
    def change(image):
        for name in [n for n in image if n.rpartition("/")[2].partition(".")[0] in modules and ".ko" in n]:
            del image[name]

    return change


def emptied_index(image):
    """No alias leads to any module: an index that is a root without anything."""
    image[f"usr/lib/modules/{KVER}/modules.alias.bin"].data = b"\xb0\x07\xf4\x57\0\2\0\1\0\0\0\x0c"


def written(path, text):
    return lambda image: image.update({path: newc.Entry(stat.S_IFREG | 0o644, text.encode())})


BROKEN = {
    "nothing": ("/", None),
    "nothing-usb": ("/m/usb", None),
    "nothing-btrfs": ("/m/btrfs", None),
    "nothing-crypt": ("/m/crypt", None),
    "driver": ("/", dropped("virtio_blk")),
    "bus": ("/", dropped("virtio_pci")),
    "alias": ("/", emptied_index),
    "blacklist": ("/", written("etc/modprobe.d/never.conf", "# no\nblacklist virtio-blk\n")),
    "install": ("/", written("etc/modprobe.d/never.conf", "install virtio_pci /bin/false\n")),
    "dm_crypt": ("/m/crypt", dropped("dm_crypt")),
    "cipher": ("/m/crypt", dropped("aesni_intel")),
    "raid": ("/m/crypt", dropped("raid1")),
    "keyboard": ("/m/crypt", dropped("usbhid")),
    "root-type": ("/m/btrfs", dropped("btrfs")),
    "keymap": ("/m/crypt", None),
    "firmware": ("/", lambda image: image.pop("usr/lib/firmware/blk.bin")),
}


def expected(name):
    """A part of golden/verify-host.txt, which is all of them: [name], then what is said."""
    parts = (GOLDEN / "verify-host.txt").read_text().split("\n\n")
    return dict(part.strip("\n").partition("\n")[::2] for part in parts)[f"[{name}]"]


@pytest.mark.parametrize("name", BROKEN)
def test_verify(machine, root, name):
    """What is broken in an image for this machine, and what is said of it: golden/verify-host.txt."""
    at, change = BROKEN[name]
    here = machine(at)
    if name == "keymap":
        root.text("etc/vconsole.conf", "KEYMAP=de\n")
    if name == "firmware":
        root.text("usr/lib/firmware/blk.bin", "x")
        module = root.path / "lib/modules" / KVER / "kernel/drivers/block/virtio_blk.ko"
        module.write_bytes(module.read_bytes() + b"\0firmware=blk.bin\0")
    built(here, root, "--compress", "none")
    image = newc.read(root.image.read_bytes())
    if name == "firmware":
        image["usr/lib/firmware"] = newc.Entry(stat.S_IFDIR | 0o755)
        image["usr/lib/firmware/blk.bin"] = newc.Entry(stat.S_IFREG | 0o644, b"x")
        root.image.write_bytes(newc.write(image))
        assert here.run(SLIPWAY, "verify", "--sysroot", root.path, root.image).stderr == b""
    if change:
        change(image)
        root.image.write_bytes(newc.write(image))
    done = here.run(SLIPWAY, "verify", "--sysroot", root.path, root.image)
    said = done.stderr.decode().rstrip("\n")
    assert said == expected(name)
    assert done.returncode == (3 if said else 0)
