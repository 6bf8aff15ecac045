"""The collector's configuration in a real OpenTelemetry Collector, its k8sattributes asking a real API server."""
from __future__ import annotations

import json
import re
import subprocess

import pytest
import yaml

from collector import CLIENT, CONFIG, INTERNAL, Collector, at_gateway, call, labels, line, request, span
from tools import BIN, HERE

# Two pods of auth, one each of llm and ocr; loopback has more than one address, so that spans come from pods.
PODS = {"127.0.0.11": ("auth", "auth-1"), "127.0.0.12": ("auth", "auth-2"), "127.0.0.13": ("llm", "llm-1"), "127.0.0.14": ("ocr", "ocr-1")}
AUTH_1, AUTH_2, LLM, OCR = PODS
# Not an app's: its spans keep the name that Envoy gives.
GATEWAY = "127.0.0.15"
SIGN_IN = ("POST", "/auth")
WEBHOOK = "https://user:pass-mark@hook.eu2.make.com/secret-mark-of-webhook?token=query-mark"


def pod(address: str) -> dict:
    app, name = PODS[address]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "atelier", "labels": {"core.spinkube.dev/app-name": app}},
        "spec": {"containers": [{"name": app, "image": "registry.example.org/x:1"}], "serviceAccountName": app},
    }


@pytest.fixture(scope="module")
def collector(installed, tmp_path_factory):
    for address in PODS:
        made = pod(address)
        installed.create(made)
        installed.patch(made, {"status": {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}]}}, "status")
    running = Collector(tmp_path_factory.mktemp("collector"), installed, decision_wait="2s", flush="1s")
    try:
        running.start()
        yield running
    finally:
        running.stop()
        for address in PODS:
            installed.request("DELETE", installed.path(pod(address)), {"gracePeriodSeconds": 0})


def calls(collector: Collector, **wanted: str) -> dict[str, float]:
    return {series: value for series, value in collector.series("atelier_calls_total").items() if wanted.items() <= labels(series).items()}


def answers(collector: Collector, **wanted: str) -> dict[str, float]:
    return {series: value for series, value in collector.series("atelier_answers_total").items() if wanted.items() <= labels(series).items()}


def total(collector: Collector, **wanted: str) -> float:
    return sum(calls(collector, **wanted).values())


# ── It starts ────────────────────────────────────────────────────────────────────────────────────────────
def validate(text: str, folder) -> subprocess.CompletedProcess:
    file = folder / "config.yaml"
    file.write_text(text)
    return subprocess.run([BIN / "collector", "validate", f"--config={file}"], capture_output=True, text=True)


def test_the_configuration_is_valid_as_it_is(tmp_path):
    done = validate(CONFIG.read_text(), tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("old", "new"), [
    ("decision_wait: 30s", "decision_wait: soon"),
    ("set(attributes[\"service.namespace\"]", "put(attributes[\"service.namespace\"]"),
    ("kind != SPAN_KIND_SERVER", "kind != SPAN_KIND_SERVANT"),
    ("processors: [memory_limiter, batch]", "processors: [memory_limiter, redaction]"),
])
def test_a_broken_configuration_is_not(tmp_path, old, new):
    text = CONFIG.read_text()
    assert old in text
    assert validate(text.replace(old, new), tmp_path).returncode != 0


def test_it_is_the_release_of_the_image():
    image = next(image for image in yaml.safe_load((CONFIG.parent / "kustomization.yaml").read_text())["images"] if image["name"] == "otel-collector")
    versions = set(re.findall(r"opentelemetry-collector-contrib/(?:connector|exporter|extension|processor)/\w+ v(\S+)$", (HERE / "tools" / "collector" / "go.mod").read_text(), re.M))
    assert versions == {image["newTag"]}


def test_it_starts_without_a_complaint(collector):
    assert not re.search(r"\b(error|warn)\b", collector.log()), collector.log()


