# SPDX-License-Identifier: MIT
"""The keyboard's layout at the prompt: which map is found, with what it includes; none where nothing asks."""
import gzip

import pytest

MAPS = "usr/share/keymaps"
DE = 'keymaps 0-2\ninclude "qwertz"\n\tinclude "euro"\nkeycode 44 = y\n'
CONSOLE = "etc/vconsole.conf"
CACHED = "etc/console-setup/cached_UTF-8_del.kmap"


def put(root, path, text):
    """A file, compressed if its name says so."""
    file = root.path / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(gzip.compress(text.encode()) if path.endswith(".gz") else text.encode())


@pytest.fixture(name="crypt")
def fixture_crypt(root):
    """A system that has cryptsetup, loadkeys and a German keymap, whose namesake is for another machine."""
    for program in ("usr/sbin/cryptsetup", "usr/bin/loadkeys"):
        root.copy("dash", program)
    for name, text in (("i386/qwertz/de.kmap.gz", DE), ("i386/qwertz/qwertz.inc.gz", "# near\n"),
                       ("include/qwertz.inc.gz", "# far\n"), ("include/euro.inc.gz", "# euro\n"),
                       ("atari/de.kmap.gz", "# Atari\n"), ("include/de.inc", "# a piece\n")):
        put(root, f"{MAPS}/{name}", text)
    return root


def build(root, *words, code=0):
    done = root.build("-f", *words)
    assert done.returncode == code, done.said
    return done.said


def maps(root):
    return sorted(n for n in root.names() if "keymaps/" in n and "." in n or n.endswith("kmap"))


def test_a_map_and_what_it_includes(crypt):
    crypt.text(CONSOLE, "# console\nKEYMAP=de\nFONT=x\n")
    said = build(crypt)
    assert maps(crypt) == [f"{MAPS}/i386/qwertz/de.kmap", f"{MAPS}/i386/qwertz/qwertz.inc", f"{MAPS}/include/euro.inc"]
    assert crypt.cat(f"{MAPS}/i386/qwertz/de.kmap").decode() == DE
    assert crypt.cat(f"{MAPS}/i386/qwertz/qwertz.inc") == b"# near\n"
    assert crypt.cat(CONSOLE) == f"KEYMAP=/{MAPS}/i386/qwertz/de.kmap\n".encode()
    assert "usr/bin/loadkeys" in crypt.names() and "keymap" not in said


@pytest.mark.parametrize("keyboard, path", [
    ('XKBLAYOUT="de"\n', f"{MAPS}/i386/qwertz/de.kmap"),
    ('XKBLAYOUT="us"\nXKBVARIANT=""\n', None),
    ("", None),
])
def test_by_the_layout(crypt, keyboard, path):
    crypt.text("etc/default/keyboard", keyboard)
    assert "keymap" not in build(crypt)
    assert (path in maps(crypt)) if path else not maps(crypt)
    assert ("usr/bin/loadkeys" in crypt.names()) == bool(path)


@pytest.mark.parametrize("keyboard", ['XKBLAYOUT="de"\n', 'XKBLAYOUT=us\nXKBVARIANT=dvorak\n', "XKBLAYOUT=de,us\n"])
def test_what_setupcon_has_made(crypt, keyboard):
    crypt.text("etc/default/keyboard", keyboard)
    put(crypt, CACHED + ".gz", "keycode 44 = z\n")
    build(crypt)
    assert maps(crypt) == [CACHED]
    assert crypt.cat(CACHED) == b"keycode 44 = z\n"
    assert crypt.cat(CONSOLE) == f"KEYMAP=/{CACHED}\n".encode()


@pytest.mark.parametrize("keyboard", ["XKBLAYOUT=de\nXKBVARIANT=neo\n", "XKBLAYOUT=de,us\n", "XKBLAYOUT=xx\n"])
def test_a_layout_that_no_map_is(crypt, keyboard):
    crypt.text("etc/default/keyboard", keyboard)
    assert "there is no such map in TEST/root; a passphrase is typed as on a US keyboard, ignoring" in build(crypt)
    assert not maps(crypt)


def test_nothing_asks(crypt):
    (crypt.path / "usr/sbin/cryptsetup").unlink()
    crypt.text(CONSOLE, "KEYMAP=de\n")
    build(crypt)
    assert not maps(crypt) and "usr/bin/loadkeys" not in crypt.names() and CONSOLE not in crypt.names()


def test_settings(crypt):
    crypt.text(CONSOLE, "KEYMAP=fr\n")
    build(crypt, "--keymap", "de")
    assert f"{MAPS}/i386/qwertz/de.kmap" in maps(crypt)
    crypt.text(CONSOLE, "KEYMAP=de\n")
    build(crypt, "--keymap", "no")
    assert not maps(crypt)
    assert "cannot take in the keymap fr, --keymap: there is no such map in TEST/root" in build(
        crypt, "--keymap", "fr", code=1)
    assert 'keymap cannot be "a/b"; allowed are auto, no, and the name' in build(crypt, "--keymap", "a/b", code=2)


def test_no_loadkeys(crypt):
    (crypt.path / "usr/bin/loadkeys").unlink()
    crypt.text(CONSOLE, "KEYMAP=de\n")
    assert "de, /etc/vconsole.conf: there is no loadkeys (package kbd) in TEST/root; a pass" in build(crypt)
    assert not maps(crypt)
    assert "there is no loadkeys (package kbd)" in build(crypt, "--keymap", "de", code=1)


def test_what_it_includes_is_not_there(crypt):
    (crypt.path / MAPS / "include/euro.inc.gz").unlink()
    crypt.text(CONSOLE, "KEYMAP=de\n")
    assert 'kmap.gz from TEST/root: it includes "euro", which is not there' in build(crypt, code=1)


def test_it_includes_itself(crypt):
    put(crypt, f"{MAPS}/include/euro.inc.gz", 'include "euro"\ninclude "de"\n')
    crypt.text(CONSOLE, "KEYMAP=de\n")
    build(crypt)
    assert f"{MAPS}/include/de.inc" in maps(crypt)
