"""terraform/ run for real: formatted, valid, tested, planned; and applied and destroyed in writing.

Real: Terraform, gavinbunney/kubectl, kbst/kustomization (so also every Kustomize build). Mocks with the real
schemas: helm, http, kubernetes, random. For the runs that apply, kubectl too: they are about order, not objects.
"""
from __future__ import annotations

import json
import re
import shutil
import subprocess
import tarfile
import tomllib

import pytest
import yaml

from terraform_project import PROJECT, SOURCES, Project

SHA = "0123456789abcdef" * 4
VERIFIED = {"shim_sha256": {"x86_64": SHA, "aarch64": SHA[::-1]}}


@pytest.fixture(scope="module")
def real(tmp_path_factory) -> Project:
    return Project.copy(tmp_path_factory.mktemp("real"))


@pytest.fixture(scope="module")
def recorded(tmp_path_factory) -> Project:
    return Project.copy(tmp_path_factory.mktemp("recorded"), mirror="recorded")


@pytest.fixture(autouse=True)
def no_variables(request):
    """Each test starts with the defaults."""
    for name in ("real", "recorded"):
        if name in request.fixturenames:
            request.getfixturevalue(name).variables = dict(VERIFIED)


def resources(plan: dict) -> dict[str, dict]:
    """Address → planned values, of every module."""
    def walk(module):
        for resource in module.get("resources", []):
            yield resource["address"], resource.get("values", {})
        for child in module.get("child_modules", []):
            yield from walk(child)

    return dict(walk(plan["planned_values"]["root_module"]))


# ── As the issue asks: fmt, validate, test ──────────────────────────────────────────────────────────────
def test_it_is_formatted(real):
    assert real.run("fmt", "-check", "-recursive", "-diff").output == ""


def test_it_is_valid(real):
    answer = json.loads(real.run("validate", "-json").output)
    assert answer["valid"] and not answer["diagnostics"]


def test_terraform_test_passes(real):
    real.variables = {}
    done = real.run("test", "-no-color", expect=None)
    assert done.code == 0, done.output[-6000:]
    passed = int(re.search(r"(\d+) passed, 0 failed", done.output).group(1))
    files = list((PROJECT / "terraform" / "tests").glob("*.tftest.hcl"))
    runs = sum(len(re.findall(r'^run "', file.read_text(), re.M)) for file in files)
    assert passed == runs and "skip" not in done.output
    assertions = sum(len(re.findall(r"^  assert \{", file.read_text(), re.M)) for file in files)
    refusals = sum(len(re.findall(r"(?:var|data|check)\.", block)) for file in files for block in re.findall(r"expect_failures = \[(.*?)\]", file.read_text(), re.S))
    print(f"terraform test: {runs} runs, {assertions} assertions, {refusals} expected refusals")
    assert assertions >= 90 and refusals >= 25


def test_a_broken_assertion_would_be_seen(real, tmp_path):
    """The suite above can fail: with one thing changed in the configuration, it does."""
    file = real.root / "terraform" / "modules" / "spinkube" / "shim.tf"
    text = file.read_text()
    file.write_text(text.replace('handler = "spin-v2"', 'handler = "spin"'))
    try:
        done = real.run("test", "-no-color", "-filter=tests/spinkube.tftest.hcl", expect=None)
    finally:
        file.write_text(text)
    assert done.code == 1 and "trap 1" in done.flat


# ── A real plan of an empty machine ─────────────────────────────────────────────────────────────────────
@pytest.fixture(scope="module")
def planned(real) -> dict:
    real.variables = dict(VERIFIED)
    return real.planned()


def test_the_plan_names_every_object_of_an_empty_machine(planned):
    changes = [change["change"]["actions"] for change in planned["resource_changes"] if change["mode"] == "managed"]
    assert changes and all(actions == ["create"] for actions in changes)
    assert len(changes) > 100
    types = {change["type"] for change in planned["resource_changes"] if change["mode"] == "managed"}
    assert types == {"helm_release", "kubectl_manifest", "kubernetes_namespace_v1", "kubernetes_secret_v1", "terraform_data"}


def test_every_object_has_one_owner(planned):
    """No object is applied by two resources: they would take turns."""
    seen = {}
    for address, values in resources(planned).items():
        if ".kubectl_manifest." not in address:
            continue
        manifest = yaml.safe_load(values["yaml_body"])
        key = (manifest["apiVersion"].split("/")[0], manifest["kind"], manifest["metadata"].get("namespace"), manifest["metadata"]["name"])
        assert key not in seen, f"{key}: {address} and {seen[key]}"
        seen[key] = address
    assert len(seen) > 90


