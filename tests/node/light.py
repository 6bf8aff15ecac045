"""The light overlay on the node: its images, its installation, and its users."""
from __future__ import annotations

import base64
import http.client
import json
import os
import re
import secrets
import tempfile
import urllib.parse
from pathlib import Path

import yaml

import manifests
from images import Layer
from manifests import PROJECT
from node import ADDRESS, DNS, HERE, NodeCluster
from tools import BIN, CRDS, TOOLS

APP = "atelier"
PASSWORD = "a long walk along the quiet canal"
DOCKERFILE = (PROJECT / "Dockerfile").read_text()
RUNTIME = Path(os.environ.get("ATELIER_RUNTIME_BIN") or PROJECT / "target" / "native" / "atelier-runtime")
SECRETS = {name: secrets.token_hex(32) for name in ("password", "key")}
# The operator gives Spin an option that our runtime does not need, and names components that the manifest holds anyway. As Spin
# does, it makes folders for state and logs beside the manifest first.
SPIN = b"""#!/bin/sh
set -eu
[ "$1" = up ] || { echo "this stands for spin up only" >&2; exit 2; }
shift
listen= from=
while [ $# -gt 0 ]; do
  case $1 in
    --listen) listen=$2 ;;
    -f) from=$2 ;;
    --runtime-config-file|--component-id) ;;
    *) echo "unknown: $1" >&2; exit 2 ;;
  esac
  shift 2
done
mkdir -p "${from%/*}/.spin/logs"
exec /usr/bin/atelier-runtime up --listen "$listen" --from "$from"
"""


