"""`terraform apply` with cluster = "existing" on a real cluster: the project's own root module, real Terraform, the
real kubectl and kustomization providers, and kube-apiserver, kube-controller-manager, runtime-class-manager and the
Spin operator of the pinned versions. The scripts that wait for the cluster wait, with the real kubectl.

Played: the node under it (live_cluster.Node) and hashicorp's two providers (keeper.py).
"""
from __future__ import annotations

import base64
import json
import re

import pytest
import yaml

from terraform_project import Project

SHA = "0123456789abcdef" * 4
FIRST, SECOND = (f"registry.example.org/atelier@sha256:{digit * 64}" for digit in "12")
GIVEN = {
    "cluster": "existing",
    "image": FIRST,
    "domain": "atelier.example.org",
    "shim_sha256": {"x86_64": SHA, "aarch64": SHA[::-1]},
}
APPS = ("auth", "llm", "ocr")


def reference(version: str, kind: str, name: str, namespace: str = "atelier") -> dict:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": namespace}}


def spin_app(name: str) -> dict:
    return reference("core.spinkube.dev/v1alpha1", "SpinApp", name)


def deployment(name: str) -> dict:
    return reference("apps/v1", "Deployment", name)


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    from live_cluster import LiveCluster
    from tools import BIN

    if not (BIN / "kube-controller-manager").exists():
        pytest.skip("there is no cluster to apply to: the Kubernetes suite says above what is missing")
    server = LiveCluster(tmp_path_factory.mktemp("live"))
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def project(empty, tmp_path_factory):
    from keeper import Keeper
    from tools import BIN

    keeper = Keeper(empty)
    made = Project.copy(tmp_path_factory.mktemp("apply"), kubectl=BIN / "kubectl")
    made.variables = {**GIVEN, "kubeconfig": str(empty.kubeconfig()), "webhook_url": "https://hook.eu2.make.com/mark-of-webhook"}
    made.environment = {"ATELIER_MOCK_KEEPER": keeper.address}
    made.keeper = keeper
    yield made
    keeper.stop()


@pytest.fixture(scope="module")
def applied(project, empty):
    """What was there before, and what Terraform said."""
    before = empty.everything()
    return before, project.apply()


@pytest.fixture
def cluster(applied, empty):
    return empty


def test_one_apply_ends_with_the_site_available(applied, cluster, project):
    _, done = applied
    created = int(re.search(r"Apply complete! Resources: (\d+) added, 0 changed, 0 destroyed", done.output)[1])
    assert created > 100
    for name in APPS:
        app = cluster.get(spin_app(name))
        assert app["spec"]["image"] == FIRST and app["spec"]["replicas"] == 2
        # A third while the pods move over to those of deployment-extras.
        assert cluster.get(deployment(name))["status"]["availableReplicas"] >= 2
        assert {c["type"]: c["status"] for c in app["status"]["conditions"]}["Available"] == "True"
    assert "https://atelier.example.org" in done.output


def test_every_planned_object_is_there(applied, cluster, project):
    """Asked of the API server, not of the state."""
    listed = {(resource["type"], instance["attributes"].get("yaml_body")) for resource in state(project)["resources"] if resource["mode"] == "managed" for instance in resource["instances"]}
    bodies = [yaml.safe_load(text) for kind, text in listed if kind == "kubectl_manifest"]
    assert len(bodies) > 100
    for body in bodies:
        there = cluster.get(body)
        assert there["metadata"]["name"] == body["metadata"]["name"]
    kinds = {body["kind"] for body in bodies}
    assert kinds >= {"SpinApp", "SpinAppExecutor", "Shim", "Gateway", "HTTPRoute", "AuthorizationPolicy", "PeerAuthentication", "NetworkPolicy", "PodDisruptionBudget", "Certificate", "StatefulSet", "CustomResourceDefinition", "Namespace"}


def test_the_shim_was_installed_from_the_pinned_tarball(cluster):
    """By runtime-class-manager itself: it chose the platform of the node and made the class."""
    (job,) = [job for job in cluster.request("GET", "/apis/batch/v1/namespaces/runtime-class-manager/jobs")["items"]]
    variables = {v["name"]: v["value"] for v in job["spec"]["template"]["spec"]["initContainers"][0]["env"]}
    assert variables["SHIM_LOCATION"].endswith(("/v0.26.0/containerd-shim-spin-v2-linux-x86_64.tar.gz", "/v0.26.0/containerd-shim-spin-v2-linux-aarch64.tar.gz"))
    assert variables["SHIM_SHA256"] in GIVEN["shim_sha256"].values()
    assert cluster.get(reference("node.k8s.io/v1", "RuntimeClass", "wasmtime-spin-v2"))["handler"] == "spin-v2"
    assert deployment_template(cluster, "auth")["spec"]["runtimeClassName"] == "wasmtime-spin-v2"


