# SPDX-License-Identifier: MIT
"""case_profile: where the time of a boot went, as slipway and as systemd-analyze show it."""
import re

from case_contract import bars, check_running, check_sum, read_trace
from trial import case


def check_causes(spans):
    """What the root was waited for: its driver's module, the disk, the reading of it."""
    by_id = {event["args"]["id"]: event for events in spans.values() for event in events if "id" in event["args"]}
    chain = [next(e for e in spans["wait"] if e["name"] == "root/wait")]
    while (cause := chain[-1]["args"]["cause"]) >= 0 and len(chain) < 20:
        chain.append(by_id[cause])
    # Where virtio_pci is a module it comes after the disk's own driver, and finds the disk.
    driver = "virtio_pci" if any(e["name"] == "virtio_pci" for e in spans["module"]) else "virtio_blk"
    assert [e["name"] for e in chain[:4]] == ["root/wait", "probe vda", "vda", driver], chain
    assert chain[0]["args"]["device"] == "vda"
    times = [e["ts"] for e in chain]
    assert times[1:] == sorted(times[1:], reverse=True), times


def check_lanes(spans):
    """On one lane spans are apart from each other, or one holds the other."""
    lanes = {}
    for event in (e for events in spans.values() for e in events if e["ph"] == "X"):
        lanes.setdefault(event["tid"], []).append((event["ts"], -event["dur"], event["ts"] + event["dur"]))
    for lane in lanes.values():
        ends = []
        for start, _, end in sorted(lane):
            while ends and ends[-1] <= start:
                ends.pop()
            assert not ends or end <= ends[-1], lane
            ends.append(end)


def check_bars(found, spans):
    """Each lasts as long as what it stands for."""
    times = {e["name"]: (e["ts"], e["ts"] + e["dur"]) for e in spans["stage"] + spans["wait"] if e["ph"] == "X"}
    assert found["root-wait"] == times["root/wait"]
    modules = [(e["ts"], e["ts"] + e["dur"]) for e in spans["module"]]
    assert found["modules"] == (min(start for start, _ in modules), max(end for _, end in modules))
    assert "root-fsck" not in found, "systemd has a unit of its own for that"
    assert all(end - start >= 1000 for start, end in found.values()), found


@case
def profile(t):
    """The initrd's part is there, its stages and helpers are bars of blame and plot, and all of it adds up; that they
    are handed over changes nothing else. With rd.debug each span is a line of the kernel's log as it ends."""
    with t.boot("rd.debug log_buf_len=1M") as m:
        check_running(m)
        facts, spans = read_trace(m)
        assert facts["kernel"] == m.run("uname -r") and facts["format"] == 1 and facts["root"].startswith("UUID=")
        check_sum(m, facts, spans)
        check_causes(spans)
        check_lanes(spans)
        said = re.findall(r"span \w+ (.+) (?:came|took \d+ us)$", m.run("dmesg"), re.M)
        # The first stage is over before the command line is read, the last one ends with systemd.
        ended = [e["name"] for kind in spans if kind for e in spans[kind] if e["name"] not in ("api", "exec")]
        assert sorted(said) == sorted(ended), (said, ended)
        found = bars(m)
        check_bars(found, spans)
        blame, plot = m.run("systemd-analyze blame"), m.run("systemd-analyze plot", timeout=120)
        (t.directory / "plot.svg").write_text(plot)
        for name in (*(f"slipway-{name}.service" for name in found), "systemd-fsck-root.service"):
            assert re.search(rf"^\s*\S+.* {re.escape(name)}$", blame, re.M), blame
            assert name in plot, name
        # They stay what they are, and mend nothing and break nothing.
        m.run("systemctl daemon-reload; systemctl daemon-reexec", timeout=120)
        assert bars(m) == found
        check_running(m)
        m.order("systemctl poweroff")
        t.assert_down(m, "poweroff")
        assert m.wait_end(60) == "guest-shutdown"
