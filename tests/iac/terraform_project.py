"""A copy of the project in which Terraform may do what it likes.

The commands that a plan would run on the machine (Ansible, cargo, minikube, kubectl, spin) are scripts that write down
how they were called. Downloads come from a folder. Everything else is the project's own files.
"""
from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent.parent
TOOLS = PROJECT / ".atelier" / "tools" / "terraform"
# Terraform, or with ATELIER_TERRAFORM=opentofu OpenTofu: the same tests for both.
OPENTOFU = os.environ.get("ATELIER_TERRAFORM") == "opentofu"
TERRAFORM = [TOOLS / "tofu"] if OPENTOFU else [sys.executable, HERE / "terraform_cli.py"]

SHA = "0123456789abcdef" * 4
# Without a checksum of the shim a plan stops.
VERIFIED = {"shim_sha256": {"x86_64": SHA, "aarch64": SHA[::-1]}}
RECORDER = """#!/bin/sh
printf '%s %s\\n' "${0##*/}" "$*" >> "$ATELIER_CALLS"
"""
# What the artefact is built from: crates, of which the copy has one file each, and single files.
CRATES = ("components/auth", "components/llm", "components/ocr", "crates/auth-api", "crates/latex", "crates/mathml", "crates/migrations", "crates/web", "xtask/browser-files")
FILES = ("spin.toml", ".cargo/config.toml", "Cargo.toml", "Cargo.lock", "Dockerfile", "xtask/src/build.rs", "xtask/src/toolchain.rs", "terraform/modules/registry/build-and-push")
SOURCES = [f"{folder}/src/lib.rs" for folder in CRATES]
# What `ansible/converge minikube.yml` leaves behind, as far as Terraform sees it: the kubeconfig of a cluster.
CONVERGE = RECORDER + """
case "$1" in
minikube.yml) path=$(printf '%s' "$3" | sed 's/.*"minikube_kubeconfig":"\\([^"]*\\)".*/\\1/'); mkdir -p "$(dirname "$path")"; cp KUBECONFIG "$path" ;;
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
    variables: dict[str, object] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)

    @classmethod
    def copy(cls, root: Path, cluster: object = None) -> "Project":
        """With a `cluster`, the scripts that wait for it really do."""
        for folder in ("terraform", "k8s", "ansible"):
            shutil.copytree(PROJECT / folder, root / folder, ignore=shutil.ignore_patterns(".terraform*", "terraform.tfstate*", "*.tfvars"))
        for file in (*FILES, "compiler/Dockerfile", "compiler/compiler.py"):
            (root / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT / file, root / file)
        project = cls(root)
        for file in SOURCES:
            project.write(file, "1")
        scripts = dict.fromkeys(("bin/cargo", "bin/docker", "bin/minikube", "bin/spin", "terraform/check-machine"), RECORDER)
        if cluster:
            scripts["ansible/converge"] = CONVERGE.replace("KUBECONFIG", str(cluster.kubeconfig()))
        for name, text in scripts.items():
            project.write(name, text)
            (root / name).chmod(0o755)
        if cluster:
            (root / "bin" / "kubectl").symlink_to(TOOLS.parent / "bin" / "kubectl")
        project.run("init", "-input=false")
        return project

    def write(self, source: str, content: str) -> None:
        """Another content of a file that the components are built from."""
        file = self.root / source
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)

    def called(self) -> list[str]:
        """How the machine's programs were called since this was asked last."""
        lines = self.calls.read_text().splitlines() if self.calls.exists() else []
        self.calls.unlink(missing_ok=True)
        return lines

    @property
    def calls(self) -> Path:
        return self.root / "calls"

    def run(self, command: str, *arguments: str, expect: int | None = 0, env: dict[str, str] | None = None) -> Result:
        environment = {
            "PATH": f"{self.root / 'bin'}:{os.environ['PATH']}",
            "HOME": str(self.root),
            "TMPDIR": os.environ.get("TMPDIR", "/tmp"),
            "TF_CLI_CONFIG_FILE": str(TOOLS / "terraform.tfrc"),
            "TF_IN_AUTOMATION": "1",
            "ATELIER_CALLS": str(self.calls),
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
