"""overlays/light on a real node, as large as docs/operations.md asks for. In this order: each test finds what the one before
left. What they print is shown at the end of the run.
"""
from __future__ import annotations

import subprocess
import time

import pytest

from cluster import free_port
from light import APP, Browser, ready
from node import NodeCluster
from tools import BIN
from traffic import USERS, Traffic


def restarts(pod: dict) -> int:
    return sum(status["restartCount"] for status in pod["status"]["containerStatuses"])


def events(node: NodeCluster, name: str, reason: str) -> list[dict]:
    return [e for e in node.request("GET", "/api/v1/namespaces/atelier/events")["items"] if e["involvedObject"]["name"] == name and e["reason"] == reason]


@pytest.fixture(scope="session")
def users(light) -> list[Browser]:
    found = [light.browser() for _ in range(USERS)]
    for number, browser in enumerate(found):
        browser.register(f"somebody-{number}")
        browser.sign_in(f"somebody-{number}")
    return found


def test_it_becomes_available_at_the_first_try(light):
    app, (postgres,) = light.serving(), light.pods("postgres")
    assert ready(postgres) and restarts(app) == restarts(postgres) == 0
    print(f"available {light.seconds_to_install:.0f} s after an empty node, with all images pushed and pulled")


def test_the_scheduler_places_its_pods_and_their_claims_have_volumes(light):
    for pod in (light.serving(), *light.pods("postgres")):
        (event,) = events(light.node, pod["metadata"]["name"], "Scheduled")
        assert (event.get("reportingComponent") or event["source"]["component"]) == "default-scheduler"
        assert pod["status"]["qosClass"] == "Burstable"
    claims = light.node.request("GET", "/api/v1/namespaces/atelier/persistentvolumeclaims")["items"]
    assert {c["metadata"]["name"]: c["status"]["phase"] for c in claims} == {"data-postgres-0": "Bound", "backup": "Bound"}


def test_the_secrets_reach_the_components(light):
    """PostgreSQL's password: an account is made. The service key: llm may ask auth who this is. No webhook yet: it says so."""
    browser = light.browser()
    assert browser.send("?")[0] == 401
    browser.register("with-secrets")
    browser.sign_in("with-secrets")
    assert browser.ask("GET", "/home")[0] == 200
    status, _, text = browser.send("What is a list?")
    assert status == 503 and "webhook_url" in text, text


@pytest.mark.parametrize(
    ("namespace", "labels", "host", "port", "reached"),
    [
        # As the app and the backup are labelled: what is tried is the policies, not the probe.
        ("atelier", {"core.spinkube.dev/app-name": APP}, "postgres.atelier", 5432, True),
        ("atelier", {"app.kubernetes.io/name": "backup"}, "postgres.atelier", 5432, True),
        ("atelier", {"app.kubernetes.io/name": "stranger"}, "postgres.atelier", 5432, False),
        ("default", {"core.spinkube.dev/app-name": APP}, "postgres.atelier", 5432, False),
        ("default", {"app.kubernetes.io/name": "stranger"}, "atelier.atelier", 80, False),
        ("atelier", {"app.kubernetes.io/name": "backup"}, "atelier.atelier", 80, False),
    ],
    ids=lambda value: "-".join(value.values()) if isinstance(value, dict) else str(value),
)
def test_only_what_the_policies_name_is_reached(light, namespace, labels, host, port, reached):
    assert light.reaches(namespace, labels, f"{host}.svc.cluster.local", port) is reached


def test_it_is_reached_by_port_forward(light):
    port = free_port()
    command = [BIN / "kubectl", f"--kubeconfig={light.node.kubeconfig()}", "-n", "atelier", "port-forward", f"service/{APP}", f"{port}:80"]
    forward = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        browser = Browser("localhost", port)
        light.node._wait(lambda: browser.ask("GET", "/auth/readyz")[0] == 200, "the port-forward", 30)
        browser.register("from-localhost")
        browser.sign_in("from-localhost")
        assert browser.ask("GET", "/home")[0] == 200
    finally:
        forward.terminate()
        forward.wait()


def test_it_fits_the_node_that_the_handbook_asks_for(light, users):
    with Traffic(users) as traffic:
        time.sleep(30)
        busy = light.node.usage()
    assert not traffic.failed
    total = sum(memory for memory, _ in busy.values())
    print(f"while {traffic.answered / 30:.0f} requests a second are answered:")
    for name, (memory, cpu) in busy.items():
        print(f"  {name:<28} {memory / 2**20:6.0f} MiB {cpu:5.2f} processors")
    print(f"  {'together':<28} {total / 2**20:6.0f} MiB")
    assert total < 2 * 2**30


