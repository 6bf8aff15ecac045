"""The release pipeline's own shell, run step by step on a copy of the project. Real: kustomize, and everything the
shell does. Played, because they need a registry or GitHub: spin, cosign, gh, curl. And what no run shows: who may do what.
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
SPIN = f"""case "$1 $2" in "registry push") echo 'Using up to 4 threads'; echo "Pushed with digest ${{FAKE_DIGEST-{DIGEST}}}" ;; "registry login") cat >"$JOURNAL.spin" ;; esac"""
COSIGN = """case "$1" in login) cat >"$JOURNAL.cosign" ;; esac"""
CURL = """while [ "$1" != --output ]; do shift; done; echo 'not the Spin that was pinned' >"$2" """
VERSION = re.search(r'^version = "(.*)"', (PROJECT / "spin.toml").read_text(), re.M)[1]


def workflow(name: str) -> dict:
    return yaml.safe_load((PROJECT / ".github" / "workflows" / name).read_text())


WORKFLOWS = sorted(file.name for file in (PROJECT / ".github" / "workflows").iterdir())


def steps() -> dict[str, dict]:
    return {step["name"]: step for job in workflow("release.yml")["jobs"].values() for step in job["steps"] if "name" in step}


@pytest.fixture
def copy(tmp_path) -> Path:
    for folder in ("k8s",):
        shutil.copytree(PROJECT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("secrets.env"))
    for file in ("spin.toml", "Cargo.toml"):
        shutil.copy(PROJECT / file, tmp_path)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "iac").symlink_to(PROJECT / "tests" / "iac")
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "kustomize").symlink_to(PROJECT / ".atelier" / "tools" / "bin" / "kustomize")
    built = tmp_path / "target" / "wasm32-wasip2" / "release"
    built.mkdir(parents=True)
    (tmp_path / "out").mkdir()
    for component in ("auth", "llm", "ocr"):
        (built / f"{component}.wasm").write_bytes(b"\0asm" + component.encode())
    subprocess.run(["bash", "-euc", steps()["Put together what Spin needs"]["run"]], cwd=tmp_path, check=True)
    for component in ("auth", "llm", "ocr"):
        (tmp_path / "out" / f"{component}.cdx.json").write_text("{}")
    commands = tmp_path / "bin"
    commands.mkdir()
    for name, body in (("spin", SPIN), ("cosign", COSIGN), ("gh", ""), ("curl", CURL), ("sudo", "")):
        (commands / name).write_text(f'#!/bin/bash\necho "{name} $*" >>"$JOURNAL"\n{body}\n')
        (commands / name).chmod(0o755)
    return tmp_path


def run(copy: Path, name: str, **environment: str) -> subprocess.CompletedProcess:
    """As GitHub's runner would: bash with these two options, and the file for outputs."""
    env = {
        "PATH": f"{copy / 'bin'}:{os.environ['PATH']}", "HOME": str(copy), "JOURNAL": str(copy / "journal"), "GITHUB_OUTPUT": str(copy / "outputs"),
        "GITHUB_REF_NAME": f"v{VERSION}", "GITHUB_ACTOR": "somebody", "GITHUB_WORKFLOW_REF": f"somebody/atelier/.github/workflows/release.yml@refs/tags/v{VERSION}",
        "TOKEN": "token-mark", "ARTEFACT": ARTEFACT, "RUNNER_TEMP": str(copy), "GH_REPO": "somebody/atelier", **workflow("release.yml")["env"],
        # The name of a repository may have capitals, that of an image may not.
        "IMAGE": "ghcr.io/Somebody/Atelier", **environment,
    }
    return subprocess.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", steps()[name]["run"]], cwd=copy, env=env, capture_output=True, text=True)


def journal(copy: Path) -> list[str]:
    return (copy / "journal").read_text().splitlines()


def test_a_tag_must_be_the_version(copy):
    name = "The tag is the version in spin.toml and Cargo.toml"
    assert run(copy, name).returncode == 0
    assert run(copy, name, GITHUB_REF_NAME="v99.0.0").returncode != 0


def test_the_pushs_digest_is_what_follows_uses(copy):
    lying = copy / "target" / "wasm32-wasip2" / "release" / "auth.wasm"
    lying.write_bytes(b"of another build")
    done = run(copy, "Push, and keep the digest")
    assert done.returncode == 0, done.stderr
    assert (copy / "outputs").read_text().splitlines() == ["name=ghcr.io/somebody/atelier", f"digest={DIGEST}", f"image={ARTEFACT}"]
    assert f"spin registry push ghcr.io/somebody/atelier:{VERSION}" in journal(copy)
    assert "token-mark" not in (copy / "journal").read_text(), "a command line is everybody's to read"
    assert (copy / "journal.spin").read_text() == "token-mark", "Spin does not take a line break off"
    # What is pushed is what `build` made, not what lies about.
    assert lying.read_bytes() == b"\0asmauth"


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
    # Not made again after the push: what people download is what was pushed.
    parcel = subprocess.run(["tar", "-tzf", out / "atelier-components.tar.gz"], capture_output=True, text=True).stdout.split()
    sources = re.findall(r'^source = "(.*)"', (PROJECT / "spin.toml").read_text(), re.M)
    assert set(parcel) == {"spin.toml", *sources}, "what spin.toml names, so that it runs where it is unpacked"


