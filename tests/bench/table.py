# SPDX-License-Identifier: MIT
"""table: what was measured, as text: on the terminal and in docs/performance.md."""
import datetime
import re
import statistics

BEGIN = "<!-- generators: written by make bench; do not edit -->"
END = "<!-- generators: end -->"

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


def block(measured):
    """All that is told of one run of the bench."""
    when = datetime.date.fromisoformat(measured["date"])
    yield f"Measured on {when:%d %B %Y}, {measured['cpus']} × {measured['cpu']}, Linux {measured['linux']}; root of the"
    yield f"machine: {measured['root']}. Each figure is the median of runs that took turns."
    for tree in measured["trees"]:
        peers = ", ".join(f"{name} {version}" for name, version in tree["versions"].items())
        yield f"\n### {tree['suite']}, {tree['kernel']}\n"
        yield f"slipway {measured['slipway']}; {peers}; {tree['rounds']} runs.\n"
        yield from lines(tree["results"])
    yield "\n### Goals\n"
    yield "| tree | what | is | at most |"
    yield "|---|---|--:|--:|"
    for goal in measured["goals"]:
        yield f"| {goal['tree']} | {goal['what']} | {goal['is']:.3f} | {goal['limit']} |"


def write(path, measured):
    """Puts the block between its markers."""
    text = path.read_text(encoding="utf-8")
    new = "\n".join([BEGIN, *block(measured), END])
    found = re.subn(re.escape(BEGIN) + ".*" + re.escape(END), lambda _: new, text, flags=re.S)
    if found[1] != 1:
        raise RuntimeError(f"{path} does not have the markers once")
    path.write_text(found[0], encoding="utf-8")
