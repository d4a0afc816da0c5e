# SPDX-License-Identifier: MIT
"""remains: what was still there when a machine went off, by what its console said since systemd-shutdown began.

The oracles, of which none asks the one who is judged alone:
- the root: the kernel says when a file system's superblock goes (ext4 "unmounting filesystem", btrfs "last unmount of
  filesystem"). systemd-shutdown alone makes it read-only at most, since it runs from it.
- MD: the kernel says "md: NAME stopped."
- dm and loop devices, of which the kernel says nothing: without an exitrd, systemd-shutdown's last count of what it
  could not detach; slipway's last line; dracut repeats the step that takes them down, 41 times at most, until it
  succeeds.
"""
import re

import guests
import stacks

PIVOT = "Entering exitrd"
GONE = r"unmounting filesystem {0}|last unmount of filesystem {0}"


def _count(text, what):
    """systemd-shutdown's last word on it."""
    found = re.findall(rf"Not all {what} \w+, (\d+) left|All {what}", text)
    return int(found[-1] or 0) if found else 0


def _mapped(run, text, exitrd):
    last = re.search(r"^slipway-shutdown: .* loop=(\d+) dm=(\d+) ", exitrd, re.M)
    if last:
        return int(last[1]), int(last[2])
    loops, devices = _count(text, "loop devices"), _count(text, "DM devices")
    if not exitrd or run["generator"] != "dracut":
        return loops, devices
    tries = exitrd.count("Disassembling device-mapper devices")
    # Where it did not have to do anything it says nothing.
    return loops, devices if tries > 1 else 0


def of(run):
    """["root read-only", "dm 2", "md 1"]; empty if nothing remained, None if the machine never went off by itself."""
    if run.get("reason") != "guest-shutdown":
        return None
    text = run["end"]
    exitrd = text.partition(PIVOT)[2]
    gone = GONE.format(f"(?:{guests.ROOT_UUID}|{stacks.BTRFS_UUID})")
    found = []
    if not re.search(gone, text):
        read_only = re.search(r"re-mounted \S+ ro|Remounting '/' read-only", text)
        found.append("root read-only" if read_only else "root writable")
    loops, devices = _mapped(run, text, exitrd)
    arrays = set(re.findall(r"^(md\w+) :", run["arrays"], re.M)) - set(re.findall(r"md: (md\w+) stopped", text))
    found += [f"{what} {n}" for what, n in (("loop", loops), ("dm", devices), ("md", len(arrays))) if n]
    return found


def exitrd_seconds(run):
    """From the exitrd's first moment to the kernel's last line; None where there was no exitrd."""
    at = [re.search(rf"^\[ *([\d.]+)\] .*?{what}", run.get("end", ""), re.M) for what in (PIVOT, "reboot: Power down")]
    return float(at[1][1]) - float(at[0][1]) if all(at) else None
