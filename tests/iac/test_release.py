"""The release pipeline's own shell, run step by step on a copy of the project. Real: kustomize, and everything the
shell does. Mocked, because they need a registry or GitHub: spin, cosign, gh, curl. And what no run shows: who may do what.
"""
from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
import yaml

from tools import PROJECT

DIGEST = "sha256:" + "0123456789abcdef" * 4
ARTEFACT = f"ghcr.io/somebody/atelier@{DIGEST}"
# As Spin 4.1 reports a push (src/commands/registry.rs).
SPIN = f"""case "$1 $2" in "registry push") echo 'Using up to 4 threads'; echo "Pushed with digest ${{FAKE_DIGEST-{DIGEST}}}" ;; "registry login") cat >"$JOURNAL.spin" ;; esac"""
COSIGN = """case "$1" in login) cat >"$JOURNAL.cosign" ;; esac"""
CURL = """while [ "$1" != --output ]; do shift; done; echo 'not what was pinned' >"$2" """
# What `build` leaves for `publish`. Each file can be executed, and writes to the journal if it is.
TRAP = '#!/bin/sh\necho "executed $0" >>"$JOURNAL"\n'
TAKE, INSTALL, PUSH = "Take what was built as data", "Install Spin and Kustomize, checked", "Push, and keep the digest"
SIGN, RENDER = "Sign the artefact and its parts lists, without a key to lose", "Render the manifests with the digest"
COMPONENTS = ("auth", "llm", "ocr")
WASM = [f"target/wasm32-wasip2/release/{component}.wasm" for component in COMPONENTS]
PAGES = [f"target/pyodide/{name}" for name in ("pyodide.asm.mjs.gz", "pyodide.asm.wasm.gz", "pyodide.json", "pyodide.mjs.gz", "python_stdlib.zip")]
PAGES += [f"target/pdfjs/{name}" for name in ("jbig2_nowasm_fallback.js.gz", "openjpeg_nowasm_fallback.js.gz", "pdf.min.mjs.gz", "pdf.worker.min.mjs.gz", "pdfjs.json")]
VERSION = re.search(r'^version = "(.*)"', (PROJECT / "spin.toml").read_text(), re.M)[1]


def workflow(name: str) -> dict:
    return yaml.safe_load((PROJECT / ".github" / "workflows" / name).read_text())


WORKFLOWS = sorted(file.name for file in (PROJECT / ".github" / "workflows").iterdir())


def steps() -> dict[str, dict]:
    return {step["name"]: step for job in workflow("release.yml")["jobs"].values() for step in job["steps"] if "name" in step}


@pytest.fixture
def copy(tmp_path) -> Path:
    shutil.copytree(PROJECT / "k8s", tmp_path / "k8s", ignore=shutil.ignore_patterns("llm.env", "ocr.env", "postgres.env", "service.env"))
    for file in ("spin.toml", "Cargo.toml"):
        shutil.copy(PROJECT / file, tmp_path)
    wasm = tmp_path / "target" / "wasm32-wasip2" / "release"
    wasm.mkdir(parents=True)
    (tmp_path / "out").mkdir()
    for component in COMPONENTS:
        (wasm / f"{component}.wasm").write_text(f"{TRAP}# {component}\n")
    for file in PAGES:
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(f"{TRAP}# {file}\n")
    # As the job `build` does, whose folder another machine downloads.
    subprocess.run(["bash", "-euc", steps()["Put together what Spin needs"]["run"]], cwd=tmp_path, check=True)
    shutil.move(tmp_path / "out", tmp_path / "built")
    shutil.rmtree(tmp_path / "target")
    for component in COMPONENTS:
        (tmp_path / "built" / f"{component}.cdx.json").write_text(TRAP)
    # More than was agreed on.
    for name in ("kustomize", "spin", "cosign"):
        (tmp_path / "built" / name).write_text(TRAP)
    for file in (tmp_path / "built").iterdir():
        file.chmod(0o755)
    commands = tmp_path / "bin"
    commands.mkdir()
    for name, body in (("spin", SPIN), ("cosign", COSIGN), ("gh", ""), ("curl", CURL), ("sudo", "")):
        (commands / name).write_text(f'#!/bin/bash\necho "{name} $*" >>"$JOURNAL"\n{body}\n')
        (commands / name).chmod(0o755)
    (commands / "kustomize").symlink_to(PROJECT / ".atelier" / "tools" / "bin" / "kustomize")
    return tmp_path