@pytest.mark.parametrize("source", [*SOURCES, "components/llm/templates/new.html", "spin.toml", "Cargo.toml", "Cargo.lock", "Dockerfile"])
def test_the_image_is_named_by_all_that_it_is_built_from(real, planned, source):
    def image() -> str:
        return real.planned()["planned_values"]["outputs"]["image"]["value"]

    first = planned["planned_values"]["outputs"]["image"]["value"]
    assert re.fullmatch(r"atelier-registry:5000/atelier:sources-[0-9a-f]{16}", first)
    file = real.root / source
    before = file.read_text() if file.exists() else None
    real.write(source, f"{before or ''}\n# changed\n")
    second = image()
    if before is None:
        file.unlink()
    else:
        real.write(source, before)
    assert second != first
    if source == SOURCES[0]:
        assert image() == first


def test_the_folders_that_name_the_image_are_those_that_the_components_depend_on():
    workspace = tomllib.loads((PROJECT / "Cargo.toml").read_text())["workspace"]["dependencies"]
    ours = {name: entry["path"] for name, entry in workspace.items() if isinstance(entry, dict) and "path" in entry}
    seen, todo = set(), [f"components/{name}" for name in ("auth", "llm", "ocr")]
    while todo:
        folder = todo.pop()
        seen.add(folder)
        manifest = tomllib.loads((PROJECT / folder / "Cargo.toml").read_text())
        tables = [manifest, *manifest.get("target", {}).values()]
        names = {name for table in tables for kind in ("dependencies", "build-dependencies") for name in table.get(kind, {})}
        todo += [ours[name] for name in names if name in ours and ours[name] not in seen]
    assert {f"{folder}/src/lib.rs" for folder in seen} == set(SOURCES)


def test_the_plan_holds_no_secret(real):
    marks = {name: f"mark-of-{name}-0123456789abcdef0123" for name in ("postgres_password", "service_key", "webhook_api_key", "gemini_ai_api_key")}
    real.variables |= marks | {"webhook_url": "https://hook.eu2.make.com/mark-of-webhook"}
    text = json.dumps(real.planned())
    for mark in [*marks.values(), "mark-of-webhook"]:
        assert mark not in text


def test_a_missing_release_of_the_shim_says_what_to_set(real):
    from terraform_project import TOOLS

    folder = real.root / "downloads"
    shutil.copytree(TOOLS / "downloads", folder)
    (folder / "HEAD").unlink()
    done = real.plan(expect=1, env={"ATELIER_MOCK_DOWNLOADS": str(folder)})
    for word in ("v0.26.0 cannot be downloaded", 'executor = "spintainer"', "shim_version", "shim_mirror", "Spin 4.1", "the server answered 404"):
        assert word in done.flat, word
    real.variables |= {"executor": "spintainer"}
    real.plan(env={"ATELIER_MOCK_DOWNLOADS": str(folder)})


def test_a_shim_without_a_checksum_is_refused_with_the_steps_to_get_one(real):
    real.variables = {}
    done = real.plan(expect=1)
    for word in ("no checksum of containerd-shim-spin v0.26.0", "/v0.26.0/containerd-shim-spin-v2-linux-x86_64.tar.gz", "linux-aarch64.tar.gz", "set shim_sha256", "shim_unverified = true"):
        assert word in done.flat, word


def test_a_download_with_another_content_stops_the_plan(real, tmp_path):
    from terraform_project import TOOLS

    folder = tmp_path / "downloads"
    shutil.copytree(TOOLS / "downloads", folder)
    file = folder / "gateway.networking.k8s.io_gateways.yaml"
    file.write_text(file.read_text() + "# changed on the way\n")
    done = real.plan(expect=1, env={"ATELIER_MOCK_DOWNLOADS": str(folder)})
    assert "gateways.yaml is not the file that versions.tf pins" in done.flat


def test_a_kubeconfig_that_is_known_too_early_would_stop_the_plan(real):
    """Why providers.tf hands on an output of the cluster: the kubernetes provider refuses a path without a file."""
    file = real.root / "terraform" / "providers.tf"
    text = file.read_text()
    file.write_text(text.replace("module.cluster.kubeconfig", "local.kubeconfig"))
    try:
        done = real.plan(expect=1)
    finally:
        file.write_text(text)
    assert "refers to an invalid path" in done.flat


