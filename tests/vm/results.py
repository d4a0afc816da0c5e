# SPDX-License-Identifier: MIT
"""results: what was found for a case on a guest, kept by what it depends on; and docs/matrix.md made of it."""
import ast
import datetime
import functools
import hashlib
import json
import pathlib
import re

import cases
import fullkernel
import guests
import trial

# What the cases take into a guest.
CARGO = ("daemons.c", "holder.c", "disk-init", "ramdisk-init.c")


@functools.cache
def imported(module):
    """The files of this directory that the module stands on, itself among them, sorted."""
    found, new = set(), [module]
    while new:
        path = guests.HERE / f"{new.pop()}.py"
        if path in found or not path.exists():
            continue
        found.add(path)
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                new += [name.name for name in node.names]
            elif isinstance(node, ast.ImportFrom):
                new.append(node.module)
    return sorted(found)


def _key(row, guest):
    """The programs, the guest, and the code that drives and judges."""
    h = hashlib.sha256(f"{trial.programs_digest()} {guests.path_of(guest).name} {row.kernel}".encode())
    for path in (*imported(row.run.__module__), *(guests.HERE / name for name in CARGO)):
        h.update(path.read_bytes())
    return h.hexdigest()[:16]


def _path(keep, row, guest):
    return pathlib.Path(keep) / f"{row.name}@{guest}.json"


def load(keep, row, guest):
    """The result if it still counts, else None."""
    path = _path(keep, row, guest)
    found = json.loads(path.read_text()) if path.exists() else {}
    return found if found.get("key") == _key(row, guest) else None


def passed(keep, row, guest):
    found = load(keep, row, guest)
    return bool(found and found["ok"])


def store(keep, row, guest, ok, seconds):
    path = _path(keep, row, guest)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"key": _key(row, guest), "ok": ok, "seconds": round(seconds),
                                "date": datetime.date.today().isoformat()}) + "\n")


def _version(tree, package):
    status = (tree / "var/lib/dpkg/status").read_text()
    found = re.search(rf"^Package: {re.escape(package)}$.*?^Version: (\S+)$", status, re.M | re.S)
    return found[1] if found else None


def _guest_row(name, known):
    """`known`: the kernels that stand on the page."""
    tree = guests.ensure(name) / "tree"
    init = next((f"{p} {v}" for p in ("systemd", "sysvinit-core") if (v := _version(tree, p))), "?")
    kernels = known | set(guests.kernels_of(tree))
    if fullkernel.path_of(name).exists():
        kernels.add(fullkernel.kver(name))
    return f"| {name} | {init} | {', '.join(sorted(kernels))} |"


def _cell(keep, row, guest):
    found = load(keep, row, guest)
    if not found:
        return "not run"
    return f"{'ok' if found['ok'] else '**failed**'} {found['seconds']} s, {found['date']}"


def _written(page):
    """What stands on the page: {guest: its kernels}, {case: {guest: cell}}."""
    lines = page.read_text().splitlines() if page.exists() else []
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    heads = [n for n, row in enumerate(rows) if row[0] in ("guest", "case")]
    if len(heads) != 2:
        return {}, {}
    columns = rows[heads[1]][1:]
    return ({name: set(kernels.split(", ")) for name, _, kernels in rows[1:heads[1]]},
            {row[0]: dict(zip(columns, row[1:])) for row in rows[heads[1] + 1:]})


def write_page(keep, page, version, only=()):
    """docs/matrix.md: of the cases named, or of all, what was found; of the others, what stands there. Returns how many
    cells of those named failed or were not run."""
    found = {}
    for row, guest in cases.pick("matrix", only):
        found.setdefault(row.name, {})[guest] = _cell(keep, row, guest)
    bad = sum("failed" in cell or "not run" in cell for cells in found.values() for cell in cells.values())
    kernels, rows = _written(page) if only else ({}, {})
    for name, cells in found.items():
        rows[name] = rows.get(name, {}) | cells
    about = {row.name: (row.run.__doc__ or "").split(".")[0].replace("\n", " ") for row in cases.ROWS if row.name in rows}
    columns = [name for name in guests.GUESTS if any(cells.get(name) for cells in rows.values())]
    out = ["# The matrix", "", f"Cases of tests/vm/cases.py on each guest, slipway {version}, in qemu without KVM. `make "
           "matrix` writes this page; `make matrix ONLY='stack-* dm-300'` renews the rows of some. What passed is not run "
           "again as long as the programs, the guest and the case's own code are unchanged.", "",
           "| guest | init | kernels |", "|---|---|---|"]
    out += [_guest_row(name, kernels.get(name, set())) for name in columns]
    out += ["", "| case | " + " | ".join(columns) + " |", "|---|" + "---|" * len(columns)]
    out += [f"| {name} | " + " | ".join(rows[name].get(guest, "") for guest in columns) + " |" for name in about]
    texts = {}
    for name, text in about.items():
        texts.setdefault(re.sub(" +", " ", text), []).append(name)
    out += [""] + [f"- **{'**, **'.join(same)}**: {text}" for text, same in texts.items()]
    page.write_text("\n".join(out) + "\n")
    return bad
