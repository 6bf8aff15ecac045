"""`terraform apply` with nothing set but a domain and the shim's checksum, on a real cluster: the project's own root module, real
Terraform, the real kubectl and kustomization providers, and kube-apiserver, kube-controller-manager, runtime-class-manager
and the Spin operator of the pinned versions. The scripts that wait for the cluster wait, with the real kubectl.

Played: the machine (Ansible, minikube, docker, cargo and spin are scripts that write down how they were called, and what they
leave is the cluster that runs here), the node (live_cluster.Node) and hashicorp's providers (keeper.py). In this order: each
test finds what the one before left.
"""
from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess

import pytest
import yaml

from terraform_project import SHA, TOOLS, VERIFIED, Project

WEBHOOK = "https://hook.eu2.make.com/mark-of-webhook"
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

    server = LiveCluster(tmp_path_factory.mktemp("live"))
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def project(empty, tmp_path_factory):
    from keeper import Keeper

    keeper = Keeper(empty)
    made = Project.copy(tmp_path_factory.mktemp("apply"), cluster=empty)
    made.variables = {**VERIFIED, "domain": "atelier.example.org", "webhook_url": WEBHOOK, "compile_service": {}}
    made.environment = {"ATELIER_MOCK_KEEPER": keeper.address}
    yield made
    keeper.stop()


@pytest.fixture(scope="module")
def applied(project, empty):
    """What was there before, what Terraform said, and how it called the machine's programs."""
    before = empty.everything()
    return before, project.apply().output, project.called()


@pytest.fixture
def cluster(applied, empty):
    return empty


def state(project) -> dict:
    return json.loads((project.root / "terraform" / "terraform.tfstate").read_text())


def image(project) -> str:
    return state(project)["outputs"]["image"]["value"]


def secret(cluster, name: str) -> dict[str, str]:
    return {key: base64.b64decode(value).decode() for key, value in cluster.get(reference("v1", "Secret", name))["data"].items()}


def nothing_is_left_to_do(project) -> None:
    done = project.plan("-detailed-exitcode", expect=None)
    assert done.code == 0, done.output[-4000:]


def assert_in_order(output: str, *patterns: str) -> None:
    """Every resource whose address has a pattern is done before any with the next is begun, as Terraform tells it."""
    words = r"Destroying|Destruction (complete)" if "Destroy complete!" in output else r"Creating|Modifying|\w+ations? (complete)"
    events = [re.match(rf"(\S+): (?:{words})", line) for line in output.splitlines()]
    places = [[(place, match[2]) for place, match in enumerate(events) if match and pattern in match[1]] for pattern in patterns]
    for earlier, later, done, begun in zip(patterns, patterns[1:], places, places[1:]):
        assert done and begun, f"{earlier} or {later} never happened"
        assert max(p for p, complete in done if complete) < min(p for p, complete in begun if not complete), f"{later} began before {earlier} was over"


# ── One apply ────────────────────────────────────────────────────────────────────────────────────────────
def test_one_apply_ends_with_the_site_available(applied, cluster, project):
    _, output, _ = applied
    assert int(re.search(r"Apply complete! Resources: (\d+) added, 0 changed, 0 destroyed", output)[1]) > 100
    for name in APPS:
        app = cluster.get(spin_app(name))
        assert app["spec"]["image"] == image(project) and app["spec"]["replicas"] == 2
        # A third while the pods move over to those of deployment-extras.
        assert cluster.get(deployment(name))["status"]["availableReplicas"] >= 2
        assert {c["type"]: c["status"] for c in app["status"]["conditions"]}["Available"] == "True"
    assert "https://atelier.example.org" in output


def digest(of: str) -> str:
    """As the mock registry has it (provider-mock/reads.go): of the address by which it is asked."""
    name, _, tag = of.removeprefix("127.0.0.1:5080/").rpartition(":")
    return "sha256:" + hashlib.sha256(f"http://127.0.0.1:5080/v2/{name}/manifests/{tag}".encode()).hexdigest()


