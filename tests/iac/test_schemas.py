"""Every rendered object against the published schemas: Kubernetes' own and those of the custom resources, by
kubectl-validate, which runs the API server's validation without one. What it cannot say, test_admission.py does.
"""
from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from manifests import VARIANTS, BuildFailed, copy, named, objects, render_from
from tools import BIN, CRDS, SCHEMAS


def validate(folder: Path) -> subprocess.CompletedProcess:
    crds = [argument for child in sorted(CRDS.iterdir()) for argument in ("--local-crds", child)]
    return subprocess.run([BIN / "kubectl-validate", folder, "--local-schemas", SCHEMAS, *crds], capture_output=True, text=True)


def write(folder: Path, documents: list[dict]) -> None:
    for number, document in enumerate(documents):
        (folder / f"{number:03}-{document['kind']}-{document['metadata']['name']}.yaml".lower()).write_text(yaml.safe_dump(document))


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_object_fits_its_schema(variant, tmp_path):
    documents = objects(variant)
    write(tmp_path, documents)
    done = validate(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    # One line a file, coloured.
    assert len(re.findall(r"\x1b\[32mOK\x1b", done.stdout)) == len(documents)


WRONG = {
    "a misspelt field of a SpinApp": ("SpinApp", "auth", lambda d: d["spec"].update(servicAccountName="auth")),
    "a type": ("SpinApp", "auth", lambda d: d["spec"].update(replicas="two")),
    "a required field": ("SpinApp", "auth", lambda d: d["spec"].pop("image")),
    "an unknown path match": ("HTTPRoute", "llm", lambda d: d["spec"]["rules"][0]["matches"][0]["path"].update(type="Prefix")),
    "a field of the wrong version": ("AuthorizationPolicy", "auth", lambda d: d["spec"].update(targetRef={})),
    "a mistake in a built-in kind": ("StatefulSet", "postgres", lambda d: d["spec"]["template"]["spec"]["containers"][0].update(port=1)),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_mistake_is_noticed(what, tmp_path):
    kind, name, damage = WRONG[what]
    document = named(objects("minikube"), kind, name)
    damage(document)
    write(tmp_path, [document])
    assert validate(tmp_path).returncode != 0


def test_the_overlay_names_the_missing_secrets_file(tmp_path):
    k8s = copy(tmp_path)
    (k8s / "components" / "secrets" / "llm.env").unlink()
    with pytest.raises(BuildFailed, match=r"llm\.env"):
        render_from(k8s, "minikube")


def test_a_changed_setting_changes_what_the_apps_refer_to(tmp_path):
    """Otherwise the operator would not restart them."""

    def reference(k8s: Path) -> str:
        documents = list(yaml.safe_load_all(render_from(k8s, "minikube")))
        return named(documents, "SpinApp", "ocr")["spec"]["variables"][0]["valueFrom"]["configMapKeyRef"]["name"]

    k8s = copy(tmp_path)
    before = reference(k8s)
    settings = k8s / "base" / "settings.env"
    settings.write_text(settings.read_text().replace("ocr_daily_pages=100", "ocr_daily_pages=200"))
    assert reference(k8s) != before


def test_the_domain_is_changed_in_one_line(tmp_path):
    k8s = copy(tmp_path)
    settings = k8s / "base" / "settings.env"
    settings.write_text(settings.read_text().replace("https://atelier.test", "https://tools.example.edu"))
    text = render_from(k8s, "minikube")
    assert "atelier.test" not in text and text.count("tools.example.edu") >= 8


def test_the_image_is_changed_in_one_place(tmp_path):
    k8s = copy(tmp_path)
    subprocess.run([BIN / "kustomize", "edit", "set", "image", "atelier=registry.example.edu/atelier@sha256:" + "a" * 64], cwd=k8s / "base", check=True, capture_output=True)
    text = render_from(k8s, "minikube")
    assert text.count("registry.example.edu/atelier@sha256:") == 3 and "registry.invalid" not in text
