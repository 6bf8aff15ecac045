"""Renders k8s/ in each of the ways it can be combined, from a copy, so that tests may also break it."""
from __future__ import annotations

import base64
import functools
import shutil
import subprocess
import tempfile
import tomllib
from pathlib import Path

import yaml

from tools import BIN, PROJECT

# Name → (what it starts from, components on top of it). Every component appears at least once.
VARIANTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "base": ("base", ()),
    "minikube": ("overlays/minikube", ()),
    "minikube-without-secrets": ("overlays/minikube/without-secrets", ()),
    "production": ("overlays/production", ()),
    "minikube-spintainer": ("overlays/minikube", ("spintainer",)),
    "minikube-autoscaling": ("overlays/minikube", ("autoscaling",)),
    "minikube-compiler": ("overlays/minikube", ("compiler",)),
    "production-compiler": ("overlays/production", ("compiler",)),
    "production-spintainer": ("overlays/production", ("spintainer",)),
    "light": ("overlays/light", ()),
    "light-without-secrets": ("overlays/light/without-secrets", ()),
    "light-spintainer": ("overlays/light", ("spintainer",)),
    "observability": ("observability", ()),
}
# The namespace each SpinApp lives in, and the Secrets that may come from outside the rendering.
GIVEN_SECRETS = {"minikube-without-secrets", "light-without-secrets", "base"}


class BuildFailed(RuntimeError):
    """Kustomize refused; the message is its own."""


def copy(target: Path) -> Path:
    """A copy of k8s/ with filled-in Secrets, as a user would have after following the examples."""
    folder = target / "k8s"
    shutil.copytree(PROJECT / "k8s", folder, ignore=lambda where, names: [name for name in names if name.endswith(".env") and where.endswith("components/secrets")])
    for example in (folder / "components" / "secrets").glob("*.env.example"):
        filled = [f"{line}made-up-for-the-tests-{number}" if line.endswith("=") else line for number, line in enumerate(example.read_text().splitlines())]
        example.with_suffix("").write_text("\n".join(filled) + "\n")
    return folder


def build(folder: Path) -> str:
    done = subprocess.run([BIN / "kustomize", "build", folder], capture_output=True, text=True)
    if done.returncode:
        raise BuildFailed(done.stderr)
    return done.stdout


def render_from(k8s: Path, variant: str) -> str:
    start, components = VARIANTS[variant]
    if not components:
        return build(k8s / start)
    folder = k8s / "overlays" / f"variant-{variant}"
    folder.mkdir(exist_ok=True)
    # As k8s/README.md has it for an overlay of one's own: only the outermost folder's order counts.
    order = yaml.safe_load((k8s / start / "kustomization.yaml").read_text())["sortOptions"]
    (folder / "kustomization.yaml").write_text(yaml.safe_dump({
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [f"../../{start}"],
        "components": [f"../../components/{name}" for name in components],
        "sortOptions": order,
    }))
    return build(folder)


@functools.cache
def render(variant: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        return render_from(copy(Path(folder)), variant)


def objects(variant: str) -> list[dict]:
    """In the order in which kubectl applies them. Parsed anew each time: a test may change what it gets."""
    return [document for document in yaml.safe_load_all(render(variant)) if document]


def of_kind(documents: list[dict], *kinds: str) -> list[dict]:
    return [document for document in documents if document["kind"] in kinds]


def named(documents: list[dict], kind: str, name: str) -> dict:
    found = [document for document in of_kind(documents, kind) if document["metadata"]["name"] == name]
    assert len(found) == 1, f"{len(found)} × {kind} {name}"
    return found[0]


def title(document: dict) -> str:
    return f"{document['kind']}/{document['metadata']['name']}"


def pod_specs(documents: list[dict]) -> list[tuple[str, dict, dict]]:
    """(title, labels, spec) of the pods that the manifests themselves describe."""
    found = [(title(d), d["spec"]["template"]) for d in of_kind(documents, "Deployment", "StatefulSet", "DaemonSet", "Job")]
    found += [(title(d), d["spec"]["jobTemplate"]["spec"]["template"]) for d in of_kind(documents, "CronJob")]
    return [(name, template["metadata"]["labels"], template["spec"]) for name, template in found]


def secret_text(secret: dict) -> dict[str, str]:
    return {key: base64.b64decode(value).decode() for key, value in secret.get("data", {}).items()} | secret.get("stringData", {})


@functools.cache
def spin() -> dict:
    return tomllib.loads((PROJECT / "spin.toml").read_text())