def test_what_is_pushed_runs_by_its_digest(applied, cluster, project):
    _, _, called = applied
    pushed = {call.split()[-1] for call in called if " push " in call}
    assert {reference.rpartition(":")[0] for reference in pushed} == {"127.0.0.1:5080/atelier", "127.0.0.1:5080/atelier-compiler"}
    runs = {cluster.get(deployment(name))["spec"]["template"]["spec"]["containers"][0]["image"] for name in (*APPS, "compiler")}
    assert runs == {f"atelier-registry:5000/{of.split('/')[1].split(':')[0]}@{digest(of)}" for of in pushed}
    assert image(project) in runs


def test_an_image_that_the_registry_has_lost_is_pushed_again_by_the_command_that_is_printed(applied, project, tmp_path):
    shutil.copytree(TOOLS / "downloads", tmp_path / "downloads")
    (tmp_path / "downloads" / "v2").unlink()
    done = project.plan(expect=1, env={"ATELIER_MOCK_DOWNLOADS": str(tmp_path / "downloads")})
    assert "127.0.0.1:5080/atelier:sources-" in done.flat and "(status 404)" in done.flat
    lost = re.findall(r"-replace='([^']+)'", done.flat)
    assert sorted(lost) == [f"module.{name}[0].terraform_data.pushed" for name in ("compiler_image", "registry")]
    again = project.plan(*(f"-replace={address}" for address in lost), env={"ATELIER_MOCK_DOWNLOADS": str(tmp_path / "downloads")})
    assert len(re.findall(r"pushed will be replaced", again.flat)) == 2


def test_everything_is_built_in_order(applied):
    _, output, _ = applied
    assert re.search(r"(\S+): Creating", output)[1].startswith("terraform_data.machine"), "before anything is changed"
    assert_in_order(output, "terraform_data.machine", "module.host", "terraform_data.running", "helm_release.cert_manager", "helm_release.runtime_class_manager", "kubectl_manifest.shim", "shim_ready", "helm_release.operator", "kubectl_manifest.executor", "spin_app[")
    assert_in_order(output, "module.gateway_api", "helm_release.cert_manager")
    assert_in_order(output, "Namespace/_/atelier", "secret_v1.postgres", "StatefulSet/atelier/postgres", "spin_app[")
    assert_in_order(output, "module.gateway_api", "helm_release.istiod", "helm_release.cni", "helm_release.ztunnel", "/Gateway/", "spin_app[")
    assert_in_order(output, "terraform_data.running", "module.registry", "spin_app[")
    assert_in_order(output, "module.spinkube[0].kubectl_manifest.crd", "helm_release.operator")
    assert_in_order(output, *(f'{step}["{name}"]' for name in APPS for step in ("spin_app", "available")))


def test_the_machines_programs_are_called_in_order(applied, project):
    _, _, called = applied
    host, cluster, build, push = [call for call in called if not call.startswith(("check-machine", "docker"))]
    # Not Terraform, which runs.
    assert json.loads(host.split("--extra-vars ")[1]) == {"tools_wanted": ["minikube", "kubectl", "helm", "spin"]} and host.startswith("converge host.yml")
    assert cluster.startswith("converge minikube.yml")
    assert build == "cargo xtask build --components-only"
    assert push.startswith("spin registry push") and push.split()[-1].startswith("127.0.0.1:5080/atelier:sources-")


def test_every_planned_object_is_there(applied, cluster, project):
    """Asked of the API server, not of the state."""
    listed = {(resource["type"], instance["attributes"].get("yaml_body")) for resource in state(project)["resources"] if resource["mode"] == "managed" for instance in resource["instances"]}
    bodies = [yaml.safe_load(text) for kind, text in listed if kind == "kubectl_manifest"]
    assert len(bodies) > 100
    for body in bodies:
        assert cluster.get(body)["metadata"]["name"] == body["metadata"]["name"]
    kinds = {body["kind"] for body in bodies}
    assert kinds >= {"SpinApp", "SpinAppExecutor", "Shim", "Gateway", "HTTPRoute", "AuthorizationPolicy", "PeerAuthentication", "NetworkPolicy", "PodDisruptionBudget", "Certificate", "StatefulSet", "CustomResourceDefinition", "Namespace"}