# ── Applied in writing ──────────────────────────────────────────────────────────────────────────────────
@pytest.fixture(scope="module")
def life(recorded) -> dict[str, object]:
    """Apply, plan again, apply again, destroy: what Terraform asked for in each."""
    recorded.variables = {**VERIFIED, "webhook_url": "https://hook.eu2.make.com/mark-of-webhook", "postgres_password": "mark-of-postgres-0123"}
    up = recorded.apply()
    created = recorded.request_log()
    printed = {name: recorded.run("output", "-raw", name).output for name in ("how_to_open", "after_a_reboot")}
    state = (recorded.root / "terraform" / "terraform.tfstate").read_text()
    recorded.forget()
    again = recorded.plan("-detailed-exitcode", expect=None)
    recorded.variables = dict(VERIFIED)
    without_secrets = recorded.plan("-detailed-exitcode", expect=None)
    recorded.forget()
    recorded.write("components/llm/src/lib.rs", "2")
    recorded.apply()
    rebuilt = recorded.request_log()
    recorded.forget()
    recorded.destroy()
    return {"up": up, "created": created, "printed": printed, "state": state, "again": again, "without_secrets": without_secrets, "rebuilt": rebuilt, "destroyed": recorded.request_log()}


def order(request_log: list[dict], *patterns: str) -> list[int]:
    """Where in the request log each pattern is met for the last and first time, as pairs."""
    places = []
    for pattern in patterns:
        found = [index for index, entry in enumerate(request_log) if re.search(pattern, f"{entry['op']} {entry['type']} {entry['name']}")]
        assert found, f"{pattern} never happened"
        places.append((min(found), max(found)))
    return places


def assert_in_order(request_log: list[dict], *patterns: str) -> None:
    """Everything that matches a pattern is over before anything that matches the next begins."""
    places = order(request_log, *patterns)
    for (_, last), (first, _), earlier, later in zip(places, places[1:], patterns, patterns[1:]):
        assert last < first, f"{later} began before {earlier} was over"


ONE_AFTER_THE_OTHER = ["SpinApp/auth", "wait-for-app", "SpinApp/llm", "wait-for-app", "SpinApp/ocr", "wait-for-app"]


def rollout(request_log: list[dict]) -> list[str]:
    """The SpinApps that were applied and the waits for them, in order."""
    found = [re.search(r"SpinApp/\w+", entry["name"]) or re.fullmatch("wait-for-app", entry["type"]) for entry in request_log]
    return [match[0] for match in found if match]


def test_one_apply_builds_everything_in_order(life):
    created = life["created"]
    assert_in_order(created, r"run converge host", r"run converge minikube", r"create helm_release cert-manager", r"create helm_release runtime-class-manager", r"manifest Shim/", r"run wait-for-shim", r"helm_release spin-operator", r"manifest SpinAppExecutor/", r"manifest SpinApp/")
    assert rollout(created) == ONE_AFTER_THE_OTHER
    assert created[0]["type"] == "check-machine", "before anything is changed"
    assert_in_order(created, r"CustomResourceDefinition/gateways", r"create helm_release cert-manager")
    assert_in_order(created, r"manifest Namespace/atelier", r"secret_v1 postgres-secret", r"StatefulSet/postgres", r"manifest SpinApp/")
    assert_in_order(created, r"CustomResourceDefinition/gateways", r"helm_release istiod", r"helm_release istio-cni", r"helm_release ztunnel", r"manifest Gateway/", r"manifest SpinApp/")
    assert_in_order(created, r"run converge minikube", r"run cargo xtask build --components-only", r"run spin registry push", r"manifest SpinApp/")
    assert_in_order(created, r"CustomResourceDefinition/spinapps", r"helm_release spin-operator")


def test_the_host_does_not_get_another_terraform_than_the_running_one(life):
    (host,) = [entry["name"] for entry in life["created"] if entry["name"].startswith("host.yml")]
    assert json.loads(host.split("--extra-vars ")[1]) == {"tools_wanted": ["minikube", "kubectl", "helm", "spin"]}


def test_the_image_is_pushed_where_the_node_pulls(life):
    (push,) = [entry["name"] for entry in life["created"] if entry["type"] == "spin"]
    tag = re.search(r"127\.0\.0\.1:5080/atelier:(sources-[0-9a-f]{16})$", push).group(1)
    assert f"atelier-registry:5000/atelier:{tag}" in life["up"].output


