"""Every object applied to a real API server with the real schemas, policies and the Spin operator's webhooks: what is
admitted, what is refused and in which words, and what an account may do.
"""
from __future__ import annotations

import copy
import re

import pytest
import yaml

from cluster import Cluster, Refused, deployment
from manifests import PROJECT, VARIANTS, BuildFailed, named, objects, of_kind, render_from, title
from manifests import copy as copy_of_k8s


def test_everything_is_admitted_and_a_second_time_changes_nothing(installed):
    for variant in ("minikube", "observability"):
        for document in objects(variant):
            before, after = installed.get(document), installed.apply(document)
            # The operator writes a status; the generation is the specification's, where a kind has one.
            if "generation" in before["metadata"]:
                assert after["metadata"]["generation"] == before["metadata"]["generation"], title(document)
                continue
            # The API server writes a claim to a disk a second time, the same, so its version says nothing.
            for it in (before, after):
                del it["metadata"]["resourceVersion"]
            assert after == before, title(document)


@pytest.mark.parametrize("variant", [name for name in VARIANTS if name not in ("minikube", "observability")])
def test_every_other_rendering_is_admitted(installed, variant):
    # In a namespace of its own, because executors and names would meet the installed ones.
    other = "atelier-" + variant
    documents = objects(variant)
    for document in documents:
        if document["kind"] == "Namespace":
            document["metadata"]["name"] = other
        elif document["metadata"].get("namespace") == "atelier":
            document["metadata"]["namespace"] = other
        # What a webhook or another object looks up has to exist; the rest need only be admitted.
        keep = document["kind"] in ("Namespace", "ServiceAccount", "SpinAppExecutor")
        installed.eventually(lambda document=document, keep=keep: installed.apply(document, dry_run=not keep), 10)


# ── The operator's webhooks, and rules written in the schemas ────────────────────────────────────────────
def spin_app(**changes) -> dict:
    document = named(objects("minikube"), "SpinApp", "llm")
    document["metadata"]["name"] = "another"
    document["spec"].update(changes)
    return document


REFUSED = {
    "no such executor": (lambda: spin_app(executor="nobody"), "executor does not exist in namespace"),
    "pods and autoscaling": (lambda: spin_app(enableAutoscaling=True), "replicas cannot be set when autoscaling is enabled"),
    "no pods": (lambda: spin_app(replicas=0), "replicas must be > 0"),
    "an instance larger than its pod": (lambda: spin_app(invocationLimits={"memory": "1Gi"}), "cannot be greater than the memory limit"),
    # Its own webhook's doing; k8s/base says [] for it. Admitted one day, the rule in rules.py can go.
    "a check that leaves out its headers": (lambda: spin_app(checks={"liveness": {"httpGet": {"path": "/"}}}), "httpHeaders in body must be of type array"),
    "a misspelt field": (lambda: spin_app(replica=2), "field not declared in schema"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_the_operator_refuses(installed, what):
    make, message = REFUSED[what]
    with pytest.raises(Refused, match=message):
        installed.apply(make(), dry_run=True)


def test_the_handbooks_recovery_is_admitted_and_gives_the_same_account(installed):
    handbook = (PROJECT / "docs" / "operations.md").read_text()
    printed = re.search(r"<!-- tested: recovery -->\n   ```yaml\n(.*?)   ```", handbook, re.S)[1]
    cluster = named(objects("production"), "Cluster", "postgres")
    first = cluster["spec"]["bootstrap"]["initdb"]
    cluster["metadata"]["name"] = "restored"
    cluster["spec"].update(yaml.safe_load(printed))
    admitted = installed.apply(cluster, dry_run=True)["spec"]["bootstrap"]
    # Without them the operator's own webhook fills in another database and owner, `app`.
    assert {key: admitted["recovery"][key] for key in ("database", "owner", "secret")} == {key: first[key] for key in ("database", "owner", "secret")}


def test_the_pods_we_get_pass_pod_security(installed):
    """Pods do not run here, but they are admitted or not: the namespaces' own level decides."""
    templates = [("atelier", deployment(installed, name)["spec"]["template"]) for name in ("auth", "llm", "ocr")]
    for variant in ("minikube-compiler", "observability"):
        templates += [(d["metadata"]["namespace"], d["spec"]["template"]) for d in of_kind(objects(variant), "Deployment", "StatefulSet")]
    templates += [("atelier", d["spec"]["jobTemplate"]["spec"]["template"]) for d in of_kind(objects("minikube"), "CronJob")]
    assert len(templates) == 12
    for namespace, template in templates:
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "try-", "namespace": namespace, **template["metadata"]}, "spec": copy.deepcopy(template["spec"])}
        pod["metadata"].pop("name", None)
        # The variant with the compile service is not installed here, and its account is not judged.
        if pod["spec"].get("serviceAccountName") == "compiler":
            pod["spec"]["serviceAccountName"] = "backup"
        # volumeClaimTemplates become volumes with the pod.
        for container in pod["spec"]["containers"]:
            known = {volume["name"] for volume in pod["spec"].get("volumes", [])}
            for mount in container.get("volumeMounts", []):
                if mount["name"] not in known:
                    pod["spec"].setdefault("volumes", []).append({"name": mount["name"], "persistentVolumeClaim": {"claimName": mount["name"]}})
        installed.create(pod, dry_run=True)
        pod["spec"]["hostNetwork"] = True
        with pytest.raises(Refused, match="violates PodSecurity"):
            installed.create(pod, dry_run=True)


