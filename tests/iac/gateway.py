"""A real Envoy with what the gateway's manifests ask of it: the routes, the policies, the session check, the rate limit.

In the cluster istiod turns the manifests into Envoy's configuration. It takes long to build, so on each change this module
does, as far as the project's own objects use it and the way Istio 1.30 does (pilot/pkg/security/authz, networking/core); each
week the same tests have istiod itself (istiod.py). What Envoy then makes of a request is real.
"""
from __future__ import annotations

import http.client
import http.server
import re
import subprocess
import threading
import time
from pathlib import Path

import yaml

from cluster import free_port
from manifests import PROJECT
from tools import VENV

MESH = PROJECT / "k8s" / "platform" / "istiod.values.yaml"
HTTP = "envoy.extensions.filters.http"
# The marks by which Istio's two filters for a CUSTOM policy find each other.
CUSTOM = "istio_ext_authz_"


def typed(kind: str, **fields) -> dict:
    return {"@type": f"type.googleapis.com/{kind}", **fields}


class Upstream:
    """A pod's place: keeps what it was asked, and answers what the test says."""

    def __init__(self, name: str, host: str = "127.0.0.1", port: int = 0) -> None:
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        self.answer = lambda method, path, headers: (200, {}, name.encode())
        upstream = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def any(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {key.lower(): value for key, value in self.headers.items()}
                upstream.asked.append((self.command, self.path, headers, body))
                status, more, text = upstream.answer(self.command, self.path, headers)
                self.send_response(status)
                # So that nothing is left of one that is closed.
                self.send_header("connection", "close")
                for key, value in more.items():
                    self.send_header(key, value)
                if status != 204:
                    self.send_header("content-length", str(len(text)))
                self.end_headers()
                if status != 204:
                    self.wfile.write(text)

            do_GET = do_POST = any

            def log_message(self, *_) -> None:
                pass

        self.handler, self.address = Handler, (host, port)
        self.open()

    def open(self) -> None:
        self.server = http.server.ThreadingHTTPServer(self.address, self.handler)
        self.server.daemon_threads = True
        self.address = self.server.server_address
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class Envoy:
    def __init__(self, folder: Path, bootstrap: dict, port: int) -> None:
        self.port = port
        config = folder / "envoy.yaml"
        config.write_text(yaml.safe_dump(bootstrap))
        self.log = folder / "envoy.log"
        self.process = subprocess.Popen(
            [VENV / "bin" / "envoy", "--config-path", config, "--use-dynamic-base-id", "--disable-hot-restart", "--concurrency", "1", "--log-level", "warning"],
            stdout=self.log.open("wb"), stderr=subprocess.STDOUT,
        )
        for _ in range(300):
            assert self.process.poll() is None, self.log.read_text()
            try:
                self.connection().close()
                return
            except OSError:
                time.sleep(0.1)
        self.close()
        raise AssertionError(f"Envoy does not listen: {self.log.read_text()}")

    def connection(self, source: str = "127.0.0.1") -> http.client.HTTPConnection:
        """One that is open, from that address of this machine."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30, source_address=(source, 0))
        connection.connect()
        return connection

    def ask(self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b"", connection: http.client.HTTPConnection | None = None) -> http.client.HTTPResponse:
        """The answer, its body already read into `text`."""
        connection = connection or self.connection()
        # Not http.client's own path handling: some of these paths are spelled strangely on purpose.
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for key, value in {"host": "atelier.test", "content-length": str(len(body)), **(headers or {})}.items():
            connection.putheader(key, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        answer.text = answer.read().decode()
        return answer

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(20)


class Gateway(Envoy):
    """Its configuration by this module; `auth`, `llm` and `ocr` are ports of this machine."""

    def __init__(self, folder: Path, documents: list[dict], ports: dict[str, int]) -> None:
        port = free_port()
        super().__init__(folder, bootstrap(documents, yaml.safe_load(MESH.read_text())["meshConfig"], ports, port), port)


def bootstrap(documents: list[dict], mesh: dict, ports: dict[str, int], port: int) -> dict:
    manager = typed(
        "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix="gateway", route_config={"virtual_hosts": [{"name": "site", "domains": ["*"], "routes": routes(documents)}]},
        http_filters=filters(documents, mesh, ports["auth"]), **path_normalization(mesh),
        # As Istio does for a gateway.
        use_remote_address=True, xff_num_trusted_hops=mesh["defaultConfig"]["gatewayTopology"]["numTrustedProxies"],
    )
    return {"static_resources": {
        "listeners": [{
            "name": "https", "address": address(port),
            "filter_chains": [{"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}],
        }],
        "clusters": [{
            "name": name, "type": "STATIC", "connect_timeout": "2s",
            "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address(of)}}]}]},
        } for name, of in ports.items()],
    }}


def address(port: int) -> dict:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def path_normalization(mesh: dict) -> dict:
    assert mesh["pathNormalization"] == {"normalization": "DECODE_AND_MERGE_SLASHES"}
    return {"normalize_path": True, "merge_slashes": True, "path_with_escaped_slashes_action": "UNESCAPE_AND_FORWARD"}


def routes(documents: list[dict]) -> list[dict]:
    """Of the HTTPS listener; an exact path before a prefix, a longer one before a shorter (Gateway API)."""
    made = []
    for route in documents:
        if route["kind"] != "HTTPRoute" or route["spec"]["parentRefs"][0]["sectionName"] != "https":
            continue
        for rule in route["spec"]["rules"]:
            (backend,) = rule["backendRefs"]
            action, removed, added = {"cluster": backend["name"], "timeout": rule["timeouts"]["request"]}, [], []
            for each in rule["filters"]:
                if each["type"] == "URLRewrite":
                    action["regex_rewrite"] = {"pattern": {"regex": "/.*"}, "substitution": each["urlRewrite"]["path"]["replaceFullPath"]}
                else:
                    removed += each["requestHeaderModifier"]["remove"]
                    added += [{"header": {"key": header["name"], "value": header["value"]}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"} for header in each["requestHeaderModifier"].get("set", [])]
            for match in rule["matches"]:
                value = match["path"]["value"]
                exact = match["path"]["type"] == "Exact"
                how = {"path": value} if exact else {"prefix": "/"} if value == "/" else {"path_separated_prefix": value}
                made.append(((not exact, -len(value)), {"match": how, "route": action, "request_headers_to_remove": removed, "request_headers_to_add": added}))
    return [route for _, route in sorted(made, key=lambda pair: pair[0])]


def filters(documents: list[dict], mesh: dict, auth: int) -> list[dict]:
    policies = {policy["metadata"]["name"]: policy["spec"] for policy in documents if policy["kind"] == "AuthorizationPolicy" and "targetRefs" in policy["spec"]}
    custom = next(spec for spec in policies.values() if spec["action"] == "CUSTOM")
    provider = next(each for each in mesh["extensionProviders"] if each["name"] == custom["provider"]["name"])
    rules = {action: {name: permissions(spec) for name, spec in policies.items() if spec["action"] == action} for action in ("CUSTOM", "DENY")}
    chain = [
        rbac(shadow_rules={"action": "DENY", "policies": {f"istio-ext-authz-{name}": rule for name, rule in rules["CUSTOM"].items()}}, shadow_rules_stat_prefix=CUSTOM),
        ext_authz(provider["envoyExtAuthzHttp"], auth),
        rbac(rules={"action": "DENY", "policies": rules["DENY"]}),
        {"name": "envoy.filters.http.router", "typed_config": typed(f"{HTTP}.router.v3.Router")},
    ]
    (limit,) = [patch for document in documents if document["kind"] == "EnvoyFilter" for patch in document["spec"]["configPatches"]]
    # Before no filter by name: before all of them.
    assert limit["patch"]["operation"] == "INSERT_BEFORE" and "subFilter" not in str(limit["match"])
    return [limit["patch"]["value"], *chain]


def rbac(**fields) -> dict:
    return {"name": "envoy.filters.http.rbac", "typed_config": typed(f"{HTTP}.rbac.v3.RBAC", **fields)}


def permissions(spec: dict) -> dict:
    def any_of(of: list[dict]) -> dict:
        return {"or_rules": {"rules": of}}

    rules = []
    for rule in spec["rules"]:
        for to in rule["to"]:
            operation = to["operation"]
            every = []
            if "methods" in operation:
                every.append(any_of([{"header": {"name": ":method", "string_match": {"exact": method}}} for method in operation["methods"]]))
            if "paths" in operation:
                every.append(any_of([{"url_path": {"path": {"prefix": path[:-1]} if path.endswith("*") else {"exact": path}}} for path in operation["paths"]]))
            rules.append({"and_rules": {"rules": every}})
    return {"permissions": rules, "principals": [{"any": True}]}


def ext_authz(provider: dict, auth: int) -> dict:
    def names(field: str, key: str) -> dict:
        """As a field; an empty list is none."""
        return {field: {"patterns": [{"exact": name, "ignore_case": True} for name in provider[key]]}} if key in provider else {}

    check = typed(
        f"{HTTP}.ext_authz.v3.ExtAuthz", failure_mode_allow=provider["failOpen"], status_on_error={"code": int(provider["statusOnError"])}, transport_api_version="V3",
        **names("allowed_headers", "includeRequestHeadersInCheck"),
        http_service={
            "server_uri": {"uri": f"http://127.0.0.1:{auth}", "cluster": "auth", "timeout": provider["timeout"]}, "path_prefix": provider["pathPrefix"],
            "authorization_response": {**names("allowed_client_headers", "headersToDownstreamOnDeny"), **names("allowed_upstream_headers", "headersToUpstreamOnAllow")},
        },
        filter_enabled_metadata={
            "filter": "envoy.filters.http.rbac", "path": [{"key": f"{CUSTOM}shadow_effective_policy_id"}], "value": {"string_match": {"prefix": "istio-ext-authz"}},
        },
    )
    return {"name": "envoy.filters.http.ext_authz", "typed_config": check}


def hardening() -> set[str]:
    """The headers that crates/web puts on every reply, but for the length, which Envoy sets itself."""
    source = (PROJECT / "crates" / "web" / "src" / "headers.rs").read_text().split("#[cfg(test)]")[0]
    return set(re.findall(r'\("([a-z-]+)", ', source)) | {name.lower().replace("_", "-") for name in re.findall(r"header::([A-Z_]+),", source) if name != "CONTENT_LENGTH"} | {"x-request-id"}