def test_an_upgrade_fails_no_request(light, users):
    before = light.serving()
    with Traffic(users) as traffic:
        time.sleep(2)
        begun = time.monotonic()
        image = light.upgrade("0.2.0")
        light.wait_for_app()
        ready_after = time.monotonic() - begun
        after = light.serving()
        alone_after = time.monotonic() - begun
        time.sleep(2)
    print(f"upgrade: {traffic}; ready after {ready_after:.0f} s, the old pod gone after {alone_after:.0f} s")
    assert after["metadata"]["name"] != before["metadata"]["name"] and after["spec"]["containers"][0]["image"] == image
    assert traffic.failed == [] and traffic.answered > 100
    # preStop: it slept its twenty seconds before it was told to end, while the new one was ready.
    (killing,) = events(light.node, before["metadata"]["name"], "Killing")
    assert alone_after - ready_after > 10, killing


def test_a_version_that_does_not_start_leaves_the_old_one_serving(light, users):
    before = light.serving()
    with Traffic(users) as traffic:
        for document in light.objects("127.0.0.1:1/atelier-spin@sha256:" + "0" * 64):
            light.node.apply(document)

        def stuck() -> None:
            reasons = {status["state"].get("waiting", {}).get("reason") for pod in light.pods() for status in pod["status"].get("containerStatuses", [])}
            assert reasons & {"ErrImagePull", "ImagePullBackOff"}, reasons

        light.node.eventually(stuck, 60)
        light.upgrade("0.2.0")
        light.wait_for_app()
    print(f"a version that does not start: {traffic}")
    assert traffic.failed == [] and light.serving()["metadata"]["name"] == before["metadata"]["name"]


def test_a_deleted_pod_comes_back(light, users):
    before = light.serving()
    with Traffic(users) as traffic:
        light.node.request("DELETE", f"/api/v1/namespaces/atelier/pods/{before['metadata']['name']}")
        after = light.serving()
        light.answers(users[0])
    print(f"a deleted pod: {traffic}")
    assert after["metadata"]["uid"] != before["metadata"]["uid"]
    assert [browser.ask("GET", "/home")[0] for browser in users] == [200] * USERS


def test_without_its_database_it_takes_no_request_and_is_not_restarted(light, users):
    postgres = {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "postgres", "namespace": "atelier"}}
    before = light.serving()
    light.node.patch(postgres, {"spec": {"replicas": 0}}, part="scale")

    def unready() -> None:
        pod = light.pod()
        assert not ready(pod)

    light.node.eventually(unready, 240)
    with pytest.raises(OSError):
        users[0].ask("GET", "/auth/readyz")
    light.node.patch(postgres, {"spec": {"replicas": 1}}, part="scale")
    after = light.serving()
    light.answers(users[0])
    assert after["metadata"]["uid"] == before["metadata"]["uid"] and restarts(after) == restarts(before)
    assert [browser.ask("GET", "/home")[0] for browser in users] == [200] * USERS


def test_a_program_that_hangs_is_restarted(light, users):
    before = light.serving()
    begun = time.monotonic()
    light.node.inside("sh", "-c", "kill -STOP $(pidof atelier-runtime)")

    def restarted() -> None:
        pod = light.pod()
        assert restarts(pod) == restarts(before) + 1 and ready(pod), pod["status"]

    light.node.eventually(restarted, 300)
    light.answers(users[0])
    print(f"a program that hangs: serves again after {time.monotonic() - begun:.0f} s")
    assert light.pod()["metadata"]["uid"] == before["metadata"]["uid"]
    assert users[0].ask("GET", "/home")[0] == 200


def test_the_nightly_backup_writes_a_dump(light):
    cron = light.node.get({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "backup", "namespace": "atelier"}})
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "backup-now", "namespace": "atelier"}, "spec": cron["spec"]["jobTemplate"]["spec"]}
    light.node.create(job)

    def done() -> None:
        status = light.node.get(job)["status"]
        assert status.get("succeeded") == 1, status

    light.node.eventually(done, 120)
    volume = light.node.get({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "backup", "namespace": "atelier"}})["spec"]["volumeName"]
    (dump,) = (light.node.folder / "var" / "lib" / "volumes" / volume.removeprefix("volume-")).glob("atelier-*.dump")
    assert dump.read_bytes()[:5] == b"PGDMP"


def test_after_a_power_cut_the_accounts_are_there(light, users):
    browser = light.browser()
    browser.register("before-the-power-cut")
    light.node.power_off()
    with pytest.raises(OSError):
        browser.ask("GET", "/auth/readyz")
    begun = time.monotonic()
    light.node.power_on()
    light.answers(browser)
    print(f"a power cut: it answers {time.monotonic() - begun:.0f} s after the node is on again")
    browser.sign_in("before-the-power-cut")
    assert browser.ask("GET", "/home")[0] == 200
    # Sessions too, and nothing had to be done by hand.
    assert [user.ask("GET", "/home")[0] for user in users] == [200] * USERS
    assert all(ready(pod) and restarts(pod) for pod in (light.serving(), *light.pods("postgres")))
