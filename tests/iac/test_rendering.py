"""What changes when a setting, the domain, the image or a secrets file does, as Kustomize renders it."""
from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

from manifests import BuildFailed, copy, named, render_from
from tools import BIN


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
