"""compose.yaml and the Dockerfile it builds, as far as no container runs: what goes into the build, what the app is given,
and their own shell, run word for word.
"""
from __future__ import annotations

import http.server
import os
import re
import shutil
import subprocess
import threading
import tomllib
from pathlib import Path

import pytest
import yaml

from manifests import PROJECT, objects, of_kind, spin

DOCKERFILE = (PROJECT / "Dockerfile").read_text()
# Stage → image; the last stage has no name.
STAGES = {stage: image for image, stage in re.findall(r"^FROM (\S+)(?: AS (\S+))?$", DOCKERFILE, re.M)}


def services() -> dict[str, dict]:
    return yaml.safe_load((PROJECT / "compose.yaml").read_text())["services"]


def unescaped(text: str) -> str:
    """Compose puts the user's own variables in before; `$$` is its way to write `$`."""
    assert not re.search(r"(?<!\$)\$(?!\$)", text.replace("$$", "")), f"compose would fill this in: {text}"
    return text.replace("$$", "$")


def test_nothing_has_to_be_set():
    required = re.findall(r"\$\{\w+:?\?", (PROJECT / "compose.yaml").read_text())
    assert required == [], "whoever has Docker and nothing else has no value either"


def test_the_app_is_given_what_spin_toml_reads():
    app = services()["atelier"]
    given = {name.removeprefix("SPIN_VARIABLE_").lower() for name in app["environment"]}
    assert given <= spin()["variables"].keys()
    assert {name for name, variable in spin()["variables"].items() if variable.get("secret")} <= given


def test_only_loopback_is_published_and_the_database_not_at_all():
    compose = yaml.safe_load((PROJECT / "compose.yaml").read_text())
    assert all(port.startswith("127.0.0.1:") for service in services().values() for port in service.get("ports", []))
    assert "ports" not in services()["postgres"] and compose["networks"]["database"]["internal"] is True


def test_compose_and_kubernetes_run_the_same_versions():
    pod = {c["image"] for d in of_kind(objects("minikube"), "StatefulSet") for c in d["spec"]["template"]["spec"]["containers"]}
    spintainer = {d["spec"]["deploymentConfig"]["spinImage"] for d in of_kind(objects("minikube-spintainer"), "SpinAppExecutor")}
    assert {services()["postgres"]["image"]} == pod
    assert STAGES[""] == STAGES["prebuilt"] == "spin" and {STAGES["spin"]} == spintainer


def test_the_image_builds_what_spin_toml_names_with_a_rust_that_is_new_enough():
    for component in spin()["component"].values():
        for package in re.findall(r"--package (\S+)", component["build"]["command"]):
            assert re.search(rf"--package {package} |for name in [a-z ]*\b{package}\b", DOCKERFILE), package
        for mount in component.get("files", []):
            assert re.search(rf"cp -r [\w/ ]*\b{mount['source']}\b[\w/ ]* /app/target/", DOCKERFILE) and f"COPY {mount['source']} /app/{mount['source']}\n" in DOCKERFILE
        assert len(re.findall(rf"\b{re.escape(component['source'])}\b", DOCKERFILE)) == 1
        folder = component["source"].rsplit("/", 1)[0]
        assert f"/app/{folder}/" in DOCKERFILE
    oldest = tomllib.loads((PROJECT / "Cargo.toml").read_text())["workspace"]["package"]["rust-version"]
    has = re.match(r"rust:(\d+)\.(\d+)\.\d+-", STAGES["components"])
    assert (int(has[1]), int(has[2])) >= tuple(map(int, oldest.split(".")))


