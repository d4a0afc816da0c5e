# SPDX-License-Identifier: MIT
"""superblocks: what the raw image of a disk says by itself, without a kernel that could change it: the members of MD,
the headers of LUKS, ext4.

Layouts: struct mdp_superblock_1 (linux/raid/md_p.h), struct luks_phdr and luks2_hdr_disk (cryptsetup's on-disk
formats), struct ext4_super_block (fs/ext4/ext4.h).
"""
import dataclasses
import json
import mmap
import struct
import uuid

MIB = 1 << 20
MD_MAGIC, MD_CLEAN = 0xA92B4EFC, (1 << 64) - 1
LUKS_MAGIC = b"LUKS\xba\xbe"
EXT4_MAGIC, EXT4_RECOVER, EXT4_VALID = 0xEF53, 0x4, 0x1


@dataclasses.dataclass(frozen=True)
class Member:
    array: str    # UUID of the array
    events: int
    clean: bool   # nothing is left to be resynchronised
    whole: bool   # the checksum fits


def _mapped(path):
    with open(path, "rb") as f:
        return mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)


def md_member(path):
    """The superblock of metadata 1.0, 1.1 or 1.2, or None."""
    with _mapped(path) as disk:
        # What md_p.h says of the minor version, which the superblock itself does not name.
        for at in (4096, 0, (len(disk) // 512 - 16 & ~7) * 512):
            magic, major = struct.unpack_from("<II", disk, at)
            if (magic, major) != (MD_MAGIC, 1):
                continue
            events, resync_offset, checksum, roles = struct.unpack_from("<QQII", disk, at + 200)
            # The roles of at most as many devices as fit into the 4 KiB that it has.
            length = 256 + 2 * min(roles, 1920)
            words = bytearray(disk[at:at + length])
            words[216:220] = bytes(4)
            words += bytes(-length % 4)
            total = sum(struct.unpack(f"<{len(words) // 4}I", words))
            return Member(str(uuid.UUID(bytes=disk[at + 16:at + 32])), events, resync_offset == MD_CLEAN,
                          ((total & 0xFFFFFFFF) + (total >> 32)) & 0xFFFFFFFF == checksum)
    return None


def _luks_length(disk, at):
    """Of the header with its keyslots; 0 if it is none."""
    version, = struct.unpack_from(">H", disk, at + 6)
    if version == 1:
        return struct.unpack_from(">I", disk, at + 104)[0] * 512
    if version != 2:
        return 0
    size, = struct.unpack_from(">Q", disk, at + 8)
    area = json.loads(bytes(disk[at + 4096:at + size]).partition(b"\0")[0])
    return min(int(segment["offset"]) for segment in area["segments"].values())


def luks_headers(path, within=64 * MIB):
    """{offset: all bytes of the header and its keyslots}, of those that begin at a multiple of 4 KiB."""
    found, at = {}, 0
    with _mapped(path) as disk:
        while (at := disk.find(LUKS_MAGIC, at, within)) >= 0:
            length = 0 if at % 4096 else _luks_length(disk, at)
            if length:
                found[at] = bytes(disk[at:at + length])
            at += length or 1
    return found


@dataclasses.dataclass(frozen=True)
class Ext4:
    offset: int           # of the file system
    needs_recovery: bool
    valid: bool           # unmounted, or never mounted for writing


def ext4(path, fs):
    """The first superblock of the ext4 with that UUID which lies open on the disk, or None."""
    wanted, at = uuid.UUID(fs).bytes, -1
    with _mapped(path) as disk:
        while (at := disk.find(wanted, at + 1)) >= 0:
            start = at - 0x68
            if start < 1024 or struct.unpack_from("<H", disk, start + 0x38)[0] != EXT4_MAGIC:
                continue
            state, = struct.unpack_from("<H", disk, start + 0x3A)
            incompatible, = struct.unpack_from("<I", disk, start + 0x60)
            return Ext4(start - 1024, bool(incompatible & EXT4_RECOVER), bool(state & EXT4_VALID))
    return None
