# SPDX-License-Identifier: MIT
"""goals: what the figures of one tree must be, beside those of the peers in the same run."""
import statistics

import generators

HOST, GENERIC = generators.HOST.name, generators.GENERIC.name
LIST, MOST = generators.LIST.name, generators.MOST.name
DRACUT = "dracut --hostonly"


def _by_name(rows):
    return {row["name"]: row for row in rows if "failed" not in row}


def _cpu(tree):
    """Making the image takes so much of what initramfs-tools takes for the like."""
    cost = {r["name"]: statistics.median(run["cpu"] for run in r["runs"]) for r in tree["results"] if r["runs"]}
    pairs = [(HOST, LIST, 0.13), *([(GENERIC, MOST, 0.12)] if tree["full"] else [])]
    for ours, theirs, limit in pairs:
        if ours in cost and theirs in cost:
            yield f"CPU of {ours} / {theirs}", cost[ours] / cost[theirs], limit


def _boots(tree, bus, rows):
    found = _by_name(rows)
    floor, host, generic = found["floor"], found.get(HOST), found.get(GENERIC)

    def ratio(a, b, limit):
        if a in found and b in found:
            yield f"{bus}: boot of {a} / {b}", found[a]["sum"] / found[b]["sum"], limit

    if host and bus == "virtio":
        yield from ratio(HOST, "floor", 1.75)
    # Of the full kernel's boot the floor alone, ext4 being a module, is more than that.
    if host and bus == "virtio" and not tree["full"]:
        yield from ratio(HOST, LIST, 0.2)
        yield from ratio(HOST, DRACUT, 0.06)
        yield f"{bus}: {HOST}, packed MB", host["packed"] / 1e6, 4.7
    yield from ratio(GENERIC, HOST, 1.5 if tree["full"] else 1.2)
    for row in filter(None, (host, generic)):
        name = f"{bus}: {row['name']}"
        yield f"{name}, extra processes", row["processes"] - floor["processes"], 5
        yield f"{name}, MB of memory less than the floor's", (floor["available"] - row["available"]) / 1e6, 10
        # A host image is for a machine whose disk is virtio's; elsewhere it still loads what that one needs.
        if row is generic or bus == "virtio":
            yield f"{name}, modules that the floor has not", len(set(row["modules"]) - set(floor["modules"])), 0


def of(tree):
    """[{"what", "is", "limit"}]; a goal is missed if "is" is above "limit"."""
    rows = list(_cpu(tree))
    for bus, booted in tree["boots"].items():
        rows += _boots(tree, bus, booted["rows"])
    return [{"what": what, "is": value, "limit": limit} for what, value, limit in rows]


def missed(tree):
    return [f"{tree['suite']}, {tree['kernel']}: {g['what']} is {g['is']:.3g}, at most {g['limit']}"
            for g in of(tree) if g["is"] > g["limit"]]


def missing(tree):
    """What was not compared, since it failed: slipway's own."""
    failed = [r for r in tree["results"] if "failed" in r] + [
        {**r, "name": f"{bus}: {r['name']}"} for bus, b in tree["boots"].items() for r in b["rows"] if "failed" in r]
    return [f"{tree['suite']}, {tree['kernel']}: {r['name']}: {r['failed']}" for r in failed if "slipway" in r["name"]]