class Light:
    def __init__(self, node: NodeCluster) -> None:
        self.node = node
        # The layers that several images share are made and stored once.
        self.debian = Layer.load(TOOLS / "debian.layer")
        self.runtime = Layer.files({"usr/bin/atelier-runtime": RUNTIME, "usr/bin/spin": SPIN}, executable=("usr/bin/atelier-runtime", "usr/bin/spin"))

    # ── Images ─────────────────────────────────────────────────────────────────────────────────────────
    def push_postgres(self) -> None:
        """By the name and tag that the manifests have. The version is the distribution's."""
        (reference,) = {c["image"] for d in manifests.of_kind(self.objects("not-yet"), "StatefulSet") for c in d["spec"]["template"]["spec"]["containers"]}
        name, tag = reference.split(":")
        # As the official one, SIGINT: a shutdown that does not wait until the clients go.
        own = Layer.files({
            "usr/bin/entrypoint": HERE / "postgres-entrypoint",
            "etc/passwd": b"root:x:0:0::/root:/bin/sh\npostgres:x:999:999::/var/lib/postgresql:/bin/sh\n",
        }, executable=("usr/bin/entrypoint",))
        self.node.registry.push(f"library/{name}", tag, [self.debian, own], Entrypoint=["/usr/bin/entrypoint"], Env=["PATH=/usr/bin:/bin"], StopSignal="SIGINT")

    def push_spin(self, version: str) -> str:
        """The Dockerfile's stage `prebuilt`, with our runtime as Spin; returns the reference by digest."""
        stage = DOCKERFILE.split(" AS spin\n")[1].split("\nFROM ")[0]
        user, environment = re.search(r"^USER (\S+)", stage, re.M)[1], re.findall(r"^ENV (\S+)", stage, re.M)
        text = (PROJECT / "spin.toml").read_text()
        assert text.count('version = "0.1.0"') == 1
        prebuilt = DOCKERFILE.split(" AS prebuilt\n")[1].split("\nFROM ")[0]
        # Of the folder that cargo builds in, only the components: .dockerignore leaves the rest out.
        files = {f"{target[1:]}/{file.name}": file for source, target in re.findall(r"^COPY (target/\S+) (\S+)$", prebuilt, re.M)
                 for file in (PROJECT / source).iterdir() if file.suffix == ".wasm" or not source.endswith("release")}
        folders = {folder: int(owner) for owner, folder in re.findall(r"^RUN mkdir -p /\S+ && chown (\d+):\d+ /(\S+)", stage, re.M)}
        app = Layer.files({"app/spin.toml": text.replace('version = "0.1.0"', f'version = "{version}"').encode(), **files}, folders=folders)
        return self.node.registry.push("atelier-spin", version, [self.debian, self.runtime, app], Entrypoint=["/usr/bin/spin"], User=user, Env=["PATH=/usr/bin:/bin", *environment])

    # ── Installation ───────────────────────────────────────────────────────────────────────────────────
    @staticmethod
    def objects(image: str) -> list[dict]:
        """The overlay with `components/spintainer`, and the patches of terraform/modules/manifests for an image of ours."""
        with tempfile.TemporaryDirectory() as folder:
            k8s = manifests.copy(Path(folder))
            # As k8s/README.md, step 5, makes them: keys for Make.com and Google are not set.
            for example in (k8s / "components" / "secrets").glob("*.env.example"):
                example.with_suffix("").write_text(re.sub(r"-(password|key)=$", lambda found: found[0] + SECRETS[found[1]], example.read_text(), flags=re.M))
            found = [d for d in yaml.safe_load_all(manifests.render_from(k8s, "light-spintainer")) if d]
        manifests.named(found, "SpinAppExecutor", "atelier-spintainer")["spec"]["deploymentConfig"]["spinImage"] = image
        spec = manifests.named(found, "SpinApp", APP)["spec"]
        spec["image"] = "/app/spin.toml"
        # The operator looks at the executor only when the SpinApp changes.
        spec["podAnnotations"] = {"app.kubernetes.io/version": image.partition("@")[2]}
        return found

    def install(self) -> None:
        # No mesh, no gateway: nothing but SpinKube's.
        self.node.install([d for file in sorted((CRDS / "spin-operator").glob("*.yaml")) for d in yaml.safe_load_all(file.read_text()) if d])
        self.node.start_operator()
        self.start_dns()
        for number, size in enumerate(("10Gi", "5Gi")):
            self.node.apply({
                "apiVersion": "v1",
                "kind": "PersistentVolume",
                "metadata": {"name": f"volume-{number}"},
                "spec": {"capacity": {"storage": size}, "accessModes": ["ReadWriteOnce"], "persistentVolumeReclaimPolicy": "Retain", "hostPath": {"path": f"/var/lib/volumes/{number}", "type": "Directory"}},
            })
            # As minikube's provisioner makes them.
            folder = self.node.folder / "var" / "lib" / "volumes" / str(number)
            folder.mkdir()
            folder.chmod(0o777)
        self.push_postgres()
        self.upgrade("0.1.0")
        self.wait_for_app()
        # As k8s/README.md, step 6, once the app is available.
        self.node.apply(yaml.safe_load((PROJECT / "k8s" / "deployment-extras" / "light" / "atelier.yaml").read_text()), manager="atelier-extras")
        self.wait_for_app()

    def start_dns(self) -> None:
        image = self.node.registry.push("coredns", "1", [Layer.files({"coredns": BIN / "coredns"}, executable=("coredns",))], Entrypoint=["/coredns"])
        corefile = ".:53 {\n errors\n cache 30\n kubernetes cluster.local in-addr.arpa {\n  kubeconfig /etc/coredns/kubeconfig\n }\n}\n"
        kubeconfig = yaml.safe_load(self.node.kubeconfig().read_text())
        kubeconfig["clusters"][0]["cluster"] = {"server": f"https://{ADDRESS}:{self.node.port}", "tls-server-name": "127.0.0.1", "certificate-authority-data": base64.b64encode(self.node.authority).decode()}
        labels = {"k8s-app": "kube-dns"}
        pod = {
            "containers": [{"name": "coredns", "image": image, "args": ["-conf", "/etc/coredns/Corefile"], "volumeMounts": [{"name": "config", "mountPath": "/etc/coredns"}]}],
            "volumes": [{"name": "config", "secret": {"secretName": "coredns"}}],
        }
        where = {"namespace": "kube-system"}
        for document in (
            {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "coredns", **where}, "stringData": {"Corefile": corefile, "kubeconfig": yaml.safe_dump(kubeconfig)}},
            {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "coredns", **where}, "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}}},
            {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "kube-dns", **where}, "spec": {"clusterIP": DNS, "selector": labels, "ports": [{"name": "dns", "port": 53, "protocol": "UDP"}, {"name": "dns-tcp", "port": 53, "protocol": "TCP"}]}},
        ):
            self.node.apply(document)

    def upgrade(self, version: str) -> str:
        image = self.push_spin(version)
        for document in self.objects(image):
            # The operator's webhook may still be warming up.
            self.node.eventually(lambda document=document: self.node.apply(document), 20)
        return image

    def wait_for_app(self) -> None:
        """The script that Terraform and docs/operations.md wait with."""
        self.node.kubectl_script(PROJECT / "terraform" / "modules" / "spin-app" / "wait-for-app", NAMESPACE="atelier", APP=APP, TIMEOUT="240s", CONTEXT="")

    def reaches(self, namespace: str, labels: dict[str, str], host: str, port: int) -> bool:
        """Whether a pod with these labels can open a connection. It has to find the name in any case."""
        script = f"address=$(getent ahostsv4 {host}) || exit 9; address=${{address%% *}}; timeout 5 bash -c \"</dev/tcp/$address/{port}\""
        image = self.node.registry.push("probe", "1", [self.debian])
        container = {"name": "probe", "image": image, "command": ["bash", "-c", script]}
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "probe", "namespace": namespace, "labels": labels},
            "spec": {"restartPolicy": "Never", "automountServiceAccountToken": False, "terminationGracePeriodSeconds": 0, "containers": [container]},
        }
        self.node.create(pod)
        try:
            def ended() -> int:
                (status,) = self.node.get(pod)["status"].get("containerStatuses") or [{"state": {}}]
                assert "terminated" in status["state"], status
                return status["state"]["terminated"]["exitCode"]

            code = self.node.eventually(ended, 60)
        finally:
            self.node.request("DELETE", self.node.path(pod), {"gracePeriodSeconds": 0})
        assert code in (0, 124), f"exit code {code}"
        return code == 0

    # ── What is there ──────────────────────────────────────────────────────────────────────────────────
    def pods(self, name: str = APP) -> list[dict]:
        return [p for p in self.node.request("GET", "/api/v1/namespaces/atelier/pods")["items"] if p["metadata"]["labels"].get("app.kubernetes.io/name") == name]

    def pod(self) -> dict:
        found = self.pods()
        assert len(found) == 1, [pod["metadata"]["name"] for pod in found]
        return found[0]

    def serving(self) -> dict:
        """The one pod of the app, once it is ready and alone."""
        def one() -> dict:
            pod = self.pod()
            assert ready(pod) and "deletionTimestamp" not in pod["metadata"], pod["status"]
            return pod

        return self.node.eventually(one, 120)

    def address(self) -> str:
        """The Service's, which only kube-proxy's rules lead anywhere."""
        return self.node.get({"apiVersion": "v1", "kind": "Service", "metadata": {"name": APP, "namespace": "atelier"}})["spec"]["clusterIP"]

    def answers(self, browser: Browser) -> None:
        """Waits until kube-proxy leads to a pod that is ready."""
        def answered() -> None:
            try:
                status, _, text = browser.ask("GET", "/auth/readyz")
            except OSError as error:
                raise AssertionError(error) from error
            assert status == 200, text

        self.node.eventually(answered, 300)

    def browser(self) -> Browser:
        return Browser(self.address(), 80)


