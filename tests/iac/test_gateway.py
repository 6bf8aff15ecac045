"""What a real Envoy makes of the gateway's manifests. Played are the pods and, unless ATELIER_GATEWAY=istiod, istiod (gateway.py)
and TLS.
"""
from __future__ import annotations

import contextlib
import json
import os

import pytest

from gateway import Gateway, Upstream, hardening, routes
from manifests import objects, of_kind, spin

APPS = ("auth", "llm", "ocr")
ISTIOD = os.environ.get("ATELIER_GATEWAY") == "istiod"
if ISTIOD:
    from istiod import IstioGateway, Istiod
# What is between the pods (DESIGN §1), and Spin's own.
CLOSED = ("/auth/internal", "/.well-known/spin")


def of_spin_toml() -> list[tuple[str, str]]:
    """(path, app) of each of its routes, and of one below where there are any."""
    found = []
    for trigger in spin()["trigger"]["http"]:
        base = trigger["route"].removesuffix("/...")
        found.append((base or "/", trigger["component"]))
        if base != trigger["route"]:
            found.append((f"{base}/anything", trigger["component"]))
    return found


PATHS = of_spin_toml()
COSTLY = [(path, app) for path, app in PATHS if app != "auth"]
# auth's own answers about a session are held by the black-box suite (`the_gateway_gets_200_for_a_valid_session`).
LIVE = {"cookie": "__Host-session=live"}
REFUSAL = {name: f"{name} of auth" for name in hardening()} | {"content-type": "text/html; charset=utf-8", "www-authenticate": "Cookie", "server-timing": "not listed"}


def auth(method: str, path: str, headers: dict[str, str]) -> tuple[int, dict, bytes]:
    if not path.startswith("/auth/verify/"):
        return 200, {}, b"auth"
    return (200, {}, b"") if headers.get("cookie") == LIVE["cookie"] else (401, REFUSAL, "connectez-vous".encode())


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("envoy")
    with contextlib.ExitStack() as ending:
        if ISTIOD:
            istiod = ending.enter_context(contextlib.closing(Istiod(folder)))
            istiod.start()
            gateway, pods = IstioGateway(folder, istiod), istiod.upstreams
        else:
            pods = {name: ending.enter_context(contextlib.closing(Upstream(name))) for name in APPS}
            gateway = Gateway(folder, objects("minikube"), {name: pod.address[1] for name, pod in pods.items()})
        gateway.pods = pods
        yield ending.enter_context(contextlib.closing(gateway))


@pytest.fixture(autouse=True)
def unasked(site):
    for name in APPS:
        site.pods[name].asked.clear()
    site.pods["auth"].answer = auth


@pytest.mark.parametrize(("path", "app"), COSTLY)
def test_what_costs_money_passes_with_a_session(site, path, app):
    answer = site.ask("POST", path, {**LIVE, "accept": "application/json", "x-request-id": "abc", "x-private": "mine"}, b"a question")
    assert (answer.status, answer.text) == (200, app)
    ((method, asked, headers, body),) = site.pods["auth"].asked
    assert (method, asked, body) == ("POST", f"/auth/verify{path}", b""), "auth is asked about the head, and never sees the body"
    assert headers["accept"] == "application/json" and headers["x-request-id"] and "x-private" not in headers
    ((_, _, _, body),) = site.pods[app].asked
    assert body == b"a question"


@pytest.mark.parametrize("path", [*(path for path, _ in COSTLY), "/llm/send", "//ocr", "/%6fcr", "/x/../ocr"])
def test_without_one_the_app_hears_nothing_and_the_user_reads_auths_words(site, path):
    answer = site.ask("POST", path, {}, b"a question")
    assert (answer.status, answer.text) == (401, "connectez-vous")
    for name in hardening() | {"www-authenticate", "content-type"}:
        assert answer.headers[name] == REFUSAL[name], name
    assert answer.headers["server-timing"] is None
    assert site.pods["llm"].asked == site.pods["ocr"].asked == []


def test_any_other_yes_than_200_is_a_no(site):
    """Why auth does not answer 204 here (docs/adr/0024)."""
    site.pods["auth"].answer = lambda *_: (204, {}, b"")
    assert site.ask("POST", "/ocr", LIVE, b"a question").status == 204
    assert site.pods["ocr"].asked == []


def test_an_auth_that_is_away_means_no(site):
    site.pods["auth"].close()
    try:
        assert site.ask("POST", "/send", LIVE, b"a question").status == 503
        assert site.pods["llm"].asked == []
    finally:
        site.pods["auth"].open()


@pytest.mark.parametrize(("path", "app"), [*PATHS, ("/llm/assets/a.css", "llm"), ("/sending", "auth"), ("/ocrx", "auth")])
def test_pages_go_to_their_app_without_a_question(site, path, app):
    assert site.ask("GET", path).text == app
    assert [asked for _, asked, _, _ in site.pods["auth"].asked] == ([path] if app == "auth" else [])


