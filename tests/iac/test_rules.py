"""The rules of rules.py on every rendering they apply to, and each of them seen to fail."""
from __future__ import annotations

import ipaddress
import re
import subprocess

import pytest
import yaml

import rules
from gateway import hardening
from manifests import GIVEN_SECRETS, PROJECT, VARIANTS, named, objects, of_kind, spin

LIGHT = [name for name in VARIANTS if name.startswith("light")]
APPS = [name for name in VARIANTS if name != "observability" and name not in LIGHT]
ANY = [*APPS, *LIGHT]
WHOLE = [name for name in APPS if name != "base"]
EVERYTHING = list(VARIANTS)
# Settings that a cluster has its own value for.
OWN = {"public_origin", "trusted_proxies", "db_host", "db_sslmode", "auth_url", "compile_url"}
SECRET_KEYS = {
    ("postgres-secret", "postgresql-user"),
    ("postgres-secret", "postgresql-db"),
    ("postgres-secret", "postgresql-password"),
    ("service-secret", "service-key"),
    ("llm-secret", "WEBHOOK_URL"),
    ("llm-secret", "WEBHOOK_API_KEY"),
    ("llm-secret", "LLM_OPENAI_KEY"),
    ("ocr-secret", "GEMINI_AI_API_KEY"),
}


def references(documents):
    given = SECRET_KEYS if not of_kind(documents, "Secret", "ExternalSecret") else set()
    return rules.references_exist(documents, given)


def with_spin(rule):
    return lambda documents: rule(documents, spin())


# Name → (the rule, the renderings it is for).
RULES = {
    "variables": (with_spin(rules.variables_match_spin_toml), ANY),
    "secrets": (with_spin(rules.secrets_are_secrets), ANY),
    "references": (references, EVERYTHING),
    "settings": (lambda documents: rules.settings_follow_spin_toml(documents, spin(), OWN), ANY),
    "image": (rules.image_in_one_place, ANY),
    "chaining": (with_spin(rules.no_service_chaining), ANY),
    "order": (rules.policies_come_first, ANY),
    "redirect": (rules.plain_http_only_redirects, WHOLE),
    "certificates": (rules.certificates_are_issued, WHOLE),
    "connections": (rules.database_has_connections_for_all, WHOLE + LIGHT),
    "disruption": (rules.disruption_leaves_somebody, APPS),
    "tokens": (rules.tokens_are_mounted_by_name, EVERYTHING),
    "roles": (rules.roles_cannot_read_secrets, EVERYTHING),
    "identities": (rules.identities_exist, WHOLE),
    "mutual TLS": (rules.mutual_tls_is_strict, WHOLE),
}


@pytest.mark.parametrize(("rule", "variant"), [(rule, variant) for rule, (_, variants) in RULES.items() for variant in variants])
def test_rule(rule, variant):
    assert list(RULES[rule][0](objects(variant))) == []


# ── Each rule is seen to fail ────────────────────────────────────────────────────────────────────────────
def app(documents, name="llm"):
    return named(documents, "SpinApp", name)["spec"]


def settings(documents):
    return next(d for d in documents if d["metadata"]["name"].startswith("atelier-settings"))["data"]


def route(documents, name):
    return named(documents, "HTTPRoute", name)["spec"]


def statefulset(documents):
    return named(documents, "StatefulSet", "postgres")["spec"]["template"]["spec"]


def drop(documents, kind, name):
    documents.remove(named(documents, kind, name))


