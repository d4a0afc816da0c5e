# SPDX-License-Identifier: MIT
"""The fixtures: `parts`, compiled once, and `root`, a fresh sysroot for each test."""
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from fixture import Parts, Root  # noqa: E402  (its place is this directory)


@pytest.fixture(scope="session")
def parts(tmp_path_factory):
    return Parts(tmp_path_factory.mktemp("parts"))


@pytest.fixture
def root(tmp_path, parts):
    return Root(tmp_path, parts)


@pytest.fixture
def unmerged(tmp_path, parts):
    return Root(tmp_path, parts, merged=False)
