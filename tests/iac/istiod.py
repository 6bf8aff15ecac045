"""The gateway of gateway.py with nothing played in the middle: istiod reads the manifests from an API server and gives the
same Envoy its configuration. With ATELIER_GATEWAY=istiod, as root: pods have addresses of their own in a network of this
process, and Envoy listens on the gateway's own ports.

istiod is of the commit next to Istio 1.30's branch that the Go module proxy has (tools.py). Different from the cluster's,
because this Envoy is not Istio's build: no metrics and no exchange of metadata (Istio's own filters); and, because no other
proxy is here, neither mutual TLS nor HBONE towards the apps.
"""
from __future__ import annotations

import ctypes
import http.client
import json
import os
import ssl
import subprocess
from pathlib import Path

import yaml

from cluster import Cluster, certificate, free_port
from gateway import MESH, Envoy, Upstream, address
from manifests import objects
from tools import TOOLS

HOST = "atelier.test"
NETWORK = "10.244.0"
PLACES = {"gateway": f"{NETWORK}.10", "auth": f"{NETWORK}.11", "llm": f"{NETWORK}.12", "ocr": f"{NETWORK}.13"}
CHART = TOOLS / "source" / "pilot-discovery" / "manifests" / "charts" / "istio-control" / "istio-discovery"
# What istiod reads of the overlay; the rest needs other kinds, or is for ztunnel alone.
KINDS = ("Namespace", "ServiceAccount", "Gateway", "HTTPRoute", "AuthorizationPolicy", "PeerAuthentication", "EnvoyFilter")


def own_network() -> None:
    """For this process and what it starts from now on."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(0x40000000):  # CLONE_NEWNET
        raise PermissionError(f"a network of its own needs root: {os.strerror(ctypes.get_errno())}")
    for command in ("link set lo up", "link add pods type bridge", *(f"address add {place}/24 dev pods" for place in PLACES.values()), "link set pods up"):
        subprocess.run(["ip", *command.split()], check=True)


def merged(base: dict, over: dict) -> dict:
    """As Helm merges values."""
    return {**base, **{key: merged(base[key], value) if isinstance(value, dict) and isinstance(base.get(key), dict) else value for key, value in over.items()}}


class Istiod:
    def __init__(self, folder: Path) -> None:
        own_network()
        self.folder, self.cluster, self.xds, self.upstreams = folder, Cluster(folder), free_port(), {}

    def start(self) -> None:
        self.cluster.start()
        self.cluster.install_crds()
        for name in ("istio-system", "atelier"):
            self.cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        self.upstreams = {name: Upstream(name, place, 80) for name, place in PLACES.items() if name != "gateway"}
        for document in objects("minikube"):
            if document["kind"] in KINDS or document["metadata"]["name"] == "atelier-gateway":
                self.cluster.apply(document)
        self._certificate(self.folder / "tls")
        for name in self.upstreams:
            # As the Spin operator makes it of a SpinApp.
            self._service(name, {"core.spinkube.dev/app-name": name}, [80])
        self._start()
        self._service("atelier-istio", {"gateway.networking.k8s.io/gateway-name": "atelier"}, [80, 443], made=True)

    def _certificate(self, place: Path) -> None:
        place.mkdir()
        text = certificate(place, HOST)
        self.context = ssl.create_default_context(cadata=text.decode())
        self.cluster.apply({"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "metadata": {"name": "atelier-tls", "namespace": "atelier"},
                            "stringData": {name: (place / name).read_text() for name in ("tls.crt", "tls.key")}})

    def _service(self, name: str, labels: dict[str, str], ports: list[int], made: bool = False) -> None:
        """A Service (unless istiod makes it) and its one pod, which the controllers and a kubelet would make and report."""
        of = {"namespace": "atelier"}
        service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, **of}, "spec": {"selector": labels, "ports": [{"name": f"http-{port}", "port": port} for port in ports]}}
        if made:
            ports = [port["port"] for port in self.cluster.eventually(lambda: self.cluster.get(service), 60)["spec"]["ports"]]
        else:
            self.cluster.apply(service)
        place = PLACES.get(name, PLACES["gateway"])
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"{name}-1", **of, "labels": labels}, "spec": {"serviceAccountName": name, "containers": [{"name": "it", "image": "it"}]}}
        self.cluster.eventually(lambda: self.cluster.apply(pod))
        self.cluster.patch(pod, {"status": {"phase": "Running", "podIP": place, "podIPs": [{"ip": place}], "conditions": [{"type": "Ready", "status": "True"}]}}, "status")
        names = [port.get("name", "") for port in self.cluster.get(service)["spec"]["ports"]]
        self.cluster.apply({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4", "metadata": {"name": f"{name}-1", **of, "labels": {"kubernetes.io/service-name": name}},
            "ports": [{"name": called, "port": port} for called, port in zip(names, ports)],
            "endpoints": [{"addresses": [place], "conditions": {"ready": True}, "targetRef": {"kind": "Pod", "name": f"{name}-1", **of}}],
        })

    def _start(self) -> None:
        """With the chart's values under ours, as `helm install` merges them."""
        defaults = yaml.safe_load((CHART / "values.yaml").read_text())["_internal_defaults_do_not_set"]
        values = merged(merged(defaults, yaml.safe_load((CHART / "files" / "profile-ambient.yaml").read_text())), yaml.safe_load(MESH.read_text()))
        mesh = merged({"trustDomain": "cluster.local", "rootNamespace": "istio-system"}, values["meshConfig"]) | {"enableAutoMtls": False}
        inject = {
            "policy": "enabled", "template": "{{ Template_Version_And_Istio_Version_Mismatched_Check_Installation }}",
            "templates": {"kube-gateway": (CHART / "files" / "kube-gateway.yaml").read_text()},
        }
        for name, data in {"istio": {"mesh": yaml.safe_dump(mesh)}, "istio-sidecar-injector": {"config": yaml.safe_dump(inject), "values": json.dumps(values)}}.items():
            self.cluster.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "istio-system"}, "data": data})
        ports = [f"--{name}=127.0.0.1:{free_port()}" for name in ("httpAddr", "httpsAddr", "secureGRPCAddr", "monitoringAddr")]
        self.cluster._run("pilot-discovery", ["discovery", f"--kubeconfig={self.cluster.kubeconfig()}", "--namespace=istio-system", f"--grpcAddr=127.0.0.1:{self.xds}", *ports, "--ctrlz_port=0"], {
            "POD_NAMESPACE": "istio-system", "POD_NAME": "istiod-1", "CLUSTER_ID": "Kubernetes", "INJECTION_WEBHOOK_CONFIG_NAME": "", "VALIDATION_WEBHOOK_CONFIG_NAME": "",
            # Over loopback; who asks still needs a token.
            "XDS_AUTH_PLAINTEXT": "true",
            "PILOT_ENABLE_METADATA_EXCHANGE": "false", "PILOT_ENABLE_ALPN_FILTER": "false", "PILOT_ENABLE_SENDING_HBONE": "false",
            **{name: str(value) for name, value in values["pilot"]["env"].items()},
        })

    def token(self) -> str:
        """The gateway's, as its pod would have it mounted."""
        path = "/api/v1/namespaces/atelier/serviceaccounts/atelier-istio/token"
        asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"audiences": ["istio-ca"]}}
        return self.cluster.request("POST", path, asked)["status"]["token"]

    def get(self, version: str, kind: str, name: str) -> dict:
        return self.cluster.get({"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": "atelier"}})

    def close(self) -> None:
        self.cluster.stop()
        for upstream in self.upstreams.values():
            upstream.close()