def shell(project: Project, tmp_path, command: str) -> str:
    """What a shell that has just been opened, in some folder, makes of a command that was printed; returns its output."""
    done = subprocess.run(
        ["/bin/sh", "-euc", command], cwd=tmp_path, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={"PATH": f"{tmp_path}:{project.root / 'bin'}:/nowhere", "ATELIER_MOCK_REQUEST_LOG": str(tmp_path / "log")},
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.parametrize("sudo", [True, False], ids=["a user with sudo", "root without it"])
def test_the_commands_that_open_the_site_work_as_they_are_printed(life, recorded, tmp_path, sudo):
    tunnel, hosts, trust = [line for line in life["printed"]["how_to_open"].splitlines() if not line.startswith("#")]
    for name in ("tee", "base64", "sed", "basename"):
        (tmp_path / name).symlink_to(shutil.which(name))
    answers = {"get gateway atelier": "printf 10.0.0.1", "get secret atelier-ca": "printf Y2VydA=="}
    cases = "".join(f"*'{words}'*) {answer} ;;\n" for words, answer in answers.items())
    given = {"kubectl": f'[ "$1 $2" = "--kubeconfig {recorded.root}/.atelier/kubeconfig" ]\ncase "$*" in\n{cases}esac\n'}
    if sudo:
        given["sudo"] = f'echo used > {tmp_path}/used\nexec "$@"\n'
    for name, text in given.items():
        (tmp_path / name).write_text(f"#!/bin/sh -e\n{text}")
        (tmp_path / name).chmod(0o755)
    shell(recorded, tmp_path, tunnel)
    assert json.loads((tmp_path / "log").read_text())["name"] == "tunnel --profile atelier"
    shell(recorded, tmp_path, hosts.replace("/etc/hosts", f"{tmp_path}/hosts"))
    assert (tmp_path / "hosts").read_text() == "10.0.0.1 atelier.test\n" and (tmp_path / "used").exists() is sudo
    shell(recorded, tmp_path, trust)
    assert (tmp_path / "atelier-ca.crt").read_text() == "cert"


def test_the_command_for_after_a_reboot_starts_the_cluster_as_it_was_made(life, recorded, tmp_path):
    for name in ("sed", "basename", "dirname", "mkdir"):
        (tmp_path / name).symlink_to(shutil.which(name))
    shell(recorded, tmp_path, life["printed"]["after_a_reboot"])
    (made,) = [entry for entry in life["created"] if entry["name"].startswith("minikube.yml")]
    assert json.loads((tmp_path / "log").read_text()) == made


def test_a_second_plan_is_clean(life):
    assert life["again"].code == 0, life["again"].output[-3000:]


def test_a_plan_without_the_secrets_is_clean_too(life):
    """They are written once; whoever applies later need not know them."""
    assert life["without_secrets"].code == 0, life["without_secrets"].output[-3000:]


def test_secrets_reach_the_cluster_and_not_the_state(life):
    written = {entry["name"]: entry["write_only"]["data_wo"] for entry in life["created"] if entry["type"] == "kubernetes_secret_v1"}
    assert written["postgres-secret"] == {"postgresql-user": 7, "postgresql-db": 7, "postgresql-password": len("mark-of-postgres-0123")}
    assert written["service-secret"] == {"service-key": 48}, "generated"
    assert written["llm-secret"] == {"WEBHOOK_URL": len("https://hook.eu2.make.com/mark-of-webhook"), "WEBHOOK_API_KEY": 0, "LLM_OPENAI_KEY": 0}
    assert written["ocr-secret"] == {"GEMINI_AI_API_KEY": 0}
    assert "mark-of" not in life["state"]
    for resource in json.loads(life["state"])["resources"]:
        assert resource["type"] != "random_password"
        if resource["type"] == "kubernetes_secret_v1":
            for instance in resource["instances"]:
                assert not instance["attributes"].get("data") and not instance["attributes"].get("data_wo")


def test_a_changed_component_is_built_pushed_and_rolled_out_and_nothing_else(life):
    told = {f"{entry['op']} {entry['type']} {entry['name'].split(' ')[0]}" for entry in life["rebuilt"]}
    assert told == {"run cargo xtask", "run spin registry", "update kubectl_manifest SpinApp/auth", "update kubectl_manifest SpinApp/llm", "update kubectl_manifest SpinApp/ocr", "run wait-for-app "}
    assert_in_order(life["rebuilt"], r"run cargo", r"run spin", r"update kubectl_manifest SpinApp")
    assert rollout(life["rebuilt"]) == ONE_AFTER_THE_OTHER


def test_destroy_goes_backwards(life):
    """SpinApps → executor → operator → Shim → runtime-class-manager: each still needs the next (trap 18)."""
    destroyed = life["destroyed"]
    assert_in_order(destroyed, r"manifest SpinApp/", r"manifest SpinAppExecutor/", r"helm_release spin-operator", r"manifest Shim/", r"run wait-for-uninstall", r"helm_release runtime-class-manager", r"run docker container rm", r"run minikube delete")
    assert_in_order(destroyed, r"manifest SpinApp/", r"StatefulSet/postgres", r"secret_v1 postgres-secret", r"manifest Namespace/atelier", r"run minikube delete")
    assert_in_order(destroyed, r"manifest SpinAppExecutor/", r"helm_release spin-operator", r"CustomResourceDefinition/spinapps")
    assert_in_order(destroyed, r"helm_release spin-operator", r"helm_release cert-manager")
    assert_in_order(destroyed, r"helm_release ztunnel", r"helm_release istiod", r"helm_release istio-base")
    assert destroyed[-1]["type"] == "minikube" and "--profile atelier" in destroyed[-1]["name"]


def test_whatever_was_created_is_destroyed(life):
    def objects(request_log, op):
        return {(entry["type"], entry["name"]) for entry in request_log if entry["op"] == op}

    assert objects(life["created"], "create") | objects(life["rebuilt"], "create") == objects(life["destroyed"], "delete") | objects(life["rebuilt"], "delete")


def test_an_existing_cluster_is_only_visited(recorded):
    kubeconfig = recorded.root / "somewhere"
    kubeconfig.write_text("apiVersion: v1\n")
    recorded.variables |= {"cluster": "existing", "kubeconfig": str(kubeconfig), "image": "registry.example.org/atelier:1", "install": {"cert_manager": False, "gateway_api": False, "mesh": False}}
    recorded.forget()
    recorded.apply()
    up = recorded.request_log()
    recorded.forget()
    recorded.destroy()
    down = recorded.request_log()
    commands = {entry["type"] for entry in up + down if entry["op"] == "run"}
    assert commands == {"check-mesh", "wait-for-shim", "wait-for-uninstall", "wait-for-app"}, "no Ansible, no minikube, no push"
    assert up[0]["type"] == "check-mesh", "before anything is changed"
    assert not any(entry["name"] in {"cert-manager", "istiod"} for entry in up)
    assert kubeconfig.exists()


def test_a_raised_revision_writes_that_secret_alone(recorded):
    recorded.variables |= {"cluster": "existing", "kubeconfig": str(recorded.root / "somewhere"), "image": "registry.example.org/atelier:1", "install": {"cert_manager": False, "gateway_api": False, "mesh": False, "spinkube": False, "observability": False}}
    (recorded.root / "somewhere").write_text("apiVersion: v1\n")
    recorded.apply()
    recorded.forget()
    recorded.variables |= {"secret_revisions": {"ocr": 2}, "gemini_ai_api_key": "a-new-key"}
    recorded.apply()
    assert recorded.request_log() == [{"op": "update", "type": "kubernetes_secret_v1", "name": "ocr-secret", "write_only": {"data_wo": {"GEMINI_AI_API_KEY": 9}}}]
    recorded.destroy()


def test_a_changed_setting_is_there_before_the_pods_move_over_and_the_old_one_stays(recorded):
    """That the provider leaves the old one where it is, is seen on a cluster in test_terraform_apply.py."""
    recorded.variables |= {"cluster": "existing", "kubeconfig": str(recorded.root / "somewhere"), "image": "registry.example.org/atelier:1", "install": {"cert_manager": False, "gateway_api": False, "mesh": False, "spinkube": False, "observability": False}}
    (recorded.root / "somewhere").write_text("apiVersion: v1\n")
    recorded.apply()
    recorded.forget()
    recorded.variables |= {"domain": "atelier.example.org"}
    recorded.apply()
    assert_in_order(recorded.request_log(), r"create kubectl_manifest ConfigMap/atelier-settings-", r"update kubectl_manifest SpinApp/")
    state = json.loads((recorded.root / "terraform" / "terraform.tfstate").read_text())
    made = [instance["attributes"] for resource in state["resources"] if resource["name"] == "other" for instance in resource["instances"]]
    kept = {json.loads(each["yaml_body"])["kind"] for each in made if each["apply_only"]}
    assert kept == {"ConfigMap"}
    recorded.destroy()


# ── The script that builds and pushes ───────────────────────────────────────────────────────────────────
def build_and_push(tmp_path, *programs: str, executor: str = "shim") -> subprocess.CompletedProcess:
    """In a project of its own; each program is a path below it and says by which name it was called."""
    for program in programs:
        file = tmp_path / program
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f'#!/bin/sh\necho "{program} $* ${{CARGO_HOME-none}} ${{RUSTUP_HOME-none}}"\n')
        file.chmod(0o755)
    return subprocess.run(
        [PROJECT / "terraform" / "modules" / "registry" / "build-and-push"], cwd=tmp_path, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={"PATH": f"{tmp_path / 'bin'}:/nowhere", "REFERENCE": "127.0.0.1:5080/atelier:x", "EXECUTOR": executor},
    )