# ── Figures ──────────────────────────────────────────────────────────────────────────────────────────────
def test_the_service_is_the_pods_app_and_its_pods_are_added_up(collector):
    for _ in range(3):
        # One slash at the end is the same form.
        collector.send([request("POST", "/auth/", 303, "/auth/...")], AUTH_1)
        collector.send([request(*SIGN_IN, 303, "/auth/...")] * 2, AUTH_2)
    collector.until(lambda: total(collector, service_name="auth", http_response_status_code="303") == 9, "nine sign-ins")
    (series,) = calls(collector, service_name="auth", http_response_status_code="303")
    assert {"http_route": "/auth", "http_request_method": "POST"}.items() <= labels(series).items()
    assert not any("spin" in labels(series)["service_name"] for series in collector.series("atelier_calls_total"))


def test_the_labels_are_those_that_alerts_and_dashboards_ask_for(collector):
    import test_alerts

    collector.send([request("GET", "/ocr", 200, "/ocr/...")], OCR)
    collector.send([line("ocr", "GET", "/ocr", 200)], OCR, "/v1/logs")
    collector.until(lambda: total(collector, service_name="ocr") and answers(collector), "a page of ocr")
    given = {
        "atelier_calls_total": set().union(*(labels(series) for series in collector.series("atelier_calls_total"))),
        "atelier_duration_seconds_bucket": set().union(*(labels(series) for series in collector.series("atelier_duration_seconds_bucket"))),
        "atelier_answers_total": set().union(*(labels(series) for series in answers(collector))),
    }
    assert given["atelier_calls_total"] >= {"service_name", "http_route", "http_request_method", "http_response_status_code"}
    assert given["atelier_duration_seconds_bucket"] - {"le"} == given["atelier_calls_total"]
    # What expressions select by, and what the alerts' tests make up.
    texts = [rule["expr"] for rule in test_alerts.alerts().values()] + list(test_alerts.dashboards().values())
    texts += [series for pair in test_alerts.SERIES.values() for made in pair for series in made]
    selectors = [(metric, inside) for text in texts for metric, inside in re.findall(r"(atelier_calls_total|atelier_answers_total|atelier_duration_seconds_bucket)\{([^}]*)\}", text)]
    assert len(selectors) > 30
    for metric, inside in selectors:
        assert set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", inside)) <= given[metric], f"{metric}{{{inside}}}"
    for text in texts:
        for grouping in re.findall(r"\bby \(([^)]*)\)", text):
            if "atelier_" in text:
                assert set(re.split(r",\s*", grouping)) <= given["atelier_duration_seconds_bucket"] | {"component_id"}, text


# Alert → the requests that it is about. Sent as spans, scraped, and given to Prometheus' engine as they come out.
ABOUT = {
    "ServerErrors": (LLM, [("GET", "/llm", 500, "/llm/...")] * 5),
    "AuthSlow": (AUTH_2, [("GET", "/home", 200, "/home")] * 5),
}


@pytest.mark.parametrize("name", ABOUT)
def test_an_alert_fires_on_what_spans_become(collector, name):
    import test_alerts

    address, requests = ABOUT[name]
    before = {**collector.series("atelier_calls_total"), **collector.series("atelier_duration_seconds_bucket")}
    made = [request(*one, seconds=3.0 if name == "AuthSlow" else 0.05) for one in requests]
    collector.send(made, address)

    def grown() -> dict[str, float]:
        after = {**collector.series("atelier_calls_total"), **collector.series("atelier_duration_seconds_bucket")}
        grown = {series: value - before.get(series, 0) for series, value in after.items() if value != before.get(series, 0)}
        counted = sum(value for series, value in grown.items() if series.startswith("atelier_calls_total"))
        return grown if counted == len(made) else {}

    # The same happening every minute for an hour.
    series = {name: f"0+{value:g}x60" for name, value in collector.until(grown, "the requests").items()}
    assert test_alerts.fires(name, series), series


# The same of lines. There may be no span, and that of an event stream says 200.
ENDED = {
    "SignInFailures": [("auth", "POST", "/auth", 401)] * 30,
    # One slash at the end is the same form.
    "SignInThrottled": [("auth", "POST", "/login/", 429)] * 40,
    "UpstreamBreakerOpen": [("auth", "POST", "/auth/internal/reservations", 424)] * 2,
    "QuotaExhausted": [("ocr", "POST", "/ocr", 429)] * 2,
    "ServiceUnavailable": [("ocr", "POST", "/ocr", 503)] * 3,
    "UpstreamFailing": [("ocr", "POST", "/ocr", 502)] * 5,
}


