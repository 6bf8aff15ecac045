"""Turns NetworkPolicies into a graph: who may open a connection to whom, at which port."""
from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field

from manifests import of_kind

HBONE = 15008


@dataclass(frozen=True)
class Pod:
    """A kind of pod that exists at run time, by the labels that policies select."""

    name: str
    namespace: str
    labels: dict[str, str] = field(hash=False)


def app(name: str) -> Pod:
    # The labels the operator gives a SpinApp's pods.
    return Pod(name, "atelier", {"core.spinkube.dev/app-name": name, "app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "atelier"})


def watcher(name: str) -> Pod:
    return Pod(name, "observability", {"app.kubernetes.io/name": name})


PODS = [
    app("auth"),
    app("llm"),
    app("ocr"),
    # istiod labels the gateway's pods so.
    Pod("gateway", "atelier", {"gateway.networking.k8s.io/gateway-name": "atelier"}),
    # Only components/backup gives it an arrow; production has none.
    Pod("backup", "atelier", {"app.kubernetes.io/name": "backup", "app.kubernetes.io/part-of": "atelier"}),
    # Only components/compiler gives it one.
    Pod("compiler", "atelier", {"app.kubernetes.io/name": "compiler", "app.kubernetes.io/part-of": "atelier"}),
    Pod("istiod", "istio-system", {"app": "istiod"}),
    Pod("dns", "kube-system", {"k8s-app": "kube-dns"}),
    Pod("stranger", "default", {"app": "stranger"}),
    Pod("neighbour", "atelier", {"app": "neighbour"}),
    Pod("kubernetes-node", "cert-manager", {}),
    *(watcher(name) for name in ("otel-collector", "jaeger", "prometheus", "grafana", "kiali", "kube-state-metrics")),
]
DATABASES = {
    "StatefulSet": Pod("postgres", "atelier", {"app.kubernetes.io/name": "postgres", "app.kubernetes.io/part-of": "atelier"}),
    "Cluster": Pod("postgres", "atelier", {"cnpg.io/cluster": "postgres"}),
}
OPERATOR = Pod("cnpg", "cnpg-system", {"app.kubernetes.io/name": "cloudnative-pg"})
# Somewhere on the Internet, and the cluster's own addresses.
INTERNET, PRIVATE = ipaddress.ip_address("93.184.216.34"), ipaddress.ip_address("10.96.0.1")


def selects(selector: dict, labels: dict[str, str]) -> bool:
    for key, value in selector.get("matchLabels", {}).items():
        if labels.get(key) != value:
            return False
    for expression in selector.get("matchExpressions", []):
        assert expression["operator"] in ("In", "NotIn"), expression
        if (labels.get(expression["key"]) in expression["values"]) is (expression["operator"] == "NotIn"):
            return False
    return True


def peer_fits(peer: dict, policy_namespace: str, other: Pod) -> bool:
    if "ipBlock" in peer:
        return False
    if "namespaceSelector" in peer:
        if not selects(peer["namespaceSelector"], {"kubernetes.io/metadata.name": other.namespace}):
            return False
    elif other.namespace != policy_namespace:
        return False
    return selects(peer.get("podSelector", {}), other.labels)


def ports_of(rule: dict) -> set[tuple[str, int]] | None:
    """None stands for every port."""
    return {(p.get("protocol", "TCP"), p["port"]) for p in rule["ports"]} if rule.get("ports") else None


def allowed(documents: list[dict], pod: Pod, other: Pod, direction: str) -> set[tuple[str, int]] | None:
    """The ports at which `pod` may be reached by (Ingress), or reach (Egress), `other`; None stands for all."""
    kind, field_name = ("ingress", "from") if direction == "Ingress" else ("egress", "to")
    governed, ports = False, set()
    for policy in of_kind(documents, "NetworkPolicy"):
        if policy["metadata"]["namespace"] != pod.namespace or not selects(policy["spec"]["podSelector"], pod.labels):
            continue
        if direction not in policy["spec"]["policyTypes"]:
            continue
        governed = True
        for rule in policy["spec"].get(kind, []):
            peers = rule.get(field_name)
            if peers is None or any(peer_fits(peer, policy["metadata"]["namespace"], other) for peer in peers):
                found = ports_of(rule)
                if found is None:
                    return None
                ports |= found
    return ports if governed else None


def arrows(documents: list[dict], pods: list[Pod]) -> set[tuple[str, str, int]]:
    """(from, to, port) that both ends agree on, HBONE and name resolution left out."""
    found = set()
    for source in pods:
        for target in pods:
            if source is target:
                continue
            leaving, entering = allowed(documents, source, target, "Egress"), allowed(documents, target, source, "Ingress")
            if leaving is None and entering is None:
                continue
            both = entering if leaving is None else leaving if entering is None else leaving & entering
            found |= {(source.name, target.name, port) for _, port in both if port not in (HBONE, 53)}
    return found


def reaches_address(documents: list[dict], pod: Pod, address: ipaddress.IPv4Address) -> set[int]:
    ports = set()
    for policy in of_kind(documents, "NetworkPolicy"):
        if policy["metadata"]["namespace"] != pod.namespace or not selects(policy["spec"]["podSelector"], pod.labels):
            continue
        for rule in policy["spec"].get("egress", []):
            for peer in rule.get("to", [{"ipBlock": {"cidr": "0.0.0.0/0"}}]):
                block = peer.get("ipBlock")
                if not block or ipaddress.ip_network(block["cidr"]).version != address.version:
                    continue
                if address in ipaddress.ip_network(block["cidr"]) and not any(address in ipaddress.ip_network(e) for e in block.get("except", [])):
                    ports |= {p["port"] for p in rule.get("ports", [])}
    return ports


def hbone_beside_each_port(documents: list[dict]) -> list[str]:
    """A rule between pods of the mesh that opens a port must also open 15008, or ambient cuts it off."""
    outside = {"kube-system", "istio-system", "cert-manager"}
    problems = []
    for policy in of_kind(documents, "NetworkPolicy"):
        for direction, field_name in (("ingress", "from"), ("egress", "to")):
            for rule in policy["spec"].get(direction, []):
                peers = rule.get(field_name) or []
                inside = [p for p in peers if "ipBlock" not in p and p.get("namespaceSelector", {}).get("matchLabels", {}).get("kubernetes.io/metadata.name") not in outside]
                # The gateway's own metrics port is read in plain text: its pods are not captured by ztunnel.
                ports = {port for _, port in ports_of(rule) or set()}
                if inside and ports and HBONE not in ports and ports != {15020}:
                    problems.append(f"{policy['metadata']['name']} ({direction}) opens {sorted(ports)} without {HBONE}")
    return problems