def test_the_components_are_built_with_ansibles_rust(tmp_path):
    done = build_and_push(tmp_path, "bin/cargo", "bin/spin", ".atelier/rust/cargo/bin/cargo")
    own = tmp_path / ".atelier" / "rust"
    assert done.stdout.splitlines() == [
        f".atelier/rust/cargo/bin/cargo xtask build --components-only {own}/cargo {own}/rustup",
        f"bin/spin registry push --insecure --from spin.toml 127.0.0.1:5080/atelier:x {own}/cargo {own}/rustup",
    ]


def test_or_with_the_machines_own(tmp_path):
    done = build_and_push(tmp_path, "bin/cargo", "bin/spin")
    assert done.stdout.splitlines()[0] == "bin/cargo xtask build --components-only none none"


def test_without_any_it_says_what_to_do(tmp_path):
    done = build_and_push(tmp_path, "bin/spin")
    assert done.returncode == 1 and "ansible/converge host.yml" in done.stdout and "set image" in done.stdout


@pytest.mark.parametrize("member", [True, False], ids=["a member", "a member since this session began"])
def test_with_spintainer_the_image_gets_the_components_and_is_pushed(tmp_path, member):
    """`sudo` is one that makes its command a member of the group docker."""
    wasm = [f"target/wasm32-wasip2/release/{name}.wasm" for name in ("auth", "llm", "ocr")]
    pages = ["target/pyodide/pyodide.json", "target/pyodide/python_stdlib.zip", "target/pdfjs/pdfjs.json"]
    for name in ("Dockerfile", "spin.toml", *wasm, *pages):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
        file.chmod(0o600)
    commands = tmp_path / "bin"
    commands.mkdir()
    for name, text in {
        "docker": f'[ -n "$AS_MEMBER" ] || exit 1\n[ "$1" != version ] || exit 0\necho "$*" >> {tmp_path}/calls\n[ "$1" != build ] || cat > {tmp_path}/context\n',
        "sudo": f'echo "$1" >> {tmp_path}/sudo\nshift 2\nAS_MEMBER=yes exec "$@"\n',
    }.items():
        (commands / name).write_text(f"#!/bin/sh\n{text}".replace('[ -n "$AS_MEMBER" ]', "true" if member else '[ -n "$AS_MEMBER" ]'))
        (commands / name).chmod(0o755)
    for name in ("tar", "id", "cat"):
        (commands / name).symlink_to(shutil.which(name))
    done = build_and_push(tmp_path, "bin/cargo", executor="spintainer")
    assert done.returncode == 0, done.stdout
    assert (tmp_path / "calls").read_text().splitlines() == ["build --target prebuilt --tag 127.0.0.1:5080/atelier:x -", "push 127.0.0.1:5080/atelier:x"]
    assert (tmp_path / "sudo").exists() is not member
    with tarfile.open(tmp_path / "context") as context:
        assert {entry.name: entry.mode & 0o444 for entry in context if entry.isfile()} == dict.fromkeys(["Dockerfile", "spin.toml", *wasm, *pages], 0o444), "and the image's user, who is nobody, may read them"


