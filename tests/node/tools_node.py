#!/usr/bin/env python3
"""Brings what a node needs, once: the tools of tests/iac, and into .atelier/tools/bin

- kubelet, kube-proxy and kube-scheduler of the same Kubernetes, containerd, CoreDNS, kube-network-policies and a process for
  pods to wait in: one module each in tools/;
- a Debian (or Ubuntu, as the machine is) with PostgreSQL and nothing else, from its packages: what the images are made of.

runc, CNI's plugins, Docker, a registry and debootstrap are the distribution's own.

    python3 tests/node/tools_node.py      # prints the Python to run pytest with
"""
from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "iac"))

import tools  # noqa: E402
from images import LEFT_OUT, Layer  # noqa: E402
from machine import Missing, digest, fresh, main, run, say  # noqa: E402

# Binary → (module in tools/, package).
GO_TOOLS = {
    "pause": ("pause", "."),
    "coredns": ("dns", "."),
    "kube-network-policies": ("policies", "sigs.k8s.io/kube-network-policies/cmd"),
    "containerd": ("containerd", "github.com/containerd/containerd/v2/cmd/containerd"),
    "containerd-shim-runc-v2": ("containerd", "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2"),
    "kubelet": ("kubernetes", "k8s.io/kubernetes/cmd/kubelet"),
    "kube-proxy": ("kubernetes", "k8s.io/kubernetes/cmd/kube-proxy"),
    "kube-scheduler": ("kubernetes", "k8s.io/kubernetes/cmd/kube-scheduler"),
}
# Program → Debian's package.
PACKAGES = {
    "/usr/sbin/runc": "runc",
    "/usr/lib/cni/bridge": "containernetworking-plugins",
    "docker-registry": "docker-registry",
    "dockerd": "docker.io",
    "debootstrap": "debootstrap",
    "iptables": "iptables",
    "conntrack": "conntrack",
    "ip": "iproute2",
    "unshare": "util-linux",
}
DEBIAN = tools.TOOLS / "debian.layer"


def packages() -> None:
    if platform.system() != "Linux" or os.geteuid() != 0:
        raise Missing("a node needs Linux and root: sudo cargo xtask test node")
    missing = sorted({package for program, package in PACKAGES.items() if not shutil.which(program)})
    if not missing:
        return
    if not shutil.which("apt-get"):
        raise Missing(f"the packages {' '.join(missing)} of Debian 12 or Ubuntu 24.04")
    say(f"installing {' '.join(missing)} (once)")
    # The registry's own service, of all addresses, stays off.
    policy, ours = Path("/usr/sbin/policy-rc.d"), False
    if not policy.exists():
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
        ours = True
    try:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        run(["apt-get", "update"], env=environment)
        run(["apt-get", "install", "--yes", "--no-install-recommends", *missing], env=environment)
    finally:
        if ours:
            policy.unlink()


def debian() -> None:
    release = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)["VERSION_CODENAME"].strip('"')
    command = ["debootstrap", "--variant=minbase", "--include=ca-certificates,postgresql", release]
    stamp, mark = digest(*command, *LEFT_OUT), tools.TOOLS / ".debian"
    if fresh(mark, stamp):
        return
    say("fetching a Debian with PostgreSQL for the images (100 MB, once)")
    with tempfile.TemporaryDirectory() as root:
        run([*command, root])
        Layer.tree(Path(root)).save(DEBIAN)
    mark.write_text(stamp)


def prepare() -> Path:
    packages()
    python = tools.prepare("kustomize", "etcd", "kubectl", "kube-apiserver", "kube-controller-manager", "spin-operator")
    tools.build_go_tools(GO_TOOLS, HERE / "tools")
    debian()
    return python


if __name__ == "__main__":
    main(prepare)
