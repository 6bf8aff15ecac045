"""A cluster whose controllers run too: besides cluster.py's API server and Spin operator, the real
kube-controller-manager and runtime-class-manager. What needs a machine under it is played by `Node`: the scheduler
and the kubelet, which say that every pod runs (or, a Job's, that it has ended) although no container ever does.
"""
from __future__ import annotations

import platform
import threading
from pathlib import Path

from cluster import Cluster, Refused

# Left out: what needs a cloud, and what would declare a node dead that sends no heartbeat.
WITHOUT = ("node-lifecycle-controller", "node-ipam-controller", "taint-eviction-controller")


class LiveCluster(Cluster):
    def start(self) -> None:
        # As kubeadm has it: the shim's installer is privileged.
        super().start("--allow-privileged=true")
        self.start_controllers(*WITHOUT)
        self.node = Node(self)
        self.node.start()

    def start_runtime_class_manager(self, namespace: str) -> None:
        """With the settings that its chart would give it; pods of these images never run here."""
        self._run("runtime-class-manager", ["--metrics-bind-address=0", "--health-probe-bind-address=0"], {
            "KUBECONFIG": str(self.kubeconfig()),
            "CONTROLLER_NAMESPACE": namespace,
            "SHIM_DOWNLOADER_IMAGE": "registry.example.org/shim-downloader:1",
            "SHIM_NODE_INSTALLER_IMAGE": "registry.example.org/node-installer:1",
        })

    def end(self, binary: str) -> None:
        for process in [p for p in self.processes if Path(p.args[0]).name == binary]:
            process.terminate()
            process.wait(20)
            self.processes.remove(process)

    def stop(self) -> None:
        if hasattr(self, "node"):
            self.node.stop()
        super().stop()

    # ── What is there ───────────────────────────────────────────────────────────────
    def everything(self) -> set[str]:
        """Every object of every kind that can be listed, but the short-lived ones that controllers make by themselves."""
        passing = {"events", "leases", "endpointslices", "endpoints", "controllerrevisions", "replicasets", "pods", "ipaddresses", "servicecidrs", "componentstatuses", "nodes"}
        found = set()
        for group in ["/api/v1", *(f"/apis/{g['preferredVersion']['groupVersion']}" for g in self.request("GET", "/apis")["groups"])]:
            for resource in self.request("GET", group)["resources"]:
                if "list" in resource["verbs"] and "/" not in resource["name"] and resource["name"] not in passing:
                    for item in self.request("GET", f"{group}/{resource['name']}")["items"]:
                        found.add(f"{resource['name']}/{item['metadata'].get('namespace', '')}/{item['metadata']['name']}")
        return found


class Node(threading.Thread):
    """One node, its scheduler and its kubelet. Every pod is bound to it at once and then reported as ready; one of a
    Job as finished; one that is to be deleted as ended. It looks at nothing else of a pod.
    """

    NAME = "tests"

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(daemon=True, name="node")
        self.cluster, self.ending = cluster, threading.Event()
        self.problems: list[str] = []
        self.architecture = architecture = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]
        node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": self.NAME, "labels": {"kubernetes.io/os": "linux", "kubernetes.io/arch": architecture, "kubernetes.io/hostname": self.NAME}}}
        cluster.request("POST", "/api/v1/nodes", node)
        status = {"conditions": [{"type": "Ready", "status": "True", "reason": "Tests"}], "nodeInfo": {"operatingSystem": "linux", "architecture": architecture}}
        cluster.request("PATCH", f"/api/v1/nodes/{self.NAME}/status", {"status": status}, "application/merge-patch+json")

    def run(self) -> None:
        while not self.ending.wait(0.2):
            try:
                for pod in self.cluster.request("GET", "/api/v1/pods")["items"]:
                    self.advance(pod)
            except (Refused, OSError) as error:
                # A pod that went in the meantime is nothing; the rest a failing test may want to read.
                if "404" not in str(error):
                    self.problems.append(str(error))

    def advance(self, pod: dict) -> None:
        path = f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}"
        if "deletionTimestamp" in pod["metadata"]:
            self.cluster.request("DELETE", path, {"gracePeriodSeconds": 0})
        elif "nodeName" not in pod["spec"]:
            binding = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": pod["metadata"]["name"]}, "target": {"kind": "Node", "name": self.NAME}}
            self.cluster.request("POST", f"{path}/binding", binding)
        elif pod["status"].get("phase") == "Pending":
            self.cluster.request("PATCH", f"{path}/status", {"status": self.status(pod)}, "application/merge-patch+json")

    @staticmethod
    def status(pod: dict) -> dict:
        of_a_job = any(owner["kind"] == "Job" for owner in pod["metadata"].get("ownerReferences", []))
        now = pod["metadata"]["creationTimestamp"]
        running = {"terminated": {"exitCode": 0, "startedAt": now, "finishedAt": now}} if of_a_job else {"running": {"startedAt": now}}
        return {
            "phase": "Succeeded" if of_a_job else "Running",
            "podIP": "10.244.0.1",
            "podIPs": [{"ip": "10.244.0.1"}],
            "startTime": now,
            "conditions": [{"type": kind, "status": "False" if of_a_job and "Ready" in kind else "True", "lastTransitionTime": now} for kind in ("PodScheduled", "Initialized", "ContainersReady", "Ready")],
            "containerStatuses": [
                {"name": c["name"], "image": c["image"], "imageID": c["image"], "ready": not of_a_job, "restartCount": 0, "state": running}
                for c in pod["spec"]["containers"]
            ],
        }

    def stop(self) -> None:
        self.ending.set()
        self.join(10)
