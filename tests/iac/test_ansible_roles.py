"""ansible/: linted, and converged twice. The second time nothing may change.

Downloads come from a folder through file:// addresses with checksums of their own; minikube and docker are
scripts that remember what they were told. Nothing here touches the machine, except the container engine's
packages, which are installed where a test may do that (CI, or ATELIER_TEST_MAY_INSTALL=1).
"""
from __future__ import annotations

import hashlib
import io
import json
import os
import re
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest
import yaml

from tools import PROJECT, VENV

ANSIBLE = PROJECT / "ansible"
BIN = VENV / "bin"
ROLES = sorted(path.name for path in (ANSIBLE / "roles").iterdir())


def run(command: list, **options) -> subprocess.CompletedProcess:
    env = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "ANSIBLE_NOCOLOR": "1", "ANSIBLE_LOCALHOST_WARNING": "0", **options.pop("env", {})}
    return subprocess.run([str(word) for word in command], cwd=ANSIBLE, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)


def play(playbook: Path | str, variables: dict, *arguments: str, path: Path | None = None, expect: int = 0) -> dict[str, int]:
    """Runs a playbook on this machine without becoming anyone; returns the recap's figures."""
    env = {"PATH": f"{path}:{BIN}:{os.environ['PATH']}"} if path else {}
    done = run([BIN / "ansible-playbook", playbook, "-i", "inventory/localhost.yml", "-e", json.dumps({"ansible_become": False, **variables}), *arguments], env=env)
    assert done.returncode == expect, done.stdout[-5000:]
    recap = re.search(r"ok=(\d+)\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", done.stdout)
    assert recap, done.stdout
    return {**dict(zip(("ok", "changed", "unreachable", "failed"), map(int, recap.groups()))), "output": done.stdout}


def with_role(tmp_path: Path, *roles: str) -> Path:
    playbook = tmp_path / "play.yml"
    playbook.write_text(yaml.safe_dump([{"hosts": "all", "vars_files": [str(ANSIBLE / "versions.yml")], "roles": [str(ANSIBLE / "roles" / role) for role in roles]}]))
    return playbook


# ── As text ─────────────────────────────────────────────────────────────────────────────────────────────
def test_ansible_lint_finds_nothing_in_the_production_profile():
    """Which has yamllint's rules, parses every playbook and wants each module's full name."""
    done = run([BIN / "ansible-lint", "--offline", "--profile", "production", "--strict", "--nocolor"])
    assert done.returncode == 0, done.stdout[-4000:]


