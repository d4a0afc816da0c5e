# SPDX-License-Identifier: MIT
"""run.py: drives ring 4 on two cores.

    run.py test                the cases of tier "test"
    run.py matrix              all; what passed before with the same programs, guest and code is not run again
    run.py matrix NAME[@GUEST]…  the same for some; NAME may have *
    run.py case NAME[@GUEST]…  some, whether they passed before or not
"""
import re
import shutil
import subprocess
import sys

import cases
import guests
import results
import trial

KEEP = guests.HERE.parent.parent / "build" / "matrix"
PAGE = guests.HERE.parent.parent / "docs" / "matrix.md"
# Bytes, measured: what two cases have at a time; with it all that is made once, guests, stacks and packages.
ROOM, ROOM_FIRST = 4 << 30, 18 << 30


def assert_room():
    free = shutil.disk_usage(trial.TOP).free
    first = not all(guests.path_of(name).exists() for name in guests.GUESTS)
    need = ROOM_FIRST if first else ROOM
    if free < need:
        sys.exit(f"run.py: where {trial.SCRATCH} lies {free >> 30} GiB are free, and {need >> 30} are needed"
                 f"{' to make the guests and run the cases' if first else ''}")


def run_cases(*arguments):
    """pytest's exit code, with what it says shown as it comes, and its counts."""
    argv = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider", "--tb=short", "-rf",
            str(guests.HERE / "test_cases.py"), *arguments]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, cwd=guests.HERE)
    said = ""
    while chunk := process.stdout.read(1):
        sys.stdout.write(chunk)
        sys.stdout.flush()
        said += chunk
    counts = {what: int(n) for n, what in re.findall(r"(\d+) (passed|failed|error)", said.splitlines()[-1])}
    return process.wait(), counts.get("passed", 0), counts.get("failed", 0) + counts.get("error", 0)


def version():
    makefile = (guests.HERE.parent.parent / "Makefile").read_text()
    return re.search(r"^VERSION := (\S+)", makefile, re.M)[1]


def test(*names):
    code, passed, failed = run_cases("--tier", "test", *(f"--only={name}" for name in names))
    print(f"vm: {passed} passed, {failed} failed")
    return code


def matrix(*names):
    code, passed, failed = run_cases("--tier", "matrix", "--keep", str(KEEP), *(f"--only={name}" for name in names))
    bad = results.write_page(KEEP, PAGE, version(), names)
    print(f"matrix: {passed} passed, {failed} failed now; {bad} cells of {PAGE.name} are not ok")
    # Exit code 5: nothing was left to run.
    return 1 if bad else 0 if code in (0, 5) else code


def main():
    modes = {"test": test, "matrix": matrix, "case": test}
    mode, names = (sys.argv + [""])[1], sys.argv[2:]
    if mode not in modes or mode == "case" and not names or mode == "test" and names:
        sys.exit(__doc__)
    if names:
        cases.pick("matrix", names)
    missing = [name for name in trial.PROGRAMS if not (trial.BUILD / name).exists()]
    if missing:
        sys.exit(f"run.py: {trial.BUILD} lacks {', '.join(missing)}: run make")
    # What earlier versions of the programs left.
    for name in ("images", "programs"):
        shutil.rmtree(trial.SCRATCH / name, ignore_errors=True)
    assert_room()
    # Before two workers want the same one.
    for name in guests.GUESTS:
        guests.ensure(name)
    return modes[mode](*names)


if __name__ == "__main__":
    sys.exit(main())
