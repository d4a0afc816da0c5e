# SPDX-License-Identifier: MIT
"""demo: a Debian guest, out through slipway and back: builds its initrd, boots it, powers it off, and sums up."""
import re
import subprocess
import sys
import time

import guests
import trial

GUEST = "trixie"


def say(text):
    print(f"\n\033[1m== {text}\033[0m", flush=True)


def build(demo):
    """The initrd, from the guest's tree; (path, what slipway said, seconds)."""
    image = demo.directory / "initrd.img"
    start = time.monotonic()
    done = subprocess.run([trial.BUILD / "slipway", "build", "--sysroot", demo.tree(), "--kver", demo.release,
                           "-o", image, "-f"], text=True, capture_output=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    return image, done.stderr.strip().rsplit(": ", 1)[-1], time.monotonic() - start


def boot(demo, image, disk):
    """There and back, with the console shown; what the guest and the console said."""
    with demo.boot(disks=[disk], image=image, live=sys.stdout) as m:
        m.wait_agent()
        state = m.run("systemctl is-system-running --wait", timeout=120, check=False)
        said = {
            "state": state,
            "analyze": m.run("systemd-analyze").splitlines()[0],
            "fsck": m.run("cat /run/initramfs/root-fsck"),
            "again": m.run("systemctl show -P ExecMainPID systemd-fsck-root.service"),
            "run": m.run("grep ' /run ' /proc/mounts | cut -d' ' -f4"),
        }
        m.order("systemctl poweroff")
        said["reason"] = m.wait_end(120)
        return said, m.console.text


def e2fsck(demo, disk):
    raw = disk.raw(demo.directory / "after.img")
    done = subprocess.run(["e2fsck", "-f", "-n", raw], text=True, capture_output=True, check=False)
    head = subprocess.run(["dumpe2fs", "-h", raw], text=True, capture_output=True, check=True).stdout
    raw.unlink()
    journal = "to be replayed" if "needs_recovery" in head else "empty"
    return done.returncode, done.stdout.strip().splitlines()[-1], journal


def main():
    say(f"the guest: Debian {GUEST}, ext4 on virtio-blk, root=UUID (made once, kept under build/guests)")
    guests.ensure(GUEST)
    demo = trial.Trial("demo", GUEST)
    disk = demo.disk()
    say(f"slipway build --sysroot TREE --kver {demo.release}")
    image, size, seconds = build(demo)
    print(size)
    say("boot, and power-off")
    said, console = boot(demo, image, disk)
    down = trial.last_line(console)
    code, fsck, journal = e2fsck(demo, disk)
    ended = re.findall(r"^slipway-shutdown: result=.*$", console, re.M)
    rows = (
        ("initrd", f"{size} ({seconds:.1f} s in all)", image.stat().st_size > 0),
        ("systemd-analyze", said["analyze"], "(initrd)" in said["analyze"]),
        ("system state", said["state"], said["state"] == "running"),
        ("root-fsck", f"{said['fsck']}; systemd's own check ran as process {said['again']} (0: not again)",
         said["fsck"] == "0" and said["again"] == "0"),
        ("/run", said["run"], {"mode=755", "nodev", "nosuid"} <= set(said["run"].split(","))),
        ("shutdown", ended[-1] if ended else "its line is not on the console", down.get("result") == "clean"),
        ("machine", said["reason"], said["reason"] == "guest-shutdown"),
        ("e2fsck after", f"exit code {code}: {fsck}; journal: {journal}", code == 0 and journal == "empty"),
    )
    say("what happened")
    for name, text, good in rows:
        print(f"  {'ok ' if good else 'BAD'}  {name:<16} {text}")
    return 0 if all(good for _, _, good in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
