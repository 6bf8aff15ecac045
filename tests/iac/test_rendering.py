"""What changes when a setting, the domain, the image or a secrets file does, as Kustomize renders it."""
from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from manifests import PROJECT, BuildFailed, copy, named, objects, of_kind, render_from, spin
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


def compile_url(documents: list[dict]) -> str:
    return next(d["data"]["compile_url"] for d in of_kind(documents, "ConfigMap") if d["metadata"]["name"].startswith("atelier-settings"))


def test_the_compile_service_is_off_until_its_component_is_there_and_then_ocr_asks_its_service():
    for variant in ("minikube", "production", "light"):
        assert compile_url(objects(variant)) == spin()["variables"]["compile_url"]["default"], variant
    documents = objects("minikube-compiler")
    service = named(documents, "Service", "compiler")
    assert compile_url(documents) == f"http://compiler.{service['metadata']['namespace']}.svc.cluster.local:{service['spec']['ports'][0]['port']}"
    # ocr is restarted for it: it reads the ConfigMap by the name that its content gives.
    references = [named(of, "SpinApp", "ocr")["spec"]["variables"][-1]["valueFrom"]["configMapKeyRef"]["name"] for of in (documents, objects("minikube"))]
    assert references[0] != references[1]


def test_the_commands_of_the_readme_add_the_compile_service(tmp_path):
    """k8s/README.md, word for word. `docker push` prints no digest when it failed: then nothing is named."""
    block = re.search(r"<!-- tested: compiler -->\n```sh\n(.*?)```", (PROJECT / "k8s" / "README.md").read_text(), re.S)[1]
    copy(tmp_path)
    digest = "sha256:" + "c" * 64
    (tmp_path / "bin").mkdir()
    docker = tmp_path / "bin" / "docker"
    docker.write_text('#!/bin/sh\necho "$*" >> calls\n[ "$1" != push ] || echo "$PRINTED"\n')
    docker.chmod(0o755)
    (tmp_path / "bin" / "kustomize").symlink_to(BIN / "kustomize")
    env = {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
    done = subprocess.run(["sh", "-ec", block], cwd=tmp_path, env={**env, "PRINTED": "denied"}, capture_output=True, text=True)
    assert done.returncode != 0 and "the push printed no digest" in done.stderr and "compiler" not in render_from(tmp_path / "k8s", "minikube").replace("compiler.invalid", "")
    subprocess.run(["sh", "-ec", block], cwd=tmp_path, env={**env, "PRINTED": f"0.1.0: digest: {digest} size: 950"}, check=True, capture_output=True)
    assert (tmp_path / "calls").read_text().splitlines()[-2:] == ["build --tag ghcr.io/YOUR-ACCOUNT/atelier-compiler:0.1.0 compiler", "push ghcr.io/YOUR-ACCOUNT/atelier-compiler:0.1.0"]
    documents = list(yaml.safe_load_all(render_from(tmp_path / "k8s", "minikube")))
    (container,) = named(documents, "Deployment", "compiler")["spec"]["template"]["spec"]["containers"]
    assert container["image"] == f"ghcr.io/YOUR-ACCOUNT/atelier-compiler@{digest}" and "http://compiler." in compile_url(documents)
