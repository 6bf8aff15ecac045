"""The scores of the bench's tracks: they need neither a model nor a TeX."""
from __future__ import annotations

import subprocess
import sys

from manifests import PROJECT


def test_words_and_formulas_are_right_missing_or_invented():
    done = subprocess.run([sys.executable, "-m", "unittest", "discover", "tests/bench/tracks"], cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0 and "OK" in done.stderr, done.stderr
