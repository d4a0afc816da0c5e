# SPDX-License-Identifier: MIT
"""stacks: guests that have the storage tools, and root disks of LUKS, LVM and MD in any nesting, made in a guest.

    build/stacks/GUEST-HASH/tree/        the guest's tree with cryptsetup, lvm2, mdadm, btrfs-progs
    build/stacks/GUEST-HASH/root.img     the same as a plain ext4 disk: where the stacks are made and looked at
    build/stacks/GUEST-HASH/NAME-N.img   the disks of a stack

The kernel of the machine that runs the tests has no device-mapper and no MD: a guest makes the disks.
"""
import ast
import dataclasses
import hashlib
import pathlib
import shutil

import guests
import machine

CACHE = guests.HERE.parent.parent / "build" / "stacks"
TOOLS = ("cryptsetup-bin", "lvm2", "thin-provisioning-tools", "mdadm", "btrfs-progs")
PASSPHRASE = "slip secret"
LUKS_UUID = "5119c000-0000-4000-8000-00000000000"  # and a digit
BTRFS_UUID = "51190000-0000-4000-8000-0000000000bb"

# Functions for the recipes. The key derivation is cheap: what it costs is not what is shown here.
SHELL = f"""
set -e
export DM_DISABLE_UDEV=1
format() {{ printf '{PASSPHRASE}' | cryptsetup luksFormat -q --uuid {LUKS_UUID}$2 --pbkdf pbkdf2 \\
	--pbkdf-force-iterations 1000 $1 -; }}
unlock() {{ printf '{PASSPHRASE}' | cryptsetup open --key-file - $1 $2; }}
fill() {{ e2image -ra /dev/vdb $1 >/dev/null 2>&1; sync; }}
check() {{ dumpe2fs -h $1 2>&1 | grep -q needs_recovery && exit 9; e2fsck -fn $1; }}
# What udev's rules have assembled meanwhile is put together by hand instead.
no_arrays() {{ udevadm settle; mdadm --stop --scan || :; }}
group() {{ pvcreate -q -y $2 && vgcreate -q $1 $2; }}
"""


@dataclasses.dataclass(frozen=True)
class Stack:
    sizes: tuple       # of the disks, MiB; in the recipes they are /dev/vdc, /dev/vdd …
    make: str          # shell: makes it, fills it, takes it apart
    look: str          # shell: puts it together, finds all of it clean
    root: str          # root= and what else is to be said
    prompts: int = 0   # passphrases that are asked for
    without: tuple = ()  # disks that are left out, from 0


ROOT = f"UUID={guests.ROOT_UUID}"
SIZE = 1500

