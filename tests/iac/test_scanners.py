"""What others' scanners say: no finding that is not named here with its reason, and no reason without a finding.

With ATELIER_SCANNERS=trivy also trivy, each week: its build alone takes ten minutes of processor. Not among them: kube-linter, whose
rules are kube-score's in other words.
"""
from __future__ import annotations

import copy
import functools
import json
import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from cluster import Cluster, deployment
from manifests import PROJECT, objects, of_kind, title
from tools import BIN, CHECKOV, TOOLS, VENV

APPS = ("auth", "llm", "ocr")
WEEKLY = ("trivy",) if os.environ.get("ATELIER_SCANNERS") == "trivy" else ()
HEALTH = "Kubernetes and Compose look themselves; Spin's image has no program to ask with"
UPDATES = "an exact tag of a registry that cannot be asked from here; Renovate adds the digest (renovate.json)"
ONE_NODE = "two pods on a laptop's one node protect against nothing; production has CloudNativePG's three and an autoscaler"
PROCESSOR = "a limit on the processor only throttles: the request is what others are protected by"
SHIM = "what a SpinApp has no field for and the shim, which runs no process of the image, does not use"
PORT = "NET_BIND_SERVICE, for the operator's port 80"
OWN_USER = "the image's own user, whose files these are; no other runs as it on the node, where users are mapped or alone"

# Scanner → (finding's id, what it is about) → why it stays. `*` is everything.
ACCEPTED = {
    "checkov": {
        ("CKV_DOCKER_2", "*"): HEALTH,
        ("CKV_K8S_11", "*"): PROCESSOR,
        ("CKV_K8S_43", "*"): UPDATES,
        ("CKV_K8S_15", "*"): "an exact version does not change, and a node that has it starts without the registry",
        **{("CKV_K8S_38", f"Deployment/{name}"): "asks the Kubernetes API, as the role of its account allows" for name in ("kiali", "kube-state-metrics", "otel-collector", "prometheus")},
        **{("CKV_K8S_38", f"Deployment/{name}"): "its account mounts no token (test_rules.py), which a SpinApp cannot say" for name in APPS},
        ("CKV_K8S_40", "*"): OWN_USER,
        **{(check, f"Deployment/{name}"): SHIM for check in ("CKV_K8S_22", "CKV_K8S_23") for name in APPS},
        **{("CKV_K8S_25", f"Deployment/{name}"): PORT for name in APPS},
        ("CKV_K8S_35", "*"): "Spin reads a variable from the environment or asks a vault; PostgreSQL's programs want it there too",
    },
    "kube-score": {
        ("container-image-pull-policy", "*"): "an exact version does not change, and a node that has it starts without the registry",
        ("container-ephemeral-storage-request-and-limit", "*"): "the root is read-only and each emptyDir has a sizeLimit",
        ("container-resources", "*"): PROCESSOR,
        ("container-security-context-user-group-id", "*"): OWN_USER,
        **{("container-security-context-readonlyrootfilesystem", f"Deployment/{name}"): SHIM for name in APPS},
        ("deployment-has-host-podantiaffinity", "*"): "k8s/deployment-extras spreads the pods by topologySpreadConstraints, which kube-score does not know",
        ("deployment-replicas", "*"): ONE_NODE,
        ("deployment-strategy", "Deployment/compiler"): "a small node has no room for two of its 2.5 GiB; while it is away, documents are not compiled and say so",
        ("networkpolicy-targets-pod", "*"): "the gateway's pod, which Istio makes",
        ("pod-probes-identical", "*"): "neither asks anything but the process itself; liveness waits longer",
        ("statefulset-has-servicename", "*"): "a Service with an address of its own, which stays when the one pod's changes; clients keep connections",
    },
    "trivy": {
        ("DS-0026", "*"): HEALTH,
        ("KSV-0011", "*"): PROCESSOR,
        **{(check, f"Deployment/{name}"): SHIM for check in ("KSV-0012", "KSV-0014") for name in APPS},
        **{(check, "*"): OWN_USER for check in ("KSV-0020", "KSV-0021")},
        **{(check, f"Deployment/{name}"): PORT for check in ("KSV-0022", "KSV-0117") for name in APPS},
        ("KSV-0048", "Role/atelier-deployer"): "a release restarts three Deployments, by name; the role says what that is worth",
        **{("KSV-01010", f"ConfigMap/{name}"): "guesses by a value's shape and by the word `key`: ports, limits and attributes' names" for name in ("atelier-settings", "kiali", "otel-collector")},
        ("KSV-0125", "*"): "its list of registries is Azure's, Amazon's and Google's old one; these are the projects' own, by exact version",
    },
}


