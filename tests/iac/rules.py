"""What no schema can say about the manifests. Each rule takes rendered objects (and spin.toml) and returns what is
wrong in words; none means right. test_rules.py applies them and shows that each can fail.
"""
from __future__ import annotations

import math
import re
from collections.abc import Iterator

from manifests import named, of_kind, pod_specs, secret_text, title

APPS = ("auth", "llm", "ocr")
# Fractions of a Kubernetes quantity, for comparing.
UNITS = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "m": 1e-3, "": 1}
# Spin's pool, per pod and database address.
CONNECTIONS_PER_POD = 64


def quantity(text: str) -> float:
    number, unit = re.fullmatch(r"([0-9.]+)([A-Za-z]*)", str(text)).groups()
    return float(number) * UNITS[unit]


# ── spin.toml and the SpinApps ──────────────────────────────────────────────────────────────────────────
def variables_of(component: dict) -> set[str]:
    """The application's variables that a component reads, in its own variables and in its allowed hosts."""
    texts = [*component.get("variables", {}).values(), *component.get("allowed_outbound_hosts", [])]
    return {name for text in texts for name in re.findall(r"{{\s*(\w+)\s*}}", text)}


def variables_match_spin_toml(documents: list[dict], spin: dict) -> Iterator[str]:
    for app in of_kind(documents, "SpinApp"):
        given = [variable["name"] for variable in app["spec"]["variables"]]
        wanted = set().union(*(variables_of(spin["component"][component]) for component in app["spec"]["components"]))
        yield from (f"{title(app)} sets {name} twice" for name in set(given) if given.count(name) > 1)
        yield from (f"{title(app)} sets {name}, which spin.toml does not have" for name in set(given) - spin["variables"].keys())
        yield from (f"{title(app)} sets {name}, which its component does not use" for name in (set(given) & spin["variables"].keys()) - wanted)
        yield from (f"{title(app)} does not set {name}" for name in wanted - set(given))


def secrets_are_secrets(documents: list[dict], spin: dict) -> Iterator[str]:
    """A secret variable comes from a Secret; nothing else does, but for the database's name and account."""
    beside = {"db_name", "db_user"}
    for app in of_kind(documents, "SpinApp"):
        for variable in app["spec"]["variables"]:
            secret = spin["variables"].get(variable["name"], {}).get("secret", False)
            source = variable.get("valueFrom", {})
            if secret and "secretKeyRef" not in source:
                yield f"{title(app)} takes {variable['name']} from somewhere else than a Secret"
            if not secret and "secretKeyRef" in source and variable["name"] not in beside:
                yield f"{title(app)} takes {variable['name']} from a Secret though it is none"


