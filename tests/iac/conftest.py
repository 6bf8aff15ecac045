"""One cluster for all tests that ask for it."""
from __future__ import annotations

import pytest

from manifests import objects


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    # Here, because the Terraform suite has an environment without what this needs.
    from cluster import Cluster

    server = Cluster(tmp_path_factory.mktemp("cluster"))
    try:
        server.start()
        server.crds = server.install_crds()
        # What runtime-class-manager makes for the shim.
        server.apply({"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": "wasmtime-spin-v2"}, "handler": "spin-v2"})
        server.start_operator()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def installed(cluster):
    """minikube's overlay and the observability, applied for good, in the order in which kubectl would."""
    # Istio's own; Kiali is let into it.
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "istio-system"}})
    for variant in ("minikube", "observability"):
        for document in objects(variant):
            # A webhook may still be warming up right after its registration.
            cluster.eventually(lambda document=document: cluster.apply(document), 20)
    return cluster
