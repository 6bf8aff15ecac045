"""k8s/README.md, step 6, by somebody with a cluster that has what step 1 asks for and nothing of ours: each line word for word, in its
order, with a real kubectl, API server and Spin operator. What no pod here can fulfil, the waits, is left out.
"""
from __future__ import annotations

import os
import re
import shutil
import subprocess

import pytest

from cluster import Cluster
from manifests import PROJECT, copy, named, objects, of_kind
from tools import BIN

# kubectl, but for what waits for pods, and what reads their answer.
KUBECTL = f"""#!/bin/sh
echo "$*" >> "$JOURNAL"
case " $* " in *" wait "*|*" rollout status "*|*" port-forward "*) exit ;; esac
exec {BIN}/kubectl "$@"
"""


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    server = Cluster(tmp_path_factory.mktemp("fresh"))
    try:
        server.start()
        server.install_crds()
        server.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "istio-system"}})
        server.start_operator()
        yield server
    finally:
        server.stop()


def block(name: str) -> str:
    return re.search(rf"<!-- tested: apply-{name} -->\n   ```sh\n(.*?)   ```", (PROJECT / "k8s" / "README.md").read_text(), re.S)[1]


def test_the_readme_names_every_entry_of_the_vault():
    asked: dict[str, set[str]] = {}
    for secret in of_kind(objects("production"), "ExternalSecret"):
        assert secret["spec"]["secretStoreRef"] == {"kind": "ClusterSecretStore", "name": "atelier"}
        for each in secret["spec"]["data"]:
            asked.setdefault(each["remoteRef"]["key"], set()).add(each["remoteRef"]["property"])
    text = (PROJECT / "k8s" / "README.md").read_text()
    said = {entry: set(re.findall("`([a-z_]+)`", properties)) for entry, properties in re.findall(r"^   \| `(atelier/\w+)` \| (.*) \|$", text, re.M)}
    assert said.pop("atelier/postgres") == asked.pop("atelier/postgres") | {"atelier"} and said == asked
    # CloudNativePG makes that account and that database, whatever the vault says.
    made = named(objects("production"), "Cluster", "postgres")["spec"]["bootstrap"]["initdb"]
    assert made["owner"] == made["database"] == "atelier" and "`user` and `database`, both `atelier`" in text


# The first finds a cluster without our namespaces; the others one where the system before is changed into theirs.
@pytest.mark.parametrize(("overlay", "apps"), [("production", {"auth", "llm", "ocr"}), ("minikube", {"auth", "llm", "ocr"}), ("light", {"auth", "llm", "ocr", "atelier"})])
def test_the_commands_of_the_readme_are_taken_at_the_first_try(fresh, tmp_path, overlay, apps):
    copy(tmp_path)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "kubectl").write_text(KUBECTL)
    (tmp_path / "bin" / "kubectl").chmod(0o755)
    env = {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "HOME": str(tmp_path), "KUBECONFIG": str(fresh.kubeconfig()), "JOURNAL": str(tmp_path / "journal")}
    done = subprocess.run(["sh", "-euc", block(overlay)], cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout
    found = fresh.request("GET", "/apis/core.spinkube.dev/v1alpha1/namespaces/atelier/spinapps")["items"]
    assert {app["metadata"]["name"] for app in found} == apps
    waited = re.findall(r"^-n atelier wait .*", (tmp_path / "journal").read_text(), re.M)
    assert waited and " spinapp/" in waited[-1]
    if overlay == "light":
        # What is added to the Deployment makes another pod, and a port-forward ends with the pod that it leads to.
        *_, added, awaited, forwarded = (tmp_path / "journal").read_text().splitlines()
        assert "deployment-extras/light" in added and " rollout status deployment/atelier " in awaited and " port-forward " in forwarded
    shutil.rmtree(tmp_path / "k8s")
