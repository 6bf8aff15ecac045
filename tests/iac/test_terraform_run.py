"""terraform/ run for real: formatted, valid, tested and planned; and its scripts. test_terraform_apply.py applies it.

Real: Terraform, gavinbunney/kubectl, kbst/kustomization (so also every Kustomize build). Mocks with the real
schemas: helm, http, kubernetes, random.
"""
from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import tarfile
import tomllib
from pathlib import Path

import pytest
import yaml

from terraform_project import CRATES, FILES, PROJECT, TOOLS, VERIFIED, Project

@pytest.fixture(scope="module")
def real(tmp_path_factory) -> Project:
    return Project.copy(tmp_path_factory.mktemp("real"))


@pytest.fixture(autouse=True)
def no_variables(request):
    """Each test starts with the defaults."""
    if "real" in request.fixturenames:
        request.getfixturevalue("real").variables = dict(VERIFIED)


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
        # What names an image that is not pushed yet has its digest later.
        if "yaml_body" not in values:
            assert address.endswith(('.spin_app["auth"]', '.spin_app["llm"]', '.spin_app["ocr"]')), address
            continue
        manifest = yaml.safe_load(values["yaml_body"])
        key = (manifest["apiVersion"].split("/")[0], manifest["kind"], manifest["metadata"].get("namespace"), manifest["metadata"]["name"])
        assert key not in seen, f"{key}: {address} and {seen[key]}"
        seen[key] = address
    assert len(seen) > 90


def test_the_image_is_named_by_all_that_it_is_built_from(real, planned):
    """By the hash of their hashes, so that any other content is another image."""
    files = [str(file.relative_to(real.root)) for folder in CRATES for file in (real.root / folder).rglob("*") if file.is_file()]
    lines = [f"{file} {hashlib.sha256((real.root / file).read_bytes()).hexdigest()}\n" for file in sorted([*files, *FILES])]
    tag = hashlib.sha256("".join(lines).encode()).hexdigest()[:16]
    assert resources(planned)["module.registry[0].terraform_data.pushed"]["input"] == f"127.0.0.1:5080/atelier:sources-{tag}"


@pytest.mark.parametrize("profile", ["full", "light"])
def test_cert_manager_is_told_of_the_gateway_api_where_it_is(real, profile):
    """Told of one that is not there, it ends at its start (pkg/controller/context.go), and with it the apply."""
    real.variables |= {"profile": profile}
    values = resources(real.planned())
    (chart,) = [of for address, of in values.items() if address.endswith("helm_release.cert_manager")]
    told = [yaml.safe_load(text).get("config", {}).get("enableGatewayAPI") for text in chart["values"]]
    # Helm takes the last.
    assert [of for of in told if of is not None][-1] is any("gateways.gateway.networking.k8s.io" in address for address in values)


def test_what_names_the_image_is_what_the_build_reads():
    """The packages that xtask/src/build.rs has compiled for it, with all that they depend on; and what is read beside them."""
    workspace = tomllib.loads((PROJECT / "Cargo.toml").read_text())["workspace"]
    folders = [folder for member in workspace["members"] for folder in PROJECT.glob(member)]
    packages = {tomllib.loads((folder / "Cargo.toml").read_text())["package"]["name"]: str(folder.relative_to(PROJECT)) for folder in folders}
    build = (PROJECT / "xtask" / "src" / "build.rs").read_text()
    fetches = re.findall(r'"--package=([\w-]+)"', build)
    assert fetches == ["atelier-browser-files"] and "COMPONENTS" in build
    seen, todo = set(), [packages[name] for name in ("auth", "llm", "ocr", *fetches)]
    while todo:
        folder = todo.pop()
        seen.add(folder)
        manifest = tomllib.loads((PROJECT / folder / "Cargo.toml").read_text())
        tables = [manifest, *manifest.get("target", {}).values()]
        names = {name for table in tables for kind in ("dependencies", "build-dependencies") for name in table.get(kind, {})}
        todo += [packages[name] for name in names & packages.keys() if packages[name] not in seen]
    assert seen == set(CRATES)
    script = (PROJECT / "terraform" / "modules" / "registry" / "build-and-push").read_text()
    assert {name for name in ("spin.toml", "Dockerfile") if name in script} < set(FILES)