def references_exist(documents: list[dict], given: set[tuple[str, str]]) -> Iterator[str]:
    """Every Secret and ConfigMap key that anything names is there; `given` are the Secrets' keys made elsewhere."""
    keys = {("ConfigMap", d["metadata"]["name"], key) for d in of_kind(documents, "ConfigMap") for key in d.get("data", {})}
    keys |= {("Secret", d["metadata"]["name"], key) for d in of_kind(documents, "Secret") for key in secret_text(d)}
    keys |= {("Secret", d["spec"]["target"]["name"], item["secretKey"]) for d in of_kind(documents, "ExternalSecret") for item in d["spec"]["data"]}
    keys |= {("Secret", name, key) for name, key in given}
    sources = [(title(app), variable) for app in of_kind(documents, "SpinApp") for variable in app["spec"]["variables"]]
    sources += [(owner, variable) for owner, _, spec in pod_specs(documents) for container in spec["containers"] for variable in container.get("env", [])]
    for owner, variable in sources:
        for field, kind in (("secretKeyRef", "Secret"), ("configMapKeyRef", "ConfigMap")):
            reference = variable.get("valueFrom", {}).get(field)
            if reference and (kind, reference["name"], reference["key"]) not in keys:
                yield f"{owner} reads {reference['key']} of {kind} {reference['name']}, which does not exist"
    names = {(kind, name) for kind, name, _ in keys}
    for owner, _, spec in pod_specs(documents):
        for volume in spec.get("volumes", []):
            if "configMap" in volume and ("ConfigMap", volume["configMap"]["name"]) not in names:
                yield f"{owner} mounts ConfigMap {volume['configMap']['name']}, which does not exist"
            for item in volume.get("configMap", {}).get("items", []):
                if ("ConfigMap", volume["configMap"]["name"], item["key"]) not in keys:
                    yield f"{owner} mounts {item['key']} of {volume['configMap']['name']}, which does not exist"
        for container in spec["containers"]:
            mounted = {mount["name"] for mount in container.get("volumeMounts", [])}
            volumes = {volume["name"] for volume in spec.get("volumes", [])}
            claims = {c["metadata"]["name"] for d in of_kind(documents, "StatefulSet") if title(d) == owner for c in d["spec"].get("volumeClaimTemplates", [])}
            yield from (f"{owner} mounts {name}, which is no volume" for name in mounted - volumes - claims)
    accounts = {d["metadata"]["name"] for d in of_kind(documents, "ServiceAccount")}
    users = [(title(app), app["spec"].get("serviceAccountName")) for app in of_kind(documents, "SpinApp")]
    users += [(owner, spec.get("serviceAccountName")) for owner, _, spec in pod_specs(documents)]
    yield from (f"{owner} runs as {name}, which does not exist" for owner, name in users if name not in accounts)


def settings_follow_spin_toml(documents: list[dict], spin: dict, own: set[str]) -> Iterator[str]:
    """What a cluster has no reason to change has spin.toml's default; `own` are those it has."""
    for settings in of_kind(documents, "ConfigMap"):
        if not settings["metadata"]["name"].startswith("atelier-settings"):
            continue
        for name, value in settings["data"].items():
            if name not in spin["variables"]:
                yield f"the setting {name} is no variable of spin.toml"
            elif name not in own and value != spin["variables"][name].get("default"):
                yield f"the setting {name} is {value!r}, spin.toml says {spin['variables'][name].get('default')!r}"
        yield from (f"spin.toml's secret {name} is among the settings" for name in settings["data"] if spin["variables"].get(name, {}).get("secret"))


def image_in_one_place(documents: list[dict]) -> Iterator[str]:
    """That each image names a version, checkov says (CKV_K8S_14)."""
    images = {app["spec"]["image"] for app in of_kind(documents, "SpinApp")}
    if len(images) != 1:
        yield f"the SpinApps run different images: {sorted(images)}"


def no_service_chaining(documents: list[dict], spin: dict) -> Iterator[str]:
    """A component alone in its pod cannot reach another at http://NAME.spin.internal; Spin even refuses to start."""
    for app in of_kind(documents, "SpinApp"):
        for component in app["spec"]["components"]:
            for host in spin["component"][component].get("allowed_outbound_hosts", []):
                if "spin.internal" in host:
                    yield f"{title(app)}: spin.toml allows {component} {host}, which is not in its pod"
    everywhere = set.intersection(*(set(app["spec"]["components"]) for app in of_kind(documents, "SpinApp")))
    for settings in of_kind(documents, "ConfigMap"):
        for name, value in settings.get("data", {}).items():
            called = re.search(r"//(\w+)\.spin\.internal", value)
            if called and called[1] not in everywhere and name != "config.yaml":
                yield f"the setting {name} is {value}"


def policies_come_first(documents: list[dict]) -> Iterator[str]:
    """kubectl sends the objects one by one as they are rendered: otherwise a pod is open to everybody for its first seconds."""
    for owner in of_kind(documents, "SpinApp", "StatefulSet", "Deployment", "Cluster"):
        yield from (f"{title(owner)} comes before {title(d)}" for d in of_kind(documents[documents.index(owner) :], "NetworkPolicy", "AuthorizationPolicy", "PeerAuthentication"))


