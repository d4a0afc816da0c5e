#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""peers: the stacks of tests/vm/stacks.py with the images of slipway, initramfs-tools and dracut, in the same guest.

    peers.py [--guest NAME] [--rounds N] [STACK …]   boots what was not booted yet, then writes docs/stacks.md
    peers.py --page                                  only writes the page

As root; one machine at a time. Each run is kept in build/peers/results/STACK@GUEST.json; --fresh drops those of the
stacks that are named. Within a round the generators take turns, and the next round begins with another one.
"""
import argparse
import datetime
import json
import os
import shutil
import sys

import rivals  # first: it says where the modules of the other rings are

import machine
import page
import passage
import stacks
import trial
import yard

AT_ONCE = 3  # stacks that one machine makes, and looks at
STACKS = [name for name in stacks.STACKS if name not in passage.LEFT_OUT]
RESULTS = rivals.CACHE / "results"


def load(name, guest):
    path = RESULTS / f"{name}@{guest}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else []


def store(name, guest, runs):
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{name}@{guest}.json"
    path.with_suffix(".tmp").write_text(json.dumps(runs, indent=1) + "\n", encoding="utf-8")
    path.with_suffix(".tmp").rename(path)


def _turns(number):
    """The generators, beginning with another one each time."""
    n = number % len(rivals.NAMES)
    return rivals.NAMES[n:] + rivals.NAMES[:n]


def measure(name, guest, number, generators):
    """One round: up and down with these initrds. The disks are kept until they are looked at."""
    stack, path = stacks.STACKS[name], rivals.ensure(guest)
    RESULTS.mkdir(parents=True, exist_ok=True)
    t = trial.Trial(f"peers-{name}", guest)
    images = [image for n, image in enumerate(stacks.paths(name, path)) if n not in stack.without]
    runs = []
    for generator in generators:
        disks = [machine.Disk(image) for image in images]
        run = {"generator": generator, "round": number, "date": datetime.date.today().isoformat(),
               "key": rivals.key(guest, generator), "load": round(os.getloadavg()[0], 1),
               **passage.run(t, name, generator, disks)}
        after = raws(name, guest, run, len(disks))
        for disk, raw in zip(disks, after):
            disk.raw(raw)
        run["host"] = yard.on_host(images, after)
        runs.append(run)
        print(f"{name}: {generator}: {run.get('state', 'not up')}, down in {run.get('seconds')} s", flush=True)
    shutil.rmtree(t.directory)
    return runs


def raws(name, guest, run, count):
    """What a run leaves."""
    return [RESULTS / f"{name}@{guest}-{run['generator']}-{run['round']}-{n}.img" for n in range(count)]


def look(names, guest):
    """At what was not looked at yet, in one machine."""
    kept = {name: load(name, guest) for name in names}
    waiting = []
    for name, runs in kept.items():
        count = len(stacks.STACKS[name].sizes) - len(stacks.STACKS[name].without)
        waiting += [(name, run, raws(name, guest, run, count)) for run in runs if "look" not in run]
    if not waiting:
        return
    t = trial.Trial("peers-look", guest)
    for (name, run, after), found in zip(waiting, yard.look(t, [(name, after) for name, _, after in waiting])):
        run["look"] = found
        print(f"{name}: {run['generator']}: looked at: {found}", flush=True)
        for raw in after:
            raw.unlink()
    for name, runs in kept.items():
        store(name, guest, runs)


def rounds(name, asked):
    """What is missing of this stack."""
    keys = {generator: rivals.key(asked.guest, generator) for generator in rivals.NAMES}
    # What was found with other programs or another guest does not count any more.
    runs = [] if asked.fresh else [r for r in load(name, asked.guest) if r["key"] == keys[r["generator"]]]
    for number in range(asked.rounds):
        there = {r["generator"] for r in runs if r["round"] == number}
        there |= {g for g in rivals.NAMES if (name, g) in passage.NO_WAY}
        runs += measure(name, asked.guest, number, [g for g in _turns(number) if g not in there])
        store(name, asked.guest, runs)


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--guest", default="trixie")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--page", action="store_true")
    parser.add_argument("--fresh", action="store_true")
    parser.add_argument("stack", nargs="*")
    asked = parser.parse_args()
    unknown = set(asked.stack) - set(STACKS)
    if unknown:
        parser.error(f"there is no stack {', '.join(sorted(unknown))}; there are: {', '.join(STACKS)}")
    return asked


def main():
    asked = arguments()
    names = [] if asked.page else asked.stack or STACKS
    for first in range(0, len(names), AT_ONCE):
        group = names[first:first + AT_ONCE]
        yard.make(trial.Trial("peers-make", asked.guest), group)
        for name in group:
            rounds(name, asked)
        look(group, asked.guest)
    page.write({name: load(name, asked.guest) for name in STACKS}, asked.guest)
    return 0


if __name__ == "__main__":
    sys.exit(main())