STACKS = {
    "luks": Stack((SIZE,), "format /dev/vdc 1; unlock /dev/vdc l; fill /dev/mapper/l; cryptsetup close l",
                  "cryptsetup isLuks /dev/vdc; unlock /dev/vdc l; check /dev/mapper/l", f"UUID={LUKS_UUID}1", 1),
    "lvm": Stack((SIZE,), "group vg /dev/vdc; lvcreate -q -n root -L 1310M vg; fill /dev/vg/root; vgchange -an vg",
                 "vgchange -ay vg; check /dev/vg/root", "/dev/vg/root"),
    "lvm-luks": Stack((SIZE,), "format /dev/vdc 1; unlock /dev/vdc l; group vg /dev/mapper/l; "
                               "lvcreate -q -n root -L 1310M vg;"
                      "fill /dev/vg/root; vgchange -an vg; cryptsetup close l",
                      "unlock /dev/vdc l; vgchange -ay vg; check /dev/vg/root", ROOT, 1),
    "luks-lvm": Stack((SIZE,), "group vg /dev/vdc; lvcreate -q -n crypt -L 1340M vg; format /dev/vg/crypt 1;"
                      "unlock /dev/vg/crypt l; fill /dev/mapper/l; cryptsetup close l; vgchange -an vg",
                      "vgchange -ay vg; unlock /dev/vg/crypt l; check /dev/mapper/l", ROOT, 1),
    "tower": Stack((SIZE, SIZE), "mdadm --create /dev/md20 --run --level=1 --raid-devices=2 --assume-clean --name=tower "
                   "--homehost=slip /dev/vdc /dev/vdd; format /dev/md20 1; unlock /dev/md20 l; "
                   "group my-vg /dev/mapper/l;"
                   "lvcreate -q -n root -L 1310M my-vg; fill /dev/my-vg/root; vgchange -an my-vg; cryptsetup close l;"
                   "mdadm --stop /dev/md20",
                   "no_arrays; mdadm --examine /dev/vdc | grep 'State : clean'; mdadm --examine /dev/vdd | "
                   "grep 'State : clean';"
                   "mdadm --assemble /dev/md20 /dev/vdc /dev/vdd; cat /proc/mdstat; if grep -E 'resync|"
                   "recovery' /proc/mdstat; then exit 9; fi;"
                   "unlock /dev/md20 l; vgchange -ay my-vg; check /dev/my-vg/root", "/dev/mapper/my--vg-root", 1),
    "raid5-degraded": Stack((720, 720, 720), "mdadm --create /dev/md20 --run --level=5 --raid-devices=3 --assume-clean "
                            "--name=five --homehost=slip /dev/vdc /dev/vdd /dev/vde; fill /dev/md20; "
                            "mdadm --stop /dev/md20",
                            "no_arrays; mdadm --examine /dev/vdc | grep 'State : clean'; "
                            "mdadm --assemble --run /dev/md20 /dev/vdc "
                            "/dev/vdd; check /dev/md20", ROOT, 0, (1,)),
    "btrfs-luks": Stack((SIZE, SIZE), "format /dev/vdc 1; format /dev/vdd 2; unlock /dev/vdc a; unlock /dev/vdd b;"
                        f"mkfs.btrfs -q -U {BTRFS_UUID} -m raid1 -d raid1 /dev/mapper/a /dev/mapper/b;"
                        "mount /dev/mapper/a /mnt; mkdir /run/s; mount -o ro,noload /dev/vdb /run/s; "
                        "cp -a /run/s/. /mnt/;"
                        f"echo UUID={BTRFS_UUID} / btrfs defaults 0 0 >/mnt/etc/fstab; umount /mnt;"
                        "cryptsetup close a; cryptsetup close b",
                        "unlock /dev/vdc a; unlock /dev/vdd b; btrfs check --readonly /dev/mapper/a",
                        f"UUID={BTRFS_UUID} rd.luks.uuid={LUKS_UUID}1 rd.luks.uuid={LUKS_UUID}2", 1),
    "thin": Stack((SIZE,), "group vg /dev/vdc; lvcreate -q -T -L 1400M -V 1310M -n root vg/pool; fill /dev/vg/root;"
                  "vgchange -an vg",
                  "flags_are 0 pool_tmeta; vgchange -ay vg; dmsetup status vg-pool-tpool; "
                  "if dmsetup status vg-pool-tpool | grep -E 'needs_check|ro|Fail'; then exit 9; fi; check /dev/vg/root;"
                  "vgchange -an vg; component pool_tmeta thin_check /dev/vg/pool_tmeta", "/dev/vg/root"),
    # By UUID: the hidden volumes of a cache and of a mirror hold the same file system.
    "cache": Stack((SIZE, 256), "group vg '/dev/vdc /dev/vdd'; lvcreate -q -n root -L 1310M vg /dev/vdc;"
                   "lvcreate -q --type cache-pool -n fast -l 80%FREE vg /dev/vdd;"
                   "lvconvert -q -y --type cache --cachepool vg/fast --cachemode writeback vg/root;"
                   "fill /dev/vg/root; vgchange -an vg",
                   "flags_are 1 fast_cpool_cmeta; component fast_cpool_cmeta cache_check /dev/vg/fast_cpool_cmeta;"
                   "vgchange -ay vg; lvs -a vg; dmsetup status vg-root; check /dev/vg/root", ROOT),
    "writecache": Stack((SIZE, 256), "group vg '/dev/vdc /dev/vdd'; lvcreate -q -n root -L 1310M vg /dev/vdc;"
                        "lvcreate -q -n fast -L 200M vg /dev/vdd; lvchange -an vg/fast;"
                        "lvconvert -q -y --type writecache --cachevol fast vg/root; fill /dev/vg/root; vgchange -an vg",
                        "vgchange -ay vg; dmsetup status vg-root; check /dev/vg/root", ROOT),
    "lvm-raid1": Stack((SIZE, SIZE), "group vg '/dev/vdc /dev/vdd'; "
                       "lvcreate -q -y --type raid1 -m 1 --nosync -n root -L 1310M vg; fill /dev/vg/root; vgchange -an vg",
                       "vgchange -ay vg; lvs -o lv_attr,raid_sync_action,raid_mismatch_count,copy_percent vg;"
                       "lvs --noheadings -o raid_sync_action vg | grep -w idle; check /dev/vg/root", ROOT),
    "lvm-snapshot": Stack((1900,), "group vg /dev/vdc; lvcreate -q -n root -L 1310M vg; fill /dev/vg/root;"
                          "lvcreate -q -s -n old -L 400M vg/root; vgchange -an vg",
                          "vgchange -ay vg; dmsetup status; dmsetup status | grep -E 'Invalid|Overflow' && exit 9;"
                          "check /dev/vg/root; check /dev/vg/old", ROOT),
    # The superblock stands at the end: what is at the beginning of a member looks like the whole.
    "luks1-md10": Stack((SIZE, SIZE), "mdadm --create /dev/md20 --run --level=1 --raid-devices=2 --assume-clean "
                        "--metadata=1.0 --name=old --homehost=slip /dev/vdc /dev/vdd; format '--type luks1 /dev/md20' 1;"
                        "unlock /dev/md20 l; fill /dev/mapper/l; cryptsetup close l; mdadm --stop /dev/md20",
                        "no_arrays; examine /dev/vdc /dev/vdd; mdadm --assemble /dev/md20 /dev/vdc /dev/vdd;"
                        "cryptsetup luksDump /dev/md20 | grep -E 'Version:[^0-9]*1$'; unlock /dev/md20 l;"
                        "check /dev/mapper/l", f"UUID={LUKS_UUID}1", 1),
    "md090": Stack((SIZE, SIZE), "mdadm --create /dev/md20 --run --level=1 --raid-devices=2 --assume-clean "
                   "--metadata=0.90 /dev/vdc /dev/vdd; fill /dev/md20; mdadm --stop /dev/md20",
                   "no_arrays; examine /dev/vdc /dev/vdd; mdadm --assemble /dev/md20 /dev/vdc /dev/vdd; check /dev/md20",
                   ROOT),
    "swap-lvm": Stack((SIZE,), "group vg /dev/vdc; lvcreate -q -n root -L 1310M vg; lvcreate -q -n swap -L 100M vg;"
                      "mkswap /dev/vg/swap; fill /dev/vg/root; mount /dev/vg/root /mnt;"
                      "echo /dev/vg/swap none swap sw 0 0 >>/mnt/etc/fstab; umount /mnt; vgchange -an vg",
                      "vgchange -ay vg; check /dev/vg/root", "/dev/vg/root"),
}