# ── Routes ──────────────────────────────────────────────────────────────────────────────────────────────
def plain_http_only_redirects(documents: list[dict]) -> Iterator[str]:
    gateway = named(documents, "Gateway", "atelier")
    plain = {listener["name"] for listener in gateway["spec"]["listeners"] if listener["protocol"] == "HTTP"}
    secure = {listener["name"] for listener in gateway["spec"]["listeners"] if listener["protocol"] == "HTTPS"}
    redirected = False
    for route in of_kind(documents, "HTTPRoute"):
        for parent in route["spec"]["parentRefs"]:
            if parent.get("sectionName") in plain:
                for rule in route["spec"]["rules"]:
                    kinds = [f for f in rule.get("filters", []) if f["type"] == "RequestRedirect" and f["requestRedirect"].get("scheme") == "https"]
                    redirected |= bool(kinds)
                    if not kinds or "backendRefs" in rule:
                        yield f"{title(route)} serves plain HTTP"
            elif parent.get("sectionName") not in secure:
                yield f"{title(route)} is attached to no single listener"
    if not redirected:
        yield "nothing redirects HTTP to HTTPS"


def certificates_are_issued(documents: list[dict]) -> Iterator[str]:
    issued = {d["spec"]["secretName"] for d in of_kind(documents, "Certificate")}
    issuers = {d["metadata"]["name"] for d in of_kind(documents, "Issuer")}
    for listener in (listener for d in of_kind(documents, "Gateway") for listener in d["spec"]["listeners"]):
        yield from (f"nothing issues {r['name']}" for r in listener.get("tls", {}).get("certificateRefs", []) if r["name"] not in issued)
    yield from (f"{title(d)}: issuer {d['spec']['issuerRef']['name']} does not exist" for d in of_kind(documents, "Certificate") if d["spec"]["issuerRef"]["name"] not in issuers)


# ── Scale ───────────────────────────────────────────────────────────────────────────────────────────────
def pods_at_most(documents: list[dict], app: str) -> int:
    scaler = [d for d in of_kind(documents, "HorizontalPodAutoscaler") if d["spec"]["scaleTargetRef"]["name"] == app]
    return scaler[0]["spec"]["maxReplicas"] if scaler else named(documents, "SpinApp", app)["spec"]["replicas"]


def database_has_connections_for_all(documents: list[dict]) -> Iterator[str]:
    limits = [int(d["spec"]["postgresql"]["parameters"]["max_connections"]) for d in of_kind(documents, "Cluster")]
    for _, _, spec in pod_specs(of_kind(documents, "StatefulSet")):
        limits += [int(a.split("=")[1]) for c in spec["containers"] for a in c.get("args", []) if a.startswith("max_connections=")]
    if len(limits) != 1:
        yield f"max_connections is said {len(limits)} times"
    # A quarter more during a rollout (the operator's Deployments surge by that), and a handful for people and backups.
    (holder,) = [app["metadata"]["name"] for app in of_kind(documents, "SpinApp") if "auth" in app["spec"]["components"]]
    most = pods_at_most(documents, holder)
    needed = (most + math.ceil(most / 4)) * CONNECTIONS_PER_POD + 10
    yield from (f"auth may open {needed} connections, PostgreSQL takes {limit}" for limit in limits if limit < needed)


