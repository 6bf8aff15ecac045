"""What the files say beside the manifests: YAML style, shell, documentation."""
from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from manifests import PROJECT
from tools import BIN, HERE, VENV


def tracked(*patterns: str) -> list[Path]:
    return sorted({file for pattern in patterns for file in PROJECT.glob(pattern) if ".atelier" not in file.parts})


def yamllint(*files: Path) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "yamllint", "--strict", "--config-file", HERE / "yamllint.yaml", *files], capture_output=True, text=True)


def test_yaml_style():
    files = tracked("k8s/**/*.yaml", "ansible/**/*.yml", "ansible/.yamllint", "compose.yaml", ".github/**/*.yml", ".github/**/*.yaml", "tests/iac/yamllint.yaml")
    assert len(files) > 100
    done = yamllint(*files)
    assert done.returncode == 0, done.stdout


def test_what_kustomize_writes_for_who_follows_the_handbook_passes_too(tmp_path):
    """Each `kustomize edit` of the two handbooks, word for word."""
    shutil.copytree(PROJECT / "k8s", tmp_path / "k8s")
    text = "".join((PROJECT / name).read_text() for name in ("k8s/README.md", "docs/operations.md"))
    edits = re.findall(r"\(cd (\S+) && (kustomize edit [^)]*)\)", text)
    assert {folder for folder, _ in edits} == {"k8s/base", "k8s/components/compiler", "k8s/overlays/minikube"}
    values = {"IMAGE": "ghcr.io/somebody/atelier:0.1.0", "COMPILER": "ghcr.io/somebody/atelier-compiler:0.1.0", "digest": "sha256:" + "a" * 64}
    for folder, command in edits:
        subprocess.run(["bash", "-euc", command], cwd=tmp_path / folder, env={"PATH": f"{BIN}:/usr/bin:/bin", **values}, check=True)
    written = [tmp_path / folder / "kustomization.yaml" for folder, _ in edits]
    assert all(file.read_bytes() != (PROJECT / file.relative_to(tmp_path)).read_bytes() for file in written)
    done = yamllint(*written)
    assert done.returncode == 0, done.stdout


def texts(node: yaml.Node) -> Iterator[str]:
    """The texts of several lines in a document."""
    if isinstance(node, yaml.ScalarNode):
        if node.style == "|":
            yield node.value
    else:
        for child in node.value:
            for part in child if isinstance(child, tuple) else (child,):
                yield from texts(part)


def is_yaml(text: str) -> bool:
    """A patch, or what somebody merges; not a shell's commands."""
    try:
        return isinstance(yaml.safe_load(text), dict | list)
    except yaml.YAMLError:
        return False


def test_yaml_inside_yaml_has_the_same_style(tmp_path):
    files = []
    for file in tracked("k8s/**/*.yaml"):
        for document in yaml.compose_all(file.read_text(), Loader=yaml.SafeLoader):
            for text in texts(document):
                if is_yaml(text):
                    files.append(tmp_path / f"{len(files)}-{file.parent.name}-{file.name}")
                    files[-1].write_text(text.rstrip("\n") + "\n")
    assert len(files) > 10
    done = yamllint(*files)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("text", "style"), [("a:\n  b: c\n", True), ("a: {}\nb: [c, d]\n", True), ("a: {b: c}\n", False), ("- {a: b}\n", False), ("a: [{b: c}]\n", False)])
def test_a_mapping_stands_on_lines_of_its_own(tmp_path, text, style):
    (tmp_path / "file.yaml").write_text(text)
    assert (yamllint(tmp_path / "file.yaml").returncode == 0) == style


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


