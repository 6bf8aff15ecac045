"""A copy of the project in which Terraform may do what it likes.

The commands that a plan would run on the machine (Ansible, cargo, minikube, kubectl, spin) are scripts that write down
how they were called. Downloads come from a folder. Everything else is the project's own files.
"""
from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent.parent
TOOLS = PROJECT / ".atelier" / "tools" / "terraform"
PYTHON = TOOLS / "venv" / "bin" / "python"
# Terraform, or with ATELIER_TERRAFORM=opentofu OpenTofu: the same tests for both.
OPENTOFU = os.environ.get("ATELIER_TERRAFORM") == "opentofu"
TERRAFORM = [TOOLS / "tofu"] if OPENTOFU else [PYTHON, HERE / "terraform_cli.py"]

RECORDER = """#!/bin/sh
printf '{"op":"run","type":"%s","name":"%s"}\\n' "$(basename "$0")" "$(printf '%s' "$*" | sed 's/[\\\\"]/\\\\&/g')" >> "$ATELIER_MOCK_REQUEST_LOG"
"""
# One file of each folder that the artefact is built from.
SOURCES = [f"{folder}/src/lib.rs" for folder in ("components/auth", "components/llm", "components/ocr", "crates/auth-api", "crates/latex", "crates/mathml", "crates/migrations", "crates/web")]
# What `ansible/converge minikube.yml` leaves behind, as far as Terraform sees it.
CONVERGE = RECORDER + """
case "$1" in
minikube.yml) path=$(printf '%s' "$3" | sed 's/.*"minikube_kubeconfig":"\\([^"]*\\)".*/\\1/'); mkdir -p "$(dirname "$path")"; echo 'apiVersion: v1' > "$path" ;;
esac
"""


@dataclass
class Result:
    code: int
    output: str

    @property
    def flat(self) -> str:
        """The output without the box that Terraform draws around errors, on one line."""
        return " ".join(self.output.replace("│", " ").split())


@dataclass
class Project:
    root: Path
    mirror: str = "terraform"
    variables: dict[str, object] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)

    @classmethod
    def copy(cls, root: Path, mirror: str = "terraform", kubectl: Path | None = None) -> "Project":
        """With a `kubectl` of its own, the scripts that wait for the cluster really do."""
        for folder in ("terraform", "k8s", "ansible"):
            shutil.copytree(PROJECT / folder, root / folder, ignore=shutil.ignore_patterns(".terraform*", "terraform.tfstate*", "*.tfvars"))
        for file in ("spin.toml", "Cargo.toml", "Cargo.lock", "Dockerfile"):
            shutil.copy(PROJECT / file, root)
        project = cls(root, mirror)
        for file in SOURCES:
            project.write(file, "1")
        commands = root / "bin"
        commands.mkdir()
        for name in ("cargo", "docker", "kubectl", "minikube", "spin"):
            (commands / name).write_text(RECORDER)
            (commands / name).chmod(0o755)
        (root / "ansible" / "converge").write_text(CONVERGE)
        (root / "ansible" / "converge").chmod(0o755)
        if kubectl:
            (commands / "kubectl").unlink()
            (commands / "kubectl").symlink_to(kubectl)
        else:
            for script in ("terraform/check-machine", "k8s/platform/check-mesh", *(f"terraform/modules/{name}" for name in ("spinkube/wait-for-shim", "spinkube/wait-for-uninstall", "spin-app/wait-for-app"))):
                (root / script).write_text(RECORDER)
        project.run("init", "-input=false")
        return project

    def write(self, source: str, content: str) -> None:
        """Another content of a file that the components are built from."""
        file = self.root / source
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)

    @property
    def request_log_file(self) -> Path:
        return self.root / "requests"

    def request_log(self) -> list[dict]:
        if not self.request_log_file.exists():
            return []
        return [json.loads(line) for line in self.request_log_file.read_text().splitlines()]

    def forget(self) -> None:
        self.request_log_file.unlink(missing_ok=True)

    def run(self, command: str, *arguments: str, expect: int | None = 0, env: dict[str, str] | None = None) -> Result:
        environment = {
            "PATH": f"{self.root / 'bin'}:{os.environ['PATH']}",
            "HOME": str(self.root),
            "TMPDIR": os.environ.get("TMPDIR", "/tmp"),
            "TF_CLI_CONFIG_FILE": str(TOOLS / f"{self.mirror}.tfrc"),
            "TF_IN_AUTOMATION": "1",
            "ATELIER_MOCK_REQUEST_LOG": str(self.request_log_file),
            "ATELIER_MOCK_DOWNLOADS": str(TOOLS / "downloads"),
            **{f"TF_VAR_{name}": value if isinstance(value, str) else json.dumps(value) for name, value in self.variables.items()},
            **self.environment,
            **(env or {}),
        }
        done = subprocess.run(
            [*TERRAFORM, f"-chdir={self.root / 'terraform'}", command, *arguments],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, stdin=subprocess.DEVNULL,
        )
        if expect is not None:
            assert done.returncode == expect, done.stdout[-6000:]
        return Result(done.returncode, done.stdout)

    def plan(self, *arguments: str, **options) -> Result:
        return self.run("plan", "-input=false", "-no-color", "-lock=false", *arguments, **options)

    def apply(self, *arguments: str, **options) -> Result:
        return self.run("apply", "-input=false", "-no-color", "-auto-approve", *arguments, **options)

    def destroy(self, *arguments: str, **options) -> Result:
        return self.run("destroy", "-input=false", "-no-color", "-auto-approve", *arguments, **options)

    def planned(self, *arguments: str, **options) -> dict:
        """A plan, as the machine-readable document that `terraform show -json` prints."""
        self.plan("-out=plan", *arguments, **options)
        return json.loads(self.run("show", "-json", "plan").output)