def deployment_template(cluster, name: str) -> dict:
    return cluster.get(deployment(name))["spec"]["template"]


def state(project) -> dict:
    return json.loads((project.root / "terraform" / "terraform.tfstate").read_text())


def secret(cluster, name: str) -> dict[str, str]:
    return {key: base64.b64decode(value).decode() for key, value in cluster.get(reference("v1", "Secret", name))["data"].items()}


def test_secrets_are_in_the_cluster_and_not_in_the_state(applied, cluster, project):
    assert secret(cluster, "llm-secret")["WEBHOOK_URL"] == "https://hook.eu2.make.com/mark-of-webhook"
    generated = secret(cluster, "postgres-secret")["postgresql-password"]
    assert re.fullmatch(r"[A-Za-z0-9]{32}", generated)
    text = json.dumps(state(project))
    assert generated not in text and "mark-of-webhook" not in text


def test_a_second_plan_is_clean(applied, project):
    """Against what the API server, its webhooks and every controller made of the objects; and without the secrets."""
    project.variables.pop("webhook_url", None)
    done = project.plan("-detailed-exitcode", expect=None)
    assert done.code == 0, done.output[-4000:]


def test_a_hand_that_changed_something_is_seen_and_put_right(cluster, project):
    service = reference("v1", "Service", "postgres")
    cluster.request("DELETE", cluster.path(service))
    cluster.patch(spin_app("llm"), {"spec": {"replicas": 5}}, manager="somebody")
    cluster.request("DELETE", cluster.path(reference("v1", "Secret", "ocr-secret")))
    done = project.plan("-detailed-exitcode", expect=None)
    assert done.code == 2
    assert "Plan: 2 to add, 1 to change, 0 to destroy" in done.flat, done.output[-3000:]
    project.apply()
    assert cluster.get(service) and cluster.get(spin_app("llm"))["spec"]["replicas"] == 2
    assert secret(cluster, "ocr-secret") == {"GEMINI_AI_API_KEY": ""}
    assert project.plan("-detailed-exitcode", expect=None).code == 0


def test_another_digest_rolls_the_apps_over_and_touches_nothing_else(cluster, project):
    before = {name: cluster.get(deployment(name))["metadata"]["generation"] for name in APPS}
    uid = cluster.get(reference("apps/v1", "StatefulSet", "postgres"))["metadata"]["uid"]
    project.variables["image"] = SECOND
    done = project.apply()
    assert "Resources: 3 added, 3 changed, 3 destroyed" in done.output, done.output[-3000:]
    for name in APPS:
        assert cluster.get(spin_app(name))["spec"]["image"] == SECOND
        now = cluster.get(deployment(name))
        assert now["metadata"]["generation"] > before[name]
        assert now["spec"]["template"]["spec"]["containers"][0]["image"] == SECOND
    assert cluster.get(reference("apps/v1", "StatefulSet", "postgres"))["metadata"]["uid"] == uid
    assert project.plan("-detailed-exitcode", expect=None).code == 0


def test_what_a_spin_app_cannot_say_is_on_its_deployment_also_after_an_update(cluster):
    """k8s/deployment-extras, which a drain without failed requests needs; the step before was an update."""
    for name, seconds in (("auth", 20), ("llm", 190), ("ocr", 480)):
        pod = deployment_template(cluster, name)["spec"]
        assert pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"] == seconds < pod["terminationGracePeriodSeconds"]


def test_another_domain_moves_the_gateway_and_restarts_the_apps(cluster, project):
    def settings() -> set[str]:
        return {item["metadata"]["name"] for item in cluster.request("GET", "/api/v1/namespaces/atelier/configmaps")["items"] if item["metadata"]["name"].startswith("atelier-settings")}

    (before,) = settings()
    project.variables["domain"] = "ateliers.example.org"
    project.apply()
    (after,) = settings() - {before}
    assert before in settings(), "a pod that has not moved over yet may restart"
    assert after in json.dumps(cluster.get(spin_app("auth")))
    hosts = {listener["hostname"] for listener in cluster.get(reference("gateway.networking.k8s.io/v1", "Gateway", "atelier"))["spec"]["listeners"]}
    assert hosts == {"ateliers.example.org"}
    assert project.plan("-detailed-exitcode", expect=None).code == 0


