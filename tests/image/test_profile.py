# SPDX-License-Identifier: MIT
"""slipway profile: the table and the picture of recorded boots, and what is said of what is no recording."""
import json
import os
import re
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from fixture import SLIPWAY, TOP
from test_build import golden

# lvm-on-luks is what trixie left in qemu -icount, with systemd's stamp added; the others are made up.
DATA = TOP / "tests/data/profile"
NAMES = sorted(p.stem for p in DATA.glob("*.json"))
SVG = "{http://www.w3.org/2000/svg}"
# What the programs of a machine may be: none, unless a test brings some.
EMPTY = {"PATH": "/nonexistent", "LC_ALL": "C"}


def profile(*words, **more):
    argv = [str(SLIPWAY), "profile", *map(str, words)]
    return subprocess.run(argv, capture_output=True, text=True, check=False, env=EMPTY, **more)


def shown(*words):
    done = profile(*words)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def recording(name):
    return json.loads((DATA / f"{name}.json").read_text())


def drawn(name):
    return ElementTree.fromstring(shown("--svg", "-", DATA / f"{name}.json"))


def texts(root):
    return [e.text or "" for e in root.iter(f"{SVG}text")]


def test_recordings_are_there():
    assert {"lvm-on-luks", "plain", "raid-degraded", "hundred-disks"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_table(name):
    golden(f"profile-{name}.txt", shown(DATA / f"{name}.json"))


def test_picture():
    golden("profile-plain.svg", shown("--svg", "-", DATA / "plain.json"))


def test_picture_of_the_documentation():
    golden("../../../docs/profile.svg", shown("--svg", "-", DATA / "lvm-on-luks.json"))


@pytest.mark.parametrize("name", NAMES)
def test_what_is_waited_for_is_all_of_init(name):
    """The steps of the critical path add up to the time from RD_TIMESTAMP to the exec; it is not measured twice."""
    other = recording(name)["otherData"]
    wanted = (other["exec_us"] - other["rd_timestamp_us"]) / 1000
    part = shown(DATA / f"{name}.json").split("What the boot was waiting for, until the exec:\n")[1].split("\n\n")[0]
    rows = [line.split() for line in part.splitlines()]
    assert abs(sum(float(row[0]) for row in rows) - wanted) < 0.01 * len(rows)
    assert abs(sum(float(row[1]) for row in rows) - 100) < 0.1 * len(rows)


@pytest.mark.parametrize("name", NAMES)
def test_each_span_is_in_the_table(name):
    rows = shown(DATA / f"{name}.json").splitlines()
    for event in recording(name)["traceEvents"]:
        if event["ph"] not in ("X", "i"):
            continue
        pattern = rf"^ *\S+ +(\S+ +)?[* ] {event['cat']} +{re.escape(event['name'])}"
        assert any(re.match(pattern, row) for row in rows), event


@pytest.mark.parametrize("name", NAMES)
def test_nothing_from_elsewhere(name):
    """No script, no font, no picture, no address but the name of SVG itself; and as wide as what it is shown in."""
    text = shown("--svg", "-", DATA / f"{name}.json")
    assert not re.search(r"<script|<image|<foreignObject|href|@import|@font-face|url\((?!#)", text)
    assert re.findall(r"\w+://[^\"]*", text) == ["http://www.w3.org/2000/svg"]
    root = ElementTree.fromstring(text)
    assert "width" not in root.attrib and "height" not in root.attrib
    width, height = map(float, root.get("viewBox").split()[2:])
    assert width == 560 and height < 4 * width


@pytest.mark.parametrize("name", NAMES)
def test_all_is_inside(name):
    """No bar and no label begins outside; and no font is smaller than what can be read at 400 pixels."""
    root = drawn(name)
    width, height = map(float, root.get("viewBox").split()[2:])
    for e in root.iter():
        if "y" in e.attrib and e.tag in (f"{SVG}text", f"{SVG}rect"):
            assert 0 <= float(e.get("x")) <= width and 0 < float(e.get("y")) <= height, ElementTree.tostring(e)
            assert float(e.get("x")) + float(e.get("width", 0)) <= width
    sizes = [float(n) for n in re.findall(r"font-size:([\d.]+)px", ElementTree.tostring(root, "unicode"))]
    assert sizes and min(sizes) * 400 / width >= 10


def test_same_bytes():
    path = DATA / "hundred-disks.json"
    assert shown("--svg", "-", path) == shown("--svg", "-", path)


def test_picture_goes_to_a_file(tmp_path):
    path = DATA / "plain.json"
    assert shown("--svg", tmp_path / "x.svg", path) == ""
    assert (tmp_path / "x.svg").read_text() == shown("--svg", "-", path)


def test_facts_and_units():
    found = texts(drawn("lvm-on-luks"))
    assert found[0].startswith("Boot in ") and " kernel " in found[0] and " initrd " in found[0]
    other = recording("lvm-on-luks")["otherData"]
    assert f"root {other['root']}" in found
    assert f"slipway {other['slipway']}, Linux {other['kernel']}" in found
    for word in ("stage", "wait", "question", "module", "device", "helper", "worker of init", "kernel", "exec",
                 "thick frame, dotted line: the critical path", "torn: so much time is left out"):
        assert word in found
    assert any(re.fullmatch(r"\d+ ms", text) for text in found) and any(re.fullmatch(r"[\d.]+ s", text) for text in found)


def test_kinds_differ_in_more_than_colour():
    """Bars of two kinds that may stand in one lane have another pattern."""
    style = re.search(r"<style>(.*?)</style>", shown("--svg", "-", DATA / "plain.json"), re.S)[1]
    fills = dict(re.findall(r"\.(\w+)>\*\{fill:([^}]*)\}", style))
    for kinds in (("wait", "question"), ("helper", "worker"), ("kernel", "exec")):
        assert len({fills[kind] for kind in kinds}) == 2 and any(fills[kind].startswith("url(#") for kind in kinds)


def changed(tmp_path, change):
    data = recording("plain")
    change(data)
    path = tmp_path / "changed.json"
    path.write_text(json.dumps(data))
    return path


def test_long_wait_squashes_nothing(tmp_path):
    """A question that takes an hour: the rest is as wide as if it took 25 seconds."""
    def bars(data):
        path = tmp_path / "x.json"
        path.write_text(json.dumps(data))
        root = ElementTree.fromstring(shown("--svg", "-", path))
        return [(float(r.get("x")), float(r.get("width"))) for r in root.iter(f"{SVG}rect")]
    data = recording("lvm-on-luks")
    before = bars(data)
    asked = next(e for e in data["traceEvents"] if e.get("cat") == "question")
    answered = asked["ts"] + asked["dur"]
    for event in data["traceEvents"]:
        if event.get("ts", 0) > answered - 1000:
            event["ts"] += 3600 * 10**6
        elif event.get("ts", 0) + event.get("dur", 0) > answered - 1000:
            event["dur"] += 3600 * 10**6
    for key in ("exec_us", "userspace_us"):
        if key in data["otherData"]:
            data["otherData"][key] += 3600 * 10**6
    after = bars(data)
    assert len(before) == len(after)
    assert all(abs(a - b) < 0.2 for one, two in zip(before, after) for a, b in zip(one, two))


def test_foreign_text_stays_text(tmp_path):
    """Names come from disks and users: they can neither steer a terminal nor end an element."""
    evil = "</text><script>\x1b[2J\x07\"'&\u202e"
    def change(data):
        data["otherData"]["root"] = evil
        for event in data["traceEvents"]:
            if event.get("cat") == "module":
                event["name"] = evil
    path = changed(tmp_path, change)
    assert "\x1b" not in shown(path) and "\\033[2J" in shown(path)
    root = ElementTree.fromstring(shown("--svg", "-", path))
    assert any("</text><script>?[2J?\"'&" in text for text in texts(root))
    assert not list(root.iter(f"{SVG}script"))


def test_dropped_spans_are_said():
    assert recording("hundred-disks")["otherData"]["dropped"] == 37
    text = "37 spans are missing: the recording was full"
    assert text in shown(DATA / "hundred-disks.json").splitlines()
    assert text in texts(drawn("hundred-disks"))


def test_without_spans(tmp_path):
    path = changed(tmp_path, lambda data: data["traceEvents"].clear())
    assert re.search(r" 100\.0 % +init +itself, between its stages$", shown(path), re.M)
    assert texts(ElementTree.fromstring(shown("--svg", "-", path)))


@pytest.mark.parametrize(
    "text, why",
    [
        (None, "No such file or directory"),
        ("", "line 1, column 0: '[' or '{' expected near end of file"),
        ("[1,\n2}", "line 2, column 2: ']' expected near '}'"),
        ('{"traceEvents":[]}', "otherData: must be an object: this is no profile of slipway"),
        ('{"otherData":{"format":9},"traceEvents":[]}', "otherData.format: is 9, this program knows 1"),
        ('{"otherData":{"format":1,"rd_timestamp_us":1},"traceEvents":[{"ph":"X","name":"a","cat":"stage","ts":"1"}]}',
         "traceEvents[0].ts: must be a number from 0 to 1e14"),
    ],
)
def test_errors(tmp_path, text, why):
    path = tmp_path / "file.json"
    if text is not None:
        path.write_text(text)
    for words in ([path], ["--svg", tmp_path / "out.svg", path]):
        done = profile(*words)
        assert (done.returncode, done.stdout, done.stderr) == (1, "", f"slipway: cannot read {path}: {why}\n")
    assert not (tmp_path / "out.svg").exists()


def test_without_libjansson():
    """It is opened when it is wanted; other commands go without it."""
    library = next(Path("/usr/lib").glob("*/libjansson.so.4"))
    script = 'mount --bind /dev/null "$1" && "$2" --version && exec "$2" profile "$3"'
    path = DATA / "plain.json"
    done = subprocess.run(["unshare", "-Urm", "sh", "-c", script, "sh", library, SLIPWAY, path], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 1 and re.fullmatch(r"slipway [\d.]+\n", done.stdout)
    assert done.stderr == f"slipway: cannot read {path}: libjansson.so.4 is not installed (Debian: libjansson4)\n"


def test_wrong_usage():
    done = profile("a", "b")
    assert (done.returncode, done.stderr) == (
        2, "slipway: cannot show: profile takes one recording; default: this boot's, /run/slipway/profile.json\n")


def test_nowhere_to_write(tmp_path):
    done = profile("--svg", tmp_path / "none/x.svg", DATA / "plain.json")
    assert (done.returncode, done.stderr) == (1, f"slipway: cannot write {tmp_path}/none/x.svg: No such file or directory\n")
    with open("/dev/full", "wb") as full:
        done = subprocess.run([SLIPWAY, "profile", DATA / "plain.json"], stdout=full, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (4, b"slipway: cannot write to standard output: No space left on device\n")


class OwnBoot:
    """A room in which /run/slipway is ours to fill, and systemctl says what a test wants it to say."""

    def __init__(self, path):
        self.run_dir, self.bin = path / "run", path / "bin"
        self.run_dir.mkdir()
        self.bin.mkdir()

    def systemctl(self, script):
        program = self.bin / "systemctl"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)

    def profile(self):
        (self.run_dir / "slipway").mkdir(exist_ok=True)
        data = recording("plain")
        data["otherData"].pop("userspace_us", None)
        (self.run_dir / "slipway/profile.json").write_text(json.dumps(data))
        # Programs are looked for in fixed directories: this one covers the first of them.
        script = 'mount --bind "$1" /run && mount --bind "$2" /usr/sbin && exec "$3" profile'
        done = subprocess.run(["unshare", "-Urm", "sh", "-c", script, "sh", self.run_dir, self.bin, SLIPWAY],
                              capture_output=True, text=True, check=False, env={"PATH": os.environ["PATH"], "LC_ALL": "C"})
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout, data["otherData"]


@pytest.fixture
def own(tmp_path):
    return OwnBoot(tmp_path)


def test_own_boot_is_closed_by_systemd(own):
    exec_us = recording("plain")["otherData"]["exec_us"]
    own.systemctl(f'[ "$*" = "show --property=UserspaceTimestampMonotonic" ] && echo UserspaceTimestampMonotonic={exec_us + 50300}')
    said, other = own.profile()
    initrd = (exec_us + 50300 - other["rd_timestamp_us"]) / 1000
    assert f"initrd {initrd:.0f} ms, of it init " in said and "exec of systemd 50.3 ms" in said
    assert re.search(r"^ +[\d.]+ +50\.30 +exec +until systemd runs$", said, re.M)


@pytest.mark.parametrize("script", ["echo UserspaceTimestampMonotonic=0", "exit 1", "echo UserspaceTimestampMonotonic=5",
                                    "echo UserspaceTimestampMonotonic=1x", "echo", "head -c 9000 /dev/zero"])
def test_systemd_does_not_say(own, script):
    """Another init, systemd in a container, a stamp of before the exec: it stays open."""
    own.systemctl(script)
    said, _ = own.profile()
    assert "initrd 130 ms until the exec; how long that took is not known" in said
