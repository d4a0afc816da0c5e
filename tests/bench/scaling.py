#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""scaling: a boot beside more and more disks, and from a group of more and more logical volumes, in virtual time.

    scaling.py [--suite NAME] [--kind scsi|virtio|lvm …] [--count N …]

The root is the first disk to arrive; the others are blank, which is what takes a prober longest: it looks everywhere.
scsi: units of one virtio-scsi controller, which the kernel finds side by side. virtio: a controller each, behind
bridges, which one module finds one after the other. lvm: one disk, the volumes of its one group.

Keeps build/bench/scaling.json, and writes the block of docs/performance.md and docs/scaling.svg when all are there.
Ends with 1 if the root is mounted later than in one and a half times what it takes alone, from /init's start.
"""
import argparse
import datetime
import json
import os
import re
import subprocess
import sys

import boot
import boots
import chart
import table
import trees

sys.path.insert(0, str(trees.TOP / "tests" / "vm"))

import guests  # noqa: E402  (its place is not this directory)
import machine  # noqa: E402
import stacks  # noqa: E402
import trial  # noqa: E402

BUILD = (trees.TOP / os.environ.get("B", "build")).resolve()
RESULTS = trees.CACHE / "scaling.json"
COUNTS = {"scsi": (1, 3, 10, 30, 100), "virtio": (1, 3, 10, 30, 100), "lvm": (1, 10, 100)}
LIMIT = 1.5
PER_BRIDGE = 25
BLANK = "driver=null-co,size=1073741824,read-zeroes=on"
ARRIVED = {"scsi": r"\[sda\] .*logical blocks", "virtio": r"\[vda\] .*logical blocks"}
LAST = {"scsi": r"\[sd\w+\] .*logical blocks", "virtio": r"\[vd\w+\] .*logical blocks"}
ARRIVED["lvm"] = LAST["lvm"] = ARRIVED["virtio"]


def others(kind, count):
    """qemu's words for all disks but the first."""
    if kind == "lvm":
        return ()
    words = []
    if kind == "virtio":
        for n in range((count - 1 + PER_BRIDGE - 1) // PER_BRIDGE):
            words += ["-device", f"pci-bridge,id=bridge{n},chassis_nr={n + 1},shpc=off,addr={n + 8:#x}"]
    for n in range(1, count):
        words += ["-blockdev", f"{BLANK},node-name=blank{n}"]
        if kind == "scsi":
            words += ["-device", f"scsi-hd,drive=blank{n},bus=scsi.0,lun={n}"]
        else:
            words += ["-device", f"virtio-blk-pci,drive=blank{n},bus=bridge{(n - 1) // PER_BRIDGE},"
                                 f"addr={(n - 1) % PER_BRIDGE + 1:#x}"]
    return tuple(words)


def group(suite, count, root):
    """A disk with one group: the root, and further volumes. A guest makes it."""
    path = trees.CACHE / f"lvm-{suite}-{count}-{root.stem}.img"
    if path.exists():
        return path
    t = trial.Trial(f"bench-lvm-{count}", suite)
    blank = path.with_suffix(".blank")
    with open(blank, "wb") as f:
        f.truncate(900 << 20)
    disks = [machine.Disk(blank), machine.Disk(root)]
    image = trial.kept_image(f"bench-{suite}-lvm", stacks.ensure(suite) / "tree", "--kver", stacks.release(suite))
    more = "".join(f"lvcreate -q -an -n lv{n} -L 4M vg\n" for n in range(1, count))
    with stacks.workshop(t, f"slip.make=lvm-{count}", disks, image) as m:
        m.run(stacks.ALONE)
        m.run(f"{stacks.SHELL}\ngroup vg /dev/vdc\nlvcreate -q -y -n root -L 256M vg\ncat /dev/vdd >/dev/vg/root\n"
              f"{more}vgchange -an vg", timeout=300)
        m.order("poweroff")
        assert m.wait_end(120) == "guest-shutdown"
    disks[0].raw(path.with_suffix(".tmp")).rename(path)
    blank.unlink()
    return path


def generic(tree, kver):
    image = trees.CACHE / f"scaling-{kver}.img"
    subprocess.run([BUILD / "slipway", "build", "-q", "-f", "--sysroot", tree, "--libexecdir", BUILD, "--kver", kver,
                    "-o", image, "--generic"], check=True)
    return image


def figures(cost, kind):
    """ms of the way, from /init's start on, in which the processor did not idle: it only idles for a disk's answer, and
    how long that takes is the host's affair."""
    log = cost["said"]
    first, end = boot.when(log, r"^Run /\S*init "), boot.when(log, "^bench: next init")
    arrived, mounted = boot.when(log, ARRIVED[kind]), boot.when(log, r"^EXT4-fs .*mounted")
    last = max(at for at, text in log if re.search(LAST[kind], text))
    return {"arrived": boot.busy(cost, first, arrived), "mounted": boot.busy(cost, first, mounted),
            "arrival_to_mount": boot.busy(cost, arrived, mounted), "last": boot.busy(cost, first, last),
            "run": boot.busy(cost, first, end), "processes": cost["processes"],
            "idle": sum(b - a for a, b in cost["idle"])}


def measure(suite, kind, count):
    root = boots.root_disk(BUILD)
    if kind == "lvm":
        at = stacks.ensure(suite)
        tree, kernel, kver = at / "tree", stacks.kernel_of(at), stacks.release(suite)
        disk, bus, words = group(suite, count, root), "virtio", "root=/dev/vg/root"
    else:
        tree = trees.ensure(suite, BUILD)
        kver = trees.kernel(tree, False)
        kernel, disk, bus, words = boots.vmlinuz(tree, kver), root, kind, f"root=UUID={boots.UUID}"
    cost = boots.once(kernel, generic(tree, kver), disk, bus, f"{words} {boot.TRACED}", others(kind, count))
    return {"suite": suite, "kernel": kver, "kind": kind, "count": count,
            "date": datetime.date.today().isoformat(), **figures(cost, kind)}


def kept():
    return json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else []


def of(rows, kind):
    return sorted((r for r in rows if r["kind"] == kind), key=lambda r: r["count"])


def ratio(rows, kind):
    """How long the root takes beside the most, over how long it takes alone, until it is mounted; None if that is not there."""
    found = of(rows, kind)
    if len(found) < 2 or found[0]["count"] != 1:
        return None
    return found[-1]["mounted"] / found[0]["mounted"]


WHAT = {"scsi": "disks of one virtio-scsi controller", "virtio": "virtio disks behind bridges",
        "lvm": "volumes of one group"}


def lines(rows):
    yield "\n![How long the root takes beside many disks](scaling.svg)"
    for kind, what in WHAT.items():
        found = of(rows, kind)
        if not found:
            continue
        yield f"\n{what[0].upper() + what[1:]} ({found[0]['suite']}, {found[0]['kernel']}, {found[-1]['date']}):\n"
        yield f"| {'volumes' if kind == 'lvm' else 'disks'} | root arrives | root is mounted | of one | in between | " \
              "the last arrives | real init | extra processes |"
        yield "|--:|--:|--:|--:|--:|--:|--:|--:|"
        for r in found:
            yield f"| {r['count']} | {r['arrived']:.1f} | {r['mounted']:.1f} | " \
                  f"{r['mounted'] / found[0]['mounted']:.2f} | {r['arrival_to_mount']:.1f} | {r['last']:.1f} | {r['run']:.1f} | " \
                  f"{r['processes'] - found[0]['processes']:+d} |"


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--suite", default="bookworm", choices=guests.GUESTS)
    parser.add_argument("--kind", action="append", choices=COUNTS)
    parser.add_argument("--count", action="append", type=int)
    return parser.parse_args()


def main():
    asked = arguments()
    rows = kept()
    for kind in asked.kind or COUNTS:
        for count in asked.count or COUNTS[kind]:
            row = measure(asked.suite, kind, count)
            rows = [r for r in rows if (r["kind"], r["count"]) != (kind, count)] + [row]
            RESULTS.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
            print(f"scaling: {kind} {count}: mounted after {row['mounted']:.1f} ms, {row['arrival_to_mount']:.1f} from its arrival",
                  flush=True)
    print("\n".join(lines(rows)))
    table.write(trees.TOP / "docs/performance.md", "scaling", lines(rows))
    (trees.TOP / "docs/scaling.svg").write_text(chart.scaling({WHAT[k]: of(rows, k) for k in COUNTS}), encoding="utf-8")
    bad = [f"{WHAT[kind]}: {value:.2f} times what one takes, at most {LIMIT}"
           for kind in ("scsi", "virtio") if (value := ratio(rows, kind)) is not None and value > LIMIT]
    print("\n".join(f"scaling: {b}" for b in bad) or "scaling: all goals met")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