HOST_UUID = "51190000-0000-4000-8000-0000000000cc"  # of the file system that has the root's file
STICK = "slip-stick"  # the label of what has the key or the header
KEY = "slip key"      # what is in the key file
_ADD_KEY = f"printf '{PASSPHRASE}' | cryptsetup luksAddKey -q --key-file - --pbkdf pbkdf2 --pbkdf-force-iterations 1000"
# Without orphan_file: in blocks of 1 KiB the kernel speaks of a clean-up even of one that is new.
_MAKE_STICK = (f"mkfs.ext4 -q -O ^orphan_file -L {STICK} /dev/vdd; mount /dev/vdd /mnt; mkdir /mnt/keys;"
               f"printf '{KEY}' >/mnt/keys/k")
STACKS.update({
    "luks-key": Stack((SIZE, 64), f"{_MAKE_STICK}; format /dev/vdc 1; {_ADD_KEY} /dev/vdc /mnt/keys/k; umount /mnt;"
                      "unlock /dev/vdc l; fill /dev/mapper/l; cryptsetup close l",
                      "cryptsetup isLuks /dev/vdc; unlock /dev/vdc l; check /dev/mapper/l; check /dev/vdd",
                      f"UUID={LUKS_UUID}1 rd.luks.key={LUKS_UUID}1=/keys/k:LABEL={STICK}"),
    # The first disk has no signature at all.
    "luks-header": Stack((SIZE, 64), f"{_MAKE_STICK}; h=/mnt/header;"
                         f"printf '{PASSPHRASE}' | cryptsetup luksFormat -q --uuid {LUKS_UUID}1 --pbkdf pbkdf2 "
                         "--pbkdf-force-iterations 1000 --header $h /dev/vdc -;"
                         f"{_ADD_KEY} --header $h /dev/vdc /mnt/keys/k;"
                         f"printf '{PASSPHRASE}' | cryptsetup open --key-file - --header $h /dev/vdc l;"
                         "fill /dev/mapper/l; cryptsetup close l; umount /mnt; blkid -p /dev/vdc && exit 9 || :",
                         "check /dev/vdd; mount -o ro,noload /dev/vdd /mnt; cryptsetup luksDump /mnt/header;"
                         "cryptsetup open --key-file /mnt/keys/k --header /mnt/header /dev/vdc l; check /dev/mapper/l",
                         f"UUID={LUKS_UUID}1 rd.luks.uuid={LUKS_UUID}1 rd.luks.data={LUKS_UUID}1=/dev/vda "
                         f"rd.luks.options={LUKS_UUID}1=header=/header:LABEL={STICK}", 1),
})

