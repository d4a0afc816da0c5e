# SPDX-License-Identifier: MIT
"""Where the modules of the other rings are."""
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
sys.path += [str(TESTS / "vm"), str(TESTS / "bench")]
