# SPDX-License-Identifier: MIT
"""case_index: the index of an image's modules beside the one that depmod wrote in the guest. Nothing is booted."""
import re
import struct
import subprocess

from trial import case, programs


def read_index(data):
    """All rows of a .bin file as (key, value), by key and priority: its format is told in src/image/index.h."""
    magic, version, root = struct.unpack(">III", data[:12])
    assert (magic, version) == (0xB007F457, 0x00020001)
    rows = []

    def text(at):
        end = data.index(b"\0", at)
        return data[at:end].decode(), end + 1

    def node(offset, key):
        at, children = offset & 0x0FFFFFFF, []
        if offset & 0x80000000:
            prefix, at = text(at)
            key += prefix
        if offset & 0x20000000:
            first, last = data[at], data[at + 1]
            table = struct.unpack_from(f">{last - first + 1}I", data, at + 2)
            children = [(chr(first + i), child) for i, child in enumerate(table) if child]
            at += 2 + 4 * len(table)
        if offset & 0x40000000:
            (n,) = struct.unpack_from(">I", data, at)
            at += 4
            for _ in range(n):
                value, at = text(at + 4)
                rows.append((key, value))
        for letter, child in children:
            node(child, key + letter)

    node(root, "")
    return rows


def modprobe(tree, release, alias):
    """What libkmod finds for it."""
    done = subprocess.run(["/usr/sbin/modprobe", "-C", "/dev/null", "-d", tree, "-S", release, "-R", alias],
                          capture_output=True, text=True, check=False)
    return done.stdout.split()


def uncompressed(value):
    """The modules that each boot may load are in the image as the kernel reads them."""
    return re.sub(r"\.ko\.(xz|zst|gz)\b", ".ko", value)


def plain_alias(pattern):
    """A name that the pattern stands for."""
    return pattern.replace("*", "0").replace("[", "").replace("]", "").replace("?", "0")


@case
def index(t):
    """The rows of each index are depmod's own, less those of modules that are not in; and libkmod, asked for a sample of
    the aliases, finds in the image what it finds in the guest of these modules."""
    image, tree, unpacked = t.image(), t.tree(), t.directory / "unpacked"
    subprocess.run([programs() / "slipway", "unpack", "-C", unpacked, image], check=True)
    theirs, ours = (top / "lib/modules" / t.release for top in (tree, unpacked))
    names = {key for key, _ in read_index((ours / "modules.dep.bin").read_bytes())}
    assert len(names) > 50
    for name in ("dep", "alias", "symbols"):
        all_rows = read_index((theirs / f"modules.{name}.bin").read_bytes())
        expected = [row for row in all_rows if row[name != "dep"] in names]
        found = read_index((ours / f"modules.{name}.bin").read_bytes())
        if name == "dep":
            paths = {path for _, value in found for path in value.replace(":", "").split()}
            assert [path for path in paths if not (ours / path).is_file()] == []
            found, expected = ([(key, uncompressed(value)) for key, value in rows] for rows in (found, expected))
        assert found == expected, name
    for name in ("builtin", "builtin.alias"):
        assert (ours / f"modules.{name}.bin").read_bytes() == (theirs / f"modules.{name}.bin").read_bytes()
    aliases = [plain_alias(key) for key, _ in read_index((ours / "modules.alias.bin").read_bytes())]
    for alias in aliases[::20]:
        expected = [m for m in modprobe(tree, t.release, alias) if m.replace("-", "_") in names]
        found = [m for m in modprobe(unpacked, t.release, alias) if m.replace("-", "_") in names]
        assert found == expected, alias
