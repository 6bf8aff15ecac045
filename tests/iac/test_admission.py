"""Every object applied to a real API server with the real schemas, policies and the Spin operator's webhooks; then
what the operator makes of it.
"""
from __future__ import annotations

import copy

import pytest
import yaml

from cluster import Cluster, Refused
from manifests import PROJECT, VARIANTS, named, objects, of_kind, spin, title
from network import app as pod_of

ORDER = ["Namespace", "ServiceAccount", "ConfigMap", "Secret", "SpinAppExecutor"]


def in_order(documents: list[dict]) -> list[dict]:
    """What others refer to first, as kubectl and Terraform do."""
    return sorted(documents, key=lambda d: ORDER.index(d["kind"]) if d["kind"] in ORDER else len(ORDER))


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    server = Cluster(tmp_path_factory.mktemp("cluster"))
    try:
        server.start()
        server.crds = server.install_crds()
        # What runtime-class-manager makes for the shim.
        server.apply({"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": "wasmtime-spin-v2"}, "handler": "spin-v2"})
        server.start_operator()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def installed(cluster):
    """minikube's overlay and the observability, applied for good."""
    for variant in ("minikube", "observability"):
        for document in in_order(objects(variant)):
            # A webhook may still be warming up right after its registration.
            cluster.eventually(lambda document=document: cluster.apply(document), 20)
    return cluster


def test_everything_is_admitted_and_a_second_time_changes_nothing(installed):
    for variant in ("minikube", "observability"):
        for document in in_order(objects(variant)):
            before = installed.get(document)["metadata"]
            after = installed.apply(document)["metadata"]
            # The operator writes a status; the generation is the specification's.
            assert after.get("generation") == before.get("generation"), title(document)


@pytest.mark.parametrize("variant", [name for name in VARIANTS if name not in ("minikube", "observability")])
def test_every_other_rendering_is_admitted(installed, variant):
    # In a namespace of its own, because executors and names would meet the installed ones.
    other = "atelier-" + variant
    documents = in_order(objects(variant))
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


def changed(kind: str, name: str, change) -> dict:
    document = named(objects("minikube"), kind, name)
    change(document["spec"])
    return document


# Only the API server knows these: rules in CEL, immutable fields, defaults.
RULED_OUT = {
    "a redirect and a backend": ("HTTPRoute", "https-only", lambda s: s["rules"][0].update(backendRefs=[{"name": "auth", "port": 80}]), "RequestRedirect"),
    "two rewrites": ("HTTPRoute", "auth", lambda s: s["rules"][1]["filters"].append(s["rules"][1]["filters"][0]), "URLRewrite filter cannot be repeated"),
    "TLS without a certificate mode": ("Gateway", "atelier", lambda s: s["listeners"][1]["tls"].update(certificateRefs=[]), "certificateRefs"),
    "a policy that selects twice": ("AuthorizationPolicy", "auth", lambda s: s.update(targetRefs=[{"kind": "Gateway", "group": "gateway.networking.k8s.io", "name": "atelier"}]), "only one of"),
    "a disk that grows in place": ("StatefulSet", "postgres", lambda s: s["volumeClaimTemplates"][0]["spec"]["resources"]["requests"].update(storage="20Gi"), "Forbidden"),
}


@pytest.mark.parametrize("what", RULED_OUT)
def test_the_api_server_refuses(installed, what):
    kind, name, change, message = RULED_OUT[what]
    with pytest.raises(Refused, match=message):
        installed.apply(changed(kind, name, change), dry_run=True)


