"""What others' scanners say: no finding that is not named here with its reason.

Not among them: trivy and kube-linter (their Go builds take longer than everything else here).
"""
from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from manifests import PROJECT
from tools import VENV


def scan(tool: str, *arguments: str | Path) -> subprocess.CompletedProcess:
    return subprocess.run([VENV / "bin" / tool, *arguments], cwd=PROJECT, capture_output=True, text=True)


def test_zizmor_finds_nothing_in_the_workflows():
    done = scan("zizmor", "--offline", "--no-progress", ".github")
    assert done.returncode == 0, done.stdout


def test_hadolint_finds_nothing_in_the_dockerfile():
    done = scan("hadolint", "Dockerfile")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("tool", "file", "text"), [
    ("zizmor", "workflow.yml", "on: pull_request_target\njobs: {a: {runs-on: x, steps: [{run: 'echo ${{ github.event.pull_request.title }}'}]}}\n"),
    ("hadolint", "Dockerfile", "FROM debian\nRUN cd /tmp\n"),
])
def test_a_scanner_finds_what_is_wrong(tmp_path, tool, file, text):
    (tmp_path / file).write_text(text)
    assert scan(tool, *(["--offline"] if tool == "zizmor" else []), tmp_path / file).returncode != 0