@pytest.mark.parametrize("path", ["/auth/internal/reservations", "/auth/internal", "//auth/internal/reservations", "/auth//internal/reservations", "/auth/%69nternal/reservations", "/auth%2finternal/reservations", "/x/../auth/internal/reservations", "/.well-known/spin/info"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_is_between_the_pods_is_closed_however_it_is_spelled(site, method, path):
    answer = site.ask(method, path, LIVE)
    assert answer.status == 403 and answer.text == "RBAC: access denied", "as the handbook quotes it"
    assert all(site.pods[name].asked == [] for name in APPS)


def test_there_are_no_other_routes_and_every_overlay_has_the_same_at_its_own_host():
    def gateway(variant: str) -> str:
        documents = objects(variant)
        (origin,) = [d["data"]["public_origin"] for d in of_kind(documents, "ConfigMap") if d["metadata"]["name"].startswith("atelier-settings")]
        named = [listener["hostname"] for d in of_kind(documents, "Gateway") for listener in d["spec"]["listeners"]] + [name for d in of_kind(documents, "Certificate") for name in d["spec"].get("dnsNames", [])]
        assert {f"https://{name}" for name in named} == {origin}, variant
        here = [d for d in documents if d["kind"] in ("HTTPRoute", "EnvoyFilter") or d["kind"] == "AuthorizationPolicy" and "targetRefs" in d["spec"]]
        return json.dumps(here).replace(origin.removeprefix("https://"), "atelier.test")

    assert len(routes(objects("minikube"))) == len(spin()["trigger"]["http"]) + len(CLOSED)
    assert {gateway(variant) for variant in ("production", "minikube-spintainer", "minikube-autoscaling", "production-spintainer")} == {gateway("minikube")}


@pytest.mark.parametrize(("path", "app"), PATHS)
def test_nobody_says_who_a_user_is_but_auth(site, path, app):
    site.ask("GET", path, {"x-user-id": "1", "x-user-name": "root", "X-Service-Key": "k", "x-other": "stays"})
    ((_, _, headers, _),) = site.pods[app].asked
    assert not {"x-user-id", "x-user-name", "x-service-key"} & set(headers) and headers["x-other"] == "stays"


@pytest.mark.parametrize(("path", "app"), [("/auth", "auth"), ("/llm", "llm"), ("/ocr", "ocr")])
@pytest.mark.parametrize("claimed", ["6.6.6.6", "6.6.6.6, 10.244.0.1", "nonsense"])
def test_where_a_request_comes_from_is_the_gateways_own_word(site, path, app, claimed):
    """On minikube the gateway sees a node's address, which auth trusts as a proxy's and reads past: nothing of a client's may
    stand to the left of it.
    """
    site.ask("GET", path, {"X-Forwarded-For": claimed})
    ((_, _, headers, _),) = site.pods[app].asked
    assert headers["x-forwarded-for"] == "127.0.0.1"


def test_a_flood_is_told_when_to_come_back(site):
    connection = site.connection("127.0.0.3")
    # A closed path: Envoy answers it alone, so that it is fast enough to be a flood on any machine.
    answers = [site.ask("GET", "/auth/internal", connection=connection) for _ in range(1500)]
    somebody_else = site.ask("GET", "/auth/internal", connection=site.connection("127.0.0.2"))
    refused = [answer for answer in answers if answer.status == 429]
    assert {answer.status for answer in answers} == {403, 429} and [answer.status for answer in answers[:300]] == [403] * 300
    assert {answer.headers["retry-after"] for answer in refused} == {"1"}
    assert somebody_else.status == 403, "one client's flood empties no other client's bucket"


if ISTIOD:
    def test_istiod_accepts_every_route_and_makes_the_gateway_as_its_settings_say(site):
        def accepted(parent: dict) -> set[str]:
            return {condition["type"] for condition in parent["conditions"] if condition["status"] == "True"}

        get = site.istiod.get
        routes_of = [document["metadata"]["name"] for document in of_kind(objects("minikube"), "HTTPRoute")]
        for name in routes_of:
            def judged(name=name) -> None:
                (parent,) = get("gateway.networking.k8s.io/v1", "HTTPRoute", name)["status"]["parents"]
                assert accepted(parent) >= {"Accepted", "ResolvedRefs"}, parent

            site.istiod.cluster.eventually(judged)
        for listener in get("gateway.networking.k8s.io/v1", "Gateway", "atelier")["status"]["listeners"]:
            assert accepted(listener) >= {"Accepted", "ResolvedRefs"} and listener["attachedRoutes"] == (1 if listener["name"] == "http" else len(routes_of) - 1)
        assert get("v1", "Service", "atelier-istio")["spec"]["externalTrafficPolicy"] == "Local"
        spec = get("apps/v1", "Deployment", "atelier-istio")["spec"]
        (container,) = spec["template"]["spec"]["containers"]
        assert spec["replicas"] == 1 and container["resources"]["limits"] == {"cpu": "1", "memory": "512Mi"}
