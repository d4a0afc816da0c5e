#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""bench: slipway and its peers make an image of the same tree, and these images boot, in one run.

    bench.py [--suite NAME …] [--kernel cloud|full …] [--bus virtio|nvme …] [--rounds N] [--again] [--quick]
             [--image NAME=PATH …] [--only WORD …] [--table]

--quick: slipway and initramfs-tools alone, one round, bookworm's cloud kernel from virtio; nothing is kept but boots.
--only:  of the peers, only those with one of these words in their names; nothing is kept but boots.
--image: an image that something else has made is booted, too; it must fit the kernel of the one tree that is asked for.
--again: make the images anew, though these programs have made them.
--table: measures nothing; prints what is kept, and writes docs/performance.md.

Prints a table and keeps build/bench/trees.json, to which each tree and kernel is added when it is done, so that a
long run can be made in parts. Of all that is kept the block of docs/performance.md is written, and its chart. Ends
with 1 if a goal is missed, if a boot of slipway's fails or one of the floor is not repeated, or if `slipway unpack`
makes of one of the images what cpio(1) does not.
"""
import argparse
import datetime
import hashlib
import json
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

import boots
import chart
import generators
import goals
import images
import table
import trees

TOP = trees.TOP
BUILD = (TOP / os.environ.get("B", "build")).resolve()
SLIPWAY = BUILD / "slipway"
SUITES = ("bookworm", "trixie")
KERNELS = ("cloud", "full")
ROUNDS = 3
RESULTS = trees.CACHE / "trees.json"


def _output(*argv):
    return subprocess.run([str(a) for a in argv], capture_output=True, text=True, check=True).stdout.strip()


def root_of_machine(path):
    """What the file system of `path` lies on: "ext4 on virtio_blk, virtio-pci"."""
    device = images.disk(path)
    if not device:
        return "on no device"
    drivers = [(at / "driver").resolve().name for at in (device, *device.parents) if (at / "driver").exists()]
    return f"{_output('findmnt', '-no', 'FSTYPE', '-T', path)} on {', '.join(drivers) or device.name}"


def machine():
    cpuinfo = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    model = re.search(r"^model name\s*: (.*)$", cpuinfo, re.M)
    return {
        "date": datetime.date.today().isoformat(),
        "cpu": model[1] if model else platform.machine(),
        "cpus": os.cpu_count(),
        "linux": ".".join(platform.release().split(".")[:2]),
        "root": root_of_machine(trees.CACHE),
        "qemu": _output(boots.boot.QEMU, "--version").split()[3],
        "slipway": _output(SLIPWAY, "--version").split()[1],
        "programs": hashlib.sha256(b"".join((BUILD / p).read_bytes() for p in trees.PROGRAMS)).hexdigest()[:12],
    }


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--suite", action="append", choices=SUITES)
    parser.add_argument("--kernel", action="append", choices=KERNELS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--bus", action="append", choices=boots.DRIVERS)
    parser.add_argument("--image", action="append", default=[], metavar="NAME=PATH")
    parser.add_argument("--only", action="append", metavar="WORD")
    for flag in ("--again", "--quick", "--table"):
        parser.add_argument(flag, action="store_true")
    asked = parser.parse_args()
    asked.image = [boots.Initrd(name, "", Path(path)) for name, _, path in (w.partition("=") for w in asked.image)]
    for initrd in asked.image:
        if not initrd.path.is_file():
            parser.error(f"--image: there is no file {initrd.path}")
    if asked.quick:
        asked.suite, asked.kernel, asked.rounds = asked.suite or SUITES[:1], asked.kernel or KERNELS[:1], 1
        asked.bus, asked.only = asked.bus or ["virtio"], asked.only or [generators.LIST.name, generators.MOST.name]
    asked.suite, asked.kernel = asked.suite or SUITES, asked.kernel or KERNELS
    asked.bus = asked.bus or [*boots.DRIVERS]
    return asked


def rows(only):
    return [g for g in generators.ROWS if not only or not g.package or any(word in g.name for word in only)]


def same(old, here, asked):
    """Whether what is kept was made by these programs: then only what boots is looked at again."""
    return (old and not asked.again and not asked.only and old["programs"] == here["programs"]
            and old["rounds"] >= asked.rounds and images.unchanged(old["results"]))


def measure_tree(suite, kernel, asked, old):
    here, tree = machine(), trees.ensure(suite, BUILD)
    kver = trees.kernel(tree, kernel == "full")
    print(f"bench: {suite}, {kver}", flush=True)
    record = {**here, "suite": suite, "kernel": kver, "full": kernel == "full", "rounds": asked.rounds, "boots": {},
              "versions": {g.package: trees.versions(tree)[g.package] for g in generators.PEERS}}
    if same(old, here, asked):
        record = old
    else:
        generators.settle(tree)
        record["results"] = images.make(tree, kver, rows(asked.only), asked.rounds, BUILD)
    made = [boots.Initrd(r["name"], r["mode"], Path(r["image"])) for r in images.made(record["results"])]
    bad = []
    for bus in asked.bus:
        record["boots"][bus], wrong = boots.measure(tree, kver, bus, made + asked.image, BUILD)
        bad += [wrong] if wrong else []
    for initrd in made:
        bad += [f"{initrd.path}: {line}" for line in images.unpacked_otherwise(SLIPWAY, initrd.path)]
    return record, bad


def key(record):
    return SUITES.index(record["suite"]), record["full"]


def kept():
    try:
        found = json.loads(RESULTS.read_text(encoding="utf-8"))
    except FileNotFoundError:
        found = []
    return {key(record): record for record in found}


def write(found):
    """The table and the chart of what is kept."""
    records = [found[k] for k in sorted(found)]
    table.write(TOP / "docs/performance.md", "generators", table.block(records))
    drawn = next((r for r in records if "virtio" in r["boots"]), None)
    if drawn:
        (TOP / "docs/performance.svg").write_text(chart.boots(drawn), encoding="utf-8")


def main():
    asked, found, measured, bad = arguments(), kept(), [], []
    if asked.table:
        measured = [found[k] for k in sorted(found)]
        write(found)
        asked.suite = ()
    for suite in asked.suite:
        for kernel in asked.kernel:
            record, wrong = measure_tree(suite, kernel, asked, found.get((SUITES.index(suite), kernel == "full")))
            measured.append(record)
            bad += wrong
            if asked.only or asked.image:
                continue
            found[key(record)] = record
            RESULTS.write_text(json.dumps([found[k] for k in sorted(found)], indent=1) + "\n", encoding="utf-8")
            write(found)
    print("\n".join(table.block(measured)))
    bad += [line for record in measured for line in (*goals.missed(record), *goals.missing(record))]
    print("\n" + ("\n".join(f"bench: {b}" for b in bad) or "bench: all goals met, all images unpacked alike"))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