# ── Roles ────────────────────────────────────────────────────────────────────────────────────────────────
def may(cluster: Cluster, account: str, namespace: str, verb: str, resource: str, group: str = "", target: str = "atelier") -> bool:
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "metadata": {},
        "spec": {
            "user": f"system:serviceaccount:{namespace}:{account}",
            "groups": ["system:serviceaccounts", "system:authenticated"],
            "resourceAttributes": {"namespace": target, "verb": verb, "group": group, "resource": resource.partition("/")[0], "subresource": resource.partition("/")[2]},
        },
    }
    return cluster.create(review)["status"]["allowed"]


@pytest.mark.parametrize(
    ("account", "verb", "resource", "group", "expected"),
    [
        ("atelier/deployer", "patch", "spinapps", "core.spinkube.dev", True),
        ("atelier/deployer", "create", "spinapps", "core.spinkube.dev", False),
        ("atelier/deployer", "get", "secrets", "", False),
        ("atelier/deployer", "create", "pods", "", False),
        ("atelier/auth", "list", "pods", "", False),
        ("atelier/llm", "get", "secrets", "", False),
        ("observability/kiali", "list", "authorizationpolicies", "security.istio.io", True),
        ("observability/kiali", "delete", "authorizationpolicies", "security.istio.io", False),
        ("observability/kiali", "get", "secrets", "", False),
        ("observability/kiali", "create", "pods/portforward", "", False),
        ("observability/prometheus", "list", "pods", "", True),
        ("observability/prometheus", "get", "secrets", "", False),
        ("observability/otel-collector", "watch", "pods", "", True),
        ("observability/kube-state-metrics", "list", "statefulsets", "apps", True),
        ("observability/grafana", "list", "pods", "", False),
    ],
)
def test_what_an_account_may_do(installed, account, verb, resource, group, expected):
    namespace, name = account.split("/")
    assert may(installed, name, namespace, verb, resource, group) is expected


@pytest.mark.parametrize(("namespace", "verb", "resource", "expected"), [
    ("istio-system", "get", "namespaces", True),
    ("istio-system", "list", "configmaps", True),
    ("istio-system", "create", "pods/portforward", True),
    ("observability", "list", "pods", True),
    ("observability", "create", "pods/portforward", False),
    ("kube-system", "list", "pods", False),
    ("default", "get", "namespaces", False),
])
def test_kiali_sees_its_three_namespaces_only(installed, namespace, verb, resource, expected):
    assert may(installed, "kiali", "observability", verb, resource, target=namespace) is expected


def test_kiali_reads_of_the_mesh_the_kinds_that_it_lists_and_no_other(installed):
    groups = ("networking.istio.io", "security.istio.io", "extensions.istio.io", "telemetry.istio.io", "gateway.networking.k8s.io")
    served = {
        (group["name"], resource["name"])
        for group in installed.request("GET", "/apis")["groups"] if group["name"] in groups
        for version in group["versions"]
        for resource in installed.request("GET", f"/apis/{version['groupVersion']}")["resources"] if "/" not in resource["name"]
    }
    assert {group for group, _ in served} == set(groups)
    refused = {resource for group, resource in served if not may(installed, "kiali", "observability", "list", resource, group)}
    # Kinds that its source does not list, the second because it is the whole cluster's.
    assert refused == {"proxyconfigs", "gatewayclasses", "backendtlspolicies", "listenersets"}


# ── What the handbook quotes ─────────────────────────────────────────────────────────────────────────────
def quoted() -> list[list[str]]:
    """The messages of docs/operations.md's table: per row, the parts that it says are word for word."""
    text = (PROJECT / "docs" / "operations.md").read_text().split("## Common failures")[1].split("\n## ")[0]
    return [re.findall(r"`([^`]+)`", line.split("|")[1]) for line in text.splitlines() if line.startswith("| ")][1:]


def says(refusal: pytest.ExceptionInfo) -> str:
    """The row that quotes this refusal; there has to be one, and only one."""
    rows = [row for row in quoted() if row and all(part in str(refusal.value) for part in row)]
    assert len(rows) == 1, f"{len(rows)} rows quote: {refusal.value}"
    return rows[0][0]


def annotated() -> dict:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "large", "namespace": "atelier", "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "x" * 300_000}}}


QUOTED = {
    "executor": (lambda: spin_app(executor="nobody"), "executor does not exist"),
    "replicas": (lambda: spin_app(enableAutoscaling=True), "replicas cannot be set"),
    "headers": (REFUSED["a check that leaves out its headers"][0], "httpHeaders"),
    "annotation": (annotated, "metadata.annotations: Too long"),
}


@pytest.mark.parametrize("what", QUOTED)
def test_the_handbook_quotes_what_the_cluster_says(installed, what):
    make, start = QUOTED[what]
    with pytest.raises(Refused) as refusal:
        installed.apply(make(), dry_run=True)
    assert start in says(refusal)


def test_the_handbook_quotes_what_kustomize_says(tmp_path):
    folder = copy_of_k8s(tmp_path)
    (folder / "components" / "secrets" / "postgres.env").unlink()
    with pytest.raises(BuildFailed) as refusal:
        render_from(folder, "minikube")
    assert "postgres.env" in says(refusal)


def test_the_handbook_quotes_what_is_said_while_the_operator_is_away(installed):
    configuration = next(d for d in installed.webhooks if d["kind"] == "MutatingWebhookConfiguration")
    away = copy.deepcopy(configuration["webhooks"])
    for hook in away:
        # Nobody listens on the port for discarded bytes.
        hook["clientConfig"]["url"] = "https://127.0.0.1:9/"
    try:
        installed.patch(configuration, {"webhooks": away})

        def refused():
            with pytest.raises(Refused) as refusal:
                installed.apply(spin_app(), dry_run=True)
            assert "mspinapp.kb.io" in says(refusal)

        installed.eventually(refused)
    finally:
        installed.patch(configuration, {"webhooks": configuration["webhooks"]})
    installed.eventually(lambda: installed.apply(spin_app(), dry_run=True))
