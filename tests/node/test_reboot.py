"""After a reboot: ansible/minikube.yml with a real Docker, which is stopped and started as a machine does it. Played is minikube:
a script that runs the node's container as minikube does, with a fixed address and no restart policy.
"""
from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from test_ansible_roles import play
from tools import BIN

NODE, REGISTRY = "192.168.58.2", "192.168.58.254"
MINIKUBE = f"""#!/bin/sh
running=$(docker container inspect --format '{{{{.State.Running}}}}' atelier 2>/dev/null)
case "$1 $running" in
"status ") exit 85 ;;
"status true") state=Running ;;
"status false") state=Stopped ;;
"start ") docker network create --subnet 192.168.58.0/24 atelier && exec docker container run --detach --name atelier --network atelier --ip {NODE} wait ;;
start*) exec docker container start atelier ;;
esac
echo "{{\\"Host\\":\\"$state\\",\\"Kubelet\\":\\"$state\\",\\"APIServer\\":\\"$state\\",\\"Kubeconfig\\":\\"Configured\\"}}"
"""


class Docker:
    def __init__(self, folder: Path) -> None:
        self.folder, self.commands = folder, folder / "commands"
        self.commands.mkdir(parents=True)
        (self.commands / "minikube").write_text(MINIKUBE)
        (self.commands / "minikube").chmod(0o755)
        self.start()
        # An image of one program that waits.
        tar = subprocess.run(["tar", "--create", "--directory", BIN, "pause"], check=True, capture_output=True).stdout
        subprocess.run(["docker", "import", "--change", 'CMD ["/pause"]', "-", "wait"], input=tar, check=True, capture_output=True)

    def start(self) -> None:
        options = {"data-root": "data", "exec-root": "exec", "pidfile": "pid"}
        self.process = subprocess.Popen([
            "dockerd", f"--host={os.environ['DOCKER_HOST']}", *(f"--{name}={self.folder / value}" for name, value in options.items()),
            "--bridge=none", "--iptables=false", "--ip6tables=false", "--storage-driver=vfs",
            "--exec-opt=native.cgroupdriver=cgroupfs", f"--cgroup-parent=/{os.environ['ATELIER_NODE_CGROUP']}/docker",
        ], stdout=(self.folder / "dockerd.log").open("ab"), stderr=subprocess.STDOUT)
        until = time.monotonic() + 60
        while subprocess.run(["docker", "version"], capture_output=True).returncode:
            assert self.process.poll() is None and time.monotonic() < until, (self.folder / "dockerd.log").read_text()[-3000:]
            time.sleep(0.3)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(60)

    def restart(self) -> None:
        self.stop()
        self.start()
        # What has a restart policy is started a moment after Docker answers.
        time.sleep(5)

    def run(self, *arguments: str) -> None:
        subprocess.run(["docker", "container", "run", "--detach", "--network=atelier", *arguments, "wait"], check=True, capture_output=True)

    def addresses(self) -> dict[str, str]:
        """Name → address, of the containers that run."""
        names = subprocess.run(["docker", "ps", "--format", "{{.Names}}"], check=True, capture_output=True, text=True).stdout.split()
        form = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
        return {name: subprocess.run(["docker", "inspect", "--format", form, name], check=True, capture_output=True, text=True).stdout.strip() for name in names}

    def converge(self) -> None:
        """What `terraform output -raw after_a_reboot` runs."""
        play("minikube.yml", {"minikube_kubeconfig": str(self.folder / "kube" / "config"), "registry_image": "wait"}, path=self.commands)


@pytest.fixture(scope="module")
def docker():
    folder = Path(os.environ["ATELIER_NODE_FOLDER"]) / "reboot"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("DOCKER_HOST", f"unix://{folder}/socket")
        running = Docker(folder)
        yield running
        running.stop()


def test_after_a_reboot_nothing_takes_the_nodes_address_and_one_command_starts_both(docker):
    docker.converge()
    assert docker.addresses() == {"atelier": NODE, "atelier-registry": REGISTRY}
    docker.restart()
    assert docker.addresses() == {}
    docker.converge()
    assert docker.addresses() == {"atelier": NODE, "atelier-registry": REGISTRY}


def test_a_registry_that_docker_starts_by_itself_takes_it_and_the_command_mends_that_too(docker):
    """As the registry was run once: why it may not have a restart policy."""
    subprocess.run(["docker", "container", "rm", "--force", "atelier-registry"], check=True, capture_output=True)
    docker.run("--name=atelier-registry", "--restart=unless-stopped")
    docker.restart()
    assert docker.addresses() == {"atelier-registry": NODE}
    done = subprocess.run(["docker", "container", "start", "atelier"], capture_output=True, text=True)
    assert done.returncode and "Address already in use" in done.stderr
    docker.converge()
    assert docker.addresses() == {"atelier": NODE, "atelier-registry": REGISTRY}