def installed(cluster) -> list[tuple[str, str]]:
    """Which tarball the Jobs of runtime-class-manager put on the node, and its checksum."""
    jobs = cluster.request("GET", "/apis/batch/v1/namespaces/runtime-class-manager/jobs")["items"]
    variables = [{v["name"]: v["value"] for v in job["spec"]["template"]["spec"]["initContainers"][0]["env"]} for job in jobs if "initContainers" in job["spec"]["template"]["spec"]]
    return [(given["SHIM_LOCATION"], given["SHIM_SHA256"]) for given in variables]


def test_the_shim_was_installed_from_the_pinned_tarball(cluster):
    """By runtime-class-manager itself: it chose the platform of the node and made the class."""
    ((location, checksum),) = installed(cluster)
    assert re.search(r"/v0\.26\.0/containerd-shim-spin-v2-linux-(x86_64|aarch64)\.tar\.gz$", location)
    assert checksum in VERIFIED["shim_sha256"].values()
    assert cluster.get(reference("node.k8s.io/v1", "RuntimeClass", "wasmtime-spin-v2"))["handler"] == "spin-v2"
    assert cluster.get(deployment("auth"))["spec"]["template"]["spec"]["runtimeClassName"] == "wasmtime-spin-v2"


def test_secrets_are_in_the_cluster_and_not_in_the_state(cluster, project):
    assert secret(cluster, "llm-secret") == {"WEBHOOK_URL": WEBHOOK, "WEBHOOK_API_KEY": "", "LLM_OPENAI_KEY": ""}
    assert secret(cluster, "ocr-secret") == {"GEMINI_AI_API_KEY": ""}
    generated = [secret(cluster, "postgres-secret")["postgresql-password"], secret(cluster, "service-secret")["service-key"]]
    assert [bool(re.fullmatch(f"[A-Za-z0-9]{{{length}}}", value)) for length, value in zip((32, 48), generated)] == [True, True]
    text = json.dumps(state(project))
    assert not [value for value in (*generated, "mark-of-webhook") if value in text] and '"random_password"' not in text


# ── The commands that it prints ──────────────────────────────────────────────────────────────────────────
def shell(project: Project, folder, command: str, *needed: str) -> str:
    """What a shell that has just been opened, in some folder, makes of a command that was printed; returns how it called a program."""
    for name in needed:
        if not (folder / name).exists():
            (folder / name).symlink_to(shutil.which(name))
    done = subprocess.run(["/bin/sh", "-euc", command], cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={"PATH": f"{folder}:{project.root / 'bin'}:/nowhere", "ATELIER_CALLS": str(folder / "log")})
    assert done.returncode == 0, done.stdout
    return (folder / "log").read_text().strip() if (folder / "log").exists() else ""


@pytest.mark.parametrize("sudo", [True, False], ids=["a user with sudo", "root without it"])
def test_the_commands_that_open_the_site_work_as_they_are_printed(applied, project, tmp_path, sudo):
    tunnel, hosts, trust = [line for line in state(project)["outputs"]["how_to_open"]["value"].splitlines() if not line.startswith("#")]
    answers = {"get gateway atelier": "printf 10.0.0.1", "get secret atelier-ca": "printf Y2VydA=="}
    cases = "".join(f"*'{words}'*) {answer} ;;\n" for words, answer in answers.items())
    given = {"kubectl": f'[ "$1 $2" = "--kubeconfig {project.root}/.atelier/kubeconfig" ]\ncase "$*" in\n{cases}esac\n'}
    if sudo:
        given["sudo"] = f'echo used > {tmp_path}/used\nexec "$@"\n'
    for name, text in given.items():
        (tmp_path / name).write_text(f"#!/bin/sh -e\n{text}")
        (tmp_path / name).chmod(0o755)
    assert shell(project, tmp_path, tunnel, "basename") == "minikube tunnel --profile atelier"
    shell(project, tmp_path, hosts.replace("/etc/hosts", f"{tmp_path}/hosts"), "tee")
    assert (tmp_path / "hosts").read_text() == "10.0.0.1 atelier.example.org\n" and (tmp_path / "used").exists() is sudo
    shell(project, tmp_path, trust, "base64")
    assert (tmp_path / "atelier-ca.crt").read_text() == "cert"


