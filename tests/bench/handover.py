#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""handover: does systemd take longer to boot when it is told what took how long before it?

    handover.py [--guest NAME] [--pairs N] [--limit PERCENT]

Pairs of boots to the end under `qemu -icount`, one with the hand-over and one with rd.slipway.serialize=0, now this one
first, now that. Systemd's own part by the clock, from its UserspaceTimestampMonotonic to FinishTimestampMonotonic, is
mostly waiting for the host's disk and host (boot.py), so what is judged is how much longer the processor was busy until
all was up and had been asked, initrd included, as a share of that part. Each pair is
added to build/bench/handover.json, so that a long run can be made in parts; pairs of other programs or of another guest
do not count. Ends with 1 when the median of the pairs is more than the limit.
"""
import argparse
import json
import re
import statistics
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / "tests" / "vm"))

import guests  # noqa: E402  (its place is not this directory)
import machine  # noqa: E402
import trial  # noqa: E402

RESULTS = TOP / "build" / "bench" / "handover.json"
WORDS = {"with": "", "without": "rd.slipway.serialize=0"}
# Of the guest's clock nothing is the host's: see boot.py.
COUNTED = ["-icount", "shift=0,sleep=on", "-rtc", "base=2026-11-02T12:00:00,clock=vm"]
LIMIT = 1800  # seconds of the host
ASK = """
systemctl is-system-running --wait
grep -E '(idle|iowait)_sleeptime' /proc/timer_list
cat /proc/uptime
ls /run/systemd/system | grep -c ^slipway-
systemctl show -p UserspaceTimestampMonotonic -p FinishTimestampMonotonic
"""


class Counted(machine.Machine):
    def boot_arguments(self):
        return [*super().boot_arguments(), *COUNTED]


def boot(t, words):
    """Milliseconds of systemd's own part; and how many units of ours there were."""
    t.boots += 1
    with Counted(t.directory, name=f"boot{t.boots}", kernel=guests.vmlinuz(t.guest, t.release), initrd=t.image(),
                 append=f"{trial.UUID} ro {trial.WORDS} quiet nokaslr initramfs_async=0 {words}", disks=[t.disk()],
                 memory=1024, limit=LIMIT) as m:
        m.wait_agent(LIMIT)
        said = m.run(ASK, check=False, timeout=LIMIT)
    if not said.startswith("running\n"):
        raise SystemExit(f"handover: the guest is not well: {said}")
    stamps = {name: int(value) for name, value in re.findall(r"(\w+)TimestampMonotonic=(\d+)", said)}
    uptime = float(re.search(r"^([\d.]+) [\d.]+$", said, re.M)[1]) * 1000
    idle, waited = (sum(map(int, re.findall(rf"\.{name}_sleeptime: *(\d+)", said))) / 1e6
                    for name in ("idle", "iowait"))
    units = int(re.search(r"^(\d+)\n(?:Userspace|Finish)", said, re.M)[1])
    return {"busy": uptime - idle - waited, "waited": waited, "units": units,
            "clock": (stamps["Finish"] - stamps["Userspace"]) / 1000}


def pair(t, n):
    found = {}
    for name in sorted(WORDS, reverse=n % 2 == 1):
        found[name] = boot(t, WORDS[name])
        print(f"{t.guest} {n + 1} {name:8} {found[name]}", flush=True)
    if found["without"]["units"] or not found["with"]["units"]:
        raise SystemExit(f"handover: the units are not where they should be: {found}")
    return found


def load(key):
    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    return kept if kept.get("key") == key else {"key": key, "pairs": []}


def say(pairs, what):
    """The median of the pairs' differences, as a share of systemd's own part."""
    shares = [(p["with"][what] - p["without"][what]) / p["without"]["clock"] for p in pairs]
    sides = [statistics.median(p[side][what] for p in pairs) for side in ("with", "without")]
    median = statistics.median(shares)
    print(f"{what}: {sides[0]:.0f} ms with, {sides[1]:.0f} without; of {len(pairs)} pairs the median is "
          f"{median:+.2%} ({min(shares):+.2%} to {max(shares):+.2%})")
    return median


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--guest", default="trixie", choices=("bookworm", "trixie", "sid"))
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--limit", type=float, default=2.0)
    args = parser.parse_args()
    t = trial.Trial("handover", args.guest)
    kept = load([args.guest, guests.ensure(args.guest).name, trial.programs_digest()])
    for n in range(len(kept["pairs"]), args.pairs):
        kept["pairs"].append(pair(t, n))
        RESULTS.parent.mkdir(parents=True, exist_ok=True)
        RESULTS.write_text(json.dumps(kept, indent=1))
    say(kept["pairs"], "clock")
    return 1 if say(kept["pairs"], "busy") * 100 > args.limit else 0


if __name__ == "__main__":
    sys.exit(main())
