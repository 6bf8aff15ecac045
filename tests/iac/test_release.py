"""The release pipeline's own shell, run step by step on a copy of the project. Real: kustomize, and everything the
shell does. Played, because they need a registry or GitHub: spin, cosign, gh.
"""
from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tools import PROJECT

DIGEST = "sha256:" + "0123456789abcdef" * 4
ARTEFACT = f"ghcr.io/somebody/atelier@{DIGEST}"
# As Spin 4.1 reports a push (src/commands/registry.rs).
SPIN = f"""case "$1 $2" in "registry push") echo 'Using up to 4 threads'; echo "Pushed with digest ${{FAKE_DIGEST-{DIGEST}}}" ;; "registry login") cat >/dev/null ;; esac"""
COSIGN = """case "$1" in login) cat >/dev/null ;; esac"""
VERSION = re.search(r'^version = "(.*)"', (PROJECT / "spin.toml").read_text(), re.M)[1]


def steps() -> dict[str, dict]:
    jobs = yaml.safe_load((PROJECT / ".github" / "workflows" / "release.yml").read_text())["jobs"]
    return {step["name"]: step for job in jobs.values() for step in job["steps"] if "name" in step}


@pytest.fixture
def copy(tmp_path) -> Path:
    for folder in ("k8s",):
        shutil.copytree(PROJECT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("secrets.env"))
    for file in ("spin.toml", "Cargo.toml"):
        shutil.copy(PROJECT / file, tmp_path)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "iac").symlink_to(PROJECT / "tests" / "iac")
    (tmp_path / ".atelier").symlink_to(PROJECT / ".atelier")
    built = tmp_path / "target" / "wasm32-wasip2" / "release"
    built.mkdir(parents=True)
    (tmp_path / "out").mkdir()
    for component in ("auth", "llm", "ocr"):
        (built / f"{component}.wasm").write_bytes(b"\0asm" + component.encode())
        (tmp_path / "out" / f"{component}.cdx.json").write_text("{}")
    commands = tmp_path / "bin"
    commands.mkdir()
    for name, body in (("spin", SPIN), ("cosign", COSIGN), ("gh", "")):
        (commands / name).write_text(f'#!/bin/bash\necho "{name} $*" >>"$JOURNAL"\n{body}\n')
        (commands / name).chmod(0o755)
    return tmp_path


def run(copy: Path, name: str, **environment: str) -> subprocess.CompletedProcess:
    """As GitHub's runner would: bash with these two options, and the file for outputs."""
    env = {
        "PATH": f"{copy / 'bin'}:{os.environ['PATH']}", "HOME": str(copy), "JOURNAL": str(copy / "journal"), "GITHUB_OUTPUT": str(copy / "outputs"),
        "GITHUB_REF_NAME": f"v{VERSION}", "GITHUB_ACTOR": "somebody", "GITHUB_WORKFLOW_REF": f"somebody/atelier/.github/workflows/release.yml@refs/tags/v{VERSION}",
        # The name of a repository may have capitals, that of an image may not.
        "IMAGE": "ghcr.io/Somebody/Atelier", "TOKEN": "token-mark", "ARTEFACT": ARTEFACT, **environment,
    }
    return subprocess.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", steps()[name]["run"]], cwd=copy, env=env, capture_output=True, text=True)


def journal(copy: Path) -> list[str]:
    return (copy / "journal").read_text().splitlines()


def test_a_tag_must_be_the_version(copy):
    name = "The tag is the version in spin.toml and Cargo.toml"
    assert run(copy, name).returncode == 0
    assert run(copy, name, GITHUB_REF_NAME="v99.0.0").returncode != 0


def test_the_pushs_digest_is_what_follows_uses(copy):
    done = run(copy, "Push, and keep the digest")
    assert done.returncode == 0, done.stderr
    assert (copy / "outputs").read_text().splitlines() == [f"digest={DIGEST}", f"image={ARTEFACT}"]
    assert f"spin registry push ghcr.io/somebody/atelier:{VERSION}" in journal(copy)
    assert "token-mark" not in (copy / "journal").read_text(), "a command line is everybody's to read"


@pytest.mark.parametrize("digest", ["", "sha256:short"])
def test_a_push_without_a_digest_stops_the_release(copy, digest):
    assert run(copy, "Push, and keep the digest", FAKE_DIGEST=digest).returncode != 0


def test_the_artefact_is_signed_by_digest_with_the_parts_list_of_each_component(copy):
    done = run(copy, "Sign the artefact and its parts lists, without a key to lose")
    assert done.returncode == 0, done.stderr
    told = journal(copy)
    assert f"cosign sign --yes {ARTEFACT}" in told
    for component in ("auth", "llm", "ocr"):
        assert f"cosign attest --yes --type cyclonedx --predicate out/{component}.cdx.json {ARTEFACT}" in told
    assert told[-1].startswith(f"cosign verify {ARTEFACT}"), "and looked at again, as a user would"


def test_the_manifests_carry_the_digest_and_the_parcel_is_whole(copy):
    done = run(copy, "Render the manifests with the digest")
    assert done.returncode == 0, done.stderr
    out = copy / "out"
    for name in ("minikube", "production"):
        documents = [d for d in yaml.safe_load_all((out / f"{name}.yaml").read_text()) if d]
        assert [d["spec"]["image"] for d in documents if d["kind"] == "SpinApp"] == [ARTEFACT] * 3
        assert not [d for d in documents if d["kind"] == "Secret"], "a release holds no secret"
    sums = subprocess.run(["sha256sum", "--check", "--strict", "checksums.txt"], cwd=out, capture_output=True, text=True)
    assert sums.returncode == 0 and sums.stdout.count(": OK") == 7, sums.stdout
    parcel = subprocess.run(["tar", "-tzf", out / "atelier-components.tar.gz"], capture_output=True, text=True).stdout.split()
    sources = re.findall(r'^source = "(.*)"', (PROJECT / "spin.toml").read_text(), re.M)
    assert set(parcel) == {"spin.toml", *sources}, "what spin.toml names, so that it runs where it is unpacked"


def test_a_manifest_that_is_not_by_digest_stops_the_release(copy):
    """One app with an image of its own: the count of three does not hold any more."""
    file = copy / "k8s" / "base" / "llm.yaml"
    file.write_text(re.sub(r"image: \S+", "image: registry.example.org/other:1", file.read_text()))
    assert run(copy, "Render the manifests with the digest").returncode != 0


def test_what_the_steps_need_comes_before_them():
    order = list(steps())
    place = {name: index for index, name in enumerate(order)}
    assert place["Push, and keep the digest"] < place["Sign the artefact and its parts lists, without a key to lose"] < place["Render the manifests with the digest"] < place["Publish"]
    assert place["Parts list of each component"] < place["Sign the artefact and its parts lists, without a key to lose"]
