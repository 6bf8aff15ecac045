"""The real OpenTelemetry Collector with the project's own configuration, Spin's spans for it, and what comes out: its
/metrics, and what it hands to the trace store (tools/collector).
"""
from __future__ import annotations

import http.client
import json
import os
import re
import secrets
import subprocess
import time
import urllib.request
from pathlib import Path

import yaml

from cluster import Cluster, free_port
from manifests import PROJECT
from tools import BIN

CONFIG = PROJECT / "k8s" / "observability" / "collector-config.yaml"
# OTLP's numbers for a span's kind.
INTERNAL, SERVER, CLIENT = 1, 2, 3


def span(name: str, kind: int, attributes: dict, trace: str, parent: str = "", seconds: float = 0.05, **more) -> dict:
    end = time.time_ns()
    return {
        "traceId": trace, "spanId": secrets.token_hex(8), "parentSpanId": parent, "name": name, "kind": kind,
        "startTimeUnixNano": str(end - int(seconds * 1e9)), "endTimeUnixNano": str(end), "attributes": values(attributes), **more,
    }


def values(attributes: dict) -> list[dict]:
    return [{"key": key, "value": {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}} for key, value in attributes.items()]


def request(method: str, path: str, code: int, route: str, query: str = "", trace: str | None = None, seconds: float = 0.05, **more) -> dict:
    """A request as Spin's HTTP trigger writes it (crates/trigger-http/src/instrument.rs)."""
    attributes = {
        "http.request.method": method, "network.peer.address": "10.244.0.9", "network.peer.port": "51234", "network.protocol.name": "http",
        "url.path": path, "url.query": query, "url.scheme": "http", "client.address": "203.0.113.77", "http.route": route,
        "http.response.status_code": code, "code.filepath": "crates/trigger-http/src/server.rs", "busy_ns": 48000000,
    }
    return span(f"{method} {route}", SERVER, attributes, trace or secrets.token_hex(16), seconds=seconds, **more)


def call(url: str, code: int, parent: dict, **more) -> dict:
    """A call of a component to somebody else (crates/factor-outbound-http/src/wasi.rs)."""
    attributes = {"url.full": url, "http.request.method": "POST", "http.response.status_code": code, "server.address": re.sub(r".*://(.*@)?([^/?]+).*", r"\2", url)}
    return span("POST", CLIENT, attributes, parent["traceId"], parent["spanId"], **more)


def at_gateway(path: str, code: int, trace: str | None = None, **more) -> dict:
    """A request as Envoy writes it: the older names, every value a text, and of a 5xx that it is an error."""
    attributes = {
        "node_id": "router~10.244.0.5~atelier-istio.atelier", "component": "proxy", "guid:x-request-id": "5a1c", "http.url": f"https://atelier.test{path}", "http.method": "POST",
        "http.protocol": "HTTP/2", "http.status_code": str(code), "peer.address": "203.0.113.77", "user_agent": "agent-mark", "downstream_cluster": "-", "response_flags": "-",
    }
    status = {"code": 2} if code >= 500 else {}
    return span("llm.atelier.svc.cluster.local:80/*", SERVER, attributes, trace or secrets.token_hex(16), status=status, **more)


def line(component: str, method: str, path: str, status: int, **more) -> dict:
    """The line that ends a request (docs/logging.md), as Spin hands on what a component prints (crates/telemetry/src/logs.rs)."""
    text = {"component": component, "event": "request", "level": "info", "method": method, "ms": 812, "path": path, "request_id": "5f0c", "status": status, "time": 1795444000, **more}
    return {"body": {"stringValue": json.dumps(text, separators=(",", ":")) + "\n"}, "attributes": values({"component_id": component}), "timeUnixNano": "1"}