@pytest.mark.parametrize("name", ENDED)
def test_an_alert_fires_on_what_lines_become(collector, name):
    import test_alerts

    before = answers(collector)
    collector.send([line(*one, cause='"status":200,"method":"GET","path":"/x"') for one in ENDED[name]], OCR, "/v1/logs")

    def grown() -> dict[str, float]:
        grown = {series: value - before.get(series, 0) for series, value in answers(collector).items() if value != before.get(series, 0)}
        return grown if sum(grown.values()) == len(ENDED[name]) else {}

    series = {name: f"0+{value:g}x60" for name, value in collector.until(grown, "the lines").items()}
    assert test_alerts.fires(name, series), series


def test_only_requests_are_counted_and_only_known_paths_are_told_apart(collector):
    before = total(collector)
    asked = request("GET", "/wp-login.php", 404, "/...")
    collector.send([asked, call("http://auth.spin.internal/auth/verify", 204, asked), span("execute_wasm_component auth", INTERNAL, {}, asked["traceId"], asked["spanId"])], AUTH_1)
    collector.until(lambda: total(collector) == before + 1, "one request")
    routes = {labels(series)["http_route"] for series in collector.series("atelier_calls_total")}
    assert "/..." in routes and not any("wp-login" in route for route in routes)


def test_lines_are_counted_by_component(collector):
    other = {"body": {"stringValue": "a line with line-mark in it"}, "attributes": [{"key": "component_id", "value": {"stringValue": "llm"}}], "timeUnixNano": "1"}
    # Another event than `request` is no answer.
    started = line("llm", "POST", "/send", 200, event="started")
    answered = answers(collector)
    collector.send([other, started, line("llm", "FOO", "/line-mark", 405)], LLM, "/v1/logs")
    collector.send([other], AUTH_1, "/v1/logs")
    collector.until(lambda: sum(value for series, value in collector.series("atelier_log_lines_total").items() if labels(series).get("component_id") == "llm") == 4, "four lines")
    (new,) = (series for series in answers(collector) if series not in answered)
    assert {"service_name": "llm", "http_route": "other", "http_request_method": "other", "http_response_status_code": "405"}.items() <= labels(new).items()


# ── What is stored ───────────────────────────────────────────────────────────────────────────────────────
def kept(collector: Collector, traces: set[str]) -> set[str]:
    return {one["traceId"] for one in collector.stored()} & traces


def test_failures_and_slow_traces_are_kept_and_some_of_the_rest(collector):
    failed = [request("POST", "/send", status, "/send") for status in (500, 502, 503, 504) for _ in range(5)]
    slow = [request("POST", "/ocr", 200, "/ocr/...", seconds=6) for _ in range(5)]
    # One in four, by the trace's number: chance, but over 400 never outside these bounds in a lifetime.
    rest = [request("GET", "/home", 200, "/home") for _ in range(400)]
    collector.send(failed, LLM)
    collector.send(slow, OCR)
    collector.send(rest, AUTH_1)
    # No pod was ready: only the gateway has a span.
    alone = [at_gateway("/send", 503) for _ in range(5)]
    collector.send(alone, GATEWAY, service="atelier-istio.atelier")
    wanted = {one["traceId"] for one in failed + slow + alone}
    collector.until(lambda: kept(collector, wanted) == wanted, "failed and slow traces")
    collector.until(lambda: len(kept(collector, {one["traceId"] for one in rest})) > 40, "a part of the rest")
    assert len(kept(collector, {one["traceId"] for one in rest})) < 180


