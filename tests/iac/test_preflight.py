"""What is asked before anything is changed, and what is printed at the end: the scripts and commands themselves are run."""
from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from manifests import PROJECT, copy, named, objects
from tools import BIN

CHECK_MESH = PROJECT / "k8s" / "platform" / "check-mesh"
CHECK_MACHINE = PROJECT / "terraform" / "check-machine"
MESH = """pathNormalization:
  normalization: DECODE_AND_MERGE_SLASHES
extensionProviders:
- name: atelier-auth
"""


def run(command: list, path: str = "", **env: str) -> subprocess.CompletedProcess:
    return subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=PROJECT, env={"PATH": f"{path}:/usr/bin:/bin", "HOME": "/nowhere", **env})


# ── The mesh ─────────────────────────────────────────────────────────────────────────────────────────────
def check_mesh(cluster) -> tuple[int, list[str]]:
    done = run([CHECK_MESH], str(BIN), KUBECONFIG=str(cluster.kubeconfig()))
    return done.returncode, re.findall(r"^missing: (.*?)[,:;( ]", done.stdout, re.M) + re.findall("relies on$", done.stdout, re.M)


def daemon_set(name: str, labels: dict) -> dict:
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "registry.example.org/c:1"}]}}
    return {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": name, "namespace": "istio-system", "labels": labels}, "spec": {"selector": {"matchLabels": labels}, "template": template}}


def test_a_cluster_without_a_mesh_is_told_what_is_missing_and_one_with_it_passes(installed):
    assert check_mesh(installed) == (1, ["ztunnel", "istio-cni", "the", "pathNormalization"])
    installed.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "istio-system"}})
    for name, labels in (("ztunnel", {"app": "ztunnel"}), ("istio-cni-node", {"k8s-app": "istio-cni-node"})):
        made = daemon_set(name, labels)
        installed.apply(made)
        installed.patch(made, {"status": {"currentNumberScheduled": 2, "desiredNumberScheduled": 2, "numberMisscheduled": 0, "numberReady": 1}}, part="/status")
    settings = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "istio-stable", "namespace": "istio-system"}, "data": {"mesh": MESH.replace("atelier-auth", "another")}}
    installed.apply(settings)
    assert check_mesh(installed) == (1, ["ztunnel", "istio-cni", "the"]), "one of two nodes, and another provider"
    for name, labels in (("ztunnel", {"app": "ztunnel"}), ("istio-cni-node", {"k8s-app": "istio-cni-node"})):
        installed.patch(daemon_set(name, labels), {"status": {"currentNumberScheduled": 2, "desiredNumberScheduled": 2, "numberMisscheduled": 0, "numberReady": 2}}, part="/status")
    settings["data"]["mesh"] = MESH
    installed.apply(settings)
    assert check_mesh(installed) == (0, ["relies on"])


def test_a_cluster_that_does_not_answer_is_no_cluster_without_a_mesh(tmp_path):
    done = run([CHECK_MESH], str(BIN), KUBECONFIG=str(tmp_path / "none"))
    assert done.returncode == 1 and "does not answer" in done.stdout and "missing" not in done.stdout


# ── The machine ──────────────────────────────────────────────────────────────────────────────────────────
def machine(tmp_path: Path, memory_gib: float, cpus: int, disk_gib: int, node: bool = False, **env: str) -> subprocess.CompletedProcess:
    (tmp_path / "meminfo").write_text(f"MemTotal:       {int(memory_gib * 2**20)} kB\nMemFree: 1 kB\n")
    for name, text in {"nproc": f"echo {cpus}", "df": f"echo Avail; echo '  {disk_gib}'", "docker": f"exit {0 if node else 1}"}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    given = {"NODE": "atelier", "CPUS": "4", "MEMORY_GIB": "8", "DISK_GIB": "40", "LEAST": "cpus = 4, memory = 6", "PROFILE": "full", "MEMINFO": str(tmp_path / "meminfo")}
    return run([CHECK_MACHINE], str(tmp_path), **given | env)


LIGHT = {"CPUS": "2", "MEMORY_GIB": "2", "DISK_GIB": "20", "LEAST": "cpus = 2, memory = 2", "PROFILE": "light"}


