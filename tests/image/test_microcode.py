# SPDX-License-Identifier: MIT
"""Microcode in front of the image: whose, where in the file, and what is said when there is none."""
import lzma
import os
import struct
import subprocess

import pytest

INTEL = "kernel/x86/microcode/GenuineIntel.bin"
AMD = "kernel/x86/microcode/AuthenticAMD.bin"


def update(signature, flags, fill=b"\xa5"):
    """As Intel's SDM documents it: 48 bytes of header, the data, and all of it sums up to 0."""
    body = [1, 0x2A, 0x10202020, signature, 0, 1, flags, 16, 64, 0, 0, 0, *struct.unpack("<4I", fill * 16)]
    body[4] = -sum(body) & 0xFFFFFFFF
    return struct.pack("<16I", *body)


CONTAINER = b"DMA\0" + struct.pack("<II", 0, 16) + bytes(16) + struct.pack("<II", 1, 8) + b"patch 17"
COFFEE = update(0x906EA, 0x22)
COFFEE_OTHER = update(0x906EA, 0x04, b"\x5a")
HASWELL = update(0x306C3, 0x32)


@pytest.fixture(name="machine")
def _machine(root):
    for name, content in (
        ("intel-ucode/06-9e-0a", COFFEE + COFFEE_OTHER),
        ("intel-ucode/06-3c-03.initramfs", HASWELL),
        ("intel-ucode/LICENSE", b"text"),
        ("amd-ucode/microcode_amd_fam17h.bin", CONTAINER),
        ("amd-ucode/microcode_amd_fam17h.bin.asc", b"signature"),
        ("amd-ucode/microcode_amd.bin", CONTAINER + CONTAINER),
    ):
        path = root.path / "lib/firmware" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


def built(root, *argv):
    done = root.build(*argv)
    assert done.returncode == 0, done.said
    return done


def on(root, cpuinfo, *argv):
    """The same with that in /proc/cpuinfo; /sys/…/cpu0/microcode is not there."""
    file = root.image.parent / "cpuinfo"
    file.write_text(cpuinfo)
    script = 'mount --bind "$1" /proc/cpuinfo && mount -t tmpfs none /sys/devices/system/cpu && shift && exec "$@"'
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script, "-", file, *root.command("-f", *argv)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "SOURCE_DATE_EPOCH": "0"},
    )
    assert done.returncode == 0, done.stderr
    return done


def cpu(vendor, family, model, stepping, flags="fpu"):
    return (
        f"processor\t: 0\nvendor_id\t: {vendor}\ncpu family\t: {family}\nmodel\t\t: {model}\n"
        f"stepping\t: {stepping}\nflags\t\t: {flags}\n\n"
    )


def test_all_of_it(machine):
    built(machine)
    assert machine.cat(INTEL) == HASWELL + COFFEE + COFFEE_OTHER
    assert machine.cat(AMD) == CONTAINER + CONTAINER + CONTAINER
    image = machine.image.read_bytes()
    # The archive of it is the first, not compressed, and the data begins where a processor will load it from.
    assert image[:6] == b"070701"
    assert image.index(HASWELL) % 16 == 0
    assert image.index(CONTAINER) % 16 == 0
    names = subprocess.run(["cpio", "-t", "--quiet"], input=image, capture_output=True, check=True).stdout.decode()
    assert names.split() == ["kernel", "kernel/x86", "kernel/x86/microcode", AMD, INTEL]
    built(machine, "-f", "--microcode", "none")
    assert machine.image.read_bytes()[:4] == b"\x28\xb5\x2f\xfd"


def test_only_this_processors(machine):
    on(machine, cpu("GenuineIntel", 6, 158, 10), "--microcode", "host")
    assert machine.cat(INTEL) == COFFEE + COFFEE_OTHER
    assert AMD not in machine.names()
    on(machine, cpu("AuthenticAMD", 23, 1, 2), "--microcode", "host")
    assert machine.cat(AMD) == CONTAINER
    assert INTEL not in machine.names()
    on(machine, cpu("AuthenticAMD", 16, 1, 2), "--microcode", "host")
    assert machine.cat(AMD) == CONTAINER + CONTAINER
    done = on(machine, cpu("GenuineIntel", 6, 1, 1), "--microcode", "host")
    assert INTEL not in machine.names()
    assert "slipway: no microcode for this machine's processor in " in done.stderr
    assert done.stderr.splitlines()[0].endswith("(--microcode), ignoring")


def test_compressed_as_other_firmware(machine):
    path = machine.path / "lib/firmware/amd-ucode/microcode_amd_fam17h.bin"
    path.with_suffix(".bin.xz").write_bytes(lzma.compress(CONTAINER, check=lzma.CHECK_CRC32))
    path.unlink()
    built(machine)
    assert machine.cat(AMD) == CONTAINER + CONTAINER + CONTAINER


def test_damaged(machine):
    (machine.path / "lib/firmware/intel-ucode/06-3c-03.initramfs").write_bytes(HASWELL[:-4] + b"\0\0\0\0")
    (machine.path / "lib/firmware/amd-ucode/microcode_amd.bin").write_bytes(b"text")
    done = built(machine)
    for name in ("intel-ucode/06-3c-03.initramfs", "amd-ucode/microcode_amd.bin"):
        assert f"slipway: cannot use /lib/firmware/{name} of TEST/root: no microcode, or damaged, ignoring\n" in done.said
    assert machine.cat(INTEL) == COFFEE + COFFEE_OTHER
    assert machine.cat(AMD) == CONTAINER


def test_none_there(root):
    assert "microcode" not in built(root).said
    done = built(root, "-f", "--microcode", "all")
    assert (
        "slipway: no microcode for any processor in TEST/root: there is none in /lib/firmware/intel-ucode and "
        "/lib/firmware/amd-ucode (--microcode), ignoring\n"
    ) in done.said