def test_a_raised_revision_writes_that_secret_and_no_other(cluster, project):
    before = {name: cluster.get(reference("v1", "Secret", name))["metadata"]["resourceVersion"] for name in ("postgres-secret", "service-secret", "llm-secret")}
    project.variables |= {"secret_revisions": {"ocr": 2}, "gemini_ai_api_key": "a-new-key"}
    project.apply()
    assert secret(cluster, "ocr-secret") == {"GEMINI_AI_API_KEY": "a-new-key"}
    assert {name: cluster.get(reference("v1", "Secret", name))["metadata"]["resourceVersion"] for name in before} == before


def installed(cluster) -> list[tuple[str, str]]:
    """Which tarball the Jobs of runtime-class-manager put on the node, and its checksum."""
    jobs = cluster.request("GET", "/apis/batch/v1/namespaces/runtime-class-manager/jobs")["items"]
    variables = [{v["name"]: v["value"] for v in job["spec"]["template"]["spec"]["initContainers"][0]["env"]} for job in jobs if "initContainers" in job["spec"]["template"]["spec"]]
    return [(given["SHIM_LOCATION"].split("/")[-2], given["SHIM_SHA256"]) for given in variables]


@pytest.mark.parametrize("more", [{"shim_sha256": {"x86_64": SHA[::-1], "aarch64": SHA}}, {"shim_version": "v0.27.0"}], ids=["a corrected checksum", "another release"])
def test_another_shim_is_installed_in_the_place_of_the_first(cluster, project, more):
    """The node carries the label of the first, whose Job cannot be changed: it has to go first, on the node too."""
    earlier = len(cluster.audited("delete"))
    project.variables |= more
    done = project.apply()
    assert "the Spin shim is on 1 of 1 nodes" in done.output
    ((version, checksum),) = installed(cluster)
    assert version == project.variables.get("shim_version", "v0.26.0") and checksum in project.variables["shim_sha256"].values()
    assert checksum != SHA if cluster.node.architecture == "amd64" else checksum != SHA[::-1]
    deleted = cluster.audited("delete")[earlier:]
    assert deleted.index("shims/spin-v2") < deleted.index("jobs/tests-spin-v2-uninstall")
    assert cluster.request("GET", "/api/v1/nodes/tests")["metadata"]["labels"]["spin-v2"] == "provisioned"
    assert project.plan("-detailed-exitcode", expect=None).code == 0


def test_destroy_takes_everything_away_in_the_right_order(applied, cluster, project):
    before, _ = applied
    earlier = len(cluster.audited("delete"))
    project.keeper.asked.clear()
    done = project.destroy()
    assert re.search(r"Destroy complete! Resources: \d+ destroyed", done.output)
    deleted = cluster.audited("delete")[earlier:]
    place = {name: deleted.index(name) for name in reversed(deleted)}
    order = ["spinapps/auth", "spinappexecutors/atelier-shim", "shims/spin-v2", "namespaces/runtime-class-manager"]
    assert sorted(order, key=place.__getitem__) == order
    operators = [word.split("/")[1] for word in project.keeper.asked if word.startswith("delete helm_release") and "/istio" not in word and "/ztunnel" not in word]
    assert operators == ["spin-operator", "runtime-class-manager", "cert-manager"] or operators == ["spin-operator", "cert-manager", "runtime-class-manager"]
    assert place["statefulsets/postgres"] < place["secrets/postgres-secret"] < place["namespaces/atelier"]
    releases = [word for word in project.keeper.asked if word.startswith("delete helm_release")]
    assert len(releases) == 7
    # What Helm leaves by design, and what came with namespaces it made.
    left = cluster.everything() - before
    kept = {"cert-manager", "spin-operator"}
    assert {entry for entry in left if not entry.startswith(("customresourcedefinitions/", "apiservices/")) and kept.isdisjoint(entry.split("/"))} == set()
    assert not any("core.spinkube.dev" in entry or "gateway.networking.k8s.io" in entry for entry in left), "these definitions are Terraform's own"
    assert state(project)["resources"] == []


def test_nothing_was_refused_on_the_way(cluster):
    """The node's part had no trouble, so nothing above passed for want of a pod."""
    assert cluster.node.is_alive() and cluster.node.problems == []
