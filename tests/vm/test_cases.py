# SPDX-License-Identifier: MIT
"""test_cases: each row of the table on each of its guests is a test."""
import trial


def test_case(row, guest):
    t = trial.Trial(row.name, guest, row.kernel)
    row.run(t)
    t.forget_disks()