def ready(pod: dict) -> bool:
    return any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions", []))


class Browser:
    """As far as HTTP goes: keeps cookies and follows no redirect. Each request has a connection of its own."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port, self.cookies = host, port, {}

    def ask(self, method: str, path: str, body: str | None = None, content: str = "") -> tuple[int, str, str]:
        """Status, where to, text."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=15)
        try:
            headers = {"cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())} if self.cookies else {}
            if content:
                headers |= {"content-type": content, "origin": f"http://{self.host}" + (f":{self.port}" if self.port != 80 else "")}
            connection.request(method, path, body, headers)
            reply = connection.getresponse()
            for line in reply.headers.get_all("set-cookie") or []:
                key, _, value = line.split(";")[0].partition("=")
                self.cookies[key] = value
            return reply.status, reply.headers.get("location", ""), reply.read().decode()
        except http.client.HTTPException as error:
            raise ConnectionError(f"{type(error).__name__}: {error}") from error
        finally:
            connection.close()

    def form(self, path: str, **fields: str) -> tuple[int, str, str]:
        return self.ask("POST", path, urllib.parse.urlencode(fields), "application/x-www-form-urlencoded")

    def register(self, name: str) -> None:
        status, where, text = self.form("/register", username=name, password=PASSWORD)
        assert (status, where) == (303, "/auth"), f"{status} {where} {text}"

    def sign_in(self, name: str) -> None:
        status, where, text = self.form("/auth", username=name, password=PASSWORD)
        assert status == 303, f"{status} {where} {text}"

    def send(self, message: str) -> tuple[int, str, str]:
        return self.ask("POST", "/send", json.dumps({"message": message}), "application/json")
