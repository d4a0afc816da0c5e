# SPDX-License-Identifier: MIT
"""table: what was measured, as text: on the terminal and in docs/performance.md."""
import datetime
import re
import statistics

import goals

COLUMNS = (
    ("CPU s", lambda r: f"{r['cpu']:.2f}"),
    ("wall s", lambda r: f"{r['wall']:.2f}"),
    ("memory MB", lambda r: f"{r['rss'] / 1e6:.0f}"),
    ("processes", lambda r: str(r["processes"])),
    ("packed MB", lambda r: f"{r['packed'] / 1e6:.2f}"),
    ("unpacked MB", lambda r: f"{r['unpacked'] / 1e6:.2f}"),
    ("files", lambda r: str(r["files"])),
    ("modules", lambda r: str(r["modules"])),
)


def median(runs):
    return {key: statistics.median(run[key] for run in runs) for key in ("cpu", "wall", "rss", "processes")}


def lines(results):
    """The rows of one tree and kernel as a table of markdown."""
    yield "| generator | mode | " + " | ".join(name for name, _ in COLUMNS) + " |"
    yield "|---|---|" + "--:|" * len(COLUMNS)
    for r in results:
        if "failed" in r:
            yield f"| {r['name']} | {r['mode']} | does not work here: {r['failed']} |" + " |" * (len(COLUMNS) - 1)
            continue
        cells = {**r, **{k: int(v) if k == "processes" else v for k, v in median(r["runs"]).items()}}
        yield f"| {r['name']} | {r['mode']} | " + " | ".join(show(cells) for _, show in COLUMNS) + " |"


BOOT_COLUMNS = (
    ("packed MB", lambda r, floor: f"{r['packed'] / 1e6:.2f}"),
    ("unpack ms", lambda r, floor: f"{r['unpack']:.1f}"),
    ("run ms", lambda r, floor: f"{r['run']:.1f}"),
    ("sum ms", lambda r, floor: f"**{r['sum']:.0f}**"),
    ("of the floor", lambda r, floor: f"{r['sum'] / floor['sum']:.2f}"),
    ("from the kernel's start ms", lambda r, floor: f"{r['whole']:.0f}"),
    ("extra processes", lambda r, floor: str(r["processes"] - floor["processes"])),
    ("modules", lambda r, floor: str(len(r["modules"]))),
    ("memory MB", lambda r, floor: f"{(r['available'] - floor['available']) / 1e6:+.0f}"),
)


def boot_lines(rows):
    """One bus of one tree; the first row is the floor."""
    yield "| initrd | " + " | ".join(name for name, _ in BOOT_COLUMNS) + " |"
    yield "|---|" + "--:|" * len(BOOT_COLUMNS)
    for r in rows:
        if "failed" in r:
            yield f"| {r['name']} | does not boot: {r['failed']} |" + " |" * (len(BOOT_COLUMNS) - 1)
        else:
            yield f"| {r['name']} | " + " | ".join(show(r, rows[0]) for _, show in BOOT_COLUMNS) + " |"


def goal_lines(record):
    yield "| goal | is | at most | |"
    yield "|---|--:|--:|---|"
    for goal in goals.of(record):
        yield f"| {goal['what']} | {goal['is']:.3g} | {goal['limit']} | " \
              f"{'missed' if goal['is'] > goal['limit'] else 'met'} |"


def block(records):
    """All that is told of the trees that were measured."""
    for record in records:
        when = datetime.date.fromisoformat(record["date"])
        peers = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
        yield f"\n### {record['suite']}, {record['kernel']}\n"
        yield f"{when.day} {when:%B %Y}; slipway {record['slipway']}; {peers}."
        yield f"Made on {record['cpus']} × {record['cpu']}, Linux {record['linux']}, root of it: {record['root']};"
        yield f"the median of {record['rounds']} runs that took turns.\n"
        yield from lines(record["results"])
        for bus, booted in record["boots"].items():
            yield f"\nBoots from {bus}, in virtual time, qemu {record['qemu']}; the floor, booted twice, differs by " \
                  f"{booted['repeats']:.2%}:\n"
            yield from boot_lines(booted["rows"])
        yield ""
        yield from goal_lines(record)


def write(path, name, rows):
    """Puts them between the markers of that name."""
    begin, end = f"<!-- {name}: written by make bench; do not edit -->", f"<!-- {name}: end -->"
    text = path.read_text(encoding="utf-8")
    new = "\n".join([begin, *rows, end])
    found = re.subn(re.escape(begin) + ".*" + re.escape(end), lambda _: new, text, flags=re.S)
    if found[1] != 1:
        raise RuntimeError(f"{path} does not have the markers of {name} once")
    path.write_text(found[0], encoding="utf-8")
