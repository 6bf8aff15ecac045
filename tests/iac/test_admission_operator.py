"""What the Spin operator makes of the SpinApps on a real API server, and what of it stays when others write too."""
from __future__ import annotations

import pytest
import yaml

from cluster import Cluster, Refused, deployment, reference
from manifests import PROJECT, named, objects, of_kind, spin
from network import app as pod_of


def new_version(cluster: Cluster, document: dict, tag: str) -> dict:
    """Applies the app with another image; returns the Deployment once the operator has written it again."""
    document["spec"]["image"] = f"registry.example.org/atelier:{tag}"
    cluster.apply(document)

    def rewritten() -> dict:
        found = cluster.get(reference(document["metadata"]["name"]))
        assert found["spec"]["template"]["spec"]["containers"][0]["image"] == document["spec"]["image"]
        return found

    return cluster.eventually(rewritten)


@pytest.mark.parametrize("name", ["auth", "llm", "ocr"])
def test_the_operator_makes_the_deployment_we_mean(installed, name):
    made = deployment(installed, name)
    assert made["spec"]["replicas"] == 2
    # A quarter of two, rounded down: both serve until a third is ready.
    assert made["spec"]["strategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}}
    pod = made["spec"]["template"]
    # The policies and budgets select by these.
    assert pod_of(name).labels.items() <= pod["metadata"]["labels"].items()
    assert pod["spec"]["serviceAccountName"] == name and pod["spec"]["runtimeClassName"] == "wasmtime-spin-v2"
    container = pod["spec"]["containers"][0]
    # The day the operator writes one, the namespace can be `restricted`.
    assert not pod["spec"].get("securityContext") and "securityContext" not in container
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


def pool(environment: dict) -> bool:
    """Whether Spin keeps as little of the memory of instances that have ended as in our own image."""
    kept = "SPIN_WASMTIME_LINEAR_MEMORY_KEEP_RESIDENT"
    return f"ENV {kept}={environment.get(kept)}\n" in (PROJECT / "Dockerfile").read_text()


def extra(name: str) -> dict:
    return yaml.safe_load((PROJECT / "k8s" / "deployment-extras" / f"{name}.yaml").read_text())


@pytest.mark.parametrize("name", ["auth", "llm", "ocr"])
def test_what_others_add_to_the_operators_deployments_survives_it(installed, name):
    """k8s/deployment-extras adds what a SpinApp cannot say, under a field manager of its own; `kubectl rollout
    restart` adds an annotation. A new version of the app, then the operator writes the Deployment again.
    """
    deployment(installed, name)
    installed.apply(extra(name), manager="atelier-extras")
    restarted = {"kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z"}
    installed.patch(reference(name), {"spec": {"template": {"metadata": {"annotations": restarted}}}}, manager="kubectl-rollout")
    updated = new_version(installed, named(objects("minikube"), "SpinApp", name), "0.1.1")["spec"]
    assert updated["progressDeadlineSeconds"] == extra(name)["spec"]["progressDeadlineSeconds"]
    template = updated["template"]
    assert restarted.items() <= template["metadata"]["annotations"].items()
    spec, wanted = template["spec"], extra(name)["spec"]["template"]["spec"]
    assert spec["containers"][0]["lifecycle"] == wanted["containers"][0]["lifecycle"]
    assert spec["topologySpreadConstraints"] == wanted["topologySpreadConstraints"]
    assert wanted["topologySpreadConstraints"][0]["labelSelector"]["matchLabels"].items() <= template["metadata"]["labels"].items()
    assert spec["terminationGracePeriodSeconds"] == wanted["terminationGracePeriodSeconds"]
    assert spec["securityContext"] == wanted["securityContext"] == {"seccompProfile": {"type": "RuntimeDefault"}}
    assert spec["containers"][0]["securityContext"] == {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}}
    assert spec["terminationGracePeriodSeconds"] > wanted["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    # And the probes and variables are still the operator's, beside ours, which is the image's where Spin is in one.
    assert spec["containers"][0]["readinessProbe"]
    environment = {variable["name"]: variable.get("value") for variable in spec["containers"][0]["env"]}
    assert environment["SPIN_COMPONENTS_TO_RETAIN"] == name and pool(environment)
    # The extras a second time, after the operator: no conflict.
    installed.apply(extra(name), manager="atelier-extras")
    installed.apply(named(objects("minikube"), "SpinApp", name))


@pytest.fixture
def light(installed):
    """overlays/light's app, in the namespace of the others and beside them."""
    documents = objects("light")
    for kind in ("ServiceAccount", "SpinApp"):
        installed.apply(named(documents, kind, "atelier"))
    yield deployment(installed, "atelier")
    installed.request("DELETE", installed.path(named(documents, "SpinApp", "atelier")))


def test_light_is_one_deployment_of_all_three_components(installed, light):
    template = light["spec"]["template"]
    (container,) = template["spec"]["containers"]
    assert light["spec"]["replicas"] == 1 and template["spec"]["serviceAccountName"] == "atelier"
    assert pod_of("atelier").labels.items() <= template["metadata"]["labels"].items(), "the NetworkPolicies select by these"
    environment = {variable["name"]: variable.get("value") for variable in container["env"]}
    assert environment["SPIN_COMPONENTS_TO_RETAIN"] == "auth,llm,ocr"
    assert {key.removeprefix("SPIN_VARIABLE_").lower() for key in environment if key.startswith("SPIN_VARIABLE_")} == spin()["variables"].keys()
    assert container["readinessProbe"]["httpGet"]["path"] == "/auth/readyz"
    service = installed.eventually(lambda: installed.get({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "atelier", "namespace": "atelier"}}))
    assert [port["port"] for port in service["spec"]["ports"]] == [80], "what the port-forward leads to"
    added = installed.apply(extra("light/atelier"), manager="atelier-extras")["spec"]["template"]["spec"]
    assert pool({variable["name"]: variable.get("value") for variable in added["containers"][0]["env"]})
    assert added["containers"][0]["securityContext"]["capabilities"] == {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}
    assert added["terminationGracePeriodSeconds"] > added["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]


def test_spintainer_runs_the_application_that_is_in_its_image(installed):
    """What terraform/modules/manifests makes of the SpinApps for the cluster's own registry."""
    executor = named(objects("minikube-spintainer"), "SpinAppExecutor", "atelier-spintainer")
    app = named(objects("minikube-spintainer"), "SpinApp", "llm")
    app["metadata"]["name"] = "own-image"
    app["spec"]["image"] = "/app/spin.toml"

    def run(version: str) -> dict:
        executor["spec"]["deploymentConfig"]["spinImage"] = f"atelier-registry:5000/atelier-spin:{version}"
        app["spec"]["podAnnotations"] = {"app.kubernetes.io/version": version}
        installed.eventually(lambda: installed.apply(executor), 10)
        installed.apply(app)

        def follows() -> dict:
            template = installed.get(reference("own-image"))["spec"]["template"]
            assert template["metadata"]["annotations"]["app.kubernetes.io/version"] == version
            return template["spec"]["containers"][0]

        return installed.eventually(follows)

    try:
        for version in ("sources-1", "sources-2"):
            container = run(version)
            assert container["image"] == f"atelier-registry:5000/atelier-spin:{version}"
            words = [*container.get("command", []), *container["args"]]
            assert words[words.index("-f") + 1] == "/app/spin.toml"
    finally:
        installed.request("DELETE", installed.path(app))
        installed.request("DELETE", installed.path(executor))


def test_extras_without_their_app_are_refused(installed):
    alone = extra("llm")
    alone["metadata"]["name"] = "another"
    with pytest.raises(Refused, match="spec.selector: Required value"):
        installed.apply(alone, manager="atelier-extras", dry_run=True)


def test_a_changed_setting_is_a_new_pod(installed):
    """The ConfigMap's name carries its hash, the SpinApp names it, so the pods' template changes."""
    document = named(objects("minikube"), "SpinApp", "llm")
    sources = [v["valueFrom"]["configMapKeyRef"] for v in document["spec"]["variables"] if "configMapKeyRef" in v["valueFrom"]]
    assert {source["name"] for source in sources} == {next(d["metadata"]["name"] for d in of_kind(objects("minikube"), "ConfigMap") if d["metadata"]["name"].startswith("atelier-settings-"))}
    for source in sources:
        source["name"] = "atelier-settings-changed"
    before = deployment(installed, "llm")["metadata"]["generation"]
    installed.apply(document)

    def follows():
        made = installed.get(reference("llm"))
        used = {v["valueFrom"]["configMapKeyRef"]["name"] for v in made["spec"]["template"]["spec"]["containers"][0]["env"] if "configMapKeyRef" in v.get("valueFrom", {})}
        assert used == {"atelier-settings-changed"} and made["metadata"]["generation"] > before

    installed.eventually(follows)
    installed.apply(named(objects("minikube"), "SpinApp", "llm"))


def test_an_app_is_available_when_its_deployment_is(installed):
    """What `kubectl wait spinapp` of the handbook and of Terraform waits for. Nobody runs pods here, so the test
    says what the Deployment's controller would.
    """
    deployment(installed, "ocr")
    app = named(objects("minikube"), "SpinApp", "ocr")

    def condition() -> str:
        return next(c["status"] for c in installed.get(app)["status"]["conditions"] if c["type"] == "Available")

    for status, ready in (("False", 0), ("True", 2)):
        said = {"type": "Available", "status": status, "reason": "Test", "message": "by the test", "lastTransitionTime": "2026-01-01T00:00:00Z", "lastUpdateTime": "2026-01-01T00:00:00Z"}
        installed.patch(reference("ocr"), {"status": {"conditions": [said], "replicas": 2, "readyReplicas": ready}}, "status")

        def agrees(status=status, ready=ready):
            assert condition() == status and installed.get(app)["status"]["readyReplicas"] == ready

        installed.eventually(agrees)


# ── Autoscaling ──────────────────────────────────────────────────────────────────────────────────────────
def test_the_operator_leaves_the_number_of_pods_to_the_autoscaler(installed):
    scaled = named(objects("minikube-autoscaling"), "SpinApp", "ocr")
    keep = reference("ocr") | {"spec": {"replicas": 2}}
    assert deployment(installed, "ocr")["spec"]["replicas"] == 2
    # The handbook's step for an app that runs: somebody else says 2 too, or it falls to Kubernetes' default of 1.
    installed.apply(keep, manager="atelier-scale")
    assert new_version(installed, scaled, "0.1.2")["spec"]["replicas"] == 2
    # As the autoscaler does.
    installed.patch(reference("ocr"), {"spec": {"replicas": 5}}, "scale", "autoscaler")
    assert new_version(installed, scaled, "0.1.3")["spec"]["replicas"] == 5
    # And back to a number of the SpinApp's own.
    assert new_version(installed, named(objects("minikube"), "SpinApp", "ocr"), "0.1.4")["spec"]["replicas"] == 2
    # Without that step.
    assert new_version(installed, scaled, "0.1.5")["spec"]["replicas"] == 1
    installed.apply(named(objects("minikube"), "SpinApp", "ocr"))
