# SPDX-License-Identifier: MIT
"""What stands in front of the reserve and what in it; and that both are the image's files for all who look into it."""
import subprocess

import foreign
import newc
import pytest

from fixture import KVER, LIBDIR
from test_build import golden

RESERVE = "usr/lib/slipway/reserve.cpio.zst"
MODULES = f"usr/lib/modules/{KVER}"


def built(root, *argv, may_doubt=False):
    done = root.build_as_default("-f", *argv)
    assert done.returncode == 0 or (may_doubt and done.returncode == 3), done.said
    return done


def parts(root):
    """{path: Entry} of the front, and of the reserve, as other tools read them."""
    front = newc.read(root.image.read_bytes())
    packed = front[RESERVE].data if RESERVE in front else None
    if packed is None:
        return front, {}
    return front, newc.read(subprocess.run(["zstd", "-dc"], input=packed, capture_output=True, check=True).stdout)


def files(entries):
    return {name for name, entry in entries.items() if entry.mode >> 12 != 4}


def test_each_has_its_place(root):
    root.build("-f", "--reserve", "no", "--rescue", "--modules", "e1000")
    without = set(root.names())
    built(root, "--rescue", "--modules", "e1000")
    front, reserve = parts(root)
    assert not files(front) & files(reserve)
    texts = {RESERVE, f"{MODULES}/modules.dep", f"{MODULES}/modules.alias"}
    plain = {f"{MODULES}/kernel/drivers/ata/ahci.ko"}
    assert (without | texts | plain) - {f"{MODULES}/kernel/drivers/ata/ahci.ko.xz"} == set(front) | set(reserve)
    for name in ("init", "etc/modprobe.d/local.conf", "etc/modules-load.d/slipway.conf", "usr/sbin/e2fsck",
                 "usr/lib/slipway/exitrd/shutdown", f"{LIBDIR}/libtiny.so.1", "usr/lib64/ld-tiny.so.2",
                 "usr/lib/slipway/manifest", f"{MODULES}/kernel/drivers/net/e1000.ko"):
        assert name in front, name
    for name in ("usr/bin/kmod", "usr/sbin/modprobe", "usr/bin/busybox", f"{MODULES}/modules.dep.bin",
                 f"{MODULES}/modules.alias.bin"):
        assert name not in front, name
    # What programs of both need is in front.
    assert f"{LIBDIR}/libtiny.so.1" not in reserve
    assert root.names() == [*front, *reserve]


def rows(root):
    front, _ = parts(root)
    text = front[f"{MODULES}/modules.dep"].data.decode()
    return dict(row.split(":") for row in text.splitlines()), front, text


def test_what_is_in_front_is_not_packed_again(root):
    """The libraries of a root of its own, whose programs are in the reserve, are other names of those in front."""
    for name in ("mdadm", "mdmon"):
        root.copy("kmod", f"usr/sbin/{name}")
    built(root)
    front, reserve = parts(root)
    helper = "usr/lib/slipway/exitrd-helpers/mdmon"
    assert {name for name in files(reserve) if name.startswith(helper)} == {
        f"{helper}/usr/sbin/mdadm", f"{helper}/usr/sbin/mdmon"}
    for name in (f"{LIBDIR}/libtiny.so.1", f"{LIBDIR}/ld-tiny.so.2"):
        # The data stand with the last name of a file.
        assert [len(front[at].data) == 0 for at in sorted((name, f"{helper}/{name}"))] == [True, False]
        assert root.cat(name) == root.cat(f"{helper}/{name}") == (root.path / name).read_bytes()
    # Programs call their loader by a name that leads through a link.
    assert f"{helper}/lib64" in front
    assert verified(root) == (0, "")


def test_how_tight_it_is_packed(root):
    """By a level of its own, unless one is named for all."""
    def sizes(*argv):
        built(root, *argv)
        return root.slipway("ls", "-p", root.image).stdout.decode().splitlines()[1].split()[1:]

    own = sizes()
    assert own == sizes("--compress", "zstd") == sizes("--compress", "zstd:6") != sizes("--compress", "zstd:1")


def test_listing(root):
    built(root)
    golden("reserve.txt", root.listing())