class Collector:
    def __init__(self, folder: Path, cluster: Cluster, **speed: str) -> None:
        self.folder, self.cluster = folder, cluster
        self.grpc, self.http, self.metrics_port, self.health, self.store = (free_port() for _ in range(5))
        self.config = self.configuration(**speed)
        self.processes: list[subprocess.Popen] = []

    def configuration(self, decision_wait: str, flush: str) -> dict:
        """The project's own; only addresses, the way to the API server's token, and two waits are others."""
        config = yaml.safe_load(CONFIG.read_text())
        protocols = config["receivers"]["otlp"]["protocols"]
        protocols["grpc"]["endpoint"], protocols["http"]["endpoint"] = f"127.0.0.1:{self.grpc}", f"127.0.0.1:{self.http}"
        config["exporters"]["prometheus"]["endpoint"] = f"127.0.0.1:{self.metrics_port}"
        config["exporters"]["otlp_grpc/jaeger"]["endpoint"] = f"127.0.0.1:{self.store}"
        config["extensions"]["health_check"]["endpoint"] = f"127.0.0.1:{self.health}"
        # In a pod the token is at a fixed path; here a kubeconfig has one of the same account.
        config["processors"]["k8s_attributes"]["auth_type"] = "kubeConfig"
        config["processors"]["tail_sampling"]["decision_wait"] = decision_wait
        config["connectors"]["span_metrics"]["metrics_flush_interval"] = flush
        return config

    def start(self) -> None:
        file = self.folder / "config.yaml"
        file.write_text(yaml.safe_dump(self.config))
        environment = {**os.environ, "KUBECONFIG": str(self.account())}
        with (self.folder / "store.jsonl").open("wb") as out:
            self.processes.append(subprocess.Popen([BIN / "collector", "sink", f"127.0.0.1:{self.store}"], stdout=out))
        with (self.folder / "log").open("wb") as log:
            self.processes.append(subprocess.Popen([BIN / "collector", f"--config={file}"], stdout=log, stderr=log, env=environment))
        self.until(lambda: urllib.request.urlopen(f"http://127.0.0.1:{self.health}/").status == 200, "the collector")

    def account(self) -> Path:
        """A kubeconfig of the collector's own account: what it may not read, it does not know here either."""
        asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        token = self.cluster.request("POST", "/api/v1/namespaces/observability/serviceaccounts/otel-collector/token", asked)["status"]["token"]
        config = yaml.safe_load(self.cluster.kubeconfig().read_text())
        config["users"][0]["user"] = {"token": token}
        file = self.folder / "kubeconfig"
        file.write_text(yaml.safe_dump(config))
        return file

    def stop(self) -> None:
        for process in reversed(self.processes):
            process.terminate()
            process.wait(20)

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def until(self, ready, what: str, seconds: int = 30) -> object:
        end, last = time.monotonic() + seconds, None
        while time.monotonic() < end:
            for process in self.processes:
                assert process.poll() is None, f"it ended:\n{self.log()[-4000:]}"
            try:
                if found := ready():
                    return found
            except (OSError, AssertionError, KeyError, IndexError) as error:
                last = error
            time.sleep(0.2)
        raise AssertionError(f"{what}: not after {seconds} s ({last})\n{self.log()[-3000:]}")

    def send(self, spans: list[dict], address: str, path: str = "/v1/traces", service: str = "spin") -> None:
        """As the pod of that address: Spin itself calls every app `spin`."""
        resource = {"attributes": values({"service.name": service, "service.version": "4.1.0", "telemetry.sdk.language": "rust"})}
        key, scope, items = ("resourceLogs", "scopeLogs", "logRecords") if path.endswith("logs") else ("resourceSpans", "scopeSpans", "spans")
        body = json.dumps({key: [{"resource": resource, scope: [{"scope": {"name": "spin"}, items: spans}]}]})
        connection = http.client.HTTPConnection("127.0.0.1", self.http, source_address=(address, 0), timeout=10)
        connection.request("POST", path, body, {"content-type": "application/json"})
        reply = connection.getresponse()
        assert reply.status == 200, reply.read()
        connection.close()

    def metrics(self) -> str:
        return urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics").read().decode()

    def series(self, name: str) -> dict[str, float]:
        """`name{labels}` → value, as Prometheus reads them."""
        found = {}
        for line in self.metrics().splitlines():
            if matched := re.fullmatch(rf"({name}\{{.*\}}) (\S+)", line):
                assert matched[1] not in found, f"twice: {matched[1]}"
                found[matched[1]] = float(matched[2])
        return found

    def stored(self) -> list[dict]:
        """Every span that the trace store was given, with its resource's attributes under `resource`."""
        found = []
        for line in (self.folder / "store.jsonl").read_text().splitlines():
            for resource in json.loads(line)["resourceSpans"]:
                known = plain(resource["resource"]["attributes"])
                found += [{**one, "attributes": plain(one.get("attributes", [])), "resource": known} for scope in resource["scopeSpans"] for one in scope["spans"]]
        return found


def plain(attributes: list[dict]) -> dict[str, str]:
    return {one["key"]: str(next(iter(one["value"].values()), "")) for one in attributes}


def labels(series: str) -> dict[str, str]:
    return dict(re.findall(r'(\w+)="([^"]*)"', series))
