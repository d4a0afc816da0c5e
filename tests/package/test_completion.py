# SPDX-License-Identifier: MIT
"""The completions offer what `slipway --help` has, no more and no less."""
import os
import re
import subprocess

import pytest
from room import TOP

BUILD = (TOP / os.environ.get("B", "build")).resolve()

BASH = """
. {top}/units/completion/slipway
complete -p slipway >/dev/null || exit 9
COMP_WORDS=(slipway "$@")
COMP_CWORD=$#
_slipway
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
# zsh's own functions print what they are given.
ZSH = """
_arguments() {{ print -rl -- "$@" }}
_describe() {{ print -rl -- "${{(P@)2}}" }}
_call_program() {{ shift; "$@" }}
words=(slipway "$@")
CURRENT=$(($# + 1))
. {top}/units/completion/_slipway
"""


def run(*argv):
    path = f"{BUILD}:/usr/bin:/bin"
    done = subprocess.run(argv, env={"PATH": path, "LC_ALL": "C.UTF-8"}, text=True, capture_output=True, check=False,
                          cwd=TOP)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def bash(*words):
    return run("bash", "--norc", "-c", BASH.format(top=TOP), "bash", *words)


def zsh(*words):
    return run("zsh", "-f", "-c", ZSH.format(top=TOP), "zsh", *words)


def option_tables(text):
    """{name: [(option, letter, argument)]}"""
    for name, body in re.findall(r"const struct option_row (\w+)\[\] = \{(.*?)\n?\};", text, re.S):
        rows = re.findall(r'\{ "([\w-]+)", ([^,"]+), (NULL|"[^"]*"),', body)
        yield name, [(row, "".join(re.findall(r"'(.)'", letter)), argument.strip('"')) for row, letter, argument in rows]


def table_rows():
    """{command: its table}, read from the source: not by way of --help. Commands may share a table."""
    text = "".join(path.read_text() for path in sorted((TOP / "src/image").glob("command*.c")))
    tables = dict(option_tables(text))
    commands = re.findall(r'const struct command command_\w+ = \{\s*"([\w-]+)",.*?(\w+)\s*,?\s*\};', text, re.S)
    return {command: tables[table] for command, table in commands}


TABLES = table_rows()


def test_tables_are_found():
    assert {"build", "ls", "cat"} <= set(TABLES)
    assert ("output", "o", "FILE") in TABLES["build"] and ("force", "f", "NULL") in TABLES["build"]


def test_commands():
    wanted = sorted([*TABLES, "--help", "--version"])
    assert sorted(bash("")) == wanted
    said = dict(line.split(":", 1) for line in zsh(""))
    assert sorted(said) == wanted and all(said.values())
    assert bash("b") == [c for c in TABLES if c.startswith("b")]


@pytest.mark.parametrize("command", TABLES)
def test_options(command):
    rows = TABLES[command]
    assert sorted(filter(None, bash(command, "-"))) == sorted(f"--{name}" for name, _, _ in rows)
    offered = {re.match(r"\([^)]*\)(-[^=+\[]*)", line)[1]: line for line in zsh(command, "") if line.startswith("(")}
    wanted = {f"--{name}" for name, _, _ in rows} | {f"-{letter}" for _, letter, _ in rows if letter}
    assert set(offered) == wanted
    for name, letter, argument in rows:
        for word in [f"--{name}"] + [f"-{letter}"] * bool(letter):
            takes = argument != "NULL"
            assert (f"]:{argument}:" in offered[word]) == takes, offered[word]
            assert bool(re.match(r"\([^)]*\)-[\w-]*[=+]\[", offered[word])) == takes, offered[word]


def test_what_follows_an_option():
    """Files after -o, directories after --sysroot, kernels after --kver."""
    assert "README.md" in bash("build", "-o", "R") and "README.md" in bash("build", "--output", "R")
    assert bash("build", "--sysroot", "R") == [""] and "src" in bash("build", "--sysroot", "s")
    kernels = sorted(os.listdir("/lib/modules")) if os.path.isdir("/lib/modules") else []
    assert sorted(filter(None, bash("build", "--kver", ""))) == kernels
    assert "README.md" in bash("ls", "R"), "an image"
    assert bash("build", "--compress", "R") == [""], "neither a file nor a directory"