def test_what_is_near(root):
    """The usual drivers, what the settings name and the root's file system; as depmod(8) writes it."""
    root.add_module("kernel/drivers/mmc/core/more.ko", 'INFO(1, "alias=more-*"); INFO(2, "softdep=pre: crc32c");')
    built(root, "--modules", "more")
    near, front, text = rows(root)
    assert near == {
        "kernel/drivers/ata/ahci.ko": "",
        "kernel/drivers/block/virtio_blk.ko": " kernel/drivers/virtio/virtio.ko",
        "kernel/drivers/virtio/virtio.ko": "",
        "kernel/crypto/crc32c_generic.ko": "",
        # A softdep is loaded before it, too.
        "kernel/drivers/mmc/core/more.ko": " kernel/crypto/crc32c_generic.ko",
        "kernel/fs/jbd2/jbd2.ko": "",
        "kernel/lib/after.ko": "",
        "kernel/lib/before.ko": "",
    }, text
    assert sorted(front[f"{MODULES}/modules.alias"].data.decode().splitlines()) == [
        "alias crc32c crc32c_generic",
        "alias crypto-crc32c crc32c_generic",
        "alias more-* more",
        "alias pci:v*d*sv*sd*bc01sc06i01* ahci",
        "alias virtio:d00000002v* virtio_blk",
    ]
    # What must be followed by another waits for libkmod.
    assert f"{MODULES}/kernel/fs/ext4/ext4.ko" not in front
    # finit_module(2) takes it as it is.
    assert front[f"{MODULES}/kernel/drivers/ata/ahci.ko"].data[:4] == b"\x7fELF"


@pytest.mark.parametrize("sata", [True, False])
def test_ide_alone_is_not_near(root, sata):
    """Its library, which is large, comes with SATA; a kernel without that has both in the reserve."""
    if not sata:
        (root.path / MODULES / "kernel/drivers/ata/ahci.ko.xz").unlink()
    root.add_module("kernel/drivers/ata/libata.ko", "EXPORT(ata_one); int ata_one;")
    root.add_module("kernel/drivers/ata/ata_piix.ko", "extern int ata_one; int *piix = &ata_one;")
    built(root)
    near, front, _ = rows(root)
    _, reserve = parts(root)
    for name in ("libata", "ata_piix"):
        path = f"kernel/drivers/ata/{name}.ko"
        assert (path in near, f"{MODULES}/{path}" in front, f"{MODULES}/{path}" in reserve) == (sata, sata, not sata)


def test_rows_load_backwards(root):
    """What depends on what depends on something."""
    root.add_module("kernel/a.ko", "EXPORT(a_one); int a_one;")
    root.add_module("kernel/b.ko", "EXPORT(b_one); extern int a_one; int *b_one = &a_one;")
    root.add_module("kernel/c.ko", 'INFO(1, "softdep=pre: before"); extern int b_one; int *c_one = &b_one;')
    built(root, "--modules", "c")
    near, _, _ = rows(root)
    order = near["kernel/c.ko"].split()[::-1] + ["kernel/c.ko"]
    assert sorted(order) == ["kernel/a.ko", "kernel/b.ko", "kernel/c.ko", "kernel/lib/before.ko"]
    assert order.index("kernel/a.ko") < order.index("kernel/b.ko")
    assert order[-1] == "kernel/c.ko"


@pytest.mark.parametrize("line, gone", [
    ("install virtio_blk /sbin/modprobe -i virtio_blk", {"virtio_blk"}),
    ("install virtio /sbin/modprobe -i virtio", {"virtio", "virtio_blk"}),
    ("softdep virtio_blk post: after", {"virtio_blk"}),
    ("options virtio_blk queues=1", set()),
    ("blacklist virtio_blk", set()),
])
def test_modprobe_d_may_say_more_than_init_knows(root, line, gone):
    built(root)
    before, _, _ = rows(root)
    root.text("etc/modprobe.d/more.conf", f"{line}\n")
    built(root, "--modules", "virtio_blk", may_doubt=True)
    after, front, _ = rows(root)
    assert set(before) - set(after) == {name for name in before if name.rsplit("/", 1)[1][:-3] in gone}
    for name in set(before) - set(after):
        assert f"{MODULES}/{name}" not in front or name.endswith("/virtio.ko")


def test_an_alias_of_modprobe_d(root):
    """It counts in place of what modules say; that of a near module is served as near."""
    root.text("etc/modprobe.d/more.conf", "alias virtio:d00000002v* ahci\nalias disk virtio_blk\n")
    built(root)
    front, _ = parts(root)
    lines = front[f"{MODULES}/modules.alias"].data.decode().splitlines()
    assert lines[-2:] == ["alias virtio:d00000002v* ahci", "alias disk virtio_blk"]
    assert "alias virtio:d00000002v* virtio_blk" not in lines


def test_without_depmods_texts_nothing_is_near(root):
    root.without_alias_text()
    built(root)
    front, reserve = parts(root)
    assert f"{MODULES}/modules.dep" not in front
    assert f"{MODULES}/kernel/drivers/ata/ahci.ko.xz" in reserve
    assert root.slipway("verify", "--generic", "--sysroot", root.path, root.image).said == ""