def scan(tool: str, *arguments: str | Path) -> subprocess.CompletedProcess:
    return subprocess.run([VENV / "bin" / tool, *arguments], cwd=PROJECT, capture_output=True, text=True)


def actionlint(*files: Path) -> subprocess.CompletedProcess:
    """With the shell in them."""
    return subprocess.run([BIN / "actionlint", "-no-color", "-oneline", "-shellcheck", VENV / "bin" / "shellcheck", *files], cwd=PROJECT, capture_output=True, text=True)


def test_actionlint_finds_nothing_in_the_workflows():
    done = actionlint(*(PROJECT / ".github" / "workflows").iterdir())
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("text", "found"), [("needs: nobody\n    steps: []", "[job-needs]"), ("steps: [{run: 'cd $HOME/a b'}]", "[shellcheck]"), ("steps: [{run: 'echo ${{ github.nobody }}'}]", "[expression]")])
def test_actionlint_finds_what_is_wrong(tmp_path, text, found):
    (tmp_path / "workflow.yml").write_text(f"on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    {text}\n")
    done = actionlint(tmp_path / "workflow.yml")
    assert done.returncode == 1 and found in done.stdout


def test_zizmor_finds_nothing_in_the_workflows():
    done = scan("zizmor", "--offline", "--no-progress", ".github")
    assert done.returncode == 0, done.stdout


def test_hadolint_finds_nothing_in_the_dockerfiles():
    done = scan("hadolint", "Dockerfile", "compiler/Dockerfile")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("tool", "file", "text"), [
    ("zizmor", "workflow.yml", "on: pull_request_target\njobs: {a: {runs-on: x, steps: [{run: 'echo ${{ github.event.pull_request.title }}'}]}}\n"),
    ("hadolint", "Dockerfile", "FROM debian\nRUN cd /tmp\n"),
])
def test_a_scanner_finds_what_is_wrong(tmp_path, tool, file, text):
    (tmp_path / file).write_text(text)
    assert scan(tool, *(["--offline"] if tool == "zizmor" else []), tmp_path / file).returncode != 0


# ── checkov and kube-score ───────────────────────────────────────────────────────────────────────────────
def written(folder: Path, documents: list[dict]) -> Path:
    file = folder / "objects.yaml"
    file.write_text(yaml.safe_dump_all(documents))
    return file


def checkov(*arguments: str | Path) -> set[tuple[str, str]]:
    """(check, what it is about); a resource is named Kind/name, a file by its path."""
    done = subprocess.run([CHECKOV / "bin" / "checkov", "--quiet", "--compact", "--skip-download", "--output=json", *arguments], cwd=PROJECT, capture_output=True, text=True)
    answer = json.loads(done.stdout)
    reports = answer if isinstance(answer, list) else [answer]
    found = set()
    for report in reports:
        # Without anything to look at, it answers zeros and no results.
        for finding in report.get("results", {}).get("failed_checks", []):
            kind, _, rest = finding["resource"].partition(".")
            found.add((finding["check_id"], f"{kind}/{rest.rsplit('.', 1)[-1]}" if report["check_type"] == "kubernetes" else finding["file_path"]))
    return found


def kube_score(file: Path) -> set[tuple[str, str]]:
    done = subprocess.run([BIN / "kube-score", "score", "--output-format=json", file], capture_output=True, text=True)
    assert done.stdout.startswith("["), done.stderr
    return {
        (check["check"]["id"], f"{scored['type_meta']['kind']}/{scored['object_meta']['name']}")
        for scored in json.loads(done.stdout)
        for check in scored["checks"]
        # 1 critical, 5 warning, 7 and 10 fine.
        if not check["skipped"] and check["grade"] <= 5
    }


def trivy(target: str | Path, scanners: str) -> list[dict]:
    """One result per file, or for Terraform per configuration; with the checks that it was built with."""
    command = [BIN / "trivy", "config", "--quiet", "--skip-check-update", "--skip-version-check", "--disable-telemetry", "--cache-dir", TOOLS / "trivy", "--format=json"]
    done = subprocess.run([*command, f"--misconfig-scanners={scanners}", "--skip-dirs=target,.atelier,**/node_modules", target], cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout).get("Results", [])
    # Where nothing was understood, nothing is found either.
    assert {result["Type"] for result in results} == set(scanners.split(",")), results
    return results