# A file is the root, or has it.
STACKS.update({
    "loop": Stack((SIZE + 200,), f"mkfs.ext4 -q -U {HOST_UUID} /dev/vdc; mount /dev/vdc /mnt; mkdir /mnt/images;"
                  "truncate -s 1310M /mnt/images/root.img; fill /mnt/images/root.img; umount /mnt",
                  "check /dev/vdc; mount -o ro,noload /dev/vdc /mnt; check /mnt/images/root.img",
                  f"UUID={HOST_UUID} loop=/images/root.img"),
    # root= is in a container that the file is.
    "loop-luks": Stack((SIZE + 200,), f"mkfs.btrfs -q -U {HOST_UUID} /dev/vdc; mount /dev/vdc /mnt;"
                       "truncate -s 1340M /mnt/root.img; modprobe loop; losetup /dev/loop0 /mnt/root.img;"
                       "format /dev/loop0 1; unlock /dev/loop0 l; fill /dev/mapper/l; cryptsetup close l;"
                       "losetup -d /dev/loop0; umount /mnt",
                       "command btrfs check --readonly /dev/vdc; mount -o ro /dev/vdc /mnt; modprobe loop;"
                       "losetup -r /dev/loop0 /mnt/root.img; unlock /dev/loop0 l; check /dev/mapper/l",
                       f"{ROOT} img_dev=UUID={HOST_UUID} img_loop=root.img", 1),
})

# One layer on a mirror, which is there for the power to be cut.
_MIRROR = ("mdadm --create /dev/md20 --run --level=1 --raid-devices=2 --assume-clean --name=mirror --homehost=slip "
           "/dev/vdc /dev/vdd; ")