def pack(copy: Path, members: dict[str, str | None]) -> None:
    """Another archive in the place of the one that was built: name → what a symbolic link of this name leads to, or None."""
    with tarfile.open(copy / "built" / "atelier-components.tar.gz", "w:gz") as archive:
        for name, target in members.items():
            member = tarfile.TarInfo(name)
            content = (copy / "spin.toml").read_bytes() if name == "spin.toml" else b"other"
            member.size = 0 if target else len(content)
            if target:
                member.type, member.linkname = tarfile.SYMTYPE, target
            archive.addfile(member, io.BytesIO(content))


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
    done = run(copy, PUSH)
    assert done.returncode == 0, done.stderr
    assert (copy / "outputs").read_text().splitlines() == ["name=ghcr.io/somebody/atelier", f"digest={DIGEST}", f"image={ARTEFACT}"]
    assert f"spin registry push ghcr.io/somebody/atelier:{VERSION}" in journal(copy)
    assert "token-mark" not in (copy / "journal").read_text(), "a command line is everybody's to read"
    assert (copy / "journal.spin").read_text() == "token-mark", "Spin does not take a line break off"


def test_the_publishing_job_executes_nothing_that_was_built(copy):
    for name in (TAKE, PUSH, SIGN, RENDER):
        done = run(copy, name)
        assert done.returncode == 0, (name, done.stderr)
    assert not [line for line in journal(copy) if line.startswith("executed")]
    assert [(copy / file).read_text() for file in WASM] == [f"{TRAP}# {component}\n" for component in COMPONENTS], "what was built is what is pushed"
    assert [(copy / file).read_text() for file in PAGES] == [f"{TRAP}# {file}\n" for file in PAGES], "with what the pages load"
    assert sorted(file.name for file in (copy / "out").iterdir()) == sorted(
        ["atelier-components.tar.gz", "checksums.txt", "minikube.yaml", "observability.yaml", "production.yaml", *(f"{name}.cdx.json" for name in COMPONENTS)],
    ), "nothing else that was built is published"


BAD_ARCHIVES = {
    "a file of the checkout": {**dict.fromkeys(["spin.toml", *WASM, *PAGES]), "k8s/base/llm.yaml": None},
    "a file outside": {**dict.fromkeys(["spin.toml", *WASM, *PAGES]), "../llm.yaml": None},
    "a link": {**dict.fromkeys(["spin.toml", *WASM, *PAGES]), WASM[0]: "/proc/self/environ"},
    "a folder that is a link": {"target": "/tmp", **dict.fromkeys(["spin.toml", *WASM, *PAGES])},
    "what the pages load without a file": dict.fromkeys(["spin.toml", *WASM, *PAGES[1:]]),
    "a component less": dict.fromkeys(["spin.toml", *WASM[1:], *PAGES]),
}


@pytest.mark.parametrize("what", BAD_ARCHIVES)
def test_another_content_of_the_archive_stops_the_release(copy, what):
    pack(copy, BAD_ARCHIVES[what])
    assert run(copy, TAKE).returncode != 0
    assert not (copy / "target").exists()


def test_an_archive_with_another_spin_toml_stops_the_release(copy):
    pack(copy, dict.fromkeys(["spin.toml", *WASM, *PAGES]))
    assert run(copy, TAKE).returncode == 0
    (copy / "spin.toml").write_text((copy / "spin.toml").read_text() + "\n")
    shutil.rmtree(copy / "out")
    assert run(copy, TAKE).returncode != 0


def test_a_parts_list_that_is_a_link_stops_the_release(copy):
    (copy / "built" / "ocr.cdx.json").unlink()
    (copy / "built" / "ocr.cdx.json").symlink_to("/etc/hostname")
    assert run(copy, TAKE).returncode != 0


@pytest.mark.parametrize("digest", ["", "sha256:short"])
def test_a_push_without_a_digest_stops_the_release(copy, digest):
    assert run(copy, PUSH, FAKE_DIGEST=digest).returncode != 0


def test_the_artefact_is_signed_by_digest_with_the_parts_list_of_each_component(copy):
    done = run(copy, SIGN)
    assert done.returncode == 0, done.stderr
    calls = journal(copy)
    assert f"cosign sign --yes {ARTEFACT}" in calls
    for component in ("auth", "llm", "ocr"):
        assert f"cosign attest --yes --type cyclonedx --predicate out/{component}.cdx.json {ARTEFACT}" in calls
    assert calls[-1].startswith(f"cosign verify {ARTEFACT}"), "verified as a user would"


def test_the_manifests_carry_the_digest_and_the_parcel_is_whole(copy):
    run(copy, TAKE)
    done = run(copy, RENDER)
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
    assert set(parcel) == {"spin.toml", *sources, *PAGES}, "what spin.toml names, so that it runs where it is unpacked"


