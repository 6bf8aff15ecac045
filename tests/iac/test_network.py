"""The NetworkPolicies, read as a graph, are DESIGN's arrows and nothing else."""
from __future__ import annotations

import pytest

from manifests import named, objects, of_kind
from network import DATABASES, INTERNET, OPERATOR, PODS, PRIVATE, allowed, app, arrows, hbone_beside_each_port, reaches_address

# DESIGN §1, and what watches it.
DRAWN = {
    ("gateway", "auth", 80),
    ("gateway", "llm", 80),
    ("gateway", "ocr", 80),
    ("llm", "auth", 80),
    ("ocr", "auth", 80),
    ("auth", "postgres", 5432),
    ("gateway", "istiod", 15012),
    ("auth", "otel-collector", 4318),
    ("llm", "otel-collector", 4318),
    ("ocr", "otel-collector", 4318),
    ("gateway", "otel-collector", 4317),
    ("otel-collector", "jaeger", 4317),
    ("prometheus", "otel-collector", 8889),
    ("prometheus", "kube-state-metrics", 8080),
    ("prometheus", "gateway", 15020),
    ("grafana", "prometheus", 9090),
    ("grafana", "jaeger", 16686),
    ("kiali", "prometheus", 9090),
    ("kiali", "jaeger", 16686),
    ("kiali", "grafana", 3000),
}
# The world's way in: open to any source, so every pod that may speak to it at all counts.
PUBLIC = {("gateway", 80), ("gateway", 443), ("gateway", 15021)}


def graph(variant: str) -> set[tuple[str, str, int]]:
    documents = objects(variant) + objects("observability")
    kind = "Cluster" if of_kind(documents, "Cluster") else "StatefulSet"
    pods = [*PODS, DATABASES[kind], *([OPERATOR] if kind == "Cluster" else [])]
    # A pod outside the policies' namespaces may reach what is public; and istiod, DNS and their like are not ours to close.
    ours = {"atelier", "observability"}
    where = {pod.name: pod.namespace for pod in pods}
    found = arrows(documents, pods)
    found = {a for a in found if (a[1], a[2]) not in PUBLIC or where[a[0]] in ours}
    # The API server's ports are opened to any address; a pod listening there by chance is not an arrow.
    found = {a for a in found if a[2] not in (443, 6443, 8443)}
    # Prometheus asks whole namespaces; only what answers on that port matters.
    return {a for a in found if not (a[0] == "prometheus" and where[a[1]] not in ours)} - {
        ("prometheus", "gateway", port) for port in (9187, 15014, 9402)
    }


@pytest.mark.parametrize("variant", ["minikube", "production", "minikube-spintainer", "minikube-autoscaling", "minikube-compiler", "production-compiler"])
def test_the_policies_draw_the_designs_arrows_and_no_others(variant):
    expected = set(DRAWN)
    if variant.endswith("-compiler"):
        expected.add(("ocr", "compiler", 8080))
    if variant.startswith("production"):
        expected |= {("cnpg", "postgres", 8000), ("prometheus", "postgres", 9187)}
    else:
        expected.add(("backup", "postgres", 5432))
    assert graph(variant) == expected


def test_the_light_overlay_draws_two_arrows():
    documents = objects("light")
    pods = [app("atelier"), *(pod for pod in PODS if pod.name in ("backup", "stranger", "neighbour")), DATABASES["StatefulSet"]]
    assert arrows(documents, pods) == {("atelier", "postgres", 5432), ("backup", "postgres", 5432)}
    assert reaches_address(documents, app("atelier"), INTERNET) == {443} and reaches_address(documents, app("atelier"), PRIVATE) == set()


@pytest.mark.parametrize("variant", ["minikube", "production"])
def test_only_llm_and_ocr_reach_the_internet_and_nobody_the_private_networks(variant):
    documents = objects(variant)
    assert {name: reaches_address(documents, app(name), INTERNET) for name in ("auth", "llm", "ocr")} == {"auth": set(), "llm": {443}, "ocr": {443}}
    assert {name: reaches_address(documents, app(name), PRIVATE) for name in ("auth", "llm", "ocr")} == {"auth": set(), "llm": set(), "ocr": set()}


@pytest.mark.parametrize(("variant", "namespace"), [("minikube", "atelier"), ("production", "atelier"), ("observability", "observability")])
def test_the_kubelets_probes_get_in_from_the_addresses_that_ambient_gives_them(variant, namespace):
    """To every pod, at every port: a policy without either would leave all pods unready in the mesh."""
    policies = [d for d in of_kind(objects(variant), "NetworkPolicy") if d["metadata"]["namespace"] == namespace and d["spec"]["podSelector"] == {}]
    rules = [rule for policy in policies for rule in policy["spec"].get("ingress", []) if "ports" not in rule]
    assert {peer["ipBlock"]["cidr"] for rule in rules for peer in rule["from"]} == {"169.254.7.127/32", "fd16:9254:7127:1337:ffff:ffff:ffff:ffff/128"}


@pytest.mark.parametrize("variant", ["minikube-compiler", "production-compiler"])
def test_the_compile_service_reaches_nothing_not_even_a_name_server(variant):
    """What TeX is made to do by a document, it does there."""
    documents = objects(variant)
    compiler, dns = (next(pod for pod in PODS if pod.name == name) for name in ("compiler", "dns"))
    assert [pod.name for pod in PODS if allowed(documents, compiler, pod, "Egress") != set()] == []
    assert reaches_address(documents, compiler, INTERNET) == reaches_address(documents, compiler, PRIVATE) == set()
    # The others still find names.
    assert {name: allowed(documents, app(name), dns, "Egress") for name in ("auth", "ocr")} == dict.fromkeys(("auth", "ocr"), {("UDP", 53), ("TCP", 53)})


@pytest.mark.parametrize("variant", ["minikube-compiler", "production", "observability"])
def test_what_a_policy_opens_is_also_open_to_the_mesh(variant):
    assert hbone_beside_each_port(objects(variant)) == []


def test_a_missing_policy_an_extra_one_and_a_forgotten_mesh_port_are_noticed():
    documents = objects("minikube")
    assert ("llm", "auth", 80) in arrows(documents, PODS)
    without = [d for d in documents if d["metadata"]["name"] != "llm" or d["kind"] != "NetworkPolicy"]
    assert ("llm", "auth", 80) not in arrows(without, PODS)
    # deny-all gone: a neighbour gets in.
    open_door = [d for d in documents if d["metadata"]["name"] != "deny-all"]
    named(open_door, "NetworkPolicy", "auth")["spec"]["ingress"].append({})
    assert reaches_address(documents, app("auth"), INTERNET) == set()
    named(documents, "NetworkPolicy", "auth")["spec"]["ingress"][0]["ports"].pop()
    assert hbone_beside_each_port(documents) != []