_MIRROR_LOOK = ("no_arrays; mdadm --examine /dev/vdc | grep 'State : clean'; mdadm --examine /dev/vdd | "
                "grep 'State : clean'; mdadm --assemble /dev/md20 /dev/vdc /dev/vdd; "
                "if grep -E 'resync|recovery' /proc/mdstat; then exit 9; fi; ")
STACKS["luks-mirror"] = Stack(
    (SIZE, SIZE), _MIRROR + "format /dev/md20 1; unlock /dev/md20 l; fill /dev/mapper/l; cryptsetup close l; "
    "mdadm --stop /dev/md20", _MIRROR_LOOK + "unlock /dev/md20 l; check /dev/mapper/l", ROOT, 1)
STACKS["lvm-mirror"] = Stack(
    (SIZE, SIZE), _MIRROR + "group vg /dev/md20; lvcreate -q -n root -L 1310M vg; fill /dev/vg/root; vgchange -an vg; "
    "mdadm --stop /dev/md20", _MIRROR_LOOK + "vgchange -ay vg; check /dev/vg/root", "/dev/vg/root")

# Arrays whose metadata mdmon writes. Serial numbers are how IMSM knows its disks; virtio's have none.
EXTERNAL = ("imsm", "ddf")
WITH_SERIAL = ("imsm",)
EXTERNAL_SHELL = """
export IMSM_NO_PLATFORM=1
there() {
	udevadm settle
	for d; do until [ -b $d ]; do sleep 0.2; done; done
	no_arrays
	no_arrays
}
volume() {
	mdadm --create /dev/md/vol --run --level=1 --raid-devices=2 --assume-clean /dev/md/box
	fill /dev/md/vol
	no_arrays
}
state() { mdadm --examine $1 | tee /dev/stderr | grep "$2"; }
# Disk by disk: mdadm 4.4 crashes when it is to assemble a container of DDF from a list.
whole() {
	for d; do mdadm --incremental $d || :; done
	cat /proc/mdstat
	if grep -E 'resync|recovery|check' /proc/mdstat; then exit 9; fi
	check $(of_container)
}
of_container() {
	for d in /sys/block/md*; do
		if grep -q external:/ $d/md/metadata_version; then echo /dev/${d##*/}; fi
	done
}
"""
STACKS.update({
    "imsm": Stack((SIZE, SIZE), f"""{EXTERNAL_SHELL}
                  there /dev/sda /dev/sdb
                  mdadm --create /dev/md/box --run --metadata=imsm --raid-devices=2 /dev/sda /dev/sdb
                  volume""", f"""{EXTERNAL_SHELL}
                  there /dev/sda /dev/sdb
                  state /dev/sda 'Dirty State : clean'; state /dev/sdb 'Dirty State : clean'
                  whole /dev/sda /dev/sdb""", f"{ROOT} IMSM_NO_PLATFORM=1"),
    "ddf": Stack((SIZE, SIZE), f"""{EXTERNAL_SHELL}
                 there /dev/vdc /dev/vdd
                 mdadm --create /dev/md/box --run --metadata=ddf --raid-devices=2 /dev/vdc /dev/vdd
                 volume""", f"""{EXTERNAL_SHELL}
                 there /dev/vdc /dev/vdd
                 state /dev/vdc 'Optimal, Consistent'; state /dev/vdd 'Optimal, Consistent'
                 whole /dev/vdc /dev/vdd""", ROOT),
})


# While a recipe runs nobody else assembles anything: LVM's rule would activate a group again that was just taken down.
# Without a coldplug nobody has loaded the disks' driver either.
ALONE = """set -e
modprobe -a virtio_scsi sd_mod
mkdir -p /run/udev/rules.d
ln -sf /dev/null /run/udev/rules.d/69-lvm.rules
udevadm control --reload
"""


