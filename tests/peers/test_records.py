# SPDX-License-Identifier: MIT
"""Of two members' records of writes the epochs that belong together are found."""
import pytest

import mirror
from powercut import SECTOR, Write


ALONE = 1000 + ord("x")  # only the second one is written there


def epochs(text):
    """"a1 b2|c3|": three epochs, the last one empty; a letter is a place, a digit what was written there."""
    return [[Write(1000 + ord(word[0]), word[1].encode() * SECTOR) for word in epoch.split()]
            for epoch in text.split("|")]


@pytest.mark.parametrize("first, second, starts, theirs", [
    # The same flushes.
    ("a1|b2|c3|", "a1|b2|c3|", [-1, 0, 1, 2, 3], "|a1|b2|c3|"),
    # The second one was flushed once more: that belongs to the end of the epoch before.
    ("a1|b2|c3|", "a1|x1|b2|c3|", [-1, 0, 1, 2, 3], "|a1 x1|b2|c3|"),
    # Two flushes of the first were one of the second, and an epoch long ago looks like one of them.
    ("a1|b2|c3|b2|d4|e5|", "a1|b2|c3|b2 d4|e5|", [-1, 0, 1, 2, 3, 5, 6], "|a1|b2|c3|b2 d4|e5|"),
])
def test_pairs(first, second, starts, theirs):
    found, (ours, other) = mirror.paired(epochs(first), epochs(second))
    assert found == starts
    assert other == epochs(theirs)
    assert ours == [[w for w in e if w.sector != ALONE] for e in other]
