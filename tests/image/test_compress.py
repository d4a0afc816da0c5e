# SPDX-License-Identifier: MIT
"""How an image is compressed, and what the kernel's configuration has to say about it."""
import subprocess

import pytest

from fixture import KVER

TOOLS = {
    "zstd:19": ["zstd", "-dc"],
    "gzip": ["gzip", "-dc"],
    "xz:9": ["xz", "-dc"],
    "lz4": ["lz4", "-dc"],
    "none": ["cat"],
}


def built(root, *argv):
    done = root.build(*argv)
    assert done.returncode == 0, done.said
    return done


@pytest.mark.parametrize("word", TOOLS)
def test_formats(root, word):
    """The field's own tools unpack what was written, and it is the same archive each time."""
    built(root, "--compress", "none")
    plain = root.image.read_bytes()
    built(root, "-f", "--compress", word)
    packed = root.image.read_bytes()
    done = subprocess.run(TOOLS[word], input=packed, capture_output=True, check=True)
    assert done.stdout == plain
    assert (len(packed) < len(plain) / 3) == (word != "none")
    built(root, "-f", "--compress", word)
    assert root.image.read_bytes() == packed


def config(root, text, path=f"boot/config-{KVER}"):
    root.text(path, text)


def test_kernel_that_cannot_unpack_it(root):
    config(root, "CONFIG_RD_GZIP=y\nCONFIG_RD_XZ=m\n# CONFIG_RD_ZSTD is not set\n")
    done = root.build("--compress", "zstd:19")
    assert (done.returncode, done.said) == (
        1,
        f"slipway: cannot use --compress: kernel {KVER} does not unpack zstd (/boot/config-{KVER} has no "
        "CONFIG_RD_ZSTD); it unpacks gzip, xz, none\n",
    )
    assert not root.image.exists()
    built(root, "--compress", "xz")
    assert root.image.read_bytes()[:6] == b"\xfd7zXZ\0"


def test_default_follows_the_kernel(root):
    config(root, "CONFIG_RD_LZ4=y\n", f"lib/modules/{KVER}/config")
    done = built(root)
    assert f"slipway: kernel {KVER} does not unpack zstd: compressing with lz4\n" in done.said
    assert root.image.read_bytes()[:4] == b"\x02\x21\x4c\x18"
    config(root, "CONFIG_MODULES=y\n")
    built(root, "-f")
    assert root.image.read_bytes()[:6] == b"070701"