def _guest(name):
    plain = guests.GUESTS[name]
    return dataclasses.replace(plain, packages=plain.packages + TOOLS, kernels=(guests.CLOUD,))


def _digest(name):
    h = hashlib.sha256(guests.path_of(name).name.encode())
    # The recipes are hashed one by one: a new stack does not make the others anew.
    code = pathlib.Path(__file__).read_text().partition("\nSTACKS = ")
    h.update(ast.dump(ast.parse(code[0])).encode())
    return h.hexdigest()[:12]


def ensure(name):
    """The directory of that guest, made if need be."""
    path = CACHE / f"{name}-{_digest(name)}"
    with guests.locked(CACHE / f"{name}.lock"):
        if path.exists():
            return path
        tmp = CACHE / f".{name}.tmp"
        shutil.rmtree(tmp, ignore_errors=True)
        tmp.mkdir(parents=True)
        guests._bootstrap(_guest(name), tmp / "tree")
        guests._settle(_guest(name), tmp / "tree")
        guests._make_fs(tmp / "tree", tmp / "root.img")
        tmp.rename(path)
        for old in CACHE.glob(f"{name}-*"):
            if old != path:
                shutil.rmtree(old)
    return path


def release(name):
    return guests.kernels_of(ensure(name) / "tree")[-1]


def kernel_of(path):
    """The kernel itself, of a directory like ensure()'s."""
    kver = guests.kernels_of(path / "tree")[-1]
    places = (path / f"tree/boot/vmlinuz-{kver}", path / f"tree/usr/lib/modules/{kver}/vmlinuz")
    return next(p for p in places if p.exists())


def vmlinuz(name):
    return kernel_of(ensure(name))


def workshop(t, name, disks, image, path=None, limit=500):
    """A machine, not started, whose root is a plain disk; /dev/vdb is another one, the others follow. `path` is a
    directory like ensure()'s. What is on them is not looked at before work() does."""
    path = path or ensure(t.guest)
    root = path / "root.img"
    words = f"systemd.mask=lvm2-monitor.service systemd.mask=systemd-udev-trigger.service {name}"
    return t.boot(words, disks=[machine.Disk(root), machine.Disk(root), *disks],
                  root="root=/dev/vda", image=image, kernel=kernel_of(path), memory=1024, limit=limit)


def script(recipe):
    """All that it needs before it."""
    return ALONE + SHELL + recipe


def work(m, recipe, timeout):
    """In a workshop; what it said."""
    return m.run(script(recipe), timeout=timeout)


def paths(name, path):
    """Where that stack's disks lie or would lie, in a directory like ensure()'s."""
    key = hashlib.sha256(repr(STACKS[name]).encode()).hexdigest()[:8]
    return [path / f"{name}-{key}-{n}.img" for n in range(len(STACKS[name].sizes))]


def disk(name, n, path):
    """The disk of that number of the stack."""
    return machine.Disk(path, kind="scsi", serial=f"slip{n}") if name in WITH_SERIAL else machine.Disk(path)


def disks(t, name, image):
    """The stack's disks, made if need be. Never written to: cases use overlays."""
    stack, path = STACKS[name], ensure(t.guest)
    images = paths(name, path)
    with guests.locked(path / f"{name}.lock"):
        if images[-1].exists():
            return images
        for image_path, size in zip(images, stack.sizes):
            with open(image_path.with_suffix(".blank"), "wb") as f:
                f.truncate(size << 20)
        blank = [disk(name, n, i.with_suffix(".blank")) for n, i in enumerate(images)]
        with workshop(t, f"slip.make={name}", blank, image) as m:
            work(m, stack.make, 300)
            m.order("poweroff")
            assert m.wait_end(120) == "guest-shutdown"
        for image_path, made in zip(images, blank):
            made.raw(image_path.with_suffix(".tmp")).rename(image_path)
            image_path.with_suffix(".blank").unlink()
    return images