BREAKS = [
    ("variables", "an unknown variable", lambda d: app(d)["variables"].append({"name": "webhok_url", "value": "x"})),
    ("variables", "a variable of another app", lambda d: app(d)["variables"].append({"name": "db_password", "value": "x"})),
    ("variables", "a forgotten variable", lambda d: app(d)["variables"].pop()),
    ("variables", "a variable twice", lambda d: app(d)["variables"].append(app(d)["variables"][0])),
    ("secrets", "a secret in the open", lambda d: app(d)["variables"].__setitem__(1, {"name": "service_key", "value": "s"})),
    ("references", "a misspelt key", lambda d: app(d, "auth")["variables"][5]["valueFrom"]["secretKeyRef"].update(key="password")),
    ("references", "a missing account", lambda d: drop(d, "ServiceAccount", "ocr")),
    ("references", "a missing setting", lambda d: settings(d).pop("auth_url")),
    ("settings", "a default that drifted", lambda d: settings(d).update(gemini_model="gemini-1.0")),
    ("settings", "a setting nobody reads", lambda d: settings(d).update(colour="blue")),
    ("settings", "a secret among them", lambda d: settings(d).update(service_key="s")),
    ("image", "two images", lambda d: app(d).update(image="registry.example.org/other:1")),
    ("chaining", "spin.internal", lambda d: settings(d).update(auth_url="http://auth.spin.internal")),
    ("order", "a pod before its policies", lambda d: d.append(d.pop(d.index(named(d, "NetworkPolicy", "deny-all"))))),
    ("redirect", "plain HTTP served", lambda d: route(d, "llm")["parentRefs"][0].update(sectionName="http")),
    ("redirect", "attached everywhere", lambda d: route(d, "llm")["parentRefs"][0].pop("sectionName")),
    ("redirect", "no redirect", lambda d: drop(d, "HTTPRoute", "https-only")),
    ("certificates", "nobody issues it", lambda d: drop(d, "Certificate", "atelier-tls")),
    ("certificates", "no such issuer", lambda d: drop(d, "Issuer", "atelier")),
    ("connections", "too few", lambda d: statefulset(d)["containers"][0].update(args=["-c", "max_connections=100"])),
    ("connections", "enough but during a rollout", lambda d: statefulset(d)["containers"][0].update(args=["-c", "max_connections=140"])),
    ("connections", "said nowhere", lambda d: statefulset(d)["containers"][0].pop("args")),
    ("disruption", "a single pod", lambda d: app(d).update(replicas=1)),
    ("disruption", "no budget", lambda d: drop(d, "PodDisruptionBudget", "llm")),
    ("disruption", "a budget for all", lambda d: named(d, "PodDisruptionBudget", "llm")["spec"].update(maxUnavailable=2)),
    ("tokens", "a token for all", lambda d: named(d, "ServiceAccount", "llm").pop("automountServiceAccountToken")),
    ("roles", "secrets", lambda d: named(d, "Role", "atelier-viewer")["rules"][0]["resources"].append("secrets")),
    ("roles", "everything", lambda d: named(d, "Role", "atelier-viewer")["rules"][0].update(verbs=["*"])),
    ("identities", "nobody", lambda d: named(d, "AuthorizationPolicy", "llm")["spec"]["rules"][0]["from"][0]["source"].update(principals=["cluster.local/ns/atelier/sa/gateway"])),
    ("mutual TLS", "plain text", lambda d: named(d, "PeerAuthentication", "default")["spec"]["mtls"].update(mode="PERMISSIVE")),
    ("mutual TLS", "not in the mesh", lambda d: named(d, "Namespace", "atelier")["metadata"]["labels"].pop("istio.io/dataplane-mode")),
    ("mutual TLS", "an open default", lambda d: named(d, "AuthorizationPolicy", "deny-all").update(spec={"rules": [{}]})),
]


@pytest.mark.parametrize(("rule", "how", "damage"), BREAKS, ids=[f"{rule}: {how}" for rule, how, _ in BREAKS])
def test_rule_notices(rule, how, damage):
    documents = objects("minikube")
    assert list(RULES[rule][0](documents)) == []
    damage(documents)
    assert list(RULES[rule][0](documents)) != []


def test_the_apps_of_every_overlay_have_the_resources_that_the_original_project_fixed():
    """Those of minikube's are seen on the operator's Deployments (test_admission_operator.py)."""
    def apps(variant: str) -> list:
        return [(a["metadata"]["name"], a["spec"]["components"], a["spec"]["resources"], a["spec"]["checks"]) for a in of_kind(objects(variant), "SpinApp")]

    assert [variant for variant in APPS if apps(variant) != apps("minikube")] == []


def test_no_variable_is_required():
    """Spin refuses to start an app with one that is not set, also one that only another component uses."""
    assert [name for name, variable in spin()["variables"].items() if variable.get("required")] == []


def test_every_rule_is_broken_at_least_once():
    assert {rule for rule, _, _ in BREAKS} == RULES.keys()


