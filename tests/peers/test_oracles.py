# SPDX-License-Identifier: MIT
"""What judges the initrds sees a root that stayed mounted, a device that was left, a superblock that is not clean."""
import json
import struct
import subprocess
import uuid

import pytest

import guests
import passage
import remains
import superblocks

ARRAY = "md127 : active raid1 vdb[1] vda[0]"
BEGIN = """[   80.1] systemd-shutdown[1]: Syncing filesystems and block devices.
[   80.8] (sd-remount)[538]: Remounting '/' read-only with options 'errors=remount-ro'.
[   80.9] EXT4-fs (dm-1): re-mounted {uuid} ro.
[   80.9] systemd-shutdown[1]: All loop devices detached.
[   80.9] systemd-shutdown[1]: Not all MD devices stopped, 1 left.
[   81.0] systemd-shutdown[1]: Not all DM devices detached, 2 left.
""".format(uuid=guests.ROOT_UUID)
PIVOT = "[   81.6] systemd-shutdown[1]: Entering exitrd...\n"
UNMOUNTED = f"[   81.8] EXT4-fs (dm-1): unmounting filesystem {guests.ROOT_UUID}.\n"
STOPPED = "[   81.9] md: md127 stopped.\n"
OFF = "[   82.1] reboot: Power down\n"
LAST = "slipway-shutdown: result={} verb=poweroff ms=2 escalation=0 mounts=0 swaps=0 loop={} dm={} md=0 left=\n"
STEP = "[   81.8] dracut: Disassembling device-mapper devices\n"


@pytest.mark.parametrize("generator, end, expected", [
    ("initramfs-tools", BEGIN + OFF, ["root read-only", "dm 2", "md 1"]),
    ("initramfs-tools", BEGIN.replace("Remounting", "").replace("re-mounted", "") + OFF,
     ["root writable", "dm 2", "md 1"]),
    ("initramfs-tools", BEGIN.replace("Not all DM devices detached, 2 left", "All DM devices detached") + OFF,
     ["root read-only", "md 1"]),
    ("slipway", BEGIN + PIVOT + UNMOUNTED + STOPPED + LAST.format("clean", 0, 0) + OFF, []),
    ("slipway", BEGIN + PIVOT + UNMOUNTED + STOPPED + LAST.format("dirty", 1, 2) + OFF, ["loop 1", "dm 2"]),
    ("slipway", BEGIN + PIVOT + OFF, ["root read-only", "dm 2", "md 1"]),
    ("dracut", BEGIN + PIVOT + UNMOUNTED + STEP + STOPPED + OFF, []),
    ("dracut", BEGIN + PIVOT + UNMOUNTED + STEP * 42 + STOPPED + OFF, ["dm 2"]),
    ("dracut", BEGIN + OFF, ["root read-only", "dm 2", "md 1"]),
])
def test_remains(generator, end, expected):
    run = {"generator": generator, "reason": "guest-shutdown", "arrays": ARRAY, "end": end}
    assert remains.of(run) == expected


def test_never_off():
    assert remains.of({"generator": "dracut", "reason": None, "arrays": "", "end": BEGIN}) is None


def test_exitrd_seconds():
    assert remains.exitrd_seconds({"end": BEGIN + PIVOT + OFF}) == pytest.approx(0.5)
    assert remains.exitrd_seconds({"end": BEGIN + OFF}) is None


def test_words():
    assert passage.words("tower", "slipway") == ("/dev/mapper/my--vg-root", "")
    uuid_1 = "5119c000-0000-4000-8000-000000000001"
    assert passage.words("luks", "slipway") == (f"UUID={uuid_1}", "")
    assert passage.words("luks", "dracut") == (f"UUID={guests.ROOT_UUID}", f"rd.auto=1 rd.luks.uuid=luks-{uuid_1}")
    assert passage.words("luks", "initramfs-tools")[1] == f"cryptopts=target=l0,source=UUID={uuid_1},luks"


@pytest.mark.parametrize("spoil, expected", [
    ("", (False, True)), ("feature needs_recovery", (True, True)), ("ssv state 0", (False, False))])
def test_ext4(tmp_path, spoil, expected):
    image = tmp_path / "disk"
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-U", guests.ROOT_UUID, image, "8M"], check=True)
    if spoil:
        subprocess.run(["debugfs", "-w", "-R", spoil, image], check=True, capture_output=True)
    with open(tmp_path / "shifted", "wb") as f:
        f.write(bytes(1 << 20) + image.read_bytes())
    assert superblocks.ext4(tmp_path / "shifted", guests.ROOT_UUID) == superblocks.Ext4(1 << 20, *expected)
    assert superblocks.ext4(image, guests.USR_UUID) is None


def md_disk(path, resync_offset=superblocks.MD_CLEAN, spoil=0):
    """A member whose superblock (metadata 1.2) has two roles."""
    sb = bytearray(256 + 4)
    struct.pack_into("<II", sb, 0, superblocks.MD_MAGIC, 1)
    sb[16:32] = uuid.UUID(guests.ROOT_UUID).bytes
    struct.pack_into("<QQ", sb, 200, 17, resync_offset)
    struct.pack_into("<I", sb, 220, 2)
    total = sum(struct.unpack("<65I", sb))
    struct.pack_into("<I", sb, 216, (total & 0xFFFFFFFF) + (total >> 32) & 0xFFFFFFFF)
    sb[100] ^= spoil
    path.write_bytes(bytes(4096) + sb + bytes(1 << 20))
    return path


def test_md_member(tmp_path):
    at = tmp_path / "disk"
    assert superblocks.md_member(md_disk(at)) == superblocks.Member(guests.ROOT_UUID, 17, True, True)
    assert not superblocks.md_member(md_disk(at, resync_offset=0)).clean
    assert not superblocks.md_member(md_disk(at, spoil=1)).whole
    at.write_bytes(bytes(1 << 20))
    assert superblocks.md_member(at) is None


def luks_header(version):
    """One of 64 KiB, keyslots and all."""
    header = bytearray(superblocks.LUKS_MAGIC + struct.pack(">H", version) + bytes(65528))
    if version == 1:
        struct.pack_into(">I", header, 104, 128)
    else:
        area = json.dumps({"keyslots": {}, "segments": {"0": {"type": "crypt", "offset": "65536"}}}).encode()
        struct.pack_into(">Q", header, 8, 16384)
        header[4096:4096 + len(area)] = area
    return bytes(header)


@pytest.mark.parametrize("version", [1, 2])
def test_luks_headers(tmp_path, version):
    at, header = tmp_path / "disk", luks_header(version)
    # What is not at the beginning of a block is a word in a file.
    at.write_bytes(bytes(8192) + header + bytes(100) + superblocks.LUKS_MAGIC + bytes(1 << 20))
    assert superblocks.luks_headers(at) == {8192: header}
    at.write_bytes(bytes(8192) + header[:-1] + b"x" + bytes(1 << 20))
    assert superblocks.luks_headers(at) != {8192: header}
