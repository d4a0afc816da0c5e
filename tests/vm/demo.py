# SPDX-License-Identifier: MIT
"""demo.py: a Debian there and back, its console shown, and a summary of what was promised. Exits 1 if any is not so."""
import dataclasses
import re
import shlex
import subprocess
import sys
import time

import guests
import trial

GUEST = "trixie"


@dataclasses.dataclass
class Fact:
    name: str
    said: str
    good: bool


def os_name(tree):
    return re.search(r'^PRETTY_NAME="?([^"\n]*)', (tree / "etc/os-release").read_text(), re.M)[1]


def look_inside(m):
    """What the running system says of its boot."""
    state = m.run("systemctl is-system-running --wait", check=False, timeout=120)
    yield Fact("system", state, state == "running")
    times = m.run("systemd-analyze time").splitlines()[0]
    yield Fact("systemd-analyze", times, "(initrd)" in times)
    code = m.run("cat /run/initramfs/root-fsck")
    yield Fact("root-fsck", code, code == "0")
    run = m.run("findmnt -no OPTIONS /run")
    yield Fact("/run", run, {"mode=755", "nodev", "nosuid"} <= set(run.split(",")))


def look_at_end(m, disk, raw):
    """How it went down, and what that left on the disk."""
    line = trial.last_line(m.console.text)
    yield Fact("shutdown", " ".join(f"{k}={v}" for k, v in line.items()) or "its last line is missing",
               line.get("result") == "clean" and line.get("verb") == "poweroff")
    disk.raw(raw)
    done = subprocess.run(["e2fsck", "-f", "-n", raw], text=True, capture_output=True, check=False)
    raw.unlink()
    said = [text for text in done.stdout.splitlines() if text.strip()]
    yield Fact("e2fsck afterwards", said[-1] if said else done.stderr.strip(), done.returncode == 0)


def main():
    print(f"demo: the guest ({GUEST}) comes from build/guests, or is made now", flush=True)
    t = trial.Trial("demo", GUEST)
    disk = t.disk()
    image = t.directory / "initrd.img"
    argv = [trial.BUILD / "slipway", "build", "--sysroot", t.tree(), "--kver", t.release, "-o", image,
            "--libexecdir", trial.BUILD]
    print("demo:", shlex.join(map(str, argv)), flush=True)
    start = time.monotonic()
    subprocess.run([str(a) for a in argv], check=True)
    seconds = time.monotonic() - start
    facts = [Fact("image", f"{image.stat().st_size / 1e6:.1f} MB, built in {seconds:.2f} s", True)]
    m = t.boot(disks=[disk], image=image, live=sys.stdout)
    print(f"demo: {os_name(t.tree())}, Linux {t.release}, ext4 on virtio-blk, {m.append}", flush=True)
    with m:
        facts += look_inside(m)
        m.order("systemctl poweroff")
        ended = m.wait_end(120)
    facts += look_at_end(m, disk, t.directory / "after.img")
    facts.append(Fact("qemu ended by", str(ended), ended == "guest-shutdown"))
    width = max(len(fact.name) for fact in facts)
    print("\n\n" + os_name(t.tree()) + ", there and back:\n")
    for fact in facts:
        print(f"  {'ok    ' if fact.good else 'FAILED'} {fact.name:<{width}}  {fact.said}")
    return 0 if all(fact.good for fact in facts) else 1


if __name__ == "__main__":
    if len(sys.argv) > 1:
        GUEST = sys.argv[1]
        if GUEST not in guests.GUESTS:
            sys.exit(f"demo.py: no guest {GUEST}, allowed are {', '.join(guests.GUESTS)}")
    sys.exit(main())