def test_the_build_gets_a_whole_workspace_and_no_secret(tmp_path):
    lines = [line for line in (PROJECT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert lines[0] == "*", "everything is left out but what is named"
    for name in (line[1:] for line in lines if line.startswith("!")):
        place = tmp_path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        leave = shutil.ignore_patterns(*(line.removeprefix("**/") for line in lines if line.startswith("**/")))
        shutil.copytree(PROJECT / name, place, ignore=leave) if (PROJECT / name).is_dir() else shutil.copy(PROJECT / name, place)
    assert not [file for pattern in ("*.env", "*.tfstate", "*.tfvars") for file in tmp_path.rglob(pattern)]
    cargo = os.environ.get("CARGO") or shutil.which("cargo") or Path.home() / ".cargo" / "bin" / "cargo"
    done = subprocess.run([cargo, "metadata", "--locked", "--offline", "--no-deps", "--format-version=1"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    # What a component's source takes in at compile time is there as well.
    for source in (file for folder in ("components", "crates") for file in (tmp_path / folder).rglob("*.rs")):
        for name in re.findall(r'include_(?:str|bytes)!\(\s*"([^"]+)"', source.read_text()):
            assert (source.parent / name).exists(), f"{source.relative_to(tmp_path)} needs {name}"


def test_spin_may_write_where_it_must_although_the_image_is_read_only():
    """Spin 4.1 does not start when it cannot make ~/.cache/wasmtime (wasmtime's `Cache::from_file`), nor without its state's folder."""
    app = services()["atelier"]
    home = re.search(r"^ENV HOME=(\S+)$", DOCKERFILE, re.M)[1]
    state = app["command"][app["command"].index("--state-dir") + 1]
    assert app["read_only"] is True and app["tmpfs"] == ["/tmp"]
    assert home == "/tmp" and state.startswith("/tmp/")
    user = re.search(r"^USER ([1-9]\d*):", DOCKERFILE, re.M)[1]
    # SpinKube's executor gives no other place than the one beside the manifest (tests/node runs it so).
    assert re.search(rf"^RUN mkdir -p /app/\.spin && chown {user}:{user} /app/\.spin\b", DOCKERFILE, re.M)


def test_what_docker_keeps_of_the_log_has_a_limit():
    """The driver `local` keeps five files of 20 MB unless it is told otherwise (docs.docker.com/engine/logging/drivers/local)."""
    assert {name: service["logging"] for name, service in services().items()} == dict.fromkeys(services(), {"driver": "local"})


def test_no_file_of_the_image_grows_with_the_log(tmp_path):
    """Spin 4.1 writes what a component prints into a file for each of its streams, besides (trigger/src/cli/stdio.rs), without a limit."""
    folder = re.search(r"^ENV SPIN_LOG_DIR=(\S+)$", DOCKERFILE, re.M)[1]
    made = re.search(r"\bmkdir /app/logs.*?\bdone$", DOCKERFILE, re.M | re.S)[0].replace("\\\n", " ")
    subprocess.run(["sh", "-euc", made.replace(folder, str(tmp_path / "logs"))], check=True)
    components = tomllib.loads((PROJECT / "spin.toml").read_text())["component"]
    files = {f"{name}_{stream}.txt" for name in components for stream in ("stdout", "stderr")}
    assert {file.name: str(file.readlink()) for file in (tmp_path / "logs").iterdir()} == dict.fromkeys(files, "/dev/null")
    assert not any(word.startswith(("-L", "--log-dir")) for word in services()["atelier"]["command"])


@pytest.mark.parametrize("given", ["", "a key of the operator's own"])
def test_a_start_without_a_service_key_makes_one(tmp_path, given):
    app = services()["atelier"]
    (tmp_path / "spin").write_text('#!/bin/sh\nprintf "%s\\n" "$SPIN_VARIABLE_SERVICE_KEY" "$@"\n')
    (tmp_path / "spin").chmod(0o755)
    command = [unescaped(word) for word in [*app["entrypoint"], *app["command"]]]
    starts = [
        subprocess.run(command, env={"PATH": f"{tmp_path}:{os.environ['PATH']}", "SPIN_VARIABLE_SERVICE_KEY": given}, capture_output=True, text=True, check=True).stdout.splitlines()
        for _ in range(2)
    ]
    assert all(start[1:] == app["command"] for start in starts), "Spin gets its arguments as they are"
    if given:
        assert [start[0] for start in starts] == [given, given]
    else:
        assert all(re.fullmatch("[0-9a-f]{64}", start[0]) for start in starts) and starts[0] != starts[1]


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False), (None, False)])
def test_healthy_is_what_readyz_says(status, healthy):
    class Answer(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            asked.append((self.path, self.headers["host"]))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_):
            pass

    asked = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    port = server.server_port
    if status is None:
        server.server_close()
    else:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        kind, *command = services()["atelier"]["healthcheck"]["test"]
        assert kind == "CMD"
        script = unescaped(command[-1])
        assert "/127.0.0.1/3000\n" in script
        done = subprocess.run([*command[:-1], script.replace("/127.0.0.1/3000", f"/127.0.0.1/{port}")], capture_output=True, timeout=20)
        assert (done.returncode == 0) is healthy, done.stderr
        assert asked == ([] if status is None else [("/auth/readyz", "localhost")])
    finally:
        if status is not None:
            server.shutdown()
            server.server_close()
