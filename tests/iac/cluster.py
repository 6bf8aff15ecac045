"""A real API server for the tests: etcd, kube-apiserver of the pinned Kubernetes, and the Spin operator with its
admission webhooks, all on loopback at ports of the system's choosing. No kubelet and no scheduler: objects are
admitted, stored and reconciled, pods do not run.
"""
from __future__ import annotations

import base64
import datetime
import ipaddress
import json
import os
import secrets
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from manifests import title
from tools import BIN, CRDS, TOOLS

MANAGER = "atelier"
# The plural names of kinds that do not just add an s; the rest follows from the kind.
PLURALS = {"NetworkPolicy": "networkpolicies", "AuthorizationPolicy": "authorizationpolicies", "RuntimeClass": "runtimeclasses"}
CLUSTER_WIDE = {
    "Namespace",
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "PersistentVolume",
    "RuntimeClass",
    "Shim",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "SubjectAccessReview",
}


class Refused(RuntimeError):
    """The API server said no; the message is its own."""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def certificate(folder: Path, name: str = "127.0.0.1") -> bytes:
    """A self-signed certificate for that address and a host name in tls.crt and tls.key, which is also its own authority."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "tls.key").write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    text = made.public_bytes(serialization.Encoding.PEM)
    (folder / "tls.crt").write_bytes(text)
    return text


class Cluster:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: list[subprocess.Popen] = []
        self.token = secrets.token_hex(16)
        self.authority = certificate(folder)
        self.context = ssl.create_default_context(cadata=self.authority.decode())

    # ── Processes ──────────────────────────────────────────────────────────────────────────────────────
    def start(self, *options: str) -> None:
        client, peer, self.port = free_port(), free_port(), free_port()
        self._run("etcd", [
            f"--data-dir={self.folder / 'etcd'}",
            f"--listen-client-urls=http://127.0.0.1:{client}",
            f"--advertise-client-urls=http://127.0.0.1:{client}",
            f"--listen-peer-urls=http://127.0.0.1:{peer}",
            f"--initial-advertise-peer-urls=http://127.0.0.1:{peer}",
            f"--initial-cluster=default=http://127.0.0.1:{peer}",
            # The tests' data need not survive a power cut.
            "--unsafe-no-fsync",
        ])
        (self.folder / "tokens.csv").write_text(f"{self.token},tests,tests,system:masters\n")
        self._run("kube-apiserver", [
            f"--etcd-servers=http://127.0.0.1:{client}",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            f"--secure-port={self.port}",
            f"--tls-cert-file={self.folder / 'tls.crt'}",
            f"--tls-private-key-file={self.folder / 'tls.key'}",
            f"--token-auth-file={self.folder / 'tokens.csv'}",
            "--authorization-mode=RBAC",
            "--service-cluster-ip-range=10.96.0.0/16",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={self.folder / 'tls.key'}",
            f"--service-account-signing-key-file={self.folder / 'tls.key'}",
            # Nobody reconciles endpoints of the API server itself here.
            "--endpoint-reconciler-type=none",
            *options,
        ])
        self._wait(lambda: self.request("GET", "/readyz") is not None, "the API server", 120)

    def start_controllers(self, *without: str) -> None:
        self._run("kube-controller-manager", [
            f"--kubeconfig={self.kubeconfig()}",
            "--controllers=" + ",".join(["*", *(f"-{name}" for name in without)]),
            "--leader-elect=false",
            # Serves nothing: no port, nor a certificate for it.
            "--secure-port=0",
            f"--cert-dir={self.folder}",
            f"--service-account-private-key-file={self.folder / 'tls.key'}",
            f"--root-ca-file={self.folder / 'tls.crt'}",
            # Retries of the first minute must not wait for the usual back-off.
            "--concurrent-namespace-syncs=10",
        ])

    def kubeconfig(self) -> Path:
        file = self.folder / "kubeconfig"
        if not file.exists():
            file.write_text(yaml.safe_dump({
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "atelier",
                "contexts": [{"name": "atelier", "context": {"cluster": "tests", "user": "tests"}}],
                "clusters": [{"name": "tests", "cluster": {"server": f"https://127.0.0.1:{self.port}", "certificate-authority": str(self.folder / "tls.crt")}}],
                "users": [{"name": "tests", "user": {"token": self.token}}],
            }))
        return file

    def start_operator(self) -> None:
        port = free_port()
        self._run("spin-operator", [f"--kubeconfig={self.kubeconfig()}", f"--webhook-port={port}", f"--webhook-certificates={self.folder}"])

        def listens() -> bool:
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        self._wait(listens, "the operator's webhooks", 60)
        # The operator's own webhook configuration, but for the address.
        self.webhooks = list(yaml.safe_load_all((TOOLS / "source" / "spin-operator" / "config" / "webhook" / "manifests.yaml").read_text()))
        for document in self.webhooks:
            for hook in document["webhooks"]:
                path = hook["clientConfig"].pop("service")["path"]
                hook["clientConfig"] = {"url": f"https://127.0.0.1:{port}{path}", "caBundle": base64.b64encode(self.authority).decode()}
            self.apply(document)

    def _run(self, binary: str, arguments: list[str], environment: dict[str, str] | None = None) -> None:
        log = (self.folder / f"{binary}.log").open("wb")
        env = {**os.environ, **environment} if environment else None
        self.processes.append(subprocess.Popen([BIN / binary, *arguments], stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=env))

    def _wait(self, ready, what: str, seconds: int) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for process in self.processes:
                assert process.poll() is None, f"{process.args[0]} ended:\n{self.log(Path(process.args[0]).name)}"
            try:
                if ready():
                    return
            except (OSError, Refused, AssertionError):
                pass
            time.sleep(0.2)
        raise AssertionError(f"{what}: not ready after {seconds} s")

    def log(self, binary: str) -> str:
        return (self.folder / f"{binary}.log").read_text(errors="replace")[-4000:]

    def stop(self) -> None:
        for process in reversed(self.processes):
            process.terminate()
        for process in reversed(self.processes):
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    # ── Requests ───────────────────────────────────────────────────────────────────────────────────────
    def request(self, method: str, path: str, body: object = None, content: str = "application/json") -> dict | None:
        request = urllib.request.Request(
            f"https://127.0.0.1:{self.port}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"authorization": f"Bearer {self.token}", "content-type": content, "accept": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, context=self.context, timeout=60) as reply:
                text = reply.read()
        except urllib.error.HTTPError as error:
            text = error.read().decode(errors="replace")
            try:
                text = json.loads(text)["message"]
            except (ValueError, KeyError):
                pass
            raise Refused(f"{error.code}: {text}") from None
        try:
            return json.loads(text)
        except ValueError:
            return {"text": text.decode()}

    @staticmethod
    def path(document: dict, name: bool = True) -> str:
        version, kind = document["apiVersion"], document["kind"]
        lower = kind.lower()
        plural = PLURALS.get(kind) or (f"{lower[:-1]}ies" if lower.endswith("y") and lower[-2] not in "aeiou" else f"{lower}es" if lower.endswith("s") else f"{lower}s")
        prefix = f"/api/{version}" if "/" not in version else f"/apis/{version}"
        where = "" if kind in CLUSTER_WIDE else f"/namespaces/{document['metadata'].get('namespace', 'default')}"
        return f"{prefix}{where}/{plural}" + (f"/{document['metadata']['name']}" if name else "")

    def apply(self, document: dict, manager: str = MANAGER, dry_run: bool = False) -> dict:
        """Server-side apply as the handbook's commands do it: never over another manager's field (no
        --force-conflicts), and an unknown or doubled field is an error.
        """
        query = f"?fieldManager={manager}&fieldValidation=Strict" + ("&dryRun=All" if dry_run else "")
        try:
            return self.request("PATCH", self.path(document) + query, document, "application/apply-patch+yaml")
        except Refused as refusal:
            raise Refused(f"{title(document)}: {refusal}") from None

    def create(self, document: dict, dry_run: bool = False) -> dict:
        return self.request("POST", self.path(document, name=False) + ("?dryRun=All" if dry_run else ""), document)

    def patch(self, document: dict, change: dict, part: str = "", manager: str = MANAGER) -> dict:
        """A merge patch of an object, or of a part of it (`status`, `scale`)."""
        return self.request("PATCH", self.path(document) + (f"/{part}" if part else "") + f"?fieldManager={manager}", change, "application/merge-patch+json")

    def get(self, document: dict) -> dict:
        return self.request("GET", self.path(document))

    def install_crds(self) -> int:
        return self.install([d for file in sorted(CRDS.rglob("*.yaml")) for d in yaml.safe_load_all(file.read_text()) if d])

    def install(self, documents: list[dict]) -> int:
        """Applies custom resources' definitions, and what comes with them, until they can be used."""
        names = []
        for document in documents:
            document.pop("status", None)
            self.apply(document)
            # The Gateway API also brings a policy that guards its own upgrades.
            if document["kind"] == "CustomResourceDefinition":
                names.append(document)

        def established() -> bool:
            return all(any(c["type"] == "Established" and c["status"] == "True" for c in self.get(d).get("status", {}).get("conditions") or []) for d in names)

        self._wait(established, "the custom resources", 120)
        return len(names)

    def eventually(self, check, seconds: int = 30) -> object:
        until, last = time.monotonic() + seconds, None
        while time.monotonic() < until:
            try:
                return check()
            except (AssertionError, Refused, KeyError) as error:
                last = error
                time.sleep(0.2)
        raise AssertionError(f"not within {seconds} s: {last}")


def reference(name: str, namespace: str = "atelier") -> dict:
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": namespace}}


def deployment(cluster: Cluster, name: str) -> dict:
    return cluster.eventually(lambda: cluster.get(reference(name)))
