# SPDX-License-Identifier: MIT
"""images: what the generators make of one tree for one kernel, and what that took."""
import dataclasses
import hashlib
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import generators
import room
import trees

sys.path.insert(0, str(trees.TOP / "tests" / "image"))

import foreign  # noqa: E402  (its place is not this directory)


def facts(image):
    """Of the file itself."""
    data = image.read_bytes()
    archives = foreign.archives(data)
    names = [name for archive in foreign.with_reserve(archives) for name in foreign.names(archive)]
    return {
        "packed": len(data),
        "unpacked": sum(map(len, archives)),
        "files": len(names),
        "modules": sum(bool(re.search(r"\.ko(\.\w+)?$", name)) for name in names),
        "content": hashlib.sha256(data).hexdigest(),
    }


def unpacked_otherwise(slipway, image):
    """What `slipway unpack` makes otherwise than cpio(1)."""
    with tempfile.TemporaryDirectory(dir=trees.CACHE) as scratch:
        theirs, ours = Path(scratch, "cpio"), Path(scratch, "slipway")
        foreign.unpack(foreign.with_reserve(foreign.archives(image.read_bytes())), theirs)
        ours.mkdir()
        done = subprocess.run([slipway, "unpack", image, "-C", ours], capture_output=True, text=True, check=False)
        if done.returncode:
            return [done.stderr.strip()]
        return list(foreign.differences(foreign.tree(theirs), foreign.tree(ours)))


class NoDisk(room.Failed):
    """As in a container: there is no machine to make an image for."""


def disk(path):
    """The block device below `path` in /sys, or None: a container's overlay has none."""
    st = os.stat(path)
    device = Path("/sys/dev/block", f"{os.major(st.st_dev)}:{os.minor(st.st_dev)}")
    return device.resolve() if device.exists() else None


def _run_once(tree, kver, row, image, programs):
    device = disk(tree)
    if not device and "{device}" in row.argv:
        raise NoDisk("the machine's root is on no device")
    values = {"kver": kver, "out": f"/{image.relative_to(tree)}", "device": f"/dev/{device and device.name}"}
    argv = [word.format(**values) for word in row.argv]
    image.unlink(missing_ok=True)
    return room.run(programs / "bench/measure", tree, argv, row.done, Path(f"{image}.log"))


def make(tree, kver, rows, rounds, programs):
    """One result a generator; they take turns, so that a busy minute does not fall on one of them alone."""
    results = [{"name": g.name, "mode": g.mode, "runs": []} for g in rows]
    for number in range(rounds):
        for row, result in zip(rows, results):
            image = tree / generators.OUT / f"{kver}-{generators.ROWS.index(row)}"
            if "failed" in result:
                continue
            try:
                took = _run_once(tree, kver, row, image, programs)
            except room.Failed as why:
                if not row.may_fail and not isinstance(why, NoDisk):
                    raise
                result["failed"] = str(why)
                continue
            result["runs"].append(dataclasses.asdict(took))
            result["image"] = str(image)
            print(f"  {number + 1}/{rounds} {row.name}: {took.cpu:.2f} s", flush=True)
    for result in results:
        if "failed" not in result:
            result.update(facts(Path(result["image"])))
    return results


def made(results):
    return [r for r in results if "failed" not in r]


def unchanged(results):
    """The images are those that were measured."""
    paths = [(Path(r["image"]), r["content"]) for r in made(results)]
    return all(p.exists() and hashlib.sha256(p.read_bytes()).hexdigest() == content for p, content in paths)
