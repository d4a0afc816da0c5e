# SPDX-License-Identifier: MIT
"""conftest: the table as parameters; which rows, is said by --tier and by --only."""

import pytest

# What the cases assert shows its values when it fails.
for name in ("contract", "daemons", "disks", "exitrd", "faults", "fsck", "index", "inits", "kernels", "package", "resume", "root", "shutdown",
             "stack", "systemd", "usr"):
    pytest.register_assert_rewrite(f"case_{name}")
pytest.register_assert_rewrite("trial")
for name in ("case_powercut", "extfs", "ledger", "mirror"):
    pytest.register_assert_rewrite(name)

import cases  # noqa: E402
import results  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--tier", default="test", choices=("test", "matrix"))
    parser.addoption("--only", action="append", default=[], help="NAME or NAME@GUEST, of any tier")
    parser.addoption("--keep", help="directory of results: what has one that still counts is not run again")


def pytest_generate_tests(metafunc):
    picked = cases.pick(metafunc.config.getoption("tier"), metafunc.config.getoption("only"))
    keep = metafunc.config.getoption("keep")
    if keep:
        picked = [(row, guest) for row, guest in picked if not results.passed(keep, row, guest)]
    metafunc.parametrize("row,guest", picked, ids=[f"{row.name}@{guest}" for row, guest in picked])


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    keep = item.config.getoption("keep")
    if keep and call.when == "call":
        results.store(keep, item.callspec.params["row"], item.callspec.params["guest"],
                      ok=outcome.get_result().passed, seconds=call.duration)