def test_all_who_look_see_all(root, tmp_path):
    built(root)
    _, reserve = parts(root)
    done = root.slipway("ls", "-l", root.image)
    assert done.stdout.decode().count(" (in the reserve)\n") == len(reserve)
    done = root.slipway("ls", "-p", root.image).stdout.decode().splitlines()
    assert [line.split()[2] for line in done] == ["cpio", "zstd"] and done[1].endswith(f" {len(reserve)} reserve")
    assert root.cat("usr/sbin/modprobe") == (root.path / "usr/bin/kmod").read_bytes()
    done = root.slipway("unpack", "-C", tmp_path / "to", root.image)
    assert done.returncode == 0, done.said
    assert (tmp_path / "to/usr/bin/kmod").read_bytes() == reserve["usr/bin/kmod"].data
    assert (tmp_path / "to" / RESERVE).is_file()
    assert "/usr/bin/kmod: " in root.slipway("explain", root.image, "kmod").stdout.decode()
    done = root.slipway("explain", "--sysroot", root.path, root.image, "pci:v1d1sv1sd1bc01sc06i01")
    assert done.stdout.decode() == f"/{MODULES}/kernel/drivers/ata/ahci.ko: SATA\n", done.said
    done = root.slipway("verify", "-v", "--generic", "--sysroot", root.path, root.image)
    assert (done.returncode, "ok   reserve: " in done.said) == (0, True), done.said
    kept = tmp_path / "kept"
    root.image.rename(kept)
    root.build("-f", "--reserve", "no")
    done = root.slipway("diff", kept, root.image)
    assert [line.split()[0] for line in done.stdout.decode().splitlines() if " usr/bin/kmod" in line] == []


def test_unpacked_as_other_tools_do(root, tmp_path):
    built(root, "--rescue")
    foreign.unpack(foreign.with_reserve(foreign.archives(root.image.read_bytes())), tmp_path / "theirs")
    assert root.slipway("unpack", "-C", tmp_path / "ours", root.image).returncode == 0
    assert foreign.tree(tmp_path / "ours") == foreign.tree(tmp_path / "theirs")


def test_same_bytes_each_time(root):
    built(root)
    first = root.image.read_bytes()
    built(root)
    assert root.image.read_bytes() == first


@pytest.mark.parametrize("word, magic", [("zstd:19", b"\x28\xb5\x2f\xfd"), ("lz4", b"\x02\x21\x4c\x18")])
def test_the_front_may_be_compressed(root, word, magic):
    built(root, "--compress", word)
    assert root.image.read_bytes()[:4] == magic
    assert "usr/bin/kmod" in root.names()
    done = root.slipway("ls", "-p", root.image).stdout.decode().splitlines()
    assert [line.split()[2] for line in done] == [word.split(":")[0], "zstd"]


def rewritten(root, change):
    """The image with files that lie elsewhere; it is compressed by another program."""
    front, reserve = parts(root)
    change(front, reserve)
    packed = subprocess.run(["zstd", "-qc"], input=newc.write(reserve), capture_output=True, check=True).stdout
    front[RESERVE].data = packed
    root.image.write_bytes(newc.write(front))


def verified(root):
    done = root.slipway("verify", "--generic", "--sysroot", root.path, root.image)
    return done.returncode, done.said


def move(name):
    def change(front, reserve):
        reserve[name] = front.pop(name)
    return change


BEFORE = "slipway: before the reserve is unpacked: "
EXITRD = "usr/lib/slipway/exitrd/shutdown"


@pytest.mark.parametrize("name, said", [
    ("init", "cannot start /init: it is not in the image"),
    (f"{LIBDIR}/libtiny.so.1", "cannot run /init: libtiny.so.1 is not where its loader looks in the image"),
    ("usr/lib64/ld-tiny.so.2", "cannot run /init: its loader /lib64/ld-tiny.so.2 is not in the image"),
    ("usr/lib/e2/libext.so.2", "cannot run /usr/sbin/e2fsck: libext.so.2 is not where its loader looks in the image"),
    ("usr/sbin/fsck.ext4", "cannot check the root (ext4, /etc/fstab): there is no fsck.ext4 in the image"),
    (EXITRD, f"cannot come back at power-off: /{EXITRD} of the image is missing"),
    (f"{MODULES}/kernel/drivers/virtio/virtio.ko",
     "cannot load kernel/drivers/block/virtio_blk.ko: kernel/drivers/virtio/virtio.ko, which modules.dep lists, is "
     "not there"),
])
def test_what_must_stand_in_front(root, name, said):
    built(root)
    rewritten(root, lambda front, reserve: None)
    assert verified(root) == (0, "")
    rewritten(root, move(name))
    code, all_said = verified(root)
    assert code == 3
    assert BEFORE + said in all_said


def test_damaged_reserve(root):
    built(root)
    front, _ = parts(root)
    whole = front[RESERVE].data
    for data, said in (
        (whole[:-30], "in the reserve, at offset "),
        (b"\x28\xb5\x2f\xfd" + bytes(60), "in the reserve, at offset 64, in the zstd archive: the compressed archive is cut off"),
        (b"nothing", "in the reserve, at offset 0: neither a cpio archive nor a compressed one begins here"),
    ):
        front[RESERVE].data = data
        root.image.write_bytes(newc.write(front))
        done = root.slipway("ls", root.image)
        assert done.returncode == 1
        assert said in done.said
        assert "init" in done.stdout.decode().splitlines()
