#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""poweroff: from systemd's end to the machine off, with our exitrd and without, in virtual time.

    poweroff.py [--suite NAME] [--pairs N]

A guest of the VM tests boots, systemd's own systemd.run= does one thing and powers off. The thing is to remove the
exitrd, or to look whether it is there. Counted is from the first word of systemd-shutdown, the program that systemd
becomes when all units are stopped, to the kernel's last. The host's answers for the disk are in it: the two take turns.

Keeps build/bench/poweroff.json and writes the block of docs/performance.md.
"""
import argparse
import datetime
import json
import re
import statistics
import subprocess
import sys

import boot
import table
import trees

sys.path.insert(0, str(trees.TOP / "tests" / "vm"))

import guests  # noqa: E402  (its place is not this directory)
import trial  # noqa: E402

RESULTS = trees.CACHE / "poweroff.json"
PAIRS = 3
BEGIN = r"systemd-shutdown\[1\]: (?:Syncing filesystems|Sending SIGTERM)"
END = r"reboot: Power down"
WAYS = {"with": "/bin/test -x /run/initramfs/shutdown", "without": "/bin/rm /run/initramfs/shutdown"}


def stamp(console, regex):
    """ms, as the kernel writes it before the line."""
    found = re.search(rf"^\[ *([\d.]+)\] .*{regex}", console, re.M)
    if not found:
        raise boot.Failed(f"nobody said {regex}: {console[-300:]}")
    return float(found[1]) * 1e3


def once(suite, way):
    kver = guests.kver(suite, None)
    image = trial.kept_image(f"bench-{suite}-{kver}", guests.ensure(suite) / "tree", "--kver", kver)
    words = f'root=UUID={guests.ROOT_UUID} loglevel=7 systemd.run="{WAYS[way]}" systemd.run_failure_action=reboot'
    argv = boot.command(guests.vmlinuz(suite, kver), image, guests.disk(suite, "disk"), "virtio", words, 1024)
    argv[argv.index("-append") + 1] = argv[argv.index("-append") + 1].replace(" quiet", "")
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
                          timeout=900, check=False)
    took = stamp(done.stdout, END) - stamp(done.stdout, BEGIN)
    line = trial.last_line(re.sub(r"^\[ *[\d.]+\] ", "", done.stdout.replace("\r", ""), flags=re.M))
    if ("result" in line) != (way == "with"):
        raise boot.Failed(f"{way} the exitrd: it said {line or 'nothing'}")
    return {"ms": took, "line": line}


def lines(measured):
    yield f"\n{measured['suite']}, {measured['kernel']}, {measured['date']}; a root on virtio, ext4; " \
          f"the median of {measured['pairs']}, lowest and highest:\n"
    yield "| | ms from systemd's end to the machine off |"
    yield "|---|--:|"
    for way, costs in measured["ways"].items():
        ms = [c["ms"] for c in costs]
        yield f"| {way} our exitrd | {statistics.median(ms):.0f} ({min(ms):.0f}–{max(ms):.0f}) |"
    own = [int(c["line"]["ms"]) for c in measured["ways"]["with"]]
    yield f"\nThe exitrd itself, by its last line: {statistics.median(own):.0f} ms."


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--suite", default="bookworm", choices=guests.GUESTS)
    parser.add_argument("--pairs", type=int, default=PAIRS)
    asked = parser.parse_args()
    ways = {way: [] for way in WAYS}
    for number in range(asked.pairs):
        for way, costs in ways.items():
            costs.append(once(asked.suite, way))
            print(f"poweroff: {number + 1}/{asked.pairs} {way}: {costs[-1]['ms']:.0f} ms", flush=True)
    measured = {"suite": asked.suite, "kernel": guests.kver(asked.suite, None), "pairs": asked.pairs, "ways": ways,
                "date": datetime.date.today().isoformat()}
    RESULTS.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
    print("\n".join(lines(measured)))
    table.write(trees.TOP / "docs/performance.md", "poweroff", lines(measured))
    return 0


if __name__ == "__main__":
    sys.exit(main())