@pytest.mark.parametrize(("size", "env", "words"), [
    ((9.6, 4, 45), {}, []),
    ((7.7, 4, 45), {}, ["memory: it has 7884 MiB; needed are 9728"]),
    ((15, 2, 45), {}, ["processors: it has 2; the node gets 4"]),
    ((15, 4, 44), {}, ["disk: 44 GiB are free in /var/lib", "needed are 45"]),
    ((3, 1, 5), {}, ["memory:", "processors:", "disk:"]),
    ((3.8, 2, 25), LIGHT, []),
    ((3, 2, 25), LIGHT, ["memory:"]),
])
def test_a_machine_that_is_too_small_is_told_what_it_needs(tmp_path, size, env, words):
    done = machine(tmp_path, *size, **env)
    assert done.returncode == (1 if words else 0), done.stdout
    assert len(re.findall(r"^  \w+: ", done.stdout, re.M)) == len(["memory:", "processors:", "disk:"] if len(words) == 3 else words[:1])
    for word in words:
        assert word in done.stdout
    if words:
        assert "Nothing was changed" in done.stdout and ("profile = \"light\"" in done.stdout) is (not env)


def test_a_node_that_is_there_has_its_disk(tmp_path):
    assert machine(tmp_path, 15, 4, 1, node=True).returncode == 0


# ── An upgrade by hand ───────────────────────────────────────────────────────────────────────────────────
def test_an_upgrade_by_hand_applies_one_app_at_a_time(tmp_path):
    """The handbook's own loop; a `kubectl` on the PATH writes down which SpinApps each step sends."""
    text = (PROJECT / "docs" / "operations.md").read_text()
    commands = re.search(r"<!-- tested: upgrade -->\n *```sh\n(.*?)```", text, re.S)[1]
    copy(tmp_path)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "kubectl").write_text(f"""#!/bin/sh
echo "$*" >> {tmp_path}/calls
case $1 in apply) {BIN}/kubectl create --dry-run=client --validate=false --output=name -k "$4" --selector "$6" >> {tmp_path}/applied; echo -- >> {tmp_path}/applied ;; esac
""")
    (tmp_path / "bin" / "kubectl").chmod(0o755)
    done = subprocess.run(["sh", "-euc", commands.replace("sha256:DIGEST", "sha256:" + "a" * 64)], cwd=tmp_path, text=True, capture_output=True, env={"PATH": f"{tmp_path / 'bin'}:{BIN}:/usr/bin:/bin", "HOME": str(tmp_path)})
    assert done.returncode == 0, done.stderr
    calls = (tmp_path / "calls").read_text()
    assert re.findall(r"notin \((.*?)\)", calls) == ["llm, ocr", "ocr", "none"] and calls.count("rollout status") == 9


def test_the_label_that_an_upgrade_selects_by_is_on_the_apps_alone():
    documents = objects("minikube")
    for name in ("auth", "llm", "ocr"):
        labelled = [d for d in documents if d["metadata"].get("labels", {}).get("app.kubernetes.io/name") == name]
        assert labelled == [named(documents, "SpinApp", name)]


# ── What Terraform prints ────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("sudo", [True, False], ids=["a user with sudo", "root without it"])
def test_the_printed_commands_work_as_they_stand(tmp_path, sudo):
    """`as_root` of outputs.tf, in a shell that has just been opened."""
    line = re.search(r'"echo .*?tee -a /etc/hosts",', (PROJECT / "terraform" / "outputs.tf").read_text())[0]
    prefix = re.search(r'as_root = "(.*)"', (PROJECT / "terraform" / "outputs.tf").read_text())[1]
    command = line.strip('",').replace("\\", "").replace("${local.as_root}", prefix).replace("${local.gateway}", "echo 10.0.0.1").replace("${var.domain}", "atelier.test").replace("/etc/hosts", f"{tmp_path}/hosts")
    for name in ["sudo"] if sudo else []:
        (tmp_path / name).write_text(f"#!/bin/sh\necho used > {tmp_path}/used\nexec \"$@\"\n")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "tee").symlink_to("/usr/bin/tee")
    done = subprocess.run(["/bin/sh", "-euc", command], text=True, capture_output=True, env={"PATH": str(tmp_path)})
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "hosts").read_text() == "10.0.0.1 atelier.test\n" and (tmp_path / "used").exists() is sudo
