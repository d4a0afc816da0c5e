# SPDX-License-Identifier: MIT
"""page: what was found, as the block between the marks of docs/stacks.md."""
import os
import re
import statistics

import rivals  # first: it says where the modules of the other rings are

import passage
import remains

PAGE = rivals.TOP / "docs" / "stacks.md"
BEGIN = "<!-- stacks: written by make peers; do not edit -->"
END = "<!-- stacks: end -->"
HEAD = ("stack", "initrd", "boots", "left at power-off", "disks afterwards", "start → shell s", "order → off s",
        "systemd's end → off s", "of it exitrd s", "CPU s", "runs")


def _boots(runs):
    if not all(r["boots"] for r in runs):
        return "**no**: " + next(r["why"] for r in runs if not r["boots"]).partition(" (")[0]
    bad = sorted({unit for r in runs for unit in r["failed"]})
    states = sorted({r["state"] for r in runs})
    return ", ".join(states) + (f" ({', '.join(bad)})" if bad else "")


def _left(runs):
    cells = {"never off" if found is None else ", ".join(found) or "nothing" for found in map(remains.of, runs)}
    return "; ".join(sorted(cells))


def _disks(runs):
    wrong = {f"does not hold: {what}" for r in runs for what, holds in r["host"].items() if not holds}
    for r in runs:
        look = r.get("look")
        if look and not look["clean"]:
            wrong.add(" / ".join(look["kernel"]) or f"the stack's check fails (exit code {look['code']})")
    if wrong:
        return "**" + "; ".join(sorted(wrong)) + "**"
    return "clean" if all("look" in r for r in runs) else "not looked at"


def _median(runs, read):
    values = [v for v in map(read, runs) if v is not None]
    return f"{statistics.median(values):.1f}" if values else ""


def _row(stack, generator, runs):
    up = [r for r in runs if r["boots"]]
    cells = [stack, generator, _boots(runs)]
    if not up:
        return cells + [""] * (len(HEAD) - 4) + [str(len(runs))]
    reads = (lambda r: r["up"], lambda r: r.get("ordered"), lambda r: r.get("guest"), remains.exitrd_seconds,
             lambda r: r.get("cpu"))
    return cells + [_left(up), _disks(up), *(_median(up, read) for read in reads), str(len(runs))]


def _table(found):
    yield "| " + " | ".join(HEAD) + " |"
    yield "|---|---|---|---|---|" + "--:|" * (len(HEAD) - 5)
    for stack, runs in ((stack, runs) for stack, runs in found.items() if runs):
        for n, generator in enumerate(rivals.NAMES):
            mine = [r for r in runs if r["generator"] == generator]
            if (stack, generator) in passage.NO_WAY:
                yield f"|  | {generator} | no: has no option for it |" + " |" * (len(HEAD) - 3)
            elif mine:
                yield "| " + " | ".join(_row(stack if n == 0 else "", generator, mine)) + " |"


def block(found, guest):
    """Lines of markdown, of {stack: [run]}."""
    runs = [r for each in found.values() for r in each]
    dates, loads = sorted({r["date"] for r in runs}), sorted(r["load"] for r in runs)
    makefile = (rivals.TOP / "Makefile").read_text(encoding="utf-8")
    version = re.search(r"^VERSION := (\S+)", makefile, re.M)[1]
    packages = ", ".join(f"{name} {v}" for name, v in rivals.versions(guest).items())
    sizes = ", ".join(f"{g} {rivals.image(guest, g).stat().st_size / 1e6:.1f} MB" for g in rivals.NAMES)
    yield (f"Measured on {' and '.join(dates)}, {guest}, {rivals.release(guest)}, qemu without KVM, one processor. The "
           f"machine's own load (on {os.cpu_count()} processors) when a guest was started was {loads[0]} to "
           f"{loads[-1]}, in the median {statistics.median(loads):.1f}.")
    yield f"slipway {version}; {packages}."
    yield f"Images: {sizes}."
    yield ""
    yield from _table(found)
    missing = [name for name, each in found.items() if not each]
    if missing:
        yield ""
        yield f"Not measured yet: {', '.join(missing)}."


def write(found, guest):
    """Puts the block between its marks."""
    if not any(found.values()):
        return
    text = PAGE.read_text(encoding="utf-8")
    new = "\n".join([BEGIN, *block(found, guest), END])
    text, count = re.subn(re.escape(BEGIN) + ".*" + re.escape(END), lambda _: new, text, flags=re.S)
    if count != 1:
        raise RuntimeError(f"{PAGE} does not have the marks once")
    PAGE.write_text(text, encoding="utf-8")