def test_the_command_for_after_a_reboot_starts_the_cluster_as_it_was_made(applied, project, tmp_path):
    _, _, called = applied
    (made,) = [call for call in called if call.startswith("converge minikube.yml")]
    assert shell(project, tmp_path, state(project)["outputs"]["after_a_reboot"]["value"], "sed", "basename", "dirname", "mkdir", "cp") == made


# ── And then ─────────────────────────────────────────────────────────────────────────────────────────────
def test_a_second_plan_is_clean(applied, project):
    """Against what the API server, its webhooks and every controller made of the objects; and without the secrets, which are
    written once: whoever applies later need not know them.
    """
    del project.variables["webhook_url"]
    nothing_is_left_to_do(project)


def test_a_hand_that_changed_something_is_seen_and_put_right(cluster, project):
    service = reference("v1", "Service", "postgres")
    cluster.request("DELETE", cluster.path(service))
    cluster.patch(spin_app("llm"), {"spec": {"replicas": 5}}, manager="somebody")
    cluster.request("DELETE", cluster.path(reference("v1", "Secret", "ocr-secret")))
    done = project.apply()
    assert "Plan: 2 to add, 1 to change, 0 to destroy" in done.flat, done.output[-3000:]
    assert cluster.get(service) and cluster.get(spin_app("llm"))["spec"]["replicas"] == 2
    assert secret(cluster, "ocr-secret") == {"GEMINI_AI_API_KEY": ""}


def test_a_changed_component_is_built_pushed_and_rolled_out_and_nothing_else(cluster, project):
    before = {name: cluster.get(deployment(name))["metadata"]["generation"] for name in APPS}
    first, uid = image(project), cluster.get(reference("apps/v1", "StatefulSet", "postgres"))["metadata"]["uid"]
    project.called()
    project.write("components/llm/src/lib.rs", "2")
    output = project.apply().output
    # The push, and for each app its wait.
    assert "Resources: 4 added, 3 changed, 4 destroyed" in output, output[-3000:]
    assert [call.split()[0] for call in project.called()] == ["cargo", "spin"] and image(project) != first
    assert_in_order(output, "module.registry", *(f'{step}["{name}"]' for name in APPS for step in ("spin_app", "available")))
    for name in APPS:
        now = cluster.get(deployment(name))
        assert now["metadata"]["generation"] > before[name]
        pod = now["spec"]["template"]["spec"]
        assert cluster.get(spin_app(name))["spec"]["image"] == pod["containers"][0]["image"] == image(project)
        # k8s/deployment-extras, which a drain without failed requests needs, survives the operator's update.
        seconds = {"auth": 20, "llm": 190, "ocr": 640}[name]
        assert pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"] == seconds < pod["terminationGracePeriodSeconds"]
    assert cluster.get(reference("apps/v1", "StatefulSet", "postgres"))["metadata"]["uid"] == uid