def test_shell_scripts():
    done = subprocess.run([VENV / "bin" / "shellcheck", *scripts()], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("folder", sorted({file.parent for file in (PROJECT / "k8s" / "components").glob("*/kustomization.yaml")}))
def test_every_component_says_what_it_is_and_is_in_the_overview(folder):
    assert (folder / "kustomization.yaml").read_text().startswith("# ")
    assert f"components/{folder.name}" in (PROJECT / "k8s" / "README.md").read_text()


def test_commands_in_the_handbook_name_folders_that_exist():
    text = (PROJECT / "docs" / "operations.md").read_text() + (PROJECT / "k8s" / "README.md").read_text()
    paths = set(re.findall(r"(?:k8s|terraform|ansible|tests)/[a-z0-9_./-]*[a-z0-9]", text))
    missing = [path for path in paths if not (PROJECT / path).exists() and not path.endswith((".env", "terraform.tfvars"))]
    assert missing == []


def anchors(page: Path) -> set[str]:
    """A heading's name in a link, as GitHub makes it."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def test_no_link_of_ours_is_dead():
    pages = [PROJECT / name for name in subprocess.run(["git", "ls-files", "-z", "*.md"], cwd=PROJECT, capture_output=True, text=True, check=True).stdout.split("\0") if name]
    dead, seen = [], 0
    for page in filter(Path.is_file, pages):
        for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
            if not link.startswith(("https://", "http://", "mailto:")):
                seen += 1
                path, _, anchor = link.partition("#")
                target = page.parent / path if path else page
                if not target.exists() or anchor and anchor not in anchors(target):
                    dead.append(f"{page.relative_to(PROJECT)}: {link}")
    assert dead == [] and seen > 20


def test_decisions_have_a_number_each_and_are_quoted_by_one_that_exists():
    files = sorted((PROJECT / "docs" / "adr").iterdir())
    numbers = [file.name[:4] for file in files]
    assert len(set(numbers)) == len(numbers)
    for file in files:
        text = file.read_text()
        assert re.match(rf"# {int(file.name[:4])}\. .*\n\nStatus: (accepted|replaced), 20\d\d-", text), file.name
        assert re.findall(r"^## (.*)$", text, re.M) == ["Context", "Decision", "Consequences"], file.name
    quoted = subprocess.run(["git", "grep", "-hoE", r"(adr/|ADR )[0-9]{4}"], cwd=PROJECT, capture_output=True, text=True, check=True).stdout.split("\n")
    assert {line[-4:] for line in quoted if line} <= set(numbers)


def test_each_of_the_fifteen_factors_has_a_place_that_exists():
    table = (PROJECT / "docs" / "operations.md").read_text().split("## The fifteen factors")[1].split("\n\n")[1]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]
    assert [int(factor.split()[0]) for factor, _ in rows] == list(range(1, 16))
    files = [path for _, where in rows for path in re.findall(r"`([A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]*)+|[a-z.-]+\.(?:toml|yaml)|Cargo\.lock)`", where)]
    assert len(files) > 10
    assert [path for path in files if not (PROJECT / path).exists()] == []


# ── Updates ──────────────────────────────────────────────────────────────────────────────────────────────
PATTERNS = [(manager, pattern) for manager in json.loads((PROJECT / "renovate.json").read_text())["customManagers"] for pattern in manager["matchStrings"]]


@pytest.mark.parametrize(("manager", "pattern"), PATTERNS, ids=[manager["description"] for manager, _ in PATTERNS])
def test_each_of_renovates_patterns_finds_a_version(manager, pattern):
    (files,) = manager["managerFilePatterns"]
    read = [file for file in PROJECT.rglob("*.*") if re.search(files.strip("/"), file.relative_to(PROJECT).as_posix())]
    assert read
    # JavaScript names its groups without Python's P.
    found = [match["currentValue"] for file in read for match in re.finditer(pattern.replace("(?<", "(?P<"), file.read_text())]
    assert found and all(re.match(r"v?\d", version) for version in found)


def test_renovate_knows_every_version_that_the_host_and_the_charts_are_given():
    patterns = [re.compile(pattern.replace("(?<", "(?P<")) for _, pattern in PATTERNS]
    for name, line in (("ansible/versions.yml", r"(?:version|rust_toolchain|minikube_kubernetes_version|registry_image): .*?(v?\d+\.\d+\.\d+)"), ("terraform/versions.tf", r"version += \"(v?\d[^\"]*)\" \}")):
        text = (PROJECT / name).read_text()
        known = {match["currentValue"] for pattern in patterns for match in pattern.finditer(text)}
        # rustup's installer alone: its checksums come from the official images, not from a release.
        assert set(re.findall(line, text)) - known <= {"1.28.2"}, name
