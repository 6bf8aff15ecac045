"""Keeps in a real cluster what two of Terraform's mock providers are asked for (provider-mock/keeper.go).

hashicorp/kubernetes is done whole, for the two kinds that terraform/ uses. hashicorp/helm is done as far as a
cluster without containers shows it: the namespace, the record of the release, and what the chart of each of our
releases brings that others need at once, its custom resources and its controller. Not its Deployments.
"""
from __future__ import annotations

import base64
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import yaml

from cluster import Refused
from live_cluster import LiveCluster
from tools import CRDS

# Chart → folder of crds.txt's schemas that it installs. Not here: spin-operator's (its chart has none) and the
# Gateway API's; Terraform applies both as manifests.
CHARTS = {"cert-manager": "cert-manager", "base": "api", "istiod": None, "cni": None, "ztunnel": None, "runtime-class-manager": "runtime-class-manager", "spin-operator": None, "cloudnative-pg": "cloudnative-pg"}


class Keeper:
    def __init__(self, cluster: LiveCluster) -> None:
        self.cluster = cluster
        keeper = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
                try:
                    status, text = (200, "") if keeper.answer(asked) else (404, "")
                except Exception as error:  # Terraform shows it as the provider's diagnostic
                    status, text = 500, f"{type(error).__name__}: {error}"
                self.send_response(status)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/"

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def answer(self, asked: dict) -> bool:
        return {"kubernetes_secret_v1": self.secret, "kubernetes_namespace_v1": self.namespace, "helm_release": self.release}[asked["type"]](asked)

    # ── hashicorp/kubernetes ───────────────────────────────────────────────────────────────────────────
    def secret(self, asked: dict) -> bool:
        config, prior = asked["config"], asked["prior"]
        meta = (config or prior)["metadata"][0]
        document = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": meta["name"], "namespace": meta["namespace"], "labels": meta["labels"] or {}}}
        if config:
            document["type"] = config["type"]
            # Write-only: sent when it is made, and again with another revision.
            if not prior or prior["data_wo_revision"] != config["data_wo_revision"]:
                document["data"] = {key: base64.b64encode(value.encode()).decode() for key, value in config["data_wo"].items()}
        return self.plain_object(asked["op"], document)

    def namespace(self, asked: dict) -> bool:
        meta = (asked["config"] or asked["prior"])["metadata"][0]
        return self.plain_object(asked["op"], {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": meta["name"], "labels": meta["labels"] or {}}})

    def plain_object(self, op: str, document: dict) -> bool:
        if op == "create":
            self.cluster.create(document)
        elif op == "update":
            self.cluster.patch(document, document, manager="Terraform")
        elif op == "delete":
            self.cluster.request("DELETE", self.cluster.path(document))
            self.gone(document)
        elif op == "read":
            return self.there(document)
        return True

    def there(self, document: dict) -> bool:
        try:
            self.cluster.get(document)
        except Refused as refusal:
            if "404" in str(refusal):
                return False
            raise
        return True

    def gone(self, document: dict) -> None:
        until = time.monotonic() + 120
        while self.there(document):
            assert time.monotonic() < until, f"{document['kind']} {document['metadata']['name']} is still there after 120 s: {self.cluster.get(document).get('status')}"
            time.sleep(0.2)

    # ── hashicorp/helm ─────────────────────────────────────────────────────────────────────────────────
    def release(self, asked: dict) -> bool:
        values = asked["config"] or asked["prior"]
        chart, namespace = values["chart"], values["namespace"]
        # What Helm itself remembers of a release, so far as it is asked here.
        record = {"apiVersion": "v1", "kind": "Secret", "type": "helm.sh/release.v1", "metadata": {"name": f"sh.helm.release.v1.{values['name']}.v1", "namespace": namespace, "labels": {"owner": "helm", "name": values["name"]}}}
        if asked["op"] == "read":
            return self.there(record)
        if asked["op"] == "create":
            if values["create_namespace"] and not self.there(ns := {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}):
                self.cluster.create(ns)
            self.install(chart, namespace)
            self.cluster.create(record)
        elif asked["op"] == "delete":
            self.uninstall(chart)
            self.cluster.request("DELETE", self.cluster.path(record))
        return True

    def install(self, chart: str, namespace: str) -> None:
        if folder := CHARTS[chart]:
            names = []
            for file in sorted((CRDS / folder).glob("*.yaml")):
                names += [document for document in yaml.safe_load_all(file.read_text()) if document]
            self.cluster.install(names)
        if chart == "runtime-class-manager":
            self.cluster.start_runtime_class_manager(namespace)
        elif chart == "spin-operator":
            self.cluster.start_operator()

    def uninstall(self, chart: str) -> None:
        """Helm leaves custom resources behind, whether of `crds/` or kept by an annotation."""
        if chart == "runtime-class-manager":
            self.cluster.end("runtime-class-manager")
        elif chart == "spin-operator":
            self.cluster.end("spin-operator")
            for document in self.cluster.webhooks:
                self.cluster.request("DELETE", self.cluster.path(document))