def test_secrets_of_all_sources_have_the_same_names_and_keys():
    """components/secrets, the vault, and what Terraform makes: the original project's names."""
    from_file, light = ({(d["metadata"]["name"], key) for d in of_kind(objects(overlay), "Secret") for key in d["data"]} for overlay in ("minikube", "light"))
    from_vault = {(d["spec"]["target"]["name"], item["secretKey"]) for d in of_kind(objects("production"), "ExternalSecret") for item in d["spec"]["data"]}
    # CloudNativePG reads its own copy of the account.
    assert from_file == light == SECRET_KEYS
    assert from_vault == SECRET_KEYS | {("postgres-owner", "username"), ("postgres-owner", "password")}
    for variant in GIVEN_SECRETS:
        assert of_kind(objects(variant), "Secret") == []


def test_a_new_password_in_the_vault_reaches_the_database_too():
    """CloudNativePG watches a Secret of somebody else only with this label (its docs/src/cncf-projects/external-secrets.md)."""
    documents = objects("production")
    owner = named(documents, "Cluster", "postgres")["spec"]["bootstrap"]["initdb"]["secret"]["name"]
    template = named(documents, "ExternalSecret", owner)["spec"]["target"]["template"]
    assert template["metadata"]["labels"] == {"cnpg.io/reload": "true"}


def test_until_an_image_is_set_none_can_be_pulled():
    """A name under .invalid resolves nowhere (RFC 6761); any other may belong to somebody, who would get the secrets. In a fork that has
    set its own, it is by digest.
    """
    images = {app["spec"]["image"] for variant in ANY for app in of_kind(objects(variant), "SpinApp")}
    images |= {c["image"] for variant in ANY for _, _, spec in rules.pod_specs(objects(variant)) for c in spec["containers"] if "atelier" in c["image"]}
    assert len(images) == 2
    assert [image for image in images if not re.fullmatch(r"registry\.invalid/atelier(-compiler)?:not-set|\S+@sha256:[0-9a-f]{64}", image)] == []


def test_no_text_names_an_image_of_ours_that_somebody_else_may_have():
    """GitHub's account names have no capitals in a reference, so YOUR-ACCOUNT is nobody's; a script has its own account's name."""
    found = {}
    for folder in ("k8s", "terraform", "ansible", "docs", ".github"):
        for file in (PROJECT / folder).rglob("*"):
            if file.is_file() and ".terraform" not in file.parts:
                names = re.findall(r"ghcr\.io/([^/\s\"]+)/atelier", file.read_text(errors="ignore"))
                found |= {f"{file.relative_to(PROJECT)}: {name}": name for name in names}
    assert set(found.values()) == {"YOUR-ACCOUNT"}, found


def test_no_address_but_a_pods_may_name_another():
    """A proxy that is believed is one that nobody else can be: no network that also has users in it. What the gateway
    forwards is its own word (test_gateway.py).
    """
    for variant in APPS:
        trusted = ipaddress.ip_network(settings(objects(variant))["trusted_proxies"])
        assert trusted.is_private and trusted.prefixlen >= 14, variant


def test_the_files_of_secrets_are_ignored_by_git_and_their_examples_hold_none():
    folder = PROJECT / "k8s" / "components" / "secrets"
    assert "k8s/components/secrets/*.env" in (PROJECT / ".gitignore").read_text().splitlines()
    lines = [line for file in folder.glob("*.env.example") for line in file.read_text().splitlines() if "=" in line and not line.startswith("#")]
    values = dict(line.split("=", 1) for line in lines)
    assert {key for key, value in values.items() if value} == {"postgresql-user", "postgresql-db"} and len(values) == len(SECRET_KEYS)


def test_light_is_one_pod_of_each_and_asks_for_no_mesh_no_gateway_and_little():
    documents = objects("light")
    kinds = {document["kind"] for document in documents}
    assert not kinds & {"Gateway", "HTTPRoute", "AuthorizationPolicy", "PeerAuthentication", "EnvoyFilter", "Telemetry", "HorizontalPodAutoscaler"}
    assert [app["spec"]["replicas"] for app in of_kind(documents, "SpinApp")] == [1]
    assert "istio.io/dataplane-mode" not in named(documents, "Namespace", "atelier")["metadata"]["labels"]
    pods = [app["spec"]["resources"]["requests"] for app in of_kind(documents, "SpinApp")]
    pods += [container["resources"]["requests"] for _, _, spec in rules.pod_specs(of_kind(documents, "StatefulSet")) for container in spec["containers"]]
    assert sum(rules.quantity(pod["memory"]) for pod in pods) <= 512 * 2**20 and sum(rules.quantity(pod["cpu"]) for pod in pods) <= 0.5


