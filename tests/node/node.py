"""A cluster of one real node: besides the API server and the operator of tests/iac, kube-controller-manager,
kube-scheduler, kubelet, containerd with runc, kube-proxy, kube-network-policies, CoreDNS, and a registry that the node pulls
from.

All of it in the namespaces that `run` made. The node has process and mount namespaces of its own within: to kill its first
process is to cut its power.
"""
from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import yaml

from cluster import Cluster, free_port
from images import Layer, Registry
from tools import BIN

HERE = Path(__file__).resolve().parent
NAME = "node"
ADDRESS = "192.168.49.2"
PODS = "10.244.0.0/16"
DNS = "10.96.0.10"
CGROUPS = Path("/sys/fs/cgroup")
PROCESSORS, MEMORY_BYTES = 2, 2 * 2**30
# Below it the kubelet makes all others; `run` removes it.
CGROUP = os.environ["ATELIER_NODE_CGROUP"]
# Debian's and Ubuntu's package containernetworking-plugins.
PLUGINS = "/usr/lib/cni"


def cgroups() -> list[Path]:
    """One folder, or under cgroup v1 one for each controller."""
    if (CGROUPS / "cgroup.controllers").exists():
        return [CGROUPS / CGROUP]
    return [folder / CGROUP for folder in CGROUPS.iterdir() if folder.is_dir() and not folder.is_symlink()]


def machine_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