# ── The script that deletes minikube ────────────────────────────────────────────────────────────────────
def deleted(tmp_path, docker: str, user: str = "1000") -> subprocess.CompletedProcess:
    """`sudo` is one that makes its command a member of the group: that is what `AS_MEMBER` stands for."""
    commands = tmp_path / "bin"
    commands.mkdir()
    for name, text in {
        "docker": f"[ \"$1\" = version ] && {{ {docker}; exit; }}\necho \"docker $*\" >> {tmp_path}/calls\n[ \"$1\" != container ] || exit 1\n",
        "minikube": f"echo \"minikube $* $KUBECONFIG\" >> {tmp_path}/calls\n",
        "sudo": "shift 2\nexport AS_MEMBER=yes\nexec \"$@\"\n",
        "id": f"[ $1 = -u ] && echo {user} || echo camille\n",
    }.items():
        (commands / name).write_text(f"#!/bin/sh\n{text}")
        (commands / name).chmod(0o755)
    return subprocess.run(
        [PROJECT / "terraform" / "modules" / "cluster" / "delete-minikube"], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={"PATH": f"{commands}:/usr/bin:/bin", "HOME": str(tmp_path), "PROFILE": "essai", "KUBECONFIG": "/k"},
    )


DELETED = ["docker container rm --force atelier-registry", "docker volume rm --force atelier-registry", "minikube delete --profile essai /k"]


@pytest.mark.parametrize("docker", ["true", "[ -n \"$AS_MEMBER\" ]"], ids=["a member", "a member since this session began"])
def test_the_registry_goes_before_the_cluster(tmp_path, docker):
    done = deleted(tmp_path, docker)
    assert done.returncode == 0, done.stdout
    assert (tmp_path / "calls").read_text().splitlines() == DELETED


@pytest.mark.parametrize("user", ["0", "1000"])
def test_a_cluster_whose_engine_does_not_answer_is_not_forgotten(tmp_path, user):
    done = deleted(tmp_path, "false", user)
    assert done.returncode == 1 and "systemctl start docker" in done.stdout
    assert not (tmp_path / "calls").exists()