def disruption_leaves_somebody(documents: list[dict]) -> Iterator[str]:
    budgets = {d["spec"]["selector"]["matchLabels"].get("core.spinkube.dev/app-name"): d for d in of_kind(documents, "PodDisruptionBudget")}
    for app in APPS:
        scaler = [d for d in of_kind(documents, "HorizontalPodAutoscaler") if d["spec"]["scaleTargetRef"]["name"] == app]
        least = scaler[0]["spec"]["minReplicas"] if scaler else named(documents, "SpinApp", app)["spec"]["replicas"]
        if least < 2:
            yield f"{app} may run on a single pod"
        if app not in budgets:
            yield f"{app} has no disruption budget"
            continue
        spec = budgets[app]["spec"]
        if spec.get("maxUnavailable", 0) >= least or spec.get("minAvailable", 0) >= least:
            yield f"the budget of {app} allows none or all of its {least} pods to go"
    for scaler in of_kind(documents, "HorizontalPodAutoscaler"):
        if scaler["spec"]["minReplicas"] > scaler["spec"]["maxReplicas"]:
            yield f"{title(scaler)}: more at least than at most"
        app = named(documents, "SpinApp", scaler["spec"]["scaleTargetRef"]["name"])
        if not app["spec"].get("enableAutoscaling"):
            yield f"{title(app)} is scaled by two hands"


# ── Pods ────────────────────────────────────────────────────────────────────────────────────────────────
def tokens_are_mounted_by_name(documents: list[dict]) -> Iterator[str]:
    """Which pods hold a token for the Kubernetes API, checkov lists (CKV_K8S_38); a SpinApp's can only be kept from it here."""
    yield from (f"{title(account)} mounts its token everywhere" for account in of_kind(documents, "ServiceAccount") if account.get("automountServiceAccountToken") is not False)


def roles_cannot_read_secrets(documents: list[dict]) -> Iterator[str]:
    for role in of_kind(documents, "Role", "ClusterRole"):
        for rule in role["rules"]:
            if {"secrets", "*"} & set(rule["resources"]) and {"", "*"} & set(rule["apiGroups"]):
                yield f"{title(role)} reads Secrets"
            if "*" in rule["verbs"]:
                yield f"{title(role)} may do everything to {rule['resources']}"


# ── Mesh ────────────────────────────────────────────────────────────────────────────────────────────────
def identities_exist(documents: list[dict]) -> Iterator[str]:
    """Every principal a policy lets in is somebody: an account here, or one that Istio or CloudNativePG makes."""
    here = {(d["metadata"].get("namespace"), d["metadata"]["name"]) for d in of_kind(documents, "ServiceAccount")}
    here |= {(d["metadata"]["namespace"], f"{d['metadata']['name']}-istio") for d in of_kind(documents, "Gateway")}
    here |= {(d["metadata"]["namespace"], d["metadata"]["name"]) for d in of_kind(documents, "Cluster")}
    # Of the chart, and of the plain manifest.
    here |= {("observability", "prometheus"), ("cnpg-system", "cloudnative-pg"), ("cnpg-system", "cnpg-manager")}
    for policy in of_kind(documents, "AuthorizationPolicy"):
        for rule in policy["spec"].get("rules", []):
            for source in rule.get("from", []):
                for principal in source["source"].get("principals", []):
                    match = re.fullmatch(r"cluster\.local/ns/([^/]+)/sa/([^/]+)", principal)
                    if not match or match.groups() not in here:
                        yield f"{title(policy)} lets in {principal}, who does not exist"


def mutual_tls_is_strict(documents: list[dict]) -> Iterator[str]:
    policies = of_kind(documents, "PeerAuthentication")
    if not [p for p in policies if "selector" not in p["spec"] and p["spec"]["mtls"]["mode"] == "STRICT"]:
        yield "the namespace accepts plain text"
    for policy in policies:
        if policy["spec"]["mtls"]["mode"] != "STRICT":
            yield f"{title(policy)} accepts plain text"
        yield from (f"{title(policy)} accepts plain text on {port}" for port in policy["spec"].get("portLevelMtls", {}))
    if named(documents, "Namespace", "atelier")["metadata"]["labels"].get("istio.io/dataplane-mode") != "ambient":
        yield "the namespace is not in the mesh"
    if named(documents, "AuthorizationPolicy", "deny-all")["spec"]:
        yield "deny-all allows something"
