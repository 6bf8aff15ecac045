"""One cluster for all tests that ask for it, and who runs beside whom."""
from __future__ import annotations

import pytest

from cluster import Cluster
from manifests import objects

# The longest, which begin first.
FIRST = ["test_terraform_apply", "cluster", "test_ansible_roles", "test_terraform_run"]


@pytest.hookimpl(tryfirst=True)  # xdist reads the marks in its own.
def pytest_collection_modifyitems(items):
    """For two workers: a file's tests stay together, and all that use the one cluster."""
    def group(item) -> str:
        return "cluster" if "installed" in item.fixturenames else item.path.stem

    def place(item) -> int:
        return FIRST.index(group(item)) if group(item) in FIRST else len(FIRST)

    for item in items:
        item.add_marker(pytest.mark.xdist_group(group(item)))
    items.sort(key=place)


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
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