@pytest.mark.parametrize("result", ["wasm32-wasip2/release/auth.d", "wasm32-wasip2/release/llm.d", "wasm32-wasip2/release/ocr.d", "native/atelier-browser-files.d"])
def test_the_compiler_read_nothing_else(result):
    """Rust's own list of what it read, templates and included files too, of the last build here."""
    list_of = PROJECT / "target" / result
    read = [Path(name.rstrip(":")) for name in (list_of.read_text().split() if list_of.exists() else [])]
    ours = {str(file.relative_to(PROJECT)) for file in read if file.is_relative_to(PROJECT) and not file.is_relative_to(PROJECT / "target")}
    if not ours:
        pytest.skip("nothing was built in this checkout: cargo xtask build")
    assert {file for file in ours if not file.startswith(tuple(f"{folder}/" for folder in CRATES))} <= set(FILES)


def test_the_compile_services_image_is_named_by_what_its_dockerfile_copies(real):
    dockerfile = (PROJECT / "compiler" / "Dockerfile").read_text()
    assert re.findall(r"^(?:COPY|ADD) (\S+) ", dockerfile, re.M) == ["compiler.py"]

    def tag() -> str:
        real.variables = {**VERIFIED, "compile_service": {}}
        values = resources(real.planned())
        return values["module.compiler_image[0].terraform_data.pushed"]["input"].removeprefix("127.0.0.1:5080/atelier-compiler:sources-")

    names = ("Dockerfile", "compiler.py")
    before = tag()
    assert before == hashlib.sha256("".join(hashlib.sha256((real.root / "compiler" / name).read_bytes()).hexdigest() for name in names).encode()).hexdigest()[:16]
    for name in names:
        file = real.root / "compiler" / name
        text = file.read_text()
        file.write_text(text + "# changed\n")
        assert tag() != before, name
        file.write_text(text)


def test_the_plan_holds_no_secret(real):
    marks = {name: f"mark-of-{name}-0123456789abcdef0123" for name in ("postgres_password", "service_key", "webhook_api_key", "llm_openai_key", "gemini_ai_api_key")}
    real.variables |= marks | {"webhook_url": "https://hook.eu2.make.com/mark-of-webhook"}
    text = json.dumps(real.planned())
    for mark in [*marks.values(), "mark-of-webhook"]:
        assert mark not in text


def test_a_missing_release_of_the_shim_says_what_to_set(real):
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


# ── The script that builds and pushes ───────────────────────────────────────────────────────────────────
def build_and_push(tmp_path, *programs: str, what: str = "shim") -> subprocess.CompletedProcess:
    """In a project of its own; each program is a path below it and says by which name it was called."""
    for program in programs:
        file = tmp_path / program
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f'#!/bin/sh\necho "{program} $* ${{CARGO_HOME-none}} ${{RUSTUP_HOME-none}}"\n')
        file.chmod(0o755)
    return subprocess.run(
        [PROJECT / "terraform" / "modules" / "registry" / "build-and-push"], cwd=tmp_path, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={"PATH": f"{tmp_path / 'bin'}:/nowhere", "REFERENCE": "127.0.0.1:5080/atelier:x", "WHAT": what},
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
    done = build_and_push(tmp_path, "bin/cargo", what="spintainer")
    assert done.returncode == 0, done.stdout
    assert (tmp_path / "calls").read_text().splitlines() == ["build --target prebuilt --tag 127.0.0.1:5080/atelier:x -", "push 127.0.0.1:5080/atelier:x"]
    assert (tmp_path / "sudo").exists() is not member
    with tarfile.open(tmp_path / "context") as context:
        assert {entry.name: entry.mode & 0o444 for entry in context if entry.isfile()} == dict.fromkeys(["Dockerfile", "spin.toml", *wasm, *pages], 0o444), "and the image's user, who is nobody, may read them"


def test_the_compile_services_image_needs_no_rust(tmp_path):
    done = build_and_push(tmp_path, "bin/docker", what="compiler")
    assert done.stdout.splitlines() == [f"bin/docker {words} none none" for words in ("build --tag 127.0.0.1:5080/atelier:x compiler", "push 127.0.0.1:5080/atelier:x")]


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