def test_the_mesh_configuration_defines_every_provider_the_manifests_name():
    mesh = yaml.safe_load((PROJECT / "k8s" / "platform" / "istiod.values.yaml").read_text())["meshConfig"]
    defined = {provider["name"] for provider in mesh["extensionProviders"]} | {"prometheus"}
    documents = objects("production")
    telemetry = named(documents, "Telemetry", "default")["spec"]
    used = {p["name"] for part in telemetry.values() for entry in part for p in entry["providers"]}
    used |= {p["spec"]["provider"]["name"] for p in of_kind(documents, "AuthorizationPolicy") if "provider" in p["spec"]}
    assert used <= defined
    check = next(p for p in mesh["extensionProviders"] if p["name"] == "atelier-auth")["envoyExtAuthzHttp"]
    assert check["pathPrefix"] == "/auth/verify" and check["failOpen"] is False and "cookie" in check["includeRequestHeadersInCheck"]
    # A refusal by the gateway is auth's reply less the headers that are not listed here.
    assert len(hardening()) == 11 and hardening() <= set(check["headersToDownstreamOnDeny"])


def seconds(file: str, constant: str) -> int:
    """A time limit as the component's source has it."""
    return int(re.search(rf"const {constant}: Duration = Duration::from_secs\((\d+)\)", (PROJECT / "components" / file).read_text())[1])


# To pull and compile, in seconds.
START = 180


def test_the_gateway_and_a_pod_that_ends_wait_for_the_longest_request():
    longest = {
        "llm": seconds("llm/src/chat/limits.rs", "TOTAL_MAX"),
        "ocr": seconds("ocr/src/upload/reader.rs", "UPLOAD_TIME_MAX") + seconds("ocr/src/stored_file.rs", "PREPARE_TIME_MAX") + seconds("ocr/src/transcribe.rs", "MODEL_TIME_MAX")
        # Compiled, corrected, and compiled again.
        + 2 * seconds("ocr/src/compile.rs", "COMPILE_TIME") + seconds("ocr/src/compile.rs", "CORRECTION_TIME_MAX"),
    }
    for name in ("auth", "llm", "ocr"):
        limits = {int(rule["timeouts"]["request"].removesuffix("s")) for rule in route(objects("minikube"), name)["rules"]}
        spec = yaml.safe_load((PROJECT / "k8s" / "deployment-extras" / f"{name}.yaml").read_text())["spec"]
        pod = spec["template"]["spec"]
        sleep = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
        # What auth may take is what the gateway gives it.
        needed = longest.get(name, max(limits))
        assert needed <= min(limits) and needed < sleep < pod["terminationGracePeriodSeconds"], name
        # A new pod may have to wait for the slowest of any app, of the upgrade before.
        assert spec["progressDeadlineSeconds"] == longest_stop() + START, name


def longest_stop() -> int:
    extras = [yaml.safe_load((PROJECT / "k8s" / "deployment-extras" / f"{name}.yaml").read_text()) for name in ("auth", "llm", "ocr")]
    return max(extra["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] for extra in extras)


def test_a_rollout_is_waited_for_as_long_as_two_stops_and_a_start(tmp_path):
    """One place says how long: the script itself, when nobody gives it another time."""
    kubectl = tmp_path / "kubectl"
    kubectl.write_text(f'#!/bin/sh\necho "$*" >> {tmp_path}/calls\n')
    kubectl.chmod(0o755)
    script = PROJECT / "terraform" / "modules" / "spin-app" / "wait-for-app"
    subprocess.run([script], check=True, env={"PATH": f"{tmp_path}:/usr/bin:/bin", "NAMESPACE": "atelier", "APP": "ocr"})
    waits = re.findall(r"(rollout status|wait).* --timeout (\d+)s", (tmp_path / "calls").read_text())
    assert waits == [(kind, str(2 * longest_stop() + START)) for kind in ("rollout status", "wait")]
    given = subprocess.run(["git", "grep", "-lE", r"TIMEOUT *= *\"?[0-9]", "--", "terraform", "docs", "k8s", ".github"], cwd=PROJECT, capture_output=True, text=True).stdout
    assert given == ""
