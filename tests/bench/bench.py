#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""bench: slipway and its peers make an image of the same tree, in one run.

    bench.py [--suite NAME …] [--kernel cloud|full …] [--rounds N]

Prints a table and keeps build/bench/generators.json, to which each tree and kernel is added when it is done, so that
a long run can be made in parts of one day. When all are there, with three rounds at least, the block of
docs/performance.md is written. Ends with 1 if a goal is missed, or if `slipway unpack` makes of one of the images what
cpio(1) does not.
"""
import argparse
import dataclasses
import datetime
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import generators
import room
import table
import trees

TOP = trees.TOP
BUILD = (TOP / os.environ.get("B", "build")).resolve()
SLIPWAY = BUILD / "slipway"
SUITES = ("bookworm", "trixie")
KERNELS = ("cloud", "full")
ROUNDS = 3
RESULTS = trees.CACHE / "generators.json"

sys.path.insert(0, str(TOP / "tests" / "image"))

import foreign  # noqa: E402  (its place is not this directory)


def facts(image):
    """Of the file itself."""
    data = image.read_bytes()
    archives = foreign.archives(data)
    names = [name for archive in archives for name in foreign.names(archive)]
    return {
        "packed": len(data),
        "unpacked": sum(map(len, archives)),
        "files": len(names),
        "modules": sum(bool(re.search(r"\.ko(\.\w+)?$", name)) for name in names),
    }


def unpacked_otherwise(image):
    """What `slipway unpack` makes otherwise than cpio(1)."""
    with tempfile.TemporaryDirectory(dir=trees.CACHE) as scratch:
        theirs, ours = Path(scratch, "cpio"), Path(scratch, "slipway")
        foreign.unpack(foreign.with_reserve(foreign.archives(image.read_bytes())), theirs)
        ours.mkdir()
        done = subprocess.run([SLIPWAY, "unpack", image, "-C", ours], capture_output=True, text=True, check=False)
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


def run_once(tree, kver, row, image):
    device = disk(tree)
    if not device and "{device}" in row.argv:
        raise NoDisk("the machine's root is on no device")
    values = {"kver": kver, "out": f"/{image.relative_to(tree)}", "device": f"/dev/{device and device.name}"}
    argv = [word.format(**values) for word in row.argv]
    image.unlink(missing_ok=True)
    return room.run(BUILD / "bench/measure", tree, argv, row.done, Path(f"{image}.log"))


def measure(tree, kver, rounds):
    """One result a generator; they take turns, so that a busy minute does not fall on one of them alone."""
    results = [{"name": g.name, "mode": g.mode, "runs": []} for g in generators.ROWS]
    for number in range(rounds):
        for i, (row, result) in enumerate(zip(generators.ROWS, results)):
            image = tree / generators.OUT / f"{kver}-{i}"
            if "failed" in result:
                continue
            try:
                took = run_once(tree, kver, row, image)
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


def cpu(results, row):
    return next((table.median(r["runs"])["cpu"] for r in results if r["name"] == row.name and r["runs"]), None)


def goals(tree):
    """A quarter of what initramfs-tools takes for the like."""
    pairs = [(generators.HOST, generators.LIST)]
    if tree["full"]:
        pairs.append((generators.GENERIC, generators.MOST))
    for ours, theirs in pairs:
        a, b = cpu(tree["results"], ours), cpu(tree["results"], theirs)
        if a is not None and b is not None:
            yield {"tree": f"{tree['suite']}, {tree['kernel']}", "what": f"CPU of {ours.name} / {theirs.name}",
                   "is": a / b, "limit": 0.25}


def images(tree):
    return [Path(r["image"]) for r in tree["results"] if "failed" not in r]


def root_of_machine(path):
    """What the file system of `path` lies on: "ext4 on virtio_blk, virtio-pci"."""
    device = disk(path)
    if not device:
        return "on no device"
    drivers = [(at / "driver").resolve().name for at in (device, *device.parents) if (at / "driver").exists()]
    fstype = subprocess.run(["findmnt", "-no", "FSTYPE", "-T", path], capture_output=True, text=True, check=True).stdout
    return f"{fstype.strip()} on {', '.join(drivers) or device.name}"


def machine():
    cpuinfo = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    model = re.search(r"^model name\s*: (.*)$", cpuinfo, re.M)
    version = subprocess.run([SLIPWAY, "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
    return {
        "date": datetime.date.today().isoformat(),
        "cpu": model[1] if model else platform.machine(),
        "cpus": os.cpu_count(),
        "linux": ".".join(platform.release().split(".")[:2]),
        "root": root_of_machine(trees.CACHE),
        "slipway": version,
    }


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--suite", action="append", choices=SUITES)
    parser.add_argument("--kernel", action="append", choices=KERNELS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    return parser.parse_args()


def measure_tree(suite, kernel, rounds):
    tree = trees.ensure(suite, BUILD)
    generators.settle(tree)
    kver = trees.kernel(tree, kernel == "full")
    print(f"bench: {suite}, {kver}", flush=True)
    peers = {g.package: trees.versions(tree)[g.package] for g in generators.PEERS}
    return {"suite": suite, "kernel": kver, "full": kernel == "full", "rounds": rounds, "versions": peers,
            "results": measure(tree, kver, rounds)}


def key(tree):
    return SUITES.index(tree["suite"]), tree["full"]


def measured_before(here):
    """What was measured of the same program on the same machine today."""
    try:
        old = json.loads(RESULTS.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    same = all(old.get(name) == value for name, value in here.items())
    return {key(tree): tree for tree in old["trees"]} if same else {}


def main():
    asked = arguments()
    here = machine()
    found = measured_before(here)
    bad = []
    for suite in asked.suite or SUITES:
        for kernel in asked.kernel or KERNELS:
            tree = measure_tree(suite, kernel, asked.rounds)
            found[key(tree)] = tree
            measured = here | {"trees": [found[k] for k in sorted(found)]}
            measured["goals"] = [goal for each in measured["trees"] for goal in goals(each)]
            RESULTS.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
            bad += [f"{image}: {line}" for image in images(tree) for line in unpacked_otherwise(image)]
    print("\n".join(table.block(measured)))
    bad += [f"{g['tree']}: {g['what']} is {g['is']:.3f}, above {g['limit']}" for g in measured["goals"]
            if g["is"] > g["limit"]]
    if len(found) == len(SUITES) * len(KERNELS) and all(t["rounds"] >= ROUNDS for t in found.values()):
        table.write(TOP / "docs/performance.md", measured)
    print("\n".join(["", *(f"bench: {b}" for b in bad)]) if bad else "\nbench: all goals met, all images unpacked alike")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
