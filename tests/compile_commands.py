#!/usr/bin/python3
"""Prints compile_commands.json for every C file: compile_commands.py COMPILER FLAG..."""
import json
import os
import sys
from pathlib import Path

top = Path(__file__).resolve().parent.parent


def sources():
    for directory in ("src", "shutdown", "tests"):
        yield from sorted((top / directory).rglob("*.c"))


def main():
    compiler = sys.argv[1:]
    rows = [
        {
            "directory": str(top),
            "file": os.fspath(path.relative_to(top)),
            "arguments": [*compiler, "-Itests", "-c", os.fspath(path.relative_to(top))],
        }
        for path in sources()
    ]
    json.dump(rows, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
