"""What is asked before anything is changed, and the handbook's commands for secrets and upgrades: all are run."""
from __future__ import annotations

import re
import shutil
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
        installed.patch(made, {"status": {"currentNumberScheduled": 2, "desiredNumberScheduled": 2, "numberMisscheduled": 0, "numberReady": 1}}, part="status")
    settings = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "istio-stable", "namespace": "istio-system"}, "data": {"mesh": MESH.replace("atelier-auth", "another")}}
    installed.apply(settings)
    assert check_mesh(installed) == (1, ["ztunnel", "istio-cni", "the"]), "one of two nodes, and another provider"
    for name, labels in (("ztunnel", {"app": "ztunnel"}), ("istio-cni-node", {"k8s-app": "istio-cni-node"})):
        installed.patch(daemon_set(name, labels), {"status": {"currentNumberScheduled": 2, "desiredNumberScheduled": 2, "numberMisscheduled": 0, "numberReady": 2}}, part="status")
    settings["data"]["mesh"] = MESH
    installed.apply(settings)
    assert check_mesh(installed) == (0, ["relies on"])


def test_a_cluster_that_does_not_answer_is_no_cluster_without_a_mesh(tmp_path):
    done = run([CHECK_MESH], str(BIN), KUBECONFIG=str(tmp_path / "none"))
    assert done.returncode == 1 and "does not answer" in done.stdout and "missing" not in done.stdout


# ── The machine ──────────────────────────────────────────────────────────────────────────────────────────
def machine(tmp_path: Path, memory_gib: float, cpus: int, disk_gib: int, node: int | None = None, **env: str) -> subprocess.CompletedProcess:
    """`node`: the memory in GiB of the one that is there."""
    there = "exit 1" if node is None else f"echo {node * 2**30}"
    (tmp_path / "meminfo").write_text(f"MemTotal:       {int(memory_gib * 2**20)} kB\nMemFree: 1 kB\n")
    for name, text in {"nproc": f"echo {cpus}", "df": f"echo Avail; echo '  {disk_gib}'", "docker": there}.items():
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


@pytest.mark.parametrize("node", [8, 12, 0], ids=["of the right size", "larger", "without a limit"])
def test_a_node_that_is_there_has_its_disk(tmp_path, node):
    assert machine(tmp_path, 15, 4, 1, node=node).returncode == 0


def test_a_node_that_is_there_and_too_small_is_told_to_be_made_anew(tmp_path):
    done = machine(tmp_path, 15, 4, 100, node=2)
    assert done.returncode == 1 and "is there with 2048 MiB" in done.stdout and "terraform destroy" in done.stdout


# ── By hand ──────────────────────────────────────────────────────────────────────────────────────────────
def commands(file: str, name: str) -> str:
    return re.search(rf"<!-- tested: {name} -->\n *```sh\n(.*?)```", (PROJECT / file).read_text(), re.S)[1]


def test_the_secrets_are_made_once_and_are_random(tmp_path):
    examples = PROJECT / "k8s" / "components" / "secrets"
    folder = tmp_path / "k8s" / "components" / "secrets"
    shutil.copytree(examples, folder, ignore=lambda _, names: [name for name in names if name.endswith(".env")])

    def make() -> dict[str, str]:
        subprocess.run(["sh", "-euc", commands("k8s/README.md", "secrets")], cwd=tmp_path, check=True)
        return {file.name: file.read_text() for file in folder.glob("*.env")}

    first = make()
    (folder / "llm.env").write_text("WEBHOOK_URL=https://hook.eu2.make.com/mine\n")
    assert make() == first | {"llm.env": "WEBHOOK_URL=https://hook.eu2.make.com/mine\n"}, "the database keeps its password, and the user the keys"
    assert set(first) == {"postgres.env", "service.env", "llm.env", "ocr.env"}
    values = re.findall("^(?:postgresql-password|service-key)=([0-9a-f]{64})$", first["postgres.env"] + first["service.env"], re.M)
    assert len(set(values)) == 2


@pytest.mark.parametrize(("broken", "steps"), [
    (None, [["auth"], ["auth", "llm"], ["auth", "llm", "ocr"]]),
    ("llm", [["auth"]]),
])
def test_an_upgrade_by_hand_applies_one_app_at_a_time_and_stops_at_one_that_does_not_come_up(installed, tmp_path, broken, steps):
    """The handbook's own loop, with a real kubectl that keeps nothing."""
    copy(tmp_path)
    wait = tmp_path / "terraform" / "modules" / "spin-app" / "wait-for-app"
    wait.parent.mkdir(parents=True)
    wait.write_text(f'#!/bin/sh\necho "waited for $APP" >> {tmp_path}/done\n[ "$NAMESPACE $APP ${{TIMEOUT-}}" != "atelier {broken} " ]\n')
    wait.chmod(0o755)
    kubectl = tmp_path / "bin" / "kubectl"
    kubectl.parent.mkdir()
    kubectl.write_text(f'#!/bin/sh\n{BIN}/kubectl "$@" --dry-run=server --force-conflicts --output=name >> {tmp_path}/done\n')
    kubectl.chmod(0o755)
    text = commands("docs/operations.md", "upgrade").replace("sha256:DIGEST", "sha256:" + "a" * 64)
    done = subprocess.run(["sh", "-euc", text], cwd=tmp_path, text=True, capture_output=True, env={"PATH": f"{kubectl.parent}:{BIN}:/usr/bin:/bin", "HOME": str(tmp_path), "KUBECONFIG": str(installed.kubeconfig())})
    assert done.returncode == 0, done.stderr
    told = (tmp_path / "done").read_text()
    sent = re.findall("^spinapp.core.spinkube.dev/(.*)|^(waited) for auth", told, re.M)
    assert " ".join(app or "-" for app, _ in sent) == " ".join(" ".join([*step, "-"]) for step in steps)
    before = told.split("waited for")[0].splitlines()
    assert {line for line in before if not line.startswith("spinapp.")} == {line for line in told.splitlines() if "/" in line and not line.startswith("spinapp.")}, "all that is no app comes first"


def test_an_upgrade_by_hand_stops_at_what_the_cluster_refuses(tmp_path):
    copy(tmp_path)
    (tmp_path / "terraform" / "modules" / "spin-app").mkdir(parents=True)
    (tmp_path / "bin").mkdir()
    for program, status in (("terraform/modules/spin-app/wait-for-app", 0), ("bin/kubectl", 1)):
        (tmp_path / program).write_text(f"#!/bin/sh\necho {program} >> {tmp_path}/done\nexit {status}\n")
        (tmp_path / program).chmod(0o755)
    text = commands("docs/operations.md", "upgrade").replace("sha256:DIGEST", "sha256:" + "a" * 64)
    subprocess.run(["sh", "-uc", text], cwd=tmp_path, capture_output=True, env={"PATH": f"{tmp_path}/bin:{BIN}:/usr/bin:/bin", "HOME": str(tmp_path)}, check=False)
    assert (tmp_path / "done").read_text() == "bin/kubectl\n"


def test_the_label_that_an_upgrade_selects_by_is_on_the_apps_alone():
    documents = objects("minikube")
    for name in ("auth", "llm", "ocr"):
        labelled = [d for d in documents if d["metadata"].get("labels", {}).get("app.kubernetes.io/name") == name]
        assert labelled == [named(documents, "SpinApp", name)]