class NodeCluster(Cluster):
    def start(self) -> None:
        # Nobody here knows the node by its name, and pods reach the API server at the node's address.
        super().start("--kubelet-preferred-address-types=InternalIP", "--bind-address=0.0.0.0")
        self.start_controllers()
        self._run("kube-scheduler", [f"--kubeconfig={self.kubeconfig()}", "--leader-elect=false", "--secure-port=0", "--bind-address=127.0.0.1"])
        self.registry = self.start_registry()
        self.configure()
        self.init: subprocess.Popen | None = None
        self.power_on()

    def start_registry(self) -> Registry:
        address = f"127.0.0.1:{free_port()}"
        (self.folder / "registry.yaml").write_text(yaml.safe_dump({
            "version": "0.1",
            "storage": {"filesystem": {"rootdirectory": str(self.folder / "registry")}},
            "http": {"addr": address},
        }))
        log = (self.folder / "registry.log").open("wb")
        self.processes.append(subprocess.Popen(["docker-registry", "serve", self.folder / "registry.yaml"], stdout=log, stderr=log, stdin=subprocess.DEVNULL))
        registry = Registry(address)
        self._wait(lambda: registry.ask("GET", "/v2/", None), "the registry", 30)
        return registry

    # ── The node ───────────────────────────────────────────────────────────────────────────────────────
    def configure(self) -> None:
        for name in ("lib/volumes", "lib/kubelet", "log", "tmp"):
            (self.folder / "var" / name).mkdir(parents=True)
        (self.folder / "var" / "run").symlink_to("/run")
        (self.folder / "address").write_text(ADDRESS)
        (self.folder / "port").write_text(str(self.port))
        (self.folder / "account").mkdir()
        (self.folder / "account" / "token").write_text(self.token)
        (self.folder / "account" / "ca.crt").write_bytes(self.authority)
        self.kubeconfig()
        pause = self.registry.push("pause", "1", [Layer.files({"pause": BIN / "pause"}, executable=("pause",))], Entrypoint=["/pause"])
        mirrors = self.folder / "mirrors" / "docker.io"
        mirrors.mkdir(parents=True)
        # A name without a registry is Docker Hub's; the node finds it in ours.
        (mirrors / "hosts.toml").write_text(f'server = "http://{self.registry.address}"\n')
        (self.folder / "containerd.toml").write_text(f"""
version = 3
[plugins.'io.containerd.cri.v1.runtime']
  # Without CAP_SYS_RESOURCE no process may be made less likely to be killed than its parent.
  restrict_oom_score_adj = true
  [plugins.'io.containerd.cri.v1.runtime'.cni]
    bin_dirs = ['{PLUGINS}']
    conf_dir = '{self.folder}/cni'
[plugins.'io.containerd.cri.v1.images']
  [plugins.'io.containerd.cri.v1.images'.pinned_images]
    sandbox = '{pause}'
  [plugins.'io.containerd.cri.v1.images'.registry]
    config_path = '{self.folder}/mirrors'
""")
        (self.folder / "cni").mkdir()
        (self.folder / "cni" / "10-pods.conflist").write_text(json.dumps({
            "cniVersion": "1.0.0",
            "name": "pods",
            "plugins": [
                {"type": "bridge", "bridge": "pods", "isGateway": True, "ipMasq": True, "hairpinMode": True, "ipam": {"type": "host-local", "ranges": [[{"subnet": PODS}]], "routes": [{"dst": "0.0.0.0/0"}]}},
                {"type": "portmap", "capabilities": {"portMappings": True}},
            ],
        }))
        (self.folder / "kubelet.yaml").write_text(yaml.safe_dump({
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "failCgroupV1": False,
            "failSwapOn": False,
            "cgroupDriver": "cgroupfs",
            "cgroupRoot": f"/{CGROUP}",
            "oomScoreAdj": 0,
            # What is left of this machine is the node that docs/operations.md asks for.
            "systemReserved": {"memory": f"{max(0, machine_bytes() - MEMORY_BYTES)}", "cpu": str(max(0, os.cpu_count() - PROCESSORS))},
            "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
            "clusterDNS": [DNS],
            "clusterDomain": "cluster.local",
            "resolvConf": "",
            # Only this network namespace reaches it.
            "authentication": {"anonymous": {"enabled": True}, "webhook": {"enabled": False}},
            "authorization": {"mode": "AlwaysAllow"},
            "readOnlyPort": 0,
            # How full this machine's disk is says nothing about the node.
            "evictionHard": {"memory.available": "100Mi", "nodefs.available": "0%", "nodefs.inodesFree": "0%", "imagefs.available": "0%"},
            "imageGCHighThresholdPercent": 100,
        }))
        (self.folder / "kube-proxy.yaml").write_text(yaml.safe_dump({
            "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
            "kind": "KubeProxyConfiguration",
            "mode": "iptables",
            "clientConnection": {"kubeconfig": str(self.kubeconfig())},
            "clusterCIDR": PODS,
            "oomScoreAdj": 0,
            # The limits of the whole machine, which a network namespace may not set.
            "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
            "healthzBindAddress": "127.0.0.1:10256",
            "metricsBindAddress": "127.0.0.1:10249",
        }))

    def power_on(self) -> None:
        # The kubelet wants all of these below its root; under cgroup v2 a folder's come from above it.
        if (CGROUPS / "cgroup.controllers").exists():
            wanted = {"cpu", "cpuset", "hugetlb", "memory", "pids"} & set((CGROUPS / "cgroup.controllers").read_text().split())
            (CGROUPS / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in sorted(wanted)))
        for folder in cgroups():
            folder.mkdir(exist_ok=True)
        log = (self.folder / "boot.log").open("ab")
        self.init = subprocess.Popen(
            ["unshare", "--pid", "--mount", "--fork", "--kill-child=KILL", "--mount-proc", "--propagation=private", HERE / "boot", BIN, self.folder],
            stdout=log, stderr=log, stdin=subprocess.DEVNULL,
        )

    def power_off(self) -> None:
        """At once, as when the plug is pulled: the kernel kills whatever is in the namespace of the first process."""
        if self.init:
            self.init.send_signal(signal.SIGKILL)
            self.init.wait()
            self.init = None
            self.remove_cgroups()

    @staticmethod
    def remove_cgroups() -> None:
        until = time.monotonic() + 30
        for folder in cgroups():
            # Processes that were killed leave theirs a moment later.
            for below in sorted([folder, *folder.rglob("*/")], key=lambda path: -len(path.parts)):
                while below.is_dir():
                    try:
                        below.rmdir()
                    except OSError:
                        assert time.monotonic() < until, f"{below} is still in use"
                        time.sleep(0.1)

    def stop(self) -> None:
        try:
            self.power_off()
        finally:
            super().stop()

    def inside(self, *command: str) -> str:
        """Runs a command on the node, as over SSH."""
        (child,) = Path(f"/proc/{self.init.pid}/task/{self.init.pid}/children").read_text().split()
        return subprocess.run(["nsenter", f"--target={child}", "--pid", "--mount", "--", *command], check=True, capture_output=True, text=True).stdout

    def usage(self) -> dict[str, tuple[int, float]]:
        """Memory in bytes and processors of each pod, as the kubelet has it, and of what runs them."""
        summary = self.request("GET", f"/api/v1/nodes/{NAME}/proxy/stats/summary")
        found = {f"pod {pod['podRef']['name']}": (pod["memory"]["workingSetBytes"], pod["cpu"]["usageNanoCores"] / 1e9) for pod in summary["pods"]}
        own = {process.pid for process in self.processes if Path(process.args[0]).name != "docker-registry"}
        before = {}
        for seconds in (5, 0):
            for status in Path("/proc").glob("[0-9]*/status"):
                try:
                    name = re.search(r"^Name:\s+(\S+)", status.read_text(), re.M)[1]
                    if int(status.parent.name) in own or name in ("containerd", "kubelet", "kube-proxy", "containerd-shim", "kube-network-po"):
                        times = (status.parent / "stat").read_text().rpartition(")")[2].split()
                        used = (int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK")
                        resident = int(times[21]) * os.sysconf("SC_PAGE_SIZE")
                        if seconds:
                            before[status.parent] = used
                        elif status.parent in before:
                            memory, cpu = found.get(name, (0, 0.0))
                            found[name] = memory + resident, cpu + (used - before[status.parent]) / 5
                except FileNotFoundError:
                    # It ended in the meantime.
                    pass
            time.sleep(seconds)
        return found

    def ready(self) -> bool:
        node = self.request("GET", f"/api/v1/nodes/{NAME}")
        return any(c["type"] == "Ready" and c["status"] == "True" for c in node["status"]["conditions"])

    def kubectl_script(self, *command: object, **environment: str) -> str:
        """Runs a script or kubectl itself, as somebody who administers the cluster."""
        environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "KUBECONFIG": str(self.kubeconfig()), **environment}
        done = subprocess.run([str(word) for word in command], env=environment, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, f"{command}:\n{done.stdout}{done.stderr}"
        return done.stdout