# ── The scripts that wait ───────────────────────────────────────────────────────────────────────────────
def script(tmp_path, name: str, kubectl: str, **env: str) -> subprocess.CompletedProcess:
    commands = tmp_path / "bin"
    commands.mkdir()
    (commands / "kubectl").write_text(f"#!/bin/sh\necho \"$*\" >> {tmp_path}/calls\n{kubectl}")
    (commands / "kubectl").chmod(0o755)
    (commands / "sleep").write_text("#!/bin/sh\n")
    (commands / "sleep").chmod(0o755)
    return subprocess.run(
        [PROJECT / "terraform" / "modules" / name], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={"PATH": f"{commands}:/usr/bin:/bin", "KUBECONFIG": "k", "CONTEXT": "", "NAMESPACE": "atelier", "TIMEOUT": "9s", "SECONDS_MAX": "20", **env},
    )


# A cluster of two nodes: the shim is on both after some looks. Until then its Job on the second has done SUCCEEDED.
INSTALLING = """case "$*" in
*'get shim'*) [ $(grep -c 'get shim' CALLS) -lt 3 ] && echo 1/2 || echo 2/2 ;;
*'get nodes'*) echo b ;;
*'get jobs --selector'*) echo b-spin-v2-install ;;
*'get job b-spin-v2-install'*) echo SUCCEEDED ;;
esac
"""


@pytest.mark.parametrize("succeeded, touched", [("", 0), ("1", 2)])
def test_the_shim_is_ready_when_every_node_has_it(tmp_path, succeeded, touched):
    """A finished Job whose node's label did not follow is shown to runtime-class-manager again; a running one is left alone."""
    done = script(tmp_path, "spinkube/wait-for-shim", INSTALLING.replace("CALLS", f"{tmp_path}/calls").replace("SUCCEEDED", succeeded), CONTEXT="essai")
    assert done.returncode == 0 and "2 of 2" in done.stdout
    calls = (tmp_path / "calls").read_text().splitlines()
    assert len([call for call in calls if "get shim" in call]) == 3 and all(call.startswith("--context essai ") for call in calls)
    assert len([call for call in calls if "annotate job b-spin-v2-install" in call]) == touched


@pytest.mark.parametrize("answer", ["echo 1/2", "echo 0/0", "echo /", "exit 1"])
def test_a_shim_that_does_not_come_fails_and_shows_its_jobs(tmp_path, answer):
    done = script(tmp_path, "spinkube/wait-for-shim", f"case \"$*\" in *'get shim'*) {answer} ;; *) echo the-jobs-logs ;; esac\n")
    assert done.returncode == 1 and "after 20 seconds" in done.stdout and "the-jobs-logs" in done.stdout


# A cluster of two nodes: the shim is off the first at once, off the second after some looks.
NODES = """case "$*" in
*'get nodes'*) [ $(grep -c 'get nodes' CALLS) -lt 3 ] && echo b || true ;;
*'operation=install --output name'*) INSTALLING ;;
*'get jobs --selector'*) echo b-spin-v2-uninstall ;;
*'get job b-spin-v2-uninstall'*) echo SUCCEEDED ;;
*'logs job/'*) echo "LOG" ;;
esac
"""


def wait_for_uninstall(tmp_path, log: str = "", nodes: str = NODES, succeeded: str = "", installing: str = "true") -> tuple[subprocess.CompletedProcess, list[str]]:
    played = nodes.replace("INSTALLING", installing).replace("CALLS", f"{tmp_path}/calls").replace("LOG", log).replace("SUCCEEDED", succeeded)
    done = script(tmp_path, "spinkube/wait-for-uninstall", played, CONTEXT="essai")
    calls = (tmp_path / "calls").read_text().splitlines()
    assert all(call.startswith("--context essai ") for call in calls)
    return done, [call.removeprefix("--context essai ") for call in calls]


def test_an_uninstalled_shim_is_off_every_node_and_leaves_no_job(tmp_path):
    """A finished Job would be taken for the next one of that name, and nothing would be uninstalled."""
    done, calls = wait_for_uninstall(tmp_path)
    assert done.returncode == 0, done.stdout
    assert calls[-1] == "--namespace runtime-class-manager delete jobs --selector spinkube.dev/job=true"
    assert len([call for call in calls if call.startswith("get nodes")]) == 4 and not [call for call in calls if call.startswith("label") or " annotate " in call]


def test_a_finished_uninstall_is_shown_to_its_manager_again_while_the_node_has_the_label(tmp_path):
    """runtime-class-manager drops the change of a label when the node changed in that moment, and tries again at the next event."""
    done, calls = wait_for_uninstall(tmp_path, succeeded="1")
    assert done.returncode == 0, done.stdout
    assert len([call for call in calls if " annotate job b-spin-v2-uninstall" in call]) == 2


