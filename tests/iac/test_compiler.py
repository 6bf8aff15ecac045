"""The compile service's own tests, with the TeX of this machine."""
from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from manifests import PROJECT


def test_the_compile_service_compiles_and_is_confined():
    if not shutil.which("pdflatex") or subprocess.run(["kpsewhich", "french.ldf"], capture_output=True).returncode:
        pytest.skip("no pdflatex with French (texlive-latex-extra, 1 GB); .github/workflows/system.yml runs this in the service's image")
    done = subprocess.run([sys.executable, "-m", "unittest", "discover", "compiler"], cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0 and "OK" in done.stderr, done.stderr
