"""Alerts and dashboards: Prometheus' own parser and engine (tools/alerts), on made-up series."""
from __future__ import annotations

import json
import re
import subprocess

import pytest
import yaml

from manifests import PROJECT, spin
from tools import BIN

FOLDER = PROJECT / "k8s" / "observability"
# Every metric that anything may ask for, and who makes it.
METRICS = {
    "atelier_calls_total": "span_metrics",
    "atelier_duration_seconds_bucket": "span_metrics",
    "atelier_log_lines_total": "count",
    "atelier_answers_total": "count",
    "kube_deployment_status_replicas_available": "kube-state-metrics",
    "kube_pod_container_status_restarts_total": "kube-state-metrics",
    "kube_pod_status_ready": "kube-state-metrics",
    "kube_horizontalpodautoscaler_status_current_replicas": "kube-state-metrics",
    "kube_horizontalpodautoscaler_spec_max_replicas": "kube-state-metrics",
    "certmanager_certificate_expiration_timestamp_seconds": "cert-manager",
    "istio_requests_total": "gateway",
    "istio_tcp_connections_opened_total": "ztunnel",
    "up": "prometheus",
    "ALERTS": "prometheus",
}


def tool(*arguments: str, given: object = None) -> object:
    done = subprocess.run([BIN / "alerts", *arguments], input=json.dumps(given), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def alerts() -> dict[str, dict]:
    return {rule["alert"]: rule for group in yaml.safe_load((FOLDER / "alerts.yaml").read_text())["groups"] for rule in group["rules"]}


def dashboards() -> dict[str, str]:
    """Panel → its PromQL, Grafana's own variables filled in."""
    found = {}
    for file in sorted((FOLDER / "dashboards").glob("*.json")):
        for panel in json.loads(file.read_text())["panels"]:
            for target in panel["targets"]:
                found[f"{file.stem}/{panel['title']}/{target['refId']}"] = target["expr"].replace("$__rate_interval", "1m")
    return found


def test_prometheus_accepts_the_rules():
    assert sum(len(group["Rules"]) for group in tool("rules", str(FOLDER / "alerts.yaml"))) == len(alerts())


def test_prometheus_starts_with_its_configuration():
    """Its own loader: relabelling, service discovery, everything but the files and addresses themselves."""
    done = subprocess.run([BIN / "alerts", "config", FOLDER / "prometheus-config.yaml"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_alerts_and_dashboards_ask_for_metrics_that_somebody_makes():
    asked = tool("expressions", given={**{name: rule["expr"] for name, rule in alerts().items()}, **dashboards()})
    assert {metric for metrics in asked.values() for metric in metrics} == METRICS.keys()


def test_every_maker_of_a_metric_is_configured():
    collector = yaml.safe_load((FOLDER / "collector-config.yaml").read_text())
    jobs = {job["job_name"] for job in yaml.safe_load((FOLDER / "prometheus-config.yaml").read_text())["scrape_configs"]}
    makers = set(collector["connectors"]) | jobs | {"prometheus"}
    assert set(METRICS.values()) <= makers
    spans = collector["connectors"]["span_metrics"]
    assert spans["namespace"] == "atelier" and spans["histogram"]["unit"] == "s"
    # The labels the expressions use are the dimensions the collector gives.
    labels = {dimension["name"].replace(".", "_") for dimension in spans["dimensions"]}
    assert labels == {"http_route", "http_request_method", "http_response_status_code"}


def test_the_collector_tells_the_paths_apart_that_alerts_name():
    """The paths of DESIGN §5, and nothing a visitor makes up: each value is a series."""
    statements = yaml.safe_load((FOLDER / "collector-config.yaml").read_text())["processors"]["transform/route"]["trace_statements"][0]["statements"]
    known, verify = (match[1] for statement in statements if (match := re.search(r'IsMatch\(attributes\["url.path"\], "(.*)"\)', statement)))
    named = {"/auth", "/login", "/register", "/home", "/account", "/logout", "/auth/verify", "/auth/internal/reservations", "/auth/internal/reservations/lookup"}
    named |= {"/auth/readyz", "/llm", "/llm/send", "/send", "/ocr"}
    assert [path for path in named if not re.search(known, path) or not re.search(known, path + "/")] == []
    assert [path for path in ("/", "//", "/auth//", "/auth/x", "/authx", "/auth/verify/ocr", "/x/auth", "/ocr/assets/a.css") if re.search(known, path)] == []
    assert re.search(verify, "/auth/verify/ocr") and not re.search(verify, "/auth/verify")
    # Each belongs to a trigger of spin.toml.
    routes = {trigger["route"] for trigger in spin()["trigger"]["http"]}
    assert all(path in routes or any(f"{'/'.join(path.split('/')[:n])}/..." in routes for n in range(2, 5)) for path in named)


def test_every_alert_is_explained_in_the_handbook():
    handbook = (PROJECT / "docs" / "operations.md").read_text()
    assert [name for name in alerts() if f"`{name}`" not in handbook] == []


CALLS = 'atelier_calls_total{service_name="%s", http_route="%s", http_request_method="%s", http_response_status_code="%s"}'


def calls(service, route, method, status):
    return CALLS % (service, route, method, status)


def answers(service, status, method="POST", route="other"):
    return f'atelier_answers_total{{service_name="{service}", http_route="{route}", http_request_method="{method}", http_response_status_code="{status}"}}'


def sign_in(status):
    return answers("auth", status, route="/auth")


def spend(status):
    return answers("auth", status, route="/auth/internal/reservations")


SIGN_IN = ("auth", "/auth", "POST")
DEPLOYMENT = 'kube_deployment_status_replicas_available{namespace="atelier", deployment="%s"}'
ALL_UP = {DEPLOYMENT % name: "2x60" for name in ("auth", "llm", "ocr")}
POSTGRES = 'kube_pod_status_ready{namespace="atelier", pod="postgres-0", condition="true"}'
EXPIRY = 'certmanager_certificate_expiration_timestamp_seconds{namespace="atelier", name="atelier-tls"}'
DAY = 86400
# Alert → (series under which it is quiet, series under which it fires). One sample a minute, asked after an hour.
SERIES = {
    "SignInFailures": (
        # The gateway asking about visitors without a session is no failed sign-in.
        {sign_in("303"): "0+60x60", sign_in("401"): "0+20x60", answers("auth", "401"): "0+600x60"},
        {sign_in("303"): "0+5x60", sign_in("401"): "0+60x60"},
    ),
    # Nor is a quota used up a throttled sign-in.
    "SignInThrottled": ({sign_in("429"): "0+1x60", spend("429"): "0+60x60"}, {sign_in("429"): "0+60x60"}),
    "QuotaExhausted": ({answers("llm", "429"): "0+0.5x60"}, {answers("llm", "429"): "0+2x60"}),
    "UpstreamFailing": (
        {answers("llm", "200"): "0+60x60", answers("llm", "502"): "0+1x60"},
        {answers("llm", "200"): "0+60x60", answers("llm", "504"): "0+10x60"},
    ),
    # Not configured, a busy upstream and auth away are 503 to the user as well, and no breaker.
    "UpstreamBreakerOpen": (
        {answers("llm", "503"): "0+60x60", spend("429"): "0+60x60", spend("424"): "7x60"},
        {spend("424"): "0+1x60"},
    ),
    # What an open circuit refused is the alert above, not this one.
    "ServiceUnavailable": (
        {answers("llm", "503"): "0+60x60", spend("424"): "0+60x60", answers("ocr", "503"): "0x60"},
        {answers("llm", "503"): "0+66x60", spend("424"): "0+60x60"},
    ),
    "ServerErrors": (
        {calls(*SIGN_IN, "303"): "0+600x60", calls(*SIGN_IN, "500"): "0+1x60"},
        {calls(*SIGN_IN, "303"): "0+60x60", calls(*SIGN_IN, "500"): "0+6x60"},
    ),
    "AuthSlow": (
        {'atelier_duration_seconds_bucket{service_name="auth", le="0.1"}': "0+60x60", 'atelier_duration_seconds_bucket{service_name="auth", le="+Inf"}': "0+60x60"},
        {
            'atelier_duration_seconds_bucket{service_name="auth", le="0.1"}': "0+30x60",
            'atelier_duration_seconds_bucket{service_name="auth", le="5"}': "0+60x60",
            'atelier_duration_seconds_bucket{service_name="auth", le="+Inf"}': "0+60x60",
        },
    ),
    "ServiceDown": (ALL_UP, {**ALL_UP, DEPLOYMENT % "llm": "0x60"}),
    "PodRestarting": (
        {'kube_pod_container_status_restarts_total{namespace="atelier", pod="llm-1", container="llm"}': "1x60"},
        {'kube_pod_container_status_restarts_total{namespace="atelier", pod="llm-1", container="llm"}': "0+0.5x60"},
    ),
    "PostgresDown": ({POSTGRES: "1x60"}, {POSTGRES: "0x60"}),
    "CertificateExpiring": ({EXPIRY: f"{60 * DAY}x60"}, {EXPIRY: f"{7 * DAY}x60"}),
    "AutoscalerAtItsLimit": (
        {
            'kube_horizontalpodautoscaler_status_current_replicas{namespace="atelier", horizontalpodautoscaler="llm"}': "2x60",
            'kube_horizontalpodautoscaler_spec_max_replicas{namespace="atelier", horizontalpodautoscaler="llm"}': "6x60",
        },
        {
            'kube_horizontalpodautoscaler_status_current_replicas{namespace="atelier", horizontalpodautoscaler="llm"}': "6x60",
            'kube_horizontalpodautoscaler_spec_max_replicas{namespace="atelier", horizontalpodautoscaler="llm"}': "6x60",
        },
    ),
    "TelemetryMissing": ({'up{job="otel-collector"}': "1x60"}, {'up{job="otel-collector"}': "0x60"}),
}
# Alerts that must also fire when nothing reports at all.
SILENCE = {"ServiceDown", "PostgresDown", "TelemetryMissing"}


def fires(name: str, series: dict[str, str]) -> bool:
    return tool("run", given={"expression": alerts()[name]["expr"], "at": "1h", "series": series}) != []


def test_every_alert_has_series():
    assert SERIES.keys() == alerts().keys()


@pytest.mark.parametrize("name", SERIES)
def test_alert_is_quiet_and_fires(name):
    quiet, loud = SERIES[name]
    assert not fires(name, quiet)
    assert fires(name, loud)


@pytest.mark.parametrize("name", SERIES)
def test_alert_on_silence(name):
    assert fires(name, {}) == (name in SILENCE)


def test_the_first_refusal_of_a_breaker_is_noticed():
    """A counter begins at its first refusal: there is no increase yet, only a series that was not there before."""
    assert fires("UpstreamBreakerOpen", {spend("424"): "_x58 1 1"})


def test_ocr_out_of_service_is_noticed_while_llms_breaker_is_open():
    series = {answers("ocr", "503"): "0+6x60", answers("llm", "503"): "0+60x60", spend("424"): "0+60x60"}
    assert fires("ServiceUnavailable", series)
    assert fires("ServiceUnavailable", {answers("ocr", "503"): "0+6x60"})
    # When auth is away nobody gets as far as a question.
    assert fires("ServiceUnavailable", {answers("ocr", "503", "other"): "0+6x60"})


def test_a_single_missing_service_is_noticed():
    assert fires("ServiceDown", {series: value for series, value in ALL_UP.items() if "ocr" not in series})
