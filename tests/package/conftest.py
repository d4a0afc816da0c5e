# SPDX-License-Identifier: MIT
"""conftest: a room for each test."""
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from room import Room  # noqa: E402  (its place is this directory)


@pytest.fixture
def room(tmp_path):
    return Room(tmp_path / "room")