class IstioGateway(Envoy):
    """Envoy with nothing but where istiod is."""

    def __init__(self, folder: Path, istiod: Istiod) -> None:
        self.istiod = istiod
        node = {
            "id": f"router~{PLACES['gateway']}~atelier-istio-1.atelier~atelier.svc.cluster.local", "cluster": "atelier-istio.atelier",
            "metadata": {"NAMESPACE": "atelier", "NAME": "atelier-istio-1", "CLUSTER_ID": "Kubernetes", "SERVICE_ACCOUNT": "atelier-istio", "ISTIO_VERSION": "1.30.8", "LABELS": {"gateway.networking.k8s.io/gateway-name": "atelier"}},
        }
        source = {"ads": {}, "resource_api_version": "V3", "initial_fetch_timeout": "0s"}
        super().__init__(folder, {
            "node": node,
            "dynamic_resources": {
                "cds_config": source, "lds_config": source,
                "ads_config": {"api_type": "GRPC", "transport_api_version": "V3", "grpc_services": [{
                    "envoy_grpc": {"cluster_name": "xds-grpc"}, "initial_metadata": [{"key": "authorization", "value": f"Bearer {istiod.token()}"}],
                }]},
            },
            "static_resources": {"clusters": [{
                "name": "xds-grpc", "type": "STATIC", "connect_timeout": "1s",
                "load_assignment": {"cluster_name": "xds-grpc", "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address(istiod.xds)}}]}]},
                "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                    "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions", "explicit_http_config": {"http2_protocol_options": {}},
                }},
            }]},
        }, 443)

    def connection(self, source: str = "127.0.0.1") -> http.client.HTTPConnection:
        connection = super().connection(source)
        connection.sock = self.istiod.context.wrap_socket(connection.sock, server_hostname=HOST)
        return connection