def test_another_domain_moves_the_gateway_and_restarts_the_apps_and_a_raised_revision_writes_that_secret_alone(cluster, project):
    def settings() -> set[str]:
        return {item["metadata"]["name"] for item in cluster.request("GET", "/api/v1/namespaces/atelier/configmaps")["items"] if item["metadata"]["name"].startswith("atelier-settings")}

    (before,) = settings()
    versions = {name: cluster.get(reference("v1", "Secret", name))["metadata"]["resourceVersion"] for name in ("postgres-secret", "service-secret", "llm-secret")}
    project.variables |= {"domain": "ateliers.example.org", "secret_revisions": {"ocr": 2}, "gemini_ai_api_key": "a-new-key"}
    output = project.apply().output
    (after,) = settings() - {before}
    assert before in settings(), "a pod that has not moved over yet may restart"
    assert_in_order(output, f"ConfigMap/atelier/{after}", "spin_app[")
    assert after in json.dumps(cluster.get(spin_app("auth")))
    hosts = {listener["hostname"] for listener in cluster.get(reference("gateway.networking.k8s.io/v1", "Gateway", "atelier"))["spec"]["listeners"]}
    assert hosts == {"ateliers.example.org"}
    assert secret(cluster, "ocr-secret") == {"GEMINI_AI_API_KEY": "a-new-key"}
    assert {name: cluster.get(reference("v1", "Secret", name))["metadata"]["resourceVersion"] for name in versions} == versions


@pytest.mark.parametrize("more", [{"shim_sha256": {"x86_64": SHA[::-1], "aarch64": SHA}}, {"shim_version": "v0.27.0"}], ids=["a corrected checksum", "another release"])
def test_another_shim_is_installed_in_the_place_of_the_first(cluster, project, more):
    """The node carries the label of the first, whose Job cannot be changed: it has to go first, on the node too."""
    (before,) = installed(cluster)
    project.variables |= more
    output = project.apply().output
    assert "the Spin shim is on 1 of 1 nodes" in output
    assert output.index("kubectl_manifest.shim[0]: Destruction complete") < output.index("terraform_data.uninstalled[0]: Destroying")
    ((location, checksum),) = installed(cluster)
    assert (location, checksum) != before and project.variables.get("shim_version", "v0.26.0") in location
    assert checksum == project.variables["shim_sha256"]["x86_64" if cluster.node.architecture == "amd64" else "aarch64"]
    assert cluster.request("GET", "/api/v1/nodes/tests")["metadata"]["labels"]["spin-v2"] == "provisioned"


def test_destroy_takes_everything_away_in_the_right_order(applied, cluster, project):
    """SpinApps → executor → operator → Shim → runtime-class-manager: each still needs the next (trap 18)."""
    nothing_is_left_to_do(project)
    before, _, _ = applied
    project.called()
    output = project.destroy().output
    assert re.search(r"Destroy complete! Resources: \d+ destroyed", output)
    assert_in_order(output, "spin_app[", "kubectl_manifest.executor", "helm_release.operator", "kubectl_manifest.shim", "helm_release.runtime_class_manager", "terraform_data.profile")
    assert_in_order(output, "spin_app[", "StatefulSet/atelier/postgres", "secret_v1.postgres", "Namespace/_/atelier", "terraform_data.profile")
    assert_in_order(output, "kubectl_manifest.executor", "helm_release.operator", "module.spinkube[0].kubectl_manifest.crd")
    assert_in_order(output, "helm_release.operator", "helm_release.cert_manager")
    assert_in_order(output, "helm_release.ztunnel", "helm_release.istiod", "helm_release.base")
    assert [call.split(" --")[0] for call in project.called() if call.startswith(("docker container", "minikube"))][-2:] == ["docker container rm", "minikube delete"]
    # What Helm leaves by design, and what came with namespaces it made.
    left = cluster.everything() - before
    kept = {"cert-manager", "spin-operator"}
    assert {entry for entry in left if not entry.startswith(("customresourcedefinitions/", "apiservices/")) and kept.isdisjoint(entry.split("/"))} == set()
    assert not any("core.spinkube.dev" in entry or "gateway.networking.k8s.io" in entry for entry in left), "these definitions are Terraform's own"
    assert state(project)["resources"] == []


def test_nothing_was_refused_on_the_way(cluster):
    """The node's part had no trouble, so nothing above passed for want of a pod."""
    assert cluster.node.is_alive() and cluster.node.problems == []
