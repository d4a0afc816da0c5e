# SPDX-License-Identifier: MIT
"""The files that modules load into their devices: whose, from which directories, and what is said of those missing."""
import re

import pytest

from fixture import KVER
from recorded import Machine

QLA = "kernel/drivers/scsi/qla2xxx/qla2xxx.ko"
DIR = "usr/lib/firmware"


@pytest.fixture(name="machine")
def _machine(root):
    root.add_module(
        QLA,
        'INFO(1, "firmware=ql2400_fw.bin"); INFO(2, "firmware=ql/2500.bin"); INFO(3, "firmware=../../etc/passwd");',
    )
    root.text("lib/firmware/ql2400_fw.bin", "2400")
    root.text("lib/firmware/other.bin", "other")
    return root


def built(root, *argv):
    done = root.build(*argv)
    assert done.returncode == 0, done.said
    return done


def firmware(root):
    return sorted(n.removeprefix(f"{DIR}/") for n in root.names() if n.startswith(f"{DIR}/"))


def test_what_is_asked_for(machine):
    done = built(machine)
    assert firmware(machine) == ["ql2400_fw.bin"]
    assert machine.cat("lib/firmware/ql2400_fw.bin") == b"2400"
    assert (
        "slipway: firmware: 1 file taken in, 1 that 1 module may ask for not found in TEST/root (-v names them)\n"
    ) in done.said
    assert built(machine, "-f", "-q").said == ""
    done = built(machine, "-f", "-v")
    assert f"slipway: no firmware ql/2500.bin for /usr/lib/modules/{KVER}/{QLA} in TEST/root\n" in done.said
    assert not built(machine, "-f", "--firmware", "no").said.count("firmware")
    assert not firmware(machine)


def test_order_of_the_directories(machine):
    """As the kernel searches: what an administrator put into updates/ comes first, and what is for this kernel alone."""
    for path in (f"updates/{KVER}", "updates", KVER):
        machine.text(f"lib/firmware/{path}/ql/2500.bin", path)
    machine.text(f"lib/firmware/{KVER}/ql2400_fw.bin", "newer")
    built(machine)
    assert [f for f in firmware(machine) if f.endswith(".bin")] == [
        f"{KVER}/ql2400_fw.bin",
        f"updates/{KVER}/ql/2500.bin",
    ]


def test_symlinks_are_kept(machine):
    machine.text("lib/firmware/qlogic/fw.bin", "real")
    (machine.path / "lib/firmware/ql").mkdir()
    machine.link("lib/firmware/ql/2500.bin", "../qlogic/fw.bin")
    built(machine)
    assert f"{DIR}/ql/2500.bin -> ../qlogic/fw.bin" in machine.listing()
    assert machine.cat("lib/firmware/ql/2500.bin") == b"real"
    # One that leads nowhere is as good as none.
    (machine.path / "lib/firmware/qlogic/fw.bin").unlink()
    built(machine, "-f")
    assert firmware(machine) == ["ql2400_fw.bin"]


@pytest.mark.parametrize(
    "config, found",
    [
        (None, "ql/2500.bin.zst"),
        ("CONFIG_FW_LOADER_COMPRESS=y\nCONFIG_FW_LOADER_COMPRESS_XZ=y\n", "ql/2500.bin.xz"),
        ("CONFIG_FW_LOADER_COMPRESS=y\n", "ql/2500.bin.xz"),  # up to 5.18 that meant xz
        ("CONFIG_FW_LOADER_COMPRESS=y\n# CONFIG_FW_LOADER_COMPRESS_XZ is not set\n", None),
        ("CONFIG_FW_LOADER=y\n", None),
    ],
)
def test_compressed_if_the_kernel_can(machine, config, found):
    for suffix in ("xz", "zst"):
        machine.text(f"lib/firmware/ql/2500.bin.{suffix}", suffix)
    if config:
        machine.text(f"boot/config-{KVER}", "CONFIG_RD_ZSTD=y\n" + config)
    built(machine)
    assert firmware(machine) == (["ql"] + [found] if found else []) + ["ql2400_fw.bin"]


def test_patterns(machine):
    machine.add_module(QLA, 'INFO(1, "firmware=ql*/v?/fw_*.bin");')
    for path in ("qlogic/v1/fw_1.bin", "qlogic/v1/fw_2.bin", "qlogic/v10/fw_1.bin", "qlogic/v2/other", "ql"):
        machine.text(f"lib/firmware/{path}", path)
    done = built(machine)
    assert [f for f in firmware(machine) if f.endswith(".bin")] == ["qlogic/v1/fw_1.bin", "qlogic/v1/fw_2.bin"]
    assert "firmware" not in done.said


def test_whose(machine):
    """In a generic image: of drivers that storage may need it, of what the settings name, or of all."""
    machine.add_module("kernel/drivers/gpu/gpu.ko", 'INFO(1, "firmware=gpu.bin");')
    machine.add_module("kernel/drivers/block/virtio_blk.ko", 'INFO(1, "firmware=block.bin");')
    machine.text("lib/firmware/gpu.bin", "gpu")
    machine.text("lib/firmware/block.bin", "block")
    built(machine)
    assert firmware(machine) == ["ql2400_fw.bin"]
    built(machine, "-f", "--modules", "gpu")
    assert firmware(machine) == ["gpu.bin", "ql2400_fw.bin"]
    built(machine, "-f", "--firmware", "yes")
    assert firmware(machine) == ["block.bin", "ql2400_fw.bin"]


def test_of_a_driver_that_this_machine_boots_by(machine, tmp_path):
    """Only then that nothing of what it asks for is there is worth a warning."""
    text = 'INFO(1, "firmware=block.bin"); INFO(2, "firmware=b.bin");'
    machine.add_module("kernel/drivers/block/virtio_blk.ko", text)
    here = Machine(tmp_path / "machine", "q35", "/", machine.path)
    done = here.run(*machine.command("--host"))
    assert done.returncode == 0, done.stderr.decode()
    said = done.stderr.decode().replace(str(machine.path), "ROOT")
    # Which of them is first is the compiler's affair.
    assert re.search(
        "^slipway: no firmware for module virtio_blk, which drives a device of this machine: "
        "it may ask for (b|block).bin or others, and there is none in ROOT/lib/firmware, ignoring$",
        said,
        re.M,
    )
    machine.text("lib/firmware/b.bin", "b")
    done = here.run(*machine.command("--host", "-f", "-q"))
    assert (done.returncode, done.stderr) == (0, b"")
    assert firmware(machine) == ["b.bin"]