@pytest.mark.parametrize("role", ROLES)
def test_every_role_says_what_it_takes(role):
    """Each default is an option of the argument specs, and the README has an annotated call."""
    folder = ANSIBLE / "roles" / role
    options = yaml.safe_load((folder / "meta" / "argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
    defaults = yaml.safe_load((folder / "defaults" / "main.yml").read_text())
    assert set(defaults) <= set(options)
    readme = (folder / "README.md").read_text()
    assert f"role: {role}" in readme and "#" in readme.split("```yaml")[1].split("```")[0], "one annotated call"


def test_every_download_has_a_checksum_for_each_architecture():
    pins = yaml.safe_load((ANSIBLE / "versions.yml").read_text())
    tools = {name.removeprefix("tools_"): pin for name, pin in pins.items() if name.startswith("tools_")}
    assert set(tools) == {"minikube", "kubectl", "helm", "terraform", "spin"}
    for name, pin in {**tools, "rust": pins["rust_installer"]}.items():
        assert set(pin["sha256"]) == {"amd64", "arm64"}, name
        assert all(re.fullmatch(r"[0-9a-f]{64}", sum) for sum in pin["sha256"].values()), name
        assert len(set(pin["sha256"].values())) == 2, f"{name}: the same checksum for two architectures"
        assert pin["version"].lstrip("v") in pin["path"], f"{name}: version and path disagree"
        assert pin["mirror"].startswith("https://"), name
    assert re.search(r"@sha256:[0-9a-f]{64}$", pins["registry_image"])
    for file in (ANSIBLE / "roles").glob("*/tasks/*.yml"):
        for task in yaml.safe_load(file.read_text()):
            if "ansible.builtin.get_url" in task:
                assert task["ansible.builtin.get_url"]["checksum"].startswith("sha256:"), file


def test_minikube_is_new_enough_for_the_shims_installer():
    """Trap 6: node images before minikube 1.38 have no D-Bus, and the installer would fetch it with apt."""
    pins = yaml.safe_load((ANSIBLE / "versions.yml").read_text())
    assert tuple(map(int, pins["tools_minikube"]["version"].removeprefix("v").split("."))) >= (1, 38, 0)
    assert tuple(map(int, pins["minikube_kubernetes_version"].removeprefix("v").split("."))) >= (1, 32, 0), "Istio 1.30 needs 1.32"
    assert pins["tools_kubectl"]["version"].split(".")[1] == pins["minikube_kubernetes_version"].split(".")[1], "kubectl and the cluster differ"


# ── Downloads ───────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def mirror(tmp_path):
    """Five tools as their publishers pack them, and versions.yml's entries pointing at them."""
    folder = tmp_path / "mirror"
    pins = {name: pin for name, pin in yaml.safe_load((ANSIBLE / "versions.yml").read_text()).items() if name.startswith("tools_")}
    for name, pin in pins.items():
        tool = name.removeprefix("tools_")
        program = f"#!/bin/sh\necho {tool} one\n".encode()
        for arch in ("amd64", "arm64"):
            file = folder / tool / pin["path"].replace("{arch}", pin.get("arches", {}).get(arch, arch))
            file.parent.mkdir(parents=True, exist_ok=True)
            member = pin.get("member", "").replace("{arch}", arch)
            if file.name.endswith(".tar.gz"):
                with tarfile.open(file, "w:gz") as archive:
                    info = tarfile.TarInfo(member)
                    info.size, info.mode = len(program), 0o755
                    archive.addfile(info, io.BytesIO(program))
            elif file.name.endswith(".zip"):
                with zipfile.ZipFile(file, "w") as archive:
                    archive.writestr(member, program)
            else:
                file.write_bytes(program)
            pin["sha256"][arch] = hashlib.sha256(file.read_bytes()).hexdigest()
    return folder, pins


def tools_variables(tmp_path: Path, mirror: Path, pins: dict) -> dict:
    directory = tmp_path / "bin"
    directory.mkdir(exist_ok=True)
    return {
        **pins,
        "tools_dir": str(directory),
        "tools_cache": str(tmp_path / "cache"),
        "tools_mirrors": {name.removeprefix("tools_"): f"file://{mirror / name.removeprefix('tools_')}" for name in pins},
    }


def test_tools_are_installed_once(tmp_path, mirror):
    folder, pins = mirror
    variables = tools_variables(tmp_path, folder, pins)
    playbook = with_role(tmp_path, "tools")
    first = play(playbook, variables, "--skip-tags", "packages")
    assert first["changed"] > 0
    for tool in ("minikube", "kubectl", "helm", "terraform", "spin"):
        answer = subprocess.run([tmp_path / "bin" / tool], capture_output=True, text=True, check=True)
        assert answer.stdout == f"{tool} one\n"
    assert play(playbook, variables, "--skip-tags", "packages")["changed"] == 0


def test_tools_of_the_other_architecture(tmp_path, mirror):
    """spin's publisher writes aarch64 where the others write arm64."""
    folder, pins = mirror
    for file in folder.rglob("*"):
        if file.is_file() and "amd64" in f"{file.relative_to(folder)}":
            file.unlink()
    play(with_role(tmp_path, "tools"), {**tools_variables(tmp_path, folder, pins), "tools_arch": "arm64"}, "--skip-tags", "packages")
    assert sorted(path.name for path in (tmp_path / "bin").iterdir()) == ["helm", "kubectl", "minikube", "spin", "terraform"]


def test_another_version_replaces_the_tool(tmp_path, mirror):
    folder, pins = mirror
    variables = {**tools_variables(tmp_path, folder, pins), "tools_wanted": ["kubectl"]}
    playbook = with_role(tmp_path, "tools")
    play(playbook, variables, "--skip-tags", "packages")
    for file in folder.glob("kubectl/**/kubectl"):
        file.write_text("#!/bin/sh\necho kubectl two\n")
        pins["tools_kubectl"]["sha256"] = dict.fromkeys(("amd64", "arm64"), hashlib.sha256(file.read_bytes()).hexdigest())
    assert play(playbook, {**variables, **pins}, "--skip-tags", "packages")["changed"] > 0
    assert "two" in (tmp_path / "bin" / "kubectl").read_text()


def test_a_download_with_another_content_is_refused(tmp_path, mirror):
    folder, pins = mirror
    for file in folder.glob("minikube/**/minikube-linux-*"):
        file.write_bytes(file.read_bytes() + b"# changed on the way\n")
    variables = {**tools_variables(tmp_path, folder, pins), "tools_wanted": ["minikube"]}
    # Three tries, five seconds apart, are the role's business; here one is enough to see the refusal.
    answer = play(with_role(tmp_path, "tools"), variables, "--skip-tags", "packages", expect=2)
    assert "checksum" in answer["output"]
    assert not (tmp_path / "bin" / "minikube").exists()


RUSTUP_INIT = """#!/bin/sh
echo "$*" >> {log}
for word; do
    case $word in
    --default-toolchain=*) toolchain=${{word#*=}} ;;
    --target=*) target=${{word#*=}} ;;
    esac
done
mkdir -p "$CARGO_HOME/bin" "$RUSTUP_HOME/toolchains/$toolchain-$(uname -m)-unknown-linux-gnu/lib/rustlib/$target"
"""


@pytest.fixture
def rust(tmp_path):
    """The role's variables, with an installer that leaves the folders that rustup's does."""
    installer = yaml.safe_load((ANSIBLE / "versions.yml").read_text())["rust_installer"]
    for host in ("x86_64", "aarch64"):
        file = tmp_path / "mirror" / installer["path"].replace("{host}", f"{host}-unknown-linux-gnu")
        file.parent.mkdir(parents=True)
        file.write_text(RUSTUP_INIT.format(log=tmp_path / "log"))
    installer["sha256"] = dict.fromkeys(("amd64", "arm64"), hashlib.sha256(file.read_bytes()).hexdigest())
    return {"rust_installer": installer, "rust_folder": str(tmp_path / "rust"), "rust_mirror": f"file://{tmp_path / 'mirror'}"}


def test_rust_is_installed_once_and_again_for_another_version(tmp_path, rust):
    playbook = with_role(tmp_path, "rust")
    pinned = yaml.safe_load((ANSIBLE / "versions.yml").read_text())["rust_toolchain"]
    for version in (pinned, "9.9.9"):
        variables = {**rust, "rust_toolchain": version}
        assert play(playbook, variables, "--skip-tags", "packages")["changed"] > 0
        assert play(playbook, variables, "--skip-tags", "packages")["changed"] == 0
    calls = (tmp_path / "log").read_text().splitlines()
    assert calls == [f"-y --no-modify-path --profile=minimal --default-toolchain={version} --target=wasm32-wasip2" for version in (pinned, "9.9.9")]
    assert (tmp_path / "rust" / "cargo" / "bin").is_dir(), "where build-and-push looks for cargo"


def test_rust_is_new_enough_for_the_workspace():
    pinned = yaml.safe_load((ANSIBLE / "versions.yml").read_text())["rust_toolchain"]
    needed = re.search(r'^rust-version = "([\d.]+)"', (PROJECT / "Cargo.toml").read_text(), re.M).group(1)
    assert tuple(map(int, pinned.split("."))) >= tuple(map(int, needed.split(".")))


def test_kernel_settings_are_written_once(tmp_path):
    variables = {"kernel_settings_file": str(tmp_path / "60-atelier.conf"), "kernel_apply": False}
    playbook = with_role(tmp_path, "kernel")
    assert play(playbook, variables)["changed"] == 1
    assert "fs.inotify.max_user_instances = 512\n" in (tmp_path / "60-atelier.conf").read_text()
    assert play(playbook, variables)["changed"] == 0


@pytest.mark.skipif(not (os.environ.get("CI") or os.environ.get("ATELIER_TEST_MAY_INSTALL")), reason="installs docker.io on this machine: set ATELIER_TEST_MAY_INSTALL=1")
def test_the_container_engine_converges(tmp_path):
    variables = {"container_engine_start": False, "container_engine_users": []}
    playbook = with_role(tmp_path, "container_engine")
    play(playbook, variables)
    again = play(playbook, variables)
    assert again["changed"] == 0
    assert Path("/usr/bin/dockerd").exists() or Path("/usr/sbin/dockerd").exists()


@pytest.mark.parametrize("distribution,version,packages", [
    ("Debian", "12", ["docker.io", "apparmor"]),
    ("Debian", "13", ["docker.io", "apparmor", "docker-cli"]),
    ("Ubuntu", "24", ["docker.io", "apparmor"]),
])
def test_the_engine_comes_with_its_client(tmp_path, distribution, version, packages):
    """Debian 13 only recommends it, and minikube and the registry's role call it."""
    playbook = tmp_path / "play.yml"
    role = str(ANSIBLE / "roles" / "container_engine")
    playbook.write_text(yaml.safe_dump([{"hosts": "all", "gather_facts": False, "tasks": [
        {"ansible.builtin.include_vars": f"{role}/vars/main.yml"},
        {"ansible.builtin.include_vars": f"{role}/defaults/main.yml"},
        {"ansible.builtin.debug": {"msg": "{{ container_engine_packages | join(' ') }} are all"}},
    ]}]))
    answer = play(playbook, {"ansible_facts": {"distribution": distribution, "distribution_major_version": version, "user_id": "root"}})
    assert f"msg: {' '.join(packages)} are all" in answer["output"]


@pytest.mark.skipif(not Path("/usr/bin/apt-get").exists(), reason="asks apt what it would install: Debian and Ubuntu only")
def test_a_check_run_of_a_bare_machine_fails_nowhere(tmp_path):
    """Neither the engine's service nor its group is there, nor minikube, nor docker."""
    variables = {
        "ansible_become": False,
        "container_engine_packages": ["docker.io", "docker-doc"],
        "container_engine_users": ["root", "nobody"],
        "kernel_settings_file": str(tmp_path / "60-atelier.conf"),
        "minikube_kubeconfig": str(tmp_path / "kube" / "config"),
        "tools_dir": str(tmp_path / "bin"),
        "tools_cache": str(tmp_path / "cache"),
    }
    done = run([BIN / "ansible-playbook", "site.yml", "--check", "-i", "inventory/localhost.yml", "-e", json.dumps(variables)], env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin"})
    assert done.returncode == 0, done.stdout[-5000:]
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_distribution_is_refused_with_the_way_out(tmp_path):
    playbook = with_role(tmp_path, "container_engine")
    text = playbook.read_text().replace("hosts: all", "hosts: all\n  gather_facts: false")
    playbook.write_text(text)
    facts = {"ansible_facts": {"os_family": "RedHat", "distribution": "Fedora", "user_id": "root"}, "container_engine_users": []}
    done = run([BIN / "ansible-playbook", playbook, "-i", "inventory/localhost.yml", "-e", json.dumps({"ansible_become": False, **facts})])
    assert done.returncode == 2 and "prepare_host = false" in " ".join(done.stdout.split()), done.stdout


# ── minikube and the registry ───────────────────────────────────────────────────────────────────────────
MINIKUBE = """#!/bin/sh
echo "minikube $*" >> {log}
case "$1" in
status)
    [ -f {state}/minikube ] || {{ echo 'Profile "atelier" not found'; exit 85; }}
    s=$(cat {state}/minikube)
    k=Misconfigured
    grep -q 'port 1' "$KUBECONFIG" 2>/dev/null && k=Configured
    echo "{{\\"Name\\":\\"atelier\\",\\"Host\\":\\"$s\\",\\"Kubelet\\":\\"$s\\",\\"APIServer\\":\\"$s\\",\\"Kubeconfig\\":\\"$k\\"}}"
    [ "$s" = Running ] || exit 7 ;;
start) echo Running > {state}/minikube; echo 'port 1' > "$KUBECONFIG" ;;
esac
"""
DOCKER = """#!/bin/sh
echo "docker $*" >> {log}
case "$1 $2" in
"network inspect") echo 192.168.49.0/24 ;;
"container inspect") cat {state}/docker 2>/dev/null || {{ echo 'Error: No such container' >&2; exit 1; }} ;;
"container run")
    for word; do case $word in --ip=*) ip=${{word#--ip=}} ;; --restart=*) restart=${{word#--restart=}} ;; esac; done
    echo "$word running $restart $ip" > {state}/docker ;;
"container rm") [ -f {state}/docker ] || {{ echo 'Error: No such container' >&2; exit 1; }}; rm {state}/docker; echo removed ;;
esac
"""


@pytest.fixture
def machine(tmp_path):
    state, commands = tmp_path / "state", tmp_path / "commands"
    state.mkdir(), commands.mkdir()
    for name, text in (("minikube", MINIKUBE), ("docker", DOCKER)):
        (commands / name).write_text(text.format(state=state, log=tmp_path / "log"))
        (commands / name).chmod(0o755)

    class Machine:
        path = commands
        variables = {"minikube_kubeconfig": str(tmp_path / "kube" / "config")}

        def calls(self):
            lines = (tmp_path / "log").read_text().splitlines() if (tmp_path / "log").exists() else []
            (tmp_path / "log").unlink(missing_ok=True)
            return lines

        def play(self, **more):
            return play("minikube.yml", {**self.variables, **more}, path=commands)

        def set(self, name, text):
            (state / name).write_text(text)

    return Machine()


def test_the_cluster_is_started_once_with_containerd_and_its_registry_beside_it(machine):
    assert machine.play()["changed"] >= 2
    calls = machine.calls()
    (start,) = [call.split() for call in calls if call.startswith("minikube start")]
    # Trap 10: the exact host:port; containerd takes an address range for a folder's name.
    assert {"--container-runtime=containerd", "--driver=docker", "--kubernetes-version=v1.35.1", "--memory=8g", "--cpus=4", "--disk-size=40g", "--profile=atelier", "--insecure-registry=atelier-registry:5000"} <= set(start)
    assert ("--force" in start) == (os.geteuid() == 0), "minikube refuses root without it"
    (registry,) = [call.split() for call in calls if call.startswith("docker container run")]
    # A reboot starts no container of ours before minikube does, and the registry's address is not one that nodes get.
    assert {"--restart=no", "--ip=192.168.49.254", "--publish=127.0.0.1:5080:5000", "--network=atelier"} <= set(registry)
    assert machine.play()["changed"] == 0
    assert not [call for call in machine.calls() if " start" in call or " run " in call]


def test_a_cluster_that_does_not_run_is_started_again(machine):
    machine.play()
    for state in ("Stopped", "Paused"):
        machine.calls()
        machine.set("minikube", state)
        assert machine.play()["changed"] == 3
        # In this order: the node's address is free while the node does not run, and any container could get it.
        acted = [" ".join(call.split()[:3]) for call in machine.calls() if re.search(r" (start|rm|run) ", call)]
        assert acted == ["docker container rm", "minikube start --profile=atelier", "docker container run"]


def test_a_registry_of_an_earlier_version_or_another_image_is_replaced(machine):
    machine.play()
    image = yaml.safe_load((ANSIBLE / "versions.yml").read_text())["registry_image"]
    other = "docker.io/library/registry:3.0.1@sha256:" + "1" * 64
    for there, wanted in ((f"{image} running unless-stopped 192.168.49.254\n", image), (f"{image} running no \n", image), (None, other)):
        if there:
            machine.set("docker", there)
        machine.calls()
        assert machine.play(registry_image=wanted)["changed"] == 2
        assert [call.split()[2] for call in machine.calls() if re.match("docker container (rm|run) ", call)] == ["rm", "run"]
    assert machine.play(registry_image=other)["changed"] == 0


def test_a_kubeconfig_that_is_lost_or_of_before_the_last_start_is_written_again(machine):
    """The cluster has another port after each start; one started by hand writes it into ~/.kube/config."""
    machine.play()
    kubeconfig = Path(machine.variables["minikube_kubeconfig"])
    kubeconfig.write_text("port 2\n")
    machine.calls()
    assert machine.play()["changed"] == 1
    assert [call for call in machine.calls() if call.startswith("minikube start")] and kubeconfig.read_text() == "port 1\n"
    kubeconfig.unlink()
    machine.play()
    assert kubeconfig.exists()


def test_another_machine_keeps_its_kubeconfig_in_its_users_home(tmp_path):
    """It has no folder of this checkout. On this machine it is where Terraform looks."""
    playbook = tmp_path / "play.yml"
    defaults = str(ANSIBLE / "roles" / "minikube" / "defaults" / "main.yml")
    playbook.write_text(yaml.safe_dump([{"hosts": "all", "gather_facts": False, "vars_files": [], "tasks": [
        {"ansible.builtin.include_vars": {"file": defaults, "name": "role"}},
        {"ansible.builtin.debug": {"msg": "it is {{ minikube_kubeconfig | default(role.minikube_kubeconfig) }}"}},
    ]}]))
    facts = {"ansible_facts": {"user_dir": "/home/camille"}, "ansible_connection": "local"}
    done = run([BIN / "ansible-playbook", playbook, "-i", "inventory/remote.example.yml", "-e", json.dumps(facts)])
    assert "it is /home/camille/.atelier/kubeconfig" in done.stdout, done.stdout
    done = run([BIN / "ansible-playbook", playbook, "-i", "inventory/localhost.yml", "-e", json.dumps(facts)])
    assert f"it is {tmp_path.parent}/.atelier/kubeconfig" in done.stdout, done.stdout
    assert '"${local.project_dir}/.atelier/kubeconfig"' in (PROJECT / "terraform" / "locals.tf").read_text()


def test_terraforms_settings_reach_the_cluster_and_a_folder_that_is_there_keeps_its_mode(machine):
    """The kubeconfig may go into somebody's home, or into /tmp."""
    folder = Path(machine.variables["minikube_kubeconfig"]).parent
    folder.mkdir(mode=0o755)
    machine.play(minikube_profile="essai", minikube_cpus=2, minikube_memory_gib=6, minikube_disk_gib=20)
    assert folder.stat().st_mode & 0o777 == 0o755
    calls = machine.calls()
    (start,) = [call for call in calls if call.startswith("minikube start")]
    assert {"--profile=essai", "--cpus=2", "--memory=6g", "--disk-size=20g"} <= set(start.split())
    (registry,) = [call for call in calls if call.startswith("docker container run")]
    assert "--network=essai" in registry.split()
    machine.play(minikube_kubeconfig=str(folder / "fresh" / "config"))
    assert (folder / "fresh").stat().st_mode & 0o777 == 0o700


def test_the_settings_terraform_hands_over_are_the_roles_options():
    text = (PROJECT / "terraform" / "modules" / "cluster" / "main.tf").read_text()
    handed = set(re.findall(r"^\s+(minikube_\w+)\s+=", text, re.M))
    options = yaml.safe_load((ANSIBLE / "roles" / "minikube" / "meta" / "argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
    assert handed and handed <= set(options)
    registry = yaml.safe_load((ANSIBLE / "roles" / "registry" / "defaults" / "main.yml").read_text())
    minikube = yaml.safe_load((ANSIBLE / "roles" / "minikube" / "defaults" / "main.yml").read_text())
    locals_ = (PROJECT / "terraform" / "locals.tf").read_text()
    assert f'127.0.0.1:{registry["registry_port"]}/' in locals_ and f'{minikube["minikube_registry"]}/' in locals_
    assert minikube["minikube_registry"] == f'{registry["registry_name"]}:5000'