def test_a_trace_is_kept_whole_across_services(collector):
    asked = request("POST", "/send", 503, "/send")
    inner = request("POST", "/auth/internal/reservations", 200, "/auth/...", trace=asked["traceId"], parentSpanId=asked["spanId"])
    collector.send([inner], AUTH_2)
    collector.send([asked], LLM)
    collector.until(lambda: len([one for one in collector.stored() if one["traceId"] == asked["traceId"]]) == 2, "both halves")
    halves = {one["resource"]["service.name"]: one for one in collector.stored() if one["traceId"] == asked["traceId"]}
    assert halves.keys() == {"auth", "llm"}
    for name, half in halves.items():
        assert half["resource"]["service.namespace"] == "atelier" and half["resource"]["k8s.namespace.name"] == "atelier"
        assert half["resource"]["k8s.pod.name"] == {"auth": "auth-2", "llm": "llm-1"}[name]
    assert halves["auth"]["parentSpanId"] == halves["llm"]["spanId"]


def test_the_spans_of_variables_are_not_stored(collector):
    asked = request("GET", "/llm", 503, "/llm/...")
    read = span("spin_variables.get", CLIENT, {"key": "webhook_url"}, asked["traceId"], asked["spanId"])
    step = span("execute_wasm_component llm", INTERNAL, {}, asked["traceId"], asked["spanId"])
    collector.send([read, step, asked], LLM)
    stored = collector.until(lambda: [one["name"] for one in collector.stored() if one["traceId"] == asked["traceId"]], "the trace")
    assert sorted(stored) == ["GET /llm/...", "execute_wasm_component llm"]


def test_neither_secrets_nor_people_leave_the_collector(collector):
    asked = request("POST", "/send", 502, "/send", query="message=query-mark", events=[
        {"name": f"error calling {WEBHOOK}", "timeUnixNano": "1", "attributes": [{"key": "error", "value": {"stringValue": f"connecting to {WEBHOOK} failed"}}]},
        {"name": "event", "timeUnixNano": "1", "attributes": [{"key": "error", "value": {"stringValue": "duplicate key value violates unique constraint: Key (username_key)=(user-mark) already exists."}}]},
        {"name": "event", "timeUnixNano": "1", "attributes": [{"key": "app_log", "value": {"stringValue": line("auth", "GET", "/auth/verify", 204, user="id-mark")["body"]["stringValue"]}}]},
    ], status={"code": 2, "message": f"POST {WEBHOOK} 410"})
    asked["attributes"] += [{"key": "user_agent", "value": {"stringValue": "agent-mark"}}, {"key": "error.type", "value": {"stringValue": f"Upstream({WEBHOOK})"}}]
    outgoing = call(WEBHOOK, 410, asked)
    collector.send([asked, outgoing], LLM)
    collector.send([at_gateway("/send?message=query-mark", 502, asked["traceId"])], GATEWAY, service="atelier-istio.atelier")

    def whole() -> list[dict]:
        found = [one for one in collector.stored() if one["traceId"] == asked["traceId"]]
        return found if len(found) == 3 else []

    stored = collector.until(whole, "the failed question")
    collector.until(lambda: total(collector, service_name="llm", http_response_status_code="502"), "its figure")
    everything = (collector.folder / "store.jsonl").read_text() + collector.metrics() + collector.log()
    for mark in ("secret-mark", "query-mark", "pass-mark", "user-mark", "agent-mark", "id-mark", "line-mark", "203.0.113.77", "10.244.0.9", "51234"):
        assert mark not in everything, mark
    # What is left still says what happened.
    outgoing = next(one for one in stored if one["kind"] == CLIENT)
    assert outgoing["attributes"]["server.address"] == "hook.eu2.make.com"
    assert outgoing["attributes"]["http.response.status_code"] == "410"
    gateway = next(one for one in stored if one["resource"]["service.name"] == "atelier-istio.atelier")
    assert (gateway["attributes"]["http.url"], gateway["attributes"]["http.status_code"]) == ("https://atelier.test", "502")
    failed = json.dumps(next(one for one in stored if one["resource"]["service.name"] == "llm" and one["kind"] != CLIENT))
    for text in ("connecting to https://hook.eu2.make.com failed", "violates unique constraint: Key (username_key) already exists.", "POST https://hook.eu2.make.com 410"):
        assert text in failed, text