def trivy_kubernetes(documents: list[dict]) -> set[tuple[str, str]]:
    """An object in a file of its own, as trivy tells no object's name but within a sentence."""
    with tempfile.TemporaryDirectory() as folder:
        about = {}
        for number, document in enumerate(documents):
            name = f"{number}.yaml"
            (Path(folder) / name).write_text(yaml.safe_dump(document))
            # Without the hash of what a ConfigMap holds.
            about[name] = re.sub(r"^(ConfigMap/.*)-[a-z0-9]{10}$", r"\1", title(document))
        results = trivy(folder, "kubernetes")
    return {(finding["ID"], about[result["Target"]]) for result in results for finding in result.get("Misconfigurations", [])}


def trivy_files() -> set[tuple[str, str]]:
    return {(finding["ID"], result["Target"]) for result in trivy(".", "dockerfile,terraform") for finding in result.get("Misconfigurations", [])}


def left(tool: str, found: set[tuple[str, str]]) -> set[tuple[str, str]]:
    return {(check, about) for check, about in found if not {(check, about), (check, "*")} & ACCEPTED[tool].keys()}


def running(cluster: Cluster) -> list[dict]:
    """What runs with minikube's overlay and the compile service: its objects, the observability, and what the Spin operator makes of the SpinApps with
    k8s/deployment-extras on top.
    """
    made = []
    for name in APPS:
        deployment(cluster, name)
        made.append(cluster.apply(yaml.safe_load((PROJECT / "k8s" / "deployment-extras" / f"{name}.yaml").read_text()), manager="atelier-extras"))
    # Light's own sizes.
    pods = of_kind(objects("light"), "StatefulSet", "CronJob")
    return [*objects("minikube-compiler"), *objects("observability"), *pods, *made]


@pytest.fixture(scope="module")
def findings(installed, tmp_path_factory) -> Callable[[str], set[tuple[str, str]]]:
    documents = running(installed)

    @functools.cache
    def of(tool: str) -> set[tuple[str, str]]:
        if tool == "trivy":
            return trivy_kubernetes(documents) | trivy_files()
        file = written(tmp_path_factory.mktemp("scanned"), documents)
        if tool == "kube-score":
            return kube_score(file)
        others = [f"--skip-path={name}" for name in ("target", ".atelier", "node_modules")]
        return checkov("--framework=kubernetes", "--file", file) | checkov("--framework", "terraform", "dockerfile", "ansible", "github_actions", "--directory=.", *others)

    return of


@pytest.mark.parametrize("tool", ["checkov", "kube-score", *WEEKLY])
def test_nothing_is_found_without_a_reason(findings, tool):
    remaining = left(tool, findings(tool))
    assert not remaining, "\n".join(f"{check} about {about}" for check, about in sorted(remaining))


@pytest.mark.parametrize("tool", ["checkov", "kube-score", *WEEKLY])
def test_every_reason_is_needed(findings, tool):
    for check, about in ACCEPTED[tool]:
        assert [1 for found, what in findings(tool) if found == check and about in (what, "*")], f"{check} about {about} is found no more"


def broken() -> Iterator[dict]:
    (container,) = [d for d in objects("observability") if title(d) == "Deployment/grafana"]
    container = copy.deepcopy(container)
    container["spec"]["template"]["spec"]["containers"][0]["securityContext"] = {"privileged": True}
    yield container


@pytest.mark.parametrize("tool", ["checkov", "kube-score", *WEEKLY])
def test_a_privileged_container_would_be_found(tmp_path, tool):
    scanners = {
        "checkov": lambda: checkov("--framework=kubernetes", "--file", written(tmp_path, list(broken()))),
        "kube-score": lambda: kube_score(written(tmp_path, list(broken()))),
        "trivy": lambda: trivy_kubernetes(list(broken())),
    }
    assert "Deployment/grafana" in {about for _, about in left(tool, scanners[tool]())}


def test_checkov_finds_what_a_pod_lacks(tmp_path):
    """Limits, probes, and what Pod Security calls restricted."""
    (pod,) = [copy.deepcopy(d) for d in objects("observability") if title(d) == "Deployment/grafana"]
    spec = pod["spec"]["template"]["spec"]
    for of, names in ((spec, ["securityContext"]), (spec["containers"][0], ["securityContext", "resources", "readinessProbe", "livenessProbe"])):
        for name in names:
            del of[name]
    found = {check for check, _ in left("checkov", checkov("--framework=kubernetes", "--file", written(tmp_path, [pod])))}
    assert {f"CKV_K8S_{number}" for number in (8, 9, 10, 13, 20, 22, 23, 31, 37)} <= found
