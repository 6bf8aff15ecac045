"""What the files say beside the manifests: YAML style, shell, documentation."""
from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from manifests import PROJECT
from tools import HERE, VENV


def tracked(*patterns: str) -> list[Path]:
    return sorted({file for pattern in patterns for file in PROJECT.glob(pattern) if ".atelier" not in file.parts})


def test_yaml_style():
    files = [f for f in tracked("k8s/**/*.yaml", "compose.yaml", ".github/**/*.yml", ".github/**/*.yaml")]
    done = subprocess.run([sys.executable, "-m", "yamllint", "--strict", "--config-file", HERE / "yamllint.yaml", *files], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_yaml_style_can_fail(tmp_path):
    (tmp_path / "twice.yaml").write_text("a: 1\na: 2\n")
    done = subprocess.run([sys.executable, "-m", "yamllint", "--strict", "--config-file", HERE / "yamllint.yaml", tmp_path / "twice.yaml"], capture_output=True)
    assert done.returncode != 0


def scripts() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True, check=True).stdout.split("\0")
    found = []
    for name in filter(None, listed):
        file = PROJECT / name
        if file.is_file():
            with file.open("rb") as stream:
                if re.match(rb"#!\s*/\S*(env )?(ba|da)?sh\b", stream.readline()):
                    found.append(file)
    return found


def test_shell_scripts_and_the_shell_in_workflows(tmp_path):
    files = [*scripts(), HERE / "run"]
    for workflow in tracked(".github/workflows/*.yml"):
        for name, job in yaml.safe_load(workflow.read_text())["jobs"].items():
            for number, step in enumerate(job.get("steps", [])):
                if "run" in step:
                    file = tmp_path / f"{workflow.stem}-{name}-{number}.sh"
                    # GitHub puts its own values in before the shell sees them.
                    file.write_text("#!/usr/bin/env bash\nset -eo pipefail\n" + re.sub(r"\${{.*?}}", "value", step["run"]))
                    files.append(file)
    done = subprocess.run([VENV / "bin" / "shellcheck", *files], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("folder", sorted({file.parent for file in (PROJECT / "k8s" / "components").glob("*/kustomization.yaml")}))
def test_every_component_says_what_it_is_and_is_in_the_overview(folder):
    assert (folder / "kustomization.yaml").read_text().startswith("# ")
    assert f"components/{folder.name}" in (PROJECT / "k8s" / "README.md").read_text()


def test_commands_in_the_handbook_name_folders_that_exist():
    text = (PROJECT / "docs" / "operations.md").read_text() + (PROJECT / "k8s" / "README.md").read_text()
    paths = set(re.findall(r"(?:k8s|terraform|ansible|tests)/[a-z0-9_./-]*[a-z0-9]", text))
    missing = [path for path in paths if not (PROJECT / path).exists() and not path.endswith(("secrets.env", "terraform.tfvars"))]
    assert missing == []


def test_each_of_the_fifteen_factors_has_a_place_that_exists():
    table = (PROJECT / "docs" / "operations.md").read_text().split("## The fifteen factors")[1].split("\n\n")[1]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]
    assert [int(factor.split()[0]) for factor, _ in rows] == list(range(1, 16))
    files = [path for _, where in rows for path in re.findall(r"`([A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]*)+|[a-z.-]+\.(?:toml|yaml)|Cargo\.lock)`", where)]
    assert len(files) > 10
    assert [path for path in files if not (PROJECT / path).exists()] == []