def test_a_manifest_that_is_not_by_digest_stops_the_release(copy):
    """One app with an image of its own: the count of three does not hold any more."""
    file = copy / "k8s" / "base" / "llm.yaml"
    file.write_text(re.sub(r"image: \S+", "image: registry.example.org/other:1", file.read_text()))
    assert run(copy, "Render the manifests with the digest").returncode != 0


def test_a_spin_that_is_not_the_pinned_one_is_not_installed(copy):
    done = run(copy, "Install Spin, checked")
    assert done.returncode != 0 and "FAILED" in done.stdout
    assert not [line for line in journal(copy) if line.startswith("sudo")]


def test_the_spin_that_packs_is_the_one_that_ansible_installs():
    pinned = yaml.safe_load((PROJECT / "ansible" / "versions.yml").read_text())["tools_spin"]
    given = workflow("release.yml")["env"]
    assert (given["SPIN_VERSION"], given["SPIN_SHA256"]) == (pinned["version"], pinned["sha256"]["amd64"])
    assert pinned["path"].endswith("spin-{0}-linux-{{arch}}.tar.gz".format(pinned["version"]))


def test_the_release_says_what_was_made_and_how_to_check_it(copy):
    done = run(copy, "Publish")
    assert done.returncode == 0, done.stderr
    told = (copy / "journal").read_text()
    assert told.startswith(f"gh release create v{VERSION} --verify-tag --generate-notes --notes Artefact: `{ARTEFACT}`")
    assert f"cosign verify {ARTEFACT} " in told and "gh attestation verify FILE --repo somebody/atelier" in told
    assert "out/atelier-components.tar.gz" in told


def test_who_compiles_may_not_publish():
    for name in WORKFLOWS:
        assert workflow(name)["permissions"] in ({}, {"contents": "read"}), name
        for job in workflow(name)["jobs"].values():
            compiles = any(re.search(r"\bcargo\b|\.ci/run|\bgo\b.*\bbuild\b", step.get("run", "")) for step in job["steps"])
            assert not compiles or job.get("permissions", {"contents": "read"}) == {"contents": "read"}, name
    rights = {name: job["permissions"] for name, job in workflow("release.yml")["jobs"].items()}
    assert rights["publish"] == {"contents": "read", "packages": "write", "id-token": "write", "attestations": "write"}
    assert rights["release"] == {"contents": "write"}


def test_a_strangers_pull_request_gets_no_secret():
    for name in WORKFLOWS:
        text = (PROJECT / ".github" / "workflows" / name).read_text()
        # YAML reads the key `on` as true.
        assert "pull_request_target" not in workflow(name)[True] and "workflow_run" not in workflow(name)[True]
        assert "secrets." not in text, "the job's own token is all that is needed"
    assert "pull_request" not in workflow("release.yml")[True]


def test_actions_are_pinned_by_commit_and_each_once():
    pins: dict[str, set[str]] = {}
    for name in WORKFLOWS:
        for line in re.findall(r"uses: (.*)", (PROJECT / ".github" / "workflows" / name).read_text()):
            pinned = re.fullmatch(r"([\w-]+/[\w-]+)@([0-9a-f]{40}) # v\d+\.\d+\.\d+", line)
            assert pinned, line
            pins.setdefault(pinned[1], set()).add(pinned[2])
        for job in workflow(name)["jobs"].values():
            for step in job["steps"]:
                if step.get("uses", "").startswith("actions/checkout@"):
                    assert step["with"]["persist-credentials"] is False, "no token in a folder that is compiled"
    assert {action: commits for action, commits in pins.items() if len(commits) > 1} == {}


def test_what_the_steps_need_comes_before_them():
    order = list(steps())
    place = {name: index for index, name in enumerate(order)}
    assert place["Push, and keep the digest"] < place["Sign the artefact and its parts lists, without a key to lose"] < place["Render the manifests with the digest"] < place["Publish"]
    assert place["Render the manifests with the digest"] < place["Provenance of the files"] < place["Publish"]
    jobs = workflow("release.yml")["jobs"]
    assert jobs["publish"]["needs"] == ["test", "build"] and jobs["release"]["needs"] == "publish"
    assert place["Parts list of each component"] < place["Sign the artefact and its parts lists, without a key to lose"]