def test_an_uninstall_is_over_only_when_the_installation_is_gone(tmp_path):
    """The deletion of its finished Job is an event that sets the label again."""
    done, calls = wait_for_uninstall(tmp_path, succeeded="1", installing="[ $(grep -c 'get nodes' CALLS) -lt 5 ] && echo job.batch/b-spin-v2-install || true")
    assert done.returncode == 0, done.stdout
    assert len([call for call in calls if call.startswith("get nodes")]) == 6 and not [call for call in calls if " annotate " in call]


def test_a_node_where_the_shim_never_was_does_not_stop_the_uninstall(tmp_path):
    """After a wrong checksum: its uninstall Job cannot succeed."""
    done, calls = wait_for_uninstall(tmp_path, "failed to delete shim: shim spin-v2 not installed")
    assert done.returncode == 0, done.stdout
    deleted = calls.index("--namespace runtime-class-manager delete job b-spin-v2-uninstall")
    assert calls[deleted + 1] == "label node b spin-v2-", "the Job first: it would write the label again"


@pytest.mark.parametrize("nodes", [NODES.replace("-lt 3", "-lt 99"), "exit 1\n"], ids=["a node that keeps it", "no cluster"])
def test_a_shim_that_stays_stops_the_destroy(tmp_path, nodes):
    done, calls = wait_for_uninstall(tmp_path, nodes=nodes)
    assert done.returncode == 1 and not [call for call in calls if " delete " in call]


# An app whose Deployment gets the new image and settings after so many looks.
APP = """case "$*" in
*'get spinapp '*) echo registry:5000/atelier:2 atelier-settings-b atelier-settings-b ;;
*'get deployment '*)
  if [ $(grep -c 'get deployment' "$0.calls") -gt LOOKS ]
  then echo '{"image":"registry:5000/atelier:2","env":[{"name":"atelier-settings-b"}]}'
  else echo '{"image":"registry:5000/atelier:OLD","env":[{"name":"atelier-settings-a"}]}'
  fi ;;
*events*) echo FailedCreatePodSandBox ;;
*FAILING*) exit 1 ;;
esac
"""


@pytest.mark.parametrize("name", ["spin-app/wait-for-app", "spinkube/wait-for-shim", "spinkube/wait-for-uninstall"])
def test_a_machine_without_kubectl_is_told_at_once(name):
    done = subprocess.run([shutil.which("sh"), PROJECT / "terraform" / "modules" / name], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={"PATH": "/nowhere", "SECONDS_MAX": "600", "TIMEOUT": "600s", "NAMESPACE": "n", "CONTEXT": ""})
    assert done.returncode == 1 and "kubectl, which is not on the PATH" in done.stdout


def wait_for_app(tmp_path, looks: int = 0, failing: str = "nothing", old: str = "1") -> tuple[subprocess.CompletedProcess, list[str]]:
    text = APP.replace("$0.calls", f"{tmp_path}/calls").replace("LOOKS", str(looks)).replace("FAILING", failing).replace("OLD", old)
    done = script(tmp_path, "spin-app/wait-for-app", text, APP="auth")
    return done, [call.removeprefix("--namespace atelier ") for call in (tmp_path / "calls").read_text().splitlines()]


def test_an_app_that_rolled_out_and_is_available_is_enough(tmp_path):
    done, calls = wait_for_app(tmp_path)
    assert done.returncode == 0, done.stdout
    assert calls[-2:] == ["rollout status deployment auth --timeout 9s", "wait spinapp auth --for condition=Available --timeout 9s"]


@pytest.mark.parametrize("old", ["1", "2"])
def test_a_rollout_is_not_asked_for_before_the_operator_has_begun_it(tmp_path, old):
    """The version before, or its settings, whose rollout has long ended."""
    done, calls = wait_for_app(tmp_path, looks=3, old=old)
    assert done.returncode == 0, done.stdout
    assert [call.split(" --")[0] for call in calls if call.startswith(("get deployment", "rollout"))] == ["get deployment auth"] * 4 + ["rollout status deployment auth"]


@pytest.mark.parametrize(("looks", "failing"), [(0, "rollout"), (0, "wait"), (99, "nothing")])
def test_an_app_that_does_not_come_fails_and_shows_why(tmp_path, looks, failing):
    """New pods that fail while the old ones keep the app available; an app that never is; an operator that does nothing."""
    done, _ = wait_for_app(tmp_path, looks, failing)
    assert done.returncode == 1 and "FailedCreatePodSandBox" in done.stdout and "docs/operations.md" in done.stdout
