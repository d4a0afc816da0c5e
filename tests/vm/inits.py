# SPDX-License-Identifier: MIT
"""inits: a guest that has the inits which Debian packages beside systemd, each of which can be PID 1 of it.

    build/inits/inits-HASH/tree/   the root directory
    build/inits/inits-HASH/root.img  the same as ext4

The packages finit-sysv and runit-init have names and links alone (/sbin/init, /sbin/halt) and exclude each other: what
they point to is in finit and runit, and init= names it.
"""
import ast
import hashlib
import pathlib
import shutil

import guests

CACHE = guests.HERE.parent.parent / "build" / "inits"
PACKAGES = guests.STORAGE + ("sysvinit-core", "initscripts", "openrc", "runit", "finit", "s6")
GUEST = guests.Guest("inits", "bookworm", PACKAGES, ("common", "sysvinit"), (guests.CLOUD,))
AGENT = "/usr/local/sbin/agent"

# What starts the agent, for each of them; (text, mode).
FILES = {
    "etc/runit/runsvdir/default/agent/run": (f"#!/bin/sh\nexec {AGENT}\n", 0o755),
    "etc/finit.d/agent.conf": (f"service [2345] name:agent {AGENT} -- Agent\n", 0o644),
    "etc/init.d/slip-agent": (f"#!/sbin/openrc-run\ncommand={AGENT}\ncommand_background=true\npidfile=/run/agent.pid\n",
                              0o755),
    "etc/s6/agent/run": (f"#!/bin/sh\nexec {AGENT}\n", 0o755),
}


def _settle(tree):
    guests._settle(GUEST, tree)
    for name, (text, mode) in FILES.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
    level = tree / "etc/runlevels/default"
    level.mkdir(parents=True, exist_ok=True)
    (level / "slip-agent").symlink_to("/etc/init.d/slip-agent")


def path_of():
    text = ast.dump(ast.parse(pathlib.Path(__file__).read_text(encoding="utf-8"))) + guests.path_of("others").name
    return CACHE / f"inits-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def ensure():
    """Its directory, made if need be."""
    path = path_of()
    with guests.locked(CACHE / "inits.lock"):
        if not path.exists():
            tmp = CACHE / ".inits.tmp"
            shutil.rmtree(tmp, ignore_errors=True)
            tmp.mkdir(parents=True)
            guests._bootstrap(GUEST, tmp / "tree")
            _settle(tmp / "tree")
            guests._make_fs(tmp / "tree", tmp / "root.img")
            tmp.rename(path)
            for old in CACHE.glob("inits-*"):
                if old != path:
                    shutil.rmtree(old)
    return path


def release():
    return guests.kernels_of(ensure() / "tree")[-1]