# ── What the operator makes ──────────────────────────────────────────────────────────────────────────────
def deployment(cluster: Cluster, name: str) -> dict:
    return cluster.eventually(lambda: cluster.get({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": "atelier"}}))


@pytest.mark.parametrize("name", ["auth", "llm", "ocr"])
def test_the_operator_makes_the_deployment_we_mean(installed, name):
    made = deployment(installed, name)
    assert made["spec"]["replicas"] == 2
    pod = made["spec"]["template"]
    # The policies and budgets select by these.
    assert pod_of(name).labels.items() <= pod["metadata"]["labels"].items()
    assert pod["spec"]["serviceAccountName"] == name and pod["spec"]["runtimeClassName"] == "wasmtime-spin-v2"
    container = pod["spec"]["containers"][0]
    assert container["image"] == named(objects("minikube"), "SpinApp", name)["spec"]["image"]
    assert container["resources"] == {"requests": {"cpu": "200m", "memory": "256Mi"}, "limits": {"cpu": "500m", "memory": "512Mi"}}
    environment = {variable["name"]: variable for variable in container["env"]}
    assert environment["SPIN_COMPONENTS_TO_RETAIN"]["value"] == name
    assert environment["OTEL_EXPORTER_OTLP_ENDPOINT"]["value"].endswith(":4318")
    assert environment["SPIN_MAX_INSTANCE_MEMORY"]["value"] == str(256 * 2**20)
    bound = {key.removeprefix("SPIN_VARIABLE_").lower() for key in environment if key.startswith("SPIN_VARIABLE_")}
    assert bound <= spin()["variables"].keys() and {"service_key", "public_origin"} <= bound
    probes = container["readinessProbe"], container["livenessProbe"]
    assert [probe["httpGet"]["path"] for probe in probes] == ["/auth/readyz" if name == "auth" else "/.well-known/spin/health", "/.well-known/spin/health"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    service = installed.eventually(lambda: installed.get({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "atelier"}}))
    assert ports[service["spec"]["ports"][0]["targetPort"]] == 80 and service["spec"]["ports"][0]["port"] == 80
    assert service["spec"]["selector"].items() <= pod["metadata"]["labels"].items()


def test_the_pods_we_get_pass_pod_security(installed):
    """Pods do not run here, but they are admitted or not: the namespaces' own level decides."""
    templates = [("atelier", deployment(installed, name)["spec"]["template"]) for name in ("auth", "llm", "ocr")]
    for variant in ("minikube", "observability"):
        templates += [(d["metadata"]["namespace"], d["spec"]["template"]) for d in of_kind(objects(variant), "Deployment", "StatefulSet")]
    # The backup is a component on top of what is installed: a pod is refused before its account exists.
    backup = objects("minikube-backup")
    installed.apply(named(backup, "ServiceAccount", "backup"))
    templates += [("atelier", d["spec"]["jobTemplate"]["spec"]["template"]) for d in of_kind(backup, "CronJob")]
    assert len(templates) == 11
    for namespace, template in templates:
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "try-", "namespace": namespace, **template["metadata"]}, "spec": copy.deepcopy(template["spec"])}
        pod["metadata"].pop("name", None)
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


def test_extras_on_the_operators_deployments_survive_it(installed):
    """k8s/deployment-extras adds what a SpinApp cannot say, under a field manager of its own."""
    for name in ("auth", "llm", "ocr"):
        deployment(installed, name)
        extra = yaml.safe_load((PROJECT / "k8s" / "deployment-extras" / f"{name}.yaml").read_text())
        installed.apply(extra, manager="atelier-extras")
        # A new version of the app: the operator writes the Deployment again.
        update = named(objects("minikube"), "SpinApp", name)
        update["spec"]["image"] = "ghcr.io/atelier/atelier:0.1.1"
        installed.apply(update)

        def rewritten(name=name, extra=extra):
            spec = deployment(installed, name)["spec"]["template"]["spec"]
            assert spec["containers"][0]["image"].endswith(":0.1.1")
            wanted = extra["spec"]["template"]["spec"]
            assert spec["containers"][0]["lifecycle"] == wanted["containers"][0]["lifecycle"]
            assert spec["terminationGracePeriodSeconds"] == wanted["terminationGracePeriodSeconds"]
            assert spec["terminationGracePeriodSeconds"] > wanted["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
            # And the probes and variables are still the operator's.
            assert spec["containers"][0]["readinessProbe"] and spec["containers"][0]["env"]

        installed.eventually(rewritten)
        installed.apply(named(objects("minikube"), "SpinApp", name))


# ── Roles ────────────────────────────────────────────────────────────────────────────────────────────────
def may(cluster: Cluster, account: str, namespace: str, verb: str, resource: str, group: str = "", target: str = "atelier") -> bool:
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "metadata": {},
        "spec": {
            "user": f"system:serviceaccount:{namespace}:{account}",
            "groups": ["system:serviceaccounts", "system:authenticated"],
            "resourceAttributes": {"namespace": target, "verb": verb, "group": group, "resource": resource},
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