def test_the_commands_of_the_readme_push_and_name_the_digest(copy):
    """k8s/README.md, step 3, word for word. `push` may print no digest: then the placeholder stays."""
    block = re.search(r"<!-- tested: push -->\n   ```sh\n(.*?)   ```", (PROJECT / "k8s" / "README.md").read_text(), re.S)[1]
    base = copy / "k8s" / "base" / "kustomization.yaml"
    before = base.read_text()
    env = {"PATH": f"{copy / 'bin'}:{os.environ['PATH']}", "HOME": str(copy), "JOURNAL": str(copy / "journal"), "IMAGE": "registry.example.org:5000/somebody/atelier:0.1.0"}
    done = subprocess.run(["sh", "-c", block], cwd=copy, env={**env, "FAKE_DIGEST": ""}, capture_output=True, text=True)
    assert done.returncode != 0 and "the push printed no digest" in done.stderr and base.read_text() == before
    subprocess.run(["sh", "-c", block], cwd=copy, env=env, check=True, capture_output=True)
    assert journal(copy)[-1] == "spin registry push registry.example.org:5000/somebody/atelier:0.1.0"
    rendered = subprocess.run([copy / "bin" / "kustomize", "build", copy / "k8s" / "overlays" / "production"], capture_output=True, text=True, check=True).stdout
    assert rendered.count(f"image: registry.example.org:5000/somebody/atelier@{DIGEST}") == 3 and "registry.invalid" not in rendered


def test_a_manifest_that_is_not_by_digest_stops_the_release(copy):
    """One app with an image of its own: the count of three does not hold any more."""
    file = copy / "k8s" / "base" / "llm.yaml"
    file.write_text(re.sub(r"image: \S+", "image: registry.example.org/other:1", file.read_text()))
    run(copy, TAKE)
    assert run(copy, RENDER).returncode != 0


@pytest.mark.parametrize("right", [(), ("spin",)], ids=["the first", "the second"])
def test_a_tool_that_is_not_the_pinned_one_is_not_installed(copy, right):
    sums = {f"{tool.upper()}_SHA256": hashlib.sha256(b"not what was pinned\n").hexdigest() for tool in right}
    done = run(copy, INSTALL, **sums)
    assert done.returncode != 0 and "FAILED" in done.stdout
    assert [line.rsplit(" ", 1)[1] for line in journal(copy) if line.startswith("sudo")] == list(right)


def test_the_tools_that_publish_are_the_ones_that_were_tested_with():
    pinned = yaml.safe_load((PROJECT / "ansible" / "versions.yml").read_text())["tools_spin"]
    given = workflow("release.yml")["env"]
    assert (given["SPIN_VERSION"], given["SPIN_SHA256"]) == (pinned["version"], pinned["sha256"]["amd64"])
    assert pinned["path"].endswith("spin-{0}-linux-{{arch}}.tar.gz".format(pinned["version"]))
    module = (PROJECT / "tests" / "iac" / "tools" / "kustomize" / "go.mod").read_text()
    assert f"sigs.k8s.io/kustomize/kustomize/v5 {given['KUSTOMIZE_VERSION']} " in module


def test_the_release_says_what_was_made_and_how_to_check_it(copy):
    run(copy, TAKE)
    done = run(copy, "Publish")
    assert done.returncode == 0, done.stderr
    calls = (copy / "journal").read_text()
    assert calls.startswith(f"gh release create v{VERSION} --verify-tag --generate-notes --notes Artefact: `{ARTEFACT}`")
    assert f"cosign verify {ARTEFACT} " in calls and "gh attestation verify FILE --repo somebody/atelier" in calls
    assert "out/atelier-components.tar.gz" in calls


COMPILES = re.compile(r"\b(cargo|go|npm|pip|make|docker)\b|\.ci/run|ansible/|terraform ")


def test_a_job_that_runs_the_repositorys_code_may_only_read():
    for name in WORKFLOWS:
        assert workflow(name)["permissions"] in ({}, {"contents": "read"}), name
        for title, job in workflow(name)["jobs"].items():
            rights = job.get("permissions", {"contents": "read"})
            runs = any(COMPILES.search(step.get("run", "")) for step in job["steps"])
            assert not runs or rights == {"contents": "read"}, (name, title)
    rights = {name: job["permissions"] for name, job in workflow("release.yml")["jobs"].items()}
    assert rights["publish"] == {"contents": "read", "packages": "write", "id-token": "write", "attestations": "write"}
    assert rights["release"] == {"contents": "write"}


def test_a_job_that_may_write_takes_files_of_other_jobs_as_data():
    """Into a folder of their own, where they replace nothing of the checkout, and which is on no search path."""
    for name in WORKFLOWS:
        for title, job in workflow(name)["jobs"].items():
            if job.get("permissions", {"contents": "read"}) == {"contents": "read"}:
                continue
            for step in job["steps"]:
                if step.get("uses", "").startswith("actions/download-artifact@"):
                    assert step["with"]["path"] in ("built", "out"), (name, title)
                assert not re.search(r"chmod|PATH=|GITHUB_PATH|GITHUB_ENV", step.get("run", "")), (name, title)


def test_what_the_steps_need_comes_before_them():
    order = list(steps())
    needed = [TAKE, INSTALL, PUSH, SIGN, RENDER, "Provenance of the files", "Publish"]
    assert [name for name in order if name in needed] == needed
    jobs = workflow("release.yml")["jobs"]
    assert jobs["publish"]["needs"] == ["test", "build"] and jobs["release"]["needs"] == "publish"
    assert order.index("Parts list of each component") < order.index(SIGN)
