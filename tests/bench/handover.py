#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""handover: does systemd take longer to boot when it is told what took how long before it?

    handover.py [--guest NAME …] [--pairs N] [--limit PERCENT]

Pairs of boots to the end under `qemu -icount`, one with the hand-over and one with rd.slipway.serialize=0, now this one
first, now that. Systemd's own part by the clock, from its UserspaceTimestampMonotonic to FinishTimestampMonotonic, is
mostly waiting for the host's disk and host (boot.py), so what is judged is how much longer the processor was busy until
all was up and had been asked, initrd included, as a share of that part. Each pair is
added to build/bench/handover-GUEST.json, so that a long run can be made in parts; pairs of other programs or of another
guest's image do not count. Writes the block of docs/performance.md from all that is kept. Ends with 1 when the median of
a guest's pairs is more than the limit.
"""
import argparse
import datetime
import json
import re
import statistics
import sys

from boot import QUIET
import table
import trees

sys.path.insert(0, str(trees.TOP / "tests" / "vm"))

import guests  # noqa: E402  (its place is not this directory)
import machine  # noqa: E402
import trial  # noqa: E402

GUESTS = ("bookworm", "trixie", "sid")
WORDS = {"with": "", "without": "rd.slipway.serialize=0"}
# Of the guest's clock nothing is the host's: see boot.py.
COUNTED = ["-icount", "shift=0,sleep=on", "-rtc", "base=2026-11-02T12:00:00,clock=vm"]
LIMIT = 1800  # seconds of the host
ASK = """
systemctl is-system-running --wait
grep -E '(idle|iowait)_sleeptime' /proc/timer_list
cat /proc/uptime
echo tick $(getconf CLK_TCK)
head -n 1 /proc/stat
ls /run/systemd/system | grep -c ^slipway-
systemctl show -p UserspaceTimestampMonotonic -p FinishTimestampMonotonic
systemctl --version | head -n 1
"""


class Counted(machine.Machine):
    def boot_arguments(self):
        return [*super().boot_arguments(), *COUNTED]


def idled(said):
    """ms until now, and how many of these with a disk's answer outstanding. Linux 7.2 tells it in /proc/stat alone, to 10 ms."""
    found = [sum(map(int, re.findall(rf"\.{name}_sleeptime: *(\d+)", said))) / 1e6 for name in ("idle", "iowait")]
    if any(found):
        return found
    ticks = re.search(r"^cpu +(.*)$", said, re.M)[1].split()
    return [int(n) * 1000 / int(re.search(r"^tick (\d+)$", said, re.M)[1]) for n in ticks[3:5]]


def boot(t, words):
    """Milliseconds; how many units of ours there were; systemd's version."""
    t.boots += 1
    with Counted(t.directory, name=f"boot{t.boots}", kernel=guests.vmlinuz(t.guest, t.release), initrd=t.image(),
                 append=f"{trial.UUID} ro {trial.WORDS} quiet nokaslr initramfs_async=0 {QUIET} {words}", disks=[t.disk()],
                 memory=1024, limit=LIMIT) as m:
        m.wait_agent(LIMIT)
        said = m.run(ASK, check=False, timeout=LIMIT)
    if not said.startswith("running\n"):
        raise SystemExit(f"handover: the guest is not well: {said}")
    stamps = {name: int(value) for name, value in re.findall(r"(\w+)TimestampMonotonic=(\d+)", said)}
    uptime = float(re.search(r"^([\d.]+) [\d.]+$", said, re.M)[1]) * 1000
    idle, waited = idled(said)
    units = int(re.search(r"^(\d+)\n(?:Userspace|Finish)", said, re.M)[1])
    return {"busy": uptime - idle - waited, "waited": waited, "units": units,
            "clock": (stamps["Finish"] - stamps["Userspace"]) / 1000,
            "systemd": re.search(r"^systemd (\d+)", said, re.M)[1]}


def pair(t, n):
    found = {}
    for name in sorted(WORDS, reverse=n % 2 == 1):
        found[name] = boot(t, WORDS[name])
        print(f"{t.guest} {n + 1} {name:8} {found[name]}", flush=True)
    if found["without"]["units"] or not found["with"]["units"]:
        raise SystemExit(f"handover: the units are not where they should be: {found}")
    return found


def kept(guest):
    return trees.CACHE / f"handover-{guest}.json"


def load(guest, key):
    """What is kept of that guest, if it is of this image and these programs."""
    found = json.loads(kept(guest).read_text(encoding="utf-8")) if kept(guest).exists() else {}
    return found if found.get("key") == key else {"guest": guest, "key": key, "pairs": []}


def measure(guest, pairs):
    t = trial.Trial("handover", guest)
    found = load(guest, [guests.ensure(guest).name, trial.programs_digest()])
    for n in range(len(found["pairs"]), pairs):
        found["pairs"].append(pair(t, n))
        found["date"] = datetime.date.today().isoformat()
        trees.CACHE.mkdir(parents=True, exist_ok=True)
        kept(guest).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return found


def shares(pairs, what):
    """Of each pair, the difference as a share of systemd's own part; from the lowest to the highest."""
    return sorted((p["with"][what] - p["without"][what]) / p["without"]["clock"] for p in pairs)


def lines(found):
    yield "| guest | systemd | pairs | busy, ms: with, without | the median's difference, of systemd's own part | by the clock, ms | difference |"
    yield "|---|--:|--:|--:|--:|--:|--:|"
    for of in found:
        row = [of["guest"], of["pairs"][0]["with"]["systemd"], len(of["pairs"])]
        for what in ("busy", "clock"):
            own = shares(of["pairs"], what)
            row.append(", ".join(f"{statistics.median(p[side][what] for p in of['pairs']):.0f}" for side in WORDS))
            row.append(f"{statistics.median(own):+.1%} ({own[0]:+.1%} to {own[-1]:+.1%})")
        yield "| " + " | ".join(map(str, row)) + " |"
    yield f"\nMeasured on {max(of['date'] for of in found)}."


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--guest", action="append", choices=GUESTS)
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--limit", type=float, default=2.0)
    args = parser.parse_args()
    measured = [measure(guest, args.pairs) for guest in args.guest or GUESTS]
    print("\n".join(lines(measured)))
    table.write(trees.TOP / "docs/performance.md", "handover",
                lines([json.loads(kept(g).read_text(encoding="utf-8")) for g in GUESTS if kept(g).exists()]))
    return any(statistics.median(shares(of["pairs"], "busy")) * 100 > args.limit for of in measured)


if __name__ == "__main__":
    sys.exit(main())
