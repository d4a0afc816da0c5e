# SPDX-License-Identifier: MIT
"""room: where the scripts of units/ run: a copy of them whose paths begin here, and fakes of the programs they call.

A fake writes its name and its words to `calls`, a line a call, and ends with the exit code that `codes` has for it.
"""
import re
import shlex
import subprocess
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
# What of the system the scripts look at or write to. /usr/lib/slipway is where they find each other.
PATHS = re.compile(r"(?<![\w}.])/(boot|lib/modules|usr/lib/modules|etc/initramfs|usr/share/initramfs|usr/lib/slipway)\b")
FAKE = """#!/bin/sh
{{ printf '%s' "${{0##*/}}"; printf ' %s' "$@"; echo; }} >>{calls}
while [ $# -gt 0 ]; do
	[ "$1" != --output ] || echo image >"$2"
	shift
done
{more}
"""


class Room:
    def __init__(self, path):
        self.path = path
        self.log = path / "calls"
        for name in ("boot", "bin", "stage", "usr/lib/slipway"):
            (path / name).mkdir(parents=True)
        for name in ("slipway", "depmod", "dpkg-trigger"):
            self.fake(name)
        self.kernels()

    def fake(self, name, more="", code=0):
        file = self.path / "bin" / name
        file.write_text(FAKE.format(calls=self.log, more=f"{more}\nexit {code}"))
        file.chmod(0o755)

    def kernels(self, *versions, index=True):
        """Kernels as dpkg leaves them; linux-version lists them as it does, in no order that means anything."""
        for version in versions:
            self.text(f"boot/vmlinuz-{version}")
            self.text(f"lib/modules/{version}/modules.order")
            if index:
                self.text(f"lib/modules/{version}/modules.dep")
        listed = " ".join(sorted(p.name.removeprefix("vmlinuz-") for p in (self.path / "boot").glob("vmlinuz-*")))
        file = self.path / "bin/linux-version"
        file.write_text('#!/bin/sh\ncase "$*" in\nlist) [ -z "%s" ] || printf \'%%s\\n\' %s ;;\n'
                        '"sort --reverse") sort -rV ;;\n*) exit 9 ;;\nesac\n' % (listed, listed))
        file.chmod(0o755)

    def text(self, name, text=""):
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def script(self, name, to=None):
        """A script of units/, its paths below this room."""
        text = PATHS.sub(lambda m: str(self.path / m[1]), (TOP / name).read_text())
        file = self.path / (to or f"bin/{Path(name).name}")
        file.write_text(text)
        file.chmod(0o755)
        return file

    def run(self, script, *words, env=None, stdin="", cwd=None):
        path = f"{self.path}/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        done = subprocess.run([script, *words], env={"PATH": path, **(env or {})}, input=stdin, text=True,
                              capture_output=True, check=False, timeout=60, cwd=cwd)
        done.said = (done.stdout + done.stderr).replace(str(self.path), "")
        return done

    def calls(self):
        """Since the last time; the room's own path is taken out."""
        if not self.log.exists():
            return []
        lines = self.log.read_text().replace(str(self.path), "").splitlines()
        self.log.unlink()
        return lines

    def images(self):
        return sorted(p.name for p in (self.path / "boot").iterdir() if not p.name.startswith("vmlinuz"))


def words(text):
    return shlex.split(text)
